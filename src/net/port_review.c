// SPDX-License-Identifier: GPL-2.0
/*
 * Ports whose users have changed: which companions they still need, and what these
 * may tolerate. What a port is, and who shares it, is in port.c.
 *
 * Sockets and TIME-WAIT records leave from softirq, where nothing can be bound. So
 * a bucket is put on a list, and a work item looks at it, or a process that closes a
 * socket, if that comes first. New companions are made by the work item alone: the
 * closing process may be another user's, its memory control group is not to be charged
 * for them, and they are not to keep its cgroup.
 */
#include <net/ip.h>

#include "ip.h"
#include "port.h"

/**
 * xtcp_bucket_review - have a bucket looked at
 * @t: tables
 * @p: bucket
 *
 * Context: port_lock.
 */
void xtcp_bucket_review(struct xtcp_tables *t, struct xtcp_port *p)
{
	if (list_empty(&p->idle)) {
		list_add_tail(&p->idle, &t->idle_ports);
		atomic_inc(&t->unsettled);
		schedule_work(&t->port_work);
	}
}

/* Leave a bucket to the work item. Context: port_mutex. */
static void bucket_leave(struct xtcp_tables *t, struct xtcp_port *p)
{
	spin_lock_bh(&t->port_lock);
	if (list_empty(&p->idle)) {
		list_add_tail(&p->idle, &t->wide_ports);
		atomic_inc(&t->unsettled);
	}
	spin_unlock_bh(&t->port_lock);
	schedule_work(&t->port_work);
}

/**
 * xtcp_bucket_tolerate - let companions stand beside sockets with SO_REUSEADDR, or not
 * @p: bucket
 * @reuse: SK_CAN_REUSE, SK_NO_REUSE
 *
 * Context: port_mutex.
 */
void xtcp_bucket_tolerate(const struct xtcp_port *p, u8 reuse)
{
	struct xtcp_hold *h;

	list_for_each_entry(h, &p->holds, node)
		h->sk->sk_reuse = reuse;
}

/**
 * xtcp_bucket_relax - let companions tolerate what the users of the port do
 * @t: tables
 * @p: bucket
 *
 * Context: port_mutex.
 */
void xtcp_bucket_relax(struct xtcp_tables *t, struct xtcp_port *p)
{
	const struct xtcp_tw_addr *addr;
	struct xtcp_sock *xsk;
	u8 reuse = SK_CAN_REUSE;

	spin_lock_bh(&t->port_lock);
	hlist_for_each_entry(xsk, &p->owners, port_node) {
		if (!xsk->inet.sk.sk_reuse || READ_ONCE(xsk->listener)) {
			reuse = SK_NO_REUSE;
			break;
		}
	}
	hlist_for_each_entry(addr, &p->addrs, port_node) {
		if (!(addr->key.reuse & XTCP_TW_REUSEADDR))
			reuse = SK_NO_REUSE;
	}
	spin_unlock_bh(&t->port_lock);
	xtcp_bucket_tolerate(p, reuse);
}

/* Local addresses a bucket may be narrowed to: each takes a companion. */
#define NARROW_MAX	4

static bool place_add(struct xtcp_place *places, u32 *n, const struct xtcp_place *new)
{
	u32 i;

	for (i = 0; i < *n; i++) {
		if (places[i].dif == new->dif &&
		    !memcmp(places[i].addr, new->addr, sizeof(new->addr)))
			return true;
	}
	if (xtcp_addr_any(new->addr) || *n == NARROW_MAX)
		return false;
	places[(*n)++] = *new;
	return true;
}

/* Where the users of a bucket are; 0: everywhere, or in too many places. */
static u32 bucket_places(const struct net *net, struct xtcp_tables *t,
			 const struct xtcp_port *p, struct xtcp_place *places)
{
	const struct xtcp_tw_addr *addr;
	const struct xtcp_sock *xsk;
	struct xtcp_place place;
	bool few = true;
	u32 n = 0;

	spin_lock_bh(&t->port_lock);
	hlist_for_each_entry(xsk, &p->owners, port_node) {
		xtcp_place_of(&xsk->inet.sk, &place);
		few = place_add(places, &n, &place);
		if (!few)
			goto out;
	}
	hlist_for_each_entry(addr, &p->addrs, port_node) {
		xtcp_place_of_record(net, &addr->key, &place);
		few = place_add(places, &n, &place);
		if (!few)
			goto out;
	}
out:
	spin_unlock_bh(&t->port_lock);
	return few ? n : 0;
}

/* Does a companion stand for one of the users of its bucket? */
static bool hold_needed(const struct net *net, struct xtcp_tables *t,
			const struct xtcp_port *p, const struct xtcp_hold *h)
{
	const struct xtcp_tw_addr *addr;
	const struct xtcp_sock *xsk;
	struct xtcp_place place;
	bool needed = false;

	spin_lock_bh(&t->port_lock);
	hlist_for_each_entry(xsk, &p->owners, port_node) {
		xtcp_place_of(&xsk->inet.sk, &place);
		needed = xtcp_place_covers(&h->place, &place);
		if (needed)
			goto out;
	}
	hlist_for_each_entry(addr, &p->addrs, port_node) {
		xtcp_place_of_record(net, &addr->key, &place);
		needed = xtcp_place_covers(&h->place, &place);
		if (needed)
			goto out;
	}
out:
	spin_unlock_bh(&t->port_lock);
	return needed;
}

