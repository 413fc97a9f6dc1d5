// SPDX-License-Identifier: GPL-2.0
/*
 * Windows: zero windows and probes; silly window avoidance at both ends; small
 * segments delayed by Nagle and by the application.
 */
#include "wire_test.h"

/* A probe: the byte before SND.NXT, or one byte of data past the window. */
#define probe(una, at) do {						\
	uint64_t _last = W->last_ms;					\
	ASSERT_TRUE(wire_get(W, (at) + wire_late(at) + 300));		\
	ASSERT_EQ(ACK, W->got.flags & ~PSH);				\
	ASSERT_LE(W->got.len, 1);					\
	ASSERT_EQ((una), W->got.seq + !W->got.len);			\
	W->last_ms = now_ms();						\
	ASSERT_GE(W->last_ms - _last + wire_early(at), (at));		\
	ASSERT_LE(W->last_ms - _last, (at) + wire_late(at));		\
} while (0)

/*
 * Close the peer's window. With data, because the kernel's TCP accepts a smaller window
 * only if the sequence or acknowledgment number advances.
 */
#define zero_window() do {						\
	in(ACK, LEN(10));						\
	in(ACK, LEN(10), WND(0));					\
	wire_drain(W, 50);						\
	ASSERT_EQ(21, W->got.ack);					\
} while (0)

TEST_F_TIMEOUT(wire, zero_window_probe_back_off, 300)
{
	unsigned int gap = 200, n = virtual_time() ? 8 : 3;

	passive(MSS(1000));
	zero_window();
	writes(2000);
	for (unsigned int i = 0; i < n; i++, gap *= 2)
		probe(1, gap);
	in(ACK, ACKNO(1), WND(5000));
	ASSERT_TRUE(wire_get(W, 100));
	ASSERT_GE(W->got.len, 999);
	ASSERT_LE(W->got.seq, 2);
}

/* RFC 9293 3.8.6.1 MUST-37: a connection stays as long as its probes are answered. */
LONG_TEST_F(wire, zero_window_answered_for_ever, 6000)
{
	passive(MSS(1000));
	zero_window();
	writes(2000);
	for (int i = 0; i < 30; i++) {
		ASSERT_TRUE(wire_get(W, 150000));
		ASSERT_LE(W->got.len, 1);
		in(ACK, ACKNO(1), WND(0));
		W->rcv_nxt = 1;
	}
	state(TCP_ESTABLISHED);
	in(ACK, ACKNO(1), WND(5000));
	ASSERT_TRUE(wire_get(W, 100));
	ASSERT_GE(W->got.len, 999);
}

TEST_F(wire, zero_window_opened_by_update)
{
	passive(MSS(1000));
	zero_window();
	writes(3000);
	none(50);
	in(ACK, WND(1000));
	out(ACK, SEQ(1), LEN(1000));
	none(QUIET);
	in(ACK, ACKNO(1001), WND(2000));
	out(ACK, SEQ(1001), LEN(1000));
	out(ACK, SEQ(2001), LEN(1000));
}

/* RFC 9293 MUST-34: the sender copes with a window that shrinks. */
TEST_F(wire, sender_copes_with_shrinking_window)
{
	passive(MSS(1000));
	writes(5000);
	for (int i = 0; i < 5; i++)
		out(ACK, SEQ(1 + i * 1000), LEN(1000));
	in(ACK, ACKNO(1001), WND(1000));
	writes(1000);
	none(QUIET);
	in(ACK, ACKNO(5001), WND(5000));
	out(ACK, SEQ(5001), LEN(1000));
}

/* A reordered ACK does not change the window (SND.WL1, SND.WL2). */
TEST_F(wire, old_segment_is_no_window_update)
{
	passive(MSS(1000));
	writes(2000);
	out(ACK, SEQ(1), LEN(1000));
	out(ACK, SEQ(1001), LEN(1000));
	in(ACK, ACKNO(2001), WND(9000));
	in(ACK, ACKNO(1001), WND(0));
	writes(1000);
	out(ACK, SEQ(2001), LEN(1000));
}

/* ---- sender's silly window avoidance ---- */

TEST_F(wire, nagle_holds_small_segment_back)
{
	passive(MSS(1000));
	writes(100);
	out(ACK, SEQ(1), LEN(100));
	writes(100);
	writes(100);
	none(50);
	in(ACK, ACKNO(101));
	out(ACK, SEQ(101), LEN(200));
}

