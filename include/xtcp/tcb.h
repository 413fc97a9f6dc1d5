/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The control block: everything the engine knows of one connection.
 *
 * Owner of every field is the engine (src/core). The glue reads; it changes
 * a TCB only through the calls of engine.h. All of it is protected by
 * whatever serialises those calls: the socket lock in the module.
 *
 * Sequence variables carry the names of RFC 9293, 3.3.1. A sequence number
 * of "payload" never counts SYN or FIN; the others do.
 */
#ifndef XTCP_TCB_H
#define XTCP_TCB_H

#include <xtcp/env.h>
#include <xtcp/mib.h>
#include <xtcp/seg.h>

/* RFC 9293, 3.3.2; the values are those of /proc/net/tcp and of TCP_INFO. */
enum xtcp_state {
	XTCP_ESTABLISHED = 1,
	XTCP_SYN_SENT,
	XTCP_SYN_RECEIVED,
	XTCP_FIN_WAIT_1,
	XTCP_FIN_WAIT_2,
	XTCP_TIME_WAIT,
	XTCP_CLOSED,
	XTCP_CLOSE_WAIT,
	XTCP_LAST_ACK,
	XTCP_LISTEN,
	XTCP_CLOSING,
};

/* Deadlines, each an absolute time or XTCP_NEVER; xtcp_timeout() runs them. */
enum xtcp_dl {
	XTCP_DL_TLP,		/* RFC 8985 7: tail loss probe; puts the next one off */
	XTCP_DL_RTO,		/* RFC 6298; SYN and SYN-ACK too */
	XTCP_DL_REO,		/* RFC 8985 6.2: late, or lost? */
	XTCP_DL_PACE,		/* the next departure under pacing */
	XTCP_DL_DELACK,		/* RFC 9293 3.8.6.3 */
	XTCP_DL_PERSIST,	/* zero window probe, SWS override */
	XTCP_DL_KEEP,		/* keepalive */
	XTCP_DL_LINGER,		/* FIN-WAIT-2 of an orphan, TIME-WAIT */
	XTCP_DL_USER,		/* user timeout; R2 of what the local queue refuses */
	XTCP_DL_RETRY,		/* a transmission that could not be made */
	XTCP_DL_SMALL,		/* small writes that wait to be merged */
	XTCP_DL_MAX
};

/*
 * A node of a search tree, treap.c. It comes first in what has one, where its
 * fields can be named without it: a pointer to either is one to the other.
 */
struct xtcp_node {
	struct xtcp_node *left;
	struct xtcp_node *right;
	u32 prio;		/* heap order */
	u32 seq;		/* what it is found by */
};

/*
 * One transmission: [seq, end) left at sent_at in one go, whether one packet
 * or a TSO burst of forty. The list in sequence order covers SND.UNA to
 * SND.NXT without gap or overlap; a tree finds the one that holds a number
 * (xtcp_map_find()). Each entry is besides on one of two lists or
 * on none: in flight, in order of departure; lost, waiting to be sent again;
 * SACKed, on none, and merged with SACKed neighbours. Memory is lent by the
 * caller (xtcp_map_lend()) and given back (xtcp_map_reclaim()).
 */
struct xtcp_sent {
	union {
		struct xtcp_node node;
		struct {
			struct xtcp_node *left;
			struct xtcp_node *right;
			u32 prio;
			u32 seq;	/* SYN and FIN occupy a number as usual */
		};
	};
	struct xtcp_sent *next;	/* in sequence order; free list link too */
	struct xtcp_sent *prev;
	struct xtcp_sent *tnext;	/* in order of departure, or of loss */
	struct xtcp_sent *tprev;
	u64 sent_at;		/* ns, of the last transmission */
	u64 first_at;		/* ns, of the first one: user timeout */
	u32 end;
	u32 order;		/* number of the last transmission; wraps */

	/* as the connection was when this left, for rate.c */
	u64 delivered_at;	/* ns */
	u64 first_tx_at;	/* ns, start of the flight this belongs to */
	u32 delivered;		/* bytes */
	u32 lost;		/* bytes */
	u32 flight;		/* bytes, this one included */

