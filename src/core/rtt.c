// SPDX-License-Identifier: GPL-2.0
/*
 * Round-trip time and the RTO computed from it: RFC 6298, section 2.
 *
 * Scaled integers as in Jacobson's paper: srtt8_us is SRTT * 8 and rttvar4_us is
 * RTTVAR * 4, so that alpha = 1/8 and beta = 1/4 are additions.
 */
#include "core.h"

/*
 * xtcp_rtt_route - use the route's RTT for the RTO until data is measured
 *
 * It applies if it is longer than that of the SYN, which is a small packet. As in
 * Linux, SRTT and RTTVAR remain those of the handshake.
 */
void xtcp_rtt_route(struct xtcp_tcb *tcb)
{
	u32 rtt = tcb->route_rtt_ms * XTCP_USEC_PER_MSEC;

	if (!tcb->bytes_acked && rtt > tcb->srtt8_us >> 3)
		tcb->rto_us = min(rtt + max(2 * rtt, xtcp_rto_min_us(tcb)),
				  tcb->par->rto_max_us);
}

/*
 * xtcp_rtt_sample - add one RTT sample
 * @rtt_us: us; 0 counts as 1 (G, the clock's granularity)
 *
 * RFC 6298 (2.2), (2.3). The minimum applies to the variance term, not to the
 * sum: a receiver may delay its ACK by that much on top of any RTT, and with a
 * minimum of the sum every delayed ACK on a path of 200 ms would be a spurious
 * timeout. (2.4) asks for a minimum of 1 s; like every deployed TCP this one
 * takes 200 ms (par->rto_min_us), which the RFC's SHOULD permits, or what the
 * route says. A sample also ends the back-off (5.5); Karn's rule is the caller's.
 */
void xtcp_rtt_sample(struct xtcp_tcb *tcb, u32 rtt_us)
{
	const struct xtcp_params *par = tcb->par;
	u32 srtt = tcb->srtt8_us >> 3;
	u32 delta;

	if (!rtt_us)
		rtt_us = 1;
	/* Larger values are not RTTs; keeps the scaled sums within 32 bits. */
	rtt_us = min(rtt_us, par->rto_max_us);
	if (!tcb->srtt8_us) {
		tcb->srtt8_us = rtt_us * 8;
		tcb->rttvar4_us = rtt_us * 2;
	} else {
		delta = rtt_us > srtt ? rtt_us - srtt : srtt - rtt_us;
		tcb->rttvar4_us += delta - (tcb->rttvar4_us >> 2);
		tcb->srtt8_us += rtt_us - srtt;
	}
	tcb->rto_us = min_t(u32, (tcb->srtt8_us >> 3) +
			    max(tcb->rttvar4_us, xtcp_rto_min_us(tcb)),
			    par->rto_max_us);
	if (unlikely(tcb->route_rtt_ms))
		xtcp_rtt_route(tcb);
	tcb->backoff = 0;
}

/*
 * Update the minimum RTT of the last minutes: of this half of the window and the
 * one before it. A longer route takes effect when the window has passed.
 */
static void min_rtt(struct xtcp_tcb *tcb, u32 rtt_us, u64 now)
{
	u64 half = tcb->par->min_rtt_wlen_s * (XTCP_NSEC_PER_SEC / 2);

	if (now - tcb->min_rtt_at > half) {
		tcb->min_rtt_us = min(tcb->min_rtt_cur, rtt_us);
		tcb->min_rtt_cur = rtt_us;
		tcb->min_rtt_at = now;
		return;
	}
	tcb->min_rtt_cur = min(tcb->min_rtt_cur, rtt_us);
	tcb->min_rtt_us = min(tcb->min_rtt_us, rtt_us);
}

/* Time since the segment that @tsecr echoes left, ms. */
static u32 rtt_echo_age(const struct xtcp_tcb *tcb, u32 tsecr, u64 now)
{
	return xtcp_ts_clock(now) + tcb->ts_off - tsecr;
}

/*
 * Is @ms too short to contain a timeout of a SYN or SYN-ACK (RFC 6298, 2.1)? Only
 * a cached RTO makes one shorter.
 */
