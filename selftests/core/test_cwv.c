// SPDX-License-Identifier: GPL-2.0
/*
 * Congestion window validation: RFC 7661.
 */
#include "cc_rig.h"
#include "cc/cwv.h"
#include "harness.h"

#define SEC	XTCP_NSEC_PER_SEC
#define MSEC	XTCP_NSEC_PER_MSEC

struct flow {
	struct xtcp_params par;
	struct xtcp_tcb tcb;
	struct xtcp_cwv cwv;
	u64 now;
};

static void begin(struct flow *f, u32 cwnd)
{
	memset(f, 0, sizeof(*f));
	f->par.initial_cwnd = 10;
	f->tcb.par = &f->par;
	f->tcb.mss = 1000;
	f->tcb.cwnd = cwnd;
	f->tcb.ssthresh = 1000;
	f->tcb.snd_una = 1;
	f->tcb.snd_nxt = 1;
	f->tcb.srtt8_us = 100 * 8000;
	f->now = SEC;
	xtcp_cwv_init(&f->tcb, &f->cwv, f->now);
}

/* A round trip of 100 ms with @bytes sent and two ACKs. */
static void round_trip(struct flow *f, u32 bytes)
{
	struct xtcp_ack ack = { .una = bytes / 2, .delivered = bytes / 2 };
	u32 i;

	f->tcb.last_data_tx_at = f->now;
	f->tcb.snd_nxt += bytes;
	f->now += 100 * MSEC;
	for (i = 0; i < 2; i++) {
		ack.now = f->now;
		f->tcb.snd_una += bytes / 2;
		xtcp_cwv_ack(&f->tcb, &f->cwv, &ack);
	}
}

static void run(struct flow *f, u32 bytes, u64 ns)
{
	u64 end = f->now + ns;

	while (f->now < end)
		round_trip(f, bytes);
}

/* pipeACK is the volume acknowledged in a round trip; half of cwnd makes cwnd validated. */
UNIT(cwv_phases)
{
	static const struct {
		const char *name;
		u32 bytes;
		u64 ms;
		bool valid;
		u32 used;	/* bytes from which a reduction starts, with 5000 in flight */
	} tab[] = {
		{ "not known yet", 1000, 300, true, 5000 },
		{ "full use", 100000, 3000, true, 5000 },
		{ "half of it", 50000, 3000, true, 5000 },
		{ "less", 49998, 3000, false, 49998 },
		{ "little", 4000, 3000, false, 5000 },
		{ "nearly nothing", 2, 3000, false, 5000 },
	};
	u32 i;

	for (i = 0; i < ARRAY_SIZE(tab); i++) {
		struct flow f;

		begin(&f, 100000);
		run(&f, tab[i].bytes, tab[i].ms * MSEC);
		CHECK_ROW(tab[i].name, xtcp_cwv_valid(&f.tcb, &f.cwv), tab[i].valid);
		CHECK_ROW(tab[i].name, xtcp_cwv_used(&f.tcb, &f.cwv, 5000), tab[i].used);
	}
}

/* A burst counts for a sampling period: 1 s, or three round trips. */
UNIT(cwv_memory)
{
	static const struct {
		u32 srtt_ms;
		u64 ms;
		bool valid;
	} tab[] = {
		{ 100, 100, true }, { 100, 400, true }, { 100, 700, true },
		{ 100, 1100, false }, { 100, 5000, false },
		{ 1000, 1100, true }, { 1000, 3100, false },
	};
	u32 i;

	for (i = 0; i < ARRAY_SIZE(tab); i++) {
		struct flow f;

		begin(&f, 100000);
		f.tcb.srtt8_us = tab[i].srtt_ms * 8000;
		run(&f, 100000, 3000 * MSEC);
		run(&f, 1000, tab[i].ms * MSEC);
		CHECK_EQ(xtcp_cwv_valid(&f.tcb, &f.cwv), tab[i].valid);
	}
}

