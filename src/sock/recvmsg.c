// SPDX-License-Identifier: GPL-2.0
/*
 * From the receive queue to the application: recv, read, splice.
 */
#include <linux/sched/signal.h>
#include <linux/splice.h>
#include <linux/tcp.h>

#include "../compat/moved.h"
#include "../compat/sock.h"
#include "internal.h"

/* A read in progress; on the stack of the system call, which has the socket lock. */
struct recv_state {
	struct sock *sk;
	struct msghdr *msg;
	int flags;		/* MSG_* */
	long timeo;		/* jiffies left to wait */
	u32 seq;		/* sequence number of the next byte to take */
	size_t len;		/* bytes still wanted */
	size_t target;		/* bytes that are enough to return */
	ssize_t done;		/* bytes taken */
	bool stamps;		/* the program may want the arrival time of packets: */
	ktime_t at;		/* ns, of the last one, system clock; 0: not known */
	ktime_t at_hw;		/* ns, clock of the device; 0: not known */
};

/*
 * The program has read all bytes below @seq: the window may open. Return: whether the
 * shortcut has fetched more bytes from a peer on this host.
 */
static bool recv_taken(struct sock *sk, u32 seq)
{
	struct xtcp_sock *xsk = xtcp_sk(sk);
	u32 bytes = seq - xsk->copied, actions;
	bool more = false;
	u64 now;

	if (!bytes)
		return false;
	WRITE_ONCE(xsk->copied, seq);
	if (xsk->inert)
		return false;
	now = xtcp_now();
	xtcp_rcv_grow(sk, bytes, now);
	actions = xtcp_read(&xsk->tcb, bytes, xtcp_rcv_space(sk), now);
	if (unlikely(xsk->pull)) {
		more = xtcp_shortcut_pull(sk, now);
		/* It has told the peer what the ACK would have. */
		if (!xsk->tcb.ack_pending)
			actions = 0;
	}
	if (actions)
		xtcp_handle_actions(sk, actions, now);
	return more;
}

/*
 * How many of @len bytes at @seq may be read before the urgent byte. Returns 0 and sets
 * *@skip if @seq is the urgent byte and SO_OOBINLINE is not set: skip it.
 */
static u32 recv_urg_limit(struct sock *sk, u32 seq, u32 len, bool *skip)
{
	struct xtcp_sock *xsk = xtcp_sk(sk);
	u32 off = xsk->urg_seq - seq;

	*skip = false;
	if (!xsk->urg_data || off >= len)
		return len;
	if (off)
		return off;
	if (sock_flag(sk, SOCK_URGINLINE))
		return len;
	*skip = true;
	return 0;
}

/* Forget the urgent byte once the read has passed it. */
static void recv_urg_passed(struct sock *sk, u32 seq)
{
	struct xtcp_sock *xsk = xtcp_sk(sk);

	if (xsk->urg_data && seq_gt(seq, xsk->urg_seq))
		WRITE_ONCE(xsk->urg_data, 0);
}

/* Copy from one packet, up to @len bytes at @off. Return: 0 or -EFAULT. */
static int recv_copy(struct recv_state *r, struct sk_buff *skb, u32 off, u32 len)
{
	u32 used = min_t(size_t, len, r->len);
	bool skip = false;

	if (unlikely(xtcp_sk(r->sk)->urg_data))
		used = recv_urg_limit(r->sk, r->seq, used, &skip);
	if (skip) {
		r->seq++;
	} else {
		if (!(r->flags & MSG_TRUNC) &&
		    skb_copy_datagram_msg(skb, off, r->msg, used))
			return -EFAULT;
		r->seq += used;
		r->done += used;
		r->len -= used;
	}
	if (unlikely(r->stamps) && (skb->tstamp || skb_hwtstamps(skb)->hwtstamp)) {
		r->at = skb->tstamp;
		r->at_hw = skb_hwtstamps(skb)->hwtstamp;
	}
	if (!(r->flags & MSG_PEEK)) {
		recv_urg_passed(r->sk, r->seq);
		xtcp_recvq_consume(r->sk, r->seq);
	}
	return 0;
}

/* The queue has no more bytes. Return: 0 to wait, 1 to stop, or -errno. */
static int recv_empty(struct recv_state *r)
{
	struct sock *sk = r->sk;
	bool over = sk->sk_state == TCP_CLOSE ||
		    (sk->sk_shutdown & RCV_SHUTDOWN);

	if (r->done >= (ssize_t)r->target && !READ_ONCE(sk->sk_backlog.tail))
		return 1;
	if (r->done)
		return over || sk->sk_err || !r->timeo || signal_pending(current);

	if (sock_flag(sk, SOCK_DONE))
		return 1;
	if (sk->sk_err)
		return sock_error(sk);
	if (sk->sk_shutdown & RCV_SHUTDOWN)
		return 1;
	if (sk->sk_state == TCP_CLOSE)
		return -ENOTCONN;
	if (!r->timeo)
		return -EAGAIN;
	if (signal_pending(current))
		return sock_intr_errno(r->timeo);
	return 0;
}

