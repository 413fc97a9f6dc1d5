// SPDX-License-Identifier: GPL-2.0
/*
 * Proportional rate reduction: RFC 9937.
 *
 * During a reduction each ACK determines how much may be sent in response, so
 * that ssthresh is in flight at its end, whatever is lost meanwhile: without half
 * a round trip of silence, and without a burst at the end.
 */
#include "core.h"

/*
 * xtcp_prr_start - a reduction begins
 * @fs: RecoverFS, bytes: in flight now, plus what this ACK took out of flight
 *	(RFC 9937, section 6.1)
 */
void xtcp_prr_start(struct xtcp_tcb *tcb, u32 fs)
{
	tcb->prr_delivered = 0;
	tcb->prr_out = 0;
	tcb->recover_fs = max_t(u32, fs, 1);
}

/*
 * xtcp_prr_ack - set cwnd, which holds until the next ACK
 *
 * RFC 9937, section 6.2. While flight exceeds ssthresh, send in proportion to
 * what was delivered. Below it catch up as in slow start as long as each ACK
 * moves SND.UNA and shows no new loss; otherwise replace what was delivered, by
 * this ACK at least, even if more was sent before than had been delivered. The
 * first retransmission is sent in any case.
 */
void xtcp_prr_ack(struct xtcp_tcb *tcb, const struct xtcp_ack *a)
{
	u32 flight = xtcp_flight(tcb);
	s64 count;

	tcb->prr_delivered += a->delivered;
	if (flight > tcb->ssthresh) {
		u64 due = (u64)tcb->prr_delivered * tcb->ssthresh;

		count = (s64)div_u64(due + tcb->recover_fs - 1, tcb->recover_fs) -
			tcb->prr_out;
	} else {
		count = max_t(s64, (s64)tcb->prr_delivered - tcb->prr_out, a->delivered);
		if (a->una && !a->lost)
			count += tcb->mss;
		count = min_t(s64, count, tcb->ssthresh - flight);
	}
	if (!tcb->prr_out)
		count = max_t(s64, count, tcb->mss);
	count = clamp_t(s64, flight + max_t(s64, count, 0), tcb->mss, XTCP_CWND_MAX);
	tcb->cwnd = (u32)count;
}
