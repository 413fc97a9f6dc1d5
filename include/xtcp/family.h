/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The address family of a socket. Its packets may be of the other one: an IPv6 socket
 * may be connected to an IPv4 address, which the program sees as ::ffff:a.b.c.d
 * (v6 in struct xtcp_sock is the family of the packets).
 */
#ifndef XTCP_FAMILY_H
#define XTCP_FAMILY_H

#include <linux/ipv6.h>
#include <net/ipv6.h>
#include <xtcp/sock.h>

/* Is it an IPv6 socket? A constant in a kernel without IPv6. */
static inline bool xtcp_family6(const struct sock *sk)
{
	return IS_ENABLED(CONFIG_IPV6) && sk->sk_family == AF_INET6;
}

/* Does the kernel have IPv6, and not turned off by ipv6.disable=1? */
static inline bool xtcp_family6_there(void)
{
	return IS_ENABLED(CONFIG_IPV6) && ipv6_mod_enabled();
}

/* An IPv6 socket. The kernel finds ipv6_pinfo at the end of it, see inet6_create(). */
struct xtcp6_sock {
	struct xtcp_sock xtcp;
	struct ipv6_pinfo inet6;
};

static inline struct ipv6_pinfo *xtcp6_pinfo(struct sock *sk)
{
	return &((struct xtcp6_sock *)sk)->inet6;
}

#endif /* XTCP_FAMILY_H */
