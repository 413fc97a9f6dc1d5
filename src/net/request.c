// SPDX-License-Identifier: GPL-2.0
/*
 * Half-open connections: between SYN and the ACK that makes a socket.
 *
 * Whoever sends SYNs decides how many there are, so they have a table of their own,
 * apart from that of the sockets, whose size an administrator knows. Each is one cache
 * line: no RCU, no list of its listener's, no timer. A look-up takes the lock of a
 * bucket, since nearly every segment for a half-open connection changes it; there are
 * so many buckets that two CPUs seldom meet in one.
 *
 * A half-open connection becomes a socket under that lock, and the socket is in the
 * table of sockets before the half-open connection leaves this one. Whoever finds no
 * half-open connection looks for the socket once more with the lock still held
 * (xtcp_listen_segment()), and so no segment falls through between the tables.
 */
#include <linux/mm.h>
#include <linux/random.h>
#include <linux/slab.h>
#include <linux/tcp.h>

#include "../compat/timer.h"
#include "ip.h"

static struct kmem_cache *request_cache;	/* of IPv4 */
static struct kmem_cache *request_cache6;	/* of IPv6, or tied to an interface */

/*
 * Chains are this long when the table is full, which it is made larger at. It is made
 * for no more than LISTEN_MAX buckets at a listen(); a million half-open connections
 * have chains of this length in the largest one, of 2 MB.
 */
#define PER_BUCKET	8
#define BUCKETS_MIN	64u
#define LISTEN_MAX	4096u
#define BUCKETS_MAX	131072u

/* SYN-ACKs that one run of the timer repeats; the rest waits for the next. */
#define EXPIRE_MAX	128

/* Of these so many are taken from a bucket at once. */
#define BATCH		8

/*
 * A run of the timer follows another no sooner, ms: it looks at every bucket, of
 * which there may be so many in a ms.
 */
#define EXPIRE_SPACE	8
#define EXPIRE_BUCKETS	1024

/* Bytes of one of IPv4. */
#define REQSK_SIZE4	(sizeof(struct xtcp_reqsk) + XTCP_REQSK_ADDR4 * sizeof(u32))

int xtcp_reqsk_slab_init(void)
{
	/* What the two may take is a promise; see their definition. */
	BUILD_BUG_ON(REQSK_SIZE4 != 64);
	BUILD_BUG_ON(sizeof(union xtcp_reqsk_any) > 96);
	request_cache = kmem_cache_create("xtcp_request", REQSK_SIZE4, 0, SLAB_HWCACHE_ALIGN,
					  NULL);
	if (!request_cache)
		return -ENOMEM;
	request_cache6 = kmem_cache_create("xtcp_request6", sizeof(union xtcp_reqsk_any), 0, 0,
					   NULL);
	if (request_cache6)
		return 0;
	kmem_cache_destroy(request_cache);
	return -ENOMEM;
}

void xtcp_reqsk_slab_exit(void)
{
	kmem_cache_destroy(request_cache6);
	kmem_cache_destroy(request_cache);
}

/**
 * xtcp_reqsk_flow - the 4-tuple of a half-open connection
 * @rsk: half-open connection
 * @flow: filled in
 */
void xtcp_reqsk_flow(const struct xtcp_reqsk *rsk, struct xtcp_flow *flow)
{
	if (rsk->req.v6) {
		memcpy(flow->saddr, rsk->addr, sizeof(flow->saddr));
		memcpy(flow->daddr, rsk->addr + 4, sizeof(flow->daddr));
	} else {
		xtcp_flow_set4(flow->saddr, (__force __be32)rsk->addr[0]);
		xtcp_flow_set4(flow->daddr, (__force __be32)rsk->addr[1]);
	}
	flow->sport = rsk->listener->sport;
	flow->dport = rsk->dport;
}

/**
 * xtcp_reqsk_dif - the interface a half-open connection is tied to
 * @rsk: half-open connection
 *
 * Return: as of xtcp_ip_l3mdev_oif().
 */
