// SPDX-License-Identifier: GPL-2.0
/*
 * Measurements of memory: how much the slab caches grow when many sockets are
 * opened, file and inode included. Partly used per-CPU slabs count as used, so many
 * sockets are needed to make their share of the mean negligible.
 */
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include "bench.h"

#define SOCKETS		4000
#define CONNECTIONS	2000
#define ROUNDS		3

/*
 * Seconds; longer than TIME-WAIT, delayed ACKs, RCU grace periods and deferred work, so
 * that leftovers of the previous round are not counted. Costs nothing in virtual time.
 */
#define SETTLE_S	70

static int fds[2 * CONNECTIONS > SOCKETS ? 2 * CONNECTIONS : SOCKETS];

static double settled_bytes(void)
{
	sleep(SETTLE_S);
	return slab_bytes();
}

static void allow_descriptors(void)
{
	struct rlimit lim = {
		.rlim_cur = ARRAY_SIZE(fds) + 64,
		.rlim_max = ARRAY_SIZE(fds) + 64,
	};

	if (setrlimit(RLIMIT_NOFILE, &lim))
		die("setrlimit");
}

static void close_all(int n)
{
	while (n--)
		close(fds[n]);
}

double idle_socket(int family, enum place place, size_t size)
{
	double v[ROUNDS_MAX], before;
	int i, r;

	(void)place;
	(void)size;
	allow_descriptors();
	for (r = -1; r < ROUNDS; r++) {
		before = settled_bytes();
		for (i = 0; i < SOCKETS; i++) {
			fds[i] = socket(family, SOCK_STREAM, 0);
			if (fds[i] < 0)
				die("socket");
		}
		if (r >= 0)
			v[r] = (settled_bytes() - before) / SOCKETS;
		close_all(SOCKETS);
	}
	return median(v, ROUNDS);
}

/* Bytes of one end: half of a connection with both ends on this host. */
double idle_connection(int family, enum place place, size_t size)
{
	double v[ROUNDS_MAX], before;
	uint16_t port;
	int i, r, lfd;

	(void)size;
	allow_descriptors();
	lfd = listen_on(family, place, &port);
	for (r = -1; r < ROUNDS; r++) {
		before = settled_bytes();
		for (i = 0; i < 2 * CONNECTIONS; i += 2) {
			fds[i] = connect_client(family, place, port);
			fds[i + 1] = accept(lfd, NULL, NULL);
			if (fds[i + 1] < 0)
				die("accept");
		}
		if (r >= 0)
			v[r] = (settled_bytes() - before) / (2 * CONNECTIONS);
		close_all(2 * CONNECTIONS);
	}
	close(lfd);
	return median(v, ROUNDS);
}
