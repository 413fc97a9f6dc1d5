// SPDX-License-Identifier: GPL-2.0
/*
 * The host's own tools (trace points, ss, netstat) must show the same for XTCP as
 * for the kernel's TCP.
 */
#include <sys/mount.h>

#include "sock_test.h"

#define TRACEFS	"/sys/kernel/tracing/"

static char text[1 << 16];

static struct sockaddr_in here(uint16_t port)
{
	struct sockaddr_in sin = {
		.sin_family = AF_INET,
		.sin_port = htons(port),
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK),
	};

	return sin;
}

static int put(const char *path, const char *val)
{
	int fd = open(path, O_WRONLY | O_TRUNC);
	int err = fd < 0 || write(fd, val, strlen(val)) < 0;

	close(fd);
	return err;
}

static const char *slurp(FILE *f)
{
	size_t n = f ? fread(text, 1, sizeof(text) - 1, f) : 0;

	text[n] = 0;
	return text;
}

static const char * const events[] = {
	"tcp/tcp_send_reset", "tcp/tcp_bad_csum", "sock/inet_sock_set_state", "skb/kfree_skb",
};

/* Turn the trace points on or off. False if the kernel has none. */
static bool watch(bool on)
{
	char path[128];

	mount("tracefs", TRACEFS, "tracefs", 0, NULL);
	for (size_t i = 0; i < ARRAY_SIZE(events); i++) {
		snprintf(path, sizeof(path), TRACEFS "events/%s/enable", events[i]);
		if (put(path, on ? "1" : "0"))
			return false;
	}
	return !on || !put(TRACEFS "trace", "");
}

static const char *seen(void)
{
	FILE *f = fopen(TRACEFS "trace", "r");

	slurp(f);
	fclose(f);
	return text;
}

/* Does one line contain all of these words? */
static bool line_has(const char *all, const char *a, const char *b, const char *c)
{
	static char line[1024];
	const char *end;

	for (; *all; all = *end ? end + 1 : end) {
		end = strchrnul(all, '\n');
		snprintf(line, sizeof(line), "%.*s", (int)(end - all), all);
		if (strstr(line, a) && strstr(line, b) && strstr(line, c))
			return true;
	}
	return false;
}

/* Send a segment with a wrong checksum to @port. */
static void bad_sum(uint16_t port)
{
	uint16_t tcp[10] = { htons(1), htons(port), 0, 0, 0, 0, htons(0x5002), 0, 0x1234, 0 };
	struct sockaddr_in to = here(port);
	int raw = socket(AF_INET, SOCK_RAW, IPPROTO_TCP);

	sendto(raw, tcp, sizeof(tcp), 0, SA(to), sizeof(to));
	close(raw);
}

TEST_F(one, tracepoints_tell_of_connection)
{
	char sport[32], dport[32], dest[32];
	int fd[2], lfd;

	if (variant->net != V4)
		SKIP_TEST("of IPv4");
	if (!watch(true))
		SKIP_TEST("no trace points here");
	ASSERT_EQ(0, st_pair(variant->st, variant->st, fd));
	snprintf(sport, sizeof(sport), "sport=%d ", sock_port(fd[0]));
	snprintf(dport, sizeof(dport), "dport=%d ", sock_port(fd[0]));
	snprintf(dest, sizeof(dest), ":%d state=TCP_", sock_port(fd[0]));
	ASSERT_EQ(1, send(fd[0], "x", 1, 0));
	/* Closing with unread data sends a RST. */
	close(fd[1]);
	lfd = st_listen(variant->st, 0, 1);
	bad_sum(sock_port(lfd));
	sleep_ms(20);
	watch(false);
	seen();
	/* The kernel's TCP has no port yet when it enters SYN-SENT. */
	EXPECT_TRUE(line_has(text, "inet_sock_set_state", "newstate=TCP_SYN_SENT", ""));
	EXPECT_TRUE(line_has(text, "inet_sock_set_state", sport,
			     "oldstate=TCP_SYN_SENT newstate=TCP_ESTABLISHED"));
	EXPECT_TRUE(line_has(text, "inet_sock_set_state", sport,
			     "oldstate=TCP_ESTABLISHED newstate=TCP_CLOSE"));
	/* Since 6.10 the port follows the address, as dest=ADDRESS:PORT. */
	EXPECT_TRUE(line_has(text, "tcp_send_reset", dport, "state=TCP_") ||
		    line_has(text, "tcp_send_reset", " dest=", dest));
	/* The kernel's TCP gives no drop reason for a RST that it accepts. */
	EXPECT_EQ(variant->st == XTCP, line_has(text, "kfree_skb", "reason: TCP_RESET", ""));
	EXPECT_TRUE(line_has(text, "kfree_skb", "reason: TCP_CSUM", ""));
	EXPECT_TRUE(line_has(text, "tcp_bad_csum", "", ""));
	close(fd[0]);
	close(lfd);
}

