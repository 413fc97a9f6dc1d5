// SPDX-License-Identifier: GPL-2.0
/*
 * Fast Open, segment by segment: RFC 7413, both sides, losses and middleboxes.
 */
#include "wire_test.h"

#ifndef MSG_FASTOPEN
#define MSG_FASTOPEN	0x20000000
#endif

#define enabled(how)	ASSERT_EQ(0, wire_knob(W, "fastopen", (how)))

/* ---- server ---- */

/* A listener that allows @n pending Fast Open requests. */
#define fo_listens(n) do {						\
	enabled("3");							\
	listens();							\
	ASSERT_EQ(0, set_int(self->lfd, IPPROTO_TCP, TCP_FASTOPEN, (n))); \
} while (0)

/* Make a connection only to get a cookie. */
static struct wseg cookie_of(struct wire *w)
{
	struct wseg ask = { .flags = SYN, MSS(1000), FOASK }, none = {};

	wire_reset(w, 39999);
	wire_in(w, &ask);
	if (!wire_get(w, 1000) || !w->got.has_fo)
		return none;
	none = w->got;
	wire_in(w, &(struct wseg){ .flags = RST, SEQ(1) });
	wire_reset(w, WIRE_PPORT);
	return none;
}

/* A Fast Open SYN with 100 bytes and a valid cookie. */
#define opens_with_data() do {						\
	struct wseg _cookie;						\
	fo_listens(5);							\
	_cookie = cookie_of(W);						\
	in(SYN, MSS(1000), LEN(100), FOLIKE(_cookie));			\
	out(SYN | ACK, SEQ(0), ACKNO(101), NOFO);			\
} while (0)

TEST_F(wire, server_gives_a_cookie)
{
	struct wseg cookie;

	fo_listens(5);
	cookie = cookie_of(W);
	ASSERT_EQ(8, cookie.folen);
	/* A cookie comes with an ordinary handshake, and does not depend on the port. */
	in(SYN, MSS(1000), FOASK);
	out(SYN | ACK, SEQ(0), ACKNO(1), FOLIKE(cookie));
	in(ACK, SEQ(1), ACKNO(1));
	accepts();
	state(TCP_ESTABLISHED);
}

TEST_F(wire, server_gives_none)
{
	enabled("1");
	listens();
	in(SYN, MSS(1000), FOASK);
	out(SYN | ACK, SEQ(0), ACKNO(1), NOFO);
}

TEST_F(wire, server_listener_without)
{
	enabled("3");
	listens();
	in(SYN, MSS(1000), FOASK);
	out(SYN | ACK, SEQ(0), ACKNO(1), NOFO);
}

/* The experimental option, kind 254 with magic 0xf989, of clients before the RFC. */
TEST_F(wire, server_old_option)
{
	fo_listens(5);
	in(SYN, RAW(254, 4, 0xf9, 0x89, 2, 4, 4, 0));
	out(SYN | ACK, SEQ(0), ACKNO(1), NOFO);
	/* MSS; option 254 with two bytes of magic and eight of cookie. */
	ASSERT_EQ(16, W->got.rawlen);
}

TEST_F(wire, server_takes_data)
{
	opens_with_data();
	/* The connection is accepted, read and written before the handshake ends. */
	accepts();
	state(TCP_SYN_RECV);
	reads(100);
	ASSERT_EQ(POLLOUT, poll_now(self->fd, POLLIN | POLLOUT));
	writes(500);
	out(ACK, SEQ(1), ACKNO(101), LEN(500));
	in(ACK, SEQ(101), ACKNO(501));
	none(QUIET);
	state(TCP_ESTABLISHED);
	in(ACK | PSH, SEQ(101), ACKNO(501), LEN(50));
	out(ACK, SEQ(501), ACKNO(151));
	reads(50);
}

TEST_F(wire, server_good_cookie_no_data)
{
	struct wseg cookie;

	fo_listens(5);
	cookie = cookie_of(W);
	in(SYN, MSS(1000), FOLIKE(cookie));
	out(SYN | ACK, SEQ(0), ACKNO(1), NOFO);
	accepts();
	writes(300);
	out(ACK, SEQ(1), ACKNO(1), LEN(300));
}