	u8 marks;		/* XTCP_SENT_* */
	u8 nrtx;		/* retransmissions, saturating */
	u16 mss;		/* bytes, of the segments it left in */
};

#define XTCP_SENT_LOST	0x01	/* to be sent again, not yet done */
#define XTCP_SENT_RTX	0x02	/* sent more than once: Karn's rule applies */
#define XTCP_SENT_PROBE	0x04	/* went out against a closed window */
#define XTCP_SENT_SACKED 0x08	/* the peer holds it (RFC 2018) */
#define XTCP_SENT_APP	0x10	/* left while the application was the limit */
#define XTCP_SENT_SMALL	0x20	/* its last segment is shorter than the MSS was */

/* Enough for a request and a FIN without borrowing anything. */
#define XTCP_SENT_EMBEDDED	2

/*
 * A packet held out of order, embedded by the caller in the packet itself
 * (skb->cb in the module: 48 bytes). A run of contiguous packets is one
 * entry of the tree, its other packets chained behind it.
 */
struct xtcp_ooo {
	union {
		struct xtcp_node node;	/* of the run's first packet */
		struct {
			struct xtcp_node *left;
			struct xtcp_node *right;
			u32 prio;
			u32 seq;	/* bytes to take from this packet: [seq, end) */
		};
	};
	struct xtcp_ooo *next;	/* next packet of the run; then of pop's list */
	struct xtcp_ooo *tail;	/* last packet of the run, in its first */
	u32 end;
};

struct xtcp_tcb;

/* A congestion control; the interface is described in src/core/cc/cc.h. */
struct xtcp_cc;

/* The key of SYN cookies of one slot of time, syncookie.c. */
struct xtcp_syncookie_key {
	u64 key[2];
	u32 slot;		/* 0: none was drawn yet */
};

/* Knobs and secrets of a namespace, read by every connection in it. */
struct xtcp_params {
	const struct xtcp_cc *cc;	/* of new connections */
	u64 isn_key[2];		/* RFC 6528, and timestamp offsets; never changes */
	struct xtcp_syncookie_key syncookie[2];	/* by parity of the slot */
	u32 rto_min_us;		/* 200000; RFC 6298 (2.4) says 1 s, see rto.c */
	u32 rto_max_us;		/* 120 s; at least 60 s, RFC 6298 (2.5) */
	u32 rto_init_us;	/* 1 s, RFC 6298 (2.1) */
	u32 delack_min_us;	/* 40 ms */
	u32 delack_max_us;	/* 200 ms; below 500, RFC 9293 MUST-40 */
	u32 keep_idle_ms;	/* 2 h */
	u32 keep_intvl_ms;	/* 75 s */
	u32 fin_timeout_ms;	/* 60 s, orphan in FIN-WAIT-2 */
	u32 timewait_ms;	/* 60 s = 2 MSL */
	u32 challenge_ms;	/* 500 ms between challenge ACKs of one TCB */
	u32 challenge_max;	/* and so many a second; INT_MAX */
	u32 min_rtt_wlen_s;	/* 300: window of min_rtt_us */
	u32 syn_source_rate;	/* 8 SYNs a second without completion; 0: unlimited */
	u32 syn_source_burst;	/* 128 of them at once */
	u8 syn_source_prefix4;	/* 32 bits of an address that make a source */
	u8 syn_source_prefix6;	/* 64 */
	u8 min_tso_segs;	/* 2: a burst has at least so many segments */
	u8 tso_rtt_log;		/* 9: bursts are longer on paths below 2^9 us and near it */
	u8 syn_linear;		/* 0: SYNs repeated before their timeout doubles */
	u16 pacing_ss_pct;	/* 200: paced at this much of a window per round */
	u16 pacing_ca_pct;	/* 120: trip, in slow start and after it */
	u16 min_snd_mss;	/* 48: floor against tiny MSS attacks */
	u16 initial_cwnd;	/* 10 segments, RFC 6928 */
	u8 keep_probes;		/* 9 */
	u8 syn_retries;		/* 7: 255 s; RFC 9293 MUST-23 wants 180 */
	u8 synack_retries;	/* 5 */
	u8 retries1;		/* 3, R1 of RFC 9293 3.8.3 */
	u8 retries2;		/* 15, R2 */
	u8 orphan_retries;	/* 8 */
	u16 base_mss;		/* 1024: first size in a black hole, RFC 4821 7.2 */
	u16 mtu_probe_floor;	/* 48: the smallest */
	u16 probe_threshold;	/* 8: bytes not worth searching for */
	u32 probe_interval_s;	/* 600: until a wider path is looked for */
	u8 mtu_probing;		/* 0: off, 1: in black holes, 2: always */
	u8 dupthresh;		/* 3, RFC 5681 */
	u8 ecn;			/* 2: accept only; 0..5, net.ipv4.tcp_ecn */
	u8 ecn_option;		/* 2; 0..3, net.ipv4.tcp_ecn_option */
	bool ecn_fallback;	/* SYN, SYN-ACK with ECN lost: next without */
	bool rack;		/* RACK loss detection, RFC 8985 */
	bool tlp;		/* tail loss probes */
	bool frto;		/* RFC 5682 */
	bool pacing;		/* pace every algorithm, not only those that ask */
	bool wscale;		/* offer window scaling */
	bool timestamps;	/* offer timestamps */
	bool sack;		/* offer SACK */
	bool dsack;		/* tell of duplicates */
	bool idle_restart;	/* slow start after idle, RFC 5681 4.1 */
	bool autocorking;	/* small writes wait up to 100 us to be merged: small.c */
	bool shrink_window;	/* a scaled window may be taken back */
};

