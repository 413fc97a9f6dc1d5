// SPDX-License-Identifier: GPL-2.0
/*
 * bench [-k | -x] [-r ROW]
 *
 * The kernel's TCP and XTCP side by side in one boot. In scripts/vm's clock mode a
 * nanosecond is an instruction, so times are instruction counts and repeatable. -k:
 * only the kernel's column, -x: only XTCP's, -r: only that row of the table, counted
 * from 1. run-vm sets the network up.
 *
 * Exit status 1 when a measurement failed or a ratio is above its row's limit.
 */
#include <math.h>
#include <sched.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <linux/xtcp.h>

#include "bench.h"

#define LIMIT	1.5

static const struct row {
	const char *what;
	const char *unit;
	measure_fn measure;
	enum place place;
	int digits;
	double limit;		/* highest ratio of XTCP to the kernel's TCP */
} rows[] = {
	{ "1-byte round trip, lo", "ns", round_trip, PLACE_LO, 0, LIMIT },
	{ "1-byte round trip, veth", "ns", round_trip, PLACE_VETH, 0, LIMIT },
	{ "connect, accept, close, lo", "ns", connect_close, PLACE_LO, 0, LIMIT },
	{ "connect, refused, lo", "ns", connect_refused, PLACE_LO, 0, 1.3 },
	{ "connect, 20000 ports taken", "ns", connect_crowded, PLACE_LO, 0, 1.0 },
	{ "bulk, 64 KiB writes, lo", "ns/byte", bulk, PLACE_LO, 3, LIMIT },
	{ "bulk, 64 KiB writes, veth", "ns/byte", bulk, PLACE_VETH, 3, LIMIT },
	{ "bulk, sendfile, veth", "ns/byte", bulk_file, PLACE_VETH, 3, LIMIT },
	{ "bulk, 1,000 B, NODELAY, lo", "ns/byte", bulk_1000, PLACE_LO, 3, LIMIT },
	{ "bulk, 1,000 B, NODELAY, veth", "ns/byte", bulk_1000, PLACE_VETH, 3, LIMIT },
	{ "bulk, 200 B, NODELAY, lo", "ns/byte", bulk_200, PLACE_LO, 3, LIMIT },
	{ "bulk, 200 B, NODELAY, veth", "ns/byte", bulk_200, PLACE_VETH, 3, LIMIT },
	{ "memory, socket just opened", "bytes", idle_socket, PLACE_LO, 0, LIMIT },
	{ "memory, idle, one end of two", "bytes", idle_connection, PLACE_LO, 0, LIMIT },
};

/*
 * Let a process that wakes another one run until it sleeps. Otherwise what ran before
 * would decide whether it is preempted, which makes 6 % of a round trip either way.
 */
static void no_preemption(void)
{
	const struct sched_param prio = { .sched_priority = 0 };

	if (sched_setscheduler(0, SCHED_BATCH, &prio))
		die("sched_setscheduler");
}

struct cell_of {
	const struct row *row;
	int family;
};

static void measure(const void *arg, void *result)
{
	const struct cell_of *c = arg;
	double v;

	no_preemption();
	v = c->row->measure(c->family, c->row->place);
	memcpy(result, &v, sizeof(v));
}

/* The result of a measurement; NAN: it failed. */
static double run(const struct row *row, int family)
{
	const struct cell_of c = { .row = row, .family = family };
	double result;

	return apart(measure, &c, &result, sizeof(result)) ? result : NAN;
}

static void cell(double v, int digits)
{
	if (isnan(v))
		printf(" %13s", "failed");
	else
		printf(" %13.*f", digits, v);
}

/* Measure and print both cells of a row; true: failed, or above the limit. */
static bool print_row(const struct row *row, bool with_kernel, bool with_xtcp)
{
	double kernel = NAN, ours = NAN, ratio;
	bool bad = false;

	printf("%-30s %-8s", row->what, row->unit);
	if (with_kernel) {
		kernel = run(row, AF_INET);
		cell(kernel, row->digits);
		bad |= isnan(kernel);
	} else {
		printf(" %13s", "");
	}
	if (with_xtcp) {
		ours = run(row, AF_XTCP);
		cell(ours, row->digits);
		bad |= isnan(ours);
	}
	ratio = ours / kernel;
	if (!isnan(ratio))
		printf(" %6.2f", ratio);
	if (ratio > row->limit) {
		printf("  above the limit");
		bad = true;
	}
	putchar('\n');
	return bad;
}

int main(int argc, char **argv)
{
	bool kernel = true, xtcp = true, bad = false;
	size_t i, only = 0;
	int opt;

	while ((opt = getopt(argc, argv, "kxr:")) != -1) {
		if (opt == 'k')
			xtcp = false;
		else if (opt == 'x')
			kernel = false;
		else if (opt == 'r')
			only = strtoul(optarg, NULL, 10);
		else
			argc = 0;
	}
	if (optind != argc || only > ARRAY_SIZE(rows)) {
		fprintf(stderr, "usage: %s [-k | -x] [-r ROW]\n", argv[0]);
		return 2;
	}
	printf("%-30s %-8s %13s %13s %6s\n", "what", "unit", "kernel's TCP",
	       "XTCP", "ratio");
	for (i = 0; i < ARRAY_SIZE(rows); i++)
		if (!only || only == i + 1)
			bad |= print_row(&rows[i], kernel, xtcp);
	if (bad)
		printf("FAILED: a measurement failed, or a ratio is above its limit\n");
	return bad;
}
