// SPDX-License-Identifier: GPL-2.0
/*
 * TIME-WAIT as a record of its own: RFC 9293 3.6.1 and 3.10.7.4, RFC 1337,
 * RFC 6191.
 */
#include "core.h"
#include "harness.h"

#define WAITING "established\nshutdown\n> FA 1\n< FA 1 ack 2\n> A 2 ack 2\ntw\n"
#define WAITING_TS "established ts\nshutdown\n> FA 1\n< FA 1 ack 2\n> A 2 ack 2\ntw\n"

static const struct script timewait[] = {
	{ "2 MSL from the beginning", WAITING "~ 60s\n" },
	{ "RST is ignored (RFC 1337)", WAITING "< R 2\nverdict tw DROP\n> no\n~ 60s\n" },
	{ "the FIN again: ACK, and 2 MSL anew (U-20)", WAITING "+ 30s\n< FA 1 ack 2\nverdict tw ACK\n"
	  "> A 2 ack 2\n~ 60s\n" },
	{ "each FIN is answered", WAITING "< FA 1 ack 2\n> A 2\n< FA 1 ack 2\n> A 2\n" },
	{ "old data: ACK, the wait does not move", WAITING "+ 10s\n< A 1+1 ack 2\nverdict tw ACK\n"
	  "> A 2 ack 2\n~ 50s\n" },
	{ "at most two answers a second", WAITING "+ 10s\n< A 1+1\n> A 2\n< A 1+1\nverdict tw DROP\n> no\n"
	  "+ 500ms\n< A 1+1\n> A 2\n" },
	{ "a bare ACK in its place", WAITING "< A 2 ack 2\nverdict tw DROP\n> no\n" },
	{ "SYN above the last number", WAITING "< S 3\nverdict tw SYN\n" },
	{ "SYN far above", WAITING "< S 100000\nverdict tw SYN\n" },
	{ "SYN at or below it", WAITING "+ 1s\n< S 2\nverdict tw ACK\n> A 2 ack 2\n+ 1s\n< S -50\n"
	  "verdict tw ACK\n> A 2\n" },
	{ "SYN-ACK is no SYN", WAITING "+ 1s\n< SA 100 ack 2\nverdict tw ACK\n> A 2\n" },
	{ "with timestamps: newer opens though the number is lower", WAITING_TS
	  "< S -50 ts 0xffffff01 0\nverdict tw SYN\n" },
	{ "older does not, though the number is higher", WAITING_TS
	  "+ 1s\n< S 100 ts 0xfffffefe 0\nverdict tw ACK\n> A 2\ndrop PAWS\n" },
	{ "equal: the number decides", WAITING_TS "+ 1s\n< S 100 ts 0xffffff00 0\nverdict tw SYN\n" },
	{ "equal and lower", WAITING_TS "+ 1s\n< S -50 ts 0xffffff00 0\nverdict tw ACK\n> A 2\n" },
	{ "SYN without timestamps: the number decides", WAITING_TS "< S 100 nots\nverdict tw SYN\n" },
	{ "the ACK carries the peer's timestamp", WAITING_TS "+ 1s\n< FA 1 ack 2\n> A 2 ack 2 ts tsecr 744\n" },
	{ "the last ACK of a simultaneous close", "established\nshutdown\n> FA 1\n< FA 1 ack 1\n> A 2 ack 2\n"
	  "< A 2 ack 2\n= state TIME-WAIT\ntw\n< A 2 ack 2\nverdict tw DROP\n> no\n~ 60s\n" },
};
SCRIPTS(timewait);

/* A TCB that stays, because no record was to be had. */
#define STAYING "established\nshutdown\n> FA 1\n< FA 1 ack 2\n> A 2 ack 2\n"

static const struct script timewait_tcb[] = {
	{ "ends after 2 MSL", STAYING "~ 60s\n= state CLOSED\n= err OK\n" },
	{ "the FIN again", STAYING "+ 30s\n< FA 1 ack 2\n> A 2 ack 2\n~ 60s\n= state CLOSED\n" },
	{ "RST is ignored", STAYING "< R 2\n> no\n= state TIME-WAIT\n" },
	{ "data after close", STAYING "+ 1s\n< A 2+10 ack 2\n> A 2 ack 2\n= got 0\n" },
	{ "nothing left to time", STAYING "set keepalive 1\n~ 60s\n= state CLOSED\nno-timer\n" },
};
SCRIPTS(timewait_tcb);

UNIT(timewait_is_compact)
{
	CHECK(sizeof(struct xtcp_tw) <= 64);
}
