// SPDX-License-Identifier: GPL-2.0
/*
 * Fast Open (RFC 7413) outside the engine: the keys, the limit on a listener's connections
 * that the peer has not acknowledged yet, and when a client does not try it.
 */
#include <linux/netdevice.h>
#include <linux/random.h>
#include <linux/slab.h>
#include <net/route.h>
#include <net/tcp.h>

#include "ip.h"

/*
 * RFC 7413, 5.1: a child that is reset before it is acknowledged keeps its place in the
 * queue for this many seconds. Otherwise the limit would not bound a flood with a stolen
 * cookie and forged addresses, whose owners send RSTs. The resets are counted per slot of
 * time, not kept one by one.
 */
#define RESET_KEEP_S	60
#define SLOT_S		4
#define SLOTS		(RESET_KEEP_S / SLOT_S + 1)

/*
 * What Fast Open keeps for a listener. Referenced by the listener and by each child that is
 * not acknowledged yet; freed after an RCU grace period.
 */
struct xtcp_fastopen_queue {
	refcount_t ref;
	spinlock_t lock;
	u32 most;		/* limit of count, TCP_FASTOPEN; 0: off; socket lock */
	u32 count;		/* children not acknowledged; lock */
	u32 resets[SLOTS];	/* children reset, by slot modulo SLOTS; lock */
	u32 slot;		/* the newest slot, SLOT_S seconds each; lock */
	struct xtcp_fastopen_keys keys;	/* TCP_FASTOPEN_KEY; n 0: the namespace's; lock */
	struct rcu_head rcu;
};

/* ---- the queue ---- */

static void fastopen_queue_put(struct xtcp_fastopen_queue *q)
{
	if (refcount_dec_and_test(&q->ref))
		kfree_rcu(q, rcu);
}

/* Children that were reset in the last RESET_KEEP_S seconds. Context: queue's lock. */
static u32 fastopen_queue_resets(struct xtcp_fastopen_queue *q)
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
static struct xtcp_fastopen_queue *fastopen_queue_get(struct sock *sk)
{
	struct xtcp_fastopen_queue *q = xtcp_sk(sk)->fo;

	if (q)
		return q;
	q = kzalloc(sizeof(*q), GFP_KERNEL_ACCOUNT);
	if (!q)
		return NULL;
	refcount_set(&q->ref, 1);
	spin_lock_init(&q->lock);
	/* Pairs with xtcp_fastopen_admit(). */
	smp_store_release(&xtcp_sk(sk)->fo, q);
	return q;
}

/**
 * xtcp_fastopen_set_qlen - TCP_FASTOPEN: set how many children may be unacknowledged
 * @sk: socket in CLOSE or LISTEN
 * @most: connections, limited by somaxconn; 0 turns Fast Open off
 *
 * Context: process, socket lock. Return: 0 or -ENOMEM.
 */
int xtcp_fastopen_set_qlen(struct sock *sk, u32 most)
{
	struct xtcp_fastopen_queue *q;

	if (!most && !xtcp_sk(sk)->fo)
		return 0;
	q = fastopen_queue_get(sk);
	if (!q)
		return -ENOMEM;
	WRITE_ONCE(q->most, min_t(u32, most, READ_ONCE(sock_net(sk)->core.sysctl_somaxconn)));
	return 0;
}

/**
 * xtcp_fastopen_get_qlen - the value set by xtcp_fastopen_set_qlen()
 * @sk: socket
 *
 * Context: socket lock. Return: connections; 0 for a child.
 */
u32 xtcp_fastopen_get_qlen(const struct sock *sk)
{
	const struct xtcp_fastopen_queue *q = xtcp_sk(sk)->fo;

	return q && !xtcp_fastopen_is_child(&xtcp_sk(sk)->tcb) ? q->most : 0;
}

/**
 * xtcp_fastopen_set_sk_keys - TCP_FASTOPEN_KEY: set the keys of a listener
 * @sk: socket
 * @keys: one or two
 *
 * Context: process, socket lock. Return: 0, -EINVAL for a child, -ENOMEM.
 */
int xtcp_fastopen_set_sk_keys(struct sock *sk, const struct xtcp_fastopen_keys *keys)
{
	struct xtcp_fastopen_queue *q;

	if (xtcp_fastopen_is_child(&xtcp_sk(sk)->tcb))
		return -EINVAL;
	q = fastopen_queue_get(sk);
	if (!q)
		return -ENOMEM;
	spin_lock_bh(&q->lock);
	q->keys = *keys;
	spin_unlock_bh(&q->lock);
	return 0;
}

/**
 * xtcp_fastopen_get_sk_keys - the keys set by xtcp_fastopen_set_sk_keys()
 * @sk: socket
 * @keys: filled in; n 0: the socket has none of its own
 *
 * Context: socket lock.
 */
