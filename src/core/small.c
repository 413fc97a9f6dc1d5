// SPDX-License-Identifier: GPL-2.0
/*
 * When a segment below the MSS may be sent: RFC 9293 3.7.4 (Nagle) and 3.8.6.2.1
 * (silly window avoidance, sender); and the merging of small writes without
 * Nagle.
 *
 * A segment costs either end some microseconds, however little it carries. A
 * program that writes 1,000 bytes every three microseconds would send a segment
 * for each write and spend most of its time on them: cwnd is in bytes, and holds
 * hundreds of them where the MSS is large. Two limits make small writes merge:
 *
 *  - Small segments in flight are counted. The limit begins at the initial window,
 *    as where a window counts segments. Further ones wait for an ACK.
 *  - If many writes waited, the writer does not wait for answers: then one small
 *    segment in flight is enough until few writes waited.
 *
 * Either wait ends with an ACK, with a write GAP_NS or more after the last data
 * was sent, or by a timer HOLD_NS after the first write that waits. So it does
 * not last until a delayed ACK (40 ms in most systems). The timer is not set to
 * GAP_NS: it would fire for each segment of a busy writer, whose next write comes
 * sooner anyway.
 */
#include "core.h"

#define GAP_NS		(50 * XTCP_NSEC_PER_USEC)
#define HOLD_NS		XTCP_SMALL_HOLD_NS

/* The least time that a write takes its writer. */
#define WRITE_US	4

/* Number of writes that waited together to be "many"; fewer would not cost much. */
#define MERGE_MIN	4

/*
 * Nagle's algorithm as refined by Minshall: one small segment in flight at a
 * time. SND.SML that is 2 GB old seems to lie ahead, but then beyond SND.NXT too.
 */
static bool small_nagle_holds(const struct xtcp_tcb *tcb)
{
	return !(tcb->flags & XTCP_F_NODELAY) && seq_gt(tcb->snd_sml, tcb->snd_una) &&
	       seq_le(tcb->snd_sml, tcb->snd_nxt);
}

/*
 * Limit on small segments in flight. It grows as in slow start (ack.c), so that a
 * stream of small messages over a long path soon has as many in flight as it
 * writes in a round trip, but no more than could be written in one. Without
 * autocorking it is at least the number of segments that cwnd holds.
 */
static u32 small_limit(const struct xtcp_tcb *tcb)
{
	u32 most = tcb->cwnd_clamp ? tcb->cwnd_clamp : 65535;
	u32 limit = xtcp_initcwnd(tcb);

	if (tcb->par->autocorking)
		limit += min_t(u32, tcb->small_more, tcb->min_rtt_us / WRITE_US);
	else
		limit = max(tcb->cwnd / tcb->mss, limit + tcb->small_more);
	return min(limit, most);
}

/* xtcp_small_full - must the next segment below the MSS wait, with Nagle off? */
bool xtcp_small_full(const struct xtcp_tcb *tcb)
{
	if (likely(!tcb->small_out) || !(tcb->flags & XTCP_F_NODELAY))
		return false;
	if (tcb->small_merge)
		return true;
	return tcb->small_out >= xtcp_initcwnd(tcb) && tcb->small_out >= small_limit(tcb);
}

/*
 * xtcp_small_may - may a segment below the MSS be sent?
 * @len: its length, bytes
 * @data: unsent bytes, at least @len
 *
 * RFC 9293 3.8.6.2.1, (2) to (4).
 */
bool xtcp_small_may(const struct xtcp_tcb *tcb, u32 len, u32 data)
{
	if (tcb->flags & XTCP_F_SWS_OVERRIDE)
		return true;
	if (len == data && tcb->flags & (XTCP_F_FIN_QUEUED | XTCP_F_FLUSH))
		return true;
	if (len == data && !(tcb->flags & (XTCP_F_CORK | XTCP_F_MORE)))
		return !small_nagle_holds(tcb) && (tcb->small_go || !xtcp_small_full(tcb));
	/* The window is small, not the data: half of the largest window is enough. */
	return len < data && len >= tcb->max_snd_wnd / 2;
}

static bool small_gap_over(const struct xtcp_tcb *tcb, u64 now)
{
	return now - tcb->last_data_tx_at >= GAP_NS;
}

/* xtcp_small_wrote - a write has to wait unless it fills a segment */
void xtcp_small_wrote(struct xtcp_tcb *tcb, u64 now)
{
	if (!tcb->small_wrote)
		xtcp_mib_note(tcb, XTCP_MIB_AUTO_CORKING);
	if (!xtcp_dl_is_set(tcb, XTCP_DL_SMALL))
		xtcp_dl_set(tcb, XTCP_DL_SMALL, now + HOLD_NS);
	if (tcb->small_wrote < 255)
		tcb->small_wrote++;
	tcb->small_go = small_gap_over(tcb, now);
}

/* xtcp_small_sent - everything written was sent after writes had waited */
void xtcp_small_sent(struct xtcp_tcb *tcb)
{
	tcb->small_merge = tcb->par->autocorking && tcb->small_wrote >= MERGE_MIN;
	tcb->small_wrote = 0;
	xtcp_dl_clear(tcb, XTCP_DL_SMALL);
}

/*
 * xtcp_small_fire - writes have waited for HOLD_NS
 *
 * If data was sent since the first of them waited, it took most of them along,
 * and the rest has waited for less.
 */
u32 xtcp_small_fire(struct xtcp_tcb *tcb, u64 now)
{
	if (!xtcp_unsent(tcb))
		return 0;
	if (!small_gap_over(tcb, now)) {
		xtcp_dl_set(tcb, XTCP_DL_SMALL, tcb->last_data_tx_at + HOLD_NS);
		return 0;
	}
	tcb->small_go = true;
	return XTCP_ACT_OUTPUT;
}
