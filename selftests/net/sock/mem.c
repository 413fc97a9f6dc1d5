// SPDX-License-Identifier: GPL-2.0
/*
 * Memory of all sockets: the thresholds of tcp_mem and xtcp/mem, and control groups.
 * The limits apply to the whole machine, not to a namespace, so this test runs alone
 * (run-vm).
 */
#include <sys/stat.h>

#include "sock_test.h"

#define MB		(1 << 20)
#define HELD		MEM_HELD
#define ROOT_GROUP	"/sys/fs/cgroup"
#define GROUP		ROOT_GROUP "/xtcp-test"

FIXTURE(mem)
{
	struct mem_limits limits;
	int hold[2];	/* a connection with HELD bytes in its send buffer, or -1 */
	int fd[2];	/* another */
	bool grouped;
};

FIXTURE_VARIANT(mem)
{
	enum stack st;
};

FIXTURE_VARIANT_ADD(mem, kernel) { KERNEL };
FIXTURE_VARIANT_ADD(mem, xtcp) { XTCP };

FIXTURE_SETUP(mem)
{
	variant_begins(variant->st, variant->st, V4);
	self->hold[0] = self->hold[1] = self->fd[0] = self->fd[1] = -1;
	ASSERT_EQ(0, mem_limits_get(&self->limits, variant->st));
	ASSERT_EQ(0, ns_new());
}

FIXTURE_TEARDOWN(mem)
{
	struct linger hard = { .l_onoff = 1 };
	int *fd[] = { &self->hold[0], &self->hold[1], &self->fd[0], &self->fd[1] };

	mem_limits_put(&self->limits);
	for (size_t i = 0; i < ARRAY_SIZE(fd); i++) {
		if (*fd[i] < 0)
			continue;
		setsockopt(*fd[i], SOL_SOCKET, SO_LINGER, &hard, sizeof(hard));
		close(*fd[i]);
	}
	if (self->grouped) {
		file_put(ROOT_GROUP "/cgroup.procs", "0");
		rmdir(GROUP);
	}
}

#define limits(text)	ASSERT_EQ(0, mem_limits_set(&self->limits, (text)))
#define count(name)	stack_count(variant->st, (name))

#define holds()	ASSERT_LT(HELD / 2, mem_hold(variant->st, self->hold))

#define pairs() ASSERT_EQ(0, st_pair(variant->st, variant->st, self->fd))

/* Send and read @n bytes: more than the minimum that every buffer may hold. */
#define moves(n) do {							\
	for (int _i = 0; _i < (n); _i += 4000) {			\
		ASSERT_EQ(4000, send_pat(self->fd[0], _i, 4000));	\
		ASSERT_EQ(4000, recv_pat(self->fd[1], _i, 4000));	\
	}								\
} while (0)

TEST_F(mem, pressure_is_counted)
{
	long before = count("TCPMemoryPressures"), ms = count("TCPMemoryPressuresChrono");

	ASSERT_LE(0, before);
	holds();
	ASSERT_EQ(before, count("TCPMemoryPressures"));
	limits("1 2 100000");
	pairs();
	moves(20000);
	ASSERT_EQ(before + 1, count("TCPMemoryPressures"));
	sleep_ms(100);
	ASSERT_EQ(ms, count("TCPMemoryPressuresChrono"));
	limits("10000 20000 30000");
	moves(20000);
	ASSERT_LE(ms + 90, count("TCPMemoryPressuresChrono"));
	ASSERT_EQ(before + 1, count("TCPMemoryPressures"));
}

/* Above the last threshold buffers shrink to their minimum; transfers still go on. */
TEST_F_TIMEOUT(mem, nothing_stands_still, 300)
{
	static char buf[4096];
	size_t got = 0;
	pid_t pid;
	int status;

	holds();
	pairs();
	limits("1 2 3");
	pid = child();
	if (!pid)
		_exit(send_pat(self->fd[0], 0, 200000) != 200000);
	while (got < 200000) {
		ssize_t n = recv(self->fd[1], buf, sizeof(buf), 0);

		ASSERT_LT(0, n);
		ASSERT_EQ(-1, pat_check(buf, got, n));
		got += n;
	}
	ASSERT_EQ(pid, waitpid(pid, &status, 0));
	ASSERT_EQ(0, status);
}

/* Above the last threshold a non-blocking send() returns EAGAIN early. */
TEST_F(mem, nonblocking_send_is_refused_when_memory_is_out)
{
	int wrote, sndbuf;

	holds();
	pairs();
	sndbuf = get_int(self->fd[0], SOL_SOCKET, SO_SNDBUF);
	limits("1 2 3");
	nonblocking(self->fd[0]);
	ASSERT_EQ(0, set_int(self->fd[0], IPPROTO_TCP, TCP_NODELAY, 1));
	wrote = send_pat(self->fd[0], 0, MB);
	ASSERT_GE(wrote, 1000);
	ASSERT_LE(wrote, 100000);
	ASSERT_EQ(EAGAIN, errno);
	ASSERT_LT(get_int(self->fd[0], SOL_SOCKET, SO_SNDBUF), sndbuf);
	/* Every byte that was accepted arrives once there is memory. */
	mem_limits_put(&self->limits);
	ASSERT_EQ(wrote, recv_pat(self->fd[1], 0, wrote));
}

