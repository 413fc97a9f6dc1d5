// SPDX-License-Identifier: GPL-2.0
/*
 * Fast Open over loopback, in every combination of the two TCPs: cookies are
 * requested, used, rotated and shared; sendto(), TCP_FASTOPEN_CONNECT; socket
 * options and sysctls.
 */
#include <linux/tcp.h>
#include <netinet/in.h>
#include <sched.h>

#define _NETINET_TCP_H	1	/* that header clashes with <linux/tcp.h> */
#include "sock_test.h"

#ifndef MSG_FASTOPEN
#define MSG_FASTOPEN	0x20000000
#endif

static int knob(enum stack st, const char *name, const char *value)
{
	char path[64];

	snprintf(path, sizeof(path), "%s%s", st == XTCP ? "xtcp/" : "ipv4/tcp_", name);
	return ns_sysctl(path, value);
}

static int both(const char *name, const char *value)
{
	return knob(KERNEL, name, value) ?: stack_present(XTCP) ? knob(XTCP, name, value) : 0;
}

/* Did the SYN of this connection carry data that was accepted? */
static bool early(int fd)
{
	struct tcp_info info = {};
	socklen_t len = sizeof(info);

	getsockopt(fd, IPPROTO_TCP, TCP_INFO, &info, &len);
	return info.tcpi_options & TCPI_OPT_SYN_DATA;
}

static int client_fail(int fd)
{
	struct tcp_info info = {};
	socklen_t len = sizeof(info);

	getsockopt(fd, IPPROTO_TCP, TCP_INFO, &info, &len);
	return info.tcpi_fastopen_client_fail;
}

static ssize_t send_early(int fd, uint16_t port, size_t len, int flags)
{
	union addr sin = local(port);
	static uint8_t buf[1 << 20];

	pat_fill(buf, 0, len);
	return sendto(fd, buf, len, flags | MSG_FASTOPEN, &sin.sa, addr_len(&sin));
}

static int fo_listen(enum stack st, uint16_t port, int qlen)
{
	int fd = st_listen(st, port, 16);

	if (fd >= 0 && set_int(fd, IPPROTO_TCP, TCP_FASTOPEN, qlen)) {
		close(fd);
		return -EINVAL;
	}
	return fd;
}

FIXTURE(fo)
{
	int lfd;
	int port;
};

FIXTURE_VARIANT(fo)
{
	enum stack client;
	enum stack server;
	enum net net;
};

EACH_PAIR(fo)

FIXTURE_SETUP(fo)
{
	variant_begins(variant->client, variant->server, variant->net);
	ASSERT_EQ(0, ns_new());
	ASSERT_EQ(0, both("fastopen", "3"));
	self->lfd = fo_listen(variant->server, 0, 16);
	ASSERT_GE(self->lfd, 0);
	self->port = sock_port(self->lfd);
}

FIXTURE_TEARDOWN(fo)
{
	close(self->lfd);
}

/* Connect with sendto() of @len bytes; @was_early: the SYN carries the first of them. */
#define visit(len, was_early) do {					\
	int _c = stack_socket(variant->client, 0), _s;			\
	ASSERT_EQ((len), send_early(_c, self->port, (len), 0));		\
	_s = accept(self->lfd, NULL, NULL);				\
	ASSERT_GE(_s, 0);						\
	ASSERT_EQ((len), recv_pat(_s, 0, (len)));			\
	ASSERT_EQ((was_early), early(_c));				\
	ASSERT_EQ((was_early), early(_s));				\
	ASSERT_EQ(300, send_pat(_s, 0, 300));				\
	ASSERT_EQ(300, recv_pat(_c, 0, 300));				\
	hard_close(_c);							\
	hard_close(_s);							\
} while (0)

TEST_F(fo, asked_then_used)
{
	visit(100, false);
	visit(100, true);
	visit(1, true);
}

TEST_F(fo, more_than_a_segment)
{
	visit(100, false);
	visit(200000, true);
}

TEST_F(fo, nothing_to_send)
{
	int c;

	visit(100, false);
	c = stack_socket(variant->client, 0);
	ASSERT_EQ(0, send_early(c, self->port, 0, 0));
	ASSERT_FALSE(early(c));
	hard_close(c);
}

/*
 * A non-blocking caller gets the number of bytes that the SYN carries, or EINPROGRESS
 * if there is no cookie.
 */
