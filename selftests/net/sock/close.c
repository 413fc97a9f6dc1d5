// SPDX-License-Identifier: GPL-2.0
/*
 * The end of a connection as programs see it: shutdown in every direction,
 * close, linger, reset, and what reads and writes return afterwards.
 */
#include <sys/uio.h>

#include "sock_test.h"

/* Wait until the peer's FIN or RST has arrived. */
#define arrives(fd)	polls((fd), POLLIN | POLLRDHUP, 0)

#define reset_by(fd_) do {						\
	struct linger _hard = { .l_onoff = 1 };				\
	ASSERT_EQ(0, setsockopt(self->fd[fd_], SOL_SOCKET, SO_LINGER,	\
				&_hard, sizeof(_hard)));		\
	close(self->fd[fd_]);						\
	self->fd[fd_] = -1;						\
} while (0)

TEST_F(pair, close_is_eof)
{
	char byte;

	ASSERT_EQ(10, send_pat(self->c, 0, 10));
	close(self->c);
	self->fd[0] = -1;
	ASSERT_EQ(10, recv_pat(self->s, 0, 10));
	for (int i = 0; i < 3; i++)
		ASSERT_EQ(0, recv(self->s, &byte, 1, 0));
}

/* The first write to a closed peer succeeds and elicits a RST; then EPIPE. */
TEST_F(pair, write_after_peer_closed)
{
	close(self->c);
	self->fd[0] = -1;
	arrives(self->s);
	ASSERT_EQ(1, send(self->s, "x", 1, MSG_NOSIGNAL));
	polls(self->s, POLLHUP | POLLERR, 0);
	fails(EPIPE, send(self->s, "x", 1, MSG_NOSIGNAL));
	fails(EPIPE, send(self->s, "x", 1, MSG_NOSIGNAL));
}

TEST_F(pair, shut_wr_is_eof_for_the_peer)
{
	char byte;

	ASSERT_EQ(100, send_pat(self->c, 0, 100));
	ASSERT_EQ(0, shutdown(self->c, SHUT_WR));
	fails(EPIPE, send(self->c, "x", 1, MSG_NOSIGNAL));
	ASSERT_EQ(100, recv_pat(self->s, 0, 100));
	ASSERT_EQ(0, recv(self->s, &byte, 1, 0));
	/* The other direction still works. */
	ASSERT_EQ(5000, send_pat(self->s, 0, 5000));
	ASSERT_EQ(5000, recv_pat(self->c, 0, 5000));
	ASSERT_EQ(0, shutdown(self->s, SHUT_WR));
	ASSERT_EQ(0, recv(self->c, &byte, 1, 0));
	/* Both directions are closed: self->c is in TIME-WAIT, self->s in CLOSED. */
	fails(ENOTCONN, shutdown(self->s, SHUT_WR));
}

TEST_F(pair, shut_wr_twice)
{
	ASSERT_EQ(0, shutdown(self->c, SHUT_WR));
	ASSERT_EQ(0, shutdown(self->c, SHUT_WR));
}

TEST_F(pair, shut_rd_reads_eof)
{
	char byte;

	ASSERT_EQ(0, shutdown(self->s, SHUT_RD));
	ASSERT_EQ(0, recv(self->s, &byte, 1, 0));
	/* As on Linux, data that arrives later can still be read. */
	ASSERT_EQ(10, send_pat(self->c, 0, 10));
	sleep_ms(50);
	ASSERT_EQ(10, recv_pat(self->s, 0, 10));
	ASSERT_EQ(0, recv(self->s, &byte, 1, 0));
	ASSERT_EQ(10, send_pat(self->s, 0, 10));
	ASSERT_EQ(10, recv_pat(self->c, 0, 10));
}

TEST_F(pair, shut_rdwr_ends_both_directions)
{
	char byte;

	ASSERT_EQ(0, shutdown(self->c, SHUT_RDWR));
	ASSERT_EQ(0, recv(self->c, &byte, 1, 0));
	fails(EPIPE, send(self->c, "x", 1, MSG_NOSIGNAL));
	arrives(self->s);
	ASSERT_EQ(0, recv(self->s, &byte, 1, 0));
}

