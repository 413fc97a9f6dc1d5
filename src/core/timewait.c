// SPDX-License-Identifier: GPL-2.0
/*
 * TIME-WAIT: RFC 9293 3.6.1 and 3.10.7.4, RFC 1337, RFC 6191; and FIN-WAIT-2 of a
 * connection that the application has closed.
 *
 * All that a connection in TIME-WAIT needs fits into a small record, and one that
 * waits for the peer's FIN without a reader needs hardly more. A TCB that stays
 * in TIME-WAIT is handled by the same code, through a temporary record.
 */
#include "core.h"

/* Shortest time between two answers, except to a FIN, ms: prevents ACK loops. */
#define ANSWER_GAP_MS	500

/*
 * An ACK further behind than any unscaled window is rejected; the peer's window
 * is not kept. A rejected one is answered, and the peer retries with a better
 * number.
 */
#define ACK_BEHIND_MAX	65535

void xtcp_tw_init(struct xtcp_tw *tw, const struct xtcp_tcb *tcb, u64 now)
{
	u64 end = now + xtcp_timewait_ms(tcb) * XTCP_NSEC_PER_MSEC;
	u32 clock = xtcp_tw_clock(now);

	if (xtcp_dl_is_set(tcb, XTCP_DL_LINGER))
		end = tcb->dl[XTCP_DL_LINGER];
	memset(tw, 0, sizeof(*tw));
	/* Round up, so as not to end early. */
	tw->deadline = xtcp_tw_clock(end + XTCP_NSEC_PER_MSEC - 1);
	tw->timewait_ms = xtcp_timewait_ms(tcb);
	tw->ack_at = tcb->challenge_at ? xtcp_tw_clock(tcb->challenge_at) :
					 clock - ANSWER_GAP_MS;
	tw->snd_nxt = tcb->snd_nxt;
	tw->rcv_nxt = tcb->rcv_nxt;
	tw->wnd = xtcp_window_field(xtcp_rcv_wnd(tcb), tcb->rcv_wscale);
	tw->rcv_wscale = tcb->rcv_wscale;
	tw->ts_recent = tcb->ts_recent;
	tw->flags = (u8)((xtcp_ecn_tw_flags(tcb) >> XTCP_ACE_SHIFT) << XTCP_TW_ECN_SHIFT);
	if (tcb->opts & XTCP_OPT_TS)
		tw->flags |= XTCP_TW_F_TS;
	if (tcb->state == XTCP_FIN_WAIT_2)
		tw->flags |= XTCP_TW_F_FIN_WAIT_2;
}

bool xtcp_tw_reopens(const struct xtcp_tw *tw, const struct xtcp_seg *seg)
{
	if ((seg->flags & (XTCP_SYN | XTCP_ACK | XTCP_RST)) != XTCP_SYN)
		return false;
	if (tw->flags & XTCP_TW_F_TS && seg->opts & XTCP_OPT_TS &&
	    seg->tsval != tw->ts_recent)
		return seq_gt(seg->tsval, tw->ts_recent);
	return seq_gt(seg->seq, tw->rcv_nxt);
}

/*
 * Discard @seg for @why, and answer it unless an answer was sent within
 * ANSWER_GAP_MS.
 */
static enum xtcp_tw_act tw_answer(struct xtcp_tw *tw, struct xtcp_seg *seg,
				  enum xtcp_drop_reason why, u64 now)
{
	u32 clock = xtcp_tw_clock(now);

	seg->reason = why;
	if (XTCP_DEFENCE(tw_answers, clock - tw->ack_at < ANSWER_GAP_MS)) {
		tw->flags |= XTCP_TW_F_SKIPPED;
		return XTCP_TW_DROP;
	}
	tw->ack_at = clock;
	return XTCP_TW_ACK;
}

static enum xtcp_tw_act tw_drop(struct xtcp_seg *seg, enum xtcp_drop_reason why)
{
	seg->reason = why;
	return XTCP_TW_DROP;
}

/* The peer's FIN: acknowledge it; TIME-WAIT lasts 2 MSL from now. */
static enum xtcp_tw_act tw_fin(struct xtcp_tw *tw, const struct xtcp_seg *seg, u64 now)
{
	if (tw->flags & XTCP_TW_F_TS && seg->opts & XTCP_OPT_TS)
		tw->ts_recent = seg->tsval;
	tw->ack_at = xtcp_tw_clock(now);
	tw->deadline = tw->ack_at + tw->timewait_ms;
	return XTCP_TW_ACK;
}

