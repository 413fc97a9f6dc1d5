// SPDX-License-Identifier: GPL-2.0
/*
 * /proc/sys/net/xtcp: each sysctl has the default and range of net.ipv4.tcp_NAME, follows
 * it until it is written, and rejects values outside the range without effect. What
 * sysctls do to segments is tested in wire/sysctl.c.
 */
#include <dirent.h>

#include "sock_test.h"

#define U32		4294967295LL
#define I32		2147483647LL
#define SECS		(I32 / 1000)
#define DIFFERS	(-1)		/* from the kernel's default, or the kernel has none */
#define KERNELS	(-2)		/* the kernel's, which depends on memory or version */

struct row {
	const char *name;
	long long min, max;
	long long first;	/* default, DIFFERS or KERNELS */
	const char *text;	/* default if DIFFERS; NULL: depends on memory size */
};

static const struct row rows[] = {
	{ "abort_on_overflow",	0, 255, 0 },
	{ "migrate_req",	0, 255, 0 },
	{ "autocorking",	0, 255, 1 },
	{ "base_mss",		40, 65535, 1024 },
	{ "challenge_ack_limit", 0, I32, I32 },
	{ "dsack",		0, 255, 1 },
	{ "early_retrans",	0, 4, 3 },
	{ "ecn",		0, 5, 2 },
	{ "ecn_fallback",	0, 255, 1 },
	{ "ecn_option",		0, 3, DIFFERS, "2" },
	{ "fastopen",		0, I32, 1 },
	{ "fastopen_blackhole_timeout_sec", 0, I32, 0 },
	{ "fin_timeout",	0, SECS, 60 },
	{ "frto",		0, 255, 2 },
	{ "fwmark_accept",	0, 255, 0 },
	{ "invalid_ratelimit",	0, I32, 500 },
	{ "keepalive_intvl",	1, SECS, 75 },
	{ "keepalive_probes",	0, 255, 9 },
	{ "keepalive_time",	1, SECS, 7200 },
	{ "l3mdev_accept",	0, 1, 0 },
	{ "limit_output_bytes",	0, I32, KERNELS },
	{ "local_shortcut",	0, 1, DIFFERS, "0" },
	{ "max_orphans",	0, I32, DIFFERS },
	{ "max_syn_backlog",	0, I32, KERNELS },
	{ "max_tw_buckets",	0, I32, KERNELS },
	{ "min_rtt_wlen",	0, 86400, 300 },
	{ "min_snd_mss",	48, 65535, 48 },
	{ "moderate_rcvbuf",	0, 255, 1 },
	{ "min_tso_segs",	1, 255, 2 },
	{ "mtu_probe_floor",	48, 65535, 48 },
	{ "mtu_probing",	0, 255, 0 },
	{ "no_metrics_save",	0, 255, 0 },
	{ "no_ssthresh_metrics_save", 0, 1, 1 },
	{ "notsent_lowat",	0, U32, U32 },
	{ "orphan_retries",	0, 255, 0 },
	{ "pacing_ca_ratio",	0, 1000, 120 },
	{ "pacing_ss_ratio",	0, 1000, 200 },
	{ "pressure_timeout",	0, 86400, DIFFERS, "60" },
	{ "probe_interval",	0, U32 / 250, 600 },	/* 250: HZ of the tested kernels */
	{ "probe_threshold",	0, 65535, 8 },
	{ "recovery",		0, 1, 1 },
	{ "reflect_tos",	0, 1, 0 },
	{ "reordering",		1, 255, 3 },
	{ "retries1",		0, 255, 3 },
	{ "retries2",		0, 255, 15 },
	{ "rto_max_ms",		1000, 120000, DIFFERS, "120000" },
	{ "rto_min_us",		1, I32, DIFFERS, "200000" },
	{ "sack",		0, 255, 1 },
	{ "shrink_window",	0, 1, 0 },
	{ "slow_start_after_idle", 0, 255, 1 },
	{ "syn_source_burst",	1, 65535, DIFFERS, "128" },
	{ "syn_source_prefix4",	0, 32, DIFFERS, "32" },
	{ "syn_source_prefix6",	0, 128, DIFFERS, "64" },
	{ "syn_source_rate",	0, 1000000, DIFFERS, "8" },
	{ "syn_linear_timeouts", 0, 127, DIFFERS, "0" },
	{ "syn_retries",	1, 127, DIFFERS, "7" },
	{ "syncookies",		0, 2, 1 },
	{ "synack_retries",	0, 255, 5 },
	{ "timestamps",		0, 255, 1 },
	{ "timewait_ms",	1, 240000, DIFFERS, "60000" },
	{ "tso_rtt_log",	0, 255, 9 },
	{ "tw_reuse",		0, 2, 2 },
	{ "tw_reuse_delay",	1, 60000, DIFFERS, "1000" },
	{ "window_scaling",	0, 255, 1 },
};

