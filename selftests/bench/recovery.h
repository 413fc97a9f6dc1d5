/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Loss recovery measured: two hosts (network namespaces), a line between them
 * that loses, delays and reorders as it is told, and flows over it. Line and
 * flows are run by one process in one loop, so that a run repeats exactly.
 */
#ifndef RECOVERY_H
#define RECOVERY_H

#include <poll.h>

#include "table.h"

/* ---- recovery_line.c: the line ---- */

enum host {
	CLIENT,		/* connects and reads */
	SERVER,		/* accepts and writes */
	HOSTS,
};

#define DROP_MAX	8
#define SEEN_MAX	512

/* A packet of the watched flow. */
struct seen {
	uint64_t at;		/* ns since the flow's start */
	enum host to;
	uint32_t seq, ack;	/* less the first of that direction */
	uint16_t len;		/* of the payload */
	uint8_t flags;
	bool dropped;
	uint8_t nblocks;
	uint32_t block[8];	/* SACK, start and end of each */
};

struct line {
	/* what it is like; line_open() clears it */
	uint64_t delay;		/* ns, each way */
	uint64_t rate;		/* bit/s towards the client, 0: no limit */
	uint64_t buffer;	/* bytes before that limit, 0: no limit */
	uint64_t tick;		/* ns: packets come at multiples of it, 0: any time */
	double loss;		/* of packets towards the client */
	double late;		/* part of those that others overtake, */
	unsigned int places;	/* at most so many */
	unsigned int drop[DROP_MAX];	/* packets of the watched flow, from 1 */
	uint16_t watch;		/* the watched flow's client port */
	uint64_t start;		/* its start */

	/* what happened */
	struct seen seen[SEEN_MAX];
	unsigned int nseen;
	uint64_t overtaken;	/* ns when the first packet was made late */
	uint64_t lost;		/* packets, all reasons */
	uint64_t queued;	/* packets that met the bottleneck... */
	double queue_sum;	/* ... and how long they waited there, ns */
	uint64_t queue_max;
	uint64_t last;		/* ns when a packet came or went */

	/* the machinery */
	int tun[HOSTS];
	int ns[HOSTS];
	uint32_t net[HOSTS];	/* addresses: the first byte */
	uint32_t first[HOSTS];	/* first sequence number in that direction */
	uint64_t busy;		/* the bottleneck is, until then */
	uint64_t random;
	uint32_t order;
	struct packet *packet;
	uint32_t *heap;		/* indices of packets, the next due on top */
	uint32_t *unused;
	unsigned int nheap, nunused;
};

/* @paced: by a device where sch_fq sends. */
void line_open(struct line *l, bool paced);
/* Nothing has happened, nothing is to be dropped, @seed for what is random. */
void line_reset(struct line *l, uint64_t seed);
void line_enter(const struct line *l, enum host host);
void line_collect(struct line *l);
void line_deliver(struct line *l);
/* ns when line_deliver() has work, UINT64_MAX: no packet is on the line. */
uint64_t line_due(const struct line *l);
double line_random(struct line *l);	/* [0, 1) */
void line_print(const struct line *l);

/* ---- recovery_flow.c: flows over it ---- */

#define FLOW_REQUEST	100	/* bytes */
#define FLOW_ENDLESS	UINT64_MAX

struct flow {
	/* to be set */
	enum stack stack;
	const char *cc;		/* of the server; NULL: as it comes */
	uint32_t pair;		/* which pair of addresses */
	uint64_t reply;		/* bytes the server sends, then closes */
	uint64_t pause;		/* ns between the two */
	int rcvbuf;		/* of the client; 0: as it comes */

	/* as it goes */
	int lfd, cfd, sfd;
	bool connected;
	uint32_t asked;		/* bytes of the request that arrived */
	uint64_t sent, received;
	uint64_t close_at;
	uint64_t start;
	uint64_t done;		/* ns: all and the end of the stream are there */
	const char *failed;	/* why it will never be */
};

/* Connects; the flow is the one the line watches. */
void flow_open(struct flow *f, struct line *l);
/* Away with what is left of it. */
void flow_close(struct flow *f);
/* The server's congestion control is what was asked for. */
bool flow_has_cc(const struct flow *f);
unsigned int flow_retransmitted(const struct flow *f);
/* Waits for the next event and serves it; false when it is @until, ns. */
bool flow_step(struct line *l, struct flow *f, unsigned int n, uint64_t until);

/* ---- recovery.c: the table ---- */

struct options {
	bool quick;		/* a sample of everything */
	bool more;		/* what takes long as well */
};

extern struct options opt;

/* A pair of addresses nobody used. */
uint32_t new_pair(void);

void drops_measure(enum stack st, struct result *r);
void drops_print(const struct result *k, const struct result *x);
void drops_trace(enum stack st, bool warm, const unsigned int *drop);
void tail_measure(enum stack st, struct result *r);
void tail_print(const struct result *k, const struct result *x);
void goodput_measure(enum stack st, struct result *r);
void goodput_print(const struct result *k, const struct result *x);
void share_measure(enum stack st, struct result *r);
void share_print(const struct result *k, const struct result *x);
void reorder_measure(enum stack st, struct result *r);
void reorder_print(const struct result *k, const struct result *x);
void sack_measure(enum stack st, struct result *r);
void sack_print(const struct result *k, const struct result *x);

#endif /* RECOVERY_H */
