// SPDX-License-Identifier: GPL-2.0
/*
 * The timers of a socket, and what waits for a system call to end.
 *
 * The engine's deadlines are the truth, the timers only bring us there. There
 * are two. A timer of the wheel costs next to nothing to arm and is late by a
 * jiffy or more: right for retransmission, keepalive, delayed ACKs. What is
 * due within a few milliseconds, a departure under pacing, a reordering window,
 * a tail loss probe on a short path, would be late by many times its length;
 * for that there is a high-resolution timer, pinned to the CPU that armed it
 * and run in softirq like the other.
 *
 * Both are armed only to earlier: an ACK that moves the retransmission timeout
 * away leaves the timer alone, it fires once too soon and is armed again. An
 * armed timer holds a reference to its socket.
 */
#include <linux/jiffies.h>
#include <linux/math64.h>

#include "../compat/timer.h"
#include "internal.h"

/* Beyond this the timer fires early: jiffies must not wrap. */
#define ARM_MAX_NS	(3600 * XTCP_NSEC_PER_SEC)

/* Nearer deadlines than this would be late by more than half of their length. */
#define NEAR_NS		(2ULL * TICK_NSEC)

/*
 * Rounded up, so that it does not fire in vain; that the present jiffy has
 * begun already the wheel allows for itself.
 */
static unsigned long jiffies_at(u64 at, u64 now)
{
	u64 delta;

	if (at <= now)
		return jiffies;
	delta = min_t(u64, at - now, ARM_MAX_NS);
	return jiffies + nsecs_to_jiffies(delta + TICK_NSEC - 1);
}

/**
 * xtcp_jiffies_at - when a timer of the wheel for a moment should fire
 * @at: ns, clock of xtcp_now()
 *
 * Return: jiffies.
 */
unsigned long xtcp_jiffies_at(u64 at)
{
	return jiffies_at(at, xtcp_now());
}

/*
 * Of the earlier deadline it was armed for it still has its reference. While
 * its handler runs elsewhere nobody can tell whether it is queued again, with
 * one more: false, and the other timer has to do.
 */
static bool near_arm(struct sock *sk, u64 at)
{
	struct xtcp_sock *xsk = xtcp_sk(sk);
	int queued;

	if (xsk->near_runs)
		queued = hrtimer_is_queued(&xsk->near);
	else
		queued = hrtimer_try_to_cancel(&xsk->near);
	if (queued < 0)
		return false;
	if (!queued)
		sock_hold(sk);
	xsk->near_at = at;
	hrtimer_start(&xsk->near, ns_to_ktime(at), HRTIMER_MODE_ABS_PINNED_SOFT);
	return true;
}

/*
 * With its reference beforehand: a system call arms it with bottom halves on,
 * and where jiffies lag it fires before mod_timer() returns.
 */
static void wheel_arm(struct sock *sk, u64 at, u64 now)
{
	struct xtcp_sock *xsk = xtcp_sk(sk);

	xsk->timer_at = at;
	sock_hold(sk);
	if (mod_timer(&xsk->timer, jiffies_at(at, now)))
		__sock_put(sk);
}

/**
 * xtcp_timer_arm - have a timer fire no later than the next deadline
 * @sk: socket
 *
 * Context: any, socket lock. To be called after every engine call.
 */
void xtcp_timer_arm(struct sock *sk)
{
	struct xtcp_sock *xsk = xtcp_sk(sk);
	u64 at = xtcp_deadline(&xsk->tcb), now;

	if (at >= xsk->timer_at || at >= xsk->near_at)
		return;
	now = xtcp_now();
	if (at >= now + NEAR_NS || !near_arm(sk, at))
		wheel_arm(sk, at, now);
}

/**
 * xtcp_timer_stop - no more deadlines
 * @sk: socket
 *
 * Context: any, socket lock. A handler may be waiting for that lock, with a
 * reference of its own; it finds the socket inert.
 */
