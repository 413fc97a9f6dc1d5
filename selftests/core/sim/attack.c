// SPDX-License-Identifier: GPL-2.0
/*
 * An attacker: segments with correct checksums and wrong sequence or ACK numbers, made
 * from the current state of the connection, so that each is close to being acceptable.
 * None may change what the application sees: RFC 5961, RFC 7323 5.3, RFC 9293
 * 3.10.7.4.
 */
#include <stdio.h>

#include "sim.h"

#define JUNK	16	/* bytes of payload that differ from the pattern */

enum attack {
	RST_AHEAD,	/* beyond RCV.NXT, in the window or not */
	RST_BEHIND,
	SYN_ANYWHERE,
	DATA_BEYOND,
	DATA_OF_OLD,
	ACK_UNSENT,	/* in the window, acknowledges data never sent */
	NO_ACK,
	OLD_TIMESTAMP,
	SACK_UNSENT,	/* SACK blocks of data never sent */
	ATTACKS,
};

static void inject(struct host *host, struct xtcp_plan *plan)
{
	struct sim *sim = host->sim;
	struct xtcp_flow from = host->flow;
	struct pkt *pkt = pkt_new(sim, plan->len);
	u8 *hdr = pkt->bytes;
	u16 sum;

	memcpy(from.saddr, host->flow.daddr, sizeof(from.saddr));
	memcpy(from.daddr, host->flow.saddr, sizeof(from.daddr));
	plan->hdr_len = XTCP_HDR_LEN + (plan->opts & XTCP_OPT_TS ? 12 : 0);
	if (plan->nsack)
		plan->hdr_len += 4 + 8 * plan->nsack;
	pkt->hdr_len = xtcp_hdr_put(hdr, plan, host->flow.dport, host->flow.sport);
	pkt->wire_len = pkt->hdr_len + plan->len;
	memset(pkt_data(pkt), 0xee, plan->len);
	sum = xtcp_csum_fold(xtcp_csum_add(xtcp_csum_pseudo(&from, sim->cfg.v6,
							    pkt->wire_len),
					   hdr, pkt->wire_len));
	hdr[16] = sum >> 8;
	hdr[17] = sum & 0xff;
	seg_trace(sim, host->id, "attacked by", pkt);
	host_rx(host, pkt);
	/* Do not let it wait to be merged: the state would change meanwhile. */
	if (host->gro)
		host_gro_flush(host);
}

/* SACK blocks that begin beyond SND.NXT and end anywhere after. */
static void wild_sacks(struct prng *r, const struct xtcp_tcb *tcb, struct xtcp_plan *plan)
{
	u32 i;

	/* The engine uses the other fields of the segment, so they must be correct. */
	plan->wnd = (u16)min_t(u32, tcb->snd_wnd >> tcb->snd_wscale, 0xffff);
	plan->len = 0;
	plan->opts |= XTCP_OPT_SACK;
	plan->nsack = (u8)prng_range(r, 1, 3);
	for (i = 0; i < plan->nsack; i++) {
		plan->sack[i].start = tcb->snd_nxt + (u32)prng_log(r, 1, 0x7fffffff);
		plan->sack[i].end = plan->sack[i].start +
				    (u32)prng_log(r, 1, 0x7fffffff);
	}
}

/* Send one hostile segment to an established connection. */
void host_attack(struct host *host)
{
	struct prng *r = &host->sim->rng;
	struct conn *conn;
	const struct xtcp_tcb *tcb;
	struct xtcp_plan plan = { .flags = XTCP_ACK };
	u32 edge;

	if (host->gro)
		host_gro_flush(host);
	conn = host->conn;
	if (!conn || conn->over || !conn->established)
		return;
	tcb = &conn->tcb;
	edge = tcb->rcv_wup + tcb->rcv_wnd;
	plan.seq = tcb->rcv_nxt;
	plan.ack = tcb->snd_una;
	plan.wnd = 0xffff;
	plan.opts = tcb->opts & XTCP_OPT_TS;
	plan.tsval = tcb->ts_recent;
	plan.len = JUNK;
	switch ((enum attack)prng_below(r, ATTACKS)) {
	case RST_AHEAD:
		plan.flags = XTCP_RST;
		plan.seq += prng_log(r, 1, 0x7fffffff);
		plan.opts = 0;
		break;
	case RST_BEHIND:
		plan.flags = XTCP_RST | XTCP_ACK;
		plan.seq -= prng_log(r, 1, 0x7fffffff);
		plan.opts = 0;
		break;
	case SYN_ANYWHERE:
		plan.flags = prng_below(r, 2) ? XTCP_SYN : XTCP_SYN | XTCP_ACK;
		plan.seq = prng_below(r, 3) ? prng_next(r) : tcb->rcv_nxt;
		plan.len = 0;
		break;
	case DATA_BEYOND:
		plan.seq = edge + prng_log(r, 1, 0x3fffffff) - 1;
		/* With a zero window, a segment at RCV.NXT counts as a probe. */
		if (plan.seq == tcb->rcv_nxt)
			plan.seq++;
		break;
	case DATA_OF_OLD:
		plan.seq -= JUNK + prng_log(r, 1, 0x3fffffff) - 1;
		plan.len = prng_range(r, 1, JUNK);
		break;
	case ACK_UNSENT:
		plan.ack = tcb->snd_nxt + prng_log(r, 1, 0x3fffffff);
		break;
	case NO_ACK:
		plan.flags = prng_below(r, 2) ? XTCP_PSH : XTCP_FIN;
		break;
	case OLD_TIMESTAMP:
		if (!plan.opts)
			return;
		plan.tsval -= prng_log(r, 1, 0x3fffffff);
		plan.flags |= prng_below(r, 2) ? XTCP_FIN : 0;
		break;
	case SACK_UNSENT:
		if (!(tcb->opts & XTCP_OPT_SACK_PERM))
			return;
		wild_sacks(r, tcb, &plan);
		break;
	case ATTACKS:
		return;
	}
	inject(host, &plan);
}
