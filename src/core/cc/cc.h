/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The interface of a congestion control.
 *
 * Loss detection (rack.c, loss.c), ECN (ecn.c) and undo (undo.c) find out what
 * happened; a congestion control decides how much may be in flight because of
 * it. It writes cwnd, ssthresh, pacing_rate and its own cc_priv, nothing else
 * of the TCB, and keeps to these rules:
 *
 *  - windows are bytes, at least one MSS and at most XTCP_CWND_MAX;
 *  - no call may loop over anything a peer can make long;
 *  - integers only, no division by what can be 0;
 *  - counters of delivered and lost bytes wrap: compare with seq_lt() and kin.
 *
 * There are two kinds. A window algorithm (reno, cubic, dctcp) supplies
 * ssthresh() and acked(); between loss and the end of the recovery prr.c has
 * the window. A model (bbr) supplies control() and has the window always.
 *
 * Documentation/congestion.rst shows how to add one.
 */
#ifndef XTCP_CC_H
#define XTCP_CC_H

#include <xtcp/env.h>
#include <xtcp/tcb.h>

/* Keeps products and sums of windows within 32 bits (RFC 7323, 2.3). */
#define XTCP_CWND_MAX	(1U << 30)	/* bytes */

/* xtcp_cc.flags */
#define XTCP_CC_PACED	0x1	/* output keeps to tcb->pacing_rate */
#define XTCP_CC_ECT	0x2	/* useless without ECN: asks for it by itself */
#define XTCP_CC_ECN_OWN	0x4	/* answers CE marks in every_ack(), not by ssthresh() */

/* What happened to the connection as a whole. */
enum xtcp_cc_event {
	XTCP_CC_LOSS,		/* fast recovery begins */
	XTCP_CC_TIMEOUT,	/* the retransmission timer fired */
	XTCP_CC_ECN,		/* CE marks were reported: a reduction begins */
	XTCP_CC_DONE,		/* recovery or reduction is over */
	XTCP_CC_UNDO,		/* it was spurious: windows have been restored */
	XTCP_CC_RESTART,	/* data again after an idle time */
};

/*
 * What one acknowledgement said: filled in by ack.c and what it calls, read by
 * recovery and by the congestion control. Bytes are payload and FIN.
 */
struct xtcp_ack {
	u64 now;		/* ns */
	u32 flight;		/* bytes in flight before this ACK */
	u32 una;		/* by how much SND.UNA moved */
	u32 delivered;		/* newly known to have arrived: ACK or SACK */
	u32 sacked;		/* of these by SACK */
	u32 orig;		/* of these taken for lost, and not yet sent again */
	u32 lost;		/* newly taken for lost */
	u32 ce;			/* newly reported as CE-marked (ecn.c) */
	u32 segs;		/* delivered, in segments, SYN and FIN included */
	u32 ce_segs;		/* ce, in segments */
	u32 rtt_us;		/* of the newest delivered, Karn's rule kept; 0: none */
	bool ece;		/* congestion reported by ECN (ecn.c) */
	bool dsack;		/* something arrived twice (RFC 2883) */
	bool rtx;		/* of what was delivered, some was retransmitted */
	bool original;		/* SND.UNA was sent again, and this is not for that */
	bool head_orig;		/* SND.UNA was taken for lost, not yet sent again */
	bool ts;		/* tsecr is valid */
	u32 tsecr;
	bool limited;		/* the window was in full use this round trip: it may grow */

	/* departure of the newest delivered and never retransmitted; 0: none */
	u64 sent_at;		/* ns */

	/* delivery rate sample, rate.c; interval_us 0: none */
	u32 rs_delivered;	/* bytes delivered in the interval */
	u32 rs_interval_us;
	u32 rs_prior;		/* tcb->delivered when the sampled one left */
	u32 rs_lost;		/* bytes lost since the sampled one left */
	u32 rs_flight;		/* bytes in flight when it had left */
	bool rs_app_limited;	/* the application, not the path, was the limit */
	bool rs_any;		/* the fields but rs_interval_us are valid */
	u64 rs_prior_at;	/* ns; private to rate.c, like the next */
	u64 rs_send_ns;
};

struct xtcp_cc_info;

struct xtcp_cc {
	const char *name;	/* as TCP_CONGESTION has it, below 16 characters */
	u8 flags;		/* XTCP_CC_* */

	/*
	 * The connection is established, or was switched to this algorithm in
	 * any state. cc_priv is zeroed before.
	 */
	void (*init)(struct xtcp_tcb *tcb, u64 now);

	/*
	 * XTCP_CC_LOSS, XTCP_CC_TIMEOUT or XTCP_CC_ECN: the new ssthresh in
	 * bytes, from @flight: FlightSize (RFC 5681, 2), see loss.c.
	 */
	u32 (*ssthresh)(struct xtcp_tcb *tcb, enum xtcp_cc_event why, u32 flight);

	/*
	 * New data was acknowledged outside of recovery while the window was in
	 * full use: grow. Not called for an algorithm that has control().
	 */
	void (*acked)(struct xtcp_tcb *tcb, const struct xtcp_ack *ack);

	/* Every ACK that said anything, in every state, before acked(). Or NULL. */
	void (*every_ack)(struct xtcp_tcb *tcb, const struct xtcp_ack *ack);

	/*
	 * Every ACK that said anything, last of all: sets cwnd and pacing_rate,
	 * in recovery too. NULL for a window algorithm.
	 */
	void (*control)(struct xtcp_tcb *tcb, const struct xtcp_ack *ack);

	/* @sent was in flight and has just been taken for lost. Or NULL. */
	void (*lost)(struct xtcp_tcb *tcb, const struct xtcp_sent *sent);

	/* What it tells of itself: fills in the fields of one kind. Or NULL. */
	void (*info)(const struct xtcp_tcb *tcb, struct xtcp_cc_info *info);

	/* After the engine has done its part; or NULL. */
	void (*event)(struct xtcp_tcb *tcb, enum xtcp_cc_event ev, u64 now);
};

extern const struct xtcp_cc xtcp_cc_cubic;
extern const struct xtcp_cc xtcp_cc_reno;
extern const struct xtcp_cc xtcp_cc_bbr;
extern const struct xtcp_cc xtcp_cc_dctcp;

/* Factors of reduction, in 1/65536, rounded up: 0.7 of 10000 is 7000. */
#define XTCP_CC_ONE	65536
#define XTCP_CC_HALF	32768

void xtcp_cc_start(struct xtcp_tcb *tcb, u64 now);
u32 xtcp_cc_initial_cwnd(const struct xtcp_tcb *tcb);
u32 xtcp_cc_most(const struct xtcp_tcb *tcb);
void xtcp_cc_grow(struct xtcp_tcb *tcb, u32 bytes);
u32 xtcp_cc_whole(const struct xtcp_tcb *tcb);
u32 xtcp_cc_slow_start(struct xtcp_tcb *tcb, u32 bytes);
void xtcp_cc_avoid(struct xtcp_tcb *tcb, u32 *acked, u32 bytes);

/* The algorithm's own state, of a type no larger than cc_priv. */
#define xtcp_cc_state(tcb, type) ({					\
	BUILD_BUG_ON(sizeof(type) > sizeof((tcb)->cc_priv));		\
	(type *)(tcb)->cc_priv; })

static inline void xtcp_cc_event(struct xtcp_tcb *tcb, enum xtcp_cc_event ev, u64 now)
{
	if (tcb->cc->event)
		tcb->cc->event(tcb, ev, now);
}

#endif /* XTCP_CC_H */
