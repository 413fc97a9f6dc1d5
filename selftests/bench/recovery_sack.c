// SPDX-License-Identifier: GPL-2.0
/*
 * The work for one ACK whose SACK blocks are expensive: at random places of a long send
 * queue of small segments, a byte or a segment long. The peer is scripted. The figure is
 * for the write() to the TUN device, in which the host does everything including its
 * responses. Congestion control decides how many those are, so the bound applies to the
 * work minus a send() of one segment for each packet sent.
 */
#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "recovery.h"

#define IP_LEN		20
#define OPTIONS		36
#define TCP_LEN		(20 + OPTIONS)
#define SEG		48		/* bytes: tcp_min_snd_mss */
#define BLOCKS		4
#define ACKS		50		/* of each kind */
#define PORT		9
#define SYN		2
#define ACK		0x10

static const unsigned int lengths[] = { 1000, 5000, 20000 };

enum shape { PLAIN, BYTES, SEGMENTS, SHAPES };

/* Indices of the results. */
enum { MEAN, WORST, LESS, SACK_LEN };
#define AT(len, shape, what)	(((len) * SHAPES + (shape)) * SACK_LEN + (what))
#define SENDS	AT(ARRAY_SIZE(lengths), 0, 0)	/* send_ns, for each length */

struct peer {
	struct line l;
	uint32_t local, remote;	/* addresses: the tested host's, ours */
	uint16_t lport, rport;
	uint32_t snd_nxt;	/* our SND.NXT */
	uint32_t una, max;	/* the host's SND.UNA and highest SND.NXT */
	double send_ns;		/* mean of a send() that transmits one segment */
};

static void put32(uint8_t *p, uint32_t v)
{
	p[0] = (uint8_t)(v >> 24);
	p[1] = (uint8_t)(v >> 16);
	p[2] = (uint8_t)(v >> 8);
	p[3] = (uint8_t)v;
}

static uint32_t get32(const uint8_t *p)
{
	return (uint32_t)p[0] << 24 | p[1] << 16 | p[2] << 8 | p[3];
}

static uint32_t sum16(uint32_t sum, const uint8_t *p, size_t len)
{
	for (; len; len -= 2, p += 2)
		sum += (uint32_t)(p[0] << 8 | p[1]);
	return sum;
}

static void put_sum(uint8_t *p, uint32_t sum)
{
	sum = (sum >> 16) + (sum & 0xffff);
	sum = ~(sum + (sum >> 16));
	p[0] = (uint8_t)(sum >> 8);
	p[1] = (uint8_t)sum;
}

/* Send a segment with @options; returns the duration of its write(), ns. */
static uint64_t in(struct peer *p, uint8_t flags, const uint8_t *options)
{
	uint8_t ip[IP_LEN + TCP_LEN] = { 0x45 }, *tcp = ip + IP_LEN;
	uint64_t start;

	ip[3] = sizeof(ip);
	ip[8] = 64;
	ip[9] = IPPROTO_TCP;
	put32(ip + 12, p->remote);
	put32(ip + 16, p->local);
	put_sum(ip + 10, sum16(0, ip, IP_LEN));
	put32(tcp, (uint32_t)p->rport << 16 | p->lport);
	put32(tcp + 4, p->snd_nxt);
	put32(tcp + 8, flags & ACK ? p->una : 0);
	tcp[12] = TCP_LEN / 4 << 4;
	tcp[13] = flags;
	tcp[14] = tcp[15] = 0xff;
	memcpy(tcp + 20, options, OPTIONS);
	put_sum(tcp + 16, sum16(IPPROTO_TCP + TCP_LEN, ip + 12, 8 + TCP_LEN));
	start = now_ns();
	if (write(p->l.tun[SERVER], ip, sizeof(ip)) != sizeof(ip))
		die("write to the TUN device");
	return now_ns() - start;
}

static const uint8_t no_options[OPTIONS];

/* Take one packet of the host; false: there is none. */
static bool out(struct peer *p)
{
	uint8_t ip[1600], *tcp = ip + IP_LEN;
	ssize_t n = read(p->l.tun[SERVER], ip, sizeof(ip));
	uint32_t end;

	if (n < IP_LEN + 20)
		return false;
	end = get32(tcp + 4) + (uint32_t)(n - IP_LEN) - (tcp[12] >> 4) * 4;
	if (tcp[13] & SYN)
		p->max = p->una = end = end + 1;
	if ((int32_t)(end - p->max) > 0)
		p->max = end;
	return true;
}

