// SPDX-License-Identifier: GPL-2.0
/*
 * XTCP: a second TCP beside the kernel's own. Load and unload, in the order of the
 * module's parts.
 */
#include <linux/delay.h>
#include <linux/module.h>

#include <xtcp/version.h>

#include "net/public.h"
#include "sock/family.h"
#include "module.h"

static int __init xtcp_load(void)
{
	int err;

	BUILD_BUG_ON(sizeof(struct xtcp_skb_cb) >
		     sizeof_field(struct sk_buff, cb));

	err = xtcp_rx_below();		/* is the kernel's TCP there? */
	if (err)
		return err;
	err = xtcp_pernet_init();	/* tables, TIME-WAIT, parameters */
	if (err)
		return err;
	err = xtcp_rx_init();		/* segments */
	if (err)
		goto out_pernet;
	err = xtcp_family_init();	/* sockets */
	if (err)
		goto out_rx;
	/* The kernel refuses rmmod without calling the module: explain it now. */
	pr_info("xtcp: loaded; when rmmod finds it in use, xtcp_who(1) says by whom\n");
	return 0;

out_rx:
	while (xtcp_rx_exit())
		msleep(1000);
out_pernet:
	xtcp_pernet_exit();
	return err;
}

static void __exit xtcp_unload(void)
{
	xtcp_family_close();
	xtcp_evict_stop();
	/*
	 * Another module may have wrapped the TCP receive handler after XTCP did, and
	 * would call code that is about to be freed. Unload cannot fail, so wait until
	 * that module is removed, and report it.
	 */
	while (xtcp_rx_exit()) {
		pr_warn_once("xtcp: the TCP receive handler is held by another module; unload that one first\n");
		msleep(1000);
	}
	xtcp_pernet_exit();
	rcu_barrier();
	xtcp_family_exit();
}

module_init(xtcp_load);
module_exit(xtcp_unload);

MODULE_LICENSE("GPL");
MODULE_DESCRIPTION("A second TCP for Linux");
MODULE_VERSION(XTCP_VERSION);
