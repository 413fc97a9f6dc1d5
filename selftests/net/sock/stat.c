// SPDX-License-Identifier: GPL-2.0
/*
 * /proc/net/xtcp_stat: the format of the file, what it counts, and that each
 * namespace has its own. The kernel's files are tested as well: what holds for them
 * must hold for ours.
 */
#include "sock_test.h"

#define FIELDS 512

struct counters {
	int n;
	char name[FIELDS][40];
	long long value[FIELDS];
};

/* Append the counters of a file of line pairs (names, values); false: wrong format. */
static bool stat_file(struct counters *st, const char *path)
{
	static char names[16384], values[16384];
	char *n, *v, *name, *value, *head;
	FILE *f = fopen(path, "r");
	bool ok = f;

	while (f && fgets(names, sizeof(names), f)) {
		if (!fgets(values, sizeof(values), f))
			ok = false;
		head = strtok_r(names, "\n ", &n);
		value = strtok_r(values, "\n ", &v);
		if (!head || !value || strcmp(head, value))
			ok = false;
		for (;;) {
			name = strtok_r(NULL, "\n ", &n);
			value = strtok_r(NULL, "\n ", &v);
			if (!name || !value || st->n == FIELDS)
				break;
			snprintf(st->name[st->n], sizeof(st->name[0]), "%.*s.%s",
				 (int)strlen(head) - 1, head, name);
			st->value[st->n++] = strtoll(value, NULL, 10);
		}
		if (name || value)
			ok = false;
	}
	if (f)
		fclose(f);
	return ok;
}

static bool stat_read(struct counters *st, enum stack stack)
{
	st->n = 0;
	if (stack == XTCP)
		return stat_file(st, "/proc/net/xtcp_stat");
	return stat_file(st, "/proc/net/snmp") && stat_file(st, "/proc/net/netstat");
}

static long long stat_of(const struct counters *st, const char *name)
{
	for (int i = 0; i < st->n; i++)
		if (!strcmp(st->name[i], name))
			return st->value[i];
	return -1;
}

#define grew(name) (stat_of(&after, name) - stat_of(&before, name))

/* Both ends of the connection use the same TCP, so both are counted. */
TEST_F(one, both_ends_are_counted)
{
	struct linger hard = { .l_onoff = 1 };
	static struct counters before, after;
	int fd[2], out;

	ASSERT_TRUE(stat_read(&before, variant->st));
	ASSERT_EQ(0, stat_of(&before, "Tcp.CurrEstab"));
	ASSERT_EQ(0, st_pair(variant->st, variant->st, fd));
	ASSERT_TRUE(stat_read(&after, variant->st));
	ASSERT_EQ(1, grew("Tcp.ActiveOpens"));
	ASSERT_EQ(1, grew("Tcp.PassiveOpens"));
	ASSERT_EQ(2, stat_of(&after, "Tcp.CurrEstab"));
	ASSERT_EQ(3, grew("Tcp.InSegs"));
	ASSERT_EQ(3, grew("Tcp.OutSegs"));
	ASSERT_EQ(4, stat_of(&after, "Tcp.RtoAlgorithm") + 3 * (variant->st == KERNEL));

	before = after;
	ASSERT_EQ(100000, send_pat(fd[0], 0, 100000));
	ASSERT_EQ(100000, recv_pat(fd[1], 0, 100000));
	ASSERT_TRUE(stat_read(&after, variant->st));
	out = grew("Tcp.OutSegs");
	ASSERT_GE(out, 4);
	ASSERT_EQ(out, grew("Tcp.InSegs"));
	ASSERT_GE(grew("TcpExt.TCPOrigDataSent"), 2);
	ASSERT_LE(grew("TcpExt.TCPOrigDataSent"), out);
	ASSERT_EQ(0, grew("Tcp.RetransSegs"));

	/* Reset with data unread. */
	before = after;
	ASSERT_EQ(100, send_pat(fd[0], 0, 100));
	close(fd[1]);
	ASSERT_TRUE(stat_read(&after, variant->st));
	ASSERT_EQ(1, grew("TcpExt.TCPAbortOnClose"));
	ASSERT_EQ(1, grew("Tcp.OutRsts"));
	ASSERT_EQ(2, grew("Tcp.EstabResets"));
	ASSERT_EQ(0, stat_of(&after, "Tcp.CurrEstab"));
	setsockopt(fd[0], SOL_SOCKET, SO_LINGER, &hard, sizeof(hard));
	close(fd[0]);

	/* Nobody listens on the port. */
	before = after;
	ASSERT_EQ(-ECONNREFUSED, st_connect(variant->st, 9));
	ASSERT_TRUE(stat_read(&after, variant->st));
	ASSERT_EQ(1, grew("Tcp.ActiveOpens"));
	ASSERT_EQ(1, grew("Tcp.AttemptFails"));
}

/* Another namespace's counters are its own. */
TEST_F(one, namespaces_count_on_their_own)
{
	static struct counters st;
	int fd[2];

	ASSERT_EQ(0, st_pair(variant->st, variant->st, fd));
	close(fd[0]);
	close(fd[1]);
	ASSERT_TRUE(stat_read(&st, variant->st));
	ASSERT_EQ(1, stat_of(&st, "Tcp.ActiveOpens"));
	ASSERT_EQ(0, ns_new());
	ASSERT_TRUE(stat_read(&st, variant->st));
	ASSERT_EQ(0, stat_of(&st, "Tcp.ActiveOpens"));
	ASSERT_EQ(0, stat_of(&st, "Tcp.InSegs"));
}

/* More than 60 of XTCP's Tcp and TcpExt counters have the kernel's names; log the rest. */
TEST(counters_have_the_kernels_names)
{
	static struct counters ours, theirs;
	int known = 0;

	need_stack(XTCP);
	ASSERT_EQ(0, ns_new());
	ASSERT_TRUE(stat_read(&ours, XTCP));
	ASSERT_TRUE(stat_read(&theirs, KERNEL));
	for (int i = 0; i < ours.n; i++) {
		if (strncmp(ours.name[i], "Tcp", 3))
			continue;
		if (stat_of(&theirs, ours.name[i]) != -1 ||
		    !strcmp(ours.name[i], "Tcp.MaxConn"))
			known++;
		else
			TH_LOG("the kernel has no %s", ours.name[i]);
	}
	ASSERT_GT(known, 60);
}

TEST_HARNESS_MAIN
