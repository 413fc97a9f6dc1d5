/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The interface of a congestion control.
 *
 * Loss detection (rack.c, loss.c), ECN (ecn.c) and undo (undo.c) find out what
 * happened; a congestion control decides how much may be in flight because of it.
 * In the TCB it writes cwnd, ssthresh, pacing_rate and its own cc_priv only, and
 * keeps to these rules:
 *
 *  - windows are bytes, at least one MSS and at most XTCP_CWND_MAX;
 *  - no call loops over anything that a peer can make long;
 *  - integers only, no division by what can be 0;
 *  - counters of delivered and lost bytes wrap: compare with seq_lt() and kin.
 *
 * There are two kinds. A window algorithm (reno, cubic, dctcp) supplies
 * ssthresh() and acked(); during a recovery or reduction prr.c sets the window. A
 * model (bbr) supplies control() and sets the window always.
 *
 * Documentation/congestion.rst shows how to add one.
 */
#ifndef XTCP_CC_H
#define XTCP_CC_H

#include <xtcp/env.h>
#include <xtcp/tcb.h>

/* Limit of cwnd, which keeps products and sums within 32 bits (RFC 7323, 2.3). */
#define XTCP_CWND_MAX	(1U << 30)	/* bytes */

/* xtcp_cc.flags */
#define XTCP_CC_PACED	0x1	/* output is paced at tcb->pacing_rate */
#define XTCP_CC_ECT	0x2	/* needs ECN: connections negotiate it */
#define XTCP_CC_ECN_OWN	0x4	/* responds to CE marks in every_ack(), not by ssthresh() */

/* What happened to the connection as a whole. */
enum xtcp_cc_event {
	XTCP_CC_LOSS,		/* fast recovery begins */
	XTCP_CC_TIMEOUT,	/* the retransmission timer fired */
	XTCP_CC_ECN,		/* CE marks were reported: a reduction begins */
	XTCP_CC_DONE,		/* recovery or reduction is over */
	XTCP_CC_UNDO,		/* the reduction was spurious: windows have been restored */
	XTCP_CC_RESTART,	/* the application writes after an idle time */
};

/*
 * What one ACK reported: filled in by ack.c and what it calls, read by recovery
 * and by the congestion control. Byte counts cover payload and FIN.
 */
struct xtcp_ack {
	u64 now;		/* ns */
	u32 flight;		/* bytes in flight before this ACK */
	u32 una;		/* bytes by which SND.UNA moved */
	u32 delivered;		/* bytes newly acknowledged or SACKed */
	u32 sacked;		/* bytes, of these by SACK */
	u32 orig;		/* bytes, of these marked lost and not resent */
	u32 lost;		/* bytes newly marked lost */
	u32 ce;			/* bytes newly reported as CE-marked (ecn.c) */
	u32 segs;		/* segments delivered, SYN and FIN included */
	u32 ce_segs;		/* segments newly reported as CE-marked */
	u32 rtt_us;		/* RTT of the newest delivered, by Karn's rule; 0: none */
	bool ece;		/* congestion reported by ECN (ecn.c) */
	bool dsack;		/* something arrived twice (RFC 2883) */
	bool rtx;		/* some of the delivered data had been retransmitted */
	bool original;		/* SND.UNA was resent, and this ACK is of the original */
	bool head_orig;		/* SND.UNA was marked lost and not yet resent */
	bool ts;		/* tsecr is valid */
	u32 tsecr;
	bool limited;		/* cwnd was in full use this round trip and may grow */

	/* send time of the newest delivered and never retransmitted; 0: none */
	u64 sent_at;		/* ns */

