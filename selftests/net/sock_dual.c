// SPDX-License-Identifier: GPL-2.0
/*
 * Sockets for both IP families: who may bind and listen beside whom, with
 * SO_REUSEADDR and SO_REUSEPORT; which of several listeners hears; one socket over
 * both in turn. What the kernel's TCP says of each pair is the measure.
 */
#include <arpa/inet.h>

#include "sock_test.h"

static int socket6(enum stack st)
{
	net = V6;
	return stack_socket(st, 0);
}

static int socket4(enum stack st)
{
	net = V4;
	return stack_socket(st, 0);
}

static struct sockaddr_in6 addr6(const char *text, uint16_t port)
{
	struct sockaddr_in6 sin6 = { .sin6_family = AF_INET6, .sin6_port = htons(port) };

	inet_pton(AF_INET6, text, &sin6.sin6_addr);
	return sin6;
}

/* A listener of IPv6 on any free port, -1 for none. */
static int listen6(enum stack st, const char *text, bool only6)
{
	struct sockaddr_in6 sin6 = addr6(text, 0);
	int fd = socket6(st);

	if (set_int(fd, SOL_IPV6, IPV6_V6ONLY, only6) ||
	    bind(fd, SA(sin6), sizeof(sin6)) || listen(fd, 8)) {
		close(fd);
		return -1;
	}
	return fd;
}

static uint16_t port6(int fd)
{
	struct sockaddr_in6 sin6 = {};
	socklen_t len = sizeof(sin6);

	return getsockname(fd, SA(sin6), &len) ? 0 : ntohs(sin6.sin6_port);
}

static void hard_close(int fd)
{
	struct linger hard = { .l_onoff = 1 };

	setsockopt(fd, SOL_SOCKET, SO_LINGER, &hard, sizeof(hard));
	close(fd);
}

/* ---- who may bind beside whom ---- */

struct place {
	const char *text;	/* address */
	int v6;			/* of a socket of IPv6 */
	int only6;
	int overlooked;
};

static const struct place places[] = {
	{ "0.0.0.0", 0, 0 },
	{ "127.0.0.1", 0, 0 },
	{ "127.0.0.2", 0, 0 },
	{ "::", 1, 0 },
	{ "::", 1, 1 },
	{ "::1", 1, 0 },
	{ "fd00::1", 1, 0 },
	{ "::ffff:127.0.0.1", 1, 0 },
	{ "::ffff:0.0.0.0", 1, 0, 1 },
};

#define PLACES	((int)(sizeof(places) / sizeof(places[0])))

/* How a port is taken. */
#define REUSEADDR	1
#define LISTEN		2
#define REUSEPORT	4

/* bind(), and listen() if wanted: errno or 0, -1 for no socket. */
static int take(int *fd, enum stack st, const struct place *p, uint16_t port, int flags)
{
	struct sockaddr_in6 sin6 = addr6(p->text, port);
	struct sockaddr_in sin = { .sin_family = AF_INET, .sin_port = htons(port) };
	struct sockaddr *sa = p->v6 ? SA(sin6) : SA(sin);
	socklen_t len = p->v6 ? sizeof(sin6) : sizeof(sin);

	*fd = p->v6 ? socket6(st) : socket4(st);
	if (*fd < 0)
		return -1;
	if (!p->v6)
		inet_pton(AF_INET, p->text, &sin.sin_addr);
	else
		set_int(*fd, SOL_IPV6, IPV6_V6ONLY, p->only6);
	if (flags & REUSEADDR)
		set_int(*fd, SOL_SOCKET, SO_REUSEADDR, 1);
	if (flags & REUSEPORT)
		set_int(*fd, SOL_SOCKET, SO_REUSEPORT, 1);
	if (bind(*fd, sa, len))
		return errno;
	return flags & LISTEN && listen(*fd, 1) ? errno : 0;
}

