// SPDX-License-Identifier: GPL-2.0
/*
 * Half-open connections: between SYN and the ACK that makes a socket.
 *
 * An embryo is in the look-up table like a socket and in one of its
 * listener's lists, one list for each number of SYN-ACKs repeated: all in one
 * list wait equally long, so appending keeps it in order and one timer per
 * listener serves the heads. Only a peer that is known from earlier waits its
 * own time for the first repetition, and does so in a tree; a flood of SYNs
 * does not come from there. A timer per embryo costs more than the rest of it.
 */
#include <linux/slab.h>
#include <linux/tcp.h>
#include <net/route.h>

#include "../compat/timer.h"
#include "net.h"

static struct kmem_cache *half_cache;

/* Embryos one run of the timer serves; the rest follows at once. */
#define EXPIRE_MAX	64

int xtcp_half_slab_init(void)
{
	half_cache = kmem_cache_create("xtcp_embryo", sizeof(struct xtcp_half), 0,
				       SLAB_HWCACHE_ALIGN | SLAB_ACCOUNT, NULL);
	return half_cache ? 0 : -ENOMEM;
}

void xtcp_half_slab_exit(void)
{
	kmem_cache_destroy(half_cache);
}

static void half_free_rcu(struct rcu_head *head)
{
	kmem_cache_free(half_cache, container_of(head, struct xtcp_half, rcu));
}

static bool known_before(struct rb_node *a, const struct rb_node *b)
{
	return rb_entry(a, struct xtcp_half, known)->emb.deadline <
	       rb_entry(b, struct xtcp_half, known)->emb.deadline;
}

/* Append to the list of its age; the timer to no later than its deadline. */
static void half_queue(struct xtcp_listener *l, struct xtcp_half *half)
{
	/* The second wait of a peer that is known is the first of the others. */
	u32 waits = half->emb.retries - !!half->emb.rto_us;

	half->in_known = half->emb.rto_us && !half->emb.retries;
	if (half->in_known)
		rb_add_cached(&half->known, &l->known, known_before);
	else
		list_add_tail(&half->order,
			      &l->order[min_t(u32, waits, XTCP_HALF_LISTS - 1)]);
	if (half->emb.deadline < l->timer_at) {
		l->timer_at = half->emb.deadline;
		mod_timer(&l->timer, xtcp_jiffies_at(l->timer_at));
	}
}

static void half_unqueue(struct xtcp_listener *l, struct xtcp_half *half)
{
	if (half->in_known)
		rb_erase_cached(&half->known, &l->known);
	else
		list_del(&half->order);
}

/* Off the listener's books; the table entry is the caller's. */
static void half_retire(struct xtcp_listener *l, struct xtcp_half *half)
{
	half->dead = 1;
	half_unqueue(l, half);
	WRITE_ONCE(l->count, l->count - 1);
	call_rcu(&half->rcu, half_free_rcu);
}

/**
 * xtcp_half_end - forget a half-open connection
 * @l: its listener
 * @half: embryo, in the table
 *
 * Context: listener's lock.
 */
void xtcp_half_end(struct xtcp_listener *l, struct xtcp_half *half)
{
	xtcp_table_del(l->xn, &half->e);
	half_retire(l, half);
}

static struct xtcp_stateless half_to(const struct xtcp_half *half)
{
	const struct sock *sk = half->listener->sk;

	return (struct xtcp_stateless) {
		.net = sock_net(sk),
		.sk = sk,
		.flow = &half->e.flow,
		.mark = half->mark,
		.oif = half->e.dif,
		.tos = inet_sk(sk)->tos,
	};
}

static void half_send(const struct xtcp_half *half, const struct xtcp_plan *plan)
{
	struct xtcp_stateless to = half_to(half);
	struct dst_entry *dst = xtcp_ip4_route(&to);

	if (!IS_ERR(dst))
		xtcp_ip4_send(&to, dst, plan);
}

/*
 * A deadline came. TCP_DEFER_ACCEPT: the peer has acknowledged our SYN-ACK
 * and will not be asked again before it has had its time to send data.
 */
static void half_timeout(struct xtcp_listener *l, struct xtcp_half *half, u64 now)
{
	u64 defer = READ_ONCE(xtcp_sk(l->sk)->defer_accept) * XTCP_NSEC_PER_SEC;
	struct xtcp_plan plan;

	switch (xtcp_embryo_timeout(&half->emb, &l->xn->params, now)) {
	case XTCP_EMBRYO_SYNACK:
		half_unqueue(l, half);
		half_queue(l, half);
		if (half->acked && now - half->born < defer)
			break;
		xtcp_embryo_plan(&half->emb, &plan, now);
		half_send(half, &plan);
		break;
	case XTCP_EMBRYO_KILL:
		xtcp_half_end(l, half);
		break;
	default:
		break;
	}
}

