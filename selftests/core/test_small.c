// SPDX-License-Identifier: GPL-2.0
/*
 * Segments below the MSS: Nagle, how many may be in flight, corks, silly window
 * avoidance of the sender. RFC 9293 3.7.4, 3.8.6.2.1.
 */
#include "core.h"
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

static void small_init(struct xtcp_tcb *tcb, struct xtcp_params *par)
{
	xtcp_params_init(par);
	xtcp_tcb_init(tcb, par);
	tcb->state = XTCP_ESTABLISHED;
	tcb->mss = 1000;
	tcb->cwnd = 5000;
	tcb->min_rtt_us = 60;
	tcb->flags = XTCP_F_NODELAY;
	tcb->max_snd_wnd = 1000;
}

/* How many may be in flight: beyond the initial window no more than are written in a round trip. */
UNIT(small_limit)
{
	static const struct {
		const char *what;
		bool autocorking, nodelay;
		u32 more, min_rtt_us, clamp;
		u32 limit;	/* so many are too many; 0: none are */
	} tab[] = {
		{ "the initial window", true, true, 0, 60, 0, 10 }, { "and three", true, true, 3, 60, 0, 13 },
		{ "a write takes 4 us", true, true, 100, 60, 0, 25 }, { "a clamp of the route", true, true, 100, 60, 12, 12 },
		{ "the most that is counted", true, true, 65535, 1000000, 0, 65535 },
		{ "no merging: those that were acknowledged", false, true, 7, 60, 0, 17 },
		{ "Nagle has its own", true, false, 0, 60, 0, 0 },
	};
	struct xtcp_params par;
	struct xtcp_tcb tcb;
	u32 i;

	for (i = 0; i < ARRAY_SIZE(tab); i++) {
		small_init(&tcb, &par);
		par.autocorking = tab[i].autocorking;
		tcb.flags = tab[i].nodelay ? XTCP_F_NODELAY : 0;
		tcb.small_more = tab[i].more;
		tcb.min_rtt_us = tab[i].min_rtt_us;
		tcb.cwnd_clamp = tab[i].clamp;
		tcb.small_out = tab[i].limit ? tab[i].limit - 1 : 100;
		CHECK_ROW(tab[i].what, xtcp_small_full(&tcb), false);
		tcb.small_out = tab[i].limit ? tab[i].limit : 65535;
		CHECK_ROW(tab[i].what, xtcp_small_full(&tcb), !!tab[i].limit);
	}
}

/* RFC 9293, 3.8.6.2.1 (3): half of the best window, if the window is what makes it small. */
UNIT(small_by_window)
{
	static const struct {
		u32 len, data, flags;
		bool may;
	} tab[] = {
		{ 500, 501, XTCP_F_CORK, true }, { 499, 501, XTCP_F_CORK, false }, { 600, 600, XTCP_F_CORK, false },
		{ 600, 600, XTCP_F_MORE, false }, { 600, 600, 0, true },
	};
	struct xtcp_params par;
	struct xtcp_tcb tcb;
	u32 i;

	for (i = 0; i < ARRAY_SIZE(tab); i++) {
		small_init(&tcb, &par);
		tcb.flags |= tab[i].flags;
		CHECK_EQ(xtcp_small_may(&tcb, tab[i].len, tab[i].data), tab[i].may);
	}
}

/* Writes that wait are counted to 255, and have a deadline until they have left. */
UNIT(small_counts_writes)
{
	static const u32 n[] = { 0, 253, 254, 255 };
	struct xtcp_params par;
	struct xtcp_tcb tcb;
	u32 i;

	for (i = 0; i < ARRAY_SIZE(n); i++) {
		small_init(&tcb, &par);
		tcb.small_wrote = n[i];
		xtcp_small_wrote(&tcb, 1000);
		CHECK_EQ(tcb.small_wrote, min(n[i] + 1, 255U));
		CHECK_EQ(tcb.dl[XTCP_DL_SMALL], 1000 + XTCP_SMALL_HOLD_NS);
		xtcp_small_sent(&tcb);
		CHECK_EQ(tcb.small_wrote, 0);
		CHECK(!xtcp_dl_is_set(&tcb, XTCP_DL_SMALL));
		CHECK_EQ(tcb.small_merge, n[i] > 0);
	}
}

/* The deadline of writes that are gone by then does nothing. */
UNIT(small_fires_for_nothing)
{
	struct xtcp_params par;
	struct xtcp_tcb tcb;

	small_init(&tcb, &par);
	tcb.snd_end = tcb.snd_nxt;
	CHECK_EQ(xtcp_small_fire(&tcb, XTCP_NSEC_PER_SEC), 0);
	CHECK(!tcb.small_go);
	tcb.snd_end++;
	CHECK_EQ(xtcp_small_fire(&tcb, XTCP_NSEC_PER_SEC), XTCP_ACT_OUTPUT);
	CHECK(tcb.small_go);
}
