// SPDX-License-Identifier: GPL-2.0
/*
 * Which states are equivalent: those in which the same actions are possible, with
 * equivalent results. Only one of them is expanded.
 *
 * A state is written in a canonical form: sequence numbers relative to the ISS, times
 * relative to now, lists by their order instead of pointers, and without statistics
 * and unused memory. The rules below say so for each field. A field without a rule is
 * written as it is; that is never wrong, but with a counter or a time no two states
 * would be equivalent.
 *
 * search.c tests that the rules leave out nothing that matters: it compares the
 * successors of pairs of equivalent states.
 */
#include <stdlib.h>

#include "core.h"
#include "explore.h"

enum kind {
	RAW,
	SKIP,
	SND,	/* sequence number of this end */
	RCV,	/* sequence number of the peer */
	AGE,	/* u64 time in the past, ns, or 0; ages above the cap are equal */
	PATIENCE,	/* AGE in worlds with keepalive or user timeout, otherwise SKIP */
	DUE_MS,	/* DUE as 32-bit time in ms */
	AGE_MS,	/* AGE as 32-bit time in ms */
	DUE,	/* u64 time in the future, ns; times in the past are equal */
	RATE,	/* RAW if the congestion control measures rates, otherwise SKIP */
	OWN_TS,	/* TSval of this end */
	PEER_TS,	/* TSval of the peer */
};

struct rule {
	u16 off;
	u16 size;
	enum kind kind;
	u64 cap;
};

#define RULE(type, field, how, ...)	{				\
	.off = offsetof(type, field),					\
	.size = sizeof(((type *)0)->field),				\
	.kind = how, __VA_ARGS__ }

/* Cap of ages: more than the longest RTO. */
#define LONG	(300 * SEC)

#define R(field, ...)	RULE(struct xtcp_tcb, field, __VA_ARGS__)

/* "by hand": the field is skipped here and written by a function below. */
static const struct rule tcb_rules[] = {
	R(par, SKIP), R(cc, SKIP),
	R(ts_off, SKIP),
	R(snd_una, SND), R(snd_nxt, SND), R(snd_end, SND),
	R(snd_wl1, RCV), R(snd_wl2, SND),
	R(snd_sml, SND), R(snd_up, SND), R(iss, SKIP), R(recover, SND),
	R(map_head, SKIP), R(map_tail, SKIP), R(map_old, SKIP),	/* by hand */
	R(map_new, SKIP), R(map_lost, SKIP), R(map_lost_tail, SKIP),
	R(map_root, SKIP), R(map_free, SKIP), R(map_own, SKIP),
	R(pace_next, DUE), R(min_rtt_at, AGE, .cap = LONG),
	R(departures, SKIP), R(rack_order, SKIP),	/* by hand */
	R(rack_end, SND), R(rack_fack, SND),
	R(rack_dsack_round, SND), R(tlp_end, SND), R(tlp_seq, SND),
	R(undo_una, SND), R(undo_rtx_at, AGE, .cap = LONG),
	R(undo_rtx_end, SND),
	R(delivered, RATE), R(lost, RATE), R(app_limited, RATE),
	R(delivered_at, RATE), R(first_tx_at, RATE), R(rate_delivered, RATE),
	R(rate_us, RATE),
	R(rcv_nxt, RCV), R(rcv_wup, RCV), R(rcv_read, RCV), R(rcv_up, RCV),
	R(irs, SKIP), R(rcv_fin, SKIP), R(ack_seq_last, RCV),
	R(ts_recent, PEER_TS),
	R(ts_recent_at, SKIP),			/* matters after 24 days */
	R(last_rx_at, PATIENCE, .cap = LONG),
	R(keep_probed_at, PATIENCE, .cap = LONG),
	R(last_data_rx_at, AGE, .cap = SEC),	/* against ato_us */
	R(last_data_tx_at, AGE, .cap = LONG),	/* against the RTO */
	R(challenge_at, AGE, .cap = SEC),	/* against challenge_ms */
	R(ptb_at, AGE, .cap = 120 * SEC),	/* against the RTO */
	R(ooo_root, SKIP), R(ooo_ready, SKIP), R(ooo_ready_tail, SKIP),
	R(ooo_dead, SKIP), R(prio_seed, SKIP),	/* by hand */
	R(sack, SKIP), R(dsack_start, SKIP), R(dsack_end, SKIP),	/* by hand */
	R(dl_armed, RAW), R(dl, SKIP),		/* by hand */
	R(mib, SKIP), R(bytes_sent, SKIP), R(bytes_retrans, SKIP), R(bytes_acked, SKIP),
	R(bytes_received, SKIP), R(segs_in, SKIP), R(segs_out, SKIP),
	R(data_segs_in, SKIP), R(data_segs_out, SKIP), R(total_retrans, SKIP),
	R(rtx_timeouts, SKIP), R(fast_rtx, SKIP), R(tlp_probes, SKIP),
	R(tlp_recovered, SKIP), R(dsacks_in, SKIP), R(undos, SKIP),
	R(spurious_rtos, SKIP), R(reneges, SKIP), R(rcv_ooo_segs, SKIP),
};

