// SPDX-License-Identifier: GPL-2.0
/* Keepalive: RFC 9293 3.8.4. Off by default (MUST-25). */
#include "core.h"

/* Is the connection in a state in which a silent peer may be probed? */
static bool keepalive_state(const struct xtcp_tcb *tcb)
{
	return xtcp_synchronized(tcb) && tcb->state != XTCP_SYN_RECEIVED &&
	       tcb->state != XTCP_TIME_WAIT;
}

/*
 * xtcp_keepalive_restart - restart the idle time, or apply a change of it
 *
 * Not called for each segment: the deadline checks last_rx_at when it comes, so
 * traffic costs nothing.
 */
void xtcp_keepalive_restart(struct xtcp_tcb *tcb, u64 now)
{
	if (!(tcb->flags & XTCP_F_KEEPALIVE) || !keepalive_state(tcb)) {
		xtcp_dl_clear(tcb, XTCP_DL_KEEP);
		return;
	}
	if (tcb->flags & XTCP_F_KEEP_PROBE)
		return;
	tcb->probes = 0;
	xtcp_dl_set(tcb, XTCP_DL_KEEP,
		    max(now, tcb->last_rx_at + xtcp_keepalive_idle_ms(tcb) *
			XTCP_NSEC_PER_MSEC));
}

/*
 * xtcp_keepalive_fire - the keepalive deadline has come
 *
 * A probe is sent only if nothing is outstanding and nothing was heard for the
 * interval (MUST-26). One unanswered probe does not mean that the peer is dead
 * (MUST-29), and an answered one does not count, even if the timer comes so late
 * that the answer is older than the interval. If there is a user timeout, it
 * decides instead of the number of probes (tcp(7)).
 *
 * Return: XTCP_ACT_* bits.
 */
u32 xtcp_keepalive_fire(struct xtcp_tcb *tcb, u64 now)
{
	u64 idle = xtcp_keepalive_idle_ms(tcb) * XTCP_NSEC_PER_MSEC;
	u64 silent = now - tcb->last_rx_at;
	bool dead;

	if (!(tcb->flags & XTCP_F_KEEPALIVE) || !keepalive_state(tcb))
		return 0;
	if (tcb->snd_una != tcb->snd_nxt || xtcp_unsent(tcb)) {
		xtcp_dl_set(tcb, XTCP_DL_KEEP, now + idle);
		return 0;
	}
	if (silent < idle) {
		tcb->probes = 0;
		xtcp_dl_set(tcb, XTCP_DL_KEEP, tcb->last_rx_at + idle);
		return 0;
	}
	if (tcb->last_rx_at >= tcb->keep_probed_at)
		tcb->probes = 0;
	if (tcb->user_timeout_ms)
		dead = tcb->probes &&
		       silent >= tcb->user_timeout_ms * XTCP_NSEC_PER_MSEC;
	else
		dead = tcb->probes >= xtcp_keepalive_probes(tcb);
	if (XTCP_DEFENCE(keep_dead, dead))
		return xtcp_fail(tcb, XTCP_ERR_TIMEDOUT) | xtcp_rst_owed(tcb);
	if (tcb->probes < 255)
		tcb->probes++;
	tcb->keep_probed_at = now;
	tcb->flags |= XTCP_F_KEEP_PROBE;
	xtcp_mib_note(tcb, XTCP_MIB_KEEP_ALIVE);
	xtcp_dl_set(tcb, XTCP_DL_KEEP,
		    now + xtcp_keepalive_intvl_ms(tcb) * XTCP_NSEC_PER_MSEC);
	return XTCP_ACT_OUTPUT;
}
