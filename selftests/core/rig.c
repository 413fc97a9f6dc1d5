// SPDX-License-Identifier: GPL-2.0
/*
 * One TCB, embryo or TIME-WAIT record with the least glue around it: serves
 * the action bits as the module does, checks the invariants after each call.
 */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "answer.h"
#include "harness.h"
#include "script.h"

void rig_fail(struct rig *rig, const char *fmt, ...)
{
	char msg[512];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(msg, sizeof(msg), fmt, ap);
	va_end(ap);
	unit_fail("script line", rig->line, "%s", msg);
	rig->bad++;
}

void rig_init(struct rig *rig)
{
	memset(rig, 0, sizeof(*rig));
	xtcp_params_init(&rig->par);
	/* Windows that can be told in the head: the scripts are of the engine. */
	rig->par.cc = xtcp_cc_find("reno");
	/* One plan for all that may go: how long bursts are is a matter of test_pace.c. */
	rig->par.min_tso_segs = 255;
	rig->par.isn_key[0] = 1;
	rig->par.isn_key[1] = 2;
	rig->keys = (struct xtcp_fo_keys){ .key = { { 5, 6 }, { 7, 8 } }, .n = 1 };
	rig->start = 1000 * XTCP_NSEC_PER_SEC;
	rig->now = rig->start;
	rig->rcvbuf = 65535;
	rig->last_wnd = 65535;
	rig->expect = RIG_ISS + 1;
	rig->open = (struct xtcp_open) {
		.flow = {
			.saddr = { 0, 0, 0xffff0000u, 0x0100000au },
			.daddr = { 0, 0, 0xffff0000u, 0x0200000au },
			.sport = 0x5000,
			.dport = 0x901f,
		},
		.rcv_space = 65535,
		.rcv_space_max = 65535,
		.gso_max = 65535,
		.path_mss = 1460,
		.adv_mss = 1460,
	};
}

static void rig_check(struct rig *rig)
{
	const char *broken;

	if (!rig->tcb_live)
		return;
	broken = xtcp_check_at(&rig->tcb, rig->now);
	if (broken)
		rig_fail(rig, "xtcp_check: %s", broken);
}

static struct xtcp_ooo *node_get(struct rig *rig)
{
	int i;

	for (i = 0; i < RIG_NODES; i++)
		if (!rig->node_used[i]) {
			rig->node_used[i] = true;
			memset(&rig->node[i], 0xa5, sizeof(rig->node[i]));
			return &rig->node[i];
		}
	return NULL;
}

static void node_put(struct rig *rig, struct xtcp_ooo *node)
{
	long i = node - rig->node;

	if (!rig->node_used[i])
		rig_fail(rig, "node %ld given back twice", i);
	rig->node_used[i] = false;
}

static void map_drain(struct rig *rig)
{
	struct xtcp_sent *sent;

	while ((sent = xtcp_map_reclaim(&rig->tcb)))
		rig->sent_used[sent - rig->sent] = false;
}

static void deliver(struct rig *rig, u32 from, u32 to)
{
	if (from != rig->expect || !seq_lt(from, to))
		rig_fail(rig, "delivery of %u..%u, next is %u", from - RIG_ISS,
			 to - RIG_ISS, rig->expect - RIG_ISS);
	rig->expect = to;
	rig->got += to - from;
	rig->unread += to - from;
}

/* The local queue takes nothing, or nothing but bare ACKs. */
void rig_refuse(struct rig *rig)
{
	struct xtcp_plan plan;

	while (rig_peek(rig, &plan)) {
		if (rig->refuse_acks || plan.len || plan.flags & (XTCP_SYN | XTCP_FIN)) {
			xtcp_tx_abort(&rig->tcb, &plan, rig->now);
			rig->aborted = true;
			break;
		}
		rig_commit(rig, &plan);
	}
	rig->want_output = false;
}

/* Action bits in the order seg.h lists them. */
void rig_serve(struct rig *rig, u32 acts)
{
	struct xtcp_ooo *node;

	rig->acts |= acts;
	if (acts & XTCP_ACT_DELIVER)
		deliver(rig, rig->seg.from, rig->seg.to);
	if (acts & XTCP_ACT_DRAIN)
		while ((node = xtcp_reass_pop(&rig->tcb))) {
			deliver(rig, node->seq, node->end);
			node_put(rig, node);
		}
	if (acts & XTCP_ACT_REAP)
		while ((node = xtcp_reass_reap(&rig->tcb)))
			node_put(rig, node);
	if (acts & XTCP_ACT_RST) {
		xtcp_rst_plan(&rig->seg, &rig->reply);
		rig->have_reply = true;
	}
	if (acts & XTCP_ACT_OUTPUT)
		rig->want_output = true;
	if (acts & XTCP_ACT_OUTPUT)
		rig->aborted = false;
	if (rig->refuse && rig->want_output)
		rig_refuse(rig);
	if (rig->tcb_live)
		xtcp_space(&rig->tcb, rig->rcvbuf > rig->unread ?
					      rig->rcvbuf - rig->unread : 0);
	rig_check(rig);
}

