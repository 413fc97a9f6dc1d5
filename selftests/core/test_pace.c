// SPDX-License-Identifier: GPL-2.0
/*
 * Pacing: release times at the pacing rate. MSS 1000, RTT 40 ms.
 */
#include "core.h"
#include "harness.h"

static void pace_init(struct xtcp_tcb *tcb, struct xtcp_params *par)
{
	xtcp_params_init(par);
	xtcp_tcb_init(tcb, par);
	tcb->mss = 1000;
}

/* The length of a burst, up to 65,536 bytes; MSS 1000, RTT 40 ms unless given. */
UNIT(pace_burst)
{
	static const struct {
		u32 cwnd, ssthresh, srtt_us, min_rtt_us, most, burst;
	} tab[] = {
		/* Congestion avoidance: 1/1024 s at 1.2 windows in a round trip */
		{ 1000000, 1000000, 40000, 40000, 65536, 29296 },
		/* Slow start: twice the window */
		{ 1000000, ~0U, 40000, 40000, 65536, 48828 },
		/* Limit of the device */
		{ 2000000, ~0U, 40000, 40000, 65536, 65536 },
		/* At least two segments */
		{ 10000, ~0U, 40000, 40000, 65536, 2000 },
		/* But not beyond the limit of the device */
		{ 10000, ~0U, 40000, 40000, 1500, 1500 },
		/* RTT up to 511 us: the maximum */
		{ 10000, ~0U, 40000, 511, 65536, 65536 },
		/* From 512 us: half of it, plus the part of the rate */
		{ 10000, ~0U, 40000, 512, 65536, 32768 + 488 },
		/* 1 ms: a quarter */
		{ 10000, ~0U, 40000, 1024, 65536, 16384 + 488 },
		/* 16 ms and more: only the part of the rate */
		{ 10000, ~0U, 40000, 32 * 512, 65536, 2000 },
		/* 31 halvings: what is left of 2^31 is 1 */
		{ 1000000, 1000000, 40000, 31 * 512, 1U << 31, 29296 + 1 },
		/* No RTT sample: the maximum */
		{ 10000, ~0U, 0, ~0U, 65536, 65536 },
	};
	struct xtcp_params par;
	struct xtcp_tcb tcb;
	unsigned int i;

	pace_init(&tcb, &par);
	for (i = 0; i < ARRAY_SIZE(tab); i++) {
		tcb.cwnd = tab[i].cwnd;
		tcb.ssthresh = tab[i].ssthresh;
		tcb.srtt8_us = 8 * tab[i].srtt_us;
		tcb.min_rtt_us = tab[i].min_rtt_us;
		CHECK_EQ(xtcp_pace_burst(&tcb, tab[i].most), tab[i].burst);
	}

	/* 32 us are two times 2^4; with 0 no path is short, from 32 on each. */
	tcb.cwnd = 10000;
	tcb.srtt8_us = 8 * 40000;
	tcb.min_rtt_us = 2 << 4;
	par.tso_rtt_log = 4;
	CHECK_EQ(xtcp_pace_burst(&tcb, 65536), 16384 + 488);
	par.tso_rtt_log = 0;
	CHECK_EQ(xtcp_pace_burst(&tcb, 65536), 2000);
	tcb.min_rtt_us = 1U << 31;
	par.tso_rtt_log = 31;
	CHECK_EQ(xtcp_pace_burst(&tcb, 65536), 32768 + 488);
	tcb.min_rtt_us = ~0U;
	par.tso_rtt_log = 32;
	CHECK_EQ(xtcp_pace_burst(&tcb, 65536), 65536);
}

/* SO_MAX_PACING_RATE applies also to an algorithm without pacing. */
UNIT(pace_max)
{
	struct xtcp_params par;
	struct xtcp_tcb tcb;

	pace_init(&tcb, &par);
	tcb.cwnd = 100000;
	tcb.ssthresh = ~0U;
	tcb.srtt8_us = 8 * 40000;
	CHECK(!(tcb.flags & XTCP_F_PACED));
	xtcp_set_pacing_max(&tcb, 1000000);
	CHECK(tcb.flags & XTCP_F_PACED);
	CHECK_EQ(xtcp_pace_burst(&tcb, 60000), 2000);
	par.min_tso_segs = 5;
	CHECK_EQ(xtcp_pace_burst(&tcb, 60000), 5000);
	CHECK_EQ(xtcp_pace_burst(&tcb, 3000), 3000);
	par.min_tso_segs = 2;
	xtcp_pace_sent(&tcb, 1000, XTCP_NSEC_PER_SEC);
	/* At most 1 ms of lateness is made up for. */
	CHECK_EQ(xtcp_pace_release(&tcb, XTCP_NSEC_PER_SEC), 0);
	xtcp_pace_sent(&tcb, 1000, XTCP_NSEC_PER_SEC);
	CHECK_EQ(xtcp_pace_release(&tcb, XTCP_NSEC_PER_SEC),
		 XTCP_NSEC_PER_SEC + XTCP_NSEC_PER_MSEC);
	CHECK(tcb.flags & XTCP_F_PACE_WAIT);
	CHECK(xtcp_dl_is_set(&tcb, XTCP_DL_PACE));
	/* 60 MB/s: a burst is 1 ms of data. */
	xtcp_set_pacing_max(&tcb, 60ULL << 20);
	tcb.pacing_rate = ~0ULL >> 1;
	CHECK_EQ(xtcp_pace_burst(&tcb, 65000), 60 << 10);
	xtcp_set_pacing_max(&tcb, ~0ULL);
	CHECK(!(tcb.flags & XTCP_F_PACED));
}

