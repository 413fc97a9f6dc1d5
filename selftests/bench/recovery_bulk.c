// SPDX-License-Identifier: GPL-2.0
/*
 * Long transfers over a bottleneck: with random loss, beside a flow of the kernel's
 * TCP, and with reordering.
 */
#include <stdio.h>
#include <string.h>

#include "recovery.h"

#define RATE		100000000ULL		/* bit/s */
#define DELAY		(20 * MS)		/* each way */
#define BDP		(RATE / 8 * 2 * DELAY / SECOND)
/* Like a network card that moderates interrupts; it halves the duration of a run. */
#define TICK		(MS / 4)
#define RUNS		3			/* where results are random */
#define IDLE		(300 * MS)

#define QUICK_TIME	(3 * SECOND)
/* Least part of the kernel's goodput; the rest may be chance. */
#define NO_WORSE		.95

static const struct {
	double part;
	bool quick;		/* part of a sample */
} losses[] = {
	{ 0, true }, { .001, false }, { .01, true }, { .03, false },
};

static const struct {
	const char *name;
	bool paced;		/* needs a qdisc that paces; its results are random */
	uint64_t clean;		/* ns of a transfer without loss */
	uint64_t lossy;		/* ns of a transfer with loss */
} ccs[] = {
	{ "cubic", false, 20 * SECOND, 40 * SECOND },
	/* The window of its minimum RTT is 10 s long. */
	{ "bbr", true, 12 * SECOND, 8 * SECOND },
};

/* Close flows and wait until the hosts have nothing left of them. */
static void hang_up(struct line *l, struct flow *f, unsigned int n)
{
	unsigned int i;

	for (i = 0; i < n; i++)
		flow_close(&f[i]);
	l->loss = 0;
	while (flow_step(l, f, 0, l->last + IDLE))
		;
}

/* Wait for accept(); false: the server lacks the congestion control. */
static bool accepted(struct line *l, struct flow *f, unsigned int n)
{
	while (f->sfd < 0 && !f->failed && flow_step(l, f, n, f->start + SECOND))
		;
	return flow_has_cc(f);
}

/* Goodput in Mbit/s, from the SYN on. */
static double goodput(struct line *l, enum stack st, size_t cc, double loss, uint64_t seed)
{
	struct flow f = {
		.stack = st, .cc = ccs[cc].name, .pair = new_pair(), .reply = FLOW_ENDLESS,
	};
	uint64_t time = loss > 0 ? ccs[cc].lossy : ccs[cc].clean;
	double mbits = NOT_THERE;

	if (opt.quick)
		time = QUICK_TIME;
	line_reset(l, seed);
	l->rate = RATE;
	l->tick = TICK;
	l->buffer = BDP;
	l->delay = DELAY;
	l->loss = loss;
	l->busy = 0;
	flow_open(&f, l);
	if (accepted(l, &f, 1)) {
		while (!f.failed && flow_step(l, &f, 1, f.start + time))
			;
		mbits = f.failed ? FAILED : (double)f.received * 8 * 1000 / (double)time;
	}
	hang_up(l, &f, 1);
	return mbits;
}

/* Indices of the results. */
enum { MEAN, LEAST, MOST, WAIT, GOODPUT_LEN };
#define AT(cc, loss, what)	(((cc) * ARRAY_SIZE(losses) + (loss)) * GOODPUT_LEN + (what))
#define QUEUE(cc, what)		(AT(ARRAY_SIZE(ccs), 0, 0) + 2 * (cc) + (what))

static bool left_out(size_t loss)
{
	return opt.quick && !losses[loss].quick;
}

static void measure_loss(struct line *l, enum stack st, size_t cc, size_t loss,
			 struct result *r)
{
	bool chance = losses[loss].part > 0 || ccs[cc].paced;
	int runs = chance && !opt.quick ? RUNS : 1, i;
	double *v = &r->v[AT(cc, loss, 0)], x;
	uint64_t longest = 0;

