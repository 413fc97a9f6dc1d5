// SPDX-License-Identifier: GPL-2.0
/*
 * BBR's model: the arithmetic of draft-ietf-ccwg-bbr, 5.5, in tables.
 */
#include "core.h"
#include "cc/bbr.h"
#include "harness.h"

#define SEC	XTCP_NSEC_PER_SEC

struct rig {
	struct xtcp_params par;
	struct xtcp_tcb tcb;
	struct bbr *b;
};

static void begin(struct rig *r)
{
	memset(r, 0, sizeof(*r));
	r->par.initial_cwnd = 10;
	r->tcb.par = &r->par;
	r->tcb.mss = 1000;
	r->tcb.cwnd = 10000;
	r->tcb.opts = XTCP_OPT_SACK_PERM;
	xtcp_cc_bbr.init(&r->tcb, SEC);
	r->b = xtcp_cc_state(&r->tcb, struct bbr);
}

/* Convert bytes a second to the unit of the model. */
static u64 unit(u64 bytes)
{
	return (bytes << BBR_BW_SHIFT) / 1000000;
}

UNIT(bbr_bdp)
{
	static const struct {
		const char *name;
		u64 rate;	/* bytes a second */
		u32 rtt_us;
		u32 factor;
		u32 want;
	} tab[] = {
		{ "100 Mbit/s, 40 ms", 12500000, 40000, 1024, 500000 },
		{ "twice", 12500000, 40000, 2048, 1000000 },
		{ "half", 12500000, 40000, 512, 250000 },
		{ "64 kbit/s, 1 s", 8000, 1000000, 1024, 8000 },
		{ "100 Gbit/s, 50 us", 12500000000, 50, 1024, 625000 },
		{ "100 Gbit/s, 10 s: the largest window", 12500000000, 10000000, 1024,
		  XTCP_CWND_MAX },
		{ "no bandwidth known", 0, 40000, 1024, 10000 },
		{ "no round trip known", 12500000, ~0U, 1024, 10000 },
	};
	struct rig r;
	u32 i;

	begin(&r);
	for (i = 0; i < ARRAY_SIZE(tab); i++) {
		u32 got;

		r.b->min_rtt_us = tab[i].rtt_us;
		got = xtcp_bbr_bdp(&r.tcb, r.b, unit(tab[i].rate), tab[i].factor);
		/* The unit is based on 2^-20 s, not 10^-6 s: within 0.1 %. */
		CHECK_ROW(tab[i].name, got <= tab[i].want, true);
		CHECK_ROW(tab[i].name, got >= tab[i].want - tab[i].want / 1000 - 1, true);
	}
}

/* Room for offloads at both ends, four segments, and two more in UP. */
UNIT(bbr_quantize)
{
	static const struct {
		u64 rate;
		u8 state;
		u32 bytes;
		u32 want;
	} tab[] = {
		{ 1000, BBR_CRUISE, 1000, 6000 },	/* 3 * 2 segments */
		{ 1000, BBR_CRUISE, 9000, 9000 },
		{ 1000, BBR_UP, 9000, 11000 },
		{ 12500000, BBR_CRUISE, 1000, 36621 },	/* 3 * rate / 1024 */
		{ 12500000000, BBR_CRUISE, 1000, 196608 },	/* 3 * 64 KiB */
	};
	struct rig r;
	u32 i;

	begin(&r);
	for (i = 0; i < ARRAY_SIZE(tab); i++) {
		r.tcb.pacing_rate = tab[i].rate;
		r.b->phase = tab[i].state;
		CHECK_EQ(xtcp_bbr_quantize(&r.tcb, r.b, tab[i].bytes), tab[i].want);
	}
}

UNIT(bbr_headroom)
{
	static const struct {
		u32 inflight_long;
		u32 want;
	} tab[] = {
		{ BBR_NO_BYTES, BBR_NO_BYTES },
		{ 1024000, 1024000 - 154000 },	/* 0.15 */
		{ 5000, 4000 },		/* at least a segment */
		{ 2000, 4000 },		/* at least four segments remain */
		{ 500, 4000 },
	};
	struct rig r;
	u32 i;

	begin(&r);
	for (i = 0; i < ARRAY_SIZE(tab); i++) {
		r.b->inflight_long = tab[i].inflight_long;
		CHECK_EQ(xtcp_bbr_headroom(&r.tcb, r.b), tab[i].want);
	}
}

