// SPDX-License-Identifier: GPL-2.0
/*
 * Socket options: setting, getting, inheritance by accept(), bad lengths, bad
 * values. Each option is a row of a table.
 */
#include <linux/tcp.h>
#include <netinet/in.h>

#define _NETINET_TCP_H	1	/* that header clashes with <linux/tcp.h> */
#include "sock_test.h"

struct opt {
	const char *name;
	int level;
	int opt;
	int def;	/* value of a new socket, or ANYTHING */
	int set;	/* a valid value */
	int get;	/* what getsockopt() returns for it */
	bool inherited;	/* by accepted sockets */
	int bad;	/* an invalid value, or NONE */
	int err;	/* the errno for @bad */
};

#define ANYTHING	-1234567
#define NONE	-7654321
#define L	true

static const struct opt opts[] = {
	{ "KEEPALIVE", SOL_SOCKET, SO_KEEPALIVE, 0, 1, 1, L, NONE },
	{ "REUSEADDR", SOL_SOCKET, SO_REUSEADDR, 0, 1, 1, L, NONE },
	{ "REUSEPORT", SOL_SOCKET, SO_REUSEPORT, 0, 1, 1, L, NONE },
	{ "OOBINLINE", SOL_SOCKET, SO_OOBINLINE, 0, 1, 1, L, NONE },
	{ "BROADCAST", SOL_SOCKET, SO_BROADCAST, 0, 1, 1, L, NONE },
	{ "DONTROUTE", SOL_SOCKET, SO_DONTROUTE, 0, 1, 1, L, NONE },
	{ "DEBUG", SOL_SOCKET, SO_DEBUG, 0, 1, 1, L, NONE },
	{ "SNDBUF", SOL_SOCKET, SO_SNDBUF, ANYTHING, 30000, 60000, L, NONE },
	{ "RCVBUF", SOL_SOCKET, SO_RCVBUF, ANYTHING, 30000, 60000, L, NONE },
	{ "RCVLOWAT", SOL_SOCKET, SO_RCVLOWAT, 1, 7, 7, L, NONE },
	{ "PRIORITY", SOL_SOCKET, SO_PRIORITY, 0, 3, 3, false, NONE },
	{ "NODELAY", IPPROTO_TCP, TCP_NODELAY, 0, 1, 1, L, NONE },
	{ "CORK", IPPROTO_TCP, TCP_CORK, 0, 1, 1, false, NONE },
	{ "MAXSEG", IPPROTO_TCP, TCP_MAXSEG, 536, 900, ANYTHING, false, 20, EINVAL },
	{ "KEEPIDLE", IPPROTO_TCP, TCP_KEEPIDLE, 7200, 33, 33, L, 0, EINVAL },
	{ "KEEPINTVL", IPPROTO_TCP, TCP_KEEPINTVL, 75, 22, 22, L, 0, EINVAL },
	{ "KEEPCNT", IPPROTO_TCP, TCP_KEEPCNT, 9, 4, 4, L, 0, EINVAL },
	{ "KEEPIDLE max", IPPROTO_TCP, TCP_KEEPIDLE, 7200, 32767, 32767, L,
	  32768, EINVAL },
	{ "KEEPCNT max", IPPROTO_TCP, TCP_KEEPCNT, 9, 127, 127, L, 128, EINVAL },
	{ "SYNCNT", IPPROTO_TCP, TCP_SYNCNT, ANYTHING, 3, 3, L, 0, EINVAL },
	{ "SYNCNT max", IPPROTO_TCP, TCP_SYNCNT, ANYTHING, 127, 127, L, 128, EINVAL },
	{ "LINGER2", IPPROTO_TCP, TCP_LINGER2, 60, 11, 11, L, NONE },
	{ "DEFER_ACCEPT", IPPROTO_TCP, TCP_DEFER_ACCEPT, 0, 1, 1, false, NONE },
	{ "DEFER_ACCEPT 5", IPPROTO_TCP, TCP_DEFER_ACCEPT, 0, 5, 7, false, NONE },
	{ "DEFER_ACCEPT 64", IPPROTO_TCP, TCP_DEFER_ACCEPT, 0, 64, 127, false, NONE },
	{ "DEFER_ACCEPT 200", IPPROTO_TCP, TCP_DEFER_ACCEPT, 0, 200, 247, false, NONE },
	{ "DEFER_ACCEPT off", IPPROTO_TCP, TCP_DEFER_ACCEPT, 0, -1, 0, false, NONE },
	{ "INQ", IPPROTO_TCP, TCP_INQ, 0, 1, 1, L, 2, EINVAL },
	{ "THIN_DUPACK", IPPROTO_TCP, TCP_THIN_DUPACK, 0, 1, 0, L, 2, EINVAL },
	{ "WINDOW_CLAMP", IPPROTO_TCP, TCP_WINDOW_CLAMP, ANYTHING, 20000, 20000,
	  false, NONE },
	{ "QUICKACK", IPPROTO_TCP, TCP_QUICKACK, 1, 1, 1, false, NONE },
	{ "USER_TIMEOUT", IPPROTO_TCP, TCP_USER_TIMEOUT, 0, 5000, 5000, L, -1,
	  EINVAL },
	{ "NOTSENT_LOWAT", IPPROTO_TCP, TCP_NOTSENT_LOWAT, ANYTHING, 4096, 4096, L,
	  NONE },
	{ "TOS", IPPROTO_IP, IP_TOS, 0, 0x10, 0x10, L, NONE },
	{ "TTL", IPPROTO_IP, IP_TTL, 64, 33, 33, L, 256, EINVAL },
	{ "FREEBIND", IPPROTO_IP, IP_FREEBIND, 0, 1, 1, L, NONE },
	{ "BIND_ADDRESS_NO_PORT", IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, 0, 1, 1,
	  L, NONE },
};

