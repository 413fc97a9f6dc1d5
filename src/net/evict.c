// SPDX-License-Identifier: GPL-2.0
/*
 * Eviction: while memory is short, free what peers make the host hold.
 *
 * A peer that closes its window, or takes a byte now and then, makes the host keep written
 * data for as long as the program has the connection open; a peer that leaves a hole in the
 * sequence space makes it keep the data behind. A work item scans a bounded number of
 * sockets per run, going round the tables, and notes the progress of each. Data behind a
 * hole that stays is freed first, since the peer still has it. Then, of the connections
 * that made no progress for pressure_timeout, those that held the most bytes for the
 * longest time are reset, until memory is no longer short. The packet path has no part in
 * this.
 */
#include <linux/list.h>
#include <linux/mutex.h>
#include <linux/workqueue.h>

#include "../compat/moved.h"
#include "net.h"

/* Time between two runs, ms. */
#define RUN_MS		250

/* Steps per run: a chain takes one, a socket eight more. */
#define STEPS_MAX	(1 << 18)
#define SOCKET_STEPS	8

/* A hole stays when it is this old, ms: the peer's first retransmissions are over. */
#define HOLE_MS		3000

/*
 * Progress is an eighth of the bytes held or this many bytes, whichever is less. In the
 * default pressure_timeout of 60 s this is 1 KB/s.
 */
#define PROGRESS_MAX	(64 << 10)

/* Most connections reset per run. */
#define VICTIMS		32

struct victim {
	struct sock *sk;	/* referenced */
	u64 score;		/* bytes held times ms without progress */
};

/* One run, on its stack. */
struct scan {
	struct victim victim[VICTIMS];	/* the worst so far, in no order */
	u32 n;			/* victims */
	u32 now;		/* ms */
	int steps;		/* left */
};

static void evict_run(struct work_struct *work);

static DEFINE_MUTEX(evict_mutex);	/* nets, xtcp_net.evict_hand */
static LIST_HEAD(nets);			/* xtcp_net.evict_node, next to scan first */
static DECLARE_DELAYED_WORK(evict_work, evict_run);
static u16 watch = 1;			/* notes with another number are void; evict_work */
static u32 pressed_at;			/* ms, when memory was last short; evict_work */

static u32 evict_clock_ms(void)
{
	return (u32)div_u64(xtcp_now(), NSEC_PER_MSEC);
}

/*
 * Note the progress of SND.UNA. @held: bytes in the send buffer; @now: ms. Return: ms
 * without progress.
 */
static u32 evict_stalled_ms(struct xtcp_sock *xsk, u32 held, u32 now)
{
	u32 una = READ_ONCE(xsk->tcb.snd_una);
	u32 progress = max(min_t(u32, held / 8, PROGRESS_MAX), 1U);

	if (xsk->watch != watch || held <= SOCK_MIN_SNDBUF ||
	    una - xsk->watch_una >= progress) {
		xsk->watch_una = una;
		xsk->stalled_at = now;
	}
	return now - xsk->stalled_at;
}

/* Note the progress of RCV.NXT. @now: ms. Return: whether a hole has stayed for HOLE_MS. */
static bool evict_hole_stays(struct xtcp_sock *xsk, u32 now)
{
	u32 nxt = READ_ONCE(xsk->tcb.rcv_nxt);

	if (xsk->watch != watch || !READ_ONCE(xsk->tcb.ooo_bytes) || nxt != xsk->watch_nxt) {
		xsk->watch_nxt = nxt;
		xsk->hole_at = now;
	}
	return now - xsk->hole_at >= HOLE_MS;
}

/* A socket that a system call owns is left to the next run. Context: bh_lock_sock(). */
static bool evict_may_touch(struct sock *sk)
{
	return !sock_owned_by_user(sk) && !xtcp_sk(sk)->inert;
}

/* Free the data behind a hole. Context: bottom halves off. */
static void evict_ooo(struct sock *sk)
{
	bh_lock_sock(sk);
	if (evict_may_touch(sk) && xtcp_recvq_prune_ofo(sk))
		xtcp_mib_inc(xtcp_sk_net(sk), XTCP_MIB_EVICT_HOLES);
	bh_unlock_sock(sk);
}

/* Make a socket a victim, in place of the least one if there are VICTIMS already. */
static void evict_nominate(struct scan *p, struct sock *sk, u64 score)
{
	struct victim *least = &p->victim[0];
	u32 i;

	if (p->n < VICTIMS) {
		least = &p->victim[p->n];
		least->sk = NULL;
		least->score = 0;
	} else {
		for (i = 1; i < VICTIMS; i++)
			if (p->victim[i].score < least->score)
				least = &p->victim[i];
	}
	if (score <= least->score || !refcount_inc_not_zero(&sk->sk_refcnt))
		return;
	if (least->sk)
		sock_put(least->sk);
	else
		p->n++;
	least->sk = sk;
	least->score = score;
}

static void evict_scan_sock(struct scan *p, struct xtcp_sock *xsk)
{
	struct sock *sk = &xsk->inet.sk;
	u32 limit = READ_ONCE(xtcp_sk_knobs(sk)->pressure_timeout);
	u32 held = max(READ_ONCE(sk->sk_wmem_queued), 0);
	u32 ms = evict_stalled_ms(xsk, held, p->now);
	bool hole = evict_hole_stays(xsk, p->now);

	xsk->watch = watch;
	if (!xtcp_mem_pressed())
		return;
	if (XTCP_DEFENCE(evict_holes, hole))
		evict_ooo(sk);
	if (XTCP_DEFENCE(evict_stalled, limit && div_u64(ms, MSEC_PER_SEC) >= limit))
		evict_nominate(p, sk, (u64)held * ms);
}

