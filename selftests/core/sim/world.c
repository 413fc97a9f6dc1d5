// SPDX-License-Identifier: GPL-2.0
/*
 * Virtual time: a heap of events, of which the earliest determines the time. The
 * verdict on a run.
 */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "sim.h"

#define TIME_LIMIT	(3600 * SEC)
#define EVENT_LIMIT	3000000ULL

/* ---- randomness ---- */

static u64 splitmix(u64 *x)
{
	u64 z = *x += 0x9e3779b97f4a7c15ULL;

	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9ULL;
	z = (z ^ z >> 27) * 0x94d049bb133111ebULL;
	return z ^ z >> 31;
}

void prng_seed(struct prng *r, u64 seed)
{
	int i;

	for (i = 0; i < 4; i++)
		r->s[i] = splitmix(&seed);
}

static u64 rotl(u64 x, int k)
{
	return x << k | x >> (64 - k);
}

u64 prng_next(struct prng *r)
{
	u64 *s = r->s, res = rotl(s[1] * 5, 7) * 9, t = s[1] << 17;

	s[2] ^= s[0];
	s[3] ^= s[1];
	s[1] ^= s[2];
	s[0] ^= s[3];
	s[2] ^= t;
	s[3] = rotl(s[3], 45);
	return res;
}

u64 prng_log(struct prng *r, u64 a, u64 b)
{
	u32 octaves = 0;
	u64 lo;

	while (a << (octaves + 1) && a << (octaves + 1) <= b)
		octaves++;
	lo = a << prng_below(r, octaves + 1);
	return min(prng_range(r, lo, 2 * lo), b);
}

/* ---- events ---- */

static bool before(const struct event *a, const struct event *b)
{
	return a->at != b->at ? a->at < b->at : a->order < b->order;
}

void sim_event(struct sim *sim, u64 at, struct event ev)
{
	u32 i = sim->nheap++, up;

	if (sim->nheap > sim->heap_room) {
		sim->heap_room = sim->heap_room ? 2 * sim->heap_room : 256;
		sim->heap = realloc(sim->heap, sim->heap_room * sizeof(*sim->heap));
		if (!sim->heap)
			exit(2);
	}
	ev.at = max(at, sim->now);
	ev.order = sim->order++;
	for (; i; i = up) {
		up = (i - 1) / 2;
		if (!before(&ev, &sim->heap[up]))
			break;
		sim->heap[i] = sim->heap[up];
	}
	sim->heap[i] = ev;
}

static struct event sim_pop(struct sim *sim)
{
	struct event top = sim->heap[0], last = sim->heap[--sim->nheap];
	u32 i = 0, child;

	while ((child = 2 * i + 1) < sim->nheap) {
		if (child + 1 < sim->nheap &&
		    before(&sim->heap[child + 1], &sim->heap[child]))
			child++;
		if (!before(&sim->heap[child], &last))
			break;
		sim->heap[i] = sim->heap[child];
		i = child;
	}
	if (sim->nheap)
		sim->heap[i] = last;
	return top;
}

/* ---- failures and trace ---- */

void sim_trace(struct sim *sim, const char *fmt, ...)
{
	va_list ap;

	printf("%12.6f ", (double)(sim->now - sim->start) / SEC);
	va_start(ap, fmt);
	vprintf(fmt, ap);
	va_end(ap);
	printf("\n");
}

void sim_fail(struct sim *sim, const char *fmt, ...)
{
	va_list ap;
	size_t n;

	n = snprintf(sim->why, sizeof(sim->why), "at %.6f s: ",
		     (double)(sim->now - sim->start) / SEC);
	va_start(ap, fmt);
	vsnprintf(sim->why + n, sizeof(sim->why) - n, fmt, ap);
	va_end(ap);
	longjmp(sim->failed, 1);
}

void sim_dump(struct sim *sim)
{
	u32 i;

	for (i = 0; i < sim->nhosts; i++) {
		struct host *host = &sim->host[i];

		printf("# host %u: %s%s%s opened %d closed %d err %u rcvd %llu eof %d\n",
		       i, host->xh.mode == XTCP_HOST_HALF_OPEN ? "half-open " : "",
		       host->xh.mode == XTCP_HOST_TIME_WAIT ? "tw " : "",
		       host->conn ? "conn" : "", host->out.opened,
		       host->out.closed, host->out.err,
		       (unsigned long long)host->out.rcvd, host->out.eof);
		if (host->conn)
			conn_dump(host->conn);
	}
}

/* ---- the run ---- */

/* The measurement begins: keep the counters so far. */
static void measure(struct sim *sim)
{
	u32 i;

	for (i = 0; i < sim->nhosts; i++) {
		if (sim->host[i].conn)
			conn_outcome(sim->host[i].conn);
		sim->before[i] = sim->host[i].out;
	}
	for (i = 0; i < 2; i++) {
		sim->link[i].waited = 0;
		sim->link[i].waited_max = 0;
		sim->link[i].through = 0;
	}
}

