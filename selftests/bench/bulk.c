// SPDX-License-Identifier: GPL-2.0
/* Bulk data. */
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdbool.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/sendfile.h>
#include <sys/socket.h>
#include <unistd.h>

#include "bench.h"

#define BULK_ROUNDS	9
/*
 * With writes below SMALL bytes. An even number: where every second round ends with a wait
 * for a timer, the median is the mean of both kinds.
 */
#define SMALL_ROUNDS	6
#define SMALL		1448
#define BULK_ROUND_BYTES (8 << 20)
#define BULK_WRITE	65536

static char buf[BULK_WRITE];

/* Read the bytes of a round, then confirm with one byte. */
static void sink(int fd)
{
	size_t left = BULK_ROUND_BYTES;
	ssize_t n;

	while ((n = recv(fd, buf, sizeof(buf), 0)) > 0) {
		if ((size_t)n > left)
			die("recv: more than was sent");
		left -= (size_t)n;
		if (left)
			continue;
		write_all(fd, buf, 1);
		left = BULK_ROUND_BYTES;
	}
}

/* A memory file with the bytes of one round. */
static int make_file(void)
{
	int fd = memfd_create("bench", MFD_CLOEXEC);
	size_t n;

	if (fd < 0)
		die("memfd_create");
	for (n = 0; n < BULK_ROUND_BYTES; n += sizeof(buf))
		if (write(fd, buf, sizeof(buf)) != sizeof(buf))
			die("write");
	return fd;
}

static void send_file(int fd, int file)
{
	off_t at = 0;

	while (at < BULK_ROUND_BYTES)
		if (sendfile(fd, file, &at, BULK_ROUND_BYTES - (size_t)at) <= 0)
			die("sendfile");
}

double bulk_file(int family, enum place place, size_t size)
{
	double v[ROUNDS_MAX];
	int fd, file;
	int r;

	(void)size;
	file = make_file();
	fd = serve_one(family, place, sink);
	for (r = -1; r < BULK_ROUNDS; r++) {
		round_from(r);
		send_file(fd, file);
		read_all(fd, buf, 1);
		round_to(r, v, BULK_ROUND_BYTES);
	}
	close(fd);
	close(file);
	return median(v, BULK_ROUNDS);
}

static size_t min_size(size_t a, size_t b)
{
	return a < b ? a : b;
}

/* ns per byte of a transfer in writes of @size bytes. */
static double writes(int family, enum place place, size_t size, bool nodelay)
{
	const int rounds = size < SMALL ? SMALL_ROUNDS : BULK_ROUNDS;
	double v[ROUNDS_MAX];
	int fd, on = nodelay;
	size_t sent;
	int r;

	/* Pages that were never written would all be the shared zero page. */
	memset(buf, 'x', sizeof(buf));
	fd = serve_one(family, place, sink);
	if (setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on)))
		die("setsockopt");
	for (r = -1; r < rounds; r++) {
		round_from(r);
		for (sent = 0; sent < BULK_ROUND_BYTES; sent += size)
			write_all(fd, buf, min_size(size, BULK_ROUND_BYTES - sent));
		read_all(fd, buf, 1);
		round_to(r, v, BULK_ROUND_BYTES);
	}
	close(fd);
	return median(v, (size_t)rounds);
}

double bulk(int family, enum place place, size_t size)
{
	return writes(family, place, size, false);
}

double bulk_nodelay(int family, enum place place, size_t size)
{
	return writes(family, place, size, true);
}
