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

#include "kselftest_harness.h"
#include "lib.h"

#define SKIP_TEST(...)	SKIP(longjmp(_metadata->env, 1), __VA_ARGS__)

#define need_stack(st) do {						\
	if (!stack_present(st) && !stack_required())			\
		SKIP_TEST("no %s here", stack_name(st));		\
} while (0)

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

FIXTURE_VARIANT_ADD(pair, kernel_kernel)
{
	.client = KERNEL,
	.server = KERNEL,
};

FIXTURE_VARIANT_ADD(pair, kernel_xtcp)
{
	.client = KERNEL,
	.server = XTCP,
};

FIXTURE_VARIANT_ADD(pair, xtcp_kernel)
{
	.client = XTCP,
	.server = KERNEL,
};

FIXTURE_VARIANT_ADD(pair, xtcp_xtcp)
{
	.client = XTCP,
	.server = XTCP,
};

FIXTURE_VARIANT_ADD(pair, kernel_kernel_v6)
{
	.client = KERNEL,
	.server = KERNEL,
	.net = V6,
};

FIXTURE_VARIANT_ADD(pair, kernel_xtcp_v6)
{
	.client = KERNEL,
	.server = XTCP,
	.net = V6,
};

FIXTURE_VARIANT_ADD(pair, xtcp_kernel_v6)
{
	.client = XTCP,
	.server = KERNEL,
	.net = V6,
};

FIXTURE_VARIANT_ADD(pair, xtcp_xtcp_v6)
{
	.client = XTCP,
	.server = XTCP,
	.net = V6,
};

FIXTURE_VARIANT_ADD(pair, kernel_kernel_mapped)
{
	.client = KERNEL,
	.server = KERNEL,
	.net = MAPPED,
};

FIXTURE_VARIANT_ADD(pair, xtcp_xtcp_mapped)
{
	.client = XTCP,
	.server = XTCP,
	.net = MAPPED,
};

FIXTURE_SETUP(pair)
{
	if (variant->client == KERNEL && variant->server == KERNEL &&
	    no_control())
		SKIP_TEST("control left out");
	if (variant->net == MAPPED && no_mapped())
		SKIP_TEST("mapped left out");
	net = variant->net;
	need_stack(variant->client);
	need_stack(variant->server);
	signal(SIGPIPE, SIG_IGN);
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

FIXTURE_VARIANT_ADD(one, kernel)
{
	.st = KERNEL,
};

FIXTURE_VARIANT_ADD(one, xtcp)
{
	.st = XTCP,
};

FIXTURE_VARIANT_ADD(one, kernel_v6)
{
	.st = KERNEL,
	.net = V6,
};

FIXTURE_VARIANT_ADD(one, xtcp_v6)
{
	.st = XTCP,
	.net = V6,
};

FIXTURE_VARIANT_ADD(one, kernel_mapped)
{
	.st = KERNEL,
	.net = MAPPED,
};

FIXTURE_VARIANT_ADD(one, xtcp_mapped)
{
	.st = XTCP,
	.net = MAPPED,
};

FIXTURE_SETUP(one)
{
	if (variant->st == KERNEL && no_control())
		SKIP_TEST("control left out");
	if (variant->net == MAPPED && no_mapped())
		SKIP_TEST("mapped left out");
	net = variant->net;
	need_stack(variant->st);
	signal(SIGPIPE, SIG_IGN);
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
