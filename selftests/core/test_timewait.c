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
	{ "a FIN at RCV.NXT", WAITING "+ 30s\n< FA 2 ack 2\nverdict tw ACK\n> A 2 ack 2\n~ 60s\n" },
	{ "and with old data before it", WAITING "+ 30s\n< FA -8+10 ack 2\nverdict tw ACK\n> A 2 ack 2\n~ 60s\n" },
	{ "but not beyond it", WAITING "+ 10s\n< FA 3 ack 2\nverdict tw ACK\n> A 2 ack 2\n~ 50s\n" },
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
	{ "FIN without ACK", WAITING "+ 10s\n< F 1\nverdict tw DROP\ndrop NO_ACK\n> no\n~ 50s\n" },
	{ "a FIN that acknowledges what was not sent", WAITING "+ 10s\n< FA 1 ack 3\nverdict tw ACK\n"
	  "drop ACK_FUTURE\n> A 2 ack 2\n~ 50s\n" },
	{ "and one that is far behind", WAITING "+ 10s\n< FA 1 ack -65534\nverdict tw ACK\n"
	  "drop ACK_OLD\n> A 2 ack 2\n~ 50s\n" },
	{ "not quite so far", WAITING "+ 10s\n< FA 1 ack -65533\n> A 2 ack 2\n~ 60s\n" },
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

/*
 * FIN-WAIT-2 of a connection that is closed. The peer has acknowledged the FIN,
 * its window is 65535 of which nothing is used.
 */
#define HALF "established\nset linger2 20000\nclose\n> FA 1\n< A 1 ack 2\ntw\n"
#define HALF_TS "established ts\nclose\n> FA 1\n< A 1 ack 2\ntw\n"

static const struct script fin_wait_2[] = {
	{ "the wait is linger2's", HALF "~ 20s\n" },
	{ "or the namespace's", "par fin_timeout_ms 30000\n" HALF_TS "~ 30s\n" },
	{ "the FIN: ACK, then 2 MSL", HALF "< FA 1 ack 2\nverdict tw ACK\n> A 2 ack 2\ndrop NONE\n~ 60s\n" },
	{ "and the rules are those of TIME-WAIT", HALF "< FA 1 ack 2\n> A 2 ack 2\n< R 2\nverdict tw DROP\n"
	  "drop TIME_WAIT\n< S 3\nverdict tw SYN\n" },
	{ "2 MSL by the connection", "established\nset timewait 5000\nclose\n> FA 1\n< A 1 ack 2\ntw\n"
	  "< FA 1 ack 2\n> A 2\n~ 5s\n" },
	{ "2 MSL by the namespace", "par timewait_ms 3000\n" HALF_TS "< FA 1 ack 2\n> A 2\n~ 3s\n" },
	{ "a FIN before its time: something is missing", HALF "+ 1s\n< FA 5 ack 2\nverdict tw ACK\n"
	  "> A 2 ack 1\n~ 19s\n" },
	{ "a FIN with an ACK that was overtaken", HALF "< FA 1 ack 1\nverdict tw ACK\n> A 2 ack 2\n~ 60s\n" },
	{ "a FIN without ACK", HALF "< F 1\nverdict tw DROP\ndrop NO_ACK\n> no\n~ 20s\n" },
	{ "a FIN that acknowledges what was not sent", HALF "+ 1s\n< FA 1 ack 3\nverdict tw ACK\ndrop ACK_FUTURE\n"
	  "> A 2 ack 1\n~ 19s\n" },
	{ "a FIN with an ACK from long ago", HALF "+ 1s\n< FA 1 ack -65534\nverdict tw ACK\ndrop ACK_OLD\n"
	  "> A 2 ack 1\n~ 19s\n" },
	{ "data: RST", HALF "< A 1+10 ack 2\nverdict tw RST\ndrop AFTER_CLOSE\n> RA 2 ack 1\n" },
	{ "data and FIN: RST", HALF "< FA 1+10 ack 2\nverdict tw RST\n> RA 2 ack 1\n" },
	{ "data beyond a gap: RST", HALF "< A 100+10 ack 2\nverdict tw RST\n> RA 2 ack 1\n" },
	{ "data half of which is new: RST", HALF "< A -4+10 ack 2\nverdict tw RST\n> RA 2 ack 1\n" },
	{ "old data: ACK", HALF "+ 1s\n< A -9+10 ack 2\nverdict tw ACK\ndrop OLD\n> A 2 ack 1\n" },
	{ "old data and the FIN: the FIN counts", HALF "< FA -9+10 ack 2\nverdict tw ACK\n> A 2 ack 2\n~ 60s\n" },
	{ "data right of the window: ACK", HALF "+ 1s\n< A 65536+10 ack 2\nverdict tw ACK\ndrop WINDOW\n> A 2 ack 1\n" },
	{ "data with a bad ACK: no RST", HALF "+ 1s\n< A 1+10 ack 3\nverdict tw ACK\ndrop ACK_FUTURE\n> A 2 ack 1\n" },
	{ "a bare ACK", HALF "< A 1 ack 2\nverdict tw DROP\ndrop NONE\n> no\n~ 20s\n" },
	{ "a keepalive probe", HALF "+ 1s\n< A 0 ack 2\nverdict tw ACK\n> A 2 ack 1\n~ 19s\n" },
	{ "at most two answers a second", HALF "+ 1s\n< A 0 ack 2\n> A 2\n< A 0 ack 2\nverdict tw DROP\n> no\n" },
	{ "RST at RCV.NXT ends it", HALF "< R 1\nverdict tw END\ndrop RST_VALID\n> no\n" },
	{ "RST in the window: challenge", HALF "+ 1s\n< R 2\nverdict tw ACK\ndrop RST_CHALLENGE\n> A 2 ack 1\n" },
	{ "RST outside", HALF "< R 0\nverdict tw DROP\ndrop RST_WINDOW\n> no\n" },
	{ "SYN: challenge, wherever it is", HALF "+ 1s\n< S 100\nverdict tw ACK\ndrop SYN_CHALLENGE\n> A 2 ack 1\n"
	  "+ 1s\n< S 1\n> A 2\n+ 1s\n< SA 0 ack 1\n> A 2\n" },
	{ "an old timestamp", HALF_TS "+ 1s\n< FA 1 ack 2 ts 0xfffffe00 0\nverdict tw ACK\ndrop PAWS\n> A 2 ack 1\n" },
	{ "no timestamp", HALF_TS "< FA 1 ack 2 nots\nverdict tw DROP\ndrop NO_TIMESTAMP\n> no\n" },
	{ "the newest timestamp in sequence counts, of a bare ACK, too", HALF_TS "+ 1s\n< A 1 ack 2\nverdict tw DROP\n"
	  "< FA 1 ack 2 ts 700 0\nverdict tw ACK\ndrop PAWS\n> A 2 ack 1 tsecr 744\n" },
	{ "not that of one beyond a gap", HALF_TS "+ 1s\n< A 5 ack 2\nverdict tw DROP\n< FA 1 ack 2 ts 700 0\n"
	  "verdict tw ACK\ndrop NONE\n> A 2 ack 2 tsecr 700\n" },
	{ "a bare ACK further on in the window", HALF "+ 1s\n< A 100 ack 2\nverdict tw DROP\ndrop NONE\n> no\n" },
	{ "the FIN's timestamp is echoed", HALF_TS "+ 1s\n< FA 1 ack 2\nverdict tw ACK\n> A 2 ack 2 ts tsecr 744\n" },
};
SCRIPTS(fin_wait_2);

