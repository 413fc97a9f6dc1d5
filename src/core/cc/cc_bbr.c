// SPDX-License-Identifier: GPL-2.0
/*
 * BBR version 3: draft-ietf-ccwg-bbr, section 5. Names are those of the draft.
 *
 * A model of the path, consisting of the bandwidth of its bottleneck and its RTT
 * without queues, sets the pacing rate and cwnd. Losses and ECN marks bound the
 * model; no single loss halves anything.
 *
 *	STARTUP --(no more bandwidth, or loss)--> DRAIN --(queue gone)--> DOWN
 *	DOWN --(queue gone)--> CRUISE --(2 to 3 s)--> REFILL --(a round)--> UP --> DOWN
 *	any --(5 s without the minimum RTT)--> PROBE_RTT --> CRUISE or STARTUP
 *
 * Differences from the draft:
 *  - CE marks (the draft leaves ECN out) count like losses when it is decided
 *    whether too much is in flight, and lower the short-term bounds by a factor
 *    of 0.85 (RFC 8511) instead of 0.7.
 *  - Before the short-term bandwidth is compared with the delivered bandwidth,
 *    the latter is corrected for intentional slow pacing, see bbr_model.c.
 *  - An inflight_longterm above what the path holds does not prolong a probe,
 *    see bbr_long_limits().
 *  - A probe that finds a queue ends after two rounds, see bbr_check_full_bw().
 *  - ProbeRTT starts only if the RTT has been above the minimum for 5 s, see
 *    xtcp_bbr_min_rtt().
 *  - A restart from idle is noticed at the first ACK after it, not at the
 *    transmission, because a congestion control is called for ACKs.
 *  - The first RTT is that of data, not that of the handshake, which may have
 *    been measured in ticks of 1 ms.
 *  - Low samples of PROBE_RTT have a mark of their own: the application-limited
 *    mark of the connection belongs to rate.c.
 *
 * An ACK costs one division, for its bandwidth sample.
 */
#include "../core.h"
#include "bbr.h"

#define FULL_LOSS_CNT	6		/* StartupFullLossCnt: lost ranges in a round */
#define DRAIN_ROUNDS	3		/* 5.3.2: limit of DRAIN */
#define RENO_ROUNDS	63		/* 5.3.3.8.2: T_reno_bound */
#define UP_ROUNDS_MAX	30		/* limit on doublings of the growth in UP */

#define PROBE_RTT_LAST	(200 * XTCP_NSEC_PER_MSEC)	/* ProbeRTTDuration */
#define WAIT_US		2000000				/* 5.3.3.8: 2 s plus ... */
#define WAIT_RANGE_US	1000000				/* ... up to 1 s */

/* 5.6.1: pacing gain and cwnd gain, in 1/1024. */
static const u16 pacing_gain[] = {
	[BBR_STARTUP] = 2836, [BBR_DRAIN] = 512, [BBR_DOWN] = 922, [BBR_CRUISE] = 1024,
	[BBR_REFILL] = 1024, [BBR_UP] = 1280, [BBR_PROBE_RTT] = 1024,
};

static const u16 cwnd_gain[] = {
	[BBR_STARTUP] = 2048, [BBR_DRAIN] = 2048, [BBR_DOWN] = 2048, [BBR_CRUISE] = 2048,
	[BBR_REFILL] = 2048, [BBR_UP] = 2304, [BBR_PROBE_RTT] = 512,
};

static struct bbr *bbr_of(struct xtcp_tcb *tcb)
{
	return xtcp_cc_state(tcb, struct bbr);
}

static bool bbr_in_probe_bw(const struct bbr *b)
{
	return b->phase >= BBR_DOWN && b->phase <= BBR_UP;
}

/* xorshift32; the seed differs between connections. */
static u32 bbr_random_next(struct bbr *b)
{
	b->seed ^= b->seed << 13;
	b->seed ^= b->seed >> 17;
	b->seed ^= b->seed << 5;
	return b->seed;
}