struct xtcp_tcb {
	/* read by every segment, written by few */
	const struct xtcp_params *par;
	const struct xtcp_cc *cc;
	u8 state;		/* enum xtcp_state; written by state.c only */
	u8 err;			/* enum xtcp_err */
	u8 opts;		/* XTCP_OPT_* agreed on in the handshake */
	u8 snd_wscale;		/* shift of windows the peer sends, 0..14 */
	u8 rcv_wscale;		/* shift of windows we send, 0..14 */
	u8 cong;		/* enum xtcp_cong */
	u16 mss;		/* bytes of payload a segment may carry now */
	u32 flags;		/* XTCP_F_* */
	u16 peer_mss;		/* the peer's MSS option, or 536 / 1220 */
	u16 path_mss;		/* MTU less fixed headers */
	u16 rcv_mss;		/* size of the peer's full segments, estimated */
	u16 adv_mss;		/* what our SYN offered */
	u16 rcv_small;		/* size below rcv_mss of the last segment, if full; 0: it was not */
	u16 rcv_first;		/* segments of the first window, while it limits the next; else 0 */
	u32 gso_max;		/* bytes of payload one plan may carry */
	u32 ts_off;		/* added to the ms clock in TSval */
	u8 ecn;			/* enum xtcp_ecn: asked for, then agreed on */
	u8 ecn_last;		/* ECN field of the packet received last */
	u16 ecn_flags;		/* XTCP_ECN_* */

	/* transmit */
	u32 snd_una;		/* oldest unacknowledged */
	u32 snd_nxt;		/* next new; the highest ever sent + 1 */
	u32 snd_end;		/* one after the last payload byte written */
	u32 snd_wnd;		/* bytes, scaled */
	u32 snd_wl1;		/* SEG.SEQ of the last window update */
	u32 snd_wl2;		/* SEG.ACK of it */
	u32 max_snd_wnd;	/* largest window the peer ever offered */
	u32 snd_sml;		/* end of the last small segment: Minshall */
	u16 small_out;		/* segments below the MSS in flight, see small.c */
	u16 small_more;		/* how many may be, beyond the initial window */
	u8 small_wrote;		/* writes that wait to be merged, at most 255 */
	bool small_merge;	/* many did: one such segment in flight is enough */
	bool small_go;		/* they have waited long enough */
	u32 snd_up;		/* one after the last urgent byte written */
	u32 iss;
	u32 lost_out;		/* bytes marked lost and not sent again */
	u32 sacked_out;		/* bytes the peer has told by SACK that it holds */
	u32 sack_rest;		/* blocks are not marked from here on; SND.UNA: all are */
	struct xtcp_sent *map_head;	/* lowest sequence number */
	struct xtcp_sent *map_tail;
	struct xtcp_sent *map_old;	/* in flight: the one that left first */
	struct xtcp_sent *map_new;	/* and the one that left last */
	struct xtcp_sent *map_lost;	/* lost: the one to be sent again first */
	struct xtcp_sent *map_lost_tail;
	struct xtcp_node *map_root;	/* all of them, by number */
	struct xtcp_sent *map_free;	/* lent and unused */
	u32 map_nfree;
	u32 departures;		/* transmissions so far, those of the same data too; wraps */

