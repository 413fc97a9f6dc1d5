// SPDX-License-Identifier: GPL-2.0
/*
 * Long connections: a saved sequence number that is not updated for 2^31 bytes
 * compares as later instead of earlier, and after 2^32 bytes all numbers recur.
 */
#include "harness.h"

/* The send buffer holds unacknowledged bytes, also the one whose number equals the ISS. */
UNIT(far_data_una)
{
	struct xtcp_tcb tcb = { .iss = 1000, .snd_una = 1000 };

	CHECK_EQ(xtcp_snd_data_una(&tcb), 1001);
	tcb.snd_una = 1001;
	CHECK_EQ(xtcp_snd_data_una(&tcb), 1001);
	tcb.snd_una = 1000;
	tcb.bytes_acked = ~0U;
	CHECK_EQ(xtcp_snd_data_una(&tcb), 1000);
}
