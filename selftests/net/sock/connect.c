// SPDX-License-Identifier: GPL-2.0
/*
 * connect(): blocking and non-blocking, refused, repeated, dissolved, to itself.
 */
#include "sock_test.h"

TEST_F(one, connect_without_listener_is_refused)
{
	union addr sin = local(9);

	fails(ECONNREFUSED, connect_to(self->fd, &sin));
	/* The socket can be used again. */
	ASSERT_EQ(0, get_int(self->fd, SOL_SOCKET, SO_ERROR));
	fails(ECONNREFUSED, connect_to(self->fd, &sin));
}

TEST_F(pair, refused_then_accepted)
{
	int fd = stack_socket(variant->client, 0);
	union addr sin = local(4444);
	int lfd;

	fails(ECONNREFUSED, connect_to(fd, &sin));
	lfd = st_listen(variant->server, 4444, 1);
	ASSERT_GE(lfd, 0);
	ASSERT_EQ(0, connect_to(fd, &sin));
	close(fd);
	close(lfd);
}

TEST_F(one, connect_rejects_bad_addresses)
{
	union addr sin = local(9);

	fails(EINVAL, connect(self->fd, &sin.sa, 8));
	sin.sa.sa_family = AF_UNIX;
	fails(EAFNOSUPPORT, connect_to(self->fd, &sin));
	fails(EFAULT, connect(self->fd, (void *)8, sizeof(sin)));
	sin = host("192.0.2.1", 9);
	fails(ENETUNREACH, connect_to(self->fd, &sin));
	sin = host("224.0.0.1", 9);
	fails(ENETUNREACH, connect_to(self->fd, &sin));
}

TEST_F(one, broadcast_and_multicast)
{
	union addr sin = host("10.1.1.255", 9);

	IPV4_ONLY("broadcasts");
	ASSERT_EQ(0, ns_up("lo", "10.1.1.1", 24, 0));
	ASSERT_EQ(-1, connect_to(self->fd, &sin));
	ASSERT_TRUE(errno == EACCES || errno == ENETUNREACH);
}

TEST_F(pair, second_connect_returns_eisconn)
{
	union addr sin = local(9);

	fails(EISCONN, connect_to(self->c, &sin));
	fails(EISCONN, connect_to(self->s, &sin));
}

TEST_F(pair, nonblocking_connect_is_in_progress)
{
	int lfd = st_listen(variant->server, 0, 4);
	union addr sin = local(sock_port(lfd));
	int fd = stack_socket(variant->client, SOCK_NONBLOCK);

	fails(EINPROGRESS, connect_to(fd, &sin));
	ASSERT_TRUE(poll_for(fd, POLLOUT, 2000) & POLLOUT);
	ASSERT_EQ(0, get_int(fd, SOL_SOCKET, SO_ERROR));
	/* A repeated call returns success once, then EISCONN. */
	ASSERT_EQ(0, connect_to(fd, &sin));
	fails(EISCONN, connect_to(fd, &sin));
	close(fd);
	close(lfd);
}

TEST_F(one, nonblocking_refusal_is_in_so_error)
{
	union addr sin = local(9);

	nonblocking(self->fd);
	fails(EINPROGRESS, connect_to(self->fd, &sin));
	ASSERT_EQ(POLLOUT | POLLERR | POLLHUP,
		  poll_for(self->fd, POLLOUT, 2000));
	ASSERT_EQ(ECONNREFUSED, get_int(self->fd, SOL_SOCKET, SO_ERROR));
	ASSERT_EQ(0, get_int(self->fd, SOL_SOCKET, SO_ERROR));
}

TEST_F(one, nonblocking_refused_second_connect)
{
	union addr sin = local(9);

	nonblocking(self->fd);
	fails(EINPROGRESS, connect_to(self->fd, &sin));
	ASSERT_TRUE(poll_for(self->fd, POLLOUT, 2000) & POLLERR);
	fails(ECONNREFUSED, connect_to(self->fd, &sin));
}

/* An address behind a device that nobody reads: SYNs are never answered. */
#define black_hole(sin) do {						\
	(sin) = host("10.9.0.2", 9);					\
	ASSERT_GE(ns_tun("tun0"), 0);					\
	ASSERT_EQ(0, dev_up("tun0", "10.9.0.1", 24, 1500));			\
} while (0)

