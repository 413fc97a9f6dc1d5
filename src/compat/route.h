/* SPDX-License-Identifier: GPL-2.0 */
/*
 * SO_DONTROUTE is passed to the route look-up by a bit of the TOS at first, by the scope
 * since 6.6. Since then the TOS of a look-up has all bits of the DSCP.
 */
#ifndef XTCP_COMPAT_ROUTE_H
#define XTCP_COMPAT_ROUTE_H

#include <net/route.h>

/* TOS and scope of a look-up. @sk may be NULL: no SO_DONTROUTE. */
static inline u8 xtcp_rt_tos(const struct sock *sk, u8 tos)
{
#ifdef RT_CONN_FLAGS
	return RT_TOS(tos) | (sk && sock_flag(sk, SOCK_LOCALROUTE));
#else
	return tos & INET_DSCP_MASK;
#endif
}

static inline u8 xtcp_rt_scope(const struct sock *sk)
{
#ifdef RT_CONN_FLAGS
	return RT_SCOPE_UNIVERSE;
#else
	return sk ? ip_sock_rt_scope(sk) : RT_SCOPE_UNIVERSE;
#endif
}

#endif /* XTCP_COMPAT_ROUTE_H */
