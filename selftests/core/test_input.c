// SPDX-License-Identifier: GPL-2.0
/*
 * SEGMENT ARRIVES: RFC 9293 3.10.7, state by state. For each pair of a synchronized
 * state and a segment a script is made of the steps into the state, the segment, and
 * the expected result.
 */
#include <stdio.h>
#include <stdlib.h>

#include "core.h"
#include "harness.h"

/* The steps into a state; R is RCV.NXT there, N is SND.NXT. */
static const struct way {
	const char *state;
	const char *script;
	int r;
	int n;
	const char *rst_err;	/* error that a RST reports */
} ways[] = {
	{ "SYN-RECEIVED", "connect\n> S 0\n< S 0 wnd 65535\n> SA 0 ack 1\n", 1, 1,
	  "REFUSED" },
	{ "ESTABLISHED", "established\n", 1, 1, "RESET" },
	{ "FIN-WAIT-1", "established\nshutdown\n> FA 1\n", 1, 2, "RESET" },
	{ "FIN-WAIT-2", "established\nshutdown\n> FA 1\n< A 1 ack 2\n", 1, 2, "RESET" },
	{ "CLOSE-WAIT", "established\n< FA 1\n~ 1ms\n> A 1 ack 2\n", 2, 1, "PIPE" },
	{ "CLOSING", "established\nshutdown\n> FA 1\n< FA 1 ack 1\n> A 2 ack 2\n", 2, 2,
	  "RESET" },
	{ "LAST-ACK", "established\n< FA 1\n~ 1ms\n> A 1 ack 2\nshutdown\n> FA 1 ack 2\n", 2, 2,
	  "RESET" },
	{ "TIME-WAIT", "established\nshutdown\n> FA 1\n< A 1 ack 2\n< FA 1 ack 2\n> A 2 ack 2\n",
	  2, 2, NULL },
};

static bool is(const struct way *way, const char *state)
{
	return !strcmp(way->state, state);
}

static void run(const struct way *way, const char *what, const char *tail)
{
	char *text;

	if (asprintf(&text, "%s= state %s\n%s", way->script, way->state, tail) < 0)
		exit(2);
	script_run(text);
	(void)what;
	free(text);
}

#define EACH_WAY(w)	for (w = ways; w < ways + ARRAY_SIZE(ways); w++)

#define RUN(way, what, ...) do {					\
	char *tail_text;						\
									\
	if (asprintf(&tail_text, __VA_ARGS__) < 0)			\
		exit(2);						\
	run(way, what, tail_text);					\
	free(tail_text);						\
} while (0)

/* RFC 5961 3.2: only a RST at RCV.NXT resets; RFC 1337: not in TIME-WAIT. */
UNIT(input_rst_exact)
{
	const struct way *w;

	EACH_WAY(w)
		if (w->rst_err)
			RUN(w, "RST", "< R %d\n> no\n= state CLOSED\n= err %s\n"
			    "acts ERROR|STATE|DROP\ndrop RST_VALID\nno-timer\n",
			    w->r, w->rst_err);
		else
			RUN(w, "RST", "< R %d\n> no\n= state TIME-WAIT\ndrop TIME_WAIT\n",
			    w->r);
}

UNIT(input_rst_in_window)
{
	const struct way *w;

	EACH_WAY(w)
		if (w->rst_err)
			RUN(w, "RST", "< R %d\n> A %d ack %d\n= state %s\n"
			    "drop RST_CHALLENGE\n", w->r + 1, w->n, w->r, w->state);
		else
			RUN(w, "RST", "< R %d\n> no\n= state TIME-WAIT\n", w->r + 1);
}

UNIT(input_rst_outside)
{
	static const int off[] = { -1, -1000, 65535, 70000, 0x7fffffff };
	const struct way *w;
	u32 i;

	EACH_WAY(w)
		for (i = 0; i < ARRAY_SIZE(off); i++)
			RUN(w, "RST", "< R %u\n> no\n= state %s\ndrop %s\n",
			    (u32)w->r + off[i], w->state,
			    w->rst_err ? "RST_WINDOW" : "TIME_WAIT");
}

/* RFC 5961 4.2: a SYN gets a challenge ACK, whatever its sequence number. */
UNIT(input_syn)
{
	static const int off[] = { 0, 1, 1000, -1000, 70000 };
	const struct way *w;
	u32 i;

	EACH_WAY(w)
		for (i = 0; i < ARRAY_SIZE(off); i++)
			if (w->rst_err)
				RUN(w, "SYN", "< S %u\n> A %d ack %d\n= state %s\n"
				    "drop SYN_CHALLENGE\n", (u32)w->r + off[i],
				    w->n, w->r, w->state);
			else	/* there is no listener for a new incarnation */
				RUN(w, "SYN", "< S %u\n> A %d ack %d\n= state %s\n",
				    (u32)w->r + off[i], w->n, w->r, w->state);
}

