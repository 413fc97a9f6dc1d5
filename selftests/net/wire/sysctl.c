// SPDX-License-Identifier: GPL-2.0
/*
 * What sysctls do to segments: net.xtcp.NAME must have the effect that
 * net.ipv4.tcp_NAME has on the kernel's TCP.
 */
#include "wire_test.h"

static const struct {
	const char *name;
	bool sack, ts, ws;
} offers[] = {
	{ "sack",		false, true, true },
	{ "timestamps",		true, false, true },
	{ "window_scaling",	true, true, false },
};

TEST_F(wire, options_turned_off_are_not_offered)
{
	for (size_t i = 0; i < ARRAY_SIZE(offers); i++) {
		W->doing = offers[i].name;
		knob(offers[i].name, "0");
		connects();
		ASSERT_EQ(offers[i].sack, W->got.has_sack);
		ASSERT_EQ(offers[i].ts, W->got.has_ts);
		ASSERT_EQ(offers[i].ws, W->got.has_ws);
		closes();
		knob(offers[i].name, "1");
		wire_reset(W, WIRE_PPORT);
	}
}

TEST_F(wire, options_turned_off_are_not_accepted)
{
	struct wseg syn = { .flags = SYN, MSS(1000), SACKOK, TS(7, 0), WS(3) };

	listens();
	for (size_t i = 0; i < ARRAY_SIZE(offers); i++) {
		W->doing = offers[i].name;
		knob(offers[i].name, "0");
		wire_in(W, &syn);
		out(SYN | ACK, SEQ(0), ACKNO(1));
		ASSERT_EQ(offers[i].sack, W->got.has_sack);
		ASSERT_EQ(offers[i].ts, W->got.has_ts);
		ASSERT_EQ(offers[i].ws, W->got.has_ws);
		in(RST, SEQ(1));
		knob(offers[i].name, "1");
		wire_reset(W, WIRE_PPORT + 1 + i);
	}
}

/* The sysctl takes effect at once, on open connections. */
TEST_F(wire, dsack_off_applies_to_open_connections)
{
	passive(MSS(1000), SACKOK);
	in(ACK, SEQ(1), LEN(100));
	out(ACK, ACKNO(101), NOSACKS);
	in(ACK, SEQ(1), LEN(100));
	out(ACK, ACKNO(101), SACKS(1, 101));
	knob("dsack", "0");
	in(ACK, SEQ(1), LEN(100));
	out(ACK, ACKNO(101), NOSACKS);
}

/* These and the following take effect at once on connections that exist. */
TEST_F(wire, syn_retries_limits_syns)
{
	connects();
	knob("syn_retries", "2");
	out(SYN, SEQ(0), AFTER(1000));
	out(SYN, SEQ(0), AFTER(2000));
	none(3900);
	sleep_ms(600);
	ASSERT_EQ(ETIMEDOUT, get_int(self->fd, SOL_SOCKET, SO_ERROR));
}

/* Two retransmissions without back-off, which syn_retries does not count; then as usual. */
TEST_F(wire, syn_linear_timeouts)
{
	XTCP_ONLY("6.1 has no such knob");
	knob("syn_linear_timeouts", "2");
	knob("syn_retries", "2");
	connects();
	out(SYN, SEQ(0), AFTER(1000));
	out(SYN, SEQ(0), AFTER(1000));
	out(SYN, SEQ(0), AFTER(1000));
	out(SYN, SEQ(0), AFTER(2000));
	none(3900);
	sleep_ms(600);
	ASSERT_EQ(ETIMEDOUT, get_int(self->fd, SOL_SOCKET, SO_ERROR));
}

TEST_F(wire, synack_retries_limits_synacks)
{
	struct wseg syn = { .flags = SYN, MSS(1000) };

	knob("synack_retries", "1");
	listens();
	wire_in(W, &syn);
	out(SYN | ACK, SEQ(0), ACKNO(1));
	out(SYN | ACK, SEQ(0), ACKNO(1), AFTER(1000));
	none(6000);
}

