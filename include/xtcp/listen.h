/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The part of engine.h for listeners: half-open connections, SYN cookies, Fast Open,
 * and limits by source. engine.h includes it and says what holds for all calls.
 *
 * A listener has no TCB. A SYN becomes a struct xtcp_request of 32 bytes, or a SYN-ACK
 * with a cookie and nothing else; the ACK that proves the peer's address makes it a
 * connection:
 *
 *	xtcp_listen_rx()			a SYN of a new peer
 *	xtcp_request_init(), xtcp_request_plan()	answer it
 *	xtcp_request_rx(), xtcp_request_timeout()	until XTCP_REQUEST_ACCEPT
 *	xtcp_tcb_init(), xtcp_accept(), xtcp_rx()	with the segment that completes it
 *
 * The caller owns each request, and serialises the calls for it.
 */
#ifndef XTCP_LISTEN_H
#define XTCP_LISTEN_H

#include <xtcp/env.h>
#include <xtcp/seg.h>
#include <xtcp/tcb.h>

/* ---- half-open connections: request.c, open.c ---- */

/*
 * A half-open connection of a listener, between the SYN and the ACK that makes it a
 * socket. 32 bytes, because whoever sends SYNs decides how many there are. The caller
 * keeps addresses and links beside it. Times wrap; none is an hour away.
 */
struct xtcp_request {
	u32 irs;		/* the peer's initial sequence number */
	u32 iss;		/* ours */
	u32 ts_recent;		/* the peer's TSval, its ticks */
	u32 deadline;		/* ms: next SYN-ACK, or the end */
	u32 sent_at;		/* us: last SYN-ACK (first RTT sample), or last answer */
	u16 born;		/* ticks of 2^7 ms: when the SYN came */
	u16 rto_ms;		/* ms to the first retransmission; 0: rto_init_us */
	u16 peer_mss;		/* bytes */
	u16 rcv_wnd;		/* bytes offered in the SYN-ACK */
	u8 retries;		/* SYN-ACKs retransmitted by the timer */
	u8 snd_wscale : 4;	/* shift of windows the peer sends */
	u8 rcv_wscale : 4;	/* shift of windows we send */
	u8 opts : 4;		/* XTCP_OPT_* agreed on: MSS to TS */
	u8 again : 1;		/* a segment was answered, perhaps by another SYN-ACK */
	u8 acked : 1;		/* the peer's ACK came: deferred, or the queue was full */
	u8 syncookie : 1;		/* from a SYN cookie: when the SYN came is unknown */
	u8 v6 : 1;		/* xtcp_open.v6 */
	u8 ecn : 2;		/* enum xtcp_ecn */
	u8 ecn_syn : 2;		/* ECN field of the newest SYN */
	u8 ecn_flags : 4;	/* XTCP_ECN_* */
};

/* What a listener does with a segment that belongs to no half-open connection. */
enum xtcp_listen {
	XTCP_LISTEN_DROP,	/* seg->reason */
	XTCP_LISTEN_RST,	/* send xtcp_rst_plan(), then drop */
	XTCP_LISTEN_SYN,	/* make a half-open connection */
};

/* What to do with a half-open connection after a segment or its deadline. */
enum xtcp_request_act {
	XTCP_REQUEST_DROP,	/* send nothing; after a segment, seg->reason */
	XTCP_REQUEST_SKIP,	/* the same: the answer is rate-limited */
	XTCP_REQUEST_SYNACK,	/* send xtcp_request_plan() */
	XTCP_REQUEST_ACK,	/* send xtcp_request_ack_plan() (challenge) */
	XTCP_REQUEST_RST,	/* send xtcp_rst_plan() for the segment */
	XTCP_REQUEST_RESET,	/* the same, and free the half-open connection */
	XTCP_REQUEST_KILL,	/* free the half-open connection, send nothing */
	XTCP_REQUEST_ACCEPT,	/* make a socket: xtcp_accept(), then xtcp_rx() */
};