/* EXPECT, so that the table goes on after a row that fails. */
#define row_eq(o, a, b)	EXPECT_EQ(a, b) TH_LOG("option %s", (o)->name)

TEST_F(one, default_set_get)
{
	for (size_t i = 0; i < ARRAY_SIZE(opts); i++) {
		const struct opt *o = &opts[i];
		int fd = stack_socket(variant->st, 0);

		int is = get_int(fd, o->level, o->opt);

		row_eq(o, o->def == ANYTHING ? is : o->def, is);
		row_eq(o, 0, set_int(fd, o->level, o->opt, o->set));
		is = get_int(fd, o->level, o->opt);
		row_eq(o, o->get == ANYTHING ? is : o->get, is);
		close(fd);
	}
}

TEST_F(one, bad_value_is_rejected)
{
	for (size_t i = 0; i < ARRAY_SIZE(opts); i++) {
		const struct opt *o = &opts[i];
		int before;

		if (o->bad == NONE)
			continue;
		before = get_int(self->fd, o->level, o->opt);
		row_eq(o, -o->err, set_int(self->fd, o->level, o->opt, o->bad));
		row_eq(o, before, get_int(self->fd, o->level, o->opt));
	}
}

TEST_F(one, bad_length_is_rejected)
{
	for (size_t i = 0; i < ARRAY_SIZE(opts); i++) {
		const struct opt *o = &opts[i];
		socklen_t len = (socklen_t)-1;
		int val = o->set, ret;

		/* Options of IPPROTO_IP also take a single byte. */
		if (o->level != IPPROTO_IP) {
			ret = setsockopt(self->fd, o->level, o->opt, &val, 3);
			row_eq(o, -1, ret);
			row_eq(o, EINVAL, errno);
		}
		ret = setsockopt(self->fd, o->level, o->opt, (void *)8, 4);
		row_eq(o, -1, ret);
		row_eq(o, EFAULT, errno);
		ret = getsockopt(self->fd, o->level, o->opt, &val, &len);
		row_eq(o, -1, ret);
		row_eq(o, EINVAL, errno);
		len = 4;
		ret = getsockopt(self->fd, o->level, o->opt, (void *)8, &len);
		row_eq(o, -1, ret);
		row_eq(o, EFAULT, errno);
		/* A short buffer gets as much as fits, and that length. */
		if (o->level != IPPROTO_IP) {
			len = 2;
			ret = getsockopt(self->fd, o->level, o->opt, &val, &len);
			row_eq(o, 0, ret);
			row_eq(o, 2, len);
		}
	}
}

