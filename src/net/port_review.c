// SPDX-License-Identifier: GPL-2.0
/*
 * Review of ports whose users have changed: which reservations they still need, and whether
 * these allow SO_REUSEADDR. Buckets and reservations are described in port.c.
 *
 * Sockets and TIME-WAIT records leave in softirq, where nothing can be bound. So the bucket
 * is put on a list, and a work item reviews it, or a process that closes a socket, if that
 * comes first. Only the work item makes new reservations: the closing process may be
 * another user's, whose memory cgroup must not be charged for them and whose cgroup they
 * must not pin.
 */
#include <net/ip.h>

#include "ip.h"
#include "port.h"

/**
 * xtcp_bucket_review - schedule the review of a bucket
 * @t: tables
 * @p: bucket
 *
 * Context: port_lock.
 */
void xtcp_bucket_review(struct xtcp_tables *t, struct xtcp_port *p)
{
	if (list_empty(&p->list)) {
		list_add_tail(&p->list, &t->review_ports);
		atomic_inc(&t->unsettled);
		schedule_work(&t->port_work);
	}
}

/* Have the work item make the reservations that a bucket needs. Context: port_mutex. */
static void bucket_review_later(struct xtcp_tables *t, struct xtcp_port *p)
{
	spin_lock_bh(&t->port_lock);
	if (list_empty(&p->list)) {
		list_add_tail(&p->list, &t->narrow_ports);
		atomic_inc(&t->unsettled);
	}
	spin_unlock_bh(&t->port_lock);
	schedule_work(&t->port_work);
}

/**
 * xtcp_bucket_tolerate - set SO_REUSEADDR of the reservations of a port
 * @p: bucket
 * @reuse: SK_CAN_REUSE: the kernel's sockets with SO_REUSEADDR may bind the port too;
 *	SK_NO_REUSE: they may not
 *
 * Context: port_mutex.
 */
void xtcp_bucket_tolerate(const struct xtcp_port *p, u8 reuse)
{
	struct xtcp_reservation *res;

	list_for_each_entry(res, &p->reservations, node)
		res->sk->sk_reuse = reuse;
}

/**
 * xtcp_bucket_relax - allow SO_REUSEADDR if all users of the port do
 * @t: tables
 * @p: bucket
 *
 * A user that listens does not.
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

/* Local addresses a bucket may be narrowed to: each takes a reservation. */
#define NARROW_MAX	4

/* Add a binding once. Return: false when it is the wildcard, or one too many. */
static bool bindings_add(struct xtcp_binding *bindings, u32 *n,
			 const struct xtcp_binding *new)
{
	u32 i;

	for (i = 0; i < *n; i++) {
		if (bindings[i].dif == new->dif &&
		    !memcmp(bindings[i].addr, new->addr, sizeof(new->addr)))
			return true;
	}
	if (xtcp_addr_any(new->addr) || *n == NARROW_MAX)
		return false;
	bindings[(*n)++] = *new;
	return true;
}

/*
 * The local addresses and devices of the users of a bucket. Return: their number; 0: one
 * user is on the wildcard, or there are more than NARROW_MAX.
 */
static u32 bucket_bindings(const struct net *net, struct xtcp_tables *t,
			   const struct xtcp_port *p, struct xtcp_binding *bindings)
{
	const struct xtcp_tw_addr *addr;
	const struct xtcp_sock *xsk;
	struct xtcp_binding binding;
	bool few = true;
	u32 n = 0;

	spin_lock_bh(&t->port_lock);
	hlist_for_each_entry(xsk, &p->owners, port_node) {
		xtcp_binding_of_sock(&xsk->inet.sk, &binding);
		few = bindings_add(bindings, &n, &binding);
		if (!few)
			goto out;
	}
	hlist_for_each_entry(addr, &p->addrs, port_node) {
		xtcp_binding_of_record(net, &addr->key, &binding);
		few = bindings_add(bindings, &n, &binding);
		if (!few)
			goto out;
	}
out:
	spin_unlock_bh(&t->port_lock);
	return few ? n : 0;
}

/* Does a reservation cover any user of its bucket? */
static bool reservation_needed(const struct net *net, struct xtcp_tables *t,
			       const struct xtcp_port *p, const struct xtcp_reservation *res)
{
	const struct xtcp_tw_addr *addr;
	const struct xtcp_sock *xsk;
	struct xtcp_binding binding;
	bool needed = false;

	spin_lock_bh(&t->port_lock);
	hlist_for_each_entry(xsk, &p->owners, port_node) {
		xtcp_binding_of_sock(&xsk->inet.sk, &binding);
		needed = xtcp_binding_covers(&res->binding, &binding);
		if (needed)
			goto out;
	}
	hlist_for_each_entry(addr, &p->addrs, port_node) {
		xtcp_binding_of_record(net, &addr->key, &binding);
		needed = xtcp_binding_covers(&res->binding, &binding);
		if (needed)
			goto out;
	}
out:
	spin_unlock_bh(&t->port_lock);
	return needed;
}

