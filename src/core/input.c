// SPDX-License-Identifier: GPL-2.0
/*
 * Segment arrival: RFC 9293, 3.10.7, in the order of the RFC except where
 * RFC 5961 and RFC 7323 change it.
 *
 * The caller has found the connection and verified the checksum. This file
 * decides what happens to the segment; ack.c, reass.c and close.c carry out the
 * steps.
 */
#include "core.h"

/* RFC 7323, 5.5: TS.Recent is invalid after this time, ns. */
#define PAWS_LIFETIME_NS	(24ULL * 24 * 3600 * XTCP_NSEC_PER_SEC)

/*
 * Process the ACK field of a segment at RCV.NXT - 1.
 *
 * Two ends may probe each other's closed window just when both windows have
 * opened, so that each accepts the other's octet. Until those octets are
 * acknowledged, everything each end sends, pure ACKs included, has a sequence
 * number one below what the other expects. If such ACKs did not count, both ends
 * would repeat their octet until they give up.
 */
static u32 rx_ack_one_behind(struct xtcp_tcb *tcb, struct xtcp_seg *seg, u64 now)
{
	if (seg->seq != tcb->rcv_nxt - 1 || !(seg->flags & XTCP_ACK) ||
	    tcb->state == XTCP_SYN_RECEIVED)
		return 0;
	return xtcp_ack_rx(tcb, seg, now);
}

/*
 * The same data arrives for the third time or more: our ACKs do not reach the
 * sender, so ask for another path for them. Not in LOSS: there our own
 * retransmission timer has asked already.
 */
static u32 rx_third_copy(struct xtcp_tcb *tcb, u32 seq)
{
	bool again = seq == tcb->dup_seq && tcb->cong != XTCP_CONG_LOSS;

	tcb->dup_seq = seq;
	return again ? XTCP_ACT_REPATH_ACK : 0;
}

/*
 * Answer an unacceptable segment with an ACK (RFC 9293 3.10.7.4, first step). A
 * segment that occupies sequence space gets it at once, since its sender waits
 * for it. Any other is answered at the rate of challenge ACKs; otherwise two
 * desynchronised ends would answer each other for ever.
 */
static u32 rx_reject(struct xtcp_tcb *tcb, struct xtcp_seg *seg, enum xtcp_drop_reason why,
		     u64 now)
{
	u32 actions = xtcp_drop(seg, why);

	if (seg->len || seg->flags & XTCP_FIN)
		xtcp_ack_now(tcb);
	else if (!xtcp_ack_challenge(tcb, now))
		xtcp_mib_note(tcb, why == XTCP_DROP_PAWS ? XTCP_MIB_ACK_SKIPPED_PAWS :
						      XTCP_MIB_ACK_SKIPPED_SEQ);
	if (why == XTCP_DROP_OLD && seg->len) {
		xtcp_mib_note(tcb, XTCP_MIB_DELAYED_ACK_LOST);
		xtcp_sack_duplicate(tcb, seg->seq, seg->seq + seg->len);
		xtcp_ecn_again(tcb);
		actions |= rx_third_copy(tcb, seg->seq);
	}
	if (why == XTCP_DROP_OLD)
		actions |= rx_ack_one_behind(tcb, seg, now);
	return actions | xtcp_want_output(tcb);
}

/* RFC 5961: the ACK tells the sender, if it is the real peer, our RCV.NXT. */
static u32 rx_challenge(struct xtcp_tcb *tcb, struct xtcp_seg *seg,
			enum xtcp_drop_reason why, u64 now)
{
	u32 actions = xtcp_drop(seg, why);

	if (why == XTCP_DROP_SYN_CHALLENGE)
		xtcp_mib_note(tcb, XTCP_MIB_SYN_CHALLENGE);
	if (xtcp_ack_challenge(tcb, now))
		xtcp_mib_note(tcb, XTCP_MIB_CHALLENGE_ACK);
	else
		xtcp_mib_note(tcb, XTCP_MIB_ACK_SKIPPED_CHALLENGE);
	return actions | xtcp_want_output(tcb);
}

