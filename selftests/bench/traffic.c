// SPDX-License-Identifier: GPL-2.0
/* Round trips and connections. */
#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
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
#define SIZE_MAX_RTT	16384

static char buf[SIZE_MAX_RTT];
static size_t exchanged;	/* bytes of a message each way; set before the fork */

/* Return messages until the peer closes. */
static void echo(int fd)
{
	size_t got;
	ssize_t n;

	for (;;) {
		for (got = 0; got < exchanged; got += (size_t)n) {
			n = recv(fd, buf + got, exchanged - got, 0);
			if (n <= 0)
				return;
		}
		write_all(fd, buf, exchanged);
	}
}

/* Exchanges over the connected @fd with a process that runs echo(). */
static double exchanges(int fd)
{
	double v[ROUNDS_MAX];
	int i, r;

	for (r = -1; r < RTT_ROUNDS; r++) {
		round_from(r);
		for (i = 0; i < RTT_PER_ROUND; i++) {
			write_all(fd, buf, exchanged);
			read_all(fd, buf, exchanged);
		}
		round_to(r, v, RTT_PER_ROUND);
	}
	close(fd);
	return median(v, RTT_ROUNDS);
}

double round_trip(int family, enum place place, size_t size)
{
	exchanged = size;
	return exchanges(serve_one(family, place, echo));
}

/* The floor: what two processes need without any TCP. */
double round_trip_unix(int family, enum place place, size_t size)
{
	int fd[2];

	(void)family;
	(void)place;
	exchanged = size;
	if (socketpair(AF_UNIX, SOCK_STREAM, 0, fd))
		die("socketpair");
	serve_pair(fd, echo);
	return exchanges(fd[0]);
}

double round_trip_udp(int family, enum place place, size_t size)
{
	struct sockaddr_in addr[2];
	socklen_t len = sizeof(addr[0]);
	int fd[2], i;

	(void)place;
	exchanged = size;
	for (i = 0; i < 2; i++) {
		memset(&addr[i], 0, len);
		addr[i].sin_family = AF_INET;
		addr[i].sin_addr.s_addr = htonl(INADDR_LOOPBACK);
		fd[i] = socket(family, SOCK_DGRAM, 0);
		if (fd[i] < 0 || bind(fd[i], (struct sockaddr *)&addr[i], len) ||
		    getsockname(fd[i], (struct sockaddr *)&addr[i], &len))
			die("UDP socket");
	}
	for (i = 0; i < 2; i++)
		if (connect(fd[i], (struct sockaddr *)&addr[!i], len))
			die("connect");
	serve_pair(fd, echo);
	return exchanges(fd[0]);
}

/* Both ends in one process, so that no process has to be woken. */
double round_trip_alone(int family, enum place place, size_t size)
{
	double v[ROUNDS_MAX];
	uint16_t port;
	int lfd = listen_on(family, place, &port);
	int cfd = connect_client(family, place, port);
	int sfd = accept(lfd, NULL, NULL);
	int i, r;

	if (sfd < 0)
		die("accept");
	for (r = -1; r < RTT_ROUNDS; r++) {
		round_from(r);
		for (i = 0; i < RTT_PER_ROUND; i++) {
			write_all(cfd, buf, size);
			read_all(sfd, buf, size);
			write_all(sfd, buf, size);
			read_all(cfd, buf, size);
		}
		round_to(r, v, RTT_PER_ROUND);
	}
	return median(v, RTT_ROUNDS);
}

/*
 * Connect, send @size bytes each way, close. The client closes first, so that it has
 * TIME-WAIT.
 */
double connect_close(int family, enum place place, size_t size)
{
	double v[ROUNDS_MAX];
	uint16_t port;
	int lfd = listen_on(family, place, &port);
	int cfd, sfd;
	int i, r;

	for (r = -1; r < CONN_ROUNDS; r++) {
		round_from(r);
		for (i = 0; i < CONN_PER_ROUND; i++) {
			cfd = connect_client(family, place, port);
			sfd = accept(lfd, NULL, NULL);
			if (sfd < 0)
				die("accept");
			if (size) {
				write_all(cfd, buf, size);
				read_all(sfd, buf, size);
				write_all(sfd, buf, size);
				read_all(cfd, buf, size);
			}
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
double connect_refused(int family, enum place place, size_t size)
{
	double v[ROUNDS_MAX];
	int i, r;

	(void)place;
	(void)size;
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
double connect_crowded(int family, enum place place, size_t size)
{
	const struct rlimit lim = { TAKEN + 64, TAKEN + 64 };
	double v[ROUNDS_MAX];
	FILE *range;
	int i, r;

	(void)place;
	(void)size;
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
