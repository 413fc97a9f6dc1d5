// SPDX-License-Identifier: GPL-2.0
/*
 * Segments below the MSS: Nagle, how many may be in flight, corks, silly window
 * avoidance of the sender. RFC 9293 3.7.4, 3.8.6.2.1.
 */
#include "harness.h"

/* RFC 9293 3.7.4 (Minshall's variant: one small segment in flight). */
static const struct script nagle[] = {
	{ "first small segment goes", "established\nwrite 10\n> PA 1+10\n" },
	{ "second waits for its ACK", "established\nwrite 10\n> PA 1+10\nwrite 10\n> no\nwrite 10\n> no\n"
	  "< A 1 ack 11\n> PA 11+20\n" },
	{ "a full segment does not wait", "established\nwrite 10\n> PA 1+10\nwrite 1000\n> PA 11+1000\n" },
	{ "nor what is full; its rest does", "established\nwrite 10\n> PA 1+10\nwrite 1500\n> A 11+1000\n> no\n"
	  "< A 1 ack 11\n> PA 1011+500\n" },
	{ "small behind full ones only", "established\nwrite 1000\n> PA 1+1000\nwrite 10\n> PA 1001+10\n" },
	{ "NODELAY (MUST-17)", "established\nset nodelay 1\nwrite 10\n> PA 1+10\nwrite 10\n> PA 11+10\n" },
	{ "NODELAY flushes", "established\nwrite 10\n> PA 1+10\nwrite 10\n> no\nset nodelay 1\n> PA 11+10\n" },
	{ "the FIN flushes", "established\nwrite 10\n> PA 1+10\nwrite 10\n> no\nshutdown\n> FPA 11+10\n" },
};
SCRIPTS(nagle);

/* Segments below the MSS in flight are counted: three of them, here. */
#define THREE	"par initial_cwnd 3\nestablished\nset nodelay 1\nwrite 10\n> PA 1+10\nwrite 10\n> PA 11+10\n" \
		"write 10\n> PA 21+10\n= small_out 3\n"

/* A path of 100 us. */
#define SLOW "connect space 60000\n> S 0\n+ 100us\n< SA 0 ack 1 mss 1000 wnd 65535\n> A 1\n"

/* Beyond that they wait, for 100 us at most. */
#define FOUR_WAIT THREE "write 10\n> no\nwrite 10\n> no\nwrite 10\n> no\nwrite 10\n> no\n"

static const struct script small[] = {
	{ "the next waits for an ACK, and merges with what follows", THREE "mib\nwrite 10\n> no\nmib TCPAutoCorking\n"
	  "write 20\n> no\nmib\n< A 1 ack 11\n> PA 31+30\n> no\n= small_out 3\n" },
	{ "as many more as were acknowledged meanwhile", "par initial_cwnd 3\n" SLOW
	  "set nodelay 1\nwrite 10\n> PA 1+10\nwrite 10\n> PA 11+10\nwrite 10\n> PA 21+10\nwrite 10\n> no\n"
	  "+ 99us\n< A 1 ack 21\n= small_more 2\n"
	  "> PA 31+10\nwrite 10\n> PA 41+10\nwrite 10\n> PA 51+10\nwrite 10\n> PA 61+10\nwrite 10\n> no\n" },
	{ "but not more than can be written in a round trip", THREE "write 10\n> no\n< A 1 ack 21\n= small_more 2\n"
	  "> PA 31+10\nwrite 10\n> PA 41+10\nwrite 10\n> no\n" },
	{ "no more where none waited", THREE "< A 1 ack 31\n= small_more 0\n= small_out 0\n" },
	{ "a full segment goes, its rest waits", THREE "write 1500\n> A 31+1000\n> no\n< A 1 ack 11\n"
	  "> PA 1031+500\n" },
	{ "so does what ends the stream", THREE "write 10\n> no\nshutdown\n> FPA 31+10\n" },
	{ "not by knob: what fills a wide window goes", "par autocorking 0\n" THREE "< A 1 ack 31\nwrite 3000\n> PA 31+3000\n< A 1 ack 3031\n= cwnd 6000\n"
	  "write 10\n> PA 3031+10\nwrite 10\n> PA 3041+10\nwrite 10\n> PA 3051+10\nwrite 10\n> PA 3061+10\n" },
	{ "what is lost is not in flight", "par tlp 0\n" THREE "~ 200001us\n= small_out 0\n> PA 1+30\n= small_out 3\n" },
	{ "a reduction halves what was added, idle time takes it back", THREE "write 10\n> no\n< A 1 ack 21\n"
	  "> PA 31+10\n= small_more 2\n< A 1 ack 41\n+ 2s\nwrite 10\n= small_more 0\n> PA 41+10\n" },
	{ "the wait ends by itself", THREE "write 10\n> no\n+ 10us\nwrite 20\n> no\n~ 90us\n> PA 31+30\n" },
	{ "or with a write that comes late", THREE "write 10\n> no\n+ 49us\nwrite 10\n> no\n+ 1us\nwrite 10\n> PA 31+30\n" },
	{ "what left meanwhile puts the end off", THREE "write 10\n> no\n+ 30us\nwrite 1000\n> A 31+1000\n> no\n"
	  "+ 40us\nwrite 1000\n> A 1031+1000\n> no\n~ 30us\n> no\n~ 70us\n> PA 2031+10\n" },
	{ "a cork holds for longer", THREE "set cork 1\nwrite 10\n> no\n~ 100us\n> no\n" },
	{ "Nagle, too", THREE "set nodelay 0\nwrite 10\n> no\n+ 150us\n> no\n" },
	{ "many waited: one in flight is enough", FOUR_WAIT "~ 100us\n> PA 31+40\n= small_merge 1\n< A 1 ack 71\n"
	  "write 10\n> PA 71+10\nwrite 10\n> no\n" },
	{ "until few waited", FOUR_WAIT "~ 100us\n> PA 31+40\n< A 1 ack 71\nwrite 10\n> PA 71+10\n"
	  "write 10\n> no\nwrite 10\n> no\nwrite 10\n> no\n~ 100us\n> PA 81+30\n= small_merge 0\nwrite 10\n> PA 111+10\n" },
	{ "or nothing was sent for long", FOUR_WAIT "~ 100us\n> PA 31+40\n= small_merge 1\n< A 1 ack 71\n+ 2s\nwrite 10\n> PA 71+10\n"
	  "= small_merge 0\n" },
	{ "not by knob", "par autocorking 0\n" FOUR_WAIT "~ 100us\n> PA 31+40\n= small_merge 0\n" },
};
SCRIPTS(small);