static void evict_scan_chain(struct scan *p, struct hlist_nulls_head *chain)
{
	struct hlist_nulls_node *node;
	struct xtcp_entry *e;

	rcu_read_lock_bh();
	hlist_nulls_for_each_entry_rcu(e, node, chain, node) {
		if (READ_ONCE(e->kind) != XTCP_KIND_SOCK)
			continue;
		evict_scan_sock(p, xtcp_entry_xsk(e));
		p->steps -= SOCKET_STEPS;
	}
	rcu_read_unlock_bh();
}

/*
 * Scan a namespace from xn->evict_hand on. Context: evict_mutex. Return: false when the
 * steps ran out before all chains were scanned.
 */
static bool evict_scan_net(struct scan *p, struct xtcp_net *xn)
{
	struct xtcp_tables *t = xn->tables;
	u32 i;

	for (i = 0; i <= t->mask; i++) {
		if (--p->steps < 0)
			return false;
		evict_scan_chain(p, &t->chains[xn->evict_hand++ & t->mask]);
		if (!(i % 64))
			cond_resched();
	}
	return true;
}

/* Reset a victim, unless it has made progress since the scan. Return: pages freed. */
static long evict_reset(struct sock *sk)
{
	struct xtcp_sock *xsk = xtcp_sk(sk);
	long pages = 0;
	u64 now;

	local_bh_disable();
	bh_lock_sock(sk);
	if (evict_may_touch(sk) &&
	    evict_stalled_ms(xsk, sk->sk_wmem_queued, evict_clock_ms())) {
		pages = sk_mem_pages(sk->sk_wmem_queued);
		now = xtcp_now();
		xtcp_mib_inc(xtcp_sk_net(sk), XTCP_MIB_EVICTED);
		xtcp_mib_inc(xtcp_sk_net(sk), XTCP_MIB_ABORT_ON_MEMORY);
		xtcp_handle_actions(sk, xtcp_give_up(&xsk->tcb, now), now);
	}
	bh_unlock_sock(sk);
	local_bh_enable();
	return pages;
}

/* Reset the worst victims until memory is no longer short. Drops all references. */
static void evict_worst(struct scan *p)
{
	struct victim *worst;
	long excess = 0;
	u32 i;

	if (p->n)
		excess = sk_memory_allocated(p->victim[0].sk) -
			 sk_prot_mem_limits(p->victim[0].sk, 0);
	while (p->n) {
		worst = &p->victim[0];
		for (i = 1; i < p->n; i++)
			if (p->victim[i].score > worst->score)
				worst = &p->victim[i];
		if (excess >= 0)
			excess -= evict_reset(worst->sk);
		sock_put(worst->sk);
		*worst = p->victim[--p->n];
	}
}

/*
 * Keep the notes for this many ms after pressure ends, so that intermittent pressure still
 * accumulates.
 */
#define WATCH_MS	120000

static void evict_run(struct work_struct *work)
{
	struct scan p = { .now = evict_clock_ms(), .steps = STEPS_MAX };
	struct xtcp_net *xn, *last;

	if (xtcp_mem_pressed())
		pressed_at = p.now;
	if (p.now - pressed_at > WATCH_MS) {
		watch++;
		return;
	}
	mutex_lock(&evict_mutex);
	/* The initial namespace is always there. */
	last = list_last_entry(&nets, struct xtcp_net, evict_node);
	for (;;) {
		xn = list_first_entry(&nets, struct xtcp_net, evict_node);
		if (!evict_scan_net(&p, xn))
			break;
		list_move_tail(&xn->evict_node, &nets);
		if (xn == last)
			break;
	}
	mutex_unlock(&evict_mutex);
	evict_worst(&p);
	schedule_delayed_work(&evict_work, msecs_to_jiffies(RUN_MS));
}

/**
 * xtcp_evict_start - memory is short: schedule a run now
 *
 * Context: any.
 */
void xtcp_evict_start(void)
{
	schedule_delayed_work(&evict_work, 0);
}

/**
 * xtcp_evict_stop - cancel the work item, after the last socket is gone
 *
 * Context: process, may sleep.
 */
void xtcp_evict_stop(void)
{
	cancel_delayed_work_sync(&evict_work);
}

/**
 * xtcp_evict_init_net - add a namespace to those scanned
 * @xn: namespace with its tables
 *
 * Context: process, may sleep.
 */
void xtcp_evict_init_net(struct xtcp_net *xn)
{
	mutex_lock(&evict_mutex);
	list_add_tail(&xn->evict_node, &nets);
	mutex_unlock(&evict_mutex);
}

/**
 * xtcp_evict_exit_net - remove a namespace from those scanned
 * @xn: namespace
 *
 * Context: process, may sleep.
 */
void xtcp_evict_exit_net(struct xtcp_net *xn)
{
	mutex_lock(&evict_mutex);
	list_del(&xn->evict_node);
	mutex_unlock(&evict_mutex);
}
