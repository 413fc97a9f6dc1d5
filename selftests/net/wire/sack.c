// SPDX-License-Identifier: GPL-2.0
/*
 * SACK blocks that the receiver sends: RFC 2018, RFC 2883.
 */
#include "wire_test.h"

/* In these tests each segment is acknowledged at once, as at a connection's start. */
TEST_F(wire, sack_not_asked_for)
{
	passive(MSS(1000));
	in(ACK, SEQ(101), LEN(100));
	out(ACK, ACKNO(1), NOSACKS);
}

TEST_F(wire, sack_agreed_in_both_syns)
{
	struct wseg syn = { .flags = SYN, MSS(1000), SACKOK };

	listens();
	wire_in(W, &syn);
	out(SYN | ACK, SEQ(0), ACKNO(1), SACKOK);
	in(ACK, SEQ(1), ACKNO(1));
	accepts();
}

TEST_F(wire, sack_newest_first)
{
	passive(MSS(1000), SACKOK);
	in(ACK, SEQ(101), LEN(100));
	out(ACK, ACKNO(1), SACKS(101, 201));
	in(ACK, SEQ(301), LEN(100));
	out(ACK, ACKNO(1), SACKS(301, 401, 101, 201));
	in(ACK, SEQ(501), LEN(100));
	out(ACK, ACKNO(1), SACKS(501, 601, 301, 401, 101, 201));
	in(ACK, SEQ(201), LEN(50));
	out(ACK, ACKNO(1), SACKS(101, 251, 501, 601, 301, 401));
	in(ACK, SEQ(251), LEN(50));
	out(ACK, ACKNO(1), SACKS(101, 401, 501, 601));
	in(ACK, SEQ(1), LEN(100));
	out(ACK, ACKNO(401), SACKS(501, 601));
	in(ACK, SEQ(401), LEN(100));
	out(ACK, ACKNO(601), NOSACKS);
	reads(600);
}

TEST_F(wire, sack_beside_timestamp)
{
	passive(MSS(1000), SACKOK, TS(1000, 0));
	in(ACK, SEQ(101), LEN(100));
	out(ACK, ACKNO(1), SACKS(101, 201));
	in(ACK, SEQ(301), LEN(100));
	out(ACK, ACKNO(1), SACKS(301, 401, 101, 201));
	in(ACK, SEQ(501), LEN(100));
	out(ACK, ACKNO(1), SACKS(501, 601, 301, 401, 101, 201));
	in(ACK, SEQ(701), LEN(100));
	out(ACK, ACKNO(1), SACKS(701, 801, 501, 601, 301, 401));
}

TEST_F(wire, sack_of_duplicate)
{
	passive(MSS(1000), SACKOK);
	in(ACK, SEQ(1), LEN(100));
	out(ACK, ACKNO(101), NOSACKS);
	in(ACK, SEQ(1), LEN(100));
	out(ACK, ACKNO(101), SACKS(1, 101));
	in(ACK, SEQ(201), LEN(100));
	out(ACK, ACKNO(101), SACKS(201, 301));
	in(ACK, SEQ(201), LEN(100));
	out(ACK, ACKNO(101), SACKS(201, 301, 201, 301));
	reads(100);
}

/* RFC 2883, 4.2: partial duplicates of queued data, out of order and in order. */
TEST_F(wire, sack_of_partial_duplicate)
{
	passive(MSS(1000), SACKOK);
	in(ACK, SEQ(1), LEN(100));
	out(ACK, ACKNO(101), NOSACKS);
	in(ACK, SEQ(201), LEN(100));
	out(ACK, ACKNO(101), SACKS(201, 301));
	in(ACK, SEQ(201), LEN(150));
	out(ACK, ACKNO(101), SACKS(201, 301, 201, 351));
	in(ACK, SEQ(101), LEN(300));
	out(ACK, ACKNO(401), SACKS(201, 351));
	in(ACK, SEQ(501), LEN(100));
	out(ACK, ACKNO(401), SACKS(501, 601));
	in(ACK, SEQ(401), LEN(150));
	out(ACK, ACKNO(601), SACKS(501, 551));
	reads(600);
}

/* Segments with payload carry no SACK blocks; the next pure ACK has them again. */
TEST_F(wire, sack_while_sending)
{
	passive(MSS(1000), SACKOK);
	in(ACK, SEQ(101), LEN(100));
	out(ACK, ACKNO(1), SACKS(101, 201));
	writes(500);
	out(ACK, SEQ(1), LEN(500));
	in(ACK, SEQ(301), LEN(100), ACKNO(501));
	out(ACK, SEQ(501), ACKNO(1), SACKS(301, 401, 101, 201));
}

TEST_HARNESS_MAIN