/*
 * A rate of some bytes a second, estimated when the path was down for a while, must not
 * stall the connection; a limit of the application is respected until it is raised.
 */
UNIT(pace_longest)
{
	u64 now = 100 * XTCP_NSEC_PER_SEC;
	struct xtcp_params par;
	struct xtcp_tcb tcb;

	pace_init(&tcb, &par);
	tcb.state = XTCP_ESTABLISHED;
	tcb.pacing_rate = 6;
	tcb.pace_next = now;
	xtcp_pace_sent(&tcb, 2000, now);
	CHECK_EQ(xtcp_pace_release(&tcb, now), now + XTCP_NSEC_PER_SEC);
	tcb.pace_next = now;
	xtcp_set_pacing_max(&tcb, 10);
	tcb.pacing_rate = ~0ULL >> 1;
	xtcp_pace_sent(&tcb, 2000, now);
	CHECK_EQ(xtcp_pace_release(&tcb, now), now + 200 * XTCP_NSEC_PER_SEC);
	xtcp_set_pacing_max(&tcb, 5);
	CHECK_EQ(xtcp_pace_release(&tcb, now), now + 200 * XTCP_NSEC_PER_SEC);
	xtcp_set_pacing_max(&tcb, 5);
	CHECK_EQ(xtcp_pace_release(&tcb, now), now + 200 * XTCP_NSEC_PER_SEC);
	xtcp_set_pacing_max(&tcb, 1000000);
	CHECK_EQ(xtcp_pace_release(&tcb, now), 0);
	CHECK(tcb.flags & XTCP_F_PACE_WAIT);
	CHECK_EQ(xtcp_deadline(&tcb), 0);
}

/* When pacing ends, output that waited for its release time is due at once. */
UNIT(pace_off_wakes)
{
	struct xtcp_params par;
	struct xtcp_tcb tcb;

	pace_init(&tcb, &par);
	xtcp_cc_set(&tcb, xtcp_cc_find("bbr"), XTCP_NSEC_PER_SEC);
	tcb.pacing_rate = 1000;
	xtcp_pace_sent(&tcb, 1000, XTCP_NSEC_PER_SEC);
	xtcp_pace_sent(&tcb, 1000, XTCP_NSEC_PER_SEC);
	CHECK(tcb.flags & XTCP_F_PACE_WAIT);
	CHECK(xtcp_deadline(&tcb) > 2 * XTCP_NSEC_PER_SEC);
	xtcp_cc_set(&tcb, xtcp_cc_find("reno"), XTCP_NSEC_PER_SEC);
	CHECK_EQ(xtcp_deadline(&tcb), 0);
}

/* Output up to 250 us before its release time is allowed; otherwise it waits. */
UNIT(pace_ahead)
{
	static const struct {
		u64 ahead;	/* ns, until the next release time */
		bool wait;
	} tab[] = {
		{ 0, false }, { 1, false }, { 250000, false }, { 250001, true },
		{ 1000000, true },
	};
	u64 now = XTCP_NSEC_PER_SEC;
	struct xtcp_params par;
	struct xtcp_tcb tcb;
	u32 i;

	xtcp_params_init(&par);
	for (i = 0; i < ARRAY_SIZE(tab); i++) {
		xtcp_tcb_init(&tcb, &par);
		tcb.pacing_rate = 1000000;
		/* 1000 bytes take 1 ms. */
		tcb.pace_next = now + tab[i].ahead - XTCP_NSEC_PER_MSEC;
		xtcp_pace_sent(&tcb, 1000, now);
		CHECK_EQ(tcb.pace_next - now, tab[i].ahead);
		CHECK_EQ(!!(tcb.flags & XTCP_F_PACE_WAIT), tab[i].wait);
		CHECK_EQ(xtcp_dl_is_set(&tcb, XTCP_DL_PACE), tab[i].wait);
		if (tab[i].wait)
			CHECK_EQ(xtcp_deadline(&tcb), tcb.pace_next - 250000);
	}
}

