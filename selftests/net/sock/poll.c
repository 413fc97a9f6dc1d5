// SPDX-License-Identifier: GPL-2.0
/*
 * Readiness: poll, select and epoll in all its modes.
 */
#include <sys/epoll.h>
#include <sys/select.h>

#include "sock_test.h"

#define ALL	(POLLIN | POLLOUT | POLLPRI | POLLRDHUP)

TEST_F(one, fresh_socket_polls_hung_up)
{
	ASSERT_EQ(POLLOUT | POLLHUP, poll_now(self->fd, ALL));
}

TEST_F(one, listener_polls_readable_for_a_connection)
{
	int c;

	ASSERT_EQ(0, listen(self->fd, 4));
	ASSERT_EQ(0, poll_now(self->fd, ALL));
	c = st_connect(variant->st, sock_port(self->fd));
	ASSERT_GE(c, 0);
	polls(self->fd, POLLIN, POLLOUT | POLLHUP);
	close(accept(self->fd, NULL, NULL));
	ASSERT_EQ(0, poll_now(self->fd, ALL));
	close(c);
}

TEST_F(one, bound_socket_polls_hung_up)
{
	union addr sin = local(0);

	ASSERT_EQ(0, bind_to(self->fd, &sin));
	ASSERT_EQ(POLLOUT | POLLHUP, poll_now(self->fd, ALL));
}

TEST_F(pair, connected_socket_polls_writable)
{
	ASSERT_EQ(POLLOUT, poll_now(self->c, ALL));
	ASSERT_EQ(POLLOUT, poll_now(self->s, ALL));
	ASSERT_EQ(10, send_pat(self->c, 0, 10));
	polls(self->s, POLLIN | POLLOUT, POLLRDHUP | POLLHUP);
	ASSERT_EQ(10, recv_pat(self->s, 0, 10));
	ASSERT_EQ(POLLOUT, poll_now(self->s, ALL));
}

TEST_F(pair, peer_shuts_down)
{
	ASSERT_EQ(0, shutdown(self->c, SHUT_WR));
	polls(self->s, POLLIN | POLLOUT | POLLRDHUP, POLLHUP | POLLERR);
	/* After its own SHUT_WR a socket is writable: a write fails at once. */
	polls(self->c, POLLOUT, POLLIN | POLLHUP);
	ASSERT_EQ(0, shutdown(self->s, SHUT_WR));
	polls(self->s, POLLIN | POLLOUT | POLLRDHUP | POLLHUP, POLLERR);
	polls(self->c, POLLIN | POLLOUT | POLLRDHUP | POLLHUP, POLLERR);
}

TEST_F(pair, own_shut_rd)
{
	ASSERT_EQ(0, shutdown(self->s, SHUT_RD));
	polls(self->s, POLLIN | POLLOUT | POLLRDHUP, POLLHUP);
}

TEST_F(pair, reset_polls_as_error)
{
	struct linger hard = { .l_onoff = 1 };

	setsockopt(self->c, SOL_SOCKET, SO_LINGER, &hard, sizeof(hard));
	close(self->c);
	self->fd[0] = -1;
	polls(self->s, POLLIN | POLLOUT | POLLRDHUP | POLLHUP | POLLERR, 0);
	ASSERT_EQ(ECONNRESET, get_int(self->s, SOL_SOCKET, SO_ERROR));
	polls(self->s, POLLIN | POLLOUT | POLLRDHUP | POLLHUP, POLLERR);
}

TEST_F(pair, write_space_polls_writable_again)
{
	char buf[65536] = {};
	size_t n = 0;
	ssize_t r;

	nonblocking(self->c);
	while ((r = send(self->c, buf, sizeof(buf), 0)) > 0)
		n += r;
	polls(self->c, 0, POLLOUT);
	/* A writer is woken only when a third of the buffer is free. */
	while (n) {
		r = recv(self->s, buf, sizeof(buf), 0);
		ASSERT_GT(r, 0);
		n -= r;
	}
	polls(self->c, POLLOUT, 0);
}

TEST_F(pair, rcvlowat_delays_readable)
{
	ASSERT_EQ(0, set_int(self->s, SOL_SOCKET, SO_RCVLOWAT, 50));
	ASSERT_EQ(20, send_pat(self->c, 0, 20));
	sleep_ms(50);
	ASSERT_EQ(0, poll_now(self->s, POLLIN));
	ASSERT_EQ(40, send_pat(self->c, 20, 40));
	polls(self->s, POLLIN, 0);
	ASSERT_EQ(60, recv_pat(self->s, 0, 60));
	/* EOF makes the socket readable whatever SO_RCVLOWAT is. */
	ASSERT_EQ(0, shutdown(self->c, SHUT_WR));
	polls(self->s, POLLIN, 0);
}

