// SPDX-License-Identifier: GPL-2.0
/*
 * Segments for a listener: SYNs, and whatever a half-open connection gets.
 *
 * The listener's socket lock is not taken, nor any other lock of its own: a
 * flood of SYNs does not keep accept() out.
 */
#include <linux/tcp.h>
#include <net/route.h>

#include "net.h"

/* A segment on its way through this file. */
struct arrival {
	struct xtcp_rx *rx;
	struct sk_buff *skb;
	struct xtcp_listener *l;
	struct xtcp_half_bucket *bucket;	/* locked */
	struct xtcp_seg seg;			/* reason: why it is discarded */
};

/* Context: bucket's lock, dropped. */
static void answer_synack(struct arrival *a, const struct xtcp_half *half)
{
	struct xtcp_half copy = *half;

	spin_unlock(&a->bucket->lock);
	xtcp_half_synack(&copy, a->rx->now);
}

/* Context: bucket's lock, dropped. */
static void answer(struct arrival *a, const struct sock *sk, const struct xtcp_plan *plan)
{
	spin_unlock(&a->bucket->lock);
	xtcp_reply(a->rx->net, sk, plan, a->skb);
}

/*
 * The handshake is complete: a socket. Context: bucket's lock, dropped.
 * Return: true when the segment is the socket's now.
 */
static bool half_accept(struct arrival *a, struct xtcp_half *half)
{
	struct xtcp_listener *l = half->listener;
	struct sock *sk = l->sk, *child = NULL;

	a->seg.reason = XTCP_DROP_EMBRYO;
	if (!xtcp_embryo_defers(&half->emb, &a->seg,
				READ_ONCE(xtcp_sk(sk)->defer_accept), a->rx->now))
		child = xtcp_listen_child(l, half, &a->seg.reason, a->rx->now);
	if (child)
		xtcp_half_del(a->rx->xn, a->bucket, half);
	spin_unlock(&a->bucket->lock);
	if (!child)
		return false;
	xtcp_listen_accept(sk, child, a->skb, a->rx->now);
	return true;
}

/*
 * A segment for an embryo. Context: bucket's lock, dropped.
 * Return: true when the segment is somebody else's now.
 */
static bool half_segment(struct arrival *a, struct xtcp_half *half)
{
	const struct xtcp_params *par = &a->rx->xn->params;
	const struct sock *sk = half->listener->sk;
	u64 now = a->rx->now;
	struct xtcp_plan plan;

	switch (xtcp_embryo_rx(&half->emb, par, &a->seg, now)) {
	case XTCP_EMBRYO_SYNACK:
		answer_synack(a, half);
		return false;
	case XTCP_EMBRYO_ACK:
		xtcp_embryo_ack_plan(&half->emb, par, &a->rx->flow, &plan, now);
		answer(a, sk, &plan);
		return false;
	case XTCP_EMBRYO_RESET:
		xtcp_mib_inc(a->rx->xn, XTCP_MIB_EMBRYONIC_RSTS);
		xtcp_half_del(a->rx->xn, a->bucket, half);
		fallthrough;
	case XTCP_EMBRYO_RST:
		xtcp_rst_plan(&a->seg, &plan);
		answer(a, sk, &plan);
		return false;
	case XTCP_EMBRYO_ACCEPT:
		return half_accept(a, half);
	case XTCP_EMBRYO_KILL:
		xtcp_mib_inc(a->rx->xn, XTCP_MIB_EMBRYONIC_RSTS);
		xtcp_half_del(a->rx->xn, a->bucket, half);
		break;
	case XTCP_EMBRYO_DROP:
		break;
	}
	spin_unlock(&a->bucket->lock);
	return false;
}

/* May this SYN become an embryo? Context: bucket's lock. */
static enum xtcp_drop syn_refused(const struct arrival *a)
{
	if (!a->l || READ_ONCE(a->l->closed))
		return XTCP_DROP_NO_SOCKET;
	if (sk_acceptq_is_full(a->l->sk))
		return XTCP_DROP_LISTEN_OVERFLOW;
	if (xtcp_half_full(a->rx->xn, a->l))
		return XTCP_DROP_EMBRYO_OVERFLOW;
	return XTCP_DROP_NONE;
}

/*
 * A SYN nobody has seen: an embryo, and its SYN-ACK. Context: bucket's lock,
 * dropped. Return: XTCP_DROP_NONE or why not.
 */
