// SPDX-License-Identifier: GPL-2.0
/*
 * Port reservations: sockets of the kernel's TCP that are bound to one of our ports on an
 * address and device and do nothing else; and the comparison of such bindings.
 *
 * A reservation has the family of the address it reserves. For IPv4 addresses the kernel
 * treats an AF_INET socket as an AF_INET6 one that is bound to ::ffff:a.b.c.d.
 *
 * Whether our own sockets may share a port is decided by port.c. So reservations must never
 * conflict with each other: all have SO_REUSEPORT and the same user. That user is
 * INVALID_UID, so that no program's socket shares a port with them.
 *
 * The kernel finds the user of a socket in its inode, newer kernels in sk_uid. Once a
 * reservation is bound, it uses a struct socket that all of them share, and its own is
 * freed, which saves a quarter of its memory.
 */
#include <linux/in.h>
#include <linux/mutex.h>
#include <linux/net.h>
#include <linux/slab.h>
#include <net/inet_hashtables.h>
#include <net/ip.h>
#include <net/tcp_states.h>
#include <net/transp_v6.h>
#include <xtcp/family.h>

#include "port_reserve.h"
#include "ip.h"

/**
 * xtcp_binding_of_sock - the address and device that a socket is, or will be, bound to
 * @sk: socket
 * @binding: filled in
 *
 * Context: socket lock, or port_lock with the socket in a bucket.
 */
void xtcp_binding_of_sock(const struct sock *sk, struct xtcp_binding *binding)
{
	struct xtcp_flow flow;

	xtcp_flow_of_sock(sk, &flow);
	memcpy(binding->addr, flow.saddr, sizeof(binding->addr));
	binding->dif = sk->sk_bound_dev_if;
	binding->vrf = xtcp_vrf(sock_net(sk), binding->dif);
	binding->only6 = xtcp_family6(sk) && ipv6_only_sock(sk);
}

/**
 * xtcp_binding_of_record - the same for TIME-WAIT records
 * @net: namespace
 * @key: local end of the records
 * @binding: filled in
 *
 * Context: any.
 */
void xtcp_binding_of_record(const struct net *net, const struct xtcp_tw_key *key,
			    struct xtcp_binding *binding)
{
	memcpy(binding->addr, key->saddr, sizeof(binding->addr));
	binding->dif = key->dif;
	binding->vrf = xtcp_vrf(net, key->dif);
	binding->only6 = false;
}

/* Is @any the wildcard, and does it include @addr? */
static bool wildcard_includes(const struct xtcp_binding *any, const u32 addr[4])
{
	if (!xtcp_addr_any(any->addr))
		return false;
	if (xtcp_addr_is4(any->addr))
		return xtcp_addr_is4(addr);
	return !any->only6 || !xtcp_addr_is4(addr);
}

/**
 * xtcp_bindings_overlap - can one packet match both bindings?
 * @net: namespace
 * @a: binding
 * @b: binding
 *
 * The rules are those of bind() of the kernel's TCP.
 *
 * Context: any. Return: whether one can.
 */
bool xtcp_bindings_overlap(const struct net *net, const struct xtcp_binding *a,
			   const struct xtcp_binding *b)
{
	if (a->dif && b->dif && a->dif != b->dif)
		return false;
	if (a->vrf != b->vrf && !xtcp_across_vrfs(xtcp_pernet(net)))
		return false;
	return !memcmp(a->addr, b->addr, sizeof(a->addr)) ||
	       wildcard_includes(a, b->addr) || wildcard_includes(b, a->addr);
}

/**
 * xtcp_binding_covers - does each packet that matches one binding match the other?
 * @a: binding of a reservation
 * @b: binding that it may reserve as well
 *
 * Context: any. Return: whether each packet that matches @b matches @a.
 */
bool xtcp_binding_covers(const struct xtcp_binding *a, const struct xtcp_binding *b)
{
	/*
	 * Never across VRFs: the kernel's tcp_l3mdev_accept decides there, and may change.
	 */
	if ((a->dif && a->dif != b->dif) || a->vrf != b->vrf)
		return false;
	if (!memcmp(a->addr, b->addr, sizeof(a->addr)))
		return !a->only6 || b->only6 || !xtcp_addr_any(a->addr);
	/* A wildcard @b of both families is not covered by a wildcard of one. */
	return wildcard_includes(a, b->addr) && (!xtcp_addr_any(b->addr) ||
						 xtcp_addr_is4(b->addr));
}

