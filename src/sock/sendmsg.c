// SPDX-License-Identifier: GPL-2.0
/*
 * From the application to the send queue: send, write, sendfile.
 */
#include <linux/sched/signal.h>
#include <net/inet_common.h>

#include "../compat/inet.h"
#include "../compat/moved.h"
#include "../compat/splice.h"
#include "internal.h"

/*
 * Bytes. A long write is passed to the engine in pieces of this size, so that the first
 * ones are sent while the rest is being copied.
 */
#define XTCP_WRITE_CHUNK	(128U << 10)

/* A write in progress; on the stack of the system call, which has the socket lock. */
struct send_state {
	struct sock *sk;
	int flags;		/* MSG_* */
	long timeo;		/* jiffies left to wait */
	u32 pending;		/* bytes queued, not yet passed to xtcp_wrote() */
	size_t done;		/* bytes queued */
};

/*
 * Tell the engine of the pending bytes. @more: the call will queue more. Return:
 * XTCP_ACT_*.
 */
static u32 send_wrote(struct send_state *s, bool more, u64 now)
{
	u32 bytes = s->pending, how = 0;

	if (!bytes)
		return 0;
	s->pending = 0;
	if (more || (s->flags & (MSG_MORE | MSG_SENDPAGE_NOTLAST)))
		how |= XTCP_WROTE_MORE;
	if (!more && (s->flags & MSG_OOB))
		how |= XTCP_WROTE_URG;
	return xtcp_wrote(&xtcp_sk(s->sk)->tcb, bytes, how, now);
}

/* Tell the engine and send, also bytes that earlier calls of a sendfile() left unsent. */
static void send_flush(struct send_state *s, bool more)
{
	u64 now = xtcp_now();
	u32 actions = send_wrote(s, more, now) | XTCP_ACT_OUTPUT;

	if (xtcp_shortcut_on(s->sk))
		actions = xtcp_shortcut_push(s->sk, actions, now);
	if (actions)
		xtcp_handle_actions(s->sk, actions, now);
}

/*
 * Wait for the connection; check that it is not shut down and has no error. Return: 0 or
 * -errno.
 */
static int send_begin(struct send_state *s)
{
	struct sock *sk = s->sk;

	xtcp_knobs_poll_sk(sk);
	s->timeo = sock_sndtimeo(sk, s->flags & MSG_DONTWAIT);
	if ((1 << sk->sk_state) & ~(TCPF_ESTABLISHED | TCPF_CLOSE_WAIT) &&
	    !(sk->sk_state == TCP_SYN_RECV && xtcp_fastopen_is_child(&xtcp_sk(sk)->tcb))) {
		int err = sk_stream_wait_connect(sk, &s->timeo);

		if (err)
			return err;
	}
	xtcp_init_tskey(sk);
	sk_clear_bit(SOCKWQ_ASYNC_NOSPACE, sk);
	if (sk->sk_err || (sk->sk_shutdown & SEND_SHUTDOWN))
		return -EPIPE;
	return 0;
}

/* Wait for room or memory. Return: 0, or -errno if the connection has ended meanwhile. */
static int send_wait(struct send_state *s)
{
	struct sock *sk = s->sk;
	int err;

	send_flush(s, true);
	/* The flush may have failed the connection or freed the room already. */
	if (sk->sk_err || (sk->sk_shutdown & SEND_SHUTDOWN))
		return -EPIPE;
	set_bit(SOCK_NOSPACE, &sk->sk_socket->flags);
	err = sk_stream_wait_memory(sk, &s->timeo);
	if (err)
		return err;
	if (sk->sk_err || (sk->sk_shutdown & SEND_SHUTDOWN))
		return -EPIPE;
	return 0;
}

/* Sequence number of the next byte to queue. */
static u32 send_seq(const struct send_state *s)
{
	return xtcp_sk(s->sk)->tcb.snd_end + s->pending;
}

/*
 * Bytes with which the kernel's TCP fills one skb of its queue, tcp_xmit_size_goal():
 * the largest burst of whole segments, at most half of the peer's window.
 */
static u32 send_goal(const struct sock *sk)
{
	const struct xtcp_tcb *tcb = &xtcp_sk(sk)->tcb;
	u32 most = tcb->max_snd_wnd, goal;

	if (most > TCP_MSS_DEFAULT)
		most /= 2;
	goal = min(xtcp_sk(sk)->gso_full, most ? most : U32_MAX);
	if (goal > tcb->mss)
		goal -= goal % tcb->mss;
	return max(goal, 1U);
}

/* Unsent bytes that were queued since SO_SNDBUF was last checked. */
static u32 send_filled(const struct send_state *s)
{
	const struct xtcp_sock *xsk = xtcp_sk(s->sk);
	u32 filled = send_seq(s) - xsk->goal_seq;
	u32 unsent = send_seq(s) - xsk->tcb.snd_nxt;

	return min(filled, unsent);
}

