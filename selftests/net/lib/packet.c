// SPDX-License-Identifier: GPL-2.0
/*
 * IP below the wire's segments: addresses, headers and their options, ICMP. Here
 * alone the wire distinguishes IPv4 packets from IPv6 packets.
 */
#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "packet.h"

#define IP4_LEN		20
#define IP6_LEN		40
#define IPOPT_LSRR	131

/* Extension headers, RFC 8200 4. */
#define EXT_HOPBYHOP	0
#define EXT_ROUTING	43
#define EXT_FRAGMENT	44
#define EXT_DESTINATION	60

/* ---- the Internet checksum ---- */

uint32_t sum16(uint32_t sum, const void *data, size_t len)
{
	const uint8_t *p = data;

	for (; len > 1; len -= 2, p += 2)
		sum += p[0] << 8 | p[1];
	if (len)
		sum += p[0] << 8;
	return sum;
}

uint16_t fold(uint32_t sum)
{
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	return ~sum;
}

static void put16(uint8_t *p, uint16_t val)
{
	p[0] = val >> 8;
	p[1] = val;
}

/* ---- addresses ---- */

static void from_ip6(const uint8_t *bin, char *text)
{
	uint8_t name[16];

	inet_ntop(AF_INET, bin + 2, text, INET6_ADDRSTRLEN);
	ip6_of(text, name);
	if (memcmp(name, bin, sizeof(name)))
		inet_ntop(AF_INET6, bin, text, INET6_ADDRSTRLEN);
}

static bool is_ip6(const struct wire *w)
{
	return w->net == V6;
}

/* ---- socket options at IP level ---- */

static int net_opt(const struct wire *w, int fd, int name4, int name6, int val)
{
	return is_ip6(w) ? set_int(fd, IPPROTO_IPV6, name6, val) :
			   set_int(fd, IPPROTO_IP, name4, val);
}

int wire_tos(const struct wire *w, int fd, int tos)
{
	return net_opt(w, fd, IP_TOS, IPV6_TCLASS, tos);
}

int wire_hops(const struct wire *w, int fd, int ttl)
{
	return net_opt(w, fd, IP_TTL, IPV6_UNICAST_HOPS, ttl);
}

int wire_min_hops(const struct wire *w, int fd, int ttl)
{
	return net_opt(w, fd, IP_MINTTL, IPV6_MINHOPCOUNT, ttl);
}

int wire_recverr(const struct wire *w, int fd, int on)
{
	return net_opt(w, fd, IP_RECVERR, IPV6_RECVERR, on);
}

/* ---- IP headers ---- */

size_t net_len(const struct wire *w, const struct wseg *s)
{
	return (is_ip6(w) ? IP6_LEN : IP4_LEN) + (s->ipoptlen + 3) / 4 * 4;
}

static void ip4_put(uint8_t *ip, const char *from, const char *to, uint8_t protocol,
		    const struct wseg *s, size_t hdr, size_t len)
{
	memcpy(ip + IP4_LEN, s->ipopt, s->ipoptlen);
	ip[0] = 0x40 | hdr / 4;
	ip[1] = s->tos;
	put16(ip + 2, hdr + len);
	ip[6] = 0x40;
	ip[8] = s->ttl ?: 64;
	ip[9] = protocol;
	inet_pton(AF_INET, from, ip + 12);
	inet_pton(AF_INET, to, ip + 16);
	put16(ip + 10, fold(sum16(0, ip, hdr)));
}

static void ip6_put(uint8_t *ip, const char *from, const char *to, uint8_t protocol,
		    const struct wseg *s, size_t hdr, size_t len)
{
	memcpy(ip + IP6_LEN, s->ipopt, s->ipoptlen);
	ip[0] = 0x60 | s->tos >> 4;
	ip[1] = s->tos << 4 | s->flow >> 16;
	put16(ip + 2, s->flow);
	put16(ip + 4, hdr - IP6_LEN + len);
	ip[6] = s->ipoptlen ? s->ext : protocol;
	ip[7] = s->ttl ?: 64;
	ip6_of(from, ip + 8);
	ip6_of(to, ip + 24);
}

void net_put(const struct wire *w, uint8_t *ip, const char *from, const char *to,
	     uint8_t protocol, const struct wseg *s, size_t len)
{
	(is_ip6(w) ? ip6_put : ip4_put)(ip, from, to, protocol, s, net_len(w, s), len);
}