static const struct script cork[] = {
	{ "holds a partial segment", "established\nset cork 1\nwrite 999\n> no\nwrite 1\n> PA 1+1000\n" },
	{ "full ones go", "established\nset cork 1\nwrite 2500\n> PA 1+2000\n> no\n< A 1 ack 2001\n> no\n"
	  "set cork 0\n> PA 2001+500\n" },
	{ "let go at once", "established\nset cork 1\nwrite 10\n> no\nset cork 0\n> PA 1+10\n" },
	{ "not for ever (MUST-60)", "established\nset cork 1\nwrite 10\n> no\n~ 200001us\n> PA 1+10\n" },
	{ "MSG_MORE", "established\nwrite 10 more\n> no\nwrite 10\n> PA 1+20\n" },
	{ "MSG_MORE: no PSH on full ones", "established\nwrite 1500 more\n> A 1+1000\n> no\nwrite 500\n> PA 1001+1000\n" },
	{ "MSG_MORE: but at the end of a burst", "established\nwrite 2500 more\n> PA 1+2000\n> no\n" },
	{ "cork beats NODELAY", "established\nset nodelay 1\nset cork 1\nwrite 10\n> no\n" },
};
SCRIPTS(cork);

/* RFC 9293 3.8.6.2.1 */
static const struct script sender_sws[] = {
	{ "a small window is not used: half of its best or a segment",
	  "established wnd 2000\nwrite 5000\n> PA 1+2000\n< A 1 ack 2001 wnd 400\n> no\n< A 1 wnd 999\n> no\n"
	  "< A 1 wnd 1000\n> A 2001+1000\n" },
	{ "half of the largest window is enough",
	  "established wnd 600\nwrite 5000\n> A 1+600\n< A 1 ack 601 wnd 299\n> no\n< A 1 wnd 300\n> A 601+300\n" },
	{ "overridden after a while", "established wnd 2000\nwrite 5000\n> PA 1+2000\n< A 1 ack 2001 wnd 400\n> no\n"
	  "~ 200001us\n> A 2001+400\n" },
	{ "the override does not inherit the probes' back-off",
	  "established wnd 2000\nwrite 5000\n> PA 1+2000\n< A 1 ack 2001 wnd 0\n~ 200001us\n> A 2001+1\n"
	  "~ 400002us\n> A 2001+1\n~ 800004us\n> A 2001+1\n< A 1 ack 2002 wnd 400\n> no\n~ 200001us\n> A 2002+400\n" },
	{ "it comes within a second",
	  "par rto_min_us 3000000\nestablished wnd 2000\nwrite 5000\n> PA 1+2000\n< A 1 ack 2001 wnd 400\n~ 1s\n> A 2001+400\n" },
	{ "all there is may go", "established wnd 2000\nwrite 2300\n> PA 1+2000\n< A 1 ack 2001 wnd 400\n"
	  "> PA 2001+300\n" },
};
SCRIPTS(sender_sws);
