/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The engine's contract: every call that the module, a simulator or a fuzzer makes.
 *
 * The engine is a set of functions on one struct xtcp_tcb. It allocates nothing, waits
 * for nothing, takes no lock and reads no clock. The caller serialises the calls for
 * one TCB, keeps the payload, and may call from any context. What holds for all calls:
 *
 * - Times (@now, deadlines) are ns of one monotonic clock of the caller.
 * - Sequence numbers are in host byte order, addresses and ports in network byte order.
 * - A call that returns u32 XTCP_ACT_* bits (seg.h) asks its caller for what they say,
 *   in the order of that list. Only XTCP_ACT_OUTPUT may wait for further calls.
 * - No call fails half-way. A connection that ends early says so by XTCP_ACT_ERROR,
 *   with the reason in tcb->err; a discarded segment by XTCP_ACT_DROP, with the reason
 *   in seg->reason.
 *
 * The calls stand in the order of a connection's life: set up, open actively, (listen,
 * SYN cookies, Fast Open, limits by source: listen.h), segments in, writing, reading,
 * (without segments: handover.h), output, timers, options, congestion control, ICMP,
 * TIME-WAIT, tear down, asking.
 *
 * An active open, with the caller's functions in capitals:
 *
 *	static void serve(struct xtcp_tcb *tcb, u32 actions, struct xtcp_seg *seg,
 *			  struct xtcp_ooo *pkt, u64 now)
 *	{
 *		struct xtcp_plan plan;
 *		struct xtcp_ooo *held;
 *
 *		if (actions & XTCP_ACT_DELIVER)
 *			READER_PUT(pkt, seg->from, seg->to);
 *		if (pkt && !(actions & XTCP_ACT_HELD))
 *			PKT_FREE(pkt);
 *		while (actions & XTCP_ACT_DRAIN && (held = xtcp_reass_pop(tcb))) {
 *			READER_PUT(held, held->seq, held->end);
 *			PKT_FREE(held);
 *		}
 *		while (actions & XTCP_ACT_REAP && (held = xtcp_reass_reap(tcb)))
 *			PKT_FREE(held);
 *		if (actions & XTCP_ACT_ACKED)
 *			WRITER_FREE(xtcp_snd_data_una(tcb));
 *		if (actions & XTCP_ACT_RST) {
 *			xtcp_rst_plan(seg, &plan);
 *			TRANSMIT(&plan);
 *		}
 *		xtcp_space(tcb, READER_ROOM());
 *		while (tcb->map_nfree < xtcp_map_want(tcb))
 *			xtcp_map_lend(tcb, SENT_NEW());
 *		while (actions & XTCP_ACT_OUTPUT && xtcp_tx_peek(tcb, now, &plan)) {
 *			if (!TRANSMIT(&plan)) {
 *				xtcp_tx_abort(tcb, &plan, now);
 *				break;
 *			}
 *			xtcp_tx_commit(tcb, &plan, now);
 *		}
 *	}
 *
 *	xtcp_params_init(&par);
 *	xtcp_tcb_init(&tcb, &par);
 *	serve(&tcb, xtcp_connect(&tcb, &open, now), NULL, NULL, now);
 *	while (tcb.state != XTCP_CLOSED) {
 *		pkt = RECEIVE_UNTIL(xtcp_deadline(&tcb), &seg);
 *		now = CLOCK();
 *		actions = pkt ? xtcp_rx(&tcb, &seg, pkt, now) : xtcp_timeout(&tcb, now);
 *		serve(&tcb, actions, &seg, pkt, now);
 *	}
 *
 * An application's call is served likewise: serve(&tcb, xtcp_wrote(&tcb, bytes, 0, now),
 * NULL, NULL, now). host.h is this loop in full for programs, with a listener,
 * TIME-WAIT and memory for the send map; socket.h adds buffers and packets;
 * selftests/core/example.c is a whole program on top of it.
 */
#ifndef XTCP_ENGINE_H
#define XTCP_ENGINE_H

#include <xtcp/env.h>
#include <xtcp/handover.h>
#include <xtcp/listen.h>
#include <xtcp/seg.h>
#include <xtcp/seq.h>
#include <xtcp/tcb.h>