/**
 * xtcp_listen_rx - process a segment for a listener, RFC 9293 3.10.7.2
 * @seg: parsed, of no known peer; reason is set unless XTCP_LISTEN_SYN is returned
 *
 * Return: what to do.
 */
enum xtcp_listen xtcp_listen_rx(struct xtcp_seg *seg);

/**
 * xtcp_request_init - make a half-open connection of a SYN
 * @req: uninitialised memory
 * @par: knobs and keys
 * @open: addresses and sizes
 * @seg: the SYN; its payload is not kept, the peer sends it again
 * @now: ns
 *
 * Send xtcp_request_plan() next.
 */
void xtcp_request_init(struct xtcp_request *req, const struct xtcp_params *par,
		       const struct xtcp_open *open, const struct xtcp_seg *seg,
		       u64 now);

/**
 * xtcp_request_synack - xtcp_request_init() and xtcp_request_plan() in one, cheaper
 * @req: uninitialised memory
 * @par: knobs and keys
 * @open: addresses and sizes
 * @seg: the SYN
 * @plan: filled in: the SYN-ACK
 * @now: ns
 */
void xtcp_request_synack(struct xtcp_request *req, const struct xtcp_params *par,
			 const struct xtcp_open *open, const struct xtcp_seg *seg,
			 struct xtcp_plan *plan, u64 now);

/**
 * xtcp_request_rx - process a segment for a half-open connection, RFC 9293 3.10.7.4
 * @req: half-open connection
 * @par: knobs
 * @seg: parsed; reason is set unless XTCP_REQUEST_ACCEPT is returned
 * @now: ns
 *
 * Answers are limited to one per params.challenge_ms.
 *
 * Return: what to do.
 */
enum xtcp_request_act xtcp_request_rx(struct xtcp_request *req,
				      const struct xtcp_params *par,
				      struct xtcp_seg *seg, u64 now);

/**
 * xtcp_request_defers - does TCP_DEFER_ACCEPT delay this connection?
 * @req: after xtcp_request_rx() returned XTCP_REQUEST_ACCEPT
 * @seg: that segment
 * @defer_s: TCP_DEFER_ACCEPT, seconds; 0: off
 * @now: ns
 *
 * Return: true if @seg is a bare ACK and the peer has time left to send data: make no
 * socket yet. The SYN-ACK is not retransmitted before that time is over.
 */
bool xtcp_request_defers(struct xtcp_request *req, const struct xtcp_seg *seg,
			 u32 defer_s, u64 now);

/**
 * xtcp_request_keep - keep a completed handshake that has no room in the accept queue
 * @req: after xtcp_request_rx(), or xtcp_syncookie_rx(): the caller then has to store it
 * @par: knobs
 * @now: ns
 *
 * The timer retransmits the SYN-ACK, and the peer's answer is the next chance.
 */
void xtcp_request_keep(struct xtcp_request *req, const struct xtcp_params *par, u64 now);

/**
 * xtcp_request_timeout - run the deadline of a half-open connection
 * @req: half-open connection
 * @par: knobs
 * @retries: SYN-ACK retransmissions allowed, xtcp_request_retries()
 * @defer_s: TCP_DEFER_ACCEPT, seconds; 0: off
 * @now: ns; it does no harm to come early
 *
 * Return: XTCP_REQUEST_SYNACK, XTCP_REQUEST_DROP (nothing to send) or XTCP_REQUEST_KILL
 * (after the last retransmission). The deadline has changed, unless it was early.
 */
enum xtcp_request_act xtcp_request_timeout(struct xtcp_request *req,
					   const struct xtcp_params *par, u32 retries,
					   u32 defer_s, u64 now);

/**
 * xtcp_request_deadline - when to call xtcp_request_timeout()
 * @req: half-open connection
 * @now: ns
 *
 * Return: ns.
 */
u64 xtcp_request_deadline(const struct xtcp_request *req, u64 now);

