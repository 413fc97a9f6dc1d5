// SPDX-License-Identifier: GPL-2.0
/*
 * What XTCP has in each network namespace: parameters, secrets, counters, tables.
 *
 * Every socket holds a reference to its namespace, so a namespace ends only after its
 * last socket, orphans included. TIME-WAIT records and empty bind buckets may
 * still be there then.
 */
#include <linux/percpu.h>
#include <linux/random.h>
#include <linux/slab.h>

#include "ctl/ctl.h"
#include "net/port_reserve.h"
#include "net/rx.h"
#include "module.h"

unsigned int xtcp_net_id __read_mostly;

static int __net_init xtcp_net_init(struct net *net)
{
	struct xtcp_net *xn = xtcp_pernet(net);
	int err = -ENOMEM;

	xn->net = net;
	atomic_set(&xn->sockets, 0);
	xtcp_rx_route_init_net(xn);
	xtcp_params_init(&xn->params);
	get_random_bytes(xn->params.isn_key, sizeof(xn->params.isn_key));
	xtcp_fastopen_init_net(xn);

	xn->drops = __alloc_percpu(sizeof(*xn->drops) * XTCP_DROP_MAX, sizeof(*xn->drops));
	if (!xn->drops)
		goto no_drops;
	xn->mibs = __alloc_percpu(sizeof(*xn->mibs) * XTCP_MIB_MAX, sizeof(*xn->mibs));
	if (!xn->mibs)
		goto no_mibs;
	err = xtcp_tables_init(xn);
	if (err)
		goto no_tables;
	err = xtcp_metrics_init(xn);
	if (err)
		goto no_metrics;
	err = xtcp_sysctl_init(net);
	if (err)
		goto no_sysctl;
	err = xtcp_tw_init_net(xn);
	if (err)
		goto no_tw;
	err = xtcp_proc_init(net);
	if (err)
		goto no_proc;
	xtcp_evict_init_net(xn);
	return 0;

no_proc:
	xtcp_tw_exit_net(xn);
no_tw:
	xtcp_sysctl_exit(net);
no_sysctl:
	xtcp_metrics_exit(xn);
no_metrics:
	xtcp_tables_free(xn);
no_tables:
	free_percpu(xn->mibs);
no_mibs:
	free_percpu(xn->drops);
no_drops:
	return err;
}

/* An RCU grace period passes between this and xtcp_net_exit(). */
static void __net_exit xtcp_net_pre_exit(struct net *net)
{
	xtcp_rx_route_exit_net(xtcp_pernet(net));
}

static void __net_exit xtcp_net_exit(struct net *net)
{
	struct xtcp_net *xn = xtcp_pernet(net);

	xtcp_evict_exit_net(xn);
	xtcp_proc_exit(net);
	/* Before the knobs, which the timers of both read. */
	xtcp_reqsk_exit_net(xn);
	xtcp_tw_exit_net(xn);
	xtcp_sysctl_exit(net);
	xtcp_metrics_exit(xn);
	xtcp_tables_free(xn);
	free_percpu(xn->mibs);
	free_percpu(xn->drops);
}

static struct pernet_operations xtcp_net_ops = {
	.init = xtcp_net_init,
	.pre_exit = xtcp_net_pre_exit,
	.exit = xtcp_net_exit,
	.id = &xtcp_net_id,
	.size = sizeof(struct xtcp_net),
};

/**
 * xtcp_pernet_init - set up XTCP in every present and future namespace
 *
 * Context: process, may sleep.
 * Return: 0 or -errno.
 */
int xtcp_pernet_init(void)
{
	int err;

	xtcp_knob_init();
	err = xtcp_tw_slab_init();
	if (err)
		goto no_tw;
	err = xtcp_reqsk_slab_init();
	if (err)
		goto no_reqsk;
	err = xtcp_reservation_init();
	if (err)
		goto no_hold;
	err = xtcp_reservation_check();
	if (err)
		goto no_net;
	err = register_pernet_subsys(&xtcp_net_ops);
	if (err)
		goto no_net;
	return 0;

no_net:
	xtcp_reservation_exit();
no_hold:
	xtcp_reqsk_slab_exit();
no_reqsk:
	xtcp_tw_slab_exit();
no_tw:
	return err;
}

/**
 * xtcp_pernet_exit - remove XTCP from every namespace
 *
 * No socket is left when it is called.
 *
 * Context: process, may sleep.
 */
void xtcp_pernet_exit(void)
{
	unregister_pernet_subsys(&xtcp_net_ops);
	xtcp_rx_flush();	/* after the namespaces have freed all bind buckets */
	/* Wait for RCU callbacks, which are code of the module and free records. */
	rcu_barrier();
	xtcp_reservation_exit();
	xtcp_reqsk_slab_exit();
	xtcp_tw_slab_exit();
}
