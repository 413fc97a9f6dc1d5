/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The control block: everything the engine knows of one connection.
 *
 * The engine (src/core) owns every field. The module only reads them; it changes
 * a TCB through the calls of engine.h. What serialises those calls protects all of
 * it: the socket lock in the module.
 *
 * Sequence variables are u32 in host byte order and carry the names of RFC 9293,
 * 3.3.1. Lengths are bytes of payload: SYN and FIN do not count. ns are times on the
 * caller's clock.
 */
#ifndef XTCP_TCB_H
#define XTCP_TCB_H

#include <xtcp/env.h>
#include <xtcp/mib.h>
#include <xtcp/seg.h>

/* RFC 9293, 3.3.2; the values are those of /proc/net/tcp and TCP_INFO. */
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

/* Deadlines, each a time or XTCP_NEVER. xtcp_timeout() runs them in this order. */
enum xtcp_dl {
	XTCP_DL_TLP,		/* tail loss probe, RFC 8985 7; it postpones the RTO */
	XTCP_DL_RTO,		/* retransmission, RFC 6298; SYN and SYN-ACK too */
	XTCP_DL_REO,		/* end of the reordering window, RFC 8985 6.2 */
	XTCP_DL_PACE,		/* the next departure under pacing */
	XTCP_DL_DELACK,		/* delayed ACK, RFC 9293 3.8.6.3 */
	XTCP_DL_PERSIST,	/* zero window probe, SWS override */
	XTCP_DL_KEEP,		/* keepalive */
	XTCP_DL_LINGER,		/* FIN-WAIT-2 of an orphan, TIME-WAIT */
	XTCP_DL_USER,		/* user timeout, or R2 since xtcp_tx_abort() */
	XTCP_DL_RETRY,		/* next try after xtcp_tx_abort() */
	XTCP_DL_SMALL,		/* small writes that wait to be merged */
	XTCP_DL_MAX
};

/*
 * A node of a search tree, treap.c. It is the first member of the structures below, so
 * that a pointer to one is a pointer to the other; an anonymous struct repeats its fields
 * there, to be named without it.
 */
struct xtcp_node {
	struct xtcp_node *left;
	struct xtcp_node *right;
	u32 prio;		/* heap order */
	u32 seq;		/* key */
};

/*
 * One transmission: [seq, end) left at sent_at in one go, as one packet or as a TSO
 * burst. The list in sequence order covers SND.UNA to SND.NXT without gap or overlap; a
 * tree finds the entry that holds a sequence number (xtcp_map_find()). In addition an
 * entry is on one of two lists or on none: if in flight, on the list in order of
 * departure; if lost, on the list of what is to be retransmitted; if SACKed, on none,
 * and merged with SACKed neighbours. The caller lends the memory (xtcp_map_lend()) and
 * gets it back (xtcp_map_reclaim()).
 */
struct xtcp_sent {
	union {
		struct xtcp_node node;
		struct {
			struct xtcp_node *left;
			struct xtcp_node *right;
			u32 prio;
			u32 seq;	/* SYN and FIN count */
		};
	};
	struct xtcp_sent *next;	/* in sequence order; also link of the free list */
	struct xtcp_sent *prev;
	struct xtcp_sent *tnext;	/* in order of departure, or of retransmission */
	struct xtcp_sent *tprev;
	u64 sent_at;		/* ns, of the last transmission */
	u64 first_at;		/* ns, of the first transmission: for the user timeout */
	u32 end;		/* one after the last sequence number */
	u32 order;		/* tcb.departures at the last transmission; wraps */

	/* fields of the TCB as this left, for rate.c */
	u64 delivered_at;	/* ns */
	u64 first_tx_at;	/* ns, start of the flight that this belongs to */
	u32 delivered;		/* bytes */
	u32 lost;		/* bytes */
	u32 flight;		/* bytes, this one included */

	u8 marks;		/* XTCP_SENT_* */
	u8 nrtx;		/* retransmissions, saturating */
	u16 mss;		/* bytes of payload per segment */
};

#define XTCP_SENT_LOST	0x01	/* lost, and not retransmitted yet */
#define XTCP_SENT_RTX	0x02	/* sent more than once: Karn's rule applies */
#define XTCP_SENT_PROBE	0x04	/* sent as a zero window probe */
#define XTCP_SENT_SACKED 0x08	/* the peer holds it (RFC 2018) */
#define XTCP_SENT_APP	0x10	/* sent while the application was the limit */
#define XTCP_SENT_SMALL	0x20	/* its last segment is below the MSS */

