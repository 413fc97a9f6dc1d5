// SPDX-License-Identifier: GPL-2.0
/*
 * Retransmission: the timer and its back-off (RFC 6298), fast retransmit and NewReno
 * recovery (RFC 5681, RFC 6582).
 */
#include <sys/ioctl.h>

#include "wire_test.h"

TEST_F(wire, first_rto_is_200_ms)
{
	passive(MSS(1000));
	writes(1000);
	out(ACK, SEQ(1), LEN(1000));
	out(ACK, SEQ(1), LEN(1000), AFTER(200));
	in(ACK);
	none(500);
}

TEST_F_TIMEOUT(wire, rto_doubles, 300)
{
	unsigned int rto = 200, n = virtual_time() ? 9 : 4;

	passive(MSS(1000));
	writes(1000);
	out(ACK, SEQ(1), LEN(1000));
	for (unsigned int i = 0; i < n; i++, rto *= 2)
		out(ACK, SEQ(1), LEN(1000), AFTER(rto));
	in(ACK);
	none(QUIET);
	state(TCP_ESTABLISHED);
}

/* RFC 6298 (2.5): the RTO has a maximum of at least 60 s. */
LONG_TEST_F(wire, rto_ceiling_and_r2, 3000)
{
	uint64_t start, last, gap = 0;
	int n = 0;

	passive(MSS(1000));
	writes(1000);
	out(ACK, SEQ(1), LEN(1000));
	start = last = now_ms();
	while (wire_get(W, 140000)) {
		ASSERT_EQ(1, W->got.seq);
		ASSERT_EQ(1000, W->got.len);
		gap = now_ms() - last;
		last = now_ms();
		n++;
	}
	/* R2 is 15 retransmissions, about 15 minutes: RFC 9293 MUST-20. */
	ASSERT_GE(n, 14);
	ASSERT_LE(n, 16);
	ASSERT_GE(gap, 60000);
	ASSERT_LE(gap, 121000 + wire_late(121000));
	ASSERT_GE(last - start, 100000);
	ASSERT_EQ(ETIMEDOUT, get_int(self->fd, SOL_SOCKET, SO_ERROR));
	state(0);
}

/* The first sample makes SRTT 300 ms and RTTVAR 150 ms: an RTO of 300 + 4 * 150 ms. */
TEST_F(wire, rto_follows_rtt)
{
	listens();
	in(SYN, MSS(1000));
	out(SYN | ACK, SEQ(0), ACKNO(1));
	sleep_ms(300);
	in(ACK, SEQ(1), ACKNO(1));
	accepts();
	writes(1000);
	out(ACK, SEQ(1), LEN(1000));
	out(ACK, SEQ(1), LEN(1000), AFTER(900));
}

/* RFC 6298 (5.3): an ACK of new data restarts the timer. */
TEST_F(wire, rto_restarts_on_ack)
{
	passive(MSS(1000));
	writes(2000);
	segments(1, 2);
	sleep_ms(120);
	in(ACK, ACKNO(1001));
	out(ACK, SEQ(1001), LEN(1000), AFTER(200));
}

/* After a timeout one segment is sent, then slow start. */
TEST_F(wire, rto_shrinks_window)
{
	passive(MSS(1000));
	writes(10000);
	segments(1, 10);
	out(ACK, SEQ(1), LEN(1000), AFTER(200));
	none(QUIET);
	in(ACK, ACKNO(1001));
	out(ACK, SEQ(1001), LEN(1000));
	out(ACK, SEQ(2001), LEN(1000));
	none(QUIET);
	in(ACK, ACKNO(10001));
	none(QUIET);
}

LONG_TEST_F(wire, user_timeout_ends_retransmission, 120)
{
	passive(MSS(1000));
	ASSERT_EQ(0, set_int(self->fd, IPPROTO_TCP, TCP_USER_TIMEOUT, 3000));
	writes(1000);
	sleep_ms(2500);
	ASSERT_EQ(0, get_int(self->fd, SOL_SOCKET, SO_ERROR));
	sleep_ms(4000);
	ASSERT_EQ(ETIMEDOUT, get_int(self->fd, SOL_SOCKET, SO_ERROR));
	state(0);
}

/* A deadline less than a jiffy away is kept to within a small part of a jiffy. */
LONG_TEST_F(wire, near_deadline_is_kept, 30)
{
	uint64_t t0;

	XTCP_ONLY("its timers tick in jiffies");
	for (int ms = 1; ms <= 7; ms += 2) {
		passive(MSS(1000));
		ASSERT_EQ(0, set_int(self->fd, IPPROTO_TCP, TCP_USER_TIMEOUT, ms));
		t0 = now_us();
		self->wpos = 0;
		writes(100);
		ASSERT_TRUE(poll_for(self->fd, POLLIN, 1000) & POLLERR);
		ASSERT_LE(t0 + ms * 1000, now_us());
		ASSERT_GE(t0 + ms * 1000 + 500, now_us());
		closes();
		wire_drain(W, QUIET);
		wire_reset(W, WIRE_PPORT + ms);
	}
}

TEST_F(wire, initial_window_is_ten_segments)
{
	passive(MSS(1000));
	writes(30000);
	segments(1, 10);
	none(QUIET);
	/* Slow start: each ACK of one segment releases two. */
	in(ACK, ACKNO(1001));
	segments(10001, 2);
	none(QUIET);
	in(ACK, ACKNO(2001));
	segments(12001, 2);
	none(QUIET);
}

