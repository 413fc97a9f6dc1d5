// SPDX-License-Identifier: GPL-2.0
/*
 * What to send next: RFC 9293 3.8.6.2.1, 3.7.4, 3.10.2. Every segment of a
 * connection is planned here.
 *
 * xtcp_tx_peek() plans the next segment or burst and changes nothing. The caller
 * builds and sends a packet, which may fail, and xtcp_tx_commit() then updates
 * the state.
 *
 * Plans come in order of urgency: what ends the connection, what opens it,
 * probes, lost data, new data. A bare ACK comes last, since every other segment
 * carries the ACK too.
 */
#include "core.h"

static void plan_base(const struct xtcp_tcb *tcb, struct xtcp_plan *plan, u64 now)
{
	xtcp_plan_init(plan);
	plan->ack = tcb->rcv_nxt;
	plan->flags = XTCP_ACK;
	plan->mss = tcb->mss;
	plan->wnd = xtcp_window_field(xtcp_window_pick(tcb), tcb->rcv_wscale);
	plan->hdr_len = XTCP_HDR_LEN;
	if (tcb->opts & XTCP_OPT_TS) {
		plan->opts = XTCP_OPT_TS;
		plan->tsval = xtcp_ts_clock(now) + tcb->ts_off;
		plan->tsecr = tcb->ts_recent;
		plan->hdr_len += XTCP_TS_LEN;
	}
}

/* RFC 9293 3.8.5: every segment below SND.UP carries the urgent pointer. */
static void plan_urgent(const struct xtcp_tcb *tcb, struct xtcp_plan *plan)
{
	if (!(tcb->flags & XTCP_F_SND_URG) || seq_le(tcb->snd_up, plan->seq))
		return;
	plan->flags |= XTCP_URG;
	plan->urg = (u16)min_t(u32, tcb->snd_up - plan->seq, 65535);
}

/* Is the SYN unsent and not waiting for data (RFC 7413), or lost? */
static bool plan_syn_due(const struct xtcp_tcb *tcb)
{
	if (tcb->snd_nxt == tcb->iss)
		return tcb->state != XTCP_SYN_SENT || !(tcb->fo & XTCP_FO_WAIT);
	return tcb->lost_out && tcb->map_head->marks & XTCP_SENT_LOST;
}

/*
 * RFC 9293 3.10.1: the SYN of an active open; the SYN-ACK of a simultaneous open
 * or of a Fast Open connection made from a SYN.
 */
static bool plan_syn(const struct xtcp_tcb *tcb, struct xtcp_plan *plan, u64 now)
{
	if (!plan_syn_due(tcb))
		return false;
	plan_base(tcb, plan, now);
	plan->kind = XTCP_PLAN_SYN;
	plan->seq = tcb->iss;
	plan->flags = XTCP_SYN;
	plan->opts = tcb->opts;
	plan->opt_mss = tcb->adv_mss;
	plan->wscale = tcb->rcv_wscale;
	plan->wnd = xtcp_window_field(tcb->rcv_wnd, 0);	/* RFC 7323, 2.2 */
	if (tcb->state == XTCP_SYN_RECEIVED) {
		plan->flags |= XTCP_ACK;
	} else {
		plan->ack = 0;
		plan->tsecr = 0;
	}
	xtcp_ecn_plan_syn(tcb, plan);
	if (unlikely(tcb->fo))
		xtcp_fastopen_plan(tcb, plan);
	plan->hdr_len = xtcp_hdr_len(plan);
	return true;
}

/*
 * Sequence number of a RST: the peer accepts only its RCV.NXT (RFC 5961 3.2).
 *
 * Data in flight arrives before the RST, so the best guess is SND.NXT. But if
 * only the FIN of a closed socket is outstanding, the segment that provoked the
 * RST acknowledged SND.UNA, and that is the peer's RCV.NXT.
 */
static u32 plan_rst_seq(const struct xtcp_tcb *tcb)
{
	u32 fin = XTCP_F_ORPHAN | XTCP_F_FIN_SENT;

	return (tcb->flags & fin) == fin && tcb->snd_una == tcb->snd_end ?
	       tcb->snd_una : tcb->snd_nxt;
}