/* Size of the receive window, bytes: [RCV.NXT, RCV.NXT + size) is acceptable. */
static u32 rx_wnd(const struct xtcp_tcb *tcb)
{
	return xtcp_rcv_promised(tcb) + XTCP_DEFENCE_OR(window_edge, 0, 1);
}

/* Sequence space that the payload and FIN of a segment occupy. */
static u32 rx_seg_space(const struct xtcp_seg *seg)
{
	return seg->len + !!(seg->flags & XTCP_FIN);
}

/*
 * RFC 7323, 5.3 R1 (PAWS), and 3.2 (missing option); not for a RST. Return: 0 to
 * continue.
 */
static u32 rx_check_timestamp(struct xtcp_tcb *tcb, struct xtcp_seg *seg, u64 now)
{
	if (!(seg->opts & XTCP_OPT_TS))
		return xtcp_drop(seg, XTCP_DROP_NO_TIMESTAMP);
	if (seq_lt(seg->tsval, tcb->ts_recent) &&
	    now - tcb->ts_recent_at < PAWS_LIFETIME_NS)
		return rx_reject(tcb, seg, XTCP_DROP_PAWS, now);
	return 0;
}

/*
 * RFC 9293 3.10.7.4, first step: the four cases, then trim the segment to the
 * window. A segment at RCV.NXT against a closed window is accepted without its
 * payload, for its ACK and URG (MUST-66).
 *
 * Return: 0 to continue, else the actions for an unacceptable segment.
 */
static u32 rx_check_sequence(struct xtcp_tcb *tcb, struct xtcp_seg *seg, u64 now)
{
	u32 wnd = rx_wnd(tcb);
	u32 edge = tcb->rcv_nxt + wnd;
	u32 space = rx_seg_space(seg);
	u32 end = seg->seq + space;
	u32 cut;

	if (!space) {
		if (seg->seq == tcb->rcv_nxt || seq_in(seg->seq, tcb->rcv_nxt, wnd))
			return 0;
		return rx_reject(tcb, seg, seq_lt(seg->seq, tcb->rcv_nxt) ?
				 XTCP_DROP_OLD : XTCP_DROP_WINDOW, now);
	}
	if (!seq_in(seg->seq, tcb->rcv_nxt, wnd) &&
	    !seq_in(end - 1, tcb->rcv_nxt, wnd) &&
	    !(seq_le(seg->seq, tcb->rcv_nxt) && seq_ge(end, edge) &&
	      seq_gt(end, tcb->rcv_nxt)))
		return rx_reject(tcb, seg, seq_le(end, tcb->rcv_nxt) ?
				 XTCP_DROP_OLD : XTCP_DROP_WINDOW, now);

	if (seq_lt(seg->seq, tcb->rcv_nxt)) {
		cut = min(tcb->rcv_nxt - seg->seq, seg->len);
		xtcp_sack_duplicate(tcb, seg->seq, seg->seq + cut);
		seg->seq += cut;
		seg->len -= cut;
	}
	if (seq_gt(end, edge)) {
		cut = end - edge;
		if (seg->flags & XTCP_FIN) {
			seg->flags &= ~XTCP_FIN;
			cut--;
		}
		seg->len -= cut;
		/* Tell the sender that the rest did not fit. */
		xtcp_ack_now(tcb);
	}
	return 0;
}

/* Second step, RFC 5961 3.2: only a RST at exactly RCV.NXT resets. */
static u32 rx_rst(struct xtcp_tcb *tcb, struct xtcp_seg *seg, u64 now)
{
	enum xtcp_err err = XTCP_ERR_RESET;

	if (XTCP_DEFENCE(rst_exact, seg->seq != tcb->rcv_nxt)) {
		if (!seq_in(seg->seq, tcb->rcv_nxt, rx_wnd(tcb)))
			return xtcp_drop(seg, XTCP_DROP_RST_WINDOW);
		return rx_challenge(tcb, seg, XTCP_DROP_RST_CHALLENGE, now);
	}
	if (tcb->state == XTCP_SYN_RECEIVED && !xtcp_fastopen_is_child(tcb))
		err = XTCP_ERR_REFUSED;
	else if (tcb->state == XTCP_CLOSE_WAIT)
		err = XTCP_ERR_PIPE;
	return xtcp_drop(seg, XTCP_DROP_RST_VALID) | xtcp_fail(tcb, err);
}

