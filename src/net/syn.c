// SPDX-License-Identifier: GPL-2.0
/*
 * Segments for a listener: SYNs, and segments for its half-open connections.
 *
 * Neither the listener's socket lock nor any other lock of the listener is taken, so a
 * SYN flood does not delay accept().
 */
#include <linux/random.h>
#include <linux/tcp.h>

#include "ip.h"

/* A segment for a listener while it is processed; on the stack. */
struct arrival {
	struct xtcp_rx_ctx *rx;
	struct sk_buff *skb;
	struct xtcp_listener *l;		/* of the listener looked up, or NULL */
	struct xtcp_reqsk_bucket *bucket;	/* locked until there is a verdict */
	struct xtcp_source_at source;		/* SYN: its source's cells */
	struct xtcp_seg seg;			/* reason: why it is discarded */
	struct xtcp_fastopen_cookie give;	/* Fast Open cookie for the SYN-ACK */

	/* used by syn_carry_out(), as the verdict needs */
	struct sock *sk;			/* listener */
	struct sock *child;			/* locked, referenced */
	u32 actions;				/* ACCEPT_SYN: the engine's actions */
	struct xtcp_plan plan;			/* answer */
	struct xtcp_stateless to;		/* where a SYN-ACK goes */
	struct dst_entry *dst;			/* its route, referenced */
	union xtcp_reqsk_any rsk;		/* copy of the half-open connection */
};

/*
 * The verdict is found under the bucket's lock and carried out without it, because that
 * sends packets and processes the child's first segment.
 */
enum verdict {
	VERDICT_DISCARD,	/* discard the segment for seg.reason */
	VERDICT_REPLY,		/* send plan, discard the segment */
	VERDICT_SYNACK_AGAIN,	/* repeat the SYN-ACK of rsk, discard the segment */
	VERDICT_SYNACK,		/* send plan in the memory of the SYN */
	VERDICT_REFUSE,		/* discard the SYN, resume a suspended TIME-WAIT record */
	VERDICT_ACCEPT,		/* child has completed its handshake */
	VERDICT_ACCEPT_SYN,	/* child was made of the SYN: Fast Open */
	VERDICT_AGAIN,		/* a socket has replaced the half-open one: look up again */
};

/*
 * The handshake is complete, but no socket could be made. The peer considers the
 * connection open: reset it (abort_on_overflow), or keep the half-open connection, if
 * there is one, and try again at the peer's next segment. Context: bucket's lock.
 */
static enum verdict request_overflow(struct arrival *a, struct xtcp_reqsk *rsk)
{
	struct xtcp_net *xn = a->rx->xn;

	xtcp_mib_inc(xn, XTCP_MIB_LISTEN_DROPS);
	if ((a->seg.reason != XTCP_DROP_LISTEN_OVERFLOW &&
	     a->seg.reason != XTCP_DROP_ACCEPT_SOURCE) ||
	    !READ_ONCE(xn->knobs.abort_on_overflow)) {
		if (rsk)
			xtcp_request_keep(&rsk->req, &xn->params, a->rx->now);
		return VERDICT_DISCARD;
	}
	if (rsk) {
		xtcp_mib_inc(xn, XTCP_MIB_EMBRYONIC_RSTS);
		xtcp_reqsk_del(xn, a->bucket, rsk);
	}
	xtcp_rst_plan(&a->seg, &a->plan);
	return VERDICT_REPLY;
}

/* The handshake is complete: make a socket. Context: bucket's lock. */
static enum verdict request_accept(struct arrival *a, struct xtcp_reqsk *rsk)
{
	struct xtcp_net *xn = a->rx->xn;

	if (xtcp_request_defers(&rsk->req, &a->seg,
				READ_ONCE(xtcp_sk(a->sk)->defer_accept), a->rx->now)) {
		xtcp_mib_inc(xn, XTCP_MIB_DEFER_ACCEPT_DROP);
		a->seg.reason = XTCP_DROP_REQUEST;
		return VERDICT_DISCARD;
	}
	a->child = xtcp_listen_child(rsk->listener, rsk, &a->seg.reason, a->rx->now);
	if (!a->child)
		return request_overflow(a, rsk);
	xtcp_reqsk_del(xn, a->bucket, rsk);
	return VERDICT_ACCEPT;
}

