// SPDX-License-Identifier: GPL-2.0
/* Processing of received ACKs: RFC 9293 3.10.7.4, fifth step, and RFC 5681. */
#include "core.h"

/*
 * The window that the segment offers, bytes. Used only from the newest segment
 * (SND.WL1, SND.WL2); an old one would close or open the window wrongly.
 */
static u32 ack_window(const struct xtcp_tcb *tcb, const struct xtcp_seg *seg)
{
	return (u32)seg->wnd << tcb->snd_wscale;
}

/*
 * Update the send window (RFC 9293 3.10.7.4).
 *
 * The RFC compares SEG.SEQ first. But a retransmission of the peer has an old
 * sequence number and may still carry a new ACK: if SND.UNA moved and the window
 * did not, we would send beyond what was offered. The ACK numbers of one sender
 * never go back, so a larger one identifies the newer segment.
 */
static void ack_window_rx(struct xtcp_tcb *tcb, const struct xtcp_seg *seg)
{
	u32 wnd = ack_window(tcb, seg);

	if (seq_le(seg->ack, tcb->snd_wl2) && seq_lt(seg->seq, tcb->snd_wl1))
		return;
	if (!tcb->snd_wnd && wnd) {
		xtcp_map_unsend_probe(tcb);
		/* The unanswered transmissions were probes of a closed window. */
		tcb->retries = 0;
	}
	tcb->snd_wnd = wnd;
	tcb->snd_wl1 = seg->seq;
	tcb->snd_wl2 = seg->ack;
	tcb->max_snd_wnd = max(tcb->max_snd_wnd, wnd);
}

/*
 * Is it a duplicate ACK? RFC 5681, section 2: data outstanding, no payload, no
 * SYN or FIN, the same ACK number, the same window. While the window is closed,
 * answers to our probes look just like that and do not count.
 */
static bool ack_is_duplicate(const struct xtcp_tcb *tcb, const struct xtcp_seg *seg)
{
	return tcb->snd_una != tcb->snd_nxt && !seg->len &&
	       !(seg->flags & XTCP_FIN) && tcb->snd_wnd &&
	       ack_window(tcb, seg) == tcb->snd_wnd;
}

/* SND.UNA advances: process what is newly acknowledged. */
static u32 ack_advance(struct xtcp_tcb *tcb, struct xtcp_seg *seg, struct xtcp_ack *a)
{
	u32 actions = XTCP_ACT_ACKED;
	u32 data;
	bool fin;

	fin = tcb->flags & XTCP_F_FIN_SENT && seg->ack == tcb->snd_end + 1;
	data = seg->ack - tcb->snd_una - fin - xtcp_syn_out(tcb);
	xtcp_map_ack(tcb, seg->ack, a);
	tcb->bytes_acked += data;
	tcb->retries = 0;
	if (unlikely(tcb->mtup_size))
		xtcp_mtup_ack(tcb);
	if (tcb->flags & XTCP_F_SND_URG && seq_ge(tcb->snd_una, tcb->snd_up))
		tcb->flags &= ~XTCP_F_SND_URG;
	if (fin)
		actions |= xtcp_fin_acked(tcb, a->now);
	return actions;
}

/*
 * Does this ACK cover only what left before the head was retransmitted?
 *
 * Then no round trip has passed since that retransmission, however long the timer
 * has run: the queue on the path may have grown meanwhile. Restart the timer, as
 * RFC 6298 (5.3) does for an ACK of new data; a SACK reports new data too. An ACK of
 * data sent later does not restart it: the head may be lost again, and SACKs in
 * recovery would postpone the timer for ever.
 */
static bool ack_before_head(const struct xtcp_tcb *tcb, const struct xtcp_ack *a)
{
	const struct xtcp_sent *head = tcb->map_head;

	return a->sacked && a->sent_at && head && head->marks & XTCP_SENT_RTX &&
	       a->sent_at < head->sent_at;
}

/*
 * Apply what the segment says about our data: the ACK, then the SACK blocks, then
 * what follows from both.
 */
