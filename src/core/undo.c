// SPDX-License-Identifier: GPL-2.0
/*
 * Second thoughts: a reduction that turns out to have been for nothing is
 * taken back. Three witnesses are heard:
 *
 *  - the timestamp echoed is older than the first retransmission, so what is
 *    acknowledged is the original (Eifel, RFC 3522);
 *  - everything that was retransmitted arrived twice (D-SACK, RFC 3708);
 *  - something taken for lost arrived before it was sent again: after the
 *    timeout's retransmission was acknowledged (RFC 5682), or, where RACK took it
 *    for lost, when nothing at all was sent again.
 */
#include "core.h"

/* xtcp_undo_mark - a reduction begins: what to go back to */
void xtcp_undo_mark(struct xtcp_tcb *tcb)
{
	tcb->prior_cwnd = tcb->cwnd;
	tcb->prior_ssthresh = tcb->ssthresh;
	tcb->undo_una = tcb->snd_una;
	tcb->undo_rtx = 0;
	tcb->flags |= XTCP_F_UNDO;
	tcb->flags &= ~XTCP_F_UNDO_RTX;
}

/* xtcp_undo_rtx - [@seq, @end) was sent again */
void xtcp_undo_rtx(struct xtcp_tcb *tcb, u32 seq, u32 end, u64 now)
{
	if (!(tcb->flags & XTCP_F_UNDO_RTX)) {
		tcb->flags |= XTCP_F_UNDO_RTX;
		tcb->undo_rtx_at = now;
		tcb->undo_rtx_end = end;
	}
	tcb->undo_rtx_end = seq_max(tcb->undo_rtx_end, end);
	tcb->undo_rtx += end - seq;
}

/* Was [@start, @end) a tail loss probe, as far as is remembered? */
static bool probed(const struct xtcp_tcb *tcb, u32 start, u32 end)
{
	return tcb->tlp_probes && seq_ge(start, tcb->tlp_seq) &&
	       seq_le(end, tcb->tlp_end);
}

/*
 * xtcp_dsack_rx - the peer received [@start, @end) once more
 *
 * Only what was sent again in this episode counts. A duplicate of what was
 * sent once was made by the network, and then others may have been, too: such
 * a path's D-SACKs are no witnesses any more (RFC 3708, 3.3).
 */
void xtcp_dsack_rx(struct xtcp_tcb *tcb, u32 start, u32 end, struct xtcp_ack *a)
{
	bool again = tcb->flags & XTCP_F_UNDO_RTX;

	if (seq_gt(end, tcb->snd_nxt) || end - start > tcb->max_snd_wnd + tcb->mss)
		return;
	a->dsack = true;
	tcb->dsacks_in++;
	xtcp_mib(tcb, seq_le(end, tcb->snd_una) ? XTCP_MIB_DSACK_RECV :
						  XTCP_MIB_DSACK_OFO_RECV);
	xtcp_rack_dsack(tcb);
	if (again && seq_ge(start, tcb->undo_una) && seq_le(end, tcb->undo_rtx_end))
		tcb->undo_rtx -= min(end - start, tcb->undo_rtx);
	else if ((!tcb->total_retrans || (again && seq_ge(start, tcb->undo_rtx_end))) &&
		 !probed(tcb, start, end))
		tcb->net_dups = 1;
}

/*
 * xtcp_undo_original - is SND.UNA acknowledged by the arrival of its original?
 *
 * RFC 3522, 3.2 step 4: the timestamp echoed is that of the segment that filled
 * the hole at SND.UNA (RFC 7323, 4.3), so it is compared with the one and only
 * retransmission of that, and only for the hole that the episode began with:
 * later ones may have been sent again in an earlier episode, or be real though
 * the first was not. To be asked before SND.UNA moves.
 */
bool xtcp_undo_original(const struct xtcp_tcb *tcb, const struct xtcp_ack *a)
{
	const struct xtcp_sent *head = tcb->map_head;

	if (!(tcb->flags & XTCP_F_UNDO_RTX) || !a->ts || !head ||
	    tcb->snd_una != tcb->undo_una || head->nrtx != 1)
		return false;
	return head->sent_at >= tcb->undo_rtx_at &&
	       xtcp_ts_before(tcb, a->tsecr, head->sent_at);
}

