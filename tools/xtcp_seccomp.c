// SPDX-License-Identifier: GPL-2.0
/*
 * xtcp_run --seccomp: XTCP for programs into which no library can be loaded.
 *
 * A seccomp filter stops socket() where it asks for TCP, in the program and in all that
 * it starts. A second process, the supervisor, then opens an XTCP socket and installs it
 * in the caller, where socket() returns it. No other system call is stopped.
 *
 * The program keeps the process of xtcp_run, so that whoever started it sees its process
 * ID, signals and exit status. The supervisor is not its child but an orphan, in a session
 * of its own. If it died, socket() would fail with ENOSYS; so it blocks all signals, since
 * systemd sends those that stop a service to all its processes. It ends when no process
 * is left under the filter.
 *
 * ptrace() could do the same, but would exclude debuggers and stop the program twice for
 * each call; patching the program's code would have to find every system call in it.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/fsuid.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <linux/xtcp.h>

#include "xtcp_seccomp.h"

#if defined(__x86_64__)
#define NATIVE_ARCH	AUDIT_ARCH_X86_64
#elif defined(__aarch64__)
#define NATIVE_ARCH	AUDIT_ARCH_AARCH64
#else
#error "which AUDIT_ARCH_ do programs of this machine have?"
#endif

/* SO_PROTOCOL of every XTCP socket, and of no other socket. */
#define XTCP_SO_PROTOCOL	0x206

#define TYPE_FLAGS	(SOCK_NONBLOCK | SOCK_CLOEXEC)

#define ARRAY_SIZE(a)	(sizeof(a) / sizeof((a)[0]))

/* ---- the filter ---- */

#define LOAD(field)	BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, field))
/* The low half of an argument: the kernel takes an int. */
#define LOAD_ARG(n)	LOAD(args[n])
#define IF_EQ(k, by)	BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, k, by, 0)
#define IF_NE(k, by)	BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, k, 0, by)
#define RETURN(action)	BPF_STMT(BPF_RET | BPF_K, action)

/*
 * A program that asks for MPTCP, as those in Go do to listen, gets what that falls back
 * to.
 *
 * Return: the listener of the filter, or -errno.
 */
static int install_filter(void)
{
	struct sock_filter insns[] = {
		LOAD(arch),
		IF_NE(NATIVE_ARCH, 12),
		LOAD(nr),
		IF_NE(__NR_socket, 10),
		LOAD_ARG(0),			/* family */
		IF_EQ(AF_INET, 1),
		IF_NE(AF_INET6, 7),
		LOAD_ARG(1),			/* type */
		BPF_STMT(BPF_ALU | BPF_AND | BPF_K, ~TYPE_FLAGS),
		IF_NE(SOCK_STREAM, 4),
		LOAD_ARG(2),			/* protocol */
		IF_EQ(0, 3),
		IF_EQ(IPPROTO_TCP, 2),
		IF_EQ(IPPROTO_MPTCP, 1),
		RETURN(SECCOMP_RET_ALLOW),
		RETURN(SECCOMP_RET_USER_NOTIF),
	};
	const struct sock_fprog prog = { .len = ARRAY_SIZE(insns), .filter = insns };
	/*
	 * Once the supervisor has a call, only a fatal signal interrupts it: socket()
	 * neither opens a second socket nor fails with EINTR. The filter is no sandbox, so
	 * it needs no mitigation of speculation, which would slow the program down.
	 */
	int fd = syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER,
			 SECCOMP_FILTER_FLAG_NEW_LISTENER | SECCOMP_FILTER_FLAG_SPEC_ALLOW |
			 SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV, &prog);

	return fd < 0 ? -errno : fd;
}

/* ---- the supervisor ---- */

/*
 * Is the task in the supervisor's network namespace? The sockets are opened there.
 * Each namespace has files of its own in /proc; unlike /proc/PID/ns, all may look at
 * them.
 */
static bool same_netns(pid_t pid, const struct stat *own)
{
	struct stat st;
	char path[32];

	snprintf(path, sizeof(path), "/proc/%d/net/dev", pid);
	return !stat(path, &st) && st.st_ino == own->st_ino && st.st_dev == own->st_dev;
}

/*
 * Take the user and group ID of the task for the socket, of which packet filters and
 * routing rules may know its owner. Only root can; without it, they are the same.
 */
static void take_owner(pid_t pid)
{
	unsigned int uid, gid;
	char path[32], text[1024], *at;
	ssize_t n;
	int fd;

	snprintf(path, sizeof(path), "/proc/%d/status", pid);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return;
	n = read(fd, text, sizeof(text) - 1);
	close(fd);
	text[n > 0 ? n : 0] = '\0';
	at = strstr(text, "\nUid:");
	if (at && sscanf(at, "\nUid: %*u %*u %*u %u Gid: %*u %*u %*u %u", &uid, &gid) == 2) {
		setfsgid(gid);
		setfsuid(uid);
	}
}

/* Return: an XTCP socket, or -errno. */
static int open_socket(const struct seccomp_notif *call)
{
	const int family = call->data.args[0], type = call->data.args[1];
	const bool root = !geteuid();
	int fd;

	if (root)
		take_owner(call->pid);
	fd = socket(AF_XTCP, type | SOCK_CLOEXEC, family == AF_INET6 ? XTCP_V6 : 0);
	if (fd < 0)
		fd = -errno;
	if (root) {
		setfsuid(0);
		setfsgid(getegid());
	}
	return fd;
}