TEST_F(pair, shutdown_wakes_reader)
{
	int status;
	pid_t pid = child();

	if (pid == 0) {
		char byte;

		_exit(recv(self->s, &byte, 1, 0) != 0);
	}
	sleep_ms(50);
	ASSERT_EQ(0, shutdown(self->s, SHUT_RD));
	ASSERT_EQ(pid, waitpid(pid, &status, 0));
	ASSERT_EQ(0, status);
}

TEST_F(pair, shutdown_rejects_unknown_argument)
{
	fails(EINVAL, shutdown(self->c, 3));
	fails(EINVAL, shutdown(self->c, -1));
}

/* ---- EPIPE and SIGPIPE ---- */

static volatile sig_atomic_t got_sigpipe;

static void on_sigpipe(int sig)
{
	got_sigpipe++;
}

TEST_F(pair, write_after_shutdown_raises_sigpipe)
{
	struct iovec iov = { "x", 1 };

	signal(SIGPIPE, on_sigpipe);
	ASSERT_EQ(0, shutdown(self->c, SHUT_WR));
	fails(EPIPE, send(self->c, "x", 1, 0));
	ASSERT_EQ(1, got_sigpipe);
	fails(EPIPE, write(self->c, "x", 1));
	ASSERT_EQ(2, got_sigpipe);
	fails(EPIPE, writev(self->c, &iov, 1));
	ASSERT_EQ(3, got_sigpipe);
	fails(EPIPE, send(self->c, "x", 1, MSG_NOSIGNAL));
	ASSERT_EQ(3, got_sigpipe);
}

/* ---- reset ---- */

TEST_F(pair, linger_zero_resets)
{
	char byte;

	reset_by(0);
	polls(self->s, POLLERR, 0);
	/* The error is reported once; then EOF. */
	fails(ECONNRESET, recv(self->s, &byte, 1, 0));
	ASSERT_EQ(0, recv(self->s, &byte, 1, 0));
	fails(EPIPE, send(self->s, "x", 1, MSG_NOSIGNAL));
}

TEST_F(pair, reset_told_to_writer)
{
	reset_by(1);
	polls(self->c, POLLERR, 0);
	fails(ECONNRESET, send(self->c, "x", 1, MSG_NOSIGNAL));
	fails(EPIPE, send(self->c, "x", 1, MSG_NOSIGNAL));
}

TEST_F(pair, reset_told_by_so_error)
{
	char byte;

	reset_by(0);
	polls(self->s, POLLERR, 0);
	ASSERT_EQ(ECONNRESET, get_int(self->s, SOL_SOCKET, SO_ERROR));
	ASSERT_EQ(0, recv(self->s, &byte, 1, 0));
}

TEST_F(pair, unread_data_resets)
{
	char byte;

	ASSERT_EQ(10, send_pat(self->s, 0, 10));
	polls(self->c, POLLIN, 0);
	close(self->c);
	self->fd[0] = -1;
	polls(self->s, POLLERR, 0);
	fails(ECONNRESET, recv(self->s, &byte, 1, 0));
}

TEST_F(pair, reset_wakes_reader)
{
	int status;
	pid_t pid = child();

	if (pid == 0) {
		char byte;

		close(self->c);
		_exit(recv(self->s, &byte, 1, 0) != -1 || errno != ECONNRESET);
	}
	sleep_ms(50);
	reset_by(0);
	ASSERT_EQ(pid, waitpid(pid, &status, 0));
	ASSERT_EQ(0, status);
}

/* A reset discards unread data, as on Linux. */
TEST_F(pair, reset_after_data)
{
	char buf[20];

	ASSERT_EQ(10, send_pat(self->c, 0, 10));
	polls(self->s, POLLIN, 0);
	reset_by(0);
	polls(self->s, POLLERR, 0);
	ASSERT_EQ(10, recv(self->s, buf, 20, 0));
	ASSERT_EQ(-1, pat_check(buf, 0, 10));
	fails(ECONNRESET, recv(self->s, buf, 20, 0));
	ASSERT_EQ(0, recv(self->s, buf, 20, 0));
}

/* ---- linger ---- */

