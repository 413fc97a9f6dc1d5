// SPDX-License-Identifier: GPL-2.0
/*
 * When data is acknowledged: at once, with the second segment, after a short
 * delay, or with the reply (RFC 9293 3.8.6.3, RFC 5681 4.2).
 */
#include "wire_test.h"

/* An interactive connection: the application replies, so ACKs may wait for the reply. */
#define interactive() do {						\
	passive(MSS(1000));						\
	for (int _i = 0; _i < 3; _i++) {				\
		in(ACK, LEN(100));					\
		reads(100);						\
		writes(100);						\
		do {							\
			ASSERT_TRUE(wire_get(W, 1000));			\
		} while (!W->got.len);					\
		in(ACK);						\
	}								\
	ASSERT_EQ(0, set_int(self->fd, IPPROTO_TCP, TCP_QUICKACK, 0));	\
	wire_drain(W, QUIET);						\
} while (0)

TEST_F(wire, ack_is_delayed)
{
	interactive();
	in(ACK, LEN(100));
	none(10);
	/* MUST-40: in less than half a second. */
	out(ACK, ACKNO(401), WITHIN(490));
	none(QUIET);
}

TEST_F(wire, delayed_by_40_ms)
{
	if (!virtual_time())
		SKIP_TEST("too short a time for a real clock");
	interactive();
	in(ACK, LEN(100));
	out(ACK, ACKNO(401), AFTER(40));
}

static void *read_200(void *fd)
{
	char buf[200];

	return (void *)recv(*(int *)fd, buf, sizeof(buf), MSG_WAITALL);
}

/* The program waits for more, so no answer will carry the ACK. */
TEST_F(wire, blocked_reader_acknowledges_at_once)
{
	pthread_t thread;
	void *got;

	XTCP_ONLY("it waits for the whole delay");
	interactive();
	ASSERT_EQ(0, fcntl(self->fd, F_SETFL, 0));
	ASSERT_EQ(0, pthread_create(&thread, NULL, read_200, &self->fd));
	counted(0, "DelayedACKs", ({
		in(ACK | PSH, LEN(100));
		out(ACK, ACKNO(401), WITHIN(490));
	}));
	in(ACK | PSH, LEN(100));
	ASSERT_EQ(0, pthread_join(thread, &got));
	EXPECT_EQ(200, (long)got);
}

/*
 * RFC 9293 MUST-59: segments that waited for a system call are acknowledged together
 * (by the kernel's TCP one by one).
 */
TEST_F(wire, queued_segments_are_one_ack)
{
	struct wire_held h;

	if (W->stack != XTCP)
		SKIP_TEST("acknowledges one by one");
	if (!wire_can_hold())
		SKIP_TEST("no userfaultfd");
	passive(MSS(1000));
	in(ACK, LEN(100));
	out(ACK, ACKNO(101), WITHIN(500));
	ASSERT_EQ(0, wire_hold(&h, self->fd, false, 100));
	for (int i = 0; i < 6; i++)
		in(ACK, LEN(1000));
	none(1);
	ASSERT_EQ(100, wire_let_go(&h, 0));
	out(ACK, ACKNO(6101), WITHIN(1));
	none(QUIET);
}

/* Segments that arrive while a system call holds the socket wait or are dropped. */
TEST_F(wire, segments_wait_for_the_socket_lock)
{
	struct wire_held h;

	if (!wire_can_hold())
		SKIP_TEST("no userfaultfd");
	interactive();
	in(ACK, LEN(100));
	counted(1, "DelayedACKLocked", ({
		ASSERT_EQ(0, wire_hold(&h, self->fd, false, 100));
		sleep_ms(500);
		ASSERT_EQ(100, wire_let_go(&h, 0));
	}));
	out(ACK, ACKNO(401), WITHIN(100));

	writes(1000);
	out(ACK, SEQ(301), LEN(1000));
	in(ACK, ACKNO(301), LEN(100));
	counted(1, "LockDroppedIcmps", ({
		ASSERT_EQ(0, wire_hold(&h, self->fd, false, 100));
		wire_redirect(W, 301);
		sleep_ms(1);
	}));
	ASSERT_EQ(100, wire_let_go(&h, 0));
}

/* Through a VRF: a segment that ends the connection, and one behind it in the backlog. */
static const struct {
	const char *dev;	/* device that the listener is bound to */
	uint16_t ends, then;	/* flags of the two segments */
	uint16_t answer;	/* flags of the answer to the second */
	int state;		/* afterwards */
} strays[] = {
	{ "red",  RST, ACK, RST, 0 },
	{ "tun0", RST, ACK, RST, 0 },
	{ "tun0", FIN | ACK, FIN | ACK, ACK, TCP_TIME_WAIT },
};

