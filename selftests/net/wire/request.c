// SPDX-License-Identifier: GPL-2.0
/*
 * Between SYN and accept(): how a listener and its half-open connections react to
 * every kind of segment, and the limits of the two queues.
 */
#include "wire_test.h"

TEST_F(wire, listener_rst_is_ignored)
{
	listens();
	dropped("LISTEN_RST", in(RST));
	dropped("LISTEN_RST", in(RST | ACK, ACKNO(7)));
	dropped("LISTEN_RST", in(RST | SYN));
	none(QUIET);
	state(0);
}

TEST_F(wire, listener_ack_is_reset)
{
	listens();
	dropped("LISTEN_ACK", in(ACK, SEQ(1), ACKNO(55)));
	out(RST, SEQ(55), WND(0));
	dropped("LISTEN_ACK", in(SYN | ACK, SEQ(1), ACKNO(56)));
	out(RST, SEQ(56));
	dropped("LISTEN_ACK", in(FIN | ACK, SEQ(1), ACKNO(57)));
	out(RST, SEQ(57));
	state(0);
}

TEST_F(wire, listener_no_flags)
{
	listens();
	dropped("LISTEN_FLAGS", in(0, SEQ(1), LEN(10)));
	dropped("LISTEN_FLAGS", in(FIN, SEQ(1)));
	dropped("LISTEN_FLAGS", in(FIN | URG | PSH, SEQ(1)));
	none(QUIET);
	state(0);
}

#define half_open()					\
	do {						\
		listens();				\
		in(SYN, MSS(1000));			\
		out(SYN | ACK, SEQ(0), ACKNO(1));	\
		state(TCP_SYN_RECV);			\
	} while (0)

TEST_F(wire, syn_recv_same_syn_again)
{
	half_open();
	in(SYN, SEQ(0), MSS(1000));
	out(SYN | ACK, SEQ(0), ACKNO(1));
	in(ACK, SEQ(1), ACKNO(1));
	accepts();
}

/* What a half-open connection answers, and how long until it answers again. */
static const struct {
	const char *name;
	struct wseg seg;
	uint16_t answer;
} half_answers[] = {
	{ "the same SYN",	{ .flags = SYN, SEQ(0), MSS(1000) },		SYN | ACK },
	{ "below the window",	{ .flags = ACK, SEQ(-5000), ACKNO(1) },		ACK },
	{ "above the window",	{ .flags = ACK, SEQ(0x30000000), ACKNO(1) },	ACK },
};

TEST_F(wire, syn_recv_answers_are_few)
{
	long skipped;
	int i, n;

	for (i = 0; i < ARRAY_SIZE(half_answers); i++) {
		skipped = wire_count(W, "TCPACKSkippedSynRecv");
		wire_reset(W, WIRE_PPORT + i);
		if (!i)
			listens();
		in(SYN, MSS(1000));
		out(SYN | ACK, SEQ(0), ACKNO(1));
		for (n = 0; n < 3; n++) {
			wire_in(W, &half_answers[i].seg);
			ASSERT_EQ(!n, wire_get(W, QUIET)) TH_LOG("%s", half_answers[i].name);
			if (!n)
				ASSERT_EQ(half_answers[i].answer, W->got.flags);
		}
		ASSERT_EQ(skipped + 2, wire_count(W, "TCPACKSkippedSynRecv"));
		next_challenge();
		wire_in(W, &half_answers[i].seg);
		ASSERT_TRUE(wire_get(W, QUIET)) TH_LOG("%s", half_answers[i].name);
		ASSERT_EQ(half_answers[i].answer, W->got.flags);
		ASSERT_EQ(skipped + 2, wire_count(W, "TCPACKSkippedSynRecv"));
		in(RST, SEQ(1));
	}
}

TEST_F(wire, syn_recv_rst_exact)
{
	half_open();
	in(RST, SEQ(1));
	none(QUIET);
	state(0);
	in(ACK, SEQ(1), ACKNO(1));
	out(RST, SEQ(1));
}

TEST_F(wire, syn_recv_rst_outside_window)
{
	half_open();
	in(RST, SEQ(0x20000000));
	none(QUIET);
	state(TCP_SYN_RECV);
	in(ACK, SEQ(1), ACKNO(1));
	accepts();
}

TEST_F(wire, syn_recv_wrong_ack)
{
	half_open();
	in(ACK, SEQ(1), ACKNO(2));
	out(RST, SEQ(2));
	in(ACK, SEQ(1), ACKNO(0));
	out(RST, SEQ(0));
	state(TCP_SYN_RECV);
	in(ACK, SEQ(1), ACKNO(1));
	accepts();
	state(TCP_ESTABLISHED);
}

