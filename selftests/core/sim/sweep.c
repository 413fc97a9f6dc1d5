// SPDX-License-Identifier: GPL-2.0
/*
 * Sweeps: a connection with a request and a reply of 20,000 bytes, with every pattern
 * of one, two and three lost packets out of those of a run without loss. Packets of
 * both directions are counted together, SYN and FIN included.
 *
 * With each pattern the transfer must complete, intact, within the time that its
 * timers may take. The time until the client has the reply and its end is printed,
 * next to the figures to be reached.
 */
#include <stdio.h>
#include <stdlib.h>

#include "sim.h"

#define REQUEST		200	/* bytes */
#define REPLY		20000
#define WORST		6	/* number of worst patterns that are printed */
#define HANDSHAKE	3	/* packets of the handshake, the first ones */
#define APART		(100 * MSEC)	/* pause between reply and FIN in sweep_ends() */

/* Bounds of the histogram's classes: RTTs more than the run without loss. */
static const u32 bounds[] = { 0, 1, 2, 3, 4, 6, 8, 12, 16, 32, 64 };

struct variant {
	const char *name;
	u64 rtt;
	bool no_sack;
	bool no_ts;
	bool cached;	/* both ends have cached metrics of this path */
	bool goals;	/* print the figures to be reached */
};

static const struct variant variants[] = {
	{ "20 ms", 20 * MSEC },
	{ "20 ms, met before", 20 * MSEC, .cached = true, .goals = true },
	{ "20 ms, no SACK", 20 * MSEC, .no_sack = true },
	{ "20 ms, no timestamps", 20 * MSEC, .no_ts = true },
	{ "20 ms, neither", 20 * MSEC, .no_sack = true, .no_ts = true },
	{ "1 ms", MSEC },
	{ "1 ms, met before", MSEC, .cached = true },
	{ "200 ms", 200 * MSEC },
	{ "200 ms, met before", 200 * MSEC, .cached = true },
};

struct pattern {
	u32 drop[DROPS];
	u64 cost;	/* ns until the client has received everything */
};

struct set {
	const struct variant *var;
	u64 clean;	/* ns, cost of the run without loss */
	u32 npkts;	/* packets of that run */
	u32 n;
	u32 failed;
	u32 timeouts;	/* runs with an RTO at either end, handshake intact */
	u64 sum;
	u64 *cost;	/* of each run */
	u32 class[ARRAY_SIZE(bounds) + 1];
	struct pattern worst[WORST];
	struct pattern worst_data[WORST];	/* of those with the handshake intact */
};

static void make(struct sim_cfg *cfg, const struct variant *var)
{
	struct app_cfg *client, *server;
	int i;

	cfg_plain(cfg, var->rtt, 0, 0, REQUEST);
	client = &cfg->host[0].app;
	server = &cfg->host[1].app;
	client->mode = CLOSE_WAIT;
	server->mode = CLOSE_SHUT;
	server->total = REPLY;
	server->after = REQUEST;
	for (i = 0; i < 2; i++) {
		struct host_cfg *h = &cfg->host[i];

		h->app.exact = true;
		h->par.sack = !var->no_sack;
		h->par.timestamps = !var->no_ts;
		if (!var->cached)
			continue;
		/* The result of RFC 6298 for a few equal samples. */
		h->cached_srtt_us = (u32)(var->rtt / USEC);
		h->cached_rttvar_us = (u32)(var->rtt / USEC / 8);
	}
}

/*
 * The most that a pattern may take beyond the run without loss, ns.
 *
 * A lost packet costs at most the timer that retransmits it: SRTT + max(4 RTTVAR,
 * 200 ms), where after the first sample 4 RTTVAR is two round trips (RFC 6298, 2.2).
 * In the handshake the RTO is 1 s (2.1), and 3 s afterwards (5.7), or three times the
 * first sample if that includes the second: the SYN-ACK for the second SYN may echo
 * the timestamp of the first one. A tail loss probe may come before the timer
 * (RFC 8985, 7.2), after 2 SRTT and the longest delay of an ACK. Consecutive timeouts
 * double the RTO (5.5). After each, the window is one segment, from which 20,000 bytes
 * take four round trips.
 */
static u64 allowed(const struct variant *var, const u32 *drop)
{
	u64 rto = var->rtt + max(2 * var->rtt, 200 * MSEC);
	u64 probe = 2 * var->rtt + 200 * MSEC;
	u64 most = 0;
	u32 i = 0;

	/* The packets of the handshake come first. */
	if (drop[0] <= HANDSHAKE) {
		most = SEC + probe + 4 * var->rtt;
		rto = 3 * (SEC + var->rtt);
		i++;
	}
	for (; i < DROPS && drop[i]; i++, rto *= 2)
		most += rto + probe + 4 * var->rtt;
	return most;
}

