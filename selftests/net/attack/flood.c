// SPDX-License-Identifier: GPL-2.0
/*
 * Floods: SYNs from addresses that never answer, and connections that nobody
 * accepts. An honest client must get through meanwhile (RFC 4987).
 */
#include <netinet/tcp.h>
#include <sys/resource.h>

#include "attack_test.h"

#define BACKLOG	32
#define FLOOD	(10 * BACKLOG)
#define HONEST	10		/* clients; FLOOD SYNs come before each */

enum source { ANYBODY, PREFIX, ONE };

static uint32_t draw(uint32_t *state)
{
	*state = *state * 1664525 + 1013904223;	/* Numerical Recipes */
	return *state >> 8;
}

/* Send FLOOD SYNs, and ignore the SYN-ACKs. @state: of draw(). */
static void flood(struct wire *w, enum source from, uint32_t *state)
{
	char addr[16];

	for (int i = 0; i < FLOOD; i++) {
		uint32_t r = draw(state);

		wire_reset(w, 1024 + draw(state) % 30000);
		if (from == ANYBODY)
			snprintf(addr, sizeof(addr), "10.%u.%u.%u", 10 + (r & 127),
				 r >> 7 & 255, 1 + (r >> 15) % 254);
		else
			snprintf(addr, sizeof(addr), "10.9.1.%u",
				 from == ONE ? 7 : 1 + r % 254);
		w->peer = addr;
		wire_in(w, &(struct wseg){ .flags = SYN, MSS(1460), WS(7), SACKOK,
			SEQ(0), TS(1000, 0) });
		wire_drain(w, 0);
	}
}

static bool has_options(int fd)
{
	unsigned int all = TCPI_OPT_TIMESTAMPS | TCPI_OPT_SACK | TCPI_OPT_WSCALE;
	struct tcp_info info;
	socklen_t len = sizeof(info);

	return !getsockopt(fd, IPPROTO_TCP, TCP_INFO, &info, &len) &&
	       (info.tcpi_options & all) == all && info.tcpi_snd_wscale == 7 &&
	       info.tcpi_snd_mss == 1460 - 12;
}

/*
 * A client at @port that completes the handshake and sends 10 bytes. The accepted
 * socket, or -1.
 */
static int honest(struct wire *w, int lfd, uint16_t port)
{
	wire_drain(w, 0);
	wire_reset(w, port);
	wire_in(w, &(struct wseg){ .flags = SYN, MSS(1460), WS(7), SACKOK, TS(1000, 0) });
	if (!answered(w, port))
		return -1;
	w->ts = true;
	wire_in(w, &(struct wseg){ .flags = ACK });
	wire_in(w, &(struct wseg){ .flags = ACK | PSH, LEN(10) });
	return accept4(lfd, NULL, NULL, SOCK_NONBLOCK);
}

/* Listen with all of 10.0.0.0/8 on the link. */
#define server() do {							\
	ASSERT_EQ(0, dev_up("tun0", "10.9.0.8", 8, 0));			\
	ASSERT_EQ(0, wire_knob(W, "max_syn_backlog", "32"));		\
	self->lfd = wire_listen(W, WIRE_PORT, BACKLOG);			\
	ASSERT_GE(self->lfd, 0);					\
} while (0)

#define clients(from, options) do {					\
	uint32_t _state = 1;						\
	char _data[16];							\
	for (int _i = 0; _i < HONEST; _i++) {				\
		flood(W, (from), &_state);				\
		self->fd = honest(W, self->lfd, 40000 + _i);		\
		defended("an honest client connects", self->fd >= 0);	\
		if (self->fd < 0)					\
			break;						\
		defended("and is heard", recv(self->fd, _data, 16, 0) == 10); \
		defended("SACK, timestamps, window scale, MSS are kept", \
			 !(options) || has_options(self->fd));		\
		close(self->fd);					\
		self->fd = -1;						\
	}								\
} while (0)

TEST_F_TIMEOUT(wire, syns_from_anybody, 120)
{
	server();
	clients(ANYBODY, true);
}

TEST_F_TIMEOUT(wire, syns_from_a_prefix, 120)
{
	server();
	clients(PREFIX, true);
}

TEST_F_TIMEOUT(wire, syns_from_one, 120)
{
	server();
	clients(ONE, true);
}

/* Without cookies SYNs need room in the request table: one source does not get it all. */
TEST_F_TIMEOUT(wire, syns_from_one_without_cookies, 120)
{
	server();
	ASSERT_EQ(0, wire_knob(W, "syncookies", "0"));
	if (W->stack == XTCP) {
		ASSERT_EQ(0, wire_knob(W, "syn_source_rate", "1"));
		ASSERT_EQ(0, wire_knob(W, "syn_source_burst", "8"));
	}
	clients(ONE, true);
}

