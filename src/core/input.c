// SPDX-License-Identifier: GPL-2.0
/*
 * A segment arrives: RFC 9293, 3.10.7, in the order of the RFC.
 *
 * The caller found the connection and verified the checksum. What is decided
 * here is what becomes of the segment; ack.c, reass.c and close.c do the
 * work of the single steps.
 */
#include "core.h"

/* RFC 7323, 5.5: a timestamp older than this says nothing any more. */
#define PAWS_LIFETIME_NS	(24ULL * 24 * 3600 * XTCP_NSEC_PER_SEC)

/*
 * Two ends probe each other's closed window at once, both windows have just
 * opened, each takes the other's octet. Until that is acknowledged each sends
 * from one number behind what the other expects, the acknowledgement too; it
 * has to count, or both repeat their octet until they give up.
 */
static u32 ack_one_behind(struct xtcp_tcb *tcb, struct xtcp_seg *seg, u64 now)
{
	if (seg->seq != tcb->rcv_nxt - 1 || !(seg->flags & XTCP_ACK) ||
	    tcb->state == XTCP_SYN_RECEIVED)
		return 0;
	return xtcp_ack_rx(tcb, seg, now);
}

/*
 * The same data for the third time, and more: its sender waits for an ACK that does
 * not arrive. Where this end waits as well, its timer has done something about it.
 */
static u32 rx_again(struct xtcp_tcb *tcb, u32 seq)
{
	bool again = seq == tcb->dup_seq && tcb->cong != XTCP_CONG_LOSS;

	tcb->dup_seq = seq;
	return again ? XTCP_ACT_REPATH_ACK : 0;
}

/*
 * An unacceptable segment is answered by an ACK (RFC 9293 3.10.7.4, first
 * step). At once if it occupies sequence space, since its sender waits for
 * that; else at the pace of challenge ACKs, or two confused ends would answer
 * each other for ever.
 */
static u32 refuse(struct xtcp_tcb *tcb, struct xtcp_seg *seg, enum xtcp_drop why,
		  u64 now)
{
	u32 acts = xtcp_drop(seg, why);

	if (seg->flags & XTCP_RST)
		return acts;
	if (seg->len || seg->flags & XTCP_FIN)
		xtcp_ack_now(tcb);
	else if (!xtcp_ack_challenge(tcb, now))
		xtcp_mib(tcb, why == XTCP_DROP_PAWS ? XTCP_MIB_ACK_SKIPPED_PAWS :
						      XTCP_MIB_ACK_SKIPPED_SEQ);
	if (why == XTCP_DROP_OLD && seg->len) {
		xtcp_mib(tcb, XTCP_MIB_DELAYED_ACK_LOST);
		xtcp_sack_duplicate(tcb, seg->seq, seg->seq + seg->len);
		xtcp_ecn_again(tcb);
		acts |= rx_again(tcb, seg->seq);
	}
	if (why == XTCP_DROP_OLD)
		acts |= ack_one_behind(tcb, seg, now);
	return acts | xtcp_want_output(tcb);
}

/* RFC 5961: the sender, if it is the true one, learns where we are. */
static u32 challenge(struct xtcp_tcb *tcb, struct xtcp_seg *seg,
		     enum xtcp_drop why, u64 now)
{
	u32 acts = xtcp_drop(seg, why);

	if (why == XTCP_DROP_SYN_CHALLENGE)
		xtcp_mib(tcb, XTCP_MIB_SYN_CHALLENGE);
	if (xtcp_ack_challenge(tcb, now))
		xtcp_mib(tcb, XTCP_MIB_CHALLENGE_ACK);
	else
		xtcp_mib(tcb, XTCP_MIB_ACK_SKIPPED_CHALLENGE);
	return acts | xtcp_want_output(tcb);
}

/* What lies below RCV.NXT plus this is in the window; that number is not. */
static u32 rx_wnd(const struct xtcp_tcb *tcb)
{
	return xtcp_rcv_promised(tcb) + XTCP_DEFENCE_OR(window_edge, 0, 1);
}

