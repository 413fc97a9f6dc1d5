// SPDX-License-Identifier: GPL-2.0
/*
 * Ephemeral ports: the choice of connect(), by RFC 6056. What a port is, and who
 * shares it, is in port.c.
 */
#include <linux/random.h>
#include <net/inet_hashtables.h>
#include <net/ip.h>

#include "ip.h"
#include "port.h"

/*
 * Bind *@spare, which is made, for @sk to @port, whose bucket is *@p or made.
 * Context: port_mutex.
 */
static int hold_port(struct xtcp_tables *t, struct sock *sk, u16 port,
		     struct xtcp_port **p, struct xtcp_hold **spare)
{
	int err;

	if (!*spare) {
		struct xtcp_hold *h = xtcp_spare_hold(t, sk);

		if (IS_ERR(h))
			return PTR_ERR(h);
		h->sk->sk_reuse = SK_NO_REUSE;
		*spare = h;
	}
	if (*p)
		xtcp_bucket_revive(t, *p);
	err = xtcp_hold_bind(*spare, port, *p && !list_empty(&(*p)->holds));
	if (err)
		return err;
	if (!*p) {
		*p = xtcp_bucket_new(t, port);
		if (!*p)
			return -ENOMEM;
	}
	xtcp_bucket_hold_join(t, *p, *spare);
	*spare = NULL;
	return 0;
}

/* Have @sk in the bucket of @port. Context: port_mutex. */
static int join_port(struct xtcp_tables *t, struct sock *sk, u16 port,
		     struct xtcp_hold **spare)
{
	struct xtcp_port *p = xtcp_bucket_find(t, port);
	bool released;
	int err = 0;

	do {
		released = p && READ_ONCE(p->released);
		if (p && !released && !p->ephemeral)
			return -EADDRINUSE;
		if (!p || released || !xtcp_bucket_hold(p, sk))
			err = hold_port(t, sk, port, &p, spare);
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

/* Try one port for an active open. Context: port_mutex. */
static int try_port(struct xtcp_net *xn, struct sock *sk, u16 port,
		    struct xtcp_hold **spare)
{
	int err = join_port(xn->tables, sk, port, spare);

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

/* What is to be expected of a port. */
enum outlook {
	OPEN,		/* free, or of connections, which it may have more of */
	FOREIGN,	/* the kernel's; perhaps on another address */
	BOUND,		/* a program has bound it */
};

/*
 * Does anybody have this port, on whatever address or device, in the eyes of the
 * kernel's TCP? That costs a fraction of asking by bind(). Context: bottom halves off.
 */
static bool in_use(const struct net *net, struct inet_bind_hashbucket *head, u16 port)
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
 * Who has a port that is in use? Each of ours has its companion, so that there is
 * no need to ask for others. Context: bottom halves off.
 */
static enum outlook user_of(struct xtcp_tables *t, u16 port)
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

/* connect() on its way through a range: each second port, from somewhere on. */
struct walk {
	struct xtcp_net *xn;
	struct xtcp_hold *spare;	/* not bound yet, or NULL */
	int low;			/* the first of these ports */
	u32 n;				/* so many there are, */
	u32 at;				/* this is the next, */
	u32 done;			/* so many are behind */
};

/* Ports looked at with bottom halves off. */
#define STRETCH		64

/* The next port that looks like @want; 0: none of a stretch. It may change at once. */
static u16 next_port(struct walk *w, enum outlook want)
{
	struct net *net = w->xn->net;
	const struct inet_hashinfo *info = net->ipv4.tcp_death_row.hashinfo;
	u32 i, at = w->at, most = min(w->n - w->done, (u32)STRETCH);
	u16 port, found = 0;
	enum outlook look;

	local_bh_disable();
	for (i = 0; i < most && !found; i++) {
		port = w->low + 2 * at;
		at = at + 1 < w->n ? at + 1 : 0;
		if (inet_is_local_reserved_port(net, port))
			continue;
		look = OPEN;
		if (in_use(net, &info->bhash[inet_bhashfn(net, port, info->bhash_size)], port))
			look = user_of(w->xn->tables, port);
		if (look == want)
			found = port;
	}
	local_bh_enable();
	w->at = at;
	w->done += i;
	return found;
}

/* Each port is tried by itself: others bind and connect in between. */
static int try_ports(struct walk *w, struct sock *sk, enum outlook want)
{
	struct xtcp_tables *t = w->xn->tables;
	int err = -EADDRINUSE;
	u16 port;

	while (w->done < w->n && err == -EADDRINUSE) {
		cond_resched();
		port = next_port(w, want);
		if (!port)
			continue;
		mutex_lock(&t->port_mutex);
		err = try_port(w->xn, sk, port, &w->spare);
		mutex_unlock(&t->port_mutex);
	}
	return err;
}

/*
 * RFC 6056, 3.3.4. With few counters one peer's would move with connections to
 * another, so that whoever asks often enough could tell hosts apart
 * (CVE-2022-32296). One table for all namespaces, each has its key; a count lost
 * between two of them makes no difference.
 */
static u32 perturb[1 << 16];

static u64 place_of(const struct sock *sk, const siphash_key_t *key)
{
	struct xtcp_flow flow;

	xtcp_flow_of_sock(sk, &flow);
	if (xtcp_flow_is6(&flow))
		return xtcp_ip6_place(&flow, key);
	return siphash_2u64((u64)flow.saddr[3] << 32 | flow.daddr[3], flow.dport, key);
}

/**
 * xtcp_port_connect - choose the ephemeral port of an active open
 * @sk: socket with both addresses and the peer's port
 *
 * RFC 6056, 3.3.4: a keyed hash of the addresses says where in the range to
 * begin, a counter picked by another hash moves on, so that ports neither
 * repeat soon towards one peer nor tell one peer about another. A port may
 * serve several connections as long as the 4-tuples differ. Every second port of
 * the range comes first, as with the kernel's TCP, whichever half the hash says; what
 * the kernel's sockets have is asked for last, each being the work of a bind().
 *
 * Context: process, socket lock, may sleep.
 * Return: 0 with the 4-tuple in the table, or -EADDRNOTAVAIL, -ENOMEM.
 */
int xtcp_port_connect(struct sock *sk)
{
	struct xtcp_net *xn = xtcp_net(sock_net(sk));
	struct walk w = { .xn = xn };
	u64 where = place_of(sk, &xn->tables->port_key);
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
		err = try_ports(&w, sk, i < 2 ? OPEN : FOREIGN);
	}
	WRITE_ONCE(*count, READ_ONCE(*count) + w.done);
	if (w.spare)
		xtcp_hold_free(w.spare);
	return err == -EADDRINUSE ? -EADDRNOTAVAIL : err;
}
