// SPDX-License-Identifier: GPL-2.0
/*
 * Fairness between sources of SYNs: a source that completes no handshakes is limited
 * before it affects others; one that completes them is not, however many clients share
 * its address.
 */
#include "wire_test.h"

#define requests()	wire_count(W, "Requests")
#define cookies()	wire_count(W, "SyncookiesSent")

#define OTHER	"10.9.0.3"
#define THIRD	"10.9.0.200"

static unsigned long drops(const char *name)
{
	struct wire_drops d;

	wire_drops(&d);
	for (int i = 0; i < d.n; i++)
		if (!strcmp(d.row[i].name, name))
			return d.row[i].count;
	return 0;
}

/* In real time, leaked tokens and retransmissions make the counts inexact. */
#define counts_exactly() do {						\
	if (!virtual_time())						\
		SKIP_TEST("counts what a clock changes");		\
} while (0)

/* Send @n SYNs from @peer, ports from @port on; returns how many were answered. */
static int syns(struct wire *w, const char *peer, uint16_t port, int n)
{
	int answered = 0;

	for (int i = 0; i < n; i++) {
		wire_reset(w, port + i);
		w->peer = peer;
		wire_in(w, &(struct wseg){ .flags = SYN, MSS(1460) });
		answered += wire_get(w, 1);
		wire_drain(w, 1);
	}
	return answered;
}

/* A complete handshake by @who from @port. */
#define visits(who, port) do {						\
	wire_reset(W, (port));						\
	W->peer = (who);						\
	in(SYN, MSS(1460));						\
	out(SYN | ACK, SEQ(0), ACKNO(1));				\
	in(ACK, SEQ(1), ACKNO(1));					\
	state(TCP_ESTABLISHED);						\
} while (0)

/* A burst gets requests, eight times as many SYNs get cookies, the rest is dropped. */
TEST_F_TIMEOUT(wire, one_source_does_not_harm_others, 60)
{
	counts_exactly();
	XTCP_ONLY("all are one to it");
	knob("syn_source_rate", "1");
	knob("syn_source_burst", "10");
	listens_for(100);
	ASSERT_GE(82, syns(W, WIRE_PEER, 10000, 200));
	ASSERT_GE(11, requests());
	ASSERT_LE(10, requests());
	ASSERT_LE(69, cookies());
	ASSERT_LT(100, drops("SYN_SOURCE"));
	/* Other sources are not affected, known or unknown. */
	visits(OTHER, 20000);
	ASSERT_EQ(5, syns(W, THIRD, 20001, 5));
	ASSERT_GE(16, requests());
	ASSERT_LE(15, requests());
}

TEST_F(wire, limit_holds_without_cookies)
{
	counts_exactly();
	XTCP_ONLY("all are one to it");
	knob("syncookies", "0");
	knob("syn_source_burst", "10");
	listens_for(100);
	ASSERT_GE(12, syns(W, WIRE_PEER, 10000, 30));
	ASSERT_LE(18, drops("SYN_SOURCE"));
	visits(OTHER, 20000);
}

/* One source cannot use the last ninth of the table. */
TEST_F(wire, last_places_are_for_other_sources)
{
	counts_exactly();
	XTCP_ONLY("all are one to it");
	knob("syncookies", "0");
	listens_for(36);
	ASSERT_EQ(33, syns(W, WIRE_PEER, 10000, 50));
	ASSERT_EQ(33, requests());
	ASSERT_EQ(3, syns(W, OTHER, 20000, 3));
	ASSERT_EQ(36, requests());
	ASSERT_EQ(17, drops("SYN_SOURCE"));
	dropped("REQUEST_OVERFLOW", syns(W, THIRD, 30000, 1));
}

/* syn_source_rate = 0: no limit. */
TEST_F(wire, rate_0_is_no_limit)
{
	counts_exactly();
	XTCP_ONLY("it has no such knob");
	knob("syncookies", "0");
	knob("syn_source_rate", "0");
	knob("syn_source_burst", "1");
	listens_for(36);
	ASSERT_EQ(36, syns(W, WIRE_PEER, 10000, 50));
	ASSERT_EQ(14, drops("REQUEST_OVERFLOW"));
}

/* A prefix is one source. */
TEST_F(wire, prefix_is_one_source)
{
	XTCP_ONLY("it has no such knob");
	knob("syncookies", "0");
	knob("syn_source_rate", "1");
	knob("syn_source_burst", "4");
	knob("syn_source_prefix4", "28");
	knob("syn_source_prefix6", "44");	/* ip6_of() puts 16 bits in front */
	listens_for(100);
	ASSERT_EQ(4, syns(W, WIRE_PEER, 10000, 4));
	ASSERT_EQ(0, syns(W, OTHER, 20000, 1));
	ASSERT_EQ(1, syns(W, THIRD, 20000, 1));
}

/* A source that completes its handshakes is not limited. */
TEST_F_TIMEOUT(wire, completion_pays_back, 60)
{
	XTCP_ONLY("it has no such knob");
	knob("syn_source_rate", "1");
	knob("syn_source_burst", "2");
	listens();
	for (int i = 0; i < 100; i++) {
		visits(WIRE_PEER, 10000 + i);
		accepts();
		in(RST);
		closes();
	}
	ASSERT_EQ(0, cookies());
	ASSERT_EQ(0, drops("SYN_SOURCE"));
}

/*
 * Many clients behind one address with default sysctls: of 800 concurrent handshakes
 * none needs a second SYN.
 */
TEST_F_TIMEOUT(wire, crowd_behind_one_address_is_served, 120)
{
	static struct wire client[800];
	int n = ARRAY_SIZE(client);

	counts_exactly();
	listens_for(4096);
	for (int i = 0; i < n; i++) {
		wire_reset(W, 10000 + i);
		in(SYN, MSS(1460), WS(7), SACKOK, TS(5000, 0));
		out(SYN | ACK, SEQ(0), ACKNO(1));
		W->ts = true;
		client[i] = *W;
	}
	for (int i = 0; i < n; i++) {
		*W = client[i];
		in(ACK, SEQ(1), ACKNO(1), LEN(1));
		out(ACK, ACKNO(2));
	}
	for (int i = 0; i < n; i++) {
		self->fd = accept4(self->lfd, NULL, NULL, SOCK_NONBLOCK);
		ASSERT_GE(self->fd, 0);
		close(self->fd);
		wire_drain(W, 0);
	}
	self->fd = -1;
	if (W->stack == XTCP)
		ASSERT_EQ(0, drops("SYN_SOURCE") + drops("ACCEPT_SOURCE"));
}

/* The last ninth of the accept queue is not for a source that has filled the rest. */
TEST_F(wire, accept_queue_keeps_places_for_others)
{
	counts_exactly();
	XTCP_ONLY("all are one to it");
	listens_for(35);
	for (int i = 0; i < 33; i++)
		visits(WIRE_PEER, 10000 + i);
	wire_reset(W, 11000);
	dropped("ACCEPT_SOURCE", in(SYN, MSS(1460)));
	for (int i = 0; i < 3; i++)
		visits(OTHER, 20000 + i);
	wire_reset(W, 21000);
	W->peer = THIRD;
	dropped("LISTEN_OVERFLOW", in(SYN, MSS(1460)));
	/* accept() frees a place. */
	for (int i = 0; i < 36; i++) {
		self->fd = accept(self->lfd, NULL, NULL);
		ASSERT_GE(self->fd, 0);
		close(self->fd);
		wire_drain(W, 0);
	}
	self->fd = -1;
	for (int i = 0; i < 33; i++)
		visits(OTHER, 30000 + i);
}

TEST_HARNESS_MAIN
