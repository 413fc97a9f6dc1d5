// SPDX-License-Identifier: GPL-2.0
/*
 * The look-up tables of a namespace: which socket or TIME-WAIT record owns a segment.
 *
 * Sockets with a 4-tuple and TIME-WAIT records are in one table, so that one look-up finds
 * the owner, and a record can replace a socket, or a socket a record, in one step. With a
 * table per kind a reader could find neither; the segment would go to a listener or to the
 * kernel's TCP, and a RST would answer it. Half-open connections have a table of their own,
 * see request.c.
 *
 * Readers hold the RCU read lock alone. A chain ends in a nulls value that names it,
 * because a socket that disconnects and connects again may carry a reader over to another
 * chain.
 */
#include <linux/mm.h>
#include <linux/random.h>
#include <linux/rhashtable.h>
#include <linux/slab.h>
#include <net/inet_hashtables.h>
#include <net/sock_reuseport.h>
#include <xtcp/family.h>

#include "../compat/sock.h"
#include "ip.h"

/*
 * Bytes of the host's memory per chain; the chains take one byte in 2,048. The kernel's TCP
 * has a chain per 128 KiB, which makes chains of thirty entries with a million TIME-WAIT
 * records on a small host.
 */
#define BYTES_PER_CHAIN		(16 << 10)
#define CHAINS_MIN		1024u
#define CHAINS_MAX		1048576u
/* Chains in each namespace except the initial one. */
#define CHAINS_OTHER		4096u

/*
 * Nulls values of the lists of listeners begin here, above those of the chains: a socket
 * that stops listening and connects carries a reader over from a list to a chain.
 */
#define LISTEN_NULLS		CHAINS_MAX

/* Key of listen_bucket_hash(): programs choose ports and loopback addresses. */
static hsiphash_key_t listen_bucket_secret __read_mostly;

static u32 listen_bucket_hash(const void *data, u32 len, u32 seed)
{
	const struct xtcp_listen_key *key = data;
	u32 all[] = { key->addr[0], key->addr[1], key->addr[2], key->addr[3], key->port, seed };

	if (likely(xtcp_addr_is4(key->addr) || xtcp_addr_any(key->addr)))
		return hsiphash_3u32(key->addr[3], key->port, seed, &listen_bucket_secret);
	return hsiphash(all, sizeof(all), &listen_bucket_secret);
}

static const struct rhashtable_params listen_bucket_params = {
	.key_len = sizeof(struct xtcp_listen_key),
	.key_offset = offsetof(struct xtcp_listen_bucket, key),
	.head_offset = offsetof(struct xtcp_listen_bucket, node),
	.hashfn = listen_bucket_hash,
	.automatic_shrinking = true,
};

static spinlock_t *table_lock(struct xtcp_tables *t, u32 hash)
{
	return &t->locks[hash & ((1 << XTCP_LOCK_BITS) - 1)];
}

static struct hlist_nulls_head *table_chain(const struct xtcp_tables *t, u32 hash)
{
	return &t->chains[hash & t->mask];
}

/* The list in which /proc finds a listener. Packets find it by its bucket. */
static struct hlist_nulls_head *table_listen_list(struct xtcp_tables *t, u32 hash)
{
	return &t->listen[hash & ((1 << XTCP_LISTEN_BITS) - 1)];
}

/**
 * xtcp_tables_init - make the look-up tables of a namespace
 * @xn: namespace
 *
 * Context: process, may sleep. Return: 0 or -ENOMEM.
 */
