// SPDX-License-Identifier: GPL-2.0
/*
 * ICMP errors that quote a segment: which are accepted, what they end, what the
 * program learns of them, and path MTU discovery (RFC 9293 3.9.2.2, RFC 5927, RFC
 * 1191).
 */
#include <time.h>
#include <linux/errqueue.h>

#include "wire_test.h"

#define UNREACH		3
#define QUENCH		4
#define EXCEEDED	11
#define PROBLEM		12

/* ICMPv6, RFC 4443. */
#define UNREACH6	1
#define EXCEEDED6	3
#define PROBLEM6	4

#define unreachable(code4, code6, seq) \
	wire_icmp(W, W->net == V6 ? UNREACH6 : UNREACH, W->net == V6 ? (code6) : (code4), (seq), 0)
#define host_unreachable(seq)	unreachable(1, 3, (seq))
#define port_unreachable(seq)	unreachable(3, 4, (seq))
#define REPORT(on)	ASSERT_EQ(0, wire_recverr(W, self->fd, on))
#define error_is(err)	ASSERT_EQ((err), get_int(self->fd, SOL_SOCKET, SO_ERROR))

struct icmp {
	const char *name;
	uint8_t type, code;
	int err;
};

/* RFC 9293 MUST-56. */
static const struct icmp soft4[] = {
	{ "net unreachable", UNREACH, 0, ENETUNREACH },
	{ "host unreachable", UNREACH, 1, EHOSTUNREACH },
	{ "source route failed", UNREACH, 5, EOPNOTSUPP },
	{ "time exceeded in transit", EXCEEDED, 0, EHOSTUNREACH },
	{ "time exceeded in reassembly", EXCEEDED, 1, 0 },	/* IP drops it */
	{ "parameter problem", PROBLEM, 0, EPROTO },
	{ "required option missing", PROBLEM, 1, EPROTO },
	{ "bad length", PROBLEM, 2, EPROTO },
	{}
};

/* SHLD-26 would have these abort; RFC 5927, 5.2: not when synchronized. */
static const struct icmp hard4[] = {
	{ "protocol unreachable", UNREACH, 2, ENOPROTOOPT },
	{ "port unreachable", UNREACH, 3, ECONNREFUSED },
	{}
};

static const struct icmp soft6[] = {
	{ "no route", UNREACH6, 0, ENETUNREACH },
	{ "beyond the scope", UNREACH6, 2, EHOSTUNREACH },
	{ "address unreachable", UNREACH6, 3, EHOSTUNREACH },
	{ "hop limit exceeded", EXCEEDED6, 0, EHOSTUNREACH },
	{ "time exceeded in reassembly", EXCEEDED6, 1, EHOSTUNREACH },
	{ "header erroneous", PROBLEM6, 0, EPROTO },
	{ "next header unknown", PROBLEM6, 1, EPROTO },
	{ "option unknown", PROBLEM6, 2, EPROTO },
	{}
};

static const struct icmp hard6[] = {
	{ "prohibited", UNREACH6, 1, EACCES },
	{ "port unreachable", UNREACH6, 4, ECONNREFUSED },
	{ "policy failed", UNREACH6, 5, EACCES },
	{ "rejected route", UNREACH6, 6, EACCES },
	{}
};

#define soft	(W->net == V6 ? soft6 : soft4)
#define hard	(W->net == V6 ? hard6 : hard4)

/* Each error of a table is in SO_ERROR once, and has no other effect. */
#define told_once(table) do {						\
	passive(MSS(1000));						\
	for (size_t i = 0; (table)[i].name; i++) {		\
		W->doing = (table)[i].name;				\
		writes(100);						\
		out(ACK, SEQ(1 + i * 100), LEN(100));			\
		wire_icmp(W, (table)[i].type, (table)[i].code, 1 + i * 100, 0); \
		none(5);						\
		state(TCP_ESTABLISHED);					\
		error_is((table)[i].err);				\
		error_is(0);						\
		in(ACK);						\
	}								\
} while (0)

