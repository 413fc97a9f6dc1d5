// SPDX-License-Identifier: GPL-2.0
/*
 * What ended connections have learnt of the way to a peer, for the next one:
 * RFC 9040, 3.2, "temporal sharing". A SYN that gets lost is then repeated after
 * the path's own time and not after the second that one who knows nothing has
 * to wait (RFC 6298, 2.1).
 *
 * A fixed table by peer address, hashed with a secret so that nobody can aim at
 * a bucket. Buckets come into being when they are first written to, and stay.
 * Only a connection whose data the peer has acknowledged writes: whoever can
 * only send SYNs under others' names changes nothing here.
 */
#include <linux/mm.h>
#include <linux/random.h>
#include <linux/siphash.h>
#include <linux/slab.h>

#include "net.h"

#define BUCKET_BITS	10
#define BUCKETS		(1U << BUCKET_BITS)
#define WAYS		4

/* Seconds: round trips are believed for ten minutes, the rest for an hour. */
#define RTT_AGE_MAX	600
#define AGE_MAX		3600

struct metric {
	u32 addr[4];		/* peer; all 0: unused */
	u32 at;			/* s since boot, last written */
	u32 reordered_at;	/* s, when reordering was first seen; 0: never */
	u32 srtt_us;
	u32 rttvar_us;
	u32 ssthresh;		/* bytes; 0: none known */
};

struct bucket {
	spinlock_t lock;
	struct metric way[WAYS];
};

struct xtcp_metrics {
	siphash_key_t key;
	struct bucket *buckets[BUCKETS];
};

static u32 seconds(void)
{
	/* Never 0, which says "never". */
	return (u32)ktime_get_seconds() + 1;
}

static struct bucket **bucket_of(struct xtcp_metrics *m, const u32 addr[4])
{
	u64 hash = siphash_2u64((u64)addr[0] << 32 | addr[1],
				(u64)addr[2] << 32 | addr[3], &m->key);

	return &m->buckets[hash & (BUCKETS - 1)];
}

/* Context: bucket's lock. */
static struct metric *metric_find(struct bucket *b, const u32 addr[4], u32 now)
{
	int i;

	for (i = 0; i < WAYS; i++)
		if (!memcmp(b->way[i].addr, addr, sizeof(b->way[i].addr)))
			return now - b->way[i].at > AGE_MAX ? NULL : &b->way[i];
	return NULL;
}

/**
 * xtcp_metrics_get - what is known of the way to a peer
 * @xn: namespace
 * @open: flow filled in; the cached_ fields are filled in, 0 for unknown
 *
 * Context: any.
 */
void xtcp_metrics_get(struct xtcp_net *xn, struct xtcp_open *open)
{
	struct bucket *b = READ_ONCE(*bucket_of(xn->metrics, open->flow.daddr));
	u32 now = seconds();
	struct metric *e;

	if (!b)
		return;
	spin_lock_bh(&b->lock);
	e = metric_find(b, open->flow.daddr, now);
	if (e) {
		if (now - e->at <= RTT_AGE_MAX) {
			open->cached_srtt_us = e->srtt_us;
			open->cached_rttvar_us = e->rttvar_us;
		}
		if (!READ_ONCE(xn->knobs.no_ssthresh_save))
			open->cached_ssthresh = e->ssthresh;
		open->cached_reordering = e->reordered_at &&
					  now - e->reordered_at <= AGE_MAX;
	}
	spin_unlock_bh(&b->lock);
}

/* The bucket of a peer, made if there is none yet; NULL without memory. */
static struct bucket *bucket_get(struct xtcp_metrics *m, const u32 addr[4])
{
	struct bucket **at = bucket_of(m, addr), *b = READ_ONCE(*at), *old;

	if (b)
		return b;
	b = kzalloc(sizeof(*b), GFP_ATOMIC | __GFP_NOWARN);
	if (!b)
		return NULL;
	spin_lock_init(&b->lock);
	old = cmpxchg(at, NULL, b);
	if (!old)
		return b;
	kfree(b);
	return old;
}

