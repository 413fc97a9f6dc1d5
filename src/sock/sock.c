// SPDX-License-Identifier: GPL-2.0
/*
 * System calls on a whole socket: create, shut down, disconnect, close. What happens to
 * the connection is in src/conn/life.c.
 */
#include <net/inet_common.h>
#include <net/ip.h>
#include <xtcp/family.h>

#include "../compat/inet.h"
#include "../compat/moved.h"
#include "internal.h"

/**
 * xtcp_init_sock - proto.init: initialise a new socket
 * @sk: fresh from sk_alloc(); fields that inet_create() does not set are 0
 *
 * The socket is complete even if an error is returned: the caller calls proto.destroy.
 *
 * Context: process; nothing else knows the socket.
 * Return: 0; -ENOPROTOOPT if net.xtcp.enabled is 0, as MPTCP does.
 */
int xtcp_init_sock(struct sock *sk)
{
	sk->sk_protocol = XTCP_SK_PROTOCOL;
	sock_set_flag(sk, SOCK_RCU_FREE);
	xtcp_knobs_inherit(xtcp_pernet(sock_net(sk)));
	xtcp_conn_init(sk);
	WRITE_ONCE(sk->sk_sndbuf, READ_ONCE(xtcp_sk_knobs(sk)->wmem[1]));
	WRITE_ONCE(sk->sk_rcvbuf, READ_ONCE(xtcp_sk_knobs(sk)->rmem[1]));
	/* Makes io_uring accept IORING_OP_SEND_ZC; the bytes are copied. */
	set_bit(SOCK_SUPPORT_ZC, &sk->sk_socket->flags);
	sk_sockets_allocated_inc(sk);
	return READ_ONCE(xtcp_sk_knobs(sk)->enabled) ? 0 : -ENOPROTOOPT;
}

/**
 * xtcp_shutdown_sock - proto.shutdown
 * @sk: socket; sk_shutdown has the new bits
 * @how: RCV_SHUTDOWN, SEND_SHUTDOWN
 *
 * RCV_SHUTDOWN has no effect on the wire (RFC 9293, 3.6: CLOSE means no more data to
 * send): segments are acknowledged and queued as before, as in the kernel's TCP.
 *
 * Context: process, socket lock.
 */
void xtcp_shutdown_sock(struct sock *sk, int how)
{
	u64 now;

	if (!(how & SEND_SHUTDOWN))
		return;
	if (!((1 << sk->sk_state) & (TCPF_ESTABLISHED | TCPF_CLOSE_WAIT |
				     TCPF_SYN_SENT | TCPF_SYN_RECV)))
		return;
	now = xtcp_now();
	xtcp_handle_actions(sk, xtcp_shutdown(&xtcp_sk(sk)->tcb, now), now);
}

/**
 * xtcp_disconnect - proto.disconnect: abort, and prepare for a new connect()
 * @sk: socket
 * @flags: unused
 *
 * Called for connect(AF_UNSPEC), for shutdown() of a listener and after a failed
 * connect(). Socket options and a port set by bind() are kept.
 *
 * Context: process, socket lock, may sleep.
 * Return: 0.
 */
int xtcp_disconnect(struct sock *sk, int flags)
{
	struct xtcp_sock *xsk = xtcp_sk(sk);
	struct inet_sock *inet = inet_sk(sk);
	int old = sk->sk_state;
	u64 now = xtcp_now();

	if (old == TCP_LISTEN) {
		xtcp_unlisten(sk);
	} else if (old != TCP_CLOSE) {
		u32 actions = xtcp_abort(&xsk->tcb, now);

		/* The error is ECONNRESET, not ECONNABORTED, and reported once, below. */
		xtcp_handle_actions(sk, actions & ~XTCP_ACT_ERROR, now);
		xtcp_done(sk);
		if (!((1 << old) & (TCPF_CLOSING | TCPF_LAST_ACK)))
			WRITE_ONCE(sk->sk_err, ECONNRESET);
	}

	inet->inet_dport = 0;
	inet->inet_daddr = 0;
	if (!(sk->sk_userlocks & SOCK_BINDADDR_LOCK))
		inet_reset_saddr(sk);
	WRITE_ONCE(sk->sk_shutdown, 0);
	sock_reset_flag(sk, SOCK_DONE);
	__sk_dst_reset(sk);
	if (xtcp_family6(sk))
		xtcp6_sock_blank(sk);
	/* The clamp may be the last route's. The kernel's TCP resets it, too. */
	xsk->window_clamp = 0;
	/* A sendmsg() that opened the connection may still sleep: detach it. */
	xsk->fo_msg = NULL;
	xtcp_inet_set_deferred(sk, false);

	xtcp_conn_reset(sk, now);
	if (sk->sk_frag.page) {
		put_page(sk->sk_frag.page);
		sk->sk_frag.page = NULL;
		sk->sk_frag.offset = 0;
	}
	sk_error_report(sk);
	return 0;
}

