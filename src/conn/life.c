// SPDX-License-Identifier: GPL-2.0
/*
 * The life of a connection in the kernel: created with its socket or cloned from a
 * listener, ended, reset for a new connect(), or finished as an orphan, a socket
 * that no process has open.
 */
#include <net/ip.h>
#include <net/xfrm.h>

#include "../compat/inet.h"
#include "../compat/moved.h"
#include "internal.h"

/* Initial state of a new, cloned or disconnected socket. */
static void conn_blank(struct sock *sk)
{
	struct xtcp_sock *xsk = xtcp_sk(sk);

	xsk->send_hint = NULL;
	WRITE_ONCE(xsk->copied, 0);
	WRITE_ONCE(xsk->urg_seq, 0);
	WRITE_ONCE(xsk->urg_data, 0);
	WRITE_ONCE(xsk->eof, 0);
	xsk->inert = 0;
	xsk->reopens = 0;
	xsk->repathed = 0;
	xsk->pull = 0;
	xsk->held = 0;
	xsk->peer_hash = 0;
	xsk->rehashes = 0;
	sk->sk_txhash = 0;
	xsk->soft_err = 0;
	xsk->hard_err = 0;
	xsk->chrono = XTCP_CHRONO_IDLE;
	memset(xsk->chrono_ticks, 0, sizeof(xsk->chrono_ticks));
	xtcp_tcb_init(&xsk->tcb, &xtcp_pernet(sock_net(sk))->params);
}

static void conn_nodes_init(struct xtcp_sock *xsk)
{
	spin_lock_init(&xsk->acceptq_lock);
	INIT_LIST_HEAD(&xsk->acceptq);
	INIT_HLIST_NODE(&xsk->port_node);
}

/**
 * xtcp_conn_init - initialise the connection of a new socket
 * @sk: socket; fields that the kernel does not set are 0
 *
 * Context: process; no lock, nothing else knows the socket.
 */
void xtcp_conn_init(struct sock *sk)
{
	conn_nodes_init(xtcp_sk(sk));
	xtcp_timer_init(sk);
	conn_blank(sk);
}

/* Socket options that are stored in the TCB, kept while the TCB is initialised anew. */
struct conn_opts {
	const struct xtcp_cc *cc;
	u32 flags;		/* XTCP_F_* */
	u32 keep_idle_ms;
	u32 keep_intvl_ms;
	u32 user_timeout_ms;
	u32 linger2_ms;
	u32 timewait_ms;
	u16 user_mss;
	u8 keep_probes;
	u8 syn_retries;
};

static void conn_opts_save(struct conn_opts *o, const struct xtcp_tcb *tcb)
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

