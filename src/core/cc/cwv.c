// SPDX-License-Identifier: GPL-2.0
/*
 * Congestion window validation: RFC 7661.
 *
 * A window that the application does not fill says nothing about the path. It
 * is kept for a while, because the application may come back, but it is not
 * believed: pipeACK, the most that arrived within one round trip of late, is
 * what was really tried. A window more than twice that is non-validated.
 *
 *  - Growth (RFC 7661, 4.4): only while the window is in full use. This is
 *    ack->limited, without which acked() is not called, and it holds in both
 *    phases. To forbid all growth while non-validated would forbid slow start,
 *    whose window is by nature twice what arrived in the last round trip.
 *  - Loss (4.4.1): the reduction starts from what was in use, not from the
 *    window, and what had to be sent again is taken off at the end.
 *  - Five minutes non-validated (4.4.3): the window is halved, down to the
 *    initial window.
 *
 * With params.idle_restart, RFC 5681 4.1 brings the window down after one idle
 * RTO already; this here is then left with applications that send steadily,
 * but less than they might.
 */
#include "../core.h"
#include "cwv.h"

/* The non-validated period (RFC 7661, 4.4.3 and 5): ns. */
#define NVP		(300 * XTCP_NSEC_PER_SEC)

/*
 * The sampling period is max(3 * RTT, 1 s) (RFC 7661, 4.2). Two halves of it
 * are remembered, so that a sample counts for half a period to a whole one.
 */
#define HALF_MIN_US	500000

static u64 half_ns(const struct xtcp_tcb *tcb)
{
	u32 us = (u32)((tcb->srtt8_us * 3ULL) >> 4);

	return max_t(u32, us, HALF_MIN_US) * XTCP_NSEC_PER_USEC;
}

/* pipeACK is not known: taken for validated (RFC 7661, 4.1 and 4.4.1). */
static void forget(const struct xtcp_tcb *tcb, struct xtcp_cwv *cwv, u64 now)
{
	cwv->defined = false;
	cwv->reqsk_at = now;
	cwv->nvp_at = 0;
	cwv->most[0] = 0;
	cwv->round_acked = 0;
	cwv->round_end = tcb->snd_nxt;
}

void xtcp_cwv_init(const struct xtcp_tcb *tcb, struct xtcp_cwv *cwv, u64 now)
{
	forget(tcb, cwv, now);
	cwv->idle = true;
	cwv->loss_base = 0;
}

static u32 pipe_ack(const struct xtcp_cwv *cwv)
{
	return max(cwv->most[0], cwv->most[1]);
}

/* xtcp_cwv_valid - is the window one that was in use? */
bool xtcp_cwv_valid(const struct xtcp_tcb *tcb, const struct xtcp_cwv *cwv)
{
	return !cwv->defined || pipe_ack(cwv) >= tcb->cwnd / 2;
}

/* RFC 7661, 4.4.3. The loop halves, so it is short. */
static void expire(struct xtcp_tcb *tcb, struct xtcp_cwv *cwv, u64 now)
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

static void check(struct xtcp_tcb *tcb, struct xtcp_cwv *cwv, u64 now)
{
	if (xtcp_cwv_valid(tcb, cwv))
		cwv->nvp_at = 0;
	else if (!cwv->nvp_at)
		cwv->nvp_at = now;
	else
		expire(tcb, cwv, now);
}

static void turn_reqsk(const struct xtcp_tcb *tcb, struct xtcp_cwv *cwv, u64 now)
{
	u64 half = half_ns(tcb);
	u64 age = now - cwv->reqsk_at;

	if (age < half)
		return;
	cwv->most[1] = age < 2 * half ? cwv->most[0] : 0;
	cwv->most[0] = 0;
	cwv->reqsk_at = now;
	cwv->defined = true;
}

/*
 * xtcp_cwv_ack - every ACK, in every state
 *
 * A round trip runs from one ACK to the ACK of what was the newest data then;
 * after an idle time it begins with the first ACK. In recovery nothing is
 * measured (RFC 7661, 4.2).
 */
void xtcp_cwv_ack(struct xtcp_tcb *tcb, struct xtcp_cwv *cwv, const struct xtcp_ack *ack)
{
	if (tcb->cong == XTCP_CONG_RECOVERY || tcb->cong == XTCP_CONG_LOSS) {
		forget(tcb, cwv, ack->now);
		return;
	}
	turn_reqsk(tcb, cwv, ack->now);
	if (cwv->idle)
		cwv->round_end = tcb->snd_nxt;
	cwv->round_acked += ack->delivered;
	if (seq_ge(tcb->snd_una, cwv->round_end)) {
		cwv->most[0] = max(cwv->most[0], cwv->round_acked);
		cwv->round_acked = 0;
		cwv->round_end = tcb->snd_nxt;
	}
	cwv->idle = tcb->snd_una == tcb->snd_nxt;
	check(tcb, cwv, ack->now);
}

/*
 * xtcp_cwv_used - how much of the window was in use: the base of a reduction
 * @flight: bytes in flight when the loss was noticed
 *
 * RFC 5681 (4) when validated, else RFC 7661, 4.4.1.
 */
u32 xtcp_cwv_used(const struct xtcp_tcb *tcb, const struct xtcp_cwv *cwv, u32 flight)
{
	if (xtcp_cwv_valid(tcb, cwv))
		return flight;
	return max(flight, pipe_ack(cwv));
}

/*
 * xtcp_cwv_reduce - ssthresh after a loss, and pipeACK starts anew
 * @beta: what is to be left, of XTCP_CC_ONE
 *
 * Return: bytes, at least two segments (RFC 5681, equation 4).
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

/* RFC 7661, 4.4.1: what had to be sent again did not fit the path. */
static void recovered(struct xtcp_tcb *tcb, struct xtcp_cwv *cwv)
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

/* xtcp_cwv_event - to be called for every event of the algorithm */
void xtcp_cwv_event(struct xtcp_tcb *tcb, struct xtcp_cwv *cwv, enum xtcp_cc_event ev,
		    u64 now)
{
	switch (ev) {
	case XTCP_CC_DONE:
		recovered(tcb, cwv);
		forget(tcb, cwv, now);
		break;
	case XTCP_CC_UNDO:
		cwv->loss_base = 0;
		forget(tcb, cwv, now);
		break;
	case XTCP_CC_RESTART:
		/* No ACK came meanwhile to notice that time has passed. */
		turn_reqsk(tcb, cwv, now);
		if (!cwv->nvp_at && !xtcp_cwv_valid(tcb, cwv))
			cwv->nvp_at = max_t(u64, tcb->last_data_tx_at, 1);
		check(tcb, cwv, now);
		break;
	default:
		break;
	}
}
