// SPDX-License-Identifier: GPL-2.0
/*
 * How TCP uses the IPv6 header: flow labels, extension headers, scopes, the minimum
 * MTU (RFC 8200, 8201, 6437, 4007).
 */
#include <linux/in6.h>
#include <net/if.h>

#define WIRE_ONLY_IPV6
#include "wire_test.h"

/* ---- flow labels ---- */

#define flow_of(label, ...) do {					\
	out(__VA_ARGS__);						\
	ASSERT_EQ((label), W->got.flow);				\
} while (0)

/* RFC 6437: all packets of a flow have the same label, which is not zero. */
TEST_F(wire, flow_label_is_kept)
{
	uint32_t label;

	connects();
	label = W->got.flow;
	ASSERT_NE(0, label);
	in(SYN | ACK, MSS(1000));
	flow_of(label, ACK, SEQ(1), ACKNO(1));
	for (int i = 0; i < 5; i++) {
		writes(1000);
		flow_of(label, ACK, LEN(1000));
		in(ACK, LEN(100));
		flow_of(label, ACK, ACKNO(101 + i * 100));
	}
	closes();
	ASSERT_TRUE(wire_get(W, 300));
	ASSERT_EQ(label, W->got.flow);
}

TEST_F(wire, flow_label_of_accepted)
{
	uint32_t label;

	listens();
	in(SYN, MSS(1000), FLOW(0x54321));
	out(SYN | ACK, SEQ(0), ACKNO(1));
	label = W->got.flow;
	ASSERT_NE(0, label);
	in(ACK, SEQ(1), ACKNO(1), FLOW(0x54321));
	accepts();
	writes(1000);
	flow_of(label, ACK, SEQ(1), LEN(1000));
	in(ACK, LEN(100), FLOW(0x11111));	/* the peer's does not matter */
	flow_of(label, ACK, ACKNO(101));
}

TEST_F(wire, flow_labels_differ)
{
	uint32_t label[8];
	int same = 0;

	listens();
	for (int i = 0; i < 8; i++) {
		wire_reset(W, WIRE_PPORT + i);
		in(SYN, MSS(1000));
		out(SYN | ACK, SEQ(0), ACKNO(1));
		label[i] = W->got.flow;
		in(RST, SEQ(1));
		for (int j = 0; j < i; j++)
			same += label[i] == label[j];
	}
	ASSERT_LE(same, 1);
}

TEST_F(wire, flow_label_not_wanted)
{
	self->fd = wire_socket(W, 0);
	ASSERT_EQ(0, set_int(self->fd, IPPROTO_IPV6, IPV6_AUTOFLOWLABEL, 0));
	connects();
	ASSERT_EQ(0, W->got.flow);
	in(SYN | ACK, MSS(1000));
	flow_of(0, ACK, SEQ(1), ACKNO(1));
	writes(1000);
	flow_of(0, ACK, LEN(1000));
}

TEST_F(wire, flow_label_by_knob)
{
	ASSERT_EQ(0, ns_sysctl("ipv6/auto_flowlabels", "0"));
	connects();
	ASSERT_EQ(0, W->got.flow);
}

#define LABEL	0x12345
#define REFLECT(bits)	ASSERT_EQ(0, ns_sysctl("ipv6/flowlabel_reflect", bits))

/* Bit 0: all segments reflect the peer's label, from the SYN-ACK to TIME-WAIT. */
TEST_F(wire, flow_label_is_sent_back)
{
	REFLECT("1");
	listens();
	in(SYN, MSS(1000), FLOW(LABEL));
	flow_of(LABEL, SYN | ACK, SEQ(0), ACKNO(1));
	in(ACK, SEQ(1), ACKNO(1), FLOW(LABEL));
	accepts();
	writes(1000);
	flow_of(LABEL, ACK, SEQ(1), LEN(1000));
	in(ACK, LEN(100), FLOW(LABEL));
	flow_of(LABEL, ACK, ACKNO(101));
	reads(100);
	closes();
	flow_of(LABEL, FIN | ACK, SEQ(1001), ACKNO(101));
	in(FIN | ACK, SEQ(101), ACKNO(1002), FLOW(LABEL));
	flow_of(LABEL, ACK, SEQ(1002), ACKNO(102));
	state(TCP_TIME_WAIT);
	in(FIN | ACK, SEQ(101), ACKNO(1002), FLOW(LABEL));
	flow_of(LABEL, ACK, SEQ(1002), ACKNO(102));
}

