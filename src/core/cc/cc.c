// SPDX-License-Identifier: GPL-2.0
/*
 * The list of congestion controls and what they have in common.
 */
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

/**
 * xtcp_cc_find - look an algorithm up
 * @name: as TCP_CONGESTION takes it
 *
 * Return: the algorithm, or NULL.
 */
const struct xtcp_cc *xtcp_cc_find(const char *name)
{
	u32 i;

	for (i = 0; i < ARRAY_SIZE(algorithms); i++)
		if (name_is(algorithms[i]->name, name))
			return algorithms[i];
	return NULL;
}

/**
 * xtcp_cc_list - all algorithms, one after the other
 * @i: 0, 1, ...
 *
 * Return: the algorithm, or NULL behind the last one.
 */
const struct xtcp_cc *xtcp_cc_list(u32 i)
{
	return i < ARRAY_SIZE(algorithms) ? algorithms[i] : NULL;
}

/**
 * xtcp_cc_info - what the algorithm in use tells of itself
 * @tcb: connection in any state
 * @info: filled in
 */
void xtcp_cc_info(const struct xtcp_tcb *tcb, struct xtcp_cc_info *info)
{
	memset(info, 0, sizeof(*info));
	if (tcb->cc->info)
		tcb->cc->info(tcb, info);
}

/**
 * xtcp_cc_name - what an algorithm is called
 * @cc: algorithm
 *
 * Return: its name.
 */
const char *xtcp_cc_name(const struct xtcp_cc *cc)
{
	return cc->name;
}

/**
 * xtcp_cc_set - use another algorithm from here on
 * @tcb: connection in any state
 * @cc: algorithm
 * @now: ns
 *
 * cwnd and ssthresh are kept; the algorithm's own state starts anew. A window
 * algorithm that takes over from a model during a reduction computes ssthresh.
 */
void xtcp_cc_set(struct xtcp_tcb *tcb, const struct xtcp_cc *cc, u64 now)
{
	const struct xtcp_cc *was = tcb->cc;

	tcb->cc = cc;
	memset(tcb->cc_priv, 0, sizeof(tcb->cc_priv));
	tcb->pacing_rate = 0;
	xtcp_pace_sync(tcb);
	/* Otherwise xtcp_established() does it. */
	if (!xtcp_synchronized(tcb) || tcb->state == XTCP_SYN_RECEIVED)
		return;
	xtcp_cc_start(tcb, now);
	if (was->control && !cc->control)
		xtcp_loss_take_over(tcb);
}

/* xtcp_cc_start - the algorithm begins, with the windows as they are */
void xtcp_cc_start(struct xtcp_tcb *tcb, u64 now)
{
	tcb->cc->init(tcb, now);
	if (tcb->flags & XTCP_F_PACED && !tcb->cc->control)
		xtcp_pace_update(tcb);
}

/*
 * xtcp_cc_initial_cwnd - the initial window in bytes
 *
 * RFC 6928: min(10 * MSS, max(2 * MSS, 14600)), the count by knob. One segment
 * when the SYN or SYN-ACK was lost more than once: a single repetition is more
 * often a timer that was too short than congestion (section 2). Or when it was
 * marked, which no timer does. Both only for the first window. A count by the
 * route is one of segments, of whatever size, as Linux has it.
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

/* xtcp_cc_most - the largest window there may be, in bytes */
u32 xtcp_cc_most(const struct xtcp_tcb *tcb)
{
	if (likely(!tcb->cwnd_clamp))
		return XTCP_CWND_MAX;
	return min_t(u32, (u32)tcb->cwnd_clamp * tcb->mss, XTCP_CWND_MAX);
}

/* xtcp_cc_grow - a larger window, up to the largest there may be */
void xtcp_cc_grow(struct xtcp_tcb *tcb, u32 bytes)
{
	u32 wnd = (u32)min_t(u64, (u64)tcb->cwnd + bytes, xtcp_cc_most(tcb));

	tcb->cwnd = max(tcb->cwnd, wnd);
}

/*
 * xtcp_cc_slow_start - RFC 5681, 3.1: a window grows by what is acknowledged
 * @bytes: acknowledged
 *
 * Return: what goes beyond ssthresh, and so counts for congestion avoidance.
 */
u32 xtcp_cc_slow_start(struct xtcp_tcb *tcb, u32 bytes)
{
	u32 room = tcb->ssthresh - min(tcb->cwnd, tcb->ssthresh);
	u32 n = min(bytes, room);

	xtcp_cc_grow(tcb, n);
	return bytes - n;
}

/* Above so many segments a part of one makes no difference. */
#define WHOLE_MAX	32

/*
 * xtcp_cc_whole - what the window lets out
 *
 * Whole segments: of 5.6 five are in flight, and five are acknowledged in a
 * round trip. Growth of one segment a round trip is to count against these, or
 * a small window grows the slower the more of it is of no use.
 */
u32 xtcp_cc_whole(const struct xtcp_tcb *tcb)
{
	if (tcb->cwnd >= WHOLE_MAX * tcb->mss)
		return tcb->cwnd;
	return tcb->cwnd - tcb->cwnd % tcb->mss;
}

/*
 * xtcp_cc_avoid - RFC 5681, 3.1: one segment for every window acknowledged
 * @acked: bytes acknowledged since the window last grew, of the algorithm
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
