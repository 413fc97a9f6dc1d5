// SPDX-License-Identifier: GPL-2.0
/*
 * Which congestion control a socket has, and who may choose which. Tests use reno
 * and cubic, which every kernel has, and restricted ones for the permission rules.
 */
#include <sys/prctl.h>

#include "sock_test.h"

#define NAME_MAX_CC	16

static const char *cc_of(int fd)
{
	static char name[NAME_MAX_CC + 1];
	socklen_t len = NAME_MAX_CC;

	memset(name, 0, sizeof(name));
	if (getsockopt(fd, IPPROTO_TCP, TCP_CONGESTION, name, &len))
		return strerror(errno);
	return name;
}

static int cc_set(int fd, const char *name)
{
	return setsockopt(fd, IPPROTO_TCP, TCP_CONGESTION, name, strlen(name)) ?
	       -errno : 0;
}

static int knob(enum stack st, const char *name, const char *value)
{
	char path[64];

	snprintf(path, sizeof(path), "%s%s", st == XTCP ? "xtcp/" : "ipv4/tcp_", name);
	return ns_sysctl(path, value);
}

TEST_F(one, unknown_algorithm_leaves_the_choice)
{
	ASSERT_EQ(0, cc_set(self->fd, "reno"));
	ASSERT_STREQ("reno", cc_of(self->fd));
	ASSERT_EQ(0, cc_set(self->fd, "cubic"));
	ASSERT_STREQ("cubic", cc_of(self->fd));
	ASSERT_EQ(-ENOENT, cc_set(self->fd, "nosuch"));
	ASSERT_EQ(-ENOENT, cc_set(self->fd, "ren"));
	ASSERT_EQ(-ENOENT, cc_set(self->fd, "a name that is far too long"));
	ASSERT_EQ(-EINVAL, cc_set(self->fd, ""));
	ASSERT_STREQ("cubic", cc_of(self->fd));
}

/* A change in mid-stream does not disturb the stream. */
TEST_F(pair, set_while_connected)
{
	static const char * const names[] = { "reno", "cubic", "reno" };

	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		ASSERT_EQ(0, cc_set(self->c, names[i]));
		ASSERT_STREQ(names[i], cc_of(self->c));
		ASSERT_EQ(5000, send_pat(self->c, i * 5000, 5000));
		ASSERT_EQ(5000, recv_pat(self->s, i * 5000, 5000));
	}
}

/* union tcp_cc_info of <linux/inet_diag.h>, which would need other headers. */
union cc_info {
	struct { uint32_t bw_lo, bw_hi, min_rtt, pacing_gain, cwnd_gain; } bbr;
	struct { uint16_t enabled, ce_state; uint32_t alpha, ab_ecn, ab_tot; } dctcp;
};

/* TCP_CC_INFO returns the algorithm's state, cut to the size of the buffer. */
TEST(cc_info_is_cut_to_the_buffer)
{
	union cc_info info;
	socklen_t len;
	int fd[2];

	need_stack(XTCP);
	ASSERT_EQ(0, ns_new());
	ASSERT_EQ(0, st_pair(XTCP, XTCP, fd));
	len = sizeof(info);
	ASSERT_EQ(0, getsockopt(fd[0], IPPROTO_TCP, TCP_CC_INFO, &info, &len));
	ASSERT_EQ(0, len);
	ASSERT_EQ(0, cc_set(fd[0], "bbr"));
	ASSERT_EQ(0, set_int(fd[0], IPPROTO_TCP, TCP_NODELAY, 1));
	for (int i = 0; i < 20; i++) {
		ASSERT_EQ(20000, send_pat(fd[0], i * 20000, 20000));
		ASSERT_EQ(20000, recv_pat(fd[1], i * 20000, 20000));
	}
	len = sizeof(info);
	ASSERT_EQ(0, getsockopt(fd[0], IPPROTO_TCP, TCP_CC_INFO, &info, &len));
	ASSERT_EQ(sizeof(info.bbr), len);
	ASSERT_NE(0, info.bbr.bw_lo | info.bbr.bw_hi);
	ASSERT_LT(info.bbr.min_rtt, 1000000);
	ASSERT_GE(info.bbr.cwnd_gain, 128);
	ASSERT_EQ(0, cc_set(fd[0], "dctcp"));
	len = 6;
	ASSERT_EQ(0, getsockopt(fd[0], IPPROTO_TCP, TCP_CC_INFO, &info, &len));
	ASSERT_EQ(6, len);
	ASSERT_EQ(0, info.dctcp.enabled);
	close(fd[0]);
	close(fd[1]);
}

/* Every algorithm of XTCP carries a stream, chosen before it or in mid-stream. */
TEST(each_algorithm_transfers)
{
	static const char * const names[] = { "reno", "cubic", "bbr", "dctcp" };
	uint64_t pos = 0;
	int fd[2];

	need_stack(XTCP);
	ASSERT_EQ(0, ns_new());
	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		ASSERT_EQ(0, knob(XTCP, "congestion_control", i % 2 ? "cubic" : names[i]));
		ASSERT_EQ(0, st_pair(XTCP, XTCP, fd));
		/* Otherwise each piece waits for the delayed ACK of the previous one. */
		ASSERT_EQ(0, set_int(fd[0], IPPROTO_TCP, TCP_NODELAY, 1));
		for (int j = 0; j < 50; j++, pos += 20000) {
			if (j == 20)
				ASSERT_EQ(0, cc_set(fd[0], names[i]));
			ASSERT_EQ(20000, send_pat(fd[0], pos, 20000));
			ASSERT_EQ(20000, recv_pat(fd[1], pos, 20000));
		}
		ASSERT_STREQ(names[i], cc_of(fd[0]));
		close(fd[0]);
		close(fd[1]);
	}
}

