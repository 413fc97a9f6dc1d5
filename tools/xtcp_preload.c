// SPDX-License-Identifier: GPL-2.0
/*
 * The library that xtcp_run puts in front of the C library: a program that
 * asks for a TCP stream, over IPv4 or IPv6, gets one of XTCP's.
 *
 * Only the two calls where the difference could show are taken over. The
 * rest, errno included, is the module's business: it answers as TCP does.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <string.h>
#include <sys/socket.h>

#include <linux/xtcp.h>

/* What SO_PROTOCOL answers for an XTCP socket, and for no other. */
#define XTCP_SO_PROTOCOL	0x206

static int (*next_socket)(int domain, int type, int protocol);
static int (*next_getsockopt)(int fd, int level, int name, void *val,
			      socklen_t *len);

/*
 * The next library's function and not a bare system call: a library that was
 * preloaded before us keeps its say.
 *
 * A constructor of another library may call socket() before ours has run,
 * and from any thread; looking a name up twice does no harm.
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
	int saved = errno;

	next_socket = next("socket");
	next_getsockopt = next("getsockopt");
	errno = saved;
}

static bool wants_tcp(int domain, int type, int protocol)
{
	return (domain == AF_INET || domain == AF_INET6) &&
	       (type & ~(SOCK_NONBLOCK | SOCK_CLOEXEC)) == SOCK_STREAM &&
	       (protocol == 0 || protocol == IPPROTO_TCP);
}

int socket(int domain, int type, int protocol)
{
	if (!next_socket)
		next_socket = next("socket");
	if (!next_socket)
		return -1;
	if (wants_tcp(domain, type, protocol)) {
		protocol = domain == AF_INET6 ? XTCP_V6 : 0;
		domain = AF_XTCP;
	}
	return next_socket(domain, type, protocol);
}

/*
 * SO_PROTOCOL is answered by the kernel before the module is asked, with the
 * number that keeps XTCP's sockets apart from TCP's inside the kernel. A
 * program that compares it with IPPROTO_TCP must find it equal. A caller may
 * ask for less than an int and gets its first bytes.
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