TEST_F(fo, nonblocking_returns_bytes_in_syn)
{
	int c = stack_socket(variant->client, SOCK_NONBLOCK), s;

	fails(EINPROGRESS, send_early(c, self->port, 100, 0));
	polls(c, POLLOUT, 0);
	ASSERT_EQ(1, client_fail(c));
	ASSERT_EQ(100, send_pat(c, 0, 100));
	s = accept(self->lfd, NULL, NULL);
	ASSERT_GE(s, 0);
	ASSERT_EQ(100, recv_pat(s, 0, 100));
	ASSERT_FALSE(early(s));
	hard_close(c);
	hard_close(s);

	c = stack_socket(variant->client, SOCK_NONBLOCK);
	ASSERT_EQ(100, send_early(c, self->port, 100, 0));
	s = accept(self->lfd, NULL, NULL);
	ASSERT_GE(s, 0);
	ASSERT_EQ(100, recv_pat(s, 0, 100));
	ASSERT_TRUE(early(s));
	polls(c, POLLOUT, 0);
	ASSERT_TRUE(early(c));
	ASSERT_EQ(0, client_fail(c));
	ASSERT_EQ(200, send_pat(c, 100, 200));
	ASSERT_EQ(200, recv_pat(s, 100, 200));
	hard_close(c);
	hard_close(s);
}

/* A non-blocking write that does not fit into the SYN returns the bytes that do. */
TEST_F(fo, nonblocking_returns_bytes_that_fit)
{
	int c, s;
	ssize_t n;

	visit(100, false);
	c = stack_socket(variant->client, SOCK_NONBLOCK);
	n = send_early(c, self->port, 1 << 20, 0);
	ASSERT_GT(n, 1000);
	ASSERT_LE(n, 65535);
	s = accept(self->lfd, NULL, NULL);
	ASSERT_GE(s, 0);
	ASSERT_EQ(n, recv_pat(s, 0, n));
	hard_close(c);
	hard_close(s);
}

/* TCP_FASTOPEN_CONNECT: connect() returns 0 at once; the first write sends the SYN. */
TEST_F(fo, lazy_connect_sends_syn_with_first_write)
{
	union addr sin = local(self->port);
	int c = stack_socket(variant->client, 0), s;

	/* Without a cookie connect() sends the SYN, with a request for a cookie. */
	ASSERT_EQ(0, set_int(c, IPPROTO_TCP, TCP_FASTOPEN_CONNECT, 1));
	ASSERT_EQ(0, connect_to(c, &sin));
	ASSERT_EQ(POLLIN, poll_for(self->lfd, POLLIN, 1000));
	s = accept(self->lfd, NULL, NULL);
	hard_close(c);
	hard_close(s);

	c = stack_socket(variant->client, 0);
	ASSERT_EQ(0, set_int(c, IPPROTO_TCP, TCP_FASTOPEN_CONNECT, 1));
	ASSERT_EQ(0, connect_to(c, &sin));
	ASSERT_EQ(0, poll_for(self->lfd, POLLIN, 50));
	ASSERT_EQ(POLLOUT, poll_now(c, POLLIN | POLLOUT));
	ASSERT_EQ(500, send_pat(c, 0, 500));
	s = accept(self->lfd, NULL, NULL);
	ASSERT_GE(s, 0);
	ASSERT_EQ(500, recv_pat(s, 0, 500));
	ASSERT_TRUE(early(c));
	ASSERT_TRUE(early(s));
	hard_close(c);
	hard_close(s);
}

TEST_F(fo, lazy_connect_nonblocking)
{
	union addr sin = local(self->port);
	int c, s;

	visit(100, false);
	c = stack_socket(variant->client, SOCK_NONBLOCK);
	ASSERT_EQ(0, set_int(c, IPPROTO_TCP, TCP_FASTOPEN_CONNECT, 1));
	ASSERT_EQ(0, connect_to(c, &sin));
	fails(EISCONN, connect_to(c, &sin));
	ASSERT_EQ(500, send_pat(c, 0, 500));
	s = accept(self->lfd, NULL, NULL);
	ASSERT_GE(s, 0);
	ASSERT_EQ(500, recv_pat(s, 0, 500));
	ASSERT_TRUE(early(s));
	hard_close(c);
	hard_close(s);
}