/*
 * xtcp_undo_head - is SND.UNA taken for lost, and not sent again since?
 *
 * To be asked before SND.UNA moves.
 */
bool xtcp_undo_head(const struct xtcp_tcb *tcb)
{
	const struct xtcp_sent *head = tcb->map_head;

	return head && (head->marks & (XTCP_SENT_RTX | XTCP_SENT_LOST)) == XTCP_SENT_LOST;
}

static bool all_twice(const struct xtcp_tcb *tcb, const struct xtcp_ack *a)
{
	return tcb->flags & XTCP_F_UNDO_RTX && a->dsack && !tcb->undo_rtx &&
	       !tcb->net_dups;
}

/*
 * RFC 5682, 3.1 and 2.1, step 3: only what arrived after the timeout proves that
 * it was spurious. The first ACK after it (step 2) covers the retransmission, and
 * all that may have lain behind it for long, with every SACK lost. What is missing
 * at SND.UNA then, was never sent again, and is acknowledged by the next ACK, is
 * proof; and so is a SACK of such data, unless it tells of new data as well.
 */
static bool frto(const struct xtcp_tcb *tcb, const struct xtcp_ack *a)
{
	u32 phase = XTCP_F_FRTO | XTCP_F_FRTO_NEW;

	if ((tcb->flags & phase) != phase)
		return false;
	if (a->una)
		return a->head_orig;
	return a->orig && seq_le(tcb->rack_fack, tcb->recover);
}

/* Why a reduction is taken back, for the counters. */
static void note_undo(struct xtcp_tcb *tcb, const struct xtcp_ack *a)
{
	if (a->original)
		xtcp_mib(tcb, XTCP_MIB_TS_REORDER);
	if (tcb->cong == XTCP_CONG_LOSS) {
		xtcp_mib(tcb, XTCP_MIB_LOSS_UNDO);
		if (frto(tcb, a))
			xtcp_mib(tcb, XTCP_MIB_SPURIOUS_RTOS);
	} else if (a->original || !(tcb->flags & XTCP_F_UNDO_RTX)) {
		xtcp_mib(tcb, seq_ge(tcb->snd_una, tcb->recover) ?
			 XTCP_MIB_FULL_UNDO : XTCP_MIB_PARTIAL_UNDO);
	} else {
		xtcp_mib(tcb, XTCP_MIB_DSACK_UNDO);
	}
}

/* RACK was wrong before it did any harm. */
static bool never_sent_again(const struct xtcp_tcb *tcb, const struct xtcp_ack *a)
{
	return tcb->cong == XTCP_CONG_RECOVERY && a->orig && !tcb->lost_out &&
	       !(tcb->flags & XTCP_F_UNDO_RTX);
}

/*
 * xtcp_undo_ack - does this ACK show that the reduction was for nothing?
 *
 * Then the windows are what they were, nothing is lost any more, and after a
 * timeout the back-off ends. To be asked before the state machine moves; also
 * in OPEN, since the D-SACKs may come when recovery is over.
 *
 * Return: whether it was undone.
 */
bool xtcp_undo_ack(struct xtcp_tcb *tcb, const struct xtcp_ack *a)
{
	if (!(tcb->flags & XTCP_F_UNDO))
		return false;
	if (!a->original && !all_twice(tcb, a) && !frto(tcb, a) &&
	    !never_sent_again(tcb, a))
		return false;
	note_undo(tcb, a);
	if (tcb->cong == XTCP_CONG_LOSS) {
		tcb->spurious_rtos++;
		tcb->backoff = 0;
	}
	tcb->undos++;
	tcb->cwnd = max(tcb->cwnd, tcb->prior_cwnd);
	tcb->ssthresh = max(tcb->ssthresh, tcb->prior_ssthresh);
	tcb->flags &= ~(XTCP_F_UNDO | XTCP_F_UNDO_RTX | XTCP_F_FRTO |
			XTCP_F_FRTO_NEW | XTCP_F_FORCE_RTX);
	tcb->cong = XTCP_CONG_OPEN;
	xtcp_map_unlose(tcb);
	xtcp_cc_event(tcb, XTCP_CC_UNDO, a->now);
	return true;
}
