// SPDX-License-Identifier: GPL-2.0
/*
 * VRF: which connections sockets get when a host has several routing domains, and
 * whether a port in one domain conflicts with the same port in another.
 *
 *	here				there, the kernel's TCP
 *	e0 10.1.0.1/24 ------------- e0 10.1.0.2/24
 *	e1 10.2.0.1/24 ------------- e1 10.2.0.2/24
 *	in the VRF red
 *
 * and, for the tests of twins, two hosts whose addresses and ports are the same:
 *
 *	here				two hosts
 *	t0 10.3.0.1/24, VRF red ---- e0 10.3.0.2/24
 *	t1 10.3.0.1/24, VRF green -- e0 10.3.0.2/24
 */
#include <arpa/inet.h>
#include <net/if.h>
#include <sched.h>
#include <stdio.h>

#include "sock_test.h"

#define PORT	7000
#define BLUE	"10.1.0.1"	/* in no VRF */
#define RED	"10.2.0.1"
#define BYTES	5000

FIXTURE(vrf)
{
	pid_t there;
};

FIXTURE_VARIANT(vrf)
{
	enum stack st;
	enum net net;
};

EACH_STACK(vrf)

/* A listener bound to @dev, "": to no device. fd or -errno. */
static int listener(enum stack st, const char *dev)
{
	union addr any = host(ANY, PORT);
	int fd = stack_socket(st, 0), err;

	if (!set_int(fd, SOL_SOCKET, SO_REUSEADDR, 1) && (!*dev || !to_device(fd, dev)) &&
	    !bind_to(fd, &any) && !listen(fd, 5))
		return fd;
	err = -errno;
	close(fd);
	return err;
}

static int addresses(const char *host)
{
	for (int dev = 0; dev < 2; dev++) {
		char name[] = { 'e', '0' + dev, 0 }, addr[INET_ADDRSTRLEN];
		int err;

		snprintf(addr, sizeof(addr), "10.%d.0.%s", dev + 1, host);
		err = dev_up(name, addr, 24, 1500);
		if (err)
			return err;
	}
	return 0;
}

static void echo(int fd)
{
	char buf[4096];
	ssize_t n;

	while ((n = recv(fd, buf, sizeof(buf), 0)) > 0)
		if (send(fd, buf, n, MSG_NOSIGNAL) != n)
			break;
}

/* The other host: a namespace with a server. */
static void other_host(int ready, int go)
{
	char byte;
	int lfd, fd;

	if (unshare(CLONE_NEWNET) || write(ready, "r", 1) != 1 || read(go, &byte, 1) != 1 ||
	    addresses("2"))
		_exit(1);
	lfd = listener(KERNEL, "");
	if (lfd < 0 || write(ready, "r", 1) != 1)
		_exit(1);
	for (;;) {
		fd = accept(lfd, NULL, NULL);
		echo(fd);
		close(fd);
	}
}

FIXTURE_SETUP(vrf)
{
	int ready[2], go[2];
	char byte;

	variant_begins(variant->st, variant->st, variant->net);
	ASSERT_EQ(0, ns_new());
	ASSERT_EQ(0, pipe(ready));
	ASSERT_EQ(0, pipe(go));
	self->there = child();
	ASSERT_LE(0, self->there);
	if (!self->there)
		other_host(ready[1], go[0]);
	close(ready[1]);
	ASSERT_EQ(1, read(ready[0], &byte, 1));
	if (shell("ip link add red type vrf table 50"))
		SKIP_TEST("no VRF in this kernel");
	ASSERT_EQ(0, shell("set -e; ip link set red up;"
			   "ip link add e0 type veth peer name e0 netns %d;"
			   "ip link add e1 type veth peer name e1 netns %d;"
			   "ip link set e1 master red", self->there, self->there));
	ASSERT_EQ(0, addresses("1"));
	ASSERT_EQ(1, write(go[1], "g", 1));
	ASSERT_EQ(1, read(ready[0], &byte, 1));
	sleep_ms(100);
}

FIXTURE_TEARDOWN(vrf)
{
	kill(self->there, SIGKILL);
}

/* Can a socket listen on @dev? 0 or -errno. */
static int listens(enum stack st, const char *dev)
{
	int fd = listener(st, dev);

	if (fd < 0)
		return fd;
	close(fd);
	return 0;
}

/*
 * A process on the other host connects from port @from, 0: any, to @addr, and then
 * echoes what it gets until EOF.
 */
