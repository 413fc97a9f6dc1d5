/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The engine's contract: all that the glue, a simulator or a fuzzer calls.
 *
 * The engine allocates nothing, waits for nothing and knows no clock but the
 * one it is handed. The caller serialises the calls for one TCB. Calls that
 * return u32 return XTCP_ACT_* bits; see seg.h for what each asks for.
 *
 * A connection lives like this:
 *
 *	xtcp_tcb_init()
 *	xtcp_connect()  or  xtcp_request_init() .. xtcp_accept()
 *	xtcp_rx(), xtcp_timeout(), xtcp_wrote(), xtcp_read(), ... in any order,
 *	    each followed by serving its action bits and, with
 *	    XTCP_ACT_OUTPUT, by peek / commit until peek has nothing
 *	xtcp_tcb_fini() once the state is CLOSED or the caller gives up
 */
#ifndef XTCP_ENGINE_H
#define XTCP_ENGINE_H

#include <xtcp/env.h>
#include <xtcp/seg.h>
#include <xtcp/seq.h>
#include <xtcp/tcb.h>

/* An address pair: 16-byte addresses, IPv4 as v4-mapped, network byte order. */
struct xtcp_flow {
	u32 saddr[4];		/* this end */
	u32 daddr[4];		/* the other end */
	u16 sport;		/* network byte order */
	u16 dport;
};

/* What a client of Fast Open knows of the server, RFC 7413 4.1.3. */
struct xtcp_fo_client {
	struct xtcp_cookie cookie;	/* of length 0: there is none, ask for one */
	u16 mss;		/* of its last SYN-ACK; 0: not known */
	bool bare;		/* data goes without cookie or option */
	bool wait;		/* no SYN before xtcp_fastopen_go() */
};

/**
 * struct xtcp_route - what the administrator says of the way to the peer
 * @cc: algorithm to use instead of the socket's; NULL: none
 * @initcwnd: segments, initial congestion window, and that after an idle time
 * @initrwnd: segments of the MSS offered, most that the first window offers
 * @cwnd: segments, most that the congestion window may become
 * @ssthresh: segments, initial slow start threshold
 * @reordering: segments, instead of params.dupthresh
 * @rto_min_us: floor of the RTO, instead of params.rto_min_us
 * @rtt_us: round trip to take the first RTO of data from, if it is longer than
 *	what the handshake measured
 * @quickack: every segment with data is acknowledged at once
 * @ecn: RFC 3168 is asked for and accepted, even where the namespace does not
 *
 * The metrics of ip-route(8) that concern a TCP. 0: the route does not say.
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

/* What the caller knows when a connection opens, from either end. */
struct xtcp_open {
	struct xtcp_flow flow;
	u32 rcv_space;		/* bytes of window to offer at first */
	u32 rcv_space_max;	/* largest it may become: picks the scale */
	u32 gso_max;		/* bytes one plan may carry, at least the MSS */
	u16 path_mss;		/* MTU towards the peer less fixed headers */
	u16 adv_mss;		/* MSS to offer, RFC 9293 3.7.1 */
	u16 user_mss;		/* TCP_MAXSEG, 0: none */
	bool v6;		/* wire family: default MSS */
	bool need_ecn;		/* listener: its xtcp_cc_needs_ecn() */
	struct xtcp_route route;
	u32 cached_srtt_us;	/* of earlier connections on this path (RFC 9040), */
	u32 cached_rttvar_us;	/* 0: none known */
	u32 cached_ssthresh;	/* bytes, likewise */
	bool cached_reordering;	/* it was seen to reorder */
	const struct xtcp_fo_client *fo;	/* xtcp_connect(): Fast Open; NULL: not */
	bool reopens;		/* from TIME-WAIT, whose SND.NXT is: */
	u32 iss_above;
};

/* ---- wire.c: headers ---- */

bool xtcp_parse(struct xtcp_seg *seg, const u8 *hdr, u32 hdr_avail, u32 tcp_len);
u32 xtcp_hdr_put(u8 *hdr, const struct xtcp_plan *plan, u16 sport, u16 dport);
u32 xtcp_csum_pseudo(const struct xtcp_flow *flow, bool v6, u32 tcp_len);
u32 xtcp_csum_add(u32 sum, const u8 *data, u32 len);
u16 xtcp_csum_fold(u32 sum);

