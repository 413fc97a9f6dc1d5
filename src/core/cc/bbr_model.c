// SPDX-License-Identifier: GPL-2.0
/*
 * BBR's model of the path: draft-ietf-ccwg-bbr, sections 5.5 and 5.6.4.2.
 *
 * The model is the bottleneck bandwidth and the RTT without queues, how much may
 * be in flight because of them, and how losses and marks bound both. cc_bbr.c
 * acts on it.
 */
#include "../core.h"
#include "bbr.h"

/* An RTT above the minimum by an eighth indicates a queue. */
#define QUEUE_SHIFT	3

/* An RTT within a 64th of the minimum counts as equal: clocks and interrupts vary. */
#define SAME_SHIFT	6

#define FULL_GROWTH	1280		/* 5.3.1.2: growth by 25 % or more is growth */
#define FULL_ROUNDS	3		/* 5.3.1.2: rounds without growth */
#define UP_ROUNDS	2		/* the same in UP if there is a queue */
#define HEADROOM	154		/* Headroom: 0.15, in 1/1024 */
#define EXTRA_ROUNDS	5		/* half of ExtraAckedFilterLen, 10 rounds */

#define MIN_RTT_NS	(10 * XTCP_NSEC_PER_SEC)	/* MinRTTFilterLen */
#define PROBE_RTT_NS	(5 * XTCP_NSEC_PER_SEC)		/* ProbeRTTInterval */

/* Age given to a minimum that is confirmed: it stays valid until ProbeRTT is done. */
#define MET_NS		(MIN_RTT_NS - PROBE_RTT_NS - XTCP_NSEC_PER_SEC)

#define QUANTUM_SHIFT	10		/* 5.6.3: about 1 ms of the rate */
#define QUANTUM_MAX	65536		/* bytes */

/* ---- how much may be in flight: 5.6.4.2 ---- */

/* xtcp_bbr_quantum - size of a burst under pacing, bytes */
u32 xtcp_bbr_quantum(const struct xtcp_tcb *tcb)
{
	u64 q = min_t(u64, tcb->pacing_rate >> QUANTUM_SHIFT, QUANTUM_MAX);

	return max((u32)q, 2U * tcb->mss);
}

/* Bytes that @bw delivers in @us. */
static u64 bbr_in_time(u64 bw, u64 us)
{
	return min_t(u64, bw, BBR_BW_MAX) * min_t(u64, us, BBR_US_MAX) >> BBR_BW_SHIFT;
}

/* xtcp_bbr_bdp - bandwidth-delay product at @bw, times @factor / 1024, bytes */
u32 xtcp_bbr_bdp(const struct xtcp_tcb *tcb, const struct bbr *b, u64 bw, u32 factor)
{
	if (b->min_rtt_us == ~0U || !bw)
		return xtcp_cc_initial_cwnd(tcb);
	return xtcp_bbr_cap(xtcp_bbr_gain(bbr_in_time(bw, b->min_rtt_us), factor));
}

/* xtcp_bbr_quantize - raise @bytes to what offloads, delayed ACKs and UP need */
u32 xtcp_bbr_quantize(const struct xtcp_tcb *tcb, const struct bbr *b, u32 bytes)
{
	bytes = max(bytes, 3 * xtcp_bbr_quantum(tcb));
	bytes = max(bytes, xtcp_bbr_min_pipe(tcb));
	if (b->phase == BBR_UP)
		bytes += 2U * tcb->mss;
	return bytes;
}

/* xtcp_bbr_inflight - the draft's Inflight(1.0) */
u32 xtcp_bbr_inflight(const struct xtcp_tcb *tcb, const struct bbr *b, u64 bw)
{
	return xtcp_bbr_quantize(tcb, b, xtcp_bbr_bdp(tcb, b, bw, BBR_ONE));
}

/* xtcp_bbr_headroom - inflight_longterm less the headroom for other flows, bytes */
u32 xtcp_bbr_headroom(const struct xtcp_tcb *tcb, const struct bbr *b)
{
	u32 room;

	if (b->inflight_long == BBR_NO_BYTES)
		return BBR_NO_BYTES;
	room = max_t(u32, xtcp_bbr_gain(b->inflight_long, HEADROOM), tcb->mss);
	return max(b->inflight_long - min(room, b->inflight_long), xtcp_bbr_min_pipe(tcb));
}

/* xtcp_bbr_reset_full - ResetFullBW(), with @bw as the bandwidth to exceed */
void xtcp_bbr_reset_full(struct bbr *b, u64 bw)
{
	b->full_bw = bw;
	b->full_count = 0;
	b->flags &= ~BBR_F_FULL_NOW;
}

/* xtcp_bbr_reset_congestion - forget the signals of this loss round */
void xtcp_bbr_reset_congestion(struct bbr *b)
{
	b->flags &= ~BBR_F_LOSS;
	b->bw_latest = 0;
	b->inflight_latest = 0;
	b->lost_ranges = 0;
	b->round_ce = 0;
	b->round_bytes = 0;
}