TEST_F(wire, nagle_full_segment_goes)
{
	passive(MSS(1000));
	writes(100);
	out(ACK, SEQ(1), LEN(100));
	writes(600);
	none(QUIET);
	writes(600);
	out(ACK, SEQ(101), LEN(1000));
	none(QUIET);
	in(ACK, ACKNO(1101));
	out(ACK, SEQ(1101), LEN(200));
}

TEST_F(wire, nodelay_sends_at_once)
{
	passive(MSS(1000));
	ASSERT_EQ(0, set_int(self->fd, IPPROTO_TCP, TCP_NODELAY, 1));
	for (int i = 0; i < 4; i++) {
		writes(100);
		out(ACK, SEQ(1 + i * 100), LEN(100));
	}
}

TEST_F(wire, nodelay_sends_what_nagle_held)
{
	passive(MSS(1000));
	writes(100);
	out(ACK, SEQ(1), LEN(100));
	writes(100);
	none(QUIET);
	ASSERT_EQ(0, set_int(self->fd, IPPROTO_TCP, TCP_NODELAY, 1));
	out(ACK, SEQ(101), LEN(100), WITHIN(100));
}

TEST_F(wire, cork_holds_partial_segment_back)
{
	passive(MSS(1000));
	ASSERT_EQ(0, set_int(self->fd, IPPROTO_TCP, TCP_CORK, 1));
	writes(100);
	writes(100);
	none(50);
	writes(900);
	out(ACK, SEQ(1), LEN(1000));
	none(50);
	ASSERT_EQ(0, set_int(self->fd, IPPROTO_TCP, TCP_CORK, 0));
	out(ACK, SEQ(1001), LEN(100), WITHIN(100));
}

/* tcp(7): TCP_NODELAY sends what a cork holds, but later writes are held again. */
TEST_F(wire, nodelay_sends_what_a_cork_held)
{
	passive(MSS(1000));
	ASSERT_EQ(0, set_int(self->fd, IPPROTO_TCP, TCP_CORK, 1));
	writes(100);
	none(50);
	ASSERT_EQ(0, set_int(self->fd, IPPROTO_TCP, TCP_NODELAY, 1));
	out(ACK, SEQ(1), LEN(100), WITHIN(100));
	writes(100);
	none(50);
	ASSERT_EQ(0, set_int(self->fd, IPPROTO_TCP, TCP_CORK, 0));
	out(ACK, SEQ(101), LEN(100), WITHIN(100));
}

TEST_F(wire, msg_more_holds_partial_segment_back)
{
	char buf[100];

	passive(MSS(1000));
	pat_fill(buf, 0, 100);
	ASSERT_EQ(100, send(self->fd, buf, 100, MSG_MORE));
	none(50);
	self->wpos = 100;
	writes(100);
	out(ACK, SEQ(1), LEN(200));
}

TEST_F(wire, push_on_last_segment)
{
	passive(MSS(1000));
	writes(1500);
	out(ACK, SEQ(1), LEN(1000), ANYLEN);
	out(ACK | PSH, SEQ(1001), LEN(500), PUSHED);
}

/*
 * A GSO packet holds a millisecond of the pacing rate, at least two segments. PSH is set
 * at its end although more data waits for ACKs, so that the peer's GRO does not wait.
 */
TEST_F(wire, bursts_follow_the_rate)
{
	static const struct {
		int rtt_ms, segs;
	} rows[] = {
		{ 40, 2 },
		{ 6, 3 },
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		if (rows[i].rtt_ms < 10 && !virtual_time())
			break;
		wire_reset(W, 41000 + i);
		self->wpos = 0;
		connects();
		sleep_ms(rows[i].rtt_ms);
		in(SYN | ACK, MSS(1000));
		out(ACK, SEQ(1));
		writes(25000);
		for (int n = 1; n <= 10; n++)
			out(n % rows[i].segs ? ACK : ACK | PSH, SEQ(n * 1000 - 999),
			    LEN(1000), PUSHED);
		none(1);
		/* A single segment is not a burst. */
		in(ACK, ACKNO(10001), WND(1000));
		out(ACK, SEQ(10001), LEN(1000), PUSHED);
		in(RST | ACK);
		closes();
	}
}

/* With a window smaller than a segment the sender waits. */
TEST_F_TIMEOUT(wire, sender_waits_for_half_window, 60)
{
	passive(MSS(1000));
	in(ACK, WND(5000));
	writes(4000);
	for (int i = 0; i < 4; i++)
		out(ACK, SEQ(1 + i * 1000), LEN(1000));
	in(ACK, ACKNO(4001), WND(100));
	writes(3000);
	/* 100 bytes are less than half of the largest window, 5000: not sent at once. */
	none(100);
	in(ACK, ACKNO(4001), WND(3000));
	out(ACK, SEQ(4001), LEN(1000), WITHIN(100));
}

