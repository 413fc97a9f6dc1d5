// SPDX-License-Identifier: GPL-2.0
/*
 * What a SYN-ACK and an accepted socket take from the SYN: its mark with
 * tcp_fwmark_accept, its TOS or traffic class with tcp_reflect_tos. A packet filter
 * drops every SYN-ACK that does not have the expected value.
 */
#include <stdio.h>

#include "sock_test.h"

#define PORT	7000
#define MARK	7
#define TOS	0x2c		/* DSCP 11 */

/* Ways in which a SYN becomes an accepted socket. */
enum way { DIRECT, REPEATED, COOKIE, FAST, WAYS };

static const char * const way_name[] = {
	"direct", "SYN-ACK repeated", "cookie", "Fast Open"
};

static const struct row {
	bool on;	/* is the sysctl on? */
	int listener;	/* the listener's value */
	int syn;	/* the client's value */
	int child;	/* expected value of SYN-ACK and accepted socket */
} marks[] = {
	{ false, 0, MARK, 0 },
	{ true,  0, MARK, MARK },
	{ true,  0, 0, 0 },
	{ true,  3, MARK, 3 },		/* the listener's own takes precedence */
	{ false, 3, MARK, 3 },
}, tosses[] = {
	{ false, 0, TOS, 0 },
	{ false, 0x10, TOS, 0x10 },
	{ true,  0, TOS, TOS },
	{ true,  0x10, TOS, TOS },
	{ true,  0x10, 0, 0 },
};

static int set_tos(int fd, int tos)
{
	return net == V6 ? set_int(fd, SOL_IPV6, IPV6_TCLASS, tos) :
			   set_int(fd, SOL_IP, IP_TOS, tos);
}

static int get_tos(int fd)
{
	return net == V6 ? get_int(fd, SOL_IPV6, IPV6_TCLASS) : get_int(fd, SOL_IP, IP_TOS);
}

/* Drop the SYN-ACKs that match @what, an nft expression, or all of them if @shut. */
static int filter(const char *what, bool shut)
{
	return shell("nft 'flush chain inet t out;"
		     "add rule inet t out tcp sport %d tcp flags & (syn|ack) == syn|ack %s drop'",
		     PORT, shut ? "" : what);
}

/* Connect @fd by @way; SYN-ACKs that match @must are dropped. The accepted socket or -1. */
static int opened(enum way way, int lfd, int fd, const char *must)
{
	union addr a = local(PORT);

	if (filter(must, way == REPEATED))
		return -1;
	nonblocking(fd);
	if (way == FAST)
		sendto(fd, "x", 1, MSG_FASTOPEN, &a.sa, addr_len(&a));
	else
		connect_to(fd, &a);
	if (way == REPEATED) {
		sleep_ms(300);
		filter(must, false);
	}
	if (!(poll_for(lfd, POLLIN, 20000) & POLLIN) || !(poll_for(fd, POLLOUT, 20000) & POLLOUT))
		return -1;
	return accept(lfd, NULL, NULL);
}

/* Close without TIME-WAIT, so that the next connection can use the port. */
static void ends(int c, int s)
{
	struct linger hard = { .l_onoff = 1 };

	setsockopt(s, SOL_SOCKET, SO_LINGER, &hard, sizeof(hard));
	close(s);
	close(c);
}

static int ways_open(void)
{
	/* 0x607: Fast Open for clients, servers and all listeners, without cookies. */
	return ns_sysctl("ipv4/tcp_fastopen", "1543") ?:
	       shell("nft 'add table inet t;"
		     "add chain inet t out { type filter hook output priority 0; }'");
}

TEST_F_TIMEOUT(one, mark_of_the_syn, 300)
{
	int lfd, c, s;
	char must[64];

	if (ways_open())
		SKIP_TEST("no nftables");
	for (size_t i = 0; i < WAYS * ARRAY_SIZE(marks); i++) {
		const struct row *r = &marks[i / WAYS];

		TH_LOG("%zu, %s", i / WAYS, way_name[i % WAYS]);
		ASSERT_EQ(0, ns_sysctl("ipv4/tcp_fwmark_accept", r->on ? "1" : "0"));
		ASSERT_EQ(0, ns_sysctl("ipv4/tcp_syncookies", i % WAYS == COOKIE ? "2" : "0"));
		lfd = st_listen(variant->st, PORT, 8);
		ASSERT_EQ(0, set_int(lfd, SOL_SOCKET, SO_MARK, r->listener));
		c = stack_socket(KERNEL, 0);
		ASSERT_EQ(0, set_int(c, SOL_SOCKET, SO_MARK, r->syn));
		snprintf(must, sizeof(must), "meta mark != %d", r->child);
		s = opened(i % WAYS, lfd, c, must);
		ASSERT_LE(0, s);
		EXPECT_EQ(r->child, get_int(s, SOL_SOCKET, SO_MARK));
		ends(c, s);
		close(lfd);
	}
}

TEST_F_TIMEOUT(one, tos_of_the_syn, 300)
{
	int lfd, c, s;
	char must[64];

	if (ways_open())
		SKIP_TEST("no nftables");
	for (size_t i = 0; i < WAYS * ARRAY_SIZE(tosses); i++) {
		const struct row *r = &tosses[i / WAYS];

		TH_LOG("%zu, %s", i / WAYS, way_name[i % WAYS]);
		ASSERT_EQ(0, ns_sysctl("ipv4/tcp_reflect_tos", r->on ? "1" : "0"));
		ASSERT_EQ(0, ns_sysctl("ipv4/tcp_syncookies", i % WAYS == COOKIE ? "2" : "0"));
		lfd = st_listen(variant->st, PORT, 8);
		ASSERT_EQ(0, set_tos(lfd, r->listener));
		c = stack_socket(KERNEL, 0);
		ASSERT_EQ(0, set_tos(c, r->syn));
		snprintf(must, sizeof(must), "%s dscp != %d", net == V6 ? "ip6" : "ip",
			 r->child >> 2);
		s = opened(i % WAYS, lfd, c, must);
		ASSERT_LE(0, s);
		EXPECT_EQ(r->child, get_tos(s));
		ends(c, s);
		close(lfd);
	}
}

TEST_HARNESS_MAIN
