/* SPDX-License-Identifier: GPL-2.0 */
/*
 * 6.11 added local_lock_nested_bh(). In older kernels, disabling bottom halves is enough to
 * have the data of a CPU alone; with PREEMPT_RT it is not any more in newer ones.
 */
#ifndef XTCP_COMPAT_LOCK_H
#define XTCP_COMPAT_LOCK_H

#include <linux/local_lock.h>

#ifndef local_lock_nested_bh
#define local_lock_nested_bh(lock)	((void)(lock))
#define local_unlock_nested_bh(lock)	((void)(lock))
#endif

#endif /* XTCP_COMPAT_LOCK_H */
