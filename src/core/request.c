// SPDX-License-Identifier: GPL-2.0
/*
 * Half-open connections of a listener (requests): RFC 9293 3.10.7.2 and, for
 * SYN-RECEIVED after a passive open, 3.10.7.4.
 *
 * Between the SYN and the ACK that proves the peer's address no socket is needed:
 * 32 bytes keep what the SYN said. Times in them are short and wrap; none is an
 * hour away. That ACK makes the connection (xtcp_accept()).
 */
#include "core.h"

/* In the order of RFC 9293 3.10.7.2: RST, ACK, SYN, anything else. */
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
	/* No sensible connection begins with SYN and FIN. */
	if ((seg->flags & (XTCP_SYN | XTCP_FIN)) != XTCP_SYN) {
		seg->reason = XTCP_DROP_LISTEN_FLAGS;
		return XTCP_LISTEN_DROP;
	}
	return XTCP_LISTEN_SYN;
}

/* Unit of xtcp_request.born: 2^7 ms. */
#define BORN_SHIFT	7

/* Retransmissions of a SYN-ACK that are made even under pressure. */
#define RETRIES_LEAST	2

static u32 request_ms(u64 now)
{
	return (u32)div_u64(now, XTCP_NSEC_PER_MSEC);
}

static u32 request_us(u64 now)
{
	return (u32)div_u64(now, XTCP_NSEC_PER_USEC);
}

static u16 request_born_ns(u64 now)
{
	return (u16)(request_ms(now) >> BORN_SHIFT);
}

/* The SYN-ACK is sent: set the time of its retransmission, rounded up to ms. */
static void request_sent(struct xtcp_request *req, const struct xtcp_params *par, u64 now)
{
	u64 us = par->rto_init_us;
	u32 ms;

	if (req->rto_ms && !req->retries) {
		ms = req->rto_ms;
	} else {
		us <<= min_t(u32, req->retries - !!req->rto_ms, 16);
		us = min_t(u64, us, par->rto_max_us);
		ms = DIV_ROUND_UP((u32)us, XTCP_USEC_PER_MSEC);
	}
	req->sent_at = request_us(now);
	req->deadline = request_ms(now + XTCP_NSEC_PER_MSEC - 1) + ms;
}

/* xtcp_request_born - start a request without a SYN: its SYN-ACK counts from now */
void xtcp_request_born(struct xtcp_request *req, u64 now)
{
	req->born = request_born_ns(now);
	req->sent_at = request_us(now);
}

/* xtcp_request_sent_at - when the last SYN-ACK was sent, ns; at most an hour ago */
u64 xtcp_request_sent_at(const struct xtcp_request *req, u64 now)
{
	return now - (u64)(request_us(now) - req->sent_at) * XTCP_NSEC_PER_USEC;
}

u64 xtcp_request_deadline(const struct xtcp_request *req, u64 now)
{
	u64 ms = div_u64(now, XTCP_NSEC_PER_MSEC);

	return (ms + (u64)(s32)(req->deadline - (u32)ms)) * XTCP_NSEC_PER_MSEC;
}

void xtcp_request_window(struct xtcp_request *req, const struct xtcp_open *open)
{
	req->rcv_wnd = (u16)xtcp_first_wnd(open, req->opts);
	if (req->opts & XTCP_OPT_WSCALE)
		req->rcv_wscale = xtcp_pick_wscale(open->rcv_space_max);
}

/* xtcp_request_fill - take over what a SYN says, without our ISS and times */
void xtcp_request_fill(struct xtcp_request *req, const struct xtcp_params *par,
		       const struct xtcp_open *open, const struct xtcp_seg *seg)
{
	BUILD_BUG_ON(sizeof(*req) != 32);
	memset(req, 0, sizeof(*req));
	req->irs = seg->seq;
	req->peer_mss = xtcp_default_mss(open->v6);
	req->v6 = open->v6;
	req->opts = XTCP_OPT_MSS;
	if (seg->opts & XTCP_OPT_MSS)
		req->peer_mss = seg->mss;
	if (par->sack)
		req->opts |= seg->opts & XTCP_OPT_SACK_PERM;
	if (par->wscale && seg->opts & XTCP_OPT_WSCALE) {
		req->opts |= XTCP_OPT_WSCALE;
		req->snd_wscale = seg->wscale;
	}
	if (par->timestamps && seg->opts & XTCP_OPT_TS) {
		req->opts |= XTCP_OPT_TS;
		req->ts_recent = seg->tsval;
	}
	xtcp_request_window(req, open);
	xtcp_ecn_request(req, par, open, seg);
}

/* Make a request that is kept, with ISS and times. @hash: xtcp_isn_hash() */
static void request_start(struct xtcp_request *req, const struct xtcp_params *par,
			  const struct xtcp_open *open, const struct xtcp_seg *seg,
			  u64 hash, u64 now)
{
	xtcp_request_fill(req, par, open, seg);
	req->iss = xtcp_iss_of(hash, open, now);
	req->rto_ms = (u16)min_t(u32, DIV_ROUND_UP(xtcp_syn_rto(par, open),
						   XTCP_USEC_PER_MSEC), 65535);
	req->born = request_born_ns(now);
	request_sent(req, par, now);
}

