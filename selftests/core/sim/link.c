// SPDX-License-Identifier: GPL-2.0
/*
 * One direction of the wire: a queue with a rate and a limit, a delay, and the
 * impairments of struct link_cfg.
 */
#include <stdio.h>
#include <stdlib.h>

#include "sim.h"

#define IP_LEN	20	/* bytes that each packet is longer on the wire */
#define STOPPED	(~0ULL)	/* value for a rate: nothing is sent */

struct pkt *pkt_new(struct sim *sim, u32 payload)
{
	struct pkt *pkt = malloc(sizeof(*pkt) + XTCP_HDR_MAX + payload);

	if (!pkt)
		exit(2);
	memset(pkt, 0, sizeof(*pkt));
	pkt->nsegs = 1;
	sim->pkts++;
	return pkt;
}

void pkt_free(struct sim *sim, struct pkt *pkt)
{
	sim->pkts--;
	free(pkt);
}

static struct pkt *pkt_copy(struct sim *sim, const struct pkt *pkt)
{
	struct pkt *copy = pkt_new(sim, pkt->wire_len);

	memcpy(copy, pkt, sizeof(*pkt) + pkt->off + pkt->wire_len);
	return copy;
}

/* Write a line of the trace, with the sequence numbers of the wire. */
void seg_trace(struct sim *sim, u32 from, const char *what, struct pkt *pkt)
{
	static const char letters[] = "FSRPAUECN";
	static const char *const field[] = { "", " ECT(1)", " ECT(0)", " CE" };
	struct xtcp_seg seg;
	char flags[12], *p = flags;
	char sacks[XTCP_MAX_SACKS * 28 + 1] = "";
	int i, len = 0;

	if (!sim->trace)
		return;
	if (!xtcp_parse(&seg, pkt_hdr(pkt), pkt->wire_len, pkt->wire_len)) {
		sim_trace(sim, "%u %s unparsable", from, what);
		return;
	}
	for (i = 0; letters[i]; i++)
		if (seg.flags & 1u << i)
			*p++ = letters[i];
	*p = 0;
	for (i = 0; i < seg.nsack; i++)
		len += sprintf(sacks + len, " %s%u-%u", i ? "" : "sack ",
			       seg.sack[i].start, seg.sack[i].end);
	sim_trace(sim, "%u %s %-3s seq %u+%u ack %u wnd %u%s%.0u%s tsval %u tsecr %u%s%.0u%s%s",
		  from, what, flags, seg.seq, seg.len, seg.ack, seg.wnd,
		  seg.flags & XTCP_URG ? " urg " : "",
		  seg.flags & XTCP_URG ? seg.urg : 0,
		  seg.opts & XTCP_OPT_TS ? "" : " (no ts)", seg.tsval, seg.tsecr,
		  seg.opts & XTCP_OPT_MSS ? " mss " : "",
		  seg.opts & XTCP_OPT_MSS ? seg.mss : 0, field[pkt->ecn], sacks);
}

static bool in_burst(struct sim *sim, struct link *link)
{
	const struct link_cfg *cfg = link->cfg;

	if (!cfg->burst_good)
		return false;
	while (link->burst_until <= sim->now) {
		link->bad = !link->bad;
		link->burst_until = max(link->burst_until, sim->start) +
			prng_range(&sim->rng, 1, 2 * (link->bad ? cfg->burst_bad :
							       cfg->burst_good));
	}
	return link->bad;
}

/*
 * Corrupt one bit, or several within seven adjacent ones, which the TCP checksum always
 * detects. It may miss other errors.
 */
static void flip(struct sim *sim, struct pkt *pkt)
{
	u32 at = prng_below(&sim->rng, pkt->wire_len);

	pkt_hdr(pkt)[at] ^= (u8)prng_range(&sim->rng, 1, 0x7f);
}

static void too_big(struct sim *sim, struct host *from, struct pkt *pkt)
{
	const struct link_cfg *cfg = &sim->cfg.link[from->id & 1];
	struct xtcp_seg seg;

	if (!xtcp_parse(&seg, pkt_hdr(pkt), pkt->wire_len, pkt->wire_len))
		return;
	sim_event(sim, sim->now + cfg->delay, (struct event){
			.type = EV_ICMP, .host = from->id, .arg = seg.seq,
			.arg2 = cfg->mtu - XTCP_HDR_LEN });
}

