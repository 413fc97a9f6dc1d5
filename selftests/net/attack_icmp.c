// SPDX-License-Identifier: GPL-2.0
/*
 * ICMP errors by an attacker who guesses (RFC 5927): what he quotes is not in
 * flight, or he claims a path that carries next to nothing.
 */
#include "attack_test.h"

/* What a router or a host says of a packet it cannot deliver, by family. */
#define UNREACH		(W->net == V6 ? 1 : 3)
#define CODES		(W->net == V6 ? 8 : 16)
#define FRAG_NEEDED	4		/* of IPv4 */
#define PORT		(W->net == V6 ? 4 : 3)

/* 100 bytes are out, from number 1; guesses that are not one of theirs. */
static const uint32_t outside[] = { 0, 101, 102, 1000, 0x10000000, 0x80000000, 0xf0000000 };

TEST_F(wire, guessed_hard_error)
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

TEST_F(wire, guessed_path_mtu)
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

/* Quoted as it should be, for he may have seen it. */
TEST_F(wire, hard_error_later)
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

/* RFC 5927, 7.2; RFC 1191, 3: no router has a link of less than 68 bytes, or 1280. */
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
	/* The last one there was repeated, by the timer. */
	ASSERT_TRUE(wire_get(W, 2000));
	defended("no segment of less than 500 bytes", W->got.len >= 500);
}

/* Each says something new, in steps of a byte, and each provokes an answer. */
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
