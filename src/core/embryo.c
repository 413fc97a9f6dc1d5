// SPDX-License-Identifier: GPL-2.0
/*
 * Half-open connections of a listener: RFC 9293 3.10.7.2 and the rows of
 * SYN-RECEIVED, after a passive open, in 3.10.7.4.
 *
 * Between SYN and the ACK that proves the peer's address nothing needs a
 * socket: 32 bytes remember what the SYN said. Times in them are short and
 * wrap; none lies an hour away. The connection itself
 * is made when that ACK arrives (xtcp_accept()).
 */
#include "core.h"

/**
 * xtcp_listen_rx - a segment for a listener, from no known peer
 * @seg: parsed; reason set when it is to be dropped
 *
 * RFC 9293 3.10.7.2, in its order: RST, ACK, SYN, anything else.
 *
 * Return: what to do.
 */
enum xtcp_listen xtcp_listen_rx(struct xtcp_seg *seg)
{
	if (seg->flags & XTCP_RST) {
		seg->reason = XTCP_DROP_LISTEN_RST;
		return XTCP_LISTEN_DROP;
	}
	if (seg->flags & XTCP_ACK) {
		seg->reason = XTCP_DROP_LISTEN_ACK;
		return XTCP_LISTEN_RST;
	}
	/* A SYN with a FIN opens nothing anybody means to use. */
	if ((seg->flags & (XTCP_SYN | XTCP_FIN)) != XTCP_SYN) {
		seg->reason = XTCP_DROP_LISTEN_FLAGS;
		return XTCP_LISTEN_DROP;
	}
	return XTCP_LISTEN_SYN;
}

/* Ticks of xtcp_embryo.born. */
#define BORN_SHIFT	7

/* Retransmissions of a SYN-ACK that no pressure takes away. */
#define RETRIES_LEAST	2

static u32 ms_of(u64 now)
{
	return (u32)div_u64(now, XTCP_NSEC_PER_MSEC);
}

static u32 us_of(u64 now)
{
	return (u32)div_u64(now, XTCP_NSEC_PER_USEC);
}

static u16 born_of(u64 now)
{
	return (u16)(ms_of(now) >> BORN_SHIFT);
}

/* The SYN-ACK leaves now: when is it to be repeated? Never a tick too early. */
static void embryo_sent(struct xtcp_embryo *emb, const struct xtcp_params *par, u64 now)
{
	u64 us = par->rto_init_us;
	u32 ms;

	if (emb->rto_ms && !emb->retries) {
		ms = emb->rto_ms;
	} else {
		us <<= min_t(u32, emb->retries - !!emb->rto_ms, 16);
		us = min_t(u64, us, par->rto_max_us);
		ms = DIV_ROUND_UP((u32)us, XTCP_USEC_PER_MSEC);
	}
	emb->sent_at = us_of(now);
	emb->deadline = ms_of(now + XTCP_NSEC_PER_MSEC - 1) + ms;
}

/* xtcp_embryo_born - one without a SYN begins: the SYN-ACK counts from now */
void xtcp_embryo_born(struct xtcp_embryo *emb, u64 now)
{
	emb->born = born_of(now);
	emb->sent_at = us_of(now);
}

/* xtcp_embryo_sent_at - when the last SYN-ACK left, ns: an hour ago at most */
u64 xtcp_embryo_sent_at(const struct xtcp_embryo *emb, u64 now)
{
	return now - (u64)(us_of(now) - emb->sent_at) * XTCP_NSEC_PER_USEC;
}

/**
 * xtcp_embryo_deadline - when to call xtcp_embryo_timeout()
 * @emb: embryo
 * @now: ns
 *
 * Return: ns.
 */
u64 xtcp_embryo_deadline(const struct xtcp_embryo *emb, u64 now)
{
	u64 ms = div_u64(now, XTCP_NSEC_PER_MSEC);

	return (ms + (u64)(s32)(emb->deadline - (u32)ms)) * XTCP_NSEC_PER_MSEC;
}

/**
 * xtcp_embryo_window - what the SYN-ACK says of windows
 * @emb: embryo, the options being agreed on
 * @open: sizes, and what the route says of them
 */
void xtcp_embryo_window(struct xtcp_embryo *emb, const struct xtcp_open *open)
{
	emb->rcv_wnd = (u16)xtcp_first_wnd(open, emb->opts);
	if (emb->opts & XTCP_OPT_WSCALE)
		emb->rcv_wscale = xtcp_pick_wscale(open->rcv_space_max);
}

