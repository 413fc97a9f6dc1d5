// SPDX-License-Identifier: GPL-2.0
/*
 * Half-open connections of a listener: RFC 9293 3.10.7.2 and the rows of
 * SYN-RECEIVED, after a passive open, in 3.10.7.4.
 *
 * Between SYN and the ACK that proves the peer's address nothing needs a
 * socket: forty-odd bytes remember what the SYN said. The connection itself
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

static u64 synack_timeout(const struct xtcp_embryo *emb,
			  const struct xtcp_params *par)
{
	u64 us = par->rto_init_us;

	if (emb->rto_us && !emb->retries)
		return emb->rto_us * XTCP_NSEC_PER_USEC;
	us <<= min_t(u32, emb->retries - !!emb->rto_us, 16);
	return min_t(u64, us, par->rto_max_us) * XTCP_NSEC_PER_USEC;
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
	memset(emb, 0, sizeof(*emb));
	emb->iss = xtcp_isn(par, &open->flow, now);
	emb->irs = seg->seq;
	emb->rcv_wnd = min_t(u32, open->rcv_space, 65535);
	emb->adv_mss = open->adv_mss;
	emb->peer_mss = xtcp_default_mss(open->v6);
	emb->opts = XTCP_OPT_MSS;
	if (seg->opts & XTCP_OPT_MSS)
		emb->peer_mss = seg->mss;
	if (par->sack)
		emb->opts |= seg->opts & XTCP_OPT_SACK_PERM;
	if (par->wscale && seg->opts & XTCP_OPT_WSCALE) {
		emb->opts |= XTCP_OPT_WSCALE;
		emb->snd_wscale = seg->wscale;
		emb->rcv_wscale = xtcp_pick_wscale(open->rcv_space_max);
	}
	if (par->timestamps && seg->opts & XTCP_OPT_TS) {
		emb->opts |= XTCP_OPT_TS;
		emb->ts_recent = seg->tsval;
		emb->ts_off = xtcp_ts_offset(par, &open->flow);
	}
	xtcp_ecn_embryo(emb, par, seg, open->need_ecn);
	emb->sent_at = now;
	emb->rto_us = xtcp_syn_rto(par, open);
	emb->deadline = now + synack_timeout(emb, par);
}

static enum xtcp_embryo_act embryo_drop(struct xtcp_seg *seg, enum xtcp_drop why,
					enum xtcp_embryo_act act)
{
	seg->reason = why;
	return act;
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
 * which also answers the unacceptable segment as the RFC wants.
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
		/* Two SYN-ACKs are out: no RTT sample without a timestamp (Karn). */
		emb->again = 1;
		return embryo_drop(seg, XTCP_DROP_EMBRYO,
				   xtcp_ecn_embryo_again(emb, par, seg) ?
				   XTCP_EMBRYO_SYNACK : XTCP_EMBRYO_RESET);
	}
	if (emb->opts & XTCP_OPT_TS && seg->opts & XTCP_OPT_TS &&
	    !(seg->flags & XTCP_RST) && seq_lt(seg->tsval, emb->ts_recent))
		return embryo_drop(seg, XTCP_DROP_PAWS, XTCP_EMBRYO_ACK);
	if (!embryo_in_window(emb, seg))
		return seg->flags & XTCP_RST ?
		       embryo_drop(seg, XTCP_DROP_RST_WINDOW, XTCP_EMBRYO_DROP) :
		       embryo_drop(seg, XTCP_DROP_EMBRYO, XTCP_EMBRYO_ACK);
	if (seg->flags & XTCP_RST) {
		if (seg->seq != emb->irs + 1)
			return embryo_drop(seg, XTCP_DROP_RST_CHALLENGE,
					   XTCP_EMBRYO_ACK);
		return embryo_drop(seg, XTCP_DROP_RST_VALID, XTCP_EMBRYO_KILL);
	}
	if (seg->flags & XTCP_SYN)
		return embryo_drop(seg, XTCP_DROP_SYN_CHALLENGE, XTCP_EMBRYO_ACK);
	if (!(seg->flags & XTCP_ACK))
		return embryo_drop(seg, XTCP_DROP_NO_ACK, XTCP_EMBRYO_DROP);
	if (seg->ack != emb->iss + 1)
		return embryo_drop(seg, XTCP_DROP_ACK_FUTURE, XTCP_EMBRYO_RST);
	(void)now;
	return XTCP_EMBRYO_ACCEPT;
}

/**
 * xtcp_embryo_timeout - the embryo's deadline came
 * @emb: embryo
 * @par: knobs
 * @now: ns
 *
 * Return: XTCP_EMBRYO_SYNACK with a new deadline, XTCP_EMBRYO_KILL after
 * synack_retries, XTCP_EMBRYO_DROP when it was too early.
 */
enum xtcp_embryo_act xtcp_embryo_timeout(struct xtcp_embryo *emb,
					 const struct xtcp_params *par, u64 now)
{
	if (now < emb->deadline)
		return XTCP_EMBRYO_DROP;
	if (emb->retries >= par->synack_retries + !!emb->rto_us)
		return XTCP_EMBRYO_KILL;
	emb->retries++;
	xtcp_ecn_embryo_timeout(emb, par);
	emb->sent_at = now;
	emb->deadline = now + synack_timeout(emb, par);
	return XTCP_EMBRYO_SYNACK;
}

static void embryo_plan(const struct xtcp_embryo *emb, struct xtcp_plan *plan,
			u64 now)
{
	memset(plan, 0, sizeof(*plan));
	plan->ack = emb->irs + 1;
	plan->wnd = xtcp_window_field(emb->rcv_wnd, 0);
	if (emb->opts & XTCP_OPT_TS) {
		plan->opts = XTCP_OPT_TS;
		plan->tsval = xtcp_ts_clock(now) + emb->ts_off;
		plan->tsecr = emb->ts_recent;
	}
}

/**
 * xtcp_embryo_plan - the SYN-ACK
 * @emb: embryo
 * @plan: filled in
 * @now: ns
 */
void xtcp_embryo_plan(struct xtcp_embryo *emb, struct xtcp_plan *plan, u64 now)
{
	embryo_plan(emb, plan, now);
	plan->seq = emb->iss;
	plan->flags = XTCP_SYN | XTCP_ACK;
	plan->opts = emb->opts;
	plan->opt_mss = emb->adv_mss;
	plan->wscale = emb->rcv_wscale;
	xtcp_ecn_embryo_plan(emb, plan);
	plan->hdr_len = xtcp_hdr_len(plan);
}

/**
 * xtcp_embryo_ack_plan - a bare ACK: unacceptable segment, or challenge
 * @emb: embryo
 * @plan: filled in
 * @now: ns
 */
void xtcp_embryo_ack_plan(const struct xtcp_embryo *emb, struct xtcp_plan *plan,
			  u64 now)
{
	embryo_plan(emb, plan, now);
	plan->seq = emb->iss + 1;
	plan->wnd = xtcp_window_field(emb->rcv_wnd, emb->rcv_wscale);
	plan->flags = XTCP_ACK;
	xtcp_ecn_embryo_ack(emb, plan);
	plan->hdr_len = xtcp_hdr_len(plan);
}