/* The struct socket of all bound reservations; its inode's user is INVALID_UID. */
static struct socket *nobody;
static DEFINE_MUTEX(nobody_mutex);	/* nobody->sk, while a reservation is attached */

/**
 * xtcp_reservation_init - allocate what all reservations share
 *
 * Context: process, may sleep. Return: 0 or -ENOMEM.
 */
int xtcp_reservation_init(void)
{
	nobody = sock_alloc();
	if (!nobody)
		return -ENOMEM;
	nobody->type = SOCK_STREAM;
	SOCK_INODE(nobody)->i_uid = INVALID_UID;
	return 0;
}

/**
 * xtcp_reservation_exit - free what all reservations share; none is left
 *
 * Context: process, may sleep.
 */
void xtcp_reservation_exit(void)
{
	sock_release(nobody);
}

/* Free the struct socket of a bound reservation and attach it to the shared one. */
static void reservation_share_socket(struct xtcp_reservation *res)
{
	struct socket *own = res->sock;

	res->sock = NULL;
	own->sk = NULL;
	mutex_lock(&nobody_mutex);
	sock_graft(res->sk, nobody);
	nobody->sk = NULL;
	mutex_unlock(&nobody_mutex);
	sock_release(own);
}

/* Set what a reservation will be bound to. */
static void reservation_set_binding(struct xtcp_reservation *res,
				    const struct xtcp_binding *binding, u8 reuse)
{
	struct sock *csk = res->sk;

	res->binding = *binding;
	csk->sk_bound_dev_if = binding->dif;
	csk->sk_reuse = reuse;
	if (xtcp_family6(csk))
		csk->sk_ipv6only = binding->only6;
}

static u8 reservation_reuse_flag(const struct sock *sk)
{
	return sk->sk_reuse ? SK_CAN_REUSE : SK_NO_REUSE;
}

/**
 * xtcp_reservation_new_at - make a reservation
 * @net: namespace
 * @binding: what it will be bound to; the caller has checked that our socket may be
 * @reuse: SK_CAN_REUSE: the kernel's sockets with SO_REUSEADDR may bind the port too;
 *	SK_NO_REUSE: they may not
 *
 * Context: process, may sleep. Return: reservation, not bound, or ERR_PTR().
 */
struct xtcp_reservation *xtcp_reservation_new_at(struct net *net,
						 const struct xtcp_binding *binding,
						 u8 reuse)
{
	struct xtcp_reservation *res = kzalloc(sizeof(*res), GFP_KERNEL_ACCOUNT);
	int err;

	if (!res)
		return ERR_PTR(-ENOMEM);
	err = sock_create_kern(net, xtcp_addr_is4(binding->addr) ? PF_INET : PF_INET6,
			       SOCK_STREAM, IPPROTO_TCP, &res->sock);
	if (err) {
		kfree(res);
		return ERR_PTR(err);
	}
	res->sk = res->sock->sk;
	reservation_set_binding(res, binding, reuse);
	SOCK_INODE(res->sock)->i_uid = INVALID_UID;
	res->sk->sk_uid = INVALID_UID;
	ip_sock_set_freebind(res->sk);
	return res;
}

/**
 * xtcp_reservation_new - make a reservation for a socket
 * @sk: socket with a local address
 *
 * Context: process, may sleep. Return: reservation, not bound, or ERR_PTR().
 */
struct xtcp_reservation *xtcp_reservation_new(const struct sock *sk)
{
	struct xtcp_binding binding;

	xtcp_binding_of_sock(sk, &binding);
	return xtcp_reservation_new_at(sock_net(sk), &binding, reservation_reuse_flag(sk));
}

/* Are both sockets charged to the same memory cgroup, and in the same cgroup? */
static bool reservation_same_cgroups(const struct sock *a, const struct sock *b)
{
#ifdef CONFIG_MEMCG
	if (a->sk_memcg != b->sk_memcg)
		return false;
#endif
#ifdef CONFIG_SOCK_CGROUP_DATA
	return sock_cgroup_ptr((struct sock_cgroup_data *)&a->sk_cgrp_data) ==
	       sock_cgroup_ptr((struct sock_cgroup_data *)&b->sk_cgrp_data);
#else
	return true;
#endif
}

/**
 * xtcp_reservation_reuse - prepare a released reservation for another socket
 * @res: reservation, not bound
 * @sk: socket of the same namespace
 * @binding: xtcp_binding_of_sock() it
 *
 * Context: port_mutex or port_lock. Return: true when @res is as from
 * xtcp_reservation_new(); false when it has the wrong family or another cgroup.
 */