/* ---- how much may be in flight: 5.6.4.2 ---- */

static u32 bbr_max_inflight(const struct xtcp_tcb *tcb, const struct bbr *b)
{
	u64 cap = xtcp_bbr_bdp(tcb, b, xtcp_bbr_bw(b), cwnd_gain[b->phase]);

	cap += max(b->extra_most[0], b->extra_most[1]);
	return xtcp_bbr_quantize(tcb, b, xtcp_bbr_cap(cap));
}

static u32 bbr_target_inflight(const struct xtcp_tcb *tcb, const struct bbr *b)
{
	return min(xtcp_bbr_bdp(tcb, b, xtcp_bbr_bw(b), BBR_ONE), tcb->cwnd);
}

/* Was @limit (bytes) in flight, allowing for what output holds back for a burst? */
static bool bbr_was_filled(const struct xtcp_tcb *tcb, const struct xtcp_ack *ack,
			   u32 limit)
{
	return ack->flight + max(3U * tcb->mss, xtcp_bbr_quantum(tcb)) >= limit;
}

/* ---- ProbeBW: 5.3.3 ---- */

/* 5.3.3.8.3: wait for 2 to 3 s; the random round matters when competing with Reno. */
static void bbr_start_down(struct xtcp_tcb *tcb, struct bbr *b, u64 now)
{
	xtcp_bbr_reset_congestion(b);
	b->up_step = BBR_NO_BYTES;
	b->rounds = bbr_random_next(b) & 1;
	b->wait_us = WAIT_US + (u32)(((u64)bbr_random_next(b) * WAIT_RANGE_US) >> 32);
	b->cycle_at = now;
	b->ack_phase = BBR_ACKS_PROBE_STOPPING;
	xtcp_bbr_start_round(tcb, b);
	b->phase = BBR_DOWN;
}

static void bbr_start_refill(struct xtcp_tcb *tcb, struct bbr *b)
{
	xtcp_bbr_reset_short(b);
	b->up_rounds = 0;
	b->up_acked = 0;
	b->flags &= ~BBR_F_PRECAUTION;
	b->ack_phase = BBR_ACKS_REFILLING;
	xtcp_bbr_start_round(tcb, b);
	b->phase = BBR_REFILL;
}

/* Growth in UP doubles every round: 1, 2, 4 ... segments. */
static void bbr_raise_slope(const struct xtcp_tcb *tcb, struct bbr *b)
{
	b->up_step = max(tcb->cwnd >> b->up_rounds, (u32)tcb->mss);
	if (b->up_rounds < UP_ROUNDS_MAX)
		b->up_rounds++;
}

static void bbr_start_up(struct xtcp_tcb *tcb, struct bbr *b, const struct bbr_sample *s)
{
	b->flags |= BBR_F_PROBE_SAMPLE;
	b->ack_phase = BBR_ACKS_PROBE_STARTING;
	xtcp_bbr_start_round(tcb, b);
	xtcp_bbr_reset_full(b, s->bw);
	b->phase = BBR_UP;
	bbr_raise_slope(tcb, b);
}

static bool bbr_time_to_probe(const struct xtcp_tcb *tcb, const struct bbr *b, u64 now)
{
	if (now > b->cycle_at + b->wait_us * XTCP_NSEC_PER_USEC)
		return true;
	/* 5.3.3.8.1: as many rounds as Reno needs from one loss to the next */
	return b->rounds >= RENO_ROUNDS ||
	       (u32)b->rounds * tcb->mss >= bbr_target_inflight(tcb, b);
}

static bool bbr_time_to_cruise(const struct xtcp_tcb *tcb, const struct bbr *b)
{
	u32 flight = xtcp_flight(tcb);

	return flight <= xtcp_bbr_headroom(tcb, b) &&
	       flight <= xtcp_bbr_inflight(tcb, b, xtcp_bbr_max_bw(b));
}