void xtcp_fastopen_get_sk_keys(const struct sock *sk, struct xtcp_fastopen_keys *keys)
{
	struct xtcp_fastopen_queue *q = xtcp_sk(sk)->fo;

	memset(keys, 0, sizeof(*keys));
	if (!q || xtcp_fastopen_is_child(&xtcp_sk(sk)->tcb))
		return;
	spin_lock_bh(&q->lock);
	*keys = q->keys;
	spin_unlock_bh(&q->lock);
}

/* A child leaves; if it was reset, its place is free after RESET_KEEP_S seconds only. */
static void fastopen_queue_leave(struct xtcp_fastopen_queue *q, bool reset)
{
	spin_lock_bh(&q->lock);
	q->count--;
	if (reset) {
		fastopen_queue_resets(q);
		q->resets[q->slot % SLOTS]++;
	}
	spin_unlock_bh(&q->lock);
	fastopen_queue_put(q);
}

/**
 * xtcp_fastopen_free - release the queue of a socket that is destroyed
 * @sk: listener, child or neither
 *
 * Context: any; the socket is in no table, only RCU readers may still use it.
 */
void xtcp_fastopen_free(struct sock *sk)
{
	struct xtcp_fastopen_queue *q = xtcp_sk(sk)->fo;

	if (!q)
		return;
	xtcp_sk(sk)->fo = NULL;
	if (xtcp_fastopen_is_child(&xtcp_sk(sk)->tcb))
		fastopen_queue_leave(q, false);
	else
		fastopen_queue_put(q);
}

/* ---- a SYN ---- */

/* Copy the keys of the kernel's TCP. Return: false when it has not drawn any yet. */
static bool fastopen_kernel_keys(const struct net *net, struct xtcp_fastopen_keys *keys)
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
 * xtcp_fastopen_get_net_keys - a namespace's keys; by default the kernel's
 * @xn: namespace
 * @keys: filled in
 *
 * Context: any.
 */
void xtcp_fastopen_get_net_keys(struct xtcp_net *xn, struct xtcp_fastopen_keys *keys)
{
	unsigned int seq;

	if (!READ_ONCE(xn->fo_keys_own) && fastopen_kernel_keys(xn->net, keys))
		return;
	do {
		seq = read_seqbegin(&xn->fo_lock);
		*keys = xn->fo_keys;
	} while (read_seqretry(&xn->fo_lock, seq));
}

/**
 * xtcp_fastopen_set_net_keys - set keys of a namespace, in place of the kernel's
 * @xn: namespace
 * @keys: one or two
 *
 * Context: any.
 */
void xtcp_fastopen_set_net_keys(struct xtcp_net *xn, const struct xtcp_fastopen_keys *keys)
{
	write_seqlock_bh(&xn->fo_lock);
	xn->fo_keys = *keys;
	write_sequnlock_bh(&xn->fo_lock);
	WRITE_ONCE(xn->fo_keys_own, true);
}

/**
 * xtcp_fastopen_reset_net_keys - go back to the kernel's keys
 * @xn: namespace
 *
 * A random key takes the place of those that were written, for use while the kernel has
 * none.
 *
 * Context: any.
 */
void xtcp_fastopen_reset_net_keys(struct xtcp_net *xn)
{
	struct xtcp_fastopen_keys keys = { .n = 1 };

	if (!READ_ONCE(xn->fo_keys_own))
		return;
	get_random_bytes(keys.key[0], sizeof(keys.key[0]));
	xtcp_fastopen_set_net_keys(xn, &keys);
	WRITE_ONCE(xn->fo_keys_own, false);
}

/* Does the route need no cookie (ip route ... fastopen_no_cookie 1)? */
static bool fastopen_route_bare(const struct xtcp_rx_ctx *rx, const struct sock *sk)
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

/* Take a place for one more child, and copy the keys. Return: false when there is none. */
static bool fastopen_queue_enter(const struct xtcp_rx_ctx *rx,
				 struct xtcp_fastopen_queue *q,
				 struct xtcp_fastopen_keys *keys)
{
	bool room;

	spin_lock(&q->lock);
	room = q->count < q->most && q->count + fastopen_queue_resets(q) < q->most &&
	       refcount_inc_not_zero(&q->ref);
	if (room)
		q->count++;
	*keys = q->keys;
	spin_unlock(&q->lock);
	if (!room)
		xtcp_mib_inc(rx->xn, XTCP_MIB_FO_LISTEN_OVERFLOW);
	else if (!keys->n)
		xtcp_fastopen_get_net_keys(rx->xn, keys);
	return room;
}

