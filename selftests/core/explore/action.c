// SPDX-License-Identifier: GPL-2.0
/*
 * The possible actions of the network, the clock, the applications and an attacker in
 * the current state.
 *
 * Actions that lead to the same states in another way are left out: a segment is lost
 * only when it is the first in flight, since an earlier loss has the same effect; of
 * two equal segments only the first is delivered out of order.
 */
#include <stdio.h>
#include <stdlib.h>

#include "explore.h"

/* For each action: its letter, the budget it uses, and whether it has an argument. */
static const struct {
	char letter;
	u8 cost;
	bool arg;
} kinds[ACT_MAX] = {
	[ACT_DELIVER]	= { 'd', B_MAX, true },
	[ACT_DROP]	= { 'x', B_DROP },
	[ACT_DUP]	= { 'u', B_DUP },
	[ACT_OLD]	= { 'o', B_DUP },
	[ACT_MERGE]	= { 'm', B_MERGE },
	[ACT_MARK]	= { 'e', B_MARK },
	[ACT_TIMER]	= { 't', B_TICK },
	[ACT_APP]	= { 'a', B_MAX },
	[ACT_READ]	= { 'r', B_MAX },
	[ACT_ABORT]	= { 'q', B_ABORT },
	[ACT_BLIND]	= { 'b', B_BLIND, true },
	[ACT_RENEGE]	= { 'p', B_RENEGE },
	[ACT_REFUSE]	= { 'f', B_REFUSE },
	[ACT_SHRINK]	= { 'i', B_SHRINK },
	[ACT_VANISH]	= { 'v', B_VANISH },
};

/* ---- possible actions ---- */

struct list {
	struct action *at;
	u32 n;
};

static void add(struct list *l, enum act_kind kind, u32 end, u32 arg)
{
	u8 cost = kinds[kind].cost;

	if (cost != B_MAX && !W->left[cost])
		return;
	if (l->n == ACTS_MAX)
		fail("more than %u choices", ACTS_MAX);
	l->at[l->n++] = (struct action){ kind, (u8)end, (u8)arg };
}

/* Can a NIC or GRO merge the first two segments? */
static bool can_merge(const struct wire *wire)
{
	const struct xtcp_seg *a = &wire->flight[0].seg, *b = &wire->flight[1].seg;
	const u16 last = XTCP_FIN | XTCP_PSH;

	return wire->n > 1 && a->len && b->len && a->seq + a->len == b->seq &&
	       a->ack == b->ack && a->wnd == b->wnd && a->opts == b->opts &&
	       a->tsval == b->tsval && a->tsecr == b->tsecr && a->ecn == b->ecn &&
	       !(a->flags & (last | XTCP_SYN | XTCP_URG)) &&
	       !((a->flags ^ b->flags) & ~last);
}

static bool same_as_before(const struct wire *wire, u32 i)
{
	const struct flight *f = &wire->flight[i], *g;

	for (g = wire->flight; g < f; g++)
		if (!memcmp(&f->seg, &g->seg, sizeof(f->seg)) &&
		    wire_arrival(f) == wire_arrival(g))
			return true;
	return false;
}

static void network(struct list *l, u32 to, u64 due)
{
	const struct wire *wire = &W->to[to];
	u32 i;

	if (!wire->n)
		return;
	add(l, ACT_DROP, to, 0);
	if (wire->flight[0].seg.ecn == XTCP_ECT0)
		add(l, ACT_MARK, to, 0);
	if (wire_arrival(&wire->flight[0]) <= due) {
		add(l, ACT_DELIVER, to, 0);
		add(l, ACT_DUP, to, 0);
		if (wire->n > 1)
			add(l, ACT_OLD, to, 0);
	}
	if (can_merge(wire) && wire_arrival(&wire->flight[1]) <= due)
		add(l, ACT_MERGE, to, 0);
	for (i = 1; i < wire->n && W->left[B_REORDER]; i++)
		if (wire_arrival(&wire->flight[i]) <= due && !same_as_before(wire, i))
			add(l, ACT_DELIVER, to, i);
}

static bool can_blind(const struct end *e, u32 arg)
{
	if (e->host.mode == XTCP_HOST_HALF_OPEN || e->host.mode == XTCP_HOST_TIME_WAIT)
		return arg != BLIND_ACK_ANCIENT && arg != BLIND_SACK;
	if (e->host.mode != XTCP_HOST_CONN)
		return false;
	if (e->tcb.state == XTCP_SYN_SENT)
		return arg == BLIND_RST_FAR || arg == BLIND_ACK_UNSENT ||
		       arg == BLIND_RST_EXACT;
	return true;
}

