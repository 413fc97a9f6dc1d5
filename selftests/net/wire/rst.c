// SPDX-License-Identifier: GPL-2.0
/*
 * Segments that do not fit a synchronized connection, forged or old: RST, SYN and ACK
 * under RFC 5961, PAWS (RFC 7323), half-open connections.
 */
#include "wire_test.h"

TEST_F(wire, rst_exact)
{
	passive(MSS(1000));
	dropped("RST_VALID", in(RST, SEQ(1)));
	none(QUIET);
	state(0);
	read_fails(ECONNRESET);
	reads_eof();
}

TEST_F(wire, rst_ack_exact)
{
	passive(MSS(1000));
	in(RST | ACK, SEQ(1), ACKNO(1));
	none(QUIET);
	state(0);
	ASSERT_EQ(ECONNRESET, get_int(self->fd, SOL_SOCKET, SO_ERROR));
}

TEST_F(wire, rst_in_window_is_challenged)
{
	passive(MSS(1000));
	dropped("RST_CHALLENGE", in(RST, SEQ(100)));
	out(ACK, SEQ(1), ACKNO(1));
	state(TCP_ESTABLISHED);
	in(ACK, LEN(10));
	out(ACK, ACKNO(11));
	reads(10);
}

TEST_F(wire, rst_outside_window_is_dropped)
{
	passive(MSS(1000));
	dropped("RST_WINDOW", in(RST, SEQ(0)));
	dropped("RST_WINDOW", in(RST, SEQ(0x40000000)));
	dropped("RST_WINDOW", in(RST | ACK, SEQ(0x80000001u), ACKNO(1)));
	none(QUIET);
	state(TCP_ESTABLISHED);
}

/* A real peer answers a challenge ACK with a RST at the exact number. */
TEST_F(wire, rst_after_challenge)
{
	passive(MSS(1000));
	in(RST, SEQ(500));
	out(ACK, SEQ(1), ACKNO(1));
	in(RST, SEQ(W->got.ack));
	state(0);
}

TEST_F(wire, syn_is_challenged)
{
	passive(MSS(1000));
	dropped("SYN_CHALLENGE", in(SYN, SEQ(1), MSS(1000)));
	out(ACK, SEQ(1), ACKNO(1));
	next_challenge();
	/* Outside the window as well. */
	dropped("SYN_CHALLENGE", in(SYN, SEQ(0x40000000)));
	out(ACK, SEQ(1), ACKNO(1));
	next_challenge();
	in(SYN | ACK, SEQ(1), ACKNO(1));
	out(ACK, SEQ(1), ACKNO(1));
	state(TCP_ESTABLISHED);
}

/* RFC 5961, 7: challenge ACKs are rate-limited. */
TEST_F(wire, challenges_are_limited)
{
	passive(MSS(1000));
	for (int i = 0; i < 20; i++)
		in(RST, SEQ(100 + i));
	ASSERT_LE(wire_drain(W, QUIET), 2);
	state(TCP_ESTABLISHED);
}

/*
 * CVE-2016-5696: a limit that connections share reveals to one peer how many challenge
 * ACKs another connection got.
 */
TEST_F(wire, challenge_limit_is_not_shared)
{
	struct wire first;
	int other;

	passive(MSS(1000));
	for (int i = 0; i < 200; i++)
		in(RST, SEQ(100 + i));
	wire_drain(W, QUIET);
	first = *W;
	other = self->fd;
	wire_reset(W, WIRE_PPORT + 1);
	passive(MSS(1000));
	in(RST, SEQ(100));
	out(ACK, SEQ(1), ACKNO(1));
	in(RST, SEQ(1));
	*W = first;
	close(self->fd);
	self->fd = other;
	state(TCP_ESTABLISHED);
}

TEST_F(wire, ack_of_unsent)
{
	passive(MSS(1000));
	/* RFC 9293 3.10.7.4: answered by an ACK; the kernel's TCP does not answer. */
	dropped("ACK_FUTURE", in(ACK, ACKNO(2)));
	if (W->stack == XTCP)
		out(ACK, SEQ(1), ACKNO(1));
	next_challenge();
	dropped("ACK_FUTURE", in(ACK, ACKNO(0x10000000), LEN(10)));
	if (W->stack == XTCP)
		out(ACK, SEQ(1), ACKNO(1));
	wire_drain(W, QUIET);
	W->snd_nxt = 1;
	read_fails(EAGAIN);
	state(TCP_ESTABLISHED);
	writes(100);
	out(ACK, SEQ(1), LEN(100));
}

/* RFC 5961 5.2: an ACK number far below SND.UNA is not accepted. */
TEST_F(wire, ack_too_old)
{
	passive(MSS(1000));
	dropped("ACK_OLD", in(ACK, ACKNO(1 - 100000), LEN(10)));
	out(ACK, SEQ(1), ACKNO(1));
	W->snd_nxt = 1;
	in(ACK, LEN(10));
	out(ACK, ACKNO(11));
}

