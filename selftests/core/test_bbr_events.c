// SPDX-License-Identifier: GPL-2.0
/*
 * BBR one call at a time: ProbeRTT, ends of rounds, and what happens to the
 * connection as a whole (draft-ietf-ccwg-bbr, 5.3.4, 5.4.1, 5.5.10.3, 5.5.11.2).
 */
#include "bbr_rig.h"
#include "harness.h"

/* ProbeRTT begins after 5 s without the minimum RTT, but not after idle time. */
UNIT(bbr_probe_rtt_begins)
{
	static const struct {
		const char *name;
		u64 after;	/* ns since the minimum RTT was measured */
		u16 flags;
		u32 delivered;
		u8 want;
		u16 then;	/* flags */
	} tab[] = {
		{ "5 s", 5 * SEC, 0, 1000, BBR_CRUISE, 0 },
		{ "more", 5 * SEC + 1, 0, 1000, BBR_PROBE_RTT, BBR_F_LOW },
		{ "after idle", 5 * SEC + 1, BBR_F_IDLE, 1000, BBR_CRUISE, 0 },
		{ "no data acknowledged", 5 * SEC + 1, BBR_F_IDLE, 0, BBR_CRUISE, BBR_F_IDLE },
	};
	struct bbr_rig r;
	u32 i;

	for (i = 0; i < ARRAY_SIZE(tab); i++) {
		begin(&r, BBR_CRUISE);
		r.b->probe_min_at = NOW - tab[i].after;
		r.b->flags |= tab[i].flags;
		r.b->done_at = 7;
		r.ack.delivered = tab[i].delivered;
		control(&r);
		CHECK_ROW(tab[i].name, r.b->phase, tab[i].want);
		CHECK_ROW(tab[i].name, r.b->flags & (BBR_F_IDLE | BBR_F_LOW), tab[i].then);
		CHECK_ROW(tab[i].name, flags_kept(&r), true);
		if (tab[i].want != BBR_PROBE_RTT)
			continue;
		CHECK_ROW(tab[i].name, r.b->done_at, 0);
		CHECK_ROW(tab[i].name, r.b->ack_phase, BBR_ACKS_PROBE_STOPPING);
		CHECK_ROW(tab[i].name, r.b->round_end, DELIVERED);
		/* Data sent until now gives no sample of the path. */
		CHECK_ROW(tab[i].name, r.b->low_end, DELIVERED + (1 << 28));
	}
}

/* 200 ms and a round from when half of the BDP, or four segments, are in flight. */
UNIT(bbr_probe_rtt_starts)
{
	static const struct {
		u32 min_rtt_us;
		u32 flight;
		bool round;
		bool want;
	} tab[] = {
		{ 100000, 50001, false, false }, { 100000, 50000, false, true },
		{ 100000, 50000, true, true }, { 1000, 4001, false, false },
		{ 1000, 4000, false, true },
	};
	struct bbr_rig r;
	u32 i;

	for (i = 0; i < ARRAY_SIZE(tab); i++) {
		begin(&r, BBR_PROBE_RTT);
		r.b->min_rtt_us = tab[i].min_rtt_us;
		r.b->probe_min_us = tab[i].min_rtt_us;
		r.b->flags |= BBR_F_PROBE_DONE;
		r.round = tab[i].round;
		set_flight(&r, tab[i].flight);
		control(&r);
		CHECK_EQ(r.b->done_at, tab[i].want ? NOW + 200 * MSEC : 0);
		CHECK_EQ(r.b->flags, BBR_F_SEEN_RTT | BBR_F_FULL | BBR_F_LOW |
			 (tab[i].want ? 0 : BBR_F_PROBE_DONE));
		if (tab[i].want)
			CHECK_EQ(r.b->round_end, DELIVERED);
	}
}