/* A SYN-ACK that is sent again, by timer or for a repeated SYN, keeps its label. */
static const struct {
	const char *reflect, *rehash;	/* flowlabel_reflect, net.core.txrehash */
	bool drawn;			/* the kernel draws a new one, against RFC 6437 */
} again[] = {
	{ "0", "0" },
	{ "1", "0" },
	{ "1", "1" },
	{ "0", "1", .drawn = true },
};

LONG_TEST_F(wire, flow_label_of_a_synack_again, 30)
{
	uint32_t label;

	for (size_t i = 0; i < ARRAY_SIZE(again); i++) {
		if (W->stack == KERNEL && again[i].drawn)
			continue;
		REFLECT(again[i].reflect);
		ASSERT_EQ(0, ns_sysctl("core/txrehash", again[i].rehash));
		wire_reset(W, WIRE_PPORT + i);
		listens();
		in(SYN, MSS(1000), FLOW(LABEL));
		out(SYN | ACK, SEQ(0), ACKNO(1));
		label = W->got.flow;
		ASSERT_EQ(*again[i].reflect == '1', label == LABEL);
		flow_of(label, SYN | ACK, SEQ(0), ACKNO(1), WITHIN(3000));
		sleep_ms(100);
		in(SYN, SEQ(0), MSS(1000), FLOW(LABEL));
		flow_of(label, SYN | ACK, SEQ(0), ACKNO(1));
		in(ACK, SEQ(1), ACKNO(1), FLOW(LABEL));
		accepts();
		writes(1000);
		flow_of(label, ACK, SEQ(1), LEN(1000));
		hard_close(self->fd);
		self->fd = -1;
		self->wpos = 0;
		wire_drain(W, QUIET);
		stops_listening();
	}
}

/* Each timeout changes the label, and so the path: Protective ReRoute. */
TEST_F(wire, flow_label_after_a_timeout)
{
	uint32_t label, was = 0;

	passive(MSS(1000));
	counted(4, "TcpTimeoutRehash", ({
		writes(1000);
		for (int i = 0; i < 5; i++) {
			out(ACK, SEQ(1), LEN(1000), WITHIN(5000));
			label = W->got.flow;
			ASSERT_NE(was, label);
			was = label;
		}
	}));
	/* After an ACK the label stays. */
	in(ACK, ACKNO(1001));
	writes(1000);
	flow_of(label, ACK, SEQ(1001), LEN(1000));
	ASSERT_EQ(0, set_int(self->fd, SOL_SOCKET, SO_TXREHASH, 0));
	flow_of(label, ACK, SEQ(1001), LEN(1000), WITHIN(5000));
}

TEST_F(wire, flow_label_of_a_syn_again)
{
	uint32_t was;

	connects();
	for (int i = 0; i < 3; i++) {
		was = W->got.flow;
		out(SYN, SEQ(0), WITHIN(5000));
		ASSERT_NE(was, W->got.flow);
	}
	in(SYN | ACK, MSS(1000));
	was = W->got.flow;
	flow_of(was, ACK, SEQ(1), ACKNO(1));
}

/* Repeated duplicates mean that our ACKs get lost: their label changes. */
TEST_F(wire, flow_label_of_acks_that_are_lost)
{
	uint32_t label;

	passive(MSS(1000), SACKOK);
	in(ACK, LEN(1000));
	out(ACK, ACKNO(1001), WITHIN(500));
	label = W->got.flow;
	counted(1, "TcpDuplicateDataRehash", ({
		in(ACK, SEQ(1), LEN(1000), FLOW(0x11111));
		flow_of(label, ACK, ACKNO(1001));
		in(ACK, SEQ(1), LEN(1000), FLOW(0x11112));
		out(ACK, ACKNO(1001));
		ASSERT_NE(label, W->got.flow);
	}));
}

/* A RST by a listener follows bit 0 (connections), not bit 1 (no socket). */
TEST_F(wire, flow_label_of_a_listeners_rst)
{
	REFLECT("1");
	listens();
	in(ACK, SEQ(1), ACKNO(777), FLOW(LABEL));
	flow_of(LABEL, RST, SEQ(777));
	stops_listening();
	REFLECT("2");
	listens();
	in(ACK, SEQ(1), ACKNO(777), FLOW(LABEL));
	out(RST, SEQ(777));
	ASSERT_NE(LABEL, W->got.flow);
}