/* RFC 5961, 7: at most one challenge ACK in 0.5 s. */
UNIT(input_challenge_limit)
{
	const struct way *w;

	EACH_WAY(w)
		if (is(w, "ESTABLISHED") || is(w, "FIN-WAIT-2") || is(w, "CLOSE-WAIT"))
			RUN(w, "limit", "< R %d\n> A %d ack %d\n< S %d\n> no\n"
			    "< R %d\n> no\n+ 499ms\n< S %d\n> no\n+ 1ms\n"
			    "< S %d\n> A %d\n", w->r + 1, w->n, w->r, w->r,
			    w->r + 5, w->r, w->r, w->n);
}

UNIT(input_without_ack)
{
	const struct way *w;

	EACH_WAY(w)
		if (w->rst_err)
			RUN(w, "no ACK", "< - %d\n> no\n= state %s\ndrop NO_ACK\n"
			    "< F %d\n> no\n= state %s\n< P %d+10\n> no\n= got 0\n",
			    w->r, w->state, w->r, w->state, w->r);
}

/* RFC 9293 3.10.7.4 fifth step, RFC 5961 5.2. */
UNIT(input_ack_of_nothing_sent)
{
	const struct way *w;

	EACH_WAY(w)
		if (is(w, "SYN-RECEIVED"))
			RUN(w, "ACK", "< A 1 ack 2\n> R 2\n= state SYN-RECEIVED\n"
			    "drop ACK_FUTURE\n< A 1 ack 0\n> R 0\n= state SYN-RECEIVED\n");
		else if (w->rst_err)
			RUN(w, "ACK", "< A %d+10 ack %d\n> A %d ack %d\n= state %s\n"
			    "drop ACK_FUTURE\n= got 0\n", w->r, w->n + 1, w->n, w->r,
			    w->state);
}

UNIT(input_ack_too_old)
{
	const struct way *w;

	EACH_WAY(w)
		if (w->rst_err && !is(w, "SYN-RECEIVED"))
			RUN(w, "ACK", "< A %d+10 ack %u\n> A %d ack %d\ndrop ACK_OLD\n"
			    "= got 0\n= state %s\n", w->r, 1 - 65537, w->n, w->r,
			    w->state);
}

/* CVE-2023-52881: an ACK within MAX.SND.WND below SND.UNA, but of data never sent. */
UNIT(input_ack_ghost)
{
	const struct way *w;

	EACH_WAY(w) {
		if (!w->rst_err || is(w, "SYN-RECEIVED"))
			continue;
		RUN(w, "our SYN", "< A %d+10 ack 0\n> A %d ack %d\ndrop ACK_OLD\n"
		    "= got 0\n= state %s\n", w->r, w->n, w->r, w->state);
		RUN(w, "before it", "< A %d+10 ack %u\n> A %d ack %d\ndrop ACK_OLD\n"
		    "= got 0\n= state %s\n", w->r, -1000, w->n, w->r, w->state);
		RUN(w, "after it", "< A %d ack 1\n= state %s\nnoacts DROP\n", w->r, w->state);
	}
}

/* U-9: each unacceptable segment that occupies sequence space is answered by an ACK. */
UNIT(input_outside_of_window)
{
	const struct way *w;

	EACH_WAY(w) {
		if (!w->rst_err)
			continue;
		RUN(w, "right", "< A %d+10\n> A %d ack %d\n= state %s\ndrop WINDOW\n",
		    w->r + 65535, w->n, w->r, w->state);
		RUN(w, "left", "< A %d+10\n> A %d ack %d\n= state %s\ndrop OLD\n",
		    w->r - 10, w->n, w->r, w->state);
	}
}

UNIT(input_data_after_fin)
{
	const struct way *w;

	EACH_WAY(w)
		if (w->r == 2 && w->rst_err)
			RUN(w, "data", "< A 2+10\n= state %s\n= got 0\ndrop AFTER_FIN\n",
			    w->state);
}

/* Data flows in each direction until its sender has sent FIN. */
UNIT(input_data)
{
	const struct way *w;

	EACH_WAY(w)
		if (w->r == 1)
			RUN(w, "data", "< A 1+10 ack %d\n= got 10\nacts DELIVER\n"
			    "> A %d ack 11\n", is(w, "FIN-WAIT-1") ? 1 : w->n, w->n);
}

UNIT(input_fin)
{
	static const struct {
		const char *from, *to;
	} moves[] = {
		{ "SYN-RECEIVED", "CLOSE-WAIT" }, { "ESTABLISHED", "CLOSE-WAIT" },
		{ "FIN-WAIT-1", "CLOSING" }, { "FIN-WAIT-2", "TIME-WAIT" },
	};
	const struct way *w;
	u32 i;

	for (i = 0; i < ARRAY_SIZE(moves); i++)
		EACH_WAY(w)
			if (is(w, moves[i].from))
				RUN(w, "FIN", "< FA 1+5 ack %d\nacts EOF|STATE|DELIVER\n"
				    "> A %d ack 7\n= state %s\n= got 5\n",
				    is(w, "FIN-WAIT-1") ? 1 : w->n, w->n, moves[i].to);
}