static void conn_opts_restore(const struct conn_opts *o, struct xtcp_tcb *tcb,
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
 * xtcp_conn_child - clone a listener for a new connection
 * @listener: listener; its lock is not required
 *
 * The child inherits all options set on the listener. The caller fills in addresses,
 * and calls xtcp_accept() and xtcp_set_state().
 *
 * Context: softirq or process.
 * Return: the child, bh-locked, with two references as sk_clone_lock() returns it;
 * NULL without memory.
 */
struct sock *xtcp_conn_child(struct sock *listener)
{
	struct sock *child = sk_clone_lock(listener, GFP_ATOMIC);
	struct xtcp_sock *xsk;
	struct conn_opts opts;

	if (!child)
		return NULL;
	xsk = xtcp_sk(child);
	xtcp_state_blank(child);

	RCU_INIT_POINTER(xsk->inet.inet_opt, NULL);
	RCU_INIT_POINTER(xsk->inet.mc_list, NULL);
	RCU_INIT_POINTER(child->sk_rx_dst, NULL);
	atomic64_set(&child->sk_cookie, 0);
	child->sk_priority = listener->sk_priority;
	memset(&child->sk_frag, 0, sizeof(child->sk_frag));
	child->sk_shutdown = 0;
	child->sk_ack_backlog = 0;
	atomic_set(&xsk->inet.inet_id, get_random_u16());

	conn_nodes_init(xsk);
	xsk->listener = NULL;
	xsk->port = NULL;
	xsk->rx_routed = 0;
	xsk->destroyed = 0;
	xsk->map_lent = 0;
	xsk->fo = NULL;
	xsk->fo_msg = NULL;
	xtcp_inet_set_deferred(child, false);

	xtcp_timer_init(child);
	conn_opts_save(&opts, &xsk->tcb);
	/* Without TCP_CONGESTION the child has the namespace's present default. */
	if (!xsk->cc_chosen)
		opts.cc = READ_ONCE(xsk->tcb.par->cc);
	conn_blank(child);
	conn_opts_restore(&opts, &xsk->tcb, xtcp_now());
	return child;
}

/* Stop the timers and take back all memory lent to the engine. */
static void conn_stop(struct sock *sk)
{
	struct xtcp_sock *xsk = xtcp_sk(sk);

	xtcp_timer_stop(sk);
	xtcp_rx_route_drop(sk);
	xtcp_reass_flush(&xsk->tcb);
	xtcp_recvq_reap(sk);
	xtcp_sendq_purge(sk);
	xtcp_tcb_fini(&xsk->tcb);
	xtcp_map_drain(sk);
}

/**
 * xtcp_conn_reset - prepare a disconnected socket for a new connect()
 * @sk: socket in CLOSE
 * @now: ns
 *
 * Socket options are kept.
 *
 * Context: process, socket lock.
 */
void xtcp_conn_reset(struct sock *sk, u64 now)
{
	struct xtcp_tcb *tcb = &xtcp_sk(sk)->tcb;
	struct conn_opts opts;

	conn_stop(sk);
	xtcp_recvq_purge(sk);
	conn_opts_save(&opts, tcb);
	conn_blank(sk);
	conn_opts_restore(&opts, tcb, now);
}

/**
 * xtcp_destroy_sock - proto.destroy: release what the socket owns
 * @sk: socket in CLOSE that no process has open
 *
 * Context: any, socket lock.
 */
void xtcp_destroy_sock(struct sock *sk)
{
	conn_stop(sk);
	xtcp_fastopen_free(sk);
	xtcp_port_put(sk);
	sk_sockets_allocated_dec(sk);
}

/**
 * xtcp_orphan - make the socket an orphan: no process has it open any more
 * @sk: socket
 *
 * Context: any, socket lock.
 */
void xtcp_orphan(struct sock *sk)
{
	sock_orphan(sk);
	atomic_inc(&xtcp_pernet(sock_net(sk))->orphans);
}

/* Destroy an orphan and drop the socket's own reference; once. */
static void orphan_destroy(struct sock *sk)
{
	struct xtcp_sock *xsk = xtcp_sk(sk);

	if (xsk->destroyed)
		return;
	xsk->destroyed = 1;
	atomic_dec(&xtcp_pernet(sock_net(sk))->orphans);
	xtcp_unhash(sk);
	xtcp_destroy_sock(sk);
	sk_stream_kill_queues(sk);
	xfrm_sk_free_policy(sk);
	sock_put(sk);
}

/**
 * xtcp_done - the connection has ended
 * @sk: socket in CLOSE
 *
 * Unread data stays for the application. Destroys an orphan and drops its own
 * reference, so the caller must hold another one. May be called again.
 *
 * Context: any, socket lock.
 */
void xtcp_done(struct sock *sk)
{
	struct xtcp_sock *xsk = xtcp_sk(sk);

	if (!xsk->inert) {
		xsk->inert = 1;
		xtcp_metrics_put(sk);
		if (unlikely(xsk->tcb.fo))
			xtcp_fastopen_finish(sk);
		xtcp_unhash(sk);
		conn_stop(sk);
		if (!(sk->sk_userlocks & SOCK_BINDPORT_LOCK))
			xtcp_port_put(sk);
		WRITE_ONCE(sk->sk_shutdown, SHUTDOWN_MASK);
		if (!sock_flag(sk, SOCK_DEAD))
			sk->sk_state_change(sk);
	}
	if (sock_flag(sk, SOCK_DEAD))
		orphan_destroy(sk);
}

/**
 * xtcp_child_abort - reset a child that will not be accepted
 * @child: established or closed; the caller holds a reference but no lock
 *
 * Context: process or softirq.
 */
void xtcp_child_abort(struct sock *child)
{
	u64 now;

	local_bh_disable();
	bh_lock_sock(child);
	xtcp_orphan(child);
	if (child->sk_state != TCP_CLOSE) {
		now = xtcp_now();
		xtcp_recvq_purge(child);
		xtcp_handle_actions(child, xtcp_abort(&xtcp_sk(child)->tcb, now), now);
	}
	xtcp_done(child);
	bh_unlock_sock(child);
	local_bh_enable();
}

/**
 * xtcp_orphans_full - is an orphan to be reset because there are too many?
 * @sk: the orphan
 * @stuck: it makes no progress: the peer's window is zero, or the peer is silent
 *
 * A stuck orphan is reset at half of max_orphans. An orphan with more than
 * SOCK_MIN_SNDBUF bytes queued is also reset while all sockets together use more
 * memory than the limit.
 *
 * Context: any, socket lock.
 * Return: true to reset it.
 */
bool xtcp_orphans_full(const struct sock *sk, bool stuck)
{
	struct xtcp_net *xn = xtcp_pernet(sock_net(sk));
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
 * xtcp_orphan_check - reset a stuck orphan if there are too many
 * @sk: socket
 * @now: ns
 *
 * To be called when a timer of the socket fires.
 *
 * Context: any, socket lock.
 * Return: true if it was reset.
 */
bool xtcp_orphan_check(struct sock *sk, u64 now)
{
	struct xtcp_tcb *tcb = &xtcp_sk(sk)->tcb;

	bool owes = (s32)(tcb->snd_end - tcb->snd_una) >= 0;

	if (!sock_flag(sk, SOCK_DEAD) || !owes || (tcb->snd_wnd && !tcb->retries) ||
	    !xtcp_orphans_full(sk, true))
		return false;
	xtcp_mib_inc(xtcp_sk_net(sk), XTCP_MIB_ABORT_ON_MEMORY);
	xtcp_handle_actions(sk, xtcp_abort(tcb, now), now);
	return true;
}
