// SPDX-License-Identifier: GPL-2.0
/*
 * Connections with both ends in one namespace: find the peer, and tell whether anything
 * on the way would see, change or drop a segment.
 *
 * The tests are made for each hand-over, since a tap or a rule may come at any time. Each
 * reads a word or two. A test that cannot tell exactly says that somebody looks.
 */
#include <linux/bpf-cgroup.h>
#include <linux/filter.h>
#include <linux/if_arp.h>
#include <linux/kallsyms.h>
#include <linux/netfilter.h>
#include <net/dst.h>
#include <net/sch_generic.h>
#include <net/xfrm.h>

#include "../compat/device.h"
#include "ip.h"
#include "rx.h"

/*
 * Packet sockets: all of the namespace, also those of another device, since the kernel
 * does not export the list of those that are bound to a protocol only. And what other
 * modules registered for every packet.
 */
static bool unseen_by_taps(const struct net *net, struct net_device *lo)
{
	return hlist_empty(&net->packet.sklist) && !dev_nit_active(lo) &&
	       list_empty(&lo->ptype_specific);
}

static bool unseen_by_device(const struct net_device *lo)
{
	const struct Qdisc *q = rcu_dereference(netdev_get_tx_queue(lo, 0)->qdisc);

	return lo->flags & IFF_UP && q && !q->enqueue && !xtcp_dev_has_tc(lo) &&
	       !xtcp_dev_has_nf(lo) && !rcu_access_pointer(lo->xdp_prog) &&
	       !rcu_access_pointer(lo->rx_handler);
}

#ifdef CONFIG_NETFILTER

/*
 * Is it a hook of a security module? They label and check packets of other hosts, or for
 * rules that have hooks of their own. Such a function is part of the kernel, so what is
 * found out about an address never changes.
 */
static bool unseen_is_lsm_hook(nf_hookfn *hook)
{
	static nf_hookfn *yes[16], *no;
	char symbol[KSYM_SYMBOL_LEN];
	u32 i;

	for (i = 0; i < ARRAY_SIZE(yes) && READ_ONCE(yes[i]); i++)
		if (READ_ONCE(yes[i]) == hook)
			return true;
	if (READ_ONCE(no) == hook || !IS_ENABLED(CONFIG_KALLSYMS))
		return false;
	sprint_symbol_no_offset(symbol, (unsigned long)hook);
	if (strncmp(symbol, "selinux_", 8) && strncmp(symbol, "smack_", 6) &&
	    strncmp(symbol, "apparmor_", 9)) {
		WRITE_ONCE(no, hook);
		return false;
	}
	/* Two CPUs may use the same place: then one of them will look again. */
	if (i < ARRAY_SIZE(yes))
		WRITE_ONCE(yes[i], hook);
	return true;
}

/* Are all hooks at this point XTCP's own, or of a security module? */
static bool unseen_at_hook(const struct nf_hook_entries *hooks)
{
	u16 i;

	if (likely(!hooks))
		return true;
	for (i = 0; i < hooks->num_hook_entries; i++)
		if (hooks->hooks[i].hook != xtcp_rx_route_hook &&
		    !unseen_is_lsm_hook(hooks->hooks[i].hook))
			return false;
	return true;
}

static bool unseen_by_netfilter(const struct net *net, bool v6)
{
	struct nf_hook_entries __rcu *const *at = v6 ? net->nf.hooks_ipv6 : net->nf.hooks_ipv4;

	return unseen_at_hook(rcu_dereference(at[NF_INET_LOCAL_OUT])) &&
	       unseen_at_hook(rcu_dereference(at[NF_INET_POST_ROUTING])) &&
	       unseen_at_hook(rcu_dereference(at[NF_INET_PRE_ROUTING])) &&
	       unseen_at_hook(rcu_dereference(at[NF_INET_LOCAL_IN]));
}

#else

static bool unseen_by_netfilter(const struct net *net, bool v6)
{
	return true;
}

#endif

#ifdef CONFIG_XFRM
static bool unseen_by_xfrm(const struct net *net, const struct sock *sk)
{
	return !net->xfrm.policy_count[XFRM_POLICY_IN] &&
	       !net->xfrm.policy_count[XFRM_POLICY_OUT] &&
	       net->xfrm.policy_default[XFRM_POLICY_IN] != XFRM_USERPOLICY_BLOCK &&
	       net->xfrm.policy_default[XFRM_POLICY_OUT] != XFRM_USERPOLICY_BLOCK &&
	       !rcu_access_pointer(sk->sk_policy[XFRM_POLICY_IN]) &&
	       !rcu_access_pointer(sk->sk_policy[XFRM_POLICY_OUT]);
}
#else
static bool unseen_by_xfrm(const struct net *net, const struct sock *sk)
{
	return true;
}
#endif

