// SPDX-License-Identifier: GPL-2.0
/*
 * Incoming SACK blocks: RFC 2018 section 5, RFC 2883, and hostile ones. MSS 1000.
 */
#include <stdio.h>
#include <stdlib.h>

#include "core.h"
#include "harness.h"

/* A connection with @n segments of @mss in flight, and memory for all entries. */
struct queue {
	struct xtcp_params par;
	struct xtcp_tcb tcb;
	struct xtcp_sent *sent;
};

static void queue_init(struct queue *q, u32 n, u32 mss)
{
	u32 i;

	xtcp_params_init(&q->par);
	xtcp_tcb_init(&q->tcb, &q->par);
	q->tcb.state = XTCP_ESTABLISHED;
	q->tcb.opts = XTCP_OPT_SACK_PERM;
	q->tcb.mss = mss;
	q->tcb.iss = 0xfffffff0;
	q->tcb.snd_una = q->tcb.snd_nxt = q->tcb.iss + 1;
	q->tcb.snd_wnd = q->tcb.max_snd_wnd = n * mss;
	q->tcb.cwnd = n * mss;
	q->tcb.srtt8_us = 8;
	q->sent = calloc(2 * n + 16, sizeof(*q->sent));
	for (i = 0; i < 2 * n + 16; i++)
		xtcp_map_lend(&q->tcb, &q->sent[i]);
	for (i = 0; i < n; i++)
		xtcp_map_append(&q->tcb, q->tcb.snd_nxt + mss, 0, 1000 + i);
	q->tcb.snd_end = q->tcb.snd_nxt;
}

/* A block that covers no whole segment does not change the send map. */
UNIT(score_no_border_for_nothing)
{
	struct xtcp_seg seg = { .flags = XTCP_ACK, .nsack = 1, .nsegs = 1 };
	struct xtcp_ack a = { .now = 100000 };
	struct queue q;

	queue_init(&q, 0, 100);
	xtcp_map_append(&q.tcb, q.tcb.snd_nxt + 900, 0, 1000);
	seg.ack = q.tcb.snd_una;
	seg.sack[0].start = q.tcb.snd_una + 450;
	seg.sack[0].end = q.tcb.snd_una + 500;
	xtcp_sack_rx(&q.tcb, &seg, &a);
	CHECK(q.tcb.map_head == q.tcb.map_tail);
	CHECK_EQ(q.tcb.sacked_out, 0);
	free(q.sent);
}

/* Memory after the last block is not read. */
UNIT(score_reads_as_many_as_there_are)
{
	struct xtcp_seg seg = { .flags = XTCP_ACK, .nsack = 1, .nsegs = 1 };
	struct xtcp_ack a = { .now = 100000 };
	struct queue q;

	queue_init(&q, 4, 100);
	seg.ack = q.tcb.snd_una;
	seg.sack[0].start = seg.sack[1].start = q.tcb.snd_una + 100;
	seg.sack[0].end = q.tcb.snd_una + 200;
	seg.sack[1].end = q.tcb.snd_una + 300;
	xtcp_sack_rx(&q.tcb, &seg, &a);
	CHECK_EQ(q.tcb.sacked_out, 100);
	CHECK_EQ(q.tcb.dsacks_in, 0);
	free(q.sent);
}

/* The number of entries that an ACK marks is limited; later ACKs mark the rest. */
UNIT(score_work_is_bounded)
{
	static const u32 lengths[] = { 100, 1000, 20000 };
	u32 i, acks, max = 0, before;

	for (i = 0; i < ARRAY_SIZE(lengths); i++) {
		struct xtcp_seg seg = { .flags = XTCP_ACK, .nsack = 1, .nsegs = 1 };
		struct queue q;

		queue_init(&q, lengths[i], 48);
		seg.ack = q.tcb.snd_una;
		seg.sack[0].start = q.tcb.snd_una + 48;
		seg.sack[0].end = q.tcb.snd_nxt;
		for (acks = 0; q.tcb.sacked_out != (lengths[i] - 1) * 48; acks++) {
			struct xtcp_ack a = { .now = 100000 };

			before = q.tcb.sacked_out;
			xtcp_sack_rx(&q.tcb, &seg, &a);
			max = max(max, (q.tcb.sacked_out - before) / 48);
			if (q.tcb.sacked_out == before) {
				unit_fail(__FILE__, __LINE__, "stuck after %u ACKs", acks);
				break;
			}
		}
		/* All of it is one entry now. */
		CHECK_EQ(q.tcb.map_head->next->end, q.tcb.snd_nxt);
		free(q.sent);
	}
	CHECK_EQ(max, 64);
}

/*
 * A thousand holes, and a receiver that reports its newest run first, then an old one at
 * the other end of the queue: no block is missed.
 */