/* A TCB that stays, because no record was to be had. */
#define STAYING "established\nshutdown\n> FA 1\n< FA 1 ack 2\n> A 2 ack 2\n"

static const struct script timewait_tcb[] = {
	{ "ends after 2 MSL", STAYING "~ 60s\n= state CLOSED\n= err OK\n" },
	{ "the FIN again", STAYING "+ 30s\n< FA 1 ack 2\n> A 2 ack 2\n~ 60s\n= state CLOSED\n" },
	{ "old data: the wait does not move", STAYING "+ 10s\n< A 1+1 ack 2\n> A 2 ack 2\n~ 50s\n" },
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
	tcb.challenge_at = 900 * XTCP_NSEC_PER_MSEC;
	tcb.snd_nxt = 12;
	tcb.rcv_nxt = 13000;
	tcb.rcv_wup = 12000;
	tcb.rcv_wnd = 8000;
	tcb.rcv_wscale = 3;
	tcb.ts_recent = 14;
	tcb.opts = XTCP_OPT_TS | XTCP_OPT_SACK_PERM | XTCP_OPT_MSS;
	memset(&tw, 0xa5, sizeof(tw));
	xtcp_tw_init(&tw, &tcb, XTCP_NSEC_PER_SEC);
	CHECK_EQ(tw.deadline, 8000);
	CHECK_EQ(tw.timewait_ms, 7000);
	CHECK_EQ(tw.ack_at, 900);
	CHECK_EQ(tw.rcv_wscale, 3);
	CHECK_EQ(tw.flags, XTCP_TW_F_TS);
	xtcp_tw_plan(&tw, 15, &plan, 2 * XTCP_NSEC_PER_SEC);
	CHECK_EQ(plan.seq, 12);
	CHECK_EQ(plan.ack, 13000);
	CHECK_EQ(plan.flags, XTCP_ACK);
	CHECK_EQ(plan.wnd, 7000 >> 3);
	CHECK_EQ(plan.opts, XTCP_OPT_TS);
	CHECK_EQ(plan.tsval, 2015);
	CHECK_EQ(plan.tsecr, 14);
	CHECK_EQ(plan.hdr_len, 32);
	xtcp_tw_rst(&tw, &plan);
	CHECK_EQ(plan.seq, 12);
	CHECK_EQ(plan.ack, 13000);
	CHECK_EQ(plan.flags, XTCP_RST | XTCP_ACK);
	CHECK_EQ(plan.opts, 0);
	CHECK_EQ(plan.hdr_len, 20);

	tcb.opts = XTCP_OPT_SACK_PERM | XTCP_OPT_MSS;
	tcb.dl[XTCP_DL_LINGER] = 3 * XTCP_NSEC_PER_SEC + 1;
	tcb.dl_armed = 1U << XTCP_DL_LINGER;
	tcb.timewait_ms = 9;
	tcb.state = XTCP_FIN_WAIT_2;
	tcb.challenge_at = 0;
	xtcp_tw_init(&tw, &tcb, XTCP_NSEC_PER_SEC);
	CHECK_EQ(tw.deadline, 3001);	/* never too early */
	CHECK_EQ(tw.timewait_ms, 9);
	CHECK_EQ(tw.ack_at, 500);	/* an answer may leave at once */
	CHECK_EQ(tw.flags, XTCP_TW_F_FIN_WAIT_2);
	xtcp_tw_plan(&tw, 15, &plan, 2 * XTCP_NSEC_PER_SEC);
	CHECK_EQ(plan.opts, 0);
	CHECK_EQ(plan.tsval, 0);
	CHECK_EQ(plan.hdr_len, 20);
}

