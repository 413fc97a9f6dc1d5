/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What the files of src/net promise each other.
 *
 * Order of locks, outer first; everything here is taken with bottom halves
 * off:
 *
 *	socket lock, then xtcp_tables.port_mutex (sleeps)
 *	socket lock, then xtcp_reqsk_table.grow_lock (sleeps)
 *	    xtcp_reqsk_bucket.lock, then that of a bucket of a larger table
 *	socket lock or xtcp_reqsk_bucket.lock or xtcp_tw_table.lock
 *	    a fresh child's lock (below xtcp_reqsk_bucket.lock alone)
 *		xtcp_tables.locks[] (chains)
 *		xtcp_tables.port_lock
 *		xtcp_sock.acceptq_lock
 */
#ifndef XTCP_NET_H
#define XTCP_NET_H

#include <linux/mutex.h>
#include <linux/rhashtable-types.h>
#include <linux/spinlock.h>
#include <linux/workqueue.h>
#include <net/ipv6.h>
#include <net/l3mdev.h>
#include <xtcp/defence.h>

#include "../conn/below.h"
#include "../conn/conn.h"
#include "public.h"

/* ---- demux.c ---- */

#define XTCP_LISTEN_BITS	6
#define XTCP_PORT_BITS		10
#define XTCP_LOCK_BITS		8

struct xtcp_tables {
	struct hlist_nulls_head *chains;	/* by 4-tuple: SOCK, TW, SUSPENDED */
	u32 mask;				/* chains - 1 */
	atomic_t count[XTCP_KIND_SUSPENDED + 1];	/* entries of each kind */
	hsiphash_key_t tuple_key;
	siphash_key_t port_key;			/* RFC 6056, 3.3.4 */
	spinlock_t locks[1 << XTCP_LOCK_BITS];	/* of chains, by hash */

	struct rhashtable spots;		/* struct xtcp_spot; listen_lock */
	u32 narrow;				/* of these, with an address; listen_lock */
	spinlock_t listen_lock;
	struct hlist_nulls_head listen[1 << XTCP_LISTEN_BITS];	/* all, for /proc */

	struct mutex port_mutex;		/* buckets come and go, and holds */
	spinlock_t port_lock;			/* who is in a bucket */
	struct hlist_head ports[1 << XTCP_PORT_BITS];
	struct rhashtable tw_addrs;		/* struct xtcp_tw_addr; port_lock */
	struct list_head idle_ports;		/* buckets to look at; port_lock */
	struct list_head wide_ports;		/* those that take new companions; port_lock */
	atomic_t unsettled;			/* buckets of both lists, or being looked at */
	struct work_struct port_work;		/* looks at them */
	struct list_head spare_ports;		/* buckets nobody uses, newest first; port_lock */
	u32 spares;				/* so many; port_lock */
	struct delayed_work spare_work;		/* frees them */
};

/* An address, or the wildcard of both families, and a port. */
struct xtcp_spot_key {
	u32 addr[4];
	u32 port;			/* network byte order */
};

/* Where somebody listens; freed by RCU. */
struct xtcp_spot {
	struct rhash_head node;
	struct xtcp_spot_key key;
	struct hlist_head leaders;	/* xtcp_listener.spot_node; listen_lock */
	struct rcu_head rcu;
};

/* The L3 domain of a device: the interface that is its VRF; 0: the default one. */
static inline int xtcp_vrf(const struct net *net, int dif)
{
	return l3mdev_master_ifindex_by_index((struct net *)net, dif);
}

/* Is what is bound to no device there for all VRFs? Else for the default one. */
static inline bool xtcp_across_vrfs(const struct xtcp_net *xn)
{
	return READ_ONCE(xn->knobs.l3mdev_accept);
}

int xtcp_tables_init(struct xtcp_net *xn);
void xtcp_tables_free(struct xtcp_net *xn);

u32 xtcp_flow_hash(const struct xtcp_tables *t, const struct xtcp_flow *flow);
int xtcp_table_add(struct xtcp_net *xn, struct xtcp_entry *e, u8 kind,
		   const struct xtcp_flow *flow, int dif);
void xtcp_table_suspend(struct xtcp_net *xn, struct xtcp_entry *e);
struct xtcp_entry *xtcp_table_resume(struct xtcp_net *xn, const struct xtcp_flow *flow,
				     u32 hash, int l3mdev_oif, bool back);
void xtcp_table_replace(struct xtcp_net *xn, struct xtcp_entry *old,
			struct xtcp_entry *new, u8 kind);
void xtcp_table_del(struct xtcp_net *xn, struct xtcp_entry *e);
struct xtcp_entry *xtcp_lookup(const struct xtcp_net *xn, const struct xtcp_flow *flow,
			       u32 hash, int dif, int sdif);
