// SPDX-License-Identifier: GPL-2.0
/*
 * What a program does to a whole socket: make it, shut it down, disconnect it, close
 * it. What becomes of the connection is in src/conn/life.c.
 */
#include <net/inet_common.h>
#include <net/ip.h>
#include <xtcp/family.h>

#include "../compat/inet.h"
#include "../compat/moved.h"
#include "internal.h"

/**
 * xtcp_init_sock - proto.init: a socket nobody has connected yet
 * @sk: fresh from sk_alloc(), zeroed but for what inet_create() sets
 *
 * A socket that is refused is complete: the caller ends it by proto.destroy.
 *
 * Return: 0; -ENOPROTOOPT where net.xtcp.enabled is 0, as MPTCP answers.
 */
int xtcp_init_sock(struct sock *sk)
{
	sk->sk_protocol = XTCP_SK_PROTOCOL;
	sock_set_flag(sk, SOCK_RCU_FREE);
	xtcp_knobs_inherit(xtcp_net(sock_net(sk)));
	xtcp_conn_init(sk);
	WRITE_ONCE(sk->sk_sndbuf, READ_ONCE(xtcp_knobs(sk)->wmem[1]));
	WRITE_ONCE(sk->sk_rcvbuf, READ_ONCE(xtcp_knobs(sk)->rmem[1]));
	/* io_uring then sends with IORING_OP_SEND_ZC; the bytes are copied. */
	set_bit(SOCK_SUPPORT_ZC, &sk->sk_socket->flags);
	sk_sockets_allocated_inc(sk);
	return READ_ONCE(xtcp_knobs(sk)->enabled) ? 0 : -ENOPROTOOPT;
}

/**
 * xtcp_shutdown_sock - proto.shutdown
 * @sk: socket; sk_shutdown has the new bits
 * @how: RCV_SHUTDOWN, SEND_SHUTDOWN
 *
 * The reading half has no meaning on the wire (RFC 9293, 3.6 CLOSE is about
 * sending): what arrives is acknowledged and kept as before, as TCP does.
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
 * xtcp_disconnect - proto.disconnect: ABORT, then as new
 * @sk: socket, process context
 * @flags: unused
 *
 * Reached by connect(AF_UNSPEC), by shutdown() of a listener and after a
 * failed connect(). Options and a bound port stay.
 *
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

		/* Not ECONNABORTED, and reported once, below. */
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
	/* It may be the last route's. Linux forgets it, too. */
	xsk->window_clamp = 0;
	/* Its sendmsg() may still sleep, and is to have no part in another one. */
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

/**
 * xtcp_close_sock - proto.close
 * @sk: socket, process context, lock not held
 * @timeout: jiffies to wait for the peer's last ACK (SO_LINGER), 0: do not
 *
 * Unread data or a zero SO_LINGER mean a RST (RFC 2525, 2.17); otherwise what
 * was written is still sent, then FIN. FIN-WAIT-2 of an orphan is bounded by
 * the engine.
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
			sk_stream_wait_close(sk, timeout);
		}
	}

	sock_hold(sk);
	xtcp_orphan(sk);
	release_sock(sk);

	/*
	 * The backlog is empty and no process knows the socket any more: from
	 * here on it belongs to softirq, and may have ended there already.
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
