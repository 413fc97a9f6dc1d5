// SPDX-License-Identifier: GPL-2.0
/*
 * Routes and devices: which ones a connection uses, what happens when they refuse
 * packets, change or vanish, and routing by mark. For VRF see sock/vrf.c.
 *
 *	here				there
 *	e0 10.1.0.1/24 ------------- e0 10.1.0.2/24
 *	e1 10.2.0.1/24 ------------- e1 10.2.0.2/24
 *	10.9.9.9 by way of e0        lo 10.9.9.9/32
 *	                             10.8.8.8 by way of e0
 *
 * An echo server listens on every address there. IPv6 tests use the addresses that
 * ip6_of() returns for these.
 */
#include <arpa/inet.h>
#include <net/if.h>
#include <sched.h>
#include <stdio.h>

#include "sock_test.h"

#define PORT	7000
#define FAR	"10.9.9.9"
#define OWN	"10.8.8.8"

FIXTURE(host)
{
	pid_t there;
	int fd;
};

FIXTURE_VARIANT(host)
{
	enum stack st;
	enum net net;
};

EACH_STACK_MAPPED(host)

/*
 * Convert an IPv4 address at @from, with its prefix length if any, to IPv6 in @to.
 * Returns the bytes taken from @from.
 */
static int word(const char *from, char *to, size_t room)
{
	char text[INET6_ADDRSTRLEN];
	uint8_t bin[16];
	int len, bits = 0, more = 0;

	if (sscanf(from, "%15[0-9.]%n", text, &len) != 1 || !inet_pton(AF_INET, text, bin))
		return 0;
	ip6_of(text, bin);
	inet_ntop(AF_INET6, bin, text, sizeof(text));
	if (sscanf(from + len, "/%d%n", &bits, &more) == 1)
		/* ip6_of() puts 16 bits before the IPv4 address. */
		snprintf(to, room, "%s/%d", text, bits == 32 ? 128 : bits + 16);
	else
		snprintf(to, room, "%s", text);
	return len + more;
}

/* Run @cmd, converted to IPv6 if the test is. Returns the wait status. */
static int run(const char *cmd)
{
	char line[1024];
	size_t n = 0;
	int len;

	if (net != V6)
		return shell("%s", cmd);
	while (*cmd && n < sizeof(line) - 1) {
		line[n] = 0;
		len = n && line[n - 1] == ' ' ? word(cmd, line + n, sizeof(line) - n) : 0;
		if (!len && !strncmp(cmd, "ip ", 3) && strncmp(cmd, "ip link", 7)) {
			strncat(line, "ip -6 ", sizeof(line) - n - 1);
			len = 3;
		}
		if (len)
			n += strlen(line + n);
		else
			line[n++] = *cmd;
		cmd += len ? len : 1;
	}
	line[n] = 0;
	return shell("%s", line);
}

/* Turn duplicate address detection off, so that addresses are valid at once. */
static void sure(void)
{
	ns_sysctl("ipv6/conf/all/accept_dad", "0");
	ns_sysctl("ipv6/conf/default/accept_dad", "0");
}

static void echo(int fd)
{
	char buf[4096];
	ssize_t n;

	while ((n = recv(fd, buf, sizeof(buf), 0)) > 0)
		if (send(fd, buf, n, MSG_NOSIGNAL) != n)
			break;
	close(fd);
}

static void server(enum stack st)
{
	union addr a = host(ANY, PORT);
	int lfd = stack_socket(st, 0), fd;

	if (bind_to(lfd, &a) || listen(lfd, 8))
		_exit(1);
	signal(SIGCHLD, SIG_IGN);
	for (;;) {
		fd = accept(lfd, NULL, NULL);
		if (fd >= 0 && !child()) {
			close(lfd);
			echo(fd);
			_exit(0);
		}
		close(fd);
	}
}

static int two_hosts(pid_t *there, enum stack st)
{
	int ready[2], go[2];
	char byte;

	if (pipe(ready) || pipe(go))
		return -errno;
	*there = child();
	if (*there < 0)
		return -errno;
	if (!*there) {
		if (unshare(CLONE_NEWNET))
			_exit(1);
		sure();
		if (write(ready[1], "r", 1) != 1 || read(go[0], &byte, 1) != 1)
			_exit(1);
		if (run("ip link set lo up; ip addr add " FAR "/32 dev lo;"
			  "ip addr add 10.1.0.2/24 dev e0; ip addr add 10.2.0.2/24 dev e1;"
			  "ip link set e0 up; ip link set e1 up;"
			  "ip route add " OWN " via 10.1.0.1") ||
		    write(ready[1], "r", 1) != 1)
			_exit(1);
		server(st);
	}
	if (read(ready[0], &byte, 1) != 1)
		return -EIO;
	sure();
	if (shell("set -e; ip link add e0 type veth peer name e0 netns %d;"
		  "ip link add e1 type veth peer name e1 netns %d", *there, *there) ||
	    run("set -e; ip addr add 10.1.0.1/24 dev e0; ip addr add 10.2.0.1/24 dev e1;"
		"ip link set e0 up; ip link set e1 up"))
		return -EIO;
	if (write(go[1], "g", 1) != 1 || read(ready[0], &byte, 1) != 1)
		return -EIO;
	sleep_ms(100);
	return run("ip route add " FAR " via 10.1.0.2") ? -EIO : 0;
}