/* A segment for a half-open connection. Context: bucket's lock. */
static enum verdict request_segment(struct arrival *a, struct xtcp_reqsk *rsk)
{
	const struct xtcp_params *par = &a->rx->xn->params;
	u64 now = a->rx->now;

	a->sk = rsk->listener->sk;
	switch (xtcp_request_rx(&rsk->req, par, &a->seg, now)) {
	case XTCP_REQUEST_SYNACK:
		xtcp_reqsk_copy(&a->rsk, rsk);
		return VERDICT_SYNACK_AGAIN;
	case XTCP_REQUEST_ACK:
		xtcp_request_ack_plan(&rsk->req, par, &a->rx->flow, &a->plan, now);
		return VERDICT_REPLY;
	case XTCP_REQUEST_RESET:
		xtcp_mib_inc(a->rx->xn, XTCP_MIB_EMBRYONIC_RSTS);
		xtcp_reqsk_del(a->rx->xn, a->bucket, rsk);
		fallthrough;
	case XTCP_REQUEST_RST:
		xtcp_rst_plan(&a->seg, &a->plan);
		return VERDICT_REPLY;
	case XTCP_REQUEST_ACCEPT:
		return request_accept(a, rsk);
	case XTCP_REQUEST_KILL:
		xtcp_mib_inc(a->rx->xn, XTCP_MIB_EMBRYONIC_RSTS);
		xtcp_reqsk_del(a->rx->xn, a->bucket, rsk);
		break;
	case XTCP_REQUEST_SKIP:
		xtcp_mib_inc(a->rx->xn, XTCP_MIB_ACK_SKIPPED_SYN_RECV);
		break;
	case XTCP_REQUEST_DROP:
		break;
	}
	return VERDICT_DISCARD;
}

/* Make sure that there is a key for the SYN cookies of the present time slot. */
static void syncookie_draw_key(struct xtcp_net *xn, u64 now)
{
	u32 slot, i = xtcp_syncookie_key_index(now, &slot);
	struct xtcp_syncookie_key *key = &xn->params.syncookie[i];

	/* Pairs with the end of this function. */
	if (likely(smp_load_acquire(&key->slot) == slot))
		return;
	spin_lock(&xn->requests->key_lock);
	if (key->slot != slot) {
		get_random_bytes(key->key, sizeof(key->key));
		/* Pairs with smp_load_acquire() above. */
		smp_store_release(&key->slot, slot);
	}
	spin_unlock(&xn->requests->key_lock);
}

/* Answer to a SYN: keep a half-open connection, send a SYN cookie, or drop the SYN. */
enum syn_answer { SYN_REQUEST, SYN_COOKIE, SYN_DROP };

/* Context: bucket's lock. */
static enum syn_answer syn_verdict(struct arrival *a)
{
	struct xtcp_net *xn = a->rx->xn;
	struct xtcp_sources *sources = &xn->requests->sources;
	u8 cookies = XTCP_DEFENCE_OR(syncookies, READ_ONCE(xn->knobs.syncookies), 0);
	enum xtcp_source_verdict what;
	u32 room;
	u64 who;