TEST_F(pair, blocked_poll_wakes)
{
	int status;
	pid_t pid = child();

	if (pid == 0)
		_exit(!(poll_for(self->s, POLLIN, 20000) & POLLIN));
	sleep_ms(50);
	ASSERT_EQ(1, send_pat(self->c, 0, 1));
	ASSERT_EQ(pid, waitpid(pid, &status, 0));
	ASSERT_EQ(0, status);
}

TEST_F(pair, blocked_poll_wakes_on_close)
{
	int status;
	pid_t pid = child();

	if (pid == 0) {
		close(self->c);
		_exit(poll_for(self->s, POLLRDHUP, 20000) != POLLRDHUP);
	}
	sleep_ms(50);
	ASSERT_EQ(0, shutdown(self->c, SHUT_WR));
	ASSERT_EQ(pid, waitpid(pid, &status, 0));
	ASSERT_EQ(0, status);
}

TEST_F(pair, select_reports_read_and_write)
{
	struct timeval tv = {};
	fd_set r, w, x;

#define selects(rd, wr) do {						\
	FD_ZERO(&r);							\
	FD_ZERO(&w);							\
	FD_ZERO(&x);							\
	FD_SET(self->s, &r);						\
	FD_SET(self->s, &w);						\
	FD_SET(self->s, &x);						\
	ASSERT_EQ((rd) + (wr), select(self->s + 1, &r, &w, &x, &tv));	\
	ASSERT_EQ((rd), FD_ISSET(self->s, &r) != 0);			\
	ASSERT_EQ((wr), FD_ISSET(self->s, &w) != 0);			\
	ASSERT_FALSE(FD_ISSET(self->s, &x));				\
} while (0)
	selects(0, 1);
	ASSERT_EQ(1, send_pat(self->c, 0, 1));
	polls(self->s, POLLIN, 0);
	selects(1, 1);
	ASSERT_EQ(1, recv_pat(self->s, 0, 1));
	selects(0, 1);
	close(self->c);
	self->fd[0] = -1;
	polls(self->s, POLLIN, 0);
	selects(1, 1);
}

/* ---- epoll ---- */

static int ep_add(int ep, int fd, uint32_t events)
{
	struct epoll_event ev = { .events = events, .data.fd = fd };

	return epoll_ctl(ep, EPOLL_CTL_ADD, fd, &ev);
}

/* Events of the only descriptor in @ep within @ms; 0: none. */
static uint32_t ep_wait(int ep, int ms)
{
	struct epoll_event ev = {};

	return epoll_wait(ep, &ev, 1, ms) == 1 ? ev.events : 0;
}

TEST_F(pair, epoll_level_reports_until_read)
{
	int ep = epoll_create1(0);

	ASSERT_EQ(0, ep_add(ep, self->s, EPOLLIN));
	ASSERT_EQ(0, ep_wait(ep, 20));
	ASSERT_EQ(10, send_pat(self->c, 0, 10));
	for (int i = 0; i < 3; i++)
		ASSERT_EQ(EPOLLIN, ep_wait(ep, 2000));
	ASSERT_EQ(10, recv_pat(self->s, 0, 10));
	ASSERT_EQ(0, ep_wait(ep, 20));
	close(ep);
}

TEST_F(pair, epoll_edge_reports_once)
{
	int ep = epoll_create1(0);

	ASSERT_EQ(0, ep_add(ep, self->s, EPOLLIN | EPOLLET));
	ASSERT_EQ(10, send_pat(self->c, 0, 10));
	ASSERT_EQ(EPOLLIN, ep_wait(ep, 2000));
	ASSERT_EQ(0, ep_wait(ep, 20));
	/* More data is a new edge, although the old data was not read. */
	ASSERT_EQ(10, send_pat(self->c, 10, 10));
	ASSERT_EQ(EPOLLIN, ep_wait(ep, 2000));
	ASSERT_EQ(0, ep_wait(ep, 20));
	ASSERT_EQ(20, recv_pat(self->s, 0, 20));
	ASSERT_EQ(0, ep_wait(ep, 20));
	close(ep);
}

TEST_F(pair, epoll_edge_out)
{
	char buf[65536] = {};
	size_t n = 0;
	ssize_t r;
	int ep = epoll_create1(0);

	nonblocking(self->c);
	ASSERT_EQ(0, ep_add(ep, self->c, EPOLLOUT | EPOLLET));
	ASSERT_EQ(EPOLLOUT, ep_wait(ep, 2000));
	ASSERT_EQ(0, ep_wait(ep, 20));
	do {
		while ((r = send(self->c, buf, sizeof(buf), 0)) > 0)
			n += r;
	} while (ep_wait(ep, 50));
	while (n) {
		r = recv(self->s, buf, sizeof(buf), 0);
		ASSERT_GT(r, 0);
		n -= r;
	}
	ASSERT_EQ(EPOLLOUT, ep_wait(ep, 2000));
	close(ep);
}

