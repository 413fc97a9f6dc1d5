// SPDX-License-Identifier: GPL-2.0
/*
 * The metrics of a route that concern TCP, ip-route(8): they apply to active
 * connections, to accepted ones, and to those from a SYN cookie.
 */
#include "wire_test.h"

enum way { ACTIVE, PASSIVE, COOKIE, WAYS };

static const char * const ways[] = { "active", "passive", "cookie" };

/* MSS of the link; a peer's MSS that SYN cookies can encode. Bytes. */
#define LINK_MSS	1460
#define M		1440

/* Set the metrics of the route to the peer. */
#define route(metrics)							\
	ASSERT_EQ(0, wire_route(W, "route replace", "dev tun0 " metrics))

/* The same for a string that is not constant. */
#define route_is(metrics) do {						\
	char _after[128];						\
	snprintf(_after, sizeof(_after), "dev tun0 %s", (metrics));	\
	W->doing = (metrics);						\
	ASSERT_EQ(0, wire_route(W, "route replace", _after)) TH_LOG("%s", (metrics)); \
} while (0)

#define cookies(way)	knob("syncookies", (way) == COOKIE ? "2" : "1")

/* Open a new connection; the arguments are the options of our SYN or SYN-ACK. */
#define opens(way, ...) do {						\
	static uint16_t _port = 41000;					\
	wire_reset(W, _port++);						\
	self->wpos = 0;							\
	self->rpos = 0;							\
	cookies(way);							\
	if ((way) == ACTIVE) {						\
		if (self->lfd >= 0)					\
			stops_listening();				\
		active(__VA_ARGS__);					\
	} else {							\
		passive(__VA_ARGS__);					\
	}								\
} while (0)

/* The peer resets the connection. */
#define leaves() do {							\
	in(RST | ACK);							\
	sleep_ms(1);							\
	closes();							\
	wire_drain(W, 1);						\
} while (0)

#define each_way(way)	for (enum way way = ACTIVE; way < WAYS; way++)

/* Write @n bytes in full segments; the kernel's initial send buffer may be too small. */
#define writes_all(n) do {						\
	ASSERT_EQ(0, set_int(self->fd, SOL_SOCKET, SO_SNDBUF, 1 << 19)); \
	ASSERT_EQ(0, set_int(self->fd, IPPROTO_TCP, TCP_CORK, 1));	\
	writes(n);							\
} while (0)

/* ---- initcwnd ---- */

TEST_F_TIMEOUT(wire, initcwnd_is_first_flight, 120)
{
	static const struct {
		const char *metric;
		int segs;
	} rows[] = {
		{ "", 10 },
		{ "initcwnd 1", 1 },
		{ "initcwnd 3", 3 },
		{ "initcwnd 20", 20 },
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		route_is(rows[i].metric);
		each_way(way) {
			opens(way, MSS(M), WS(7));
			in(ACK, WND(60000));
			writes_all(rows[i].segs * M);
			for (int k = 0; k < rows[i].segs; k++)
				out(ACK, SEQ(1 + k * M), LEN(M));
			writes(2 * M);
			none(QUIET);
			leaves();
		}
	}
}

/* RFC 5681, 4.1: initcwnd is the restart window, too. */
LONG_TEST_F(wire, initcwnd_after_idle, 600)
{
	route("initcwnd 3");
	each_way(way) {
		opens(way, MSS(M));
		writes_all(3 * M);
		for (int i = 0; i < 3; i++)
			out(ACK, SEQ(1 + i * M), LEN(M));
		in(ACK, ACKNO(1 + 3 * M));
		writes(6 * M);
		for (int i = 3; i < 9; i++)
			out(ACK, SEQ(1 + i * M), LEN(M));
		in(ACK, ACKNO(1 + 9 * M));
		sleep_ms(20000);
		writes(10 * M);
		for (int i = 9; i < 12; i++)
			out(ACK, SEQ(1 + i * M), LEN(M));
		none(QUIET);
		leaves();
	}
}

/* ---- initrwnd, window ---- */

