/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Timers: since 6.16 the container macro is timer_container_of(), since 6.2
 * the synchronous delete is timer_delete_sync(), which 6.16 made the only one.
 */
#ifndef XTCP_COMPAT_TIMER_H
#define XTCP_COMPAT_TIMER_H

#include <linux/timer.h>

#ifndef timer_container_of
#define timer_container_of	from_timer
#define timer_delete_sync	del_timer_sync
#endif

#endif /* XTCP_COMPAT_TIMER_H */