static void note_worst(struct pattern *worst, const u32 *drop, u64 cost)
{
	u32 i, j;

	for (i = 0; i < WORST && worst[i].cost >= cost; i++)
		;
	if (i == WORST)
		return;
	for (j = WORST - 1; j > i; j--)
		worst[j] = worst[j - 1];
	memcpy(worst[i].drop, drop, sizeof(worst[i].drop));
	worst[i].cost = cost;
}

static const char *pattern_name(const u32 *drop, char *buf, size_t size)
{
	size_t len = 0;
	u32 i;

	buf[0] = 0;
	for (i = 0; i < DROPS && drop[i]; i++)
		len += snprintf(buf + len, size - len, "%s%u", i ? "," : "", drop[i]);
	return buf;
}

static void measure(struct set *s, struct sim *sim, const struct sim_cfg *cfg)
{
	u64 limit = s->clean + allowed(s->var, cfg->drop), cost, extra;
	bool ok = sim_run(sim, 1, cfg, false);
	char buf[40];
	u32 i;

	cost = sim->last[0].eof_at - sim->start;
	if (ok && sim->done_at - sim->start > limit) {
		snprintf(sim->why, sizeof(sim->why), "%.1f ms, %.1f allowed",
			 (double)(sim->done_at - sim->start) / MSEC,
			 (double)limit / MSEC);
		ok = false;
	}
	if (!ok) {
		if (s->failed++ < WORST)
			printf("# --variant '%s' --drop %s: %s\n", s->var->name,
			       pattern_name(cfg->drop, buf, sizeof(buf)), sim->why);
		return;
	}
	s->cost[s->n++] = cost;
	s->sum += cost;
	extra = cost > s->clean ? cost - s->clean : 0;
	for (i = 0; i < ARRAY_SIZE(bounds) && extra > bounds[i] * s->var->rtt; i++)
		;
	s->class[i]++;
	note_worst(s->worst, cfg->drop, cost);
	if (cfg->drop[0] <= HANDSHAKE)
		return;
	note_worst(s->worst_data, cfg->drop, cost);
	s->timeouts += sim->last[0].rtos || sim->last[1].rtos;
}

/* Run all patterns with @left more packets, each after the last one chosen. */
static void each(struct set *s, struct sim *sim, struct sim_cfg *cfg, u32 chosen, u32 left)
{
	u32 from = chosen ? cfg->drop[chosen - 1] + 1 : 1;

	if (!left) {
		measure(s, sim, cfg);
		return;
	}
	for (cfg->drop[chosen] = from; cfg->drop[chosen] <= s->npkts; cfg->drop[chosen]++)
		each(s, sim, cfg, chosen + 1, left - 1);
	cfg->drop[chosen] = 0;
}

static int ascending(const void *a, const void *b)
{
	u64 x = *(const u64 *)a, y = *(const u64 *)b;

	return (x > y) - (x < y);
}

/* The cost that @pct percent of the runs do not exceed, ms. */
static double quantile(const struct set *s, u32 pct)
{
	return s->n ? (double)s->cost[(s->n * pct + 99) / 100 - 1] / MSEC : 0;
}

static void print_worst(const char *what, const struct pattern *worst)
{
	char buf[40];
	u32 i;

	printf("#   %s:", what);
	for (i = 0; i < WORST && worst[i].cost; i++)
		printf("%s %s: %.1f", i ? "," : "",
		       pattern_name(worst[i].drop, buf, sizeof(buf)),
		       (double)worst[i].cost / MSEC);
	printf("\n");
}

static bool goal(const char *what, double is, double most)
{
	printf("#   %s: %.1f, at most %.1f: %s\n", what, is, most,
	       is <= most ? "met" : "missed");
	return is <= most;
}

static bool goals_met(const struct set *s, u32 depth)
{
	bool ok = true;
	u32 i = 0;

	if (!s->var->goals || !s->n)
		return true;
	if (depth == 1) {
		ok = goal("mean, ms", (double)s->sum / s->n / MSEC, 80);
		while (i < WORST - 1 && s->worst[i].drop[0] == 1)
			i++;
		ok = goal("longest but for the first SYN, ms",
			  (double)s->worst[i].cost / MSEC, 400) && ok;
	}
	if (depth == 2)
		ok = goal("p99, ms", quantile(s, 99), 450);
	return ok;
}

/* Return: whether all runs passed. */
static bool print_set(const struct set *s, u32 depth, u32 tap)
{
	static const char *const names[] = { "", "singles", "pairs", "triples" };
	bool ok = goals_met(s, depth) && !s->failed;
	u32 i;

	printf("%sok %u - sweep: %s, %s: %u patterns, mean %.1f, p50 %.1f, p99 %.1f, max %.1f ms, %u with a timeout of data\n",
	       ok ? "" : "not ", tap, s->var->name, names[depth],
	       s->n + s->failed, s->n ? (double)s->sum / s->n / MSEC : 0.0,
	       quantile(s, 50), quantile(s, 99), quantile(s, 100), s->timeouts);
	printf("#   RTTs more than the clean %.1f ms:", (double)s->clean / MSEC);
	for (i = 0; i < ARRAY_SIZE(bounds); i++)
		printf("  <=%u: %u", bounds[i], s->class[i]);
	printf("  more: %u\n", s->class[i]);
	print_worst("slowest", s->worst);
	print_worst("behind a whole handshake", s->worst_data);
	return ok;
}

