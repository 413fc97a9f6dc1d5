// SPDX-License-Identifier: GPL-2.0
/*
 * Measurements of time. They include system calls, scheduling, IP and the device, for
 * both stacks alike. The first round warms up caches and the congestion window and does
 * not count.
 */
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/sendfile.h>
#include <sys/socket.h>
#include <unistd.h>

#include "bench.h"

#define RTT_ROUNDS	21
#define RTT_PER_ROUND	50
#define CONN_ROUNDS	21
#define CONN_PER_ROUND	20
#define CROWDED_ROUNDS	9
#define CROWDED_PER_ROUND 10
#define REFUSED_PORT	9999
#define TAKEN		20000
#define TAKEN_FROM	20000
#define BULK_ROUNDS	9
#define BULK_ROUND_BYTES (8 << 20)
#define BULK_WRITE	65536

static char buf[BULK_WRITE];
static uint64_t began;	/* this round, ns */

/* Start round @r; round -1 does not count. */
static void round_from(int r)
{
	if (r >= 0)
		count_from();
	began = now_ns();
}

/* End round @r; v[@r]: its ns per unit, of which it had @units. */
static void round_to(int r, double *v, double units)
{
	if (r < 0)
		return;
	v[r] = (double)(now_ns() - began) / units;
	count_to();
}

static void echo(int fd)
{
	char c;

	while (recv(fd, &c, 1, 0) == 1)
		write_all(fd, &c, 1);
}

double round_trip(int family, enum place place)
{
	double v[ROUNDS_MAX];
	int fd = serve_one(family, place, echo);
	char c = 'x';
	int i, r;

	for (r = -1; r < RTT_ROUNDS; r++) {
		round_from(r);
		for (i = 0; i < RTT_PER_ROUND; i++) {
			write_all(fd, &c, 1);
			read_all(fd, &c, 1);
		}
		round_to(r, v, RTT_PER_ROUND);
	}
	close(fd);
	return median(v, RTT_ROUNDS);
}

/* The client closes first, so that it has TIME-WAIT. */
double connect_close(int family, enum place place)
{
	double v[ROUNDS_MAX];
	uint16_t port;
	int lfd = listen_on(family, place, &port);
	int cfd, sfd;
	int i, r;

	for (r = -1; r < CONN_ROUNDS; r++) {
		round_from(r);
		for (i = 0; i < CONN_PER_ROUND; i++) {
			cfd = connect_to(family, place, port);
			sfd = accept(lfd, NULL, NULL);
			if (sfd < 0)
				die("accept");
			close(cfd);
			close(sfd);
		}
		round_to(r, v, CONN_PER_ROUND);
	}
	close(lfd);
	return median(v, CONN_ROUNDS);
}

/* connect() to a port without a listener. */
static void refused(int family)
{
	struct sockaddr_in to = { .sin_family = AF_INET, .sin_port = htons(REFUSED_PORT) };
	int fd = socket(family, SOCK_STREAM, 0);

	to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	if (fd < 0)
		die("socket");
	if (!connect(fd, (struct sockaddr *)&to, sizeof(to)) || errno != ECONNREFUSED)
		die("connect");
	close(fd);
}

/* A refused connect(), with all ports of the range free. */
double connect_refused(int family, enum place place)
{
	double v[ROUNDS_MAX];
	int i, r;

	(void)place;
	new_net();
	for (r = -1; r < CONN_ROUNDS; r++) {
		round_from(r);
		for (i = 0; i < CONN_PER_ROUND; i++)
			refused(family);
		round_to(r, v, CONN_PER_ROUND);
	}
	return median(v, CONN_ROUNDS);
}

/* Bind a port to the kernel's TCP in the current namespace, for good. */
static void take_port(uint16_t port)
{
	struct sockaddr_in at = { .sin_family = AF_INET, .sin_port = htons(port) };
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	if (fd < 0)
		die("socket");
	if (bind(fd, (struct sockaddr *)&at, sizeof(at)))
		die("bind");
}

/*
 * A refused connect(), while the kernel's TCP has bound all ports of the range except
 * two. One free port is in the half that is searched first, as far as possible from
 * where the previous connect() ended.
 */
double connect_crowded(int family, enum place place)
{
	const struct rlimit lim = { TAKEN + 64, TAKEN + 64 };
	double v[ROUNDS_MAX];
	FILE *range;
	int i, r;

	(void)place;
	new_net();
	range = fopen("/proc/sys/net/ipv4/ip_local_port_range", "w");
	if (!range || fprintf(range, "%d %d", TAKEN_FROM, TAKEN_FROM + TAKEN + 1) < 0 ||
	    fclose(range))
		die("ip_local_port_range");
	if (setrlimit(RLIMIT_NOFILE, &lim))
		die("setrlimit");
	for (i = 0; i < TAKEN; i++)
		take_port((uint16_t)(TAKEN_FROM + i));
	for (r = -1; r < CROWDED_ROUNDS; r++) {
		round_from(r);
		for (i = 0; i < CROWDED_PER_ROUND; i++)
			refused(family);
		round_to(r, v, CROWDED_PER_ROUND);
	}
	return median(v, CROWDED_ROUNDS);
}

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

double bulk_file(int family, enum place place)
{
	double v[ROUNDS_MAX];
	int fd, file;
	int r;

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
	double v[ROUNDS_MAX];
	int fd, on = nodelay;
	size_t sent;
	int r;

	/* Pages that were never written would all be the shared zero page. */
	memset(buf, 'x', sizeof(buf));
	fd = serve_one(family, place, sink);
	if (setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on)))
		die("setsockopt");
	for (r = -1; r < BULK_ROUNDS; r++) {
		round_from(r);
		for (sent = 0; sent < BULK_ROUND_BYTES; sent += size)
			write_all(fd, buf, min_size(size, BULK_ROUND_BYTES - sent));
		read_all(fd, buf, 1);
		round_to(r, v, BULK_ROUND_BYTES);
	}
	close(fd);
	return median(v, BULK_ROUNDS);
}

double bulk(int family, enum place place)
{
	return writes(family, place, sizeof(buf), false);
}

double bulk_1000(int family, enum place place)
{
	return writes(family, place, 1000, true);
}

double bulk_200(int family, enum place place)
{
	return writes(family, place, 200, true);
}