int xtcp_tables_init(struct xtcp_net *xn)
{
	struct xtcp_tables *t = kvzalloc(sizeof(*t), GFP_KERNEL_ACCOUNT);
	u32 i, n = CHAINS_OTHER;

	if (!t)
		return -ENOMEM;
	if (net_eq(xn->net, &init_net)) {
		u64 want = ((u64)totalram_pages() << PAGE_SHIFT) / BYTES_PER_CHAIN;

		n = roundup_pow_of_two(clamp_t(u64, want, CHAINS_MIN, CHAINS_MAX));
	}
	t->chains = kvmalloc_array(n, sizeof(*t->chains), GFP_KERNEL_ACCOUNT);
	if (!t->chains)
		goto no_chains;
	t->mask = n - 1;
	for (i = 0; i < n; i++)
		INIT_HLIST_NULLS_HEAD(&t->chains[i], i);
	for (i = 0; i < ARRAY_SIZE(t->locks); i++)
		spin_lock_init(&t->locks[i]);
	for (i = 0; i < ARRAY_SIZE(t->listen); i++)
		INIT_HLIST_NULLS_HEAD(&t->listen[i], LISTEN_NULLS + i);
	spin_lock_init(&t->listen_lock);
	get_random_bytes(&t->tuple_key, sizeof(t->tuple_key));
	get_random_bytes(&t->port_key, sizeof(t->port_key));
	get_random_once(&listen_bucket_secret, sizeof(listen_bucket_secret));
	if (rhashtable_init(&t->listen_buckets, &listen_bucket_params))
		goto no_listen_buckets;
	if (xtcp_ports_init(t))
		goto no_ports;
	xn->tables = t;
	return 0;

no_ports:
	rhashtable_destroy(&t->listen_buckets);
no_listen_buckets:
	kvfree(t->chains);
no_chains:
	kvfree(t);
	return -ENOMEM;
}

/**
 * xtcp_tables_free - free the look-up tables
 * @xn: namespace without sockets and records
 *
 * Context: process, may sleep.
 */
void xtcp_tables_free(struct xtcp_net *xn)
{
	struct xtcp_tables *t = xn->tables;

	xtcp_ports_free(t);
	rhashtable_destroy(&t->listen_buckets);
	xn->tables = NULL;
	kvfree(t->chains);
	kvfree(t);
}

/**
 * xtcp_flow_hash - hash of a 4-tuple
 * @t: tables, for their key
 * @flow: 4-tuple
 *
 * Keyed, because a peer chooses its port and perhaps its address: without a key it could
 * put all its connections into one chain.
 *
 * Context: any. Return: hash; each of the 32 bits may be used.
 */
u32 xtcp_flow_hash(const struct xtcp_tables *t, const struct xtcp_flow *flow)
{
	u32 ports = (u32)flow->sport << 16 | flow->dport;

	if (likely(!xtcp_flow_is6(flow)))
		return hsiphash_3u32(flow->saddr[3], flow->daddr[3], ports,
				     &t->tuple_key);
	return hsiphash(flow, sizeof(*flow), &t->tuple_key);
}

/*
 * Does a packet that came in by @dif, or its slave @sdif, match an owner bound to device
 * @bound (0: none)?
 */
static bool dif_matches(const struct xtcp_net *xn, int bound, int dif, int sdif)
{
	if (!bound)
		return !sdif || xtcp_across_vrfs(xn);
	return bound == dif || bound == sdif;
}

/* Can one packet match both bindings? 0 means any device in the same L3 domain. */
static bool difs_overlap(const struct xtcp_net *xn, int a, int b)
{
	int vrf_a, vrf_b;

	if (a == b)
		return true;
	vrf_a = xtcp_vrf(xn->net, a);
	vrf_b = xtcp_vrf(xn->net, b);
	if (vrf_a != vrf_b)
		return (!a || !b) && xtcp_across_vrfs(xn);
	return a == vrf_a || b == vrf_b;
}

/* Return: the device a record is bound to, 0 for any; -1: it has another 4-tuple. */
static int record_dif(const struct xtcp_entry *e, const struct xtcp_flow *flow)
{
	const struct xtcp_tw_rec *rec = container_of(e, struct xtcp_tw_rec, e);
	struct xtcp_flow own;

	if (rec->e.dport != flow->dport)
		return -1;
	xtcp_tw_flow(rec, &own);
	return xtcp_same_flow(&own, flow) ? rec->addr->key.dif : -1;
}

/*
 * The same for a socket or a record. -1 for suspended records, and for an entry of kind
 * NONE, which has just left; its replacement is behind it in the chain.
 */
static int entry_dif(const struct xtcp_entry *e, const struct xtcp_flow *flow)
{
	const struct xtcp_sock *xsk;

	switch (READ_ONCE(e->kind)) {
	case XTCP_KIND_SOCK:
		xsk = xtcp_entry_xsk(e);
		return xtcp_same_flow(&xsk->flow, flow) ? READ_ONCE(xsk->dif) : -1;
	case XTCP_KIND_TW:
		return record_dif(e, flow);
	default:
		return -1;
	}
}

