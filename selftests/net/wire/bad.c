// SPDX-License-Identifier: GPL-2.0
/*
 * Malformed segments: each is discarded for one counted reason, elicits no
 * answer, and leaves the connection as it was.
 */
#include "wire_test.h"

struct bad {
	const char *name;
	const char *reason;
	struct wseg seg;
};

/*
 * A wrong checksum, an incomplete TCP header, or one whose data offset exceeds the
 * segment. A segment too short for a header matches no socket: the module passes it,
 * uncounted, to the kernel's TCP, which drops it.
 */
static const struct bad bad_header[] = {
	{ "checksum", "CHECKSUM", { .flags = ACK, LEN(10), BADSUM } },
	{ "checksum of FIN", "CHECKSUM", { .flags = FIN | ACK, BADSUM } },
	{ "checksum of RST", "CHECKSUM", { .flags = RST, BADSUM } },
	{ "checksum of SYN", "CHECKSUM", { .flags = SYN, BADSUM } },
	{ "data offset 0", "HEADER", { .flags = ACK, LEN(10), DOFF(0) } },
	{ "data offset 4", "HEADER", { .flags = ACK, LEN(10), DOFF(4) } },
	{ "data offset beyond end", "HEADER", { .flags = ACK, LEN(10), DOFF(8) } },
	{ "data offset 15 of 20", "HEADER", { .flags = RST, DOFF(15) } },
	{ "data offset 6 of 20", "HEADER", { .flags = FIN | ACK, DOFF(6) } },
	{ "19 bytes", NULL, { .flags = RST, CUT(1) } },
	{ "12 bytes", NULL, { .flags = ACK, CUT(8) } },
	{ "4 bytes", NULL, { .flags = ACK, CUT(16) } },
	{ "1 byte", NULL, { .flags = ACK, CUT(19) } },
};

TEST_F(wire, bad_header_is_dropped)
{
	passive(MSS(1000));
	for (size_t i = 0; i < ARRAY_SIZE(bad_header); i++) {
		const struct bad *b = &bad_header[i];

		W->doing = b->name;
		if (b->reason)
			dropped(b->reason, wire_in(W, &b->seg));
		else
			wire_in(W, &b->seg);
		none(5);
		state(TCP_ESTABLISHED);
		read_fails(EAGAIN);
	}
	in(ACK, SEQ(1), ACKNO(1), LEN(10));
	out(ACK, SEQ(1), ACKNO(11));
	reads(10);
}

TEST_F(wire, header_to_listener)
{
	listens();
	for (size_t i = 0; i < ARRAY_SIZE(bad_header); i++) {
		struct wseg s = bad_header[i].seg;

		W->doing = bad_header[i].name;
		s.flags = SYN;
		if (bad_header[i].reason)
			dropped(bad_header[i].reason, wire_in(W, &s));
		else
			wire_in(W, &s);
		none(5);
		state(0);
	}
}

/* Options with a wrong length: the segment is valid, the options are ignored. */
static const struct {
	const char *name;
	struct wseg seg;
} bad_options[] = {
	{ "length 0", { .flags = ACK, LEN(10), RAW(8, 0, 1, 1) } },
	{ "length 1", { .flags = ACK, LEN(10), RAW(2, 1, 1, 1) } },
	{ "length beyond end", { .flags = ACK, LEN(10), RAW(254, 40, 1, 1) } },
	{ "kind at the end", { .flags = ACK, LEN(10), RAW(1, 1, 1, 8) } },
	{ "MSS of 3", { .flags = ACK, LEN(10), RAW(2, 3, 1, 1) } },
	{ "timestamp of 9", { .flags = ACK, LEN(10),
			      RAW(8, 9, 1, 1, 1, 1, 1, 1, 1, 0, 0, 0) } },
	{ "window scale of 4", { .flags = ACK, LEN(10), RAW(3, 4, 1, 1) } },
	{ "EOL first", { .flags = ACK, LEN(10), RAW(0, 8, 99, 99) } },
	{ "forty NOPs", { .flags = ACK, LEN(10),
			  RAW(1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1,
			      1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1,
			      1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1) } },
	{ "unknown of 40", { .flags = ACK, LEN(10),
			     RAW(77, 40, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1,
				 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1,
				 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1) } },
	{ "SACK of odd length", { .flags = ACK, LEN(10),
				  RAW(5, 9, 1, 1, 1, 1, 1, 1, 1, 0, 0, 0) } },
	{ "SACK unasked", { .flags = ACK, LEN(10),
			    RAW(1, 1, 5, 10, 0, 0, 0, 1, 0, 0, 0, 2) } },
};

