// SPDX-License-Identifier: GPL-2.0
/*
 * The window that we offer: RFC 9293 3.8.6, RFC 7323 2. And how large it should
 * be: twice what the reader takes in a round trip, so that the sender never waits
 * for it (Fisk and Feng, "Dynamic Right-Sizing in TCP", 2001).
 */
#include "core.h"

#define WINDOW_FIELD_MAX	65535U

static u32 rwnd_left_of(const struct xtcp_tcb *tcb, u32 edge)
{
	return seq_gt(edge, tcb->rcv_nxt) ? edge - tcb->rcv_nxt : 0;
}

/* xtcp_rcv_wnd - RCV.WND: what is left of the window offered last, bytes */
u32 xtcp_rcv_wnd(const struct xtcp_tcb *tcb)
{
	return rwnd_left_of(tcb, tcb->rcv_wup + tcb->rcv_wnd);
}

/*
 * xtcp_rcv_edge - right edge of the largest window ever offered
 *
 * Data up to it is accepted even if less was offered since (RFC 7323, 2.4): it
 * may have left before the peer knew.
 */
u32 xtcp_rcv_edge(const struct xtcp_tcb *tcb)
{
	return seq_max(tcb->rcv_most, tcb->rcv_wup + tcb->rcv_wnd);
}

/* xtcp_rcv_promised - what is left up to xtcp_rcv_edge(), bytes */
u32 xtcp_rcv_promised(const struct xtcp_tcb *tcb)
{
	return rwnd_left_of(tcb, xtcp_rcv_edge(tcb));
}

/* Segments on top of the measurement: in a short flow the sender is a burst ahead. */
#define ROUND_EXTRA	16

/* RFC 6928: segments that a peer may send before it sees any window update. */
#define ROUND_FIRST	10

/*
 * Shortest round, us. On a shorter path the time depends on the reader and its
 * scheduling: count what it takes in a millisecond.
 */
#define ROUND_MIN_US	1000

/* The largest window (RFC 7323, 2.3), bytes. */
#define WINDOW_MAX	(1U << 30)

static u32 rwnd_ticks(u64 now)
{
	return (u32)(now >> 10);
}

/*
 * xtcp_rcv_rtt - measure the RTT as a receiver
 *
 * From our timestamp in a full segment, which its sender had no reason to hold
 * back; each timestamp counts once. Without timestamps from the time in which a
 * whole window arrives: this is exact if the sender waits for the window,
 * otherwise too long, so the minimum counts. The RTT of the handshake would do
 * only for a path that never changes.
 */
void xtcp_rcv_rtt(struct xtcp_tcb *tcb, const struct xtcp_seg *seg, u64 now)
{
	u32 us;

	if (seg->len < tcb->rcv_mss)
		return;
	if (tcb->opts & XTCP_OPT_TS) {
		u32 ms = xtcp_ts_clock(now) + tcb->ts_off - seg->tsecr;

		if (seg->tsecr == tcb->rcv_rtt_mark || !seg->tsecr)
			return;
		tcb->rcv_rtt_mark = seg->tsecr;
		/* Below a tick there is no information; above any RTO it is wrong. */
		if (!ms || ms > tcb->par->rto_max_us / 1000)
			return;
		us = ms * 1000;
		if (tcb->rcv_rtt_us)
			us = tcb->rcv_rtt_us - tcb->rcv_rtt_us / 8 + us / 8;
		tcb->rcv_rtt_us = us;
		return;
	}
	if (tcb->rcv_rtt_at) {
		if (seq_lt(tcb->rcv_nxt, tcb->rcv_rtt_mark))
			return;
		us = max(rwnd_ticks(now) - tcb->rcv_rtt_at, 1U);
		if (!tcb->rcv_rtt_us || us < tcb->rcv_rtt_us)
			tcb->rcv_rtt_us = us;
	}
	tcb->rcv_rtt_mark = tcb->rcv_nxt + xtcp_rcv_wnd(tcb);
	tcb->rcv_rtt_at = rwnd_ticks(now) | 1;
}

/*
 * What the first round has to exceed, bytes. A reader that takes a whole window
 * in a round can take no more; if that window is small, of few segments of a
 * jumbo or loopback path or because of a small buffer, half of it is enough.
 * Otherwise the window would stay at its first size for ever, next to flows whose
 * windows grow.
 */
