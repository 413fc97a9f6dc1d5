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
	init(&tcb, &par);
	xtcp_rtt_sample(&tcb, ~0u);
	CHECK_EQ(tcb.srtt8_us, par.rto_max_us * 8);
}

/* A sample of 0 counts as the granularity of the clock. */
UNIT(rtt_zero)
{
	struct xtcp_params par;
	struct xtcp_tcb tcb;

	init(&tcb, &par);
	xtcp_rtt_sample(&tcb, 0);
	CHECK_EQ(tcb.srtt8_us, 8);
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

#define NOW	(1000 * XTCP_NSEC_PER_SEC)

/* An ACK without a send time, or from before it, is no sample. */
UNIT(rtt_acked_by_send_time)
{
	struct xtcp_ack none = { .now = NOW }, early = { .now = NOW, .sent_at = NOW + 1 };
	struct xtcp_ack good = { .now = NOW, .sent_at = NOW - 5 * XTCP_NSEC_PER_MSEC };
	struct xtcp_params par;
	struct xtcp_tcb tcb;

	init(&tcb, &par);
	xtcp_rtt_acked(&tcb, &none);
	xtcp_rtt_acked(&tcb, &early);
	CHECK_EQ(tcb.srtt8_us, 0);
	xtcp_rtt_acked(&tcb, &good);
	CHECK_EQ(tcb.srtt8_us, 40000);
	CHECK_EQ(good.rtt_us, 5000);
}

/* A timestamp as old as the longest RTO is a sample; an older one is not. */
UNIT(rtt_acked_by_timestamp)
{
	struct xtcp_ack ack = { .now = NOW, .ts = true };
	struct xtcp_params par;
	struct xtcp_tcb tcb;
	u32 oldest;

	init(&tcb, &par);
	oldest = xtcp_ts_clock(NOW) + tcb.ts_off - par.rto_max_us / 1000;
	ack.tsecr = oldest - 1;
	xtcp_rtt_acked(&tcb, &ack);
	CHECK_EQ(tcb.srtt8_us, 0);
	ack.tsecr = oldest;
	xtcp_rtt_acked(&tcb, &ack);
	CHECK_EQ(tcb.srtt8_us, par.rto_max_us * 8);
}

/* Which SYNs after the handshake yield an RTT sample, by their timestamp. */
UNIT(rtt_synack_again)
{
	static const struct {
		u16 flags;
		u32 seq;
		u32 ack;
		u32 age;	/* ms */
		u8 opts;	/* that were agreed on */
		u32 srtt8;
	} tab[] = {
		{ XTCP_SYN | XTCP_ACK, 700, 501, 100, XTCP_OPT_TS, 800000 },
		{ XTCP_SYN | XTCP_ACK, 700, 501, 999, XTCP_OPT_TS, 7992000 },
		{ XTCP_SYN | XTCP_ACK, 700, 501, 1000, XTCP_OPT_TS, 0 },
		{ XTCP_SYN, 700, 501, 100, XTCP_OPT_TS, 0 },
		{ XTCP_SYN | XTCP_ACK, 701, 501, 100, XTCP_OPT_TS, 0 },
		{ XTCP_SYN | XTCP_ACK, 700, 500, 100, XTCP_OPT_TS, 0 },
		{ XTCP_SYN | XTCP_ACK, 700, 501, 100, 0, 0 },
		/* TSecr is 0. */
		{ XTCP_SYN | XTCP_ACK, 700, 501, 300, XTCP_OPT_TS, 0 },
	};
	struct xtcp_params par;
	struct xtcp_tcb tcb;
	u32 i;

	for (i = 0; i < ARRAY_SIZE(tab); i++) {
		struct xtcp_seg seg = {
			.flags = tab[i].flags, .seq = tab[i].seq, .ack = tab[i].ack,
			.tsecr = 300 - tab[i].age,
		};

		init(&tcb, &par);
		tcb.iss = 500;
		tcb.irs = 700;
		tcb.opts = tab[i].opts;
		tcb.ts_off = 300 - xtcp_ts_clock(NOW);
		xtcp_rtt_synack_again(&tcb, &seg, NOW);
		CHECK_EQ(tcb.srtt8_us, tab[i].srtt8);
		xtcp_rtt_synack_again(&tcb, &seg, NOW);
		CHECK_EQ(tcb.srtt8_us, tab[i].srtt8);
	}
}