	/* congestion and loss */
	u32 cwnd;		/* bytes */
	u32 ssthresh;		/* bytes */
	u32 recover;		/* RFC 6582: SND.NXT at the last loss event */
	u32 prr_delivered;	/* bytes since recovery began (RFC 9937) */
	u32 prr_out;		/* bytes sent since recovery began */
	u32 recover_fs;		/* RecoverFS: bytes in flight as it began */
	u32 lost;		/* bytes ever marked lost; wraps */
	u32 flight_most;	/* bytes, largest flight of this round trip, */
	u32 flight_end;		/* which ends with the ACK of this: SND.NXT then */
	u16 initcwnd;		/* segments, of the route; 0: params.initial_cwnd */
	u16 cwnd_clamp;		/* segments, of the route: most that cwnd is; 0: none */
	u64 pacing_rate;	/* bytes a second; 0: not known yet */
	u64 pacing_max;		/* SO_MAX_PACING_RATE, bytes a second; ~0: none */
	u64 pace_next;		/* ns, when the next packet may leave */
	u64 cc_priv[24];	/* of the congestion control */
	u8 dupacks;		/* saturating */
	u8 retries;		/* timeouts of the segment at SND.UNA */
	u8 backoff;		/* doublings of the RTO now in force */
	u8 probes;		/* window or keepalive probes unanswered */

	/* round-trip time, RFC 6298 */
	u32 srtt8_us;		/* 8 * SRTT; 0: no sample yet */
	u32 rttvar4_us;		/* 4 * RTTVAR */
	u32 rto_us;		/* before backing off */
	u32 min_rtt_us;		/* of the last minutes, see rtt.c; ~0: no sample yet */
	u32 min_rtt_cur;	/* of the half window now running */
	u64 min_rtt_at;		/* ns, when that began */

	/* RACK-TLP, RFC 8985 */
	u32 rack_order;		/* of what is delivered, the one that left last */
	u32 rack_end;		/* its end */
	u32 rack_rtt_us;	/* its round trip */
	u32 rack_fack;		/* highest sequence number delivered */
	u32 rack_dsack_round;	/* SND.NXT when the multiplier last grew */
	u16 reordering;		/* segments by which the worst arrived late; 0: none did */
	u8 net_dups;		/* D-SACKs came for what was sent once */
	u8 rack_mult;		/* quarters of min_rtt to wait, at least 1 */
	u8 rack_persist;	/* recoveries until the multiplier is 1 again */
	bool rate_app;		/* the application limited the last rate sample */
	u16 dupthresh;		/* segments, of the route; 0: params.dupthresh */
	u32 tlp_end;		/* SND.NXT as the probe left, with XTCP_F_TLP_* */
	u32 tlp_seq;		/* first byte of the probe */
	u32 ack_delay_us;	/* what spurious probes taught of the peer's delay */

	/* ECN, ecn.c; r_ counts what we receive, s_ what the peer says */
	u8 ecn_syn;		/* field of the peer's SYN or SYN-ACK, XTCP_CE.. */
	u8 ecn_seen;		/* bit per field that data was received with */
	u8 ecn_due;		/* bit per field whose count is to be told */
	u8 ce_unsaid;		/* CE-marked packets since the last ACK */
	u8 r_cep;		/* CE-marked packets, modulo 256 */
	u8 s_cep;		/* the same, modulo 8 */
	u32 r_e0b;		/* bytes with ECT(0), */
	u32 r_e1b;		/* ECT(1), */
	u32 r_ceb;		/* CE */
	union {
		u32 s_ceb;	/* modulo 2^24 */
		u32 cwr_end;	/* RFC 3168: SND.NXT as CWR came to be owed */
	};