/* A lazy connect that never writes sends nothing. */
TEST_F(fo, lazy_connect_closed)
{
	union addr sin = local(self->port), none = { .sa.sa_family = AF_UNSPEC };
	int c, s;

	visit(100, false);
	c = stack_socket(variant->client, 0);
	ASSERT_EQ(0, set_int(c, IPPROTO_TCP, TCP_FASTOPEN_CONNECT, 1));
	ASSERT_EQ(0, connect_to(c, &sin));
	ASSERT_EQ(0, connect_to(c, &none));
	/* Connect once more. */
	ASSERT_EQ(0, connect_to(c, &sin));
	ASSERT_EQ(10, send_pat(c, 0, 10));
	s = accept(self->lfd, NULL, NULL);
	ASSERT_EQ(10, recv_pat(s, 0, 10));
	hard_close(c);
	hard_close(s);
	c = stack_socket(variant->client, 0);
	ASSERT_EQ(0, set_int(c, IPPROTO_TCP, TCP_FASTOPEN_CONNECT, 1));
	ASSERT_EQ(0, connect_to(c, &sin));
	close(c);
	ASSERT_EQ(0, poll_for(self->lfd, POLLIN, 50));
}

/*
 * Dissolve the connection under a child's sendto(), which waits for a SYN-ACK. The
 * child runs again only when this process, which is then SCHED_FIFO, sleeps.
 */
static void send_then_dissolve(int c)
{
	union addr to = { .in = {
		.sin_family = AF_INET,
		.sin_port = htons(7),
		.sin_addr.s_addr = htonl(0x0a4d0002),
	} }, none = { .sa.sa_family = AF_UNSPEC };
	struct sched_param first = { .sched_priority = 1 };
	static char buf[20000];

	if (!child()) {
		sendto(c, buf, sizeof(buf), MSG_FASTOPEN, &to.sa, addr_len(&to));
		sleep_ms(100000);
	}
	sleep_ms(200);
	sched_setscheduler(0, SCHED_FIFO, &first);
	connect_to(c, &none);
}

/* Bytes of the dissolved sendto() do not go to the socket's next connection. */
TEST_F(fo, dissolved_by_another)
{
	union addr sin = local(self->port);
	int c, s;

	if (net != V4)
		SKIP_TEST("of IPv4: the address");
	ASSERT_EQ(0, knob(variant->client, "fastopen", "5"));
	ASSERT_EQ(0, shell("set -e; ip link add d0 type dummy; ip link set d0 up;"
			   "ip addr add 10.77.0.1/24 dev d0;"
			   "ip neigh add 10.77.0.2 lladdr 02:00:00:00:00:02 dev d0"));
	c = stack_socket(variant->client, 0);
	send_then_dissolve(c);
	ASSERT_EQ(0, connect_to(c, &sin));
	s = accept(self->lfd, NULL, NULL);
	ASSERT_GE(s, 0);
	ASSERT_EQ(0, poll_for(s, POLLIN, 1000));
	hard_close(c);
	hard_close(s);

	/* Nor does that sendto() end a later lazy connect(). */
	c = stack_socket(variant->client, 0);
	ASSERT_EQ(0, set_int(c, IPPROTO_TCP, TCP_FASTOPEN_CONNECT, 1));
	send_then_dissolve(c);
	ASSERT_EQ(0, connect_to(c, &sin));
	ASSERT_EQ(0, poll_for(self->lfd, POLLIN, 200));
	ASSERT_EQ(1, send(c, "x", 1, MSG_DONTWAIT));
	s = accept(self->lfd, NULL, NULL);
	ASSERT_GE(s, 0);
	ASSERT_EQ(POLLIN, poll_for(s, POLLIN, 1000));
	hard_close(c);
	hard_close(s);
}

/* Without a listener the error is that of connect(). */
TEST_F(fo, refusal_is_that_of_connect)
{
	int c;

	visit(100, false);
	close(self->lfd);
	self->lfd = -1;
	c = stack_socket(variant->client, 0);
	fails(ECONNREFUSED, send_early(c, self->port, 100, 0));
	close(c);
}

TEST_F(fo, server_off)
{
	visit(100, false);
	ASSERT_EQ(0, knob(variant->server, "fastopen", "1"));
	visit(100, false);
	ASSERT_EQ(0, knob(variant->server, "fastopen", "3"));
	visit(100, true);
	ASSERT_EQ(0, set_int(self->lfd, IPPROTO_TCP, TCP_FASTOPEN, 0));
	visit(100, false);
}

