// SPDX-License-Identifier: GPL-2.0
/*
 * What a peer sees when memory is short, and what is counted. The limits apply to the
 * whole machine, so this test runs alone (run-vm).
 */
#include "wire_test.h"

/* Hold so much memory in another connection that it exceeds any threshold set below. */
#define held(fd)	ASSERT_LT(MEM_HELD / 2, mem_hold(W->stack, fd))

/* ms after which a delayed ACK must have come. */
#define SETTLE_MS	250

#define lets_go(fd) do {						\
	struct linger _hard = { .l_onoff = 1 };				\
	setsockopt((fd)[0], SOL_SOCKET, SO_LINGER, &_hard, sizeof(_hard)); \
	close((fd)[0]);							\
	close((fd)[1]);							\
} while (0)

/* The window is four segments, not the buffer; what was advertised before is kept. */
TEST_F(wire, window_under_pressure)
{
	struct mem_limits limits;
	uint32_t wide;
	int fd[2];

	XTCP_ONLY("it waits until the buffer is half full");
	ASSERT_EQ(0, mem_limits_get(&limits, W->stack));
	passive(MSS(1460));
	in(ACK, LEN(1000));
	out(ACK, ACKNO(1001));
	wide = W->got.wnd;
	reads(1000);
	held(fd);
	ASSERT_EQ(0, mem_limits_set(&limits, "1 2 100000"));
	/* Two at a time, because the first is always accepted. */
	for (int i = 0; i < 50; i++) {
		in(ACK, LEN(1000));
		in(ACK, LEN(1000));
		wire_drain(W, QUIET);
		reads(2000);
	}
	wire_drain(W, SETTLE_MS);
	ASSERT_EQ(0, mem_limits_put(&limits));
	ASSERT_EQ(101001, W->got.ack);
	ASSERT_LE(W->got.wnd, 4 * 1460);
	ASSERT_GE(W->got.wnd, 1000);
	ASSERT_LT(W->got.wnd, wide);
	lets_go(fd);
}

#define counts(name, what) do {						\
	long _before = wire_count(W, (name));				\
	ASSERT_LE(0, _before);						\
	what;								\
	wire_drain(W, QUIET);						\
	ASSERT_LT(_before, wire_count(W, (name))) TH_LOG(name);		\
} while (0)

static void early(struct wire *w, uint32_t first, uint32_t n)
{
	for (uint32_t i = first; i < first + n; i++)
		wire_in(w, &(struct wseg){ .flags = ACK, SEQ(2 + 2 * i), LEN(1) });
}

/* A buffer full of out-of-order data: that is pruned, later what arrives is dropped. */
TEST_F(wire, prune_counters)
{
	listens();
	ASSERT_EQ(0, set_int(self->lfd, SOL_SOCKET, SO_RCVBUF, 8192));
	passive(MSS(1000));
	counts("PruneCalled", early(W, 0, 200));
	counts("OfoPruned", early(W, 200, 200));
	ASSERT_LT(0, wire_count(W, "TCPOFOQueue"));
}

/* Without memory, in-order data is dropped if the program has data to read. */
TEST_F(wire, out_of_memory)
{
	long refused, early;
	struct mem_limits limits;
	int fd[2];

	ASSERT_EQ(0, mem_limits_get(&limits, W->stack));
	passive(MSS(1460));
	held(fd);
	refused = wire_count(W, "TCPRcvQDrop");
	early = wire_count(W, "TCPOFODrop");
	ASSERT_EQ(0, mem_limits_set(&limits, "1 2 3"));
	in(ACK, SEQ(1), LEN(1400));
	wire_drain(W, QUIET);
	ASSERT_EQ(1401, W->got.ack);	/* accepted: there was nothing to read */
	for (int i = 0; i < 10; i++)
		in(ACK, SEQ(1401 + i * 1400), LEN(1400));
	wire_drain(W, QUIET);
	ASSERT_LT(refused, wire_count(W, "TCPRcvQDrop"));
	for (int i = 11; i < 21; i++)
		in(ACK, SEQ(1401 + i * 1400), LEN(1400));
	wire_drain(W, QUIET);
	ASSERT_LT(early, wire_count(W, "TCPOFODrop"));
	ASSERT_EQ(0, mem_limits_put(&limits));
	lets_go(fd);
	/* All that was acknowledged can be read. */
	reads(W->got.ack - 1);
}

TEST_F(wire, small_segments_are_coalesced)
{
	long before;

	passive(MSS(1460));
	in(ACK, LEN(100));
	before = wire_count(W, "TCPRcvCoalesce");
	for (int i = 0; i < 50; i++)
		in(ACK, LEN(10));
	wire_drain(W, QUIET);
	ASSERT_LE(0, before);
	ASSERT_LT(before, wire_count(W, "TCPRcvCoalesce"));
	reads(600);
}

TEST_HARNESS_MAIN