void rig_open(struct rig *rig, bool active)
{
	rig->open.v6 = rig->v6;
	rig->rcvbuf = rig->open.rcv_space;
	if (!active) {
		rig->mode = RIG_LISTEN;
		return;
	}
	rig->mode = RIG_TCB;
	rig->tcb_live = true;
	xtcp_tcb_init(&rig->tcb, &rig->par);
	rig_serve(rig, xtcp_connect(&rig->tcb, &rig->open, rig->now));
	if (rig->early)
		rig_serve(rig, xtcp_fastopen_go(&rig->tcb, rig->early, rig->now));
	rig->iss = rig->tcb.iss;
}

static void map_refill(struct rig *rig)
{
	int i;

	for (i = 0; i < RIG_SENT && rig->tcb.map_nfree < xtcp_map_want(&rig->tcb); i++)
		if (!rig->sent_used[i]) {
			rig->sent_used[i] = true;
			xtcp_map_lend(&rig->tcb, &rig->sent[i]);
		}
}

static void rx_tcb(struct rig *rig)
{
	struct xtcp_ooo *node = node_get(rig);
	u32 acts;

	map_refill(rig);
	acts = xtcp_rx(&rig->tcb, &rig->seg, node, rig->now);
	if (node && !(acts & XTCP_ACT_HELD))
		node_put(rig, node);
	rig_serve(rig, acts);
}

static void rx_embryo(struct rig *rig)
{
	enum xtcp_embryo_act act;

	act = xtcp_embryo_rx(&rig->emb, &rig->par, &rig->seg, rig->now);
	rig->verdict = act;
	rig->have_reply = embryo_answer(act, &rig->emb, &rig->par, &rig->open, &rig->seg,
					&rig->reply, rig->now);
	if (embryo_ends(act))
		rig->mode = RIG_LISTEN;
	if (act == XTCP_EMBRYO_ACCEPT) {
		rig->mode = RIG_TCB;
		rig->tcb_live = true;
		xtcp_tcb_init(&rig->tcb, &rig->par);
		xtcp_accept(&rig->tcb, &rig->emb, &rig->open, rig->now);
		rig_check(rig);
		rx_tcb(rig);
	}
}

/* A SYN for a listener with Fast Open: a connection, or a cookie for the reply. */
static bool rx_fastopen(struct rig *rig)
{
	enum xtcp_fo_syn worth;

	worth = xtcp_fastopen_syn(&rig->keys, rig->fo_bare, &rig->open.flow, &rig->seg,
				  &rig->cookie);
	if (worth != XTCP_FOSYN_GOOD && worth != XTCP_FOSYN_OLD)
		return false;
	rig->mode = RIG_TCB;
	rig->tcb_live = true;
	xtcp_tcb_init(&rig->tcb, &rig->par);
	xtcp_embryo_init(&rig->emb, &rig->par, &rig->open, &rig->seg, rig->now);
	rig->iss = rig->emb.iss;
	map_refill(rig);
	rig_serve(rig, xtcp_fastopen_accept(&rig->tcb, &rig->emb, &rig->open, &rig->seg,
					    &rig->cookie, rig->now));
	return true;
}

static void rx_listen(struct rig *rig)
{
	rig->verdict = xtcp_listen_rx(&rig->seg);
	rig->cookie.len = 0;
	if (rig->verdict == XTCP_LISTEN_SYN && rig->fo_server && rx_fastopen(rig))
		return;
	if (rig->verdict == XTCP_LISTEN_RST) {
		xtcp_rst_plan(&rig->seg, &rig->reply);
		rig->have_reply = true;
	} else if (rig->verdict == XTCP_LISTEN_SYN) {
		rig->mode = RIG_EMBRYO;
		xtcp_embryo_init(&rig->emb, &rig->par, &rig->open, &rig->seg,
				 rig->now);
		rig->iss = rig->emb.iss;
		xtcp_embryo_plan(&rig->emb, &rig->par, &rig->open, &rig->reply, rig->now);
		xtcp_cookie_plan(&rig->reply, &rig->cookie);
		rig->have_reply = true;
	}
}

static void rx_tw(struct rig *rig)
{
	rig->verdict = xtcp_tw_rx(&rig->tw, &rig->seg, rig->now);
	if (tw_answer(rig->verdict, &rig->tw, rig->tcb.ts_off, &rig->reply, rig->now))
		rig->have_reply = true;
}

/* A segment arrives at whatever there is now. */
void rig_rx(struct rig *rig, const struct xtcp_seg *seg)
{
	rig->seg = *seg;
	switch (rig->mode) {
	case RIG_TCB:
		rx_tcb(rig);
		break;
	case RIG_LISTEN:
		rx_listen(rig);
		break;
	case RIG_EMBRYO:
		rx_embryo(rig);
		break;
	case RIG_TW:
		rx_tw(rig);
		break;
	case RIG_IDLE:
		rig_fail(rig, "segment before connect or listen");
		break;
	}
}

