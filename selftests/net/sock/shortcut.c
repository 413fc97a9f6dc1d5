// SPDX-License-Identifier: GPL-2.0
/*
 * local_shortcut: bytes pass from socket to socket without segments where nothing would
 * see the segments, go by segments again as soon as something would, and arrive in order
 * and complete in either case.
 */
#include <sys/epoll.h>
#include <sys/ioctl.h>

#include <linux/filter.h>
#include <linux/if_ether.h>
#include <linux/tcp.h>

#define _NETINET_TCP_H	1	/* the same names, fewer of them */
#include "sock_test.h"

FIXTURE(direct)
{
	int c;
	int s;
	long before;		/* hand-overs so far */
	uint64_t sent;		/* bytes of the client */
	uint64_t got;
};

FIXTURE_VARIANT(direct)
{
	enum net net;
};

FIXTURE_VARIANT_ADD(direct, v4) { V4 };
FIXTURE_VARIANT_ADD(direct, v6) { V6 };

FIXTURE_SETUP(direct)
{
	int fd[2];

	variant_begins(XTCP, XTCP, variant->net);
	ASSERT_EQ(0, ns_new());
	ASSERT_EQ(0, ns_sysctl("xtcp/local_shortcut", "1"));
	ASSERT_EQ(0, st_pair(XTCP, XTCP, fd));
	self->c = fd[0];
	self->s = fd[1];
	self->before = xtcp_count("Handovers");
}

FIXTURE_TEARDOWN(direct)
{
	hard_close(self->c);
	hard_close(self->s);
}

/* Write and read @n bytes. They must pass directly, or must not. */
#define passes(n, directly) do {					\
	long _was = xtcp_count("Handovers");				\
									\
	ASSERT_EQ(n, send_pat(self->c, self->sent, n));			\
	self->sent += n;						\
	ASSERT_EQ(n, recv_pat(self->s, self->got, n));			\
	self->got += n;							\
	ASSERT_EQ(directly, xtcp_count("Handovers") > _was);		\
} while (0)

/* While @on to @off something sees segments: bytes take them, and not before or after. */
#define seen_between(on, off) do {					\
	passes(100, true);						\
	on;								\
	passes(100, false);						\
	off;								\
	passes(100, true);						\
} while (0)

TEST_F(direct, small_and_large_writes_pass)
{
	struct tcp_info was = {}, now = {};
	unsigned int n;
	socklen_t len = sizeof(was);

	ASSERT_EQ(0, getsockopt(self->c, IPPROTO_TCP, TCP_INFO, &was, &len));
	passes(1, true);
	passes(1000, true);
	passes(30000, true);
	n = xtcp_count("Handovers") - self->before;
	ASSERT_LE(3, n);
	len = sizeof(now);
	ASSERT_EQ(0, getsockopt(self->c, IPPROTO_TCP, TCP_INFO, &now, &len));
	ASSERT_EQ(was.tcpi_bytes_acked + 31001, now.tcpi_bytes_acked);
	ASSERT_EQ(was.tcpi_bytes_sent + 31001, now.tcpi_bytes_sent);
	ASSERT_EQ(was.tcpi_data_segs_out + n, now.tcpi_data_segs_out);
	ASSERT_EQ(0, now.tcpi_unacked);
	len = sizeof(now);
	ASSERT_EQ(0, getsockopt(self->s, IPPROTO_TCP, TCP_INFO, &now, &len));
	ASSERT_EQ(31001, now.tcpi_bytes_received);
	ASSERT_EQ(n, now.tcpi_data_segs_in);
}

TEST_F(direct, nothing_passes_with_the_knob_off)
{
	ASSERT_EQ(0, ns_sysctl("xtcp/local_shortcut", "0"));
	passes(100, false);
	ASSERT_EQ(0, ns_sysctl("xtcp/local_shortcut", "1"));
	passes(100, true);
}

/* Each takes turns, and no ACK of a segment holds the next write up. */
TEST_F(direct, answers_pass_too)
{
	long was = xtcp_count("Handovers");
	int i;

	for (i = 0; i < 50; i++) {
		ASSERT_EQ(1, send_pat(self->c, i, 1));
		ASSERT_EQ(1, recv_pat(self->s, i, 1));
		ASSERT_EQ(1, send_pat(self->s, i, 1));
		ASSERT_EQ(1, recv_pat(self->c, i, 1));
	}
	ASSERT_EQ(was + 100, xtcp_count("Handovers"));
}

