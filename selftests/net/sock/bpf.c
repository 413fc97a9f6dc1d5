// SPDX-License-Identifier: GPL-2.0
/*
 * BPF programs that run for a socket: those of its cgroup, and its own filters. The
 * programs are written as instructions.
 */
#include <stdio.h>

#include <linux/bpf.h>
#include <linux/filter.h>
#include <sys/stat.h>
#include <sys/syscall.h>

#include "sock_test.h"

#define PORT	7000

/* ---- programs ---- */

#define INSN(c, d, s, o, i) \
	((struct bpf_insn){ .code = (c), .dst_reg = (d), .src_reg = (s), .off = (o), .imm = (i) })
#define MOV(d, i)	INSN(BPF_ALU64 | BPF_MOV | BPF_K, d, 0, 0, i)
#define EXIT()		INSN(BPF_JMP | BPF_EXIT, 0, 0, 0, 0)

static int bpf(int cmd, union bpf_attr *attr)
{
	int ret = syscall(__NR_bpf, cmd, attr, sizeof(*attr));

	return ret < 0 ? -errno : ret;
}

struct hook {
	const char *name;
	uint32_t type;		/* BPF_PROG_TYPE_* */
	uint32_t at;		/* attach type */
};

static int load(const struct hook *h, const struct bpf_insn *insns, int n)
{
	union bpf_attr attr = {
		.prog_type = h->type,
		.expected_attach_type = h->at,
		.insns = (uintptr_t)insns,
		.insn_cnt = n,
		.license = (uintptr_t)"GPL",
	};

	return bpf(BPF_PROG_LOAD, &attr);
}

/* A program that always returns @verdict: 1 permits, 0 refuses. */
static int load_verdict(const struct hook *h, int verdict)
{
	const struct bpf_insn insns[] = { MOV(BPF_REG_0, verdict), EXIT() };

	return load(h, insns, 2);
}

/* A program that writes @value to its context at @offset bytes and permits. */
static int load_rewrite(const struct hook *h, int offset, uint32_t value)
{
	const struct bpf_insn insns[] = {
		MOV(BPF_REG_2, value),
		INSN(BPF_STX | BPF_MEM | BPF_W, BPF_REG_1, BPF_REG_2, offset, 0),
		MOV(BPF_REG_0, 1),
		EXIT(),
	};

	return load(h, insns, 4);
}

static int counter(void)
{
	union bpf_attr attr = {
		.map_type = BPF_MAP_TYPE_ARRAY,
		.key_size = 4,
		.value_size = 8,
		.max_entries = 1,
	};

	return bpf(BPF_MAP_CREATE, &attr);
}

static long count_of(int map)
{
	uint32_t key = 0;
	uint64_t n = 0;
	union bpf_attr attr = {
		.map_fd = map,
		.key = (uintptr_t)&key,
		.value = (uintptr_t)&n,
	};

	return bpf(BPF_MAP_LOOKUP_ELEM, &attr) ? -1 : (long)n;
}

/* A program that increments the counter @map and permits. */
static int load_counting(const struct hook *h, int map)
{
	const struct bpf_insn insns[] = {
		INSN(BPF_ST | BPF_MEM | BPF_W, BPF_REG_10, 0, -4, 0),
		INSN(BPF_ALU64 | BPF_MOV | BPF_X, BPF_REG_2, BPF_REG_10, 0, 0),
		INSN(BPF_ALU64 | BPF_ADD | BPF_K, BPF_REG_2, 0, 0, -4),
		INSN(BPF_LD | BPF_DW | BPF_IMM, BPF_REG_1, BPF_PSEUDO_MAP_FD, 0, map),
		INSN(0, 0, 0, 0, 0),
		INSN(BPF_JMP | BPF_CALL, 0, 0, 0, BPF_FUNC_map_lookup_elem),
		INSN(BPF_JMP | BPF_JEQ | BPF_K, BPF_REG_0, 0, 2, 0),
		MOV(BPF_REG_1, 1),
		INSN(BPF_STX | BPF_XADD | BPF_DW, BPF_REG_0, BPF_REG_1, 0, 0),
		MOV(BPF_REG_0, 1),
		EXIT(),
	};

	return load(h, insns, ARRAY_SIZE(insns));
}