static pid_t call_from(pid_t there, uint16_t from, const char *addr)
{
	struct timeval limit = { .tv_sec = 20 };
	union addr a = host(addr, PORT), own = host(ANY, from);
	pid_t pid = child();
	char path[32];
	int ns, fd;

	if (pid)
		return pid;
	/* Close the inherited sockets: the process must not keep a listener open. */
	for (fd = 3; fd < 64; fd++)
		close(fd);
	snprintf(path, sizeof(path), "/proc/%d/ns/net", there);
	ns = open(path, O_RDONLY);
	if (ns < 0 || setns(ns, CLONE_NEWNET))
		_exit(ECHILD);
	fd = stack_socket(KERNEL, 0);
	setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof(limit));
	set_int(fd, SOL_SOCKET, SO_REUSEADDR, 1);
	if ((from && bind_to(fd, &own)) || connect_to(fd, &a))
		_exit(errno);
	echo(fd);
	_exit(0);
}

static pid_t call(pid_t there, const char *addr)
{
	return call_from(there, 0, addr);
}

/* The errno of connect() in call(), 0: it succeeded; -1: the process failed. */
static int outcome(pid_t pid)
{
	int status;

	return waitpid(pid, &status, 0) == pid && WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

/* The device that a socket is bound to, or "". */
static const char *device(int fd)
{
	static char name[IFNAMSIZ];
	socklen_t len = sizeof(name);

	memset(name, 0, sizeof(name));
	getsockopt(fd, SOL_SOCKET, SO_BINDTODEVICE, name, &len);
	return name;
}

#define goes_round(fd) do {						\
	ASSERT_EQ(BYTES, send_pat((fd), 0, BYTES));			\
	ASSERT_EQ(BYTES, recv_pat((fd), 0, BYTES));			\
} while (0)

/* Only the VRF's routing table has a route to 10.2.0.0/24. */
TEST_F(vrf, connects_by_the_vrfs_table)
{
	union addr red = host("10.2.0.2", PORT);
	int fd = stack_socket(variant->st, 0);

	fails(ENETUNREACH, connect_to(fd, &red));
	ASSERT_EQ(0, to_device(fd, "red"));
	ASSERT_EQ(0, connect_to(fd, &red));
	goes_round(fd);
	close(fd);
}

static const struct {
	const char *dev;	/* what the listener is bound to */
	bool across;		/* l3mdev_accept */
	const char *calls;
	int err;
	const char *child;	/* what the accepted socket is bound to */
} accepts[] = {
	{ "",    false, BLUE, 0,		"" },
	{ "",    false, RED,  ECONNREFUSED },
	{ "red", false, RED,  0,		"red" },
	{ "red", false, BLUE, ECONNREFUSED },
	{ "e1",  false, RED,  0,		"e1" },
	{ "",    true,  BLUE, 0,		"" },
	{ "",    true,  RED,  0,		"red" },
	{ "red", true,  RED,  0,		"red" },
	{ "red", true,  BLUE, ECONNREFUSED },
	{ "e1",  true,  RED,  0,		"e1" },
};

TEST_F_TIMEOUT(vrf, listener_accepts_from_its_vrf, 300)
{
	int lfd, fd, cookies;
	pid_t caller;

	for (size_t i = 0; i < 2 * ARRAY_SIZE(accepts); i++) {
		cookies = i % 2;
		TH_LOG("%zu, cookies %d", i / 2, cookies);
		ASSERT_EQ(0, ns_sysctl("ipv4/tcp_syncookies", cookies ? "2" : "0"));
		ASSERT_EQ(0, ns_sysctl("ipv4/tcp_l3mdev_accept",
				       accepts[i / 2].across ? "1" : "0"));
		lfd = listener(variant->st, accepts[i / 2].dev);
		ASSERT_LE(0, lfd);
		caller = call(self->there, accepts[i / 2].calls);
		if (accepts[i / 2].err) {
			EXPECT_EQ(accepts[i / 2].err, outcome(caller));
			close(lfd);
			continue;
		}
		ASSERT_TRUE(poll_for(lfd, POLLIN, 20000) & POLLIN);
		fd = accept(lfd, NULL, NULL);
		EXPECT_STREQ(accepts[i / 2].child, device(fd));
		goes_round(fd);
		close(fd);
		close(lfd);
		EXPECT_EQ(0, outcome(caller));
	}
}

