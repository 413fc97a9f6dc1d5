/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What crosses the engine's border: a parsed segment in, a plan out, a word
 * of action bits back. Sequence numbers are in host order, times in
 * nanoseconds of the caller's monotonic clock.
 */
#ifndef XTCP_SEG_H
#define XTCP_SEG_H

#include <xtcp/env.h>

/* Control bits, RFC 9293 3.1, in their place in bytes 12 and 13 of the header. */
#define XTCP_FIN	0x001
#define XTCP_SYN	0x002
#define XTCP_RST	0x004
#define XTCP_PSH	0x008
#define XTCP_ACK	0x010
#define XTCP_URG	0x020
#define XTCP_ECE	0x040
#define XTCP_CWR	0x080
#define XTCP_AE		0x100	/* RFC 9768; reserved in RFC 9293 */

/* AE, CWR and ECE as one number, RFC 9768 3.2.2. */
#define XTCP_ACE_SHIFT	6
#define XTCP_ACE	(7 << XTCP_ACE_SHIFT)

/* The ECN field of the IP header, RFC 3168 section 5. */
#define XTCP_NOT_ECT	0
#define XTCP_ECT1	1
#define XTCP_ECT0	2
#define XTCP_CE		3

#define XTCP_HDR_LEN	20	/* bytes, header without options */
#define XTCP_HDR_MAX	60	/* bytes, data offset 15 */
#define XTCP_MAX_SACKS	4	/* blocks that fit into 40 bytes of options */

/* Which options a segment carried (xtcp_seg.opts). */
#define XTCP_OPT_MSS		0x01
#define XTCP_OPT_WSCALE		0x02
#define XTCP_OPT_SACK_PERM	0x04
#define XTCP_OPT_TS		0x08
#define XTCP_OPT_SACK		0x10
#define XTCP_OPT_ACCECN0	0x20	/* RFC 9768 3.2.3: E0B, CEB, E1B */
#define XTCP_OPT_ACCECN1	0x40	/* the same from behind: E1B, CEB, E0B */
#define XTCP_OPT_ACCECN		(XTCP_OPT_ACCECN0 | XTCP_OPT_ACCECN1)
#define XTCP_OPT_FASTOPEN	0x80	/* RFC 7413 2: a cookie, or the wish for one */

#define XTCP_ACC_FIELD_LEN	3	/* bytes of a counter in it */

/* A Fast Open cookie, RFC 7413 4.1.1. */
#define XTCP_COOKIE_MIN	4	/* bytes, of an even number */
#define XTCP_COOKIE_MAX	16
#define XTCP_COOKIE_LEN	8	/* of those made here */

struct xtcp_cookie {
	u8 len;			/* 0: there is none, or one is asked for */
	u8 exp;			/* in the experimental option, RFC 6994 */
	u8 val[XTCP_COOKIE_MAX];
};

/*
 * Why a segment was discarded. Every discard in the engine and in the glue
 * has exactly one of these, and one counter with the same name.
 */