TEST_F(wire, server_bad_cookie)
{
	struct wseg cookie, bad;

	fo_listens(5);
	cookie = cookie_of(W);
	bad = cookie;
	bad.fo[3] ^= 1;
	in(SYN, MSS(1000), LEN(100), FOLIKE(bad));
	/* Only the SYN is acknowledged, and the right cookie is sent. */
	out(SYN | ACK, SEQ(0), ACKNO(1), FOLIKE(cookie));
	in(ACK | PSH, SEQ(1), ACKNO(1), LEN(100));
	out(ACK, SEQ(1), ACKNO(101));
	accepts();
	reads(100);
}

/* A cookie that is shorter or longer than ours. */
TEST_F(wire, server_cookie_of_other_length)
{
	fo_listens(5);
	in(SYN, MSS(1000), LEN(100), FOBYTES(1, 2, 3, 4));
	out(SYN | ACK, SEQ(0), ACKNO(1));
	wire_reset(W, 40001);
	in(SYN, MSS(1000), LEN(100), FOBYTES(1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16));
	out(SYN | ACK, SEQ(0), ACKNO(1));
	/* An option with a cookie of odd length is ignored (RFC 7413 4.1.2). */
	wire_reset(W, 40002);
	in(SYN, MSS(1000), LEN(100), FOBYTES(1, 2, 3, 4, 5));
	out(SYN | ACK, SEQ(0), ACKNO(1), NOFO);
}

TEST_F(wire, server_data_without_cookie)
{
	fo_listens(5);
	in(SYN, MSS(1000), LEN(100));
	out(SYN | ACK, SEQ(0), ACKNO(1), NOFO);
	enabled("515");		/* 0x203 */
	wire_reset(W, 40001);
	in(SYN, MSS(1000), LEN(100));
	out(SYN | ACK, SEQ(0), ACKNO(101), NOFO);
	accepts();
	reads(100);
}

/* Data before the handshake ends stays within the SYN's and the initial window. */
TEST_F(wire, server_answers_within_windows)
{
	struct wseg cookie;

	fo_listens(5);
	cookie = cookie_of(W);
	in(SYN, MSS(1000), WND(3000), WS(7), LEN(10), FOLIKE(cookie));
	out(SYN | ACK, SEQ(0), ACKNO(11));
	accepts();
	writes(8000);
	out(ACK, SEQ(1), LEN(1000));
	out(ACK, SEQ(1001), LEN(1000));
	wire_drain(W, QUIET);
	/* The last byte within the window has number 3000. */
	ASSERT_LE(W->rcv_nxt, 3001);
}

TEST_F(wire, server_syn_again)
{
	opens_with_data();
	in(SYN, SEQ(0), MSS(1000));
	out(SYN | ACK, SEQ(0), ACKNO(101), NOFO);
	in(ACK, SEQ(101), ACKNO(1));
	accepts();
	reads(100);
	ASSERT_EQ(0, poll_now(self->fd, POLLIN));
	state(TCP_ESTABLISHED);
}

/* SYN-ACKs are retransmitted after 1 s and 2 s; data waits for the handshake. */
LONG_TEST_F(wire, server_synack_lost, 60)
{
	opens_with_data();
	accepts();
	writes(500);
	out(ACK, SEQ(1), LEN(500));
	out(SYN | ACK, SEQ(0), ACKNO(101), WITHIN(1300));
	out(SYN | ACK, SEQ(0), ACKNO(101), WITHIN(2600));
	in(ACK, SEQ(101), ACKNO(1));
	out(ACK, SEQ(1), LEN(500), WITHIN(1000));
	in(ACK, SEQ(101), ACKNO(501));
	none(QUIET);
}

/* A RST during the handshake ends the connection, whether its data was read or not. */
TEST_F(wire, server_child_ends_by_rst)
{
	opens_with_data();
	accepts();
	reads(100);
	in(RST, SEQ(101));
	none(QUIET);
	read_fails(ECONNRESET);
	reads_eof();
}

