// SPDX-License-Identifier: GPL-2.0
/*
 * Moves all tasks of a cgroup to XTCP, statically linked programs included.
 *
 * From Linux 6.6 on socket() calls update_socket_protocol() to map the protocol it was
 * given, and a BPF program may replace the result. The program here returns
 * IPPROTO_XTCP if the task is in the cgroup, or in one below it, and asks for TCP or for
 * MPTCP, which falls back to TCP. It is written as BPF instructions, so that neither a BPF compiler nor libbpf is needed.
 * It stays attached while its link is pinned as PINS/INODE-OF-THE-CGROUP.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/utsname.h>
#include <sys/vfs.h>
#include <unistd.h>

#include <linux/bpf.h>
#include <linux/btf.h>
#include <linux/in.h>
#include <linux/magic.h>
#include <linux/xtcp.h>

#include "xtcp_cgroup.h"

#define BPFFS	"/sys/fs/bpf"
#define PINS	BPFFS "/xtcp"
#define TYPES	"/sys/kernel/btf/vmlinux"
#define HOOK	"update_socket_protocol"

/* SOCK_STREAM etc.; the other bits of type are SOCK_NONBLOCK and SOCK_CLOEXEC. */
#define TYPE_MASK	0xf

/* How long to wait until a detached BPF program is freed, ms. */
#define GONE_MS		5000

#define ARRAY_SIZE(a)	(sizeof(a) / sizeof((a)[0]))

static int complain(const char *what, int err)
{
	fprintf(stderr, "xtcp_run: --cgroup: %s: %s\n", what, strerror(-err));
	return err;
}

static int bpf(int cmd, union bpf_attr *attr)
{
	int ret = syscall(SYS_bpf, cmd, attr, sizeof(*attr));

	return ret < 0 ? -errno : ret;
}

/* ---- the BTF id of the hook ---- */

/* Bytes that follow a struct btf_type; -1 for an unknown kind. */
static long btf_tail(const struct btf_type *t)
{
	static const struct {
		unsigned int once, each;
	} tail[] = {
		[BTF_KIND_INT]		= { 4, 0 },
		[BTF_KIND_ARRAY]	= { sizeof(struct btf_array), 0 },
		[BTF_KIND_STRUCT]	= { 0, sizeof(struct btf_member) },
		[BTF_KIND_UNION]	= { 0, sizeof(struct btf_member) },
		[BTF_KIND_ENUM]		= { 0, sizeof(struct btf_enum) },
		[BTF_KIND_FUNC_PROTO]	= { 0, sizeof(struct btf_param) },
		[BTF_KIND_VAR]		= { sizeof(struct btf_var), 0 },
		[BTF_KIND_DATASEC]	= { 0, sizeof(struct btf_var_secinfo) },
		[BTF_KIND_DECL_TAG]	= { sizeof(struct btf_decl_tag), 0 },
		[BTF_KIND_ENUM64]	= { 0, sizeof(struct btf_enum64) },
	};
	unsigned int kind = BTF_INFO_KIND(t->info);

	if (kind > BTF_KIND_MAX)
		return -1;
	/* The vlen field of a function is its linkage. */
	if (kind >= ARRAY_SIZE(tail) || kind == BTF_KIND_FUNC)
		return 0;
	return tail[kind].once + (long)tail[kind].each * BTF_INFO_VLEN(t->info);
}

/* BTF id of the function @name; 0 if there is none. @size in bytes. */
static int btf_function(const char *btf, size_t size, const char *name)
{
	const struct btf_header *h = (const void *)btf;
	const char *at, *end, *strings;
	size_t types, len;
	int id;

	if (size < sizeof(*h) || h->magic != BTF_MAGIC || h->hdr_len > size)
		return 0;
	len = size - h->hdr_len;
	types = h->type_off;
	if (types > len || h->type_len > len - types ||
	    h->str_off > len || h->str_len > len - h->str_off || !h->str_len)
		return 0;
	strings = btf + h->hdr_len + h->str_off;
	if (strings[h->str_len - 1])
		return 0;
	at = btf + h->hdr_len + types;
	end = at + h->type_len;
	for (id = 1; end - at >= (long)sizeof(struct btf_type); id++) {
		const struct btf_type *t = (const void *)at;
		long tail = btf_tail(t);

		if (tail < 0)
			return 0;
		if (BTF_INFO_KIND(t->info) == BTF_KIND_FUNC &&
		    t->name_off < h->str_len && !strcmp(strings + t->name_off, name))
			return id;
		at += sizeof(*t) + tail;
	}
	return 0;
}

/*
 * BTF id of the hook in the running kernel; 0 if there is none. The file is read, since
 * older kernels cannot map it.
 */
