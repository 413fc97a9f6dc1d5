// SPDX-License-Identifier: GPL-2.0
/*
 * How connections begin: bind, connect, listen, accept.
 *
 * The system calls' outer halves are the kernel's inet_bind(),
 * inet_stream_connect() and inet_accept(): they bring socket->state, the waits
 * of connect(), address and capability checks and the cgroup hooks, and they
 * know nothing of TCP. What is here is what they call.
 */
#include <net/inet_common.h>
#include <xtcp/family.h>

#include "../compat/bpf.h"
#include "../compat/inet.h"
#include "../compat/proto.h"
#include "internal.h"

/**
 * xtcp_get_port - proto.get_port: the last step of bind()
 * @sk: socket whose local address is set
 * @snum: port in host byte order, 0 for any
 *
 * Return: 0 with inet_num set, or -EADDRINUSE and what xtcp_port_get() has.
 */
int xtcp_get_port(struct sock *sk, unsigned short snum)
{
	return xtcp_port_get(sk, snum);
}

/**
 * xtcp_pre_connect - proto.pre_connect: the cgroup's say on an address
 * @sk: socket, process context
 * @uaddr: address to connect to; a BPF program may change it
 * @addr_len: its length
 *
 * Return: 0, -EINVAL for a short address, or what the program wants.
 */
int xtcp_pre_connect(struct sock *sk, struct sockaddr *uaddr, int addr_len)
{
	/* The program reads a whole sockaddr_in. */
	if (addr_len < (int)sizeof(struct sockaddr_in))
		return -EINVAL;
	return xtcp_bpf_connect4(sk, uaddr, addr_len);
}

/*
 * Is this connect() to have Fast Open? By MSG_FASTOPEN, or by
 * TCP_FASTOPEN_CONNECT; then connect() waits with the SYN for the first write,
 * if only there is a use in it.
 */
static bool connect_fastopen(struct sock *sk, struct xtcp_fo_client *fo)
{
	struct xtcp_sock *xsk = xtcp_sk(sk);

	if (!xsk->fo_msg && !xsk->fo_connect)
		return false;
	if (!xtcp_fo_client(sk, fo))
		return false;
	fo->wait = !xsk->fo_msg && (fo->bare || fo->cookie.len);
	return true;
}

/*
 * What a SYN can take of a message, which is advanced by it. What there is no
 * memory for, or no page behind, goes the usual way, and the SYN without.
 */
static u32 connect_data(struct sock *sk, struct msghdr *msg, u64 now)
{
	struct xtcp_tcb *tcb = &xtcp_sk(sk)->tcb;
	u32 room = min_t(size_t, msg_data_left(msg), tcb->fo_room), done = 0;

	while (done < room) {
		int n = xtcp_sendq_write(sk, msg, room - done, tcb->snd_end + done);

		if (n <= 0)
			break;
		done += n;
	}
	return xtcp_fastopen_go(tcb, done, now);
}

/**
 * xtcp_connect_go - the SYN that has waited for data leaves
 * @sk: socket whose connect() was deferred, lock held
 * @msg: its first bytes, or NULL for none
 */
void xtcp_connect_go(struct sock *sk, struct msghdr *msg)
{
	u64 now = xtcp_now();

	xtcp_handle_actions(sk, msg ? connect_data(sk, msg, now) :
			     xtcp_fastopen_go(&xtcp_sk(sk)->tcb, 0, now), now);
}

/**
 * xtcp_connect_sock - proto.connect: active open
 * @sk: socket in CLOSE, process context
 * @uaddr: peer
 * @addr_len: length of it
 *
 * Sends the SYN and returns; the wait is inet_stream_connect()'s.
 *
 * Return: 0, or -EINVAL, -EAFNOSUPPORT and what routing and ports have to say.
 */
int xtcp_connect_sock(struct sock *sk, struct sockaddr *uaddr, int addr_len)
{
	struct xtcp_sock *xsk = xtcp_sk(sk);
	struct xtcp_fo_client fo;
	struct xtcp_open open;
	u32 actions;
	u64 now;
	int err;

	xtcp_knobs_inherit(xtcp_net(sock_net(sk)));
	if (xtcp_family6(sk))
		err = xtcp_ip6_connect(sk, (struct sockaddr_in6 *)uaddr, addr_len);
	else
		err = xtcp_ip4_connect(sk, (struct sockaddr_in *)uaddr, addr_len);
	if (err)
		return err;

	/* What an earlier connection of this socket left unreported. */
	WRITE_ONCE(sk->sk_err, 0);
	now = xtcp_now();
	xtcp_open_fill(sk, &open);
	xtcp_mib_inc(xtcp_sk_net(sk), XTCP_MIB_ACTIVE_OPENS);
	if (connect_fastopen(sk, &fo))
		open.fo = &fo;
	actions = xtcp_connect(&xsk->tcb, &open, now);
	if (open.fo && fo.wait)
		xtcp_inet_set_deferred(sk, true);
	else if (xsk->fo_msg)
		actions |= connect_data(sk, xsk->fo_msg, now);
	xtcp_handle_actions(sk, actions, now);
	return 0;
}

