// SPDX-License-Identifier: GPL-2.0
/*
 * Initial sequence numbers and timestamp offsets: RFC 9293 3.4.1 (MUST-8,
 * MUST-9, SHLD-1), RFC 6528, RFC 7323 5.4.
 */
#include "core.h"
#include "harness.h"

static const struct xtcp_flow flow = {
	.saddr = { 0, 0, 0xffff0000, 0x0100000a },
	.daddr = { 0, 0, 0xffff0000, 0x0200000a },
	.sport = 0x1234, .dport = 0x5000,
};

static struct xtcp_params params(void)
{
	struct xtcp_params par;

	xtcp_params_init(&par);
	par.isn_key[0] = 0x1111;
	par.isn_key[1] = 0x2222;
	return par;
}

/* A tick of about 4 us: 250,000 ticks a second within a few per cent. */
UNIT(isn_clock)
{
	struct xtcp_params par = params();
	u32 a = xtcp_isn(&par, &flow, 1000 * XTCP_NSEC_PER_SEC);
	u32 b = xtcp_isn(&par, &flow, 1001 * XTCP_NSEC_PER_SEC);

	CHECK(b - a > 240000 && b - a < 260000);
	CHECK_EQ(a, xtcp_isn(&par, &flow, 1000 * XTCP_NSEC_PER_SEC));
	/* Exactly 4096 ns: check after a day, when any deviation is large. */
	CHECK_EQ(xtcp_isn(&par, &flow, 4096 * 1000000ULL) - xtcp_isn(&par, &flow, 0),
		 1000000);
	CHECK_EQ(xtcp_isn(&par, &flow, 4095), xtcp_isn(&par, &flow, 0));
}

UNIT(isn_ascends_for_one_pair)
{
	struct xtcp_params par = params();
	u32 last = xtcp_isn(&par, &flow, 0), next;
	u64 now;

	for (now = 10000; now < 10000000; now += 10000, last = next) {
		next = xtcp_isn(&par, &flow, now);
		CHECK(seq_gt(next, last));
	}
}

/* Every part of the flow and every word of the key changes the result. */
UNIT(isn_depends_on_all)
{
	struct xtcp_params par = params();
	u32 isn = xtcp_isn(&par, &flow, 0);
	struct xtcp_flow f;
	int i;

	for (i = 0; i < 4; i++) {
		f = flow;
		f.saddr[i] ^= 0x01000000;
		CHECK(xtcp_isn(&par, &f, 0) != isn);
		f = flow;
		f.daddr[i] ^= 0x01000000;
		CHECK(xtcp_isn(&par, &f, 0) != isn);
	}
	f = flow;
	f.sport++;
	CHECK(xtcp_isn(&par, &f, 0) != isn);
	f = flow;
	f.dport++;
	CHECK(xtcp_isn(&par, &f, 0) != isn);
	for (i = 0; i < 2; i++) {
		par = params();
		par.isn_key[i] ^= 1;
		CHECK(xtcp_isn(&par, &flow, 0) != isn);
	}
}

#define V4(last)	{ 0, 0, 0xffff0000, last }
#define ALL(word)	{ word, word, word, word }

/* Every bit of addresses and ports enters the hash. */
UNIT(isn_depends_on_every_bit)
{
	static const struct {
		struct xtcp_flow flow;
		u32 first;	/* first word of an address that may have any value */
	} bases[] = {
		{ { ALL(0), ALL(0), 0, 0 }, 0 },
		{ { ALL(~0U), ALL(~0U), 0xffff, 0xffff }, 0 },
		{ { V4(0), ALL(0), 0, 0 }, 0 },
		{ { ALL(0), V4(0), 0, 0 }, 0 },
		{ { V4(0), V4(0), 0, 0 }, 3 },
		{ { V4(~0U), V4(~0U), 0xffff, 0xffff }, 3 },
	};
	struct xtcp_params par = params();
	u32 i, word, bit;

	for (i = 0; i < ARRAY_SIZE(bases); i++) {
		u32 isn = xtcp_isn(&par, &bases[i].flow, 0);
		struct xtcp_flow f;

		for (word = bases[i].first; word < 4; word++)
			for (bit = 0; bit < 32; bit++) {
				f = bases[i].flow;
				f.saddr[word] ^= 1U << bit;
				CHECK(xtcp_isn(&par, &f, 0) != isn);
				f = bases[i].flow;
				f.daddr[word] ^= 1U << bit;
				CHECK(xtcp_isn(&par, &f, 0) != isn);
			}
		for (bit = 0; bit < 16; bit++) {
			f = bases[i].flow;
			f.sport ^= 1U << bit;
			CHECK(xtcp_isn(&par, &f, 0) != isn);
			f = bases[i].flow;
			f.dport ^= 1U << bit;
			CHECK(xtcp_isn(&par, &f, 0) != isn);
		}
	}
}

/* Adjacent ports: the differences are spread over the whole range. */
UNIT(isn_neighbours_unrelated)
{
	struct xtcp_params par = params();
	struct xtcp_flow f = flow;
	u32 last = xtcp_isn(&par, &f, 0), small = 0, i;

	for (i = 0; i < 1000; i++) {
		u32 next;

		f.sport++;
		next = xtcp_isn(&par, &f, 0);
		small += next - last + 0x1000000 < 0x2000000;
		last = next;
	}
	/* Expected by chance 1 in 128: about 8. */
	CHECK(small < 30);
}

UNIT(isn_timestamp_offset)
{
	struct xtcp_params par = params();
	u32 off = xtcp_ts_offset(&par, &flow);
	struct xtcp_flow f = flow;

	/* The same pair has the same offset: TIME-WAIT compares timestamps of incarnations. */
	CHECK_EQ(xtcp_ts_offset(&par, &flow), off);
	f.dport++;
	CHECK(xtcp_ts_offset(&par, &f) != off);
	/* The ISN, which is public, must not reveal the offset. */
	CHECK(off != xtcp_isn(&par, &flow, 0));
	par.isn_key[0]++;
	CHECK(xtcp_ts_offset(&par, &flow) != off);
	CHECK_EQ(xtcp_ts_clock(5 * XTCP_NSEC_PER_SEC), 5000);
}
