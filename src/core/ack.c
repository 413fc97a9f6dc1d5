// SPDX-License-Identifier: GPL-2.0
/*
 * Acknowledgements that arrive: RFC 9293 3.10.7.4, fifth step, RFC 5681.
 */
#include "core.h"

/*
 * The window as the segment offers it. Taken over from the newest segment
 * only (SND.WL1, SND.WL2), or an old one would close or open it wrongly.
 */
static u32 offered(const struct xtcp_tcb *tcb, const struct xtcp_seg *seg)
{
	return (u32)seg->wnd << tcb->snd_wscale;
}

/*
 * RFC 9293 3.10.7.4: update of the send window. The RFC compares SEG.SEQ
 * first. What the peer sends again has an old number though it is news: with
 * SND.UNA moved and the window not, we would send beyond what was offered.
 * ACK numbers of one sender never go back, so a larger one settles it.
 */
static void window_rx(struct xtcp_tcb *tcb, const struct xtcp_seg *seg)
{
	u32 wnd = offered(tcb, seg);

	if (seq_le(seg->ack, tcb->snd_wl2) && seq_lt(seg->seq, tcb->snd_wl1))
		return;
	if (!tcb->snd_wnd && wnd) {
		xtcp_map_unsend_probe(tcb);
		/* What was not answered were probes of a closed window. */
		tcb->retries = 0;
	}
	tcb->snd_wnd = wnd;
	tcb->snd_wl1 = seg->seq;
	tcb->snd_wl2 = seg->ack;
	tcb->max_snd_wnd = max(tcb->max_snd_wnd, wnd);
}

/*
 * RFC 5681, section 2: data outstanding, no payload, no SYN or FIN, the same
 * ACK number, the same window. While the window is closed the answers to our
 * probes look just like that, and mean nothing.
 */
static bool is_duplicate(const struct xtcp_tcb *tcb, const struct xtcp_seg *seg)
{
	return tcb->snd_una != tcb->snd_nxt && !seg->len &&
	       !(seg->flags & XTCP_FIN) && tcb->snd_wnd &&
	       offered(tcb, seg) == tcb->snd_wnd;
}

/* SND.UNA moves: what was sent has arrived, in order. */
static u32 advance(struct xtcp_tcb *tcb, struct xtcp_seg *seg, struct xtcp_ack *a)
{
	u32 acts = XTCP_ACT_ACKED;
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
		acts |= xtcp_fin_acked(tcb, a->now);
	return acts;
}

/*
 * Did something arrive that left before the head was sent again, and only that?
 * Then no round trip is over since, however long the timer has run: the queue on
 * the way may have grown meanwhile. RFC 6298 (5.3) restarts the timer for an ACK
 * of new data, and a SACK is one; not for what left later, since the head might
 * be lost again, and recovery would put its timer off for ever.
 */
static bool before_head(const struct xtcp_tcb *tcb, const struct xtcp_ack *a)
{
	const struct xtcp_sent *head = tcb->map_head;

	return a->sacked && a->sent_at && head && head->marks & XTCP_SENT_RTX &&
	       a->sent_at < head->sent_at;
}

/*
 * What the segment says of our data: the ACK, then the SACK blocks, then what
 * follows from both.
 */
