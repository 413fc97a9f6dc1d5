// SPDX-License-Identifier: GPL-2.0
/*
 * Thousands of half-open connections in a table that was allocated for 64: each SYN
 * is answered, each request is found again, and the last costs no more than the first.
 */
#include "attack_test.h"

#define FILL	(virtual_time() ? 20000 : 3000)

/* Send SYNs from @n ports of the peer. Returns how many were answered. */
static int half_open(struct wire *w, uint16_t port, int n)
{
	int i, got = 0;

	for (i = 0; i < n; i++) {
		wire_reset(w, port + i);
		wire_in(w, &(struct wseg){ .flags = SYN, MSS(1460) });
		got += answered(w, port + i);
	}
	return got;
}

/* The first listener allocates the request table; size it for 64 half-open connections. */
#define few() do {							\
	if (W->stack != XTCP)						\
		SKIP_TEST("has one table for all");			\
	ASSERT_EQ(0, ns_sysctl("core/somaxconn", "65535"));		\
	ASSERT_EQ(0, wire_knob(W, "syncookies", "0"));			\
	ASSERT_EQ(0, wire_knob(W, "syn_source_rate", "0"));		\
	ASSERT_EQ(0, wire_knob(W, "max_syn_backlog", "64"));		\
	ASSERT_GE(wire_listen(W, WIRE_PORT + 1, 5), 0);			\
} while (0)

#define more()	ASSERT_EQ(0, wire_knob(W, "max_syn_backlog", "65535"))

/* The first peer completes its handshake after all others have been sent SYN-ACKs. */
#define many() do {							\
	static struct wire _first;					\
	int64_t _alone = syn_cost(W, 1024);				\
	wire_drain(W, 0);						\
	wire_reset(W, 2000);						\
	in(SYN, MSS(1460));						\
	out(SYN | ACK, SEQ(0), ACKNO(1));				\
	_first = *W;							\
	ASSERT_EQ(FILL, half_open(W, 3000, FILL));			\
	ASSERT_LE(FILL, wire_count(W, "Requests"));			\
	if (virtual_time() && W->net == V4)				\
		same_cost("a SYN into the full table", _alone, syn_cost(W, 60000)); \
	wire_drain(W, 0);						\
	*W = _first;							\
	in(ACK, SEQ(1), ACKNO(1));					\
	accepts();							\
} while (0)

TEST_F_TIMEOUT(wire, backlog_raised_before_listen, 300)
{
	few();
	more();
	self->lfd = wire_listen(W, WIRE_PORT, 60000);
	ASSERT_GE(self->lfd, 0);
	many();
}

TEST_F_TIMEOUT(wire, backlog_raised_under_a_listener, 300)
{
	few();
	self->lfd = wire_listen(W, WIRE_PORT, 60000);
	ASSERT_GE(self->lfd, 0);
	more();
	many();
}

/* SYN-ACKs are retransmitted for requests that have moved to a larger table, too. */
TEST_F_TIMEOUT(wire, all_are_reminded, 300)
{
	if (!virtual_time())
		SKIP_TEST("needs all SYN-ACKs of one second");
	few();
	self->lfd = wire_listen(W, WIRE_PORT, 60000);
	ASSERT_GE(self->lfd, 0);
	more();
	ASSERT_EQ(FILL / 10, half_open(W, 3000, FILL / 10));
	wire_drain(W, 0);
	ASSERT_LE(FILL / 10, wire_drain(W, 1500));
}

/* A closed listener frees all its requests, in whichever table they are by then. */
TEST_F_TIMEOUT(wire, listener_of_many_closes, 300)
{
	few();
	self->lfd = wire_listen(W, WIRE_PORT, 60000);
	ASSERT_GE(self->lfd, 0);
	more();
	ASSERT_EQ(FILL / 10, half_open(W, 3000, FILL / 10));
	close(self->lfd);
	self->lfd = -1;
	ASSERT_EQ(0, wire_count(W, "Requests"));
}

TEST_HARNESS_MAIN
