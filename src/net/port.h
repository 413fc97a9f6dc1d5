/* SPDX-License-Identifier: GPL-2.0 */
/* What the files about ports share: port*.c. */
#ifndef XTCP_NET_PORT_H
#define XTCP_NET_PORT_H

#include "port_reserve.h"

/*
 * The bucket of a port that XTCP uses or has used lately. Allocated, and freed after an RCU
 * grace period, under port_mutex.
 */
struct xtcp_port {
	struct hlist_node node;		/* xtcp_tables.ports; port_mutex, read under RCU */
	struct hlist_head owners;	/* xtcp_sock.port_node; port_lock */
	struct hlist_head addrs;	/* xtcp_tw_addr.port_node; port_lock */
	struct list_head list;		/* review_, narrow_ or spare_ports; port_lock */
	struct list_head reservations;	/* port_mutex and port_lock to write */
	u16 port;			/* host byte order; port_mutex */
	bool ephemeral;			/* no user called bind(); port_mutex */
	bool released;			/* unused, no reservation is bound; port_lock */
	struct rcu_head rcu;
};

/* The chain of a port's bucket. */
static inline struct hlist_head *xtcp_bucket_head(struct xtcp_tables *t, u16 port)
{
	return &t->ports[port & ((1 << XTCP_PORT_BITS) - 1)];
}

struct xtcp_port *xtcp_bucket_find(struct xtcp_tables *t, u16 port);
struct xtcp_port *xtcp_bucket_new(struct xtcp_tables *t, u16 port);
bool xtcp_bucket_empty(const struct xtcp_port *p);
void xtcp_bucket_idle(struct xtcp_tables *t, struct xtcp_port *p);
bool xtcp_bucket_join(struct xtcp_tables *t, struct xtcp_port *p, struct sock *sk);
struct xtcp_reservation *xtcp_bucket_find_reservation(const struct xtcp_port *p,
						      const struct sock *sk);
void xtcp_bucket_join_reservation(struct xtcp_tables *t, struct xtcp_port *p,
				  struct xtcp_reservation *res);
int xtcp_bucket_add_reservation(struct xtcp_tables *t, struct xtcp_port *p,
				struct xtcp_reservation *res);
void xtcp_bucket_drop_reservation(struct xtcp_tables *t, struct xtcp_reservation *res);

/* ---- port_spare.c ---- */

void xtcp_bucket_release(struct xtcp_tables *t, struct xtcp_port *p);
void xtcp_bucket_revive(struct xtcp_tables *t, struct xtcp_port *p);
struct xtcp_port *xtcp_spare_bucket(struct xtcp_tables *t);
struct xtcp_reservation *xtcp_spare_reservation(struct xtcp_tables *t,
						const struct sock *sk);
void xtcp_spares_free(struct xtcp_tables *t);
void xtcp_spares_work(struct work_struct *work);

/* ---- port_review.c ---- */

void xtcp_bucket_review(struct xtcp_tables *t, struct xtcp_port *p);
void xtcp_bucket_tolerate(const struct xtcp_port *p, u8 reuse);
void xtcp_bucket_relax(struct xtcp_tables *t, struct xtcp_port *p);
bool xtcp_bucket_narrow(struct xtcp_tables *t, struct xtcp_port *p, bool here);
void xtcp_ports_work(struct work_struct *work);

#endif /* XTCP_NET_PORT_H */
