// SPDX-License-Identifier: GPL-2.0
/*
 * How a connection ends: the four-way close from either side, half-close,
 * simultaneous close, abort (RFC 9293, 3.6 and 3.10.4 ff).
 */
#include "wire_test.h"

TEST_F(wire, active_close_ends_in_time_wait)
{
	passive(MSS(1000));
	closes();
	out(FIN | ACK, SEQ(1), ACKNO(1));
	state(TCP_FIN_WAIT1);
	in(ACK, SEQ(1), ACKNO(2));
	state(TCP_FIN_WAIT2);
	in(FIN | ACK, SEQ(1), ACKNO(2));
	out(ACK, SEQ(2), ACKNO(2));
	state(TCP_TIME_WAIT);
}

TEST_F(wire, active_close_fin_acks_fin)
{
	active(MSS(1000));
	closes();
	out(FIN | ACK, SEQ(1), ACKNO(1));
	in(FIN | ACK, SEQ(1), ACKNO(2));
	out(ACK, SEQ(2), ACKNO(2));
	state(TCP_TIME_WAIT);
}

TEST_F(wire, passive_close_ends_in_last_ack)
{
	active(MSS(1000));
	in(FIN | ACK);
	out(ACK, SEQ(1), ACKNO(2));
	state(TCP_CLOSE_WAIT);
	reads_eof();
	closes();
	out(FIN | ACK, SEQ(1), ACKNO(2));
	state(TCP_LAST_ACK);
	in(ACK, SEQ(2), ACKNO(2));
	state(0);
	/* CLOSED, without a TIME-WAIT record. */
	in(ACK, SEQ(2), ACKNO(2));
	out(RST, SEQ(2));
}

TEST_F(wire, simultaneous_close_passes_closing)
{
	passive(MSS(1000));
	closes();
	out(FIN | ACK, SEQ(1), ACKNO(1));
	in(FIN | ACK, SEQ(1), ACKNO(1));
	out(ACK, SEQ(2), ACKNO(2));
	state(TCP_CLOSING);
	in(ACK, SEQ(2), ACKNO(2));
	state(TCP_TIME_WAIT);
	none(QUIET);
}

TEST_F(wire, half_close_reads_on)
{
	passive(MSS(1000));
	ASSERT_EQ(0, shutdown(self->fd, SHUT_WR));
	out(FIN | ACK, SEQ(1), ACKNO(1));
	in(ACK, SEQ(1), ACKNO(2));
	state(TCP_FIN_WAIT2);
	for (int i = 0; i < 5; i++) {
		in(ACK, LEN(1000));
		reads(1000);
	}
	in(FIN | ACK, LEN(10));
	reads(10);
	reads_eof();
	wire_drain(W, 100);
	ASSERT_EQ(5012, W->got.ack);
	state(TCP_TIME_WAIT);
}

TEST_F(wire, half_close_writes_on)
{
	passive(MSS(1000));
	in(FIN | ACK);
	out(ACK, SEQ(1), ACKNO(2));
	for (int i = 0; i < 5; i++) {
		writes(1000);
		out(ACK, SEQ(1 + i * 1000), ACKNO(2), LEN(1000));
		in(ACK);
	}
	state(TCP_CLOSE_WAIT);
	closes();
	out(FIN | ACK, SEQ(5001), ACKNO(2));
	in(ACK, SEQ(2), ACKNO(5002));
	state(0);
}

TEST_F(wire, fin_with_data_out)
{
	passive(MSS(1000), WND(0));
	/* The window is closed: data waits for it, and the FIN for the data. */
	writes(500);
	closes();
	wire_drain(W, QUIET);
	in(ACK, ACKNO(1), WND(2000));
	out(FIN | ACK, SEQ(1), LEN(500));
	in(ACK, ACKNO(502));
	state(TCP_FIN_WAIT2);
}

TEST_F(wire, fin_with_data_in)
{
	passive(MSS(1000));
	in(FIN | ACK, LEN(700));
	out(ACK, ACKNO(702));
	reads(700);
	reads_eof();
	reads_eof();
}

TEST_F(wire, fin_before_data)
{
	passive(MSS(1000));
	in(FIN | ACK, SEQ(1001));
	out(ACK, ACKNO(1));
	state(TCP_ESTABLISHED);
	in(ACK, SEQ(1), LEN(1000));
	out(ACK, ACKNO(1002));
	state(TCP_CLOSE_WAIT);
	reads(1000);
	reads_eof();
}