	/* delivery rate sample, rate.c; interval_us 0: none */
	u32 rs_delivered;	/* bytes delivered in the interval */
	u32 rs_interval_us;
	u32 rs_prior;		/* tcb->delivered when the sampled one left */
	u32 rs_lost;		/* bytes lost since the sampled one left */
	u32 rs_flight;		/* bytes in flight when it left, itself included */
	bool rs_app_limited;	/* the application, not the path, was the limit */
	bool rs_any;		/* the fields other than rs_interval_us are valid */
	u64 rs_prior_at;	/* ns; private to rate.c, like the next */
	u64 rs_send_ns;
};

struct xtcp_cc_info;

struct xtcp_cc {
	const char *name;	/* for TCP_CONGESTION, less than 16 characters */
	u8 flags;		/* XTCP_CC_* */

	/*
	 * The connection is established, or has been switched to this algorithm
	 * in any state. cc_priv is zeroed before.
	 */
	void (*init)(struct xtcp_tcb *tcb, u64 now);

	/*
	 * For XTCP_CC_LOSS, XTCP_CC_TIMEOUT and XTCP_CC_ECN: return the new
	 * ssthresh, bytes. @flight is FlightSize (RFC 5681, 2) in bytes, see
	 * loss.c.
	 */
	u32 (*ssthresh)(struct xtcp_tcb *tcb, enum xtcp_cc_event why, u32 flight);

	/*
	 * New data was acknowledged outside of recovery while cwnd was in full
	 * use: let it grow. Not called for an algorithm that has control().
	 */
	void (*acked)(struct xtcp_tcb *tcb, const struct xtcp_ack *ack);

	/* Every ACK with news, in every state, before acked(). May be NULL. */
	void (*every_ack)(struct xtcp_tcb *tcb, const struct xtcp_ack *ack);

	/*
	 * Every ACK with news, after all else: set cwnd and pacing_rate, in
	 * recovery too. NULL for a window algorithm.
	 */
	void (*control)(struct xtcp_tcb *tcb, const struct xtcp_ack *ack);

	/* @sent was in flight and has just been marked lost. May be NULL. */
	void (*lost)(struct xtcp_tcb *tcb, const struct xtcp_sent *sent);

	/* Fill in the fields of @info for one kind of algorithm. May be NULL. */
	void (*info)(const struct xtcp_tcb *tcb, struct xtcp_cc_info *info);

	/* An event, after the engine's own reaction to it. May be NULL. */
	void (*event)(struct xtcp_tcb *tcb, enum xtcp_cc_event ev, u64 now);
};

extern const struct xtcp_cc xtcp_cc_cubic;
extern const struct xtcp_cc xtcp_cc_reno;
extern const struct xtcp_cc xtcp_cc_bbr;
extern const struct xtcp_cc xtcp_cc_dctcp;

/* Factors of a reduction, in 1/65536, rounded up so that 0.7 of 10000 is 7000. */
#define XTCP_CC_ONE	65536
#define XTCP_CC_HALF	32768

void xtcp_cc_start(struct xtcp_tcb *tcb, u64 now);
u32 xtcp_cc_initial_cwnd(const struct xtcp_tcb *tcb);
u32 xtcp_cc_most(const struct xtcp_tcb *tcb);
void xtcp_cc_grow(struct xtcp_tcb *tcb, u32 bytes);
u32 xtcp_cc_whole(const struct xtcp_tcb *tcb);
u32 xtcp_cc_slow_start(struct xtcp_tcb *tcb, u32 bytes);
void xtcp_cc_avoid(struct xtcp_tcb *tcb, u32 *acked, u32 bytes);

/* The state of the algorithm: cc_priv as a @type, which must fit. */
#define xtcp_cc_state(tcb, type) ({					\
	BUILD_BUG_ON(sizeof(type) > sizeof((tcb)->cc_priv));		\
	(type *)(tcb)->cc_priv; })

static inline void xtcp_cc_notify(struct xtcp_tcb *tcb, enum xtcp_cc_event ev, u64 now)
{
	if (tcb->cc->event)
		tcb->cc->event(tcb, ev, now);
}

#endif /* XTCP_CC_H */