	/* undo, RFC 3522, 3708, 5682 */
	u64 undo_rtx_at;	/* ns, when the first of what is sent again left */
	u32 prior_cwnd;		/* bytes, before the last reduction */
	u32 prior_ssthresh;
	u32 undo_una;		/* SND.UNA then */
	u32 undo_rtx;		/* bytes sent again since and not D-SACKed */
	u32 undo_rtx_end;	/* one after the highest of these */

	/* delivery rate, rate.c; all wrap */
	u32 delivered;		/* bytes */
	u32 delivered_ce;	/* bytes, of these CE-marked */
	u32 app_limited;	/* until delivered is beyond this, if XTCP_F_APP */
	u64 delivered_at;	/* ns, when delivered last grew */
	u64 first_tx_at;	/* ns, departure of the newest delivered, or start */
	u32 rate_delivered;	/* the last sample: bytes ... */
	u32 rate_us;		/* ... in this time; TCP_INFO */

	/* receive */
	u32 rcv_nxt;
	u32 rcv_wup;		/* RCV.NXT when we last sent an ACK */
	u32 rcv_wnd;		/* window as of rcv_wup, bytes */
	u32 rcv_most;		/* right edge of the largest window before that */
	u32 rcv_read;		/* one after the last byte the reader took */
	u32 rcv_space;		/* bytes the glue has room for beyond RCV.NXT */
	u32 rcv_up;		/* one after the last urgent byte announced */
	u32 irs;
	u32 ts_recent;
	u32 ack_seq_last;	/* Last.ACK.sent, RFC 7323 */
	u64 ts_recent_at;	/* ns */

	/* how fast the reader takes it, rwnd.c; ticks are of 1024 ns */
	u32 rcv_rtt_us;		/* as this end sees it; 0: no sample yet */
	u32 rcv_rtt_mark;	/* TSecr, or sequence number, of the last sample */
	u32 rcv_rtt_at;		/* ticks, when that mark was set */
	u32 round_at;		/* ticks, when the present round trip began */
	u32 round_bytes;	/* read in it */
	u32 rcv_round;		/* most ever read in one; 0: none is over yet */
	u8 ack_pending;		/* XTCP_ACKP_* */
	u8 quickack;		/* segments still to acknowledge at once, or XTCP_QUICKACK_ALL */
	u8 nsack;		/* entries of sack[], below */
	u32 ato_us;		/* delayed ACK time in force */
	u64 last_rx_at;		/* ns, any acceptable segment */
	u64 last_data_rx_at;	/* ns, segment with payload */
	u64 last_data_tx_at;	/* ns */

	/* out of order, see reass.c */
	struct xtcp_node *ooo_root;	/* runs, by number */
	struct xtcp_ooo *ooo_ready;	/* in order now, waiting for pop */
	struct xtcp_ooo *ooo_ready_tail;
	struct xtcp_ooo *ooo_dead;	/* superseded, waiting for reap */
	u32 ooo_bytes;
	u32 ooo_runs;
	u32 sack[XTCP_MAX_SACKS];	/* starts of runs to tell of, newest first */
	u32 dup_seq;		/* of the last segment that had come before */
	u32 dsack_start;	/* received twice, to be told once; */
	u32 dsack_end;		/* equal: nothing */
	u32 prio_seed;		/* state of the generator of treap.c */

	/* timers */
	u32 dl_armed;		/* bit per enum xtcp_dl that is not NEVER */
	u16 rto_min_ms;		/* floor of the RTO, of the route; 0: params.rto_min_us */
	u16 route_rtt_ms;	/* for the RTO of the first data, of the route; 0: none */
	u64 dl[XTCP_DL_MAX];	/* ns */