int xtcp_reqsk_dif(const struct xtcp_reqsk *rsk)
{
	return rsk->wide ? rsk->addr[8] : 0;
}

/**
 * xtcp_reqsk_copy - what is to be used when the lock is gone
 * @to: copy
 * @rsk: half-open connection
 *
 * Context: bucket's lock.
 */
void xtcp_reqsk_copy(union xtcp_reqsk_any *to, const struct xtcp_reqsk *rsk)
{
	memcpy(to, rsk, rsk->wide ? sizeof(*to) : REQSK_SIZE4);
}

static bool request_is(const struct xtcp_reqsk *rsk, const struct xtcp_flow *flow)
{
	if (rsk->dport != flow->dport || rsk->req.v6 != xtcp_flow_is6(flow))
		return false;
	if (rsk->req.v6)
		return !memcmp(rsk->addr + 4, flow->daddr, sizeof(flow->daddr)) &&
		       !memcmp(rsk->addr, flow->saddr, sizeof(flow->saddr)) &&
		       rsk->listener->sport == flow->sport;
	return rsk->addr[1] == flow->daddr[3] && rsk->addr[0] == flow->saddr[3] &&
	       rsk->listener->sport == flow->sport;
}

/**
 * xtcp_reqsk_lock - lock the place of a 4-tuple
 * @xn: namespace with a listener
 * @hash: xtcp_flow_hash() of it
 *
 * Context: RCU read lock, bottom halves off. Return: bucket, locked.
 */
struct xtcp_reqsk_bucket *xtcp_reqsk_lock(struct xtcp_net *xn, u32 hash)
	__acquires(&bucket->lock)
{
	struct xtcp_reqsk_array *a = rcu_dereference(xn->requests->array);
	struct xtcp_reqsk_bucket *bucket = &a->bucket[hash & a->mask];

	spin_lock(&bucket->lock);
	/* The table grows: at each moment one of the two is the place. */
	while (unlikely((hash & a->mask) < READ_ONCE(a->moved))) {
		spin_unlock(&bucket->lock);
		a = rcu_dereference(a->next);
		bucket = &a->bucket[hash & a->mask];
		spin_lock(&bucket->lock);
	}
	return bucket;
}

/**
 * xtcp_reqsk_bucket_at - one of all buckets, for whoever lists the half-open connections
 * @xn: namespace
 * @i: counted from 0, through the array of the table and one that it grows into
 *
 * Context: RCU read lock. Return: bucket, not locked; NULL behind the last.
 */
struct xtcp_reqsk_bucket *xtcp_reqsk_bucket_at(const struct xtcp_net *xn, u64 i)
{
	struct xtcp_reqsk_table *t = READ_ONCE(xn->requests);
	struct xtcp_reqsk_array *a = t ? rcu_dereference(t->array) : NULL;

	for (; a; a = rcu_dereference(a->next)) {
		if (i <= a->mask)
			return &a->bucket[i];
		i -= a->mask + 1;
	}
	return NULL;
}

/**
 * xtcp_reqsk_find - look for a half-open connection
 * @bucket: from xtcp_reqsk_lock()
 * @rx: a segment of the same 4-tuple; each VRF and each link has its own
 *
 * Context: bucket's lock. Return: half-open connection or NULL.
 */
struct xtcp_reqsk *xtcp_reqsk_find(const struct xtcp_reqsk_bucket *bucket,
				   const struct xtcp_rx *rx)
{
	struct xtcp_reqsk *rsk;

	for (rsk = bucket->first; rsk; rsk = rsk->next)
		if (request_is(rsk, &rx->flow) && xtcp_reqsk_dif(rsk) == xtcp_ip_l3mdev_oif(rx))
			return rsk;
	return NULL;
}

/* Context: grow_lock. */
static struct xtcp_reqsk_array *the_array(struct xtcp_reqsk_table *t)
{
	return rcu_dereference_protected(t->array, lockdep_is_held(&t->grow_lock));
}