/* Of users on several addresses or devices some have left. Context: port_mutex. */
static void bucket_prune(struct xtcp_tables *t, struct xtcp_port *p)
{
	struct xtcp_hold *h, *next;

	if (list_empty(&p->holds) || list_is_singular(&p->holds))
		return;
	list_for_each_entry_safe(h, next, &p->holds, node) {
		if (hold_needed(sock_net(h->sk), t, p, h))
			continue;
		xtcp_bucket_hold_drop(t, h);
	}
}

/* The companion for the wildcard. Context: port_mutex. Return: companion or NULL. */
static struct xtcp_hold *bucket_wide(const struct xtcp_port *p)
{
	struct xtcp_hold *h;

	list_for_each_entry(h, &p->holds, node)
		if (xtcp_addr_any(h->place.addr))
			return h;
	return NULL;
}

/* Does a companion for a single address cover @place? Context: port_mutex. */
static bool place_held(const struct xtcp_port *p, const struct xtcp_place *place)
{
	const struct xtcp_hold *h;

	list_for_each_entry(h, &p->holds, node)
		if (!xtcp_addr_any(h->place.addr) && xtcp_place_covers(&h->place, place))
			return true;
	return false;
}

/**
 * xtcp_bucket_narrow - have companions for the addresses in use, not for all
 * @t: tables
 * @p: bucket
 * @here: may the caller make companions?
 *
 * A socket that is bound to the wildcard and connected uses one address only; the
 * port is released on all others.
 *
 * Context: port_mutex. Return: false where companions are to be made, but not here.
 */
bool xtcp_bucket_narrow(struct xtcp_tables *t, struct xtcp_port *p, bool here)
{
	struct xtcp_place places[NARROW_MAX];
	struct xtcp_hold *wide = bucket_wide(p), *h, *next;
	struct net *net;
	u32 n, i;

	if (!wide)
		return true;
	net = sock_net(wide->sk);
	n = bucket_places(net, t, p, places);
	if (n && !here)
		return false;
	for (i = 0; i < n; i++) {
		if (place_held(p, &places[i]))
			continue;
		h = xtcp_hold_at(net, &places[i], wide->sk->sk_reuse);
		if (xtcp_bucket_hold_add(t, p, h))
			return true;
	}
	if (!n)
		return true;
	list_for_each_entry_safe(h, next, &p->holds, node) {
		if (!xtcp_addr_any(h->place.addr))
			continue;
		xtcp_bucket_hold_drop(t, h);
	}
	return true;
}

/* Is this a kernel thread, so that new companions are charged to no program? */
static bool of_the_kernel(void)
{
	return current->flags & PF_KTHREAD;
}

/* The next bucket that wants a look, no longer on a list; NULL: none. */
static struct xtcp_port *review_next(struct xtcp_tables *t)
{
	struct xtcp_port *p;

	spin_lock_bh(&t->port_lock);
	p = list_first_entry_or_null(&t->idle_ports, struct xtcp_port, idle);
	if (!p && of_the_kernel())
		p = list_first_entry_or_null(&t->wide_ports, struct xtcp_port, idle);
	if (p)
		list_del_init(&p->idle);
	spin_unlock_bh(&t->port_lock);
	return p;
}

/* Look at the buckets that want it. Context: process. */
static void ports_review(struct xtcp_tables *t)
{
	struct xtcp_port *p;

	mutex_lock(&t->port_mutex);
	while ((p = review_next(t))) {
		bucket_prune(t, p);
		if (!xtcp_bucket_narrow(t, p, of_the_kernel()))
			bucket_leave(t, p);
		xtcp_bucket_relax(t, p);
		/* A reader of 0 sees the companions as they are now. */
		atomic_dec_return_release(&t->unsettled);
	}
	mutex_unlock(&t->port_mutex);
}

/**
 * xtcp_ports_work - what is left to the work item
 * @work: xtcp_tables.port_work
 */
void xtcp_ports_work(struct work_struct *work)
{
	ports_review(container_of(work, struct xtcp_tables, port_work));
}

/**
 * xtcp_ports_settle - what a close() left behind is to be gone when it returns
 * @net: namespace
 *
 * Otherwise a program that closes a socket and binds its port with the kernel's TCP
 * could come before the work item, or while it runs on another CPU. The caller frees
 * and relaxes companions itself, which is cheaper than to wait, and waits where new
 * ones are to be made. A kernel thread makes them itself: a worker may not wait for
 * other work.
 *
 * Context: process, no lock.
 */
void xtcp_ports_settle(struct net *net)
{
	struct xtcp_tables *t = xtcp_net(net)->tables;

	if (!atomic_read_acquire(&t->unsettled))
		return;
	ports_review(t);
	if (atomic_read_acquire(&t->unsettled) && !of_the_kernel())
		flush_work(&t->port_work);
}
