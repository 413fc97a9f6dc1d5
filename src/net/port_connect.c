// SPDX-License-Identifier: GPL-2.0
/*
 * Ephemeral ports: how connect() chooses one (RFC 6056). Buckets and reservations are
 * described in port.c.
 */
#include <linux/random.h>
#include <net/inet_hashtables.h>
#include <net/ip.h>

#include "ip.h"
#include "port.h"

/*
 * Bind the reservation *@spare, made if NULL, for @sk to @port and add it to the bucket
 * *@p, made if NULL. *@spare is NULL on success. Context: port_mutex. Return: 0 or -errno.
 */
static int reserve_port(struct xtcp_tables *t, struct sock *sk, u16 port,
			struct xtcp_port **p, struct xtcp_reservation **spare)
{
	int err;

	if (!*spare) {
		struct xtcp_reservation *res = xtcp_spare_reservation(t, sk);

		if (IS_ERR(res))
			return PTR_ERR(res);
		res->sk->sk_reuse = SK_NO_REUSE;
		*spare = res;
	}
	if (*p)
		xtcp_bucket_revive(t, *p);
	err = xtcp_reservation_bind(*spare, port, *p && !list_empty(&(*p)->reservations));
	if (err)
		return err;
	if (!*p) {
		*p = xtcp_bucket_new(t, port);
		if (!*p)
			return -ENOMEM;
	}
	xtcp_bucket_join_reservation(t, *p, *spare);
	*spare = NULL;
	return 0;
}

/* Add @sk to the bucket of @port. Context: port_mutex. Return: 0 or -errno. */
static int port_join(struct xtcp_tables *t, struct sock *sk, u16 port,
		     struct xtcp_reservation **spare)
{
	struct xtcp_port *p = xtcp_bucket_find(t, port);
	bool released;
	int err = 0;

	do {
		released = p && READ_ONCE(p->released);
		if (p && !released && !p->ephemeral)
			return -EADDRINUSE;
		if (!p || released || !xtcp_bucket_find_reservation(p, sk))
			err = reserve_port(t, sk, port, &p, spare);
		if (!err)
			WRITE_ONCE(p->ephemeral, true);
	} while (!err && !xtcp_bucket_join(t, p, sk));
	if (err && p) {
		spin_lock_bh(&t->port_lock);
		xtcp_bucket_idle(t, p);
		spin_unlock_bh(&t->port_lock);
	}
	return err;
}

/*
 * Try one port for an active open. Context: port_mutex. Return: 0; -EADDRINUSE: try
 * another; -errno.
 */
static int port_try(struct xtcp_net *xn, struct sock *sk, u16 port,
		    struct xtcp_reservation **spare)
{
	int err = port_join(xn->tables, sk, port, spare);

	if (err)
		return err;
	inet_sk(sk)->inet_sport = htons(port);
	err = xtcp_hash_flow(sk);
	if (!err || xtcp_tw_reuse(sk))
		return 0;
	inet_sk(sk)->inet_sport = 0;
	xtcp_port_put(sk);
	return -EADDRINUSE;
}

/* How likely a port is to be usable for an active open. */
enum outlook {
	OPEN,		/* free, or used by our active opens alone, which may share it */
	FOREIGN,	/* used by the kernel's TCP; perhaps on another address */
	BOUND,		/* bound by a program of ours: not usable */
};

/*
 * Does the kernel's TCP have a bind bucket for this port, on any address and device? This
 * costs a fraction of an attempt to bind. Context: bottom halves off.
 */
static bool port_in_kernel_use(const struct net *net, struct inet_bind_hashbucket *head,
			       u16 port)
{
	const struct inet_bind_bucket *tb;
	bool met = false;

	if (hlist_empty(&head->chain))
		return false;
	spin_lock(&head->lock);
	hlist_for_each_entry(tb, &head->chain, node) {
		met = tb->port == port && net_eq(ib_net(tb), net);
		if (met)
			break;
	}
	spin_unlock(&head->lock);
	return met;
}

/*
 * Whose is a port that port_in_kernel_use() found? Our ports are among those, since each
 * has a reservation. Context: bottom halves off.
 */
static enum outlook port_outlook(struct xtcp_tables *t, u16 port)
{
	const struct xtcp_port *p;
	enum outlook look = FOREIGN;

	if (hlist_empty(xtcp_bucket_head(t, port)))
		return FOREIGN;
	rcu_read_lock();
	p = xtcp_bucket_find(t, port);
	if (p && !READ_ONCE(p->released))
		look = READ_ONCE(p->ephemeral) ? OPEN : BOUND;
	rcu_read_unlock();
	return look;
}

/* A walk over every second port of the range, starting anywhere. */
struct walk {
	struct xtcp_net *xn;
	struct xtcp_reservation *spare;	/* reservation not bound yet, or NULL */
	int low;			/* first port */
	u32 n;				/* number of ports: low, low + 2, ... */
	u32 at;				/* index of the next port */
	u32 done;			/* ports looked at */
};

