// SPDX-License-Identifier: GPL-2.0
/*
 * IPv6: headers, routes, flow labels, link-local addresses, the pseudo-header.
 *
 * The flow label is np->flow_label if the program has chosen one. Otherwise IP computes it
 * from addresses and ports, so that all packets of a connection have the same one,
 * including those sent by a listener or in TIME-WAIT (RFC 6437, 3). For that the socket
 * has no hash (sk_txhash) until xtcp_ip_repath() wants another label. With
 * net.ipv6.flowlabel_reflect an answer has the label of the packet it answers.
 */
#include <linux/security.h>
#include <net/tcp.h>
#include <net/transp_v6.h>
#include <xtcp/family.h>

#include "../compat/inet.h"
#include "../compat/lookup.h"
#include "ip.h"

#if IS_ENABLED(CONFIG_IPV6)

static const struct in6_addr *ip6_addr(const u32 addr[4])
{
	return (const struct in6_addr *)addr;
}

/**
 * xtcp_ip6_flow - 4-tuple of a received packet
 * @skb: packet with IP and TCP headers in place
 * @flow: filled in; saddr is this end, the packet's destination
 *
 * Context: any.
 */
void xtcp_ip6_flow(const struct sk_buff *skb, struct xtcp_flow *flow)
{
	const struct ipv6hdr *hdr = ipv6_hdr(skb);
	const struct tcphdr *th = tcp_hdr(skb);

	memcpy(flow->saddr, &hdr->daddr, sizeof(flow->saddr));
	memcpy(flow->daddr, &hdr->saddr, sizeof(flow->daddr));
	flow->sport = (__force u16)th->dest;
	flow->dport = (__force u16)th->source;
}

struct sock *xtcp_ip6_kernel_sock(const struct xtcp_rx_ctx *rx)
{
	const struct xtcp_flow *flow = &rx->flow;

	return xtcp_tcp_established6(rx->net, ip6_addr(flow->daddr),
				     (__force __be16)flow->dport, ip6_addr(flow->saddr),
				     ntohs((__force __be16)flow->sport),
				     rx->dif, rx->sdif);
}

bool xtcp_ip6_kernel_listens(const struct xtcp_rx_ctx *rx, struct sk_buff *skb)
{
	const struct xtcp_flow *flow = &rx->flow;

	return xtcp_tcp_listener6(rx->net, skb, __tcp_hdrlen(tcp_hdr(skb)),
				  ip6_addr(flow->daddr), (__force __be16)flow->dport,
				  ip6_addr(flow->saddr), ntohs((__force __be16)flow->sport),
				  rx->dif, rx->sdif);
}

/**
 * xtcp_ip6_port_hash - keyed hash of addresses and the peer's port, RFC 6056
 * @flow: 4-tuple whose own port is not chosen yet
 * @key: secret
 *
 * Context: any. Return: hash.
 */
u64 xtcp_ip6_port_hash(const struct xtcp_flow *flow, const siphash_key_t *key)
{
	return siphash_2u64(siphash(flow, offsetof(struct xtcp_flow, sport), key),
			    flow->dport, key);
}

/**
 * xtcp_ip6_oif - the interface of a link-local peer
 * @flow: 4-tuple
 * @dif: ifindex that a packet came in by
 *
 * Context: any. Return: @dif if the peer's address is link-local, otherwise 0.
 */
int xtcp_ip6_oif(const struct xtcp_flow *flow, int dif)
{
	return ipv6_addr_type(ip6_addr(flow->daddr)) & IPV6_ADDR_LINKLOCAL ? dif : 0;
}

/* See xtcp_ip_reply_mark(). */
u32 xtcp_ip6_reply_mark(const struct net *net, const struct sk_buff *skb)
{
	return IP6_REPLY_MARK(net, skb->mark);
}

/**
 * xtcp_ip6_label - the flow label of an answer, if it is to be reflected
 * @net: namespace
 * @sk: socket of the answer, or NULL
 * @cause: IPv6 packet that is answered
 * @nobody: if @sk is NULL: the FLOWLABEL_REFLECT_* bit of flowlabel_reflect that decides
 *
 * Context: any. Return: label of @cause in network byte order; 0: IP computes one.
 */