	a->seg.reason = XTCP_DROP_NO_SOCKET;
	if (!a->l || READ_ONCE(a->l->closed))
		return SYN_DROP;
	who = xtcp_source_of(sources, &xn->params, a->rx->flow.daddr);
	a->seg.reason = xtcp_acceptq_reject(a->l, who);
	if (a->seg.reason)
		return SYN_DROP;
	room = xtcp_reqsk_room(xn, a->l);
	what = xtcp_source_syn(sources, &xn->params, who, room, a->rx->now, &a->source);
	what = XTCP_DEFENCE_OR(syn_source, what, XTCP_SOURCE_ALLOW);
	a->seg.reason = XTCP_DROP_SYN_SOURCE;
	if (what == XTCP_SOURCE_DROP)
		return SYN_DROP;
	/* A cookie cannot be chosen above the last connection's sequence numbers. */
	if (cookies == 2 && !a->rx->reopens)
		return SYN_COOKIE;
	if (!room) {
		a->seg.reason = XTCP_DROP_REQUEST_OVERFLOW;
		xtcp_mib_inc(xn, cookies ? XTCP_MIB_REQ_Q_FULL_COOKIES :
					   XTCP_MIB_REQ_Q_FULL_DROP);
		return cookies ? SYN_COOKIE : SYN_DROP;
	}
	if (what == XTCP_SOURCE_COOKIE)
		return cookies ? SYN_COOKIE : SYN_DROP;
	return SYN_REQUEST;
}

/* Fill in a->to and a->dst for the answer. Return: false when there is no route. */
static bool syn_answer_route(struct arrival *a)
{
	const struct sock *sk = a->l->sk;

	a->to = (struct xtcp_stateless) {
		.net = a->rx->net,
		.sk = sk,
		.flow = &a->rx->flow,
		.mark = xtcp_accept_mark(a->rx, sk),
		.oif = xtcp_ip_oif(sk, xtcp_ip_l3mdev_oif(a->rx)),
		.tos = xtcp_accept_tos(a->rx->xn, sk, &a->rx->flow, a->rx->tos),
		.label = a->rx->label,
	};
	a->dst = xtcp_ip_route(&a->to);
	return !IS_ERR(a->dst);
}

/* Fill in @open from the listener and the route of the answer. */
static void syn_open_fill(const struct arrival *a, struct xtcp_open *open)
{
	const struct sock *sk = a->l->sk;

	*open = (struct xtcp_open) {
		.flow = a->rx->flow,
		.reopens = a->rx->reopens,
		.iss_above = a->rx->iss_above,
		.rcv_space = xtcp_rcv_space(sk),
		.v6 = xtcp_flow_is6(&a->rx->flow),
		.need_ecn = xtcp_cc_needs_ecn(xtcp_sk(sk)->tcb.cc),
	};
	open->rcv_space_max = max(xtcp_rcv_space_max(sk), open->rcv_space);
	open->adv_mss = xtcp_adv_mss(sk, a->dst);
	xtcp_open_route(sk, a->dst, open);
}

/*
 * A SYN that has no half-open connection: add one or make a SYN cookie, and plan the
 * SYN-ACK. Context: bucket's lock.
 */
static enum verdict syn_new(struct arrival *a, enum syn_answer what)
{
	const struct xtcp_params *par = &a->rx->xn->params;
	struct xtcp_net *xn = a->rx->xn;
	struct xtcp_request req;
	struct xtcp_open open;

	if (what == SYN_DROP)
		goto drop;
	a->rx->label = xtcp_ip_label(&a->rx->flow, a->rx->net, a->l->sk, a->skb, 0);
	a->seg.reason = XTCP_DROP_BAD_ADDRESS;
	if (!syn_answer_route(a))
		goto drop;
	syn_open_fill(a, &open);
	if (what == SYN_COOKIE) {
		syncookie_draw_key(xn, a->rx->now);
		a->seg.reason = XTCP_DROP_REQUEST_OVERFLOW;
		if (!xtcp_syncookie_synack(par, &open, &a->seg, &a->plan, a->rx->now))
			goto drop_dst;
		xtcp_mib_inc(xn, XTCP_MIB_SYNCOOKIES_SENT);
	} else {
		xtcp_metrics_get(xn, &open);
		xtcp_request_synack(&req, par, &open, &a->seg, &a->plan, a->rx->now);
		a->seg.reason = XTCP_DROP_NO_MEMORY;
		if (!xtcp_reqsk_add(a->rx, a->bucket, a->l, &req))
			goto drop_dst;
		xtcp_fastopen_plan_cookie(&a->plan, &a->give);
	}
	return VERDICT_SYNACK;

drop_dst:
	dst_release(a->dst);
drop:
	xtcp_mib_inc(xn, XTCP_MIB_LISTEN_DROPS);
	return VERDICT_REFUSE;
}