/* The FIN does not wait for the handshake either. */
TEST_F(wire, server_answers_and_closes)
{
	opens_with_data();
	accepts();
	reads(100);
	writes(500);
	out(ACK, SEQ(1), LEN(500));
	closes();
	out(ACK | FIN, SEQ(501), ACKNO(101));
	in(ACK, SEQ(101), ACKNO(502));
	none(QUIET);
	in(ACK | FIN, SEQ(101), ACKNO(502));
	out(ACK, SEQ(502), ACKNO(102));
}

/*
 * RFC 7413 5.1: the number of requests without an ACK is limited; one that was reset
 * counts for another minute.
 */
TEST_F_TIMEOUT(wire, server_limits_requests_without_ack, 120)
{
	struct linger hard = { .l_onoff = 1 };
	struct wseg cookie;
	int fds[3];

	fo_listens(2);
	cookie = cookie_of(W);
	for (int i = 0; i < 2; i++) {
		wire_reset(W, 40001 + i);
		in(SYN, MSS(1000), LEN(100), FOLIKE(cookie));
		out(SYN | ACK, SEQ(0), ACKNO(101));
	}
	/* The third is an ordinary handshake, without a cookie. */
	wire_reset(W, 40003);
	in(SYN, MSS(1000), LEN(100), FOLIKE(cookie));
	out(SYN | ACK, SEQ(0), ACKNO(1), NOFO);
	/* An ACK of one makes room for another. */
	wire_reset(W, 40002);
	in(SYN, SEQ(0), MSS(1000));
	out(SYN | ACK, SEQ(0), ACKNO(101));
	in(ACK, SEQ(101), ACKNO(1));
	wire_reset(W, 40004);
	in(SYN, MSS(1000), LEN(100), FOLIKE(cookie));
	out(SYN | ACK, SEQ(0), ACKNO(101));
	/* That one is reset after accept(), and still counts. */
	for (int i = 0; i < 3; i++) {
		fds[i] = accept4(self->lfd, NULL, NULL, SOCK_NONBLOCK);
		ASSERT_GE(fds[i], 0);
	}
	in(RST, SEQ(101));
	wire_reset(W, 40005);
	in(SYN, MSS(1000), LEN(100), FOLIKE(cookie));
	out(SYN | ACK, SEQ(0), ACKNO(1), NOFO);
	/* After a minute neither it nor the first, which was never acknowledged, counts. */
	if (virtual_time()) {
		sleep_ms(66000);
		wire_drain(W, QUIET);
		wire_reset(W, 40006);
		in(SYN, MSS(1000), LEN(100), FOLIKE(cookie));
		out(SYN | ACK, SEQ(0), ACKNO(101));
	}
	for (int i = 0; i < 3; i++) {
		setsockopt(fds[i], SOL_SOCKET, SO_LINGER, &hard, sizeof(hard));
		close(fds[i]);
	}
}

/* Closing the listener resets connections that were not accepted. */
TEST_F(wire, server_listener_closes)
{
	opens_with_data();
	stops_listening();
	ASSERT_TRUE(wire_get(W, 1000));
	ASSERT_TRUE(W->got.flags & RST);
	ASSERT_EQ(1, W->got.seq);
}

/* An accepted connection outlives its listener. */
TEST_F(wire, server_child_outlives_listener)
{
	opens_with_data();
	accepts();
	stops_listening();
	reads(100);
	in(ACK, SEQ(101), ACKNO(1));
	none(QUIET);
	state(TCP_ESTABLISHED);
}

/* ---- client ---- */

#define COOKIE	FOBYTES(9, 8, 7, 6, 5, 4, 3, 2)

static ssize_t send_early(struct wire *w, int fd, size_t len)
{
	union addr a = host(WIRE_PEER, WIRE_PPORT);
	uint8_t buf[20000];

	pat_fill(buf, 0, len);
	return sendto(fd, buf, len, MSG_FASTOPEN | MSG_DONTWAIT, &a.sa, addr_len(&a));
}