__be32 xtcp_ip6_label(const struct net *net, const struct sock *sk,
		      const struct sk_buff *cause, u8 nobody)
{
	if (sk ? xtcp_inet_repflow(sk) : net->ipv6.sysctl.flowlabel_reflect & nobody)
		return ip6_flowlabel(ipv6_hdr(cause));
	return 0;
}

static void ip6_flowi(const struct xtcp_stateless *to, struct flowi6 *fl6)
{
	const struct xtcp_flow *flow = to->flow;

	memset(fl6, 0, sizeof(*fl6));
	fl6->flowi6_proto = IPPROTO_TCP;
	fl6->daddr = *ip6_addr(flow->daddr);
	fl6->saddr = *ip6_addr(flow->saddr);
	fl6->flowlabel = ip6_make_flowinfo(to->tos, to->label);
	fl6->flowi6_oif = to->oif;
	fl6->flowi6_mark = to->mark;
	fl6->fl6_sport = (__force __be16)flow->sport;
	fl6->fl6_dport = (__force __be16)flow->dport;
	fl6->flowi6_uid = sock_net_uid(to->net, to->sk);
}

/* IPv6 options of the socket that a packet is sent for, or NULL. */
static const struct ipv6_pinfo *ip6_pinfo(const struct xtcp_stateless *to)
{
	return to->sk ? inet6_sk(to->sk) : NULL;
}

struct dst_entry *xtcp_ip6_route(const struct xtcp_stateless *to)
{
	const struct ipv6_pinfo *np = ip6_pinfo(to);
	struct in6_addr *final_p = NULL, final;
	struct dst_entry *dst;
	struct flowi6 fl6;

	/* Never answer an unspecified or multicast source (RFC 9293, MUST-63). */
	if (ipv6_addr_type(ip6_addr(to->flow->daddr)) == IPV6_ADDR_ANY ||
	    ipv6_addr_is_multicast(ip6_addr(to->flow->daddr)))
		return ERR_PTR(-EACCES);
	ip6_flowi(to, &fl6);
	if (np) {
		rcu_read_lock();
		final_p = fl6_update_dst(&fl6, rcu_dereference(np->opt), &final);
		rcu_read_unlock();
	}
	if (to->sk)
		security_sk_classify_flow((struct sock *)to->sk, flowi6_to_flowi_common(&fl6));
	dst = ip6_dst_lookup_flow(to->net, to->sk, &fl6, final_p);
	return dst;
}

/* As ip6_autoflowlabel(), which is not exported. */
static bool ip6_auto_label(struct net *net, const struct sock *sk)
{
	return sk && xtcp_inet_autolabel_set(sk) ? xtcp_inet_autolabel(sk) :
						   ip6_default_np_autolabel(net);
}

/* Send by ip6_xmit(), which needs a socket, if that has extension headers. Return: sent. */
static bool ip6_out_with_options(const struct xtcp_stateless *to, struct sk_buff *skb,
				 struct flowi6 *fl6)
{
	const struct ipv6_pinfo *np = ip6_pinfo(to);
	struct ipv6_txoptions *opt;

	if (likely(!np || !rcu_access_pointer(np->opt)))
		return false;
	rcu_read_lock();
	opt = rcu_dereference(np->opt);
	ip6_xmit(to->sk, skb, fl6, skb->mark, opt, to->tos, skb->priority);
	rcu_read_unlock();
	return true;
}

/**
 * xtcp_ip6_out - send a packet that has a TCP header only
 * @to: where it goes
 * @dst: route; its reference is taken over
 * @skb: its data is the TCP header, without checksum; taken over
 *
 * Context: any. A packet that cannot be sent is dropped.
 */
void xtcp_ip6_out(const struct xtcp_stateless *to, struct dst_entry *dst,
		  struct sk_buff *skb)
{
	const struct ipv6_pinfo *np = ip6_pinfo(to);
	struct flowi6 fl6;
	struct ipv6hdr *hdr;
	int hops = -1;

