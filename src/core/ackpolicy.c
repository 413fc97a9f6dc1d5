// SPDX-License-Identifier: GPL-2.0
/* When to send an ACK: RFC 9293 3.8.6.3, RFC 5681 4.2, RFC 5961 section 7. */
#include "core.h"

/* xtcp_ack_now - send an ACK at the next opportunity */
void xtcp_ack_now(struct xtcp_tcb *tcb)
{
	tcb->ack_pending |= XTCP_ACKP_NOW;
}

/*
 * Bounds for the size of full segments, bytes, as in Linux. A smaller one than
 * RCV_MSS_MIN is hardly full; one smaller than RCV_MSS_PUSHED may be, but only if
 * no write ends there.
 */
#define RCV_MSS_MIN	88
#define RCV_MSS_PUSHED	536

/* Round trip, us, of a path on which readers are slower than the path. */
#define SHORT_RTT_US	1000

/*
 * Estimate the size of the peer's full segments, at most the MSS that we offered.
 * The estimate grows at once. It shrinks when two segments in a row, or the
 * segments of a merged run, have the same smaller size: the path MTU has shrunk,
 * or options take some room.
 */
static void learn_rcv_mss(struct xtcp_tcb *tcb, const struct xtcp_seg *seg)
{
	u32 n = max_t(u32, seg->nsegs, 1), size = seg->len / n;
	bool whole = size * n == seg->len && size >= RCV_MSS_MIN &&
		     (size >= RCV_MSS_PUSHED || !(seg->flags & (XTCP_PSH | XTCP_FIN)));
	bool again = n > 1 || size == tcb->rcv_small;

	if (size >= tcb->rcv_mss || (whole && again)) {
		tcb->rcv_mss = (u16)min_t(u32, size, tcb->adv_mss);
		tcb->rcv_small = 0;
		return;
	}
	tcb->rcv_small = whole ? (u16)size : 0;
}

/*
 * A reader with this much data waiting was woken and will read soon; its read
 * acknowledges everything at once, and may open the window too. Rely on that for no more
 * than a quarter of the window, or the peer would be idle for the time that the reader
 * takes. On a path that is shorter than that time rely on it for all of the window: an
 * earlier ACK would only empty the peer's send buffer, and a process there that sends and
 * receives in one loop would go on sending, and seldom read what we send. The delayed
 * ACK timer runs as well.
 */
static bool ack_reader_behind(const struct xtcp_tcb *tcb, const struct xtcp_seg *seg)
{
	u32 waiting = tcb->rcv_nxt - tcb->rcv_read - seg->len;
	u32 most = tcb->min_rtt_us < SHORT_RTT_US ? tcb->rcv_wnd : tcb->rcv_wnd / 4;

	return waiting >= 8U * tcb->rcv_mss && tcb->rcv_nxt - tcb->rcv_wup < most;
}

/* Note a segment below the peer's full size, or with PSH: a pause may follow. */
static void ack_note_push(struct xtcp_tcb *tcb, const struct xtcp_seg *seg)
{
	bool small = seg->len < (u32)tcb->rcv_mss * seg->nsegs;

	if (small && tcb->ack_pending & XTCP_ACKP_PUSHED)
		tcb->ack_pending |= XTCP_ACKP_TWICE;
	if (small || seg->flags & XTCP_PSH)
		tcb->ack_pending |= XTCP_ACKP_PUSHED;
}

/*
 * xtcp_ack_read - should an ACK be sent now that the reader took everything?
 *
 * The reader has had its chance to answer. A peer whose last write was small may
 * hold the next one back until that is acknowledged (Nagle), and would wait for
 * the whole delay. In a dialogue the answer is about to come, except after two
 * small writes in a row.
 */
bool xtcp_ack_read(const struct xtcp_tcb *tcb)
{
	if (tcb->rcv_read != tcb->rcv_nxt)
		return false;
	if (tcb->flags & XTCP_F_PINGPONG)
		return tcb->ack_pending & XTCP_ACKP_TWICE;
	return tcb->ack_pending & XTCP_ACKP_PUSHED;
}

/*
 * A peer that holds back the rest of its message until the first part is acknowledged
 * (Nagle) would otherwise wait for the whole delay, in a dialogue too. Where one thread
 * reads and another answers, a reader that blocks says nothing: acknowledging its
 * requests separately would cost a segment each, so it is tried once.
 */
u32 xtcp_read_blocks(struct xtcp_tcb *tcb)
{
	if (!(tcb->ack_pending & XTCP_ACKP_PUSHED) || tcb->blocked == XTCP_BLOCKED_ANSWERED)
		return 0;
	tcb->blocked = XTCP_BLOCKED_ACKED;
	xtcp_ack_now(tcb);
	return XTCP_ACT_OUTPUT;
}

/*
 * xtcp_ack_data - payload arrived in order
 *
 * At least every second full segment is acknowledged at once (SHLD-19), and no
 * later than half of the window, for which a peer with silly window avoidance may
 * wait; anything else after a delay below 500 ms (MUST-40). At first, while the
 * peer is in slow start, every segment is acknowledged at once, unless our side
 * answers: the answer carries the ACK.
 */