/* All that ECN has to say in an ACK is three bits of the header. */
UNIT(timewait_ecn)
{
	struct xtcp_params par;
	struct xtcp_plan plan;
	struct xtcp_tcb tcb;
	struct xtcp_tw tw;
	u32 cep;

	xtcp_params_init(&par);
	xtcp_tcb_init(&tcb, &par);
	tcb.state = XTCP_TIME_WAIT;
	for (cep = 0; cep < 8; cep++) {
		tcb.ecn = XTCP_ECN_ACC;
		tcb.r_cep = (u8)cep;
		xtcp_tw_init(&tw, &tcb, XTCP_NSEC_PER_SEC);
		xtcp_tw_plan(&tw, 0, &plan, XTCP_NSEC_PER_SEC);
		CHECK_EQ(plan.flags, XTCP_ACK | cep << XTCP_ACE_SHIFT);
		tcb.opts = cep & 1 ? 0 : XTCP_OPT_TS;
	}
	CHECK_EQ(plan.opts, XTCP_OPT_TS);
}

/* FIN-WAIT-2: the window that was offered last, with its scale, or a closed one. */
UNIT(timewait_window)
{
	static const struct {
		const char *name;
		u16 wnd;
		u16 flags;
		u32 seq;
		u16 len;
		enum xtcp_tw_act act;
		enum xtcp_drop why;
	} rows[] = {
		{ "last of the window", 100, XTCP_RST, 799, 0, XTCP_TW_ACK, XTCP_DROP_RST_CHALLENGE },
		{ "behind it", 100, XTCP_RST, 800, 0, XTCP_TW_DROP, XTCP_DROP_RST_WINDOW },
		{ "ACK at a closed one", 0, XTCP_ACK, 0, 0, XTCP_TW_DROP, XTCP_DROP_NONE },
		{ "FIN at a closed one", 0, XTCP_ACK | XTCP_FIN, 0, 0, XTCP_TW_ACK, XTCP_DROP_WINDOW },
		{ "data at a closed one", 0, XTCP_ACK, 0, 9, XTCP_TW_ACK, XTCP_DROP_WINDOW },
		{ "old data", 0, XTCP_ACK, -9, 9, XTCP_TW_ACK, XTCP_DROP_OLD },
		{ "all of it old but the FIN", 100, XTCP_ACK | XTCP_FIN, -9, 9, XTCP_TW_ACK, XTCP_DROP_NONE },
	};
	u32 i;

	for (i = 0; i < ARRAY_SIZE(rows); i++) {
		struct xtcp_tw tw = {
			.flags = XTCP_TW_F_FIN_WAIT_2, .wnd = rows[i].wnd, .rcv_wscale = 3,
			.rcv_nxt = 5000, .snd_nxt = 100, .deadline = 60000,
		};
		struct xtcp_seg seg = {
			.seq = 5000 + rows[i].seq, .ack = 100, .len = rows[i].len,
			.flags = rows[i].flags, .reason = XTCP_DROP_HEADER,
		};

		CHECK_ROW(rows[i].name, xtcp_tw_rx(&tw, &seg, XTCP_NSEC_PER_SEC), rows[i].act);
		CHECK_ROW(rows[i].name, seg.reason, rows[i].why);
	}
}