/* With several ACKs in a round trip, all bytes of the round trip count. */
UNIT(cwv_pipeline)
{
	struct flow f;
	u32 i;

	begin(&f, 100000);
	f.tcb.snd_nxt += 60000;
	for (i = 0; i < 1000; i++) {
		struct xtcp_ack ack = { .una = 1000, .delivered = 1000 };

		f.now += 100 * MSEC / 60;
		ack.now = f.now;
		f.tcb.snd_una += 1000;
		xtcp_cwv_ack(&f.tcb, &f.cwv, &ack);
		f.tcb.snd_nxt += 1000;
	}
	CHECK(xtcp_cwv_valid(&f.tcb, &f.cwv));
	f.tcb.cwnd = 130000;
	CHECK(!xtcp_cwv_valid(&f.tcb, &f.cwv));
	CHECK(xtcp_cwv_used(&f.tcb, &f.cwv, 0) >= 59000);
	CHECK(xtcp_cwv_used(&f.tcb, &f.cwv, 0) <= 61000);
}

/* 4.4.1: a reduction starts from the used volume, less the bytes sent again. */
UNIT(cwv_loss)
{
	static const struct {
		const char *name;
		u32 bytes;	/* in each round trip */
		u32 flight;
		u32 again;	/* bytes sent again in recovery */
		u32 ssthresh;
		u32 after;	/* cwnd at the end */
	} tab[] = {
		{ "validated", 100000, 100000, 30000, 50000, 50000 },
		{ "non-validated", 20000, 8000, 0, 10000, 10000 },
		{ "more in flight", 20000, 30000, 0, 15000, 15000 },
		{ "with retransmissions", 20000, 30000, 10000, 15000, 10000 },
		{ "of more than there was", 20000, 30000, 90000, 15000, 2000 },
	};
	u32 i;

	for (i = 0; i < ARRAY_SIZE(tab); i++) {
		struct flow f;

		begin(&f, 100000);
		f.tcb.bytes_retrans = ~0U - 5000;
		run(&f, tab[i].bytes, 3 * SEC);
		f.tcb.ssthresh = xtcp_cwv_reduce(&f.tcb, &f.cwv, tab[i].flight, XTCP_CC_HALF);
		CHECK_ROW(tab[i].name, f.tcb.ssthresh, tab[i].ssthresh);
		/* pipeACK is unknown again: validated. */
		CHECK_ROW(tab[i].name, xtcp_cwv_valid(&f.tcb, &f.cwv), true);
		f.tcb.bytes_retrans += tab[i].again;
		f.tcb.cwnd = f.tcb.ssthresh;
		xtcp_cwv_event(&f.tcb, &f.cwv, XTCP_CC_DONE, f.now);
		CHECK_ROW(tab[i].name, f.tcb.cwnd, tab[i].after);
		CHECK_ROW(tab[i].name, f.tcb.ssthresh, tab[i].after);
	}
}

UNIT(cwv_undo)
{
	struct flow f;

	begin(&f, 100000);
	run(&f, 20000, 3 * SEC);
	f.tcb.ssthresh = xtcp_cwv_reduce(&f.tcb, &f.cwv, 20000, XTCP_CC_HALF);
	xtcp_cwv_event(&f.tcb, &f.cwv, XTCP_CC_UNDO, f.now);
	f.tcb.bytes_retrans += 10000;
	xtcp_cwv_event(&f.tcb, &f.cwv, XTCP_CC_DONE, f.now);
	CHECK_EQ(f.tcb.cwnd, 100000);
}

/* 4.4.3: the window is halved every five minutes, down to the initial window. */
UNIT(cwv_period)
{
	static const struct {
		const char *name;
		u32 secs;
		u32 bytes;
		u32 cwnd;
		u32 ssthresh;
	} tab[] = {
		{ "less than five minutes", 295, 4000, 100000, 1000 },
		{ "five minutes", 310, 4000, 50000, 75000 },
		{ "in full use", 1000, 60000, 100000, 1000 },
		{ "ten", 620, 4000, 25000, 75000 },
		{ "half an hour", 1800, 4000, 10000, 75000 },
	};
	u32 i;

	for (i = 0; i < ARRAY_SIZE(tab); i++) {
		struct flow f;

		begin(&f, 100000);
		run(&f, tab[i].bytes, tab[i].secs * SEC);
		CHECK_ROW(tab[i].name, f.tcb.cwnd, tab[i].cwnd);
		CHECK_ROW(tab[i].name, f.tcb.ssthresh, tab[i].ssthresh);
	}
}

