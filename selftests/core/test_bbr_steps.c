// SPDX-License-Identifier: GPL-2.0
/*
 * BBR's state machine one call at a time: each row sets the state up, makes one
 * call and compares what draft-ietf-ccwg-bbr, 5.3 and 5.6, says is changed by it.
 */
#include <xtcp/engine.h>

#include "bbr_rig.h"
#include "harness.h"

/* 5.6.1, in 1/1024: the rate less 1/128, and the window. */
UNIT(bbr_gains)
{
	static const struct {
		u8 phase;
		u64 rate;
		u32 cwnd;
	} tab[] = {
		{ BBR_STARTUP, 2836000000, 1 << 29 }, { BBR_DRAIN, 512000000, 2048000 },
		{ BBR_DOWN, 922000000, 2048000 }, { BBR_CRUISE, 1024000000, 2048000 },
		{ BBR_REFILL, 1024000000, 2048000 }, { BBR_UP, 1280000000, 2304000 + 2000 },
		{ BBR_PROBE_RTT, 1024000000, 512000 },
	};
	struct xtcp_cc_info info;
	struct bbr_rig r;
	u32 i;

	for (i = 0; i < ARRAY_SIZE(tab); i++) {
		begin(&r, tab[i].phase);
		r.b->max_bw[0] = 1024 * BW;
		r.b->min_rtt_us = 1000;
		r.tcb.cwnd = 1 << 29;
		r.tcb.pacing_rate = 0;
		r.ack.delivered = 0;
		control(&r);
		CHECK_EQ(r.b->phase, tab[i].phase);
		CHECK_EQ(r.tcb.pacing_rate, tab[i].rate - (tab[i].rate >> 7));
		CHECK_EQ(r.tcb.cwnd, tab[i].cwnd);
	}
	begin(&r, BBR_UP);
	xtcp_cc_get_info(&r.tcb, &info);
	CHECK_EQ(info.kind, XTCP_CC_INFO_BBR);
	CHECK_EQ(info.bw, 1000000);
	CHECK_EQ(info.min_rtt_us, 100000);
	CHECK_EQ(info.pacing_gain, 320);
	CHECK_EQ(info.cwnd_gain, 576);
	r.b->max_bw[0] = BBR_NO_BW;
	xtcp_cc_get_info(&r.tcb, &info);
	CHECK_EQ(info.bw, (1ULL << 40) / BW * 1000000);
	CHECK_EQ(xtcp_cc_bbr.flags, XTCP_CC_PACED | XTCP_CC_ECN_OWN);
}

/* 5.2.1: the initial state. */
UNIT(bbr_init_state)
{
	static const struct {
		u32 iss;
		u32 seed;
	} tab[] = { { 77, 77 }, { 0, 1 } };
	struct bbr_rig r;
	u32 i;

	for (i = 0; i < ARRAY_SIZE(tab); i++) {
		begin(&r, BBR_STARTUP);
		memset(r.tcb.cc_priv, 0, sizeof(r.tcb.cc_priv));
		r.tcb.iss = tab[i].iss;
		r.tcb.cc->init(&r.tcb, NOW);
		CHECK_EQ(r.b->seed, tab[i].seed);
		CHECK_EQ(r.b->phase, BBR_STARTUP);
		CHECK_EQ(r.b->flags, BBR_F_SEEN_RTT);
		CHECK_EQ(r.b->min_rtt_us, ~0U);
		CHECK_EQ(r.b->probe_min_us, ~0U);
		CHECK_EQ(r.b->min_rtt_at, NOW);
		CHECK_EQ(r.b->probe_min_at, NOW);
		CHECK_EQ(r.b->extra_at, NOW);
		CHECK_EQ(r.b->cycle_at, NOW);
		CHECK_EQ(r.b->inflight_long, NO);
		CHECK_EQ(r.b->inflight_short, NO);
		CHECK_EQ(r.b->bw_short, BBR_NO_BW);
		CHECK_EQ(r.b->up_step, NO);
		CHECK_EQ(r.b->undo_state, BBR_PROBE_RTT);
		CHECK_EQ(r.b->undo_bw_short, BBR_NO_BW);
		CHECK_EQ(r.b->undo_short, NO);
		CHECK_EQ(r.b->undo_long, NO);
		CHECK_EQ(r.b->round_end, DELIVERED);
		CHECK_EQ(r.b->loss_round_end, DELIVERED);
		CHECK_EQ(r.b->good_cwnd, 100000);
		CHECK_EQ(r.b->send_gain, BBR_SENT_ONE);
		CHECK_EQ(r.b->sent_gain, BBR_SENT_ONE);
	}
}

