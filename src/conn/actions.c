// SPDX-License-Identifier: GPL-2.0
/*
 * Perform the actions that the engine asks for.
 *
 * Every engine call returns action bits, which the caller passes to
 * xtcp_handle_actions() while it still holds the socket lock. This is also the one
 * file that writes sk_state.
 */
#include <net/inet_common.h>

#include "internal.h"

/*
 * The engine's error as a negative errno. No program sees ECONNABORTED: the one that
 * aborts a connection has either closed the socket, or xtcp_disconnect() overwrites
 * the error.
 */
static int action_errno(const struct xtcp_sock *xsk)
{
	switch (xsk->tcb.err) {
	case XTCP_ERR_REFUSED:
		return -ECONNREFUSED;
	case XTCP_ERR_RESET:
		return -ECONNRESET;
	case XTCP_ERR_PIPE:
		return -EPIPE;
	case XTCP_ERR_TIMEDOUT:
		return xsk->soft_err ? -xsk->soft_err : -ETIMEDOUT;
	case XTCP_ERR_UNREACH:
		if (xsk->hard_err)
			return -xsk->hard_err;
		return xsk->soft_err ? -xsk->soft_err : -EHOSTUNREACH;
	default:
		return -ECONNABORTED;
	}
}

/* The one writer of sk_state; it fires sock:inet_sock_set_state. */
static void action_state(struct sock *sk, int state)
{
	inet_sk_set_state(sk, state);
}

#define STATES_OPENING	(TCPF_SYN_SENT | TCPF_SYN_RECV)
#define STATES_UP	(TCPF_ESTABLISHED | TCPF_CLOSE_WAIT)

/* Count in CurrEstab, AttemptFails and EstabResets (RFC 4022). */
static void action_count(const struct sock *sk, int from, int to)
{
	const struct xtcp_net *xn = xtcp_sk_net(sk);
	bool was_up = (1 << from) & STATES_UP;
	bool is_up = (1 << to) & STATES_UP;

	if (was_up != is_up)
		xtcp_mib_add(xn, XTCP_MIB_CURR_ESTAB, is_up ? 1 : -1);
	if (to != TCP_CLOSE)
		return;
	if ((1 << from) & STATES_OPENING)
		xtcp_mib_inc(xn, XTCP_MIB_ATTEMPT_FAILS);
	else if (was_up)
		xtcp_mib_inc(xn, XTCP_MIB_ESTAB_RESETS);
}

/* Count the events that the engine noted in the TCB. */
static void action_mib(struct sock *sk)
{
	unsigned long long mib = xtcp_mib_take(&xtcp_sk(sk)->tcb);

	while (mib) {
		xtcp_mib_inc(xtcp_sk_net(sk), __ffs64(mib));
		mib &= mib - 1;
	}
}

/**
 * xtcp_set_state - mirror the engine's state to sk_state
 * @sk: socket
 *
 * TIME-WAIT is shown as CLOSE, since the kernel casts any socket in TCP_TIME_WAIT
 * that it can reach to struct inet_timewait_sock. A record of its own stands for the
 * connection then, see xtcp_tw_enter().
 *
 * Context: any, socket lock.
 */
void xtcp_set_state(struct sock *sk)
{
	struct xtcp_sock *xsk = xtcp_sk(sk);
	u8 state = xsk->tcb.state;

	if (state == XTCP_TIME_WAIT)
		state = TCP_CLOSE;
	if (state == sk->sk_state)
		return;
	/* The sequence number of the first byte to read is known now. */
	if ((1 << sk->sk_state) & (TCPF_SYN_SENT | TCPF_CLOSE)) {
		WRITE_ONCE(xsk->copied, xsk->tcb.rcv_read);
		xsk->opened_at = xtcp_now();
	}
	action_count(sk, sk->sk_state, state);
	action_state(sk, state);
}

/**
 * xtcp_set_listen - enter or leave LISTEN
 * @sk: socket
 * @on: true to enter, false to leave
 *
 * The engine does not know LISTEN: a listener has no stream.
 *
 * Context: process, socket lock.
 */
void xtcp_set_listen(struct sock *sk, bool on)
{
	action_state(sk, on ? TCP_LISTEN : TCP_CLOSE);
}

/**
 * xtcp_state_blank - set the clone of a listener to CLOSE
 * @child: the clone, locked
 *
 * Context: any.
 */
