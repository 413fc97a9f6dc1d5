// SPDX-License-Identifier: GPL-2.0
/*
 * Companions: sockets of the kernel's TCP that stand for one of our ports on
 * one address and device, bound and no more; and how such addresses meet.
 *
 * A companion has the family of the addresses it stands for: to IPv4 addresses
 * an AF_INET socket is the same as an AF_INET6 one that is bound to ::ffff:a.b.c.d.
 *
 * Where addresses meet, our own sockets are for port.c to judge. Therefore all
 * companions have SO_REUSEPORT, and belong to a user that nobody can be: the
 * kernel never finds one in another's way, and no program's socket is in a group
 * with them.
 *
 * The kernel asks a socket's inode for its user. One inode is enough for that: once
 * it is bound, a companion has the struct socket of all, and its own is freed, which
 * is a quarter of its memory.
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

#include "hold.h"
#include "ip.h"

/**
 * xtcp_place_of - what a socket's port is, or is to be, bound on
 * @sk: socket
 * @place: filled in
 */
void xtcp_place_of(const struct sock *sk, struct xtcp_place *place)
{
	struct xtcp_flow flow;

	xtcp_flow_of_sock(sk, &flow);
	memcpy(place->addr, flow.saddr, sizeof(place->addr));
	place->dif = sk->sk_bound_dev_if;
	place->vrf = xtcp_vrf(sock_net(sk), place->dif);
	place->only6 = xtcp_family6(sk) && ipv6_only_sock(sk);
}

/**
 * xtcp_place_of_record - the same of TIME-WAIT records
 * @net: namespace
 * @key: what they have in common
 * @place: filled in
 */
void xtcp_place_of_record(const struct net *net, const struct xtcp_tw_key *key,
			  struct xtcp_place *place)
{
	memcpy(place->addr, key->saddr, sizeof(place->addr));
	place->dif = key->dif;
	place->vrf = xtcp_vrf(net, key->dif);
	place->only6 = false;
}

/* Does an any-address include the other? */
static bool any_takes(const struct xtcp_place *any, const u32 addr[4])
{
	if (!xtcp_addr_any(any->addr))
		return false;
	if (xtcp_addr_is4(any->addr))
		return xtcp_addr_is4(addr);
	return !any->only6 || !xtcp_addr_is4(addr);
}

/**
 * xtcp_places_meet - is there a packet that both would be for?
 * @net: namespace
 * @a: place
 * @b: place
 *
 * As bind() of the kernel's TCP has it.
 */
bool xtcp_places_meet(const struct net *net, const struct xtcp_place *a,
		      const struct xtcp_place *b)
{
	if (a->dif && b->dif && a->dif != b->dif)
		return false;
	if (a->vrf != b->vrf && !xtcp_across_vrfs(xtcp_net(net)))
		return false;
	return !memcmp(a->addr, b->addr, sizeof(a->addr)) ||
	       any_takes(a, b->addr) || any_takes(b, a->addr);
}

/**
 * xtcp_place_covers - is each packet for one also for the other?
 * @a: place of a companion
 * @b: what it may stand for as well
 */
bool xtcp_place_covers(const struct xtcp_place *a, const struct xtcp_place *b)
{
	/* Over VRFs the kernel's own knob decides, and would do so anew each time. */
	if ((a->dif && a->dif != b->dif) || a->vrf != b->vrf)
		return false;
	if (!memcmp(a->addr, b->addr, sizeof(a->addr)))
		return !a->only6 || b->only6 || !xtcp_addr_any(a->addr);
	/* What takes IPv6 and IPv4 is not covered by one of them. */
	return any_takes(a, b->addr) && (!xtcp_addr_any(b->addr) || xtcp_addr_is4(b->addr));
}

/* Of the user that nobody can be. */
static struct socket *nobody;
static DEFINE_MUTEX(nobody_mutex);

/**
 * xtcp_hold_init - what companions have in common
 *
 * Context: process, may sleep. Return: 0 or -ENOMEM.
 */
int xtcp_hold_init(void)
{
	nobody = sock_alloc();
	if (!nobody)
		return -ENOMEM;
	nobody->type = SOCK_STREAM;
	SOCK_INODE(nobody)->i_uid = INVALID_UID;
	return 0;
}

/**
 * xtcp_hold_exit - no companion is left
 *
 * Context: process, may sleep.
 */
void xtcp_hold_exit(void)
{
	sock_release(nobody);
}

/* A companion is bound: it needs no socket of its own any more. */
static void hold_slim(struct xtcp_hold *h)
{
	struct socket *own = h->sock;

	h->sock = NULL;
	own->sk = NULL;
	mutex_lock(&nobody_mutex);
	sock_graft(h->sk, nobody);
	nobody->sk = NULL;
	mutex_unlock(&nobody_mutex);
	sock_release(own);
}

/* It is to stand there. */
static void hold_place(struct xtcp_hold *h, const struct xtcp_place *place, u8 reuse)
{
	struct sock *csk = h->sk;

	h->place = *place;
	csk->sk_bound_dev_if = place->dif;
	csk->sk_reuse = reuse;
	if (xtcp_family6(csk))
		csk->sk_ipv6only = place->only6;
}

static u8 reuse_of(const struct sock *sk)
{
	return sk->sk_reuse ? SK_CAN_REUSE : SK_NO_REUSE;
}