/* A label that the program has leased (RFC 6437 3). */
TEST_F(wire, flow_label_of_the_program)
{
	struct in6_flowlabel_req lease = {
		.flr_label = htonl(LABEL),
		.flr_action = IPV6_FL_A_GET,
		.flr_share = IPV6_FL_S_EXCL,
		.flr_flags = IPV6_FL_F_CREATE,
	};
	union addr a = host(WIRE_PEER, WIRE_PPORT);

	a.in6.sin6_flowinfo = htonl(LABEL);
	self->fd = wire_socket(W, 0);
	ASSERT_EQ(0, set_int(self->fd, IPPROTO_IPV6, IPV6_FLOWINFO_SEND, 1));
	memcpy(&lease.flr_dst, &a.in6.sin6_addr, sizeof(lease.flr_dst));
	ASSERT_EQ(0, setsockopt(self->fd, IPPROTO_IPV6, IPV6_FLOWLABEL_MGR, &lease,
				sizeof(lease)));
	ASSERT_EQ(-1, connect_to(self->fd, &a));
	ASSERT_EQ(EINPROGRESS, errno);
	flow_of(LABEL, SYN, SEQ(0));
	in(SYN | ACK, MSS(1000));
	flow_of(LABEL, ACK, SEQ(1), ACKNO(1));
	writes(1000);
	flow_of(LABEL, ACK, SEQ(1), LEN(1000));
}

/* ---- extension headers on the way in ---- */

#define HOPBYHOP	0
#define ROUTING		43
#define FRAGMENT	44
#define DESTINATION	60

struct headers {
	const char *name;
	uint8_t first, len;
	uint8_t bytes[48];
};

static const struct headers headers[] = {
	{ "hop-by-hop options", HOPBYHOP, 8, { 6, 0, 1, 4, 0, 0, 0, 0 } },
	{ "destination options", DESTINATION, 8, { 6, 0, 1, 4, 0, 0, 0, 0 } },
	/* RFC 8754: no segment left, one address in the list. */
	{ "segment routing", ROUTING, 24, { 6, 2, 4, 0, 0, 0, 0, 0, 0xfd, 0, 10, 9, 0, 1,
					    0, 0, 0, 0, 0, 0, 0, 0, 0, 1 } },
	{ "an old routing header", ROUTING, 8, { 6, 0, 0, 0, 0, 0, 0, 0 } },
	{ "an atomic fragment", FRAGMENT, 8, { 6, 0, 0, 0, 0, 0, 0, 9 } },
	{ "three", HOPBYHOP, 24, { DESTINATION, 0, 1, 4, 0, 0, 0, 0,
				   FRAGMENT, 0, 1, 4, 0, 0, 0, 0, 6, 0, 0, 0, 0, 0, 0, 10 } },
};

/* Extension headers are ignored, in a SYN and later. */
TEST_F(wire, extension_headers_are_ignored)
{
	ASSERT_EQ(0, ns_sysctl("ipv6/conf/all/seg6_enabled", "1"));
	ASSERT_EQ(0, ns_sysctl("ipv6/conf/tun0/seg6_enabled", "1"));
	listens();
	for (size_t i = 0; i < ARRAY_SIZE(headers); i++) {
		const struct headers *h = &headers[i];
		struct wseg s = { .flags = SYN, MSS(1000), .ext = h->first,
				  .ipoptlen = h->len };

		memcpy(s.ipopt, h->bytes, h->len);
		wire_reset(W, WIRE_PPORT + i);
		W->doing = h->name;
		wire_in(W, &s);
		out(SYN | ACK, SEQ(0), ACKNO(1));
		ASSERT_EQ(0, W->got.ipoptlen);
		s.flags = ACK;
		s.has_mss = false;
		s.len = 10;
		wire_in(W, &s);
		out(ACK, SEQ(1), ACKNO(11));
		accepts();
		ASSERT_EQ(10, recv_pat(self->fd, 0, 10));
		s.flags = RST;
		s.len = 0;
		wire_in(W, &s);
		state(0);
		closes();
	}
}

/* An unknown option whose type requires that the packet is discarded. */
TEST_F(wire, unknown_option_is_discarded)
{
	passive(MSS(1000));
	in(ACK, LEN(10), EXT(DESTINATION, 6, 0, 0x40 | 0x1e, 4, 0, 0, 0, 0));
	none(QUIET);
	in(ACK, SEQ(1), LEN(10));
	out(ACK, ACKNO(11));
}

/* ---- the path MTU, RFC 8201 ---- */