/*
 * Is inflight_longterm the limit, and not the path?
 *
 * The draft only checks whether inflight_longterm is reached. A buffer that was
 * once full leaves a bound above what the path holds; each probe would then fill
 * the buffer again and last until the bound has grown past cwnd. But in that case
 * the flight exceeds what the path delivers in a round trip by the gain of UP or
 * more.
 */
static bool bbr_long_limits(const struct xtcp_tcb *tcb, const struct bbr *b)
{
	return b->inflight_long <= xtcp_bbr_bdp(tcb, b, xtcp_bbr_max_bw(b),
						pacing_gain[BBR_UP]);
}

static bool bbr_time_to_go_down(struct xtcp_tcb *tcb, struct bbr *b,
				const struct bbr_sample *s)
{
	if (b->flags & BBR_F_TOO_HIGH && bbr_was_filled(tcb, s->ack, b->inflight_long)) {
		b->flags |= BBR_F_PRECAUTION;
		return true;
	}
	if (bbr_was_filled(tcb, s->ack, tcb->cwnd) && tcb->cwnd >= b->inflight_long &&
	    bbr_long_limits(tcb, b)) {
		xtcp_bbr_reset_full(b, s->bw);
		return false;
	}
	return b->flags & BBR_F_FULL_NOW;
}

static void bbr_probe_upward(struct xtcp_tcb *tcb, struct bbr *b,
			     const struct bbr_sample *s)
{
	if (!bbr_was_filled(tcb, s->ack, tcb->cwnd) || tcb->cwnd < b->inflight_long)
		return;
	b->up_acked += s->ack->delivered;
	if (b->up_acked >= b->up_step) {
		u32 n = b->up_acked / b->up_step;

		b->up_acked -= n * b->up_step;
		b->inflight_long = xtcp_bbr_cap(b->inflight_long + (u64)n * tcb->mss);
	}
	if (s->round_start)
		bbr_raise_slope(tcb, b);
}

static void bbr_handle_too_high(struct xtcp_tcb *tcb, struct bbr *b, u32 flight, bool low,
				u64 now)
{
	u32 least = (u32)xtcp_bbr_gain(bbr_target_inflight(tcb, b), BBR_BETA_LOSS);

	b->flags |= BBR_F_TOO_HIGH;
	b->flags &= ~BBR_F_PROBE_SAMPLE;	/* only once in a probe */
	if (!low)
		b->inflight_long = max(flight, least);
	if (b->phase == BBR_UP) {
		b->undo_state = BBR_UP;
		bbr_start_down(tcb, b, now);
	}
}

/* The first loss of a round: save what an undo has to restore. */
static void bbr_note_loss(struct xtcp_tcb *tcb, struct bbr *b)
{
	if (b->flags & BBR_F_LOSS)
		return;
	b->flags |= BBR_F_LOSS;
	b->loss_round_end = tcb->delivered;
	if (tcb->cong != XTCP_CONG_OPEN && tcb->cong != XTCP_CONG_CWR)
		return;
	b->undo_state = BBR_PROBE_RTT;
	b->undo_bw_short = b->bw_short;
	b->undo_short = b->inflight_short;
	b->undo_long = b->inflight_long;
}

/*
 * Called for each lost entry. The wait that may begin here starts at the time of
 * the last ACK, which is accurate enough.
 */
static void bbr_lost(struct xtcp_tcb *tcb, const struct xtcp_sent *sent)
{
	struct bbr *b = bbr_of(tcb);
	u32 lost = xtcp_lost_since(tcb, sent->lost);
	u32 len = sent->end - sent->seq;

	if ((!b->lost_ranges || sent->seq != b->lost_end) && b->lost_ranges < 255)
		b->lost_ranges++;
	b->lost_end = sent->end;
	bbr_note_loss(tcb, b);
	if (b->flags & BBR_F_PROBE_SAMPLE && xtcp_bbr_too_high(tcb, lost, sent->flight))
		bbr_handle_too_high(tcb, b, xtcp_bbr_at_loss(len, lost, sent->flight),
				    sent->marks & XTCP_SENT_APP, tcb->delivered_at);
}