TEST_F(wire, syn_recv_no_ack_flag)
{
	half_open();
	in(PSH, SEQ(1), LEN(10));
	none(QUIET);
	state(TCP_SYN_RECV);
}

TEST_F(wire, syn_recv_outside_window)
{
	half_open();
	in(ACK, SEQ(0x30000000), ACKNO(1), LEN(10));
	/* The answer is an ACK; no data is accepted. */
	ASSERT_TRUE(wire_get(W, 500));
	ASSERT_EQ(ACK, W->got.flags & (ACK | RST));
	ASSERT_EQ(1, W->got.ack);
	state(TCP_SYN_RECV);
}

LONG_TEST_F(wire, syn_ack_back_off, 300)
{
	half_open();
	out(SYN | ACK, SEQ(0), ACKNO(1), AFTER(1000));
	out(SYN | ACK, SEQ(0), ACKNO(1), AFTER(2000));
	out(SYN | ACK, SEQ(0), ACKNO(1), AFTER(4000));
	out(SYN | ACK, SEQ(0), ACKNO(1), AFTER(8000));
	out(SYN | ACK, SEQ(0), ACKNO(1), AFTER(16000));
	none(40000);
	/* After five retransmissions the request is dropped. */
	state(0);
}

TEST_F(wire, listener_closed_with_half_open)
{
	half_open();
	ASSERT_EQ(0, close(self->lfd));
	self->lfd = -1;
	/* The kernel lists its request until the next SYN-ACK is due. */
	if (W->stack == XTCP)
		state(0);
	in(ACK, SEQ(1), ACKNO(1));
	out(RST, SEQ(1));
}

/* Unaccepted connections are reset when their listener closes. */
TEST_F(wire, listener_closed_with_queued)
{
	half_open();
	in(ACK, SEQ(1), ACKNO(1));
	none(QUIET);
	ASSERT_EQ(0, close(self->lfd));
	self->lfd = -1;
	out(RST | ACK, SEQ(1), ACKNO(1));
	state(0);
}

TEST_F(wire, reset_before_accept)
{
	char byte;

	half_open();
	in(ACK, SEQ(1), ACKNO(1));
	in(RST, SEQ(1));
	accepts();
	ASSERT_EQ(-1, recv(self->fd, &byte, 1, 0));
	ASSERT_EQ(ECONNRESET, errno);
	ASSERT_EQ(0, recv(self->fd, &byte, 1, 0));
}

TEST_F(wire, fin_before_accept)
{
	half_open();
	in(ACK, SEQ(1), ACKNO(1), LEN(5));
	out(ACK, ACKNO(6));
	in(FIN | ACK);
	out(ACK, ACKNO(7));
	accepts();
	state(TCP_CLOSE_WAIT);
	reads(5);
	reads_eof();
}

/* The accept queue holds backlog + 1; when it is full the final ACK is dropped. */
TEST_F(wire, accept_queue_limit)
{
	int i, n = 0;

	self->lfd = wire_listen(W, WIRE_PORT, 2);
	ASSERT_GE(self->lfd, 0);
	for (i = 0; i < 6; i++) {
		wire_reset(W, WIRE_PPORT + i);
		in(SYN, MSS(1000));
		if (!wire_get(W, 50))
			continue;
		ASSERT_EQ(SYN | ACK, W->got.flags);
		in(ACK, SEQ(1), ACKNO(1));
	}
	wire_drain(W, 50);
	while ((self->fd = accept(self->lfd, NULL, NULL)) >= 0) {
		n++;
		close(self->fd);
	}
	ASSERT_EQ(EAGAIN, errno);
	ASSERT_EQ(3, n);
}

#define requests()	wire_count(W, "Requests")

/* RFC 4987: many SYNs cost little and do not affect existing connections. */
TEST_F(wire, syn_queue_limit)
{
	struct wire first;
	int i;

	XTCP_ONLY("it does not list them");
	knob("syncookies", "0");
	self->lfd = wire_listen(W, WIRE_PORT, 4);
	ASSERT_GE(self->lfd, 0);
	passive(MSS(1000));
	first = *W;
	for (i = 1; i <= 200; i++) {
		wire_reset(W, WIRE_PPORT + i);
		in(SYN, MSS(1000));
		while (wire_get(W, 1))
			ASSERT_EQ(SYN | ACK, W->got.flags);
	}
	ASSERT_EQ(4, requests());
	*W = first;
	in(ACK, LEN(10));
	out(ACK, ACKNO(11));
	reads(10);
	writes(10);
	out(ACK, SEQ(1), LEN(10));
}