/* Ports looked at in one go, with bottom halves off. */
#define STRETCH		64

/*
 * The next port, host byte order, for which the outlook is @want; 0: none of the next
 * STRETCH ports. The outlook may change at once.
 */
static u16 port_next(struct walk *w, enum outlook want)
{
	struct net *net = w->xn->net;
	const struct inet_hashinfo *info = net->ipv4.tcp_death_row.hashinfo;
	u32 i, at = w->at, most = min(w->n - w->done, (u32)STRETCH);
	struct inet_bind_hashbucket *head;
	u16 port, found = 0;
	enum outlook look;

	local_bh_disable();
	for (i = 0; i < most && !found; i++) {
		port = w->low + 2 * at;
		at = at + 1 < w->n ? at + 1 : 0;
		if (inet_is_local_reserved_port(net, port))
			continue;
		look = OPEN;
		head = &info->bhash[inet_bhashfn(net, port, info->bhash_size)];
		if (port_in_kernel_use(net, head, port))
			look = port_outlook(w->xn->tables, port);
		if (look == want)
			found = port;
	}
	local_bh_enable();
	w->at = at;
	w->done += i;
	return found;
}

/*
 * Try the ports with the outlook @want. port_mutex is released between two of them, so that
 * others can bind and connect. Return: 0; -EADDRINUSE: none is usable; -errno.
 */
static int port_try_all(struct walk *w, struct sock *sk, enum outlook want)
{
	struct xtcp_tables *t = w->xn->tables;
	int err = -EADDRINUSE;
	u16 port;

	while (w->done < w->n && err == -EADDRINUSE) {
		cond_resched();
		port = port_next(w, want);
		if (!port)
			continue;
		mutex_lock(&t->port_mutex);
		err = port_try(w->xn, sk, port, &w->spare);
		mutex_unlock(&t->port_mutex);
	}
	return err;
}

/*
 * The counters of RFC 6056, 3.3.4. With few of them, connections to one peer would advance
 * the counter of another, which lets a remote observer identify the host (CVE-2022-32296).
 * All namespaces share the table, each with its own key. Updates are not atomic; a lost
 * one does no harm.
 */
static u32 perturb[1 << 16];

/* Keyed hash of addresses and the peer's port: selects the counter, and where to begin. */
static u64 port_walk_hash(const struct sock *sk, const siphash_key_t *key)
{
	struct xtcp_flow flow;

	xtcp_flow_of_sock(sk, &flow);
	if (xtcp_flow_is6(&flow))
		return xtcp_ip6_port_hash(&flow, key);
	return siphash_2u64((u64)flow.saddr[3] << 32 | flow.daddr[3], flow.dport, key);
}

/**
 * xtcp_port_connect - choose the ephemeral port of an active open
 * @sk: socket with both addresses and the peer's port
 *
 * RFC 6056, 3.3.4: the low bits of a keyed hash of the addresses say where in the range to
 * begin, plus a counter that other bits select, so that ports to one peer do not repeat
 * soon and tell nothing about other peers. Several connections may have the same port as
 * long as their 4-tuples differ. As in the kernel's TCP the ports of one parity are tried
 * first; a bit of the hash says which. Ports that the kernel's TCP uses are tried last,
 * because each attempt costs a bind().
 *
 * Context: process, socket lock, may sleep.
 * Return: 0 with the 4-tuple in the table, or -EADDRNOTAVAIL, -ENOMEM.
 */
int xtcp_port_connect(struct sock *sk)
{
	struct xtcp_net *xn = xtcp_pernet(sock_net(sk));
	struct walk w = { .xn = xn };
	u64 where = port_walk_hash(sk, &xn->tables->port_key);
	int low, high, i, err = -EADDRINUSE;
	u32 *count, from, odd = where >> 63;

	inet_sk_get_local_port_range(sk, &low, &high);
	get_random_once(perturb, sizeof(perturb));
	count = &perturb[(where >> 32) % ARRAY_SIZE(perturb)];
	from = XTCP_DEFENCE_OR(port_key, (u32)where + READ_ONCE(*count), 0);

	for (i = 0; i < 4 && err == -EADDRINUSE; i++) {
		w.low = low + (i + odd) % 2;
		w.n = (high - w.low) / 2 + (w.low <= high);
		w.at = w.n ? from % w.n : 0;
		w.done = 0;
		err = port_try_all(&w, sk, i < 2 ? OPEN : FOREIGN);
	}
	WRITE_ONCE(*count, READ_ONCE(*count) + w.done);
	if (w.spare)
		xtcp_reservation_free(w.spare);
	return err == -EADDRINUSE ? -EADDRNOTAVAIL : err;
}
