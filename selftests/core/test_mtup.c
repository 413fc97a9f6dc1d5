// SPDX-License-Identifier: GPL-2.0
/*
 * Path MTU by trial: RFC 4821. Route and peer take 1460; RTT 40 ms.
 */
#include "harness.h"

#define OPEN "established sack rtt 40 peer 1460\nset nodelay 1\n"
#define OPEN2 "par mtu_probing 2\n" OPEN
/* The window is 14,600 bytes, above eleven segments: a probe may go. */
#define PROBED OPEN2 "write 20000\n> A 1+1242 pmss 1242\n> PA 1243+13312 pmss 1024\n"

static const struct script mtup_black_hole[] = {
	{ "after R1 timeouts the base size", "par mtu_probing 1\npar tlp 0\n" OPEN "write 2920\n> PA 1+2920\n= mss 1460\n~ 240ms\n> A 1+1460\n"
	  "~ 480ms\n> A 1+1460\n~ 960ms\n= mss 1024\n> A 1+1024\n" },
	{ "then halves of it, down to the floor", "par mtu_probing 1\npar tlp 0\npar mtu_probe_floor 200\n" OPEN "write 2920\n> PA 1+2920\n"
	  "~ 240ms\n> A 1+1460\n~ 480ms\n> A 1+1460\n~ 960ms\n> A 1+1024\n~ 1920ms\n= mss 512\n> A 1+512\n~ 3840ms\n= mss 256\n> A 1+256\n"
	  "~ 7680ms\n= mss 200\n> A 1+200\n~ 15360ms\n= mss 200\n> A 1+200\n" },
	{ "not when off", "par tlp 0\n" OPEN "write 2920\n> PA 1+2920\n~ 240ms\n> A 1+1460\n~ 480ms\n> A 1+1460\n~ 960ms\n= mss 1460\n> A 1+1460\n" },
};
SCRIPTS(mtup_black_hole);

static const struct script mtup_search[] = {
	{ "begins at the base size", OPEN2 "= mss 1024\n= mtup_low 1024\n= mtup_high 1460\n" },
	{ "a probe half way, in one packet, before other new data", PROBED "= mtup_size 1242\n" },
	{ "it arrives: the new MSS, and the next one", PROBED "write 20000\n> no\n+ 40ms\n< A 1 ack 14555\n= mss 1242\n= mtup_low 1242\n"
	  "> A 14555+1351 pmss 1351\n> PA 15906+24095 pmss 1242\n" },
	{ "it alone is lost: smaller, and no congestion", PROBED "+ 40ms\n< A 1 ack 1 sack 1243-14555\n> PA 1+1242 pmss 1024\n"
	  "= mtup_high 1241\n= mtup_size 0\n= mss 1024\n= ssthresh -1\n= fast_rtx 0\n= cwnd 14600\n> PA 14555+5446\n" },
	{ "lost with others: congestion, and nothing learnt", PROBED "+ 40ms\n< A 1 ack 1 sack 2267-14555\n> PA 1+2266\n"
	  "= mtup_high 1460\n= mtup_size 0\n= fast_rtx 1\n> PA 14555+4096\n" },
	{ "a timeout has it sent in pieces, which say nothing of its size", "par tlp 0\n" PROBED "~ 240ms\n> A 1+1024\n+ 40ms\n< A 1 ack 14555\n"
	  "= mtup_low 1024\n= mtup_size 0\n= mss 1024\n> PA 14555+5446 pmss 1024\n" },
	{ "one at a time", PROBED "< A 1 ack 2\n> no\nwrite 60000\n> no\n" },
	{ "not with too little behind it", OPEN2 "write 5000\n> PA 1+5000\n= mtup_size 0\n" },
	{ "not when all was sent, the FIN included", "par probe_interval_s 0\n" OPEN2 "write 5000\n> PA 1+5000\nshutdown\n> FA 5001\n"
	  "+ 40ms\n< A 1 ack 1001\n> no\n= mtup_size 0\n" },
	{ "not in a small window", "par initial_cwnd 7\n" OPEN2 "write 20000\n> PA 1+9216\n= mtup_size 0\n" },
	{ "ends where little is to be gained", "par probe_threshold 300\n" PROBED "+ 40ms\n< A 1 ack 14555\n> PA 14555+5446 pmss 1242\n= mtup_size 0\n" },
	{ "and begins again after the interval", "par idle_restart 0\npar probe_interval_s 100\npar probe_threshold 300\n" PROBED "+ 40ms\n< A 1 ack 1 sack 1243-14555\n"
	  "> PA 1+1242\n> PA 14555+5446\n< A 1 ack 20001\n= mtup_high 1241\nwrite 6000\n> PA 20001+6000 pmss 1024\n< A 1 ack 26001\n"
	  "+ 101s\nwrite 6000\n> A 26001+1242 pmss 1242\n= mtup_high 1460\n> PA 27243+4758\n" },
	{ "ICMP sets the ceiling", OPEN2 "write 5000\n> PA 1+5000\nicmp too-big 1 1200\n= mtup_high 1200\n> PA 1+5000 pmss 1024\n" },
};
SCRIPTS(mtup_search);