/* Back to CRUISE, or to STARTUP if it came from there, with the previous window. */
UNIT(bbr_probe_rtt_ends)
{
	static const struct {
		const char *name;
		u16 flags;
		bool round;
		u64 left;	/* ns */
		u8 want;
	} tab[] = {
		{ "200 ms", BBR_F_FULL | BBR_F_PROBE_DONE, false, 0, BBR_PROBE_RTT },
		{ "more", BBR_F_FULL | BBR_F_PROBE_DONE, false, 1, BBR_CRUISE },
		{ "no round", BBR_F_FULL, false, 1, BBR_PROBE_RTT },
		{ "a round", BBR_F_FULL, true, 1, BBR_CRUISE },
		{ "from STARTUP", BBR_F_PROBE_DONE, false, 1, BBR_STARTUP },
	};
	struct bbr_rig r;
	u32 i;

	for (i = 0; i < ARRAY_SIZE(tab); i++) {
		bool ends = tab[i].want != BBR_PROBE_RTT;
		bool full = tab[i].flags & BBR_F_FULL;

		begin(&r, BBR_PROBE_RTT);
		r.b->flags &= ~BBR_F_FULL;
		r.b->flags |= tab[i].flags;
		r.b->done_at = NOW - tab[i].left;
		r.b->probe_min_at = NOW - SEC;
		r.b->cycle_at = 3;
		r.b->bw_short = BW;
		r.b->inflight_short = 100000;
		r.b->good_cwnd = 80000;
		r.tcb.cwnd = 4000;
		r.round = tab[i].round;
		set_flight(&r, 4000);
		control(&r);
		CHECK_ROW(tab[i].name, r.b->phase, tab[i].want);
		CHECK_ROW(tab[i].name, r.b->probe_min_at, ends ? NOW : NOW - SEC);
		CHECK_ROW(tab[i].name, r.b->bw_short, ends ? BBR_NO_BW : BW);
		CHECK_ROW(tab[i].name, r.b->inflight_short, ends ? NO : 100000);
		CHECK_ROW(tab[i].name, r.b->cycle_at, ends && full ? NOW : 3);
		CHECK_ROW(tab[i].name, r.b->ack_phase,
			  ends && full ? BBR_ACKS_PROBE_STOPPING : BBR_ACKS_INIT);
		CHECK_ROW(tab[i].name, r.tcb.cwnd, ends ? 81000 : 5000);
	}
}

/* A loss round is forgotten, except for the sample that ends it. */
UNIT(bbr_loss_round)
{
	u32 end;

	for (end = 0; end < 2; end++) {
		struct bbr_rig r;

		begin(&r, BBR_CRUISE);
		r.loss_round = end;
		r.b->lost_ranges = 9;
		r.b->bw_latest = 3 * BW;
		r.b->inflight_latest = 3000;
		control(&r);
		CHECK_EQ(r.b->lost_ranges, end ? 0 : 9);
		CHECK_EQ(r.b->bw_latest, end ? BW : 3 * BW);
		CHECK_EQ(r.b->inflight_latest, end ? 1000 : 3000);
	}
}

/* State after an ACK: lowest gain of the round, window to restore, idle. */
UNIT(bbr_control_ends)
{
	static const struct {
		const char *name;
		u8 phase;
		u8 cong;
		u8 gain;	/* lowest so far, in 1/128 */
		u8 want;
		bool good;	/* the window is saved for a later restore */
	} tab[] = {
		{ "UP", BBR_UP, XTCP_CONG_OPEN, 128, 128, true },
		{ "DOWN", BBR_DOWN, XTCP_CONG_OPEN, 128, 115, true },
		{ "after it", BBR_CRUISE, XTCP_CONG_CWR, 115, 115, true },
		{ "recovery", BBR_CRUISE, XTCP_CONG_RECOVERY, 128, 128, false },
		{ "timeout", BBR_CRUISE, XTCP_CONG_LOSS, 128, 128, false },
		{ "ProbeRTT", BBR_PROBE_RTT, XTCP_CONG_OPEN, 128, 128, false },
	};
	struct bbr_rig r;
	u32 i;

	for (i = 0; i < ARRAY_SIZE(tab); i++) {
		begin(&r, tab[i].phase);
		r.tcb.cong = tab[i].cong;
		r.b->send_gain = tab[i].gain;
		r.b->good_cwnd = 7;
		control(&r);
		CHECK_ROW(tab[i].name, r.b->send_gain, tab[i].want);
		CHECK_ROW(tab[i].name, r.b->good_cwnd, tab[i].good ? r.tcb.cwnd : 7);
		CHECK_ROW(tab[i].name, r.b->flags & BBR_F_IDLE, 0);
	}
	begin(&r, BBR_CRUISE);
	set_flight(&r, 0);
	control(&r);
	CHECK(r.b->flags & BBR_F_IDLE);
	CHECK(flags_kept(&r));
}

