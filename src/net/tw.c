// SPDX-License-Identifier: GPL-2.0
/*
 * TIME-WAIT: what is left of a connection for 2 MSL.
 *
 * The record takes the socket's place in the table, so the socket itself may
 * go. It keeps the port busy and answers what the other end repeats; the
 * rules are the engine's (xtcp_tw_rx()).
 */
#include <linux/slab.h>
#include <linux/tcp.h>

#include "../compat/timer.h"
#include "net.h"

static struct kmem_cache *tw_cache;

/* Records one tick of the timer ends at most; the rest follows at once. */
#define EXPIRE_MAX	256

/* Bytes of a record are few, but an attacker may make many. */
#define RECORDS_PER_CHAIN	2

int xtcp_tw_slab_init(void)
{
	tw_cache = kmem_cache_create("xtcp_time_wait", sizeof(struct xtcp_tw_rec), 0,
				     SLAB_HWCACHE_ALIGN | SLAB_ACCOUNT, NULL);
	return tw_cache ? 0 : -ENOMEM;
}

void xtcp_tw_slab_exit(void)
{
	kmem_cache_destroy(tw_cache);
}

static void tw_free_rcu(struct rcu_head *head)
{
	kmem_cache_free(tw_cache, container_of(head, struct xtcp_tw_rec, rcu));
}

/* Context: table lock. */
static void tw_end(struct xtcp_tw_table *t, struct xtcp_tw_rec *rec)
{
	rec->dead = 1;
	list_del(&rec->order);
	WRITE_ONCE(t->count, t->count - 1);
	xtcp_table_del(t->xn, &rec->e);
	xtcp_port_del_tw(t->xn, rec);
	call_rcu(&rec->rcu, tw_free_rcu);
}

/* In order of deadlines; nearly always the newest is the last. */
static void tw_queue(struct xtcp_tw_table *t, struct xtcp_tw_rec *rec)
{
	list_add_tail(&rec->order, &t->order);
	if (!timer_pending(&t->timer))
		mod_timer(&t->timer, xtcp_jiffies_at(rec->tw.deadline));
}

static void tw_expire(struct timer_list *timer)
{
	struct xtcp_tw_table *t = timer_container_of(t, timer, timer);
	struct xtcp_tw_rec *rec;
	u64 now = xtcp_now();
	int i;

	spin_lock(&t->lock);
	for (i = 0; i < EXPIRE_MAX; i++) {
		rec = list_first_entry_or_null(&t->order, struct xtcp_tw_rec, order);
		if (!rec || rec->tw.deadline > now)
			break;
		tw_end(t, rec);
	}
	rec = list_first_entry_or_null(&t->order, struct xtcp_tw_rec, order);
	if (rec)
		mod_timer(&t->timer, xtcp_jiffies_at(rec->tw.deadline));
	spin_unlock(&t->lock);
}

/**
 * xtcp_tw_init_net - TIME-WAIT of a namespace
 * @xn: namespace, its tables made
 *
 * Return: 0 or -ENOMEM.
 */
int xtcp_tw_init_net(struct xtcp_net *xn)
{
	struct xtcp_tw_table *t = kzalloc(sizeof(*t), GFP_KERNEL_ACCOUNT);

	if (!t)
		return -ENOMEM;
	spin_lock_init(&t->lock);
	INIT_LIST_HEAD(&t->order);
	t->max = (xn->tables->mask + 1) * RECORDS_PER_CHAIN;
	t->xn = xn;
	timer_setup(&t->timer, tw_expire, 0);
	xn->tw = t;
	return 0;
}

/**
 * xtcp_tw_exit_net - end all records of a namespace
 * @xn: namespace without sockets
 *
 * Context: process, may sleep.
 */
void xtcp_tw_exit_net(struct xtcp_net *xn)
{
	struct xtcp_tw_table *t = xn->tw;
	struct xtcp_tw_rec *rec, *next;

	timer_shutdown_sync(&t->timer);
	spin_lock_bh(&t->lock);
	list_for_each_entry_safe(rec, next, &t->order, order)
		tw_end(t, rec);
	spin_unlock_bh(&t->lock);
	xn->tw = NULL;
	kfree(t);
}