/* ---- set up: open.c, isn.c ---- */

/**
 * xtcp_params_init - fill in the defaults of a namespace
 * @par: filled in; the keys are 0, and isn_key is the caller's to draw at random
 *
 * The values are those of the kernel's TCP where it has them, see struct xtcp_params.
 */
void xtcp_params_init(struct xtcp_params *par);

/**
 * xtcp_tcb_init - initialise a connection, in state CLOSED
 * @tcb: uninitialised memory
 * @par: knobs and keys; must outlive @tcb. Changes to it take effect at once.
 */
void xtcp_tcb_init(struct xtcp_tcb *tcb, const struct xtcp_params *par);

/**
 * xtcp_ts_offset - compute the offset of a connection's timestamps
 * @par: the namespace's key
 * @flow: addresses and ports
 *
 * The same addresses and ports always have the same offset, so that the next connection
 * between them has larger timestamps, as RFC 6191 and PAWS require.
 *
 * Return: ticks (ms) to add to the timestamp clock.
 */
u32 xtcp_ts_offset(const struct xtcp_params *par, const struct xtcp_flow *flow);

/* ---- open actively: open.c, fastopen.c ---- */

/**
 * xtcp_connect - open actively, RFC 9293 3.10.1
 * @tcb: initialised, in CLOSED
 * @open: addresses, sizes, what the route and earlier connections say
 * @now: ns
 *
 * Return: XTCP_ACT_* bits; XTCP_ACT_OUTPUT sends the SYN.
 */
u32 xtcp_connect(struct xtcp_tcb *tcb, const struct xtcp_open *open, u64 now);

/**
 * xtcp_fastopen_go - release the SYN that xtcp_fastopen_client.wait held back, with data
 * @tcb: in SYN-SENT, SYN not sent yet
 * @bytes: bytes written by the application, 0: none. The SYN carries at most
 *	tcb->fo_room of them; the rest follows the handshake.
 * @now: ns
 *
 * Return: XTCP_ACT_* bits.
 */
u32 xtcp_fastopen_go(struct xtcp_tcb *tcb, u32 bytes, u64 now);

/* ---- segments in: wire.c, csum.c, input.c, reass.c ---- */

/**
 * xtcp_parse - read a TCP header
 * @seg: filled in, with nsegs 1 and ecn 0, which the caller may then set; of arrays
 *	only the elements that are counted
 * @hdr: first byte of the TCP header, any alignment
 * @hdr_avail: bytes readable at @hdr
 * @tcp_len: bytes of TCP header and payload, by the IP header
 *
 * Ports and checksum are not looked at.
 *
 * Return: false if the data offset is impossible: drop with XTCP_DROP_HEADER.
 */
bool xtcp_parse(struct xtcp_seg *seg, const u8 *hdr, u32 hdr_avail, u32 tcp_len);

/**
 * xtcp_csum_pseudo - sum the pseudo-header
 * @flow: addresses as the sender of the segment sees them
 * @v6: true: the IPv6 pseudo-header (RFC 8200 8.1), false: IPv4's (RFC 9293 3.1)
 * @tcp_len: bytes of TCP header and payload
 *
 * Return: unfolded sum, for xtcp_csum_add().
 */
u32 xtcp_csum_pseudo(const struct xtcp_flow *flow, bool v6, u32 tcp_len);

/**
 * xtcp_csum_add - add bytes to a one's complement sum
 * @sum: 0, or what an earlier call returned
 * @data: bytes in wire order
 * @len: bytes; odd in the last call for a segment only
 *
 * Return: unfolded sum.
 */
u32 xtcp_csum_add(u32 sum, const u8 *data, u32 len);

/**
 * xtcp_csum_fold - finish a sum
 * @sum: from xtcp_csum_add()
 *
 * Return: the checksum field in host byte order; 0 if @sum covers a correct checksum.
 */
u16 xtcp_csum_fold(u32 sum);

