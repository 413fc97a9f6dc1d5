// SPDX-License-Identifier: GPL-2.0
/*
 * The knobs congestion_control (algorithm of new sockets),
 * available_congestion_control (all there are) and allowed_congestion_control
 * (those that a process without CAP_NET_ADMIN may choose).
 */
#include <linux/jhash.h>
#include <linux/slab.h>
#include <net/tcp.h>

#include "../net/public.h"
#include "ctl.h"

/* Bytes of a list of names, as TCP_CA_BUF_MAX of the kernel's TCP. */
#define LIST_MAX	(XTCP_CC_NAME_MAX * 128)

/**
 * xtcp_cong_of_key - find the algorithm that a route names (congctl of ip-route(8))
 * @key: RTAX_CC_ALGO of the route
 *
 * A route stores a hash of the name. The kernel exports no function to look it up, so
 * this computes the same hash as tcp_register_congestion_control() for each algorithm.
 *
 * Context: any.
 * Return: the algorithm, or NULL if this TCP has none of that name.
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

/* The algorithm's bit in a mask, by its place in xtcp_cc_list(). */
static u32 cong_bit(const struct xtcp_cc *cc)
{
	const struct xtcp_cc *each;
	u32 i;

	for (i = 0; (each = xtcp_cc_list(i)); i++)
		if (each == cc)
			return 1U << i;
	return 0;
}

/**
 * xtcp_cc_may_choose - may a process without privilege choose this algorithm?
 * @xn: namespace
 * @cc: algorithm
 *
 * Context: any.
 * Return: false if that requires CAP_NET_ADMIN.
 */
bool xtcp_cc_may_choose(const struct xtcp_net *xn, const struct xtcp_cc *cc)
{
	return READ_ONCE(xn->knobs.cc_allowed) & cong_bit(cc);
}

/**
 * xtcp_cong_allow - set allowed_congestion_control to its default
 * @xn: namespace
 *
 * The initial namespace allows all algorithms that do not need ECN: DCTCP takes
 * more than its share from flows without ECN, so choosing it is left to the
 * administrator, as with the kernel's TCP. Any other namespace copies the mask of
 * the initial one.
 *
 * Context: any.
 */
void xtcp_cong_allow(struct xtcp_net *xn)
{
	const struct xtcp_cc *cc;
	u32 allowed = 0, i;

	if (!net_eq(xn->net, &init_net)) {
		allowed = READ_ONCE(xtcp_pernet(&init_net)->knobs.cc_allowed);
		WRITE_ONCE(xn->knobs.cc_allowed, allowed);
		return;
	}
	for (i = 0; (cc = xtcp_cc_list(i)); i++)
		if (!xtcp_cc_needs_ecn(cc))
			allowed |= 1U << i;
	WRITE_ONCE(xn->knobs.cc_allowed, allowed);
}

/* Make @cc the default; a default may be chosen by any process. */
static void cong_set_default(struct xtcp_net *xn, const struct xtcp_cc *cc)
{
	WRITE_ONCE(xn->params.cc, cc);
	WRITE_ONCE(xn->knobs.cc_allowed, xn->knobs.cc_allowed | cong_bit(cc));
}

/**
 * xtcp_cong_reset - set congestion_control to the kernel's value
 * @xn: namespace
 *
 * If this TCP lacks the kernel's algorithm, the default is CUBIC.
 *
 * Context: any.
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
	cong_set_default(xn, cc ? : xtcp_cc_find("cubic"));
}

/**
 * xtcp_cong_default - handler of congestion_control, the algorithm of new sockets
 * @ctl: data is the namespace
 * @write: 0 to read, 1 to write
 * @buffer: text, in kernel memory
 * @lenp: bytes, in and out
 * @ppos: position in the file, bytes
 *
 * An algorithm that is written here may then be chosen by any process.
 *
 * Context: process, may sleep.
 * Return: 0; -ENOENT for an unknown algorithm; -EPERM outside the initial
 * namespace for one that is not allowed there.
 */
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
	/* The namespace's creator need not be the administrator of the machine. */
	if (!net_eq(xn->net, &init_net) && !xtcp_cc_may_choose(xn, cc))
		return -EPERM;
	cong_set_default(xn, cc);
	return 0;
}

/* Write the names of the algorithms in @mask to @buf, LIST_MAX bytes. */
static void cong_print(char *buf, u32 mask)
{
	const struct xtcp_cc *cc;
	u32 i, at = 0;

	buf[0] = 0;
	for (i = 0; (cc = xtcp_cc_list(i)); i++)
		if (mask & (1U << i))
			at += scnprintf(buf + at, LIST_MAX - at, "%s%s",
					at ? " " : "", xtcp_cc_name(cc));
}

/**
 * xtcp_cong_available - handler of available_congestion_control, all algorithms
 * @ctl: data is the namespace
 * @write: 0; the file is read-only
 * @buffer: text, in kernel memory
 * @lenp: bytes, in and out
 * @ppos: position in the file, bytes
 *
 * Context: process, may sleep.
 * Return: 0 or -ENOMEM.
 */
int xtcp_cong_available(xtcp_ctl_table *ctl, int write, void *buffer, size_t *lenp,
			loff_t *ppos)
{
	struct ctl_table tmp = { .maxlen = LIST_MAX };
	int err;

	tmp.data = kmalloc(LIST_MAX, GFP_USER);
	if (!tmp.data)
		return -ENOMEM;
	cong_print(tmp.data, ~0U);
	err = proc_dostring(&tmp, write, buffer, lenp, ppos);
	kfree(tmp.data);
	return err;
}

/* Convert a list of names to a mask. Return: false if a name is unknown. */
static bool cong_parse(char *list, u32 *mask)
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
		*mask |= cong_bit(cc);
	}
	return true;
}

/**
 * xtcp_cong_allowed - handler of allowed_congestion_control
 * @ctl: data is the namespace
 * @write: 0 to read, 1 to write
 * @buffer: text, in kernel memory
 * @lenp: bytes, in and out
 * @ppos: position in the file, bytes
 *
 * Outside the initial namespace the list can only become shorter.
 *
 * Context: process, may sleep.
 * Return: 0; -ENOENT for an unknown algorithm; -EPERM; -ENOMEM.
 */
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
	cong_print(tmp.data, READ_ONCE(xn->knobs.cc_allowed));
	err = proc_dostring(&tmp, write, buffer, lenp, ppos);
	if (!err && write) {
		if (!cong_parse(tmp.data, &mask))
			err = -ENOENT;
		else if (!net_eq(xn->net, &init_net) && mask & ~xn->knobs.cc_allowed)
			err = -EPERM;
		else
			WRITE_ONCE(xn->knobs.cc_allowed, mask);
	}
	kfree(tmp.data);
	return err;
}