/* What would leave now; the plan is open until rig_commit(). */
bool rig_peek(struct rig *rig, struct xtcp_plan *plan)
{
	if (rig->have_reply) {
		*plan = rig->reply;
		return true;
	}
	if (!rig->tcb_live || rig->mode != RIG_TCB)
		return false;
	map_refill(rig);
	if (!xtcp_tx_peek(&rig->tcb, rig->now, plan)) {
		rig->want_output = false;
		rig_check(rig);
		return false;
	}
	if (!rig->want_output)
		rig_fail(rig, "output without XTCP_ACT_OUTPUT");
	return true;
}

void rig_commit(struct rig *rig, const struct xtcp_plan *plan)
{
	if (plan->opts & XTCP_OPT_TS)
		rig->last_tsval = plan->tsval;
	if (rig->have_reply) {
		rig->have_reply = false;
		return;
	}
	xtcp_tx_commit(&rig->tcb, plan, rig->now);
	rig_check(rig);
}

/*
 * The next @n bytes are written, sent and acknowledged, at once and in full segments.
 * Of a connection without timestamps.
 */
void rig_gone(struct rig *rig, u64 n)
{
	struct xtcp_seg ack = { .flags = XTCP_ACK, .wnd = rig->last_wnd, .nsegs = 1 };
	struct xtcp_tcb *tcb = &rig->tcb;
	struct xtcp_plan plan;
	u32 len;

	for (; n; n -= len) {
		len = (u32)min_t(u64, n, 32U * tcb->mss);
		rig_serve(rig, xtcp_wrote(tcb, len, 0, rig->now));
		while (tcb->snd_una != tcb->snd_end) {
			while (rig_peek(rig, &plan))
				rig_commit(rig, &plan);
			ack.seq = rig->expect;
			ack.ack = tcb->snd_nxt;
			if (rig->bad || tcb->snd_una == tcb->snd_nxt) {
				rig_fail(rig, "bytes do not get through");
				return;
			}
			rig_rx(rig, &ack);
		}
	}
}

/* The next @n bytes arrive, and are read. Likewise. */
void rig_came(struct rig *rig, u64 n)
{
	struct xtcp_seg seg = { .flags = XTCP_ACK, .wnd = rig->last_wnd, .nsegs = 1 };
	struct xtcp_tcb *tcb = &rig->tcb;
	struct xtcp_plan plan;

	for (; n && !rig->bad; n -= seg.len) {
		seg.seq = rig->expect;
		seg.ack = tcb->snd_una;
		seg.len = (u32)min_t(u64, n, tcb->adv_mss);
		rig_rx(rig, &seg);
		rig->unread = 0;
		rig_serve(rig, xtcp_read(tcb, seg.len, rig->rcvbuf, rig->now));
		while (rig_peek(rig, &plan))
			rig_commit(rig, &plan);
	}
}

static u64 rig_deadline(const struct rig *rig)
{
	switch (rig->mode) {
	case RIG_TCB:
		return xtcp_deadline(&rig->tcb);
	case RIG_EMBRYO:
		return xtcp_embryo_deadline(&rig->emb, rig->now);
	case RIG_TW:
		return xtcp_tw_deadline(&rig->tw, rig->now);
	default:
		return XTCP_NEVER;
	}
}

/* Let time pass up to @when and run what falls due, each at its own time. */
void rig_run_until(struct rig *rig, u64 when)
{
	int limit = 1000;
	u64 due;

	while ((due = rig_deadline(rig)) <= when) {
		if (rig->mode == RIG_TW || !limit--)
			break;
		if (rig->have_reply || rig->want_output) {
			struct xtcp_plan plan;

			if (rig_peek(rig, &plan))
				break;
		}
		rig->now = max(due, rig->now);
		if (rig->mode == RIG_TCB) {
			rig_serve(rig, xtcp_timeout(&rig->tcb, rig->now));
			continue;
		}
		rig->verdict = xtcp_embryo_timeout(&rig->emb, &rig->par,
						   rig->par.synack_retries, 0, rig->now);
		if (rig->verdict == XTCP_EMBRYO_SYNACK) {
			xtcp_embryo_plan(&rig->emb, &rig->par, &rig->open, &rig->reply,
					 rig->now);
			rig->have_reply = true;
		} else if (rig->verdict == XTCP_EMBRYO_KILL) {
			rig->mode = RIG_LISTEN;
		}
	}
	rig->now = max(when, rig->now);
	if (limit < 0)
		rig_fail(rig, "timers do not come to rest");
}

/* The end: everything lent must come back. */
void rig_fini(struct rig *rig)
{
	struct xtcp_ooo *node;
	int i;

	if (rig->tcb_live) {
		xtcp_reass_flush(&rig->tcb);
		while ((node = xtcp_reass_pop(&rig->tcb)))
			node_put(rig, node);
		while ((node = xtcp_reass_reap(&rig->tcb)))
			node_put(rig, node);
		xtcp_tcb_fini(&rig->tcb);
		map_drain(rig);
	}
	for (i = 0; i < RIG_NODES; i++)
		if (rig->node_used[i])
			rig_fail(rig, "out-of-order node %d not given back", i);
	for (i = 0; i < RIG_SENT; i++)
		if (rig->sent_used[i])
			rig_fail(rig, "send map entry %d not given back", i);
}