/* Without ACKs in idle time, the restart does the halving. */
UNIT(cwv_idle)
{
	static const struct {
		u32 secs;
		u32 cwnd;
	} tab[] = {
		{ 200, 100000 }, { 310, 50000 }, { 620, 25000 }, { 100000, 10000 },
	};
	u32 i;

	for (i = 0; i < ARRAY_SIZE(tab); i++) {
		struct flow f;

		begin(&f, 100000);
		run(&f, 100000, 3 * SEC);
		f.now += tab[i].secs * SEC;
		xtcp_cwv_event(&f.tcb, &f.cwv, XTCP_CC_RESTART, f.now);
		CHECK_EQ(f.tcb.cwnd, tab[i].cwnd);
	}
}

/* A window below the initial one does not change. */
UNIT(cwv_small)
{
	struct flow f;

	begin(&f, 4000);
	run(&f, 1000, 2000 * SEC);
	CHECK_EQ(f.tcb.cwnd, 4000);
}

/* No measurement in recovery; pipeACK is unknown after it (4.2). */
UNIT(cwv_recovery)
{
	static const u8 cong[] = { XTCP_CONG_RECOVERY, XTCP_CONG_LOSS };
	u32 i;

	for (i = 0; i < ARRAY_SIZE(cong); i++) {
		struct flow f;

		begin(&f, 100000);
		f.tcb.cong = cong[i];
		run(&f, 4000, 3 * SEC);
		CHECK(!f.cwv.defined);
		f.tcb.cong = XTCP_CONG_OPEN;
		run(&f, 4000, 300 * MSEC);
		CHECK(xtcp_cwv_valid(&f.tcb, &f.cwv));
		run(&f, 4000, SEC);
		CHECK(!xtcp_cwv_valid(&f.tcb, &f.cwv));
	}
}

#define NVP	(300 * SEC)	/* RFC 7661, 4.4.3 and 5 */

/* A non-validated window: 1000 bytes of 100000 are in use. */
static void hardly_used(struct flow *f, u64 since)
{
	begin(f, 100000);
	f->cwv.defined = true;
	f->cwv.idle = false;
	f->cwv.most[0] = 1000;
	f->cwv.most[1] = 1000;
	f->cwv.nvp_at = since;
	f->tcb.snd_nxt += 50000;
	f->cwv.round_end = f->tcb.snd_nxt;
}

static void ack_at(struct flow *f, u64 now, u32 delivered)
{
	struct xtcp_ack ack = { .now = now, .delivered = delivered };

	xtcp_cwv_ack(&f->tcb, &f->cwv, &ack);
}

/* End of a recovery, undo and ACKs in a recovery make pipeACK unknown (4.2). */
UNIT(cwv_forgets)
{
	static const struct {
		const char *what;
		u8 cong;
		enum xtcp_cc_event ev;
	} tab[] = {
		{ "the end of a recovery", XTCP_CONG_OPEN, XTCP_CC_DONE },
		{ "undone", XTCP_CONG_OPEN, XTCP_CC_UNDO },
		{ "an ACK in a recovery", XTCP_CONG_RECOVERY, 0 },
		{ "after a timeout", XTCP_CONG_LOSS, 0 },
		{ "another algorithm", XTCP_CONG_OPEN, 0 },
	};
	u32 i;

	for (i = 0; i < ARRAY_SIZE(tab); i++) {
		u64 now = 7 * SEC;
		struct flow f;

		hardly_used(&f, SEC);
		f.cwv.round_acked = 77;
		f.cwv.round_end = 77;
		f.cwv.loss_base = tab[i].cong == XTCP_CONG_OPEN ? 9000 : 0;
		f.tcb.cong = tab[i].cong;
		if (tab[i].cong != XTCP_CONG_OPEN)
			ack_at(&f, now, 1000);
		else if (tab[i].ev)
			xtcp_cwv_event(&f.tcb, &f.cwv, tab[i].ev, now);
		else
			xtcp_cwv_init(&f.tcb, &f.cwv, now);
		CHECK_ROW(tab[i].what, f.cwv.defined, false);
		CHECK_ROW(tab[i].what, f.cwv.half_at, now);
		CHECK_ROW(tab[i].what, f.cwv.nvp_at, 0);
		CHECK_ROW(tab[i].what, f.cwv.most[0], 0);
		CHECK_ROW(tab[i].what, f.cwv.round_acked, 0);
		CHECK_ROW(tab[i].what, f.cwv.round_end, f.tcb.snd_nxt);
		CHECK_ROW(tab[i].what, f.cwv.loss_base, 0);
		CHECK_ROW(tab[i].what, f.cwv.idle, i == ARRAY_SIZE(tab) - 1);
	}
}