static void calls(struct list *l, const struct end *e)
{
	u32 i;

	if (app_ready(e))
		add(l, ACT_APP, e->id, 0);
	if (app_can_read(e))
		add(l, ACT_READ, e->id, 0);
	for (i = 0; i < BLIND_MAX; i++)
		if (can_blind(e, i))
			add(l, ACT_BLIND, e->id, i);
	if (e->host.mode != XTCP_HOST_CONN)
		return;
	if (e->established)
		add(l, ACT_VANISH, e->id, 0);
	if (!e->closed)
		add(l, ACT_ABORT, e->id, 0);
	if (e->tcb.ooo_runs)
		add(l, ACT_RENEGE, e->id, 0);
	if (!e->refuse)
		add(l, ACT_REFUSE, e->id, 0);
	if (e->tcb.snd_una != e->tcb.snd_nxt && e->path_mss >= WORLD_MSS)
		add(l, ACT_SHRINK, e->id, 0);
}

/* List the possible actions. Return: their number. */
u32 possible_actions(struct action *out)
{
	struct list l = { out };
	u64 arrival, due = world_deadline(&arrival);
	u32 i;

	for (i = 0; i < 2; i++)
		network(&l, i, due);
	for (i = 0; i < 2; i++)
		calls(&l, &W->end[i]);
	if (due == XTCP_NEVER || (arrival < due && !W->left[B_LATE]))
		return l.n;
	for (i = 0; i < 2; i++)
		if (end_deadline(&W->end[i]) == due)
			add(&l, ACT_TIMER, i, 0);
	return l.n;
}

/* ---- effects ---- */

static void arrive(u32 to, const struct flight *f)
{
	struct flight copy = *f;

	W->now = wire_arrival(f);
	trace_seg(to, "<-", &copy);
	end_hears(&W->end[to], &copy.seg);
	end_rx(&W->end[to], &copy);
}

static void deliver(u32 to, u32 i, enum act_kind kind)
{
	struct wire *wire = &W->to[to];
	struct flight f = wire->flight[i];

	if (kind != ACT_DUP)
		wire_take(to, i);
	if (kind == ACT_OLD)
		wire->flight[wire->n++] = f;
	arrive(to, &f);
}

static void merge(u32 to)
{
	struct flight f = W->to[to].flight[0], g = W->to[to].flight[1];

	wire_take(to, 0);
	wire_take(to, 0);
	f.seg.len += g.seg.len;
	f.seg.flags |= g.seg.flags;
	f.seg.nsegs += g.seg.nsegs;
	f.sent_at = g.sent_at;
	arrive(to, &f);
}

/* The state of an end that segments of an attacker are derived from. */
struct target {
	u32 next;	/* RCV.NXT */
	u32 edge;	/* right edge of its window */
	u32 nxt;	/* SND.NXT */
	u32 ancient;	/* an ACK below the acceptable range (RFC 5961, 5.2) */
	u32 una;	/* SND.UNA */
	u16 wnd;	/* window field of its peer's segments */
	u32 ts;		/* TS.Recent */
};

static struct target target_of(const struct end *e)
{
	const struct xtcp_tcb *tcb = &e->tcb;
	const struct xtcp_request *req = &e->host.req;
	const struct xtcp_tw *tw = &e->host.tw;
	u32 edge = tcb->rcv_wup + tcb->rcv_wnd;

	if (e->host.mode == XTCP_HOST_HALF_OPEN)
		return (struct target){ .next = req->irs + 1, .nxt = req->iss + 1,
			.edge = req->irs + 1 + req->rcv_wnd, .ts = req->ts_recent };
	if (e->host.mode == XTCP_HOST_TIME_WAIT)
		return (struct target){ .next = tw->rcv_nxt, .nxt = tw->snd_nxt,
			.edge = tw->rcv_nxt + ((u32)tw->wnd << tw->rcv_wscale), .ts = tw->ts_recent };
	return (struct target){ .next = tcb->rcv_nxt, .nxt = tcb->snd_nxt,
		.edge = seq_max(edge, tcb->rcv_nxt), .ts = tcb->ts_recent,
		.ancient = tcb->snd_una - tcb->max_snd_wnd - 1, .una = tcb->snd_una,
		.wnd = (u16)(tcb->snd_wnd >> tcb->snd_wscale) };
}

