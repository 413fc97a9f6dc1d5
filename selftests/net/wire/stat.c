// SPDX-License-Identifier: GPL-2.0
/*
 * Counters: segments that each increment one of them. A counter with the same name in
 * both TCPs must count the same.
 */
#include "wire_test.h"

#define counts_some(name, what) do {					\
	long _was = wire_count(W, (name));				\
	what;								\
	ASSERT_GT(wire_count(W, (name)), _was) TH_LOG("%s", (name));	\
} while (0)

TEST_F(wire, deferred_accepts_are_counted)
{
	listens();
	ASSERT_EQ(0, set_int(self->lfd, IPPROTO_TCP, TCP_DEFER_ACCEPT, 5));
	in(SYN, MSS(1000));
	out(SYN | ACK, SEQ(0), ACKNO(1));
	counted(1, "TCPDeferAcceptDrop", in(ACK, SEQ(1), ACKNO(1)));
}

/* The receive buffer is smaller than the window that was advertised. */
TEST_F(wire, segment_without_room_is_counted)
{
	passive(MSS(1000));
	ASSERT_EQ(0, set_int(self->fd, SOL_SOCKET, SO_RCVBUF, 2000));
	counts_some("TCPWantZeroWindowAdv", ({
		for (int i = 0; i < 6; i++) {
			in(ACK, SEQ(1 + i * 1000), LEN(1000));
			wire_drain(W, 5);
		}
	}));
	counts_some("PruneCalled", ({
		for (int i = 0; i < 20; i++) {
			in(ACK, SEQ(10001 + i * 2000), LEN(1000));
			wire_drain(W, 5);
		}
	}));
	ASSERT_GT(wire_count(W, "RcvPruned"), 0);
}

/* Of three invalid segments in a row at most one is answered. */
#define skips_two(name) do {						\
	sleep_ms(1000);							\
	counted(2, (name), ({						\
		for (int i = 0; i < 3; i++) {				\
			in(ACK, SEQ(5000000), ACKNO(2));		\
			wire_drain(W, 5);				\
		}							\
	}));								\
} while (0)

TEST_F(wire, answers_in_time_wait)
{
	time_wait(MSS(1000));
	skips_two("TCPACKSkippedTimeWait");
}

TEST_F(wire, answers_in_fin_wait_2)
{
	passive(MSS(1000));
	closes();
	out(FIN | ACK, SEQ(1), ACKNO(1));
	in(ACK, SEQ(1), ACKNO(2));
	skips_two("TCPACKSkippedFinWait2");
}

#define arrived(n, ce, ...) \
	counted((n), "TCPDelivered", counted((ce), "TCPDeliveredCE", in(__VA_ARGS__)))

/* An ACK of our SYN-ACK counts as nothing delivered, of our SYN as one segment. */
TEST_F(wire, delivered_opening)
{
	listens();
	in(SYN, MSS(1000), SACKOK);
	out(SYN | ACK, SEQ(0), ACKNO(1));
	arrived(0, 0, ACK, SEQ(1), ACKNO(1));
	accepts();
	hard_close(self->fd);
	self->fd = -1;
	wire_drain(W, QUIET);
	wire_reset(W, WIRE_PPORT);
	connects();
	arrived(1, 0, SYN | ACK, MSS(1000), SACKOK);
	out(ACK, SEQ(1), ACKNO(1));
}

/* ACKs and SACK blocks for five segments of 1,000 bytes, and what they deliver. */
static const struct {
	const char *name;
	uint32_t ack, from, to;	/* ACK and SACK block; @to 0: no block */
	int segs;		/* newly delivered */
} said[] = {
	{ "one",			1001, .segs = 1 },
	{ "one and a half",		2501, .segs = 1 },
	{ "the other half",		3001, .segs = 1 },
	{ "one above a hole",		3001, 4001, 5001, .segs = 1 },
	{ "the same again",		3001, 4001, 5001, .segs = 0 },
	{ "the hole",			5001, .segs = 1 },
};

typedef FIXTURE_DATA(wire) wire_data;

