/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Interfaces between the files of the engine. Callers of the engine include
 * engine.h instead.
 *
 * Sections are in the order of a connection's life; each function is explained
 * where it is defined.
 */
#ifndef XTCP_CORE_H
#define XTCP_CORE_H

#include <xtcp/defence.h>
#include <xtcp/engine.h>

#include "cc/cc.h"

/* ---- wire.c ---- */

/* Bytes of options that carry a timestamp, padded (RFC 7323, appendix A). */
#define XTCP_TS_LEN	12

u8 xtcp_hdr_len(const struct xtcp_plan *plan);

/* ---- isn.c ---- */

u32 xtcp_iss_of(u64 hash, const struct xtcp_open *open, u64 now);
#define XTCP_ISN_TICK_NS	4096	/* RFC 9293 says about 4 us; a shift is free */

u64 xtcp_isn_hash(const struct xtcp_params *par, const struct xtcp_flow *flow);

static inline u32 xtcp_isn_of(u64 hash, u64 now)
{
	return XTCP_DEFENCE_OR(isn_key, (u32)hash, 0) + (u32)(now / XTCP_ISN_TICK_NS);
}

static inline u32 xtcp_ts_offset_of(u64 hash)
{
	return XTCP_DEFENCE_OR(ts_key, (u32)(hash >> 32), 0);
}

u32 xtcp_isn(const struct xtcp_params *par, const struct xtcp_flow *flow, u64 now);

/* Is @addr an IPv4 address (v4-mapped)? */
static inline bool xtcp_addr_is_v4(const u32 addr[4])
{
	static const u8 mapped[12] = { [10] = 0xff, [11] = 0xff };

	return !memcmp(addr, mapped, sizeof(mapped));
}

static inline bool xtcp_flow_is_v4(const struct xtcp_flow *flow)
{
	return xtcp_addr_is_v4(flow->saddr) && xtcp_addr_is_v4(flow->daddr);
}

/* The timestamp clock: 1 ms a tick (RFC 7323, 5.4). */
static inline u32 xtcp_ts_clock(u64 now)
{
	return (u32)div_u64(now, XTCP_NSEC_PER_MSEC);
}

/*
 * Is @tsecr older than the TSval of the packet that left at @sent_at (ns)? A
 * packet takes its TSval when it is built, up to a tick before pacing releases it
 * (pace.c).
 */
static inline bool xtcp_ts_before(const struct xtcp_tcb *tcb, u32 tsecr, u64 sent_at)
{
	return seq_lt(tsecr + 1, xtcp_ts_clock(sent_at) + tcb->ts_off);
}

/* ---- state.c: the only writer of tcb->state ---- */

enum xtcp_event {
	XTCP_EV_OPEN,		/* active open: SYN goes out */
	XTCP_EV_PASSIVE,	/* a listener's half-open connection becomes a connection */
	XTCP_EV_SYN,		/* SYN without ACK: simultaneous open */
	XTCP_EV_SYNACK,		/* SYN that acknowledges our SYN */
	XTCP_EV_ACK_SYN,	/* our SYN is acknowledged */
	XTCP_EV_CLOSE,		/* the application is done sending */
	XTCP_EV_FIN,		/* the peer's FIN is reached */
	XTCP_EV_ACK_FIN,	/* our FIN is acknowledged */
	XTCP_EV_END,		/* reset, abort, time-out or end of 2 MSL */
	XTCP_EV_MAX
};

void xtcp_state_init(struct xtcp_tcb *tcb);
u32 xtcp_state_transition(struct xtcp_tcb *tcb, enum xtcp_event ev);

static inline bool xtcp_synchronized(const struct xtcp_tcb *tcb)
{
	return tcb->state != XTCP_CLOSED && tcb->state != XTCP_SYN_SENT &&
	       tcb->state != XTCP_LISTEN;
}

/* ---- route metrics, or the namespace's value where the route has none ---- */