static void dispatch(struct sim *sim, const struct event *ev)
{
	struct host *host = &sim->host[ev->host];
	struct conn *conn = host->conn;

	/* The event was for an earlier connection of this host. */
	if (conn && ev->gen != conn->gen)
		conn = NULL;

	switch (ev->type) {
	case EV_PKT:
		host_rx(host, ev->pkt);
		return;
	case EV_SEND:
		link_enter(sim, host, ev->pkt);
		return;
	case EV_MEASURE:
		measure(sim);
		return;
	case EV_GRO:
		if (host->gro && host->gro_at <= sim->now)
			host_gro_flush(host);
		return;
	case EV_ACK:
		acks_timer(host);
		return;
	case EV_REQUEST:
		host_timer(host, XTCP_HOST_HALF_OPEN);
		return;
	case EV_TW:
		host_timer(host, XTCP_HOST_TIME_WAIT);
		return;
	case EV_OPEN:
		host_open(host);
		return;
	case EV_ATTACK:
		host_attack(host);
		return;
	case EV_ICMP:
		if (host->conn && !host->conn->over)
			conn_serve(host->conn,
				   xtcp_icmp_rx(&host->conn->tcb,
						ev->arg2 ? XTCP_ICMP_TOO_BIG :
							XTCP_ICMP_SOFT,
						ev->arg, ev->arg2, host_now(host)));
		return;
	default:
		break;
	}
	if (!conn)
		return;
	switch (ev->type) {
	case EV_TIMER:
		if (conn->timer_at == ev->at)
			conn_timer(conn);
		break;
	case EV_WRITE:
		app_write(conn);
		break;
	case EV_READ:
		app_read(conn);
		break;
	case EV_CLOSE:
		app_close(conn);
		break;
	case EV_ABORT:
		app_abort(conn);
		break;
	default:
		break;
	}
}

/*
 * If all ACKs of a FIN are lost until the peer's TIME-WAIT ends, the answer to it is
 * RST. That is correct, provided that each end had received all data.
 */
static bool peer_was_done(struct sim *sim, u32 i)
{
	const struct outcome *me = &sim->host[i].out, *peer = &sim->host[i ^ 1].out;

	return me->err == XTCP_ERR_RESET && me->eof && peer->eof &&
	       !peer->err && peer->rcvd == sim->cfg.host[i].app.total;
}

/* Is the path without impairments? */
static bool perfect(const struct sim_cfg *cfg)
{
	u32 i;

	if (cfg->drop[0] || cfg->pairs > 1)
		return false;
	for (i = 0; i < 2; i++) {
		const struct link_cfg *l = &cfg->link[i];
		const struct host_cfg *h = &cfg->host[i];

		if (l->rate || l->loss || l->burst_good || l->reorder || l->dup ||
		    l->corrupt || l->mtu_at || l->jitter || l->police_rate ||
		    l->route_at || l->outage_at || h->tx_fail || h->accept_fail ||
		    h->attack || h->ack_wait || h->sack_wait)
			return false;
	}
	return true;
}

/* Check a pair: data may be missing only if the connection was aborted. */
static void judge_pair(struct sim *sim, u32 first)
{
	const struct app_cfg *a = &sim->cfg.host[first].app;
	const struct app_cfg *b = &sim->cfg.host[first + 1].app;
	bool rough = a->mode == CLOSE_ABORT || b->mode == CLOSE_ABORT ||
		     (a->mode == CLOSE_EAGER && b->total) ||
		     (b->mode == CLOSE_EAGER && a->total);
	bool eager = a->mode == CLOSE_EAGER || b->mode == CLOSE_EAGER;
	u32 i;

	for (i = first; i < first + 2; i++) {
		const struct outcome *me = &sim->host[i].out;
		const struct outcome *peer = &sim->host[i ^ 1].out;
		u64 total = sim->cfg.host[i ^ 1].app.total;

		if (rough)
			continue;
		if (!me->opened)
			sim_fail(sim, "host %u never had its connection", i);
		if (me->rcvd != total)
			sim_fail(sim, "host %u received %llu of %llu bytes (err %u)",
				 i, (unsigned long long)me->rcvd,
				 (unsigned long long)total, me->err);
		if (me->urg_in != peer->urg_out)
			sim_fail(sim, "host %u saw urgent data end at %llu, not %llu", i,
				 (unsigned long long)me->urg_in,
				 (unsigned long long)peer->urg_out);
		if (sim->cfg.host[i].app.mode != CLOSE_EAGER && !me->eof)
			sim_fail(sim, "host %u had no end of stream", i);
		/* A tail loss probe is allowed: the peer may be slow to answer. */
		if (me->retrans > me->probes && perfect(&sim->cfg) &&
		    !sim->cfg.host[i].fastopen)	/* SYN data may be refused */
			sim_fail(sim, "host %u sent %u segments again for nothing",
				 i, me->retrans);
		if (!eager && me->err && !peer_was_done(sim, i))
			sim_fail(sim, "host %u ended with error %u", i, me->err);
	}
	if (!rough)
		bound_judge(sim, first);
	sim->bytes += sim->host[first].out.rcvd + sim->host[first + 1].out.rcvd;
}