/* A retransmitted SYN-ACK takes the same route. */
TEST_F_TIMEOUT(vrf, synack_again_takes_the_same_route, 120)
{
	pid_t caller;
	int lfd, fd;

	ASSERT_EQ(0, ns_sysctl("ipv4/tcp_l3mdev_accept", "1"));
	if (shell("nft 'add table inet t; add chain inet t out { type filter hook output priority 0; };"
		  "add rule inet t out tcp sport %d drop'", PORT))
		SKIP_TEST("no nftables");
	lfd = listener(variant->st, "");
	ASSERT_LE(0, lfd);
	caller = call(self->there, RED);
	sleep_ms(500);
	ASSERT_EQ(0, shell("nft flush table inet t"));
	ASSERT_TRUE(poll_for(lfd, POLLIN, 20000) & POLLIN);
	fd = accept(lfd, NULL, NULL);
	EXPECT_STREQ("red", device(fd));
	goes_round(fd);
	close(fd);
	close(lfd);
	EXPECT_EQ(0, outcome(caller));
}

/* What exists of a listener in the VRF when another socket wants its port. */
static const struct {
	const char *name;
	bool lingers;	/* a TIME-WAIT record */
	bool open;	/* a connection */
	bool listens;	/* the listener itself */
} left[] = {
	{ "nothing" },
	{ "TIME-WAIT",	.lingers = true },
	{ "connection",	.open = true },
	{ "listener",	.open = true, .listens = true },
};

static void ports(struct __test_metadata *_metadata, pid_t there, enum stack st, bool across)
{
	struct linger hard = { .l_onoff = 1 };
	int lfd, fd, held;
	pid_t caller;

	ASSERT_EQ(0, ns_sysctl("ipv4/tcp_l3mdev_accept", across ? "1" : "0"));
	for (size_t i = 0; i < ARRAY_SIZE(left); i++) {
		TH_LOG("%s", left[i].name);
		lfd = listener(st, "red");
		ASSERT_LE(0, lfd);
		caller = call(there, RED);
		fd = accept(lfd, NULL, NULL);
		ASSERT_LE(0, fd);
		sleep_ms(100);
		if (!left[i].open) {
			if (!left[i].lingers)
				setsockopt(fd, SOL_SOCKET, SO_LINGER, &hard, sizeof(hard));
			close(fd);
		}
		if (!left[i].listens)
			close(lfd);
		sleep_ms(100);
		held = left[i].listens ? -EADDRINUSE : 0;
		EXPECT_EQ(across ? held : 0, listens(st, ""));
		/* Sockets of the two TCPs conflict where two sockets of one TCP would. */
		EXPECT_EQ(across ? held : 0, listens(!st, ""));
		EXPECT_EQ(held, listens(!st, "red"));
		if (left[i].open)
			close(fd);
		if (left[i].listens)
			close(lfd);
		EXPECT_EQ(0, outcome(caller));
	}
}

TEST_F_TIMEOUT(vrf, twins_ports_do_not_conflict, 120)
{
	ports(_metadata, self->there, variant->st, false);
	ports(_metadata, self->there, variant->st, true);
}

/* ---- twins ---- */

#define TWIN	"10.3.0.1"
#define FROM	5555

static const char *const twin_vrf[] = { "red", "green" };

FIXTURE(twins)
{
	pid_t there[2];
};

FIXTURE_VARIANT(twins)
{
	enum stack st;
	enum net net;
};

EACH_STACK(twins)

/* The other host: a namespace with one address, added once its device exists. */
static void twin_host(int ready, int go)
{
	char byte;

	if (unshare(CLONE_NEWNET) || write(ready, "r", 1) != 1 || read(go, &byte, 1) != 1 ||
	    dev_up("e0", "10.3.0.2", 24, 1500) || write(ready, "r", 1) != 1)
		_exit(1);
	pause();
}