TEST_F(wire, soft_errors_do_not_abort)
{
	told_once(soft);
}

TEST_F(wire, hard_errors_do_not_abort_either)
{
	told_once(hard);
}

TEST_F(wire, hard_errors_end_connect)
{
	for (size_t i = 0; hard[i].name; i++) {
		wire_reset(W, WIRE_PPORT);
		W->doing = hard[i].name;
		connects();
		wire_icmp(W, hard[i].type, hard[i].code, 0, 0);
		error_is(hard[i].err);
		error_is(0);
		state(0);
		none(QUIET);
		closes();
	}
}

/* The error queue has the error, its sender and the quoted segment (ip(7), ipv6(7)). */
TEST_F(wire, connect_keeps_the_message)
{
	union addr to, peer = host(WIRE_PEER, WIRE_PPORT), router = host(WIRE_ROUTER, 0);
	bool v6 = W->net == V6;
	char quoted[64], control[256];
	struct iovec iov = { quoted, sizeof(quoted) };
	struct msghdr msg = {
		.msg_name = &to,
		.msg_namelen = sizeof(to),
		.msg_iov = &iov,
		.msg_iovlen = 1,
		.msg_control = control,
		.msg_controllen = sizeof(control),
	};
	struct sock_extended_err *ee;
	struct cmsghdr *cmsg;

	connects();
	REPORT(1);
	unreachable(13, 1, 0);
	ASSERT_TRUE(poll_now(self->fd, POLLIN) & POLLERR);
	ASSERT_LE(8, recvmsg(self->fd, &msg, MSG_ERRQUEUE));
	ASSERT_TRUE(msg.msg_flags & MSG_ERRQUEUE);
	/* The quote starts with the ports of the TCP header. */
	ASSERT_EQ(W->lport, (uint8_t)quoted[0] << 8 | (uint8_t)quoted[1]);
	ASSERT_EQ(WIRE_PPORT, (uint8_t)quoted[2] << 8 | (uint8_t)quoted[3]);
	ASSERT_EQ(addr_len(&peer), msg.msg_namelen);
	ASSERT_EQ(0, memcmp(&to, &peer, addr_len(&peer)));
	cmsg = CMSG_FIRSTHDR(&msg);
	ASSERT_NE(NULL, cmsg);
	ASSERT_EQ(net == V4 ? SOL_IP : SOL_IPV6, cmsg->cmsg_level);
	ASSERT_EQ(net == V4 ? IP_RECVERR : IPV6_RECVERR, cmsg->cmsg_type);
	ee = (struct sock_extended_err *)CMSG_DATA(cmsg);
	ASSERT_EQ(v6 ? EACCES : EHOSTUNREACH, ee->ee_errno);
	ASSERT_EQ(v6 ? SO_EE_ORIGIN_ICMP6 : SO_EE_ORIGIN_ICMP, ee->ee_origin);
	ASSERT_EQ(v6 ? UNREACH6 : UNREACH, ee->ee_type);
	ASSERT_EQ(v6 ? 1 : 13, ee->ee_code);
	ASSERT_EQ(0, memcmp(SO_EE_OFFENDER(ee), &router, addr_len(&router)));
	fails_with(EAGAIN, recvmsg(self->fd, &msg, MSG_ERRQUEUE));
	/* Reading the error queue clears SO_ERROR. */
	error_is(0);
	closes();
	/* For an established connection the error is in SO_ERROR only. */
	wire_reset(W, WIRE_PPORT + 1);
	passive(MSS(1000));
	REPORT(1);
	writes(100);
	out(ACK, LEN(100));
	host_unreachable(1);
	fails_with(EAGAIN, recvmsg(self->fd, &msg, MSG_ERRQUEUE));
	error_is(EHOSTUNREACH);
}

