// SPDX-License-Identifier: GPL-2.0
/*
 * Pacing: when the next packet may leave.
 *
 * Each departure delays the next one by its length divided by the rate. A plan
 * carries that time as its release time, for a queue that can hold packets back
 * (sch_fq). A packet that would have to be held for longer than AHEAD_NS is not
 * planned at all until the pacing deadline.
 */
#include "core.h"

/* How early a packet may be planned: the precision of timers. */
#define AHEAD_NS	(250 * XTCP_NSEC_PER_USEC)

/* How much a host that was late may catch up. */
#define BEHIND_NS	XTCP_NSEC_PER_MSEC

/*
 * Limit on the wait that the rate of an algorithm causes for one plan, as in
 * sch_fq: its estimate may be from a path that was down for a while, and without
 * departures it never learns.
 */
#define WAIT_MAX_NS	XTCP_NSEC_PER_SEC

/* As in Linux with sch_fq, which lets the initial window (RFC 6928) pass in one burst. */
#define QUEUE_FREE_SEGS	10

/* A burst is about one millisecond of the rate (rate / 1024), at least min_tso_segs. */
#define BURST_SHIFT	10

/*
 * The pacing rate of a window algorithm, bytes a second. It is above cwnd / SRTT:
 * cwnd is to be the limit, pacing only spreads it. In slow start it is higher
 * still, because cwnd doubles.
 */
static u64 pace_window_rate(const struct xtcp_tcb *tcb)
{
	u32 pct = tcb->cwnd < tcb->ssthresh / 2 ? tcb->par->pacing_ss_pct :
						  tcb->par->pacing_ca_pct;
	u32 cwnd = max(tcb->cwnd, xtcp_flight(tcb));
	u32 srtt8 = max_t(u32, tcb->srtt8_us, 8);

	/* bytes * 8 * pct / 100 * 1e6 / srtt8, within 64 bits */
	return div_u64((u64)cwnd * 8 * pct * 10000, srtt8);
}

/* xtcp_pace_update - recompute the rate: cwnd or SRTT has changed */
void xtcp_pace_update(struct xtcp_tcb *tcb)
{
	tcb->pacing_rate = pace_window_rate(tcb);
}

static u64 pace_rate(const struct xtcp_tcb *tcb)
{
	return min(tcb->pacing_rate, tcb->pacing_max);
}

/*
 * Bytes by which bursts are longer on a short path, where small bursts spare no
 * queue and cost CPU time: @most, halved for each 2^tso_rtt_log us of the RTT.
 */
static u64 pace_short_rtt_bytes(const struct xtcp_tcb *tcb, u32 most)
{
	u32 log = tcb->par->tso_rtt_log;
	u32 shift = log < 32 ? tcb->min_rtt_us >> log : 0;

	return shift < 32 ? most >> shift : 0;
}

/*
 * xtcp_pace_burst - bytes that one plan may carry
 * @most: limit of the device
 *
 * Also used without pacing. What leaves as one packet is lost as one in a queue
 * of this host, and a receiver that merges segments acknowledges them at once:
 * with bursts of a whole window its ACKs, and the window updates they carry,
 * would come a round trip later.
 */
u32 xtcp_pace_burst(const struct xtcp_tcb *tcb, u32 most)
{
	u64 burst;

	if (tcb->flags & XTCP_F_PACED) {
		burst = pace_rate(tcb) >> BURST_SHIFT;
	} else {
		burst = pace_short_rtt_bytes(tcb, most);
		if (burst == most)
			return most;
		burst += pace_window_rate(tcb) >> BURST_SHIFT;
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
 * Time that @len bytes take at @rate (not 0), ns. Both numbers are halved until
 * the divisor has 32 bits, at most 32 times: the error is one part in 2^31.
 */
static u64 pace_duration(u32 len, u64 rate)
{
	u64 work = len * XTCP_NSEC_PER_SEC;

	while (rate > ~0U) {
		rate >>= 1;
		work >>= 1;
	}
	return div_u64(work, (u32)rate);
}

/* Is pacing on whatever the queue below does? */
static bool pace_is_asked(const struct xtcp_tcb *tcb)
{
	return tcb->cc->flags & XTCP_CC_PACED || tcb->par->pacing ||
	       tcb->pacing_max != ~0ULL;
}

/*
 * xtcp_pace_sent - @len bytes of payload were sent
 *
 * Compute when the next packet may leave; if that is not soon, stop output until
 * then.
 */
void xtcp_pace_sent(struct xtcp_tcb *tcb, u32 len, u64 now)
{
	u64 r = pace_rate(tcb), wait;

	if (!r)
		return;
	if (tcb->queue_paces && tcb->data_segs_out < QUEUE_FREE_SEGS && !pace_is_asked(tcb))
		return;
	if (tcb->pace_next + BEHIND_NS < now)
		tcb->pace_next = now - BEHIND_NS;
	wait = pace_duration(len, r);
	if (unlikely(wait > WAIT_MAX_NS))
		wait = max_t(u64, WAIT_MAX_NS, pace_duration(len, tcb->pacing_max));
	tcb->pace_next += wait;
	if (tcb->pace_next > now + AHEAD_NS) {
		tcb->flags |= XTCP_F_PACE_WAIT;
		xtcp_dl_set(tcb, XTCP_DL_PACE, tcb->pace_next - AHEAD_NS);
	}
}

/* xtcp_pace_fire - the pacing deadline has come: resume output */
u32 xtcp_pace_fire(struct xtcp_tcb *tcb)
{
	tcb->flags &= ~XTCP_F_PACE_WAIT;
	return xtcp_want_output(tcb);
}

/* xtcp_pace_sync - turn pacing on or off after a change of what decides it */
void xtcp_pace_sync(struct xtcp_tcb *tcb)
{
	if (tcb->queue_paces || pace_is_asked(tcb)) {
		tcb->flags |= XTCP_F_PACED;
		return;
	}
	tcb->flags &= ~XTCP_F_PACED;
	/* The next xtcp_timeout() sends what was held back, and is due at once. */
	if (tcb->flags & XTCP_F_PACE_WAIT)
		xtcp_dl_set(tcb, XTCP_DL_PACE, 0);
}

u64 xtcp_pacing_rate(const struct xtcp_tcb *tcb)
{
	return tcb->flags & XTCP_F_PACED ? pace_rate(tcb) : pace_window_rate(tcb);
}

/* The limit applies to retransmissions too. */
void xtcp_set_pacing_max(struct xtcp_tcb *tcb, u64 rate)
{
	/* What waits now must not wait as long as the old limit required. */
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

void xtcp_set_queue_paces(struct xtcp_tcb *tcb, bool paces)
{
	tcb->queue_paces = paces;
	if (!tcb->pacing_rate)
		xtcp_pace_update(tcb);
	xtcp_pace_sync(tcb);
}
