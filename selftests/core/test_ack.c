// SPDX-License-Identifier: GPL-2.0
/*
 * Acknowledgements that arrive: RFC 9293 3.10.7.4 fifth step, 3.8.6, the
 * definition of a duplicate in RFC 5681.
 */
#include "core.h"
#include "harness.h"

static const struct script ack_basic[] = {
	{ "all of it", "established\nwrite 500\n> PA 1+500\n< A 1 ack 501\nacts ACKED\n= snd_una 501\n"
	  "= bytes_acked 500\nno-timer\n" },
	{ "part of it", "established\nwrite 2000\n> PA 1+2000\n< A 1 ack 1001\nacts ACKED\n= snd_una 1001\n"
	  "= bytes_acked 1000\n" },
	{ "in the middle of a segment", "established\nwrite 1000\n> PA 1+1000\n< A 1 ack 401\n= snd_una 401\n"
	  "~ 200001us\n> PA 401+600\n" },
	{ "the same again is nothing new", "established\nwrite 500\n> PA 1+500\n< A 1 ack 501\n< A 1 ack 501\n"
	  "noacts ACKED|DROP\n" },
	{ "overtaken on the way", "established\nwrite 2000\n> PA 1+2000\n< A 1 ack 2001\n< A 1 ack 1001\n"
	  "noacts ACKED|DROP\n> no\n= snd_una 2001\n" },
	{ "FIN and data at once", "established\nwrite 500\n> PA 1+500\nshutdown\n> FA 501\n< A 1 ack 502\n"
	  "= bytes_acked 500\n= state FIN-WAIT-2\n" },
	{ "it ends the count of timeouts (R1, R2)", "established\nwrite 2000\n> PA 1+2000\n~ 200001us\n> A 1+1000\n= retries 1\n"
	  "< A 1 ack 1001\n= retries 0\n> PA 1001+1000\n" },
	{ "of a part of what is urgent", "established wnd 1000\nwrite 1500 urg\n> UA 1+1000 urg 1500\n< A 1 ack 1001\n> UPA 1001+500 urg 500\n" },
	{ "on a data segment", "established\nwrite 500\n> PA 1+500\n< A 1+10 ack 501\nacts ACKED|DELIVER\n"
	  "> A 501 ack 11\n" },
};
SCRIPTS(ack_basic);

/* U-18: WL1 < SEG.SEQ, or equal and WL2 <= SEG.ACK. */
static const struct script ack_window[] = {
	{ "newer segment", "established\n< A 1+10 wnd 5000\n> A 1\n= snd_wnd 5000\n" },
	{ "same segment, same ACK", "established\n< A 1 wnd 5000\n= snd_wnd 5000\n< A 1 wnd 4000\n= snd_wnd 4000\n" },
	{ "older segment does not count", "established\n< A 1+10 wnd 5000\n> A 1\n< A 11+10 wnd 6000\n> A 1\n"
	  "< A 10+1 wnd 100\n> A 1\n= snd_wnd 6000\n" },
	{ "sent again by the peer, but with a newer ACK: counts",
	  "established\nwrite 2000\n> PA 1+2000\n< A 101+100 ack 1 wnd 5000\n> A 2001 ack 1\n= snd_wnd 5000\n"
	  "< A 1+100 ack 2001 wnd 3000\n> A 2001 ack 201\n= snd_wnd 3000\n" },
	{ "sent again by the peer, with the same ACK: does not count", "established\n< A 101+100 ack 1 wnd 5000\n> A 1 ack 1\n"
	  "< A 1+100 ack 1 wnd 3000\n> A 1 ack 201\n= snd_wnd 5000\n" },
	{ "nor with the same that moved SND.UNA", "established\nwrite 1000\n> PA 1+1000\n< A 101+100 ack 1001 wnd 5000\n> A 1001 ack 1\n"
	  "< A 1+100 ack 1001 wnd 3000\n> A 1001 ack 201\n= snd_wnd 5000\n" },
	{ "older ACK does not count", "established\nwrite 1000\n> PA 1+1000\n< A 1 ack 1001 wnd 5000\n"
	  "< A 1 ack 501 wnd 100\n= snd_wnd 5000\n" },
	{ "largest ever is remembered", "established\n< A 1 wnd 100\n= max_snd_wnd 65535\n" },
	{ "opens and lets data go", "established wnd 1000\nwrite 3000\n> A 1+1000\n< A 1 ack 1001 wnd 2000\n"
	  "> PA 1001+2000\n" },
};
SCRIPTS(ack_window);