/* ---- a cgroup of our own ---- */

FIXTURE(cgroup)
{
	char path[64];
	int dir;
	int fd;
};

FIXTURE_VARIANT(cgroup)
{
	enum stack st;
	enum net net;
};

EACH_STACK(cgroup)

static int cgroup_enter(const char *path)
{
	char procs[96];
	int fd, ret = 0;

	snprintf(procs, sizeof(procs), "%s/cgroup.procs", path);
	fd = open(procs, O_WRONLY);
	if (fd < 0)
		return -errno;
	if (write(fd, "0", 1) != 1)
		ret = -errno;
	close(fd);
	return ret;
}

FIXTURE_SETUP(cgroup)
{
	self->fd = -1;
	variant_begins(variant->st, variant->st, variant->net);
	if (access("/sys/fs/cgroup/cgroup.procs", W_OK))
		SKIP_TEST("no cgroup2 here");
	ASSERT_EQ(0, ns_new());
	snprintf(self->path, sizeof(self->path), "/sys/fs/cgroup/xtcp-%d", getpid());
	ASSERT_EQ(0, mkdir(self->path, 0755));
	self->dir = open(self->path, O_RDONLY | O_DIRECTORY);
	ASSERT_GE(self->dir, 0);
	ASSERT_EQ(0, cgroup_enter(self->path));
}

FIXTURE_TEARDOWN(cgroup)
{
	close(self->fd);
	cgroup_enter("/sys/fs/cgroup");
	rmdir(self->path);
	close(self->dir);
}

static int attach(int dir, const struct hook *h, int prog)
{
	union bpf_attr attr = {
		.target_fd = dir,
		.attach_bpf_fd = prog,
		.attach_type = h->at,
	};

	return bpf(BPF_PROG_ATTACH, &attr);
}

static int detach(int dir, const struct hook *h, int prog)
{
	union bpf_attr attr = {
		.target_fd = dir,
		.attach_bpf_fd = prog,
		.attach_type = h->at,
	};

	close(prog);
	return bpf(BPF_PROG_DETACH, &attr);
}

#define attached(h, loading) ({						\
	int _prog = (loading);						\
	ASSERT_GE(_prog, 0);						\
	ASSERT_EQ(0, attach(self->dir, (h), _prog));			\
	_prog;								\
})

#define detached(h, prog)	ASSERT_EQ(0, detach(self->dir, (h), (prog)))

static const struct hook
	create = { "socket", BPF_PROG_TYPE_CGROUP_SOCK, BPF_CGROUP_INET_SOCK_CREATE },
	release = { "close", BPF_PROG_TYPE_CGROUP_SOCK, BPF_CGROUP_INET_SOCK_RELEASE },
	set_option = { "setsockopt", BPF_PROG_TYPE_CGROUP_SOCKOPT, BPF_CGROUP_SETSOCKOPT },
	get_option = { "getsockopt", BPF_PROG_TYPE_CGROUP_SOCKOPT, BPF_CGROUP_GETSOCKOPT },
	egress = { "packets out", BPF_PROG_TYPE_CGROUP_SKB, BPF_CGROUP_INET_EGRESS },
	ingress = { "packets in", BPF_PROG_TYPE_CGROUP_SKB, BPF_CGROUP_INET_INGRESS };

