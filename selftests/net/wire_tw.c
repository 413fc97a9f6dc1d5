// SPDX-License-Identifier: GPL-2.0
/*
 * TIME-WAIT: how long, what may end it and what may not (RFC 9293 3.6.1 and
 * 3.10.7.4, RFC 1337, RFC 6191).
 */
#include "wire_test.h"

#define ST_TIME_WAIT	6

/* Into TIME-WAIT on the listener's port; options of our SYN. */
#define time_wait(...) do {						\
	passive(__VA_ARGS__);						\
	closes();							\
	out(FIN | ACK, SEQ(1), ACKNO(1));				\
	in(FIN | ACK, SEQ(1), ACKNO(2));				\
	out(ACK, SEQ(2), ACKNO(2));					\
	state(ST_TIME_WAIT);						\
} while (0)

TEST_F_TIMEOUT(wire, lasts_two_msl, 300)
{
	LONG_TEST();
	time_wait(MSS(1000));
	sleep_ms(58000);
	state(ST_TIME_WAIT);
	sleep_ms(10000);
	state(0);
	none(QUIET);
}

/* RFC 9293 3.10.7.4: a FIN again is acknowledged and starts 2 MSL anew. */
TEST_F_TIMEOUT(wire, fin_restarts, 300)
{
	LONG_TEST();
	time_wait(MSS(1000));
	sleep_ms(40000);
	in(FIN | ACK, SEQ(1), ACKNO(2));
	out(ACK, SEQ(2), ACKNO(2));
	sleep_ms(55000);
	state(ST_TIME_WAIT);
	sleep_ms(15000);
	state(0);
}

TEST_F(wire, fin_is_acknowledged)
{
	time_wait(MSS(1000));
	in(FIN | ACK, SEQ(1), ACKNO(2));
	out(ACK, SEQ(2), ACKNO(2));
	state(ST_TIME_WAIT);
}

/* RFC 1337: a RST does not end it (the kernel: with tcp_rfc1337). */
TEST_F(wire, rst_is_ignored)
{
	time_wait(MSS(1000));
	dropped("TIME_WAIT", in(RST, SEQ(2)));
	none(QUIET);
	state(ST_TIME_WAIT);
	dropped("TIME_WAIT", in(RST | ACK, SEQ(2), ACKNO(2)));
	dropped("TIME_WAIT", in(RST, SEQ(9)));
	none(QUIET);
	state(ST_TIME_WAIT);
}

TEST_F(wire, old_data_is_answered)
{
	time_wait(MSS(1000));
	in(ACK, SEQ(0x80000000u), ACKNO(2), LEN(10));
	out(ACK, SEQ(2), ACKNO(2));
	state(ST_TIME_WAIT);
}

TEST_F(wire, exact_ack_is_silent)
{
	time_wait(MSS(1000));
	in(ACK, SEQ(2), ACKNO(2));
	none(QUIET);
	state(ST_TIME_WAIT);
}

/* RFC 6191: a SYN with a higher number begins a new connection... */
TEST_F(wire, new_syn_higher_isn)
{
	time_wait(MSS(1000));
	W->isn += 100000;
	W->snd_nxt = W->rcv_nxt = 0;
	in(SYN, SEQ(0), MSS(1000));
	out(SYN | ACK, SEQ(0), ACKNO(1));
	in(ACK, SEQ(1), ACKNO(1));
	accepts();
	in(ACK, LEN(10));
	out(ACK, ACKNO(11));
	reads(10);
}

/* ... and so does one with a later timestamp, whatever its number... */
TEST_F_TIMEOUT(wire, new_syn_later_timestamp, 60)
{
	time_wait(MSS(1000), TS(1000, 0));
	sleep_ms(1100);
	W->isn -= 100000;
	W->snd_nxt = W->rcv_nxt = 0;
	W->ts = false;
	in(SYN, SEQ(0), MSS(1000), TS(W->tsval + 5000, 0));
	out(SYN | ACK, SEQ(0), ACKNO(1));
	in(ACK, SEQ(1), ACKNO(1), TS(W->tsval + 5001, W->got.tsval));
	accepts();
}

