// SPDX-License-Identifier: GPL-2.0
/*
 * A short reply over a line that drops chosen packets: each packet of a clean run,
 * each pair of them, and those at either end of a stream.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "recovery.h"

#define REPLY		20000		/* bytes */
#define DELAY		(10 * MS)	/* each way */
#define RTT_MS		20.0
#define LIMIT		(120 * SECOND)	/* after which a reply counts as incomplete */
#define IDLE		(300 * MS)	/* of silence, after which a closed flow is over */
#define APART		(100 * MS)	/* from the server's last write to its close */
#define PATTERNS_MAX	800
#define TRIPLES		400
#define DEPTHS		3		/* packets of a pattern, at most */

/* Upper bounds of the histogram's classes, ms; the last class has none. */
static const unsigned int bound[] = { 65, 85, 105, 150, 200, 300, 400, 600, 1000 };

/* The results of a set of drop patterns. */
struct set {
	double ms[PATTERNS_MAX];
	unsigned int drop[PATTERNS_MAX][DROP_MAX];
	unsigned int n, incomplete;
};

/* Were the hosts connected before? One dimension of the results. */
enum { COLD, WARM, CACHES };

/* Indices of the results, for each cache and number of drops. */
enum {
	RUNS, INCOMPLETE, MEAN, P99, WORST, P99_SYN, WORST_SYN, CLASSES,
	SET_LEN = CLASSES + ARRAY_SIZE(bound) + 1,
};

#define AT(cache, depth, what)	(1 + ((cache) * DEPTHS + (depth) - 1) * SET_LEN + (what))

_Static_assert(AT(CACHES, 1, 0) <= RESULT_MAX, "they fit in a result");

/* ms until the reply is complete; NAN: never. */
static double reply(struct line *l, struct flow *f, const unsigned int *drop)
{
	uint64_t limit;

	line_reset(l, 1);
	if (drop)
		memcpy(l->drop, drop, sizeof(l->drop));
	flow_open(f, l);
	limit = f->start + LIMIT;
	while (!f->done && !f->failed && flow_step(l, f, 1, limit))
		;
	/* The flow goes on after the stream has ended. */
	while (f->done && flow_step(l, f, 1, l->last + IDLE))
		;
	flow_close(f);
	return f->done ? (double)(f->done - f->start) / MS : NAN;
}

static struct flow fresh(enum stack st)
{
	return (struct flow){ .stack = st, .reply = REPLY, .pair = new_pair() };
}

/* reply() between new hosts, @cache WARM: after one connection between them. */
static double pattern(struct line *l, enum stack st, int cache, const unsigned int *drop)
{
	struct flow f = fresh(st);

	if (cache == WARM)
		reply(l, &f, NULL);
	return reply(l, &f, drop);
}

static void add(struct set *s, struct line *l, enum stack st, int cache,
		const unsigned int *drop)
{
	double ms = pattern(l, st, cache, drop);

	if (s->n == PATTERNS_MAX)
		die("too many patterns");
	if (isnan(ms)) {
		s->incomplete++;
		return;
	}
	memcpy(s->drop[s->n], drop, sizeof(s->drop[s->n]));
	s->ms[s->n++] = ms;
}