static inline u32 xtcp_rto_min_us(const struct xtcp_tcb *tcb)
{
	return tcb->rto_min_ms ? tcb->rto_min_ms * XTCP_USEC_PER_MSEC : tcb->par->rto_min_us;
}

/*
 * Longest delay of an ACK, us. Where the route sets the minimum RTO, the peer on
 * that path probably has the same one: stay 1 ms below it.
 */
static inline u32 xtcp_delack_max_us(const struct xtcp_tcb *tcb)
{
	u32 ms = max_t(u32, tcb->rto_min_ms, 2) - 1;

	if (!tcb->rto_min_ms)
		return tcb->par->delack_max_us;
	return min_t(u32, tcb->par->delack_max_us, ms * XTCP_USEC_PER_MSEC);
}

/* The initial window in segments. */
static inline u32 xtcp_initcwnd(const struct xtcp_tcb *tcb)
{
	u32 n = tcb->initcwnd ? tcb->initcwnd : tcb->par->initial_cwnd;

	return tcb->cwnd_clamp ? min_t(u32, n, tcb->cwnd_clamp) : n;
}

/* ---- open.c ---- */

/* MSS of a peer that sends no MSS option, bytes (RFC 9293 3.7.1, MUST-15). */
static inline u16 xtcp_default_mss(bool v6)
{
	return v6 ? 1220 : 536;
}

void xtcp_mss_sync(struct xtcp_tcb *tcb);
void xtcp_peer_options(struct xtcp_tcb *tcb, const struct xtcp_seg *seg);
void xtcp_established(struct xtcp_tcb *tcb, u64 now);
u8 xtcp_pick_wscale(u32 space_max);
u32 xtcp_first_wnd(const struct xtcp_open *open, u8 opts);
u32 xtcp_first_mss(const struct xtcp_tcb *tcb);
u32 xtcp_syn_rto(const struct xtcp_params *par, const struct xtcp_open *open);

void xtcp_accept_init(struct xtcp_tcb *tcb, const struct xtcp_request *req,
		      const struct xtcp_open *open, u64 now);

/*
 * An empty plan. The arrays are left uninitialised, since clearing them would
 * cost more than all the rest; nsack, nacc and opts tell which elements are
 * valid.
 */
static inline void xtcp_plan_init(struct xtcp_plan *plan)
{
	plan->fo_cookie = NULL;
	plan->seq = 0;
	plan->ack = 0;
	plan->len = 0;
	plan->data = 0;
	plan->mss = 0;
	plan->flags = 0;
	plan->wnd = 0;
	plan->urg = 0;
	plan->tsval = 0;
	plan->tsecr = 0;
	plan->opts = 0;
	plan->wscale = 0;
	plan->opt_mss = 0;
	plan->nsack = 0;
	plan->hdr_len = 0;
	plan->kind = 0;
	plan->ecn = 0;
	plan->nacc = 0;
	plan->release = 0;
}

/* ---- request.c ---- */

void xtcp_request_fill(struct xtcp_request *req, const struct xtcp_params *par,
		       const struct xtcp_open *open, const struct xtcp_seg *seg);
void xtcp_synack_plan(const struct xtcp_request *req, u64 hash, u16 adv_mss,
		      struct xtcp_plan *plan, u64 now);
void xtcp_request_born(struct xtcp_request *req, u64 now);
u64 xtcp_request_sent_at(const struct xtcp_request *req, u64 now);

/* ---- fastopen.c ---- */

void xtcp_fastopen_connect(struct xtcp_tcb *tcb, const struct xtcp_fastopen_client *fo,
			   bool v6);
void xtcp_fastopen_plan(const struct xtcp_tcb *tcb, struct xtcp_plan *plan);
void xtcp_fastopen_sent(struct xtcp_tcb *tcb, const struct xtcp_plan *plan);
void xtcp_fastopen_synack(struct xtcp_tcb *tcb, const struct xtcp_seg *seg);
bool xtcp_fastopen_again(struct xtcp_tcb *tcb, const struct xtcp_seg *seg);

/* ---- input.c, predict.c ---- */

