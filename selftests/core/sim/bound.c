// SPDX-License-Identifier: GPL-2.0
/*
 * Limits on the duration of a transfer and on needless retransmissions in random
 * runs, computed from what the network and the applications did in the run.
 *
 * Duration. The time from the first open to the last byte of both directions is at
 * most the sum of
 *
 *  - the pauses of the applications, the transmission times of all packets, and the
 *    bytes over the rate of a policer or of a limit of the pacing rate;
 *  - the time that timers waited. A timer that detects a loss has an RTO of at most
 *    1 s plus five round trips (RFC 6298, 2: SRTT and four times RTTVAR), 3 s after
 *    the retransmission of a SYN (5.7), doubled each time until there is progress
 *    (5.5), and at most 120 s;
 *  - round trips. A window begins with at least one segment and grows by at least one
 *    in each round trip, so n segments take sqrt(2n) of them. Each loss, each packet
 *    that was overtaken and may be taken for lost, each mark and each idle time may
 *    start that again. With e of these events the sum is largest if all parts are
 *    equal: sqrt(2ne). Add three for the handshake, three for the repair of each
 *    loss (outage.c has the exact bounds), and, if a buffer is the limit, four for
 *    each time it is filled, since the receiver may offer only half of it (RFC 9293,
 *    3.8.6.2).
 *
 * Waste. If no packet overtakes another and no ACK is lost, no segment is sent again
 * that was not lost, except tail loss probes and the first segment after a timeout,
 * with which the sender checks whether the timeout was spurious (RFC 5682). Without
 * SACK the whole window may follow a timeout.
 */
#include <stdio.h>

#include "sim.h"

#define TIMEOUT_MAX	(120 * SEC)
#define AFTER_SYN	(3 * SEC)
#define RETRY		(5 * MSEC)	/* first wait after a transmission failed locally */
#define PROBE_LONE	(250 * MSEC)	/* the PTO includes a delayed ACK */
#define PACING_LEAST	(1 << 18)	/* bytes a second, lowest limit in fiddle() */
#define REPAIR_RTTS	3
#define BUFFER_RTTS	4

static u64 root(u64 n)
{
	u64 r = 0, bit;

	for (bit = 1ULL << 31; bit; bit >>= 1)
		if ((r + bit) * (r + bit) <= n)
			r += bit;
	return r;
}

/* The longest round trip of the run between the hosts of a pair, ns. */
static u64 round_trip(const struct sim *sim, u32 first)
{
	u64 rtt = sim->link[0].longest + sim->link[1].longest;
	u32 i;

	for (i = first; i < first + 2; i++) {
		const struct host_cfg *h = &sim->cfg.host[i];

		rtt += 2 * h->gro + h->timer_slack + h->access + h->ack_wait + h->sack_wait;
	}
	return rtt;
}

static u64 timeout(const struct host *host)
{
	const struct xtcp_tcb *tcb = host->conn ? &host->conn->tcb : NULL;
	bool fresh = !tcb || !tcb->srtt8_us;

	return (fresh ? AFTER_SYN : SEC) + 5 * round_trip(host->sim, host->id & ~1U);
}

/* An RTO, persist or handshake timer of @host has expired: add its wait. */
void bound_timeout(struct host *host)
{
	host->out.waited += min(timeout(host) << min(host->streak, 10U), TIMEOUT_MAX);
	host->streak++;
}

/*
 * Data from stream offset @from on is acknowledged: end the doubling, unless the RTO
 * may stay large. Without timestamps the ACK of a retransmission gives no sample, and
 * the RTO remains doubled (RFC 6298, 5.7); with a shortage of memory more counts as
 * retransmitted than was. With timestamps, if ACKs are lost, the ACK of a needless
 * retransmission may echo the timestamp of the original, so that the wait counts as a
 * round trip and the next one is as long.
 */
void bound_progress(struct host *host, u64 from)
{
	bool once = !host->cfg->shortage && from >= host->ledger.again;

	if (host->conn->tcb.opts & XTCP_OPT_TS ? !host->ledger.spurious : once)
		host->streak = 0;
}

static bool marked(const struct conn *conn)
{
	return conn->sim->link[conn->host->id & 1].marked;
}

/* The timers of @conn are about to run. */
void bound_timers(struct conn *conn)
{
	const struct xtcp_tcb *tcb = &conn->tcb;
	struct outcome *out = &conn->host->out;
	u64 now = host_now(conn->host);
	u32 dl;

	for (dl = 0; dl < XTCP_DL_MAX; dl++) {
		if (!(tcb->dl_armed & 1U << dl) || tcb->dl[dl] > now)
			continue;
		if (dl == XTCP_DL_RTO || dl == XTCP_DL_PERSIST)
			bound_timeout(conn->host);
		else if (dl == XTCP_DL_TLP)
			out->waited += timeout(conn->host) - SEC + PROBE_LONE;
		else if (dl == XTCP_DL_DELACK)
			out->waited += tcb->par->delack_max_us * USEC;
		else if (dl == XTCP_DL_RETRY)
			out->waited += RETRY << tcb->aborts;
		/* CE with a window of one segment: wait an RTO (RFC 3168, 6.1.2). */
		else if (dl == XTCP_DL_PACE && tcb->cwnd == tcb->mss && marked(conn))
			out->waited += timeout(conn->host);
	}
}