/* ---- open.c, request.c: the beginning ---- */

void xtcp_params_init(struct xtcp_params *par);
void xtcp_tcb_init(struct xtcp_tcb *tcb, const struct xtcp_params *par);
void xtcp_tcb_fini(struct xtcp_tcb *tcb);
u32 xtcp_connect(struct xtcp_tcb *tcb, const struct xtcp_open *open, u64 now);

/*
 * A half-open connection of a listener, between SYN and the ACK that makes
 * it a socket: 32 bytes, since whoever sends SYNs decides how many there are.
 * The caller adds addresses and a link.
 */
struct xtcp_request {
	u32 irs;
	u32 iss;
	u32 ts_recent;		/* peer's TSval */
	u32 deadline;		/* ms: next SYN-ACK, or the end */
	u32 sent_at;		/* us: last SYN-ACK, first RTT sample; or last answer */
	u16 born;		/* ticks of 2^7 ms, when the SYN came */
	u16 rto_ms;		/* until the first repetition; 0: nothing is known */
	u16 peer_mss;
	u16 rcv_wnd;		/* bytes offered in the SYN-ACK */
	u8 retries;		/* SYN-ACKs repeated by the timer */
	u8 snd_wscale : 4;
	u8 rcv_wscale : 4;
	u8 opts : 4;		/* XTCP_OPT_* agreed on: MSS to TS */
	u8 again : 1;		/* a segment was answered, maybe by the SYN-ACK again */
	u8 acked : 1;		/* TCP_DEFER_ACCEPT: waits for data */
	u8 cookie : 1;		/* made of one: nothing is known of when it began */
	u8 v6 : 1;		/* xtcp_open.v6 */
	u8 ecn : 2;		/* enum xtcp_ecn */
	u8 ecn_syn : 2;		/* ECN field of the newest SYN */
	u8 ecn_flags : 4;	/* XTCP_ECN_* */
};

/* What a listener does with a segment that belongs to no half-open connection. */
enum xtcp_listen {
	XTCP_LISTEN_DROP,	/* seg->reason */
	XTCP_LISTEN_RST,	/* xtcp_rst_plan(), then drop */
	XTCP_LISTEN_SYN,	/* make a half-open connection */
};

enum xtcp_listen xtcp_listen_rx(struct xtcp_seg *seg);

/* What to do with a half-open connection after a segment or its deadline. */
enum xtcp_request_act {
	XTCP_REQUEST_DROP,	/* nothing; seg->reason */
	XTCP_REQUEST_SKIP,	/* the same, since an answer has just left */
	XTCP_REQUEST_SYNACK,	/* send xtcp_request_plan() */
	XTCP_REQUEST_ACK,	/* send xtcp_request_ack_plan() (challenge) */
	XTCP_REQUEST_RST,	/* send xtcp_rst_plan() for the segment */
	XTCP_REQUEST_RESET,	/* the same, and free the half-open connection */
	XTCP_REQUEST_KILL,	/* free the half-open connection, send nothing */
	XTCP_REQUEST_ACCEPT,	/* make a socket: xtcp_accept(), then xtcp_rx() */
};

void xtcp_request_init(struct xtcp_request *req, const struct xtcp_params *par,
		       const struct xtcp_open *open, const struct xtcp_seg *seg,
		       u64 now);
void xtcp_request_synack(struct xtcp_request *req, const struct xtcp_params *par,
			 const struct xtcp_open *open, const struct xtcp_seg *seg,
			 struct xtcp_plan *plan, u64 now);
enum xtcp_request_act xtcp_request_rx(struct xtcp_request *req,
				      const struct xtcp_params *par,
				      struct xtcp_seg *seg, u64 now);
bool xtcp_request_defers(struct xtcp_request *req, const struct xtcp_seg *seg,
			 u32 defer_s, u64 now);
void xtcp_request_keep(struct xtcp_request *req, const struct xtcp_params *par, u64 now);
enum xtcp_request_act xtcp_request_timeout(struct xtcp_request *req,
					   const struct xtcp_params *par, u32 retries,
					   u32 defer_s, u64 now);