void xtcp_state_blank(struct sock *child)
{
	action_state(child, TCP_CLOSE);
}

/**
 * xtcp_stream_memory_free - proto.stream_memory_free: check TCP_NOTSENT_LOWAT
 * @sk: socket
 * @wake: 1 to decide whether to wake a writer: the unsent bytes count twice then
 *
 * Context: any; the socket lock is not required.
 * Return: whether the number of unsent bytes is below the mark.
 */
bool xtcp_stream_memory_free(const struct sock *sk, int wake)
{
	const struct xtcp_sock *xsk = xtcp_sk(sk);
	u32 lowat = xtcp_notsent_lowat(sk);
	u32 notsent;

	if (lowat == U32_MAX)
		return true;
	notsent = READ_ONCE(xsk->tcb.snd_end) - READ_ONCE(xsk->tcb.snd_nxt);
	if ((s32)notsent < 0)	/* SND.NXT counts SYN and FIN */
		notsent = 0;
	return ((u64)notsent << wake) < lowat;
}

/**
 * xtcp_write_space - wake writers that wait for room in the send buffer
 * @sk: socket
 *
 * They are woken when a third of the buffer is free, not for each byte. Called when
 * bytes are acknowledged, and by the sk_write_space callback in transmit.c, when the
 * device has freed packets.
 *
 * Context: any; the socket lock is not required.
 */
void xtcp_write_space(struct sock *sk)
{
	struct socket *sock = sk->sk_socket;
	struct socket_wq *wq;

	if (!sock || !test_bit(SOCK_NOSPACE, &sock->flags) ||
	    !__sk_stream_is_writeable(sk, 1))
		return;
	clear_bit(SOCK_NOSPACE, &sock->flags);
	rcu_read_lock();
	wq = rcu_dereference(sk->sk_wq);
	if (skwq_has_sleeper(wq))
		wake_up_interruptible_poll(&wq->wait,
					   EPOLLOUT | EPOLLWRNORM | EPOLLWRBAND);
	if (wq && wq->fasync_list && !(sk->sk_shutdown & SEND_SHUTDOWN))
		sock_wake_async(wq, SOCK_WAKE_SPACE, POLL_OUT);
	rcu_read_unlock();
}

/**
 * xtcp_data_ready - wake a reader if there are SO_RCVLOWAT bytes
 * @sk: socket
 *
 * It is also woken when half of the buffer is in use: then the mark might never be
 * reached.
 *
 * Context: any, socket lock.
 */
void xtcp_data_ready(struct sock *sk)
{
	const struct xtcp_sock *xsk = xtcp_sk(sk);

	if (READ_ONCE(sk->sk_rcvlowat) > 1 && !sock_flag(sk, SOCK_DONE) &&
	    !(xsk->urg_data & XTCP_URG_VALID) &&
	    xtcp_inq(sk) < (u32)READ_ONCE(sk->sk_rcvlowat) &&
	    atomic_read(&sk->sk_rmem_alloc) < sk->sk_rcvbuf / 2)
		return;
	sk->sk_data_ready(sk);
}

/* Queue payload, urgent data and the end of the stream for the reader. */
static void action_receive(struct sock *sk, u32 actions)
{
	struct xtcp_sock *xsk = xtcp_sk(sk);

	xtcp_recvq_drain(sk);
	if (actions & XTCP_ACT_URG)
		xtcp_urg_announce(sk);
	if (unlikely(xsk->urg_data))
		xtcp_urg_fetch(sk);
	if (actions & XTCP_ACT_EOF) {
		WRITE_ONCE(xsk->eof, 1);
		WRITE_ONCE(sk->sk_shutdown, sk->sk_shutdown | RCV_SHUTDOWN);
		sock_set_flag(sk, SOCK_DONE);
	}
}

/* Bytes were acknowledged: let the send buffer grow and wake writers. */
static void action_room(struct sock *sk)
{
	xtcp_snd_grow(sk);
	/* Pairs with the barrier in xtcp_poll(). */
	smp_mb();
	xtcp_write_space(sk);
}

/* The peer answered: an earlier ICMP error will not be why the connection ends. */
static void action_forget_icmp(struct sock *sk)
{
	struct xtcp_sock *xsk = xtcp_sk(sk);

	if (likely(!xsk->soft_err))
		return;
	xsk->soft_err = 0;
	WRITE_ONCE(sk->sk_err_soft, 0);
}