TEST_F(wire, syn_to_second_port_of_same_peer)
{
	half_open();
	wire_reset(W, WIRE_PPORT + 1);
	in(SYN, MSS(1000));
	out(SYN | ACK, SEQ(0), ACKNO(1));
	in(ACK, SEQ(1), ACKNO(1));
	accepts();
	state(TCP_ESTABLISHED);
	wire_reset(W, WIRE_PPORT);
	state(TCP_SYN_RECV);
}

/* A SYN to a port without a listener is reset, although the next port has one. */
TEST_F(wire, ports_are_told_apart)
{
	listens();
	in(SYN, TO(WIRE_PORT + 1));
	out(RST | ACK, SEQ(0), ACKNO(1));
	wire_reset(W, WIRE_PPORT);
	in(SYN);
	out(SYN | ACK, SEQ(0), ACKNO(1));
}

TEST_F(wire, syn_with_data)
{
	listens();
	in(SYN, MSS(1000), LEN(100));
	/* Data in the SYN may be kept until the handshake ends, or dropped. */
	ASSERT_TRUE(wire_get(W, 500));
	ASSERT_EQ(SYN | ACK, W->got.flags);
	ASSERT_TRUE(W->got.ack == 1 || W->got.ack == 101);
	in(ACK, SEQ(1), ACKNO(1), LEN(100));
	accepts();
	reads(100);
}

/* RFC 7323: PAWS applies to half-open connections, too. */
TEST_F(wire, syn_recv_old_timestamp)
{
	listens();
	in(SYN, MSS(1000), TS(5000, 0));
	out(SYN | ACK, SEQ(0), ACKNO(1), TS(0, 5000));
	in(ACK, SEQ(1), ACKNO(1), TS(4000, W->got.tsval));
	wire_drain(W, QUIET);
	state(TCP_SYN_RECV);
	in(ACK, SEQ(1), ACKNO(1), TS(5001, W->got.tsval));
	accepts();
}

/* Send @n SYNs from ports from @port on; returns how many are answered. */
static int syns(struct wire *w, uint16_t port, int n)
{
	int answered = 0;

	for (int i = 0; i < n; i++) {
		wire_reset(w, port + i);
		wire_in(w, &(struct wseg){ .flags = SYN, MSS(1000) });
		answered += wire_get(w, 1);
		wire_drain(w, 1);
	}
	return answered;
}

/* max_syn_backlog limits a namespace, whatever its listeners' backlogs are. */
TEST_F(wire, max_syn_backlog)
{
	XTCP_ONLY("a quarter of it is for peers it knows");
	knob("syncookies", "0");
	knob("max_syn_backlog", "10");
	knob("syn_source_rate", "0");
	self->lfd = wire_listen(W, WIRE_PORT, 100);
	ASSERT_GE(self->lfd, 0);
	self->fd = wire_listen(W, WIRE_PORT + 1, 100);
	ASSERT_GE(self->fd, 0);
	syns(W, WIRE_PPORT, 8);
	ASSERT_EQ(8, requests());
	for (int i = 0; i < 8; i++) {
		wire_reset(W, WIRE_PPORT + 100 + i);
		in(SYN, TO(WIRE_PORT + 1));
	}
	ASSERT_EQ(10, requests());
	/* A completed handshake frees its place. */
	wire_reset(W, WIRE_PPORT + 200);
	dropped("REQUEST_OVERFLOW", in(SYN));
	ASSERT_EQ(0, close(self->fd));
	self->fd = -1;
	ASSERT_EQ(8, requests());
	in(SYN);
	ASSERT_EQ(9, requests());
}

/* listen(2): a second call resizes both queues. */
TEST_F(wire, second_listen_resizes_queues)
{
	XTCP_ONLY("it does not list them");
	knob("syncookies", "0");
	knob("syn_source_rate", "0");
	self->lfd = wire_listen(W, WIRE_PORT, 2);
	ASSERT_GE(self->lfd, 0);
	syns(W, WIRE_PPORT, 8);
	ASSERT_EQ(2, requests());
	ASSERT_EQ(0, listen(self->lfd, 6));
	syns(W, WIRE_PPORT + 100, 8);
	ASSERT_EQ(6, requests());
	ASSERT_EQ(0, listen(self->lfd, 3));
	syns(W, WIRE_PPORT + 200, 8);
	ASSERT_EQ(6, requests());
}

/*
 * RFC 4987, 3.3: when the table is more than half full, old requests are dropped after
 * two retransmissions, 7 s, not after 63 s.
 */