struct sock *xtcp_lookup_listener(const struct xtcp_net *xn,
				  const struct xtcp_flow *flow, u32 hash, int dif,
				  int sdif, struct sk_buff *skb);
int xtcp_hash_flow(struct sock *sk);
void xtcp_flow_of_sock(const struct sock *sk, struct xtcp_flow *flow);

static inline struct xtcp_sock *xtcp_entry_xsk(const struct xtcp_entry *e)
{
	return container_of((struct xtcp_entry *)e, struct xtcp_sock, entry);
}

static inline struct sock *xtcp_entry_sk(const struct xtcp_entry *e)
{
	return &xtcp_entry_xsk(e)->inet.sk;
}

/* ---- reuseport.c: SO_REUSEPORT ---- */

int xtcp_reuseport_join(struct sock *sk, struct sock *other);
struct sock *xtcp_reuseport_leave(struct sock *sk);
bool xtcp_reuseport_alone(const struct sock *sk);
struct sock *xtcp_reuseport_migrate_target(const struct sock *sk, const struct xtcp_flow *flow);
struct sock *xtcp_reuseport_select(struct sock *sk, u32 hash, struct sk_buff *skb);

/* ---- port.c, port_connect.c ---- */

/* What TIME-WAIT records have in common with others, and bind() asks for. */
struct xtcp_tw_key {
	u32 saddr[4];
	int dif;
	u16 sport;			/* network byte order */
	u8 reuse;			/* what their sockets had: XTCP_TW_REUSE*, */
	u8 family6;			/* and were of IPv6 */
};

#define XTCP_TW_REUSEADDR	1
#define XTCP_TW_REUSEPORT	2

/* The records of one such key; freed by RCU, for readers compare the key. */
struct xtcp_tw_addr {
	struct xtcp_tw_key key;
	u32 count;			/* records; port_lock */
	struct rhash_head node;		/* xtcp_tables.tw_addrs; port_lock */
	struct hlist_node port_node;	/* in its port's bucket; port_lock */
	struct xtcp_port *port;
	struct rcu_head rcu;
};

int xtcp_ports_init(struct xtcp_tables *t);
void xtcp_ports_free(struct xtcp_tables *t);
void xtcp_port_inherit(struct sock *child, const struct sock *listener);
struct xtcp_tw_addr *xtcp_port_tw_get(struct xtcp_net *xn, const struct sock *sk);
void xtcp_port_tw_put(struct xtcp_net *xn, struct xtcp_tw_addr *addr);
int xtcp_port_connect(struct sock *sk);
void xtcp_port_unlisten(struct sock *sk);
void xtcp_port_connected(struct sock *sk);

/* ---- timewait.c ---- */

/*
 * There may be a million of these. Dead is a record whose entry is of no kind;
 * then and only then is it on no list, and what only the holder of the table
 * lock reads is free for other use. The peer's address comes last, since one of
 * IPv4 ends with the first quarter of it.
 */
struct xtcp_tw_rec {
	struct xtcp_entry e;
	struct xtcp_tw_addr *addr;	/* our address and port, device */
	union {
		struct list_head slot;	/* of the wheel; table lock */
		struct rcu_head rcu;
	};
	union {
		struct {
			struct xtcp_tw tw;	/* table lock */
			u32 mark;
		};
		struct {
			struct xtcp_tw_rec *next;	/* dead: freed with this one */
			bool v4;			/* dead: of which size it is */
		};
	};
	u32 daddr[4];
};

/* Bytes of a record of IPv4. */
#define XTCP_TW_SIZE4	offsetof(struct xtcp_tw_rec, daddr[1])

static_assert(sizeof(struct xtcp_tw_rec) <= 96);
static_assert(XTCP_TW_SIZE4 <= 88);

/* The wheel: a slot for each tick, of about an eighth of a second, in a minute. */
#define XTCP_TW_TICK_SHIFT	7	/* of ms */
#define XTCP_TW_SLOTS		512

struct xtcp_tw_table {
	spinlock_t lock;
	u32 count;
	u32 tick;			/* slots before it are empty */
	u32 wake;			/* what the timer is armed for */
	struct timer_list timer;
	struct xtcp_net *xn;
	struct list_head due;		/* taken out of their slot */
	DECLARE_BITMAP(used, XTCP_TW_SLOTS);
	struct list_head slot[XTCP_TW_SLOTS];
};

int xtcp_tw_init_net(struct xtcp_net *xn);
void xtcp_tw_exit_net(struct xtcp_net *xn);
int xtcp_tw_slab_init(void);
void xtcp_tw_slab_exit(void);
bool xtcp_tw_reuse(struct sock *sk);
bool xtcp_tw_resume(struct xtcp_net *xn, const struct xtcp_flow *flow, u32 hash,
		    int l3mdev_oif, bool keep);

