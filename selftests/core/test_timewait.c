// SPDX-License-Identifier: GPL-2.0
/*
 * TIME-WAIT as a separate record: RFC 9293 3.6.1 and 3.10.7.4, RFC 1337,
 * RFC 6191.
 */
#include "core.h"
#include "harness.h"

/* All fields of the record, and the ACK it sends. */
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
	CHECK_EQ(tw.ack_at, 500);	/* an answer may be sent at once */
	CHECK_EQ(tw.flags, XTCP_TW_F_FIN_WAIT_2);
	xtcp_tw_plan(&tw, 15, &plan, 2 * XTCP_NSEC_PER_SEC);
	CHECK_EQ(plan.opts, 0);
	CHECK_EQ(plan.tsval, 0);
	CHECK_EQ(plan.hdr_len, 20);
}

/* The record keeps ECN as the three ACE bits of its ACKs. */
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

/* FIN-WAIT-2: the window that was offered last, scaled, or a zero window. */
UNIT(timewait_window)
{
	static const struct {
		const char *name;
		u16 wnd;
		u16 flags;
		u32 seq;
		u16 len;
		enum xtcp_tw_act act;
		enum xtcp_drop_reason why;
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

/* A FIN without timestamps, whose tsval field is 0, is not old (PAWS). */
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

/* The clock of records wraps after 49 days; waits across the wrap have the same length. */
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

/* RFC 6191, section 2, for an active open: timestamps, and old enough. */
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

/* Which TCBs can become a record. */
UNIT(timewait_ready)
{
	struct xtcp_params par;
	struct xtcp_tcb tcb;

	xtcp_params_init(&par);
	xtcp_tcb_init(&tcb, &par);
	tcb.state = XTCP_TIME_WAIT;
	CHECK(xtcp_tw_ready(&tcb));
	tcb.state = XTCP_FIN_WAIT_2;
	CHECK(!xtcp_tw_ready(&tcb));	/* the application may still read */
	tcb.flags |= XTCP_F_ORPHAN;
	CHECK(xtcp_tw_ready(&tcb));
	tcb.ack_pending = XTCP_ACKP_NOW;
	CHECK(!xtcp_tw_ready(&tcb));	/* has output */
	tcb.ack_pending = 0;
	tcb.linger2_ms = 0;
	CHECK(!xtcp_tw_ready(&tcb));	/* does not wait */
	tcb.linger2_ms = 1;
	tcb.state = XTCP_FIN_WAIT_1;
	CHECK(!xtcp_tw_ready(&tcb));
}

/* The record of the module has to fit into 96 bytes, see src/net/net.h. */
UNIT(timewait_is_compact)
{
	CHECK(sizeof(struct xtcp_tw) <= 28);
}