	ip6_flowi(to, &fl6);
	/* For a header alone this is cheaper than checksum offload. */
	tcp_hdr(skb)->check = csum_ipv6_magic(&fl6.saddr, &fl6.daddr, skb->len, IPPROTO_TCP,
					      csum_partial(skb->data, skb->len, 0));
	skb_dst_set(skb, dst);
	if (ip6_out_with_options(to, skb, &fl6))
		return;
	if (np)
		hops = np->hop_limit;
	if (hops < 0)
		hops = ip6_dst_hoplimit(dst);
	skb_push(skb, sizeof(*hdr));
	skb_reset_network_header(skb);
	hdr = ipv6_hdr(skb);
	ip6_flow_hdr(hdr, to->tos, ip6_make_flowlabel(to->net, skb, fl6.flowlabel,
						      ip6_auto_label(to->net,
								     np ? to->sk : NULL),
						      &fl6));
	hdr->nexthdr = IPPROTO_TCP;
	hdr->hop_limit = hops;
	hdr->saddr = fl6.saddr;
	hdr->daddr = fl6.daddr;
	ip6_local_out(to->net, skb->sk, skb);
}

/**
 * xtcp_ip6_hdr_len - length of IPv6, extension and TCP headers without TCP options
 * @sk: socket or listener, for its extension headers
 *
 * Context: any. Return: bytes.
 */
u32 xtcp_ip6_hdr_len(const struct sock *sk)
{
	u32 len = sizeof(struct ipv6hdr) + sizeof(struct tcphdr);
	const struct ipv6_txoptions *opt;

	rcu_read_lock();
	opt = rcu_dereference(inet6_sk(sk)->opt);
	if (opt)
		len += opt->opt_flen + opt->opt_nflen;
	rcu_read_unlock();
	return len;
}

/**
 * xtcp_ip6_sock_flow - the addresses an AF_INET6 socket has now
 * @sk: AF_INET6 socket, also if it is connected to an IPv4 address
 * @flow: saddr and daddr are filled in
 *
 * Context: as xtcp_flow_of_sock().
 */
void xtcp_ip6_sock_flow(const struct sock *sk, struct xtcp_flow *flow)
{
	memcpy(flow->saddr, &sk->sk_v6_rcv_saddr, sizeof(flow->saddr));
	memcpy(flow->daddr, &sk->sk_v6_daddr, sizeof(flow->daddr));
}

static void ip6_sock_flowi(const struct sock *sk, struct flowi6 *fl6)
{
	const struct ipv6_pinfo *np = inet6_sk(sk);

	memset(fl6, 0, sizeof(*fl6));
	fl6->flowi6_proto = IPPROTO_TCP;
	fl6->daddr = sk->sk_v6_daddr;
	fl6->saddr = np->saddr;
	fl6->flowlabel = ip6_make_flowinfo(np->tclass, np->flow_label);
	fl6->flowi6_oif = sk->sk_bound_dev_if;
	fl6->flowi6_mark = sk->sk_mark;
	fl6->fl6_sport = inet_sk(sk)->inet_sport;
	fl6->fl6_dport = inet_sk(sk)->inet_dport;
	fl6->flowi6_uid = sk->sk_uid;
	if (unlikely(xtcp_sk(sk)->repathed))
		fl6->mp_hash = sk->sk_txhash >> 1;
}

/*
 * The route of a socket, with a reference, or ERR_PTR(). The source address is set in @fl6.
 * With a routing header the route is that to its first hop.
 */
static struct dst_entry *ip6_sock_lookup(struct sock *sk, struct flowi6 *fl6)
{
	struct in6_addr *final_p, final;

	rcu_read_lock();
	final_p = fl6_update_dst(fl6, rcu_dereference(inet6_sk(sk)->opt), &final);
	rcu_read_unlock();
	security_sk_classify_flow(sk, flowi6_to_flowi_common(fl6));
	return ip6_dst_lookup_flow(sock_net(sk), sk, fl6, final_p);
}

int xtcp_ip6_sock_route(struct sock *sk)
{
	struct dst_entry *dst;
	struct flowi6 fl6;

	ip6_sock_flowi(sk, &fl6);
	dst = ip6_sock_lookup(sk, &fl6);
	if (IS_ERR(dst))
		return PTR_ERR(dst);
	ip6_dst_store(sk, dst, NULL, NULL);
	return 0;
}

/**
 * xtcp_ip6_xmit - send a packet of a connection
 * @sk: socket
 * @skb: TCP segment; taken over
 * @ecn: ECN bits of the traffic class
 *
 * Context: socket lock. Return: 0, -errno or NET_XMIT_*.
 */
