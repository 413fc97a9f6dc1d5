// SPDX-License-Identifier: GPL-2.0
/*
 * Fast Open (RFC 7413) around the engine: whose keys, how many connections a
 * listener may have that nobody has acknowledged, and when a client had better
 * not try.
 */
#include <linux/netdevice.h>
#include <linux/random.h>
#include <linux/slab.h>
#include <net/route.h>
#include <net/tcp.h>

#include "ip.h"

/*
 * RFC 7413 5.1: a connection that was reset before it was acknowledged, as those
 * are whose client's address was forged with a cookie that was stolen, keeps its
 * place for this long, or the limit would bound nothing. Counted by the time
 * of day in slots rather than one by one.
 */
#define RESET_KEEP_S	60
#define SLOT_S		4
#define SLOTS		(RESET_KEEP_S / SLOT_S + 1)

/* Of a listener; its children that are not acknowledged refer to it, too. */
struct xtcp_fo_queue {
	refcount_t ref;
	spinlock_t lock;
	u32 most;		/* children not acknowledged, TCP_FASTOPEN; 0: off */
	u32 count;
	u32 resets[SLOTS];	/* by the slot of the time they came in */
	u32 slot;		/* the newest */
	struct xtcp_fo_keys keys;	/* TCP_FASTOPEN_KEY; n 0: the namespace's */
	struct rcu_head rcu;
};

/* ---- the queue ---- */

static void queue_put(struct xtcp_fo_queue *q)
{
	if (refcount_dec_and_test(&q->ref))
		kfree_rcu(q, rcu);
}

/* What was reset lately. Context: lock. */
static u32 queue_resets(struct xtcp_fo_queue *q)
{
	u32 now = (u32)div_u64(get_jiffies_64(), SLOT_S * HZ), sum = 0, i;

	if (now - q->slot >= SLOTS)
		memset(q->resets, 0, sizeof(q->resets));
	else
		while (q->slot != now)
			q->resets[++q->slot % SLOTS] = 0;
	q->slot = now;
	for (i = 0; i < SLOTS; i++)
		sum += q->resets[i];
	return sum;
}

/* The queue of a socket, made if there is none. Context: socket lock. */
static struct xtcp_fo_queue *queue_get(struct sock *sk)
{
	struct xtcp_fo_queue *q = xtcp_sk(sk)->fo;

	if (q)
		return q;
	q = kzalloc(sizeof(*q), GFP_KERNEL_ACCOUNT);
	if (!q)
		return NULL;
	refcount_set(&q->ref, 1);
	spin_lock_init(&q->lock);
	/* Pairs with xtcp_fo_syn(). */
	smp_store_release(&xtcp_sk(sk)->fo, q);
	return q;
}

/**
 * xtcp_fo_listen - TCP_FASTOPEN: how many connections may be unacknowledged
 * @sk: socket in CLOSE or LISTEN
 * @most: limited by somaxconn; 0 turns it off
 *
 * Context: process, socket lock. Return: 0 or -ENOMEM.
 */
int xtcp_fo_listen(struct sock *sk, u32 most)
{
	struct xtcp_fo_queue *q;

	if (!most && !xtcp_sk(sk)->fo)
		return 0;
	q = queue_get(sk);
	if (!q)
		return -ENOMEM;
	WRITE_ONCE(q->most, min_t(u32, most, READ_ONCE(sock_net(sk)->core.sysctl_somaxconn)));
	return 0;
}

/**
 * xtcp_fo_most - what xtcp_fo_listen() has set
 * @sk: socket; of a connection it is 0
 *
 * Context: socket lock. Return: connections.
 */
u32 xtcp_fo_most(const struct sock *sk)
{
	const struct xtcp_fo_queue *q = xtcp_sk(sk)->fo;

	return q && !xtcp_fo_child(&xtcp_sk(sk)->tcb) ? q->most : 0;
}

/**
 * xtcp_fo_set_keys - TCP_FASTOPEN_KEY
 * @sk: socket
 * @keys: one or two
 *
 * Context: process, socket lock. Return: 0, -EINVAL for a connection, -ENOMEM.
 */
int xtcp_fo_set_keys(struct sock *sk, const struct xtcp_fo_keys *keys)
{
	struct xtcp_fo_queue *q;

	if (xtcp_fo_child(&xtcp_sk(sk)->tcb))
		return -EINVAL;
	q = queue_get(sk);
	if (!q)
		return -ENOMEM;
	spin_lock_bh(&q->lock);
	q->keys = *keys;
	spin_unlock_bh(&q->lock);
	return 0;
}

