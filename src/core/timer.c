// SPDX-License-Identifier: GPL-2.0
/*
 * The table of deadlines. Each is an absolute time in ns. Setting or clearing one
 * is a store (core.h), so an ACK that moves the retransmission timer costs next
 * to nothing. The caller has one timer, at or before the earliest deadline, and
 * calls xtcp_timeout() when it fires, early or late.
 */
#include "core.h"

u64 xtcp_deadline(const struct xtcp_tcb *tcb)
{
	u64 first = XTCP_NEVER;
	u32 armed = tcb->dl_armed;

	for (; armed; armed &= armed - 1)
		first = min(first, tcb->dl[__ffs(armed)]);
	return first;
}

static u32 deadline_fire(struct xtcp_tcb *tcb, enum xtcp_dl dl, u64 now)
{
	switch (dl) {
	case XTCP_DL_RTO:
		return xtcp_rto_fire(tcb, now);
	case XTCP_DL_REO:
		return xtcp_rack_fire(tcb, now);
	case XTCP_DL_TLP:
		return xtcp_tlp_fire(tcb, now);
	case XTCP_DL_PACE:
		return xtcp_pace_fire(tcb);
	case XTCP_DL_DELACK:
		xtcp_ack_delayed_fire(tcb);
		return XTCP_ACT_OUTPUT;
	case XTCP_DL_PERSIST:
		return xtcp_persist_fire(tcb, now);
	case XTCP_DL_KEEP:
		return xtcp_keepalive_fire(tcb, now);
	case XTCP_DL_LINGER:	/* end of 2 MSL, or of an orphan's FIN-WAIT-2 */
		return xtcp_state_transition(tcb, XTCP_EV_END);
	case XTCP_DL_USER:
		return xtcp_fail(tcb, XTCP_ERR_TIMEDOUT);
	case XTCP_DL_RETRY:
		return xtcp_retry_fire(tcb);
	case XTCP_DL_SMALL:
		return xtcp_small_fire(tcb, now);
	default:
		return 0;
	}
}

/* A deadline is cleared before it runs, which may set it again. */
u32 xtcp_timeout(struct xtcp_tcb *tcb, u64 now)
{
	u32 actions = 0;
	u32 dl;

	for (dl = 0; dl < XTCP_DL_MAX; dl++) {
		if (!xtcp_dl_is_set(tcb, dl) || tcb->dl[dl] > now)
			continue;
		xtcp_dl_clear(tcb, dl);
		actions |= deadline_fire(tcb, dl, now);
	}
	return actions;
}
