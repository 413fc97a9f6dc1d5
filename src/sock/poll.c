// SPDX-License-Identifier: GPL-2.0
/*
 * poll, select, epoll: what a program can do now without waiting.
 */
#include <linux/poll.h>

#include "../compat/inet.h"
#include "internal.h"

static bool poll_readable(const struct sock *sk)
{
	const struct xtcp_sock *xsk = xtcp_sk(sk);
	u32 target = sock_rcvlowat(sk, 0, INT_MAX);
	u32 inq = xtcp_inq(sk);

	/* An urgent byte that is next does not count as readable. */
	if (READ_ONCE(xsk->urg_data) && !sock_flag(sk, SOCK_URGINLINE) &&
	    READ_ONCE(xsk->urg_seq) == READ_ONCE(xsk->copied))
		target++;
	if (inq >= target)
		return true;
	/* With half of the buffer in use the mark might never be reached. */
	return inq && atomic_read(&sk->sk_rmem_alloc) >= READ_ONCE(sk->sk_rcvbuf) / 2;
}

static bool poll_writable(struct sock *sk)
{
	if (__sk_stream_is_writeable(sk, 1))
		return true;
	sk_set_bit(SOCKWQ_ASYNC_NOSPACE, sk);
	set_bit(SOCK_NOSPACE, &sk->sk_socket->flags);
	/*
	 * Test again: room that was freed between the first test and the flag caused no
	 * wake-up. Pairs with the barrier in action_room().
	 */
	smp_mb__after_atomic();
	return __sk_stream_is_writeable(sk, 1);
}

/**
 * xtcp_poll - proto_ops.poll
 * @file: file of the socket
 * @sock: socket
 * @wait: poll table or NULL
 *
 * Does not take the socket lock: a wake-up follows every change of what is read here,
 * and the caller polls again.
 *
 * EPOLLHUP cannot be masked, so it is set only if both directions are closed, and on a
 * socket that is not connected, on which a program would otherwise wait forever.
 *
 * Context: process.
 * Return: EPOLL* bits.
 */
__poll_t xtcp_poll(struct file *file, struct socket *sock,
		   struct poll_table_struct *wait)
{
	struct sock *sk = sock->sk;
	__poll_t mask = 0;
	u8 shutdown;
	int state;

	sock_poll_wait(file, sock, wait);
	xtcp_knobs_poll_sk(sk);

	state = inet_sk_state_load(sk);
	if (state == TCP_LISTEN)
		return xtcp_acceptq_empty(sk) ? 0 : EPOLLIN | EPOLLRDNORM;

	shutdown = READ_ONCE(sk->sk_shutdown);
	if (shutdown == SHUTDOWN_MASK || state == TCP_CLOSE)
		mask |= EPOLLHUP;
	if (shutdown & RCV_SHUTDOWN)
		mask |= EPOLLIN | EPOLLRDNORM | EPOLLRDHUP;

	if (state != TCP_SYN_SENT &&
	    (state != TCP_SYN_RECV || READ_ONCE(xtcp_sk(sk)->tcb.fo) & XTCP_FO_CHILD)) {
		if (poll_readable(sk))
			mask |= EPOLLIN | EPOLLRDNORM;
		if ((shutdown & SEND_SHUTDOWN) || poll_writable(sk))
			mask |= EPOLLOUT | EPOLLWRNORM;
		if (READ_ONCE(xtcp_sk(sk)->urg_data) & XTCP_URG_VALID)
			mask |= EPOLLPRI;
	} else if (state == TCP_SYN_SENT && xtcp_inet_deferred(sk)) {
		/* The SYN waits for the first write. */
		mask |= EPOLLOUT | EPOLLWRNORM;
	}

	if (READ_ONCE(sk->sk_err) ||
	    !skb_queue_empty_lockless(&sk->sk_error_queue))
		mask |= EPOLLERR;
	return mask;
}