TEST_F(pair, linger_waits_for_ack)
{
	struct linger on = { 1, 5 };
	uint64_t start = now_ms();

	ASSERT_EQ(0, setsockopt(self->c, SOL_SOCKET, SO_LINGER, &on,
				sizeof(on)));
	ASSERT_EQ(10, send_pat(self->c, 0, 10));
	/* close() waits for the peer's ACKs only, not for its FIN. */
	close(self->c);
	self->fd[0] = -1;
	ASSERT_LE(now_ms() - start, 1000);
	ASSERT_EQ(10, recv_pat(self->s, 0, 10));
}

TEST_F(pair, linger_gives_up)
{
	struct linger on = { 1, 1 };
	char buf[65536] = {};
	uint64_t start;

	set_int(self->s, SOL_SOCKET, SO_RCVBUF, 4096);
	while (send(self->c, buf, sizeof(buf), MSG_DONTWAIT) > 0)
		;
	ASSERT_EQ(0, setsockopt(self->c, SOL_SOCKET, SO_LINGER, &on,
				sizeof(on)));
	start = tick_ms();
	close(self->c);
	self->fd[0] = -1;
	ASSERT_GE(tick_ms() - start, 950);
	ASSERT_LE(tick_ms() - start, virtual_time() ? 1300 : 6000);
}

TEST_F(pair, close_with_data_out_goes_on)
{
	size_t n = 0;
	ssize_t r;
	char buf[65536], byte;

	pat_fill(buf, 0, sizeof(buf));
	nonblocking(self->c);
	do {
		pat_fill(buf, n, sizeof(buf));
		r = send(self->c, buf, sizeof(buf), 0);
		n += r > 0 ? r : 0;
	} while (r > 0);
	close(self->c);
	self->fd[0] = -1;
	ASSERT_EQ(n, recv_pat(self->s, 0, n));
	ASSERT_EQ(0, recv(self->s, &byte, 1, 0));
}

TEST_F(pair, simultaneous_close_is_eof_for_both)
{
	char byte;

	ASSERT_EQ(0, shutdown(self->c, SHUT_WR));
	ASSERT_EQ(0, shutdown(self->s, SHUT_WR));
	ASSERT_EQ(0, recv(self->c, &byte, 1, 0));
	ASSERT_EQ(0, recv(self->s, &byte, 1, 0));
}

/* A process that dies closes its sockets like close(). */
TEST_F(pair, death_of_process_closes)
{
	char byte;
	pid_t pid = child();

	if (pid == 0) {
		send_pat(self->c, 0, 100);
		raise(SIGKILL);
	}
	close(self->c);
	self->fd[0] = -1;
	waitpid(pid, NULL, 0);
	ASSERT_EQ(100, recv_pat(self->s, 0, 100));
	ASSERT_EQ(0, recv(self->s, &byte, 1, 0));
}

/* close() in one process does not close a socket that another holds. */
TEST_F(pair, close_of_one_copy)
{
	int status;
	pid_t pid = child();

	if (pid == 0) {
		close(self->c);
		_exit(0);
	}
	ASSERT_EQ(pid, waitpid(pid, &status, 0));
	ASSERT_EQ(10, send_pat(self->c, 0, 10));
	ASSERT_EQ(10, recv_pat(self->s, 0, 10));
}

TEST_F(pair, many_open_and_close)
{
	int lfd = st_listen(variant->server, 0, 16);
	int n = virtual_time() ? 200 : 40;
	char byte;

	for (int i = 0; i < n; i++) {
		int c = st_connect(variant->client, sock_port(lfd)), s;

		ASSERT_GE(c, 0);
		s = accept(lfd, NULL, NULL);
		ASSERT_GE(s, 0);
		ASSERT_EQ(20, send_pat(c, i, 20));
		ASSERT_EQ(20, recv_pat(s, i, 20));
		if (i % 4 == 0)
			shutdown(c, SHUT_WR);
		close(i % 2 ? c : s);
		if (i % 3 == 0)
			recv(i % 2 ? s : c, &byte, 1, 0);
		close(i % 2 ? s : c);
	}
	close(lfd);
}

TEST_HARNESS_MAIN
