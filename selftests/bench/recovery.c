// SPDX-License-Identifier: GPL-2.0
/*
 * recovery [-q | -l] [-k | -x] [-r GROUP]... [-t N[,N...] [-w]]
 *
 * How the kernel's TCP and XTCP recover from loss, in one boot and over the
 * same line. -q: a sample, -l: more than usual; -k, -x: only the kernel's or
 * XTCP's column; -r: only those groups of rows, counted from 1. -t: instead of
 * the table, every packet of the short reply when the named ones are dropped;
 * -w: between hosts that have met before. recovery-vm sets the network up.
 *
 * Exit status 1 when a measurement failed or XTCP misses a figure.
 */
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "recovery.h"

/* Seconds after which a measurement is taken to hang. */
#define PATIENCE	7200
/* Pairs of addresses for one measurement. */
#define PAIRS		4096

static const struct group {
	void (*measure)(enum stack st, struct result *r);
	void (*print)(const struct result *k, const struct result *x);
	bool quick;		/* part of a sample */
} groups[] = {
	{ drops_measure, drops_print, true },
	{ tail_measure, tail_print, true },
	{ goodput_measure, goodput_print, true },
	{ share_measure, share_print, false },
	{ reorder_measure, reorder_print, true },
	{ sack_measure, sack_print, true },
};

struct options opt;

static unsigned int met, missed;

_Noreturn void die(const char *what)
{
	fprintf(stderr, "recovery: %s: %s\n", what, strerror(errno));
	_exit(1);
}

uint64_t now_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * SECOND + (uint64_t)ts.tv_nsec;
}

/* ---- the table ---- */

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
	bool ok = goal == AT_MOST ? xtcp <= target : xtcp >= target;

	printf("  %-44s", what);
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
	opt.pair += PAIRS;
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

static void trace(bool kernel, bool xtcp, bool warm, char *list)
{
	unsigned int drop[DROP_MAX] = {}, n = 0;
	char *word;

	for (word = strtok(list, ","); word && n < DROP_MAX; word = strtok(NULL, ","))
		drop[n++] = (unsigned int)strtoul(word, NULL, 10);
	for (int st = KERNEL; st <= XTCP; st++) {
		if (st == KERNEL ? !kernel : !xtcp)
			continue;
		fflush(stdout);
		if (child() == 0) {
			drops_trace(st, warm, drop);
			fflush(stdout);
			_exit(0);
		}
		opt.pair += PAIRS;
		wait(NULL);
	}
}

int main(int argc, char **argv)
{
	bool kernel = true, xtcp = true, warm = false, failed = false;
	char *traced = NULL;
	unsigned long group, only = 0;
	size_t i;
	int c;

	while ((c = getopt(argc, argv, "qlkxr:t:w")) != -1) {
		switch (c) {
		case 'q':
			opt.quick = true;
			break;
		case 'l':
			opt.more = true;
			break;
		case 'k':
			xtcp = false;
			break;
		case 'x':
			kernel = false;
			break;
		case 'r':
			group = strtoul(optarg, NULL, 10);
			if (!group || group > ARRAY_SIZE(groups))
				argc = 0;
			else
				only |= 1UL << (group - 1);
			break;
		case 't':
			traced = optarg;
			break;
		case 'w':
			warm = true;
			break;
		default:
			argc = 0;
		}
	}
	if (optind != argc || !(kernel || xtcp)) {
		fprintf(stderr, "usage: see the head of recovery.c\n");
		return 2;
	}
	if (traced) {
		trace(kernel, xtcp, warm, traced);
		return 0;
	}
	printf("  %-44s %11s %11s  %s\n", "", "kernel", "XTCP", "to reach");
	for (i = 0; i < ARRAY_SIZE(groups); i++)
		if (only ? only >> i & 1 : groups[i].quick || !opt.quick)
			failed |= measure(&groups[i], kernel, xtcp);
	printf("\n%u met, %u missed%s\n", met, missed,
	       failed ? "; a measurement FAILED" : "");
	return failed || missed;
}