/* Of which nobody else knows. */
static void request_free(struct xtcp_reqsk_table *t)
{
	kvfree(rcu_dereference_protected(t->array, 1));
	kvfree(t);
}

static u32 ms_of(u64 now)
{
	return (u32)div_u64(now, NSEC_PER_MSEC);
}

/*
 * A half-open connection enters a bucket, which is to know of its deadline. Context:
 * bucket's lock.
 */
static void bucket_add(struct xtcp_reqsk_bucket *bucket, struct xtcp_reqsk *rsk)
{
	u32 at = rsk->req.deadline;

	if (!bucket->first || (s32)(at - bucket->due) < 0)
		WRITE_ONCE(bucket->due, at);
	rsk->next = bucket->first;
	WRITE_ONCE(bucket->first, rsk);
}

/**
 * xtcp_reqsk_fill - all of a half-open connection but what is the engine's
 * @rsk: half-open connection, req set, and wide
 * @rx: particulars of the packet
 * @l: listener
 */
void xtcp_reqsk_fill(struct xtcp_reqsk *rsk, const struct xtcp_rx *rx,
		     struct xtcp_listener *l)
{
	const struct xtcp_flow *flow = &rx->flow;

	rsk->listener = l;
	rsk->mark = xtcp_accept_mark(rx, l->sk);
	rsk->tos = rx->tos;
	rsk->dport = flow->dport;
	if (rsk->req.v6) {
		memcpy(rsk->addr, flow->saddr, sizeof(flow->saddr));
		memcpy(rsk->addr + 4, flow->daddr, sizeof(flow->daddr));
		rsk->addr[9] = (__force u32)rx->label;
	} else {
		rsk->addr[0] = flow->saddr[3];
		rsk->addr[1] = flow->daddr[3];
	}
	if (rsk->wide)
		rsk->addr[8] = xtcp_ip_l3mdev_oif(rx);
}

/**
 * xtcp_reqsk_add - a SYN is remembered
 * @rx: its particulars
 * @bucket: from xtcp_reqsk_lock()
 * @l: listener
 * @req: what the engine made of the SYN
 *
 * Context: bucket's lock. Return: false without memory.
 */
bool xtcp_reqsk_add(struct xtcp_rx *rx, struct xtcp_reqsk_bucket *bucket,
		    struct xtcp_listener *l, const struct xtcp_request *req)
{
	bool wide = req->v6 || xtcp_ip_l3mdev_oif(rx);
	struct xtcp_reqsk *rsk = kmem_cache_alloc(wide ? request_cache6 : request_cache,
						  GFP_ATOMIC | __GFP_NOWARN);
	struct xtcp_reqsk_table *t = rx->xn->requests;
	s32 wait;

	if (!rsk)
		return false;
	rsk->req = *req;
	rsk->wide = wide;
	xtcp_reqsk_fill(rsk, rx, l);
	bucket_add(bucket, rsk);
	atomic_inc(&l->count);
	atomic_inc(&l->young);
	if (unlikely(atomic_inc_return(&t->count) >= READ_ONCE(t->full)))
		schedule_work(&t->grow);
	wait = rsk->req.deadline - ms_of(rx->now);
	timer_reduce(&t->timer, jiffies + msecs_to_jiffies(max(wait, 0)) + 1);
	return true;
}

/**
 * xtcp_reqsk_del - forget a half-open connection
 * @xn: namespace
 * @bucket: its bucket
 * @rsk: half-open connection, freed
 *
 * Context: bucket's lock.
 */
void xtcp_reqsk_del(struct xtcp_net *xn, struct xtcp_reqsk_bucket *bucket,
		    struct xtcp_reqsk *rsk)
{
	struct xtcp_listener *l = rsk->listener;
	struct xtcp_reqsk **at = &bucket->first;
	struct xtcp_flow flow;

