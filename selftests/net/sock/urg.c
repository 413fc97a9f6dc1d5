// SPDX-License-Identifier: GPL-2.0
/*
 * Urgent data between sockets: one byte, out of band or inline.
 */
#include <linux/sockios.h>

#include "sock_test.h"

static int at_mark(int fd)
{
	int mark = -1;

	return ioctl(fd, SIOCATMARK, &mark) ? -errno : mark;
}

TEST_F(pair, out_of_band)
{
	char byte;

	fails(EINVAL, recv(self->s, &byte, 1, MSG_OOB));
	ASSERT_EQ(10, send_pat(self->c, 0, 10));
	ASSERT_EQ(1, send(self->c, "!", 1, MSG_OOB));
	ASSERT_EQ(10, send_pat(self->c, 10, 10));
	polls(self->s, POLLPRI | POLLIN, 0);
	ASSERT_EQ(1, recv(self->s, &byte, 1, MSG_OOB));
	ASSERT_EQ('!', byte);
	/* The urgent byte can be read once. */
	fails(EINVAL, recv(self->s, &byte, 1, MSG_OOB));
	ASSERT_EQ(0, at_mark(self->s));
	ASSERT_EQ(10, recv_pat(self->s, 0, 10));
	ASSERT_EQ(1, at_mark(self->s));
	ASSERT_EQ(10, recv_pat(self->s, 10, 10));
	ASSERT_EQ(0, at_mark(self->s));
}

TEST_F(pair, peek_out_of_band)
{
	char byte;

	ASSERT_EQ(1, send(self->c, "!", 1, MSG_OOB));
	polls(self->s, POLLPRI, 0);
	ASSERT_EQ(1, recv(self->s, &byte, 1, MSG_OOB | MSG_PEEK));
	ASSERT_EQ('!', byte);
	ASSERT_EQ(1, recv(self->s, &byte, 1, MSG_OOB));
}

TEST_F(pair, read_stops_at_mark)
{
	char buf[100];

	ASSERT_EQ(10, send_pat(self->c, 0, 10));
	ASSERT_EQ(1, send(self->c, "!", 1, MSG_OOB));
	ASSERT_EQ(10, send_pat(self->c, 10, 10));
	polls(self->s, POLLPRI, 0);
	sleep_ms(50);
	ASSERT_EQ(10, recv(self->s, buf, 100, 0));
	ASSERT_EQ(1, at_mark(self->s));
	ASSERT_EQ(10, recv(self->s, buf, 100, 0));
	ASSERT_EQ(-1, pat_check(buf, 10, 10));
}

TEST_F(pair, oobinline_keeps_the_byte_in_place)
{
	char buf[100];

	ASSERT_EQ(0, set_int(self->s, SOL_SOCKET, SO_OOBINLINE, 1));
	ASSERT_EQ(1, get_int(self->s, SOL_SOCKET, SO_OOBINLINE));
	ASSERT_EQ(3, send(self->c, "ab!", 3, MSG_OOB));
	ASSERT_EQ(2, send(self->c, "cd", 2, 0));
	polls(self->s, POLLPRI, 0);
	sleep_ms(50);
	fails(EINVAL, recv(self->s, buf, 1, MSG_OOB));
	ASSERT_EQ(2, recv(self->s, buf, 100, 0));
	ASSERT_EQ(1, at_mark(self->s));
	ASSERT_EQ(3, recv(self->s, buf, 100, 0));
	ASSERT_EQ(0, memcmp(buf, "!cd", 3));
}

/*
 * splice() stops at the urgent byte: until recv() has gone past it, it returns 0, or
 * EAGAIN if it is non-blocking.
 */
static const struct {
	bool inline_;	/* SO_OOBINLINE */
	bool nonblock;
} splices[] = {
	{ false, false },
	{ false, true },
	{ true, false },
	{ true, true },
};

