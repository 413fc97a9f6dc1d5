// SPDX-License-Identifier: GPL-2.0
/*
 * Word from the network: RFC 9293 3.9.2.2, RFC 5927, RFC 1191.
 */
#include "harness.h"

static const struct script icmp[] = {
	{ "hard error while connecting", "connect\n> S 0\nicmp hard 0\n= state CLOSED\n= err UNREACH\nacts ERROR|STATE\nno-timer\n" },
	{ "hard error while connecting, quoting another", "connect\n> S 0\nicmp hard 1\nacts DROP\n= state SYN-SENT\n" },
	{ "soft error while connecting (MUST-56)", "connect\n> S 0\nicmp soft 0\n= state SYN-SENT\n~ 1s\n> S 0\n" },
	{ "and again after the SYN was repeated: the end", "connect\n> S 0\nicmp soft 0\n~ 1s\n> S 0\nicmp soft 0\n= state CLOSED\n= err UNREACH\n" },
	{ "soft error later", "established\nwrite 10\n> PA 1+10\n~ 200001us\n> PA 1+10\nicmp soft 1\n= state ESTABLISHED\n" },
	{ "hard error later is soft (RFC 5461)", "established\nwrite 10\n> PA 1+10\nicmp hard 1\n= state ESTABLISHED\n" },
	{ "nothing in flight: not believed (RFC 5927)", "established\nicmp hard 1\nacts DROP\nicmp too-big 1 500\nacts DROP\n= mss 1000\n" },
	{ "all is sent again, nothing can become late", "par tlp 0\nestablished sack rtt 40\nset nodelay 1\nwrite 3000\n> PA 1+3000\n"
	  "+ 40ms\n< A 1 ack 1 sack 2001-3001\nicmp too-big 1 500\n= lost_out 2000\n> PA 1+2000 pmss 500\n" },
	{ "already acknowledged: not believed", "established\nwrite 10\n> PA 1+10\n< A 1 ack 11\nicmp too-big 1 500\nacts DROP\n= mss 1000\n" },
	{ "beyond SND.NXT: not believed", "established\nwrite 10\n> PA 1+10\nicmp too-big 11 500\nacts DROP\n= mss 1000\n" },
	{ "too big: sent again at once, smaller", "established\nset nodelay 1\nwrite 2000\n> PA 1+2000\nicmp too-big 1 400\n= mss 400\n"
	  "> PA 1+2000 pmss 400\n" },
	{ "and again: the timer does it", "par tlp 0\nestablished\nset nodelay 1\nwrite 2000\n> PA 1+2000\nicmp too-big 1 400\n> PA 1+2000 pmss 400\n"
	  "+ 1ms\nicmp too-big 1 300\n= mss 300\n> no\n~ 199001us\n> A 1+300\n" },
	{ "the same where the SYN carried data", "par tlp 0\nconnect cookie fomss 1000 data 500\n> S 0+500\n< SA 0 ack 501 mss 1000 wnd 65535\n> A 501\n"
	  "set nodelay 1\nwrite 2000\n> PA 501+2000\nicmp too-big 501 400\n> PA 501+2000 pmss 400\n"
	  "+ 1ms\nicmp too-big 501 300\n= mss 300\n= lost_out 0\n> no\n" },
	{ "an RTO later at once", "par tlp 0\nestablished\nset nodelay 1\nwrite 2000\n> PA 1+2000\nicmp too-big 1 400\n> PA 1+2000 pmss 400\n"
	  "~ 200001us\n> A 1+400\nicmp too-big 1 300\n> A 1+300 pmss 300\n" },
	{ "too big: the timer begins anew", "par tlp 0\nestablished\nset nodelay 1\nwrite 2000\n> PA 1+2000\n+ 100ms\nicmp too-big 1 400\n"
	  "> PA 1+2000 pmss 400\n~ 200001us\n> A 1+400\n" },
	{ "not smaller: nothing happens", "established\nwrite 2000\n> PA 1+2000\nicmp too-big 1 1460\n> no\n= mss 1000\n" },
	{ "not below the floor", "established\nwrite 100\n> PA 1+100\nicmp too-big 1 1\n= mss 48\n> PA 1+100 pmss 48\n" },
	{ "for the SYN: used later", "connect\n> S 0\nicmp too-big 0 500\n< SA 0 ack 1 mss 1460 wnd 65535\n> A 1\n= mss 500\n" },
};
SCRIPTS(icmp);