/* Entries in the TCB: enough for a request and a FIN without lent memory. */
#define XTCP_SENT_EMBEDDED	2

/*
 * A packet held out of order. The caller embeds it in the packet (in the module
 * skb->cb, 48 bytes). A run of contiguous packets is one entry of the tree: its first
 * packet, with the others chained behind.
 */
struct xtcp_ooo {
	union {
		struct xtcp_node node;	/* of the run's first packet */
		struct {
			struct xtcp_node *left;
			struct xtcp_node *right;
			u32 prio;
			u32 seq;	/* payload that counts: [seq, end) */
		};
	};
	struct xtcp_ooo *next;	/* next packet of the run, or for pop and reap */
	struct xtcp_ooo *tail;	/* in the first packet: last packet of the run */
	u32 end;		/* one after the last byte that counts */
};

struct xtcp_tcb;

/* The key of SYN cookies of one time slot of 2^35 ns, syncookie.c. */
struct xtcp_syncookie_key {
	u64 key[2];
	u32 slot;		/* number of the slot; 0: no key drawn yet */
};

/*
 * Knobs and secrets of a namespace, each with its default. The caller owns them, and may
 * change a field at any time; the engine reads them without a lock.
 */
struct xtcp_params {
	const struct xtcp_cc *cc;	/* of new connections: cubic */
	u64 isn_key[2];		/* secret of ISNs (RFC 6528) and timestamps; constant */
	struct xtcp_syncookie_key syncookie[2];	/* by parity of the slot */
	u32 rto_min_us;		/* 200 ms; RFC 6298 (2.4) says 1 s, see rto.c */
	u32 rto_max_us;		/* 120 s; at least 60 s, RFC 6298 (2.5) */
	u32 rto_init_us;	/* 1 s, RFC 6298 (2.1) */
	u32 delack_min_us;	/* 40 ms */
	u32 delack_max_us;	/* 200 ms; below 500, RFC 9293 MUST-40 */
	u32 keep_idle_ms;	/* 2 h */
	u32 keep_intvl_ms;	/* 75 s */
	u32 fin_timeout_ms;	/* 60 s, orphan in FIN-WAIT-2 */
	u32 timewait_ms;	/* 60 s = 2 MSL */
	u32 challenge_ms;	/* 500 ms between challenge ACKs of one TCB */
	u32 challenge_max;	/* challenge ACKs per second; INT_MAX: no limit */
	u32 min_rtt_wlen_s;	/* 300 s: window of min_rtt_us */
	u32 syn_source_rate;	/* 8 uncompleted SYNs per second and source; 0: no limit */
	u32 syn_source_burst;	/* 128 SYNs: burst of a source */
	u8 syn_source_prefix4;	/* 32 bits of an IPv4 address make a source */
	u8 syn_source_prefix6;	/* 64 bits of an IPv6 address */
	u8 min_tso_segs;	/* 2 segments: smallest limit of a burst */
	u8 tso_rtt_log;		/* 9: for each 2^9 us of RTT the extra burst is halved */
	u8 syn_linear;		/* 0: SYN retransmissions before the timeout doubles */
	u16 pacing_ss_pct;	/* 200 % of a window per RTT in slow start */
	u16 pacing_ca_pct;	/* 120 % of a window per RTT in congestion avoidance */
	u16 min_snd_mss;	/* 48 bytes: floor against tiny MSS attacks */
	u16 initial_cwnd;	/* 10 segments, RFC 6928 */
	u8 keep_probes;		/* 9 keepalive probes */
	u8 syn_retries;		/* 7 retransmissions: 255 s; RFC 9293 MUST-23 wants 180 */
	u8 synack_retries;	/* 5 retransmissions */
	u8 retries1;		/* 3 retransmissions, R1 of RFC 9293 3.8.3 */
	u8 retries2;		/* 15 retransmissions, R2 */
	u8 orphan_retries;	/* 8 retransmissions, R2 of an orphan */
	u16 base_mss;		/* 1024 bytes: first size in a black hole, RFC 4821 7.2 */
	u16 mtu_probe_floor;	/* 48 bytes: smallest size in a black hole */
	u16 probe_threshold;	/* 8 bytes: the search ends within so many */
	u32 probe_interval_s;	/* 600 s: until the search for a larger MTU restarts */
	u8 mtu_probing;		/* 0: off, 1: in black holes, 2: always */
	u8 dupthresh;		/* 3 duplicate ACKs, RFC 5681 */
	u8 ecn;			/* 2: accept only; 0..5, net.ipv4.tcp_ecn */
	u8 ecn_option;		/* 2; 0..3, net.ipv4.tcp_ecn_option */
	bool ecn_fallback;	/* a SYN or SYN-ACK with ECN was lost: next without */
	bool rack;		/* RACK loss detection, RFC 8985 */
	bool tlp;		/* tail loss probes */
	bool frto;		/* F-RTO, RFC 5682 */
	bool pacing;		/* pace all algorithms, not only those that ask for it */
	bool wscale;		/* offer window scaling */
	bool timestamps;	/* offer timestamps */
	bool sack;		/* offer SACK */
	bool dsack;		/* report duplicates, RFC 2883 */
	bool idle_restart;	/* slow start after idle, RFC 5681 4.1 */
	bool autocorking;	/* small writes wait up to 100 us to be merged: small.c */
	bool shrink_window;	/* a scaled window may shrink, RFC 7323 2.4 */
};

