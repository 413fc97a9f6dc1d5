// SPDX-License-Identifier: GPL-2.0
/*
 * ICMP errors: RFC 9293 3.9.2.2, RFC 5927.
 *
 * Anybody can send an ICMP message. One that quotes a sequence number in flight
 * was caused by a segment of ours, or guessed with a chance of flight / 2^32;
 * others are ignored.
 */
#include "core.h"

static bool icmp_in_flight(const struct xtcp_tcb *tcb, u32 seq)
{
	return seq_in(seq, tcb->snd_una, tcb->snd_nxt - tcb->snd_una);
}

/*
 * May "too big" make us resend now? A small message makes us resend a window of
 * data, so only once in an RTO. If a second one reduces the MTU meanwhile, the
 * retransmission timer resends.
 */
static bool icmp_refit_due(const struct xtcp_tcb *tcb, u64 now)
{
	bool soon = tcb->ptb_at && now - tcb->ptb_at < tcb->rto_us * XTCP_NSEC_PER_USEC;

	return !XTCP_DEFENCE(ptb_rate, soon);
}

/*
 * A soft error ends nothing (RFC 9293 MUST-56), with one exception: a connection being
 * opened whose SYN was resent and met the error again. The first error may be a route
 * that is changing; a second one should not keep connect() waiting for the minutes of
 * its time-out (RFC 5461, 4.1).
 *
 * A hard error ends a connection that is being opened. Later it is soft, since the
 * path may recover (RFC 5461, RFC 5927 5.2; contrary to the letter of RFC 9293
 * SHLD-26). A smaller MTU takes effect, and larger segments in flight are resent at
 * once (RFC 1191, 6.4).
 */
u32 xtcp_icmp_rx(struct xtcp_tcb *tcb, enum xtcp_icmp kind, u32 quoted_seq, u16 mss,
		 u64 now)
{
	bool opening;

	if (tcb->state == XTCP_CLOSED || tcb->state == XTCP_TIME_WAIT ||
	    XTCP_DEFENCE(icmp_seq, !icmp_in_flight(tcb, quoted_seq)))
		return XTCP_ACT_DROP;

	opening = tcb->state == XTCP_SYN_SENT || tcb->state == XTCP_SYN_RECEIVED ||
		  XTCP_DEFENCE_OR(icmp_soft, false, true);
	switch (kind) {
	case XTCP_ICMP_SOFT:
		return opening && tcb->retries ? xtcp_fail(tcb, XTCP_ERR_UNREACH) : 0;
	case XTCP_ICMP_HARD:
		return opening ? xtcp_fail(tcb, XTCP_ERR_UNREACH) : 0;
	case XTCP_ICMP_TOO_BIG:
		if (mss >= tcb->path_mss)
			return 0;
		tcb->path_mss = mss;
		xtcp_mss_sync(tcb);
		if (!opening && icmp_refit_due(tcb, now)) {
			tcb->ptb_at = now;
			xtcp_loss_refit(tcb);
			xtcp_rto_restart(tcb, now);
		} else if (opening && tcb->fo & XTCP_FO_DATA) {
			/* The data made the SYN too large: resend the SYN without it. */
			xtcp_map_mark_all(tcb, false);
		}
		return xtcp_want_output(tcb);
	}
	return 0;
}
