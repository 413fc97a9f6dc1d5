/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What crosses the engine's border: addresses and sizes as a connection opens, a parsed
 * segment in, a plan out, a word of action bits back. The caller owns all of it; the
 * engine keeps no pointer to it. Sequence numbers are in host byte order, times in ns of
 * the caller's monotonic clock.
 */
#ifndef XTCP_SEG_H
#define XTCP_SEG_H

#include <xtcp/env.h>

struct xtcp_cc;	/* a congestion control, see src/core/cc/cc.h */

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
#define XTCP_OPT_ACCECN1	0x40	/* the same in reverse order: E1B, CEB, E0B */
#define XTCP_OPT_ACCECN		(XTCP_OPT_ACCECN0 | XTCP_OPT_ACCECN1)
#define XTCP_OPT_FASTOPEN	0x80	/* RFC 7413 2: a cookie, or a request for one */

#define XTCP_ACC_FIELD_LEN	3	/* bytes of a counter in the AccECN option */

/* A Fast Open cookie, RFC 7413 4.1.1. */
#define XTCP_FASTOPEN_COOKIE_MIN	4	/* bytes; lengths are even */
#define XTCP_FASTOPEN_COOKIE_MAX	16
#define XTCP_FASTOPEN_COOKIE_LEN	8	/* bytes of the cookies made here */

struct xtcp_fastopen_cookie {
	u8 len;			/* bytes; 0: none, or one is requested */
	u8 exp;			/* 1: in the experimental option, RFC 6994 */
	u8 val[XTCP_FASTOPEN_COOKIE_MAX];
};

/* ---- as a connection opens ---- */

/* Addresses of 16 bytes, IPv4 as v4-mapped, and ports; all in network byte order. */
struct xtcp_flow {
	u32 saddr[4];		/* this end */
	u32 daddr[4];		/* the other end */
	u16 sport;
	u16 dport;
};

/* What a Fast Open client knows of the server, RFC 7413 4.1.3. */
struct xtcp_fastopen_client {
	struct xtcp_fastopen_cookie cookie;	/* length 0: none is known, ask for one */
	u16 mss;		/* bytes, of its last SYN-ACK; 0: not known */
	bool bare;		/* send data without cookie and option */
	bool wait;		/* hold the SYN back until xtcp_fastopen_go() */
};

/**
 * struct xtcp_route - the metrics of ip-route(8) for the way to the peer
 * @cc: congestion control to use instead of the socket's; NULL: none
 * @initcwnd: segments, initial congestion window, and that after an idle time
 * @initrwnd: segments of the MSS offered, limit of the first window offered
 * @cwnd: segments, limit of the congestion window
 * @ssthresh: segments, initial slow start threshold
 * @reordering: segments, instead of params.dupthresh
 * @rto_min_us: us, floor of the RTO, instead of params.rto_min_us
 * @rtt_us: us, RTT from which the first RTO of data is computed, if it is longer than
 *	the one that the handshake measured
 * @quickack: acknowledge every segment with data at once
 * @ecn: ask for and accept ECN of RFC 3168 even if the namespace does not
 *
 * 0: the route does not say.
 */
struct xtcp_route {
	const struct xtcp_cc *cc;
	u32 initcwnd;
	u32 initrwnd;
	u32 cwnd;
	u32 ssthresh;
	u32 reordering;
	u32 rto_min_us;
	u32 rtt_us;
	bool quickack;
	bool ecn;
};

/* What the caller knows when a connection opens, at either end. */
struct xtcp_open {
	struct xtcp_flow flow;
	u32 rcv_space;		/* bytes that the receive buffer can take at first */
	u32 rcv_space_max;	/* bytes it may grow to: decides the window scale */
	u32 gso_max;		/* bytes of payload one plan may carry, at least the MSS */
	u16 path_mss;		/* bytes: path MTU less fixed IP and TCP headers */
	u16 adv_mss;		/* bytes: MSS to offer, RFC 9293 3.7.1 */
	u16 user_mss;		/* bytes: TCP_MAXSEG; 0: none */
	bool v6;		/* the packets are IPv6: decides the default MSS */
	bool need_ecn;		/* listener: xtcp_cc_needs_ecn() of its algorithm */
	struct xtcp_route route;
	u32 cached_srtt_us;	/* us: SRTT of earlier connections (RFC 9040); 0: none */
	u32 cached_rttvar_us;	/* us: RTTVAR of earlier connections */
	u32 cached_ssthresh;	/* bytes, of earlier connections; 0: none */
	bool cached_reordering;	/* earlier connections saw this path reorder */
	const struct xtcp_fastopen_client *fo;	/* xtcp_connect(): Fast Open; NULL: off */
	bool reopens;		/* replaces a TIME-WAIT record, iss_above is valid */
	u32 iss_above;		/* SND.NXT of that record: the ISS must be above it */
};