/**
 * xtcp_fo_get_keys - what xtcp_fo_set_keys() has set
 * @sk: socket
 * @keys: filled in; n 0: the socket has none of its own
 *
 * Context: socket lock.
 */
void xtcp_fo_get_keys(const struct sock *sk, struct xtcp_fo_keys *keys)
{
	struct xtcp_fo_queue *q = xtcp_sk(sk)->fo;

	memset(keys, 0, sizeof(*keys));
	if (!q || xtcp_fo_child(&xtcp_sk(sk)->tcb))
		return;
	spin_lock_bh(&q->lock);
	*keys = q->keys;
	spin_unlock_bh(&q->lock);
}

/* A place of a child is free again, or after a while. */
static void queue_leave(struct xtcp_fo_queue *q, bool reset)
{
	spin_lock_bh(&q->lock);
	q->count--;
	if (reset) {
		queue_resets(q);
		q->resets[q->slot % SLOTS]++;
	}
	spin_unlock_bh(&q->lock);
	queue_put(q);
}

/**
 * xtcp_fo_free - a socket ends
 * @sk: listener, child or neither
 *
 * Context: nobody finds the socket any more, but for readers under RCU.
 */
void xtcp_fo_free(struct sock *sk)
{
	struct xtcp_fo_queue *q = xtcp_sk(sk)->fo;

	if (!q)
		return;
	xtcp_sk(sk)->fo = NULL;
	if (xtcp_fo_child(&xtcp_sk(sk)->tcb))
		queue_leave(q, false);
	else
		queue_put(q);
}

/* ---- a SYN ---- */

/* Those of the kernel's TCP, if it has any: it draws them when it first needs some. */
static bool kernel_keys(const struct net *net, struct xtcp_fo_keys *keys)
{
	const struct tcp_fastopen_context *ctx;

	static_assert(sizeof(ctx->key) == sizeof(keys->key));
	rcu_read_lock();
	ctx = rcu_dereference(net->ipv4.tcp_fastopen_ctx);
	if (ctx) {
		memcpy(keys->key, ctx->key, sizeof(keys->key));
		keys->n = ctx->num;
	}
	rcu_read_unlock();
	return ctx;
}

/**
 * xtcp_fo_keys_get - fastopen_key: the kernel's until somebody writes it
 * @xn: namespace
 * @keys: filled in
 *
 * Context: any.
 */
void xtcp_fo_keys_get(struct xtcp_net *xn, struct xtcp_fo_keys *keys)
{
	unsigned int seq;

	if (!READ_ONCE(xn->fo_keys_own) && kernel_keys(xn->net, keys))
		return;
	do {
		seq = read_seqbegin(&xn->fo_lock);
		*keys = xn->fo_keys;
	} while (read_seqretry(&xn->fo_lock, seq));
}

/**
 * xtcp_fo_keys_set - keys of this namespace's own
 * @xn: namespace
 * @keys: one or two
 *
 * Context: any.
 */
void xtcp_fo_keys_set(struct xtcp_net *xn, const struct xtcp_fo_keys *keys)
{
	write_seqlock_bh(&xn->fo_lock);
	xn->fo_keys = *keys;
	write_sequnlock_bh(&xn->fo_lock);
	WRITE_ONCE(xn->fo_keys_own, true);
}

/**
 * xtcp_fo_keys_reset - what was written is forgotten
 * @xn: namespace
 *
 * Context: any.
 */
void xtcp_fo_keys_reset(struct xtcp_net *xn)
{
	struct xtcp_fo_keys keys = { .n = 1 };

	if (!READ_ONCE(xn->fo_keys_own))
		return;
	get_random_bytes(keys.key[0], sizeof(keys.key[0]));
	xtcp_fo_keys_set(xn, &keys);
	WRITE_ONCE(xn->fo_keys_own, false);
}

/* ip route ... fastopen_no_cookie 1 */
static bool route_bare(const struct xtcp_rx *rx, const struct sock *sk)
{
	struct xtcp_stateless to = {
		.net = rx->net,
		.sk = sk,
		.flow = &rx->flow,
		.mark = xtcp_accept_mark(rx, sk),
		.oif = xtcp_ip_oif(sk, xtcp_ip_l3mdev_oif(rx)),
		.tos = xtcp_accept_tos(rx->xn, sk, &rx->flow, rx->tos),
	};
	struct dst_entry *dst = xtcp_ip_route(&to);
	bool bare;

	if (IS_ERR(dst))
		return false;
	bare = dst_metric(dst, RTAX_FASTOPEN_NO_COOKIE);
	dst_release(dst);
	return bare;
}

/* A place for one more child, and the keys; false: there is none. */
static bool queue_enter(const struct xtcp_rx *rx, struct xtcp_fo_queue *q,
			struct xtcp_fo_keys *keys)
{
	bool room;

