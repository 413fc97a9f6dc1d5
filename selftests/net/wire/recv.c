// SPDX-License-Identifier: GPL-2.0
/*
 * The receiver: segments out of order, duplicate or overlapping form one stream
 * again; urgent data (RFC 6093).
 */
#include <sys/ioctl.h>

#include "wire_test.h"

/* Ranges of the stream in the order in which they arrive; ends with 0, 0. */
struct order {
	const char *name;
	struct {
		uint32_t from, to;
	} seg[12];
};

static const struct order orders[] = {
	{ "backwards", { { 300, 400 }, { 200, 300 }, { 100, 200 }, { 0, 100 } } },
	{ "every other first", { { 100, 200 }, { 300, 400 }, { 500, 600 },
				 { 200, 300 }, { 400, 500 }, { 0, 100 } } },
	{ "overlap left", { { 100, 200 }, { 50, 150 }, { 0, 60 } } },
	{ "overlap right", { { 100, 200 }, { 150, 250 }, { 0, 100 } } },
	{ "covers a held one", { { 100, 200 }, { 50, 300 }, { 0, 50 } } },
	{ "inside a held one", { { 100, 400 }, { 200, 300 }, { 0, 100 } } },
	{ "covers several", { { 100, 200 }, { 300, 400 }, { 500, 600 },
			      { 50, 700 }, { 0, 50 } } },
	{ "same start, longer", { { 100, 200 }, { 100, 300 }, { 0, 100 } } },
	{ "same end, earlier", { { 100, 200 }, { 50, 200 }, { 0, 50 } } },
	{ "twice", { { 100, 200 }, { 100, 200 }, { 0, 100 }, { 0, 100 } } },
	{ "fills and goes on", { { 100, 200 }, { 0, 150 }, { 150, 400 } } },
	{ "covers all held", { { 100, 200 }, { 300, 400 }, { 0, 500 } } },
	{ "one byte holes", { { 1, 2 }, { 3, 4 }, { 5, 6 }, { 0, 1 }, { 2, 3 },
			      { 4, 5 } } },
	{ "partly old", { { 0, 100 }, { 50, 150 }, { 100, 300 } } },
	{ "touching", { { 100, 200 }, { 200, 300 }, { 300, 400 }, { 0, 100 } } },
};

TEST_F(wire, any_order_of_segments_is_one_stream)
{
	for (size_t i = 0; i < ARRAY_SIZE(orders); i++) {
		const struct order *o = &orders[i];
		uint32_t end = 0, next = 0;

		wire_reset(W, WIRE_PPORT + i);
		self->rpos = 0;
		passive(MSS(1000));
		for (size_t j = 0; j < ARRAY_SIZE(o->seg) && o->seg[j].to; j++) {
			uint32_t from = o->seg[j].from, to = o->seg[j].to;

			in(ACK, SEQ(1 + from), LEN(to - from));
			if (to > end)
				end = to;
		}
		while (wire_get(W, 100))
			next = W->got.ack;
		ASSERT_EQ(end + 1, next)
			TH_LOG("order \"%s\"", o->name);
		reads(end);
		read_fails(EAGAIN);
		in(RST, SEQ(end + 1));
		close(self->fd);
		self->fd = -1;
	}
}

/* Data behind a hole is neither readable nor acknowledged. */
TEST_F(wire, hole_holds_back)
{
	passive(MSS(1000));
	for (int i = 0; i < 5; i++) {
		in(ACK, SEQ(1001 + i * 1000), LEN(1000));
		out(ACK, SEQ(1), ACKNO(1));
	}
	read_fails(EAGAIN);
	in(ACK, SEQ(1), LEN(1000));
	out(ACK, ACKNO(6001));
	reads(6000);
}

TEST_F(wire, many_holes_are_filled)
{
	int i;

	passive(MSS(1000));
	for (i = 1; i < 200; i += 2)
		in(ACK, SEQ(1 + i * 50), LEN(50));
	wire_drain(W, QUIET);
	ASSERT_EQ(1, W->got.ack);
	for (i = 0; i < 200; i += 2)
		in(ACK, SEQ(1 + i * 50), LEN(50));
	wire_drain(W, 300);
	ASSERT_EQ(10001, W->got.ack);
	reads(10000);
}

TEST_F(wire, hole_across_wrap)
{
	W->isn = 0xfffffe00;
	passive(MSS(1000));
	in(ACK, SEQ(401), LEN(400));
	out(ACK, ACKNO(1));
	in(ACK, SEQ(1), LEN(400));
	out(ACK, ACKNO(801));
	reads(800);
}