TEST_F(one, already_in_progress)
{
	union addr sin;
	char byte;

	black_hole(sin);
	nonblocking(self->fd);
	fails(EINPROGRESS, connect_to(self->fd, &sin));
	fails(EALREADY, connect_to(self->fd, &sin));
	fails(EAGAIN, recv(self->fd, &byte, 1, 0));
	fails(EAGAIN, send(self->fd, "x", 1, MSG_NOSIGNAL));
	ASSERT_EQ(0, poll_now(self->fd, POLLIN | POLLOUT));
	ASSERT_EQ(0, get_int(self->fd, SOL_SOCKET, SO_ERROR));
}

TEST_F(one, blocking_with_timeout)
{
	struct timeval tv = { 0, 300000 };
	union addr sin;
	uint64_t start;

	black_hole(sin);
	setsockopt(self->fd, SOL_SOCKET, SO_SNDTIMEO, &tv, sizeof(tv));
	start = tick_ms();
	fails(EINPROGRESS, connect_to(self->fd, &sin));
	ASSERT_GE(tick_ms() - start, 290);
	fails(EALREADY, connect_to(self->fd, &sin));
}

static void on_alarm(int sig)
{
}

TEST_F(one, interrupted_connect_goes_on)
{
	struct sigaction sa = { .sa_handler = on_alarm };
	union addr sin;
	int status;
	pid_t pid;

	black_hole(sin);
	/* In a child, because the harness uses SIGALRM. */
	pid = child();
	if (pid == 0) {
		sigaction(SIGUSR1, &sa, NULL);
		if (child() == 0) {
			sleep_ms(200);
			kill(getppid(), SIGUSR1);
			_exit(0);
		}
		_exit(connect_to(self->fd, &sin) != -1 ||
		      errno != EINTR);
	}
	ASSERT_EQ(pid, waitpid(pid, &status, 0));
	ASSERT_EQ(0, status);
	/* The connection attempt goes on. */
	nonblocking(self->fd);
	fails(EALREADY, connect_to(self->fd, &sin));
}

TEST_F_TIMEOUT(one, connect_times_out_after_its_syns, 300)
{
	union addr sin;
	uint64_t start;

	if (!virtual_time())
		SKIP_TEST("waits too long for real time");
	black_hole(sin);
	set_int(self->fd, IPPROTO_TCP, TCP_SYNCNT, 2);
	start = now_ms();
	fails(ETIMEDOUT, connect_to(self->fd, &sin));
	ASSERT_GE(now_ms() - start, 6900);
	ASSERT_LE(now_ms() - start, 9000);
}

/* ---- AF_UNSPEC dissolves ---- */

TEST_F(pair, unspec_dissolves_connection)
{
	struct sockaddr none = { .sa_family = AF_UNSPEC };
	union addr got;
	socklen_t len = sizeof(got);
	char byte;
	int lfd;

	ASSERT_EQ(0, connect(self->c, &none, sizeof(none)));
	fails(ENOTCONN, getpeername(self->c, &got.sa, &len));
	/* The peer sees the reset of an aborted connection. */
	ASSERT_TRUE(poll_for(self->s, POLLIN, 2000) & POLLERR);
	fails(ECONNRESET, recv(self->s, &byte, 1, 0));
	lfd = st_listen(variant->server, 0, 4);
	ASSERT_GE(lfd, 0);
	got = local(sock_port(lfd));
	ASSERT_EQ(0, connect_to(self->c, &got));
	close(self->s);
	self->fd[1] = accept(lfd, NULL, NULL);
	ASSERT_EQ(1000, send_pat(self->c, 0, 1000));
	ASSERT_EQ(1000, recv_pat(self->fd[1], 0, 1000));
	close(lfd);
}

TEST_F(one, disconnect_of_fresh)
{
	struct sockaddr none = { .sa_family = AF_UNSPEC };

	ASSERT_EQ(0, connect(self->fd, &none, sizeof(none)));
}