/* A first connection requests and gets a cookie; it ends with a RST. */
#define learns(...) do {						\
	enabled("1");							\
	self->fd = wire_socket(W, 0);					\
	sends_nothing_early(100, FOASK);				\
	in(SYN | ACK, ##__VA_ARGS__);					\
	out(ACK, SEQ(1), ACKNO(1));					\
	next_after_reset();						\
} while (0)

/* Prepare the client's next connection. */
#define again() do {							\
	wire_drain(W, 1);						\
	wire_reset(W, WIRE_PPORT);					\
	self->wpos = 0;							\
	self->fd = wire_socket(W, 0);					\
	ASSERT_GE(self->fd, 0);						\
} while (0)

#define next_after_reset() do {						\
	in(RST, SEQ(1));						\
	sleep_ms(1);							\
	closes();							\
	again();							\
} while (0)

/* The SYN carries @n bytes; with the macro below none, and data waits for the handshake. */
#define sends_early(n, ...) do {					\
	ASSERT_EQ((n), send_early(W, self->fd, (n)));			\
	out(SYN, SEQ(0), LEN(n), __VA_ARGS__);				\
} while (0)

#define sends_nothing_early(n, ...) do {				\
	ASSERT_EQ(-1, send_early(W, self->fd, (n)));			\
	ASSERT_EQ(EINPROGRESS, errno);					\
	out(SYN, SEQ(0), __VA_ARGS__);					\
} while (0)

TEST_F(wire, client_asks_for_a_cookie)
{
	learns(MSS(1000), COOKIE);
}

TEST_F(wire, client_sends_data)
{
	learns(MSS(1000), COOKIE);
	sends_early(500, COOKIE);
	in(SYN | ACK, ACKNO(501), MSS(1000));
	out(ACK, SEQ(501), ACKNO(1));
	self->wpos = 500;
	writes(100);
	out(ACK, SEQ(501), LEN(100));
	in(ACK | PSH, ACKNO(601), LEN(300));
	reads(300);
}

/* At most the previous connection's MSS, less 40 bytes for options. */
TEST_F(wire, client_sends_what_fits)
{
	ssize_t n;

	learns(MSS(1000), COOKIE);
	n = send_early(W, self->fd, 3000);
	ASSERT_EQ(960, n);
	out(SYN, SEQ(0), LEN(960), COOKIE);
	in(SYN | ACK, ACKNO(961), MSS(1000));
	out(ACK, SEQ(961), ACKNO(1));
}

/* The MSS is remembered even if the server did not accept the data. */
TEST_F(wire, client_sends_what_fitted_last)
{
	learns(MSS(1000), COOKIE);
	ASSERT_EQ(960, send_early(W, self->fd, 3000));
	out(SYN, SEQ(0), LEN(960), COOKIE);
	in(SYN | ACK, ACKNO(1), MSS(600));
	out(ACK, SEQ(1), ACKNO(1), LEN(600));
	out(ACK, SEQ(601), ACKNO(1), LEN(360));
	next_after_reset();
	ASSERT_EQ(560, send_early(W, self->fd, 3000));
	out(SYN, SEQ(0), LEN(560), COOKIE);
}

TEST_F(wire, client_syn_alone_acknowledged)
{
	learns(MSS(1000), COOKIE);
	sends_early(500, COOKIE);
	in(SYN | ACK, ACKNO(1), MSS(1000));
	/* The data is sent again at once. */
	out(ACK, SEQ(1), ACKNO(1), LEN(500));
	in(ACK, ACKNO(501));
	none(QUIET);
	self->wpos = 500;
	writes(100);
	out(ACK, SEQ(501), LEN(100));
}

TEST_F(wire, client_part_acknowledged)
{
	learns(MSS(1000), COOKIE);
	sends_early(500, COOKIE);
	in(SYN | ACK, ACKNO(201), MSS(1000));
	out(ACK, SEQ(201), ACKNO(1), LEN(300));
	in(ACK, ACKNO(501));
	none(QUIET);
}

TEST_F(wire, client_new_cookie)
{
	learns(MSS(1000), COOKIE);
	sends_early(500, COOKIE);
	in(SYN | ACK, ACKNO(1), MSS(1000), FOBYTES(1, 1, 1, 1));
	out(ACK, SEQ(1), LEN(500));
	next_after_reset();
	sends_early(500, FOBYTES(1, 1, 1, 1));
}

