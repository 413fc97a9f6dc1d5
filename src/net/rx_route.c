// SPDX-License-Identifier: GPL-2.0
/*
 * The route of received packets, and the hash of their flow.
 *
 * IP looks up a route for each packet that did not come over loopback, which is a fifth of
 * what it costs to receive a segment. For connections of the kernel's TCP it takes the route
 * that the socket has cached (tcp_v4_early_demux()); that call is built into the kernel and
 * never finds one of our sockets. A netfilter hook at PRE_ROUTING, behind all others, does
 * the same for ours, in the fields that the kernel's TCP uses, sk_rx_dst*.
 *
 * Every packet of the namespace passes the hook, so it is there only while a connection has
 * a cached route, and for a minute after the last: registering it interrupts every CPU, and
 * any user can open and close connections.
 */
#include <linux/netfilter_ipv4.h>
#include <linux/netfilter_ipv6.h>
#include <net/dst.h>

#include "ip.h"
#include "port.h"
#include "rx.h"

/* Jiffies from the end of the last connection with a cached route to the hook's removal. */
#define REMOVE_DELAY	(60 * HZ)

/*
 * The flow that the hook looked up last on this CPU, with its hash: a packet has no field for
 * that which nobody else uses. The first word of the key stands for the tables, whose address
 * may be that of freed ones.
 */
struct rx_hashed {
	struct xtcp_flow flow;
	unsigned long key;
	u32 hash;
};

static DEFINE_PER_CPU(struct rx_hashed, rx_hashed);

/* May the CPU's entry be used? Not where another packet of this CPU may come in between. */
static bool rx_hash_may_keep(void)
{
	return !IS_ENABLED(CONFIG_PREEMPT_RT) && in_softirq();
}

/**
 * xtcp_rx_hash - xtcp_flow_hash() of a received packet
 * @t: tables, for their key
 * @flow: its 4-tuple
 *
 * Computing it is a thirtieth of receiving a segment, and the hook has just done so, unless
 * there is no hook, or it has seen several packets before the first is delivered.
 *
 * Context: any. Return: as xtcp_flow_hash().
 */
u32 xtcp_rx_hash(const struct xtcp_tables *t, const struct xtcp_flow *flow)
{
	const struct rx_hashed *kept = raw_cpu_ptr(&rx_hashed);

	if (kept->key == t->tuple_key.key[0] && rx_hash_may_keep() &&
	    xtcp_same_flow(&kept->flow, flow))
		return kept->hash;
	return xtcp_flow_hash(t, flow);
}

#if IS_ENABLED(CONFIG_NETFILTER)

/* xtcp_flow_hash(), kept for xtcp_rx_hash(). A packet from NFQUEUE has no softirq around it. */
static u32 rx_hash_keep(const struct xtcp_tables *t, const struct xtcp_flow *flow)
{
	u32 hash = xtcp_flow_hash(t, flow);
	struct rx_hashed *kept;

	if (likely(rx_hash_may_keep())) {
		kept = this_cpu_ptr(&rx_hashed);
		kept->flow = *flow;
		kept->key = t->tuple_key.key[0];
		kept->hash = hash;
	}
	return hash;
}

/* Give the packet the cached route of the connection that it belongs to, if any. */
static void rx_route_apply(const struct net *net, struct sk_buff *skb)
{
	const struct xtcp_net *xn = xtcp_pernet(net);
	const struct xtcp_entry *e;
	struct dst_entry *dst;
	struct xtcp_flow flow;
	struct sock *sk;

	/*
	 * skb_dst() may be the metadata of a tunnel, which must stay. In an L3 domain
	 * the packet gets its final device only after this hook.
	 */
	if (skb_dst(skb) || skb->sk || skb->pkt_type != PACKET_HOST ||
	    netif_is_l3_slave(skb->dev) || netif_is_l3_master(skb->dev) ||
	    !pskb_may_pull(skb, skb_transport_offset(skb) + XTCP_PORTS_LEN))
		return;
	/* Without this test the packets of the kernel's TCP would pay for the look-up. */
	if (hlist_empty(xtcp_bucket_head(xn->tables, ntohs(tcp_hdr(skb)->dest))))
		return;
	xtcp_ip_flow(skb, &flow);
	e = xtcp_lookup(xn, &flow, rx_hash_keep(xn->tables, &flow), skb->dev->ifindex, 0);
	if (!e || READ_ONCE(e->kind) != XTCP_KIND_SOCK)
		return;
	sk = xtcp_entry_sk(e);
	dst = rcu_dereference(sk->sk_rx_dst);
	if (!dst || READ_ONCE(sk->sk_rx_dst_ifindex) != skb->skb_iif)
		return;
	dst = dst_check(dst, READ_ONCE(sk->sk_rx_dst_cookie));
	if (dst)
		skb_dst_set_noref(skb, dst);
}

/**
 * xtcp_rx_route_hook - hook at PRE_ROUTING: give a packet the cached route
 * @priv: unused
 * @skb: packet that IP has just received
 * @state: namespace
 *
 * Context: softirq, RCU read lock.
 * Return: NF_ACCEPT.
 */