static bool rtt_no_timer_in(const struct xtcp_tcb *tcb, u32 ms)
{
	return ms < tcb->par->rto_init_us / 1000;
}

/*
 * xtcp_rtt_syn - our SYN or SYN-ACK is acknowledged: is the timestamp a sample?
 *
 * After a retransmission it may not be: the answer may have been lost too, and
 * the peer's timer may have resent it, with the timestamp of our first SYN or
 * that of the last one. The time then contains a second or so that is not RTT. If
 * the path is really that slow, there is the RTO of 3 s (RFC 6298, 5.7).
 *
 * Call it before SND.UNA moves. Clears @a->ts if the timestamp is no sample.
 */
void xtcp_rtt_syn(const struct xtcp_tcb *tcb, struct xtcp_ack *a)
{
	/* A SYN sent once is measured by its send time instead. */
	if (xtcp_ts_before(tcb, a->tsecr, tcb->map_head->sent_at) ||
	    !rtt_no_timer_in(tcb, rtt_echo_age(tcb, a->tsecr, a->now)))
		a->ts = false;
}

/*
 * xtcp_rtt_synack_again - a SYN-ACK arrived after the handshake
 *
 * If both ends had resent theirs, the first answer was no sample; the second one,
 * which answers our last SYN, may be.
 */
void xtcp_rtt_synack_again(struct xtcp_tcb *tcb, const struct xtcp_seg *seg, u64 now)
{
	u32 ms = rtt_echo_age(tcb, seg->tsecr, now);

	if (tcb->srtt8_us || !(seg->flags & XTCP_ACK) || seg->seq != tcb->irs ||
	    seg->ack != tcb->iss + 1 || !(tcb->opts & XTCP_OPT_TS) || !seg->tsecr ||
	    !rtt_no_timer_in(tcb, ms))
		return;
	xtcp_rtt_sample(tcb, ms * 1000);
	xtcp_rto_restart(tcb, now);
	xtcp_tlp_arm(tcb, now);
}

/*
 * Was the last wait at least an MSL?
 *
 * Karn's rule protects against originals that may still arrive; after an MSL
 * there are none. The path works, and if each flight loses something no sample
 * would ever end the back-off. The RTT itself stays unknown.
 */
static bool rtt_waited_msl(const struct xtcp_tcb *tcb)
{
	u64 msl = tcb->par->timewait_ms * XTCP_NSEC_PER_MSEC / 2;

	return tcb->backoff > 1 && xtcp_rto_ns(tcb) / 2 >= msl;
}

/*
 * xtcp_rtt_acked - take the RTT sample of an ACK of new data
 *
 * The send map has the send time of everything in ns; it is used if nothing that
 * was delivered had been retransmitted. Otherwise Karn's rule forbids it
 * (RFC 6298, section 3), and the timestamp identifies the transmission (RFC 7323,
 * section 4), in ticks of 1 ms. Not if a D-SACK comes with it: then the ACK of
 * the original was lost, and this one answers the duplicate, a timeout later.
 */
void xtcp_rtt_acked(struct xtcp_tcb *tcb, struct xtcp_ack *a)
{
	u32 ticks, us;

	if (a->sent_at && a->now >= a->sent_at) {
		us = (u32)min_t(u64, ~0U, div_u64(a->now - a->sent_at, 1000));
		us = max_t(u32, us, 1);
		a->rtt_us = us;
		min_rtt(tcb, us, a->now);
		if (!a->rtx) {
			xtcp_rtt_sample(tcb, us);
			return;
		}
	}
	if (!a->ts) {
		if (a->una && rtt_waited_msl(tcb))
			tcb->backoff = 0;
		return;
	}
	if (a->dsack)
		return;
	ticks = rtt_echo_age(tcb, a->tsecr, a->now);
	/* A forged value, or older than any timeout: not an RTT. */
	if (ticks > tcb->par->rto_max_us / 1000)
		return;
	xtcp_rtt_sample(tcb, ticks * 1000);
}