/**
 * xtcp_fastopen_admit - may this SYN become a socket at once?
 * @rx: the packet
 * @sk: listener, found under RCU
 * @seg: SYN with data or a Fast Open option
 * @give: filled in: cookie for the SYN-ACK, of length 0 for none
 *
 * Context: RCU read lock, bottom halves off.
 * Return: the listener's queue, in which a place was taken: it is for the child's field fo,
 * or for xtcp_fastopen_reject(). NULL: an ordinary SYN.
 */
struct xtcp_fastopen_queue *xtcp_fastopen_admit(const struct xtcp_rx_ctx *rx,
						const struct sock *sk,
						const struct xtcp_seg *seg,
						struct xtcp_fastopen_cookie *give)
{
	u32 knob = READ_ONCE(rx->xn->knobs.fastopen);
	struct xtcp_fastopen_queue *q;
	struct xtcp_fastopen_keys keys;
	bool bare;

	if (seg->opts & XTCP_OPT_FASTOPEN && !seg->fo_cookie_len)
		xtcp_mib_inc(rx->xn, XTCP_MIB_FO_COOKIE_REQD);
	/* Pairs with fastopen_queue_get(). */
	q = smp_load_acquire(&xtcp_sk(sk)->fo);
	if (!(knob & XTCP_FO_KNOB_SERVER) || !q || !READ_ONCE(q->most) ||
	    !fastopen_queue_enter(rx, q, &keys))
		return NULL;
	bare = knob & XTCP_FO_KNOB_SERVER_BARE || xtcp_sk(sk)->fo_bare ||
	       fastopen_route_bare(rx, sk);
	switch (xtcp_fastopen_check_syn(&keys, bare, &rx->flow, seg, give)) {
	case XTCP_FASTOPEN_OLD:
		xtcp_mib_inc(rx->xn, XTCP_MIB_FO_PASSIVE_ALT_KEY);
		return q;
	case XTCP_FASTOPEN_GOOD:
		return q;
	case XTCP_FASTOPEN_BAD:
		xtcp_mib_inc(rx->xn, XTCP_MIB_FO_PASSIVE_FAIL);
		break;
	default:
		break;
	}
	fastopen_queue_leave(q, false);
	return NULL;
}

/**
 * xtcp_fastopen_reject - give back the place of a SYN that became no socket
 * @xn: namespace
 * @q: from xtcp_fastopen_admit()
 *
 * Context: bottom halves off.
 */
void xtcp_fastopen_reject(struct xtcp_net *xn, struct xtcp_fastopen_queue *q)
{
	xtcp_mib_inc(xn, XTCP_MIB_FO_PASSIVE_FAIL);
	fastopen_queue_leave(q, false);
}

/* ---- what became of it ---- */

/* Is the route over loopback? What arrives there says nothing about other paths. */
static bool fastopen_over_loopback(struct sock *sk)
{
	const struct dst_entry *dst = __sk_dst_get(sk);

	return dst && dst->dev && dst->dev->flags & IFF_LOOPBACK;
}

/* Turn Fast Open off for active opens: something on the path seems to block it. */
static void fastopen_active_off(struct sock *sk)
{
	struct xtcp_net *xn = xtcp_pernet(sock_net(sk));

	if (!READ_ONCE(xn->knobs.fo_blackhole_s))
		return;
	WRITE_ONCE(xn->fo_off_at, jiffies);
	/* Pairs with xtcp_fastopen_is_off(). */
	smp_mb__before_atomic();
	atomic_inc(&xn->fo_off_times);
	xtcp_mib_inc(xn, XTCP_MIB_FO_BLACKHOLE);
}

/**
 * xtcp_fastopen_is_off - is Fast Open turned off for active opens of this namespace?
 * @xn: namespace
 *
 * It is off for fastopen_blackhole_timeout_sec, and twice as long each further time, up to
 * 2^6 times as long.
 *
 * Context: any. Return: whether it is off.
 */
bool xtcp_fastopen_is_off(const struct xtcp_net *xn)
{
	u32 secs = READ_ONCE(xn->knobs.fo_blackhole_s);
	int times = atomic_read(&xn->fo_off_times);

	if (!secs || !times)
		return false;
	/* Pairs with fastopen_active_off(). */
	smp_rmb();
	return jiffies - READ_ONCE(xn->fo_off_at) < (u64)secs * HZ << min(times - 1, 6);
}

/* The peer has answered our SYN: count the result and cache what it gave. */
static void fastopen_active_opened(struct sock *sk)
{
	struct xtcp_net *xn = xtcp_pernet(sock_net(sk));
	const struct xtcp_tcb *tcb = &xtcp_sk(sk)->tcb;

	if (tcb->fo & XTCP_FO_ACKED)
		xtcp_mib_inc(xn, XTCP_MIB_FO_ACTIVE);
	else if (tcb->fo & XTCP_FO_DATA)
		xtcp_mib_inc(xn, XTCP_MIB_FO_ACTIVE_FAIL);
	if (tcb->fo & XTCP_FO_ASK)
		xtcp_metrics_put_fastopen(sk);
}