/* 5.6.2: initial pacing: a window in a round trip, times 2.77, from the first RTT on. */
UNIT(bbr_first_rate)
{
	static const struct {
		bool seen;
		u32 srtt8_us;
		u64 want;	/* bytes a second; 77 before */
	} tab[] = {
		{ false, 800000, 2769531 }, { false, 16, 138476562500 },
		{ false, 8, 276953125000 }, { false, 7, 276953125000 },
		{ false, 0, 77 }, { true, 800000, 77 },
	};
	struct bbr_rig r;
	u32 i;

	for (i = 0; i < ARRAY_SIZE(tab); i++) {
		begin(&r, BBR_STARTUP);
		r.b->max_bw[0] = 0;
		r.b->flags = BBR_F_PRECAUTION | (tab[i].seen ? BBR_F_SEEN_RTT : 0);
		r.tcb.srtt8_us = tab[i].srtt8_us;
		r.tcb.pacing_rate = 77;
		r.ack.delivered = 0;
		control(&r);
		CHECK_EQ(r.tcb.pacing_rate, tab[i].want);
		CHECK_EQ(r.b->flags, BBR_F_PRECAUTION |
			 (tab[i].seen || tab[i].srtt8_us ? BBR_F_SEEN_RTT : 0));
	}
	/* No RTT sample: 1 ms. */
	r.tcb.srtt8_us = 0;
	r.tcb.cwnd = 100000;
	r.tcb.cc->init(&r.tcb, NOW);
	CHECK_EQ(r.tcb.pacing_rate, 276953125);
}

/* 5.6.4: the window in STARTUP grows to twice the BDP plus extra acknowledged bytes. */
UNIT(bbr_startup_window)
{
	static const struct {
		u32 delivered;	/* by the connection */
		u32 cwnd;
		u32 want;
	} tab[] = {
		{ DELIVERED, 200999, 201999 }, { DELIVERED, 201000, 201000 },
		{ 9999, 201000, 202000 }, { 10000, 201000, 201000 },
	};
	struct bbr_rig r;
	u32 i;

	for (i = 0; i < ARRAY_SIZE(tab); i++) {
		begin(&r, BBR_STARTUP);
		r.tcb.delivered = tab[i].delivered;
		r.tcb.cwnd = tab[i].cwnd;
		control(&r);
		CHECK_EQ(r.tcb.cwnd, tab[i].want);
	}
}

/* 5.6.4.4 and 5.6.4.7: bounds of the window. */
UNIT(bbr_window_bounds)
{
	static const struct {
		const char *name;
		u8 phase;
		u32 cwnd;
		u32 inflight_long;
		u32 inflight_short;
		u32 want;
	} tab[] = {
		{ "no bound", BBR_CRUISE, 100000, NO, NO, 101000 },
		{ "four segments at least", BBR_CRUISE, 1000, NO, NO, 4000 },
		{ "the short-term bound", BBR_CRUISE, 100000, NO, 20000, 20000 },
		{ "of next to nothing", BBR_CRUISE, 100000, NO, 1000, 4000 },
		{ "the long-term one", BBR_DOWN, 100000, 50000, NO, 50000 },
		{ "with headroom", BBR_CRUISE, 100000, 50000, NO, 42481 },
		{ "half of the BDP", BBR_PROBE_RTT, 100000, NO, NO, 50000 },
	};
	struct bbr_rig r;
	u32 i;

	for (i = 0; i < ARRAY_SIZE(tab); i++) {
		begin(&r, tab[i].phase);
		r.tcb.cwnd = tab[i].cwnd;
		r.b->inflight_long = tab[i].inflight_long;
		r.b->inflight_short = tab[i].inflight_short;
		control(&r);
		CHECK_ROW(tab[i].name, r.b->phase, tab[i].phase);
		CHECK_ROW(tab[i].name, r.tcb.cwnd, tab[i].want);
	}
}