/*
 * RFC 7413: a SYN with a valid cookie becomes a socket at once. Context: bucket's lock.
 * Return: whether a->child was made.
 */
static bool syn_fastopen(struct arrival *a)
{
	struct xtcp_fastopen_queue *q;

	if (likely(!a->seg.len && !(a->seg.opts & XTCP_OPT_FASTOPEN)))
		return false;
	q = xtcp_fastopen_admit(a->rx, a->l->sk, &a->seg, &a->give);
	if (!q)
		return false;
	a->child = xtcp_listen_syn(a->l, a->rx, a->skb, &a->seg, &a->give, &a->actions);
	if (a->child)
		xtcp_sk(a->child)->fo = q;
	else
		xtcp_fastopen_reject(a->rx->xn, q);
	return a->child;
}

/* Does the ACK return a valid SYN cookie? Then @rsk is filled in from it. */
static bool syncookie_check(struct arrival *a, struct xtcp_reqsk *rsk)
{
	const struct xtcp_params *par = &a->rx->xn->params;
	struct xtcp_net *xn = a->rx->xn;
	struct xtcp_open open = {
		.flow = a->rx->flow,
		.v6 = xtcp_flow_is6(&a->rx->flow),
	};

	if (!a->l || READ_ONCE(a->l->closed) || a->seg.flags & XTCP_SYN ||
	    !READ_ONCE(xn->knobs.syncookies) || !xtcp_syncookie_lately(par, a->rx->now))
		return false;
	if (!xtcp_syncookie_rx(&rsk->req, par, &open, &a->seg, a->rx->now)) {
		xtcp_mib_inc(xn, XTCP_MIB_SYNCOOKIES_FAILED);
		return false;
	}
	xtcp_mib_inc(xn, XTCP_MIB_SYNCOOKIES_RECV);
	rsk->wide = true;
	a->rx->label = xtcp_ip_label(&a->rx->flow, a->rx->net, a->l->sk, a->skb, 0);
	if (!syn_answer_route(a))
		return false;
	syn_open_fill(a, &open);
	dst_release(a->dst);
	xtcp_request_window(&rsk->req, &open);
	xtcp_reqsk_fill(rsk, a->rx, a->l);
	return true;
}

/*
 * The accept queue is full. The peer that returned the cookie considers the connection
 * open and may not send more, so keep a half-open connection, whose SYN-ACKs are repeated.
 * The peer's address is verified, so only the limit of the namespace applies, not the
 * listener's. Context: bucket's lock.
 */
static enum verdict syncookie_overflow(struct arrival *a, struct xtcp_request *req)
{
	struct xtcp_net *xn = a->rx->xn;

	if (a->seg.reason == XTCP_DROP_LISTEN_OVERFLOW &&
	    !READ_ONCE(xn->knobs.abort_on_overflow) &&
	    atomic_read(&xn->requests->count) < READ_ONCE(xn->knobs.max_syn_backlog)) {
		xtcp_request_keep(req, &xn->params, a->rx->now);
		xtcp_reqsk_add(a->rx, a->bucket, a->l, req);
	}
	return request_overflow(a, NULL);
}

/* A SYN cookie was returned: make a socket. Context: bucket's lock. */
static enum verdict syncookie_accept(struct arrival *a, struct xtcp_reqsk *rsk)
{
	a->child = xtcp_listen_child(a->l, rsk, &a->seg.reason, a->rx->now);
	if (!a->child)
		return syncookie_overflow(a, &rsk->req);
	return VERDICT_ACCEPT;
}

/* A segment that has no half-open connection. Context: bucket's lock. */
static enum verdict syn_no_request(struct arrival *a)
{
	enum syn_answer what;

