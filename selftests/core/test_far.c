// SPDX-License-Identifier: GPL-2.0
/*
 * Connections that live long: numbers that were remembered and not looked at
 * while 2^31 bytes went by lie ahead instead of behind, and after 2^32 bytes
 * each number comes once more.
 */
#include "harness.h"

#define OPEN "established sack rtt 40\nset nodelay 0\n"

static const struct script far_out[] = {
	{ "a small segment of 3 GB ago holds no other back (Nagle)", OPEN
	  "write 100\n> PA 1+100\n< A 1 ack 101\ngone 3000000000\nwrite 100\n> PA 3000000101+100\n" },
	{ "a D-SACK 3 GB after the last teaches patience", OPEN
	  "gone 2920\n< A 1 ack 2921 sack 1461-2921\n= rack_mult 2\n"
	  "gone 3000000000\n= rack_mult 2\n< A 1 ack 3000002921 sack 3000001461-3000002921\n= rack_mult 3\n" },
	{ "SND.UNA is ISS again, and that is no SYN", OPEN
	  "gone 4294967295\nwrite 100\n> PA 0+100\n= bytes_acked 4294967295\n"
	  "< A 1 ack 100\n= bytes_acked 99\n= delivered 99\n" },
	{ "SACK blocks then, too", OPEN
	  "gone 4294967295\nwrite 2000\n> PA 0+2000\n< A 1 ack 0 sack 1000-2000\n= delivered 999\n= sacked_out 1000\n> A 0+1000\n" },
};
SCRIPTS(far_out);

static const struct script far_in[] = {
	{ "an urgent pointer 3 GB after the last is announced", "established\n"
	  "< UA 1+10 urg 10\nacts URG\n> A 1\nread 10\ncame 3000000000\n< UA 3000000011+10 urg 10\nacts URG\n= rcv_up 3000000021\n" },
};
SCRIPTS(far_in);

/* The send buffer holds what is not acknowledged, also the byte whose number is ISS. */
UNIT(far_data_una)
{
	struct xtcp_tcb tcb = { .iss = 1000, .snd_una = 1000 };

	CHECK_EQ(xtcp_snd_data_una(&tcb), 1001);
	tcb.snd_una = 1001;
	CHECK_EQ(xtcp_snd_data_una(&tcb), 1001);
	tcb.snd_una = 1000;
	tcb.bytes_acked = ~0U;
	CHECK_EQ(xtcp_snd_data_una(&tcb), 1000);
}