TEST_F(wire, too_big_of_any_size)
{
	passive(MSS(1460));
	writes(1460);
	out(ACK, SEQ(1), LEN(1460));
	/* The field has 32 bits; none of these values lowers the path MTU. */
	wire_icmp(W, 2, 0, 1, 0xffffffff);
	wire_icmp(W, 2, 0, 1, 0x10000);
	wire_icmp(W, 2, 0, 1, 1520);
	none(QUIET);
	in(ACK);
	writes(1460);
	out(ACK, SEQ(1461), LEN(1460));
}

/* The next connection to the same peer starts with the path MTU. */
TEST_F(wire, too_big_is_remembered)
{
	passive(MSS(1460));
	writes(1460);
	out(ACK, SEQ(1), LEN(1460));
	W->rcv_nxt = 1;
	wire_too_big(W, 1, 1300);
	out(ACK, SEQ(1), LEN(1300), WITHIN(100));
	wire_drain(W, QUIET);
	in(RST, SEQ(1));
	closes();
	wire_reset(W, WIRE_PPORT + 1);
	self->wpos = 0;
	passive(MSS(1460));
	writes(2600);
	out(ACK, SEQ(1), LEN(1300));
	out(ACK, SEQ(1301), LEN(1300));
}

/* ---- link-local addresses ---- */

#define NEAR	"fe80::1"
#define FAR	"fe80::2"

#define on_the_link() do {						\
	uint8_t _bin[16];						\
	ip6_of(NEAR, _bin);						\
	ASSERT_EQ(0, ns_addr6("tun0", _bin, 64));			\
	W->local = NEAR;						\
	W->peer = FAR;							\
} while (0)

TEST_F(wire, link_local_connect)
{
	union addr a = host(FAR, WIRE_PPORT), name = host(NEAR, 0), got;
	socklen_t len = sizeof(got);

	on_the_link();
	self->fd = wire_socket(W, 0);
	ASSERT_EQ(-EINVAL, wire_connect(W, self->fd, WIRE_PPORT));
	a.in6.sin6_scope_id = if_nametoindex("tun0");
	ASSERT_EQ(-1, connect_to(self->fd, &a));
	ASSERT_EQ(EINPROGRESS, errno);
	out(SYN, SEQ(0));
	in(SYN | ACK, MSS(1000));
	out(ACK, SEQ(1), ACKNO(1));
	ASSERT_EQ(0, getsockname(self->fd, &got.sa, &len));
	name.in6.sin6_port = htons(W->got.sport);
	name.in6.sin6_scope_id = a.in6.sin6_scope_id;
	ASSERT_EQ(0, memcmp(&name, &got, len));
	ASSERT_EQ(0, getpeername(self->fd, &got.sa, &len));
	ASSERT_EQ(0, memcmp(&a, &got, len));
	writes(100);
	out(ACK, SEQ(1), LEN(100));
	in(ACK, LEN(100));
	out(ACK, ACKNO(101));
	reads(100);
}

TEST_F(wire, link_local_listen)
{
	union addr peer = {}, want = host(FAR, WIRE_PPORT);
	socklen_t len = sizeof(peer);

	on_the_link();
	listens_any();
	in(SYN, MSS(1000));
	out(SYN | ACK, SEQ(0), ACKNO(1));
	in(ACK, SEQ(1), ACKNO(1));
	self->fd = accept4(self->lfd, &peer.sa, &len, SOCK_NONBLOCK);
	ASSERT_GE(self->fd, 0);
	want.in6.sin6_scope_id = if_nametoindex("tun0");
	ASSERT_EQ(0, memcmp(&want, &peer, len));
	writes(100);
	out(ACK, SEQ(1), LEN(100));
	in(ACK, LEN(100));
	out(ACK, ACKNO(101));
	/* A RST for a port without a socket leaves over the link, too. */
	in(ACK, TO(9), SEQ(100), ACKNO(777));
	out(RST, SEQ(777));
}

/* ---- addresses ---- */

TEST_F(wire, syn_to_many_is_ignored)
{
	listens_any();
	in(SYN, MSS(1000), DST("ff02::1"));
	none(QUIET);
	/* No RST is sent either; the kernel's TCP sends one, from the group's address. */
	in(ACK, SEQ(1), ACKNO(1), DST("ff02::1"));
	if (W->stack == XTCP)
		none(QUIET);
	wire_drain(W, QUIET);
	state(0);
	wire_reset(W, WIRE_PPORT);
	passive(MSS(1000));
}

/* Packets with a v4-mapped address are ignored. */
TEST_F(wire, mapped_on_the_wire_is_ignored)
{
	listens_any();
	in(SYN, MSS(1000), SRC("::ffff:10.9.0.2"));
	none(QUIET);
	state(0);
}

TEST_HARNESS_MAIN
