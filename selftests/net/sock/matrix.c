// SPDX-License-Identifier: GPL-2.0
/*
 * Which sockets may share a port. The holder has it, in every state and with every
 * option that matters; the asker wants it, by bind() and then listen(). Between the
 * two TCPs the answers must be those that the kernel's TCP gives its own sockets.
 */
#include "sock_test.h"

#define SERVER	5000		/* port of the kernel's server for the holder */

/* State of the holder's socket. */
enum state {
	BOUND,
	LISTENS,
	CONNECTED,		/* by connect() from the port */
	ACCEPTED,		/* by accept() on the port; the listener is closed */
	TIMEWAIT,
	STATES
};

#define R	1		/* SO_REUSEADDR */
#define P	2		/* SO_REUSEPORT */
#define U	4		/* another user's socket */

struct place {
	enum net net;
	const char *addr;
	bool only6;
};

static const struct place places[] = {
	{ V4, ANY },
	{ V4, LOOPBACK },
	{ V4, "127.0.0.2" },
	{ V6, ANY },
	{ V6, ANY, true },
	{ V6, LOOPBACK },
	{ V6, "fd00::1" },
	{ MAPPED, LOOPBACK },
	{ MAPPED, ANY },
};

#define PLACES		((int)ARRAY_SIZE(places))
#define DUAL		3
#define MAPPED_ANY	8

static const int holders[] = { 0, R, P, R | P };
static const int askers[] = { 0, R, P, R | P, P | U, R | P | U };

/* errno of bind() and of the listen() after it; -1: not called. */
struct answer {
	short bind, listen;
};

static struct answer want[STATES][ARRAY_SIZE(places)][4][ARRAY_SIZE(places)][6];

static int opened(enum stack st, const struct place *p, int flags)
{
	int fd;

	net = p->net;
	if (flags & U && seteuid(65534))
		return -1;
	fd = stack_socket(st, 0);
	if (flags & U && seteuid(0))
		return -1;
	if (flags & R)
		set_int(fd, SOL_SOCKET, SO_REUSEADDR, 1);
	if (flags & P)
		set_int(fd, SOL_SOCKET, SO_REUSEPORT, 1);
	if (p->only6)
		set_int(fd, SOL_IPV6, IPV6_V6ONLY, 1);
	return fd;
}

/* Connect the holder's @fd to the server; *@peer: the server's end. */
static bool hold_connection(int fd, int server, int *peer)
{
	union addr to = local(SERVER);

	if (connect_to(fd, &to))
		return false;
	*peer = accept(server, NULL, NULL);
	return *peer >= 0;
}

/* Listen, accept a connection, and close the listener. The accepted socket. */
static int hold_accepted(int fd, const struct place *p, uint16_t port, int *peer)
{
	union addr to = host(strcmp(p->addr, ANY) ? p->addr : LOOPBACK, port);
	int child;

	*peer = stack_socket(KERNEL, 0);
	if (listen(fd, 1) || connect_to(*peer, &to))
		return -1;
	child = accept(fd, NULL, NULL);
	close(fd);
	return child;
}

/*
 * Hold the port in @state. Returns the socket to close afterwards; -1: this is not
 * possible; -2: the port is held without a socket (TIME-WAIT).
 */