TEST_F(mem, buffers_do_not_grow)
{
	int before[2], now[2];

	holds();
	pairs();
	limits("1 2 100000");
	before[0] = get_int(self->fd[0], SOL_SOCKET, SO_SNDBUF);
	before[1] = get_int(self->fd[1], SOL_SOCKET, SO_RCVBUF);
	moves(800000);
	now[0] = get_int(self->fd[0], SOL_SOCKET, SO_SNDBUF);
	now[1] = get_int(self->fd[1], SOL_SOCKET, SO_RCVBUF);
	ASSERT_LE(now[0], before[0]);
	if (variant->st == XTCP)	/* the kernel's grows with what is read */
		ASSERT_LE(now[1], before[1]);
}

/* Above the last threshold a socket that is closed with unsent data is reset. */
TEST_F(mem, orphan_is_reset_when_memory_is_out)
{
	long before = count("TCPAbortOnMemory");
	char buf[4096];

	holds();
	limits("1 2 3");
	close(self->hold[0]);
	self->hold[0] = -1;
	ASSERT_EQ(before + 1, count("TCPAbortOnMemory"));
	mem_limits_put(&self->limits);
	while (recv(self->hold[1], buf, sizeof(buf), 0) > 0)
		;
	ASSERT_EQ(ECONNRESET, errno);
}

/* ---- control groups ---- */

#define need_group() do {						\
	if (access(ROOT_GROUP "/cgroup.subtree_control", W_OK) ||	\
	    file_put(ROOT_GROUP "/cgroup.subtree_control", "+memory"))	\
		SKIP_TEST("no memory controller here");			\
	rmdir(GROUP);							\
	ASSERT_EQ(0, mkdir(GROUP, 0755));				\
	self->grouped = true;						\
} while (0)

#define group_enter()	ASSERT_EQ(0, file_put(GROUP "/cgroup.procs", "0"))

/* Bytes of socket buffers that are charged to the group. */
static long group_sock(void)
{
	char line[128];
	long n = -1;
	FILE *f;

	sleep_ms(2500);		/* statistics are gathered every two seconds */
	f = fopen(GROUP "/memory.stat", "r");
	while (f && fgets(line, sizeof(line), f))
		if (sscanf(line, "sock %ld", &n) == 1)
			break;
	if (f)
		fclose(f);
	return n;
}

/* Memory is charged to the group that opened the socket, and uncharged when freed. */
TEST_F(mem, group_of_socket)
{
	need_group();
	group_enter();
	holds();
	ASSERT_LE(HELD / 2, group_sock());
	close(self->hold[1]);
	self->hold[1] = -1;
	close(self->hold[0]);
	self->hold[0] = -1;
	ASSERT_GT(MB, group_sock());
}

/* An accepted socket is charged to the group of accept(), with data that came before. */
TEST_F(mem, group_of_accepted)
{
	struct linger hard = { .l_onoff = 1 };
	long before, early, late;
	int lfd;

	need_group();
	lfd = st_listen(variant->st, 0, 5);
	ASSERT_GE(lfd, 0);
	ASSERT_EQ(0, set_int(lfd, SOL_SOCKET, SO_RCVBUFFORCE, HELD));
	self->hold[0] = st_connect(variant->st, sock_port(lfd));
	ASSERT_GE(self->hold[0], 0);
	nonblocking(self->hold[0]);
	ASSERT_LT(100000, send_pat(self->hold[0], 0, 200000));
	sleep_ms(100);
	before = group_sock();
	group_enter();
	self->hold[1] = accept(lfd, NULL, NULL);
	ASSERT_GE(self->hold[1], 0);
	close(lfd);
	early = group_sock();
	ASSERT_LE(before + 100000, early);
	/* Fill its send buffer; the client does not read. */
	ASSERT_EQ(0, set_int(self->hold[1], SOL_SOCKET, SO_SNDBUFFORCE, HELD));
	nonblocking(self->hold[1]);
	ASSERT_LT(HELD / 2, send_pat(self->hold[1], 0, HELD));
	late = group_sock();
	ASSERT_LE(early + HELD / 2, late);
	setsockopt(self->hold[1], SOL_SOCKET, SO_LINGER, &hard, sizeof(hard));
	close(self->hold[1]);
	self->hold[1] = -1;
	ASSERT_GT(MB, group_sock());
}

/* memory.max limits a group's socket memory: a program that exceeds it is killed. */
TEST_F(mem, group_is_full)
{
	int status, fd[2];
	pid_t pid;

	need_group();
	ASSERT_EQ(0, file_put(GROUP "/memory.max", "6M"));
	pid = child();
	if (!pid) {
		if (file_put(GROUP "/cgroup.procs", "0") ||
		    st_pair(variant->st, variant->st, fd) ||
		    set_int(fd[0], SOL_SOCKET, SO_SNDBUFFORCE, 16 * MB))
			_exit(1);
		nonblocking(fd[0]);
		send_pat(fd[0], 0, 16 * MB);
		_exit(2);
	}
	ASSERT_EQ(pid, waitpid(pid, &status, 0));
	ASSERT_TRUE(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL)
		TH_LOG("status %x", status);
}

TEST_HARNESS_MAIN
