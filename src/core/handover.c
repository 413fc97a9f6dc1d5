// SPDX-License-Identifier: GPL-2.0
/*
 * Both ends of a connection on one host: bytes pass without segments.
 *
 * The caller moves the payload itself. Both TCBs advance as if one segment had carried it
 * and an ACK with the present window had answered at once. This is true only while nothing
 * is in flight, lost or owed, so that no earlier byte can be overtaken and no information
 * of a segment is missed. Any later byte may go in a segment again.
 */
#include "core.h"

/* In flight, owed or urgent: what a segment has to carry, or its ACK to answer. */
#define GIVE_NOT	(XTCP_F_SND_URG | XTCP_F_SEND_RST | XTCP_F_PROBE | \
			 XTCP_F_KEEP_PROBE | XTCP_F_PACE_WAIT | XTCP_F_TLP_OWED | \
			 XTCP_F_TLP_OUT)
#define TAKE_NOT	(XTCP_F_ORPHAN | XTCP_F_FIN_SEEN | XTCP_F_RCV_URG)

/* May the ACK that this end owes be a bare one, without options that change at each ACK? */
static bool handover_plain_ack(const struct xtcp_tcb *tcb)
{
	return !tcb->ack_pending || (!tcb->ecn && !xtcp_sack_pending(tcb));
}

/*
 * Is nothing of this end in flight, and nothing owed to the peer but an ACK? An algorithm
 * that models the path, as BBR does, needs the ACKs of segments.
 */
static bool handover_may_give(const struct xtcp_tcb *tcb)
{
	if (tcb->state != XTCP_ESTABLISHED && tcb->state != XTCP_CLOSE_WAIT)
		return false;
	return tcb->snd_una == tcb->snd_nxt && handover_plain_ack(tcb) &&
	       !(tcb->flags & GIVE_NOT) && tcb->cong == XTCP_CONG_OPEN && !tcb->cc->control &&
	       !(tcb->ecn_flags & XTCP_ECN_CWR_END) && tcb->pacing_max == ~0ULL &&
	       !xtcp_dl_is_set(tcb, XTCP_DL_RETRY);
}

/* Has everything arrived in order, with nothing to report but the number of the ACK? */
static bool handover_may_take(const struct xtcp_tcb *tcb)
{
	if (tcb->state != XTCP_ESTABLISHED && tcb->state != XTCP_FIN_WAIT_2)
		return false;
	return !(tcb->flags & TAKE_NOT) && !tcb->ooo_root && !tcb->ooo_ready &&
	       !tcb->ooo_dead && handover_plain_ack(tcb) && !xtcp_sack_pending(tcb);
}

/* Do the two ends agree on what was sent? The peer may have data or ACKs on their way. */
static bool handover_in_step(const struct xtcp_tcb *from, const struct xtcp_tcb *to)
{
	return from->snd_nxt == to->rcv_nxt && seq_le(to->snd_una, from->rcv_nxt) &&
	       seq_le(from->rcv_nxt, to->snd_nxt);
}

/*
 * What TCP_CORK and MSG_MORE hold back stays where it is, as does a small part of a longer
 * write that the window would cut off (RFC 9293 3.8.6.2.1).
 */
u32 xtcp_handover_len(const struct xtcp_tcb *from, const struct xtcp_tcb *to)
{
	u32 data = from->snd_end - from->snd_nxt, len;

	if (!data || !handover_may_give(from) || !handover_may_take(to) ||
	    !handover_in_step(from, to))
		return 0;
	len = min(data, xtcp_window_pick(to));
	if (len < data)
		return len < from->mss && len < from->max_snd_wnd / 2 ? 0 : len;
	if (from->flags & (XTCP_F_CORK | XTCP_F_MORE) && !(from->flags & XTCP_F_FLUSH))
		len -= len % from->mss;
	return len;
}

/* An ACK with the present window has left. */
static void handover_acked(struct xtcp_tcb *tcb)
{
	u16 wnd = xtcp_window_field(xtcp_window_pick(tcb), tcb->rcv_wscale);

	tcb->rcv_most = xtcp_rcv_edge(tcb);
	tcb->rcv_wnd = (u32)wnd << tcb->rcv_wscale;
	tcb->rcv_wup = tcb->rcv_nxt;
	tcb->ack_seq_last = tcb->rcv_nxt;
	xtcp_ack_sent(tcb);
}

