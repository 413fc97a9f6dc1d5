// SPDX-License-Identifier: GPL-2.0
/*
 * Stale and forged segments: each of the eleven states of RFC 9293 with segments of an
 * earlier connection, repeated ones, and those of an attacker. A row for each state, a
 * column for each segment; a cell has the answer and the resulting state.
 */
#include <stdio.h>
#include <stdlib.h>

#include "core.h"
#include "harness.h"

enum {
	OLD_SYN, NEW_SYN, SYN_ACK, RST_EXACT, RST_NEAR, RST_FAR, OLD_DATA, FUTURE_ACK,
	FIN_AGAIN,
	SEGMENTS
};

/* $R is RCV.NXT, $N SND.NXT and $U SND.UNA of the state; sums as in $R-5. */
static const struct {
	const char *name;
	const char *text;
} segments[SEGMENTS] = {
	[OLD_SYN]	= { "a SYN from long ago", "< S $R-100000" },
	[NEW_SYN]	= { "a SYN of a new connection", "< S $R+100000" },
	[SYN_ACK]	= { "a SYN-ACK again", "< SA $R-1 ack $U" },
	[RST_EXACT]	= { "RST at RCV.NXT", "< R $R" },
	[RST_NEAR]	= { "RST in the window", "< R $R+1" },
	[RST_FAR]	= { "RST outside", "< R $R-1" },
	[OLD_DATA]	= { "old data", "< A $R-11+10 ack $U" },
	[FUTURE_ACK]	= { "ACK of what was not sent", "< A $R ack $N+1" },
	[FIN_AGAIN]	= { "a FIN that is old", "< FA $R-1 ack $U" },
};

/* Answers. A challenge ACK has the current numbers and changes nothing. */
#define CHALLENGE(why)	"> A $N ack $R\ndrop " why
#define SILENT(why)	"> no\ndrop " why
#define STAYS(state, cell)	cell "\n= state " state

#define SYNCHRONIZED(state, err)						\
	[OLD_SYN]	= STAYS(state, CHALLENGE("SYN_CHALLENGE")),	\
	[NEW_SYN]	= STAYS(state, CHALLENGE("SYN_CHALLENGE")),	\
	[SYN_ACK]	= STAYS(state, CHALLENGE("SYN_CHALLENGE")),	\
	[RST_EXACT]	= SILENT("RST_VALID") "\n= state CLOSED\n= err " err, \
	[RST_NEAR]	= STAYS(state, CHALLENGE("RST_CHALLENGE")),	\
	[RST_FAR]	= STAYS(state, SILENT("RST_WINDOW")),		\
	[OLD_DATA]	= STAYS(state, CHALLENGE("OLD")),		\
	[FUTURE_ACK]	= STAYS(state, CHALLENGE("ACK_FUTURE")),	\
	[FIN_AGAIN]	= STAYS(state, CHALLENGE("OLD"))

