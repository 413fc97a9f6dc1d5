// SPDX-License-Identifier: GPL-2.0
/*
 * The attacker is the peer: it has completed the handshake and causes memory use or
 * work out of proportion to what it sends.
 */
#include <fcntl.h>

#include "attack_test.h"

/* Limits of the work per packet, us. In virtual time a nanosecond is an instruction. */
#define WORK_US		30
#define SACK_US		60	/* including retransmissions that the SACK causes */

#define BYTES_MAX	(1 << 18)	/* rmem[2] of the test, bytes */

/* ---- tiny segments ---- */

/* MSS options that would make the sender spend a header per byte (CVE-2019-11479). */
TEST_F(wire, tiny_mss_is_raised)
{
	static const uint16_t mss[] = { 0, 1, 8, 40 };

	for (size_t i = 0; i < ARRAY_SIZE(mss); i++) {
		wire_reset(W, WIRE_PPORT + i);
		passive(MSS(mss[i]));
		writes(1000);
		ASSERT_TRUE(wire_get(W, 300));
		defended("48 bytes a segment, at least", W->got.len >= 48);
		wire_drain(W, 2);
		in(RST, SEQ(1));
		close(self->fd);
		self->fd = -1;
		self->wpos = 0;
	}
}

static int64_t timed_in(struct wire *w, const struct wseg *s)
{
	uint64_t start = now_us();

	wire_in(w, s);
	return now_us() - start;
}

/*
 * Microseconds of work for a segment: its write(), during which all of it happens,
 * minus the write() of the same segment with a wrong checksum.
 */
static int work(struct wire *w, const struct wseg *s)
{
	struct wseg damaged = *s;

	damaged.badsum = 1;
	return -timed_in(w, &damaged) + timed_in(w, s);
}

/* Long tests that count instructions, which do not depend on the address family. */
#define WORK_TEST() do {						\
	if (!virtual_time() || W->net != V4)				\
		SKIP_TEST("counts instructions");			\
} while (0)

/* A long queue of tiny segments, then SACK of all of it but the first. */
TEST_F_TIMEOUT(wire, sack_of_everything_takes_few_steps, 300)
{
	int us, worst = 0;

	WORK_TEST();
	passive(MSS(48), SACKOK, WS(14));
	ASSERT_EQ(0, setsockopt(self->fd, IPPROTO_TCP, TCP_CONGESTION, "reno", 4));
	ASSERT_EQ(0, set_int(self->fd, SOL_SOCKET, SO_SNDBUFFORCE, 1 << 26));
	ASSERT_EQ(0, set_int(self->fd, IPPROTO_TCP, TCP_NODELAY, 1));
	/* Slow start; each write is a transmission of its own. */
	while (W->rcv_nxt < 3000 * 48) {
		for (int i = 0; i < 3; i++) {
			writes(48);
			wire_drain(W, 0);
		}
		in(ACK, ACKNO(W->rcv_nxt / 2));
		wire_drain(W, 0);
	}
	for (uint32_t i = 0; i < 50; i++) {
		uint32_t una = W->rcv_nxt / 2;

		us = work(W, &(struct wseg){ .flags = ACK, ACKNO(una),
			  SACKS(una + 48 * (2 + i % 2), W->rcv_nxt - 48 * (i % 3)) });
		worst = us > worst ? us : worst;
		wire_drain(W, 0);
	}
	printf("# %s: %d us at worst\n", stack_name(W->stack), worst);
	defended("the work for one ACK is bounded", worst <= SACK_US);
}

/* ---- out-of-order segments ---- */

static void hole(struct wire *w, uint32_t n, int *worst)
{
	int us = work(w, &(struct wseg){ .flags = ACK, SEQ(3 + 2 * n), LEN(1) });

	if (us > *worst)
		*worst = us;
	wire_drain(w, 0);
}

/* Size of the active objects of all slab caches, bytes. */
static long slab_bytes(void)
{
	unsigned long active, total, size, sum = 0;
	FILE *f = fopen("/proc/slabinfo", "r");
	char line[512];

	if (!f)
		return 0;
	while (fgets(line, sizeof(line), f))
		if (sscanf(line, "%*s %lu %lu %lu", &active, &total, &size) == 3)
			sum += active * size;
	fclose(f);
	return sum;
}

