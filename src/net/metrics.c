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

	/* Fast Open, RFC 7413 4.1.3; has its own life */
	u32 fo_from[4];		/* this end: the cookie is for it, too */
	struct xtcp_cookie cookie;
	u16 fo_mss;		/* the peer's, of the last SYN-ACK; 0: not known */
	u8 fo_lost;		/* SYNs with data in a row that were lost */
	u32 fo_lost_at;		/* s, the last of them */
};

struct bucket {
	spinlock_t lock;
	struct metric way[WAYS];
};

struct xtcp_metrics {
	hsiphash_key_t key;
	bool known;			/* something was written once */
	struct bucket *buckets[BUCKETS];
};

static u32 seconds(void)
{
	/* Never 0, which says "never". */
	return (u32)ktime_get_seconds() + 1;
}

static struct bucket **bucket_of(struct xtcp_metrics *m, const u32 addr[4])
{
	u32 hash;

	if (ipv6_addr_v4mapped((const struct in6_addr *)addr))
		hash = hsiphash_1u32(addr[3], &m->key);
	else
		hash = hsiphash_4u32(addr[0], addr[1], addr[2], addr[3], &m->key);
	return &m->buckets[hash & (BUCKETS - 1)];
}

/* What is not Fast Open's: it was for nothing, or is too old. */
static void metric_forget(struct metric *e)
{
	e->at = 0;
	e->reordered_at = 0;
	e->srtt_us = 0;
	e->rttvar_us = 0;
	e->ssthresh = 0;
}

/* Context: bucket's lock. */
static struct metric *metric_find(struct bucket *b, const u32 addr[4], u32 now)
{
	int i;

	for (i = 0; i < WAYS; i++) {
		struct metric *e = &b->way[i];

		if (memcmp(e->addr, addr, sizeof(e->addr)))
			continue;
		if (now - e->at > AGE_MAX)
			metric_forget(e);
		return e;
	}
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
	struct metric *e;
	struct bucket *b;
	u32 now;

	if (!READ_ONCE(xn->metrics->known))
		return;
	b = READ_ONCE(*bucket_of(xn->metrics, open->flow.daddr));
	if (!b)
		return;
	now = seconds();
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
	WRITE_ONCE(m->known, true);
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
			metric_forget(e);
	} else {
		metric_fill(e ? e : metric_new(b, addr, now), tcb, now);
	}
	spin_unlock_bh(&b->lock);
}

/*
 * RFC 7413 4.1.3.1: after two SYNs in a row whose data got lost the next ones
 * go without, for four minutes, and twice as long after each further one.
 */
#define LOST_FEW	1
#define LOST_WAIT_S	60
#define LOST_SHIFT_MAX	8

/**
 * xtcp_metrics_cookie_get - what a client knows for Fast Open
 * @sk: socket with its 4-tuple in place
 * @fo: cookie and mss are filled in, if they are known
 *
 * Context: any. Return: false when it is not to be tried at present.
 */
bool xtcp_metrics_cookie_get(const struct sock *sk, struct xtcp_fo_client *fo)
{
	struct xtcp_net *xn = xtcp_net(sock_net(sk));
	const struct xtcp_flow *flow = &xtcp_sk(sk)->flow;
	struct bucket *b = READ_ONCE(*bucket_of(xn->metrics, flow->daddr));
	u32 now = seconds();
	struct metric *e;
	bool may = true;

	if (!b)
		return true;
	spin_lock_bh(&b->lock);
	e = metric_find(b, flow->daddr, now);
	if (e && !memcmp(e->fo_from, flow->saddr, sizeof(e->fo_from))) {
		fo->cookie = e->cookie;
		fo->mss = e->fo_mss;
	}
	if (e && e->fo_lost > LOST_FEW)
		may = now - e->fo_lost_at >=
		      LOST_WAIT_S << min_t(u32, e->fo_lost, LOST_SHIFT_MAX);
	spin_unlock_bh(&b->lock);
	return may;
}

/**
 * xtcp_metrics_cookie_put - what a SYN with Fast Open has taught
 * @sk: socket whose SYN has just been acknowledged
 *
 * Context: any, socket lock.
 */
void xtcp_metrics_cookie_put(const struct sock *sk)
{
	struct xtcp_net *xn = xtcp_net(sock_net(sk));
	const struct xtcp_flow *flow = &xtcp_sk(sk)->flow;
	const struct xtcp_tcb *tcb = &xtcp_sk(sk)->tcb;
	struct bucket *b = bucket_get(xn->metrics, flow->daddr);
	u32 now = seconds();
	struct metric *e;

	if (!b)
		return;
	spin_lock_bh(&b->lock);
	e = metric_find(b, flow->daddr, now);
	if (!e) {
		e = metric_new(b, flow->daddr, now);
		e->at = now;
	}
	if (tcb->fo & XTCP_FO_GIVEN)
		e->cookie = tcb->cookie;
	/* The cookie of another address of ours stays, and its MSS with it. */
	if (tcb->fo & (XTCP_FO_GIVEN | XTCP_FO_ACKED) || !e->cookie.len)
		memcpy(e->fo_from, flow->saddr, sizeof(e->fo_from));
	if (!memcmp(e->fo_from, flow->saddr, sizeof(e->fo_from)))
		e->fo_mss = tcb->peer_mss;
	if (!(tcb->fo & XTCP_FO_LOST)) {
		e->fo_lost = 0;
	} else {
		e->fo_lost_at = now;
		if (e->fo_lost < U8_MAX)
			e->fo_lost++;
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