UNIT(score_far_apart)
{
	struct xtcp_seg seg = { .flags = XTCP_ACK, .nsack = 3, .nsegs = 1 };
	struct queue q;
	u32 i;

	queue_init(&q, 4000, 100);
	seg.ack = q.tcb.snd_una;
	for (i = 0; i < 1000; i++) {
		struct xtcp_ack a = { .now = 100000 + i };
		u32 high = q.tcb.snd_una + 6000 + 200 * i;

		seg.sack[0].start = high;
		seg.sack[0].end = high + 100;
		seg.sack[1].start = q.tcb.snd_una + 100;
		seg.sack[1].end = q.tcb.snd_una + 100 * (i / 20 + 2);
		seg.sack[2].start = high - 200;
		seg.sack[2].end = high - 100;
		xtcp_sack_rx(&q.tcb, &seg, &a);
		CHECK_EQ(q.tcb.sacked_out, 100 * (i + i / 20 + 3));
		q.tcb.dl_armed = 1U << XTCP_DL_RTO;
	}
	if (xtcp_check(&q.tcb))
		unit_fail(__FILE__, __LINE__, "%s", xtcp_check(&q.tcb));
	free(q.sent);
}

/* Random blocks, against a bitmap of the segments they cover. */
UNIT(score_random)
{
	u32 round, step, i;

	srandom(3);
	for (round = 0; round < 200; round++) {
		bool held[64] = { false };
		struct queue q;

		queue_init(&q, 64, 100);
		for (step = 0; step < 40; step++) {
			struct xtcp_seg seg = { .flags = XTCP_ACK, .nsack = 3, .nsegs = 1 };
			struct xtcp_ack a = { .now = 100000 + step };
			u32 n = 0;

			seg.ack = q.tcb.snd_una;
			for (i = 0; i < 3; i++) {
				u32 from = random() % 6400, len = random() % 1000;
				u32 s;

				seg.sack[i].start = q.tcb.snd_una + from;
				seg.sack[i].end = q.tcb.snd_una + from + len;
				if (!len || from + len > 6400)
					continue;
				/* It could count as a D-SACK. */
				if (!i)
					seg.sack[0].end = seg.sack[0].start;
				else
					for (s = DIV_ROUND_UP(from, 100);
					     (s + 1) * 100 <= from + len; s++)
						held[s] = true;
			}
			xtcp_sack_rx(&q.tcb, &seg, &a);
			for (i = 0; i < 64; i++)
				n += held[i];
			CHECK_EQ(q.tcb.sacked_out, n * 100);
			q.tcb.dl_armed = 1U << XTCP_DL_RTO;
			if (xtcp_check(&q.tcb)) {
				unit_fail(__FILE__, __LINE__, "%s", xtcp_check(&q.tcb));
				return;
			}
		}
		free(q.sent);
	}
}

/*
 * A loss of thousands of entries, so that the first block is far from both ends of the
 * send map: each ACK marks its blocks.
 */
UNIT(score_behind_a_long_loss)
{
	struct xtcp_seg seg = { .flags = XTCP_ACK, .nsack = 1, .nsegs = 1 };
	struct queue q;
	u32 i;

	queue_init(&q, 9000, 100);
	seg.ack = q.tcb.snd_una;
	seg.sack[0].start = q.tcb.snd_una + 300000;
	for (i = 1; i <= 1000; i++) {
		struct xtcp_ack a = { .now = 100000 + i };

		seg.sack[0].end = seg.sack[0].start + 200 * i;
		xtcp_sack_rx(&q.tcb, &seg, &a);
		CHECK_EQ(a.sacked, 200);
		CHECK_EQ(q.tcb.sacked_out, 200 * i);
	}
	CHECK_EQ(q.tcb.map_head->next->seq, q.tcb.snd_una + 100);
	CHECK_EQ(xtcp_map_find(&q.tcb, seg.sack[0].start)->end, seg.sack[0].end);
	free(q.sent);
}

/* An ACK marks 64 entries: those of its blocks beyond are not lost. */
UNIT(score_rest)
{
	char text[8192];
	int n = 0, i;

	n += snprintf(text + n, sizeof(text) - n,
		      "par initial_cwnd 200\npar tlp 0\nestablished sack rtt 40 ws 2 gso 1000\n< A 1\nwrite 150500\n");
	for (i = 0; i < 150; i++)
		n += snprintf(text + n, sizeof(text) - n, "> A %d+1000\n", i * 1000 + 1);
	n += snprintf(text + n, sizeof(text) - n,
		      "> PA 150001+500\n+ 40ms\n< A 1 ack 1 sack 1001-4001\n> A 1+1000\n+ 40ms\n"
		      "< A 1 ack 4001 sack 5001-150501\n= sacked_out 64000\n> A 4001+1000\n> no\n"
		      "< A 1 ack 4001 sack 5001-150501\n= sacked_out 128000\n> no\n"
		      "< A 1 ack 4001 sack 5001-150501\n= sacked_out 145500\n> no\n= lost_out 0\n");
	script_run(text);
}