/* A segment leaves an ACK pending at its receiver, whose answer passes directly again. */
TEST_F(direct, answer_to_a_segment_passes)
{
	long was;
	int tap = socket(AF_PACKET, SOCK_RAW, htons(ETH_P_ALL));

	ASSERT_GE(tap, 0);
	passes(1, false);
	close(tap);
	was = xtcp_count("Handovers");
	ASSERT_EQ(1, send_pat(self->s, 0, 1));
	ASSERT_EQ(1, recv_pat(self->c, 0, 1));
	ASSERT_EQ(was + 1, xtcp_count("Handovers"));
	passes(1, true);
}

TEST_F(direct, packet_sockets_see_segments)
{
	int tap;

	seen_between(tap = socket(AF_PACKET, SOCK_RAW, htons(ETH_P_ALL)), close(tap));
	seen_between(tap = socket(AF_PACKET, SOCK_DGRAM, htons(ETH_P_IP)), close(tap));
}

#define CHAIN(hook)							\
	ASSERT_EQ(0, shell("nft 'add chain inet t c { type filter hook " hook "; }'"))
#define NO_CHAIN	ASSERT_EQ(0, shell("nft delete chain inet t c"))

TEST_F(direct, packet_filter_sees_segments)
{
	if (shell("nft add table inet t"))
		SKIP_TEST("no nftables");
	seen_between(CHAIN("output priority 0"), NO_CHAIN);
	seen_between(CHAIN("input priority -225"), NO_CHAIN);
}

#define CLASSIFIER do {							\
	ASSERT_EQ(0, shell("tc qdisc add dev lo clsact"));		\
	ASSERT_EQ(0, shell("tc filter add dev lo egress matchall action pass")); \
} while (0)

TEST_F(direct, device_sees_segments)
{
	if (shell("tc qdisc add dev lo root pfifo 2>/dev/null"))
		SKIP_TEST("no tc");
	shell("tc qdisc del dev lo root");
	seen_between(ASSERT_EQ(0, shell("tc qdisc add dev lo root pfifo")),
		     ASSERT_EQ(0, shell("tc qdisc del dev lo root")));
	if (shell("tc qdisc add dev lo clsact 2>/dev/null"))
		SKIP_TEST("no clsact");
	shell("tc qdisc del dev lo clsact");
	seen_between(CLASSIFIER, ASSERT_EQ(0, shell("tc qdisc del dev lo clsact")));
}

TEST_F(direct, policy_sees_segments)
{
	const char *add = "ip xfrm policy add src 192.0.2.1 dst 192.0.2.2 dir out";

	seen_between(ASSERT_EQ(0, shell("%s", add)),
		     ASSERT_EQ(0, shell("ip xfrm policy flush")));
}

TEST_F(direct, socket_filter_sees_segments)
{
	struct sock_filter all[] = { { 0x06, 0, 0, 0xffffffff } };
	struct sock_fprog prog = { 1, all };

	seen_between(ASSERT_EQ(0, setsockopt(self->s, SOL_SOCKET, SO_ATTACH_FILTER, &prog,
					     sizeof(prog))),
		     ASSERT_EQ(0, set_int(self->s, SOL_SOCKET, SO_DETACH_FILTER, 0)));
}

TEST_F(direct, receiver_that_asks_for_headers_gets_segments)
{
	int level = net == V4 ? SOL_IP : SOL_IPV6;
	int name = net == V4 ? IP_MINTTL : IPV6_MINHOPCOUNT;

	seen_between(ASSERT_EQ(0, set_int(self->s, level, name, 1)),
		     ASSERT_EQ(0, set_int(self->s, level, name, 0)));
	passes(1, true);
	ASSERT_EQ(0, set_int(self->s, SOL_SOCKET, SO_TIMESTAMP, 1));
	passes(1, false);
}

/* The engine learns of a rate by the next segment, and so of its end. */
TEST_F(direct, paced_sender_takes_segments)
{
	passes(1, true);
	ASSERT_EQ(0, set_int(self->c, SOL_SOCKET, SO_MAX_PACING_RATE, 100000000));
	passes(100, false);
	ASSERT_EQ(0, set_int(self->c, SOL_SOCKET, SO_MAX_PACING_RATE, -1));
	passes(100, false);
	passes(100, true);
}

