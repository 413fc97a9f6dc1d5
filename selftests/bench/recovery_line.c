// SPDX-License-Identifier: GPL-2.0
/*
 * The line: packets of one host are read from its TUN device, held for the delay of
 * the line, and written to the other's. A packet is one segment: a TUN device has no
 * segmentation offload, and packets written to it are not merged.
 */
#include <arpa/inet.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "recovery.h"

#define PACKETS		16384
#define PACKET_MAX	1600
#define IP_LEN		20
#define TCP_LEN		20

struct packet {
	uint64_t due;		/* ns */
	uint32_t order;		/* of arrival, for packets due at the same time */
	uint16_t len;
	uint8_t to;
	uint8_t data[PACKET_MAX];
};

static uint32_t get32(const uint8_t *p)
{
	return (uint32_t)p[0] << 24 | p[1] << 16 | p[2] << 8 | p[3];
}

static uint16_t get16(const uint8_t *p)
{
	return (uint16_t)(p[0] << 8 | p[1]);
}

/* ---- packets in transit: a heap ---- */

static bool sooner(const struct line *l, unsigned int a, unsigned int b)
{
	const struct packet *x = &l->packet[l->heap[a]];
	const struct packet *y = &l->packet[l->heap[b]];

	return x->due != y->due ? x->due < y->due :
				  (int32_t)(x->order - y->order) < 0;
}

static void swap(struct line *l, unsigned int a, unsigned int b)
{
	uint32_t i = l->heap[a];

	l->heap[a] = l->heap[b];
	l->heap[b] = i;
}

static void push(struct line *l, uint32_t index)
{
	unsigned int i = l->nheap++;

	l->heap[i] = index;
	for (; i && sooner(l, i, (i - 1) / 2); i = (i - 1) / 2)
		swap(l, i, (i - 1) / 2);
}

static uint32_t pop(struct line *l)
{
	uint32_t top = l->heap[0];
	unsigned int i = 0, child;

	l->heap[0] = l->heap[--l->nheap];
	while ((child = 2 * i + 1) < l->nheap) {
		if (child + 1 < l->nheap && sooner(l, child + 1, child))
			child++;
		if (!sooner(l, child, i))
			break;
		swap(l, i, child);
		i = child;
	}
	return top;
}

/* ---- what the line does to a packet ---- */

/* xorshift64*: Vigna, "An experimental exploration of Marsaglia's xorshift". */
double line_random(struct line *l)
{
	l->random ^= l->random >> 12;
	l->random ^= l->random << 25;
	l->random ^= l->random >> 27;
	return (double)((l->random * 0x2545f4914f6cdd1dULL) >> 11) /
	       (double)(1ULL << 53);
}

static void note_blocks(struct seen *s, const uint8_t *o, size_t len, uint32_t base)
{
	size_t i = 0, l;

	while (i + 1 < len && o[i]) {
		l = o[i] == 1 ? 1 : o[i + 1];
		if (!l || i + l > len)
			break;
		if (o[i] == 5 && l <= 34) {
			s->nblocks = (uint8_t)((l - 2) / 8);
			for (size_t b = 0; b < 2 * s->nblocks; b++)
				s->block[b] = get32(o + i + 2 + 4 * b) - base;
		}
		i += l;
	}
}

/* Record a packet of the watched flow; NULL: of another flow. */
static struct seen *watched(struct line *l, const struct packet *p, uint64_t now)
{
	const uint8_t *ip = p->data, *tcp = ip + IP_LEN;
	enum host from = p->to == CLIENT ? SERVER : CLIENT;
	size_t hdr = (size_t)(tcp[12] >> 4) * 4;
	struct seen *s = &l->seen[l->nseen];

	if (l->nseen == SEEN_MAX || p->len < IP_LEN + TCP_LEN || ip[0] != 0x45 ||
	    get16(tcp + (from == CLIENT ? 0 : 2)) != l->watch)
		return NULL;
	l->nseen++;
	memset(s, 0, sizeof(*s));
	s->at = now - l->start;
	s->to = p->to;
	s->flags = tcp[13];
	if (s->flags & 2)
		l->first[from] = get32(tcp + 4);
	s->seq = get32(tcp + 4) - l->first[from];
	s->ack = s->flags & 0x10 ? get32(tcp + 8) - l->first[p->to] : 0;
	s->len = (uint16_t)(p->len - IP_LEN - hdr);
	note_blocks(s, tcp + TCP_LEN, hdr - TCP_LEN, l->first[p->to]);
	return s;
}

/* Is the packet to be dropped? */
static bool dropped(struct line *l, const struct packet *p, uint64_t now)
{
	struct seen *s = watched(l, p, now);
	unsigned int i;

	for (i = 0; s && i < DROP_MAX; i++)
		if (l->drop[i] == l->nseen)
			s->dropped = true;
	if (s && s->dropped)
		return true;
	return p->to == CLIENT && l->loss > 0 && line_random(l) < l->loss;
}

