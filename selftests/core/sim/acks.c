// SPDX-License-Identifier: GPL-2.0
/*
 * Other receivers, and middleboxes that filter ACKs: of several pure ACKs in a row
 * only the last is sent.
 *
 *  - Stretch ACKs, one for many segments: receivers with large receive offload,
 *    stacks that acknowledge every eighth segment, ACK filters of cable modems.
 *  - Compressed SACK, as in Linux: while data is missing, an ACK may wait for 5 % of
 *    a round trip, at most 1 ms, or until it replaces 44 ACKs.
 *
 * Packets with data, SYN, FIN or RST are sent at once, after an ACK that waits.
 */
#include "sim.h"

#define SACKS_MAX	44	/* net.ipv4.tcp_comp_sack_nr */

void acks_flush(struct host *host)
{
	struct pkt *pkt = host->ack;

	host->ack = NULL;
	host->nacks = 0;
	if (pkt)
		link_send(host->sim, host, pkt, 0);
}

/* @pkt was made from @plan. Return: whether it waits here, which then owns it. */
bool acks_hold(struct host *host, struct pkt *pkt, const struct xtcp_plan *plan)
{
	const struct host_cfg *cfg = host->cfg;
	bool pure = !plan->len && plan->flags & XTCP_ACK &&
		    !(plan->flags & (XTCP_SYN | XTCP_FIN | XTCP_RST | XTCP_URG));
	u64 wait = plan->nsack ? cfg->sack_wait : cfg->ack_wait;
	u32 most = plan->nsack ? SACKS_MAX : cfg->ack_every;

	if (!pure || !wait) {
		acks_flush(host);
		return false;
	}
	if (host->ack)
		pkt_free(host->sim, host->ack);
	host->ack = pkt;
	if (!host->nacks++) {
		host->ack_at = host->sim->now + wait;
		sim_event(host->sim, host->ack_at, (struct event){
				.type = EV_ACK, .host = host->id });
	}
	if (host->nacks >= most)
		acks_flush(host);
	return true;
}

/* A deadline has come; it may be that of an ACK that has been sent since. */
void acks_timer(struct host *host)
{
	if (host->ack && host->ack_at <= host->sim->now)
		acks_flush(host);
}