bool xtcp_reservation_reuse(struct xtcp_reservation *res, const struct sock *sk,
			    const struct xtcp_binding *binding)
{
	if (xtcp_family6(res->sk) == xtcp_addr_is4(binding->addr) ||
	    !reservation_same_cgroups(res->sk, sk))
		return false;
	reservation_set_binding(res, binding, reservation_reuse_flag(sk));
	res->sk->sk_userlocks = 0;
	return true;
}

/**
 * xtcp_reservation_free - unbind and free a reservation
 * @res: reservation, bound or not
 *
 * Context: process, may sleep.
 */
void xtcp_reservation_free(struct xtcp_reservation *res)
{
	if (res->sock)
		sock_release(res->sock);
	else
		res->sk->sk_prot->close(res->sk, 0);
	kfree(res);
}

/*
 * bind() without its checks of the caller: CAP_NET_BIND_SERVICE and the BPF programs of the
 * cgroup were checked when our own socket was bound. connect() checks neither when it
 * chooses an ephemeral port. Return: 0 or -EADDRINUSE.
 */
static int reservation_get_port(struct xtcp_reservation *res, u16 port)
{
	struct inet_sock *inet = inet_sk(res->sk);
	struct sock *csk = res->sk;
	int err;

	lock_sock(csk);
	if (xtcp_addr_is4(res->binding.addr)) {
		inet->inet_rcv_saddr = xtcp_flow_v4(res->binding.addr);
	} else {
		memcpy(&csk->sk_v6_rcv_saddr, res->binding.addr,
		       sizeof(csk->sk_v6_rcv_saddr));
		inet6_sk(csk)->saddr = csk->sk_v6_rcv_saddr;
		inet->inet_rcv_saddr = 0;
		if (!xtcp_addr_any(res->binding.addr)) {
			inet->inet_rcv_saddr = LOOPBACK4_IPV6;
			csk->sk_ipv6only = 1;
		}
	}
	inet->inet_saddr = inet->inet_rcv_saddr;
	err = csk->sk_prot->get_port(csk, port);
	if (!err) {
		csk->sk_userlocks |= SOCK_BINDADDR_LOCK | (port ? SOCK_BINDPORT_LOCK : 0);
		inet->inet_sport = htons(inet->inet_num);
	}
	release_sock(csk);
	return err ? -EADDRINUSE : 0;
}

/**
 * xtcp_reservation_bind - bind a reservation to a port
 * @res: reservation, not bound
 * @port: host byte order; 0: the kernel chooses
 * @beside: there are other reservations on the port, so bind with SO_REUSEPORT. The first
 *	one is bound without it, or it would ignore the kernel's TIME-WAIT records
 *
 * Context: process, may sleep. Return: 0 or -EADDRINUSE.
 */
int xtcp_reservation_bind(struct xtcp_reservation *res, u16 port, bool beside)
{
	int err;

	res->sk->sk_reuseport = beside;
	err = reservation_get_port(res, port);
	if (!err) {
		res->sk->sk_reuseport = 1;
		if (res->sock)
			reservation_share_socket(res);
	}
	return err;
}

/**
 * xtcp_reservation_unbind - unbind a reservation, so that the kernel's TCP can use the port
 * @res: reservation, bound; it may be bound again
 *
 * The reservation's socket lock is not taken, since the caller may be in softirq. Nobody
 * else holds it: no program has the socket, and XTCP locks a reservation only before it
 * joins its bucket or while the bucket has a user.
 *
 * Context: any, port_lock.
 */
void xtcp_reservation_unbind(struct xtcp_reservation *res)
{
	res->sk->sk_prot->put_port(res->sk);
}

/**
 * xtcp_reservation_try_listen - would the kernel's listen() succeed on a reservation?
 * @res: reservation, bound
 *
 * Calls get_port() in state LISTEN, as listen() does, and sets the state back. To keep the
 * kernel's TCP from listening later, the caller then sets SK_NO_REUSE by
 * xtcp_bucket_tolerate().
 *
 * Context: process, port_mutex, may sleep. Return: 0 or -EADDRINUSE.
 */
int xtcp_reservation_try_listen(struct xtcp_reservation *res)
{
	struct sock *csk = res->sk;
	int err;

	lock_sock(csk);
	inet_sk_set_state(csk, TCP_LISTEN);
	err = csk->sk_prot->get_port(csk, inet_sk(csk)->inet_num);
	inet_sk_set_state(csk, TCP_CLOSE);
	release_sock(csk);
	return err ? -EADDRINUSE : 0;
}
