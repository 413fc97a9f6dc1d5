// SPDX-License-Identifier: GPL-2.0
/*
 * How connections begin: bind, connect, listen, accept.
 *
 * The system calls first reach the kernel's inet_bind(), inet_stream_connect() and
 * inet_accept(). They maintain socket->state, wait in connect(), check addresses and
 * capabilities, run the cgroup hooks, and do not depend on TCP. This file has the
 * functions they call, and listen().
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
 * Context: process, socket lock, may sleep.
 * Return: 0 with inet_num set; -EADDRINUSE or another error of xtcp_port_get().
 */
int xtcp_get_port(struct sock *sk, unsigned short snum)
{
	return xtcp_port_get(sk, snum);
}

/**
 * xtcp_pre_connect - proto.pre_connect: run the cgroup's BPF programs for connect()
 * @sk: socket
 * @uaddr: address to connect to; a program may change it
 * @addr_len: bytes of it
 *
 * Context: process, socket lock, may sleep.
 * Return: 0; -EINVAL for a short address; an error of a program.
 */
int xtcp_pre_connect(struct sock *sk, struct sockaddr_unsized *uaddr, int addr_len)
{
	/* A program may read a whole sockaddr_in. */
	if (addr_len < (int)sizeof(struct sockaddr_in))
		return -EINVAL;
	return xtcp_bpf_connect4(sk, uaddr, addr_len);
}

/*
 * Does this connect() use Fast Open, by MSG_FASTOPEN or TCP_FASTOPEN_CONNECT? With the
 * latter the SYN waits for the first write (fo->wait) if it may carry data, that is
 * with a cookie or where none is needed.
 */
static bool connect_fastopen(struct sock *sk, struct xtcp_fastopen_client *fo)
{
	struct xtcp_sock *xsk = xtcp_sk(sk);

	if (!xsk->fo_msg && !xsk->fo_connect)
		return false;
	if (!xtcp_fastopen_check_client(sk, fo))
		return false;
	fo->wait = !xsk->fo_msg && (fo->bare || fo->cookie.len);
	return true;
}

/*
 * Queue the bytes of @msg that the SYN can carry, advance @msg by them, and send the SYN.
 * If memory is short or a page of the program is not there, the SYN carries less or
 * nothing, and the rest is sent after the handshake.
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
 * xtcp_connect_go - send the SYN that has waited for the first write
 * @sk: socket whose connect() was deferred
 * @msg: the write; advanced by the bytes in the SYN. NULL: no data
 *
 * Context: process, socket lock, may sleep.
 */
void xtcp_connect_go(struct sock *sk, struct msghdr *msg)
{
	u64 now = xtcp_now();

	xtcp_handle_actions(sk, msg ? connect_data(sk, msg, now) :
			     xtcp_fastopen_go(&xtcp_sk(sk)->tcb, 0, now), now);
}

/**
 * xtcp_connect_sock - proto.connect: active open
 * @sk: socket in CLOSE
 * @uaddr: peer
 * @addr_len: bytes of it
 *
 * Sends the SYN and returns; inet_stream_connect() waits.
 *
 * Context: process, socket lock, may sleep.
 * Return: 0; -EINVAL; -EAFNOSUPPORT; an error of the route look-up or the port.
 */
int xtcp_connect_sock(struct sock *sk, struct sockaddr_unsized *uaddr, int addr_len)
{
	struct xtcp_sock *xsk = xtcp_sk(sk);
	struct xtcp_fastopen_client fo;
	struct xtcp_open open;
	u32 actions;
	u64 now;
	int err;

	xtcp_knobs_inherit(xtcp_pernet(sock_net(sk)));
	if (xtcp_family6(sk))
		err = xtcp_ip6_connect(sk, (struct sockaddr_in6 *)uaddr, addr_len);
	else
		err = xtcp_ip4_connect(sk, (struct sockaddr_in *)uaddr, addr_len);
	if (err)
		return err;

	/* An error of an earlier connection that was not reported. */
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
 * xtcp_listen_sock - proto_ops.listen
 * @sock: socket
 * @backlog: most connections waiting for accept(), already limited by somaxconn
 *
 * A call on a listener only changes the limit.
 *
 * Context: process, takes the socket lock, may sleep.
 * Return: 0, -EINVAL, -EADDRINUSE, -ENOMEM.
 */
int xtcp_listen_sock(struct socket *sock, int backlog)
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

	xtcp_knobs_inherit(xtcp_pernet(sock_net(sk)));
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
	knob = READ_ONCE(xtcp_sk_knobs(sk)->fastopen);
	if (knob & XTCP_FO_KNOB_LISTENERS && knob & XTCP_FO_KNOB_SERVER &&
	    !xtcp_fastopen_get_qlen(sk)) {
		err = xtcp_fastopen_set_qlen(sk, backlog);
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
 * @sk: listener
 *
 * Resets the connections that were not accepted. A port set by bind() is kept.
 *
 * Context: process, socket lock, may sleep.
 */
void xtcp_unlisten(struct sock *sk)
{
	xtcp_set_listen(sk, false);
	xtcp_unhash(sk);
	xtcp_listen_stop(sk);
	if (!(sk->sk_userlocks & SOCK_BINDPORT_LOCK))
		xtcp_port_put(sk);
}

/* Wait up to @timeo jiffies for a connection to accept. Return: 0 or -errno. */
static int accept_wait(struct sock *sk, long timeo)
{
	DEFINE_WAIT(wait);
	int err;

	/* Exclusive: one connection wakes one of many waiting processes. */
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
 * @sk: listener
 * @arg: flags: O_NONBLOCK. Set on return: err (0, -EINVAL if not listening, -EAGAIN,
 *	-EINTR, -ERESTARTSYS), and is_empty if no other connection waits. kern is
 *	ignored: a child is a kernel socket if its listener is one
 *
 * Context: process, takes the socket lock, may sleep.
 * Return: the child, with the socket's own reference, or NULL.
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
