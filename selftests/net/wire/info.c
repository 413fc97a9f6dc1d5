// SPDX-License-Identifier: GPL-2.0
/*
 * TCP_INFO compared with what is on the wire. The round trip is 100 ms.
 */
#include <linux/tcp.h>

/* The C library's struct tcp_info lacks the newer fields. */
#define _NETINET_TCP_H	1
#include "wire_test.h"

#define RTT	100

/* Accept over a path of 100 ms; the arguments belong to the ACK of the handshake. */
#define far_away(...) do {						\
	struct wseg _syn = { .flags = SYN, MSS(1000), SACKOK };		\
	if (!virtual_time())						\
		SKIP_TEST("too short times for a real clock");		\
	ns_sysctl("ipv4/tcp_recovery", "1");				\
	listens();							\
	wire_in(W, &_syn);						\
	out(SYN | ACK, SEQ(0), ACKNO(1), SACKOK);			\
	sleep_ms(RTT);							\
	in(ACK, SEQ(1), ACKNO(1), __VA_ARGS__);				\
	accepts();							\
	ASSERT_EQ(0, set_int(self->fd, IPPROTO_TCP, TCP_NODELAY, 1));	\
} while (0)

#define near(want, have, by) do {					\
	ASSERT_LE((want) - (by), (have));				\
	ASSERT_GE((want) + (by), (have));				\
} while (0)

/* us; the kernel measures some times in jiffies, XTCP in microseconds. */
#define JIFFY_US	4000

TEST_F(wire, unacked_counts_segments_in_flight)
{
	struct tcp_info ti;

	far_away(WND(65535));
	writes(5000);
	segments(1, 5);
	ti = info(self->fd);
	ASSERT_EQ(5, ti.tcpi_unacked);
	ASSERT_EQ(0, ti.tcpi_sacked);
	ASSERT_EQ(0, ti.tcpi_lost);
	ASSERT_EQ(0, ti.tcpi_retrans);
	ASSERT_EQ(TCP_CA_Open, ti.tcpi_ca_state);
	ASSERT_EQ(10, ti.tcpi_snd_cwnd);
	ASSERT_EQ(5, ti.tcpi_data_segs_out);
	ASSERT_EQ(5000, ti.tcpi_bytes_sent);
	near(RTT * 1000, ti.tcpi_rtt, 1000);
	near(RTT * 1000, ti.tcpi_min_rtt, 1000);
	near(3 * RTT * 1000, ti.tcpi_rto, JIFFY_US);
	/* Two windows per round trip in slow start; departures are not paced here. */
	near(20000 * 1000000ULL / ti.tcpi_rtt, ti.tcpi_pacing_rate, 1000);
}

/* A hole: one segment is SACKed, then three; the lost one is retransmitted. */
TEST_F(wire, recovery_shows_sacked_and_lost)
{
	struct tcp_info ti;

	far_away(WND(65535));
	writes(6000);
	segments(1, 6);
	sleep_ms(RTT);
	in(ACK, ACKNO(1), SACKS(1001, 2001));
	none(1);
	ti = info(self->fd);
	ASSERT_EQ(6, ti.tcpi_unacked);
	ASSERT_EQ(1, ti.tcpi_sacked);
	ASSERT_EQ(TCP_CA_Disorder, ti.tcpi_ca_state);
	in(ACK, ACKNO(1), SACKS(1001, 3001));
	in(ACK, ACKNO(1), SACKS(1001, 4001));
	out(ACK, SEQ(1), LEN(1000), WITHIN(5));
	ti = info(self->fd);
	ASSERT_EQ(TCP_CA_Recovery, ti.tcpi_ca_state);
	ASSERT_EQ(3, ti.tcpi_sacked);
	ASSERT_EQ(1, ti.tcpi_lost);
	ASSERT_EQ(1, ti.tcpi_retrans);
	ASSERT_EQ(1, ti.tcpi_total_retrans);
	ASSERT_EQ(1000, ti.tcpi_bytes_retrans);
	/* The handshake counts as one. */
	ASSERT_EQ(4, ti.tcpi_delivered);
	in(ACK, ACKNO(6001));
	none(10);
	ti = info(self->fd);
	ASSERT_EQ(0, ti.tcpi_unacked);
	ASSERT_EQ(0, ti.tcpi_sacked);
	ASSERT_EQ(0, ti.tcpi_lost);
	ASSERT_EQ(0, ti.tcpi_retrans);
	ASSERT_EQ(6000, ti.tcpi_bytes_acked);
	ASSERT_EQ(TCP_CA_Open, ti.tcpi_ca_state);
}

