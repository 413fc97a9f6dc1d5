/* SPDX-License-Identifier: GPL-2.0 */
/*
 * struct proto: accept() with its arguments in a structure since 6.10, ioctl()
 * with a number in the kernel's memory since 6.5, and since then, too, the place
 * of ipv6_pinfo in a socket is named rather than taken to be its end.
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