#ifdef CONFIG_CGROUP_BPF
/* The arrays of programs end in an entry without program. */
static bool unseen_by_cgroup(struct sock *sk, enum cgroup_bpf_attach_type type)
{
	const struct bpf_prog_array *array;

	if (!static_branch_unlikely(&cgroup_bpf_enabled_key[type]))
		return true;
	array = rcu_dereference(sock_cgroup_ptr(&sk->sk_cgrp_data)->bpf.effective[type]);
	return !array || !array->items[0].prog;
}

static bool unseen_by_cgroups(struct sock *from, struct sock *to)
{
	return unseen_by_cgroup(from, CGROUP_INET_EGRESS) &&
	       unseen_by_cgroup(to, CGROUP_INET_INGRESS);
}
#else
static bool unseen_by_cgroups(struct sock *from, struct sock *to)
{
	return true;
}
#endif

/**
 * xtcp_unseen_sender - would nothing in the namespace see the segments of a connection?
 * @sk: the end that sends
 *
 * Context: any, socket lock, RCU read lock.
 * Return: false also if its route is not, or may no longer be, over loopback.
 */
bool xtcp_unseen_sender(struct sock *sk)
{
	struct dst_entry *dst = __sk_dst_get(sk);
	struct net *net = sock_net(sk);
	struct net_device *lo = net->loopback_dev;
	bool v6 = xtcp_sock_is6(sk);

	if (!dst || dst->dev != lo || dst_xfrm(dst) || dst->lwtstate)
		return false;
	if (dst->obsolete && !dst_check(dst, v6 ? inet6_sk(sk)->dst_cookie : 0))
		return false;
	/* With IPv4 another MTU of the device makes the route obsolete. */
	if (v6 && dst_mtu(dst) != xtcp_sk(sk)->pmtu)
		return false;
	if (rcu_access_pointer(inet_sk(sk)->inet_opt) ||
	    (v6 && rcu_access_pointer(inet6_sk(sk)->opt)))
		return false;
	return unseen_by_taps(net, lo) && unseen_by_device(lo) &&
	       unseen_by_netfilter(net, v6) && unseen_by_xfrm(net, sk);
}

/**
 * xtcp_unseen_receiver - would segments reach a socket, and is nothing to be told of them?
 * @from: the end that sends
 * @to: the end that receives
 *
 * Time stamps, the TTL and IPv6 headers of what was received are known of segments only.
 *
 * Context: any, locks of both sockets, RCU read lock.
 * Return: whether so.
 */
bool xtcp_unseen_receiver(struct sock *from, struct sock *to)
{
	if (rcu_access_pointer(to->sk_filter) || xtcp_ip_min_ttl(to) ||
	    sock_flag(to, SOCK_TIMESTAMP) || sock_flag(to, SOCK_RCVTSTAMP) ||
	    sock_flag(to, SOCK_TIMESTAMPING_RX_SOFTWARE))
		return false;
	if (xtcp_sock_is6(to) && (inet6_sk(to)->rxopt.all || xtcp_inet_repflow(to)))
		return false;
	return unseen_by_xfrm(sock_net(to), to) && unseen_by_cgroups(from, to);
}

/**
 * xtcp_peer_sk - find the other end of a connection in the same namespace
 * @sk: one end
 *
 * Context: any, socket lock, RCU read lock, which alone keeps the result in memory.
 * Return: socket; NULL if there is none, or if it is @sk.
 */
struct sock *xtcp_peer_sk(struct sock *sk)
{
	const struct xtcp_flow *own = &xtcp_sk(sk)->flow;
	const struct xtcp_net *xn = xtcp_sk_net(sk);
	struct xtcp_sock *xsk = xtcp_sk(sk);
	const struct xtcp_entry *e;
	struct xtcp_flow flow;
	struct sock *peer;

	memcpy(flow.saddr, own->daddr, sizeof(flow.saddr));
	memcpy(flow.daddr, own->saddr, sizeof(flow.daddr));
	flow.sport = own->dport;
	flow.dport = own->sport;
	if (unlikely(!xsk->peer_hash))
		xsk->peer_hash = xtcp_flow_hash(xn->tables, &flow);
	e = xtcp_lookup(xn, &flow, xsk->peer_hash, LOOPBACK_IFINDEX, 0);
	if (!e || READ_ONCE(e->kind) != XTCP_KIND_SOCK)
		return NULL;
	peer = xtcp_entry_sk(e);
	return peer == sk ? NULL : peer;
}