static struct xtcp_entry *table_find(const struct xtcp_net *xn,
				     const struct xtcp_flow *flow,
				     u32 hash, int dif, int sdif)
{
	const struct xtcp_tables *t = xn->tables;
	struct hlist_nulls_node *node;
	struct xtcp_entry *e;
	int bound;

begin:
	hlist_nulls_for_each_entry_rcu(e, node, table_chain(t, hash), node) {
		if (e->hash != hash)
			continue;
		bound = entry_dif(e, flow);
		if (bound >= 0 && dif_matches(xn, bound, dif, sdif))
			return e;
	}
	/* Carried over to another chain: the rest of this one was missed. */
	if (get_nulls_value(node) != (hash & t->mask))
		goto begin;
	return NULL;
}

/**
 * xtcp_lookup - find the socket or TIME-WAIT record of a 4-tuple
 * @xn: namespace
 * @flow: 4-tuple; saddr and sport are this end's
 * @hash: its xtcp_flow_hash()
 * @dif: ifindex the packet came in by
 * @sdif: ifindex of the slave if @dif is an L3 master, or 0
 *
 * Context: RCU read lock, which alone keeps the result in memory: a socket may have no
 * reference left, a record may be dead.
 *
 * Return: entry or NULL.
 */
struct xtcp_entry *xtcp_lookup(const struct xtcp_net *xn, const struct xtcp_flow *flow,
			       u32 hash, int dif, int sdif)
{
	return table_find(xn, flow, hash, dif, sdif);
}

static void table_count(struct xtcp_net *xn, u8 kind, int n)
{
	atomic_add(n, &xn->tables->count[kind]);
	atomic_add(n, &xn->sockets);
}

/**
 * xtcp_table_add - enter a 4-tuple
 * @xn: namespace
 * @e: entry, in no table
 * @kind: enum xtcp_kind; the owner's fields have the same 4-tuple and device
 * @flow: 4-tuple
 * @dif: ifindex the owner is bound to, 0: any
 *
 * Context: any, bottom halves may be on.
 * Return: 0, or -EADDRNOTAVAIL when the 4-tuple is taken.
 */
int xtcp_table_add(struct xtcp_net *xn, struct xtcp_entry *e, u8 kind,
		   const struct xtcp_flow *flow, int dif)
{
	struct xtcp_tables *t = xn->tables;
	struct hlist_nulls_node *node;
	struct xtcp_entry *other;
	spinlock_t *lock;
	int err = 0, bound;

	e->hash = xtcp_flow_hash(t, flow);
	lock = table_lock(t, e->hash);
	spin_lock_bh(lock);
	hlist_nulls_for_each_entry(other, node, table_chain(t, e->hash), node) {
		if (other->hash != e->hash)
			continue;
		bound = entry_dif(other, flow);
		if (bound >= 0 && difs_overlap(xn, bound, dif)) {
			err = -EADDRNOTAVAIL;
			break;
		}
	}
	if (!err) {
		WRITE_ONCE(e->kind, kind);
		hlist_nulls_add_head_rcu(&e->node, table_chain(t, e->hash));
		table_count(xn, kind, 1);
	}
	spin_unlock_bh(lock);
	return err;
}

/**
 * xtcp_table_replace - replace the owner of a 4-tuple by another
 * @xn: namespace
 * @old: entry in the table; in none on return
 * @new: entry in no table, its owner with the same 4-tuple and device
 * @kind: enum xtcp_kind of @new
 *
 * @new is linked behind @old before @old is unlinked, so a reader anywhere in the chain
 * meets one of them.
 *
 * Context: any; the caller's lock keeps @old in the table.
 */
void xtcp_table_replace(struct xtcp_net *xn, struct xtcp_entry *old,
			struct xtcp_entry *new, u8 kind)
{
	struct xtcp_tables *t = xn->tables;
	spinlock_t *lock = table_lock(t, old->hash);
	struct hlist_nulls_node *next;

	new->hash = old->hash;