/* ---- receiver ---- */

/* Right edge of the window in the last ACK, relative to our ISN; @scale: its shift. */
static uint32_t edge(const struct wire *w, int scale)
{
	return w->got.ack + ((uint32_t)w->got.wnd << scale);
}

/* Fill the receiver until its window is closed. Returns the bytes sent, 0: it shrank. */
static uint32_t fill(struct wire *w, int scale, uint32_t *right)
{
	uint32_t sent = 0;

	while (sent < 4000000) {
		uint32_t room = *right - w->snd_nxt;

		if (room == 0)
			break;
		if (room > 1000)
			room = 1000;
		wire_in(w, &(struct wseg){ .flags = ACK, LEN(room) });
		sent += room;
		if (room < 1000 || sent % 2000 == 0) {
			wire_drain(w, 250);
			if ((int32_t)(edge(w, scale) - *right) < 0)
				return 0;	/* the right edge moved left */
			*right = edge(w, scale);
		}
	}
	return sent;
}

#define closes_window(buf) do {						\
	listens();							\
	ASSERT_EQ(0, set_int(self->lfd, SOL_SOCKET, SO_RCVBUF, (buf)));	\
	in(SYN, MSS(1000), WS(0));					\
	out(SYN | ACK);							\
	scale = W->got.ws;						\
	right = W->got.ack + W->got.wnd;				\
	in(ACK);							\
	accepts();							\
	sent = fill(W, scale, &right);					\
	ASSERT_GT(sent, 2000);						\
	ASSERT_LT(sent, 4000000);					\
} while (0)

TEST_F_TIMEOUT(wire, receiver_closes_and_opens, 60)
{
	uint32_t sent, right;
	long drops;
	int scale;

	closes_window(8192);
	drops = wire_count(W, "TCPZeroWindowDrop");
	/* Data beyond the window is dropped and answered by an ACK. */
	dropped("ZERO_WINDOW", in(ACK, SEQ(right), LEN(1)));
	ASSERT_EQ(1, wire_count(W, "TCPZeroWindowDrop") - drops);
	out(ACK, SEQ(1), ACKNO(right), WND(0));
	W->snd_nxt = right;
	/* Reading opens the window, and sends an update at once. */
	reads(sent);
	ASSERT_TRUE(wire_get(W, 500));
	ASSERT_EQ(0, W->got.len);
	ASSERT_EQ(right, W->got.ack);
	ASSERT_GT(W->got.wnd, 0);
	in(ACK, LEN(500));
	reads(500);
}

/* RFC 9293 3.8.6.2.2: no window update of a few bytes. */
TEST_F_TIMEOUT(wire, receiver_avoids_silly_window, 60)
{
	uint32_t sent, right;
	int scale;

	closes_window(8192);
	reads(10);
	none(100);
	reads(10);
	none(100);
	/* The answer to a probe still has a zero window. */
	in(ACK, SEQ(right), LEN(1));
	ASSERT_TRUE(wire_get(W, 500));
	ASSERT_EQ(0, W->got.wnd);
}

TEST_F_TIMEOUT(wire, receiver_answers_probes, 60)
{
	uint32_t sent, right;
	int scale;

	closes_window(8192);
	sleep_ms(600);
	/* A probe like the kernel's: the number of an old byte, no data. */
	in(ACK, SEQ(right - 1));
	out(ACK, SEQ(1), ACKNO(right), WND(0));
	state(TCP_ESTABLISHED);
}

/* RFC 9293 MUST-66: RST and FIN are accepted while the window is closed. */
TEST_F_TIMEOUT(wire, receiver_closed_hears_rst, 60)
{
	uint32_t sent, right;
	int scale;

	closes_window(8192);
	in(RST, SEQ(right));
	state(0);
	ASSERT_EQ(ECONNRESET, get_int(self->fd, SOL_SOCKET, SO_ERROR));
}

TEST_F_TIMEOUT(wire, receiver_closed_hears_ack, 60)
{
	uint32_t sent, right;
	int scale;

	closes_window(8192);
	writes(1000);
	out(ACK, SEQ(1), LEN(1000));
	in(ACK, SEQ(right), ACKNO(1001));
	none(300);
}

TEST_HARNESS_MAIN
