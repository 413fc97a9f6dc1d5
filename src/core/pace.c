// SPDX-License-Identifier: GPL-2.0
/*
 * Pacing: when the next packet may leave.
 *
 * Each departure moves the time of the next one on by its length over the
 * rate. A plan carries its time as the release time, for a queue that can hold
 * packets back (sch_fq); what would have to be held back for longer than a
 * moment is not handed out at all, until the pacing deadline.
 */
#include "core.h"

/* Ahead of its time by this much a packet may be handed out: timer precision. */
#define AHEAD_NS	(250 * XTCP_NSEC_PER_USEC)

/* A host that was late may catch up by no more than this. */
#define BEHIND_NS	XTCP_NSEC_PER_MSEC

/*
 * An algorithm may hold back one plan by this much, as with sch_fq: its estimate may
 * be from a path that was gone for a while, and without departures it never learns.
 */
#define WAIT_MAX_NS	XTCP_NSEC_PER_SEC

/* A burst is worth about a millisecond: rate / 1024, and at least min_tso_segs segments. */
#define BURST_SHIFT	10

/*
 * The rate of a window algorithm follows its window, and is above it: the window is
 * to be the limit, pacing only spreads it. In slow start twice as much, because the
 * window doubles.
 */
static u64 window_rate(const struct xtcp_tcb *tcb)
{
	u32 pct = tcb->cwnd < tcb->ssthresh / 2 ? tcb->par->pacing_ss_pct :
						  tcb->par->pacing_ca_pct;
	u32 cwnd = max(tcb->cwnd, xtcp_flight(tcb));
	u32 srtt8 = max_t(u32, tcb->srtt8_us, 8);

	/* bytes * 8 * pct / 100 * 1e6 / srtt8, within 64 bits */
	return div_u64((u64)cwnd * 8 * pct * 10000, srtt8);
}

/* xtcp_pace_update - the window or the round trip has changed */
void xtcp_pace_update(struct xtcp_tcb *tcb)
{
	tcb->pacing_rate = window_rate(tcb);
}

static u64 rate(const struct xtcp_tcb *tcb)
{
	return min(tcb->pacing_rate, tcb->pacing_max);
}

/*
 * On a short path small bursts spare no queue and cost the host. The largest burst comes
 * on top, halved for each 2^tso_rtt_log us of the round trip.
 */
static u64 near(const struct xtcp_tcb *tcb, u32 most)
{
	u32 log = tcb->par->tso_rtt_log;
	u32 shift = log < 32 ? tcb->min_rtt_us >> log : 0;

	return shift < 32 ? most >> shift : 0;
}

/*
 * xtcp_pace_burst - bytes one plan may carry
 * @most: that the device takes
 *
 * Without pacing as well. What leaves as one packet is lost as one in a queue of the
 * host, and a receiver that merges segments acknowledges them at once: bursts of a
 * whole window would make its ACKs, and the window it opens with each, come a round
 * trip later.
 */
u32 xtcp_pace_burst(const struct xtcp_tcb *tcb, u32 most)
{
	u64 burst;

	if (tcb->flags & XTCP_F_PACED) {
		burst = rate(tcb) >> BURST_SHIFT;
	} else {
		burst = near(tcb, most);
		if (burst == most)
			return most;
		burst += window_rate(tcb) >> BURST_SHIFT;
	}
	if (burst >= most)
		return most;
	return max_t(u32, burst, min((u32)tcb->par->min_tso_segs * tcb->mss, most));
}

/* xtcp_pace_release - earliest departure of a plan made now, ns; 0: at once */
u64 xtcp_pace_release(const struct xtcp_tcb *tcb, u64 now)
{
	return tcb->pace_next > now ? tcb->pace_next : 0;
}

/*
 * What @len bytes take at @rate, not 0, ns. Both are halved until the
 * divisor has 32 bits, 32 times at most: an error of one part in 2^31.
 */
static u64 duration(u32 len, u64 rate)
{
	u64 work = len * XTCP_NSEC_PER_SEC;

	while (rate > ~0U) {
		rate >>= 1;
		work >>= 1;
	}
	return div_u64(work, (u32)rate);
}

/*
 * xtcp_pace_sent - @len bytes of payload were handed out
 *
 * When the next may leave is known now; if that is not soon, output stops
 * until then.
 */
void xtcp_pace_sent(struct xtcp_tcb *tcb, u32 len, u64 now)
{
	u64 r = rate(tcb), wait;

	if (!r)
		return;
	if (tcb->pace_next + BEHIND_NS < now)
		tcb->pace_next = now - BEHIND_NS;
	wait = duration(len, r);
	if (unlikely(wait > WAIT_MAX_NS))
		wait = max_t(u64, WAIT_MAX_NS, duration(len, tcb->pacing_max));
	tcb->pace_next += wait;
	if (tcb->pace_next > now + AHEAD_NS) {
		tcb->flags |= XTCP_F_PACE_WAIT;
		xtcp_dl_set(tcb, XTCP_DL_PACE, tcb->pace_next - AHEAD_NS);
	}
}

/* xtcp_pace_fire - the time has come */
u32 xtcp_pace_fire(struct xtcp_tcb *tcb)
{
	tcb->flags &= ~XTCP_F_PACE_WAIT;
	return xtcp_want_output(tcb);
}

/* xtcp_pace_sync - what decides whether to pace has changed */
void xtcp_pace_sync(struct xtcp_tcb *tcb)
{
	if (tcb->cc->flags & XTCP_CC_PACED || tcb->par->pacing ||
	    tcb->pacing_max != ~0ULL) {
		tcb->flags |= XTCP_F_PACED;
		return;
	}
	tcb->flags &= ~XTCP_F_PACED;
	/* What was held back goes when the caller comes next: at once. */
	if (tcb->flags & XTCP_F_PACE_WAIT)
		xtcp_dl_set(tcb, XTCP_DL_PACE, 0);
}

/**
 * xtcp_pacing_rate - the rate that departures keep to, or would keep to
 * @tcb: connection in any state
 *
 * Return: bytes a second; 0 while an algorithm that paces does not know it yet.
 */
u64 xtcp_pacing_rate(const struct xtcp_tcb *tcb)
{
	return tcb->flags & XTCP_F_PACED ? rate(tcb) : window_rate(tcb);
}

/**
 * xtcp_set_pacing_max - SO_MAX_PACING_RATE
 * @tcb: connection in any state
 * @rate: bytes a second; ~0: no limit
 *
 * A limit below that of the algorithm holds for retransmissions, too.
 */
void xtcp_set_pacing_max(struct xtcp_tcb *tcb, u64 rate)
{
	/* What waits would wait as long as the limit before demanded. */
	if (rate > tcb->pacing_max) {
		tcb->pace_next = 0;
		if (tcb->flags & XTCP_F_PACE_WAIT)
			xtcp_dl_set(tcb, XTCP_DL_PACE, 0);
	}
	tcb->pacing_max = max_t(u64, rate, 1);
	if (!tcb->pacing_rate)
		xtcp_pace_update(tcb);
	xtcp_pace_sync(tcb);
}
