// SPDX-License-Identifier: GPL-2.0
/*
 * TIME-WAIT records: they replace sockets in TIME-WAIT, and sockets in FIN-WAIT-2 that the
 * application has closed.
 *
 * A record replaces the socket in the look-up table, and the socket is freed. It keeps the
 * port busy and answers the peer's retransmissions by the engine's rules (xtcp_tw_rx()).
 *
 * Records are in a timer wheel with a list per tick of 128 ms for the next minute. Adding
 * and removing one takes constant time. A record that is due later goes into the last list
 * and is added again when the timer gets there.
 */
#include <linux/slab.h>
#include <linux/tcp.h>

#include "../compat/timer.h"
#include "ip.h"

static struct kmem_cache *tw_cache4;	/* IPv4 */
static struct kmem_cache *tw_cache6;	/* IPv6 */

/* Records the timer processes each time it takes the lock, and times per run. */
#define EXPIRE_MAX	256
#define EXPIRE_ROUNDS	16

/**
 * xtcp_tw_slab_init - make the caches of TIME-WAIT records
 *
 * Context: process, may sleep. Return: 0 or -ENOMEM.
 */
int xtcp_tw_slab_init(void)
{
	/*
	 * To save memory neither aligned nor accounted, which takes a pointer per object.
	 */
	tw_cache4 = kmem_cache_create("xtcp_time_wait", XTCP_TW_SIZE4, 0, 0, NULL);
	if (!tw_cache4)
		return -ENOMEM;
	tw_cache6 = kmem_cache_create("xtcp_time_wait6", sizeof(struct xtcp_tw_rec), 0, 0,
				      NULL);
	if (tw_cache6)
		return 0;
	kmem_cache_destroy(tw_cache4);
	return -ENOMEM;
}

/**
 * xtcp_tw_slab_exit - free the caches of TIME-WAIT records
 *
 * Context: process, may sleep. No record is left, RCU callbacks included.
 */
void xtcp_tw_slab_exit(void)
{
	kmem_cache_destroy(tw_cache6);
	kmem_cache_destroy(tw_cache4);
}

/* Free a record and those linked to it by next. */
static void tw_free_rcu(struct rcu_head *head)
{
	struct xtcp_tw_rec *rec = container_of(head, struct xtcp_tw_rec, rcu), *next;

	for (; rec; rec = next) {
		next = rec->next;
		kmem_cache_free(rec->v4 ? tw_cache4 : tw_cache6, rec);
	}
}

/* Take a dead record off the wheel. The caller frees it by RCU. Context: table lock. */
static void tw_unlink(struct xtcp_tw_table *t, struct xtcp_tw_rec *rec)
{
	list_del(&rec->slot);
	WRITE_ONCE(t->count, t->count - 1);
	if (!t->count)
		bitmap_zero(t->used, XTCP_TW_SLOTS);
	rec->v4 = xtcp_tw_is4(rec);
	rec->next = NULL;
	xtcp_port_tw_put(t->xn, rec->addr);
}

/* Remove and free a record. Context: table lock. */
static void tw_end(struct xtcp_tw_table *t, struct xtcp_tw_rec *rec)
{
	xtcp_table_del(t->xn, &rec->e);
	tw_unlink(t, rec);
	call_rcu(&rec->rcu, tw_free_rcu);
}

/* ---- the wheel; context: table lock ---- */

/* The tick of a time. @ms has 64 bits, so ticks wrap later than deadlines of records. */
static u32 tw_tick(u64 ms)
{
	return (u32)(ms >> XTCP_TW_TICK_SHIFT);
}

static u32 tw_tick_now(u64 now)
{
	return tw_tick(div_u64(now, NSEC_PER_MSEC));
}

/* Arm the timer for the end of @tick. */
static void tw_timer_arm(struct xtcp_tw_table *t, u32 tick, u64 now)
{
	u64 ms = div_u64(now, NSEC_PER_MSEC) >> XTCP_TW_TICK_SHIFT;

	ms = (ms + (s32)(tick + 1 - (u32)ms)) << XTCP_TW_TICK_SHIFT;
	t->wake = tick;
	mod_timer(&t->timer, xtcp_jiffies_at(ms * NSEC_PER_MSEC));
}