/* Window of the last segment in bytes; @ws: the shift that was negotiated. */
#define offered(ws)	((int)W->got.wnd << (ws))

/*
 * initrwnd limits the window until data arrives. The peer offers window scaling, so all
 * windows after the SYN are scaled.
 */
TEST_F_TIMEOUT(wire, initrwnd_limits_first_window, 120)
{
	each_way(way) {
		int ws, first, opts = way == ACTIVE ? 0 : 12;

		route("initrwnd 4");
		wire_reset(W, 42000 + way);
		self->rpos = 0;
		cookies(way);
		first = 4 * (LINK_MSS - opts);
		if (way == ACTIVE) {
			connects();
			ASSERT_EQ(first, W->got.wnd);
			ws = W->got.ws;
			in(SYN | ACK, MSS(M), WS(7), TS(1, W->tsecr));
			W->ts = true;
			out(ACK, SEQ(1), ACKNO(1));
			ASSERT_LE(offered(ws), first + (1 << ws));
		} else {
			listens();
			in(SYN, MSS(M), WS(7), TS(1, 0));
			out(SYN | ACK, SEQ(0), ACKNO(1));
			ASSERT_EQ(first, W->got.wnd) TH_LOG("%s", ways[way]);
			ws = W->got.ws;
			W->ts = true;
			in(ACK, SEQ(1), ACKNO(1));
			accepts();
			stops_listening();
		}
		/* Then it grows as fast as the peer's slow start. */
		in(ACK, LEN(1000));
		out(ACK, ACKNO(1001));
		ASSERT_GT(offered(ws), first - 1000) TH_LOG("%s", ways[way]);
		ASSERT_LE(offered(ws), first + 4 * 1460) TH_LOG("%s", ways[way]);
		for (int i = 0; i < 12; i++) {
			in(ACK, LEN(1000));
			wire_drain(W, 1);
		}
		reads(13000);
		wire_drain(W, 50);
		in(ACK, LEN(1000));
		wire_drain(W, 50);
		ASSERT_GT(offered(ws), 20000) TH_LOG("%s", ways[way]);
		leaves();
	}
}

TEST_F_TIMEOUT(wire, window_metric_limits_window, 120)
{
	static const struct {
		const char *metric;
		int most, ws;
	} rows[] = {
		{ "window 20000", 20000, 0 },
		{ "window 65535", 65535, 0 },
		{ "window 1000000", 1000000, 4 },
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		route_is(rows[i].metric);
		each_way(way) {
			int most = rows[i].most < 65535 ? rows[i].most : 65535;

			wire_reset(W, 43000 + 10 * i + way);
			cookies(way);
			if (way == ACTIVE) {
				connects();
			} else {
				if (self->lfd < 0)
					listens();
				in(SYN, MSS(M), WS(7), TS(1, 0));
				out(SYN | ACK, SEQ(0), ACKNO(1));
			}
			ASSERT_TRUE(W->got.has_ws);
			ASSERT_EQ(rows[i].ws, W->got.ws) TH_LOG("%s", ways[way]);
			ASSERT_LE((int)W->got.wnd, most) TH_LOG("%s", ways[way]);
			ASSERT_GT((int)W->got.wnd, most - 1500) TH_LOG("%s", ways[way]);
			W->ts = true;
			if (way == ACTIVE) {
				in(SYN | ACK, MSS(M), WS(7));
				out(ACK, SEQ(1), ACKNO(1));
			} else {
				in(ACK, SEQ(1), ACKNO(1));
				accepts();
			}
			in(ACK, LEN(1000));
			out(ACK, ACKNO(1001));
			ASSERT_LE(offered(rows[i].ws), rows[i].most) TH_LOG("%s", ways[way]);
			ASSERT_GT(offered(rows[i].ws), most - 3000) TH_LOG("%s", ways[way]);
			leaves();
		}
	}
}

/* The application's setting takes precedence over the route's. */
TEST_F_TIMEOUT(wire, window_clamp_first, 120)
{
	route("window 20000");
	self->fd = wire_socket(W, 0);
	ASSERT_EQ(0, set_int(self->fd, IPPROTO_TCP, TCP_WINDOW_CLAMP, 30000));
	connects();
	ASSERT_GT((int)W->got.wnd, 28000);
	ASSERT_LE((int)W->got.wnd, 30000);
}