/* What becomes of the second of two. */
static int beside(enum stack one, enum stack two, int i, int j, int flags)
{
	/* Each its own: what stands for XTCP's in the kernel goes a little later. */
	uint16_t port = 1000 * (2 * one + two + 1) + PLACES * i + j;
	int a, b, err;

	err = take(&a, one, &places[i], port, flags);
	if (!err)
		err = take(&b, two, &places[j], port, flags);
	else
		b = -1;
	close(a);
	if (b >= 0)
		close(b);
	return err;
}

FIXTURE(bind6)
{
};

FIXTURE_VARIANT(bind6)
{
	enum stack one;
	enum stack two;
	int flags;
};

FIXTURE_VARIANT_ADD(bind6, kernel_xtcp)
{
	.one = KERNEL,
	.two = XTCP,
	.flags = 0,
};

FIXTURE_VARIANT_ADD(bind6, xtcp_kernel)
{
	.one = XTCP,
	.two = KERNEL,
	.flags = 0,
};

FIXTURE_VARIANT_ADD(bind6, xtcp)
{
	.one = XTCP,
	.two = XTCP,
	.flags = 0,
};

FIXTURE_VARIANT_ADD(bind6, kernel_xtcp_listen)
{
	.one = KERNEL,
	.two = XTCP,
	.flags = LISTEN,
};

FIXTURE_VARIANT_ADD(bind6, xtcp_kernel_listen)
{
	.one = XTCP,
	.two = KERNEL,
	.flags = LISTEN,
};

FIXTURE_VARIANT_ADD(bind6, xtcp_listen)
{
	.one = XTCP,
	.two = XTCP,
	.flags = LISTEN,
};

FIXTURE_VARIANT_ADD(bind6, xtcp_reuse)
{
	.one = XTCP,
	.two = XTCP,
	.flags = REUSEADDR,
};

FIXTURE_VARIANT_ADD(bind6, xtcp_reuse_listen)
{
	.one = XTCP,
	.two = XTCP,
	.flags = REUSEADDR | LISTEN,
};

FIXTURE_VARIANT_ADD(bind6, kernel_xtcp_reuse_listen)
{
	.one = KERNEL,
	.two = XTCP,
	.flags = REUSEADDR | LISTEN,
};

FIXTURE_VARIANT_ADD(bind6, xtcp_kernel_reuse_listen)
{
	.one = XTCP,
	.two = KERNEL,
	.flags = REUSEADDR | LISTEN,
};

FIXTURE_VARIANT_ADD(bind6, xtcp_reuseport)
{
	.one = XTCP,
	.two = XTCP,
	.flags = REUSEPORT,
};

FIXTURE_VARIANT_ADD(bind6, xtcp_reuseport_listen)
{
	.one = XTCP,
	.two = XTCP,
	.flags = LISTEN | REUSEPORT,
};

FIXTURE_SETUP(bind6)
{
	need_stack(XTCP);
	ASSERT_EQ(0, ns_new());
	ASSERT_EQ(0, system("ip -6 addr add fd00::1/128 dev lo nodad"));
}

FIXTURE_TEARDOWN(bind6)
{
}

TEST_F(bind6, as_the_kernel)
{
	for (int i = 0; i < PLACES; i++) {
		for (int j = 0; j < PLACES; j++) {
			int want = beside(KERNEL, KERNEL, i, j, variant->flags);
			int got = beside(variant->one, variant->two, i, j, variant->flags);

			/* This pair the kernel overlooks, the reverse it does not. */
			if (places[i].overlooked && j == i - 1)
				want = beside(KERNEL, KERNEL, j, i, variant->flags);
			EXPECT_EQ(want, got)
				TH_LOG("%s%s, then %s%s", places[i].text,
				       places[i].only6 ? " only" : "", places[j].text,
				       places[j].only6 ? " only" : "");
		}
	}
}

/* ---- listeners: which of two ---- */

static int which(int a, int b, int c)
{
	struct pollfd pfd[] = { { a, POLLIN, 0 }, { b, POLLIN, 0 } };
	int n = poll(pfd, 2, 1000), fd;

	hard_close(c);
	if (n != 1)
		return -1;
	n = !(pfd[0].revents & POLLIN);
	fd = accept(n ? b : a, NULL, NULL);
	hard_close(fd);
	return n;
}