TEST_F(pair, splice_stops_at_mark)
{
	char buf[100];
	int p[2];

	ASSERT_EQ(0, pipe(p));
	for (size_t i = 0; i < sizeof(splices) / sizeof(splices[0]); i++) {
		ASSERT_EQ(0, set_int(self->s, SOL_SOCKET, SO_OOBINLINE, splices[i].inline_));
		fcntl(self->s, F_SETFL, splices[i].nonblock ? O_NONBLOCK : 0);
		ASSERT_EQ(10, send_pat(self->c, 0, 10));
		ASSERT_EQ(1, send(self->c, "!", 1, MSG_OOB));
		ASSERT_EQ(10, send_pat(self->c, 10, 10));
		polls(self->s, POLLPRI, 0);
		sleep_ms(50);
		ASSERT_EQ(10, splice(self->s, NULL, p[1], NULL, 100, 0));
		ASSERT_EQ(10, read(p[0], buf, 100));
		ASSERT_EQ(-1, pat_check(buf, 0, 10));
		for (int again = 0; again < 2; again++) {
			errno = 0;
			ASSERT_EQ(splices[i].nonblock ? -1 : 0,
				  splice(self->s, NULL, p[1], NULL, 100, 0));
			ASSERT_EQ(splices[i].nonblock ? EAGAIN : 0, errno);
			ASSERT_EQ(1, at_mark(self->s));
		}
		ASSERT_EQ(1, recv(self->s, buf, 1, splices[i].inline_ ? 0 : MSG_OOB));
		ASSERT_EQ('!', buf[0]);
		ASSERT_EQ(1, recv(self->s, buf, 1, 0));
		ASSERT_EQ(9, splice(self->s, NULL, p[1], NULL, 100, 0));
		ASSERT_EQ(9, read(p[0], buf, 100));
		ASSERT_EQ(-1, pat_check(buf, 11, 9));
	}
	close(p[0]);
	close(p[1]);
}

/* A second urgent byte replaces the first. */
TEST_F(pair, second_replaces_first)
{
	char buf[100];

	ASSERT_EQ(1, send(self->c, "1", 1, MSG_OOB));
	polls(self->s, POLLPRI, 0);
	ASSERT_EQ(1, send(self->c, "2", 1, MSG_OOB));
	for (int i = 0; i < 100; i++) {
		if (recv(self->s, buf, 1, MSG_OOB | MSG_PEEK) == 1 &&
		    buf[0] == '2')
			break;
		sleep_ms(10);
	}
	ASSERT_EQ('2', buf[0]);
	ASSERT_EQ(1, recv(self->s, buf, 1, MSG_OOB));
}

static volatile sig_atomic_t got_sigurg;

static void on_sigurg(int sig)
{
	got_sigurg = 1;
}

TEST_F(pair, sigurg_tells_of_urgent_data)
{
	signal(SIGURG, on_sigurg);
	ASSERT_EQ(0, fcntl(self->s, F_SETOWN, getpid()));
	ASSERT_EQ(1, send(self->c, "!", 1, MSG_OOB));
	for (int i = 0; i < 100 && !got_sigurg; i++)
		sleep_ms(10);
	ASSERT_EQ(1, got_sigurg);
}

static int urgent_fd;
static char urgent;

static void take_urgent(int sig)
{
	recv(urgent_fd, &urgent, 1, MSG_OOB | MSG_DONTWAIT);
}

/* The SIGURG handler runs before a reader that sleeps at the mark goes past it. */
TEST_F(pair, sigurg_of_a_reader)
{
	struct sigaction sa = { .sa_handler = take_urgent };
	char byte;

	urgent_fd = self->s;
	sigaction(SIGURG, &sa, NULL);
	ASSERT_EQ(0, fcntl(self->s, F_SETOWN, getpid()));
	if (!child()) {
		sleep_ms(100);
		send(self->c, "!", 1, MSG_OOB);
		_exit(0);
	}
	fails(EINTR, recv(self->s, &byte, 1, 0));
	ASSERT_EQ('!', urgent);
}

TEST_F(pair, select_reports_urgent_as_exception)
{
	struct timeval tv = {};
	fd_set x;

	ASSERT_EQ(1, send(self->c, "!", 1, MSG_OOB));
	polls(self->s, POLLPRI, 0);
	FD_ZERO(&x);
	FD_SET(self->s, &x);
	ASSERT_EQ(1, select(self->s + 1, NULL, NULL, &x, &tv));
}

TEST_F(pair, mark_without_urgent)
{
	ASSERT_EQ(0, at_mark(self->s));
	ASSERT_EQ(10, send_pat(self->c, 0, 10));
	ASSERT_EQ(0, at_mark(self->s));
}

TEST_HARNESS_MAIN
