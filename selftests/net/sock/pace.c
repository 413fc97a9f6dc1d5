// SPDX-License-Identifier: GPL-2.0
/*
 * SO_MAX_PACING_RATE: a stream goes no faster, and not much slower either,
 * whether the qdisc can delay packets (fq) or not.
 */
#include <linux/tcp.h>

#define _NETINET_TCP_H	1	/* that header clashes with <linux/tcp.h> */
#include "sock_test.h"

#define RATE	2000000		/* bytes a second */
#define BYTES	1000000		/* half a second of it */

static int set_rate(int fd, unsigned int rate)
{
	return setsockopt(fd, SOL_SOCKET, SO_MAX_PACING_RATE, &rate, sizeof(rate));
}

/* Milliseconds that a transfer of @bytes takes. */
static int64_t transfer_ms(int from, int to, uint64_t pos, size_t bytes)
{
	uint64_t start = now_ms();
	pid_t pid = child();
	int status;

	if (!pid)
		_exit(send_pat(from, pos, bytes) != (ssize_t)bytes);
	if (recv_pat(to, pos, bytes) != (ssize_t)bytes)
		return -1;
	waitpid(pid, &status, 0);
	return status ? -1 : (int64_t)(now_ms() - start);
}

/* Within a twentieth of @ms; in real time a slow machine may take longer. */
#define takes(ms, from, to, pos, bytes) do {				\
	int64_t _ms = transfer_ms(from, to, pos, bytes);		\
	ASSERT_LE((ms) - (ms) / 20, _ms);				\
	if (virtual_time())						\
		ASSERT_GE((ms) + (ms) / 20, _ms);			\
} while (0)

/* An Ethernet MTU: a packet of 64 KiB alone would take 30 ms. */
#define small_packets()	ASSERT_EQ(0, ns_up("lo", NULL, 0, 1500))

TEST_F(pair, rate_is_kept)
{
	small_packets();
	ASSERT_EQ(0, set_rate(self->c, RATE));
	takes(500, self->c, self->s, 0, BYTES);
}

TEST_F_TIMEOUT(pair, rate_by_the_queue, 600)
{
	small_packets();
	if (system("tc qdisc replace dev lo root fq 2>/dev/null"))
		SKIP_TEST("no fq here");
	ASSERT_EQ(0, set_rate(self->c, RATE));
	takes(500, self->c, self->s, 0, BYTES);
}

/*
 * A qdisc that does not delay packets sends at once what is released slightly early,
 * and the round trip is measured from then.
 */
TEST_F(pair, round_trip_without_queue)
{
	struct tcp_info info = {};
	socklen_t len = sizeof(info);

	small_packets();
	if (!virtual_time() || system("tc qdisc replace dev lo root netem delay 1ms"))
		SKIP_TEST("no netem here, or no exact time");
	ASSERT_EQ(0, set_rate(self->c, RATE));
	ASSERT_LE(0, transfer_ms(self->c, self->s, 0, BYTES));
	ASSERT_EQ(0, getsockopt(self->c, IPPROTO_TCP, TCP_INFO, &info, &len));
	EXPECT_LE(2000, info.tcpi_rtt);
}

/* A limit is set, changed and removed during a connection. */
TEST_F(pair, rate_may_change_and_go)
{
	small_packets();
	ASSERT_LE(0, transfer_ms(self->c, self->s, 0, 10000));
	ASSERT_EQ(0, set_rate(self->c, RATE));
	takes(500, self->c, self->s, 10000, BYTES);
	ASSERT_EQ(0, set_rate(self->c, 2 * RATE));
	takes(250, self->c, self->s, 10000 + BYTES, BYTES);
	ASSERT_EQ(0, set_rate(self->c, ~0U));
	ASSERT_GE(virtual_time() ? 50 : 10000,
		  transfer_ms(self->c, self->s, 10000 + 2 * BYTES, BYTES));
}

/* A limit of one direction does not affect the other. */
TEST_F(pair, rate_of_one_direction)
{
	ASSERT_EQ(0, set_rate(self->c, RATE));
	ASSERT_GE(virtual_time() ? 100 : 10000,
		  transfer_ms(self->s, self->c, 0, BYTES));
}

/* Accepted sockets inherit the listener's limit. */
TEST_F(one, rate_is_inherited)
{
	union addr sin = local(0);
	int c, s;

	small_packets();
	ASSERT_EQ(0, set_rate(self->fd, RATE));
	ASSERT_EQ(0, bind_to(self->fd, &sin));
	ASSERT_EQ(0, listen(self->fd, 1));
	c = st_connect(variant->st, sock_port(self->fd));
	ASSERT_GE(c, 0);
	s = accept(self->fd, NULL, NULL);
	ASSERT_GE(s, 0);
	takes(500, s, c, 0, BYTES);
	close(c);
	close(s);
}

TEST_HARNESS_MAIN