/**
 * xtcp_rx - process a segment that arrived for a connection, RFC 9293 3.10.7
 * @tcb: in any state
 * @seg: from xtcp_parse(); a run of segments merged by GRO is one. seq, len and flags
 *	are trimmed to what is acceptable; from, to, reason and delivered are set.
 * @node: memory inside the packet, used if the engine has to hold it; NULL: none, such
 *	a packet is then discarded (XTCP_DROP_NO_MEMORY)
 * @now: ns
 *
 * Before a segment with SACK blocks, lend send map entries (xtcp_map_lend()).
 *
 * Return: XTCP_ACT_* bits. With XTCP_ACT_HELD the packet is the engine's, until
 * xtcp_reass_pop() or xtcp_reass_reap() returns it; otherwise it is the caller's.
 */
u32 xtcp_rx(struct xtcp_tcb *tcb, struct xtcp_seg *seg, struct xtcp_ooo *node,
	    u64 now);

/**
 * xtcp_rst_plan - build the RST that answers a segment, RFC 9293 3.10.7.1
 * @seg: the segment; must not be a RST
 * @plan: filled in; to be sent without commit or abort
 */
void xtcp_rst_plan(const struct xtcp_seg *seg, struct xtcp_plan *plan);

/**
 * xtcp_reass_pop - take the next held packet that is in order now
 * @tcb: after XTCP_ACT_DRAIN
 *
 * Return: its node, the caller's again; deliver its bytes [seq, end). NULL: no more.
 */
struct xtcp_ooo *xtcp_reass_pop(struct xtcp_tcb *tcb);

/**
 * xtcp_reass_reap - take the next held packet that is not needed any more
 * @tcb: after XTCP_ACT_REAP, xtcp_reass_prune(), xtcp_reass_flush(), xtcp_tcb_fini()
 *
 * Return: its node, for the caller to free; NULL: no more.
 */
struct xtcp_ooo *xtcp_reass_reap(struct xtcp_tcb *tcb);

/**
 * xtcp_reass_prune - discard the held run with the highest sequence numbers
 * @tcb: connection whose receive buffer is full
 *
 * Nothing of it was acknowledged, so the peer sends it again.
 *
 * Return: false if nothing is held; true: its packets are for xtcp_reass_reap().
 */
bool xtcp_reass_prune(struct xtcp_tcb *tcb);

/**
 * xtcp_reass_flush - discard all held packets, to be taken by xtcp_reass_reap()
 * @tcb: connection that delivers no more
 */
void xtcp_reass_flush(struct xtcp_tcb *tcb);

/* ---- writing: app.c ---- */

#define XTCP_WROTE_MORE	0x1	/* MSG_MORE: more follows at once */
#define XTCP_WROTE_URG	0x2	/* MSG_OOB: the last byte is urgent */

/**
 * xtcp_wrote - the application has appended to the stream, RFC 9293 3.10.2
 * @tcb: opened, before xtcp_shutdown() and xtcp_close()
 * @bytes: bytes of payload; the caller keeps them until SND.UNA has passed them
 * @flags: XTCP_WROTE_MORE, XTCP_WROTE_URG
 * @now: ns
 *
 * Return: XTCP_ACT_OUTPUT, or 0 if nothing can be sent now.
 */
u32 xtcp_wrote(struct xtcp_tcb *tcb, u32 bytes, u32 flags, u64 now);

/* ---- reading: app.c, rwnd.c ---- */

/**
 * xtcp_space - tell how much more the receive buffer can take
 * @tcb: connection
 * @space: bytes of payload beyond RCV.NXT that the caller can store
 *
 * To be called whenever it changed, and before output: the window offered derives from
 * it. Its right edge does not move left (RFC 9293 SHLD-14), unless params.shrink_window.
 */
static inline void xtcp_space(struct xtcp_tcb *tcb, u32 space)
{
	tcb->rcv_space = space;
}

/**
 * xtcp_read - the application has taken bytes, RFC 9293 3.10.3
 * @tcb: connection
 * @bytes: bytes taken
 * @space: bytes that the caller can store now, as in xtcp_space()
 * @now: ns
 *
 * Sets no deadline.
 *
 * Return: XTCP_ACT_OUTPUT if a window update or a delayed ACK is due, else 0.
 */