/**
 * xtcp_request_retries - how often to retransmit a SYN-ACK while the SYN queue fills
 * @par: knobs; synack_retries is the most
 * @count: half-open connections of the listener
 * @young: those of them whose SYN-ACK was not retransmitted
 * @most: half-open connections that the listener may have
 *
 * Above half of @most, the fewer are young the fewer retransmissions (RFC 4987 3.3).
 *
 * Return: retransmissions.
 */
u32 xtcp_request_retries(const struct xtcp_params *par, u32 count, u32 young, u32 most);

/**
 * xtcp_request_plan - build the SYN-ACK
 * @req: half-open connection
 * @par: keys
 * @open: addresses, and the MSS to offer
 * @plan: filled in; to be sent without commit or abort
 * @now: ns
 */
void xtcp_request_plan(const struct xtcp_request *req, const struct xtcp_params *par,
		       const struct xtcp_open *open, struct xtcp_plan *plan, u64 now);

/**
 * xtcp_request_ack_plan - build a bare ACK: a challenge, or for an unacceptable segment
 * @req: half-open connection
 * @par: keys
 * @flow: addresses
 * @plan: filled in; to be sent without commit or abort
 * @now: ns
 */
void xtcp_request_ack_plan(const struct xtcp_request *req, const struct xtcp_params *par,
			   const struct xtcp_flow *flow, struct xtcp_plan *plan, u64 now);

/**
 * xtcp_accept - make a connection of a half-open connection
 * @tcb: initialised, in CLOSED; then in SYN-RECEIVED, as if it had sent the SYN-ACK
 * @req: xtcp_request_rx() returned XTCP_REQUEST_ACCEPT, or from xtcp_syncookie_rx()
 * @open: as given to xtcp_request_init(); sizes may differ
 * @now: ns
 *
 * Give the segment that completes the handshake to xtcp_rx() next.
 */
void xtcp_accept(struct xtcp_tcb *tcb, const struct xtcp_request *req,
		 const struct xtcp_open *open, u64 now);

/* ---- SYN cookies: syncookie.c ---- */

/**
 * xtcp_syncookie_key_index - which key makes the cookies of this moment
 * @now: ns
 * @slot: filled in: number of the present slot of 2^35 ns
 *
 * Before xtcp_syncookie_synack(), if the slot of params.syncookie[] at this index is
 * not @slot, the caller draws a new key there and sets its slot.
 *
 * Return: index into params.syncookie[].
 */
u32 xtcp_syncookie_key_index(u64 now, u32 *slot);

/**
 * xtcp_syncookie_lately - may cookies come back?
 * @par: keys
 * @now: ns
 *
 * Return: true if a key was drawn in this slot or the one before.
 */
bool xtcp_syncookie_lately(const struct xtcp_params *par, u64 now);

/**
 * xtcp_syncookie_synack - answer a SYN without remembering it
 * @par: knobs and keys, the present slot's among them
 * @open: addresses, sizes, and the MSS to offer
 * @seg: the SYN
 * @plan: filled in: the SYN-ACK; to be sent without commit or abort
 * @now: ns
 *
 * Return: false if the peer's MSS is too small for a cookie: send nothing.
 */
bool xtcp_syncookie_synack(const struct xtcp_params *par, const struct xtcp_open *open,
			   const struct xtcp_seg *seg, struct xtcp_plan *plan, u64 now);

/**
 * xtcp_syncookie_rx - check an ACK that belongs to no half-open connection
 * @req: filled in, except windows: call xtcp_request_window() before xtcp_accept()
 * @par: knobs and keys
 * @open: addresses
 * @seg: the ACK
 * @now: ns
 *
 * Return: true if it acknowledges a valid cookie.
 */
bool xtcp_syncookie_rx(struct xtcp_request *req, const struct xtcp_params *par,
		       const struct xtcp_open *open, const struct xtcp_seg *seg, u64 now);

