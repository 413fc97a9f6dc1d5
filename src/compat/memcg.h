/* SPDX-License-Identifier: GPL-2.0 */
/* Since 6.12 a kernel may be built without memory control groups of version 1. */
#ifndef XTCP_COMPAT_MEMCG_H
#define XTCP_COMPAT_MEMCG_H

#include <linux/memcontrol.h>

#ifdef CONFIG_MEMCG
/* Does a group of version 1 have an account for sockets? */
static inline bool xtcp_memcg1_sockets(const struct mem_cgroup *group)
{
#if defined(CONFIG_MEMCG_V1) || !defined(XTCP_MEMCG_V1)
	return group->tcpmem_active;
#else
	return false;
#endif
}
#endif

#endif /* XTCP_COMPAT_MEMCG_H */
