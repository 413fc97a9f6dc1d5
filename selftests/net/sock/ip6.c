// SPDX-License-Identifier: GPL-2.0
/*
 * IPv6 sockets: which families they serve, which names their ends have, and how
 * they share ports with IPv4 sockets (RFC 3493, ipv6(7)).
 */
#include <net/if.h>

#include "sock_test.h"

#define PORT	5000

FIXTURE(ends)
{
	int l;		/* listener, or first socket to bind */
	int c;		/* client, or second socket to bind */
	int s;		/* accepted socket */
};

FIXTURE_VARIANT(ends)
{
	enum stack l;
	enum stack c;
};

FIXTURE_VARIANT_ADD(ends, kernel_kernel) { KERNEL, KERNEL };
FIXTURE_VARIANT_ADD(ends, kernel_xtcp) { KERNEL, XTCP };
FIXTURE_VARIANT_ADD(ends, xtcp_kernel) { XTCP, KERNEL };
FIXTURE_VARIANT_ADD(ends, xtcp_xtcp) { XTCP, XTCP };

FIXTURE_SETUP(ends)
{
	self->l = -1;
	self->c = -1;
	self->s = -1;
	variant_begins(variant->l, variant->c, V6);
	ASSERT_EQ(0, ns_new());
}

FIXTURE_TEARDOWN(ends)
{
	hard_close(self->c);
	close(self->s);
	close(self->l);
}

static int new_socket(enum stack st, enum net on)
{
	net = on;
	return stack_socket(st, 0);
}

static int v6only(int fd, int on)
{
	return set_int(fd, IPPROTO_IPV6, IPV6_V6ONLY, on);
}

/* ---- which sockets may bind to one port ---- */

struct end {
	enum net net;
	const char *addr;
	int only;
};

static const struct {
	const char *what;
	struct end a, b;
	int err;
} beside[] = {
	{ "same address", { V6, LOOPBACK }, { V6, LOOPBACK }, EADDRINUSE },
	{ "loopbacks of both", { V6, LOOPBACK }, { V4, LOOPBACK }, 0 },
	{ "mapped and IPv4", { MAPPED, LOOPBACK }, { V4, LOOPBACK }, EADDRINUSE },
	{ "mapped and IPv6", { MAPPED, LOOPBACK }, { V6, LOOPBACK }, 0 },
	{ "mapped and any IPv4", { MAPPED, LOOPBACK }, { V4, ANY }, EADDRINUSE },
	{ "mapped any and IPv4", { MAPPED, ANY }, { V4, LOOPBACK }, EADDRINUSE },
	{ "mapped any and IPv6", { MAPPED, ANY }, { V6, LOOPBACK }, 0 },
	{ "both and IPv6", { V6, ANY }, { V6, LOOPBACK }, EADDRINUSE },
	{ "both and IPv4", { V6, ANY }, { V4, LOOPBACK }, EADDRINUSE },
	{ "both and mapped", { V6, ANY }, { MAPPED, LOOPBACK }, EADDRINUSE },
	{ "both and any IPv4", { V6, ANY }, { V4, ANY }, EADDRINUSE },
	{ "both and both", { V6, ANY }, { V6, ANY }, EADDRINUSE },
	{ "both and only", { V6, ANY }, { V6, ANY, 1 }, EADDRINUSE },
	{ "only and IPv6", { V6, ANY, 1 }, { V6, LOOPBACK }, EADDRINUSE },
	{ "only and IPv4", { V6, ANY, 1 }, { V4, LOOPBACK }, 0 },
	{ "only and mapped", { V6, ANY, 1 }, { MAPPED, LOOPBACK }, 0 },
	{ "only and any IPv4", { V6, ANY, 1 }, { V4, ANY }, 0 },
	{ "only and only", { V6, ANY, 1 }, { V6, ANY, 1 }, EADDRINUSE },
};