TEST_F(fo, client_off)
{
	int c = stack_socket(variant->client, 0);

	visit(100, false);
	ASSERT_EQ(0, knob(variant->client, "fastopen", "2"));
	fails(EOPNOTSUPP, send_early(c, self->port, 100, 0));
	ASSERT_EQ(-EOPNOTSUPP, set_int(c, IPPROTO_TCP, TCP_FASTOPEN_CONNECT, 1));
	close(c);
	/* XTCP's sysctl follows later changes of the kernel's until it is written. */
	ASSERT_EQ(0, ns_sysctl("xtcp/fastopen", "default"));
	ASSERT_EQ(0, ns_sysctl("ipv4/tcp_fastopen", "3"));
	c = stack_socket(variant->client, 0);
	ASSERT_EQ(0, ns_sysctl("ipv4/tcp_fastopen", "2"));
	fails(EOPNOTSUPP, send_early(c, self->port, 100, 0));
	close(c);
}

#define KEY1	"00112233-44556677-8899aabb-ccddeeff"
#define KEY2	"01234567-89abcdef-fedcba98-76543210"

/*
 * The first key makes cookies, both keys verify them, and a client with a cookie of the
 * second key gets a new one.
 */
TEST_F(fo, second_key_still_verifies)
{
	ASSERT_EQ(0, knob(variant->server, "fastopen_key", KEY1));
	visit(100, false);
	visit(100, true);
	ASSERT_EQ(0, knob(variant->server, "fastopen_key", KEY2 "," KEY1));
	visit(100, true);
	ASSERT_EQ(0, knob(variant->server, "fastopen_key", KEY2));
	visit(100, true);
	ASSERT_EQ(0, knob(variant->server, "fastopen_key", KEY1));
	visit(100, false);
	visit(100, true);
}

/* Servers that share a key accept each other's cookies, whichever TCP they use. */
TEST_F(fo, servers_with_one_key_share_cookies)
{
	need_stack(XTCP);
	ASSERT_EQ(0, both("fastopen_key", KEY1));
	visit(100, false);
	close(self->lfd);
	self->lfd = fo_listen(variant->server == XTCP ? KERNEL : XTCP, 0, 16);
	ASSERT_GE(self->lfd, 0);
	self->port = sock_port(self->lfd);
	visit(100, true);
}

/* A listener may have keys of its own. */
TEST_F(fo, keys_of_a_listener)
{
	uint8_t keys[32] = { 1, 2, 3, 4, 5, 6, 7, 8, 9 };

	ASSERT_EQ(0, setsockopt(self->lfd, IPPROTO_TCP, TCP_FASTOPEN_KEY, keys, 16));
	visit(100, false);
	visit(100, true);
	/* The namespace's keys do not matter to it. */
	ASSERT_EQ(0, knob(variant->server, "fastopen_key", KEY1));
	visit(100, true);
	memcpy(keys + 16, keys, 16);
	keys[0] = 77;
	ASSERT_EQ(0, setsockopt(self->lfd, IPPROTO_TCP, TCP_FASTOPEN_KEY, keys, 32));
	visit(100, true);
	keys[16] = 78;
	keys[0] = 79;
	ASSERT_EQ(0, setsockopt(self->lfd, IPPROTO_TCP, TCP_FASTOPEN_KEY, keys, 32));
	visit(100, false);
}

/* If both ends allow it, no cookie is needed. */
TEST_F(fo, no_cookie_by_knob)
{
	ASSERT_EQ(0, both("fastopen", "519"));	/* 0x207 */
	visit(100, true);
}

TEST_F(fo, no_cookie_by_option)
{
	int c = stack_socket(variant->client, 0), s;

	ASSERT_EQ(0, set_int(self->lfd, IPPROTO_TCP, TCP_FASTOPEN_NO_COOKIE, 1));
	ASSERT_EQ(0, set_int(c, IPPROTO_TCP, TCP_FASTOPEN_NO_COOKIE, 1));
	ASSERT_EQ(100, send_early(c, self->port, 100, 0));
	s = accept(self->lfd, NULL, NULL);
	ASSERT_EQ(100, recv_pat(s, 0, 100));
	ASSERT_TRUE(early(s));
	hard_close(c);
	hard_close(s);
}

