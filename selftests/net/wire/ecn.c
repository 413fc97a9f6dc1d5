// SPDX-License-Identifier: GPL-2.0
/*
 * Explicit congestion notification: RFC 3168, RFC 9768 (AccECN).
 *
 * AccECN uses the three flags as one number (ACE), to which ECE contributes 1, CWR 2
 * and AE 4. It starts at 5.
 */
#include "wire_test.h"

#define ACE5		(AE | ECE)
#define ACE6		(AE | CWR)
#define ACE7		(AE | CWR | ECE)

/* Set net.ipv4.tcp_ecn or net.xtcp.ecn of the tested TCP. */
#define ecn(val) \
	ASSERT_EQ(0, ns_sysctl(W->stack == XTCP ? "xtcp/ecn" : "ipv4/tcp_ecn", (val)))

/* Skip on the kernel's TCP: 6.1 has RFC 3168 only. */
#define ACCECN() \
	XTCP_ONLY("this one knows no AccECN")

/* Our SYN asks for classic ECN; the arguments are its options. */
#define classic(...) do {						\
	ecn("2");							\
	listens();							\
	in(SYN | ECE | CWR, MSS(1000), ##__VA_ARGS__);			\
	out(SYN | ACK | ECE, SEQ(0), ACKNO(1), NOT_ECT);		\
	in(ACK, SEQ(1), ACKNO(1));					\
	accepts();							\
} while (0)

#define accurate(...) do {						\
	ecn("3");							\
	listens();							\
	in(SYN | ACE7, MSS(1000), ##__VA_ARGS__);			\
	out(SYN | ACK | CWR, SEQ(0), ACKNO(1), NOT_ECT, ACC0(1, 0, 1));	\
	in(ACK | CWR, SEQ(1), ACKNO(1), ACC0(1, 0, 1));			\
	accepts();							\
} while (0)

/* The tested TCP connects; its SYN must have the flags @f. */
#define asks(f) do {							\
	W->pport = WIRE_PPORT;						\
	self->fd = wire_socket(W, 0);					\
	ASSERT_GE(self->fd, 0);						\
	ASSERT_EQ(-EINPROGRESS, wire_connect(W, self->fd, WIRE_PPORT));	\
	out(SYN | (f), SEQ(0), NOT_ECT);				\
} while (0)

/* ---- RFC 3168: the handshake ---- */

TEST_F(wire, ecn_is_agreed_on_passive_open)
{
	classic();
	state(TCP_ESTABLISHED);
}

TEST_F(wire, ecn_passive_not_asked)
{
	ecn("2");
	passive(MSS(1000));
	writes(100);
	out(ACK, SEQ(1), LEN(100), NOT_ECT);
}

TEST_F(wire, ecn_passive_off)
{
	ecn("0");
	listens();
	in(SYN | ECE | CWR, MSS(1000));
	out(SYN | ACK, SEQ(0), ACKNO(1));
}

/* A SYN with ECE but without CWR does not ask for ECN. */
TEST_F(wire, ecn_passive_half_asked)
{
	ecn("2");
	listens();
	in(SYN | ECE, MSS(1000));
	out(SYN | ACK, SEQ(0), ACKNO(1));
}

/* No host sends a SYN with ECT: a middlebox changes the field, so ECN is refused. */
TEST_F(wire, ecn_passive_syn_with_ect)
{
	ecn("2");
	listens();
	in(SYN | ECE | CWR, MSS(1000), ECT0);
	out(SYN | ACK, SEQ(0), ACKNO(1));
}

TEST_F(wire, ecn_is_agreed_on_active_open)
{
	ecn("1");
	asks(ECE | CWR);
	in(SYN | ACK | ECE, MSS(1000));
	out(ACK, SEQ(1), ACKNO(1), NOT_ECT);
	writes(100);
	out(ACK, SEQ(1), LEN(100), ECT0);
}