/* RFC 9293 3.10.7.4, fifth step. Return: XTCP_DROP_NONE if the ACK is acceptable. */
static enum xtcp_drop_reason tw_check_ack(const struct xtcp_tw *tw,
					  const struct xtcp_seg *seg)
{
	if (seq_gt(seg->ack, tw->snd_nxt))
		return XTCP_DROP_ACK_FUTURE;
	if (tw->snd_nxt - seg->ack > ACK_BEHIND_MAX)
		return XTCP_DROP_ACK_OLD;
	return XTCP_DROP_NONE;
}

static enum xtcp_tw_act tw_time_wait(struct xtcp_tw *tw, struct xtcp_seg *seg, u64 now)
{
	enum xtcp_drop_reason why;

	seg->reason = XTCP_DROP_TIME_WAIT;
	if (seg->flags & XTCP_RST)
		return XTCP_DEFENCE_OR(tw_rst, XTCP_TW_DROP, XTCP_TW_SYN);
	if (xtcp_tw_reopens(tw, seg)) {
		seg->reason = XTCP_DROP_NONE;
		return XTCP_TW_SYN;
	}
	if (tw->flags & XTCP_TW_F_TS && seg->opts & XTCP_OPT_TS &&
	    seq_lt(seg->tsval, tw->ts_recent))
		return tw_answer(tw, seg, XTCP_DROP_PAWS, now);
	if (seg->flags & XTCP_SYN)
		return tw_answer(tw, seg, XTCP_DROP_TIME_WAIT, now);
	if (!(seg->flags & XTCP_ACK))
		return tw_drop(seg, XTCP_DROP_NO_ACK);
	why = tw_check_ack(tw, seg);
	if (why)
		return tw_answer(tw, seg, why, now);
	/*
	 * The FIN again, or one right behind it from a peer that did not count
	 * the first.
	 */
	if (seg->flags & XTCP_FIN && tw->rcv_nxt - (seg->seq + seg->len) <= 1)
		return tw_fin(tw, seg, now);
	/* A bare ACK at RCV.NXT ends a simultaneous close. */
	if (!seg->len && seg->seq == tw->rcv_nxt)
		return XTCP_TW_DROP;
	return tw_answer(tw, seg, XTCP_DROP_TIME_WAIT, now);
}

/* RFC 9293 3.10.7.4, first step, like rx_check_sequence() in input.c. */
static bool tw_acceptable(const struct xtcp_tw *tw, const struct xtcp_seg *seg, u32 wnd)
{
	u32 space = seg->len + !!(seg->flags & XTCP_FIN);
	u32 end = seg->seq + space;

	if (seg->seq == tw->rcv_nxt || seq_in(seg->seq, tw->rcv_nxt, wnd))
		return !space || wnd;
	return space && seq_lt(seg->seq, tw->rcv_nxt) && seq_gt(end, tw->rcv_nxt);
}

/*
 * FIN-WAIT-2: everything we sent is acknowledged. What may come is a FIN, or data
 * that nobody will read, which is answered by a RST (SHLD-3).
 */
static enum xtcp_tw_act tw_fin_wait_2(struct xtcp_tw *tw, struct xtcp_seg *seg, u64 now)
{
	u32 wnd = (u32)tw->wnd << tw->rcv_wscale;
	u32 end = seg->seq + seg->len;
	enum xtcp_drop_reason why;

	seg->reason = XTCP_DROP_NONE;
	if (seg->flags & XTCP_RST) {
		if (seg->seq == tw->rcv_nxt) {
			seg->reason = XTCP_DROP_RST_VALID;
			return XTCP_TW_END;
		}
		if (!seq_in(seg->seq, tw->rcv_nxt, wnd))
			return tw_drop(seg, XTCP_DROP_RST_WINDOW);
		return tw_answer(tw, seg, XTCP_DROP_RST_CHALLENGE, now);
	}
	if (tw->flags & XTCP_TW_F_TS) {
		if (!(seg->opts & XTCP_OPT_TS))
			return tw_drop(seg, XTCP_DROP_NO_TIMESTAMP);
		if (seq_lt(seg->tsval, tw->ts_recent))
			return tw_answer(tw, seg, XTCP_DROP_PAWS, now);
	}
	if (seg->flags & XTCP_SYN)
		return tw_answer(tw, seg, XTCP_DROP_SYN_CHALLENGE, now);
	if (!tw_acceptable(tw, seg, wnd))
		return tw_answer(tw, seg, seq_lt(seg->seq, tw->rcv_nxt) ? XTCP_DROP_OLD :
				 XTCP_DROP_WINDOW, now);
	if (!(seg->flags & XTCP_ACK))
		return tw_drop(seg, XTCP_DROP_NO_ACK);
	why = tw_check_ack(tw, seg);
	if (why)
		return tw_answer(tw, seg, why, now);
	if (seg->len && seq_gt(end, tw->rcv_nxt)) {
		seg->reason = XTCP_DROP_AFTER_CLOSE;
		return XTCP_TW_RST;
	}
	if (tw->flags & XTCP_TW_F_TS && seq_le(seg->seq, tw->rcv_nxt))
		tw->ts_recent = seg->tsval;
	if (!(seg->flags & XTCP_FIN))
		return XTCP_TW_DROP;
	/* Data before the FIN is missing. */
	if (end != tw->rcv_nxt)
		return tw_answer(tw, seg, XTCP_DROP_NONE, now);
	tw->rcv_nxt++;
	tw->flags &= ~XTCP_TW_F_FIN_WAIT_2;
	return tw_fin(tw, seg, now);
}

