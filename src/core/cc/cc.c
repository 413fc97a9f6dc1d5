// SPDX-License-Identifier: GPL-2.0
/* The list of congestion controls and the functions that they share. */
#include "../core.h"

static const struct xtcp_cc *const algorithms[] = {
	&xtcp_cc_cubic,
	&xtcp_cc_reno,
	&xtcp_cc_bbr,
	&xtcp_cc_dctcp,
};

static bool name_is(const char *a, const char *b)
{
	while (*a && *a == *b) {
		a++;
		b++;
	}
	return *a == *b;
}

const struct xtcp_cc *xtcp_cc_find(const char *name)
{
	u32 i;

	for (i = 0; i < ARRAY_SIZE(algorithms); i++)
		if (name_is(algorithms[i]->name, name))
			return algorithms[i];
	return NULL;
}

const struct xtcp_cc *xtcp_cc_list(u32 i)
{
	return i < ARRAY_SIZE(algorithms) ? algorithms[i] : NULL;
}

void xtcp_cc_get_info(const struct xtcp_tcb *tcb, struct xtcp_cc_info *info)
{
	memset(info, 0, sizeof(*info));
	if (tcb->cc->info)
		tcb->cc->info(tcb, info);
}

const char *xtcp_cc_name(const struct xtcp_cc *cc)
{
	return cc->name;
}

/*
 * A window algorithm that takes over from a model during a reduction computes
 * ssthresh.
 */
void xtcp_cc_set(struct xtcp_tcb *tcb, const struct xtcp_cc *cc, u64 now)
{
	const struct xtcp_cc *was = tcb->cc;

	tcb->cc = cc;
	memset(tcb->cc_priv, 0, sizeof(tcb->cc_priv));
	tcb->pacing_rate = 0;
	xtcp_pace_sync(tcb);
	/* Before that, xtcp_established() starts the algorithm. */
	if (!xtcp_synchronized(tcb) || tcb->state == XTCP_SYN_RECEIVED)
		return;
	xtcp_cc_start(tcb, now);
	if (was->control && !cc->control)
		xtcp_loss_take_over(tcb);
}

/* xtcp_cc_start - start the algorithm, with cwnd and ssthresh as they are */
void xtcp_cc_start(struct xtcp_tcb *tcb, u64 now)
{
	tcb->cc->init(tcb, now);
	if (tcb->flags & XTCP_F_PACED && !tcb->cc->control)
		xtcp_pace_update(tcb);
}

/*
 * xtcp_cc_initial_cwnd - the initial window, bytes
 *
 * RFC 6928: min(10 * MSS, max(2 * MSS, 14600)), with the count from a knob. A
 * count from the route means segments of any size, as in Linux.
 *
 * One segment if the SYN or SYN-ACK was lost more than once: a single
 * retransmission is more often due to a short timer than to congestion
 * (section 2). Also if it was CE-marked, which a short timer does not cause. Both
 * apply to the first window only.
 */
u32 xtcp_cc_initial_cwnd(const struct xtcp_tcb *tcb)
{
	u32 n = xtcp_initcwnd(tcb);
	u32 mss = tcb->mss;

	if (tcb->flags & XTCP_F_SYN_TIMEOUT && tcb->retries > 1)
		return mss;
	if (tcb->ecn_flags & XTCP_ECN_SYN_CE)
		return mss;
	if (tcb->initcwnd)
		return min_t(u32, n * mss, XTCP_CWND_MAX);
	return min(n * mss, max(2 * mss, n * 1460));
}

/* xtcp_cc_most - upper limit of cwnd, bytes */
u32 xtcp_cc_most(const struct xtcp_tcb *tcb)
{
	if (likely(!tcb->cwnd_clamp))
		return XTCP_CWND_MAX;
	return min_t(u32, (u32)tcb->cwnd_clamp * tcb->mss, XTCP_CWND_MAX);
}

/* xtcp_cc_grow - let cwnd grow by @bytes, up to xtcp_cc_most() */
void xtcp_cc_grow(struct xtcp_tcb *tcb, u32 bytes)
{
	u32 wnd = (u32)min_t(u64, (u64)tcb->cwnd + bytes, xtcp_cc_most(tcb));

	tcb->cwnd = max(tcb->cwnd, wnd);
}

/*
 * xtcp_cc_slow_start - RFC 5681, 3.1: cwnd grows by what is acknowledged
 * @bytes: acknowledged
 *
 * Return: the bytes beyond ssthresh, which count for congestion avoidance.
 */
u32 xtcp_cc_slow_start(struct xtcp_tcb *tcb, u32 bytes)
{
	u32 room = tcb->ssthresh - min(tcb->cwnd, tcb->ssthresh);
	u32 n = min(bytes, room);

	xtcp_cc_grow(tcb, n);
	return bytes - n;
}

/* From this many segments on a fraction of one is insignificant. */
#define WHOLE_MAX	32

/*
 * xtcp_cc_whole - cwnd rounded down to whole segments, bytes
 *
 * Of 5.6 segments only five are in flight, and five are acknowledged in a round
 * trip. Growth by a segment a round trip has to be counted against these, or the
 * unusable fraction slows down the growth of a small window.
 */
u32 xtcp_cc_whole(const struct xtcp_tcb *tcb)
{
	if (tcb->cwnd >= WHOLE_MAX * tcb->mss)
		return tcb->cwnd;
	return tcb->cwnd - tcb->cwnd % tcb->mss;
}

/*
 * xtcp_cc_avoid - RFC 5681, 3.1: grow by one segment for every window
 * acknowledged
 * @acked: bytes acknowledged since the last growth; state of the algorithm
 * @bytes: acknowledged now
 */
void xtcp_cc_avoid(struct xtcp_tcb *tcb, u32 *acked, u32 bytes)
{
	u32 wnd = xtcp_cc_whole(tcb);

	*acked += bytes;
	if (*acked < wnd)
		return;
	*acked -= wnd;
	xtcp_cc_grow(tcb, tcb->mss);
}
