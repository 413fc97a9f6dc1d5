// SPDX-License-Identifier: GPL-2.0
/*
 * How TCP uses the IP header: addresses, Diffserv, TTL, options and source routes
 * (RFC 9293 3.9.1.1, 3.9.1.9, 3.9.2).
 */
#include "wire_test.h"

#define SECOND_LOCAL	"10.9.0.5"

#define IPOPT_RR	7
#define IPOPT_TS	68
#define IPOPT_LSRR	131
#define IPOPT_RA	148

/* ---- addresses; out() checks both in every segment ---- */

/* MUST-44: IP chooses the local address; getsockname() returns it. */
TEST_F(wire, address_is_chosen)
{
	union addr got = {}, want = host(WIRE_LOCAL, 0);
	socklen_t len = sizeof(got);

	connects();
	ASSERT_STREQ(WIRE_LOCAL, W->got.src);
	ASSERT_EQ(0, getsockname(self->fd, &got.sa, &len));
	ASSERT_EQ(addr_len(&want), len);
	want.in.sin_port = htons(W->got.sport);
	ASSERT_EQ(0, memcmp(&want, &got, len));
}

/* MUST-43, MUST-45: all segments have the address that the socket is bound to. */
TEST_F(wire, address_is_kept)
{
	ASSERT_EQ(0, dev_up("tun0", SECOND_LOCAL, 24, 0));
	W->local = SECOND_LOCAL;
	self->fd = wire_socket(W, 0);
	ASSERT_EQ(0, wire_bind(W, self->fd, SECOND_LOCAL, 0));
	active(MSS(1000));
	writes(100);
	out(ACK, SEQ(1), LEN(100));
	out(ACK, SEQ(1), LEN(100), AFTER(200));
	in(ACK, LEN(10));
	wire_drain(W, 100);
	in(RST, SEQ(500));
	out(ACK, SEQ(101), ACKNO(11));
	ASSERT_EQ(0, shutdown(self->fd, SHUT_WR));
	out(FIN | ACK, SEQ(101));
}

/* A connection keeps the address that its SYN was sent to. */
TEST_F(wire, address_of_syn_is_kept)
{
	ASSERT_EQ(0, dev_up("tun0", SECOND_LOCAL, 24, 0));
	listens_any();
	W->local = SECOND_LOCAL;
	passive(MSS(1000));
	writes(100);
	out(ACK, SEQ(1), LEN(100));
	in(ACK);
	closes();
	out(FIN | ACK, SEQ(101));
	in(FIN | ACK);
	out(ACK, SEQ(102), ACKNO(2));
}

/* MUST-57: SYNs to broadcast and multicast addresses are not answered. */
TEST_F(wire, syn_to_many_is_ignored)
{
	IPV4_ONLY("broadcasts");
	listens_any();
	dropped("BAD_ADDRESS", in(SYN, MSS(1000), DST("10.9.0.255")));
	none(QUIET);
	dropped("BAD_ADDRESS", in(SYN, MSS(1000), DST("255.255.255.255")));
	none(QUIET);
	in(SYN, MSS(1000), DST("224.0.0.1"));
	none(QUIET);
	state(0);
	/* Nor is a RST sent. */
	in(ACK, SEQ(1), ACKNO(1), DST("10.9.0.255"));
	none(QUIET);
	wire_reset(W, WIRE_PPORT);
	passive(MSS(1000));
}

/* MUST-63 */
TEST_F(wire, syn_from_nowhere_is_ignored)
{
	static const char * const from4[] = {
		ANY, "255.255.255.255", "224.0.0.9", "10.9.0.255", LOOPBACK,
		"240.0.0.1", WIRE_LOCAL, NULL
	};
	static const char * const from6[] = {
		ANY, "ff02::9", "ff0e::1", LOOPBACK, WIRE_LOCAL, NULL
	};
	const char * const *from = W->net == V6 ? from6 : from4;

	listens_any();
	for (size_t i = 0; from[i]; i++) {
		struct wseg syn = { .flags = SYN, MSS(1000) };

		/* The kernel's TCP answers a network's broadcast address. */
		if (W->stack == KERNEL && !strcmp(from[i], "10.9.0.255"))
			continue;
		strcpy(syn.src, from[i]);
		W->doing = from[i];
		wire_in(W, &syn);
		none(QUIET);
		state(0);
	}
	wire_reset(W, WIRE_PPORT);
	passive(MSS(1000));
}

