// SPDX-License-Identifier: GPL-2.0
/*
 * Recovery with a peer that has SACK: RACK and tail loss probes (RFC 8985), PRR
 * (RFC 9937), F-RTO (RFC 5682), Eifel (RFC 3522) and D-SACK (RFC 2883). The round
 * trip is 100 ms, so the RTO is 300 ms.
 */
#include "wire_test.h"

#define RTT	100

/* Turn on what wire_init() has turned off in the kernel's TCP. */
#define all_recovery() do {						\
	ns_sysctl("ipv4/tcp_frto", "2");				\
	ns_sysctl("ipv4/tcp_early_retrans", "3");			\
	ns_sysctl("ipv4/tcp_recovery", "1");				\
} while (0)

#define far_away(...) do {						\
	struct wseg _syn = { .flags = SYN, MSS(1000), SACKOK, __VA_ARGS__ }; \
	if (!virtual_time())						\
		SKIP_TEST("too short times for a real clock");		\
	all_recovery();							\
	listens();							\
	wire_in(W, &_syn);						\
	out(SYN | ACK, SEQ(0), ACKNO(1), SACKOK);			\
	W->ts = _syn.has_ts;						\
	sleep_ms(RTT);							\
	in(ACK, SEQ(1), ACKNO(1));					\
	accepts();							\
	ASSERT_EQ(0, set_int(self->fd, IPPROTO_TCP, TCP_NODELAY, 1));	\
} while (0)

/* ---- pacing ---- */

/*
 * With a queue that paces, CUBIC is paced, too: after the first ten segments a window
 * takes half a round trip in slow start.
 */
TEST_F(wire, fq_paces_a_window)
{
	int64_t start;

	far_away();
	if (system("tc qdisc replace dev tun0 root fq 2>/dev/null"))
		SKIP_TEST("no fq here");
	writes(30000);
	start = now_ms();
	segments(1, 10);
	EXPECT_GE(1, now_ms() - start);
	sleep_ms(RTT);
	in(ACK, ACKNO(10001));
	start = now_ms();
	segments(10001, 20);
	EXPECT_LE(RTT / 2 - 10, now_ms() - start);
	EXPECT_GE(RTT / 2, now_ms() - start);
}

/* ---- RACK ---- */

TEST_F(wire, third_segment_above)
{
	far_away();
	writes(6000);
	segments(1, 6);
	sleep_ms(RTT);
	in(ACK, ACKNO(1), SACKS(1001, 2001));
	none(1);
	in(ACK, ACKNO(1), SACKS(1001, 3001));
	none(1);
	in(ACK, ACKNO(1), SACKS(1001, 4001));
	out(ACK, SEQ(1), LEN(1000), WITHIN(5));
	in(ACK, ACKNO(6001));
	none(400);
}

/* Fewer than three SACKed: retransmit after a quarter of the round trip, not an RTO. */
TEST_F(wire, few_sacked_wait_a_quarter_of_rtt)
{
	far_away();
	writes(3000);
	segments(1, 3);
	sleep_ms(RTT);
	in(ACK, ACKNO(1), SACKS(1001, 2001));
	out(ACK, SEQ(1), LEN(1000), AFTER(25));
	in(ACK, ACKNO(3001));
	none(400);
}

TEST_F(wire, reordered_is_not_lost)
{
	far_away();
	writes(3000);
	segments(1, 3);
	sleep_ms(RTT);
	in(ACK, ACKNO(1), SACKS(1001, 2001));
	none(15);
	in(ACK, ACKNO(3001));
	none(400);
}

/* A lost retransmission is detected by the SACK of a segment that left after it. */
TEST_F(wire, lost_retransmission_is_sent_again)
{
	far_away();
	writes(10000);
	segments(1, 10);
	sleep_ms(RTT);
	in(ACK, ACKNO(1), SACKS(1001, 6001));
	out(ACK, SEQ(1), LEN(1000), WITHIN(5));
	writes(4000);
	in(ACK, ACKNO(1), SACKS(1001, 10001));
	ASSERT_TRUE(wire_get(W, 5));
	ASSERT_EQ(10001, W->got.seq);
	wire_drain(W, RTT - 10);
	in(ACK, ACKNO(1), SACKS(1001, 11001));
	out(ACK, SEQ(1), LEN(1000), WITHIN(60));
	in(ACK, ACKNO(W->rcv_nxt));
}

