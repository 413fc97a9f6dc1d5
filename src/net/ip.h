/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The choice between IPv4 and IPv6. Addresses have one type, IPv4 ones are v4-mapped
 * (struct xtcp_flow). What differs is headers, routes and some socket options: it is in
 * ip4.c and ip6.c, icmp4.c and icmp6.c. The functions here and in src/conn/ip.h choose
 * between them. In a kernel without IPv6 no address is an IPv6 one, and the compiler drops
 * the calls.
 */
#ifndef XTCP_NET_IP_H
#define XTCP_NET_IP_H

#include <linux/ip.h>
#include <linux/ipv6.h>
#include <linux/tcp.h>
#include <net/inet_ecn.h>
#include <net/ip.h>
#include <net/ip6_checksum.h>
#include <net/ip6_route.h>
#include <net/ipv6.h>
#include <net/route.h>
#include <net/xfrm.h>

#include "../compat/inet.h"
#include "../conn/ip.h"
#include "net.h"

/* IPv4 addresses are v4-mapped in a flow: ::ffff:a.b.c.d. */
static inline void xtcp_flow_set4(u32 addr[4], __be32 v4)
{
	addr[0] = 0;
	addr[1] = 0;
	addr[2] = (__force u32)htonl(0xffff);
	addr[3] = (__force u32)v4;
}

/* The IPv4 address of a v4-mapped one. */
static inline __be32 xtcp_flow_v4(const u32 addr[4])
{
	return (__force __be32)addr[3];
}

/* Is it an IPv4 address? Any is in a kernel without IPv6. */
static inline bool xtcp_addr_is4(const u32 addr[4])
{
	return !IS_ENABLED(CONFIG_IPV6) ||
	       (!(addr[0] | addr[1]) && addr[2] == (__force u32)htonl(0xffff));
}

/* The wildcard: ::ffff:0.0.0.0 or :: */
static inline bool xtcp_addr_any(const u32 addr[4])
{
	return !(addr[0] | addr[1] | addr[3]) && (!addr[2] || xtcp_addr_is4(addr));
}

/* Do packets of this flow have IPv6 headers? */
static inline bool xtcp_flow_is6(const struct xtcp_flow *flow)
{
	return !xtcp_addr_is4(flow->daddr);
}

/* ---- ip4.c, ip6.c: each is described at the function xtcp_ip_*() that calls it ---- */

void xtcp_ip4_flow(const struct sk_buff *skb, struct xtcp_flow *flow);
struct dst_entry *xtcp_ip4_route(const struct xtcp_stateless *to);
void xtcp_ip4_out(const struct xtcp_stateless *to, struct dst_entry *dst,
		  struct sk_buff *skb);
int xtcp_ip4_sock_route(struct sock *sk);
struct sock *xtcp_ip4_kernel_sock(const struct xtcp_rx_ctx *rx);
bool xtcp_ip4_kernel_listens(const struct xtcp_rx_ctx *rx, struct sk_buff *skb);

/* Has an IPv6 packet a v4-mapped address, which would be taken for an IPv4 one? */
static inline bool xtcp_ip6_v4mapped_on_wire(const struct sk_buff *skb)
{
	const struct ipv6hdr *hdr = ipv6_hdr(skb);

	return ipv6_addr_v4mapped(&hdr->saddr) || ipv6_addr_v4mapped(&hdr->daddr);
}

__be32 xtcp_ip6_label(const struct net *net, const struct sock *sk,
		      const struct sk_buff *cause, u8 nobody);
void xtcp_ip6_flow(const struct sk_buff *skb, struct xtcp_flow *flow);
struct dst_entry *xtcp_ip6_route(const struct xtcp_stateless *to);
void xtcp_ip6_out(const struct xtcp_stateless *to, struct dst_entry *dst,
		  struct sk_buff *skb);
int xtcp_ip6_sock_route(struct sock *sk);
void xtcp_ip6_sock_flow(const struct sock *sk, struct xtcp_flow *flow);
struct sock *xtcp_ip6_kernel_sock(const struct xtcp_rx_ctx *rx);
bool xtcp_ip6_kernel_listens(const struct xtcp_rx_ctx *rx, struct sk_buff *skb);
u64 xtcp_ip6_port_hash(const struct xtcp_flow *flow, const siphash_key_t *key);
void xtcp_ip6_child(struct sock *child, const struct sock *listener,
		    const struct xtcp_flow *flow);
u32 xtcp_ip6_reply_mark(const struct net *net, const struct sk_buff *skb);
int xtcp_ip6_oif(const struct xtcp_flow *flow, int dif);

/* ---- received packets; IP and TCP headers are in place ---- */

