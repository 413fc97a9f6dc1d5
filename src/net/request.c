// SPDX-License-Identifier: GPL-2.0
/*
 * Half-open connections: between the SYN and the ACK that makes a socket.
 *
 * They have a table of their own, apart from that of the sockets, because the senders of
 * SYNs decide how many there are. Each is one cache line: it has no RCU head, no list node
 * for its listener and no timer. A look-up takes the lock of a bucket, since nearly every
 * segment for a half-open connection changes it; there are so many buckets that two CPUs
 * seldom meet in one.
 *
 * A half-open connection becomes a socket under that lock: the socket is entered into the
 * table of sockets before the half-open connection leaves this one. A segment that finds
 * no half-open connection looks for a socket once more with the lock still held
 * (xtcp_listen_segment()), so that it cannot miss both.
 */
#include <linux/mm.h>
#include <linux/random.h>
#include <linux/slab.h>
#include <linux/tcp.h>

#include "../compat/timer.h"
#include "ip.h"

static struct kmem_cache *request_cache;	/* IPv4 */
static struct kmem_cache *request_cache6;	/* IPv6, or tied to an interface */

/*
 * The table grows when its chains have this length on average. listen() makes it no larger
 * than LISTEN_MAX buckets; only half-open connections make it larger. The largest one takes
 * 2 MB and holds a million of them with chains of this length.
 */
#define PER_BUCKET	8
#define BUCKETS_MIN	64u
#define LISTEN_MAX	4096u
#define BUCKETS_MAX	131072u

/* SYN-ACKs repeated in one run of the timer; the others wait for the next run. */
#define EXPIRE_MAX	128

/* SYN-ACKs repeated per look at a bucket; their copies are on the stack. */
#define BATCH		8

/*
 * Least time between two runs of the timer in ms, and buckets per ms of it: a run looks at
 * every bucket, so a larger table is looked at less often.
 */
#define EXPIRE_SPACE	8
#define EXPIRE_BUCKETS	1024

/* Bytes of an IPv4 half-open connection. */
#define REQSK_SIZE4	(sizeof(struct xtcp_reqsk) + XTCP_REQSK_ADDR4 * sizeof(u32))

/**
 * xtcp_reqsk_slab_init - make the caches of half-open connections
 *
 * Context: process, may sleep. Return: 0 or -ENOMEM.
 */
