// SPDX-License-Identifier: GPL-2.0
/*
 * Bulk data in both directions at once, as iperf3 --bidir sends it: a connection for
 * each direction, and at each end a process that sends and receives in one loop.
 */
#include <errno.h>
#include <poll.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include "bench.h"

#define WARM_UP		(50 * MS)
#define MEASURED	(400 * MS)
#define BLOCK		(128 << 10)
#define BLOCKS_OUT	10	/* that a writable connection gets for each block read */

static char out_block[BLOCK], in_block[BLOCK];
static _Atomic uint64_t *received;	/* bytes, by receiving end; both processes have it */

/* Send up to BLOCKS_OUT blocks, as far as there is room. Return: false at an end. */
static bool send_blocks(int out)
{
	ssize_t n;
	int i;

	for (i = 0; i < BLOCKS_OUT; i++) {
		n = send(out, out_block, BLOCK, MSG_DONTWAIT | MSG_NOSIGNAL);
		if (n < BLOCK)
			return n >= 0 || errno == EAGAIN;
	}
	return true;
}

/* Send on @out and receive from @in, until @until (ns) or an end of a connection. */
static void pump(enum end end, int in, int out, uint64_t until)
{
	struct pollfd p[] = { { .fd = in, .events = POLLIN }, { .fd = out, .events = POLLOUT } };
	ssize_t n;

	while (now_ns() < until) {
		if (poll(p, ARRAY_SIZE(p), -1) < 0)
			die("poll");
		if (p[1].revents && !send_blocks(out))
			return;
		if (p[0].revents) {
			n = recv(in, in_block, BLOCK, MSG_DONTWAIT);
			if (n <= 0)
				return;
			received[end] += (uint64_t)n;
		}
	}
}

static int family_of_row;
static enum place place_of_row;

/* The server: accept a second connection, on a port that the first one tells the client. */
static void serve_both(int in)
{
	uint16_t port;
	int lfd = listen_on(family_of_row, place_of_row, &port), out;

	write_all(in, &port, sizeof(port));
	out = accept(lfd, NULL, NULL);
	if (out < 0)
		die("accept");
	pump(SERVER, in, out, UINT64_MAX);
}

/* ns per byte of the slower direction, or of both directions together. */
static double both_directions(int family, enum place place, bool slower)
{
	uint64_t start, ns, to_client, to_server;
	uint16_t port;
	int in, out;

	family_of_row = family;
	place_of_row = place;
	received = mmap(NULL, 2 * sizeof(*received), PROT_READ | PROT_WRITE,
			MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (received == MAP_FAILED)
		die("mmap");
	/* Pages that were never written would all be the shared zero page. */
	memset(out_block, 'x', BLOCK);
	out = serve_one(family, place, serve_both);
	read_all(out, &port, sizeof(port));
	in = connect_client(family, place, port);
	pump(CLIENT, in, out, now_ns() + WARM_UP);
	to_client = received[CLIENT];
	to_server = received[SERVER];
	count_from();
	start = now_ns();
	pump(CLIENT, in, out, start + MEASURED);
	ns = now_ns() - start;
	count_to();
	to_client = received[CLIENT] - to_client;
	to_server = received[SERVER] - to_server;
	if (print_rounds)
		fprintf(stderr, "# bytes to the client: %lu, to the server: %lu\n",
			(unsigned long)to_client, (unsigned long)to_server);
	close(in);
	close(out);
	if (!slower)
		return (double)ns / (double)(to_client + to_server);
	return (double)ns / (double)(to_client < to_server ? to_client : to_server);
}

double both_slower(int family, enum place place, size_t size)
{
	(void)size;
	return both_directions(family, place, true);
}

double both_total(int family, enum place place, size_t size)
{
	(void)size;
	return both_directions(family, place, false);
}
