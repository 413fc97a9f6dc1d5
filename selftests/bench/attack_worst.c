// SPDX-License-Identifier: GPL-2.0
/*
 * The peer of an established connection is the attacker: what is the highest cost of
 * a single packet? Each row is a preparation and the packet that follows it; the most
 * expensive of many counts. Buffers are as large as an administrator may make them, so
 * that it is not their limit that protects the host.
 */
#include <netinet/tcp.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "attack.h"

#define SMALLEST	48		/* bytes: tcp_min_snd_mss */
#define QUEUED		20000		/* segments in the host's send queue */
#define HELD		20000		/* out-of-order packets */
#define PACKETS		200
#define BUFFER		(1 << 27)	/* bytes */
#define HITS_MAX	(HELD + 1)
/* Identical runs, in which the timer tick falls on different packets. */
#define RUNS		2
#define PORT		9

enum kind {
	K_SACK,
	K_ACK_ALL,
	K_ACK_MORE,
	K_HOLE,
	K_HOLE_BACK,
	K_COVER,
	K_COVER_NEXT,
	K_FILL,
	K_TINY,
	K_FULL,
	K_URGENT,
	KINDS,
};

struct conn {
	struct peer p;
	struct seg s;		/* the peer's next bare ACK */
	int lfd, fd;
	uint32_t una, max;	/* the host's SND.UNA and highest SND.NXT */
	double *ns;		/* cost of each measured packet */
	unsigned int n;
};

/* Take all that the host sends, and update c->max. */
static void listen_to(struct conn *c)
{
	struct seg got;
	uint32_t end;

	while (peer_out(&c->p, &got)) {
		end = got.seq + got.len;
		if ((int32_t)(end - c->max) > 0)
			c->max = end;
	}
}

static void hit(struct conn *c, const struct seg *s)
{
	double ns = (double)peer_in(&c->p, s) - c->p.idle;

	if (c->n < HITS_MAX)
		c->ns[c->n++] = ns;
	listen_to(c);
}

static void establish(struct conn *c, enum stack st, uint16_t mss, int rcvbuf)
{
	const uint8_t options[] = {
		2, 4, (uint8_t)(mss >> 8), (uint8_t)mss, 1, 3, 3, 14, 1, 1, 4, 2,
	};

	peer_open(&c->p, st);
	peer_knob(&c->p, "congestion_control", "reno");
	c->lfd = peer_listen(&c->p, 1);
	if (rcvbuf && set_int(c->lfd, SOL_SOCKET, SO_RCVBUFFORCE, rcvbuf))
		die("SO_RCVBUFFORCE");
	c->s = (struct seg){
		.addr = HOST_ADDR + 0x10000,
		.port = PORT,
		.wnd = 65535,
		.nopts = sizeof(options),
	};
	memcpy(c->s.opts, options, sizeof(options));
	c->fd = peer_connect(&c->p, c->lfd, &c->s);
	c->una = c->max = c->s.ack;
	listen_to(c);
}

static void finish(struct conn *c)
{
	const struct linger hard = { .l_onoff = 1 };

	setsockopt(c->fd, SOL_SOCKET, SO_LINGER, &hard, sizeof(hard));
	close(c->fd);
	close(c->lfd);
	close(c->p.tun);
}

/*
 * Slow start until @segments segments are in flight, each from its own write and
 * transmission.
 */
static void fill(struct conn *c, unsigned int segments)
{
	static const uint8_t data[SMALLEST];

	if (set_int(c->fd, IPPROTO_TCP, TCP_NODELAY, 1) ||
	    set_int(c->fd, SOL_SOCKET, SO_SNDBUFFORCE, BUFFER))
		die("setsockopt");
	for (;;) {
		uint32_t before;

		do {
			before = c->max;
			if (send(c->fd, data, SMALLEST, MSG_NOSIGNAL) != SMALLEST)
				die("send");
			listen_to(c);
		} while (c->max != before);
		if (c->max - c->una >= segments * SMALLEST)
			return;
		if (c->max - c->una < 2 * SMALLEST)
			die("the window does not grow");
		c->una += 2 * SMALLEST;
		c->s.ack = c->una;
		peer_in(&c->p, &c->s);
		listen_to(c);
	}
}

/* SACK single bytes and whole segments in turns: the latter cause retransmissions. */
static void sack(struct conn *c)
{
	struct seg s;

	fill(c, QUEUED);
	for (int i = 0; i < PACKETS; i++) {
		uint32_t len = i % 2 ? 1 : SMALLEST;

		s = c->s;
		s.nopts = 36;
		memcpy(s.opts, (const uint8_t []){ 1, 1, 5, 34 }, 4);
		for (int b = 0; b < 4; b++) {
			uint32_t at = peer_random(&c->p) % (c->max - c->una - 2 * SMALLEST);
			uint8_t *o = s.opts + 4 + 8 * b;

			at += c->una + SMALLEST - at % len;
			for (int j = 0; j < 4; j++) {
				o[j] = (uint8_t)(at >> (24 - 8 * j));
				o[4 + j] = (uint8_t)((at + len) >> (24 - 8 * j));
			}
		}
		hit(c, &s);
	}
}