/**
 * xtcp_request_window - compute the window and the scale that the SYN-ACK offers
 * @req: with the options agreed on
 * @open: sizes, and what the route says of them
 */
void xtcp_request_window(struct xtcp_request *req, const struct xtcp_open *open);

/* ---- Fast Open, RFC 7413: fastopen.c. The client's call is xtcp_fastopen_go() ---- */

/* Keys of a server: the first makes cookies, both are accepted. */
struct xtcp_fastopen_keys {
	u64 key[2][2];
	u32 n;			/* 1 or 2 */
};

/* What a SYN is worth to a listener with Fast Open. */
enum xtcp_fastopen_verdict {
	XTCP_FASTOPEN_PLAIN,	/* an ordinary SYN */
	XTCP_FASTOPEN_ASKED,	/* asks for a cookie: the SYN-ACK carries it */
	XTCP_FASTOPEN_BAD,	/* wrong cookie: the SYN-ACK carries the right one */
	XTCP_FASTOPEN_GOOD,	/* its data is accepted: xtcp_fastopen_accept() */
	XTCP_FASTOPEN_OLD,	/* the same, by the second key: give a new cookie */
};

/**
 * xtcp_fastopen_make_cookie - compute the Fast Open cookie of a client, RFC 7413 4.1.2
 * @keys: the server's
 * @i: which of them
 * @flow: as the server sees it; ports do not matter
 * @cookie: filled in
 *
 * The same as the kernel's TCP computes with the same key.
 */
void xtcp_fastopen_make_cookie(const struct xtcp_fastopen_keys *keys, u32 i,
			       const struct xtcp_flow *flow,
			       struct xtcp_fastopen_cookie *cookie);

/**
 * xtcp_fastopen_check_syn - judge a SYN for a listener with Fast Open, RFC 7413 4.2.2
 * @keys: the listener's
 * @bare: data is accepted without a cookie
 * @flow: addresses, seen from this end
 * @seg: the SYN
 * @give: filled in: the cookie for the SYN-ACK; length 0: none
 *
 * Return: what it is worth.
 */
enum xtcp_fastopen_verdict xtcp_fastopen_check_syn(const struct xtcp_fastopen_keys *keys,
						   bool bare,
						   const struct xtcp_flow *flow,
						   const struct xtcp_seg *seg,
						   struct xtcp_fastopen_cookie *give);

/**
 * xtcp_fastopen_plan_cookie - add a Fast Open cookie to a SYN-ACK
 * @plan: complete SYN-ACK; the AccECN option is dropped if both do not fit
 * @cookie: must outlive @plan; length 0: nothing is added
 */
void xtcp_fastopen_plan_cookie(struct xtcp_plan *plan,
			       const struct xtcp_fastopen_cookie *cookie);

/**
 * xtcp_fastopen_accept - make a connection of a SYN at once
 * @tcb: initialised, in CLOSED; then in SYN-RECEIVED, may be read and written
 * @req: from xtcp_request_init(), SYN-ACK not sent: the connection sends it
 * @open: as given to xtcp_request_init()
 * @seg: the SYN; from and to are set with XTCP_ACT_DELIVER
 * @give: cookie for the SYN-ACK; length 0: none
 * @now: ns
 *
 * Return: XTCP_ACT_* bits.
 */
u32 xtcp_fastopen_accept(struct xtcp_tcb *tcb, const struct xtcp_request *req,
			 const struct xtcp_open *open, struct xtcp_seg *seg,
			 const struct xtcp_fastopen_cookie *give, u64 now);

/* ---- limits by source: source.c. A source is an address or a prefix ---- */

#define XTCP_SOURCE_ROWS	4
#define XTCP_SOURCE_CELLS	1024	/* a power of two */

/*
 * SYNs answered and not completed, per source: a count-min sketch of 16 KiB. Several
 * CPUs may call without a lock; a lost update is one SYN more or less.
 */
