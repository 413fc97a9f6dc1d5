/* SPDX-License-Identifier: GPL-2.0 */
/*
 * inet_sock's "connect() has returned, the SYN waits for data": a bit-field at
 * first, a bit of inet_flags later.
 */
#ifndef XTCP_COMPAT_INET_H
#define XTCP_COMPAT_INET_H

#include <net/inet_sock.h>

static inline bool xtcp_connect_deferred(const struct sock *sk)
{
#ifdef inet_test_bit
	return inet_test_bit(DEFER_CONNECT, sk);
#else
	return inet_sk(sk)->defer_connect;
#endif
}

static inline void xtcp_connect_defer(struct sock *sk, bool on)
{
#ifdef inet_assign_bit
	inet_assign_bit(DEFER_CONNECT, sk, on);
#else
	inet_sk(sk)->defer_connect = on;
#endif
}

#endif /* XTCP_COMPAT_INET_H */