/*
 * 5.3.1.3: loss ends STARTUP when it lasted for a round, in several ranges.
 *
 * While the bandwidth still grows by a quarter a round and there is no queue, the
 * pipe is not full, whatever was lost: six of a few packets may be chance.
 * Without SACK only one loss a round is visible. CE marks are never noise.
 */
static bool bbr_startup_lossy(const struct xtcp_tcb *tcb, const struct bbr *b,
			      const struct bbr_sample *s)
{
	if (!s->loss_round_start)
		return false;
	if ((u64)b->round_ce * BBR_LOSS_DIVISOR > b->round_bytes)
		return true;
	if (tcb->cong != XTCP_CONG_RECOVERY ||
	    !xtcp_bbr_too_high(tcb, s->ack->rs_lost, s->ack->rs_flight))
		return false;
	if (!(tcb->opts & XTCP_OPT_SACK_PERM))
		return true;
	return b->lost_ranges >= FULL_LOSS_CNT && (b->full_count || xtcp_bbr_queue(tcb));
}

static void bbr_check_startup(struct xtcp_tcb *tcb, struct bbr *b,
			      const struct bbr_sample *s)
{
	if (b->phase != BBR_STARTUP)
		return;
	if (bbr_startup_lossy(tcb, b, s)) {
		b->undo_state = BBR_STARTUP;
		b->flags |= BBR_F_FULL;
		b->inflight_long = max(xtcp_bbr_bdp(tcb, b, xtcp_bbr_bw(b), BBR_ONE),
				       b->inflight_latest);
	}
	if (b->flags & BBR_F_FULL) {
		b->phase = BBR_DRAIN;
		b->rounds = 0;
	}
}

static void bbr_check_drain(struct xtcp_tcb *tcb, struct bbr *b, u64 now)
{
	if (b->phase != BBR_DRAIN)
		return;
	if (b->rounds > DRAIN_ROUNDS ||
	    xtcp_flight(tcb) <= xtcp_bbr_inflight(tcb, b, xtcp_bbr_bw(b)))
		bbr_start_down(tcb, b, now);
}

/* Were more than 2 % CE-marked in this round? */
static bool bbr_is_marked(const struct bbr *b, const struct bbr_sample *s)
{
	return (u64)b->round_ce * BBR_LOSS_DIVISOR > s->ack->rs_flight;
}

/* 5.3.3.9, AdaptLongTermModel(). Return: true if a new phase has begun. */
static bool bbr_adapt_long_term(struct xtcp_tcb *tcb, struct bbr *b,
				const struct bbr_sample *s)
{
	if (b->ack_phase == BBR_ACKS_PROBE_STARTING && s->round_start)
		b->ack_phase = BBR_ACKS_PROBE_FEEDBACK;
	if (b->ack_phase == BBR_ACKS_PROBE_STOPPING && s->round_start) {
		b->flags &= ~BBR_F_PROBE_SAMPLE;
		b->ack_phase = BBR_ACKS_INIT;
		/* 5.5.6: the cycle ends; without a sample keep the old one. */
		if (bbr_in_probe_bw(b) && !s->low && b->max_bw[0]) {
			b->max_bw[1] = b->max_bw[0];
			b->max_bw[0] = 0;
		}
		if (bbr_in_probe_bw(b) &&
		    (b->flags & (BBR_F_PRECAUTION | BBR_F_TOO_HIGH)) == BBR_F_PRECAUTION) {
			bbr_start_refill(tcb, b);
			return true;
		}
	}
	if (!s->any || xtcp_bbr_too_high(tcb, s->ack->rs_lost, s->ack->rs_flight))
		return false;
	if (bbr_is_marked(b, s)) {
		if (b->flags & BBR_F_PROBE_SAMPLE)
			bbr_handle_too_high(tcb, b, s->ack->rs_flight, s->low, s->ack->now);
		return false;
	}
	if (b->inflight_long == BBR_NO_BYTES)
		return false;
	b->inflight_long = max(b->inflight_long, s->ack->rs_flight);
	if (b->phase == BBR_UP)
		bbr_probe_upward(tcb, b, s);
	return false;
}