TEST_F(pair, accepted_socket_inherits_options)
{
	for (size_t i = 0; i < ARRAY_SIZE(opts); i++) {
		const struct opt *o = &opts[i];
		int lfd, c, s;

		if (!o->inherited || o->get == ANYTHING)
			continue;
		lfd = st_listen(variant->server, 0, 2);
		row_eq(o, 0, set_int(lfd, o->level, o->opt, o->set));
		c = st_connect(variant->client, sock_port(lfd));
		ASSERT_GE(c, 0);
		s = accept(lfd, NULL, NULL);
		row_eq(o, o->get, get_int(s, o->level, o->opt));
		close(c);
		close(s);
		close(lfd);
	}
}

TEST_F(one, unknown_option_is_rejected)
{
	int val = 1;
	socklen_t len = sizeof(val);

	fails(ENOPROTOOPT, setsockopt(self->fd, IPPROTO_TCP, 15, &val, 4));
	fails(ENOPROTOOPT, getsockopt(self->fd, IPPROTO_TCP, 15, &val, &len));
	fails(ENOPROTOOPT, setsockopt(self->fd, IPPROTO_TCP, 999, &val, 4));
	fails(ENOPROTOOPT, getsockopt(self->fd, IPPROTO_TCP, 999, &val, &len));
	fails(ENOPROTOOPT, setsockopt(self->fd, SOL_SOCKET, 9999, &val, 4));
	fails(ENOPROTOOPT, setsockopt(self->fd, 4711, 1, &val, 4));
}

/* Without an upper-layer protocol TCP_ULP returns a name of 0 bytes. */
TEST_F(pair, ulp_is_an_empty_name)
{
	char name[16] = "unchanged";

	for (int i = 0; i < 2; i++) {
		socklen_t len = sizeof(name);

		ASSERT_EQ(0, getsockopt(self->fd[i], IPPROTO_TCP, TCP_ULP, name, &len));
		ASSERT_EQ(0, len);
		ASSERT_STREQ("unchanged", name);
		len = -1;
		fails(EINVAL, getsockopt(self->fd[i], IPPROTO_TCP, TCP_ULP, name, &len));
		fails(EFAULT, getsockopt(self->fd[i], IPPROTO_TCP, TCP_ULP, name, NULL));
	}
}

/* Stream sockets cannot join multicast groups. */
TEST_F(one, multicast_groups_are_refused)
{
	struct ip_mreqn m4 = { .imr_multiaddr.s_addr = htonl(0xe0000105), .imr_ifindex = 1 };
	struct ipv6_mreq m6 = {
		.ipv6mr_multiaddr.s6_addr = { 0xff, 2, [15] = 5 },
		.ipv6mr_interface = 1,
	};

	fails(EPROTO, setsockopt(self->fd, IPPROTO_IP, IP_ADD_MEMBERSHIP, &m4, sizeof(m4)));
	fails(EPROTO, setsockopt(self->fd, IPPROTO_IP, IP_DROP_MEMBERSHIP, &m4, sizeof(m4)));
	if (net == V4)
		return;
	fails(EINVAL, setsockopt(self->fd, IPPROTO_IPV6, IPV6_JOIN_GROUP, &m6, sizeof(m6) - 1));
	fails(EPROTO, setsockopt(self->fd, IPPROTO_IPV6, IPV6_JOIN_GROUP, &m6, sizeof(m6)));
	fails(EPROTO, setsockopt(self->fd, IPPROTO_IPV6, IPV6_LEAVE_GROUP, &m6, sizeof(m6)));
}