/* The window of one connection's route does not affect the socket's next connection. */
TEST_F_TIMEOUT(wire, window_of_the_last_connection, 120)
{
	struct sockaddr none = { .sa_family = AF_UNSPEC };

	route("window 20000");
	active(MSS(M));
	ASSERT_EQ(0, connect(self->fd, &none, sizeof(none)));
	out(RST | ACK, SEQ(1));
	route("");
	wire_reset(W, WIRE_PPORT);
	connects();
	ASSERT_GT((int)W->got.wnd, 60000);
}

/* ---- rto_min, rtt ---- */

LONG_TEST_F(wire, rto_min_metric_bounds_rto, 120)
{
	static const struct {
		const char *metric;
		int ms;
	} rows[] = {
		{ "", 200 },
		{ "rto_min 40ms", 40 },
		{ "rto_min 600ms", 600 },
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		route_is(rows[i].metric);
		each_way(way) {
			opens(way, MSS(M));
			writes(100);
			out(ACK, SEQ(1), LEN(100));
			in(ACK, ACKNO(101));
			writes(100);
			out(ACK, SEQ(101), LEN(100));
			ASSERT_GE((int)info(self->fd).tcpi_rto, rows[i].ms * 1000);
			ASSERT_LE((int)info(self->fd).tcpi_rto, rows[i].ms * 1000 + 12000)
				TH_LOG("%s", ways[way]);
			out(ACK, SEQ(101), LEN(100), AFTER(rows[i].ms));
			leaves();
		}
	}
}

/* ACKs are delayed for less than rto_min; a peer with such a route would retransmit. */
LONG_TEST_F(wire, rto_min_bounds_delayed_acks, 120)
{
	XTCP_ONLY("so do newer kernels, 6.12 among them");
	route("rto_min 20ms");
	each_way(way) {
		opens(way, MSS(M));
		ASSERT_EQ(0, set_int(self->fd, IPPROTO_TCP, TCP_QUICKACK, 0));
		in(ACK, LEN(100));
		out(ACK, ACKNO(101), AFTER(19));
		leaves();
	}
}

/* ---- metrics that the kernel's TCP takes from its cache of peers ---- */

/* The cache takes a route's metrics when a connection over the route ends. */
#define learns() do {							\
	opens(PASSIVE, MSS(M));					\
	writes(100);							\
	out(ACK, SEQ(1), LEN(100));					\
	in(ACK, ACKNO(101));						\
	closes();							\
	out(FIN | ACK, SEQ(101));					\
	in(FIN | ACK, ACKNO(102));					\
	out(ACK, SEQ(102));						\
	sleep_ms(1);							\
} while (0)

/* XTCP reads the route itself; it must not store metrics of this connection. */
#define saves()		knob("no_metrics_save", W->stack == KERNEL ? "0" : "1")

TEST_F_TIMEOUT(wire, rtt_metric_sets_first_rto, 120)
{
	saves();
	route("rtt lock 500ms");
	learns();
	each_way(way) {
		opens(way, MSS(M));
		/* 500 ms plus twice that. */
		ASSERT_GE((int)info(self->fd).tcpi_rto, 1500 * 1000) TH_LOG("%s", ways[way]);
		ASSERT_LE((int)info(self->fd).tcpi_rto, 1512 * 1000);
		writes(100);
		out(ACK, SEQ(1), LEN(100));
		in(ACK, ACKNO(101));
		/* A measurement replaces it; in real time it may be large. */
		ASSERT_LT((int)info(self->fd).tcpi_rto, 1000 * 1000);
		leaves();
	}
}

TEST_F_TIMEOUT(wire, ssthresh_metric_ends_slow_start, 120)
{
	saves();
	route("ssthresh lock 14");
	learns();
	each_way(way) {
		knob("no_ssthresh_metrics_save", "0");
		opens(way, MSS(M));
		ASSERT_EQ(14, (int)info(self->fd).tcpi_snd_ssthresh) TH_LOG("%s", ways[way]);
		leaves();
		knob("no_ssthresh_metrics_save", "1");
		opens(way, MSS(M));
		ASSERT_EQ(0x7fffffff, (int)info(self->fd).tcpi_snd_ssthresh);
		leaves();
	}
}