/* Connections from one address that the program does not accept. */
TEST_F_TIMEOUT(wire, one_source_does_not_fill_accept_queue, 120)
{
	server();
	for (int i = 0; i < 2 * BACKLOG; i++) {
		wire_reset(W, 10000 + i);
		W->peer = "10.9.1.7";
		in(SYN, SEQ(0), MSS(1460));
		if (!wire_get(W, 2))
			continue;
		in(ACK);
	}
	/* A client at another address, still before any accept(). */
	wire_drain(W, 0);
	wire_reset(W, 40000);
	in(SYN, MSS(1460));
	defended("an honest client is answered", answered(W, 40000));
	in(ACK);
	defended("and connects", wire_state(W) == TCP_ESTABLISHED);
}

/* ---- thousands of listeners on this host ---- */

#define CROWD	1000
#define THRONG	10000
#define MEMBERS	128

/* The chain of @port in a table of 64 that hashes with hash_32() and no key. */
static uint32_t chain(uint16_t port)
{
	return htons(port) * 0x61c88647u >> 26;
}

/* Listeners on the wildcard address, each with its own port; ports per other address. */
#define WIDE	500
#define NARROW	400

/*
 * Open XTCP listeners number @from to @to - 1. In a table that is hashed without a key,
 * or by the port alone, all their ports would be in the chain of WIRE_PORT. 0 or -errno.
 */
static int crowd(int from, int to)
{
	union addr at = { .in = { .sin_family = AF_INET } };
	uint16_t ports[WIDE + NARROW], port = 1024;
	int fd, i;

	for (i = 0; i < WIDE + NARROW; port++)
		if (port != WIRE_PORT && chain(port) == chain(WIRE_PORT))
			ports[i++] = port;
	for (i = from; i < to; i++) {
		at.in.sin_port = htons(ports[i < WIDE ? i : WIDE + (i - WIDE) % NARROW]);
		if (i >= WIDE)
			at.in.sin_addr.s_addr = htonl(INADDR_LOOPBACK + (i - WIDE) / NARROW);
		fd = socket(AF_XTCP, SOCK_STREAM, 0);
		if (fd < 0 || bind_to(fd, &at) || listen(fd, 5))
			return -errno;
	}
	return 0;
}

#define COUNTS_TEST() do {						\
	struct rlimit _many = { 2 * THRONG, 2 * THRONG };			\
	if (!virtual_time() || W->net != V4)			\
		SKIP_TEST("counts instructions");			\
	ASSERT_EQ(0, setrlimit(RLIMIT_NOFILE, &_many));			\
	wire_knob(W, "syncookies", "2");				\
} while (0)

/* XTCP's listeners make neither a SYN nor a data segment dearer, for either TCP. */
TEST_F_TIMEOUT(wire, listeners_beside_cost_nothing, 300)
{
	struct wseg dup = { .flags = ACK, SEQ(1), LEN(1) };
	int64_t syn, data;

	COUNTS_TEST();
	passive(MSS(1460), SACKOK);
	in(ACK, SEQ(1), LEN(1));
	ASSERT_EQ(0, crowd(0, 1));
	/* The first duplicates are answered, later ones are too many: measure those. */
	cost(W, &dup, 0);
	data = cost(W, &dup, 0);
	syn = syn_cost(W, 20000);
	ASSERT_EQ(0, crowd(1, CROWD));
	same_cost("a SYN, 1000", syn, syn_cost(W, 30000));
	wire_reset(W, WIRE_PPORT);
	same_cost("data, 1000", data, cost(W, &dup, 0));
	ASSERT_EQ(0, crowd(CROWD, THRONG));
	same_cost("a SYN, 10000", syn, syn_cost(W, 50000));
	wire_reset(W, WIRE_PPORT);
	same_cost("data, 10000", data, cost(W, &dup, 0));
}

static int member(struct wire *w)
{
	int fd = wire_socket(w, 0);

	if (set_int(fd, SOL_SOCKET, SO_REUSEPORT, 1) ||
	    wire_bind(w, fd, w->local, WIRE_PORT) || listen(fd, 5))
		return -1;
	return fd;
}

/* A SYN to a SO_REUSEPORT group of MEMBERS listeners. */
TEST_F_TIMEOUT(wire, group_of_many, 300)
{
	int64_t syn;

	COUNTS_TEST();
	self->lfd = member(W);
	ASSERT_GE(self->lfd, 0);
	syn = syn_cost(W, 20000);
	for (int i = 1; i < MEMBERS; i++)
		ASSERT_GE(member(W), 0);
	/* No demand is made on the kernel's cost. */
	if (W->stack == XTCP)
		same_cost("a SYN to a group", syn, syn_cost(W, 30000));
}

TEST_HARNESS_MAIN
