// SPDX-License-Identifier: GPL-2.0
/*
 * What both IP families have in common: routes of connections and their metrics, and
 * packets that have a TCP header only.
 */
#include <linux/tcp.h>
#include <net/ip.h>
#include <net/tcp.h>
#include <net/xfrm.h>

#include "ip.h"

/* A packet with room for a TCP header of @len bytes at its data, and for others before. */
static struct sk_buff *ip_header_new(u32 len)
{
	struct sk_buff *skb = alloc_skb(MAX_TCP_HEADER, GFP_ATOMIC | __GFP_NOWARN);

	if (skb) {
		skb_reserve(skb, MAX_TCP_HEADER);
		skb_push(skb, len);
	}
	return skb;
}

/*
 * Clear a received packet, to send an answer in its memory. @skb: TCP header at its data;
 * @len: bytes of the new TCP header. Return: false when it is shared or has no room.
 */
static bool ip_header_turn(struct sk_buff *skb, u32 len)
{
	if (skb_shared(skb) || skb_cloned(skb) || skb_is_nonlinear(skb) ||
	    skb_is_gso(skb) || skb_end_pointer(skb) - skb->data < (int)len)
		return false;
	skb_orphan(skb);
	/* Removes route, conntrack, IPVS and other state of the received packet. */
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

/* Send a packet with the TCP header of @plan; @skb: its data is the room for the header. */
static void ip_header_send(const struct xtcp_stateless *to, struct dst_entry *dst,
			   const struct xtcp_plan *plan, struct sk_buff *skb)
{
	skb_reset_transport_header(skb);
	xtcp_hdr_put(skb->data, plan, to->flow->sport, to->flow->dport);
	skb->ip_summed = CHECKSUM_NONE;
	skb->priority = to->sk ? READ_ONCE(to->sk->sk_priority) : 0;
	skb->mark = to->mark;
	/*
	 * Firewall rules match a SYN-ACK by user and cgroup of its listener, unless that
	 * has just been freed. Other answers have no socket.
	 */
	if (plan->flags & XTCP_SYN && !skb_set_owner_sk_safe(skb, (struct sock *)to->sk))
		skb_orphan(skb);
	xtcp_mib_inc(xtcp_pernet(to->net), XTCP_MIB_OUT_SEGS);
	if (xtcp_flow_is6(to->flow))
		xtcp_ip6_out(to, dst, skb);
	else
		xtcp_ip4_out(to, dst, skb);
}

/**
 * xtcp_ip_send - send a packet that has a TCP header only and no connection
 * @to: where it goes
 * @dst: route; its reference is taken over
 * @plan: TCP header
 *
 * Context: any. A packet that cannot be sent is dropped.
 */
void xtcp_ip_send(const struct xtcp_stateless *to, struct dst_entry *dst,
		   const struct xtcp_plan *plan)
{
	struct sk_buff *skb = ip_header_new(plan->hdr_len);

	if (!skb) {
		dst_release(dst);
		return;
	}
	ip_header_send(to, dst, plan, skb);
}

/**
 * xtcp_ip_answer - xtcp_ip_send() in the memory of the packet that is answered
 * @to: where it goes
 * @dst: route; its reference is taken over
 * @plan: TCP header
 * @cause: the packet that it answers, TCP header at its data; taken over
 *
 * Allocating one packet and freeing another is a tenth of the work of answering a SYN, and
 * the memory of the received packet is in the cache.
 *
 * Context: any. A packet that cannot be sent is dropped.
 */
void xtcp_ip_answer(const struct xtcp_stateless *to, struct dst_entry *dst,
		     const struct xtcp_plan *plan, struct sk_buff *cause)
{
	if (ip_header_turn(cause, plan->hdr_len)) {
		ip_header_send(to, dst, plan, cause);
		return;
	}
	consume_skb(cause);
	xtcp_ip_send(to, dst, plan);
}

/* Bytes of payload in one GSO packet; software GSO splits what the device cannot. */
static u32 ip_gso_max(const struct dst_entry *dst, u32 mss)
{
	u32 bytes;

	/* IPsec without offload cannot take GSO packets. */
	if (dst->header_len && !xfrm_dst_offload_ok((struct dst_entry *)dst))
		return mss;
	bytes = min_t(u32, READ_ONCE(dst->dev->gso_max_size), GSO_LEGACY_MAX_SIZE) -
		MAX_TCP_HEADER - 1;
	bytes = min_t(u32, bytes, READ_ONCE(dst->dev->gso_max_segs) * mss);
	return max(bytes, mss);
}

/**
 * xtcp_adv_mss - the MSS to announce (RFC 9293, 3.7.1)
 * @sk: socket or listener; its TCP_MAXSEG limits both directions
 * @dst: route to the peer
 *
 * Context: any. Return: bytes.
 */
u16 xtcp_adv_mss(const struct sock *sk, const struct dst_entry *dst)
{
	u32 user_mss = READ_ONCE(xtcp_sk(sk)->tcb.user_mss);

	return min_t(u32, dst_metric_advmss(dst), user_mss ? user_mss : U16_MAX);
}

/* A metric in us; Linux keeps it in ms times @scale. 0: the route does not set it. */
static u32 ip_route_us(const struct dst_entry *dst, int metric, u32 scale)
{
	u64 us = (u64)dst_metric(dst, metric) * USEC_PER_MSEC;

	return min_t(u64, div_u64(us, scale), U32_MAX / 4);
}

/**
 * xtcp_open_route - apply the metrics of the route, ip-route(8)
 * @sk: socket or listener: its TCP_WINDOW_CLAMP replaces the route's window
 * @dst: route to the peer
 * @open: with the receive space and, if the connection opens now, the cached_ fields set;
 *	route is filled in, the receive space is limited by the route's window
 *
 * As in Linux, rto_min and cwnd are used only if they are locked (ip always locks rto_min).
 * Cached measurements take precedence over an rtt or ssthresh that is not locked, and
 * ssthresh is used only if no_ssthresh_metrics_save is 0.
 *
 * Context: any.
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
		route->rto_min_us = max_t(u32, ip_route_us(dst, RTAX_RTO_MIN, 1), 1);
	if (dst_metric_locked(dst, RTAX_RTT) || !open->cached_srtt_us)
		route->rtt_us = ip_route_us(dst, RTAX_RTT, 8);
	if (!READ_ONCE(xn->knobs.no_ssthresh_save) &&
	    (dst_metric_locked(dst, RTAX_SSTHRESH) || !open->cached_ssthresh))
		route->ssthresh = dst_metric(dst, RTAX_SSTHRESH);
	if (!window || READ_ONCE(xtcp_sk(sk)->window_clamp))
		return;
	open->rcv_space = min(open->rcv_space, window);
	open->rcv_space_max = min(open->rcv_space_max, window);
}

/**
 * xtcp_open_dst - fill in what depends on the route and the socket's options
 * @sk: socket or listener
 * @dst: route to the peer
 * @open: path_mss, user_mss, adv_mss, gso_max, the receive space, v6 and need_ecn are
 *	filled in
 *
 * Context: socket lock.
 */
void xtcp_open_dst(const struct sock *sk, const struct dst_entry *dst,
		   struct xtcp_open *open)
{
	u32 hdr = xtcp_ip_hdr_len(sk);
	u32 most = xtcp_sock_is6(sk) ? IP6_MAX_MTU : IP_MAX_MTU;

	open->path_mss = clamp_t(u32, dst_mtu(dst), hdr + 1, most) - hdr;
	open->user_mss = xtcp_sk(sk)->tcb.user_mss;
	open->adv_mss = xtcp_adv_mss(sk, dst);
	open->gso_max = ip_gso_max(dst, open->path_mss);
	open->rcv_space = xtcp_rcv_space(sk);
	open->rcv_space_max = max(xtcp_rcv_space_max(sk), open->rcv_space);
	open->v6 = xtcp_sock_is6(sk);
	open->need_ecn = xtcp_cc_needs_ecn(xtcp_sk(sk)->tcb.cc);
}

/* Store the metrics that the socket needs; the engine gets the others. */
static void ip_route_save(struct sock *sk, const struct dst_entry *dst,
			    const struct xtcp_route *route)
{
	struct xtcp_sock *xsk = xtcp_sk(sk);

	if (!xsk->window_clamp)
		xsk->window_clamp = dst_metric(dst, RTAX_WINDOW);
	xsk->cc_locked = route->cc && dst_metric_locked(dst, RTAX_CC_ALGO);
}

/**
 * xtcp_open_fill - fill in what the engine needs to open a connection
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
	xtcp_metrics_get(xtcp_pernet(sock_net(sk)), open);
	open->reopens = xtcp_sk(sk)->reopens;
	open->iss_above = xtcp_sk(sk)->iss_above;
	if (dst) {
		xtcp_open_dst(sk, dst, open);
		xtcp_open_route(sk, dst, open);
		ip_route_save(sk, dst, &open->route);
		xtcp_sk(sk)->gso_full = open->gso_max;
		xtcp_sk(sk)->pmtu = dst_mtu(dst);
		xtcp_sk(sk)->pmtu_hdr = xtcp_ip_hdr_len(sk);
		return;
	}
	/* The route has expired since it was looked up: assume the smallest MTU. */
	open->path_mss = TCP_MSS_DEFAULT;
	open->adv_mss = TCP_MSS_DEFAULT;
	open->user_mss = xtcp_sk(sk)->tcb.user_mss;
	open->gso_max = TCP_MSS_DEFAULT;
	xtcp_sk(sk)->gso_full = open->gso_max;
	open->rcv_space = xtcp_rcv_space(sk);
	open->rcv_space_max = max(xtcp_rcv_space_max(sk), open->rcv_space);
}

/**
 * xtcp_ip_sock_dst - the route of a connection, looked up again if it has expired
 * @sk: socket with addresses and ports
 *
 * Context: socket lock. Return: route, whose reference the socket keeps, or NULL.
 */
struct dst_entry *xtcp_ip_sock_dst(struct sock *sk)
{
	struct dst_entry *dst = __sk_dst_check(sk, xtcp_ip_dst_cookie(sk));

	if (dst)
		return dst;
	return xtcp_ip_sock_route(sk) ? NULL : __sk_dst_get(sk);
}

/**
 * xtcp_ip_repath - try another path, since packets on this one may not arrive
 * @sk: connection
 * @why: counter of the reason
 *
 * Protective ReRoute: packets get another hash and with it another IPv6 flow label, from
 * which routers with several paths, and this host, choose the path. SO_TXREHASH and
 * net.core.txrehash turn it off.
 *
 * Context: any, socket lock; in softirq no system call owns the socket.
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
	/*
	 * If there is no route now, the old one stays; it is checked again at the next
	 * output.
	 */
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
