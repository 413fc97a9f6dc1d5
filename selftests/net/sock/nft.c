// SPDX-License-Identifier: GPL-2.0
/*
 * The packet filter and connection tracking: rules that drop, reject and count, at
 * either end, before and during a connection. XTCP must react as the kernel's TCP
 * does, because administrators rely on that.
 *
 * Client and server are on one host, so both hooks see the packets of both. Rules
 * select a direction by the server's port, PORT.
 */
#include <arpa/inet.h>
#include <limits.h>
#include <stdio.h>

#include "sock_test.h"

#define PORT	7000
#define USER	1234

/* In real time a rule takes seconds: use only every third of a table. */
#define STRIDE	(virtual_time() ? 1 : 3)

#define nft(...)	ASSERT_EQ(0, shell("nft " __VA_ARGS__))

FIXTURE(filter)
{
	int lfd;
	int c;
	int s;
};

FIXTURE_VARIANT(filter)
{
	enum stack st;
	enum net net;
};

EACH_STACK(filter)

FIXTURE_SETUP(filter)
{
	self->c = -1;
	self->s = -1;
	variant_begins(variant->st, variant->st, variant->net);
	ASSERT_EQ(0, ns_new());
	if (shell("nft 'add table inet t; "
		  "add chain inet t in { type filter hook input priority 0; }; "
		  "add chain inet t out { type filter hook output priority 0; }'"))
		SKIP_TEST("no nftables");
	self->lfd = st_listen(variant->st, PORT, 8);
	ASSERT_GE(self->lfd, 0);
}

FIXTURE_TEARDOWN(filter)
{
	hard_close(self->c);
	hard_close(self->s);
	close(self->lfd);
}

/* Delete all rules and their counters. */
static int no_rules(void)
{
	return shell("nft 'flush table inet t'");
}

/* Packet counter of the only rule of a chain; -1: no such rule. */
static long counted(const char *chain)
{
	char line[256], cmd[128], *p;
	long n = -1;
	FILE *f;

	snprintf(cmd, sizeof(cmd), "nft list chain inet t %s", chain);
	f = popen(cmd, "r");
	if (!f)
		return -1;
	while (fgets(line, sizeof(line), f)) {
		p = strstr(line, "counter packets ");
		if (p)
			n = strtol(p + strlen("counter packets "), NULL, 10);
	}
	pclose(f);
	return n;
}

static int connect_to_port(int fd)
{
	union addr to = local(PORT);

	return connect_to(fd, &to) ? errno : 0;
}

#define connected() do {						\
	self->c = stack_socket(variant->st, 0);				\
	ASSERT_EQ(0, connect_to_port(self->c));				\
	self->s = accept(self->lfd, NULL, NULL);			\
	ASSERT_GE(self->s, 0);						\
} while (0)

/* ---- connect() ---- */

struct verdict {
	const char *chain, *rule;
	int err;
	int ms;			/* longest wait; 0: until SYNs are given up */
};

#define NOW	500
/*
 * The second SYN meets the rule as well. The kernel's TCP always needs that one: its
 * connect() still holds the socket when the ICMP error for the first SYN arrives.
 */
#define SECOND	2500