	switch (xtcp_listen_rx(&a->seg)) {
	case XTCP_LISTEN_SYN:
		what = syn_verdict(a);
		/* A SYN that gets no half-open connection gets no socket either. */
		if (what == SYN_REQUEST && syn_fastopen(a))
			return VERDICT_ACCEPT_SYN;
		return syn_new(a, what);
	case XTCP_LISTEN_RST:
		if (syncookie_check(a, &a->rsk.rsk))
			return syncookie_accept(a, &a->rsk.rsk);
		xtcp_rst_plan(&a->seg, &a->plan);
		return VERDICT_REPLY;
	default:
		return VERDICT_DISCARD;
	}
}

/* Do what the verdict says. Context: RCU read lock, bottom halves off, no lock. */
static enum xtcp_rx_result syn_carry_out(struct arrival *a, enum verdict verdict)
{
	struct xtcp_rx_ctx *rx = a->rx;

	switch (verdict) {
	case VERDICT_SYNACK:
		xtcp_source_answered(&rx->xn->requests->sources, &a->source);
		xtcp_ip_answer(&a->to, a->dst, &a->plan, a->skb);
		return XTCP_RX_DONE;
	case VERDICT_ACCEPT:
		xtcp_listen_accept(a->sk, a->child, a->skb, rx->now);
		return XTCP_RX_DONE;
	case VERDICT_ACCEPT_SYN:
		xtcp_listen_accept_syn(a->sk, a->child, a->skb, &a->seg, a->actions, rx->now);
		return XTCP_RX_DONE;
	case VERDICT_AGAIN:
		return XTCP_RX_AGAIN;
	case VERDICT_REPLY:
		xtcp_reply(rx->net, a->sk, &a->plan, a->skb);
		break;
	case VERDICT_SYNACK_AGAIN:
		xtcp_reqsk_synack(&a->rsk.rsk, rx->now);
		break;
	case VERDICT_REFUSE:
		xtcp_tw_resume(rx->xn, &rx->flow, rx->hash, xtcp_ip_l3mdev_oif(rx), true);
		break;
	case VERDICT_DISCARD:
		break;
	}
	xtcp_discard(rx->xn, a->skb, a->seg.reason);
	return XTCP_RX_DONE;
}

/**
 * xtcp_listen_segment - process a segment for a listener
 * @rx: the packet; mark, tos and label are filled in
 * @sk: listener, found under RCU
 * @skb: verified segment; taken over unless XTCP_RX_AGAIN
 *
 * Context: RCU read lock, bottom halves off.
 * Return: XTCP_RX_DONE, or XTCP_RX_AGAIN when its half-open connection became a socket
 * since the look-up.
 */
enum xtcp_rx_result xtcp_listen_segment(struct xtcp_rx_ctx *rx, struct sock *sk,
					struct sk_buff *skb)
{
	enum verdict verdict;
	struct xtcp_reqsk *rsk;
	struct arrival a;

	a.rx = rx;
	a.skb = skb;
	a.sk = sk;
	a.give.len = 0;
	if (!xtcp_seg_fill(&a.seg, skb)) {
		xtcp_discard(rx->xn, skb, XTCP_DROP_HEADER);
		return XTCP_RX_DONE;
	}
	/* RFC 9293, MUST-57. */
	if (xtcp_ip_is_multicast(skb)) {
		xtcp_discard(rx->xn, skb, XTCP_DROP_BAD_ADDRESS);
		return XTCP_RX_DONE;
	}
	rx->mark = skb->mark;
	rx->tos = xtcp_ip_dsfield(skb) & ~INET_ECN_MASK;
	/* Pairs with xtcp_listen_start(). */
	a.l = smp_load_acquire(&xtcp_sk(sk)->listener);

	a.bucket = xtcp_reqsk_lock(rx->xn, rx->hash);
	rsk = xtcp_reqsk_find(a.bucket, rx);
	if (rsk)
		verdict = request_segment(&a, rsk);
	else if (xtcp_lookup(rx->xn, &rx->flow, rx->hash, rx->dif, rx->sdif))
		verdict = VERDICT_AGAIN;
	else
		verdict = syn_no_request(&a);
	spin_unlock(&a.bucket->lock);
	return syn_carry_out(&a, verdict);
}