static inline bool xtcp_tw_is4(const struct xtcp_tw_rec *rec)
{
	return ipv6_addr_v4mapped((const struct in6_addr *)rec->addr->key.saddr);
}

static inline void xtcp_tw_flow(const struct xtcp_tw_rec *rec, struct xtcp_flow *flow)
{
	const struct xtcp_tw_key *key = &rec->addr->key;

	memcpy(flow->saddr, key->saddr, sizeof(flow->saddr));
	if (xtcp_tw_is4(rec)) {
		/* In front of it stands what stands in front of any. */
		memcpy(flow->daddr, key->saddr, 3 * sizeof(u32));
		flow->daddr[3] = rec->daddr[0];
	} else {
		memcpy(flow->daddr, rec->daddr, sizeof(flow->daddr));
	}
	flow->sport = key->sport;
	flow->dport = rec->e.dport;
}

/* ---- rx.c ---- */

/* One received packet on its way to its owner. */
struct xtcp_rx {
	struct net *net;
	struct xtcp_net *xn;
	struct xtcp_flow flow;		/* saddr is this end */
	u32 hash;			/* xtcp_flow_hash() */
	int dif;
	int sdif;
	bool verified;			/* header and checksum are */
	bool reopens;			/* a SYN ended TIME-WAIT (RFC 6191), */
	u32 iss_above;			/* of which this was SND.NXT */
	struct inet_timewait_sock *old;	/* the kernel's record that a SYN may end; our reference */
	u32 mark;			/* of a packet that met a listener, */
	u8 tos;				/* without ECN */
	__be32 label;			/* of a SYN: that of the SYN-ACK, see xtcp_ip_label() */
	u64 now;			/* ns */
};

enum xtcp_rx_result xtcp_tw_segment(struct xtcp_rx *rx, struct xtcp_tw_rec *rec,
				    struct sk_buff *skb);

/* What a packet without a socket needs besides the plan. */
struct xtcp_stateless {
	struct net *net;
	const struct sock *sk;		/* whose options count, or NULL */
	const struct xtcp_flow *flow;
	u32 mark;
	__be32 label;			/* of IPv6; 0: the one IP makes */
	int oif;
	u8 tos;
};

/* ---- request.c, syn.c, listen.c ---- */

/* What the half-open connections of one listener share. */
struct xtcp_listener {
	struct sock *sk;		/* outlives this by RCU */
	struct xtcp_net *xn;
	u16 sport;			/* network byte order */
	atomic_t count;			/* half-open connections */
	atomic_t young;			/* of these: no SYN-ACK was repeated yet */
	bool closed;			/* no more of them */
	struct xtcp_spot *spot;		/* where it is found; listen_lock */
	struct hlist_node spot_node;	/* there, unless another leads its group */
	struct xtcp_places places;	/* whose the accept queue is; acceptq_lock */
	struct rcu_head rcu;
};

/*
 * A half-open connection: one cache line, addresses last. IPv6 (req.v6) needs two
 * of 16 bytes, an interface for link-local ones and the flow label of the SYN-ACK,
 * which makes it 96 bytes. One of IPv4 that is tied to an interface is as large.
 */
struct xtcp_reqsk {
	struct xtcp_reqsk *next;		/* in its bucket */
	struct xtcp_listener *listener;
	u32 mark;
	u16 dport;			/* the other end; ours is the listener's */
	u8 tos;				/* of the SYN, without ECN */
	u8 wide;			/* addr[] has room for IPv6 and an interface */
	struct xtcp_request req;
	u32 addr[];			/* this end, the other end, interface, label */
};

/* Words of addr[]. */
#define XTCP_REQSK_ADDR4	2
#define XTCP_REQSK_ADDR6	(4 + 4 + 1 + 1)

/* One outside of the table, of either family. */
union xtcp_reqsk_any {
	struct xtcp_reqsk rsk;
	u8 room[sizeof(struct xtcp_reqsk) + XTCP_REQSK_ADDR6 * sizeof(u32)];
};

struct xtcp_reqsk_bucket {
	spinlock_t lock;
	u32 due;			/* ms: no deadline in it is earlier */
	struct xtcp_reqsk *first;
};

/*
 * The buckets of a table; freed by RCU. While the table grows there are two of these:
 * the half-open connections of the buckets below @moved are in those of @next, where
 * whoever comes to such a bucket goes on.
 */
struct xtcp_reqsk_array {
	struct xtcp_reqsk_array __rcu *next;	/* NULL: the table does not grow */
	u32 moved;			/* buckets; grows under the lock of the one that moves */
	u32 mask;			/* buckets - 1 */
	struct rcu_head rcu;
	struct xtcp_reqsk_bucket bucket[];
};