void xtcp_request_init(struct xtcp_request *req, const struct xtcp_params *par,
		       const struct xtcp_open *open, const struct xtcp_seg *seg,
		       u64 now)
{
	request_start(req, par, open, seg, xtcp_isn_hash(par, &open->flow), now);
}

static enum xtcp_request_act request_drop(struct xtcp_seg *seg, enum xtcp_drop_reason why,
					  enum xtcp_request_act act)
{
	seg->reason = why;
	return act;
}

/*
 * Discard @seg for @why and answer by @act, unless an answer was sent less than
 * challenge_ms ago: two ends that reject each other's segments must not go on for
 * ever, and a forged SYN must not elicit answers at will. A SYN-ACK sent twice
 * gives no RTT sample except by its timestamp (Karn), so sent_at may hold the
 * time of the answer.
 */
static enum xtcp_request_act request_answer(struct xtcp_request *req,
					    const struct xtcp_params *par,
					    struct xtcp_seg *seg, enum xtcp_drop_reason why,
					    enum xtcp_request_act act, u64 now)
{
	u64 gap = (u64)par->challenge_ms * XTCP_USEC_PER_MSEC;

	if (req->again && request_us(now) - req->sent_at < gap)
		return request_drop(seg, why, XTCP_REQUEST_SKIP);
	req->again = 1;
	req->sent_at = request_us(now);
	return request_drop(seg, why, act);
}

static bool request_in_window(const struct xtcp_request *req,
			      const struct xtcp_seg *seg)
{
	u32 len = seg->len + !!(seg->flags & XTCP_FIN);
	u32 next = req->irs + 1;

	if (!req->rcv_wnd)
		return !len && seg->seq == next;
	return seq_in(seg->seq, next, req->rcv_wnd) ||
	       (len && seq_in(seg->seq + len - 1, next, req->rcv_wnd));
}

/*
 * RFC 9293 3.10.7.4 for SYN-RECEIVED, in its order: sequence, RST, SYN, ACK. The same
 * SYN again means that our SYN-ACK was lost: resend it at once, which also answers the
 * unacceptable segment as the RFC wants. Answers are limited to the rate of challenge
 * ACKs (invalid_ratelimit).
 */
enum xtcp_request_act xtcp_request_rx(struct xtcp_request *req,
				      const struct xtcp_params *par,
				      struct xtcp_seg *seg, u64 now)
{
	if ((seg->flags & (XTCP_SYN | XTCP_ACK | XTCP_RST)) == XTCP_SYN &&
	    seg->seq == req->irs) {
		if (req->opts & XTCP_OPT_TS && seg->opts & XTCP_OPT_TS)
			req->ts_recent = seg->tsval;
		if (!xtcp_ecn_request_again(req, par, seg))
			return request_drop(seg, XTCP_DROP_REQUEST, XTCP_REQUEST_RESET);
		return request_answer(req, par, seg, XTCP_DROP_REQUEST,
				      XTCP_REQUEST_SYNACK, now);
	}
	if (req->opts & XTCP_OPT_TS && seg->opts & XTCP_OPT_TS &&
	    !(seg->flags & XTCP_RST) && seq_lt(seg->tsval, req->ts_recent))
		return request_answer(req, par, seg, XTCP_DROP_PAWS, XTCP_REQUEST_ACK, now);
	if (!request_in_window(req, seg))
		return seg->flags & XTCP_RST ?
		       request_drop(seg, XTCP_DROP_RST_WINDOW, XTCP_REQUEST_DROP) :
		       request_answer(req, par, seg, XTCP_DROP_REQUEST, XTCP_REQUEST_ACK,
				      now);
	if (seg->flags & XTCP_RST) {
		if (seg->seq != req->irs + 1)
			return request_answer(req, par, seg, XTCP_DROP_RST_CHALLENGE,
					      XTCP_REQUEST_ACK, now);
		return request_drop(seg, XTCP_DROP_RST_VALID, XTCP_REQUEST_KILL);
	}
	if (seg->flags & XTCP_SYN)
		return request_answer(req, par, seg, XTCP_DROP_SYN_CHALLENGE,
				      XTCP_REQUEST_ACK, now);
	if (!(seg->flags & XTCP_ACK))
		return request_drop(seg, XTCP_DROP_NO_ACK, XTCP_REQUEST_DROP);
	if (seg->ack != req->iss + 1)
		return request_drop(seg, XTCP_DROP_ACK_FUTURE, XTCP_REQUEST_RST);
	return XTCP_REQUEST_ACCEPT;
}