static u32 rwnd_first_round(const struct xtcp_tcb *tcb)
{
	u32 total = min(tcb->rcv_nxt - tcb->rcv_read + tcb->rcv_space, WINDOW_FIELD_MAX);

	return clamp_t(u32, ROUND_FIRST * tcb->rcv_mss, 1, max(total / 2, 1U));
}

/*
 * If the reader took more in the round trip that just ended than in any before, the
 * window should be twice that, and more while it grows, in proportion to the growth: a
 * sender in slow start has already doubled what is in flight.
 */
u32 xtcp_rcv_round(struct xtcp_tcb *tcb, u32 bytes, u64 now)
{
	u32 rtt = tcb->rcv_rtt_us ? tcb->rcv_rtt_us : tcb->srtt8_us >> 3;
	u32 before = tcb->rcv_round, took;
	u64 want;

	tcb->round_bytes += min(bytes, WINDOW_MAX);
	if (!before)
		before = rwnd_first_round(tcb);
	if (!rtt || rwnd_ticks(now) - tcb->round_at < max_t(u32, rtt, ROUND_MIN_US))
		return 0;
	/* Below 0: bytes are unread that came without a segment, see handover_take(). */
	took = (s32)tcb->round_bytes > 0 ? min(tcb->round_bytes, WINDOW_MAX) : 0;
	if (took)
		tcb->round_bytes = 0;
	tcb->round_at = rwnd_ticks(now);
	if (took <= before)
		return 0;
	tcb->rcv_round = took;
	want = 2ULL * took + ROUND_EXTRA * tcb->rcv_mss;
	want += div_u64(2 * want * (took - before), before);
	return (u32)min_t(u64, want, WINDOW_MAX);
}

/*
 * Limit that the first window puts on the offered window, bytes. The first window
 * is a number of whole segments, which the route limits (initrwnd), and thereby
 * the first burst of the peer. From there the limit grows by twice what arrives,
 * as fast as a peer in slow start.
 */
static u32 rwnd_first_limit(const struct xtcp_tcb *tcb)
{
	u32 received = tcb->rcv_nxt - tcb->irs - 1;
	u64 first = (u64)tcb->rcv_first * xtcp_first_mss(tcb);

	return (u32)min_t(u64, first + 2ULL * received, WINDOW_MAX);
}

/* All that the reader's queue can hold, bytes. */
static u32 rcv_total(const struct xtcp_tcb *tcb)
{
	return tcb->rcv_nxt - tcb->rcv_read + tcb->rcv_space;
}

/* xtcp_rcv_first - data has arrived: drop the first window's limit if it has no effect */
void xtcp_rcv_first(struct xtcp_tcb *tcb)
{
	if (rwnd_first_limit(tcb) >= rcv_total(tcb))
		tcb->rcv_first = 0;
}

/*
 * xtcp_window_pick - the window that the next segment offers, bytes
 *
 * The right edge does not move left (SHLD-14), and moves right only by half of
 * the buffer or one MSS (MUST-39). An offered window that is no multiple of the
 * scale's unit is rounded up, because rounding down would revoke some of it. With
 * shrink_window the window follows memory, whatever was offered before: RFC 7323,
 * 2.4 allows it.
 */
u32 xtcp_window_pick(const struct xtcp_tcb *tcb)
{
	u32 unit = 1U << tcb->rcv_wscale;
	u32 cur = xtcp_rcv_wnd(tcb);
	u32 space = min(tcb->rcv_space, WINDOW_FIELD_MAX << tcb->rcv_wscale);
	u32 step = min_t(u32, rcv_total(tcb) / 2, tcb->rcv_mss);

	space &= ~(unit - 1);
	if (unlikely(tcb->rcv_first))
		space = min(space, (rwnd_first_limit(tcb) + unit - 1) & ~(unit - 1));
	if (space < cur && tcb->par->shrink_window && tcb->rcv_wscale)
		return space;
	if (space < cur || space - cur < step)
		return min((cur + unit - 1) & ~(unit - 1),
			   WINDOW_FIELD_MAX << tcb->rcv_wscale);
	return space;
}

/* xtcp_window_field - a window (bytes) as the value of the 16-bit field */
u16 xtcp_window_field(u32 wnd, u8 shift)
{
	return (u16)min(wnd >> shift, WINDOW_FIELD_MAX);
}