/* One connection. The comment at the top of this file says who owns and protects it. */
struct xtcp_tcb {
	/* read for every segment, written rarely */
	const struct xtcp_params *par;	/* knobs of the namespace */
	const struct xtcp_cc *cc;	/* congestion control in use */
	u8 state;		/* enum xtcp_state; written by state.c only */
	u8 err;			/* enum xtcp_err, in CLOSED */
	u8 opts;		/* XTCP_OPT_* agreed on in the handshake */
	u8 snd_wscale;		/* shift of windows the peer sends, 0..14 */
	u8 rcv_wscale;		/* shift of windows we send, 0..14 */
	u8 cong;		/* enum xtcp_cong */
	u16 mss;		/* bytes of payload in a full segment, without options */
	u32 flags;		/* XTCP_F_* */
	u16 peer_mss;		/* bytes: the peer's MSS option, or 536 / 1220 */
	u16 path_mss;		/* bytes: path MTU less fixed headers */
	u16 rcv_mss;		/* bytes: size of the peer's full segments, estimated */
	u16 adv_mss;		/* bytes: MSS option of our SYN */
	u16 rcv_small;		/* bytes of the last segment if full, not rcv_mss; or 0 */
	u16 rcv_first;		/* segments of the first window while it limits; then 0 */
	u32 gso_max;		/* bytes of payload one plan may carry */
	u32 ts_off;		/* ms, added to the clock in TSval */
	u8 ecn;			/* enum xtcp_ecn: first asked for, then agreed on */
	u8 ecn_last;		/* ECN field of the packet received last */
	u16 ecn_flags;		/* XTCP_ECN_* */

	/* transmit */
	u32 snd_una;		/* oldest unacknowledged number */
	u32 snd_nxt;		/* next new number: one after the highest ever sent */
	u32 snd_end;		/* one after the last payload byte written */
	u32 snd_wnd;		/* bytes the peer offers beyond SND.UNA, scale applied */
	u32 snd_wl1;		/* SEG.SEQ of the last window update */
	u32 snd_wl2;		/* SEG.ACK of the last window update */
	u32 max_snd_wnd;	/* bytes, largest window the peer ever offered */
	u32 snd_sml;		/* end of the last small segment, for Minshall's Nagle */
	u16 small_out;		/* segments below the MSS in flight, see small.c */
	u16 small_more;		/* limit of small_out beyond the initial window, segments */
	u8 small_wrote;		/* writes that wait to be merged, at most 255 */
	bool small_merge;	/* limit small_out to one: many writes were merged */
	bool queue_paces;	/* the queue below holds packets until their release time */
	bool small_go;		/* the writes have waited long enough */
	u32 snd_up;		/* one after the last urgent byte written */
	u32 iss;		/* initial send sequence number */
	u32 lost_out;		/* bytes marked lost and not retransmitted */
	u32 sacked_out;		/* bytes SACKed */
	u32 sack_rest;		/* SACK blocks are marked up to here; SND.UNA: all are */
	struct xtcp_sent *map_head;	/* lowest sequence number */
	struct xtcp_sent *map_tail;	/* highest sequence number */
	struct xtcp_sent *map_old;	/* in flight: the one that left first */
	struct xtcp_sent *map_new;	/* in flight: the one that left last */
	struct xtcp_sent *map_lost;	/* lost: the one to be retransmitted first */
	struct xtcp_sent *map_lost_tail;	/* lost: the last one */
	struct xtcp_node *map_root;	/* all entries, by sequence number */
	struct xtcp_sent *map_free;	/* unused entries */
	u32 map_nfree;		/* unused entries */
	u32 departures;		/* transmissions so far, with retransmissions; wraps */