/* With a timestamp if they were negotiated (RFC 7323 3.2). */
static bool plan_rst(const struct xtcp_tcb *tcb, struct xtcp_plan *plan, u64 now)
{
	plan_base(tcb, plan, now);
	plan->kind = XTCP_PLAN_RST;
	plan->seq = plan_rst_seq(tcb);
	plan->flags = XTCP_RST | XTCP_ACK;
	plan->wnd = 0;
	return true;
}

/*
 * A pure ACK. A peer whose window is closed or shrunk drops a segment beyond its
 * window, and the ACK with it: limit the sequence number to the window's edge.
 */
static bool plan_ack(const struct xtcp_tcb *tcb, struct xtcp_plan *plan, u64 now)
{
	plan_base(tcb, plan, now);
	plan->kind = XTCP_PLAN_ACK;
	plan->seq = seq_min(tcb->snd_nxt, tcb->snd_una + tcb->snd_wnd);
	plan_urgent(tcb, plan);
	xtcp_sack_plan(tcb, plan);
	if (unlikely(tcb->ecn))
		xtcp_ecn_plan(tcb, plan);
	return true;
}

/*
 * Keepalive probe, RFC 9293 3.8.4, SHLD-12: no data, and SND.UNA - 1 as sequence
 * number, which the peer must answer by an ACK.
 */
static bool plan_keepalive(const struct xtcp_tcb *tcb, struct xtcp_plan *plan, u64 now)
{
	plan_base(tcb, plan, now);
	plan->kind = XTCP_PLAN_KEEP;
	plan->seq = tcb->snd_una - 1;
	if (unlikely(tcb->ecn))
		xtcp_ecn_plan(tcb, plan);
	return true;
}

/* Put [seq, seq + len) of the stream into a plan, and the FIN if @fin. */
static void plan_payload(const struct xtcp_tcb *tcb, struct xtcp_plan *plan,
			 u32 seq, u32 len, bool fin)
{
	plan->seq = seq;
	plan->data = seq;
	plan->len = len;
	if (fin)
		plan->flags |= XTCP_FIN;
	/*
	 * PSH where the send buffer ends (RFC 9293 MUST-61), and on a burst of
	 * several segments: segmentation leaves it on the last one only, and the
	 * peer's GRO need not wait for more.
	 */
	if (len > plan->mss ||
	    (len && seq + len == tcb->snd_end && !(tcb->flags & XTCP_F_MORE)))
		plan->flags |= XTCP_PSH;
	plan_urgent(tcb, plan);
	if (unlikely(tcb->ecn))
		xtcp_ecn_plan(tcb, plan);
}

/*
 * Window probe, RFC 9293 3.8.6.1: the first unacknowledged octet; if none, the
 * next new one; if none, the FIN.
 */
static bool plan_probe(const struct xtcp_tcb *tcb, struct xtcp_plan *plan, u64 now)
{
	bool fin = tcb->snd_una == tcb->snd_end;

	if (tcb->snd_una == tcb->snd_nxt && !xtcp_unsent(tcb))
		return false;
	plan_base(tcb, plan, now);
	plan->kind = XTCP_PLAN_PROBE;
	plan_payload(tcb, plan, tcb->snd_una, fin ? 0 : 1, fin);
	return true;
}

/*
 * How much of @len (bytes) one plan may carry: whole segments, at least one. Just
 * one segment while urgent data is outstanding: segmentation copies the urgent
 * pointer, which is relative to the sequence number of each segment.
 */
static u32 plan_burst(const struct xtcp_tcb *tcb, u32 len)
{
	u32 most;

	if (tcb->flags & XTCP_F_SND_URG || xtcp_ecn_single(tcb))
		return min_t(u32, len, tcb->mss);
	most = tcb->gso_max;
	if (len > (u32)tcb->par->min_tso_segs * tcb->mss)
		most = xtcp_pace_burst(tcb, most);
	return min(len, max_t(u32, most - most % tcb->mss, tcb->mss));
}