static bool close_unfinished(const struct sock *sk)
{
	return (1 << sk->sk_state) & (TCPF_FIN_WAIT1 | TCPF_CLOSING | TCPF_LAST_ACK);
}

/*
 * SO_LINGER: wait until the peer has acknowledged our FIN, at most @timeout jiffies. As
 * sk_stream_wait_close(), which newer kernels do not export.
 */
static void close_linger(struct sock *sk, long timeout)
{
	DEFINE_WAIT_FUNC(wait, woken_wake_function);

	if (!timeout)
		return;
	add_wait_queue(sk_sleep(sk), &wait);
	do {
		if (sk_wait_event(sk, &timeout, !close_unfinished(sk), &wait))
			break;
	} while (timeout && !signal_pending(current));
	remove_wait_queue(sk_sleep(sk), &wait);
}

/**
 * xtcp_close_sock - proto.close
 * @sk: socket
 * @timeout: jiffies to wait for the peer's last ACK (SO_LINGER), 0: do not wait
 *
 * Sends a RST if data is unread (RFC 2525, 2.17) or the time of SO_LINGER is zero.
 * Otherwise the data that was written is still sent, then a FIN. The engine limits an
 * orphan's time in FIN-WAIT-2.
 *
 * Context: process, takes the socket lock, may sleep.
 */
void xtcp_close_sock(struct sock *sk, long timeout)
{
	struct xtcp_sock *xsk = xtcp_sk(sk);
	u64 now;
	u32 actions;

	lock_sock(sk);
	xtcp_knobs_poll_sk(sk);
	WRITE_ONCE(sk->sk_shutdown, SHUTDOWN_MASK);
	now = xtcp_now();
	if (sk->sk_state == TCP_LISTEN) {
		xtcp_unlisten(sk);
	} else {
		bool unread = xtcp_recvq_purge(sk);

		if (sk->sk_state != TCP_CLOSE) {
			if (unread || (sock_flag(sk, SOCK_LINGER) &&
				       !sk->sk_lingertime))
				actions = xtcp_abort(&xsk->tcb, now);
			else
				actions = xtcp_close(&xsk->tcb, now);
			if (unread)
				xtcp_mib_inc(xtcp_sk_net(sk), XTCP_MIB_ABORT_ON_CLOSE);
			xtcp_handle_actions(sk, actions, now);
			close_linger(sk, timeout);
		}
	}

	sock_hold(sk);
	xtcp_orphan(sk);
	release_sock(sk);

	/*
	 * The backlog is empty and no process has the socket any more. From here on
	 * softirq changes it, and may have ended the connection already.
	 */
	local_bh_disable();
	bh_lock_sock(sk);
	now = xtcp_now();
	if (sk->sk_state == TCP_FIN_WAIT2)
		xtcp_handle_actions(sk, 0, now);
	if (sk->sk_state != TCP_CLOSE && xtcp_orphans_full(sk, false)) {
		xtcp_mib_inc(xtcp_sk_net(sk), XTCP_MIB_ABORT_ON_MEMORY);
		xtcp_handle_actions(sk, xtcp_abort(&xsk->tcb, now), now);
	}
	if (sk->sk_state == TCP_CLOSE)
		xtcp_done(sk);
	bh_unlock_sock(sk);
	local_bh_enable();
	xtcp_ports_settle(sock_net(sk));
	sock_put(sk);
}