/* ---- MUST-42: listening on a port from which a connection is being opened ---- */

#define connects_from_port() do {					\
	self->fd = wire_socket(W, 0);					\
	ASSERT_EQ(0, set_int(self->fd, SOL_SOCKET, SO_REUSEADDR, 1));	\
	ASSERT_EQ(0, wire_bind(W, self->fd, WIRE_LOCAL, WIRE_PORT));	\
	connects();							\
	ASSERT_EQ(WIRE_PORT, W->got.sport);				\
} while (0)

/* Accept a second connection; then continue with the first. */
#define another_is_accepted() do {					\
	struct wire _first = *W;					\
	int _fd;							\
	listens();							\
	wire_reset(W, WIRE_PPORT + 1);					\
	in(SYN, MSS(1000));						\
	out(SYN | ACK, SEQ(0), ACKNO(1));				\
	in(ACK, SEQ(1), ACKNO(1));					\
	_fd = accept(self->lfd, NULL, NULL);				\
	ASSERT_GE(_fd, 0);						\
	in(RST, SEQ(1));						\
	close(_fd);							\
	*W = _first;							\
} while (0)

TEST_F(wire, listen_beside_syn_sent)
{
	connects_from_port();
	another_is_accepted();
	state(TCP_SYN_SENT);
	in(SYN | ACK, MSS(1000));
	out(ACK, SEQ(1), ACKNO(1));
	state(TCP_ESTABLISHED);
}

TEST_F(wire, listen_beside_syn_received)
{
	connects_from_port();
	in(SYN, MSS(1000));
	out(SYN | ACK, SEQ(0), ACKNO(1));
	another_is_accepted();
	state(TCP_SYN_RECV);
	in(ACK, SEQ(1), ACKNO(1));
	state(TCP_ESTABLISHED);
}

/* ---- Diffserv and TTL ---- */

#define tos_of(t, ...) do { out(__VA_ARGS__); ASSERT_EQ((t), W->got.tos); } while (0)
#define ttl_of(t, ...) do { out(__VA_ARGS__); ASSERT_EQ((t), W->got.ttl); } while (0)

/* MUST-48, SHLD-21, SHLD-22: the Diffserv field that was set, from the SYN on. */
TEST_F(wire, diffserv_is_sent_from_the_syn_on)
{
	self->fd = wire_socket(W, 0);
	ASSERT_EQ(0, wire_tos(W, self->fd, 0xb8));
	ASSERT_EQ(-EINPROGRESS, wire_connect(W, self->fd, WIRE_PPORT));
	tos_of(0xb8, SYN, SEQ(0));
	in(SYN | ACK, MSS(1000));
	tos_of(0xb8, ACK, SEQ(1), ACKNO(1));
	writes(100);
	tos_of(0xb8, ACK, SEQ(1), LEN(100));
	ASSERT_EQ(0, wire_tos(W, self->fd, 0x28));
	tos_of(0x28, ACK, SEQ(1), LEN(100), AFTER(200));
	in(ACK);
	for (int tos = 0; tos < 256; tos += 4) {
		ASSERT_EQ(0, wire_tos(W, self->fd, tos));
		writes(10);
		tos_of(tos, ACK, LEN(10));
		in(ACK);
	}
}

TEST_F(wire, diffserv_of_listener)
{
	listens();
	ASSERT_EQ(0, wire_tos(W, self->lfd, 0x68));
	in(SYN, MSS(1000));
	tos_of(0x68, SYN | ACK, SEQ(0), ACKNO(1));
	in(ACK, SEQ(1), ACKNO(1));
	accepts();
	writes(100);
	tos_of(0x68, ACK, SEQ(1), LEN(100));
}