	spin_lock_bh(lock);
	WRITE_ONCE(new->kind, kind);
	next = old->node.next;
	WRITE_ONCE(new->node.next, next);
	WRITE_ONCE(new->node.pprev, &old->node.next);
	/* A reader that follows the pointer to @new sees its fields. */
	smp_store_release(&old->node.next, &new->node);
	if (!is_a_nulls(next))
		WRITE_ONCE(next->pprev, &new->node.next);
	hlist_nulls_del_init_rcu(&old->node);
	table_count(xn, old->kind, -1);
	table_count(xn, kind, 1);
	WRITE_ONCE(old->kind, XTCP_KIND_NONE);
	spin_unlock_bh(lock);
}

/**
 * xtcp_table_del - remove an entry; does nothing if it is in no table
 * @xn: namespace
 * @e: entry, not a listener's
 *
 * Context: any.
 */
void xtcp_table_del(struct xtcp_net *xn, struct xtcp_entry *e)
{
	spinlock_t *lock = table_lock(xn->tables, e->hash);

	spin_lock_bh(lock);
	if (e->kind != XTCP_KIND_NONE) {
		hlist_nulls_del_init_rcu(&e->node);
		table_count(xn, e->kind, -1);
		WRITE_ONCE(e->kind, XTCP_KIND_NONE);
	}
	spin_unlock_bh(lock);
}

/* Context: chain lock. */
static void table_set_kind(struct xtcp_net *xn, struct xtcp_entry *e, u8 kind)
{
	table_count(xn, e->kind, -1);
	table_count(xn, kind, 1);
	WRITE_ONCE(e->kind, kind);
}

/**
 * xtcp_table_suspend - hide an entry from look-ups without removing it
 * @xn: namespace
 * @e: TIME-WAIT record in the table
 *
 * Context: any, lock of TIME-WAIT.
 */
void xtcp_table_suspend(struct xtcp_net *xn, struct xtcp_entry *e)
{
	spinlock_t *lock = table_lock(xn->tables, e->hash);

	spin_lock_bh(lock);
	table_set_kind(xn, e, XTCP_KIND_SUSPENDED);
	spin_unlock_bh(lock);
}

/**
 * xtcp_table_resume - find an entry that xtcp_table_suspend() hid
 * @xn: namespace
 * @flow: 4-tuple
 * @hash: its xtcp_flow_hash()
 * @l3mdev_oif: xtcp_ip_l3mdev_oif() of the SYN it was suspended for
 * @back: make it XTCP_KIND_TW again, unless another entry has the 4-tuple now
 *
 * Context: any, lock of TIME-WAIT.
 * Return: entry, XTCP_KIND_SUSPENDED or XTCP_KIND_TW; NULL: none was suspended.
 */
struct xtcp_entry *xtcp_table_resume(struct xtcp_net *xn, const struct xtcp_flow *flow,
				     u32 hash, int l3mdev_oif, bool back)
{
	spinlock_t *lock = table_lock(xn->tables, hash);
	struct xtcp_entry *e, *suspended = NULL;
	struct hlist_nulls_node *node;
	int bound;

	spin_lock_bh(lock);
	hlist_nulls_for_each_entry(e, node, table_chain(xn->tables, hash), node) {
		if (e->hash != hash)
			continue;
		bound = e->kind == XTCP_KIND_SUSPENDED ? record_dif(e, flow) : entry_dif(e,
											 flow);
		if (bound < 0 || !difs_overlap(xn, bound, l3mdev_oif))
			continue;
		if (e->kind == XTCP_KIND_SUSPENDED)
			suspended = e;
		else
			back = false;
	}
	if (suspended && back)
		table_set_kind(xn, suspended, XTCP_KIND_TW);
	spin_unlock_bh(lock);
	return suspended;
}

/*
 * How well a listener of a bucket fits a packet; 0: not at all. A listener bound to the
 * device goes first, then an AF_INET listener.
 */
static u32 listener_score(const struct xtcp_net *xn, const struct xtcp_sock *xsk,
			  const struct xtcp_flow *flow, int dif, int sdif)
{
	const struct sock *sk = &xsk->inet.sk;
	int bound = READ_ONCE(xsk->dif);
	u32 score = 1;

	if (!dif_matches(xn, bound, dif, sdif))
		return 0;
	if (xtcp_addr_any(xsk->flow.saddr) &&
	    (xtcp_flow_is6(flow) ? xtcp_addr_is4(xsk->flow.saddr) :
				   xtcp_family6(sk) && ipv6_only_sock(sk)))
		return 0;
	if (bound)
		score += 4;
	if (!xtcp_family6(sk))
		score += 2;
	return score;
}