TEST_F(wire, no_ack_flag)
{
	passive(MSS(1000));
	dropped("NO_ACK", in(PSH, SEQ(1), LEN(10)));
	dropped("NO_ACK", in(FIN, SEQ(1)));
	dropped("NO_ACK", in(0, SEQ(1), LEN(10)));
	none(QUIET);
	W->snd_nxt = 1;
	state(TCP_ESTABLISHED);
	read_fails(EAGAIN);
}

/* ---- outside the window ---- */

TEST_F(wire, data_left_of_window)
{
	passive(MSS(1000));
	in(ACK, LEN(1000));
	out(ACK, ACKNO(1001));
	in(ACK, SEQ(1), LEN(1000));
	out(ACK, SEQ(1), ACKNO(1001));
	in(ACK, SEQ(501), LEN(100));
	out(ACK, SEQ(1), ACKNO(1001));
	reads(1000);
	read_fails(EAGAIN);
}

TEST_F(wire, data_far_left_of_window)
{
	passive(MSS(1000));
	in(ACK, SEQ(1 - 500000), LEN(10));
	out(ACK, SEQ(1), ACKNO(1));
	read_fails(EAGAIN);
}

TEST_F(wire, data_right_of_window)
{
	passive(MSS(1000));
	dropped("WINDOW", in(ACK, SEQ(1 + 500000), LEN(1000)));
	out(ACK, SEQ(1), ACKNO(1));
	state(TCP_ESTABLISHED);
	read_fails(EAGAIN);
}

TEST_F(wire, fin_right_of_window)
{
	passive(MSS(1000));
	dropped("WINDOW", in(FIN | ACK, SEQ(1 + 500000)));
	out(ACK, SEQ(1), ACKNO(1));
	state(TCP_ESTABLISHED);
}

/* ---- PAWS ---- */

TEST_F(wire, paws_drops_older)
{
	passive(MSS(1000), TS(W->tsval, 0));
	in(ACK, LEN(100), TS(W->tsval + 100, W->tsecr));
	out(ACK, ACKNO(101));
	dropped("PAWS", in(ACK, LEN(100), TS(W->tsval + 50, W->tsecr)));
	out(ACK, SEQ(1), ACKNO(101), TS(0, W->tsval + 100));
	W->snd_nxt = 101;
	in(ACK, LEN(100), TS(W->tsval + 100, W->tsecr));
	out(ACK, ACKNO(201));
	reads(200);
}

TEST_F(wire, paws_does_not_stop_rst)
{
	passive(MSS(1000), TS(W->tsval, 0));
	in(RST, SEQ(1), TS(W->tsval - 1000, 0));
	state(0);
}

TEST_F(wire, paws_compares_across_wrap)
{
	W->tsval = 0xfffffff0;
	passive(MSS(1000), TS(0xfffffff0, 0));
	in(ACK, LEN(100), TS(99999, W->tsecr));
	out(ACK, ACKNO(101), TS(0, 99999));
}

/* RFC 7323 3.2: once negotiated, the option must be in every segment. */
TEST_F(wire, segment_without_timestamp_is_dropped)
{
	XTCP_ONLY("it takes segments without the option");
	passive(MSS(1000), TS(W->tsval, 0));
	dropped("NO_TIMESTAMP", in(ACK, LEN(100), NOTS));
	W->snd_nxt = 1;
	wire_drain(W, QUIET);
	read_fails(EAGAIN);
	in(RST, SEQ(1), NOTS);
	state(0);
}

/* ---- half-open ---- */

/* RFC 9293 figure 9: the peer has crashed and does not know the connection. */
TEST_F(wire, half_open_discovered)
{
	passive(MSS(1000));
	writes(100);
	out(ACK, SEQ(1), LEN(100));
	in(RST, SEQ(1));
	state(0);
	ASSERT_EQ(ECONNRESET, get_int(self->fd, SOL_SOCKET, SO_ERROR));
	ASSERT_EQ(-1, send(self->fd, "x", 1, MSG_NOSIGNAL));
	ASSERT_EQ(EPIPE, errno);
}

/* Figure 8: the peer has restarted and connects from the same port. */
TEST_F(wire, half_open_new_syn)
{
	passive(MSS(1000));
	in(SYN, SEQ(77000), MSS(1000));
	out(ACK, SEQ(1), ACKNO(1));
	in(RST, SEQ(1));
	state(0);
	W->isn += 77000;
	W->snd_nxt = W->rcv_nxt = 0;
	in(SYN, SEQ(0), MSS(1000));
	out(SYN | ACK, SEQ(0), ACKNO(1));
}

TEST_F(wire, reset_tells_writer)
{
	passive(MSS(1000));
	in(RST, SEQ(1));
	ASSERT_EQ(-1, send(self->fd, "x", 1, MSG_NOSIGNAL));
	ASSERT_EQ(ECONNRESET, errno);
	ASSERT_EQ(-1, send(self->fd, "x", 1, MSG_NOSIGNAL));
	ASSERT_EQ(EPIPE, errno);
	reads_eof();
}

TEST_HARNESS_MAIN
