// SPDX-License-Identifier: GPL-2.0
/*
 * Exchanges of a byte on a few of many connections, both ends in one process, the
 * server's in an epoll set. The other connections are idle.
 */
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include "bench.h"

#define ACTIVE		100
#define ROUNDS		21
#define PER_ROUND	100
/* Connections to one address: so few that most ephemeral ports are free. */
#define PER_ADDRESS	5000

static void allow_descriptors(size_t n)
{
	const struct rlimit lim = { n, n };
	FILE *f = fopen("/proc/sys/fs/nr_open", "w");

	if (!f || fprintf(f, "%zu", n > 1048576 ? n : 1048576) < 0 || fclose(f))
		die("nr_open");
	f = fopen("/proc/sys/fs/file-max", "w");
	if (!f || fprintf(f, "%zu", 2 * n + 10000) < 0 || fclose(f))
		die("file-max");
	if (setrlimit(RLIMIT_NOFILE, &lim))
		die("setrlimit");
}

/* Listen on all addresses; returns the descriptor. */
static int listen_any(int family, uint16_t *port)
{
	struct sockaddr_in addr = { .sin_family = AF_INET };
	socklen_t len = sizeof(addr);
	int fd = socket(family, SOCK_STREAM, 0);

	if (fd < 0 || bind(fd, (struct sockaddr *)&addr, len) || listen(fd, 8) ||
	    getsockname(fd, (struct sockaddr *)&addr, &len))
		die("listen");
	*port = addr.sin_port;
	return fd;
}

/* Connection @i; returns the client's end. */
static int connect_nth(int family, size_t i, uint16_t port)
{
	struct sockaddr_in addr = { .sin_family = AF_INET, .sin_port = port };
	int fd = socket(family, SOCK_STREAM, 0);

	addr.sin_addr.s_addr = htonl(INADDR_LOOPBACK + (uint32_t)(i / PER_ADDRESS));
	if (fd < 0 || connect(fd, (struct sockaddr *)&addr, sizeof(addr)))
		die("connect");
	return fd;
}

/* Make @n connections; @client[]: the client's ends of the ACTIVE ones that are used. */
static void open_all(int family, size_t n, int epfd, int *client)
{
	struct epoll_event ev = { .events = EPOLLIN };
	uint16_t port;
	int lfd = listen_any(family, &port), fd;
	size_t i;

	for (i = 0; i < n; i++) {
		fd = connect_nth(family, i, port);
		if (i % (n / ACTIVE) == 0)
			client[i / (n / ACTIVE)] = fd;
		ev.data.fd = accept(lfd, NULL, NULL);
		if (ev.data.fd < 0 || epoll_ctl(epfd, EPOLL_CTL_ADD, ev.data.fd, &ev))
			die("accept");
	}
}

static void exchange(int fd, int epfd)
{
	struct epoll_event ev;
	char c = 'x';

	write_all(fd, &c, 1);
	if (epoll_wait(epfd, &ev, 1, -1) != 1)
		die("epoll_wait");
	read_all(ev.data.fd, &c, 1);
	write_all(ev.data.fd, &c, 1);
	read_all(fd, &c, 1);
}

/* ns per exchange with @n connections, a multiple of ACTIVE. */
double epoll_exchange(int family, enum place place, size_t n)
{
	int client[ACTIVE], epfd = epoll_create1(0);
	double v[ROUNDS_MAX];
	int i, r;

	if (epfd < 0)
		die("epoll_create1");
	new_net();
	set_shortcut(place);
	allow_descriptors(2 * n + 64);
	open_all(family, n, epfd, client);
	for (r = -1; r < ROUNDS; r++) {
		round_from(r);
		for (i = 0; i < PER_ROUND; i++)
			exchange(client[i % ACTIVE], epfd);
		round_to(r, v, PER_ROUND);
	}
	return median(v, ROUNDS);
}
