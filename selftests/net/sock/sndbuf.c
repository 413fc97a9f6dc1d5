// SPDX-License-Identifier: GPL-2.0
/*
 * How much a send buffer takes, XTCP's compared with the kernel's, under the options that
 * event loops set (SO_SNDBUF, TCP_NOTSENT_LOWAT), and when POLLOUT goes and returns.
 */
#include "sock_test.h"

#define MSS	1448

static char zeros[1 << 20];

struct row {
	int sndbuf;	/* SO_SNDBUF, bytes; 0: not set */
	int lowat;	/* TCP_NOTSENT_LOWAT, bytes; 0: not set */
	int write;	/* bytes per send() */
};

static const struct row rows[] = {
	{ 4608, 0, 1000 },
	{ 4608, 0, 4096 },
	{ 4608, 0, 65536 },
	{ 16384, 0, 1000 },
	{ 16384, 0, 65536 },
	{ 65536, 0, 1000 },
	{ 65536, 0, 4096 },
	{ 65536, 0, 65536 },
	{ 65536, 0, 1 << 20 },
	{ 262144, 0, 4096 },
	{ 262144, 0, 1 << 20 },
	{ 0, 1, 1000 },
	{ 0, 1, 65536 },
	{ 0, 16384, 100 },
	{ 0, 16384, 65536 },
	{ 262144, 131072, 1000 },
	{ 262144, 131072, 65536 },
	{ 262144, 131072, 1 << 20 },
};

struct taken {
	long first;	/* bytes that the first send() took */
	long all;	/* bytes taken until a send() took none */
	long quiet;	/* bytes queued when POLLOUT was gone */
	long left;	/* bytes queued when POLLOUT was back */
};

static long outq(int fd)
{
	int n = -1;

	return ioctl(fd, TIOCOUTQ, &n) ? -errno : n;
}

static void take(int fd, size_t size, struct taken *t)
{
	ssize_t n;

	memset(t, 0, sizeof(*t));
	while ((n = send(fd, zeros, size, MSG_DONTWAIT)) > 0) {
		t->all += n;
		if (!t->first)
			t->first = n;
		if (!t->quiet && !poll_now(fd, POLLOUT))
			t->quiet = t->all;
	}
}

/* Let the peer read until the socket is writable again. */
static bool wait_for_room(const int fd[2])
{
	for (int i = 0; i < 500; i++) {
		if (poll_for(fd[0], POLLOUT, 10) & POLLOUT)
			return true;
		while (recv(fd[1], zeros, sizeof(zeros), MSG_DONTWAIT) > 0)
			;
	}
	return false;
}

/* Measure with a path so long that nothing is acknowledged before the buffer is full. */
static int measure(enum stack st, const struct row *r, struct taken *t)
{
	int fd[2], ret;

	shell("tc qdisc del dev lo root 2>/dev/null");
	ret = st_pair(st, KERNEL, fd);
	if (ret)
		return ret;
	if (shell("tc qdisc add dev lo root netem delay 300ms limit 1000"))
		return -EOPNOTSUPP;
	if (r->sndbuf)
		set_int(fd[0], SOL_SOCKET, SO_SNDBUF, r->sndbuf);
	if (r->lowat)
		set_int(fd[0], IPPROTO_TCP, TCP_NOTSENT_LOWAT, r->lowat);
	take(fd[0], r->write, t);
	if (!wait_for_room(fd))
		ret = -ETIMEDOUT;
	t->left = outq(fd[0]);
	hard_close(fd[0]);
	hard_close(fd[1]);
	return ret;
}

FIXTURE(sndbuf)
{
};

FIXTURE_VARIANT(sndbuf)
{
	enum net net;
};

FIXTURE_VARIANT_ADD(sndbuf, v4) { V4 };
FIXTURE_VARIANT_ADD(sndbuf, v6) { V6 };

FIXTURE_SETUP(sndbuf)
{
	net = variant->net;
	need_stack(XTCP);
	signal(SIGPIPE, SIG_IGN);
	ASSERT_EQ(0, ns_new());
	ASSERT_EQ(0, ns_up("lo", NULL, 0, net == V6 ? 1520 : 1500));
}

FIXTURE_TEARDOWN(sndbuf)
{
}

/*
 * The kernel's TCP charges the buffer for the skb of each segment, XTCP only for the
 * bytes that it holds. TCP_SKB is in bytes.
 */
#define TCP_SKB		1280
#define GOAL		(22 * MSS)	/* bytes, of half of the peer's window */

static long tcp_overhead(const struct taken *kernel)
{
	return TCP_SKB * (11 + kernel->quiet / GOAL);
}

#define within(from, got, to) do {					\
	EXPECT_LE((from), (got))					\
		TH_LOG("SO_SNDBUF %d, TCP_NOTSENT_LOWAT %d, write %d",	\
		       r->sndbuf, r->lowat, r->write);			\
	EXPECT_GE((to), (got))						\
		TH_LOG("SO_SNDBUF %d, TCP_NOTSENT_LOWAT %d, write %d",	\
		       r->sndbuf, r->lowat, r->write);			\
} while (0)

/*
 * In real time a row takes seconds, and on a slow machine 200 writes take longer than
 * the RTO, which the delay makes spurious: run every third row, which has few writes.
 */
TEST_F_TIMEOUT(sndbuf, takes_what_tcp_takes, 240)
{
	size_t step = virtual_time() ? 1 : 3;

	for (size_t i = step - 1; i < ARRAY_SIZE(rows); i += step) {
		const struct row *r = &rows[i];
		struct taken kernel, ours;

		ASSERT_EQ(0, measure(KERNEL, r, &kernel));
		ASSERT_EQ(0, measure(XTCP, r, &ours));
		within(kernel.first - MSS, ours.first, kernel.first + MSS);
		within(kernel.all - MSS, ours.all, kernel.all + MSS);
		within(kernel.quiet, ours.quiet,
		       kernel.quiet + tcp_overhead(&kernel) + r->write);
		/* POLLOUT returns only when there is room. */
		EXPECT_GT(ours.all, ours.left);
	}
}

/* Without options the initial size is the kernel's, and the buffer takes all of it. */
TEST_F_TIMEOUT(sndbuf, begins_as_large, 60)
{
	static const int mtus[] = { 1500, 9000 };
	static const struct row r = { .write = sizeof(zeros) };

	for (size_t i = 0; i < ARRAY_SIZE(mtus); i++) {
		int size[2], fd[2];
		struct taken t;

		ASSERT_EQ(0, shell("ip link set lo mtu %d", mtus[i]));
		for (int st = 0; st < 2; st++) {
			shell("tc qdisc del dev lo root 2>/dev/null");
			ASSERT_EQ(0, st_pair(st ? XTCP : KERNEL, KERNEL, fd));
			size[st] = get_int(fd[0], SOL_SOCKET, SO_SNDBUF);
			hard_close(fd[0]);
			hard_close(fd[1]);
			ASSERT_EQ(0, measure(st ? XTCP : KERNEL, &r, &t));
		}
		EXPECT_EQ(size[0], size[1])
			TH_LOG("MTU %d", mtus[i]);
		EXPECT_LE(size[1], t.all)
			TH_LOG("MTU %d", mtus[i]);
	}
}

TEST_HARNESS_MAIN
