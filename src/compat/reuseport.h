/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Since 6.2, and in late releases of 6.1, a group counts its members with
 * SO_INCOMING_CPU.
 */
#ifndef XTCP_COMPAT_REUSEPORT_H
#define XTCP_COMPAT_REUSEPORT_H

#include <net/sock_reuseport.h>

/* May a member have SO_INCOMING_CPU? True if the kernel does not count them. */
static inline bool xtcp_reuseport_has_cpus(const struct sock_reuseport *group)
{
#ifdef XTCP_REUSEPORT_CPU
	return READ_ONCE(group->incoming_cpu);
#else
	return true;
#endif
}

#endif /* XTCP_COMPAT_REUSEPORT_H */
