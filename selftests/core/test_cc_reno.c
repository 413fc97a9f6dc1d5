// SPDX-License-Identifier: GPL-2.0
/*
 * Slow start and congestion avoidance: RFC 5681 3.1, byte counting.
 */
#include "cc_rig.h"
#include "harness.h"

UNIT(reno_slow_start)
{
	struct cc_rig r;

	cc_rig_init(&r, &xtcp_cc_reno, 1000, 10000, ~0U);
	cc_rig_ack(&r, 1000, 0, true);
	CHECK_EQ(r.tcb.cwnd, 11000);
	cc_rig_ack(&r, 11000, 0, true);
	CHECK_EQ(r.tcb.cwnd, 22000);
}

/* One segment for each window, however it is divided into ACKs. */
UNIT(reno_avoidance)
{
	static const u32 cuts[] = { 1, 10, 500, 1000, 2500, 10000 };
	u32 i, k;

	for (i = 0; i < ARRAY_SIZE(cuts); i++) {
		struct cc_rig r;

		cc_rig_init(&r, &xtcp_cc_reno, 1000, 10000, 5000);
		for (k = 0; k < 10000 - cuts[i]; k += cuts[i])
			cc_rig_ack(&r, cuts[i], 0, true);
		CHECK_EQ(r.tcb.cwnd, 10000);
		cc_rig_ack(&r, cuts[i], 0, true);
		CHECK_EQ(r.tcb.cwnd, 11000);
	}
}

/* Slow start ends exactly at ssthresh; the rest of the ACK counts for avoidance. */
UNIT(reno_across_ssthresh)
{
	struct cc_rig r;

	cc_rig_init(&r, &xtcp_cc_reno, 1000, 4500, 5000);
	cc_rig_ack(&r, 2500, 0, true);
	CHECK_EQ(r.tcb.cwnd, 5000);
	cc_rig_ack(&r, 2999, 0, true);
	CHECK_EQ(r.tcb.cwnd, 5000);
	cc_rig_ack(&r, 1, 0, true);
	CHECK_EQ(r.tcb.cwnd, 6000);
}

/* The remainder of a large ACK counts for the next segment. */
UNIT(reno_remainder)
{
	struct cc_rig r;

	cc_rig_init(&r, &xtcp_cc_reno, 1000, 10000, 5000);
	cc_rig_ack(&r, 12500, 0, true);
	CHECK_EQ(r.tcb.cwnd, 11000);
	cc_rig_ack(&r, 8499, 0, true);
	CHECK_EQ(r.tcb.cwnd, 11000);
	cc_rig_ack(&r, 1, 0, true);
	CHECK_EQ(r.tcb.cwnd, 12000);
}

/* ssthresh from FlightSize, not cwnd; at least two segments (equation 4). */
UNIT(reno_ssthresh)
{
	static const struct {
		const char *name;
		enum xtcp_cc_event why;
		u32 flight;
		u32 want;
	} tab[] = {
		{ "loss", XTCP_CC_LOSS, 60000, 30000 },
		{ "timeout", XTCP_CC_TIMEOUT, 60000, 30000 },
		{ "ECN (RFC 8511)", XTCP_CC_ECN, 60000, 48000 },
		{ "two segments", XTCP_CC_LOSS, 3000, 2000 },
		{ "nothing in flight", XTCP_CC_TIMEOUT, 0, 2000 },
	};
	u32 i;

	for (i = 0; i < ARRAY_SIZE(tab); i++) {
		struct cc_rig r;

		cc_rig_init(&r, &xtcp_cc_reno, 1000, 100000, ~0U);
		CHECK_ROW(tab[i].name, xtcp_cc_reno.ssthresh(&r.tcb, tab[i].why,
							     tab[i].flight),
			  tab[i].want);
	}
}

/* The window does not exceed the maximum (RFC 7323, 2.3). */
UNIT(reno_largest)
{
	struct cc_rig r;
	u32 i;

	cc_rig_init(&r, &xtcp_cc_reno, 1000, XTCP_CWND_MAX - 500, ~0U);
	for (i = 0; i < 10; i++)
		cc_rig_ack(&r, 1000, 0, true);
	CHECK_EQ(r.tcb.cwnd, XTCP_CWND_MAX);
}