static const struct verdict verdicts[] = {
	{ "out", "tcp dport 7000 drop", ETIMEDOUT },
	{ "in", "tcp dport 7000 drop", ETIMEDOUT },
	{ "out", "tcp sport 7000 drop", ETIMEDOUT },
	{ "in", "tcp sport 7000 drop", ETIMEDOUT },
	{ "out", "tcp dport 7000 reject with tcp reset", ECONNREFUSED, NOW },
	{ "in", "tcp dport 7000 reject with tcp reset", ECONNREFUSED, NOW },
	{ "out", "tcp dport 7000 reject", ECONNREFUSED, NOW },
	{ "in", "tcp dport 7000 reject", ECONNREFUSED, NOW },
	{ "out", "tcp dport 7000 reject with icmp prot-unreachable", ENOPROTOOPT, NOW },
	{ "in", "tcp dport 7000 reject with icmp prot-unreachable", ENOPROTOOPT, NOW },
	{ "out", "tcp dport 7000 reject with icmp admin-prohibited", EHOSTUNREACH, NOW },
	{ "in", "tcp dport 7000 reject with icmp admin-prohibited", EHOSTUNREACH, NOW },
	{ "out", "tcp dport 7000 reject with icmp host-prohibited", EHOSTUNREACH, NOW },
	{ "in", "tcp dport 7000 reject with icmp net-prohibited", ENETUNREACH, NOW },
	{ "out", "tcp dport 7000 reject with icmp host-unreachable", EHOSTUNREACH, SECOND },
	{ "in", "tcp dport 7000 reject with icmp host-unreachable", EHOSTUNREACH, SECOND },
	{ "out", "tcp dport 7000 reject with icmp net-unreachable", ENETUNREACH, SECOND },
	{ "in", "tcp dport 7000 reject with icmp net-unreachable", ENETUNREACH, SECOND },
	{ "out", "tcp dport 7000 reject with icmpv6 admin-prohibited", EACCES, NOW },
	{ "in", "tcp dport 7000 reject with icmpv6 admin-prohibited", EACCES, NOW },
	{ "out", "tcp dport 7000 reject with icmpv6 policy-fail", EACCES, NOW },
	{ "in", "tcp dport 7000 reject with icmpv6 reject-route", EACCES, NOW },
	{ "out", "tcp dport 7000 reject with icmpv6 addr-unreachable", EHOSTUNREACH, SECOND },
	{ "in", "tcp dport 7000 reject with icmpv6 addr-unreachable", EHOSTUNREACH, SECOND },
	{ "out", "tcp dport 7000 reject with icmpv6 no-route", ENETUNREACH, SECOND },
	{ "in", "tcp dport 7000 reject with icmpv6 no-route", ENETUNREACH, SECOND },
};

/* Rules of an inet table apply to both families, but ICMP names to one of them. */
static bool of_the_other(const char *rule)
{
	return strstr(rule, net == V6 ? "with icmp " : "with icmpv6 ");
}

TEST_F_TIMEOUT(filter, connect_meets_a_rule, 300)
{
	for (size_t i = 0; i < ARRAY_SIZE(verdicts); i += STRIDE) {
		const struct verdict *v = &verdicts[i];
		uint64_t start, took;
		int most = !v->ms ? INT_MAX : variant->st == KERNEL ? SECOND : v->ms;
		int fd, err;

		if (of_the_other(v->rule))
			continue;
		TH_LOG("%s %s", v->chain, v->rule);
		nft("add rule inet t %s %s", v->chain, v->rule);
		fd = stack_socket(variant->st, 0);
		ASSERT_EQ(0, set_int(fd, IPPROTO_TCP, TCP_SYNCNT, 1));
		start = now_ms();
		err = connect_to_port(fd);
		took = now_ms() - start;
		EXPECT_EQ(v->err, err);
		EXPECT_GE(most, took);
		EXPECT_LE(v->ms ? 0 : 1000, took);
		ASSERT_EQ(0, close(fd));
		ASSERT_EQ(0, no_rules());
	}
	/* Nothing is left behind that hinders a connection. */
	connected();
}

/* ---- a connection ---- */

/* Rules that delay a connection: bytes written under one arrive once it is deleted. */
static const char * const passing[][2] = {
	{ "out", "tcp dport 7000 drop" },
	{ "in", "tcp dport 7000 drop" },
	{ "out", "tcp sport 7000 drop" },
	{ "in", "tcp sport 7000 drop" },
	{ "out", "tcp dport 7000 reject" },
	{ "in", "tcp dport 7000 reject" },
	{ "in", "tcp dport 7000 reject with icmp host-unreachable" },
	{ "in", "tcp dport 7000 reject with icmp prot-unreachable" },
	{ "in", "tcp dport 7000 reject with icmpv6 addr-unreachable" },
	{ "in", "tcp dport 7000 reject with icmpv6 admin-prohibited" },
};

