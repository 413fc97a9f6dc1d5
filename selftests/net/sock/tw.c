// SPDX-License-Identifier: GPL-2.0
/*
 * TIME-WAIT after connections over loopback that the server closes first. A hundred
 * thousand of them leave a record each and no sockets, and all records expire. And
 * TIME-WAIT of a service that moves from one TCP to the other, whose clients reuse
 * their ports.
 */
#include "sock_test.h"

#define PORTS_EACH	25000	/* connections per address; fewer than ephemeral ports */
#define WAIT_MS		30000	/* 2 MSL: the first record outlives the last connect() */

/* One connection to 127.0.0.@host, closed by the server first. 0 or -errno. */
static int leave_one(int lfd, uint16_t port, int host)
{
	struct sockaddr_in sin = {
		.sin_family = AF_INET,
		.sin_port = htons(port),
	};
	int c = stack_socket(XTCP, 0), s, err = 0;
	char byte;

	sin.sin_addr.s_addr = htonl(0x7f000000 + host);
	if (c < 0)
		return -errno;
	if (connect(c, (struct sockaddr *)&sin, sizeof(sin))) {
		err = -errno;
		close(c);
		return err;
	}
	s = accept(lfd, NULL, NULL);
	if (s < 0)
		err = -errno;
	else
		close(s);
	if (!err && recv(c, &byte, 1, 0))
		err = -EIO;
	close(c);
	return err;
}

static int many(long n)
{
	struct sockaddr_in sin = { .sin_family = AF_INET };
	int lfd = stack_socket(XTCP, 0), err = 0;
	socklen_t len = sizeof(sin);

	if (bind(lfd, (struct sockaddr *)&sin, sizeof(sin)) || listen(lfd, 16) ||
	    getsockname(lfd, (struct sockaddr *)&sin, &len))
		return -errno;
	for (long i = 0; i < n && !err; i++)
		err = leave_one(lfd, ntohs(sin.sin_port), 1 + i / PORTS_EACH);
	close(lfd);
	return err;
}

#define waiting(ms) do {						\
	for (int _t = 0; xtcp_count("TimeWait") && _t < (ms); _t += 100)	\
		sleep_ms(100);						\
} while (0)

FIXTURE(records)
{
};

FIXTURE_SETUP(records)
{
	need_stack(XTCP);
	ASSERT_EQ(0, ns_new());
}

FIXTURE_TEARDOWN(records)
{
}

static void fill(struct __test_metadata *_metadata, long n)
{
	char wait[16];
	uint64_t start;

	snprintf(wait, sizeof(wait), "%d", WAIT_MS);
	ASSERT_EQ(0, ns_sysctl("xtcp/timewait_ms", wait));
	ASSERT_EQ(0, ns_sysctl("xtcp/max_tw_buckets", "1000000"));
	start = now_ms();
	ASSERT_EQ(0, many(n));
	TH_LOG("%ld connections in %lu ms", n, (unsigned long)(now_ms() - start));
	if (now_ms() - start < WAIT_MS) {
		ASSERT_EQ(n, xtcp_count("TimeWait"));
		ASSERT_EQ(0, xtcp_count("Sockets"));
	}
	/* The last record's time, plus a tick of the wheel and some of the timer. */
	waiting(WAIT_MS + 5000);
	ASSERT_EQ(0, xtcp_count("TimeWait"));
}

TEST_F_TIMEOUT(records, thousands, 120)
{
	/* On an emulated debug kernel in real time each takes a tenth of a second. */
	fill(_metadata, virtual_time() ? 5000 : 300);
}

TEST_F_TIMEOUT(records, a_hundred_thousand, 1200)
{
	if (!getenv("XTCP_MANY"))
		SKIP_TEST("takes minutes: XTCP_MANY=1");
	fill(_metadata, 100000);
}

/* ---- a service moves ---- */

#define PORT	7000
#define CPORT	7001	/* the client's */

FIXTURE(moves)
{
	int lfd;
	int c;
	int s;
};

FIXTURE_VARIANT(moves)
{
	enum stack client, from, to;
	enum net net;
};

