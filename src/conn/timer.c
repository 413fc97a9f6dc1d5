// SPDX-License-Identifier: GPL-2.0
/*
 * The timers of a socket, and the work deferred until a system call releases it.
 *
 * The engine has the deadlines; a timer only causes a call of xtcp_timeout() in time.
 * There are two. A timer of the timer wheel is cheap to arm and late by a jiffy or
 * more, which is good enough for retransmission, keepalive and delayed ACKs. A
 * deadline within a few milliseconds (pacing, a reordering window, a tail loss probe
 * on a short path) would be late by many times its length. It uses a high-resolution
 * timer, pinned to the CPU that armed it, which runs in softirq like the other.
 *
 * Both are only ever moved to an earlier time: when an ACK moves the retransmission
 * timeout further away, the timer fires once too soon and is armed again. An armed
 * timer holds a reference to its socket.
 */
#include <linux/jiffies.h>
#include <linux/math64.h>

#include "../compat/timer.h"
#include "internal.h"

/* ns; for later deadlines the timer fires early, so that jiffies do not wrap. */
#define ARM_MAX_NS	(3600 * XTCP_NSEC_PER_SEC)

/* ns; on the wheel a nearer deadline would be late by more than half its length. */
#define HRTIMER_NS	(2ULL * TICK_NSEC)

/*
 * Convert ns to jiffies, rounded up so that the timer does not fire too soon. The wheel
 * itself allows for the part of the present jiffy that has passed.
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
 * xtcp_jiffies_at - convert a time to jiffies, rounded up
 * @at: ns, clock of xtcp_now()
 *
 * Context: any; no lock.
 * Return: jiffies, at most an hour from now.
 */
unsigned long xtcp_jiffies_at(u64 at)
{
	return jiffies_at(at, xtcp_now());
}

/*
 * Arm the high-resolution timer. If it is queued already it keeps its reference.
 * Return: false while its handler runs on another CPU, since it is not known then
 * whether a reference is needed; the caller uses the wheel.
 */
static bool timer_arm_hrtimer(struct sock *sk, u64 at)
{
	struct xtcp_sock *xsk = xtcp_sk(sk);
	int queued;

	if (xsk->hrtimer_runs)
		queued = hrtimer_is_queued(&xsk->hrtimer);
	else
		queued = hrtimer_try_to_cancel(&xsk->hrtimer);
	if (queued < 0)
		return false;
	if (!queued)
		sock_hold(sk);
	xsk->hrtimer_at = at;
	hrtimer_start(&xsk->hrtimer, ns_to_ktime(at), HRTIMER_MODE_ABS_PINNED_SOFT);
	return true;
}

/*
 * Arm the timer of the wheel. Takes the reference first: a system call does this with
 * bottom halves enabled, and if jiffies lag the timer fires before mod_timer()
 * returns.
 */
static void timer_arm_wheel(struct sock *sk, u64 at, u64 now)
{
	struct xtcp_sock *xsk = xtcp_sk(sk);

	xsk->timer_at = at;
	sock_hold(sk);
	if (mod_timer(&sk->sk_timer, jiffies_at(at, now)))
		__sock_put(sk);
}

/**
 * xtcp_timer_arm - arm a timer for the engine's next deadline
 * @sk: socket
 *
 * To be called after every engine call that may set a deadline; xtcp_handle_actions()
 * does it.
 *
 * Context: any, socket lock.
 */
void xtcp_timer_arm(struct sock *sk)
{
	struct xtcp_sock *xsk = xtcp_sk(sk);
	u64 at = xtcp_deadline(&xsk->tcb), now;

	if (at >= xsk->timer_at || at >= xsk->hrtimer_at)
		return;
	now = xtcp_now();
	if (at >= now + HRTIMER_NS || !timer_arm_hrtimer(sk, at))
		timer_arm_wheel(sk, at, now);
}

/**
 * xtcp_timer_stop - stop both timers
 * @sk: socket
 *
 * A handler may be waiting for the socket lock, with its own reference. It then finds
 * the socket inert.
 *
 * Context: any, socket lock.
 */
void xtcp_timer_stop(struct sock *sk)
{
	struct xtcp_sock *xsk = xtcp_sk(sk);

	sk_stop_timer(sk, &sk->sk_timer);
	xsk->timer_at = XTCP_NEVER;
	if (xsk->hrtimer_at != XTCP_NEVER && hrtimer_try_to_cancel(&xsk->hrtimer) == 1)
		__sock_put(sk);
	xsk->hrtimer_at = XTCP_NEVER;
}