/* Sysctls of three numbers; the range applies to each. */
static const struct row vectors[] = {
	{ "rmem", 4096, I32 },
	{ "wmem", 1, I32 },
};

#define need_xtcp() do {						\
	need_stack(XTCP);						\
	ASSERT_EQ(0, ns_new());						\
} while (0)

static int get(const char *dir, const char *name, char *buf, size_t room)
{
	char path[128];
	ssize_t n;
	int fd;

	snprintf(path, sizeof(path), "/proc/sys/net/%s%s", dir, name);
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

/* Write @val, expect the error @err, then read @want. "" or what was wrong. */
static const char *put(const char *name, const char *val, int err, const char *want)
{
	static char msg[256];
	char path[64], now[64] = "";
	int ret;

	snprintf(path, sizeof(path), "xtcp/%s", name);
	ret = ns_sysctl(path, val);
	get("xtcp/", name, now, sizeof(now));
	if (ret == -err && !strcmp(now, want))
		return "";
	snprintf(msg, sizeof(msg), "%s: wrote %s: %s, reads %s, not %s", name, val,
		 strerror(-ret), now, want);
	return msg;
}

static const char *put_num(const char *name, long long val, int err, long long want)
{
	char v[32], w[32];

	snprintf(v, sizeof(v), "%lld", val);
	snprintf(w, sizeof(w), "%lld", want);
	return put(name, v, err, w);
}

TEST(defaults_are_the_kernels)
{
	char now[64], kernel[64], want[64];

	need_xtcp();
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		const struct row *r = &rows[i];

		ASSERT_EQ(0, get("xtcp/", r->name, now, sizeof(now)));
		snprintf(want, sizeof(want), "%lld", r->first);
		if (r->first != KERNELS && (r->first != DIFFERS || r->text))
			ASSERT_STREQ(r->first == DIFFERS ? r->text : want, now);
		if (r->first == DIFFERS)
			continue;
		ASSERT_EQ(0, get("ipv4/tcp_", r->name, kernel, sizeof(kernel)));
		ASSERT_STREQ(kernel, now);
	}
	for (size_t i = 0; i < ARRAY_SIZE(vectors); i++) {
		ASSERT_EQ(0, get("xtcp/", vectors[i].name, now, sizeof(now)));
		ASSERT_EQ(0, get("ipv4/tcp_", vectors[i].name, kernel, sizeof(kernel)));
		ASSERT_STREQ(kernel, now);
	}
}

static void show(const char *dir, const char *name, char *buf, size_t room)
{
	if (get(dir, name, buf, room))
		snprintf(buf, room, "nothing");
}