/* 20,000 single bytes with holes between them. */
TEST_F_TIMEOUT(wire, holes_take_little_memory, 300)
{
	int worst = 0;
	long before, grown;

	WORK_TEST();
	ASSERT_EQ(0, wire_knob(W, "rmem", "4096 131072 262144"));
	passive(MSS(1000), SACKOK, WS(7));
	sleep_ms(1000);
	before = slab_bytes();
	for (uint32_t i = 0; i < 20000; i++)
		hole(W, i, &worst);
	grown = slab_bytes() - before;
	printf("# %s: %d us at worst, %ld bytes\n", stack_name(W->stack), worst, grown);
	defended("the work for one of them is bounded", worst <= WORK_US);
	defended("memory is", grown <= 2 * BYTES_MAX);
}

/* One segment fills hundreds of holes. */
TEST_F_TIMEOUT(wire, filling_holes_takes_few_steps, 300)
{
	int us, worst = 0;

	WORK_TEST();
	ASSERT_EQ(0, wire_knob(W, "rmem", "4096 6291456 6291456"));
	passive(MSS(1460), SACKOK, WS(7));
	for (uint32_t i = 0; i < 2000; i++)
		hole(W, i, &worst);
	/* First out of order, then in order. */
	us = work(W, &(struct wseg){ .flags = ACK, SEQ(2), LEN(1460) });
	worst = us > worst ? us : worst;
	us = work(W, &(struct wseg){ .flags = ACK, SEQ(1), LEN(1460) });
	worst = us > worst ? us : worst;
	wire_drain(W, 0);
	printf("# %s: %d us at worst\n", stack_name(W->stack), worst);
	defended("the work for one segment is bounded", worst <= WORK_US);
}

TEST_F_TIMEOUT(wire, bytes_waited_for, 300)
{
	int us;

	WORK_TEST();
	ASSERT_EQ(0, wire_knob(W, "rmem", "4096 6291456 6291456"));
	passive(MSS(1460), SACKOK, WS(7));
	for (uint32_t i = 0; i < 3000; i++) {
		wire_in(W, &(struct wseg){ .flags = ACK, SEQ(2 + i), LEN(1) });
		wire_drain(W, 0);
	}
	us = work(W, &(struct wseg){ .flags = ACK, SEQ(1), LEN(1) });
	wire_drain(W, 0);
	printf("# %s: %d us\n", stack_name(W->stack), us);
	defended("the work for one segment is bounded", us <= WORK_US);
	reads(3001);
}

/* ---- urgent ---- */

static volatile int signals;

static void on_urgent(int sig)
{
	signals++;
}

/* 100 segments announce the same urgent byte. */
TEST_F(wire, repeated_urgent_byte_is_one_signal)
{
	passive(MSS(1000));
	signal(SIGURG, on_urgent);
	ASSERT_EQ(0, fcntl(self->fd, F_SETOWN, getpid()));
	signals = 0;
	for (uint32_t i = 0; i < 100; i++)
		in(ACK | URG, LEN(1), URP(1000 - i));
	wire_drain(W, SETTLE);
	defended("one pointer, one signal", signals == 1);
}

/* Urgent pointers to anywhere leave the stream as it is. */
TEST_F(wire, urgent_anywhere_leaves_the_stream)
{
	static const uint16_t far[] = { 1, 2, 0xffff, 500, 0, 3000, 0x8000, 1 };

	passive(MSS(1000));
	ASSERT_EQ(0, set_int(self->fd, SOL_SOCKET, SO_OOBINLINE, 1));
	for (uint32_t i = 0; i < 200; i++)
		in(ACK | URG, LEN(10), URP(far[i % ARRAY_SIZE(far)]));
	wire_drain(W, SETTLE);
	for (int i = 0; i < 200; i++)
		reads(10);
	defended("no byte is lost", true);
}

