// SPDX-License-Identifier: GPL-2.0
/*
 * From the engine's plan to a packet in the device's queue.
 *
 * A packet is built for each transmission and not kept: bytes that may have to be sent
 * again are in the send queue. Its memory is charged to sk_wmem_alloc until the device
 * has sent it. That is limited, as with TCP small queues: if a slow queue held the
 * whole send buffer, retransmissions would wait behind it.
 *
 * At the limit output stops. The destructor of packets is sock_wfree(), which
 * software GSO can pass on to segments and which remains after the module is unloaded.
 * It calls sk_write_space, tx_write_space() here, which schedules the rest of the output.
 */
#include <linux/tcp.h>
#include <net/ip.h>
#include <net/tcp.h>

#include "../compat/trace.h"
#include "internal.h"
#include "ip.h"

/* Bytes, least limit by rate: two of the largest packets, one of them in the device. */
#define QUEUE_MIN	(2 * (65536 + 4096))

/* Payload up to this many bytes may be copied behind the header, see sendq.c. */
#define LINEAR_ROOM	192

/* Most packets to send at once; a tasklet sends the rest. */
#define BURST_MAX	128

/*
 * Limit of bytes below IP: about two milliseconds at a rate of one congestion window per
 * round trip. That keeps a fast device busy between two interrupts, and prevents a
 * queue at a slow one that congestion control does not see.
 */
static u32 tx_queue_limit(const struct sock *sk)
{
	const struct xtcp_tcb *tcb = &xtcp_sk(sk)->tcb;
	u32 rtt_us = READ_ONCE(tcb->srtt8_us) >> 3;
	/* sk_wmem_alloc is 1 when nothing is queued. */
	u32 most = max(READ_ONCE(xtcp_sk_knobs(sk)->limit_output), 1U);
	u64 bytes;

	if (rtt_us < 2000)
		return most;
	bytes = div_u64((u64)READ_ONCE(tcb->cwnd) * 2000, rtt_us);
	return min_t(u64, max_t(u64, bytes, QUEUE_MIN), most);
}

/* Full bursts the local queue must accept before they become larger again. */
#define BURSTS_TO_GROW	64

static u32 tx_queued(const struct sock *sk)
{
	return refcount_read(&sk->sk_wmem_alloc);
}

/* Are too many bytes below IP? An ACK or a RST may be sent up to twice the limit. */
static bool tx_queue_full(struct sock *sk)
{
	struct xtcp_sock *xsk = xtcp_sk(sk);
	u32 limit = tx_queue_limit(sk);

	if (likely(tx_queued(sk) <= limit))
		return false;
	if ((xsk->tcb.ack_pending || (xsk->tcb.flags & XTCP_F_SEND_RST)) &&
	    tx_queued(sk) <= 2 * limit)
		return false;
	set_bit(XTCP_TX_THROTTLED, &xsk->deferred);
	/* Pairs with tx_write_space(): the last packet may just have been freed. */
	smp_mb__after_atomic();
	if (tx_queued(sk) > limit)
		return true;
	clear_bit(XTCP_TX_THROTTLED, &xsk->deferred);
	return false;
}

static void tx_resume_later(struct sock *sk)
{
	struct xtcp_sock *xsk = xtcp_sk(sk);

	if (test_and_set_bit(XTCP_TX_RESUMING, &xsk->deferred))
		return;
	/* A packet may outlive the last reference; there is nothing to send then. */
	if (refcount_inc_not_zero(&sk->sk_refcnt))
		tasklet_schedule(&xsk->tx_resume);
}

/*
 * sk_write_space, called by sock_wfree(). That may happen inside xtcp_transmit() with
 * the socket lock held by this CPU, so nothing can be sent from here.
 */
static void tx_write_space(struct sock *sk)
{
	struct socket *sock;

	if (test_bit(XTCP_TX_THROTTLED, &xtcp_sk(sk)->deferred) &&
	    tx_queued(sk) <= tx_queue_limit(sk))
		tx_resume_later(sk);

	rcu_read_lock();
	sock = READ_ONCE(sk->sk_socket);
	if (sock && test_bit(SOCK_NOSPACE, &sock->flags))
		xtcp_write_space(sk);
	rcu_read_unlock();
}