/* A connection of the kernel's to this host. */
static int call(enum net on, uint16_t port)
{
	net = on;
	return st_connect(KERNEL, port);
}

TEST_F(one, dual_listener_and_others)
{
	static const struct place dual = { "::", 1, 0 }, any4 = { "0.0.0.0", 0, 0 },
				  lo4 = { "127.0.0.1", 0, 0 }, lo6 = { "::1", 1, 0 };
	int a, b;

	/* An address beats none, and a socket of IPv4 one of both. */
	ASSERT_EQ(0, take(&a, variant->st, &dual, 4711, REUSEPORT | LISTEN));
	ASSERT_EQ(0, take(&b, variant->st, &any4, 4711, REUSEPORT | LISTEN));
	ASSERT_EQ(1, which(a, b, call(V4, 4711)));
	ASSERT_EQ(0, which(a, b, call(V6, 4711)));
	close(b);
	ASSERT_EQ(0, which(a, -1, call(V4, 4711)));
	ASSERT_EQ(0, take(&b, variant->st, &lo4, 4711, REUSEPORT | LISTEN));
	ASSERT_EQ(1, which(a, b, call(V4, 4711)));
	ASSERT_EQ(0, which(a, b, call(V6, 4711)));
	close(b);
	ASSERT_EQ(0, take(&b, variant->st, &lo6, 4711, REUSEPORT | LISTEN));
	ASSERT_EQ(0, which(a, b, call(V4, 4711)));
	ASSERT_EQ(1, which(a, b, call(V6, 4711)));
	close(b);
	close(a);
}

/* ---- one after the other ---- */

/* A socket that was connected over one family may be over the other. */
TEST_F(one, again_over_the_other)
{
	/* The kernel does not find back to IPv6. */
	static const char *const to[] = { "::1", "::ffff:127.0.0.1", "::1" };
	int times = variant->st == XTCP ? 3 : 2;
	struct sockaddr unspec = { .sa_family = AF_UNSPEC };
	int l = listen6(variant->st, "::", false), fd = socket6(variant->st);
	struct sockaddr_in6 sin6;

	for (int i = 0; i < times; i++) {
		int s;

		sin6 = addr6(to[i], port6(l));
		ASSERT_EQ(0, connect(fd, SA(sin6), sizeof(sin6)));
		s = accept(l, NULL, NULL);
		ASSERT_GE(s, 0);
		ASSERT_EQ(1000, send_pat(fd, 0, 1000));
		ASSERT_EQ(1000, recv_pat(s, 0, 1000));
		ASSERT_EQ(0, connect(fd, &unspec, sizeof(unspec)));
		hard_close(s);
	}
	close(fd);
	close(l);
}

TEST_F(one, v6_reuse_after_time_wait)
{
	struct sockaddr_in6 sin6;
	int l = socket6(variant->st), c = socket6(variant->st), s;
	char byte;

	sin6 = addr6("::1", 4711);
	ASSERT_EQ(0, set_int(l, SOL_SOCKET, SO_REUSEADDR, 1));
	ASSERT_EQ(0, bind(l, SA(sin6), sizeof(sin6)));
	ASSERT_EQ(0, listen(l, 1));
	ASSERT_EQ(0, connect(c, SA(sin6), sizeof(sin6)));
	s = accept(l, NULL, NULL);
	close(s);
	ASSERT_EQ(0, recv(c, &byte, 1, 0));
	close(c);
	close(l);
	l = socket6(variant->st);
	fails(EADDRINUSE, bind(l, SA(sin6), sizeof(sin6)));
	ASSERT_EQ(0, set_int(l, SOL_SOCKET, SO_REUSEADDR, 1));
	ASSERT_EQ(0, bind(l, SA(sin6), sizeof(sin6)));
	close(l);
}

TEST_HARNESS_MAIN