FIXTURE_SETUP(host)
{
	self->fd = -1;
	variant_begins(variant->st, variant->st, variant->net);
	ASSERT_EQ(0, ns_new());
	ASSERT_EQ(0, two_hosts(&self->there, variant->st));
}

FIXTURE_TEARDOWN(host)
{
	struct linger hard = { .l_onoff = 1 };

	if (self->fd >= 0) {
		setsockopt(self->fd, SOL_SOCKET, SO_LINGER, &hard, sizeof(hard));
		close(self->fd);
	}
	kill(self->there, SIGKILL);
}

static int dial(int fd, const char *to, uint16_t port)
{
	union addr a = host(to, port);

	return connect_to(fd, &a) ? errno : 0;
}

#define dials(to) do {							\
	self->fd = stack_socket(variant->st, 0);			\
	ASSERT_EQ(0, dial(self->fd, (to), PORT));			\
} while (0)

/* Is @addr the socket's local address? */
static bool has(int fd, const char *addr)
{
	union addr want = host(addr, sock_port(fd)), a = {};
	socklen_t len = sizeof(a);

	return !getsockname(fd, &a.sa, &len) && len == addr_len(&want) &&
	       !memcmp(&a, &want, len);
}

#define goes_round(n) do {						\
	ASSERT_EQ((n), send_pat(self->fd, 0, (n)));			\
	ASSERT_EQ((n), recv_pat(self->fd, 0, (n)));			\
} while (0)

/* A process on the other host connects from @from to @addr of this one. */
static pid_t call(pid_t there, const char *from, const char *addr)
{
	struct timeval limit = { .tv_sec = 3 };
	union addr own = host(from, 0);
	pid_t pid = child();
	char path[32];
	int ns, fd;

	if (pid)
		return pid;
	snprintf(path, sizeof(path), "/proc/%d/ns/net", there);
	ns = open(path, O_RDONLY);
	if (ns < 0 || setns(ns, CLONE_NEWNET))
		_exit(2);
	fd = stack_socket(KERNEL, 0);
	setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof(limit));
	_exit(bind_to(fd, &own) || dial(fd, addr, PORT) ? 1 : 0);
}

/* Did the connect() of call() succeed? */
static bool got_through(pid_t pid)
{
	int status;

	return waitpid(pid, &status, 0) == pid && !status;
}

/* ---- connect() ---- */

static const struct {
	const char *route;
	int err;
} refusals[] = {
	{ "unreachable 10.8.0.1", EHOSTUNREACH },
	{ "prohibit 10.8.0.1", EACCES },
	{ "blackhole 10.8.0.1", EINVAL },
	{ "throw 10.8.0.1", ENETUNREACH },
};

TEST_F(host, routes_that_refuse)
{
	char cmd[100];
	int fd;

	for (size_t i = 0; i < ARRAY_SIZE(refusals); i++) {
		TH_LOG("%s", refusals[i].route);
		snprintf(cmd, sizeof(cmd), "ip route add %s", refusals[i].route);
		ASSERT_EQ(0, run(cmd));
		fd = stack_socket(variant->st, 0);
		EXPECT_EQ(refusals[i].err, dial(fd, "10.8.0.1", PORT));
		/* The socket can still connect. */
		EXPECT_EQ(0, dial(fd, FAR, PORT));
		close(fd);
		snprintf(cmd, sizeof(cmd), "ip route del %s", refusals[i].route);
		ASSERT_EQ(0, run(cmd));
	}
	fd = stack_socket(variant->st, 0);
	EXPECT_EQ(ENETUNREACH, dial(fd, "10.8.0.1", PORT));
	close(fd);
}