/* A timer fired. Context: any, socket lock. */
static void timer_timeout(struct sock *sk)
{
	struct xtcp_sock *xsk = xtcp_sk(sk);
	u64 now = xtcp_now();

	if (!timer_pending(&sk->sk_timer))
		xsk->timer_at = XTCP_NEVER;
	if (!hrtimer_is_queued(&xsk->hrtimer))
		xsk->hrtimer_at = XTCP_NEVER;
	if (xsk->inert)
		return;
	xtcp_knobs_poll_sk(sk);
	xtcp_mtu_sync(sk, now);
	if (xtcp_orphan_check(sk, now))
		return;
	/* Its reader did not go on in time. */
	if (unlikely(xsk->held) && xtcp_deadline(&xsk->tcb) <= now) {
		xtcp_shortcut_retry(sk, now);
		if (xsk->tcb.dl[XTCP_DL_SMALL] <= now)
			xsk->held = 0;
	}
	if (xtcp_deadline(&xsk->tcb) <= now)
		xtcp_handle_actions(sk, xtcp_timeout(&xsk->tcb, now), now);
	else
		xtcp_timer_arm(sk);
}

/**
 * xtcp_timer_late - count a delayed ACK that is late because of a system call
 * @sk: socket with XTCP_DEFER_TIMER: a timer fired while a system call owned it
 * @now: ns
 *
 * To be called before anything is sent, since any segment carries the ACK.
 *
 * Context: any, socket lock.
 */
void xtcp_timer_late(const struct sock *sk, u64 now)
{
	const struct xtcp_tcb *tcb = &xtcp_sk(sk)->tcb;

	if (tcb->dl_armed & BIT(XTCP_DL_DELACK) && tcb->dl[XTCP_DL_DELACK] <= now)
		xtcp_mib_inc(xtcp_sk_net(sk), XTCP_MIB_DELAYED_ACK_LOCKED);
}

/* Handler of both timers; drops the reference that arming took. Context: softirq. */
static void timer_handle(struct sock *sk, bool hrtimer)
{
	struct xtcp_sock *xsk = xtcp_sk(sk);

	bh_lock_sock(sk);
	if (sock_owned_by_user(sk)) {
		set_bit(XTCP_DEFER_TIMER, &xsk->deferred);
	} else {
		xsk->hrtimer_runs = hrtimer;
		timer_timeout(sk);
		xsk->hrtimer_runs = 0;
	}
	bh_unlock_sock(sk);
	sock_put(sk);
}

static void timer_wheel_fired(struct timer_list *t)
{
	struct sock *sk = timer_container_of(sk, t, sk_timer);

	timer_handle(sk, false);
}

static enum hrtimer_restart timer_hrtimer_fired(struct hrtimer *t)
{
	timer_handle(&container_of(t, struct xtcp_sock, hrtimer)->inet.sk, true);
	return HRTIMER_NORESTART;
}

/**
 * xtcp_timer_init - initialise timers, table entry and deferred work of a socket
 * @sk: socket, zeroed or cloned
 *
 * Context: any; nothing else knows the socket.
 */
void xtcp_timer_init(struct sock *sk)
{
	struct xtcp_sock *xsk = xtcp_sk(sk);

	timer_setup(&sk->sk_timer, timer_wheel_fired, 0);
	hrtimer_setup(&xsk->hrtimer, timer_hrtimer_fired, CLOCK_MONOTONIC,
		      HRTIMER_MODE_ABS_PINNED_SOFT);
	xsk->timer_at = XTCP_NEVER;
	xsk->hrtimer_at = XTCP_NEVER;
	xsk->hrtimer_runs = 0;
	xsk->deferred = 0;
	memset(&xsk->entry, 0, sizeof(xsk->entry));
	xtcp_tx_init(sk);
}

/**
 * xtcp_release_cb - proto.release_cb: do the work deferred during a system call
 * @sk: socket, about to be released by the system call
 *
 * Context: process, socket lock, bottom halves off.
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
	if (test_and_clear_bit(XTCP_DEFER_SHORTCUT, &xsk->deferred))
		xtcp_shortcut_retry(sk, xtcp_now());
	if (test_and_clear_bit(XTCP_DEFER_OUTPUT, &xsk->deferred))
		xtcp_handle_actions(sk, XTCP_ACT_OUTPUT, xtcp_now());
	if (test_and_clear_bit(XTCP_DEFER_TX, &xsk->deferred))
		xtcp_tx_resume(sk);
	if (test_and_clear_bit(XTCP_DEFER_TIMER, &xsk->deferred)) {
		xtcp_timer_late(sk, xtcp_now());
		timer_timeout(sk);
	}
}