/*
 * Retransmission of lost data, from the entry that goes first: as far as lost
 * data is contiguous, within the peer's window (SHLD-16) and the congestion
 * window. The first segment of a recovery ignores the congestion window.
 */
static bool plan_rtx(const struct xtcp_tcb *tcb, struct xtcp_plan *plan, u64 now)
{
	const struct xtcp_sent *sent = xtcp_map_next(tcb);
	u32 flight = xtcp_flight(tcb);
	u32 wnd_end = tcb->snd_una + tcb->snd_wnd;
	u32 limit, end, seq;
	bool fin;

	if (!sent)
		return false;
	seq = sent->seq;
	limit = tcb->cwnd > flight ? tcb->cwnd - flight : 0;
	if (limit < tcb->mss) {
		if (!(tcb->flags & XTCP_F_FORCE_RTX) && flight)
			return false;
		limit = tcb->mss;
	}
	limit = plan_burst(tcb, limit - limit % tcb->mss);
	end = sent->end;
	while (end - seq < limit && (sent = sent->next) &&
	       sent->marks & XTCP_SENT_LOST)
		end = sent->end;
	end = seq_min(end, wnd_end);
	if (seq_ge(seq, end))
		return false;
	fin = tcb->flags & XTCP_F_FIN_SENT && seq_gt(end, tcb->snd_end);
	end = seq_min(end - fin, seq + limit);
	fin = fin && end == tcb->snd_end;

	plan_base(tcb, plan, now);
	plan->kind = XTCP_PLAN_RTX;
	plan_payload(tcb, plan, seq, end - seq, fin);
	return true;
}

/*
 * Room in the congestion window, bytes. Without SACK each of the first two
 * duplicate ACKs allows one new segment (RFC 3042); with SACK the flight shrinks
 * by what was SACKed, which has the same effect.
 */
static u32 plan_new_room(const struct xtcp_tcb *tcb, u32 flight)
{
	u32 cwnd = tcb->cwnd;

	if (tcb->dupacks && tcb->cong == XTCP_CONG_OPEN && !tcb->sacked_out)
		cwnd += min_t(u32, tcb->dupacks, 2) * tcb->mss;
	return cwnd > flight ? cwnd - flight : 0;
}

/*
 * xtcp_tx_new_len - how much new data may be sent now
 * @fin: set to whether the FIN goes with it
 *
 * Return: payload, bytes; 0 if there is none or none may be sent.
 */
u32 xtcp_tx_new_len(const struct xtcp_tcb *tcb, bool *fin)
{
	u32 wnd_end = tcb->snd_una + tcb->snd_wnd;
	u32 flight = xtcp_flight(tcb);
	u32 data, usable, room, len, tail;

	*fin = false;
	if (!xtcp_unsent(tcb))
		return 0;
	data = tcb->snd_end - tcb->snd_nxt;
	usable = seq_gt(wnd_end, tcb->snd_nxt) ? wnd_end - tcb->snd_nxt : 0;
	room = plan_new_room(tcb, flight);
	if (!flight)
		room = max_t(u32, room, tcb->mss);
	len = min(data, usable);
	len = plan_burst(tcb, len);
	if (len > room)
		len = room - room % tcb->mss;

	tail = len % tcb->mss;
	if (tail && !(len < data && len > tcb->mss) && xtcp_small_may(tcb, len, data))
		tail = 0;
	len -= tail;
	*fin = len == data && tcb->flags & XTCP_F_FIN_QUEUED && usable > data && room;
	return len;
}

static bool plan_new(const struct xtcp_tcb *tcb, struct xtcp_plan *plan, u64 now)
{
	bool fin;
	u32 len = xtcp_tx_new_len(tcb, &fin);

	if (!len && !fin)
		return false;
	plan_base(tcb, plan, now);
	plan->kind = XTCP_PLAN_NEW;
	plan_payload(tcb, plan, tcb->snd_nxt, len, fin);
	return true;
}