/* 4-tuple of a packet; saddr is this end, the packet's destination. */
static inline void xtcp_ip_flow(const struct sk_buff *skb, struct xtcp_flow *flow)
{
	if (xtcp_skb_is6(skb))
		xtcp_ip6_flow(skb, flow);
	else
		xtcp_ip4_flow(skb, flow);
}

/* Is a packet that IP has just received a TCP segment, whole and without extension headers? */
static inline bool xtcp_ip_carries_tcp(const struct sk_buff *skb)
{
	if (xtcp_skb_is6(skb))
		return ipv6_hdr(skb)->nexthdr == NEXTHDR_TCP && !xtcp_ip6_v4mapped_on_wire(skb);
	return ip_hdr(skb)->protocol == IPPROTO_TCP && !ip_is_fragment(ip_hdr(skb));
}

/* The cookie of the route of a packet for dst_check(). */
static inline u32 xtcp_ip_cookie_of(const struct sk_buff *skb, const struct dst_entry *dst)
{
	return xtcp_skb_is6(skb) ?
	       rt6_get_cookie(container_of(dst, const struct rt6_info, dst)) : 0;
}

/* Is the TTL of a packet below IP_MINTTL, IPV6_MINHOPCOUNT (RFC 5082)? */
static inline bool xtcp_ip_below_min_ttl(const struct sock *sk, const struct sk_buff *skb)
{
	if (xtcp_skb_is6(skb))
		return ipv6_hdr(skb)->hop_limit < READ_ONCE(inet6_sk(sk)->min_hopcount);
	return ip_hdr(skb)->ttl < READ_ONCE(inet_sk(sk)->min_ttl);
}

/* Is the TCP checksum wrong? */
static inline bool xtcp_ip_csum_bad(struct sk_buff *skb)
{
	if (xtcp_skb_is6(skb)) {
		if (skb_checksum_init(skb, IPPROTO_TCP, ip6_compute_pseudo))
			return true;
	} else if (skb_checksum_init(skb, IPPROTO_TCP, inet_compute_pseudo)) {
		return true;
	}
	return skb_checksum_complete(skb);
}

/* Do the IPsec policies allow the packet? @sk: NULL for those of the namespace only. */
static inline bool xtcp_ip_policy(struct sock *sk, struct sk_buff *skb)
{
	if (xtcp_skb_is6(skb))
		return xfrm6_policy_check(sk, XFRM_POLICY_IN, skb);
	return xfrm4_policy_check(sk, XFRM_POLICY_IN, skb);
}

/* Is it addressed to a broadcast or multicast address (RFC 9293, MUST-57)? */
static inline bool xtcp_ip_is_multicast(const struct sk_buff *skb)
{
	const struct rtable *rt = skb_rtable(skb);

	if (xtcp_skb_is6(skb))
		return skb_dst(skb) && !ipv6_unicast_destination(skb);
	return rt && rt->rt_flags & (RTCF_BROADCAST | RTCF_MULTICAST);
}

/* ---- packets without a socket ---- */

/*
 * The ifindex that the answer to a packet has to leave by, unless the socket is bound to a
 * device: the VRF's; for a link-local peer the one the packet came in by; 0: any.
 */
static inline int xtcp_ip_l3mdev_oif(const struct xtcp_rx_ctx *rx)
{
	if (rx->sdif)
		return rx->dif;
	return xtcp_flow_is6(&rx->flow) ? xtcp_ip6_oif(&rx->flow, rx->dif) : 0;
}

/* The ifindex an answer leaves by: the device the socket is bound to, or @l3mdev_oif. */
static inline int xtcp_ip_oif(const struct sock *sk, int l3mdev_oif)
{
	return READ_ONCE(sk->sk_bound_dev_if) ?: l3mdev_oif;
}

/* IP_TOS, IPV6_TCLASS */
static inline u8 xtcp_ip_tos(const struct sock *sk, const struct xtcp_flow *flow)
{
	return xtcp_flow_is6(flow) ? inet6_sk(sk)->tclass : inet_sk(sk)->tos;
}

/* Mark of a SYN-ACK and its connection: the listener's, or the SYN's by fwmark_accept. */
static inline u32 xtcp_accept_mark(const struct xtcp_rx_ctx *rx, const struct sock *sk)
{
	u32 mark = READ_ONCE(sk->sk_mark);

	return mark || !READ_ONCE(rx->xn->knobs.fwmark_accept) ? mark : rx->mark;
}

/* TOS of a SYN-ACK and its connection: the listener's, or the SYN's by reflect_tos. */
static inline u8 xtcp_accept_tos(const struct xtcp_net *xn, const struct sock *sk,
				 const struct xtcp_flow *flow, u8 syn_tos)
{
	return READ_ONCE(xn->knobs.reflect_tos) ? syn_tos : xtcp_ip_tos(sk, flow);
}