static const struct row {
	const char *state;
	const char *way;
	int r, n, u;
	const char *cell[SEGMENTS];
} rows[] = {
	{ "CLOSED", "established\nabort\n> RA 1\n= state CLOSED\n", 1, 1, 1, {
		[OLD_SYN]	= "> RA @0 ack $R-99999",
		[NEW_SYN]	= "> RA @0 ack $R+100001",
		[SYN_ACK]	= "> R $U",
		[RST_EXACT]	= SILENT("CLOSED"),
		[RST_NEAR]	= SILENT("CLOSED"),
		[RST_FAR]	= SILENT("CLOSED"),
		[OLD_DATA]	= "> R $U",
		[FUTURE_ACK]	= "> R $N+1",
		[FIN_AGAIN]	= "> R $U",
	} },
	{ "LISTEN", "listen\n", 1, 1, 1, {
		/* Only the peer knows whether a SYN is old: it will answer RST. */
		[OLD_SYN]	= "verdict listen SYN\n> SA 0 ack $R-99999",
		[NEW_SYN]	= "verdict listen SYN\n> SA 0 ack $R+100001",
		[SYN_ACK]	= "verdict listen RST\n> R $U",
		[RST_EXACT]	= "verdict listen DROP\n" SILENT("LISTEN_RST"),
		[RST_NEAR]	= "verdict listen DROP\n" SILENT("LISTEN_RST"),
		[RST_FAR]	= "verdict listen DROP\n" SILENT("LISTEN_RST"),
		[OLD_DATA]	= "verdict listen RST\n> R $U",
		[FUTURE_ACK]	= "verdict listen RST\n> R $N+1",
		[FIN_AGAIN]	= "verdict listen RST\n> R $U",
	} },
	/* The peer's numbers are unknown; U is the ISS, and an ACK must be above it. */
	{ "SYN-SENT", "connect\n> S 0\n= state SYN-SENT\n", 1, 1, 0, {
		[OLD_SYN]	= "> SA 0 ack $R-99999\n= state SYN-RECEIVED",
		[NEW_SYN]	= "> SA 0 ack $R+100001\n= state SYN-RECEIVED",
		[SYN_ACK]	= "> R $U\ndrop SYNSENT_ACK\n= state SYN-SENT",
		[RST_EXACT]	= STAYS("SYN-SENT", SILENT("SYNSENT_RST")),
		[RST_NEAR]	= STAYS("SYN-SENT", SILENT("SYNSENT_RST")),
		[RST_FAR]	= STAYS("SYN-SENT", SILENT("SYNSENT_RST")),
		[OLD_DATA]	= "> R $U\ndrop SYNSENT_ACK\n= state SYN-SENT",
		[FUTURE_ACK]	= "> R $N+1\ndrop SYNSENT_ACK\n= state SYN-SENT",
		[FIN_AGAIN]	= "> R $U\ndrop SYNSENT_ACK\n= state SYN-SENT",
	} },
	/* Simultaneous open: the peer's SYN-ACK is accepted if it is valid. */
	{ "SYN-RECEIVED", "connect\n> S 0\n< S 0 wnd 65535\n> SA 0 ack 1\n"
	  "= state SYN-RECEIVED\n", 1, 1, 0, {
		[OLD_SYN]	= STAYS("SYN-RECEIVED", CHALLENGE("SYN_CHALLENGE")),
		[NEW_SYN]	= STAYS("SYN-RECEIVED", CHALLENGE("SYN_CHALLENGE")),
		[SYN_ACK]	= "> R $U\ndrop ACK_FUTURE\n= state SYN-RECEIVED",
		[RST_EXACT]	= SILENT("RST_VALID") "\n= state CLOSED\n= err REFUSED",
		[RST_NEAR]	= STAYS("SYN-RECEIVED", CHALLENGE("RST_CHALLENGE")),
		[RST_FAR]	= STAYS("SYN-RECEIVED", SILENT("RST_WINDOW")),
		[OLD_DATA]	= STAYS("SYN-RECEIVED", CHALLENGE("OLD")),
		[FUTURE_ACK]	= "> R $N+1\ndrop ACK_FUTURE\n= state SYN-RECEIVED",
		[FIN_AGAIN]	= STAYS("SYN-RECEIVED", CHALLENGE("OLD")),
	} },
	{ "ESTABLISHED", "established\n= state ESTABLISHED\n", 1, 1, 1,
	  { SYNCHRONIZED("ESTABLISHED", "RESET") } },
	{ "FIN-WAIT-1", "established\nshutdown\n> FA 1\n= state FIN-WAIT-1\n", 1, 2, 1,
	  { SYNCHRONIZED("FIN-WAIT-1", "RESET") } },
	{ "FIN-WAIT-2", "established\nshutdown\n> FA 1\n< A 1 ack 2\n= state FIN-WAIT-2\n",
	  1, 2, 2, { SYNCHRONIZED("FIN-WAIT-2", "RESET") } },
	{ "CLOSE-WAIT", "established\n< FA 1\n~ 1ms\n> A 1 ack 2\n= state CLOSE-WAIT\n", 2, 1, 1,
	  { SYNCHRONIZED("CLOSE-WAIT", "PIPE") } },
	{ "CLOSING", "established\nshutdown\n> FA 1\n< FA 1 ack 1\n> A 2 ack 2\n"
	  "= state CLOSING\n", 2, 2, 1, { SYNCHRONIZED("CLOSING", "RESET") } },
	{ "LAST-ACK", "established\n< FA 1\n~ 1ms\n> A 1 ack 2\nshutdown\n> FA 1 ack 2\n"
	  "= state LAST-ACK\n", 2, 2, 1, { SYNCHRONIZED("LAST-ACK", "RESET") } },
	{ "FIN-WAIT-2 as a record", "established\nclose\n> FA 1\n< A 1 ack 2\ntw\n", 1, 2, 2, {
		[OLD_SYN]	= CHALLENGE("SYN_CHALLENGE"),
		[NEW_SYN]	= CHALLENGE("SYN_CHALLENGE"),
		[SYN_ACK]	= CHALLENGE("SYN_CHALLENGE"),
		[RST_EXACT]	= "verdict tw END\n" SILENT("RST_VALID"),
		[RST_NEAR]	= CHALLENGE("RST_CHALLENGE"),
		[RST_FAR]	= SILENT("RST_WINDOW"),
		[OLD_DATA]	= CHALLENGE("OLD"),
		[FUTURE_ACK]	= CHALLENGE("ACK_FUTURE"),
		[FIN_AGAIN]	= CHALLENGE("OLD"),
	} },
	/* RFC 1337: a RST is ignored. RFC 6191: a new SYN ends the record. */
	{ "TIME-WAIT", "established\nshutdown\n> FA 1\n< FA 1 ack 2\n> A 2 ack 2\n"
	  "= state TIME-WAIT\ntw\n", 2, 2, 2, {
		[OLD_SYN]	= CHALLENGE("TIME_WAIT"),
		[NEW_SYN]	= "verdict tw SYN\n" SILENT("NONE"),
		[SYN_ACK]	= CHALLENGE("TIME_WAIT"),
		[RST_EXACT]	= SILENT("TIME_WAIT"),
		[RST_NEAR]	= SILENT("TIME_WAIT"),
		[RST_FAR]	= SILENT("TIME_WAIT"),
		[OLD_DATA]	= CHALLENGE("TIME_WAIT"),
		[FUTURE_ACK]	= CHALLENGE("ACK_FUTURE"),
		[FIN_AGAIN]	= CHALLENGE("TIME_WAIT"),
	} },
	{ "TIME-WAIT without a record", "established\nshutdown\n> FA 1\n< FA 1 ack 2\n"
	  "> A 2 ack 2\n= state TIME-WAIT\n", 2, 2, 2, {
		[OLD_SYN]	= STAYS("TIME-WAIT", CHALLENGE("TIME_WAIT")),
		[NEW_SYN]	= STAYS("TIME-WAIT", CHALLENGE("SYN_CHALLENGE")),
		[SYN_ACK]	= STAYS("TIME-WAIT", CHALLENGE("TIME_WAIT")),
		[RST_EXACT]	= STAYS("TIME-WAIT", SILENT("TIME_WAIT")),
		[RST_NEAR]	= STAYS("TIME-WAIT", SILENT("TIME_WAIT")),
		[RST_FAR]	= STAYS("TIME-WAIT", SILENT("TIME_WAIT")),
		[OLD_DATA]	= STAYS("TIME-WAIT", CHALLENGE("TIME_WAIT")),
		[FUTURE_ACK]	= STAYS("TIME-WAIT", CHALLENGE("ACK_FUTURE")),
		[FIN_AGAIN]	= STAYS("TIME-WAIT", CHALLENGE("TIME_WAIT")),
	} },
};