	spin_lock(&q->lock);
	room = q->count < q->most && q->count + queue_resets(q) < q->most &&
	       refcount_inc_not_zero(&q->ref);
	if (room)
		q->count++;
	*keys = q->keys;
	spin_unlock(&q->lock);
	if (!room)
		xtcp_mib_inc(rx->xn, XTCP_MIB_FO_LISTEN_OVERFLOW);
	else if (!keys->n)
		xtcp_fo_keys_get(rx->xn, keys);
	return room;
}

/**
 * xtcp_fo_syn - is this SYN a connection?
 * @rx: the packet's particulars
 * @sk: listener, found under RCU
 * @seg: SYN with data or a Fast Open option
 * @give: filled in: cookie for the SYN-ACK, of length 0 for none
 *
 * Context: RCU read lock, bottom halves off.
 * Return: the listener's queue, in which it has a place: xtcp_listen_syn() and
 * xtcp_fo_reject() want it. NULL: an ordinary SYN.
 */
struct xtcp_fo_queue *xtcp_fo_syn(const struct xtcp_rx *rx, const struct sock *sk,
				  const struct xtcp_seg *seg, struct xtcp_cookie *give)
{
	u32 knob = READ_ONCE(rx->xn->knobs.fastopen);
	struct xtcp_fo_queue *q;
	struct xtcp_fo_keys keys;
	bool bare;

	if (seg->opts & XTCP_OPT_FASTOPEN && !seg->cookie_len)
		xtcp_mib_inc(rx->xn, XTCP_MIB_FO_COOKIE_REQD);
	/* Pairs with queue_get(). */
	q = smp_load_acquire(&xtcp_sk(sk)->fo);
	if (!(knob & XTCP_FO_KNOB_SERVER) || !q || !READ_ONCE(q->most) ||
	    !queue_enter(rx, q, &keys))
		return NULL;
	bare = knob & XTCP_FO_KNOB_SERVER_BARE || xtcp_sk(sk)->fo_bare ||
	       route_bare(rx, sk);
	switch (xtcp_fastopen_syn(&keys, bare, &rx->flow, seg, give)) {
	case XTCP_FOSYN_OLD:
		xtcp_mib_inc(rx->xn, XTCP_MIB_FO_PASSIVE_ALT_KEY);
		return q;
	case XTCP_FOSYN_GOOD:
		return q;
	case XTCP_FOSYN_BAD:
		xtcp_mib_inc(rx->xn, XTCP_MIB_FO_PASSIVE_FAIL);
		break;
	default:
		break;
	}
	queue_leave(q, false);
	return NULL;
}

/**
 * xtcp_fo_reject - no socket was made of it after all
 * @xn: namespace
 * @q: from xtcp_fo_syn()
 */
void xtcp_fo_reject(struct xtcp_net *xn, struct xtcp_fo_queue *q)
{
	xtcp_mib_inc(xn, XTCP_MIB_FO_PASSIVE_FAIL);
	queue_leave(q, false);
}

/* ---- what became of it ---- */

/* Loss on the local host says nothing of the way to others. */
static bool over_loopback(struct sock *sk)
{
	const struct dst_entry *dst = __sk_dst_get(sk);

	return dst && dst->dev && dst->dev->flags & IFF_LOOPBACK;
}

/* Something between here and there is against it. */
static void active_off(struct sock *sk)
{
	struct xtcp_net *xn = xtcp_net(sock_net(sk));

	if (!READ_ONCE(xn->knobs.fo_blackhole_s))
		return;
	WRITE_ONCE(xn->fo_off_at, jiffies);
	/* Pairs with xtcp_fo_off(). */
	smp_mb__before_atomic();
	atomic_inc(&xn->fo_off_times);
	xtcp_mib_inc(xn, XTCP_MIB_FO_BLACKHOLE);
}

/**
 * xtcp_fo_off - is no connection of this namespace to try it now?
 * @xn: namespace
 *
 * For fastopen_blackhole_timeout_sec, and twice as long each time, up to 2^6
 * times.
 *
 * Return: whether.
 */
bool xtcp_fo_off(const struct xtcp_net *xn)
{
	u32 secs = READ_ONCE(xn->knobs.fo_blackhole_s);
	int times = atomic_read(&xn->fo_off_times);

	if (!secs || !times)
		return false;
	/* Pairs with active_off(). */
	smp_rmb();
	return jiffies - READ_ONCE(xn->fo_off_at) < (u64)secs * HZ << min(times - 1, 6);
}