static void action_acked(struct sock *sk)
{
	action_forget_icmp(sk);
	xtcp_sendq_trim(sk);
	action_room(sk);
}

static void action_wake(struct sock *sk, u32 actions, bool opened)
{
	if (sock_flag(sk, SOCK_DEAD))
		return;
	if (actions & (XTCP_ACT_DELIVER | XTCP_ACT_DRAIN))
		xtcp_data_ready(sk);
	if (actions & (XTCP_ACT_STATE | XTCP_ACT_EOF))
		sk->sk_state_change(sk);
	if (opened)
		sk_wake_async(sk, SOCK_WAKE_IO, POLL_OUT);
	if (actions & XTCP_ACT_EOF)
		sk_wake_async(sk, SOCK_WAKE_WAITD,
			      sk->sk_shutdown == SHUTDOWN_MASK ? POLL_HUP : POLL_IN);
	if (actions & XTCP_ACT_ERROR)
		sk_error_report(sk);
}

/* What the sender waits for at present. */
static enum xtcp_chrono chrono_state(const struct sock *sk)
{
	const struct xtcp_tcb *tcb = &xtcp_sk(sk)->tcb;
	u32 unsent = tcb->snd_end - tcb->snd_nxt;
	struct socket *sock = sk->sk_socket;

	if (tcb->snd_una == tcb->snd_nxt && (s32)unsent <= 0)
		return XTCP_CHRONO_IDLE;
	if ((s32)unsent > 0)
		return tcb->snd_nxt - tcb->snd_una + min_t(u32, unsent, tcb->mss) >
		       tcb->snd_wnd ? XTCP_CHRONO_RWND : XTCP_CHRONO_BUSY;
	if (sock && test_bit(SOCK_NOSPACE, &sock->flags) &&
	    xtcp_flight(tcb) < tcb->cwnd)
		return XTCP_CHRONO_SNDBUF;
	return XTCP_CHRONO_BUSY;
}

/* Account the time to what the sender waits for (RFC 4898, TCP_INFO). */
static void action_chrono(struct sock *sk, u64 now)
{
	struct xtcp_sock *xsk = xtcp_sk(sk);
	enum xtcp_chrono chrono = chrono_state(sk);
	u32 ticks = now >> XTCP_CHRONO_SHIFT;

	if (likely(chrono == xsk->chrono))
		return;
	if (xsk->chrono)
		xsk->chrono_ticks[xsk->chrono - 1] += ticks - xsk->chrono_at;
	xsk->chrono_at = ticks;
	xsk->chrono = chrono;
}

/*
 * Is output to wait for the end of the backlog? RFC 9293 3.10.7.4, MUST-59: process
 * all queued segments before sending an ACK; xtcp_release_cb() sends it then. Not
 * where each segment needs an ACK of its own: a peer without SACK counts duplicates, one
 * with ECN counts marks. Nor where the connection ends.
 */
static bool action_defers_output(const struct xtcp_sock *xsk)
{
	const struct xtcp_tcb *tcb = &xsk->tcb;

	return unlikely(xsk->backlog) && tcb->state != XTCP_CLOSED &&
	       tcb->state != XTCP_TIME_WAIT && !tcb->ecn &&
	       (!tcb->ooo_runs || tcb->opts & XTCP_OPT_SACK_PERM);
}

/*
 * Replace the connection by a TIME-WAIT record. Not in FIN-WAIT-2 while a process
 * still has the socket, as in a close() that waits for SO_LINGER. Return: more
 * actions.
 */
static u32 action_record(struct sock *sk, u64 now)
{
	struct xtcp_tcb *tcb = &xtcp_sk(sk)->tcb;

	if (tcb->state == XTCP_TIME_WAIT) {
		xtcp_tw_enter(sk, now);
		return 0;
	}
	if (!sock_flag(sk, SOCK_DEAD) || !xtcp_tw_enter(sk, now))
		return 0;
	xtcp_tcb_fini(tcb);
	xtcp_set_state(sk);
	return XTCP_ACT_STATE;
}

/**
 * xtcp_handle_actions - perform the actions an engine call asked for
 * @sk: socket
 * @actions: XTCP_ACT_* of one call, or of several
 * @now: ns, as passed to the call
 *
 * To be called after every engine call, even if @actions is 0, since it also arms the
 * timer; but xtcp_read() sets no deadline. It may end the connection and then drops an
 * orphan's own reference, so the caller must hold another one.
 *
 * Context: any, socket lock.
 */