TEST_F(one, read_only_options_cannot_be_set)
{
	ASSERT_EQ(SOCK_STREAM, get_int(self->fd, SOL_SOCKET, SO_TYPE));
	ASSERT_EQ(net == V4 ? AF_INET : AF_INET6, get_int(self->fd, SOL_SOCKET, SO_DOMAIN));
	ASSERT_EQ(0, get_int(self->fd, SOL_SOCKET, SO_ACCEPTCONN));
	ASSERT_EQ(0, get_int(self->fd, SOL_SOCKET, SO_ERROR));
	ASSERT_EQ(-ENOPROTOOPT, set_int(self->fd, SOL_SOCKET, SO_TYPE, 1));
	ASSERT_EQ(-ENOPROTOOPT, set_int(self->fd, SOL_SOCKET, SO_ERROR, 1));
	ASSERT_EQ(-ENOPROTOOPT, set_int(self->fd, SOL_SOCKET, SO_ACCEPTCONN, 1));
}

TEST_F(one, linger)
{
	struct linger l = { 1, 17 }, got = {};
	socklen_t len = sizeof(got);

	ASSERT_EQ(0, setsockopt(self->fd, SOL_SOCKET, SO_LINGER, &l, sizeof(l)));
	ASSERT_EQ(0, getsockopt(self->fd, SOL_SOCKET, SO_LINGER, &got, &len));
	ASSERT_EQ(sizeof(l), len);
	ASSERT_EQ(0, memcmp(&l, &got, len));
	fails(EINVAL, setsockopt(self->fd, SOL_SOCKET, SO_LINGER, &l, 4));
}

TEST_F(one, timeouts)
{
	static const int names[] = { SO_RCVTIMEO, SO_SNDTIMEO };

	for (int i = 0; i < 2; i++) {
		struct timeval tv = { 2, 500000 }, got = {};
		socklen_t len = sizeof(got);

		ASSERT_EQ(0, setsockopt(self->fd, SOL_SOCKET, names[i], &tv,
					sizeof(tv)));
		ASSERT_EQ(0, getsockopt(self->fd, SOL_SOCKET, names[i], &got,
					&len));
		ASSERT_EQ(0, memcmp(&tv, &got, sizeof(tv)));
		tv.tv_usec = 1000000;
		fails(EDOM, setsockopt(self->fd, SOL_SOCKET, names[i], &tv,
				       sizeof(tv)));
		fails(EINVAL, setsockopt(self->fd, SOL_SOCKET, names[i], &tv, 4));
	}
}

TEST_F(one, buffer_limits)
{
	/* Tiny sizes are raised to a minimum, huge ones cut to the system's limit. */
	ASSERT_EQ(0, set_int(self->fd, SOL_SOCKET, SO_SNDBUF, 1));
	ASSERT_GE(get_int(self->fd, SOL_SOCKET, SO_SNDBUF), 4096);
	ASSERT_EQ(0, set_int(self->fd, SOL_SOCKET, SO_RCVBUF, 1));
	ASSERT_GE(get_int(self->fd, SOL_SOCKET, SO_RCVBUF), 2048);
	ASSERT_EQ(0, set_int(self->fd, SOL_SOCKET, SO_RCVBUF, 1 << 30));
	ASSERT_LE(get_int(self->fd, SOL_SOCKET, SO_RCVBUF), 1 << 26);
}

TEST_F(one, bindtodevice)
{
	union addr sin = local(0);
	char name[16] = "lo";
	socklen_t len = sizeof(name);

	ASSERT_EQ(0, setsockopt(self->fd, SOL_SOCKET, SO_BINDTODEVICE, name, 3));
	ASSERT_EQ(0, getsockopt(self->fd, SOL_SOCKET, SO_BINDTODEVICE, name,
				&len));
	ASSERT_STREQ("lo", name);
	ASSERT_EQ(0, bind_to(self->fd, &sin));
	ASSERT_EQ(0, listen(self->fd, 1));
	fails(ENODEV, setsockopt(self->fd, SOL_SOCKET, SO_BINDTODEVICE,
				 "none0", 6));
}

