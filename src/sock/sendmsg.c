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
 * The engine hears of a long write in pieces of this many bytes, so that the
 * first leave while the rest is being copied.
 */
#define XTCP_WRITE_CHUNK	(128U << 10)

/* A write in progress. */
struct send_state {
	struct sock *sk;
	int flags;		/* MSG_* */
	long timeo;
	u32 pending;		/* bytes queued, of which the engine knows not */
	size_t done;
};

/* Tell the engine of what was queued; @more: the call goes on. */
static u32 send_tell(struct send_state *s, bool more, u64 now)
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

/* The same, and send; also what earlier calls of a sendfile() left unsent. */
static void send_flush(struct send_state *s, bool more)
{
	u64 now = xtcp_now();

	xtcp_handle_actions(s->sk, send_tell(s, more, now) | XTCP_ACT_OUTPUT, now);
}

/* Ready to take bytes: connected, not shut down, no error. */
static int send_begin(struct send_state *s)
{
	struct sock *sk = s->sk;

	xtcp_knobs_poll_sk(sk);
	s->timeo = sock_sndtimeo(sk, s->flags & MSG_DONTWAIT);
	if ((1 << sk->sk_state) & ~(TCPF_ESTABLISHED | TCPF_CLOSE_WAIT) &&
	    !(sk->sk_state == TCP_SYN_RECV && xtcp_fo_child(&xtcp_sk(sk)->tcb))) {
		int err = sk_stream_wait_connect(sk, &s->timeo);

		if (err)
			return err;
	}
	xtcp_stamp_begin(sk);
	sk_clear_bit(SOCKWQ_ASYNC_NOSPACE, sk);
	if (sk->sk_err || (sk->sk_shutdown & SEND_SHUTDOWN))
		return -EPIPE;
	return 0;
}

/* Wait for room or memory; the connection may end meanwhile. */
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

static u32 send_seq(const struct send_state *s)
{
	return xtcp_sk(s->sk)->tcb.snd_end + s->pending;
}

/*
 * What TCP fills one skb of its queue with, tcp_xmit_size_goal(): the largest
 * burst of whole segments, and not more than half of the peer's window.
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

/* Bytes of the present goal that are queued and not sent. */
static u32 send_filled(const struct send_state *s)
{
	const struct xtcp_sock *xsk = xtcp_sk(s->sk);
	u32 filled = send_seq(s) - xsk->goal_seq;
	u32 unsent = send_seq(s) - xsk->tcb.snd_nxt;

	return min(filled, unsent);
}

/*
 * How many bytes may be queued before this is called again; 0: the writer waits.
 * With a buffer that grows by itself any number, while there is room. Where the
 * program has set SO_SNDBUF or TCP_NOTSENT_LOWAT, they are checked once for each
 * goal, as in TCP, and what a full goal can send is sent before the check. So a
 * write takes as many bytes as with the kernel's TCP, and one that finds a little
 * room still makes a burst.
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

static void send_took(struct send_state *s, u32 bytes)
{
	u32 chunk = clamp(xtcp_notsent_lowat(s->sk), 4096U, XTCP_WRITE_CHUNK);

	s->pending += bytes;
	s->done += bytes;
	if (s->pending >= chunk)
		send_flush(s, true);
}

/*
 * The end of a call: what was taken counts, whatever stopped it. Nothing was
 * taken: the error, EPIPE with its signal.
 */
static int send_end(struct send_state *s, int err)
{
	u64 now;

	if (!err && (s->flags & MSG_SENDPAGE_NOTLAST)) {
		/* The next page is at hand: one burst for all of them. */
		now = xtcp_now();
		xtcp_handle_actions(s->sk, send_tell(s, true, now) & ~XTCP_ACT_OUTPUT, now);
	} else {
		send_flush(s, false);
	}
	if (s->done)
		return s->done;
	if (!err)
		return 0;
	err = sk_stream_error(s->sk, s->flags, err);
	/* EAGAIN promises an edge to come, if only there is one to wait for. */
	if (err == -EAGAIN)
		xtcp_write_space(s->sk);
	return err;
}