/* 5.3.1.3: STARTUP ends because of loss. */
UNIT(bbr_startup_loss)
{
	static const struct {
		const char *name;
		bool recovery;
		bool sack;
		bool goes_on;	/* the loss round */
		u8 ranges;
		u8 full_count;
		u32 rtt_us;
		u32 lost;	/* of a flight of 96000 */
		u32 ce;		/* of 50000 */
		u32 latest;
		bool want;
	} tab[] = {
		{ "six ranges, 9 %", 1, 1, 0, 6, 1, 100000, 9000, 0, 0, true },
		{ "more delivered", 1, 1, 0, 6, 1, 100000, 9000, 0, 150000, true },
		{ "five ranges", 1, 1, 0, 5, 1, 100000, 9000, 0, 0, false },
		{ "the round goes on", 1, 1, 1, 6, 1, 100000, 9000, 0, 0, false },
		{ "not in recovery", 0, 1, 0, 6, 1, 100000, 9000, 0, 0, false },
		{ "8 %", 1, 1, 0, 6, 1, 100000, 8000, 0, 0, false },
		{ "still growing", 1, 1, 0, 6, 0, 100000, 9000, 0, 0, false },
		{ "growing, with a queue", 1, 1, 0, 6, 0, 112501, 9000, 0, 0, true },
		{ "no SACK, one loss", 1, 0, 0, 1, 0, 100000, 1000, 0, 0, true },
		{ "no SACK, no loss", 1, 0, 0, 0, 0, 100000, 0, 0, 0, false },
		{ "2 % marked", 0, 1, 0, 0, 0, 100000, 0, 1000, 0, false },
		{ "more", 0, 1, 0, 0, 0, 100000, 0, 1001, 0, true },
	};
	struct bbr_rig r;
	u32 i;

	for (i = 0; i < ARRAY_SIZE(tab); i++) {
		begin(&r, BBR_STARTUP);
		r.tcb.cong = tab[i].recovery ? XTCP_CONG_RECOVERY : XTCP_CONG_OPEN;
		r.tcb.opts = tab[i].sack ? XTCP_OPT_SACK_PERM : 0;
		r.tcb.rack_rtt_us = tab[i].rtt_us;
		r.b->lost_ranges = tab[i].ranges;
		r.b->full_count = tab[i].full_count;
		r.b->rounds = 9;
		r.b->round_ce = tab[i].ce;
		r.b->round_bytes = 49000;
		r.b->inflight_latest = tab[i].latest;
		r.ack.rs_lost = tab[i].lost;
		r.ack.rs_flight = 96000;
		r.loss_round = !tab[i].goes_on;
		control(&r);
		CHECK_ROW(tab[i].name, r.b->phase, tab[i].want ? BBR_DRAIN : BBR_STARTUP);
		if (!tab[i].want)
			continue;
		CHECK_ROW(tab[i].name, flags_kept(&r), true);
		CHECK_ROW(tab[i].name, r.b->undo_state, BBR_STARTUP);
		CHECK_ROW(tab[i].name, r.b->rounds, 0);
		CHECK_ROW(tab[i].name, r.b->inflight_long, max(tab[i].latest, 100000U));
	}
}

/* When a state ends because of the bytes in flight, time or rounds. */
UNIT(bbr_transitions)
{
	static const struct {
		const char *name;
		u8 phase;
		u8 rounds;
		bool round;	/* a new round begins, not yet counted */
		u32 flight;
		u32 cwnd;
		u32 inflight_long;
		u64 since;	/* ns since cycle_at */
		u8 want;
	} tab[] = {
		{ "3 rounds", BBR_DRAIN, 3, 0, 100001, 100000, NO, 0, BBR_DRAIN },
		{ "4 rounds", BBR_DRAIN, 3, 1, 100001, 100000, NO, 0, BBR_DOWN },
		{ "drained", BBR_DRAIN, 0, 0, 100000, 100000, NO, 0, BBR_CRUISE },
		{ "a queue", BBR_DOWN, 0, 0, 100001, 100000, NO, 0, BBR_DOWN },
		{ "none", BBR_DOWN, 0, 0, 100000, 100000, NO, 0, BBR_CRUISE },
		{ "no headroom", BBR_DOWN, 0, 0, 42482, 100000, 50000, 0, BBR_DOWN },
		{ "headroom", BBR_DOWN, 0, 0, 42481, 100000, 50000, 0, BBR_CRUISE },
		{ "time", BBR_DOWN, 0, 0, 100001, 100000, NO, 2 * SEC + 1, BBR_REFILL },
		{ "2 s", BBR_CRUISE, 0, 0, 100001, 100000, NO, 2 * SEC, BBR_CRUISE },
		{ "more", BBR_CRUISE, 0, 0, 100001, 100000, NO, 2 * SEC + 1, BBR_REFILL },
		{ "62 rounds", BBR_CRUISE, 62, 0, 100001, 100000, NO, 0, BBR_CRUISE },
		{ "63 rounds", BBR_CRUISE, 62, 1, 100001, 100000, NO, 0, BBR_REFILL },
		{ "4 of 5", BBR_CRUISE, 4, 0, 100001, 5000, NO, 0, BBR_CRUISE },
		{ "as many as segments", BBR_CRUISE, 5, 0, 100001, 5000, NO, 0, BBR_REFILL },
		{ "not yet full", BBR_REFILL, 0, 0, 100001, 100000, NO, 0, BBR_REFILL },
		{ "full", BBR_REFILL, 0, 1, 100001, 100000, NO, 0, BBR_UP },
	};
	struct bbr_rig r;
	u32 i;

	for (i = 0; i < ARRAY_SIZE(tab); i++) {
		begin(&r, tab[i].phase);
		r.b->rounds = tab[i].rounds;
		r.round = tab[i].round;
		set_flight(&r, tab[i].flight);
		r.tcb.cwnd = tab[i].cwnd;
		r.b->inflight_long = tab[i].inflight_long;
		r.b->cycle_at = NOW - tab[i].since;
		control(&r);
		CHECK_ROW(tab[i].name, r.b->phase, tab[i].want);
	}
}

