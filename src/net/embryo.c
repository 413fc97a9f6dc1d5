// SPDX-License-Identifier: GPL-2.0
/*
 * Half-open connections: between SYN and the ACK that makes a socket.
 *
 * Whoever sends SYNs decides how many there are, so they have a table of their
 * own, apart from that of the sockets, whose size an administrator knows. Each
 * is one cache line: no RCU, no list of its listener's, no timer. A look-up
 * takes the lock of a bucket, since nearly every segment for an embryo changes
 * it; there are so many buckets that two CPUs seldom meet in one.
 *
 * An embryo becomes a socket under that lock, and the socket is in the table of
 * sockets before the embryo leaves this one. Whoever finds no embryo looks for
 * the socket once more with the lock still held (xtcp_listen_segment()), and so
 * no segment falls through between the tables.
 */
#include <linux/mm.h>
#include <linux/random.h>
#include <linux/slab.h>
#include <linux/tcp.h>

#include "../compat/timer.h"
#include "ip.h"

static struct kmem_cache *half_cache;	/* of IPv4 */
static struct kmem_cache *half_cache6;	/* of IPv6, or tied to an interface */

/*
 * Chains are this long when the table is full, which it is made larger at. It is
 * made for no more than LISTEN_MAX buckets at a listen(); a million embryos have
 * chains of this length in the largest one, of 2 MB.
 */
#define HALF_PER_BUCKET	8
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
#define HALF_SIZE4	(sizeof(struct xtcp_half) + XTCP_HALF_ADDR4 * sizeof(u32))

int xtcp_half_slab_init(void)
{
	/* What the two may take is a promise; see their definition. */
	BUILD_BUG_ON(HALF_SIZE4 != 64);
	BUILD_BUG_ON(sizeof(union xtcp_half_any) > 96);
	half_cache = kmem_cache_create("xtcp_embryo", HALF_SIZE4, 0, SLAB_HWCACHE_ALIGN,
				       NULL);
	if (!half_cache)
		return -ENOMEM;
	half_cache6 = kmem_cache_create("xtcp_embryo6", sizeof(union xtcp_half_any), 0, 0,
					NULL);
	if (half_cache6)
		return 0;
	kmem_cache_destroy(half_cache);
	return -ENOMEM;
}

void xtcp_half_slab_exit(void)
{
	kmem_cache_destroy(half_cache6);
	kmem_cache_destroy(half_cache);
}

/**
 * xtcp_half_flow - the 4-tuple of a half-open connection
 * @half: embryo
 * @flow: filled in
 */
void xtcp_half_flow(const struct xtcp_half *half, struct xtcp_flow *flow)
{
	if (half->emb.v6) {
		memcpy(flow->saddr, half->addr, sizeof(flow->saddr));
		memcpy(flow->daddr, half->addr + 4, sizeof(flow->daddr));
	} else {
		xtcp_flow_set4(flow->saddr, (__force __be32)half->addr[0]);
		xtcp_flow_set4(flow->daddr, (__force __be32)half->addr[1]);
	}
	flow->sport = half->listener->sport;
	flow->dport = half->dport;
}

/**
 * xtcp_half_dif - the interface a half-open connection is tied to
 * @half: embryo
 *
 * Return: as of xtcp_ip_l3mdev_oif().
 */
int xtcp_half_dif(const struct xtcp_half *half)
{
	return half->wide ? half->addr[8] : 0;
}

/**
 * xtcp_half_copy - what is to be used when the lock is gone
 * @to: copy
 * @half: embryo
 *
 * Context: bucket's lock.
 */
void xtcp_half_copy(union xtcp_half_any *to, const struct xtcp_half *half)
{
	memcpy(to, half, half->wide ? sizeof(*to) : HALF_SIZE4);
}

static bool half_is(const struct xtcp_half *half, const struct xtcp_flow *flow)
{
	if (half->dport != flow->dport || half->emb.v6 != xtcp_flow_is6(flow))
		return false;
	if (half->emb.v6)
		return !memcmp(half->addr + 4, flow->daddr, sizeof(flow->daddr)) &&
		       !memcmp(half->addr, flow->saddr, sizeof(flow->saddr)) &&
		       half->listener->sport == flow->sport;
	return half->addr[1] == flow->daddr[3] && half->addr[0] == flow->saddr[3] &&
	       half->listener->sport == flow->sport;
}

/**
 * xtcp_half_lock - lock the place of a 4-tuple
 * @xn: namespace with a listener
 * @hash: xtcp_flow_hash() of it
 *
 * Context: RCU read lock, bottom halves off. Return: bucket, locked.
 */