TEST_F(host, device_of_the_program)
{
	union addr any = host(ANY, PORT);
	int lfd;

	self->fd = stack_socket(variant->st, 0);
	ASSERT_EQ(0, to_device(self->fd, "e1"));
	ASSERT_EQ(0, run("ip route add " FAR " via 10.2.0.2 metric 2000"));
	ASSERT_EQ(0, dial(self->fd, FAR, PORT));
	EXPECT_TRUE(has(self->fd, "10.2.0.1"));
	goes_round(5000);
	/* A listener bound to a device gets only connections over that device. */
	lfd = stack_socket(variant->st, 0);
	ASSERT_EQ(0, to_device(lfd, "e1"));
	ASSERT_EQ(0, bind_to(lfd, &any));
	ASSERT_EQ(0, listen(lfd, 5));
	EXPECT_FALSE(got_through(call(self->there, "10.1.0.2", "10.1.0.1")));
	nonblocking(lfd);
	fails(EAGAIN, accept(lfd, NULL, NULL));
	ASSERT_TRUE(got_through(call(self->there, "10.2.0.2", "10.2.0.1")));
	EXPECT_LE(0, accept(lfd, NULL, NULL));
	close(lfd);
}

/* SO_DONTROUTE: hosts behind a gateway are unreachable, in both directions. IPv4 only. */
TEST_F(host, dontroute_reaches_no_gateway)
{
	union addr any = host(ANY, PORT);
	int lfd, fd;

	if (net == V6)
		return;
	self->fd = stack_socket(variant->st, 0);
	ASSERT_EQ(0, set_int(self->fd, SOL_SOCKET, SO_DONTROUTE, 1));
	EXPECT_EQ(ENETUNREACH, dial(self->fd, FAR, PORT));
	lfd = stack_socket(variant->st, 0);
	ASSERT_EQ(0, set_int(lfd, SOL_SOCKET, SO_DONTROUTE, 1));
	ASSERT_EQ(0, bind_to(lfd, &any));
	ASSERT_EQ(0, listen(lfd, 5));
	EXPECT_FALSE(got_through(call(self->there, FAR, "10.1.0.1")));
	ASSERT_TRUE(got_through(call(self->there, "10.1.0.2", "10.1.0.1")));
	fd = accept(lfd, NULL, NULL);
	EXPECT_LE(0, fd);
	close(fd);
	close(lfd);
}

TEST_F(host, mark_chooses_the_route)
{
	ASSERT_EQ(0, run("set -e; ip rule add fwmark 7 table 100;"
			 "ip route add " FAR " via 10.2.0.2 table 100"));
	dials(FAR);
	EXPECT_TRUE(has(self->fd, "10.1.0.1"));
	close(self->fd);
	self->fd = stack_socket(variant->st, 0);
	ASSERT_EQ(0, set_int(self->fd, SOL_SOCKET, SO_MARK, 7));
	ASSERT_EQ(0, dial(self->fd, FAR, PORT));
	EXPECT_TRUE(has(self->fd, "10.2.0.1"));
	goes_round(5000);
	/* The mark routes all packets, not only the first. */
	ASSERT_EQ(0, run("ip route replace unreachable " FAR));
	goes_round(5000);
}

/* ---- a connection ---- */

static const struct {
	const char *name, *gone, *back;
} breaks[] = {
	{ "another way", "ip route replace " FAR " via 10.2.0.2",
	  "ip route replace " FAR " via 10.1.0.2" },
	{ "no route", "ip route del " FAR, "ip route add " FAR " via 10.1.0.2" },
	{ "unreachable", "ip route replace unreachable " FAR,
	  "ip route replace " FAR " via 10.1.0.2" },
	{ "prohibit", "ip route replace prohibit " FAR,
	  "ip route replace " FAR " via 10.1.0.2" },
	{ "blackhole", "ip route replace blackhole " FAR,
	  "ip route replace " FAR " via 10.1.0.2" },
	{ "device down", "ip link set e0 down",
	  "ip link set e0 up; ip addr replace 10.1.0.1/24 dev e0;"
	  "ip route replace " FAR " via 10.1.0.2" },
	{ "device without an address", "ip addr del 10.1.0.1/24 dev e0",
	  "ip addr add 10.1.0.1/24 dev e0; ip route replace " FAR " via 10.1.0.2" },
};

TEST_F_TIMEOUT(host, way_is_lost_and_found, 120)
{
	dials(FAR);
	for (size_t i = 0; i < ARRAY_SIZE(breaks); i++) {
		TH_LOG("%s", breaks[i].name);
		ASSERT_EQ(0, run(breaks[i].gone));
		ASSERT_EQ(20000, send_pat(self->fd, 0, 20000));
		sleep_ms(300);
		ASSERT_EQ(0, run(breaks[i].back));
		ASSERT_EQ(20000, recv_pat(self->fd, 0, 20000));
		get_int(self->fd, SOL_SOCKET, SO_ERROR);
	}
}