UNIT(bbr_too_high)
{
	static const struct {
		bool sack;
		bool queue;
		u32 lost;
		u32 flight;
		bool want;
	} tab[] = {
		{ true, true, 0, 0, false }, { true, true, 2000, 100000, false },
		{ true, true, 2001, 100000, true }, { true, true, 1, 49, true },
		{ true, true, 1U << 30, 1U << 30, true },
		/* No queue: more than random loss causes. */
		{ true, false, 2001, 100000, false }, { true, false, 8000, 96000, false },
		{ true, false, 8001, 96000, true }, { true, false, 1U << 30, 1U << 30, true },
		{ false, true, 0, 100000, false }, { false, false, 1, 100000, true },
	};
	struct rig r;
	u32 i;

	begin(&r);
	for (i = 0; i < ARRAY_SIZE(tab); i++) {
		r.tcb.opts = tab[i].sack ? XTCP_OPT_SACK_PERM : 0;
		r.b->min_rtt_us = 40000;
		r.tcb.rack_rtt_us = tab[i].queue ? 45001 : 45000;
		CHECK_EQ(xtcp_bbr_too_high(&r.tcb, tab[i].lost, tab[i].flight), tab[i].want);
	}
}

/* (lost + x) / (flight + x) = 1 / 50 at flight + x. */
UNIT(bbr_at_loss)
{
	static const struct {
		const char *name;
		u32 len, lost, flight;
		u32 want;
	} tab[] = {
		{ "first loss, of a burst", 10000, 10000, 108000, 98000 + 2000 },
		{ "a single segment", 1000, 1000, 100000, 99000 + 2020 },
		{ "passed before", 1000, 6000, 100000, 99000 },
		{ "nearly", 10000, 11960, 110000, 100000 + 40 },
		{ "the burst is all there is", 10000, 10000, 10000, 0 },
		{ "longer than the flight", 20000, 20000, 10000, 0 },
	};
	u32 i;

	for (i = 0; i < ARRAY_SIZE(tab); i++)
		CHECK_ROW(tab[i].name,
			  xtcp_bbr_at_loss(tab[i].len, tab[i].lost, tab[i].flight),
			  tab[i].want);
}

/* The short-term filter triggers ProbeRTT; the long-term filter keeps the old value. */
UNIT(bbr_min_rtt)
{
	static const struct {
		u32 at_ms;
		u32 rtt_us;
		bool due;
		u32 min_us;
	} tab[] = {
		{ 0, 50000, false, 50000 },
		{ 1000, 40000, false, 40000 },
		{ 5999, 60000, false, 40000 },
		{ 6001, 60000, true, 40000 },	/* 5 s: ProbeRTT is due, the old value is still used */
		{ 6002, 60000, false, 40000 },
		{ 7000, 45000, false, 40000 },
		{ 8000, 45000, false, 40000 },	/* not shorter: due after 7 + 5 s */
		{ 11000, 60000, false, 40000 },
		{ 11001, 60000, false, 45000 },	/* 10 s: the lowest recent value */
		{ 12001, 60000, true, 45000 },
		{ 12002, 30000, false, 30000 },
		{ 16000, 30468, false, 30000 },	/* as short as ever: 1/64 more */
		{ 20999, 30469, false, 30000 },
		{ 21001, 30468, false, 30000 },	/* at the last moment */
		{ 26002, 30469, true, 30000 },
		{ 26003, 30468, false, 30000 },	/* of the long-term filter */
		{ 31004, 33000, true, 30000 },
		{ 31200, 31000, false, 30000 },	/* the result of ProbeRTT is used */
		{ 32004, 33000, false, 31000 },	/* after 6 s */
	};
	struct rig r;
	u32 i;

	begin(&r);
	for (i = 0; i < ARRAY_SIZE(tab); i++) {
		struct xtcp_ack ack = {
			.now = SEC + tab[i].at_ms * XTCP_NSEC_PER_MSEC,
			.rtt_us = tab[i].rtt_us,
		};

		CHECK_EQ(xtcp_bbr_min_rtt(r.b, &ack), tab[i].due);
		CHECK_EQ(r.b->min_rtt_us, tab[i].min_us);
	}
}