/* 5.5.11.2: an undo restores the larger bounds, and the state before the loss. */
UNIT(bbr_undo)
{
	static const struct {
		const char *name;
		u8 was;		/* undo_state */
		u8 phase;
		u8 want;
		bool full;
	} tab[] = {
		{ "nothing ended", BBR_PROBE_RTT, BBR_CRUISE, BBR_CRUISE, true },
		{ "STARTUP", BBR_STARTUP, BBR_DRAIN, BBR_STARTUP, false },
		{ "STARTUP, in ProbeRTT now", BBR_STARTUP, BBR_PROBE_RTT, BBR_PROBE_RTT, false },
		{ "UP", BBR_UP, BBR_DOWN, BBR_REFILL, true },
		{ "UP again", BBR_UP, BBR_UP, BBR_UP, true },
		{ "UP, in ProbeRTT now", BBR_UP, BBR_PROBE_RTT, BBR_PROBE_RTT, true },
	};
	struct bbr_rig r;
	u32 i, more;

	for (i = 0; i < 2 * ARRAY_SIZE(tab); i++) {
		const char *name = tab[i / 2].name;

		/* The previous bounds are larger, or the current ones. */
		more = i % 2;
		begin(&r, tab[i / 2].phase);
		r.b->undo_state = tab[i / 2].was;
		r.b->flags |= BBR_F_LOSS;
		r.b->full_bw = BW;
		r.b->full_count = 2;
		r.b->good_cwnd = more ? 120000 : 80000;
		r.b->bw_short = 2 * BW;
		r.b->undo_bw_short = more ? 3 * BW : BW;
		r.b->inflight_short = 2000;
		r.b->undo_short = more ? 3000 : 1000;
		r.b->inflight_long = 20000;
		r.b->undo_long = more ? 30000 : 10000;
		r.tcb.pacing_rate = 77;
		xtcp_cc_notify(&r.tcb, XTCP_CC_UNDO, NOW);
		CHECK_ROW(name, r.b->phase, tab[i / 2].want);
		CHECK_ROW(name, r.b->flags,
			  BBR_F_SEEN_RTT | (tab[i / 2].full ? BBR_F_FULL : 0));
		CHECK_ROW(name, r.b->full_bw, 0);
		CHECK_ROW(name, r.b->full_count, 0);
		CHECK_ROW(name, r.b->undo_state, BBR_PROBE_RTT);
		CHECK_ROW(name, r.tcb.cwnd, more ? 120000 : 100000);
		CHECK_ROW(name, r.tcb.pacing_rate, 77);
		CHECK_ROW(name, r.b->inflight_long, more ? 30000 : 20000);
		/* A repeated probe begins without short-term bounds. */
		if (tab[i / 2].want == BBR_REFILL)
			continue;
		CHECK_ROW(name, r.b->bw_short, (2 + more) * BW);
		CHECK_ROW(name, r.b->inflight_short, (2 + more) * 1000);
	}
}

/* 5.4.1: after idle time data is paced at the estimated bandwidth; ProbeRTT may end. */
UNIT(bbr_restart_idle)
{
	static const struct {
		const char *name;
		u8 phase;
		u64 done_at;
		u8 want;
		bool paced;	/* pacing is set again */
	} tab[] = {
		{ "UP", BBR_UP, 0, BBR_UP, true },
		{ "CRUISE, after a ProbeRTT", BBR_CRUISE, NOW - 1, BBR_CRUISE, true },
		{ "STARTUP", BBR_STARTUP, 0, BBR_STARTUP, false },
		{ "ProbeRTT, not yet that far", BBR_PROBE_RTT, 0, BBR_PROBE_RTT, false },
		{ "ProbeRTT, not over", BBR_PROBE_RTT, NOW, BBR_PROBE_RTT, false },
		{ "ProbeRTT, over", BBR_PROBE_RTT, NOW - 1, BBR_CRUISE, true },
	};
	struct bbr_rig r;
	u32 i;

	for (i = 0; i < ARRAY_SIZE(tab); i++) {
		begin(&r, tab[i].phase);
		r.b->done_at = tab[i].done_at;
		r.b->ack_phase = BBR_ACKS_REFILLING;
		r.tcb.pacing_rate = 77;
		xtcp_cc_notify(&r.tcb, XTCP_CC_RESTART, NOW);
		CHECK_ROW(tab[i].name, r.b->phase, tab[i].want);
		CHECK_ROW(tab[i].name, r.b->ack_phase, tab[i].want != tab[i].phase ?
			  BBR_ACKS_PROBE_STOPPING : BBR_ACKS_REFILLING);
		CHECK_ROW(tab[i].name, r.tcb.pacing_rate,
			  tab[i].paced ? 1000000 - (1000000 >> 7) : 77);
		CHECK_ROW(tab[i].name, r.tcb.cwnd, 100000);
	}
}
