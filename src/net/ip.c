// SPDX-License-Identifier: GPL-2.0
/*
 * What both IP families have in common: routes of connections and what they
 * say, packets that are a header and nothing else.
 */
#include <linux/tcp.h>
#include <net/ip.h>
#include <net/tcp.h>
#include <net/xfrm.h>

#include "ip.h"

/* Room for headers, of which TCP's of @len bytes is the last. */
static struct sk_buff *header_new(u32 len)
{
	struct sk_buff *skb = alloc_skb(MAX_TCP_HEADER, GFP_ATOMIC | __GFP_NOWARN);

	if (skb) {
		skb_reserve(skb, MAX_TCP_HEADER);
		skb_push(skb, len);
	}
	return skb;
}

/*
 * A received packet to be sent back: nothing of what it was is left but its
 * memory. @skb: TCP header at its data. Return: false when others hold it, or
 * there is no room for a header of @len bytes.
 */
static bool header_turn(struct sk_buff *skb, u32 len)
{
	if (skb_shared(skb) || skb_cloned(skb) || skb_is_nonlinear(skb) ||
	    skb_is_gso(skb) || skb_end_pointer(skb) - skb->data < (int)len)
		return false;
	skb_orphan(skb);
	/* Route, conntrack, IPVS and what else the kernel knows of. */
	skb_scrub_packet(skb, true);
	skb_trim(skb, 0);
	skb_put(skb, len);
	memset(skb->cb, 0, sizeof(skb->cb));
	skb_shinfo(skb)->tx_flags = 0;
	skb_clear_hash(skb);
	skb_set_queue_mapping(skb, 0);
	__vlan_hwaccel_clear_tag(skb);
	skb->encapsulation = 0;
	return true;
}

/* A packet whose TCP header @plan is; its data is the room for it. */
static void header_send(const struct xtcp_stateless *to, struct dst_entry *dst,
			const struct xtcp_plan *plan, struct sk_buff *skb)
{
	skb_reset_transport_header(skb);
	xtcp_hdr_put(skb->data, plan, to->flow->sport, to->flow->dport);
	skb->ip_summed = CHECKSUM_NONE;
	skb->priority = to->sk ? READ_ONCE(to->sk->sk_priority) : 0;
	skb->mark = to->mark;
	/*
	 * Rules by user or cgroup know a SYN-ACK by its listener, unless that has
	 * just ended; other answers are nobody's.
	 */
	if (plan->flags & XTCP_SYN && !skb_set_owner_sk_safe(skb, (struct sock *)to->sk))
		skb_orphan(skb);
	xtcp_mib_inc(xtcp_net(to->net), XTCP_MIB_OUT_SEGS);
	if (xtcp_flow_is6(to->flow))
		xtcp_ip6_out(to, dst, skb);
	else
		xtcp_ip4_out(to, dst, skb);
}

/**
 * xtcp_ip_send - send a packet without payload and without a socket
 * @to: where to
 * @dst: route; its reference is taken over
 * @plan: TCP header
 *
 * Context: any. What cannot be sent is dropped.
 */
void xtcp_ip_send(const struct xtcp_stateless *to, struct dst_entry *dst,
		   const struct xtcp_plan *plan)
{
	struct sk_buff *skb = header_new(plan->hdr_len);

	if (!skb) {
		dst_release(dst);
		return;
	}
	header_send(to, dst, plan, skb);
}

/**
 * xtcp_ip_answer - send such a packet in the place of another
 * @to: where to
 * @dst: route; its reference is taken over
 * @plan: TCP header
 * @cause: the packet that it answers, TCP header at its data; used up
 *
 * To allocate a packet and to free one is a tenth of the work of answering a
 * SYN, and while one is answered the other is in the cache.
 *
 * Context: any. What cannot be sent is dropped.
 */
void xtcp_ip_answer(const struct xtcp_stateless *to, struct dst_entry *dst,
		     const struct xtcp_plan *plan, struct sk_buff *cause)
{
	if (header_turn(cause, plan->hdr_len)) {
		header_send(to, dst, plan, cause);
		return;
	}
	consume_skb(cause);
	xtcp_ip_send(to, dst, plan);
}

/* Payload one packet to the device may carry; software GSO does the rest. */
static u32 gso_max(const struct dst_entry *dst, u32 mss)
{
	u32 bytes;

	/* IPsec without offload wants the packets one by one. */
	if (dst->header_len && !xfrm_dst_offload_ok((struct dst_entry *)dst))
		return mss;
	bytes = min_t(u32, READ_ONCE(dst->dev->gso_max_size), GSO_LEGACY_MAX_SIZE) -
		MAX_TCP_HEADER - 1;
	bytes = min_t(u32, bytes, READ_ONCE(dst->dev->gso_max_segs) * mss);
	return max(bytes, mss);
}

