// SPDX-License-Identifier: GPL-2.0
/* The scripted peer, and the kernel's memory. */
#include <arpa/inet.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "attack.h"

#define IP_LEN		20
#define TCP_LEN		20
#define IDLE_WRITES	201

const uint8_t syn_options[20] = {
	2, 4, 0x05, 0xb4,			/* MSS 1460 */
	4, 2,					/* SACK permitted */
	8, 10, 0, 0, 0x10, 0, 0, 0, 0, 0,	/* timestamps */
	1, 3, 3, 7,				/* window scale */
};

static void put16(uint8_t *p, uint32_t v)
{
	p[0] = (uint8_t)(v >> 8);
	p[1] = (uint8_t)v;
}

static void put32(uint8_t *p, uint32_t v)
{
	put16(p, v >> 16);
	put16(p + 2, v);
}

static uint16_t get16(const uint8_t *p)
{
	return (uint16_t)(p[0] << 8 | p[1]);
}

static uint32_t get32(const uint8_t *p)
{
	return (uint32_t)get16(p) << 16 | get16(p + 2);
}

static uint32_t sum16(uint32_t sum, const uint8_t *p, size_t len)
{
	for (; len; len -= 2, p += 2)
		sum += get16(p);
	return sum;
}

static uint16_t fold(uint32_t sum)
{
	sum = (sum >> 16) + (sum & 0xffff);
	return (uint16_t)~(sum + (sum >> 16));
}

/* xorshift64*: Vigna, "An experimental exploration of Marsaglia's xorshift". */
uint32_t peer_random(struct peer *p)
{
	p->random ^= p->random >> 12;
	p->random ^= p->random << 25;
	p->random ^= p->random >> 27;
	return (uint32_t)((p->random * 0x2545f4914f6cdd1dULL) >> 32);
}

uint32_t peer_anybody(struct peer *p)
{
	/* Not 10.0.0.0/16, which has the host and addresses that no host may have. */
	return (HOST_ADDR & 0xff000000) | (1 + peer_random(p) % 254) << 16 |
	       (peer_random(p) & 0xffff);
}

static uint64_t timed_write(struct peer *p, const uint8_t *pkt, size_t len)
{
	uint64_t start, end;

	if (p->counted)
		count_from();
	start = now_ns();
	if (write(p->tun, pkt, len) != (ssize_t)len)
		die("write to the TUN device");
	end = now_ns();
	if (p->counted)
		count_to();
	return end - start;
}

uint64_t peer_in(struct peer *p, const struct seg *s)
{
	static uint8_t pkt[IP_LEN + TCP_LEN + OPTIONS_MAX + PAYLOAD_MAX];
	size_t hdr = TCP_LEN + s->nopts, len = hdr + s->len;
	uint8_t *tcp = pkt + IP_LEN;

	memset(pkt, 0, IP_LEN + TCP_LEN);
	pkt[0] = 0x45;
	put16(pkt + 2, (uint32_t)(IP_LEN + len));
	pkt[8] = 64;
	pkt[9] = IPPROTO_TCP;
	put32(pkt + 12, s->addr);
	put32(pkt + 16, HOST_ADDR);
	put16(pkt + 10, fold(sum16(0, pkt, IP_LEN)));
	put16(tcp, s->port);
	put16(tcp + 2, p->lport);
	put32(tcp + 4, s->seq);
	put32(tcp + 8, s->flags & ACK ? s->ack : 0);
	tcp[12] = (uint8_t)(hdr / 4 << 4);
	tcp[13] = s->flags;
	put16(tcp + 14, s->wnd);
	put16(tcp + 18, s->urg);
	memcpy(tcp + TCP_LEN, s->opts, s->nopts);
	memset(tcp + hdr, 0, s->len + 1U);
	put16(tcp + 16, fold(sum16((uint32_t)(IPPROTO_TCP + len), pkt + 12,
				   8 + (len + 1) / 2 * 2)));
	return timed_write(p, pkt, IP_LEN + len);
}

