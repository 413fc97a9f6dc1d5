// SPDX-License-Identifier: GPL-2.0
/*
 * Congestion window validation: RFC 7661.
 *
 * A window that the application does not fill says nothing about the path. It is
 * kept for a while, because the application may use it again, but it is not
 * trusted. pipeACK, the most that was recently delivered within one round trip,
 * is what was really tested; a window of more than twice that is non-validated.
 *
 *  - Growth (RFC 7661, 4.4): only while cwnd is in full use. This is
 *    ack->limited, without which acked() is not called, and it holds in both
 *    phases. Forbidding all growth while non-validated would forbid slow start,
 *    whose window is by nature twice what was delivered in the last round trip.
 *  - Loss (4.4.1): the reduction starts from what was in use instead of cwnd,
 *    and what had to be resent is subtracted at the end.
 *  - Five minutes non-validated (4.4.3): cwnd is halved, down to the initial
 *    window.
 *
 * With params.idle_restart, RFC 5681 4.1 already reduces cwnd after one idle RTO;
 * this file is then left with applications that send steadily, but less than they
 * could.
 */
#include "../core.h"
#include "cwv.h"

/* The non-validated period (RFC 7661, 4.4.3 and 5): ns. */
#define NVP		(300 * XTCP_NSEC_PER_SEC)

/*
 * Half of the sampling period, which is max(3 * RTT, 1 s) (RFC 7661, 4.2). Two
 * halves are remembered, so that a sample counts for half a period to a whole
 * one.
 */
#define HALF_MIN_US	500000

static u64 cwv_half_ns(const struct xtcp_tcb *tcb)
{
	u32 us = (u32)((tcb->srtt8_us * 3ULL) >> 4);

	return max_t(u32, us, HALF_MIN_US) * XTCP_NSEC_PER_USEC;
}

/* pipeACK becomes undefined, which counts as validated (RFC 7661, 4.1 and 4.4.1). */
static void cwv_forget(const struct xtcp_tcb *tcb, struct xtcp_cwv *cwv, u64 now)
{
	cwv->defined = false;
	cwv->half_at = now;
	cwv->nvp_at = 0;
	cwv->most[0] = 0;
	cwv->round_acked = 0;
	cwv->round_end = tcb->snd_nxt;
}

/* xtcp_cwv_init - start with pipeACK undefined */
void xtcp_cwv_init(const struct xtcp_tcb *tcb, struct xtcp_cwv *cwv, u64 now)
{
	cwv_forget(tcb, cwv, now);
	cwv->idle = true;
	cwv->loss_base = 0;
}

static u32 cwv_pipe_ack(const struct xtcp_cwv *cwv)
{
	return max(cwv->most[0], cwv->most[1]);
}

/* xtcp_cwv_valid - is cwnd validated, that is, was it in use? */
bool xtcp_cwv_valid(const struct xtcp_tcb *tcb, const struct xtcp_cwv *cwv)
{
	return !cwv->defined || cwv_pipe_ack(cwv) >= tcb->cwnd / 2;
}

/* RFC 7661, 4.4.3. Each iteration halves cwnd, so there are few. */
static void cwv_expire(struct xtcp_tcb *tcb, struct xtcp_cwv *cwv, u64 now)
{
	u32 iw = xtcp_cc_initial_cwnd(tcb);

	while (now - cwv->nvp_at >= NVP) {
		if (tcb->cwnd <= iw) {
			cwv->nvp_at = now;
			return;
		}
		tcb->ssthresh = max(tcb->ssthresh, tcb->cwnd - tcb->cwnd / 4);
		tcb->cwnd = max(tcb->cwnd / 2, iw);
		cwv->nvp_at += NVP;
	}
}

static void cwv_check(struct xtcp_tcb *tcb, struct xtcp_cwv *cwv, u64 now)
{
	if (xtcp_cwv_valid(tcb, cwv))
		cwv->nvp_at = 0;
	else if (!cwv->nvp_at)
		cwv->nvp_at = now;
	else
		cwv_expire(tcb, cwv, now);
}

static void cwv_turn_half(const struct xtcp_tcb *tcb, struct xtcp_cwv *cwv, u64 now)
{
	u64 half = cwv_half_ns(tcb);
	u64 age = now - cwv->half_at;

	if (age < half)
		return;
	cwv->most[1] = age < 2 * half ? cwv->most[0] : 0;
	cwv->most[0] = 0;
	cwv->half_at = now;
	cwv->defined = true;
}