/* MUST-49 */
TEST_F(wire, ttl_is_sent_from_the_syn_on)
{
	self->fd = wire_socket(W, 0);
	ASSERT_EQ(0, wire_hops(W, self->fd, 33));
	ASSERT_EQ(-EINPROGRESS, wire_connect(W, self->fd, WIRE_PPORT));
	ttl_of(33, SYN, SEQ(0));
	in(SYN | ACK, MSS(1000));
	ttl_of(33, ACK, SEQ(1), ACKNO(1));
	ASSERT_EQ(0, wire_hops(W, self->fd, 255));
	writes(100);
	ttl_of(255, ACK, SEQ(1), LEN(100));
	ttl_of(255, ACK, SEQ(1), LEN(100), AFTER(200));
}

TEST_F(wire, ttl_of_listener)
{
	listens();
	ASSERT_EQ(0, wire_hops(W, self->lfd, 77));
	in(SYN, MSS(1000));
	ttl_of(77, SYN | ACK, SEQ(0), ACKNO(1));
	in(ACK, SEQ(1), ACKNO(1));
	accepts();
	writes(100);
	ttl_of(77, ACK, SEQ(1), LEN(100));
}

/* ---- minimum TTL: RFC 5082 ---- */

TEST_F(wire, min_ttl_drops_segments_from_afar)
{
	passive(MSS(1000));
	ASSERT_EQ(0, wire_min_hops(W, self->fd, 255));
	dropped("MIN_TTL", in(ACK, LEN(10), TTL(254)));
	dropped("MIN_TTL", in(RST, SEQ(1), TTL(254)));
	none(QUIET);
	state(TCP_ESTABLISHED);
	in(ACK, SEQ(1), LEN(10), TTL(255));
	out(ACK, ACKNO(11));
	in(RST, SEQ(11), TTL(255));
	state(0);
}

TEST_F(wire, near_only_of_connect)
{
	self->fd = wire_socket(W, 0);
	ASSERT_EQ(0, wire_min_hops(W, self->fd, 255));
	connects();
	dropped("MIN_TTL", in(SYN | ACK, MSS(1000), TTL(254)));
	dropped("MIN_TTL", in(RST | ACK, SEQ(0), TTL(254)));
	state(TCP_SYN_SENT);
	in(SYN | ACK, SEQ(0), MSS(1000), TTL(255));
	out(ACK, SEQ(1), ACKNO(1));
}

TEST_F(wire, near_only_of_listener)
{
	listens();
	ASSERT_EQ(0, wire_min_hops(W, self->lfd, 100));
	dropped("MIN_TTL", in(SYN, MSS(1000), TTL(99)));
	none(QUIET);
	in(SYN, SEQ(0), MSS(1000), TTL(100));
	out(SYN | ACK, SEQ(0), ACKNO(1));
	/* The kernel's TCP does not check the ACK of a handshake. */
	if (W->stack == XTCP) {
		dropped("MIN_TTL", in(ACK, SEQ(1), ACKNO(1), TTL(99)));
		fails_with(EAGAIN, accept(self->lfd, NULL, NULL));
	}
	in(ACK, SEQ(1), ACKNO(1), TTL(100));
	accepts();
	dropped("MIN_TTL", in(ACK, LEN(10), TTL(99)));
	none(QUIET);
}

/* ---- marks ---- */

/* Only packets with mark 7 have a route to the peer. */
#define marked_only() do {						\
	W->peer = WIRE_ELSEWHERE;					\
	ASSERT_EQ(0, wire_route(W, "rule add to", "fwmark 7 table 100"));	\
	ASSERT_EQ(0, wire_route(W, "route add", "dev tun0 table 100"));	\
} while (0)

TEST_F(wire, mark_chooses_the_route_of_all_segments)
{
	self->fd = wire_socket(W, 0);
	marked_only();
	ASSERT_EQ(-ENETUNREACH, wire_connect(W, self->fd, WIRE_PPORT));
	ASSERT_EQ(0, set_int(self->fd, SOL_SOCKET, SO_MARK, 7));
	active(MSS(1000));
	writes(1000);
	out(ACK, SEQ(1), LEN(1000));
	out(ACK, SEQ(1), LEN(1000), AFTER(200));
	in(ACK, LEN(100));
	out(ACK, ACKNO(101));
	closes();
	/* There is unread data, so close() sends a RST. */
	out(RST | ACK, SEQ(1001), ACKNO(101));
}

