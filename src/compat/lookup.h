/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Look-up among the sockets of the kernel's TCP. Newer kernels take the table from the
 * namespace, since no other protocol has one.
 */
#ifndef XTCP_COMPAT_LOOKUP_H
#define XTCP_COMPAT_LOOKUP_H

#include <net/inet6_hashtables.h>
#include <net/inet_hashtables.h>

#ifdef XTCP_ONE_HASHINFO
#define XTCP_TCP_TABLE(net)	(net)
#else
#define XTCP_TCP_TABLE(net)	(net), (net)->ipv4.tcp_death_row.hashinfo
#endif

#endif /* XTCP_COMPAT_LOOKUP_H */
