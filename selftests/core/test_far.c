// SPDX-License-Identifier: GPL-2.0
/*
 * Connections that live long: numbers that were remembered and not looked at
 * while 2^31 bytes went by lie ahead instead of behind, and after 2^32 bytes
 * each number comes once more.
 */
#include "harness.h"

/* The send buffer holds what is not acknowledged, also the byte whose number is ISS. */
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