	v[MEAN] = v[WAIT] = 0;
	v[LEAST] = HUGE_VAL;
	v[MOST] = -HUGE_VAL;
	for (i = 0; i < runs; i++) {
		x = goodput(l, st, cc, losses[loss].part, i);
		v[MEAN] += x / runs;
		v[LEAST] = fmin(v[LEAST], x);
		v[MOST] = fmax(v[MOST], x);
		v[WAIT] += l->queue_sum / (double)l->queued / MS / runs;
		longest = l->queue_max > longest ? l->queue_max : longest;
	}
	if (v[MEAN] == NOT_THERE)
		v[WAIT] = NOT_THERE;
	if (losses[loss].part > 0)
		return;
	r->v[QUEUE(cc, 0)] = v[WAIT];
	r->v[QUEUE(cc, 1)] = (double)longest / MS;
	if (v[MEAN] == NOT_THERE)
		r->v[QUEUE(cc, 0)] = r->v[QUEUE(cc, 1)] = NOT_THERE;
}

void goodput_measure(enum stack st, struct result *r)
{
	static struct line l[ARRAY_SIZE(ccs)];
	size_t cc, loss;

	for (cc = 0; cc < ARRAY_SIZE(ccs); cc++) {
		line_open(&l[cc], ccs[cc].paced);
		for (loss = 0; loss < ARRAY_SIZE(losses); loss++)
			if (!left_out(loss))
				measure_loss(&l[cc], st, cc, loss, r);
	}
}

static void print_cc(const struct result *k, const struct result *x, size_t cc)
{
	char text[80];
	size_t loss;

	snprintf(text, sizeof(text), "goodput at 100 Mbit/s, RTT 40 ms, %s, Mbit/s",
		 ccs[cc].name);
	heading(text);
	for (loss = 0; loss < ARRAY_SIZE(losses); loss++) {
		const double *kv = &k->v[AT(cc, loss, 0)], *xv = &x->v[AT(cc, loss, 0)];

		if (left_out(loss))
			continue;
		snprintf(text, sizeof(text), "loss %.1f %%", 100 * losses[loss].part);
		row(text, 2, kv[MEAN], xv[MEAN], AT_LEAST, NO_WORSE * kv[MEAN]);
		if (!(losses[loss].part > 0) || opt.quick)
			continue;
		row("  worst of three runs", 2, kv[LEAST], xv[LEAST], NO_GOAL, 0);
		row("  best of three runs", 2, kv[MOST], xv[MOST], NO_GOAL, 0);
		row("  mean wait in the queue, ms", 2, kv[WAIT], xv[WAIT], NO_GOAL, 0);
	}
	row("mean wait in the queue without loss, ms", 2, k->v[QUEUE(cc, 0)],
	    x->v[QUEUE(cc, 0)], NO_GOAL, 0);
	row("longest wait in the queue without loss, ms", 2, k->v[QUEUE(cc, 1)],
	    x->v[QUEUE(cc, 1)], NO_GOAL, 0);
}

void goodput_print(const struct result *k, const struct result *x)
{
	size_t cc;

	for (cc = 0; cc < ARRAY_SIZE(ccs); cc++)
		print_cc(k, x, cc);
}

/* ---- beside a flow of the kernel's TCP ---- */

#define SETTLE		(10 * SECOND)
#define COMPARE		(20 * SECOND)

/*
 * A flow of the kernel's TCP and one of @st, the second of which starts @later ns after
 * the first, settle and are then compared.
 */
static void share(struct line *l, enum stack st, bool other_first, uint64_t later,
		  double *percent, double *mbits)
{
	const uint32_t pair = new_pair();
	struct flow f[2] = {
		{ .stack = KERNEL, .cc = "cubic", .reply = FLOW_ENDLESS, .pair = pair },
		{ .stack = st, .cc = "cubic", .reply = FLOW_ENDLESS, .pair = pair },
	};
	uint64_t start = now_ns();
	double a, b;

	line_reset(l, 1);
	flow_open(&f[other_first], l);
	while (flow_step(l, &f[other_first], 1, start + later))
		;
	flow_open(&f[!other_first], l);
	if (!accepted(l, &f[0], 1) || !accepted(l, &f[1], 1)) {
		*percent = *mbits = NOT_THERE;
		hang_up(l, f, 2);
		return;
	}
	while (flow_step(l, f, 2, start + SETTLE))
		;
	a = (double)f[0].received;
	b = (double)f[1].received;
	while (flow_step(l, f, 2, start + SETTLE + COMPARE))
		;
	a = (double)f[0].received - a;
	b = (double)f[1].received - b;
	*percent = f[0].failed || f[1].failed ? FAILED : 100 * a / (a + b);
	*mbits = (a + b) * 8 * 1000 / (double)COMPARE;
	hang_up(l, f, 2);
}