/* Round trips counted by packets: each row is one ACK of 10000 bytes. */
UNIT(bbr_rounds_and_bandwidth)
{
	static const struct {
		const char *name;
		u32 prior;	/* delivered when the acknowledged packet was sent */
		u32 interval_us;
		bool app;
		bool round;
		u64 rate;	/* of the model after the ACK, bytes a second */
	} tab[] = {
		{ "the first", 0, 10000, false, true, 1000000 },
		{ "same round, slower", 0, 40000, false, false, 1000000 },
		{ "same round, faster", 0, 20000, false, false, 1500000 },
		{ "next round", 10000, 15000, false, true, 2000000 },
		{ "application-limited and lower", 10000, 80000, true, false, 2000000 },
		{ "application-limited, but higher", 20000, 10000, true, false, 4000000 },
		{ "no sample", 40000, 0, false, true, 4000000 },
	};
	struct rig r;
	u32 i;

	begin(&r);
	for (i = 0; i < ARRAY_SIZE(tab); i++) {
		struct xtcp_ack ack = {
			.now = SEC, .delivered = 10000, .rs_any = true,
			.rs_prior = tab[i].prior, .rs_interval_us = tab[i].interval_us,
			.rs_app_limited = tab[i].app,
		};
		struct bbr_sample s = { .ack = &ack };

		r.tcb.delivered += 10000;
		ack.rs_delivered = r.tcb.delivered - tab[i].prior;
		xtcp_bbr_update(&r.tcb, r.b, &s);
		CHECK_ROW(tab[i].name, s.round_start, tab[i].round);
		CHECK_ROW(tab[i].name, xtcp_bbr_max_bw(r.b), unit(tab[i].rate));
	}
}

/* 5.3.1.2: STARTUP ends after three rounds in a row with less than 25 % growth. */
UNIT(bbr_full)
{
	static const struct {
		const char *name;
		u32 rate[8];	/* kB/s, of each round */
		bool low;
		bool full;
	} tab[] = {
		{ "by a quarter", { 1000, 1250, 1563, 1954, 2443, 3054 }, false, false },
		{ "by a fifth", { 1000, 1200, 1201, 1202 }, false, true },
		{ "only two", { 1000, 1001, 1002 }, false, false },
		{ "interrupted", { 1000, 1001, 1002, 1251, 1252, 1253 }, false, false },
		{ "slower", { 1000, 900, 800, 700 }, false, true },
		{ "application-limited", { 1000, 900, 800, 700 }, true, false },
	};
	u32 i, k;

	for (i = 0; i < ARRAY_SIZE(tab); i++) {
		struct rig r;

		begin(&r);
		for (k = 0; k < ARRAY_SIZE(tab[i].rate) && tab[i].rate[k]; k++) {
			struct xtcp_ack ack = {
				.now = SEC, .delivered = 1000, .rs_any = true,
				.rs_prior = r.tcb.delivered, .rs_interval_us = 1000000,
				.rs_delivered = tab[i].rate[k] * 1000,
				.rs_app_limited = tab[i].low && k,
			};
			struct bbr_sample s = { .ack = &ack };

			r.tcb.delivered += 1000;
			xtcp_bbr_update(&r.tcb, r.b, &s);
		}
		CHECK_ROW(tab[i].name, !!(r.b->flags & BBR_F_FULL), tab[i].full);
		CHECK_ROW(tab[i].name, !!(r.b->flags & BBR_F_FULL_NOW), tab[i].full);
	}
}

