/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What src/ctl offers to the rest of the module: files of /proc/net, and the knobs in
 * /proc/sys/net/xtcp.
 */
#ifndef XTCP_CTL_H
#define XTCP_CTL_H

#include <linux/seq_file.h>
#include <net/net_namespace.h>

#include "../compat/sysctl.h"

int xtcp_proc_init(struct net *net);
void xtcp_proc_exit(struct net *net);

int xtcp_sysctl_init(struct net *net);
void xtcp_sysctl_exit(struct net *net);

struct xtcp_net;

void xtcp_knob_init(void);

void xtcp_cong_reset(struct xtcp_net *xn);
void xtcp_cong_allow(struct xtcp_net *xn);
int xtcp_cong_default(xtcp_ctl_table *ctl, int write, void *buffer, size_t *lenp,
		      loff_t *ppos);
int xtcp_cong_available(xtcp_ctl_table *ctl, int write, void *buffer, size_t *lenp,
			loff_t *ppos);
int xtcp_cong_allowed(xtcp_ctl_table *ctl, int write, void *buffer, size_t *lenp,
		      loff_t *ppos);

int xtcp_fastopen_key(xtcp_ctl_table *ctl, int write, void *buffer, size_t *lenp,
		      loff_t *ppos);
void xtcp_fastopen_timeout_set(struct xtcp_net *xn);

int xtcp_stat_show(struct seq_file *seq, void *v);

#endif /* XTCP_CTL_H */