/* The part of the time limit that host @i and its link cause, ns. */
static u64 of_host(const struct sim *sim, u32 i)
{
	const struct host_cfg *h = &sim->cfg.host[i];
	const struct outcome *out = &sim->host[i].out;
	u64 rate = sim->cfg.link[i & 1].police_rate;
	u64 ns = out->paused + out->waited + sim->link[i & 1].busy;

	/* Twice: PRR may send as fast again, and the policer drop as much again. */
	if (rate)
		ns += 2 * h->app.total * SEC / rate;
	if (h->pacing_max)
		ns += 2 * h->app.total * SEC / h->pacing_max;
	if (h->app.fiddle)
		ns += 2 * h->app.total * SEC / PACING_LEAST;
	return ns;
}

static void judge_time(struct sim *sim, u32 first)
{
	const struct host *a = &sim->host[first], *b = &sim->host[first + 1];
	u64 end = max(a->out.rcvd_at, b->out.rcvd_at), begin = a->out.opened_at;
	u64 lost = sim->link[0].lost + sim->link[1].lost, rounds, most;
	u64 segs = (u64)a->out.segs + b->out.segs;
	u64 events = lost + a->out.pauses + b->out.pauses + 1;
	u32 i;

	if (!end)
		return;
	for (i = 0; i < 2; i++)
		events += sim->link[i].marked + sim->link[i].overtaken;
	rounds = root(2 * segs * events) + REPAIR_RTTS * events + REPAIR_RTTS;
	rounds += BUFFER_RTTS * (a->cfg->app.total /
				 min(a->cfg->app.sndbuf, b->cfg->app.rcvbuf_min) +
				 b->cfg->app.total /
				 min(b->cfg->app.sndbuf, a->cfg->app.rcvbuf_min));
	most = of_host(sim, first) + of_host(sim, first + 1) + rounds * round_trip(sim, first);
	/* The last loss, or a refused ACK, may be detected by a timer not counted above. */
	if (lost || b->cfg->accept_fail)
		most += max(timeout(a), timeout(b));
	if (end - begin > most)
		sim_fail(sim, "the transfer took %.3f s, %.3f s allowed",
			 (double)(end - begin) / SEC, (double)most / SEC);
}

/* Does the limit on needless retransmissions apply to host @i? */
static bool orderly(const struct sim *sim, u32 i)
{
	const struct link_cfg *there = &sim->cfg.link[i & 1], *back = &sim->cfg.link[~i & 1];
	const struct host_cfg *h = &sim->cfg.host[i], *peer = &sim->cfg.host[i ^ 1];

	if (there->reorder || back->reorder || there->route_at || back->route_at)
		return false;
	/*
	 * A segment that a host refused counts as arrived; with a shortage of memory
	 * the send map is coarse.
	 */
	return !sim->link[~i & 1].lost && !there->mtu_at && !h->attack && !peer->attack &&
	       !h->shortage && !h->fastopen && !peer->accept_fail && !peer->app.fiddle;
}

static void judge_waste(struct sim *sim, u32 i)
{
	const struct host_cfg *h = &sim->cfg.host[i];
	const struct outcome *out = &sim->host[i].out;
	bool sack = h->par.sack && sim->cfg.host[i ^ 1].par.sack && h->par.rack;

	if (!orderly(sim, i))
		return;
	/* An ACK of a retransmission may be taken for one of the original (RFC 8985, 6.2). */
	if (out->probes + out->rtos && !(h->par.timestamps && sim->cfg.host[i ^ 1].par.timestamps))
		return;
	/* A growing queue causes spurious timeouts; without SACK all is sent again. */
	if (out->rtos && (!sack || 2 * round_trip(sim, i & ~1U) > h->par.rto_min_us * USEC))
		return;
	if (out->spurious > out->probes + out->rtos)
		sim_fail(sim, "host %u sent %u segments again for nothing, %u probes, %u timeouts",
			 i, out->spurious, out->probes, out->rtos);
}

/* Check a pair of hosts, @first and the next, whose connection was not aborted. */
void bound_judge(struct sim *sim, u32 first)
{
	if (!sim->cfg.bounded || sim->nhosts > 2)
		return;
	judge_time(sim, first);
	judge_waste(sim, first);
	judge_waste(sim, first + 1);
}
