/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A TCP peer made by hand: segments go in and come out through a TUN device,
 * one by one, and each is written down as a line of the test:
 *
 *	in(SYN, MSS(1000), WS(7));
 *	out(SYN | ACK, SEQ(0), ACKNO(1));
 *	in(ACK, SEQ(1), ACKNO(1));
 *
 * "in" is towards the TCP under test, "out" is what it sends. Sequence numbers
 * are relative: SEQ of in() and ACKNO of out() count from our ISN, the other
 * two from the ISN of the TCP under test. What an in() does not say is what a
 * well-behaved peer would put there; what an out() does not say is not
 * looked at, but for flags, length, checksum and payload, which always are.
 */
#ifndef XTCP_TEST_WIRE_H
#define XTCP_TEST_WIRE_H

#include <arpa/inet.h>
#include <pthread.h>

#include "lib.h"

#define FIN	0x001
#define SYN	0x002
#define RST	0x004
#define PSH	0x008
#define ACK	0x010
#define URG	0x020
#define ECE	0x040
#define CWR	0x080
#define AE	0x100

struct wseg {
	uint16_t flags;
	uint32_t seq, ack, len;
	uint32_t wnd;		/* as on the wire */
	uint16_t urg, mss;
	uint8_t ws;
	uint32_t tsval, tsecr;
	uint32_t after;		/* out: ms since the segment before */
	uint32_t within;	/* out: ms to wait, at most */
	const uint8_t *raw;	/* in: options as they are */
	uint8_t rawlen;
	uint8_t doff;		/* in: data offset field, 32-bit words */
	uint16_t sport, dport;	/* in: other ports than the flow's */
	uint8_t nblocks;	/* SACK blocks, */
	uint32_t blocks[8];	/* start and end of each, relative */
	uint8_t cut;		/* in: bytes missing at the segment's end */
	uint8_t acc_kind;	/* AccECN option: 172, 174; 0: there is none */
	uint8_t nacc;		/* counters in it */
	uint32_t acc[3];
	bool has_fo;		/* Fast Open option, */
	uint8_t folen;		/* bytes of cookie, */
	uint8_t fo[16];
	bool no_fo;		/* out: and there is none */
	bool has_seq, has_ack, has_len, has_wnd, has_urg;
	bool has_blocks, has_tos, has_acc;
	bool has_mss, has_ws, has_sack, has_ts, no_ts;
	bool no_opts;		/* out: and there are no options at all */
	bool has_doff, badsum, has_after, push;
	bool free_len;		/* out: any length */

	/* of the IP header */
	uint8_t tos;		/* with the ECN field; the traffic class */
	uint8_t ttl;		/* the hop limit; in: 0 is 64 */
	bool df;		/* out: over IPv6 always */
	uint16_t ipid;		/* out: of IPv4 */
	uint32_t flow;		/* the flow label, 20 bits */
	uint8_t ipoptlen;
	uint8_t ipopt[64];	/* options, or all extension headers */
	uint8_t ext;		/* what the first of these is */
	uint16_t split;		/* in: two fragments, the first of so many bytes */
	char src[INET6_ADDRSTRLEN];
	char dst[INET6_ADDRSTRLEN];	/* behind a source route its last hop */
};

#define SEQ(x)		.has_seq = 1, .seq = (x)
#define ACKNO(x)	.has_ack = 1, .ack = (x)
#define LEN(x)		.has_len = 1, .len = (x)
#define ANYLEN		.free_len = 1
#define WND(x)		.has_wnd = 1, .wnd = (x)
#define URP(x)		.has_urg = 1, .urg = (x)
#define MSS(x)		.has_mss = 1, .mss = (x)
#define WS(x)		.has_ws = 1, .ws = (x)
#define SACKOK		.has_sack = 1
#define SACKS(...) \
	.has_blocks = 1, .blocks = { __VA_ARGS__ }, \
	.nblocks = sizeof((uint32_t []){ __VA_ARGS__ }) / 8
