// SPDX-License-Identifier: GPL-2.0
/*
 * Keepalive: RFC 9293 3.8.4.
 */
#include "core.h"
#include "harness.h"

/* A user timeout of weeks: the count of probes must not wrap. */
UNIT(keep_count_saturates)
{
	struct xtcp_params par;
	struct xtcp_tcb tcb;
	u32 before;

	xtcp_params_init(&par);
	xtcp_tcb_init(&tcb, &par);
	tcb.state = XTCP_ESTABLISHED;
	tcb.flags = XTCP_F_KEEPALIVE;
	tcb.snd_end = tcb.snd_una = tcb.snd_nxt = 1;
	tcb.user_timeout_ms = 0x7fffffff;
	tcb.keep_probed_at = 1;
	for (before = 253; before <= 255; before++) {
		tcb.probes = (u8)before;
		CHECK_EQ(xtcp_keepalive_fire(&tcb, 10000 * XTCP_NSEC_PER_SEC),
			 XTCP_ACT_OUTPUT);
		CHECK_EQ(tcb.probes, min(before + 1, 255U));
	}
}
