/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Fixtures of the socket tests. "pair" is a connection over loopback in every
 * combination of the kernel's TCP and XTCP, kernel to kernel first: what holds
 * there is TCP's behaviour and must hold for the others. "one" is a single
 * socket of either TCP.
 */
#ifndef XTCP_SOCK_TEST_H
#define XTCP_SOCK_TEST_H

#include <fcntl.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "fixture.h"

FIXTURE(pair)
{
	int fd[2];
	int c;		/* fd[0], the client */
	int s;		/* fd[1], the server's accepted socket */
};

FIXTURE_VARIANT(pair)
{
	enum stack client;
	enum stack server;
	enum net net;
};

EACH_PAIR(pair)

FIXTURE_SETUP(pair)
{
	variant_begins(variant->client, variant->server, variant->net);
	ASSERT_EQ(0, ns_new());
	ASSERT_EQ(0, st_pair(variant->client, variant->server, self->fd));
	self->c = self->fd[0];
	self->s = self->fd[1];
}

FIXTURE_TEARDOWN(pair)
{
	hard_close(self->fd[0]);
	hard_close(self->fd[1]);
}

FIXTURE(one)
{
	int fd;
};

FIXTURE_VARIANT(one)
{
	enum stack st;
	enum net net;
};

EACH_STACK_MAPPED(one)

FIXTURE_SETUP(one)
{
	variant_begins(variant->st, variant->st, variant->net);
	ASSERT_EQ(0, ns_new());
	self->fd = stack_socket(variant->st, 0);
	ASSERT_GE(self->fd, 0);
}

FIXTURE_TEARDOWN(one)
{
	close(self->fd);
}

/* The call fails with this errno. */
#define fails(err, call) do {						\
	errno = 0;							\
	ASSERT_EQ(-1, (call));						\
	ASSERT_EQ((err), errno);					\
} while (0)

#define nonblocking(fd)	fcntl((fd), F_SETFL, fcntl((fd), F_GETFL) | O_NONBLOCK)

#define SA(sin)		((struct sockaddr *)&(sin))

#define IPV4_ONLY(why) do {						\
	if (net != V4)							\
		SKIP_TEST("of IPv4: " why);				\
} while (0)

/* Events that poll() must and must not report; they have half a second to appear. */
#define polls(fd, yes, no) do {						\
	short _all = POLLIN | POLLOUT | POLLRDHUP | POLLPRI;		\
	short _ev = 0;							\
	for (int _i = 0; _i < 50; _i++) {				\
		_ev = poll_now((fd), _all);				\
		if ((_ev & (yes)) == (yes) && !(_ev & (no)))		\
			break;						\
		sleep_ms(10);						\
	}								\
	ASSERT_EQ((yes), _ev & ((yes) | (no)));				\
} while (0)

#endif /* XTCP_SOCK_TEST_H */
