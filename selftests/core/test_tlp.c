// SPDX-License-Identifier: GPL-2.0
/*
 * Tail loss probes: RFC 8985, section 7. MSS 1000, round trip 40 ms and with
 * it a variance of 20 ms.
 */
#include "core.h"
#include "harness.h"

#define OPEN "established sack rtt 40\nset nodelay 1\n"
#define SENT3 OPEN "write 3000\n> PA 1+3000\n"
#define LONE OPEN "write 1000\n> PA 1+1000\n"

/* What went last is acknowledged after 20 ms, and the next follows. */
#define ANSWERED(seq)	"+ 20ms\n< A 1 ack " #seq "\nwrite 1000\n> PA " #seq "+1000\n"

static const struct script tlp_probe[] = {
	{ "after two round trips the last segment again", SENT3 "~ 80ms\n> PA 2001+1000\n> no\n= tlp_probes 1\n= cong 0\n= cwnd 10000\n" },
	{ "counted from the last departure", SENT3 "+ 30ms\nwrite 1000\n> PA 3001+1000\n~ 80ms\n> PA 3001+1000\n" },
	{ "a new segment instead, if there is one", OPEN "set nodelay 0\nwrite 3000\n> PA 1+3000\nwrite 500\n> PA 3001+500\nwrite 400\n"
	  "> no\n~ 80ms\n> PA 3501+400\n= tlp_probes 1\n= total_retrans 0\n" },
	{ "beyond cwnd, but not beyond the peer's window", "established sack rtt 40 wnd 3000\nwrite 4000\n> PA 1+3000\n~ 80ms\n> A 2001+1000\n" },
	{ "a lone segment: the variance, too, for a delayed ACK", LONE "~ 120ms\n> PA 1+1000\n" },
	{ "a lone one on a short path: no receiver's delay is probed for", "established sack\nset nodelay 1\nwrite 1000\n> PA 1+1000\n"
	  "~ 50ms\n> PA 1+1000\n" },
	{ "also where three round trips are longer", "established sack rtt 16\nset nodelay 1\nwrite 1000\n> PA 1+1000\n"
	  "+ 49900us\n> no\n~ 100us\n> PA 1+1000\n" },
	{ "once two round trips are as long, they are enough", "established sack rtt 20\nset nodelay 1\nwrite 1000\n> PA 1+1000\n"
	  ANSWERED(1001) ANSWERED(2001) ANSWERED(3001) ANSWERED(4001) ANSWERED(5001) ANSWERED(6001) "~ 40ms\n> PA 6001+1000\n" },
	{ "at least 2 ms for several", "established sack\nset nodelay 1\nwrite 2000\n> PA 1+2000\n~ 2ms\n> PA 1001+1000\n" },
	{ "the last segment as it was cut", OPEN "write 1500\n> PA 1+1500\n~ 80ms\n> PA 1001+500\n" },
	{ "the FIN", OPEN "shutdown\n> FA 1\n~ 120ms\n> FA 1\n" },
	{ "a lone FIN with the data before it", OPEN "write 500\n> PA 1+500\nshutdown\n> FA 501\n~ 120ms\n> FPA 1+500\n" },
	{ "of a burst its last segment", OPEN "write 2400\n> PA 1+2400\nshutdown\n> FA 2401\n~ 80ms\n> FPA 2001+400\n" },
	{ "which may be a whole one", OPEN "write 2000\n> PA 1+2000\nshutdown\n> FA 2001\n~ 80ms\n> FPA 1001+1000\n" },
	{ "the FIN and the whole one that it left with", "established sack rtt 40 wnd 4000\nwrite 5000\n> PA 1+4000\nshutdown\n+ 40ms\n"
	  "< A 1 ack 2001\n> FPA 4001+1000\n~ 80ms\n> FPA 4001+1000\n" },
	{ "small writes as far as they fit", OPEN "write 400\n> PA 1+400\nwrite 400\n> PA 401+400\nwrite 400\n> PA 801+400\n~ 80ms\n> PA 401+800\n" },
	{ "not those that are acknowledged", OPEN "write 400\n> PA 1+400\nwrite 400\n> PA 401+400\n+ 40ms\n< A 1 ack 401\n~ 100ms\n> PA 401+400\n" },
	{ "only one at a time, then the timer", SENT3 "~ 80ms\n> PA 2001+1000\n~ 240ms\n= cong 2\n> A 1+1000\n= rtx_timeouts 1\n" },
	{ "until it is answered", SENT3 "~ 80ms\n> PA 2001+1000\n+ 10ms\n< A 1 ack 1001\n+ 240ms\n> no\n= tlp_probes 1\n" },
	{ "its answer shows the loss", SENT3 "~ 80ms\n> PA 2001+1000\n+ 40ms\n< A 1 ack 1 sack 2001-3001\n> A 1+1000\n= cong 1\n= lost_out 1000\n" },
	{ "not later than the timer, which then waits for the answer", "par rto_min_us 1000\n" OPEN "write 1000\n> PA 1+1000\n+ 60ms\n"
	  "write 1000\n> PA 1001+1000\n~ 60ms\n> PA 1001+1000\n= rtx_timeouts 0\n= tlp_probes 1\n~ 120ms\n= rtx_timeouts 1\n> A 1+1000\n" },
	{ "first, when both are late", SENT3 "late 400ms\n= rtx_timeouts 0\n> PA 2001+1000\n" },
	{ "in a reduction without loss, too", SENT3 "~ 80ms\n> PA 2001+1000\nwrite 2000\n> PA 3001+2000\n< A 1 ack 4001\n= cong 3\n"
	  "~ 120ms\n> PA 4001+1000\n" },
	{ "after our queue was full, too", SENT3 "queue-full\n= cong 3\n~ 80ms\n> PA 2001+1000\n= tlp_probes 1\n" },
	{ "not without SACK", "established rtt 40\nset nodelay 1\nwrite 1000\n> PA 1+1000\n~ 240ms\n> PA 1+1000\n= tlp_probes 0\n" },
	{ "not without a round trip known", "par timestamps 0\nconnect mss 1000\n> S 0\n~ 1s\n> S 0\n< SA 0 ack 1 mss 1000 wnd 9000 sackok\n"
	  "> A 1\n= srtt8_us 0\nwrite 1000\n> PA 1+1000\n+ 900ms\n> no\n= tlp_probes 0\n" },
	{ "not when switched off", "par tlp 0\n" LONE "~ 240ms\n> PA 1+1000\n= tlp_probes 0\n" },
	{ "not while something is SACKed", SENT3 "+ 40ms\n< A 1 ack 1 sack 1001-2001\n~ 10ms\n> A 1+1000\n= tlp_probes 0\n" },
	{ "not against a closed window", LONE "< A 1 ack 1 wnd 0\n+ 200ms\n> no\n= tlp_probes 0\n" },
	{ "nor at once when it opens", LONE "< A 1 ack 1 wnd 0\n+ 200ms\n< A 1 ack 1 wnd 9000\n> no\n= tlp_probes 0\n" },
	{ "no more when all is acknowledged", SENT3 "+ 40ms\n< A 1 ack 3001\nno-timer\n" },
};
SCRIPTS(tlp_probe);

