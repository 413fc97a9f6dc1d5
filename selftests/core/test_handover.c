// SPDX-License-Identifier: GPL-2.0
/*
 * handover.c: bytes pass between the two ends of a connection without a segment, and both
 * are then as if one had passed.
 */
#include <stdlib.h>

#include "core.h"
#include "harness.h"

#define SPACE	40000U		/* room of the receiver, bytes */
#define NOW	(50 * XTCP_NSEC_PER_SEC)

struct pair {
	struct xtcp_params par;
	struct xtcp_tcb from;
	struct xtcp_tcb to;
	struct xtcp_ooo node;
};

static void one_end(struct xtcp_tcb *tcb, const struct xtcp_params *par, u32 iss, u32 irs)
{
	xtcp_tcb_init(tcb, par);
	tcb->state = XTCP_ESTABLISHED;
	tcb->iss = iss;
	tcb->irs = irs;
	tcb->snd_una = tcb->snd_nxt = tcb->snd_end = iss + 1;
	tcb->rcv_nxt = tcb->rcv_wup = tcb->rcv_read = irs + 1;
	tcb->rcv_most = tcb->ack_seq_last = tcb->rcv_nxt;
	tcb->mss = tcb->rcv_mss = tcb->peer_mss = tcb->path_mss = tcb->adv_mss = 1000;
	tcb->cwnd = 10000;
	tcb->rcv_wscale = tcb->snd_wscale = 2;
	tcb->snd_wl1 = irs;
	tcb->snd_wl2 = iss + 1;
	tcb->rcv_wnd = tcb->rcv_space = SPACE;
	tcb->snd_wnd = tcb->max_snd_wnd = SPACE;
	tcb->gso_max = 65535;
	tcb->recover = tcb->rack_fack = tcb->sack_rest = tcb->snd_una;
}

/* Two ends with nothing in flight, and @bytes written. */
static void pair(struct pair *p, u32 bytes)
{
	memset(p, 0, sizeof(*p));
	xtcp_params_init(&p->par);
	one_end(&p->from, &p->par, 0xfffffff0, 0x7ffffff0);
	one_end(&p->to, &p->par, 0x7ffffff0, 0xfffffff0);
	xtcp_wrote(&p->from, bytes, 0, NOW);
}

static void sound(const struct pair *p)
{
	const char *bad = xtcp_check_at(&p->from, NOW);

	if (!bad)
		bad = xtcp_check_at(&p->to, NOW);
	if (bad)
		unit_fail(__FILE__, __LINE__, "%s", bad);
}

/* Hand over all that may be. Return: bytes. */
static u32 pass(struct pair *p, u32 space)
{
	u32 len = xtcp_handover_len(&p->from, &p->to);

	if (len)
		xtcp_handover(&p->from, &p->to, len, space, NOW);
	sound(p);
	return len;
}