/* Fifth step in SYN-RECEIVED: our SYN is acknowledged, or the ACK is wrong. */
static u32 rx_ack_of_syn(struct xtcp_tcb *tcb, struct xtcp_seg *seg, u64 now)
{
	u32 actions;

	if (seq_le(seg->ack, tcb->snd_una) || seq_gt(seg->ack, tcb->snd_nxt))
		return xtcp_drop(seg, XTCP_DROP_ACK_FUTURE) | XTCP_ACT_RST;
	actions = xtcp_state_transition(tcb, XTCP_EV_ACK_SYN);
	tcb->snd_wl1 = seg->seq;	/* this segment updates the window */
	xtcp_ecn_third(tcb, seg);
	xtcp_established(tcb, now);
	/* Resend data that was sent before this and lost, with cwnd unchanged. */
	if (unlikely(tcb->lost_out))
		xtcp_loss_refit(tcb);
	if (tcb->flags & XTCP_F_FIN_QUEUED)
		actions |= xtcp_close_begin(tcb);
	return actions;
}

/*
 * Sixth step, RFC 9293 3.8.5. The pointer names the octet after the urgent data
 * (MUST-62).
 */
static u32 rx_urgent(struct xtcp_tcb *tcb, const struct xtcp_seg *seg, u32 seq)
{
	u32 up = seq + seg->urg;

	if (!(seg->flags & XTCP_URG) || !seg->urg)
		return 0;
	if (tcb->state != XTCP_ESTABLISHED && tcb->state != XTCP_FIN_WAIT_1 &&
	    tcb->state != XTCP_FIN_WAIT_2)
		return 0;
	/* Already received, or not new: the pointer only advances. */
	if (seq_le(up, tcb->rcv_nxt) ||
	    XTCP_DEFENCE(urg_again, tcb->flags & XTCP_F_RCV_URG && seq_le(up, tcb->rcv_up)))
		return 0;
	tcb->rcv_up = up;
	tcb->flags |= XTCP_F_RCV_URG;
	return XTCP_ACT_URG;
}

static u32 rx_in_order(struct xtcp_tcb *tcb, struct xtcp_seg *seg,
		       struct xtcp_ooo *node, u64 now)
{
	u32 actions = XTCP_ACT_DELIVER;
	u32 before = tcb->rcv_nxt;

	if (unlikely(tcb->ooo_root))
		xtcp_sack_overlap(tcb, seg->seq, seg->seq + seg->len);
	seg->from = seg->seq;
	seg->to = xtcp_reass_cover(tcb, seg->seq + seg->len, seg->nsegs);
	/* Data delivered earlier is still queued for the caller: append to it. */
	if (unlikely(tcb->ooo_ready)) {
		if (!node)
			return xtcp_drop(seg, XTCP_DROP_NO_MEMORY);
		xtcp_reass_follow(tcb, node, seg->from, seg->to);
		actions = XTCP_ACT_HELD | XTCP_ACT_DRAIN;
	}
	tcb->rcv_nxt = seg->to;
	if (unlikely(tcb->ecn))
		xtcp_ecn_news(tcb);
	/* A hole may be filled: acknowledge at once (RFC 5681, 4.2). */
	if (tcb->ooo_root || tcb->ooo_dead) {
		xtcp_ack_now(tcb);
		actions |= xtcp_reass_advance(tcb, seg->to);
	}
	/* Drop a passed pointer: after another 2 GB it would seem to lie ahead. */
	if (unlikely(tcb->flags & XTCP_F_RCV_URG) && seq_ge(tcb->rcv_nxt, tcb->rcv_up))
		tcb->flags &= ~XTCP_F_RCV_URG;
	tcb->bytes_received += tcb->rcv_nxt - before;
	xtcp_rcv_rtt(tcb, seg, now);
	xtcp_ack_data(tcb, seg, now);
	return actions;
}