TEST_F(wire, bad_options_are_skipped)
{
	uint32_t n = 0;

	passive(MSS(1000));
	for (size_t i = 0; i < ARRAY_SIZE(bad_options); i++) {
		W->doing = bad_options[i].name;
		wire_in(W, &bad_options[i].seg);
		n += 10;
		out(ACK, SEQ(1), ACKNO(1 + n));
	}
	reads(n);
	state(TCP_ESTABLISHED);
}

/* The same in a SYN: the broken option and all that follow it are ignored. */
TEST_F(wire, bad_options_in_syn_are_skipped)
{
	listens();
	for (size_t i = 0; i < ARRAY_SIZE(bad_options); i++) {
		struct wseg s = bad_options[i].seg;

		wire_reset(W, WIRE_PPORT + i);
		W->doing = bad_options[i].name;
		s.flags = SYN;
		s.len = 0;
		wire_in(W, &s);
		out(SYN | ACK, SEQ(0), ACKNO(1));
		ASSERT_FALSE(W->got.has_ts);
		ASSERT_FALSE(W->got.has_ws);
		in(RST, SEQ(1));
	}
}

TEST_F(wire, mss_after_broken_option)
{
	listens();
	/* MSS 700 precedes the broken option and is used. */
	in(SYN, RAW(2, 4, 700 >> 8, 700 & 255, 3, 0, 1, 1));
	out(SYN | ACK, SEQ(0), ACKNO(1));
	in(ACK, SEQ(1), ACKNO(1));
	accepts();
	writes(1400);
	out(ACK, SEQ(1), LEN(700));
	out(ACK, SEQ(701), LEN(700));
}

/* Options that are valid in a SYN only are ignored in other segments. */
TEST_F(wire, syn_options_later)
{
	passive(MSS(1000));
	in(ACK, LEN(10), MSS(100), WS(14));
	out(ACK, ACKNO(11));
	writes(1000);
	out(ACK, SEQ(1), LEN(1000));
}

/* Reserved bits, and ECN flags without negotiation, are not an error. */
TEST_F(wire, reserved_and_ecn_flags_are_no_error)
{
	passive(MSS(1000));
	in(ACK | ECE | CWR, LEN(10));
	out(ACK, ACKNO(11));
	in(ACK | 0x100, LEN(10));
	out(ACK, ACKNO(21));
	reads(20);
}

/* Every combination of the six flags, at RCV.NXT with a valid ACK number. */
TEST_F(wire, all_flag_combinations)
{
	for (int f = 0; f < 64; f++) {
		bool dies = f & RST;
		int st;

		wire_reset(W, WIRE_PPORT + f);
		passive(MSS(1000));
		in(f, SEQ(1), ACKNO(1), LEN(1));
		wire_drain(W, 2);
		st = wire_state(W);
		if (dies)
			ASSERT_EQ(0, st) TH_LOG("flags %#x", f);
		if (!dies && (f & SYN || !(f & ACK)))
			ASSERT_EQ(TCP_ESTABLISHED, st) TH_LOG("flags %#x", f);
		in(RST, SEQ(1));
		in(RST, SEQ(2));
		in(RST, SEQ(3));
		wire_drain(W, 2);
		close(self->fd);
		self->fd = -1;
	}
}

TEST_HARNESS_MAIN
