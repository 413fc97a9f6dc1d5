// SPDX-License-Identifier: GPL-2.0
/*
 * bench [-k]
 *
 * The kernel's TCP and XTCP side by side in one boot. In scripts/vm's clock
 * mode a nanosecond is an instruction, so that times are instruction counts
 * and repeat. -k: only the kernel's column. run-vm sets the network up.
 *
 * Exit status 1 when a measurement failed or a ratio is above LIMIT.
 */
#include <errno.h>
#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <linux/xtcp.h>

#include "bench.h"

#define LIMIT	1.5
/* Seconds after which a measurement is taken to hang. */
#define PATIENCE 3600

static const struct row {
	const char *what;
	const char *unit;
	measure_fn measure;
	enum place place;
	int digits;
} rows[] = {
	{ "1-byte round trip, lo", "ns", round_trip, PLACE_LO, 0 },
	{ "1-byte round trip, veth", "ns", round_trip, PLACE_VETH, 0 },
	{ "connect, accept, close, lo", "ns", connect_close, PLACE_LO, 0 },
	{ "bulk, 64 KiB writes, lo", "ns/byte", bulk, PLACE_LO, 3 },
	{ "bulk, 64 KiB writes, veth", "ns/byte", bulk, PLACE_VETH, 3 },
	{ "memory, socket just opened", "bytes", idle_socket, PLACE_LO, 0 },
	{ "memory, idle, one end of two", "bytes", idle_connection, PLACE_LO, 0 },
};

/* In a child, so that it starts clean; NAN when it failed. */
static double run(const struct row *row, int family)
{
	double result = NAN;
	int pipes[2], status;
	pid_t pid;

	fflush(stdout);
	if (pipe(pipes))
		return NAN;
	pid = fork();
	if (pid < 0)
		die("fork");
	if (!pid) {
		close(pipes[0]);
		alarm(PATIENCE);
		result = row->measure(family, row->place);
		_exit(write(pipes[1], &result, sizeof(result)) !=
		      sizeof(result));
	}
	close(pipes[1]);
	if (read(pipes[0], &result, sizeof(result)) != sizeof(result))
		result = NAN;
	close(pipes[0]);
	if (waitpid(pid, &status, 0) < 0 || status)
		result = NAN;
	return result;
}

static void cell(double v, int digits)
{
	if (isnan(v))
		printf(" %13s", "failed");
	else
		printf(" %13.*f", digits, v);
}

int main(int argc, char **argv)
{
	bool xtcp = !(argc > 1 && !strcmp(argv[1], "-k"));
	bool bad = false;
	double kernel, ours;
	size_t i;

	if (argc > 2 || (argc > 1 && xtcp)) {
		fprintf(stderr, "usage: %s [-k]\n", argv[0]);
		return 2;
	}
	printf("%-30s %-8s %13s %13s %6s\n", "what", "unit", "kernel's TCP",
	       "XTCP", "ratio");
	for (i = 0; i < ARRAY_SIZE(rows); i++) {
		printf("%-30s %-8s", rows[i].what, rows[i].unit);
		kernel = run(&rows[i], AF_INET);
		bad |= isnan(kernel);
		cell(kernel, rows[i].digits);
		if (!xtcp) {
			putchar('\n');
			continue;
		}
		ours = run(&rows[i], AF_XTCP);
		cell(ours, rows[i].digits);
		/* Not-a-number compares false: failed is bad. */
		if (!(ours / kernel <= LIMIT))
			bad = true;
		if (isnan(ours / kernel))
			putchar('\n');
		else
			printf(" %6.2f%s\n", ours / kernel,
			       ours / kernel > LIMIT ? "  above the limit" : "");
	}
	if (bad)
		printf("FAILED: a measurement failed, or a ratio is above %.1f\n",
		       LIMIT);
	return bad;
}
