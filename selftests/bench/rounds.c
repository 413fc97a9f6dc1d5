// SPDX-License-Identifier: GPL-2.0
/*
 * Rounds of a measurement of time. They include system calls, scheduling, IP and the
 * device, for both stacks alike. Round -1 warms up caches and the congestion window and
 * does not count.
 */
#include <stdio.h>
#include <sys/socket.h>
#include <sys/time.h>

#include "bench.h"

bool print_rounds;
static uint64_t began;	/* this round, ns */

/*
 * Sleep until just behind a tick of the kernel's clock, so that each round has the same
 * ticks in the same places. The time-outs of sockets end at ticks.
 */
static void next_tick(void)
{
	const struct timeval one = { .tv_usec = 1000 };
	static int fd = -1;
	char c;

	if (fd < 0) {
		fd = socket(AF_UNIX, SOCK_DGRAM, 0);
		if (fd < 0 || setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &one, sizeof(one)))
			die("clock");
	}
	if (recv(fd, &c, 1, 0) >= 0)
		die("clock");
}

void round_from(int r)
{
	next_tick();
	if (r >= 0)
		count_from();
	began = now_ns();
}

void round_to(int r, double *v, double units)
{
	uint64_t end = now_ns();

	if (r < 0)
		return;
	v[r] = (double)(end - began) / units;
	count_to();
	if (print_rounds)
		fprintf(stderr, "# round %d: %.6f\n", r, v[r]);
}
