// SPDX-License-Identifier: GPL-2.0
/*
 * From the engine's plan to a packet in the device's queue.
 *
 * A packet is built for each transmission and forgotten once IP has it: what
 * may have to be sent again is in the send queue, not in the packet. Its
 * memory is charged to sk_wmem_alloc until the device has sent it, and that
 * is bounded (as by TCP small queues): a send buffer handed to a slow queue
 * whole would be old news by the time it leaves, retransmissions behind it.
 *
 * Output that meets the bound stops. The destructor of our packets is
 * sock_wfree(), which software GSO knows how to pass on and which outlives
 * the module; it calls sk_write_space, and that schedules the rest.
 */
#include <linux/tcp.h>
#include <net/ip.h>
#include <net/tcp.h>

#include "../compat/trace.h"
#include "internal.h"
#include "ip.h"

/* Always allowed: two of the largest packets, one in the device, one behind. */
#define QUEUE_MIN	(2 * (65536 + 4096))

/* Payload up to this many bytes may be copied behind the header, see sendq.c. */
#define LINEAR_ROOM	192

/* Packets sent in one go; the rest goes by the resumption path. */
#define BURST_MAX	128

/*
 * Room below IP: about two milliseconds at the rate of a window per round
 * trip, so that a fast path is kept busy between two interrupts and a slow
 * one does not hide a queue from congestion control.
 */
static u32 queue_limit(const struct sock *sk)
{
	const struct xtcp_tcb *tcb = &xtcp_sk(sk)->tcb;
	u32 rtt_us = READ_ONCE(tcb->srtt8_us) >> 3;
	/* With nothing below there is the 1 that sk_wmem_alloc begins with. */
	u32 most = max(READ_ONCE(xtcp_knobs(sk)->limit_output), 1U);
	u64 bytes;

	if (rtt_us < 2000)
		return most;
	bytes = div_u64((u64)READ_ONCE(tcb->cwnd) * 2000, rtt_us);
	return min_t(u64, max_t(u64, bytes, QUEUE_MIN), most);
}

/* Full bursts the local queue must take before they are made larger again. */
#define BURSTS_TO_GROW	64

static u32 queued(const struct sock *sk)
{
	return refcount_read(&sk->sk_wmem_alloc);
}

/* Too much below us? An ACK or a RST may pass up to twice the bound. */
static bool queue_full(struct sock *sk)
{
	struct xtcp_sock *xsk = xtcp_sk(sk);
	u32 limit = queue_limit(sk);

	if (likely(queued(sk) <= limit))
		return false;
	if ((xsk->tcb.ack_pending || (xsk->tcb.flags & XTCP_F_SEND_RST)) &&
	    queued(sk) <= 2 * limit)
		return false;
	set_bit(XTCP_TX_THROTTLED, &xsk->deferred);
	/* Against tx_space(): the last packet may just have been freed. */
	smp_mb__after_atomic();
	if (queued(sk) > limit)
		return true;
	clear_bit(XTCP_TX_THROTTLED, &xsk->deferred);
	return false;
}

static void resume_later(struct sock *sk)
{
	struct xtcp_sock *xsk = xtcp_sk(sk);

	if (test_and_set_bit(XTCP_TX_RESUMING, &xsk->deferred))
		return;
	/* A packet may outlive all references: then nothing is left to send. */
	if (refcount_inc_not_zero(&sk->sk_refcnt))
		tasklet_schedule(&xsk->tx_resume);
}

/*
 * sk_write_space, from sock_wfree(): possibly inside xtcp_transmit(), with the
 * socket lock held by this CPU, so that nothing can be sent from here.
 */
static void tx_space(struct sock *sk)
{
	struct socket *sock;

	if (test_bit(XTCP_TX_THROTTLED, &xtcp_sk(sk)->deferred) &&
	    queued(sk) <= queue_limit(sk))
		resume_later(sk);

	rcu_read_lock();
	sock = READ_ONCE(sk->sk_socket);
	if (sock && test_bit(SOCK_NOSPACE, &sock->flags))
		xtcp_write_space(sk);
	rcu_read_unlock();
}