/*
 * In TIME-WAIT a RST changes nothing (RFC 1337, fix F1). The peer's FIN again means
 * that our ACK was lost: resend it and restart the wait.
 */
enum xtcp_tw_act xtcp_tw_rx(struct xtcp_tw *tw, struct xtcp_seg *seg, u64 now)
{
	if (tw->flags & XTCP_TW_F_FIN_WAIT_2)
		return tw_fin_wait_2(tw, seg, now);
	return tw_time_wait(tw, seg, now);
}

void xtcp_tw_plan(const struct xtcp_tw *tw, u32 ts_off, struct xtcp_plan *plan,
		  u64 now)
{
	u32 ecn = (tw->flags & XTCP_TW_F_ECN) >> XTCP_TW_ECN_SHIFT;

	memset(plan, 0, sizeof(*plan));
	plan->seq = tw->snd_nxt;
	plan->ack = tw->rcv_nxt;
	plan->flags = (u16)(XTCP_ACK | ecn << XTCP_ACE_SHIFT);
	plan->wnd = tw->wnd;
	if (tw->flags & XTCP_TW_F_TS) {
		plan->opts = XTCP_OPT_TS;
		plan->tsval = xtcp_ts_clock(now) + ts_off;
		plan->tsecr = tw->ts_recent;
	}
	plan->hdr_len = xtcp_hdr_len(plan);
}

void xtcp_tw_rst(const struct xtcp_tw *tw, struct xtcp_plan *plan)
{
	memset(plan, 0, sizeof(*plan));
	plan->seq = tw->snd_nxt;
	plan->ack = tw->rcv_nxt;
	plan->flags = XTCP_RST | XTCP_ACK;
	plan->hdr_len = XTCP_HDR_LEN;
}

/*
 * RFC 6191, section 2: the peer, if it is in TIME-WAIT too, recognises our SYN as new
 * by its timestamp, and timestamps tell segments of the old connection from those of
 * the new one.
 */
bool xtcp_tw_reusable(const struct xtcp_tw *tw, u32 delay_ms, u64 now)
{
	if (!(tw->flags & XTCP_TW_F_TS) || tw->flags & XTCP_TW_F_FIN_WAIT_2)
		return false;
	return (s64)tw->timewait_ms - xtcp_tw_left(tw, now) >= delay_ms;
}

/*
 * xtcp_time_wait_rx - process a segment for a TCB that stays in TIME-WAIT
 *
 * A SYN that could open a new incarnation gets a challenge ACK, as there is no
 * listener here to accept it; a caller with a listener keeps a record instead.
 *
 * Return: XTCP_ACT_* bits.
 */
u32 xtcp_time_wait_rx(struct xtcp_tcb *tcb, struct xtcp_seg *seg, u64 now)
{
	struct xtcp_tw tw;
	u32 actions, deadline;

	xtcp_tw_init(&tw, tcb, now);
	deadline = tw.deadline;
	switch (xtcp_tw_rx(&tw, seg, now)) {
	case XTCP_TW_SYN:
		actions = xtcp_drop(seg, XTCP_DROP_SYN_CHALLENGE);
		xtcp_ack_challenge(tcb, now);
		return actions | xtcp_want_output(tcb);
	case XTCP_TW_ACK:
		if (tw.deadline != deadline)
			xtcp_dl_set(tcb, XTCP_DL_LINGER,
				    now + tw.timewait_ms * XTCP_NSEC_PER_MSEC);
		tcb->challenge_at = now;
		tcb->ts_recent = tw.ts_recent;
		xtcp_ack_now(tcb);
		break;
	default:
		break;
	}
	return XTCP_ACT_DROP | xtcp_want_output(tcb);
}
