// SPDX-License-Identifier: GPL-2.0
/*
 * Slow start and congestion avoidance: RFC 5681 3.1, byte counting.
 */
#include "core.h"
#include "harness.h"

static void init(struct xtcp_tcb *tcb, struct xtcp_params *par, u32 cwnd, u32 ssthresh)
{
	xtcp_params_init(par);
	xtcp_tcb_init(tcb, par);
	tcb->mss = 1000;
	tcb->cwnd = cwnd;
	tcb->ssthresh = ssthresh;
}

static void acked(struct xtcp_tcb *tcb, u32 bytes)
{
	struct xtcp_ack ack = { .delivered = bytes, .una = bytes };

	xtcp_cc_reno.acked(tcb, &ack);
}

UNIT(reno_slow_start)
{
	struct xtcp_params par;
	struct xtcp_tcb tcb;

	init(&tcb, &par, 10000, ~0u);
	acked(&tcb, 1000);
	CHECK_EQ(tcb.cwnd, 11000);
	acked(&tcb, 11000);
	CHECK_EQ(tcb.cwnd, 22000);
}

/* One segment per window, however the ACKs are cut. */
UNIT(reno_avoidance)
{
	static const u32 cuts[] = { 1, 10, 500, 1000, 2500, 10000 };
	u32 i, k;

	for (i = 0; i < ARRAY_SIZE(cuts); i++) {
		struct xtcp_params par;
		struct xtcp_tcb tcb;

		init(&tcb, &par, 10000, 5000);
		for (k = 0; k < 10000 - cuts[i]; k += cuts[i])
			acked(&tcb, cuts[i]);
		CHECK_EQ(tcb.cwnd, 10000);
		acked(&tcb, cuts[i]);
		CHECK_EQ(tcb.cwnd, 11000);
	}
}

/* Slow start ends exactly at ssthresh; the rest counts for avoidance. */
UNIT(reno_across_ssthresh)
{
	struct xtcp_params par;
	struct xtcp_tcb tcb;

	init(&tcb, &par, 4500, 5000);
	acked(&tcb, 2500);
	CHECK_EQ(tcb.cwnd, 5000);
	CHECK_EQ((u32)tcb.cc_priv[0], 2000);
	acked(&tcb, 3000);
	CHECK_EQ(tcb.cwnd, 6000);
}

/* What a large ACK has left over counts for the next segment. */
UNIT(reno_remainder)
{
	struct xtcp_params par;
	struct xtcp_tcb tcb;

	init(&tcb, &par, 10000, 5000);
	acked(&tcb, 12500);
	CHECK_EQ(tcb.cwnd, 11000);
	CHECK_EQ((u32)tcb.cc_priv[0], 2500);
	acked(&tcb, 8500);
	CHECK_EQ(tcb.cwnd, 12000);
}

/* From the flight, not from cwnd; at least two segments (equation 4). */
UNIT(reno_ssthresh)
{
	struct xtcp_params par;
	struct xtcp_tcb tcb;

	init(&tcb, &par, 100000, ~0u);
	CHECK_EQ(xtcp_cc_reno.ssthresh(&tcb, XTCP_CC_LOSS, 60000), 30000);
	CHECK_EQ(xtcp_cc_reno.ssthresh(&tcb, XTCP_CC_LOSS, 3000), 2000);
	CHECK_EQ(xtcp_cc_reno.ssthresh(&tcb, XTCP_CC_LOSS, 0), 2000);
}

static const struct script cwnd_in_use[] = {
	{ "a window that is not used does not grow", "established\nwrite 1000\n> PA 1+1000\n< A 1 ack 1001\n= cwnd 10000\n" },
	{ "half used in slow start: it grows", "established\nwrite 6000\n> PA 1+6000\n< A 1 ack 6001\n= cwnd 16000\n" },
	{ "in full use: it doubles", "established\nwrite 60000\n> A 1+10000\n< A 1 ack 10001\n= cwnd 20000\n> A 10001+20000\n" },
};
SCRIPTS(cwnd_in_use);