/* ECN marking by a router, with @queued bytes before @pkt (RFC 3168, section 5). */
static void router_ecn(struct sim *sim, const struct link_cfg *cfg, struct pkt *pkt,
		       u64 queued)
{
	if (cfg->bleach)
		pkt->ecn = XTCP_NOT_ECT;
	if (pkt->ecn == XTCP_NOT_ECT)
		return;
	if ((cfg->mark && queued > cfg->mark) || prng_hit(&sim->rng, cfg->ce))
		pkt->ecn = XTCP_CE;
}

static void arrive(struct sim *sim, struct host *from, struct pkt *pkt, u64 at)
{
	struct link *link = &sim->link[from->id & 1];

	link->longest = max(link->longest, at - sim->now);
	sim_event(sim, at, (struct event){
			.type = EV_PKT, .host = from->peer->id, .pkt = pkt });
}

static u64 delay(struct sim *sim, struct link *link)
{
	const struct link_cfg *cfg = link->cfg;

	if (!cfg->route_at || sim->now < sim->start + cfg->route_at)
		return cfg->delay;
	/* Packets on the new route may overtake those on the old one. */
	if (!link->rerouted)
		link->last_arrival = 0;
	link->rerouted = true;
	return cfg->route_delay;
}

static u64 travel(struct sim *sim, struct link *link, u64 sent)
{
	const struct link_cfg *cfg = link->cfg;
	u64 at = sent + delay(sim, link);

	if (cfg->jitter)
		at += prng_below(&sim->rng, cfg->jitter + 1);
	if (cfg->clump)
		at += cfg->clump - 1 - (at - sim->start + cfg->clump - 1) % cfg->clump;
	if (prng_hit(&sim->rng, cfg->reorder)) {
		link->overtaken++;
		return at + prng_below(&sim->rng, cfg->reorder_by + 1);
	}
	link->last_arrival = max(link->last_arrival, at);
	return link->last_arrival;
}

/* Note the numbers of the packets that a sweep selects by their role. */
static void number(struct sim *sim, struct link *link, struct pkt *pkt)
{
	u32 n;

	sim->segs++;
	n = (u32)sim->segs;
	pkt->nr = sim->segs;
	if (pkt->wire_len > pkt->hdr_len) {
		link->first_data = link->first_data ?: n;
		link->last_data = n;
	}
	if (pkt_hdr(pkt)[13] & XTCP_FIN)
		link->fin = n;
}

/* Does a sweep lose this packet? Both directions are counted together. */
static bool chosen(const struct sim *sim)
{
	u32 i;

	for (i = 0; i < DROPS; i++)
		if (sim->cfg.drop[i] && sim->segs == sim->cfg.drop[i])
			return true;
	return false;
}

/* A policer drops packets for which its token bucket has no tokens. */
static bool policed(struct sim *sim, struct link *link, const struct pkt *pkt)
{
	const struct link_cfg *cfg = link->cfg;
	u64 full = cfg->police_burst * SEC, cost = (pkt->wire_len + IP_LEN) * SEC;

	if (!cfg->police_rate)
		return false;
	if (!link->tokens_at)
		link->tokens = full;
	else
		link->tokens += (sim->now - link->tokens_at) * cfg->police_rate;
	link->tokens = min(link->tokens, full);
	link->tokens_at = sim->now;
	if (link->tokens < cost)
		return true;
	link->tokens -= cost;
	return false;
}

/* Is @t within an outage? @until: when that changes, or XTCP_NEVER. */
static bool in_outage(const struct sim *sim, const struct link_cfg *cfg, u64 t, u64 *until)
{
	u64 first = sim->start + cfg->outage_at, at = t - first;

	*until = XTCP_NEVER;
	if (!cfg->outage_at)
		return false;
	if (t < first) {
		*until = first;
		return false;
	}
	if (cfg->outage_every)
		at %= cfg->outage_every;
	if (at < cfg->outage)
		*until = t + cfg->outage - at;
	else if (cfg->outage_every)
		*until = t + cfg->outage_every - at;
	return at < cfg->outage;
}

/*
 * Bytes a second at time @t; 0: no limit; or STOPPED. @until: when that changes, or
 * XTCP_NEVER.
 */
static u64 rate_at(const struct sim *sim, const struct link_cfg *cfg, u64 t, u64 *until)
{
	u64 change = sim->start + cfg->rate_at;

	if (cfg->outage_holds && in_outage(sim, cfg, t, until))
		return STOPPED;
	if (!cfg->outage_holds)
		*until = XTCP_NEVER;
	if (cfg->rate_at && t < change)
		*until = min(*until, change);
	return cfg->rate_at && t >= change ? cfg->rate_then : cfg->rate;
}

