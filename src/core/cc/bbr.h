/* SPDX-License-Identifier: GPL-2.0 */
/* BBR's model of the path: its state, and the interface of bbr_model.c to cc_bbr.c. */
#ifndef XTCP_BBR_H
#define XTCP_BBR_H

#include "cc.h"

/*
 * Bandwidth is in bytes per 2^20 us, so that bandwidth times time in us is a
 * multiplication and a shift.
 */
#define BBR_BW_SHIFT	20

/* Bounds of a bandwidth and a time (us) so that their product fits into 64 bits. */
#define BBR_BW_MAX	(1ULL << 40)
#define BBR_US_MAX	(1U << 23)

/* Infinite: no bound. */
#define BBR_NO_BW	(~0ULL)
#define BBR_NO_BYTES	(~0U)

/* Factors, in 1/1024; the names are those of the draft, section 2. */
#define BBR_ONE		1024
#define BBR_BETA_LOSS	717		/* Beta: 0.7 */
#define BBR_BETA_ECN	870		/* 0.85, RFC 8511 3.1 */

/* PacingMarginPercent is 1; as a shift, 0.8 % below the bandwidth. */
#define BBR_MARGIN_SHIFT 7

/* Pacing gains up to 1, in 1/128. */
#define BBR_SENT_SHIFT	7
#define BBR_SENT_ONE	(1U << BBR_SENT_SHIFT)

#define BBR_LOSS_DIVISOR 50		/* LossThresh: 2 % */
#define BBR_RANDOM_DIVISOR 12		/* 8 %, if there is no queue: see bbr_model.c */
#define BBR_MIN_PIPE	4		/* MinPipeCwnd, segments */

enum bbr_state {
	BBR_STARTUP,
	BBR_DRAIN,
	BBR_DOWN,	/* ProbeBW_DOWN and so on */
	BBR_CRUISE,
	BBR_REFILL,
	BBR_UP,
	BBR_PROBE_RTT,
};

/* ack_phase of the draft: what the ACKs arriving now are for. */
enum bbr_ack_phase {
	BBR_ACKS_INIT,
	BBR_ACKS_REFILLING,
	BBR_ACKS_PROBE_STARTING,
	BBR_ACKS_PROBE_FEEDBACK,
	BBR_ACKS_PROBE_STOPPING,
};

/* bbr.flags */
#define BBR_F_FULL_NOW		0x0001	/* full_bw_now */
#define BBR_F_FULL		0x0002	/* full_bw_reached */
#define BBR_F_PROBE_SAMPLE	0x0004	/* is_bw_probe_sample */
#define BBR_F_TOO_HIGH		0x0008	/* prev_probe_too_high */
#define BBR_F_PRECAUTION	0x0010	/* prev_probe_precautionary */
#define BBR_F_LOSS		0x0020	/* is_loss_in_round */
#define BBR_F_IDLE		0x0040	/* idle_restart: everything is acknowledged */
#define BBR_F_LOW		0x0080	/* low_end is valid */
#define BBR_F_PROBE_DONE	0x0100	/* probe_rtt_round_done */
#define BBR_F_SEEN_RTT		0x0200	/* pacing_rate was computed from an RTT */