/* 5.5.3: an app-limited sample counts only if no recent bandwidth is larger. */
UNIT(bbr_low_samples)
{
	static const struct {
		u32 rate;	/* kB/s; the previous cycle had 1000 */
		bool low;
		u32 cycle;	/* of the current cycle */
	} tab[] = {
		{ 900, false, 900 }, { 900, true, 0 }, { 1000, true, 1000 }, { 1100, true, 1100 },
	};
	u32 i;

	for (i = 0; i < ARRAY_SIZE(tab); i++) {
		struct xtcp_ack ack = {
			.now = SEC, .delivered = 1000, .rs_any = true,
			.rs_interval_us = 1000000, .rs_delivered = tab[i].rate * 1000,
			.rs_app_limited = tab[i].low,
		};
		struct bbr_sample s = { .ack = &ack };
		struct rig r;

		begin(&r);
		r.b->max_bw[1] = unit(1000000);
		xtcp_bbr_update(&r.tcb, r.b, &s);
		CHECK_EQ(r.b->max_bw[0], unit(tab[i].cycle * 1000));
	}
}

/* Reduction when not probing: 0.7 for loss, 0.85 for marks, at least what was delivered. */
UNIT(bbr_lower_bounds)
{
	static const struct {
		const char *name;
		u8 state;
		bool loss;
		u32 ce;
		u32 delivered;	/* bytes of the round, with a window of 100000 */
		u32 rtt_us;	/* the minimum is 100000 */
		u32 lost;	/* bytes, of 100000 in flight */
		u32 want;	/* inflight_short */
	} tab[] = {
		{ "no loss", BBR_CRUISE, false, 0, 50000, 120000, 0, BBR_NO_BYTES },
		{ "loss", BBR_CRUISE, true, 0, 50000, 120000, 1000, 70019 },
		{ "loss, much delivered", BBR_CRUISE, true, 0, 90000, 120000, 1000, 90000 },
		{ "loss without a queue", BBR_CRUISE, true, 0, 50000, 100000, 5000, BBR_NO_BYTES },
		{ "much loss without a queue", BBR_CRUISE, true, 0, 50000, 100000, 9000, 70019 },
		{ "marks", BBR_DOWN, false, 1000, 50000, 100000, 0, 84960 },
		{ "both", BBR_DRAIN, true, 1000, 50000, 120000, 1000, 70019 },
		{ "loss while probing", BBR_UP, true, 0, 50000, 120000, 1000, BBR_NO_BYTES },
		{ "in the probe's first round", BBR_REFILL, true, 0, 50000, 120000, 1000,
		  BBR_NO_BYTES },
		{ "in startup", BBR_STARTUP, true, 0, 50000, 120000, 1000, BBR_NO_BYTES },
	};
	u32 i;

	for (i = 0; i < ARRAY_SIZE(tab); i++) {
		struct xtcp_ack ack = {
			.now = SEC, .delivered = 1000, .ce = tab[i].ce, .rs_any = true,
			.rs_delivered = tab[i].delivered, .rs_interval_us = 100000,
			.rs_lost = tab[i].lost, .rs_flight = 100000,
		};
		struct bbr_sample s = { .ack = &ack };
		struct rig r;

		begin(&r);
		r.tcb.opts = XTCP_OPT_SACK_PERM;
		r.b->min_rtt_us = 100000;
		r.tcb.rack_rtt_us = tab[i].rtt_us;
		r.tcb.cwnd = 100000;
		r.b->phase = tab[i].state;
		if (tab[i].loss)
			r.b->flags |= BBR_F_LOSS;
		r.b->max_bw[0] = unit(1000000);
		xtcp_bbr_update(&r.tcb, r.b, &s);
		CHECK_ROW(tab[i].name, s.loss_round_start, true);
		CHECK_ROW(tab[i].name, r.b->inflight_short, tab[i].want);
		CHECK_ROW(tab[i].name, r.b->bw_short < BBR_NO_BW,
			  tab[i].want < BBR_NO_BYTES);
	}
}

/* After a timeout the window is small; the bound follows the previous window. */
UNIT(bbr_lower_bounds_timeout)
{
	struct xtcp_ack ack = {
		.now = SEC, .delivered = 1000, .rs_any = true,
		.rs_delivered = 4000, .rs_interval_us = 100000,
	};
	struct bbr_sample s = { .ack = &ack };
	struct rig r;

	begin(&r);
	r.b->phase = BBR_CRUISE;
	r.b->min_rtt_us = 100000;
	r.tcb.rack_rtt_us = 120000;
	r.b->good_cwnd = 100000;
	r.b->flags |= BBR_F_LOSS;
	r.b->max_bw[0] = unit(1000000);
	r.tcb.cwnd = 4000;
	xtcp_bbr_update(&r.tcb, r.b, &s);
	CHECK_EQ(r.b->inflight_short, 70019);
}

