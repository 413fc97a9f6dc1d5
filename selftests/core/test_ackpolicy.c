// SPDX-License-Identifier: GPL-2.0
/*
 * When to acknowledge: RFC 9293 3.8.6.3 (MUST-40, SHLD-18, SHLD-19), RFC 5681
 * 4.2, MUST-58, MUST-59.
 */
#include "core.h"
#include "harness.h"

/* Minimum interval in ms, and the maximum in a second. */
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

/* A segment of @len arrives (1000 is a full one) with ACK state @pending; all is read. */
static const struct {
	u8 pending;
	u16 len;
	u16 flags;
	u8 then;
	bool at_once;		/* ACK at once, if there is no dialogue, */
	bool in_dialogue;	/* and if there is one (XTCP_F_PINGPONG) */
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

/* The reader acknowledges on its own: the window on a short path, otherwise a quarter. */
UNIT(ackpolicy_reader_behind)
{
	static const struct {
		u32 min_rtt_us, most;
	} paths[] = { { 999, 60000 }, { 1000, 15000 }, { ~0U, 15000 } };
	struct xtcp_params par = { .delack_min_us = 40000 };
	struct xtcp_seg seg = { .len = 1000, .nsegs = 1, .flags = XTCP_ACK };
	u32 i;

	for (i = 0; i < ARRAY_SIZE(paths); i++) {
		struct xtcp_tcb tcb = {
			.par = &par, .rcv_mss = 1000, .adv_mss = 1000, .rcv_wnd = 60000,
			.rcv_nxt = 100000, .rcv_read = 50000, .min_rtt_us = paths[i].min_rtt_us,
		};

		tcb.rcv_wup = tcb.rcv_nxt - paths[i].most + 1;
		xtcp_ack_data(&tcb, &seg, 0);
		CHECK_EQ(tcb.ack_pending, XTCP_ACKP_DELAYED);
		tcb.ack_pending = 0;
		tcb.rcv_wup = tcb.rcv_nxt - paths[i].most;
		xtcp_ack_data(&tcb, &seg, 0);
		CHECK_EQ(tcb.ack_pending, XTCP_ACKP_NOW);
	}
}

/* An ACK that is to be sent at once is not delayed as well; one that is due stays due. */
UNIT(ackpolicy_pending)
{
	struct xtcp_params par = { .delack_min_us = 40000 };
	struct xtcp_tcb tcb = {
		.par = &par, .rcv_mss = 1000, .adv_mss = 1000, .rcv_wnd = 60000, .quickack = 1,
	};
	struct xtcp_seg seg = { .len = 10, .nsegs = 1, .flags = XTCP_ACK };

	xtcp_ack_data(&tcb, &seg, 0);
	CHECK_EQ(tcb.ack_pending, XTCP_ACKP_NOW);
	tcb.ack_pending = XTCP_ACKP_DELAYED;
	xtcp_ack_now(&tcb);
	CHECK_EQ(tcb.ack_pending, XTCP_ACKP_DELAYED | XTCP_ACKP_NOW);
}

/* A caller that does not count segments has received one. */
UNIT(ackpolicy_uncounted)
{
	struct xtcp_params par = { .delack_min_us = 40000 };
	struct xtcp_tcb tcb = {
		.par = &par, .rcv_mss = 500, .adv_mss = 1000, .rcv_wnd = 60000,
	};
	struct xtcp_seg seg = { .len = 700, .flags = XTCP_ACK };

	xtcp_ack_data(&tcb, &seg, 0);
	CHECK_EQ(tcb.rcv_mss, 700);
}