/* ACK the whole queue at once; @more: as much again is waiting to be sent. */
static void ack_all(struct conn *c, bool more)
{
	static const uint8_t data[SMALLEST];

	fill(c, QUEUED);
	for (int i = 0; more && i < QUEUED; i++)
		send(c->fd, data, SMALLEST, MSG_NOSIGNAL);
	listen_to(c);
	c->s.ack = c->max;
	hit(c, &c->s);
}

static struct seg early(const struct conn *c, uint32_t at, uint16_t len)
{
	struct seg s = c->s;

	s.seq += at;
	s.len = len;
	return s;
}

/* Single bytes with holes of a byte between them, in order or, @back, from the far end. */
static void holes(struct conn *c, bool back)
{
	struct seg s;

	for (uint32_t i = 0; i < HELD; i++) {
		s = early(c, 2 + 2 * (back ? HELD - i : i), 1);
		hit(c, &s);
	}
}

/* Packets that cover many queued single bytes; @next: in order, else anywhere. */
static void cover(struct conn *c, bool next)
{
	struct seg s;

	holes(c, false);
	c->n = 0;
	if (next) {
		s = early(c, 0, PAYLOAD_MAX);
		hit(c, &s);
		return;
	}
	for (int i = 0; i < PACKETS / 10; i++) {
		s = early(c, 1 + peer_random(&c->p) % (2 * HELD), PAYLOAD_MAX);
		hit(c, &s);
	}
}

/* Contiguous single bytes out of order; then the byte before them. */
static void fill_first(struct conn *c)
{
	struct seg s;

	for (uint32_t i = 0; i < HELD; i++) {
		s = early(c, 1 + i, 1);
		peer_in(&c->p, &s);
		listen_to(c);
	}
	s = early(c, 0, 1);
	hit(c, &s);
}

/* Single bytes in order that the program does not read. */
static void tiny(struct conn *c, unsigned int n)
{
	struct seg s = c->s;

	s.len = 1;
	s.flags |= PSH;
	for (unsigned int i = 0; i < n; i++) {
		hit(c, &s);
		s.seq++;
	}
}

static void urgent(struct conn *c)
{
	struct seg s = c->s;

	s.len = 1;
	for (int i = 0; i < PACKETS; i++) {
		s.flags = ACK | URG;
		s.urg = (uint16_t)peer_random(&c->p);
		hit(c, &s);
		s.seq++;
	}
}

static void attack(struct conn *c, enum kind k)
{
	switch (k) {
	case K_SACK:
		return sack(c);
	case K_ACK_ALL:
	case K_ACK_MORE:
		return ack_all(c, k == K_ACK_MORE);
	case K_HOLE:
	case K_HOLE_BACK:
		return holes(c, k == K_HOLE_BACK);
	case K_COVER:
	case K_COVER_NEXT:
		return cover(c, k == K_COVER_NEXT);
	case K_FILL:
		return fill_first(c);
	case K_TINY:
		return tiny(c, PACKETS / 2);
	case K_FULL:
		return tiny(c, 10 * PACKETS);
	default:
		return urgent(c);
	}
}

static double measure_kind(enum stack st, enum kind k)
{
	/* 0: these rows use the default buffer. */
	int rcvbuf = k == K_FULL || k == K_TINY || k == K_URGENT ? 0 : BUFFER;
	static double first[HITS_MAX], again[HITS_MAX];
	double worst = 0;
	struct conn c;

	for (int run = 0; run < RUNS; run++) {
		memset(&c, 0, sizeof(c));
		c.ns = run ? again : first;
		establish(&c, st, k <= K_ACK_MORE ? SMALLEST : 1460, rcvbuf);
		attack(&c, k);
		finish(&c);
	}
	for (unsigned int i = 0; i < c.n; i++)
		worst = fmax(worst, fmin(first[i], again[i]));
	return worst;
}

void worst_measure(enum stack st, struct result *r)
{
	for (enum kind k = 0; k < KINDS; k++)
		r->v[k] = measure_kind(st, k);
}

void worst_print(const struct result *k, const struct result *x)
{
	static const char * const name[KINDS] = {
		[K_SACK] = "SACK of 4 random places, 20000 segments out",
		[K_ACK_ALL] = "ACK of 20000 segments",
		[K_ACK_MORE] = "the same, as many are sent in response",
		[K_HOLE] = "a byte and a hole, one of 20000",
		[K_HOLE_BACK] = "the same from the far end",
		[K_COVER] = "1460 bytes over such bytes",
		[K_COVER_NEXT] = "the same, in order",
		[K_FILL] = "the byte that 20000 bytes waited for",
		[K_TINY] = "a byte in order",
		[K_FULL] = "the same, into a full buffer",
		[K_URGENT] = "an urgent byte, any pointer",
	};
	double kw = 0, xw = 0;

	heading("a single packet of a hostile peer, the worst, instructions");
	for (enum kind i = 0; i < KINDS; i++) {
		row(name[i], 0, k->v[i], x->v[i], NO_GOAL, 0);
		/* Not these: the host's program has asked for the work of sending. */
		if (i == K_ACK_ALL || i == K_ACK_MORE)
			continue;
		kw = i && !(k->v[i] > kw) ? kw : k->v[i];
		xw = i && !(x->v[i] > xw) ? xw : x->v[i];
	}
	row("the worst of those that the host did not send for", 0, kw, xw, AT_MOST, 20000);
}
