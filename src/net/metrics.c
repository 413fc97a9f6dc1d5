// SPDX-License-Identifier: GPL-2.0
/*
 * Cache of path metrics: what ended connections have measured, for later ones to the same
 * peer (RFC 9040, 3.2, "temporal sharing"). With it a lost SYN is retransmitted after an
 * RTO from the path's round trip time, and not after the initial RTO of one second (RFC
 * 6298, 2.1).
 *
 * A fixed table by peer address, hashed with a secret, so that no peer can aim at a bucket.
 * A bucket is allocated when it is first written and stays. Only a connection whose data
 * the peer has acknowledged writes metrics, so SYNs from forged addresses change nothing.
 */
#include <linux/mm.h>
#include <linux/random.h>
#include <linux/siphash.h>
#include <linux/slab.h>

#include "net.h"

#define BUCKET_BITS	10
#define BUCKETS		(1U << BUCKET_BITS)
#define WAYS		4

/* Seconds for which round trip times, and all other metrics, are used. */
#define RTT_AGE_MAX	600
#define AGE_MAX		3600

/* What is known of the path to one peer; bucket's lock. */
struct metric {
	u32 addr[4];		/* peer; all 0: unused */
	u32 at;			/* s, when last written, by metrics_now_s() */
	u32 reordered_at;	/* s, when reordering was first seen; 0: never */
	u32 srtt_us;
	u32 rttvar_us;
	u32 ssthresh;		/* bytes; 0: none known */

	/* Fast Open, RFC 7413 4.1.3; these do not expire */
	u32 fo_from[4];		/* local address that the cookie was given to */
	struct xtcp_fastopen_cookie fo_cookie;
	u16 fo_mss;		/* bytes, MSS of the peer's last SYN-ACK; 0: not known */
	u8 fo_lost;		/* SYNs with data lost in a row */
	u32 fo_lost_at;		/* s, when the last of them was */
};

struct bucket {
	spinlock_t lock;
	struct metric way[WAYS];
};

struct xtcp_metrics {
	hsiphash_key_t key;
	bool known;			/* a bucket was allocated */
	struct bucket *buckets[BUCKETS];	/* NULL: never written */
};

/* Seconds since boot, plus 1: 0 means "never". */
static u32 metrics_now_s(void)
{
	return (u32)ktime_get_seconds() + 1;
}

static struct bucket **metrics_bucket(struct xtcp_metrics *m, const u32 addr[4])
{
	u32 hash;

	if (ipv6_addr_v4mapped((const struct in6_addr *)addr))
		hash = hsiphash_1u32(addr[3], &m->key);
	else
		hash = hsiphash_4u32(addr[0], addr[1], addr[2], addr[3], &m->key);
	return &m->buckets[hash & (BUCKETS - 1)];
}

/* Clear all but the fields of Fast Open. Context: bucket's lock. */
static void metric_forget(struct metric *e)
{
	e->at = 0;
	e->reordered_at = 0;
	e->srtt_us = 0;
	e->rttvar_us = 0;
	e->ssthresh = 0;
}

/* The entry of a peer, whose old metrics are cleared; or NULL. Context: bucket's lock. */
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
 * xtcp_metrics_get - look up the metrics of the path to a peer
 * @xn: namespace
 * @open: with its flow; the cached_ fields that are known are filled in
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
	b = READ_ONCE(*metrics_bucket(xn->metrics, open->flow.daddr));
	if (!b)
		return;
	now = metrics_now_s();
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