/*
 * May anything be sent before our SYN is acknowledged? Fast Open data, at most
 * the initial window, with the FIN behind it (RFC 7413 4.2.2); otherwise only a
 * FIN with no data before it (RFC 9293 3.10.4).
 */
static bool plan_may_early(const struct xtcp_tcb *tcb)
{
	return xtcp_fastopen_is_child(tcb) ||
	       (tcb->flags & XTCP_F_FIN_QUEUED && tcb->snd_end == tcb->iss + 1);
}

/* Not after a loss: the peer may not exist. */
static bool plan_early(const struct xtcp_tcb *tcb, struct xtcp_plan *plan, u64 now)
{
	bool fin;
	u32 len;

	if (!plan_may_early(tcb) || tcb->lost_out || tcb->retries ||
	    tcb->flags & XTCP_F_PACE_WAIT)
		return false;
	len = xtcp_tx_new_len(tcb, &fin);
	if (!len && !fin)
		return false;
	plan_base(tcb, plan, now);
	plan->kind = XTCP_PLAN_NEW;
	plan_payload(tcb, plan, tcb->snd_nxt, len, fin);
	/* The peer has not agreed to ECN yet. */
	plan->ecn = XTCP_NOT_ECT;
	return true;
}

/*
 * Tail loss probe, RFC 8985, 7.3: a new segment if there is one that fits the
 * peer's window, otherwise a retransmission; always a retransmission if a loss is
 * known. The congestion window does not apply.
 */
static bool plan_tlp(const struct xtcp_tcb *tcb, struct xtcp_plan *plan, u64 now)
{
	u32 wnd_end = tcb->snd_una + tcb->snd_wnd;
	u32 data = tcb->snd_end - tcb->snd_nxt, end, seq;
	bool fin;

	if (!tcb->map_tail)
		return false;
	plan_base(tcb, plan, now);
	if (!xtcp_tlp_by_head(tcb) && xtcp_unsent(tcb) &&
	    seq_gt(wnd_end, tcb->snd_nxt)) {
		u32 usable = wnd_end - tcb->snd_nxt;
		u32 len = min_t(u32, min(data, usable), tcb->mss);

		plan->kind = XTCP_PLAN_TLP_NEW;
		fin = len == data && tcb->flags & XTCP_F_FIN_QUEUED && usable > len;
		plan_payload(tcb, plan, tcb->snd_nxt, len, fin);
		return true;
	}
	seq = xtcp_tlp_again(tcb, &end);
	if (seq_ge(seq, end))
		return false;
	fin = seq_gt(end, tcb->snd_end);
	plan->kind = XTCP_PLAN_TLP;
	plan_payload(tcb, plan, seq, end - fin - seq, fin);
	return true;
}

/* Path MTU probe, RFC 4821: one packet of new data, larger than the MSS. */
static bool plan_mtup(const struct xtcp_tcb *tcb, struct xtcp_plan *plan, u64 now)
{
	u32 len = xtcp_mtup_len(tcb, now);

	if (!len)
		return false;
	plan_base(tcb, plan, now);
	plan->kind = XTCP_PLAN_MTUP;
	plan->mss = (u16)len;
	plan_payload(tcb, plan, tcb->snd_nxt, len, false);
	return true;
}

/*
 * Lost data before new data, but new data first while F-RTO examines a timeout
 * (RFC 5682 2.1, step 2b). Nothing while pacing waits.
 */
static bool plan_data(const struct xtcp_tcb *tcb, struct xtcp_plan *plan, u64 now)
{
	if (tcb->flags & XTCP_F_PACE_WAIT)
		return false;
	if (tcb->flags & XTCP_F_FRTO_NEW && plan_new(tcb, plan, now))
		goto out;
	if (!(tcb->map_lost && plan_rtx(tcb, plan, now)) &&
	    !(unlikely(tcb->mtup_on) && plan_mtup(tcb, plan, now)) &&
	    !plan_new(tcb, plan, now))
		return false;
out:
	if (unlikely(tcb->flags & XTCP_F_PACED))
		plan->release = xtcp_pace_release(tcb, now);
	return true;
}