/* The best listener of a bucket: a socket without a group, or the leader of its group. */
static struct sock *listener_best(const struct xtcp_net *xn,
				  const struct xtcp_listen_key *key,
				  const struct xtcp_flow *flow, int dif, int sdif)
{
	const struct xtcp_listen_bucket *bucket;
	const struct xtcp_listener *l;
	struct sock *best = NULL;
	u32 score, top = 0;

	bucket = rhashtable_lookup(&xn->tables->listen_buckets, key, listen_bucket_params);
	if (!bucket)
		return NULL;
	hlist_for_each_entry_rcu(l, &bucket->leaders, bucket_node) {
		score = listener_score(xn, xtcp_sk(l->sk), flow, dif, sdif);
		if (score > top) {
			best = l->sk;
			top = score;
		}
	}
	return best;
}

/**
 * xtcp_lookup_listener - find the listener for an address and port
 * @xn: namespace
 * @flow: 4-tuple; saddr and sport are this end's
 * @hash: its xtcp_flow_hash()
 * @dif: ifindex the packet came in by
 * @sdif: ifindex of the slave if @dif is an L3 master, or 0
 * @skb: segment, for the BPF program of a SO_REUSEPORT group; or NULL
 *
 * Listeners bound to the address go before those on the wildcard. A SO_REUSEPORT group is
 * one entry here, whose member reuseport.c selects; so the work depends neither on the
 * number of listeners nor on the size of a group.
 *
 * Context: RCU read lock, which alone keeps the result in memory.
 * Return: socket or NULL.
 */
struct sock *xtcp_lookup_listener(const struct xtcp_net *xn,
				  const struct xtcp_flow *flow, u32 hash, int dif,
				  int sdif, struct sk_buff *skb)
{
	struct xtcp_listen_key key = { .port = flow->sport };
	const struct xtcp_tables *t = xn->tables;
	struct sock *sk = NULL;

	if (!atomic_read(&t->listen_buckets.nelems))
		return NULL;
	if (READ_ONCE(t->narrow)) {
		memcpy(key.addr, flow->saddr, sizeof(key.addr));
		sk = listener_best(xn, &key, flow, dif, sdif);
		memset(key.addr, 0, sizeof(key.addr));
	}
	if (!sk)
		sk = listener_best(xn, &key, flow, dif, sdif);
	return sk ? xtcp_reuseport_select(sk, hash, skb) : NULL;
}

/**
 * xtcp_flow_of_sock - the 4-tuple a socket has now
 * @sk: socket, hashed or not
 * @flow: filled in
 *
 * Context: socket lock, or port_lock with the socket in a bucket.
 */
void xtcp_flow_of_sock(const struct sock *sk, struct xtcp_flow *flow)
{
	const struct inet_sock *inet = inet_sk(sk);

	if (xtcp_family6(sk)) {
		xtcp_ip6_sock_flow(sk, flow);
	} else {
		xtcp_flow_set4(flow->saddr, inet->inet_rcv_saddr);
		xtcp_flow_set4(flow->daddr, inet->inet_daddr);
	}
	flow->sport = (__force u16)inet->inet_sport;
	flow->dport = (__force u16)inet->inet_dport;
}

/*
 * The leader of the SO_REUSEPORT group that @sk would belong to if it were bound to @dif,
 * or NULL. The leader is the member that is linked to the bucket. Context: listen_lock.
 */
static struct sock *listener_group(const struct xtcp_listen_bucket *bucket,
				   const struct sock *sk, int dif)
{
	const struct xtcp_listener *l;
	struct sock *other;

	hlist_for_each_entry(l, &bucket->leaders, bucket_node) {
		other = l->sk;
		if (other != sk && xtcp_sk(other)->dif == dif &&
		    !memcmp(xtcp_sk(other)->flow.saddr, xtcp_sk(sk)->flow.saddr,
			    sizeof(xtcp_sk(sk)->flow.saddr)) &&
		    other->sk_reuseport && other->sk_family == sk->sk_family &&
		    other->sk_ipv6only == sk->sk_ipv6only &&
		    uid_eq(sock_i_uid(other), sock_i_uid((struct sock *)sk)))
			return other;
	}
	return NULL;
}