unsigned int xtcp_rx_route_hook(void *priv, struct sk_buff *skb,
				const struct nf_hook_state *state)
{
	const struct net *net = state->net;

	if (xtcp_ip_carries_tcp(skb) && READ_ONCE(net->ipv4.sysctl_ip_early_demux) &&
	    READ_ONCE(net->ipv4.sysctl_tcp_early_demux))
		rx_route_apply(net, skb);
	return NF_ACCEPT;
}

static const struct nf_hook_ops rx_route_ops[] = {
	{
		.hook = xtcp_rx_route_hook,
		.pf = NFPROTO_IPV4,
		.hooknum = NF_INET_PRE_ROUTING,
		.priority = NF_IP_PRI_LAST,
	},
	{
		.hook = xtcp_rx_route_hook,
		.pf = NFPROTO_IPV6,
		.hooknum = NF_INET_PRE_ROUTING,
		.priority = NF_IP6_PRI_LAST,
	},
};

/* Register the hooks or remove them, as rx_routed says. */
static void rx_route_work(struct work_struct *work)
{
	struct xtcp_net *xn = container_of(to_delayed_work(work), struct xtcp_net,
					   rx_route_work);
	bool wanted = atomic_read(&xn->rx_routed);

	if (wanted == xn->rx_hooked)
		return;
	if (!wanted)
		nf_unregister_net_hooks(xn->net, rx_route_ops, ARRAY_SIZE(rx_route_ops));
	else if (nf_register_net_hooks(xn->net, rx_route_ops, ARRAY_SIZE(rx_route_ops)))
		return;
	xn->rx_hooked = wanted;
}

/**
 * xtcp_rx_route_keep - cache the route of a received packet
 * @sk: its connection
 * @skb: packet; it may have waited in the backlog
 *
 * To be called when the packet has another route than the cached one: there is none yet,
 * the hook found it invalid, or the packet came in by another device. Not for packets that
 * come over loopback, which have the route of the sender.
 *
 * Context: any, socket lock.
 */
void xtcp_rx_route_keep(struct sock *sk, struct sk_buff *skb)
{
	struct dst_entry *old = rcu_dereference_protected(sk->sk_rx_dst, 1);
	struct xtcp_net *xn = xtcp_pernet(sock_net(sk));
	struct dst_entry *dst = skb_dst(skb);

	if (!dst || !dst_hold_safe(dst))
		return;
	WRITE_ONCE(sk->sk_rx_dst_ifindex, skb->skb_iif);
	WRITE_ONCE(sk->sk_rx_dst_cookie, xtcp_ip_cookie_of(skb, dst));
	rcu_assign_pointer(sk->sk_rx_dst, dst);
	dst_release(old);
	if (!xtcp_sk(sk)->rx_routed) {
		xtcp_sk(sk)->rx_routed = 1;
		if (atomic_inc_return(&xn->rx_routed) == 1)
			mod_delayed_work(system_wq, &xn->rx_route_work, 0);
	}
}

/**
 * xtcp_rx_route_drop - drop the cached route: the connection has ended
 * @sk: socket
 *
 * Context: any, socket lock.
 */
void xtcp_rx_route_drop(struct sock *sk)
{
	struct dst_entry *dst = rcu_dereference_protected(sk->sk_rx_dst, 1);
	struct xtcp_net *xn = xtcp_pernet(sock_net(sk));

	if (!xtcp_sk(sk)->rx_routed)
		return;
	xtcp_sk(sk)->rx_routed = 0;
	RCU_INIT_POINTER(sk->sk_rx_dst, NULL);
	dst_release(dst);
	if (atomic_dec_and_test(&xn->rx_routed))
		mod_delayed_work(system_wq, &xn->rx_route_work, REMOVE_DELAY);
}

/**
 * xtcp_rx_route_init_net - set up a namespace
 * @xn: namespace
 *
 * Context: process.
 */
void xtcp_rx_route_init_net(struct xtcp_net *xn)
{
	INIT_DELAYED_WORK(&xn->rx_route_work, rx_route_work);
}

/**
 * xtcp_rx_route_exit_net - remove the hooks of a namespace, which has no socket left
 * @xn: namespace
 *
 * An RCU grace period has to pass before anything that the hooks use is freed.
 *
 * Context: process, may sleep.
 */
void xtcp_rx_route_exit_net(struct xtcp_net *xn)
{
	cancel_delayed_work_sync(&xn->rx_route_work);
	if (xn->rx_hooked)
		nf_unregister_net_hooks(xn->net, rx_route_ops, ARRAY_SIZE(rx_route_ops));
}

#else

void xtcp_rx_route_keep(struct sock *sk, struct sk_buff *skb)
{
}

void xtcp_rx_route_drop(struct sock *sk)
{
}

void xtcp_rx_route_init_net(struct xtcp_net *xn)
{
}

void xtcp_rx_route_exit_net(struct xtcp_net *xn)
{
}

#endif