bool xtcp_tx_peek(struct xtcp_tcb *tcb, u64 now, struct xtcp_plan *plan)
{
	switch (tcb->state) {
	case XTCP_CLOSED:
		return tcb->flags & XTCP_F_SEND_RST && plan_rst(tcb, plan, now);
	case XTCP_SYN_SENT:
		return plan_syn(tcb, plan, now);
	case XTCP_SYN_RECEIVED:
		if ((!(tcb->flags & XTCP_F_PASSIVE) || xtcp_fastopen_is_child(tcb)) &&
		    (plan_syn(tcb, plan, now) || plan_early(tcb, plan, now)))
			return true;
		break;
	case XTCP_TIME_WAIT:
		break;
	default:
		if (tcb->flags & XTCP_F_PROBE && !tcb->snd_wnd &&
		    plan_probe(tcb, plan, now))
			return true;
		if (tcb->flags & XTCP_F_KEEP_PROBE && plan_keepalive(tcb, plan, now))
			return true;
		/* SACK or AccECN information is due that only a bare ACK can carry. */
		if (tcb->ack_pending & XTCP_ACKP_NOW &&
		    (xtcp_sack_pending(tcb) || (tcb->ecn && xtcp_ecn_pending(tcb))))
			return plan_ack(tcb, plan, now);
		if (tcb->flags & XTCP_F_TLP_OWED && plan_tlp(tcb, plan, now))
			return true;
		if (plan_data(tcb, plan, now))
			return true;
		break;
	}
	return tcb->ack_pending & XTCP_ACKP_NOW && plan_ack(tcb, plan, now);
}

/* The user timeout counts from the first transmission, which is now. */
static void commit_user(struct xtcp_tcb *tcb, u64 now)
{
	if (unlikely(tcb->user_timeout_ms || xtcp_dl_is_set(tcb, XTCP_DL_USER)))
		xtcp_user_restart(tcb, now);
}

static void commit_new(struct xtcp_tcb *tcb, const struct xtcp_plan *plan,
		       u32 end, u64 now)
{
	if (plan->len % tcb->mss)
		tcb->snd_sml = plan->seq + plan->len;
	if (plan->flags & XTCP_FIN)
		tcb->flags |= XTCP_F_FIN_SENT;
	tcb->flags &= ~XTCP_F_SWS_OVERRIDE;
	tcb->small_go = false;
	xtcp_map_append(tcb, end, plan->len % tcb->mss ? XTCP_SENT_SMALL : 0, now);
	if (unlikely(tcb->small_wrote) && seq_ge(end, tcb->snd_end))
		xtcp_small_sent(tcb);
	if (!xtcp_dl_is_set(tcb, XTCP_DL_RTO))
		xtcp_rto_restart(tcb, now);
	commit_user(tcb, now);
	tcb->prr_out += end - plan->seq;
}

static void commit_rtx(struct xtcp_tcb *tcb, const struct xtcp_plan *plan,
		       u32 end, u64 now)
{
	xtcp_map_resent(tcb, plan->seq, end, now);
	xtcp_undo_rtx(tcb, plan->seq, end, now);
	tcb->prr_out += end - plan->seq;
	tcb->flags &= ~XTCP_F_FORCE_RTX;
	/*
	 * The probe's bytes may be among these, now in smaller segments: their
	 * ACK says nothing about the MTU.
	 */
	tcb->mtup_size = 0;
	if (!xtcp_dl_is_set(tcb, XTCP_DL_RTO))
		xtcp_rto_restart(tcb, now);
}

static void commit_probe(struct xtcp_tcb *tcb, const struct xtcp_plan *plan,
			 u32 end, u64 now)
{
	tcb->flags &= ~XTCP_F_PROBE;
	if (tcb->map_head) {
		/* A retransmission: no RTT sample. Its lost mark stays as it is. */
		tcb->map_head->marks |= XTCP_SENT_RTX;
		return;
	}
	if (plan->flags & XTCP_FIN)
		tcb->flags |= XTCP_F_FIN_SENT;
	xtcp_map_append(tcb, end, XTCP_SENT_PROBE | XTCP_SENT_RTX, now);
}

