/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Five knobs of net.ipv4 are newer than 6.1: tcp_syn_linear_timeouts (6.5),
 * tcp_rto_min_us (6.11), tcp_tw_reuse_delay (6.14), tcp_rto_max_ms (6.15), and
 * tcp_ecn_option, which 7.3 has.
 * Since 6.6 a table is registered with its size and must not end with an empty row.
 * Since 6.11 a handler gets a const table.
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

/* For rows of ctl/sysctl.c: follow the kernel's knob if there is one. */
#ifdef XTCP_SYN_LINEAR
#define XTCP_OF_SYN_LINEAR	OF(syn_linear_timeouts)
#else
#define XTCP_OF_SYN_LINEAR
#endif
#ifdef XTCP_RTO_MIN_US
#define XTCP_OF_RTO_MIN_US	OF(rto_min_us)
#else
#define XTCP_OF_RTO_MIN_US
#endif
#ifdef XTCP_TW_REUSE_DELAY
#define XTCP_OF_TW_REUSE_DELAY	OF(tw_reuse_delay)
#else
#define XTCP_OF_TW_REUSE_DELAY
#endif
#ifdef XTCP_RTO_MAX_MS
#define XTCP_OF_RTO_MAX_MS	OF(rto_max_ms)
#else
#define XTCP_OF_RTO_MAX_MS
#endif
#ifdef XTCP_ECN_OPTION
#define XTCP_OF_ECN_OPTION	OF(ecn_option)
#else
#define XTCP_OF_ECN_OPTION
#endif

/* Register a table of @rows rows and an empty one behind them. */
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