u64 xtcp_request_deadline(const struct xtcp_request *req, u64 now);
u32 xtcp_request_retries(const struct xtcp_params *par, u32 count, u32 young, u32 most);
void xtcp_request_plan(const struct xtcp_request *req, const struct xtcp_params *par,
		       const struct xtcp_open *open, struct xtcp_plan *plan, u64 now);
void xtcp_request_ack_plan(const struct xtcp_request *req, const struct xtcp_params *par,
			   const struct xtcp_flow *flow, struct xtcp_plan *plan, u64 now);

/* ---- syncookie.c: the same without remembering anything ---- */

u32 xtcp_syncookie_key(u64 now, u32 *slot);
bool xtcp_syncookie_lately(const struct xtcp_params *par, u64 now);
bool xtcp_syncookie_synack(const struct xtcp_params *par, const struct xtcp_open *open,
			   const struct xtcp_seg *seg, struct xtcp_plan *plan, u64 now);
bool xtcp_syncookie_rx(struct xtcp_request *req, const struct xtcp_params *par,
		       const struct xtcp_open *open, const struct xtcp_seg *seg, u64 now);
void xtcp_request_window(struct xtcp_request *req, const struct xtcp_open *open);

void xtcp_accept(struct xtcp_tcb *tcb, const struct xtcp_request *req,
		 const struct xtcp_open *open, u64 now);

/* ---- fastopen.c: data in the SYN, RFC 7413 ---- */

/* Keys of a server: the first makes cookies, both are good. */
struct xtcp_fo_keys {
	u64 key[2][2];
	u32 n;			/* 1 or 2 */
};

/* What a SYN for a listener that does Fast Open is worth. */
enum xtcp_fo_syn {
	XTCP_FOSYN_PLAIN,	/* nothing: an ordinary SYN */
	XTCP_FOSYN_ASKED,	/* it asks for a cookie: the SYN-ACK gives it */
	XTCP_FOSYN_BAD,		/* its cookie is not ours: likewise */
	XTCP_FOSYN_GOOD,		/* xtcp_fastopen_accept() */
	XTCP_FOSYN_OLD,		/* the same, by the second key */
};

void xtcp_cookie_make(const struct xtcp_fo_keys *keys, u32 i,
		      const struct xtcp_flow *flow, struct xtcp_cookie *cookie);
enum xtcp_fo_syn xtcp_fastopen_syn(const struct xtcp_fo_keys *keys, bool bare,
				   const struct xtcp_flow *flow,
				   const struct xtcp_seg *seg,
				   struct xtcp_cookie *give);
void xtcp_cookie_plan(struct xtcp_plan *plan, const struct xtcp_cookie *cookie);
u32 xtcp_fastopen_accept(struct xtcp_tcb *tcb, const struct xtcp_request *req,
			 const struct xtcp_open *open, struct xtcp_seg *seg,
			 const struct xtcp_cookie *give, u64 now);
u32 xtcp_fastopen_go(struct xtcp_tcb *tcb, u32 bytes, u64 now);

/* ---- source.c: fairness between those who send SYNs ---- */

#define XTCP_SOURCE_ROWS	4
#define XTCP_SOURCE_CELLS	1024	/* a power of two */

/* SYNs answered and not completed, 16 KiB. */
struct xtcp_sources {
	u64 key[2];
	u64 syns;		/* answered ever */
	u64 swept;		/* virtual clock at the last sweep */
	u32 empty_at[XTCP_SOURCE_ROWS][XTCP_SOURCE_CELLS];	/* virtual clock */
};

/* Places held in one accept queue, 2 KiB. */
struct xtcp_places {
	u16 held[XTCP_SOURCE_ROWS][256];
};

/* The cells of a source, and what was in them. */
struct xtcp_source_at {
	u32 *cell[XTCP_SOURCE_ROWS];
	u32 left[XTCP_SOURCE_ROWS];
	u32 clock;
};