/* The bucket of a peer, allocated if needed; NULL: no memory. */
static struct bucket *metrics_bucket_get(struct xtcp_metrics *m, const u32 addr[4])
{
	struct bucket **at = metrics_bucket(m, addr), *b = READ_ONCE(*at), *old;

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

/* An entry for a peer that has none: unused, or the oldest. Context: bucket's lock. */
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

/* A longer time replaces the old one, a shorter one is averaged with it. */
static u32 metrics_merge(u32 old, u32 new)
{
	return new > old ? new : old - (old - new) / 2;
}

/* Update an entry from a connection that ends. @now: s. Context: bucket's lock. */
static void metric_fill(struct metric *e, const struct xtcp_tcb *tcb, u32 now)
{
	u32 srtt = tcb->srtt8_us >> 3, rttvar = tcb->rttvar4_us >> 2;

	if (e->at && now - e->at <= RTT_AGE_MAX) {
		srtt = metrics_merge(e->srtt_us, srtt);
		rttvar = metrics_merge(e->rttvar_us, rttvar);
	}
	e->srtt_us = srtt;
	e->rttvar_us = rttvar;
	/* A connection that ended in slow start knows no threshold. */
	if (tcb->cwnd >= tcb->ssthresh)
		e->ssthresh = max(tcb->cwnd / 2, tcb->ssthresh);
	/*
	 * A connection inherits the mark from here, so each would renew it forever. Its age
	 * counts from the first; after AGE_MAX reordering has to be seen again.
	 */
	if (!(tcb->flags & XTCP_F_REORDERED))
		e->reordered_at = 0;
	else if (!e->reordered_at || now - e->reordered_at > AGE_MAX)
		e->reordered_at = now;
	e->at = now;
}

/**
 * xtcp_metrics_put - store the metrics of a connection that is over
 * @sk: socket whose TCB still has its measurements
 *
 * If the connection timed out, the metrics of the peer are cleared: the path may have
 * changed.
 *
 * Context: any, socket lock.
 */
void xtcp_metrics_put(struct sock *sk)
{
	struct xtcp_net *xn = xtcp_pernet(sock_net(sk));
	const struct xtcp_tcb *tcb = &xtcp_sk(sk)->tcb;
	const u32 *addr = xtcp_sk(sk)->flow.daddr;
	bool lost = tcb->err == XTCP_ERR_TIMEDOUT;
	u32 now = metrics_now_s();
	struct metric *e;
	struct bucket *b;

	if (!lost && (!tcb->bytes_acked || !tcb->srtt8_us || tcb->backoff ||
		      READ_ONCE(xn->knobs.no_metrics_save)))
		return;
	b = lost ? READ_ONCE(*metrics_bucket(xn->metrics, addr)) :
		   metrics_bucket_get(xn->metrics, addr);
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
 * RFC 7413, 4.1.3.1: after two SYNs with data lost in a row no Fast Open is tried for four
 * minutes, and for twice as long after each further loss.
 */
#define LOST_FEW	1
#define LOST_WAIT_S	60
#define LOST_SHIFT_MAX	8

/**
 * xtcp_metrics_get_fastopen - look up the Fast Open cookie of a peer
 * @sk: socket with its 4-tuple in place
 * @fo: cookie and mss are filled in, if known
 *
 * Context: any. Return: false when Fast Open must not be tried now.
 */
bool xtcp_metrics_get_fastopen(const struct sock *sk, struct xtcp_fastopen_client *fo)
{
	struct xtcp_net *xn = xtcp_pernet(sock_net(sk));
	const struct xtcp_flow *flow = &xtcp_sk(sk)->flow;
	struct bucket *b = READ_ONCE(*metrics_bucket(xn->metrics, flow->daddr));
	u32 now = metrics_now_s();
	struct metric *e;
	bool may = true;

	if (!b)
		return true;
	spin_lock_bh(&b->lock);
	e = metric_find(b, flow->daddr, now);
	if (e && !memcmp(e->fo_from, flow->saddr, sizeof(e->fo_from))) {
		fo->cookie = e->fo_cookie;
		fo->mss = e->fo_mss;
	}
	if (e && e->fo_lost > LOST_FEW)
		may = now - e->fo_lost_at >=
		      LOST_WAIT_S << min_t(u32, e->fo_lost, LOST_SHIFT_MAX);
	spin_unlock_bh(&b->lock);
	return may;
}

/**
 * xtcp_metrics_put_fastopen - store the result of a SYN with Fast Open
 * @sk: socket whose SYN has just been acknowledged
 *
 * Context: any, socket lock.
 */
void xtcp_metrics_put_fastopen(const struct sock *sk)
{
	struct xtcp_net *xn = xtcp_pernet(sock_net(sk));
	const struct xtcp_flow *flow = &xtcp_sk(sk)->flow;
	const struct xtcp_tcb *tcb = &xtcp_sk(sk)->tcb;
	struct bucket *b = metrics_bucket_get(xn->metrics, flow->daddr);
	u32 now = metrics_now_s();
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
		e->fo_cookie = tcb->fo_cookie;
	/* A cookie given to another local address stays, and the MSS with it. */
	if (tcb->fo & (XTCP_FO_GIVEN | XTCP_FO_ACKED) || !e->fo_cookie.len)
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
 * xtcp_metrics_init - make the empty cache of a namespace
 * @xn: namespace
 *
 * Context: process, may sleep. Return: 0 or -ENOMEM.
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
 * xtcp_metrics_exit - free the cache of a namespace
 * @xn: namespace without sockets
 *
 * Context: process, may sleep.
 */
void xtcp_metrics_exit(struct xtcp_net *xn)
{
	u32 i;

	for (i = 0; i < BUCKETS; i++)
		kfree(xn->metrics->buckets[i]);
	kvfree(xn->metrics);
}