/* SO_BINDTODEVICE of a listener takes effect whenever it is set. */
TEST_F(one, bindtodevice_of_a_listener)
{
	union addr sin = local(0);
	int c;

	ASSERT_EQ(0, shell("ip link add d0 type dummy && ip link set d0 up"));
	ASSERT_EQ(0, bind_to(self->fd, &sin));
	ASSERT_EQ(0, listen(self->fd, 5));
	sin = local(sock_port(self->fd));
	ASSERT_EQ(0, setsockopt(self->fd, SOL_SOCKET, SO_BINDTODEVICE, "d0", 3));
	c = stack_socket(KERNEL, 0);
	fails(ECONNREFUSED, connect_to(c, &sin));
	ASSERT_EQ(0, setsockopt(self->fd, SOL_SOCKET, SO_BINDTODEVICE, "lo", 3));
	ASSERT_EQ(0, connect_to(c, &sin));
	close(c);
}

TEST_F(one, congestion)
{
	char name[16] = {};
	socklen_t len = sizeof(name);

	ASSERT_EQ(0, setsockopt(self->fd, IPPROTO_TCP, TCP_CONGESTION, "reno",
				4));
	ASSERT_EQ(0, getsockopt(self->fd, IPPROTO_TCP, TCP_CONGESTION, name,
				&len));
	ASSERT_STREQ("reno", name);
	fails(ENOENT, setsockopt(self->fd, IPPROTO_TCP, TCP_CONGESTION, "none",
				 4));
	fails(EINVAL, setsockopt(self->fd, IPPROTO_TCP, TCP_CONGESTION, "", 0));
}

TEST_F(pair, congestion_of_connection)
{
	char name[16] = {};
	socklen_t len = sizeof(name);

	for (int i = 0; i < 2; i++) {
		ASSERT_EQ(0, setsockopt(self->fd[i], IPPROTO_TCP,
					TCP_CONGESTION, "reno", 4));
		len = sizeof(name);
		ASSERT_EQ(0, getsockopt(self->fd[i], IPPROTO_TCP,
					TCP_CONGESTION, name, &len));
		ASSERT_STREQ("reno", name);
	}
	ASSERT_EQ(50000, send_pat(self->c, 0, 50000));
	ASSERT_EQ(50000, recv_pat(self->s, 0, 50000));
}

TEST_F(pair, info)
{
	for (int i = 0; i < 2; i++) {
		struct tcp_info ti = {};
		socklen_t len = sizeof(ti);

		ASSERT_EQ(1000, send_pat(self->fd[i], 0, 1000));
		ASSERT_EQ(1000, recv_pat(self->fd[!i], 0, 1000));
		sleep_ms(60);
		ASSERT_EQ(0, getsockopt(self->fd[i], IPPROTO_TCP, TCP_INFO, &ti,
					&len));
		ASSERT_EQ(1, ti.tcpi_state);
		ASSERT_GT(ti.tcpi_rto, 0);
		ASSERT_GT(ti.tcpi_snd_mss, 500);
		ASSERT_GT(ti.tcpi_rcv_mss, 0);
		ASSERT_GT(ti.tcpi_snd_cwnd, 1);
		ASSERT_EQ(0, ti.tcpi_retransmits);
		ASSERT_EQ(0, ti.tcpi_unacked);
		ASSERT_GE(ti.tcpi_bytes_acked, 1000);
		len = 1;
		ASSERT_EQ(0, getsockopt(self->fd[i], IPPROTO_TCP, TCP_INFO, &ti,
					&len));
		ASSERT_EQ(1, len);
	}
}