FIXTURE_SETUP(twins)
{
	char byte, dev[] = "t0";
	int ready[2], go[2];

	variant_begins(variant->st, variant->st, variant->net);
	ASSERT_EQ(0, ns_new());
	if (shell("ip link add red type vrf table 50"))
		SKIP_TEST("no VRF in this kernel");
	ASSERT_EQ(0, shell("ip link add green type vrf table 51"));
	if (shell("nft 'add table inet t; add chain inet t out { type filter hook output priority 0; }'"))
		SKIP_TEST("no nftables");
	ASSERT_EQ(0, ns_sysctl("ipv4/tcp_l3mdev_accept", "1"));
	for (int i = 0; i < 2; i++) {
		ASSERT_EQ(0, pipe(ready));
		ASSERT_EQ(0, pipe(go));
		self->there[i] = child();
		ASSERT_LE(0, self->there[i]);
		if (!self->there[i])
			twin_host(ready[1], go[0]);
		dev[1] = '0' + i;
		ASSERT_EQ(1, read(ready[0], &byte, 1));
		ASSERT_EQ(0, shell("set -e; ip link set %s up;"
				   "ip link add %s type veth peer name e0 netns %d;"
				   "ip link set %s master %s", twin_vrf[i], dev,
				   self->there[i], dev, twin_vrf[i]));
		ASSERT_EQ(0, dev_up(dev, TWIN, 24, 1500));
		ASSERT_EQ(1, write(go[1], "g", 1));
		ASSERT_EQ(1, read(ready[0], &byte, 1));
	}
	sleep_ms(100);
}

FIXTURE_TEARDOWN(twins)
{
	kill(self->there[0], SIGKILL);
	kill(self->there[1], SIGKILL);
}

/* Drop what the listener sends to the first twin. */
#define unheard()	ASSERT_EQ(0, shell("nft add rule inet t out oifname t0 tcp sport %d drop", PORT))
#define heard_again()	ASSERT_EQ(0, shell("nft flush table inet t"))

#define answers(lfd, fd, twin) do {					\
	ASSERT_TRUE(poll_for((lfd), POLLIN, 20000) & POLLIN);		\
	(fd) = accept((lfd), NULL, NULL);				\
	ASSERT_STREQ(twin_vrf[twin], device(fd));			\
	goes_round(fd);							\
} while (0)

/* While one twin's connection is half-open, the other twin's is opened at once. */
TEST_F_TIMEOUT(twins, half_open_twin_blocks_nothing, 120)
{
	int lfd = listener(variant->st, ""), fd[2];
	pid_t caller[2];
	uint64_t start;

	ASSERT_LE(0, lfd);
	unheard();
	caller[0] = call_from(self->there[0], FROM, TWIN);
	sleep_ms(300);
	if (variant->st == XTCP)
		ASSERT_EQ(1, xtcp_count("Requests"));
	start = now_ms();
	caller[1] = call_from(self->there[1], FROM, TWIN);
	answers(lfd, fd[1], 1);
	/* It took one SYN. */
	if (virtual_time())
		EXPECT_GT(900, now_ms() - start);
	if (variant->st == XTCP)
		ASSERT_EQ(1, xtcp_count("Requests"));
	heard_again();
	answers(lfd, fd[0], 0);
	goes_round(fd[1]);
	for (int i = 0; i < 2; i++) {
		close(fd[i]);
		EXPECT_EQ(0, outcome(caller[i]));
	}
	close(lfd);
}

/* Both twins' connections are in TIME-WAIT; one is reopened. */
TEST_F_TIMEOUT(twins, time_wait_twin_blocks_nothing, 120)
{
	int lfd = listener(variant->st, ""), fd;
	pid_t caller;

	ASSERT_LE(0, lfd);
	for (int i = 0; i < 2; i++) {
		caller = call_from(self->there[i], FROM, TWIN);
		answers(lfd, fd, i);
		close(fd);
		EXPECT_EQ(0, outcome(caller));
	}
	if (variant->st == XTCP)
		ASSERT_EQ(2, xtcp_count("TimeWait"));
	sleep_ms(1100);
	/* After a SYN whose handshake fails TIME-WAIT continues. */
	ASSERT_EQ(0, ns_sysctl("ipv4/tcp_synack_retries", "0"));
	unheard();
	caller = call_from(self->there[0], FROM, TWIN);
	sleep_ms(300);
	if (variant->st == XTCP)
		EXPECT_EQ(1, xtcp_count("TimeWait"));
	kill(caller, SIGKILL);
	waitpid(caller, NULL, 0);
	sleep_ms(5000);
	if (variant->st == XTCP) {
		EXPECT_EQ(0, xtcp_count("Requests"));
		EXPECT_EQ(2, xtcp_count("TimeWait"));
	}
	heard_again();
	for (int i = 0; i < 2; i++) {
		caller = call_from(self->there[i], FROM, TWIN);
		answers(lfd, fd, i);
		if (variant->st == XTCP)
			EXPECT_EQ(1 - i, xtcp_count("TimeWait"));
		set_int(fd, IPPROTO_TCP, TCP_LINGER2, -1);
		hard_close(fd);
		outcome(caller);
	}
	close(lfd);
}

TEST_HARNESS_MAIN