/* Bytes of sequence space the segment occupies behind its SYN. */
static u32 seg_space(const struct xtcp_seg *seg)
{
	return seg->len + !!(seg->flags & XTCP_FIN);
}

/* RFC 7323, 5.3 R1, and 3.2 for the option's absence. 0: go on. */
static u32 check_timestamp(struct xtcp_tcb *tcb, struct xtcp_seg *seg, u64 now)
{
	if (seg->flags & XTCP_RST)
		return 0;
	if (!(seg->opts & XTCP_OPT_TS))
		return xtcp_drop(seg, XTCP_DROP_NO_TIMESTAMP);
	if (seq_lt(seg->tsval, tcb->ts_recent) &&
	    now - tcb->ts_recent_at < PAWS_LIFETIME_NS)
		return refuse(tcb, seg, XTCP_DROP_PAWS, now);
	return 0;
}

/*
 * RFC 9293 3.10.7.4, first step: the four cases, then cut what lies outside
 * of the window. A segment at RCV.NXT against a closed window is let through
 * without its payload, for its ACK and URG (MUST-66). 0: go on.
 */
static u32 check_sequence(struct xtcp_tcb *tcb, struct xtcp_seg *seg, u64 now)
{
	u32 wnd = rx_wnd(tcb);
	u32 edge = tcb->rcv_nxt + wnd;
	u32 space = seg_space(seg);
	u32 end = seg->seq + space;
	u32 cut;

	if (!space) {
		if (seg->seq == tcb->rcv_nxt || seq_in(seg->seq, tcb->rcv_nxt, wnd))
			return 0;
		return refuse(tcb, seg, seq_lt(seg->seq, tcb->rcv_nxt) ?
			      XTCP_DROP_OLD : XTCP_DROP_WINDOW, now);
	}
	if (!seq_in(seg->seq, tcb->rcv_nxt, wnd) &&
	    !seq_in(end - 1, tcb->rcv_nxt, wnd) &&
	    !(seq_le(seg->seq, tcb->rcv_nxt) && seq_ge(end, edge) &&
	      seq_gt(end, tcb->rcv_nxt)))
		return refuse(tcb, seg, seq_le(end, tcb->rcv_nxt) ?
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
		/* The sender is to know that the rest did not fit. */
		xtcp_ack_now(tcb);
	}
	return 0;
}

/* Second step, RFC 5961 3.2: only the exact number resets. */
static u32 rx_rst(struct xtcp_tcb *tcb, struct xtcp_seg *seg, u64 now)
{
	enum xtcp_err err = XTCP_ERR_RESET;

	if (XTCP_DEFENCE(rst_exact, seg->seq != tcb->rcv_nxt)) {
		if (!seq_in(seg->seq, tcb->rcv_nxt, rx_wnd(tcb)))
			return xtcp_drop(seg, XTCP_DROP_RST_WINDOW);
		return challenge(tcb, seg, XTCP_DROP_RST_CHALLENGE, now);
	}
	if (tcb->state == XTCP_SYN_RECEIVED && !xtcp_fo_child(tcb))
		err = XTCP_ERR_REFUSED;
	else if (tcb->state == XTCP_CLOSE_WAIT)
		err = XTCP_ERR_PIPE;
	return xtcp_drop(seg, XTCP_DROP_RST_VALID) | xtcp_fail(tcb, err);
}