void xtcp_handle_actions(struct sock *sk, u32 actions, u64 now)
{
	struct xtcp_sock *xsk = xtcp_sk(sk);
	bool opened = false;

	if (actions & (XTCP_ACT_DELIVER | XTCP_ACT_DRAIN | XTCP_ACT_REAP |
		       XTCP_ACT_URG | XTCP_ACT_EOF))
		action_receive(sk, actions);

	if (actions & XTCP_ACT_STATE) {
		bool half = (1 << sk->sk_state) & (TCPF_SYN_SENT | TCPF_SYN_RECV);

		xtcp_set_state(sk);
		opened = half && sk->sk_state != TCP_CLOSE &&
			 sk->sk_state != TCP_SYN_RECV;
		if (opened) {
			action_forget_icmp(sk);
			xtcp_snd_grow(sk);
		}
		if (unlikely(xsk->tcb.fo))
			xtcp_fastopen_note_state(sk, opened);
	}
	if (actions & XTCP_ACT_ACKED)
		action_acked(sk);
	else if (actions & XTCP_ACT_OUTPUT && xsk->tcb.sacked_out)
		action_room(sk);
	if (actions & XTCP_ACT_ERROR)
		WRITE_ONCE(sk->sk_err, -action_errno(xsk));
	if (actions & XTCP_ACT_ADVICE)
		dst_negative_advice(sk);
	if (unlikely(xsk->tcb.fo) && actions & (XTCP_ACT_ADVICE | XTCP_ACT_ERROR))
		xtcp_fastopen_note_timeout(sk, actions & XTCP_ACT_ERROR);

	if (unlikely(actions & XTCP_ACT_REPATH))
		xtcp_ip_repath(sk, XTCP_MIB_TIMEOUT_REHASH);
	else if (unlikely(actions & XTCP_ACT_REPATH_ACK))
		xtcp_ip_repath(sk, XTCP_MIB_DUPLICATE_DATA_REHASH);

	/*
	 * Before the wake-ups: otherwise, on one CPU, the reader might run first and
	 * delay the ACK, or the RST of an abort.
	 */
	if (actions & XTCP_ACT_OUTPUT && action_defers_output(xsk)) {
		set_bit(XTCP_DEFER_OUTPUT, &xsk->deferred);
	} else if (actions & XTCP_ACT_OUTPUT) {
		xtcp_space(&xsk->tcb, xtcp_rcv_space(sk));
		xtcp_transmit(sk, now);
	}

	if (xtcp_tw_ready(&xsk->tcb) && !xsk->inert)
		actions |= action_record(sk, now);
	if (unlikely(xsk->tcb.mib))
		action_mib(sk);
	action_wake(sk, actions, opened);
	if (sk->sk_state != TCP_CLOSE && sk->sk_state != TCP_LISTEN) {
		action_chrono(sk, now);
		xtcp_timer_arm(sk);
	} else if (actions & XTCP_ACT_STATE) {
		xtcp_done(sk);
	}
}

/**
 * xtcp_handle_rx_actions - perform the actions that xtcp_rx() asked for
 * @sk: socket
 * @actions: what xtcp_rx() returned
 * @skb: the packet, TCP header pulled and still in front of the data; taken over
 * @seg: the segment, with the range to deliver or the reason to drop it
 * @now: ns, as passed to xtcp_rx()
 *
 * Context: any, socket lock.
 */
void xtcp_handle_rx_actions(struct sock *sk, u32 actions, struct sk_buff *skb,
			    struct xtcp_seg *seg, u64 now)
{
	if (actions & XTCP_ACT_DELIVER) {
		xtcp_recvq_add(sk, skb, seg->from, seg->to);
	} else if (actions & XTCP_ACT_HELD) {
		xtcp_recvq_charge(sk, skb);
	} else {
		if (actions & XTCP_ACT_RST) {
			struct xtcp_plan plan;

			xtcp_rst_plan(seg, &plan);
			xtcp_reply(sock_net(sk), sk, &plan, skb);
		}
		if (actions & XTCP_ACT_DROP)
			xtcp_discard(xtcp_pernet(sock_net(sk)), skb, seg->reason);
		else
			consume_skb(skb);
	}
	xtcp_handle_actions(sk, actions, now);
}