/* ---- a segment in ---- */

/*
 * Why a segment was discarded. Every discard in the engine and in the module
 * has exactly one of these, and one counter with the same name.
 */
#define XTCP_DROP_REASONS(X)						\
	X(NONE)			/* not discarded */			\
	X(HEADER)		/* data offset or length impossible */	\
	X(CHECKSUM)		/* checksum wrong */			\
	X(NO_SOCKET)		/* its socket went away during look-up */ \
	X(CLOSED)		/* connection in CLOSED */		\
	X(LISTEN_RST)		/* RST to a listener */			\
	X(LISTEN_ACK)		/* ACK to a listener: answered by RST */ \
	X(LISTEN_FLAGS)		/* neither SYN, ACK nor RST to a listener */ \
	X(LISTEN_OVERFLOW)	/* accept queue full */			\
	X(REQUEST_OVERFLOW)	/* SYN queue full */			\
	X(SYN_SOURCE)		/* its source completes too few handshakes */ \
	X(ACCEPT_SOURCE)	/* its source holds too much of the accept queue */ \
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
	X(OOO_MEMORY)		/* out of order, and no memory to keep it */ \
	X(AFTER_FIN)		/* data beyond the peer's FIN */	\
	X(AFTER_CLOSE)		/* data after the application closed */	\
	X(TIME_WAIT)		/* old segment in TIME-WAIT */		\
	X(RST_VALID)		/* valid RST: it ended the connection */ \
	X(REQUEST)		/* to a half-open connection: a repeated SYN, or stray */ \
	X(FILTER)		/* socket filter, security, XFRM policy */ \
	X(BACKLOG)		/* socket backlog full */		\
	X(RCVBUF)		/* receive buffer full */		\
	X(MIN_TTL)		/* TTL below IP_MINTTL */

enum xtcp_drop_reason {
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
	u32 ack;	/* valid with XTCP_ACK */
	u32 len;	/* bytes of payload; SYN and FIN not counted */
	u16 flags;	/* XTCP_FIN .. XTCP_AE */
	u16 wnd;	/* window field, as on the wire */
	u16 urg;	/* urgent pointer, valid with XTCP_URG */
	u16 nsegs;	/* segments merged into this one, at least 1 */
	u8 opts;	/* XTCP_OPT_*: the options it carries, whose fields are valid */
	u8 wscale;	/* shift count offered, at most 14 */
	u16 mss;	/* bytes, as offered */
	u32 tsval;	/* ticks of the peer's timestamp clock */
	u32 tsecr;	/* ticks of ours */
	u8 ecn;		/* the IP header's ECN field, 0..3 */
	u8 nsack;	/* SACK blocks, at most XTCP_MAX_SACKS */
	u8 doff;	/* header length with options, bytes */
	u8 nacc;	/* with XTCP_OPT_ACCECN: counters in the option, 0..3 */
	u8 fo_cookie_len;	/* with XTCP_OPT_FASTOPEN: bytes; 0: a request */
	u8 fo_cookie_exp;	/* as in struct xtcp_fastopen_cookie */

	/* out: filled by xtcp_rx() */
	enum xtcp_drop_reason reason;	/* with XTCP_ACT_DROP */
	u32 from;	/* with XTCP_ACT_DELIVER: first byte to deliver */
	u32 to;		/* with XTCP_ACT_DELIVER: one after the last byte */
	u32 delivered;	/* our segments that its ACK or SACK says arrived */
	u32 delivered_ce;	/* our segments that it says were CE-marked */

	/* in: not cleared by xtcp_parse(), valid if the option is there */
	u32 acc[3];	/* nacc counters of 24 bits, in the order on the wire */
	const u8 *fo_cookie;	/* fo_cookie_len bytes, in the header that was parsed */
	struct {
		u32 start;
		u32 end;
	} sack[XTCP_MAX_SACKS];	/* nsack of them */
};

/* ---- action bits back ---- */

