// SPDX-License-Identifier: GPL-2.0
/*
 * Forged ICMP errors (RFC 5927): the quoted sequence number is not in flight, or the
 * claimed path MTU is tiny.
 */
#include "attack_test.h"

/* "Destination unreachable" of ICMP and ICMPv6: type, number of codes, codes. */
#define UNREACH		(W->net == V6 ? 1 : 3)
#define CODES		(W->net == V6 ? 8 : 16)
#define FRAG_NEEDED	4		/* IPv4 only */
#define PORT		(W->net == V6 ? 4 : 3)

/* Sequence numbers outside of the 100 bytes in flight, which start at 1. */
static const uint32_t outside[] = { 0, 101, 102, 1000, 0x10000000, 0x80000000, 0xf0000000 };

TEST_F(wire, guessed_hard_error_ends_nothing)
{
	connects();
	for (size_t i = 1; i < ARRAY_SIZE(outside); i++) {
		wire_icmp(W, UNREACH, PORT, outside[i], 0);
		wire_drain(W, 2);
		defended("connect() goes on", wire_state(W) == TCP_SYN_SENT);
	}
	wire_icmp(W, UNREACH, PORT, 0, 0);
	state(0);
}

TEST_F(wire, guessed_path_mtu_changes_nothing)
{
	passive(MSS(1460));
	writes(100);
	out(ACK, SEQ(1), LEN(100));
	for (size_t i = 0; i < ARRAY_SIZE(outside); i++)
		wire_too_big(W, outside[i], 560);
	wire_drain(W, SETTLE);
	in(ACK, ACKNO(101));
	writes(1460);
	ASSERT_TRUE(wire_get(W, 300));
	defended("segments are as long as before", W->got.len == 1460);
}

/* The quote is correct: the attacker may have seen the segment. */
TEST_F(wire, later_hard_error_ends_nothing)
{
	passive(MSS(1000));
	writes(100);
	out(ACK, SEQ(1), LEN(100));
	for (uint8_t code = 0; code < CODES; code++) {
		if (W->net != V6 && code == FRAG_NEEDED)
			continue;
		wire_icmp(W, UNREACH, code, 1, 0);
		wire_drain(W, 2);
		defended("the connection lives", wire_state(W) == TCP_ESTABLISHED);
	}
	in(ACK, ACKNO(101));
	writes(100);
	out(ACK, SEQ(101), LEN(100));
}

/* RFC 5927, 7.2; RFC 1191, 3: no link has an MTU below 68 bytes (IPv6: 1280). */
TEST_F(wire, tiny_path_mtu)
{
	static const int mss[] = { -40, -39, -12, 0, 1, 28, 60, 256 };

	passive(MSS(1460));
	writes(1460);
	out(ACK, SEQ(1), LEN(1460));
	for (size_t i = 0; i < ARRAY_SIZE(mss); i++) {
		wire_too_big(W, 1, mss[i]);
		while (wire_get(W, 2))
			defended("no segment of less than 500 bytes",
				 W->got.len >= 500 || W->got.seq > 1);
	}
	/* The timer retransmits. */
	ASSERT_TRUE(wire_get(W, 2000));
	defended("no segment of less than 500 bytes", W->got.len >= 500);
}

/* Each message lowers the path MTU by a byte, so each could provoke retransmissions. */
TEST_F(wire, shrinking_path_mtu)
{
	int segments = 0;

	passive(MSS(1460));
	writes(14600);
	segments -= wire_drain(W, 2);
	for (uint16_t mss = 1459; mss > 360; mss--) {
		wire_too_big(W, 1, mss);
		segments += wire_drain(W, 0);
	}
	defended("1,100 messages, less than a segment for each", segments < 1100);
}

TEST_HARNESS_MAIN
