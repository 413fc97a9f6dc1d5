/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Timers. 6.16 renamed from_timer() to timer_container_of(). 6.2 added
 * timer_delete_sync(), and del_timer_sync() is gone in 6.16. 6.15 added
 * hrtimer_setup(), which also sets the function, and hrtimer_init() is gone later.
 */
#ifndef XTCP_COMPAT_TIMER_H
#define XTCP_COMPAT_TIMER_H

#include <linux/hrtimer.h>
#include <linux/timer.h>

#ifndef timer_container_of
#define timer_container_of	from_timer
#define timer_delete_sync	del_timer_sync
#endif

#ifndef XTCP_HRTIMER_SETUP
static inline void hrtimer_setup(struct hrtimer *timer,
				 enum hrtimer_restart (*function)(struct hrtimer *),
				 clockid_t clock, enum hrtimer_mode mode)
{
	hrtimer_init(timer, clock, mode);
	timer->function = function;
}
#endif

#endif /* XTCP_COMPAT_TIMER_H */
