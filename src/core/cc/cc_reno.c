// SPDX-License-Identifier: GPL-2.0
/*
 * Reno: slow start and congestion avoidance of RFC 5681, 3.1.
 *
 * Bytes are counted, not ACKs (RFC 3465): growth is not slower with a receiver
 * that acknowledges every second segment, or a NIC that merges forty, and not
 * faster with one that splits its ACKs. Unlike in RFC 3465 the growth per ACK is
 * not capped at 2 * SMSS: with segments merged on both ends an ACK for 64 KB is
 * the normal case, and the cap would starve the paths that work best.
 */
#include "../core.h"
#include "cwv.h"

/* RFC 8511, 3.1: an AQM marks early, so a mark reduces less than a loss. */
#define BETA_LOSS	XTCP_CC_HALF
#define BETA_ECN	52429		/* 0.8 */

struct reno {
	struct xtcp_cwv cwv;
	u32 acked;		/* bytes since the window last grew, in avoidance */
};

static void reno_init(struct xtcp_tcb *tcb, u64 now)
{
	xtcp_cwv_init(tcb, &xtcp_cc_state(tcb, struct reno)->cwv, now);
}

static u32 reno_ssthresh(struct xtcp_tcb *tcb, enum xtcp_cc_event why, u32 flight)
{
	struct reno *r = xtcp_cc_state(tcb, struct reno);

	r->acked = 0;
	return xtcp_cwv_reduce(tcb, &r->cwv, flight,
			       why == XTCP_CC_ECN ? BETA_ECN : BETA_LOSS);
}

static void reno_every_ack(struct xtcp_tcb *tcb, const struct xtcp_ack *ack)
{
	xtcp_cwv_ack(tcb, &xtcp_cc_state(tcb, struct reno)->cwv, ack);
}

static void reno_acked(struct xtcp_tcb *tcb, const struct xtcp_ack *ack)
{
	u32 bytes = ack->delivered;

	if (tcb->cwnd < tcb->ssthresh)
		bytes = xtcp_cc_slow_start(tcb, bytes);
	if (bytes)
		xtcp_cc_avoid(tcb, &xtcp_cc_state(tcb, struct reno)->acked, bytes);
}

static void reno_event(struct xtcp_tcb *tcb, enum xtcp_cc_event ev, u64 now)
{
	xtcp_cwv_event(tcb, &xtcp_cc_state(tcb, struct reno)->cwv, ev, now);
}

const struct xtcp_cc xtcp_cc_reno = {
	.name		= "reno",
	.init		= reno_init,
	.ssthresh	= reno_ssthresh,
	.acked		= reno_acked,
	.every_ack	= reno_every_ack,
	.event		= reno_event,
};
