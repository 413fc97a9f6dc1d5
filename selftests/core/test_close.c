// SPDX-License-Identifier: GPL-2.0
/*
 * Closing and aborting: RFC 9293 3.6, 3.10.4, 3.10.5.
 */
#include "harness.h"

/* xtcp_abort() empties the send map, so that its entries can be reclaimed at once. */
UNIT(close_abort_empties_the_map)
{
	struct xtcp_open open = { .path_mss = 1460, .adv_mss = 1460, .gso_max = 1460 };
	struct xtcp_params par;
	struct xtcp_plan plan;
	struct xtcp_tcb tcb;
	struct xtcp_sent lent;

	xtcp_params_init(&par);
	xtcp_tcb_init(&tcb, &par);
	xtcp_connect(&tcb, &open, 1);
	xtcp_map_lend(&tcb, &lent);
	CHECK(xtcp_tx_peek(&tcb, 1, &plan));
	xtcp_tx_commit(&tcb, &plan, 1);
	CHECK(tcb.map_head);
	xtcp_abort(&tcb, 2);
	CHECK(!tcb.map_head);
	CHECK(xtcp_map_reclaim(&tcb) == &lent);
	CHECK(!xtcp_map_reclaim(&tcb));
}