static int hold(enum stack st, enum state state, const struct place *p, int flags,
		uint16_t port, int server, int *peer)
{
	int fd = opened(st, p, flags);
	union addr a = host(p->addr, port);
	char byte;

	*peer = -1;
	if (fd < 0 || bind_to(fd, &a))
		return -1;
	switch (state) {
	case LISTENS:
		return listen(fd, 1) ? -1 : fd;
	case CONNECTED:
		return hold_connection(fd, server, peer) ? fd : -1;
	case ACCEPTED:
		return hold_accepted(fd, p, port, peer);
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

static struct answer ask(enum stack st, const struct place *p, int flags, uint16_t port)
{
	struct answer got = { .listen = -1 };
	int fd = opened(st, p, flags);
	union addr a = host(p->addr, port);

	if (bind_to(fd, &a))
		got.bind = errno;
	else
		got.listen = listen(fd, 1) ? errno : 0;
	close(fd);
	return got;
}

static const char *text(const struct place *p)
{
	static char buf[2][64];
	static int i;
	char *t = buf[i ^= 1];

	snprintf(t, sizeof(buf[0]), "%s%s%s", p->net == V6 ? "6:" : p->net == MAPPED ? "::ffff:" : "",
		 p->addr, p->only6 ? " only" : "");
	return t;
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
 * Where the kernel contradicts itself, choose one of its answers. It lets a v4-mapped
 * address be bound beside the v4-mapped wildcard, but not in the other order; for us
 * such sockets are like IPv4 sockets. And a dual-stack socket that is connected over
 * IPv6 conflicts with all IPv4 addresses if the asker's socket is IPv4, but not if it
 * is IPv6: that is left open (-1).
 */
static int chosen(enum state state, int *ai, int *bi)
{
	const struct place *a = &places[*ai], *b = &places[*bi];

	if (a->net == MAPPED && b->net == MAPPED) {
		*ai = *ai == MAPPED_ANY ? 0 : 1;
		*bi = *bi == MAPPED_ANY ? 0 : 1;
	}
	return *ai == DUAL && state >= CONNECTED && (*bi == 0 || *bi == MAPPED_ANY) ? -1 : 0;
}

/*
 * The two TCPs do not share a port by SO_REUSEPORT: the group would be split in two, of
 * which only one would ever be found. Between them the option counts as not set; the
 * entries without it are the first two of the tables above, 0 and R.
 */
static struct answer *wanted(enum stack a, enum stack b, enum state state, int ai, int af,
			     int bi, int bf)
{
	if (a == KERNEL && b == KERNEL)
		return &want[state][ai][af][bi][bf];
	if (chosen(state, &ai, &bi))
		return NULL;
	return a == b ? &want[state][ai][af][bi][bf] :
			&want[state][ai][holders[af] & R][bi][askers[bf] & R];
}

/*
 * In real time only a seventh of the pairs is tested, another seventh for each state,
 * but always those whose answers chosen() uses for others.
 */
static bool left_out(enum state state, int ai, int bi)
{
	if (ai <= 1 && bi <= 1)
		return false;
	return !virtual_time() && (state * PLACES * PLACES + ai * PLACES + bi) % 7;
}

/*
 * Options act alike for all addresses, so an IPv6 pair is tested with a third of them,
 * in turn. The kernel's own answers are all needed.
 */
static bool passed_over(enum stack a, enum stack b, enum state state, int ai, int af,
			int bi, int bf)
{
	if ((a == KERNEL && b == KERNEL) ||
	    (places[ai].net == V4 && places[bi].net == V4))
		return false;
	return (state + ai + bi + af + bf) % 3;
}

/* Try all askers against one holder. Returns how many answers differ from the kernel's. */
static int all_askers(struct __test_metadata *_metadata, enum stack a, enum stack b,
		      enum state state, int ai, int af, int server, uint16_t *port)
{
	static const char * const states[] = {
		"bound", "listens", "connected", "accepted", "TIME-WAIT"
	};
	int wrong = 0, fd, peer;

	for (int bi = 0; bi < PLACES; bi++) {
		if (left_out(state, ai, bi))
			continue;
		for (size_t bf = 0; bf < ARRAY_SIZE(askers); bf++) {
			struct answer *w = wanted(a, b, state, ai, af, bi, bf), got;

			if (passed_over(a, b, state, ai, af, bi, bf))
				continue;
			fd = hold(a, state, &places[ai], holders[af], ++*port, server, &peer);
			if (fd == -1) {
				TH_LOG("%s cannot hold", stack_name(a));
				return wrong + 1;
			}
			got = ask(b, &places[bi], askers[bf], *port);
			hard_close(fd);
			hard_close(peer);
			if (a == KERNEL && b == KERNEL)
				*w = got;
			if (!w || (got.bind == w->bind && got.listen == w->listen))
				continue;
			wrong++;
			TH_LOG("%s %s %s %s | %s %s %s | bind %s, listen %s, not %s, %s",
			       stack_name(a), states[state], text(&places[ai]),
			       opts(holders[af]), stack_name(b), text(&places[bi]),
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
	uint16_t port = 10000;
	int server, wrong = 0;

	net = V6;
	server = st_bind(KERNEL, ANY, SERVER);
	if (listen(server, 16))
		return -1;
	for (int state = 0; state < STATES; state++)
		for (int ai = 0; ai < PLACES; ai++)
			for (size_t af = 0; af < ARRAY_SIZE(holders); af++)
				wrong += all_askers(_metadata, a, b, state, ai, af, server,
						    &port);
	close(server);
	return wrong;
}

/* Test in a namespace with several IPv6 addresses. Returns the number of wrong answers. */
static int on_own_host(struct __test_metadata *_metadata, enum stack a, enum stack b)
{
	if (ns_new())
		return -1;
	net = V6;
	if (dev_up("lo", "fd00::1", 112, 0))
		return -1;
	return all_holders(_metadata, a, b);
}

FIXTURE(matrix)
{
};

FIXTURE_SETUP(matrix)
{
	need_stack(XTCP);
}

FIXTURE_TEARDOWN(matrix)
{
}

TEST_F_TIMEOUT(matrix, as_the_kernel_alone, 600)
{
	ASSERT_EQ(0, on_own_host(_metadata, KERNEL, KERNEL));
	EXPECT_EQ(0, on_own_host(_metadata, KERNEL, XTCP));
	EXPECT_EQ(0, on_own_host(_metadata, XTCP, KERNEL));
	EXPECT_EQ(0, on_own_host(_metadata, XTCP, XTCP));
}

TEST_HARNESS_MAIN