/* Without IP_RECVERR the queue still has the message with IPv4, but not with IPv6. */
TEST_F(wire, connect_keeps_it_unasked)
{
	struct msghdr msg = {};

	connects();
	port_unreachable(0);
	if (W->net == V6)
		fails_with(EAGAIN, recvmsg(self->fd, &msg, MSG_ERRQUEUE));
	else
		ASSERT_EQ(0, recvmsg(self->fd, &msg, MSG_ERRQUEUE));
	error_is(W->net == V6 ? ECONNREFUSED : 0);
}

TEST_F(wire, soft_errors_do_not_end_connect)
{
	XTCP_ONLY("it gives up at the first error of any kind");
	for (size_t i = 0; soft[i].name; i++) {
		wire_reset(W, WIRE_PPORT);
		W->doing = soft[i].name;
		connects();
		wire_icmp(W, soft[i].type, soft[i].code, 0, 0);
		state(TCP_SYN_SENT);
		in(SYN | ACK, MSS(1000));
		out(ACK, SEQ(1), ACKNO(1));
		state(TCP_ESTABLISHED);
		in(RST, SEQ(1));
		closes();
	}
}

/* MUST-47, SHLD-20, SHLD-25: only sockets with IP_RECVERR get POLLERR. */
TEST_F(wire, told_by_recverr)
{
	passive(MSS(1000));
	REPORT(1);
	for (size_t i = 0; soft[i].name; i++) {
		W->doing = soft[i].name;
		writes(100);
		out(ACK, SEQ(1 + i * 100), LEN(100));
		wire_icmp(W, soft[i].type, soft[i].code, 1 + i * 100, 0);
		ASSERT_EQ(soft[i].err ? POLLERR : 0, poll_now(self->fd, POLLIN) & POLLERR);
		error_is(soft[i].err);
		state(TCP_ESTABLISHED);
		in(ACK);
	}
	REPORT(0);
	writes(100);
	out(ACK, LEN(100));
	host_unreachable(W->got.seq);
	ASSERT_FALSE(poll_now(self->fd, POLLIN) & POLLERR);
}

/* SHLD-25: a timeout reports the last ICMP error as its cause. */
LONG_TEST_F(wire, told_at_the_end, 120)
{
	passive(MSS(1000));
	ASSERT_EQ(0, set_int(self->fd, IPPROTO_TCP, TCP_USER_TIMEOUT, 3000));
	writes(100);
	out(ACK, SEQ(1), LEN(100));
	/* The kernel's TCP remembers an error only during retransmissions. */
	out(ACK, SEQ(1), LEN(100), AFTER(200));
	host_unreachable(1);
	sleep_ms(7000);
	error_is(EHOSTUNREACH);
	state(0);
}

/* An ICMP error before the peer's last ACK is not the cause of a later timeout. */
LONG_TEST_F(wire, forgotten_at_the_end, 120)
{
	passive(MSS(1000));
	ASSERT_EQ(0, set_int(self->fd, IPPROTO_TCP, TCP_USER_TIMEOUT, 3000));
	writes(100);
	out(ACK, SEQ(1), LEN(100));
	out(ACK, SEQ(1), LEN(100), AFTER(200));
	host_unreachable(1);
	in(ACK, ACKNO(101));
	error_is(0);
	writes(100);
	out(ACK, SEQ(101), LEN(100));
	sleep_ms(7000);
	error_is(ETIMEDOUT);
	state(0);
}

/* MUST-55 */
TEST_F(wire, source_quench_is_ignored)
{
	IPV4_ONLY("ICMPv6 has no such message");
	passive(MSS(1000));
	REPORT(1);
	writes(10000);
	for (int i = 0; i < 10; i++)
		out(ACK, SEQ(1 + i * 1000), LEN(1000));
	wire_icmp(W, QUENCH, 0, 1, 0);
	none(QUIET);
	error_is(0);
	in(ACK);
	/* cwnd was not reduced: slow start has doubled it. */
	writes(10000);
	writes(10000);
	for (int i = 10; i < 30; i++)
		out(ACK, SEQ(1 + i * 1000), LEN(1000));
	none(QUIET);
}

