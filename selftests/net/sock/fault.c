// SPDX-License-Identifier: GPL-2.0
/*
 * Fail each allocation and user copy of a system call in turn: the call must work all
 * the same or return an error, and must undo what it has begun, which the debug kernel
 * checks (kmemleak, KASAN). Needs /proc/thread-self/fail-nth. module.sh covers failures
 * in interrupts.
 */
#include <arpa/inet.h>
#include <linux/filter.h>

#include "sock_test.h"

#define PORT	7000
#define BYTES	30000

#ifndef MSG_FASTOPEN
#define MSG_FASTOPEN	0x20000000
#endif

/* More places than any operation has; reaching it is a failure. */
#define PLACES_MAX	400

static enum stack st;
static int fail_nth;		/* fd of /proc/thread-self/fail-nth */

/* Make the n-th place from here on fail; 0: none. The write itself may fail, once. */
static void fail(int n)
{
	char text[12];
	int len = snprintf(text, sizeof(text), "%d", n);

	if (pwrite(fail_nth, text, len, 0) != len && pwrite(fail_nth, text, len, 0) != len)
		_exit(1);
}

/* Has the place that was to fail been reached? */
static bool failed(void)
{
	char text[12] = "";

	return pread(fail_nth, text, sizeof(text) - 1, 0) > 0 && !atoi(text);
}

static int err_of(int fd)
{
	int err = errno;

	if (fd >= 0)
		hard_close(fd);
	return -err;
}

/* The operations. Each returns 0 or -errno and leaves nothing behind. */

static int made(void)
{
	int fd = stack_socket(st, 0);

	if (fd < 0)
		return -errno;
	close(fd);
	return 0;
}

static int listener(int (*prepare)(int fd))
{
	union addr any = host(ANY, PORT);
	int fd = stack_socket(st, 0);

	if (fd < 0)
		return -errno;
	if (set_int(fd, SOL_SOCKET, SO_REUSEADDR, 1) || (prepare && prepare(fd)) ||
	    bind_to(fd, &any) || listen(fd, 8))
		return err_of(fd);
	return fd;
}

static int listens(void)
{
	int fd = listener(NULL);

	if (fd < 0)
		return fd;
	close(fd);
	return 0;
}

/* Send data that the connection takes at once, so that nothing waits. */
static int through(int from, int to)
{
	static char buf[BYTES];
	ssize_t n = send(from, buf, sizeof(buf), MSG_NOSIGNAL);
	size_t got = 0;

	if (n < 0)
		return -errno;
	while (got < n) {
		ssize_t more = recv(to, buf, sizeof(buf), 0);

		if (more <= 0)
			return more ? -errno : -EPIPE;
		got += more;
	}
	return 0;
}

/* Make a connection and call @use with its two ends. */
static int connection(int (*use)(int c, int s))
{
	int lfd = listener(NULL), c, s, ret;

	if (lfd < 0)
		return lfd;
	c = st_connect(st, PORT);
	ret = c < 0 ? -errno : 0;
	if (!ret) {
		s = accept(lfd, NULL, NULL);
		ret = s < 0 ? -errno : use(c, s);
		hard_close(s);
		hard_close(c);
	}
	close(lfd);
	return ret;
}

static int both_ways(int c, int s)
{
	return through(c, s) ?: through(s, c);
}

static int connected(void)
{
	return connection(both_ways);
}

static int vrf(int fd)
{
	int ret = to_device(fd, "red");

	errno = -ret;
	return ret;
}

static int listens_in_vrf(void)
{
	int fd = listener(vrf), other;

	if (fd < 0)
		return fd;
	other = listener(NULL);
	close(fd);
	if (other < 0)
		return other;
	close(other);
	return 0;
}

static int shared(int fd)
{
	return set_int(fd, SOL_SOCKET, SO_REUSEPORT, 1);
}

static int reuseport(void)
{
	struct sock_filter code[] = { { BPF_RET | BPF_K, 0, 0, 1 } };
	struct sock_fprog prog = { .len = ARRAY_SIZE(code), .filter = code };
	int fd[3], i, n, ret = 0;

	for (n = 0; n < ARRAY_SIZE(fd) && !ret; n++) {
		fd[n] = listener(shared);
		if (fd[n] < 0) {
			ret = fd[n];
			break;
		}
	}
	if (!ret && setsockopt(fd[0], SOL_SOCKET, SO_ATTACH_REUSEPORT_CBPF, &prog,
			       sizeof(prog)))
		ret = -errno;
	for (i = 0; i < n; i++)
		close(fd[i]);
	return ret;
}

static int fast_open(void)
{
	static const char key[16] = "sixteen bytes of";
	union addr to = local(PORT);
	int lfd = listener(NULL), c, s, ret = 0;
	char buf[100] = "";

	if (lfd < 0)
		return lfd;
	if (set_int(lfd, IPPROTO_TCP, TCP_FASTOPEN, 8) ||
	    setsockopt(lfd, IPPROTO_TCP, TCP_FASTOPEN_KEY, key, sizeof(key)))
		return err_of(lfd);
	c = stack_socket(st, 0);
	if (c < 0)
		return err_of(lfd);
	if (sendto(c, buf, sizeof(buf), MSG_FASTOPEN | MSG_NOSIGNAL, &to.sa,
		   addr_len(&to)) < 0) {
		ret = -errno;
	} else {
		s = accept(lfd, NULL, NULL);
		if (s < 0 || recv(s, buf, sizeof(buf), 0) < 0)
			ret = -errno;
		hard_close(s);
	}
	hard_close(c);
	close(lfd);
	return ret;
}

