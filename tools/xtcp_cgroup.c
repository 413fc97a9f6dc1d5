// SPDX-License-Identifier: GPL-2.0
/*
 * A whole cgroup on XTCP, programs that are linked statically included.
 *
 * From Linux 6.6 on socket() asks update_socket_protocol() what protocol to make
 * of the one it was given, and a BPF program may answer in its place. Ours, of two
 * dozen instructions, answers IPPROTO_XTCP to the tasks of one cgroup, and of those
 * below it, that ask for TCP. It is written out here, so that neither a compiler
 * nor a library is needed where it runs. It stays for as long as its link has a
 * name in the file system of BPF, and that is PINS/NUMBER-OF-THE-CGROUP.
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

/* Low bits of a socket's type; the rest are SOCK_NONBLOCK and SOCK_CLOEXEC. */
#define TYPE_MASK	0xf

/* How long a program may take to go, ms. */
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

/* ---- where the hook is ---- */

/* Bytes that follow a type's description; -1: a kind that is not known. */
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
	/* A function's count is its linkage. */
	if (kind >= ARRAY_SIZE(tail) || kind == BTF_KIND_FUNC)
		return 0;
	return tail[kind].once + (long)tail[kind].each * BTF_INFO_VLEN(t->info);
}

/* The number of function @name among the kernel's types; 0: there is none. */
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

/* The kernel's types are in a file; its size is known, but not for mapping. */
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
 * Silence would let somebody believe that the programs of a cgroup were moved.
 * What a kernel can do decides, its version is but the word to search for.
 */
static int no_hook(void)
{
	struct utsname u;

	fprintf(stderr, "xtcp_run: --cgroup: this kernel, %s, cannot; that takes Linux 6.6 with BTF and MPTCP\n",
		uname(&u) ? "of unknown version" : u.release);
	return -ENOTSUP;
}

/* ---- the program ---- */

#define INSN(c, d, s, o, i) \
	{ .code = (c), .dst_reg = (d), .src_reg = (s), .off = (o), .imm = (i) }
#define ARG(d, n)	INSN(BPF_LDX | BPF_MEM | BPF_DW, d, BPF_REG_6, 8 * (n), 0)
#define MOV(d, i)	INSN(BPF_ALU64 | BPF_MOV | BPF_K, d, 0, 0, i)
#define AND(d, i)	INSN(BPF_ALU64 | BPF_AND | BPF_K, d, 0, 0, i)
/* Arguments are 32 bits wide, and the upper half of a register is anything. */
#define IF_EQ(d, i, by)	INSN(BPF_JMP32 | BPF_JEQ | BPF_K, d, 0, by, i)
#define IF_NE(d, i, by)	INSN(BPF_JMP32 | BPF_JNE | BPF_K, d, 0, by, i)
#define CALL(f)		INSN(BPF_JMP | BPF_CALL, 0, 0, 0, f)
#define EXIT()		INSN(BPF_JMP | BPF_EXIT, 0, 0, 0, 0)

/* What is not 0 is the function's result, and the function itself is left out. */
static int load(int map, int hook)
{
	const struct bpf_insn insns[] = {
		INSN(BPF_ALU64 | BPF_MOV | BPF_X, BPF_REG_6, BPF_REG_1, 0, 0),
		ARG(BPF_REG_2, 0),			/* family */
		IF_EQ(BPF_REG_2, AF_INET, 1),
		IF_NE(BPF_REG_2, AF_INET6, 13),
		ARG(BPF_REG_2, 1),			/* type */
		AND(BPF_REG_2, TYPE_MASK),
		IF_NE(BPF_REG_2, SOCK_STREAM, 10),
		ARG(BPF_REG_2, 2),			/* protocol */
		IF_EQ(BPF_REG_2, 0, 1),
		IF_NE(BPF_REG_2, IPPROTO_TCP, 7),
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
		return fd < 0 ? complain("loading the program", fd) : fd;
	/* Once more, for the kernel to say what it does not like. */
	attr.log_buf = (uintptr_t)log;
	attr.log_size = sizeof(log);
	attr.log_level = 1;
	bpf(BPF_PROG_LOAD, &attr);
	fputs(log, stderr);
	return complain("loading the program", fd);
}

/* The program reads which cgroup is meant from a table of one. */
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
		return complain("making a table", map);
	memset(&attr, 0, sizeof(attr));
	attr.map_fd = map;
	attr.key = (uintptr_t)&key;
	attr.value = (uintptr_t)&value;
	ret = bpf(BPF_MAP_UPDATE_ELEM, &attr);
	if (ret < 0) {
		close(map);
		return complain("naming the cgroup", ret);
	}
	return map;
}

static int attach(int prog, const char *pin)
{
	union bpf_attr attr = {
		.link_create = { .prog_fd = prog, .attach_type = BPF_MODIFY_RETURN },
	};
	int ret, link = bpf(BPF_LINK_CREATE, &attr);

	if (link < 0)
		return complain("attaching the program", link);
	memset(&attr, 0, sizeof(attr));
	attr.bpf_fd = link;
	attr.pathname = (uintptr_t)pin;
	ret = bpf(BPF_OBJ_PIN, &attr);
	close(link);
	return ret < 0 ? complain(pin, ret) : 0;
}

/* ---- on and off ---- */

/* Opens the cgroup and finds the name of its pin. */
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
		fprintf(stderr, "xtcp_run: --cgroup: %s: not a cgroup of the second version\n",
			dir);
		return -EINVAL;
	}
	snprintf(pin, size, PINS "/%llu", (unsigned long long)st.st_ino);
	return fd;
}

/**
 * xtcp_cgroup_on - from now on TCP sockets of a cgroup's tasks are XTCP's
 * @dir: directory of the cgroup
 *
 * It has said what went wrong. Return: 0, or -errno; -ENOTSUP: the kernel cannot.
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
		fputs("xtcp_run: --cgroup: mount -t bpf none " BPFFS " is needed\n", stderr);
		goto out;
	}
	if (mkdir(PINS, 0700) && errno != EEXIST) {
		ret = complain(PINS, -errno);
		goto out;
	}
	/* To have it twice would change nothing, but cost something. */
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

/* The number of the program behind a pin; 0: there is none. */
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
 * The kernel takes a program off some time after the last name of its link is gone,
 * and forgets its number then. Return: whether that has happened.
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
 * xtcp_cgroup_off - new sockets of a cgroup's tasks are the kernel's again
 * @dir: directory of the cgroup
 *
 * Sockets that are open stay what they are. Return: as above; -ENOENT: it was off;
 * -EBUSY: somebody else has hold of the program.
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
		return !id || program_gone(id) ? 0 : complain("the program", -EBUSY);
	if (errno != ENOENT)
		return complain(pin, -errno);
	fprintf(stderr, "xtcp_run: --cgroup: %s is not switched on\n", dir);
	return -ENOENT;
}
