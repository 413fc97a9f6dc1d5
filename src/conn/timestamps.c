// SPDX-License-Identifier: GPL-2.0
/*
 * Time stamps of packets: SO_TIMESTAMP and SO_TIMESTAMPING, as tcp(7) and
 * Documentation/networking/timestamping.rst of the kernel have them for a stream.
 *
 * A read tells when the last packet came in that it took bytes of. A write may ask
 * when its last byte is handed to a queue and to the device, and when it is
 * acknowledged; the answers wait in the error queue. The wish stays with the
 * send-queue skb of that byte, and goes with each packet that has it. What the kernel
 * makes of a packet's stamp has the byte's sequence number, by which segmentation
 * finds the right segment; for the program it counts from where it turned
 * SOF_TIMESTAMPING_OPT_ID on. The kernel reckons that for its own TCP alone.
 */
#include <linux/errqueue.h>
#include <linux/net_tstamp.h>

#include "internal.h"

/* SO_TIMESTAMP and SO_TIMESTAMPNS, each with its older and newer structure. */
static void tell_plain(const struct sock *sk, struct msghdr *msg, ktime_t at)
{
	struct timespec64 ts = ktime_to_timespec64(at);
	bool newer = sock_flag(sk, SOCK_TSTAMP_NEW);

	if (sock_flag(sk, SOCK_RCVTSTAMPNS) && newer) {
		struct __kernel_timespec t = { .tv_sec = ts.tv_sec, .tv_nsec = ts.tv_nsec };

		put_cmsg(msg, SOL_SOCKET, SO_TIMESTAMPNS_NEW, sizeof(t), &t);
	} else if (sock_flag(sk, SOCK_RCVTSTAMPNS)) {
		struct __kernel_old_timespec t = { .tv_sec = ts.tv_sec, .tv_nsec = ts.tv_nsec };

		put_cmsg(msg, SOL_SOCKET, SO_TIMESTAMPNS_OLD, sizeof(t), &t);
	} else if (newer) {
		struct __kernel_sock_timeval t = {
			.tv_sec = ts.tv_sec, .tv_usec = ts.tv_nsec / NSEC_PER_USEC
		};

		put_cmsg(msg, SOL_SOCKET, SO_TIMESTAMP_NEW, sizeof(t), &t);
	} else {
		struct __kernel_old_timeval t = {
			.tv_sec = ts.tv_sec, .tv_usec = ts.tv_nsec / NSEC_PER_USEC
		};

		put_cmsg(msg, SOL_SOCKET, SO_TIMESTAMP_OLD, sizeof(t), &t);
	}
}

/**
 * xtcp_stamp_tell - control messages for when a packet came in
 * @sk: socket; its lock need not be held
 * @msg: where to
 * @at: by the system's clock; 0: not known
 * @hw: by the device's; likewise
 */
void xtcp_stamp_tell(const struct sock *sk, struct msghdr *msg, ktime_t at, ktime_t hw)
{
	struct scm_timestamping_internal tss = {};
	u32 flags = READ_ONCE(sk->sk_tsflags);

	if (at && sock_flag(sk, SOCK_RCVTSTAMP))
		tell_plain(sk, msg, at);
	if (!(flags & SOF_TIMESTAMPING_SOFTWARE))
		at = 0;
	if (!(flags & SOF_TIMESTAMPING_RAW_HARDWARE))
		hw = 0;
	if (!at && !hw)
		return;
	tss.ts[0] = ktime_to_timespec64(at);
	tss.ts[2] = ktime_to_timespec64(hw);
	if (sock_flag(sk, SOCK_TSTAMP_NEW))
		put_cmsg_scm_timestamping64(msg, &tss);
	else
		put_cmsg_scm_timestamping(msg, &tss);
}

/**
 * xtcp_stamp_begin - a write begins: what are the numbers of bytes counted from?
 * @sk: socket
 *
 * Nobody is told when a program turns SOF_TIMESTAMPING_OPT_ID on, but the key is 0
 * then, and no write has been since.
 */
void xtcp_stamp_begin(struct sock *sk)
{
	if (unlikely(READ_ONCE(sk->sk_tsflags) & SOF_TIMESTAMPING_OPT_ID) &&
	    !atomic_read(&sk->sk_tskey))
		atomic_set(&sk->sk_tskey, xtcp_sk(sk)->tcb.snd_end);
}

/**
 * xtcp_stamp_ask - the byte written last is to be followed
 * @sk: socket
 * @tsflags: SOF_TIMESTAMPING_TX_*, of the socket or of a control message
 *
 * Of writes in one send-queue skb that wait to be sent the last one's wish counts.
 */
void xtcp_stamp_ask(struct sock *sk, u32 tsflags)
{
	struct sk_buff *skb = skb_peek_tail(&sk->sk_write_queue);
	struct xtcp_skb_cb *cb;

	if (!skb || !(tsflags & SOF_TIMESTAMPING_TX_RECORD_MASK))
		return;
	cb = XTCP_CB(skb);
	__sock_tx_timestamp(tsflags, &cb->q.stamp_flags);
	if (tsflags & SOF_TIMESTAMPING_TX_ACK)
		cb->q.stamp_ack = true;
	cb->q.stamp = cb->q.end - 1;
	xtcp_sk(sk)->stamped = 1;
}

/* As an empty packet, for the pages of the send-queue skb are not to be shared. */
static void tell_acked(struct sock *sk, u32 seq)
{
	struct sk_buff *skb = alloc_skb(0, GFP_ATOMIC | __GFP_NOWARN);

	if (!skb)
		return;
	skb_shinfo(skb)->tskey = seq;
	__skb_tstamp_tx(skb, NULL, NULL, sk, SCM_TSTAMP_ACK);
	consume_skb(skb);
}

/**
 * xtcp_stamp_acked - SND.UNA has moved
 * @sk: socket, any context
 * @una: first byte not acknowledged; the queue is still as it was
 */
void xtcp_stamp_acked(struct sock *sk, u32 una)
{
	struct sk_buff *skb;

	skb_queue_walk(&sk->sk_write_queue, skb) {
		struct xtcp_skb_cb *cb = XTCP_CB(skb);

		if (seq_ge(cb->q.seq, una))
			break;
		if (cb->q.stamp_ack && seq_lt(cb->q.stamp, una)) {
			cb->q.stamp_ack = false;
			tell_acked(sk, cb->q.stamp);
		}
	}
}

/**
 * xtcp_stamp_settle - what is in the error queue is about to be read
 * @sk: socket; its lock need not be held
 *
 * Of those that came since the last time sequence numbers become the program's.
 */
void xtcp_stamp_settle(struct sock *sk)
{
	struct sk_buff_head *queue = &sk->sk_error_queue;
	u32 from = atomic_read(&sk->sk_tskey);
	unsigned long flags;
	struct sk_buff *skb;

	if (!(READ_ONCE(sk->sk_tsflags) & SOF_TIMESTAMPING_OPT_ID))
		return;
	spin_lock_irqsave(&queue->lock, flags);
	skb_queue_reverse_walk(queue, skb) {
		struct sock_exterr_skb *serr = SKB_EXT_ERR(skb);

		if (serr->unused)
			break;
		serr->unused = 1;
		if (serr->ee.ee_origin == SO_EE_ORIGIN_TIMESTAMPING)
			serr->ee.ee_data -= from;
	}
	spin_unlock_irqrestore(&queue->lock, flags);
}