static bool pair_over(const struct host *a, const struct host *b)
{
	if (a->conn || b->conn || b->xh.mode == XTCP_HOST_HALF_OPEN)
		return false;
	/* An end may never have seen a connection that the other aborted early. */
	return a->out.opened && (b->out.opened || a->out.aborted || a->out.err);
}

static bool round_over(const struct sim *sim)
{
	u32 i;

	for (i = 0; i < sim->nhosts; i += 2)
		if (!pair_over(&sim->host[i], &sim->host[i + 1]))
			return false;
	return true;
}

/* Schedule all connections of a round, from @at on. */
static void open_all(struct sim *sim, u64 at)
{
	u32 i;

	for (i = 0; i < sim->nhosts; i++) {
		u64 skew = i & 1 ? sim->cfg.skew : 0;

		if (i & 1 && !sim->cfg.simultaneous)
			continue;
		sim_event(sim, at + sim->cfg.host[i].open_at + skew, (struct event){
				.type = EV_OPEN, .host = i });
	}
}

static void next_round(struct sim *sim)
{
	u64 at = sim->now + prng_below(&sim->rng, 3 * SEC);
	u32 i;

	for (i = 0; i < sim->nhosts; i += 2)
		judge_pair(sim, i);
	sim->round++;
	TRACE(sim, "round %u over", sim->round);
	for (i = 0; i < sim->nhosts; i++) {
		sim->last[i] = sim->host[i].out;
		sim->host[i].out = (struct outcome){};
	}
	if (sim->round < sim->cfg.rounds)
		open_all(sim, at);
}

/* Cut the run off at stop_at, and keep the results so far. */
static void stop(struct sim *sim)
{
	u32 i;

	for (i = 0; i < sim->nhosts; i++) {
		if (sim->host[i].conn)
			conn_outcome(sim->host[i].conn);
		sim->last[i] = sim->host[i].out;
	}
}

static void loop(struct sim *sim)
{
	u32 i;

	while (sim->nheap) {
		struct event ev = sim_pop(sim);

		if (sim->cfg.stop_at && ev.at >= sim->start + sim->cfg.stop_at) {
			if (ev.pkt)
				pkt_free(sim, ev.pkt);
			sim->now = sim->start + sim->cfg.stop_at;
			stop(sim);
			return;
		}
		sim->now = ev.at;
		if (sim->now - sim->start > TIME_LIMIT * sim->cfg.rounds) {
			if (ev.pkt)
				pkt_free(sim, ev.pkt);
			sim_fail(sim, "no end after an hour of virtual time");
		}
		if (++sim->events > EVENT_LIMIT && !sim->cfg.stop_at)
			sim_fail(sim, "no end after %llu events", EVENT_LIMIT);
		dispatch(sim, &ev);
		if (sim->round < sim->cfg.rounds && round_over(sim))
			next_round(sim);
	}
	if (sim->round < sim->cfg.rounds)
		sim_fail(sim, "dead end: nothing left to happen");
	for (i = 0; i < sim->nhosts; i++)
		if (sim->host[i].xh.mode == XTCP_HOST_TIME_WAIT)
			sim_fail(sim, "TIME-WAIT did not end");
}

static void cleanup(struct sim *sim)
{
	u32 i;

	for (i = 0; i < sim->nheap; i++)
		if (sim->heap[i].pkt)
			pkt_free(sim, sim->heap[i].pkt);
	sim->nheap = 0;
	for (i = 0; i < sim->nhosts; i++)
		host_cleanup(&sim->host[i]);
	free(sim->heap);
	sim->heap = NULL;
}

static void begin(struct sim *sim)
{
	u32 i;

	for (i = 0; i < 2; i++)
		sim->link[i].cfg = &sim->cfg.link[i];
	for (i = 0; i < sim->nhosts; i++) {
		host_init(sim, i);
		if (i & 1 && !sim->cfg.simultaneous)
			xtcp_host_listen(&sim->host[i].xh);
	}
	open_all(sim, sim->now);
	if (sim->cfg.measure_at)
		sim_event(sim, sim->start + sim->cfg.measure_at, (struct event){
				.type = EV_MEASURE });
}

/*
 * Run a configuration until no event is left. Return: whether it passed; otherwise
 * sim->why has the reason.
 */
bool sim_run(struct sim *sim, u64 seed, const struct sim_cfg *cfg, bool trace)
{
	memset(sim, 0, sizeof(*sim));
	sim->seed = seed;
	sim->cfg = *cfg;
	sim->nhosts = 2 * max(cfg->pairs, 1U);
	sim->trace = trace;
	prng_seed(&sim->rng, ~seed);
	sim->start = SEC;
	sim->now = sim->start;
	if (setjmp(sim->failed)) {
		if (trace)
			sim_dump(sim);
		cleanup(sim);
		return false;
	}
	begin(sim);
	loop(sim);
	cleanup(sim);
	if (sim->pkts || sim->sents || sim->conns) {
		snprintf(sim->why, sizeof(sim->why),
			 "leak: %ld packets, %ld send map entries, %ld connections",
			 sim->pkts, sim->sents, sim->conns);
		return false;
	}
	return true;
}