	/* slow path */
	u64 challenge_at;	/* ns, when the last challenge ACK left */
	u64 ptb_at;		/* ns, when an ICMP error last had data sent again */
	u64 keep_probed_at;	/* ns, when a keepalive probe was last due */
	u32 keep_idle_ms;	/* 0 in these and the next two: the namespace's */
	u32 keep_intvl_ms;
	u32 user_timeout_ms;	/* 0: R2 decides */
	u32 linger2_ms;		/* life of an orphan in FIN-WAIT-2, XTCP_LINGER2_PAR */
	u32 timewait_ms;	/* 2 MSL; 0: the namespace's */
	u32 rcv_fin;		/* number of the peer's FIN, with XTCP_F_FIN_SEEN */
	u16 user_mss;		/* TCP_MAXSEG, 0: none */

	/* search for the path MTU, mtup.c; sizes as in path_mss */
	u16 mtup_low;		/* arrives */
	u16 mtup_high;		/* may arrive */
	u16 mtup_size;		/* of the probe now out, 0: none */
	u32 mtup_seq;		/* the probe's bytes */
	u32 mtup_end;
	u64 mtup_at;		/* ns, of the last probe */
	u8 mtup_on;		/* the search has begun */
	u8 keep_probes;
	u8 syn_retries;
	u8 aborts;		/* retries in a row that could not be sent */
	u32 syn_rto_us;		/* first RTO of the SYN, from a cache; 0: none */
	u16 route_ssthresh;	/* segments, for the first ssthresh; 0: none */

	/* Fast Open, fastopen.c */
	u8 fo;			/* XTCP_FO_* */
	u8 fo_fail;		/* enum xtcp_fo_fail */
	u16 fo_room;		/* bytes of payload our SYN may carry */
	struct xtcp_cookie cookie;	/* to be sent; then what the SYN-ACK gave */

	u64 mib;		/* bit per enum xtcp_mib: happened, not yet counted */

	/* statistics, TCP_INFO */
	u64 bytes_sent;		/* payload, retransmissions included */
	u64 bytes_retrans;
	u64 bytes_acked;
	u64 bytes_received;
	u32 segs_in;
	u32 segs_out;
	u32 data_segs_in;
	u32 data_segs_out;
	u32 total_retrans;	/* segments */
	u32 rtx_timeouts;
	u32 fast_rtx;		/* recoveries begun without a timeout */
	u32 tlp_probes;
	u32 tlp_recovered;	/* losses a probe has repaired by itself */
	u32 dsacks_in;		/* duplicates the peer has told of */
	u32 undos;		/* reductions taken back */
	u32 spurious_rtos;
	u32 reneges;		/* the peer dropped what it had SACKed */
	u32 rcv_ooo_segs;

	struct xtcp_sent map_own[XTCP_SENT_EMBEDDED];
};

