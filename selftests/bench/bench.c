// SPDX-License-Identifier: GPL-2.0
/*
 * bench [-k | -x] [-a] [-c CONNECTIONS] [-r ROW] [-v]
 *
 * The kernel's TCP and XTCP side by side in one boot. In scripts/vm's clock mode a
 * nanosecond is an instruction, so times are instruction counts and repeatable. -k:
 * only the kernel's column, -x: only XTCP's, -a: slow rows as well, -c: the number of
 * connections of the last slow row, -r: only that row of the table, counted from 1, -v:
 * print each round. run-vm sets the network up.
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

/* What a row has besides its measurement. */
enum kind {
	USUAL,
	FLOOR,		/* no TCP: one figure */
	SCALED,		/* at most GROWTH times the previous row of the same column */
	SLOW,		/* SCALED, and measured with -a only */
};

#define GROWTH	1.05

static const struct row {
	const char *what;
	const char *unit;
	measure_fn measure;
	enum place place;
	size_t size;
	int digits;
	double reach;		/* ratio of XTCP to the kernel's TCP to be reached */
	double limit;		/* highest ratio that is no failure */
	enum kind kind;
} rows[] = {
	{ "1-byte round trip, lo", "ns", round_trip, PLACE_LO, 1, 0, 0.95, LIMIT },
	{ "1-byte round trip, veth", "ns", round_trip, PLACE_VETH, 1, 0, 0.98, LIMIT },
	{ "1-byte round trip, one process", "ns", round_trip_alone, PLACE_LO, 1, 0, 0.30, LIMIT },
	{ "1-byte round trip, AF_UNIX", "ns", round_trip_unix, PLACE_LO, 1, 0, .kind = FLOOR },
	{ "1-byte round trip, UDP, lo", "ns", round_trip_udp, PLACE_LO, 1, 0, .kind = FLOOR },
	{ "16 KiB round trip, lo", "ns", round_trip, PLACE_LO, 16384, 0, 1.0, LIMIT },
	{ "connect, accept, close, lo", "ns", connect_close, PLACE_LO, 0, 0, 0.8, LIMIT },
	{ "the same with an exchange", "ns", connect_close, PLACE_LO, 1, 0, 0.95, LIMIT },
	{ "connect, refused, lo", "ns", connect_refused, PLACE_LO, 0, 0, 1.0, 1.3 },
	{ "connect, 20000 ports taken", "ns", connect_crowded, PLACE_LO, 0, 0, 1.0, 1.0 },
	{ "bulk, 64 KiB writes, lo", "ns/byte", bulk, PLACE_LO, 65536, 3, 0.95, LIMIT },
	{ "bulk, 64 KiB writes, veth", "ns/byte", bulk, PLACE_VETH, 65536, 3, 0.95, LIMIT },
	{ "bulk, a segment a packet, veth", "ns/byte", bulk, PLACE_PACKET, 65536, 3, 0.78, LIMIT },
	{ "bulk, sendfile, veth", "ns/byte", bulk_file, PLACE_VETH, 0, 3, 1.0, LIMIT },
	{ "bulk, 100 B writes, lo", "ns/byte", bulk, PLACE_LO, 100, 3, 1.0, LIMIT },
	{ "bulk, 400 B writes, lo", "ns/byte", bulk, PLACE_LO, 400, 3, 1.0, LIMIT },
	{ "bulk, 1,000 B writes, lo", "ns/byte", bulk, PLACE_LO, 1000, 3, 1.0, LIMIT },
	{ "bulk, 1,024 B writes, lo", "ns/byte", bulk, PLACE_LO, 1024, 3, 1.0, LIMIT },
	{ "bulk, 1,448 B, NODELAY, lo", "ns/byte", bulk_nodelay, PLACE_LO, 1448, 3, 1.0, LIMIT },
	{ "bulk, 1,000 B, NODELAY, lo", "ns/byte", bulk_nodelay, PLACE_LO, 1000, 3, 1.0, LIMIT },
	{ "bulk, 1,000 B, NODELAY, veth", "ns/byte", bulk_nodelay, PLACE_VETH, 1000, 3, 1.0, LIMIT },
	{ "bulk, 200 B, NODELAY, lo", "ns/byte", bulk_nodelay, PLACE_LO, 200, 3, 1.0, LIMIT },
	{ "bulk, 200 B, NODELAY, veth", "ns/byte", bulk_nodelay, PLACE_VETH, 200, 3, 1.0, LIMIT },
	{ "both directions, slower, lo", "ns/byte", both_slower, PLACE_LO, 0, 3, 0.9, LIMIT },
	{ "both directions, total, lo", "ns/byte", both_total, PLACE_LO, 0, 3, 1.0, LIMIT },
	{ "both directions, slower, veth", "ns/byte", both_slower, PLACE_VETH, 0, 3, 0.9, LIMIT },
	{ "both directions, total, veth", "ns/byte", both_total, PLACE_VETH, 0, 3, 1.0, LIMIT },
	{ "receive a byte in order", "ns", receive_packet, PLACE_LO, 1, 0, 0.8, 2.0 },
	{ "receive an ACK without news", "ns", receive_packet, PLACE_LO, 0, 0, 0.6, 2.0 },
	{ "exchange, 100 connections", "ns", epoll_exchange, PLACE_LO, 100, 0, 1.0, LIMIT },
	{ "exchange, 10,000 connections", "ns", epoll_exchange, PLACE_LO, 10000, 0, 1.0, LIMIT,
	  SCALED },
	{ "exchange, the most connections", "ns", epoll_exchange, PLACE_LO, 50000, 0, 1.0, LIMIT,
	  SLOW },
	{ "memory, socket just opened", "bytes", idle_socket, PLACE_LO, 0, 0, 1.0, LIMIT },
	{ "memory, idle, one end of two", "bytes", idle_connection, PLACE_LO, 0, 0, 1.0, LIMIT },
	{ "shortcut, 1-byte round trip", "ns", round_trip, PLACE_DIRECT, 1, 0, 0.55, 1.0 },
	{ "the same, one process", "ns", round_trip_alone, PLACE_DIRECT, 1, 0, 0.35, 1.0 },
	{ "the same, 100 connections", "ns", epoll_exchange, PLACE_DIRECT, 100, 0, 0.40, 1.0 },
	{ "shortcut, 64 KiB writes", "ns/byte", bulk, PLACE_DIRECT, 65536, 3, 0.80, 1.0 },
	{ "shortcut, 100 B writes", "ns/byte", bulk, PLACE_DIRECT, 100, 3, 0.70, 1.0 },
	{ "shortcut, 1,000 B, NODELAY", "ns/byte", bulk_nodelay, PLACE_DIRECT, 1000, 3, 0.80, LIMIT },
	{ "shortcut, both, slower", "ns/byte", both_slower, PLACE_DIRECT, 0, 3, 0.90, LIMIT },
};