/**
 * xtcp_hold_at - a companion, not bound yet
 * @net: namespace
 * @place: what it is to stand for; whether that may be bound was asked already
 * @reuse: SK_CAN_REUSE, SK_NO_REUSE
 *
 * Context: process, may sleep. Return: companion, or ERR_PTR().
 */
struct xtcp_hold *xtcp_hold_at(struct net *net, const struct xtcp_place *place, u8 reuse)
{
	struct xtcp_hold *h = kzalloc(sizeof(*h), GFP_KERNEL_ACCOUNT);
	int err;

	if (!h)
		return ERR_PTR(-ENOMEM);
	err = sock_create_kern(net, xtcp_addr_is4(place->addr) ? PF_INET : PF_INET6,
			       SOCK_STREAM, IPPROTO_TCP, &h->sock);
	if (err) {
		kfree(h);
		return ERR_PTR(err);
	}
	h->sk = h->sock->sk;
	hold_place(h, place, reuse);
	SOCK_INODE(h->sock)->i_uid = INVALID_UID;
	ip_sock_set_freebind(h->sk);
	return h;
}

/**
 * xtcp_hold_new - a companion for a socket, not bound yet
 * @sk: socket with a local address
 *
 * Context: process, may sleep. Return: companion, or ERR_PTR().
 */
struct xtcp_hold *xtcp_hold_new(const struct sock *sk)
{
	struct xtcp_place place;

	xtcp_place_of(sk, &place);
	return xtcp_hold_at(sock_net(sk), &place, reuse_of(sk));
}

/* Are both charged to the same control groups? */
static bool same_groups(const struct sock *a, const struct sock *b)
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
 * xtcp_hold_renew - have a companion that was released stand for a socket
 * @h: companion
 * @sk: socket of the same namespace
 * @place: its place
 *
 * Context: port_mutex or port_lock. Return: true where it is now as one of
 * xtcp_hold_new(); false where it is of the wrong family or of other control groups.
 */
bool xtcp_hold_renew(struct xtcp_hold *h, const struct sock *sk,
		     const struct xtcp_place *place)
{
	if (xtcp_family6(h->sk) == xtcp_addr_is4(place->addr) || !same_groups(h->sk, sk))
		return false;
	hold_place(h, place, reuse_of(sk));
	h->sk->sk_userlocks = 0;
	return true;
}

/**
 * xtcp_hold_free - end a companion
 * @h: companion
 *
 * Context: process, may sleep.
 */
void xtcp_hold_free(struct xtcp_hold *h)
{
	if (h->sock)
		sock_release(h->sock);
	else
		h->sk->sk_prot->close(h->sk, 0);
	kfree(h);
}

/*
 * bind() without its checks of the caller. CAP_NET_BIND_SERVICE and the programs of
 * the cgroup were asked when our own socket was bound; connect(), which chooses an
 * ephemeral port, asks neither.
 */
static int hold_bind(struct xtcp_hold *h, u16 port)
{
	struct inet_sock *inet = inet_sk(h->sk);
	struct sock *csk = h->sk;
	int err;

	lock_sock(csk);
	if (xtcp_addr_is4(h->place.addr)) {
		inet->inet_rcv_saddr = xtcp_flow_v4(h->place.addr);
	} else {
		memcpy(&csk->sk_v6_rcv_saddr, h->place.addr, sizeof(csk->sk_v6_rcv_saddr));
		inet6_sk(csk)->saddr = csk->sk_v6_rcv_saddr;
		inet->inet_rcv_saddr = 0;
		if (!xtcp_addr_any(h->place.addr)) {
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
 * xtcp_hold_bind - have a companion take a port
 * @h: companion
 * @port: host byte order; 0: the kernel chooses
 * @beside: there are other companions on the port, in whose way it is not. Alone
 *	it must not have SO_REUSEPORT, by which it would pass a TIME-WAIT of the
 *	kernel's
 *
 * Context: process, may sleep. Return: 0 or -errno.
 */
int xtcp_hold_bind(struct xtcp_hold *h, u16 port, bool beside)
{
	int err;

	h->sk->sk_reuseport = beside;
	err = hold_bind(h, port);
	if (!err) {
		h->sk->sk_reuseport = 1;
		if (h->sock)
			hold_slim(h);
	}
	return err;
}

/**
 * xtcp_hold_release - the kernel is to have the port back
 * @h: companion, bound; it may be bound again
 *
 * As the kernel's TCP leaves a port, from softirq too: what the socket lock guards is
 * in nobody's hands, since only those who bind take it.
 *
 * Context: any, port_lock.
 */
void xtcp_hold_release(struct xtcp_hold *h)
{
	inet_put_port(h->sk);
}

/**
 * xtcp_hold_listen - would the kernel let its own TCP listen here?
 * @h: companion, bound
 *
 * It asks the way listen() asks, being in LISTEN for as long as it takes; from
 * then on it no longer tolerates reuse, so that the kernel cannot listen on the
 * port.
 *
 * Context: process, port_mutex. Return: 0 or -EADDRINUSE.
 */
int xtcp_hold_listen(struct xtcp_hold *h)
{
	struct sock *csk = h->sk;
	int err;

	lock_sock(csk);
	inet_sk_set_state(csk, TCP_LISTEN);
	err = csk->sk_prot->get_port(csk, inet_sk(csk)->inet_num);
	inet_sk_set_state(csk, TCP_CLOSE);
	release_sock(csk);
	return err ? -EADDRINUSE : 0;
}