static const struct {
	const char *gone;
	int told;	/* final error of the kernel's TCP over IPv6 */
} ends[] = {
	{ "ip route del " FAR, ENETUNREACH },
	{ "ip route replace unreachable " FAR, EHOSTUNREACH },
	{ "ip route replace prohibit " FAR, EACCES },
	{ "ip link set e0 down", ENETUNREACH },
	{ "ip link del e0", ENETUNREACH },
};

/*
 * The user timeout ends the connection although nothing can be sent. Over IPv6 the
 * kernel's TCP then reports the error of the route.
 */
TEST_F_TIMEOUT(host, way_is_lost, 120)
{
	bool told = net == V6 && variant->st == KERNEL;

	for (size_t i = 0; i < ARRAY_SIZE(ends); i++) {
		uint64_t start;

		TH_LOG("%s", ends[i].gone);
		dials(FAR);
		ASSERT_EQ(0, set_int(self->fd, IPPROTO_TCP, TCP_USER_TIMEOUT, 1500));
		ASSERT_EQ(0, run(ends[i].gone));
		start = now_ms();
		ASSERT_EQ(100, send_pat(self->fd, 0, 100));
		ASSERT_TRUE(poll_for(self->fd, POLLIN, 30000) & POLLERR);
		EXPECT_LE(1000, now_ms() - start);
		EXPECT_EQ(told ? ends[i].told : ETIMEDOUT,
			  get_int(self->fd, SOL_SOCKET, SO_ERROR));
		close(self->fd);
		self->fd = -1;
		run("ip link set e0 up 2>/dev/null;"
		    "ip addr replace 10.1.0.1/24 dev e0 2>/dev/null;"
		    "ip route replace " FAR " via 10.1.0.2 2>/dev/null");
		sleep_ms(100);
	}
}

/* The same if the device's queue drops everything. */
TEST_F(host, queue_takes_nothing)
{
	uint64_t start;

	dials(FAR);
	ASSERT_EQ(0, set_int(self->fd, IPPROTO_TCP, TCP_USER_TIMEOUT, 1500));
	ASSERT_EQ(0, run("tc qdisc replace dev e0 root pfifo limit 0"));
	start = now_ms();
	ASSERT_EQ(100, send_pat(self->fd, 0, 100));
	ASSERT_TRUE(poll_for(self->fd, POLLIN, 20000) & POLLERR);
	EXPECT_LE(1000, now_ms() - start);
	EXPECT_EQ(ETIMEDOUT, get_int(self->fd, SOL_SOCKET, SO_ERROR));
}

/*
 * One of two paths is dead behind the router, and no ICMP message says so. A flow draws
 * a new path at each timeout, so each time half of the stalled flows find the good one.
 * Their source address is on neither device: newer kernels keep a flow on the path whose
 * device has its address.
 */
#define FLOWS	32

TEST_F_TIMEOUT(host, one_of_two_ways_is_dead, 600)
{
	int fd[FLOWS], soon = 0, all = 0;
	char byte;

	if (variant->st == KERNEL)
		SKIP_TEST("the kernel's TCP keeps the route it has");
	if (!virtual_time())
		SKIP_TEST("too many minutes for a real clock");
	ASSERT_EQ(0, ns_sysctl("ipv4/fib_multipath_hash_policy", "1"));	/* by ports */
	ASSERT_EQ(0, run("ip link set lo up; ip addr add " OWN "/32 dev lo;"
			 "ip route replace " FAR " src " OWN
			 " nexthop via 10.1.0.2 nexthop via 10.2.0.2"));
	for (int i = 0; i < FLOWS; i++) {
		self->fd = stack_socket(variant->st, 0);
		ASSERT_EQ(0, dial(self->fd, FAR, PORT));
		goes_round(10);
		fd[i] = self->fd;
	}
	ASSERT_EQ(0, run("ip neigh replace 10.2.0.2 lladdr 02:00:00:00:00:99 dev e1 nud permanent"));
	for (int i = 0; i < FLOWS; i++)
		ASSERT_EQ(1, send(fd[i], "x", 1, 0));
	sleep_ms(1600);		/* three timeouts: 200, 400, 800 ms */
	for (int i = 0; i < FLOWS; i++)
		soon += recv(fd[i], &byte, 1, MSG_DONTWAIT | MSG_PEEK) == 1;
	/* 30 on average; without new draws 16. */
	TH_LOG("%d of %d within three timeouts", soon, FLOWS);
	ASSERT_GE(soon, 24);
	sleep_ms(300000);
	for (int i = 0; i < FLOWS; i++) {
		all += recv(fd[i], &byte, 1, MSG_DONTWAIT) == 1;
		hard_close(fd[i]);
	}
	self->fd = -1;
	/* After ten timeouts one flow in 2,048 is stalled: hardly ever three of 32. */
	ASSERT_GE(all, FLOWS - 2);
}

TEST_HARNESS_MAIN