/* When the transmission of @bytes that begins at @t ends. */
static u64 served(const struct sim *sim, const struct link_cfg *cfg, u64 t, u64 bytes)
{
	u64 work = bytes * SEC, until, rate;

	for (;; t = until) {
		rate = rate_at(sim, cfg, t, &until);
		if (rate == STOPPED)
			continue;
		if (!rate || t + work / rate <= until)
			return rate ? t + work / rate : t;
		work -= (until - t) * rate;
	}
}

/* Bytes that are sent from now until @t. */
static u64 backlog(const struct sim *sim, const struct link_cfg *cfg, u64 t)
{
	u64 at = sim->now, bytes = 0, until, rate;

	for (; at < t; at = until) {
		rate = rate_at(sim, cfg, at, &until);
		until = min(until, t);
		if (rate != STOPPED)
			bytes += (until - at) * rate / SEC;
	}
	return bytes;
}

/*
 * Put a packet into the queue and onto the wire. @leaves: when its last bit is sent.
 * Return: NULL, or the reason why it is dropped.
 */
static const char *forward(struct sim *sim, struct host *from, struct pkt *pkt,
			   u64 *leaves)
{
	struct link *link = &sim->link[from->id & 1];
	const struct link_cfg *cfg = link->cfg;
	u64 start = max(sim->now, link->free_at), wait = start - sim->now;
	u64 queued = backlog(sim, cfg, start), until;

	router_ecn(sim, cfg, pkt, queued);
	if (cfg->mtu_at && sim->now >= sim->start + cfg->mtu_at &&
	    pkt->wire_len > cfg->mtu) {
		if (!cfg->mtu_silent)
			too_big(sim, from, pkt);
		return "too big";
	}
	if (policed(sim, link, pkt))
		return "policed";
	if (cfg->rate && queued > cfg->queue)
		return "queue full";
	link->busy -= start;
	start = served(sim, cfg, start, pkt->wire_len + IP_LEN);
	link->busy += start;
	link->free_at = start;
	link->waited += wait;
	link->waited_max = max(link->waited_max, wait);
	link->through++;
	*leaves = start;
	if (!cfg->outage_holds && in_outage(sim, cfg, sim->now, &until))
		return "outage";
	if (prng_hit(&sim->rng, in_burst(sim, link) ? cfg->burst_loss : cfg->loss) ||
	    chosen(sim))
		return "lost";
	return NULL;
}

/* Is this a window probe: one octet beyond the window, which the receiver discards? */
static bool window_probe(const struct host *from, struct pkt *pkt)
{
	const struct conn *peer = from->peer->conn;
	const u8 *seq = pkt_hdr(pkt) + 4;
	u32 at = (u32)seq[0] << 24 | seq[1] << 16 | seq[2] << 8 | seq[3];

	return pkt->wire_len == pkt->hdr_len + 1 && peer && peer->has_edge &&
	       !seq_gt(peer->edge, at);
}

/* @pkt of host @from enters the link, which owns it now. */
void link_enter(struct sim *sim, struct host *from, struct pkt *pkt)
{
	struct link *link = &sim->link[from->id & 1];
	const struct link_cfg *cfg = link->cfg;
	const char *fate;
	bool bad, spurious = false;
	u64 leaves = 0;

	number(sim, link, pkt);
	fate = forward(sim, from, pkt, &leaves);
	bad = !fate && prng_hit(&sim->rng, cfg->corrupt);
	link->lost += fate || bad;
	link->marked += pkt->ecn == XTCP_CE;
	if (pkt->wire_len > pkt->hdr_len && !window_probe(from, pkt))
		spurious = ledger_sent(&from->ledger, pkt->stream,
				       pkt->stream + pkt->wire_len - pkt->hdr_len,
				       fate || bad, pkt->nr, sim->now);
	seg_trace(sim, from->id, fate ?: spurious ? "> (spurious)" : ">", pkt);
	if (fate) {
		pkt_free(sim, pkt);
		return;
	}
	if (prng_hit(&sim->rng, cfg->dup))
		arrive(sim, from, pkt_copy(sim, pkt), travel(sim, link, leaves));
	if (bad)
		flip(sim, pkt);
	arrive(sim, from, pkt, travel(sim, link, leaves));
}

/*
 * Host @from sends @pkt at @release, or now if that has passed. A paced packet waits in
 * the host, not in the queue of the link.
 */
void link_send(struct sim *sim, struct host *from, struct pkt *pkt, u64 release)
{
	u64 at = max(release, sim->now) + from->cfg->access;

	if (at > sim->now)
		sim_event(sim, at, (struct event){
				.type = EV_SEND, .host = from->id, .pkt = pkt });
	else
		link_enter(sim, from, pkt);
}
