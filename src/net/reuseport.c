// SPDX-License-Identifier: GPL-2.0
/*
 * SO_REUSEPORT groups: listeners that share a port.
 *
 * Members and the BPF program of a group are in the kernel's struct sock_reuseport, which
 * setsockopt(SO_ATTACH_REUSEPORT_CBPF, _EBPF) finds without our help. Socket filters can be
 * attached; programs of the type sk_reuseport and their maps cannot, since the kernel
 * allows them for protocol numbers it knows only.
 *
 * Without a program XTCP selects a member by a jump consistent hash (Lamping, Veach 2014)
 * of the connection. A new member takes its share from all others and leaves the rest in
 * place, whereas the kernel's scaling by the number of members moves many more. When a
 * member leaves, the last one takes its place.
 */
#include <linux/math64.h>
#include <linux/tcp.h>
#include <net/sock_reuseport.h>

#include "../compat/reuseport.h"
#include "net.h"

/* Is the socket bound to the wildcard, as the kernel's group records it? */
static bool reuseport_on_wildcard(const struct sock *sk)
{
	return !inet_sk(sk)->inet_rcv_saddr;
}

/**
 * xtcp_reuseport_join - add a socket to a group, or make one
 * @sk: socket with SO_REUSEPORT that begins to listen
 * @other: member of the group with the same address, port and device; NULL: make one
 *
 * The socket leaves when it is unhashed (xtcp_reuseport_leave()), or when it is freed.
 *
 * Context: lock of the listeners' table. Return: 0 or -ENOMEM, -ENOSPC.
 */
int xtcp_reuseport_join(struct sock *sk, struct sock *other)
{
	if (other)
		return reuseport_add_sock(sk, other, reuseport_on_wildcard(sk));
	return reuseport_alloc(sk, reuseport_on_wildcard(sk));
}

/**
 * xtcp_reuseport_leave - remove a listener from its group
 * @sk: socket, in a group or not
 *
 * Context: lock of the listeners' table. Return: a member that stays, or NULL.
 */
struct sock *xtcp_reuseport_leave(struct sock *sk)
{
	const struct sock_reuseport *group;
	struct sock *target = NULL;

	rcu_read_lock();
	group = rcu_dereference(sk->sk_reuseport_cb);
	if (group) {
		reuseport_stop_listen_sock(sk);
		if (group->num_socks)
			target = group->socks[0];
	}
	rcu_read_unlock();
	return target;
}

/**
 * xtcp_reuseport_alone - is a socket the only member of its group?
 * @sk: socket, in a group or not
 *
 * Context: lock of the listeners' table. Return: true also if it is in no group.
 */
bool xtcp_reuseport_alone(const struct sock *sk)
{
	const struct sock_reuseport *group;
	bool alone;

	rcu_read_lock();
	group = rcu_dereference(sk->sk_reuseport_cb);
	alone = !group || group->num_socks == 1;
	rcu_read_unlock();
	return alone;
}

/* Jump consistent hash: a number below @n, all equally likely, in O(log @n) steps. */
static u32 reuseport_jump_hash(u64 key, u32 n)
{
	u64 at = 0, next = 0;

	while (next < n) {
		at = next;
		key = key * 2862933555777941757ULL + 1;
		next = div64_u64((at + 1) << 31, (key >> 33) + 1);
	}
	return at;
}

/*
 * Select a member without a program: the first from its hash on whose SO_INCOMING_CPU is
 * this CPU, otherwise the one of the hash. NULL: the group is empty.
 */
static struct sock *reuseport_choose(const struct sock_reuseport *group, u32 hash)
{
	u32 n = READ_ONCE(group->num_socks), first, i;
	struct sock *sk;

	if (!n)
		return NULL;
	/* Pairs with smp_wmb() in the kernel's __reuseport_add_sock(). */
	smp_rmb();
	first = reuseport_jump_hash(hash, n);
	if (xtcp_reuseport_has_cpus(group)) {
		for (i = 0; i < n; i++) {
			sk = READ_ONCE(group->socks[(first + i) % n]);
			if (READ_ONCE(sk->sk_incoming_cpu) == raw_smp_processor_id())
				return sk;
		}
	}
	return READ_ONCE(group->socks[first]);
}

/**
 * xtcp_reuseport_select - select the member of a group for a connection
 * @sk: member of a group, or a listener without one
 * @hash: xtcp_flow_hash() of the connection
 * @skb: segment, TCP header at its data, for the BPF program; or NULL
 *
 * Context: RCU read lock. Return: listener.
 */
struct sock *xtcp_reuseport_select(struct sock *sk, u32 hash, struct sk_buff *skb)
{
	const struct sock_reuseport *group = rcu_dereference(sk->sk_reuseport_cb);
	struct sock *chosen = NULL;

	if (likely(!group))
		return sk;
	if (rcu_access_pointer(group->prog) && skb && pskb_may_pull(skb, XTCP_HDR_LEN))
		chosen = reuseport_select_sock(sk, hash, skb, __tcp_hdrlen(tcp_hdr(skb)));
	return chosen ?: reuseport_choose(group, hash) ?: sk;
}

/**
 * xtcp_reuseport_migrate_target - select the listener that takes over a connection
 * @sk: listener of a group, no longer in the table
 * @flow: 4-tuple of a connection it has not accepted
 *
 * The knob migrate_req, as the kernel's. Without it such connections are reset although
 * another process serves the same port, for example while a server restarts.
 *
 * Context: RCU read lock. Return: another member of the group, or NULL.
 */
struct sock *xtcp_reuseport_migrate_target(const struct sock *sk, const struct xtcp_flow *flow)
{
	const struct xtcp_net *xn = xtcp_pernet(sock_net(sk));
	int dif = sk->sk_bound_dev_if;
	struct sock *target;

	if (!sk->sk_reuseport || !READ_ONCE(xn->knobs.migrate_req))
		return NULL;
	target = xtcp_lookup_listener(xn, flow, xtcp_flow_hash(xn->tables, flow), dif, 0, NULL);
	if (!target || !target->sk_reuseport || target->sk_bound_dev_if != dif ||
	    target->sk_family != sk->sk_family ||
	    memcmp(xtcp_sk(target)->flow.saddr, xtcp_sk(sk)->flow.saddr, sizeof(flow->saddr)))
		return NULL;
	return target;
}
