// SPDX-License-Identifier: GPL-2.0
/*
 * Header prediction: which segments it takes. That it does with them what RFC 9293 says is
 * compared for each segment of every test, see both_ways.c.
 */
#include "both_ways.h"
#include "harness.h"

/* How many segments of a script are predicted. */
static const struct {
	const char *script;
	unsigned int predicted;
} tab[] = {
	{ "established\n< A 1+100\n> A 1 ack 101\n", 1 },
	{ "established\n< PA 1+100\n> A 1 ack 101\n", 1 },
	{ "established ts\n< A 1+100\n> A 1 ack 101\n", 1 },
	{ "established\n< A 1\n", 1 },
	{ "established\n< A 1 wnd 5000\n= snd_wnd 5000\n", 1 },
	{ "established\n< A 1+100\n> A 1 ack 101\n< A 101+100\n> A 1 ack 201\n", 2 },
	/* The ACK field: xtcp_ack_rx() processes what is new. */
	{ "established\nwrite 100\n> PA 1+100\n< A 1 ack 101\n", 1 },
	{ "established\nwrite 100\n> PA 1+100\n< A 1+50 ack 101\n> A 101 ack 51\n", 1 },
	{ "established\nwrite 100\n> PA 1+100\n< A 1 ack 1\n= dupacks 1\n", 1 },
	{ "established\nwrite 100\n> PA 1+100\n< A 1+50 ack 1\n= dupacks 0\n> A 101 ack 51\n", 1 },
	{ "established\nwrite 100\n> PA 1+100\n< A 1+50 ack 1 wnd 0\n= snd_wnd 0\n"
	  "> A 1 ack 51\n< A 51+50 ack 1 wnd 5000\n> A 101 ack 101\n", 2 },
	{ "established\nwrite 100\n> PA 1+100\n< A 1+50 ack 1 wnd 0\n> A 1 ack 51\n"
	  "< A 51+50 ack 101 wnd 0\n> A 101 ack 101\nwrite 10\n"
	  "< A 101+10 ack 101 wnd 500\n> PA 101+10\n", 3 },
	{ "established\n< A 1 ack 500\ndrop ACK_FUTURE\n> A 1 ack 1\n", 1 },
	{ "established\n< A 1 wnd 0\n= snd_wnd 0\nwrite 100\n< A 1 wnd 5000\n> PA 1+100\n", 2 },
	{ "established\n< A 1 wnd 50\nset cork 1\nwrite 100\n< A 1 wnd 500\n"
	  "= snd_wnd 500\n+ 300ms\n> PA 1+100\n", 2 },
	/* The window: a segment that ends at its edge, and one that is cut. */
	{ "established space 1000\n< A 1+1000\n> A 1 ack 1001 wnd 0\n", 1 },
	{ "established space 1000\n< A 1+1001\n> A 1 ack 1001 wnd 0\n", 0 },
	/* Flags. */
	{ "established\n< FA 1\n~ 1ms\n> A 1 ack 2\n", 0 },
	{ "established\n< UA 1+10 urg 10\n= rcv_up 11\n> A 1 ack 11\n", 0 },
	{ "established\n< RA 1\n= state CLOSED\n", 0 },
	{ "established\n< SA 1\n> A 1 ack 1\n", 0 },
	{ "established\n< EA 1+100\n> A 1 ack 101\n", 0 },
	{ "established\n< - 1+100\ndrop NO_ACK\n", 0 },
	/* Options. */
	{ "established ts\n< A 1+100 nots\ndrop NO_TIMESTAMP\n", 0 },
	{ "established ts\n< A 1+100 ts 4294960000 0\ndrop PAWS\n> A 1 ack 1\n", 0 },
	{ "established sack\n< A 1+100 sack 1-2\n> A 1 ack 101\n", 0 },
	/* Sequence numbers, and what is held out of order. */
	{ "established\n< A 101+100\n> A 1 ack 1\n", 0 },
	{ "established\n< A 101+100\n> A 1 ack 1\n< A 1+50\n> A 1 ack 51\n", 0 },
	{ "established\n< A 1+100\n> A 1 ack 101\n< A 1+100\n> A 1 ack 101\n", 1 },
	/* States and flags of the connection. */
	{ "established\nshutdown\n> FA 1\n< A 1+100\n> A 2 ack 101\n", 0 },
	{ "established\nshutdown\n> FA 1\n< A 1 ack 2\n= state FIN-WAIT-2\n", 0 },
	{ "established\n< FA 101\n> A 1 ack 1\n< A 1+50\n> A 1 ack 51\n", 0 },
	{ "established\n< UA 1+10 urg 100\n> A 1 ack 11\n< A 11+10\n> A 1 ack 21\n", 0 },
};

UNIT(predict_which)
{
	unsigned long before;
	u32 i;

	for (i = 0; i < ARRAY_SIZE(tab); i++) {
		before = both_ways_compared;
		script_run(tab[i].script);
		CHECK_ROW(tab[i].script, both_ways_compared - before, tab[i].predicted);
	}
}