TEST_F(wire, ecn_active_refused)
{
	ecn("1");
	asks(ECE | CWR);
	in(SYN | ACK, MSS(1000));
	out(ACK, SEQ(1), ACKNO(1));
	writes(100);
	out(ACK, SEQ(1), LEN(100), NOT_ECT);
}

/* Some hosts echo the flags of the SYN: that does not agree to ECN. */
TEST_F(wire, ecn_active_reflected)
{
	ecn("1");
	asks(ECE | CWR);
	in(SYN | ACK | ECE | CWR, MSS(1000));
	out(ACK, SEQ(1), ACKNO(1));
	writes(100);
	out(ACK, SEQ(1), LEN(100), NOT_ECT);
}

TEST_F(wire, ecn_active_not_by_default)
{
	ecn("2");
	asks(0);
}

TEST_F(wire, ecn_active_falls_back)
{
	ecn("1");
	asks(ECE | CWR);
	out(SYN, SEQ(0), AFTER(1000));
	in(SYN | ACK, MSS(1000));
	out(ACK, SEQ(1), ACKNO(1));
}

/* ---- RFC 3168: which packets are ECT ---- */

TEST_F(wire, ecn_data_is_ect)
{
	classic();
	writes(3000);
	out(ACK, SEQ(1), LEN(1000), ECT0);
	out(ACK, SEQ(1001), LEN(1000), ECT0);
	out(ACK, SEQ(2001), LEN(1000), ECT0);
}

TEST_F(wire, ecn_other_bits_of_tos_stay)
{
	classic();
	ASSERT_EQ(0, wire_tos(W, self->fd, 0x28));
	writes(100);
	out(ACK, SEQ(1), LEN(100), TOS(0x2a));
	in(ACK, LEN(100));
	out(ACK, SEQ(101), ACKNO(101), TOS(0x28));
}

/* IP_TOS cannot set the ECN field. */
TEST_F(wire, ecn_not_by_tos)
{
	passive(MSS(1000));
	ASSERT_EQ(0, wire_tos(W, self->fd, 0x2b));
	writes(100);
	out(ACK, SEQ(1), LEN(100), TOS(0x28));
}

TEST_F(wire, ecn_acks_are_not_ect)
{
	classic();
	in(ACK, LEN(100));
	out(ACK, SEQ(1), ACKNO(101), NOT_ECT);
}

TEST_F(wire, ecn_repeated_data_is_not_ect)
{
	classic();
	writes(100);
	out(ACK, SEQ(1), LEN(100), ECT0);
	out(ACK, SEQ(1), LEN(100), NOT_ECT, AFTER(200));
}

TEST_F(wire, ecn_window_probe_is_not_ect)
{
	classic();
	writes(100);
	out(ACK, SEQ(1), LEN(100), ECT0);
	in(ACK, WND(0));
	writes(100);
	ASSERT_TRUE(wire_get(W, 2000));
	ASSERT_EQ(0, W->got.tos);
}

TEST_F(wire, ecn_fin_alone_is_not_ect)
{
	classic();
	ASSERT_EQ(0, shutdown(self->fd, SHUT_WR));
	out(FIN | ACK, SEQ(1), NOT_ECT);
}

/* ---- RFC 3168: the receiver ---- */

TEST_F(wire, ecn_echo_until_cwr)
{
	classic();
	in(ACK, LEN(100), ECT0);
	out(ACK, ACKNO(101));
	in(ACK, LEN(100), CE);
	out(ACK | ECE, ACKNO(201));
	in(ACK, LEN(100), ECT0);
	out(ACK | ECE, ACKNO(301));
	in(ACK | CWR, LEN(100), ECT0);
	out(ACK, ACKNO(401));
	in(ACK, LEN(100), ECT0);
	out(ACK, ACKNO(501));
	reads(500);
}

TEST_F(wire, ecn_echo_on_data)
{
	classic();
	in(ACK, LEN(100), CE);
	out(ACK | ECE, ACKNO(101));
	writes(100);
	out(ACK | ECE, SEQ(1), LEN(100), ECT0);
}