static void blind(struct end *e, enum blind what)
{
	struct target t = target_of(e);
	/* An offset beyond every stream: end.c fails if a byte is delivered. */
	struct flight f = { .off = ~0U - 1000 };
	struct xtcp_seg *seg = &f.seg;

	*seg = (struct xtcp_seg) {
		.seq = t.next, .ack = t.nxt, .flags = XTCP_ACK, .wnd = 500, .nsegs = 1,
		.doff = XTCP_HDR_LEN, .opts = run.cfg->no_ts ? 0 : XTCP_OPT_TS,
		.tsval = t.ts,
	};
	switch (what) {
	case BLIND_RST_EXACT:
		W->rough = true;
		seg->flags = XTCP_RST | XTCP_ACK;
		break;
	case BLIND_RST_NEAR:
		seg->flags = XTCP_RST;
		seg->seq += 1;
		break;
	case BLIND_RST_FAR:
		seg->flags = XTCP_RST;
		seg->seq = t.edge + 1;
		break;
	case BLIND_SYN:
		seg->flags = XTCP_SYN;
		seg->seq += 1;
		break;
	case BLIND_ACK_UNSENT:
		seg->ack += 1;
		seg->len = 1;
		break;
	case BLIND_ACK_ANCIENT:
		seg->ack = t.ancient;
		seg->len = 1;
		break;
	case BLIND_SACK:
		seg->ack = t.una;
		seg->wnd = t.wnd;
		seg->opts |= XTCP_OPT_SACK;
		seg->nsack = 1;
		seg->sack[0].start = t.nxt;
		seg->sack[0].end = t.nxt + WORLD_MSS;
		break;
	case BLIND_BEYOND:
		seg->seq = t.edge;
		seg->len = 1;
		seg->flags |= XTCP_FIN;
		break;
	default:
		break;
	}
	trace_seg(e->id, "<- blind", &f);
	end_rx(e, &f);
}

/* Shrink the path MTU, so that later segments overlap earlier ones. */
static void shrink(struct end *e)
{
	e->path_mss -= 2 * WORLD_MSS / 5;
	TRACE("%u     the path carries %u bytes", e->id, e->path_mss);
	end_serve(e, xtcp_icmp_rx(&e->tcb, XTCP_ICMP_TOO_BIG, e->tcb.snd_una,
				  (u16)e->path_mss, end_now(e)));
}

static void timer(struct end *e)
{
	u64 arrival, due = world_deadline(&arrival);

	if (arrival < due && W->left[B_LATE])
		W->left[B_LATE]--;
	W->now = max(W->now, due);
	TRACE("%u timer", e->id);
	end_timer(e);
}

static void pay(enum budget what)
{
	if (what != B_MAX && W->left[what])
		W->left[what]--;
}

/* Carry out @a. An action that the budget does not have is free (finish.c). */
void act(struct action a)
{
	struct end *e = &W->end[a.end];

	run.beat++;
	pay(kinds[a.kind].cost);
	switch (a.kind) {
	case ACT_DELIVER:
		if (a.arg)
			pay(B_REORDER);
		fallthrough;
	case ACT_DUP:
	case ACT_OLD:
		deliver(a.end, a.arg, a.kind);
		break;
	case ACT_DROP:
		trace_seg(a.end, "lost", &W->to[a.end].flight[0]);
		wire_take(a.end, 0);
		break;
	case ACT_MERGE:
		merge(a.end);
		break;
	case ACT_MARK:
		W->to[a.end].flight[0].seg.ecn = XTCP_CE;
		trace_seg(a.end, "marked", &W->to[a.end].flight[0]);
		break;
	case ACT_TIMER:
		timer(e);
		break;
	case ACT_APP:
		app_step(e);
		break;
	case ACT_READ:
		app_read(e, run.cfg->read[a.end]);
		break;
	case ACT_ABORT:
		app_abort(e);
		break;
	case ACT_BLIND:
		blind(e, a.arg);
		break;
	case ACT_RENEGE:
		TRACE("%u     drops what it holds", a.end);
		xtcp_reass_prune(&e->tcb);
		end_serve(e, XTCP_ACT_REAP);
		break;
	case ACT_REFUSE:
		TRACE("%u     will not be able to send", a.end);
		e->refuse = true;
		break;
	case ACT_SHRINK:
		shrink(e);
		break;
	case ACT_VANISH:
		end_vanish(e);
		break;
	}
}

/* ---- names ---- */

void action_name(struct action a, char *buf, size_t len)
{
	if (kinds[a.kind].arg && (a.arg || a.kind == ACT_BLIND))
		snprintf(buf, len, "%c%u.%u", kinds[a.kind].letter, a.end, a.arg);
	else
		snprintf(buf, len, "%c%u", kinds[a.kind].letter, a.end);
}

/* Parse one action of a path. Return: the text after it, NULL if it is none. */
const char *action_parse(const char *text, struct action *a)
{
	char *rest;
	u32 i;

	*a = (struct action){};
	for (i = 1; i < ACT_MAX; i++)
		if (kinds[i].letter == *text)
			a->kind = (u8)i;
	if (!a->kind || (text[1] != '0' && text[1] != '1'))
		return NULL;
	a->end = text[1] == '1';
	text += 2;
	if (*text == '.') {
		a->arg = (u8)strtoul(text + 1, &rest, 10);
		text = rest;
	}
	while (*text == ' ')
		text++;
	return text;
}