/* tcb->flags */
#define XTCP_F_PASSIVE		0x0001	/* SYN-RECEIVED came from LISTEN */
#define XTCP_F_FIN_QUEUED	0x0002	/* the application is done sending */
#define XTCP_F_FIN_SEEN		0x0004	/* rcv_fin is valid */
#define XTCP_F_ORPHAN		0x0008	/* close(): nobody reads or writes */
#define XTCP_F_SEND_RST		0x0010	/* output owes the peer a RST */
#define XTCP_F_NODELAY		0x0020	/* Nagle off */
#define XTCP_F_CORK		0x0040	/* hold partial segments */
#define XTCP_F_MORE		0x0080	/* MSG_MORE on the last write */
#define XTCP_F_KEEPALIVE	0x0100
#define XTCP_F_SND_URG		0x0200	/* snd_up is ahead of SND.UNA */
#define XTCP_F_RCV_URG		0x0400	/* rcv_up is ahead of RCV.NXT */
#define XTCP_F_PROBE		0x0800	/* output owes a window probe */
#define XTCP_F_KEEP_PROBE	0x1000	/* output owes a keepalive probe */
#define XTCP_F_SWS_OVERRIDE	0x2000	/* send though the segment is small */
#define XTCP_F_PACE_WAIT	0x4000	/* nothing leaves before pace_next */
#define XTCP_F_QUICKACK		0x8000	/* TCP_QUICKACK: no delayed ACKs */
#define XTCP_F_PINGPONG		0x10000	/* interactive: delay ACKs */
#define XTCP_F_FIN_SENT		0x20000	/* FIN is below SND.NXT */
#define XTCP_F_SYN_TIMEOUT	0x40000	/* RFC 6298 (5.7): SYN was lost */
#define XTCP_F_PARTIAL		0x80000	/* this recovery saw a partial ACK */
#define XTCP_F_FORCE_RTX	0x100000 /* the first retransmission asks no window */
#define XTCP_F_REORDERED	0x200000 /* this path was seen to reorder */
#define XTCP_F_TLP_OWED		0x400000 /* output owes a tail loss probe */
#define XTCP_F_TLP_OUT		0x800000 /* a probe is unanswered */
#define XTCP_F_TLP_RTX		0x1000000 /* it was a retransmission */
#define XTCP_F_UNDO		0x2000000 /* prior_cwnd and kin are valid */
#define XTCP_F_UNDO_RTX		0x4000000 /* something was sent again since */
#define XTCP_F_FRTO		0x8000000 /* RFC 5682: timeout under suspicion */
#define XTCP_F_APP		0x10000000 /* app_limited is valid */
#define XTCP_F_PACED		0x20000000 /* output keeps to the pacing rate */
#define XTCP_F_FRTO_NEW		0x40000000 /* RFC 5682 step 2b: new data meanwhile */
#define XTCP_F_FLUSH		0x80000000 /* no cork holds what was written so far */

/* tcb->fo; 0 in nearly every connection */
#define XTCP_FO_ASK	0x01	/* the first SYN carries the option, */
#define XTCP_FO_MAY	0x02	/* and data */
#define XTCP_FO_WAIT	0x04	/* it has to wait for data */
#define XTCP_FO_DATA	0x08	/* data went with it */
#define XTCP_FO_ACKED	0x10	/* and was acknowledged; passive: and was taken */
#define XTCP_FO_GIVEN	0x20	/* cookie is new; passive: the SYN-ACK carries it */
#define XTCP_FO_LOST	0x40	/* the path or the peer does not like such SYNs */
#define XTCP_FO_CHILD	0x80	/* passive: open before the handshake is over */

/* tcb->fo_fail: why data did not go with the SYN; the values are TCP_INFO's. */
enum xtcp_fo_fail {
	XTCP_FO_FAIL_NONE,
	XTCP_FO_FAIL_COOKIE,	/* there was no cookie */
	XTCP_FO_FAIL_DATA,	/* the peer acknowledged the SYN alone */
	XTCP_FO_FAIL_SYN,	/* the same, of a SYN that was sent again */
};

/* tcb->ack_pending */
#define XTCP_ACKP_DELAYED	0x1	/* an ACK may wait */
#define XTCP_ACKP_NOW		0x2	/* an ACK must go */
#define XTCP_ACKP_PUSHED	0x4	/* what waits ends in a write of the peer's */
#define XTCP_ACKP_TWICE		0x8	/* and so did something before it */

/* tcb->cong */
enum xtcp_cong {
	XTCP_CONG_OPEN,		/* nothing wrong */
	XTCP_CONG_RECOVERY,	/* fast retransmit and recovery */
	XTCP_CONG_LOSS,		/* after a retransmission timeout */
	XTCP_CONG_CWR,		/* reduction without loss: ECN, a probe's repair, our queue */
};

/* tcb->ecn */
enum xtcp_ecn {
	XTCP_ECN_OFF,
	XTCP_ECN_CLASSIC,	/* RFC 3168 */
	XTCP_ECN_ACC,		/* RFC 9768 */
};