int xtcp_ip6_xmit(struct sock *sk, struct sk_buff *skb, u8 ecn)
{
	const struct ipv6_pinfo *np = inet6_sk(sk);
	struct dst_entry *dst = xtcp_ip_sock_dst(sk);
	struct flowi6 fl6;
	int err;

	if (!dst) {
		kfree_skb(skb);
		return -EHOSTUNREACH;
	}
	ip6_sock_flowi(sk, &fl6);
	rcu_read_lock();
	skb_dst_set_noref(skb, dst);
	err = ip6_xmit(sk, skb, &fl6, sk->sk_mark, rcu_dereference(np->opt),
		       np->tclass | ecn, sk->sk_priority);
	rcu_read_unlock();
	return err;
}

/**
 * xtcp_ip6_save_rx_info - save what IPV6_2292PKTOPTIONS reports of the last packet
 * @sk: AF_INET6 socket
 * @skb: verified segment for it
 *
 * RFC 2292, 5.1. With net.ipv6.flowlabel_reflect the flow label is saved too, to be
 * reflected.
 *
 * Context: any, socket lock.
 */
void xtcp_ip6_save_rx_info(struct sock *sk, const struct sk_buff *skb)
{
	const struct ipv6hdr *hdr = ipv6_hdr(skb);
	struct ipv6_pinfo *np = inet6_sk(sk);

	if (np->rxopt.bits.rxinfo || np->rxopt.bits.rxoinfo)
		np->mcast_oif = skb->skb_iif;
	if (np->rxopt.bits.rxhlim || np->rxopt.bits.rxohlim)
		np->mcast_hops = hdr->hop_limit;
	if (np->rxopt.bits.rxflow || np->rxopt.bits.rxtclass)
		np->rcv_flowinfo = ip6_flowinfo(hdr);
	if (xtcp_inet_repflow(sk))
		np->flow_label = ip6_flowlabel(hdr);
}

/**
 * xtcp_ip6_child - set up the IPv6 part of a child
 * @child: cloned from @listener, IPv4 addresses set
 * @listener: AF_INET6 listener
 * @flow: 4-tuple, IPv6 or IPv4
 *
 * Context: any, child's lock.
 */
void xtcp_ip6_child(struct sock *child, const struct sock *listener,
		    const struct xtcp_flow *flow)
{
	struct ipv6_pinfo *np = xtcp6_pinfo(child);
	struct inet_sock *inet = inet_sk(child);
	struct ipv6_txoptions *opt;

	/* The clone has the listener's pointers. */
	inet->pinet6 = np;
	np->ipv6_mc_list = NULL;
	np->ipv6_ac_list = NULL;
	xtcp_inet_no_flowlabels(child, np);
	np->pktoptions = NULL;
	np->rxpmtu = NULL;
	RCU_INIT_POINTER(np->opt, NULL);

	child->sk_v6_rcv_saddr = *ip6_addr(flow->saddr);
	child->sk_v6_daddr = *ip6_addr(flow->daddr);
	np->saddr = *ip6_addr(flow->saddr);
	if (!xtcp_flow_is6(flow))
		return;
	/* As in the kernel's TCP: neither an IPv4 address of the child nor the wildcard. */
	inet->inet_daddr = LOOPBACK4_IPV6;
	inet->inet_rcv_saddr = LOOPBACK4_IPV6;
	inet->inet_saddr = LOOPBACK4_IPV6;
	child->sk_gso_type = SKB_GSO_TCPV6;
	rcu_read_lock();
	opt = rcu_dereference(inet6_sk(listener)->opt);
	if (opt)
		RCU_INIT_POINTER(np->opt, ipv6_dup_options(child, opt));
	rcu_read_unlock();
}

/* connect() to a v4-mapped address: the connection has IPv4 headers. */
static int ip6_connect_mapped(struct sock *sk, const struct sockaddr_in6 *to)
{
	struct sockaddr_in sin = {
		.sin_family = AF_INET,
		.sin_port = to->sin6_port,
		.sin_addr.s_addr = to->sin6_addr.s6_addr32[3],
	};
	int err;

	if (ipv6_only_sock(sk))
		return -ENETUNREACH;
	err = xtcp_ip4_connect(sk, &sin, sizeof(sin));
	if (!err)
		inet6_sk(sk)->saddr = sk->sk_v6_rcv_saddr;
	return err;
}

