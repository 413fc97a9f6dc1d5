/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What attacks cost: a host (a network namespace), a scripted peer behind its TUN
 * device, and a table of figures. The cost of a packet is the time of its write() to
 * the device, during which the host does everything including its responses, minus
 * the time of a write() of a packet that IP discards.
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

/* A segment from the peer or from the host. */
struct seg {
	uint32_t addr;		/* the peer's address */
	uint16_t port;		/* the peer's port */
	uint8_t flags;
	uint32_t seq, ack;
	uint16_t wnd, urg;
	uint8_t nopts;		/* bytes of options, a multiple of 4 */
	uint8_t opts[OPTIONS_MAX];
	uint16_t len;		/* bytes of payload, all zero */
};

struct peer {
	enum stack stack;
	int tun;		/* fd of the device */
	uint16_t lport;		/* the host's port */
	double idle;		/* ns of a write() of a packet that reaches no TCP */
	bool counted;		/* selftests/bench/profile counts peer_in() */
	uint64_t random;	/* state of peer_random() */
};

#define HOST_ADDR	0x0a000001	/* 10.0.0.1/8; the rest of the net is the peer's */

/* The options of a Linux host's SYN. */
extern const uint8_t syn_options[20];

/* Enter a new namespace with the device, and measure p->idle. */
void peer_open(struct peer *p, enum stack st);
/* Open a listener of the host, set p->lport to its port; returns its fd. */
int peer_listen(struct peer *p, int backlog);
/* Send a segment; returns the duration of its write(), ns. */
uint64_t peer_in(struct peer *p, const struct seg *s);
/* Take the host's next segment; false: there is none. */
bool peer_out(struct peer *p, struct seg *got);
/* Take all segments of the host; returns their number. */
unsigned int peer_drain(struct peer *p);
uint32_t peer_random(struct peer *p);
/* A random address of the peer. */
uint32_t peer_anybody(struct peer *p);
/*
 * Connect from the address and port of @s with its options. @s becomes the peer's
 * next bare ACK. Returns the accepted socket, non-blocking.
 */
int peer_connect(struct peer *p, int lfd, struct seg *s);
/* Write a sysctl of the host's TCP, @name without "tcp_"; false: there is none. */
bool peer_knob(const struct peer *p, const char *name, const char *value);

/* Bytes that the kernel has allocated, after waiting @s seconds for it to settle. */
double kernel_bytes(unsigned int s);

/* ---- attack.c: the table ---- */

struct options {
	bool quick;		/* smaller numbers of everything */
	const char *counted;	/* the measurement that selftests/bench/profile counts */
};

extern struct options opt;

/* Is @what the measurement that selftests/bench/profile counts? */
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