static int bound(enum stack st, const struct end *e, int *fd)
{
	union addr a;

	*fd = new_socket(st, e->net);
	a = host(e->addr, PORT);
	if (e->only)
		v6only(*fd, 1);
	return bind_to(*fd, &a) ? errno : 0;
}

TEST_F(ends, binds_beside_each_other)
{
	for (size_t i = 0; i < 2 * ARRAY_SIZE(beside); i++) {
		const struct end *a = &beside[i / 2].a, *b = &beside[i / 2].b;
		int fa, fb, err = beside[i / 2].err;

		/* Odd: the other order. */
		if (i % 2) {
			a = &beside[i / 2].b;
			b = &beside[i / 2].a;
		}
		ASSERT_EQ(0, bound(variant->l, a, &fa));
		ASSERT_EQ(err, bound(variant->c, b, &fb))
			TH_LOG("%s", beside[i / 2].what);
		close(fa);
		close(fb);
	}
}

/* ---- which families a listener serves ---- */

#define listens(on, where, only) do {					\
	union addr _a;							\
	self->l = new_socket(variant->l, (on));				\
	ASSERT_GE(self->l, 0);						\
	_a = host((where), PORT);					\
	if (only)							\
		ASSERT_EQ(0, v6only(self->l, 1));			\
	ASSERT_EQ(0, bind_to(self->l, &_a));				\
	ASSERT_EQ(0, listen(self->l, 4));				\
} while (0)

/* Connect to loopback over @on. 0 or the errno. */
static int calls(enum stack st, enum net on, int *fd)
{
	union addr a;

	*fd = new_socket(st, on);
	a = local(PORT);
	return connect_to(*fd, &a) ? errno : 0;
}

#define heard(on) do {							\
	ASSERT_EQ(0, calls(variant->c, (on), &self->c));		\
	self->s = accept(self->l, NULL, NULL);				\
	ASSERT_GE(self->s, 0);						\
	ASSERT_EQ(1000, send_pat(self->c, 0, 1000));			\
	ASSERT_EQ(1000, recv_pat(self->s, 0, 1000));			\
	ASSERT_EQ(1000, send_pat(self->s, 0, 1000));			\
	ASSERT_EQ(1000, recv_pat(self->c, 0, 1000));			\
	hangs_up();							\
} while (0)

#define unheard(on) do {						\
	ASSERT_EQ(ECONNREFUSED, calls(variant->c, (on), &self->c));	\
	hangs_up();							\
} while (0)

#define hangs_up() do {							\
	hard_close(self->c);						\
	close(self->s);							\
	self->c = -1;							\
	self->s = -1;							\
} while (0)

TEST_F(ends, both_are_heard)
{
	listens(V6, ANY, 0);
	heard(V4);
	heard(V6);
	heard(MAPPED);
}

TEST_F(ends, only_ipv6_is_heard)
{
	listens(V6, ANY, 1);
	unheard(V4);
	unheard(MAPPED);
	heard(V6);
}

TEST_F(ends, mapped_hears_ipv4)
{
	listens(MAPPED, ANY, 0);
	heard(V4);
	heard(MAPPED);
	unheard(V6);
}

TEST_F(ends, ipv4_is_heard_by_its_own)
{
	listens(V4, ANY, 0);
	heard(V4);
	heard(MAPPED);
	unheard(V6);
}

/* An IPv4 and an IPv6 listener on the same port. */
TEST_F(ends, side_by_side)
{
	int other;

	listens(V4, ANY, 0);
	other = self->l;
	listens(V6, ANY, 1);
	heard(V6);
	close(self->l);
	self->l = other;
	heard(V4);
}

TEST_F(ends, bindv6only_applies_to_new_sockets)
{
	ASSERT_EQ(0, ns_sysctl("ipv6/bindv6only", "1"));
	listens(V6, ANY, 0);
	ASSERT_EQ(1, get_int(self->l, IPPROTO_IPV6, IPV6_V6ONLY));
	unheard(V4);
	heard(V6);
}

