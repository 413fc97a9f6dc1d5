// SPDX-License-Identifier: GPL-2.0
/*
 * Loss by time: RFC 8985, sections 5 and 6. MSS 1000, round trip 40 ms.
 */
#include "core.h"
#include "harness.h"

/* In recovery, with nothing in flight; @reorders: reordering was seen on the path. */
struct rack {
	struct xtcp_params par;
	struct xtcp_tcb tcb;
	struct xtcp_sent lent[200];
};

static void init(struct rack *r, bool reorders)
{
	struct xtcp_tcb *tcb = &r->tcb;
	u32 i;

	xtcp_params_init(&r->par);
	xtcp_tcb_init(tcb, &r->par);
	tcb->state = XTCP_ESTABLISHED;
	tcb->opts = XTCP_OPT_SACK_PERM;
	tcb->mss = 1000;
	tcb->iss = 0xfffffff0;
	tcb->snd_una = tcb->snd_nxt = tcb->iss + 1;
	tcb->cong = XTCP_CONG_RECOVERY;
	tcb->min_rtt_us = 20000;
	tcb->srtt8_us = 8 * 30000;
	tcb->rack_rtt_us = 25000;
	if (reorders)
		tcb->flags |= XTCP_F_REORDERED;
	for (i = 0; i < ARRAY_SIZE(r->lent); i++)
		xtcp_map_lend(tcb, &r->lent[i]);
}

static struct xtcp_sent *append(struct rack *r, u64 ms)
{
	return xtcp_map_append(&r->tcb, r->tcb.snd_nxt + 1000, 0, ms * XTCP_NSEC_PER_MSEC);
}

/*
 * Retransmissions of segments 3, 5 and 4 are sent at the same time, in this order. That
 * of 5 arrives first: the one sent before it is lost, the one sent after it is not,
 * although its sequence number is lower.
 */
UNIT(rack_departures_of_one_push)
{
	static const u32 lost[] = { 3, 5, 4 };
	struct xtcp_ack a = { .now = 140000000 };
	struct xtcp_sent *seg[6];
	struct xtcp_tcb *tcb;
	struct rack r;
	u32 i;

	init(&r, false);
	tcb = &r.tcb;
	for (i = 1; i < ARRAY_SIZE(seg); i++)
		seg[i] = append(&r, 1);
	xtcp_map_sacked(tcb, seg[1], &a);
	for (i = 0; i < ARRAY_SIZE(lost); i++)
		xtcp_map_lost(tcb, seg[lost[i]]);
	for (i = 0; i < ARRAY_SIZE(lost); i++) {
		CHECK(xtcp_map_next(tcb) == seg[lost[i]]);
		xtcp_map_resent(tcb, seg[lost[i]]->seq, seg[lost[i]]->end, 100000000);
	}
	CHECK_EQ(tcb->lost_out, 0);
	seg[5] = xtcp_map_sacked(tcb, seg[5], &a);
	xtcp_rack_detect(tcb, a.now);
	CHECK(seg[2]->marks & XTCP_SENT_LOST);
	CHECK(seg[3]->marks & XTCP_SENT_LOST);
	CHECK(!(seg[4]->marks & XTCP_SENT_LOST));
}

/* RFC 8985, 6.2 step 4: multiples of a quarter of the minimum RTT, at most SRTT. */
UNIT(rack_window)
{
	static const struct {
		u8 mult;
		u32 ms;		/* from transmission to loss: RTT and reordering window */
	} tab[] = { { 1, 25 + 5 }, { 2, 25 + 10 }, { 6, 25 + 30 }, { 7, 25 + 30 }, { 255, 25 + 30 } };
	u32 i;

	for (i = 0; i < ARRAY_SIZE(tab); i++) {
		struct rack r;

		init(&r, true);
		append(&r, 100);
		r.tcb.rack_mult = tab[i].mult;
		r.tcb.rack_order = r.tcb.departures + 1;
		xtcp_rack_detect(&r.tcb, 101 * XTCP_NSEC_PER_MSEC);
		CHECK_EQ(r.tcb.lost_out, 0);
		CHECK_EQ(r.tcb.dl[XTCP_DL_REO], (100 + tab[i].ms) * XTCP_NSEC_PER_MSEC);
	}
}

