// SPDX-License-Identifier: GPL-2.0
/*
 * SYN cookies (RFC 4987, 3.6): no state between SYN and ACK, and the connection has
 * the options of the SYN, of which the kernel's TCP keeps fewer.
 */
#include "wire_test.h"

/* struct tcp_info, tcpi_options */
#define INFO_TS		1
#define INFO_SACK	2
#define INFO_WSCALE	4
#define INFO_ECN	8

#define requests()	wire_count(W, "Requests")
#define sent()		wire_count(W, "SyncookiesSent")
#define received()	wire_count(W, "SyncookiesRecv")
#define failed()	wire_count(W, "SyncookiesFailed")

#define ECN_SYN	(ECE | CWR)

/* What a SYN offers, and what TCP_INFO of the connection shows. */
static const struct offer {
	const char *what;
	uint16_t flags;
	uint16_t mss, snd_mss;
	int ws;			/* -1: none */
	bool sack, ts;
	unsigned int options;
} offers[] = {
	{ "nothing but an MSS",	0, 1460, 1460, -1, false, false, 0 },
	{ "a small MSS",	0, 600, 536, -1, false, false, 0 },
	{ "SACK",		0, 1460, 1460, -1, true, false, INFO_SACK },
	{ "window scale 0",	0, 1460, 1460, 0, false, false, INFO_WSCALE },
	{ "window scale 14",	0, 1460, 1460, 14, true, false, INFO_WSCALE | INFO_SACK },
	{ "timestamps",		0, 1460, 1448, -1, false, true, INFO_TS },
	{ "all",		0, 1460, 1448, 7, true, true, INFO_TS | INFO_SACK | INFO_WSCALE },
	{ "all and ECN",	ECN_SYN, 1460, 1448, 9, true, true,
	  INFO_TS | INFO_SACK | INFO_WSCALE | INFO_ECN },
	{ "ECN, SACK",		ECN_SYN, 1400, 1388, -1, true, true,
	  INFO_TS | INFO_SACK | INFO_ECN },
	{ "ECN, no timestamps",	ECN_SYN, 1460, 1460, 2, true, false, INFO_SACK | INFO_WSCALE },
};

TEST_F_TIMEOUT(wire, cookie_keeps_the_options, 60)
{
	XTCP_ONLY("it keeps none without timestamps, and other MSSs");
	knob("syncookies", "2");
	listens();
	for (size_t i = 0; i < ARRAY_SIZE(offers); i++) {
		const struct offer *o = &offers[i];
		struct wseg syn = {
			.flags = SYN | o->flags, MSS(o->mss), .has_sack = o->sack,
			.has_ws = o->ws >= 0, .ws = o->ws, .has_ts = o->ts, .tsval = 5000,
		};
		struct tcp_info ti;

		W->doing = o->what;
		wire_reset(W, WIRE_PPORT + i);
		W->wnd = 10000;
		wire_in(W, &syn);
		ASSERT_TRUE(wire_get(W, 300));
		ASSERT_EQ(SYN | ACK | (o->options & INFO_ECN ? ECE : 0), W->got.flags)
			TH_LOG("%s", o->what);
		ASSERT_EQ(o->ts, W->got.has_ts);
		ASSERT_EQ(o->sack, W->got.has_sack);
		ASSERT_EQ(o->ws >= 0, W->got.has_ws);
		ASSERT_EQ(0, requests());
		W->ts = o->ts;
		sleep_ms(20);
		in(ACK, SEQ(1), ACKNO(1));
		accepts();
		ti = info(self->fd);
		ASSERT_EQ(o->options, ti.tcpi_options) TH_LOG("%s", o->what);
		ASSERT_EQ(o->snd_mss, ti.tcpi_snd_mss) TH_LOG("%s", o->what);
		ASSERT_EQ(o->ws > 0 ? o->ws : 0, 0 + ti.tcpi_snd_wscale);
		/* The cookie's timestamp is too coarse to measure a round trip. */
		ASSERT_EQ(0, ti.tcpi_rtt);
		self->wpos = 0;
		self->rpos = 0;
		in(ACK | PSH, LEN(100));
		reads(100);
		wire_drain(W, 60);
		writes(2000);
		out(ACK, SEQ(1), LEN(o->snd_mss));
		wire_drain(W, 5);
		in(ACK, ACKNO(2001));
		ASSERT_EQ(1, info(self->fd).tcpi_rtt > 0);
		closes();
		wire_drain(W, 5);
		in(RST);
	}
	ASSERT_EQ(ARRAY_SIZE(offers), sent());
	ASSERT_EQ(ARRAY_SIZE(offers), received());
	ASSERT_EQ(0, failed());
}

