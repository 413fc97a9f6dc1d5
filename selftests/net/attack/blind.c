// SPDX-License-Identifier: GPL-2.0
/*
 * An off-path attacker that guesses numbers: RST, SYN, data and ACKs (RFC 5961,
 * with exact edges), TIME-WAIT (RFC 1337), and what challenge ACKs reveal
 * (CVE-2016-5696).
 */
#include <netinet/tcp.h>

#include "attack_test.h"

/* Sequence numbers around the receive window. */
static const struct place {
	const char *name;
	bool edge;		/* @off counts from RCV.NXT + RCV.WND, not RCV.NXT */
	int32_t off;		/* bytes */
	bool in_window;
} places[] = {
	{ "RCV.NXT - 2^31 + 1", false, -0x7fffffff, false },
	{ "RCV.NXT - 65535", false, -65535, false },
	{ "RCV.NXT - 1", false, -1, false },
	{ "RCV.NXT + 1", false, 1, true },
	{ "RCV.NXT + 1000", false, 1000, true },
	{ "RCV.NXT + RCV.WND - 1", true, -1, true },
	{ "RCV.NXT + RCV.WND", true, 0, false },
	{ "RCV.NXT + RCV.WND + 1", true, 1, false },
	{ "RCV.NXT + 2^31 - 1", false, 0x7fffffff, false },
};

static uint32_t at(const struct place *p, uint32_t nxt, uint32_t wnd)
{
	return nxt + (p->edge ? wnd : 0) + p->off;
}