#define TEXT_MAX	512	/* bytes of a script */

/* Replace $R, $N and $U, with added offsets, by numbers. */
static void fill_in(char *to, const char *from, const struct row *row)
{
	int val;

	while (*from) {
		if (*from != '$') {
			*to++ = *from++;
			continue;
		}
		switch (from[1]) {
		case 'R':
			val = row->r;
			break;
		case 'N':
			val = row->n;
			break;
		default:
			val = row->u;
			break;
		}
		from += 2;
		if (*from == '-' || *from == '+')
			val += (int)strtol(from, (char **)&from, 10);
		to += sprintf(to, "%d", val);
	}
	*to = 0;
}

static struct script scripts[ARRAY_SIZE(rows) * SEGMENTS];

static void __attribute__((constructor)) stale_scripts(void)
{
	char text[TEXT_MAX];
	u32 i, j, n = 0;

	for (i = 0; i < ARRAY_SIZE(rows); i++) {
		for (j = 0; j < SEGMENTS; j++) {
			char *name, *script = malloc(TEXT_MAX);

			if (!script || asprintf(&name, "%s: %s", rows[i].state,
						segments[j].name) < 0)
				exit(2);
			snprintf(text, sizeof(text), "%s%s\n%s\n", rows[i].way,
				 segments[j].text, rows[i].cell[j]);
			fill_in(script, text, &rows[i]);
			scripts[n++] = (struct script){ name, script };
		}
	}
	unit_add_scripts("stale", scripts, n);
}