/* What xtcp_rx() does first in every state: count, and report nothing of earlier segments. */
static inline void xtcp_rx_count(struct xtcp_tcb *tcb, struct xtcp_seg *seg)
{
	seg->delivered = 0;
	seg->delivered_ce = 0;
	tcb->segs_in += seg->nsegs;
	if (seg->len)
		tcb->data_segs_in += seg->nsegs;
}

u32 xtcp_rx_by_rfc(struct xtcp_tcb *tcb, struct xtcp_seg *seg, struct xtcp_ooo *node,
		   u64 now);
bool xtcp_rx_is_predicted(const struct xtcp_tcb *tcb, const struct xtcp_seg *seg);
u32 xtcp_rx_predicted(struct xtcp_tcb *tcb, struct xtcp_seg *seg, u64 now);

/* ---- ack.c ---- */

u32 xtcp_ack_rx(struct xtcp_tcb *tcb, struct xtcp_seg *seg, u64 now);

/* ---- treap.c ---- */

struct xtcp_node *xtcp_treap_before(struct xtcp_node *root, u32 seq);
struct xtcp_node *xtcp_treap_after(struct xtcp_node *root, u32 seq);
struct xtcp_node *xtcp_treap_first(struct xtcp_node *root);
struct xtcp_node *xtcp_treap_last(struct xtcp_node *root);
void xtcp_treap_insert(struct xtcp_tcb *tcb, struct xtcp_node **root,
		       struct xtcp_node *node);
void xtcp_treap_remove(struct xtcp_node **root, struct xtcp_node *node);
void xtcp_treap_cut(struct xtcp_node **root, u32 seq);

/* ---- sendmap.c ---- */

struct xtcp_sent *xtcp_map_append(struct xtcp_tcb *tcb, u32 end, u8 marks, u64 now);
struct xtcp_sent *xtcp_map_find(const struct xtcp_tcb *tcb, u32 seq);
bool xtcp_map_split(struct xtcp_tcb *tcb, struct xtcp_sent *sent, u32 at);
struct xtcp_sent *xtcp_map_next(const struct xtcp_tcb *tcb);
void xtcp_map_lost(struct xtcp_tcb *tcb, struct xtcp_sent *sent);
void xtcp_map_ack(struct xtcp_tcb *tcb, u32 ack, struct xtcp_ack *a);
struct xtcp_sent *xtcp_map_sacked(struct xtcp_tcb *tcb, struct xtcp_sent *sent,
				  struct xtcp_ack *a);
void xtcp_map_mark_head(struct xtcp_tcb *tcb, u32 len);
void xtcp_map_mark_all(struct xtcp_tcb *tcb, bool renege);
void xtcp_map_unlose(struct xtcp_tcb *tcb);
void xtcp_map_resent(struct xtcp_tcb *tcb, u32 seq, u32 end, u64 now);
void xtcp_map_unsend_probe(struct xtcp_tcb *tcb);
void xtcp_map_flush(struct xtcp_tcb *tcb);

/* ---- loss.c ---- */

bool xtcp_loss_ack(struct xtcp_tcb *tcb, const struct xtcp_seg *seg,
		   struct xtcp_ack *a, bool dup);
void xtcp_loss_found(struct xtcp_tcb *tcb, u64 now);
void xtcp_loss_reduce(struct xtcp_tcb *tcb, enum xtcp_cc_event why,
		      const struct xtcp_ack *a);
void xtcp_loss_take_over(struct xtcp_tcb *tcb);
void xtcp_loss_refit(struct xtcp_tcb *tcb);
void xtcp_loss_timeout(struct xtcp_tcb *tcb, u64 now);

/* ---- sack_rx.c ---- */

void xtcp_sack_rx(struct xtcp_tcb *tcb, const struct xtcp_seg *seg,
		  struct xtcp_ack *a);

/* ---- rack.c ---- */

void xtcp_rack_delivered(struct xtcp_tcb *tcb, const struct xtcp_sent *sent,
			 u32 end, bool sacked, const struct xtcp_ack *a);