#define NOSACKS		.has_blocks = 1
/* The ECN field, or all of that byte; and in() with it. */
#define TOS(x)		.has_tos = 1, .tos = (x)
#define NOT_ECT		TOS(0)
#define ECT1		TOS(1)
#define ECT0		TOS(2)
#define CE		TOS(3)
/* AccECN options with these counters. */
#define ACC(k, ...) \
	.has_acc = 1, .acc_kind = (k), .acc = { __VA_ARGS__ }, \
	.nacc = sizeof((uint32_t []){ __VA_ARGS__ }) / 4
#define ACC0(...)	ACC(172, __VA_ARGS__)
#define ACC1(...)	ACC(174, __VA_ARGS__)
#define NOACC		.has_acc = 1
/* Fast Open: wants a cookie, or this one (a struct wseg that had it). */
#define FOASK		.has_fo = 1
#define FOLIKE(s)	.has_fo = 1, .folen = (s).folen, .fo = { (s).fo[0], (s).fo[1], (s).fo[2], \
			(s).fo[3], (s).fo[4], (s).fo[5], (s).fo[6], (s).fo[7] }
#define FOBYTES(...) \
	.has_fo = 1, .fo = { __VA_ARGS__ }, .folen = sizeof((const uint8_t []){ __VA_ARGS__ })
#define NOFO		.no_fo = 1
#define TS(val, ecr)	.has_ts = 1, .tsval = (val), .tsecr = (ecr)
#define NOTS		.no_ts = 1
#define NOOPTS		.no_opts = 1
#define PUSHED		.push = 1
#define AFTER(ms)	.has_after = 1, .after = (ms)
#define WITHIN(ms)	.within = (ms)
#define RAW(...) \
	.raw = (const uint8_t []){ __VA_ARGS__ }, \
	.rawlen = sizeof((const uint8_t []){ __VA_ARGS__ })
#define DOFF(words)	.has_doff = 1, .doff = (words)
#define BADSUM		.badsum = 1
#define CUT(bytes)	.cut = (bytes)
#define SRC(addr)	.src = addr
#define DST(addr)	.dst = addr
#define IPOPT(...) \
	.ipopt = { __VA_ARGS__ }, \
	.ipoptlen = sizeof((const uint8_t []){ __VA_ARGS__ })
#define EXT(first, ...) .ext = (first), IPOPT(__VA_ARGS__)
#define SPLIT(bytes)	.split = (bytes)
#define TTL(x)		.ttl = (x)
#define FLOW(x)		.flow = (x)
#define FROM(port)	.sport = (port)
#define TO(port)	.dport = (port)

struct wire {
	enum stack stack;
	enum net net;
	int tun;
	uint16_t frag_id;	/* of the last packet sent in fragments */
	const char *local, *peer;	/* addresses: the tested TCP's, ours */
	uint16_t lport, pport;	/* the tested TCP's, ours */
	uint32_t isn;		/* ours, to be set before the first in() */
	uint32_t iss;		/* theirs, from their SYN */
	bool iss_known;

	/* the well-behaved peer's memory; relative numbers */
	uint32_t snd_nxt;	/* what in() sends next */
	uint32_t rcv_nxt;	/* what in() acknowledges */
	uint16_t wnd;
	bool ts;		/* in() carries timestamps */
	uint32_t tsval;		/* base of ours, ms are added */
	uint32_t tsecr;		/* last of theirs */
	uint64_t ts_start;

	uint64_t last_ms;	/* when the last segment went in or out */
	struct wseg got;	/* the last one out, parsed */
	uint8_t hdr[60];	/* its TCP header */
	uint8_t hdr_len;
	uint8_t data[65536];	/* its payload */
	const char *doing;	/* the row of a table, for messages */
	char err[256];
};

/* The link's MTU is such that an MSS of 1460 fills it. */
#define WIRE_LOCAL	"10.9.0.1"
#define WIRE_PEER	"10.9.0.2"
#define WIRE_ROUTER	"10.9.0.9"
#define WIRE_ROUTER6	"fe80::9"	/* the same, as a neighbour */
#define WIRE_BETTER	"10.9.0.8"	/* another one */
#define WIRE_BETTER6	"fe80::8"
#define WIRE_ELSEWHERE	"10.8.0.2"	/* a peer there is no route to */
#define WIRE_PORT	8080	/* where the tested TCP listens */
#define WIRE_PPORT	40000	/* where the peer is */