/* Advance t->tick past empty slots, to @tick at most. */
static void tw_wheel_turn(struct xtcp_tw_table *t, u32 tick)
{
	if (bitmap_empty(t->used, XTCP_TW_SLOTS)) {
		t->tick = tick;
		return;
	}
	while ((s32)(tick - t->tick) > 0 && !test_bit(t->tick % XTCP_TW_SLOTS, t->used))
		t->tick++;
}

/* Put a record into the slot of its deadline, or the last slot. @now: ns. */
static void tw_wheel_add(struct xtcp_tw_table *t, struct xtcp_tw_rec *rec, u64 now)
{
	s32 left = max(xtcp_tw_left(&rec->tw, now), 0);
	u32 tick = tw_tick(div_u64(now, NSEC_PER_MSEC) + left);

	tw_wheel_turn(t, tw_tick_now(now));
	if (tick - t->tick >= XTCP_TW_SLOTS)
		tick = t->tick + XTCP_TW_SLOTS - 1;
	__set_bit(tick % XTCP_TW_SLOTS, t->used);
	list_add_tail(&rec->slot, &t->slot[tick % XTCP_TW_SLOTS]);
	if (!timer_pending(&t->timer) || (s32)(tick - t->wake) < 0)
		tw_timer_arm(t, tick, now);
}

/* The next record of a slot whose tick is before @present, or NULL. */
static struct xtcp_tw_rec *tw_wheel_next(struct xtcp_tw_table *t, u32 present)
{
	while (list_empty(&t->due)) {
		tw_wheel_turn(t, present);
		if ((s32)(present - t->tick) <= 0)
			return NULL;
		__clear_bit(t->tick % XTCP_TW_SLOTS, t->used);
		list_splice_init(&t->slot[t->tick % XTCP_TW_SLOTS], &t->due);
		t->tick++;
	}
	return list_first_entry(&t->due, struct xtcp_tw_rec, slot);
}

/* End records that are due, EXPIRE_MAX at most. Return: true when no other is due. */
static bool tw_expire_some(struct xtcp_tw_table *t)
{
	struct xtcp_tw_rec *rec, *dead = NULL;
	u64 now = xtcp_now();
	u32 present = tw_tick_now(now), ended = 0;
	int i;

	for (i = 0; i < EXPIRE_MAX; i++) {
		rec = tw_wheel_next(t, present);
		if (!rec)
			break;
		if (xtcp_tw_left(&rec->tw, now) > 0) {
			list_del(&rec->slot);
			tw_wheel_add(t, rec, now);
			continue;
		}
		if (rec->e.kind == XTCP_KIND_TW && !(rec->tw.flags & XTCP_TW_F_FIN_WAIT_2))
			ended++;
		xtcp_table_del(t->xn, &rec->e);
		tw_unlink(t, rec);
		rec->next = dead;
		dead = rec;
	}
	if (dead)
		call_rcu(&dead->rcu, tw_free_rcu);
	xtcp_mib_add(t->xn, XTCP_MIB_TW, ended);
	return i < EXPIRE_MAX;
}

/* The first tick from t->tick on whose slot may hold a record. */
static u32 tw_wheel_first(const struct xtcp_tw_table *t)
{
	u32 from = t->tick % XTCP_TW_SLOTS;
	u32 slot = find_next_bit(t->used, XTCP_TW_SLOTS, from);

	if (slot >= XTCP_TW_SLOTS)
		slot = find_first_bit(t->used, XTCP_TW_SLOTS);
	return t->tick + (slot - from) % XTCP_TW_SLOTS;
}

static void tw_expire(struct timer_list *timer)
{
	struct xtcp_tw_table *t = timer_container_of(t, timer, timer);
	bool all = false;
	int i;

	for (i = 0; i < EXPIRE_ROUNDS && !all; i++) {
		spin_lock(&t->lock);
		all = tw_expire_some(t);
		spin_unlock(&t->lock);
	}
	spin_lock(&t->lock);
	if (!all)
		mod_timer(&t->timer, jiffies);
	else if (t->count)
		tw_timer_arm(t, tw_wheel_first(t), xtcp_now());
	spin_unlock(&t->lock);
}