	/* Unless it has become a connection, which has ended the record. */
	if (unlikely(atomic_read(&xn->tables->count[XTCP_KIND_SUSPENDED]))) {
		xtcp_reqsk_flow(rsk, &flow);
		xtcp_tw_resume(xn, &flow, xtcp_flow_hash(xn->tables, &flow),
			       xtcp_reqsk_dif(rsk), true);
	}
	while (*at != rsk)
		at = &(*at)->next;
	WRITE_ONCE(*at, rsk->next);
	atomic_dec(&l->count);
	if (!rsk->req.retries)
		atomic_dec(&l->young);
	atomic_dec(&xn->requests->count);
	kmem_cache_free(rsk->wide ? request_cache6 : request_cache, rsk);
}

/* Half-open connections a listener may have. */
static u32 listener_most(const struct xtcp_listener *l)
{
	return max_t(u32, READ_ONCE(l->sk->sk_max_ack_backlog), 1);
}

/**
 * xtcp_reqsk_room - how many more half-open connections there may be
 * @xn: namespace
 * @l: listener
 *
 * Context: any. Return: of listener and namespace the lesser.
 */
u32 xtcp_reqsk_room(const struct xtcp_net *xn, const struct xtcp_listener *l)
{
	u32 most[] = { listener_most(l), READ_ONCE(xn->knobs.max_syn_backlog) };
	u32 count[] = { atomic_read(&l->count), atomic_read(&xn->requests->count) };

	if (count[0] >= most[0] || count[1] >= most[1])
		return 0;
	return min(most[0] - count[0], most[1] - count[1]);
}

/**
 * xtcp_reqsk_to - whom to answer, and as whom
 * @rsk: half-open connection
 * @flow: for its 4-tuple, filled in
 *
 * Context: RCU read lock. Return: for xtcp_ip_route() and xtcp_ip_send().
 */
struct xtcp_stateless xtcp_reqsk_to(const struct xtcp_reqsk *rsk, struct xtcp_flow *flow)
{
	const struct sock *sk = rsk->listener->sk;

	xtcp_reqsk_flow(rsk, flow);
	return (struct xtcp_stateless) {
		.net = sock_net(sk),
		.sk = sk,
		.flow = flow,
		.mark = rsk->mark,
		.oif = xtcp_ip_oif(sk, xtcp_reqsk_dif(rsk)),
		.tos = xtcp_accept_tos(rsk->listener->xn, sk, flow, rsk->tos),
		.label = rsk->req.v6 ? (__force __be32)rsk->addr[9] : 0,
	};
}

/**
 * xtcp_reqsk_synack - send a SYN-ACK again
 * @rsk: half-open connection, or a copy of it
 * @now: ns
 *
 * Context: RCU read lock, no lock of ours.
 */
void xtcp_reqsk_synack(const struct xtcp_reqsk *rsk, u64 now)
{
	struct xtcp_open open;
	struct xtcp_stateless to = xtcp_reqsk_to(rsk, &open.flow);
	struct dst_entry *dst = xtcp_ip_route(&to);
	struct xtcp_plan plan;

	if (IS_ERR(dst))
		return;
	open.adv_mss = xtcp_adv_mss(to.sk, dst);
	xtcp_request_plan(&rsk->req, &rsk->listener->xn->params, &open, &plan, now);
	xtcp_mib_inc(rsk->listener->xn, XTCP_MIB_SYN_RETRANS);
	xtcp_mib_inc(rsk->listener->xn, XTCP_MIB_RETRANS_SEGS);
	xtcp_ip_send(&to, dst, &plan);
}

/* The deadline of a half-open connection came; after XTCP_REQUEST_KILL it is gone. */
static enum xtcp_request_act request_timeout(struct xtcp_net *xn, struct xtcp_reqsk_bucket *bucket,
			 struct xtcp_reqsk *rsk, u64 now)
{
	struct xtcp_listener *l = rsk->listener;
	bool young = !rsk->req.retries;
	u32 retries = xtcp_request_retries(&xn->params, atomic_read(&l->count),
					   atomic_read(&l->young), listener_most(l));
	enum xtcp_request_act act;

