// SPDX-License-Identifier: GPL-2.0
/*
 * Bulk transfers over many kinds of lines by every congestion control, as a table. It
 * is kept in results.txt, and a test compares: a change that affects it shows up and
 * is committed together with it.
 */
#include <stdio.h>
#include <stdlib.h>

#include "sim.h"

#define MBIT		125000ULL	/* bytes a second */
#define RCVBUF		(64U << 20)	/* bytes: never the limit */
#define WMEM		16384		/* send buffer of a new socket, bytes, and */
#define WMEM_MAX	(4U << 20)	/* its maximum: /proc/sys/net/xtcp/wmem */
#define ROW_MAX		320	/* characters */
#define SEEDS		3	/* runs of a row with randomness */
#define CHECK_EVERY	64	/* calls for one xtcp_check(), which is slow */
#define PAIRS_APART	(100 * MSEC)	/* between the first SYNs of two pairs */

/* A line, as differences from a symmetric one without impairments. */
struct line {
	const char *name;
	u32 mbit;
	u32 rtt_ms;
	u32 rtt_us;		/* or these */
	u32 buffer;		/* percent of rate * RTT */
	u32 secs;		/* duration */
	u32 ms;			/* or these */
	u32 from;		/* s at which the measurement begins */
	u32 pairs;
	u32 far_ms;		/* additional RTT of the last pair */
	u32 late;		/* s by which the last pair starts later */
	const char *rival;	/* algorithm of the last pair; NULL: as the others */
	u32 mark;		/* percent of rate * RTT: the router marks above it */
	u8 ecn;			/* of both ends, as the knob ecn; 0: by mark */
	bool socket;		/* the send buffer is tuned as that of a socket */
	const char *only;	/* only this algorithm; NULL: all */
	struct host_cfg host;	/* of both ends: fields for time and ACKs */
	struct link_cfg data;	/* impairments in the direction of the data, */
	struct link_cfg acks;	/* and of the ACKs */
};

#define HEADING	"line                               cc      Mbit/s resent%  spur.  RTOs undos" \
		"   queue  max ms   jain  1st%   least    most"

static const char *const algorithms[] = { "reno", "cubic", "bbr", "dctcp" };

/*
 * 16 packets of 1500 bytes take 9.6 ms at 20 Mbit/s. That is less than a quarter of
 * the RTT of 40 ms, the reordering window of RACK.
 */
#define REORDER_BY	(9600 * USEC)

#define LINE		.mbit = 20, .rtt_ms = 40, .buffer = 100, .secs = 20
#define FAST		.mbit = 100, .rtt_ms = 40, .buffer = 100, .secs = 20
#define SHORT		.mbit = 20, .rtt_ms = 40, .buffer = 100, .secs = 10
#define WIDE		.mbit = 1000, .rtt_ms = 20, .buffer = 100, .secs = 1
#define GRO		.host.gro = 20 * USEC, .host.gro_max = 65000
#define SHARED		.mbit = 20, .rtt_ms = 40, .buffer = 100, .secs = 40, .from = 10

