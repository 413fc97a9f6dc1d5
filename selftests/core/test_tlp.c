// SPDX-License-Identifier: GPL-2.0
/*
 * Tail loss probes: RFC 8985, section 7. MSS 1000, RTT 40 ms, RTTVAR 20 ms.
 */
#include "core.h"
#include "harness.h"

/* Each duplicate reported doubles the estimate of the receiver's delay, up to 200 ms. */
UNIT(tlp_learns)
{
	static const u32 us[] = { 40000, 80000, 160000, 200000, 200000 };
	struct xtcp_seg seg = { .ack = 1000 };
	struct xtcp_ack a = { .dsack = true };
	struct xtcp_params par;
	struct xtcp_tcb tcb;
	u32 i;

	xtcp_params_init(&par);
	xtcp_tcb_init(&tcb, &par);
	tcb.tlp_end = 1000;
	for (i = 0; i < ARRAY_SIZE(us); i++) {
		tcb.flags |= XTCP_F_TLP_OUT | XTCP_F_TLP_RTX;
		xtcp_tlp_ack(&tcb, &seg, &a);
		CHECK_EQ(tcb.ack_delay_us, us[i]);
		CHECK(!(tcb.flags & XTCP_F_TLP_OUT));
	}
}

/* An ACK that arrives before the probe is sent restarts its timer. */
UNIT(tlp_no_more_owed)
{
	u64 now = XTCP_NSEC_PER_SEC;
	struct xtcp_params par;
	struct xtcp_tcb tcb;

	xtcp_params_init(&par);
	xtcp_tcb_init(&tcb, &par);
	tcb.state = XTCP_ESTABLISHED;
	tcb.opts = XTCP_OPT_SACK_PERM;
	tcb.mss = 1000;
	tcb.srtt8_us = 8 * 40000;
	tcb.snd_wnd = 10000;
	tcb.snd_una = 1;
	tcb.snd_nxt = 3001;
	CHECK_EQ(xtcp_tlp_fire(&tcb, now), XTCP_ACT_OUTPUT);
	CHECK(tcb.flags & XTCP_F_TLP_OWED);
	tcb.snd_una = 1001;
	xtcp_tlp_arm(&tcb, now);
	CHECK(!(tcb.flags & XTCP_F_TLP_OWED));
	CHECK(xtcp_dl_is_set(&tcb, XTCP_DL_TLP));
	CHECK_EQ(tcb.dl[XTCP_DL_TLP], now + 80 * XTCP_NSEC_PER_MSEC);
}
