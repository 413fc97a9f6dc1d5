// SPDX-License-Identifier: GPL-2.0
/*
 * CUBIC: RFC 9438. The default.
 *
 * After a reduction cwnd follows a cubic function of time (figure 1),
 * W_cubic(t) = C * (t - K)^3 + W_max: fast towards the window at which the last
 * loss occurred, slowly around it, fast again beyond it. Where Reno would be
 * faster, on short or slow paths, cwnd is Reno's (4.3).
 *
 * Implemented is all of section 4: the Reno-friendly region with its rule for
 * alpha (4.3), the target within [cwnd, 1.5 cwnd] (4.2), the reduction by 0.7
 * (4.6), fast convergence (4.7), timeouts (4.8), restoration after a spurious
 * reduction (4.9) and HyStart++ in the first slow start (4.10); also that t
 * stands still while the application is the limit (5.8).
 *
 * One difference: cwnd is the larger of the two curves. The RFC decides which
 * curve to use at t and evaluates the cubic at t + RTT; taking the larger one
 * saves a second evaluation, with the same result or one round trip early.
 *
 * Time is counted in ticks of 2^20 ns (1.05 ms), which needs no division; an ACK
 * costs at most one division, by cwnd.
 */
#include "../core.h"
#include "cwv.h"
#include "hystart.h"

#define TICK_SHIFT	20		/* ns to ticks */

/* C = 0.4 segments/s^3 (RFC 9438, 5): in segments/tick^3, times 2^44 */
#define C_SCALED	8113
#define C_SHIFT		44

/* The curve is computed for up to 9 minutes from the inflection point only. */
#define TICKS_MAX	(1U << 19)

/* In 1/65536: RFC 9438, 4.6, and with ECN RFC 8511, 3.1. */
#define BETA_LOSS	45876		/* 0.7 */
#define BETA_ECN	55706		/* 0.85 */
#define CONVERGE	55706		/* (1 + beta) / 2 (4.7) */
#define ALPHA		34696		/* 3 * (1 - beta) / (1 + beta) (4.3) */

/* The curve and the position on it; an undo restores it (4.9). */
struct curve {
	u64 epoch;		/* ns, when t was 0; idle times move it on */
	u32 w_max;		/* bytes; 0: not known */
	u32 k;			/* ticks from the epoch to the inflection point */
	u32 w_est;		/* bytes, W_est: the window of Reno */
	u32 prior;		/* bytes, cwnd before the last reduction */
	bool running;		/* epoch, k and w_est are valid */
};

struct cubic {
	struct xtcp_cwv cwv;
	struct xtcp_hystart hs;
	struct curve cur;
	struct curve saved;	/* before the last reduction, for undo.c */
	u64 acked_at;		/* ns, arrival of the last ACK */
	u64 credit;		/* bytes of growth not yet applied, times cwnd */
	u32 est_acked;		/* bytes acked since w_est grew, times alpha */
	bool idle;		/* the last ACK left nothing in flight */
	u8 saved_phase;		/* hs.phase before the last reduction */
};

static void cubic_init(struct xtcp_tcb *tcb, u64 now)
{
	struct cubic *c = xtcp_cc_state(tcb, struct cubic);

	xtcp_cwv_init(tcb, &c->cwv, now);
	xtcp_hystart_init(tcb, &c->hs);
	c->acked_at = now;
}

/* The integer cube root of @x, found bit by bit. */
static u32 cube_root(u64 x)
{
	u64 root = 0, bit;

	for (bit = 1ULL << 20; bit; bit >>= 1) {
		u64 try = root | bit;

		if (try * try * try <= x)
			root = try;
	}
	return (u32)root;
}

/* K = cbrt((W_max - cwnd_epoch) / C) (figure 2), in ticks */
static u32 cubic_time_to(u32 bytes, u32 mss)
{
	u64 segs = div_u64((u64)bytes << 20, mss);	/* times 2^20 */

	/* 2^44 / C_SCALED in parts: 2^20 above, 2^19 here, 2^5 after the division. */
	return cube_root(div_u64(segs << 19, C_SCALED) << 5);
}

/* W_cubic(t), in bytes. Products stay within 64 bits for off < TICKS_MAX. */
static u32 cubic_window(const struct curve *cur, u64 t, u32 mss)
{
	u64 off = t < cur->k ? cur->k - t : t - cur->k;
	u64 segs, bytes;

	if (off >= TICKS_MAX)
		return t < cur->k ? 0 : XTCP_CWND_MAX;
	segs = ((off * off * off >> 7) * C_SCALED) >> (C_SHIFT - 7 - 10);
	bytes = segs * mss >> 10;
	if (t < cur->k)
		return bytes < cur->w_max ? cur->w_max - (u32)bytes : 0;
	return (u32)min_t(u64, cur->w_max + bytes, XTCP_CWND_MAX);
}

/* RFC 9438, 4.2: a congestion avoidance stage begins. */
static void cubic_start_epoch(const struct xtcp_tcb *tcb, struct cubic *c, u64 now)
{
	struct curve *cur = &c->cur;

	cur->epoch = now;
	cur->running = true;
	cur->k = 0;
	if (cur->w_max > tcb->cwnd)
		cur->k = cubic_time_to(cur->w_max - tcb->cwnd, tcb->mss);
	else
		cur->w_max = tcb->cwnd;
	cur->w_est = tcb->cwnd;
	c->est_acked = 0;
	/* credit is scaled by the old cwnd and means more with a small one: drop it. */
	c->credit = 0;
}