void xtcp_timer_stop(struct sock *sk)
{
	struct xtcp_sock *xsk = xtcp_sk(sk);

	sk_stop_timer(sk, &xsk->timer);
	xsk->timer_at = XTCP_NEVER;
	if (xsk->near_at != XTCP_NEVER && hrtimer_try_to_cancel(&xsk->near) == 1)
		__sock_put(sk);
	xsk->near_at = XTCP_NEVER;
}

/* One of the timers fired, or both did. Context: socket lock. */
static void timer_run(struct sock *sk)
{
	struct xtcp_sock *xsk = xtcp_sk(sk);
	u64 now = xtcp_now();

	if (!timer_pending(&xsk->timer))
		xsk->timer_at = XTCP_NEVER;
	if (!hrtimer_is_queued(&xsk->near))
		xsk->near_at = XTCP_NEVER;
	if (xsk->inert)
		return;
	xtcp_knobs_poll_sk(sk);
	xtcp_mtu_sync(sk, now);
	if (xtcp_orphan_check(sk, now))
		return;
	if (xtcp_deadline(&xsk->tcb) <= now)
		xtcp_handle_actions(sk, xtcp_timeout(&xsk->tcb, now), now);
	else
		xtcp_timer_arm(sk);
}

/**
 * xtcp_timer_late - what a timer would have done, had no system call had the socket
 * @sk: socket with XTCP_DEFER_TIMER
 * @now: ns
 *
 * Asked before anything else is sent, since an ACK goes with that: is one overdue?
 *
 * Context: any, socket lock.
 */
void xtcp_timer_late(const struct sock *sk, u64 now)
{
	const struct xtcp_tcb *tcb = &xtcp_sk(sk)->tcb;

	if (tcb->dl_armed & BIT(XTCP_DL_DELACK) && tcb->dl[XTCP_DL_DELACK] <= now)
		xtcp_mib_inc(xtcp_sk_net(sk), XTCP_MIB_DELAYED_ACK_LOCKED);
}

/* With the reference that arming took. Context: softirq. */
static void timer_fired(struct sock *sk, bool near)
{
	struct xtcp_sock *xsk = xtcp_sk(sk);

	bh_lock_sock(sk);
	if (sock_owned_by_user(sk)) {
		set_bit(XTCP_DEFER_TIMER, &xsk->deferred);
	} else {
		xsk->near_runs = near;
		timer_run(sk);
		xsk->near_runs = 0;
	}
	bh_unlock_sock(sk);
	sock_put(sk);
}

static void wheel_fire(struct timer_list *t)
{
	struct xtcp_sock *xsk = timer_container_of(xsk, t, timer);

	timer_fired(&xsk->inet.sk, false);
}

static enum hrtimer_restart near_fire(struct hrtimer *t)
{
	timer_fired(&container_of(t, struct xtcp_sock, near)->inet.sk, true);
	return HRTIMER_NORESTART;
}

/**
 * xtcp_timer_init - give a new socket its timers, table entry and deferred work
 * @sk: socket, zeroed or cloned
 */
void xtcp_timer_init(struct sock *sk)
{
	struct xtcp_sock *xsk = xtcp_sk(sk);

	timer_setup(&xsk->timer, wheel_fire, 0);
	hrtimer_setup(&xsk->near, near_fire, CLOCK_MONOTONIC,
		      HRTIMER_MODE_ABS_PINNED_SOFT);
	xsk->timer_at = XTCP_NEVER;
	xsk->near_at = XTCP_NEVER;
	xsk->near_runs = 0;
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
	if (test_and_clear_bit(XTCP_DEFER_OUTPUT, &xsk->deferred))
		xtcp_handle_actions(sk, XTCP_ACT_OUTPUT, xtcp_now());
	if (test_and_clear_bit(XTCP_DEFER_TX, &xsk->deferred))
		xtcp_tx_resume(sk);
	if (test_and_clear_bit(XTCP_DEFER_TIMER, &xsk->deferred)) {
		xtcp_timer_late(sk, xtcp_now());
		timer_run(sk);
	}
}