TEST_F(wire, stray_in_vrf)
{
	struct wire_held h;

	XTCP_ONLY("it drops the second of them");
	if (!wire_can_hold())
		SKIP_TEST("no userfaultfd");
	ASSERT_EQ(0, ns_sysctl("ipv6/conf/all/keep_addr_on_down", "1"));
	if (shell("ip link add red type vrf table 50"))
		SKIP_TEST("no VRF in this kernel");
	ASSERT_EQ(0, shell("ip link set red up && ip link set tun0 master red"));
	for (size_t i = 0; i < ARRAY_SIZE(strays); i++) {
		wire_reset(W, WIRE_PPORT + i);
		self->lfd = wire_socket(W, 0);
		ASSERT_EQ(0, to_device(self->lfd, strays[i].dev));
		ASSERT_EQ(0, wire_bind(W, self->lfd, ANY, WIRE_PORT));
		ASSERT_EQ(0, listen(self->lfd, 5));
		passive(MSS(1000));
		stops_listening();
		if (strays[i].ends & FIN) {
			ASSERT_EQ(0, shutdown(self->fd, SHUT_WR));
			out(FIN | ACK, SEQ(1), ACKNO(1));
			in(ACK, SEQ(1), ACKNO(2));
		}
		in(ACK, SEQ(1), LEN(100));
		out(ACK, ACKNO(101), WITHIN(500));
		ASSERT_EQ(0, wire_hold(&h, self->fd, false, 100));
		in(strays[i].ends, SEQ(101));
		in(strays[i].then, SEQ(101), ACKNO(2));
		none(1);
		ASSERT_EQ(100, wire_let_go(&h, 0));
		if (strays[i].ends & FIN)
			out(ACK, SEQ(2), ACKNO(102));
		out(strays[i].answer, SEQ(2));
		state(strays[i].state);
		hard_close(self->fd);
		self->fd = -1;
		wire_drain(W, QUIET);
	}
}

/* RFC 9293 SHLD-19: at least every second full-sized segment. */
TEST_F(wire, second_full_segment)
{
	interactive();
	in(ACK, LEN(1000));
	in(ACK, LEN(1000));
	out(ACK, ACKNO(2301), WITHIN(100));
}

TEST_F(wire, rides_on_data)
{
	interactive();
	in(ACK, LEN(100));
	reads(100);
	writes(50);
	out(ACK, ACKNO(401), LEN(50), WITHIN(virtual_time() ? 5 : 1000));
	in(ACK);
	none(100);
}

TEST_F(wire, quickack_acknowledges_at_once)
{
	interactive();
	ASSERT_EQ(0, set_int(self->fd, IPPROTO_TCP, TCP_QUICKACK, 1));
	in(ACK, LEN(100));
	out(ACK, ACKNO(401), WITHIN(virtual_time() ? 5 : 1000));
}

/* RFC 5681 4.2: ACK at once, so that the peer's fast retransmit works. */
TEST_F(wire, hole_is_acknowledged_at_once)
{
	interactive();
	for (int i = 1; i <= 3; i++) {
		in(ACK, SEQ(301 + i * 1000), LEN(1000));
		out(ACK, ACKNO(301), WITHIN(virtual_time() ? 5 : 1000));
	}
	in(ACK, SEQ(301), LEN(1000));
	out(ACK, ACKNO(4301), WITHIN(virtual_time() ? 5 : 1000));
}

TEST_F(wire, fin_is_acknowledged)
{
	interactive();
	in(FIN | ACK);
	out(ACK, ACKNO(302), WITHIN(490));
}

TEST_F(wire, old_data_is_acknowledged_at_once)
{
	interactive();
	in(ACK, SEQ(1), LEN(300));
	out(ACK, ACKNO(301), WITHIN(virtual_time() ? 5 : 1000));
}

TEST_F(wire, ack_is_not_acknowledged)
{
	interactive();
	in(ACK);
	in(ACK);
	none(600);
}

TEST_F(wire, timestamp_of_last_acknowledged_is_echoed)
{
	passive(MSS(1000), TS(W->tsval, 0));
	in(ACK, LEN(100), TS(W->tsval + 2000, W->tsecr));
	out(ACK, ACKNO(101), TS(0, W->tsval + 2000));
	in(ACK, LEN(100), TS(W->tsval + 3000, W->tsecr));
	out(ACK, ACKNO(201), TS(0, W->tsval + 3000));
}

/* RFC 7323 4.3: an ACK of two segments echoes the timestamp of the earlier... */
TEST_F(wire, timestamp_echo_of_hole)
{
	passive(MSS(1000), TS(W->tsval, 0));
	in(ACK, SEQ(1), LEN(100), TS(W->tsval + 1001, W->tsecr));
	out(ACK, ACKNO(101), TS(0, W->tsval + 1001));
	/* ... and never that of a segment beyond a hole. */
	in(ACK, SEQ(201), LEN(100), TS(W->tsval + 1005, W->tsecr));
	out(ACK, ACKNO(101), TS(0, W->tsval + 1001));
	in(ACK, SEQ(101), LEN(100), TS(W->tsval + 1006, W->tsecr));
	out(ACK, ACKNO(301), TS(0, W->tsval + 1006));
}

TEST_F(wire, timestamp_on_every_segment)
{
	passive(MSS(1000), TS(W->tsval, 0));
	writes(3000);
	while (wire_get(W, 50))
		ASSERT_TRUE(W->got.has_ts);
	ASSERT_EQ(3001, W->rcv_nxt);
}

TEST_HARNESS_MAIN
