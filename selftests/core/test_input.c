// SPDX-License-Identifier: GPL-2.0
/*
 * Segment arrives: RFC 9293 3.10.7, state by state. Each cell of the table
 * of synchronized states and segments is a script put together from the way
 * into the state, the segment, and what must come of it.
 */
#include <stdio.h>
#include <stdlib.h>

#include "core.h"
#include "harness.h"

/* How to get into a state; R is RCV.NXT there, N is SND.NXT. */
static const struct way {
	const char *state;
	const char *script;
	int r;
	int n;
	const char *rst_err;	/* what a RST reports */
} ways[] = {
	{ "SYN-RECEIVED", "connect\n> S 0\n< S 0 wnd 65535\n> SA 0 ack 1\n", 1, 1,
	  "REFUSED" },
	{ "ESTABLISHED", "established\n", 1, 1, "RESET" },
	{ "FIN-WAIT-1", "established\nshutdown\n> FA 1\n", 1, 2, "RESET" },
	{ "FIN-WAIT-2", "established\nshutdown\n> FA 1\n< A 1 ack 2\n", 1, 2, "RESET" },
	{ "CLOSE-WAIT", "established\n< FA 1\n> A 1 ack 2\n", 2, 1, "PIPE" },
	{ "CLOSING", "established\nshutdown\n> FA 1\n< FA 1 ack 1\n> A 2 ack 2\n", 2, 2,
	  "RESET" },
	{ "LAST-ACK", "established\n< FA 1\n> A 1 ack 2\nshutdown\n> FA 1 ack 2\n", 2, 2,
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

/* RFC 5961 3.2: exactly RCV.NXT resets; RFC 1337: not in TIME-WAIT. */
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

/* RFC 5961 4.2: a SYN is challenged whatever its number. */
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
			else	/* nobody here could take a new incarnation */
				RUN(w, "SYN", "< S %u\n> A %d ack %d\n= state %s\n",
				    (u32)w->r + off[i], w->n, w->r, w->state);
}

/* RFC 5961, 7: at most one challenge in half a second. */
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

/* What is cut to the window is answered, and the caller told to, ACK or not. */
static const struct script cut_and_dropped[] = {
	{ "without ACK", "established space 1000\n< - 1+2000\ndrop NO_ACK\n"
	  "> A 1 ack 1\n" },
	{ "a FIN without ACK, window closed", "established space 1000\n< A 1+1000\n"
	  "> A 1 ack 1001 wnd 0\n< F 1001\ndrop NO_ACK\n> A 1 ack 1001\n" },
	{ "SYN-RECEIVED, the ACK wrong", "connect space 1000\n> S 0\n< S 0\n> SA 0 ack 1\n"
	  "< A 1+2000 ack 5\ndrop ACK_FUTURE\n> R 5\n> A 1 ack 1\n" },
};
SCRIPTS(cut_and_dropped);

/* Our ACKs may be what gets lost. */
static const struct script again[] = {
	{ "the third time asks for another path", "established\n< A 1+100\n> A 1 ack 101\n< A 1+100\nnoacts REPATH_ACK\n"
	  "> A 1 ack 101\n< A 1+100\nacts REPATH_ACK\n> A 1 ack 101\n< A 1+100\nacts REPATH_ACK\n> A 1 ack 101\n" },
	{ "what else came twice does not", "established\n< A 1+200\n> A 1 ack 201\n< A 1+100\n> A 1 ack 201\n"
	  "< A 101+100\nnoacts REPATH_ACK\n> A 1 ack 201\n< A 1+100\nnoacts REPATH_ACK\n> A 1 ack 201\n" },
	{ "nor while our own timer does", "established\nwrite 100\n> PA 1+100\n< A 1+100\n> A 101 ack 101\n~ 200001us\n"
	  "> PA 1+100\n< A 1+100\n> A 101 ack 101\n< A 1+100\nnoacts REPATH_ACK\n> A 101 ack 101\n" },
};
SCRIPTS(again);

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

/* CVE-2023-52881: what is behind us by less than a window, but never was. */
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

/* U-9: each unacceptable segment that occupies space is answered. */
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

/* Data goes on in both directions as long as each side has not ended. */
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

/* A FIN again stays where it is, and is acknowledged again. */
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

/* The FIN and the ACK of ours in one segment. */
UNIT(input_fin_and_ack_of_fin)
{
	script_run("established\nshutdown\n> FA 1\n< FA 1 ack 2\n> A 2 ack 2\n"
		   "= state TIME-WAIT\nacts STATE|EOF\n");
}

/* CLOSED: a RST for anything but a RST, RFC 9293 3.10.7.1. */
UNIT(input_closed)
{
	script_run("established\n< R 1\n= state CLOSED\n"
		   "< A 5+10 ack 77\n> R 77\ndrop CLOSED\n"
		   "< R 5\n> no\ndrop CLOSED\n");
}

static const struct script syn_sent[] = {
	{ "RST without ACK is ignored",
	  "connect\n> S 0\n< R 0\n> no\n= state SYN-SENT\ndrop SYNSENT_RST\n" },
	{ "RST with the right ACK refuses",
	  "connect\n> S 0\n< RA 0 ack 1\n> no\n= state CLOSED\n= err REFUSED\n"
	  "acts ERROR|STATE\n" },
	{ "RST with a wrong ACK is ignored",
	  "connect\n> S 0\n< RA 0 ack 2\n> no\n= state SYN-SENT\ndrop SYNSENT_ACK\n"
	  "< RA 0 ack 0\n> no\n= state SYN-SENT\n" },
	{ "a wrong ACK is reset",
	  "connect\n> S 0\n< A 0 ack 2\n> R 2\n= state SYN-SENT\ndrop SYNSENT_ACK\n"
	  "< SA 0 ack 0\n> R 0\n= state SYN-SENT\n< SA 0 ack 2\n> R 2\n= state SYN-SENT\n" },
	{ "neither SYN nor RST is ignored",
	  "connect\n> S 0\n< A 0 ack 1\n> no\n= state SYN-SENT\ndrop SYNSENT_NO_SYN\n"
	  "< FA 0 ack 1\n> no\n= state SYN-SENT\n< - 0\n> no\n= state SYN-SENT\n" },
	{ "SYN-ACK",
	  "connect\n> S 0\n< SA 0 ack 1 mss 1000\n> A 1 ack 1\n= state ESTABLISHED\n"
	  "= mss 1000\n= snd_una 1\n" },
	{ "SYN-ACK with data and FIN",
	  "connect\n> S 0\n< SFA 0+20 ack 1 mss 1000\n> A 1 ack 22\n"
	  "= state CLOSE-WAIT\n= got 20\n" },
	{ "SYN without ACK: simultaneous open",
	  "connect\n> S 0\n< S 0 mss 1000\n> SA 0 ack 1 mss 1460\n= state SYN-RECEIVED\n"
	  "< SA 0 ack 1\n= state ESTABLISHED\n" },
	{ "the window of that SYN-ACK is not scaled either",
	  "connect\n> S 0\n< S 0 mss 1000 ws 3 wnd 6046\n> SA 0 ack 1\n"
	  "< SA 0 ack 1 mss 1000 ws 3 wnd 6046\n= state ESTABLISHED\n= snd_wnd 6040\n" },
	{ "simultaneous open ended by a bare ACK",
	  "connect\n> S 0\n< S 0 mss 1000\n> SA 0 ack 1\n< A 1 ack 1\n> no\n"
	  "= state ESTABLISHED\n" },
	{ "simultaneous open ended by data",
	  "connect\n> S 0\n< S 0 mss 1000\n> SA 0 ack 1\n< A 1+50 ack 1\n> A 1 ack 51\n"
	  "= state ESTABLISHED\n= got 50\n" },
	{ "text on a SYN waits until the connection is established",
	  "connect\n> S 0\n< S 0+50 mss 1000\nacts HELD\n> SA 0 ack 1\n= got 0\n= ooo_bytes 50\n< A 51 ack 1\nacts STATE|DRAIN\n"
	  "> A 1 ack 51\n= state ESTABLISHED\n= got 50\n= bytes_received 50\n= ooo_bytes 0\n< A 51+10\n> A 1 ack 61\n" },
	{ "text and FIN on a SYN",
	  "connect\n> S 0\n< SF 0+50 mss 1000\n> SA 0 ack 1\nnoacts EOF\n< A 52 ack 1\nacts EOF\n> A 1 ack 52\n"
	  "= state CLOSE-WAIT\n= got 50\n" },
	{ "it comes again with the ACK of our SYN",
	  "connect\n> S 0\n< S 0+50 mss 1000\n> SA 0 ack 1\n< SA 0+50 ack 1\n> A 1 ack 51\n= got 50\n= bytes_received 50\n" },
	{ "with more behind it",
	  "connect\n> S 0\n< S 0+50 mss 1000\n> SA 0 ack 1\n< A 21+50 ack 1\n> A 1 ack 71\n= got 70\n= bytes_received 70\n" },
	{ "it comes again in part",
	  "connect\n> S 0\n< S 0+50 mss 1000\n> SA 0 ack 1\n< A 1+20 ack 1\nacts DELIVER|REAP\n> A 1 ack 21\n= got 20\n= ooo_bytes 0\n" },
	{ "beyond the window it is cut",
	  "connect space 20\n> S 0\n< S 0+50 mss 1000\n> SA 0 ack 1\n< A 1 ack 1\n> A 1 ack 21\n= got 20\n" },
	{ "reset before: given back", "connect\n> S 0\n< S 0+50 mss 1000\n> SA 0 ack 1\n< RA 1 ack 1\nacts REAP\n= state CLOSED\n" },
};
SCRIPTS(syn_sent);

static const struct script window_edges[] = {
	{ "the last byte of the window is taken",
	  "established\n< A 64240+1\n> A 1 ack 1\nacts HELD\n= ooo_bytes 1\n" },
	{ "the first beyond is not (FMICS'17)",
	  "established\n< A 65536+1\n> A 1 ack 1\ndrop WINDOW\n< A 65536 ack 1\n"
	  "> A 1 ack 1\ndrop WINDOW\n" },
	{ "a bare ACK at RCV.NXT",
	  "established\n< A 1\n> no\nnoacts DROP\n" },
	{ "a bare ACK on the last number",
	  "established\n< A 64240\n> no\nnoacts DROP\n" },
	{ "the old part is cut off",
	  "established\n< A 1+100\n> A 1 ack 101\n< A 51+100\n> A 1 ack 151\n= got 150\n" },
	{ "what does not fit is cut off",
	  "established space 1000 max 1000\n< A 1+1500\nacts DELIVER\n= got 1000\n"
	  "> A 1 ack 1001 wnd 0\n" },
	{ "a FIN that does not fit is not taken",
	  "established space 1000 max 1000\n< FA 1+1500\n= got 1000\n> A 1 ack 1001 wnd 0\n"
	  "= state ESTABLISHED\n" },
	{ "a FIN right after the last byte that fits waits, too",
	  "established space 1000 max 1000\n< FA 1+1000\n= got 1000\n> A 1 ack 1001 wnd 0\n"
	  "= state ESTABLISHED\nread 1000\n> A 1 ack 1001 wnd 1000\n< FA 1001\n"
	  "> A 1 ack 1002\n= state CLOSE-WAIT\n" },
	{ "larger than the window on both sides",
	  "established space 1000 max 1000\n< A 1+500\n> A 1 ack 501 wnd 500\n"
	  "< A 1+2000\n= got 1000\n> A 1 ack 1001\n" },
	{ "closed window: data refused, ACK and RST heard (MUST-66)",
	  "established space 1000 max 1000\n< A 1+1000\n> A 1 ack 1001 wnd 0\n"
	  "write 10\n> PA 1+10\n< A 1001+1 ack 11\nacts ACKED\ndrop ZERO_WINDOW\n"
	  "> A 11 ack 1001 wnd 0\n= snd_una 11\n< R 1001\n= state CLOSED\n" },
	{ "closed window: urgent pointer heard (MUST-66)",
	  "established space 1000 max 1000\n< A 1+1000\n> A 1 ack 1001 wnd 0\n"
	  "< UA 1001 urg 500\nacts URG\n= rcv_up 1501\n" },
	{ "after the FIN's number nothing counts",
	  "established\n< FA 101+10\n> A 1 ack 1\n< A 111+50\n= ooo_bytes 10\n> A 1 ack 1\n"
	  "< A 1+100\nacts DELIVER|EOF\n> A 1 ack 112\n= state CLOSE-WAIT\n= got 110\n" },
};
SCRIPTS(window_edges);

static const struct script urgent[] = {
	{ "announced (MUST-32, MUST-62)",
	  "established\n< UA 1+10 urg 5\nacts URG|DELIVER\n= rcv_up 6\n= got 10\n> A 1 ack 11\n" },
	{ "announced ahead of the data",
	  "established\n< UA 1+10 urg 30000\nacts URG\n= rcv_up 30001\n> A 1 ack 11\n" },
	{ "the same pointer is no news",
	  "established\n< UA 1+10 urg 100\nacts URG\n> A 1\n< UA 11+10 urg 90\nnoacts URG\n"
	  "> A 1\n" },
	{ "it advances", "established\n< UA 1+10 urg 100\n> A 1\n< UA 11+10 urg 200\nacts URG\n"
	  "= rcv_up 211\n> A 1\n" },
	{ "it never moves back", "established\n< UA 1+10 urg 100\n> A 1\n< UA 11+10 urg 50\n"
	  "noacts URG\n= rcv_up 101\n> A 1\n" },
	{ "without URG the field means nothing",
	  "established\n< A 1+10 urg 5\nnoacts URG\n> A 1\n" },
	{ "not after the peer's FIN",
	  "established\n< FA 1\n> A 1 ack 2\n< UA 2 urg 5\nnoacts URG\n" },
};
SCRIPTS(urgent);

/* RFC 9293 3.5.3: what a RST says behind its header is for people. */
static const struct script reset[] = {
	{ "with data in it (SHLD-2)",
	  "established\n< R 1+100\n> no\n= state CLOSED\n= err RESET\n= got 0\n" },
	{ "with data, but not at RCV.NXT",
	  "established\n< R 2+100\n> A 1 ack 1\n= state ESTABLISHED\n= got 0\n= ooo_bytes 0\n" },
};
SCRIPTS(reset);

/* RFC 7323: each line's ts is TSval, TSecr; the handshake's are 0xffffff00 on. */
static const struct script paws[] = {
	{ "older timestamp: ACK and drop",
	  "established ts\n< A 1+10 ts 0xfffffeff 0\ndrop PAWS\n> A 1 ack 1 ts\n= got 0\n" },
	{ "equal is taken", "established ts\n< A 1+10 ts 0xffffff00 0\n> A 1 ack 11\n= got 10\n" },
	{ "newer across the wrap",
	  "established ts\n< A 1+10 ts 5 0\n> A 1 ack 11 tsecr 5\n= got 10\n" },
	{ "RST is exempt", "established ts\n< R 1\n= state CLOSED\n" },
	{ "missing: silently dropped",
	  "established ts\n< A 1+10 nots\ndrop NO_TIMESTAMP\n> no\n= got 0\n" },
	{ "TS.Recent follows the segment at the left edge only",
	  "established ts\n< A 101+10 ts 100 0\n> A 1 ack 1 tsecr 0xffffff00\n"
	  "< A 1+100 ts 50 0\n> A 1 ack 111 tsecr 50\n" },
	{ "after 24 idle days anything goes",
	  "established ts\n+ 2073601s\n< A 1+10 ts 0xfffffe00 0\nnoacts DROP\n= got 10\n"
	  "> A 1 ack 11 tsecr 0xfffffe00\n" },
	{ "not agreed on: ignored", "established\n< A 1+10 ts 0xfffffe00 0\n> A 1 ack 11 nots\n= got 10\n" },
};
SCRIPTS(paws);

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
}