/* ---- which of two listeners ---- */

static const struct {
	struct end other;	/* a listener beside a dual-stack one */
	bool hears4, hears6;	/* does @other get the connections? */
} nearer[] = {
	/* An address beats the wildcard; an IPv4 socket beats a dual-stack one. */
	{ { V4, ANY }, true, false },
	{ { V4, LOOPBACK }, true, false },
	{ { V6, LOOPBACK }, false, true },
	{ { MAPPED, LOOPBACK }, true, false },
};

static int listener(enum stack st, const struct end *e)
{
	int fd = new_socket(st, e->net);
	union addr a = host(e->addr, PORT);

	set_int(fd, SOL_SOCKET, SO_REUSEPORT, 1);
	return bind_to(fd, &a) || listen(fd, 4) ? -1 : fd;
}

/* A connection over @on reaches the listener @lfd within a second. */
#define is_for(lfd, on) do {						\
	ASSERT_EQ(0, calls(variant->c, (on), &self->c));		\
	ASSERT_TRUE(poll_for((lfd), POLLIN, 1000) & POLLIN);		\
	self->s = accept((lfd), NULL, NULL);				\
	hangs_up();							\
} while (0)

TEST_F(ends, nearest_listener_hears)
{
	static const struct end dual = { V6, ANY };

	self->l = listener(variant->l, &dual);
	ASSERT_GE(self->l, 0);
	for (size_t i = 0; i < ARRAY_SIZE(nearer); i++) {
		int fd = listener(variant->l, &nearer[i].other);

		ASSERT_GE(fd, 0);
		is_for(nearer[i].hears4 ? fd : self->l, V4);
		is_for(nearer[i].hears6 ? fd : self->l, V6);
		close(fd);
		is_for(self->l, V4);
		is_for(self->l, V6);
	}
}

/* A socket that was connected over one family can connect over the other. */
TEST_F(ends, again_over_the_other)
{
	static const enum net over[] = { V6, MAPPED, V6 };
	/* The kernel's TCP cannot return to IPv6. */
	int times = variant->c == XTCP ? 3 : 2;
	struct sockaddr unspec = { .sa_family = AF_UNSPEC };

	listens(V6, ANY, 0);
	self->c = new_socket(variant->c, V6);
	for (int i = 0; i < times; i++) {
		union addr to;

		net = over[i];
		to = local(PORT);
		ASSERT_EQ(0, connect_to(self->c, &to));
		self->s = accept(self->l, NULL, NULL);
		ASSERT_GE(self->s, 0);
		ASSERT_EQ(1000, send_pat(self->c, 0, 1000));
		ASSERT_EQ(1000, recv_pat(self->s, 0, 1000));
		ASSERT_EQ(0, connect(self->c, &unspec, sizeof(unspec)));
		hard_close(self->s);
		self->s = -1;
	}
}

/* ---- names ---- */

#define named(call, fd, want) do {					\
	union addr _got = {};						\
	socklen_t _len = sizeof(_got);					\
	ASSERT_EQ(0, call(fd, &_got.sa, &_len));			\
	ASSERT_EQ(addr_len(&(want)), _len);				\
	ASSERT_EQ(0, memcmp(&_got, &(want), _len));			\
} while (0)

/* accept() and the accepted socket report a client over @on with addresses of @as. */
#define names_of(on, as) do {						\
	union addr _peer = {}, _name, _far;				\
	socklen_t _len = sizeof(_peer);					\
	uint16_t _port;							\
	ASSERT_EQ(0, calls(variant->c, (on), &self->c));		\
	_name = local(sock_port(self->c));				\
	_far = local(PORT);						\
	named(getsockname, self->c, _name);				\
	named(getpeername, self->c, _far);				\
	self->s = accept(self->l, &_peer.sa, &_len);			\
	ASSERT_GE(self->s, 0);						\
	_port = ntohs(_name.in.sin_port);				\
	net = (as);							\
	_name = local(_port);						\
	_far = local(PORT);						\
	ASSERT_EQ(sizeof(_name.in6), _len);				\
	ASSERT_EQ(0, memcmp(&_peer, &_name, _len));			\
	named(getpeername, self->s, _name);				\
	named(getsockname, self->s, _far);				\
	ASSERT_EQ(AF_INET6, get_int(self->s, SOL_SOCKET, SO_DOMAIN));	\
	hangs_up();							\
} while (0)