/* Extra acknowledged bytes: those beyond what the bandwidth explains. */
UNIT(bbr_aggregation)
{
	struct xtcp_ack ack = { .now = SEC, .delivered = 50000 };
	struct bbr_sample s = { .ack = &ack };
	struct rig r;

	begin(&r);
	r.tcb.cwnd = 200000;
	r.b->max_bw[0] = unit(1000000);
	xtcp_bbr_update(&r.tcb, r.b, &s);
	CHECK_EQ(max(r.b->extra_most[0], r.b->extra_most[1]), 50000);
	/* 20 ms explain 20000 bytes of the next 30000. */
	ack.now += 20 * XTCP_NSEC_PER_MSEC;
	ack.delivered = 30000;
	xtcp_bbr_update(&r.tcb, r.b, &s);
	CHECK_EQ(r.b->extra_most[0] / 100, 600);
	/* After a pause the bandwidth explains all: a new interval. */
	ack.now += SEC;
	ack.delivered = 1000;
	xtcp_bbr_update(&r.tcb, r.b, &s);
	CHECK_EQ(r.b->extra_delivered, 1000);
	/* After two windows of five rounds it is forgotten. */
	r.b->flags |= BBR_F_FULL;
	ack.rs_any = true;
	ack.rs_prior = 1000000;
	ack.delivered = 1;
	while (r.tcb.delivered < 20) {
		ack.now += SEC;
		r.tcb.delivered++;
		ack.rs_prior = r.tcb.delivered;
		xtcp_bbr_update(&r.tcb, r.b, &s);
	}
	CHECK(max(r.b->extra_most[0], r.b->extra_most[1]) <= 1);
}

/* 5.3.1.2, where the arithmetic is exact: a quarter of 102400 is 25600. */
UNIT(bbr_full_growth)
{
	static const struct {
		const char *name;
		u8 phase;
		bool queue;
		u32 bw;
		u8 count;	/* rounds without growth before */
		u8 want;
		bool full;
	} tab[] = {
		{ "a quarter", BBR_STARTUP, false, 128000, 2, 0, false },
		{ "less", BBR_STARTUP, false, 127999, 1, 2, false },
		{ "three rounds", BBR_STARTUP, true, 127999, 2, 3, true },
		{ "the first of UP", BBR_UP, true, 102400, 0, 1, false },
		{ "two, with a queue", BBR_UP, true, 102400, 1, 2, true },
		{ "two without", BBR_UP, false, 102400, 1, 2, false },
	};
	u32 i;

	for (i = 0; i < ARRAY_SIZE(tab); i++) {
		struct xtcp_ack ack = {
			.now = SEC, .delivered = 1000, .rs_any = true,
			.rs_delivered = tab[i].bw, .rs_interval_us = 1 << BBR_BW_SHIFT,
		};
		struct bbr_sample s = { .ack = &ack };
		struct rig r;

		begin(&r);
		r.b->phase = tab[i].phase;
		r.b->min_rtt_us = 100000;
		r.tcb.rack_rtt_us = tab[i].queue ? 120000 : 100000;
		r.b->full_bw = 102400;
		r.b->full_count = tab[i].count;
		xtcp_bbr_update(&r.tcb, r.b, &s);
		CHECK_ROW(tab[i].name, r.b->full_count, tab[i].want);
		CHECK_ROW(tab[i].name, r.b->full_bw, tab[i].want ? 102400 : tab[i].bw);
		CHECK_ROW(tab[i].name, r.b->flags, tab[i].full ? BBR_F_FULL | BBR_F_FULL_NOW : 0);
	}
}