TEST_F(wire, mark_of_listener)
{
	marked_only();
	listens();
	in(SYN, MSS(1000));
	none(QUIET);
	ASSERT_EQ(0, set_int(self->lfd, SOL_SOCKET, SO_MARK, 7));
	wire_reset(W, WIRE_PPORT + 1);
	W->peer = WIRE_ELSEWHERE;
	in(SYN, MSS(1000));
	out(SYN | ACK, SEQ(0), ACKNO(1));
	out(SYN | ACK, SEQ(0), ACKNO(1), AFTER(1000));
	in(ACK, SEQ(1), ACKNO(1));
	accepts();
	ASSERT_EQ(7, get_int(self->fd, SOL_SOCKET, SO_MARK));
	both_close();
	state(TCP_TIME_WAIT);
	in(FIN | ACK, SEQ(1), ACKNO(2));
	out(ACK, SEQ(2), ACKNO(2));
}

/* ---- IP options ---- */

struct ipopts {
	const char *name;
	uint8_t len;
	uint8_t bytes[16];
};

static const struct ipopts received[] = {
	{ "no-operations", 4, { 1, 1, 1, 0 } },
	{ "router alert", 4, { IPOPT_RA, 4, 0, 0 } },
	{ "record route", 8, { IPOPT_RR, 7, 4, 0, 0, 0, 0, 0 } },
	{ "timestamp", 12, { IPOPT_TS, 12, 5, 0 } },
	{ "unknown", 8, { 94, 6, 1, 2, 3, 4, 0, 0 } },
	{ "unknown, copied", 8, { 158, 6, 1, 2, 3, 4, 0, 0 } },
};

/* MUST-50: received options are ignored, in a SYN and later. */
TEST_F(wire, options_are_ignored)
{
	IPV4_ONLY("its options");
	for (size_t i = 0; i < ARRAY_SIZE(received); i++) {
		const struct ipopts *o = &received[i];
		struct wseg s = { .flags = SYN, MSS(1000), .ipoptlen = o->len };

		memcpy(s.ipopt, o->bytes, o->len);
		wire_reset(W, WIRE_PPORT + i);
		W->doing = o->name;
		if (self->lfd < 0)
			listens();
		wire_in(W, &s);
		out(SYN | ACK, SEQ(0), ACKNO(1));
		s.flags = ACK;
		s.has_mss = false;
		s.len = 10;
		wire_in(W, &s);
		out(ACK, SEQ(1), ACKNO(11));
		accepts();
		ASSERT_EQ(10, recv_pat(self->fd, 0, 10));
		in(RST, SEQ(11));
		close(self->fd);
		self->fd = -1;
	}
}

/* MAY-10, MAY-11: options that the program sets are sent. */
TEST_F(wire, options_of_the_program)
{
	IPV4_ONLY("its options");
	static const struct ipopts own[] = {
		{ "record route", 12, { IPOPT_RR, 11, 4 } },
		{ "timestamp", 12, { IPOPT_TS, 12, 5, 0 } },
	};

	for (size_t i = 0; i < ARRAY_SIZE(own); i++) {
		wire_reset(W, WIRE_PPORT);
		W->doing = own[i].name;
		self->fd = wire_socket(W, 0);
		ASSERT_EQ(0, setsockopt(self->fd, IPPROTO_IP, IP_OPTIONS, own[i].bytes,
					own[i].len));
		connects();
		ASSERT_EQ(12, W->got.ipoptlen);
		ASSERT_EQ(own[i].bytes[0], W->got.ipopt[0]);
		in(SYN | ACK, MSS(1460));
		out(ACK, SEQ(1), ACKNO(1));
		/* They reduce the payload of every segment (MUST-16). */
		self->wpos = 0;
		writes(1460);
		out(ACK, SEQ(1), LEN(1448));
		ASSERT_EQ(12, W->got.ipoptlen);
		wire_drain(W, QUIET);
		in(RST, SEQ(1));
		closes();
	}
}