/* Sleep until packets arrive behind @last. Return: 0 or -errno. */
static int recv_sleep(struct recv_state *r, const struct sk_buff *last)
{
	struct sock *sk = r->sk;
	struct xtcp_sock *xsk = xtcp_sk(sk);
	int err;

	/* Only if it will sleep: the backlog may have what the program waits for. */
	if (xsk->tcb.ack_pending && !xsk->inert && !READ_ONCE(sk->sk_backlog.tail)) {
		u32 actions = xtcp_read_blocks(&xsk->tcb);

		if (actions)
			xtcp_handle_actions(sk, actions, xtcp_now());
	}
	if (likely(!last))
		return sk_wait_data(sk, &r->timeo, last);
	xsk->wants_more++;
	err = sk_wait_data(sk, &r->timeo, last);
	xsk->wants_more--;
	return err;
}

/* Wait for more bytes, or process the backlog. Return: 0 or -errno. */
static int recv_wait(struct recv_state *r)
{
	struct sock *sk = r->sk;
	bool peek = r->flags & MSG_PEEK;
	u32 start;
	int err = 0;

	if (!peek && recv_taken(sk, r->seq))
		return 0;
	start = xtcp_sk(sk)->copied;
	if (r->done >= (ssize_t)r->target) {
		/* Process the backlog, which may hold more bytes; do not sleep. */
		release_sock(sk);
		lock_sock(sk);
	} else {
		err = recv_sleep(r, skb_peek_tail(&sk->sk_receive_queue));
		if (err > 0)
			err = 0;
	}
	/* Another thread may have read meanwhile. */
	if (!peek)
		r->seq = xtcp_sk(sk)->copied;
	else if (start != xtcp_sk(sk)->copied)
		err = r->done ? -EAGAIN : 0;
	if (peek && !r->done)
		r->seq = xtcp_sk(sk)->copied;
	return err;
}

/*
 * The next byte is urgent. A read that has bytes stops before it, so that SIOCATMARK can
 * find it. Return: 0 to go on, 1 to stop, or -errno.
 */
static int recv_at_mark(const struct recv_state *r)
{
	if (r->done)
		return 1;
	/* Going on would skip the byte that the handler of SIGURG is about to read. */
	if (signal_pending(current))
		return r->timeo ? sock_intr_errno(r->timeo) : -EAGAIN;
	return 0;
}

/* Return: bytes or -errno. Context: socket lock. */
static ssize_t recv_locked(struct recv_state *r)
{
	struct sock *sk = r->sk;
	struct xtcp_sock *xsk = xtcp_sk(sk);
	int err = 0;

	if (sk->sk_state == TCP_LISTEN)
		return -ENOTCONN;
	r->timeo = sock_rcvtimeo(sk, r->flags & MSG_DONTWAIT);
	if (r->flags & MSG_OOB)
		return xtcp_recv_urg(sk, r->msg, r->len, r->flags);

	/* A read takes the bytes before it fetches more, this one leaves them. */
	if (unlikely(r->flags & MSG_PEEK && xsk->pull))
		xtcp_shortcut_pull(sk, xtcp_now());

	r->target = sock_rcvlowat(sk, r->flags & MSG_WAITALL, r->len);
	r->seq = xsk->copied;
	/* A read of 0 bytes waits and reports errors like any other. */
	do {
		struct sk_buff *skb;
		u32 off, len;

		if (unlikely(xsk->urg_data) && xsk->urg_seq == r->seq) {
			err = recv_at_mark(r);
			if (err)
				break;
		}
		skb = xtcp_recvq_seek(sk, r->seq, &off, &len);
		if (skb) {
			err = recv_copy(r, skb, off, len);
			if (err)
				break;
			continue;
		}
		err = recv_empty(r);
		if (err)
			break;
		err = recv_wait(r);
		if (err)
			break;
	} while (r->len);
	if (!(r->flags & MSG_PEEK))
		recv_taken(sk, r->seq);
	if (r->done)
		return r->done;
	return err < 0 ? err : 0;
}

/*
 * TCP_INQ: bytes left to read. The FIN counts as one, so that the program reads again
 * and finds the end of the stream.
 */
static void recv_put_inq(struct sock *sk, struct msghdr *msg)
{
	int inq = READ_ONCE(xtcp_sk(sk)->tcb.rcv_nxt) - READ_ONCE(xtcp_sk(sk)->copied);

	/* Without the lock: another reader may have taken more than RCV.NXT shows here. */
	inq = max_t(int, inq, sock_flag(sk, SOCK_DONE));
	msg->msg_inq = inq;
	if (xtcp_sk(sk)->tell_inq)
		put_cmsg(msg, SOL_TCP, TCP_CM_INQ, sizeof(inq), &inq);
}

