/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Calls BBR with one ACK at a time, without the rest of the engine. The path has
 * 1 byte per us and an RTT of 100 ms: a BDP of 100000 bytes.
 */
#ifndef XTCP_BBR_RIG_H
#define XTCP_BBR_RIG_H

#include "core.h"
#include "cc/bbr.h"

#define SEC	XTCP_NSEC_PER_SEC
#define MSEC	XTCP_NSEC_PER_MSEC

#define NOW	(100 * SEC)
#define BW	(1ULL << BBR_BW_SHIFT)	/* 1 byte per us */
#define DELIVERED 1000000
#define NO	BBR_NO_BYTES

struct bbr_rig {
	struct xtcp_params par;
	struct xtcp_tcb tcb;
	struct bbr *b;
	struct xtcp_ack ack;	/* the next ACK */
	bool round, loss_round;	/* which begins a round trip, a loss round */
};

static inline void set_flight(struct bbr_rig *r, u32 bytes)
{
	r->tcb.snd_nxt = r->tcb.snd_una + bytes;
}

/*
 * Put BBR into @phase, with so much in flight that the phase does not end; the next
 * ACK is for one segment, delivered at the rate of the model.
 */
static inline void begin(struct bbr_rig *r, u8 phase)
{
	struct xtcp_tcb *tcb = &r->tcb;

	memset(r, 0, sizeof(*r));
	r->par.initial_cwnd = 10;
	tcb->par = &r->par;
	tcb->cc = &xtcp_cc_bbr;
	tcb->mss = 1000;
	tcb->cwnd = 100000;
	tcb->ssthresh = ~0U;
	tcb->opts = XTCP_OPT_SACK_PERM;
	tcb->srtt8_us = 800000;
	tcb->rack_rtt_us = 100000;
	tcb->delivered = DELIVERED;
	tcb->delivered_at = NOW;
	tcb->snd_una = 1;
	set_flight(r, 1 << 28);
	tcb->cc->init(tcb, NOW);
	r->b = xtcp_cc_state(tcb, struct bbr);
	r->b->phase = phase;
	if (phase != BBR_STARTUP)
		r->b->flags |= BBR_F_FULL;
	r->b->min_rtt_us = 100000;
	r->b->probe_min_us = 100000;
	r->b->max_bw[0] = BW;
	r->b->wait_us = 2000000;
	r->ack = (struct xtcp_ack) {
		.now = NOW, .flight = 100000, .una = 1000, .delivered = 1000,
		.rs_any = true, .rs_delivered = 1000, .rs_interval_us = 1000,
		.rs_prior = DELIVERED - 100000, .rs_flight = 1000,
	};
}

static inline void control(struct bbr_rig *r)
{
	r->b->round_end = r->ack.rs_prior + !r->round;
	r->b->loss_round_end = r->ack.rs_prior + !r->loss_round;
	r->tcb.cc->control(&r->tcb, &r->ack);
}

/* Return: whether the two flags that no step may clear are set. */
static inline bool flags_kept(const struct bbr_rig *r)
{
	return (r->b->flags & (BBR_F_SEEN_RTT | BBR_F_FULL)) == (BBR_F_SEEN_RTT | BBR_F_FULL);
}

#endif /* XTCP_BBR_RIG_H */
