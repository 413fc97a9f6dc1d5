/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Calls a congestion control with made-up ACKs, without the rest of the engine. The
 * whole window is always in flight.
 */
#ifndef XTCP_CC_RIG_H
#define XTCP_CC_RIG_H

#include "core.h"

struct cc_rig {
	struct xtcp_params par;
	struct xtcp_tcb tcb;
	u64 now;		/* ns */
};

static inline void cc_rig_init(struct cc_rig *r, const struct xtcp_cc *cc, u16 mss,
			       u32 cwnd, u32 ssthresh)
{
	memset(r, 0, sizeof(*r));
	r->par.initial_cwnd = 10;
	r->now = XTCP_NSEC_PER_SEC;
	r->tcb.par = &r->par;
	r->tcb.cc = cc;
	r->tcb.mss = mss;
	r->tcb.cwnd = cwnd;
	r->tcb.ssthresh = ssthresh;
	r->tcb.opts = XTCP_OPT_SACK_PERM;
	r->tcb.iss = 1;
	r->tcb.snd_una = 2;
	r->tcb.snd_nxt = 2;
	cc->init(&r->tcb, r->now);
}

/*
 * One ACK of @bytes, @ce of them CE-marked. If cwnd-limited (@limited), the window is
 * filled again.
 */
static inline void cc_rig_ack(struct cc_rig *r, u32 bytes, u32 ce, bool limited)
{
	struct xtcp_tcb *tcb = &r->tcb;
	struct xtcp_ack ack = {
		.now = r->now, .una = bytes, .delivered = bytes, .ce = ce,
		.rtt_us = tcb->srtt8_us >> 3, .limited = limited,
	};

	if (tcb->snd_nxt - tcb->snd_una < bytes)
		tcb->snd_nxt = tcb->snd_una + bytes;
	ack.flight = tcb->snd_nxt - tcb->snd_una;
	tcb->snd_una += bytes;
	tcb->delivered += bytes;
	if (tcb->cc->every_ack)
		tcb->cc->every_ack(tcb, &ack);
	if (limited && (tcb->cong == XTCP_CONG_OPEN || tcb->cong == XTCP_CONG_LOSS))
		tcb->cc->acked(tcb, &ack);
	if (limited && seq_lt(tcb->snd_nxt, tcb->snd_una + tcb->cwnd))
		tcb->snd_nxt = tcb->snd_una + tcb->cwnd;
	tcb->last_data_tx_at = r->now;
}

/* Use the whole window for @ns: one ACK for each segment, evenly spaced. */
static inline void cc_rig_run(struct cc_rig *r, u64 ns)
{
	u64 end = r->now + ns;

	while (r->now < end) {
		u64 rtt = (r->tcb.srtt8_us >> 3) * XTCP_NSEC_PER_USEC;

		r->now += rtt * r->tcb.mss / r->tcb.cwnd;
		cc_rig_ack(r, r->tcb.mss, 0, true);
	}
}

/* A loss event, whose recovery ends at once. */
static inline void cc_rig_loss(struct cc_rig *r, enum xtcp_cc_event why)
{
	struct xtcp_tcb *tcb = &r->tcb;

	tcb->prior_cwnd = tcb->cwnd;
	tcb->prior_ssthresh = tcb->ssthresh;
	tcb->ssthresh = tcb->cc->ssthresh(tcb, why, tcb->snd_nxt - tcb->snd_una);
	tcb->cwnd = why == XTCP_CC_TIMEOUT ? tcb->mss : tcb->ssthresh;
	xtcp_cc_notify(tcb, why, r->now);
	xtcp_cc_notify(tcb, XTCP_CC_DONE, r->now);
}

/* The last reduction was spurious: undo it. */
static inline void cc_rig_undo(struct cc_rig *r)
{
	r->tcb.cwnd = r->tcb.prior_cwnd;
	r->tcb.ssthresh = r->tcb.prior_ssthresh;
	xtcp_cc_notify(&r->tcb, XTCP_CC_UNDO, r->now);
}

#endif /* XTCP_CC_RIG_H */