TEST_F_TIMEOUT(filter, rule_comes_and_goes, 120)
{
	connected();
	for (size_t i = 0; i < ARRAY_SIZE(passing); i += STRIDE) {
		if (of_the_other(passing[i][1]))
			continue;
		TH_LOG("%s %s", passing[i][0], passing[i][1]);
		nft("add rule inet t %s %s", passing[i][0], passing[i][1]);
		ASSERT_EQ(30000, send_pat(self->c, 0, 30000));
		sleep_ms(700);
		ASSERT_EQ(0, no_rules());
		ASSERT_EQ(30000, recv_pat(self->s, 0, 30000));
		ASSERT_EQ(100, send_pat(self->s, 0, 100));
		ASSERT_EQ(100, recv_pat(self->c, 0, 100));
		/* Clear the soft error that an ICMP message may have set. */
		get_int(self->c, SOL_SOCKET, SO_ERROR);
	}
}

static const char * const fatal[][2] = {
	{ "out", "tcp dport 7000 reject with tcp reset" },
	{ "in", "tcp dport 7000 reject with tcp reset" },
};

TEST_F(filter, reset_ends_a_connection)
{
	for (size_t i = 0; i < ARRAY_SIZE(fatal); i++) {
		char byte;

		TH_LOG("%s %s", fatal[i][0], fatal[i][1]);
		connected();
		nft("add rule inet t %s %s", fatal[i][0], fatal[i][1]);
		ASSERT_EQ(100, send_pat(self->c, 0, 100));
		ASSERT_TRUE(poll_for(self->c, POLLIN, 5000) & POLLERR);
		fails(ECONNRESET, recv(self->c, &byte, 1, 0));
		ASSERT_EQ(0, no_rules());
		hard_close(self->c);
		hard_close(self->s);
		self->c = -1;
		self->s = -1;
	}
}

/* TCP_USER_TIMEOUT ends a connection although rules of this host drop its packets. */
TEST_F_TIMEOUT(filter, user_timeout_ends_although_rules_drop, 120)
{
	static const char * const chains[] = { "out", "in" };

	for (size_t i = 0; i < ARRAY_SIZE(chains); i++) {
		uint64_t start;

		connected();
		ASSERT_EQ(0, set_int(self->c, IPPROTO_TCP, TCP_USER_TIMEOUT, 2000));
		nft("add rule inet t %s tcp dport 7000 drop", chains[i]);
		start = now_ms();
		ASSERT_EQ(100, send_pat(self->c, 0, 100));
		ASSERT_TRUE(poll_for(self->c, POLLIN, 20000) & POLLERR);
		TH_LOG("%s: %d ms", chains[i], (int)(now_ms() - start));
		EXPECT_LE(1900, now_ms() - start);
		EXPECT_EQ(ETIMEDOUT, get_int(self->c, SOL_SOCKET, SO_ERROR));
		ASSERT_EQ(0, no_rules());
		hard_close(self->c);
		hard_close(self->s);
		self->c = -1;
		self->s = -1;
	}
}

/*
 * ---- owners of packets ----
 *
 * A received packet has no socket until XTCP finds one, so rules at the input hook
 * by user or socket match none of XTCP's packets.
 */

/*
 * Every packet that a connection sends until its socket is closed belongs to a socket,
 * and so to its user: SYN and SYN-ACK, data, ACKs, FIN.
 */
TEST_F(filter, packets_have_an_owner)
{
	int lfd, status;
	pid_t pid;
	long all, known;

	close(self->lfd);
	self->lfd = -1;
	nft("add rule inet t out tcp dport 7000 counter");
	nft("'add chain inet t out2 { type filter hook output priority 1; };"
	    " add rule inet t out2 tcp dport 7000 meta skuid %d counter;"
	    " add chain inet t syn { type filter hook output priority 2; };"
	    " add rule inet t syn tcp sport 7000 counter;"
	    " add chain inet t syn2 { type filter hook output priority 3; };"
	    " add rule inet t syn2 tcp sport 7000 meta skuid %d counter'", USER, USER);
	pid = child();
	ASSERT_GE(pid, 0);
	if (!pid) {
		if (setuid(USER))
			_exit(1);
		lfd = st_listen(variant->st, PORT, 8);
		self->c = stack_socket(variant->st, 0);
		if (connect_to_port(self->c))
			_exit(2);
		self->s = accept(lfd, NULL, NULL);
		if (send_pat(self->c, 0, 5000) != 5000 ||
		    recv_pat(self->s, 0, 5000) != 5000 ||
		    send_pat(self->s, 0, 5000) != 5000 ||
		    recv_pat(self->c, 0, 5000) != 5000)
			_exit(3);
		shutdown(self->c, SHUT_WR);
		recv_pat(self->s, 0, 1);
		raise(SIGSTOP);
		_exit(0);
	}
	ASSERT_EQ(pid, waitpid(pid, &status, WUNTRACED));
	ASSERT_TRUE(WIFSTOPPED(status));
	/* Let delayed ACKs leave, so that nothing is sent between the two readings. */
	sleep_ms(500);
	all = counted("out");
	known = counted("out2");
	EXPECT_LE(3, all);
	EXPECT_EQ(all, known);
	all = counted("syn");
	known = counted("syn2");
	EXPECT_LE(3, all);
	EXPECT_EQ(all, known);
	kill(pid, SIGKILL);
	waitpid(pid, &status, 0);
}