/* The packet's final destination: the last hop of a loose source route, if any. */
static const uint8_t *last_hop(const uint8_t *ip, size_t ihl)
{
	const uint8_t *o = ip + IP4_LEN;

	while (o + 3 < ip + ihl && *o == 1)
		o++;
	if (o + 3 < ip + ihl && *o == IPOPT_LSRR && o[1] >= 7 && o + o[1] <= ip + ihl)
		return o + o[1] - 4;
	return ip + 16;
}

uint32_t net_pseudo(const uint8_t *ip, size_t hdr, uint8_t protocol, size_t len)
{
	uint32_t sum = protocol + len;

	if (ip[0] >> 4 == 6)
		return sum16(sum, ip + 8, 32);
	return sum16(sum16(sum, ip + 12, 4), last_hop(ip, hdr), 4);
}

static size_t ip4_get(const uint8_t *ip, size_t n, size_t *len, struct wseg *g)
{
	size_t ihl = (ip[0] & 15) * 4, total = ip[2] << 8 | ip[3];

	if (n < IP4_LEN || ip[9] != IPPROTO_TCP || ihl < IP4_LEN || total > n ||
	    total < ihl)
		return 0;
	*len = total - ihl;
	g->tos = ip[1];
	g->df = ip[6] & 0x40;
	g->ipid = ip[4] << 8 | ip[5];
	g->ttl = ip[8];
	g->ipoptlen = ihl - IP4_LEN;
	memcpy(g->ipopt, ip + IP4_LEN, g->ipoptlen);
	inet_ntop(AF_INET, ip + 12, g->src, sizeof(g->src));
	inet_ntop(AF_INET, last_hop(ip, ihl), g->dst, sizeof(g->dst));
	return ihl;
}

static size_t ip6_get(const uint8_t *ip, size_t n, size_t *len, struct wseg *g)
{
	size_t total = IP6_LEN + (ip[4] << 8 | ip[5]), hdr = IP6_LEN;
	uint8_t next = ip[6];

	if (n < IP6_LEN || total > n)
		return 0;
	g->ext = next;
	while (hdr + 8 <= total && (next == EXT_HOPBYHOP || next == EXT_ROUTING ||
				    next == EXT_FRAGMENT || next == EXT_DESTINATION)) {
		uint8_t type = next;

		next = ip[hdr];
		hdr += type == EXT_FRAGMENT ? 8 : 8 * (1 + ip[hdr + 1]);
	}
	if (next != IPPROTO_TCP || hdr > total || hdr - IP6_LEN > sizeof(g->ipopt))
		return 0;
	*len = total - hdr;
	g->tos = ip[0] << 4 | ip[1] >> 4;
	g->flow = (ip[1] & 15) << 16 | ip[2] << 8 | ip[3];
	g->df = true;
	g->ttl = ip[7];
	g->ipoptlen = hdr - IP6_LEN;
	memcpy(g->ipopt, ip + IP6_LEN, g->ipoptlen);
	from_ip6(ip + 8, g->src);
	from_ip6(ip + 24, g->dst);
	return hdr;
}

uint8_t *net_get(const struct wire *w, uint8_t *ip, ssize_t n, size_t *len,
		 struct wseg *g)
{
	size_t hdr;

	if (n < IP4_LEN || ip[0] >> 4 != (is_ip6(w) ? 6 : 4))
		return NULL;
	memset(g, 0, sizeof(*g));
	hdr = (is_ip6(w) ? ip6_get : ip4_get)(ip, n, len, g);
	if (!hdr || *len < 20)
		return NULL;
	g->badsum = fold(sum16(net_pseudo(ip, hdr, IPPROTO_TCP, *len),
			       ip + hdr, *len)) != 0;
	return ip + hdr;
}

/* ---- fragments ---- */

static void send_packet(struct wire *w, const void *pkt, size_t len)
{
	if (write(w->tun, pkt, len) < 0)
		perror("write to the TUN device");
}

/* Send bytes [@from, @to) of the payload behind the header of @hdr bytes. */
static void send_fragment(struct wire *w, const uint8_t *pkt, size_t hdr, size_t from,
			  size_t to, bool more)
{
	uint8_t frag[65536 + 256];
	size_t ext = is_ip6(w) ? 8 : 0;

	memcpy(frag, pkt, hdr);
	memset(frag + hdr, 0, ext);
	memcpy(frag + hdr + ext, pkt + hdr + from, to - from);
	if (ext) {
		put16(frag + 4, hdr - IP6_LEN + ext + to - from);
		frag[6] = EXT_FRAGMENT;
		frag[hdr] = IPPROTO_TCP;
		put16(frag + hdr + 2, from | more);
		put16(frag + hdr + 6, w->frag_id);
	} else {
		put16(frag + 2, hdr + to - from);
		put16(frag + 4, w->frag_id);
		put16(frag + 6, from / 8 | (more ? 0x2000 : 0));
		put16(frag + 10, 0);
		put16(frag + 10, fold(sum16(0, frag, hdr)));
	}
	send_packet(w, frag, hdr + ext + to - from);
}

