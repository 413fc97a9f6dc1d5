/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Where the two IP families part. Addresses are of one type, IPv4's v4-mapped
 * (struct xtcp_flow); what is left of the difference is headers, routes and
 * some options of sockets. It is in ip4.c and ip6.c, icmp4.c and icmp6.c, and
 * here is the choice between them. In a kernel without IPv6 no address is one
 * of IPv6, and the compiler leaves the calls out.
 */
#ifndef XTCP_NET_IP_H
#define XTCP_NET_IP_H

#include <linux/ip.h>
#include <linux/ipv6.h>
#include <net/inet_ecn.h>
#include <net/ip.h>
#include <net/ip6_checksum.h>
#include <net/ipv6.h>
#include <net/route.h>
#include <net/xfrm.h>

#include "net.h"

/* IPv4 addresses are v4-mapped in a flow: ::ffff:a.b.c.d. */
static inline void xtcp_flow_set4(u32 addr[4], __be32 v4)
{
	addr[0] = 0;
	addr[1] = 0;
	addr[2] = (__force u32)htonl(0xffff);
	addr[3] = (__force u32)v4;
}

static inline __be32 xtcp_flow_v4(const u32 addr[4])
{
	return (__force __be32)addr[3];
}

/* ---- ip4.c ---- */

void xtcp_ip4_flow(const struct sk_buff *skb, struct xtcp_flow *flow);
struct dst_entry *xtcp_ip4_route(const struct xtcp_stateless *to);
void xtcp_ip4_out(const struct xtcp_stateless *to, struct dst_entry *dst,
		  struct sk_buff *skb);
int xtcp_ip4_sock_route(struct sock *sk);
u32 xtcp_ip4_hdr_len(const struct sock *sk);
bool xtcp_ip4_kernel_owns(const struct xtcp_rx *rx, bool syn);

/* ---- received packets; IP and TCP headers are in place ---- */

static inline void xtcp_ip_flow(const struct sk_buff *skb, struct xtcp_flow *flow)
{
	xtcp_ip4_flow(skb, flow);
}

/* The ECN field, RFC 3168. */
static inline u8 xtcp_ip_ecn(const struct sk_buff *skb)
{
	return ip_hdr(skb)->tos & INET_ECN_MASK;
}

/* Hops left, for xtcp_ip_min_ttl(). */
static inline u8 xtcp_ip_ttl(const struct sk_buff *skb)
{
	return ip_hdr(skb)->ttl;
}

static inline bool xtcp_ip_csum_bad(struct sk_buff *skb)
{
	return skb_checksum_init(skb, IPPROTO_TCP, inet_compute_pseudo) ||
	       skb_checksum_complete(skb);
}

static inline bool xtcp_ip_policy(const struct sock *sk, struct sk_buff *skb)
{
	return xfrm4_policy_check((struct sock *)sk, XFRM_POLICY_IN, skb);
}

/* Is it addressed to many (RFC 9293, MUST-57)? */
static inline bool xtcp_ip_to_many(const struct sk_buff *skb)
{
	const struct rtable *rt = skb_rtable(skb);

	return rt && rt->rt_flags & (RTCF_BROADCAST | RTCF_MULTICAST);
}

/* ---- packets without a socket ---- */

static inline u8 xtcp_ip_tos(const struct sock *sk, const struct xtcp_flow *flow)
{
	return inet_sk(sk)->tos;
}

/* IP_MINTTL, for packets of one family or the other (RFC 5082). */
static inline u8 xtcp_ip_min_ttl(const struct sock *sk)
{
	return READ_ONCE(inet_sk(sk)->min_ttl);
}

/* IP_MTU_DISCOVER: are messages about the path MTU listened to? */
static inline bool xtcp_ip_pmtu_heeded(const struct sock *sk)
{
	return inet_sk(sk)->pmtudisc != IP_PMTUDISC_INTERFACE;
}

static inline bool xtcp_ip_recverr(const struct sock *sk)
{
	return inet_sk(sk)->recverr;
}

static inline u32 xtcp_ip_reply_mark(const struct net *net, const struct sk_buff *skb)
{
	return IP4_REPLY_MARK(net, skb->mark);
}

static inline struct dst_entry *xtcp_ip_route(const struct xtcp_stateless *to)
{
	return xtcp_ip4_route(to);
}

static inline bool xtcp_ip_kernel_owns(const struct xtcp_rx *rx, bool syn)
{
	return xtcp_ip4_kernel_owns(rx, syn);
}

/* ---- packets of a connection; context: socket lock ---- */

static inline int xtcp_ip_sock_route(struct sock *sk)
{
	return xtcp_ip4_sock_route(sk);
}

/* Bytes in front of the payload, but for TCP's options. */
static inline u32 xtcp_ip_hdr_len(const struct sock *sk)
{
	return xtcp_ip4_hdr_len(sk);
}

/* Leaves the TCP checksum to the device. @skb begins with its TCP header. */
static inline void xtcp_ip_csum(const struct sock *sk, struct sk_buff *skb)
{
	const struct inet_sock *inet = inet_sk(sk);
	struct tcphdr *th = tcp_hdr(skb);

	th->check = ~csum_tcpudp_magic(inet->inet_saddr, inet->inet_daddr, skb->len,
				       IPPROTO_TCP, 0);
	skb->ip_summed = CHECKSUM_PARTIAL;
	skb->csum_start = skb_transport_header(skb) - skb->head;
	skb->csum_offset = offsetof(struct tcphdr, check);
}

static inline int xtcp_ip_xmit(struct sock *sk, struct sk_buff *skb, u8 ecn)
{
	struct inet_sock *inet = inet_sk(sk);

	return __ip_queue_xmit(sk, skb, &inet->cork.fl, inet->tos | ecn);
}

/* ---- ip.c ---- */

void xtcp_ip_send(const struct xtcp_stateless *to, struct dst_entry *dst,
		  const struct xtcp_plan *plan);
void xtcp_ip_answer(const struct xtcp_stateless *to, struct dst_entry *dst,
		    const struct xtcp_plan *plan, struct sk_buff *cause);
u16 xtcp_adv_mss(const struct sock *sk, const struct dst_entry *dst);
void xtcp_open_dst(const struct sock *sk, const struct dst_entry *dst,
		   struct xtcp_open *open);
struct dst_entry *xtcp_ip_sock_dst(struct sock *sk);
void xtcp_ip_connect_undo(struct sock *sk);

#endif /* XTCP_NET_IP_H */
