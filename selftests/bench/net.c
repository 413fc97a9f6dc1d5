// SPDX-License-Identifier: GPL-2.0
/* Sockets for the measurements. */
#include <arpa/inet.h>
#include <fcntl.h>
#include <net/if.h>
#include <netinet/in.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <signal.h>
#include <unistd.h>

#include <linux/ethtool.h>
#include <linux/sockios.h>

#include "bench.h"

/* Turn a feature of veth0 off; @cmd: ETHTOOL_S... */
static void turn_off(int fd, uint32_t cmd)
{
	struct ethtool_value off = { .cmd = cmd };
	struct ifreq ifr = { .ifr_name = "veth0", .ifr_data = (void *)&off };

	if (ioctl(fd, SIOCETHTOOL, &ifr))
		die("SIOCETHTOOL");
}

static bool over_lo(enum place place)
{
	return place == PLACE_LO || place == PLACE_DIRECT;
}

void set_shortcut(enum place place)
{
	int fd = open("/proc/sys/net/xtcp/local_shortcut", O_WRONLY | O_CLOEXEC);

	if (fd < 0)
		return;
	if (write(fd, place == PLACE_DIRECT ? "1" : "0", 1) != 1)
		die("local_shortcut");
	close(fd);
}

void enter(enum place place, enum end end)
{
	char ns[64];
	int fd;

	if (over_lo(place))
		return;
	snprintf(ns, sizeof(ns), "/run/netns/%s%s", end == SERVER ? "server" : "client",
		 place == PLACE_PACKET ? "-packet" : "");
	fd = open(ns, O_RDONLY | O_CLOEXEC);
	if (fd < 0 || setns(fd, CLONE_NEWNET))
		die(ns);
	close(fd);
	if (place != PLACE_PACKET)
		return;
	fd = socket(AF_INET, SOCK_DGRAM, 0);
	if (fd < 0)
		die("socket");
	turn_off(fd, ETHTOOL_STSO);
	turn_off(fd, ETHTOOL_SGSO);
	close(fd);
}

/* Enter a new network namespace, with loopback up. */
void new_net(void)
{
	struct ifreq ifr = { .ifr_name = "lo", .ifr_flags = IFF_UP };
	int fd;

	if (unshare(CLONE_NEWNET))
		die("unshare");
	fd = socket(AF_INET, SOCK_DGRAM, 0);
	if (fd < 0 || ioctl(fd, SIOCSIFFLAGS, &ifr))
		die("lo");
	close(fd);
}

static void server_address(enum place place, uint16_t port,
			   struct sockaddr_in *addr)
{
	memset(addr, 0, sizeof(*addr));
	addr->sin_family = AF_INET;
	addr->sin_port = htons(port);
	inet_pton(AF_INET, over_lo(place) ? LO_SERVER : VETH_SERVER,
		  &addr->sin_addr);
}

int listen_on(int family, enum place place, uint16_t *port)
{
	struct sockaddr_in addr;
	socklen_t len = sizeof(addr);
	int fd = socket(family, SOCK_STREAM, 0);

	if (fd < 0)
		die("socket");
	server_address(place, 0, &addr);
	if (bind(fd, (struct sockaddr *)&addr, sizeof(addr)))
		die("bind");
	if (listen(fd, 128))
		die("listen");
	if (getsockname(fd, (struct sockaddr *)&addr, &len))
		die("getsockname");
	*port = ntohs(addr.sin_port);
	return fd;
}

int connect_client(int family, enum place place, uint16_t port)
{
	struct sockaddr_in addr;
	int fd = socket(family, SOCK_STREAM, 0);

	if (fd < 0)
		die("socket");
	server_address(place, port, &addr);
	if (connect(fd, (struct sockaddr *)&addr, sizeof(addr)))
		die("connect");
	return fd;
}

void read_all(int fd, void *buf, size_t len)
{
	char *p = buf;
	ssize_t n;

	while (len) {
		n = recv(fd, p, len, 0);
		if (n <= 0)
			die(n ? "recv" : "recv: end of stream");
		p += n;
		len -= (size_t)n;
	}
}

void write_all(int fd, const void *buf, size_t len)
{
	const char *p = buf;
	ssize_t n;

	while (len) {
		n = send(fd, p, len, MSG_NOSIGNAL);
		if (n < 0)
			die("send");
		p += n;
		len -= (size_t)n;
	}
}

int serve_one(int family, enum place place, void (*serve)(int fd))
{
	uint16_t port;
	int pipes[2];
	int lfd, fd;

	if (pipe(pipes))
		die("pipe");
	switch (fork()) {
	case -1:
		die("fork");
	case 0:
		/* A client that dies must not leave a server behind. */
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		enter(place, SERVER);
		lfd = listen_on(family, place, &port);
		if (write(pipes[1], &port, sizeof(port)) != sizeof(port))
			die("pipe");
		fd = accept(lfd, NULL, NULL);
		if (fd < 0)
			die("accept");
		serve(fd);
		_exit(0);
	}
	close(pipes[1]);
	if (read(pipes[0], &port, sizeof(port)) != sizeof(port))
		die("the server did not start");
	close(pipes[0]);
	enter(place, CLIENT);
	return connect_client(family, place, port);
}

void serve_pair(const int fd[2], void (*serve)(int fd))
{
	switch (fork()) {
	case -1:
		die("fork");
	case 0:
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		close(fd[0]);
		serve(fd[1]);
		_exit(0);
	}
	close(fd[1]);
}