	/* congestion and loss */
	u32 cwnd;		/* bytes */
	u32 ssthresh;		/* bytes */
	u32 recover;		/* RFC 6582: SND.NXT at the last loss event */
	u32 prr_delivered;	/* bytes since recovery began (RFC 9937) */
	u32 prr_out;		/* bytes sent since recovery began */
	u32 recover_fs;		/* bytes in flight as recovery began: RecoverFS */
	u32 lost;		/* bytes ever marked lost; wraps */
	u32 flight_most;	/* bytes, largest flight of this round trip */
	u32 flight_end;		/* SND.NXT at flight_most: its ACK ends the round trip */
	u16 initcwnd;		/* segments, of the route; 0: params.initial_cwnd */
	u16 cwnd_clamp;		/* segments, limit of cwnd by the route; 0: none */
	u64 pacing_rate;	/* bytes per second; 0: not known yet */
	u64 pacing_max;		/* bytes per second, SO_MAX_PACING_RATE; ~0: none */
	u64 pace_next;		/* ns, when the next packet may leave */
	u64 cc_priv[24];	/* state of the congestion control */
	u8 dupacks;		/* duplicate ACKs, saturating */
	u8 retries;		/* timeouts of the segment at SND.UNA */
	u8 backoff;		/* how often the RTO is doubled at present */
	u8 probes;		/* unanswered window or keepalive probes */

	/* round-trip time, RFC 6298 */
	u32 srtt8_us;		/* 8 * SRTT; 0: no sample yet */
	u32 rttvar4_us;		/* 4 * RTTVAR */
	u32 rto_us;		/* RTO without backoff */
	u32 min_rtt_us;		/* least of the last params.min_rtt_wlen_s; ~0: no sample */
	u32 min_rtt_cur;	/* us, least of the present half of that time */
	u64 min_rtt_at;		/* ns, when the present half began */

	/* RACK-TLP, RFC 8985 */
	u32 rack_order;		/* xtcp_sent.order of the last sent that was delivered */
	u32 rack_end;		/* xtcp_sent.end of it */
	u32 rack_rtt_us;	/* round-trip time of it */
	u32 rack_fack;		/* highest sequence number delivered */
	u32 rack_dsack_round;	/* SND.NXT when rack_mult last grew */
	u16 reordering;		/* segments, largest reordering seen; 0: none */
	u8 net_dups;		/* 1: D-SACKs came for what was sent once */
	u8 rack_mult;		/* reordering window, in quarters of min_rtt, at least 1 */
	u8 rack_persist;	/* recoveries until rack_mult is 1 again */
	bool rate_app;		/* the application limited the last rate sample */
	u16 dupthresh;		/* segments, of the route; 0: params.dupthresh */
	u32 tlp_end;		/* SND.NXT as the probe left, with XTCP_F_TLP_OUT */
	u32 tlp_seq;		/* first byte of the probe */
	u32 ack_delay_us;	/* the peer's ACK delay, learnt from spurious probes */

	/* ECN, ecn.c; r_ counts what we receive, s_ what the peer reports */
	u8 ecn_syn;		/* ECN field of the peer's SYN or SYN-ACK, 0..3 */
	u8 ecn_seen;		/* bit per ECN field that data was received with */
	u8 ecn_due;		/* bit per ECN field whose count is to be reported */
	u8 ce_unsaid;		/* CE-marked packets since the last ACK, at most 255 */
	u8 r_cep;		/* CE-marked packets, modulo 256 */
	u8 s_cep;		/* CE-marked packets, modulo 8 */
	u32 r_e0b;		/* bytes with ECT(0) */
	u32 r_e1b;		/* bytes with ECT(1) */
	u32 r_ceb;		/* bytes with CE */
	union {
		u32 s_ceb;	/* bytes with CE, modulo 2^24 */
		u32 cwr_end;	/* RFC 3168: SND.NXT when the window was reduced */
	};