/* 0x403 enables Fast Open for listeners that do not set TCP_FASTOPEN. */
TEST_F(fo, listeners_by_knob)
{
	close(self->lfd);
	self->lfd = st_listen(variant->server, 0, 16);
	self->port = sock_port(self->lfd);
	visit(100, false);
	visit(100, false);
	close(self->lfd);
	ASSERT_EQ(0, knob(variant->server, "fastopen", "1027"));
	self->lfd = st_listen(variant->server, 0, 16);
	self->port = sock_port(self->lfd);
	ASSERT_EQ(16, get_int(self->lfd, IPPROTO_TCP, TCP_FASTOPEN));
	visit(100, false);
	visit(100, true);
}

/* ---- options ---- */

TEST_F(one, options_are_checked_and_read_back)
{
	uint8_t keys[33], back[40];
	socklen_t len;
	int fd = self->fd;

	ASSERT_EQ(0, knob(variant->st, "fastopen", "3"));
	ASSERT_EQ(0, get_int(fd, IPPROTO_TCP, TCP_FASTOPEN));
	ASSERT_EQ(-EINVAL, set_int(fd, IPPROTO_TCP, TCP_FASTOPEN, -1));
	ASSERT_EQ(0, set_int(fd, IPPROTO_TCP, TCP_FASTOPEN, 7));
	ASSERT_EQ(7, get_int(fd, IPPROTO_TCP, TCP_FASTOPEN));
	ASSERT_EQ(0, set_int(fd, IPPROTO_TCP, TCP_FASTOPEN, 1 << 20));
	ASSERT_LE(get_int(fd, IPPROTO_TCP, TCP_FASTOPEN), 65536);	/* somaxconn */
	ASSERT_EQ(0, set_int(fd, IPPROTO_TCP, TCP_FASTOPEN, 0));
	ASSERT_EQ(0, get_int(fd, IPPROTO_TCP, TCP_FASTOPEN));

	for (int i = 0; i < 2; i++) {
		int opt = i ? TCP_FASTOPEN_NO_COOKIE : TCP_FASTOPEN_CONNECT;

		ASSERT_EQ(0, get_int(fd, IPPROTO_TCP, opt));
		ASSERT_EQ(-EINVAL, set_int(fd, IPPROTO_TCP, opt, 2));
		ASSERT_EQ(-EINVAL, set_int(fd, IPPROTO_TCP, opt, -1));
		ASSERT_EQ(0, set_int(fd, IPPROTO_TCP, opt, 1));
		ASSERT_EQ(1, get_int(fd, IPPROTO_TCP, opt));
		fails(EINVAL, setsockopt(fd, IPPROTO_TCP, opt, keys, 3));
	}

	len = sizeof(back);
	ASSERT_EQ(0, getsockopt(fd, IPPROTO_TCP, TCP_FASTOPEN_KEY, back, &len));
	ASSERT_EQ(0, len);
	for (size_t i = 0; i < sizeof(keys); i++)
		keys[i] = i + 1;
	for (int n = 0; n <= 33; n++) {
		if (n == 16 || n == 32)
			continue;
		fails(EINVAL, setsockopt(fd, IPPROTO_TCP, TCP_FASTOPEN_KEY, keys, n));
	}
	for (int n = 32; n >= 16; n -= 16) {
		ASSERT_EQ(0, setsockopt(fd, IPPROTO_TCP, TCP_FASTOPEN_KEY, keys, n));
		len = sizeof(back);
		ASSERT_EQ(0, getsockopt(fd, IPPROTO_TCP, TCP_FASTOPEN_KEY, back, &len));
		ASSERT_EQ(n, len);
		ASSERT_EQ(0, memcmp(keys, back, n));
	}
	len = 5;
	ASSERT_EQ(0, getsockopt(fd, IPPROTO_TCP, TCP_FASTOPEN_KEY, back, &len));
	ASSERT_EQ(5, len);
	fails(EFAULT, setsockopt(fd, IPPROTO_TCP, TCP_FASTOPEN_KEY, (void *)8, 16));
}