void xtcp_handover_ack(struct xtcp_tcb *from, struct xtcp_seg *seg, u64 now)
{
	handover_acked(from);
	from->segs_out++;
	memset(seg, 0, sizeof(*seg));
	seg->seq = from->snd_nxt;
	seg->ack = from->rcv_nxt;
	seg->wnd = (u16)(from->rcv_wnd >> from->rcv_wscale);
	seg->flags = XTCP_ACK;
	seg->nsegs = 1;
	if (from->opts & XTCP_OPT_TS) {
		seg->opts = XTCP_OPT_TS;
		seg->tsval = xtcp_ts_clock(now) + from->ts_off;
		seg->tsecr = from->ts_recent;
	}
}

/* A segment with @len bytes arrived, and its ACK left. */
static void handover_take(struct xtcp_tcb *tcb, u32 len, u32 space, u64 now)
{
	tcb->segs_in++;
	tcb->data_segs_in++;
	tcb->bytes_received += len;
	tcb->rcv_nxt += len;
	tcb->rcv_space = space;
	if (unlikely(tcb->rcv_first))
		xtcp_rcv_first(tcb);
	handover_acked(tcb);
	/*
	 * A window that arrives without segments is no measure of the RTT, and what is read
	 * of it is no reason for a larger one: the reader fetches more without delay.
	 */
	tcb->rcv_rtt_at = 0;
	tcb->round_bytes -= len;
	tcb->last_rx_at = now;
	tcb->last_data_rx_at = now;
}

/* Numbers that every ACK keeps near SND.UNA; 2 GB behind they would seem to lie ahead. */
static void handover_follow(struct xtcp_tcb *tcb)
{
	tcb->sack_rest = tcb->snd_una;
	tcb->rack_fack = tcb->snd_una;
	tcb->flight_end = tcb->snd_una;
	tcb->recover = seq_max(tcb->recover, tcb->snd_una - 1);
}

/* A segment with @len bytes left, and its ACK arrived. */
static void handover_give(struct xtcp_tcb *tcb, const struct xtcp_tcb *to, u32 len, u64 now)
{
	tcb->segs_out++;
	tcb->data_segs_out++;
	tcb->bytes_sent += len;
	tcb->bytes_acked += len;
	tcb->delivered += len;
	tcb->delivered_at = now;
	tcb->snd_nxt += len;
	tcb->snd_una = tcb->snd_nxt;
	handover_follow(tcb);
	tcb->snd_wnd = to->rcv_wnd;
	tcb->snd_wl1 = to->snd_nxt;
	tcb->snd_wl2 = tcb->snd_una;
	tcb->max_snd_wnd = max(tcb->max_snd_wnd, tcb->snd_wnd);
	tcb->retries = 0;
	tcb->flags &= ~XTCP_F_SWS_OVERRIDE;
	tcb->small_go = false;
	if (xtcp_dl_is_set(tcb, XTCP_DL_SMALL) && !xtcp_unsent(tcb))
		xtcp_small_sent(tcb);
	if (unlikely(tcb->flags & XTCP_F_APP) && seq_gt(tcb->delivered, tcb->app_limited))
		tcb->flags &= ~XTCP_F_APP;
	tcb->last_rx_at = now;
	tcb->last_data_tx_at = now;
	if (xtcp_unsent(tcb) || xtcp_dl_is_set(tcb, XTCP_DL_PERSIST))
		xtcp_persist_check(tcb, now);
	if (xtcp_dl_is_set(tcb, XTCP_DL_USER))
		xtcp_user_restart(tcb, now);
}

u32 xtcp_handover(struct xtcp_tcb *from, struct xtcp_tcb *to, u32 len, u32 space, u64 now)
{
	handover_take(to, len, space, now);
	handover_give(from, to, len, now);
	return xtcp_want_output(from);
}

/* The deadline is the one of writes that wait to be merged: these are such writes. */
void xtcp_handover_hold(struct xtcp_tcb *from, u64 now)
{
	if (!xtcp_dl_is_set(from, XTCP_DL_SMALL) || from->dl[XTCP_DL_SMALL] <= now)
		xtcp_dl_set(from, XTCP_DL_SMALL, now + XTCP_HANDOVER_HOLD_NS);
}

bool xtcp_handover_waits(const struct xtcp_tcb *from)
{
	return from->snd_end - from->snd_nxt <= from->snd_wnd && handover_may_give(from);
}
