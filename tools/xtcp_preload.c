// SPDX-License-Identifier: GPL-2.0
/*
 * The library that xtcp_run preloads: a program that asks for a TCP stream over
 * IPv4 or IPv6 gets an XTCP socket.
 *
 * It interposes socket() and getsockopt() only. The module answers all other
 * calls as the kernel's TCP does, errno included.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include <linux/xtcp.h>

/* SO_PROTOCOL of every XTCP socket, and of no other socket. */
#define XTCP_SO_PROTOCOL	0x206

/* XTCP_FALLBACK=1: a socket that XTCP refuses is one of the kernel's TCP. */
static bool fall_back;

static int (*next_socket)(int domain, int type, int protocol);
static int (*next_getsockopt)(int fd, int level, int name, void *val,
			      socklen_t *len);

/*
 * The function of that name in the next library. A bare system call would bypass
 * other preloaded libraries.
 *
 * A constructor of another library may call socket() before resolve() has run, from
 * any thread, so socket() and getsockopt() look the name up where it is still NULL.
 * Two concurrent look-ups give the same result.
 */
static void *next(const char *name)
{
	void *fn = dlsym(RTLD_NEXT, name);

	if (!fn)
		errno = EOPNOTSUPP;
	return fn;
}

static __attribute__((constructor)) void resolve(void)
{
	const char *fallback = getenv("XTCP_FALLBACK");
	int saved = errno;

	/* Read now: nginx, for one, clears the environment. */
	fall_back = fallback && !strcmp(fallback, "1");
	next_socket = next("socket");
	next_getsockopt = next("getsockopt");
	errno = saved;
}

/* A program that asks for MPTCP gets what that falls back to. */
static bool wants_tcp(int domain, int type, int protocol)
{
	return (domain == AF_INET || domain == AF_INET6) &&
	       (type & ~(SOCK_NONBLOCK | SOCK_CLOEXEC)) == SOCK_STREAM &&
	       (protocol == 0 || protocol == IPPROTO_TCP || protocol == IPPROTO_MPTCP);
}

int socket(int domain, int type, int protocol)
{
	if (!next_socket)
		next_socket = next("socket");
	if (!next_socket)
		return -1;
	if (wants_tcp(domain, type, protocol)) {
		int fd = next_socket(AF_XTCP, type, domain == AF_INET6 ? XTCP_V6 : 0);

		/* No module or no permission for the family; net.xtcp.enabled is 0. */
		if (fd >= 0 || !fall_back || (errno != EAFNOSUPPORT && errno != ENOPROTOOPT))
			return fd;
	}
	return next_socket(domain, type, protocol);
}

/*
 * The kernel answers SO_PROTOCOL itself, without calling the module, with sk_protocol,
 * which differs from IPPROTO_TCP for XTCP sockets. Programs compare it with
 * IPPROTO_TCP, so report that. A caller may ask for less than an int and gets its
 * first bytes.
 */
int getsockopt(int fd, int level, int name, void *val, socklen_t *len)
{
	static const int ours = XTCP_SO_PROTOCOL;
	static const int tcp = IPPROTO_TCP;
	int ret;

	if (!next_getsockopt)
		next_getsockopt = next("getsockopt");
	if (!next_getsockopt)
		return -1;
	ret = next_getsockopt(fd, level, name, val, len);
	if (!ret && level == SOL_SOCKET && name == SO_PROTOCOL &&
	    *len <= sizeof(ours) && !memcmp(val, &ours, *len))
		memcpy(val, &tcp, *len);
	return ret;
}