/* A place for a peer that has none: one unused, or the oldest. */
static struct metric *metric_new(struct bucket *b, const u32 addr[4], u32 now)
{
	struct metric *e = &b->way[0];
	int i;

	for (i = 1; i < WAYS; i++)
		if (now - b->way[i].at > now - e->at)
			e = &b->way[i];
	memset(e, 0, sizeof(*e));
	memcpy(e->addr, addr, sizeof(e->addr));
	return e;
}

/* A longer time is believed at once, a shorter one by half. */
static u32 merge(u32 old, u32 new)
{
	return new > old ? new : old - (old - new) / 2;
}

static void metric_fill(struct metric *e, const struct xtcp_tcb *tcb, u32 now)
{
	u32 srtt = tcb->srtt8_us >> 3, rttvar = tcb->rttvar4_us >> 2;

	if (e->at && now - e->at <= RTT_AGE_MAX) {
		srtt = merge(e->srtt_us, srtt);
		rttvar = merge(e->rttvar_us, rttvar);
	}
	e->srtt_us = srtt;
	e->rttvar_us = rttvar;
	/* In slow start to the end: then there is no threshold to tell of. */
	if (tcb->cwnd >= tcb->ssthresh)
		e->ssthresh = max(tcb->cwnd / 2, tcb->ssthresh);
	/*
	 * Inherited from here, the mark would be renewed by each connection for
	 * ever; so its age counts from the first, and then it is learnt anew.
	 */
	if (!(tcb->flags & XTCP_F_REORDERED))
		e->reordered_at = 0;
	else if (!e->reordered_at || now - e->reordered_at > AGE_MAX)
		e->reordered_at = now;
	e->at = now;
}

/**
 * xtcp_metrics_put - a connection is over: keep what it learnt
 * @sk: socket whose engine still has its figures
 *
 * One that ended because nobody answered any more takes away what was known:
 * the way may be another one now.
 *
 * Context: any, socket lock.
 */
void xtcp_metrics_put(struct sock *sk)
{
	struct xtcp_net *xn = xtcp_net(sock_net(sk));
	const struct xtcp_tcb *tcb = &xtcp_sk(sk)->tcb;
	const u32 *addr = xtcp_sk(sk)->flow.daddr;
	bool lost = tcb->err == XTCP_ERR_TIMEDOUT;
	u32 now = seconds();
	struct metric *e;
	struct bucket *b;

	if (!lost && (!tcb->bytes_acked || !tcb->srtt8_us || tcb->backoff ||
		      READ_ONCE(xn->knobs.no_metrics_save)))
		return;
	b = lost ? READ_ONCE(*bucket_of(xn->metrics, addr)) :
		   bucket_get(xn->metrics, addr);
	if (!b)
		return;
	spin_lock_bh(&b->lock);
	e = metric_find(b, addr, now);
	if (lost) {
		if (e)
			memset(e, 0, sizeof(*e));
	} else {
		metric_fill(e ? e : metric_new(b, addr, now), tcb, now);
	}
	spin_unlock_bh(&b->lock);
}

/**
 * xtcp_metrics_init - a namespace begins, knowing nothing
 * @xn: namespace
 *
 * Return: 0 or -ENOMEM.
 */
int xtcp_metrics_init(struct xtcp_net *xn)
{
	xn->metrics = kvzalloc(sizeof(*xn->metrics), GFP_KERNEL_ACCOUNT);
	if (!xn->metrics)
		return -ENOMEM;
	get_random_bytes(&xn->metrics->key, sizeof(xn->metrics->key));
	return 0;
}

/**
 * xtcp_metrics_exit - a namespace ends
 * @xn: namespace without sockets
 */
void xtcp_metrics_exit(struct xtcp_net *xn)
{
	u32 i;

	for (i = 0; i < BUCKETS; i++)
		kfree(xn->metrics->buckets[i]);
	kvfree(xn->metrics);
}