/* Write @val to the kernel's sysctl. Does XTCP's follow? "" or what was wrong. */
static const char *follow(const char *name, const char *val, bool follows)
{
	static char msg[256];
	char path[64], ours[64], theirs[64], before[64];
	int err;

	snprintf(path, sizeof(path), "ipv4/tcp_%s", name);
	show("xtcp/", name, before, sizeof(before));
	err = ns_sysctl(path, val);
	show("ipv4/tcp_", name, theirs, sizeof(theirs));
	show("xtcp/", name, ours, sizeof(ours));
	if (!err && !strcmp(ours, follows ? theirs : before))
		return "";
	snprintf(msg, sizeof(msg), "%s: %s written to the kernel's (%s): %s, was %s, the kernel's %s",
		 name, val, strerror(-err), ours, before, theirs);
	return msg;
}

/*
 * XTCP's sysctl follows until it is written, and again after "default". A write that
 * fails does not count. "" or what was wrong.
 */
static const char *follow_all(const char *name, const char *a, const char *b)
{
	char path[64], now[64];
	const char *msg;

	snprintf(path, sizeof(path), "xtcp/%s", name);
	msg = follow(name, a, true);
	if (!*msg)
		msg = follow(name, b, true);
	if (!*msg && ns_sysctl(path, "junk") != -EINVAL)
		msg = "junk was taken";
	if (!*msg)
		msg = follow(name, a, true);
	if (!*msg && ns_sysctl(path, b))
		msg = "the value was not taken";
	show("xtcp/", name, now, sizeof(now));
	if (!*msg)
		msg = follow(name, a, false);
	if (!*msg && ns_sysctl(path, "default"))
		msg = "default was not taken";
	if (!*msg)
		msg = follow(name, a, true);
	if (!*msg)
		msg = follow(name, b, true);
	return msg;
}

TEST(follows_the_kernel)
{
	char a[64], b[64], kernel[64];
	int followed = 0;

	need_xtcp();
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		const struct row *r = &rows[i];

		if (get("ipv4/tcp_", r->name, kernel, sizeof(kernel)))
			continue;
		snprintf(a, sizeof(a), "%lld", r->min);
		snprintf(b, sizeof(b), "%lld", r->min + 1);
		ASSERT_STREQ("", follow_all(r->name, a, b));
		followed++;
	}
	ASSERT_GT(followed, 40);
	for (size_t i = 0; i < ARRAY_SIZE(vectors); i++)
		ASSERT_STREQ("", follow_all(vectors[i].name, "5000\t6000\t7000",
					    "5001\t6001\t7001"));
	ASSERT_STREQ("", follow("congestion_control", "reno", true));
	ASSERT_STREQ("", put("congestion_control", "bbr", 0, "bbr"));
	ASSERT_STREQ("", follow("congestion_control", "cubic", false));
	ASSERT_STREQ("", put("congestion_control", "default", 0, "cubic"));
	ASSERT_STREQ("", put("congestion_control", "nothing", ENOENT, "cubic"));
	ASSERT_STREQ("", follow("congestion_control", "reno", true));
	ASSERT_STREQ("", follow("fastopen_key", "00000001-00000002-00000003-00000004", true));
}

/* A sysctl without a kernel counterpart returns to its own default. */
TEST(own_sysctls_return_to_own_defaults)
{
	need_xtcp();
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		const struct row *r = &rows[i];

		if (r->first != DIFFERS || !r->text)
			continue;
		ASSERT_STREQ("", put_num(r->name, r->min, 0, r->min));
		ASSERT_STREQ("", put(r->name, "default", 0, r->text));
		ASSERT_STREQ("", put(r->name, " default", EINVAL, r->text));
	}
}

/*
 * A value that the kernel allows and XTCP does not is adapted to XTCP's range. Two
 * defaults are translated: the kernel's 6 SYN retries to 7, its 4 linear timeouts to 0.
 */
