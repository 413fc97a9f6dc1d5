// SPDX-License-Identifier: GPL-2.0
/*
 * Undo of a reduction that turns out to be spurious. There are three indications:
 *
 *  - the echoed timestamp is older than the first retransmission, so the original
 *    is acknowledged (Eifel, RFC 3522);
 *  - everything that was retransmitted arrived twice (D-SACK, RFC 3708);
 *  - data marked lost arrived before it was resent: after the timeout's
 *    retransmission was acknowledged (F-RTO, RFC 5682), or, if RACK marked it,
 *    when nothing at all was resent.
 */
#include "core.h"

/* xtcp_undo_mark - a reduction begins: save what an undo restores */
void xtcp_undo_mark(struct xtcp_tcb *tcb)
{
	tcb->prior_cwnd = tcb->cwnd;
	tcb->prior_ssthresh = tcb->ssthresh;
	tcb->undo_una = tcb->snd_una;
	tcb->undo_rtx = 0;
	tcb->flags |= XTCP_F_UNDO;
	tcb->flags &= ~XTCP_F_UNDO_RTX;
}

/* xtcp_undo_rtx - [@seq, @end) was retransmitted */
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

/* Was [@start, @end) part of the last tail loss probe? */
static bool undo_was_probed(const struct xtcp_tcb *tcb, u32 start, u32 end)
{
	return tcb->tlp_probes && seq_ge(start, tcb->tlp_seq) &&
	       seq_le(end, tcb->tlp_end);
}

/*
 * xtcp_dsack_rx - the peer reports that it received [@start, @end) again
 *
 * Only data retransmitted in this episode counts. A duplicate of data that was
 * sent once was made by the network, which may have duplicated other data too:
 * D-SACKs on such a path are no longer evidence (RFC 3708, 3.3).
 */
void xtcp_dsack_rx(struct xtcp_tcb *tcb, u32 start, u32 end, struct xtcp_ack *a)
{
	bool again = tcb->flags & XTCP_F_UNDO_RTX;

	if (seq_gt(end, tcb->snd_nxt) || end - start > tcb->max_snd_wnd + tcb->mss)
		return;
	a->dsack = true;
	tcb->dsacks_in++;
	xtcp_mib_note(tcb, seq_le(end, tcb->snd_una) ? XTCP_MIB_DSACK_RECV :
						  XTCP_MIB_DSACK_OFO_RECV);
	xtcp_rack_dsack(tcb);
	if (again && seq_ge(start, tcb->undo_una) && seq_le(end, tcb->undo_rtx_end))
		tcb->undo_rtx -= min(end - start, tcb->undo_rtx);
	else if ((!tcb->total_retrans || (again && seq_ge(start, tcb->undo_rtx_end))) &&
		 !undo_was_probed(tcb, start, end))
		tcb->net_dups = 1;
}

/*
 * xtcp_undo_original - does the original transmission at SND.UNA cause this ACK?
 *
 * RFC 3522, 3.2 step 4. The echoed timestamp is that of the segment that filled
 * the hole at SND.UNA (RFC 7323, 4.3); compare it with the only retransmission of
 * that segment. Only for the hole with which the episode began: later ones may
 * have been retransmitted in an earlier episode, or be real losses though the
 * first was not.
 *
 * Call it before SND.UNA moves.
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
 * xtcp_undo_head - is the data at SND.UNA marked lost and never resent?
 *
 * Call it before SND.UNA moves.
 */
bool xtcp_undo_head(const struct xtcp_tcb *tcb)
{
	const struct xtcp_sent *head = tcb->map_head;

	return head && (head->marks & (XTCP_SENT_RTX | XTCP_SENT_LOST)) == XTCP_SENT_LOST;
}

static bool undo_all_twice(const struct xtcp_tcb *tcb, const struct xtcp_ack *a)
{
	return tcb->flags & XTCP_F_UNDO_RTX && a->dsack && !tcb->undo_rtx &&
	       !tcb->net_dups;
}

/*
 * F-RTO: RFC 5682, 3.1 and 2.1, step 3. Only data that arrived after the timeout
 * proves that it was spurious.
 *
 * The first ACK after the timeout (step 2) covers the retransmission, and data
 * that may have arrived long before, if every SACK was lost. Data at SND.UNA
 * after that ACK, never resent, and acknowledged by the next ACK, is proof; so is
 * a SACK of such data, unless it also reports data sent after the timeout.
 */
static bool undo_frto(const struct xtcp_tcb *tcb, const struct xtcp_ack *a)
{
	u32 phase = XTCP_F_FRTO | XTCP_F_FRTO_NEW;

	if ((tcb->flags & phase) != phase)
		return false;
	if (a->una)
		return a->head_orig;
	return a->orig && seq_le(tcb->rack_fack, tcb->recover);
}

/* Count why a reduction is undone. */
static void undo_note(struct xtcp_tcb *tcb, const struct xtcp_ack *a)
{
	if (a->original)
		xtcp_mib_note(tcb, XTCP_MIB_TS_REORDER);
	if (tcb->cong == XTCP_CONG_LOSS) {
		xtcp_mib_note(tcb, XTCP_MIB_LOSS_UNDO);
		if (undo_frto(tcb, a))
			xtcp_mib_note(tcb, XTCP_MIB_SPURIOUS_RTOS);
	} else if (a->original || !(tcb->flags & XTCP_F_UNDO_RTX)) {
		xtcp_mib_note(tcb, seq_ge(tcb->snd_una, tcb->recover) ?
			      XTCP_MIB_FULL_UNDO : XTCP_MIB_PARTIAL_UNDO);
	} else {
		xtcp_mib_note(tcb, XTCP_MIB_DSACK_UNDO);
	}
}

/* RACK marked data lost that arrived before anything was resent. */
static bool undo_never_sent_again(const struct xtcp_tcb *tcb, const struct xtcp_ack *a)
{
	return tcb->cong == XTCP_CONG_RECOVERY && a->orig && !tcb->lost_out &&
	       !(tcb->flags & XTCP_F_UNDO_RTX);
}

/*
 * xtcp_undo_ack - undo the reduction if this ACK shows that it was spurious
 *
 * Undo restores the windows, clears all lost marks and, after a timeout, ends the
 * back-off. Call it before the congestion state changes; also in OPEN, since
 * D-SACKs may come after the end of recovery.
 *
 * Return: whether it was undone.
 */
bool xtcp_undo_ack(struct xtcp_tcb *tcb, const struct xtcp_ack *a)
{
	if (!(tcb->flags & XTCP_F_UNDO))
		return false;
	if (!a->original && !undo_all_twice(tcb, a) && !undo_frto(tcb, a) &&
	    !undo_never_sent_again(tcb, a))
		return false;
	undo_note(tcb, a);
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
	xtcp_cc_notify(tcb, XTCP_CC_UNDO, a->now);
	return true;
}
