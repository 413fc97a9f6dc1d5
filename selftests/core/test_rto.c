// SPDX-License-Identifier: GPL-2.0
/*
 * The retransmission timer: RFC 6298 section 5, RFC 9293 3.8.3 (R1, R2), RFC
 * 5681 3.1. The handshake of these scripts takes no time: SRTT is 1 us.
 */
#include "harness.h"

/* A path of 900 ms: an RTO of 2.7 s. */
#define SLOW "connect space 60000\n> S 0\n+ 900ms\n< SA 0 ack 1 mss 1000 wnd 65535\n> A 1\nwrite 100\n> PA 1+100\n"

static const struct script rto[] = {
	{ "started when data is sent (5.1)", "established\nno-timer\nwrite 100\n> PA 1+100\n~ 200001us\n> PA 1+100\n" },
	{ "not restarted by more data", "established\nset nodelay 1\nwrite 100\n> PA 1+100\n+ 100ms\nwrite 100\n> PA 101+100\n"
	  "~ 100001us\n> PA 1+200\n" },
	{ "stopped when all is acknowledged (5.2)", "established\nwrite 100\n> PA 1+100\n< A 1 ack 101\nno-timer\n" },
	{ "restarted by an ACK of new data (5.3)", "established\nwrite 2000\n> PA 1+2000\n+ 100ms\n< A 1 ack 1001\n= rto_us 212500\n"
	  "~ 212500us\n> PA 1001+1000\n" },
	{ "not by a duplicate", "established\nwrite 2000\n> PA 1+2000\n+ 100ms\n< A 1 ack 1\n~ 100001us\n> A 1+1000\n" },
	{ "but by a SACK of what left before the head was sent again", "par tlp 0\nestablished sack rtt 40\nset nodelay 1\nwrite 5000\n> PA 1+5000\n"
	  "+ 20ms\nwrite 2000\n> PA 5001+2000\n+ 20ms\n< A 1 ack 1 sack 1001-5001\n> A 1+1000\n+ 150ms\n< A 1 ack 1 sack 1001-6001\n"
	  "~ 256250us\n> A 1+1000\n= rtx_timeouts 1\n" },
	{ "the earliest is sent again, one segment (5.4)", "established\nwrite 5000\n> PA 1+5000\n~ 200001us\n> A 1+1000\n> no\n"
	  "= cwnd 1000\n= rtx_timeouts 1\n= total_retrans 1\n= bytes_retrans 1000\n" },
	{ "doubled (5.5) up to the maximum", "par rto_max_us 1500000\nestablished\nwrite 100\n> PA 1+100\n~ 200001us\n> PA 1+100\n"
	  "~ 400002us\n> PA 1+100\n~ 800004us\n> PA 1+100\n~ 1500ms\n> PA 1+100\n~ 1500ms\n> PA 1+100\n" },
	{ "slow start after it", "established\nwrite 5000\n> PA 1+5000\n~ 200001us\n> A 1+1000\n< A 1 ack 1001\n= cwnd 2000\n"
	  "> PA 1001+2000\n< A 1 ack 3001\n> PA 3001+2000\n< A 1 ack 5001\nno-timer\n= cong 0\n" },
	{ "ssthresh from the flight, once (RFC 5681)", "established\nwrite 10000\n> PA 1+10000\n~ 200001us\n= ssthresh 5000\n"
	  "> A 1+1000\n~ 400002us\n> A 1+1000\n= ssthresh 5000\n= cwnd 1000\n" },
	{ "at least two segments", "established\nwrite 100\n> PA 1+100\n~ 200001us\n= ssthresh 2000\n> PA 1+100\n" },
	{ "what was acknowledged meanwhile is not resent", "established\nwrite 5000\n> PA 1+5000\n~ 200001us\n> A 1+1000\n"
	  "< A 1 ack 5001\n> no\nno-timer\n" },
	{ "R1 asks for another way (MUST-20), R2 ends it", "par retries1 2\npar retries2 3\nestablished\nwrite 100\n> PA 1+100\n"
	  "~ 200001us\nnoacts ADVICE\n> PA 1+100\n~ 400002us\nacts ADVICE\n> PA 1+100\n~ 800004us\nacts ADVICE\n"
	  "> PA 1+100\n~ 1600008us\nacts ERROR|STATE\n= state CLOSED\n= err TIMEDOUT\n> no\nno-timer\n" },
	{ "fewer retransmissions fill the time of R2 where the RTO is long", "par tlp 0\npar retries2 4\n" SLOW
	  "~ 2700000us\n> PA 1+100\n~ 5400000us\n> PA 1+100\n~ 10800000us\nacts ERROR|STATE\n= err TIMEDOUT\n" },
	{ "likewise of an orphan", "par tlp 0\npar orphan_retries 3\n" SLOW "close\n> FA 101\n~ 2700000us\n> FPA 1+100\n"
	  "~ 5400000us\n= state CLOSED\n" },
	{ "each asks for another path", "established\nwrite 100\n> PA 1+100\n~ 200001us\nacts REPATH\n> PA 1+100\n"
	  "~ 400002us\nacts REPATH\n> PA 1+100\n" },
	{ "retransmissions carry the newest ACK and window", "established\nwrite 100\n> PA 1+100\n< A 1+500\n> A 101 ack 501\n"
	  "~ 200001us\n> PA 1+100 ack 501 wnd 65035\n" },
	{ "early calls are harmless", "established\nwrite 100\n> PA 1+100\n+ 200ms\n> no\n+ 1us\n> PA 1+100\n" },
};
SCRIPTS(rto);

/* SHLD-11: by default R2 is beyond 100 s. */
UNIT(rto_r2_default)
{
	struct xtcp_params par;
	u64 us, sum = 0;
	int i;

	xtcp_params_init(&par);
	us = par.rto_min_us;
	for (i = 0; i <= par.retries2; i++, us *= 2)
		sum += min_t(u64, us, par.rto_max_us);
	CHECK(sum > 100000000);
}