static const struct line lines[] = {
	{ "100 Mbit/s, 40 ms", FAST },
	{ "  loss 0.1 %", FAST, .data.loss = 1000 },
	{ "  loss 1 %", FAST, .data.loss = 10000 },
	{ "  loss 3 %", FAST, .data.loss = 30000 },
	{ "  loss 5 %", FAST, .data.loss = 50000 },
	{ "  loss 5 %, a socket's send buffer", FAST, .data.loss = 50000, .socket = true },
	{ "1 Gbit/s, 1 ms", .mbit = 1000, .rtt_ms = 1, .buffer = 100, .secs = 1 },
	{ "2 Mbit/s, 100 ms", .mbit = 2, .rtt_ms = 100, .buffer = 100, .secs = 60 },
	{ "10 Mbit/s, 600 ms", .mbit = 10, .rtt_ms = 600, .buffer = 100, .secs = 60 },
	{ "20 Mbit/s, 40 ms, buffer 0.1 BDP", .mbit = 20, .rtt_ms = 40, .buffer = 10,
	  .secs = 20 },
	{ "  buffer 0.5 BDP", .mbit = 20, .rtt_ms = 40, .buffer = 50, .secs = 20 },
	{ "  buffer 1 BDP", LINE },
	{ "  buffer 2 BDP", .mbit = 20, .rtt_ms = 40, .buffer = 200, .secs = 20 },
	{ "  buffer 4 BDP", .mbit = 20, .rtt_ms = 40, .buffer = 400, .secs = 20 },
	{ "  loss 1 %", LINE, .data.loss = 10000 },
	{ "  loss 1 % in bursts of 5 ms", LINE, .data.burst_good = 495 * MSEC,
	  .data.burst_bad = 5 * MSEC, .data.burst_loss = 1000000 },
	{ "  blackouts of 0.5 s", LINE, .data.burst_good = 5 * SEC,
	  .data.burst_bad = 500 * MSEC, .data.burst_loss = 1000000 },
	{ "  1 % reordered by 16 places", LINE, .from = 2, .data.reorder = 10000,
	  .data.reorder_by = REORDER_BY },
	{ "  20 % reordered by 16 places", LINE, .from = 2, .data.reorder = 200000,
	  .data.reorder_by = REORDER_BY },
	{ "  1 % reordered, loss 1 %", LINE, .from = 2, .data.reorder = 10000,
	  .data.reorder_by = REORDER_BY, .data.loss = 10000 },
	{ "  5 % duplicated", LINE, .data.dup = 50000 },
	{ "  10 % of ACKs lost", LINE, .acks.loss = 100000 },
	{ "  50 % of ACKs lost", LINE, .acks.loss = 500000 },
	{ "  jitter 20 ms", LINE, .data.jitter = 20 * MSEC },
	{ "  jitter 20 ms of ACKs", LINE, .acks.jitter = 20 * MSEC },
	{ "  route longer by 60 ms", LINE, .data.route_at = 5 * SEC,
	  .data.route_delay = 80 * MSEC },
	{ "  route shorter by 15 ms", LINE, .data.route_at = 5 * SEC,
	  .data.route_delay = 5 * MSEC },
	{ "  faster, 100 Mbit/s, from 5 s on", LINE, .data.rate_at = 5 * SEC,
	  .data.rate_then = 100 * MBIT },
	{ "  slower, 4 Mbit/s, from 5 s on", LINE, .data.rate_at = 5 * SEC,
	  .data.rate_then = 4 * MBIT },
	{ "  policed to 10 Mbit/s, 15 kB", LINE, .data.police_rate = 10 * MBIT,
	  .data.police_burst = 15000 },
	{ "  policed to 10 Mbit/s, 250 kB", LINE, .data.police_rate = 10 * MBIT,
	  .data.police_burst = 250000 },
	{ "  marked above 0.2 BDP", LINE, .mark = 20 },
	{ "  marked above 0.2 BDP, loss 0.1 %", LINE, .mark = 20, .data.loss = 1000 },
	{ "  all marked", LINE, .ecn = 3, .data.ce = 1000000 },
	{ "  all marked, RFC 3168", LINE, .ecn = 1, .data.ce = 1000000 },
	{ "  all marked, loss 3 %", LINE, .ecn = 3, .data.ce = 1000000,
	  .data.loss = 30000 },
	{ "  all marked, loss 3 %, RFC 3168", LINE, .ecn = 1, .data.ce = 1000000,
	  .data.loss = 30000 },
	{ "  10 % marked", LINE, .ecn = 3, .data.ce = 100000 },
	{ "2 flows on 20 Mbit/s, 40 ms", SHARED, .pairs = 2 },
	{ "  buffer 0.2 BDP", .mbit = 20, .rtt_ms = 40, .buffer = 20, .secs = 40,
	  .from = 10, .pairs = 2 },
	{ "  buffer 4 BDP", .mbit = 20, .rtt_ms = 40, .buffer = 400, .secs = 40,
	  .from = 10, .pairs = 2 },
	{ "  one 10 s later", SHARED, .pairs = 2, .late = 10 },
	{ "  one of 120 ms", SHARED, .pairs = 2, .far_ms = 80 },
	{ "  marked above 0.2 BDP", SHARED, .pairs = 2, .mark = 20 },
	{ "  the other is reno", SHARED, .pairs = 2, .rival = "reno" },
	{ "  the other is cubic", SHARED, .pairs = 2, .rival = "cubic" },
	{ "  the other is bbr", SHARED, .pairs = 2, .rival = "bbr" },
	{ "  policed to 10 Mbit/s, 50 kB", SHARED, .pairs = 2,
	  .data.police_rate = 10 * MBIT, .data.police_burst = 50000 },
	{ "8 flows on 20 Mbit/s, 40 ms", SHARED, .pairs = 8 },
	{ "  marked above 0.2 BDP", SHARED, .pairs = 8, .mark = 20 },
	{ "  policed to 10 Mbit/s, 50 kB", SHARED, .pairs = 8,
	  .data.police_rate = 10 * MBIT, .data.police_burst = 50000 },
	{ "20 Mbit/s, 40 ms, ACKs every 6 ms", SHORT, .acks.clump = 6 * MSEC },
	{ "  clumps of 4 ms, loss 0.01 %", SHORT, .data.clump = 4 * MSEC,
	  .acks.clump = 4 * MSEC, .data.loss = 100 },
	{ "  clumps of 10 ms, 0.2 s in 2 held", SHORT, .data.clump = 10 * MSEC,
	  .acks.clump = 10 * MSEC, .data.outage_at = SEC, .data.outage = 200 * MSEC,
	  .data.outage_every = 2 * SEC, .data.outage_holds = true },
	{ "  dead for 60 ms every 2 s", SHORT, .data.outage_at = SEC,
	  .data.outage = 60 * MSEC, .data.outage_every = 2 * SEC },
	{ "  one ACK for 16", SHORT, .host.ack_every = 8, .host.ack_wait = 10 * MSEC },
	{ "  every packet acknowledged", SHORT, .host.ack_each = true },
	{ "  compressed SACK, loss 0.1 %", SHORT, .host.sack_wait = MSEC,
	  .data.loss = 1000 },
	{ "  GRO, loss 0.1 %", SHORT, GRO, .data.loss = 1000 },
	{ "1 Gbit/s, 20 ms, GRO", WIDE, GRO },
	{ "  dead for 2 ms after 0.5 s", WIDE, GRO, .data.outage_at = 500 * MSEC,
	  .data.outage = 2 * MSEC },
	{ "  no sch_fq", WIDE, GRO, .host.no_fq = true, .only = "bbr" },
	{ "10 Gbit/s, 0.5 ms, GRO", .mbit = 10000, .rtt_us = 500, .buffer = 100,
	  .ms = 100, GRO },
	{ "  no sch_fq", .mbit = 10000, .rtt_us = 500, .buffer = 100, .ms = 100, GRO,
	  .host.no_fq = true, .only = "bbr" },
	{ "  2 us for a burst", .mbit = 10000, .rtt_us = 500, .buffer = 100, .ms = 100,
	  GRO, .host.plan_cost = 2 * USEC },
	{ "100 Gbit/s, 0.1 ms, GRO", .mbit = 100000, .rtt_us = 100, .buffer = 100,
	  .ms = 10, GRO },
};