/* MUST-34, SHLD-15, SHLD-16: a window that shrank. */
static const struct script ack_shrunk[] = {
	{ "no new data beyond it", "established wnd 4000\nwrite 6000\n> PA 1+4000\n< A 1 ack 1001 wnd 1000\n> no\n"
	  "< A 1 ack 2001 wnd 1000\n> no\n= snd_una 2001\n" },
	{ "what fits is sent again", "established wnd 4000\nwrite 4000\n> PA 1+4000\n< A 1 ack 1001 wnd 1000\n"
	  "~ 200001us\n> A 1001+1000\n> no\n" },
	{ "to zero: probed, not timed out", "established wnd 4000\nwrite 4000\n> PA 1+4000\n< A 1 ack 1001 wnd 0\n"
	  "~ 200001us\n> A 1001+1\n> no\n" },
	{ "what is beyond it ends nothing (SHLD-17)",
	  "par retries2 1\nestablished wnd 4000\nwrite 4000\n> PA 1+4000\n< A 1 ack 1001 wnd 0\n"
	  "~ 200001us\n> A 1001+1\n< A 1 wnd 0\n~ 400002us\n> A 1001+1\n< A 1 wnd 0\n~ 800004us\n> A 1001+1\n"
	  "< A 1 wnd 0\n~ 1600008us\n> A 1001+1\n< A 1 wnd 0\n~ 3200016us\n> A 1001+1\n= state ESTABLISHED\n"
	  "< A 1 ack 4001 wnd 4000\nno-timer\n" },
};
SCRIPTS(ack_shrunk);

static const struct script ack_duplicate[] = {
	{ "counted", "established\nwrite 3000\n> PA 1+3000\n< A 1 ack 1\n= dupacks 1\n< A 1\n= dupacks 2\n" },
	{ "not with data", "established\nwrite 3000\n> PA 1+3000\n< A 1+10 ack 1\n> A 3001\n= dupacks 0\n" },
	{ "not with another window", "established\nwrite 3000\n> PA 1+3000\n< A 1 ack 1 wnd 60000\n= dupacks 0\n" },
	{ "not with nothing outstanding", "established\n< A 1 ack 1\n= dupacks 0\n" },
	{ "not with a FIN", "established\nwrite 3000\n> PA 1+3000\n< FA 1 ack 1\n> A 3001 ack 2\n= dupacks 0\n" },
	{ "new data starts the count anew", "established\nwrite 3000\n> PA 1+3000\n< A 1 ack 1\n< A 1\n"
	  "< A 1 ack 1001\n= dupacks 0\n" },
};
SCRIPTS(ack_duplicate);

/* ESTABLISHED, three small segments in flight that were sent twice, and more to be sent. */
struct bench {
	struct xtcp_params par;
	struct xtcp_cc cc;
	struct xtcp_tcb tcb;
	struct xtcp_sent sent[4];
};

static u32 heard;

static void fake_every_ack(struct xtcp_tcb *tcb, const struct xtcp_ack *ack)
{
	heard++;
}

#define ISS 50000U

static void bench(struct bench *b)
{
	struct xtcp_tcb *tcb = &b->tcb;
	u32 i;

	memset(b, 0, sizeof(*b));
	heard = 0;
	xtcp_params_init(&b->par);
	b->par.cc = &xtcp_cc_reno;
	xtcp_tcb_init(tcb, &b->par);
	b->cc = xtcp_cc_reno;
	b->cc.every_ack = fake_every_ack;
	tcb->cc = &b->cc;
	tcb->state = XTCP_ESTABLISHED;
	tcb->opts = XTCP_OPT_SACK_PERM;
	tcb->mss = 1000;
	tcb->cwnd = 10000;
	tcb->iss = ISS;
	tcb->snd_una = tcb->snd_nxt = ISS + 1;
	tcb->recover = ISS;
	tcb->snd_wnd = tcb->max_snd_wnd = 65535;
	for (i = 0; i < ARRAY_SIZE(b->sent); i++)
		xtcp_map_lend(tcb, &b->sent[i]);
	for (i = 0; i < 3; i++)
		xtcp_map_append(tcb, tcb->snd_nxt + 100, XTCP_SENT_SMALL | XTCP_SENT_RTX, XTCP_NSEC_PER_SEC);
	tcb->snd_end = tcb->snd_nxt + 100;
	tcb->flags = XTCP_F_NODELAY;
}