static void bbr_probe_bw(struct xtcp_tcb *tcb, struct bbr *b, const struct bbr_sample *s)
{
	if (!(b->flags & BBR_F_FULL) || bbr_adapt_long_term(tcb, b, s))
		return;
	switch (b->phase) {
	case BBR_DOWN:
		if (bbr_time_to_probe(tcb, b, s->ack->now))
			bbr_start_refill(tcb, b);
		else if (bbr_time_to_cruise(tcb, b))
			b->phase = BBR_CRUISE;
		break;
	case BBR_CRUISE:
		if (bbr_time_to_probe(tcb, b, s->ack->now))
			bbr_start_refill(tcb, b);
		break;
	case BBR_REFILL:
		if (s->round_start)
			bbr_start_up(tcb, b, s);
		break;
	case BBR_UP:
		if (bbr_time_to_go_down(tcb, b, s)) {
			b->flags &= ~BBR_F_TOO_HIGH;
			bbr_start_down(tcb, b, s->ack->now);
		}
		break;
	default:
		break;
	}
}

/* ---- ProbeRTT: 5.3.4 ---- */

static void bbr_exit_probe_rtt(struct xtcp_tcb *tcb, struct bbr *b, u64 now)
{
	b->probe_min_at = now;
	tcb->cwnd = max(tcb->cwnd, b->good_cwnd);
	xtcp_bbr_reset_short(b);
	if (b->flags & BBR_F_FULL) {
		bbr_start_down(tcb, b, now);
		b->phase = BBR_CRUISE;
	} else {
		b->phase = BBR_STARTUP;
	}
}

static void bbr_in_probe_rtt(struct xtcp_tcb *tcb, struct bbr *b,
			     const struct bbr_sample *s,
			     u32 target)
{
	u32 flight = xtcp_flight(tcb);

	b->flags |= BBR_F_LOW;
	b->low_end = tcb->delivered + flight;
	if (!b->done_at) {
		if (flight > target)
			return;
		b->done_at = s->ack->now + PROBE_RTT_LAST;
		b->flags &= ~BBR_F_PROBE_DONE;
		xtcp_bbr_start_round(tcb, b);
		return;
	}
	if (s->round_start)
		b->flags |= BBR_F_PROBE_DONE;
	if (b->flags & BBR_F_PROBE_DONE && s->ack->now > b->done_at)
		bbr_exit_probe_rtt(tcb, b, s->ack->now);
}

static u32 bbr_probe_rtt_cwnd(const struct xtcp_tcb *tcb, const struct bbr *b)
{
	u32 half = xtcp_bbr_bdp(tcb, b, xtcp_bbr_bw(b), cwnd_gain[BBR_PROBE_RTT]);

	return max(half, xtcp_bbr_min_pipe(tcb));
}

static void bbr_check_probe_rtt(struct xtcp_tcb *tcb, struct bbr *b,
				const struct bbr_sample *s)
{
	bool due = xtcp_bbr_min_rtt(b, s->ack);

	if (due && b->phase != BBR_PROBE_RTT && !(b->flags & BBR_F_IDLE)) {
		b->phase = BBR_PROBE_RTT;
		b->done_at = 0;
		b->ack_phase = BBR_ACKS_PROBE_STOPPING;
		xtcp_bbr_start_round(tcb, b);
	}
	if (b->phase == BBR_PROBE_RTT)
		bbr_in_probe_rtt(tcb, b, s, bbr_probe_rtt_cwnd(tcb, b));
	if (s->ack->delivered)
		b->flags &= ~BBR_F_IDLE;
}

/* ---- control: 5.6 ---- */

