// SPDX-License-Identifier: GPL-2.0
/*
 * Which congestion controls there are, which one a new socket gets, and which
 * ones a user may choose: congestion_control and its two kin.
 */
#include <linux/jhash.h>
#include <linux/slab.h>
#include <net/tcp.h>

#include "../net/public.h"
#include "ctl.h"

/* Bytes of a list of names, TCP_CA_BUF_MAX of the kernel's TCP. */
#define LIST_MAX	(XTCP_CC_NAME_MAX * 128)

/**
 * xtcp_cong_of_key - the algorithm that a route names, congctl of ip-route(8)
 * @key: RTAX_CC_ALGO
 *
 * A route keeps a hash of the name, and no function that would look it up is exported.
 * It is made as in tcp_register_congestion_control().
 *
 * Return: the algorithm, or NULL where this TCP has none of that name.
 */
const struct xtcp_cc *xtcp_cong_of_key(u32 key)
{
	char name[TCP_CA_NAME_MAX];
	const struct xtcp_cc *cc;
	u32 i;

	for (i = 0; (cc = xtcp_cc_list(i)); i++) {
		strscpy_pad(name, xtcp_cc_name(cc), sizeof(name));
		if (jhash(name, sizeof(name), strlen(name)) == key)
			return cc;
	}
	return NULL;
}

static u32 cc_bit(const struct xtcp_cc *cc)
{
	const struct xtcp_cc *each;
	u32 i;

	for (i = 0; (each = xtcp_cc_list(i)); i++)
		if (each == cc)
			return 1U << i;
	return 0;
}

/**
 * xtcp_cc_may_choose - may anybody choose this algorithm?
 * @xn: namespace
 * @cc: algorithm
 *
 * Return: false when it takes CAP_NET_ADMIN.
 */
bool xtcp_cc_may_choose(const struct xtcp_net *xn, const struct xtcp_cc *cc)
{
	return READ_ONCE(xn->knobs.cc_allowed) & cc_bit(cc);
}

/**
 * xtcp_cong_allow - allowed_congestion_control, before anybody wrote it
 * @xn: namespace
 *
 * DCTCP takes more than its share from whatever knows no marks: like the
 * kernel's TCP this one leaves it to the administrator. What he allows holds for
 * who makes a namespace, too.
 */
void xtcp_cong_allow(struct xtcp_net *xn)
{
	const struct xtcp_cc *cc;
	u32 allowed = 0, i;

	if (!net_eq(xn->net, &init_net)) {
		allowed = READ_ONCE(xtcp_net(&init_net)->knobs.cc_allowed);
		WRITE_ONCE(xn->knobs.cc_allowed, allowed);
		return;
	}
	for (i = 0; (cc = xtcp_cc_list(i)); i++)
		if (!xtcp_cc_needs_ecn(cc))
			allowed |= 1U << i;
	WRITE_ONCE(xn->knobs.cc_allowed, allowed);
}

static void cong_set(struct xtcp_net *xn, const struct xtcp_cc *cc)
{
	WRITE_ONCE(xn->params.cc, cc);
	WRITE_ONCE(xn->knobs.cc_allowed, xn->knobs.cc_allowed | cc_bit(cc));
}

/**
 * xtcp_cong_reset - congestion_control, before anybody wrote it: the kernel's
 * @xn: namespace
 *
 * Where the kernel has one that is not here, the default remains CUBIC.
 */
void xtcp_cong_reset(struct xtcp_net *xn)
{
	const struct tcp_congestion_ops *theirs;
	const struct xtcp_cc *cc = NULL;

	rcu_read_lock();
	theirs = rcu_dereference(xn->net->ipv4.tcp_congestion_control);
	if (theirs)
		cc = xtcp_cc_find(theirs->name);
	rcu_read_unlock();
	cong_set(xn, cc ? : xtcp_cc_find("cubic"));
}

/* congestion_control: the algorithm of new sockets, which all may choose then. */
int xtcp_cong_default(xtcp_ctl_table *ctl, int write, void *buffer, size_t *lenp,
		      loff_t *ppos)
{
	struct xtcp_net *xn = ctl->data;
	char name[XTCP_CC_NAME_MAX];
	struct ctl_table tmp = { .data = name, .maxlen = sizeof(name) };
	const struct xtcp_cc *cc;
	int err;

	strscpy(name, xtcp_cc_name(READ_ONCE(xn->params.cc)), sizeof(name));
	err = proc_dostring(&tmp, write, buffer, lenp, ppos);
	if (err || !write)
		return err;
	cc = xtcp_cc_find(name);
	if (!cc)
		return -ENOENT;
	/* Who made this namespace need not be the machine's administrator. */
	if (!net_eq(xn->net, &init_net) && !xtcp_cc_may_choose(xn, cc))
		return -EPERM;
	cong_set(xn, cc);
	return 0;
}

static void cc_names(char *buf, u32 mask)
{
	const struct xtcp_cc *cc;
	u32 i, at = 0;

	buf[0] = 0;
	for (i = 0; (cc = xtcp_cc_list(i)); i++)
		if (mask & (1U << i))
			at += scnprintf(buf + at, LIST_MAX - at, "%s%s",
					at ? " " : "", xtcp_cc_name(cc));
}

/* available_congestion_control: all there are. */
int xtcp_cong_available(xtcp_ctl_table *ctl, int write, void *buffer, size_t *lenp,
			loff_t *ppos)
{
	struct ctl_table tmp = { .maxlen = LIST_MAX };
	int err;

	tmp.data = kmalloc(LIST_MAX, GFP_USER);
	if (!tmp.data)
		return -ENOMEM;
	cc_names(tmp.data, ~0U);
	err = proc_dostring(&tmp, write, buffer, lenp, ppos);
	kfree(tmp.data);
	return err;
}

/* Names to a mask; false when one is not there. */
static bool cc_parse(char *list, u32 *mask)
{
	char *name;

	*mask = 0;
	while ((name = strsep(&list, " \t"))) {
		const struct xtcp_cc *cc;

		if (!*name)
			continue;
		cc = xtcp_cc_find(name);
		if (!cc)
			return false;
		*mask |= cc_bit(cc);
	}
	return true;
}

/* allowed_congestion_control: those that anybody may choose. */
int xtcp_cong_allowed(xtcp_ctl_table *ctl, int write, void *buffer, size_t *lenp,
		      loff_t *ppos)
{
	struct xtcp_net *xn = ctl->data;
	struct ctl_table tmp = { .maxlen = LIST_MAX };
	u32 mask;
	int err;

	tmp.data = kmalloc(LIST_MAX, GFP_USER);
	if (!tmp.data)
		return -ENOMEM;
	cc_names(tmp.data, READ_ONCE(xn->knobs.cc_allowed));
	err = proc_dostring(&tmp, write, buffer, lenp, ppos);
	if (!err && write) {
		if (!cc_parse(tmp.data, &mask))
			err = -ENOENT;
		else if (!net_eq(xn->net, &init_net) && mask & ~xn->knobs.cc_allowed)
			err = -EPERM;
		else
			WRITE_ONCE(xn->knobs.cc_allowed, mask);
	}
	kfree(tmp.data);
	return err;
}