/* Options that accepted sockets inherit, and options that a connection refuses. */
TEST_F(one, options_of_a_connection)
{
	int lfd, c, s;

	ASSERT_EQ(0, knob(variant->st, "fastopen", "3"));
	lfd = fo_listen(variant->st, 0, 5);
	ASSERT_EQ(0, set_int(lfd, IPPROTO_TCP, TCP_FASTOPEN_NO_COOKIE, 1));
	ASSERT_EQ(-EINVAL, set_int(lfd, IPPROTO_TCP, TCP_FASTOPEN_CONNECT, 1));
	c = st_connect(variant->st, sock_port(lfd));
	s = accept(lfd, NULL, NULL);
	ASSERT_GE(s, 0);
	ASSERT_EQ(0, get_int(s, IPPROTO_TCP, TCP_FASTOPEN));
	ASSERT_EQ(1, get_int(s, IPPROTO_TCP, TCP_FASTOPEN_NO_COOKIE));
	ASSERT_EQ(0, get_int(s, IPPROTO_TCP, TCP_FASTOPEN_CONNECT));
	ASSERT_EQ(-EINVAL, set_int(s, IPPROTO_TCP, TCP_FASTOPEN, 5));
	ASSERT_EQ(-EINVAL, set_int(c, IPPROTO_TCP, TCP_FASTOPEN_CONNECT, 1));
	ASSERT_EQ(-EINVAL, set_int(c, IPPROTO_TCP, TCP_FASTOPEN_NO_COOKIE, 1));
	ASSERT_EQ(5, get_int(lfd, IPPROTO_TCP, TCP_FASTOPEN));
	hard_close(c);
	hard_close(s);
	close(lfd);
}

TEST_F(one, bad_calls_are_rejected)
{
	union addr none = { .sa.sa_family = AF_UNSPEC };

	fails(EOPNOTSUPP, sendto(self->fd, "x", 1, MSG_FASTOPEN, &none.sa, addr_len(&none)));
	fails(EINVAL, send(self->fd, "x", 1, MSG_FASTOPEN));
}

/* ---- sysctls ---- */

static int knob_read(enum stack st, const char *name, char *buf, size_t size)
{
	char path[96];
	ssize_t n;
	int fd;

	snprintf(path, sizeof(path), "/proc/sys/net/%s%s",
		 st == XTCP ? "xtcp/" : "ipv4/tcp_", name);
	fd = open(path, O_RDONLY);
	if (fd < 0)
		return -errno;
	n = read(fd, buf, size - 1);
	close(fd);
	if (n < 0)
		return -errno;
	buf[n] = 0;
	buf[strcspn(buf, "\n")] = 0;
	return 0;
}

TEST_F(one, knobs_check_values_like_the_kernels)
{
	enum stack st = variant->st;
	char buf[128];

	ASSERT_EQ(0, knob_read(st, "fastopen", buf, sizeof(buf)));
	ASSERT_STREQ("1", buf);
	ASSERT_EQ(0, knob_read(st, "fastopen_blackhole_timeout_sec", buf, sizeof(buf)));
	ASSERT_STREQ("0", buf);
	ASSERT_EQ(0, knob(st, "fastopen_blackhole_timeout_sec", "30"));
	ASSERT_EQ(0, knob_read(st, "fastopen_blackhole_timeout_sec", buf, sizeof(buf)));
	ASSERT_STREQ("30", buf);
	ASSERT_NE(0, knob(st, "fastopen_blackhole_timeout_sec", "-1"));

	ASSERT_EQ(0, knob(st, "fastopen_key", KEY1));
	ASSERT_EQ(0, knob_read(st, "fastopen_key", buf, sizeof(buf)));
	ASSERT_STREQ(KEY1, buf);
	ASSERT_EQ(0, knob(st, "fastopen_key", KEY2 "," KEY1));
	ASSERT_EQ(0, knob_read(st, "fastopen_key", buf, sizeof(buf)));
	ASSERT_STREQ(KEY2 "," KEY1, buf);
	ASSERT_NE(0, knob(st, "fastopen_key", "1-2-3"));
	ASSERT_NE(0, knob(st, "fastopen_key", KEY1 ",1-2-3"));
	ASSERT_NE(0, knob(st, "fastopen_key", "nonsense"));
	ASSERT_EQ(0, knob_read(st, "fastopen_key", buf, sizeof(buf)));
	ASSERT_STREQ(KEY2 "," KEY1, buf);
}

TEST_HARNESS_MAIN
