/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A scripted TCP peer: segments go in and come out through a TUN device, one by
 * one, and each is a line of the test:
 *
 *	in(SYN, MSS(1000), WS(7));
 *	out(SYN | ACK, SEQ(0), ACKNO(1));
 *	in(ACK, SEQ(1), ACKNO(1));
 *
 * "in" is towards the TCP under test, "out" is what it sends. Sequence numbers
 * are relative: SEQ of in() and ACKNO of out() count from our ISN, the other
 * two from the ISN of the TCP under test. Fields that an in() does not name get
 * the values that a well-behaved peer would send. Of the fields that an out() does
 * not name, only flags, length, checksum, addresses and payload are checked.
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

/*
 * A segment: one to send ("in"), one to expect or one that was seen ("out"). A
 * has_X flag says that field X is given, or was there.
 */
struct wseg {
	uint16_t flags;
	uint32_t seq, ack, len;	/* relative; payload bytes */
	uint32_t wnd;		/* window field, not scaled */
	uint16_t urg, mss;	/* urgent pointer field; bytes */
	uint8_t ws;		/* window scale shift */
	uint32_t tsval, tsecr;
	uint32_t after;		/* out: ms since the previous segment */
	uint32_t within;	/* out: longest wait, ms; 0: the default */
	const uint8_t *raw;	/* in: option bytes, sent as they are */
	uint8_t rawlen;		/* bytes of options */
	uint8_t doff;		/* in: data offset field, 32-bit words */
	uint16_t sport, dport;	/* in: 0: the flow's ports */
	uint8_t nblocks;	/* SACK blocks */
	uint32_t blocks[8];	/* start and end of each, relative */
	uint8_t cut;		/* in: bytes missing at the segment's end */
	uint8_t acc_kind;	/* AccECN option: 172, 174; 0: no such option */
	uint8_t nacc;		/* its counters */
	uint32_t acc[3];	/* bytes, 24 bits */
	bool has_fo;		/* Fast Open option */
	uint8_t folen;		/* bytes of its cookie; 0: a request for one */
	uint8_t fo[16];
	bool no_fo;		/* out: no Fast Open option */
	bool has_seq, has_ack, has_len, has_wnd, has_urg;
	bool has_blocks, has_tos, has_acc;
	bool has_mss, has_ws, has_sack, has_ts, no_ts;
	bool no_opts;		/* out: no options at all */
	bool has_doff, badsum, has_after, push;
	bool free_len;		/* out: any length */

	/* IP header */
	uint8_t tos;		/* TOS or traffic class, ECN field included */
	uint8_t ttl;		/* TTL or hop limit; in: 0 means 64 */
	bool df;		/* out: don't fragment; always true with IPv6 */
	uint16_t ipid;		/* out: identification, IPv4 only */
	uint32_t flow;		/* flow label, 20 bits, IPv6 only */
	uint8_t ipoptlen;	/* bytes */
	uint8_t ipopt[64];	/* IPv4 options, or all IPv6 extension headers */
	uint8_t ext;		/* type of the first extension header */
	uint16_t split;		/* in: bytes in the first of two fragments; 0: whole */
	char src[INET6_ADDRSTRLEN];
	char dst[INET6_ADDRSTRLEN];	/* out: last hop of an IPv4 source route */
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
/* The TOS byte or traffic class, or its ECN field; for in() and out(). */
#define TOS(x)		.has_tos = 1, .tos = (x)
#define NOT_ECT		TOS(0)
#define ECT1		TOS(1)
#define ECT0		TOS(2)
#define CE		TOS(3)
/* An AccECN option with these counters, or none. */
#define ACC(k, ...) \
	.has_acc = 1, .acc_kind = (k), .acc = { __VA_ARGS__ }, \
	.nacc = sizeof((uint32_t []){ __VA_ARGS__ }) / 4
#define ACC0(...)	ACC(172, __VA_ARGS__)
#define ACC1(...)	ACC(174, __VA_ARGS__)
#define NOACC		.has_acc = 1
/* Fast Open: a request for a cookie; the cookie of a struct wseg; these bytes; none. */
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
	int tun;		/* fd of the device */
	uint16_t frag_id;	/* identification of the last fragmented packet */
	const char *local, *peer;	/* addresses: the tested TCP's, ours */
	uint16_t lport, pport;	/* ports: the tested TCP's, ours */
	uint32_t isn;		/* our ISN; set before the first in() */
	uint32_t iss;		/* the tested TCP's ISN, from its SYN */
	bool iss_known;

	/* state of the well-behaved peer; sequence numbers are relative */
	uint32_t snd_nxt;	/* sequence number of the next in() */
	uint32_t rcv_nxt;	/* acknowledgment number of the next in() */
	uint16_t wnd;		/* window field of in() */
	bool ts;		/* in() carries timestamps */
	uint32_t tsval;		/* our timestamp at @ts_start; grows by 1 per ms */
	uint32_t tsecr;		/* the last timestamp of the tested TCP */
	uint64_t ts_start;	/* now_ms() */