/* Data of the SYN gets an entry of its own: a retransmitted SYN carries none. */
static void commit_syn(struct xtcp_tcb *tcb, const struct xtcp_plan *plan, u64 now)
{
	if (tcb->snd_nxt == tcb->iss) {
		xtcp_map_append(tcb, tcb->iss + 1, 0, now);
		if (plan->len)
			xtcp_map_append(tcb, plan->data + plan->len, 0, now);
		xtcp_fastopen_sent(tcb, plan);
		commit_user(tcb, now);
	} else {
		xtcp_map_resent(tcb, tcb->iss, tcb->iss + 1, now);
		xtcp_mib_note(tcb, XTCP_MIB_SYN_RETRANS);
	}
	if (!xtcp_dl_is_set(tcb, XTCP_DL_RTO))
		xtcp_rto_restart(tcb, now);
}

static void commit_payload_stats(struct xtcp_tcb *tcb, const struct xtcp_plan *plan,
				 u32 segs, bool again)
{
	if (again) {
		tcb->total_retrans += segs;
		tcb->bytes_retrans += plan->len;
	}
	tcb->data_segs_out += plan->len ? segs : 0;
	tcb->bytes_sent += plan->len;
}

/* Record the window that the peer is told, and count changes to and from zero. */
static void commit_window(struct xtcp_tcb *tcb, const struct xtcp_plan *plan)
{
	if (unlikely(!plan->wnd != !tcb->rcv_wnd) && !(plan->flags & XTCP_RST))
		xtcp_mib_note(tcb, plan->wnd ? XTCP_MIB_FROM_ZERO_WINDOW :
					  XTCP_MIB_TO_ZERO_WINDOW);
	if (unlikely(plan->wnd && !(tcb->rcv_space >> tcb->rcv_wscale)))
		xtcp_mib_note(tcb, XTCP_MIB_WANT_ZERO_WINDOW);
	tcb->rcv_wnd = (u32)plan->wnd << tcb->rcv_wscale;
}

u32 xtcp_tx_commit(struct xtcp_tcb *tcb, const struct xtcp_plan *plan, u64 now)
{
	u32 end = plan->seq + plan->len + !!(plan->flags & XTCP_FIN);
	u32 segs = plan->len > plan->mss ? DIV_ROUND_UP(plan->len, plan->mss) : 1;
	u64 left = max(now, plan->release);

	tcb->segs_out += segs;
	xtcp_dl_clear(tcb, XTCP_DL_RETRY);
	tcb->aborts = 0;
	if (plan->flags & XTCP_ACK) {
		tcb->rcv_most = xtcp_rcv_edge(tcb);
		tcb->rcv_wup = plan->ack;
		/*
		 * The window of a SYN-ACK is unscaled: it may say less, and
		 * revokes nothing.
		 */
		if (plan->flags & XTCP_SYN)
			tcb->rcv_wnd = max_t(u32, tcb->rcv_wnd, plan->wnd);
		else
			commit_window(tcb, plan);
		tcb->ack_seq_last = plan->ack;
		if (plan->opts & XTCP_OPT_SACK)
			xtcp_sack_sent(tcb);
		if (unlikely(tcb->ecn))
			xtcp_ecn_sent(tcb, plan);
		xtcp_ack_sent(tcb);
	}
	switch (plan->kind) {
	case XTCP_PLAN_SYN:
		commit_syn(tcb, plan, now);
		break;
	case XTCP_PLAN_NEW:
		commit_new(tcb, plan, end, left);
		xtcp_tlp_arm(tcb, left);
		break;
	case XTCP_PLAN_MTUP:
		xtcp_mtup_sent(tcb, plan->seq, plan->len, now);
		commit_new(tcb, plan, end, left);
		xtcp_tlp_arm(tcb, left);
		break;
	case XTCP_PLAN_RTX:
		commit_rtx(tcb, plan, end, left);
		xtcp_tlp_arm(tcb, left);
		break;
	case XTCP_PLAN_TLP_NEW:
		commit_new(tcb, plan, end, now);
		xtcp_tlp_sent(tcb, plan->seq, end, false);
		break;
	case XTCP_PLAN_TLP:
		/* In a recovery it counts as a retransmission. */
		if (tcb->cong == XTCP_CONG_RECOVERY)
			commit_rtx(tcb, plan, end, now);
		else
			xtcp_map_resent(tcb, plan->seq, end, now);
		xtcp_tlp_sent(tcb, plan->seq, end, true);
		break;
	case XTCP_PLAN_PROBE:
		commit_probe(tcb, plan, end, now);
		break;
	case XTCP_PLAN_KEEP:
		tcb->flags &= ~XTCP_F_KEEP_PROBE;
		break;
	case XTCP_PLAN_RST:
		tcb->flags &= ~XTCP_F_SEND_RST;
		break;
	}
	if (plan->len) {
		commit_payload_stats(tcb, plan, segs, plan->kind == XTCP_PLAN_RTX ||
				     plan->kind == XTCP_PLAN_TLP);
		if (unlikely(tcb->flags & XTCP_F_PACED))
			xtcp_pace_sent(tcb, plan->len, now);
		xtcp_ack_piggyback(tcb, now);
	}
	return xtcp_want_output(tcb);
}