/*
 * What a call of the engine asks its caller to do. Several bits may be set; the
 * caller acts on them in the order of this list.
 */
#define XTCP_ACT_DELIVER	0x0001	/* queue payload [from, to) for reading */
#define XTCP_ACT_HELD		0x0002	/* the engine keeps the packet (out of order) */
#define XTCP_ACT_DRAIN		0x0004	/* queue packets of xtcp_reass_pop() for reading */
#define XTCP_ACT_REAP		0x0008	/* free packets of xtcp_reass_reap() */
#define XTCP_ACT_URG		0x0010	/* tcb->rcv_up moved: urgent data announced */
#define XTCP_ACT_ACKED		0x0020	/* SND.UNA moved: free payload below it */
#define XTCP_ACT_EOF		0x0040	/* the peer's FIN is in order: end of the stream */
#define XTCP_ACT_STATE		0x0080	/* tcb->state changed */
#define XTCP_ACT_ERROR		0x0100	/* tcb->err set, connection is CLOSED */
#define XTCP_ACT_ADVICE		0x0200	/* R1 passed: IP should try another route */
#define XTCP_ACT_DROP		0x0400	/* segment discarded, seg->reason says why */
#define XTCP_ACT_RST		0x0800	/* answer this segment: xtcp_rst_plan() */
#define XTCP_ACT_OUTPUT		0x1000	/* xtcp_tx_peek() may have something to send */
/* Before XTCP_ACT_OUTPUT: the path may be dead, choose another flow label or hash. */
#define XTCP_ACT_REPATH		0x2000	/* timeout: our data may not arrive */
#define XTCP_ACT_REPATH_ACK	0x4000	/* repeated duplicates: our ACKs may not arrive */

/* Why a connection ended (tcb->err), and the errno that the module makes of it. */
enum xtcp_err {
	XTCP_OK,
	XTCP_ERR_REFUSED,	/* RST to our SYN: ECONNREFUSED */
	XTCP_ERR_RESET,		/* RST in a synchronized state: ECONNRESET */
	XTCP_ERR_PIPE,		/* RST after the peer's FIN (CLOSE-WAIT): EPIPE */
	XTCP_ERR_TIMEDOUT,	/* R2, keepalive or user timeout: ETIMEDOUT */
	XTCP_ERR_ABORTED,	/* xtcp_abort() by this end: ECONNABORTED */
	XTCP_ERR_UNREACH,	/* ICMP error while opening: errno of its type */
};

/* ---- a plan out ---- */

/* What to send next, from xtcp_tx_peek() and the stateless reply makers. */
struct xtcp_plan {
	u32 seq;	/* sequence number of the header: first byte, or the SYN */
	u32 ack;	/* valid with XTCP_ACK */
	u32 len;	/* bytes of payload, [data, data + len) of the stream */
	u32 data;	/* sequence number of the first payload byte */
	u16 mss;	/* bytes of payload per packet; if len is larger, GSO splits it */
	u16 flags;	/* XTCP_FIN .. XTCP_AE */
	u16 wnd;	/* window field, as it goes onto the wire */
	u16 urg;	/* urgent pointer, valid with XTCP_URG */
	u32 tsval;	/* ticks of our timestamp clock, offset added */
	u32 tsecr;	/* ticks of the peer's */
	u8 opts;	/* XTCP_OPT_* to write */
	u8 wscale;	/* shift count to offer */
	u16 opt_mss;	/* value of the MSS option, bytes */
	u8 nsack;	/* SACK blocks, at most XTCP_MAX_SACKS */
	u8 hdr_len;	/* bytes of TCP header with options */
	u8 kind;	/* enum xtcp_plan_kind; private to the engine */
	u8 ecn;		/* XTCP_NOT_ECT or XTCP_ECT0, for the IP header */
	u8 nacc;	/* counters in acc, 0..3 */
	u32 acc[3];	/* as in struct xtcp_seg */
	struct {
		u32 start;
		u32 end;
	} sack[XTCP_MAX_SACKS];
	u64 release;	/* earliest departure, ns; 0: at once */
	const struct xtcp_fastopen_cookie *fo_cookie;	/* valid with XTCP_OPT_FASTOPEN */
};

/* Bytes of an AccECN option with @n counters, padded to a multiple of four. */
static inline u32 xtcp_acc_len(u32 n)
{
	return (2 + n * XTCP_ACC_FIELD_LEN + 3) & ~3U;
}

#endif /* XTCP_SEG_H */