TEST_F(wire, several_holes_are_filled_in_order)
{
	far_away();
	writes(10000);
	segments(1, 10);
	sleep_ms(RTT);
	in(ACK, ACKNO(1), SACKS(6001, 10001, 4001, 5001, 1001, 3001));
	out(ACK, SEQ(1), LEN(1000), WITHIN(5));
	/* The others in order, as the window allows. */
	in(ACK, ACKNO(3001), SACKS(6001, 10001, 4001, 5001));
	out(ACK, SEQ(3001), LEN(1000), WITHIN(30));
	out(ACK, SEQ(5001), LEN(1000), WITHIN(30));
	in(ACK, ACKNO(10001));
	none(400);
}

/* With nothing behind it a tail loss probe detects it; the kernel's TCP needs an RTO. */
TEST_F(wire, lost_retransmission_at_the_end)
{
	far_away();
	writes(5000);
	segments(1, 5);
	sleep_ms(RTT);
	in(ACK, ACKNO(1), SACKS(1001, 5001));
	out(ACK, SEQ(1), LEN(1000), WITHIN(5));
	out(ACK, SEQ(1), LEN(1000), AFTER((W->stack == XTCP ? 2 : 3) * RTT));
	none(RTT);
	in(ACK, ACKNO(5001));
	none(400);
}

/* ---- the tail ---- */

TEST_F(wire, tail_loss_probe)
{
	far_away();
	writes(3000);
	segments(1, 3);
	out(ACK, SEQ(2001), LEN(1000), AFTER(2 * RTT));
	/* One probe; its answer shows the hole. */
	none(RTT + 5);
	in(ACK, ACKNO(1), SACKS(2001, 3001));
	out(ACK, SEQ(1), LEN(1000), WITHIN(60));
	in(ACK, ACKNO(3001));
	none(400);
}

TEST_F(wire, tail_loss_probe_of_new_data)
{
	far_away();
	ASSERT_EQ(0, set_int(self->fd, IPPROTO_TCP, TCP_NODELAY, 0));
	writes(3100);
	segments(1, 3);
	out(ACK, SEQ(3001), LEN(100));
	writes(100);
	out(ACK, SEQ(3101), LEN(100), AFTER(2 * RTT));
	in(ACK, ACKNO(3201));
	none(400);
}

/* XTCP's probe is the FIN with data before it, the kernel's the FIN alone. */
TEST_F(wire, fin_with_the_data_before_it)
{
	bool ours = W->stack == XTCP;

	far_away();
	writes(500);
	out(ACK, SEQ(1), LEN(500));
	ASSERT_EQ(0, shutdown(self->fd, SHUT_WR));
	out(FIN | ACK, SEQ(501), LEN(0));
	out(FIN | ACK, SEQ(ours ? 1 : 501), LEN(ours ? 500 : 0), WITHIN(5 * RTT));
	in(ACK, ACKNO(502));
	none(400);
}

TEST_F(wire, no_probe_without_sack)
{
	if (!virtual_time())
		SKIP_TEST("too short times for a real clock");
	all_recovery();
	listens();
	in(SYN, MSS(1000));
	out(SYN | ACK, SEQ(0), ACKNO(1));
	sleep_ms(RTT);
	in(ACK, SEQ(1), ACKNO(1));
	accepts();
	writes(3000);
	segments(1, 3);
	out(ACK, SEQ(1), LEN(1000), AFTER(3 * RTT));
}

/* ---- the sending rate in recovery ---- */

/* RFC 9937: with ten in flight, about one segment for two that arrive. */
TEST_F(wire, recovery_sends_one_segment_for_two)
{
	int sent = 0, before = 0;

	far_away();
	writes(30000);
	segments(1, 10);
	sleep_ms(RTT);
	for (int i = 1; i < 10; i++) {
		in(ACK, ACKNO(1), SACKS(1001, 1001 + i * 1000));
		while (wire_get(W, 1))
			sent += W->got.len / 1000;
		/* Limited transmit sent two before the third SACK. */
		if (i == 2)
			before = sent;
		ASSERT_LE(sent, i + 1);
	}
	ASSERT_EQ(2, before);
	ASSERT_GE(sent, 5);
	ASSERT_LE(sent, 8);
}

/* ---- spurious retransmissions ---- */

/*
 * RFC 5682, 3.1: after a timeout, an ACK of its retransmission and then an ACK of a
 * segment that was not retransmitted: nothing was lost.
 */
TEST_F(wire, spurious_timeout)
{
	far_away();
	writes(6000);
	segments(1, 6);
	out(ACK, SEQ(5001), LEN(1000), AFTER(2 * RTT));	/* the probe */
	out(ACK, SEQ(1), LEN(1000), AFTER(3 * RTT));
	writes(4000);
	none(10);
	in(ACK, ACKNO(1001));
	segments(6001, 2);
	in(ACK, ACKNO(3001));
	segments(8001, 2);
	in(ACK, ACKNO(10001));
	none(400);
	/* The window is restored: ten segments are sent at once. */
	writes(10000);
	segments(10001, 10);
}

