// SPDX-License-Identifier: GPL-2.0
/*
 * What is particular to IPv4: headers, routes, the pseudo-header.
 */
#include <linux/ip.h>
#include <linux/tcp.h>
#include <net/inet_ecn.h>
#include <net/inet_hashtables.h>
#include <net/ip.h>
#include <net/route.h>
#include <net/tcp.h>
#include <net/xfrm.h>

#include "net.h"

/**
 * xtcp_ip4_flow - 4-tuple of a received packet, seen from this end
 * @skb: packet with IP and TCP headers in place
 * @flow: filled in
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

/**
 * xtcp_ip4_ecn - the ECN field of a received packet
 * @skb: packet
 *
 * Return: 0..3, RFC 3168.
 */
u8 xtcp_ip4_ecn(const struct sk_buff *skb)
{
	return ip_hdr(skb)->tos & INET_ECN_MASK;
}

/**
 * xtcp_ip4_ttl - the TTL of a received packet
 * @skb: packet
 *
 * Return: hops left, for IP_MINTTL (RFC 5082).
 */
u8 xtcp_ip4_ttl(const struct sk_buff *skb)
{
	return ip_hdr(skb)->ttl;
}

/**
 * xtcp_ip4_csum - leave the TCP checksum to the device
 * @skb: packet that begins with its TCP header
 * @saddr: source
 * @daddr: destination
 */
void xtcp_ip4_csum(struct sk_buff *skb, __be32 saddr, __be32 daddr)
{
	struct tcphdr *th = tcp_hdr(skb);

	th->check = ~csum_tcpudp_magic(saddr, daddr, skb->len, IPPROTO_TCP, 0);
	skb->ip_summed = CHECKSUM_PARTIAL;
	skb->csum_start = skb_transport_header(skb) - skb->head;
	skb->csum_offset = offsetof(struct tcphdr, check);
}

/**
 * xtcp_ip4_kernel_owns - is this a connection of the kernel's TCP?
 * @rx: packet
 * @syn: it opens a connection
 *
 * To be asked before a listener of ours takes a packet that fits no
 * connection of ours: a port may have been the kernel's until a moment ago,
 * and its connections there live on. A record in TIME-WAIT does not keep a
 * new connection from us.
 *
 * Context: RCU read lock.
 */
bool xtcp_ip4_kernel_owns(const struct xtcp_rx *rx, bool syn)
{
	const struct xtcp_flow *flow = &rx->flow;
	struct sock *sk;
	bool owns;

	sk = __inet_lookup_established(rx->net, rx->net->ipv4.tcp_death_row.hashinfo,
				       xtcp_flow_v4(flow->daddr),
				       (__force __be16)flow->dport,
				       xtcp_flow_v4(flow->saddr),
				       ntohs((__force __be16)flow->sport),
				       rx->dif, rx->sdif);
	if (!sk)
		return false;
	owns = !syn || sk->sk_state != TCP_TIME_WAIT;
	sock_gen_put(sk);
	return owns;
}

/**
 * xtcp_ip4_route - route for a packet without a socket of its own
 * @to: where to
 *
 * Context: any. Return: route, with a reference, or ERR_PTR().
 */
struct dst_entry *xtcp_ip4_route(const struct xtcp_stateless *to)
{
	const struct xtcp_flow *flow = to->flow;
	struct flowi4 fl4;
	struct rtable *rt;

	/* The packet to answer was for us, so its address may be the source. */
	flowi4_init_output(&fl4, to->oif, to->mark, RT_TOS(to->tos),
			   RT_SCOPE_UNIVERSE, IPPROTO_TCP, FLOWI_FLAG_ANYSRC,
			   xtcp_flow_v4(flow->daddr), xtcp_flow_v4(flow->saddr),
			   (__force __be16)flow->dport, (__force __be16)flow->sport,
			   sock_net_uid(to->net, to->sk));
	rt = ip_route_output_flow(to->net, &fl4, to->sk);
	if (IS_ERR(rt))
		return ERR_CAST(rt);
	/* A source like that cannot be (RFC 9293, MUST-63). */
	if (rt->rt_flags & (RTCF_BROADCAST | RTCF_MULTICAST)) {
		ip_rt_put(rt);
		return ERR_PTR(-EACCES);
	}
	return &rt->dst;
}

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
	skb_dst_drop(skb);
	skb_ext_reset(skb);
	nf_reset_ct(skb);
	nf_reset_trace(skb);
	skb_trim(skb, 0);
	skb_put(skb, len);
	memset(IPCB(skb), 0, sizeof(*IPCB(skb)));
	skb_shinfo(skb)->tx_flags = 0;
	skb_clear_tstamp(skb);
	skb_clear_hash(skb);
	skb_set_queue_mapping(skb, 0);
	__vlan_hwaccel_clear_tag(skb);
	skb->encapsulation = 0;
	skb->pkt_type = PACKET_HOST;
	skb->skb_iif = 0;
	skb->ignore_df = 0;
	return true;
}

/* What a packet needs whose TCP header @plan is; its data is the room for it. */
static void header_send(const struct xtcp_stateless *to, struct dst_entry *dst,
			const struct xtcp_plan *plan, struct sk_buff *skb)
{
	__be32 saddr = xtcp_flow_v4(to->flow->saddr);
	__be32 daddr = xtcp_flow_v4(to->flow->daddr);
	struct iphdr *iph;
	int ttl = -1;

	skb_reset_transport_header(skb);
	xtcp_hdr_put(skb->data, plan, to->flow->sport, to->flow->dport);
	/* Of a header alone it costs less than to have somebody else do it. */
	tcp_hdr(skb)->check = csum_tcpudp_magic(saddr, daddr, plan->hdr_len, IPPROTO_TCP,
						csum_partial(skb->data, plan->hdr_len, 0));
	skb->ip_summed = CHECKSUM_NONE;

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

	skb->priority = to->sk ? READ_ONCE(to->sk->sk_priority) : 0;
	skb->mark = to->mark;
	skb_dst_set(skb, dst);
	xtcp_mib_inc(xtcp_net(to->net), XTCP_MIB_OUT_SEGS);
	ip_local_out(to->net, NULL, skb);
}

