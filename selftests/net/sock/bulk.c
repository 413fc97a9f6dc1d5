// SPDX-License-Identifier: GPL-2.0
/*
 * Big transfers, byte for byte, with every size of read and write.
 */
#include <linux/tcp.h>

#define _NETINET_TCP_H	1	/* that header clashes with <linux/tcp.h> */
#include "sock_test.h"

static size_t bulk_size(void)
{
	return virtual_time() ? 16 << 20 : 1 << 20;
}

/* Send @len bytes in writes of @wsize while the other side reads @rsize at a time. */
static bool transfer(int from, int to, size_t len, size_t wsize, size_t rsize)
{
	uint8_t *buf = malloc(wsize > rsize ? wsize : rsize);
	size_t done = 0;
	bool good = true;
	int status;
	pid_t pid;

	pid = child();
	if (pid == 0) {
		while (done < len) {
			size_t want = len - done < wsize ? len - done : wsize;
			ssize_t n;

			pat_fill(buf, done, want);
			n = send(from, buf, want, MSG_NOSIGNAL);
			if (n <= 0)
				_exit(1);
			done += n;
		}
		_exit(0);
	}
	while (good && done < len) {
		ssize_t n = recv(to, buf, rsize, 0);

		good = n > 0 && pat_check(buf, done, n) < 0;
		done += n;
	}
	if (!good)
		kill(pid, SIGKILL);
	waitpid(pid, &status, 0);
	free(buf);
	return good && status == 0;
}

TEST_F_TIMEOUT(pair, client_to_server, 120)
{
	ASSERT_TRUE(transfer(self->c, self->s, bulk_size(), 65536, 65536));
}

TEST_F_TIMEOUT(pair, server_to_client, 120)
{
	ASSERT_TRUE(transfer(self->s, self->c, bulk_size(), 65536, 65536));
}

TEST_F_TIMEOUT(pair, both_ways_at_once, 120)
{
	size_t len = bulk_size() / 4;
	int status;
	pid_t pid = child();

	if (pid == 0)
		_exit(!transfer(self->s, self->c, len, 30000, 30000));
	ASSERT_TRUE(transfer(self->c, self->s, len, 30000, 30000));
	ASSERT_EQ(pid, waitpid(pid, &status, 0));
	ASSERT_EQ(0, status);
}

static const struct {
	size_t wsize, rsize, len;
} sizes[] = {
	{ 1, 1, 2000 },
	{ 1, 65536, 5000 },
	{ 7, 100000, 100000 },
	{ 100, 3, 30000 },
	{ 1448, 1448, 500000 },
	{ 1449, 1447, 500000 },
	{ 4096, 65536, 1000000 },
	{ 1000000, 100, 200000 },
	{ 3000000, 3000000, 6000000 },
};

TEST_F_TIMEOUT(pair, every_size_of_write_and_read_arrives, 120)
{
	for (size_t i = 0; i < ARRAY_SIZE(sizes); i++) {
		size_t len = sizes[i].len / (virtual_time() ? 1 : 10);

		ASSERT_TRUE(transfer(self->c, self->s, len, sizes[i].wsize, sizes[i].rsize))
			TH_LOG("sizes[%zu]", i);
	}
}

TEST_F_TIMEOUT(pair, small_buffers_suffice, 120)
{
	set_int(self->c, SOL_SOCKET, SO_SNDBUF, 4096);
	set_int(self->s, SOL_SOCKET, SO_RCVBUF, 4096);
	ASSERT_TRUE(transfer(self->c, self->s, bulk_size() / 50, 10000, 10000));
}

TEST_F_TIMEOUT(pair, nodelay_pieces_arrive_in_order, 120)
{
	set_int(self->c, IPPROTO_TCP, TCP_NODELAY, 1);
	ASSERT_TRUE(transfer(self->c, self->s, bulk_size() / 80, 333, 65536));
}

TEST_F_TIMEOUT(pair, slow_reader_stops_the_writer, 120)
{
	size_t len = bulk_size() / 5, done = 0;
	uint8_t buf[65536];
	int status;
	pid_t pid = child();

	if (pid == 0)
		_exit(send_pat(self->c, 0, len) != len);
	while (done < len) {
		ssize_t n;

		sleep_ms(done % 7 == 0 ? 20 : 1);
		n = recv(self->s, buf, sizeof(buf), 0);
		ASSERT_GT(n, 0);
		ASSERT_EQ(-1, pat_check(buf, done, n));
		done += n;
	}
	ASSERT_EQ(pid, waitpid(pid, &status, 0));
	ASSERT_EQ(0, status);
}

/*
 * Small packets take many times their payload in memory. A late reader must not
 * make the receiver drop segments within the window that it advertised, nor the
 * sender run into retransmission timeouts.
 */
TEST_F_TIMEOUT(pair, small_messages_late_reader, 120)
{
	size_t n = 1000, len = 40;
	uint64_t start;
	int status;
	pid_t pid;

	set_int(self->c, IPPROTO_TCP, TCP_NODELAY, 1);
	pid = child();
	if (pid == 0) {
		for (size_t i = 0; i < n; i++)
			if (send_pat(self->c, i * len, len) != len)
				_exit(1);
		_exit(0);
	}
	sleep_ms(500);
	start = now_ms();
	ASSERT_EQ(n * len, recv_pat(self->s, 0, n * len));
	ASSERT_EQ(pid, waitpid(pid, &status, 0));
	ASSERT_EQ(0, status);
	if (virtual_time())
		ASSERT_LE(now_ms() - start, 100);
}