/*
 * How many bytes may be queued before this is called again; 0: the writer waits.
 * Without SO_SNDBUF and TCP_NOTSENT_LOWAT any number, as long as there is room. With
 * one of them they are checked once per send_goal() bytes, as in the kernel's TCP, and
 * a full goal is sent before the check. So a write takes as many bytes as with the
 * kernel's TCP, and one that finds little room still makes a whole burst.
 */
static u32 send_room(struct send_state *s)
{
	struct sock *sk = s->sk;
	u32 goal;

	if (likely(!(sk->sk_userlocks & SOCK_SNDBUF_LOCK) &&
		   xtcp_notsent_lowat(sk) == U32_MAX))
		return sk_stream_memory_free(sk) ? U32_MAX : 0;

	goal = send_goal(sk);
	if (s->pending && send_filled(s) >= goal)
		send_flush(s, true);
	if (sk->sk_err || (sk->sk_shutdown & SEND_SHUTDOWN))
		return 0;
	if (send_filled(s) && send_filled(s) < goal)
		return goal - send_filled(s);
	if (!sk_stream_memory_free(sk))
		return 0;
	xtcp_sk(sk)->goal_seq = send_seq(s);
	return goal;
}

/* @bytes were queued: pass them to the engine if they are enough. */
static void send_took(struct send_state *s, u32 bytes)
{
	u32 chunk = clamp(xtcp_notsent_lowat(s->sk), 4096U, XTCP_WRITE_CHUNK);

	s->pending += bytes;
	s->done += bytes;
	if (s->pending >= chunk)
		send_flush(s, true);
}

/*
 * End of a call. Return: the bytes queued, if any, whatever stopped the write; otherwise
 * the error, EPIPE with its signal.
 */
static int send_end(struct send_state *s, int err)
{
	if (!err && (s->flags & MSG_SENDPAGE_NOTLAST)) {
		/*
		 * The next page follows at once: send them all in one burst.
		 * xtcp_wrote() asks for nothing but output.
		 */
		send_wrote(s, true, xtcp_now());
		xtcp_timer_arm(s->sk);
	} else {
		send_flush(s, false);
	}
	if (s->done)
		return s->done;
	if (!err)
		return 0;
	err = sk_stream_error(s->sk, s->flags, err);
	/* Edge-triggered epoll awaits EPOLLOUT after EAGAIN: wake it if there is room. */
	if (err == -EAGAIN)
		xtcp_write_space(s->sk);
	return err;
}

/*
 * MSG_FASTOPEN, or the first write after a connect() that was deferred: send a SYN with
 * the bytes of @msg that it can carry (tcp(7), RFC 7413), and advance @msg by them. A
 * non-blocking caller gets the number of bytes the SYN carried, or EINPROGRESS if none;
 * a blocking caller continues after the handshake.
 *
 * Return: 0 to continue, or -errno; @s->done is the number of bytes in the SYN.
 */
static int send_fastopen(struct send_state *s, struct msghdr *msg)
{
	struct sock *sk = s->sk;
	struct xtcp_sock *xsk = xtcp_sk(sk);
	bool deferred = xtcp_inet_deferred(sk);
	size_t size = msg_data_left(msg);
	struct sockaddr_unsized *to = msg->msg_name;
	int err;

	xtcp_knobs_inherit(xtcp_pernet(sock_net(sk)));
	if (!(READ_ONCE(xtcp_sk_knobs(sk)->fastopen) & XTCP_FO_KNOB_CLIENT) ||
	    (to && msg->msg_namelen >= (int)sizeof(to->sa_family) &&
	     to->sa_family == AF_UNSPEC))
		return -EOPNOTSUPP;
	if (xsk->fo_msg)
		return -EALREADY;
	/* xtcp_connect_sock() uses it, before __inet_stream_connect() waits. */
	xsk->fo_msg = msg;
	if (deferred && sk->sk_state == TCP_SYN_SENT)
		xtcp_connect_go(sk, msg);
	err = __inet_stream_connect(sk->sk_socket, to, msg->msg_namelen,
				    s->flags & MSG_DONTWAIT ? O_NONBLOCK : 0, 1);
	/* Otherwise the socket was disconnected meanwhile; fo_msg may be another call's. */
	if (xsk->fo_msg == msg) {
		xsk->fo_msg = NULL;
		xtcp_inet_set_deferred(sk, false);
	}
	s->done = size - msg_data_left(msg);
	return err;
}

/*
 * Control messages: the time stamps that this write requests. Others are refused by
 * sock_cmsg_send().
 */
static int send_control(struct sock *sk, struct msghdr *msg, u32 *tsflags)
{
	struct sockcm_cookie sockc;

	sockcm_init(&sockc, sk);
	if (sock_cmsg_send(sk, msg, &sockc))
		return -EINVAL;
	*tsflags = sockc.tsflags;
	return 0;
}