/* Of a segment that extends beyond the window the part inside is accepted. */
TEST_F(wire, beyond_right_edge)
{
	uint32_t wnd;

	listens();
	ASSERT_EQ(0, set_int(self->lfd, SOL_SOCKET, SO_RCVBUF, 4096));
	in(SYN, MSS(1460));
	out(SYN | ACK);
	wnd = W->got.wnd;
	in(ACK);
	accepts();
	in(ACK, SEQ(1 + wnd - 100), LEN(1000));
	wire_drain(W, QUIET);
	ASSERT_EQ(1, W->got.ack);
	state(TCP_ESTABLISHED);
}

TEST_F(wire, fin_out_of_order)
{
	passive(MSS(1000));
	in(FIN | ACK, SEQ(201), LEN(100));
	out(ACK, ACKNO(1));
	in(ACK, SEQ(101), LEN(100));
	out(ACK, ACKNO(1));
	state(TCP_ESTABLISHED);
	in(ACK, SEQ(1), LEN(100));
	out(ACK, ACKNO(302));
	state(TCP_CLOSE_WAIT);
	reads(300);
	reads_eof();
}

/* A burst is read correctly, whether GRO merges it or not. */
TEST_F(wire, burst_is_one_stream)
{
	passive(MSS(1000), WS(7));
	for (int i = 0; i < 40; i++)
		in(ACK | (i == 39 ? PSH : 0), LEN(1000));
	wire_drain(W, 300);
	ASSERT_EQ(40001, W->got.ack);
	reads(40000);
}

/* ---- urgent ---- */

#define at_mark(yes) do {						\
	int _mark = -1;							\
	ASSERT_EQ(0, ioctl(self->fd, SIOCATMARK, &_mark));		\
	ASSERT_EQ((yes), _mark);					\
} while (0)

TEST_F(wire, urgent_byte_is_out_of_band)
{
	uint8_t byte;

	passive(MSS(1000));
	/* The pointer is to the byte after the urgent one, which is the tenth. */
	in(ACK | URG, LEN(20), .urg = 10);
	ASSERT_TRUE(poll_now(self->fd, POLLPRI) & POLLPRI);
	ASSERT_EQ(1, recv(self->fd, &byte, 1, MSG_OOB));
	ASSERT_EQ(pat(9), byte);
	at_mark(0);
	/* A read stops at the mark; the next goes on behind the urgent byte. */
	ASSERT_EQ(9, recv_pat(self->fd, 0, 9));
	at_mark(1);
	ASSERT_EQ(10, recv_pat(self->fd, 10, 10));
}

TEST_F(wire, urgent_byte_stays_inline)
{
	passive(MSS(1000));
	ASSERT_EQ(0, set_int(self->fd, SOL_SOCKET, SO_OOBINLINE, 1));
	in(ACK | URG, LEN(20), .urg = 10);
	ASSERT_EQ(9, recv_pat(self->fd, 0, 9));
	at_mark(1);
	ASSERT_EQ(11, recv_pat(self->fd, 9, 11));
}

TEST_F(wire, urgent_announced_before_the_byte)
{
	uint8_t byte;

	passive(MSS(1000));
	in(ACK | URG, LEN(10), .urg = 20);
	ASSERT_EQ(-1, recv(self->fd, &byte, 1, MSG_OOB));
	ASSERT_EQ(EAGAIN, errno);
	in(ACK | URG, LEN(10), .urg = 10);
	ASSERT_EQ(1, recv(self->fd, &byte, 1, MSG_OOB));
	ASSERT_EQ(pat(19), byte);
}

TEST_F(wire, urgent_pointer_without_flag_is_ignored)
{
	uint8_t byte;

	passive(MSS(1000));
	in(ACK, LEN(10), .urg = 5);	/* a pointer without the flag */
	ASSERT_EQ(-1, recv(self->fd, &byte, 1, MSG_OOB));
	ASSERT_EQ(EINVAL, errno);
	reads(10);
}

TEST_F(wire, urgent_byte_is_sent_with_urg)
{
	uint8_t byte = pat(0);

	passive(MSS(1000));
	ASSERT_EQ(1, send(self->fd, &byte, 1, MSG_OOB));
	out(ACK | URG, SEQ(1), LEN(1), URP(1));
	in(ACK);
	self->wpos = 1;
	writes(10);
	out(ACK, SEQ(2), LEN(10));
}

TEST_F(wire, urgent_pointer_beyond_segment)
{
	passive(MSS(1000));
	in(ACK | URG, LEN(10), .urg = 65535);
	out(ACK, ACKNO(11));
	state(TCP_ESTABLISHED);
	reads(10);
}

TEST_HARNESS_MAIN