	/* undo, RFC 3522, 3708, 5682 */
	u64 undo_rtx_at;	/* ns, first retransmission since the last reduction */
	u32 prior_cwnd;		/* bytes, before the last reduction */
	u32 prior_ssthresh;	/* bytes, before the last reduction */
	u32 undo_una;		/* SND.UNA at the last reduction */
	u32 undo_rtx;		/* bytes retransmitted since and not D-SACKed */
	u32 undo_rtx_end;	/* one after the highest retransmitted since */

	/* delivery rate, rate.c; all wrap */
	u32 delivered;		/* bytes */
	u32 delivered_ce;	/* bytes delivered and CE-marked */
	u32 app_limited;	/* value of delivered that ends XTCP_F_APP */
	u64 delivered_at;	/* ns, when delivered last grew */
	u64 first_tx_at;	/* ns, departure of the newest delivered, or start */
	u32 rate_delivered;	/* bytes of the last sample, TCP_INFO */
	u32 rate_us;		/* time of the last sample, TCP_INFO */

	/* receive */
	u32 rcv_nxt;		/* next number expected */
	u32 rcv_wup;		/* RCV.NXT when we last sent an ACK */
	u32 rcv_wnd;		/* bytes of window that this ACK offered */
	u32 rcv_most;		/* highest right edge of the windows before it */
	u32 rcv_read;		/* one after the last byte the reader took */
	u32 rcv_space;		/* bytes the caller has room for beyond RCV.NXT */
	u32 rcv_up;		/* one after the last urgent byte announced */
	u32 irs;		/* initial receive sequence number */
	u32 ts_recent;		/* TS.Recent, the peer's ticks */
	u32 ack_seq_last;	/* Last.ACK.sent, RFC 7323 */
	u64 ts_recent_at;	/* ns, when ts_recent was set */

	/* how fast the application reads, rwnd.c; ticks are of 1024 ns and wrap */
	u32 rcv_rtt_us;		/* RTT as the receiver measures it; 0: no sample yet */
	u32 rcv_rtt_mark;	/* TSecr, or sequence number, of the last sample */
	u32 rcv_rtt_at;		/* ticks, when rcv_rtt_mark was set */
	u32 round_at;		/* ticks, when the present round trip began */
	u32 round_bytes;	/* bytes read in the present round trip */
	u32 rcv_round;		/* most bytes read in one; 0: none is over yet */
	u8 ack_pending;		/* XTCP_ACKP_* */
	u8 quickack;		/* segments to acknowledge at once; XTCP_QUICKACK_ALL */
	u8 blocked;		/* enum xtcp_blocked */
	u8 nsack;		/* entries of sack[] in use */
	u32 ato_us;		/* how long an ACK is delayed at present */
	u64 last_rx_at;		/* ns, last acceptable segment */
	u64 last_data_rx_at;	/* ns, last segment with payload */
	u64 last_data_tx_at;	/* ns, last payload sent */

	/* out of order, see reass.c */
	struct xtcp_node *ooo_root;	/* runs, by sequence number */
	struct xtcp_ooo *ooo_ready;	/* in order now, for xtcp_reass_pop() */
	struct xtcp_ooo *ooo_ready_tail;	/* last of them */
	struct xtcp_ooo *ooo_dead;	/* not needed any more, for xtcp_reass_reap() */
	u32 ooo_bytes;		/* payload in all runs */
	u32 ooo_runs;		/* runs in the tree */
	u32 sack[XTCP_MAX_SACKS];	/* starts of the runs to report, newest first */
	u32 dup_seq;		/* SEG.SEQ of the last duplicate segment */
	u32 dsack_start;	/* received twice, to be reported once */
	u32 dsack_end;		/* equal to dsack_start: nothing to report */
	u32 prio_seed;		/* state of treap.c's generator */

	/* timers */
	u32 dl_armed;		/* bit per enum xtcp_dl that is not NEVER */
	u16 rto_min_ms;		/* floor of the RTO, of the route; 0: params.rto_min_us */
	u16 route_rtt_ms;	/* RTT of the route, for the first RTO of data; 0: none */
	u64 dl[XTCP_DL_MAX];	/* ns, by enum xtcp_dl */