static struct {
	bool kernel, xtcp, all;
	size_t row, connections;
} opt = { .kernel = true, .xtcp = true };

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
	const struct row *row = c->row;
	double v;

	no_preemption();
	set_shortcut(row->place);
	v = row->measure(c->family, row->place, row->kind == SLOW && opt.connections ?
			 opt.connections : row->size);
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

/* Measure and print a cell; true: failed, or more than the row may grow. */
static bool print_cell(const struct row *row, int family, bool wanted, double *v)
{
	double previous = *v;

	*v = NAN;
	if (!wanted) {
		printf(" %13s", "");
		return false;
	}
	*v = run(row, family);
	cell(*v, row->digits);
	return isnan(*v) || (row->kind >= SCALED && previous > 0 && *v > GROWTH * previous);
}

/* Measure and print both cells of a row; true: failed, or above a limit. */
static bool print_row(const struct row *row)
{
	static double kernel, xtcp;
	double ratio;
	bool bad;

	printf("%-32s %-8s", row->what, row->unit);
	bad = print_cell(row, AF_INET, opt.kernel, &kernel);
	bad |= print_cell(row, AF_XTCP, opt.xtcp && row->kind != FLOOR, &xtcp);
	ratio = xtcp / kernel;
	if (!isnan(ratio)) {
		printf(" %6.2f %9.2f", ratio, row->reach);
		bad |= ratio > row->limit;
	}
	printf("%s\n", bad ? "  above the limit" : "");
	return bad;
}

static bool options(int argc, char **argv)
{
	int c;

	while ((c = getopt(argc, argv, "kxavr:c:")) != -1) {
		if (c == 'k')
			opt.xtcp = false;
		else if (c == 'x')
			opt.kernel = false;
		else if (c == 'a')
			opt.all = true;
		else if (c == 'v')
			print_rounds = true;
		else if (c == 'r')
			opt.row = strtoul(optarg, NULL, 10);
		else if (c == 'c')
			opt.connections = strtoul(optarg, NULL, 10);
		else
			return false;
	}
	return optind == argc && opt.row <= ARRAY_SIZE(rows);
}

int main(int argc, char **argv)
{
	bool bad = false;
	size_t i;

	if (!options(argc, argv)) {
		fprintf(stderr, "usage: %s [-k | -x] [-a] [-c CONNECTIONS] [-r ROW] [-v]\n",
			argv[0]);
		return 2;
	}
	printf("%-32s %-8s %13s %13s %6s %9s\n", "what", "unit", "kernel's TCP", "XTCP",
	       "ratio", "to reach");
	for (i = 0; i < ARRAY_SIZE(rows); i++) {
		if (opt.row ? opt.row != i + 1 : rows[i].kind == SLOW && !opt.all)
			continue;
		bad |= print_row(&rows[i]);
	}
	if (bad)
		printf("FAILED: a measurement failed, or a figure is above its limit\n");
	return bad;
}