/**
 * xtcp_fastopen_note_state - a connection with Fast Open has changed its state
 * @sk: socket, sk_state set
 * @opened: the handshake has completed
 *
 * A child leaves the queue of its listener when it leaves SYN-RECEIVED.
 *
 * Context: any, socket lock.
 */
void xtcp_fastopen_note_state(struct sock *sk, bool opened)
{
	const struct xtcp_tcb *tcb = &xtcp_sk(sk)->tcb;
	struct xtcp_fastopen_queue *q = xtcp_sk(sk)->fo;

	if (!xtcp_fastopen_is_child(tcb)) {
		if (opened)
			fastopen_active_opened(sk);
		return;
	}
	if (!q || tcb->state == XTCP_SYN_RECEIVED)
		return;
	xtcp_sk(sk)->fo = NULL;
	fastopen_queue_leave(q, tcb->state == XTCP_CLOSED && tcb->err == XTCP_ERR_RESET);
}

/* Timeouts in a row that turn Fast Open off, as in the kernel's TCP. */
#define SILENCES	3

/**
 * xtcp_fastopen_note_timeout - a connection with Fast Open had a retransmission timeout
 * @sk: socket
 * @over: the connection has failed
 *
 * At the third timeout in a row, or the last if there are fewer, active opens stop using
 * Fast Open: some middleboxes pass the handshake and block all that follows.
 *
 * Context: any, socket lock.
 */
void xtcp_fastopen_note_timeout(struct sock *sk, bool over)
{
	const struct xtcp_tcb *tcb = &xtcp_sk(sk)->tcb;

	if (!(tcb->fo & (XTCP_FO_ASK | XTCP_FO_DATA)) || xtcp_fastopen_is_child(tcb))
		return;
	if (over ? tcb->retries < SILENCES && tcb->err == XTCP_ERR_TIMEDOUT :
		   tcb->retries == SILENCES)
		fastopen_active_off(sk);
}

/**
 * xtcp_fastopen_finish - a connection with Fast Open is over
 * @sk: socket whose TCB still has its counts
 *
 * A FIN without any of the data before it is another sign of such a middlebox. Data that
 * was received is a sign that there is none; a later failure starts again with the shortest
 * time.
 *
 * Context: any, socket lock.
 */
void xtcp_fastopen_finish(struct sock *sk)
{
	struct xtcp_net *xn = xtcp_pernet(sock_net(sk));
	const struct xtcp_tcb *tcb = &xtcp_sk(sk)->tcb;

	if (!(tcb->fo & (XTCP_FO_ASK | XTCP_FO_DATA)) || xtcp_fastopen_is_child(tcb))
		return;
	if (!tcb->bytes_received) {
		if (tcb->flags & XTCP_F_FIN_SEEN && seq_lt(tcb->rcv_nxt, tcb->rcv_fin))
			fastopen_active_off(sk);
	} else if (atomic_read(&xn->fo_off_times) && !xtcp_fastopen_is_off(xn) &&
		   !fastopen_over_loopback(sk)) {
		atomic_set(&xn->fo_off_times, 0);
	}
}

/**
 * xtcp_fastopen_check_client - may an active open use Fast Open, and with which cookie?
 * @sk: socket with a route, addresses and ports
 * @fo: filled in; with a cookie of length 0 and not bare the SYN only requests a cookie
 *
 * Context: process, socket lock. Return: false when it must not try.
 */
bool xtcp_fastopen_check_client(struct sock *sk, struct xtcp_fastopen_client *fo)
{
	struct xtcp_net *xn = xtcp_pernet(sock_net(sk));
	const struct dst_entry *dst = __sk_dst_get(sk);

	memset(fo, 0, sizeof(*fo));
	if (!xtcp_metrics_get_fastopen(sk, fo) || xtcp_fastopen_is_off(xn))
		return false;
	if (READ_ONCE(xn->knobs.fastopen) & XTCP_FO_KNOB_CLIENT_BARE ||
	    xtcp_sk(sk)->fo_bare || (dst && dst_metric(dst, RTAX_FASTOPEN_NO_COOKIE))) {
		fo->bare = true;
		fo->cookie.len = 0;
	}
	return true;
}

/**
 * xtcp_fastopen_init_net - initialise Fast Open of a namespace
 * @xn: namespace
 *
 * Context: process.
 */
void xtcp_fastopen_init_net(struct xtcp_net *xn)
{
	seqlock_init(&xn->fo_lock);
	xn->fo_keys_own = true;
	xtcp_fastopen_reset_net_keys(xn);
	atomic_set(&xn->fo_off_times, 0);
}