static int hook_id(void)
{
	size_t size = 0, n = 0;
	char *btf = NULL;
	struct stat st;
	ssize_t got;
	int fd, id = 0;

	fd = open(TYPES, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return 0;
	if (!fstat(fd, &st) && st.st_size > 0) {
		size = st.st_size;
		btf = malloc(size);
	}
	while (btf && n < size) {
		got = read(fd, btf + n, size - n);
		if (got <= 0)
			break;
		n += got;
	}
	if (btf && n == size)
		id = btf_function(btf, size, HOOK);
	free(btf);
	close(fd);
	return id;
}

/*
 * Report that the kernel lacks the hook. The message names the version that has it,
 * but only the presence of the hook decides.
 */
static int no_hook(void)
{
	struct utsname u;

	fprintf(stderr, "xtcp_run: --cgroup: not supported by this kernel, %s; it takes Linux 6.6 with BTF and MPTCP\n",
		uname(&u) ? "of unknown version" : u.release);
	return -ENOTSUP;
}

/* ---- the program ---- */

#define INSN(c, d, s, o, i) \
	{ .code = (c), .dst_reg = (d), .src_reg = (s), .off = (o), .imm = (i) }
#define ARG(d, n)	INSN(BPF_LDX | BPF_MEM | BPF_DW, d, BPF_REG_6, 8 * (n), 0)
#define MOV(d, i)	INSN(BPF_ALU64 | BPF_MOV | BPF_K, d, 0, 0, i)
#define AND(d, i)	INSN(BPF_ALU64 | BPF_AND | BPF_K, d, 0, 0, i)
/* Arguments are 32 bits wide; the upper half of their registers is undefined. */
#define IF_EQ(d, i, by)	INSN(BPF_JMP32 | BPF_JEQ | BPF_K, d, 0, by, i)
#define IF_NE(d, i, by)	INSN(BPF_JMP32 | BPF_JNE | BPF_K, d, 0, by, i)
#define CALL(f)		INSN(BPF_JMP | BPF_CALL, 0, 0, 0, f)
#define EXIT()		INSN(BPF_JMP | BPF_EXIT, 0, 0, 0, 0)

/*
 * Load the program. A result other than 0 becomes the result of the hooked function,
 * which is then not called. Return: file descriptor, or -errno.
 */
static int load(int map, int hook)
{
	const struct bpf_insn insns[] = {
		INSN(BPF_ALU64 | BPF_MOV | BPF_X, BPF_REG_6, BPF_REG_1, 0, 0),
		ARG(BPF_REG_2, 0),			/* family */
		IF_EQ(BPF_REG_2, AF_INET, 1),
		IF_NE(BPF_REG_2, AF_INET6, 14),
		ARG(BPF_REG_2, 1),			/* type */
		AND(BPF_REG_2, TYPE_MASK),
		IF_NE(BPF_REG_2, SOCK_STREAM, 11),
		ARG(BPF_REG_2, 2),			/* protocol */
		IF_EQ(BPF_REG_2, 0, 2),
		IF_EQ(BPF_REG_2, IPPROTO_TCP, 1),
		IF_NE(BPF_REG_2, IPPROTO_MPTCP, 7),
		INSN(BPF_LD | BPF_IMM | BPF_DW, BPF_REG_1, BPF_PSEUDO_MAP_FD, 0, map),
		INSN(0, 0, 0, 0, 0),
		MOV(BPF_REG_2, 0),
		CALL(BPF_FUNC_current_task_under_cgroup),
		IF_NE(BPF_REG_0, 1, 2),
		MOV(BPF_REG_0, IPPROTO_XTCP),
		EXIT(),
		MOV(BPF_REG_0, 0),
		EXIT(),
	};
	static char log[65536];
	union bpf_attr attr = {
		.prog_type = BPF_PROG_TYPE_TRACING,
		.expected_attach_type = BPF_MODIFY_RETURN,
		.attach_btf_id = hook,
		.insns = (uintptr_t)insns,
		.insn_cnt = ARRAY_SIZE(insns),
		.license = (uintptr_t)"GPL",
		.prog_name = "xtcp_cgroup",
	};
	int fd = bpf(BPF_PROG_LOAD, &attr);

	if (fd >= 0 || fd == -EPERM)
		return fd < 0 ? complain("cannot load the BPF program", fd) : fd;
	/* Load it again with a log, for the message of the verifier. */
	attr.log_buf = (uintptr_t)log;
	attr.log_size = sizeof(log);
	attr.log_level = 1;
	bpf(BPF_PROG_LOAD, &attr);
	fputs(log, stderr);
	return complain("cannot load the BPF program", fd);
}

/* A map with one element, the cgroup, for the program. Return: descriptor, or -errno. */
static int table_of(int cgroup)
{
	const uint32_t key = 0, value = cgroup;
	union bpf_attr attr = {
		.map_type = BPF_MAP_TYPE_CGROUP_ARRAY,
		.key_size = sizeof(key),
		.value_size = sizeof(value),
		.max_entries = 1,
		.map_name = "xtcp_cgroup",
	};
	int ret, map = bpf(BPF_MAP_CREATE, &attr);

	if (map < 0)
		return complain("cannot create a BPF map", map);
	memset(&attr, 0, sizeof(attr));
	attr.map_fd = map;
	attr.key = (uintptr_t)&key;
	attr.value = (uintptr_t)&value;
	ret = bpf(BPF_MAP_UPDATE_ELEM, &attr);
	if (ret < 0) {
		close(map);
		return complain("cannot add the cgroup to the BPF map", ret);
	}
	return map;
}

/* Attach the program and pin its link as @pin. */
static int attach(int prog, const char *pin)
{
	union bpf_attr attr = {
		.link_create = { .prog_fd = prog, .attach_type = BPF_MODIFY_RETURN },
	};
	int ret, link = bpf(BPF_LINK_CREATE, &attr);

	if (link < 0)
		return complain("cannot attach the BPF program", link);
	memset(&attr, 0, sizeof(attr));
	attr.bpf_fd = link;
	attr.pathname = (uintptr_t)pin;
	ret = bpf(BPF_OBJ_PIN, &attr);
	close(link);
	return ret < 0 ? complain(pin, ret) : 0;
}

/* ---- on and off ---- */

/* Open the cgroup and write the path of its pin to @pin. Return: descriptor, or -errno. */
static int cgroup_open(const char *dir, char *pin, size_t size)
{
	struct statfs fs;
	struct stat st;
	int fd;

	fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return complain(dir, -errno);
	if (fstatfs(fd, &fs) || fs.f_type != CGROUP2_SUPER_MAGIC || fstat(fd, &st)) {
		close(fd);
		fprintf(stderr, "xtcp_run: --cgroup: %s: not a cgroup (version 2)\n",
			dir);
		return -EINVAL;
	}
	snprintf(pin, size, PINS "/%llu", (unsigned long long)st.st_ino);
	return fd;
}

/**
 * xtcp_cgroup_on - give the tasks of a cgroup XTCP sockets where they ask for TCP
 * @dir: directory of the cgroup
 *
 * Affects sockets that are opened from now on. Prints errors to standard error.
 *
 * Return: 0, also if it was on already; or -errno, -ENOTSUP if the kernel lacks the hook.
 */
int xtcp_cgroup_on(const char *dir)
{
	int cgroup, map = -1, prog = -1, hook, ret;
	struct statfs fs;
	char pin[PATH_MAX];

	hook = hook_id();
	if (!hook)
		return no_hook();
	cgroup = cgroup_open(dir, pin, sizeof(pin));
	if (cgroup < 0)
		return cgroup;
	ret = -ENODEV;
	if (statfs(BPFFS, &fs) || fs.f_type != BPF_FS_MAGIC) {
		fputs("xtcp_run: --cgroup: no BPF file system; mount -t bpf none " BPFFS "\n", stderr);
		goto out;
	}
	if (mkdir(PINS, 0700) && errno != EEXIST) {
		ret = complain(PINS, -errno);
		goto out;
	}
	/* A second program would change nothing and slow socket() down. */
	ret = 0;
	if (!access(pin, F_OK))
		goto out;
	map = table_of(cgroup);
	if (map >= 0)
		prog = load(map, hook);
	ret = map < 0 ? map : prog < 0 ? prog : attach(prog, pin);
out:
	if (prog >= 0)
		close(prog);
	if (map >= 0)
		close(map);
	close(cgroup);
	return ret;
}

/* Id of the BPF program whose link is pinned as @pin; 0 if there is none. */
static uint32_t program_of(const char *pin)
{
	struct bpf_link_info info = {};
	union bpf_attr attr = { .pathname = (uintptr_t)pin };
	int ret, link = bpf(BPF_OBJ_GET, &attr);

	if (link < 0)
		return 0;
	memset(&attr, 0, sizeof(attr));
	attr.info.bpf_fd = link;
	attr.info.info = (uintptr_t)&info;
	attr.info.info_len = sizeof(info);
	ret = bpf(BPF_OBJ_GET_INFO_BY_FD, &attr);
	close(link);
	return ret < 0 ? 0 : info.prog_id;
}

/*
 * The kernel detaches a program some time after its link is unpinned, and frees its id
 * then. Return: whether that happened within GONE_MS.
 */
static bool program_gone(uint32_t id)
{
	int i, fd;

	for (i = 0; i < GONE_MS; i++) {
		union bpf_attr attr = { .prog_id = id };

		fd = bpf(BPF_PROG_GET_FD_BY_ID, &attr);
		if (fd < 0)
			return true;
		close(fd);
		usleep(1000);
	}
	return false;
}

/**
 * xtcp_cgroup_off - undo xtcp_cgroup_on()
 * @dir: directory of the cgroup
 *
 * Sockets that are open stay XTCP sockets. Prints errors to standard error.
 *
 * Return: 0, or -errno: -ENOENT if it was off, -EBUSY if another process holds the BPF
 * program.
 */
int xtcp_cgroup_off(const char *dir)
{
	char pin[PATH_MAX];
	int cgroup = cgroup_open(dir, pin, sizeof(pin));
	uint32_t id;

	if (cgroup < 0)
		return cgroup;
	close(cgroup);
	id = program_of(pin);
	if (!unlink(pin))
		return !id || program_gone(id) ? 0 : complain("BPF program still attached", -EBUSY);
	if (errno != ENOENT)
		return complain(pin, -errno);
	fprintf(stderr, "xtcp_run: --cgroup: %s is not switched on\n", dir);
	return -ENOENT;
}