/* A repeated FIN changes no state and is acknowledged again. */
UNIT(input_fin_again)
{
	const struct way *w;

	EACH_WAY(w)
		if (w->r == 2)
			RUN(w, "FIN", "< FA 1 ack %d\n> A %d ack 2\n= state %s\n"
			    "noacts EOF\n", is(w, "TIME-WAIT") ? 2 : 1, w->n, w->state);
}

UNIT(input_ack_of_fin)
{
	static const struct {
		const char *from, *to;
	} moves[] = {
		{ "FIN-WAIT-1", "FIN-WAIT-2" }, { "CLOSING", "TIME-WAIT" },
		{ "LAST-ACK", "CLOSED" },
	};
	const struct way *w;
	u32 i;

	for (i = 0; i < ARRAY_SIZE(moves); i++)
		EACH_WAY(w)
			if (is(w, moves[i].from))
				RUN(w, "ACK", "< A %d ack 2\n> no\nacts STATE|ACKED\n"
				    "= state %s\n= err OK\n", w->r, moves[i].to);
}

/* A segment with FIN and the ACK of our FIN. */
UNIT(input_fin_and_ack_of_fin)
{
	script_run("established\nshutdown\n> FA 1\n< FA 1 ack 2\n> A 2 ack 2\n"
		   "= state TIME-WAIT\nacts STATE|EOF\n");
}

/* The text of a SYN cannot be held: it is dropped, and the SYN is answered. */
UNIT(input_syn_text_no_memory)
{
	struct xtcp_seg seg = { .flags = XTCP_SYN, .seq = 100, .len = 10, .nsegs = 1 };
	struct xtcp_open open = {
		.path_mss = 1460, .adv_mss = 1460, .gso_max = 30000, .rcv_space = 20000,
	};
	struct xtcp_params par;
	struct xtcp_tcb tcb;
	u32 actions;

	xtcp_params_init(&par);
	xtcp_tcb_init(&tcb, &par);
	xtcp_connect(&tcb, &open, 1);
	actions = xtcp_rx(&tcb, &seg, NULL, 1);
	CHECK_EQ(actions, XTCP_ACT_DROP | XTCP_ACT_STATE | XTCP_ACT_OUTPUT);
	CHECK_EQ(seg.reason, XTCP_DROP_NO_MEMORY);
	CHECK_EQ(tcb.state, XTCP_SYN_RECEIVED);
}

/* CLOSED: every segment except RST is answered by RST, RFC 9293 3.10.7.1. */
UNIT(input_closed)
{
	script_run("established\n< R 1\n= state CLOSED\n"
		   "< A 5+10 ack 77\n> R 77\ndrop CLOSED\n"
		   "< R 5\n> no\ndrop CLOSED\n");
}

/* Segments are counted in each state; nothing is reported of the one before. */
UNIT(input_counts)
{
	static const struct {
		u32 len, nsegs, segs_in, data_segs_in;
	} tab[] = {
		{ 3000, 3, 3, 3 }, { 0, 1, 4, 3 }, { 10, 1, 5, 4 },
	};
	struct xtcp_params par;
	struct xtcp_tcb tcb;
	u32 i;

	xtcp_params_init(&par);
	xtcp_tcb_init(&tcb, &par);
	for (i = 0; i < ARRAY_SIZE(tab); i++) {
		struct xtcp_seg seg = {
			.len = tab[i].len, .nsegs = tab[i].nsegs,
			.delivered = 7, .delivered_ce = 7,
		};

		xtcp_rx(&tcb, &seg, NULL, 1);
		CHECK_EQ(tcb.segs_in, tab[i].segs_in);
		CHECK_EQ(tcb.data_segs_in, tab[i].data_segs_in);
		CHECK_EQ(seg.delivered, 0);
		CHECK_EQ(seg.delivered_ce, 0);
	}
}

UNIT(input_rst_plan)
{
	struct xtcp_seg seg = { .seq = 100, .ack = 200, .len = 10 };
	struct xtcp_plan plan;

	seg.flags = XTCP_ACK | XTCP_FIN;
	xtcp_rst_plan(&seg, &plan);
	CHECK_EQ(plan.flags, XTCP_RST);
	CHECK_EQ(plan.seq, 200);
	CHECK_EQ(plan.hdr_len, 20);
	seg.flags = XTCP_SYN | XTCP_FIN;
	xtcp_rst_plan(&seg, &plan);
	CHECK_EQ(plan.flags, XTCP_RST | XTCP_ACK);
	CHECK_EQ(plan.seq, 0);
	CHECK_EQ(plan.ack, 112);
	seg.flags = XTCP_FIN;
	xtcp_rst_plan(&seg, &plan);
	CHECK_EQ(plan.ack, 111);
}