FIXTURE_VARIANT_ADD(moves, kernel_kernel_kernel) { KERNEL, KERNEL, KERNEL, V4 };
FIXTURE_VARIANT_ADD(moves, kernel_kernel_xtcp) { KERNEL, KERNEL, XTCP, V4 };
FIXTURE_VARIANT_ADD(moves, kernel_xtcp_kernel) { KERNEL, XTCP, KERNEL, V4 };
FIXTURE_VARIANT_ADD(moves, kernel_xtcp_xtcp) { KERNEL, XTCP, XTCP, V4 };
FIXTURE_VARIANT_ADD(moves, xtcp_kernel_kernel) { XTCP, KERNEL, KERNEL, V4 };
FIXTURE_VARIANT_ADD(moves, xtcp_kernel_xtcp) { XTCP, KERNEL, XTCP, V4 };
FIXTURE_VARIANT_ADD(moves, xtcp_xtcp_kernel) { XTCP, XTCP, KERNEL, V4 };
FIXTURE_VARIANT_ADD(moves, xtcp_xtcp_xtcp) { XTCP, XTCP, XTCP, V4 };
FIXTURE_VARIANT_ADD(moves, kernel_kernel_kernel_v6) { KERNEL, KERNEL, KERNEL, V6 };
FIXTURE_VARIANT_ADD(moves, kernel_kernel_xtcp_v6) { KERNEL, KERNEL, XTCP, V6 };
FIXTURE_VARIANT_ADD(moves, kernel_xtcp_kernel_v6) { KERNEL, XTCP, KERNEL, V6 };
FIXTURE_VARIANT_ADD(moves, kernel_xtcp_xtcp_v6) { KERNEL, XTCP, XTCP, V6 };
FIXTURE_VARIANT_ADD(moves, xtcp_kernel_kernel_v6) { XTCP, KERNEL, KERNEL, V6 };
FIXTURE_VARIANT_ADD(moves, xtcp_kernel_xtcp_v6) { XTCP, KERNEL, XTCP, V6 };
FIXTURE_VARIANT_ADD(moves, xtcp_xtcp_kernel_v6) { XTCP, XTCP, KERNEL, V6 };
FIXTURE_VARIANT_ADD(moves, xtcp_xtcp_xtcp_v6) { XTCP, XTCP, XTCP, V6 };

FIXTURE_SETUP(moves)
{
	self->c = self->s = self->lfd = -1;
	need_stack(XTCP);
	net = variant->net;
	ASSERT_EQ(0, ns_new());
}

FIXTURE_TEARDOWN(moves)
{
	hard_close(self->c);
	hard_close(self->s);
	close(self->lfd);
}

/* A socket bound with SO_REUSEADDR, as services do to restart at once. */
static int bound(enum stack st, uint16_t port)
{
	union addr at = local(port);
	int fd = stack_socket(st, 0);

	set_int(fd, SOL_SOCKET, SO_REUSEADDR, 1);
	return bind_to(fd, &at) ? -errno : fd;
}

static int retransmissions(int fd)
{
	struct tcp_info ti = {};
	socklen_t len = sizeof(ti);

	return getsockopt(fd, IPPROTO_TCP, TCP_INFO, &ti, &len) ? -errno : ti.tcpi_total_retrans;
}

TEST_F_TIMEOUT(moves, clients_come_back, 300)
{
	const enum stack server[] = { variant->from, variant->to, variant->from };
	const struct timeval limit = { .tv_sec = 5 };
	union addr to = local(PORT);
	char byte;

	for (size_t i = 0; i < ARRAY_SIZE(server); i++) {
		TH_LOG("%zu: %s", i, stack_name(server[i]));
		self->lfd = bound(server[i], PORT);
		ASSERT_GE(self->lfd, 0);
		ASSERT_EQ(0, listen(self->lfd, 5));
		self->c = bound(variant->client, CPORT);
		ASSERT_GE(self->c, 0);
		setsockopt(self->c, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof(limit));
		ASSERT_EQ(0, connect_to(self->c, &to));
		self->s = accept(self->lfd, NULL, NULL);
		ASSERT_GE(self->s, 0);
		ASSERT_EQ(100, send_pat(self->c, 0, 100));
		ASSERT_EQ(100, recv_pat(self->s, 0, 100));
		ASSERT_EQ(100, send_pat(self->s, 0, 100));
		ASSERT_EQ(100, recv_pat(self->c, 0, 100));
		/* In real time a busy host may cause retransmissions with either TCP. */
		if (virtual_time()) {
			EXPECT_EQ(0, retransmissions(self->c));
			EXPECT_EQ(0, retransmissions(self->s));
		}
		/* The server enters TIME-WAIT; the client's next ISN is higher. */
		ASSERT_EQ(0, close(self->s));
		ASSERT_EQ(0, recv(self->c, &byte, 1, 0));
		ASSERT_EQ(0, close(self->c));
		ASSERT_EQ(0, close(self->lfd));
		self->c = self->s = self->lfd = -1;
		sleep_ms(20);
	}
}

TEST_HARNESS_MAIN