static u32 news(struct xtcp_tcb *tcb, struct xtcp_seg *seg, u64 now)
{
	bool syn = xtcp_syn_out(tcb) && seg->ack != tcb->iss;
	bool sack = seg->opts & XTCP_OPT_SACK && tcb->opts & XTCP_OPT_SACK_PERM &&
		    tcb->par->rack;
	bool dup = seg->ack == tcb->snd_una && is_duplicate(tcb, seg);
	bool probe = tcb->flags & XTCP_F_TLP_OUT;
	u32 small = xtcp_small_full(tcb) && xtcp_unsent(tcb) ? tcb->small_out : 0;
	struct xtcp_ack a;
	u32 acts = 0;

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
		acts = advance(tcb, seg, &a);
	seg->delivered = a.segs;
	if (tcb->state == XTCP_CLOSED || tcb->state == XTCP_TIME_WAIT)
		return acts;
	/* A SYN is no data: it measures a round trip, and nothing else. */
	if (syn)
		a.delivered--;
	if (sack)
		xtcp_score_rx(tcb, seg, &a);
	seg->delivered = a.segs;
	if (a.delivered || syn)
		xtcp_rtt_acked(tcb, &a);
	if (unlikely(tcb->ecn))
		xtcp_ecn_ack(tcb, seg, &a);
	seg->delivered_ce = a.ce_segs;
	if (xtcp_loss_ack(tcb, seg, &a, dup) || before_head(tcb, &a))
		xtcp_rto_restart(tcb, now);
	/* As slow start, which a growing round trip ends. */
	if (small > tcb->small_out && tcb->cong == XTCP_CONG_OPEN &&
	    tcb->srtt8_us >> 4 <= tcb->min_rtt_us)
		tcb->small_more = (u16)min_t(u32, tcb->small_more + small - tcb->small_out,
					     65535);
	/* What was sent after a probe waits for the probe to be answered. */
	if (a.una || a.sacked || (probe && !(tcb->flags & XTCP_F_TLP_OUT)))
		xtcp_tlp_arm(tcb, now);
	if (a.una && tcb->user_timeout_ms)
		xtcp_user_restart(tcb, now);
	return acts;
}

/*
 * RFC 5961, 5.2: an old ACK is at most a window behind. And never of numbers
 * before our first byte: with a large window they would all be acceptable, and
 * a blind attacker would not have to guess one (CVE-2023-52881).
 */
static bool ack_is_old(const struct xtcp_tcb *tcb, u32 ack)
{
	bool young = tcb->bytes_acked < tcb->max_snd_wnd;

	return tcb->snd_una - ack > tcb->max_snd_wnd ||
	       XTCP_DEFENCE(ack_ghost, young && seq_le(ack, tcb->iss));
}

/*
 * xtcp_ack_rx - the ACK field of an acceptable segment
 *
 * Accepted is [SND.UNA - MAX.SND.WND, SND.NXT] (RFC 5961, 5.2; RFC 9293
 * MAY-12): what lies outside was not sent by this peer in this connection,
 * and the data that came with it is dropped too.
 */
u32 xtcp_ack_rx(struct xtcp_tcb *tcb, struct xtcp_seg *seg, u64 now)
{
	u32 acts;

	if (XTCP_DEFENCE(ack_unsent, seq_gt(seg->ack, tcb->snd_nxt))) {
		xtcp_ack_challenge(tcb, now);
		return xtcp_drop(seg, XTCP_DROP_ACK_FUTURE);
	}
	if (XTCP_DEFENCE(ack_range, seq_lt(seg->ack, tcb->snd_una) && ack_is_old(tcb, seg->ack))) {
		xtcp_ack_challenge(tcb, now);
		return xtcp_drop(seg, XTCP_DROP_ACK_OLD);
	}

	seg->ack = XTCP_DEFENCE_OR(ack_unsent, seg->ack, seq_min(seg->ack, tcb->snd_nxt));
	acts = news(tcb, seg, now);
	/* Overtaken on the way: only its SACK blocks can be news. */
	if (tcb->state == XTCP_CLOSED || tcb->state == XTCP_TIME_WAIT ||
	    seq_lt(seg->ack, tcb->snd_una))
		return acts;
	window_rx(tcb, seg);
	/* A peer that answers is alive, however long it stays closed: MUST-37. */
	if (!tcb->snd_wnd)
		tcb->retries = 0;
	else if (tcb->snd_una != tcb->snd_nxt &&
		 !xtcp_dl_is_set(tcb, XTCP_DL_RTO))
		xtcp_rto_restart(tcb, now);
	if (!tcb->snd_wnd || tcb->snd_una == tcb->snd_nxt)
		xtcp_persist_check(tcb, now);
	return acts;
}