TEST_F(wire, fin_repeated_in_close_wait)
{
	passive(MSS(1000));
	in(FIN | ACK, SEQ(1));
	out(ACK, ACKNO(2));
	in(FIN | ACK, SEQ(1));
	out(ACK, SEQ(1), ACKNO(2));
	state(TCP_CLOSE_WAIT);
}

TEST_F_TIMEOUT(wire, fin_is_sent_again, 120)
{
	passive(MSS(1000));
	closes();
	out(FIN | ACK, SEQ(1));
	out(FIN | ACK, SEQ(1), AFTER(200));
	out(FIN | ACK, SEQ(1), AFTER(400));
	in(ACK, SEQ(1), ACKNO(2));
	state(TCP_FIN_WAIT2);
}

TEST_F(wire, last_ack_fin_is_sent_again)
{
	passive(MSS(1000));
	in(FIN | ACK);
	out(ACK, ACKNO(2));
	closes();
	out(FIN | ACK, SEQ(1), ACKNO(2));
	out(FIN | ACK, SEQ(1), ACKNO(2));
	state(TCP_LAST_ACK);
	in(ACK, ACKNO(2));
	state(0);
}

TEST_F(wire, closing_fin_is_sent_again)
{
	passive(MSS(1000));
	closes();
	out(FIN | ACK, SEQ(1), ACKNO(1));
	in(FIN | ACK, SEQ(1), ACKNO(1));
	out(ACK, SEQ(2), ACKNO(2));
	out(FIN | ACK, SEQ(1), ACKNO(2));
	state(TCP_CLOSING);
	in(ACK, SEQ(2), ACKNO(2));
	state(TCP_TIME_WAIT);
}

TEST_F(wire, data_is_sent_before_fin)
{
	passive(MSS(1000));
	writes(3000);
	closes();
	out(ACK, SEQ(1), LEN(1000));
	out(ACK, SEQ(1001), LEN(1000));
	out(ACK, SEQ(2001), LEN(1000));
	out(FIN | ACK, SEQ(3001));
	in(ACK, ACKNO(3002));
	state(TCP_FIN_WAIT2);
}

/* RFC 2525 2.17: closing with unread data sends a RST. */
TEST_F(wire, close_with_unread_data)
{
	passive(MSS(1000));
	in(ACK, LEN(100));
	out(ACK, ACKNO(101));
	closes();
	out(RST | ACK, SEQ(1), ACKNO(101));
	state(0);
	none(QUIET);
}

TEST_F(wire, linger_zero_sends_rst)
{
	struct linger hard = { .l_onoff = 1 };

	passive(MSS(1000));
	ASSERT_EQ(0, setsockopt(self->fd, SOL_SOCKET, SO_LINGER, &hard,
				sizeof(hard)));
	closes();
	out(RST | ACK, SEQ(1), ACKNO(1));
	state(0);
}

/* RFC 7323 3.2. */
TEST_F(wire, reset_with_timestamp)
{
	struct linger hard = { .l_onoff = 1 };

	passive(MSS(1000), TS(1000, 0));
	/* A timestamp ahead of our running clock. */
	in(ACK, TS(W->tsval + 60000, W->tsecr));
	ASSERT_EQ(0, setsockopt(self->fd, SOL_SOCKET, SO_LINGER, &hard,
				sizeof(hard)));
	closes();
	out(RST | ACK, SEQ(1), ACKNO(1));
	ASSERT_TRUE(W->got.has_ts);
	ASSERT_EQ(W->tsval + 60000, W->got.tsecr);
}

TEST_F(wire, linger_zero_with_data_out)
{
	struct linger hard = { .l_onoff = 1 };

	passive(MSS(1000));
	writes(2000);
	out(ACK, SEQ(1), LEN(1000));
	out(ACK, SEQ(1001), LEN(1000));
	ASSERT_EQ(0, setsockopt(self->fd, SOL_SOCKET, SO_LINGER, &hard,
				sizeof(hard)));
	closes();
	out(RST | ACK, SEQ(2001), ACKNO(1));
	state(0);
}

