// SPDX-License-Identifier: GPL-2.0
/*
 * Look-up of congestion controls, the initial window (RFC 6928).
 */
#include "core.h"
#include "harness.h"

UNIT(cc_find)
{
	static const struct {
		const char *name;
		const struct xtcp_cc *cc;
	} tab[] = {
		{ "cubic", &xtcp_cc_cubic }, { "reno", &xtcp_cc_reno },
		{ "bbr", &xtcp_cc_bbr }, { "dctcp", &xtcp_cc_dctcp },
		{ "ren", NULL }, { "reno2", NULL }, { "", NULL }, { "BBR", NULL },
	};
	u32 i;

	for (i = 0; i < ARRAY_SIZE(tab); i++)
		CHECK_ROW(tab[i].name, xtcp_cc_find(tab[i].name) == tab[i].cc, true);
}

/* Each is listed once and found by its name, which fits TCP_CONGESTION. */
UNIT(cc_list)
{
	u32 i, k;

	for (i = 0; xtcp_cc_list(i); i++) {
		const char *name = xtcp_cc_name(xtcp_cc_list(i));

		CHECK(xtcp_cc_find(name) == xtcp_cc_list(i));
		CHECK(strlen(name) < 16);
		for (k = 0; k < i; k++)
			CHECK(xtcp_cc_list(k) != xtcp_cc_list(i));
	}
	CHECK_EQ(i, 4);
	CHECK(!xtcp_cc_list(i));
	CHECK(!xtcp_cc_list(~0U));
}

/* The default is CUBIC (RFC 9438). */
UNIT(cc_default)
{
	struct xtcp_params par;
	struct xtcp_tcb tcb;

	xtcp_params_init(&par);
	CHECK(par.cc == &xtcp_cc_cubic);
	CHECK(xtcp_cc_list(0) == par.cc);
	xtcp_tcb_init(&tcb, &par);
	CHECK(tcb.cc == par.cc);
}

/* A window algorithm has ssthresh() and acked(), a model-based one control(). */
UNIT(cc_complete)
{
	u32 i;

	for (i = 0; xtcp_cc_list(i); i++) {
		const struct xtcp_cc *cc = xtcp_cc_list(i);

		CHECK_ROW(cc->name, cc->init && cc->event, true);
		CHECK_ROW(cc->name, cc->ssthresh && cc->acked, !cc->control);
	}
}

/* Switching before the connection is open keeps the windows and clears the rest. */
UNIT(cc_set)
{
	struct xtcp_params par;
	struct xtcp_tcb tcb;
	u32 i, k, w;

	xtcp_params_init(&par);
	xtcp_tcb_init(&tcb, &par);
	for (i = 0; xtcp_cc_list(i); i++)
		for (k = 0; xtcp_cc_list(k); k++) {
			xtcp_cc_set(&tcb, xtcp_cc_list(i), 0);
			tcb.cwnd = 12345;
			tcb.ssthresh = 23456;
			memset(tcb.cc_priv, 77, sizeof(tcb.cc_priv));
			tcb.pacing_rate = 34567;
			xtcp_cc_set(&tcb, xtcp_cc_list(k), 0);
			CHECK(tcb.cc == xtcp_cc_list(k));
			CHECK_EQ(tcb.cwnd, 12345);
			CHECK_EQ(tcb.ssthresh, 23456);
			CHECK_EQ(tcb.pacing_rate, 0);
			for (w = 0; w < ARRAY_SIZE(tcb.cc_priv); w++)
				CHECK_EQ(tcb.cc_priv[w], 0);
			CHECK_EQ(tcb.flags & XTCP_F_PACED, tcb.cc->flags & XTCP_CC_PACED ?
							   XTCP_F_PACED : 0);
		}
}

/* Grow by one segment for each window acknowledged, counted in whole segments. */
UNIT(cc_whole_segments)
{
	static const struct {
		u32 cwnd;
		u32 whole;
	} tab[] = {
		{ 1000, 1000 }, { 1999, 1000 }, { 5600, 5000 }, { 31999, 31000 },
		{ 32000, 32000 }, { 32999, 32999 }, { 1U << 30, 1U << 30 },
	};
	struct xtcp_tcb tcb = { .mss = 1000 };
	u32 i;

	for (i = 0; i < ARRAY_SIZE(tab); i++) {
		u32 acked = 0;

		tcb.cwnd = tab[i].cwnd;
		CHECK_EQ(xtcp_cc_whole(&tcb), tab[i].whole);
		xtcp_cc_avoid(&tcb, &acked, tab[i].whole - 1);
		CHECK_EQ(tcb.cwnd, tab[i].cwnd);
		xtcp_cc_avoid(&tcb, &acked, 1);
		CHECK_EQ(tcb.cwnd, min(tab[i].cwnd + 1000, XTCP_CWND_MAX));
		CHECK_EQ(acked, 0);
	}
}

UNIT(cc_initial_window)
{
	static const struct {
		u16 mss;
		u32 cwnd;
	} tab[] = {
		{ 48, 480 }, { 536, 5360 }, { 1000, 10000 }, { 1460, 14600 },
		{ 1461, 14600 }, { 7300, 14600 }, { 7301, 14602 }, { 65483, 130966 },
	};
	struct xtcp_params par;
	struct xtcp_tcb tcb;
	u32 i;

	xtcp_params_init(&par);
	xtcp_tcb_init(&tcb, &par);
	for (i = 0; i < ARRAY_SIZE(tab); i++) {
		tcb.mss = tab[i].mss;
		CHECK_EQ(xtcp_cc_initial_cwnd(&tcb), tab[i].cwnd);
	}
	/* Lost once: most likely the timer was too short (RFC 6928, 2). */
	tcb.flags |= XTCP_F_SYN_TIMEOUT;
	tcb.retries = 1;
	CHECK_EQ(xtcp_cc_initial_cwnd(&tcb), 130966);
	tcb.retries = 2;
	CHECK_EQ(xtcp_cc_initial_cwnd(&tcb), 65483);
	/* Later retransmissions are not of the SYN. */
	tcb.flags &= ~XTCP_F_SYN_TIMEOUT;
	CHECK_EQ(xtcp_cc_initial_cwnd(&tcb), 130966);
}

/* Without SACK the window in recovery is at most the one at the third duplicate. */
UNIT(cc_switch_without_sack)
{
	static const struct {
		u32 cwnd, want;
	} tab[] = { { 50000, 13000 }, { 13000, 13000 }, { 4000, 4000 } };
	struct xtcp_params par;
	struct xtcp_tcb tcb;
	u32 i;

	xtcp_params_init(&par);
	for (i = 0; i < ARRAY_SIZE(tab); i++) {
		par.cc = &xtcp_cc_bbr;
		xtcp_tcb_init(&tcb, &par);
		tcb.state = XTCP_ESTABLISHED;
		tcb.mss = 1000;
		tcb.snd_nxt = tcb.snd_una + 20000;
		tcb.cwnd = tab[i].cwnd;
		tcb.dupacks = 3;
		tcb.cong = XTCP_CONG_RECOVERY;
		xtcp_cc_set(&tcb, &xtcp_cc_reno, 1);
		CHECK_EQ(tcb.ssthresh, 10000);
		CHECK_EQ(tcb.cwnd, tab[i].want);
	}
}