void net_send(struct wire *w, const struct wseg *s, const uint8_t *pkt, size_t hdr,
	      size_t len)
{
	if (!s->split) {
		send_packet(w, pkt, hdr + len);
		return;
	}
	w->frag_id++;
	send_fragment(w, pkt, hdr, 0, s->split, true);
	send_fragment(w, pkt, hdr, s->split, len, false);
}

/* ---- ICMP ---- */

/* Quote the tested TCP's segment at @seq: IP header and 8 bytes. Returns the bytes. */
static size_t quote_put(const struct wire *w, uint8_t *ip, uint32_t seq)
{
	static const struct wseg plain;
	size_t hdr = net_len(w, &plain);
	uint8_t *tcp = ip + hdr;

	net_put(w, ip, w->local, w->peer, IPPROTO_TCP, &plain, 20);
	put16(tcp, w->lport);
	put16(tcp + 2, w->pport);
	put16(tcp + 4, (w->iss + seq) >> 16);
	put16(tcp + 6, w->iss + seq);
	return hdr + 8;
}

/* Send the ICMP message of @len bytes that lies in @pkt behind room for its IP header. */
static void icmp_send(struct wire *w, const char *from, const struct wseg *s, uint8_t *pkt,
		      size_t len)
{
	uint8_t protocol = is_ip6(w) ? IPPROTO_ICMPV6 : IPPROTO_ICMP;
	size_t hdr = net_len(w, s);
	uint8_t *icmp = pkt + hdr;
	uint32_t sum = 0;

	net_put(w, pkt, from, w->local, protocol, s, len);
	if (is_ip6(w))
		sum = net_pseudo(pkt, hdr, protocol, len);
	put16(icmp + 2, fold(sum16(sum, icmp, len)));
	send_packet(w, pkt, hdr + len);
	w->last_ms = now_ms();
}

void wire_icmp(struct wire *w, uint8_t type, uint8_t code, uint32_t seq, uint32_t info)
{
	static const struct wseg plain;
	uint8_t pkt[2 * IP6_LEN + 16] = {};
	uint8_t *icmp = pkt + net_len(w, &plain);

	icmp[0] = type;
	icmp[1] = code;
	put16(icmp + 4, info >> 16);
	put16(icmp + 6, info);
	icmp_send(w, WIRE_ROUTER, &plain, pkt, 8 + quote_put(w, icmp + 8, seq));
}

/* IPv4: RFC 792. IPv6: RFC 4861 4.5, with the quoted segment in an option. */
void wire_redirect(struct wire *w, uint32_t seq)
{
	static const struct wseg near = { .ttl = 255 };
	uint8_t pkt[2 * IP6_LEN + 64] = {};
	uint8_t *icmp = pkt + IP6_LEN;
	size_t len;

	if (!is_ip6(w)) {
		wire_icmp(w, 5, 1, seq, ntohl(inet_addr(WIRE_BETTER)));
		return;
	}
	icmp[0] = 137;
	ip6_of(WIRE_BETTER6, icmp + 8);
	ip6_of(w->peer, icmp + 24);
	len = 8 + quote_put(w, icmp + 48, seq);
	icmp[40] = 4;
	icmp[41] = len / 8;
	icmp_send(w, WIRE_ROUTER6, &near, pkt, 40 + len);
}

void wire_too_big(struct wire *w, uint32_t seq, uint32_t mss)
{
	if (is_ip6(w))
		wire_icmp(w, 2, 0, seq, mss + IP6_LEN + 20);
	else
		wire_icmp(w, 3, 4, seq, mss + IP4_LEN + 20);
}

int wire_route(struct wire *w, const char *before, const char *after)
{
	char text[INET6_ADDRSTRLEN];
	uint8_t bin[16];

	if (!is_ip6(w))
		return shell("ip %s %s %s", before, w->peer, after);
	ip6_of(w->peer, bin);
	inet_ntop(AF_INET6, bin, text, sizeof(text));
	return shell("ip -6 %s %s %s", before, text, after);
}