/* RFC 5927 4.1: an error that quotes a number not in flight is ignored. */
TEST_F(wire, number_not_in_flight)
{
	static const uint32_t wrong[] = { 0, 1001, 5000, 0x80000000u };

	XTCP_ONLY("it takes SND.NXT, too");
	passive(MSS(1000));
	REPORT(1);
	writes(1000);
	out(ACK, SEQ(1), LEN(1000));
	for (size_t i = 0; i < ARRAY_SIZE(wrong); i++) {
		host_unreachable(wrong[i]);
		wire_too_big(W, wrong[i], 560);
		none(5);
		error_is(0);
	}
	in(ACK);
	wire_too_big(W, 1, 560);
	writes(1000);
	out(ACK, SEQ(1001), LEN(1000));
}

TEST_F(wire, wrong_number_does_not_end_connect)
{
	XTCP_ONLY("it takes SND.NXT, too");
	connects();
	port_unreachable(1);
	port_unreachable((uint32_t)-1);
	state(TCP_SYN_SENT);
	error_is(0);
}

/* RFC 5082 6.1: a socket with a minimum TTL ignores errors with a lower one. */
TEST_F(wire, message_from_afar)
{
	self->fd = wire_socket(W, 0);
	ASSERT_EQ(0, wire_min_hops(W, self->fd, 65));
	connects();
	counted(1, "TCPMinTTLDrop", dropped("MIN_TTL", port_unreachable(0)));
	state(TCP_SYN_SENT);
	ASSERT_EQ(0, wire_min_hops(W, self->fd, 64));
	counted(0, "TCPMinTTLDrop", port_unreachable(0));
	state(0);
	error_is(ECONNREFUSED);
}

/* ---- redirects ---- */

#define goes_by(router) \
	ASSERT_EQ(0, wire_route(W, "route get", W->net == V6 ? "| grep -q ' via " router##6 " '" : \
							       "| grep -q ' via " router " '"))

/* A redirect that quotes a segment in flight changes the route. */
TEST_F(wire, redirect_changes_the_route)
{
	W->peer = WIRE_ELSEWHERE;
	ASSERT_EQ(0, wire_route(W, "route add", W->net == V6 ?
				"via " WIRE_ROUTER6 " dev tun0" : "via " WIRE_ROUTER));
	passive(MSS(1000));
	writes(1000);
	out(ACK, SEQ(1), LEN(1000));
	wire_redirect(W, 0);
	wire_redirect(W, 5000);
	wire_redirect(W, 0x80000000u);
	goes_by(WIRE_ROUTER);
	wire_redirect(W, 1);
	goes_by(WIRE_BETTER);
	wire_drain(W, QUIET);
	in(ACK);
	writes(1000);
	out(ACK, SEQ(1001), LEN(1000));
}

/* ---- path MTU ---- */

/* RFC 1191 6.4: retransmit at once, in segments that fit. */
TEST_F(wire, frag_needed_retransmits_at_once_in_smaller_segments)
{
	passive(MSS(1460));
	writes(1460);
	out(ACK, SEQ(1), LEN(1460));
	ASSERT_TRUE(W->got.df);
	W->rcv_nxt = 1;
	wire_too_big(W, 1, 1300);
	out(ACK, SEQ(1), LEN(1300), WITHIN(100));
	ASSERT_TRUE(W->got.df);
	in(ACK);
	/* The kernel's TCP sends the rest later. */
	out(ACK, SEQ(1301), LEN(160), WITHIN(1000));
	in(ACK);
	writes(3000);
	out(ACK, SEQ(1461), LEN(1300));
	out(ACK, SEQ(2761), LEN(1300));
	out(ACK, SEQ(4061), LEN(400));
}

