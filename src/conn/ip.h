/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The IP headers of a connection's packets, received and sent. The functions are inline
 * because every packet chooses between IPv4 and IPv6 here.
 */
#ifndef XTCP_CONN_IP_H
#define XTCP_CONN_IP_H

#include <linux/ip.h>
#include <linux/ipv6.h>
#include <linux/tcp.h>
#include <net/inet_ecn.h>
#include <net/ip.h>
#include <net/ip6_checksum.h>
#include <net/ipv6.h>

#include "../compat/inet.h"
#include "below.h"

/* ---- received packets; IP and TCP headers are in place ---- */

static inline bool xtcp_skb_is6(const struct sk_buff *skb)
{
	return IS_ENABLED(CONFIG_IPV6) && skb->protocol == htons(ETH_P_IPV6);
}

/* TOS or traffic class, with the ECN field. */
static inline u8 xtcp_ip_dsfield(const struct sk_buff *skb)
{
	if (xtcp_skb_is6(skb))
		return ipv6_get_dsfield(ipv6_hdr(skb));
	return ip_hdr(skb)->tos;
}

/* The ECN field, RFC 3168. */
static inline u8 xtcp_ip_ecn(const struct sk_buff *skb)
{
	return xtcp_ip_dsfield(skb) & INET_ECN_MASK;
}

/* ---- packets of a connection; context: socket lock ---- */

/* Do the connection's packets have IPv6 headers? False if it was never connected. */
static inline bool xtcp_sock_is6(const struct sock *sk)
{
	return IS_ENABLED(CONFIG_IPV6) && xtcp_sk(sk)->v6;
}

/* Bytes of IP header and options and of the TCP header without options. */
static inline u32 xtcp_ip_hdr_len(const struct sock *sk)
{
	return xtcp_sock_is6(sk) ? xtcp_ip6_hdr_len(sk) : xtcp_ip4_hdr_len(sk);
}

/* Keep what the program asked for of a received IPv6 header, such as flow label. */
static inline void xtcp_ip_save_rx_info(struct sock *sk, const struct sk_buff *skb)
{
	if (xtcp_sock_is6(sk) && (inet6_sk(sk)->rxopt.all || xtcp_inet_repflow(sk)))
		xtcp_ip6_save_rx_info(sk, skb);
}

/* Leave the TCP checksum to the device. @skb begins with its TCP header. */
static inline void xtcp_ip_csum(const struct sock *sk, struct sk_buff *skb)
{
	const struct inet_sock *inet = inet_sk(sk);
	const struct xtcp_flow *flow = &xtcp_sk(sk)->flow;
	struct tcphdr *th = tcp_hdr(skb);

	if (xtcp_sock_is6(sk))
		th->check = ~csum_ipv6_magic((const struct in6_addr *)flow->saddr,
					     (const struct in6_addr *)flow->daddr,
					     skb->len, IPPROTO_TCP, 0);
	else
		th->check = ~csum_tcpudp_magic(inet->inet_saddr, inet->inet_daddr,
					       skb->len, IPPROTO_TCP, 0);
	skb->ip_summed = CHECKSUM_PARTIAL;
	skb->csum_start = skb_transport_header(skb) - skb->head;
	skb->csum_offset = offsetof(struct tcphdr, check);
}

/**
 * xtcp_ip_xmit - pass a packet of a connection to IP
 * @sk: socket
 * @skb: packet, TCP header at its data; taken over
 * @ecn: ECN field, RFC 3168
 *
 * Context: any, socket lock.
 * Return: as dev_queue_xmit(): 0, NET_XMIT_*, or -errno.
 */
static inline int xtcp_ip_xmit(struct sock *sk, struct sk_buff *skb, u8 ecn)
{
	struct inet_sock *inet = inet_sk(sk);

	if (xtcp_sock_is6(sk))
		return xtcp_ip6_xmit(sk, skb, ecn);
	return __ip_queue_xmit(sk, skb, &inet->cork.fl, inet->tos | ecn);
}

#endif /* XTCP_CONN_IP_H */