TEST_F(pair, epoll_oneshot_must_be_rearmed)
{
	struct epoll_event ev = { .events = EPOLLIN | EPOLLONESHOT };
	int ep = epoll_create1(0);

	ASSERT_EQ(0, ep_add(ep, self->s, EPOLLIN | EPOLLONESHOT));
	ASSERT_EQ(10, send_pat(self->c, 0, 10));
	ASSERT_EQ(EPOLLIN, ep_wait(ep, 2000));
	ASSERT_EQ(10, send_pat(self->c, 10, 10));
	ASSERT_EQ(0, ep_wait(ep, 50));
	ASSERT_EQ(0, epoll_ctl(ep, EPOLL_CTL_MOD, self->s, &ev));
	ASSERT_EQ(EPOLLIN, ep_wait(ep, 2000));
	close(ep);
}

TEST_F(pair, epoll_hang_up)
{
	int ep = epoll_create1(0);

	ASSERT_EQ(0, ep_add(ep, self->s, EPOLLRDHUP));
	ASSERT_EQ(0, ep_wait(ep, 20));
	close(self->c);
	self->fd[0] = -1;
	ASSERT_EQ(EPOLLRDHUP, ep_wait(ep, 2000));
	close(ep);
}

TEST_F(one, epoll_accept_edge)
{
	int ep = epoll_create1(0), c[3];

	ASSERT_EQ(0, listen(self->fd, 8));
	nonblocking(self->fd);
	ASSERT_EQ(0, ep_add(ep, self->fd, EPOLLIN | EPOLLET));
	ASSERT_EQ(0, ep_wait(ep, 20));
	for (int i = 0; i < 3; i++) {
		c[i] = st_connect(variant->st, sock_port(self->fd));
		ASSERT_GE(c[i], 0);
		ASSERT_EQ(EPOLLIN, ep_wait(ep, 2000));
	}
	for (int i = 0; i < 3; i++) {
		close(accept(self->fd, NULL, NULL));
		close(c[i]);
	}
	close(ep);
}

/* One socket in two epoll sets, and other kinds of sockets in the same set. */
TEST_F(pair, epoll_takes_sockets_of_all_kinds)
{
	int a = epoll_create1(0), b = epoll_create1(0), un[2];

	ASSERT_EQ(0, socketpair(AF_UNIX, SOCK_STREAM, 0, un));
	ASSERT_EQ(0, ep_add(a, self->s, EPOLLIN));
	ASSERT_EQ(0, ep_add(b, self->s, EPOLLIN));
	ASSERT_EQ(0, ep_add(a, un[0], EPOLLIN));
	ASSERT_EQ(0, ep_wait(a, 20));
	ASSERT_EQ(1, send_pat(self->c, 0, 1));
	ASSERT_EQ(EPOLLIN, ep_wait(a, 2000));
	ASSERT_EQ(EPOLLIN, ep_wait(b, 2000));
	ASSERT_EQ(1, recv_pat(self->s, 0, 1));
	ASSERT_EQ(0, ep_wait(a, 20));
	ASSERT_EQ(1, write(un[1], "x", 1));
	ASSERT_EQ(EPOLLIN, ep_wait(a, 2000));
	close(a);
	close(b);
	close(un[0]);
	close(un[1]);
}

TEST_F(pair, epoll_closed_descriptor_leaves)
{
	int ep = epoll_create1(0);

	ASSERT_EQ(0, ep_add(ep, self->s, EPOLLIN));
	close(self->s);
	self->fd[1] = -1;
	ASSERT_EQ(0, ep_wait(ep, 20));
	close(ep);
}

static volatile sig_atomic_t got_sigio;

static void on_sigio(int sig)
{
	got_sigio = 1;
}

TEST_F(pair, sigio_tells_of_data)
{
	signal(SIGIO, on_sigio);
	ASSERT_EQ(0, fcntl(self->s, F_SETOWN, getpid()));
	ASSERT_EQ(0, fcntl(self->s, F_SETFL, O_ASYNC));
	ASSERT_EQ(1, send_pat(self->c, 0, 1));
	for (int i = 0; i < 100 && !got_sigio; i++)
		sleep_ms(10);
	ASSERT_EQ(1, got_sigio);
}

TEST_HARNESS_MAIN