/* The window scale of the SYN applies: the sender fills the peer's scaled window. */
TEST_F(wire, window_scale_survives_cookie)
{
	knob("syncookies", "2");
	listens();
	in(SYN, MSS(1440), WS(5), SACKOK, TS(5000, 0));
	out(SYN | ACK, SEQ(0), ACKNO(1));
	W->ts = true;
	W->wnd = 91;
	in(ACK, SEQ(1), ACKNO(1));
	accepts();
	ASSERT_EQ(0, set_int(self->fd, IPPROTO_TCP, TCP_NODELAY, 1));
	writes(5000);
	/* 91 << 5 bytes are two full segments. A third, if any, must stay in the window. */
	out(ACK, SEQ(1), LEN(1428));
	out(ACK, SEQ(1429), LEN(1428));
	while (wire_get(W, 20))
		ASSERT_GE(1 + (91 << 5), W->got.seq + W->got.len);
}

/* RFC 9768: AccECN is negotiated with a cookie, too. */
TEST_F(wire, accecn_survives_cookie)
{
	XTCP_ONLY("6.1 has none");
	knob("syncookies", "2");
	knob("ecn", "3");
	listens();
	in(SYN | AE | ECE | CWR, MSS(1460), TS(5000, 0));
	out(SYN | ACK | CWR, SEQ(0), ACKNO(1), ACC0(1, 0, 1));
	W->ts = true;
	in(ACK | CWR, SEQ(1), ACKNO(1));
	accepts();
	in(ACK | AE | ECE, LEN(100), CE);
	/* The counter starts at 5; one CE mark makes it 6. */
	out(ACK | AE | CWR, ACKNO(101));
}

/* syncookies = 1: requests are stored as long as there is room for them. */
TEST_F(wire, cookies_are_sent_only_under_pressure)
{
	int i;

	XTCP_ONLY("it does not list half-open connections");
	self->lfd = wire_listen(W, WIRE_PORT, 20);
	ASSERT_GE(self->lfd, 0);
	knob("max_syn_backlog", "5");
	for (i = 0; i < 12; i++) {
		wire_reset(W, WIRE_PPORT + i);
		in(SYN, MSS(1460), WS(7), SACKOK, TS(5000, 0));
		out(SYN | ACK, SEQ(0), ACKNO(1));
		ASSERT_EQ(i < 5 ? i + 1 : 5, requests());
		if (i < 5)
			continue;
		W->ts = true;
		in(ACK, SEQ(1), ACKNO(1));
		state(TCP_ESTABLISHED);
	}
	ASSERT_EQ(7, sent());
	ASSERT_EQ(7, received());
	ASSERT_EQ(7, wire_count(W, "TCPReqQFullDoCookies"));
	/* A stored request answers its SYN again. */
	wire_reset(W, WIRE_PPORT);
	wire_drain(W, 5);
	in(SYN, MSS(1460), WS(7), SACKOK, TS(5000, 0));
	out(SYN | ACK, SEQ(0), ACKNO(1));
	W->ts = true;
	in(ACK, SEQ(1), ACKNO(1));
	state(TCP_ESTABLISHED);
	ASSERT_EQ(4, requests());
}

/* syncookies = 0: never send cookies. */
TEST_F(wire, syncookies_0_never_sends_cookies)
{
	XTCP_ONLY("a quarter of its table is for peers it knows");
	knob("syncookies", "0");
	self->lfd = wire_listen(W, WIRE_PORT, 2);
	ASSERT_GE(self->lfd, 0);
	for (int i = 0; i < 4; i++) {
		wire_reset(W, WIRE_PPORT + i);
		if (i < 2) {
			in(SYN, MSS(1460));
			out(SYN | ACK, SEQ(0), ACKNO(1));
		} else {
			dropped("REQUEST_OVERFLOW", in(SYN, MSS(1460)));
			none(1);
		}
	}
	ASSERT_EQ(0, sent());
	ASSERT_EQ(2, wire_count(W, "TCPReqQFullDrop"));
}

/* syncookies = 2: always. SYN-ACKs are not retransmitted, as there is no state. */
TEST_F_TIMEOUT(wire, syncookies_2_always_sends_cookies, 60)
{
	knob("syncookies", "2");
	listens();
	in(SYN, MSS(1460));
	out(SYN | ACK, SEQ(0), ACKNO(1));
	state(0);
	none(5000);
	in(ACK, SEQ(1), ACKNO(1), LEN(10));
	out(ACK, ACKNO(11));
	accepts();
	reads(10);
	state(TCP_ESTABLISHED);
}

/* An ACK without a valid cookie is answered by a RST. */
TEST_F(wire, forged_cookie_is_reset)
{
	long before;

	XTCP_ONLY("its cookie hardly covers the sequence number");
	knob("syncookies", "2");
	listens();
	/* Cookies are checked only after one has been sent. */
	before = failed();
	in(ACK, SEQ(1), ACKNO(77));
	out(RST, SEQ(77));
	ASSERT_EQ(before, failed());

	in(SYN, MSS(1460));
	out(SYN | ACK, SEQ(0), ACKNO(1));
	dropped("LISTEN_ACK", in(ACK, SEQ(1), ACKNO(0x1001)));
	out(RST, SEQ(0x1001));
	dropped("LISTEN_ACK", in(ACK, SEQ(2), ACKNO(1)));
	out(RST, SEQ(1));
	in(ACK, SEQ(1), ACKNO(1), FROM(WIRE_PPORT + 1));
	ASSERT_EQ(before + 3, failed());
	state(0);
	dropped("LISTEN_RST", in(RST, SEQ(1)));
	in(ACK, SEQ(1), ACKNO(1));
	accepts();
	ASSERT_EQ(before + 3, failed());
}