int xtcp_reqsk_slab_init(void)
{
	/* As promised at struct xtcp_reqsk. */
	BUILD_BUG_ON(REQSK_SIZE4 > 64);
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

/**
 * xtcp_reqsk_slab_exit - free the caches of half-open connections
 *
 * Context: process, may sleep. No half-open connection is left.
 */
void xtcp_reqsk_slab_exit(void)
{
	kmem_cache_destroy(request_cache6);
	kmem_cache_destroy(request_cache);
}

/**
 * xtcp_reqsk_flow - the 4-tuple of a half-open connection
 * @rsk: half-open connection
 * @flow: filled in
 *
 * Context: bucket's lock, or @rsk is a copy.
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
 * Context: bucket's lock, or @rsk is a copy. Return: ifindex, 0 for any; the
 * xtcp_ip_l3mdev_oif() of its SYN.
 */
int xtcp_reqsk_dif(const struct xtcp_reqsk *rsk)
{
	return rsk->wide ? rsk->addr[8] : 0;
}

/**
 * xtcp_reqsk_copy - copy a half-open connection, to use it without the lock
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
 * xtcp_reqsk_lock - lock the bucket of a 4-tuple
 * @xn: namespace with a listener
 * @hash: xtcp_flow_hash() of the 4-tuple
 *
 * Context: RCU read lock, bottom halves off. Return: bucket, locked.
 */
struct xtcp_reqsk_bucket *xtcp_reqsk_lock(struct xtcp_net *xn, u32 hash)
	__acquires(&bucket->lock)
{
	struct xtcp_reqsk_array *a = rcu_dereference(xn->requests->array);
	struct xtcp_reqsk_bucket *bucket = &a->bucket[hash & a->mask];

	spin_lock(&bucket->lock);
	/*
	 * The table grows, and the contents of this bucket have moved to the larger array.
	 */
	while (unlikely((hash & a->mask) < READ_ONCE(a->moved))) {
		spin_unlock(&bucket->lock);
		a = rcu_dereference(a->next);
		bucket = &a->bucket[hash & a->mask];
		spin_lock(&bucket->lock);
	}
	return bucket;
}

/**
 * xtcp_reqsk_bucket_at - a bucket by its number, to list the half-open connections
 * @xn: namespace
 * @i: number from 0, through the array of the table and then the one it grows into
 *
 * Context: RCU read lock. Return: bucket, not locked; NULL after the last.
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
 * @rx: segment; its 4-tuple and its interface, if that is a VRF's or the address is
 *	link-local, are those of the half-open connection
 *
 * Context: bucket's lock. Return: half-open connection or NULL.
 */
struct xtcp_reqsk *xtcp_reqsk_find(const struct xtcp_reqsk_bucket *bucket,
				   const struct xtcp_rx_ctx *rx)
{
	struct xtcp_reqsk *rsk;

	for (rsk = bucket->first; rsk; rsk = rsk->next)
		if (request_is(rsk, &rx->flow) && xtcp_reqsk_dif(rsk) == xtcp_ip_l3mdev_oif(rx))
			return rsk;
	return NULL;
}

/* Context: grow_lock. */
static struct xtcp_reqsk_array *request_array(struct xtcp_reqsk_table *t)
{
	return rcu_dereference_protected(t->array, lockdep_is_held(&t->grow_lock));
}

/* Context: nobody else uses the table. */
static void request_free(struct xtcp_reqsk_table *t)
{
	kvfree(rcu_dereference_protected(t->array, 1));
	kvfree(t);
}

static u32 request_ms(u64 now)
{
	return (u32)div_u64(now, NSEC_PER_MSEC);
}

/* Link a half-open connection and update the bucket's deadline. Context: bucket's lock. */
static void request_bucket_add(struct xtcp_reqsk_bucket *bucket, struct xtcp_reqsk *rsk)
{
	u32 at = rsk->req.deadline;

	if (!bucket->first || (s32)(at - bucket->due) < 0)
		WRITE_ONCE(bucket->due, at);
	rsk->next = bucket->first;
	WRITE_ONCE(bucket->first, rsk);
}

/**
 * xtcp_reqsk_fill - fill in a half-open connection, except the engine's part
 * @rsk: half-open connection with req and wide set
 * @rx: its SYN, or the ACK that returned a SYN cookie
 * @l: listener
 *
 * Context: any, RCU read lock.
 */
void xtcp_reqsk_fill(struct xtcp_reqsk *rsk, const struct xtcp_rx_ctx *rx,
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
 * xtcp_reqsk_add - add a half-open connection
 * @rx: its SYN, or the ACK that returned a SYN cookie
 * @bucket: from xtcp_reqsk_lock()
 * @l: listener
 * @req: the engine's part
 *
 * Context: bucket's lock. Return: false when there is no memory.
 */
bool xtcp_reqsk_add(struct xtcp_rx_ctx *rx, struct xtcp_reqsk_bucket *bucket,
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
	request_bucket_add(bucket, rsk);
	atomic_inc(&l->count);
	atomic_inc(&l->young);
	if (unlikely(atomic_inc_return(&t->count) >= READ_ONCE(t->full)))
		schedule_work(&t->grow);
	wait = rsk->req.deadline - request_ms(rx->now);
	timer_reduce(&t->timer, jiffies + msecs_to_jiffies(max(wait, 0)) + 1);
	return true;
}

/**
 * xtcp_reqsk_del - unlink and free a half-open connection
 * @xn: namespace
 * @bucket: its bucket
 * @rsk: half-open connection
 *
 * A TIME-WAIT record that was suspended for its SYN is resumed.
 *
 * Context: bucket's lock.
 */
void xtcp_reqsk_del(struct xtcp_net *xn, struct xtcp_reqsk_bucket *bucket,
		    struct xtcp_reqsk *rsk)
{
	struct xtcp_listener *l = rsk->listener;
	struct xtcp_reqsk **at = &bucket->first;
	struct xtcp_flow flow;

	/* If it became a socket, the record has ended already (child_new()). */
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

/* The limit of a listener's half-open connections. */
static u32 request_limit(const struct xtcp_listener *l)
{
	return max_t(u32, READ_ONCE(l->sk->sk_max_ack_backlog), 1);
}

/**
 * xtcp_reqsk_room - how many more half-open connections there may be
 * @xn: namespace
 * @l: listener
 *
 * Context: any. Return: half-open connections, by the lower of the limits of listener and
 * namespace.
 */
u32 xtcp_reqsk_room(const struct xtcp_net *xn, const struct xtcp_listener *l)
{
	u32 most[] = { request_limit(l), READ_ONCE(xn->knobs.max_syn_backlog) };
	u32 count[] = { atomic_read(&l->count), atomic_read(&xn->requests->count) };

	if (count[0] >= most[0] || count[1] >= most[1])
		return 0;
	return min(most[0] - count[0], most[1] - count[1]);
}

/**
 * xtcp_reqsk_to - where to send the packets of a half-open connection
 * @rsk: half-open connection
 * @flow: filled in with its 4-tuple; the result points to it
 *
 * Context: RCU read lock, and bucket's lock unless @rsk is a copy.
 * Return: argument for xtcp_ip_route() and xtcp_ip_send().
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
 * xtcp_reqsk_synack - repeat a SYN-ACK
 * @rsk: copy of a half-open connection
 * @now: ns
 *
 * Context: RCU read lock, no bucket's lock.
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

/*
 * The deadline of a half-open connection has come. Return: what to do;
 * XTCP_REQUEST_KILL: it has been freed. Context: bucket's lock.
 */
static enum xtcp_request_act request_timeout(struct xtcp_net *xn, struct xtcp_reqsk_bucket *bucket,
			 struct xtcp_reqsk *rsk, u64 now)
{
	struct xtcp_listener *l = rsk->listener;
	bool young = !rsk->req.retries;
	u32 retries = xtcp_request_retries(&xn->params, atomic_read(&l->count),
					   atomic_read(&l->young), request_limit(l));
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
 * Process the deadlines that are due in a bucket, with at most BATCH SYN-ACKs, which are
 * sent without the lock. @now: ns; @now_ms: the same in ms. Return: SYN-ACKs sent.
 */
static u32 request_bucket_run(struct xtcp_reqsk_table *t, struct xtcp_reqsk_bucket *bucket,
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
 * Process the buckets whose earliest deadline has come, starting at t->cursor. @now: ns;
 * @work: SYN-ACKs sent, added to. Return: ms until the next deadline; 0: more are due.
 */
static s32 request_array_run(struct xtcp_reqsk_table *t, struct xtcp_reqsk_array *a,
			     u64 now, u32 *work)
{
	u32 now_ms = request_ms(now), i;
	s32 first = INT_MAX, left;

	for (i = 0; i <= a->mask && *work < EXPIRE_MAX; i++, t->cursor++) {
		struct xtcp_reqsk_bucket *bucket = &a->bucket[t->cursor & a->mask];

		if (!READ_ONCE(bucket->first))
			continue;
		if ((s32)(READ_ONCE(bucket->due) - now_ms) <= 0)
			*work += request_bucket_run(t, bucket, now, now_ms);
		left = (s32)(READ_ONCE(bucket->due) - now_ms);
		first = min(first, left);
	}
	return *work < EXPIRE_MAX ? first : 0;
}

/*
 * The timer of the table, which is only ever armed to an earlier time. A half-open
 * connection that moves during the walk may be missed; request_array_move() arms the
 * timer again after it has moved all.
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
		first = min(first, request_array_run(t, a, now, &work));
		if (work < EXPIRE_MAX)
			space = max_t(s32, space, a->mask / EXPIRE_BUCKETS);
	}
	rcu_read_unlock();
	if (first < INT_MAX)
		timer_reduce(&t->timer, jiffies + msecs_to_jiffies(max(first, space)) + 1);
}

/*
 * Move a half-open connection to another listener of the SO_REUSEPORT group (migrate_req).
 * Context: bucket's lock, RCU read lock. Return: false when there is none.
 */
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
 * xtcp_reqsk_stop - close a listener: free or migrate its half-open connections
 * @l: listener; it accepts no SYN from now on
 *
 * The whole table is walked. Its size is bounded by max_syn_backlog.
 *
 * Context: process, socket lock, may sleep.
 */
void xtcp_reqsk_stop(struct xtcp_listener *l)
{
	struct xtcp_reqsk_table *t = l->xn->requests;
	struct xtcp_reqsk *rsk, *next;
	struct xtcp_reqsk_array *a;
	u32 i;

	/* Adding one checks this under the bucket's lock, which the walk below takes. */
	WRITE_ONCE(l->closed, true);
	mutex_lock(&t->grow_lock);
	a = request_array(t);
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

/* Number of buckets for @requests half-open connections, limited to @most. */
static u32 request_buckets_for(u32 requests, u32 most)
{
	return roundup_pow_of_two(clamp(requests / PER_BUCKET, BUCKETS_MIN, most));
}

/* @n: buckets, a power of two. Context: process, may sleep. Return: array or NULL. */
static struct xtcp_reqsk_array *request_array_new(u32 n)
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

/* Move the contents of bucket @i to a larger array. Context: bottom halves off. */
static void request_bucket_move(struct xtcp_reqsk_table *t, struct xtcp_reqsk_array *from,
				u32 i,
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
		request_bucket_add(new, rsk);
		spin_unlock(&new->lock);
	}
	WRITE_ONCE(from->moved, i + 1);
	spin_unlock(&old->lock);
}

/*
 * Replace the array by a larger one, moving one bucket at a time. Segments and the timer
 * find half-open connections in either array meanwhile. Context: grow_lock, process.
 */
static void request_array_move(struct xtcp_reqsk_table *t, struct xtcp_reqsk_array *to)
{
	struct xtcp_reqsk_array *from = request_array(t);
	u32 i;

	rcu_assign_pointer(from->next, to);
	for (i = 0; i <= from->mask; i++) {
		local_bh_disable();
		request_bucket_move(t, from, i, to);
		local_bh_enable();
		cond_resched();
	}
	rcu_assign_pointer(t->array, to);
	kvfree_rcu(from, rcu);
	timer_reduce(&t->timer, jiffies + 1);
}

/* Make the table have @n buckets, unless it has as many. Context: process, may sleep. */
static void request_grow(struct xtcp_reqsk_table *t, u32 n)
{
	struct xtcp_reqsk_array *a;
	u32 full;

	mutex_lock(&t->grow_lock);
	if (request_array(t)->mask + 1 < n) {
		a = request_array_new(n);
		if (a)
			request_array_move(t, a);
	}
	/* If there was no memory, try again when the count has doubled. */
	n = request_array(t)->mask + 1;
	full = max_t(u32, n * PER_BUCKET, 2 * atomic_read(&t->count));
	WRITE_ONCE(t->full, n < BUCKETS_MAX ? full : U32_MAX);
	mutex_unlock(&t->grow_lock);
}

/* xtcp_reqsk_table.grow: the count has reached full. */
static void request_grow_work(struct work_struct *work)
{
	struct xtcp_reqsk_table *t = container_of(work, struct xtcp_reqsk_table, grow);

	request_grow(t, request_buckets_for(2 * atomic_read(&t->count), BUCKETS_MAX));
}

static struct xtcp_reqsk_table *request_new(struct xtcp_net *xn, u32 n)
{
	struct xtcp_reqsk_table *t = kvzalloc(sizeof(*t), GFP_KERNEL_ACCOUNT);
	struct xtcp_reqsk_array *a = request_array_new(n);
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
 * xtcp_reqsk_make - make or enlarge the table for one more listener
 * @xn: namespace
 * @backlog: of the listener, connections
 *
 * The first listener makes the table. Failure to enlarge it is no error. If a backlog or
 * max_syn_backlog is raised later, the table grows with the half-open connections in it.
 *
 * Context: process, may sleep. Return: 0 or -ENOMEM.
 */
int xtcp_reqsk_make(struct xtcp_net *xn, u32 backlog)
{
	u32 most = READ_ONCE(xn->knobs.max_syn_backlog);
	struct xtcp_reqsk_table *t = READ_ONCE(xn->requests);

	if (!t) {
		t = request_new(xn, request_buckets_for(most, LISTEN_MAX));
		if (!t)
			return -ENOMEM;
		/* Two sockets of the namespace may begin to listen at once. */
		if (!cmpxchg(&xn->requests, NULL, t))
			return 0;
		request_free(t);
	}
	request_grow(xn->requests, request_buckets_for(min(backlog, most), LISTEN_MAX));
	return 0;
}

/**
 * xtcp_reqsk_exit_net - free the table of half-open connections
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