/* 5.6.2: from the initial window and the first RTT; 1 ms if there is none. */
static void bbr_init_pacing(struct xtcp_tcb *tcb, struct bbr *b)
{
	u64 rate = xtcp_bbr_gain((u64)tcb->cwnd * 1000000, pacing_gain[BBR_STARTUP]);
	u32 us = tcb->srtt8_us ? max(tcb->srtt8_us >> 3, 1U) : 1000;

	if (tcb->srtt8_us)
		b->flags |= BBR_F_SEEN_RTT;
	tcb->pacing_rate = div_u64(rate, us);
}

static void bbr_set_pacing(struct xtcp_tcb *tcb, const struct bbr *b, u32 factor)
{
	u64 bw = xtcp_bbr_gain(min_t(u64, xtcp_bbr_bw(b), BBR_BW_MAX), factor);
	u64 rate = bw * 1000000 >> BBR_BW_SHIFT;

	rate -= rate >> BBR_MARGIN_SHIFT;
	if (rate && (b->flags & BBR_F_FULL || rate > tcb->pacing_rate))
		tcb->pacing_rate = rate;
}

static void bbr_set_cwnd(struct xtcp_tcb *tcb, const struct bbr *b,
			 const struct bbr_sample *s)
{
	u32 most = bbr_max_inflight(tcb, b);
	u32 cap = BBR_NO_BYTES;
	u32 wnd = xtcp_bbr_cap((u64)tcb->cwnd + s->ack->delivered);

	if (b->flags & BBR_F_FULL)
		wnd = min(wnd, most);
	else if (tcb->cwnd >= most && tcb->delivered >= xtcp_cc_initial_cwnd(tcb))
		wnd = tcb->cwnd;
	wnd = max(wnd, xtcp_bbr_min_pipe(tcb));
	if (b->phase == BBR_PROBE_RTT)
		wnd = min(wnd, bbr_probe_rtt_cwnd(tcb, b));
	/* 5.6.4.7 */
	if (b->phase == BBR_CRUISE || b->phase == BBR_PROBE_RTT)
		cap = xtcp_bbr_headroom(tcb, b);
	else if (bbr_in_probe_bw(b))
		cap = b->inflight_long;
	cap = max(min(cap, b->inflight_short), xtcp_bbr_min_pipe(tcb));
	tcb->cwnd = min(min(wnd, cap), xtcp_cc_most(tcb));
}

static void bbr_control(struct xtcp_tcb *tcb, const struct xtcp_ack *ack)
{
	struct bbr *b = bbr_of(tcb);
	struct bbr_sample s = { .ack = ack };

	if (!(b->flags & BBR_F_SEEN_RTT) && tcb->srtt8_us)
		bbr_init_pacing(tcb, b);
	xtcp_bbr_update(tcb, b, &s);
	bbr_check_startup(tcb, b, &s);
	bbr_check_drain(tcb, b, ack->now);
	bbr_probe_bw(tcb, b, &s);
	bbr_check_probe_rtt(tcb, b, &s);
	if (s.loss_round_start) {
		xtcp_bbr_reset_congestion(b);
		b->bw_latest = s.bw;
		b->inflight_latest = ack->rs_delivered;
	}
	b->send_gain = min_t(u32, b->send_gain,
			     pacing_gain[b->phase] * BBR_SENT_ONE / BBR_ONE);
	bbr_set_pacing(tcb, b, pacing_gain[b->phase]);
	bbr_set_cwnd(tcb, b, &s);
	if ((tcb->cong == XTCP_CONG_OPEN || tcb->cong == XTCP_CONG_CWR) &&
	    b->phase != BBR_PROBE_RTT)
		b->good_cwnd = tcb->cwnd;
	if (tcb->snd_una == tcb->snd_nxt)
		b->flags |= BBR_F_IDLE;
}