/* xtcp_embryo_fill - all that a SYN says, but neither number nor times of ours */
void xtcp_embryo_fill(struct xtcp_embryo *emb, const struct xtcp_params *par,
		      const struct xtcp_open *open, const struct xtcp_seg *seg)
{
	BUILD_BUG_ON(sizeof(*emb) != 32);
	memset(emb, 0, sizeof(*emb));
	emb->irs = seg->seq;
	emb->peer_mss = xtcp_default_mss(open->v6);
	emb->v6 = open->v6;
	emb->opts = XTCP_OPT_MSS;
	if (seg->opts & XTCP_OPT_MSS)
		emb->peer_mss = seg->mss;
	if (par->sack)
		emb->opts |= seg->opts & XTCP_OPT_SACK_PERM;
	if (par->wscale && seg->opts & XTCP_OPT_WSCALE) {
		emb->opts |= XTCP_OPT_WSCALE;
		emb->snd_wscale = seg->wscale;
	}
	if (par->timestamps && seg->opts & XTCP_OPT_TS) {
		emb->opts |= XTCP_OPT_TS;
		emb->ts_recent = seg->tsval;
	}
	xtcp_embryo_window(emb, open);
	xtcp_ecn_embryo(emb, par, open, seg);
}

/* The same, and what makes it one to be remembered; @hash: xtcp_isn_hash() */
static void embryo_start(struct xtcp_embryo *emb, const struct xtcp_params *par,
			 const struct xtcp_open *open, const struct xtcp_seg *seg,
			 u64 hash, u64 now)
{
	xtcp_embryo_fill(emb, par, open, seg);
	emb->iss = xtcp_iss_of(hash, open, now);
	emb->rto_ms = (u16)min_t(u32, DIV_ROUND_UP(xtcp_syn_rto(par, open),
						   XTCP_USEC_PER_MSEC), 65535);
	emb->born = born_of(now);
	embryo_sent(emb, par, now);
}

/**
 * xtcp_embryo_init - a SYN arrived
 * @emb: uninitialised memory
 * @par: knobs and keys
 * @open: addresses, sizes
 * @seg: the SYN; payload in it is not kept, the peer sends it again
 * @now: ns
 *
 * To be followed by sending xtcp_embryo_plan().
 */
void xtcp_embryo_init(struct xtcp_embryo *emb, const struct xtcp_params *par,
		      const struct xtcp_open *open, const struct xtcp_seg *seg,
		      u64 now)
{
	embryo_start(emb, par, open, seg, xtcp_isn_hash(par, &open->flow), now);
}

static enum xtcp_embryo_act embryo_drop(struct xtcp_seg *seg, enum xtcp_drop why,
					enum xtcp_embryo_act act)
{
	seg->reason = why;
	return act;
}

/*
 * Discarded for @why, and answered by @act unless that was done a moment ago: two
 * ends that take each other for wrong must not go on for ever, nor is a forged SYN
 * to be had repeated at will. What was sent twice gives no RTT sample but by its
 * timestamp (Karn), so the time of the answer may stand in the place of that.
 */
static enum xtcp_embryo_act embryo_answer(struct xtcp_embryo *emb,
					  const struct xtcp_params *par,
					  struct xtcp_seg *seg, enum xtcp_drop why,
					  enum xtcp_embryo_act act, u64 now)
{
	u64 gap = (u64)par->challenge_ms * XTCP_USEC_PER_MSEC;

	if (emb->again && us_of(now) - emb->sent_at < gap)
		return embryo_drop(seg, why, XTCP_EMBRYO_SKIP);
	emb->again = 1;
	emb->sent_at = us_of(now);
	return embryo_drop(seg, why, act);
}

static bool embryo_in_window(const struct xtcp_embryo *emb,
			     const struct xtcp_seg *seg)
{
	u32 len = seg->len + !!(seg->flags & XTCP_FIN);
	u32 next = emb->irs + 1;

	if (!emb->rcv_wnd)
		return !len && seg->seq == next;
	return seq_in(seg->seq, next, emb->rcv_wnd) ||
	       (len && seq_in(seg->seq + len - 1, next, emb->rcv_wnd));
}

/**
 * xtcp_embryo_rx - a segment for an embryo
 * @emb: from xtcp_embryo_init()
 * @par: knobs
 * @seg: parsed; reason set unless the answer is XTCP_EMBRYO_ACCEPT
 * @now: ns
 *
 * RFC 9293 3.10.7.4 for SYN-RECEIVED, in its order: sequence, RST, SYN, ACK.
 * The same SYN again means that our SYN-ACK was lost: it is repeated at once,
 * which also answers the unacceptable segment as the RFC wants. Answers leave at
 * the pace of challenge ACKs (invalid_ratelimit).
 *
 * Return: what to do.
 */