/* IPV6_FLOWINFO_SEND: use the flow label in the address, if the program may use it. */
static int ip6_connect_label(struct sock *sk, const struct sockaddr_in6 *to)
{
	struct ipv6_pinfo *np = inet6_sk(sk);
	struct ip6_flowlabel *label;
	__be32 info = 0;

	if (xtcp_inet_sndflow(sk)) {
		info = to->sin6_flowinfo & IPV6_FLOWINFO_MASK;
		IP6_ECN_flow_init(info);
		if (info & IPV6_FLOWLABEL_MASK) {
			label = fl6_sock_lookup(sk, info);
			if (IS_ERR(label))
				return -EINVAL;
			fl6_sock_release(label);
		}
	}
	np->flow_label = info;
	return 0;
}

/* The scope of a link-local address is an interface: bind the socket to it. */
static int ip6_connect_scope(struct sock *sk, const struct sockaddr_in6 *to, int len)
{
	if (len >= (int)sizeof(*to) && to->sin6_scope_id) {
		if (!sk_dev_equal_l3scope(sk, to->sin6_scope_id))
			return -EINVAL;
		sk->sk_bound_dev_if = to->sin6_scope_id;
	}
	return sk->sk_bound_dev_if ? 0 : -EINVAL;
}

/* Find route, source address and local port for sk_v6_daddr and @port of the peer. */
static int ip6_connect_native(struct sock *sk, __be16 port)
{
	struct inet_sock *inet = inet_sk(sk);
	struct ipv6_pinfo *np = inet6_sk(sk);
	bool bound = !ipv6_addr_any(&sk->sk_v6_rcv_saddr);
	struct dst_entry *dst;
	struct flowi6 fl6;
	int err;

	ip6_sock_flowi(sk, &fl6);
	fl6.fl6_dport = port;
	if (bound)
		fl6.saddr = sk->sk_v6_rcv_saddr;
	dst = ip6_sock_lookup(sk, &fl6);
	if (IS_ERR(dst))
		return PTR_ERR(dst);
	if (!bound)
		sk->sk_v6_rcv_saddr = fl6.saddr;
	np->saddr = sk->sk_v6_rcv_saddr;
	inet->inet_rcv_saddr = LOOPBACK4_IPV6;
	inet->inet_saddr = LOOPBACK4_IPV6;
	inet->inet_dport = port;
	sk->sk_gso_type = SKB_GSO_TCPV6;
	ip6_dst_store(sk, dst, NULL, NULL);
	err = xtcp_hash_connect(sk);
	if (err) {
		__sk_dst_reset(sk);
		xtcp_ip_connect_undo(sk);
	}
	return err;
}

/**
 * xtcp_ip6_connect - find route, addresses and port of an active open of an AF_INET6 socket
 * @sk: AF_INET6 socket, not hashed
 * @to: address of the peer; a v4-mapped one makes a connection over IPv4
 * @len: bytes of @to that the program gave
 *
 * On success the 4-tuple is in the look-up table and the route in the socket.
 *
 * Context: process, socket lock, may sleep. Return: 0 or -errno.
 */
int xtcp_ip6_connect(struct sock *sk, const struct sockaddr_in6 *to, int len)
{
	struct sockaddr_in6 peer = { };
	int type, err;

	if (len < SIN6_LEN_RFC2133)
		return -EINVAL;
	if (to->sin6_family != AF_INET6)
		return -EAFNOSUPPORT;
	memcpy(&peer, to, min_t(size_t, len, sizeof(peer)));

	err = ip6_connect_label(sk, &peer);
	if (err)
		return err;
	/* The unspecified address means this host. */
	if (ipv6_addr_any(&peer.sin6_addr)) {
		if (ipv6_addr_v4mapped(&sk->sk_v6_rcv_saddr))
			ipv6_addr_set_v4mapped(htonl(INADDR_LOOPBACK), &peer.sin6_addr);
		else
			peer.sin6_addr = in6addr_loopback;
	}
	type = ipv6_addr_type(&peer.sin6_addr);
	if (type & IPV6_ADDR_MULTICAST)
		return -ENETUNREACH;
	if (type & IPV6_ADDR_LINKLOCAL) {
		err = ip6_connect_scope(sk, &peer, len);
		if (err)
			return err;
	}
	sk->sk_v6_daddr = peer.sin6_addr;
	xtcp_sk(sk)->v6 = !(type & IPV6_ADDR_MAPPED);
	return type & IPV6_ADDR_MAPPED ? ip6_connect_mapped(sk, &peer) :
					 ip6_connect_native(sk, peer.sin6_port);
}

#endif
