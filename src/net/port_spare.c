// SPDX-License-Identifier: GPL-2.0
/*
 * Ports that nobody uses any more. The kernel's TCP has them back at once, in softirq
 * too: their companions are unbound. Bucket and companions, which take a sleep to make
 * and to free, stay for a second, so that the next bind() or connect() may have them.
 */
#include <linux/slab.h>

#include "ip.h"
#include "port.h"
#include "rx.h"

/* So many may stay, and are looked at for a companion that fits. */
#define SPARES_MAX	16

/**
 * xtcp_bucket_release - the last user has left a port
 * @t: tables
 * @p: bucket, not released yet
 *
 * Context: port_lock.
 */
void xtcp_bucket_release(struct xtcp_tables *t, struct xtcp_port *p)
{
	struct xtcp_hold *h;

	list_for_each_entry(h, &p->holds, node)
		xtcp_hold_release(h);
	WRITE_ONCE(p->released, true);
	if (!list_empty(&p->idle)) {
		list_del(&p->idle);
		atomic_dec(&t->unsettled);
	}
	list_add(&p->idle, &t->spare_ports);
	t->spares++;
	if (t->spares == SPARES_MAX + 1)
		mod_delayed_work(system_wq, &t->spare_work, 0);
	else
		schedule_delayed_work(&t->spare_work, HZ);
}

/* A released bucket leaves the list. Context: port_mutex, port_lock. */
static void spare_del(struct xtcp_tables *t, struct xtcp_port *p)
{
	list_del_init(&p->idle);
	t->spares--;
	WRITE_ONCE(p->released, false);
}

static void holds_free(struct list_head *holds)
{
	struct xtcp_hold *h, *next;

	list_for_each_entry_safe(h, next, holds, node)
		xtcp_hold_free(h);
}

/**
 * xtcp_bucket_revive - a port is to have a user again
 * @t: tables
 * @p: bucket; if it was released it has no companions then, and is nobody's until
 *	xtcp_bucket_join() or xtcp_bucket_idle()
 *
 * Context: port_mutex.
 */
void xtcp_bucket_revive(struct xtcp_tables *t, struct xtcp_port *p)
{
	LIST_HEAD(holds);

	spin_lock_bh(&t->port_lock);
	if (p->released) {
		spare_del(t, p);
		/* They stood on other addresses, perhaps. */
		list_splice_init(&p->holds, &holds);
	}
	spin_unlock_bh(&t->port_lock);
	holds_free(&holds);
}

/**
 * xtcp_spare_bucket - a bucket for another port
 * @t: tables
 *
 * Only one whose companion xtcp_spare_hold() has taken: it is charged to the same
 * control group.
 *
 * Context: port_mutex. Return: bucket in no list and no chain, or NULL. An RCU reader
 * that stands on it may go on in another chain and miss its port.
 */
struct xtcp_port *xtcp_spare_bucket(struct xtcp_tables *t)
{
	struct xtcp_port *p;

	spin_lock_bh(&t->port_lock);
	p = list_first_entry_or_null(&t->spare_ports, struct xtcp_port, idle);
	if (p && list_empty(&p->holds))
		spare_del(t, p);
	else
		p = NULL;
	spin_unlock_bh(&t->port_lock);
	if (p)
		hlist_del_rcu(&p->node);
	return p;
}

/**
 * xtcp_spare_hold - a companion for a socket, not bound yet
 * @t: tables
 * @sk: socket with a local address
 *
 * Context: port_mutex. Return: companion, or ERR_PTR().
 */
struct xtcp_hold *xtcp_spare_hold(struct xtcp_tables *t, const struct sock *sk)
{
	struct xtcp_hold *h, *found = NULL;
	struct xtcp_place place;
	struct xtcp_port *p;
	u32 n = 0;

	xtcp_place_of(sk, &place);
	spin_lock_bh(&t->port_lock);
	list_for_each_entry(p, &t->spare_ports, idle) {
		h = list_first_entry_or_null(&p->holds, struct xtcp_hold, node);
		if (h && xtcp_hold_renew(h, sk, &place)) {
			list_del(&h->node);
			/* Where xtcp_spare_bucket() finds it. */
			list_move(&p->idle, &t->spare_ports);
			found = h;
			break;
		}
		if (++n == SPARES_MAX)
			break;
	}
	spin_unlock_bh(&t->port_lock);
	return found ?: xtcp_hold_new(sk);
}

/**
 * xtcp_spares_free - free all buckets that nobody uses
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
	list_for_each_entry_safe(p, next, &spares, idle) {
		hlist_del_rcu(&p->node);
		holds_free(&p->holds);
		kfree_rcu(p, rcu);
		xtcp_rx_unneed();
	}
	mutex_unlock(&t->port_mutex);
}

/**
 * xtcp_spares_work - they have waited long enough
 * @work: xtcp_tables.spare_work
 */
void xtcp_spares_work(struct work_struct *work)
{
	xtcp_spares_free(container_of(to_delayed_work(work), struct xtcp_tables, spare_work));
}