UNIT(handover_advances_both_ends)
{
	struct xtcp_plan plan;
	struct pair p;
	u32 una, nxt;

	pair(&p, 100);
	una = p.from.snd_una;
	nxt = p.to.rcv_nxt;
	p.from.flags |= XTCP_F_SWS_OVERRIDE;
	p.from.snd_wnd = p.from.max_snd_wnd = 1000;
	p.from.retries = 3;
	p.from.small_wrote = 2;
	p.from.small_go = true;
	p.to.rcv_rtt_at = 7;
	xtcp_dl_set(&p.from, XTCP_DL_SMALL, NOW + 1);
	p.to.ack_pending = XTCP_ACKP_DELAYED;
	xtcp_dl_set(&p.to, XTCP_DL_DELACK, NOW + 1);
	CHECK_EQ(xtcp_handover_len(&p.from, &p.to), 100);
	CHECK_EQ(xtcp_handover(&p.from, &p.to, 100, SPACE - 400, NOW), 0);
	sound(&p);

	CHECK_EQ(p.from.snd_una, una + 100);
	CHECK_EQ(p.from.snd_nxt, una + 100);
	CHECK_EQ(p.from.snd_wnd, SPACE - 100);
	CHECK_EQ(p.from.max_snd_wnd, SPACE - 100);
	CHECK_EQ(p.from.snd_wl1, p.to.snd_nxt);
	CHECK_EQ(p.from.snd_wl2, una + 100);
	CHECK_EQ(p.from.bytes_sent, 100);
	CHECK_EQ(p.from.bytes_acked, 100);
	CHECK_EQ(p.from.delivered, 100);
	CHECK_EQ(p.from.delivered_at, NOW);
	CHECK_EQ(p.from.segs_out, 1);
	CHECK_EQ(p.from.data_segs_out, 1);
	CHECK_EQ(p.from.segs_in, 0);
	CHECK_EQ(p.from.last_rx_at, NOW);
	CHECK_EQ(p.from.last_data_tx_at, NOW);
	CHECK_EQ(p.from.flags & (XTCP_F_SWS_OVERRIDE | XTCP_F_APP), 0);
	CHECK_EQ(p.from.retries, 0);
	CHECK_EQ(p.from.small_wrote, 0);
	CHECK_EQ(p.from.small_go, false);
	CHECK_EQ(p.from.dl_armed, 0);

	CHECK_EQ(p.to.rcv_nxt, nxt + 100);
	CHECK_EQ(p.to.rcv_wup, nxt + 100);
	CHECK_EQ(p.to.ack_seq_last, nxt + 100);
	CHECK_EQ(p.to.rcv_wnd, SPACE - 100);
	CHECK_EQ(p.to.rcv_most, nxt + SPACE);
	CHECK_EQ(p.to.rcv_space, SPACE - 400);
	CHECK_EQ(p.to.bytes_received, 100);
	CHECK_EQ(p.to.segs_in, 1);
	CHECK_EQ(p.to.data_segs_in, 1);
	CHECK_EQ(p.to.last_rx_at, NOW);
	CHECK_EQ(p.to.last_data_rx_at, NOW);
	CHECK_EQ(p.to.ack_pending, 0);
	CHECK_EQ(p.to.dl_armed, 0);
	CHECK_EQ(p.to.rcv_rtt_at, 0);
	CHECK(!xtcp_tx_peek(&p.from, NOW, &plan));
	CHECK(!xtcp_tx_peek(&p.to, NOW, &plan));
}

/* The first window grows with what arrives, as it does with segments. */
UNIT(handover_ends_the_first_window)
{
	struct pair p;

	pair(&p, 30000);
	p.to.rcv_first = 10;
	CHECK_EQ(pass(&p, SPACE), 30000);
	CHECK_EQ(p.to.rcv_first, 0);
}

/* A segment after it carries on, and both ends accept it. */
UNIT(handover_then_segments)
{
	struct xtcp_seg seg = { .nsegs = 1, .flags = XTCP_ACK };
	struct xtcp_plan plan;
	struct pair p;

	pair(&p, 100);
	CHECK_EQ(pass(&p, SPACE), 100);
	xtcp_map_lend(&p.from, calloc(1, sizeof(struct xtcp_sent)));
	xtcp_wrote(&p.from, 50, 0, NOW);
	CHECK(xtcp_tx_peek(&p.from, NOW, &plan));
	CHECK_EQ(plan.len, 50);
	xtcp_tx_commit(&p.from, &plan, NOW);
	seg.seq = plan.seq;
	seg.ack = plan.ack;
	seg.len = plan.len;
	seg.wnd = plan.wnd;
	CHECK_EQ(xtcp_handover_len(&p.from, &p.to), 0);
	CHECK(xtcp_rx(&p.to, &seg, &p.node, NOW) & XTCP_ACT_DELIVER);
	CHECK_EQ(p.to.bytes_received, 150);
	sound(&p);
	seg.seq = p.to.snd_nxt;
	seg.ack = p.to.rcv_nxt;
	seg.len = 0;
	CHECK(xtcp_rx(&p.from, &seg, NULL, NOW) & XTCP_ACT_ACKED);
	CHECK_EQ(p.from.bytes_acked, 150);
	xtcp_wrote(&p.from, 7, 0, NOW);
	p.to.ack_pending = 0;
	xtcp_dl_clear(&p.to, XTCP_DL_DELACK);
	CHECK_EQ(pass(&p, SPACE), 7);
	xtcp_tcb_fini(&p.from);
	free(xtcp_map_reclaim(&p.from));
	while (xtcp_map_reclaim(&p.from))
		;
}

/* The window limits it; what remains waits for the reader, not for a segment. */
UNIT(handover_within_the_window)
{
	struct xtcp_plan plan;
	struct pair p;

	pair(&p, SPACE + 5000);
	CHECK_EQ(pass(&p, 0), SPACE);
	CHECK_EQ(p.from.snd_wnd, 0);
	CHECK_EQ(p.from.dl_armed, 1U << XTCP_DL_PERSIST);
	CHECK(!xtcp_tx_peek(&p.from, NOW, &plan));
	CHECK_EQ(pass(&p, 0), 0);
	xtcp_read(&p.to, SPACE, SPACE, NOW);
	CHECK_EQ(p.to.ack_pending, XTCP_ACKP_NOW);
	CHECK_EQ(pass(&p, SPACE - 5000), 5000);
	CHECK_EQ(p.to.ack_pending, 0);
	CHECK_EQ(p.from.dl_armed, 0);
	CHECK_EQ(p.from.snd_wnd, SPACE - 5000);
}