/* 5.3.3.8: the initial state of DOWN, REFILL and UP. */
UNIT(bbr_phase_begins)
{
	struct bbr_rig r;

	begin(&r, BBR_UP);
	r.b->flags |= BBR_F_FULL_NOW | BBR_F_LOSS;
	r.b->up_step = 5000;
	r.b->lost_ranges = 3;
	r.b->round_ce = 1;
	r.b->bw_latest = 1;
	r.b->cycle_at = 0;
	control(&r);
	CHECK_EQ(r.b->phase, BBR_DOWN);
	CHECK_EQ(r.b->flags & BBR_F_LOSS, 0);
	CHECK_EQ(r.b->lost_ranges, 0);
	CHECK_EQ(r.b->round_ce, 0);
	CHECK_EQ(r.b->bw_latest, 0);
	CHECK_EQ(r.b->up_step, NO);
	CHECK_EQ(r.b->cycle_at, NOW);
	CHECK_EQ(r.b->ack_phase, BBR_ACKS_PROBE_STOPPING);
	CHECK_EQ(r.b->round_end, DELIVERED);
	CHECK(flags_kept(&r));

	begin(&r, BBR_CRUISE);
	r.b->cycle_at = 0;
	r.b->bw_short = BW;
	r.b->inflight_short = 100000;
	r.b->up_rounds = 7;
	r.b->up_acked = 7;
	r.b->flags |= BBR_F_PRECAUTION;
	control(&r);
	CHECK_EQ(r.b->phase, BBR_REFILL);
	CHECK_EQ(r.b->bw_short, BBR_NO_BW);
	CHECK_EQ(r.b->inflight_short, NO);
	CHECK_EQ(r.b->up_rounds, 0);
	CHECK_EQ(r.b->up_acked, 0);
	CHECK_EQ(r.b->flags & BBR_F_PRECAUTION, 0);
	CHECK_EQ(r.b->ack_phase, BBR_ACKS_REFILLING);
	CHECK_EQ(r.b->round_end, DELIVERED);
	CHECK(flags_kept(&r));

	begin(&r, BBR_REFILL);
	r.b->flags |= BBR_F_FULL_NOW;
	r.b->full_count = 3;
	r.round = true;
	control(&r);
	CHECK_EQ(r.b->phase, BBR_UP);
	CHECK_EQ(r.b->flags & (BBR_F_FULL_NOW | BBR_F_PROBE_SAMPLE), BBR_F_PROBE_SAMPLE);
	CHECK_EQ(r.b->full_bw, BW);
	CHECK_EQ(r.b->full_count, 0);
	CHECK_EQ(r.b->ack_phase, BBR_ACKS_PROBE_STARTING);
	CHECK(flags_kept(&r));
}

