// SPDX-License-Identifier: GPL-2.0
/*
 * Delivery rate samples: draft-ietf-ccwg-bbr section 4.1 (formerly
 * draft-cheng-iccrg-delivery-rate-estimation).
 *
 * Every transmission records how much had been delivered when it left; when it is
 * delivered itself, the difference over the time is a sample of the rate. The
 * time is the longer one of that in which the data was sent and that in which it
 * was acknowledged, so that neither compressed ACKs nor a burst make the path
 * look faster than it is.
 */
#include "core.h"

/* xtcp_rate_sent - @sent was transmitted; it is in flight and below SND.NXT */
void xtcp_rate_sent(struct xtcp_tcb *tcb, struct xtcp_sent *sent, u64 now)
{
	u32 flight = xtcp_flight(tcb);

	if (flight <= sent->end - sent->seq) {
		/* A new flight begins. */
		tcb->first_tx_at = now;
		tcb->delivered_at = now;
	}
	sent->delivered_at = tcb->delivered_at;
	sent->first_tx_at = tcb->first_tx_at;
	sent->delivered = tcb->delivered;
	sent->lost = tcb->lost;
	sent->flight = flight;
	if (tcb->flags & XTCP_F_APP)
		sent->marks |= XTCP_SENT_APP;
	else
		sent->marks &= ~XTCP_SENT_APP;
}

/* Take the sample of an ACK from the newest transmission that it delivers. */
static void rate_delivered(struct xtcp_tcb *tcb, const struct xtcp_sent *sent,
			   struct xtcp_ack *a)
{
	if (a->rs_any && !seq_gt(sent->delivered, a->rs_prior) &&
	    !(sent->delivered == a->rs_prior && sent->sent_at > tcb->first_tx_at))
		return;
	a->rs_any = true;
	a->rs_prior = sent->delivered;
	a->rs_prior_at = sent->delivered_at;
	a->rs_send_ns = sent->sent_at - sent->first_tx_at;
	a->rs_lost = sent->lost;
	a->rs_flight = sent->flight;
	a->rs_app_limited = sent->marks & XTCP_SENT_APP;
	tcb->first_tx_at = sent->sent_at;
}

/*
 * Number of segments in [@seq, @end), as Linux counts them: a SYN is one, the SYN
 * of a SYN-ACK none, a FIN is one only if it carries no data.
 */
static u32 rate_segments(const struct xtcp_tcb *tcb, u32 seq, u32 end)
{
	bool syn = seq == tcb->iss && (tcb->state == XTCP_SYN_SENT || xtcp_syn_out(tcb));
	bool fin = tcb->flags & XTCP_F_FIN_SENT && end == tcb->snd_end + 1;
	u32 len = end - seq - syn - fin;
	u32 n = len <= tcb->mss ? !!len : DIV_ROUND_UP(len, tcb->mss);

	if (syn)
		return n + !(tcb->flags & XTCP_F_PASSIVE);
	return fin && !n ? 1 : n;
}

/*
 * xtcp_delivered - @sent was delivered up to @end, by ACK or (@sacked) by SACK
 *
 * Called once for all data; recovery and congestion control get their information
 * from here.
 */
void xtcp_delivered(struct xtcp_tcb *tcb, const struct xtcp_sent *sent, u32 end,
		    bool sacked, struct xtcp_ack *a)
{
	u32 len = end - sent->seq;

	a->delivered += len;
	a->segs += rate_segments(tcb, sent->seq, sent->end);
	/* A segment delivered in part does not count. */
	if (end != sent->end)
		a->segs -= rate_segments(tcb, end, sent->end);
	if (sent->marks & XTCP_SENT_RTX)
		a->rtx = true;
	else if (sent->sent_at > a->sent_at)
		a->sent_at = sent->sent_at;
	if ((sent->marks & (XTCP_SENT_RTX | XTCP_SENT_LOST)) == XTCP_SENT_LOST)
		a->orig += len;
	rate_delivered(tcb, sent, a);
	xtcp_rack_delivered(tcb, sent, end, sacked, a);
}

/*
 * xtcp_rate_ack - account for an ACK that is fully processed, and take the sample
 *
 * A sample over less than the minimum RTT is due to compressed ACKs and ignored.
 */
void xtcp_rate_ack(struct xtcp_tcb *tcb, struct xtcp_ack *a)
{
	/* It may have left before its release time, see pace.c. */
	u64 ack_ns = a->now > a->rs_prior_at ? a->now - a->rs_prior_at : 0;
	u64 span;

	if (!a->delivered)
		return;
	tcb->delivered += a->delivered;
	tcb->delivered_ce += a->ce;
	tcb->delivered_at = a->now;
	if (tcb->flags & XTCP_F_APP && seq_gt(tcb->delivered, tcb->app_limited))
		tcb->flags &= ~XTCP_F_APP;
	a->rs_delivered = tcb->delivered - a->rs_prior;
	a->rs_lost = xtcp_lost_since(tcb, a->rs_lost);
	/* For a SYN, a FIN or a small write the path was not the limit. */
	if (a->rs_delivered < tcb->mss)
		a->rs_app_limited = true;
	span = max(ack_ns, a->rs_send_ns);
	span = div_u64(span, 1000);
	if (span < tcb->min_rtt_us && tcb->min_rtt_us != ~0U)
		return;
	a->rs_interval_us = (u32)min_t(u64, max_t(u64, span, 1), ~0U);
	tcb->rate_delivered = a->rs_delivered;
	tcb->rate_us = a->rs_interval_us;
	tcb->rate_app = a->rs_app_limited;
}

/*
 * xtcp_rate_app - the application writes: note whether it was the limit until now
 *
 * If nothing waits to be sent or resent and cwnd has room, what is in flight says
 * nothing about the path.
 */
void xtcp_rate_app(struct xtcp_tcb *tcb)
{
	u32 flight = xtcp_flight(tcb);

	if (tcb->lost_out || flight >= tcb->cwnd ||
	    (s32)(tcb->snd_end - tcb->snd_nxt) >= tcb->mss)
		return;
	tcb->app_limited = tcb->delivered + flight;
	tcb->flags |= XTCP_F_APP;
}

/*
 * Bytes that the send buffer should hold. Two windows: one in flight, one waiting for
 * the next round trip; three for a model such as BBR, which probes for more than the
 * path has. Data that the peer holds behind a hole is added, since it occupies the
 * buffer until the hole is filled:
 * for three round trips or more if the same segment is lost again. It counts one and a
 * half times, because a writer that waits for room is woken when a third is free. With
 * less, the sender would run out of data, and the delivery rate would not be a sample
 * of the path.
 */
u32 xtcp_snd_want(const struct xtcp_tcb *tcb)
{
	u64 want = (tcb->cc->control ? 3ULL : 2ULL) * tcb->cwnd +
		   tcb->sacked_out + tcb->sacked_out / 2;

	return (u32)min_t(u64, want, ~0U);
}
