// SPDX-License-Identifier: GPL-2.0
/*
 * One loss event of any length, in a window of any size up to 64 MB, on a path that
 * does not reorder and loses no ACK: during one outage all packets in the direction of
 * the data are lost. The following must hold:
 *
 *  - No byte is sent again that was not lost, except in tail loss probes, which may
 *    repeat data that has arrived (RFC 8985, 7.3). This holds after a timeout as
 *    well, since every ACK arrives.
 *  - A lost byte is sent again within a round trip from when the sender could know of
 *    its loss: when an ACK arrives that the receiver sent after it got a packet sent
 *    after the last transmission of the byte. RACK may wait for its reordering
 *    window, at most SRTT (RFC 8985, 6.2 step 4), and the first lost byte is sent
 *    first. So there is no timeout if any packet sent after the loss arrives.
 *  - If none arrives, a timer detects the loss, at the latest one RTO plus the length
 *    of the outage after the end of the outage.
 *  - All lost bytes are sent again within a few round trips plus the doublings that a
 *    window of one segment needs. If the receiver merges packets, there may be only
 *    one ACK in a round trip, for which PRR allows one segment more than was
 *    delivered (RFC 9937, 6.2): linear growth.
 *
 * A window that is paced without timestamps is not tested: the pacing rate follows
 * SRTT, which retransmissions do not update (RFC 6298, 3), so that PRR cannot double
 * the rate after the queue has drained.
 */
#include <stdio.h>
#include <stdlib.h>

#include "sim.h"

#define WINDOW_MIN	20000		/* bytes */
#define WINDOW_MAX	(64U << 20)
#define RATE_MAX	12500000000ULL	/* bytes a second */
#define ACKED_MAX	16		/* segments that one ACK covers, without GRO */
#define REPAIR_RTTS	8		/* in addition to the doublings */

static u64 log2_of(u64 n)
{
	u64 bits = 0;

	while (n >>= 1)
		bits++;
	return bits;
}

static void make_host(struct prng *r, struct host_cfg *h, u32 window, u16 mss)
{
	h->mss = mss;
	h->gso_max = prng_below(r, 2) ? mss : (u32)prng_range(r, mss, 65535);
	h->timer_slack = prng_below(r, 2) ? prng_log(r, USEC, 4 * MSEC) : 0;
	if (prng_below(r, 2)) {
		h->gro = prng_log(r, USEC, 300 * USEC);
		h->gro_max = 65000;
	}
	h->par.cc = cc_pick(r);
	h->par.timestamps = prng_below(r, 4);
	h->par.tlp = prng_below(r, 4);
	h->par.pacing = h->par.timestamps && !prng_below(r, 4);
	if (prng_below(r, 2))
		h->par.initial_cwnd = (u32)prng_log(r, 1, 1000);
	h->app.sndbuf = 2 * window;
	h->app.rcvbuf_min = window;
	h->app.rcvbuf_max = window;
	h->app.rchunk = window;
	h->app.chunk = window;
	h->app.exact = true;
}

/* ACKs in clumps, stretch ACKs or one for each packet; a slow sender. */
static void make_others(struct prng *r, struct sim_cfg *cfg, u64 rtt)
{
	struct host_cfg *sender = &cfg->host[0], *receiver = &cfg->host[1];

	sender->no_fq = prng_below(r, 2);
	if (!prng_below(r, 4))
		sender->plan_cost = prng_log(r, 100, 2 * USEC);
	switch (prng_below(r, 8)) {
	case 0:
		cfg->link[1].clump = prng_log(r, USEC, max(rtt / 4, 2 * USEC));
		break;
	case 1:
		receiver->ack_each = true;
		break;
	case 2:
		receiver->gro = 0;
		receiver->ack_every = (u32)prng_range(r, 2, ACKED_MAX);
		receiver->ack_wait = prng_log(r, USEC, max(rtt / 4, 2 * USEC));
		break;
	case 3:
		/* As Linux: 5 % of a round trip, at most 1 ms. */
		receiver->gro = 0;
		receiver->sack_wait = min(rtt / 20 + 1, MSEC);
		break;
	default:
		break;
	}
}

/* Make a world in which the receiver's window is the limit; the queue can hold it. */
static void make(struct sim_cfg *cfg, u64 seed)
{
	static const u16 sizes[] = { 536, 1460, 1460, 8960 };
	struct prng rng, *r = &rng;
	struct link_cfg *data = &cfg->link[0];
	u64 rtt, rate;
	u32 window, i;
	u16 mss;

	prng_seed(r, seed);
	window = (u32)prng_log(r, WINDOW_MIN, WINDOW_MAX);
	rtt = prng_log(r, 50 * USEC, 400 * MSEC);
	rate = window * SEC / rtt;
	rate = min(prng_log(r, rate / 8 + 1, 8 * rate), RATE_MAX);
	mss = sizes[prng_below(r, ARRAY_SIZE(sizes))];
	cfg_plain(cfg, rtt, rate, 0, prng_range(r, window, 4 * (u64)window));
	for (i = 0; i < 2; i++) {
		make_host(r, &cfg->host[i], window, mss);
		cfg->link[i].queue = 2 * window;
	}
	cfg->check_every = window / 1000;
	make_others(r, cfg, rtt);
	data->outage_at = prng_range(r, 2 * rtt, rtt * (log2_of(window / mss) + 4));
	data->outage = prng_log(r, USEC, 3 * rtt);
	if (!prng_below(r, 4))
		data->outage = prng_log(r, rtt, rtt + 2 * SEC);
}