TEST_F(wire, fast_retransmit_at_third)
{
	passive(MSS(1000));
	writes(6000);
	segments(1, 6);
	in(ACK, ACKNO(1));
	none(5);
	in(ACK, ACKNO(1));
	none(5);
	in(ACK, ACKNO(1));
	out(ACK, SEQ(1), LEN(1000), WITHIN(100));
	in(ACK, ACKNO(6001));
	none(500);
}

TEST_F(wire, no_fast_retransmit_at_second)
{
	passive(MSS(1000));
	writes(6000);
	segments(1, 6);
	in(ACK, ACKNO(1));
	in(ACK, ACKNO(1));
	none(100);
	in(ACK, ACKNO(6001));
	none(QUIET);
}

/* RFC 5681 section 2: an ACK that changes the window is no duplicate... */
TEST_F(wire, window_update_is_no_duplicate)
{
	W->wnd = 30000;
	passive(MSS(1000));
	writes(6000);
	segments(1, 6);
	for (int i = 0; i < 4; i++)
		in(ACK, ACKNO(1), WND(40000 + i * 1000));
	none(100);
}

/* ... and neither is a segment with data. */
TEST_F(wire, data_is_no_duplicate)
{
	passive(MSS(1000));
	writes(6000);
	segments(1, 6);
	for (int i = 0; i < 4; i++)
		in(ACK, ACKNO(1), LEN(10));
	while (wire_get(W, 100))
		ASSERT_EQ(0, W->got.len);
}

TEST_F(wire, newreno_partial_ack)
{
	passive(MSS(1000));
	writes(8000);
	segments(1, 8);
	for (int i = 0; i < 3; i++)
		in(ACK, ACKNO(1));
	out(ACK, SEQ(1), LEN(1000), WITHIN(100));
	for (int i = 0; i < 3; i++)
		in(ACK, ACKNO(1));
	none(5);
	/* A partial ACK fills the first hole; the next segment is retransmitted at once. */
	in(ACK, ACKNO(3001));
	out(ACK, SEQ(3001), LEN(1000), WITHIN(100));
	in(ACK, ACKNO(5001));
	out(ACK, SEQ(5001), LEN(1000), WITHIN(100));
	in(ACK, ACKNO(8001));
	none(500);
}

/* RFC 6582: no second reduction for data that was in flight at the first. */
TEST_F(wire, newreno_duplicates_after_recovery)
{
	passive(MSS(1000));
	writes(6000);
	segments(1, 6);
	for (int i = 0; i < 3; i++)
		in(ACK, ACKNO(1));
	out(ACK, SEQ(1), LEN(1000), WITHIN(100));
	in(ACK, ACKNO(6001));
	for (int i = 0; i < 4; i++)
		in(ACK, ACKNO(6001));
	none(100);
	writes(1000);
	out(ACK, SEQ(6001), LEN(1000));
}

/* Each further duplicate ACK means that a segment has left the network. */
TEST_F(wire, recovery_sends_new_data)
{
	passive(MSS(1000));
	writes(20000);
	segments(1, 10);
	for (int i = 0; i < 9; i++)
		in(ACK, ACKNO(1));
	/* The window is half of ten, and nine duplicates have arrived. */
	ASSERT_GE(wire_drain(W, 30), 2);
	ASSERT_GT(W->rcv_nxt, 10001);
}

TEST_F(wire, recovery_halves_window)
{
	int n;

	passive(MSS(1000));
	writes(30000);
	segments(1, 10);
	for (int i = 0; i < 3; i++)
		in(ACK, ACKNO(1));
	wire_drain(W, 30);
	in(ACK, ACKNO(W->rcv_nxt));
	/* ssthresh is five; RFC 6582 allows a start with two, to avoid bursts. */
	n = wire_drain(W, 30);
	ASSERT_GE(n, 2);
	ASSERT_LE(n, 7);
}

TEST_F(wire, ack_of_retransmission_frees_all)
{
	int out_bytes = -1;

	passive(MSS(1000));
	writes(3000);
	segments(1, 3);
	out(ACK, SEQ(1), LEN(1000), AFTER(200));
	in(ACK, ACKNO(3001));
	none(500);
	ASSERT_EQ(0, ioctl(self->fd, TIOCOUTQ, &out_bytes));
	ASSERT_EQ(0, out_bytes);
}

/* Old and duplicate ACKs change nothing (RFC 9293 3.10.7.4). */
TEST_F(wire, old_ack_is_ignored)
{
	passive(MSS(1000));
	writes(3000);
	segments(1, 3);
	in(ACK, ACKNO(3001));
	in(ACK, ACKNO(1001), WND(1));
	none(QUIET);
	writes(2000);
	segments(3001, 2);
}

TEST_F(wire, fin_lost_with_data)
{
	passive(MSS(1000));
	writes(1000);
	out(ACK, SEQ(1), LEN(1000));
	ASSERT_EQ(0, shutdown(self->fd, SHUT_WR));
	out(FIN | ACK, SEQ(1001));
	ASSERT_TRUE(wire_get(W, 1000));
	ASSERT_EQ(1, W->got.seq);
	in(ACK, ACKNO(1001));
	out(FIN | ACK, SEQ(1001), WITHIN(2000));
	in(ACK, ACKNO(1002));
	none(QUIET);
}

TEST_HARNESS_MAIN