/* 5.3.3.8.3: rounds and time to the next probe, by xorshift32 (Marsaglia). */
UNIT(bbr_random_wait)
{
	static const struct {
		u32 seed;
		u8 rounds;
		u32 wait_us;
	} tab[] = {
		{ 37, 1, 2582055 }, { 44, 0, 2691583 }, { 63, 0, 2990347 }, { 382, 1, 2951305 },
	};
	struct bbr_rig r;
	u32 i;

	for (i = 0; i < ARRAY_SIZE(tab); i++) {
		begin(&r, BBR_UP);
		r.b->flags |= BBR_F_FULL_NOW;
		r.b->seed = tab[i].seed;
		control(&r);
		CHECK_EQ(r.b->rounds, tab[i].rounds);
		CHECK_EQ(r.b->wait_us, tab[i].wait_us);
	}
}

/* Growth in UP doubles in each round, up to a segment for each segment acknowledged. */
UNIT(bbr_up_slope)
{
	static const struct {
		u8 phase;
		bool round;
		u8 rounds;	/* of UP */
		u32 step;
		u8 next;
	} tab[] = {
		{ BBR_REFILL, true, 0, 100000, 1 }, { BBR_UP, true, 1, 50000, 2 },
		{ BBR_UP, true, 6, 1562, 7 }, { BBR_UP, true, 7, 1000, 8 },
		{ BBR_UP, false, 1, 5000, 1 },
	};
	struct bbr_rig r;
	u32 i;

	for (i = 0; i < ARRAY_SIZE(tab); i++) {
		begin(&r, tab[i].phase);
		r.b->inflight_long = 100000;
		r.b->up_step = 5000;
		r.b->up_rounds = tab[i].rounds;
		r.round = tab[i].round;
		control(&r);
		CHECK_EQ(r.b->up_step, tab[i].step);
		CHECK_EQ(r.b->up_rounds, tab[i].next);
	}
}

/* 5.3.3.9: grow by a segment for each step of bytes, if the bound is the limit. */
UNIT(bbr_up_growth)
{
	static const struct {
		const char *name;
		u32 flight;	/* of a window of 100000 */
		u64 rate;	/* bytes a second: bursts of 2000 bytes, or 1/1024 s */
		u32 bound;
		u32 rs_flight;
		u32 acked;	/* and 1000 more now; a step is 5000 */
		u32 want;
		u32 left;
	} tab[] = {
		{ "less than a step", 100000, 0, 100000, 0, 3999, 100000, 4999 },
		{ "a step", 100000, 0, 100000, 0, 4000, 101000, 0 },
		{ "two and a half", 100000, 0, 100000, 0, 11500, 102000, 2500 },
		{ "the window is below", 100000, 0, 100001, 0, 4000, 100001, 4000 },
		{ "three segments free", 97000, 0, 100000, 0, 4000, 101000, 0 },
		{ "more", 96999, 0, 100000, 0, 4000, 100000, 4000 },
		{ "a burst free", 90000, 10240000, 100000, 0, 4000, 101000, 0 },
		{ "more", 89999, 10240000, 100000, 0, 4000, 100000, 4000 },
		{ "much arrived", 100000, 0, 100000, 120000, 4000, 120000, 4000 },
	};
	struct bbr_rig r;
	u32 i;

	for (i = 0; i < ARRAY_SIZE(tab); i++) {
		begin(&r, BBR_UP);
		r.b->inflight_long = tab[i].bound;
		r.b->up_step = 5000;
		r.b->up_acked = tab[i].acked;
		r.tcb.pacing_rate = tab[i].rate;
		r.ack.flight = tab[i].flight;
		r.ack.rs_flight = tab[i].rs_flight;
		control(&r);
		CHECK_ROW(tab[i].name, r.b->inflight_long, tab[i].want);
		CHECK_ROW(tab[i].name, r.b->up_acked, tab[i].left);
		CHECK_ROW(tab[i].name, r.b->phase, BBR_UP);
	}
}