/* Mark of an answer without a socket: the packet's if fwmark_reflect is set, or 0. */
static inline u32 xtcp_ip_reply_mark(const struct net *net, const struct sk_buff *skb)
{
	if (xtcp_skb_is6(skb))
		return xtcp_ip6_reply_mark(net, skb);
	return IP4_REPLY_MARK(net, skb->mark);
}

/**
 * xtcp_ip_route - route for a packet that no connection sends
 * @to: where it goes
 *
 * Context: any. Return: route, with a reference, or ERR_PTR().
 */
static inline struct dst_entry *xtcp_ip_route(const struct xtcp_stateless *to)
{
	return xtcp_flow_is6(to->flow) ? xtcp_ip6_route(to) : xtcp_ip4_route(to);
}

/**
 * xtcp_ip_kernel_sock - look up a packet among the connections of the kernel's TCP
 * @rx: packet
 *
 * Context: RCU read lock.
 * Return: the kernel's socket, request socket or TIME-WAIT socket, with a reference for
 * sock_gen_put(); or NULL.
 */
static inline struct sock *xtcp_ip_kernel_sock(const struct xtcp_rx_ctx *rx)
{
	return xtcp_flow_is6(&rx->flow) ? xtcp_ip6_kernel_sock(rx) : xtcp_ip4_kernel_sock(rx);
}

/**
 * xtcp_ip_kernel_listens - does the kernel's TCP have a listener for a packet?
 * @rx: packet
 * @skb: the same, TCP header at its data
 *
 * Context: RCU read lock. Return: whether it has.
 */
static inline bool xtcp_ip_kernel_listens(const struct xtcp_rx_ctx *rx, struct sk_buff *skb)
{
	return xtcp_flow_is6(&rx->flow) ? xtcp_ip6_kernel_listens(rx, skb) :
					  xtcp_ip4_kernel_listens(rx, skb);
}

/* ---- packets of a connection; context: socket lock ---- */

/* IP_MINTTL, IPV6_MINHOPCOUNT */
static inline u8 xtcp_ip_min_ttl(const struct sock *sk)
{
	return xtcp_sock_is6(sk) ? READ_ONCE(inet6_sk(sk)->min_hopcount) :
				   READ_ONCE(inet_sk(sk)->min_ttl);
}

/* IP_MTU_DISCOVER, IPV6_MTU_DISCOVER: does the socket accept path MTU messages? */
static inline bool xtcp_ip_pmtu_heeded(const struct sock *sk)
{
	return xtcp_sock_is6(sk) ? ip6_sk_accept_pmtu(sk) :
				   inet_sk(sk)->pmtudisc != IP_PMTUDISC_INTERFACE;
}

/* IP_RECVERR, IPV6_RECVERR */
static inline bool xtcp_ip_recverr(const struct sock *sk)
{
	return xtcp_sock_is6(sk) ? xtcp_inet_recverr6(sk) : xtcp_inet_recverr(sk);
}

/**
 * xtcp_ip_sock_route - look up the route of a connection and cache it in the socket
 * @sk: socket with addresses and ports
 *
 * Context: socket lock. Return: 0 or -errno.
 */
static inline int xtcp_ip_sock_route(struct sock *sk)
{
	return xtcp_sock_is6(sk) ? xtcp_ip6_sock_route(sk) : xtcp_ip4_sock_route(sk);
}

/* The cookie of the cached route for __sk_dst_check(). */
static inline u32 xtcp_ip_dst_cookie(const struct sock *sk)
{
	return xtcp_sock_is6(sk) ? inet6_sk(sk)->dst_cookie : 0;
}

/*
 * The flow label of an answer to @cause, 0 for the one IP computes. The label of @cause is
 * reflected if @sk says so; without a socket, if net.ipv6.flowlabel_reflect has one of the
 * bits @nobody.
 */
static inline __be32 xtcp_ip_label(const struct xtcp_flow *flow, const struct net *net,
				   const struct sock *sk, const struct sk_buff *cause,
				   u8 nobody)
{
	return xtcp_flow_is6(flow) ? xtcp_ip6_label(net, sk, cause, nobody) : 0;
}

/* ---- ip.c ---- */

void xtcp_ip_send(const struct xtcp_stateless *to, struct dst_entry *dst,
		  const struct xtcp_plan *plan);
void xtcp_ip_answer(const struct xtcp_stateless *to, struct dst_entry *dst,
		    const struct xtcp_plan *plan, struct sk_buff *cause);
u16 xtcp_adv_mss(const struct sock *sk, const struct dst_entry *dst);
void xtcp_open_route(const struct sock *sk, const struct dst_entry *dst,
		     struct xtcp_open *open);
struct dst_entry *xtcp_ip_sock_dst(struct sock *sk);
void xtcp_ip_connect_undo(struct sock *sk);

#endif /* XTCP_NET_IP_H */
