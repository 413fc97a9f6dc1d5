// SPDX-License-Identifier: GPL-2.0
/*
 * TIME-WAIT: RFC 9293 3.6.1 and 3.10.7.4, RFC 1337, RFC 6191.
 *
 * All that is needed of a connection that waits for 2 MSL to pass fits into
 * a record of its own. A TCB that stays in TIME-WAIT is served by the same
 * code through a record made on the spot.
 */
#include "core.h"

/* Answers to anything but a FIN, at most one in this time: ACK loops. */
#define ANSWER_GAP_NS	(500 * XTCP_NSEC_PER_MSEC)

/**
 * xtcp_tw_init - the record of a connection
 * @tw: filled in
 * @tcb: connection in TIME-WAIT, not needed afterwards
 * @now: ns
 */
void xtcp_tw_init(struct xtcp_tw *tw, const struct xtcp_tcb *tcb, u64 now)
{
	memset(tw, 0, sizeof(*tw));
	tw->timewait_ms = tcb->par->timewait_ms;
	tw->deadline = xtcp_dl_is_set(tcb, XTCP_DL_LINGER) ?
		       tcb->dl[XTCP_DL_LINGER] :
		       now + tw->timewait_ms * XTCP_NSEC_PER_MSEC;
	tw->ack_at = tcb->challenge_at;
	tw->snd_nxt = tcb->snd_nxt;
	tw->rcv_nxt = tcb->rcv_nxt;
	tw->rcv_wnd = xtcp_rcv_wnd(tcb);
	tw->ts_recent = tcb->ts_recent;
	tw->ts_recent_at = tcb->ts_recent_at;
	tw->ts_off = tcb->ts_off;
	tw->opts = tcb->opts & XTCP_OPT_TS;
	tw->rcv_wscale = tcb->rcv_wscale;
	tw->ecn = xtcp_ecn_tw_flags(tcb);
}

/*
 * May a SYN open the next incarnation (RFC 6191, section 2; MAY-2)? Its
 * timestamp is newer than any of the old one's, or its number is beyond all
 * that the old one used.
 */
static bool new_incarnation(const struct xtcp_tw *tw, const struct xtcp_seg *seg)
{
	if (tw->opts & XTCP_OPT_TS && seg->opts & XTCP_OPT_TS &&
	    seg->tsval != tw->ts_recent)
		return seq_gt(seg->tsval, tw->ts_recent);
	return seq_gt(seg->seq, tw->rcv_nxt);
}

static enum xtcp_tw_act answer(struct xtcp_tw *tw, u64 now)
{
	if (tw->ack_at && now - tw->ack_at < ANSWER_GAP_NS)
		return XTCP_TW_DROP;
	tw->ack_at = now;
	return XTCP_TW_ACK;
}

/**
 * xtcp_tw_rx - a segment for a connection in TIME-WAIT
 * @tw: record
 * @seg: parsed; reason set unless the answer is XTCP_TW_SYN
 * @now: ns
 *
 * A RST changes nothing (RFC 1337, fix F1). The peer's FIN again means that
 * our ACK was lost: it is repeated, and the wait begins anew.
 *
 * Return: what to do; tw->deadline may have moved to later.
 */
enum xtcp_tw_act xtcp_tw_rx(struct xtcp_tw *tw, struct xtcp_seg *seg, u64 now)
{
	bool ts = tw->opts & XTCP_OPT_TS && seg->opts & XTCP_OPT_TS;

	seg->reason = XTCP_DROP_TIME_WAIT;
	if (seg->flags & XTCP_RST)
		return XTCP_TW_DROP;
	if ((seg->flags & (XTCP_SYN | XTCP_ACK)) == XTCP_SYN &&
	    new_incarnation(tw, seg)) {
		seg->reason = XTCP_DROP_NONE;
		return XTCP_TW_SYN;
	}
	if (ts && seq_lt(seg->tsval, tw->ts_recent)) {
		seg->reason = XTCP_DROP_PAWS;
		return answer(tw, now);
	}
	if (seg->flags & XTCP_FIN && seg->seq + seg->len + 1 == tw->rcv_nxt) {
		if (ts)
			tw->ts_recent = seg->tsval;
		tw->deadline = now + tw->timewait_ms * XTCP_NSEC_PER_MSEC;
		tw->ack_at = now;
		return XTCP_TW_ACK;
	}
	/* A bare ACK in its place is the end of a simultaneous close. */
	if (!seg->len && !(seg->flags & XTCP_SYN) && seg->seq == tw->rcv_nxt)
		return XTCP_TW_DROP;
	return answer(tw, now);
}

/**
 * xtcp_tw_plan - the ACK of TIME-WAIT
 * @tw: record
 * @plan: filled in
 * @now: ns
 */
void xtcp_tw_plan(const struct xtcp_tw *tw, struct xtcp_plan *plan, u64 now)
{
	memset(plan, 0, sizeof(*plan));
	plan->seq = tw->snd_nxt;
	plan->ack = tw->rcv_nxt;
	plan->flags = XTCP_ACK | tw->ecn;
	plan->wnd = xtcp_window_field(tw->rcv_wnd, tw->rcv_wscale);
	if (tw->opts & XTCP_OPT_TS) {
		plan->opts = XTCP_OPT_TS;
		plan->tsval = xtcp_ts_clock(now) + tw->ts_off;
		plan->tsecr = tw->ts_recent;
	}
	plan->hdr_len = xtcp_hdr_len(plan);
}

/*
 * xtcp_time_wait_rx - the same for a TCB that stays in TIME-WAIT
 *
 * A SYN that could open a new incarnation is challenged, as nobody here
 * could take it; the caller with a listener keeps a record instead.
 */
u32 xtcp_time_wait_rx(struct xtcp_tcb *tcb, struct xtcp_seg *seg, u64 now)
{
	struct xtcp_tw tw;
	u32 acts;

	xtcp_tw_init(&tw, tcb, now);
	switch (xtcp_tw_rx(&tw, seg, now)) {
	case XTCP_TW_SYN:
		acts = xtcp_drop(seg, XTCP_DROP_SYN_CHALLENGE);
		xtcp_ack_challenge(tcb, now);
		return acts | xtcp_want_output(tcb);
	case XTCP_TW_ACK:
		xtcp_dl_set(tcb, XTCP_DL_LINGER, tw.deadline);
		tcb->challenge_at = tw.ack_at;
		tcb->ts_recent = tw.ts_recent;
		xtcp_ack_now(tcb);
		break;
	default:
		break;
	}
	return XTCP_ACT_DROP | xtcp_want_output(tcb);
}