/* Add a listener to its group or, without one, to its bucket. Context: listen_lock. */
static int listen_bucket_add(struct sock *sk)
{
	struct xtcp_listener *l = xtcp_sk(sk)->listener;
	struct sock *leader = NULL;
	int err;

	if (sk->sk_reuseport) {
		leader = listener_group(l->bucket, sk, xtcp_sk(sk)->dif);
		err = xtcp_reuseport_join(sk, leader);
		if (err)
			return err;
	}
	if (!leader)
		hlist_add_head_rcu(&l->bucket_node, &l->bucket->leaders);
	return 0;
}

/*
 * Remove a listener; another of its group is linked in its place first. Context:
 * listen_lock.
 */
static void listen_bucket_del(struct sock *sk)
{
	struct xtcp_listener *l = xtcp_sk(sk)->listener;
	struct sock *target = xtcp_reuseport_leave(sk);

	if (hlist_unhashed(&l->bucket_node))
		return;
	if (target)
		hlist_add_head_rcu(&xtcp_sk(target)->listener->bucket_node,
				   &l->bucket->leaders);
	hlist_del_init_rcu(&l->bucket_node);
}

/* Free a bucket that has no listeners. Context: listen_lock. */
static void listen_bucket_put(struct xtcp_tables *t, struct xtcp_listen_bucket *bucket)
{
	if (!hlist_empty(&bucket->leaders))
		return;
	rhashtable_remove_fast(&t->listen_buckets, &bucket->node, listen_bucket_params);
	WRITE_ONCE(t->narrow, t->narrow - !xtcp_addr_any(bucket->key.addr));
	kfree_rcu(bucket, rcu);
}

/* The bucket of a listener; @fresh is entered if there is none. Context: listen_lock. */
static struct xtcp_listen_bucket *listen_bucket_get(struct xtcp_tables *t,
						    const struct xtcp_flow *flow,
						    struct xtcp_listen_bucket *fresh)
{
	struct xtcp_listen_bucket *bucket;

	fresh->key.port = flow->sport;
	if (!xtcp_addr_any(flow->saddr))
		memcpy(fresh->key.addr, flow->saddr, sizeof(fresh->key.addr));
	bucket = rhashtable_lookup_fast(&t->listen_buckets, &fresh->key,
					listen_bucket_params);
	if (bucket)
		return bucket;
	if (rhashtable_insert_fast(&t->listen_buckets, &fresh->node, listen_bucket_params))
		return NULL;
	WRITE_ONCE(t->narrow, t->narrow + !xtcp_addr_any(fresh->key.addr));
	return fresh;
}

/**
 * xtcp_hash_listen - enter a listener into the table
 * @sk: bound socket after xtcp_listen_start()
 *
 * Context: process, socket lock, may sleep.
 * Return: 0; -ENOMEM, -ENOSPC when it cannot join or make its SO_REUSEPORT group.
 */
int xtcp_hash_listen(struct sock *sk)
{
	struct xtcp_listen_bucket *bucket, *fresh = kzalloc(sizeof(*fresh),
							    GFP_KERNEL_ACCOUNT);
	struct xtcp_net *xn = xtcp_pernet(sock_net(sk));
	struct xtcp_sock *xsk = xtcp_sk(sk);
	struct xtcp_entry *e = &xsk->entry;
	struct xtcp_tables *t = xn->tables;
	int err = -ENOMEM;

	if (!fresh)
		return err;
	xtcp_flow_of_sock(sk, &xsk->flow);
	xsk->dif = sk->sk_bound_dev_if;
	e->hash = get_random_u32();

	spin_lock_bh(&t->listen_lock);
	bucket = listen_bucket_get(t, &xsk->flow, fresh);
	if (bucket) {
		xsk->listener->bucket = bucket;
		err = listen_bucket_add(sk);
		if (err)
			listen_bucket_put(t, bucket);
	}
	if (!err) {
		WRITE_ONCE(e->kind, XTCP_KIND_LISTEN);
		hlist_nulls_add_head_rcu(&e->node, table_listen_list(t, e->hash));
		table_count(xn, XTCP_KIND_LISTEN, 1);
	}
	spin_unlock_bh(&t->listen_lock);
	if (bucket != fresh)
		kfree(fresh);
	return err;
}

