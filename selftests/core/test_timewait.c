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
	{ "an old bare ACK, too, even just below", WAITING "+ 10s\n< A 1 ack 2\nverdict tw ACK\n> A 2\n~ 50s\n" },
	{ "a FIN in another place", WAITING "+ 10s\n< FA 5 ack 2\nverdict tw ACK\n> A 2\n~ 50s\n" },
	{ "the FIN with data before it", WAITING "+ 30s\n< FA -9+10 ack 2\nverdict tw ACK\n> A 2\n~ 60s\n" },
	{ "the answer to a FIN counts, too", WAITING "< FA 1 ack 2\n> A 2\n< A 1+1\nverdict tw DROP\n> no\n" },
	{ "half a second, exactly", WAITING "+ 10s\n< A 1+1\n> A 2\n+ 499ms\n< A 1+1\nverdict tw DROP\n+ 1ms\n< A 1+1\n"
	  "verdict tw ACK\n> A 2\n" },
	{ "at most two answers a second", WAITING "+ 10s\n< A 1+1\n> A 2\n< A 1+1\nverdict tw DROP\n> no\n"
	  "+ 500ms\n< A 1+1\n> A 2\n" },
	{ "a bare ACK in its place", WAITING "< A 2 ack 2\nverdict tw DROP\n> no\n" },
	{ "SYN above the last number", WAITING "< S 3\nverdict tw SYN\ndrop NONE\n" },
	{ "a timestamp nobody agreed on says nothing", WAITING "+ 1s\n< S -50 ts 5 0\nverdict tw ACK\n> A 2\n+ 29s\n"
	  "< FA 1 ack 2 ts 0xfffffff0 0\nverdict tw ACK\n> A 2 nots\n~ 60s\n" },
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
	{ "and lower", WAITING_TS "+ 1s\n< S -50 nots\nverdict tw ACK\n> A 2\n" },
	{ "the FIN again, as old as the last", WAITING_TS "+ 30s\n< FA 1 ack 2 ts 0xffffff00 0\nverdict tw ACK\n> A 2\n~ 60s\n" },
	{ "without a timestamp", "established ts\n+ 1s\nshutdown\n> FA 1\n< FA 1 ack 2\n> A 2 ack 2\ntw\n+ 30s\n"
	  "< FA 1 ack 2 nots\nverdict tw ACK\n> A 2 tsecr 744\n~ 60s\n" },
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
	{ "a SYN opens nothing", STAYING "+ 1s\n< S 100\ndrop SYN_CHALLENGE\n> A 2 ack 2\n= state TIME-WAIT\n" },
	{ "at most two answers a second", STAYING "+ 1s\n< A 1+1\n> A 2\n< A 1+1\ndrop TIME_WAIT\n> no\n" },
	{ "the timestamp goes on", "established ts\nshutdown\n> FA 1\n< FA 1 ack 2\n> A 2\n+ 1s\n< FA 1 ack 2\n> A 2 tsecr 744\n"
	  "= ts_recent 744\n" },
	{ "data after close", STAYING "+ 1s\n< A 2+10 ack 2\n> A 2 ack 2\n= got 0\n" },
	{ "nothing left to time", STAYING "set keepalive 1\n~ 60s\n= state CLOSED\nno-timer\n" },
};
SCRIPTS(timewait_tcb);

/* Everything that the record keeps, and what it says with it. */
UNIT(timewait_record)
{
	struct xtcp_params par;
	struct xtcp_plan plan;
	struct xtcp_tcb tcb;
	struct xtcp_tw tw;

	xtcp_params_init(&par);
	par.timewait_ms = 7000;
	xtcp_tcb_init(&tcb, &par);
	tcb.state = XTCP_TIME_WAIT;
	tcb.challenge_at = 11;
	tcb.snd_nxt = 12;
	tcb.rcv_nxt = 13000;
	tcb.rcv_wup = 12000;
	tcb.rcv_wnd = 8000;
	tcb.rcv_wscale = 3;
	tcb.ts_recent = 14;
	tcb.ts_off = 15;
	tcb.opts = XTCP_OPT_TS | XTCP_OPT_SACK_PERM | XTCP_OPT_MSS;
	memset(&tw, 0xa5, sizeof(tw));
	xtcp_tw_init(&tw, &tcb, XTCP_NSEC_PER_SEC);
	CHECK_EQ(tw.deadline, 8 * XTCP_NSEC_PER_SEC);
	CHECK_EQ(tw.ack_at, 11);
	CHECK_EQ(tw.opts, XTCP_OPT_TS);
	xtcp_tw_plan(&tw, &plan, 2 * XTCP_NSEC_PER_SEC);
	CHECK_EQ(plan.seq, 12);
	CHECK_EQ(plan.ack, 13000);
	CHECK_EQ(plan.flags, XTCP_ACK);
	CHECK_EQ(plan.wnd, 7000 >> 3);
	CHECK_EQ(plan.opts, XTCP_OPT_TS);
	CHECK_EQ(plan.tsval, 2015);
	CHECK_EQ(plan.tsecr, 14);
	CHECK_EQ(plan.hdr_len, 32);

	tcb.opts = XTCP_OPT_SACK_PERM | XTCP_OPT_MSS;
	tcb.dl[XTCP_DL_LINGER] = 17;
	tcb.dl_armed = 1U << XTCP_DL_LINGER;
	xtcp_tw_init(&tw, &tcb, XTCP_NSEC_PER_SEC);
	CHECK_EQ(tw.deadline, 17);
	xtcp_tw_plan(&tw, &plan, 2 * XTCP_NSEC_PER_SEC);
	CHECK_EQ(plan.opts, 0);
	CHECK_EQ(plan.tsval, 0);
	CHECK_EQ(plan.hdr_len, 20);
}

UNIT(timewait_is_compact)
{
	CHECK(sizeof(struct xtcp_tw) <= 64);
}