/* A namespace with the device, and the flow's defaults. 0 or -errno. */
int wire_init(struct wire *w, enum stack st, enum net on);
void wire_fini(struct wire *w);

/* Forget the connection, keep the device: another flow from port @pport. */
void wire_reset(struct wire *w, uint16_t pport);

void wire_in(struct wire *w, const struct wseg *s);

/*
 * An ICMP error of a router that quotes the tested TCP's segment at sequence
 * number @seq; type and code are the family's, @info the last 32 bits of the
 * header: an MTU, a pointer.
 */
void wire_icmp(struct wire *w, uint8_t type, uint8_t code, uint32_t seq, uint32_t info);
/* The next link carries no more than @mss bytes behind minimal headers. */
void wire_too_big(struct wire *w, uint32_t seq, uint32_t mss);

/* Of WIRE_ROUTER about the same segment: there is a better one. */
void wire_redirect(struct wire *w, uint32_t seq);

/* A line for the shell with "ip" of the family and the peer's address. Its status. */
int wire_route(struct wire *w, const char *before, const char *after);

/* "" or what was wrong with the next segment. */
const char *wire_out(struct wire *w, const struct wseg *want);
/* "" or the segment that came within @ms. */
const char *wire_none(struct wire *w, unsigned int ms);
/* Take the next segment into w->got; false after @ms. */
bool wire_get(struct wire *w, unsigned int ms);
/* Segments until it is silent for @ms; how many. */
int wire_drain(struct wire *w, unsigned int ms);

/* Options that have a name in each family. 0 or -errno. */
int wire_tos(const struct wire *w, int fd, int tos);
int wire_hops(const struct wire *w, int fd, int ttl);
int wire_min_hops(const struct wire *w, int fd, int ttl);
int wire_recverr(const struct wire *w, int fd, int on);

/* Sockets of the tested TCP on this network. fd or -errno. */
int wire_socket(const struct wire *w, int flags);
int wire_bind(const struct wire *w, int fd, const char *addr, uint16_t port);
int wire_listen(struct wire *w, uint16_t port, int backlog);
int wire_connect(struct wire *w, int fd, uint16_t port);	/* 0 or -errno */

/* A knob of the tested TCP, by its name without "tcp_". 0 or -errno. */
int wire_knob(const struct wire *w, const char *name, const char *value);

/* State of the flow in /proc/net/tcp, tcp6, xtcp, xtcp6; 0: not there. */
int wire_state(const struct wire *w);

/* A counter by its name in /proc/net/snmp or netstat; XTCP has more. -1: none. */
long wire_count(const struct wire *w, const char *name);

/* Discards by reason, of this namespace. */
struct wire_drops {
	int n;
	struct {
		char name[32];
		unsigned long count;
	} row[64];
};

int wire_drops(struct wire_drops *d);
/* "" when @name grew by one since @before and no other row moved. */
const char *wire_drops_diff(struct wire *w, const struct wire_drops *before,
			    const char *name);

/*
 * A system call that owns the socket: it sleeps for a page of its buffer, which is
 * not there, until wire_let_go().
 */
struct wire_held {
	int fd;
	int uffd;
	bool sends;	/* send(), not recv() */
	size_t len;	/* bytes of the call */
	ssize_t ret;	/* what it returned */
	char *page;
	pthread_t thread;
};

bool wire_can_hold(void);	/* is there userfaultfd(2)? */
/* 0 with the call under way, or -errno. To be read there are @len bytes. */
int wire_hold(struct wire_held *h, int fd, bool sends, size_t len);
/* The page has the stream's bytes from @pos on. What the call returned, or -errno. */
ssize_t wire_let_go(struct wire_held *h, uint64_t pos);

/* Milliseconds a deadline may be early and late, see wire.c. */
unsigned int wire_early(unsigned int ms);
unsigned int wire_late(unsigned int ms);

#endif /* XTCP_TEST_WIRE_H */
