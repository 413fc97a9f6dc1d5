/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A host of the engine in userspace: one connection from SYN to TIME-WAIT,
 * without its payload.
 *
 * It keeps the present form of the connection (a listener, a half-open connection,
 * a TCB, a TIME-WAIT record), gives it segments and time, and does what the action
 * bits ask for, in their order. Its driver has the clock, memory, payload and the
 * wire, and the host calls it back for them. Unit scripts, simulator, explorer and
 * fuzzers are drivers; so is socket.h, with buffers and packets. The driver
 * serialises all calls for one host. A call may call back before it returns.
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

/* The present form of the connection; decides who gets a segment. */
enum xtcp_host_mode {
	XTCP_HOST_CLOSED,	/* none: segments are answered by RST */
	XTCP_HOST_LISTEN,	/* a listener */
	XTCP_HOST_HALF_OPEN,	/* host->req */
	XTCP_HOST_CONN,		/* host->tcb */
	XTCP_HOST_TIME_WAIT,	/* host->tw */
};

struct xtcp_host;

/**
 * struct xtcp_host_ops - what a driver does for its hosts
 * @now: return the time of this host, ns
 * @space: return how many bytes the receive buffer can still take
 * @conn_new: return memory for a TCB, after xtcp_tcb_init(); NULL: none
 * @sent_get: return memory for an entry of the send map; NULL: none
 * @sent_put: free memory of @sent_get
 * @pkt_put: free a packet that xtcp_host_rx() was given
 * @deliver: append bytes [from, to) of a packet to what is read
 * @transmit: send a plan of the TCB. Return: false if it cannot be sent
 * @reply: send an answer without payload that does not come from a TCB
 * @fail: report a bug of the engine or the driver; need not return
 * @peek: optional, called instead of xtcp_tx_peek()
 * @settled: optional, called after xtcp_tx_commit(), or xtcp_tx_abort() if not @sent
 * @idle: optional, called when there is nothing more to send
 * @output: optional, called instead of xtcp_host_output()
 * @begin: optional, called before the host calls the engine for the TCB
 * @check: optional, called after a call of the engine, with the action bits it returned
 * @notify: optional, called with the action bits after payload is delivered and
 *	before anything is sent, for XTCP_ACT_URG to XTCP_ACT_DROP; also with
 *	XTCP_ACT_EOF when a record in FIN-WAIT-2 receives a FIN
 * @served: optional, called when all that the action bits ask for is done
 * @over: optional, called when the TCB is in CLOSED or a TIME-WAIT record replaced it
 * @deadline: optional, called when xtcp_host_deadline() may have changed
 * @fastopen: optional, called for a SYN. Return: true if it makes a connection at
 *	once; false: @give is the cookie for the SYN-ACK
 * @early: optional, with xtcp_open.fo: return how many bytes the SYN shall carry
 * @plans_max: plans after which one output is taken for a loop; 0: 200000
 * @map_low: two unused send map entries suffice at all times
 * @keep_closed: give segments to a TCB in CLOSED as well
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
	void (*check)(struct xtcp_host *host, u32 actions);
	void (*notify)(struct xtcp_host *host, u32 actions, const struct xtcp_seg *seg);
	void (*served)(struct xtcp_host *host, u32 actions);
	void (*over)(struct xtcp_host *host);
	void (*deadline)(struct xtcp_host *host);
	bool (*fastopen)(struct xtcp_host *host, const struct xtcp_seg *seg,
			 struct xtcp_fastopen_cookie *give);
	u32 (*early)(struct xtcp_host *host);
	u32 plans_max;
	bool map_low;
	bool keep_closed;
};

/* One end. The driver may read all of it, and sets these before it opens: */
struct xtcp_host {
	const struct xtcp_host_ops *ops;
	const struct xtcp_params *par;
	const struct xtcp_open *open;	/* addresses and sizes; must outlive the host */
	bool listening;		/* a listener remains beside the connection */
	bool tw_in_tcb;		/* keep the TCB in TIME-WAIT, make no record */
	bool no_ooo;		/* hold no packets out of order */

	/* the host sets the rest */
	u8 mode;		/* enum xtcp_host_mode */
	u8 verdict;		/* newest enum xtcp_listen, _request_act or _tw_act */
	struct xtcp_fastopen_cookie give;	/* Fast Open cookie for the SYN-ACK */
	u32 ts_off;		/* ms, offset of timestamps, for tw */
	struct xtcp_tcb *tcb;
	struct xtcp_request req;
	struct xtcp_tw tw;
};

/* ---- each is described at its definition in selftests/core/host.c ---- */

void xtcp_host_listen(struct xtcp_host *host);
bool xtcp_host_connect(struct xtcp_host *host);
void xtcp_host_rx(struct xtcp_host *host, struct xtcp_seg *seg, struct xtcp_ooo *pkt);
u64 xtcp_host_deadline(const struct xtcp_host *host);
void xtcp_host_timeout(struct xtcp_host *host);
void xtcp_host_actions(struct xtcp_host *host, u32 actions, struct xtcp_seg *seg,
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