/* xtcp_bbr_reset_short - drop the short-term bounds */
void xtcp_bbr_reset_short(struct bbr *b)
{
	b->bw_short = BBR_NO_BW;
	b->inflight_short = BBR_NO_BYTES;
}

/* ---- too much in flight: 5.5.10 ---- */

/* xtcp_bbr_queue - does the latest RTT indicate a queue on the path? */
bool xtcp_bbr_queue(const struct xtcp_tcb *tcb)
{
	const struct bbr *b = (const struct bbr *)tcb->cc_priv;

	return tcb->rack_rtt_us > b->min_rtt_us + (b->min_rtt_us >> QUEUE_SHIFT);
}

/*
 * xtcp_bbr_too_high - was too much of @flight lost to be chance?
 * @lost: bytes
 * @flight: bytes
 *
 * The draft's threshold is 2 %. A path that loses 3 % by itself, as some radio
 * links do, would get a third of its bandwidth. But a full buffer shows in the
 * RTT before it shows in losses, unless it is small, or a policer: so 2 % if
 * there is a queue, and 8 % if there is none. Without SACK only one loss a round
 * trip is visible.
 */
bool xtcp_bbr_too_high(const struct xtcp_tcb *tcb, u32 lost, u32 flight)
{
	if (!(tcb->opts & XTCP_OPT_SACK_PERM))
		return lost;
	return (u64)lost * (xtcp_bbr_queue(tcb) ? BBR_LOSS_DIVISOR : BBR_RANDOM_DIVISOR) > flight;
}

/*
 * xtcp_bbr_at_loss - bytes in flight when losses passed the threshold
 * @len: length of the lost burst, bytes
 * @lost: bytes lost since it left, the burst included
 * @flight: bytes in flight when it left, the burst included
 *
 * Solves (lost_before + x) / (flight_before + x) = 1 / 50, where both are without
 * the burst.
 *
 * Return: bytes in flight at that point of the burst.
 */
u32 xtcp_bbr_at_loss(u32 len, u32 lost, u32 flight)
{
	u32 before = flight - min(len, flight);
	u32 lost_before = lost - min(len, lost);
	u64 allowed = (u64)lost_before * BBR_LOSS_DIVISOR;

	if (before <= allowed)
		return before;
	return before + (u32)((before - allowed) / (BBR_LOSS_DIVISOR - 1));
}

/* ---- the model: 5.5 ---- */

static void bbr_take_sample(struct xtcp_tcb *tcb, struct bbr *b, struct bbr_sample *s)
{
	const struct xtcp_ack *ack = s->ack;

	b->round_bytes += ack->delivered;
	b->round_ce += ack->ce;
	if (!ack->rs_any || !ack->delivered)
		return;
	s->any = true;
	if (ack->rs_interval_us)
		s->bw = div_u64((u64)ack->rs_delivered << BBR_BW_SHIFT, ack->rs_interval_us);
	if (b->flags & BBR_F_LOW && seq_ge(ack->rs_prior, b->low_end))
		b->flags &= ~BBR_F_LOW;
	s->low = ack->rs_app_limited || b->flags & BBR_F_LOW;
	/* 5.5.1 */
	if (seq_ge(ack->rs_prior, b->round_end)) {
		xtcp_bbr_start_round(tcb, b);
		b->sent_gain = b->send_gain;
		b->send_gain = BBR_SENT_ONE;
		if (b->rounds < 255)
			b->rounds++;
		s->round_start = true;
	}
	/* 5.5.10.3 */
	b->bw_latest = max(b->bw_latest, s->bw);
	b->inflight_latest = max(b->inflight_latest, ack->rs_delivered);
	if (seq_ge(ack->rs_prior, b->loss_round_end)) {
		b->loss_round_end = tcb->delivered;
		s->loss_round_start = true;
	}
	if (s->bw && (s->bw >= xtcp_bbr_max_bw(b) || !s->low))
		b->max_bw[0] = max(b->max_bw[0], s->bw);
}

/*
 * Once a round with loss or marks, when not probing: lower the short-term bounds
 * towards what was delivered.
 *
 * No more can be delivered than was sent, and the sending rate is intentionally
 * below the bandwidth: by the margin, in DOWN and DRAIN by their gains, in
 * ProbeRTT by half. The draft does not correct for that: a single loss in DOWN
 * then costs 10 % of the bandwidth for seconds, one after ProbeRTT 30 %, and each
 * lossy round 1 % more than what was lost. Here the delivered rate is divided by
 * that gain.
 */