/* The same, set on an established connection. */
TEST_F(wire, options_set_later)
{
	static const uint8_t route[12] = { IPOPT_RR, 11, 4 };
	static const uint8_t pad[8] = { 0, 0, 1, 4 };
	uint32_t len = 1460 - (W->net == V6 ? sizeof(pad) : sizeof(route));

	if (W->net == V6)
		XTCP_ONLY("of IPv6 it loses what has become too long");
	passive(MSS(1460));
	if (W->net == V6) {
		ASSERT_EQ(0, setsockopt(self->fd, IPPROTO_IPV6, IPV6_HOPOPTS, pad,
					sizeof(pad)));
	} else {
		ASSERT_EQ(0, setsockopt(self->fd, IPPROTO_IP, IP_OPTIONS, route,
					sizeof(route)));
	}
	writes(1460);
	out(ACK, SEQ(1), LEN(len));
	ASSERT_EQ(1460 - len, W->got.ipoptlen);
	in(ACK, ACKNO(1 + len));
	out(ACK, SEQ(1 + len), LEN(1460 - len));
	in(ACK, ACKNO(1461));
	writes(3 * len);
	for (int i = 0; i < 3; i++)
		out(ACK, SEQ(1461 + i * len), LEN(len));
}

/* MUST-51: every segment has the program's source route. */
TEST_F(wire, source_route_of_the_program)
{
	IPV4_ONLY("its options");
	static const uint8_t route[8] = { IPOPT_LSRR, 7, 4, 10, 9, 0, 9, 0 };

	self->fd = wire_socket(W, 0);
	ASSERT_EQ(0, setsockopt(self->fd, IPPROTO_IP, IP_OPTIONS, route, sizeof(route)));
	connects();
	ASSERT_EQ(IPOPT_LSRR, W->got.ipopt[0]);
	in(SYN | ACK, MSS(1000));
	out(ACK, SEQ(1), ACKNO(1));
	ASSERT_EQ(IPOPT_LSRR, W->got.ipopt[0]);
	writes(100);
	out(ACK, SEQ(1), LEN(100));
	ASSERT_EQ(IPOPT_LSRR, W->got.ipopt[0]);
}

/* ---- fragments ---- */

/* IP reassembles fragments before TCP sees the segment. */
TEST_F(wire, fragments_are_reassembled)
{
	passive(MSS(1460));
	in(ACK, LEN(1000), SPLIT(504));
	out(ACK, SEQ(1), ACKNO(1001));
	in(ACK, LEN(1460), SPLIT(24));
	out(ACK, SEQ(1), ACKNO(2461));
	reads(2460);
	/* The checksum covers the whole segment. */
	dropped("CHECKSUM", in(ACK, LEN(1000), SPLIT(504), BADSUM));
	none(QUIET);
}

/*
 * RFC 6864 leaves the identification open. It must not count from 0, which would reveal
 * how much was sent.
 */
TEST_F(wire, identification_does_not_count_from_0)
{
	uint16_t first = 0, id;
	bool same;

	IPV4_ONLY("there is none without fragments");
	for (int kind = 0; kind < 2; kind++) {
		same = true;
		for (int i = 0; i < 4; i++) {
			wire_reset(W, WIRE_PPORT);
			self->wpos = 0;
			if (kind)
				passive(MSS(1000));
			else
				active(MSS(1000));
			writes(100);
			out(ACK | PSH, SEQ(1), LEN(100));
			first = i ? first : W->got.ipid;
			id = W->got.ipid;
			same = same && id == first;
			in(ACK);
			writes(100);
			out(ACK | PSH, SEQ(101), LEN(100));
			ASSERT_EQ((uint16_t)(id + 1), W->got.ipid);
			in(RST, SEQ(1));
			state(0);
			closes();
		}
		ASSERT_FALSE(same);
	}
}

TEST_HARNESS_MAIN