u32 xtcp_read(struct xtcp_tcb *tcb, u32 bytes, u32 space, u64 now);

/**
 * xtcp_read_blocks - the application begins to wait for data in a read
 * @tcb: connection
 *
 * To be called when the application will sleep: all data received so far is not enough
 * for it, so the answer that a delayed ACK waits for is not about to come.
 *
 * Return: XTCP_ACT_OUTPUT if an ACK is due, else 0.
 */
u32 xtcp_read_blocks(struct xtcp_tcb *tcb);

/**
 * xtcp_rcv_round - measure how fast the application reads, to size the receive buffer
 * @tcb: connection
 * @bytes: bytes taken; to be called before xtcp_read() is told of them
 * @now: ns
 *
 * Return: bytes of window that the buffer should have room for, once a round trip in
 * which more was read than in any before is over; otherwise 0: no change.
 */
u32 xtcp_rcv_round(struct xtcp_tcb *tcb, u32 bytes, u64 now);

/* ---- output: output.c, wire.c, sendmap.c, loss.c ---- */

/**
 * xtcp_tx_peek - plan what to send next
 * @tcb: connection
 * @now: ns
 * @plan: filled in if there is anything
 *
 * Changes no protocol state. To be called after XTCP_ACT_OUTPUT until it returns false;
 * each plan is committed or aborted before the next call.
 *
 * Return: true if @plan is to be sent.
 */
bool xtcp_tx_peek(struct xtcp_tcb *tcb, u64 now, struct xtcp_plan *plan);

/**
 * xtcp_tx_commit - the plan was sent
 * @tcb: connection
 * @plan: from the last xtcp_tx_peek(), unchanged
 * @now: ns, when it was handed to IP
 *
 * Return: XTCP_ACT_OUTPUT; 0 if xtcp_tx_peek() would return false, so that the caller
 * need not ask.
 */
u32 xtcp_tx_commit(struct xtcp_tcb *tcb, const struct xtcp_plan *plan, u64 now);

/**
 * xtcp_tx_abort - the plan could not be sent
 * @tcb: connection, as before the peek; a deadline asks for output again
 * @plan: from the last xtcp_tx_peek()
 * @now: ns
 *
 * Data, SYN or FIN that never left ends the connection after the user timeout or R2
 * (RFC 9293 3.8.3) from the first refusal.
 */
void xtcp_tx_abort(struct xtcp_tcb *tcb, const struct xtcp_plan *plan, u64 now);

/**
 * xtcp_hdr_put - write a TCP header
 * @hdr: room for plan->hdr_len bytes, at most XTCP_HDR_MAX
 * @plan: what to write
 * @sport: source port, network byte order
 * @dport: destination port, network byte order
 *
 * The checksum field is 0; the caller or the device fills it in.
 *
 * Return: bytes written, plan->hdr_len.
 */
u32 xtcp_hdr_put(u8 *hdr, const struct xtcp_plan *plan, u16 sport, u16 dport);

/**
 * xtcp_queue_full - a queue of this host dropped a packet, or is nearly full
 * @tcb: connection
 * @now: ns
 *
 * Reduces cwnd as for a loss, unless a reduction is under way or nothing is in flight.
 */
void xtcp_queue_full(struct xtcp_tcb *tcb, u64 now);

/*
 * Unused send map entries there should be before xtcp_rx() and xtcp_tx_peek(). An ACK
 * with four SACK blocks can split entries eight times; for a flight of up to two
 * segments the entries in the TCB suffice. With fewer the map gets coarser.
 */
#define XTCP_MAP_LOW	2
#define XTCP_MAP_BULK	10

/**
 * xtcp_map_want - how many unused entries there should be
 * @tcb: connection
 *
 * Return: entries, to be compared with tcb->map_nfree.
 */
static inline u32 xtcp_map_want(const struct xtcp_tcb *tcb)
{
	return tcb->snd_nxt - tcb->snd_una > 2U * tcb->mss ? XTCP_MAP_BULK :
							     XTCP_MAP_LOW;
}