static u32 rx_out_of_order(struct xtcp_tcb *tcb, struct xtcp_seg *seg,
			   struct xtcp_ooo *node)
{
	/* RFC 5681, 4.2: send the duplicate ACK that fast retransmit needs. */
	xtcp_ack_now(tcb);
	tcb->rcv_ooo_segs += seg->nsegs;
	if (!node)
		return xtcp_drop(seg, XTCP_DROP_NO_MEMORY);
	xtcp_sack_overlap(tcb, seg->seq, seg->seq + seg->len);
	switch (xtcp_reass_insert(tcb, node, seg->seq, seg->seq + seg->len)) {
	case XTCP_REASS_HELD:
		xtcp_mib_note(tcb, XTCP_MIB_OFO_QUEUE);
		xtcp_sack_held(tcb, seg->seq);
		return XTCP_ACT_HELD | (tcb->ooo_dead ? XTCP_ACT_REAP : 0);
	case XTCP_REASS_DUP:
		xtcp_mib_note(tcb, XTCP_MIB_OFO_MERGE);
		xtcp_sack_held(tcb, seg->seq);
		return xtcp_drop(seg, XTCP_DROP_DUP_DATA);
	default:
		return xtcp_drop(seg, XTCP_DROP_OOO_LIMIT);
	}
}

/*
 * Record where a FIN ends the stream. The first FIN in the window counts: data
 * held beyond it is discarded, later segments are cut to it.
 */
static u32 rx_note_fin(struct xtcp_tcb *tcb, struct xtcp_seg *seg)
{
	u32 end = seg->seq + seg->len;
	u32 actions = 0;

	if (seg->flags & XTCP_FIN && !(tcb->flags & XTCP_F_FIN_SEEN)) {
		tcb->flags |= XTCP_F_FIN_SEEN;
		tcb->rcv_fin = end;
		actions = xtcp_reass_cut(tcb, end);
	}
	if (tcb->flags & XTCP_F_FIN_SEEN && seq_gt(end, tcb->rcv_fin))
		seg->len = seq_lt(seg->seq, tcb->rcv_fin) ?
			   tcb->rcv_fin - seg->seq : 0;
	return actions;
}

/* Eighth step: process the FIN once everything before it has arrived. */
static u32 rx_fin(struct xtcp_tcb *tcb, u64 now)
{
	u32 actions;

	if (!(tcb->flags & XTCP_F_FIN_SEEN) || tcb->rcv_nxt != tcb->rcv_fin)
		return 0;
	actions = xtcp_fin_rx(tcb, now);
	if (tcb->state == XTCP_CLOSE_WAIT)
		xtcp_ack_fin(tcb, now);
	else
		xtcp_ack_now(tcb);
	return actions;
}

/*
 * Seventh and eighth step: payload, then FIN. @had is the length of the payload
 * before it was trimmed, bytes.
 */
static u32 rx_text(struct xtcp_tcb *tcb, struct xtcp_seg *seg,
		   struct xtcp_ooo *node, u32 had, u64 now)
{
	u32 actions;

	if (tcb->state != XTCP_ESTABLISHED && tcb->state != XTCP_FIN_WAIT_1 &&
	    tcb->state != XTCP_FIN_WAIT_2)
		return had ? xtcp_drop(seg, XTCP_DROP_AFTER_FIN) : 0;

	/* RFC 9293 SHLD-3: nobody will read it; tell the peer by a reset. */
	if (seg->len && tcb->flags & XTCP_F_ORPHAN) {
		xtcp_mib_note(tcb, XTCP_MIB_ABORT_ON_DATA);
		return xtcp_drop(seg, XTCP_DROP_AFTER_CLOSE) |
		       xtcp_fail(tcb, XTCP_ERR_RESET) | xtcp_rst_owed(tcb);
	}

