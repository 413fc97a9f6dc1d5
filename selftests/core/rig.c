// SPDX-License-Identifier: GPL-2.0
/*
 * The host of a script: sends nothing until the script expects output, and checks the
 * invariants (xtcp_check()) after each call.
 */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "harness.h"
#include "script.h"

void rig_fail(struct rig *rig, const char *fmt, ...)
{
	const struct step *step = rig->step;
	char msg[512], user[30] = "";
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(msg, sizeof(msg), fmt, ap);
	va_end(ap);
	if (step && step->user)
		snprintf(user, sizeof(user), " (for line %d)", step->user);
	if (step)
		unit_fail(step->file, step->line, "%s%s: %s", step->text, user, msg);
	else
		unit_fail("rig", 0, "%s", msg);
	rig->bad++;
}

static struct rig *rig_of(const struct xtcp_host *host)
{
	return container_of((struct xtcp_host *)host, struct rig, host);
}

static const struct xtcp_host_ops rig_ops;

void rig_init(struct rig *rig)
{
	memset(rig, 0, sizeof(*rig));
	rig->host.ops = &rig_ops;
	rig->host.par = &rig->par;
	rig->host.open = &rig->open;
	rig->host.tw_in_tcb = true;
	xtcp_params_init(&rig->par);
	/* Reno, so that windows can be computed by hand. */
	rig->par.cc = xtcp_cc_find("reno");
	/* One plan for all that may be sent; test_pace.c tests the length of bursts. */
	rig->par.min_tso_segs = 255;
	rig->par.isn_key[0] = 1;
	rig->par.isn_key[1] = 2;
	rig->keys = (struct xtcp_fastopen_keys){ .key = { { 5, 6 }, { 7, 8 } }, .n = 1 };
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

static void op_pkt_put(struct xtcp_host *host, struct xtcp_ooo *node)
{
	struct rig *rig = rig_of(host);
	long i = node - rig->node;

	if (!rig->node_used[i])
		rig_fail(rig, "node %ld given back twice", i);
	rig->node_used[i] = false;
}

static struct xtcp_sent *op_sent_get(struct xtcp_host *host)
{
	struct rig *rig = rig_of(host);
	int i;

	for (i = 0; i < RIG_SENT; i++)
		if (!rig->sent_used[i]) {
			rig->sent_used[i] = true;
			return &rig->sent[i];
		}
	return NULL;
}

static void op_sent_put(struct xtcp_host *host, struct xtcp_sent *sent)
{
	struct rig *rig = rig_of(host);

	rig->sent_used[sent - rig->sent] = false;
}

static void op_deliver(struct xtcp_host *host, struct xtcp_ooo *node, u32 from, u32 to)
{
	struct rig *rig = rig_of(host);

	if (from != rig->expect || !seq_lt(from, to))
		rig_fail(rig, "delivery of %u..%u, next is %u", from - RIG_ISS,
			 to - RIG_ISS, rig->expect - RIG_ISS);
	rig->expect = to;
	rig->got += to - from;
	rig->unread += to - from;
}

/* Output fails: all of it, or all except pure ACKs. */
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

static u64 op_now(const struct xtcp_host *host)
{
	return rig_of(host)->now;
}

static u32 op_space(const struct xtcp_host *host)
{
	const struct rig *rig = rig_of(host);

	return rig->rcvbuf > rig->unread ? rig->rcvbuf - rig->unread : 0;
}

static struct xtcp_tcb *op_conn_new(struct xtcp_host *host)
{
	struct rig *rig = rig_of(host);

	rig->tcb_live = true;
	xtcp_tcb_init(&rig->tcb, &rig->par);
	return &rig->tcb;
}

/* Not called: rig_peek() and rig_commit() send when the script expects output. */
static bool op_transmit(struct xtcp_host *host, struct xtcp_plan *plan)
{
	return true;
}

static void op_output(struct xtcp_host *host)
{
}

static void op_reply(struct xtcp_host *host, const struct xtcp_plan *plan)
{
	rig_of(host)->reply = *plan;
	rig_of(host)->have_reply = true;
}

static void op_fail(struct xtcp_host *host, const char *what)
{
	rig_fail(rig_of(host), "%s", what);
}

static void op_check(struct xtcp_host *host, u32 actions)
{
	rig_check(rig_of(host));
}

static void op_served(struct xtcp_host *host, u32 actions)
{
	struct rig *rig = rig_of(host);

	rig->actions |= actions;
	if (actions & XTCP_ACT_OUTPUT) {
		rig->want_output = true;
		rig->aborted = false;
	}
	if (rig->refuse && rig->want_output)
		rig_refuse(rig);
	xtcp_space(&rig->tcb, op_space(host));
	rig_check(rig);
}

static bool op_fastopen(struct xtcp_host *host, const struct xtcp_seg *seg,
			struct xtcp_fastopen_cookie *give)
{
	struct rig *rig = rig_of(host);
	enum xtcp_fastopen_verdict worth;

	if (!rig->fo_server)
		return false;
	worth = xtcp_fastopen_check_syn(&rig->keys, rig->fo_bare, &rig->open.flow, seg,
					give);
	return worth == XTCP_FASTOPEN_GOOD || worth == XTCP_FASTOPEN_OLD;
}

static const struct xtcp_host_ops rig_ops = {
	.now = op_now,
	.space = op_space,
	.conn_new = op_conn_new,
	.sent_get = op_sent_get,
	.sent_put = op_sent_put,
	.pkt_put = op_pkt_put,
	.deliver = op_deliver,
	.transmit = op_transmit,
	.reply = op_reply,
	.fail = op_fail,
	.output = op_output,
	.check = op_check,
	.served = op_served,
	.fastopen = op_fastopen,
	.keep_closed = true,
};

/* Handle the action bits of a call of the engine. */
void rig_serve(struct rig *rig, u32 actions)
{
	xtcp_host_actions(&rig->host, actions, &rig->seg, NULL);
}

void rig_open(struct rig *rig, bool active)
{
	rig->open.v6 = rig->v6;
	rig->rcvbuf = rig->open.rcv_space;
	if (!active) {
		xtcp_host_listen(&rig->host);
		return;
	}
	xtcp_host_connect(&rig->host);
	if (rig->early)
		rig_serve(rig, xtcp_fastopen_go(&rig->tcb, rig->early, rig->now));
	rig->iss = rig->tcb.iss;
}

/* A segment arrives at the listener, half-open connection, TCB or TIME-WAIT record. */
void rig_rx(struct rig *rig, const struct xtcp_seg *seg)
{
	bool listens = rig->host.mode == XTCP_HOST_LISTEN;

	rig->seg = *seg;
	if (rig->host.mode == XTCP_HOST_CLOSED) {
		rig_fail(rig, "segment before connect or listen");
		return;
	}
	xtcp_host_rx(&rig->host, &rig->seg, node_get(rig));
	if (listens && rig->host.mode != XTCP_HOST_LISTEN)
		rig->iss = rig->host.req.iss;
}

/* The next plan, open until rig_commit(). Return: false if there is none. */
bool rig_peek(struct rig *rig, struct xtcp_plan *plan)
{
	if (rig->have_reply) {
		*plan = rig->reply;
		return true;
	}
	if (rig->host.mode != XTCP_HOST_CONN)
		return false;
	if (!xtcp_host_peek(&rig->host, plan, rig->now)) {
		rig->want_output = false;
		rig_check(rig);
		return false;
	}
	if (!rig->want_output)
		rig_fail(rig, "output without XTCP_ACT_OUTPUT");
	if (plan->len && plan->data != plan->seq + !!(plan->flags & XTCP_SYN))
		rig_fail(rig, "payload of %u at %u", plan->seq - rig->iss, plan->data - rig->iss);
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
 * Write, send and acknowledge @n bytes without time passing. The connection has no
 * timestamps.
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

/* @n bytes arrive in full segments and are read, without time passing. No timestamps. */
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

/* Advance time to @when, ns, and run each deadline at its time. */
void rig_run_until(struct rig *rig, u64 when)
{
	int limit = 1000;
	u64 due;

	while ((due = xtcp_host_deadline(&rig->host)) <= when) {
		if (rig->host.mode == XTCP_HOST_TIME_WAIT || !limit--)
			break;
		if (rig->have_reply || rig->want_output) {
			struct xtcp_plan plan;

			if (rig_peek(rig, &plan))
				break;
		}
		rig->now = max(due, rig->now);
		xtcp_host_timeout(&rig->host);
	}
	rig->now = max(when, rig->now);
	if (limit < 0)
		rig_fail(rig, "timers do not come to rest");
}

/* End of a script: the engine must give back all memory it was lent. */
void rig_fini(struct rig *rig)
{
	int i;

	if (rig->tcb_live)
		xtcp_host_release(&rig->host);
	for (i = 0; i < RIG_NODES; i++)
		if (rig->node_used[i])
			rig_fail(rig, "out-of-order node %d not given back", i);
	for (i = 0; i < RIG_SENT; i++)
		if (rig->sent_used[i])
			rig_fail(rig, "send map entry %d not given back", i);
}
