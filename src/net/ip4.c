// SPDX-License-Identifier: GPL-2.0
/*
 * IPv4: headers, routes, the pseudo-header.
 */
#include <linux/ip.h>
#include <linux/security.h>
#include <linux/tcp.h>
#include <net/ip.h>
#include <net/route.h>
#include <net/tcp.h>
#include <net/xfrm.h>

#include "../compat/lookup.h"
#include "../compat/route.h"
#include "ip.h"

/**
 * xtcp_ip4_flow - 4-tuple of a received packet
 * @skb: packet with IP and TCP headers in place
 * @flow: filled in; saddr is this end, the packet's destination
 *
 * Context: any.
 */
void xtcp_ip4_flow(const struct sk_buff *skb, struct xtcp_flow *flow)
{
	const struct iphdr *iph = ip_hdr(skb);
	const struct tcphdr *th = tcp_hdr(skb);

	xtcp_flow_set4(flow->saddr, iph->daddr);
	xtcp_flow_set4(flow->daddr, iph->saddr);
	flow->sport = (__force u16)th->dest;
	flow->dport = (__force u16)th->source;
}

struct sock *xtcp_ip4_kernel_sock(const struct xtcp_rx_ctx *rx)
{
	const struct xtcp_flow *flow = &rx->flow;

	return xtcp_tcp_established4(rx->net, xtcp_flow_v4(flow->daddr),
				     (__force __be16)flow->dport,
				     xtcp_flow_v4(flow->saddr),
				     ntohs((__force __be16)flow->sport),
				     rx->dif, rx->sdif);
}

bool xtcp_ip4_kernel_listens(const struct xtcp_rx_ctx *rx, struct sk_buff *skb)
{
	const struct xtcp_flow *flow = &rx->flow;

	return xtcp_tcp_listener4(rx->net, skb, __tcp_hdrlen(tcp_hdr(skb)),
				  xtcp_flow_v4(flow->daddr), (__force __be16)flow->dport,
				  xtcp_flow_v4(flow->saddr), (__force __be16)flow->sport,
				  rx->dif, rx->sdif);
}

/*
 * Is there no IPsec policy for @to? As the fast path of xfrm_lookup(): neither namespace
 * nor socket have a policy, and packets without one may pass.
 */
static bool ip4_no_xfrm_policy(const struct xtcp_stateless *to)
{
#ifdef CONFIG_XFRM
	const struct netns_xfrm *xfrm = &to->net->xfrm;

	return !READ_ONCE(xfrm->policy_count[XFRM_POLICY_OUT]) &&
	       READ_ONCE(xfrm->policy_default[XFRM_POLICY_OUT]) != XFRM_USERPOLICY_BLOCK &&
	       !(to->sk && rcu_access_pointer(to->sk->sk_policy[XFRM_POLICY_OUT]));
#else
	return true;
#endif
}

struct dst_entry *xtcp_ip4_route(const struct xtcp_stateless *to)
{
	const struct xtcp_flow *flow = to->flow;
	struct flowi4 fl4;
	struct rtable *rt;

	/* FLOWI_FLAG_ANYSRC: the packet was delivered here, so its destination is ours. */
	flowi4_init_output(&fl4, to->oif, to->mark,
			   xtcp_rt_tos(to->sk, to->tos), xtcp_rt_scope(to->sk), IPPROTO_TCP, FLOWI_FLAG_ANYSRC,
			   xtcp_flow_v4(flow->daddr), xtcp_flow_v4(flow->saddr),
			   (__force __be16)flow->dport, (__force __be16)flow->sport,
			   sock_net_uid(to->net, to->sk));
	if (likely(ip4_no_xfrm_policy(to))) {
		/* The same look-up without the hooks for IPsec, which find nothing. */
		rt = __ip_route_output_key(to->net, &fl4);
	} else {
		if (to->sk)
			security_sk_classify_flow((struct sock *)to->sk,
						  flowi4_to_flowi_common(&fl4));
		rt = ip_route_output_flow(to->net, &fl4, to->sk);
	}
	if (IS_ERR(rt))
		return ERR_CAST(rt);
	/* Never answer a broadcast or multicast source (RFC 9293, MUST-63). */
	if (rt->rt_flags & (RTCF_BROADCAST | RTCF_MULTICAST)) {
		ip_rt_put(rt);
		return ERR_PTR(-EACCES);
	}
	return &rt->dst;
}

/**
 * xtcp_ip4_out - send a packet that has a TCP header only
 * @to: where it goes
 * @dst: route; its reference is taken over
 * @skb: its data is the TCP header, without checksum; taken over
 *
 * Context: any. A packet that cannot be sent is dropped.
 */
void xtcp_ip4_out(const struct xtcp_stateless *to, struct dst_entry *dst,
		  struct sk_buff *skb)
{
	__be32 saddr = xtcp_flow_v4(to->flow->saddr);
	__be32 daddr = xtcp_flow_v4(to->flow->daddr);
	struct iphdr *iph;
	int ttl = -1;