/*
 * RFC 9438, 4.6 and 4.7. After a timeout (4.8) K is 0, and W_max is the cwnd at
 * which congestion avoidance begins. A cwnd that was not in use is not the W_max
 * of the path (RFC 7661).
 */
static u32 cubic_ssthresh(struct xtcp_tcb *tcb, enum xtcp_cc_event why, u32 flight)
{
	struct cubic *c = xtcp_cc_state(tcb, struct cubic);
	struct curve *cur = &c->cur;
	u32 wnd = tcb->cwnd;

	if (!xtcp_cwv_valid(tcb, &c->cwv))
		wnd = min(wnd, xtcp_cwv_used(tcb, &c->cwv, flight));
	c->saved = *cur;
	c->saved_phase = c->hs.phase;
	cur->prior = wnd;
	if (why == XTCP_CC_TIMEOUT)
		cur->w_max = 0;
	else if (wnd < cur->w_max)
		cur->w_max = (u32)((u64)wnd * CONVERGE / XTCP_CC_ONE);
	else
		cur->w_max = wnd;
	cur->running = false;
	c->hs.phase = XTCP_HYSTART_OFF;
	return xtcp_cwv_reduce(tcb, &c->cwv, flight,
			       why == XTCP_CC_ECN ? BETA_ECN : BETA_LOSS);
}

/*
 * RFC 9438, 5.8: time in which the application was the limit does not count;
 * otherwise cwnd would leap once it is not the limit any more.
 */
static void cubic_every_ack(struct xtcp_tcb *tcb, const struct xtcp_ack *ack)
{
	struct cubic *c = xtcp_cc_state(tcb, struct cubic);
	u32 wnd = tcb->cwnd;

	if (c->cur.running && (!ack->limited || c->idle))
		c->cur.epoch += ack->now - c->acked_at;
	c->acked_at = ack->now;
	c->idle = tcb->snd_una == tcb->snd_nxt;
	xtcp_cwv_ack(tcb, &c->cwv, ack);
	if (tcb->cwnd != wnd)
		c->cur.running = false;
	xtcp_hystart_ack(tcb, &c->hs, ack);
}

/* W_est: RFC 9438, 4.3, figure 4. Alpha is 1 once W_est has reached the prior cwnd. */
static void cubic_reno_curve(const struct xtcp_tcb *tcb, struct cubic *c, u32 bytes)
{
	struct curve *cur = &c->cur;
	u32 wnd = xtcp_cc_whole(tcb);

	c->est_acked += cur->w_est < cur->prior ?
			(u32)((u64)bytes * ALPHA / XTCP_CC_ONE) : bytes;
	if (c->est_acked < wnd)
		return;
	c->est_acked -= wnd;
	cur->w_est = min_t(u32, cur->w_est + tcb->mss, XTCP_CWND_MAX);
}

/* RFC 9438, 4.2 to 4.5: (target - cwnd) / cwnd for every byte acknowledged. */
static void cubic_avoid(struct xtcp_tcb *tcb, struct cubic *c, u32 bytes, u64 now)
{
	u64 rtt = (tcb->srtt8_us >> 3) * XTCP_NSEC_PER_USEC;
	u32 target;

	if (!c->cur.running)
		cubic_start_epoch(tcb, c, now);
	cubic_reno_curve(tcb, c, bytes);
	target = cubic_window(&c->cur, (now - c->cur.epoch + rtt) >> TICK_SHIFT, tcb->mss);
	target = min(target, tcb->cwnd + tcb->cwnd / 2);
	if (target > tcb->cwnd) {
		c->credit += (u64)bytes * (target - tcb->cwnd);
		if (c->credit >= tcb->cwnd) {
			u32 n = (u32)div_u64(c->credit, tcb->cwnd);

			c->credit -= (u64)n * tcb->cwnd;
			xtcp_cc_grow(tcb, n);
		}
	}
	tcb->cwnd = max(tcb->cwnd, min(c->cur.w_est, xtcp_cc_most(tcb)));
}

static void cubic_acked(struct xtcp_tcb *tcb, const struct xtcp_ack *ack)
{
	struct cubic *c = xtcp_cc_state(tcb, struct cubic);
	u32 bytes = ack->delivered;

	if (tcb->cwnd < tcb->ssthresh)
		bytes = xtcp_cc_slow_start(tcb, xtcp_hystart_share(&c->hs, bytes));
	if (bytes)
		cubic_avoid(tcb, c, bytes, ack->now);
}

static void cubic_event(struct xtcp_tcb *tcb, enum xtcp_cc_event ev, u64 now)
{
	struct cubic *c = xtcp_cc_state(tcb, struct cubic);

	switch (ev) {
	case XTCP_CC_UNDO:
		/* RFC 9438, 4.9: restore the curve. */
		c->cur = c->saved;
		c->hs.phase = c->saved_phase;
		break;
	case XTCP_CC_RESTART:
		/* cwnd is smaller now: start a new epoch. */
		c->cur.running = false;
		break;
	default:
		break;
	}
	xtcp_cwv_event(tcb, &c->cwv, ev, now);
}

const struct xtcp_cc xtcp_cc_cubic = {
	.name		= "cubic",
	.init		= cubic_init,
	.ssthresh	= cubic_ssthresh,
	.acked		= cubic_acked,
	.every_ack	= cubic_every_ack,
	.event		= cubic_event,
};