static u32 ack_to(struct bench *b, struct xtcp_seg *seg, u32 ack)
{
	seg->ack = ISS + ack;
	seg->flags = XTCP_ACK;
	seg->wnd = 65535;
	return xtcp_ack_rx(&b->tcb, seg, 2 * XTCP_NSEC_PER_SEC);
}

/* Only what says something of our data is heard by recovery and congestion control. */
UNIT(ack_that_says_something)
{
	static const struct {
		const char *what;
		u32 ack;
		u32 len;		/* of its payload */
		u16 opts;
		u32 heard;
	} tab[] = {
		{ "the same with data", 1, 10, 0, 0 }, { "an old one", 0, 0, 0, 0 },
		{ "SACK", 1, 10, XTCP_OPT_SACK, 1 }, { "a duplicate", 1, 0, 0, 1 },
		{ "more", 101, 10, 0, 1 },
	};
	u32 i;

	for (i = 0; i < ARRAY_SIZE(tab); i++) {
		struct xtcp_seg seg = { .len = tab[i].len, .opts = tab[i].opts };
		struct bench b;

		bench(&b);
		b.tcb.bytes_acked = 100000;
		ack_to(&b, &seg, tab[i].ack);
		CHECK_ROW(tab[i].what, heard, tab[i].heard);
	}
}

/* RFC 5961, 5.2: [SND.UNA - MAX.SND.WND, SND.NXT] is acceptable. */
UNIT(ack_acceptable)
{
	static const struct {
		u32 ack;
		u8 drop;
	} tab[] = {
		{ 301, 0 }, { 302, XTCP_DROP_ACK_FUTURE }, { 1, 0 },
		{ 1U - 1000, 0 }, { 1U - 1001, XTCP_DROP_ACK_OLD },
	};
	u32 i;

	for (i = 0; i < ARRAY_SIZE(tab); i++) {
		struct xtcp_seg seg = { 0 };
		struct bench b;

		bench(&b);
		b.tcb.snd_wnd = b.tcb.max_snd_wnd = 1000;
		b.tcb.bytes_acked = 100000;
		CHECK_EQ(ack_to(&b, &seg, tab[i].ack) & XTCP_ACT_DROP, tab[i].drop ? XTCP_ACT_DROP : 0);
		CHECK_EQ(seg.reason, tab[i].drop);
	}
}

/*
 * More small segments may be out after an ACK by which they were less: as in slow start,
 * while a round trip is at most twice the shortest, and nothing is wrong.
 */
UNIT(ack_small_more)
{
	static const struct {
		const char *what;
		u8 cong;
		u32 srtt_us, ack;
		u32 before, after;
	} tab[] = {
		{ "one was acknowledged", XTCP_CONG_OPEN, 100, 101, 7, 8 },
		{ "two were", XTCP_CONG_OPEN, 100, 201, 7, 9 },
		{ "none was", XTCP_CONG_OPEN, 100, 1, 7, 7 },
		{ "a queue has grown", XTCP_CONG_OPEN, 102, 101, 7, 7 },
		{ "in a reduction", XTCP_CONG_CWR, 100, 101, 7, 7 },
		{ "nearly the most", XTCP_CONG_OPEN, 100, 101, 65534, 65535 },
		{ "the most", XTCP_CONG_OPEN, 100, 201, 65535, 65535 },
	};
	u32 i;

	for (i = 0; i < ARRAY_SIZE(tab); i++) {
		struct xtcp_seg seg = { 0 };
		struct bench b;

		bench(&b);
		b.tcb.small_merge = true;
		b.tcb.small_more = tab[i].before;
		b.tcb.srtt8_us = 8 * tab[i].srtt_us;
		b.tcb.min_rtt_us = 50;
		b.tcb.cong = tab[i].cong;
		b.tcb.recover_fs = 1000;
		b.tcb.ssthresh = tab[i].cong == XTCP_CONG_OPEN ? ~0U : 10000;
		if (tab[i].cong != XTCP_CONG_OPEN)
			b.tcb.recover = b.tcb.snd_nxt;
		ack_to(&b, &seg, tab[i].ack);
		CHECK_ROW(tab[i].what, b.tcb.small_more, tab[i].after);
	}
}