/**
 * xtcp_map_lend - lend memory for one more entry of the send map
 * @tcb: connection
 * @sent: uninitialised memory, the engine's until xtcp_map_reclaim() returns it
 */
void xtcp_map_lend(struct xtcp_tcb *tcb, struct xtcp_sent *sent);

/**
 * xtcp_map_reclaim - take an unused entry back
 * @tcb: connection; after xtcp_tcb_fini() every lent entry is unused
 *
 * Return: an entry that was lent; NULL if no such is unused.
 */
struct xtcp_sent *xtcp_map_reclaim(struct xtcp_tcb *tcb);

/* ---- timers: timer.c ---- */

/**
 * xtcp_deadline - when to call xtcp_timeout()
 * @tcb: connection; ask again after each call
 *
 * Return: ns; XTCP_NEVER: no deadline. An earlier timer may stay armed.
 */
u64 xtcp_deadline(const struct xtcp_tcb *tcb);

/**
 * xtcp_timeout - run the deadlines that are due
 * @tcb: connection; it does no harm to come early
 * @now: ns
 *
 * Return: XTCP_ACT_* bits.
 */
u32 xtcp_timeout(struct xtcp_tcb *tcb, u64 now);

/* ---- options: app.c ---- */

/* Options of a connection, xtcp_set(). The caller checks ranges. */
enum xtcp_opt {
	XTCP_SET_NODELAY,	/* 0, 1 */
	XTCP_SET_CORK,		/* 0, 1 */
	XTCP_SET_QUICKACK,	/* 0, 1 */
	XTCP_SET_KEEPALIVE,	/* 0, 1 */
	XTCP_SET_KEEPIDLE,	/* ms; 0: the namespace's */
	XTCP_SET_KEEPINTVL,	/* ms; 0: the namespace's */
	XTCP_SET_KEEPCNT,	/* probes; 0: the namespace's */
	XTCP_SET_SYNCNT,	/* SYN retransmissions; 0: the namespace's */
	XTCP_SET_USER_TIMEOUT,	/* ms; 0: none, R2 decides */
	XTCP_SET_LINGER2,	/* ms in FIN-WAIT-2 after xtcp_close(); 0: none;
				 * XTCP_LINGER2_PAR: the namespace's
				 */
	XTCP_SET_TIMEWAIT,	/* ms, 2 MSL; 0: the namespace's */
	XTCP_SET_MAXSEG,	/* bytes; 0: no limit */
	XTCP_SET_GSO_MAX,	/* bytes of payload a plan may carry */
	XTCP_SET_PATH_MSS,	/* bytes: new path MTU less fixed headers */
};

/**
 * xtcp_set - change an option of a connection
 * @tcb: in any state
 * @opt: which one
 * @val: value, in the unit that enum xtcp_opt gives
 * @now: ns
 *
 * Return: XTCP_ACT_* bits.
 */
u32 xtcp_set(struct xtcp_tcb *tcb, enum xtcp_opt opt, u32 val, u64 now);

/* ---- congestion control: cc/cc.c, ecn_open.c, pace.c, rate.c ---- */

/**
 * xtcp_cc_find - look up a congestion control
 * @name: as TCP_CONGESTION takes it
 *
 * Return: the algorithm, or NULL if there is none of that name.
 */
const struct xtcp_cc *xtcp_cc_find(const char *name);

/**
 * xtcp_cc_list - enumerate the congestion controls
 * @i: 0, 1, ...
 *
 * Return: the algorithm, or NULL after the last one.
 */
const struct xtcp_cc *xtcp_cc_list(u32 i);

/**
 * xtcp_cc_name - the name of a congestion control
 * @cc: algorithm
 *
 * Return: its name, a constant string.
 */
const char *xtcp_cc_name(const struct xtcp_cc *cc);

/**
 * xtcp_cc_needs_ecn - does a congestion control depend on ECN?
 * @cc: algorithm
 *
 * Return: true if its connections ask for ECN and accept it whatever params.ecn says.
 */
bool xtcp_cc_needs_ecn(const struct xtcp_cc *cc);