/**
 * xtcp_tw_init_net - make the TIME-WAIT table of a namespace
 * @xn: namespace with its look-up tables
 *
 * Context: process, may sleep. Return: 0 or -ENOMEM.
 */
int xtcp_tw_init_net(struct xtcp_net *xn)
{
	struct xtcp_tw_table *t = kzalloc(sizeof(*t), GFP_KERNEL_ACCOUNT);
	int i;

	if (!t)
		return -ENOMEM;
	spin_lock_init(&t->lock);
	INIT_LIST_HEAD(&t->due);
	for (i = 0; i < XTCP_TW_SLOTS; i++)
		INIT_LIST_HEAD(&t->slot[i]);
	t->xn = xn;
	timer_setup(&t->timer, tw_expire, 0);
	xn->tw = t;
	return 0;
}

static void tw_end_list(struct xtcp_tw_table *t, struct list_head *list)
{
	struct xtcp_tw_rec *rec, *next;

	list_for_each_entry_safe(rec, next, list, slot)
		tw_end(t, rec);
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
	int i;

	timer_shutdown_sync(&t->timer);
	spin_lock_bh(&t->lock);
	tw_end_list(t, &t->due);
	spin_unlock_bh(&t->lock);
	for (i = 0; i < XTCP_TW_SLOTS; i++) {
		spin_lock_bh(&t->lock);
		tw_end_list(t, &t->slot[i]);
		spin_unlock_bh(&t->lock);
		cond_resched();
	}
	xn->tw = NULL;
	kfree(t);
}

/* A record of a socket, in no table yet; NULL: no memory or no port. @now: ns. */
static struct xtcp_tw_rec *tw_new(struct sock *sk, u64 now)
{
	struct xtcp_sock *xsk = xtcp_sk(sk);
	bool v4 = xtcp_addr_is4(xsk->flow.saddr);
	struct kmem_cache *cache = v4 ? tw_cache4 : tw_cache6;
	struct xtcp_tw_rec *rec;

	rec = kmem_cache_alloc(cache, GFP_ATOMIC | __GFP_NOWARN);
	if (!rec)
		return NULL;
	rec->addr = xtcp_port_tw_get(xtcp_pernet(sock_net(sk)), sk);
	if (!rec->addr) {
		kmem_cache_free(cache, rec);
		return NULL;
	}
	xtcp_tw_init(&rec->tw, &xsk->tcb, now);
	if (v4)
		rec->daddr[0] = xsk->flow.daddr[3];
	else
		memcpy(rec->daddr, xsk->flow.daddr, sizeof(rec->daddr));
	rec->e.dport = xsk->flow.dport;
	rec->e.tos = xtcp_ip_tos(sk, &xsk->flow);
	rec->mark = sk->sk_mark;
	return rec;
}

/**
 * xtcp_tw_enter - replace a socket by a TIME-WAIT record
 * @sk: socket for which xtcp_tw_ready() is true
 * @now: ns
 *
 * Without memory, or with max_tw_buckets records, TIME-WAIT ends early; RFC 9293 does not
 * say what to do when the table is full.
 *
 * Context: any, socket lock.
 * Return: false when there was no record for a socket in FIN-WAIT-2, which then stays in
 * the table; otherwise true, and the socket is in no table.
 */
bool xtcp_tw_enter(struct sock *sk, u64 now)
{
	struct xtcp_net *xn = xtcp_pernet(sock_net(sk));
	struct xtcp_sock *xsk = xtcp_sk(sk);
	struct xtcp_tw_table *t = xn->tw;
	struct xtcp_tw_rec *rec = NULL;

	if (xsk->entry.kind != XTCP_KIND_SOCK)
		return true;
	if (READ_ONCE(t->count) < READ_ONCE(xn->knobs.max_tw_buckets))
		rec = tw_new(sk, now);
	if (!rec) {
		xtcp_mib_inc(xn, XTCP_MIB_TW_OVERFLOW);
		if (xsk->tcb.state != XTCP_TIME_WAIT)
			return false;
		xtcp_unhash(sk);
		return true;
	}
	spin_lock_bh(&t->lock);
	xtcp_table_replace(xn, &xsk->entry, &rec->e, XTCP_KIND_TW);
	WRITE_ONCE(t->count, t->count + 1);
	tw_wheel_add(t, rec, now);
	spin_unlock_bh(&t->lock);
	return true;
}

