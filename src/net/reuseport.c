// SPDX-License-Identifier: GPL-2.0
/*
 * SO_REUSEPORT groups: listeners that share a port.
 *
 * Membership and the program of a group are the kernel's struct sock_reuseport:
 * setsockopt(SO_ATTACH_REUSEPORT_CBPF, _EBPF) reaches it without us. It takes socket
 * filters; programs of the type sk_reuseport, and the maps they choose from, are for
 * protocols whose number the kernel knows. Without a program the choice is ours: a jump consistent hash
 * (Lamping, Veach 2014) of the connection. A listener that comes takes its share and
 * leaves the others theirs, where the kernel's scaling by the number of members
 * moves them all; of one that goes the last member takes the place.
 */
#include <linux/math64.h>
#include <linux/tcp.h>
#include <net/sock_reuseport.h>

#include "../compat/reuseport.h"
#include "net.h"

static bool any_address(const struct sock *sk)
{
	return !inet_sk(sk)->inet_rcv_saddr;
}

/**
 * xtcp_reuseport_join - a socket with SO_REUSEPORT begins to listen
 * @sk: socket
 * @other: a listener it shares address, port and device with, or NULL
 *
 * It leaves when it is unhashed (reuseport_stop_listen_sock()), or with its
 * last reference.
 *
 * Context: lock of the listeners' table. Return: 0 or -ENOMEM, -ENOSPC.
 */
int xtcp_reuseport_join(struct sock *sk, struct sock *other)
{
	if (other)
		return reuseport_add_sock(sk, other, any_address(sk));
	return reuseport_alloc(sk, any_address(sk));
}

/**
 * xtcp_reuseport_leave - a listener is about to leave the table
 * @sk: socket, in a group or not
 *
 * Context: lock of the listeners' table. Return: one of those that stay, or NULL.
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
 * xtcp_reuseport_alone - is this socket all of its group?
 * @sk: member
 *
 * Context: lock of the listeners' table.
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

/* One of @n, of which each gets as many; the steps are as the logarithm of @n. */
static u32 jump(u64 key, u32 n)
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
 * SO_INCOMING_CPU of the processor this runs on goes before chance; where nobody
 * has asked for that, the others are not looked at.
 */
static struct sock *choose(const struct sock_reuseport *group, u32 hash)
{
	u32 n = READ_ONCE(group->num_socks), first, i;
	struct sock *sk;

	if (!n)
		return NULL;
	/* Pairs with the barrier of whoever adds a member. */
	smp_rmb();
	first = jump(hash, n);
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
 * xtcp_reuseport_select - whose is a connection that a listener's group may have
 * @sk: listener, for itself or for its group
 * @hash: of the connection
 * @skb: segment that opens it, TCP header at its data; NULL: there is none
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
	return chosen ?: choose(group, hash) ?: sk;
}

/**
 * xtcp_reuseport_migrate_target - who takes over what a listener leaves behind
 * @sk: listener of a group, no longer in the table
 * @flow: of a connection it has not accepted
 *
 * ``migrate_req``, as the kernel's: else such connections are reset, though
 * another process serves the same port (a server that restarts by halves).
 *
 * Context: RCU read lock. Return: another member of the group, or NULL.
 */
struct sock *xtcp_reuseport_migrate_target(const struct sock *sk, const struct xtcp_flow *flow)
{
	const struct xtcp_net *xn = xtcp_net(sock_net(sk));
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