/* A connection made in advance, for operations that only use one. */
static int pair[2];

static int ip_options(void)
{
	static const char route[] = { 1, 1, 1, 1 };	/* no operation */

	if (setsockopt(pair[0], IPPROTO_IP, IP_OPTIONS, route, sizeof(route)))
		return -errno;
	return setsockopt(pair[0], IPPROTO_IP, IP_OPTIONS, NULL, 0) ? -errno : 0;
}

static int sent(void)
{
	return through(pair[0], pair[1]);
}

/* A connect() without a route, with IP_RECVERR: no packet exists for the error queue. */
static int error_queue(void)
{
	struct sockaddr_in nowhere = {
		.sin_family = AF_INET, .sin_port = htons(PORT),
		.sin_addr.s_addr = inet_addr("10.9.9.9"),
	};
	char room[200];
	struct msghdr msg = { .msg_control = room, .msg_controllen = sizeof(room) };
	int fd = stack_socket(st, SOCK_NONBLOCK), ret = 0;

	if (fd < 0)
		return -errno;
	if (set_int(fd, IPPROTO_IP, IP_RECVERR, 1) ||
	    (connect(fd, (struct sockaddr *)&nowhere, sizeof(nowhere)) &&
	     errno != EINPROGRESS && errno != ENETUNREACH) ||
	    (recvmsg(fd, &msg, MSG_ERRQUEUE) < 0 && errno != EAGAIN))
		ret = -errno;
	hard_close(fd);
	return ret;
}

/* Turn an IPv6 socket with a v4-mapped connection into an IPv4 socket. */
static int become_v4(int c, int s)
{
	return set_int(c, IPPROTO_IPV6, IPV6_ADDRFORM, AF_INET) ?: through(c, s);
}

static int addrform(void)
{
	int ret;

	net = MAPPED;
	ret = connection(become_v4);
	net = V4;
	return ret;
}

static const struct {
	const char *name;
	int (*run)(void);
	bool v4;	/* IPv4 only */
} operations[] = {
	{ "socket",				made },
	{ "listen",				listens },
	{ "listen in a VRF, and beside it",	listens_in_vrf },
	{ "a group of SO_REUSEPORT",		reuseport },
	{ "connect, accept, send, receive",	connected },
	{ "Fast Open",				fast_open },
	{ "send",				sent },
	{ "IP_OPTIONS",				ip_options,	true },
	{ "IP_RECVERR",				error_queue,	true },
	{ "IPV6_ADDRFORM",			addrform,	true },
};

#define ENOTSUPP	524	/* kernel-internal, but it reaches user space */

/*
 * Errors that the kernel, its own TCP included, returns for failed allocations: ENFILE
 * for an inode, EADDRINUSE for a bind bucket, ENOTSUPP for a filter.
 */
static bool says_so(int ret)
{
	static const int words[] = { 0, ENOMEM, ENOBUFS, EFAULT, ENFILE, EADDRINUSE, ENOTSUPP };
	int i;

	for (i = 0; i < ARRAY_SIZE(words); i++)
		if (ret == -words[i])
			return true;
	return false;
}

FIXTURE(fault)
{
};

FIXTURE_VARIANT(fault)
{
	enum stack st;
	enum net net;
};

EACH_STACK(fault)

FIXTURE_SETUP(fault)
{
	variant_begins(variant->st, variant->st, variant->net);
	st = variant->st;
	file_put("/sys/kernel/debug/failslab/ignore-gfp-wait", "N");
	file_put("/sys/kernel/debug/failslab/verbose", "0");
	fail_nth = open("/proc/thread-self/fail-nth", O_RDWR);
	if (fail_nth < 0)
		SKIP_TEST("no allocations to fail in this kernel");
	ASSERT_EQ(0, ns_new());
	ns_sysctl(st == XTCP ? "xtcp/fastopen" : "ipv4/tcp_fastopen", "7");
	if (shell("ip link add red type vrf table 10 && ip link set red up"))
		SKIP_TEST("no VRF here");
	ASSERT_EQ(0, st_pair(st, st, pair));
}

FIXTURE_TEARDOWN(fault)
{
	hard_close(pair[0]);
	hard_close(pair[1]);
	close(fail_nth);
}

TEST_F_TIMEOUT(fault, each_allocation_may_fail, 900)
{
	int i, n, ret;

	for (i = 0; i < ARRAY_SIZE(operations); i++) {
		if (operations[i].v4 && net != V4)
			continue;
		ret = operations[i].run();
		ASSERT_EQ(0, ret) TH_LOG("%s: %s", operations[i].name, strerror(-ret));
		for (n = 1; n < PLACES_MAX; n++) {
			fail(n);
			ret = operations[i].run();
			if (!failed())
				break;
			EXPECT_TRUE(says_so(ret))
				TH_LOG("%s, place %d: %s", operations[i].name, n,
				       strerror(-ret));
		}
		fail(0);
		ASSERT_EQ(0, ret) TH_LOG("%s: %s", operations[i].name, strerror(-ret));
		ASSERT_LT(n, PLACES_MAX);
		TH_LOG("%s: %d places", operations[i].name, n - 1);
	}
}

TEST_HARNESS_MAIN
