// SPDX-License-Identifier: GPL-2.0
/*
 * Header prediction (Van Jacobson, 1990): the segment that an established connection
 * expects, processed without the checks of RFC 9293, 3.10.7.4, whose outcome is known.
 *
 * input.c defines what happens to a segment. This file is a shorter way to the same
 * result: for each segment that it takes, xtcp_rx_by_rfc() changes the same fields and
 * asks for the same actions. Unit tests and explorer run both for each of them and compare,
 * the simulator for one of sixteen (selftests/core/both_ways.c).
 */
#include "core.h"

/* Flags of a connection with which a segment may need one of the steps left out here. */
#define UNUSUAL	(XTCP_F_FIN_SEEN | XTCP_F_ORPHAN | XTCP_F_RCV_URG)

/*
 * Process an ACK field that says nothing new: only the window may have changed. Return:
 * false, with nothing done, if xtcp_ack_rx() has to look at it: it acknowledges something,
 * may be a duplicate ACK, concerns a closed window or what the window holds back.
 */
static bool predicted_ack(struct xtcp_tcb *tcb, const struct xtcp_seg *seg)
{
	if (seg->ack != tcb->snd_una || !seg->wnd || !tcb->snd_wnd ||
	    seq_lt(seg->seq, tcb->snd_wl1))
		return false;
	if (tcb->snd_una == tcb->snd_nxt) {
		if (xtcp_unsent(tcb))
			return false;
		xtcp_dl_clear(tcb, XTCP_DL_PERSIST);
	} else if (!seg->len || !xtcp_dl_is_set(tcb, XTCP_DL_RTO)) {
		return false;
	}
	tcb->snd_wnd = (u32)seg->wnd << tcb->snd_wscale;
	tcb->max_snd_wnd = max(tcb->max_snd_wnd, tcb->snd_wnd);
	tcb->snd_wl1 = seg->seq;
	tcb->snd_wl2 = seg->ack;
	return true;
}

/* Take payload that begins at RCV.NXT, with nothing held out of order. */
static void predicted_text(struct xtcp_tcb *tcb, struct xtcp_seg *seg, u64 now)
{
	seg->from = seg->seq;
	seg->to = seg->seq + seg->len;
	tcb->last_data_rx_at = now;
	tcb->rcv_nxt = seg->to;
	tcb->bytes_received += seg->len;
	xtcp_rcv_rtt(tcb, seg, now);
	xtcp_ack_data(tcb, seg, now);
}

/*
 * xtcp_rx_is_predicted - is it the next segment in order, with nothing unusual?
 *
 * Then the connection is in ESTABLISHED, the segment has no flag except ACK and PSH, begins
 * at RCV.NXT, ends in the window, has the agreed options and no others, passes PAWS, and
 * nothing is held out of order.
 */
bool xtcp_rx_is_predicted(const struct xtcp_tcb *tcb, const struct xtcp_seg *seg)
{
	return tcb->state == XTCP_ESTABLISHED && seg->seq == tcb->rcv_nxt &&
	       (seg->flags & ~XTCP_PSH) == XTCP_ACK &&
	       seg->opts == (tcb->opts & XTCP_OPT_TS) &&
	       !(seg->opts && seq_lt(seg->tsval, tcb->ts_recent)) &&
	       !(tcb->flags & UNUSUAL) && !tcb->ecn && !tcb->fo && !tcb->ooo_root &&
	       !tcb->ooo_ready && !tcb->ooo_dead && seg->len <= xtcp_rcv_promised(tcb);
}

/*
 * xtcp_rx_predicted - process a segment with xtcp_rx_is_predicted()
 *
 * Left out, besides the checks: trimming, urgent pointer, reassembly and FIN.
 *
 * Return: XTCP_ACT_* bits.
 */
u32 xtcp_rx_predicted(struct xtcp_tcb *tcb, struct xtcp_seg *seg, u64 now)
{
	u32 actions = 0;

	if (!predicted_ack(tcb, seg)) {
		actions = xtcp_ack_rx(tcb, seg, now);
		if (actions & XTCP_ACT_DROP)
			return actions | xtcp_want_output(tcb);
	}
	tcb->last_rx_at = now;
	if (seg->opts && seq_le(seg->seq, tcb->ack_seq_last)) {
		tcb->ts_recent = seg->tsval;
		tcb->ts_recent_at = now;
	}
	if (seg->len) {
		predicted_text(tcb, seg, now);
		actions |= XTCP_ACT_DELIVER;
	}
	return actions | xtcp_want_output(tcb);
}