/* Drop reservations that cover no user, if there are several. Context: port_mutex. */
static void bucket_prune(struct xtcp_tables *t, struct xtcp_port *p)
{
	struct xtcp_reservation *res, *next;

	if (list_empty(&p->reservations) || list_is_singular(&p->reservations))
		return;
	list_for_each_entry_safe(res, next, &p->reservations, node) {
		if (reservation_needed(sock_net(res->sk), t, p, res))
			continue;
		xtcp_bucket_drop_reservation(t, res);
	}
}

/* A reservation on the wildcard, or NULL. Context: port_mutex. */
static struct xtcp_reservation *bucket_wildcard(const struct xtcp_port *p)
{
	struct xtcp_reservation *res;

	list_for_each_entry(res, &p->reservations, node)
		if (xtcp_addr_any(res->binding.addr))
			return res;
	return NULL;
}

/* Does a reservation on a single address cover @binding? Context: port_mutex. */
static bool binding_reserved(const struct xtcp_port *p, const struct xtcp_binding *binding)
{
	const struct xtcp_reservation *res;

	list_for_each_entry(res, &p->reservations, node)
		if (!xtcp_addr_any(res->binding.addr) &&
		    xtcp_binding_covers(&res->binding, binding))
			return true;
	return false;
}

/**
 * xtcp_bucket_narrow - replace a wildcard reservation by some on the addresses in use
 * @t: tables
 * @p: bucket
 * @here: the caller may make reservations
 *
 * A wildcard socket that has connected uses one address only; the kernel's TCP may have the
 * port on all others. The wildcard reservation stays if a user is still on the wildcard, if
 * there are more than NARROW_MAX addresses, or if a new reservation cannot be made.
 *
 * Context: port_mutex, may sleep. Return: false when there may be reservations to make and
 * @here is false.
 */
bool xtcp_bucket_narrow(struct xtcp_tables *t, struct xtcp_port *p, bool here)
{
	struct xtcp_binding bindings[NARROW_MAX];
	struct xtcp_reservation *wide = bucket_wildcard(p), *res, *next;
	struct net *net;
	u32 n, i;

	if (!wide)
		return true;
	net = sock_net(wide->sk);
	n = bucket_bindings(net, t, p, bindings);
	if (n && !here)
		return false;
	for (i = 0; i < n; i++) {
		if (binding_reserved(p, &bindings[i]))
			continue;
		res = xtcp_reservation_new_at(net, &bindings[i], wide->sk->sk_reuse);
		if (xtcp_bucket_add_reservation(t, p, res))
			return true;
	}
	if (!n)
		return true;
	list_for_each_entry_safe(res, next, &p->reservations, node) {
		if (!xtcp_addr_any(res->binding.addr))
			continue;
		xtcp_bucket_drop_reservation(t, res);
	}
	return true;
}

/* Is this a kernel thread, so that new reservations are charged to no process? */
static bool review_is_kthread(void)
{
	return current->flags & PF_KTHREAD;
}

/* Take the next bucket to review off its list; NULL: none, or only for a kernel thread. */
static struct xtcp_port *review_next(struct xtcp_tables *t)
{
	struct xtcp_port *p;

	spin_lock_bh(&t->port_lock);
	p = list_first_entry_or_null(&t->review_ports, struct xtcp_port, list);
	if (!p && review_is_kthread())
		p = list_first_entry_or_null(&t->narrow_ports, struct xtcp_port, list);
	if (p)
		list_del_init(&p->list);
	spin_unlock_bh(&t->port_lock);
	return p;
}

/* Review all buckets on the lists. Context: process, may sleep. */
static void review_ports_all(struct xtcp_tables *t)
{
	struct xtcp_port *p;

	mutex_lock(&t->port_mutex);
	while ((p = review_next(t))) {
		bucket_prune(t, p);
		if (!xtcp_bucket_narrow(t, p, review_is_kthread()))
			bucket_review_later(t, p);
		xtcp_bucket_relax(t, p);
		/* Pairs with xtcp_ports_settle(): a reader of 0 sees what was done here. */
		atomic_dec_return_release(&t->unsettled);
	}
	mutex_unlock(&t->port_mutex);
}

/**
 * xtcp_ports_work - the work item that reviews ports
 * @work: xtcp_tables.port_work
 *
 * Context: kernel thread, may sleep.
 */
void xtcp_ports_work(struct work_struct *work)
{
	review_ports_all(container_of(work, struct xtcp_tables, port_work));
}

/**
 * xtcp_ports_settle - finish the review of ports before close() returns
 * @net: namespace
 *
 * Otherwise a program that closes a socket and then binds its port with the kernel's TCP
 * could be faster than the work item. The caller drops and relaxes reservations itself,
 * which is cheaper than waiting, and waits for the work item where new ones are needed. A
 * kernel thread makes those itself, because a worker must not wait for other work.
 *
 * Context: process, no lock, may sleep.
 */
void xtcp_ports_settle(struct net *net)
{
	struct xtcp_tables *t = xtcp_pernet(net)->tables;

	if (!atomic_read_acquire(&t->unsettled))
		return;
	review_ports_all(t);
	if (atomic_read_acquire(&t->unsettled) && !review_is_kthread())
		flush_work(&t->port_work);
}
