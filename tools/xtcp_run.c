// SPDX-License-Identifier: GPL-2.0
/*
 * xtcp_run [--seccomp] PROGRAM [ARGUMENT...]
 * xtcp_run --cgroup DIR [--off]
 * xtcp_run --systemd UNIT [--off]
 *
 * Runs a program with its TCP connections over XTCP: adds the preload library, found
 * beside this executable or in ../lib/xtcp relative to it, to LD_PRELOAD and executes
 * the program. Where the library is not loaded, a seccomp filter takes its place
 * (xtcp_seccomp.c). The second form moves the tasks of a cgroup to XTCP (xtcp_cgroup.c), the
 * third a service of systemd (xtcp_systemd.c).
 * See xtcp_run(1).
 */
#define _GNU_SOURCE
#include <errno.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <linux/xtcp.h>
#include <xtcp/version.h>

#include "xtcp_cgroup.h"
#include "xtcp_elf.h"
#include "xtcp_seccomp.h"
#include "xtcp_systemd.h"
#include "xtcp_why.h"

#define LIBRARY	"xtcp_preload.so"

#define ARRAY_SIZE(a)	(sizeof(a) / sizeof((a)[0]))

/* Exit codes; 126 and 127 are those of env(1). */
#define EXIT_NO_XTCP	1
#define EXIT_USAGE	2
#define EXIT_CANNOT_RUN	126
#define EXIT_NOT_FOUND	127

static const char usage[] =
	"usage: xtcp_run [--seccomp] PROGRAM [ARGUMENT...]\n"
	"       xtcp_run --cgroup DIR [--off]\n"
	"       xtcp_run --systemd UNIT [--off]\n"
	"Runs PROGRAM with its TCP streams (IPv4, IPv6) over XTCP.\n"
	"--seccomp: also those of static programs and of programs in Go that it starts; chosen\n"
	"by itself if PROGRAM is such a program.\n"
	"--cgroup: does so for all programs in the cgroup DIR, until --off; needs Linux 6.6.\n"
	"--systemd: does so for the service UNIT from its next start, until --off.\n"
	"XTCP_FALLBACK=1 in the environment: use the kernel's TCP if the xtcp module\n"
	"is not loaded. See xtcp_run(1).\n";

/*
 * Can an XTCP socket be opened? Return: 0, or -errno. If "make install AUTOLOAD=y" was
 * used, the attempt makes the kernel load the module, for any user; running modprobe
 * here would need root.
 */
