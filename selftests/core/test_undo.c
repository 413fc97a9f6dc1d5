// SPDX-License-Identifier: GPL-2.0
/*
 * Undo of reductions: Eifel (RFC 3522), D-SACK (RFC 3708), F-RTO
 * (RFC 5682). MSS 1000, 988 with timestamps; round trip 40 ms, cwnd 10000.
 */
#include "core.h"
#include "harness.h"

/* Timestamps that prove that the original of a retransmission has arrived. */
UNIT(undo_original)
{
	static const struct {
		const char *what;
		u32 sent_ms;		/* last transmission of the head, ms */
		u32 nrtx;		/* number of its retransmissions */
		u32 first_ms;		/* first retransmission of the episode, ms */
		u32 moved;		/* bytes SND.UNA has advanced since the episode began */
		u32 tsecr_ms;
		bool ts, want;
	} tab[] = {
		{ "older than the retransmission", 100, 1, 100, 0, 50, true, true },
		{ "that of the retransmission", 100, 1, 100, 0, 100, true, false },
		{ "a tick before: the packet may have waited", 100, 1, 100, 0, 99, true, false },
		{ "sent again twice: it may be the first of these", 100, 2, 90, 0, 95, true, false },
		{ "sent again in an earlier episode", 80, 1, 100, 0, 70, true, false },
		{ "never sent again", 20, 0, 100, 0, 10, true, false },
		{ "not the hole the episode began with", 100, 1, 90, 1000, 50, true, false },
		{ "no timestamps", 100, 1, 100, 0, 50, false, false },
	};
	struct xtcp_params par;
	struct xtcp_tcb tcb;
	u32 i;

	xtcp_params_init(&par);
	for (i = 0; i < ARRAY_SIZE(tab); i++) {
		struct xtcp_ack a = { .ts = tab[i].ts, .tsecr = 7777 + tab[i].tsecr_ms };

		xtcp_tcb_init(&tcb, &par);
		tcb.mss = 1000;
		tcb.ts_off = 7777;
		tcb.snd_una = tcb.snd_nxt = 5000;
		xtcp_map_append(&tcb, 6000, 0, tab[i].sent_ms * XTCP_NSEC_PER_MSEC);
		tcb.map_head->nrtx = tab[i].nrtx;
		tcb.undo_una = 5000 - tab[i].moved;
		tcb.undo_rtx_at = tab[i].first_ms * XTCP_NSEC_PER_MSEC;
		tcb.flags |= XTCP_F_UNDO | XTCP_F_UNDO_RTX;
		CHECK_ROW(tab[i].what, xtcp_undo_original(&tcb, &a), tab[i].want);
	}
}

/* Without a retransmission in this episode a timestamp proves nothing. */
UNIT(undo_original_of_this_episode)
{
	struct xtcp_ack a = { .ts = true };
	struct xtcp_params par;
	struct xtcp_tcb tcb;

	xtcp_params_init(&par);
	xtcp_tcb_init(&tcb, &par);
	tcb.mss = 1000;
	xtcp_map_append(&tcb, 1000, 0, 100 * XTCP_NSEC_PER_MSEC);
	tcb.map_head->nrtx = 1;
	tcb.flags |= XTCP_F_UNDO;
	CHECK(!xtcp_undo_original(&tcb, &a));
	tcb.flags |= XTCP_F_UNDO_RTX;
	CHECK(xtcp_undo_original(&tcb, &a));
}

/* State that a reduction saves, and retransmissions after it. */
UNIT(undo_episode)
{
	static const struct {
		u32 seq, end;
		u64 now;
		u32 rtx, rtx_end;	/* bytes sent again, and the highest end of those */
	} tab[] = {
		{ 5000, 6000, 10, 1000, 6000 }, { 7000, 8000, 20, 2000, 8000 }, { 5000, 5500, 30, 2500, 8000 },
	};
	struct xtcp_params par;
	struct xtcp_tcb tcb;
	u32 i;

	xtcp_params_init(&par);
	xtcp_tcb_init(&tcb, &par);
	tcb.cwnd = 12345;
	tcb.ssthresh = 23456;
	tcb.snd_una = 5000;
	/* From an earlier reduction: */
	tcb.flags = XTCP_F_UNDO_RTX;
	tcb.undo_rtx = 777;
	tcb.undo_rtx_end = 9000;
	xtcp_undo_mark(&tcb);
	CHECK_EQ(tcb.flags, XTCP_F_UNDO);
	CHECK_EQ(tcb.prior_cwnd, 12345);
	CHECK_EQ(tcb.prior_ssthresh, 23456);
	CHECK_EQ(tcb.undo_una, 5000);
	CHECK_EQ(tcb.undo_rtx, 0);
	for (i = 0; i < ARRAY_SIZE(tab); i++) {
		xtcp_undo_rtx(&tcb, tab[i].seq, tab[i].end, tab[i].now);
		CHECK_EQ(tcb.flags, XTCP_F_UNDO | XTCP_F_UNDO_RTX);
		CHECK_EQ(tcb.undo_rtx_at, 10);
		CHECK_EQ(tcb.undo_rtx, tab[i].rtx);
		CHECK_EQ(tcb.undo_rtx_end, tab[i].rtx_end);
	}
}

/*
 * D-SACK (RFC 3708, 3.3): one for a retransmission is subtracted from the bytes sent again
 * since 10000, up to 12000; one for data sent once is a duplicate made by the network.
 */
