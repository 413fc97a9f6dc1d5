/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Of which address family a socket is. Not to be taken for the family of its
 * packets: a socket of IPv6 may be connected to an IPv4 address, which its
 * program sees as ::ffff:a.b.c.d (struct xtcp_sock, v6).
 */
#ifndef XTCP_FAMILY_H
#define XTCP_FAMILY_H

#include <linux/ipv6.h>
#include <net/ipv6.h>
#include <xtcp/sock.h>

/* In a kernel without IPv6 the answer is known to the compiler. */
static inline bool xtcp_family6(const struct sock *sk)
{
	return IS_ENABLED(CONFIG_IPV6) && sk->sk_family == AF_INET6;
}

/* Is IPv6 there, neither left out of the kernel nor turned off by ipv6.disable=1? */
static inline bool xtcp_family6_there(void)
{
	return IS_ENABLED(CONFIG_IPV6) && ipv6_mod_enabled();
}

/* The kernel finds ipv6_pinfo at the end of a socket, inet6_create(). */
struct xtcp6_sock {
	struct xtcp_sock xtcp;
	struct ipv6_pinfo inet6;
};

static inline struct ipv6_pinfo *xtcp6_pinfo(struct sock *sk)
{
	return &((struct xtcp6_sock *)sk)->inet6;
}

#endif /* XTCP_FAMILY_H */