/* 127.0.0.0/8 or ::1. */
static bool tw_is_loopback(const u32 addr[4])
{
	const u8 *byte = (const u8 *)addr;

	if (addr[2] == (__force u32)htonl(0xffff))
		return byte[12] == 127;
	return !addr[0] && !addr[1] && !addr[2] && addr[3] == (__force u32)htonl(1);
}

/* The knob tw_reuse, as in the kernel: 0 never, 1 always, 2 over loopback only. */
static bool tw_reuse_allowed(const struct xtcp_net *xn, const struct xtcp_flow *flow)
{
	switch (READ_ONCE(xn->knobs.reuse_tw)) {
	case 0:
		return false;
	case 1:
		return true;
	default:
		return tw_is_loopback(flow->saddr) || tw_is_loopback(flow->daddr);
	}
}

/**
 * xtcp_tw_reuse - replace a TIME-WAIT record by the socket of an active open (RFC 6191)
 * @sk: socket with a 4-tuple that is taken, not hashed
 *
 * If the program has bound the port, the record is replaced when it is at least 1 ms old.
 * Otherwise another port can be tried, and tw_reuse and tw_reuse_delay apply.
 *
 * Context: process, socket lock. Return: true when @sk has been hashed.
 */
bool xtcp_tw_reuse(struct sock *sk)
{
	struct xtcp_net *xn = xtcp_pernet(sock_net(sk));
	struct xtcp_sock *xsk = xtcp_sk(sk);
	struct xtcp_tw_table *t = xn->tw;
	bool chosen = sk->sk_userlocks & SOCK_BINDPORT_LOCK, done = false;
	u32 delay = chosen ? 1 : READ_ONCE(xn->knobs.reuse_delay);
	struct xtcp_tw_rec *rec;
	struct xtcp_entry *e;

	if (!READ_ONCE(xn->params.timestamps) ||
	    (!chosen && !tw_reuse_allowed(xn, &xsk->flow)))
		return false;
	rcu_read_lock();
	e = xtcp_lookup(xn, &xsk->flow, xtcp_flow_hash(xn->tables, &xsk->flow), xsk->dif,
			xtcp_vrf(xn->net, xsk->dif));
	if (!e || READ_ONCE(e->kind) != XTCP_KIND_TW)
		goto out;
	rec = container_of(e, struct xtcp_tw_rec, e);
	spin_lock_bh(&t->lock);
	if (rec->e.kind == XTCP_KIND_TW &&
	    xtcp_tw_reusable(&rec->tw, delay, xtcp_now())) {
		xsk->iss_above = rec->tw.snd_nxt;
		xsk->reopens = 1;
		xtcp_mib_inc(xn, XTCP_MIB_TW_RECYCLED);
		xtcp_table_replace(xn, &rec->e, &xsk->entry, XTCP_KIND_SOCK);
		tw_unlink(t, rec);
		call_rcu(&rec->rcu, tw_free_rcu);
		done = true;
	}
	spin_unlock_bh(&t->lock);
out:
	rcu_read_unlock();
	return done;
}

/**
 * xtcp_tw_resume - resume or end the record that was suspended for a SYN
 * @xn: namespace
 * @flow: 4-tuple
 * @hash: its xtcp_flow_hash()
 * @l3mdev_oif: xtcp_ip_l3mdev_oif() of the SYN
 * @keep: the SYN was an old duplicate or was not answered: resume the record (RFC 9293,
 *	3.6.1). Otherwise the SYN has become a connection: end the record.
 *
 * Does nothing if there is no such record.
 *
 * Context: any. Return: whether the record was resumed.
 */
bool xtcp_tw_resume(struct xtcp_net *xn, const struct xtcp_flow *flow, u32 hash,
		    int l3mdev_oif, bool keep)
{
	struct xtcp_tw_table *t = xn->tw;
	struct xtcp_entry *e;
	bool back = false;

	if (likely(!atomic_read(&xn->tables->count[XTCP_KIND_SUSPENDED])))
		return false;
	spin_lock_bh(&t->lock);
	e = xtcp_table_resume(xn, flow, hash, l3mdev_oif, keep);
	if (e && e->kind == XTCP_KIND_TW) {
		back = true;
	} else if (e) {
		tw_end(t, container_of(e, struct xtcp_tw_rec, e));
		xtcp_mib_inc(xn, XTCP_MIB_TW_RECYCLED);
	}
	spin_unlock_bh(&t->lock);
	return back;
}

