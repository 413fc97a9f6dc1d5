// SPDX-License-Identifier: GPL-2.0
/*
 * The list of congestion controls and what they have in common.
 */
#include "core.h"

static const struct xtcp_cc *const algorithms[] = {
	&xtcp_cc_reno,
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
 * cwnd and ssthresh are kept; the algorithm's own state starts anew.
 */
void xtcp_cc_set(struct xtcp_tcb *tcb, const struct xtcp_cc *cc, u64 now)
{
	tcb->cc = cc;
	memset(tcb->cc_priv, 0, sizeof(tcb->cc_priv));
	tcb->pacing_rate = 0;
	xtcp_pace_sync(tcb);
	/* Else xtcp_established() does it. */
	if (xtcp_synchronized(tcb) && tcb->state != XTCP_SYN_RECEIVED)
		cc->init(tcb, now);
}

/*
 * xtcp_cc_initial_cwnd - the initial window in bytes
 *
 * RFC 6928: min(10 * MSS, max(2 * MSS, 14600)), the count by knob. One segment
 * when the SYN or SYN-ACK was lost more than once: a single repetition is more
 * often a timer that was too short than congestion (section 2). Or when it was
 * marked, which no timer does.
 */
u32 xtcp_cc_initial_cwnd(const struct xtcp_tcb *tcb)
{
	u32 n = tcb->par->initial_cwnd;
	u32 mss = tcb->mss;

	if (tcb->flags & XTCP_F_SYN_TIMEOUT && tcb->retries > 1)
		return mss;
	if (tcb->ecn_flags & XTCP_ECN_SYN_CE)
		return mss;
	return min(n * mss, max(2 * mss, n * 1460));
}
