// SPDX-License-Identifier: GPL-2.0
/*
 * Round-trip time and RTO by RFC 6298, against a computation in exact
 * fractions, and Karn's rule by the send map and by timestamps.
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

/* The variance term has a floor of rto_min, the whole a ceiling of rto_max. */
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

/* A clock that stands still: 0 counts as its granularity. */
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

#define RTT(t, from, to) "write 100\n> PA " #from "+100\n+ " #t "\n< A 1 ack " #to "\n"

static const struct script min_rtt[] = {
	{ "the shortest of all at first", "established\n" RTT(50ms, 1, 101) "= min_rtt_us 1\n" },
	{ "forgotten after two half windows of 150 s", "established\n+ 151s\n" RTT(50ms, 1, 101) "= min_rtt_us 1\n"
	  "+ 151s\n" RTT(40ms, 101, 201) "= min_rtt_us 40000\n" RTT(60ms, 201, 301) "= min_rtt_us 40000\n"
	  "+ 151s\n" RTT(70ms, 301, 401) "= min_rtt_us 40000\n+ 151s\n" RTT(80ms, 401, 501) "= min_rtt_us 70000\n" },
};
SCRIPTS(min_rtt);

static const struct script karn[] = {
	{ "data sent once is a sample",
	  "established\nwrite 100\n> PA 1+100\n+ 80ms\n< A 1 ack 101\n= srtt8_us 80007\n" },
	{ "no sample from what was sent twice", "established\nwrite 100\n> PA 1+100\n~ 200001us\n> PA 1+100\n+ 10ms\n"
	  "< A 1 ack 101\n= srtt8_us 8\n= backoff 1\n" },
	{ "the back-off ends with the next good one", "established\nwrite 100\n> PA 1+100\n~ 200001us\n> PA 1+100\n"
	  "< A 1 ack 101\n= backoff 1\nwrite 100\n> PA 101+100\n~ 400002us\n> PA 101+100\n< A 1 ack 201\n= backoff 2\n"
	  "write 100\n> PA 201+100\n+ 10ms\n< A 1 ack 301\n= backoff 0\n" },
	{ "and not before an MSL was waited", "par timewait_ms 1000\nestablished\nwrite 100\n> PA 1+100\n~ 200001us\n> PA 1+100\n"
	  "~ 400002us\n> PA 1+100\n+ 10ms\n< A 1 ack 101\n= backoff 2\n" },
	{ "then no original is left", "par timewait_ms 1000\nestablished\nwrite 100\n> PA 1+100\n~ 200001us\n> PA 1+100\n"
	  "~ 400002us\n> PA 1+100\n~ 800004us\n> PA 1+100\n+ 10ms\n< A 1 ack 101\n= backoff 0\n= srtt8_us 8\n" },
	{ "with timestamps a retransmission is one, too", "established ts\nwrite 100\n> PA 1+100\n~ 200001us\n> PA 1+100\n"
	  "+ 10ms\n< A 1 ack 101\n= backoff 0\n= min_rtt_us 1\n" },
	{ "not with a D-SACK: the ACK of the original was lost", "established ts sack\npar tlp 0\nwrite 100\n> PA 1+100\n~ 200001us\n> PA 1+100\n"
	  "+ 10ms\n< A 1 ack 101 tsecr 0 sack 1-101\n= srtt8_us 8\n" },
	{ "a TSecr from the future is not believed", "established ts\nwrite 100\n> PA 1+100\n~ 200001us\n> PA 1+100\n"
	  "< A 1 ack 101 ts 0xffffffff 0x12345678\n= srtt8_us 8\n" },
	{ "the newest of several", "established\nset nodelay 1\nwrite 100\n> PA 1+100\n+ 50ms\nwrite 100\n> PA 101+100\n"
	  "+ 50ms\n< A 1 ack 201\n= min_rtt_us 1\n= srtt8_us 50007\n" },
};
SCRIPTS(karn);
