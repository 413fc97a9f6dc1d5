// SPDX-License-Identifier: GPL-2.0
/*
 * Slow start and congestion avoidance: RFC 5681, sections 3.1 and 3.2.
 *
 * Bytes are counted, not ACKs (RFC 3465): a receiver that acknowledges every
 * second segment, or a NIC that merges forty, does not slow growth down, and
 * one that splits its ACKs does not speed it up. Unlike RFC 3465 growth per
 * ACK is not capped at 2 * SMSS: with merged segments on both ends one ACK
 * for 64 KB is the normal case, and the cap would starve exactly the paths
 * that work best.
 */
#include "core.h"

static void reno_init(struct xtcp_tcb *tcb)
{
	tcb->cc_acked = 0;
}

/* RFC 5681, equation 4: half of what is in flight, never below two segments. */
static u32 reno_ssthresh(struct xtcp_tcb *tcb, u32 flight)
{
	tcb->cc_acked = 0;
	return max(flight / 2, 2U * tcb->mss);
}

static void reno_acked(struct xtcp_tcb *tcb, u32 bytes, u64 now)
{
	(void)now;
	if (tcb->cwnd < tcb->ssthresh) {
		u32 room = tcb->ssthresh - tcb->cwnd;

		/* Slow start; what goes beyond ssthresh counts for avoidance. */
		if (bytes <= room) {
			tcb->cwnd += bytes;
			return;
		}
		tcb->cwnd = tcb->ssthresh;
		bytes -= room;
	}
	/* One segment for every window acknowledged: RFC 5681, section 3.1. */
	tcb->cc_acked += bytes;
	if (tcb->cc_acked >= tcb->cwnd) {
		tcb->cc_acked -= tcb->cwnd;
		tcb->cwnd += tcb->mss;
	}
}

const struct xtcp_cc xtcp_cc_reno = {
	.name		= "reno",
	.init		= reno_init,
	.ssthresh	= reno_ssthresh,
	.acked		= reno_acked,
};