/* Fifth step for SYN-RECEIVED: our SYN is acknowledged, or the ACK is wrong. */
static u32 rx_ack_of_syn(struct xtcp_tcb *tcb, struct xtcp_seg *seg, u64 now)
{
	u32 acts;

	if (seq_le(seg->ack, tcb->snd_una) || seq_gt(seg->ack, tcb->snd_nxt))
		return xtcp_drop(seg, XTCP_DROP_ACK_FUTURE) | XTCP_ACT_RST;
	acts = xtcp_move(tcb, XTCP_EV_ACK_SYN);
	tcb->snd_wl1 = seg->seq - 1;	/* whatever comes updates the window */
	tcb->snd_wl2 = seg->ack;
	xtcp_ecn_third(tcb, seg);
	xtcp_established(tcb, now);
	/* Data that left before this and was lost goes again, at no penalty. */
	if (unlikely(tcb->lost_out))
		xtcp_loss_refit(tcb);
	if (tcb->flags & XTCP_F_FIN_QUEUED)
		acts |= xtcp_close_begin(tcb);
	return acts;
}

/* Sixth step: RFC 9293 3.8.5; the pointer names the octet after (MUST-62). */
static u32 rx_urgent(struct xtcp_tcb *tcb, const struct xtcp_seg *seg, u32 seq)
{
	u32 up = seq + seg->urg;

	if (!(seg->flags & XTCP_URG) || !seg->urg)
		return 0;
	if (tcb->state != XTCP_ESTABLISHED && tcb->state != XTCP_FIN_WAIT_1 &&
	    tcb->state != XTCP_FIN_WAIT_2)
		return 0;
	/* Passed already, or no news: the pointer only ever advances. */
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
	u32 acts = XTCP_ACT_DELIVER;
	u32 before = tcb->rcv_nxt;

	if (unlikely(tcb->ooo_root))
		xtcp_sack_overlap(tcb, seg->seq, seg->seq + seg->len);
	seg->from = seg->seq;
	seg->to = xtcp_reass_cover(tcb, seg->seq + seg->len, seg->nsegs);
	/* What was handed over before has not all been taken: behind it. */
	if (unlikely(tcb->ooo_ready)) {
		if (!node)
			return xtcp_drop(seg, XTCP_DROP_NO_MEMORY);
		xtcp_reass_follow(tcb, node, seg->from, seg->to);
		acts = XTCP_ACT_HELD | XTCP_ACT_DRAIN;
	}
	tcb->rcv_nxt = seg->to;
	if (unlikely(tcb->ecn))
		xtcp_ecn_news(tcb);
	/* A hole may be filled: that is to be told at once (RFC 5681, 4.2). */
	if (tcb->ooo_root || tcb->ooo_dead) {
		xtcp_ack_now(tcb);
		acts |= xtcp_reass_advance(tcb, seg->to);
	}
	/* Passed: after 2 GB more it would seem to lie ahead. */
	if (unlikely(tcb->flags & XTCP_F_RCV_URG) && seq_ge(tcb->rcv_nxt, tcb->rcv_up))
		tcb->flags &= ~XTCP_F_RCV_URG;
	tcb->bytes_received += tcb->rcv_nxt - before;
	xtcp_rcv_rtt(tcb, seg, now);
	xtcp_ack_data(tcb, seg, now);
	return acts;
}

static u32 rx_out_of_order(struct xtcp_tcb *tcb, struct xtcp_seg *seg,
			   struct xtcp_ooo *node)
{
	/* RFC 5681, 4.2: the duplicate ACK that fast retransmit needs. */
	xtcp_ack_now(tcb);
	tcb->rcv_ooo_segs += seg->nsegs;
	if (!node)
		return xtcp_drop(seg, XTCP_DROP_NO_MEMORY);
	xtcp_sack_overlap(tcb, seg->seq, seg->seq + seg->len);
	switch (xtcp_reass_insert(tcb, node, seg->seq, seg->seq + seg->len)) {
	case XTCP_REASS_HELD:
		xtcp_mib(tcb, XTCP_MIB_OFO_QUEUE);
		xtcp_sack_held(tcb, seg->seq);
		return XTCP_ACT_HELD | (tcb->ooo_dead ? XTCP_ACT_REAP : 0);
	case XTCP_REASS_DUP:
		xtcp_mib(tcb, XTCP_MIB_OFO_MERGE);
		xtcp_sack_held(tcb, seg->seq);
		return xtcp_drop(seg, XTCP_DROP_DUP_DATA);
	default:
		return xtcp_drop(seg, XTCP_DROP_OOO_LIMIT) |
		       (tcb->ooo_dead ? XTCP_ACT_REAP : 0);
	}
}