struct xtcp_sources {
	u64 key[2];		/* secret, constant */
	u64 syns;		/* SYNs answered so far */
	u64 swept;		/* virtual clock at the last sweep */
	u32 empty_at[XTCP_SOURCE_ROWS][XTCP_SOURCE_CELLS];	/* virtual clock */
};

/* Places in one accept queue per source, 2 KiB; the caller serialises the calls. */
struct xtcp_source_places {
	u16 held[XTCP_SOURCE_ROWS][256];
};

/* The cells of a source and their levels, between two calls for one SYN. */
struct xtcp_source_at {
	u32 *cell[XTCP_SOURCE_ROWS];
	u32 left[XTCP_SOURCE_ROWS];	/* ticks of the virtual clock */
	u32 clock;		/* virtual clock of xtcp_source_syn() */
};

/* What a SYN may have. */
enum xtcp_source_verdict {
	XTCP_SOURCE_ALLOW,	/* a half-open connection */
	XTCP_SOURCE_COOKIE,	/* a SYN cookie only */
	XTCP_SOURCE_DROP,	/* no answer */
};

/**
 * xtcp_source_init - initialise the sketch
 * @src: uninitialised memory
 * @key: secret, drawn at random
 */
void xtcp_source_init(struct xtcp_sources *src, const u64 key[2]);

/**
 * xtcp_source_of - identify the source of an address
 * @src: sketch
 * @par: knobs: prefix lengths
 * @addr: address, 16 bytes in network byte order
 *
 * Return: hash of the source: @who of the calls below; its upper half for places.
 */
u64 xtcp_source_of(const struct xtcp_sources *src, const struct xtcp_params *par,
		   const u32 addr[4]);

/**
 * xtcp_source_syn - what may a SYN of this source have?
 * @src: sketch
 * @par: knobs: rate and burst; rate 0: no limit
 * @who: source
 * @room: half-open connections that the listener can still take
 * @now: ns
 * @at: filled in, for xtcp_source_answered()
 *
 * Return: XTCP_SOURCE_COOKIE above the burst, or if the source holds nearly all of the
 * room; XTCP_SOURCE_DROP far above the burst; otherwise XTCP_SOURCE_ALLOW.
 */
enum xtcp_source_verdict xtcp_source_syn(struct xtcp_sources *src,
					 const struct xtcp_params *par,
					 u64 who, u32 room, u64 now,
					 struct xtcp_source_at *at);

/**
 * xtcp_source_answered - count a SYN that was answered
 * @src: sketch
 * @at: from xtcp_source_syn() for this SYN
 */
void xtcp_source_answered(struct xtcp_sources *src, const struct xtcp_source_at *at);

/**
 * xtcp_source_completed - a handshake of this source is complete: take its SYN off
 * @src: sketch
 * @par: knobs
 * @who: source
 * @now: ns
 */
void xtcp_source_completed(struct xtcp_sources *src, const struct xtcp_params *par,
			   u64 who, u64 now);

/**
 * xtcp_source_place - may a source have one more place in an accept queue?
 * @p: places of the listener
 * @who: upper half of xtcp_source_of()
 * @taken: places taken by all sources
 * @room: places free
 *
 * Return: true while half of the places are free, or while the source holds at most
 * eight times as many as are free.
 */
bool xtcp_source_place(const struct xtcp_source_places *p, u32 who, u32 taken, u32 room);

/**
 * xtcp_source_hold - count a place that a source takes
 * @p: places of the listener; the caller serialises calls for it
 * @who: upper half of xtcp_source_of()
 */
void xtcp_source_hold(struct xtcp_source_places *p, u32 who);

/**
 * xtcp_source_release - count a place that a source gives back
 * @p: places of the listener; the caller serialises calls for it
 * @who: as given to xtcp_source_hold()
 */
void xtcp_source_release(struct xtcp_source_places *p, u32 who);

#endif /* XTCP_LISTEN_H */