void xtcp_rack_dsack(struct xtcp_tcb *tcb);
void xtcp_rack_recovered(struct xtcp_tcb *tcb);
void xtcp_rack_detect(struct xtcp_tcb *tcb, u64 now);
void xtcp_rack_timeout(struct xtcp_tcb *tcb, u64 now);
u32 xtcp_rack_fire(struct xtcp_tcb *tcb, u64 now);

/* ---- tlp.c ---- */

void xtcp_tlp_set(struct xtcp_tcb *tcb, u64 now);
void xtcp_tlp_sent(struct xtcp_tcb *tcb, u32 seq, u32 end, bool again);
u32 xtcp_tlp_again(const struct xtcp_tcb *tcb, u32 *end);
void xtcp_tlp_ack(struct xtcp_tcb *tcb, const struct xtcp_seg *seg,
		  const struct xtcp_ack *a);
u32 xtcp_tlp_fire(struct xtcp_tcb *tcb, u64 now);

/*
 * Does a probe resend the first missing segment instead of the last one sent?
 *
 * RFC 8985 probes only while no loss is suspected. But retransmissions, and the
 * tail of the data sent during a recovery, may be lost too, with nothing behind
 * them to reveal it. The peer needs the first missing segment in any case, and
 * its ACK tells RACK what else is late.
 */
static inline bool xtcp_tlp_by_head(const struct xtcp_tcb *tcb)
{
	return tcb->cong == XTCP_CONG_RECOVERY || tcb->sacked_out;
}

/* ---- prr.c ---- */

void xtcp_prr_start(struct xtcp_tcb *tcb, u32 fs);
void xtcp_prr_ack(struct xtcp_tcb *tcb, const struct xtcp_ack *a);

/* ---- small.c ---- */

/* Longest time for which a write is held back to be merged with others, ns. */
#define XTCP_SMALL_HOLD_NS	(100 * XTCP_NSEC_PER_USEC)

bool xtcp_small_full(const struct xtcp_tcb *tcb);
bool xtcp_small_may(const struct xtcp_tcb *tcb, u32 len, u32 data);
void xtcp_small_wrote(struct xtcp_tcb *tcb, u64 now);
void xtcp_small_sent(struct xtcp_tcb *tcb);
u32 xtcp_small_fire(struct xtcp_tcb *tcb, u64 now);

/* ---- ecn.c ---- */

void xtcp_ecn_connect(struct xtcp_tcb *tcb, bool permit);
void xtcp_ecn_plan_syn(const struct xtcp_tcb *tcb, struct xtcp_plan *plan);
void xtcp_ecn_syn(struct xtcp_tcb *tcb, const struct xtcp_seg *seg);
void xtcp_ecn_synack(struct xtcp_tcb *tcb, const struct xtcp_seg *seg);
void xtcp_ecn_synack_again(struct xtcp_tcb *tcb, const struct xtcp_seg *seg);
void xtcp_ecn_third(struct xtcp_tcb *tcb, struct xtcp_seg *seg);
void xtcp_ecn_request(struct xtcp_request *req, const struct xtcp_params *par,
		      const struct xtcp_open *open, const struct xtcp_seg *seg);
bool xtcp_ecn_request_again(struct xtcp_request *req, const struct xtcp_params *par,
			    const struct xtcp_seg *seg);
void xtcp_ecn_request_timeout(struct xtcp_request *req, const struct xtcp_params *par);
void xtcp_ecn_request_plan(const struct xtcp_request *req, struct xtcp_plan *plan);
void xtcp_ecn_request_ack(const struct xtcp_request *req, struct xtcp_plan *plan);
void xtcp_ecn_accept(struct xtcp_tcb *tcb, const struct xtcp_request *req);
void xtcp_ecn_rx(struct xtcp_tcb *tcb, const struct xtcp_seg *seg, u32 len);
void xtcp_ecn_again(struct xtcp_tcb *tcb);
void xtcp_ecn_news(struct xtcp_tcb *tcb);
void xtcp_ecn_plan(const struct xtcp_tcb *tcb, struct xtcp_plan *plan);
void xtcp_ecn_sent(struct xtcp_tcb *tcb, const struct xtcp_plan *plan);
bool xtcp_ecn_pending(const struct xtcp_tcb *tcb);
u16 xtcp_ecn_tw_flags(const struct xtcp_tcb *tcb);
void xtcp_ecn_ack(struct xtcp_tcb *tcb, const struct xtcp_seg *seg, struct xtcp_ack *ack);
void xtcp_ecn_reduced(struct xtcp_tcb *tcb);

