// SPDX-License-Identifier: GPL-2.0
/*
 * xtcp_who
 *
 * Lists what keeps the module from being unloaded: a line for each XTCP socket that a
 * process has open, and for each connection that no process has (closed by its program
 * or not yet accepted). See xtcp_who(1).
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <inttypes.h>
#include <netinet/tcp.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

/* SO_PROTOCOL of every XTCP socket. */
#define XTCP_PROTOCOL	0x206

#define NAMESPACES_MAX	4096

/* Inodes of the network namespaces whose tables have been read. */
static ino_t seen[NAMESPACES_MAX];
static int nseen;

static const char *state_name(unsigned int state)
{
	static const char *const names[] = {
		[TCP_ESTABLISHED] = "ESTABLISHED", [TCP_SYN_SENT] = "SYN-SENT",
		[TCP_SYN_RECV] = "SYN-RECV", [TCP_FIN_WAIT1] = "FIN-WAIT-1",
		[TCP_FIN_WAIT2] = "FIN-WAIT-2", [TCP_TIME_WAIT] = "TIME-WAIT",
		[TCP_CLOSE] = "CLOSED", [TCP_CLOSE_WAIT] = "CLOSE-WAIT",
		[TCP_LAST_ACK] = "LAST-ACK", [TCP_LISTEN] = "LISTEN",
		[TCP_CLOSING] = "CLOSING",
	};

	if (state >= sizeof(names) / sizeof(names[0]) || !names[state])
		return "?";
	return names[state];
}

static void address(char *text, size_t size, const struct sockaddr_storage *ss)
{
	const struct sockaddr_in6 *in6 = (const void *)ss;
	const struct sockaddr_in *in = (const void *)ss;
	char name[INET6_ADDRSTRLEN] = "*";

	if (ss->ss_family == AF_INET6) {
		inet_ntop(AF_INET6, &in6->sin6_addr, name, sizeof(name));
		snprintf(text, size, "[%s]:%u", name, ntohs(in6->sin6_port));
		return;
	}
	inet_ntop(AF_INET, &in->sin_addr, name, sizeof(name));
	snprintf(text, size, "%s:%u", name, ntohs(in->sin_port));
}

static void row(const char *pid, const char *command, const char *fd, unsigned int state,
		const char *own, const char *peer)
{
	printf("%-7s %-15s %4s %-11s %-21s %s\n", pid, command, fd, state_name(state),
	       own, peer);
}

static void show(const char *pid, const char *command, const char *name, int fd)
{
	struct sockaddr_storage ss = {};
	socklen_t len = sizeof(ss);
	struct tcp_info info = {};
	char own[80] = "*", peer[80] = "*";

	if (!getsockname(fd, (struct sockaddr *)&ss, &len))
		address(own, sizeof(own), &ss);
	memset(&ss, 0, sizeof(ss));
	len = sizeof(ss);
	if (!getpeername(fd, (struct sockaddr *)&ss, &len))
		address(peer, sizeof(peer), &ss);
	len = sizeof(info);
	if (getsockopt(fd, IPPROTO_TCP, TCP_INFO, &info, &len))
		info.tcpi_state = 0;
	row(pid, command, name, info.tcpi_state, own, peer);
}

static bool is_xtcp(int fd)
{
	socklen_t len = sizeof(int);
	int protocol = 0;

	return !getsockopt(fd, SOL_SOCKET, SO_PROTOCOL, &protocol, &len) &&
	       protocol == XTCP_PROTOCOL;
}

/* Print the XTCP sockets of a process. Return: how many. */
static int sockets(const char *pid, const char *command)
{
	char path[64], link[64];
	struct dirent *d;
	int pidfd, fd, found = 0;
	ssize_t n;
	DIR *dir;

	snprintf(path, sizeof(path), "/proc/%.20s/fd", pid);
	dir = opendir(path);
	if (!dir)
		return 0;
	pidfd = syscall(SYS_pidfd_open, atoi(pid), 0);
	while (pidfd >= 0 && (d = readdir(dir))) {
		n = readlinkat(dirfd(dir), d->d_name, link, sizeof(link) - 1);
		if (n < 0)
			continue;
		link[n] = '\0';
		if (strncmp(link, "socket:", 7))
			continue;
		fd = syscall(SYS_pidfd_getfd, pidfd, atoi(d->d_name), 0);
		if (fd < 0)
			continue;
		if (is_xtcp(fd)) {
			show(pid, command, d->d_name, fd);
			found++;
		}
		close(fd);
	}
	if (pidfd >= 0)
		close(pidfd);
	closedir(dir);
	return found;
}