	actions = rx_note_fin(tcb, seg);
	if (seg->len) {
		tcb->last_data_rx_at = now;
		if (seg->seq == tcb->rcv_nxt)
			actions |= rx_in_order(tcb, seg, node, now);
		else
			actions |= rx_out_of_order(tcb, seg, node);
	} else if (had) {
		xtcp_ack_now(tcb);
		actions |= xtcp_drop(seg, xtcp_rcv_wnd(tcb) ? XTCP_DROP_AFTER_FIN :
				     XTCP_DROP_ZERO_WINDOW);
	} else if (seg->flags & XTCP_FIN && seg->seq != tcb->rcv_nxt) {
		xtcp_ack_now(tcb);
	}
	return actions | rx_fin(tcb, now);
}

/*
 * RFC 9293 3.10.7.3: hold payload and FIN of a SYN that crossed ours until the
 * connection is established. They are not acknowledged before that, so memory
 * pressure may drop them.
 */
static u32 hold_syn_text(struct xtcp_tcb *tcb, struct xtcp_seg *seg,
			 struct xtcp_ooo *node, u64 now)
{
	u32 actions;

	seg->seq++;
	actions = rx_check_sequence(tcb, seg, now);
	if (actions)
		return actions;
	actions = rx_note_fin(tcb, seg);
	if (!seg->len)
		return actions;
	if (!node || xtcp_reass_insert(tcb, node, seg->seq, seg->seq + seg->len) !=
	    XTCP_REASS_HELD)
		return actions | xtcp_drop(seg, XTCP_DROP_NO_MEMORY);
	return actions | XTCP_ACT_HELD;
}

/*
 * Deliver what hold_syn_text() kept. @seg has established the connection and is
 * processed otherwise.
 */
static u32 take_syn_text(struct xtcp_tcb *tcb, const struct xtcp_seg *seg, u64 now)
{
	u32 before = tcb->rcv_nxt, actions;

	if (likely(!tcb->ooo_root))
		return 0;
	actions = xtcp_reass_advance(tcb, tcb->rcv_nxt);
	if (tcb->rcv_nxt != before) {
		tcb->bytes_received += tcb->rcv_nxt - before;
		tcb->last_data_rx_at = now;
		xtcp_ack_now(tcb);
	}
	return actions | rx_fin(tcb, now);
}

/* RFC 9293 3.10.7.4: the states from SYN-RECEIVED on, except TIME-WAIT. */
static u32 rx_synchronized(struct xtcp_tcb *tcb, struct xtcp_seg *seg,
			   struct xtcp_ooo *node, u64 now)
{
	u32 actions = 0, seq, had;
	bool opened = false;

	/* Simultaneous open: the peer's SYN again, now with the ACK of ours. */
	if (tcb->state == XTCP_SYN_RECEIVED && seg->seq == tcb->irs &&
	    (seg->flags & (XTCP_SYN | XTCP_ACK | XTCP_RST)) ==
	    (XTCP_SYN | XTCP_ACK)) {
		seg->flags &= ~XTCP_SYN;
		seg->seq++;
		/* The window of a SYN is not scaled (RFC 7323, 2.2). */
		seg->wnd >>= tcb->snd_wscale;
	}
	if (unlikely(tcb->fo) && xtcp_fastopen_again(tcb, seg))
		return xtcp_drop(seg, XTCP_DROP_REQUEST) | XTCP_ACT_OUTPUT;
	/*
	 * RST and SYN are checked before sequence numbers: a RST by its exact
	 * number (rx_rst()), and any SYN is answered by a challenge ACK
	 * (RFC 5961, 4.2).
	 */
	if (seg->flags & XTCP_RST)
		return rx_rst(tcb, seg, now);
	if (tcb->opts & XTCP_OPT_TS)
		actions = rx_check_timestamp(tcb, seg, now);
	if (actions)
		return actions;
	if (seg->flags & XTCP_SYN) {
		xtcp_ecn_synack_again(tcb, seg);
		xtcp_rtt_synack_again(tcb, seg, now);
		if (XTCP_DEFENCE(syn_challenge, true))
			return rx_challenge(tcb, seg, XTCP_DROP_SYN_CHALLENGE, now);
		return xtcp_fail(tcb, XTCP_ERR_RESET) | XTCP_ACT_DROP;
	}
	seq = seg->seq;
	had = seg->len;
	actions = rx_check_sequence(tcb, seg, now);
	if (actions)
		return actions;