/* The urgent byte is always ahead of what has arrived, and nothing is read. */
TEST_F_TIMEOUT(wire, urgent_behind_a_queue, 300)
{
	int us, worst = 0;

	WORK_TEST();
	ASSERT_EQ(0, wire_knob(W, "rmem", "4096 33554432 33554432"));
	passive(MSS(1460), WS(7));
	for (uint32_t i = 0; i < 4000; i++) {
		in(ACK, LEN(1460));
		wire_drain(W, 0);
	}
	for (uint32_t i = 0; i < 20; i++) {
		us = work(W, &(struct wseg){ .flags = ACK | URG,
			  LEN(1460), URP(0xffff) });
		worst = us > worst ? us : worst;
		W->snd_nxt += 1460;
		wire_drain(W, 0);
	}
	printf("# %s: %d us at worst\n", stack_name(W->stack), worst);
	defended("the work for one segment is bounded", worst <= WORK_US);
}

/* ---- peers that keep a connection without progress ---- */

/* Answer up to @probes probes of the closed window. Has the connection ended? */
static bool held(struct wire *w, int probes)
{
	while (probes-- && wire_get(w, 300000)) {
		if (w->got.flags & RST)
			break;
		wire_in(w, &(struct wseg){ .flags = ACK, WND(0) });
	}
	return !wire_state(w);
}

/* RFC 6429: the server has written and closed, the peer never reads. */
LONG_TEST_F(wire, orphan_with_closed_window_ends, 40000)
{
	passive(MSS(1000), WND(2000));
	writes(20000);
	wire_drain(W, SETTLE);
	in(ACK, WND(0));
	closes();
	defended("it ends", held(W, 40));
}

/* TCP_USER_TIMEOUT (RFC 5482, tcp(7)) ends it although the peer answers. */
LONG_TEST_F(wire, closed_window_with_timeout, 40000)
{
	passive(MSS(1000), WND(2000));
	ASSERT_EQ(0, set_int(self->fd, IPPROTO_TCP, TCP_USER_TIMEOUT, 30000));
	writes(20000);
	wire_drain(W, SETTLE);
	in(ACK, WND(0));
	defended("it ends", held(W, 40));
	ASSERT_EQ(ETIMEDOUT, get_int(self->fd, SOL_SOCKET, SO_ERROR));
}

/* Keepalive ends a connection whose peer has vanished. */
TEST_F_TIMEOUT(wire, silent_peer_ends_connection, 400)
{
	passive(MSS(1000));
	ASSERT_EQ(0, set_int(self->fd, IPPROTO_TCP, TCP_KEEPIDLE, 1));
	ASSERT_EQ(0, set_int(self->fd, IPPROTO_TCP, TCP_KEEPINTVL, 1));
	ASSERT_EQ(0, set_int(self->fd, IPPROTO_TCP, TCP_KEEPCNT, 3));
	ASSERT_EQ(0, set_int(self->fd, SOL_SOCKET, SO_KEEPALIVE, 1));
	for (int i = 0; i < 10; i++) {
		sleep_ms(1000);
		wire_drain(W, 0);
	}
	defended("it ends", !wire_state(W));
}

/* ---- reflection ---- */

/* A SYN of 44 bytes with a victim's address: how many SYN-ACKs does the victim get? */
LONG_TEST_F(wire, reflected_syn_gets_few_synacks, 40000)
{
	unsigned int n = 0;

	listens();
	in(SYN, MSS(1460));
	while (n < 12 && wire_get(W, 200000))
		n++;
	printf("# %s: %u SYN-ACKs\n", stack_name(W->stack), n);
	defended("no more than 6 SYN-ACKs", n <= 6);
}

/* The same with segments of no connection. */
TEST_F(wire, reflected_segments_get_one_answer)
{
	int n = 0;

	listens();
	for (int i = 0; i < 10; i++) {
		in(ACK, SEQ(i), ACKNO(i), LEN(100), FROM(1000 + i));
		in(FIN | ACK, SEQ(i), ACKNO(i), FROM(2000 + i));
	}
	for (; wire_get(W, SETTLE); n++)
		ASSERT_TRUE(W->got.flags & RST && !W->got.len);
	defended("a RST for each at most", n <= 20);
	for (int i = 0; i < 10; i++) {
		in(RST, SEQ(i), FROM(1000 + i));
		in(RST | ACK, SEQ(i), ACKNO(i), FROM(1000 + i));
		in(FIN, SEQ(i), FROM(1000 + i));
		in(0, SEQ(i), LEN(100), FROM(1000 + i));
	}
	defended("nothing for a RST, or without ACK", wire_drain(W, SETTLE) == 0);
}

TEST_HARNESS_MAIN
