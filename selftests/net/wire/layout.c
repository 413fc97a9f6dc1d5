// SPDX-License-Identifier: GPL-2.0
/*
 * The headers of a connection's first segments. Fingerprints and filters recognize
 * Linux by its option layout and windows, so XTCP's must be the same under the same
 * settings. Each row opens connections with both TCPs and compares their headers byte
 * by byte.
 */
#include <sys/utsname.h>

#include "wire_test.h"

enum { KNOBS = 2, HEADERS = 3 };

struct layout {
	const char *name;
	const char *knob[KNOBS][2];	/* the kernel's sysctls, which XTCP's follow */
	const char *route;		/* metrics of the route */
	int mtu;			/* bytes with IPv4 (IPv6: 20 more), 0: 1500 */
	int rcvbuf, clamp, maxseg;	/* socket options, bytes; 0: not set */
	bool fastopen;
	bool large;			/* the window exceeds the field of a SYN */
	struct wseg peer;		/* options of the peer's SYN; unset: all options */
};

#define KNOB(name, val)		.knob = { { "ipv4/tcp_" name, val } }
#define RMEM(dflt, max)		KNOB("rmem", "4096 " #dflt " " #max)
#define PEER(...)		.peer = { __VA_ARGS__ }

static const struct layout layouts[] = {
	{ "defaults" },
	{ "no timestamps", KNOB("timestamps", "0") },
	{ "timestamps without offset", KNOB("timestamps", "2") },
	{ "no SACK", KNOB("sack", "0") },
	{ "no window scaling", KNOB("window_scaling", "0") },
	{ "no SACK, no timestamps",
	  .knob = { { "ipv4/tcp_sack", "0" }, { "ipv4/tcp_timestamps", "0" } } },
	{ "no window scaling, no timestamps",
	  .knob = { { "ipv4/tcp_window_scaling", "0" }, { "ipv4/tcp_timestamps", "0" } } },
	{ "ECN", KNOB("ecn", "1") },
	{ "ECN refused", KNOB("ecn", "0") },
	{ "ECN of the route", .route = "features ecn" },
	{ "Fast Open", KNOB("fastopen", "3"), .fastopen = true },
	{ "Fast Open, no timestamps", .fastopen = true,
	  .knob = { { "ipv4/tcp_fastopen", "3" }, { "ipv4/tcp_timestamps", "0" } } },
	{ "peer: MSS", PEER(MSS(1460)) },
	{ "peer: nothing", PEER(WND(1000)) },
	{ "peer: no timestamps", PEER(MSS(1460), SACKOK, WS(7)) },
	{ "peer: no SACK", PEER(MSS(1460), TS(1, 0), WS(7)) },
	{ "peer: no window scaling", PEER(MSS(1460), SACKOK, TS(1, 0)) },
	{ "peer: small MSS", PEER(MSS(200), SACKOK, TS(1, 0), WS(7)) },
	{ "TCP_MAXSEG 536", .maxseg = 536 },
	{ "TCP_MAXSEG 1000, no timestamps", KNOB("timestamps", "0"), .maxseg = 1000 },
	{ "TCP_MAXSEG 9000", .maxseg = 9000 },
	{ "SO_RCVBUF 1", .rcvbuf = 1 },
	{ "SO_RCVBUF 4000", .rcvbuf = 4000 },
	{ "SO_RCVBUF 10000", .rcvbuf = 10000 },
	{ "SO_RCVBUF 50000", .rcvbuf = 50000 },
	{ "SO_RCVBUF 100000", .rcvbuf = 100000, .large = true },
	{ "SO_RCVBUF 10000000", .rcvbuf = 10000000, .large = true },
	{ "SO_RCVBUF 10000, no window scaling", KNOB("window_scaling", "0"), .rcvbuf = 10000 },
	{ "SO_RCVBUF 10000, no timestamps", KNOB("timestamps", "0"), .rcvbuf = 10000 },
	{ "TCP_WINDOW_CLAMP 4000", .clamp = 4000 },
	{ "TCP_WINDOW_CLAMP 20000", .clamp = 20000 },
	{ "TCP_WINDOW_CLAMP 300000", .clamp = 300000 },
	{ "TCP_WINDOW_CLAMP 20000, SO_RCVBUF 10000", .clamp = 20000, .rcvbuf = 10000 },
	{ "rmem 4096", RMEM(4096, 6291456) },
	{ "rmem 16384", RMEM(16384, 6291456) },
	{ "rmem 87380", RMEM(87380, 6291456) },
	{ "rmem 1000000", RMEM(1000000, 6291456), .large = true },
	{ "rmem 4000000", RMEM(4000000, 4194304), .large = true },
	{ "rmem up to 65536", RMEM(65536, 65536) },
	{ "rmem up to 4194303", RMEM(131072, 4194303) },
	{ "rmem up to 33554432", RMEM(131072, 33554432) },
	{ "rmem up to 2147483647", RMEM(131072, 2147483647) },
	{ "rmem 1000000, no window scaling",
	  .knob = { { "ipv4/tcp_window_scaling", "0" },
		    { "ipv4/tcp_rmem", "4096 1000000 6291456" } } },
	{ "MTU 1280", .mtu = 1280 },
	{ "MTU 1492", .mtu = 1492 },
	{ "MTU 9000", .mtu = 9000 },
	{ "MTU 9000, no timestamps", KNOB("timestamps", "0"), .mtu = 9000 },
	{ "MTU 9000, SO_RCVBUF 10000", .rcvbuf = 10000, .mtu = 9000 },
	{ "MTU 65000", .mtu = 65000 },
	{ "MTU 65000, SO_RCVBUF 50000", .rcvbuf = 50000, .mtu = 65000 },
	{ "route: window 10000", .route = "window 10000" },
	{ "route: window 300000", .route = "window 300000" },
	{ "route: initrwnd 3", .route = "initrwnd 3" },
	{ "route: initrwnd 100", .route = "initrwnd 100" },
	{ "route: advmss 1000", .route = "advmss 1000" },
};