/*
 * A stream of small messages without Nagle, and nobody reads: an initial window of
 * segments leaves one by one, the rest is merged, because a segment per message makes
 * such streams expensive. The kernel's TCP holds the rest until an ACK comes, after
 * 40 ms; XTCP holds it for 100 us.
 */
TEST_F_TIMEOUT(pair, small_messages_merge, 120)
{
	static const size_t lens[] = { 64, 200, 500 };
	static uint8_t buf[100 * 500];
	size_t n = 100, pos = 0;
	struct tcp_info ti;
	socklen_t size = sizeof(ti);
	unsigned int before = 0;
	int there;

	ASSERT_EQ(0, set_int(self->c, IPPROTO_TCP, TCP_NODELAY, 1));
	for (size_t i = 0; i < ARRAY_SIZE(lens); i++) {
		/* In advance, so that the writes follow each other quickly. */
		pat_fill(buf, pos, n * lens[i]);
		for (size_t k = 0; k < n; k++)
			ASSERT_EQ(lens[i], send(self->c, buf + k * lens[i], lens[i], 0));
		sleep_ms(2);
		ASSERT_EQ(0, ioctl(self->s, FIONREAD, &there));
		ASSERT_EQ(n * lens[i], recv_pat(self->s, pos, n * lens[i]));
		ASSERT_EQ(0, getsockopt(self->c, IPPROTO_TCP, TCP_INFO, &ti, &size));
		/* In real time a slow machine may write less than once per 100 us. */
		if (virtual_time()) {
			if (variant->client == XTCP)
				EXPECT_EQ(n * lens[i], there);
			EXPECT_GE(n / 2, ti.tcpi_data_segs_out - before);
		}
		before = ti.tcpi_data_segs_out;
		pos += n * lens[i];
	}
}

/* The last bytes arrive although the sender closes at once. */
TEST_F_TIMEOUT(pair, close_after_send, 120)
{
	size_t len = bulk_size() / 8;
	char byte;
	pid_t pid = child();

	if (pid == 0) {
		send_pat(self->c, 0, len);
		close(self->c);
		_exit(0);
	}
	close(self->c);
	self->fd[0] = -1;
	ASSERT_EQ(len, recv_pat(self->s, 0, len));
	ASSERT_EQ(0, recv(self->s, &byte, 1, 0));
	waitpid(pid, NULL, 0);
}

TEST_F_TIMEOUT(pair, ping_pong_keeps_its_order, 120)
{
	int rounds = virtual_time() ? 500 : 100, status;
	char buf[64];
	pid_t pid = child();

	if (pid == 0) {
		for (int i = 0; i < rounds; i++)
			if (recv_pat(self->s, i, 50) != 50 ||
			    send_pat(self->s, i, 50) != 50)
				_exit(1);
		_exit(0);
	}
	for (int i = 0; i < rounds; i++) {
		ASSERT_EQ(50, send_pat(self->c, i, 50));
		ASSERT_EQ(50, recv(self->c, buf, 50, MSG_WAITALL));
		ASSERT_EQ(-1, pat_check(buf, i, 50));
	}
	ASSERT_EQ(pid, waitpid(pid, &status, 0));
	ASSERT_EQ(0, status);
}

/* The MTU of the device shrinks and grows; the streams go on. */
TEST_F_TIMEOUT(pair, device_mtu_changes, 120)
{
	/* A device with an MTU below 1280 bytes has no IPv6 (RFC 8200 5). */
	const int mtu[] = { 65536, 1500, 9000, net == V6 ? 1280 : 600, 65536 };

	for (size_t i = 0; i < ARRAY_SIZE(mtu); i++) {
		ASSERT_EQ(0, ns_up("lo", NULL, 0, mtu[i]));
		ASSERT_TRUE(transfer(self->c, self->s, bulk_size() / 16, 9000, 5000));
		ASSERT_TRUE(transfer(self->s, self->c, bulk_size() / 16, 9000, 5000));
		ASSERT_GE(mtu[i] - 40, get_int(self->c, IPPROTO_TCP, TCP_MAXSEG));
		/* The MSS is at most half of the largest window. */
		ASSERT_LE(mtu[i] / 3, get_int(self->c, IPPROTO_TCP, TCP_MAXSEG));
	}
}

/*
 * One side writes less than a segment, the other reads it, in turns: Nagle and
 * delayed ACKs must not wait for each other.
 */
TEST_F_TIMEOUT(pair, write_and_read_in_turns, 120)
{
	uint64_t start = now_ms();

	for (int i = 0; i < 100; i++) {
		ASSERT_EQ(10000, send_pat(self->c, i * 10000, 10000));
		ASSERT_EQ(10000, recv_pat(self->s, i * 10000, 10000));
	}
	if (virtual_time())
		ASSERT_GE(start + 100, now_ms());
}

TEST_F_TIMEOUT(pair, parallel_connections_do_not_mix, 120)
{
	pid_t pid[6];
	int status;

	for (int i = 0; i < 6; i++) {
		pid[i] = child();
		if (pid[i] == 0) {
			int fd[2];

			if (st_pair(variant->client, variant->server, fd))
				_exit(1);
			_exit(!transfer(fd[i & 1], fd[!(i & 1)], bulk_size() / 32, 9000,
					5000));
		}
	}
	for (int i = 0; i < 6; i++) {
		ASSERT_EQ(pid[i], waitpid(pid[i], &status, 0));
		ASSERT_EQ(0, status);
	}
}

TEST_HARNESS_MAIN