LONG_TEST_F(wire, syn_timeout_shortened, 200)
{
	XTCP_ONLY("it does not list them");
	knob("syncookies", "0");
	knob("syn_source_rate", "0");
	self->lfd = wire_listen(W, WIRE_PORT, 16);
	ASSERT_GE(self->lfd, 0);
	ASSERT_EQ(16, syns(W, WIRE_PPORT, 16));
	sleep_ms(6500);
	ASSERT_EQ(16, requests());
	sleep_ms(1500);
	ASSERT_EQ(8, requests());
	/* A table that is half full leaves requests their full time. */
	sleep_ms(50000);
	ASSERT_EQ(8, requests());
	sleep_ms(10000);
	ASSERT_EQ(0, requests());
}

/* All deadlines are kept, even more of them than one run of the timer handles. */
LONG_TEST_F(wire, many_requests_keep_their_deadlines, 200)
{
	int again = 0;

	XTCP_ONLY("it does not list them");
	knob("syncookies", "0");
	knob("max_syn_backlog", "1000");
	knob("syn_source_rate", "0");
	self->lfd = wire_listen(W, WIRE_PORT, 1000);
	ASSERT_GE(self->lfd, 0);
	ASSERT_EQ(400, syns(W, 10000, 400));
	ASSERT_EQ(400, requests());
	for (int ms = 0; ms < 1300; ms++)
		again += wire_get(W, 1);
	ASSERT_EQ(400, again);
	sleep_ms(70000);
	ASSERT_EQ(0, requests());
	ASSERT_EQ(5 * 400, wire_count(W, "TCPSynRetrans"));
}

TEST_F(wire, closed_with_many)
{
	XTCP_ONLY("it does not list them");
	self->lfd = wire_listen(W, WIRE_PORT, 100);
	ASSERT_GE(self->lfd, 0);
	self->fd = wire_listen(W, WIRE_PORT + 1, 100);
	ASSERT_GE(self->fd, 0);
	syns(W, WIRE_PPORT, 60);
	for (int i = 0; i < 7; i++) {
		wire_reset(W, WIRE_PPORT + 100 + i);
		in(SYN, TO(WIRE_PORT + 1));
	}
	ASSERT_EQ(67, requests());
	ASSERT_EQ(0, shutdown(self->lfd, SHUT_RD));
	ASSERT_EQ(7, requests());
	/* The socket may listen again. */
	ASSERT_EQ(0, listen(self->lfd, 5));
	wire_reset(W, WIRE_PPORT);
	wire_drain(W, 1);
	passive(MSS(1000));
	ASSERT_EQ(7, requests());
}

/* A handshake completes while the accept queue is full. */
#define overflows() do {						\
	struct wire _half;						\
	self->lfd = wire_listen(W, WIRE_PORT, 1);			\
	ASSERT_GE(self->lfd, 0);					\
	in(SYN, MSS(1000));						\
	out(SYN | ACK, SEQ(0), ACKNO(1));				\
	_half = *W;							\
	for (int _i = 1; _i <= 2; _i++) {				\
		wire_reset(W, WIRE_PPORT + _i);				\
		in(SYN, MSS(1000));					\
		out(SYN | ACK, SEQ(0), ACKNO(1));			\
		in(ACK, SEQ(1), ACKNO(1));				\
	}								\
	*W = _half;							\
	dropped("LISTEN_OVERFLOW", in(ACK, SEQ(1), ACKNO(1)));		\
} while (0)

/* listen(2), tcp(7): the final ACK is dropped, and a later one may succeed. */
TEST_F(wire, last_ack_is_dropped_while_queue_is_full)
{
	overflows();
	none(QUIET);
	state(TCP_SYN_RECV);
	accepts();
	close(self->fd);
	wire_drain(W, QUIET);
	in(ACK, SEQ(1), ACKNO(1), LEN(10));
	out(ACK, ACKNO(11));
	state(TCP_ESTABLISHED);
}

/* tcp(7), tcp_abort_on_overflow: or the client gets a RST at once. */
TEST_F(wire, abort_on_overflow)
{
	knob("abort_on_overflow", "1");
	overflows();
	out(RST, SEQ(1));
	state(0);
}

/* A SYN is not answered while the accept queue is full. */
TEST_F(wire, syn_is_dropped_while_queue_is_full)
{
	overflows();
	wire_drain(W, QUIET);
	wire_reset(W, WIRE_PPORT + 100);
	dropped("LISTEN_OVERFLOW", in(SYN, MSS(1000)));
	none(QUIET);
}

TEST_HARNESS_MAIN
