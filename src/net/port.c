// SPDX-License-Identifier: GPL-2.0
/*
 * Ports, shared with the kernel's TCP.
 *
 * Each port in use has a bucket with its sockets, the addresses of its TIME-WAIT records
 * and its port reservations. A reservation is a socket of the kernel's TCP that is bound
 * to the port and never listens or connects (port_reserve.c). It keeps the kernel's bind(),
 * listen() and connect() away from the port, and binding it fails where the kernel's TCP
 * uses the port. There is one reservation per address and device in use, not one per
 * socket.
 *
 * Binding a reservation sleeps, so buckets and reservations are made in system calls, or by
 * a work item, under port_mutex. Sockets and records leave a bucket in softirq under
 * port_lock. The last user releases the port (port_spare.c); while others remain,
 * port_review.c adapts the reservations to them.
 */
#include <linux/rhashtable.h>
#include <linux/slab.h>
#include <net/ip.h>
#include <xtcp/family.h>

#include "../compat/sock.h"
#include "ip.h"
#include "port.h"
#include "rx.h"

/* bind() to port 0: attempts to get a port from the kernel that our sockets can share. */
#define AUTO_TRIES	16

/* Small, unless each connection has a local address of its own. */
static const struct rhashtable_params tw_addr_params = {
	.key_len = sizeof(struct xtcp_tw_key),
	.key_offset = offsetof(struct xtcp_tw_addr, key),
	.head_offset = offsetof(struct xtcp_tw_addr, node),
	.automatic_shrinking = true,
};

/**
 * xtcp_bucket_find - find the bucket of a port
 * @t: tables
 * @port: host byte order
 *
 * Context: port_mutex, or RCU read lock to read it only. Return: bucket or NULL.
 */
struct xtcp_port *xtcp_bucket_find(struct xtcp_tables *t, u16 port)
{
	struct xtcp_port *p;

	hlist_for_each_entry_rcu(p, xtcp_bucket_head(t, port), node,
				 lockdep_is_held(&t->port_mutex)) {
		if (READ_ONCE(p->port) == port)
			return p;
	}
	return NULL;
}

/**
 * xtcp_bucket_new - make the bucket of a port that has none
 * @t: tables
 * @port: host byte order
 *
 * Context: port_mutex, may sleep. Return: bucket without users and reservations, or NULL.
 */
struct xtcp_port *xtcp_bucket_new(struct xtcp_tables *t, u16 port)
{
	struct xtcp_port *p = xtcp_spare_bucket(t);

	if (!p) {
		p = kzalloc(sizeof(*p), GFP_KERNEL_ACCOUNT);
		if (!p)
			return NULL;
		INIT_LIST_HEAD(&p->list);
		INIT_LIST_HEAD(&p->reservations);
		xtcp_rx_need();
	}
	WRITE_ONCE(p->port, port);
	hlist_add_head_rcu(&p->node, xtcp_bucket_head(t, port));
	return p;
}

/**
 * xtcp_bucket_empty - has a port no users?
 * @p: bucket
 *
 * Context: port_lock. Return: true when no socket and no TIME-WAIT record is left.
 */
bool xtcp_bucket_empty(const struct xtcp_port *p)
{
	return hlist_empty(&p->owners) && hlist_empty(&p->addrs);
}

/**
 * xtcp_bucket_join_reservation - add a bound reservation to a bucket
 * @t: tables
 * @p: bucket
 * @res: reservation, bound to the bucket's port
 *
 * If the bucket was released since @res was bound, @res is released (unbound) too.
 *
 * Context: port_mutex.
 */
void xtcp_bucket_join_reservation(struct xtcp_tables *t, struct xtcp_port *p,
				  struct xtcp_reservation *res)
{
	spin_lock_bh(&t->port_lock);
	if (p->released)
		xtcp_reservation_unbind(res);
	list_add_tail(&res->node, &p->reservations);
	spin_unlock_bh(&t->port_lock);
}

/**
 * xtcp_bucket_add_reservation - bind a reservation to the port of a bucket and add it
 * @t: tables
 * @p: bucket
 * @res: reservation, not bound, or ERR_PTR(); freed on failure
 *
 * Context: port_mutex, may sleep. Return: 0 or -errno.
 */
int xtcp_bucket_add_reservation(struct xtcp_tables *t, struct xtcp_port *p,
				struct xtcp_reservation *res)
{
	int err;

	if (IS_ERR(res))
		return PTR_ERR(res);
	err = xtcp_reservation_bind(res, p->port, !list_empty(&p->reservations));
	if (err)
		xtcp_reservation_free(res);
	else
		xtcp_bucket_join_reservation(t, p, res);
	return err;
}