struct bbr {
	u64 min_rtt_at;		/* ns */
	u64 probe_min_at;	/* ns, when probe_min_us was measured */
	u64 done_at;		/* ns, earliest end of PROBE_RTT; 0: flight too large */
	u64 cycle_at;		/* ns, start of the wait for the next bandwidth probe */
	u64 extra_at;		/* ns, extra_acked_interval_start */
	u64 max_bw[2];		/* of this cycle and of the previous one */
	u64 bw_short;		/* bw_shortterm */
	u64 bw_latest;
	u64 full_bw;
	u64 undo_bw_short;
	u32 min_rtt_us;		/* ~0: none */
	u32 probe_min_us;	/* us, lowest in the last ProbeRTTInterval */
	u32 round_end;		/* next_round_delivered */
	u32 loss_round_end;	/* loss_round_delivered */
	u32 inflight_long;	/* inflight_longterm, bytes */
	u32 inflight_short;	/* inflight_shortterm, bytes */
	u32 inflight_latest;	/* bytes */
	u32 undo_long;
	u32 undo_short;
	u32 good_cwnd;		/* prior_cwnd, bytes: before recovery or PROBE_RTT */
	u32 extra_delivered;	/* bytes since extra_at */
	u32 extra_most[2];	/* bytes, in this filter window and in the previous one */
	u32 up_step;		/* probe_up_acked_per_inc; bytes */
	u32 up_acked;		/* bw_probe_up_acked */
	u32 seed;		/* state of the random number generator */
	u32 wait_us;		/* bw_probe_wait, us */
	u32 low_end;		/* samples sent before tcb->delivered was this are low */
	u32 lost_end;		/* end of the last range marked lost in this round */
	u32 round_bytes;	/* bytes delivered in this loss round */
	u32 round_ce;		/* bytes, of these CE-marked */
	u16 flags;
	u8 phase;
	u8 ack_phase;
	u8 full_count;
	u8 up_rounds;		/* bw_probe_up_rounds */
	u8 rounds;		/* rounds_since_probe_up; in DRAIN: since its start */
	u8 lost_ranges;		/* ranges marked lost in this round, saturating */
	u8 extra_rounds;	/* rounds in this window of extra_most */
	u8 send_gain;		/* lowest pacing gain of this round, at most 1, in 1/128 */
	u8 sent_gain;		/* of the previous round, whose data is delivered now */
	u8 undo_state;		/* BBR_STARTUP or BBR_UP if loss ended it, else PROBE_RTT */
};

/* What one ACK reports. */
struct bbr_sample {
	const struct xtcp_ack *ack;
	u64 bw;			/* 0: no sample */
	bool any;		/* something was delivered */
	bool low;		/* the sample does not show the path's bandwidth */
	bool round_start;
	bool loss_round_start;
};

static inline u64 xtcp_bbr_gain(u64 x, u32 factor)
{
	return x * factor / BBR_ONE;
}

static inline u32 xtcp_bbr_cap(u64 bytes)
{
	return (u32)min_t(u64, bytes, XTCP_CWND_MAX);
}

static inline u64 xtcp_bbr_max_bw(const struct bbr *b)
{
	return max(b->max_bw[0], b->max_bw[1]);
}

static inline u64 xtcp_bbr_bw(const struct bbr *b)
{
	return min(xtcp_bbr_max_bw(b), b->bw_short);
}

static inline bool xtcp_bbr_probing(const struct bbr *b)
{
	return b->phase == BBR_STARTUP || b->phase == BBR_REFILL || b->phase == BBR_UP;
}

static inline u32 xtcp_bbr_min_pipe(const struct xtcp_tcb *tcb)
{
	return BBR_MIN_PIPE * tcb->mss;
}

/* 5.5.1: a packet-timed round trip begins. */
static inline void xtcp_bbr_start_round(const struct xtcp_tcb *tcb, struct bbr *b)
{
	b->round_end = tcb->delivered;
}

u32 xtcp_bbr_quantum(const struct xtcp_tcb *tcb);
u32 xtcp_bbr_bdp(const struct xtcp_tcb *tcb, const struct bbr *b, u64 bw, u32 factor);
u32 xtcp_bbr_quantize(const struct xtcp_tcb *tcb, const struct bbr *b, u32 bytes);
u32 xtcp_bbr_inflight(const struct xtcp_tcb *tcb, const struct bbr *b, u64 bw);
u32 xtcp_bbr_headroom(const struct xtcp_tcb *tcb, const struct bbr *b);
void xtcp_bbr_reset_full(struct bbr *b, u64 bw);
void xtcp_bbr_reset_congestion(struct bbr *b);
void xtcp_bbr_reset_short(struct bbr *b);
bool xtcp_bbr_queue(const struct xtcp_tcb *tcb);
bool xtcp_bbr_too_high(const struct xtcp_tcb *tcb, u32 lost, u32 flight);
u32 xtcp_bbr_at_loss(u32 len, u32 lost, u32 flight);
void xtcp_bbr_update(struct xtcp_tcb *tcb, struct bbr *b, struct bbr_sample *s);
bool xtcp_bbr_min_rtt(struct bbr *b, const struct xtcp_ack *ack);

#endif /* XTCP_BBR_H */