TEST_F_TIMEOUT(wire, cwnd_metric_limits_flight, 120)
{
	saves();
	route("cwnd lock 4");
	learns();
	each_way(way) {
		opens(way, MSS(M));
		writes_all(8 * M);
		for (int i = 0; i < 4; i++)
			out(ACK, SEQ(1 + i * M), LEN(M));
		none(QUIET);
		in(ACK, ACKNO(1 + 4 * M));
		for (int i = 4; i < 8; i++)
			out(ACK, SEQ(1 + i * M), LEN(M));
		none(QUIET);
		leaves();
	}
}

/* Without "lock" the metric has no effect. */
TEST_F_TIMEOUT(wire, cwnd_without_lock, 120)
{
	saves();
	route("cwnd 4");
	learns();
	each_way(way) {
		opens(way, MSS(M));
		ASSERT_EQ(10, (int)info(self->fd).tcpi_snd_cwnd);
		leaves();
	}
}

TEST_F_TIMEOUT(wire, reordering_metric_is_first_degree, 120)
{
	saves();
	route("reordering lock 6");
	learns();
	each_way(way) {
		opens(way, MSS(M));
		ASSERT_EQ(6, (int)info(self->fd).tcpi_reordering) TH_LOG("%s", ways[way]);
		leaves();
	}
}

/* ---- quickack ---- */

/* In an interactive connection, where ACKs would wait for the reply. */
LONG_TEST_F(wire, quickack_metric_acknowledges_at_once, 120)
{
	static const struct {
		const char *metric;
		int ms;
	} rows[] = {
		{ "", 40 },
		{ "quickack 1", 0 },
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		route_is(rows[i].metric);
		each_way(way) {
			opens(way, MSS(M));
			for (int k = 0; k < 8; k++) {
				in(ACK, LEN(100));
				reads(100);
				writes(100);
				wire_drain(W, 5);
				in(ACK, ACKNO(101 + 100 * k));
			}
			in(ACK, LEN(100));
			out(ACK, ACKNO(901), AFTER(rows[i].ms));
			leaves();
		}
	}
}

/* ---- congctl ---- */

#define algorithm(fd) ({						\
	static char _name[16];						\
	socklen_t _len = sizeof(_name);					\
	ASSERT_EQ(0, getsockopt((fd), IPPROTO_TCP, TCP_CONGESTION, _name, &_len)); \
	_name; })

#define sets_algorithm(fd, name) \
	setsockopt((fd), IPPROTO_TCP, TCP_CONGESTION, (name), strlen(name))

TEST_F_TIMEOUT(wire, congctl_metric_chooses_algorithm, 120)
{
	knob("congestion_control", "reno");
	each_way(way) {
		route("congctl cubic");
		opens(way, MSS(M));
		ASSERT_STREQ("cubic", algorithm(self->fd)) TH_LOG("%s", ways[way]);
		ASSERT_EQ(0, sets_algorithm(self->fd, "reno"));
		ASSERT_STREQ("reno", algorithm(self->fd));
		leaves();
		route("");
		opens(way, MSS(M));
		ASSERT_STREQ("reno", algorithm(self->fd));
		leaves();
	}
}

/* The route's algorithm replaces the application's earlier choice. */
TEST_F_TIMEOUT(wire, congctl_over_choice, 120)
{
	knob("congestion_control", "reno");
	route("congctl cubic");
	self->fd = wire_socket(W, 0);
	ASSERT_EQ(0, sets_algorithm(self->fd, "reno"));
	active(MSS(M));
	ASSERT_STREQ("cubic", algorithm(self->fd));
	leaves();
	wire_reset(W, 40001);
	listens();
	ASSERT_EQ(0, sets_algorithm(self->lfd, "reno"));
	passive(MSS(M));
	ASSERT_STREQ("cubic", algorithm(self->fd));
}