/* The peer has answered our SYN. */
static void active_opened(struct sock *sk)
{
	struct xtcp_net *xn = xtcp_net(sock_net(sk));
	const struct xtcp_tcb *tcb = &xtcp_sk(sk)->tcb;

	if (tcb->fo & XTCP_FO_ACKED)
		xtcp_mib_inc(xn, XTCP_MIB_FO_ACTIVE);
	else if (tcb->fo & XTCP_FO_DATA)
		xtcp_mib_inc(xn, XTCP_MIB_FO_ACTIVE_FAIL);
	if (tcb->fo & XTCP_FO_ASK)
		xtcp_metrics_cookie_put(sk);
}

/**
 * xtcp_fo_state - a connection with Fast Open has changed its state
 * @sk: socket, sk_state set
 * @opened: the handshake is over
 *
 * Context: any, socket lock.
 */
void xtcp_fo_state(struct sock *sk, bool opened)
{
	const struct xtcp_tcb *tcb = &xtcp_sk(sk)->tcb;
	struct xtcp_fo_queue *q = xtcp_sk(sk)->fo;

	if (!xtcp_fo_child(tcb)) {
		if (opened)
			active_opened(sk);
		return;
	}
	if (!q || tcb->state == XTCP_SYN_RECEIVED)
		return;
	xtcp_sk(sk)->fo = NULL;
	queue_leave(q, tcb->state == XTCP_CLOSED && tcb->err == XTCP_ERR_RESET);
}

/* Timeouts in a row that are no accident, as the kernel's TCP has it. */
#define SILENCES	3

/**
 * xtcp_fo_silence - a connection with Fast Open gets no answers
 * @sk: socket whose retransmission timer has run out, or that has failed
 * @over: the latter
 *
 * The third time in a row, or the last if that comes first: devices are known
 * that let the handshake through and nothing behind it.
 *
 * Context: any, socket lock.
 */
void xtcp_fo_silence(struct sock *sk, bool over)
{
	const struct xtcp_tcb *tcb = &xtcp_sk(sk)->tcb;

	if (!(tcb->fo & (XTCP_FO_ASK | XTCP_FO_DATA)) || xtcp_fo_child(tcb))
		return;
	if (over ? tcb->retries < SILENCES && tcb->err == XTCP_ERR_TIMEDOUT :
		   tcb->retries == SILENCES)
		active_off(sk);
}

/**
 * xtcp_fo_done - a connection with Fast Open is over
 * @sk: socket whose engine still has its figures
 *
 * A FIN without the data before it is another sign of such a device; data that
 * came is the sign that there is none, or no longer.
 *
 * Context: any, socket lock.
 */
void xtcp_fo_done(struct sock *sk)
{
	struct xtcp_net *xn = xtcp_net(sock_net(sk));
	const struct xtcp_tcb *tcb = &xtcp_sk(sk)->tcb;

	if (!(tcb->fo & (XTCP_FO_ASK | XTCP_FO_DATA)) || xtcp_fo_child(tcb))
		return;
	if (!tcb->bytes_received) {
		if (tcb->flags & XTCP_F_FIN_SEEN && seq_lt(tcb->rcv_nxt, tcb->rcv_fin))
			active_off(sk);
	} else if (atomic_read(&xn->fo_off_times) && !xtcp_fo_off(xn) &&
		   !over_loopback(sk)) {
		atomic_set(&xn->fo_off_times, 0);
	}
}

/**
 * xtcp_fo_client - may this connection try, and with what?
 * @sk: socket with a route, addresses and ports
 * @fo: filled in
 *
 * Return: false when it had better not; with a cookie of length 0 and not bare
 * it may ask for one, and no more.
 */
bool xtcp_fo_client(struct sock *sk, struct xtcp_fo_client *fo)
{
	struct xtcp_net *xn = xtcp_net(sock_net(sk));
	const struct dst_entry *dst = __sk_dst_get(sk);

	memset(fo, 0, sizeof(*fo));
	if (!xtcp_metrics_cookie_get(sk, fo) || xtcp_fo_off(xn))
		return false;
	if (READ_ONCE(xn->knobs.fastopen) & XTCP_FO_KNOB_CLIENT_BARE ||
	    xtcp_sk(sk)->fo_bare || (dst && dst_metric(dst, RTAX_FASTOPEN_NO_COOKIE))) {
		fo->bare = true;
		fo->cookie.len = 0;
	}
	return true;
}

/**
 * xtcp_fo_init_net - a namespace begins
 * @xn: namespace
 */
void xtcp_fo_init_net(struct xtcp_net *xn)
{
	seqlock_init(&xn->fo_lock);
	xn->fo_keys_own = true;
	xtcp_fo_keys_reset(xn);
	atomic_set(&xn->fo_off_times, 0);
}
