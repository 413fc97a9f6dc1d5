// SPDX-License-Identifier: GPL-2.0
/*
 * When to acknowledge: RFC 9293 3.8.6.3 (MUST-40, SHLD-18, SHLD-19), RFC 5681
 * 4.2, MUST-58, MUST-59.
 */
#include "core.h"
#include "harness.h"

/* quickack 0 ends the first moments, in which every segment is answered. */
#define SETTLED "established\nset quickack 0\nset quickack 1\nset quickack 0\n"

/* Full segments were of 1000 bytes until now. */
#define FULL_1000 SETTLED "< A 1+1000\n< A 1001+1000\n> A 1 ack 2001\n"

static const struct script ackpolicy[] = {
	{ "the first sixteen at once", "established\n< A 1+10\n> A 1 ack 11\n= quickack 15\n" },
	{ "delayed", SETTLED "< A 1+10\n> no\n~ 40ms\n> A 1 ack 11\n" },
	{ "two full segments at once (SHLD-19)", SETTLED "< A 1+1000\n> no\n< A 1001+1000\n> A 1 ack 2001\nno-timer\n" },
	{ "a reader far behind acknowledges himself", SETTLED "< A 1+8000 nsegs 8\n> A 1 ack 8001\n< A 8001+2000 nsegs 2\n> no\nread 10000\n> A 1 ack 10001\n" },
	{ "or the delay does", SETTLED "< A 1+8000 nsegs 8\n> A 1 ack 8001\n< A 8001+2000 nsegs 2\n> no\n~ 40ms\n> A 1 ack 10001\n" },
	{ "a reader a little behind does not", SETTLED "< A 1+7000 nsegs 7\n> A 1 ack 7001\n< A 7001+2000 nsegs 2\n> A 1 ack 9001\n" },
	{ "a merged run is more than two", SETTLED "< A 1+5000 nsegs 5\n> A 1 ack 5001\n" },
	{ "many small ones wait together (MUST-58)", SETTLED "< A 1+10\n< A 11+10\n< A 21+10\n> no\n~ 40ms\n> A 1 ack 31\n" },
	{ "the deadline is the first one's", SETTLED "< A 1+10\n+ 30ms\n< A 11+10\n~ 10ms\n> A 1 ack 21\n" },
	{ "smaller full segments, as of a smaller path MTU", FULL_1000 "< A 2001+500\n> no\n= rcv_mss 1000\n< A 2501+500\n> A 1 ack 3001\n= rcv_mss 500\n"
	  "< A 3001+500\n> no\n< A 3501+500\n> A 1 ack 4001\n" },
	{ "merged ones", FULL_1000 "read 2000\n< A 2001+1500 nsegs 3\n> A 1 ack 3501\n= rcv_mss 500\n< A 3501+500\n> no\n< A 4001+500\n> A 1 ack 4501\n" },
	{ "merged ones, the last shorter: not known", FULL_1000 "< A 2001+1400 nsegs 3\n> no\n= rcv_mss 1000\n" },
	{ "the ends of writes are not full", FULL_1000 "< PA 2001+400\n< PA 2401+400\n> no\n= rcv_mss 1000\n" },
	{ "but from 536 bytes on", FULL_1000 "< PA 2001+535\n< PA 2536+535\n> no\n= rcv_mss 1000\n"
	  "< PA 3071+536\n> no\n< PA 3607+536\n> A 1 ack 4143\n= rcv_mss 536\n" },
	{ "nor are two that differ", FULL_1000 "< A 2001+400\n< A 2401+500\n< A 2901+400\n> no\n= rcv_mss 1000\n" },
	{ "nor two with a full one between", FULL_1000 "< A 2001+500\n< A 2501+1000\n> no\n< A 3501+500\n> A 1 ack 4001\n= rcv_mss 1000\n" },
	{ "a larger one counts by its own size", FULL_1000 "read 2000\n< A 2001+100\n< A 2101+100\n> A 1 ack 2201\n= rcv_mss 100\n"
	  "< A 2201+1000\n> no\n= rcv_mss 1000\n< A 3201+1000\n> A 1 ack 4201\n" },
	{ "no smaller than 88 bytes", FULL_1000 "read 2000\n< A 2001+87\n< A 2088+87\n> no\n= rcv_mss 1000\n< A 2175+88\n< A 2263+88\n> A 1 ack 2351\n= rcv_mss 88\n" },
	{ "data takes it along", SETTLED "< A 1+10\nwrite 10\n> PA 1+10 ack 11\n+ 100ms\n> no\n" },
	{ "no answer: the next may wait longer", "established\nset quickack 0\n< A 1+10\n~ 40ms\n> A 1 ack 11\n" },
	{ "out of order: at once", SETTLED "< A 11+10\n> A 1 ack 1\n" },
	{ "each of them", SETTLED "< A 1001+1000\n> A 1 ack 1\n< A 2001+1000\n> A 1 ack 1\n< A 3001+1000\n> A 1 ack 1\n" },
	{ "filling a hole: at once", SETTLED "< A 1001+1000\n> A 1 ack 1\n< A 1+1000\n> A 1 ack 2001\n= got 2000\n" },
	{ "filling part of it: at once", SETTLED "< A 1001+1000\n> A 1 ack 1\n< A 1+10\n> A 1 ack 11\n" },
	{ "a duplicate: at once", SETTLED "< A 1+10\n~ 40ms\n> A 1 ack 11\n< A 1+10\n> A 1 ack 11\n" },
	{ "read, but an answer may come", SETTLED "< PA 1+10\nread 10\n> no\n~ 40ms\n> A 1 ack 11\n" },
	{ "two writes are no question", SETTLED "< PA 1+10\n< PA 11+10\n> no\nread 20\n> A 1 ack 21\nno-timer\n" },
	{ "and not before all is read", SETTLED "< PA 1+10\n< PA 11+10\nread 19\n> no\nread 1\n> A 1 ack 21\n" },
	{ "a FIN may wait for ours", SETTLED "< FA 1\n> no\nshutdown\n> FA 1 ack 2\n" },
	{ "but not longer than data", SETTLED "< FA 1\n> no\n~ 40ms\n> A 1 ack 2\n" },
	{ "a FIN that ends both directions: at once", SETTLED "shutdown\n> FA 1\n< FA 1 ack 2\n> A 2 ack 2\n" },
	{ "half of a small window", "established space 1000 max 1000\nset quickack 0\n< A 1+499\n> no\n< A 500+1\n> A 1 ack 501\n" },
	{ "a pure ACK is not acknowledged", "established\n< A 1\n> no\nno-timer\n" },
};
SCRIPTS(ackpolicy);