/* Five segments, the first one lost and sent again after 40 ms. */
#define HOLE OPEN "write 5000\n> PA 1+5000\n+ 40ms\n< A 1 ack 1 sack 1001-5001\n> A 1+1000\n= cong 1\n"

static const struct script tlp_recovery[] = {
	{ "a retransmission lost, and nothing behind it: again", HOLE "~ 80ms\n> A 1+1000\n= tlp_probes 1\n= cong 1\n= rtx_timeouts 0\n"
	  "+ 40ms\n< A 1 ack 5001\n= cong 0\n" },
	{ "one, then the timer", HOLE "~ 80ms\n> A 1+1000\n~ 240ms\n= rtx_timeouts 1\n= cong 2\n> A 1+1000\n~ 480ms\n> A 1+1000\n= tlp_probes 1\n" },
	{ "its answer tells what else is lost", OPEN "write 6000\n> PA 1+6000\n+ 40ms\n< A 1 ack 1 sack 1001-5001\n> A 1+1000\n~ 80ms\n> A 1+1000\n"
	  "+ 40ms\n< A 1 ack 5001\n= cong 1\n> PA 5001+1000\n" },
	{ "then there may be another", OPEN "write 6000\n> PA 1+6000\n+ 40ms\n< A 1 ack 1 sack 1001-5001\n> A 1+1000\n~ 80ms\n> A 1+1000\n"
	  "+ 40ms\n< A 1 ack 5001\n> PA 5001+1000\n= tlp_probes 1\n~ 100ms\n> PA 5001+1000\n= tlp_probes 2\n" },
	{ "from the last departure; an ACK of what left before adds a quarter", OPEN "write 6000\n> PA 1+6000\n+ 40ms\n"
	  "< A 1 ack 1 sack 1001-5001\n> A 1+1000\n+ 40ms\n< A 1 ack 1 sack 1001-6001\n= srtt8_us 360000\n~ 50ms\n> A 1+1000\n" },
	{ "which may be later", OPEN "write 6000\n> PA 1+6000\n+ 40ms\n< A 1 ack 1 sack 1001-5001\n> A 1+1000\n+ 76ms\n"
	  "< A 1 ack 1 sack 1001-6001\n= srtt8_us 396000\n~ 24750us\n> A 1+1000\n" },
	{ "the first that waits, where the window keeps it back", OPEN "write 10000\n> PA 1+10000\n+ 40ms\n< A 1 ack 1 sack 7001-10001\n> PA 1+3000\n"
	  "= lost_out 4000\n~ 80ms\n> A 3001+1000\n= lost_out 3000\n" },
	{ "no new data, which waits for the window", HOLE "set nodelay 0\nwrite 100\n> PA 5001+100\nwrite 300\n~ 80ms\n> A 1+1000\n" },
	{ "small ones together, up to what was SACKed", OPEN "write 300\n> PA 1+300\nwrite 300\n> PA 301+300\nwrite 3000\n> PA 601+3000\n"
	  "+ 40ms\n< A 1 ack 1 sack 601-3601\n> A 1+600\n~ 80ms\n> A 1+600\n" },
	{ "also where they are just a segment", OPEN "write 400\n> PA 1+400\nwrite 600\n> PA 401+600\nwrite 3000\n> PA 1001+3000\n"
	  "+ 40ms\n< A 1 ack 1 sack 1001-4001\n> A 1+1000\n~ 80ms\n> A 1+1000\n" },
	{ "what was SACKed already is no answer", HOLE "~ 80ms\n> A 1+1000\n+ 40ms\n< A 1 ack 1 sack 1001-5001\n+ 150ms\n> no\n= tlp_probes 1\n" },
	{ "not more than was taken for lost", OPEN "write 300\n> PA 1+300\nwrite 2000\n> PA 301+2000\nwrite 3000\n> PA 2301+3000\n"
	  "+ 40ms\n< A 1 ack 1 sack 2301-5301\n> PA 1+2000\n~ 80ms\n> A 2001+300\n" },
	{ "not a part of the next one", OPEN "write 300\n> PA 1+300\nwrite 1500\n> PA 301+1500\nwrite 4000\n> PA 1801+4000\n"
	  "+ 40ms\n< A 1 ack 1 sack 1801-5801\n> PA 1+1800\n~ 80ms\n> A 1+300\n" },
	{ "one segment of a burst", OPEN "write 7000\n> PA 1+7000\n+ 40ms\n< A 1 ack 1 sack 2001-7001\n> PA 1+2000\n~ 80ms\n> A 1+1000\n" },
	{ "not beyond a window that shrank", HOLE "< A 1 ack 1 wnd 500 sack 1001-5001\n+ 200ms\n> no\n= tlp_probes 0\n" },
	{ "not when loss is not found by time", "par rack 0\n" OPEN "write 5000\n> PA 1+5000\n+ 40ms\n< A 1 ack 1\n< A 1 ack 1\n< A 1 ack 1\n> A 1+1000\n"
	  "+ 190ms\n> no\n= tlp_probes 0\n" },
	{ "not after a timeout", LONE "~ 120ms\n> PA 1+1000\n~ 240ms\n> PA 1+1000\n= cong 2\n~ 480ms\n> PA 1+1000\n= tlp_probes 1\n" },
	{ "not while the peer goes back on what it SACKed", SENT3 "+ 40ms\n< A 1 ack 1 sack 1-3001\n~ 200ms\n= tlp_probes 0\n= reneges 1\n> A 1+1000\n" },
	{ "one duplicate is not that of all: no undo", HOLE "~ 80ms\n> A 1+1000\n< A 1 ack 5001 sack 1-1001\n= undos 0\n< A 1 ack 5001 sack 1-1001\n= undos 1\n" },
	{ "nothing is learned of delayed ACKs from it", HOLE "~ 80ms\n> A 1+1000\n< A 1 ack 5001 sack 1-1001\n= ack_delay_us 0\n= tlp_recovered 0\n" },
	{ "it counts as sent in the recovery", HOLE "= prr_out 1000\n~ 80ms\n> A 1+1000\n= prr_out 2000\n= total_retrans 2\n" },
};
SCRIPTS(tlp_recovery);