static int ascending(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

/* The smallest value that is not exceeded by @part of them. */
static double quantile(const double *sorted, unsigned int n, double part)
{
	return n ? sorted[(unsigned int)ceil(part * n) - 1] : NAN;
}

static void sum_up(const struct set *s, double *v)
{
	double all[PATTERNS_MAX], but_syn[PATTERNS_MAX];
	unsigned int i, c, n = 0;

	v[RUNS] = s->n + s->incomplete;
	v[INCOMPLETE] = s->incomplete;
	for (c = 0; c <= ARRAY_SIZE(bound); c++)
		v[CLASSES + c] = 0;
	v[MEAN] = s->n ? 0 : NAN;
	for (i = 0; i < s->n; i++) {
		all[i] = s->ms[i];
		v[MEAN] += s->ms[i] / s->n;
		if (s->drop[i][0] != 1)
			but_syn[n++] = s->ms[i];
		for (c = 0; c < ARRAY_SIZE(bound) && s->ms[i] > bound[c]; c++)
			;
		v[CLASSES + c]++;
	}
	qsort(all, s->n, sizeof(*all), ascending);
	qsort(but_syn, n, sizeof(*but_syn), ascending);
	v[P99] = quantile(all, s->n, .99);
	v[WORST] = quantile(all, s->n, 1);
	v[P99_SYN] = quantile(but_syn, n, .99);
	v[WORST_SYN] = quantile(but_syn, n, 1);
}

/* Write the slowest patterns to @text, the slowest first. */
static void name_worst(struct set *s, char *text, size_t size)
{
	unsigned int i, j, best;
	int len = 0;

	text[0] = 0;
	for (i = 0; i < 5 && i < s->n && (size_t)len < size; i++) {
		for (best = j = 0; j < s->n; j++)
			if (s->ms[j] > s->ms[best])
				best = j;
		len += snprintf(text + len, size - (size_t)len, "%s", i ? ", " : "");
		for (j = 0; j < DROP_MAX && s->drop[best][j]; j++)
			len += snprintf(text + len, size - (size_t)len, "%s%u",
					j ? "+" : "", s->drop[best][j]);
		len += snprintf(text + len, size - (size_t)len, ": %.0f", s->ms[best]);
		s->ms[best] = -1;
	}
}

/* Draw three different of the first @n packets, in order. */
static void pick_three(struct line *l, unsigned int n, unsigned int *drop)
{
	unsigned int i, t;

	do {
		for (i = 0; i < 3; i++)
			drop[i] = 1 + (unsigned int)(line_random(l) * n);
		for (i = 0; i < 4; i++) {
			if (drop[i % 2] > drop[i % 2 + 1]) {
				t = drop[i % 2];
				drop[i % 2] = drop[i % 2 + 1];
				drop[i % 2 + 1] = t;
			}
		}
	} while (drop[0] == drop[1] || drop[1] == drop[2]);
}

static void measure_set(struct line *l, enum stack st, int cache, unsigned int depth,
			unsigned int n, struct result *r)
{
	unsigned int drop[DROP_MAX] = {}, i;
	unsigned int triples[TRIPLES][DEPTHS];
	static struct set s;
	size_t len = strlen(r->note);

	s.n = s.incomplete = 0;
	if (depth == 3) {
		line_reset(l, 3);
		for (i = 0; i < TRIPLES; i++)
			pick_three(l, n, triples[i]);
		for (i = 0; i < TRIPLES; i++) {
			memcpy(drop, triples[i], sizeof(triples[i]));
			add(&s, l, st, cache, drop);
		}
	} else {
		for (drop[0] = 1; drop[0] <= n; drop[0]++) {
			drop[1] = 0;
			if (depth == 1)
				add(&s, l, st, cache, drop);
			for (i = drop[0] + 1; depth == 2 && i <= n; i++) {
				drop[1] = i;
				add(&s, l, st, cache, drop);
			}
		}
	}
	sum_up(&s, &r->v[AT(cache, depth, 0)]);
	name_worst(&s, r->note + len, 128);
	strcat(r->note, "\n");
}

void drops_measure(enum stack st, struct result *r)
{
	unsigned int depth, deepest = opt.more ? DEPTHS : opt.quick ? 1 : 2, n = 0;
	struct line l;
	int cache, i;

	line_open(&l, false);
	l.delay = DELAY;
	/* The first runs also load all code and fill neighbour caches. */
	for (i = 0; i < 3; i++) {
		r->v[0] = pattern(&l, st, COLD, NULL);
		n = l.nseen;
	}
	for (cache = COLD; cache < CACHES; cache++)
		for (depth = 1; depth <= deepest; depth++)
			measure_set(&l, st, cache, depth, n, r);
}

void drops_trace(enum stack st, bool warm, const unsigned int *drop)
{
	struct line l;
	int i;

	line_open(&l, false);
	l.delay = DELAY;
	for (i = 0; i < 3; i++)
		pattern(&l, st, COLD, NULL);
	printf("%s: %.3f ms\n", stack_name(st),
	       pattern(&l, st, warm ? WARM : COLD, drop));
	line_print(&l);
}

static void print_histogram(const struct result *r, const char *who, int at)
{
	char text[256];
	unsigned int c;
	int len = 0;

	for (c = 0; c < ARRAY_SIZE(bound); c++)
		len += snprintf(text + len, sizeof(text) - (size_t)len, "<=%u: %.0f  ",
				bound[c], r->v[at + CLASSES + (int)c]);
	snprintf(text + len, sizeof(text) - (size_t)len, "more: %.0f",
		 r->v[at + CLASSES + (int)c]);
	note(who, text);
}

/* Print line @n of the result's note. */
static void print_line(const struct result *r, const char *who, int n)
{
	const char *p = r->note;
	char text[160] = "slowest ";

	while (n-- && p)
		p = strchr(p, '\n') ? strchr(p, '\n') + 1 : NULL;
	if (!p)
		return;
	snprintf(text + 8, sizeof(text) - 8, "%.*s", (int)strcspn(p, "\n"), p);
	note(who, text);
}

/*
 * The targets apply to hosts that were connected before: RFC 9040 lets a TCP remember a
 * path, while a first connection waits a second for a lost handshake (RFC 6298, 2.1).
 */
static void print_set(const struct result *k, const struct result *x, int cache,
		      int depth, int line)
{
	static const char * const lost[DEPTHS] = { "one packet", "two packets", "three packets" };
	const double *kv = &k->v[AT(cache, depth, 0)], *xv = &x->v[AT(cache, depth, 0)];
	enum goal goal = cache == WARM && depth < 3 ? AT_MOST : NO_GOAL;
	char text[100];

	snprintf(text, sizeof(text), "20,000 bytes, RTT 20 ms, %s lost, %s", lost[depth - 1],
		 cache == WARM ? "hosts have met before" : "hosts are strangers");
	heading(text);
	row("patterns", 0, kv[RUNS], xv[RUNS], NO_GOAL, 0);
	row("  that were not complete and intact", 0, kv[INCOMPLETE], xv[INCOMPLETE], AT_MOST, 0);
	row("mean, ms", 1, kv[MEAN], xv[MEAN], depth == 1 ? goal : NO_GOAL, 80);
	row("99 % take at most, ms", 1, kv[P99], xv[P99], depth == 2 ? goal : NO_GOAL, 450);
	row("  without a lost first SYN", 1, kv[P99_SYN], xv[P99_SYN], NO_GOAL, 0);
	row("longest, ms", 1, kv[WORST], xv[WORST], NO_GOAL, 0);
	row("  without a lost first SYN", 1, kv[WORST_SYN], xv[WORST_SYN],
	    depth == 1 ? goal : NO_GOAL, 400);
	print_histogram(k, "kernel", AT(cache, depth, 0));
	print_histogram(x, "XTCP", AT(cache, depth, 0));
	print_line(k, "kernel", line);
	print_line(x, "XTCP", line);
}

void drops_print(const struct result *k, const struct result *x)
{
	int depth, deepest = opt.more ? DEPTHS : opt.quick ? 1 : 2, cache;

	heading("20,000 bytes, RTT 20 ms, nothing lost");
	row("until reply and end are there, ms", 1, k->v[0], x->v[0], NO_GOAL, 0);
	for (depth = 1; depth <= deepest; depth++)
		for (cache = COLD; cache < CACHES; cache++)
			print_set(k, x, cache, depth, cache * deepest + depth - 1);
}

/* ---- either end of a stream ---- */

enum tail { REQUEST, SEGMENT, END, TAILS };

/* The number of packet @what in the clean run that the line has just seen. */
static unsigned int find(const struct line *l, enum tail what)
{
	unsigned int i, found = 0;

	for (i = 0; i < l->nseen; i++) {
		const struct seen *s = &l->seen[i];

		if (what == REQUEST && s->to == SERVER && s->len && !found)
			found = i + 1;
		if (what == SEGMENT && s->to == CLIENT && s->len)
			found = i + 1;
		if (what == END && s->to == CLIENT && s->flags & 1 && !s->len)
			found = i + 1;
	}
	return found;
}

void tail_measure(enum stack st, struct result *r)
{
	enum tail what;
	struct line l;
	int i;

	line_open(&l, false);
	l.delay = DELAY;
	for (what = 0; what < TAILS; what++) {
		unsigned int drop[DROP_MAX] = {};
		double clean = 0;
		struct flow f;

		for (i = 0; i < 3; i++) {
			f = fresh(st);
			f.pause = what == END ? APART : 0;
			clean = reply(&l, &f, NULL);
		}
		drop[0] = find(&l, what);
		if (!drop[0])
			die("no such packet");
		f = fresh(st);
		f.pause = what == END ? APART : 0;
		r->v[what] = (reply(&l, &f, drop) - clean) / RTT_MS;
	}
}

void tail_print(const struct result *k, const struct result *x)
{
	static const char * const name[TAILS] = {
		[REQUEST] = "the request",
		[SEGMENT] = "the reply's last segment",
		[END] = "a FIN on its own",
	};
	enum tail what;

	heading("one packet lost, RTTs more than the clean run takes");
	for (what = 0; what < TAILS; what++)
		row(name[what], 1, k->v[what], x->v[what], AT_MOST, 4);
}
