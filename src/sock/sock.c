// SPDX-License-Identifier: GPL-2.0
/*
 * The life of a socket: made, cloned for an accepted connection, shut down,
 * disconnected, closed, and lived on as an orphan until the engine is done.
 */
#include <net/inet_common.h>
#include <net/ip.h>
#include <net/xfrm.h>
#include <xtcp/family.h>

#include "../compat/inet.h"
#include "../compat/moved.h"
#include "internal.h"

/* What a connection starts from; also a clone's and a disconnected socket's. */
static void sock_blank(struct sock *sk)
{
	struct xtcp_sock *xs = xtcp_sk(sk);

	xs->send_hint = NULL;
	WRITE_ONCE(xs->copied, 0);
	WRITE_ONCE(xs->urg_seq, 0);
	WRITE_ONCE(xs->urg_data, 0);
	WRITE_ONCE(xs->eof, 0);
	xs->inert = 0;
	xs->reopens = 0;
	xs->repathed = 0;
	xs->rehashes = 0;
	sk->sk_txhash = 0;
	xs->soft_err = 0;
	xs->hard_err = 0;
	xs->spell = XTCP_SPELL_IDLE;
	memset(xs->spell_ticks, 0, sizeof(xs->spell_ticks));
	xtcp_tcb_init(&xs->tcb, &xtcp_net(sock_net(sk))->params);
}

/* Options live in the TCB, and a new TCB takes them over. */
struct sock_opts {
	const struct xtcp_cc *cc;
	u32 flags;
	u32 keep_idle_ms;
	u32 keep_intvl_ms;
	u32 user_timeout_ms;
	u32 linger2_ms;
	u32 timewait_ms;
	u16 user_mss;
	u8 keep_probes;
	u8 syn_retries;
};

static void sock_opts_save(struct sock_opts *o, const struct xtcp_tcb *tcb)
{
	o->cc = tcb->cc;
	o->flags = tcb->flags;
	o->keep_idle_ms = tcb->keep_idle_ms;
	o->keep_intvl_ms = tcb->keep_intvl_ms;
	o->user_timeout_ms = tcb->user_timeout_ms;
	o->linger2_ms = tcb->linger2_ms;
	o->timewait_ms = tcb->timewait_ms;
	o->user_mss = tcb->user_mss;
	o->keep_probes = tcb->keep_probes;
	o->syn_retries = tcb->syn_retries;
}

static void sock_opts_restore(const struct sock_opts *o, struct xtcp_tcb *tcb,
			      u64 now)
{
	xtcp_cc_set(tcb, o->cc, now);
	xtcp_set(tcb, XTCP_SET_NODELAY, !!(o->flags & XTCP_F_NODELAY), now);
	xtcp_set(tcb, XTCP_SET_CORK, !!(o->flags & XTCP_F_CORK), now);
	xtcp_set(tcb, XTCP_SET_KEEPIDLE, o->keep_idle_ms, now);
	xtcp_set(tcb, XTCP_SET_KEEPINTVL, o->keep_intvl_ms, now);
	xtcp_set(tcb, XTCP_SET_KEEPCNT, o->keep_probes, now);
	xtcp_set(tcb, XTCP_SET_KEEPALIVE, !!(o->flags & XTCP_F_KEEPALIVE), now);
	xtcp_set(tcb, XTCP_SET_SYNCNT, o->syn_retries, now);
	xtcp_set(tcb, XTCP_SET_USER_TIMEOUT, o->user_timeout_ms, now);
	xtcp_set(tcb, XTCP_SET_LINGER2, o->linger2_ms, now);
	xtcp_set(tcb, XTCP_SET_TIMEWAIT, o->timewait_ms, now);
	xtcp_set(tcb, XTCP_SET_MAXSEG, o->user_mss, now);
}

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
	struct xtcp_sock *xs = xtcp_sk(sk);

	sk->sk_protocol = XTCP_SK_PROTOCOL;
	sock_set_flag(sk, SOCK_RCU_FREE);
	spin_lock_init(&xs->acceptq_lock);
	INIT_LIST_HEAD(&xs->acceptq);
	INIT_LIST_HEAD(&xs->accept_node);
	INIT_HLIST_NODE(&xs->port_node);
	xtcp_timer_init(sk);
	xtcp_follow_now(xtcp_net(sock_net(sk)));
	sock_blank(sk);
	WRITE_ONCE(sk->sk_sndbuf, READ_ONCE(xtcp_knobs(sk)->wmem[1]));
	WRITE_ONCE(sk->sk_rcvbuf, READ_ONCE(xtcp_knobs(sk)->rmem[1]));
	/* io_uring then sends with IORING_OP_SEND_ZC; the bytes are copied. */
	set_bit(SOCK_SUPPORT_ZC, &sk->sk_socket->flags);
	sk_sockets_allocated_inc(sk);
	return READ_ONCE(xtcp_knobs(sk)->enabled) ? 0 : -ENOPROTOOPT;
}