TEST_F(wire, after_a_timeout)
{
	struct tcp_info ti;

	far_away(WND(65535));
	writes(1000);
	out(ACK, SEQ(1), LEN(1000));
	out(ACK, SEQ(1), LEN(1000), WITHIN(1000));
	out(ACK, SEQ(1), LEN(1000), WITHIN(2000));
	out(ACK, SEQ(1), LEN(1000), WITHIN(4000));
	ti = info(self->fd);
	ASSERT_EQ(TCP_CA_Loss, ti.tcpi_ca_state);
	ASSERT_LE(2, ti.tcpi_retransmits);
	ASSERT_EQ(ti.tcpi_retransmits, ti.tcpi_backoff);
	/* The RTO includes the back-off. */
	near((3 * RTT * 1000) << ti.tcpi_backoff, ti.tcpi_rto, 8 * JIFFY_US);
	ASSERT_EQ(1, ti.tcpi_lost);
	ASSERT_EQ(1, ti.tcpi_retrans);
}

TEST_F(wire, duplicates_told)
{
	far_away(WND(65535));
	writes(2000);
	segments(1, 2);
	sleep_ms(RTT);
	in(ACK, ACKNO(2001));
	in(ACK, ACKNO(2001), SACKS(1, 1001));
	none(1);
	ASSERT_EQ(1, info(self->fd).tcpi_dsack_dups);
}

/* 10 segments per round trip of 100 ms: 100,000 bytes per second. */
TEST_F(wire, delivery_rate_is_that_of_the_path)
{
	struct tcp_info ti;

	far_away(WND(65535));
	writes(20000);
	segments(1, 10);
	sleep_ms(RTT);
	in(ACK, ACKNO(10001));
	sleep_ms(1);
	ti = info(self->fd);
	near(100000, (int)ti.tcpi_delivery_rate, 5000);
}

/* One segment per round trip: the rate is limited by the application. */
TEST_F(wire, delivery_rate_of_little)
{
	far_away(WND(65535));
	for (int i = 0; i < 3; i++) {
		writes(1000);
		out(ACK, SEQ(1 + 1000 * i), LEN(1000));
		sleep_ms(RTT);
		in(ACK, ACKNO(1001 + 1000 * i));
	}
	sleep_ms(1);
	ASSERT_TRUE((bool)info(self->fd).tcpi_delivery_rate_app_limited);
}

/* busy_time counts while data is in flight, and no time as window or buffer limited. */
TEST_F(wire, busy_counts_while_data_is_in_flight)
{
	struct tcp_info ti;

	far_away(WND(65535));
	sleep_ms(500);
	ASSERT_GE(JIFFY_US, info(self->fd).tcpi_busy_time);
	writes(1000);
	out(ACK, SEQ(1), LEN(1000));
	sleep_ms(80);
	ti = info(self->fd);
	near(80000, (int)ti.tcpi_busy_time, 2 * JIFFY_US);
	in(ACK, ACKNO(1001));
	sleep_ms(500);
	ti = info(self->fd);
	near(80000, (int)ti.tcpi_busy_time, 2 * JIFFY_US);
	ASSERT_EQ(0, ti.tcpi_rwnd_limited);
	ASSERT_EQ(0, ti.tcpi_sndbuf_limited);
}

TEST_F(wire, rwnd_limited_counts_closed_window)
{
	struct tcp_info ti;

	far_away(WND(2000));
	writes(5000);
	segments(1, 2);
	sleep_ms(100);
	in(ACK, ACKNO(2001), WND(10000));
	segments(2001, 3);
	sleep_ms(50);
	in(ACK, ACKNO(5001), WND(10000));
	none(1);
	ti = info(self->fd);
	near(150000, (int)ti.tcpi_busy_time, 3 * JIFFY_US);
	near(100000, (int)ti.tcpi_rwnd_limited, 2 * JIFFY_US);
	ASSERT_EQ(0, ti.tcpi_sndbuf_limited);
	ASSERT_EQ(10000, ti.tcpi_snd_wnd);
}