/**
 * xtcp_cc_set - change the congestion control of a connection
 * @tcb: in any state
 * @cc: algorithm
 * @now: ns
 *
 * Keeps cwnd and ssthresh; the algorithm's own state starts anew.
 */
void xtcp_cc_set(struct xtcp_tcb *tcb, const struct xtcp_cc *cc, u64 now);

/* State of an algorithm, TCP_CC_INFO. */
struct xtcp_cc_info {
	enum { XTCP_CC_INFO_NONE, XTCP_CC_INFO_BBR, XTCP_CC_INFO_DCTCP } kind;
	u64 bw;			/* BBR: bytes per second */
	u32 min_rtt_us;		/* BBR: us; ~0: no sample yet */
	u32 pacing_gain;	/* BBR: in 1/256 */
	u32 cwnd_gain;		/* BBR: in 1/256 */
	u32 alpha;		/* DCTCP: estimated share of marked bytes, in 1/1024 */
	u32 marked;		/* DCTCP: bytes acknowledged as marked, in this window */
	u32 total;		/* DCTCP: all bytes acknowledged in this window */
	bool ecn;		/* DCTCP: ECN was negotiated */
	bool ce;		/* DCTCP: the last packet received was marked */
};

/**
 * xtcp_cc_get_info - read the state of the congestion control in use
 * @tcb: in any state
 * @info: filled in; kind is XTCP_CC_INFO_NONE if the algorithm has none to show
 */
void xtcp_cc_get_info(const struct xtcp_tcb *tcb, struct xtcp_cc_info *info);

/**
 * xtcp_pacing_rate - the pacing rate, or what it would be if pacing were on
 * @tcb: in any state
 *
 * Return: bytes per second; 0 while an algorithm that paces does not know it yet.
 */
u64 xtcp_pacing_rate(const struct xtcp_tcb *tcb);

/**
 * xtcp_set_pacing_max - limit the pacing rate, SO_MAX_PACING_RATE
 * @tcb: in any state
 * @rate: bytes per second, a limit that turns pacing on; ~0: no limit
 */
void xtcp_set_pacing_max(struct xtcp_tcb *tcb, u64 rate);

/**
 * xtcp_set_queue_paces - does the queue below hold packets until their release time?
 * @tcb: in any state
 * @paces: if so, pacing is on for every algorithm, except for the first ten segments of
 *	the connection, as in Linux with sch_fq
 */
void xtcp_set_queue_paces(struct xtcp_tcb *tcb, bool paces);

/**
 * xtcp_snd_want - how large the send buffer must be not to limit the connection
 * @tcb: in any state
 *
 * Return: bytes.
 */
u32 xtcp_snd_want(const struct xtcp_tcb *tcb);

/* ---- ICMP: icmp.c ---- */

/* How the caller classifies type and code of an ICMP error. */
enum xtcp_icmp {
	XTCP_ICMP_SOFT,		/* report, go on (RFC 9293 MUST-56) */
	XTCP_ICMP_HARD,		/* ends a connection being opened, otherwise soft */
	XTCP_ICMP_TOO_BIG,	/* the path MTU is smaller */
};

/**
 * xtcp_icmp_rx - process an ICMP error that quotes a segment of a connection
 * @tcb: connection
 * @kind: class of the error
 * @quoted_seq: sequence number in the quoted header; must be in flight (RFC 5927 4.1)
 * @mss: XTCP_ICMP_TOO_BIG: bytes, new path MTU less fixed headers
 * @now: ns
 *
 * While opening, a hard error ends the connection, and so does a soft one once the SYN
 * was retransmitted (XTCP_ERR_UNREACH). Later neither does (RFC 5461): the caller
 * reports it. A smaller MTU has larger segments sent again at once, once per RTO.
 *
 * Return: XTCP_ACT_* bits; XTCP_ACT_DROP if the error is not believed.
 */
u32 xtcp_icmp_rx(struct xtcp_tcb *tcb, enum xtcp_icmp kind, u32 quoted_seq, u16 mss,
		 u64 now);

/* ---- TIME-WAIT: timewait.c ---- */

