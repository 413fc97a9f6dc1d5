// SPDX-License-Identifier: GPL-2.0
/*
 * What an attacker can predict: initial sequence numbers (RFC 6528), timestamps
 * (RFC 7323, 5.4) and ephemeral ports (RFC 6056). The attacker makes connections of
 * its own, sees their numbers, and guesses those of the next one.
 */
#include "attack_test.h"

#define TRIES	64

/* A distance that an attacker could cover with a few segments, one per window. */
#define NEAR	(1 << 22)

static int near(const uint32_t *v, int n)
{
	int count = 0;

	for (int i = 1; i < n; i++)
		count += v[i] - v[i - 1] + NEAR < 2 * NEAR;
	return count;
}

static int different_bytes(const uint32_t *v, int n, int shift)
{
	bool seen[256] = {};
	int count = 0;

	for (int i = 0; i < n; i++) {
		count += !seen[v[i] >> shift & 0xff];
		seen[v[i] >> shift & 0xff] = true;
	}
	return count;
}

/*
 * ISNs and first timestamps of TRIES connections from neighbouring ports. The limit
 * per source is off: a source that completes no handshake would soon get SYN cookies,
 * whose timestamps carry the SYN's options in their low bits.
 */
static void look(struct wire *w, uint32_t *isn, uint32_t *ts)
{
	struct wseg syn = { .flags = SYN, MSS(1000), TS(1000, 0) };

	if (w->stack == XTCP)
		wire_knob(w, "syn_source_rate", "0");
	for (int i = 0; i < TRIES; i++) {
		wire_reset(w, 10000 + i);
		wire_in(w, &syn);
		isn[i] = ts[i] = 0;
		if (!wire_get(w, 300) || !w->got.has_ts)
			return;
		isn[i] = w->iss;
		ts[i] = w->got.tsval;
		wire_in(w, &(struct wseg){ .flags = RST });
	}
}

/*
 * 64 random bytes take 57 different values on average, and fewer than 45 once in a
 * million times.
 */
TEST_F(wire, isn_cannot_be_guessed)
{
	uint32_t isn[TRIES], ts[TRIES];

	listens();
	look(W, isn, ts);
	defended("neighbours have nothing to do with each other", near(isn, TRIES) <= 2);
	for (int shift = 0; shift < 32; shift += 8)
		defended("each byte is any byte", different_bytes(isn, TRIES, shift) >= 45);
}

/* RFC 6528, 3: the ISNs of one 4-tuple increase with the clock, as TIME-WAIT requires. */
TEST_F(wire, isn_of_the_same_flow_rises)
{
	uint32_t last = 0;

	listens();
	for (int i = 0; i < 8; i++) {
		wire_reset(W, 10000);
		in(SYN, MSS(1000));
		out(SYN | ACK);
		if (i)
			defended("it goes up, by less than the clock of a minute",
				 W->iss - last - 1 < 60 * 250000);
		last = W->iss;
		in(RST);
		sleep_ms(50);
	}
}

TEST_F(wire, timestamps_cannot_be_guessed)
{
	uint32_t isn[TRIES], ts[TRIES];

	listens();
	look(W, isn, ts);
	defended("neighbours have nothing to do with each other", near(ts, TRIES) <= 2);
	for (int shift = 0; shift < 32; shift += 8)
		defended("each byte is any byte", different_bytes(ts, TRIES, shift) >= 45);
}

/* The attacker is a peer that wants to guess the port of a connection to another peer. */
TEST_F(wire, ephemeral_ports_cannot_be_guessed)
{
	uint32_t port[TRIES];
	int same = 0, fd;

	for (int i = 0; i < TRIES; i++) {
		wire_reset(W, 10000 + i);
		fd = wire_socket(W, 0);
		ASSERT_GE(fd, 0);
		ASSERT_EQ(-EINPROGRESS, wire_connect(W, fd, 10000 + i));
		out(SYN);
		port[i] = W->got.sport;
		in(RST | ACK, ACKNO(1));
		close(fd);
	}
	for (int i = 1; i < TRIES; i++)
		same += port[i] - port[i - 1] + 16 <= 32;
	defended("the next port is not near the last", same <= 3);
	defended("each byte is any byte", different_bytes(port, TRIES, 0) >= 45);
}

TEST_HARNESS_MAIN