/*
 * Must the next plan be a single segment? Segmentation of a larger one leaves CWR
 * in the first segment only, as RFC 3168 wants it; in AccECN that bit is part of
 * the ACE counter, which every segment must carry.
 */
static inline bool xtcp_ecn_single(const struct xtcp_tcb *tcb)
{
	return tcb->ecn == XTCP_ECN_ACC && tcb->r_cep & (XTCP_CWR >> XTCP_ACE_SHIFT);
}

/* ---- mtup.c ---- */

void xtcp_mtup_init(struct xtcp_tcb *tcb, u64 now);
void xtcp_mtup_timeout(struct xtcp_tcb *tcb, u64 now);
u32 xtcp_mtup_limit(struct xtcp_tcb *tcb, u32 mss);
u32 xtcp_mtup_len(const struct xtcp_tcb *tcb, u64 now);
void xtcp_mtup_sent(struct xtcp_tcb *tcb, u32 seq, u32 len, u64 now);
void xtcp_mtup_ack(struct xtcp_tcb *tcb);
bool xtcp_mtup_lost(struct xtcp_tcb *tcb);

/* ---- undo.c ---- */

void xtcp_undo_mark(struct xtcp_tcb *tcb);
bool xtcp_undo_head(const struct xtcp_tcb *tcb);
bool xtcp_undo_original(const struct xtcp_tcb *tcb, const struct xtcp_ack *a);
void xtcp_undo_rtx(struct xtcp_tcb *tcb, u32 seq, u32 end, u64 now);
void xtcp_dsack_rx(struct xtcp_tcb *tcb, u32 start, u32 end, struct xtcp_ack *a);
bool xtcp_undo_ack(struct xtcp_tcb *tcb, const struct xtcp_ack *a);

/* ---- rate.c ---- */

/*
 * Bytes lost since tcb->lost was @then. 0 if some of those counted then have been
 * taken off again, because they were not lost (xtcp_map_unlose()).
 */
static inline u32 xtcp_lost_since(const struct xtcp_tcb *tcb, u32 then)
{
	return seq_gt(tcb->lost, then) ? tcb->lost - then : 0;
}

void xtcp_rate_sent(struct xtcp_tcb *tcb, struct xtcp_sent *sent, u64 now);
void xtcp_delivered(struct xtcp_tcb *tcb, const struct xtcp_sent *sent, u32 end,
		    bool sacked, struct xtcp_ack *a);
void xtcp_rate_ack(struct xtcp_tcb *tcb, struct xtcp_ack *a);
void xtcp_rate_app(struct xtcp_tcb *tcb);

/* ---- pace.c ---- */

void xtcp_pace_update(struct xtcp_tcb *tcb);
u32 xtcp_pace_burst(const struct xtcp_tcb *tcb, u32 most);
u64 xtcp_pace_release(const struct xtcp_tcb *tcb, u64 now);
void xtcp_pace_sent(struct xtcp_tcb *tcb, u32 len, u64 now);
void xtcp_pace_sync(struct xtcp_tcb *tcb);
u32 xtcp_pace_fire(struct xtcp_tcb *tcb);

/* ---- rtt.c ---- */

void xtcp_rtt_route(struct xtcp_tcb *tcb);
void xtcp_rtt_sample(struct xtcp_tcb *tcb, u32 rtt_us);
void xtcp_rtt_acked(struct xtcp_tcb *tcb, struct xtcp_ack *a);
void xtcp_rtt_syn(const struct xtcp_tcb *tcb, struct xtcp_ack *a);
void xtcp_rtt_synack_again(struct xtcp_tcb *tcb, const struct xtcp_seg *seg, u64 now);