/* What a SYN may have. */
enum xtcp_source {
	XTCP_SOURCE_GOOD,	/* all */
	XTCP_SOURCE_MUCH,	/* a cookie */
	XTCP_SOURCE_FAR,	/* no answer */
};

void xtcp_source_init(struct xtcp_sources *src, const u64 key[2]);
u64 xtcp_source_of(const struct xtcp_sources *src, const struct xtcp_params *par,
		   const u32 addr[4]);
enum xtcp_source xtcp_source_syn(struct xtcp_sources *src, const struct xtcp_params *par,
				 u64 who, u32 room, u64 now, struct xtcp_source_at *at);
void xtcp_source_answered(struct xtcp_sources *src, const struct xtcp_source_at *at);
void xtcp_source_completed(struct xtcp_sources *src, const struct xtcp_params *par,
			   u64 who, u64 now);
bool xtcp_source_place(const struct xtcp_places *p, u32 who, u32 taken, u32 room);
void xtcp_source_hold(struct xtcp_places *p, u32 who);
void xtcp_source_release(struct xtcp_places *p, u32 who);

/* ---- input.c: a segment arrived ---- */

u32 xtcp_rx(struct xtcp_tcb *tcb, struct xtcp_seg *seg, struct xtcp_ooo *node,
	    u64 now);
void xtcp_rst_plan(const struct xtcp_seg *seg, struct xtcp_plan *plan);

/* ---- reass.c: packets held out of order ---- */

struct xtcp_ooo *xtcp_reass_pop(struct xtcp_tcb *tcb);
struct xtcp_ooo *xtcp_reass_reap(struct xtcp_tcb *tcb);
bool xtcp_reass_prune(struct xtcp_tcb *tcb);
void xtcp_reass_flush(struct xtcp_tcb *tcb);

/* ---- output.c: what to send next ---- */

bool xtcp_tx_peek(struct xtcp_tcb *tcb, u64 now, struct xtcp_plan *plan);
void xtcp_tx_commit(struct xtcp_tcb *tcb, const struct xtcp_plan *plan, u64 now);
void xtcp_tx_abort(struct xtcp_tcb *tcb, const struct xtcp_plan *plan, u64 now);
void xtcp_queue_full(struct xtcp_tcb *tcb, u64 now);

/* ---- sendmap.c: memory for transmissions ---- */

/*
 * How many unused entries there should be before xtcp_rx() and xtcp_tx_peek().
 * One ACK of four SACK blocks can cut eight times; a connection of small
 * exchanges is content with the two in its TCB.
 */
#define XTCP_MAP_LOW	2
#define XTCP_MAP_BULK	10

static inline u32 xtcp_map_want(const struct xtcp_tcb *tcb)
{
	return tcb->snd_nxt - tcb->snd_una > 2U * tcb->mss ? XTCP_MAP_BULK :
							     XTCP_MAP_LOW;
}

void xtcp_map_lend(struct xtcp_tcb *tcb, struct xtcp_sent *sent);
struct xtcp_sent *xtcp_map_reclaim(struct xtcp_tcb *tcb);

/* ---- timer.c ---- */

u64 xtcp_deadline(const struct xtcp_tcb *tcb);
u32 xtcp_timeout(struct xtcp_tcb *tcb, u64 now);

/* ---- app.c, close.c: the application ---- */

#define XTCP_WROTE_MORE	0x1	/* MSG_MORE: more follows at once */
#define XTCP_WROTE_URG	0x2	/* MSG_OOB: the last byte is urgent */

u32 xtcp_wrote(struct xtcp_tcb *tcb, u32 bytes, u32 flags, u64 now);
u32 xtcp_read(struct xtcp_tcb *tcb, u32 bytes, u32 space, u64 now);
u32 xtcp_rcv_round(struct xtcp_tcb *tcb, u32 bytes, u64 now);
u32 xtcp_shutdown(struct xtcp_tcb *tcb, u64 now);
u32 xtcp_close(struct xtcp_tcb *tcb, u64 now);
u32 xtcp_abort(struct xtcp_tcb *tcb, u64 now);
u32 xtcp_give_up(struct xtcp_tcb *tcb, u64 now);