/* Give back everything that was lent to the engine. */
static void sock_engine_stop(struct sock *sk)
{
	struct xtcp_sock *xs = xtcp_sk(sk);

	xtcp_timer_stop(sk);
	xtcp_reass_flush(&xs->tcb);
	xtcp_recvq_reap(sk);
	xtcp_sendq_purge(sk);
	xtcp_tcb_fini(&xs->tcb);
	xtcp_map_drain(sk);
}

/**
 * xtcp_destroy_sock - proto.destroy: release what the socket owns
 * @sk: socket without a user, closed
 */
void xtcp_destroy_sock(struct sock *sk)
{
	sock_engine_stop(sk);
	xtcp_fo_free(sk);
	xtcp_port_put(sk);
	sk_sockets_allocated_dec(sk);
}

/* The end of an orphan: the socket's own reference goes. */
static void sock_destroy(struct sock *sk)
{
	struct xtcp_sock *xs = xtcp_sk(sk);

	if (xs->destroyed)
		return;
	xs->destroyed = 1;
	atomic_dec(&xtcp_net(sock_net(sk))->orphans);
	xtcp_unhash(sk);
	xtcp_destroy_sock(sk);
	sk_stream_kill_queues(sk);
	xfrm_sk_free_policy(sk);
	sock_put(sk);
}

static void sock_orphaned(struct sock *sk)
{
	sock_orphan(sk);
	atomic_inc(&xtcp_net(sock_net(sk))->orphans);
}

/**
 * xtcp_done - the connection is over
 * @sk: socket in CLOSE, any context; may be called again
 *
 * Readable data stays for the application. An orphan ends here.
 */
void xtcp_done(struct sock *sk)
{
	struct xtcp_sock *xs = xtcp_sk(sk);

	if (!xs->inert) {
		xs->inert = 1;
		xtcp_metrics_put(sk);
		if (unlikely(xs->tcb.fo))
			xtcp_fo_done(sk);
		xtcp_unhash(sk);
		sock_engine_stop(sk);
		if (!(sk->sk_userlocks & SOCK_BINDPORT_LOCK))
			xtcp_port_put(sk);
		WRITE_ONCE(sk->sk_shutdown, SHUTDOWN_MASK);
		if (!sock_flag(sk, SOCK_DEAD))
			sk->sk_state_change(sk);
	}
	if (sock_flag(sk, SOCK_DEAD))
		sock_destroy(sk);
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
	xtcp_serve(sk, xtcp_shutdown(&xtcp_sk(sk)->tcb, now), now);
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
	struct xtcp_sock *xs = xtcp_sk(sk);
	struct inet_sock *inet = inet_sk(sk);
	int old = sk->sk_state;
	struct sock_opts opts;
	u64 now = xtcp_now();

	if (old == TCP_LISTEN) {
		xtcp_unlisten(sk);
	} else if (old != TCP_CLOSE) {
		u32 acts = xtcp_abort(&xs->tcb, now);

		/* Not ECONNABORTED, and reported once, below. */
		xtcp_serve(sk, acts & ~XTCP_ACT_ERROR, now);
		xtcp_done(sk);
		if (!((1 << old) & (TCPF_CLOSING | TCPF_LAST_ACK)))
			WRITE_ONCE(sk->sk_err, ECONNRESET);
	}

	sock_engine_stop(sk);
	xtcp_recvq_purge(sk);
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
	xs->window_clamp = 0;
	/* Its sendmsg() may still sleep, and is to have no part in another one. */
	xs->fo_msg = NULL;
	xtcp_inet_set_deferred(sk, false);

	sock_opts_save(&opts, &xs->tcb);
	sock_blank(sk);
	sock_opts_restore(&opts, &xs->tcb, now);

	if (sk->sk_frag.page) {
		put_page(sk->sk_frag.page);
		sk->sk_frag.page = NULL;
		sk->sk_frag.offset = 0;
	}
	sk_error_report(sk);
	return 0;
}

/*
 * Too many orphans, or their memory is needed: this one gets a RST. One that
 * makes no progress while the peer keeps its window shut, or is silent, holds
 * memory for nothing, and goes when there are half as many.
 */
static bool sock_too_many(const struct sock *sk, bool stuck)
{
	struct xtcp_net *xn = xtcp_net(sock_net(sk));
	u64 orphans = max(atomic_read(&xn->orphans), 0);

	if (orphans << stuck > READ_ONCE(xn->knobs.max_orphans)) {
		net_info_ratelimited("xtcp: too many orphaned sockets\n");
		return true;
	}
	if (sk->sk_wmem_queued > SOCK_MIN_SNDBUF &&
	    sk_memory_allocated(sk) > sk_prot_mem_limits(sk, 2)) {
		net_info_ratelimited("xtcp: out of memory -- consider tuning mem\n");
		return true;
	}
	return false;
}

/**
 * xtcp_orphan_check - has an orphan that waits for its peer to go?
 * @sk: socket
 * @now: ns
 *
 * To be asked when a timer of it comes. Context: softirq, socket lock.
 * Return: true when it was reset.
 */