/* ---- rto.c ---- */

u64 xtcp_rto_ns(const struct xtcp_tcb *tcb);
void xtcp_rto_restart(struct xtcp_tcb *tcb, u64 now);
void xtcp_persist_check(struct xtcp_tcb *tcb, u64 now);
void xtcp_user_restart(struct xtcp_tcb *tcb, u64 now);
u32 xtcp_rto_fire(struct xtcp_tcb *tcb, u64 now);
u32 xtcp_persist_fire(struct xtcp_tcb *tcb, u64 now);

/* ---- keepalive.c ---- */

void xtcp_keepalive_restart(struct xtcp_tcb *tcb, u64 now);
u32 xtcp_keepalive_fire(struct xtcp_tcb *tcb, u64 now);

/* ---- output.c ---- */

/* Kind of a plan; tells xtcp_tx_commit() what was sent. */
enum xtcp_plan_kind {
	XTCP_PLAN_SYN,		/* SYN or SYN-ACK, first one or retransmission */
	XTCP_PLAN_NEW,		/* payload or FIN, first transmission */
	XTCP_PLAN_RTX,		/* payload or FIN, retransmission */
	XTCP_PLAN_TLP,		/* tail loss probe that retransmits */
	XTCP_PLAN_TLP_NEW,	/* tail loss probe with new data */
	XTCP_PLAN_MTUP,		/* path MTU probe: new data, larger than the MSS */
	XTCP_PLAN_PROBE,	/* window probe */
	XTCP_PLAN_KEEP,		/* keepalive probe */
	XTCP_PLAN_ACK,		/* bare ACK */
	XTCP_PLAN_RST,
};

u32 xtcp_tx_new_len(const struct xtcp_tcb *tcb, bool *fin);
u32 xtcp_want_output(const struct xtcp_tcb *tcb);
/* Wait before the first retry of a failed transmission, ns; it doubles. */
#define XTCP_RETRY_NS	(5 * XTCP_NSEC_PER_MSEC)

u32 xtcp_retry_fire(struct xtcp_tcb *tcb);

/* Has the application queued data or a FIN that was never sent? */
static inline bool xtcp_unsent(const struct xtcp_tcb *tcb)
{
	return tcb->snd_nxt != tcb->snd_end +
		(tcb->flags & XTCP_F_FIN_SENT ? 1 : 0) ||
	       (tcb->flags & (XTCP_F_FIN_QUEUED | XTCP_F_FIN_SENT)) ==
		XTCP_F_FIN_QUEUED;
}

/* ---- ackpolicy.c ---- */

bool xtcp_ack_read(const struct xtcp_tcb *tcb);
void xtcp_ack_now(struct xtcp_tcb *tcb);
void xtcp_ack_data(struct xtcp_tcb *tcb, const struct xtcp_seg *seg, u64 now);
void xtcp_ack_fin(struct xtcp_tcb *tcb, u64 now);
void xtcp_ack_sent(struct xtcp_tcb *tcb);
void xtcp_ack_piggyback(struct xtcp_tcb *tcb, u64 now);
void xtcp_ack_delayed_fire(struct xtcp_tcb *tcb);
bool xtcp_ack_challenge(struct xtcp_tcb *tcb, u64 now);

/* ---- rwnd.c ---- */

u32 xtcp_rcv_edge(const struct xtcp_tcb *tcb);
u32 xtcp_rcv_wnd(const struct xtcp_tcb *tcb);
u32 xtcp_rcv_promised(const struct xtcp_tcb *tcb);
void xtcp_rcv_first(struct xtcp_tcb *tcb);
void xtcp_rcv_rtt(struct xtcp_tcb *tcb, const struct xtcp_seg *seg, u64 now);
u32 xtcp_window_pick(const struct xtcp_tcb *tcb);
u16 xtcp_window_field(u32 wnd, u8 shift);

