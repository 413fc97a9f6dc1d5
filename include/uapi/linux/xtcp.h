/* SPDX-License-Identifier: GPL-2.0 WITH Linux-syscall-note */
/*
 * The interface for programs.
 *
 *	fd = socket(AF_XTCP, SOCK_STREAM, 0);
 *
 * is a TCP socket of this module. Addresses are struct sockaddr_in and
 * sockaddr_in6 with their usual families; options, levels, ioctls and errno
 * values are those of tcp(7).
 */
#ifndef _UAPI_LINUX_XTCP_H
#define _UAPI_LINUX_XTCP_H

/* A number Linux reserves (AF_SNA) and has never used. */
#define AF_XTCP		22
#define PF_XTCP		AF_XTCP

/*
 * Third argument of socket(AF_XTCP, SOCK_STREAM, ...): 0 or IPPROTO_TCP for IPv4,
 * XTCP_V6 for IPv6 (error EAFNOSUPPORT if the kernel has no IPv6).
 */
#define XTCP_V6		41

/*
 * socket(AF_INET, SOCK_STREAM, IPPROTO_XTCP) makes the same socket, and with AF_INET6
 * that of XTCP_V6.
 */
#define IPPROTO_XTCP	253

/*
 * Options that TCP does not have, int, at level SOL_TCP. TCP's numbers are far below.
 *
 * XTCP_TIMEWAIT_MS: 2 MSL of this connection in ms, up to XTCP_TIMEWAIT_MAX. 0, the
 * default, takes the value of /proc/sys/net/xtcp/timewait_ms.
 */
#define XTCP_TIMEWAIT_MS	0x5801
#define XTCP_TIMEWAIT_MAX	240000	/* ms: an MSL of two minutes, RFC 9293 3.4.2 */

/*
 * XTCP_KEEPIDLE_MS, XTCP_KEEPINTVL_MS: TCP_KEEPIDLE and TCP_KEEPINTVL in ms, at least
 * XTCP_KEEP_MIN. TCP_KEEPIDLE and TCP_KEEPINTVL then read these values in seconds,
 * rounded up, so that they are never 0.
 */
#define XTCP_KEEPIDLE_MS	0x5802
#define XTCP_KEEPINTVL_MS	0x5803
#define XTCP_KEEP_MIN		10	/* ms */

#endif /* _UAPI_LINUX_XTCP_H */
