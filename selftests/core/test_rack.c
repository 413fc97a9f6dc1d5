// SPDX-License-Identifier: GPL-2.0
/*
 * Loss by time: RFC 8985, sections 5 and 6. MSS 1000, round trip 40 ms.
 */
#include "core.h"
#include "harness.h"

#define OPEN "established sack rtt 40\nset nodelay 1\n"
#define SENT5 OPEN "write 5000\n> PA 1+5000\n+ 40ms\n"

static const struct script rack_loss[] = {
	{ "three SACKed segments above: lost at once", SENT5 "< A 1 ack 1 sack 1001-2001\n> no\n= lost_out 0\n< A 1 sack 1001-3001\n"
	  "> no\n< A 1 sack 1001-4001\n> A 1+1000\n= cong 1\n= fast_rtx 1\n= sacked_out 3000\n> no\n" },
	{ "one burst merged to a single ACK is enough", SENT5 "< A 1 ack 1 sack 1001-5001\n> A 1+1000\n= cong 1\n" },
	{ "fewer than three: after a quarter of the shortest round trip", SENT5 "< A 1 ack 1 sack 1001-2001\n> no\n= lost_out 0\n"
	  "~ 10ms\n> A 1+1000\n= cong 1\n" },
	{ "late, but there before that: nothing is resent", SENT5 "< A 1 ack 1 sack 1001-2001\n+ 9ms\n< A 1 ack 5001\n+ 5ms\n> no\n"
	  "= total_retrans 0\n= cong 0\nno-timer\n" },
	{ "what left after the newest delivered is not late", OPEN "write 3000\n> PA 1+3000\n+ 20ms\nwrite 3000\n> PA 3001+3000\n+ 20ms\n"
	  "< A 1 ack 1 sack 1001-2001\n+ 10ms\n> A 1+1000\n= sacked_out 1000\n+ 25ms\n= total_retrans 1\n> no\n" },
	{ "a retransmission lost again is resent again", OPEN "write 9000\n> PA 1+9000\n+ 40ms\n"
	  "< A 1 ack 1 sack 1001-9001\n> A 1+1000\nwrite 4000\n> PA 9001+3000\n> no\n+ 40ms\n< A 1 sack 1001-12001\n"
	  "> A 1+1000\n= total_retrans 2\n> PA 12001+1000\n" },
	{ "a lost retransmission behind another hole, with timestamps: TSecr is of the hole",
	  "par tlp 0\nestablished sack ts rtt 40\nset nodelay 1\nwrite 9880\n> PA 1+9880\n+ 40ms\n"
	  "< A 1 ack 1 sack 989-1977,2965-9881 tsecr 40\n> A 1+988\n> A 1977+988\n+ 45ms\n"
	  "< A 1 ack 1 sack 989-9881 tsecr 40\n> A 1+988\n= total_retrans 3\n= rtx_timeouts 0\n" },
	{ "several holes at once, in order", OPEN "write 9000\n> PA 1+9000\n+ 40ms\n"
	  "< A 1 ack 1 sack 1001-2001,3001-4001,5001-9001\n> A 1+1000\n> A 2001+1000\n> A 4001+1000\n> no\n" },
	{ "a peer that SACKs all of the window in one block", OPEN "write 9000\n> PA 1+9000\n+ 40ms\n< A 1 ack 1 sack 1-9001\n"
	  "= sacked_out 9000\n> no\n~ 200ms\n= reneges 1\n> A 1+1000\n" },
	{ "without the knob the third duplicate decides", "par rack 0\npar tlp 0\n" SENT5
	  "< A 1 ack 1 sack 1001-5001\n> no\n< A 1 sack 1001-5001\n> no\n< A 1 sack 1001-5001\n> A 1+1000\n= sacked_out 0\n" },
};
SCRIPTS(rack_loss);