struct header {
	uint8_t byte[60];
	uint8_t len;
	uint8_t ttl, tos;
	bool df, has_ipid;
};

/* Zero the fields that differ between any two connections. */
static void mask(struct header *h)
{
	uint8_t *o = h->byte + 20;
	size_t left = h->len - 20, l;

	memset(h->byte, 0, 8);		/* ports, sequence number */
	memset(h->byte + 16, 0, 2);	/* checksum */
	for (; left && *o; o += l, left -= l) {
		l = *o == 1 ? 1 : left > 1 ? o[1] : 0;
		if (!l || l > left)
			break;
		if (*o == 8)
			memset(o + 2, 0, 8);	/* clocks */
		else if (*o == 34)
			memset(o + 2, 0, l - 2);
	}
}

/* Take the next segment's header; an empty one if no segment comes. */
static void take(struct wire *w, struct header *h)
{
	memset(h, 0, sizeof(*h));
	if (!wire_get(w, 1000))
		return;
	memcpy(h->byte, w->hdr, w->hdr_len);
	h->len = w->hdr_len;
	h->ttl = w->got.ttl;
	h->tos = w->got.tos;
	h->df = w->got.df;
	h->has_ipid = w->got.ipid;
	mask(h);
}

static int options(const struct layout *row, int fd)
{
	int err = 0;

	if (row->rcvbuf)
		err |= set_int(fd, SOL_SOCKET, SO_RCVBUF, row->rcvbuf);
	if (row->clamp)
		err |= set_int(fd, IPPROTO_TCP, TCP_WINDOW_CLAMP, row->clamp);
	if (row->maxseg)
		err |= set_int(fd, IPPROTO_TCP, TCP_MAXSEG, row->maxseg);
	return err;
}

/* Make a new namespace and device with the settings of @row. 0, or not. */
static int settings(const struct layout *row, struct wire *w, enum stack st)
{
	int err, six = w->net == V6 ? 20 : 0;
	char text[128];

	wire_fini(w);
	/* As for XTCP: wire_init() then leaves the kernel's sysctls at their defaults. */
	err = wire_init(w, XTCP, w->net);
	w->stack = st;
	for (int i = 0; i < KNOBS && row->knob[i][0]; i++)
		err |= ns_sysctl(row->knob[i][0], row->knob[i][1]);
	if (row->mtu)
		err |= shell("ip link set tun0 mtu %d", row->mtu + six);
	snprintf(text, sizeof(text), "dev tun0 %s", row->route ?: "");
	if (row->route)
		err |= wire_route(w, "route replace", text);
	return err;
}

/* SYN and ACK of the active end, and its first data. */
static int active_headers(const struct layout *row, struct wire *w, const struct wseg *peer,
			  struct header *h)
{
	struct wseg synack = *peer;
	int err, fd = wire_socket(w, 0);