#undef R
#define R(field, ...)	RULE(struct xtcp_sent, field, __VA_ARGS__)

static const struct rule sent_rules[] = {
	R(left, SKIP), R(right, SKIP), R(prio, SKIP),	/* shape of the tree */
	R(next, SKIP), R(prev, SKIP), R(tnext, SKIP), R(tprev, SKIP),	/* by hand */
	R(delivered_at, RATE), R(first_tx_at, RATE), R(delivered, RATE),
	R(lost, RATE), R(flight, RATE),
	R(seq, SND), R(end, SND),
	R(sent_at, AGE, .cap = LONG),
	R(first_at, PATIENCE, .cap = LONG),
	R(order, SKIP),				/* by hand */
};

#undef R
#define R(field, ...)	RULE(struct xtcp_request, field, __VA_ARGS__)

static const struct rule request_rules[] = {
	R(deadline, SKIP), R(sent_at, SKIP), R(born, SKIP),	/* by hand, or unused */
	R(iss, SKIP), R(irs, SKIP), R(ts_recent, PEER_TS),
};

#undef R
#define R(field, ...)	RULE(struct xtcp_tw, field, __VA_ARGS__)

static const struct rule tw_rules[] = {
	R(deadline, DUE_MS), R(ack_at, AGE_MS, .cap = SEC),
	R(snd_nxt, SND), R(rcv_nxt, RCV),
	R(ts_recent, PEER_TS),
};

#undef R
#define R(field, ...)	RULE(struct end, field, __VA_ARGS__)

static const struct rule end_rules[] = {
	R(iss, SKIP), R(ts_off, SKIP), R(clock, SKIP),
	R(total, SKIP),
	R(edge_told, SND), R(edge_shown, RCV),
	R(tcb, SKIP), R(host, SKIP),	/* by hand */
	R(sent, SKIP), R(lent, SKIP), R(pkt, SKIP),
};

/* ---- the rules for all fields of a type, by offset ---- */

#define STEPS_MAX	120

struct plan {
	struct rule step[STEPS_MAX];
	u32 n;
};

static struct plan tcb_plan, sent_plan, request_plan, tw_plan, end_plan;

static void plan_add(struct plan *p, struct rule rule)
{
	if (rule.kind == SKIP)
		return;
	if (p->n == STEPS_MAX)
		abort();
	p->step[p->n++] = rule;
}

static void plan_make(struct plan *p, const struct rule *rules, u32 n, u32 size)
{
	u32 at = 0, i;

	p->n = 0;
	while (at < size) {
		struct rule raw = { .off = (u16)at, .kind = RAW };
		const struct rule *next = NULL;

		for (i = 0; i < n; i++)
			if (rules[i].off >= at && (!next || rules[i].off < next->off))
				next = &rules[i];
		raw.size = (u16)((next ? next->off : size) - at);
		if (raw.size)
			plan_add(p, raw);
		if (!next)
			break;
		plan_add(p, *next);
		at = next->off + next->size;
	}
}