/**
 * xtcp_recvmsg - proto_ops.recvmsg
 * @sock: socket
 * @msg: where bytes go
 * @len: bytes of room in it
 * @flags: MSG_PEEK, MSG_WAITALL, MSG_DONTWAIT, MSG_TRUNC, MSG_OOB, MSG_ERRQUEUE
 *
 * Context: process, takes the socket lock, may sleep.
 * Return: bytes; 0 at the end of the stream; -EAGAIN, -EINTR, -ERESTARTSYS,
 * -ENOTCONN, -EFAULT, or the socket's error, once.
 */
int xtcp_recvmsg(struct socket *sock, struct msghdr *msg, size_t len, int flags)
{
	struct sock *sk = sock->sk;
	struct recv_state r = {
		.sk = sk, .msg = msg, .flags = flags, .len = len,
	};
	ssize_t ret;

	if (unlikely(flags & MSG_ERRQUEUE)) {
		xtcp_convert_tskeys(sk);
		return xtcp_recv_error(sk, msg, len);
	}
	sock_rps_record_flow(sk);
	lock_sock(sk);
	r.stamps = sock_flag(sk, SOCK_RCVTSTAMP) || READ_ONCE(sk->sk_tsflags);
	ret = recv_locked(&r);
	release_sock(sk);
	if (unlikely(r.stamps) && ret >= 0)
		xtcp_recv_timestamp(sk, msg, r.at, r.at_hw);
	if (unlikely(xtcp_sk(sk)->tell_inq || msg->msg_get_inq) && ret >= 0)
		recv_put_inq(sk, msg);
	return ret;
}

/*
 * Move queued bytes to a pipe, up to the urgent byte, which only recv() reads, with
 * SO_OOBINLINE or without. Return: bytes; 0 if none is there or the urgent byte is
 * next; -errno.
 */
static ssize_t splice_queue(struct sock *sk, struct pipe_inode_info *pipe,
			    size_t len, unsigned int flags)
{
	struct xtcp_sock *xsk = xtcp_sk(sk);
	u32 seq = xsk->copied;
	ssize_t done = 0;
	int n = 0;

	while (len) {
		struct sk_buff *skb;
		u32 off, avail;

		skb = xtcp_recvq_seek(sk, seq, &off, &avail);
		if (!skb)
			break;
		avail = min_t(size_t, avail, len);
		if (unlikely(xsk->urg_data)) {
			avail = min(avail, xsk->urg_seq - seq);
			if (!avail)
				break;
		}
		n = skb_splice_bits(skb, sk, off, pipe, avail, flags);
		if (n <= 0)
			break;
		seq += n;
		done += n;
		len -= n;
		xtcp_recvq_consume(sk, seq);
		/* The pipe is full. */
		if ((u32)n < avail)
			break;
	}
	recv_taken(sk, seq);
	return done ? done : min(n, 0);
}

/**
 * xtcp_splice_read - proto_ops.splice_read
 * @sock: socket
 * @ppos: must be 0: a socket has no position
 * @pipe: where pages go
 * @len: bytes wanted
 * @flags: SPLICE_F_*
 *
 * Context: process, takes the socket lock, may sleep.
 * Return: bytes; 0 at the end of the stream or before the urgent byte; -ESPIPE; an
 * error of xtcp_recvmsg().
 */
ssize_t xtcp_splice_read(struct socket *sock, loff_t *ppos,
			 struct pipe_inode_info *pipe, size_t len,
			 unsigned int flags)
{
	struct sock *sk = sock->sk;
	struct recv_state r = { .sk = sk, .target = 1 };
	ssize_t ret;
	int err;

	if (unlikely(*ppos))
		return -ESPIPE;
	if (!len)
		return 0;
	sock_rps_record_flow(sk);
	lock_sock(sk);
	/* SPLICE_F_NONBLOCK concerns the pipe only, see splice(2). */
	r.timeo = sock_rcvtimeo(sk, sock->file->f_flags & O_NONBLOCK);
	for (;;) {
		ret = -ENOTCONN;
		if (sk->sk_state == TCP_LISTEN)
			break;
		ret = splice_queue(sk, pipe, len, flags);
		if (ret)
			break;
		err = recv_empty(&r);
		/* Do not wait before the urgent byte: only recv() passes it. */
		if (!err && !skb_queue_empty(&sk->sk_receive_queue))
			err = 1;
		if (!err)
			err = recv_sleep(&r, NULL) < 0 ? -EPIPE : 0;
		ret = min(err, 0);
		if (err)
			break;
	}
	release_sock(sk);
	return ret;
}