/* A failed transmission is retried after XTCP_RETRY_NS, doubled so often at most. */
#define RETRY_SHIFT_MAX	16

void xtcp_tx_abort(struct xtcp_tcb *tcb, const struct xtcp_plan *plan, u64 now)
{
	if (plan->kind == XTCP_PLAN_RTX)
		xtcp_mib_note(tcb, XTCP_MIB_RETRANS_FAIL);
	/* A RST is not retried. */
	tcb->flags &= ~XTCP_F_SEND_RST;
	if (tcb->state == XTCP_CLOSED)
		return;
	if (!xtcp_dl_is_set(tcb, XTCP_DL_RETRY))
		xtcp_dl_set(tcb, XTCP_DL_RETRY, now + (XTCP_RETRY_NS << tcb->aborts));
	if (!xtcp_dl_is_set(tcb, XTCP_DL_USER))
		xtcp_user_restart(tcb, now);
}

/* xtcp_retry_fire - time to retry what could not be sent */
u32 xtcp_retry_fire(struct xtcp_tcb *tcb)
{
	if (tcb->aborts < RETRY_SHIFT_MAX)
		tcb->aborts++;
	return XTCP_ACT_OUTPUT;
}

/*
 * xtcp_want_output - XTCP_ACT_OUTPUT if xtcp_tx_peek() may have something to send
 *
 * Only xtcp_tx_peek() checks whether a segment is too small to be sent: a second
 * check here would cost every exchange more than the few calls in vain do.
 */
u32 xtcp_want_output(const struct xtcp_tcb *tcb)
{
	u32 flight;

	if (tcb->ack_pending & XTCP_ACKP_NOW ||
	    tcb->flags & (XTCP_F_SEND_RST | XTCP_F_PROBE | XTCP_F_KEEP_PROBE |
			  XTCP_F_TLP_OWED))
		return XTCP_ACT_OUTPUT;
	if (tcb->flags & XTCP_F_PACE_WAIT)
		return 0;
	if (tcb->lost_out)
		return XTCP_ACT_OUTPUT;
	if (likely(!xtcp_unsent(tcb)))
		return 0;
	if (tcb->state == XTCP_CLOSED || tcb->state == XTCP_TIME_WAIT)
		return 0;
	if (tcb->state == XTCP_SYN_SENT || tcb->state == XTCP_SYN_RECEIVED) {
		if (plan_syn_due(tcb))
			return XTCP_ACT_OUTPUT;
		if (tcb->state == XTCP_SYN_SENT || !plan_may_early(tcb))
			return 0;
	}
	if (seq_ge(tcb->snd_nxt, tcb->snd_una + tcb->snd_wnd))
		return 0;
	flight = xtcp_flight(tcb);
	return !flight || plan_new_room(tcb, flight) ? XTCP_ACT_OUTPUT : 0;
}