struct xtcp_reqsk_table {
	struct xtcp_net *xn;
	struct xtcp_reqsk_array __rcu *array;	/* grow_lock */
	atomic_t count;			/* half-open connections */
	u32 full;			/* as many are too many for the array */
	u32 cursor;			/* where the timer goes on */
	spinlock_t key_lock;		/* new keys of cookies */
	struct mutex grow_lock;		/* who makes an array, or walks them all */
	struct work_struct grow;	/* makes a larger one */
	struct timer_list timer;	/* for the earliest deadline */
	struct xtcp_sources sources;	/* of SYNs; no lock */
};

int xtcp_reqsk_slab_init(void);
void xtcp_reqsk_slab_exit(void);
int xtcp_reqsk_make(struct xtcp_net *xn, u32 backlog);
void xtcp_reqsk_exit_net(struct xtcp_net *xn);
void xtcp_reqsk_flow(const struct xtcp_reqsk *rsk, struct xtcp_flow *flow);
struct xtcp_reqsk_bucket *xtcp_reqsk_lock(struct xtcp_net *xn, u32 hash)
	__acquires(&bucket->lock);
struct xtcp_reqsk_bucket *xtcp_reqsk_bucket_at(const struct xtcp_net *xn, u64 i);
struct xtcp_reqsk *xtcp_reqsk_find(const struct xtcp_reqsk_bucket *bucket,
				   const struct xtcp_rx *rx);
void xtcp_reqsk_copy(union xtcp_reqsk_any *to, const struct xtcp_reqsk *rsk);
int xtcp_reqsk_dif(const struct xtcp_reqsk *rsk);
void xtcp_reqsk_fill(struct xtcp_reqsk *rsk, const struct xtcp_rx *rx,
		     struct xtcp_listener *l);
u32 xtcp_reqsk_room(const struct xtcp_net *xn, const struct xtcp_listener *l);
bool xtcp_reqsk_add(struct xtcp_rx *rx, struct xtcp_reqsk_bucket *bucket,
		    struct xtcp_listener *l, const struct xtcp_request *req);
void xtcp_reqsk_del(struct xtcp_net *xn, struct xtcp_reqsk_bucket *bucket,
		    struct xtcp_reqsk *rsk);
struct xtcp_stateless xtcp_reqsk_to(const struct xtcp_reqsk *rsk, struct xtcp_flow *flow);
void xtcp_reqsk_synack(const struct xtcp_reqsk *rsk, u64 now);
void xtcp_reqsk_stop(struct xtcp_listener *l);
enum xtcp_rx_result xtcp_listen_segment(struct xtcp_rx *rx, struct sock *sk,
					struct sk_buff *skb);
enum xtcp_drop xtcp_acceptq_reject(const struct xtcp_listener *l, u64 who);
struct sock *xtcp_listen_child(struct xtcp_listener *l, const struct xtcp_reqsk *rsk,
			       enum xtcp_drop *why, u64 now);
void xtcp_listen_accept(struct sock *sk, struct sock *child, struct sk_buff *skb,
			u64 now);

struct sock *xtcp_listen_syn(struct xtcp_listener *l, const struct xtcp_rx *rx,
			     struct sk_buff *skb, struct xtcp_seg *seg,
			     const struct xtcp_cookie *give, u32 *actions);
void xtcp_listen_accept_syn(struct sock *sk, struct sock *child, struct sk_buff *skb,
			    struct xtcp_seg *seg, u32 actions, u64 now);

/* ---- fastopen.c ---- */

void xtcp_fo_init_net(struct xtcp_net *xn);
bool xtcp_fo_off(const struct xtcp_net *xn);
struct xtcp_fo_queue *xtcp_fo_syn(const struct xtcp_rx *rx, const struct sock *sk,
				  const struct xtcp_seg *seg, struct xtcp_cookie *give);
void xtcp_fo_reject(struct xtcp_net *xn, struct xtcp_fo_queue *q);

/* ---- metrics.c ---- */

int xtcp_metrics_init(struct xtcp_net *xn);
void xtcp_metrics_exit(struct xtcp_net *xn);
void xtcp_metrics_get(struct xtcp_net *xn, struct xtcp_open *open);
bool xtcp_metrics_cookie_get(const struct sock *sk, struct xtcp_fo_client *fo);
void xtcp_metrics_cookie_put(const struct sock *sk);

/* ---- evict.c ---- */

void xtcp_evict_init_net(struct xtcp_net *xn);
void xtcp_evict_exit_net(struct xtcp_net *xn);

#endif /* XTCP_NET_H */