TEST(follows_as_far_as_it_goes)
{
	static const struct {
		const char *name, *theirs, *ours;
	} far[] = {
		{ "base_mss",		"70000",	"65535" },
		{ "base_mss",		"-5",		"40" },
		{ "syncookies",		"7",		"2" },
		{ "recovery",		"6",		"0" },
		{ "recovery",		"3",		"1" },
		{ "syn_retries",	"6",		"7" },
		{ "syn_retries",	"5",		"5" },
		{ "syn_linear_timeouts", "4",		"0" },
		{ "syn_linear_timeouts", "5",		"5" },
		{ "keepalive_probes",	"255",		"255" },
		{ "max_syn_backlog",	"-1",		"0" },
		{ "reordering",		"300",		"255" },
	};
	char path[64], now[64];

	need_xtcp();
	for (size_t i = 0; i < ARRAY_SIZE(far); i++) {
		if (get("ipv4/tcp_", far[i].name, now, sizeof(now)) == -ENOENT)
			continue;	/* newer than this kernel */
		snprintf(path, sizeof(path), "ipv4/tcp_%s", far[i].name);
		ASSERT_EQ(0, ns_sysctl(path, far[i].theirs));
		ASSERT_EQ(0, get("xtcp/", far[i].name, now, sizeof(now)));
		ASSERT_STREQ(far[i].ours, now) TH_LOG("%s", far[i].name);
	}
}

/* enabled = 0: no new sockets in any family; open ones work on, listeners accept. */
TEST(disabled_makes_no_new_sockets)
{
	static const int doors[][2] = {
		{ AF_XTCP, 0 }, { AF_XTCP, XTCP_V6 }, { AF_INET, IPPROTO_XTCP },
		{ AF_INET6, IPPROTO_XTCP },
	};
	int fd, l, c, s;

	need_xtcp();
	ASSERT_STREQ("", put("enabled", "2", EINVAL, "1"));
	ASSERT_STREQ("", put("enabled", "junk", EINVAL, "1"));
	l = st_listen(XTCP, 7000, 1);
	ASSERT_GE(l, 0);
	ASSERT_STREQ("", put("enabled", "0", 0, "0"));
	for (size_t i = 0; i < ARRAY_SIZE(doors); i++) {
		ASSERT_EQ(-1, socket(doors[i][0], SOCK_STREAM, doors[i][1]));
		ASSERT_EQ(ENOPROTOOPT, errno);
	}
	c = st_connect(KERNEL, 7000);
	ASSERT_GE(c, 0);
	s = accept(l, NULL, NULL);
	ASSERT_GE(s, 0);
	ASSERT_EQ(10, send_pat(s, 0, 10));
	ASSERT_EQ(10, recv_pat(c, 0, 10));
	ASSERT_STREQ("", put("enabled", "default", 0, "1"));
	for (size_t i = 0; i < ARRAY_SIZE(doors); i++) {
		fd = socket(doors[i][0], SOCK_STREAM, doors[i][1]);
		ASSERT_GE(fd, 0);
		close(fd);
	}
}

/* xtcp/mem limits the whole machine, not a namespace. */
TEST(mem_limits_the_whole_machine)
{
	char theirs[64], now[64];

	need_stack(XTCP);
	ASSERT_EQ(0, get("ipv4/tcp_", "mem", theirs, sizeof(theirs)));
	ASSERT_STREQ("", put("mem", "1000\t2000\t3000", 0, "1000\t2000\t3000"));
	ASSERT_EQ(0, get("ipv4/tcp_", "mem", now, sizeof(now)));
	ASSERT_STREQ(theirs, now);
	ASSERT_STREQ("", put("mem", "x", EINVAL, "1000\t2000\t3000"));
	ASSERT_STREQ("", put("mem", "default", 0, theirs));
	ASSERT_EQ(0, ns_new());
	ASSERT_EQ(-ENOENT, get("xtcp/", "mem", now, sizeof(now)));
}