/* With a user timeout, what waits behind a closed window has its deadline. */
UNIT(handover_restarts_the_user_timeout)
{
	struct pair p;

	pair(&p, SPACE + 1);
	xtcp_set(&p.from, XTCP_SET_USER_TIMEOUT, 9000, NOW);
	CHECK_EQ(pass(&p, 0), SPACE);
	CHECK_EQ(p.from.dl[XTCP_DL_USER], NOW + 9000 * XTCP_NSEC_PER_MSEC);
	xtcp_read(&p.to, SPACE, SPACE, NOW);
	CHECK_EQ(pass(&p, SPACE), 1);
	CHECK_EQ(p.from.dl_armed, 0);
}

/* Silly window avoidance: no small part of a longer write. */
UNIT(handover_avoids_small_parts)
{
	static const struct {
		u32 space;
		u32 bytes;
		u32 want;
	} rows[] = {
		{ 996, 3000, 0 },
		{ 1000, 3000, 1000 },
		{ 996, 900, 900 },
		{ 0, 900, 0 },
	};
	struct pair p;
	u32 i;

	for (i = 0; i < ARRAY_SIZE(rows); i++) {
		pair(&p, rows[i].bytes);
		p.to.rcv_wnd = 0;
		p.to.rcv_mss = 100;
		p.to.rcv_most = p.to.rcv_nxt;
		p.to.rcv_space = rows[i].space;
		CHECK_EQ(pass(&p, 0), rows[i].want);
	}
	/* A window that was never larger than twice this part: take what there is. */
	pair(&p, 3000);
	p.to.rcv_wnd = 0;
	p.to.rcv_mss = 100;
	p.to.rcv_most = p.to.rcv_nxt;
	p.to.rcv_space = 996;
	p.from.max_snd_wnd = p.from.snd_wnd = 1992;
	CHECK_EQ(pass(&p, 0), 996);
}

/* TCP_CORK and MSG_MORE hold back what does not fill a segment. */
UNIT(handover_keeps_what_is_corked)
{
	static const struct {
		u32 flags;
		u32 bytes;
		u32 want;
	} rows[] = {
		{ XTCP_F_CORK, 999, 0 },
		{ XTCP_F_MORE, 999, 0 },
		{ XTCP_F_MORE, 2999, 2000 },
		{ XTCP_F_CORK | XTCP_F_FLUSH, 999, 999 },
		{ XTCP_F_NODELAY, 999, 999 },
		{ 0, 999, 999 },
	};
	struct pair p;
	u32 i;

	for (i = 0; i < ARRAY_SIZE(rows); i++) {
		pair(&p, rows[i].bytes);
		p.from.flags |= rows[i].flags;
		CHECK_EQ(pass(&p, SPACE), rows[i].want);
	}
}

#define NOT(what) do {							\
	struct pair p;							\
	struct xtcp_tcb *f = &p.from, *t = &p.to;			\
									\
	pair(&p, 100);							\
	(void)f;							\
	(void)t;							\
	what;								\
	if (xtcp_handover_len(&p.from, &p.to))				\
		unit_fail(__FILE__, __LINE__, "may pass: %s", #what);	\
} while (0)