/* The one that is due first, NULL when there is none. */
static struct xtcp_half *first_due(struct xtcp_listener *l)
{
	struct rb_node *node = rb_first_cached(&l->known);
	struct xtcp_half *half, *first = NULL;
	int i;

	if (node)
		first = rb_entry(node, struct xtcp_half, known);

	for (i = 0; i < XTCP_HALF_LISTS; i++) {
		half = list_first_entry_or_null(&l->order[i], struct xtcp_half, order);
		if (half && (!first || half->emb.deadline < first->emb.deadline))
			first = half;
	}
	return first;
}

/**
 * xtcp_half_timer - the listener's timer
 * @t: timer in struct xtcp_listener
 */
void xtcp_half_timer(struct timer_list *t)
{
	struct xtcp_listener *l = timer_container_of(l, t, timer);
	struct xtcp_half *half;
	u64 now = xtcp_now();
	int i;

	rcu_read_lock();
	spin_lock(&l->lock);
	/* Not armed by what is queued meanwhile: that is done once, below. */
	l->timer_at = 0;
	for (i = 0; i < EXPIRE_MAX; i++) {
		half = first_due(l);
		if (!half || half->emb.deadline > now)
			break;
		half_timeout(l, half, now);
	}
	half = first_due(l);
	l->timer_at = half && !l->closed ? half->emb.deadline : XTCP_NEVER;
	if (l->timer_at != XTCP_NEVER)
		mod_timer(&l->timer, xtcp_jiffies_at(l->timer_at));
	spin_unlock(&l->lock);
	rcu_read_unlock();
}

/* A SYN nobody has seen: an embryo, and its SYN-ACK. */
static enum xtcp_drop half_new(struct xtcp_rx *rx, struct sock *sk,
			       struct xtcp_listener *l, const struct xtcp_seg *seg,
			       u32 mark)
{
	struct xtcp_stateless to;
	struct dst_entry *dst = NULL;
	struct xtcp_half *half;
	struct xtcp_plan plan;
	struct xtcp_open open;
	enum xtcp_drop why;

	half = kmem_cache_zalloc(half_cache, GFP_ATOMIC | __GFP_NOWARN);
	if (!half)
		return XTCP_DROP_NO_MEMORY;
	half->listener = l;
	half->born = rx->now;
	half->mark = mark;
	half->e.flow = rx->flow;
	half->e.dif = sk->sk_bound_dev_if;

	to = half_to(half);
	dst = xtcp_ip4_route(&to);
	if (IS_ERR(dst)) {
		kmem_cache_free(half_cache, half);
		return XTCP_DROP_BAD_ADDRESS;
	}
	memset(&open, 0, sizeof(open));
	open.flow = rx->flow;
	xtcp_metrics_get(rx->xn, &open);
	xtcp_open_dst(sk, dst, &open);
	xtcp_embryo_init(&half->emb, &rx->xn->params, &open, seg, rx->now);

	spin_lock_bh(&l->lock);
	why = XTCP_DROP_NO_SOCKET;
	if (l->closed)
		goto no;
	why = XTCP_DROP_EMBRYO_OVERFLOW;
	if (l->count >= max_t(u32, READ_ONCE(sk->sk_max_ack_backlog), 1))
		goto no;
	why = XTCP_DROP_EMBRYO;		/* the same SYN on another CPU */
	if (xtcp_table_add(rx->xn, &half->e, XTCP_KIND_EMBRYO))
		goto no;
	WRITE_ONCE(l->count, l->count + 1);
	half_queue(l, half);
	xtcp_embryo_plan(&half->emb, &plan, rx->now);
	to.flow = &rx->flow;
	spin_unlock_bh(&l->lock);
	/* @half may be gone from here on. */
	xtcp_ip4_send(&to, dst, &plan);
	return XTCP_DROP_NONE;

no:
	spin_unlock_bh(&l->lock);
	dst_release(dst);
	kmem_cache_free(half_cache, half);
	return why;
}

/**
 * xtcp_listen_segment - a segment for a listener, from no known peer
 * @rx: the packet's particulars
 * @sk: listener, found under RCU
 * @skb: verified segment; taken over
 *
 * The listener's socket lock is not taken: a flood of SYNs does not keep
 * accept() out.
 *
 * Context: RCU read lock, bottom halves off.
 * Return: XTCP_RX_DONE.
 */
enum xtcp_rx_result xtcp_listen_segment(struct xtcp_rx *rx, struct sock *sk,
					struct sk_buff *skb)
{
	/* Pairs with xtcp_listen_start(). */
	struct xtcp_listener *l = smp_load_acquire(&xtcp_sk(sk)->listener);
	const struct rtable *rt = skb_rtable(skb);
	enum xtcp_drop why;
	struct xtcp_plan plan;
	struct xtcp_seg seg;