/*
 * MSG_FASTOPEN, or the first write after a connect() that has waited for it: the
 * SYN leaves with what it can take of @msg, as tcp(7) and RFC 7413 want it. Who
 * does not wait gets what the SYN took, or EINPROGRESS where it took nothing;
 * who waits goes on behind the handshake.
 *
 * Return: 0 to go on, or what the call is to return; @s->done is set.
 */
static int send_fastopen(struct send_state *s, struct msghdr *msg)
{
	struct sock *sk = s->sk;
	struct xtcp_sock *xsk = xtcp_sk(sk);
	bool deferred = xtcp_inet_deferred(sk);
	size_t size = msg_data_left(msg);
	struct sockaddr *to = msg->msg_name;
	int err;

	xtcp_knobs_inherit(xtcp_net(sock_net(sk)));
	if (!(READ_ONCE(xtcp_knobs(sk)->fastopen) & XTCP_FO_KNOB_CLIENT) ||
	    (to && msg->msg_namelen >= (int)sizeof(to->sa_family) &&
	     to->sa_family == AF_UNSPEC))
		return -EOPNOTSUPP;
	if (xsk->fo_msg)
		return -EALREADY;
	/* For xtcp_connect_sock(), which returns before anybody waits. */
	xsk->fo_msg = msg;
	if (deferred && sk->sk_state == TCP_SYN_SENT)
		xtcp_connect_go(sk, msg);
	err = __inet_stream_connect(sk->sk_socket, to, msg->msg_namelen,
				    s->flags & MSG_DONTWAIT ? O_NONBLOCK : 0, 1);
	/* Else it was dissolved meanwhile, and what is there now is another's. */
	if (xsk->fo_msg == msg) {
		xsk->fo_msg = NULL;
		xtcp_inet_set_deferred(sk, false);
	}
	s->done = size - msg_data_left(msg);
	return err;
}

/* Control messages: which time stamps this write asks for. Who knows others refuses them. */
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
 * The next bytes of @msg into the queue, @most of them, pages by reference where
 * they are offered.
 * Return: how many, or -ENOMEM, -EFAULT, -EIO; as many fewer are left in @msg.
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
 * xtcp_sendmsg_locked - take a message into the send queue
 * @sk: socket, process context
 * @msg: message; with MSG_SPLICE_PAGES its pages are referenced, not copied
 * @size: bytes in it
 *
 * Return: bytes taken, or -EPIPE (with SIGPIPE unless MSG_NOSIGNAL), -EAGAIN,
 * -EINTR, -ERESTARTSYS, -EFAULT, -EINVAL, -EOPNOTSUPP, or the socket's error.
 */
int xtcp_sendmsg_locked(struct sock *sk, struct msghdr *msg, size_t size)
{
	struct send_state s = { .sk = sk, .flags = msg->msg_flags };
	u32 tsflags = READ_ONCE(sk->sk_tsflags);
	int err;

	if (unlikely(xtcp_inet_deferred(sk) && s.flags & MSG_SPLICE_PAGES)) {
		/* A page is not for the SYN: it leaves without. */
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

		/* Before it may leave. */
		if (n > 0 && unlikely(tsflags) && !msg_data_left(msg))
			xtcp_stamp_ask(sk, tsflags);
		if (n > 0)
			send_took(&s, n);
		else if (n == -ENOMEM)
			err = send_wait(&s);
		else
			err = n;
	}
	if (unlikely(err && tsflags && s.pending))
		xtcp_stamp_ask(sk, tsflags);
	return send_end(&s, err);
}

/**
 * xtcp_sendmsg - proto_ops.sendmsg
 * @sock: socket
 * @msg: message; an address in it is ignored, as TCP does
 * @size: bytes in it
 *
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
 * xtcp_splice_eof - proto_ops.splice_eof: nothing follows what MSG_MORE held back
 * @sock: socket; its lock is taken
 *
 * Kernels before 6.5 have no such operation and do not call it.
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