TEST(values_out_of_range_are_rejected)
{
	need_xtcp();
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		const struct row *r = &rows[i];

		ASSERT_STREQ("", put_num(r->name, r->min, 0, r->min));
		ASSERT_STREQ("", put_num(r->name, r->max, 0, r->max));
		ASSERT_STREQ("", put_num(r->name, r->min - 1, EINVAL, r->max));
		ASSERT_STREQ("", put_num(r->name, r->max + 1, EINVAL, r->max));
		ASSERT_STREQ("", put_num(r->name, 1LL << 40, EINVAL, r->max));
	}
}

TEST(malformed_numbers_are_rejected)
{
	static const char * const bad[] = { "-1", "x", "1x", "1.5", "0x", "--" };
	char now[64];

	need_xtcp();
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		ASSERT_EQ(0, get("xtcp/", rows[i].name, now, sizeof(now)));
		for (size_t j = 0; j < ARRAY_SIZE(bad); j++)
			ASSERT_STREQ("", put(rows[i].name, bad[j], EINVAL, now));
	}
}

/* Three numbers change together or not at all; writing fewer leaves the rest. */
TEST(three_numbers_change_together)
{
	need_xtcp();
	for (size_t i = 0; i < ARRAY_SIZE(vectors); i++) {
		const char *name = vectors[i].name;

		ASSERT_STREQ("", put(name, "5000 6000 7000", 0, "5000\t6000\t7000"));
		ASSERT_STREQ("", put(name, "5001 6001", 0, "5001\t6001\t7000"));
		ASSERT_STREQ("", put(name, "1 0 9000", EINVAL, "5001\t6001\t7000"));
		ASSERT_STREQ("", put(name, "5002 6002 2147483648", EINVAL,
				     "5001\t6001\t7000"));
		ASSERT_STREQ("", put(name, "5003 x", EINVAL, "5001\t6001\t7000"));
	}
}

/* Every file is in one of the tables above, so none is untested. */
TEST(every_file_is_known)
{
	static const char * const words[] = {
		"rmem", "wmem", "congestion_control",
		"available_congestion_control", "allowed_congestion_control",
		"fastopen_key", "ehash_entries", "enabled",
	};
	struct dirent *e;
	DIR *dir;

	need_xtcp();
	dir = opendir("/proc/sys/net/xtcp");
	ASSERT_NE(NULL, dir);
	while ((e = readdir(dir))) {
		bool known = e->d_name[0] == '.';

		for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
			known |= !strcmp(rows[i].name, e->d_name);
		for (size_t i = 0; i < ARRAY_SIZE(words); i++)
			known |= !strcmp(words[i], e->d_name);
		ASSERT_TRUE(known) TH_LOG("%s", e->d_name);
	}
	closedir(dir);
}

/* A value of one namespace does not affect another. */
TEST(namespaces_have_their_own_values)
{
	char now[64];

	need_xtcp();
	ASSERT_STREQ("", put("sack", "0", 0, "0"));
	ASSERT_STREQ("", put("wmem", "5000 6000 7000", 0, "5000\t6000\t7000"));
	ASSERT_EQ(0, ns_new());
	ASSERT_EQ(0, get("xtcp/", "sack", now, sizeof(now)));
	ASSERT_STREQ("1", now);
	ASSERT_EQ(0, get("xtcp/", "wmem", now, sizeof(now)));
	ASSERT_STRNE("5000\t6000\t7000", now);
}

TEST(buffers_of_a_new_socket)
{
	int fd;

	need_xtcp();
	ASSERT_STREQ("", put("rmem", "4096 50000 90000", 0, "4096\t50000\t90000"));
	ASSERT_STREQ("", put("wmem", "4096 30000 90000", 0, "4096\t30000\t90000"));
	fd = stack_socket(XTCP, 0);
	ASSERT_GE(fd, 0);
	ASSERT_EQ(50000, get_int(fd, SOL_SOCKET, SO_RCVBUF));
	ASSERT_EQ(30000, get_int(fd, SOL_SOCKET, SO_SNDBUF));
	close(fd);
}