/* What only a segment can do. */
UNIT(handover_leaves_the_unusual_to_segments)
{
	NOT(f->snd_end = f->snd_nxt);
	NOT(f->snd_una--);
	NOT(f->ecn = XTCP_ECN_ACC; f->ack_pending = XTCP_ACKP_DELAYED);
	NOT(f->opts |= XTCP_OPT_SACK_PERM; f->dsack_end++; f->ack_pending = XTCP_ACKP_NOW);
	NOT(f->state = XTCP_SYN_RECEIVED);
	NOT(f->state = XTCP_FIN_WAIT_1);
	NOT(f->state = XTCP_LAST_ACK);
	NOT(f->flags |= XTCP_F_SND_URG);
	NOT(f->flags |= XTCP_F_SEND_RST);
	NOT(f->flags |= XTCP_F_PROBE);
	NOT(f->flags |= XTCP_F_KEEP_PROBE);
	NOT(f->flags |= XTCP_F_PACE_WAIT);
	NOT(f->flags |= XTCP_F_TLP_OWED);
	NOT(f->flags |= XTCP_F_TLP_OUT);
	NOT(f->cong = XTCP_CONG_CWR);
	NOT(f->ecn_flags |= XTCP_ECN_CWR_END);
	NOT(f->pacing_max = 1000000);
	NOT(f->cc = xtcp_cc_find("bbr"));
	NOT(xtcp_dl_set(f, XTCP_DL_RETRY, NOW));
	NOT(t->state = XTCP_SYN_RECEIVED);
	NOT(t->state = XTCP_FIN_WAIT_1);
	NOT(t->state = XTCP_CLOSE_WAIT);
	NOT(t->flags |= XTCP_F_ORPHAN);
	NOT(t->flags |= XTCP_F_FIN_SEEN);
	NOT(t->flags |= XTCP_F_RCV_URG);
	NOT(xtcp_reass_insert(t, &p.node, t->rcv_nxt + 10, t->rcv_nxt + 20));
	NOT(t->ooo_ready = &p.node);
	NOT(t->ooo_dead = &p.node);
	NOT(t->opts |= XTCP_OPT_SACK_PERM; t->dsack_end++);
	NOT(t->ecn = XTCP_ECN_ACC; t->ack_pending = XTCP_ACKP_DELAYED);
	/* Another connection, or bytes on their way. */
	NOT(t->rcv_nxt--);
	NOT(t->rcv_nxt++);
	NOT(t->snd_nxt = t->snd_una = f->rcv_nxt - 1);
	NOT(t->snd_nxt = t->snd_una = f->rcv_nxt + 1);
}

/* The ACK of a segment goes before the answer, with what any ACK has. */
UNIT(handover_sends_the_ack_first)
{
	struct xtcp_seg seg;
	struct pair p;
	u32 sent;

	pair(&p, 100);
	p.from.opts = p.to.opts = XTCP_OPT_TS;
	p.from.ts_off = 77;
	p.from.ts_recent = 88;
	/* The peer has sent 500 bytes. */
	xtcp_map_lend(&p.to, calloc(1, sizeof(struct xtcp_sent)));
	sent = p.to.snd_nxt;
	xtcp_map_append(&p.to, sent + 500, 0, NOW);
	p.to.snd_end = p.to.snd_nxt;
	xtcp_dl_set(&p.to, XTCP_DL_RTO, NOW + 1000);
	p.from.rcv_nxt += 500;
	p.from.rcv_space = SPACE - 1000;
	p.from.ack_pending = XTCP_ACKP_DELAYED;
	xtcp_dl_set(&p.from, XTCP_DL_DELACK, NOW + 1);
	sound(&p);

	CHECK_EQ(xtcp_handover_len(&p.from, &p.to), 100);
	xtcp_handover_ack(&p.from, &seg, NOW);
	CHECK_EQ(seg.seq, p.from.snd_nxt);
	CHECK_EQ(seg.ack, sent + 500);
	CHECK_EQ(seg.wnd, (SPACE - 500) / 4);
	CHECK_EQ(seg.flags, XTCP_ACK);
	CHECK_EQ(seg.opts, XTCP_OPT_TS);
	CHECK_EQ(seg.tsval, xtcp_ts_clock(NOW) + 77);
	CHECK_EQ(seg.tsecr, 88);
	CHECK_EQ(p.from.ack_pending, 0);
	CHECK_EQ(p.from.segs_out, 1);
	CHECK_EQ(p.from.rcv_wup, sent + 500);
	CHECK_EQ(p.from.dl_armed, 0);
	CHECK_EQ(xtcp_rx(&p.to, &seg, NULL, NOW), XTCP_ACT_ACKED);
	CHECK_EQ(p.to.snd_una, sent + 500);
	CHECK_EQ(p.to.bytes_acked, 500);
	CHECK_EQ(p.to.segs_in, 1);
	CHECK_EQ(p.to.snd_wnd, SPACE - 500);
	sound(&p);
	CHECK_EQ(pass(&p, SPACE), 100);

	/* Without timestamps there is no option. */
	p.from.opts = 0;
	p.from.ack_pending = XTCP_ACKP_NOW;
	xtcp_handover_ack(&p.from, &seg, NOW);
	CHECK_EQ(seg.opts, 0);
	xtcp_tcb_fini(&p.to);
	free(xtcp_map_reclaim(&p.to));
	while (xtcp_map_reclaim(&p.to))
		;
}

