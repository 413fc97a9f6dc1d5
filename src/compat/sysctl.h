/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Since 6.6 tables are registered with their size, and then may not end with an
 * empty row; since 6.11 handlers get a const table.
 */
#ifndef XTCP_COMPAT_SYSCTL_H
#define XTCP_COMPAT_SYSCTL_H

#include <linux/sysctl.h>
#include <net/net_namespace.h>

#ifdef XTCP_CONST_CTL_TABLE
#define xtcp_ctl_table	const struct ctl_table
#else
#define xtcp_ctl_table	struct ctl_table
#endif

/* @table has @rows rows and an empty one behind them. */
static inline struct ctl_table_header *
xtcp_register_net_sysctl(struct net *net, const char *path, struct ctl_table *table,
			 size_t rows)
{
#ifdef register_net_sysctl
	return register_net_sysctl_sz(net, path, table, rows);
#else
	return register_net_sysctl(net, path, table);
#endif
}

#endif /* XTCP_COMPAT_SYSCTL_H */