static void bbr_init(struct xtcp_tcb *tcb, u64 now)
{
	struct bbr *b = bbr_of(tcb);

	b->min_rtt_us = ~0U;
	b->probe_min_us = ~0U;
	b->min_rtt_at = now;
	b->probe_min_at = now;
	b->extra_at = now;
	b->cycle_at = now;
	b->inflight_long = BBR_NO_BYTES;
	b->up_step = BBR_NO_BYTES;
	xtcp_bbr_reset_short(b);
	b->undo_state = BBR_PROBE_RTT;
	b->undo_bw_short = BBR_NO_BW;
	b->undo_short = BBR_NO_BYTES;
	b->undo_long = BBR_NO_BYTES;
	b->round_end = tcb->delivered;
	b->loss_round_end = tcb->delivered;
	b->good_cwnd = tcb->cwnd;
	/* Not from the time: two runs of one connection have to be identical. */
	b->seed = tcb->iss ? tcb->iss : 1;
	b->phase = BBR_STARTUP;
	b->send_gain = BBR_SENT_ONE;
	b->sent_gain = BBR_SENT_ONE;
	bbr_init_pacing(tcb, b);
}

/* 5.5.11.2: restore what the loss reduced, and resume the probe it ended. */
static void bbr_undo(struct xtcp_tcb *tcb, struct bbr *b)
{
	u8 was = b->undo_state;

	tcb->cwnd = max(tcb->cwnd, b->good_cwnd);
	b->flags &= ~BBR_F_LOSS;
	xtcp_bbr_reset_full(b, 0);
	b->bw_short = max(b->bw_short, b->undo_bw_short);
	b->inflight_short = max(b->inflight_short, b->undo_short);
	b->inflight_long = max(b->inflight_long, b->undo_long);
	b->undo_state = BBR_PROBE_RTT;
	if (was == BBR_STARTUP && b->phase != BBR_STARTUP) {
		b->flags &= ~BBR_F_FULL;
		if (b->phase != BBR_PROBE_RTT)
			b->phase = BBR_STARTUP;
	} else if (was == BBR_UP && b->phase != BBR_UP && b->phase != BBR_PROBE_RTT) {
		bbr_start_refill(tcb, b);
	}
}

static void bbr_event(struct xtcp_tcb *tcb, enum xtcp_cc_event ev, u64 now)
{
	struct bbr *b = bbr_of(tcb);

	switch (ev) {
	case XTCP_CC_TIMEOUT:
		/* 5.6.4.4: room for one segment; good_cwnd keeps the old cwnd. */
		tcb->cwnd = xtcp_bbr_cap((u64)xtcp_flight(tcb) + tcb->mss);
		break;
	case XTCP_CC_DONE:
		tcb->cwnd = max(tcb->cwnd, b->good_cwnd);
		break;
	case XTCP_CC_UNDO:
		bbr_undo(tcb, b);
		break;
	case XTCP_CC_RESTART:
		/* 5.4.1: restart at the rate of the model, with the old cwnd. */
		if (b->phase == BBR_PROBE_RTT && b->done_at && now > b->done_at)
			bbr_exit_probe_rtt(tcb, b, now);
		if (bbr_in_probe_bw(b))
			bbr_set_pacing(tcb, b, BBR_ONE);
		break;
	default:
		break;
	}
}

static void bbr_info(const struct xtcp_tcb *tcb, struct xtcp_cc_info *info)
{
	const struct bbr *b = xtcp_cc_state(tcb, const struct bbr);
	u64 bw = min_t(u64, xtcp_bbr_bw(b), BBR_BW_MAX);

	info->kind = XTCP_CC_INFO_BBR;
	info->bw = (bw * 1000000) >> BBR_BW_SHIFT;
	info->min_rtt_us = b->min_rtt_us;
	info->pacing_gain = pacing_gain[b->phase] / (BBR_ONE / 256);
	info->cwnd_gain = cwnd_gain[b->phase] / (BBR_ONE / 256);
}

const struct xtcp_cc xtcp_cc_bbr = {
	.name		= "bbr",
	.flags		= XTCP_CC_PACED | XTCP_CC_ECN_OWN,
	.init		= bbr_init,
	.control	= bbr_control,
	.lost		= bbr_lost,
	.event		= bbr_event,
	.info		= bbr_info,
};
