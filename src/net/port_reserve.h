/* SPDX-License-Identifier: GPL-2.0 */
/* Port reservations, and the addresses and devices that ports are bound to. */
#ifndef XTCP_NET_PORT_RESERVE_H
#define XTCP_NET_PORT_RESERVE_H

#include "net.h"

/* What a port is bound to, beside its number. */
struct xtcp_binding {
	u32 addr[4];			/* IPv4 as v4-mapped, or IPv6; or the wildcard */
	int dif;			/* ifindex; 0: every device ... */
	int vrf;			/* ... of this L3 domain; 0: the default one */
	bool only6;			/* IPV6_V6ONLY: the wildcard excludes IPv4 */
};

void xtcp_binding_of_sock(const struct sock *sk, struct xtcp_binding *binding);
void xtcp_binding_of_record(const struct net *net, const struct xtcp_tw_key *key,
			    struct xtcp_binding *binding);
bool xtcp_bindings_overlap(const struct net *net, const struct xtcp_binding *a,
			   const struct xtcp_binding *b);
bool xtcp_binding_covers(const struct xtcp_binding *a, const struct xtcp_binding *b);

/* A port reservation, see port_reserve.c; owned by its bucket, protected by port_mutex. */
struct xtcp_reservation {
	struct list_head node;		/* in the bucket; port_mutex and port_lock */
	struct sock *sk;		/* socket of the kernel's TCP */
	struct socket *sock;		/* its struct socket; NULL once it was bound */
	struct xtcp_binding binding;	/* what it reserves */
};

int xtcp_reservation_init(void);
void xtcp_reservation_exit(void);
int xtcp_reservation_check(void);
struct xtcp_reservation *xtcp_reservation_new_at(struct net *net,
						 const struct xtcp_binding *binding,
						 u8 reuse);
struct xtcp_reservation *xtcp_reservation_new(const struct sock *sk);
bool xtcp_reservation_reuse(struct xtcp_reservation *res, const struct sock *sk,
			    const struct xtcp_binding *binding);
void xtcp_reservation_free(struct xtcp_reservation *res);
int xtcp_reservation_bind(struct xtcp_reservation *res, u16 port, bool beside);
void xtcp_reservation_unbind(struct xtcp_reservation *res);
int xtcp_reservation_try_listen(struct xtcp_reservation *res);

#endif /* XTCP_NET_PORT_RESERVE_H */