/*
 * xtcp_cwv_ack - update pipeACK; called for every ACK, in every state
 *
 * A round trip lasts from one ACK to the ACK of what was the newest data then;
 * after an idle time it begins with the first ACK. Nothing is measured in
 * recovery (RFC 7661, 4.2).
 */
void xtcp_cwv_ack(struct xtcp_tcb *tcb, struct xtcp_cwv *cwv, const struct xtcp_ack *ack)
{
	if (tcb->cong == XTCP_CONG_RECOVERY || tcb->cong == XTCP_CONG_LOSS) {
		cwv_forget(tcb, cwv, ack->now);
		return;
	}
	cwv_turn_half(tcb, cwv, ack->now);
	if (cwv->idle)
		cwv->round_end = tcb->snd_nxt;
	cwv->round_acked += ack->delivered;
	if (seq_ge(tcb->snd_una, cwv->round_end)) {
		cwv->most[0] = max(cwv->most[0], cwv->round_acked);
		cwv->round_acked = 0;
		cwv->round_end = tcb->snd_nxt;
	}
	cwv->idle = tcb->snd_una == tcb->snd_nxt;
	cwv_check(tcb, cwv, ack->now);
}

/*
 * xtcp_cwv_used - how much of cwnd was in use, bytes: the base of a reduction
 * @flight: bytes in flight when the loss was noticed
 *
 * RFC 5681 (4) if validated, otherwise RFC 7661, 4.4.1.
 */
u32 xtcp_cwv_used(const struct xtcp_tcb *tcb, const struct xtcp_cwv *cwv, u32 flight)
{
	if (xtcp_cwv_valid(tcb, cwv))
		return flight;
	return max(flight, cwv_pipe_ack(cwv));
}

/*
 * xtcp_cwv_reduce - compute ssthresh after a loss, and start pipeACK anew
 * @flight: bytes in flight when the loss was noticed
 * @beta: the factor, in 1/65536
 *
 * Return: ssthresh, bytes, at least two segments (RFC 5681, equation 4).
 */
u32 xtcp_cwv_reduce(struct xtcp_tcb *tcb, struct xtcp_cwv *cwv, u32 flight, u32 beta)
{
	u32 used = xtcp_cwv_used(tcb, cwv, flight);

	cwv->loss_base = xtcp_cwv_valid(tcb, cwv) ? 0 : used;
	cwv->loss_rtx = (u32)tcb->bytes_retrans;
	cwv->loss_beta = beta;
	cwv->defined = false;
	cwv->nvp_at = 0;
	return max((u32)((u64)used * beta / XTCP_CC_ONE), 2U * tcb->mss);
}

/* RFC 7661, 4.4.1: subtract what had to be resent, which did not fit the path. */
static void cwv_recovered(struct xtcp_tcb *tcb, struct xtcp_cwv *cwv)
{
	u32 again = (u32)tcb->bytes_retrans - cwv->loss_rtx;
	u32 fits = cwv->loss_base - min(again, cwv->loss_base);
	u32 wnd = max((u32)((u64)fits * cwv->loss_beta / XTCP_CC_ONE), 2U * tcb->mss);

	if (!cwv->loss_base)
		return;
	cwv->loss_base = 0;
	tcb->ssthresh = min(tcb->ssthresh, wnd);
	tcb->cwnd = min(tcb->cwnd, wnd);
}

/* xtcp_cwv_event - called for every event of the algorithm */
void xtcp_cwv_event(struct xtcp_tcb *tcb, struct xtcp_cwv *cwv, enum xtcp_cc_event ev,
		    u64 now)
{
	switch (ev) {
	case XTCP_CC_DONE:
		cwv_recovered(tcb, cwv);
		cwv_forget(tcb, cwv, now);
		break;
	case XTCP_CC_UNDO:
		cwv->loss_base = 0;
		cwv_forget(tcb, cwv, now);
		break;
	case XTCP_CC_RESTART:
		/* No ACK has noticed the time that passed. */
		cwv_turn_half(tcb, cwv, now);
		if (!cwv->nvp_at && !xtcp_cwv_valid(tcb, cwv))
			cwv->nvp_at = max_t(u64, tcb->last_data_tx_at, 1);
		cwv_check(tcb, cwv, now);
		break;
	default:
		break;
	}
}