static const struct script tlp_answer[] = {
	{ "the original and the probe arrived: no congestion, and more patience", LONE "~ 120ms\n> PA 1+1000\n"
	  "< A 1 ack 1001 sack 1-1001\n= cong 0\n= ack_delay_us 40000\n= cwnd 10000\nset keepalive 0\nwrite 1000\n> PA 1001+1000\n"
	  "+ 10ms\n< A 1 ack 2001\nwrite 1000\n> PA 2001+1000\n+ 150ms\n= tlp_probes 1\n+ 40ms\n> PA 2001+1000\n" },
	{ "the next time twice as much", LONE "~ 120ms\n> PA 1+1000\n< A 1 ack 1001 sack 1-1001\nwrite 1000\n> PA 1001+1000\n"
	  "+ 300ms\n> PA 1001+1000\n< A 1 ack 2001 sack 1001-2001\n= ack_delay_us 80000\n" },
	{ "the probe filled the hole: as after a loss (7.4.2)", SENT3 "~ 80ms\n> PA 2001+1000\nwrite 1000\n> PA 3001+1000\n"
	  "< A 1 ack 3001\n= cong 0\n< A 1 ack 4001\n= tlp_recovered 1\n= cong 0\n= ssthresh 2000\n" },
	{ "a new segment as probe repairs nothing", OPEN "set nodelay 0\nwrite 3000\n> PA 1+3000\nwrite 500\n> PA 3001+500\n"
	  "write 400\n~ 80ms\n> PA 3501+400\n< A 1 ack 3901\n= tlp_recovered 0\n= ssthresh -1\n" },
	{ "an ACK that adds nothing: both arrived, and no D-SACK", LONE "~ 120ms\n> PA 1+1000\n"
	  "write 1000\n> PA 1001+1000\n< A 1 ack 1001\n< A 1 ack 1001\n< A 1 ack 2001\n= tlp_recovered 0\n" },
	{ "data that repeats an ACK is no answer", LONE "~ 120ms\n> PA 1+1000\n"
	  "write 1000\n> PA 1001+1000\n< A 1 ack 1001\n< A 1+100 ack 1001\n> A 2001 ack 101\n< A 101 ack 2001\n= tlp_recovered 1\n" },
	{ "nor is one that SACKs more", LONE "~ 120ms\n> PA 1+1000\n"
	  "write 2000\n> PA 1001+2000\n+ 40ms\n< A 1 ack 1001\n< A 1 ack 1001 sack 2001-3001\n< A 1 ack 3001\n= tlp_recovered 1\n" },
	{ "its duplicate is not the network's", SENT3 "~ 80ms\n> PA 2001+1000\n+ 40ms\n< A 1 ack 1 sack 2001-3001\n> A 1+1000\n"
	  "< A 1 ack 1 sack 2001-3001,2001-3001\n= net_dups 0\n" },
	{ "one below it is", SENT3 "~ 80ms\n> PA 2001+1000\n+ 40ms\n< A 1 ack 1 sack 2001-3001\n> A 1+1000\n"
	  "< A 1 ack 2001 sack 1001-2001\n= net_dups 1\n" },
	{ "once it is there, what was sent meanwhile is probed for", LONE "~ 120ms\n> PA 1+1000\n"
	  "write 1000\n> PA 1001+1000\n< A 1 ack 1001\n+ 10ms\n< A 1 ack 1001 sack 1-1001\n~ 160ms\n> PA 1001+1000\n"
	  "= tlp_probes 2\n= rtx_timeouts 0\n" },
};
SCRIPTS(tlp_answer);