	/* Output may be due even if the segment is dropped: trimming asks for an ACK. */
	if (!(seg->flags & XTCP_ACK))
		return xtcp_drop(seg, XTCP_DROP_NO_ACK) | xtcp_want_output(tcb);
	if (tcb->state == XTCP_SYN_RECEIVED) {
		actions = rx_ack_of_syn(tcb, seg, now);
		if (actions & XTCP_ACT_DROP)
			return actions | xtcp_want_output(tcb);
		opened = true;
	}
	actions |= xtcp_ack_rx(tcb, seg, now);
	if (actions & XTCP_ACT_DROP || tcb->state == XTCP_CLOSED)
		return actions | xtcp_want_output(tcb);
	tcb->last_rx_at = now;
	if (unlikely(tcb->ecn))
		xtcp_ecn_rx(tcb, seg, had);
	/*
	 * RFC 7323, 4.3 (2): only from a segment at or below Last.ACK.sent. An older
	 * timestamp has not passed rx_check_timestamp().
	 */
	if (tcb->opts & XTCP_OPT_TS && seq_le(seq, tcb->ack_seq_last)) {
		tcb->ts_recent = seg->tsval;
		tcb->ts_recent_at = now;
	}
	actions |= rx_urgent(tcb, seg, seq);
	if (likely(!opened))
		return actions | rx_text(tcb, seg, node, had, now) | xtcp_want_output(tcb);
	/* The peer resends the payload of its SYN: it replaces the copy held so far. */
	if (seg->len && seg->seq == tcb->rcv_nxt && tcb->ooo_root) {
		xtcp_reass_flush(tcb);
		actions |= XTCP_ACT_REAP;
	}
	actions |= rx_text(tcb, seg, node, had, now);
	actions |= take_syn_text(tcb, seg, now);
	return actions | xtcp_want_output(tcb);
}

static u32 rx_syn_sent_syn(struct xtcp_tcb *tcb, struct xtcp_seg *seg,
			   struct xtcp_ooo *node, u64 now)
{
	struct xtcp_ack a = { .now = now, .tsecr = seg->tsecr };
	u32 actions;

	xtcp_peer_options(tcb, seg);
	a.ts = tcb->opts & XTCP_OPT_TS && seg->tsecr;
	if (tcb->opts & XTCP_OPT_TS) {
		tcb->ts_recent = seg->tsval;
		tcb->ts_recent_at = now;
	}
	tcb->snd_wnd = seg->wnd;	/* never scaled in a SYN (RFC 7323, 2.2) */
	tcb->max_snd_wnd = seg->wnd;
	tcb->snd_wl1 = seg->seq;
	tcb->last_rx_at = now;
	if (!(seg->flags & XTCP_ACK)) {
		/* Simultaneous open: our SYN once more, with an ACK. */
		actions = xtcp_state_transition(tcb, XTCP_EV_SYN);
		xtcp_ecn_syn(tcb, seg);
		xtcp_map_mark_all(tcb, false);
		if (seg->len || seg->flags & XTCP_FIN)
			actions |= hold_syn_text(tcb, seg, node, now);
		return actions | xtcp_want_output(tcb);
	}
	tcb->snd_wl2 = seg->ack;
	if (unlikely(tcb->fo))
		xtcp_fastopen_synack(tcb, seg);
	/* The peer did not accept data of our SYN that is not acknowledged. */
	if (seg->ack != tcb->snd_nxt)
		xtcp_map_mark_all(tcb, false);
	actions = seg->ack != tcb->iss + 1 ? XTCP_ACT_ACKED : 0;
	tcb->bytes_acked += seg->ack - tcb->iss - 1;
	xtcp_rtt_syn(tcb, &a);
	xtcp_map_ack(tcb, seg->ack, &a);
	seg->delivered = a.segs;
	xtcp_rtt_acked(tcb, &a);
	actions |= xtcp_state_transition(tcb, XTCP_EV_SYNACK);
	xtcp_ecn_synack(tcb, seg);
	xtcp_established(tcb, now);
	if (tcb->lost_out)
		xtcp_loss_refit(tcb);
	xtcp_rto_restart(tcb, now);
	xtcp_persist_check(tcb, now);
	xtcp_ack_now(tcb);
	/* URG, payload and FIN of the SYN-ACK: sixth to eighth step. */
	seg->seq++;
	if (seg->len || seg->flags & (XTCP_FIN | XTCP_URG)) {
		u32 seq = seg->seq, had = seg->len;

		actions |= rx_check_sequence(tcb, seg, now);
		if (actions & XTCP_ACT_DROP)
			return actions;
		actions |= rx_urgent(tcb, seg, seq);
		actions |= rx_text(tcb, seg, node, had, now);
	}
	return actions | xtcp_want_output(tcb);
}