	uint64_t last_ms;	/* now_ms() of the last segment in or out */
	struct wseg got;	/* the last segment out, parsed */
	uint8_t hdr[60];	/* its TCP header */
	uint8_t hdr_len;	/* bytes */
	uint8_t data[65536];	/* its payload */
	const char *doing;	/* row of a table-driven test, for messages, or NULL */
	char err[256];
};

/* Addresses and ports. The link's MTU is what an MSS of 1460 fills. */
#define WIRE_LOCAL	"10.9.0.1"
#define WIRE_PEER	"10.9.0.2"
#define WIRE_ROUTER	"10.9.0.9"
#define WIRE_ROUTER6	"fe80::9"	/* its link-local address */
#define WIRE_BETTER	"10.9.0.8"	/* the router that redirects name */
#define WIRE_BETTER6	"fe80::8"
#define WIRE_ELSEWHERE	"10.8.0.2"	/* a peer without a route */
#define WIRE_PORT	8080	/* where the tested TCP listens */
#define WIRE_PPORT	40000	/* where the peer is */

/* A new namespace with the device, and the flow's defaults. 0 or -errno. */
int wire_init(struct wire *w, enum stack st, enum net on);
void wire_fini(struct wire *w);

/* Forget the connection, keep the device: another flow from port @pport. */
void wire_reset(struct wire *w, uint16_t pport);

void wire_in(struct wire *w, const struct wseg *s);

/*
 * An ICMP or ICMPv6 error from WIRE_ROUTER that quotes the tested TCP's segment at
 * the relative sequence number @seq. @info is the last 32 bits of the ICMP header:
 * an MTU in bytes, a pointer.
 */
void wire_icmp(struct wire *w, uint8_t type, uint8_t code, uint32_t seq, uint32_t info);
/* "Fragmentation needed" or "packet too big": the path carries segments of @mss bytes. */
void wire_too_big(struct wire *w, uint32_t seq, uint32_t mss);

/* A redirect from WIRE_ROUTER to WIRE_BETTER that quotes the segment at @seq. */
void wire_redirect(struct wire *w, uint32_t seq);

/* Run "ip @before PEER @after", with -6 for IPv6. The wait status. */
int wire_route(struct wire *w, const char *before, const char *after);

/* Wait for the next segment: "", or how it differs from @want. */
const char *wire_out(struct wire *w, const struct wseg *want);
/* "", or a description of the segment that came within @ms. */
const char *wire_none(struct wire *w, unsigned int ms);
/* Take the next segment into w->got; false after @ms. */
bool wire_get(struct wire *w, unsigned int ms);
/* Take segments until none comes for @ms; the number taken. */
int wire_drain(struct wire *w, unsigned int ms);

/* Socket options that IPv4 and IPv6 name differently. 0 or -errno. */
int wire_tos(const struct wire *w, int fd, int tos);
int wire_hops(const struct wire *w, int fd, int ttl);
int wire_min_hops(const struct wire *w, int fd, int ttl);
int wire_recverr(const struct wire *w, int fd, int on);

/* Sockets of the tested TCP on this network. fd or -errno. */
int wire_socket(const struct wire *w, int flags);
int wire_bind(const struct wire *w, int fd, const char *addr, uint16_t port);
int wire_listen(struct wire *w, uint16_t port, int backlog);
int wire_connect(struct wire *w, int fd, uint16_t port);	/* 0 or -errno */

/* Write a sysctl of the tested TCP; @name is without "tcp_". 0 or -errno. */
int wire_knob(const struct wire *w, const char *name, const char *value);

/* State of the flow in /proc/net/tcp, tcp6, xtcp or xtcp6; 0: no such flow. */
int wire_state(const struct wire *w);

/* stack_count() of the tested TCP. */
long wire_count(const struct wire *w, const char *name);

/* XTCP's discards by reason in this namespace. */
struct wire_drops {
	int n;
	struct {
		char name[32];
		unsigned long count;
	} row[64];
};

int wire_drops(struct wire_drops *d);	/* number of rows or -errno */
/* "" if @name grew by one since @before and no other row changed. */
const char *wire_drops_diff(struct wire *w, const struct wire_drops *before,
			    const char *name);

/*
 * A system call that holds the socket lock: it sleeps in a page fault on its buffer
 * (userfaultfd) until wire_let_go(), so segments that arrive go to the backlog.
 */
struct wire_held {
	int fd;
	int uffd;	/* userfaultfd for @page */
	bool sends;	/* send(), not recv() */
	size_t len;	/* bytes to send or receive */
	ssize_t ret;	/* what it returned */
	char *page;	/* the call's buffer */
	pthread_t thread;	/* makes the call */
};

bool wire_can_hold(void);	/* does the kernel have userfaultfd(2)? */
/*
 * Start the call; 0 once it sleeps in the page fault, or -errno. For recv(), @len
 * bytes must be readable already.
 */
int wire_hold(struct wire_held *h, int fd, bool sends, size_t len);
/*
 * Fill the page with the stream's bytes from @pos on, and wait for the call. Its
 * return value, or -errno.
 */
ssize_t wire_let_go(struct wire_held *h, uint64_t pos);

/* Tolerance in ms for a deadline @ms after its start, see wire.c. */
unsigned int wire_early(unsigned int ms);
unsigned int wire_late(unsigned int ms);

#endif /* XTCP_TEST_WIRE_H */
