// SPDX-License-Identifier: GPL-2.0
/*
 * What a connection learns of the path to a peer serves the next one (RFC 9040),
 * above all when a SYN or SYN-ACK gets lost. The kernel's TCP always waits a second
 * then.
 */
#include "wire_test.h"

#define RTT	20	/* ms */

/* Turn on the metrics, which wire_init() turns off. */
#define need_clock() do {						\
	XTCP_ONLY("it waits a second for a lost SYN");			\
	if (!virtual_time())						\
		SKIP_TEST("too short times for a real clock");		\
	ASSERT_EQ(0, wire_knob(W, "no_metrics_save", "0"));		\
} while (0)

/* Accept a connection over the path; @n bytes are sent and acknowledged. */
#define visit(port, n) do {						\
	struct wseg _syn = { .flags = SYN, MSS(1000) };			\
	wire_reset(W, (port));						\
	if (self->lfd < 0)						\
		listens();						\
	wire_in(W, &_syn);						\
	out(SYN | ACK, SEQ(0), ACKNO(1));				\
	sleep_ms(RTT);							\
	in(ACK, SEQ(1), ACKNO(1));					\
	accepts();							\
	self->wpos = 0;							\
	if (n) {							\
		writes(n);						\
		out(ACK, SEQ(1), LEN(n));				\
		sleep_ms(RTT);						\
		in(ACK, ACKNO(1 + (n)));				\
	}								\
} while (0)

/* The peer resets the connection; only its metrics remain. */
#define leave() do {							\
	in(RST, SEQ(1));						\
	sleep_ms(1);							\
	closes();							\
	wire_drain(W, 1);						\
} while (0)

/* An unanswered SYN is retransmitted after @ms, then @then, then twice @then. */
#define syn_again(port, ms, then) do {					\
	wire_reset(W, (port));						\
	self->fd = -1;							\
	W->pport = WIRE_PPORT;						\
	self->fd = wire_socket(W, 0);					\
	ASSERT_GE(self->fd, 0);						\
	ASSERT_EQ(-EINPROGRESS, wire_connect(W, self->fd, WIRE_PPORT));	\
	out(SYN, SEQ(0));						\
	out(SYN, SEQ(0), AFTER(ms));					\
	out(SYN, SEQ(0), AFTER(then));					\
	out(SYN, SEQ(0), AFTER(2 * (then)));				\
	closes();							\
} while (0)

#define synack_again(port, ms, then) do {				\
	struct wseg _syn = { .flags = SYN, MSS(1000) };			\
	wire_reset(W, (port));						\
	wire_in(W, &_syn);						\
	out(SYN | ACK, SEQ(0), ACKNO(1));				\
	out(SYN | ACK, SEQ(0), ACKNO(1), AFTER(ms));			\
	out(SYN | ACK, SEQ(0), ACKNO(1), AFTER(then));			\
	out(SYN | ACK, SEQ(0), ACKNO(1), AFTER(2 * (then)));		\
	in(RST, SEQ(1));						\
} while (0)

/* ms: the round trip plus half of 200 ms, the minimum of other timeouts. */
#define KNOWN	(RTT + 100)

TEST_F_TIMEOUT(wire, unknown_peer_gets_default_timeouts, 60)
{
	need_clock();
	listens();
	syn_again(40001, 1000, 2000);
	synack_again(40002, 1000, 2000);
}

TEST_F_TIMEOUT(wire, known_peer_gets_its_metrics, 60)
{
	need_clock();
	visit(40001, 100);
	leave();
	syn_again(40002, KNOWN, 1000);
	synack_again(40003, KNOWN, 1000);
}

/* A handshake without data is not enough to store metrics. */
TEST_F_TIMEOUT(wire, no_data_no_trust, 60)
{
	need_clock();
	visit(40001, 0);
	leave();
	syn_again(40002, 1000, 2000);
}

TEST_F_TIMEOUT(wire, no_metrics_save_stores_nothing, 60)
{
	need_clock();
	ASSERT_EQ(0, wire_knob(W, "no_metrics_save", "1"));
	visit(40001, 100);
	leave();
	syn_again(40002, 1000, 2000);
}

/* Metrics are stored when a connection ends. */
TEST_F_TIMEOUT(wire, open_connection_stores_nothing, 60)
{
	int fd;

	need_clock();
	visit(40001, 100);
	fd = self->fd;
	syn_again(40002, 1000, 2000);
	close(fd);
}

TEST_F_TIMEOUT(wire, forgotten_after_ten_minutes, 2000)
{
	need_clock();
	visit(40001, 100);
	leave();
	sleep_ms(590 * 1000);
	synack_again(40002, KNOWN, 1000);
	sleep_ms(20 * 1000);
	synack_again(40003, 1000, 2000);
}

/* A connection that ends by a timeout deletes the metrics: the path may have changed. */
TEST_F_TIMEOUT(wire, forgotten_after_silence, 60)
{
	need_clock();
	visit(40001, 100);
	leave();
	visit(40002, 100);
	ASSERT_EQ(0, set_int(self->fd, IPPROTO_TCP, TCP_USER_TIMEOUT, 1000));
	writes(100);
	sleep_ms(2000);
	wire_drain(W, 1);
	closes();
	syn_again(40003, 1000, 2000);
}

/* Several half-open connections of one peer each keep their own deadlines. */
TEST_F_TIMEOUT(wire, both_tcps_keep_their_own_metrics, 60)
{
	struct wseg syn = { .flags = SYN, MSS(1000) };

	need_clock();
	visit(40001, 100);
	leave();
	for (int i = 0; i < 4; i++) {
		syn.sport = 41000 + i;
		wire_in(W, &syn);
		ASSERT_TRUE(wire_get(W, 10));
		sleep_ms(30);
	}
	for (int i = 0; i < 4; i++) {
		ASSERT_TRUE(wire_get(W, 250));
		ASSERT_EQ(SYN | ACK, W->got.flags);
	}
	/* A second later all four SYN-ACKs are retransmitted once more. */
	none(700);
	for (int i = 0; i < 4; i++)
		ASSERT_TRUE(wire_get(W, 400));
	for (int i = 0; i < 4; i++) {
		syn.flags = RST;
		syn.has_seq = true;
		syn.seq = 1;
		syn.sport = 41000 + i;
		wire_in(W, &syn);
	}
}

TEST_HARNESS_MAIN