/* What duplicates teach of the receiver's delay: twice as much each, up to 200 ms. */
UNIT(tlp_learns)
{
	static const u32 us[] = { 40000, 80000, 160000, 200000, 200000 };
	struct xtcp_seg seg = { .ack = 1000 };
	struct xtcp_ack a = { .dsack = true };
	struct xtcp_params par;
	struct xtcp_tcb tcb;
	u32 i;

	xtcp_params_init(&par);
	xtcp_tcb_init(&tcb, &par);
	tcb.tlp_end = 1000;
	for (i = 0; i < ARRAY_SIZE(us); i++) {
		tcb.flags |= XTCP_F_TLP_OUT | XTCP_F_TLP_RTX;
		xtcp_tlp_ack(&tcb, &seg, &a);
		CHECK_EQ(tcb.ack_delay_us, us[i]);
		CHECK(!(tcb.flags & XTCP_F_TLP_OUT));
	}
}

/* An ACK that comes before the probe has left: the time runs anew. */
UNIT(tlp_no_more_owed)
{
	u64 now = XTCP_NSEC_PER_SEC;
	struct xtcp_params par;
	struct xtcp_tcb tcb;

	xtcp_params_init(&par);
	xtcp_tcb_init(&tcb, &par);
	tcb.state = XTCP_ESTABLISHED;
	tcb.opts = XTCP_OPT_SACK_PERM;
	tcb.mss = 1000;
	tcb.srtt8_us = 8 * 40000;
	tcb.snd_wnd = 10000;
	tcb.snd_una = 1;
	tcb.snd_nxt = 3001;
	CHECK_EQ(xtcp_tlp_fire(&tcb, now), XTCP_ACT_OUTPUT);
	CHECK(tcb.flags & XTCP_F_TLP_OWED);
	tcb.snd_una = 1001;
	xtcp_tlp_arm(&tcb, now);
	CHECK(!(tcb.flags & XTCP_F_TLP_OWED));
	CHECK(xtcp_dl_is_set(&tcb, XTCP_DL_TLP));
	CHECK_EQ(tcb.dl[XTCP_DL_TLP], now + 80 * XTCP_NSEC_PER_MSEC);
}