/* One direction may have ended; the peer may have data on its way. */
UNIT(handover_in_other_states)
{
	struct pair p;

	pair(&p, 100);
	p.from.state = XTCP_CLOSE_WAIT;
	p.to.state = XTCP_FIN_WAIT_2;
	CHECK_EQ(xtcp_handover_len(&p.from, &p.to), 100);
	pair(&p, 100);
	p.to.snd_nxt += 50;
	CHECK_EQ(xtcp_handover_len(&p.from, &p.to), 100);
}

/* After more than 2 GB without a segment no number has fallen behind. */
UNIT(handover_for_long)
{
	struct pair p;
	u32 i;

	pair(&p, 0);
	for (i = 0; i < 60000; i++) {
		xtcp_wrote(&p.from, SPACE, 0, NOW);
		if (pass(&p, 0) != SPACE) {
			unit_fail(__FILE__, __LINE__, "round %u", i);
			return;
		}
		xtcp_read(&p.to, SPACE, SPACE, NOW);
	}
	CHECK_EQ(p.from.bytes_acked, 60000ULL * SPACE);
	CHECK_EQ(p.from.recover, p.from.snd_una - 1);
	CHECK_EQ(p.from.rack_fack, p.from.snd_una);
	CHECK_EQ(p.from.sack_rest, p.from.snd_una);
	CHECK_EQ(p.from.flight_end, p.from.snd_una);
}

/* What waits for the reader goes by segments if it does not go on. */
UNIT(handover_waits_for_the_reader)
{
	struct xtcp_plan plan;
	struct pair p;

	pair(&p, 100);
	CHECK(xtcp_handover_waits(&p.from));
	xtcp_handover_hold(&p.from, NOW);
	CHECK_EQ(p.from.dl_armed, 1U << XTCP_DL_SMALL);
	CHECK_EQ(p.from.dl[XTCP_DL_SMALL], NOW + XTCP_HANDOVER_HOLD_NS);
	sound(&p);
	xtcp_wrote(&p.from, 100, 0, NOW);
	xtcp_handover_hold(&p.from, NOW + 5);
	CHECK_EQ(p.from.dl[XTCP_DL_SMALL], NOW + XTCP_HANDOVER_HOLD_NS);
	xtcp_handover_hold(&p.from, NOW + XTCP_HANDOVER_HOLD_NS);
	CHECK_EQ(p.from.dl[XTCP_DL_SMALL], NOW + 2 * XTCP_HANDOVER_HOLD_NS);
	CHECK_EQ(xtcp_timeout(&p.from, NOW + 2 * XTCP_HANDOVER_HOLD_NS), XTCP_ACT_OUTPUT);
	CHECK(xtcp_tx_peek(&p.from, NOW + 2 * XTCP_HANDOVER_HOLD_NS, &plan));
	CHECK_EQ(plan.len, 200);
}

UNIT(handover_ends_the_wait)
{
	struct pair p;

	pair(&p, 100);
	xtcp_handover_hold(&p.from, NOW);
	CHECK_EQ(pass(&p, SPACE), 100);
	CHECK_EQ(p.from.dl_armed, 0);
	CHECK_EQ(xtcp_timeout(&p.from, NOW + XTCP_HANDOVER_HOLD_NS), 0);
}

UNIT(handover_waits_within_the_window_with_nothing_in_flight)
{
	struct pair p;

	pair(&p, SPACE);
	CHECK(xtcp_handover_waits(&p.from));
	xtcp_wrote(&p.from, 1, 0, NOW);
	CHECK(!xtcp_handover_waits(&p.from));
	p.from.snd_wnd++;
	CHECK(xtcp_handover_waits(&p.from));
	p.from.flags |= XTCP_F_SND_URG;
	CHECK(!xtcp_handover_waits(&p.from));
	p.from.flags &= ~XTCP_F_SND_URG;
	p.from.snd_nxt++;
	CHECK(!xtcp_handover_waits(&p.from));
}

/* The receive buffer grows for what segments brought only. */
UNIT(handover_is_no_reason_for_a_larger_buffer)
{
	struct pair p;

	pair(&p, 30000);
	p.to.rcv_rtt_us = 1;
	p.to.rcv_round = 1000;
	CHECK_EQ(pass(&p, SPACE), 30000);
	CHECK_EQ(xtcp_rcv_round(&p.to, 10000, NOW), 0);
	CHECK_EQ(xtcp_rcv_round(&p.to, 20000, NOW + XTCP_NSEC_PER_SEC / 2), 0);
	CHECK_EQ(p.to.round_bytes, 0);
	CHECK(xtcp_rcv_round(&p.to, 2000, NOW + XTCP_NSEC_PER_SEC));
	CHECK_EQ(p.to.round_bytes, 0);
}