/* Send these flags at each of the places, without and with ACK; RCV.NXT is 1. */
#define survives(flags, ...) do {					\
	uint32_t _wnd = W->got.wnd;					\
	for (size_t i = 0; i < ARRAY_SIZE(places); i++) {		\
		W->doing = places[i].name;				\
		next_challenge();					\
		in((flags), SEQ(at(&places[i], 1, _wnd)), ##__VA_ARGS__); \
		in((flags) | ACK, SEQ(at(&places[i], 1, _wnd)), ACKNO(1), \
		   ##__VA_ARGS__);					\
		wire_drain(W, SETTLE);					\
		defended("the connection lives", wire_state(W) == TCP_ESTABLISHED); \
	}								\
	W->doing = NULL;						\
} while (0)

TEST_F(wire, blind_rst_ends_nothing)
{
	passive(MSS(1000));
	survives(RST);
	in(RST, SEQ(1));
	state(0);
}

/* A RST outside the window elicits nothing, not even a challenge ACK. */
TEST_F(wire, rst_at_the_edges)
{
	uint32_t wnd;

	passive(MSS(1000));
	wnd = W->got.wnd;
	for (size_t i = 0; i < ARRAY_SIZE(places); i++) {
		W->doing = places[i].name;
		next_challenge();
		in(RST, SEQ(at(&places[i], 1, wnd)));
		defended("a challenge only from within the window",
			 wire_drain(W, SETTLE) == places[i].in_window);
	}
	state(TCP_ESTABLISHED);
}

/* With a closed window only a RST at RCV.NXT itself is accepted. */
TEST_F_TIMEOUT(wire, rst_to_closed_window, 120)
{
	static const int32_t off[] = { -1, 1, 2, 1000 };
	uint32_t nxt = 1;

	listens();
	ASSERT_EQ(0, set_int(self->lfd, SOL_SOCKET, SO_RCVBUF, 16384));
	passive(MSS(1400));
	for (int i = 0; i < 200 && W->got.wnd; i++) {
		in(ACK, LEN(W->got.wnd < 1400 ? W->got.wnd : 1400));
		wire_drain(W, 100);
		nxt = W->got.ack;
	}
	ASSERT_EQ(0, W->got.wnd);
	for (size_t i = 0; i < ARRAY_SIZE(off); i++) {
		next_challenge();
		in(RST, SEQ(nxt + off[i]));
		wire_drain(W, SETTLE);
		defended("the connection lives", wire_state(W) == TCP_ESTABLISHED);
	}
	in(RST, SEQ(nxt));
	state(0);
}

TEST_F(wire, blind_syn_ends_nothing)
{
	passive(MSS(1000));
	survives(SYN, MSS(1000));
	W->snd_nxt = 1;
	in(ACK, LEN(10));
	wire_drain(W, SETTLE);
	reads(10);
}

/*
 * The right sequence number with 32 ACK numbers spread over the whole space. They are
 * 600 ms apart, so the limit of challenge ACKs plays no part.
 */
TEST_F_TIMEOUT(wire, blind_data_is_not_read, 120)
{
	passive(MSS(1000));
	for (uint32_t i = 0; i < 32; i++) {
		uint32_t ack = 1 + (i << 27) + (1 << 20);

		next_challenge();
		in(ACK, SEQ(1), LEN(10), ACKNO(ack));
		wire_drain(W, SETTLE);
		W->snd_nxt = 1;
		defended("injected bytes are not read", unread());
	}
	state(TCP_ESTABLISHED);
}

/* CVE-2023-52881: ACK numbers less than a window old, but below the first byte sent. */
TEST_F(wire, ghost_ack_is_not_accepted)
{
	passive(MSS(1000), WS(7));
	in(ACK, WND(65535));
	for (uint32_t i = 1; i < 20; i++) {
		next_challenge();
		in(ACK, SEQ(1), LEN(10), ACKNO(1 - i * 100000));
		wire_drain(W, SETTLE);
		W->snd_nxt = 1;
		defended("injected bytes are not read", unread());
	}
	state(TCP_ESTABLISHED);
}

/* Synchronized states */
static const struct where {
	const char *name;
	int state;
	uint32_t nxt, seq;	/* SND.NXT of the tested TCP, and of the peer */
} wheres[] = {
	{ "ESTABLISHED", TCP_ESTABLISHED, 1, 1 },
	{ "FIN-WAIT-1", TCP_FIN_WAIT1, 2, 1 },
	{ "FIN-WAIT-2", TCP_FIN_WAIT2, 2, 1 },
	{ "CLOSE-WAIT", TCP_CLOSE_WAIT, 1, 2 },
	{ "CLOSING", TCP_CLOSING, 2, 2 },
	{ "LAST-ACK", TCP_LAST_ACK, 2, 2 },
};

TEST_F(wire, ack_of_unsent_is_not_accepted)
{
	for (size_t i = 0; i < ARRAY_SIZE(wheres); i++) {
		const struct where *w = &wheres[i];

		wire_reset(W, WIRE_PPORT + i);
		W->doing = w->name;
		passive(MSS(1000));
		if (w->state == TCP_CLOSE_WAIT || w->state == TCP_LAST_ACK) {
			in(FIN | ACK);
			wire_drain(W, 300);
		}
		if (w->state != TCP_ESTABLISHED && w->state != TCP_CLOSE_WAIT) {
			ASSERT_EQ(0, shutdown(self->fd, SHUT_WR));
			out(FIN | ACK, SEQ(1));
		}
		if (w->state == TCP_FIN_WAIT2)
			in(ACK, ACKNO(2));
		if (w->state == TCP_CLOSING) {
			in(FIN | ACK, ACKNO(1));
			wire_drain(W, SETTLE);
		}
		state(w->state);
		for (uint32_t n = 1; n < 1 << 20; n <<= 4) {
			in(ACK, SEQ(w->seq), ACKNO(w->nxt + n));
			wire_drain(W, 2);
			defended("the ACK does not count", wire_state(W) == w->state);
		}
		/* Bytes that were acknowledged before they were sent are still sent. */
		if (w->nxt == 1) {
			writes(100);
			out(ACK, ANYLEN);
			defended("nothing is skipped", W->got.seq == 1 && W->got.len == 100);
			self->wpos = 0;
		}
		W->rcv_nxt = w->nxt;
		in(RST, SEQ(w->seq));
		close(self->fd);
		self->fd = -1;
		wire_drain(W, SETTLE);
	}
}

/* ACKs of data that was not sent do not open the congestion window. */
TEST_F(wire, optimistic_ack_does_not_open_window)
{
	struct tcp_info before, after;
	socklen_t len = sizeof(before);

	passive(MSS(1000));
	writes(100);
	out(ACK, SEQ(1), LEN(100));
	ASSERT_EQ(0, getsockopt(self->fd, IPPROTO_TCP, TCP_INFO, &before, &len));
	for (uint32_t n = 1; n < 50; n++)
		in(ACK, ACKNO(101 + n * 1000));
	wire_drain(W, SETTLE);
	ASSERT_EQ(0, getsockopt(self->fd, IPPROTO_TCP, TCP_INFO, &after, &len));
	/* It may have shrunk: in real time a retransmission timeout comes in between. */
	defended("the window does not grow", after.tcpi_snd_cwnd <= before.tcpi_snd_cwnd &&
		 after.tcpi_unacked);
}

TEST_F(wire, ack_of_unsent_syn)
{
	connects();
	in(SYN | ACK, ACKNO(2), MSS(1000));
	out(RST, SEQ(2));
	in(SYN | ACK, ACKNO(0x10000000), MSS(1000));
	out(RST, SEQ(0x10000000));
	defended("no connection", wire_state(W) == TCP_SYN_SENT);
	in(ACK, ACKNO(0));
	wire_drain(W, SETTLE);
	defended("no connection", wire_state(W) == TCP_SYN_SENT);
}

TEST_F(wire, challenges_are_few)
{
	uint64_t start, halves;
	int n = 0;

	passive(MSS(1000));
	start = now_ms();
	for (int i = 0; i < 200; i++) {
		in(RST, SEQ(100 + i));
		in(SYN, SEQ(100 + i));
		in(ACK, SEQ(1), ACKNO(0x20000000 + i));
		n += wire_drain(W, 0);
		W->snd_nxt = 1;
	}
	n += wire_drain(W, SETTLE);
	/* One challenge ACK per half second; in real time the loop may take several. */
	halves = (now_ms() - start) / 500;
	defended("600 segments, at most 2 answers", n <= 2 + (int)halves);
}

/*
 * If connections shared a limit of challenge ACKs, an attacker with a connection of
 * its own could tell from the number it gets whether another connection got one.
 */
TEST_F(wire, challenges_tell_nothing)
{
	struct wire first;
	int other;

	passive(MSS(1000));
	for (int i = 0; i < 300; i++)
		in(RST, SEQ(100 + i));
	wire_drain(W, SETTLE);
	first = *W;
	other = self->fd;
	wire_reset(W, WIRE_PPORT + 1);
	passive(MSS(1000));
	in(RST, SEQ(100));
	defended("another connection is challenged all the same", wire_drain(W, SETTLE) == 1);
	in(RST, SEQ(1));
	*W = first;
	close(self->fd);
	self->fd = other;
}

/* Answer each ACK with an out-of-window segment that provokes the next one. */
TEST_F(wire, ack_loop_ends)
{
	int n = 0;

	passive(MSS(1000));
	in(ACK, SEQ(1 - 1000), ACKNO(1));
	while (n < 100 && wire_get(W, 50)) {
		in(ACK, SEQ(1 - 1000), ACKNO(1));
		n++;
	}
	defended("two ends that disagree fall silent", n <= 2);
}

/* ---- TIME-WAIT ---- */

/* With the kernel's default: wire_init() sets tcp_rfc1337 for the other tests. */
TEST_F(wire, time_wait_is_not_assassinated)
{
	if (W->stack == KERNEL)
		ASSERT_EQ(0, wire_knob(W, "rfc1337", "0"));
	time_wait(MSS(1000));
	/* RFC 1337: old data elicits an ACK, which elicits the peer's RST. */
	in(ACK, SEQ(1 - 500), LEN(100), ACKNO(1));
	wire_drain(W, SETTLE);
	defended("data does not end it", wire_state(W) == TCP_TIME_WAIT);
	in(RST, SEQ(2));
	in(RST | ACK, SEQ(2), ACKNO(2));
	in(RST, SEQ(100));
	wire_drain(W, SETTLE);
	defended("no RST ends it", wire_state(W) == TCP_TIME_WAIT);
	in(SYN, SEQ(1), MSS(1000));
	in(SYN, SEQ(2), MSS(1000));
	wire_drain(W, SETTLE);
	defended("no old SYN ends it", wire_state(W) == TCP_TIME_WAIT);
}

TEST_F(wire, time_wait_answers_are_few)
{
	int n = 0;

	time_wait(MSS(1000));
	for (int i = 0; i < 100; i++) {
		in(ACK, SEQ(1 - 500), LEN(100), ACKNO(1));
		n += wire_drain(W, 0);
	}
	n += wire_drain(W, SETTLE);
	defended("100 segments, at most 2 answers", n <= 2);
}

TEST_HARNESS_MAIN