static u64 choose(u64 n, u32 k)
{
	return k == 1 ? n : k == 2 ? n * (n - 1) / 2 : n * (n - 1) * (n - 2) / 6;
}

/* Run a variant with @depth lost packets. Return: whether all runs passed. */
static bool sweep_set(const struct variant *var, struct sim *sim, u32 depth, u32 tap)
{
	struct set s = { .var = var };
	struct sim_cfg cfg;
	bool ok;

	make(&cfg, var);
	if (!sim_run(sim, 1, &cfg, false)) {
		printf("not ok %u - sweep: %s, nothing lost: %s\n", tap, var->name,
		       sim->why);
		return false;
	}
	s.npkts = (u32)sim->segs;
	s.clean = sim->last[0].eof_at - sim->start;
	s.cost = calloc(choose(s.npkts, depth), sizeof(*s.cost));
	if (!s.cost)
		exit(2);
	each(&s, sim, &cfg, 0, depth);
	qsort(s.cost, s.n, sizeof(*s.cost), ascending);
	ok = print_set(&s, depth, tap);
	free(s.cost);
	return ok;
}

/*
 * Measure the cost of losing the first or last packet of a stream, with a pause
 * between the last byte and the FIN.
 */
static bool sweep_ends(const struct variant *var, struct sim *sim, u32 tap)
{
	static const char *const names[] = { "request", "last segment", "FIN" };
	u32 drop[ARRAY_SIZE(names)], i;
	struct outcome clean;
	struct sim_cfg cfg;
	u64 cost[3] = {};
	bool ok;

	make(&cfg, var);
	cfg.host[1].app.linger = APART;
	ok = sim_run(sim, 1, &cfg, false);
	clean = sim->last[0];
	drop[0] = sim->link[0].first_data;
	drop[1] = sim->link[1].last_data;
	drop[2] = sim->link[1].fin;
	for (i = 0; ok && i < ARRAY_SIZE(names); i++) {
		cfg.drop[0] = drop[i];
		ok = sim_run(sim, 1, &cfg, false);
		if (i == 2)
			cost[i] = sim->last[0].eof_at - clean.eof_at;
		else
			cost[i] = sim->last[0].rcvd_at - clean.rcvd_at;
		ok = ok && cost[i] <= allowed(var, cfg.drop) &&
		     (!var->goals || cost[i] <= 4 * var->rtt);
	}
	printf("%sok %u - sweep: %s, either end of a stream\n", ok ? "" : "not ", tap,
	       var->name);
	for (i = 0; i < ARRAY_SIZE(names); i++)
		printf("#   %s lost (packet %u) costs %.1f RTT%s\n", names[i], drop[i],
		       (double)cost[i] / (double)var->rtt,
		       !var->goals ? "" : cost[i] <= 4 * var->rtt ? ", at most 4: met" :
		       ", at most 4: missed");
	return ok;
}

u32 sweep_count(u32 depth)
{
	return ARRAY_SIZE(variants) * (depth + 1);
}

/*
 * Run all variants with up to @depth lost packets; TAP from number @tap + 1 on.
 * Return: how many failed.
 */
u32 sweep_all(u32 depth, u32 tap)
{
	struct sim *sim = calloc(1, sizeof(*sim));
	u32 bad = 0, i, d;

	if (!sim)
		exit(2);
	for (i = 0; i < ARRAY_SIZE(variants); i++) {
		for (d = 1; d <= depth; d++)
			bad += !sweep_set(&variants[i], sim, d, ++tap);
		bad += !sweep_ends(&variants[i], sim, ++tap);
	}
	free(sim);
	return bad;
}

/* Run one pattern and print its details. Return: exit status. */
int sweep_one(const char *variant, const char *drops, bool trace)
{
	struct sim *sim = calloc(1, sizeof(*sim));
	struct sim_cfg cfg;
	char *end;
	u32 i;
	bool ok;

	for (i = 0; i < ARRAY_SIZE(variants) && strcmp(variants[i].name, variant); i++)
		;
	if (!sim || i == ARRAY_SIZE(variants)) {
		fprintf(stderr, "no such variant\n");
		return 2;
	}
	make(&cfg, &variants[i]);
	for (i = 0; i < DROPS && *drops; i++) {
		cfg.drop[i] = strtoul(drops, &end, 0);
		drops = *end ? end + 1 : end;
	}
	ok = sim_run(sim, 1, &cfg, trace);
	printf("# %s%s, the client has all after %.3f ms\n", ok ? "passed" : "FAILED ",
	       sim->why, (double)(sim->last[0].eof_at - sim->start) / MSEC);
	free(sim);
	return !ok;
}