/* A reduction does so, too, and begins a validated phase. */
UNIT(cwv_reduction_forgets)
{
	struct flow f;

	hardly_used(&f, SEC);
	xtcp_cwv_reduce(&f.tcb, &f.cwv, 5000, XTCP_CC_HALF);
	CHECK(!f.cwv.defined);
	CHECK_EQ(f.cwv.nvp_at, 0);
}

/* Half a sampling period is 1.5 round trips, at least 0.5 s (4.2); the last half counts. */
UNIT(cwv_halves)
{
	static const struct {
		u32 srtt_ms;
		u64 age;
		bool turned;
		u32 last;	/* maximum of the last half, afterwards */
	} tab[] = {
		{ 100, 500 * MSEC - 1, false, 5000 }, { 100, 500 * MSEC, true, 7000 },
		{ 100, 1000 * MSEC - 1, true, 7000 }, { 100, 1000 * MSEC, true, 0 },
		{ 100, 1400 * MSEC, true, 0 },
		{ 334, 501 * MSEC - 1, false, 5000 }, { 334, 501 * MSEC, true, 7000 },
		{ 1000, 1500 * MSEC - 1, false, 5000 }, { 1000, 1500 * MSEC, true, 7000 },
	};
	u32 i;

	for (i = 0; i < ARRAY_SIZE(tab); i++) {
		struct flow f;

		hardly_used(&f, 0);
		f.tcb.srtt8_us = tab[i].srtt_ms * 8000;
		f.cwv.half_at = SEC;
		f.cwv.most[0] = 7000;
		f.cwv.most[1] = 5000;
		ack_at(&f, SEC + tab[i].age, 0);
		CHECK_EQ(f.cwv.half_at, SEC + (tab[i].turned ? tab[i].age : 0));
		CHECK_EQ(f.cwv.most[0], tab[i].turned ? 0 : 7000);
		CHECK_EQ(f.cwv.most[1], tab[i].last);
	}
}

/* The used volume is the larger one of both halves. */
UNIT(cwv_larger_half)
{
	u32 i;

	for (i = 0; i < 2; i++) {
		struct flow f;

		hardly_used(&f, 0);
		f.cwv.most[i] = 50000;
		CHECK(xtcp_cwv_valid(&f.tcb, &f.cwv));
		f.cwv.most[i] = 49999;
		CHECK(!xtcp_cwv_valid(&f.tcb, &f.cwv));
		CHECK_EQ(xtcp_cwv_used(&f.tcb, &f.cwv, 10), 49999);
	}
}

