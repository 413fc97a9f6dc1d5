// SPDX-License-Identifier: GPL-2.0
/*
 * The attacker is a peer that makes the host hold memory for a long time. The memory
 * limits apply to the whole machine, so this test runs alone (run-vm).
 */
#include <linux/sock_diag.h>

#include "attack_test.h"

#define PEERS		4
/*
 * Bytes in the send buffer of each. The account of all sockets is wrong by up to 1 MB
 * per CPU, either way (SK_MEMORY_PCPU_RESERVE). The amounts that decide a test exceed
 * that sum.
 */
#define EACH		(8 << 20)
#define TIMEOUT_S	5		/* pressure_timeout of the test, s */
/*
 * The longest wait for the scan, s. One run of it takes seconds where the debug kernel
 * is emulated.
 */
#define SCAN_S		60

/* Entry @what (SK_MEMINFO_*) of the socket's SO_MEMINFO, bytes. */
static uint32_t held(int fd, int what)
{
	uint32_t info[SK_MEMINFO_VARS] = {};
	socklen_t len = sizeof(info);

	getsockopt(fd, SOL_SOCKET, SO_MEMINFO, info, &len);
	return info[what];
}

static void lets_go(int *fd, int n)
{
	for (int i = 0; i < n; i++)
		hard_close(fd[i]);
}

/* Connect peer @i, close its window, and fill the send buffer of fd[@i], @bytes long. */
#define shuts_window(i, bytes) do {							\
	wire_reset(W, WIRE_PPORT + (i));					\
	self->fd = -1;								\
	passive(MSS(1000));							\
	fd[i] = self->fd;							\
	self->fd = -1;								\
	ASSERT_EQ(0, set_int(fd[i], SOL_SOCKET, SO_SNDBUFFORCE, (bytes)));	\
	in(ACK, LEN(10), WND(0));						\
	ASSERT_LT((bytes) / 4, send_pat(fd[i], 0, (bytes)));			\
	wire_drain(W, 0);							\
} while (0)

/*
 * All windows are closed, except that one peer takes a byte per second, and memory is
 * short. A connection that holds much but makes slow progress stays.
 */
TEST_F_TIMEOUT(wire, closed_windows_are_reset_when_memory_is_short, 300)
{
	int fd[PEERS], slow[2], err[PEERS], ended = 0;
	struct mem_limits limits;
	uint32_t sum = 0;
	char buf[16384];

	ASSERT_EQ(0, mem_limits_get(&limits, W->stack));
	if (W->stack == XTCP)
		ASSERT_EQ(0, wire_knob(W, "pressure_timeout", "5"));
	for (int i = 0; i < PEERS; i++)
		shuts_window(i, EACH);
	ASSERT_LT(0, mem_hold(W->stack, slow));
	/* More than the first two thresholds is held; the last is far away. */
	ASSERT_EQ(0, mem_limits_set(&limits, "256 512 100000"));
	for (int s = 0; s < 4 * TIMEOUT_S || (W->stack == XTCP && s < SCAN_S &&
					      wire_count(W, "Evicted") < PEERS); s++) {
		for (int i = 0; i < 8; i++)
			ASSERT_LT(0, recv(slow[1], buf, sizeof(buf), 0));
		in(ACK, ACKNO(1 + s), WND(1));
		wire_drain(W, 0);
		sleep_ms(1000);
	}
	for (int i = 0; i < PEERS; i++) {
		sum += held(fd[i], SK_MEMINFO_WMEM_QUEUED);
		err[i] = get_int(fd[i], SOL_SOCKET, SO_ERROR);
		ended += err[i] == ETIMEDOUT;
	}
	ASSERT_EQ(0, mem_limits_put(&limits));
	ASSERT_EQ(0, get_int(slow[0], SOL_SOCKET, SO_ERROR));
	ASSERT_LT(0, recv(slow[1], buf, sizeof(buf), 0));
	lets_go(slow, 2);
	lets_go(fd, PEERS);
	printf("# %s: %d of %d ended, %u bytes held\n", stack_name(W->stack), ended, PEERS, sum);
	defended("closed windows do not hold memory that is short", sum <= EACH);
	if (W->stack == XTCP) {
		ASSERT_EQ(PEERS, ended);
		ASSERT_EQ(PEERS, wire_count(W, "Evicted"));
	}
}