/* Is this the first process seen of its network namespace? */
static bool first_of_namespace(const char *pid)
{
	char path[64];
	struct stat st;
	int i;

	snprintf(path, sizeof(path), "/proc/%.20s/ns/net", pid);
	if (stat(path, &st))
		return false;
	for (i = 0; i < nseen; i++)
		if (seen[i] == st.st_ino)
			return false;
	if (nseen < NAMESPACES_MAX)
		seen[nseen++] = st.st_ino;
	return true;
}

/*
 * Parse an address of /proc/net/xtcp: 32-bit words of eight hexadecimal digits, in the
 * byte order of the host. @ss has its family; @port in host byte order.
 */
static void address_of(struct sockaddr_storage *ss, const char *digits, unsigned int port)
{
	struct sockaddr_in6 *in6 = (void *)ss;
	struct sockaddr_in *in = (void *)ss;
	uint32_t word[4] = {};

	for (int i = 0; i < 4 && sscanf(digits + 8 * i, "%8" SCNx32, &word[i]) == 1; i++)
		;
	if (ss->ss_family == AF_INET6) {
		memcpy(&in6->sin6_addr, word, sizeof(word));
		in6->sin6_port = htons(port);
	} else {
		in->sin_addr.s_addr = word[0];
		in->sin_port = htons(port);
	}
}

/* Print the rows of a table without an inode: no process has them. Return: how many. */
static int orphans(const char *pid, const char *table, sa_family_t family)
{
	unsigned int own_port, peer_port, state;
	struct sockaddr_storage ss = { .ss_family = family };
	char path[64], line[256], own[40], peer[40], a[80], b[80];
	unsigned long inode;
	int found = 0;
	FILE *f;

	snprintf(path, sizeof(path), "/proc/%.20s/net/%s", pid, table);
	f = fopen(path, "r");
	if (!f)
		return 0;
	while (fgets(line, sizeof(line), f)) {
		if (sscanf(line, " %*d: %32[0-9A-F]:%x %32[0-9A-F]:%x %x %*s %*s %*s %*u %*d %lu",
			   own, &own_port, peer, &peer_port, &state, &inode) != 6)
			continue;
		/* These have no socket, so they do not hold the module. */
		if (inode || state == TCP_TIME_WAIT || state == TCP_SYN_RECV)
			continue;
		address_of(&ss, own, own_port);
		address(a, sizeof(a), &ss);
		address_of(&ss, peer, peer_port);
		address(b, sizeof(b), &ss);
		row("-", "-", "-", state, a, b);
		found++;
	}
	fclose(f);
	return found;
}

static void command_of(const char *pid, char *text, int size)
{
	char path[64];
	FILE *f;

	snprintf(path, sizeof(path), "/proc/%.20s/comm", pid);
	f = fopen(path, "r");
	text[0] = '\0';
	if (f && fgets(text, size, f))
		text[strcspn(text, "\n")] = '\0';
	if (f)
		fclose(f);
}

int main(int argc, char **argv)
{
	struct dirent *d;
	char command[32];
	int found = 0;
	DIR *proc;

	if (argc > 1) {
		fprintf(stderr, "usage: %s\nLists XTCP sockets and their processes. See xtcp_who(1).\n",
			argv[0]);
		return 2;
	}
	proc = opendir("/proc");
	if (!proc) {
		perror("xtcp_who: /proc");
		return 1;
	}
	if (geteuid())
		fputs("xtcp_who: not root: sockets of other users are not shown\n", stderr);
	while ((d = readdir(proc))) {
		if (!isdigit((unsigned char)d->d_name[0]))
			continue;
		command_of(d->d_name, command, sizeof(command));
		found += sockets(d->d_name, command);
		if (first_of_namespace(d->d_name))
			found += orphans(d->d_name, "xtcp", AF_INET) +
				 orphans(d->d_name, "xtcp6", AF_INET6);
	}
	closedir(proc);
	if (!found)
		fputs("xtcp_who: no sockets\n", stderr);
	return !found;
}