/* Sockets in different states, with the same ports for both TCPs. */
static void scene(struct __test_metadata *_metadata, enum stack st, int *fd)
{
	struct sockaddr_in me, to = here(5000);

	fd[0] = st_listen(st, 5000, 7);
	ASSERT_GE(fd[0], 0);
	for (int i = 0; i < 2; i++) {
		me = here(5555 + i);
		fd[1 + 2 * i] = stack_socket(st, 0);
		set_int(fd[1 + 2 * i], SOL_SOCKET, SO_REUSEADDR, 1);
		ASSERT_EQ(0, bind(fd[1 + 2 * i], SA(me), sizeof(me)));
		ASSERT_EQ(0, connect(fd[1 + 2 * i], SA(to), sizeof(to)));
		fd[2 + 2 * i] = accept(fd[0], NULL, NULL);
		ASSERT_GE(fd[2 + 2 * i], 0);
	}
	/* A connection with unread data, and one in TIME-WAIT. */
	ASSERT_EQ(100, send_pat(fd[1], 0, 100));
	close(fd[3]);
	sleep_ms(10);
	close(fd[4]);
	fd[3] = -1;
	fd[4] = -1;
	sleep_ms(100);
}

/* Compare what a command prints of that scene, each TCP in a namespace of its own. */
static void compare(struct __test_metadata *_metadata, const char *const cmd[2],
		    const char *has)
{
	static char first[sizeof(text)];
	int fd[5];

	for (int st = KERNEL; st <= XTCP; st++) {
		FILE *f;

		ASSERT_EQ(0, ns_new());
		scene(_metadata, st, fd);
		f = popen(cmd[st], "r");
		slurp(f);
		pclose(f);
		for (int i = 0; i < 5; i++)
			close(fd[i]);
		if (st == KERNEL)
			strcpy(first, text);
	}
	ASSERT_TRUE(!!strstr(first, has));
	ASSERT_STREQ(first, text);
}

#define TIMERS(table)								\
	"PROC_NET_TCP=" table " ss -Htanoe state listening state established | "	\
	"sed 's/ ino:[0-9]*//; s/ sk:[^ ]*//; s/<->//' | tr -s ' ' | sed 's, $,,' | sort"

TEST(ss_shows_connection)
{
	static const char * const all[2] = {
		"PROC_NET_TCP=/proc/net/tcp ss -Htan | tr -s ' ' | sed 's, $,,' | sort",
		"PROC_NET_TCP=/proc/net/xtcp ss -Htan | tr -s ' ' | sed 's, $,,' | sort",
	};
	static const char * const timers[2] = {
		TIMERS("/proc/net/tcp"),
		TIMERS("/proc/net/xtcp"),
	};

	need_stack(XTCP);
	if (system("ss -V >/dev/null 2>&1"))
		SKIP_TEST("no ss");
	compare(_metadata, all, "TIME-WAIT");
	compare(_metadata, timers, "127.0.0.1:5555");
}

/*
 * netstat reads only the kernel's table, over which nothing can be mounted, so it gets
 * a copy of ours in a /proc of its own.
 */
#define NETSTAT(mine, theirs, args)						\
	"unshare -m sh -c 't=$(cat /proc/net/" mine ") && mount -t tmpfs t /proc &&"	\
	" mkdir /proc/net && echo \"$t\" >/proc/net/" theirs " && exec netstat " args	\
	"' | grep -v ^Active | sort"

TEST(netstat_shows_connection)
{
	static const char * const connections[2] = {
		NETSTAT("tcp", "tcp", "-tn4"),
		NETSTAT("xtcp", "tcp", "-tn4"),
	};
	static const char * const all[2] = {
		NETSTAT("tcp", "tcp", "-tan4"),
		NETSTAT("xtcp", "tcp", "-tan4"),
	};
	static const char * const counters[2] = {
		NETSTAT("snmp", "snmp", "-st") " | grep connection.openings",
		NETSTAT("xtcp_stat", "snmp", "-st") " | grep connection.openings",
	};

	need_stack(XTCP);
	if (system("netstat -V >/dev/null 2>&1"))
		SKIP_TEST("no netstat");
	compare(_metadata, connections, "127.0.0.1:5555");
	compare(_metadata, all, "TIME_WAIT");
	compare(_metadata, counters, "2 active connection openings");
}

TEST_HARNESS_MAIN
