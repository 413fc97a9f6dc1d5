// SPDX-License-Identifier: GPL-2.0
/* Rows, measured and printed. */
#include <stdio.h>

#include "table.h"

static struct columns there;
static int label;
static bool failed;
static unsigned int met, missed;

void table_begin(int width, struct columns columns)
{
	label = width;
	there = columns;
	printf("  %-*s %11s %11s  %s\n", label, "", "kernel", "XTCP", "to reach");
}

int table_end(void)
{
	printf("\n%u met, %u missed%s\n", met, missed,
	       failed ? "; a measurement FAILED" : "");
	return failed || missed;
}

void heading(const char *what)
{
	printf("\n%s\n", what);
}

void note(const char *who, const char *text)
{
	if (*text)
		printf("  # %-6s %s\n", who, text);
}

static void cell(double v, int digits)
{
	if (isnan(v))
		printf(" %11s", "failed");
	else if (v == NOT_THERE)
		printf(" %11s", "not there");
	else
		printf(" %11.*f", digits, v);
}

void row(const char *what, int digits, double kernel, double xtcp,
	 enum goal goal, double target)
{
	/* NOT_THERE is a small number; without this check it would meet AT_MOST. */
	bool ok = xtcp != NOT_THERE && (goal == AT_MOST ? xtcp <= target : xtcp >= target);

	printf("  %-*s", label, what);
	cell(kernel, digits);
	cell(xtcp, digits);
	if (goal != NO_GOAL && there.xtcp) {
		printf("  %s %-9.*f %s", goal == AT_MOST ? "<=" : ">=", digits, target,
		       ok ? "met" : "missed");
		met += ok;
		missed += !ok;
	}
	putchar('\n');
}

struct cell_of {
	const struct group *g;
	enum stack st;
};

static void measure(const void *arg, void *result)
{
	const struct cell_of *c = arg;

	c->g->measure(c->st, result);
}

/* Measure one column of a group. */
static void column(const struct group *g, enum stack st, bool wanted, struct result *r)
{
	const struct cell_of c = { .g = g, .st = st };

	r->failed = wanted && !apart(measure, &c, r, sizeof(*r));
	for (int i = 0; (r->failed || !wanted) && i < RESULT_MAX; i++)
		r->v[i] = wanted ? FAILED : NOT_THERE;
	failed |= r->failed;
}

void table_group(const struct group *g)
{
	static struct result k, x;

	column(g, KERNEL, there.kernel, &k);
	column(g, XTCP, there.xtcp, &x);
	g->print(&k, &x);
}