/* The results of an algorithm on a line. */
struct figures {
	double mbit;
	double share;	/* of the first pair */
	double jain;	/* fairness, RFC 5166 2.3 */
	u32 segs;
	u32 retrans;
	u32 spurious;
	u32 rtos;
	u32 undos;
	double queue;	/* ms, mean time of packets in the queue */
	double queue_max;
	double least;	/* Mbit/s, over all seeds */
	double most;
};

static u64 rtt_of(const struct line *line)
{
	return line->rtt_us ? line->rtt_us * USEC : line->rtt_ms * MSEC;
}

static u64 length_of(const struct line *line)
{
	return line->ms ? line->ms * MSEC : line->secs * SEC;
}

static void make_link(struct link_cfg *link, const struct link_cfg *mishaps,
		      const struct line *line)
{
	u64 bdp = line->mbit * MBIT * (rtt_of(line) / USEC) / 1000000;

	*link = *mishaps;
	link->delay = rtt_of(line) / 2;
	link->rate = line->mbit * MBIT;
	link->queue = (u32)(bdp * line->buffer / 100);
	link->mark = (u32)(bdp * line->mark / 100);
}

/* ECN mode of a line: by default Accurate ECN (RFC 9768) if the router marks. */
static u8 ecn_of(const struct line *line)
{
	return line->ecn ?: line->mark ? 3 : 0;
}

