// SPDX-License-Identifier: GPL-2.0
/*
 * How fast the path delivers: draft-ietf-ccwg-bbr section 4.1 (delivery rate
 * samples, formerly draft-cheng-iccrg-delivery-rate-estimation).
 *
 * Every transmission remembers how much had been delivered as it left; when it
 * is delivered itself, the difference over the time is a sample of the rate.
 * Of the times at which the data left and at which it was acknowledged the
 * longer one counts, so that neither compressed ACKs nor a burst make the path
 * look faster than it is.
 */
#include "core.h"

/* xtcp_rate_sent - @sent is in flight now, and SND.NXT counts it */
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

/* The newest of what an ACK delivers is what its sample is taken from. */
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
 * [@seq, @end) in segments, as the kernel's TCP counts them: a SYN is one, a FIN
 * only where it has no data to ride on, and the SYN of a SYN-ACK none.
 */
static u32 segments(const struct xtcp_tcb *tcb, u32 seq, u32 end)
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
 * xtcp_delivered - @sent arrived, up to @end: by ACK or, @sacked, by SACK, once
 *
 * The one place that all of recovery and congestion control hear it from.
 */
void xtcp_delivered(struct xtcp_tcb *tcb, const struct xtcp_sent *sent, u32 end,
		    bool sacked, struct xtcp_ack *a)
{
	u32 len = end - sent->seq;

	a->delivered += len;
	a->segs += segments(tcb, sent->seq, sent->end);
	/* Of a segment the peer has a part of nothing has arrived. */
	if (end != sent->end)
		a->segs -= segments(tcb, end, sent->end);
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
 * xtcp_rate_ack - all of an ACK is known: account, and take the sample
 *
 * A sample shorter than the shortest round trip is one of compressed ACKs, and
 * none.
 */
void xtcp_rate_ack(struct xtcp_tcb *tcb, struct xtcp_ack *a)
{
	/* It may have left before the time it was released for, see pace.c. */
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
	/* A SYN, a FIN, a small write: no path is as slow as that. */
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
 * xtcp_rate_app - the application writes: was it the limit until now?
 *
 * Nothing waits to be sent, nothing lost to be sent again, and the window has
 * room: then what is in flight says nothing of the path.
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

/**
 * xtcp_snd_want - how large must the send buffer be not to be the limit?
 * @tcb: connection in any state
 *
 * Two windows: one is out, one waits for the next round trip; three where the
 * algorithm asks for more than the path has to give, which BBR does. What the peer
 * holds behind a hole is in none of them, and takes its place until the hole is
 * filled: three round trips or more when the same segment is lost again. Half as
 * much on top, because who waits for room is woken when a third is free. Else
 * the window stays empty just when it is needed, and what was delivered then is
 * no sample of the path.
 *
 * Return: bytes.
 */
u32 xtcp_snd_want(const struct xtcp_tcb *tcb)
{
	u64 want = (tcb->cc->control ? 3ULL : 2ULL) * tcb->cwnd +
		   tcb->sacked_out + tcb->sacked_out / 2;

	return (u32)min_t(u64, want, ~0U);
}