/* 5.3.3.9: when UP ends; a bound above 1.25 BDP does not limit it. */
UNIT(bbr_up_ends)
{
	static const struct {
		const char *name;
		u16 flags;
		u32 flight;
		u32 cwnd;
		u32 bound;
		u8 want;
		u16 then;	/* flags */
	} tab[] = {
		{ "nothing", 0, 100000, 100000, 110000, BBR_UP, 0 },
		{ "too high before, and there again", BBR_F_TOO_HIGH, 100000, 100000, 100000,
		  BBR_DOWN, BBR_F_PRECAUTION },
		{ "not yet", BBR_F_TOO_HIGH, 90000, 90000, 100000, BBR_UP, BBR_F_TOO_HIGH },
		{ "full", BBR_F_FULL_NOW, 100000, 100000, 110000, BBR_DOWN, BBR_F_FULL_NOW },
		{ "the bound is the limit", BBR_F_FULL_NOW, 100000, 100000, 100000, BBR_UP, 0 },
		{ "of 1.25 BDP", BBR_F_FULL_NOW, 125000, 125000, 125000, BBR_UP, 0 },
		{ "of more", BBR_F_FULL_NOW, 125001, 125001, 125001, BBR_DOWN, BBR_F_FULL_NOW },
		{ "not used", BBR_F_FULL_NOW, 90000, 100000, 100000, BBR_DOWN, BBR_F_FULL_NOW },
	};
	struct bbr_rig r;
	u32 i;

	for (i = 0; i < ARRAY_SIZE(tab); i++) {
		begin(&r, BBR_UP);
		r.b->flags |= tab[i].flags;
		r.b->inflight_long = tab[i].bound;
		r.tcb.cwnd = tab[i].cwnd;
		r.ack.flight = tab[i].flight;
		control(&r);
		CHECK_ROW(tab[i].name, r.b->phase, tab[i].want);
		CHECK_ROW(tab[i].name, r.b->flags & (BBR_F_TOO_HIGH | BBR_F_PRECAUTION |
						     BBR_F_FULL_NOW), tab[i].then);
		CHECK_ROW(tab[i].name, flags_kept(&r), true);
	}
}

/* Count of lost ranges in a round; adjacent segments are one range; at most 255. */
UNIT(bbr_lost_ranges)
{
	static const struct {
		u8 ranges;	/* before */
		u32 end;	/* of the last */
		u32 seq;
		u8 want;
	} tab[] = {
		{ 0, 5001, 5001, 1 }, { 1, 5001, 5001, 1 }, { 1, 5001, 6001, 2 },
		{ 254, 5001, 6001, 255 }, { 255, 5001, 6001, 255 },
	};
	struct bbr_rig r;
	u32 i;

	for (i = 0; i < ARRAY_SIZE(tab); i++) {
		struct xtcp_sent sent = { .seq = tab[i].seq, .end = tab[i].seq + 1000 };

		begin(&r, BBR_CRUISE);
		r.b->lost_ranges = tab[i].ranges;
		r.b->lost_end = tab[i].end;
		r.tcb.cc->lost(&r.tcb, &sent);
		CHECK_EQ(r.b->lost_ranges, tab[i].want);
		CHECK_EQ(r.b->lost_end, tab[i].seq + 1000);
	}
}

/* 5.5.11.2: the first loss of a round, before recovery, saves the state for an undo. */
UNIT(bbr_loss_noted)
{
	static const struct {
		u8 cong;
		u16 flags;
		bool round;	/* begins */
		bool kept;
	} tab[] = {
		{ XTCP_CONG_OPEN, 0, true, true }, { XTCP_CONG_CWR, 0, true, true },
		{ XTCP_CONG_RECOVERY, 0, true, false }, { XTCP_CONG_LOSS, 0, true, false },
		{ XTCP_CONG_OPEN, BBR_F_LOSS, false, false },
	};
	struct xtcp_sent sent = { .seq = 5001, .end = 6001 };
	struct bbr_rig r;
	u32 i;

	for (i = 0; i < ARRAY_SIZE(tab); i++) {
		begin(&r, BBR_CRUISE);
		r.tcb.cong = tab[i].cong;
		r.b->flags |= tab[i].flags;
		r.b->loss_round_end = 7;
		r.b->undo_state = BBR_UP;
		r.b->bw_short = 11;
		r.b->inflight_short = 12;
		r.b->inflight_long = 13;
		r.tcb.cc->lost(&r.tcb, &sent);
		CHECK(r.b->flags & BBR_F_LOSS);
		CHECK(flags_kept(&r));
		CHECK_EQ(r.b->loss_round_end, tab[i].round ? DELIVERED : 7);
		CHECK_EQ(r.b->undo_state, tab[i].kept ? BBR_PROBE_RTT : BBR_UP);
		CHECK_EQ(r.b->undo_bw_short, tab[i].kept ? 11 : BBR_NO_BW);
		CHECK_EQ(r.b->undo_short, tab[i].kept ? 12 : NO);
		CHECK_EQ(r.b->undo_long, tab[i].kept ? 13 : NO);
	}
}