#define XTCP_DROP_REASONS(X)						\
	X(NONE)			/* not discarded */			\
	X(HEADER)		/* data offset or length impossible */	\
	X(CHECKSUM)		/* checksum wrong */			\
	X(NO_SOCKET)		/* for us, and nobody there */		\
	X(CLOSED)		/* connection in CLOSED */		\
	X(LISTEN_RST)		/* RST to a listener */			\
	X(LISTEN_ACK)		/* ACK to a listener: answered by RST */ \
	X(LISTEN_FLAGS)		/* neither SYN, ACK nor RST to it */	\
	X(LISTEN_OVERFLOW)	/* accept queue full */			\
	X(REQUEST_OVERFLOW)	/* SYN queue full */			\
	X(SYN_SOURCE)		/* its source completes too few handshakes */ \
	X(ACCEPT_SOURCE)	/* its source has the accept queue to itself */ \
	X(BAD_ADDRESS)		/* source or destination not unicast */	\
	X(NO_MEMORY)		/* no room for socket, half-open connection or node */ \
	X(SYNSENT_ACK)		/* SYN-SENT: ACK outside (ISS, SND.NXT] */ \
	X(SYNSENT_RST)		/* SYN-SENT: RST without good ACK */	\
	X(SYNSENT_NO_SYN)	/* SYN-SENT: neither SYN nor RST */	\
	X(PAWS)			/* timestamp older than TS.Recent */	\
	X(NO_TIMESTAMP)		/* timestamps agreed on, option absent */ \
	X(OLD)			/* wholly to the left of the window */	\
	X(WINDOW)		/* wholly to the right of the window */	\
	X(ZERO_WINDOW)		/* data against a closed window */	\
	X(RST_WINDOW)		/* RST outside the window */		\
	X(RST_CHALLENGE)	/* RST in window, not at RCV.NXT */	\
	X(SYN_CHALLENGE)	/* SYN in a synchronized state */	\
	X(NO_ACK)		/* ACK bit absent where required */	\
	X(ACK_OLD)		/* ACK below SND.UNA - MAX.SND.WND */	\
	X(ACK_FUTURE)		/* ACK of something never sent */	\
	X(DUP_DATA)		/* every byte was received before */	\
	X(OOO_LIMIT)		/* reassembly may not grow */		\
	X(OOO_MEMORY)		/* too early, and no memory to keep it */ \
	X(AFTER_FIN)		/* data beyond the peer's FIN */	\
	X(AFTER_CLOSE)		/* data nobody can read any more */	\
	X(TIME_WAIT)		/* old segment in TIME-WAIT */		\
	X(RST_VALID)		/* RST obeyed: the segment ends here */	\
	X(REQUEST)		/* used up by, or stray to, a half-open connection */ \
	X(FILTER)		/* socket filter, security, XFRM policy */ \
	X(BACKLOG)		/* socket backlog full */		\
	X(RCVBUF)		/* receive buffer full */		\
	X(MIN_TTL)		/* TTL below IP_MINTTL */

enum xtcp_drop {
#define XTCP_DROP_ENUM(name)	XTCP_DROP_##name,
	XTCP_DROP_REASONS(XTCP_DROP_ENUM)
#undef XTCP_DROP_ENUM
	XTCP_DROP_MAX
};

/*
 * A received segment: header fields in, verdict out. The payload stays with
 * the caller. A run of segments merged by GRO is one xtcp_seg.
 */
struct xtcp_seg {
	/* in: filled by xtcp_parse() and the caller */
	u32 seq;
	u32 ack;	/* meaningful with XTCP_ACK only */
	u32 len;	/* payload bytes; SYN and FIN not counted */
	u16 flags;	/* XTCP_FIN .. XTCP_AE */
	u16 wnd;	/* as on the wire, unscaled */
	u16 urg;	/* urgent pointer, meaningful with XTCP_URG only */
	u16 nsegs;	/* segments merged into this one, at least 1 */
	u8 opts;	/* XTCP_OPT_*: which of the following are set */
	u8 wscale;	/* shift count offered, at most 14 */
	u16 mss;	/* bytes, as offered */
	u32 tsval;
	u32 tsecr;
	u8 ecn;		/* the IP header's ECN field, 0..3 */
	u8 nsack;	/* SACK blocks, at most XTCP_MAX_SACKS */
	u8 doff;	/* header length with options, bytes */
	u8 nacc;	/* with XTCP_OPT_ACCECN: counters in it, 0..3 */
	u8 cookie_len;	/* with XTCP_OPT_FASTOPEN: bytes, 0: one is asked for */
	u8 cookie_exp;	/* as in struct xtcp_cookie */

	/* out: filled by xtcp_rx() */
	enum xtcp_drop reason;	/* with XTCP_ACT_DROP */
	u32 from;	/* with XTCP_ACT_DELIVER: first byte to deliver */
	u32 to;		/* and the one after the last */
	u32 delivered;	/* segments of ours that it says arrived, by ACK or SACK, */
	u32 delivered_ce;	/* and that it says were CE-marked */

	/* in: what xtcp_parse() leaves as it was where there is none of it */
	u32 acc[3];	/* nacc 24-bit counters, as they stand on the wire */
	const u8 *cookie;	/* in the header that was parsed */
	struct {
		u32 start;
		u32 end;
	} sack[XTCP_MAX_SACKS];	/* nsack of them */
};