/* A cookie is valid for at least 34 s and at most 69 s. */
LONG_TEST_F(wire, cookie_expires_after_a_minute, 200)
{
	XTCP_ONLY("it has two minutes");
	knob("syncookies", "2");
	listens();
	in(SYN, MSS(1460));
	out(SYN | ACK, SEQ(0), ACKNO(1));
	sleep_ms(34000);
	in(ACK, SEQ(1), ACKNO(1));
	accepts();
	closes();
	wire_drain(W, 5);
	in(RST);
	wire_reset(W, WIRE_PPORT + 1);
	in(SYN, MSS(1460));
	out(SYN | ACK, SEQ(0), ACKNO(1));
	sleep_ms(69000);
	in(ACK, SEQ(1), ACKNO(1));
	out(RST, SEQ(1));
}

/* The same ACK twice, or data that overtook it, makes one connection. */
TEST_F(wire, cookie_makes_one_connection)
{
	knob("syncookies", "2");
	listens();
	in(SYN, MSS(1460));
	out(SYN | ACK, SEQ(0), ACKNO(1));
	in(ACK, SEQ(1), ACKNO(1));
	in(ACK, SEQ(1), ACKNO(1));
	in(ACK, SEQ(1), ACKNO(1), LEN(10));
	out(ACK, ACKNO(11));
	accepts();
	reads(10);
	ASSERT_EQ(-1, accept(self->lfd, NULL, NULL));
	ASSERT_EQ(EAGAIN, errno);
}

/* The segment that brings the cookie may carry data. */
TEST_F(wire, cookie_may_come_with_data)
{
	knob("syncookies", "2");
	listens();
	in(SYN, MSS(1460), WS(7), SACKOK, TS(5000, 0));
	out(SYN | ACK, SEQ(0), ACKNO(1));
	W->ts = true;
	in(ACK | PSH, SEQ(1), ACKNO(1), LEN(100));
	out(ACK, ACKNO(101));
	accepts();
	reads(100);
}

/* The accept queue is full when a cookie arrives: silence, or a RST (abort_on_overflow). */
#define overflows() do {						\
	struct wire _first;						\
	knob("syncookies", "2");					\
	listens_for(0);							\
	in(SYN, MSS(1460));						\
	out(SYN | ACK, SEQ(0), ACKNO(1));				\
	_first = *W;							\
	wire_reset(W, WIRE_PPORT + 1);					\
	in(SYN, MSS(1460));						\
	out(SYN | ACK, SEQ(0), ACKNO(1));				\
	in(ACK, SEQ(1), ACKNO(1));					\
	state(TCP_ESTABLISHED);						\
	*W = _first;							\
	dropped("LISTEN_OVERFLOW", in(ACK, SEQ(1), ACKNO(1)));		\
} while (0)

TEST_F(wire, cookie_waits_for_the_accept_queue)
{
	overflows();
	none(QUIET);
	/* XTCP stores a request; the kernel's TCP waits for data. */
	state(W->stack == XTCP ? TCP_SYN_RECV : 0);
	accepts();
	in(ACK, SEQ(1), ACKNO(1), LEN(10));
	out(ACK, ACKNO(11));
}

/* A client that sends no data gets SYN-ACKs again until there is room. */
TEST_F(wire, overflow_is_remembered)
{
	struct linger hard = { .l_onoff = 1 };
	int other;

	XTCP_ONLY("it has forgotten");
	ASSERT_EQ(0, wire_route(W, "route replace", "dev tun0 window 10000"));
	overflows();
	/* The window of the first SYN-ACK: six segments fit in that of the route. */
	out(SYN | ACK, SEQ(0), ACKNO(1), WND(8760), AFTER(1000));
	dropped("LISTEN_OVERFLOW", in(ACK, SEQ(1), ACKNO(1)));
	accepts();
	other = self->fd;
	out(SYN | ACK, SEQ(0), ACKNO(1), WITHIN(3000));
	in(ACK, SEQ(1), ACKNO(1));
	accepts();
	state(TCP_ESTABLISHED);
	setsockopt(other, SOL_SOCKET, SO_LINGER, &hard, sizeof(hard));
	close(other);
}

TEST_F(wire, abort_on_overflow_resets_cookie)
{
	XTCP_ONLY("cookies are not reset");
	knob("abort_on_overflow", "1");
	overflows();
	out(RST, SEQ(1));
}

/* A cookie for a closed listener is answered by a RST. */
TEST_F(wire, cookie_of_closed_listener_is_reset)
{
	knob("syncookies", "2");
	listens();
	in(SYN, MSS(1460));
	out(SYN | ACK, SEQ(0), ACKNO(1));
	stops_listening();
	in(ACK, SEQ(1), ACKNO(1));
	out(RST, SEQ(1));
}

TEST_HARNESS_MAIN