/* The sysctl takes effect at once: two more retransmissions, then the end. */
LONG_TEST_F(wire, retries2_limits_retransmissions, 60)
{
	XTCP_ONLY("it counts time, not retransmissions");
	passive(MSS(1000));
	writes(1000);
	out(ACK, SEQ(1), LEN(1000));
	out(ACK, SEQ(1), LEN(1000), AFTER(200));
	knob("retries2", "3");
	out(ACK, SEQ(1), LEN(1000), AFTER(400));
	out(ACK, SEQ(1), LEN(1000), AFTER(800));
	sleep_ms(1500);
	ASSERT_EQ(0, get_int(self->fd, SOL_SOCKET, SO_ERROR));
	sleep_ms(300);
	ASSERT_EQ(ETIMEDOUT, get_int(self->fd, SOL_SOCKET, SO_ERROR));
}

/* On a path of 900 ms the limit is the time that retries2 takes on a short path. */
LONG_TEST_F(wire, retries2_of_a_long_path, 60)
{
	knob("retries2", "4");
	connects();
	sleep_ms(900);
	in(SYN | ACK, MSS(1000));
	out(ACK, SEQ(1), ACKNO(1));
	writes(1000);
	out(ACK, SEQ(1), LEN(1000));
	out(ACK, SEQ(1), LEN(1000), AFTER(2700));
	out(ACK, SEQ(1), LEN(1000), AFTER(5400));
	sleep_ms(10000);
	ASSERT_EQ(0, get_int(self->fd, SOL_SOCKET, SO_ERROR));
	sleep_ms(1500);
	ASSERT_EQ(ETIMEDOUT, get_int(self->fd, SOL_SOCKET, SO_ERROR));
}

LONG_TEST_F(wire, orphan_retries_limits_retransmissions, 60)
{
	XTCP_ONLY("it counts time, not retransmissions");
	knob("orphan_retries", "2");
	passive(MSS(1000));
	closes();
	out(FIN | ACK, SEQ(1));
	out(FIN | ACK, SEQ(1), AFTER(200));
	out(FIN | ACK, SEQ(1), AFTER(400));
	none(780);
	sleep_ms(200);
	state(0);
}

LONG_TEST_F(wire, fin_timeout_ends_fin_wait_2, 60)
{
	passive(MSS(1000));
	knob("fin_timeout", "5");
	closes();
	out(FIN | ACK, SEQ(1));
	in(ACK, ACKNO(2));
	sleep_ms(4500);
	state(TCP_FIN_WAIT2);
	sleep_ms(1500);
	state(0);
}

TEST_F(wire, keepalive_knobs_time_the_probes)
{
	passive(MSS(1000));
	knob("keepalive_time", "2");
	knob("keepalive_intvl", "1");
	knob("keepalive_probes", "2");
	ASSERT_EQ(0, set_int(self->fd, SOL_SOCKET, SO_KEEPALIVE, 1));
	out(ACK, SEQ(0), ACKNO(1), ANYLEN, AFTER(2000));
	out(ACK, SEQ(0), ACKNO(1), ANYLEN, AFTER(1000));
	out(RST | ACK, SEQ(1), ACKNO(1), AFTER(1000));
	ASSERT_EQ(ETIMEDOUT, get_int(self->fd, SOL_SOCKET, SO_ERROR));
}

/*
 * Challenge ACKs are at least invalid_ratelimit ms apart (500), and limited by
 * challenge_ack_limit per second; 0: none.
 */
TEST_F(wire, invalid_ratelimit_spaces_challenges)
{
	XTCP_ONLY("the limit is of all connections together");
	passive(MSS(1000));
	in(RST, SEQ(100));
	out(ACK, SEQ(1), ACKNO(1));
	in(RST, SEQ(100));
	none(QUIET);
	knob("invalid_ratelimit", "10");
	for (int i = 0; i < 5; i++) {
		sleep_ms(15);
		in(RST, SEQ(100));
		out(ACK, SEQ(1), ACKNO(1));
	}
	knob("challenge_ack_limit", "2");
	sleep_ms(400);
	in(RST, SEQ(100));
	none(QUIET);
	sleep_ms(150);
	in(RST, SEQ(100));
	out(ACK, SEQ(1), ACKNO(1));
	knob("challenge_ack_limit", "0");
	sleep_ms(2000);
	in(RST, SEQ(100));
	none(QUIET);
	state(TCP_ESTABLISHED);
}