/**
 * xtcp_adv_mss - the MSS to offer
 * @sk: socket or listener; its TCP_MAXSEG holds for both directions
 * @dst: route to the peer
 *
 * Return: bytes, RFC 9293 3.7.1.
 */
u16 xtcp_adv_mss(const struct sock *sk, const struct dst_entry *dst)
{
	u32 user_mss = READ_ONCE(xtcp_sk(sk)->tcb.user_mss);

	return min_t(u32, dst_metric_advmss(dst), user_mss ? user_mss : U16_MAX);
}

/* Of milliseconds that Linux keeps times @scale; 0: the route does not say. */
static u32 route_us(const struct dst_entry *dst, int metric, u32 scale)
{
	u64 us = (u64)dst_metric(dst, metric) * USEC_PER_MSEC;

	return min_t(u64, div_u64(us, scale), U32_MAX / 4);
}

/**
 * xtcp_open_route - the metrics of the route, ip-route(8)
 * @sk: socket or listener: its TCP_WINDOW_CLAMP replaces the route's window
 * @dst: route to the peer
 * @open: the receive space is filled in, and limited by the route's window; what the
 *	cache knows is filled in, if the connection opens now; route is filled in
 *
 * As in Linux, rto_min and cwnd count only where they are locked (ip locks rto_min by
 * itself). What connections have measured replaces an rtt or ssthresh that is not
 * locked, and ssthresh counts only where no_ssthresh_metrics_save is 0.
 */
void xtcp_open_route(const struct sock *sk, const struct dst_entry *dst,
		     struct xtcp_open *open)
{
	const struct xtcp_net *xn = xtcp_sk_net(sk);
	u32 window = dst_metric(dst, RTAX_WINDOW);
	struct xtcp_route *route = &open->route;

	*route = (struct xtcp_route) {
		.initcwnd = dst_metric(dst, RTAX_INITCWND),
		.initrwnd = dst_metric(dst, RTAX_INITRWND),
		.reordering = dst_metric(dst, RTAX_REORDERING),
		.quickack = dst_metric(dst, RTAX_QUICKACK),
		.ecn = dst_feature(dst, RTAX_FEATURE_ECN),
	};
	if (unlikely(dst_metric(dst, RTAX_CC_ALGO) != TCP_CA_UNSPEC))
		route->cc = xtcp_cong_of_key(dst_metric(dst, RTAX_CC_ALGO));
	if (dst_metric_locked(dst, RTAX_CWND))
		route->cwnd = dst_metric(dst, RTAX_CWND);
	if (dst_metric_locked(dst, RTAX_RTO_MIN))
		route->rto_min_us = max_t(u32, route_us(dst, RTAX_RTO_MIN, 1), 1);
	if (dst_metric_locked(dst, RTAX_RTT) || !open->cached_srtt_us)
		route->rtt_us = route_us(dst, RTAX_RTT, 8);
	if (!READ_ONCE(xn->knobs.no_ssthresh_save) &&
	    (dst_metric_locked(dst, RTAX_SSTHRESH) || !open->cached_ssthresh))
		route->ssthresh = dst_metric(dst, RTAX_SSTHRESH);
	if (!window || READ_ONCE(xtcp_sk(sk)->window_clamp))
		return;
	open->rcv_space = min(open->rcv_space, window);
	open->rcv_space_max = min(open->rcv_space_max, window);
}

/**
 * xtcp_open_dst - what the route says about a connection to be
 * @sk: socket or listener, for its options
 * @dst: route to the peer
 * @open: path_mss, adv_mss, gso_max and the receive space are filled in
 */
void xtcp_open_dst(const struct sock *sk, const struct dst_entry *dst,
		   struct xtcp_open *open)
{
	u32 hdr = xtcp_ip_hdr_len(sk);
	u32 most = xtcp_sock_is6(sk) ? IP6_MAX_MTU : IP_MAX_MTU;

	open->path_mss = clamp_t(u32, dst_mtu(dst), hdr + 1, most) - hdr;
	open->user_mss = xtcp_sk(sk)->tcb.user_mss;
	open->adv_mss = xtcp_adv_mss(sk, dst);
	open->gso_max = gso_max(dst, open->path_mss);
	open->rcv_space = xtcp_rcv_space(sk);
	open->rcv_space_max = max(xtcp_rcv_space_max(sk), open->rcv_space);
	open->v6 = xtcp_sock_is6(sk);
	open->need_ecn = xtcp_cc_needs_ecn(xtcp_sk(sk)->tcb.cc);
}

