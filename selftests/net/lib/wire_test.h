/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The fixture of all wire tests, and the macros they are written in. Each test
 * runs on the kernel's TCP too, which shows that what it asserts is TCP's
 * behaviour and not XTCP's alone. XTCP_ONLY() marks the exceptions.
 */
#ifndef XTCP_WIRE_TEST_H
#define XTCP_WIRE_TEST_H

#include <fcntl.h>
#include <poll.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "fixture.h"
#include "wire.h"

FIXTURE(wire)
{
	struct wire w;
	int lfd;	/* listener */
	int fd;		/* connection */
	uint64_t wpos;	/* bytes written to fd */
	uint64_t rpos;	/* bytes read from fd */
};

FIXTURE_VARIANT(wire)
{
	enum stack stack;
	enum net net;
};

#ifdef WIRE_ONLY_IPV6
EACH_STACK_V6(wire)
#else
EACH_STACK_MAPPED(wire)
#endif

FIXTURE_SETUP(wire)
{
	self->lfd = -1;
	self->fd = -1;
	self->w.tun = -1;
	variant_begins(variant->stack, variant->stack, variant->net);
	ASSERT_EQ(0, wire_init(&self->w, variant->stack, variant->net));
}

FIXTURE_TEARDOWN(wire)
{
	hard_close(self->fd);
	if (self->lfd >= 0)
		close(self->lfd);
	wire_fini(&self->w);
}

#define W		(&self->w)
#define in(f, ...)	wire_in(W, &(struct wseg){ .flags = (f), __VA_ARGS__ })
#define out(f, ...) \
	ASSERT_STREQ("", wire_out(W, &(struct wseg){ .flags = (f), __VA_ARGS__ }))
/* The tested TCP sends nothing for @ms. */
#define none(ms)	ASSERT_STREQ("", wire_none(W, (ms)))
/* ms for none() where any wait will do. */
#define QUIET		20
/* @st: TCP_ESTABLISHED and so on of <netinet/tcp.h>; 0: no such flow. */
#define state(st)	ASSERT_EQ((st), wire_state(W))
#define knob(name, val)	ASSERT_EQ(0, wire_knob(W, (name), (val)))
/* Challenge ACKs of one connection are at least half a second apart. */
#define next_challenge()	sleep_ms(600)

/* Skip the rest of the test on the kernel's TCP, which behaves differently. */
#define XTCP_ONLY(why) do {						\
	if (W->stack != XTCP)						\
		SKIP_TEST("the kernel differs: " why);			\
} while (0)

#define IPV4_ONLY(why) do {						\
	if (W->net == V6)						\
		SKIP_TEST("of IPv4: " why);				\
} while (0)

/* Run @what, which must make XTCP discard one segment, for exactly this reason. */
#define dropped(reason, what) do {					\
	struct wire_drops _before;					\
	wire_drops(&_before);						\
	what;								\
	if (W->stack == XTCP)						\
		ASSERT_STREQ("", wire_drops_diff(W, &_before, reason));	\
} while (0)

/* Run @what, which must add @n to the counter @name. */
#define counted(n, name, what) do {					\
	long _was = wire_count(W, (name));				\
	what;								\
	ASSERT_EQ((n), wire_count(W, (name)) - _was) TH_LOG("%s", (name)); \
} while (0)

/* The tested TCP listens on its address. */
#define listens_for(backlog) do {					\
	self->lfd = wire_listen(W, WIRE_PORT, (backlog));		\
	ASSERT_GE(self->lfd, 0);					\
} while (0)

#define listens()	listens_for(5)

/* A listener on all addresses. */
#define listens_any() do {						\
	self->lfd = wire_socket(W, 0);					\
	ASSERT_GE(self->lfd, 0);					\
	ASSERT_EQ(0, wire_bind(W, self->lfd, ANY, WIRE_PORT));		\
	ASSERT_EQ(0, listen(self->lfd, 5));				\
} while (0)