	/* slow path */
	u64 challenge_at;	/* ns, when the last challenge ACK left */
	u64 ptb_at;		/* ns, when an ICMP error last had data sent again */
	u64 keep_probed_at;	/* ns, when a keepalive probe was last due */
	u32 keep_idle_ms;	/* 0: params.keep_idle_ms */
	u32 keep_intvl_ms;	/* 0: params.keep_intvl_ms */
	u32 user_timeout_ms;	/* 0: R2 decides */
	u32 linger2_ms;		/* FIN-WAIT-2 of an orphan; or XTCP_LINGER2_PAR */
	u32 timewait_ms;	/* 2 MSL; 0: params.timewait_ms */
	u32 rcv_fin;		/* number of the peer's FIN, with XTCP_F_FIN_SEEN */
	u16 user_mss;		/* bytes, TCP_MAXSEG; 0: none */

	/* search for the path MTU, mtup.c; sizes in bytes, as path_mss */
	u16 mtup_low;		/* largest size known to arrive */
	u16 mtup_high;		/* largest size that may arrive */
	u16 mtup_size;		/* of the probe now out; 0: none */
	u32 mtup_seq;		/* first byte of the probe */
	u32 mtup_end;		/* one after its last byte */
	u64 mtup_at;		/* ns, of the last probe, or start of the search */
	u8 mtup_on;		/* 1: the search has begun */
	u8 keep_probes;		/* 0: params.keep_probes */
	u8 syn_retries;		/* 0: params.syn_retries */
	u8 aborts;		/* times in a row that XTCP_DL_RETRY fired */
	u32 syn_rto_us;		/* first RTO of the SYN, from cached RTTs; 0: none */
	u16 route_ssthresh;	/* segments, initial ssthresh of the route; 0: none */

	/* Fast Open, fastopen.c */
	u8 fo;			/* XTCP_FO_* */
	u8 fo_fail;		/* enum xtcp_fastopen_fail */
	u16 fo_room;		/* bytes of payload our SYN may carry */
	struct xtcp_fastopen_cookie fo_cookie;	/* to send; with XTCP_FO_GIVEN: new */

	u64 mib;		/* bit per enum xtcp_mib: happened, not yet counted */

	/* statistics since the connection opened, TCP_INFO */
	u64 bytes_sent;		/* payload, with retransmissions */
	u64 bytes_retrans;	/* payload retransmitted */
	u64 bytes_acked;	/* payload acknowledged by the peer */
	u64 bytes_received;	/* payload received in order */
	u32 segs_in;		/* segments */
	u32 segs_out;		/* segments, with retransmissions */
	u32 data_segs_in;	/* segments with payload */
	u32 data_segs_out;	/* segments with payload, with retransmissions */
	u32 total_retrans;	/* segments retransmitted */
	u32 rtx_timeouts;	/* retransmission timeouts */
	u32 fast_rtx;		/* recoveries begun without a timeout */
	u32 tlp_probes;		/* tail loss probes sent */
	u32 tlp_recovered;	/* losses that a probe alone repaired */
	u32 dsacks_in;		/* duplicates that the peer reported */
	u32 undos;		/* reductions undone */
	u32 spurious_rtos;	/* timeouts found to be spurious */
	u32 reneges;		/* times the peer dropped what it had SACKed */
	u32 rcv_ooo_segs;	/* segments received out of order */

	struct xtcp_sent map_own[XTCP_SENT_EMBEDDED];	/* entries not lent */
};