/* The segments that an ACK delivers are counted, and those that its SACK blocks name. */
UNIT(ack_counts_segments)
{
	struct xtcp_seg seg = { .opts = XTCP_OPT_SACK, .nsack = 1, .sack = { { ISS + 201, ISS + 301 } } };
	struct bench b;

	bench(&b);
	ack_to(&b, &seg, 101);
	CHECK_EQ(seg.delivered, 2);
}

/* The timestamp echoed counts where the option was agreed, is there, and echoes something. */
UNIT(ack_echo)
{
	static const struct {
		u8 agreed, there;
		u32 tsecr;
		u32 undone;	/* it is older than the retransmission */
	} tab[] = {
		{ XTCP_OPT_TS, XTCP_OPT_TS, 10, 1 }, { XTCP_OPT_TS, XTCP_OPT_TS, 0, 0 },
		{ 0, XTCP_OPT_TS, 10, 0 }, { XTCP_OPT_TS, 0, 10, 0 }, { 0, 0, 10, 0 },
	};
	u32 i;

	for (i = 0; i < ARRAY_SIZE(tab); i++) {
		struct xtcp_seg seg = { .opts = tab[i].there, .tsecr = tab[i].tsecr };
		struct bench b;

		bench(&b);
		b.tcb.opts |= tab[i].agreed;
		b.tcb.cong = XTCP_CONG_LOSS;
		b.tcb.recover = b.tcb.snd_nxt;
		b.tcb.flags |= XTCP_F_UNDO | XTCP_F_UNDO_RTX;
		b.tcb.undo_una = b.tcb.snd_una;
		b.tcb.undo_rtx = 100;
		b.tcb.map_head->nrtx = 1;
		ack_to(&b, &seg, 101);
		CHECK_EQ(b.tcb.undos, tab[i].undone);
	}
}

/* The last ACK of a connection is counted, and nothing more is made of it. */
UNIT(ack_last)
{
	struct xtcp_seg seg = { 0 };
	struct bench b;

	bench(&b);
	b.tcb.state = XTCP_LAST_ACK;
	b.tcb.snd_end = b.tcb.snd_nxt;
	xtcp_map_append(&b.tcb, b.tcb.snd_nxt + 1, 0, XTCP_NSEC_PER_SEC);
	b.tcb.flags |= XTCP_F_FIN_QUEUED | XTCP_F_FIN_SENT;
	ack_to(&b, &seg, 302);
	CHECK_EQ(b.tcb.state, XTCP_CLOSED);
	CHECK_EQ(seg.delivered, 4);
	CHECK_EQ(heard, 0);
}

/* R2 of what the local queue refuses is not put off by ACKs of what had left before. */
UNIT(ack_of_what_left_before)
{
	u32 user;

	for (user = 0; user < 2; user++) {
		struct xtcp_seg seg = { 0 };
		struct bench b;

		bench(&b);
		b.tcb.user_timeout_ms = user * 5000;
		xtcp_dl_set(&b.tcb, XTCP_DL_RETRY, 3 * XTCP_NSEC_PER_SEC);
		xtcp_dl_set(&b.tcb, XTCP_DL_USER, 4 * XTCP_NSEC_PER_SEC);
		ack_to(&b, &seg, 301);
		CHECK_EQ(b.tcb.dl[XTCP_DL_USER], (user ? 7 : 4) * XTCP_NSEC_PER_SEC);
	}
}

#define TS10 "par tlp 0\nestablished sack ts rtt 40\nset nodelay 1\nwrite 9880\n> PA 1+9880\n~ 240ms\n> A 1+988\n+ 1ms\n"

static const struct script ack_timers[] = {
	{ "older than the retransmission: the original arrived", TS10 "< A 1 ack 989 tsecr 40\n= spurious_rtos 1\n= cong 0\n" },
	{ "a duplicate does not put the tail loss probe off", "established sack rtt 40\nset nodelay 1\nwrite 3000\n> PA 1+3000\n+ 30ms\n"
	  "< A 1 ack 1\n~ 50ms\n> PA 2001+1000\n" },
	{ "a SACK of what left with the head's retransmission does not restart the timer", "par tlp 0\nestablished sack rtt 40\nset nodelay 1\n"
	  "write 5000\n> PA 1+5000\n+ 40ms\nwrite 2000\n> PA 5001+2000\n< A 1 ack 1 sack 1001-5001\n> A 1+1000\n+ 150ms\n"
	  "< A 1 ack 1 sack 1001-6001\n~ 50ms\n= rtx_timeouts 1\n> A 1+1000\n" },
};
SCRIPTS(ack_timers);