/*
 * Where the stream ends, once a FIN said so: the first FIN in the window
 * counts, what was held beyond it goes, later contradictions are cut to it.
 */
static u32 note_fin(struct xtcp_tcb *tcb, struct xtcp_seg *seg)
{
	u32 end = seg->seq + seg->len;
	u32 acts = 0;

	if (seg->flags & XTCP_FIN && !(tcb->flags & XTCP_F_FIN_SEEN)) {
		tcb->flags |= XTCP_F_FIN_SEEN;
		tcb->rcv_fin = end;
		acts = xtcp_reass_cut(tcb, end);
	}
	if (tcb->flags & XTCP_F_FIN_SEEN && seq_gt(end, tcb->rcv_fin))
		seg->len = seq_lt(seg->seq, tcb->rcv_fin) ?
			   tcb->rcv_fin - seg->seq : 0;
	return acts;
}

/* Eighth step: everything before the FIN has arrived. */
static u32 rx_fin(struct xtcp_tcb *tcb, const struct xtcp_seg *seg, u64 now)
{
	u32 acts;

	if (!(tcb->flags & XTCP_F_FIN_SEEN) || tcb->rcv_nxt != tcb->rcv_fin)
		return 0;
	acts = xtcp_fin_rx(tcb, now);
	/* In CLOSE-WAIT our own FIN may follow soon and carry the ACK. */
	if (tcb->state == XTCP_CLOSE_WAIT)
		xtcp_ack_data(tcb, seg, now);
	else
		xtcp_ack_now(tcb);
	return acts;
}

/* Seventh and eighth step: the text, then the FIN. */
static u32 rx_text(struct xtcp_tcb *tcb, struct xtcp_seg *seg,
		   struct xtcp_ooo *node, u32 had, u64 now)
{
	u32 acts;

	if (tcb->state != XTCP_ESTABLISHED && tcb->state != XTCP_FIN_WAIT_1 &&
	    tcb->state != XTCP_FIN_WAIT_2)
		return had ? xtcp_drop(seg, XTCP_DROP_AFTER_FIN) : 0;

	/* RFC 9293 SHLD-3: the reader has gone, the peer must learn it. */
	if (seg->len && tcb->flags & XTCP_F_ORPHAN) {
		xtcp_mib(tcb, XTCP_MIB_ABORT_ON_DATA);
		return xtcp_drop(seg, XTCP_DROP_AFTER_CLOSE) |
		       xtcp_fail(tcb, XTCP_ERR_RESET) | xtcp_rst_owed(tcb);
	}

	acts = note_fin(tcb, seg);
	if (seg->len) {
		tcb->last_data_rx_at = now;
		if (seg->seq == tcb->rcv_nxt)
			acts |= rx_in_order(tcb, seg, node, now);
		else
			acts |= rx_out_of_order(tcb, seg, node);
	} else if (had) {
		xtcp_ack_now(tcb);
		acts |= xtcp_drop(seg, xtcp_rcv_wnd(tcb) ? XTCP_DROP_AFTER_FIN :
				  XTCP_DROP_ZERO_WINDOW);
	} else if (seg->flags & XTCP_FIN && seg->seq != tcb->rcv_nxt) {
		xtcp_ack_now(tcb);
	}
	return acts | rx_fin(tcb, seg, now);
}

/*
 * RFC 9293 3.10.7.3: text and FIN of a SYN that crossed ours wait until the
 * connection is established. They are acknowledged then, and not before, so
 * memory pressure may drop them.
 */
static u32 hold_syn_text(struct xtcp_tcb *tcb, struct xtcp_seg *seg,
			 struct xtcp_ooo *node, u64 now)
{
	u32 acts;

