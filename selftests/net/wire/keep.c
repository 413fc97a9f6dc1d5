// SPDX-License-Identifier: GPL-2.0
/*
 * Keepalive (RFC 9293 3.8.4): probes of an idle connection, and what happens when
 * they are answered, refused or ignored.
 */
#include "wire_test.h"

#define keepalive(idle, intvl, cnt) do {				\
	ASSERT_EQ(0, set_int(self->fd, IPPROTO_TCP, TCP_KEEPIDLE, idle));   \
	ASSERT_EQ(0, set_int(self->fd, IPPROTO_TCP, TCP_KEEPINTVL, intvl)); \
	ASSERT_EQ(0, set_int(self->fd, IPPROTO_TCP, TCP_KEEPCNT, cnt));	\
	ASSERT_EQ(0, set_int(self->fd, SOL_SOCKET, SO_KEEPALIVE, 1));	\
} while (0)

/* A probe has a sequence number below the window, so that any peer answers. */
#define probe(at)	out(ACK, SEQ(0), ACKNO(1), ANYLEN, AFTER(at))

LONG_TEST_F(wire, off_by_default, 40000)
{
	passive(MSS(1000));
	none(3 * 3600 * 1000);
	state(TCP_ESTABLISHED);
}

LONG_TEST_F(wire, default_is_two_hours, 20000)
{
	passive(MSS(1000));
	ASSERT_EQ(0, set_int(self->fd, SOL_SOCKET, SO_KEEPALIVE, 1));
	none(7190 * 1000);
	ASSERT_TRUE(wire_get(W, 1200 * 1000));
	ASSERT_EQ(0, W->got.seq);
}

TEST_F(wire, answered_probes_keep_it_open)
{
	passive(MSS(1000));
	keepalive(1, 1, 2);
	for (int i = 0; i < 3; i++) {
		probe(1000);
		W->rcv_nxt = 1;
		in(ACK, SEQ(1), ACKNO(1));
	}
	state(TCP_ESTABLISHED);
	ASSERT_EQ(0, get_int(self->fd, SOL_SOCKET, SO_ERROR));
}

/* XTCP's own options are in ms; the standard ones return seconds, rounded up. */
TEST_F(wire, options_in_ms_are_rounded_up_to_s)
{
	XTCP_ONLY("it has seconds");
	passive(MSS(1000));
	keepalive(5, 5, 2);
	ASSERT_EQ(5000, get_int(self->fd, IPPROTO_TCP, XTCP_KEEPIDLE_MS));
	ASSERT_EQ(0, set_int(self->fd, IPPROTO_TCP, XTCP_KEEPIDLE_MS, 400));
	ASSERT_EQ(0, set_int(self->fd, IPPROTO_TCP, XTCP_KEEPINTVL_MS, 100));
	ASSERT_EQ(-EINVAL, set_int(self->fd, IPPROTO_TCP, XTCP_KEEPIDLE_MS, 9));
	ASSERT_EQ(-EINVAL, set_int(self->fd, IPPROTO_TCP, XTCP_KEEPINTVL_MS, 32767001));
	ASSERT_EQ(400, get_int(self->fd, IPPROTO_TCP, XTCP_KEEPIDLE_MS));
	ASSERT_EQ(100, get_int(self->fd, IPPROTO_TCP, XTCP_KEEPINTVL_MS));
	ASSERT_EQ(1, get_int(self->fd, IPPROTO_TCP, TCP_KEEPIDLE));
	ASSERT_EQ(1, get_int(self->fd, IPPROTO_TCP, TCP_KEEPINTVL));
	probe(400);
	probe(100);
	out(RST | ACK, SEQ(1), ACKNO(1), AFTER(100));
	ASSERT_EQ(ETIMEDOUT, get_int(self->fd, SOL_SOCKET, SO_ERROR));
}

TEST_F(wire, ignored_probes_end_it)
{
	passive(MSS(1000));
	keepalive(1, 1, 3);
	probe(1000);
	probe(1000);
	probe(1000);
	/* The peer gets a RST, as it may only have been slow. */
	out(RST | ACK, SEQ(1), ACKNO(1), AFTER(1000));
	ASSERT_EQ(ETIMEDOUT, get_int(self->fd, SOL_SOCKET, SO_ERROR));
	state(0);
}

/* The peer has restarted: its RST ends the half-open connection. */
TEST_F(wire, half_open_reset)
{
	passive(MSS(1000));
	keepalive(1, 1, 3);
	probe(1000);
	in(RST, SEQ(1));
	state(0);
	ASSERT_EQ(ECONNRESET, get_int(self->fd, SOL_SOCKET, SO_ERROR));
}

TEST_F(wire, traffic_puts_it_off)
{
	passive(MSS(1000));
	keepalive(1, 1, 3);
	none(600);
	in(ACK, LEN(10));
	out(ACK, ACKNO(11));
	none(600);
	out(ACK, SEQ(0), ACKNO(11), ANYLEN, WITHIN(2000));
}

TEST_F(wire, switched_off_sends_no_probe)
{
	passive(MSS(1000));
	keepalive(1, 1, 3);
	ASSERT_EQ(0, set_int(self->fd, SOL_SOCKET, SO_KEEPALIVE, 0));
	none(2500);
}

/* RFC 9293 MUST-26: no probes while data is unacknowledged. */
TEST_F(wire, not_with_data_out)
{
	passive(MSS(1000));
	keepalive(1, 1, 3);
	writes(100);
	out(ACK, SEQ(1), LEN(100));
	for (int i = 0; i < 3; i++) {
		ASSERT_TRUE(wire_get(W, 3000));
		ASSERT_EQ(100, W->got.len);
	}
}

LONG_TEST_F(wire, user_timeout_ends_it, 120)
{
	passive(MSS(1000));
	keepalive(2, 2, 9);
	ASSERT_EQ(0, set_int(self->fd, IPPROTO_TCP, TCP_USER_TIMEOUT, 5000));
	sleep_ms(12000);
	ASSERT_EQ(ETIMEDOUT, get_int(self->fd, SOL_SOCKET, SO_ERROR));
	state(0);
}

TEST_HARNESS_MAIN
