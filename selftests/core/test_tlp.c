// SPDX-License-Identifier: GPL-2.0
/*
 * Tail loss probes: RFC 8985, section 7. MSS 1000, round trip 40 ms and with
 * it a variance of 20 ms.
 */
#include "harness.h"

#define OPEN "established sack rtt 40\nset nodelay 1\n"
#define SENT3 OPEN "write 3000\n> PA 1+3000\n"
#define LONE OPEN "write 1000\n> PA 1+1000\n"

static const struct script tlp_probe[] = {
	{ "after two round trips the last segment again", SENT3 "~ 80ms\n> PA 2001+1000\n> no\n= tlp_probes 1\n= cong 0\n= cwnd 10000\n" },
	{ "counted from the last departure", SENT3 "+ 30ms\nwrite 1000\n> PA 3001+1000\n~ 80ms\n> PA 3001+1000\n" },
	{ "a new segment instead, if there is one", OPEN "set nodelay 0\nwrite 3000\n> PA 1+3000\nwrite 500\n> PA 3001+500\nwrite 400\n"
	  "> no\n~ 80ms\n> PA 3501+400\n= tlp_probes 1\n= total_retrans 0\n" },
	{ "beyond cwnd, but not beyond the peer's window", "established sack rtt 40 wnd 3000\nwrite 4000\n> A 1+3000\n~ 80ms\n> A 2001+1000\n" },
	{ "a lone segment: the variance, too, for a delayed ACK", LONE "~ 120ms\n> PA 1+1000\n" },
	{ "at least 10 ms for a lone one", "established sack\nset nodelay 1\nwrite 1000\n> PA 1+1000\n~ 10ms\n> PA 1+1000\n" },
	{ "at least 2 ms for several", "established sack\nset nodelay 1\nwrite 2000\n> PA 1+2000\n~ 2ms\n> PA 1001+1000\n" },
	{ "only as much as a segment of a small rest", OPEN "write 1500\n> PA 1+1500\n~ 80ms\n> PA 501+1000\n" },
	{ "the FIN", OPEN "shutdown\n> FA 1\n~ 120ms\n> FA 1\n" },
	{ "the FIN and what it came with", OPEN "write 500\n> PA 1+500\nshutdown\n> FA 501\n~ 120ms\n> FA 501\n" },
	{ "only one at a time, then the timer", SENT3 "~ 80ms\n> PA 2001+1000\n~ 240ms\n= cong 2\n> A 1+1000\n= rtx_timeouts 1\n" },
	{ "its answer shows the loss", SENT3 "~ 80ms\n> PA 2001+1000\n+ 40ms\n< A 1 ack 1 sack 2001-3001\n> A 1+1000\n= cong 1\n= lost_out 1000\n" },
	{ "not later than the timer, which does the work itself", "par rto_min_us 1000\n" OPEN "write 1000\n> PA 1+1000\n~ 120ms\n"
	  "= rtx_timeouts 1\n= tlp_probes 0\n> PA 1+1000\n" },
	{ "not without SACK", "established rtt 40\nset nodelay 1\nwrite 1000\n> PA 1+1000\n~ 240ms\n> PA 1+1000\n= tlp_probes 0\n" },
	{ "not when switched off", "par tlp 0\n" LONE "~ 240ms\n> PA 1+1000\n= tlp_probes 0\n" },
	{ "not in recovery", OPEN "write 5000\n> PA 1+5000\n+ 40ms\n< A 1 ack 1 sack 1001-5001\n> A 1+1000\n+ 190ms\n> no\n= tlp_probes 0\n" },
	{ "not while something is SACKed", SENT3 "+ 40ms\n< A 1 ack 1 sack 1001-2001\n~ 10ms\n> A 1+1000\n= tlp_probes 0\n" },
	{ "not against a closed window", LONE "< A 1 ack 1 wnd 0\n+ 200ms\n> no\n= tlp_probes 0\n" },
	{ "no more when all is acknowledged", SENT3 "+ 40ms\n< A 1 ack 3001\nno-timer\n" },
};
SCRIPTS(tlp_probe);

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
	{ "once it is there, what was sent meanwhile is probed for", LONE "~ 120ms\n> PA 1+1000\n"
	  "write 1000\n> PA 1001+1000\n< A 1 ack 1001\n+ 10ms\n< A 1 ack 1001 sack 1-1001\n~ 160ms\n> PA 1001+1000\n"
	  "= tlp_probes 2\n= rtx_timeouts 0\n" },
};
SCRIPTS(tlp_answer);
