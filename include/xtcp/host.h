/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A host of the engine in userspace: one connection from SYN to TIME-WAIT,
 * without its payload.
 *
 * It keeps what there is of the connection at the moment (a listener, a
 * half-open connection, a TCB, a TIME-WAIT record), hands it segments and
 * time, does what the action bits ask for in their order, and calls back for
 * everything that is its driver's: the clock, memory, payload, the wire. Unit
 * scripts, simulator, explorer and fuzzers are such drivers; socket.h is one
 * with buffers and packets.
 *
 *	xtcp_host_listen() or xtcp_host_connect()
 *	xtcp_host_rx() for each segment, xtcp_host_timeout() at xtcp_host_deadline()
 *	xtcp_host_actions(host, xtcp_wrote(host->tcb, ...), NULL, NULL)
 *	    likewise for every other call of engine.h that returns action bits
 *	xtcp_host_release()
 */
#ifndef XTCP_HOST_H
#define XTCP_HOST_H

#include <xtcp/engine.h>

/* What there is of the connection; decides who gets a segment. */
enum xtcp_host_mode {
	XTCP_HOST_CLOSED,	/* nothing: segments are answered by RST */
	XTCP_HOST_LISTEN,
	XTCP_HOST_HALF_OPEN,	/* host->req */
	XTCP_HOST_CONN,		/* host->tcb */
	XTCP_HOST_TIME_WAIT,	/* host->tw */
};

struct xtcp_host;

/**
 * struct xtcp_host_ops - what a driver does for its hosts
 * @now: time of this host, ns
 * @space: bytes the receive buffer can still take
 * @conn_new: memory for a TCB, after xtcp_tcb_init(); NULL: there is none
 * @sent_get: an entry for the send map; NULL: there is none
 * @sent_put: it is not used any more
 * @pkt_put: a packet that xtcp_host_rx() was given is not used any more
 * @deliver: bytes [from, to) of a packet are the next of the stream
 * @transmit: a plan of the TCB leaves. Return: false, if it cannot
 * @reply: an answer without payload leaves, which no TCB has planned
 * @fail: the engine or the driver is wrong; need not return
 * @peek: optional, instead of xtcp_tx_peek()
 * @settled: optional, xtcp_tx_commit() was called, or xtcp_tx_abort() if not @sent
 * @idle: optional, nothing more is to be sent
 * @output: optional, instead of xtcp_host_output()
 * @begin: optional, the engine is about to be called for the TCB
 * @check: optional, the engine was called and returned these action bits
 * @notify: optional, action bits from XTCP_ACT_URG to XTCP_ACT_DROP: payload is
 *	delivered, nothing is sent yet; XTCP_ACT_EOF of a record in FIN-WAIT-2, too
 * @served: optional, all that action bits ask for is done
 * @over: optional, the TCB is in CLOSED, or a TIME-WAIT record took its place
 * @deadline: optional, xtcp_host_deadline() may have changed
 * @fastopen: optional, a SYN came. Return: whether it makes a connection at
 *	once; if not, @give is for the SYN-ACK
 * @early: optional, with xtcp_open.fo: bytes for the SYN
 * @plans_max: plans in one go, more is a loop; 0: 200000
 * @map_low: two unused send map entries do at all times
 * @keep_closed: a TCB in CLOSED goes on receiving segments
 */
struct xtcp_host_ops {
	u64 (*now)(const struct xtcp_host *host);
	u32 (*space)(const struct xtcp_host *host);
	struct xtcp_tcb *(*conn_new)(struct xtcp_host *host);
	struct xtcp_sent *(*sent_get)(struct xtcp_host *host);
	void (*sent_put)(struct xtcp_host *host, struct xtcp_sent *sent);
	void (*pkt_put)(struct xtcp_host *host, struct xtcp_ooo *pkt);
	void (*deliver)(struct xtcp_host *host, struct xtcp_ooo *pkt, u32 from, u32 to);
	bool (*transmit)(struct xtcp_host *host, struct xtcp_plan *plan);
	void (*reply)(struct xtcp_host *host, const struct xtcp_plan *plan);
	void (*fail)(struct xtcp_host *host, const char *what);
	bool (*peek)(struct xtcp_host *host, struct xtcp_plan *plan, u64 now);
	void (*settled)(struct xtcp_host *host, const struct xtcp_plan *plan, bool sent);
	void (*idle)(struct xtcp_host *host);
	void (*output)(struct xtcp_host *host);
	void (*begin)(struct xtcp_host *host);
	void (*check)(struct xtcp_host *host, u32 acts);
	void (*notify)(struct xtcp_host *host, u32 acts, const struct xtcp_seg *seg);
	void (*served)(struct xtcp_host *host, u32 acts);
	void (*over)(struct xtcp_host *host);
	void (*deadline)(struct xtcp_host *host);
	bool (*fastopen)(struct xtcp_host *host, const struct xtcp_seg *seg,
			 struct xtcp_cookie *give);
	u32 (*early)(struct xtcp_host *host);
	u32 plans_max;
	bool map_low;
	bool keep_closed;
};

/* One end; all of it is the driver's to read, and to fill in before it opens: */
struct xtcp_host {
	const struct xtcp_host_ops *ops;
	const struct xtcp_params *par;
	const struct xtcp_open *open;	/* addresses and sizes, valid while in use */
	bool listening;		/* a listener stays behind */
	bool tw_in_tcb;		/* the TCB stays in TIME-WAIT, without a record */
	bool no_ooo;		/* no memory for packets out of order */

	/* the rest is the host's */
	u8 mode;		/* enum xtcp_host_mode */
	u8 verdict;		/* of listener, half-open connection or record, newest */
	struct xtcp_cookie give;	/* for the SYN-ACK */
	u32 ts_off;		/* of the TCB before tw */
	struct xtcp_tcb *tcb;
	struct xtcp_request req;
	struct xtcp_tw tw;
};

void xtcp_host_listen(struct xtcp_host *host);
bool xtcp_host_connect(struct xtcp_host *host);
void xtcp_host_rx(struct xtcp_host *host, struct xtcp_seg *seg, struct xtcp_ooo *pkt);
u64 xtcp_host_deadline(const struct xtcp_host *host);
void xtcp_host_timeout(struct xtcp_host *host);
void xtcp_host_actions(struct xtcp_host *host, u32 acts, struct xtcp_seg *seg,
		       struct xtcp_ooo *pkt);
void xtcp_host_output(struct xtcp_host *host);
bool xtcp_host_peek(struct xtcp_host *host, struct xtcp_plan *plan, u64 now);
void xtcp_host_reap(struct xtcp_host *host);
void xtcp_host_refill(struct xtcp_host *host);
void xtcp_host_reclaim(struct xtcp_host *host, u32 keep);
void xtcp_host_release(struct xtcp_host *host);
bool xtcp_plan_part(const struct xtcp_plan *plan, u32 at, bool accecn,
		    struct xtcp_plan *part);

#endif /* XTCP_HOST_H */
