// SPDX-License-Identifier: GPL-2.0
/*
 * When to acknowledge: RFC 9293 3.8.6.3, RFC 5681 4.2, RFC 5961 section 7.
 */
#include "core.h"

/* An ACK is to go out at the next opportunity. */
void xtcp_ack_now(struct xtcp_tcb *tcb)
{
	tcb->ack_pending |= XTCP_ACKP_NOW;
}

/*
 * Bytes, as in Linux: a segment below the first is hardly as large as a path's MTU
 * allows; one below the second may be so only if no write ends there.
 */
#define RCV_MSS_MIN	88
#define RCV_MSS_PUSHED	536

/*
 * The size of the peer's full segments, at most what we offered. It grows at once.
 * It shrinks when two segments in a row, or the segments of a merged run, have the
 * same smaller size: the path MTU is smaller now, or options take their part.
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
 * A reader who has this much waiting already was woken and will read soon; his
 * read acknowledges all of it at once, and can open the window besides. Not
 * for ever: a quarter of the window, or the delay.
 */
static bool reader_behind(const struct xtcp_tcb *tcb, const struct xtcp_seg *seg)
{
	u32 waiting = tcb->rcv_nxt - tcb->rcv_read - seg->len;

	return waiting >= 8U * tcb->rcv_mss &&
	       tcb->rcv_nxt - tcb->rcv_wup < tcb->rcv_wnd / 4;
}

/* A segment below the peer's full size, or pushed: nothing may follow for now. */
static void note_push(struct xtcp_tcb *tcb, const struct xtcp_seg *seg)
{
	bool small = seg->len < (u32)tcb->rcv_mss * seg->nsegs;

	if (small && tcb->ack_pending & XTCP_ACKP_PUSHED)
		tcb->ack_pending |= XTCP_ACKP_TWICE;
	if (small || seg->flags & XTCP_PSH)
		tcb->ack_pending |= XTCP_ACKP_PUSHED;
}

/*
 * xtcp_ack_read - the reader has taken everything: is he what an ACK waited for?
 *
 * He had his chance to answer. A peer whose last write was small may hold the
 * next one back until he hears that it arrived (Nagle), and would otherwise
 * wait for the whole delay; in a dialogue the answer is about to come, but for
 * two writes in a row.
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
 * xtcp_ack_data - payload arrived in order, or a FIN an answer may follow
 *
 * At least every second full segment at once (SHLD-19), but not later than
 * half of the window, which a peer with silly window avoidance could be
 * waiting for; the rest after a delay below 500 ms (MUST-40). In the first
 * moments, when the peer is in slow start, every segment at once; not when
 * our side answers, since the answer carries the ACK.
 */
void xtcp_ack_data(struct xtcp_tcb *tcb, const struct xtcp_seg *seg, u64 now)
{
	u32 unacked = tcb->rcv_nxt - tcb->rcv_wup, limit;

	/* First: a full segment after small ones is not two full segments. */
	learn_rcv_mss(tcb, seg);
	if (unlikely(tcb->rcv_first))
		xtcp_rcv_first(tcb);
	limit = min(2U * tcb->rcv_mss, tcb->rcv_wnd / 2);
	if ((unacked >= limit && !reader_behind(tcb, seg)) ||
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
	note_push(tcb, seg);
	if (!xtcp_dl_is_set(tcb, XTCP_DL_DELACK))
		xtcp_dl_set(tcb, XTCP_DL_DELACK,
			    now + tcb->ato_us * XTCP_NSEC_PER_USEC);
}

/* A segment with our current RCV.NXT has left. */
void xtcp_ack_sent(struct xtcp_tcb *tcb)
{
	tcb->ack_pending = 0;
	xtcp_dl_clear(tcb, XTCP_DL_DELACK);
}

/*
 * xtcp_ack_piggyback - payload goes out, and may carry an ACK
 *
 * Data that follows data from the peer within the delay is an answer: such a
 * connection need not acknowledge requests by themselves.
 */
void xtcp_ack_piggyback(struct xtcp_tcb *tcb, u64 now)
{
	if (tcb->last_data_rx_at &&
	    now - tcb->last_data_rx_at < tcb->ato_us * XTCP_NSEC_PER_USEC)
		tcb->flags |= XTCP_F_PINGPONG;
	tcb->last_data_tx_at = now;
}

/*
 * xtcp_ack_delayed_fire - the delay is over without an answer
 *
 * Then this is no conversation; the next ones may wait longer, up to the
 * maximum, unless the guess was that there would be an answer.
 */
void xtcp_ack_delayed_fire(struct xtcp_tcb *tcb)
{
	if (!(tcb->ack_pending & XTCP_ACKP_DELAYED))
		return;
	if (tcb->flags & XTCP_F_PINGPONG) {
		tcb->flags &= ~XTCP_F_PINGPONG;
		tcb->ato_us = min(tcb->par->delack_min_us, xtcp_delack_max_us(tcb));
	} else {
		tcb->ato_us = min(tcb->ato_us * 2, xtcp_delack_max_us(tcb));
	}
	xtcp_mib(tcb, XTCP_MIB_DELAYED_ACKS);
	xtcp_ack_now(tcb);
}

/* ns between two; XTCP_NEVER: there is none. */
static u64 challenge_gap(const struct xtcp_params *par)
{
	u64 gap = par->challenge_ms * XTCP_NSEC_PER_MSEC;

	if (!par->challenge_max)
		return XTCP_NEVER;
	return max_t(u64, gap, div_u64(XTCP_NSEC_PER_SEC, par->challenge_max));
}

/*
 * xtcp_ack_challenge - an ACK that somebody else may have provoked
 *
 * RFC 5961, section 7: limited, per connection; a limit shared by all
 * connections could be observed by an attacker and told him what he must not
 * know (CVE-2016-5696).
 *
 * Return: whether it may go.
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