/* Does TCP_DEFER_ACCEPT still leave the peer time to send data? */
static bool request_patient(const struct xtcp_request *req, u32 defer_s, u64 now)
{
	u32 ticks = (u16)(request_born_ns(now) - req->born);

	return (u64)ticks << BORN_SHIFT < (u64)defer_s * 1000;
}

bool xtcp_request_defers(struct xtcp_request *req, const struct xtcp_seg *seg,
			 u32 defer_s, u64 now)
{
	if (!defer_s || seg->len || seg->flags & XTCP_FIN ||
	    !request_patient(req, defer_s, now))
		return false;
	req->acked = 1;
	return true;
}

/*
 * While most of them are young the listener is merely busy: they become connections
 * within a round trip. If they fill more than half of the room and many are old,
 * nobody will complete those; the more the old ones outnumber the young ones, the
 * earlier they are dropped (RFC 4987, 3.3).
 */
u32 xtcp_request_retries(const struct xtcp_params *par, u32 count, u32 young, u32 most)
{
	u32 retries = par->synack_retries;

	if (count <= most / 2)
		return retries;
	for (young *= 2; retries > RETRIES_LEAST && count >= young; young *= 2)
		retries--;
	return retries;
}

enum xtcp_request_act xtcp_request_timeout(struct xtcp_request *req,
					   const struct xtcp_params *par, u32 retries,
					   u32 defer_s, u64 now)
{
	if ((s32)(request_ms(now) - req->deadline) < 0)
		return XTCP_REQUEST_DROP;
	/* A peer that has answered is no flood, and believes the connection open. */
	if (req->acked)
		retries = par->synack_retries;
	if (XTCP_DEFENCE(synack_retries, req->retries >= min_t(u32, retries + !!req->rto_ms, 255)))
		return XTCP_REQUEST_KILL;
	req->retries++;
	xtcp_ecn_request_timeout(req, par);
	request_sent(req, par, now);
	return req->acked && request_patient(req, defer_s, now) ?
	       XTCP_REQUEST_DROP : XTCP_REQUEST_SYNACK;
}

void xtcp_request_keep(struct xtcp_request *req, const struct xtcp_params *par, u64 now)
{
	req->acked = 1;
	if (req->syncookie)
		request_sent(req, par, now);
}

static void request_plan(const struct xtcp_request *req, u64 hash, struct xtcp_plan *plan,
			 u64 now)
{
	xtcp_plan_init(plan);
	plan->ack = req->irs + 1;
	plan->wnd = req->rcv_wnd;
	if (req->opts & XTCP_OPT_TS) {
		plan->opts = XTCP_OPT_TS;
		plan->tsval = xtcp_ts_clock(now) + xtcp_ts_offset_of(hash);
		plan->tsecr = req->ts_recent;
	}
}

/* xtcp_isn_hash() if the request has timestamps, which are made from it; else 0. */
static u64 request_hash(const struct xtcp_request *req, const struct xtcp_params *par,
			const struct xtcp_flow *flow)
{
	return req->opts & XTCP_OPT_TS ? xtcp_isn_hash(par, flow) : 0;
}

/* xtcp_synack_plan - plan the SYN-ACK; @hash: xtcp_isn_hash() */
void xtcp_synack_plan(const struct xtcp_request *req, u64 hash, u16 adv_mss,
		      struct xtcp_plan *plan, u64 now)
{
	request_plan(req, hash, plan, now);
	plan->seq = req->iss;
	plan->flags = XTCP_SYN | XTCP_ACK;
	plan->opts = req->opts;
	plan->opt_mss = adv_mss;
	plan->wscale = req->rcv_wscale;
	xtcp_ecn_request_plan(req, plan);
	plan->hdr_len = xtcp_hdr_len(plan);
}

void xtcp_request_plan(const struct xtcp_request *req, const struct xtcp_params *par,
		       const struct xtcp_open *open, struct xtcp_plan *plan, u64 now)
{
	xtcp_synack_plan(req, request_hash(req, par, &open->flow), open->adv_mss, plan,
			 now);
}

void xtcp_request_synack(struct xtcp_request *req, const struct xtcp_params *par,
			 const struct xtcp_open *open, const struct xtcp_seg *seg,
			 struct xtcp_plan *plan, u64 now)
{
	u64 hash = xtcp_isn_hash(par, &open->flow);

	request_start(req, par, open, seg, hash, now);
	xtcp_synack_plan(req, hash, open->adv_mss, plan, now);
}

void xtcp_request_ack_plan(const struct xtcp_request *req, const struct xtcp_params *par,
			   const struct xtcp_flow *flow, struct xtcp_plan *plan, u64 now)
{
	request_plan(req, request_hash(req, par, flow), plan, now);
	plan->seq = req->iss + 1;
	plan->wnd = xtcp_window_field(req->rcv_wnd, req->rcv_wscale);
	plan->flags = XTCP_ACK;
	xtcp_ecn_request_ack(req, plan);
	plan->hdr_len = xtcp_hdr_len(plan);
}