/* A larger MTU later is ignored: the path may have several bottlenecks. */
TEST_F(wire, frag_needed_does_not_raise)
{
	passive(MSS(1460));
	writes(1460);
	out(ACK, SEQ(1), LEN(1460));
	W->rcv_nxt = 1;
	wire_too_big(W, 1, 1300);
	out(ACK, SEQ(1), LEN(1300), WITHIN(100));
	wire_too_big(W, 1, 1400);
	in(ACK, ACKNO(1461));
	wire_drain(W, QUIET);
	writes(2600);
	out(ACK, SEQ(1461), LEN(1300));
	out(ACK, SEQ(2761), LEN(1300));
}

/* RFC 1191 6.3: larger segments are not tried for at least five minutes. */
LONG_TEST_F(wire, frag_needed_lasts, 900)
{
	passive(MSS(1460));
	writes(1460);
	out(ACK, SEQ(1), LEN(1460));
	W->rcv_nxt = 1;
	wire_too_big(W, 1, 1300);
	out(ACK, SEQ(1), LEN(1300), WITHIN(100));
	in(ACK, ACKNO(1461));
	wire_drain(W, QUIET);
	for (int i = 0; i < 11; i++) {
		sleep_ms(30000);
		writes(2600);
		out(ACK, SEQ(1461 + i * 2600), LEN(1300));
		out(ACK, SEQ(2761 + i * 2600), LEN(1300));
		in(ACK);
	}
}

/*
 * The message arrives while a system call holds the socket, whose cached route may have
 * expired: the route is not touched, and the message takes effect after the call.
 */
TEST_F(wire, frag_needed_during_a_system_call)
{
	struct wire_held h;

	if (!wire_can_hold())
		SKIP_TEST("no userfaultfd");
	for (int expired = 0; expired < 2; expired++) {
		wire_reset(W, WIRE_PPORT);
		W->doing = expired ? "route expired" : "route valid";
		W->peer = expired ? "10.9.0.3" : WIRE_PEER;
		self->wpos = 0;
		passive(MSS(1460));
		writes(1460);
		out(ACK, SEQ(1), LEN(1460));
		W->rcv_nxt = 1;
		ASSERT_EQ(0, wire_hold(&h, self->fd, true, 10));
		if (expired)
			ASSERT_EQ(0, wire_route(W, "route add", "dev tun0"));
		wire_too_big(W, 1, 1300);
		/* A larger MTU is ignored; the kernel's TCP takes the last one. */
		if (W->stack == XTCP)
			wire_too_big(W, 1, 1400);
		none(5);
		ASSERT_EQ(10, wire_let_go(&h, 1460));
		out(PSH | ACK, SEQ(1461), LEN(10));
		out(ACK, SEQ(1), LEN(1300), WITHIN(100));
		wire_drain(W, QUIET);
		in(RST | ACK, ACKNO(1471));
		state(0);
		closes();
	}
}

/*
 * The smallest MTU of a link is 68 bytes with IPv4 (RFC 1191 3), where Linux stops at
 * 552, and 1280 with IPv6 (RFC 8200 5).
 */
TEST_F(wire, frag_needed_has_a_floor)
{
	static const int mss[] = { -40, -39, 0, 28, 500 };

	for (size_t i = 0; i < ARRAY_SIZE(mss); i++) {
		wire_reset(W, WIRE_PPORT + i);
		self->wpos = 0;
		passive(MSS(1460));
		writes(1460);
		wire_drain(W, QUIET);
		W->rcv_nxt = 1;
		wire_too_big(W, 1, mss[i]);
		out(ACK, SEQ(1), ANYLEN, WITHIN(1000));
		ASSERT_GE(W->got.len, W->net == V6 ? 1220 : 500);
		/* A message with less is ignored (RFC 8201 4). */
		if (W->stack == XTCP && W->net == V6)
			ASSERT_EQ(1460, W->got.len);
		wire_drain(W, QUIET);
		in(RST, SEQ(1));
		close(self->fd);
		self->fd = -1;
	}
}

TEST_HARNESS_MAIN