/* 5.5.10.2: too much loss of the data of a probe sets inflight_long. */
UNIT(bbr_probe_lost)
{
	static const struct {
		const char *name;
		u8 phase;
		u16 flags;
		bool app;	/* limited */
		u32 lost;	/* bytes since it was sent, one segment included */
		u32 flight;	/* bytes, when it was sent */
		u32 want;	/* inflight_long; 300000 before */
		u8 state;
	} tab[] = {
		{ "4 segments of 200 before", BBR_REFILL, BBR_F_PROBE_SAMPLE, 0, 5000, 200000,
		  199000, BBR_REFILL },
		{ "never below 0.7 BDP", BBR_REFILL, BBR_F_PROBE_SAMPLE, 0, 5000, 50000, 70019,
		  BBR_REFILL },
		{ "application-limited", BBR_REFILL, BBR_F_PROBE_SAMPLE, 1, 5000, 200000, 300000,
		  BBR_REFILL },
		{ "2 %", BBR_REFILL, BBR_F_PROBE_SAMPLE, 0, 4000, 200000, 300000, BBR_REFILL },
		{ "no probe", BBR_REFILL, 0, 0, 5000, 200000, 300000, BBR_REFILL },
		{ "UP ends", BBR_UP, BBR_F_PROBE_SAMPLE, 0, 5000, 200000, 199000, BBR_DOWN },
	};
	struct bbr_rig r;
	u32 i;

	for (i = 0; i < ARRAY_SIZE(tab); i++) {
		struct xtcp_sent sent = {
			.seq = 5001, .end = 6001, .flight = tab[i].flight,
			.lost = 100000 - tab[i].lost, .marks = tab[i].app ? XTCP_SENT_APP : 0,
		};
		bool high = tab[i].flags && tab[i].lost > 4000;

		begin(&r, tab[i].phase);
		r.tcb.lost = 100000;
		r.tcb.rack_rtt_us = 112501;
		r.b->flags |= tab[i].flags;
		r.b->inflight_long = 300000;
		r.tcb.cc->lost(&r.tcb, &sent);
		CHECK_ROW(tab[i].name, r.b->inflight_long, tab[i].want);
		CHECK_ROW(tab[i].name, r.b->phase, tab[i].state);
		CHECK_ROW(tab[i].name, r.b->undo_state,
			  tab[i].state == BBR_DOWN ? BBR_UP : BBR_PROBE_RTT);
		CHECK_ROW(tab[i].name, r.b->flags & ~BBR_F_LOSS, BBR_F_SEEN_RTT | BBR_F_FULL |
			  (high ? BBR_F_TOO_HIGH : tab[i].flags));
	}
}

/* 5.3.3.9: the phase whose ACKs arrive; the bandwidth filter advances with a probe. */
UNIT(bbr_ack_phases)
{
	static const struct {
		const char *name;
		u8 phase;
		u8 acks;
		bool round;
		u16 flags;
		bool low;
		bool known;	/* a bandwidth in this cycle */
		u8 want;
		u8 then;	/* acks */
		bool moved;	/* the bandwidth, to the cycle before */
	} tab[] = {
		{ "same round", BBR_UP, BBR_ACKS_PROBE_STARTING, 0, 0, 0, 1,
		  BBR_UP, BBR_ACKS_PROBE_STARTING, 0 },
		{ "feedback", BBR_UP, BBR_ACKS_PROBE_STARTING, 1, 0, 0, 1,
		  BBR_UP, BBR_ACKS_PROBE_FEEDBACK, 0 },
		{ "still stopping", BBR_CRUISE, BBR_ACKS_PROBE_STOPPING, 0, BBR_F_PRECAUTION, 0, 1,
		  BBR_CRUISE, BBR_ACKS_PROBE_STOPPING, 0 },
		{ "stopped", BBR_CRUISE, BBR_ACKS_PROBE_STOPPING, 1, 0, 0, 1,
		  BBR_CRUISE, BBR_ACKS_INIT, 1 },
		{ "by a low sample", BBR_CRUISE, BBR_ACKS_PROBE_STOPPING, 1, 0, 1, 1,
		  BBR_CRUISE, BBR_ACKS_INIT, 0 },
		{ "without any", BBR_CRUISE, BBR_ACKS_PROBE_STOPPING, 1, 0, 0, 0,
		  BBR_CRUISE, BBR_ACKS_INIT, 0 },
		{ "in ProbeRTT", BBR_PROBE_RTT, BBR_ACKS_PROBE_STOPPING, 1, BBR_F_PRECAUTION, 0, 1,
		  BBR_PROBE_RTT, BBR_ACKS_INIT, 0 },
		{ "by precaution", BBR_CRUISE, BBR_ACKS_PROBE_STOPPING, 1, BBR_F_PRECAUTION, 0, 1,
		  BBR_REFILL, BBR_ACKS_REFILLING, 1 },
		{ "and too high", BBR_CRUISE, BBR_ACKS_PROBE_STOPPING, 1,
		  BBR_F_PRECAUTION | BBR_F_TOO_HIGH, 0, 1, BBR_CRUISE, BBR_ACKS_INIT, 1 },
	};
	struct bbr_rig r;
	u32 i;

	for (i = 0; i < ARRAY_SIZE(tab); i++) {
		u64 bw = tab[i].known ? BW : 0;

		begin(&r, tab[i].phase);
		r.b->ack_phase = tab[i].acks;
		r.b->flags |= BBR_F_PROBE_SAMPLE | tab[i].flags;
		r.b->max_bw[0] = bw;
		r.b->max_bw[1] = BW + 1;
		r.round = tab[i].round;
		r.ack.rs_app_limited = tab[i].low;
		if (!tab[i].known)
			r.ack.rs_interval_us = 0;
		control(&r);
		CHECK_ROW(tab[i].name, r.b->phase, tab[i].want);
		CHECK_ROW(tab[i].name, r.b->ack_phase, tab[i].then);
		CHECK_ROW(tab[i].name, r.b->max_bw[0], tab[i].moved ? 0 : bw);
		CHECK_ROW(tab[i].name, r.b->max_bw[1], tab[i].moved ? BW : BW + 1);
		CHECK_ROW(tab[i].name, !!(r.b->flags & BBR_F_PROBE_SAMPLE),
			  tab[i].then != BBR_ACKS_INIT && tab[i].then != BBR_ACKS_REFILLING);
	}
}