static u32 process_ack(struct xtcp_tcb *tcb, struct xtcp_seg *seg, u64 now)
{
	bool syn = xtcp_syn_out(tcb) && seg->ack != tcb->iss;
	bool sack = seg->opts & XTCP_OPT_SACK && tcb->opts & XTCP_OPT_SACK_PERM &&
		    tcb->par->rack;
	bool dup = seg->ack == tcb->snd_una && ack_is_duplicate(tcb, seg);
	bool probe = tcb->flags & XTCP_F_TLP_OUT;
	u32 small = xtcp_small_full(tcb) && xtcp_unsent(tcb) ? tcb->small_out : 0;
	struct xtcp_ack a;
	u32 actions = 0;

	if (!sack && !dup && seq_le(seg->ack, tcb->snd_una))
		return 0;
	memset(&a, 0, sizeof(a));
	a.now = now;
	a.flight = xtcp_flight(tcb);
	a.ts = tcb->opts & XTCP_OPT_TS && seg->opts & XTCP_OPT_TS && seg->tsecr;
	a.tsecr = seg->tsecr;
	if (syn)
		xtcp_rtt_syn(tcb, &a);
	if (seq_gt(seg->ack, tcb->snd_una))
		actions = ack_advance(tcb, seg, &a);
	seg->delivered = a.segs;
	if (tcb->state == XTCP_CLOSED || tcb->state == XTCP_TIME_WAIT)
		return actions;
	/* A SYN is not data: it yields an RTT sample and nothing else. */
	if (syn)
		a.delivered--;
	if (sack)
		xtcp_sack_rx(tcb, seg, &a);
	seg->delivered = a.segs;
	if (a.delivered || syn)
		xtcp_rtt_acked(tcb, &a);
	if (unlikely(tcb->ecn))
		xtcp_ecn_ack(tcb, seg, &a);
	seg->delivered_ce = a.ce_segs;
	if (xtcp_loss_ack(tcb, seg, &a, dup) || ack_before_head(tcb, &a))
		xtcp_rto_restart(tcb, now);
	/* Allow more small segments as slow start does, until the RTT grows. */
	if (small > tcb->small_out && tcb->cong == XTCP_CONG_OPEN &&
	    tcb->srtt8_us >> 4 <= tcb->min_rtt_us)
		tcb->small_more = (u16)min_t(u32, tcb->small_more + small - tcb->small_out,
					     65535);
	/* The answer to a probe rearms the timer for what was sent after it. */
	if (a.una || a.sacked || (probe && !(tcb->flags & XTCP_F_TLP_OUT)))
		xtcp_tlp_arm(tcb, now);
	if (a.una && tcb->user_timeout_ms)
		xtcp_user_restart(tcb, now);
	return actions;
}

/*
 * Is an ACK below SND.UNA too old? RFC 5961, 5.2: it may be at most MAX.SND.WND
 * behind, and never at or below our ISS: with a large window all those numbers
 * would be acceptable, and a blind attacker need not guess one (CVE-2023-52881).
 */
static bool ack_is_old(const struct xtcp_tcb *tcb, u32 ack)
{
	bool young = tcb->bytes_acked < tcb->max_snd_wnd;

	return tcb->snd_una - ack > tcb->max_snd_wnd ||
	       XTCP_DEFENCE(ack_ghost, young && seq_le(ack, tcb->iss));
}

/*
 * xtcp_ack_rx - process the ACK field of an acceptable segment
 *
 * The range [SND.UNA - MAX.SND.WND, SND.NXT] is accepted (RFC 5961, 5.2; RFC 9293
 * MAY-12). A segment outside of it does not come from this peer in this
 * connection, so its data is dropped too.
 *
 * Return: XTCP_ACT_* bits; XTCP_ACT_DROP if the segment was dropped.
 */
u32 xtcp_ack_rx(struct xtcp_tcb *tcb, struct xtcp_seg *seg, u64 now)
{
	u32 actions;

	if (XTCP_DEFENCE(ack_unsent, seq_gt(seg->ack, tcb->snd_nxt))) {
		xtcp_ack_challenge(tcb, now);
		return xtcp_drop(seg, XTCP_DROP_ACK_FUTURE);
	}
	if (XTCP_DEFENCE(ack_range, seq_lt(seg->ack, tcb->snd_una) && ack_is_old(tcb, seg->ack))) {
		xtcp_ack_challenge(tcb, now);
		return xtcp_drop(seg, XTCP_DROP_ACK_OLD);
	}

	seg->ack = XTCP_DEFENCE_OR(ack_unsent, seg->ack, seq_min(seg->ack, tcb->snd_nxt));
	actions = process_ack(tcb, seg, now);
	/* An ACK overtaken on the path: only its SACK blocks can be new. */
	if (tcb->state == XTCP_CLOSED || tcb->state == XTCP_TIME_WAIT ||
	    seq_lt(seg->ack, tcb->snd_una))
		return actions;
	ack_window_rx(tcb, seg);
	/* MUST-37: a peer that answers is alive, however long its window stays closed. */
	if (!tcb->snd_wnd)
		tcb->retries = 0;
	else if (tcb->snd_una != tcb->snd_nxt &&
		 !xtcp_dl_is_set(tcb, XTCP_DL_RTO))
		xtcp_rto_restart(tcb, now);
	if (!tcb->snd_wnd || tcb->snd_una == tcb->snd_nxt)
		xtcp_persist_check(tcb, now);
	return actions;
}