TEST_F(ends, names_have_the_sockets_family)
{
	listens(V6, ANY, 0);
	names_of(V4, MAPPED);
	names_of(MAPPED, MAPPED);
	names_of(V6, V6);
}

TEST_F(ends, name_of_unbound)
{
	union addr got = {}, want;
	socklen_t len = sizeof(got);
	int fd;

	fd = new_socket(variant->c, V6);
	want = host(ANY, 0);
	named(getsockname, fd, want);
	/* Without sin6_scope_id, RFC 2133's structure was 24 bytes long. */
	fails(EINVAL, bind(fd, &want.sa, 23));
	ASSERT_EQ(0, bind(fd, &want.sa, 24));
	ASSERT_EQ(0, getsockname(fd, &got.sa, &len));
	ASSERT_NE(0, got.in6.sin6_port);
	close(fd);
}

/* ---- invalid addresses ---- */

#define refuses(call, err, text) do {					\
	union addr _a = host((text), PORT);				\
	int _fd = stack_socket(variant->c, 0);				\
	fails((err), call(_fd, &_a.sa, addr_len(&_a)));				\
	close(_fd);							\
} while (0)

TEST_F(ends, wrong_addresses_are_rejected)
{
	union addr four, six;

	net = V4;
	four = local(PORT);
	net = V6;
	six = local(PORT);
	self->c = stack_socket(variant->c, 0);
	fails(EINVAL, bind_to(self->c, &four));
	fails(EAFNOSUPPORT, bind(self->c, &four.sa, sizeof(four)));
	fails(EINVAL, connect_to(self->c, &four));
	fails(EAFNOSUPPORT, connect(self->c, &four.sa, sizeof(four)));
	refuses(bind, EADDRNOTAVAIL, "2001:db8::1");
	refuses(bind, EINVAL, "ff02::1");
	refuses(bind, EINVAL, "fe80::1");	/* which link? */
	refuses(connect, EINVAL, "fe80::1");
	refuses(connect, ENETUNREACH, "ff02::1");
	refuses(connect, ENETUNREACH, "2001:db8::1");
	fails(EINVAL, connect(self->c, &six.sa, 23));
	net = V4;
	close(self->c);
	self->c = stack_socket(variant->c, 0);
	fails(EAFNOSUPPORT, bind_to(self->c, &six));
	fails(EAFNOSUPPORT, connect_to(self->c, &six));
}

TEST_F(ends, only_ipv6_rejects_mapped)
{
	union addr mapped, any;
	int fd;

	net = MAPPED;
	mapped = local(PORT);
	fd = new_socket(variant->c, V6);
	any = host(ANY, 0);
	ASSERT_EQ(0, get_int(fd, IPPROTO_IPV6, IPV6_V6ONLY));
	ASSERT_EQ(0, v6only(fd, 1));
	ASSERT_EQ(1, get_int(fd, IPPROTO_IPV6, IPV6_V6ONLY));
	fails(EINVAL, bind_to(fd, &mapped));
	fails(ENETUNREACH, connect_to(fd, &mapped));
	ASSERT_EQ(0, bind_to(fd, &any));
	/* IPV6_V6ONLY cannot change after bind(). */
	ASSERT_EQ(-EINVAL, v6only(fd, 0));
	close(fd);
}