/*
 * Which flow loses packets of a full queue depends on phase, and a loss has effects for
 * ten seconds: two equal flows may share the line 70 to 30. So take the mean of several
 * runs that start at different moments.
 */
#define STARTS	3
#define LATER	(370 * MS)

void share_measure(enum stack st, struct result *r)
{
	double percent, mbits;
	struct line l;
	int i, k;

	line_open(&l, false);
	l.rate = RATE;
	l.tick = TICK;
	l.buffer = BDP;
	l.delay = DELAY;
	for (i = 0; i < 2; i++) {
		for (k = 0; k < STARTS; k++) {
			share(&l, st, i, SECOND + k * LATER, &percent, &mbits);
			r->v[2 * i] += percent / STARTS;
			r->v[2 * i + 1] += mbits / STARTS;
		}
	}
}

/* The first flow has an advantage for long, so the figure averages both orders. */
void share_print(const struct result *k, const struct result *x)
{
	static const char * const name[] = {
		"  the kernel's flow was first",
		"  the other flow was first",
	};
	int i;

	heading("a CUBIC flow of the kernel beside one of the column's, 100 Mbit/s, RTT 40 ms");
	row("the kernel's flow has, %", 1, (k->v[0] + k->v[2]) / 2, (x->v[0] + x->v[2]) / 2,
	    AT_LEAST, 45);
	for (i = 0; i < 2; i++) {
		row(name[i], 1, k->v[2 * i], x->v[2 * i], NO_GOAL, 0);
		row("  both together, Mbit/s", 1, k->v[2 * i + 1], x->v[2 * i + 1],
		    NO_GOAL, 0);
	}
}

/* ---- reordering ---- */

/* 16 places of 1,500 bytes at this rate are 9.6 ms, and the RTT is 40 ms. */
#define REORDER_RATE	20000000ULL	/* bit/s */
#define PLACES		16
#define LATE		.1
/* The longest RTT here, queue and overtaking included. */
#define NOTICE		(200 * MS)
/* A window of three BDP, so that the queue stays short. */
#define REORDER_RCVBUF	300000

void reorder_measure(enum stack st, struct result *r)
{
	struct flow f = {
		.stack = st, .pair = new_pair(), .reply = FLOW_ENDLESS,
		.rcvbuf = REORDER_RCVBUF,
	};
	uint64_t time = (opt.quick ? 5 : 20) * SECOND;
	struct line l;

	line_open(&l, false);
	l.rate = REORDER_RATE;
	l.delay = DELAY;
	l.late = LATE;
	l.places = PLACES;
	flow_open(&f, &l);
	while (flow_step(&l, &f, 1, l.overtaken ? l.overtaken + NOTICE : f.start + SECOND))
		;
	r->v[0] = flow_retransmitted(&f);
	while (!f.failed && flow_step(&l, &f, 1, f.start + time))
		;
	if (l.lost)
		die("packets were lost");
	r->v[1] = flow_retransmitted(&f) - r->v[0];
	r->v[2] = (double)f.received * 8 * 1000 / (double)time;
	r->v[3] = (double)l.queued;
	if (f.failed)
		r->v[1] = FAILED;
	hang_up(&l, &f, 1);
}

void reorder_print(const struct result *k, const struct result *x)
{
	heading("one packet in ten is overtaken by up to 16, within RTT/4; none is lost");
	row("packets sent", 0, k->v[3], x->v[3], NO_GOAL, 0);
	row("retransmitted until it can be noticed", 0, k->v[0], x->v[0], NO_GOAL, 0);
	row("retransmitted after that", 0, k->v[1], x->v[1], AT_MOST, 0);
	row("goodput at 20 Mbit/s, Mbit/s", 2, k->v[2], x->v[2], NO_GOAL, 0);
}