void xtcp_ack_data(struct xtcp_tcb *tcb, const struct xtcp_seg *seg, u64 now)
{
	u32 unacked = tcb->rcv_nxt - tcb->rcv_wup, limit;

	if (tcb->blocked == XTCP_BLOCKED_ACKED)
		tcb->blocked = XTCP_BLOCKED_NO;
	/* First, since the limit derives from it: one full segment is not two. */
	learn_rcv_mss(tcb, seg);
	if (unlikely(tcb->rcv_first))
		xtcp_rcv_first(tcb);
	limit = min(2U * tcb->rcv_mss, tcb->rcv_wnd / 2);
	if ((unacked >= limit && !ack_reader_behind(tcb, seg)) ||
	    tcb->flags & XTCP_F_QUICKACK || tcb->quickack == XTCP_QUICKACK_ALL) {
		xtcp_ack_now(tcb);
		return;
	}
	if (tcb->quickack && !(tcb->flags & XTCP_F_PINGPONG)) {
		tcb->quickack--;
		xtcp_ack_now(tcb);
		return;
	}
	tcb->ack_pending |= XTCP_ACKP_DELAYED;
	ack_note_push(tcb, seg);
	if (!xtcp_dl_is_set(tcb, XTCP_DL_DELACK))
		xtcp_dl_set(tcb, XTCP_DL_DELACK,
			    now + tcb->ato_us * XTCP_NSEC_PER_USEC);
}

/*
 * How long an ACK waits for our FIN, us: ample for a process that closes when it has read
 * the end, and less than a peer with one segment in flight waits before it sends a loss
 * probe. An ACK held for longer would be the only answer to that probe, so that the loss
 * of one packet would cost the peer a retransmission timeout.
 */
#define FIN_DELAY_US	1000U

/* xtcp_ack_fin - the peer's FIN is in order, and ours may follow soon with the ACK */
void xtcp_ack_fin(struct xtcp_tcb *tcb, u64 now)
{
	u32 us = min(FIN_DELAY_US, xtcp_delack_max_us(tcb));
	u64 at = now + us * XTCP_NSEC_PER_USEC;

	if (tcb->flags & XTCP_F_QUICKACK || tcb->quickack == XTCP_QUICKACK_ALL) {
		xtcp_ack_now(tcb);
		return;
	}
	tcb->ack_pending |= XTCP_ACKP_DELAYED;
	if (!xtcp_dl_is_set(tcb, XTCP_DL_DELACK) || tcb->dl[XTCP_DL_DELACK] > at)
		xtcp_dl_set(tcb, XTCP_DL_DELACK, at);
}

/* xtcp_ack_sent - a segment with our current RCV.NXT was sent */
void xtcp_ack_sent(struct xtcp_tcb *tcb)
{
	tcb->ack_pending = 0;
	xtcp_dl_clear(tcb, XTCP_DL_DELACK);
}

/*
 * xtcp_ack_piggyback - payload is sent, which may carry an ACK
 *
 * Data sent within the delay after data from the peer is an answer: such a
 * connection need not acknowledge requests separately.
 */
void xtcp_ack_piggyback(struct xtcp_tcb *tcb, u64 now)
{
	if (tcb->last_data_rx_at &&
	    now - tcb->last_data_rx_at < tcb->ato_us * XTCP_NSEC_PER_USEC) {
		tcb->flags |= XTCP_F_PINGPONG;
		if (tcb->blocked == XTCP_BLOCKED_ACKED)
			tcb->blocked = XTCP_BLOCKED_ANSWERED;
	}
	tcb->last_data_tx_at = now;
}

/*
 * xtcp_ack_delayed_fire - the delay ended without an answer
 *
 * If an answer was expected, stop expecting one and reset the delay. Otherwise
 * double the delay, up to its maximum. Whatever reads and answers here, a reader that
 * blocks is worth an ACK again.
 */
void xtcp_ack_delayed_fire(struct xtcp_tcb *tcb)
{
	if (!(tcb->ack_pending & XTCP_ACKP_DELAYED))
		return;
	tcb->blocked = XTCP_BLOCKED_NO;
	if (tcb->flags & XTCP_F_PINGPONG) {
		tcb->flags &= ~XTCP_F_PINGPONG;
		tcb->ato_us = min(tcb->par->delack_min_us, xtcp_delack_max_us(tcb));
	} else {
		tcb->ato_us = min(tcb->ato_us * 2, xtcp_delack_max_us(tcb));
	}
	xtcp_mib_note(tcb, XTCP_MIB_DELAYED_ACKS);
	xtcp_ack_now(tcb);
}

/* Time between two challenge ACKs, ns; XTCP_NEVER: none may be sent. */
static u64 challenge_gap(const struct xtcp_params *par)
{
	u64 gap = par->challenge_ms * XTCP_NSEC_PER_MSEC;

	if (!par->challenge_max)
		return XTCP_NEVER;
	return max_t(u64, gap, div_u64(XTCP_NSEC_PER_SEC, par->challenge_max));
}

/*
 * xtcp_ack_challenge - send an ACK that an attacker may have provoked
 *
 * RFC 5961, section 7: the rate is limited per connection. A limit shared by all
 * connections could be observed by an attacker and would reveal the state of
 * other connections (CVE-2016-5696).
 *
 * Return: whether the ACK will be sent.
 */
bool xtcp_ack_challenge(struct xtcp_tcb *tcb, u64 now)
{
	u64 gap = challenge_gap(tcb->par);
	u64 *at = XTCP_DEFENCE_OR(challenge_own, &tcb->challenge_at, &xtcp_weak_clock);

	if (XTCP_DEFENCE(challenge_limit, gap == XTCP_NEVER || (*at && now - *at < gap)))
		return false;
	*at = now;
	xtcp_ack_now(tcb);
	return true;
}