/* A FIN without a timestamp, whose field is 0, is no old one. */
UNIT(timewait_no_timestamp)
{
	struct xtcp_tw tw = {
		.flags = XTCP_TW_F_TS, .rcv_nxt = 5000, .snd_nxt = 100, .ts_recent = 700,
		.deadline = 3000, .timewait_ms = 60000,
	};
	struct xtcp_seg seg = { .seq = 4999, .ack = 100, .flags = XTCP_FIN | XTCP_ACK };

	CHECK_EQ(xtcp_tw_rx(&tw, &seg, XTCP_NSEC_PER_SEC), XTCP_TW_ACK);
	CHECK_EQ(tw.deadline, 61000);
	CHECK_EQ(tw.ts_recent, 700);
}

/* The clock of records wraps after 49 days; a wait across that is as long. */
UNIT(timewait_clock_wraps)
{
	u64 wrap = XTCP_NSEC_PER_MSEC << 32, now = wrap - XTCP_NSEC_PER_SEC;
	struct xtcp_seg seg = { .seq = 1, .ack = 1, .flags = XTCP_FIN | XTCP_ACK };
	struct xtcp_params par;
	struct xtcp_tcb tcb;
	struct xtcp_tw tw;

	xtcp_params_init(&par);
	xtcp_tcb_init(&tcb, &par);
	tcb.state = XTCP_TIME_WAIT;
	tcb.rcv_nxt = 2;
	tcb.snd_nxt = 1;
	xtcp_tw_init(&tw, &tcb, now);
	CHECK_EQ(xtcp_tw_left(&tw, now), 60000);
	CHECK_EQ(xtcp_tw_deadline(&tw, now), now + 60 * XTCP_NSEC_PER_SEC);
	CHECK_EQ(xtcp_tw_left(&tw, wrap), 59000);
	CHECK_EQ(xtcp_tw_rx(&tw, &seg, wrap + XTCP_NSEC_PER_SEC), XTCP_TW_ACK);
	CHECK_EQ(xtcp_tw_left(&tw, wrap + XTCP_NSEC_PER_SEC), 60000);
	CHECK_EQ(xtcp_tw_left(&tw, wrap + 62 * XTCP_NSEC_PER_SEC), -1000);
}

/* RFC 6191, section 2, for this end: timestamps, and long enough ago. */
UNIT(timewait_reusable)
{
	static const struct {
		u8 flags;
		u32 age;	/* ms */
		u32 delay;	/* ms */
		bool want;
	} rows[] = {
		{ XTCP_TW_F_TS, 0, 1, false },
		{ XTCP_TW_F_TS, 1, 1, true },
		{ XTCP_TW_F_TS, 999, 1000, false },
		{ XTCP_TW_F_TS, 1000, 1000, true },
		{ XTCP_TW_F_TS, 59999, 1000, true },
		{ 0, 59999, 1000, false },
		{ XTCP_TW_F_TS | XTCP_TW_F_FIN_WAIT_2, 59999, 1000, false },
	};
	u64 start = 5 * XTCP_NSEC_PER_SEC;
	u32 i;

	for (i = 0; i < ARRAY_SIZE(rows); i++) {
		struct xtcp_tw tw = {
			.deadline = 65000, .timewait_ms = 60000, .flags = rows[i].flags,
		};

		CHECK_EQ(xtcp_tw_reusable(&tw, rows[i].delay,
					  start + rows[i].age * XTCP_NSEC_PER_MSEC),
			 rows[i].want);
	}
}

/* What the caller may and may not make a record of. */
UNIT(timewait_ready)
{
	struct xtcp_params par;
	struct xtcp_tcb tcb;

	xtcp_params_init(&par);
	xtcp_tcb_init(&tcb, &par);
	tcb.state = XTCP_TIME_WAIT;
	CHECK(xtcp_tw_ready(&tcb));
	tcb.state = XTCP_FIN_WAIT_2;
	CHECK(!xtcp_tw_ready(&tcb));	/* somebody reads */
	tcb.flags |= XTCP_F_ORPHAN;
	CHECK(xtcp_tw_ready(&tcb));
	tcb.ack_pending = XTCP_ACKP_NOW;
	CHECK(!xtcp_tw_ready(&tcb));	/* has something to say */
	tcb.ack_pending = 0;
	tcb.linger2_ms = 0;
	CHECK(!xtcp_tw_ready(&tcb));	/* does not wait */
	tcb.linger2_ms = 1;
	tcb.state = XTCP_FIN_WAIT_1;
	CHECK(!xtcp_tw_ready(&tcb));
}

/* The record in the module has to fit into 96 bytes, see src/net/net.h. */
UNIT(timewait_is_compact)
{
	CHECK(sizeof(struct xtcp_tw) <= 28);
}