TEST_F(wire, sndbuf_limited_counts_full_buffer)
{
	struct tcp_info ti;
	pid_t pid;

	XTCP_ONLY("it asks only as it sends, before the writer waits");
	far_away(WND(65535));
	ASSERT_EQ(0, set_int(self->fd, SOL_SOCKET, SO_SNDBUF, 1));
	fcntl(self->fd, F_SETFL, 0);
	pid = child();
	if (!pid)
		_exit(send_pat(self->fd, 0, 400000) != 400000);
	while (wire_drain(W, 50)) {
		ti = info(self->fd);
		in(ACK, ACKNO(W->got.seq + W->got.len));
	}
	ti = info(self->fd);
	ASSERT_LE(50000, ti.tcpi_sndbuf_limited);
	ASSERT_LE(ti.tcpi_sndbuf_limited, ti.tcpi_busy_time);
	ASSERT_EQ(0, ti.tcpi_rwnd_limited);
}

/* The length is that of Linux 7.2 on every kernel, cut to the size of the buffer. */
TEST_F(wire, length_is_that_of_linux_7_2)
{
	char whole[400], part[400];
	socklen_t len = sizeof(whole);

	XTCP_ONLY("it has the length of its kernel");
	passive(MSS(1000));
	memset(whole, 0x5a, sizeof(whole));
	ASSERT_EQ(0, getsockopt(self->fd, IPPROTO_TCP, TCP_INFO, whole, &len));
	ASSERT_EQ(280, len);
	ASSERT_EQ(0x5a, whole[280]);
	/* tcpi_rcv_wnd, the first field that 6.2 added. */
	ASSERT_NE(0, *(uint32_t *)(whole + 232));
	for (len = 0; len < 280; len += 40) {
		socklen_t got = len;

		memset(part, 0x5a, sizeof(part));
		ASSERT_EQ(0, getsockopt(self->fd, IPPROTO_TCP, TCP_INFO, part, &got));
		ASSERT_EQ(len, got);
		ASSERT_EQ(0x5a, part[len]);
	}
}

/* An ECN echo causes a reduction without a loss. */
TEST_F(wire, ecn_echo_shows_as_reduction)
{
	struct wseg syn = { .flags = SYN | ECE | CWR, MSS(1000), SACKOK };

	ns_sysctl("ipv4/tcp_ecn", "1");
	listens();
	wire_in(W, &syn);
	out(SYN | ACK | ECE, SEQ(0), ACKNO(1));
	in(ACK, SEQ(1), ACKNO(1));
	accepts();
	ASSERT_EQ(0, set_int(self->fd, IPPROTO_TCP, TCP_NODELAY, 1));
	writes(6000);
	segments(1, 6);
	in(ACK | ECE, ACKNO(1001));
	wire_drain(W, 5);
	ASSERT_EQ(TCP_CA_CWR, info(self->fd).tcpi_ca_state);
}

/* The times since the last data count from the handshake until there is data. */
TEST_F(wire, no_data_yet)
{
	struct tcp_info ti;

	far_away(WND(65535));
	sleep_ms(500);
	ti = info(self->fd);
	near(500, (int)ti.tcpi_last_data_recv, 8);
	near(500, (int)ti.tcpi_last_data_sent, 8);
	ASSERT_EQ(1, ti.tcpi_delivered);
	in(ACK, ACKNO(1), LEN(100));
	sleep_ms(100);
	ti = info(self->fd);
	near(100, (int)ti.tcpi_last_data_recv, 8);
	near(600, (int)ti.tcpi_last_data_sent, 8);
}

/* The second of six segments arrives after the fifth: a reordering degree of four. */
TEST_F(wire, reordering_shows_its_degree)
{
	far_away(WND(65535));
	ASSERT_EQ(3, info(self->fd).tcpi_reordering);
	writes(6000);
	segments(1, 6);
	sleep_ms(RTT);
	in(ACK, ACKNO(1), SACKS(4001, 5001));
	in(ACK, ACKNO(1), SACKS(1001, 2001, 4001, 5001));
	wire_drain(W, 1);
	ASSERT_EQ(4, info(self->fd).tcpi_reordering);
}

TEST_HARNESS_MAIN