	/* For a header alone this is cheaper than checksum offload. */
	tcp_hdr(skb)->check = csum_tcpudp_magic(saddr, daddr, skb->len, IPPROTO_TCP,
						csum_partial(skb->data, skb->len, 0));
	if (to->sk)
		ttl = READ_ONCE(inet_sk(to->sk)->uc_ttl);
	if (ttl < 0)
		ttl = ip4_dst_hoplimit(dst);
	skb_push(skb, sizeof(*iph));
	skb_reset_network_header(skb);
	iph = ip_hdr(skb);
	memset(iph, 0, sizeof(*iph));
	iph->version = 4;
	iph->ihl = sizeof(*iph) / 4;
	iph->tos = to->tos;
	iph->frag_off = htons(IP_DF);	/* so that the ID may be 0, RFC 6864 */
	iph->ttl = ttl;
	iph->protocol = IPPROTO_TCP;
	iph->saddr = saddr;
	iph->daddr = daddr;
	skb_dst_set(skb, dst);
	ip_local_out(to->net, skb->sk, skb);
}

/**
 * xtcp_ip4_hdr_len - length of IP and TCP header without TCP options
 * @sk: socket or listener, for its IP options
 *
 * Context: any. Return: bytes.
 */
u32 xtcp_ip4_hdr_len(const struct sock *sk)
{
	u32 len = sizeof(struct iphdr) + sizeof(struct tcphdr);
	const struct ip_options_rcu *opt;

	rcu_read_lock();
	opt = rcu_dereference(inet_sk(sk)->inet_opt);
	if (opt)
		len += opt->opt.optlen;
	rcu_read_unlock();
	return len;
}

int xtcp_ip4_sock_route(struct sock *sk)
{
	struct inet_sock *inet = inet_sk(sk);
	struct flowi4 *fl4 = &inet->cork.fl.u.ip4;
	const struct ip_options_rcu *opt;
	__be32 hop = inet->inet_daddr;
	struct rtable *rt;

	rcu_read_lock();
	opt = rcu_dereference(inet->inet_opt);
	if (opt && opt->opt.srr)
		hop = opt->opt.faddr;
	rcu_read_unlock();
	flowi4_init_output(fl4, sk->sk_bound_dev_if, sk->sk_mark,
			   xtcp_rt_tos(sk, inet->tos), xtcp_rt_scope(sk), IPPROTO_TCP,
			   FLOWI_FLAG_ANYSRC, hop, inet->inet_saddr,
			   inet->inet_dport, inet->inet_sport, sk->sk_uid);
	if (unlikely(xtcp_sk(sk)->repathed))
		fl4->flowi4_multipath_hash = sk->sk_txhash;
	security_sk_classify_flow(sk, flowi4_to_flowi_common(fl4));
	rt = ip_route_output_flow(sock_net(sk), fl4, sk);
	if (IS_ERR(rt))
		return PTR_ERR(rt);
	sk_setup_caps(sk, &rt->dst);
	return 0;
}

/**
 * xtcp_ip4_connect - find route, addresses and port of an active open over IPv4
 * @sk: socket, not hashed
 * @to: address of the peer
 * @len: bytes of @to that the program gave
 *
 * On success the 4-tuple is in the look-up table and the route in the socket.
 *
 * Context: process, socket lock, may sleep. Return: 0 or -errno.
 */
int xtcp_ip4_connect(struct sock *sk, const struct sockaddr_in *to, int len)
{
	struct inet_sock *inet = inet_sk(sk);
	const struct ip_options_rcu *opt;
	__be16 sport = inet->inet_sport;
	struct flowi4 *fl4 = &inet->cork.fl.u.ip4;
	__be32 nexthop;
	struct rtable *rt;
	int err;

	if (len < (int)sizeof(*to))
		return -EINVAL;
	if (to->sin_family != AF_INET)
		return -EAFNOSUPPORT;

	nexthop = to->sin_addr.s_addr;
	opt = rcu_dereference_protected(inet->inet_opt, lockdep_sock_is_held(sk));
	if (opt && opt->opt.srr) {
		if (!nexthop)
			return -EINVAL;
		nexthop = opt->opt.faddr;
	}
	rt = ip_route_connect(fl4, nexthop, inet->inet_saddr, sk->sk_bound_dev_if,
			      IPPROTO_TCP, sport, to->sin_port, sk);
	if (IS_ERR(rt)) {
		err = PTR_ERR(rt);
		if (err == -ENETUNREACH)
			IP_INC_STATS(sock_net(sk), IPSTATS_MIB_OUTNOROUTES);
		return err;
	}
	if (rt->rt_flags & (RTCF_MULTICAST | RTCF_BROADCAST)) {
		ip_rt_put(rt);
		return -ENETUNREACH;
	}

	if (!inet->inet_saddr)
		inet->inet_saddr = fl4->saddr;
	sk_rcv_saddr_set(sk, inet->inet_saddr);
	/*
	 * With a source route fl4->daddr is the first hop; without, 0.0.0.0 became this
	 * host.
	 */
	sk_daddr_set(sk, opt && opt->opt.srr ? to->sin_addr.s_addr : fl4->daddr);
	inet->inet_dport = to->sin_port;

	err = xtcp_hash_connect(sk);
	if (err) {
		ip_rt_put(rt);
		xtcp_ip_connect_undo(sk);
		return err;
	}
	sk_set_txhash(sk);
	atomic_set(&inet->inet_id, get_random_u16());
	rt = ip_route_newports(fl4, rt, sport, to->sin_port, inet->inet_sport,
			       inet->inet_dport, sk);
	if (IS_ERR(rt)) {
		xtcp_ip_connect_undo(sk);
		return PTR_ERR(rt);
	}
	sk->sk_gso_type = SKB_GSO_TCPV4;
	sk_setup_caps(sk, &rt->dst);
	return 0;
}