	act = xtcp_request_timeout(&rsk->req, &xn->params, retries,
				   READ_ONCE(xtcp_sk(l->sk)->defer_accept), now);
	if (act == XTCP_REQUEST_KILL)
		xtcp_reqsk_del(xn, bucket, rsk);
	else if (young && rsk->req.retries)
		atomic_dec(&l->young);
	return act;
}

/*
 * Serve what is due in a bucket, a batch of it. The SYN-ACKs leave when its
 * lock is no longer held. Return: how many.
 */
static u32 bucket_run(struct xtcp_reqsk_table *t, struct xtcp_reqsk_bucket *bucket,
		      u64 now, u32 now_ms)
{
	union xtcp_reqsk_any batch[BATCH];
	struct xtcp_reqsk *rsk, *next;
	u32 due = now_ms + INT_MAX, n = 0, i;
	enum xtcp_request_act act;

	spin_lock(&bucket->lock);
	for (rsk = bucket->first; rsk; rsk = next) {
		next = rsk->next;
		if ((s32)(rsk->req.deadline - now_ms) <= 0 && n < BATCH) {
			act = request_timeout(t->xn, bucket, rsk, now);
			if (act == XTCP_REQUEST_KILL)
				continue;
			if (act == XTCP_REQUEST_SYNACK)
				xtcp_reqsk_copy(&batch[n++], rsk);
		}
		if ((s32)(rsk->req.deadline - due) < 0)
			due = rsk->req.deadline;
	}
	WRITE_ONCE(bucket->due, due);
	spin_unlock(&bucket->lock);
	for (i = 0; i < n; i++)
		xtcp_reqsk_synack(&batch[i].rsk, now);
	return n;
}

/*
 * Look into the buckets whose earliest deadline has come, from where that was left off.
 * Return: in how many ms the next one comes.
 */
static s32 array_run(struct xtcp_reqsk_table *t, struct xtcp_reqsk_array *a, u64 now, u32 *work)
{
	u32 now_ms = ms_of(now), i;
	s32 first = INT_MAX, left;

	for (i = 0; i <= a->mask && *work < EXPIRE_MAX; i++, t->cursor++) {
		struct xtcp_reqsk_bucket *bucket = &a->bucket[t->cursor & a->mask];

		if (!READ_ONCE(bucket->first))
			continue;
		if ((s32)(READ_ONCE(bucket->due) - now_ms) <= 0)
			*work += bucket_run(t, bucket, now, now_ms);
		left = (s32)(READ_ONCE(bucket->due) - now_ms);
		first = min(first, left);
	}
	return *work < EXPIRE_MAX ? first : 0;
}

/*
 * One timer for the table, armed only to earlier. A half-open connection that moves
 * while this walks may be missed: array_move() arms the timer when all have moved.
 */
static void request_expire(struct timer_list *timer)
{
	struct xtcp_reqsk_table *t = timer_container_of(t, timer, timer);
	struct xtcp_reqsk_array *a;
	u64 now = xtcp_now();
	s32 first = INT_MAX, space = EXPIRE_SPACE;
	u32 work = 0;

	xtcp_knobs_poll(t->xn);
	rcu_read_lock();
	for (a = rcu_dereference(t->array); a; a = rcu_dereference(a->next)) {
		first = min(first, array_run(t, a, now, &work));
		if (work < EXPIRE_MAX)
			space = max_t(s32, space, a->mask / EXPIRE_BUCKETS);
	}
	rcu_read_unlock();
	if (first < INT_MAX)
		timer_reduce(&t->timer, jiffies + msecs_to_jiffies(max(first, space)) + 1);
}

