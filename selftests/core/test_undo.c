// SPDX-License-Identifier: GPL-2.0
/*
 * Reductions taken back: Eifel (RFC 3522), D-SACK (RFC 3708), F-RTO
 * (RFC 5682). MSS 1000, 988 with timestamps; round trip 40 ms, cwnd 10000.
 */
#include "core.h"
#include "harness.h"

#define SACK10 "par tlp 0\nestablished sack rtt 40\nset nodelay 1\nwrite 10000\n> PA 1+10000\n"
#define TS10 "par tlp 0\nestablished sack ts rtt 40\nset nodelay 1\nwrite 9880\n> PA 1+9880\n"
#define PLAIN10 "established rtt 40\nset nodelay 1\nwrite 10000\n> PA 1+10000\n"

static const struct script undo_eifel[] = {
	{ "a timeout, and the ACK of the original", TS10 "~ 240ms\n> A 1+988\n= cong 2\n= cwnd 988\n+ 1ms\n"
	  "< A 1 ack 989 tsecr 40\n= cong 0\n= cwnd 9880\n= spurious_rtos 1\n= backoff 0\n= lost_out 0\n= ssthresh -1\n" },
	{ "not when it answers the retransmission", TS10 "~ 240ms\n> A 1+988\n+ 1ms\n< A 1 ack 989\n= cong 2\n= spurious_rtos 0\n"
	  "> PA 989+1976\n" },
	{ "a recovery, and the ACK of the original", TS10 "+ 40ms\n< A 1 ack 1 sack 989-9881\n> A 1+988\n= cong 1\n+ 1ms\n"
	  "< A 1 ack 9881 tsecr 40\n= cong 0\n= undos 1\n= cwnd 9880\n" },
	{ "not without timestamps", SACK10 "+ 40ms\n< A 1 ack 1 sack 1001-10001\n> A 1+1000\n+ 1ms\n< A 1 ack 10001\n= undos 0\n" },
};
SCRIPTS(undo_eifel);

