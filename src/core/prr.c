// SPDX-License-Identifier: GPL-2.0
/*
 * Proportional rate reduction: RFC 9937.
 *
 * While a reduction lasts, each ACK says how much may be sent in answer, so
 * that by its end ssthresh is in flight, whatever was lost meanwhile: neither
 * half a round trip of silence nor a burst at the end.
 */
#include "core.h"

/*
 * xtcp_prr_start - a reduction begins
 * @fs: RecoverFS: bytes in flight now, and those that this ACK took out of
 *	flight (RFC 9937, section 6.1)
 */
void xtcp_prr_start(struct xtcp_tcb *tcb, u32 fs)
{
	tcb->prr_delivered = 0;
	tcb->prr_out = 0;
	tcb->recover_fs = max_t(u32, fs, 1);
}

/*
 * xtcp_prr_ack - an ACK in recovery: the window until the next one
 *
 * RFC 9937, section 6.2. Above ssthresh in proportion to what was delivered;
 * below it the connection may catch up as in slow start as long as each ACK
 * makes progress and shows no new loss. Otherwise it replaces what was delivered:
 * by this ACK at least, even where more was sent before than had been delivered.
 * The first retransmission goes in any case.
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