/*
 * A connection in TIME-WAIT, or in FIN-WAIT-2 after xtcp_close(), without its TCB. There
 * may be a million: times are in ms and wrap, and the offset of timestamps is computed
 * again (xtcp_ts_offset()). The caller owns and serialises each record.
 */
struct xtcp_tw {
	u32 deadline;		/* ms: the end of 2 MSL, or of FIN-WAIT-2 */
	u32 ack_at;		/* ms: when the last answer left */
	u32 snd_nxt;
	u32 rcv_nxt;
	u32 ts_recent;		/* TS.Recent, the peer's ticks */
	u32 timewait_ms;	/* 2 MSL */
	u16 wnd;		/* window field of answers, scaled */
	u8 rcv_wscale;		/* shift of it */
	u8 flags;		/* XTCP_TW_F_* */
};

#define XTCP_TW_F_TS		0x01	/* timestamps were agreed on */
#define XTCP_TW_F_FIN_WAIT_2	0x02	/* the peer's FIN is still to come */
#define XTCP_TW_F_SKIPPED	0x04	/* an answer was due and rate-limited; for the
					 * caller to count and to clear
					 */
#define XTCP_TW_F_ECN		0x70	/* header flags AE, CWR, ECE of each answer */
#define XTCP_TW_ECN_SHIFT	4

/* What to do after a segment for a record. */
enum xtcp_tw_act {
	XTCP_TW_DROP,		/* nothing; seg->reason */
	XTCP_TW_ACK,		/* send xtcp_tw_plan(); the deadline may have changed */
	XTCP_TW_SYN,		/* RFC 6191: end the record, give the SYN to the
				 * listener
				 */
	XTCP_TW_RST,		/* send xtcp_tw_rst(), end the record */
	XTCP_TW_END,		/* end the record, send nothing */
};

/**
 * xtcp_tw_ready - may a record replace the TCB?
 * @tcb: connection; to be asked once all output is done
 *
 * Return: true in TIME-WAIT, and in FIN-WAIT-2 after xtcp_close() if no ACK is pending
 * and FIN-WAIT-2 has a time limit other than 0.
 */
static inline bool xtcp_tw_ready(const struct xtcp_tcb *tcb)
{
	if (tcb->state == XTCP_TIME_WAIT)
		return true;
	return tcb->state == XTCP_FIN_WAIT_2 && tcb->flags & XTCP_F_ORPHAN &&
	       xtcp_linger2_ms(tcb) && !tcb->ack_pending;
}

/**
 * xtcp_tw_init - make the record of a connection
 * @tw: filled in
 * @tcb: with xtcp_tw_ready(); may be torn down afterwards
 * @now: ns
 */
void xtcp_tw_init(struct xtcp_tw *tw, const struct xtcp_tcb *tcb, u64 now);

/**
 * xtcp_tw_rx - process a segment for a record
 * @tw: record
 * @seg: parsed; reason is set, to XTCP_DROP_NONE if the segment was of use
 * @now: ns
 *
 * In TIME-WAIT no RST ends the record (RFC 1337), and a repeated FIN restarts 2 MSL.
 *
 * Return: what to do; with XTCP_TW_ACK tw->deadline may have moved, to later or
 * (FIN-WAIT-2) to earlier.
 */
enum xtcp_tw_act xtcp_tw_rx(struct xtcp_tw *tw, struct xtcp_seg *seg, u64 now);

/**
 * xtcp_tw_plan - build the ACK of a record
 * @tw: record
 * @ts_off: xtcp_ts_offset() of its addresses
 * @plan: filled in
 * @now: ns
 */
void xtcp_tw_plan(const struct xtcp_tw *tw, u32 ts_off, struct xtcp_plan *plan,
		  u64 now);

/**
 * xtcp_tw_rst - build the RST of a record that ends early
 * @tw: record
 * @plan: filled in
 */
void xtcp_tw_rst(const struct xtcp_tw *tw, struct xtcp_plan *plan);

/**
 * xtcp_tw_reopens - may a segment open a new connection in place of a record?
 * @tw: record in TIME-WAIT; only flags, rcv_nxt and ts_recent are read
 * @seg: parsed segment
 *
 * Return: true for a SYN with a newer timestamp or a higher sequence number than the
 * old connection had (RFC 6191 2, RFC 9293 MAY-2).
 */