/*
 * The head was lost, the rest arrived, and every SACK was lost. The ACK of the
 * retransmission covers all; it must not undo the reduction.
 */
TEST_F(wire, real_timeout_sacks_lost)
{
	XTCP_ONLY("it takes the first ACK for proof");
	far_away();
	writes(6000);
	segments(1, 6);
	out(ACK, SEQ(5001), LEN(1000), AFTER(2 * RTT));	/* the probe */
	out(ACK, SEQ(1), LEN(1000), AFTER(3 * RTT));
	in(ACK, ACKNO(6001));
	writes(10000);
	segments(6001, 4);
	none(50);
}

TEST_F(wire, real_timeout)
{
	far_away();
	writes(6000);
	segments(1, 6);
	out(ACK, SEQ(5001), LEN(1000), AFTER(2 * RTT));
	out(ACK, SEQ(1), LEN(1000), AFTER(3 * RTT));
	in(ACK, ACKNO(1001));
	out(ACK, SEQ(1001), LEN(1000));
	out(ACK, SEQ(2001), LEN(1000));
	none(QUIET);
}

/* RFC 3522: the ACK echoes the timestamp of the original. */
TEST_F(wire, spurious_by_timestamp)
{
	uint32_t first;

	far_away(TS(W->tsval, 0));
	writes(9880);
	ASSERT_TRUE(wire_get(W, 50));
	first = W->got.tsval;
	wire_drain(W, QUIET);
	ASSERT_EQ(9881, W->rcv_nxt);
	sleep_ms(RTT - QUIET);
	in(ACK, ACKNO(1), SACKS(989, 9881), TS(W->tsval + 5001, first));
	out(ACK, SEQ(1), LEN(988), WITHIN(5));
	in(ACK, ACKNO(9881), TS(W->tsval + 5002, first));
	/* The reduction is undone: ten segments may be sent. */
	W->tsval += 5000;
	writes(9880);
	for (int i = 0; i < 10; i++)
		out(ACK, SEQ(9881 + i * 988), LEN(988));
}

/* RFC 2883: D-SACKs report that all retransmissions arrived twice. */
TEST_F(wire, spurious_by_dsack)
{
	far_away();
	writes(10000);
	segments(1, 10);
	sleep_ms(RTT);
	in(ACK, ACKNO(1), SACKS(1001, 10001));
	out(ACK, SEQ(1), LEN(1000), WITHIN(5));
	in(ACK, ACKNO(10001));
	in(ACK, ACKNO(10001), SACKS(1, 1001));
	writes(10000);
	segments(10001, 10);
}

/* ---- invalid SACK blocks ---- */

TEST_F(wire, invalid_sack_is_ignored)
{
	static const struct {
		const char *name;
		uint32_t from, to;
	} rows[] = {
		{ "beyond what was sent", 9001, 11001 },
		{ "never sent at all", 20001, 30001 },
		{ "the wrong way round", 9001, 5001 },
		{ "empty", 5001, 5001 },
		{ "of the far past", 0x90000000u, 0x90001000u },
	};

	far_away();
	writes(10000);
	segments(1, 10);
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		W->doing = rows[i].name;
		in(ACK, ACKNO(1), SACKS(rows[i].from, rows[i].to));
		none(5);
	}
	in(ACK, ACKNO(10001));
	none(400);
	writes(10000);
	segments(10001, 10);
}

/* RFC 2018, 8: a peer may discard what it SACKed; then that is retransmitted. */
TEST_F_TIMEOUT(wire, reneged_data_is_retransmitted, 60)
{
	far_away();
	writes(4000);
	segments(1, 4);
	sleep_ms(RTT);
	in(ACK, ACKNO(1), SACKS(1001, 4001));
	out(ACK, SEQ(1), LEN(1000), WITHIN(5));
	in(ACK, ACKNO(1001));
	/* Half a round trip, long before the retransmission timer. */
	out(ACK, SEQ(1001), LEN(1000), WITHIN(RTT));
	in(ACK, ACKNO(2001));
	out(ACK, SEQ(2001), LEN(1000), WITHIN(1500));
	out(ACK, SEQ(3001), LEN(1000), WITHIN(1500));
	in(ACK, ACKNO(4001));
	none(QUIET);
}

TEST_HARNESS_MAIN