/*
 * What a call to the engine asks of its caller. Several bits may be set; the
 * caller serves them in the order of this list.
 */
#define XTCP_ACT_DELIVER	0x0001	/* queue payload [from, to) for reading */
#define XTCP_ACT_HELD		0x0002	/* engine keeps the lent node (out of order) */
#define XTCP_ACT_DRAIN		0x0004	/* xtcp_reass_pop() has some, queue each */
#define XTCP_ACT_REAP		0x0008	/* xtcp_reass_reap() has some, free each */
#define XTCP_ACT_URG		0x0010	/* tcb->rcv_up moved: urgent data announced */
#define XTCP_ACT_ACKED		0x0020	/* SND.UNA moved: free sent payload */
#define XTCP_ACT_EOF		0x0040	/* peer's FIN reached: end of the stream */
#define XTCP_ACT_STATE		0x0080	/* tcb->state changed */
#define XTCP_ACT_ERROR		0x0100	/* tcb->err set, connection is CLOSED */
#define XTCP_ACT_ADVICE		0x0200	/* R1 passed: tell IP to try another route */
#define XTCP_ACT_DROP		0x0400	/* segment discarded, seg->reason says why */
#define XTCP_ACT_RST		0x0800	/* answer this segment: xtcp_rst_plan() */
#define XTCP_ACT_OUTPUT		0x1000	/* xtcp_tx_peek() has something to send */
/* Before that one: the path may be dead, take another label or hash for it. */
#define XTCP_ACT_REPATH		0x2000	/* a timeout: ours may not arrive */
#define XTCP_ACT_REPATH_ACK	0x4000	/* data came again and again: nor our ACKs */

/* Why a connection ended (tcb->err); the glue turns them into errno. */
enum xtcp_err {
	XTCP_OK,
	XTCP_ERR_REFUSED,	/* RST to our SYN: ECONNREFUSED */
	XTCP_ERR_RESET,		/* RST in a synchronized state: ECONNRESET */
	XTCP_ERR_PIPE,		/* RST after the peer's FIN (CLOSE-WAIT): EPIPE */
	XTCP_ERR_TIMEDOUT,	/* R2, keepalive or user timeout: ETIMEDOUT */
	XTCP_ERR_ABORTED,	/* xtcp_abort() by this end: ECONNABORTED */
	XTCP_ERR_UNREACH,	/* hard ICMP error: the glue knows the errno */
};

/* What to send next, from xtcp_tx_peek() and the stateless reply makers. */
struct xtcp_plan {
	u32 seq;	/* of the first byte, SYN included */
	u32 ack;
	u32 len;	/* payload bytes, [data, data + len) of the stream */
	u32 data;	/* sequence number of the first payload byte */
	u16 mss;	/* payload bytes a packet: above it, GSO splits */
	u16 flags;
	u16 wnd;	/* as it goes onto the wire */
	u16 urg;
	u32 tsval;
	u32 tsecr;
	u8 opts;	/* XTCP_OPT_* to write */
	u8 wscale;
	u16 opt_mss;	/* value of the MSS option */
	u8 nsack;
	u8 hdr_len;	/* bytes of TCP header with options */
	u8 kind;	/* enum xtcp_plan_kind; private to commit */
	u8 ecn;		/* XTCP_NOT_ECT or XTCP_ECT0, for the IP header */
	u8 nacc;	/* as in struct xtcp_seg, like the next */
	u32 acc[3];
	struct {
		u32 start;
		u32 end;
	} sack[XTCP_MAX_SACKS];
	u64 release;	/* earliest departure, ns; 0: at once */
	const struct xtcp_cookie *cookie;	/* with XTCP_OPT_FASTOPEN */
};

/* Bytes an AccECN option of @n counters takes, padded to a multiple of four. */
static inline u32 xtcp_acc_len(u32 n)
{
	return (2 + n * XTCP_ACC_FIELD_LEN + 3) & ~3U;
}

#endif /* XTCP_SEG_H */