	w->doing = row->name;
	synack.flags |= ACK;
	err = options(row, fd);
	if (row->fastopen)
		err |= set_int(fd, IPPROTO_TCP, TCP_FASTOPEN_CONNECT, 1);
	wire_connect(w, fd, WIRE_PPORT);
	if (row->fastopen)
		send_pat(fd, 0, 100);
	take(w, h++);
	synack.tsecr = w->tsecr;
	wire_in(w, &synack);
	take(w, h++);
	w->ts = w->got.has_ts;
	if (!row->fastopen)
		err |= send_pat(fd, 0, 100) != 100;
	take(w, h++);
	hard_close(fd);
	return err;
}

/* SYN-ACK of the passive end, and its first data. */
static int passive_headers(const struct layout *row, struct wire *w, const struct wseg *peer,
			   struct header *h)
{
	int fd, err, lfd = wire_socket(w, 0);

	err = options(row, lfd);
	err |= wire_bind(w, lfd, WIRE_LOCAL, WIRE_PORT);
	err |= listen(lfd, 5);
	if (row->fastopen)
		err |= set_int(lfd, IPPROTO_TCP, TCP_FASTOPEN, 5);
	wire_in(w, peer);
	take(w, h++);
	w->ts = w->got.has_ts;
	wire_in(w, &(struct wseg){ .flags = ACK });
	fd = accept4(lfd, NULL, NULL, SOCK_NONBLOCK);
	err |= send_pat(fd, 0, 100) != 100;
	take(w, h++);
	hard_close(fd);
	close(lfd);
	return err;
}

static void show(const char *who, const struct header *h)
{
	char text[128];
	int n = 0;

	for (int i = 8; i < h->len; i++)
		n += snprintf(text + n, sizeof(text) - n, "%02x%s", h->byte[i],
			      i % 4 == 3 ? " " : "");
	text[n] = 0;
	fprintf(stderr, "#   %-6s %s ttl %u tos %u df %d id %d\n", who, text, h->ttl, h->tos, h->df,
	       h->has_ipid);
}

/* Before 6.11 Linux offers at most 64 KB until data has arrived. */
static bool kernel_offers_all(void)
{
	int major, minor;
	struct utsname u;

	return !uname(&u) && sscanf(u.release, "%d.%d", &major, &minor) == 2 &&
	       major * 100 + minor >= 611;
}

/* How many headers differ. */
static int differ(const struct layout *row, const char *way, struct header *kernel,
		  struct header *xtcp)
{
	int bad = 0;

	for (int i = 0; i < HEADERS; i++) {
		if (row->large && !(kernel[i].byte[13] & SYN) && !kernel_offers_all()) {
			memset(&kernel[i].byte[14], 0, 2);
			memset(&xtcp[i].byte[14], 0, 2);
		}
		if (!memcmp(&kernel[i], &xtcp[i], sizeof(*kernel)))
			continue;
		fprintf(stderr, "# %s, %s, segment %d\n", row->name, way, i);
		show("kernel", &kernel[i]);
		show("xtcp", &xtcp[i]);
		bad++;
	}
	return bad;
}

TEST_F_TIMEOUT(wire, options_lie_as_in_linux, 300)
{
	static const struct wseg all = { MSS(1460), SACKOK, TS(1, 0), WS(7) };
	/* In real time every fifth row suffices: it is the debug kernel's run. */
	size_t step = virtual_time() ? 1 : 5;
	struct header seen[2][2][HEADERS];
	int bad = 0;

	if (variant->stack == KERNEL)
		SKIP_TEST("it is what is compared with");
	for (size_t i = 0; i < ARRAY_SIZE(layouts); i += step) {
		const struct layout *row = &layouts[i];
		struct wseg peer = row->peer.has_mss || row->peer.has_wnd ? row->peer : all;

		peer.flags = SYN;
		memset(seen, 0, sizeof(seen));
		for (enum stack st = KERNEL; st <= XTCP; st++) {
			ASSERT_EQ(0, settings(row, W, st)) TH_LOG("%s", row->name);
			ASSERT_EQ(0, active_headers(row, W, &peer, seen[0][st]))
				TH_LOG("%s", row->name);
			ASSERT_EQ(0, settings(row, W, st)) TH_LOG("%s", row->name);
			if (row->fastopen)
				peer.has_fo = true;
			if (strstr(row->name, "ECN"))
				peer.flags |= ECE | CWR;
			ASSERT_EQ(0, passive_headers(row, W, &peer, seen[1][st]))
				TH_LOG("%s", row->name);
		}
		bad += differ(row, "active", seen[0][KERNEL], seen[0][XTCP]);
		bad += differ(row, "passive", seen[1][KERNEL], seen[1][XTCP]);
	}
	ASSERT_EQ(0, bad);
}

TEST_HARNESS_MAIN
