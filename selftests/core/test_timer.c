// SPDX-License-Identifier: GPL-2.0
/*
 * The table of deadlines: the earliest one, early and late calls, each one alone.
 */
#include "core.h"
#include "harness.h"

UNIT(timer_earliest)
{
	struct xtcp_tcb tcb = { .dl_armed = 0 };
	u32 dl;

	CHECK_EQ(xtcp_deadline(&tcb), XTCP_NEVER);
	for (dl = 0; dl < XTCP_DL_MAX; dl++) {
		xtcp_dl_set(&tcb, dl, 1000 - dl);
		CHECK_EQ(xtcp_deadline(&tcb), 1000 - dl);
	}
	for (dl = XTCP_DL_MAX; dl-- > 1;) {
		xtcp_dl_clear(&tcb, dl);
		CHECK_EQ(xtcp_deadline(&tcb), 1000 - (dl - 1));
	}
	/* A cleared deadline keeps its time, which must not count. */
	xtcp_dl_clear(&tcb, 0);
	CHECK_EQ(xtcp_deadline(&tcb), XTCP_NEVER);
}

UNIT(timer_early_is_harmless)
{
	struct xtcp_params par;
	struct xtcp_tcb tcb;
	u32 dl;

	xtcp_params_init(&par);
	xtcp_tcb_init(&tcb, &par);
	for (dl = 0; dl < XTCP_DL_MAX; dl++)
		xtcp_dl_set(&tcb, dl, 1000);
	CHECK_EQ(xtcp_timeout(&tcb, 999), 0);
	CHECK_EQ(tcb.dl_armed, (1U << XTCP_DL_MAX) - 1);
}

/* On an idle connection each deadline can fire, and none stays overdue. */
UNIT(timer_each_comes_to_rest)
{
	u32 dl;

	for (dl = 0; dl < XTCP_DL_MAX; dl++) {
		struct xtcp_params par;
		struct xtcp_tcb tcb;

		xtcp_params_init(&par);
		xtcp_tcb_init(&tcb, &par);
		tcb.state = XTCP_ESTABLISHED;
		tcb.iss = 1;
		tcb.snd_una = tcb.snd_nxt = tcb.snd_end = 2;
		tcb.mss = 1000;
		tcb.cwnd = 10000;
		xtcp_dl_set(&tcb, dl, 1000);
		xtcp_timeout(&tcb, 1000);
		CHECK(!xtcp_dl_is_set(&tcb, dl) || tcb.dl[dl] > 1000);
	}
}