TEST_F(one, disconnect_of_listener)
{
	struct sockaddr none = { .sa_family = AF_UNSPEC };
	union addr sin = local(0);

	ASSERT_EQ(0, bind_to(self->fd, &sin));
	sin = local(sock_port(self->fd));
	ASSERT_EQ(0, listen(self->fd, 1));
	ASSERT_EQ(0, connect(self->fd, &none, sizeof(none)));
	ASSERT_EQ(-ECONNREFUSED, st_connect(variant->st, ntohs(sin.in.sin_port)));
}

/* ---- to itself: simultaneous open with one socket ---- */

TEST_F(one, socket_connects_to_itself)
{
	union addr sin = local(0);

	ASSERT_EQ(0, bind_to(self->fd, &sin));
	sin = local(sock_port(self->fd));
	ASSERT_EQ(0, connect_to(self->fd, &sin));
	ASSERT_EQ(1000, send_pat(self->fd, 0, 1000));
	ASSERT_EQ(1000, recv_pat(self->fd, 0, 1000));
	ASSERT_EQ(0, shutdown(self->fd, SHUT_WR));
	ASSERT_EQ(0, recv(self->fd, &sin, 1, 0));
}

/* Two bound sockets without a listener connect to each other. */
TEST_F(pair, bound_sockets_connect_to_each_other)
{
	int a = stack_socket(variant->client, SOCK_NONBLOCK);
	int b = stack_socket(variant->server, SOCK_NONBLOCK);
	union addr sa = local(0), sb = local(0);

	ASSERT_EQ(0, bind_to(a, &sa));
	ASSERT_EQ(0, bind_to(b, &sb));
	sa = local(sock_port(a));
	sb = local(sock_port(b));
	/* Over loopback the first SYN comes before the second connect(): refused. */
	ASSERT_EQ(-1, connect_to(a, &sb));
	ASSERT_EQ(EINPROGRESS, errno);
	ASSERT_TRUE(poll_for(a, POLLOUT, 2000) & POLLERR);
	ASSERT_EQ(ECONNREFUSED, get_int(a, SOL_SOCKET, SO_ERROR));
	close(a);
	close(b);
}

TEST_F(pair, many_connections_work_at_once)
{
	int n = virtual_time() ? 300 : 40, c[300], s[300];
	int lfd = st_listen(variant->server, 0, 512);

	ASSERT_GE(lfd, 0);
	for (int i = 0; i < n; i++) {
		c[i] = st_connect(variant->client, sock_port(lfd));
		ASSERT_GE(c[i], 0);
	}
	for (int i = 0; i < n; i++) {
		s[i] = accept(lfd, NULL, NULL);
		ASSERT_GE(s[i], 0);
	}
	for (int i = 0; i < n; i++)
		ASSERT_EQ(100, send_pat(c[i], i, 100));
	for (int i = n - 1; i >= 0; i--)
		ASSERT_EQ(100, recv_pat(s[i], i, 100));
	for (int i = 0; i < n; i++) {
		hard_close(c[i]);
		close(s[i]);
	}
	close(lfd);
}

TEST_F_TIMEOUT(pair, backlog_overflow_does_not_lose, 300)
{
	struct timeval tv = { 100, 0 };
	int lfd = st_listen(variant->server, 0, 1), fd[6], n = 0;
	union addr sin = local(sock_port(lfd));

	if (!virtual_time())
		SKIP_TEST("waits too long for real time");
	if (variant->server == KERNEL)
		SKIP_TEST("the kernel gives some up, so short a queue it has");
	for (int i = 0; i < 6; i++) {
		fd[i] = stack_socket(variant->client, SOCK_NONBLOCK);
		connect_to(fd[i], &sin);
	}
	sleep_ms(50);
	/* Connections that did not fit are accepted after their next SYN. */
	setsockopt(lfd, SOL_SOCKET, SO_RCVTIMEO, &tv, sizeof(tv));
	while (n < 6) {
		int s = accept(lfd, NULL, NULL);

		ASSERT_GE(s, 0);
		close(s);
		n++;
	}
	for (int i = 0; i < 6; i++)
		close(fd[i]);
	close(lfd);
}

TEST_HARNESS_MAIN
