// SPDX-License-Identifier: GPL-2.0
/*
 * Who may have a port beside whom. One side has it, in every state and with every
 * option that matters; the other asks for it, by bind() and then listen(). What
 * the kernel's TCP answers itself is what both TCPs have to answer each other.
 */
#include "sock_test.h"

#define LO1	0x7f000001
#define LO2	0x7f000002
#define WILD	0

#define SERVER	5000		/* whom the holder connects to, of the kernel */

/* What the holder does with the port. */
enum state {
	BOUND,
	LISTENS,
	CONNECTED,		/* from it */
	ACCEPTED,		/* on it; its listener is gone */
	TIMEWAIT,
	STATES
};

#define R	1		/* SO_REUSEADDR */
#define P	2		/* SO_REUSEPORT */
#define U	4		/* another user's socket */

static const uint32_t addrs[] = { WILD, LO1, LO2 };
static const int holders[] = { 0, R, P, R | P };
static const int askers[] = { 0, R, P, R | P, P | U, R | P | U };

/* Errors of bind() and of listen() behind it, -1: it was not asked. */
struct answer {
	short bind, listen;
};

static struct answer want[STATES][3][4][3][6];

static struct sockaddr_in addr(uint32_t ip, uint16_t port)
{
	struct sockaddr_in sin = {
		.sin_family = AF_INET,
		.sin_port = htons(port),
		.sin_addr.s_addr = htonl(ip),
	};

	return sin;
}

static int opened(enum stack st, int flags)
{
	int fd;

	if (flags & U && seteuid(65534))
		return -1;
	fd = stack_socket(st, 0);
	if (flags & U && seteuid(0))
		return -1;
	if (flags & R)
		set_int(fd, SOL_SOCKET, SO_REUSEADDR, 1);
	if (flags & P)
		set_int(fd, SOL_SOCKET, SO_REUSEPORT, 1);
	return fd;
}

static void reset(int fd)
{
	struct linger hard = { .l_onoff = 1 };

	setsockopt(fd, SOL_SOCKET, SO_LINGER, &hard, sizeof(hard));
	close(fd);
}

/* The holder's connection to the server: the holder's end, *peer the other. */
static bool hold_connection(int fd, int server, int *peer)
{
	struct sockaddr_in to = addr(LO1, SERVER);

	if (connect(fd, SA(to), sizeof(to)))
		return false;
	*peer = accept(server, NULL, NULL);
	return *peer >= 0;
}

/* A connection the holder accepts; its listener ends. The accepted one. */
static int hold_accepted(int fd, uint32_t ip, uint16_t port, int *peer)
{
	struct sockaddr_in to = addr(ip ? ip : LO1, port);
	int child;

	*peer = stack_socket(KERNEL, 0);
	if (listen(fd, 1) || connect(*peer, SA(to), sizeof(to)))
		return -1;
	child = accept(fd, NULL, NULL);
	close(fd);
	return child;
}

/* Have the port. What is to be closed, -1 where it is in vain; -2: nothing is. */
static int hold(enum stack st, enum state state, uint32_t ip, int flags, uint16_t port,
		int server, int *peer)
{
	struct sockaddr_in sin = addr(ip, port);
	int fd = opened(st, flags);
	char byte;

	*peer = -1;
	if (fd < 0 || bind(fd, SA(sin), sizeof(sin)))
		return -1;
	switch (state) {
	case LISTENS:
		return listen(fd, 1) ? -1 : fd;
	case CONNECTED:
		return hold_connection(fd, server, peer) ? fd : -1;
	case ACCEPTED:
		return hold_accepted(fd, ip, port, peer);
	case TIMEWAIT:
		if (!hold_connection(fd, server, peer) || close(fd) ||
		    read(*peer, &byte, 1) || close(*peer))
			return -1;
		*peer = -1;
		return -2;
	default:
		return fd;
	}
}

static struct answer ask(enum stack st, uint32_t ip, int flags, uint16_t port)
{
	struct answer got = { .listen = -1 };
	struct sockaddr_in sin = addr(ip, port);
	int fd = opened(st, flags);

	if (bind(fd, SA(sin), sizeof(sin)))
		got.bind = errno;
	else
		got.listen = listen(fd, 1) ? errno : 0;
	close(fd);
	return got;
}

