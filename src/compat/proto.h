/* SPDX-License-Identifier: GPL-2.0 */
/*
 * struct proto. Since 6.10 accept() gets its arguments in a structure. Since 6.5 ioctl()
 * gets a pointer to an int in kernel memory, and ipv6_pinfo_offset gives the place of
 * struct ipv6_pinfo, which had to be the end of the socket before.
 */
#ifndef XTCP_COMPAT_PROTO_H
#define XTCP_COMPAT_PROTO_H

#include <linux/uaccess.h>
#include <net/sock.h>

#ifndef XTCP_ACCEPT_ARG
struct proto_accept_arg {
	int flags;
	int err;
	int is_empty;
	bool kern;
};
#endif

struct sock *xtcp_accept_sock(struct sock *sk, struct proto_accept_arg *arg);
int xtcp_ioctl(struct sock *sk, int cmd, int *val);

#ifndef XTCP_ACCEPT_ARG
static inline struct sock *xtcp_proto_accept(struct sock *sk, int flags, int *err, bool kern)
{
	struct proto_accept_arg arg = { .flags = flags, .kern = kern };
	struct sock *child = xtcp_accept_sock(sk, &arg);

	*err = arg.err;
	return child;
}
#else
#define xtcp_proto_accept	xtcp_accept_sock
#endif

#ifndef XTCP_IOCTL_INT
static inline int xtcp_proto_ioctl(struct sock *sk, int cmd, unsigned long arg)
{
	int val, ret = xtcp_ioctl(sk, cmd, &val);

	return ret ? ret : put_user(val, (int __user *)arg);
}
#else
#define xtcp_proto_ioctl	xtcp_ioctl
#endif

static inline void xtcp_proto_pinfo(struct proto *prot, unsigned int offset)
{
#ifdef XTCP_PINFO_OFFSET
	prot->ipv6_pinfo_offset = offset;
#endif
}

#endif /* XTCP_COMPAT_PROTO_H */
