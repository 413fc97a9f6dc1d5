// SPDX-License-Identifier: GPL-2.0
/*
 * Look-up of congestion controls, the initial window (RFC 6928).
 */
#include "core.h"
#include "harness.h"

UNIT(cc_find)
{
	CHECK(xtcp_cc_find("reno") == &xtcp_cc_reno);
	CHECK(!xtcp_cc_find("ren"));
	CHECK(!xtcp_cc_find("reno2"));
	CHECK(!xtcp_cc_find(""));
	CHECK(!strcmp(xtcp_cc_name(&xtcp_cc_reno), "reno"));
}

/* Switching keeps the windows. */
UNIT(cc_set)
{
	struct xtcp_params par;
	struct xtcp_tcb tcb;

	xtcp_params_init(&par);
	xtcp_tcb_init(&tcb, &par);
	tcb.cwnd = 12345;
	tcb.ssthresh = 23456;
	tcb.cc_priv[0] = 77;
	xtcp_cc_set(&tcb, &xtcp_cc_reno, 0);
	CHECK_EQ(tcb.cwnd, 12345);
	CHECK_EQ(tcb.ssthresh, 23456);
	CHECK_EQ(tcb.cc_priv[0], 0);
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
	/* Once lost: most likely the timer was too short (RFC 6928, 2). */
	tcb.flags |= XTCP_F_SYN_TIMEOUT;
	tcb.retries = 1;
	CHECK_EQ(xtcp_cc_initial_cwnd(&tcb), 130966);
	tcb.retries = 2;
	CHECK_EQ(xtcp_cc_initial_cwnd(&tcb), 65483);
}