/* ... but not an old one: it may be a duplicate of the connection before. */
TEST_F(wire, old_syn_is_refused)
{
	time_wait(MSS(1000));
	in(SYN, SEQ(-100000), MSS(1000));
	out(ACK, SEQ(2), ACKNO(2));
	state(ST_TIME_WAIT);
}

TEST_F(wire, old_syn_old_timestamp_is_refused)
{
	time_wait(MSS(1000), TS(W->tsval, 0));
	in(SYN, SEQ(5000), MSS(1000), TS(W->tsval - 5000, 0));
	out(ACK, SEQ(2), ACKNO(2));
	state(ST_TIME_WAIT);
}

/* The new connection's numbers lie beyond the old one's. */
TEST_F(wire, reuse_takes_higher_iss)
{
	uint32_t old;

	time_wait(MSS(1000));
	old = W->iss;
	W->isn += 100000;
	W->snd_nxt = W->rcv_nxt = 0;
	in(SYN, SEQ(0), MSS(1000));
	out(SYN | ACK, SEQ(0), ACKNO(1));
	ASSERT_GT((int32_t)(W->iss - old), 0);
	in(RST, SEQ(1));
}

/* Also when that sent faster than the clock of the numbers runs (RFC 9293 3.6.1). */
TEST_F(wire, reuse_begins_above_what_was_sent)
{
	uint32_t old;

	passive(MSS(1000));
	for (int i = 0; i < 30; i++) {
		writes(3000);
		wire_drain(W, 1);
		in(ACK, SEQ(1), ACKNO(1 + (i + 1) * 3000));
	}
	closes();
	out(FIN | ACK, SEQ(90001), ACKNO(1));
	in(FIN | ACK, SEQ(1), ACKNO(90002));
	out(ACK, SEQ(90002), ACKNO(2));
	old = W->iss;
	W->isn += 100000;
	W->snd_nxt = W->rcv_nxt = 0;
	in(SYN, SEQ(0), MSS(1000));
	out(SYN | ACK, SEQ(0), ACKNO(1));
	ASSERT_GT((int32_t)(W->iss - old), 90002);
	in(RST, SEQ(1));
}

TEST_F(wire, record_does_not_hold_the_listener)
{
	time_wait(MSS(1000));
	ASSERT_EQ(0, close(self->lfd));
	self->lfd = wire_listen(W, WIRE_PORT, 5);
	ASSERT_GE(self->lfd, 0);
	state(ST_TIME_WAIT);
}

TEST_F(wire, record_holds_the_port)
{
	struct sockaddr_in sin = { .sin_family = AF_INET,
				   .sin_port = htons(WIRE_PORT) };
	int fd;

	time_wait(MSS(1000));
	ASSERT_EQ(0, close(self->lfd));
	self->lfd = -1;
	fd = wire_socket(W, 0);
	ASSERT_GE(fd, 0);
	ASSERT_EQ(-1, bind(fd, (struct sockaddr *)&sin, sizeof(sin)));
	ASSERT_EQ(EADDRINUSE, errno);
	close(fd);
}

TEST_F(wire, many_records)
{
	int n = virtual_time() ? 100 : 20;

	listens();
	for (int i = 0; i < n; i++) {
		wire_reset(W, WIRE_PPORT + i);
		in(SYN, MSS(1000));
		out(SYN | ACK, SEQ(0), ACKNO(1));
		in(ACK, SEQ(1), ACKNO(1));
		accepts();
		closes();
		out(FIN | ACK, SEQ(1), ACKNO(1));
		in(FIN | ACK, SEQ(1), ACKNO(2));
		out(ACK, SEQ(2), ACKNO(2));
		state(ST_TIME_WAIT);
	}
}

TEST_HARNESS_MAIN
