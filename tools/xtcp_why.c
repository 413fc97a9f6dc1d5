// SPDX-License-Identifier: GPL-2.0
/*
 * What is missing when no XTCP socket can be opened, and what to do about it.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <glob.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "xtcp_why.h"

#define RELEASE_MAX	256

/*
 * Is the module installed for the kernel @release, or for any if that is "*"? The
 * release for which it was found is written to @found.
 */
static bool installed(const char *release, char found[RELEASE_MAX])
{
	static const char *const where[] = { "updates/dkms", "updates", "extra" };
	char pattern[PATH_MAX];
	bool there = false;
	size_t i;

	for (i = 0; i < sizeof(where) / sizeof(where[0]) && !there; i++) {
		glob_t g;

		snprintf(pattern, sizeof(pattern), "/lib/modules/%s/%s/xtcp.ko*",
			 release, where[i]);
		if (glob(pattern, 0, NULL, &g))
			continue;
		there = sscanf(g.gl_pathv[0], "/lib/modules/%255[^/]", found) == 1;
		globfree(&g);
	}
	return there;
}

/* Does the kernel load signed modules only? */
static bool locked_down(void)
{
	FILE *f = fopen("/sys/kernel/security/lockdown", "r");
	char line[128] = "";

	if (!f)
		return false;
	if (!fgets(line, sizeof(line), f))
		line[0] = '\0';
	fclose(f);
	return strstr(line, "[integrity]") || strstr(line, "[confidentiality]");
}

static const char *why_not_loaded(char *text, size_t size)
{
	const char *as_root = geteuid() ? ", as root" : "";
	struct utsname self;
	char other[RELEASE_MAX];

	/* A security module or a seccomp filter refuses the family. */
	if (!access("/proc/net/xtcp", F_OK))
		return "the xtcp module is loaded, but this process may not open its sockets (AppArmor, RestrictAddressFamilies= of systemd, a container)";
	if (uname(&self))
		return "the xtcp module is not loaded";
	if (installed(self.release, other))
		snprintf(text, size, "the xtcp module is not loaded; run modprobe xtcp%s%s",
			 as_root, !locked_down() ? "" :
			 " (this kernel loads signed modules only: see xtcp(7), SECURE BOOT)");
	else if (installed("*", other))
		snprintf(text, size, "there is no xtcp module for the running kernel, Linux %s, only for Linux %s; boot that, or run /usr/lib/xtcp/module build%s",
			 self.release, other, as_root);
	else
		snprintf(text, size, "the xtcp module is not loaded, and not installed for Linux %s; install xtcp-dkms, or run insmod xtcp.ko%s",
			 self.release, as_root);
	return text;
}

const char *xtcp_why(int err)
{
	static char text[1024];

	switch (err) {
	case -EAFNOSUPPORT:
		return why_not_loaded(text, sizeof(text));
	case -ENOPROTOOPT:
		return "XTCP is turned off in this network namespace (net.xtcp.enabled)";
	default:
		snprintf(text, sizeof(text), "cannot open an XTCP socket: %s",
			 strerror(-err));
		return text;
	}
}