/* ---- reass.c ---- */

enum xtcp_reass {
	XTCP_REASS_HELD,	/* the engine keeps the node */
	XTCP_REASS_DUP,		/* every byte is held already */
	XTCP_REASS_FULL,	/* limit on runs or on work reached */
};

enum xtcp_reass xtcp_reass_insert(struct xtcp_tcb *tcb, struct xtcp_ooo *node,
				  u32 seq, u32 end);
u32 xtcp_reass_cover(struct xtcp_tcb *tcb, u32 to, u32 nsegs);
u32 xtcp_reass_advance(struct xtcp_tcb *tcb, u32 rcv_nxt);
void xtcp_reass_follow(struct xtcp_tcb *tcb, struct xtcp_ooo *node, u32 seq, u32 end);
u32 xtcp_reass_cut(struct xtcp_tcb *tcb, u32 end);

const struct xtcp_ooo *xtcp_reass_find(const struct xtcp_tcb *tcb, u32 seq);
bool xtcp_reass_overlap(const struct xtcp_tcb *tcb, u32 *seq, u32 *end);

/* ---- sack_tx.c ---- */

bool xtcp_sack_pending(const struct xtcp_tcb *tcb);
void xtcp_sack_held(struct xtcp_tcb *tcb, u32 seq);
void xtcp_sack_duplicate(struct xtcp_tcb *tcb, u32 start, u32 end);
void xtcp_sack_overlap(struct xtcp_tcb *tcb, u32 seq, u32 end);
void xtcp_sack_plan(const struct xtcp_tcb *tcb, struct xtcp_plan *plan);
void xtcp_sack_sent(struct xtcp_tcb *tcb);

/* ---- close.c ---- */

u32 xtcp_fin_rx(struct xtcp_tcb *tcb, u64 now);
u32 xtcp_fin_acked(struct xtcp_tcb *tcb, u64 now);
u32 xtcp_fail(struct xtcp_tcb *tcb, enum xtcp_err err);
u32 xtcp_rst_owed(struct xtcp_tcb *tcb);
u32 xtcp_close_begin(struct xtcp_tcb *tcb);

/* ---- timewait.c ---- */

u32 xtcp_time_wait_rx(struct xtcp_tcb *tcb, struct xtcp_seg *seg, u64 now);

/* ---- timer.c ---- */

static inline void xtcp_dl_set(struct xtcp_tcb *tcb, enum xtcp_dl dl, u64 at)
{
	tcb->dl[dl] = at;
	tcb->dl_armed |= 1U << dl;
}

static inline void xtcp_dl_clear(struct xtcp_tcb *tcb, enum xtcp_dl dl)
{
	tcb->dl_armed &= ~(1U << dl);
}

/* Called after data was sent or acknowledged; nothing in flight needs no probe. */
static inline void xtcp_tlp_arm(struct xtcp_tcb *tcb, u64 now)
{
	if (tcb->snd_una != tcb->snd_nxt) {
		xtcp_tlp_set(tcb, now);
		return;
	}
	tcb->flags &= ~XTCP_F_TLP_OWED;
	xtcp_dl_clear(tcb, XTCP_DL_TLP);
}

static inline bool xtcp_dl_is_set(const struct xtcp_tcb *tcb, enum xtcp_dl dl)
{
	return tcb->dl_armed & (1U << dl);
}

/* Record an event; the caller counts it. */
static inline void xtcp_mib_note(struct xtcp_tcb *tcb, enum xtcp_mib mib)
{
	BUILD_BUG_ON(XTCP_MIB_ENGINE_MAX > 64);
	tcb->mib |= 1ULL << mib;
}

/* Discard the segment and record the reason; the caller adds further actions. */
static inline u32 xtcp_drop(struct xtcp_seg *seg, enum xtcp_drop_reason reason)
{
	seg->reason = reason;
	return XTCP_ACT_DROP;
}

#endif /* XTCP_CORE_H */