/* TCP_INFO before any data: the receive space is the initial window. */
TEST_F(pair, info_of_a_quiet_connection)
{
	for (int i = 0; i < 2; i++) {
		struct tcp_info ti = {};
		socklen_t len = sizeof(ti);

		ASSERT_EQ(0, getsockopt(self->fd[i], IPPROTO_TCP, TCP_INFO, &ti, &len));
		ASSERT_GE(ti.tcpi_rcv_space, 32768);
		ASSERT_LE(ti.tcpi_rcv_space, 10 * ti.tcpi_advmss);
	}
}

TEST_F(pair, info_of_sent_and_received)
{
	struct tcp_info ti = {};
	socklen_t len = sizeof(ti);

	ASSERT_EQ(50000, send_pat(self->c, 0, 50000));
	ASSERT_EQ(50000, recv_pat(self->s, 0, 50000));
	ASSERT_EQ(0, getsockopt(self->s, IPPROTO_TCP, TCP_INFO, &ti, &len));
	ASSERT_EQ(50000, ti.tcpi_bytes_received);
	ASSERT_GT(ti.tcpi_data_segs_in, 0);
}

TEST_F(one, info_of_closed_and_listening)
{
	struct tcp_info ti = {};
	socklen_t len = sizeof(ti);

	ASSERT_EQ(0, getsockopt(self->fd, IPPROTO_TCP, TCP_INFO, &ti, &len));
	ASSERT_EQ(7, ti.tcpi_state);
	ASSERT_EQ(0, listen(self->fd, 9));
	ASSERT_EQ(0, getsockopt(self->fd, IPPROTO_TCP, TCP_INFO, &ti, &len));
	ASSERT_EQ(10, ti.tcpi_state);
	ASSERT_EQ(9, ti.tcpi_sacked);	/* a listener's backlog */
	ASSERT_EQ(0, ti.tcpi_unacked);	/* and its queue */
}

TEST_F(pair, maxseg)
{
	int lfd = st_listen(variant->server, 0, 2), c, s;
	union addr sin = local(sock_port(lfd));

	c = stack_socket(variant->client, 0);
	ASSERT_EQ(0, set_int(c, IPPROTO_TCP, TCP_MAXSEG, 800));
	ASSERT_EQ(0, connect_to(c, &sin));
	s = accept(lfd, NULL, NULL);
	ASSERT_LE(get_int(c, IPPROTO_TCP, TCP_MAXSEG), 800);
	ASSERT_LE(get_int(s, IPPROTO_TCP, TCP_MAXSEG), 800);
	ASSERT_EQ(20000, send_pat(s, 0, 20000));
	ASSERT_EQ(20000, recv_pat(c, 0, 20000));
	close(c);
	close(s);
	close(lfd);
}

/* TCP_DEFER_ACCEPT: the listener wakes for data, not for the handshake. */
TEST_F(pair, defer_accept_wakes_for_data)
{
	int lfd = st_listen(variant->server, 0, 2), c;

	ASSERT_EQ(0, set_int(lfd, IPPROTO_TCP, TCP_DEFER_ACCEPT, 5));
	c = st_connect(variant->client, sock_port(lfd));
	ASSERT_GE(c, 0);
	sleep_ms(100);
	ASSERT_EQ(0, poll_now(lfd, POLLIN));
	ASSERT_EQ(10, send_pat(c, 0, 10));
	polls(lfd, POLLIN, 0);
	close(c);
	close(lfd);
}

TEST_F(pair, notsent_lowat)
{
	char buf[65536] = {};
	int unsent;

	ASSERT_EQ(0, set_int(self->c, IPPROTO_TCP, TCP_NOTSENT_LOWAT, 8192));
	nonblocking(self->c);
	while (poll_now(self->c, POLLOUT) & POLLOUT)
		if (send(self->c, buf, 4096, 0) < 0)
			break;
	ASSERT_EQ(0, ioctl(self->c, 0x894B /* SIOCOUTQNSD */, &unsent));
	ASSERT_LE(unsent, 3 * 8192);
	while (recv(self->s, buf, sizeof(buf), MSG_DONTWAIT) > 0)
		;
	polls(self->c, POLLOUT, 0);
}

TEST_HARNESS_MAIN