/* A socket that is bound to an address of one family cannot reach the other. */
TEST_F(ends, bound_to_the_other)
{
	union addr four, six;
	int fd;

	net = MAPPED;
	four = local(PORT);
	fd = new_socket(variant->c, V6);
	six = local(0);
	ASSERT_EQ(0, bind_to(fd, &six));
	six = local(PORT);
	fails(ENETUNREACH, connect_to(fd, &four));
	close(fd);
	fd = new_socket(variant->c, MAPPED);
	four = local(0);
	ASSERT_EQ(0, bind_to(fd, &four));
	fails(EAFNOSUPPORT, connect_to(fd, &six));
	close(fd);
}

/* connect() to the unspecified address reaches this host. */
TEST_F(ends, connect_to_any)
{
	union addr any, name;

	listens(V6, ANY, 0);
	self->c = new_socket(variant->c, V6);
	any = host(ANY, PORT);
	ASSERT_EQ(0, connect_to(self->c, &any));
	name = local(PORT);
	named(getpeername, self->c, name);
	self->s = accept(self->l, NULL, NULL);
	ASSERT_GE(self->s, 0);
}

/*
 * Does /proc/net list a connection of @st from @name to @peer? @six: in tcp6 or xtcp6.
 * Addresses are hexadecimal, as in the file.
 */
static bool row(enum stack st, bool six, const char *name, uint16_t port,
		const char *peer, uint16_t pport)
{
	char path[32], want[100], line[400];
	bool found = false;
	FILE *f;

	snprintf(path, sizeof(path), "/proc/net/%stcp%s", st == XTCP ? "x" : "",
		 six ? "6" : "");
	snprintf(want, sizeof(want), ": %s:%04X %s:%04X ", name, port, peer, pport);
	f = fopen(path, "r");
	if (!f)
		return false;
	while (!found && fgets(line, sizeof(line), f))
		found = strstr(line, want);
	fclose(f);
	return found;
}

#define HEX_ANY		"00000000000000000000000000000000"
#define HEX_V6		"00000000000000000000000001000000"
#define HEX_MAPPED	"0000000000000000FFFF00000100007F"
#define HEX_V4		"0100007F"

/* ---- IPV6_ADDRFORM: a dual-stack socket becomes an IPv4 socket ---- */

#define addrform(fd, family)	set_int((fd), IPPROTO_IPV6, IPV6_ADDRFORM, (family))

/* The socket is an IPv4 socket in all it reports, and keeps its connection. */
#define is_of_ipv4(fd, port, peer) do {					\
	union addr _name, _far;						\
	net = V4;							\
	_name = local(port);						\
	_far = local(peer);						\
	ASSERT_EQ(AF_INET, get_int((fd), SOL_SOCKET, SO_DOMAIN));	\
	named(getsockname, (fd), _name);				\
	named(getpeername, (fd), _far);					\
	ASSERT_EQ(-EOPNOTSUPP, get_int((fd), IPPROTO_IPV6, IPV6_ADDRFORM)); \
	ASSERT_EQ(-ENOPROTOOPT, set_int((fd), IPPROTO_IPV6, IPV6_TCLASS, 8)); \
	ASSERT_EQ(0, set_int((fd), IPPROTO_IP, IP_TOS, 8));		\
	ASSERT_EQ(0, set_int((fd), IPPROTO_TCP, TCP_NODELAY, 1));	\
} while (0)