/* Servers work behind a rule that lets out only packets of a user. */
TEST_F_TIMEOUT(filter, only_packets_of_users, 120)
{
	nft("add rule inet t out tcp sport 7000 meta skuid 0 accept");
	nft("add rule inet t out tcp sport 7000 drop");
	connected();
	ASSERT_EQ(100, send_pat(self->s, 0, 100));
	ASSERT_EQ(100, recv_pat(self->c, 0, 100));
}

/* ---- connection tracking ---- */

#define tracked() do {							\
	nft("add rule inet t in ct state invalid counter");		\
	nft("add rule inet t out ct state invalid counter");		\
} while (0)

/* Does conntrack list the connection in the TCP state @want? */
static bool ct_state(const char *want)
{
	char line[512], *dst;
	bool found = false;
	FILE *f;

	f = fopen("/proc/net/nf_conntrack", "r");
	if (!f)
		return false;
	while (fgets(line, sizeof(line), f)) {
		dst = strstr(line, "dport=7000");
		if (dst && strstr(line, want))
			found = true;
	}
	fclose(f);
	return found;
}

#define ct_is(what) \
	EXPECT_TRUE(access("/proc/net/nf_conntrack", R_OK) || ct_state(what))

#define none_invalid() do {						\
	EXPECT_EQ(0, counted("in"));					\
	EXPECT_EQ(0, counted("out"));					\
} while (0)

TEST_F(filter, conntrack_follows_a_close)
{
	tracked();
	connected();
	ct_is("ESTABLISHED");
	for (int i = 0; i < 5; i++) {
		ASSERT_EQ(100000, send_pat(self->c, 0, 100000));
		ASSERT_EQ(100000, recv_pat(self->s, 0, 100000));
	}
	shutdown(self->c, SHUT_WR);
	ASSERT_EQ(0, recv_pat(self->s, 0, 1));
	sleep_ms(100);
	/* TIME_WAIT if the FIN was retransmitted because its ACK was slow. */
	EXPECT_TRUE(access("/proc/net/nf_conntrack", R_OK) || ct_state("CLOSE_WAIT") ||
		    ct_state("TIME_WAIT"));
	ASSERT_EQ(1000, send_pat(self->s, 0, 1000));
	ASSERT_EQ(1000, recv_pat(self->c, 0, 1000));
	close(self->s);
	self->s = -1;
	ASSERT_EQ(0, recv_pat(self->c, 0, 1));
	sleep_ms(100);
	ct_is("TIME_WAIT");
	none_invalid();
}

TEST_F(filter, conntrack_follows_a_reset)
{
	tracked();
	connected();
	ASSERT_EQ(1000, send_pat(self->c, 0, 1000));
	ASSERT_EQ(1000, recv_pat(self->s, 0, 1000));
	hard_close(self->c);
	self->c = -1;
	sleep_ms(100);
	ct_is("CLOSE");
	none_invalid();
}