/* ms between two, and how many a second, at most. */
UNIT(ackpolicy_challenge)
{
	static const struct {
		u32 ms, max, gap;	/* gap: ms, 0: never */
	} rows[] = {
		{ 500, 0x7fffffff, 500 },
		{ 500, 3, 500 },
		{ 500, 2, 500 },
		{ 500, 1, 1000 },
		{ 100, 4, 250 },
		{ 500, 0, 0 },
	};
	u32 i;

	for (i = 0; i < ARRAY_SIZE(rows); i++) {
		struct xtcp_params par = {
			.challenge_ms = rows[i].ms, .challenge_max = rows[i].max,
		};
		struct xtcp_tcb tcb = { .par = &par };
		u64 at = 7 * XTCP_NSEC_PER_SEC, gap = rows[i].gap * XTCP_NSEC_PER_MSEC;

		CHECK_EQ(xtcp_ack_challenge(&tcb, at), !!gap);
		CHECK_EQ(tcb.ack_pending, gap ? XTCP_ACKP_NOW : 0);
		CHECK(!gap || !xtcp_ack_challenge(&tcb, at + gap - 1));
		CHECK_EQ(xtcp_ack_challenge(&tcb, at + gap), !!gap);
	}
	{
		struct xtcp_params par = { .challenge_max = 0x7fffffff };
		struct xtcp_tcb tcb = { .par = &par };

		CHECK(xtcp_ack_challenge(&tcb, 1));
		CHECK(xtcp_ack_challenge(&tcb, 2));
	}
}

#define PUSHED	(XTCP_ACKP_DELAYED | XTCP_ACKP_PUSHED)
#define TWICE	(PUSHED | XTCP_ACKP_TWICE)

/* One segment of @len where 1000 is full, after @pending; all of it read. */
static const struct {
	u8 pending;
	u16 len;
	u16 flags;
	u8 then;
	bool at_once;		/* no dialogue; */
	bool in_dialogue;	/* or one */
} pushes[] = {
	{ 0,			1000, XTCP_ACK,			XTCP_ACKP_DELAYED, false, false },
	{ 0,			1000, XTCP_ACK | XTCP_PSH,	PUSHED, true, false },
	{ 0,			999, XTCP_ACK,			PUSHED, true, false },
	{ PUSHED,		10, XTCP_ACK,			TWICE, true, true },
	{ PUSHED,		1000, XTCP_ACK | XTCP_PSH,	PUSHED, true, false },
	{ XTCP_ACKP_DELAYED,	10, XTCP_ACK,			PUSHED, true, false },
};

UNIT(ackpolicy_read)
{
	struct xtcp_params par = { .delack_min_us = 40000 };
	u32 i;

	for (i = 0; i < ARRAY_SIZE(pushes); i++) {
		struct xtcp_tcb tcb = {
			.par = &par, .rcv_mss = 1000, .rcv_wnd = 60000,
			.ack_pending = pushes[i].pending, .rcv_nxt = pushes[i].len,
		};
		struct xtcp_seg seg = {
			.len = pushes[i].len, .nsegs = 1, .flags = pushes[i].flags,
		};

		xtcp_ack_data(&tcb, &seg, 0);
		CHECK_EQ(tcb.ack_pending, pushes[i].then);
		CHECK(!xtcp_ack_read(&tcb));
		tcb.rcv_read = tcb.rcv_nxt;
		CHECK_EQ(xtcp_ack_read(&tcb), pushes[i].at_once);
		tcb.flags = XTCP_F_PINGPONG;
		CHECK_EQ(xtcp_ack_read(&tcb), pushes[i].in_dialogue);
	}
}