bool xtcp_orphan_check(struct sock *sk, u64 now)
{
	struct xtcp_tcb *tcb = &xtcp_sk(sk)->tcb;

	bool owes = (s32)(tcb->snd_end - tcb->snd_una) >= 0;

	if (!sock_flag(sk, SOCK_DEAD) || !owes || (tcb->snd_wnd && !tcb->retries) ||
	    !sock_too_many(sk, true))
		return false;
	xtcp_mib_inc(xtcp_sk_net(sk), XTCP_MIB_ABORT_ON_MEMORY);
	xtcp_serve(sk, xtcp_abort(tcb, now), now);
	return true;
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
	struct xtcp_sock *xs = xtcp_sk(sk);
	u64 now;
	u32 acts;

	lock_sock(sk);
	xtcp_follow_sk(sk);
	WRITE_ONCE(sk->sk_shutdown, SHUTDOWN_MASK);
	now = xtcp_now();
	if (sk->sk_state == TCP_LISTEN) {
		xtcp_unlisten(sk);
	} else {
		bool unread = xtcp_recvq_purge(sk);

		if (sk->sk_state != TCP_CLOSE) {
			if (unread || (sock_flag(sk, SOCK_LINGER) &&
				       !sk->sk_lingertime))
				acts = xtcp_abort(&xs->tcb, now);
			else
				acts = xtcp_close(&xs->tcb, now);
			if (unread)
				xtcp_mib_inc(xtcp_sk_net(sk), XTCP_MIB_ABORT_ON_CLOSE);
			xtcp_serve(sk, acts, now);
			sk_stream_wait_close(sk, timeout);
		}
	}

	sock_hold(sk);
	sock_orphaned(sk);
	release_sock(sk);

	/*
	 * The backlog is empty and no process knows the socket any more: from
	 * here on it belongs to softirq, and may have ended there already.
	 */
	local_bh_disable();
	bh_lock_sock(sk);
	now = xtcp_now();
	if (sk->sk_state == TCP_FIN_WAIT2)
		xtcp_serve(sk, 0, now);
	if (sk->sk_state != TCP_CLOSE && sock_too_many(sk, false)) {
		xtcp_mib_inc(xtcp_sk_net(sk), XTCP_MIB_ABORT_ON_MEMORY);
		xtcp_serve(sk, xtcp_abort(&xs->tcb, now), now);
	}
	if (sk->sk_state == TCP_CLOSE)
		xtcp_done(sk);
	bh_unlock_sock(sk);
	local_bh_enable();
	xtcp_ports_settle(sock_net(sk));
	sock_put(sk);
}

/**
 * xtcp_sock_child - a socket for a connection that a listener accepted
 * @listener: listener; its lock is not needed
 *
 * Everything an application set on the listener holds for the child. The
 * caller fills in addresses, calls xtcp_accept() and xtcp_set_state().
 *
 * Return: the child, bh-locked, with two references (see sock.h), or NULL.
 */
struct sock *xtcp_sock_child(struct sock *listener)
{
	struct sock *child = sk_clone_lock(listener, GFP_ATOMIC);
	struct xtcp_sock *xs;
	struct sock_opts opts;

	if (!child)
		return NULL;
	xs = xtcp_sk(child);
	xtcp_state_blank(child);

	if (xtcp_family6(child))
		xtcp6_sock_child(child);
	RCU_INIT_POINTER(xs->inet.inet_opt, NULL);
	RCU_INIT_POINTER(xs->inet.mc_list, NULL);
	RCU_INIT_POINTER(child->sk_rx_dst, NULL);
	atomic64_set(&child->sk_cookie, 0);
	child->sk_priority = listener->sk_priority;
	memset(&child->sk_frag, 0, sizeof(child->sk_frag));
	child->sk_shutdown = 0;
	child->sk_ack_backlog = 0;
	atomic_set(&xs->inet.inet_id, get_random_u16());

	spin_lock_init(&xs->acceptq_lock);
	INIT_LIST_HEAD(&xs->acceptq);
	INIT_LIST_HEAD(&xs->accept_node);
	INIT_HLIST_NODE(&xs->port_node);
	xs->listener = NULL;
	xs->port = NULL;
	xs->destroyed = 0;
	xs->map_lent = 0;
	xs->fo = NULL;
	xs->fo_msg = NULL;
	xtcp_inet_set_deferred(child, false);

	xtcp_timer_init(child);
	sock_opts_save(&opts, &xs->tcb);
	/* Whoever chose nothing gets what is the default by now. */
	if (!xs->cc_chosen)
		opts.cc = READ_ONCE(xs->tcb.par->cc);
	sock_blank(child);
	sock_opts_restore(&opts, &xs->tcb, xtcp_now());
	return child;
}

/**
 * xtcp_child_abort - end a child that nobody will accept
 * @child: established or closed; the caller holds a reference but no lock
 */
void xtcp_child_abort(struct sock *child)
{
	u64 now;

	local_bh_disable();
	bh_lock_sock(child);
	sock_orphaned(child);
	if (child->sk_state != TCP_CLOSE) {
		now = xtcp_now();
		xtcp_recvq_purge(child);
		xtcp_serve(child, xtcp_abort(&xtcp_sk(child)->tcb, now), now);
	}
	xtcp_done(child);
	bh_unlock_sock(child);
	local_bh_enable();
}