	if (!xtcp_seg_fill(&seg, skb)) {
		xtcp_discard(rx->xn, skb, XTCP_DROP_HEADER);
		return XTCP_RX_DONE;
	}
	/* RFC 9293, MUST-57. */
	if (rt && rt->rt_flags & (RTCF_BROADCAST | RTCF_MULTICAST)) {
		xtcp_discard(rx->xn, skb, XTCP_DROP_BAD_ADDRESS);
		return XTCP_RX_DONE;
	}
	switch (xtcp_listen_rx(&seg)) {
	case XTCP_LISTEN_RST:
		xtcp_rst_plan(&seg, &plan);
		xtcp_reply(rx->net, sk, &plan, skb);
		why = seg.reason;
		break;
	case XTCP_LISTEN_SYN:
		if (!l)
			why = XTCP_DROP_NO_SOCKET;
		else if (sk_acceptq_is_full(sk))
			why = XTCP_DROP_LISTEN_OVERFLOW;
		else
			why = half_new(rx, sk, l, &seg, READ_ONCE(sk->sk_mark));
		break;
	default:
		why = seg.reason;
		break;
	}
	if (why)
		xtcp_discard(rx->xn, skb, why);
	else
		consume_skb(skb);
	return XTCP_RX_DONE;
}

/*
 * TCP_DEFER_ACCEPT: the bare ACK of the handshake does not wake the listener,
 * until the peer has had its time.
 */
static bool half_defers(struct xtcp_listener *l, struct xtcp_half *half,
			const struct xtcp_seg *seg, u64 now)
{
	u64 defer = READ_ONCE(xtcp_sk(l->sk)->defer_accept) * XTCP_NSEC_PER_SEC;

	if (!defer || seg->len || seg->flags & XTCP_FIN || now - half->born >= defer)
		return false;
	half->acked = 1;
	return true;
}

/**
 * xtcp_half_segment - a segment for a half-open connection
 * @rx: the packet's particulars
 * @half: embryo, found in the table under RCU
 * @skb: verified segment; taken over unless XTCP_RX_AGAIN
 *
 * Context: RCU read lock, bottom halves off.
 * Return: XTCP_RX_AGAIN when the embryo ended meanwhile.
 */
enum xtcp_rx_result xtcp_half_segment(struct xtcp_rx *rx, struct xtcp_half *half,
				      struct sk_buff *skb)
{
	struct xtcp_listener *l = half->listener;
	struct xtcp_plan plan;
	struct sock *child = NULL;
	enum xtcp_embryo_act act;
	struct xtcp_seg seg;
	u64 deadline;

	if (!xtcp_seg_fill(&seg, skb)) {
		xtcp_discard(rx->xn, skb, XTCP_DROP_HEADER);
		return XTCP_RX_DONE;
	}
	plan.hdr_len = 0;
	spin_lock_bh(&l->lock);
	if (half->dead) {
		spin_unlock_bh(&l->lock);
		return XTCP_RX_AGAIN;
	}
	deadline = half->emb.deadline;
	act = xtcp_embryo_rx(&half->emb, &rx->xn->params, &seg, rx->now);
	switch (act) {
	case XTCP_EMBRYO_SYNACK:
		xtcp_embryo_plan(&half->emb, &plan, rx->now);
		if (half->emb.deadline != deadline) {
			half_unqueue(l, half);
			half_queue(l, half);
		}
		break;
	case XTCP_EMBRYO_ACK:
		xtcp_embryo_ack_plan(&half->emb, &plan, rx->now);
		break;
	case XTCP_EMBRYO_RST:
		xtcp_rst_plan(&seg, &plan);
		break;
	case XTCP_EMBRYO_RESET:
		xtcp_rst_plan(&seg, &plan);
		fallthrough;
	case XTCP_EMBRYO_KILL:
		xtcp_half_end(l, half);
		break;
	case XTCP_EMBRYO_ACCEPT:
		seg.reason = XTCP_DROP_EMBRYO;
		if (half_defers(l, half, &seg, rx->now))
			break;
		child = xtcp_listen_child(l, half, &seg.reason, rx->now);
		if (child)
			half_retire(l, half);
		break;
	case XTCP_EMBRYO_DROP:
		break;
	}
	spin_unlock_bh(&l->lock);

	if (child) {
		xtcp_listen_accept(l->sk, child, skb, rx->now);
		return XTCP_RX_DONE;
	}
	if (plan.hdr_len)
		xtcp_reply(rx->net, l->sk, &plan, skb);
	xtcp_discard(rx->xn, skb, seg.reason);
	return XTCP_RX_DONE;
}