/* Buffers do not grow beyond the third number. */
TEST(buffers_stay_below_the_most)
{
	int fd[2];

	need_xtcp();
	ASSERT_STREQ("", put("rmem", "4096 50000 90000", 0, "4096\t50000\t90000"));
	ASSERT_STREQ("", put("wmem", "4096 30000 80000", 0, "4096\t30000\t80000"));
	ASSERT_EQ(0, st_pair(XTCP, XTCP, fd));
	ASSERT_EQ(0, set_int(fd[0], IPPROTO_TCP, TCP_NODELAY, 1));
	for (int i = 0; i < 200; i++) {
		ASSERT_EQ(10000, send_pat(fd[0], i * 10000, 10000));
		ASSERT_EQ(10000, recv_pat(fd[1], i * 10000, 10000));
	}
	ASSERT_GE(90000, get_int(fd[1], SOL_SOCKET, SO_RCVBUF));
	ASSERT_GE(80000, get_int(fd[0], SOL_SOCKET, SO_SNDBUF));
	close(fd[0]);
	close(fd[1]);
}

/* Even with a limit of 0 bytes below IP one packet at a time is sent. */
TEST(limit_output_bytes)
{
	int fd[2];

	need_xtcp();
	ASSERT_STREQ("", put("limit_output_bytes", "0", 0, "0"));
	ASSERT_EQ(0, st_pair(XTCP, XTCP, fd));
	for (int i = 0; i < 20; i++) {
		ASSERT_EQ(50000, send_pat(fd[0], i * 50000, 50000));
		ASSERT_EQ(50000, recv_pat(fd[1], i * 50000, 50000));
	}
	close(fd[0]);
	close(fd[1]);
}

TEST(ehash_entries_is_read_only)
{
	char now[64];

	need_xtcp();
	ASSERT_EQ(0, get("xtcp/", "ehash_entries", now, sizeof(now)));
	ASSERT_GE(atoi(now), 256);
	ASSERT_EQ(-EACCES, ns_sysctl("xtcp/ehash_entries", "1"));
}

/* The limit of unsent bytes: the namespace's, unless the socket has its own. */
TEST(notsent_lowat_is_default_of_sockets)
{
	int fd[2], big = 1 << 20;

	need_xtcp();
	ASSERT_EQ(0, st_pair(XTCP, XTCP, fd));
	ASSERT_EQ(0, set_int(fd[0], SOL_SOCKET, SO_SNDBUF, big));
	ASSERT_EQ(0, set_int(fd[1], SOL_SOCKET, SO_RCVBUF, 4096));
	nonblocking(fd[0]);
	while (send_pat(fd[0], 0, 1000) == 1000 && poll_now(fd[0], POLLOUT) & POLLOUT &&
	       get_int(fd[0], IPPROTO_TCP, TCP_NOTSENT_LOWAT) == 0 && big > 0)
		big -= 4000;
	ASSERT_TRUE(poll_now(fd[0], POLLOUT) & POLLOUT);
	ASSERT_STREQ("", put("notsent_lowat", "1000", 0, "1000"));
	ASSERT_FALSE(poll_now(fd[0], POLLOUT) & POLLOUT);
	ASSERT_EQ(0, set_int(fd[0], IPPROTO_TCP, TCP_NOTSENT_LOWAT, 1 << 30));
	ASSERT_TRUE(poll_now(fd[0], POLLOUT) & POLLOUT);
	close(fd[0]);
	close(fd[1]);
}

/* An unprivileged user may read sysctls but not write them. */
TEST(writing_needs_privilege)
{
	pid_t pid;
	int status;

	need_xtcp();
	pid = child();
	if (!pid) {
		char now[64];

		if (setuid(65534))
			_exit(2);
		_exit(get("xtcp/", "sack", now, sizeof(now)) ||
		      ns_sysctl("xtcp/sack", "0") != -EACCES);
	}
	ASSERT_EQ(pid, waitpid(pid, &status, 0));
	ASSERT_EQ(0, status);
}

TEST_HARNESS_MAIN
