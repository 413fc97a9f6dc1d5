/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Measures loss recovery: two hosts (network namespaces), a line between them that
 * drops, delays and reorders packets as told, and flows over it. One process runs the
 * line and the flows in one loop, so that a run repeats exactly.
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
	uint32_t seq, ack;	/* relative to the first of that direction */
	uint16_t len;		/* bytes of payload */
	uint8_t flags;
	bool dropped;
	uint8_t nblocks;	/* SACK blocks */
	uint32_t block[8];	/* start and end of each */
};

struct line {
	/* parameters; line_open() clears them */
	uint64_t delay;		/* ns, each way */
	uint64_t rate;		/* bit/s towards the client, 0: no limit */
	uint64_t buffer;	/* bytes of the queue before that limit, 0: no limit */
	uint64_t tick;		/* ns: packets come at multiples of it, 0: any time */
	double loss;		/* part of the packets towards the client, 0 to 1 */
	double late;		/* part of them that others overtake, 0 to 1 */
	unsigned int places;	/* packets that overtake one, at most */
	unsigned int drop[DROP_MAX];	/* packets of the watched flow to drop, from 1 */
	uint16_t watch;		/* client port of the watched flow */
	uint64_t start;		/* ns when the watched flow started */

	/* what happened */
	struct seen seen[SEEN_MAX];
	unsigned int nseen;
	uint64_t overtaken;	/* ns when the first packet was made late */
	uint64_t lost;		/* packets, for any reason */
	uint64_t queued;	/* packets through the bottleneck */
	double queue_sum;	/* ns that they waited, in total */
	uint64_t queue_max;	/* ns that one waited, at most */
	uint64_t last;		/* ns when the last packet came or went */

	/* internals */
	int tun[HOSTS];		/* fds of the devices */
	int ns[HOSTS];		/* fds of the namespaces */
	uint32_t net[HOSTS];	/* first byte of the addresses */
	uint32_t first[HOSTS];	/* first sequence number in that direction */
	uint64_t busy;		/* ns until which the bottleneck is busy */
	uint64_t random;	/* state of line_random() */
	uint32_t order;		/* of the next packet, see struct packet */
	struct packet *packet;
	uint32_t *heap;		/* indices of packets, the next due on top */
	uint32_t *unused;	/* indices of free packets */
	unsigned int nheap, nunused;
};

/* @paced: use the devices with sch_fq. */
void line_open(struct line *l, bool paced);
/* Clear what happened and what to drop; @seed: for line_random(). */
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
	/* parameters */
	enum stack stack;
	const char *cc;		/* the server's congestion control; NULL: default */
	uint32_t pair;		/* number of the address pair */
	uint64_t reply;		/* bytes that the server sends, then closes */
	uint64_t pause;		/* ns between the last write and the close */
	int rcvbuf;		/* the client's SO_RCVBUF, bytes; 0: default */

	/* state */
	int lfd, cfd, sfd;	/* listener, client, server; -1: closed */
	bool connected;
	uint32_t asked;		/* bytes of the request that have arrived */
	uint64_t sent, received;	/* bytes of the reply */
	uint64_t close_at;	/* ns when the server closes; 0: not yet known */
	uint64_t start;		/* ns */
	uint64_t done;		/* ns when the reply and its EOF had arrived; 0: not yet */
	const char *failed;	/* why that will never happen, or NULL */
};

/* Connect; the line watches this flow from now on. */
void flow_open(struct flow *f, struct line *l);
/* Close what is still open, with RSTs. */
void flow_close(struct flow *f);
/* Is the server's congestion control f->cc? */
bool flow_has_cc(const struct flow *f);
unsigned int flow_retransmitted(const struct flow *f);
/* Wait for the next event of the line or of @n flows and handle it; false at @until, ns. */
bool flow_step(struct line *l, struct flow *f, unsigned int n, uint64_t until);

/* ---- recovery.c: the table ---- */

struct options {
	bool quick;		/* a sample of everything */
	bool more;		/* also what takes long */
};

extern struct options opt;

/* Number of an address pair that was not used before. */
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