/* Hooks that IPv4 and IPv6 name differently, indexed by net. */
#define hook_of(what, prog, name) {						\
	{ what, BPF_PROG_TYPE_CGROUP_##prog, BPF_CGROUP_INET4_##name },		\
	{ what, BPF_PROG_TYPE_CGROUP_##prog, BPF_CGROUP_INET6_##name },		\
}

static const struct hook
	bind_in[] = hook_of("bind", SOCK_ADDR, BIND),
	post_bind_in[] = hook_of("bind, after", SOCK, POST_BIND),
	connect_in[] = hook_of("connect", SOCK_ADDR, CONNECT),
	getname_in[] = hook_of("getsockname", SOCK_ADDR, GETSOCKNAME),
	getpeer_in[] = hook_of("getpeername", SOCK_ADDR, GETPEERNAME);

/* ---- system calls ---- */

/*
 * Make the system call for which programs of @h run. @door: the socket is AF_INET or
 * AF_INET6 with IPPROTO_XTCP. 0 or an errno.
 */
static int try(enum stack st, const struct hook *h, bool door)
{
	union addr to = local(PORT);
	int fd = door ? socket(to.sa.sa_family, SOCK_STREAM, st == XTCP ? IPPROTO_XTCP : 0) :
			stack_socket(st, 0);
	int err = 0, val;

	if (fd < 0)
		return errno;
	if (h == &bind_in[net] || h == &post_bind_in[net])
		err = bind_to(fd, &to) ? errno : 0;
	else if (h == &connect_in[net])
		err = connect_to(fd, &to) ? errno : 0;
	else if (h == &set_option)
		err = -set_int(fd, IPPROTO_TCP, TCP_NODELAY, 1);
	else if (h == &get_option)
		val = get_int(fd, IPPROTO_TCP, TCP_NODELAY), err = val < 0 ? -val : 0;
	close(fd);
	return err;
}

TEST_F(cgroup, programs_refuse_calls)
{
	const struct hook * const hooks[] = {
		&create, &bind_in[net], &post_bind_in[net], &connect_in[net], &set_option,
		&get_option,
	};

	for (size_t i = 0; i < ARRAY_SIZE(hooks); i++) {
		const struct hook *h = hooks[i];
		/* Nobody listens on the port. */
		int without = h == &connect_in[net] ? ECONNREFUSED : 0;

		for (int door = 0; door < 2; door++) {
			int prog = attached(h, load_verdict(h, 1));

			TH_LOG("%s, %s", h->name, door ? "by protocol" : "by family");
			EXPECT_EQ(without, try(variant->st, h, door));
			detached(h, prog);
			prog = attached(h, load_verdict(h, 0));
			EXPECT_EQ(EPERM, try(variant->st, h, door));
			detached(h, prog);
			EXPECT_EQ(without, try(variant->st, h, door));
		}
	}
}

/* connect() chooses a port without running the bind() programs. */
TEST_F(cgroup, bind_has_no_say_in_connect)
{
	const struct hook * const hooks[] = { &bind_in[net], &post_bind_in[net] };
	int lfd = st_listen(variant->st, PORT, 5);

	ASSERT_GE(lfd, 0);
	for (int i = 0; i < 2; i++) {
		int prog = attached(hooks[i], load_verdict(hooks[i], 0)), fd;

		TH_LOG("%s", hooks[i]->name);
		fd = st_connect(variant->st, PORT);
		EXPECT_GE(fd, 0);
		if (fd >= 0)
			hard_close(fd);
		detached(hooks[i], prog);
	}
	close(lfd);
}

/* The number in line @name of cgroup.stat; -1: no such line. */
static long cgroup_stat(const char *path, const char *name)
{
	char file[96], line[64];
	long n = -1;
	FILE *f;

	snprintf(file, sizeof(file), "%s/cgroup.stat", path);
	f = fopen(file, "r");
	while (f && n < 0 && fgets(line, sizeof(line), f))
		if (!strncmp(line, name, strlen(name)))
			n = atol(line + strlen(name));
	if (f)
		fclose(f);
	return n;
}

/*
 * A process of another cgroup closes a listener. The rebinding of the listener's port
 * runs no programs of that cgroup and does not keep it from being freed.
 */
TEST_F(cgroup, closes_what_another_bound)
{
	const struct hook * const hooks[] = { &bind_in[net], &post_bind_in[net] };
	union addr any = host(ANY, PORT), second = host("10.9.0.1", PORT);
	char other[80];
	int fd[2], prog;

	snprintf(other, sizeof(other), "%s/other", self->path);
	ASSERT_EQ(0, dev_up("lo", "10.9.0.1", 24, 0));
	for (int i = 0; i < 2; i++) {
		int lfd = stack_socket(variant->st, 0);

		TH_LOG("%s", hooks[i]->name);
		ASSERT_EQ(0, set_int(lfd, SOL_SOCKET, SO_REUSEADDR, 1));
		ASSERT_EQ(0, bind_to(lfd, &any));
		ASSERT_EQ(0, listen(lfd, 5));
		fd[0] = st_connect(variant->st, PORT);
		ASSERT_GE(fd[0], 0);
		fd[1] = accept(lfd, NULL, NULL);
		ASSERT_GE(fd[1], 0);
		ASSERT_EQ(0, mkdir(other, 0755));
		prog = attached(hooks[i], load_verdict(hooks[i], 0));
		ASSERT_EQ(0, close_as(lfd, cgroup_enter, other));
		detached(hooks[i], prog);
		self->fd = stack_socket(KERNEL, 0);
		EXPECT_EQ(0, bind_to(self->fd, &second));
		ASSERT_EQ(0, rmdir(other));
		for (int ms = 0; ms < 5000 && cgroup_stat(self->path, "nr_dying_descendants "); ms += 100)
			sleep_ms(100);
		EXPECT_EQ(0, cgroup_stat(self->path, "nr_dying_descendants "));
		close(self->fd);
		hard_close(fd[1]);
		close(fd[0]);
	}
	self->fd = -1;
}

#define PORT_OFFSET	offsetof(struct bpf_sock_addr, user_port)

/* Programs rewrite addresses of connect(), as the service proxy of a cluster does. */
TEST_F(cgroup, programs_rewrite_addresses_of_connect)
{
	union addr to = local(PORT), got = {};
	socklen_t len = sizeof(got);
	int lfd = st_listen(variant->st, PORT + 1, 5), prog, prog2, c;

	ASSERT_GE(lfd, 0);
	prog = attached(&connect_in[net], load_rewrite(&connect_in[net], PORT_OFFSET, htons(PORT + 1)));
	c = stack_socket(variant->st, 0);
	ASSERT_EQ(0, connect_to(c, &to));
	ASSERT_EQ(0, getpeername(c, &got.sa, &len));
	EXPECT_EQ(PORT + 1, ntohs(got.in.sin_port));
	detached(&connect_in[net], prog);

	prog = attached(&getpeer_in[net], load_rewrite(&getpeer_in[net], PORT_OFFSET, htons(PORT)));
	prog2 = attached(&getname_in[net], load_rewrite(&getname_in[net], PORT_OFFSET, htons(PORT + 2)));
	ASSERT_EQ(0, getpeername(c, &got.sa, &len));
	EXPECT_EQ(PORT, ntohs(got.in.sin_port));
	ASSERT_EQ(0, getsockname(c, &got.sa, &len));
	EXPECT_EQ(PORT + 2, ntohs(got.in.sin_port));
	detached(&getpeer_in[net], prog);
	detached(&getname_in[net], prog2);
	close(c);

	prog = attached(&bind_in[net], load_rewrite(&bind_in[net], PORT_OFFSET, htons(PORT + 3)));
	self->fd = stack_socket(variant->st, 0);
	ASSERT_EQ(0, bind_to(self->fd, &to));
	detached(&bind_in[net], prog);
	EXPECT_EQ(PORT + 3, sock_port(self->fd));
	close(lfd);
}

TEST_F(cgroup, program_runs_when_a_socket_ends)
{
	int map = counter(), fd[2], prog;

	prog = attached(&release, load_counting(&release, map));
	ASSERT_EQ(0, st_pair(variant->st, variant->st, fd));
	EXPECT_EQ(1, count_of(map));	/* the listener */
	close(fd[0]);
	close(fd[1]);
	EXPECT_EQ(3, count_of(map));
	detached(&release, prog);
	close(map);
}

/* ---- packets ---- */

/* SYN, SYN-ACK and ACK are each seen once at egress and once at ingress. */
TEST_F(cgroup, program_sees_each_packet_once)
{
	int in = counter(), out = counter(), prog_in, prog_out, fd[2];

	prog_in = attached(&ingress, load_counting(&ingress, in));
	prog_out = attached(&egress, load_counting(&egress, out));
	ASSERT_EQ(0, st_pair(variant->st, variant->st, fd));
	EXPECT_EQ(3, count_of(in));
	/* The kernel's TCP over IPv6 does not run egress programs on SYN-ACKs. */
	EXPECT_EQ(variant->st == KERNEL && net == V6 ? 2 : 3, count_of(out));
	ASSERT_EQ(100, send_pat(fd[0], 0, 100));
	ASSERT_EQ(100, recv_pat(fd[1], 0, 100));
	EXPECT_LE(4, count_of(in));
	EXPECT_LE(4, count_of(out));
	detached(&ingress, prog_in);
	detached(&egress, prog_out);
	close(fd[0]);
	close(fd[1]);
	close(in);
	close(out);
}

TEST_F_TIMEOUT(cgroup, program_drops_packets, 60)
{
	const struct hook * const hooks[] = { &ingress, &egress };

	for (int i = 0; i < 2; i++) {
		union addr to = local(PORT);
		int lfd = st_listen(variant->st, PORT, 5), prog, fd[2];
		char byte;

		TH_LOG("%s", hooks[i]->name);
		prog = attached(hooks[i], load_verdict(hooks[i], 0));
		fd[0] = stack_socket(variant->st, 0);
		ASSERT_EQ(0, set_int(fd[0], IPPROTO_TCP, TCP_SYNCNT, 1));
		fails(ETIMEDOUT, connect_to(fd[0], &to));
		close(fd[0]);
		detached(hooks[i], prog);

		/* On a connection: nothing arrives while the program refuses; later everything does. */
		fd[0] = st_connect(variant->st, PORT);
		ASSERT_GE(fd[0], 0);
		fd[1] = accept(lfd, NULL, NULL);
		prog = attached(hooks[i], load_verdict(hooks[i], 0));
		ASSERT_EQ(30000, send_pat(fd[0], 0, 30000));
		sleep_ms(300);
		fails(EAGAIN, recv(fd[1], &byte, 1, MSG_DONTWAIT));
		detached(hooks[i], prog);
		ASSERT_EQ(30000, recv_pat(fd[1], 0, 30000));
		close(fd[0]);
		close(fd[1]);
		close(lfd);
	}
}

/* ---- a socket's own filter ---- */

static int filter_set(int fd, uint32_t keep)
{
	struct sock_filter code = { BPF_RET | BPF_K, 0, 0, keep };
	struct sock_fprog prog = { 1, &code };

	return setsockopt(fd, SOL_SOCKET, SO_ATTACH_FILTER, &prog, sizeof(prog)) ? -errno : 0;
}

#define ALL	0x40000
#define filter(fd, keep)	ASSERT_EQ(0, filter_set((fd), (keep)))
#define unfilter(fd)	ASSERT_EQ(0, set_int((fd), SOL_SOCKET, SO_DETACH_FILTER, 0))

TEST_F_TIMEOUT(pair, filter_drops_segments, 60)
{
	char byte;

	filter(self->s, 0);
	ASSERT_EQ(5000, send_pat(self->c, 0, 5000));
	sleep_ms(300);
	fails(EAGAIN, recv(self->s, &byte, 1, MSG_DONTWAIT));
	unfilter(self->s);
	ASSERT_EQ(5000, recv_pat(self->s, 0, 5000));
}

/* A filter keeps the header and 100 bytes; the rest is retransmitted. */
TEST_F_TIMEOUT(pair, segment_that_filter_cuts_is_retransmitted, 60)
{
	filter(self->s, 32 + 100);
	ASSERT_EQ(250, send_pat(self->c, 0, 250));
	ASSERT_EQ(250, recv_pat(self->s, 0, 250));
	/* A filter cannot cut a header. */
	filter(self->s, 1);
	ASSERT_EQ(1, send_pat(self->s, 0, 1));
	ASSERT_EQ(1, recv_pat(self->c, 0, 1));
	sleep_ms(500);
	ASSERT_EQ(0, get_int(self->s, SOL_SOCKET, SO_ERROR));
	unfilter(self->s);
}

TEST_F(pair, filter_by_program)
{
	const struct hook h = { "filter", BPF_PROG_TYPE_SOCKET_FILTER, 0 };
	char byte;
	int prog = load_verdict(&h, 0);

	ASSERT_GE(prog, 0);
	ASSERT_EQ(0, set_int(self->s, SOL_SOCKET, SO_ATTACH_BPF, prog));
	ASSERT_EQ(100, send_pat(self->c, 0, 100));
	sleep_ms(100);
	fails(EAGAIN, recv(self->s, &byte, 1, MSG_DONTWAIT));
	ASSERT_EQ(0, set_int(self->s, SOL_SOCKET, SO_DETACH_BPF, 0));
	ASSERT_EQ(100, recv_pat(self->s, 0, 100));
	close(prog);
}

TEST_F(one, filter_is_kept)
{
	struct sock_filter got[4] = {};
	socklen_t len = 4;

	filter(self->fd, ALL);
	/* The length is in instructions, not bytes. */
	ASSERT_EQ(0, getsockopt(self->fd, SOL_SOCKET, SO_GET_FILTER, got, &len));
	EXPECT_EQ(1, len);
	EXPECT_EQ(ALL, got[0].k);
	ASSERT_EQ(0, set_int(self->fd, SOL_SOCKET, SO_LOCK_FILTER, 1));
	EXPECT_EQ(-EPERM, filter_set(self->fd, 0));
	EXPECT_EQ(-EPERM, set_int(self->fd, SOL_SOCKET, SO_DETACH_FILTER, 0));
	EXPECT_EQ(-EPERM, set_int(self->fd, SOL_SOCKET, SO_LOCK_FILTER, 0));
}

/* A listener's filter runs on SYNs, and accepted sockets inherit it. */
TEST_F_TIMEOUT(one, filter_of_a_listener, 60)
{
	union addr to = local(PORT);
	struct sock_filter got[4];
	socklen_t len = 4;
	int c, s;

	ASSERT_EQ(0, bind_to(self->fd, &to));
	ASSERT_EQ(0, listen(self->fd, 5));
	filter(self->fd, 0);
	c = stack_socket(variant->st, 0);
	ASSERT_EQ(0, set_int(c, IPPROTO_TCP, TCP_SYNCNT, 1));
	fails(ETIMEDOUT, connect_to(c, &to));
	close(c);
	filter(self->fd, ALL);
	c = st_connect(variant->st, PORT);
	ASSERT_GE(c, 0);
	s = accept(self->fd, NULL, NULL);
	ASSERT_EQ(0, getsockopt(s, SOL_SOCKET, SO_GET_FILTER, got, &len));
	EXPECT_EQ(1, len);
	unfilter(s);
	ASSERT_EQ(100, send_pat(c, 0, 100));
	ASSERT_EQ(100, recv_pat(s, 0, 100));
	close(c);
	close(s);
}

TEST_HARNESS_MAIN