/**
 * xtcp_listen - listen(2)
 * @sock: socket
 * @backlog: already limited by somaxconn
 *
 * A second call on a listener resizes its queue.
 *
 * Return: 0, -EINVAL, -EADDRINUSE, -ENOMEM.
 */
int xtcp_listen(struct socket *sock, int backlog)
{
	struct sock *sk = sock->sk;
	struct inet_sock *inet = inet_sk(sk);
	int err = -EINVAL;
	u32 knob;

	lock_sock(sk);
	if (sock->state != SS_UNCONNECTED || sock->type != SOCK_STREAM)
		goto out;
	if (!((1 << sk->sk_state) & (TCPF_CLOSE | TCPF_LISTEN)))
		goto out;

	xtcp_knobs_inherit(xtcp_net(sock_net(sk)));
	WRITE_ONCE(sk->sk_max_ack_backlog, backlog);
	err = 0;
	if (sk->sk_state == TCP_LISTEN)
		goto out;

	if (!inet->inet_num) {
		err = xtcp_get_port(sk, 0);
		if (err)
			goto out;
	}
	WRITE_ONCE(sk->sk_ack_backlog, 0);
	knob = READ_ONCE(xtcp_knobs(sk)->fastopen);
	if (knob & XTCP_FO_KNOB_LISTENERS && knob & XTCP_FO_KNOB_SERVER &&
	    !xtcp_fo_most(sk)) {
		err = xtcp_fo_listen(sk, backlog);
		if (err)
			goto out_port;
	}
	err = xtcp_listen_start(sk);
	if (err)
		goto out_port;

	/* In LISTEN first: two listen() calls on one port must see each other. */
	xtcp_set_listen(sk, true);
	err = xtcp_port_listen(sk);
	if (err)
		goto out_stop;
	inet->inet_sport = htons(inet->inet_num);
	sk_dst_reset(sk);
	err = xtcp_hash_listen(sk);
	if (!err)
		goto out;

out_stop:
	xtcp_set_listen(sk, false);
	xtcp_listen_stop(sk);
out_port:
	if (!(sk->sk_userlocks & SOCK_BINDPORT_LOCK))
		xtcp_port_put(sk);
out:
	release_sock(sk);
	return err;
}

/**
 * xtcp_unlisten - leave LISTEN
 * @sk: listener, process context
 *
 * What was not accepted is reset. A bound port stays.
 */
void xtcp_unlisten(struct sock *sk)
{
	xtcp_set_listen(sk, false);
	xtcp_unhash(sk);
	xtcp_listen_stop(sk);
	if (!(sk->sk_userlocks & SOCK_BINDPORT_LOCK))
		xtcp_port_put(sk);
}

static int accept_wait(struct sock *sk, long timeo)
{
	DEFINE_WAIT(wait);
	int err;

	/* Exclusive: one connection wakes one of many sleepers. */
	for (;;) {
		prepare_to_wait_exclusive(sk_sleep(sk), &wait,
					  TASK_INTERRUPTIBLE);
		release_sock(sk);
		if (xtcp_acceptq_empty(sk))
			timeo = schedule_timeout(timeo);
		sched_annotate_sleep();
		lock_sock(sk);
		err = 0;
		if (!xtcp_acceptq_empty(sk))
			break;
		err = -EINVAL;
		if (sk->sk_state != TCP_LISTEN)
			break;
		err = sock_intr_errno(timeo);
		if (signal_pending(current))
			break;
		err = -EAGAIN;
		if (!timeo)
			break;
	}
	finish_wait(sk_sleep(sk), &wait);
	return err;
}

/**
 * xtcp_accept_sock - proto.accept
 * @sk: listener, process context, lock not held
 * @arg: flags: O_NONBLOCK. Set: err on failure, -EINVAL not listening, -EAGAIN,
 *	-EINTR, -ERESTARTSYS; is_empty when no other connection waits. Whether the
 *	kernel calls is not looked at, the child is of its listener's kind
 *
 * Return: the child, with the reference that is the socket's own, or NULL.
 */
struct sock *xtcp_accept_sock(struct sock *sk, struct proto_accept_arg *arg)
{
	struct sock *child = NULL;

	lock_sock(sk);
	arg->err = -EINVAL;
	if (sk->sk_state != TCP_LISTEN)
		goto out;
	arg->err = 0;
	if (xtcp_acceptq_empty(sk)) {
		long timeo = sock_rcvtimeo(sk, arg->flags & O_NONBLOCK);

		arg->err = timeo ? accept_wait(sk, timeo) : -EAGAIN;
	}
	if (!arg->err) {
		child = xtcp_acceptq_pop(sk);
		if (!child)
			arg->err = -EAGAIN;
		arg->is_empty = xtcp_acceptq_empty(sk);
	}
out:
	release_sock(sk);
	if (child)
		xtcp_mem_adopt(child);
	return child;
}
