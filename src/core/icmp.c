// SPDX-License-Identifier: GPL-2.0
/*
 * Word from the network: RFC 9293 3.9.2.2, RFC 5927.
 *
 * Anybody can send an ICMP message. One that quotes a sequence number in
 * flight was caused by a segment of ours, or guessed 1 in 2^32 divided by
 * the flight; no other is believed.
 */
#include "core.h"

static bool in_flight(const struct xtcp_tcb *tcb, u32 seq)
{
	return seq_in(seq, tcb->snd_una, tcb->snd_nxt - tcb->snd_una);
}

/*
 * A message of a few bytes has a window of data sent again. Once in an RTO: what
 * a second one makes smaller meanwhile the retransmission timer sends.
 */
static bool refit_due(const struct xtcp_tcb *tcb, u64 now)
{
	bool soon = tcb->ptb_at && now - tcb->ptb_at < tcb->rto_us * XTCP_NSEC_PER_USEC;

	return !XTCP_DEFENCE(ptb_rate, soon);
}

/**
 * xtcp_icmp - an ICMP error that quotes a segment of this connection
 * @tcb: connection
 * @kind: how the caller classifies type and code
 * @quoted_seq: the sequence number in the quoted header
 * @mss: with XTCP_ICMP_TOO_BIG: payload that fits, options not subtracted
 * @now: ns
 *
 * A soft error is the caller's to report and ends nothing (RFC 9293 MUST-56),
 * with one exception: a connection being opened whose SYN was repeated and met
 * the error again. The first may be a route that is just changing; a second is
 * news that connect() must not keep for the minutes its time-out takes (RFC
 * 5461, 4.1).
 *
 * A hard error ends a connection that is just being opened; later it is
 * soft, since the path may come back (RFC 5461, RFC 5927 5.2; against the
 * letter of RFC 9293 SHLD-26). A smaller MTU takes effect and what was sent
 * larger goes out again at once (RFC 1191, 6.4).
 *
 * Return: XTCP_ACT_* bits; XTCP_ACT_DROP when it was not believed.
 */
u32 xtcp_icmp(struct xtcp_tcb *tcb, enum xtcp_icmp kind, u32 quoted_seq, u16 mss,
	      u64 now)
{
	bool opening;

	if (tcb->state == XTCP_CLOSED || tcb->state == XTCP_TIME_WAIT ||
	    XTCP_DEFENCE(icmp_seq, !in_flight(tcb, quoted_seq)))
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
		if (!opening && refit_due(tcb, now)) {
			tcb->ptb_at = now;
			xtcp_loss_refit(tcb);
			xtcp_rto_restart(tcb, now);
		} else if (opening && tcb->fo & XTCP_FO_DATA) {
			/* It was the data that made the SYN too large. */
			xtcp_map_mark_all(tcb, false);
		}
		return xtcp_want_output(tcb);
	}
	return 0;
}