/* Return: 0, or the -errno with which socket() of the caller is to fail. */
static int give_socket(int listener, const struct seccomp_notif *call)
{
	struct seccomp_notif_addfd install = {
		.id = call->id,
		.flags = SECCOMP_ADDFD_FLAG_SEND,
		.newfd_flags = call->data.args[1] & SOCK_CLOEXEC ? O_CLOEXEC : 0,
	};
	int ret = 0, fd = open_socket(call);

	if (fd < 0)
		return fd;
	install.srcfd = fd;
	/* It fails if the caller may have no more descriptors, or has died. */
	if (ioctl(listener, SECCOMP_IOCTL_NOTIF_ADDFD, &install) < 0)
		ret = -errno;
	close(fd);
	return ret;
}

static void serve(int listener, bool fall_back, const struct stat *own)
{
	struct seccomp_notif call = {};
	struct seccomp_notif_resp answer = {};
	bool ours;

	/* It fails if the caller has died. */
	if (ioctl(listener, SECCOMP_IOCTL_NOTIF_RECV, &call))
		return;
	answer.id = call.id;
	ours = same_netns(call.pid, own);
	if (ours) {
		answer.error = give_socket(listener, &call);
		if (!answer.error)
			return;
		if (answer.error == -EAFNOSUPPORT || answer.error == -ENOPROTOOPT)
			ours = !fall_back;
	}
	if (!ours) {
		answer.error = 0;
		answer.flags = SECCOMP_USER_NOTIF_FLAG_CONTINUE;
	}
	ioctl(listener, SECCOMP_IOCTL_NOTIF_SEND, &answer);
}

/* ---- how it gets the listener ---- */

union message {
	struct cmsghdr head;
	char room[CMSG_SPACE(sizeof(int))];
};

static int send_descriptor(int via, int fd)
{
	char byte = 0;
	struct iovec iov = { .iov_base = &byte, .iov_len = 1 };
	union message m = { .head = {
		.cmsg_len = CMSG_LEN(sizeof(int)),
		.cmsg_level = SOL_SOCKET,
		.cmsg_type = SCM_RIGHTS,
	} };
	struct msghdr msg = { .msg_iov = &iov, .msg_iovlen = 1,
			      .msg_control = &m, .msg_controllen = sizeof(m) };

	memcpy(CMSG_DATA(&m.head), &fd, sizeof(fd));
	return sendmsg(via, &msg, MSG_NOSIGNAL) == 1 ? 0 : -errno;
}

/* Return: the descriptor, or -1 if the sender has given up. */
static int receive_descriptor(int via)
{
	char byte;
	struct iovec iov = { .iov_base = &byte, .iov_len = 1 };
	union message m = {};
	struct msghdr msg = { .msg_iov = &iov, .msg_iovlen = 1,
			      .msg_control = &m, .msg_controllen = sizeof(m) };
	int fd;

	if (recvmsg(via, &msg, MSG_CMSG_CLOEXEC) != 1 || msg.msg_controllen < CMSG_LEN(sizeof(fd)))
		return -1;
	memcpy(&fd, CMSG_DATA(&m.head), sizeof(fd));
	return fd;
}

static _Noreturn void supervise(int via, bool fall_back, const struct stat *own)
{
	struct pollfd listener = { .fd = receive_descriptor(via), .events = POLLIN };

	/* Keep no file, pipe or directory of the caller in use. */
	if (listener.fd < 0 || dup2(listener.fd, 0) || chdir("/"))
		_exit(1);
	close_range(1, ~0U, 0);
	listener.fd = 0;
	do {
		if (poll(&listener, 1, -1) == 1 && listener.revents & POLLIN)
			serve(listener.fd, fall_back, own);
	} while (!(listener.revents & POLLHUP));
	_exit(0);
}

static void start_supervisor(const int pair[2], bool fall_back, const struct stat *own)
{
	sigset_t all;
	pid_t pid = fork();

	if (pid) {
		if (pid > 0)
			waitpid(pid, NULL, 0);
		return;
	}
	sigfillset(&all);
	sigprocmask(SIG_BLOCK, &all, NULL);
	/* Its parent ends, so that the program does not get to wait for it. */
	setsid();
	if (fork())
		_exit(0);
	close(pair[0]);
	supervise(pair[1], fall_back, own);
}

/* Bypasses the C library, into which our own library may be preloaded. */
static bool on_already(void)
{
	int fd = syscall(SYS_socket, AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), protocol = 0;
	socklen_t len = sizeof(protocol);

	if (fd < 0)
		return false;
	syscall(SYS_getsockopt, fd, SOL_SOCKET, SO_PROTOCOL, &protocol, &len);
	close(fd);
	return protocol == XTCP_SO_PROTOCOL;
}

/* Does /proc name processes as getpid() does, and not as another namespace? */
static bool proc_is_ours(void)
{
	char self[16] = "";

	return readlink("/proc/self", self, sizeof(self) - 1) > 0 && atoi(self) == getpid();
}

int xtcp_seccomp_on(bool fall_back, bool may_restrict)
{
	int pair[2], listener, ret, restricted = 0;
	struct stat own;

	if (on_already())
		return 0;
	if (!proc_is_ours())
		return -ESRCH;
	if (stat("/proc/self/net/dev", &own) ||
	    socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair))
		return -errno;
	start_supervisor(pair, fall_back, &own);
	close(pair[1]);
	listener = install_filter();
	if (listener == -EACCES && may_restrict && !prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)) {
		restricted = 1;
		listener = install_filter();
	}
	ret = listener < 0 ? listener : send_descriptor(pair[0], listener);
	if (listener >= 0)
		close(listener);
	close(pair[0]);
	return ret ? ret : restricted;
}