enum xtcp_embryo_act xtcp_embryo_rx(struct xtcp_embryo *emb,
				    const struct xtcp_params *par,
				    struct xtcp_seg *seg, u64 now)
{
	if ((seg->flags & (XTCP_SYN | XTCP_ACK | XTCP_RST)) == XTCP_SYN &&
	    seg->seq == emb->irs) {
		if (emb->opts & XTCP_OPT_TS && seg->opts & XTCP_OPT_TS)
			emb->ts_recent = seg->tsval;
		if (!xtcp_ecn_embryo_again(emb, par, seg))
			return embryo_drop(seg, XTCP_DROP_EMBRYO, XTCP_EMBRYO_RESET);
		return embryo_answer(emb, par, seg, XTCP_DROP_EMBRYO,
				     XTCP_EMBRYO_SYNACK, now);
	}
	if (emb->opts & XTCP_OPT_TS && seg->opts & XTCP_OPT_TS &&
	    !(seg->flags & XTCP_RST) && seq_lt(seg->tsval, emb->ts_recent))
		return embryo_answer(emb, par, seg, XTCP_DROP_PAWS, XTCP_EMBRYO_ACK, now);
	if (!embryo_in_window(emb, seg))
		return seg->flags & XTCP_RST ?
		       embryo_drop(seg, XTCP_DROP_RST_WINDOW, XTCP_EMBRYO_DROP) :
		       embryo_answer(emb, par, seg, XTCP_DROP_EMBRYO, XTCP_EMBRYO_ACK,
				     now);
	if (seg->flags & XTCP_RST) {
		if (seg->seq != emb->irs + 1)
			return embryo_answer(emb, par, seg, XTCP_DROP_RST_CHALLENGE,
					     XTCP_EMBRYO_ACK, now);
		return embryo_drop(seg, XTCP_DROP_RST_VALID, XTCP_EMBRYO_KILL);
	}
	if (seg->flags & XTCP_SYN)
		return embryo_answer(emb, par, seg, XTCP_DROP_SYN_CHALLENGE,
				     XTCP_EMBRYO_ACK, now);
	if (!(seg->flags & XTCP_ACK))
		return embryo_drop(seg, XTCP_DROP_NO_ACK, XTCP_EMBRYO_DROP);
	if (seg->ack != emb->iss + 1)
		return embryo_drop(seg, XTCP_DROP_ACK_FUTURE, XTCP_EMBRYO_RST);
	return XTCP_EMBRYO_ACCEPT;
}

/* Has the peer still time to send data, TCP_DEFER_ACCEPT? */
static bool embryo_patient(const struct xtcp_embryo *emb, u32 defer_s, u64 now)
{
	u32 ticks = (u16)(born_of(now) - emb->born);

	return (u64)ticks << BORN_SHIFT < (u64)defer_s * 1000;
}

/**
 * xtcp_embryo_defers - is the listener not to be woken yet?
 * @emb: embryo whose xtcp_embryo_rx() said XTCP_EMBRYO_ACCEPT
 * @seg: the segment
 * @defer_s: TCP_DEFER_ACCEPT, s
 * @now: ns
 *
 * Return: true when this is the bare ACK of the handshake and the peer has
 * time left to send data; it will not be asked again until that is over.
 */
bool xtcp_embryo_defers(struct xtcp_embryo *emb, const struct xtcp_seg *seg,
			u32 defer_s, u64 now)
{
	if (!defer_s || seg->len || seg->flags & XTCP_FIN ||
	    !embryo_patient(emb, defer_s, now))
		return false;
	emb->acked = 1;
	return true;
}

/**
 * xtcp_embryo_retries - how often a SYN-ACK is repeated as the table fills
 * @par: knobs
 * @count: embryos of the listener
 * @young: of these, how many had no SYN-ACK repeated
 * @most: how many there may be
 *
 * As long as most of them are young the listener is merely busy: they become
 * connections in a round trip. Old ones that fill more than half of the room
 * are those nobody will complete, and the more they outnumber the young ones
 * the earlier they are given up (RFC 4987, 3.3).
 *
 * Return: repetitions.
 */
u32 xtcp_embryo_retries(const struct xtcp_params *par, u32 count, u32 young, u32 most)
{
	u32 retries = par->synack_retries;

	if (count <= most / 2)
		return retries;
	for (young *= 2; retries > RETRIES_LEAST && count >= young; young *= 2)
		retries--;
	return retries;
}

/**
 * xtcp_embryo_timeout - the embryo's deadline came
 * @emb: embryo
 * @par: knobs
 * @retries: xtcp_embryo_retries()
 * @defer_s: TCP_DEFER_ACCEPT, s
 * @now: ns
 *
 * Return: XTCP_EMBRYO_SYNACK with a new deadline; XTCP_EMBRYO_KILL after
 * @retries; XTCP_EMBRYO_DROP when it was too early, or nothing is to be sent.
 */
