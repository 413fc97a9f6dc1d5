// SPDX-License-Identifier: GPL-2.0
/* What to send next, by calls: see scripts/output.txt for the rest. */
#include "core.h"
#include "harness.h"

static void with_unsent(struct xtcp_tcb *tcb, struct xtcp_params *par)
{
	static const struct xtcp_open open = {
		.path_mss = 1460, .adv_mss = 1460, .gso_max = 1460,
	};
	struct xtcp_plan plan;

	xtcp_params_init(par);
	xtcp_tcb_init(tcb, par);
	xtcp_connect(tcb, &open, 1);
	CHECK(xtcp_tx_peek(tcb, 1, &plan));
	xtcp_tx_commit(tcb, &plan, 1);
	tcb->snd_end += 100;
	tcb->snd_wnd = 1000;
}

/* In CLOSED the RST is all that is sent, whatever was left to be sent. */
UNIT(output_ends_with_the_rst)
{
	struct xtcp_params par;
	struct xtcp_plan plan;
	struct xtcp_tcb tcb;

	with_unsent(&tcb, &par);
	xtcp_abort(&tcb, 2);
	tcb.flags |= XTCP_F_SEND_RST;
	CHECK_EQ(xtcp_want_output(&tcb), XTCP_ACT_OUTPUT);
	CHECK(xtcp_tx_peek(&tcb, 2, &plan));
	CHECK_EQ(plan.flags, XTCP_RST | XTCP_ACK);
	CHECK_EQ(xtcp_tx_commit(&tcb, &plan, 2), 0);
	CHECK(!xtcp_tx_peek(&tcb, 2, &plan));
}

/* Nor is anything in TIME-WAIT. */
UNIT(output_not_in_time_wait)
{
	struct xtcp_params par;
	struct xtcp_tcb tcb;

	with_unsent(&tcb, &par);
	tcb.state = XTCP_TIME_WAIT;
	CHECK_EQ(xtcp_want_output(&tcb), 0);
}

/* The time until the next attempt is doubled 16 times at most. */
UNIT(output_retry_limit)
{
	struct xtcp_tcb tcb = { .aborts = 0 };
	u32 i;

	for (i = 1; i < 20; i++) {
		CHECK_EQ(xtcp_retry_fire(&tcb), XTCP_ACT_OUTPUT);
		CHECK_EQ(tcb.aborts, min(i, 16U));
	}
}

/* Where nothing is unsent, neither is a FIN. */
UNIT(output_no_new_data)
{
	struct xtcp_params par;
	struct xtcp_tcb tcb;
	bool fin = true;

	with_unsent(&tcb, &par);
	tcb.snd_end -= 100;
	CHECK_EQ(xtcp_tx_new_len(&tcb, &fin), 0);
	CHECK(!fin);
}