/* p->idle: a packet with a wrong IP checksum takes the same path as far as IP. */
static void measure_idle(struct peer *p)
{
	uint8_t pkt[IP_LEN + TCP_LEN] = { 0x45, 0, 0, sizeof(pkt) };
	double v[IDLE_WRITES];

	pkt[8] = 64;
	pkt[9] = IPPROTO_TCP;
	put32(pkt + 12, HOST_ADDR + 1);
	put32(pkt + 16, HOST_ADDR);
	put16(pkt + 10, fold(sum16(0, pkt, IP_LEN)) ^ 1);
	p->counted = is_counted("idle");
	for (int i = 0; i < IDLE_WRITES; i++)
		v[i] = (double)timed_write(p, pkt, sizeof(pkt));
	p->counted = false;
	p->idle = median(v, IDLE_WRITES);
}

bool peer_out(struct peer *p, struct seg *got)
{
	uint8_t pkt[2048], *tcp = pkt + IP_LEN;
	size_t hdr;
	ssize_t n;

	do
		n = read(p->tun, pkt, sizeof(pkt));
	while (n > 0 && (n < IP_LEN + TCP_LEN || pkt[0] != 0x45 || pkt[9] != IPPROTO_TCP));
	if (n <= 0)
		return false;
	hdr = (size_t)(tcp[12] >> 4) * 4;
	memset(got, 0, sizeof(*got));
	got->addr = get32(pkt + 16);
	got->port = get16(tcp + 2);
	got->flags = tcp[13];
	got->seq = get32(tcp + 4);
	got->ack = get32(tcp + 8);
	got->wnd = get16(tcp + 14);
	got->nopts = (uint8_t)(hdr - TCP_LEN);
	memcpy(got->opts, tcp + TCP_LEN, got->nopts);
	got->len = (uint16_t)((size_t)n - IP_LEN - hdr);
	return true;
}

unsigned int peer_drain(struct peer *p)
{
	unsigned int n = 0;
	struct seg got;

	while (peer_out(p, &got))
		n++;
	return n;
}

void peer_open(struct peer *p, enum stack st)
{
	memset(p, 0, sizeof(*p));
	p->stack = st;
	p->random = 0x9e3779b97f4a7c15ULL;
	if (ns_new())
		die("no network namespace");
	ns_sysctl("ipv6/conf/default/disable_ipv6", "1");
	p->tun = ns_tun("tun0");
	if (p->tun < 0 || ns_up("tun0", "10.0.0.1", 8, 1500))
		die("no TUN device");
	/* The device's carrier comes a little later. */
	sleep_ms(2000);
	peer_drain(p);
	measure_idle(p);
}

int peer_listen(struct peer *p, int backlog)
{
	struct sockaddr_in sin = {
		.sin_family = AF_INET,
		.sin_addr.s_addr = htonl(HOST_ADDR),
	};
	int fd = stack_socket(p->stack, SOCK_NONBLOCK);

	if (fd < 0 || bind(fd, (struct sockaddr *)&sin, sizeof(sin)) || listen(fd, backlog))
		die("listen");
	p->lport = sock_port(fd);
	return fd;
}

int peer_connect(struct peer *p, int lfd, struct seg *s)
{
	struct seg got;
	int fd;

	s->flags = SYN;
	peer_in(p, s);
	if (!peer_out(p, &got) || got.flags != (SYN | ACK))
		die("no SYN-ACK");
	s->flags = ACK;
	s->seq++;
	s->ack = got.seq + 1;
	s->nopts = 0;
	peer_in(p, s);
	fd = accept4(lfd, NULL, NULL, SOCK_NONBLOCK);
	if (fd < 0)
		die("accept");
	return fd;
}

bool peer_knob(const struct peer *p, const char *name, const char *value)
{
	char path[64];

	snprintf(path, sizeof(path), "%s%s", p->stack == XTCP ? "xtcp/" : "ipv4/tcp_", name);
	return !ns_sysctl(path, value);
}

double kernel_bytes(unsigned int s)
{
	sleep(s);
	return slab_bytes() + vmalloc_bytes();
}
