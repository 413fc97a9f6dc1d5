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
#define xtcp_tcp_established4(net, ...)	__inet_lookup_established(net, __VA_ARGS__)
#define xtcp_tcp_established6(net, ...)	__inet6_lookup_established(net, __VA_ARGS__)
#define xtcp_tcp_listener4(net, ...)	inet_lookup_listener(net, __VA_ARGS__)
#define xtcp_tcp_listener6(net, ...)	inet6_lookup_listener(net, __VA_ARGS__)
#else
#define xtcp_tcp_established4(net, ...)						\
	__inet_lookup_established(net, (net)->ipv4.tcp_death_row.hashinfo, __VA_ARGS__)
#define xtcp_tcp_established6(net, ...)						\
	__inet6_lookup_established(net, (net)->ipv4.tcp_death_row.hashinfo, __VA_ARGS__)
#define xtcp_tcp_listener4(net, ...)						\
	inet_lookup_listener(net, (net)->ipv4.tcp_death_row.hashinfo, __VA_ARGS__)
#define xtcp_tcp_listener6(net, ...)						\
	inet6_lookup_listener(net, (net)->ipv4.tcp_death_row.hashinfo, __VA_ARGS__)
#endif

#endif /* XTCP_COMPAT_LOOKUP_H */