/* After an RTO of idle time the window is ten segments, or unchanged. */
TEST_F(wire, slow_start_after_idle)
{
	int segs;

	for (int i = 0; i < 2; i++) {
		wire_reset(W, WIRE_PPORT + i);
		knob("slow_start_after_idle", i ? "0" : "1");
		passive(MSS(1000));
		self->wpos = 0;
		writes(10000);
		for (int j = 0; j < 10; j++)
			out(ACK, SEQ(1 + j * 1000), LEN(1000));
		for (int j = 1; j <= 10; j++)
			in(ACK, ACKNO(1 + j * 1000));
		sleep_ms(1000);
		writes(20000);
		segs = wire_drain(W, QUIET);
		ASSERT_TRUE(i ? segs > 10 : segs == 10);
		in(RST, SEQ(1));
		closes();
	}
}

/* A smaller MSS of the peer is raised to min_snd_mss, which includes options. */
TEST_F(wire, min_snd_mss)
{
	knob("min_snd_mss", "500");
	passive(MSS(100));
	writes(1000);
	ASSERT_TRUE(wire_get(W, 100));
	ASSERT_GE(W->got.len, 480);
	ASSERT_LE(W->got.len, 500);
}

TEST_F(wire, rto_min_us_bounds_rto)
{
	XTCP_ONLY("6.1 has no such knob");
	knob("rto_min_us", "50000");
	passive(MSS(1000));
	writes(1000);
	out(ACK, SEQ(1), LEN(1000));
	out(ACK, SEQ(1), LEN(1000), AFTER(50));
	out(ACK, SEQ(1), LEN(1000), AFTER(100));
}

LONG_TEST_F(wire, rto_max_ms_bounds_rto, 60)
{
	XTCP_ONLY("6.1 has no such knob");
	knob("rto_max_ms", "1000");
	passive(MSS(1000));
	writes(1000);
	out(ACK, SEQ(1), LEN(1000));
	out(ACK, SEQ(1), LEN(1000), AFTER(200));
	out(ACK, SEQ(1), LEN(1000), AFTER(400));
	out(ACK, SEQ(1), LEN(1000), AFTER(800));
	for (int i = 0; i < 5; i++)
		out(ACK, SEQ(1), LEN(1000), AFTER(1000));
}

/*
 * XTCP follows the kernel's sysctls while its own are not written: for new connections
 * and for open ones.
 */
TEST_F(wire, follows_when_it_opens)
{
	XTCP_ONLY("it follows itself");
	for (int i = 0; i < 2; i++) {
		ASSERT_EQ(0, ns_sysctl("ipv4/tcp_sack", i ? "1" : "0"));
		connects();
		ASSERT_EQ(i, W->got.has_sack);
		closes();
		wire_reset(W, WIRE_PPORT + i);
	}
}

TEST_F(wire, follows_when_it_accepts)
{
	struct wseg syn = { .flags = SYN, MSS(1000), SACKOK, TS(7, 0), WS(3) };

	XTCP_ONLY("it follows itself");
	listens();
	for (int i = 0; i < 30; i++) {
		bool ts = i % 2;

		ASSERT_EQ(0, ns_sysctl("ipv4/tcp_timestamps", ts ? "1" : "0"));
		/* XTCP rereads the kernel's sysctls a limited number of times per jiffy. */
		sleep_ms(10);
		wire_in(W, &syn);
		out(SYN | ACK, SEQ(0), ACKNO(1));
		ASSERT_EQ(ts, W->got.has_ts);
		in(RST, SEQ(1));
		wire_reset(W, WIRE_PPORT + 1 + i);
	}
}

TEST_F(wire, follows_while_open)
{
	XTCP_ONLY("it follows itself");
	passive(MSS(1000), SACKOK);
	in(ACK, SEQ(1), LEN(100));
	out(ACK, ACKNO(101), NOSACKS);
	ASSERT_EQ(0, ns_sysctl("ipv4/tcp_dsack", "0"));
	in(ACK, SEQ(1), LEN(100));
	out(ACK, ACKNO(101), NOSACKS);
	ASSERT_EQ(0, ns_sysctl("ipv4/tcp_dsack", "1"));
	in(ACK, SEQ(1), LEN(100));
	out(ACK, ACKNO(101), SACKS(1, 101));
	knob("dsack", "0");
	ASSERT_EQ(0, ns_sysctl("ipv4/tcp_dsack", "1"));
	in(ACK, SEQ(1), LEN(100));
	out(ACK, ACKNO(101), NOSACKS);
	knob("dsack", "default");
	in(ACK, SEQ(1), LEN(100));
	out(ACK, ACKNO(101), SACKS(1, 101));
}

TEST_HARNESS_MAIN
