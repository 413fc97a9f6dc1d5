// SPDX-License-Identifier: GPL-2.0
/*
 * Time stamps of packets: SO_TIMESTAMP and SO_TIMESTAMPING, as tcp(7) and the
 * kernel's Documentation/networking/timestamping.rst describe them for a stream.
 *
 * A read reports when the last packet arrived that it took bytes from. A write may
 * request reports of when its last byte is passed to a queue discipline and to the
 * device, and when it is acknowledged; they are put on the error queue. The send-queue
 * skb of that byte notes the request, and each packet with the byte carries it.
 *
 * The kernel's report has the byte's sequence number (tskey), by which segmentation
 * finds the right segment. A program expects an offset from the point where it turned
 * SOF_TIMESTAMPING_OPT_ID on; the kernel converts it for its own TCP only, so
 * xtcp_convert_tskeys() does.
 */
#include <linux/errqueue.h>
#include <linux/net_tstamp.h>
#include <net/tcp.h>

#include "../compat/sock.h"
#include "internal.h"

/* Report @at for SO_TIMESTAMP or SO_TIMESTAMPNS, in the old or the new structure. */
static void put_so_timestamp(const struct sock *sk, struct msghdr *msg, ktime_t at)
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
 * xtcp_recv_timestamp - report in control messages when a packet arrived
 * @sk: socket; its lock is not required
 * @msg: message that gets the control messages
 * @at: ns, system clock; 0: not known
 * @hw: ns, clock of the device; 0: not known
 *
 * Context: process, may sleep.
 */
void xtcp_recv_timestamp(const struct sock *sk, struct msghdr *msg, ktime_t at, ktime_t hw)
{
	struct scm_timestamping_internal tss = {};
	u32 flags = READ_ONCE(sk->sk_tsflags);

	if (at && sock_flag(sk, SOCK_RCVTSTAMP))
		put_so_timestamp(sk, msg, at);
	if (!(flags & SOF_TIMESTAMPING_SOFTWARE))
		at = 0;
	if (!(flags & SOF_TIMESTAMPING_RAW_HARDWARE))
		hw = 0;
	if (!at && !hw)
		return;
	tss.ts[0] = xtcp_scm_time(at);
	tss.ts[2] = xtcp_scm_time(hw);
	if (sock_flag(sk, SOCK_TSTAMP_NEW))
		put_cmsg_scm_timestamping64(msg, &tss);
	else
		put_cmsg_scm_timestamping(msg, &tss);
}

/**
 * xtcp_init_tskey - at the beginning of a write, set what offsets count from
 * @sk: socket
 *
 * The kernel sets sk_tskey to 0 when a program turns SOF_TIMESTAMPING_OPT_ID on, and
 * does not tell the protocol. So a key of 0 is replaced by the sequence number of the
 * next byte to be written.
 *
 * Context: process, socket lock.
 */
void xtcp_init_tskey(struct sock *sk)
{
	if (unlikely(READ_ONCE(sk->sk_tsflags) & SOF_TIMESTAMPING_OPT_ID) &&
	    !atomic_read(&sk->sk_tskey))
		atomic_set(&sk->sk_tskey, xtcp_sk(sk)->tcb.snd_end);
}

/**
 * xtcp_tx_timestamp - request time stamps for the last byte written
 * @sk: socket
 * @tsflags: SOF_TIMESTAMPING_TX_*, of the socket or of a control message
 *
 * A send-queue skb notes one byte: of several unsent writes in it the last one counts.
 *
 * Context: process, socket lock.
 */
void xtcp_tx_timestamp(struct sock *sk, u32 tsflags)
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

/*
 * Report that the byte @seq is acknowledged. By an empty packet: a clone of the
 * send-queue skb would share its pages.
 */
static void report_acked(struct sock *sk, u32 seq)
{
	struct sk_buff *skb = alloc_skb(0, GFP_ATOMIC | __GFP_NOWARN);

	if (!skb)
		return;
	skb_shinfo(skb)->tskey = seq;
	/* Where newer kernels look whether a socket asked, and not a BPF program. */
	TCP_SKB_CB(skb)->txstamp_ack = 1;
	__skb_tstamp_tx(skb, NULL, NULL, sk, SCM_TSTAMP_ACK);
	consume_skb(skb);
}

/**
 * xtcp_ack_timestamp - report bytes that are acknowledged now
 * @sk: socket; the send queue is not trimmed yet
 * @una: sequence number of the first byte not acknowledged
 *
 * Context: any, socket lock.
 */
void xtcp_ack_timestamp(struct sock *sk, u32 una)
{
	struct sk_buff *skb;

	skb_queue_walk(&sk->sk_write_queue, skb) {
		struct xtcp_skb_cb *cb = XTCP_CB(skb);

		if (seq_ge(cb->q.seq, una))
			break;
		if (cb->q.stamp_ack && seq_lt(cb->q.stamp, una)) {
			cb->q.stamp_ack = false;
			report_acked(sk, cb->q.stamp);
		}
	}
}

/**
 * xtcp_convert_tskeys - before a read of the error queue, convert numbers of bytes
 * @sk: socket; its lock is not required
 *
 * Reports that are new since the last call get an offset in place of a sequence number;
 * the field unused of struct sock_exterr_skb marks those that were seen.
 *
 * Context: process.
 */
void xtcp_convert_tskeys(struct sock *sk)
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