TEST_F(ends, addrform_makes_an_ipv4_socket)
{
	struct sockaddr unspec = { .sa_family = AF_UNSPEC };
	union addr again;
	uint16_t port;

	listens(V6, ANY, 0);
	ASSERT_EQ(0, calls(variant->c, MAPPED, &self->c));
	self->s = accept(self->l, NULL, NULL);
	port = sock_port(self->c);
	ASSERT_EQ(AF_INET6, get_int(self->c, IPPROTO_IPV6, IPV6_ADDRFORM));
	ASSERT_EQ(0, set_int(self->c, IPPROTO_IPV6, IPV6_RECVPKTINFO, 1));
	/* Bytes are in flight meanwhile. */
	ASSERT_EQ(1000, send_pat(self->c, 0, 1000));
	ASSERT_EQ(1000, send_pat(self->s, 0, 1000));
	ASSERT_EQ(0, addrform(self->c, AF_INET));
	is_of_ipv4(self->c, port, PORT);
	ASSERT_EQ(0, addrform(self->s, AF_INET));
	is_of_ipv4(self->s, PORT, port);
	ASSERT_TRUE(row(variant->c, false, HEX_V4, port, HEX_V4, PORT));
	ASSERT_TRUE(row(variant->l, false, HEX_V4, PORT, HEX_V4, port));
	ASSERT_EQ(1000, recv_pat(self->s, 0, 1000));
	ASSERT_EQ(1000, recv_pat(self->c, 0, 1000));
	ASSERT_EQ(100000, send_pat(self->c, 0, 100000));
	ASSERT_EQ(100000, recv_pat(self->s, 0, 100000));
	hard_close(self->s);
	self->s = -1;
	/* It stays an IPv4 socket. */
	again = local(PORT);
	ASSERT_EQ(0, connect(self->c, &unspec, sizeof(unspec)));
	ASSERT_EQ(0, connect_to(self->c, &again));
}

TEST_F(ends, addrform_needs_a_mapped_connection)
{
	char groups[1024] = {};
	struct group_req join = {};
	int val = AF_INET, fd;

	fd = new_socket(variant->c, V6);
	ASSERT_EQ(-ENOTCONN, addrform(fd, AF_INET));
	ASSERT_EQ(-ENOTCONN, get_int(fd, IPPROTO_IPV6, IPV6_ADDRFORM));
	ASSERT_EQ(-EINVAL, addrform(fd, AF_INET6));
	fails(EINVAL, setsockopt(fd, IPPROTO_IPV6, IPV6_ADDRFORM, &val, 2));
	fails(EFAULT, setsockopt(fd, IPPROTO_IPV6, IPV6_ADDRFORM, (void *)8, 4));
	close(fd);
	listens(V6, ANY, 0);
	ASSERT_EQ(-ENOTCONN, addrform(self->l, AF_INET));
	ASSERT_EQ(0, calls(variant->c, V6, &self->c));
	ASSERT_EQ(-EADDRNOTAVAIL, addrform(self->c, AF_INET));
	hangs_up();
	ASSERT_EQ(0, calls(variant->c, V4, &self->c));
	ASSERT_EQ(-ENOPROTOOPT, addrform(self->c, AF_INET));
	hangs_up();
	/* The kernel's TCP leaves multicast groups instead of refusing. */
	ASSERT_EQ(0, calls(variant->c, MAPPED, &self->c));
	net = V6;
	join.gr_interface = if_nametoindex("lo");
	ip6_of("ff02::7", (uint8_t *)&((struct sockaddr_in6 *)&join.gr_group)->sin6_addr);
	join.gr_group.ss_family = AF_INET6;
	ASSERT_EQ(0, setsockopt(self->c, IPPROTO_IPV6, MCAST_JOIN_GROUP, &join, sizeof(join)));
	ASSERT_EQ(variant->c == XTCP ? -EBUSY : 0, addrform(self->c, AF_INET));
	hangs_up();
	fd = open("/proc/net/igmp6", O_RDONLY);
	ASSERT_LT(0, read(fd, groups, sizeof(groups) - 1));
	ASSERT_EQ(NULL, strstr(groups, "ff020000000000000000000000000007"));
	close(fd);
}

/* ---- what is inherited ---- */