/*
 * xtcp_space - tell the engine how much the reader's queue can still take
 * @tcb: connection
 * @space: bytes of payload beyond RCV.NXT the caller can store
 *
 * To be called whenever it changed and before output; the window offered is
 * derived from it, and never moves its right edge left (RFC 9293 SHLD-14).
 */
static inline void xtcp_space(struct xtcp_tcb *tcb, u32 space)
{
	tcb->rcv_space = space;
}

/* Options of a connection, xtcp_set(). Ranges are checked by the caller. */
enum xtcp_opt {
	XTCP_SET_NODELAY,	/* 0, 1 */
	XTCP_SET_CORK,		/* 0, 1 */
	XTCP_SET_QUICKACK,	/* 0, 1 */
	XTCP_SET_KEEPALIVE,	/* 0, 1 */
	XTCP_SET_KEEPIDLE,	/* ms */
	XTCP_SET_KEEPINTVL,	/* ms */
	XTCP_SET_KEEPCNT,	/* probes */
	XTCP_SET_SYNCNT,	/* SYN retransmissions */
	XTCP_SET_USER_TIMEOUT,	/* ms, 0: none */
	XTCP_SET_LINGER2,	/* ms in FIN-WAIT-2 without reader; 0: none */
	XTCP_SET_TIMEWAIT,	/* ms, 2 MSL; 0: the namespace's */
	XTCP_SET_MAXSEG,	/* bytes, 0: none */
	XTCP_SET_GSO_MAX,	/* bytes a plan */
	XTCP_SET_PATH_MSS,	/* bytes: the path MTU changed, less headers */
};

u32 xtcp_set(struct xtcp_tcb *tcb, enum xtcp_opt opt, u32 val, u64 now);

/* A congestion control by name, NULL when there is none of that name. */
const struct xtcp_cc *xtcp_cc_find(const char *name);
const struct xtcp_cc *xtcp_cc_list(u32 i);
/* What an algorithm tells of itself, TCP_CC_INFO. */
struct xtcp_cc_info {
	enum { XTCP_CC_INFO_NONE, XTCP_CC_INFO_BBR, XTCP_CC_INFO_DCTCP } kind;
	u64 bw;			/* BBR: bytes a second */
	u32 min_rtt_us;		/* ~0: none yet */
	u32 pacing_gain;	/* in 1/256 */
	u32 cwnd_gain;
	u32 alpha;		/* DCTCP: share of marked bytes, in 1/1024 */
	u32 marked;		/* bytes in the window now running, */
	u32 total;		/* and all */
	bool ecn;		/* it has ECN to go by */
	bool ce;		/* as receiver: the last packet was marked */
};

void xtcp_cc_info(const struct xtcp_tcb *tcb, struct xtcp_cc_info *info);
const char *xtcp_cc_name(const struct xtcp_cc *cc);
void xtcp_cc_set(struct xtcp_tcb *tcb, const struct xtcp_cc *cc, u64 now);
u64 xtcp_pacing_rate(const struct xtcp_tcb *tcb);
void xtcp_set_pacing_max(struct xtcp_tcb *tcb, u64 rate);
u32 xtcp_snd_want(const struct xtcp_tcb *tcb);

/* Is it of no use without ECN? */
bool xtcp_cc_needs_ecn(const struct xtcp_cc *cc);

/* ---- icmp.c: word from the network ---- */

enum xtcp_icmp {
	XTCP_ICMP_SOFT,		/* report, go on (RFC 9293 MUST-56) */
	XTCP_ICMP_HARD,		/* abort while connecting, else soft (5927) */
	XTCP_ICMP_TOO_BIG,	/* @mss: what fits now */
};

u32 xtcp_icmp(struct xtcp_tcb *tcb, enum xtcp_icmp kind, u32 quoted_seq, u16 mss,
	      u64 now);

/* ---- timewait.c: a record that outlives the TCB ---- */

/*
 * Of a connection in TIME-WAIT, or in FIN-WAIT-2 with nobody who reads. There
 * may be a million of them: times are in ms and wrap, and what the keyed hash
 * of the addresses gives again, the offset of timestamps, is not kept.
 */