/**
 * xtcp_tx_resume - send on, there is room below again
 * @sk: socket
 *
 * Context: any, socket lock.
 */
void xtcp_tx_resume(struct sock *sk)
{
	clear_bit(XTCP_TX_THROTTLED, &xtcp_sk(sk)->deferred);
	if (!xtcp_sk(sk)->inert) {
		xtcp_transmit(sk, xtcp_now());
		xtcp_timer_arm(sk);
	}
}

static void resume_fire(struct tasklet_struct *t)
{
	struct xtcp_sock *xsk = from_tasklet(xsk, t, tx_resume);
	struct sock *sk = &xsk->inet.sk;

	bh_lock_sock(sk);
	clear_bit(XTCP_TX_RESUMING, &xsk->deferred);
	if (sock_owned_by_user(sk))
		set_bit(XTCP_DEFER_TX, &xsk->deferred);
	else
		xtcp_tx_resume(sk);
	bh_unlock_sock(sk);
	sock_put(sk);
}

/**
 * xtcp_tx_init - the transmit half of a new socket
 * @sk: socket, zeroed or cloned
 */
void xtcp_tx_init(struct sock *sk)
{
	tasklet_setup(&xtcp_sk(sk)->tx_resume, resume_fire);
	sock_reset_flag(sk, SOCK_USE_WRITE_QUEUE);
	sk->sk_write_space = tx_space;
}

static struct sk_buff *build(struct sock *sk, const struct xtcp_plan *plan)
{
	const struct inet_sock *inet = inet_sk(sk);
	struct sk_buff *skb;

	skb = alloc_skb(MAX_TCP_HEADER + min_t(u32, plan->len, LINEAR_ROOM),
			GFP_ATOMIC | __GFP_NOWARN);
	if (unlikely(!skb))
		return NULL;
	skb_reserve(skb, MAX_TCP_HEADER);

	if (plan->len) {
		if (unlikely(xtcp_sendq_copy(skb, sk, plan->data, plan->len))) {
			kfree_skb(skb);
			return NULL;
		}
		if (unlikely(xtcp_sk(sk)->stamped))
			xtcp_sendq_stamp(skb, sk, plan->data, plan->len);
		if (plan->len > plan->mss) {
			skb_shinfo(skb)->gso_size = plan->mss;
			skb_shinfo(skb)->gso_segs = DIV_ROUND_UP(plan->len, plan->mss);
			skb_shinfo(skb)->gso_type = sk->sk_gso_type;
			/* CWR goes with the first part only: not every device can. */
			if (plan->flags & XTCP_CWR)
				skb_shinfo(skb)->gso_type |= SKB_GSO_TCP_ECN;
		}
	}
	skb_push(skb, plan->hdr_len);
	skb_reset_transport_header(skb);
	xtcp_hdr_put(skb->data, plan, (__force u16)inet->inet_sport,
		     (__force u16)inet->inet_dport);
	xtcp_ip_csum(sk, skb);

	/* Nothing of ours in the device queues: another queue may be chosen. */
	skb->ooo_okay = queued(sk) < SKB_TRUESIZE(1);
	skb_set_owner_w(skb, sk);
	skb_set_dst_pending_confirm(skb, READ_ONCE(sk->sk_dst_pending_confirm));
	if (plan->release)
		skb_set_delivery_time(skb, plan->release, true);
	return skb;
}

/*
 * The local queue refused a burst. It may be full for now, or too short ever
 * to hold a burst of this size, which a retry would not find out: so the next
 * one is half as large.
 */
static void burst_refused(struct sock *sk, const struct xtcp_plan *plan, u64 now)
{
	struct xtcp_sock *xsk = xtcp_sk(sk);

	xsk->gso_good = 0;
	if (plan->len > plan->mss)
		xtcp_set(&xsk->tcb, XTCP_SET_GSO_MAX,
			 max_t(u32, plan->len / 2, plan->mss), now);
}