/*
 * Queue up to @most bytes of @msg and advance it by them; pages by reference with
 * MSG_SPLICE_PAGES. Return: bytes queued, -ENOMEM, -EFAULT, -EIO.
 */
static int send_take(struct send_state *s, struct msghdr *msg, u32 most)
{
	struct page *page;
	size_t offset;
	ssize_t there;
	int n;

	if (likely(!(s->flags & MSG_SPLICE_PAGES)))
		return xtcp_sendq_write(s->sk, msg, most, send_seq(s));
	there = xtcp_msg_page(msg, &page, &offset);
	if (!there)
		return xtcp_sendq_write(s->sk, msg, most, send_seq(s));
	if (there < 0)
		return there;
	n = xtcp_sendq_page(s->sk, page, offset, min_t(size_t, there, most), send_seq(s));
	iov_iter_revert(&msg->msg_iter, there - max(n, 0));
	return n;
}

/**
 * xtcp_sendmsg_locked - proto_ops.sendmsg_locked: queue a message and send
 * @sk: socket
 * @msg: message; with MSG_SPLICE_PAGES its pages are referenced, not copied
 * @size: bytes in it
 *
 * Context: process, socket lock, may sleep.
 * Return: bytes queued, or -EPIPE (with SIGPIPE unless MSG_NOSIGNAL), -EAGAIN,
 * -EINTR, -ERESTARTSYS, -EFAULT, -EINVAL, -EOPNOTSUPP, or the socket's error.
 */
int xtcp_sendmsg_locked(struct sock *sk, struct msghdr *msg, size_t size)
{
	struct send_state s = { .sk = sk, .flags = msg->msg_flags };
	u32 tsflags = READ_ONCE(sk->sk_tsflags);
	int err;

	if (unlikely(xtcp_inet_deferred(sk) && s.flags & MSG_SPLICE_PAGES)) {
		/* The SYN cannot carry pages: send it without data. */
		xtcp_inet_set_deferred(sk, false);
		if (sk->sk_state == TCP_SYN_SENT)
			xtcp_connect_go(sk, NULL);
	} else if (unlikely(s.flags & MSG_FASTOPEN || xtcp_inet_deferred(sk))) {
		err = send_fastopen(&s, msg);
		if (err == -EINPROGRESS && s.done)
			return s.done;
		if (err)
			return sk_stream_error(sk, s.flags, err);
	}
	err = send_begin(&s);
	if (!err && unlikely(msg->msg_controllen))
		err = send_control(sk, msg, &tsflags);
	while (!err && msg_data_left(msg)) {
		u32 room = send_room(&s);
		int n = room ? send_take(&s, msg, room) : -ENOMEM;

		/* Before send_took(), which may send the byte. */
		if (n > 0 && unlikely(tsflags) && !msg_data_left(msg))
			xtcp_tx_timestamp(sk, tsflags);
		if (n > 0)
			send_took(&s, n);
		else if (n == -ENOMEM)
			err = send_wait(&s);
		else
			err = n;
	}
	if (unlikely(err && tsflags && s.pending))
		xtcp_tx_timestamp(sk, tsflags);
	return send_end(&s, err);
}

/**
 * xtcp_sendmsg - proto_ops.sendmsg
 * @sock: socket
 * @msg: message; an address in it is ignored without Fast Open, as in the kernel's TCP
 * @size: bytes in it
 *
 * Context: process, takes the socket lock, may sleep.
 * Return: as xtcp_sendmsg_locked().
 */
int xtcp_sendmsg(struct socket *sock, struct msghdr *msg, size_t size)
{
	struct sock *sk = sock->sk;
	int ret;

	sock_rps_record_flow(sk);
	msg->msg_flags = xtcp_program_flags(msg);
	lock_sock(sk);
	ret = xtcp_sendmsg_locked(sk, msg, size);
	release_sock(sk);
	return ret;
}

/**
 * xtcp_splice_eof - proto_ops.splice_eof: send the bytes that MSG_MORE held back
 * @sock: socket
 *
 * Since 6.5, and in late releases of 6.1; other kernels do not call it.
 *
 * Context: process, takes the socket lock, may sleep.
 */
void xtcp_splice_eof(struct socket *sock)
{
	struct sock *sk = sock->sk;
	u32 actions;
	u64 now;

	lock_sock(sk);
	if ((1 << sk->sk_state) & (TCPF_ESTABLISHED | TCPF_CLOSE_WAIT) &&
	    !(sk->sk_shutdown & SEND_SHUTDOWN)) {
		now = xtcp_now();
		actions = xtcp_wrote(&xtcp_sk(sk)->tcb, 0, 0, now);
		xtcp_handle_actions(sk, actions | XTCP_ACT_OUTPUT, now);
	}
	release_sock(sk);
}