/**
 * xtcp_tx_resume - continue output that the limit has stopped
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

static void tx_resume_fire(struct tasklet_struct *t)
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
 * xtcp_tx_init - initialise the output of a socket
 * @sk: socket, zeroed or cloned
 *
 * Context: any; nothing else knows the socket.
 */
void xtcp_tx_init(struct sock *sk)
{
	tasklet_setup(&xtcp_sk(sk)->tx_resume, tx_resume_fire);
	sock_reset_flag(sk, SOCK_USE_WRITE_QUEUE);
	sk->sk_write_space = tx_write_space;
}

/* Build the packet of a plan, charged to sk_wmem_alloc. Return: NULL without memory. */
static struct sk_buff *tx_build_skb(struct sock *sk, const struct xtcp_plan *plan)
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
			/* Only the first segment may have CWR; not every device can do that. */
			if (plan->flags & XTCP_CWR)
				skb_shinfo(skb)->gso_type |= SKB_GSO_TCP_ECN;
		}
	}
	skb_push(skb, plan->hdr_len);
	skb_reset_transport_header(skb);
	xtcp_hdr_put(skb->data, plan, (__force u16)inet->inet_sport,
		     (__force u16)inet->inet_dport);
	xtcp_ip_csum(sk, skb);

	/* No packet in a device queue: another queue cannot reorder. */
	skb->ooo_okay = tx_queued(sk) < SKB_TRUESIZE(1);
	skb_set_owner_w(skb, sk);
	skb_set_dst_pending_confirm(skb, READ_ONCE(sk->sk_dst_pending_confirm));
	if (plan->release)
		skb_set_delivery_time(skb, plan->release, true);
	return skb;
}

/*
 * The local queue refused a burst. It may be full for now, or too short to ever hold a
 * burst of this size. A retry cannot tell, so make the next burst half as large.
 */
static void tx_burst_refused(struct sock *sk, const struct xtcp_plan *plan, u64 now)
{
	struct xtcp_sock *xsk = xtcp_sk(sk);

	xsk->gso_good = 0;
	if (plan->len > plan->mss)
		xtcp_set(&xsk->tcb, XTCP_SET_GSO_MAX,
			 max_t(u32, plan->len / 2, plan->mss), now);
}

/* The local queue accepted a burst. After BURSTS_TO_GROW full ones double the size. */
static void tx_burst_sent(struct sock *sk, const struct xtcp_plan *plan, u64 now)
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
 * Pass to the engine what the kernel sets without telling the protocol:
 * SO_MAX_PACING_RATE, and that the queue discipline paces (sch_fq notes it at the first
 * packet of a socket). That one reads the same rate, and observes the release times of
 * plans. Any other one sends a packet at once; the engine gives out no plan that would
 * have to wait for longer than a moment.
 */
static void pacing_sync(struct sock *sk)
{
	unsigned long rate = READ_ONCE(sk->sk_max_pacing_rate);
	u64 max = rate == ~0UL ? ~0ULL : rate;
	bool fq = READ_ONCE(sk->sk_pacing_status) == SK_PACING_FQ;

	if (unlikely(max != xtcp_sk(sk)->tcb.pacing_max))
		xtcp_set_pacing_max(&xtcp_sk(sk)->tcb, max);
	if (unlikely(fq != xtcp_sk(sk)->tcb.queue_paces))
		xtcp_set_queue_paces(&xtcp_sk(sk)->tcb, fq);
}