/**
 * xtcp_unhash - remove a socket from the look-up tables
 * @sk: socket, in a table or not
 *
 * A reader that has found it already takes the socket lock and sees that the entry's
 * kind is XTCP_KIND_NONE.
 *
 * Context: any, socket lock.
 */
void xtcp_unhash(struct sock *sk)
{
	struct xtcp_net *xn = xtcp_pernet(sock_net(sk));
	struct xtcp_entry *e = &xtcp_sk(sk)->entry;

	if (READ_ONCE(e->kind) != XTCP_KIND_LISTEN) {
		xtcp_table_del(xn, e);
		return;
	}
	spin_lock_bh(&xn->tables->listen_lock);
	listen_bucket_del(sk);
	listen_bucket_put(xn->tables, xtcp_sk(sk)->listener->bucket);
	hlist_nulls_del_init_rcu(&e->node);
	table_count(xn, XTCP_KIND_LISTEN, -1);
	WRITE_ONCE(e->kind, XTCP_KIND_NONE);
	spin_unlock_bh(&xn->tables->listen_lock);
}

/**
 * xtcp_rehash - proto.rehash: the device that a socket is bound to has changed
 * @sk: socket, in a table or not
 *
 * Packets are matched against the new device at once, as in the kernel's TCP. The place of
 * the entry does not depend on the device, but a listener's SO_REUSEPORT group does.
 *
 * Context: process, socket lock.
 */
void xtcp_rehash(struct sock *sk)
{
	struct xtcp_tables *t = xtcp_pernet(sock_net(sk))->tables;
	struct xtcp_sock *xsk = xtcp_sk(sk);
	int dif = sk->sk_bound_dev_if;

	if (READ_ONCE(xsk->entry.kind) != XTCP_KIND_LISTEN || xsk->dif == dif ||
	    !rcu_access_pointer(sk->sk_reuseport_cb)) {
		WRITE_ONCE(xsk->dif, dif);
		return;
	}
	spin_lock_bh(&t->listen_lock);
	/* Alone in its group before and after: it need not leave the table. */
	if (xtcp_reuseport_alone(sk) && !listener_group(xsk->listener->bucket, sk, dif)) {
		WRITE_ONCE(xsk->dif, dif);
	} else {
		listen_bucket_del(sk);
		WRITE_ONCE(xsk->dif, dif);
		/* It could not join a group: it listens alone. */
		if (listen_bucket_add(sk))
			hlist_add_head_rcu(&xsk->listener->bucket_node,
					   &xsk->listener->bucket->leaders);
	}
	spin_unlock_bh(&t->listen_lock);
}

/**
 * xtcp_hash_flow - enter the 4-tuple of a socket into the table
 * @sk: socket with addresses and ports, in no table
 *
 * Context: any, socket lock.
 * Return: 0, or -EADDRNOTAVAIL when it is taken.
 */
int xtcp_hash_flow(struct sock *sk)
{
	struct xtcp_sock *xsk = xtcp_sk(sk);

	xtcp_flow_of_sock(sk, &xsk->flow);
	xsk->dif = sk->sk_bound_dev_if;
	xsk->reopens = 0;
	return xtcp_table_add(xtcp_pernet(sock_net(sk)), &xsk->entry, XTCP_KIND_SOCK,
			      &xsk->flow, xsk->dif);
}

/**
 * xtcp_hash_connect - choose the port of an active open and enter the 4-tuple
 * @sk: socket with both addresses and the peer's port
 *
 * Context: process, socket lock, may sleep.
 * Return: 0; -EADDRNOTAVAIL when the 4-tuple is taken or no port is left;
 * -ENOMEM.
 */
int xtcp_hash_connect(struct sock *sk)
{
	int err;

	if (!inet_sk(sk)->inet_num)
		return xtcp_port_connect(sk);
	err = xtcp_hash_flow(sk);
	if (err && !xtcp_tw_reuse(sk))
		return err;
	xtcp_port_connected(sk);
	return 0;
}