enum xtcp_embryo_act xtcp_embryo_timeout(struct xtcp_embryo *emb,
					 const struct xtcp_params *par, u32 retries,
					 u32 defer_s, u64 now)
{
	if ((s32)(ms_of(now) - emb->deadline) < 0)
		return XTCP_EMBRYO_DROP;
	/* Who has answered is no flood, and takes the connection for open. */
	if (emb->acked)
		retries = par->synack_retries;
	if (XTCP_DEFENCE(synack_retries, emb->retries >= min_t(u32, retries + !!emb->rto_ms, 255)))
		return XTCP_EMBRYO_KILL;
	emb->retries++;
	xtcp_ecn_embryo_timeout(emb, par);
	embryo_sent(emb, par, now);
	return emb->acked && embryo_patient(emb, defer_s, now) ?
	       XTCP_EMBRYO_DROP : XTCP_EMBRYO_SYNACK;
}

/**
 * xtcp_embryo_keep - a handshake is complete, and there is no room to accept it
 * @emb: from xtcp_embryo_rx() or xtcp_syncookie_rx()
 * @par: knobs
 * @now: ns
 *
 * The SYN-ACK will be repeated: the peer, who may have nothing to say, answers
 * it with another ACK. After xtcp_syncookie_rx() the caller has to remember it.
 */
void xtcp_embryo_keep(struct xtcp_embryo *emb, const struct xtcp_params *par, u64 now)
{
	emb->acked = 1;
	if (emb->cookie)
		embryo_sent(emb, par, now);
}

static void embryo_plan(const struct xtcp_embryo *emb, u64 hash, struct xtcp_plan *plan,
			u64 now)
{
	xtcp_plan_init(plan);
	plan->ack = emb->irs + 1;
	plan->wnd = emb->rcv_wnd;
	if (emb->opts & XTCP_OPT_TS) {
		plan->opts = XTCP_OPT_TS;
		plan->tsval = xtcp_ts_clock(now) + xtcp_ts_offset_of(hash);
		plan->tsecr = emb->ts_recent;
	}
}

/* What its timestamps are made of, if it has any. */
static u64 hash_of(const struct xtcp_embryo *emb, const struct xtcp_params *par,
		   const struct xtcp_flow *flow)
{
	return emb->opts & XTCP_OPT_TS ? xtcp_isn_hash(par, flow) : 0;
}

/* xtcp_synack_plan - the SYN-ACK; @hash: xtcp_isn_hash() */
void xtcp_synack_plan(const struct xtcp_embryo *emb, u64 hash, u16 adv_mss,
		      struct xtcp_plan *plan, u64 now)
{
	embryo_plan(emb, hash, plan, now);
	plan->seq = emb->iss;
	plan->flags = XTCP_SYN | XTCP_ACK;
	plan->opts = emb->opts;
	plan->opt_mss = adv_mss;
	plan->wscale = emb->rcv_wscale;
	xtcp_ecn_embryo_plan(emb, plan);
	plan->hdr_len = xtcp_hdr_len(plan);
}

/**
 * xtcp_embryo_plan - the SYN-ACK
 * @emb: embryo
 * @par: keys
 * @open: addresses, and the MSS to offer
 * @plan: filled in
 * @now: ns
 */
void xtcp_embryo_plan(const struct xtcp_embryo *emb, const struct xtcp_params *par,
		      const struct xtcp_open *open, struct xtcp_plan *plan, u64 now)
{
	xtcp_synack_plan(emb, hash_of(emb, par, &open->flow), open->adv_mss, plan, now);
}

/**
 * xtcp_embryo_synack - xtcp_embryo_init() and xtcp_embryo_plan() in one
 * @emb: uninitialised memory
 * @par: knobs and keys
 * @open: addresses, sizes
 * @seg: the SYN
 * @plan: filled in: the SYN-ACK
 * @now: ns
 */
void xtcp_embryo_synack(struct xtcp_embryo *emb, const struct xtcp_params *par,
			const struct xtcp_open *open, const struct xtcp_seg *seg,
			struct xtcp_plan *plan, u64 now)
{
	u64 hash = xtcp_isn_hash(par, &open->flow);

	embryo_start(emb, par, open, seg, hash, now);
	xtcp_synack_plan(emb, hash, open->adv_mss, plan, now);
}

/**
 * xtcp_embryo_ack_plan - a bare ACK: unacceptable segment, or challenge
 * @emb: embryo
 * @par: keys
 * @flow: addresses
 * @plan: filled in
 * @now: ns
 */
void xtcp_embryo_ack_plan(const struct xtcp_embryo *emb, const struct xtcp_params *par,
			  const struct xtcp_flow *flow, struct xtcp_plan *plan, u64 now)
{
	embryo_plan(emb, hash_of(emb, par, flow), plan, now);
	plan->seq = emb->iss + 1;
	plan->wnd = xtcp_window_field(emb->rcv_wnd, emb->rcv_wscale);
	plan->flags = XTCP_ACK;
	xtcp_ecn_embryo_ack(emb, plan);
	plan->hdr_len = xtcp_hdr_len(plan);
}