/**
 * xtcp_mtu_sync - tell the engine if the route's MTU or the IP headers have changed
 * @sk: socket
 * @now: ns
 *
 * The MTU changes with that of the device, by an ICMP message about another connection,
 * or when such a message expires; the header length when the program sets IP options.
 * To be called when IP has refused a packet as too large, which it would repeat
 * forever, and whenever a timer runs, which happens now and then on any connection
 * that has something to send.
 *
 * Context: any, socket lock.
 * Return: whether one of them has changed.
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
		xtcp_icmp_rx(tcb, XTCP_ICMP_TOO_BIG, tcb->snd_una, open.path_mss, now);
	else if (open.path_mss != tcb->path_mss)
		xtcp_set(tcb, XTCP_SET_PATH_MSS, open.path_mss, now);
	return true;
}

/* Count a packet that was sent. @again: tcb->total_retrans before it; updated. */
static void tx_count_sent(struct sock *sk, const struct xtcp_plan *plan, u32 *again)
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

static void tx_count_failed(struct sock *sk, const struct xtcp_plan *plan)
{
	if (plan->flags & XTCP_RST)
		xtcp_mib_inc(xtcp_sk_net(sk), XTCP_MIB_ABORT_FAILED);
}

/*
 * Does the error mean that the local queue has no room, so that the packet was not sent
 * and can be sent again? Any other error (a firewall rule, no route) counts as a packet
 * lost in the network: timers retransmit it and, in the end, give up.
 */
static bool tx_queue_refused(int err)
{
	return err > 0 || err == -ENOBUFS || err == -ENOMEM || err == -EAGAIN;
}

/**
 * xtcp_transmit - send what the engine wants to send
 * @sk: socket
 * @now: ns, read under the present hold of the lock
 *
 * A packet that the local queue refuses was not sent: xtcp_tx_abort() takes it back and
 * the engine tries again at a deadline. With NET_XMIT_CN it was sent. Either way the
 * local queue is a sign of congestion. The caller arms the timer afterwards.
 *
 * Context: any, socket lock.
 */
void xtcp_transmit(struct sock *sk, u64 now)
{
	struct xtcp_sock *xsk = xtcp_sk(sk);
	u32 out = xsk->tcb.segs_out, again = xsk->tcb.total_retrans;
	u32 more = XTCP_ACT_OUTPUT;
	struct xtcp_plan plan;
	struct sk_buff *skb;
	int i, err;

	if (unlikely(test_bit(XTCP_DEFER_TIMER, &xsk->deferred)))
		xtcp_timer_late(sk, now);
	pacing_sync(sk);
	for (i = 0; more && !tx_queue_full(sk); i++) {
		if (unlikely(i >= BURST_MAX)) {
			tx_resume_later(sk);
			break;
		}
		xtcp_map_refill(sk);
		if (!xtcp_tx_peek(&xsk->tcb, now, &plan))
			break;
		/* Only sch_fq delays packets until their release time. */
		if (unlikely(plan.release) && READ_ONCE(sk->sk_pacing_status) != SK_PACING_FQ)
			plan.release = 0;
		skb = tx_build_skb(sk, &plan);
		if (unlikely(!skb)) {
			tx_count_failed(sk, &plan);
			xtcp_tx_abort(&xsk->tcb, &plan, now);
			break;
		}
		err = xtcp_ip_xmit(sk, skb, plan.ecn);
		if (unlikely(err && err != NET_XMIT_CN)) {
			bool too_large = err == -EMSGSIZE;

			tx_count_failed(sk, &plan);
			if (too_large || tx_queue_refused(err)) {
				xtcp_tx_abort(&xsk->tcb, &plan, now);
				if (too_large && xtcp_mtu_sync(sk, now))
					continue;
				tx_burst_refused(sk, &plan, now);
				if (err > 0)
					xtcp_queue_full(&xsk->tcb, now);
				break;
			}
		}
		more = xtcp_tx_commit(&xsk->tcb, &plan, now);
		if (unlikely(err == NET_XMIT_CN))
			xtcp_queue_full(&xsk->tcb, now);
		tx_burst_sent(sk, &plan, now);
		if (plan.len || unlikely(plan.flags & XTCP_RST))
			tx_count_sent(sk, &plan, &again);
	}
	if (xsk->tcb.segs_out != out)
		xtcp_mib_add(xtcp_sk_net(sk), XTCP_MIB_OUT_SEGS, xsk->tcb.segs_out - out);
}
