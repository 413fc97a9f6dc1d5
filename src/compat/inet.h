/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Flags of struct inet_sock and struct ipv6_pinfo: bit-fields there at first, bits of
 * inet_flags since 6.6 (IPv4) and 6.7 (IPv6). Each gets a pair of functions,
 * xtcp_inet_NAME() and xtcp_inet_set_NAME().
 */
#ifndef XTCP_COMPAT_INET_H
#define XTCP_COMPAT_INET_H

#include <linux/ipv6.h>
#include <net/inet_sock.h>

#ifdef inet_test_bit
#define XTCP_INET_FLAG(name, field, bit)					\
static inline bool xtcp_inet_##name(const struct sock *sk)			\
{										\
	return inet_test_bit(bit, sk);						\
}										\
										\
static inline void xtcp_inet_set_##name(struct sock *sk, bool on)		\
{										\
	inet_assign_bit(bit, sk, on);						\
}
#else
#define XTCP_INET_FLAG(name, field, bit)					\
static inline bool xtcp_inet_##name(const struct sock *sk)			\
{										\
	return inet_sk(sk)->field;						\
}										\
										\
static inline void xtcp_inet_set_##name(struct sock *sk, bool on)		\
{										\
	inet_sk(sk)->field = on;						\
}
#endif

#ifdef inet6_test_bit
#define XTCP_INET6_FLAG(name, field, bit)	XTCP_INET_FLAG(name, field, bit)
#else
#define XTCP_INET6_FLAG(name, field, bit)					\
static inline bool xtcp_inet_##name(const struct sock *sk)			\
{										\
	return inet6_sk(sk)->field;						\
}										\
										\
static inline void xtcp_inet_set_##name(struct sock *sk, bool on)		\
{										\
	inet6_sk(sk)->field = on;						\
}
#endif

/* deferred: connect() has returned, and the SYN waits for the first write. */
XTCP_INET_FLAG(deferred, defer_connect, DEFER_CONNECT)
XTCP_INET_FLAG(recverr, recverr, RECVERR)
XTCP_INET_FLAG(recverr_ext, recverr_rfc4884, RECVERR_RFC4884)
XTCP_INET_FLAG(mc_loop, mc_loop, MC_LOOP)
XTCP_INET_FLAG(mc_all, mc_all, MC_ALL)

XTCP_INET6_FLAG(recverr6, recverr, RECVERR6)
XTCP_INET6_FLAG(recverr6_ext, recverr_rfc4884, RECVERR6_RFC4884)
XTCP_INET6_FLAG(mc6_loop, mc_loop, MC6_LOOP)
XTCP_INET6_FLAG(mc6_all, mc_all, MC6_ALL)
XTCP_INET6_FLAG(autolabel, autoflowlabel, AUTOFLOWLABEL)
XTCP_INET6_FLAG(autolabel_set, autoflowlabel_set, AUTOFLOWLABEL_SET)
XTCP_INET6_FLAG(repflow, repflow, REPFLOW)
XTCP_INET6_FLAG(sndflow, sndflow, SNDFLOW)

/* @child begins as a copy of its listener, @np is its own: it has no flow labels yet. */
static inline void xtcp_inet_no_flowlabels(struct sock *child, struct ipv6_pinfo *np)
{
#ifdef XTCP_INET_FL_LIST
	inet_sk(child)->ipv6_fl_list = NULL;
#else
	np->ipv6_fl_list = NULL;
#endif
}

#endif /* XTCP_COMPAT_INET_H */