/* A retransmitted SYN carries neither data nor option; data follows the handshake. */
TEST_F_TIMEOUT(wire, client_syn_lost, 30)
{
	learns(MSS(1000), COOKIE);
	sends_early(500, COOKIE);
	out(SYN, SEQ(0), LEN(0), NOFO, WITHIN(1300));
	in(SYN | ACK, ACKNO(1), MSS(1000));
	out(ACK, SEQ(1), LEN(500));
}

/* RFC 7413 4.1.3.1: after two losses in a row Fast Open is not tried for minutes. */
LONG_TEST_F(wire, client_backs_off, 400)
{
	XTCP_ONLY("it forgets");
	learns(MSS(1000), COOKIE);
	for (int i = 0; i < 2; i++) {
		sends_early(500, COOKIE);
		out(SYN, SEQ(0), LEN(0), NOFO, WITHIN(1300));
		in(SYN | ACK, ACKNO(1), MSS(1000));
		out(ACK, SEQ(1), LEN(500));
		next_after_reset();
	}
	sends_nothing_early(500, NOFO);
	closes();
	sleep_ms(241000);
	again();
	sends_early(500, COOKIE);
}

/* A path that drops all but the handshake disables Fast Open for a while. */
LONG_TEST_F(wire, client_stops_on_blackhole, 60)
{
	learns(MSS(1000), COOKIE);
	ASSERT_EQ(0, wire_knob(W, "fastopen_blackhole_timeout_sec", "30"));
	sends_early(500, COOKIE);
	in(SYN | ACK, ACKNO(501), MSS(1000));
	out(ACK, SEQ(501), ACKNO(1));
	self->wpos = 500;
	writes(100);
	for (int i = 0; i < 4; i++)
		out(ACK, SEQ(501), LEN(100), WITHIN(5000));
	next_after_reset();
	sends_nothing_early(500, NOFO);
	closes();
	sleep_ms(31000);
	again();
	sends_early(500, COOKIE);
}

TEST_F(wire, client_lazy_connect)
{
	learns(MSS(1000), COOKIE);
	ASSERT_EQ(0, set_int(self->fd, IPPROTO_TCP, TCP_FASTOPEN_CONNECT, 1));
	ASSERT_EQ(0, wire_connect(W, self->fd, WIRE_PPORT));
	none(QUIET);
	ASSERT_EQ(POLLOUT, poll_now(self->fd, POLLIN | POLLOUT));
	writes(500);
	out(SYN, SEQ(0), LEN(500), COOKIE);
	ASSERT_EQ(0, poll_now(self->fd, POLLIN | POLLOUT));
	in(SYN | ACK, ACKNO(501), MSS(1000));
	out(ACK, SEQ(501), ACKNO(1));
}

TEST_F(wire, client_without_cookie)
{
	enabled("5");
	self->fd = wire_socket(W, 0);
	sends_early(400, NOFO);
	in(SYN | ACK, ACKNO(401), MSS(1000));
	out(ACK, SEQ(401), ACKNO(1));
}

TEST_F(wire, client_refusal_ends_connect)
{
	learns(MSS(1000), COOKIE);
	sends_early(500, COOKIE);
	in(RST | ACK, SEQ(0), ACKNO(501));
	none(QUIET);
	ASSERT_EQ(ECONNREFUSED, get_int(self->fd, SOL_SOCKET, SO_ERROR));
}

/* Simultaneous open: data is sent after the handshake. */
TEST_F(wire, client_sends_data_after_simultaneous_open)
{
	XTCP_ONLY("its data waits for a timer");
	learns(MSS(1000), COOKIE);
	sends_early(500, COOKIE);
	in(SYN, MSS(1000));
	out(SYN | ACK, SEQ(0), ACKNO(1));
	in(SYN | ACK, SEQ(0), ACKNO(1), MSS(1000));
	out(ACK, SEQ(1), ACKNO(1), LEN(500));
}

TEST_HARNESS_MAIN