/* Round trips until @segs segments have been sent, at most. */
static u64 rounds(u64 segs, bool merged)
{
	u64 n = 0;

	if (!merged)
		return log2_of(segs);
	while (n * n < 2 * segs)
		n++;
	return n;
}

static bool few_acks(const struct sim_cfg *cfg)
{
	return cfg->host[1].gro || cfg->host[1].ack_wait || cfg->host[1].sack_wait ||
	       cfg->link[1].clump;
}

/* The longest round trip of the path, with all timers late, ns. */
static u64 round_trip(const struct sim_cfg *cfg)
{
	const struct link_cfg *l = &cfg->link[0];
	u64 rtt = 2 * l->delay + (u64)cfg->host[0].app.rcvbuf_max * SEC / l->rate;

	rtt += cfg->link[1].clump + cfg->host[1].ack_wait + cfg->host[1].sack_wait;
	rtt += cfg->host[0].plan_cost * (cfg->host[0].app.rcvbuf_max / cfg->host[0].mss);
	return rtt + cfg->host[0].timer_slack + cfg->host[1].timer_slack +
	       2 * (cfg->host[0].gro + cfg->host[1].gro);
}

/* The limit that the sender exceeded, or NULL. */
static const char *verdict(const struct sim *sim, const struct ledger *led, char *why,
			   size_t size)
{
	const struct sim_cfg *cfg = &sim->cfg;
	const struct outcome *out = &sim->last[0];
	u64 rtt = round_trip(cfg), over = sim->start + cfg->link[0].outage_at +
					  cfg->link[0].outage;
	/* A segment paced at the rate of the line, and RFC 6298, 2. */
	u64 step = rtt + 4 * (cfg->host[0].mss + XTCP_HDR_MAX) * SEC / cfg->link[0].rate;
	u64 timer = SEC + 5 * rtt + cfg->link[0].outage;
	u64 repair = rtt * (REPAIR_RTTS + rounds(cfg->host[0].app.rcvbuf_max / cfg->host[0].mss,
						 few_acks(cfg)));
	u64 from = max(over, led->first_at);

	/*
	 * With a paced window of a few segments the next one waits for a part of SRTT,
	 * which includes the delayed ACK of the first segment after a timeout.
	 */
	if (cfg->host[0].par.pacing)
		step += cfg->host[1].par.delack_max_us * USEC;
	*why = 0;
	if (out->spurious > out->probes)
		snprintf(why, size, "%u packets sent again for nothing, %u probes",
			 out->spurious, out->probes);
	else if (led->slowest > step)
		snprintf(why, size, "%.3f ms until a loss that could be known was repaired, %.3f allowed",
			 (double)led->slowest / MSEC, (double)step / MSEC);
	else if (led->begun_at > over + timer)
		snprintf(why, size, "%.3f ms from the end of the outage to the first repair, %.3f allowed",
			 (double)(led->begun_at - over) / MSEC, (double)timer / MSEC);
	else if (led->first_at && led->done_at > from + repair)
		snprintf(why, size, "%.3f ms for the repair, %.3f allowed",
			 (double)(led->done_at - from) / MSEC, (double)repair / MSEC);
	return *why ? why : NULL;
}

static bool run(struct sim *sim, u64 seed, bool trace)
{
	struct sim_cfg *cfg = malloc(sizeof(*cfg));
	char why[200];
	bool ok;

	if (!cfg)
		exit(2);
	make(cfg, seed);
	if (trace)
		cfg_print(cfg);
	ok = sim_run(sim, seed, cfg, trace);
	free(cfg);
	if (ok && verdict(sim, &sim->ledger, why, sizeof(why))) {
		snprintf(sim->why, sizeof(sim->why), "%s", why);
		ok = false;
	}
	return ok;
}

/* Run the seeds @from to @from + @n - 1; one line of TAP. Return: how many failed. */
u32 outage_all(u64 from, u64 n, u32 tap)
{
	struct sim *sim = calloc(1, sizeof(*sim));
	u32 bad = 0, timeouts = 0;
	u64 seed, segs = 0;

	if (!sim)
		exit(2);
	for (seed = from; seed < from + n; seed++) {
		if (!run(sim, seed, false)) {
			printf("# seed %llu: %s\n#   replay: sim --outage %llu --trace\n",
			       (unsigned long long)seed, sim->why,
			       (unsigned long long)seed);
			bad++;
		}
		timeouts += sim->last[0].rtos;
		segs += sim->segs;
	}
	printf("%sok %u - one outage, seeds %llu to %llu: %u failed, %u timeouts, %llu segments\n",
	       bad ? "not " : "", tap, (unsigned long long)from,
	       (unsigned long long)(from + n - 1), bad, timeouts,
	       (unsigned long long)segs);
	free(sim);
	return bad;
}

/* Run one seed and print its details. Return: exit status. */
int outage_one(u64 seed, bool trace)
{
	struct sim *sim = calloc(1, sizeof(*sim));
	bool ok;

	if (!sim)
		exit(2);
	ok = run(sim, seed, trace);
	printf("# outage %llu: %s%s, %u segments sent again, %u for nothing, %u probes, %u timeouts, %.3f s\n",
	       (unsigned long long)seed, ok ? "passed" : "FAILED ", sim->why,
	       sim->last[0].retrans, sim->last[0].spurious, sim->last[0].probes,
	       sim->last[0].rtos, (double)(sim->now - sim->start) / SEC);
	free(sim);
	return !ok;
}