static int xtcp_probe(void)
{
	int fd = socket(AF_XTCP, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (fd < 0)
		return -errno;
	close(fd);
	return 0;
}

/*
 * Path of the library: beside the executable (source tree), or as installed. LD_PRELOAD
 * separates names by colons and blanks, so the path can contain neither.
 */
static int find_library(char *path, size_t size)
{
	static const char *const where[] = { LIBRARY, "../lib/xtcp/" LIBRARY };
	char self[PATH_MAX];
	ssize_t n = readlink("/proc/self/exe", self, sizeof(self) - 1);
	char *slash;
	size_t i;

	if (n < 0)
		return -errno;
	self[n] = '\0';
	slash = strrchr(self, '/');
	if (!slash)
		return -ENOENT;
	slash[1] = '\0';
	for (i = 0; i < ARRAY_SIZE(where); i++) {
		if ((size_t)snprintf(path, size, "%s%s", self, where[i]) >= size)
			return -ENAMETOOLONG;
		if (!access(path, R_OK))
			return 0;
	}
	return -ENOENT;
}

/* The path of the library that is to be preloaded, or a message and false. */
static bool library_path(char *path, size_t size)
{
	int ret = find_library(path, size);

	if (ret) {
		fprintf(stderr, "xtcp_run: cannot find %s: %s\n", LIBRARY, strerror(-ret));
		return false;
	}
	if (strpbrk(path, ": ")) {
		fprintf(stderr, "xtcp_run: LD_PRELOAD cannot name a path with a colon or blank: %s\n",
			path);
		return false;
	}
	return true;
}

/* Put the library first in LD_PRELOAD: it calls the libraries that are already there. */
static int preload(const char *path)
{
	const char *old = getenv("LD_PRELOAD");
	char *list;
	int ret;

	if (!old || !*old)
		return setenv("LD_PRELOAD", path, 1) ? -errno : 0;
	if (asprintf(&list, "%s:%s", path, old) < 0)
		return -ENOMEM;
	ret = setenv("LD_PRELOAD", list, 1) ? -errno : 0;
	free(list);
	return ret;
}

/*
 * --cgroup DIR [--off]: for programs that cannot be preloaded. Without the module,
 * socket() would fail in the cgroup, so --cgroup needs it; --off does not.
 */
static int cgroup(int argc, char **argv)
{
	int ret;

	if (argc == 4 && !strcmp(argv[3], "--off"))
		return xtcp_cgroup_off(argv[2]) ? EXIT_NO_XTCP : 0;
	if (argc != 3) {
		fputs(usage, stderr);
		return EXIT_USAGE;
	}
	ret = xtcp_probe();
	if (ret) {
		fprintf(stderr, "xtcp_run: %s\n", xtcp_why(ret));
		return EXIT_NO_XTCP;
	}
	return xtcp_cgroup_on(argv[2]) ? EXIT_NO_XTCP : 0;
}

/*
 * --systemd UNIT [--off]: changes only a file and what systemd knows of it, so it needs
 * no module; the service falls back to the kernel's TCP where there is none.
 */
static int systemd(int argc, char **argv)
{
	char path[PATH_MAX];

	if (argc == 4 && !strcmp(argv[3], "--off"))
		return xtcp_systemd_off(argv[2]) ? EXIT_NO_XTCP : 0;
	if (argc != 3) {
		fputs(usage, stderr);
		return EXIT_USAGE;
	}
	if (!library_path(path, sizeof(path)))
		return EXIT_NO_XTCP;
	return xtcp_systemd_on(argv[2], path) ? EXIT_NO_XTCP : 0;
}

/*
 * Install the seccomp filter if it is asked for, or if the library does not reach the
 * sockets of the program. In the latter case a failure is only a warning, since programs
 * that this one starts may still be preloaded; and without the privileges of a
 * set-user-ID program nobody is served.
 */
static bool add_filter(const char *name, bool asked, bool fall_back)
{
	char *path;
	enum xtcp_elf result = xtcp_elf_examine(name, &path);
	int ret = 0;

	if (asked || result == XTCP_ELF_STATIC || result == XTCP_ELF_GO)
		ret = xtcp_seccomp_on(fall_back, true);
	else if (result == XTCP_ELF_OTHER_USER)
		ret = xtcp_seccomp_on(fall_back, false);
	else if (result == XTCP_ELF_CLASS)
		ret = -EOPNOTSUPP;
	if (asked && ret < 0)
		fprintf(stderr, "xtcp_run: cannot install a seccomp filter: %s\n", strerror(-ret));
	else if (ret < 0)
		fprintf(stderr, "xtcp_run: %s %s: it stays on the kernel's TCP; use --cgroup to move it\n",
			path, xtcp_elf_says(result));
	else if (!asked && ret > 0)
		fprintf(stderr, "xtcp_run: %s %s: a seccomp filter moves it, under which set-user-ID programs get no privileges\n",
			path, xtcp_elf_says(result));
	free(path);
	return !asked || ret >= 0 || fall_back;
}

static int run(char **argv)
{
	execvp(argv[0], argv);
	fprintf(stderr, "xtcp_run: %s: %s\n", argv[0], strerror(errno));
	return errno == ENOENT ? EXIT_NOT_FOUND : EXIT_CANNOT_RUN;
}

int main(int argc, char **argv)
{
	const char *fallback = getenv("XTCP_FALLBACK");
	const bool fall_back = fallback && !strcmp(fallback, "1");
	bool seccomp = false;
	char path[PATH_MAX];
	int ret;

	if (argc > 1 && !strcmp(argv[1], "--help")) {
		fputs(usage, stdout);
		return 0;
	}
	if (argc > 1 && !strcmp(argv[1], "--cgroup"))
		return cgroup(argc, argv);
	if (argc > 1 && !strcmp(argv[1], "--systemd"))
		return systemd(argc, argv);
	if (argc > 1 && !strcmp(argv[1], "--version")) {
		puts("xtcp_run " XTCP_VERSION);
		return 0;
	}
	argv++;
	if (*argv && !strcmp(*argv, "--seccomp")) {
		seccomp = true;
		argv++;
	}
	if (*argv && !strcmp(*argv, "--"))
		argv++;
	else if (*argv && **argv == '-')
		*argv = NULL;
	if (!*argv) {
		fputs(usage, stderr);
		return EXIT_USAGE;
	}
	ret = xtcp_probe();
	if (ret) {
		if (fall_back)
			return run(argv);
		fprintf(stderr, "xtcp_run: %s\n", xtcp_why(ret));
		return EXIT_NO_XTCP;
	}
	if (!library_path(path, sizeof(path)))
		return EXIT_NO_XTCP;
	ret = preload(path);
	if (ret) {
		fprintf(stderr, "xtcp_run: cannot set LD_PRELOAD: %s\n",
			strerror(-ret));
		return EXIT_NO_XTCP;
	}
	if (!add_filter(*argv, seccomp, fall_back))
		return EXIT_NO_XTCP;
	return run(argv);
}