/* A new socket takes the default; an existing one keeps its algorithm. */
TEST_F(one, default_of_new_sockets)
{
	int fd;

	ASSERT_EQ(0, cc_set(self->fd, "cubic"));
	ASSERT_EQ(0, knob(variant->st, "congestion_control", "reno"));
	fd = stack_socket(variant->st, 0);
	ASSERT_STREQ("reno", cc_of(fd));
	ASSERT_STREQ("cubic", cc_of(self->fd));
	close(fd);
	ASSERT_EQ(-ENOENT, knob(variant->st, "congestion_control", "nosuch"));
	ASSERT_EQ(0, knob(variant->st, "congestion_control", "cubic"));
	fd = stack_socket(variant->st, 0);
	ASSERT_STREQ("cubic", cc_of(fd));
	close(fd);
}

static int accepted(enum stack st, int lfd)
{
	int c = st_connect(st, sock_port(lfd)), s;

	if (c < 0)
		return c;
	s = accept(lfd, NULL, NULL);
	close(c);
	return s;
}

/* An accepted socket has the listener's choice; without one, the default at that time. */
TEST_F(one, accepted_socket_has_the_listeners_choice)
{
	union addr sin = local(0);
	int s;

	ASSERT_EQ(0, knob(variant->st, "congestion_control", "cubic"));
	ASSERT_EQ(0, bind_to(self->fd, &sin));
	ASSERT_EQ(0, listen(self->fd, 5));
	ASSERT_EQ(0, knob(variant->st, "congestion_control", "reno"));
	s = accepted(variant->st, self->fd);
	ASSERT_STREQ("reno", cc_of(s));
	close(s);
	ASSERT_EQ(0, cc_set(self->fd, "cubic"));
	s = accepted(variant->st, self->fd);
	ASSERT_STREQ("cubic", cc_of(s));
	close(s);
}

/* Only an administrator may choose a restricted algorithm. */
TEST(restricted_algorithm_needs_privilege)
{
	int status;
	pid_t pid;

	need_stack(XTCP);
	ASSERT_EQ(0, ns_new());
	pid = child();
	if (!pid) {
		int fd = stack_socket(XTCP, 0);

		if (cc_set(fd, "dctcp") || cc_set(fd, "reno"))
			_exit(1);
		if (setuid(65534))
			_exit(2);
		if (cc_set(fd, "dctcp") != -EPERM)
			_exit(3);
		if (cc_set(fd, "bbr") || cc_set(fd, "cubic"))
			_exit(4);
		_exit(0);
	}
	ASSERT_EQ(pid, waitpid(pid, &status, 0));
	ASSERT_EQ(0, WEXITSTATUS(status));

	/* An unprivileged process may set the algorithm that is set already. */
	pid = child();
	if (!pid) {
		int fd = stack_socket(XTCP, 0);

		if (cc_set(fd, "dctcp") || setuid(65534))
			_exit(1);
		_exit(cc_set(fd, "dctcp") ? 2 : 0);
	}
	ASSERT_EQ(pid, waitpid(pid, &status, 0));
	ASSERT_EQ(0, WEXITSTATUS(status));
}

static int read_knob(const char *name, char *buf, size_t room)
{
	char path[96];
	ssize_t n;
	int fd;

	snprintf(path, sizeof(path), "/proc/sys/net/xtcp/%s", name);
	fd = open(path, O_RDONLY);
	if (fd < 0)
		return -errno;
	n = read(fd, buf, room - 1);
	close(fd);
	if (n < 1)
		return -EIO;
	buf[n - 1] = 0;
	return 0;
}

/* The administrator of a namespace cannot allow restricted algorithms in it. */
TEST(namespace_cannot_allow_restricted)
{
	char now[256];

	need_stack(XTCP);
	ASSERT_EQ(0, ns_new());
	ASSERT_EQ(0, read_knob("available_congestion_control", now, sizeof(now)));
	ASSERT_STREQ("cubic reno bbr dctcp", now);
	ASSERT_EQ(0, read_knob("allowed_congestion_control", now, sizeof(now)));
	ASSERT_STREQ("cubic reno bbr", now);
	ASSERT_EQ(0, read_knob("congestion_control", now, sizeof(now)));
	ASSERT_STREQ("cubic", now);

	ASSERT_EQ(-EPERM, knob(XTCP, "congestion_control", "dctcp"));
	ASSERT_EQ(-EPERM, knob(XTCP, "allowed_congestion_control", "reno dctcp"));
	ASSERT_EQ(-ENOENT, knob(XTCP, "allowed_congestion_control", "reno nosuch"));
	ASSERT_EQ(0, read_knob("allowed_congestion_control", now, sizeof(now)));
	ASSERT_STREQ("cubic reno bbr", now);
	ASSERT_EQ(0, knob(XTCP, "allowed_congestion_control", "  reno\tcubic reno"));
	ASSERT_EQ(0, read_knob("allowed_congestion_control", now, sizeof(now)));
	ASSERT_STREQ("cubic reno", now);
	ASSERT_EQ(-EPERM, knob(XTCP, "congestion_control", "bbr"));
}

TEST_HARNESS_MAIN