/**
 * xtcp_bucket_drop_reservation - remove a reservation from its bucket and free it
 * @t: tables
 * @res: reservation
 *
 * Context: port_mutex, may sleep.
 */
void xtcp_bucket_drop_reservation(struct xtcp_tables *t, struct xtcp_reservation *res)
{
	spin_lock_bh(&t->port_lock);
	list_del(&res->node);
	spin_unlock_bh(&t->port_lock);
	xtcp_reservation_free(res);
}

/**
 * xtcp_bucket_idle - release a port if it has no users
 * @t: tables
 * @p: bucket
 *
 * Context: port_lock.
 */
void xtcp_bucket_idle(struct xtcp_tables *t, struct xtcp_port *p)
{
	if (xtcp_bucket_empty(p) && !p->released)
		xtcp_bucket_release(t, p);
}

/**
 * xtcp_ports_init - initialise the ports of a namespace
 * @t: its tables
 *
 * Context: process, may sleep. Return: 0 or -ENOMEM.
 */
int xtcp_ports_init(struct xtcp_tables *t)
{
	mutex_init(&t->port_mutex);
	spin_lock_init(&t->port_lock);
	INIT_LIST_HEAD(&t->review_ports);
	INIT_LIST_HEAD(&t->narrow_ports);
	atomic_set(&t->unsettled, 0);
	INIT_WORK(&t->port_work, xtcp_ports_work);
	INIT_LIST_HEAD(&t->spare_ports);
	INIT_DELAYED_WORK(&t->spare_work, xtcp_spares_work);
	return rhashtable_init(&t->tw_addrs, &tw_addr_params);
}

/**
 * xtcp_ports_free - free the unused buckets of a namespace
 * @t: its tables; no port has users
 *
 * Context: process, may sleep.
 */
void xtcp_ports_free(struct xtcp_tables *t)
{
	flush_work(&t->port_work);
	cancel_delayed_work_sync(&t->spare_work);
	xtcp_spares_free(t);
	rhashtable_destroy(&t->tw_addrs);
}

/*
 * May SO_REUSEPORT sockets join this one? Not if a BPF program was attached to it already:
 * that gave the socket a group of its own, and a port has one group.
 */
static bool port_may_reuse(const struct sock *sk)
{
	return sk->sk_reuseport && !rcu_access_pointer(sk->sk_reuseport_cb);
}

/*
 * May @sk share a port with another socket? The rules are those of the kernel's TCP.
 * @binding: of @sk. Context: port_lock.
 */
static bool port_owners_may_share(const struct sock *sk, const struct xtcp_binding *binding,
				  const struct sock *other)
{
	struct xtcp_binding theirs;

	xtcp_binding_of_sock(other, &theirs);
	if (!xtcp_bindings_overlap(sock_net(sk), binding, &theirs))
		return true;
	if (sk->sk_reuse && other->sk_reuse &&
	    !READ_ONCE(xtcp_sk(other)->listener))
		return true;
	return port_may_reuse(sk) && other->sk_reuseport &&
	       uid_eq(sock_i_uid((struct sock *)sk), sock_i_uid((struct sock *)other));
}

/* May @sk share a port with TIME-WAIT records? @binding: of @sk. Context: port_lock. */
static bool port_records_may_share(const struct sock *sk,
				   const struct xtcp_binding *binding,
				   const struct xtcp_tw_key *key)
{
	struct xtcp_binding theirs;

	xtcp_binding_of_record(sock_net(sk), key, &theirs);
	return !xtcp_bindings_overlap(sock_net(sk), binding, &theirs) ||
	       (sk->sk_reuse && key->reuse & XTCP_TW_REUSEADDR) ||
	       (port_may_reuse(sk) && key->reuse & XTCP_TW_REUSEPORT);
}

/* Does the port have a user that @sk may not share it with? */
static bool bucket_conflict(struct xtcp_tables *t, const struct xtcp_port *p,
			    const struct sock *sk)
{
	const struct xtcp_tw_addr *addr;
	const struct xtcp_sock *xsk;
	struct xtcp_binding binding;
	bool conflict = false;

	xtcp_binding_of_sock(sk, &binding);
	spin_lock_bh(&t->port_lock);
	hlist_for_each_entry(xsk, &p->owners, port_node) {
		if (&xsk->inet.sk != sk &&
		    !port_owners_may_share(sk, &binding, &xsk->inet.sk)) {
			conflict = true;
			goto out;
		}
	}
	hlist_for_each_entry(addr, &p->addrs, port_node) {
		if (!port_records_may_share(sk, &binding, &addr->key)) {
			conflict = true;
			goto out;
		}
	}
out:
	spin_unlock_bh(&t->port_lock);
	return conflict;
}