static enum xtcp_drop syn_new(struct arrival *a)
{
	struct xtcp_net *xn = a->rx->xn;
	enum xtcp_drop why = syn_refused(a);
	struct xtcp_stateless to = {
		.net = a->rx->net,
		.flow = &a->rx->flow,
	};
	struct xtcp_embryo emb;
	struct dst_entry *dst;
	struct xtcp_plan plan;
	struct xtcp_open open;

	if (why)
		goto out;
	to.sk = a->l->sk;
	to.mark = READ_ONCE(to.sk->sk_mark);
	to.oif = READ_ONCE(to.sk->sk_bound_dev_if);
	to.tos = inet_sk(to.sk)->tos;
	why = XTCP_DROP_BAD_ADDRESS;
	dst = xtcp_ip4_route(&to);
	if (IS_ERR(dst))
		goto out;
	memset(&open, 0, sizeof(open));
	open.flow = a->rx->flow;
	open.reopens = a->rx->reopens;
	open.iss_above = a->rx->iss_above;
	xtcp_metrics_get(xn, &open);
	xtcp_open_dst(to.sk, dst, &open);
	xtcp_embryo_init(&emb, &xn->params, &open, &a->seg, a->rx->now);
	why = XTCP_DROP_NO_MEMORY;
	if (!xtcp_half_add(xn, a->bucket, &a->rx->flow, a->l, &emb)) {
		dst_release(dst);
		goto out;
	}
	spin_unlock(&a->bucket->lock);
	xtcp_embryo_plan(&emb, &xn->params, &open, &plan, a->rx->now);
	xtcp_ip4_send(&to, dst, &plan);
	return XTCP_DROP_NONE;

out:
	spin_unlock(&a->bucket->lock);
	return why;
}

/* A segment that meets no embryo. Context: bucket's lock, dropped. */
static enum xtcp_drop stranger(struct arrival *a, const struct sock *sk)
{
	struct xtcp_plan plan;

	switch (xtcp_listen_rx(&a->seg)) {
	case XTCP_LISTEN_SYN:
		return syn_new(a);
	case XTCP_LISTEN_RST:
		xtcp_rst_plan(&a->seg, &plan);
		answer(a, sk, &plan);
		break;
	case XTCP_LISTEN_DROP:
		spin_unlock(&a->bucket->lock);
		break;
	}
	return a->seg.reason;
}

/**
 * xtcp_listen_segment - a segment for a listener, from no known peer
 * @rx: the packet's particulars
 * @sk: listener, found under RCU
 * @skb: verified segment; taken over unless XTCP_RX_AGAIN
 *
 * Context: RCU read lock, bottom halves off.
 * Return: XTCP_RX_AGAIN when its embryo became a socket meanwhile.
 */
enum xtcp_rx_result xtcp_listen_segment(struct xtcp_rx *rx, struct sock *sk,
					struct sk_buff *skb)
{
	const struct rtable *rt = skb_rtable(skb);
	struct arrival a = { .rx = rx, .skb = skb };
	struct xtcp_half *half;
	enum xtcp_drop why;

	if (!xtcp_seg_fill(&a.seg, skb)) {
		xtcp_discard(rx->xn, skb, XTCP_DROP_HEADER);
		return XTCP_RX_DONE;
	}
	/* RFC 9293, MUST-57. */
	if (rt && rt->rt_flags & (RTCF_BROADCAST | RTCF_MULTICAST)) {
		xtcp_discard(rx->xn, skb, XTCP_DROP_BAD_ADDRESS);
		return XTCP_RX_DONE;
	}
	/* Pairs with xtcp_listen_start(). */
	a.l = smp_load_acquire(&xtcp_sk(sk)->listener);
	a.bucket = xtcp_half_lock(rx->xn, &rx->flow);
	half = xtcp_half_find(a.bucket, &rx->flow);
	if (half) {
		if (half_segment(&a, half))
			return XTCP_RX_DONE;
		why = a.seg.reason;
	} else if (xtcp_lookup(rx->xn, &rx->flow, rx->dif, rx->sdif)) {
		spin_unlock(&a.bucket->lock);
		return XTCP_RX_AGAIN;
	} else {
		why = stranger(&a, sk);
	}
	if (why)
		xtcp_discard(rx->xn, skb, why);
	else
		consume_skb(skb);
	return XTCP_RX_DONE;
}