static void bbr_lower_bounds(struct xtcp_tcb *tcb, struct bbr *b,
			     const struct xtcp_ack *ack)
{
	u32 beta = b->flags & BBR_F_LOSS ? BBR_BETA_LOSS : BBR_BETA_ECN;
	u64 delivered = div_u64(b->bw_latest << BBR_SENT_SHIFT, max_t(u8, b->sent_gain, 1));

	if (xtcp_bbr_probing(b) || b->flags & BBR_F_LOW ||
	    !(b->flags & BBR_F_LOSS || b->round_ce))
		return;
	/* Losses within what chance may cause. */
	if (!b->round_ce && !xtcp_bbr_queue(tcb) &&
	    !xtcp_bbr_too_high(tcb, ack->rs_lost, ack->rs_flight))
		return;
	delivered += delivered >> BBR_MARGIN_SHIFT;
	if (b->bw_short == BBR_NO_BW)
		b->bw_short = xtcp_bbr_max_bw(b);
	if (b->inflight_short == BBR_NO_BYTES)
		/* cwnd may be small because of a timeout. */
		b->inflight_short = max(tcb->cwnd, b->good_cwnd);
	b->bw_short = min(b->bw_short, max(delivered, xtcp_bbr_gain(b->bw_short, beta)));
	b->inflight_short = max_t(u32, b->inflight_latest,
				  xtcp_bbr_gain(b->inflight_short, beta));
}

/* 5.5.9: estimate the aggregation of data and ACKs. */
static void bbr_ack_aggregation(struct xtcp_tcb *tcb, struct bbr *b,
				const struct bbr_sample *s)
{
	u64 us = div_u64(s->ack->now - b->extra_at, XTCP_NSEC_PER_USEC);
	u64 expected = bbr_in_time(xtcp_bbr_bw(b), us);

	if (s->round_start && ++b->extra_rounds >=
	    (b->flags & BBR_F_FULL ? EXTRA_ROUNDS : 1)) {
		b->extra_rounds = 0;
		b->extra_most[1] = b->extra_most[0];
		b->extra_most[0] = 0;
	}
	if (b->extra_delivered <= expected) {
		b->extra_delivered = 0;
		b->extra_at = s->ack->now;
		expected = 0;
	}
	b->extra_delivered += s->ack->delivered;
	if (b->extra_delivered > expected)
		b->extra_most[0] = max(b->extra_most[0],
				       min(b->extra_delivered - (u32)expected, tcb->cwnd));
}

/*
 * 5.3.1.2, and the end of UP. The first round of UP delivers what left before it.
 * If the second one delivers no more and the RTT has grown, there is a queue: a
 * third round, as in the draft, would make it half as long again, and DOWN drains
 * it at a tenth of the rate only.
 */
static void bbr_check_full_bw(const struct xtcp_tcb *tcb, struct bbr *b,
			      const struct bbr_sample *s)
{
	u32 rounds = b->phase == BBR_UP && xtcp_bbr_queue(tcb) ? UP_ROUNDS : FULL_ROUNDS;

	if (b->flags & BBR_F_FULL_NOW || !s->round_start || s->low || !s->bw)
		return;
	if (s->bw >= xtcp_bbr_gain(b->full_bw, FULL_GROWTH)) {
		xtcp_bbr_reset_full(b, s->bw);
		return;
	}
	if (++b->full_count >= rounds)
		b->flags |= BBR_F_FULL_NOW | BBR_F_FULL;
}

/*
 * xtcp_bbr_min_rtt - update the minimum RTT of 10 s and of 5 s
 *
 * The end of the 5 s filter triggers ProbeRTT, which drains the queue to measure
 * anew; the 10 s filter keeps the old value meanwhile (5.3.4). There is nothing
 * to measure if the RTT equals the minimum: the queue was empty just now. In the
 * draft only a lower RTT counts, so a flow that is alone on its path stops every
 * 5 s to measure what it knows, at a cost of 2 % of the bandwidth.
 *
 * Return: whether ProbeRTT is due.
 */
bool xtcp_bbr_min_rtt(struct bbr *b, const struct xtcp_ack *ack)
{
	bool due = ack->now > b->probe_min_at + PROBE_RTT_NS;

	if (ack->rtt_us && ack->rtt_us <= (u64)b->min_rtt_us + (b->min_rtt_us >> SAME_SHIFT)) {
		b->probe_min_us = min(b->probe_min_us, ack->rtt_us);
		b->probe_min_at = ack->now;
		b->min_rtt_at = max(b->min_rtt_at, ack->now - min(ack->now, MET_NS));
		due = false;
	}
	if (ack->rtt_us && (ack->rtt_us < b->probe_min_us || due)) {
		b->probe_min_us = ack->rtt_us;
		b->probe_min_at = ack->now;
	}
	if (b->probe_min_us < b->min_rtt_us || ack->now > b->min_rtt_at + MIN_RTT_NS) {
		b->min_rtt_us = b->probe_min_us;
		b->min_rtt_at = b->probe_min_at;
	}
	return due;
}

/* xtcp_bbr_update - update the model by an ACK */
void xtcp_bbr_update(struct xtcp_tcb *tcb, struct bbr *b, struct bbr_sample *s)
{
	bbr_take_sample(tcb, b, s);
	if (s->loss_round_start)
		bbr_lower_bounds(tcb, b, s->ack);
	bbr_ack_aggregation(tcb, b, s);
	bbr_check_full_bw(tcb, b, s);
}