/* A burst went out; after many of them they may grow again. */
static void burst_sent(struct sock *sk, const struct xtcp_plan *plan, u64 now)
{
	struct xtcp_sock *xsk = xtcp_sk(sk);

	if (likely(xsk->tcb.gso_max >= xsk->gso_full) ||
	    plan->len + plan->mss <= xsk->tcb.gso_max)
		return;
	if (++xsk->gso_good < BURSTS_TO_GROW)
		return;
	xsk->gso_good = 0;
	xtcp_set(&xsk->tcb, XTCP_SET_GSO_MAX,
		 min(2 * xsk->tcb.gso_max, xsk->gso_full), now);
}

/*
 * SO_MAX_PACING_RATE is the kernel's to set, and it tells nobody. A queue that
 * paces by itself (sch_fq) reads the same field and keeps to the release times
 * of plans; any other sends at once what output has not held back.
 */
static void pacing_sync(struct sock *sk)
{
	unsigned long rate = READ_ONCE(sk->sk_max_pacing_rate);
	u64 max = rate == ~0UL ? ~0ULL : rate;

	if (unlikely(max != xtcp_sk(sk)->tcb.pacing_max))
		xtcp_set_pacing_max(&xtcp_sk(sk)->tcb, max);
}

/**
 * xtcp_mtu_sync - tell the engine the route's MTU, if it is another one
 * @sk: socket
 * @now: ns
 *
 * A device was told so, a message about another connection arrived, what one
 * said has expired, or the program has set options of IP. Asked where IP has
 * refused a packet as too large, which it would do for ever, and whenever a timer
 * runs: that is once in a while for any connection that has something to send.
 *
 * Context: any, socket lock. Return: whether it is another one.
 */
bool xtcp_mtu_sync(struct sock *sk, u64 now)
{
	const struct dst_entry *dst = __sk_dst_get(sk);
	struct xtcp_tcb *tcb = &xtcp_sk(sk)->tcb;
	struct xtcp_open open;
	u32 mtu, hdr;

	if (!dst)
		return false;
	mtu = dst_mtu(dst);
	hdr = xtcp_ip_hdr_len(sk);
	if (mtu == xtcp_sk(sk)->pmtu && hdr == xtcp_sk(sk)->pmtu_hdr)
		return false;
	memset(&open, 0, sizeof(open));
	xtcp_open_dst(sk, dst, &open);
	xtcp_sk(sk)->pmtu = mtu;
	xtcp_sk(sk)->pmtu_hdr = hdr;
	xtcp_sk(sk)->gso_full = open.gso_max;
	if (tcb->gso_max > open.gso_max)
		xtcp_set(tcb, XTCP_SET_GSO_MAX, open.gso_max, now);
	if (open.path_mss < tcb->path_mss && tcb->snd_una != tcb->snd_nxt)
		xtcp_icmp(tcb, XTCP_ICMP_TOO_BIG, tcb->snd_una, open.path_mss, now);
	else if (open.path_mss != tcb->path_mss)
		xtcp_set(tcb, XTCP_SET_PATH_MSS, open.path_mss, now);
	return true;
}