static void make_pair(struct sim_cfg *cfg, u32 pair, const struct line *line,
		      const struct xtcp_cc *cc)
{
	u32 i;

	for (i = 2 * pair; i < 2 * pair + 2; i++) {
		struct host_cfg *h = &cfg->host[i];

		if (pair)
			*h = cfg->host[i & 1];
		h->par.isn_key[0] = 7 + i;
		h->par.cc = cc;
		h->par.ecn = ecn_of(line);
		h->open_at = pair * PAIRS_APART;
		h->app.exact = true;
		h->app.sndbuf = line->socket ? WMEM : RCVBUF;
		h->app.sndbuf_max = line->socket ? WMEM_MAX : 0;
		h->app.rcvbuf_min = RCVBUF;
		h->app.rcvbuf_max = RCVBUF;
		h->gro = line->host.gro;
		h->gro_max = line->host.gro_max;
		h->plan_cost = line->host.plan_cost;
		h->no_fq = line->host.no_fq;
		h->ack_each = line->host.ack_each;
		h->ack_every = line->host.ack_every;
		h->ack_wait = line->host.ack_wait;
		h->sack_wait = line->host.sack_wait;
	}
}

static void make(struct sim_cfg *cfg, const struct line *line, const struct xtcp_cc *cc)
{
	u32 pairs = max(line->pairs, 1U), i;
	struct host_cfg *last;

	cfg_plain(cfg, rtt_of(line), 0, 0, ~0ULL >> 1);
	cfg->pairs = pairs;
	cfg->check_every = CHECK_EVERY;
	cfg->measure_at = line->from * SEC;
	cfg->stop_at = length_of(line);
	make_link(&cfg->link[0], &line->data, line);
	make_link(&cfg->link[1], &line->acks, line);
	for (i = 0; i < pairs; i++)
		make_pair(cfg, i, line, i && i == pairs - 1 && line->rival ?
					xtcp_cc_find(line->rival) : cc);
	last = &cfg->host[2 * (pairs - 1)];
	last->open_at += line->late * SEC;
	last->access = line->far_ms * MSEC;
}

static void sum_up(const struct sim *sim, const struct line *line, struct figures *f)
{
	double secs = (double)length_of(line) / SEC - line->from, sum = 0, squares = 0, first = 0;
	const struct link *link = &sim->link[0];
	u32 i;

	*f = (struct figures){};
	for (i = 0; i < sim->nhosts; i += 2) {
		const struct outcome *a = &sim->before[i], *b = &sim->last[i];
		double rate = (double)(sim->last[i + 1].rcvd - sim->before[i + 1].rcvd);

		if (!i)
			first = rate;
		sum += rate;
		squares += rate * rate;
		f->segs += b->segs - a->segs;
		f->retrans += b->retrans - a->retrans;
		f->spurious += b->spurious - a->spurious;
		f->rtos += b->rtos - a->rtos;
		f->undos += b->undos - a->undos;
	}
	f->mbit = sum * 8 / secs / 1e6;
	f->share = sum > 0 ? first / sum : 0;
	f->jain = sum > 0 ? sum * sum / (squares * sim->nhosts / 2) : 0;
	f->queue = link->through ? (double)link->waited / (double)link->through / MSEC : 0;
	f->queue_max = (double)link->waited_max / MSEC;
}

/* Is the link random? */
static bool random_link(const struct link_cfg *l)
{
	return l->loss || (l->burst_good && l->burst_loss) || l->reorder || l->dup ||
	       l->corrupt || l->jitter || (l->ce && l->ce < 1000000);
}

static void put(char *row, size_t size, const struct line *line, const char *algorithm,
		const struct figures *f)
{
	int len = snprintf(row, size, "%-34s %-6s %7.2f %7.3f %6u %5u %5u %7.2f %7.2f",
			   line->name, algorithm, f->mbit,
			   f->segs ? 100.0 * f->retrans / f->segs : 0, f->spurious,
			   f->rtos, f->undos, f->queue, f->queue_max);

	if (line->pairs > 1)
		snprintf(row + len, size - len, "  %5.3f %5.1f", f->jain, 100 * f->share);
	else if (f->most > 0)
		snprintf(row + len, size - len, "%13s %7.2f %7.2f", "", f->least, f->most);
}

/* Has this line a row of this algorithm? */
static bool wanted(const struct line *line, const char *algorithm, const char *only)
{
	const char *slash = only ? strchr(only, '|') : NULL;

	if (slash && (strncmp(line->name, only, slash - only) ||
		      line->name[slash - only] || strcmp(algorithm, slash + 1)))
		return false;
	if (only && !slash && !strstr(line->name, only) && strcmp(algorithm, only))
		return false;
	/* DCTCP needs marks: without them it behaves as reno. */
	if (!ecn_of(line) && !strcmp(algorithm, "dctcp"))
		return false;
	if (line->only && strcmp(algorithm, line->only))
		return false;
	return !line->rival || strcmp(algorithm, line->rival);
}