/**
 * xtcp_bucket_find_reservation - find one that covers address and device of a socket
 * @p: bucket
 * @sk: socket
 *
 * Context: port_mutex. Return: reservation or NULL.
 */
struct xtcp_reservation *xtcp_bucket_find_reservation(const struct xtcp_port *p,
						      const struct sock *sk)
{
	struct xtcp_binding binding;
	struct xtcp_reservation *res;

	xtcp_binding_of_sock(sk, &binding);
	list_for_each_entry(res, &p->reservations, node)
		if (xtcp_binding_covers(&res->binding, &binding))
			return res;
	return NULL;
}

/**
 * xtcp_bucket_join - add a socket to a bucket
 * @t: tables
 * @p: bucket, with a reservation that covers the socket
 * @sk: socket; inet_num is set
 *
 * Context: port_mutex, socket lock. Return: false when the last other user has left since
 * xtcp_bucket_revive(), which released the port; the caller starts over from there.
 */
bool xtcp_bucket_join(struct xtcp_tables *t, struct xtcp_port *p, struct sock *sk)
{
	struct xtcp_sock *xsk = xtcp_sk(sk);
	bool joined;

	spin_lock_bh(&t->port_lock);
	joined = !p->released;
	if (joined) {
		hlist_add_head(&xsk->port_node, &p->owners);
		xsk->port = p;
		inet_sk(sk)->inet_num = p->port;
	}
	spin_unlock_bh(&t->port_lock);
	return joined;
}

/*
 * Bind @sk to @port, host byte order, whose bucket may exist. Context: port_mutex, may
 * sleep. Return: 0 or -errno.
 */
static int port_take(struct xtcp_tables *t, struct sock *sk, u16 port)
{
	struct xtcp_reservation *spare = NULL;
	struct xtcp_port *p;
	int err = 0;

	p = xtcp_bucket_find(t, port);
	if (p && bucket_conflict(t, p, sk))
		return -EADDRINUSE;
	/*
	 * Before xtcp_bucket_revive() frees the reservations of @p, one of which may fit.
	 */
	if (!p || READ_ONCE(p->released)) {
		spare = xtcp_spare_reservation(t, sk);
		if (IS_ERR(spare))
			return PTR_ERR(spare);
	}
	if (!p) {
		p = xtcp_bucket_new(t, port);
		if (!p) {
			xtcp_reservation_free(spare);
			return -ENOMEM;
		}
	}
	do {
		xtcp_bucket_revive(t, p);
		if (!xtcp_bucket_find_reservation(p, sk)) {
			err = xtcp_bucket_add_reservation(t, p, spare ?:
							  xtcp_spare_reservation(t, sk));
			spare = NULL;
		}
		WRITE_ONCE(p->ephemeral, false);
	} while (!err && !xtcp_bucket_join(t, p, sk));
	if (!err) {
		xtcp_bucket_relax(t, p);
		return 0;
	}
	spin_lock_bh(&t->port_lock);
	xtcp_bucket_idle(t, p);
	spin_unlock_bh(&t->port_lock);
	return err;
}

/*
 * Bind @sk to a port that the kernel chooses for a reservation. Context: port_mutex, may
 * sleep. Return: 0 or -errno.
 */
static int port_auto(struct xtcp_tables *t, struct sock *sk)
{
	struct xtcp_reservation *res;
	struct xtcp_port *p;
	int i, err;
	u16 port;

	for (i = 0; i < AUTO_TRIES; i++) {
		res = xtcp_spare_reservation(t, sk);
		if (IS_ERR(res))
			return PTR_ERR(res);
		res->sk->sk_reuse = SK_NO_REUSE;
		inet_sk(res->sk)->local_port_range = inet_sk(sk)->local_port_range;
		err = xtcp_reservation_bind(res, 0, false);
		if (err) {
			xtcp_reservation_free(res);
			return err;
		}
		port = inet_sk(res->sk)->inet_num;
		p = xtcp_bucket_find(t, port);	/* its reservations have other addresses */
		if (p && bucket_conflict(t, p, sk)) {
			xtcp_reservation_free(res);
			continue;
		}
		if (!p)
			p = xtcp_bucket_new(t, port);
		if (!p) {
			xtcp_reservation_free(res);
			return -ENOMEM;
		}
		xtcp_bucket_revive(t, p);
		xtcp_bucket_join_reservation(t, p, res);
		WRITE_ONCE(p->ephemeral, false);
		if (!xtcp_bucket_join(t, p, sk))
			continue;
		xtcp_bucket_relax(t, p);
		return 0;
	}
	return -EADDRINUSE;
}

