/* SPDX-License-Identifier: GPL-2.0 */
/* The fields of a device's programs of tc were renamed in 6.6. */
#ifndef XTCP_COMPAT_DEVICE_H
#define XTCP_COMPAT_DEVICE_H

#include <linux/netdevice.h>

/* Does the device have a classifier, an action or a BPF program of tc (clsact, tcx)? */
static inline bool xtcp_dev_has_tc(const struct net_device *dev)
{
#if defined(XTCP_TCX) && defined(CONFIG_NET_XGRESS)
	return rcu_access_pointer(dev->tcx_ingress) || rcu_access_pointer(dev->tcx_egress);
#elif !defined(XTCP_TCX) && defined(CONFIG_NET_CLS_ACT)
	return rcu_access_pointer(dev->miniq_ingress) || rcu_access_pointer(dev->miniq_egress);
#else
	return false;
#endif
}

/* Does netfilter have a hook at the device itself? */
static inline bool xtcp_dev_has_nf(const struct net_device *dev)
{
#ifdef CONFIG_NETFILTER_INGRESS
	if (rcu_access_pointer(dev->nf_hooks_ingress))
		return true;
#endif
#ifdef CONFIG_NETFILTER_EGRESS
	if (rcu_access_pointer(dev->nf_hooks_egress))
		return true;
#endif
	return false;
}

#endif /* XTCP_COMPAT_DEVICE_H */
