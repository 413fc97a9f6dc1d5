/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The price of being attacked: a host (a network namespace), a peer made by
 * hand behind its TUN device, and a table of figures. What a packet costs is
 * the time its write() to the device takes, in which the host does everything up
 * to what it sends in response, less the time of a write() whose packet IP
 * throws away.
 */
#ifndef ATTACK_H
#define ATTACK_H

#include "table.h"

/* ---- attack_peer.c: the peer ---- */

#define FIN	0x01
#define SYN	0x02
#define RST	0x04
#define PSH	0x08
#define ACK	0x10
#define URG	0x20

#define OPTIONS_MAX	40
#define PAYLOAD_MAX	1460

/* A segment of the peer, or of the host. */
struct seg {
	uint32_t addr;		/* the peer's address and port */
	uint16_t port;
	uint8_t flags;
	uint32_t seq, ack;
	uint16_t wnd, urg;
	uint8_t nopts;		/* bytes, a multiple of 4 */
	uint8_t opts[OPTIONS_MAX];
	uint16_t len;		/* of the payload, zeroes */
};

struct peer {
	enum stack stack;
	int tun;
	uint16_t lport;		/* the host's */
	double idle;		/* ns of a write() that reaches no TCP */
	bool counted;		/* by selftests/bench/profile */
	uint64_t random;
};

#define HOST_ADDR	0x0a000001	/* 10.0.0.1/8: whatever is 10. is the peer's */

/* What a Linux host offers in its SYN. */
extern const uint8_t syn_options[20];

/* A namespace with the device; p->idle is measured. */
void peer_open(struct peer *p, enum stack st);
/* A listener of the host; its descriptor. p->lport is its port. */
int peer_listen(struct peer *p, int backlog);
/* Sends; the ns its write() took. */
uint64_t peer_in(struct peer *p, const struct seg *s);
/* Takes what the host has sent next; false: nothing. */
bool peer_out(struct peer *p, struct seg *got);
/* Takes all of it; how many segments. */
unsigned int peer_drain(struct peer *p);
uint32_t peer_random(struct peer *p);
/* Any of the peer's addresses. */
uint32_t peer_anybody(struct peer *p);
/*
 * A handshake from address and port of @s with the options of @s: @s is then a
 * bare ACK of the peer in its place. The accepted socket, non-blocking.
 */
int peer_connect(struct peer *p, int lfd, struct seg *s);
/* A knob of the host's stack without "tcp_"; false: there is none. */
bool peer_knob(const struct peer *p, const char *name, const char *value);

/* Bytes that the kernel has given out, once everything has settled for @s. */
double kernel_bytes(unsigned int s);

/* ---- attack.c: the table ---- */

struct options {
	bool quick;		/* fewer of everything */
	const char *counted;	/* what selftests/bench/profile counts */
};

extern struct options opt;

/* Is this what selftests/bench/profile is to count? */
bool is_counted(const char *what);

void syn_measure(enum stack st, struct result *r);
void syn_print(const struct result *k, const struct result *x);
void flood_measure(enum stack st, struct result *r);
void flood_print(const struct result *k, const struct result *x);
void wait_measure(enum stack st, struct result *r);
void wait_print(const struct result *k, const struct result *x);
void worst_measure(enum stack st, struct result *r);
void worst_print(const struct result *k, const struct result *x);

#endif /* ATTACK_H */