/**
 * xtcp_port_get - bind a socket to a port
 * @sk: socket, its local address set as bind() does
 * @port: host byte order, 0 for any free one
 *
 * Sockets may share a port by the rules of the kernel's TCP: if their addresses or devices
 * differ, if both have SO_REUSEADDR and the other one does not listen, or if both have
 * SO_REUSEPORT and the same user.
 *
 * Context: process, socket lock, may sleep.
 * Return: 0 with inet_num set; -EADDRINUSE, -EACCES, -ENOMEM.
 */
int xtcp_port_get(struct sock *sk, u16 port)
{
	struct xtcp_tables *t = xtcp_pernet(sock_net(sk))->tables;
	int err;

	mutex_lock(&t->port_mutex);
	if (port)
		err = port_take(t, sk, port);
	else
		err = port_auto(t, sk);
	mutex_unlock(&t->port_mutex);
	return err;
}

/**
 * xtcp_port_put - remove a socket from its port's bucket
 * @sk: socket; if it has no port, nothing happens
 *
 * Context: any, socket lock or last reference.
 */
void xtcp_port_put(struct sock *sk)
{
	struct xtcp_tables *t = xtcp_pernet(sock_net(sk))->tables;
	struct xtcp_sock *xsk = xtcp_sk(sk);
	struct xtcp_binding binding;

	xtcp_binding_of_sock(sk, &binding);
	spin_lock_bh(&t->port_lock);
	if (xsk->port) {
		hlist_del_init(&xsk->port_node);
		/* The users that are left may need fewer reservations. */
		if (xtcp_bucket_empty(xsk->port))
			xtcp_bucket_idle(t, xsk->port);
		else if (xtcp_addr_any(binding.addr) ||
			 sk->sk_userlocks & SOCK_BINDPORT_LOCK)
			xtcp_bucket_review(t, xsk->port);
		xsk->port = NULL;
		inet_sk(sk)->inet_num = 0;
	}
	spin_unlock_bh(&t->port_lock);
}

/**
 * xtcp_port_inherit - add a child to the bucket of its listener's port
 * @child: new socket
 * @listener: listener
 *
 * Context: softirq, child's lock.
 */
void xtcp_port_inherit(struct sock *child, const struct sock *listener)
{
	struct xtcp_tables *t = xtcp_pernet(sock_net(child))->tables;
	struct xtcp_sock *xsk = xtcp_sk(child);

	spin_lock_bh(&t->port_lock);
	if (xtcp_sk(listener)->port && !xsk->port) {
		xsk->port = xtcp_sk(listener)->port;
		hlist_add_head(&xsk->port_node, &xsk->port->owners);
	}
	spin_unlock_bh(&t->port_lock);
}

/* Context: port_lock. Return: a new entry for @key in the bucket, or NULL. */
static struct xtcp_tw_addr *tw_addr_new(struct xtcp_tables *t, struct xtcp_port *port,
					const struct xtcp_tw_key *key)
{
	struct xtcp_tw_addr *addr = kzalloc(sizeof(*addr), GFP_ATOMIC | __GFP_NOWARN);

	if (!addr)
		return NULL;
	addr->key = *key;
	addr->port = port;
	if (rhashtable_insert_fast(&t->tw_addrs, &addr->node, tw_addr_params)) {
		kfree(addr);
		return NULL;
	}
	hlist_add_head(&addr->port_node, &port->addrs);
	return addr;
}

/**
 * xtcp_port_tw_get - get the local address and port for a TIME-WAIT record
 * @xn: namespace
 * @sk: socket that the record replaces, still on its port
 *
 * Records with the same local address share one struct xtcp_tw_addr. It keeps the port in
 * use, and bind() checks it instead of each of a million records.
 *
 * Context: any, socket lock. Return: shared address, or NULL without memory or port.
 */