	seg->seq++;
	acts = check_sequence(tcb, seg, now);
	if (acts)
		return acts;
	acts = note_fin(tcb, seg);
	if (!seg->len)
		return acts;
	if (!node || xtcp_reass_insert(tcb, node, seg->seq, seg->seq + seg->len) !=
	    XTCP_REASS_HELD)
		return acts | xtcp_drop(seg, XTCP_DROP_NO_MEMORY);
	return acts | XTCP_ACT_HELD;
}

/* @seg established the connection, and was handled. */
static u32 take_syn_text(struct xtcp_tcb *tcb, const struct xtcp_seg *seg, u64 now)
{
	u32 before = tcb->rcv_nxt, acts;

	if (likely(!tcb->ooo_root))
		return 0;
	acts = xtcp_reass_advance(tcb, tcb->rcv_nxt);
	if (tcb->rcv_nxt != before) {
		tcb->bytes_received += tcb->rcv_nxt - before;
		tcb->last_data_rx_at = now;
		xtcp_ack_now(tcb);
	}
	return acts | rx_fin(tcb, seg, now);
}

/* RFC 9293 3.10.7.4: every state from SYN-RECEIVED on but TIME-WAIT. */
static u32 rx_synchronized(struct xtcp_tcb *tcb, struct xtcp_seg *seg,
			   struct xtcp_ooo *node, u64 now)
{
	u32 acts = 0, seq, had;
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
	/* Fourth step before the first: any SYN is challenged (RFC 5961, 4.2). */
	if (seg->flags & XTCP_RST)
		return rx_rst(tcb, seg, now);
	if (tcb->opts & XTCP_OPT_TS)
		acts = check_timestamp(tcb, seg, now);
	if (acts)
		return acts;
	if (seg->flags & XTCP_SYN) {
		xtcp_ecn_synack_again(tcb, seg);
		xtcp_rtt_synack_again(tcb, seg, now);
		if (XTCP_DEFENCE(syn_challenge, true))
			return challenge(tcb, seg, XTCP_DROP_SYN_CHALLENGE, now);
		return xtcp_fail(tcb, XTCP_ERR_RESET) | XTCP_ACT_DROP;
	}
	seq = seg->seq;
	had = seg->len;
	acts = check_sequence(tcb, seg, now);
	if (acts)
		return acts;

	/* What was cut off may owe an ACK, whatever becomes of the rest. */
	if (!(seg->flags & XTCP_ACK))
		return xtcp_drop(seg, XTCP_DROP_NO_ACK) | xtcp_want_output(tcb);
	if (tcb->state == XTCP_SYN_RECEIVED) {
		acts = rx_ack_of_syn(tcb, seg, now);
		if (acts & XTCP_ACT_DROP)
			return acts | xtcp_want_output(tcb);
		opened = true;
	}
	acts |= xtcp_ack_rx(tcb, seg, now);
	if (acts & XTCP_ACT_DROP || tcb->state == XTCP_CLOSED)
		return acts | xtcp_want_output(tcb);
	tcb->last_rx_at = now;
	if (unlikely(tcb->ecn))
		xtcp_ecn_rx(tcb, seg, had);
	/* RFC 7323, 4.3 (2): never from a segment beyond what we acked. */
	if (tcb->opts & XTCP_OPT_TS && seq_le(seq, tcb->ack_seq_last) &&
	    (seq_ge(seg->tsval, tcb->ts_recent) ||
	     now - tcb->ts_recent_at >= PAWS_LIFETIME_NS)) {
		tcb->ts_recent = seg->tsval;
		tcb->ts_recent_at = now;
	}
	acts |= rx_urgent(tcb, seg, seq);
	if (likely(!opened))
		return acts | rx_text(tcb, seg, node, had, now) | xtcp_want_output(tcb);
	/* The peer sends the text of its SYN again: this takes its place. */
	if (seg->len && seg->seq == tcb->rcv_nxt && tcb->ooo_root) {
		xtcp_reass_flush(tcb);
		acts |= XTCP_ACT_REAP;
	}
	acts |= rx_text(tcb, seg, node, had, now);
	acts |= take_syn_text(tcb, seg, now);
	return acts | xtcp_want_output(tcb);
}