/* With "lock" the application cannot choose another. */
TEST_F_TIMEOUT(wire, congctl_lock, 120)
{
	knob("congestion_control", "reno");
	route("congctl lock cubic");
	each_way(way) {
		opens(way, MSS(M));
		ASSERT_STREQ("cubic", algorithm(self->fd)) TH_LOG("%s", ways[way]);
		fails_with(EPERM, sets_algorithm(self->fd, "reno"));
		ASSERT_STREQ("cubic", algorithm(self->fd));
		leaves();
	}
}

/* An algorithm that the TCP does not have is ignored. */
TEST_F_TIMEOUT(wire, congctl_unknown, 120)
{
	XTCP_ONLY("it has it");
	knob("congestion_control", "reno");
	if (wire_route(W, "route replace", "dev tun0 congctl vegas"))
		SKIP_TEST("no vegas here");
	each_way(way) {
		opens(way, MSS(M));
		ASSERT_STREQ("reno", algorithm(self->fd));
		leaves();
	}
}

/* DCTCP asks for ECN, and accepts it of a SYN with ECT (RFC 8257, 3.5). */
TEST_F_TIMEOUT(wire, congctl_that_needs_ecn, 120)
{
	knob("ecn", "0");
	if (wire_route(W, "route replace", "dev tun0 congctl dctcp"))
		SKIP_TEST("no dctcp here");
	W->pport = WIRE_PPORT;
	self->fd = wire_socket(W, 0);
	ASSERT_EQ(-EINPROGRESS, wire_connect(W, self->fd, WIRE_PPORT));
	out(SYN | ECE | CWR, SEQ(0));
	in(SYN | ACK | ECE, MSS(M));
	out(ACK, SEQ(1), ACKNO(1));
	ASSERT_STREQ("dctcp", algorithm(self->fd));
	leaves();

	wire_reset(W, 40001);
	listens();
	in(SYN | ECE | CWR, MSS(M), ECT0);
	out(SYN | ACK | ECE, SEQ(0), ACKNO(1));
	in(ACK, SEQ(1), ACKNO(1));
	accepts();
	ASSERT_STREQ("dctcp", algorithm(self->fd));
}

/* ---- features ecn ---- */

TEST_F_TIMEOUT(wire, ecn_feature_asks_for_ecn, 120)
{
	static const struct {
		const char *metric;
		int flags;
	} rows[] = {
		{ "", 0 },
		{ "features ecn", ECE },
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		route_is(rows[i].metric);
		each_way(way) {
			knob("ecn", "0");
			wire_reset(W, 44000 + 10 * i + way);
			self->wpos = 0;
			cookies(way);
			if (way == ACTIVE) {
				self->fd = wire_socket(W, 0);
				W->pport = WIRE_PPORT;
				ASSERT_EQ(-EINPROGRESS,
					  wire_connect(W, self->fd, WIRE_PPORT));
				out(SYN | rows[i].flags | (rows[i].flags ? CWR : 0), SEQ(0));
				in(SYN | ACK | ECE, MSS(M));
				out(ACK, SEQ(1), ACKNO(1));
			} else {
				if (self->lfd < 0)
					listens();
				in(SYN | ECE | CWR, MSS(M), TS(1, 0));
				out(SYN | ACK | rows[i].flags, SEQ(0), ACKNO(1));
				W->ts = true;
				in(ACK, SEQ(1), ACKNO(1));
				accepts();
			}
			writes(100);
			/* ECT(0) if ECN was negotiated. */
			out(ACK, SEQ(1), LEN(100), TOS(rows[i].flags ? 2 : 0));
			leaves();
		}
	}
}

/* ECT in a SYN comes from a middlebox: ECN is refused. */
TEST_F_TIMEOUT(wire, ecn_syn_with_ect, 120)
{
	route("features ecn");
	knob("ecn", "0");
	listens();
	in(SYN | ECE | CWR, MSS(M), ECT0);
	out(SYN | ACK, SEQ(0), ACKNO(1));
}

TEST_HARNESS_MAIN