/* Goodput of the other seeds, for the range; that of the first is in @f. */
static bool spread(struct sim *sim, const struct line *line, const struct sim_cfg *cfg,
		   struct figures *f)
{
	struct figures g;
	u64 seed;

	f->least = f->mbit;
	f->most = f->mbit;
	for (seed = 2; seed <= SEEDS; seed++) {
		if (!sim_run(sim, seed, cfg, false))
			return false;
		sum_up(sim, line, &g);
		f->least = g.mbit < f->least ? g.mbit : f->least;
		f->most = g.mbit > f->most ? g.mbit : f->most;
	}
	return true;
}

/* Write a row to @row. Return: false, with the reason in @row, if a run failed. */
static bool measure(struct sim *sim, const struct line *line, const char *algorithm,
		    bool trace, char *row, size_t size)
{
	struct sim_cfg *cfg = malloc(sizeof(*cfg));
	struct figures f;
	bool ok;

	if (!cfg)
		exit(2);
	make(cfg, line, xtcp_cc_find(algorithm));
	ok = sim_run(sim, 1, cfg, trace);
	if (ok)
		sum_up(sim, line, &f);
	if (ok && !trace && (random_link(&line->data) || random_link(&line->acks)))
		ok = spread(sim, line, cfg, &f);
	free(cfg);
	if (!ok) {
		snprintf(row, size, "%s, %s: %s", line->name, algorithm, sim->why);
		return false;
	}
	put(row, size, line, algorithm, &f);
	return true;
}

/*
 * Print the table, or only the line or algorithm @only ("line|algorithm": one row).
 * Return: exit status.
 */
int bulk_all(const char *only, bool trace)
{
	struct sim *sim = calloc(1, sizeof(*sim));
	char row[ROW_MAX];
	bool ok = true;
	u32 i, j;

	if (!sim)
		exit(2);
	puts(HEADING);
	for (i = 0; i < ARRAY_SIZE(lines); i++) {
		for (j = 0; j < ARRAY_SIZE(algorithms); j++) {
			if (!wanted(&lines[i], algorithms[j], only))
				continue;
			ok = measure(sim, &lines[i], algorithms[j], trace, row,
				     sizeof(row)) && ok;
			puts(row);
			fflush(stdout);
		}
	}
	free(sim);
	return !ok;
}

/* The next line of a table without its newline, "" after the last one. */
static const char *next_row(FILE *table, char *buf)
{
	if (!table || !fgets(buf, ROW_MAX, table))
		buf[0] = 0;
	buf[strcspn(buf, "\n")] = 0;
	return buf;
}

/* Compare the table with the one in @path, as TAP. Return: exit status. */
int bulk_compare(const char *path)
{
	struct sim *sim = calloc(1, sizeof(*sim));
	FILE *table = fopen(path, "r");
	char row[ROW_MAX], old[ROW_MAX];
	u32 i, j, n = 0, bad = 0;

	if (!sim)
		exit(2);
	for (i = 0; i < ARRAY_SIZE(lines); i++)
		for (j = 0; j < ARRAY_SIZE(algorithms); j++)
			n += wanted(&lines[i], algorithms[j], NULL);
	printf("TAP version 13\n1..%u\n", n);
	n = 0;
	next_row(table, old);
	for (i = 0; i < ARRAY_SIZE(lines); i++) {
		for (j = 0; j < ARRAY_SIZE(algorithms); j++) {
			bool ok;

			if (!wanted(&lines[i], algorithms[j], NULL))
				continue;
			ok = measure(sim, &lines[i], algorithms[j], false, row,
				     sizeof(row)) &&
			     !strcmp(row, next_row(table, old));
			printf("%sok %u - bulk: %s\n", ok ? "" : "not ", ++n, row);
			if (!ok)
				printf("# in %s: %s\n", path, old);
			bad += !ok;
		}
	}
	if (bad)
		printf("# %u rows differ; if they are to, make -C selftests/core results\n", bad);
	if (table)
		fclose(table);
	free(sim);
	return !!bad;
}