static void delivered(struct __test_metadata *_metadata, wire_data *self, uint16_t ece)
{
	for (size_t i = 0; i < ARRAY_SIZE(said); i++) {
		int segs = said[i].segs;

		W->doing = said[i].name;
		if (said[i].to)
			arrived(segs, ece ? segs : 0, ACK | ece, ACKNO(said[i].ack),
				SACKS(said[i].from, said[i].to));
		else
			arrived(segs, ece ? segs : 0, ACK | ece, ACKNO(said[i].ack));
		wire_drain(W, QUIET);
	}
	/* A FIN without data counts as a segment. */
	shutdown(self->fd, SHUT_WR);
	out(FIN | ACK, SEQ(5001));
	arrived(1, ece ? 1 : 0, ACK | ece, ACKNO(5002));
}

TEST_F(wire, delivered_counts_acknowledged_segments)
{
	passive(MSS(1000), SACKOK);
	writes(5000);
	segments(1, 5);
	delivered(_metadata, self, 0);
}

TEST_F(wire, delivered_ce_counts_marked_segments)
{
	knob("ecn", "1");
	listens();
	in(SYN | ECE | CWR, MSS(1000), SACKOK);
	out(SYN | ACK | ECE, SEQ(0), ACKNO(1));
	in(ACK, SEQ(1), ACKNO(1));
	accepts();
	writes(5000);
	segments(1, 5);
	delivered(_metadata, self, ECE);
}

/* A FIN with data counts only as that data's segment. */
TEST_F(wire, delivered_with_fin)
{
	passive(MSS(1000), SACKOK);
	ASSERT_EQ(0, set_int(self->fd, IPPROTO_TCP, TCP_CORK, 1));
	writes(500);
	closes();
	out(FIN | ACK, SEQ(1), LEN(500));
	arrived(1, 0, ACK, ACKNO(502));
}

/* A RST that cannot be sent. */
TEST_F(wire, rst_that_cannot_be_sent_is_counted)
{
	passive(MSS(1000));
	in(ACK, SEQ(1), ACKNO(1), LEN(100));
	wire_drain(W, QUIET);
	ASSERT_EQ(0, wire_route(W, "route add unreachable", ""));
	counted(1, "TCPAbortFailed", closes());
	none(QUIET);
}

/* Segments for an open connection, and the reason why each is discarded. */
static const struct {
	const char *reason;
	struct wseg seg;
} bad[] = {
	{ "CHECKSUM",		{ .flags = ACK, SEQ(1), ACKNO(1), LEN(10), BADSUM } },
	{ "HEADER",		{ .flags = ACK, SEQ(1), ACKNO(1), LEN(10), DOFF(4) } },
	{ "OLD",		{ .flags = ACK, SEQ(-2000), ACKNO(1), LEN(10) } },
	{ "WINDOW",		{ .flags = ACK, SEQ(5000000), ACKNO(1), LEN(10) } },
	{ "RST_WINDOW",		{ .flags = RST, SEQ(5000000) } },
	{ "RST_CHALLENGE",	{ .flags = RST, SEQ(100) } },
	{ "SYN_CHALLENGE",	{ .flags = SYN, SEQ(1) } },
	{ "NO_ACK",		{ .flags = PSH, SEQ(1), LEN(10) } },
	{ "NO_TIMESTAMP",	{ .flags = ACK, SEQ(1), ACKNO(1), LEN(10), NOTS } },
	{ "PAWS",		{ .flags = ACK, SEQ(1), ACKNO(1), LEN(10), TS(5, 0) } },
	{ "ACK_FUTURE",		{ .flags = ACK, SEQ(1), ACKNO(5000), LEN(10) } },
	{ "ACK_OLD",		{ .flags = ACK, SEQ(1), ACKNO(-5000000), LEN(10) } },
	{ "RST_VALID",		{ .flags = RST, SEQ(1) } },
};

static unsigned long sum(const struct wire_drops *d)
{
	unsigned long all = 0;

	for (int i = 0; i < d->n; i++)
		all += d->row[i].count;
	return all;
}

/* Each discard counts under exactly one reason. */
TEST_F(wire, every_discard_counts)
{
	struct wire_drops before, after;
	long segs;

	XTCP_ONLY("it has no such list");
	passive(MSS(1000), TS(10, 0));
	wire_drops(&before);
	segs = wire_count(W, "InSegs");
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		W->doing = bad[i].reason;
		dropped(bad[i].reason, wire_in(W, &bad[i].seg));
		wire_drain(W, 5);
	}
	wire_drops(&after);
	ASSERT_EQ(ARRAY_SIZE(bad), sum(&after) - sum(&before));
	ASSERT_EQ(ARRAY_SIZE(bad), wire_count(W, "InSegs") - segs);
	state(0);
}

TEST_HARNESS_MAIN
