// SPDX-License-Identifier: GPL-2.0
/*
 * Processing of incoming ACKs: RFC 9293 3.10.7.4 fifth step, 3.8.6, duplicate ACKs of
 * RFC 5681.
 */
#include "core.h"
#include "harness.h"

/* ESTABLISHED: three small segments in flight that were sent twice, and unsent data. */
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

/* Recovery and congestion control process only ACKs that tell something about our data. */
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
 * Each small segment acknowledged lets one more be in flight, as in slow start, as long
 * as the RTT is at most twice the minimum and there is no reduction.
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

/* seg.delivered counts the segments that an ACK and its SACK blocks newly deliver. */
UNIT(ack_counts_segments)
{
	struct xtcp_seg seg = { .opts = XTCP_OPT_SACK, .nsack = 1, .sack = { { ISS + 201, ISS + 301 } } };
	struct bench b;

	bench(&b);
	ack_to(&b, &seg, 101);
	CHECK_EQ(seg.delivered, 2);
}

/* TSecr is used if timestamps were negotiated, the option is present and TSecr is not 0. */
UNIT(ack_echo)
{
	static const struct {
		u8 agreed, there;
		u32 tsecr;
		u32 undone;	/* TSecr is older than the retransmission */
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

/* The last ACK of a connection is counted, but not passed to the congestion control. */
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

/*
 * ACKs of data sent earlier do not postpone R2 of a segment that the local queue refuses.
 */
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