bool xtcp_tw_reopens(const struct xtcp_tw *tw, const struct xtcp_seg *seg);

/**
 * xtcp_tw_reusable - may this end connect in place of a record?
 * @tw: record
 * @delay_ms: ms that TIME-WAIT must have lasted, at least 1
 * @now: ns
 *
 * Return: true in TIME-WAIT with timestamps, after @delay_ms (RFC 6191 2).
 */
bool xtcp_tw_reusable(const struct xtcp_tw *tw, u32 delay_ms, u64 now);

/* The clock of records, ms; wraps. */
static inline u32 xtcp_tw_clock(u64 now)
{
	return (u32)div_u64(now, XTCP_NSEC_PER_MSEC);
}

/* ms until a record ends; 0 or negative: it is over. */
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

/* ---- tear down: close.c, open.c ---- */

/**
 * xtcp_shutdown - the application sends no more, shutdown(SHUT_WR), RFC 9293 3.10.4
 * @tcb: connection; in SYN-SENT it ends at once
 * @now: ns
 *
 * All that was written is sent, then a FIN. Receiving goes on.
 *
 * Return: XTCP_ACT_* bits; 0 if already called.
 */
u32 xtcp_shutdown(struct xtcp_tcb *tcb, u64 now);

/**
 * xtcp_close - the application neither sends nor reads any more
 * @tcb: connection of which everything received was read; if not, use xtcp_abort()
 * @now: ns
 *
 * As xtcp_shutdown(); data that arrives later is answered by RST (RFC 9293 SHLD-3), and
 * FIN-WAIT-2 ends after XTCP_SET_LINGER2.
 *
 * Return: XTCP_ACT_* bits.
 */
u32 xtcp_close(struct xtcp_tcb *tcb, u64 now);

/**
 * xtcp_abort - end the connection at once, RFC 9293 3.10.5
 * @tcb: connection; then in CLOSED, tcb->err is XTCP_ERR_ABORTED
 * @now: ns
 *
 * Return: XTCP_ACT_* bits; with XTCP_ACT_OUTPUT a RST is to be sent before
 * xtcp_tcb_fini().
 */
u32 xtcp_abort(struct xtcp_tcb *tcb, u64 now);

/**
 * xtcp_give_up - end the connection at once, as a timeout: the host is short of memory
 * @tcb: connection; then in CLOSED, tcb->err is XTCP_ERR_TIMEDOUT
 * @now: ns
 *
 * Return: as xtcp_abort().
 */
u32 xtcp_give_up(struct xtcp_tcb *tcb, u64 now);

/**
 * xtcp_tcb_fini - end the use of a TCB
 * @tcb: in any state; only xtcp_map_reclaim() and xtcp_reass_reap() may follow, to
 *	get back what was lent
 */
void xtcp_tcb_fini(struct xtcp_tcb *tcb);

/* ---- asking: counters, invariants (check.c); the fields of a TCB are in tcb.h ---- */

/**
 * xtcp_mib_take - take the events since the last call, for counters
 * @tcb: connection
 *
 * Return: one bit per enum xtcp_mib below XTCP_MIB_ENGINE_MAX.
 */
static inline u64 xtcp_mib_take(struct xtcp_tcb *tcb)
{
	u64 mib = tcb->mib;

	tcb->mib = 0;
	return mib;
}

/**
 * xtcp_check - check the invariants of a connection
 * @tcb: between two calls
 *
 * Takes time in proportion to the queues: for test and debug builds.
 *
 * Return: NULL, or the text of the condition that does not hold.
 */
const char *xtcp_check(const struct xtcp_tcb *tcb);

/**
 * xtcp_check_at - check the invariants and that deadlines are not too far ahead
 * @tcb: between two calls
 * @now: ns, of the last call
 *
 * Return: as xtcp_check().
 */
const char *xtcp_check_at(const struct xtcp_tcb *tcb, u64 now);

#endif /* XTCP_ENGINE_H */
