/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Timers: since 6.16 the container macro is timer_container_of(), since 6.2
 * the synchronous delete is timer_delete_sync(), which 6.16 made the only one.
 * Since 6.15 a high-resolution timer is given its function by hrtimer_setup(),
 * and hrtimer_init() went away afterwards.
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