struct xtcp_half_bucket *xtcp_half_lock(struct xtcp_net *xn, u32 hash)
	__acquires(&bucket->lock)
{
	struct xtcp_half_array *a = rcu_dereference(xn->half->array);
	struct xtcp_half_bucket *bucket = &a->bucket[hash & a->mask];

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
 * xtcp_half_bucket_at - one of all buckets, for whoever lists the embryos
 * @xn: namespace
 * @i: counted from 0, through the array of the table and one that it grows into
 *
 * Context: RCU read lock. Return: bucket, not locked; NULL behind the last.
 */
struct xtcp_half_bucket *xtcp_half_bucket_at(const struct xtcp_net *xn, u64 i)
{
	struct xtcp_half_table *t = READ_ONCE(xn->half);
	struct xtcp_half_array *a = t ? rcu_dereference(t->array) : NULL;

	for (; a; a = rcu_dereference(a->next)) {
		if (i <= a->mask)
			return &a->bucket[i];
		i -= a->mask + 1;
	}
	return NULL;
}

/**
 * xtcp_half_find - look for a half-open connection
 * @bucket: from xtcp_half_lock()
 * @rx: a segment of the same 4-tuple; each VRF and each link has its own
 *
 * Context: bucket's lock. Return: embryo or NULL.
 */
struct xtcp_half *xtcp_half_find(const struct xtcp_half_bucket *bucket,
				 const struct xtcp_rx *rx)
{
	struct xtcp_half *half;

	for (half = bucket->first; half; half = half->next)
		if (half_is(half, &rx->flow) && xtcp_half_dif(half) == xtcp_ip_l3mdev_oif(rx))
			return half;
	return NULL;
}

/* Context: grow_lock. */
static struct xtcp_half_array *the_array(struct xtcp_half_table *t)
{
	return rcu_dereference_protected(t->array, lockdep_is_held(&t->grow_lock));
}

/* Of which nobody else knows. */
static void half_free(struct xtcp_half_table *t)
{
	kvfree(rcu_dereference_protected(t->array, 1));
	kvfree(t);
}

static u32 ms_of(u64 now)
{
	return (u32)div_u64(now, NSEC_PER_MSEC);
}

/* An embryo enters a bucket, which is to know of its deadline. Context: bucket's lock. */
static void bucket_add(struct xtcp_half_bucket *bucket, struct xtcp_half *half)
{
	u32 at = half->emb.deadline;

	if (!bucket->first || (s32)(at - bucket->due) < 0)
		WRITE_ONCE(bucket->due, at);
	half->next = bucket->first;
	WRITE_ONCE(bucket->first, half);
}

/**
 * xtcp_half_fill - all of an embryo but what is the engine's
 * @half: embryo, emb set, and wide
 * @rx: particulars of the packet
 * @l: listener
 */
void xtcp_half_fill(struct xtcp_half *half, const struct xtcp_rx *rx,
		    struct xtcp_listener *l)
{
	const struct xtcp_flow *flow = &rx->flow;

	half->listener = l;
	half->mark = xtcp_accept_mark(rx, l->sk);
	half->tos = rx->tos;
	half->dport = flow->dport;
	if (half->emb.v6) {
		memcpy(half->addr, flow->saddr, sizeof(flow->saddr));
		memcpy(half->addr + 4, flow->daddr, sizeof(flow->daddr));
		half->addr[9] = (__force u32)rx->label;
	} else {
		half->addr[0] = flow->saddr[3];
		half->addr[1] = flow->daddr[3];
	}
	if (half->wide)
		half->addr[8] = xtcp_ip_l3mdev_oif(rx);
}

/**
 * xtcp_half_add - a SYN is remembered
 * @rx: its particulars
 * @bucket: from xtcp_half_lock()
 * @l: listener
 * @emb: what the engine made of the SYN
 *
 * Context: bucket's lock. Return: false without memory.
 */
bool xtcp_half_add(struct xtcp_rx *rx, struct xtcp_half_bucket *bucket,
		   struct xtcp_listener *l, const struct xtcp_embryo *emb)
{
	bool wide = emb->v6 || xtcp_ip_l3mdev_oif(rx);
	struct xtcp_half *half = kmem_cache_alloc(wide ? half_cache6 : half_cache,
						  GFP_ATOMIC | __GFP_NOWARN);
	struct xtcp_half_table *t = rx->xn->half;
	s32 wait;

	if (!half)
		return false;
	half->emb = *emb;
	half->wide = wide;
	xtcp_half_fill(half, rx, l);
	bucket_add(bucket, half);
	atomic_inc(&l->count);
	atomic_inc(&l->young);
	if (unlikely(atomic_inc_return(&t->count) >= READ_ONCE(t->full)))
		schedule_work(&t->grow);
	wait = half->emb.deadline - ms_of(rx->now);
	timer_reduce(&t->timer, jiffies + msecs_to_jiffies(max(wait, 0)) + 1);
	return true;
}

/**
 * xtcp_half_del - forget a half-open connection
 * @xn: namespace
 * @bucket: its bucket
 * @half: embryo, freed
 *
 * Context: bucket's lock.
 */
void xtcp_half_del(struct xtcp_net *xn, struct xtcp_half_bucket *bucket,
		   struct xtcp_half *half)
{
	struct xtcp_listener *l = half->listener;
	struct xtcp_half **at = &bucket->first;
	struct xtcp_flow flow;

	/* Unless it has become a connection, which has ended the record. */
	if (unlikely(atomic_read(&xn->tables->count[XTCP_KIND_SUSPENDED]))) {
		xtcp_half_flow(half, &flow);
		xtcp_tw_resume(xn, &flow, xtcp_flow_hash(xn->tables, &flow),
			       xtcp_half_dif(half), true);
	}
	while (*at != half)
		at = &(*at)->next;
	WRITE_ONCE(*at, half->next);
	atomic_dec(&l->count);
	if (!half->emb.retries)
		atomic_dec(&l->young);
	atomic_dec(&xn->half->count);
	kmem_cache_free(half->wide ? half_cache6 : half_cache, half);
}

/* Half-open connections a listener may have. */
static u32 listener_most(const struct xtcp_listener *l)
{
	return max_t(u32, READ_ONCE(l->sk->sk_max_ack_backlog), 1);
}

/**
 * xtcp_half_room - how many more half-open connections there may be
 * @xn: namespace
 * @l: listener
 *
 * Context: any. Return: of listener and namespace the lesser.
 */
u32 xtcp_half_room(const struct xtcp_net *xn, const struct xtcp_listener *l)
{
	u32 most[] = { listener_most(l), READ_ONCE(xn->knobs.max_syn_backlog) };
	u32 count[] = { atomic_read(&l->count), atomic_read(&xn->half->count) };

	if (count[0] >= most[0] || count[1] >= most[1])
		return 0;
	return min(most[0] - count[0], most[1] - count[1]);
}

/**
 * xtcp_half_to - whom to answer, and as whom
 * @half: embryo
 * @flow: for its 4-tuple, filled in
 *
 * Context: RCU read lock. Return: for xtcp_ip_route() and xtcp_ip_send().
 */
struct xtcp_stateless xtcp_half_to(const struct xtcp_half *half, struct xtcp_flow *flow)
{
	const struct sock *sk = half->listener->sk;

	xtcp_half_flow(half, flow);
	return (struct xtcp_stateless) {
		.net = sock_net(sk),
		.sk = sk,
		.flow = flow,
		.mark = half->mark,
		.oif = xtcp_ip_oif(sk, xtcp_half_dif(half)),
		.tos = xtcp_accept_tos(half->listener->xn, sk, flow, half->tos),
		.label = half->emb.v6 ? (__force __be32)half->addr[9] : 0,
	};
}

/**
 * xtcp_half_synack - send a SYN-ACK again
 * @half: embryo, or a copy of it
 * @now: ns
 *
 * Context: RCU read lock, no lock of ours.
 */
void xtcp_half_synack(const struct xtcp_half *half, u64 now)
{
	struct xtcp_open open;
	struct xtcp_stateless to = xtcp_half_to(half, &open.flow);
	struct dst_entry *dst = xtcp_ip_route(&to);
	struct xtcp_plan plan;

	if (IS_ERR(dst))
		return;
	open.adv_mss = xtcp_adv_mss(to.sk, dst);
	xtcp_embryo_plan(&half->emb, &half->listener->xn->params, &open, &plan, now);
	xtcp_mib_inc(half->listener->xn, XTCP_MIB_SYN_RETRANS);
	xtcp_mib_inc(half->listener->xn, XTCP_MIB_RETRANS_SEGS);
	xtcp_ip_send(&to, dst, &plan);
}

/* The deadline of an embryo came; after XTCP_EMBRYO_KILL it is gone. */
static enum xtcp_embryo_act half_timeout(struct xtcp_net *xn, struct xtcp_half_bucket *bucket,
			 struct xtcp_half *half, u64 now)
{
	struct xtcp_listener *l = half->listener;
	bool young = !half->emb.retries;
	u32 retries = xtcp_embryo_retries(&xn->params, atomic_read(&l->count),
					  atomic_read(&l->young), listener_most(l));
	enum xtcp_embryo_act act;

	act = xtcp_embryo_timeout(&half->emb, &xn->params, retries,
				  READ_ONCE(xtcp_sk(l->sk)->defer_accept), now);
	if (act == XTCP_EMBRYO_KILL)
		xtcp_half_del(xn, bucket, half);
	else if (young && half->emb.retries)
		atomic_dec(&l->young);
	return act;
}

/*
 * Serve what is due in a bucket, a batch of it. The SYN-ACKs leave when its
 * lock is no longer held. Return: how many.
 */
static u32 bucket_run(struct xtcp_half_table *t, struct xtcp_half_bucket *bucket,
		      u64 now, u32 now_ms)
{
	union xtcp_half_any batch[BATCH];
	struct xtcp_half *half, *next;
	u32 due = now_ms + INT_MAX, n = 0, i;
	enum xtcp_embryo_act act;

	spin_lock(&bucket->lock);
	for (half = bucket->first; half; half = next) {
		next = half->next;
		if ((s32)(half->emb.deadline - now_ms) <= 0 && n < BATCH) {
			act = half_timeout(t->xn, bucket, half, now);
			if (act == XTCP_EMBRYO_KILL)
				continue;
			if (act == XTCP_EMBRYO_SYNACK)
				xtcp_half_copy(&batch[n++], half);
		}
		if ((s32)(half->emb.deadline - due) < 0)
			due = half->emb.deadline;
	}
	WRITE_ONCE(bucket->due, due);
	spin_unlock(&bucket->lock);
	for (i = 0; i < n; i++)
		xtcp_half_synack(&batch[i].half, now);
	return n;
}

/*
 * Look into the buckets whose earliest deadline has come, from where that was left off.
 * Return: in how many ms the next one comes.
 */
static s32 array_run(struct xtcp_half_table *t, struct xtcp_half_array *a, u64 now, u32 *work)
{
	u32 now_ms = ms_of(now), i;
	s32 first = INT_MAX, left;

	for (i = 0; i <= a->mask && *work < EXPIRE_MAX; i++, t->cursor++) {
		struct xtcp_half_bucket *bucket = &a->bucket[t->cursor & a->mask];

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
 * One timer for the table, armed only to earlier. An embryo that moves while this
 * walks may be missed: array_move() arms the timer when all have moved.
 */
static void half_expire(struct timer_list *timer)
{
	struct xtcp_half_table *t = timer_container_of(t, timer, timer);
	struct xtcp_half_array *a;
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
static bool half_migrate(struct xtcp_half *half)
{
	struct xtcp_listener *from = half->listener, *to;
	struct xtcp_flow flow;
	struct sock *target;

	xtcp_half_flow(half, &flow);
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
	half->listener = to;
	atomic_dec(&from->count);
	atomic_inc(&to->count);
	if (!half->emb.retries) {
		atomic_dec(&from->young);
		atomic_inc(&to->young);
	}
	return true;
}

/**
 * xtcp_half_stop - a listener goes, and its half-open connections with it
 * @l: listener; nothing is added to it from here on
 *
 * The table is walked, which is as long as an administrator allows.
 *
 * Context: process, may sleep.
 */
void xtcp_half_stop(struct xtcp_listener *l)
{
	struct xtcp_half_table *t = l->xn->half;
	struct xtcp_half *half, *next;
	struct xtcp_half_array *a;
	u32 i;

	/* Seen by whoever adds, since both take the lock of the bucket. */
	WRITE_ONCE(l->closed, true);
	mutex_lock(&t->grow_lock);
	a = the_array(t);
	rcu_read_lock();
	for (i = 0; i <= a->mask; i++) {
		spin_lock_bh(&a->bucket[i].lock);
		for (half = a->bucket[i].first; half; half = next) {
			next = half->next;
			if (half->listener == l && !half_migrate(half))
				xtcp_half_del(l->xn, &a->bucket[i], half);
		}
		spin_unlock_bh(&a->bucket[i].lock);
	}
	rcu_read_unlock();
	mutex_unlock(&t->grow_lock);
	WARN_ON_ONCE(atomic_read(&l->count) || atomic_read(&l->young));
}

/* Buckets for so many embryos, @most at most. */
static u32 buckets_for(u32 embryos, u32 most)
{
	return roundup_pow_of_two(clamp(embryos / HALF_PER_BUCKET, BUCKETS_MIN, most));
}

/* @n: a power of two. Context: process, may sleep. Return: array or NULL. */
static struct xtcp_half_array *array_new(u32 n)
{
	struct xtcp_half_array *a;
	u32 i;

	a = kvzalloc(struct_size(a, bucket, n), GFP_KERNEL_ACCOUNT | __GFP_NOWARN);
	if (!a)
		return NULL;
	a->mask = n - 1;
	for (i = 0; i < n; i++)
		spin_lock_init(&a->bucket[i].lock);
	return a;
}

/* The embryos of a bucket move to a larger array. Context: bottom halves off. */
static void bucket_move(struct xtcp_half_table *t, struct xtcp_half_array *from, u32 i,
			struct xtcp_half_array *to)
{
	struct xtcp_half_bucket *old = &from->bucket[i], *new;
	struct xtcp_half *half;
	struct xtcp_flow flow;

	spin_lock(&old->lock);
	while (old->first) {
		half = old->first;
		WRITE_ONCE(old->first, half->next);
		xtcp_half_flow(half, &flow);
		new = &to->bucket[xtcp_flow_hash(t->xn->tables, &flow) & to->mask];
		spin_lock_nested(&new->lock, SINGLE_DEPTH_NESTING);
		bucket_add(new, half);
		spin_unlock(&new->lock);
	}
	WRITE_ONCE(from->moved, i + 1);
	spin_unlock(&old->lock);
}

/*
 * All move, a bucket at a time; segments and the timer find them meanwhile.
 * Context: grow_lock, process.
 */
static void array_move(struct xtcp_half_table *t, struct xtcp_half_array *to)
{
	struct xtcp_half_array *from = the_array(t);
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
static void half_grow(struct xtcp_half_table *t, u32 n)
{
	struct xtcp_half_array *a;
	u32 full;

	mutex_lock(&t->grow_lock);
	if (the_array(t)->mask + 1 < n) {
		a = array_new(n);
		if (a)
			array_move(t, a);
	}
	/* Without memory chains become twice as long before the next attempt. */
	n = the_array(t)->mask + 1;
	full = max_t(u32, n * HALF_PER_BUCKET, 2 * atomic_read(&t->count));
	WRITE_ONCE(t->full, n < BUCKETS_MAX ? full : U32_MAX);
	mutex_unlock(&t->grow_lock);
}

/* There are more embryos than the table was made for. */
static void half_grow_work(struct work_struct *work)
{
	struct xtcp_half_table *t = container_of(work, struct xtcp_half_table, grow);

	half_grow(t, buckets_for(2 * atomic_read(&t->count), BUCKETS_MAX));
}

static struct xtcp_half_table *half_new(struct xtcp_net *xn, u32 n)
{
	struct xtcp_half_table *t = kvzalloc(sizeof(*t), GFP_KERNEL_ACCOUNT);
	struct xtcp_half_array *a = array_new(n);
	u64 key[2];

	if (!t || !a) {
		kvfree(a);
		kvfree(t);
		return NULL;
	}
	t->xn = xn;
	t->full = n * HALF_PER_BUCKET;
	RCU_INIT_POINTER(t->array, a);
	spin_lock_init(&t->key_lock);
	mutex_init(&t->grow_lock);
	INIT_WORK(&t->grow, half_grow_work);
	get_random_bytes(key, sizeof(key));
	xtcp_source_init(&t->sources, key);
	timer_setup(&t->timer, half_expire, 0);
	return t;
}

/**
 * xtcp_half_make - a table for one more listener
 * @xn: namespace
 * @backlog: of the listener
 *
 * The first one makes it. It grows with others, and with what they turn out to need
 * where their backlog or the namespace's limit is raised later; it is never too small
 * for the listener to be there.
 *
 * Context: process, may sleep. Return: 0 or -ENOMEM.
 */
int xtcp_half_make(struct xtcp_net *xn, u32 backlog)
{
	u32 most = READ_ONCE(xn->knobs.max_syn_backlog);
	struct xtcp_half_table *t = READ_ONCE(xn->half);

	if (!t) {
		t = half_new(xn, buckets_for(most, LISTEN_MAX));
		if (!t)
			return -ENOMEM;
		/* Two sockets may have come here at once. */
		if (!cmpxchg(&xn->half, NULL, t))
			return 0;
		half_free(t);
	}
	half_grow(xn->half, buckets_for(min(backlog, most), LISTEN_MAX));
	return 0;
}

/**
 * xtcp_half_exit_net - the table goes
 * @xn: namespace without listeners
 *
 * Context: process, may sleep.
 */
void xtcp_half_exit_net(struct xtcp_net *xn)
{
	if (!xn->half)
		return;
	cancel_work_sync(&xn->half->grow);
	timer_shutdown_sync(&xn->half->timer);
	half_free(xn->half);
	xn->half = NULL;
}