static void tw_send(const struct xtcp_stateless *to, const struct xtcp_plan *plan)
{
	struct dst_entry *dst = xtcp_ip_route(to);

	if (!IS_ERR(dst))
		xtcp_ip_send(to, dst, plan);
}

/**
 * xtcp_tw_segment - process a segment for a TIME-WAIT record
 * @rx: the packet
 * @rec: record, found in the table under RCU
 * @skb: verified segment; taken over unless XTCP_RX_AGAIN
 *
 * Context: RCU read lock, bottom halves off.
 * Return: XTCP_RX_DONE; or XTCP_RX_AGAIN when the record is dead, or was suspended because
 * the segment is a SYN that may open a new connection (RFC 6191). The SYN is then for a
 * listener, ours or the kernel's.
 */
enum xtcp_rx_result xtcp_tw_segment(struct xtcp_rx_ctx *rx, struct xtcp_tw_rec *rec,
				    struct sk_buff *skb)
{
	struct xtcp_tw_table *t = rx->xn->tw;
	struct xtcp_stateless to = {
		.net = rx->net,
		.flow = &rx->flow,
		.oif = rec->addr->key.dif,
		.tos = rec->e.tos,
	};
	u32 deadline, ts_off = xtcp_ts_offset(&rx->xn->params, &rx->flow);
	struct xtcp_plan plan;
	enum xtcp_tw_act act;
	struct xtcp_seg seg;

	if (!xtcp_seg_fill(&seg, skb)) {
		xtcp_discard(rx->xn, skb, XTCP_DROP_HEADER);
		return XTCP_RX_DONE;
	}
	spin_lock_bh(&t->lock);
	if (rec->e.kind != XTCP_KIND_TW) {
		spin_unlock_bh(&t->lock);
		return XTCP_RX_AGAIN;
	}
	plan.hdr_len = 0;
	to.mark = rec->mark;
	deadline = rec->tw.deadline;
	act = xtcp_tw_rx(&rec->tw, &seg, rx->now);
	/* The record was resumed for this SYN already, since no listener wants it. */
	if (act == XTCP_TW_SYN && rx->reopens) {
		seg.reason = XTCP_DROP_TIME_WAIT;
		act = XTCP_TW_ACK;
	}
	switch (act) {
	case XTCP_TW_ACK:
		xtcp_tw_plan(&rec->tw, ts_off, &plan, rx->now);
		if (rec->tw.deadline != deadline) {
			list_del(&rec->slot);
			tw_wheel_add(t, rec, rx->now);
		}
		break;
	case XTCP_TW_RST:
		xtcp_tw_rst(&rec->tw, &plan);
		tw_end(t, rec);
		break;
	case XTCP_TW_SYN:
		rx->reopens = true;
		rx->iss_above = rec->tw.snd_nxt;
		xtcp_table_suspend(rx->xn, &rec->e);
		break;
	case XTCP_TW_END:
		tw_end(t, rec);
		break;
	case XTCP_TW_DROP:
		if (!(rec->tw.flags & XTCP_TW_F_SKIPPED))
			break;
		rec->tw.flags &= ~XTCP_TW_F_SKIPPED;
		xtcp_mib_inc(rx->xn, rec->tw.flags & XTCP_TW_F_FIN_WAIT_2 ?
			     XTCP_MIB_ACK_SKIPPED_FIN_WAIT_2 : XTCP_MIB_ACK_SKIPPED_TIME_WAIT);
		break;
	}
	spin_unlock_bh(&t->lock);

	if (act == XTCP_TW_SYN)
		return XTCP_RX_AGAIN;
	if (plan.hdr_len) {
		to.label = xtcp_ip_label(to.flow, to.net, NULL, skb,
					 FLOWLABEL_REFLECT_ESTABLISHED);
		tw_send(&to, &plan);
	}
	if (seg.reason)
		xtcp_discard(rx->xn, skb, seg.reason);
	else
		consume_skb(skb);
	return XTCP_RX_DONE;
}
