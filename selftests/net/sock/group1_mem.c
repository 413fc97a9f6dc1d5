// SPDX-License-Identifier: GPL-2.0
/*
 * Version 1 control groups, which account and limit the memory of TCP sockets
 * separately. The hierarchy belongs to the whole machine, so this test runs alone
 * (run-vm), and before sock/mem, whose groups would hold the memory controller until
 * their last page is freed.
 */
#include <sys/mount.h>
#include <sys/stat.h>

#include "sock_test.h"

#define ROOT	"/tmp/xtcp-v1"
#define GROUP	ROOT "/group"
#define BYTES	(1 << 20)

static long usage(void)
{
	long n = -1;
	FILE *f = fopen(GROUP "/memory.kmem.tcp.usage_in_bytes", "r");

	if (f && fscanf(f, "%ld", &n) != 1)
		n = -1;
	if (f)
		fclose(f);
	return n;
}

static bool group_new(void)
{
	mkdir(ROOT, 0755);
	return !mount("none", ROOT, "cgroup", 0, "memory") && !mkdir(GROUP, 0755) &&
	       !file_put(GROUP "/memory.kmem.tcp.limit_in_bytes", "65536");
}

/* Number of the hierarchy that has the memory controller; 0: that of version 2. */
static int hierarchy(void)
{
	char line[128];
	FILE *f = fopen("/proc/cgroups", "r");
	int n = 0;

	while (f && fgets(line, sizeof(line), f))
		if (sscanf(line, "memory %d", &n) == 1)
			break;
	if (f)
		fclose(f);
	return n;
}

/*
 * Return the controller to version 2, which succeeds once the last page of the group is
 * freed and nothing is mounted.
 */
static void group_end(void)
{
	file_put(GROUP "/memory.force_empty", "0");
	rmdir(GROUP);
	for (int i = 0; i < 20 && hierarchy(); i++) {
		umount(ROOT);
		sleep_ms(500);
		if (hierarchy())
			mount("none", ROOT, "cgroup", 0, "memory");
	}
	umount(ROOT);
	rmdir(ROOT);
}

/* In the group: accept, read, close. @used: the account after accept() and close(). */
static void member(int lfd, long used[2])
{
	int s;

	if (file_put(GROUP "/cgroup.procs", "0"))
		return;
	s = accept(lfd, NULL, NULL);
	used[0] = usage();
	recv_pat(s, 0, BYTES / 2);
	close(s);
	sleep_ms(500);
	used[1] = usage();
}

/* Data that came before accept() is charged to the accepting group despite its limit. */
TEST_F(one, accepted_beyond_the_limit)
{
	union addr sin = local(0);
	long used[2] = { -1, -1 };
	int c, out[2];
	pid_t pid;

	IPV4_ONLY("one is enough");
	if (!group_new()) {
		group_end();
		SKIP_TEST("no such group here");
	}
	ASSERT_EQ(0, set_int(self->fd, SOL_SOCKET, SO_RCVBUFFORCE, 4 * BYTES));
	ASSERT_EQ(0, bind_to(self->fd, &sin));
	ASSERT_EQ(0, listen(self->fd, 5));
	c = st_connect(variant->st, sock_port(self->fd));
	ASSERT_GE(c, 0);
	ASSERT_EQ(0, set_int(c, SOL_SOCKET, SO_SNDBUFFORCE, 4 * BYTES));
	nonblocking(c);
	send_pat(c, 0, BYTES);
	sleep_ms(500);
	ASSERT_EQ(0, pipe(out));
	pid = child();
	if (!pid) {
		member(self->fd, used);
		_exit(write(out[1], used, sizeof(used)) != sizeof(used));
	}
	ASSERT_EQ(pid, waitpid(pid, NULL, 0));
	ASSERT_EQ(sizeof(used), read(out[0], used, sizeof(used)));
	close(c);
	group_end();
	ASSERT_LE(BYTES / 4, used[0]);
	ASSERT_EQ(0, used[1]);
}

TEST_HARNESS_MAIN
