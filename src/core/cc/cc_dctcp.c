// SPDX-License-Identifier: GPL-2.0
/*
 * DCTCP: RFC 8257, section 3.3. For networks under one administration whose
 * switches mark at a low threshold.
 *
 * alpha is the share of bytes that arrived CE-marked, smoothed over windows; the
 * first mark of a window reduces cwnd by alpha / 2. Loss is handled as by Reno
 * (3.4), and so is everything on a path without ECN.
 *
 * One difference: SACKed bytes count when they arrive, not when the cumulative
 * ACK passes them, so that the share is that of the latest window.
 */
#include "../core.h"
#include "cwv.h"

#define ALPHA_ONE	(1U << 20)	/* alpha = 1 */
#define G_SHIFT		4		/* g = 1/16 (RFC 8257, 4.2) */

struct dctcp {
	struct xtcp_cwv cwv;
	u32 acked;		/* bytes since the window last grew, in avoidance */
	u32 alpha;		/* times ALPHA_ONE */
	u32 window_end;		/* DCTCP.WindowEnd: SND.NXT when the window began */
	u32 window_bytes;	/* bytes delivered in it */
	u32 window_ce;		/* bytes, of these CE-marked */
	u32 cut_end;		/* no second reduction until this is acknowledged */
	bool cut;		/* cut_end is valid */
};

/* RFC 8257, 4.2: alpha starts at 1, so that the first mark halves cwnd. */
static void dctcp_init(struct xtcp_tcb *tcb, u64 now)
{
	struct dctcp *d = xtcp_cc_state(tcb, struct dctcp);

	xtcp_cwv_init(tcb, &d->cwv, now);
	d->alpha = ALPHA_ONE;
	d->window_end = tcb->snd_nxt;
}

static u32 dctcp_ssthresh(struct xtcp_tcb *tcb, enum xtcp_cc_event why, u32 flight)
{
	struct dctcp *d = xtcp_cc_state(tcb, struct dctcp);

	(void)why;
	d->acked = 0;
	d->cut = true;
	d->cut_end = tcb->snd_nxt;
	return xtcp_cwv_reduce(tcb, &d->cwv, flight, XTCP_CC_HALF);
}

/* RFC 8257, 3.3, steps 5 to 8. */
static void dctcp_end_window(struct xtcp_tcb *tcb, struct dctcp *d)
{
	u32 ce = min(d->window_ce, d->window_bytes);

	if (d->window_bytes) {
		u32 share = (u32)div_u64((u64)ce * ALPHA_ONE, d->window_bytes);

		d->alpha = d->alpha - (d->alpha >> G_SHIFT) + (share >> G_SHIFT);
	}
	d->window_bytes = 0;
	d->window_ce = 0;
	d->window_end = tcb->snd_nxt;
}

/* RFC 8257, 3.3, step 9: once in a window, and not in addition to a loss. */
static void dctcp_reduce(struct xtcp_tcb *tcb, struct dctcp *d, u32 flight)
{
	u32 wnd = tcb->cwnd;

	if (tcb->cong != XTCP_CONG_OPEN)
		return;
	if (d->cut && seq_lt(tcb->snd_una, d->cut_end))
		return;
	if (!xtcp_cwv_valid(tcb, &d->cwv))
		wnd = min(wnd, xtcp_cwv_used(tcb, &d->cwv, flight));
	wnd -= (u32)((u64)wnd * d->alpha / (2 * ALPHA_ONE));
	tcb->cwnd = max(wnd, 2U * tcb->mss);
	tcb->ssthresh = tcb->cwnd;
	d->acked = 0;
	d->cut = true;
	d->cut_end = tcb->snd_nxt;
}

static void dctcp_every_ack(struct xtcp_tcb *tcb, const struct xtcp_ack *ack)
{
	struct dctcp *d = xtcp_cc_state(tcb, struct dctcp);

	xtcp_cwv_ack(tcb, &d->cwv, ack);
	d->window_bytes += ack->delivered;
	d->window_ce += ack->ce;
	if (seq_ge(tcb->snd_una, d->window_end))
		dctcp_end_window(tcb, d);
	if (d->cut && seq_ge(tcb->snd_una, d->cut_end))
		d->cut = false;
	if (ack->ce)
		dctcp_reduce(tcb, d, ack->flight);
}

static void dctcp_acked(struct xtcp_tcb *tcb, const struct xtcp_ack *ack)
{
	u32 bytes = ack->delivered;

	if (tcb->cwnd < tcb->ssthresh)
		bytes = xtcp_cc_slow_start(tcb, bytes);
	if (bytes)
		xtcp_cc_avoid(tcb, &xtcp_cc_state(tcb, struct dctcp)->acked, bytes);
}

static void dctcp_event(struct xtcp_tcb *tcb, enum xtcp_cc_event ev, u64 now)
{
	xtcp_cwv_event(tcb, &xtcp_cc_state(tcb, struct dctcp)->cwv, ev, now);
}

static void dctcp_info(const struct xtcp_tcb *tcb, struct xtcp_cc_info *info)
{
	const struct dctcp *d = xtcp_cc_state(tcb, const struct dctcp);

	info->kind = XTCP_CC_INFO_DCTCP;
	info->alpha = d->alpha / (ALPHA_ONE / 1024);
	info->marked = d->window_ce;
	info->total = d->window_bytes;
	info->ecn = tcb->ecn;
	info->ce = tcb->ecn_last == XTCP_CE;
}

const struct xtcp_cc xtcp_cc_dctcp = {
	.name		= "dctcp",
	.flags		= XTCP_CC_ECT | XTCP_CC_ECN_OWN,
	.init		= dctcp_init,
	.ssthresh	= dctcp_ssthresh,
	.acked		= dctcp_acked,
	.every_ack	= dctcp_every_ack,
	.event		= dctcp_event,
	.info		= dctcp_info,
};