/**
 * xtcp_tw_enter - a connection went to TIME-WAIT
 * @sk: socket, hashed, tcb in TIME-WAIT; out of the table on return
 * @now: ns
 *
 * Without memory, or with too many records, the connection ends early, as it
 * may (RFC 9293 has no answer to a full table either).
 *
 * Context: any, socket lock.
 */
void xtcp_tw_enter(struct sock *sk, u64 now)
{
	struct xtcp_net *xn = xtcp_net(sock_net(sk));
	struct xtcp_sock *xsk = xtcp_sk(sk);
	struct xtcp_tw_table *t = xn->tw;
	struct xtcp_tw_rec *rec = NULL;

	if (xsk->entry.kind != XTCP_KIND_SOCK)
		return;
	if (READ_ONCE(t->count) < t->max)
		rec = kmem_cache_zalloc(tw_cache, GFP_ATOMIC | __GFP_NOWARN);
	if (!rec) {
		xtcp_unhash(sk);
		return;
	}
	xtcp_tw_init(&rec->tw, &xsk->tcb, now);
	rec->mark = sk->sk_mark;
	rec->tos = inet_sk(sk)->tos;
	rec->reuse = sk->sk_reuse;

	spin_lock_bh(&t->lock);
	xtcp_table_replace(xn, &xsk->entry, &rec->e, XTCP_KIND_TW);
	xtcp_port_add_tw(xn, rec, xsk->port);
	WRITE_ONCE(t->count, t->count + 1);
	tw_queue(t, rec);
	spin_unlock_bh(&t->lock);
}

/**
 * xtcp_tw_segment - a segment for a record
 * @rx: the packet's particulars
 * @rec: record, found in the table under RCU
 * @skb: verified segment; taken over unless XTCP_RX_AGAIN
 *
 * Context: RCU read lock, bottom halves off.
 * Return: XTCP_RX_AGAIN when the record ended, by time or because the segment
 * opens a new connection (RFC 6191); it is then for a listener, which may also
 * be the kernel's.
 */
enum xtcp_rx_result xtcp_tw_segment(struct xtcp_rx *rx, struct xtcp_tw_rec *rec,
				    struct sk_buff *skb)
{
	struct xtcp_tw_table *t = rx->xn->tw;
	struct xtcp_stateless to = {
		.net = rx->net,
		.flow = &rx->flow,
		.mark = rec->mark,
		.oif = rec->e.dif,
		.tos = rec->tos,
	};
	enum xtcp_rx_result res = XTCP_RX_DONE;
	struct xtcp_plan plan;
	enum xtcp_tw_act act;
	struct dst_entry *dst;
	struct xtcp_seg seg;
	u64 deadline;

	if (!xtcp_seg_fill(&seg, skb)) {
		xtcp_discard(rx->xn, skb, XTCP_DROP_HEADER);
		return XTCP_RX_DONE;
	}
	spin_lock_bh(&t->lock);
	if (rec->dead) {
		spin_unlock_bh(&t->lock);
		return XTCP_RX_AGAIN;
	}
	deadline = rec->tw.deadline;
	act = xtcp_tw_rx(&rec->tw, &seg, rx->now);
	switch (act) {
	case XTCP_TW_ACK:
		xtcp_tw_plan(&rec->tw, &plan, rx->now);
		if (rec->tw.deadline != deadline) {
			list_del(&rec->order);
			tw_queue(t, rec);
		}
		break;
	case XTCP_TW_SYN:
		tw_end(t, rec);
		rx->reopens = true;
		rx->iss_above = rec->tw.snd_nxt;
		res = XTCP_RX_AGAIN;
		break;
	case XTCP_TW_DROP:
		break;
	}
	spin_unlock_bh(&t->lock);

	if (act == XTCP_TW_ACK) {
		dst = xtcp_ip4_route(&to);
		if (!IS_ERR(dst))
			xtcp_ip4_send(&to, dst, &plan);
	}
	if (res == XTCP_RX_DONE)
		xtcp_discard(rx->xn, skb, seg.reason ?: XTCP_DROP_TIME_WAIT);
	return res;
}