/* The bottleneck: true if its queue has no room for the packet. */
static bool queued(struct line *l, struct packet *p, uint64_t now)
{
	uint64_t wait;

	if (p->to != CLIENT || !l->rate)
		return false;
	wait = l->busy > now ? l->busy - now : 0;
	if (l->buffer && wait * l->rate / 8 / SECOND + p->len > l->buffer)
		return true;
	l->busy = now + wait + p->len * 8 * SECOND / l->rate;
	p->due = l->busy;
	l->queued++;
	l->queue_sum += (double)wait;
	if (wait > l->queue_max)
		l->queue_max = wait;
	/* Delay the packet so much that the next ones, back to back, overtake it. */
	if (l->late > 0 && line_random(l) < l->late) {
		uint64_t places = 1 + (uint64_t)(line_random(l) * l->places);

		p->due += places * p->len * 8 * SECOND / l->rate + 1;
		if (!l->overtaken)
			l->overtaken = now;
	}
	return false;
}

static void take(struct line *l, uint32_t index)
{
	struct packet *p = &l->packet[index];
	uint64_t now = now_ns();

	l->last = now;
	p->due = now;
	p->order = l->order++;
	if (dropped(l, p, now) || queued(l, p, now)) {
		l->lost++;
		l->unused[l->nunused++] = index;
		return;
	}
	p->due += l->delay;
	push(l, index);
}

void line_collect(struct line *l)
{
	enum host h;

	for (h = 0; h < HOSTS; h++) {
		for (;;) {
			struct packet *p;
			ssize_t n;

			if (!l->nunused) {
				errno = ENOBUFS;
				die("the line is full");
			}
			p = &l->packet[l->unused[l->nunused - 1]];
			n = read(l->tun[h], p->data, sizeof(p->data));
			if (n <= 0)
				break;
			p->len = (uint16_t)n;
			p->to = h == CLIENT ? SERVER : CLIENT;
			take(l, l->unused[--l->nunused]);
		}
	}
}

void line_deliver(struct line *l)
{
	while (l->nheap && line_due(l) <= now_ns()) {
		uint32_t index = pop(l);
		struct packet *p = &l->packet[index];

		if (write(l->tun[p->to], p->data, p->len) < 0)
			die("write to a TUN device");
		l->last = now_ns();
		l->unused[l->nunused++] = index;
	}
}

uint64_t line_due(const struct line *l)
{
	return l->nheap ? l->packet[l->heap[0]].due : UINT64_MAX;
}

void line_reset(struct line *l, uint64_t seed)
{
	memset(l->drop, 0, sizeof(l->drop));
	l->nseen = 0;
	l->overtaken = 0;
	l->lost = 0;
	l->queued = 0;
	l->queue_sum = 0;
	l->queue_max = 0;
	l->watch = 0;
	/* Never 0; neighbouring seeds give distant states. */
	l->random = (seed + 1) * 0x9e3779b97f4a7c15ULL;
}

void line_enter(const struct line *l, enum host host)
{
	if (setns(l->ns[host], CLONE_NEWNET))
		die("setns");
}

void line_open(struct line *l, bool paced)
{
	static const char * const ns[HOSTS] = {
		[CLIENT] = "/run/netns/client",
		[SERVER] = "/run/netns/server",
	};
	uint32_t i;

	memset(l, 0, sizeof(*l));
	for (i = 0; i < HOSTS; i++) {
		l->net[i] = (paced ? 12 : 10) + i;
		l->ns[i] = open(ns[i], O_RDONLY | O_CLOEXEC);
		if (l->ns[i] < 0)
			die(ns[i]);
		line_enter(l, i);
		l->tun[i] = ns_tun(paced ? "paced" : "line");
		if (l->tun[i] < 0)
			die("no TUN device");
	}
	l->packet = calloc(PACKETS, sizeof(*l->packet));
	l->heap = calloc(PACKETS, sizeof(*l->heap));
	l->unused = calloc(PACKETS, sizeof(*l->unused));
	if (!l->packet || !l->heap || !l->unused)
		die("no memory");
	while (l->nunused < PACKETS) {
		l->unused[l->nunused] = l->nunused;
		l->nunused++;
	}
	line_reset(l, 1);
	/* The carrier of an opened device comes a little later. */
	sleep_ms(2000);
}

void line_print(const struct line *l)
{
	static const char names[] = "FSRPAUEC";
	unsigned int i, b;

	for (i = 0; i < l->nseen; i++) {
		const struct seen *s = &l->seen[i];

		printf("%3u %9.3f %s ", i + 1, (double)s->at / MS,
		       s->to == SERVER ? "-->" : "<--");
		for (b = 0; b < 8; b++)
			putchar(s->flags >> b & 1 ? names[b] : '.');
		printf(" seq %u len %u ack %u", s->seq, s->len, s->ack);
		for (b = 0; b < s->nblocks; b++)
			printf(" %u-%u", s->block[2 * b], s->block[2 * b + 1]);
		puts(s->dropped ? "  DROPPED" : "");
	}
}