/* The queue of the receiver fills, the writer stops, and the reader fetches the rest. */
TEST_F(direct, full_receiver_stops_the_writer)
{
	size_t total = 0;
	long was;
	ssize_t n;

	nonblocking(self->c);
	while ((n = send_pat(self->c, total, 50000)) > 0)
		total += n;
	ASSERT_EQ(0, poll_now(self->c, POLLOUT));
	ASSERT_GT(total, 100000);
	was = xtcp_count("Handovers");
	ASSERT_EQ((ssize_t)total, recv_pat(self->s, 0, total));
	ASSERT_LT(was, xtcp_count("Handovers"));
	ASSERT_EQ(POLLOUT, poll_now(self->c, POLLOUT));
	self->sent = self->got = total;
	passes(100, true);
}

/* Each of them opens a packet socket in mid-stream, or closes it. */
TEST_F(direct, stream_changes_over_at_any_byte)
{
	uint64_t end = virtual_time() ? 3000000 : 300000;
	int tap = -1, i = 0;
	pid_t pid = child();
	int status;

	if (pid == 0)
		_exit(recv_pat(self->s, 0, end) != (ssize_t)end);
	while (self->sent < end) {
		size_t n = 1 + i * 7919 % 60000;

		if (n > end - self->sent)
			n = end - self->sent;
		ASSERT_EQ((ssize_t)n, send_pat(self->c, self->sent, n));
		self->sent += n;
		if (i++ % 3)
			continue;
		if (tap < 0) {
			tap = socket(AF_PACKET, SOCK_RAW, htons(ETH_P_ALL));
		} else {
			close(tap);
			tap = -1;
		}
	}
	ASSERT_EQ(pid, waitpid(pid, &status, 0));
	ASSERT_EQ(0, status);
	ASSERT_LT(self->before, xtcp_count("Handovers"));
	close(tap);
}

/* A writer and a reader at each end: the locks of both sockets are wanted from both sides. */
TEST_F(direct, both_directions_at_once)
{
	uint64_t end = virtual_time() ? 1000000 : 200000, at;
	int *fd = &self->c;
	int i, status;

	for (i = 0; i < 4; i++) {
		pid_t pid = child();

		ASSERT_GE(pid, 0);
		if (pid)
			continue;
		if (i & 2)
			_exit(recv_pat(fd[i & 1], 0, end) != (ssize_t)end);
		for (at = 0; at < end; at += 5000)
			if (send_pat(fd[i & 1], at, 5000) != 5000)
				_exit(1);
		_exit(0);
	}
	for (i = 0; i < 4; i++) {
		ASSERT_LT(0, wait(&status));
		ASSERT_EQ(0, status);
	}
	ASSERT_LT(self->before, xtcp_count("Handovers"));
}

TEST_F(direct, msg_more_holds_bytes_back)
{
	ASSERT_EQ(1, send(self->c, "a", 1, MSG_MORE));
	ASSERT_EQ(0, poll_now(self->s, POLLIN));
	ASSERT_EQ(self->before, xtcp_count("Handovers"));
	ASSERT_EQ(1, send(self->c, "b", 1, 0));
	ASSERT_EQ(POLLIN, poll_now(self->s, POLLIN));
	ASSERT_EQ(self->before + 1, xtcp_count("Handovers"));
}

TEST_F(direct, urgent_data_takes_segments)
{
	char buf[8];

	passes(1, true);
	ASSERT_EQ(1, send(self->c, "u", 1, MSG_OOB));
	polls(self->s, POLLPRI, 0);
	ASSERT_EQ(1, recv(self->s, buf, 1, MSG_OOB));
	ASSERT_EQ('u', buf[0]);
	ASSERT_EQ(1, send(self->c, "b", 1, 0));
	ASSERT_EQ(1, recv(self->s, buf, 8, 0));
	ASSERT_EQ('b', buf[0]);
	self->sent = self->got = 0;
	passes(100, true);
}

/* One direction has ended; the other still passes. Unread bytes at close() reset. */
TEST_F(direct, end_of_stream_and_reset)
{
	char byte;
	int fd;

	passes(10, true);
	ASSERT_EQ(0, shutdown(self->s, SHUT_WR));
	ASSERT_EQ(0, recv(self->c, &byte, 1, 0));
	sleep_ms(50);		/* for the ACK of the FIN */
	passes(1000, true);
	ASSERT_EQ(1, send_pat(self->c, 0, 1));
	fd = self->s;
	self->s = -1;
	close(fd);
	polls(self->c, POLLIN | POLLERR, 0);
	fails(EPIPE, send(self->c, "x", 1, MSG_NOSIGNAL));
}