/* @again: tcb->total_retrans as it was last seen. */
static void count_sent(struct sock *sk, const struct xtcp_plan *plan, u32 *again)
{
	const struct xtcp_tcb *tcb = &xtcp_sk(sk)->tcb;
	const struct xtcp_net *xn = xtcp_sk_net(sk);
	u32 n = tcb->total_retrans - *again;

	if (plan->flags & XTCP_RST) {
		xtcp_mib_inc(xn, XTCP_MIB_OUT_RSTS);
		xtcp_trace_send_reset(sk, NULL);
	} else if (likely(!n)) {
		xtcp_mib_add(xn, XTCP_MIB_ORIG_DATA_SENT, DIV_ROUND_UP(plan->len, plan->mss));
	} else {
		*again = tcb->total_retrans;
		xtcp_mib_add(xn, XTCP_MIB_RETRANS_SEGS, n);
		if (tcb->cong == XTCP_CONG_RECOVERY)
			xtcp_mib_add(xn, XTCP_MIB_FAST_RETRANS, n);
		else if (tcb->cong == XTCP_CONG_LOSS)
			xtcp_mib_add(xn, XTCP_MIB_SLOW_START_RETRANS, n);
	}
}

static void count_failed(struct sock *sk, const struct xtcp_plan *plan)
{
	if (plan->flags & XTCP_RST)
		xtcp_mib_inc(xtcp_sk_net(sk), XTCP_MIB_ABORT_FAILED);
}

/*
 * Is this the word of a queue that has no room, so that the packet may be tried
 * again at once? Else a rule or a route took it. As any network on the way may,
 * and what is lost there has its timers, which in the end give up: SYN retries,
 * user timeout, keepalive.
 */
static bool queue_refused(int err)
{
	return err > 0 || err == -ENOBUFS || err == -ENOMEM || err == -EAGAIN;
}

/**
 * xtcp_transmit - send what the engine wants sent
 * @sk: socket
 * @now: ns, of this hold of the lock
 *
 * A packet the local queue refuses was not sent: the engine takes it back and
 * tries again at its own deadline. One it marked as congestion (NET_XMIT_CN)
 * did go out. Either way the path is congested here.
 *
 * Context: any, socket lock. The caller arms the timer afterwards.
 */
void xtcp_transmit(struct sock *sk, u64 now)
{
	struct xtcp_sock *xsk = xtcp_sk(sk);
	u32 out = xsk->tcb.segs_out, again = xsk->tcb.total_retrans;
	struct xtcp_plan plan;
	struct sk_buff *skb;
	int i, err;

	if (unlikely(test_bit(XTCP_DEFER_TIMER, &xsk->deferred)))
		xtcp_timer_late(sk, now);
	pacing_sync(sk);
	for (i = 0; !queue_full(sk); i++) {
		if (unlikely(i >= BURST_MAX)) {
			resume_later(sk);
			break;
		}
		xtcp_map_refill(sk);
		if (!xtcp_tx_peek(&xsk->tcb, now, &plan))
			break;
		/* Who would not hold it back until then sends it now. */
		if (unlikely(plan.release) && READ_ONCE(sk->sk_pacing_status) != SK_PACING_FQ)
			plan.release = 0;
		skb = build(sk, &plan);
		if (unlikely(!skb)) {
			count_failed(sk, &plan);
			xtcp_tx_abort(&xsk->tcb, &plan, now);
			break;
		}
		err = xtcp_ip_xmit(sk, skb, plan.ecn);
		if (unlikely(err && err != NET_XMIT_CN)) {
			bool too_large = err == -EMSGSIZE;

			count_failed(sk, &plan);
			if (too_large || queue_refused(err)) {
				xtcp_tx_abort(&xsk->tcb, &plan, now);
				if (too_large && xtcp_mtu_sync(sk, now))
					continue;
				burst_refused(sk, &plan, now);
				if (err > 0)
					xtcp_queue_full(&xsk->tcb, now);
				break;
			}
		}
		xtcp_tx_commit(&xsk->tcb, &plan, now);
		if (unlikely(err == NET_XMIT_CN))
			xtcp_queue_full(&xsk->tcb, now);
		burst_sent(sk, &plan, now);
		if (plan.len || unlikely(plan.flags & XTCP_RST))
			count_sent(sk, &plan, &again);
	}
	if (xsk->tcb.segs_out != out)
		xtcp_mib_add(xtcp_sk_net(sk), XTCP_MIB_OUT_SEGS, xsk->tcb.segs_out - out);
}