/* RFC 9293 3.6.1: data for a closed socket is answered by a RST. */
TEST_F(wire, data_after_close)
{
	passive(MSS(1000));
	closes();
	out(FIN | ACK, SEQ(1));
	in(ACK, ACKNO(2));
	state(TCP_FIN_WAIT2);
	dropped("AFTER_CLOSE", in(ACK, LEN(100)));
	/* The RFC leaves open whether the RST has an ACK. */
	ASSERT_TRUE(wire_get(W, 500));
	ASSERT_EQ(RST, W->got.flags & ~ACK);
	ASSERT_EQ(2, W->got.seq);
	state(0);
}

TEST_F(wire, data_after_close_fin_wait_1)
{
	passive(MSS(1000));
	closes();
	out(FIN | ACK, SEQ(1));
	dropped("AFTER_CLOSE", in(ACK, ACKNO(1), LEN(100)));
	ASSERT_TRUE(wire_get(W, 500));
	ASSERT_TRUE(W->got.flags & RST);
	/* The FIN may have been lost: SEG.ACK is surely the peer's RCV.NXT. */
	ASSERT_EQ(1, W->got.seq);
	state(0);
}

/* shutdown(SHUT_RD) sends nothing. */
TEST_F(wire, shut_rd_is_silent)
{
	passive(MSS(1000));
	ASSERT_EQ(0, shutdown(self->fd, SHUT_RD));
	none(QUIET);
	state(TCP_ESTABLISHED);
	reads_eof();
	in(ACK, LEN(10));
	out(ACK, ACKNO(11));
	reads(10);
}

TEST_F(wire, shut_rdwr_sends_fin)
{
	passive(MSS(1000));
	ASSERT_EQ(0, shutdown(self->fd, SHUT_RDWR));
	out(FIN | ACK, SEQ(1));
	in(FIN | ACK, ACKNO(2));
	out(ACK, SEQ(2), ACKNO(2));
	state(TCP_TIME_WAIT);
	reads_eof();
	ASSERT_EQ(-1, send(self->fd, "x", 1, MSG_NOSIGNAL));
	ASSERT_EQ(EPIPE, errno);
}

TEST_F(wire, rst_in_fin_wait_2)
{
	passive(MSS(1000));
	closes();
	out(FIN | ACK, SEQ(1));
	in(ACK, ACKNO(2));
	in(RST, SEQ(1));
	none(QUIET);
	state(0);
}

TEST_F(wire, rst_in_last_ack)
{
	passive(MSS(1000));
	in(FIN | ACK);
	out(ACK, ACKNO(2));
	closes();
	out(FIN | ACK, SEQ(1));
	in(RST, SEQ(2));
	state(0);
	none(500);
}

TEST_F(wire, rst_in_close_wait_is_epipe)
{
	passive(MSS(1000));
	in(FIN | ACK);
	out(ACK, ACKNO(2));
	in(RST, SEQ(2));
	ASSERT_EQ(EPIPE, get_int(self->fd, SOL_SOCKET, SO_ERROR));
	state(0);
}

/* RFC 9293 3.10.7.4: data beyond a FIN is not part of the stream. */
TEST_F(wire, data_after_fin)
{
	passive(MSS(1000));
	in(FIN | ACK, SEQ(1), LEN(10));
	out(ACK, ACKNO(12));
	in(ACK, SEQ(12), LEN(10));
	wire_drain(W, QUIET);
	reads(10);
	reads_eof();
}

/* An orphan whose peer never closes ends after tcp_fin_timeout. */
LONG_TEST_F(wire, fin_wait_2_orphan_ends, 300)
{
	passive(MSS(1000));
	closes();
	out(FIN | ACK, SEQ(1));
	in(ACK, ACKNO(2));
	state(TCP_FIN_WAIT2);
	sleep_ms(55000);
	state(TCP_FIN_WAIT2);
	sleep_ms(15000);
	state(0);
}

LONG_TEST_F(wire, fin_wait_2_with_reader_stays, 300)
{
	passive(MSS(1000));
	ASSERT_EQ(0, shutdown(self->fd, SHUT_WR));
	out(FIN | ACK, SEQ(1));
	in(ACK, ACKNO(2));
	sleep_ms(150000);
	state(TCP_FIN_WAIT2);
	in(ACK, LEN(10));
	reads(10);
}

TEST_HARNESS_MAIN