/* The sums that a sample changes, and the effect of the first sample of a round. */
UNIT(bbr_sample_counts)
{
	static const struct {
		bool round;
		u8 rounds;
		u8 want;
	} tab[] = {
		{ false, 7, 7 }, { true, 7, 8 }, { true, 254, 255 }, { true, 255, 255 },
	};
	u32 i;

	for (i = 0; i < ARRAY_SIZE(tab); i++) {
		struct xtcp_ack ack = { .now = SEC, .delivered = 1000, .ce = 300, .rs_any = true };
		struct bbr_sample s = { .ack = &ack };
		struct rig r;

		begin(&r);
		r.b->round_end = !tab[i].round;
		r.b->rounds = tab[i].rounds;
		r.b->round_bytes = 5000;
		r.b->round_ce = 500;
		r.b->send_gain = 115;
		r.b->sent_gain = 64;
		xtcp_bbr_update(&r.tcb, r.b, &s);
		CHECK_EQ(r.b->rounds, tab[i].want);
		CHECK_EQ(r.b->round_bytes, 6000);
		CHECK_EQ(r.b->round_ce, 800);
		/* Data sent at the lowest gain of a round arrives in the next one. */
		CHECK_EQ(r.b->sent_gain, tab[i].round ? 115 : 64);
		CHECK_EQ(r.b->send_gain, tab[i].round ? BBR_SENT_ONE : 115);
	}
}

/* Samples count as app-limited until the data sent in ProbeRTT has arrived. */
UNIT(bbr_low_end)
{
	static const struct {
		bool marked;
		u32 prior;	/* of a mark at 50000 */
		bool low;
	} tab[] = {
		{ true, 49999, true }, { true, 50000, false }, { true, 50001, false },
		{ false, 49999, false }, { false, 50001, false },
	};
	u32 i;

	for (i = 0; i < ARRAY_SIZE(tab); i++) {
		struct xtcp_ack ack = {
			.now = SEC, .delivered = 1000, .rs_any = true, .rs_prior = tab[i].prior,
		};
		struct bbr_sample s = { .ack = &ack };
		struct rig r;

		begin(&r);
		r.b->low_end = 50000;
		r.b->flags = BBR_F_FULL | (tab[i].marked ? BBR_F_LOW : 0);
		xtcp_bbr_update(&r.tcb, r.b, &s);
		CHECK_EQ(s.low, tab[i].low);
		CHECK_EQ(r.b->flags, BBR_F_FULL | (tab[i].low ? BBR_F_LOW : 0));
	}
}

/* The state of a loss round is cleared. */
UNIT(bbr_congestion_reset)
{
	struct rig r;

	begin(&r);
	r.b->flags = BBR_F_FULL | BBR_F_LOSS;
	r.b->bw_latest = 5;
	r.b->inflight_latest = 5;
	r.b->lost_ranges = 5;
	r.b->round_ce = 5;
	r.b->round_bytes = 5;
	xtcp_bbr_reset_congestion(r.b);
	CHECK_EQ(r.b->flags, BBR_F_FULL);
	CHECK_EQ(r.b->bw_latest, 0);
	CHECK_EQ(r.b->inflight_latest, 0);
	CHECK_EQ(r.b->lost_ranges, 0);
	CHECK_EQ(r.b->round_ce, 0);
	CHECK_EQ(r.b->round_bytes, 0);
}

/*
 * The short-term bandwidth: 0.7 or 0.85 of the last, or the delivered rate, corrected
 * for the pacing gain (in 1/128) and the margin.
 */
UNIT(bbr_lower_bandwidth)
{
	static const struct {
		const char *name;
		bool loss;	/* false: marks */
		u8 gain;
		u64 bw_short;
		u32 latest;
		u64 want;
	} tab[] = {
		{ "little delivered", true, 128, BBR_NO_BW, 512000, 717000 },
		{ "marks", false, 128, BBR_NO_BW, 512000, 870000 },
		{ "much", true, 128, BBR_NO_BW, 896000, 896000 + 7000 },
		{ "at half of the rate", true, 64, BBR_NO_BW, 448000, 896000 + 7000 },
		{ "all", true, 128, BBR_NO_BW, 1024000, 1024000 },
		{ "again", true, 128, 512000, 1000, 358500 },
	};
	u32 i;

	for (i = 0; i < ARRAY_SIZE(tab); i++) {
		struct xtcp_ack ack = {
			.now = SEC, .delivered = 1000, .ce = !tab[i].loss, .rs_any = true,
			.rs_prior = 1, .rs_lost = 1000, .rs_flight = 10000,
		};
		struct bbr_sample s = { .ack = &ack };
		struct rig r;

		begin(&r);
		r.b->phase = BBR_CRUISE;
		r.b->round_end = 2;
		r.b->flags = tab[i].loss ? BBR_F_LOSS : 0;
		r.b->max_bw[0] = 1024000;
		r.b->sent_gain = tab[i].gain;
		r.b->bw_short = tab[i].bw_short;
		r.b->bw_latest = tab[i].latest;
		xtcp_bbr_update(&r.tcb, r.b, &s);
		CHECK_ROW(tab[i].name, r.b->bw_short, tab[i].want);
	}
}

