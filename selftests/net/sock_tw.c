// SPDX-License-Identifier: GPL-2.0
/*
 * TIME-WAIT records by the hundred thousand: connections over loopback that
 * their server closes first. Each leaves a record, none of them a socket, and
 * all of them end.
 */
#include "sock_test.h"

#define PORTS_EACH	25000	/* connections to one address, below the range of ports */
#define WAIT_MS		30000	/* 2 MSL, so that the first is there when the last comes */

/* One connection to 127.0.0.@host, closed by the server first. 0 or -errno. */
static int leave_one(int lfd, uint16_t port, int host)
{
	struct sockaddr_in sin = {
		.sin_family = AF_INET,
		.sin_port = htons(port),
	};
	int c = stack_socket(XTCP, 0), s, err = 0;
	char byte;

	sin.sin_addr.s_addr = htonl(0x7f000000 + host);
	if (c < 0)
		return -errno;
	if (connect(c, (struct sockaddr *)&sin, sizeof(sin))) {
		err = -errno;
		close(c);
		return err;
	}
	s = accept(lfd, NULL, NULL);
	if (s < 0)
		err = -errno;
	else
		close(s);
	if (!err && recv(c, &byte, 1, 0))
		err = -EIO;
	close(c);
	return err;
}

static int many(long n)
{
	struct sockaddr_in sin = { .sin_family = AF_INET };
	int lfd = stack_socket(XTCP, 0), err = 0;
	socklen_t len = sizeof(sin);

	if (bind(lfd, (struct sockaddr *)&sin, sizeof(sin)) || listen(lfd, 16) ||
	    getsockname(lfd, (struct sockaddr *)&sin, &len))
		return -errno;
	for (long i = 0; i < n && !err; i++)
		err = leave_one(lfd, ntohs(sin.sin_port), 1 + i / PORTS_EACH);
	close(lfd);
	return err;
}

#define waiting(ms) do {						\
	for (int _t = 0; xtcp_count("TimeWait") && _t < (ms); _t += 100)	\
		sleep_ms(100);						\
} while (0)

FIXTURE(records)
{
};

FIXTURE_SETUP(records)
{
	need_stack(XTCP);
	ASSERT_EQ(0, ns_new());
}

FIXTURE_TEARDOWN(records)
{
}

static void fill(struct __test_metadata *_metadata, long n)
{
	char wait[16];
	uint64_t start;

	snprintf(wait, sizeof(wait), "%d", WAIT_MS);
	ASSERT_EQ(0, ns_sysctl("xtcp/timewait_ms", wait));
	ASSERT_EQ(0, ns_sysctl("xtcp/max_tw_buckets", "1000000"));
	start = now_ms();
	ASSERT_EQ(0, many(n));
	TH_LOG("%ld connections in %lu ms", n, (unsigned long)(now_ms() - start));
	if (now_ms() - start < WAIT_MS) {
		ASSERT_EQ(n, xtcp_count("TimeWait"));
		ASSERT_EQ(0, xtcp_count("Sockets"));
	}
	/* One tick of the wheel and some of the timer's; and the last's own. */
	waiting(WAIT_MS + 5000);
	ASSERT_EQ(0, xtcp_count("TimeWait"));
}

TEST_F_TIMEOUT(records, thousands, 120)
{
	/* Emulated in real time, with all checks, each takes a tenth of a second. */
	fill(_metadata, virtual_time() ? 5000 : 300);
}

TEST_F_TIMEOUT(records, a_hundred_thousand, 1200)
{
	if (!getenv("XTCP_MANY"))
		SKIP_TEST("takes minutes: XTCP_MANY=1");
	fill(_metadata, 100000);
}

TEST_HARNESS_MAIN