TEST_F(wire, ecn_marked_again)
{
	classic();
	in(ACK, LEN(100), CE);
	out(ACK | ECE, ACKNO(101));
	in(ACK | CWR, LEN(100), CE);
	out(ACK | ECE, ACKNO(201));
}

TEST_F(wire, ecn_mark_not_agreed_on)
{
	passive(MSS(1000));
	in(ACK, LEN(100), CE);
	out(ACK, ACKNO(101));
}

/* ---- RFC 3168: the sender ---- */

/* Ten segments are in flight; ECE reduces the window by a fifth (RFC 8511). */
TEST_F(wire, ecn_echo_reduces_by_a_fifth)
{
	XTCP_ONLY("it waits until more can go in one piece");
	classic();
	writes(20000);
	for (int i = 0; i < 10; i++)
		out(ACK, SEQ(1 + i * 1000), LEN(1000), ECT0);
	in(ACK | ECE, ACKNO(2001));
	out(ACK | CWR, SEQ(10001), LEN(1000), ECT0);
	none(QUIET);
	in(ACK | ECE, ACKNO(4001));
	out(ACK, SEQ(11001), LEN(1000), ECT0);
	none(QUIET);
}

/* Of a burst that is segmented below TCP only the first segment has CWR. */
TEST_F(wire, ecn_cwr_in_the_first_segment)
{
	classic();
	writes(10000);
	for (int i = 0; i < 10; i++)
		out(ACK, SEQ(1 + i * 1000), LEN(1000), ECT0);
	in(ACK | ECE, ACKNO(10001));
	none(QUIET);
	writes(3000);
	out(ACK | CWR, SEQ(10001), LEN(1000), ECT0);
	out(ACK, SEQ(11001), LEN(1000), ECT0);
	out(ACK, SEQ(12001), LEN(1000), ECT0);
}

TEST_F(wire, ecn_cwr_after_timeout)
{
	classic();
	writes(1000);
	out(ACK, SEQ(1), LEN(1000), ECT0);
	out(ACK, SEQ(1), LEN(1000), NOT_ECT, AFTER(200));
	in(ACK, ACKNO(1001));
	writes(100);
	out(ACK | CWR, SEQ(1001), LEN(100), ECT0);
}

/* ---- RFC 8257 ---- */

#define dctcp(fd) do {							\
	XTCP_ONLY("its SYNs are ECT with DCTCP, RFC 3168 forbids it");	\
	knob("ecn", "0");						\
	ASSERT_EQ(0, setsockopt(fd, IPPROTO_TCP, TCP_CONGESTION, "dctcp", 5)); \
} while (0)

/* DCTCP is useless without ECN, so it ignores the sysctl. */
TEST_F(wire, dctcp_asks_for_ecn_without_sysctl)
{
	W->pport = WIRE_PPORT;
	self->fd = wire_socket(W, 0);
	dctcp(self->fd);
	ASSERT_EQ(-EINPROGRESS, wire_connect(W, self->fd, WIRE_PPORT));
	out(SYN | ECE | CWR, SEQ(0), NOT_ECT);
	in(SYN | ACK | ECE, MSS(1000));
	out(ACK, SEQ(1), ACKNO(1));
	writes(100);
	out(ACK, SEQ(1), LEN(100), ECT0);
}

/* The listener chose DCTCP; ECE follows each packet's mark. */
TEST_F(wire, dctcp_echoes_each_mark)
{
	listens();
	dctcp(self->lfd);
	in(SYN | ECE | CWR, MSS(1000), ECT0);
	out(SYN | ACK | ECE, SEQ(0), ACKNO(1), NOT_ECT);
	in(ACK, SEQ(1), ACKNO(1));
	accepts();
	in(ACK, LEN(100), CE);
	out(ACK | ECE, ACKNO(101));
	in(ACK, LEN(100), ECT0);
	out(ACK, ACKNO(201));
}

/* ---- RFC 9768 ---- */