static const char *text(uint32_t ip)
{
	return ip == WILD ? "any" : ip == LO1 ? "127.0.0.1" : "127.0.0.2";
}

static const char *opts(int flags)
{
	static char buf[2][16];
	static int i;
	char *p = buf[i ^= 1];

	snprintf(p, sizeof(buf[0]), "%s%s%s", flags & R ? "addr " : "",
		 flags & P ? "port " : "", flags & U ? "user" : "");
	return *p ? p : "-";
}

/*
 * Sockets of the two do not share a port by SO_REUSEPORT: one group of listeners
 * would be two, of which only one would ever be found. It counts as if it was not
 * set; without it the tables above begin with none and R.
 */
static struct answer *wanted(enum stack a, enum stack b, enum state state, int ai, int af,
			     int bi, int bf)
{
	return a == b ? &want[state][ai][af][bi][bf] :
			&want[state][ai][holders[af] & R][bi][askers[bf] & R];
}

/* All askers for one holder; how many answers were not those of the kernel's. */
static int all_askers(struct __test_metadata *_metadata, enum stack a, enum stack b,
		      enum state state, int ai, int af, int server, uint16_t *port)
{
	static const char * const states[] = {
		"bound", "listens", "connected", "accepted", "TIME-WAIT"
	};
	int wrong = 0, fd, peer;

	for (int bi = 0; bi < 3; bi++) {
		for (size_t bf = 0; bf < ARRAY_SIZE(askers); bf++) {
			struct answer *w = wanted(a, b, state, ai, af, bi, bf), got;

			fd = hold(a, state, addrs[ai], holders[af], ++*port, server, &peer);
			if (fd == -1) {
				TH_LOG("%s cannot hold", stack_name(a));
				return wrong + 1;
			}
			got = ask(b, addrs[bi], askers[bf], *port);
			if (fd >= 0)
				reset(fd);
			if (peer >= 0)
				reset(peer);
			if (a == KERNEL && b == KERNEL)
				*w = got;
			if (got.bind == w->bind && got.listen == w->listen)
				continue;
			wrong++;
			TH_LOG("%s %s %s %s | %s %s %s | bind %s, listen %s, not %s, %s",
			       stack_name(a), states[state], text(addrs[ai]),
			       opts(holders[af]), stack_name(b), text(addrs[bi]),
			       opts(askers[bf]), strerrorname_np(got.bind),
			       got.listen < 0 ? "-" : strerrorname_np(got.listen),
			       strerrorname_np(w->bind),
			       w->listen < 0 ? "-" : strerrorname_np(w->listen));
		}
	}
	return wrong;
}

static int all_holders(struct __test_metadata *_metadata, enum stack a, enum stack b)
{
	int server = st_listen(KERNEL, SERVER, 16), wrong = 0;
	uint16_t port = 10000;

	for (int state = 0; state < STATES; state++)
		for (int ai = 0; ai < 3; ai++)
			for (size_t af = 0; af < ARRAY_SIZE(holders); af++)
				wrong += all_askers(_metadata, a, b, state, ai, af, server,
						    &port);
	close(server);
	return wrong;
}

FIXTURE(matrix)
{
};

FIXTURE_VARIANT(matrix)
{
	enum stack a;
	enum stack b;
};

FIXTURE_VARIANT_ADD(matrix, kernel_xtcp)
{
	.a = KERNEL,
	.b = XTCP,
};

FIXTURE_VARIANT_ADD(matrix, xtcp_kernel)
{
	.a = XTCP,
	.b = KERNEL,
};

FIXTURE_VARIANT_ADD(matrix, xtcp_xtcp)
{
	.a = XTCP,
	.b = XTCP,
};

FIXTURE_SETUP(matrix)
{
	need_stack(XTCP);
	ASSERT_EQ(0, ns_new());
	ASSERT_EQ(0, all_holders(_metadata, KERNEL, KERNEL));
	ASSERT_EQ(0, ns_new());
}

FIXTURE_TEARDOWN(matrix)
{
}

TEST_F_TIMEOUT(matrix, as_the_kernel_alone, 300)
{
	ASSERT_EQ(0, all_holders(_metadata, variant->a, variant->b));
}

TEST_HARNESS_MAIN