/* 5.5.9: the maximum of five to ten rounds, before the pipe is full of one to two. */
UNIT(bbr_extra_rounds)
{
	static const struct {
		bool full;
		bool round;
		u8 rounds;
		u8 want;
		bool turned;
	} tab[] = {
		{ true, false, 4, 4, false }, { true, true, 3, 4, false },
		{ true, true, 4, 0, true }, { false, true, 0, 0, true },
	};
	u32 i;

	for (i = 0; i < ARRAY_SIZE(tab); i++) {
		struct xtcp_ack ack = { .now = SEC, .delivered = 1000, .rs_any = true };
		struct bbr_sample s = { .ack = &ack };
		struct rig r;

		begin(&r);
		r.b->flags = tab[i].full ? BBR_F_FULL : 0;
		r.b->round_end = !tab[i].round;
		r.b->extra_rounds = tab[i].rounds;
		r.b->extra_most[0] = 5000;
		r.b->extra_most[1] = 7000;
		xtcp_bbr_update(&r.tcb, r.b, &s);
		CHECK_EQ(r.b->extra_rounds, tab[i].want);
		CHECK_EQ(r.b->extra_most[0], tab[i].turned ? 1000 : 5000);
		CHECK_EQ(r.b->extra_most[1], tab[i].turned ? 5000 : 7000);
	}
}

/* An aggregation interval ends when the bandwidth explains all its bytes. */
UNIT(bbr_extra_interval)
{
	static const struct {
		u32 before;	/* bytes in 1 ms at 1 byte per us, and 3000 more now */
		u32 since;	/* us since the interval began */
		u32 delivered;
		u32 most;
	} tab[] = {
		{ 999, 0, 3000, 3000 }, { 1000, 0, 3000, 3000 }, { 1001, 1000, 4001, 3001 },
	};
	u32 i;

	for (i = 0; i < ARRAY_SIZE(tab); i++) {
		struct xtcp_ack ack = { .now = SEC, .delivered = 3000 };
		struct bbr_sample s = { .ack = &ack };
		struct rig r;

		begin(&r);
		r.b->max_bw[0] = 1ULL << BBR_BW_SHIFT;
		r.b->extra_at = SEC - XTCP_NSEC_PER_MSEC;
		r.b->extra_delivered = tab[i].before;
		xtcp_bbr_update(&r.tcb, r.b, &s);
		CHECK_EQ(r.b->extra_at, SEC - tab[i].since * XTCP_NSEC_PER_USEC);
		CHECK_EQ(r.b->extra_delivered, tab[i].delivered);
		CHECK_EQ(r.b->extra_most[0], tab[i].most);
	}
}

/* A sample within 1/64 above the minimum confirms it: it then counts as 4 s old. */
UNIT(bbr_min_rtt_met)
{
	static const u32 rtt_us[] = { 30000, 30468 };
	u32 i;

	for (i = 0; i < ARRAY_SIZE(rtt_us); i++) {
		struct xtcp_ack ack = { .now = 9 * SEC, .rtt_us = rtt_us[i] };
		struct rig r;

		begin(&r);
		r.b->min_rtt_us = 30000;
		r.b->probe_min_us = 30000;
		CHECK(!xtcp_bbr_min_rtt(r.b, &ack));
		CHECK_EQ(r.b->probe_min_us, 30000);
		CHECK_EQ(r.b->probe_min_at, 9 * SEC);
		CHECK_EQ(r.b->min_rtt_us, 30000);
		CHECK_EQ(r.b->min_rtt_at, 5 * SEC);
	}
}
