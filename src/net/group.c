// SPDX-License-Identifier: GPL-2.0
/*
 * SO_REUSEPORT groups: listeners that share a port.
 *
 * Membership and the program of a group are the kernel's struct sock_reuseport:
 * setsockopt(SO_ATTACH_REUSEPORT_CBPF, _EBPF) reaches it without us, and so do
 * BPF maps of sockets. Without a program the choice is ours: by rendezvous
 * hashing (the heaviest of hash(connection, listener) wins), so that a listener
 * that comes or goes moves only its share, where the kernel's scaling by the
 * number of members moves them all.
 */
#include <linux/jhash.h>
#include <linux/tcp.h>
#include <net/sock_reuseport.h>

#include "net.h"

static bool any_address(const struct sock *sk)
{
	return !inet_sk(sk)->inet_rcv_saddr;
}

/**
 * xtcp_group_join - a socket with SO_REUSEPORT begins to listen
 * @sk: socket
 * @other: a listener it shares address, port and device with, or NULL
 *
 * It leaves when it is unhashed (reuseport_stop_listen_sock()), or with its
 * last reference.
 *
 * Context: lock of the listeners' table. Return: 0 or -ENOMEM, -ENOSPC.
 */
int xtcp_group_join(struct sock *sk, struct sock *other)
{
	if (other)
		return reuseport_add_sock(sk, other, any_address(sk));
	return reuseport_alloc(sk, any_address(sk));
}

/**
 * xtcp_group_weight - how much a listener wants a connection
 * @sk: listener with SO_REUSEPORT
 * @own: its secret number
 * @flow: hash of the connection
 *
 * SO_INCOMING_CPU of the processor this runs on goes before chance.
 *
 * Return: the member with the largest gets it; never 0.
 */
u64 xtcp_group_weight(const struct sock *sk, u32 own, u32 flow)
{
	/* Not a product: it keeps sums, and gaps between numbers would decide. */
	u64 weight = jhash_2words(own, flow, 0) | 1;

	if (READ_ONCE(sk->sk_incoming_cpu) == raw_smp_processor_id())
		weight |= 1ULL << 32;
	return weight;
}

/**
 * xtcp_group_select - the choice of a group's program
 * @sk: a member
 * @hash: of the connection
 * @skb: segment that opens it, TCP header at its data; NULL: there is none
 *
 * Context: RCU read lock.
 * Return: listener; NULL when the group has no program.
 */
struct sock *xtcp_group_select(struct sock *sk, u32 hash, struct sk_buff *skb)
{
	const struct sock_reuseport *group = rcu_dereference(sk->sk_reuseport_cb);

	if (likely(!group || !rcu_access_pointer(group->prog)))
		return NULL;
	if (!skb || !pskb_may_pull(skb, XTCP_HDR_LEN))
		return NULL;
	return reuseport_select_sock(sk, hash, skb, __tcp_hdrlen(tcp_hdr(skb)));
}

/**
 * xtcp_group_heir - who takes over what a listener leaves behind
 * @sk: listener of a group, no longer in the table
 * @flow: of a connection it has not accepted
 *
 * ``migrate_req``, as the kernel's: else such connections are reset, though
 * another process serves the same port (a server that restarts by halves).
 *
 * Context: RCU read lock. Return: another member of the group, or NULL.
 */
struct sock *xtcp_group_heir(const struct sock *sk, const struct xtcp_flow *flow)
{
	const struct xtcp_net *xn = xtcp_net(sock_net(sk));
	int dif = sk->sk_bound_dev_if;
	struct sock *heir;

	if (!sk->sk_reuseport || !READ_ONCE(xn->knobs.migrate_req))
		return NULL;
	heir = xtcp_lookup_listener(xn, flow, xtcp_flow_hash(xn->tables, flow), dif, 0, NULL);
	if (!heir || !heir->sk_reuseport || heir->sk_bound_dev_if != dif ||
	    heir->sk_family != sk->sk_family ||
	    memcmp(xtcp_sk(heir)->flow.saddr, xtcp_sk(sk)->flow.saddr, sizeof(flow->saddr)))
		return NULL;
	return heir;
}