TEST_F(wire, accecn_is_agreed_on_passive_open)
{
	ACCECN();
	accurate();
	writes(100);
	out(ACK | ACE5, SEQ(1), LEN(100), ECT0);
}

/* The SYN-ACK reports the ECN field that the SYN arrived with. */
TEST_F(wire, accecn_passive_tells)
{
	static const uint16_t synack[] = { CWR, CWR | ECE, AE, AE | CWR };

	ACCECN();
	ecn("3");
	listens();
	for (int i = 0; i < 4; i++) {
		wire_reset(W, WIRE_PPORT + i);
		in(SYN | ACE7, MSS(1000), TOS(i));
		out(SYN | ACK | synack[i], SEQ(0), ACKNO(1), NOT_ECT);
		in(RST | ACK, SEQ(1), ACKNO(1));
	}
}

TEST_F(wire, accecn_passive_meets_classic)
{
	ACCECN();
	ecn("3");
	listens();
	in(SYN | ECE | CWR, MSS(1000));
	out(SYN | ACK | ECE, SEQ(0), ACKNO(1));
	in(ACK, SEQ(1), ACKNO(1));
	accepts();
	in(ACK, LEN(100), CE);
	out(ACK | ECE, ACKNO(101));
}

/* With AccECN off only the flags of RFC 3168 are understood. */
TEST_F(wire, accecn_asked_of_classic)
{
	ecn("2");
	listens();
	in(SYN | ACE7, MSS(1000));
	out(SYN | ACK | ECE, SEQ(0), ACKNO(1));
}

TEST_F(wire, accecn_both_kinds_of_syn)
{
	ACCECN();
	ecn("3");
	listens();
	in(SYN | ACE7, MSS(1000));
	out(SYN | ACK | CWR, SEQ(0), ACKNO(1));
	in(SYN | ECE | CWR, SEQ(0), MSS(1000));
	ASSERT_TRUE(wire_get(W, 300));
	ASSERT_EQ(RST | ACK, W->got.flags);
	ASSERT_EQ(1, W->got.ack);
	ASSERT_EQ(0, wire_state(W));
}

/* Retransmitted SYN-ACKs leave out first the AccECN option, then ECN. */
TEST_F(wire, accecn_passive_falls_back)
{
	ACCECN();
	ecn("3");
	listens();
	in(SYN | ACE7, MSS(1000));
	out(SYN | ACK | CWR, SEQ(0), ACC0(1, 0, 1));
	out(SYN | ACK | CWR, SEQ(0), NOACC, AFTER(1000));
	out(SYN | ACK, SEQ(0), NOACC, AFTER(2000));
	in(ACK | CWR, SEQ(1), ACKNO(1));
	accepts();
	writes(100);
	out(ACK | ACE5, SEQ(1), LEN(100), NOT_ECT);
	in(ACK | ACE5, LEN(100), CE);
	out(ACK | ACE6, ACKNO(101));
}

/* The ACK reports the ECN field that the SYN-ACK arrived with. */
TEST_F(wire, accecn_is_agreed_on_active_open)
{
	ACCECN();
	ecn("3");
	asks(ACE7);
	in(SYN | ACK | CWR, MSS(1000), ECT0, ACC0(1, 0, 1));
	out(ACK | AE, SEQ(1), ACKNO(1), ACC0(1, 0, 1), NOT_ECT);
	writes(100);
	out(ACK | ACE5, SEQ(1), LEN(100), ECT0);
}

TEST_F(wire, accecn_active_falls_back)
{
	ACCECN();
	ecn("3");
	asks(ACE7);
	out(SYN | ACE7, SEQ(0), AFTER(1000));
	out(SYN, SEQ(0), AFTER(2000));
	in(SYN | ACK | ECE, MSS(1000));
	out(ACK, SEQ(1), ACKNO(1));
}