/* Without a pacing rate, sending does not delay later output. */
UNIT(pace_no_rate)
{
	struct xtcp_params par;
	struct xtcp_tcb tcb;

	xtcp_params_init(&par);
	xtcp_tcb_init(&tcb, &par);
	tcb.pacing_rate = 0;
	xtcp_pace_sent(&tcb, 65536, XTCP_NSEC_PER_SEC);
	CHECK_EQ(tcb.pace_next, 0);
	CHECK(!(tcb.flags & XTCP_F_PACE_WAIT));
	CHECK(!xtcp_dl_is_set(&tcb, XTCP_DL_PACE));
}

/* The lowest limit is 1 byte a second; raising it wakes output only if some waits. */
UNIT(pace_max_least)
{
	struct xtcp_params par;
	struct xtcp_tcb tcb;

	xtcp_params_init(&par);
	xtcp_tcb_init(&tcb, &par);
	tcb.pacing_rate = 1000000;
	xtcp_set_pacing_max(&tcb, 0);
	CHECK_EQ(xtcp_pacing_rate(&tcb), 1);
	xtcp_set_pacing_max(&tcb, 1);
	CHECK_EQ(xtcp_pacing_rate(&tcb), 1);
	xtcp_set_pacing_max(&tcb, 1000);
	CHECK_EQ(xtcp_pacing_rate(&tcb), 1000);
	CHECK(!xtcp_dl_is_set(&tcb, XTCP_DL_PACE));
}

UNIT(pace_rate)
{
	static const struct {
		u32 cwnd, ssthresh, srtt_us;
		u64 rate;
	} tab[] = {
		{ 10000, ~0U, 40000, 500000 },		/* slow start: 200 % */
		{ 10000, 10000, 40000, 300000 },	/* avoidance: 120 % */
		{ 10000, 20002, 40000, 500000 },	/* below half: slow start */
		{ 10000, 20000, 40000, 300000 },	/* half: avoidance */
		{ 1U << 30, 1U << 30, 1000, 1288490188800ULL },
		{ 10000, ~0U, 0, 20000000000ULL },	/* no RTT sample: practically unlimited */
	};
	struct xtcp_params par;
	struct xtcp_tcb tcb;
	u32 i;

	xtcp_params_init(&par);
	for (i = 0; i < ARRAY_SIZE(tab); i++) {
		xtcp_tcb_init(&tcb, &par);
		tcb.cwnd = tab[i].cwnd;
		tcb.ssthresh = tab[i].ssthresh;
		tcb.srtt8_us = tab[i].srtt_us * 8;
		xtcp_pace_update(&tcb);
		CHECK_EQ(tcb.pacing_rate, tab[i].rate);
		CHECK_EQ(xtcp_pacing_rate(&tcb), tab[i].rate);
	}
	/* The rate that is reported without pacing, and with a limit. */
	tcb.pacing_rate = 0;
	CHECK_EQ(xtcp_pacing_rate(&tcb), tab[i - 1].rate);
	xtcp_set_pacing_max(&tcb, 1000);
	CHECK_EQ(xtcp_pacing_rate(&tcb), 1000);
}

/* The time that a packet takes, for all rates. */
UNIT(pace_interval)
{
	static const struct {
		u64 rate;
		u32 len;
		u64 ns;
	} tab[] = {
		{ 1, 65536, 65536 * XTCP_NSEC_PER_SEC },
		{ 125000000, 65536, 524288 },			/* 1 Gbit/s */
		{ ~0U, 65536, 15258 },				/* 34 Gbit/s: the highest rate in 32 bits */
		{ ~0U, 160868, 37454 },			/* by all of the 32 bits */
		{ 1ULL << 32, 65536, 15258 },
		{ 12500000000ULL, 65536, 5242 },		/* 100 Gbit/s */
		{ 50000000000ULL, 65536, 1310 },		/* 400 Gbit/s */
		{ ~0ULL >> 1, 65536, 0 },
	};
	u64 now = 1000 * XTCP_NSEC_PER_SEC;
	struct xtcp_params par;
	struct xtcp_tcb tcb;
	u32 i;

	xtcp_params_init(&par);
	for (i = 0; i < ARRAY_SIZE(tab); i++) {
		xtcp_tcb_init(&tcb, &par);
		tcb.pacing_rate = ~0ULL >> 1;
		tcb.pacing_max = tab[i].rate;
		tcb.pace_next = now;
		xtcp_pace_sent(&tcb, tab[i].len, now);
		CHECK_EQ(tcb.pace_next - now, tab[i].ns);
	}
}