/* What the socket keeps of it: the engine has the rest. */
static void route_keep(struct sock *sk, const struct dst_entry *dst,
			    const struct xtcp_route *route)
{
	struct xtcp_sock *xsk = xtcp_sk(sk);

	if (!xsk->window_clamp)
		xsk->window_clamp = dst_metric(dst, RTAX_WINDOW);
	xsk->cc_locked = route->cc && dst_metric_locked(dst, RTAX_CC_ALGO);
}

/**
 * xtcp_open_fill - what the engine wants to know when a connection opens
 * @sk: socket with addresses and a route
 * @open: filled in
 *
 * Context: socket lock.
 */
void xtcp_open_fill(struct sock *sk, struct xtcp_open *open)
{
	const struct dst_entry *dst = __sk_dst_get(sk);

	memset(open, 0, sizeof(*open));
	xtcp_flow_of_sock(sk, &open->flow);
	xtcp_metrics_get(xtcp_net(sock_net(sk)), open);
	open->reopens = xtcp_sk(sk)->reopens;
	open->iss_above = xtcp_sk(sk)->iss_above;
	if (dst) {
		xtcp_open_dst(sk, dst, open);
		xtcp_open_route(sk, dst, open);
		route_keep(sk, dst, &open->route);
		xtcp_sk(sk)->gso_full = open->gso_max;
		xtcp_sk(sk)->pmtu = dst_mtu(dst);
		xtcp_sk(sk)->pmtu_hdr = xtcp_ip_hdr_len(sk);
		return;
	}
	/* The route went away since it was looked up: the smallest path. */
	open->path_mss = TCP_MSS_DEFAULT;
	open->adv_mss = TCP_MSS_DEFAULT;
	open->user_mss = xtcp_sk(sk)->tcb.user_mss;
	open->gso_max = TCP_MSS_DEFAULT;
	xtcp_sk(sk)->gso_full = open->gso_max;
	open->rcv_space = xtcp_rcv_space(sk);
	open->rcv_space_max = max(xtcp_rcv_space_max(sk), open->rcv_space);
}

/**
 * xtcp_ip_sock_dst - the route of a connection, found anew if it has expired
 * @sk: socket with addresses and ports
 *
 * Context: socket lock. Return: route, the reference is the socket's; or NULL.
 */
struct dst_entry *xtcp_ip_sock_dst(struct sock *sk)
{
	struct dst_entry *dst = __sk_dst_check(sk, xtcp_ip_dst_cookie(sk));

	if (dst)
		return dst;
	return xtcp_ip_sock_route(sk) ? NULL : __sk_dst_get(sk);
}

/**
 * xtcp_ip_repath - what is sent on this path may not arrive: try another
 * @sk: connection
 * @why: counter of the reason
 *
 * Protective ReRoute: packets get another hash, and with it another flow label, by
 * which routers with several paths choose anew; so does this host, if it has several.
 * SO_TXREHASH, net.core.txrehash turn it off.
 *
 * Context: any, socket lock, not owned by a system call where this is softirq.
 */
void xtcp_ip_repath(struct sock *sk, enum xtcp_mib why)
{
	struct xtcp_sock *xsk = xtcp_sk(sk);

	if (READ_ONCE(sk->sk_txrehash) != SOCK_TXREHASH_ENABLED)
		return;
	sk_set_txhash(sk);
	xsk->repathed = 1;
	if (why == XTCP_MIB_TIMEOUT_REHASH)
		xsk->rehashes++;
	xtcp_mib_inc(xtcp_sk_net(sk), why);
	/* Without a route at present the old one stays, and IP finds it expired. */
	xtcp_ip_sock_route(sk);
}

/**
 * xtcp_ip_connect_undo - undo what an active open set before it failed
 * @sk: socket
 *
 * Context: process, socket lock.
 */
void xtcp_ip_connect_undo(struct sock *sk)
{
	struct inet_sock *inet = inet_sk(sk);

	if (!(sk->sk_userlocks & SOCK_BINDADDR_LOCK))
		inet_reset_saddr(sk);
	inet->inet_daddr = 0;
	inet->inet_dport = 0;
	xtcp_unhash(sk);
	if (!(sk->sk_userlocks & SOCK_BINDPORT_LOCK)) {
		xtcp_port_put(sk);
		inet->inet_sport = 0;
	}
}