/* To another listener of the group, if there is one. Context: bucket's lock, RCU. */
static bool request_migrate(struct xtcp_reqsk *rsk)
{
	struct xtcp_listener *from = rsk->listener, *to;
	struct xtcp_flow flow;
	struct sock *target;

	xtcp_reqsk_flow(rsk, &flow);
	if (!from->sk->sk_reuseport || !READ_ONCE(from->xn->knobs.migrate_req))
		return false;
	target = xtcp_reuseport_migrate_target(from->sk, &flow);
	/* Pairs with xtcp_listen_start(). */
	to = target ? smp_load_acquire(&xtcp_sk(target)->listener) : NULL;
	if (!to || READ_ONCE(to->closed)) {
		xtcp_mib_inc(from->xn, XTCP_MIB_MIGRATE_FAILURE);
		return false;
	}
	xtcp_mib_inc(from->xn, XTCP_MIB_MIGRATE_SUCCESS);
	rsk->listener = to;
	atomic_dec(&from->count);
	atomic_inc(&to->count);
	if (!rsk->req.retries) {
		atomic_dec(&from->young);
		atomic_inc(&to->young);
	}
	return true;
}

/**
 * xtcp_reqsk_stop - a listener goes, and its half-open connections with it
 * @l: listener; nothing is added to it from here on
 *
 * The table is walked, which is as long as an administrator allows.
 *
 * Context: process, may sleep.
 */
void xtcp_reqsk_stop(struct xtcp_listener *l)
{
	struct xtcp_reqsk_table *t = l->xn->requests;
	struct xtcp_reqsk *rsk, *next;
	struct xtcp_reqsk_array *a;
	u32 i;

	/* Seen by whoever adds, since both take the lock of the bucket. */
	WRITE_ONCE(l->closed, true);
	mutex_lock(&t->grow_lock);
	a = the_array(t);
	rcu_read_lock();
	for (i = 0; i <= a->mask; i++) {
		spin_lock_bh(&a->bucket[i].lock);
		for (rsk = a->bucket[i].first; rsk; rsk = next) {
			next = rsk->next;
			if (rsk->listener == l && !request_migrate(rsk))
				xtcp_reqsk_del(l->xn, &a->bucket[i], rsk);
		}
		spin_unlock_bh(&a->bucket[i].lock);
	}
	rcu_read_unlock();
	mutex_unlock(&t->grow_lock);
	WARN_ON_ONCE(atomic_read(&l->count) || atomic_read(&l->young));
}

/* Buckets for so many half-open connections, @most at most. */
static u32 buckets_for(u32 requests, u32 most)
{
	return roundup_pow_of_two(clamp(requests / PER_BUCKET, BUCKETS_MIN, most));
}

/* @n: a power of two. Context: process, may sleep. Return: array or NULL. */
static struct xtcp_reqsk_array *array_new(u32 n)
{
	struct xtcp_reqsk_array *a;
	u32 i;

	a = kvzalloc(struct_size(a, bucket, n), GFP_KERNEL_ACCOUNT | __GFP_NOWARN);
	if (!a)
		return NULL;
	a->mask = n - 1;
	for (i = 0; i < n; i++)
		spin_lock_init(&a->bucket[i].lock);
	return a;
}

/* The half-open connections of a bucket move to a larger array. Context: bottom halves off. */
static void bucket_move(struct xtcp_reqsk_table *t, struct xtcp_reqsk_array *from, u32 i,
			struct xtcp_reqsk_array *to)
{
	struct xtcp_reqsk_bucket *old = &from->bucket[i], *new;
	struct xtcp_reqsk *rsk;
	struct xtcp_flow flow;

	spin_lock(&old->lock);
	while (old->first) {
		rsk = old->first;
		WRITE_ONCE(old->first, rsk->next);
		xtcp_reqsk_flow(rsk, &flow);
		new = &to->bucket[xtcp_flow_hash(t->xn->tables, &flow) & to->mask];
		spin_lock_nested(&new->lock, SINGLE_DEPTH_NESTING);
		bucket_add(new, rsk);
		spin_unlock(&new->lock);
	}
	WRITE_ONCE(from->moved, i + 1);
	spin_unlock(&old->lock);
}

/*
 * All move, a bucket at a time; segments and the timer find them meanwhile.
 * Context: grow_lock, process.
 */
