// SPDX-License-Identifier: GPL-2.0
/*
 * Acknowledgements that arrive: RFC 9293 3.10.7.4 fifth step, 3.8.6, the
 * definition of a duplicate in RFC 5681.
 */
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