/* A thread that sleeps in read() is woken, also below MSG_WAITALL. */
TEST_F(direct, sleeping_reader_wakes)
{
	char buf[3];
	int status;
	pid_t pid = child();

	if (pid == 0)
		_exit(recv(self->s, buf, 3, MSG_WAITALL) != 3);
	sleep_ms(50);
	ASSERT_EQ(1, send(self->c, "a", 1, 0));
	sleep_ms(50);
	ASSERT_EQ(2, send(self->c, "bc", 2, 0));
	ASSERT_EQ(pid, waitpid(pid, &status, 0));
	ASSERT_EQ(0, status);
	ASSERT_EQ(self->before + 2, xtcp_count("Handovers"));
}

/* Write @n times 100 bytes and leave them unread. */
#define writes(n) do {							\
	for (int _i = 0; _i < (n); _i++, self->sent += 100)		\
		ASSERT_EQ(100, send_pat(self->c, self->sent, 100));	\
} while (0)

static long received(int fd)
{
	struct tcp_info info = {};
	socklen_t len = sizeof(info);

	return getsockopt(fd, IPPROTO_TCP, TCP_INFO, &info, &len) ? -1 :
	       (long)info.tcpi_bytes_received;
}

/* While the reader has bytes, later ones wait for it, and then all pass together. */
TEST_F(direct, small_writes_wait_for_the_reader)
{
	int n;

	if (!virtual_time())
		SKIP_TEST("the wait may end before the test has written");
	writes(10);
	ASSERT_EQ(self->before + 1, xtcp_count("Handovers"));
	ASSERT_EQ(100, received(self->s));
	ASSERT_EQ(POLLOUT, poll_now(self->c, POLLOUT));
	ASSERT_EQ(30, recv_pat(self->s, 0, 30));
	ASSERT_EQ(1000, received(self->s));
	ASSERT_EQ(self->before + 2, xtcp_count("Handovers"));
	ASSERT_EQ(970, recv_pat(self->s, 30, 970));
	writes(10);
	ASSERT_EQ(0, ioctl(self->s, FIONREAD, &n));
	ASSERT_EQ(1000, n);
	ASSERT_EQ(self->before + 4, xtcp_count("Handovers"));
	writes(400);
	ASSERT_LE(30000, received(self->s));
	ASSERT_EQ(41000, recv_pat(self->s, 1000, 41000));
}

/* They wait no longer than the connection, and not for a reader that does not read. */
TEST_F(direct, writes_that_wait_arrive)
{
	struct epoll_event ev = { .events = EPOLLIN | EPOLLET };
	int ep = epoll_create1(0);
	char byte;

	ASSERT_EQ(0, epoll_ctl(ep, EPOLL_CTL_ADD, self->s, &ev));
	writes(1);
	ASSERT_EQ(1, epoll_wait(ep, &ev, 1, 1000));
	writes(2);
	/* In real time the first may arrive, and tell so, before the second is written. */
	do {
		ASSERT_EQ(1, epoll_wait(ep, &ev, 1, 1000));
	} while (received(self->s) < 300);
	ASSERT_EQ(300, received(self->s));
	writes(3);
	ASSERT_EQ(0, shutdown(self->c, SHUT_WR));
	ASSERT_EQ(600, recv_pat(self->s, 0, 600));
	ASSERT_EQ(0, recv(self->s, &byte, 1, 0));
	close(ep);
}

/* A packet socket that opens while bytes wait sees them. */
TEST_F(direct, writes_that_wait_are_seen)
{
	int tap;

	if (!virtual_time())
		SKIP_TEST("the wait may end before the packet socket is there");
	writes(2);
	tap = socket(AF_PACKET, SOCK_RAW, htons(ETH_P_ALL));
	ASSERT_GE(tap, 0);
	ASSERT_EQ(200, recv_pat(self->s, 0, 200));
	polls(tap, POLLIN, 0);
	ASSERT_EQ(self->before + 1, xtcp_count("Handovers"));
	close(tap);
}

/* A reader that leaves the bytes in the queue gets more at once. */
TEST_F(direct, peeking_reader_gets_all)
{
	char buf[400];
	int status;
	pid_t pid;

	writes(3);
	ASSERT_EQ(300, recv(self->s, buf, 400, MSG_PEEK));
	pid = child();
	if (pid == 0)
		_exit(recv(self->s, buf, 400, MSG_PEEK | MSG_WAITALL) != 400);
	sleep_ms(50);
	writes(1);
	/* In real time the child may not be there yet. */
	if (virtual_time())
		ASSERT_EQ(400, received(self->s));
	ASSERT_EQ(pid, waitpid(pid, &status, 0));
	ASSERT_EQ(0, status);
	ASSERT_EQ(400, recv_pat(self->s, 0, 400));
}

TEST_HARNESS_MAIN