/* tcb->flags */
#define XTCP_F_PASSIVE		0x0001	/* SYN-RECEIVED came from LISTEN */
#define XTCP_F_FIN_QUEUED	0x0002	/* the application has shut down sending */
#define XTCP_F_FIN_SEEN		0x0004	/* rcv_fin is valid */
#define XTCP_F_ORPHAN		0x0008	/* closed by the application */
#define XTCP_F_SEND_RST		0x0010	/* output owes the peer a RST */
#define XTCP_F_NODELAY		0x0020	/* TCP_NODELAY: Nagle off */
#define XTCP_F_CORK		0x0040	/* TCP_CORK: hold partial segments */
#define XTCP_F_MORE		0x0080	/* MSG_MORE on the last write */
#define XTCP_F_KEEPALIVE	0x0100	/* SO_KEEPALIVE */
#define XTCP_F_SND_URG		0x0200	/* snd_up is ahead of SND.UNA */
#define XTCP_F_RCV_URG		0x0400	/* rcv_up is ahead of RCV.NXT */
#define XTCP_F_PROBE		0x0800	/* output owes a window probe */
#define XTCP_F_KEEP_PROBE	0x1000	/* output owes a keepalive probe */
#define XTCP_F_SWS_OVERRIDE	0x2000	/* send even a small segment */
#define XTCP_F_PACE_WAIT	0x4000	/* nothing leaves before pace_next */
#define XTCP_F_QUICKACK		0x8000	/* TCP_QUICKACK: no delayed ACKs */
#define XTCP_F_PINGPONG		0x10000	/* interactive: delay ACKs */
#define XTCP_F_FIN_SENT		0x20000	/* FIN is below SND.NXT */
#define XTCP_F_SYN_TIMEOUT	0x40000	/* RFC 6298 (5.7): SYN was lost */
#define XTCP_F_PARTIAL		0x80000	/* this recovery saw a partial ACK */
#define XTCP_F_FORCE_RTX	0x100000 /* the next retransmission ignores cwnd */
#define XTCP_F_REORDERED	0x200000 /* the path reorders */
#define XTCP_F_TLP_OWED		0x400000 /* output owes a tail loss probe */
#define XTCP_F_TLP_OUT		0x800000 /* a probe is unanswered */
#define XTCP_F_TLP_RTX		0x1000000 /* the probe was a retransmission */
#define XTCP_F_UNDO		0x2000000 /* prior_cwnd, undo_una, ... are valid */
#define XTCP_F_UNDO_RTX		0x4000000 /* retransmitted since undo_una was set */
#define XTCP_F_FRTO		0x8000000 /* RFC 5682: the timeout may be spurious */
#define XTCP_F_APP		0x10000000 /* app_limited is valid */
#define XTCP_F_PACED		0x20000000 /* pacing is on */
#define XTCP_F_FRTO_NEW		0x40000000 /* RFC 5682 step 2b: send new data */
#define XTCP_F_FLUSH		0x80000000 /* cork, MSG_MORE do not hold what was written */

/* tcb->fo; 0 without Fast Open */
#define XTCP_FO_ASK	0x01	/* the first SYN carries the option */
#define XTCP_FO_MAY	0x02	/* the first SYN may carry data */
#define XTCP_FO_WAIT	0x04	/* the first SYN waits for xtcp_fastopen_go() */
#define XTCP_FO_DATA	0x08	/* the first SYN carried data */
#define XTCP_FO_ACKED	0x10	/* its data was acknowledged; passive: accepted */
#define XTCP_FO_GIVEN	0x20	/* cookie is new; passive: the SYN-ACK carries it */
#define XTCP_FO_LOST	0x40	/* SYNs with option or data seem to be dropped */
#define XTCP_FO_CHILD	0x80	/* passive: open before the handshake is complete */

/* tcb->fo_fail: why data did not go with the SYN; the values are TCP_INFO's. */
enum xtcp_fastopen_fail {
	XTCP_FO_FAIL_NONE,
	XTCP_FO_FAIL_COOKIE,	/* no cookie */
	XTCP_FO_FAIL_DATA,	/* the peer acknowledged the SYN only */
	XTCP_FO_FAIL_SYN,	/* the same, after the SYN was retransmitted */
};

/* tcb->ack_pending */
#define XTCP_ACKP_DELAYED	0x1	/* an ACK may wait */
#define XTCP_ACKP_NOW		0x2	/* an ACK must go */
#define XTCP_ACKP_PUSHED	0x4	/* a small or PSH segment waits for its ACK */
#define XTCP_ACKP_TWICE		0x8	/* and a small one came behind it */

/* tcb->blocked: has the application blocked in a read before it answered? */
enum xtcp_blocked {
	XTCP_BLOCKED_NO,
	XTCP_BLOCKED_ACKED,	/* yes: what had come was acknowledged; nothing came since */
	XTCP_BLOCKED_ANSWERED,	/* yes, and yet the answer came: another thread writes */
};

/* tcb->cong */
enum xtcp_cong {
	XTCP_CONG_OPEN,		/* nothing wrong */
	XTCP_CONG_RECOVERY,	/* fast retransmit and recovery */
	XTCP_CONG_LOSS,		/* after a retransmission timeout */
	XTCP_CONG_CWR,		/* reduction without loss: ECN, TLP repair, local queue */
};

