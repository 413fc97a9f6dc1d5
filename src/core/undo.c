// SPDX-License-Identifier: GPL-2.0
/*
 * Second thoughts: a reduction that turns out to have been for nothing is
 * taken back. Three witnesses are heard:
 *
 *  - the timestamp echoed is older than the first retransmission, so what is
 *    acknowledged is the original (Eifel, RFC 3522);
 *  - everything that was retransmitted arrived twice (D-SACK, RFC 3708);
 *  - something taken for lost arrived before it was sent again (RFC 5682 for
 *    a timeout; for RACK the same holds when nothing at all was sent again).
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

/* xtcp_undo_rtx - @len bytes were sent again */
void xtcp_undo_rtx(struct xtcp_tcb *tcb, u32 len, u64 now)
{
	if (!(tcb->flags & XTCP_F_UNDO_RTX)) {
		tcb->flags |= XTCP_F_UNDO_RTX;
		tcb->rtx_ts = xtcp_ts_clock(now) + tcb->ts_off;
	}
	tcb->undo_rtx += len;
}

/*
 * xtcp_dsack_rx - the peer received [@start, @end) once more
 *
 * Only what can have been sent in this episode counts (RFC 3708: a duplicate
 * made by the network is no witness).
 */
void xtcp_dsack_rx(struct xtcp_tcb *tcb, u32 start, u32 end, struct xtcp_ack *a)
{
	if (seq_gt(end, tcb->snd_nxt) || end - start > tcb->max_snd_wnd + tcb->mss)
		return;
	a->dsack = true;
	tcb->dsacks_in++;
	xtcp_rack_dsack(tcb);
	if (tcb->flags & XTCP_F_UNDO_RTX && seq_ge(start, tcb->undo_una))
		tcb->undo_rtx -= min(end - start, tcb->undo_rtx);
}

static bool eifel(const struct xtcp_tcb *tcb, const struct xtcp_ack *a)
{
	return tcb->flags & XTCP_F_UNDO_RTX && a->una && a->ts &&
	       seq_lt(a->tsecr, tcb->rtx_ts);
}

static bool all_twice(const struct xtcp_tcb *tcb, const struct xtcp_ack *a)
{
	return tcb->flags & XTCP_F_UNDO_RTX && a->dsack && !tcb->undo_rtx;
}

/*
 * RFC 5682, 3.1 (SACK) and 2.1: with SACK the arrival of anything that was
 * taken for lost and not sent again is proof. Without it a single ACK may cover
 * a hole just filled and what lay behind it, so it takes a second one.
 */
static bool frto(const struct xtcp_tcb *tcb, const struct xtcp_ack *a)
{
	if (!(tcb->flags & XTCP_F_FRTO) || !a->orig)
		return false;
	return tcb->opts & XTCP_OPT_SACK_PERM || tcb->flags & XTCP_F_FRTO_NEW;
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
	if (!eifel(tcb, a) && !all_twice(tcb, a) && !frto(tcb, a) &&
	    !never_sent_again(tcb, a))
		return false;
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