UNIT(undo_dsack_of_what)
{
	static const struct {
		const char *what;
		bool again;		/* something was sent again in this episode, */
		u32 total;		/* or ever */
		u32 start, end;
		bool counts;
		u32 left;		/* of 2000 bytes sent again */
		bool net_dups;
	} tab[] = {
		{ "half of what was sent again", true, 2, 10000, 11000, true, 1000, false },
		{ "all of it", true, 2, 10000, 12000, true, 0, false },
		{ "from before the episode", true, 2, 9000, 10000, true, 2000, false },
		{ "partly", true, 2, 9999, 11000, true, 2000, false },
		{ "above it: sent once", true, 2, 12000, 13000, true, 2000, true },
		{ "partly above it", true, 2, 11999, 13000, true, 2000, false },
		{ "of an episode before", false, 2, 12000, 13000, true, 2000, false },
		{ "nothing was ever sent again", false, 0, 10000, 11000, true, 2000, true },
		{ "the probe of the tail", true, 2, 14000, 15000, true, 2000, false },
		{ "a part of it", true, 2, 14500, 14600, true, 2000, false },
		{ "more than that", true, 2, 14000, 15001, true, 2000, true },
		{ "what was never sent", true, 2, 29500, 30001, false, 2000, false },
		{ "more than any window", true, 2, 10000, 19001, false, 2000, false },
	};
	struct xtcp_params par;
	struct xtcp_tcb tcb;
	u32 i;

	xtcp_params_init(&par);
	for (i = 0; i < ARRAY_SIZE(tab); i++) {
		struct xtcp_ack a = { 0 };

		xtcp_tcb_init(&tcb, &par);
		tcb.mss = 1000;
		tcb.snd_una = 20000;
		tcb.snd_nxt = 30000;
		tcb.max_snd_wnd = 8000;
		tcb.undo_una = 10000;
		tcb.undo_rtx = 2000;
		tcb.undo_rtx_end = 12000;
		tcb.tlp_probes = 1;
		tcb.tlp_seq = 14000;
		tcb.tlp_end = 15000;
		tcb.total_retrans = tab[i].total;
		tcb.flags = tab[i].again ? XTCP_F_UNDO_RTX : 0;
		xtcp_dsack_rx(&tcb, tab[i].start, tab[i].end, &a);
		CHECK_ROW(tab[i].what, a.dsack, tab[i].counts);
		CHECK_ROW(tab[i].what, tcb.dsacks_in, tab[i].counts);
		CHECK_ROW(tab[i].what, tcb.undo_rtx, tab[i].left);
		CHECK_ROW(tab[i].what, tcb.net_dups, tab[i].net_dups);
	}
}

static u32 undone;

static void fake_event(struct xtcp_tcb *tcb, enum xtcp_cc_event ev, u64 now)
{
	undone += ev == XTCP_CC_UNDO;
}

/* An undo restores the state before the reduction completely. */
UNIT(undo_all)
{
	static const struct {
		const char *what;
		enum xtcp_cong cong;
		u32 flags;
		bool original, dsack;
		bool undone;
	} tab[] = {
		{ "the original arrived", XTCP_CONG_RECOVERY, XTCP_F_UNDO | XTCP_F_UNDO_RTX | XTCP_F_FORCE_RTX, true, false, true },
		{ "after a timeout", XTCP_CONG_LOSS,
		  XTCP_F_UNDO | XTCP_F_UNDO_RTX | XTCP_F_FRTO | XTCP_F_FRTO_NEW | XTCP_F_FORCE_RTX, true, false, true },
		{ "no reduction that could be", XTCP_CONG_OPEN, XTCP_F_UNDO_RTX, true, true, false },
		{ "all arrived twice", XTCP_CONG_RECOVERY, XTCP_F_UNDO | XTCP_F_UNDO_RTX, false, true, true },
		{ "something did, and nothing was sent again", XTCP_CONG_LOSS, XTCP_F_UNDO, false, true, false },
		{ "nothing says so", XTCP_CONG_RECOVERY, XTCP_F_UNDO | XTCP_F_UNDO_RTX, false, false, false },
	};
	struct xtcp_cc fake = xtcp_cc_reno;
	struct xtcp_params par;
	struct xtcp_tcb tcb;
	u32 i;

	fake.event = fake_event;
	xtcp_params_init(&par);
	for (i = 0; i < ARRAY_SIZE(tab); i++) {
		struct xtcp_ack a = { .original = tab[i].original, .dsack = tab[i].dsack };

		xtcp_tcb_init(&tcb, &par);
		tcb.cc = &fake;
		tcb.mss = 1000;
		tcb.cong = tab[i].cong;
		tcb.flags = tab[i].flags | XTCP_F_NODELAY;
		tcb.cwnd = tcb.ssthresh = 1000;
		tcb.prior_cwnd = 9000;
		tcb.prior_ssthresh = 8000;
		tcb.backoff = 3;
		undone = 0;
		CHECK_ROW(tab[i].what, xtcp_undo_ack(&tcb, &a), tab[i].undone);
		CHECK_ROW(tab[i].what, undone, tab[i].undone);
		CHECK_ROW(tab[i].what, tcb.undos, tab[i].undone);
		CHECK_ROW(tab[i].what, tcb.cwnd, tab[i].undone ? 9000 : 1000);
		CHECK_ROW(tab[i].what, tcb.ssthresh, tab[i].undone ? 8000 : 1000);
		CHECK_ROW(tab[i].what, tcb.flags, XTCP_F_NODELAY | (tab[i].undone ? 0 : tab[i].flags));
		CHECK_ROW(tab[i].what, tcb.cong, tab[i].undone ? XTCP_CONG_OPEN : tab[i].cong);
		CHECK_ROW(tab[i].what, tcb.backoff, tab[i].undone && tab[i].cong == XTCP_CONG_LOSS ? 0 : 3);
	}
}