TEST_F(wire, accecn_active_meets_classic)
{
	ACCECN();
	ecn("3");
	asks(ACE7);
	in(SYN | ACK | ECE, MSS(1000));
	out(ACK, SEQ(1), ACKNO(1));
	writes(100);
	out(ACK, SEQ(1), LEN(100), ECT0);
}

TEST_F(wire, accecn_asks_for_classic)
{
	ACCECN();
	ecn("4");
	asks(ECE | CWR);
}

TEST_F(wire, accecn_tells_marks)
{
	ACCECN();
	accurate();
	in(ACK | ACE5, LEN(100), ECT0);
	out(ACK | ACE5, ACKNO(101), ACC0(101));
	in(ACK | ACE5, LEN(100), CE);
	out(ACK | ACE6, ACKNO(201), ACC0(101, 100));
	in(ACK | ACE5, LEN(50), ECT1);
	out(ACK | ACE6, ACKNO(251), ACC0(101, 100, 51));
	in(ACK | ACE5, LEN(100));
	out(ACK | ACE6, ACKNO(351), NOACC);
	reads(350);
}

TEST_F(wire, accecn_without_option)
{
	ACCECN();
	knob("ecn_option", "0");
	ecn("3");
	listens();
	in(SYN | ACE7, MSS(1000));
	out(SYN | ACK | CWR, SEQ(0), NOACC);
	in(ACK | CWR, SEQ(1), ACKNO(1));
	accepts();
	in(ACK | ACE5, LEN(100), CE);
	out(ACK | ACE6, ACKNO(101), NOACC);
}

TEST_F(wire, accecn_beside_sack)
{
	ACCECN();
	accurate(SACKOK);
	in(ACK | ACE5, SEQ(101), LEN(100), CE);
	out(ACK | ACE6, ACKNO(1), SACKS(101, 201), ACC0(1, 100));
}

/* Marks within one round trip cause one reduction. CWR is part of the counter. */
TEST_F(wire, accecn_reduces_once_per_round_trip)
{
	ACCECN();
	accurate();
	writes(20000);
	for (int i = 0; i < 10; i++)
		out(ACK | ACE5, SEQ(1 + i * 1000), LEN(1000), ECT0);
	in(ACK | ACE6, ACKNO(2001), ACC0(1001, 1000));
	out(ACK | ACE5, SEQ(10001), LEN(1000), ECT0);
	none(QUIET);
	in(ACK | ACE7, ACKNO(4001), ACC0(2001, 2000));
	out(ACK | ACE5, SEQ(11001), LEN(1000), ECT0);
	none(QUIET);
}

/* CWR as part of the counter must not be cleared by segmentation offload. */
TEST_F(wire, accecn_count_in_every_segment)
{
	ACCECN();
	accurate();
	in(ACK | ACE5, LEN(100), CE);
	out(ACK | ACE6, ACKNO(101));
	writes(3000);
	for (int i = 0; i < 3; i++)
		out(ACK | ACE6, SEQ(1 + i * 1000), LEN(1000), ECT0);
}

/* The peer's first counter is zero: its reports of marks are ignored. */
TEST_F(wire, accecn_with_zero_counter_is_ignored)
{
	ACCECN();
	accurate();
	writes(20000);
	for (int i = 0; i < 10; i++)
		out(ACK | ACE5, SEQ(1 + i * 1000), LEN(1000), ECT0);
	in(ACK, ACKNO(1001));
	out(ACK | ACE5, SEQ(10001), LEN(1000), ANYLEN);
}

/* The peer reports ECT on a SYN-ACK that was sent without: a middlebox sets it. */
TEST_F(wire, accecn_distrusts_path_that_sets_ect)
{
	ACCECN();
	ecn("3");
	listens();
	in(SYN | ACE7, MSS(1000));
	out(SYN | ACK | CWR, SEQ(0), ACKNO(1));
	in(ACK | AE, SEQ(1), ACKNO(1));
	accepts();
	writes(100);
	out(ACK | ACE5, SEQ(1), LEN(100), NOT_ECT);
}

TEST_HARNESS_MAIN
