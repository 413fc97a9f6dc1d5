// SPDX-License-Identifier: GPL-2.0
/*
 * attack [-q] [-k | -x] [-r GROUP]
 *
 * What attacks cost the kernel's TCP and XTCP, in one boot. -q: fewer of
 * everything; -k, -x: only the kernel's or XTCP's column; -r: only that group of
 * rows, counted from 1.
 *
 * Exit status 1 when a measurement failed or XTCP misses a figure.
 */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "attack.h"

/* Seconds after which a measurement is taken to hang. */
#define PATIENCE	7200

static const struct group {
	void (*measure)(enum stack st, struct result *r);
	void (*print)(const struct result *k, const struct result *x);
} groups[] = {
	{ syn_measure, syn_print },
	{ flood_measure, flood_print },
	{ wait_measure, wait_print },
	{ worst_measure, worst_print },
};

struct options opt;

static unsigned int met, missed;

_Noreturn void die(const char *what)
{
	fprintf(stderr, "attack: %s: %s\n", what, strerror(errno));
	_exit(1);
}

uint64_t now_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * SECOND + (uint64_t)ts.tv_nsec;
}

static int ascending(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

double median(double *v, size_t n)
{
	qsort(v, n, sizeof(*v), ascending);
	return n % 2 ? v[n / 2] : (v[n / 2 - 1] + v[n / 2]) / 2;
}

/* ---- the table ---- */

void heading(const char *what)
{
	printf("\n%s\n", what);
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
	bool ok = goal == AT_MOST ? xtcp <= target : xtcp >= target;

	/* What is not there costs nothing, but is not what was asked for. */
	ok &= xtcp != NOT_THERE;
	printf("  %-46s", what);
	cell(kernel, digits);
	cell(xtcp, digits);
	if (goal != NO_GOAL) {
		printf("  %s %-9.*f %s", goal == AT_MOST ? "<=" : ">=", digits, target,
		       ok ? "met" : "missed");
		met += ok;
		missed += !ok;
	}
	putchar('\n');
}

/* ---- one measurement ---- */

static void run(const struct group *g, enum stack st, struct result *r)
{
	static struct result made;
	int pipes[2], status;
	pid_t pid;

	fflush(stdout);
	memset(r, 0, sizeof(*r));
	if (pipe(pipes))
		die("pipe");
	pid = child();
	if (pid < 0)
		die("fork");
	if (!pid) {
		close(pipes[0]);
		alarm(PATIENCE);
		g->measure(st, &made);
		_exit(write(pipes[1], &made, sizeof(made)) != sizeof(made));
	}
	close(pipes[1]);
	r->failed = read(pipes[0], r, sizeof(*r)) != sizeof(*r);
	close(pipes[0]);
	if (waitpid(pid, &status, 0) < 0 || status)
		r->failed = true;
	for (int i = 0; r->failed && i < RESULT_MAX; i++)
		r->v[i] = FAILED;
}

static bool measure(const struct group *g, bool with_kernel, bool with_xtcp)
{
	static struct result k, x;
	struct result *none = with_kernel ? &x : &k;

	if (with_kernel)
		run(g, KERNEL, &k);
	if (with_xtcp)
		run(g, XTCP, &x);
	for (int i = 0; with_kernel != with_xtcp && i < RESULT_MAX; i++)
		none->v[i] = NOT_THERE;
	g->print(&k, &x);
	return k.failed || x.failed;
}

int main(int argc, char **argv)
{
	bool kernel = true, xtcp = true, failed = false;
	size_t i, only = 0;
	int c;

	while ((c = getopt(argc, argv, "qkxr:")) != -1) {
		switch (c) {
		case 'q':
			opt.quick = true;
			break;
		case 'k':
			xtcp = false;
			break;
		case 'x':
			kernel = false;
			break;
		case 'r':
			only = strtoul(optarg, NULL, 10);
			break;
		default:
			argc = 0;
		}
	}
	if (optind != argc || only > ARRAY_SIZE(groups) || !(kernel || xtcp)) {
		fprintf(stderr, "usage: see the head of attack.c\n");
		return 2;
	}
	printf("  %-46s %11s %11s  %s\n", "", "kernel", "XTCP", "to reach");
	for (i = 0; i < ARRAY_SIZE(groups); i++)
		if (!only || only == i + 1)
			failed |= measure(&groups[i], kernel, xtcp);
	printf("\n%u met, %u missed%s\n", met, missed,
	       failed ? "; a measurement FAILED" : "");
	return failed || missed;
}