static const struct script rack_reordering[] = {
	{ "a hole filled by an original: from then on even the third waits", SENT5 "< A 1 ack 1 sack 1001-2001\n+ 1ms\n< A 1 ack 2001\n"
	  "< A 1 ack 5001\n= total_retrans 0\nwrite 5000\n> PA 5001+5000\n+ 40ms\n< A 1 ack 5001 sack 6001-10001\n> no\n"
	  "= lost_out 0\n~ 10ms\n> A 5001+1000\n" },
	{ "by how many segments the worst was late", SENT5 "= reordering 0\n< A 1 ack 1 sack 2001-3001\n"
	  "< A 1 ack 1 sack 1001-3001\n= reordering 2\n< A 1 ack 1 sack 1001-4001\n= reordering 2\n< A 1 ack 4001\n= reordering 4\n" },
	{ "an ACK with a block above it says nothing of order", SENT5 "< A 1 ack 2001 sack 3001-4001\n= flags 0x20\n" },
	{ "nor do blocks that are out of order in the option", SENT5 "< A 1 ack 1 sack 3001-4001,1001-2001\n+ 1ms\n< A 1 ack 5001\n"
	  "= total_retrans 0\n" },
	{ "a D-SACK makes more patient, once a round trip", SENT5 "< A 1 ack 1 sack 1001-2001\n"
	  "< A 1 sack 1001-2001,1001-2001\n= rack_mult 2\n< A 1 sack 1001-2001,1001-2001\n= rack_mult 2\n= dsacks_in 2\n"
	  "< A 1 ack 5001 sack 1001-2001\n= rack_mult 3\n" },
	{ "each recovery without one wears it off", SENT5 "< A 1 ack 1 sack 1001-2001\n< A 1 ack 1 sack 1001-2001,1001-2001\n"
	  "= rack_persist 16\n+ 40ms\n> A 1+1000\n= cong 1\n< A 1 ack 5001\n= cong 0\n= rack_persist 15\nwrite 2000\n> PA 5001+2000\n"
	  "+ 40ms\n< A 1 ack 7001\n= rack_persist 15\n" },
	{ "and it is twice a quarter then", SENT5 "< A 1 ack 1 sack 1001-2001\n< A 1 ack 1 sack 1001-2001,1001-2001\n= rack_mult 2\n"
	  "~ 20ms\n> A 1+1000\n" },
};
SCRIPTS(rack_reordering);

static const struct script rack_timeout[] = {
	{ "the timer takes what left long ago, not what just left", "par tlp 0\n" OPEN "write 2000\n> PA 1+2000\n+ 220ms\nwrite 3000\n"
	  "> PA 2001+3000\n+ 20ms\n= cong 2\n= lost_out 2000\n> A 1+1000\n> no\n" },
	{ "before any measure all of it", "par tlp 0\nestablished sack\nwrite 2000\n> PA 1+2000\n~ 200001us\n= lost_out 2000\n> A 1+1000\n" },
	{ "a peer that forgets what it SACKed (RFC 2018, 8)", SENT5 "< A 1 ack 1 sack 1001-5001\n> A 1+1000\n+ 40ms\n< A 1 ack 1001\n"
	  "= sacked_out 4000\n~ 20ms\n= reneges 1\n= sacked_out 0\n= lost_out 4000\n> A 1001+1000\n" },
	{ "after 10 ms at least", "established sack rtt 4\nset nodelay 1\nwrite 5000\n> PA 1+5000\n+ 4ms\n< A 1 ack 1 sack 1001-5001\n"
	  "> A 1+1000\n+ 4ms\n< A 1 ack 1001\n~ 10ms\n= reneges 1\n> A 1001+1000\n" },
	{ "an ACK of it ends the doubt", SENT5 "< A 1 ack 1 sack 1001-5001\n> A 1+1000\n+ 40ms\n< A 1 ack 1001\n+ 19ms\n"
	  "< A 1 ack 5001\n+ 5ms\n= reneges 0\n= rtx_timeouts 0\n" },
};
SCRIPTS(rack_timeout);

/* In recovery, with nothing out; the path reorders when @reorders. */
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
 * Retransmissions of one push: 3, 5 and 4 leave at the same time in this order.
 * That of 5 arrives first: what left before it is lost, and what left after it
 * is not, though its number is smaller.
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

/* RFC 8985, 6.2 step 4: quarters of the minimum, and never more than SRTT. */
UNIT(rack_window)
{
	static const struct {
		u8 mult;
		u32 ms;		/* from departure to loss: round trip and window */
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

/* 150 entries late at once: 64 are marked in one go, the next after 100 us. */
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
 * The retransmission timer: the head is lost, however late it was sent again, and
 * what is as late as RACK says; and the reordering timer has nothing left to do.
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
	/* Lost already: once is enough. */
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

/* A timestamp older than the retransmission: what arrived is the original. */
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

/* The first of two arrives last: the path reorders, and it is counted. */
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

/* On a path that reorders, late means by the window, too: 25 ms and 5. */
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