static void array_move(struct xtcp_reqsk_table *t, struct xtcp_reqsk_array *to)
{
	struct xtcp_reqsk_array *from = the_array(t);
	u32 i;

	rcu_assign_pointer(from->next, to);
	for (i = 0; i <= from->mask; i++) {
		local_bh_disable();
		bucket_move(t, from, i, to);
		local_bh_enable();
		cond_resched();
	}
	rcu_assign_pointer(t->array, to);
	kvfree_rcu(from, rcu);
	timer_reduce(&t->timer, jiffies + 1);
}

/* Make the table one of @n buckets, unless it is as large. Context: process, may sleep. */
static void request_grow(struct xtcp_reqsk_table *t, u32 n)
{
	struct xtcp_reqsk_array *a;
	u32 full;

	mutex_lock(&t->grow_lock);
	if (the_array(t)->mask + 1 < n) {
		a = array_new(n);
		if (a)
			array_move(t, a);
	}
	/* Without memory chains become twice as long before the next attempt. */
	n = the_array(t)->mask + 1;
	full = max_t(u32, n * PER_BUCKET, 2 * atomic_read(&t->count));
	WRITE_ONCE(t->full, n < BUCKETS_MAX ? full : U32_MAX);
	mutex_unlock(&t->grow_lock);
}

/* There are more half-open connections than the table was made for. */
static void request_grow_work(struct work_struct *work)
{
	struct xtcp_reqsk_table *t = container_of(work, struct xtcp_reqsk_table, grow);

	request_grow(t, buckets_for(2 * atomic_read(&t->count), BUCKETS_MAX));
}

static struct xtcp_reqsk_table *request_new(struct xtcp_net *xn, u32 n)
{
	struct xtcp_reqsk_table *t = kvzalloc(sizeof(*t), GFP_KERNEL_ACCOUNT);
	struct xtcp_reqsk_array *a = array_new(n);
	u64 key[2];

	if (!t || !a) {
		kvfree(a);
		kvfree(t);
		return NULL;
	}
	t->xn = xn;
	t->full = n * PER_BUCKET;
	RCU_INIT_POINTER(t->array, a);
	spin_lock_init(&t->key_lock);
	mutex_init(&t->grow_lock);
	INIT_WORK(&t->grow, request_grow_work);
	get_random_bytes(key, sizeof(key));
	xtcp_source_init(&t->sources, key);
	timer_setup(&t->timer, request_expire, 0);
	return t;
}

/**
 * xtcp_reqsk_make - a table for one more listener
 * @xn: namespace
 * @backlog: of the listener
 *
 * The first one makes it. It grows with others, and with what they turn out to need
 * where their backlog or the namespace's limit is raised later; it is never too small
 * for the listener to be there.
 *
 * Context: process, may sleep. Return: 0 or -ENOMEM.
 */
int xtcp_reqsk_make(struct xtcp_net *xn, u32 backlog)
{
	u32 most = READ_ONCE(xn->knobs.max_syn_backlog);
	struct xtcp_reqsk_table *t = READ_ONCE(xn->requests);

	if (!t) {
		t = request_new(xn, buckets_for(most, LISTEN_MAX));
		if (!t)
			return -ENOMEM;
		/* Two sockets may have come here at once. */
		if (!cmpxchg(&xn->requests, NULL, t))
			return 0;
		request_free(t);
	}
	request_grow(xn->requests, buckets_for(min(backlog, most), LISTEN_MAX));
	return 0;
}

/**
 * xtcp_reqsk_exit_net - the table goes
 * @xn: namespace without listeners
 *
 * Context: process, may sleep.
 */
void xtcp_reqsk_exit_net(struct xtcp_net *xn)
{
	if (!xn->requests)
		return;
	cancel_work_sync(&xn->requests->grow);
	timer_shutdown_sync(&xn->requests->timer);
	request_free(xn->requests);
	xn->requests = NULL;
}