/* 150 entries overdue at once: 64 are marked in one call, the next after 100 us. */
UNIT(rack_work_is_bounded)
{
	u64 now = 500 * XTCP_NSEC_PER_MSEC, next = now + 100 * XTCP_NSEC_PER_USEC;
	struct rack r;
	u32 i;

	init(&r, false);
	for (i = 0; i < 150; i++)
		append(&r, 100);
	r.tcb.rack_order = r.tcb.departures + 1;
	xtcp_rack_detect(&r.tcb, now);
	CHECK_EQ(r.tcb.lost_out, 64000);
	CHECK_EQ(r.tcb.dl[XTCP_DL_REO], next);
	xtcp_rack_detect(&r.tcb, now);
	CHECK_EQ(r.tcb.lost_out, 128000);
	CHECK_EQ(r.tcb.dl[XTCP_DL_REO], next);
	xtcp_rack_detect(&r.tcb, now);
	CHECK_EQ(r.tcb.lost_out, 150000);
	CHECK(!xtcp_dl_is_set(&r.tcb, XTCP_DL_REO));
}

/*
 * After an RTO the head is lost, even if it was sent again recently, and the segments
 * that are overdue according to RACK; the reordering timer is cleared.
 */
UNIT(rack_timeout_marks_the_head)
{
	u64 now = 200 * XTCP_NSEC_PER_MSEC;
	struct xtcp_sent *head, *late, *young;
	struct rack r;

	init(&r, false);
	head = append(&r, 100);
	late = append(&r, 175);
	young = append(&r, 176);
	xtcp_map_lost(&r.tcb, head);
	xtcp_map_resent(&r.tcb, head->seq, head->end, 190 * XTCP_NSEC_PER_MSEC);
	xtcp_dl_set(&r.tcb, XTCP_DL_REO, now + 1);
	xtcp_rack_timeout(&r.tcb, now);
	CHECK(head->marks & XTCP_SENT_LOST);
	CHECK(late->marks & XTCP_SENT_LOST);
	CHECK(!(young->marks & XTCP_SENT_LOST));
	CHECK(!xtcp_dl_is_set(&r.tcb, XTCP_DL_REO));
	/* Already lost: not counted again. */
	xtcp_rack_timeout(&r.tcb, now);
	CHECK_EQ(r.tcb.lost_out, 2000);
}

UNIT(rack_patience_has_an_end)
{
	struct rack r;

	init(&r, true);
	r.tcb.rack_mult = 254;
	xtcp_rack_dsack(&r.tcb);
	CHECK_EQ(r.tcb.rack_mult, 255);
	r.tcb.rack_dsack_round = r.tcb.snd_una;
	xtcp_rack_dsack(&r.tcb);
	CHECK_EQ(r.tcb.rack_mult, 255);
}

/* TSecr older than the retransmission: the original has arrived. */
UNIT(rack_original_by_timestamp)
{
	struct xtcp_ack a = { .now = 150 * XTCP_NSEC_PER_MSEC, .ts = true };
	struct xtcp_sent *sent;
	struct rack r;

	init(&r, false);
	sent = append(&r, 90);
	xtcp_map_lost(&r.tcb, sent);
	xtcp_map_resent(&r.tcb, sent->seq, sent->end, 100 * XTCP_NSEC_PER_MSEC);
	a.tsecr = xtcp_ts_clock(90 * XTCP_NSEC_PER_MSEC) + r.tcb.ts_off;
	xtcp_rack_delivered(&r.tcb, sent, sent->end, false, &a);
	CHECK_EQ(r.tcb.rack_order, 0);
	a.tsecr = xtcp_ts_clock(100 * XTCP_NSEC_PER_MSEC) + r.tcb.ts_off;
	xtcp_rack_delivered(&r.tcb, sent, sent->end, false, &a);
	CHECK_EQ(r.tcb.rack_order, sent->order);
}

/* The first of two segments arrives last: reordering is detected and counted. */
UNIT(rack_reordering_is_counted)
{
	struct xtcp_ack a = { .now = 150 * XTCP_NSEC_PER_MSEC };
	struct xtcp_sent *first, *second;
	struct rack r;

	init(&r, false);
	r.tcb.rack_fack = r.tcb.snd_una;
	first = append(&r, 100);
	second = append(&r, 100);
	xtcp_rack_delivered(&r.tcb, second, second->end, true, &a);
	CHECK(!(r.tcb.mib & 1ULL << XTCP_MIB_SACK_REORDER));
	xtcp_rack_delivered(&r.tcb, first, first->end, true, &a);
	CHECK(r.tcb.mib & 1ULL << XTCP_MIB_SACK_REORDER);
	CHECK(r.tcb.flags & XTCP_F_REORDERED);
}

/* With reordering a segment is lost after RTT plus window: 25 ms and 5 ms. */
UNIT(rack_timeout_on_a_path_that_reorders)
{
	struct xtcp_sent *late, *young;
	struct rack r;

	init(&r, true);
	append(&r, 100);
	late = append(&r, 170);
	young = append(&r, 171);
	xtcp_rack_timeout(&r.tcb, 200 * XTCP_NSEC_PER_MSEC);
	CHECK(late->marks & XTCP_SENT_LOST);
	CHECK(!(young->marks & XTCP_SENT_LOST));
}