/* tcb->ecn_flags; those of the first line are a half-open connection's, too */
#define XTCP_ECN_NO_ECT		0x0001	/* send none: it would be mangled, or misread */
#define XTCP_ECN_BARE		0x0002	/* half-open connection: SYN-ACK without ECN */
#define XTCP_ECN_OPT_MUTE	0x0004	/* no AccECN option: it gets packets lost */
#define XTCP_ECN_OPT_DEAF	0x0008	/* the peer's option is not to be believed */
#define XTCP_ECN_DEAF		0x0010	/* nor anything it says about marks */
#define XTCP_ECN_ECHO		0x0020	/* RFC 3168: send ECE; RFC 8257: DCTCP.CE */
#define XTCP_ECN_CWR		0x0040	/* RFC 3168: new data is to carry CWR */
#define XTCP_ECN_HELLO		0x0080	/* a bare ACK is to tell ecn_syn */
#define XTCP_ECN_ACE_SEEN	0x0100	/* the peer's first count was looked at */
#define XTCP_ECN_MARKED		0x0200	/* the last ACK moved the peer's count */
#define XTCP_ECN_GUESSED	0x0400	/* bytes in s_ceb were estimated */
#define XTCP_ECN_OPT_DOUBT	0x0800	/* acknowledged data came again: */
#define XTCP_ECN_OPT_TRIED	0x1000	/* and since then an option was sent */
#define XTCP_ECN_SYN_CE		0x2000	/* our SYN or SYN-ACK arrived marked; for the first window */
#define XTCP_ECN_CWR_END	0x4000	/* cwr_end is valid */

/* tcb->linger2_ms: what the namespace says. 0 is a value: no FIN-WAIT-2 at all. */
#define XTCP_LINGER2_PAR	(~0U)

/* Options of a connection, or else its namespace's, as they are at this moment. */
static inline u32 xtcp_keep_idle_ms(const struct xtcp_tcb *tcb)
{
	return tcb->keep_idle_ms ? tcb->keep_idle_ms : tcb->par->keep_idle_ms;
}

static inline u32 xtcp_keep_intvl_ms(const struct xtcp_tcb *tcb)
{
	return tcb->keep_intvl_ms ? tcb->keep_intvl_ms : tcb->par->keep_intvl_ms;
}

static inline u8 xtcp_keep_probes(const struct xtcp_tcb *tcb)
{
	return tcb->keep_probes ? tcb->keep_probes : tcb->par->keep_probes;
}

static inline u8 xtcp_syn_retries(const struct xtcp_tcb *tcb)
{
	return tcb->syn_retries ? tcb->syn_retries : tcb->par->syn_retries;
}

static inline u32 xtcp_linger2_ms(const struct xtcp_tcb *tcb)
{
	return tcb->linger2_ms == XTCP_LINGER2_PAR ? tcb->par->fin_timeout_ms :
						     tcb->linger2_ms;
}

static inline u32 xtcp_timewait_ms(const struct xtcp_tcb *tcb)
{
	return tcb->timewait_ms ? tcb->timewait_ms : tcb->par->timewait_ms;
}

/* tcb->quickack, which never ends: the route says quickack 1. */
#define XTCP_QUICKACK_ALL	255

/* Segments by which reordering is no loss: of the route, or else the namespace's. */
static inline u32 xtcp_dupthresh(const struct xtcp_tcb *tcb)
{
	return tcb->dupthresh ? tcb->dupthresh : tcb->par->dupthresh;
}

/* Bytes in flight: out, not known lost, not known to have arrived. */
static inline u32 xtcp_flight(const struct xtcp_tcb *tcb)
{
	return tcb->snd_nxt - tcb->snd_una - tcb->lost_out - tcb->sacked_out;
}

/* Is our SYN not acknowledged yet? Its number comes again after 4 GB. */
static inline bool xtcp_syn_out(const struct xtcp_tcb *tcb)
{
	return tcb->snd_una == tcb->iss && !tcb->bytes_acked;
}

/* First payload byte not yet acknowledged: the SYN is not payload. */
static inline u32 xtcp_snd_data_una(const struct xtcp_tcb *tcb)
{
	return tcb->snd_una + xtcp_syn_out(tcb);
}

/* A child of a listener that may send and be read in SYN-RECEIVED (RFC 7413, 4.2.2). */
static inline bool xtcp_fo_child(const struct xtcp_tcb *tcb)
{
	return tcb->fo & XTCP_FO_CHILD;
}

#endif /* XTCP_TCB_H */
