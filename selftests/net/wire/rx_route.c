// SPDX-License-Identifier: GPL-2.0
/*
 * The cached route of received packets: a connection spares IP the look-up, others pay
 * next to nothing for that, and a route that is no longer valid is not used. The hash of
 * the flow, which the hook keeps, is used for that flow only.
 */
#include <stdio.h>

#include "wire_test.h"

#define BLOCKS		16
#define SEGMENTS	20	/* of a block */

/* ns for a segment, in the block that nothing else has disturbed. */
static int64_t fastest(struct wire *w, const struct wseg *s)
{
	uint64_t best = ~0ULL, start;

	for (int b = 0; b < BLOCKS; b++) {
		start = now_us();
		for (int i = 0; i < SEGMENTS; i++)
			wire_in(w, s);
		start = now_us() - start;
		best = start < best ? start : best;
		wire_drain(w, 1);
	}
	return best * 1000 / SEGMENTS;
}

/* Segments without news for the connection. */
static int64_t receives(struct wire *w)
{
	return fastest(w, &(struct wseg){ .flags = ACK });
}

/* SYNs to a port without listener, and the RSTs. */
static int64_t refused(struct wire *w)
{
	return fastest(w, &(struct wseg){ .flags = SYN, SEQ(0), TO(9), FROM(1000) });
}

#define COUNTS_INSTRUCTIONS() do {					\
	if (!virtual_time())						\
		SKIP_TEST("counts instructions");			\
} while (0)

/* Early demultiplexing off, the route is looked up for each segment. */
TEST_F(wire, connection_spares_the_look_up)
{
	int64_t looked_up, cached;

	COUNTS_INSTRUCTIONS();
	passive();
	receives(W);
	/* The hook is registered by a work item. */
	sleep_ms(20);
	ASSERT_EQ(0, ns_sysctl("ipv4/tcp_early_demux", "0"));
	looked_up = receives(W);
	ASSERT_EQ(0, ns_sysctl("ipv4/tcp_early_demux", "1"));
	cached = receives(W);
	printf("# %d and %d instructions\n", (int)looked_up, (int)cached);
	ASSERT_LT(cached, looked_up - 200);
}

/*
 * The hook looks at every packet of the namespace. Where there is no other hook, the way
 * through netfilter is two thirds of what that costs.
 */
TEST_F(wire, other_packets_cost_what_they_did)
{
	int64_t before, after;

	XTCP_ONLY("it has no hook");
	COUNTS_INSTRUCTIONS();
	listens();
	before = refused(W);
	passive();
	receives(W);
	sleep_ms(20);
	after = refused(W);
	printf("# %d and %d instructions\n", (int)before, (int)after);
	ASSERT_LT(after, before + 300);
}

/* An address that has left the host is no longer ours, whatever was cached. */
TEST_F(wire, removed_address_receives_nothing)
{
	passive();
	for (int i = 0; i < 3; i++) {
		in(ACK | PSH, LEN(100));
		out(ACK, SEQ(1), ACKNO(101 + 100 * i));
	}
	ASSERT_EQ(0, system("ip addr flush dev tun0"));
	in(ACK | PSH, SEQ(301), LEN(100));
	none(QUIET);
	ASSERT_EQ(0, dev_up("tun0", WIRE_LOCAL, 24, 1500));
	in(ACK | PSH, SEQ(301), LEN(100));
	out(ACK, SEQ(1), ACKNO(401));
	reads(400);
}

/* A connection whose last segment has passed the hook, which a work item registers. */
#define hooked() do {							\
	passive();							\
	in(ACK | PSH, LEN(100));					\
	out(ACK, SEQ(1), ACKNO(101));					\
	sleep_ms(20);							\
	in(ACK | PSH, SEQ(101), LEN(100));				\
	out(ACK, SEQ(1), ACKNO(201));					\
} while (0)

/* Segments over loopback have their route, so the hook leaves them alone. */
TEST_F(wire, hash_is_not_that_of_another_flow)
{
	int fd[2];

	hooked();
	ASSERT_EQ(0, st_pair(W->stack, W->stack, fd));
	ASSERT_EQ(100, send_pat(fd[0], 0, 100));
	ASSERT_EQ(100, recv_pat(fd[1], 0, 100));
	hard_close(fd[0]);
	hard_close(fd[1]);
	in(ACK | PSH, SEQ(201), LEN(100));
	out(ACK, SEQ(1), ACKNO(301));
}

/* The same flow in two namespaces, in the second of which the hook does nothing. */
TEST_F(wire, hash_is_not_that_of_another_namespace)
{
	int lfd, fd;
	struct wire other;

	hooked();
	other = *W;
	lfd = self->lfd;
	fd = self->fd;
	self->lfd = self->fd = -1;
	ASSERT_EQ(0, wire_init(W, variant->stack, variant->net));
	ASSERT_EQ(0, ns_sysctl("ipv4/tcp_early_demux", "0"));
	hooked();
	hard_close(fd);
	close(lfd);
	wire_fini(&other);
}

TEST_HARNESS_MAIN