#define stops_listening() do {						\
	ASSERT_EQ(0, close(self->lfd));					\
	self->lfd = -1;							\
} while (0)

#define accepts() do {							\
	self->fd = accept4(self->lfd, NULL, NULL, SOCK_NONBLOCK);	\
	ASSERT_GE(self->fd, 0);						\
} while (0)

/* Connect to the listener and accept; the arguments are the SYN's options. */
#define passive(...) do {						\
	struct wseg _syn = { .flags = SYN, __VA_ARGS__ };		\
	if (self->lfd < 0)						\
		listens();						\
	wire_in(W, &_syn);						\
	out(SYN | ACK, SEQ(0), ACKNO(1));				\
	W->ts = _syn.has_ts;						\
	in(ACK, SEQ(1), ACKNO(1));					\
	accepts();							\
} while (0)

/* The tested TCP sends a SYN. */
#define connects() do {							\
	W->pport = WIRE_PPORT;						\
	if (self->fd < 0)						\
		self->fd = wire_socket(W, 0);				\
	ASSERT_GE(self->fd, 0);						\
	ASSERT_EQ(-EINPROGRESS, wire_connect(W, self->fd, WIRE_PPORT));	\
	out(SYN, SEQ(0));						\
} while (0)

/* The tested TCP connects; the arguments are our SYN-ACK's options. */
#define active(...) do {						\
	struct wseg _syn = { .flags = SYN | ACK, __VA_ARGS__ };		\
	connects();							\
	wire_in(W, &_syn);						\
	W->ts = _syn.has_ts;						\
	out(ACK, SEQ(1), ACKNO(1));					\
	ASSERT_EQ(0, get_int(self->fd, SOL_SOCKET, SO_ERROR));		\
} while (0)

/* The application writes or reads the next @n bytes of the stream. */
#define writes(n) do {							\
	ASSERT_EQ((n), send_pat(self->fd, self->wpos, (n)));		\
	self->wpos += (n);						\
	W->last_ms = now_ms();						\
} while (0)

#define reads(n) do {							\
	ASSERT_EQ((n), recv_pat(self->fd, self->rpos, (n)));		\
	self->rpos += (n);						\
} while (0)

#define read_fails(err) do {						\
	char _byte;							\
	ASSERT_EQ(-1, recv(self->fd, &_byte, 1, 0));			\
	ASSERT_EQ((err), errno);					\
} while (0)

#define fails_with(err, call) do {					\
	ASSERT_EQ(-1, (call));						\
	ASSERT_EQ((err), errno);					\
} while (0)

#define reads_eof() do {						\
	char _byte;							\
	ASSERT_EQ(0, recv(self->fd, &_byte, 1, 0));			\
} while (0)

#define closes() do {							\
	ASSERT_EQ(0, close(self->fd));					\
	self->fd = -1;							\
} while (0)

/* Both ends close, the tested one first; no data was sent. */
#define both_close() do {						\
	closes();							\
	out(FIN | ACK, SEQ(1), ACKNO(1));				\
	in(FIN | ACK, SEQ(1), ACKNO(2));				\
	out(ACK, SEQ(2), ACKNO(2));					\
} while (0)

/* Bring a passive connection to TIME-WAIT; the arguments are the SYN's options. */
#define time_wait(...) do {						\
	passive(__VA_ARGS__);						\
	both_close();							\
	state(TCP_TIME_WAIT);						\
} while (0)

/* The tested TCP sends @n segments of 1000 bytes, the first at sequence number @seq. */
#define segments(seq, n) do {						\
	for (int _i = 0; _i < (n); _i++)				\
		out(ACK, SEQ((seq) + _i * 1000), LEN(1000));		\
} while (0)

static inline struct tcp_info info(int fd)
{
	struct tcp_info ti;
	socklen_t len = sizeof(ti);

	memset(&ti, 0, sizeof(ti));
	getsockopt(fd, IPPROTO_TCP, TCP_INFO, &ti, &len);
	return ti;
}

#endif /* XTCP_WIRE_TEST_H */
