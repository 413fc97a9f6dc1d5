// SPDX-License-Identifier: GPL-2.0
/*
 * Ports without users. Their reservations are unbound at once, in softirq too, so that the
 * kernel's TCP can use the port. Buckets and reservations stay allocated for a second,
 * since making and freeing them sleeps; the next bind() or connect() may use them again.
 */
#include <linux/slab.h>

#include "ip.h"
#include "port.h"
#include "rx.h"

/* Unused buckets kept, and searched for a reservation to use again. */
#define SPARES_MAX	16

/**
 * xtcp_bucket_release - release a port whose last user has left
 * @t: tables
 * @p: bucket, not released yet; its reservations are unbound
 *
 * Context: port_lock.
 */
void xtcp_bucket_release(struct xtcp_tables *t, struct xtcp_port *p)
{
	struct xtcp_reservation *res;

	list_for_each_entry(res, &p->reservations, node)
		xtcp_reservation_unbind(res);
	WRITE_ONCE(p->released, true);
	if (!list_empty(&p->list)) {
		list_del(&p->list);
		atomic_dec(&t->unsettled);
	}
	list_add(&p->list, &t->spare_ports);
	t->spares++;
	if (t->spares == SPARES_MAX + 1)
		mod_delayed_work(system_wq, &t->spare_work, 0);
	else
		schedule_delayed_work(&t->spare_work, HZ);
}

/* Take a released bucket off the list. Context: port_mutex, port_lock. */
static void spare_del(struct xtcp_tables *t, struct xtcp_port *p)
{
	list_del_init(&p->list);
	t->spares--;
	WRITE_ONCE(p->released, false);
}

static void reservations_free(struct list_head *reservations)
{
	struct xtcp_reservation *res, *next;

	list_for_each_entry_safe(res, next, reservations, node)
		xtcp_reservation_free(res);
}

/**
 * xtcp_bucket_revive - take a bucket into use again if it was released
 * @t: tables
 * @p: bucket
 *
 * Its reservations are freed. The caller goes on to xtcp_bucket_join(), or on failure to
 * xtcp_bucket_idle(), which releases the port again.
 *
 * Context: port_mutex, may sleep.
 */
void xtcp_bucket_revive(struct xtcp_tables *t, struct xtcp_port *p)
{
	LIST_HEAD(reservations);

	spin_lock_bh(&t->port_lock);
	if (p->released) {
		spare_del(t, p);
		/* They may be for other addresses than the next user's. */
		list_splice_init(&p->reservations, &reservations);
	}
	spin_unlock_bh(&t->port_lock);
	reservations_free(&reservations);
}

/**
 * xtcp_spare_bucket - take an unused bucket, for another port
 * @t: tables
 *
 * Only one whose reservation xtcp_spare_reservation() has just taken: it is charged to
 * the same memory cgroup.
 *
 * Context: port_mutex. Return: bucket in no list and no chain, or NULL. An RCU reader that
 * is at it may be carried over to another chain and miss the port it looks for.
 */
struct xtcp_port *xtcp_spare_bucket(struct xtcp_tables *t)
{
	struct xtcp_port *p;

	spin_lock_bh(&t->port_lock);
	p = list_first_entry_or_null(&t->spare_ports, struct xtcp_port, list);
	if (p && list_empty(&p->reservations))
		spare_del(t, p);
	else
		p = NULL;
	spin_unlock_bh(&t->port_lock);
	if (p)
		hlist_del_rcu(&p->node);
	return p;
}

/**
 * xtcp_spare_reservation - get one for a socket: an unused one that fits, or a new one
 * @t: tables
 * @sk: socket with a local address
 *
 * Context: port_mutex, may sleep. Return: reservation, not bound, or ERR_PTR().
 */
struct xtcp_reservation *xtcp_spare_reservation(struct xtcp_tables *t,
						const struct sock *sk)
{
	struct xtcp_reservation *res, *found = NULL;
	struct xtcp_binding binding;
	struct xtcp_port *p;
	u32 n = 0;

	xtcp_binding_of_sock(sk, &binding);
	spin_lock_bh(&t->port_lock);
	list_for_each_entry(p, &t->spare_ports, list) {
		res = list_first_entry_or_null(&p->reservations, struct xtcp_reservation,
					       node);
		if (res && xtcp_reservation_reuse(res, sk, &binding)) {
			list_del(&res->node);
			/* To the front, where xtcp_spare_bucket() finds it. */
			list_move(&p->list, &t->spare_ports);
			found = res;
			break;
		}
		if (++n == SPARES_MAX)
			break;
	}
	spin_unlock_bh(&t->port_lock);
	return found ?: xtcp_reservation_new(sk);
}

/**
 * xtcp_spares_free - free all unused buckets and their reservations
 * @t: tables
 *
 * Context: process, may sleep.
 */
void xtcp_spares_free(struct xtcp_tables *t)
{
	struct xtcp_port *p, *next;
	LIST_HEAD(spares);

	mutex_lock(&t->port_mutex);
	spin_lock_bh(&t->port_lock);
	list_splice_init(&t->spare_ports, &spares);
	t->spares = 0;
	spin_unlock_bh(&t->port_lock);
	list_for_each_entry_safe(p, next, &spares, list) {
		hlist_del_rcu(&p->node);
		reservations_free(&p->reservations);
		kfree_rcu(p, rcu);
		xtcp_rx_unneed();
	}
	mutex_unlock(&t->port_mutex);
}

/**
 * xtcp_spares_work - the work item that frees unused buckets
 * @work: xtcp_tables.spare_work
 *
 * Context: process, may sleep.
 */
void xtcp_spares_work(struct work_struct *work)
{
	xtcp_spares_free(container_of(to_delayed_work(work), struct xtcp_tables, spare_work));
}
