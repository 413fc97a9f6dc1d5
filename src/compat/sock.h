/* SPDX-License-Identifier: GPL-2.0 */
/*
 * struct sock and calls about it. Newer kernels have a type for addresses of any length
 * (struct sockaddr_unsized), ask for the owner by sk_uid(), count a discarded packet by
 * sk_drops_skbadd(), set the length of the address in the message with inet_recv_error(),
 * and keep the times of SCM_TIMESTAMPING as ktime_t.
 */
#ifndef XTCP_COMPAT_SOCK_H
#define XTCP_COMPAT_SOCK_H

#include <linux/errqueue.h>
#include <net/inet_common.h>
#include <net/sock.h>

#ifndef XTCP_SOCKADDR_UNSIZED
#define sockaddr_unsized	sockaddr
#endif

#ifdef XTCP_SK_UID
#define sock_i_uid	sk_uid
#endif

#ifndef XTCP_DROPS_SKBADD
#define sk_drops_skbadd	sk_drops_add
#endif

static inline int xtcp_recv_error(struct sock *sk, struct msghdr *msg, int len)
{
#ifdef XTCP_RECV_ERROR_NO_LEN
	return inet_recv_error(sk, msg, len);
#else
	int addr_len = 0, ret = inet_recv_error(sk, msg, len, &addr_len);

	if (ret >= 0)
		msg->msg_namelen = addr_len;
	return ret;
#endif
}

#ifdef XTCP_SCM_KTIME
#define xtcp_scm_time(at)	(at)
#else
#define xtcp_scm_time(at)	ktime_to_timespec64(at)
#endif

#endif /* XTCP_COMPAT_SOCK_H */