#define PLAN(name, type)	\
	plan_make(&name##_plan, name##_rules, ARRAY_SIZE(name##_rules), sizeof(type))

void canon_init(void)
{
	PLAN(tcb, struct xtcp_tcb);
	PLAN(sent, struct xtcp_sent);
	PLAN(request, struct xtcp_request);
	PLAN(tw, struct xtcp_tw);
	PLAN(end, struct end);
}

/* ---- writing the canonical form ---- */

#define TEXT_MAX	32768	/* bytes */

static struct {
	u8 byte[TEXT_MAX];
	u32 n;
} text;

static void put(const void *p, u32 n)
{
	if (text.n + n > TEXT_MAX - 16)
		abort();
	memcpy(&text.byte[text.n], p, n);
	text.n += n;
}

static void put32(u32 v)
{
	put(&v, sizeof(v));
}

static void put64(u64 v)
{
	put(&v, sizeof(v));
}

/* @ts relative to the peer's timestamp clock. */
static u32 peer_ts(const struct end *e, u32 ts)
{
	const struct end *peer = end_peer(e);

	return (u32)(end_now(peer) / MSEC) + peer->ts_off - ts;
}

static void put_array(const u8 *p, u32 n, u32 base)
{
	u32 v;

	for (; n; n -= 4, p += 4) {
		memcpy(&v, p, 4);
		put32(v - base);
	}
}

static void put_struct(const struct end *e, const struct plan *plan, const void *at)
{
	u64 now = end_now(e), t;
	u32 i, v;

	for (i = 0; i < plan->n; i++) {
		const struct rule *r = &plan->step[i];
		const u8 *p = (const u8 *)at + r->off;

		switch (r->kind) {
		case SKIP:
			break;
		case RAW:
			put(p, r->size);
			break;
		case SND:
			put_array(p, r->size, e->iss);
			break;
		case RCV:
			put_array(p, r->size, end_peer(e)->iss);
			break;
		case PATIENCE:
			if (!run.cfg->patience)
				break;
			fallthrough;
		case AGE:
			memcpy(&t, p, 8);
			/* A departure time set by pacing may be in the future. */
			put64(!t ? XTCP_NEVER : t > now ? now - t : min(now - t, r->cap));
			break;
		case DUE:
			memcpy(&t, p, 8);
			put64(t > now ? t - now : 0);
			break;
		case AGE_MS:
			memcpy(&v, p, 4);
			put64(min((u64)(xtcp_tw_clock(now) - v) * MSEC + now % MSEC, r->cap));
			break;
		case DUE_MS:
			memcpy(&v, p, 4);
			put64((u64)max((s32)(v - xtcp_tw_clock(now)), 0) * MSEC + now % MSEC);
			break;
		case RATE:
			if (run.rates)
				put(p, r->size);
			break;
		case OWN_TS:
			memcpy(&v, p, 4);
			put32(run.cfg->no_ts ? 0 : peer_ts(end_peer(e), v));
			break;
		case PEER_TS:
			memcpy(&v, p, 4);
			put32(run.cfg->no_ts ? 0 : peer_ts(e, v));
			break;
		}
	}
}

/* Write the runs by sequence number; the shape of the tree does not matter. */
static void put_runs(const struct end *e)
{
	const struct xtcp_node *node = xtcp_treap_first(e->tcb.ooo_root);
	u32 irs = end_peer(e)->iss;

	for (; node; node = xtcp_treap_after(e->tcb.ooo_root, node->seq)) {
		const struct xtcp_ooo *run, *next = (const struct xtcp_ooo *)node;

		for (run = next; ; run = run->next) {
			put32(run->seq - irs);
			put32(run->end - irs);
			if (run == next->tail)
				break;
		}
		put32(0);
	}
}

/*
 * Only the order of transmissions matters: the number of send map entries that were
 * sent before this one.
 */
static u32 rank(const struct xtcp_tcb *tcb, u32 order, u32 end)
{
	const struct xtcp_sent *sent;
	u32 n = 0;

	for (sent = tcb->map_head; sent; sent = sent->next)
		n += seq_lt(sent->order, order) ||
		     (sent->order == order && seq_lt(sent->end, end));
	return n;
}

static void put_tcb(const struct end *e)
{
	const struct xtcp_tcb *tcb = &e->tcb;
	u32 irs = end_peer(e)->iss, i;
	const struct xtcp_sent *sent;

	put_struct(e, &tcb_plan, tcb);
	put32(tcb->flags & XTCP_F_FIN_SEEN ? tcb->rcv_fin - irs : 0);
	put32(rank(tcb, tcb->rack_order, tcb->rack_end));
	for (sent = tcb->map_head; sent; sent = sent->next) {
		put_struct(e, &sent_plan, sent);
		put32(rank(tcb, sent->order, sent->end));
	}
	for (sent = tcb->map_old; sent; sent = sent->tnext)
		put32(sent->seq - e->iss);
	for (sent = tcb->map_lost; sent; sent = sent->tnext)
		put32(sent->seq - e->iss);
	put_runs(e);
	for (i = 0; i < tcb->nsack; i++)
		put32(tcb->sack[i] - irs);
	if (tcb->dsack_start != tcb->dsack_end) {
		put32(tcb->dsack_start - irs);
		put32(tcb->dsack_end - irs);
	}
	for (i = 0; i < XTCP_DL_MAX; i++)
		if (tcb->dl_armed & BIT(i))
			put64(tcb->dl[i] - end_now(e));
}

static void put_end(const struct end *e)
{
	put_struct(e, &end_plan, e);
	put32(e->host.mode);
	switch (e->host.mode) {
	case XTCP_HOST_CONN:
		put_tcb(e);
		break;
	case XTCP_HOST_HALF_OPEN:
		put_struct(e, &request_plan, &e->host.req);
		put64(xtcp_request_deadline(&e->host.req, end_now(e)) - end_now(e));
		put32((u32)(end_now(e) / XTCP_NSEC_PER_USEC) - e->host.req.sent_at);
		break;
	case XTCP_HOST_TIME_WAIT:
		put_struct(e, &tw_plan, &e->host.tw);
		break;
	}
}

static void put_flight(const struct end *from, const struct flight *f)
{
	const struct xtcp_seg *seg = &f->seg;
	u32 iss = from->iss, irs = end_peer(from)->iss, i;

	put32(seg->seq - iss);
	put32(seg->flags & XTCP_ACK ? seg->ack - irs : 0);
	put32(seg->len);
	put32((u32)seg->flags << 16 | seg->wnd);
	put32((u32)seg->urg << 16 | seg->mss);
	put32((u32)seg->opts << 16 | (u32)seg->nsack << 8 | seg->wscale);
	if (seg->opts & XTCP_OPT_TS) {
		put32(peer_ts(end_peer(from), seg->tsval));
		put32(seg->tsecr ? peer_ts(from, seg->tsecr) : ~0U);
	}
	put32((u32)seg->nacc << 8 | seg->ecn);
	for (i = 0; i < seg->nacc; i++)
		put32(seg->acc[i]);
	for (i = 0; i < seg->nsack; i++) {
		put32(seg->sack[i].start - irs);
		put32(seg->sack[i].end - irs);
	}
	if (run.cfg->delay_ms)
		put64(min(W->now - f->sent_at, run.cfg->delay_ms * MSEC));
}

/*
 * A 64-bit hash in two lanes of multiply and fold, 16 bytes in each round. If it is
 * random, n states have a collision with probability n^2 / 2^65: 1 in 370,000 for ten
 * million.
 */
typedef unsigned int u128 __attribute__((mode(TI)));

static u64 fold(u64 a, u64 b)
{
	u128 m = (u128)a * b;

	return (u64)m ^ (u64)(m >> 64);
}

static u64 hash(const u8 *p, u32 n, u64 seed)
{
	u64 a = seed ^ 0x9e3779b97f4a7c15ULL, b = n ^ 0xd6e8feb86659fd93ULL, w[2];
	u32 i;

	for (i = 0; i < n; i += 16) {
		memcpy(w, p + i, 16);
		a = fold(a ^ w[0], 0xa0761d6478bd642fULL) + b;
		b = fold(b ^ w[1], 0xe7037ed1a0b428dbULL) ^ a;
	}
	a = fold(a ^ 0x8ebc6af09c88c6e3ULL, b ^ 0x589965cc75374cc3ULL);
	return a ? a : 1;
}

/* The hashes of the current state. */
struct canon canon(void)
{
	struct canon c;
	u32 i, j;

	text.n = 0;
	put32(W->rough);
	for (i = 0; i < 2; i++)
		put_end(&W->end[i]);
	for (i = 0; i < 2; i++) {
		put32(W->to[i].n);
		for (j = 0; j < W->to[i].n; j++)
			put_flight(&W->end[!i], &W->to[i].flight[j]);
	}
	/* The position within a tick of the timestamp clock. */
	if (!run.cfg->no_ts)
		put64(W->now % MSEC);
	memset(&text.byte[text.n], 0, 16);
	c.core = hash(text.byte, text.n, 1);
	memcpy(&text.byte[text.n], W->left, B_MAX);
	memset(&text.byte[text.n + B_MAX], 0, 16);
	c.full = hash(text.byte, text.n + B_MAX, 2);
	return c;
}