/* Only as many connections are ended as necessary, and those that hold most first. */
TEST_F_TIMEOUT(wire, most_held_first, 300)
{
	static const int bytes[PEERS] = { EACH / 64, EACH, EACH / 64, EACH / 64 };
	uint32_t sum = 0, most = 0, now;
	int fd[PEERS], other[2];
	struct mem_limits limits;
	char pages[64];

	if (W->stack != XTCP)
		SKIP_TEST("the kernel ends none");
	ASSERT_EQ(0, mem_limits_get(&limits, W->stack));
	ASSERT_EQ(0, wire_knob(W, "pressure_timeout", "0"));
	ASSERT_EQ(0, st_pair(W->stack, W->stack, other));
	for (int i = 0; i < PEERS; i++) {
		shuts_window(i, bytes[i]);
		now = held(fd[i], SK_MEMINFO_WMEM_QUEUED);
		most = now > most ? now : most;
		sum += now;
	}
	snprintf(pages, sizeof(pages), "%u %u 100000", (sum - most / 2) / 4096,
		 (sum - most / 2) / 4096 + 1);
	ASSERT_EQ(0, mem_limits_set(&limits, pages));
	for (int s = 0; s < SCAN_S && !wire_count(W, "Evicted"); s++) {
		/* From now on, when all have stalled for long enough, they may end. */
		if (s == 2 * TIMEOUT_S)
			ASSERT_EQ(0, wire_knob(W, "pressure_timeout", "5"));
		send(other[0], "x", 1, 0);	/* this notices the pressure */
		sleep_ms(1000);
	}
	sleep_ms(2000);			/* and no second one ends */
	ASSERT_EQ(0, mem_limits_put(&limits));
	for (int i = 0; i < PEERS; i++)
		EXPECT_EQ(bytes[i] == EACH ? ETIMEDOUT : 0,
			  get_int(fd[i], SOL_SOCKET, SO_ERROR));
	EXPECT_EQ(1, wire_count(W, "Evicted"));
	lets_go(other, 2);
	lets_go(fd, PEERS);
}

/* A hole that is never filled, with much data behind it. */
TEST_F_TIMEOUT(wire, hole_for_ever_is_reset_when_memory_is_short, 300)
{
	struct mem_limits limits;
	uint32_t before, after = 0;
	int other[2];

	ASSERT_EQ(0, mem_limits_get(&limits, W->stack));
	if (W->stack == XTCP)
		ASSERT_EQ(0, wire_knob(W, "pressure_timeout", "0"));
	passive(MSS(1000), SACKOK);
	for (uint32_t i = 0; i < 40; i++)
		in(ACK, SEQ(1001 + i * 1000), LEN(1000));
	wire_drain(W, SETTLE);
	before = held(self->fd, SK_MEMINFO_RMEM_ALLOC);
	ASSERT_LT(40000, before);
	ASSERT_LT(0, mem_hold(W->stack, other));
	ASSERT_EQ(0, mem_limits_set(&limits, "256 512 100000"));
	for (int s = 0; s < 10 || (W->stack == XTCP && s < SCAN_S && after == before); s++) {
		send(other[1], "x", 1, 0);	/* this notices the pressure */
		sleep_ms(1000);
		after = held(self->fd, SK_MEMINFO_RMEM_ALLOC);
	}
	ASSERT_EQ(0, mem_limits_put(&limits));
	lets_go(other, 2);
	printf("# %s: %u bytes, then %u\n", stack_name(W->stack), before, after);
	/* The discarded out-of-order data is sent again, and all of it is read. */
	in(ACK, SEQ(1), LEN(1000));
	for (uint32_t i = 0; i < 40; i++)
		in(ACK, SEQ(1001 + i * 1000), LEN(1000));
	wire_drain(W, SETTLE);
	reads(41000);
	defended("what is behind a hole does not hold memory that is short", after < before / 4);
}

TEST_HARNESS_MAIN