struct xtcp_tw {
	u32 deadline;		/* ms: the end of 2 MSL, or of FIN-WAIT-2 */
	u32 ack_at;		/* ms: when the last answer left */
	u32 snd_nxt;
	u32 rcv_nxt;
	u32 ts_recent;
	u32 timewait_ms;	/* 2 MSL */
	u16 wnd;		/* as it goes onto the wire */
	u8 rcv_wscale;		/* shift of it */
	u8 flags;		/* XTCP_TW_F_* */
};

#define XTCP_TW_F_TS		0x01	/* timestamps were agreed on */
#define XTCP_TW_F_FIN_WAIT_2	0x02	/* the peer's FIN is still to come */
#define XTCP_TW_F_SKIPPED	0x04	/* an answer was due and did not leave: the
					 * caller may count that, and clear it
					 */
#define XTCP_TW_F_ECN		0x70	/* header flags AE, CWR, ECE of each answer */
#define XTCP_TW_ECN_SHIFT	4

enum xtcp_tw_act {
	XTCP_TW_DROP,		/* seg->reason */
	XTCP_TW_ACK,		/* send xtcp_tw_plan(), deadline may have moved */
	XTCP_TW_SYN,		/* RFC 6191: end the record, give the SYN to the
				 * listener
				 */
	XTCP_TW_RST,		/* send xtcp_tw_rst(), end the record */
	XTCP_TW_END,		/* end the record, send nothing */
};

void xtcp_tw_init(struct xtcp_tw *tw, const struct xtcp_tcb *tcb, u64 now);
bool xtcp_tw_reopens(const struct xtcp_tw *tw, const struct xtcp_seg *seg);
enum xtcp_tw_act xtcp_tw_rx(struct xtcp_tw *tw, struct xtcp_seg *seg, u64 now);
void xtcp_tw_plan(const struct xtcp_tw *tw, u32 ts_off, struct xtcp_plan *plan,
		  u64 now);
void xtcp_tw_rst(const struct xtcp_tw *tw, struct xtcp_plan *plan);
bool xtcp_tw_reusable(const struct xtcp_tw *tw, u32 delay_ms, u64 now);

/*
 * May a record take the place of this connection? In FIN-WAIT-2 once it has
 * said all it had to say, if it may wait there at all.
 */
static inline bool xtcp_tw_ready(const struct xtcp_tcb *tcb)
{
	if (tcb->state == XTCP_TIME_WAIT)
		return true;
	return tcb->state == XTCP_FIN_WAIT_2 && tcb->flags & XTCP_F_ORPHAN &&
	       xtcp_linger2_ms(tcb) && !tcb->ack_pending;
}

/* The clock of records. */
static inline u32 xtcp_tw_clock(u64 now)
{
	return (u32)div_u64(now, XTCP_NSEC_PER_MSEC);
}

/* ms until a record ends; none or less: now. */
static inline s32 xtcp_tw_left(const struct xtcp_tw *tw, u64 now)
{
	return (s32)(tw->deadline - xtcp_tw_clock(now));
}

/* When a record ends, in ns. */
static inline u64 xtcp_tw_deadline(const struct xtcp_tw *tw, u64 now)
{
	return (div_u64(now, XTCP_NSEC_PER_MSEC) + xtcp_tw_left(tw, now)) *
	       XTCP_NSEC_PER_MSEC;
}

/* ---- isn.c ---- */

u32 xtcp_ts_offset(const struct xtcp_params *par, const struct xtcp_flow *flow);

/* ---- counters, see mib.h ---- */

/*
 * xtcp_mib_take - what happened since the last time this was asked
 * @tcb: connection
 *
 * Return: bit per enum xtcp_mib below XTCP_MIB_ENGINE_MAX.
 */
static inline u64 xtcp_mib_take(struct xtcp_tcb *tcb)
{
	u64 mib = tcb->mib;

	tcb->mib = 0;
	return mib;
}

/* ---- check.c ---- */

/* NULL, or the invariant that does not hold; for test and debug builds. */
const char *xtcp_check(const struct xtcp_tcb *tcb);
const char *xtcp_check_at(const struct xtcp_tcb *tcb, u64 now);

#endif /* XTCP_ENGINE_H */