/* A firewall that lets only NEW and ESTABLISHED packets through drops none of ours. */
TEST_F_TIMEOUT(filter, stateful_firewall_drops_none_of_ours, 60)
{
	nft("add rule inet t in ct state established,related accept");
	nft("add rule inet t in tcp dport 7000 'tcp flags & (syn|ack) == syn' ct state new accept");
	nft("add rule inet t in counter drop");
	for (int i = 0; i < 20; i++) {
		connected();
		ASSERT_EQ(20000, send_pat(self->c, 0, 20000));
		ASSERT_EQ(20000, recv_pat(self->s, 0, 20000));
		/* The two ends take turns at closing first. */
		close(i & 1 ? self->c : self->s);
		sleep_ms(5);
		close(i & 1 ? self->s : self->c);
	}
	self->c = -1;
	self->s = -1;
	sleep_ms(300);
	EXPECT_EQ(0, counted("in"));
}

/* A rule redirects another port to the server; SO_ORIGINAL_DST returns that port. */
TEST_F_TIMEOUT(filter, original_dst_is_the_redirected_port, 120)
{
	union addr to = local(PORT + 1);
	int level = net == V6 ? SOL_IPV6 : SOL_IP;
	union addr orig = {};
	socklen_t len = sizeof(orig);

	nft("'add chain inet t nat { type nat hook output priority -100; };"
	    " add rule inet t nat tcp dport 7001 redirect to :7000'");
	self->c = stack_socket(variant->st, 0);
	ASSERT_EQ(0, connect_to(self->c, &to));
	self->s = accept(self->lfd, NULL, NULL);
	ASSERT_EQ(50000, send_pat(self->c, 0, 50000));
	ASSERT_EQ(50000, recv_pat(self->s, 0, 50000));
	ASSERT_EQ(0, getpeername(self->c, &orig.sa, &len));
	EXPECT_EQ(PORT + 1, ntohs(orig.in.sin_port));
	memset(&orig, 0, sizeof(orig));
	ASSERT_EQ(0, getsockopt(self->s, level, 80 /* SO_ORIGINAL_DST */, &orig, &len));
	EXPECT_EQ(0, memcmp(&to, &orig, addr_len(&to)));
	/* A socket without a connection has no original destination. */
	len = sizeof(orig);
	fails(ENOENT, getsockopt(self->lfd, level, 80, &orig, &len));
	len = 4;
	fails(EINVAL, getsockopt(self->s, level, 80, &orig, &len));
}

/*
 * A packet to which a tproxy rule has assigned a socket goes to that socket, not to a
 * listener on its destination.
 */
TEST_F(filter, tproxy_chooses_the_socket)
{
	const char *family = net == V6 ? "ip6" : "ip";
	union addr to;
	int lfd, any;

	/* A listener on the wildcard address, beside that of the fixture on an address. */
	any = st_bind(variant->st, ANY, PORT + 1);
	ASSERT_GE(any, 0);
	ASSERT_EQ(0, listen(any, 8));
	lfd = stack_socket(KERNEL, 0);
	to = host(LOOPBACK, PORT + 2);
	ASSERT_EQ(0, net == V6 ? set_int(lfd, SOL_IPV6, IPV6_TRANSPARENT, 1) :
				 set_int(lfd, SOL_IP, IP_TRANSPARENT, 1));
	ASSERT_EQ(0, bind_to(lfd, &to));
	ASSERT_EQ(0, listen(lfd, 8));
	nft("'add chain inet t pre { type filter hook prerouting priority -150; }; "
	    "add rule inet t pre tcp dport { %d, %d } tproxy %s to :%d'",
	    PORT, PORT + 1, family, PORT + 2);
	for (int i = 0; i < 2; i++) {
		self->c = stack_socket(variant->st, 0);
		to = host(LOOPBACK, PORT + i);
		ASSERT_EQ(0, connect_to(self->c, &to));
		ASSERT_EQ(POLLIN, poll_for(lfd, POLLIN, 1000));
		self->s = accept(lfd, NULL, NULL);
		ASSERT_EQ(PORT + i, sock_port(self->s));
		ASSERT_EQ(30000, send_pat(self->c, 0, 30000));
		ASSERT_EQ(30000, recv_pat(self->s, 0, 30000));
		ASSERT_EQ(100, send_pat(self->s, 0, 100));
		ASSERT_EQ(100, recv_pat(self->c, 0, 100));
		hard_close(self->c);
		hard_close(self->s);
		self->c = self->s = -1;
	}
	close(lfd);
	close(any);
}

TEST_HARNESS_MAIN
