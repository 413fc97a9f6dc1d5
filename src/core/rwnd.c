// SPDX-License-Identifier: GPL-2.0
/*
 * The window we offer: RFC 9293 3.8.6, RFC 7323 2.
 */
#include "core.h"

#define WINDOW_FIELD_MAX	65535U

/* The right edge promised last; data up to it must be taken. */
u32 xtcp_rcv_edge(const struct xtcp_tcb *tcb)
{
	return tcb->rcv_wup + tcb->rcv_wnd;
}

/* RCV.WND: what is left of the promise. */
u32 xtcp_rcv_wnd(const struct xtcp_tcb *tcb)
{
	u32 edge = xtcp_rcv_edge(tcb);

	return seq_gt(edge, tcb->rcv_nxt) ? edge - tcb->rcv_nxt : 0;
}

/*
 * xtcp_window_pick - the window the next segment offers, in bytes
 *
 * The right edge does not move left (SHLD-14) and moves right only in steps
 * worth a segment: half of the buffer or one MSS (MUST-39). A promise that
 * is no multiple of the scale's unit is rounded up, because rounding down
 * would take some of it back.
 */
u32 xtcp_window_pick(const struct xtcp_tcb *tcb)
{
	u32 unit = 1U << tcb->rcv_wscale;
	u32 cur = xtcp_rcv_wnd(tcb);
	u32 total = tcb->rcv_nxt - tcb->rcv_read + tcb->rcv_space;
	u32 space = min(tcb->rcv_space, WINDOW_FIELD_MAX << tcb->rcv_wscale);
	u32 step = min_t(u32, total / 2, tcb->rcv_mss);

	space &= ~(unit - 1);
	if (space < cur || space - cur < step)
		return min((cur + unit - 1) & ~(unit - 1),
			   WINDOW_FIELD_MAX << tcb->rcv_wscale);
	return space;
}

/* A window as the 16-bit field has it. */
u16 xtcp_window_field(u32 wnd, u8 shift)
{
	return (u16)min(wnd >> shift, WINDOW_FIELD_MAX);
}
