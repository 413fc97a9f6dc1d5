// SPDX-License-Identifier: GPL-2.0
/*
 * One timer per socket, and what waits for a system call to end.
 *
 * The timer is armed only to earlier: an ACK that moves the retransmission
 * timeout away leaves it alone, it fires once too soon and is armed again.
 * The engine's deadlines are the truth, the timer only brings us there.
 */
#include <linux/jiffies.h>
#include <linux/math64.h>

#include "../compat/timer.h"
#include "net.h"
#include "tx.h"

/* Beyond this the timer fires early: jiffies must not wrap. */
#define ARM_MAX_NS	(3600 * XTCP_NSEC_PER_SEC)

/**
 * xtcp_jiffies_at - when a timer for a moment should fire
 * @at: ns, clock of xtcp_now()
 *
 * Rounded up, so that it rarely fires in vain.
 *
 * Return: jiffies.
 */
unsigned long xtcp_jiffies_at(u64 at)
{
	u64 now = xtcp_now(), delta;

	if (at <= now)
		return jiffies;
	delta = min_t(u64, at - now, ARM_MAX_NS);
	return jiffies + nsecs_to_jiffies(delta + TICK_NSEC - 1) + 1;
}

/**
 * xtcp_timer_arm - have the timer fire no later than the next deadline
 * @sk: socket
 *
 * Context: any, socket lock. To be called after every engine call.
 */
void xtcp_timer_arm(struct sock *sk)
{
	struct xtcp_sock *xsk = xtcp_sk(sk);
	u64 at = xtcp_deadline(&xsk->tcb);

	if (at >= xsk->timer_at)
		return;
	xsk->timer_at = at;
	sk_reset_timer(sk, &xsk->timer, xtcp_jiffies_at(at));
}

/**
 * xtcp_timer_stop - no more deadlines
 * @sk: socket
 *
 * Context: any, socket lock. The handler may be waiting for that lock; it
 * finds the socket inert.
 */
void xtcp_timer_stop(struct sock *sk)
{
	sk_stop_timer(sk, &xtcp_sk(sk)->timer);
	xtcp_sk(sk)->timer_at = XTCP_NEVER;
}

/* Context: socket lock. */
static void timer_run(struct sock *sk)
{
	struct xtcp_sock *xsk = xtcp_sk(sk);
	u64 now = xtcp_now();

	xsk->timer_at = XTCP_NEVER;
	if (xsk->inert)
		return;
	if (xtcp_deadline(&xsk->tcb) <= now)
		xtcp_serve(sk, xtcp_timeout(&xsk->tcb, now), now);
	else
		xtcp_timer_arm(sk);
}

static void timer_fire(struct timer_list *t)
{
	struct xtcp_sock *xsk = timer_container_of(xsk, t, timer);
	struct sock *sk = &xsk->inet.sk;

	bh_lock_sock(sk);
	if (sock_owned_by_user(sk))
		set_bit(XTCP_DEFER_TIMER, &xsk->deferred);
	else
		timer_run(sk);
	bh_unlock_sock(sk);
	sock_put(sk);
}

/**
 * xtcp_timer_init - give a new socket its timer, table entry and deferred work
 * @sk: socket, zeroed or cloned
 */
void xtcp_timer_init(struct sock *sk)
{
	struct xtcp_sock *xsk = xtcp_sk(sk);

	timer_setup(&xsk->timer, timer_fire, 0);
	xsk->timer_at = XTCP_NEVER;
	xsk->deferred = 0;
	memset(&xsk->entry, 0, sizeof(xsk->entry));
	xtcp_tx_init(sk);
}

/**
 * xtcp_release_cb - proto.release_cb: do what was put off meanwhile
 * @sk: socket, about to be released by a system call
 *
 * Context: socket lock, bottom halves off.
 */
void xtcp_release_cb(struct sock *sk)
{
	struct xtcp_sock *xsk = xtcp_sk(sk);

	if (likely(!READ_ONCE(xsk->deferred)))
		return;
	if (test_and_clear_bit(XTCP_DEFER_MTU, &xsk->deferred))
		xtcp_mtu_reduced(sk);
	if (test_and_clear_bit(XTCP_DEFER_ICMP, &xsk->deferred))
		xtcp_hard_error(sk);
	if (test_and_clear_bit(XTCP_DEFER_TX, &xsk->deferred))
		xtcp_tx_resume(sk);
	if (test_and_clear_bit(XTCP_DEFER_TIMER, &xsk->deferred))
		timer_run(sk);
}