struct xtcp_tw_addr *xtcp_port_tw_get(struct xtcp_net *xn, const struct sock *sk)
{
	const struct xtcp_sock *xsk = xtcp_sk(sk);
	struct xtcp_tables *t = xn->tables;
	struct xtcp_tw_addr *addr = NULL;
	struct xtcp_tw_key key = {
		.dif = xsk->dif,
		.sport = xsk->flow.sport,
		.reuse = (sk->sk_reuse ? XTCP_TW_REUSEADDR : 0) |
			 (sk->sk_reuseport ? XTCP_TW_REUSEPORT : 0),
		.family6 = xtcp_family6(sk),
	};

	memcpy(key.saddr, xsk->flow.saddr, sizeof(key.saddr));
	spin_lock_bh(&t->port_lock);
	if (xsk->port) {
		addr = rhashtable_lookup_fast(&t->tw_addrs, &key, tw_addr_params);
		if (!addr)
			addr = tw_addr_new(t, xsk->port, &key);
		if (addr)
			addr->count++;
	}
	spin_unlock_bh(&t->port_lock);
	return addr;
}

/**
 * xtcp_port_tw_put - release the address of a TIME-WAIT record
 * @xn: namespace
 * @addr: from xtcp_port_tw_get(); freed after an RCU grace period, since a look-up that has
 *	found the record may still compare it
 *
 * Context: any.
 */
void xtcp_port_tw_put(struct xtcp_net *xn, struct xtcp_tw_addr *addr)
{
	struct xtcp_tables *t = xn->tables;

	spin_lock_bh(&t->port_lock);
	if (!--addr->count) {
		rhashtable_remove_fast(&t->tw_addrs, &addr->node, tw_addr_params);
		hlist_del(&addr->port_node);
		xtcp_bucket_idle(t, addr->port);
		kfree_rcu(addr, rcu);
	}
	spin_unlock_bh(&t->port_lock);
}

/**
 * xtcp_port_unlisten - a socket has stopped listening
 * @sk: socket
 *
 * Its children may stay on the port. The reservations may now allow a listener of the
 * kernel's TCP there, which the review decides.
 *
 * Context: any, socket lock.
 */
void xtcp_port_unlisten(struct sock *sk)
{
	struct xtcp_tables *t = xtcp_pernet(sock_net(sk))->tables;

	spin_lock_bh(&t->port_lock);
	if (xtcp_sk(sk)->port)
		xtcp_bucket_review(t, xtcp_sk(sk)->port);
	spin_unlock_bh(&t->port_lock);
}

/**
 * xtcp_port_listen - may this bound socket listen?
 * @sk: socket, its listener in place so that a second one sees it
 *
 * Two sockets may share a port by SO_REUSEADDR only while neither listens.
 *
 * Context: process, socket lock, may sleep.
 * Return: 0 or -EADDRINUSE.
 */
int xtcp_port_listen(struct sock *sk)
{
	struct xtcp_tables *t = xtcp_pernet(sock_net(sk))->tables;
	struct xtcp_port *p = xtcp_sk(sk)->port;
	int err = 0;

	if (!p)
		return -EADDRINUSE;
	mutex_lock(&t->port_mutex);
	if (bucket_conflict(t, p, sk))
		err = -EADDRINUSE;
	/* If it was connected before, its wildcard reservation may have been dropped. */
	if (!err && !xtcp_bucket_find_reservation(p, sk))
		err = xtcp_bucket_add_reservation(t, p, xtcp_spare_reservation(t, sk));
	if (!err)
		err = xtcp_reservation_try_listen(xtcp_bucket_find_reservation(p, sk));
	if (!err)
		xtcp_bucket_tolerate(p, SK_NO_REUSE);
	mutex_unlock(&t->port_mutex);
	return err;
}

/**
 * xtcp_port_connected - narrow the reservations after a bound socket has connected
 * @sk: socket, on a port that was chosen before connect()
 *
 * A socket bound to the wildcard uses a single local address once it is connected.
 *
 * Context: process, socket lock, may sleep.
 */
void xtcp_port_connected(struct sock *sk)
{
	struct xtcp_tables *t = xtcp_pernet(sock_net(sk))->tables;
	struct xtcp_port *p = xtcp_sk(sk)->port;

	if (!p)
		return;
	/*
	 * Bound to one address: nothing to narrow. An AF_INET6 socket on an IPv4 path may
	 * be bound to ::ffff:0.0.0.0, which also sets SOCK_BINDADDR_LOCK.
	 */
	if (sk->sk_userlocks & SOCK_BINDADDR_LOCK && xtcp_family6(sk) == xtcp_sock_is6(sk))
		return;
	mutex_lock(&t->port_mutex);
	xtcp_bucket_narrow(t, p, true);
	xtcp_bucket_relax(t, p);
	mutex_unlock(&t->port_mutex);
}