/* Connect to a listener of the host, with the smallest MSS. Returns the socket. */
static int establish(struct peer *p, enum stack st)
{
	static const uint8_t syn[OPTIONS] = {
		2, 4, 0, SEG, 1, 3, 3, 14, 1, 1, 4, 2,
	};
	struct sockaddr_in sin = { .sin_family = AF_INET };
	const uint32_t pair = new_pair();
	int lfd, fd;

	p->local = p->l.net[SERVER] << 24 | pair << 8 | 1;
	p->remote = p->l.net[CLIENT] << 24 | pair << 8 | 1;
	sin.sin_addr.s_addr = htonl(p->local);
	line_enter(&p->l, SERVER);
	lfd = stack_socket(st, 0);
	if (lfd < 0 || bind(lfd, (struct sockaddr *)&sin, sizeof(sin)) || listen(lfd, 1))
		die("listen");
	p->lport = sock_port(lfd);
	p->rport = PORT;
	p->snd_nxt = 1;
	in(p, SYN, syn);
	p->snd_nxt++;
	if (!out(p))
		die("no SYN-ACK");
	in(p, ACK, no_options);
	fd = accept4(lfd, NULL, NULL, SOCK_NONBLOCK);
	if (fd < 0)
		die("accept");
	close(lfd);
	return fd;
}

/*
 * Slow start until @segments segments are in flight, each from its own write and
 * transmission. With Reno, as CUBIC would leave slow start early on a path with a tiny
 * RTT.
 */
static void fill(struct peer *p, int fd, unsigned int segments)
{
	static const uint8_t data[SEG];
	uint32_t want = segments * SEG;
	uint64_t start, sum = 0;
	unsigned int n = 0;
	bool sent;

	setsockopt(fd, IPPROTO_TCP, TCP_CONGESTION, "reno", 4);
	if (set_int(fd, IPPROTO_TCP, TCP_NODELAY, 1) ||
	    set_int(fd, SOL_SOCKET, SO_SNDBUFFORCE, 1 << 29))
		die("setsockopt");
	for (;;) {
		do {
			start = now_ns();
			if (send(fd, data, SEG, MSG_NOSIGNAL) != SEG)
				die("send");
			start = now_ns() - start;
			sent = out(p);
			if (sent) {
				sum += start;
				n++;
			}
		} while (sent);
		if (p->max - p->una >= want)
			break;
		if (p->max - p->una < 2 * SEG)
			die("the window does not grow");
		p->una += 2 * SEG;
		in(p, ACK, no_options);
		while (out(p))
			;
	}
	p->send_ns = (double)sum / n;
}

static void make_blocks(struct peer *p, enum shape how, uint8_t *options)
{
	uint32_t span = p->max - p->una - 2 * SEG, at;
	int i;

	memcpy(options, no_options, OPTIONS);
	if (how == PLAIN)
		return;
	memcpy(options, (const uint8_t []){ 1, 1, 5, 2 + 8 * BLOCKS }, 4);
	for (i = 0; i < BLOCKS; i++) {
		at = SEG + (uint32_t)(line_random(&p->l) * span);
		if (how == SEGMENTS)
			at -= at % SEG;
		put32(options + 4 + 8 * i, p->una + at);
		put32(options + 8 + 8 * i, p->una + at + (how == SEGMENTS ? SEG : 1));
	}
}

static void measure_length(struct peer *p, enum stack st, unsigned int len, struct result *r)
{
	int fd = establish(p, st), i;
	uint8_t options[OPTIONS];
	const struct linger hard = { .l_onoff = 1 };

	fill(p, fd, lengths[len]);
	for (i = 0; i < SHAPES * ACKS; i++) {
		enum shape how = i % SHAPES;
		double *v = &r->v[AT(len, how, 0)], ns;

		make_blocks(p, how, options);
		ns = (double)in(p, ACK, options);
		v[MEAN] += ns / ACKS;
		v[WORST] = fmax(v[WORST], ns);
		while (out(p))
			ns -= p->send_ns;
		v[LESS] = fmax(v[LESS], ns);
	}
	r->v[SENDS + len] = p->send_ns;
	setsockopt(fd, SOL_SOCKET, SO_LINGER, &hard, sizeof(hard));
	close(fd);
	while (out(p))
		;
}

void sack_measure(enum stack st, struct result *r)
{
	struct peer p = {};
	unsigned int len;

	line_open(&p.l, false);
	for (len = 0; len < ARRAY_SIZE(lengths); len++)
		measure_length(&p, st, len, r);
}

void sack_print(const struct result *k, const struct result *x)
{
	static const char * const name[SHAPES] = {
		[PLAIN] = "without SACK",
		[BYTES] = "4 random bytes",
		[SEGMENTS] = "4 random segments",
	};
	unsigned int len;
	enum shape how;
	char text[80];

	heading("work for one ACK, long send queue, MSS 48, instructions");
	for (len = 0; len < ARRAY_SIZE(lengths); len++) {
		snprintf(text, sizeof(text), "send() of a segment, %u segments", lengths[len]);
		row(text, 0, k->v[SENDS + len], x->v[SENDS + len], NO_GOAL, 0);
		for (how = 0; how < SHAPES; how++) {
			const double *kv = &k->v[AT(len, how, 0)], *xv = &x->v[AT(len, how, 0)];

			snprintf(text, sizeof(text), "%s, %u segments, mean", name[how],
				 lengths[len]);
			row(text, 0, kv[MEAN], xv[MEAN], NO_GOAL, 0);
			row("  worst", 0, kv[WORST], xv[WORST], NO_GOAL, 0);
			row("  worst less its packets", 0, kv[LESS], xv[LESS],
			    how == PLAIN ? NO_GOAL : AT_MOST, 20000);
		}
	}
}
