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

struct reno {
	u32 acked;	/* bytes since cwnd last grew */
};

static void reno_init(struct xtcp_tcb *tcb, u64 now)
{
	(void)now;
	xtcp_cc_state(tcb, struct reno)->acked = 0;
}

/* RFC 5681, equation 4: half of what is in flight, never below two segments. */
static u32 reno_ssthresh(struct xtcp_tcb *tcb, enum xtcp_cc_event why, u32 flight)
{
	(void)why;
	xtcp_cc_state(tcb, struct reno)->acked = 0;
	return max(flight / 2, 2U * tcb->mss);
}

static void reno_acked(struct xtcp_tcb *tcb, const struct xtcp_ack *ack)
{
	struct reno *reno = xtcp_cc_state(tcb, struct reno);
	u32 bytes = ack->delivered;

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
	reno->acked += bytes;
	if (reno->acked >= tcb->cwnd) {
		reno->acked -= tcb->cwnd;
		tcb->cwnd += tcb->mss;
	}
}

const struct xtcp_cc xtcp_cc_reno = {
	.name		= "reno",
	.init		= reno_init,
	.ssthresh	= reno_ssthresh,
	.acked		= reno_acked,
};