/* 5.3.3.9: what arrived, or was marked, of so much in flight. */
UNIT(bbr_long_term)
{
	static const struct {
		const char *name;
		u8 phase;
		u16 flags;
		u32 delivered;
		u32 lost;	/* of a flight of 150000 */
		u32 ce;
		u32 bound;	/* inflight_long before */
		u64 since;	/* ns since cycle_at */
		u32 want;
		u8 state;
	} tab[] = {
		{ "it fits", BBR_CRUISE, 0, 1000, 0, 0, 110000, 0, 150000, BBR_CRUISE },
		{ "more did", BBR_CRUISE, 0, 1000, 0, 0, 160000, 0, 160000, BBR_CRUISE },
		{ "no bound", BBR_CRUISE, 0, 1000, 0, 0, NO, 0, NO, BBR_CRUISE },
		{ "no sample", BBR_CRUISE, 0, 0, 0, 0, 110000, 0, 110000, BBR_CRUISE },
		{ "10 % lost", BBR_CRUISE, 0, 1000, 15000, 0, 110000, 0, 110000, BBR_CRUISE },
		{ "2 % marked", BBR_REFILL, BBR_F_PROBE_SAMPLE, 1000, 0, 3000, 110000, 0, 150000,
		  BBR_REFILL },
		{ "more marked", BBR_REFILL, BBR_F_PROBE_SAMPLE, 1000, 0, 3001, 200000, 0, 150000,
		  BBR_REFILL },
		{ "not by the probe", BBR_REFILL, 0, 1000, 0, 3001, 110000, 0, 110000, BBR_REFILL },
		{ "and it is time", BBR_CRUISE, 0, 1000, 0, 3001, 110000, 3 * SEC, 110000,
		  BBR_REFILL },
		{ "in startup", BBR_STARTUP, 0, 1000, 0, 0, 110000, 0, 110000, BBR_STARTUP },
	};
	struct bbr_rig r;
	u32 i;

	for (i = 0; i < ARRAY_SIZE(tab); i++) {
		begin(&r, tab[i].phase);
		r.b->flags |= tab[i].flags;
		r.b->inflight_long = tab[i].bound;
		r.b->round_ce = tab[i].ce;
		r.b->cycle_at = NOW - tab[i].since;
		r.ack.delivered = tab[i].delivered;
		r.ack.rs_lost = tab[i].lost;
		r.ack.rs_flight = 150000;
		control(&r);
		CHECK_ROW(tab[i].name, r.b->inflight_long, tab[i].want);
		CHECK_ROW(tab[i].name, r.b->phase, tab[i].state);
	}
}