/* Which timestamps, of which retransmissions, prove that an original arrived. */
UNIT(undo_original)
{
	static const struct {
		const char *what;
		u32 sent_ms;		/* the head's last departure, */
		u32 nrtx;		/* how often it was sent again, */
		u32 first_ms;		/* and when the episode's first was */
		u32 moved;		/* SND.UNA since the episode began */
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

/* The timestamp proves nothing where nothing was sent again in this episode. */
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

/* What a reduction remembers, and what is sent again after it. */
UNIT(undo_episode)
{
	static const struct {
		u32 seq, end;
		u64 now;
		u32 rtx, rtx_end;	/* bytes sent again, and the end of the highest */
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
	/* Of an earlier one: */
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
 * What a D-SACK says (RFC 3708, 3.3): that of a retransmission is taken off what was sent
 * again since 10000, up to 12000; that of what was sent once is the network's doing.
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

/* What takes a reduction back, and that nothing of it is left. */
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

static const struct script undo_dsack[] = {
	{ "all that was resent arrived twice", SACK10 "+ 40ms\n< A 1 ack 1 sack 2001-10001\n> PA 1+2000\n= cong 1\n"
	  "< A 1 ack 10001 sack 1-1001\n= cong 0\n= undos 0\n= undo_rtx 1000\n= ssthresh 5000\n= cwnd 5000\n"
	  "< A 1 sack 1001-2001\n= undos 1\n= ssthresh -1\n= cwnd 10000\n" },
	{ "still in recovery", SACK10 "+ 40ms\n< A 1 ack 1 sack 1001-5001\n> A 1+1000\n< A 1 ack 5001 sack 1-1001\n= undos 1\n= cong 0\n" },
	{ "one of two is not enough", SACK10 "+ 40ms\n< A 1 ack 1 sack 2001-10001\n> PA 1+2000\n< A 1 ack 10001\n"
	  "< A 1 sack 1-1001\n= undos 0\n< A 1 sack 20001-21001\n= undos 0\n" },
	{ "a duplicate from before the episode is no witness", SACK10 "+ 40ms\n< A 1 ack 2001\n+ 1ms\n"
	  "< A 1 ack 2001 sack 3001-10001\n> A 2001+1000\n= undo_rtx 1000\n< A 1 ack 10001 sack 1-1001\n= undo_rtx 1000\n= undos 0\n" },
	{ "where the network duplicates they prove nothing", SACK10 "+ 40ms\n< A 1 ack 1001 sack 1-1001\n= dsacks_in 1\n+ 1ms\n"
	  "< A 1 ack 1001 sack 2001-10001\n> A 1001+1000\n< A 1 ack 10001 sack 1001-2001\n= undos 0\n= cong 0\n" },
	{ "beyond SND.NXT is none at all", SACK10 "< A 1 ack 1 sack 20001-21001,19001-22001\n= dsacks_in 0\n" },
	{ "after a timeout the back-off ends, though nothing was measured", "par frto 0\n" SACK10 "~ 240ms\n> A 1+1000\n= backoff 1\n"
	  "< A 1 ack 1001 sack 1-1001\n= undos 1\n= spurious_rtos 1\n= backoff 0\n" },
	{ "nor is a block that no window could hold", "par tlp 0\nestablished sack rtt 40 wnd 9000\nset nodelay 1\nwrite 9000\n> PA 1+9000\n"
	  "< A 1 ack 9001\nwrite 9000\n> PA 9001+9000\n< A 1 ack 18001 sack 1-10002\n= dsacks_in 0\n< A 1 ack 18001 sack 1-10001\n"
	  "= dsacks_in 1\n" },
};
SCRIPTS(undo_dsack);

static const struct script undo_frto[] = {
	{ "every SACK lost, the ACK of the retransmission covers all: it was real", SACK10 "~ 240ms\n> A 1+1000\n= lost_out 9000\n"
	  "< A 1 ack 10001\n= cong 0\n= undos 0\n= spurious_rtos 0\n= ssthresh 5000\n> no\n" },
	{ "what the first ACK covers may have arrived before the timeout", SACK10 "~ 240ms\n> A 1+1000\n< A 1 ack 3001\n= cong 2\n"
	  "= spurious_rtos 0\n> PA 3001+4000\n" },
	{ "the same of what is SACKed before it (step 2)", SACK10 "~ 240ms\n> A 1+1000\nwrite 5000\n< A 1 ack 1 sack 3001-4001\n= cong 2\n> no\n"
	  "< A 1 ack 1001\n> PA 10001+2000\n> no\n= spurious_rtos 0\n< A 1 ack 2001\n= cong 0\n= spurious_rtos 1\n> A 12001+1000\n" },
	{ "SACKed after it, without having been resent (step 3b)", SACK10 "~ 240ms\n> A 1+1000\nwrite 5000\n< A 1 ack 1001\n"
	  "> PA 10001+2000\n< A 1 ack 1001 sack 5001-6001\n= cong 0\n= spurious_rtos 1\n= cwnd 10000\n> no\n" },
	{ "all that was out at the timeout, and nothing new", SACK10 "~ 240ms\n> A 1+1000\nwrite 5000\n< A 1 ack 1001\n"
	  "> PA 10001+2000\n< A 1 ack 1001 sack 9001-10001\n= cong 0\n= spurious_rtos 1\n> no\n" },
	{ "new data SACKed, and what is below it: it was real (step 3a)", SACK10 "~ 240ms\n> A 1+1000\nwrite 5000\n< A 1 ack 1001\n"
	  "> PA 10001+2000\n< A 1 ack 1001 sack 5001-6001,10001-11001\n= spurious_rtos 0\n= cong 2\n= cwnd 3000\n> PA 1001+2000\n" },
	{ "a hole sent again, and what lay behind it", SACK10 "~ 240ms\n> A 1+1000\n< A 1 ack 1001\n> PA 1001+2000\n"
	  "< A 1 ack 5001\n= spurious_rtos 0\n= cong 2\n> PA 5001+5000\n" },
	{ "without SACK, too", PLAIN10 "~ 240ms\n> A 1+1000\n< A 1 ack 1001\n> PA 1001+2000\n< A 1 ack 5001\n= spurious_rtos 0\n= cong 2\n"
	  "> PA 5001+5000\n" },
	{ "only the retransmission: new data first, then the verdict", SACK10 "~ 240ms\n> A 1+1000\nwrite 5000\n> no\n"
	  "< A 1 ack 1001\n= cong 2\n> PA 10001+2000\n> no\n< A 1 ack 2001\n= cong 0\n= spurious_rtos 1\n" },
	{ "a duplicate then: it was real (step 3a)", SACK10 "~ 240ms\n> A 1+1000\nwrite 5000\n< A 1 ack 1001\n"
	  "> PA 10001+2000\n< A 1 ack 1001 sack 10001-11001\n= cwnd 3000\n> PA 1001+2000\n= spurious_rtos 0\n= cong 2\n" },
	{ "no new data: the usual", SACK10 "~ 240ms\n> A 1+1000\n< A 1 ack 1001\n> PA 1001+2000\n= cong 2\n" },
	{ "without SACK the first ACK proves nothing", PLAIN10 "~ 240ms\n> A 1+1000\n< A 1 ack 3001\n= cong 2\n= spurious_rtos 0\n"
	  "> PA 3001+4000\n" },
	{ "without SACK the second does", PLAIN10 "write 5000\n> no\n~ 240ms\n> A 1+1000\n"
	  "< A 1 ack 2001\n> PA 10001+3000\n< A 1 ack 3001\n= cong 0\n= spurious_rtos 1\n" },
	{ "not at the second timeout", SACK10 "~ 240ms\n> A 1+1000\n~ 480ms\n> A 1+1000\n< A 1 ack 3001\n= spurious_rtos 0\n= cong 2\n"
	  "> PA 3001+4000\n" },
	{ "not when switched off", "par frto 0\n" SACK10 "~ 240ms\n> A 1+1000\n< A 1 ack 3001\n= spurious_rtos 0\n= cong 2\n"
	  "> PA 3001+4000\n" },
};
SCRIPTS(undo_frto);

/* RACK was wrong, and nothing had been sent again: no harm, no reduction. */
static const struct script undo_rack[] = {
	{ "taken for lost, there before it was resent", SACK10 "+ 40ms\n< A 1 ack 1 sack 1001-10001\nabort-tx\n= cong 1\n"
	  "< A 1 ack 10001\n= cong 0\n= undos 1\n= cwnd 10000\n> no\n" },
	{ "counted as undone, all of it", SACK10 "+ 40ms\n< A 1 ack 1 sack 1001-10001\nabort-tx\nmib TCPSackRecovery TCPRetransFail\n< A 1 ack 10001\nmib TCPFullUndo TCPSACKReorder\n> no\n" },
};
SCRIPTS(undo_rack);
