// SPDX-License-Identifier: GPL-2.0
/* The SACK blocks that we send: RFC 2018, RFC 2883. */
#include "core.h"
#include "harness.h"

/* A duplicate at RCV.NXT, whose run was discarded meanwhile, is not of the past. */
UNIT(sack_tx_duplicate_at_rcv_nxt)
{
	struct xtcp_params par;
	struct xtcp_tcb tcb;

	xtcp_params_init(&par);
	xtcp_tcb_init(&tcb, &par);
	tcb.opts = XTCP_OPT_SACK_PERM;
	tcb.rcv_nxt = 1000;
	xtcp_sack_duplicate(&tcb, 1000, 1100);
	xtcp_sack_sent(&tcb);
	CHECK_EQ(xtcp_mib_take(&tcb), 1ULL << XTCP_MIB_DSACK_OFO_SENT);
	CHECK(!xtcp_sack_pending(&tcb));
}
