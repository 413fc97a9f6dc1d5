/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Structures and functions that the files of src/net share.
 *
 * Lock order, outer first; Documentation/locking.rst has the same and says what each lock
 * protects. Mutexes sleep; spinlocks are taken with bottom halves off.
 *
 *	socket lock
 *	    xtcp_tables.port_mutex
 *		(the socket lock of a port reservation, in the kernel)
 *		nobody_mutex (port_reserve.c)
 *		xtcp_tw_table.lock, xtcp_tables.port_lock, xtcp_tables.locks[]
 *	    xtcp_reqsk_table.grow_lock
 *		xtcp_reqsk_bucket.lock
 *	    xtcp_tw_table.lock
 *	    xtcp_tables.port_lock
 *		(chains of the kernel's bound ports)
 *	    xtcp_tables.locks[], xtcp_tables.listen_lock
 *	    xtcp_sock.acceptq_lock
 *
 *	xtcp_reqsk_bucket.lock
 *	    that of the new bucket, while the table grows
 *	    xtcp_tw_table.lock
 *	    socket lock of a new child
 *		xtcp_tw_table.lock, port_lock, locks[]
 *
 *	xtcp_tw_table.lock
 *	    locks[], port_lock
 *
 *	evict_mutex (evict.c)
 *	    socket lock
 *
 * xtcp_reqsk_table.key_lock, xtcp_fastopen_queue.lock and the locks of metrics.c are
 * innermost.
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

/* The look-up tables of a namespace. Whatever is looked up per packet is read under RCU. */
struct xtcp_tables {
	struct hlist_nulls_head *chains;	/* entries by 4-tuple; locks[] */
	u32 mask;				/* number of chains - 1 */
	atomic_t count[XTCP_KIND_SUSPENDED + 1];	/* entries of each enum xtcp_kind */
	hsiphash_key_t tuple_key;		/* of xtcp_flow_hash() */
	siphash_key_t port_key;			/* RFC 6056, 3.3.4 */
	spinlock_t locks[1 << XTCP_LOCK_BITS];	/* each for the chains of some hashes */

	struct rhashtable listen_buckets;	/* struct xtcp_listen_bucket; listen_lock */
	u32 narrow;				/* of these, not on the wildcard; listen_lock */
	spinlock_t listen_lock;			/* buckets, their groups, listen[] */
	struct hlist_nulls_head listen[1 << XTCP_LISTEN_BITS];	/* listeners, for /proc */

	struct mutex port_mutex;		/* creation of buckets and reservations */
	spinlock_t port_lock;			/* users of each bucket, lists below */
	struct hlist_head ports[1 << XTCP_PORT_BITS];	/* struct xtcp_port; port_mutex */
	struct rhashtable tw_addrs;		/* struct xtcp_tw_addr; port_lock */
	struct list_head review_ports;		/* buckets to review; port_lock */
	struct list_head narrow_ports;		/* need new reservations; port_lock */
	atomic_t unsettled;			/* buckets on these lists or in review */
	struct work_struct port_work;		/* reviews them */
	struct list_head spare_ports;		/* unused, newest first; port_lock */
	u32 spares;				/* their number; port_lock */
	struct delayed_work spare_work;		/* frees them */
};

/* Local address and port of listeners. The wildcard of either family is all zeros. */
struct xtcp_listen_key {
	u32 addr[4];
	u32 port;			/* network byte order */
};

/* A local address and port that has listeners; freed after an RCU grace period. */
struct xtcp_listen_bucket {
	struct rhash_head node;		/* xtcp_tables.listen_buckets; listen_lock */
	struct xtcp_listen_key key;
	struct hlist_head leaders;	/* xtcp_listener, one of each group; listen_lock */
	struct rcu_head rcu;
};

/* The L3 domain of a device: the ifindex of its VRF; 0: the default domain. */
static inline int xtcp_vrf(const struct net *net, int dif)
{
	return l3mdev_master_ifindex_by_index((struct net *)net, dif);
}

/*
 * Does a socket that is bound to no device serve every VRF (tcp_l3mdev_accept)? If not,
 * it serves the default L3 domain only.
 */
static inline bool xtcp_across_vrfs(const struct xtcp_net *xn)
{
	return READ_ONCE(xn->knobs.l3mdev_accept);
}

int xtcp_tables_init(struct xtcp_net *xn);
void xtcp_tables_free(struct xtcp_net *xn);

u32 xtcp_flow_hash(const struct xtcp_tables *t, const struct xtcp_flow *flow);

/* The words that differ most often come first. */
static inline bool xtcp_same_flow(const struct xtcp_flow *a, const struct xtcp_flow *b)
{
	BUILD_BUG_ON(sizeof(*a) != 36);
	return a->daddr[3] == b->daddr[3] && a->saddr[3] == b->saddr[3] &&
	       a->sport == b->sport && a->dport == b->dport &&
	       !memcmp(a->daddr, b->daddr, 12) && !memcmp(a->saddr, b->saddr, 12);
}

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

/* The local end of a TIME-WAIT record, and what bind() needs to know of its socket. */
struct xtcp_tw_key {
	u32 saddr[4];
	int dif;			/* device the socket was bound to, 0: any */
	u16 sport;			/* network byte order */
	u8 reuse;			/* options of the socket: XTCP_TW_REUSE* */
	u8 family6;			/* the socket was AF_INET6 */
};

#define XTCP_TW_REUSEADDR	1
#define XTCP_TW_REUSEPORT	2

/*
 * Shared by all TIME-WAIT records with the same key. Freed after an RCU grace period,
 * since look-ups compare the key.
 */
struct xtcp_tw_addr {
	struct xtcp_tw_key key;
	u32 count;			/* records; port_lock */
	struct rhash_head node;		/* xtcp_tables.tw_addrs; port_lock */
	struct hlist_node port_node;	/* xtcp_port.addrs; port_lock */
	struct xtcp_port *port;		/* bucket of key.sport */
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
 * A TIME-WAIT record; there may be a million of them. A record is dead iff its entry's
 * kind is XTCP_KIND_NONE. It is then on no list, and fields that are read only under
 * the table lock are reused. An IPv4 record ends after daddr[0].
 */
struct xtcp_tw_rec {
	struct xtcp_entry e;
	struct xtcp_tw_addr *addr;	/* local address, port and device */
	union {
		struct list_head slot;	/* xtcp_tw_table.slot[] or due; table lock */
		struct rcu_head rcu;	/* dead */
	};
	union {
		struct {
			struct xtcp_tw tw;	/* the engine's; table lock */
			u32 mark;		/* of packets sent; table lock */
		};
		struct {
			struct xtcp_tw_rec *next;	/* dead: freed with this one */
			bool v4;			/* dead: an IPv4 record */
		};
	};
	u32 daddr[4];			/* peer; IPv4: daddr[0] alone */
};

/* Bytes of an IPv4 record. */
#define XTCP_TW_SIZE4	offsetof(struct xtcp_tw_rec, daddr[1])

static_assert(sizeof(struct xtcp_tw_rec) <= 96);
static_assert(XTCP_TW_SIZE4 <= 88);

/* The wheel has a slot for each tick of 128 ms in the next 65.5 s. */
#define XTCP_TW_TICK_SHIFT	7	/* log2 of ms in a tick */
#define XTCP_TW_SLOTS		512

/* TIME-WAIT records of a namespace; lock protects all but timer and xn. */
struct xtcp_tw_table {
	spinlock_t lock;
	u32 count;			/* records; also read without the lock */
	u32 tick;			/* slots of earlier ticks are empty */
	u32 wake;			/* tick that the timer is armed for */
	struct timer_list timer;
	struct xtcp_net *xn;
	struct list_head due;		/* records whose slot's tick is over */
	DECLARE_BITMAP(used, XTCP_TW_SLOTS);	/* slots that may hold a record */
	struct list_head slot[XTCP_TW_SLOTS];	/* xtcp_tw_rec.slot, by tick */
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
		/* The v4-mapped prefix is that of the local address. */
		memcpy(flow->daddr, key->saddr, 3 * sizeof(u32));
		flow->daddr[3] = rec->daddr[0];
	} else {
		memcpy(flow->daddr, rec->daddr, sizeof(flow->daddr));
	}
	flow->sport = key->sport;
	flow->dport = rec->e.dport;
}

/* ---- rx.c ---- */

/* What is known of a received packet; on the stack of the function that receives it. */
struct xtcp_rx_ctx {
	struct net *net;
	struct xtcp_net *xn;
	struct xtcp_flow flow;		/* saddr is this end */
	u32 hash;			/* xtcp_flow_hash() of it */
	int dif;			/* ifindex it came in by */
	int sdif;			/* ifindex of the slave if dif is an L3 master */
	bool verified;			/* header and checksum were checked, now is set */
	bool reopens;			/* a SYN that ended TIME-WAIT (RFC 6191) */
	u32 iss_above;			/* reopens: SND.NXT of the ended connection */
	struct inet_timewait_sock *old;	/* the kernel's TIME-WAIT that a SYN may end; referenced */
	u32 mark;			/* skb->mark; set for a listener's packets */
	u8 tos;				/* without the ECN bits; likewise */
	__be32 label;			/* SYN: label of the SYN-ACK, see xtcp_ip_label() */
	u64 now;			/* ns */
};

enum xtcp_rx_result xtcp_tw_segment(struct xtcp_rx_ctx *rx, struct xtcp_tw_rec *rec,
				    struct sk_buff *skb);

/* Where to send a packet that no connection sends; the plan has its TCP header. */
struct xtcp_stateless {
	struct net *net;
	const struct sock *sk;		/* socket whose options apply, or NULL */
	const struct xtcp_flow *flow;	/* saddr is this end */
	u32 mark;
	__be32 label;			/* IPv6 flow label; 0: IP computes one */
	int oif;			/* ifindex to leave by, 0: any */
	u8 tos;				/* IPv4 TOS or IPv6 traffic class */
};

/* ---- request.c, syn.c, listen.c ---- */

/*
 * What listen() adds to a socket; its half-open connections point here. Freed after an
 * RCU grace period.
 */
struct xtcp_listener {
	struct sock *sk;		/* the socket; freed later than this, under RCU */
	struct xtcp_net *xn;
	u16 sport;			/* network byte order */
	atomic_t count;			/* half-open connections */
	atomic_t young;			/* of these, those whose SYN-ACK was not repeated */
	bool closed;			/* accepts no SYN; set before the bucket walk */
	struct xtcp_listen_bucket *bucket;	/* its address and port; listen_lock */
	struct hlist_node bucket_node;	/* bucket->leaders, if it leads; listen_lock */
	struct xtcp_source_places places;	/* in the accept queue; acceptq_lock */
	struct rcu_head rcu;
};

/*
 * A half-open connection, protected by the lock of its bucket. An IPv4 one is one cache
 * line (64 bytes). An IPv6 one (req.v6) needs two addresses of 16 bytes, an interface for
 * link-local addresses and the flow label of the SYN-ACK, 96 bytes in all. An IPv4 one
 * that is tied to an interface is as large.
 */
struct xtcp_reqsk {
	struct xtcp_reqsk *next;		/* in its bucket */
	struct xtcp_listener *listener;
	u32 mark;			/* of packets sent */
	u16 dport;			/* peer, network byte order; listener has ours */
	u8 tos;				/* of the SYN, without the ECN bits */
	u8 wide;			/* addr[] has XTCP_REQSK_ADDR6 words */
	struct xtcp_request req;	/* the engine's */
	u32 addr[];			/* local, peer, [8]: interface, [9]: label */
};

/* Words of addr[]; IPv4: local and peer address. */
#define XTCP_REQSK_ADDR4	2
#define XTCP_REQSK_ADDR6	(4 + 4 + 1 + 1)

/* Room for a copy of either size, or for what a SYN cookie says. */
union xtcp_reqsk_any {
	struct xtcp_reqsk rsk;
	u8 room[sizeof(struct xtcp_reqsk) + XTCP_REQSK_ADDR6 * sizeof(u32)];
};

struct xtcp_reqsk_bucket {
	spinlock_t lock;
	u32 due;			/* ms; no deadline in the bucket is earlier */
	struct xtcp_reqsk *first;
};

/*
 * The buckets of a table; freed after an RCU grace period. While the table grows there
 * are two arrays: the half-open connections of the first @moved buckets are in @next,
 * and whoever has locked such a bucket unlocks it and goes on there.
 */
struct xtcp_reqsk_array {
	struct xtcp_reqsk_array __rcu *next;	/* larger array, or NULL; grow_lock */
	u32 moved;			/* buckets; written under the lock of the last */
	u32 mask;			/* number of buckets - 1 */
	struct rcu_head rcu;
	struct xtcp_reqsk_bucket bucket[];
};

/* The half-open connections of a namespace. */
struct xtcp_reqsk_table {
	struct xtcp_net *xn;
	struct xtcp_reqsk_array __rcu *array;	/* grow_lock */
	atomic_t count;			/* half-open connections */
	u32 full;			/* count at which grow is scheduled; grow_lock */
	u32 cursor;			/* next bucket to look at; timer only */
	spinlock_t key_lock;		/* draws a new key of SYN cookies */
	struct mutex grow_lock;		/* replaces the array, or walks all of it */
	struct work_struct grow;	/* makes a larger array */
	struct timer_list timer;	/* armed for the earliest deadline or before */
	struct xtcp_sources sources;	/* SYNs per source; no lock */
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
				   const struct xtcp_rx_ctx *rx);
void xtcp_reqsk_copy(union xtcp_reqsk_any *to, const struct xtcp_reqsk *rsk);
int xtcp_reqsk_dif(const struct xtcp_reqsk *rsk);
void xtcp_reqsk_fill(struct xtcp_reqsk *rsk, const struct xtcp_rx_ctx *rx,
		     struct xtcp_listener *l);
u32 xtcp_reqsk_room(const struct xtcp_net *xn, const struct xtcp_listener *l);
bool xtcp_reqsk_add(struct xtcp_rx_ctx *rx, struct xtcp_reqsk_bucket *bucket,
		    struct xtcp_listener *l, const struct xtcp_request *req);
void xtcp_reqsk_del(struct xtcp_net *xn, struct xtcp_reqsk_bucket *bucket,
		    struct xtcp_reqsk *rsk);
struct xtcp_stateless xtcp_reqsk_to(const struct xtcp_reqsk *rsk, struct xtcp_flow *flow);
void xtcp_reqsk_synack(const struct xtcp_reqsk *rsk, u64 now);
void xtcp_reqsk_stop(struct xtcp_listener *l);
enum xtcp_rx_result xtcp_listen_segment(struct xtcp_rx_ctx *rx, struct sock *sk,
					struct sk_buff *skb);
enum xtcp_drop_reason xtcp_acceptq_reject(const struct xtcp_listener *l, u64 who);
struct sock *xtcp_listen_child(struct xtcp_listener *l, const struct xtcp_reqsk *rsk,
			       enum xtcp_drop_reason *why, u64 now);
void xtcp_listen_accept(struct sock *sk, struct sock *child, struct sk_buff *skb,
			u64 now);

struct sock *xtcp_listen_syn(struct xtcp_listener *l, const struct xtcp_rx_ctx *rx,
			     struct sk_buff *skb, struct xtcp_seg *seg,
			     const struct xtcp_fastopen_cookie *give, u32 *actions);
void xtcp_listen_accept_syn(struct sock *sk, struct sock *child, struct sk_buff *skb,
			    struct xtcp_seg *seg, u32 actions, u64 now);

/* ---- fastopen.c ---- */

void xtcp_fastopen_init_net(struct xtcp_net *xn);
bool xtcp_fastopen_is_off(const struct xtcp_net *xn);
struct xtcp_fastopen_queue *xtcp_fastopen_admit(const struct xtcp_rx_ctx *rx,
						const struct sock *sk,
						const struct xtcp_seg *seg,
						struct xtcp_fastopen_cookie *give);
void xtcp_fastopen_reject(struct xtcp_net *xn, struct xtcp_fastopen_queue *q);

/* ---- metrics.c ---- */

int xtcp_metrics_init(struct xtcp_net *xn);
void xtcp_metrics_exit(struct xtcp_net *xn);
void xtcp_metrics_get(struct xtcp_net *xn, struct xtcp_open *open);
bool xtcp_metrics_get_fastopen(const struct sock *sk, struct xtcp_fastopen_client *fo);
void xtcp_metrics_put_fastopen(const struct sock *sk);

/* ---- evict.c ---- */

void xtcp_evict_init_net(struct xtcp_net *xn);
void xtcp_evict_exit_net(struct xtcp_net *xn);

#endif /* XTCP_NET_H */