/* tcb->ecn */
enum xtcp_ecn {
	XTCP_ECN_OFF,
	XTCP_ECN_CLASSIC,	/* RFC 3168 */
	XTCP_ECN_ACC,		/* RFC 9768 */
};

/* tcb->ecn_flags; the first four are used in xtcp_request.ecn_flags, too */
#define XTCP_ECN_NO_ECT		0x0001	/* send Not-ECT: marks are mangled or misread */
#define XTCP_ECN_BARE		0x0002	/* half-open connection: SYN-ACK without ECN */
#define XTCP_ECN_OPT_MUTE	0x0004	/* send no AccECN option: the path drops it */
#define XTCP_ECN_OPT_DEAF	0x0008	/* ignore the peer's AccECN option */
#define XTCP_ECN_DEAF		0x0010	/* ignore all that the peer reports of marks */
#define XTCP_ECN_ECHO		0x0020	/* RFC 3168: send ECE; RFC 8257: DCTCP.CE */
#define XTCP_ECN_CWR		0x0040	/* RFC 3168: the next new data carries CWR */
#define XTCP_ECN_HELLO		0x0080	/* a bare ACK must report ecn_syn */
#define XTCP_ECN_ACE_SEEN	0x0100	/* the peer's first ACE field was checked */
#define XTCP_ECN_MARKED		0x0200	/* the last ACK changed the peer's count */
#define XTCP_ECN_GUESSED	0x0400	/* bytes in s_ceb were estimated */
#define XTCP_ECN_OPT_DOUBT	0x0800	/* acknowledged data came again: option dropped? */
#define XTCP_ECN_OPT_TRIED	0x1000	/* an option was sent since XTCP_ECN_OPT_DOUBT */
#define XTCP_ECN_SYN_CE		0x2000	/* our SYN(-ACK) was marked: first cwnd 1 MSS */
#define XTCP_ECN_CWR_END	0x4000	/* cwr_end is valid */

/* tcb->linger2_ms: use params.fin_timeout_ms. 0 is a value: no FIN-WAIT-2 at all. */
#define XTCP_LINGER2_PAR	(~0U)

/* Options of a connection: its own, or the present ones of the namespace. */
static inline u32 xtcp_keepalive_idle_ms(const struct xtcp_tcb *tcb)
{
	return tcb->keep_idle_ms ? tcb->keep_idle_ms : tcb->par->keep_idle_ms;
}

static inline u32 xtcp_keepalive_intvl_ms(const struct xtcp_tcb *tcb)
{
	return tcb->keep_intvl_ms ? tcb->keep_intvl_ms : tcb->par->keep_intvl_ms;
}

static inline u8 xtcp_keepalive_probes(const struct xtcp_tcb *tcb)
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

/* tcb->quickack: without end, the route says quickack 1. */
#define XTCP_QUICKACK_ALL	255

/* Number of duplicate ACKs that mean a loss: the route's if set, or the namespace's. */
static inline u32 xtcp_dupthresh(const struct xtcp_tcb *tcb)
{
	return tcb->dupthresh ? tcb->dupthresh : tcb->par->dupthresh;
}

/* Bytes in flight: sent, and neither acknowledged, SACKed nor marked lost. */
static inline u32 xtcp_flight(const struct xtcp_tcb *tcb)
{
	return tcb->snd_nxt - tcb->snd_una - tcb->lost_out - tcb->sacked_out;
}

/* Is our SYN unacknowledged? SND.UNA alone does not tell: it wraps after 4 GB. */
static inline bool xtcp_syn_out(const struct xtcp_tcb *tcb)
{
	return tcb->snd_una == tcb->iss && !tcb->bytes_acked;
}

/* First payload byte not yet acknowledged: the SYN is not payload. */
static inline u32 xtcp_snd_data_una(const struct xtcp_tcb *tcb)
{
	return tcb->snd_una + xtcp_syn_out(tcb);
}

/* Passive Fast Open: may the connection be used in SYN-RECEIVED? (RFC 7413, 4.2.2) */
static inline bool xtcp_fastopen_is_child(const struct xtcp_tcb *tcb)
{
	return tcb->fo & XTCP_FO_CHILD;
}

#endif /* XTCP_TCB_H */