/* RFC 9293 3.10.7.3. */
static u32 rx_syn_sent(struct xtcp_tcb *tcb, struct xtcp_seg *seg,
		       struct xtcp_ooo *node, u64 now)
{
	bool ack = seg->flags & XTCP_ACK;

	if (ack && (seq_le(seg->ack, tcb->snd_una) ||
		    seq_gt(seg->ack, tcb->snd_nxt)))
		return xtcp_drop(seg, XTCP_DROP_SYNSENT_ACK) |
		       (seg->flags & XTCP_RST ? 0 : XTCP_ACT_RST);
	if (seg->flags & XTCP_RST) {
		if (!ack)
			return xtcp_drop(seg, XTCP_DROP_SYNSENT_RST);
		return xtcp_drop(seg, XTCP_DROP_RST_VALID) |
		       xtcp_fail(tcb, XTCP_ERR_REFUSED);
	}
	if (!(seg->flags & XTCP_SYN))
		return xtcp_drop(seg, XTCP_DROP_SYNSENT_NO_SYN);
	return rx_syn_sent_syn(tcb, seg, node, now);
}

/*
 * xtcp_rx_by_rfc - process a segment in the steps of RFC 9293, 3.10.7
 *
 * Return: XTCP_ACT_* bits.
 */
u32 xtcp_rx_by_rfc(struct xtcp_tcb *tcb, struct xtcp_seg *seg, struct xtcp_ooo *node,
		   u64 now)
{
	switch (tcb->state) {
	case XTCP_CLOSED:
		return xtcp_drop(seg, XTCP_DROP_CLOSED) |
		       (seg->flags & XTCP_RST ? 0 : XTCP_ACT_RST);
	case XTCP_SYN_SENT:
		return rx_syn_sent(tcb, seg, node, now);
	case XTCP_TIME_WAIT:
		return xtcp_time_wait_rx(tcb, seg, now);
	default:
		return rx_synchronized(tcb, seg, node, now);
	}
}

u32 xtcp_rx(struct xtcp_tcb *tcb, struct xtcp_seg *seg, struct xtcp_ooo *node,
	    u64 now)
{
	xtcp_rx_count(tcb, seg);
	if (xtcp_rx_is_predicted(tcb, seg))
		return xtcp_rx_predicted(tcb, seg, now);
	return xtcp_rx_by_rfc(tcb, seg, node, now);
}

/*
 * <SEQ=SEG.ACK> if the segment has an ACK, otherwise <SEQ=0> with an ACK of all the
 * sequence space it occupies.
 */
void xtcp_rst_plan(const struct xtcp_seg *seg, struct xtcp_plan *plan)
{
	memset(plan, 0, sizeof(*plan));
	plan->flags = XTCP_RST;
	plan->hdr_len = XTCP_HDR_LEN;
	if (seg->flags & XTCP_ACK) {
		plan->seq = seg->ack;
		return;
	}
	plan->flags |= XTCP_ACK;
	plan->ack = seg->seq + rx_seg_space(seg) + !!(seg->flags & XTCP_SYN);
}
