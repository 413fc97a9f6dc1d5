// SPDX-License-Identifier: GPL-2.0
/*
 * which: opens sockets in several ways and prints for each, on a line, which TCP it
 * uses. Linked statically, so that only the kernel can redirect its sockets.
 *
 * which wait FILE...: the same each time the next FILE appears, for tests that move the
 * running process to another control group or change a setting meanwhile.
 *
 * which filtered: the same under a seccomp filter of its own, which refuses IPv6.
 */
#include <errno.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <linux/filter.h>
#include <linux/seccomp.h>
#include <linux/xtcp.h>
#include <netinet/in.h>

/* SO_PROTOCOL of an XTCP socket. */
#define SK_PROTOCOL	518

static const struct {
	const char *name;
	int family, type, protocol;
} ways[] = {
	{ "inet", AF_INET, SOCK_STREAM, 0 },
	{ "inet-tcp", AF_INET, SOCK_STREAM, IPPROTO_TCP },
	{ "inet-flags", AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0 },
	{ "inet6", AF_INET6, SOCK_STREAM, 0 },
	{ "inet6-tcp", AF_INET6, SOCK_STREAM, IPPROTO_TCP },
	{ "inet-udp", AF_INET, SOCK_DGRAM, 0 },
	{ "inet-mptcp", AF_INET, SOCK_STREAM, 262 },
	{ "unix", AF_UNIX, SOCK_STREAM, 0 },
};

static const char *stack_of(int fd)
{
	socklen_t len = sizeof(int);
	static char text[64];
	int protocol;

	if (fd < 0 || getsockopt(fd, SOL_SOCKET, SO_PROTOCOL, &protocol, &len))
		return strerror(errno);
	if (protocol == SK_PROTOCOL)
		return "xtcp";
	snprintf(text, sizeof(text), "%d", protocol);
	return text;
}

/* Connect to ourselves over loopback: the bytes received, or the error. */
static const char *talks(void)
{
	struct sockaddr_in at = { .sin_family = AF_INET,
				  .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	int lfd = socket(AF_INET, SOCK_STREAM, 0), fd = socket(AF_INET, SOCK_STREAM, 0);
	socklen_t len = sizeof(at);
	static char got[8];
	int child;

	if (bind(lfd, (void *)&at, len) || listen(lfd, 1) ||
	    getsockname(lfd, (void *)&at, &len) || connect(fd, (void *)&at, len) ||
	    send(fd, "hello", 5, 0) != 5)
		return strerror(errno);
	child = accept(lfd, NULL, NULL);
	if (child < 0 || recv(child, got, sizeof(got) - 1, 0) != 5)
		return strerror(errno);
	close(child);
	close(lfd);
	close(fd);
	return got;
}

static void tell(void)
{
	for (size_t i = 0; i < sizeof(ways) / sizeof(ways[0]); i++) {
		int fd = socket(ways[i].family, ways[i].type, ways[i].protocol);

		printf("%s %s\n", ways[i].name, stack_of(fd));
		close(fd);
	}
	printf("talks %s\n", talks());
	fflush(stdout);
}

/* As sandboxes do: socket(AF_INET6, ...) fails with EACCES. */
static int refuse_ip6(void)
{
	struct sock_filter insns[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_socket, 0, 3),
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, args[0])),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, AF_INET6, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EACCES),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	const struct sock_fprog prog = { .len = 6, .filter = insns };

	return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) ||
	       syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &prog);
}

int main(int argc, char **argv)
{
	if (argc > 1 && !strcmp(argv[1], "filtered") && refuse_ip6())
		return 1;
	if (argc < 2 || strcmp(argv[1], "wait")) {
		tell();
		return 0;
	}
	for (int i = 2; i < argc; i++) {
		while (access(argv[i], F_OK))
			usleep(10000);
		tell();
		unlink(argv[i]);
	}
	return 0;
}