/**
 * xtcp_ip4_send - send a packet without payload and without a socket
 * @to: where to
 * @dst: route; its reference is taken over
 * @plan: TCP header
 *
 * Context: any. What cannot be sent is dropped.
 */
void xtcp_ip4_send(const struct xtcp_stateless *to, struct dst_entry *dst,
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
 * xtcp_ip4_answer - send such a packet in the place of another
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
void xtcp_ip4_answer(const struct xtcp_stateless *to, struct dst_entry *dst,
		     const struct xtcp_plan *plan, struct sk_buff *cause)
{
	if (header_turn(cause, plan->hdr_len)) {
		header_send(to, dst, plan, cause);
		return;
	}
	consume_skb(cause);
	xtcp_ip4_send(to, dst, plan);
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
 * xtcp_ip4_adv_mss - the MSS to offer
 * @sk: socket or listener; its TCP_MAXSEG holds for both directions
 * @dst: route to the peer
 *
 * Return: bytes, RFC 9293 3.7.1.
 */
u16 xtcp_ip4_adv_mss(const struct sock *sk, const struct dst_entry *dst)
{
	u32 user_mss = READ_ONCE(xtcp_sk(sk)->tcb.user_mss);

	return min_t(u32, dst_metric_advmss(dst), user_mss ? user_mss : U16_MAX);
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
	const struct ip_options_rcu *opt;
	u32 hdr = sizeof(struct iphdr) + sizeof(struct tcphdr);

	rcu_read_lock();
	opt = rcu_dereference(inet_sk(sk)->inet_opt);
	if (opt)
		hdr += opt->opt.optlen;
	rcu_read_unlock();

	open->path_mss = clamp_t(u32, dst_mtu(dst), hdr + 1, IP_MAX_MTU) - hdr;
	open->user_mss = xtcp_sk(sk)->tcb.user_mss;
	open->adv_mss = xtcp_ip4_adv_mss(sk, dst);
	open->gso_max = gso_max(dst, open->path_mss);
	open->rcv_space = xtcp_rcv_space(sk);
	open->rcv_space_max = max(xtcp_rcv_space_max(sk), open->rcv_space);
	open->v6 = false;
	open->need_ecn = xtcp_cc_needs_ecn(xtcp_sk(sk)->tcb.cc);
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
		xtcp_sk(sk)->gso_full = open->gso_max;
		xtcp_sk(sk)->pmtu = dst_mtu(dst);
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
 * xtcp_ip4_sock_route - find the route of a connection
 * @sk: socket with addresses and ports
 *
 * Context: socket lock. Return: 0 or -errno.
 */
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
			   RT_TOS(inet->tos), RT_SCOPE_UNIVERSE, IPPROTO_TCP,
			   FLOWI_FLAG_ANYSRC, hop, inet->inet_saddr,
			   inet->inet_dport, inet->inet_sport, sk->sk_uid);
	rt = ip_route_output_flow(sock_net(sk), fl4, sk);
	if (IS_ERR(rt))
		return PTR_ERR(rt);
	sk_setup_caps(sk, &rt->dst);
	return 0;
}

/**
 * xtcp_ip4_sock_dst - the route of a connection, found anew if it has expired
 * @sk: socket with addresses and ports
 *
 * Context: socket lock. Return: route, the reference is the socket's; or NULL.
 */
struct dst_entry *xtcp_ip4_sock_dst(struct sock *sk)
{
	struct dst_entry *dst = __sk_dst_check(sk, 0);

	if (dst)
		return dst;
	return xtcp_ip4_sock_route(sk) ? NULL : __sk_dst_get(sk);
}

/* Undo what xtcp_ip4_connect() set before it failed. */
static void connect_undo(struct sock *sk)
{
	struct inet_sock *inet = inet_sk(sk);

	if (!(sk->sk_userlocks & SOCK_BINDADDR_LOCK)) {
		inet->inet_saddr = 0;
		inet->inet_rcv_saddr = 0;
	}
	inet->inet_daddr = 0;
	inet->inet_dport = 0;
	xtcp_unhash(sk);
	if (!(sk->sk_userlocks & SOCK_BINDPORT_LOCK)) {
		xtcp_port_put(sk);
		inet->inet_sport = 0;
	}
}

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
	inet->inet_rcv_saddr = inet->inet_saddr;
	/* A source route names its hops; else 0.0.0.0 became this host. */
	inet->inet_daddr = opt && opt->opt.srr ? to->sin_addr.s_addr : fl4->daddr;
	inet->inet_dport = to->sin_port;

	err = xtcp_hash_connect(sk);
	if (err) {
		ip_rt_put(rt);
		connect_undo(sk);
		return err;
	}
	sk_set_txhash(sk);
	rt = ip_route_newports(fl4, rt, sport, to->sin_port, inet->inet_sport,
			       inet->inet_dport, sk);
	if (IS_ERR(rt)) {
		connect_undo(sk);
		return PTR_ERR(rt);
	}
	sk->sk_gso_type = SKB_GSO_TCPV4;
	sk_setup_caps(sk, &rt->dst);
	return 0;
}