TEST_F(ends, options_are_inherited)
{
	static const struct {
		int name, val;
	} opts[] = {
		{ IPV6_TCLASS, 0x28 },
		{ IPV6_UNICAST_HOPS, 33 },
		{ IPV6_RECVERR, 1 },
		{ IPV6_MTU_DISCOVER, IPV6_PMTUDISC_DO },
		{ IPV6_AUTOFLOWLABEL, 0 },
		{ IPV6_MINHOPCOUNT, 1 },
	};

	listens(V6, ANY, 0);
	for (size_t i = 0; i < ARRAY_SIZE(opts); i++) {
		ASSERT_EQ(0, set_int(self->l, IPPROTO_IPV6, opts[i].name, opts[i].val));
		ASSERT_EQ(opts[i].val, get_int(self->l, IPPROTO_IPV6, opts[i].name));
	}
	ASSERT_EQ(0, calls(variant->c, V6, &self->c));
	self->s = accept(self->l, NULL, NULL);
	ASSERT_GE(self->s, 0);
	for (size_t i = 0; i < ARRAY_SIZE(opts); i++) {
		ASSERT_EQ(opts[i].val, get_int(self->s, IPPROTO_IPV6, opts[i].name))
			TH_LOG("option %d", opts[i].name);
	}
}

/* ---- /proc ---- */

TEST_F(ends, proc_has_rows_of_both_families)
{
	uint16_t port;

	listens(V6, ANY, 0);
	ASSERT_TRUE(row(variant->l, true, HEX_ANY, PORT, HEX_ANY, 0));
	ASSERT_EQ(0, calls(variant->c, V6, &self->c));
	port = sock_port(self->c);
	ASSERT_TRUE(row(variant->c, true, HEX_V6, port, HEX_V6, PORT));
	ASSERT_TRUE(row(variant->l, true, HEX_V6, PORT, HEX_V6, port));
	hangs_up();
	ASSERT_EQ(0, calls(variant->c, V4, &self->c));
	port = sock_port(self->c);
	ASSERT_TRUE(row(variant->c, false, HEX_V4, port, HEX_V4, PORT));
	ASSERT_TRUE(row(variant->l, true, HEX_MAPPED, PORT, HEX_MAPPED, port));
}

/* ---- links ---- */

/* A link-local address. */
TEST_F(ends, link_local_connects_within_its_scope)
{
	union addr a, name, peer = {};
	socklen_t len = sizeof(peer);
	uint8_t bin[16];

	ip6_of("fe80::7", bin);
	ASSERT_EQ(0, ns_addr6("lo", bin, 64));
	self->l = new_socket(variant->l, V6);
	a = host("fe80::7", PORT);
	a.in6.sin6_scope_id = if_nametoindex("lo");
	ASSERT_EQ(0, bind_to(self->l, &a));
	ASSERT_EQ(0, listen(self->l, 4));
	named(getsockname, self->l, a);
	self->c = new_socket(variant->c, V6);
	ASSERT_EQ(0, connect_to(self->c, &a));
	named(getpeername, self->c, a);
	self->s = accept(self->l, &peer.sa, &len);
	ASSERT_GE(self->s, 0);
	name = a;
	name.in6.sin6_port = htons(sock_port(self->c));
	named(getsockname, self->c, name);
	named(getpeername, self->s, name);
	ASSERT_EQ(0, memcmp(&peer, &name, len));
	named(getsockname, self->s, a);
	ASSERT_EQ(100, send_pat(self->s, 0, 100));
	ASSERT_EQ(100, recv_pat(self->c, 0, 100));
}

/* A socket that is bound to a device needs no sin6_scope_id. */
TEST_F(ends, link_local_by_device)
{
	union addr a;
	uint8_t bin[16];

	ip6_of("fe80::7", bin);
	ASSERT_EQ(0, ns_addr6("lo", bin, 64));
	listens(V6, ANY, 0);
	self->c = new_socket(variant->c, V6);
	a = host("fe80::7", PORT);
	ASSERT_EQ(0, setsockopt(self->c, SOL_SOCKET, SO_BINDTODEVICE, "lo", 3));
	ASSERT_EQ(0, connect_to(self->c, &a));
	a.in6.sin6_scope_id = if_nametoindex("lo");
	named(getpeername, self->c, a);
}

TEST_HARNESS_MAIN