static u32 rx_syn_sent_syn(struct xtcp_tcb *tcb, struct xtcp_seg *seg,
			   struct xtcp_ooo *node, u64 now)
{
	struct xtcp_ack a = { .now = now, .tsecr = seg->tsecr };
	u32 acts;

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
		acts = xtcp_move(tcb, XTCP_EV_SYN);
		xtcp_ecn_syn(tcb, seg);
		xtcp_map_mark_all(tcb, false);
		if (seg->len || seg->flags & XTCP_FIN)
			acts |= hold_syn_text(tcb, seg, node, now);
		return acts | xtcp_want_output(tcb);
	}
	tcb->snd_wl2 = seg->ack;
	if (unlikely(tcb->fo))
		xtcp_fastopen_synack(tcb, seg);
	/* What of the SYN's data is not acknowledged was not taken. */
	if (seg->ack != tcb->snd_nxt)
		xtcp_map_mark_all(tcb, false);
	acts = seg->ack != tcb->iss + 1 ? XTCP_ACT_ACKED : 0;
	tcb->bytes_acked += seg->ack - tcb->iss - 1;
	xtcp_rtt_syn(tcb, &a);
	xtcp_map_ack(tcb, seg->ack, &a);
	seg->delivered = a.segs;
	xtcp_rtt_acked(tcb, &a);
	acts |= xtcp_move(tcb, XTCP_EV_SYNACK);
	xtcp_ecn_synack(tcb, seg);
	xtcp_established(tcb, now);
	if (tcb->lost_out)
		xtcp_loss_refit(tcb);
	xtcp_rto_restart(tcb, now);
	xtcp_persist_check(tcb, now);
	xtcp_ack_now(tcb);
	/* Controls and text of the SYN-ACK: sixth step and on. */
	seg->seq++;
	if (seg->len || seg->flags & (XTCP_FIN | XTCP_URG)) {
		u32 seq = seg->seq, had = seg->len;

		acts |= check_sequence(tcb, seg, now);
		if (acts & XTCP_ACT_DROP)
			return acts;
		acts |= rx_urgent(tcb, seg, seq);
		acts |= rx_text(tcb, seg, node, had, now);
	}
	return acts | xtcp_want_output(tcb);
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

/**
 * xtcp_rx - a segment arrived for this connection
 * @tcb: connection in any state
 * @seg: from xtcp_parse(); seq, len and flags are cut to what counts
 * @node: memory inside the packet, in case it is to be held; may be NULL
 *	when @seg has no payload
 * @now: ns
 *
 * RFC 9293, 3.10.7. A run of segments merged on the way in is one call.
 *
 * Return: XTCP_ACT_* bits. With neither XTCP_ACT_DELIVER nor XTCP_ACT_HELD
 * the packet is the caller's to free; it was discarded for a reason only
 * with XTCP_ACT_DROP.
 */
u32 xtcp_rx(struct xtcp_tcb *tcb, struct xtcp_seg *seg, struct xtcp_ooo *node,
	    u64 now)
{
	seg->delivered = 0;
	seg->delivered_ce = 0;
	tcb->segs_in += seg->nsegs;
	if (seg->len)
		tcb->data_segs_in += seg->nsegs;

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

/**
 * xtcp_rst_plan - the RST that answers a segment nobody wants
 * @seg: the segment; must not be a RST
 * @plan: filled in
 *
 * RFC 9293 3.10.7.1: <SEQ=SEG.ACK> when it has an ACK, else <SEQ=0> with the
 * ACK of all of it.
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
	plan->ack = seg->seq + seg_space(seg) + !!(seg->flags & XTCP_SYN);
}