/* 4.4.3: to the nanosecond, and never below the initial window of 10000. */
UNIT(cwv_period_ends)
{
	static const struct {
		u32 before;
		u64 age;
		u32 cwnd, ssthresh;
		u64 since;	/* ns from the beginning of the first period to that of the next */
	} tab[] = {
		{ 100000, NVP - 1, 100000, 1000, 0 }, { 100000, NVP, 50000, 75000, NVP },
		{ 100000, 2 * NVP - 1, 50000, 75000, NVP }, { 100000, 2 * NVP, 25000, 75000, 2 * NVP },
		{ 10001, NVP, 10000, 7501, NVP }, { 10000, NVP, 10000, 1000, NVP },
		{ 10000, NVP + 5, 10000, 1000, NVP + 5 }, { 9000, NVP + 5, 9000, 1000, NVP + 5 },
	};
	u32 i;

	for (i = 0; i < ARRAY_SIZE(tab); i++) {
		struct flow f;

		hardly_used(&f, SEC);
		f.tcb.cwnd = tab[i].before;
		f.cwv.half_at = SEC + tab[i].age;
		ack_at(&f, SEC + tab[i].age, 0);
		CHECK_EQ(f.tcb.cwnd, tab[i].cwnd);
		CHECK_EQ(f.tcb.ssthresh, tab[i].ssthresh);
		CHECK_EQ(f.cwv.nvp_at, SEC + tab[i].since);
	}
}

/* The non-validated period begins when use falls, and ends when it is sufficient. */
UNIT(cwv_period_begins)
{
	struct flow f;

	hardly_used(&f, 0);
	f.cwv.half_at = 5 * SEC;
	ack_at(&f, 5 * SEC, 0);
	CHECK_EQ(f.cwv.nvp_at, 5 * SEC);
	ack_at(&f, 5 * SEC + 1, 0);
	CHECK_EQ(f.cwv.nvp_at, 5 * SEC);
	f.cwv.most[0] = 60000;
	ack_at(&f, 5 * SEC + 2, 0);
	CHECK_EQ(f.cwv.nvp_at, 0);
}

/* A restart counts from the last transmission, or from the period if that began earlier. */
UNIT(cwv_restart)
{
	static const struct {
		u64 since, sent;	/* 0: the period has not begun; nothing was sent */
		u64 now;
		u32 cwnd;
	} tab[] = {
		{ 0, 5 * SEC, NVP + 5 * SEC - 1, 100000 }, { 0, 5 * SEC, NVP + 5 * SEC, 50000 },
		{ 2 * SEC, 5 * SEC, NVP + 2 * SEC, 50000 },
		{ 0, 0, NVP, 100000 }, { 0, 0, NVP + 1, 50000 },
	};
	u32 i;

	for (i = 0; i < ARRAY_SIZE(tab); i++) {
		struct flow f;

		hardly_used(&f, tab[i].since);
		f.tcb.last_data_tx_at = tab[i].sent;
		xtcp_cwv_event(&f.tcb, &f.cwv, XTCP_CC_RESTART, tab[i].now);
		CHECK_EQ(f.tcb.cwnd, tab[i].cwnd);
	}
}

/* Every window algorithm uses it at each ACK, loss, end of recovery and restart. */
UNIT(cwv_algorithms)
{
	static const struct {
		const struct xtcp_cc *cc;
		u32 ssthresh;	/* after 20000 of 100000 bytes were in use */
	} tab[] = {
		{ &xtcp_cc_reno, 10000 }, { &xtcp_cc_cubic, 14000 }, { &xtcp_cc_dctcp, 10000 },
	};
	u32 i, k;

	for (i = 0; i < ARRAY_SIZE(tab); i++) {
		struct cc_rig r, late;

		cc_rig_init(&r, tab[i].cc, 1000, 100000, 1);
		for (k = 0; k < 30; k++) {
			r.now += 100 * MSEC;
			cc_rig_ack(&r, 20000, 0, false);
		}
		late = r;
		late.tcb.par = &late.par;
		late.now += 310 * SEC;
		xtcp_cc_notify(&late.tcb, XTCP_CC_RESTART, late.now);
		CHECK_ROW(tab[i].cc->name, late.tcb.cwnd, 50000);

		r.tcb.ssthresh = tab[i].cc->ssthresh(&r.tcb, XTCP_CC_LOSS, 5000);
		CHECK_ROW(tab[i].cc->name, r.tcb.ssthresh, tab[i].ssthresh);
		r.tcb.cwnd = r.tcb.ssthresh;
		r.tcb.bytes_retrans += 10000;
		xtcp_cc_notify(&r.tcb, XTCP_CC_DONE, r.now);
		CHECK_ROW(tab[i].cc->name, r.tcb.cwnd, tab[i].ssthresh / 2);
	}
}
