// SPDX-License-Identifier: GPL-2.0
/*
 * xtcp_run --systemd UNIT [--off]: a drop-in file that preloads the library into a
 * service, so that the service uses XTCP from its next start.
 *
 * The service must start without XTCP, too, after a kernel without the module was
 * booted or the packages were removed. So the drop-in does not change what is executed:
 * the dynamic linker goes on without a library that it does not find, the library falls
 * back to the kernel's TCP, and the module is loaded by a unit that may fail.
 *
 * A program that the library does not reach is the exception: the drop-in executes it by
 * xtcp_run --seccomp, which falls back as well. These drop-ins go with the package.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <limits.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "xtcp_elf.h"
#include "xtcp_systemd.h"

#define UNITS	"/etc/systemd/system"
#define DROPIN	"xtcp.conf"

/* What precedes the program in a drop-in that executes xtcp_run. */
#define OWN_WORDS	" --seccomp -- "

/* Commands of a unit; only those of Type=oneshot may have more than one. */
#define COMMANDS_MAX	32

/* What systemctl says of the unit; an absent property is "". */
struct unit {
	char name[256];
	char state[64];		/* LoadState */
	char exec[4096];	/* ExecStart, with path= of the program */
	char env[4096];		/* Environment */
	char families[1024];	/* RestrictAddressFamilies */
	char sockets[1024];	/* TriggeredBy */
	char root[256];		/* RootDirectory */
	char image[256];	/* RootImage */
	bool filter;		/* the library does not reach the program */
};

static int fail(const char *format, ...)
{
	va_list args;

	fputs("xtcp_run: ", stderr);
	va_start(args, format);
	vfprintf(stderr, format, args);
	va_end(args);
	fputc('\n', stderr);
	return -1;
}

/* Complete the name as systemctl does; refuse one that is no file name. */
static int set_name(struct unit *u, const char *name)
{
	const char *suffix = strrchr(name, '.');

	snprintf(u->name, sizeof(u->name), "%s%s", name, suffix ? "" : ".service");
	if (suffix && strcmp(suffix, ".service"))
		return fail("%s is not a service", name);
	if (strchr(name, '/') || name[0] == '-' || strlen(name) > 200)
		return fail("%s is no name of a service", name);
	return 0;
}

/* Run systemctl. Return: its output, to be closed by finish(), or NULL. */
static FILE *systemctl(char *const argv[], pid_t *pid)
{
	int fds[2];

	if (pipe(fds))
		return NULL;
	*pid = fork();
	if (*pid == 0) {
		dup2(fds[1], STDOUT_FILENO);
		close(fds[0]);
		close(fds[1]);
		execvp(argv[0], argv);
		fprintf(stderr, "xtcp_run: %s: %s\n", argv[0], strerror(errno));
		_exit(127);
	}
	close(fds[1]);
	if (*pid < 0) {
		close(fds[0]);
		return NULL;
	}
	return fdopen(fds[0], "r");
}

static int finish(FILE *f, pid_t pid)
{
	int status = -1;

	if (f)
		fclose(f);
	if (pid > 0)
		waitpid(pid, &status, 0);
	return status ? -1 : 0;
}

static void take(const char *line, const char *name, char *value, size_t size)
{
	size_t n = strlen(name);

	if (!strncmp(line, name, n) && line[n] == '=')
		snprintf(value, size, "%s", line + n + 1);
}

static int ask(struct unit *u)
{
	char *const argv[] = {
		"systemctl", "show", "--property=LoadState,ExecStart,Environment",
		"--property=RestrictAddressFamilies,TriggeredBy,RootDirectory,RootImage",
		"--", u->name, NULL
	};
	char *line = NULL;
	size_t size = 0;
	pid_t pid = -1;
	FILE *f = systemctl(argv, &pid);

	while (f && getline(&line, &size, f) > 0) {
		line[strcspn(line, "\n")] = '\0';
		take(line, "LoadState", u->state, sizeof(u->state));
		take(line, "ExecStart", u->exec, sizeof(u->exec));
		take(line, "Environment", u->env, sizeof(u->env));
		take(line, "RestrictAddressFamilies", u->families, sizeof(u->families));
		take(line, "TriggeredBy", u->sockets, sizeof(u->sockets));
		take(line, "RootDirectory", u->root, sizeof(u->root));
		take(line, "RootImage", u->image, sizeof(u->image));
	}
	free(line);
	if (finish(f, pid))
		return fail("systemctl cannot be asked about %s", u->name);
	if (strcmp(u->state, "loaded"))
		return fail("systemd has no service %s (%s)", u->name, u->state);
	return 0;
}

static int reload(void)
{
	char *const argv[] = { "systemctl", "daemon-reload", NULL };
	pid_t pid = -1;
	FILE *f = systemctl(argv, &pid);

	if (finish(f, pid))
		return fail("systemctl daemon-reload failed");
	return 0;
}

/* Find out whether the program needs the filter; refuse one that neither moves. */
static int check_program(struct unit *u)
{
	char path[PATH_MAX], *file = NULL;
	const char *at = strstr(u->exec, OWN_WORDS);
	enum xtcp_elf result;
	int ret = 0;

	/* Where an earlier drop-in is in force, the program is behind xtcp_run. */
	if (at)
		at += strlen(OWN_WORDS);
	else if (strstr(u->exec, "path="))
		at = strstr(u->exec, "path=") + strlen("path=");
	if (!at || sscanf(at, "%4095[^ ;]", path) != 1)
		return 0;
	result = xtcp_elf_examine(path, &file);
	u->filter = result == XTCP_ELF_STATIC || result == XTCP_ELF_GO;
	if (result && !u->filter)
		ret = fail("%s %s: a drop-in cannot move it; use --cgroup",
			   file, xtcp_elf_says(result));
	else if (u->filter && (u->root[0] || u->image[0]))
		ret = fail("%s %s, and the service has a root of its own, without xtcp_run: use --cgroup",
			   file, xtcp_elf_says(result));
	free(file);
	return ret;
}

/*
 * Find the commands in the files of the unit, where they are quoted and have their
 * specifiers, unlike in the properties. @text is changed. Return: their number.
 */
static int find_commands(char *text, char *commands[COMMANDS_MAX])
{
	char *at, *line, *save;
	int n = 0;

	while ((at = strstr(text, "\\\n")))
		memset(at, ' ', 2);
	for (line = strtok_r(text, "\n", &save); line; line = strtok_r(NULL, "\n", &save)) {
		int value = 0;

		if (sscanf(line, " ExecStart =%n", &value) < 0 || !value)
			continue;
		value += strspn(line + value, " \t");
		/* An empty one clears the list. */
		if (!line[value])
			n = 0;
		else if (n < COMMANDS_MAX)
			commands[n++] = line + value;
	}
	return n;
}

/* The drop-in that is being written has no commands yet, nor those of an earlier time. */
static int write_commands(FILE *dropin, struct unit *u)
{
	char *const argv[] = { "systemctl", "cat", "--no-pager", "--", u->name, NULL };
	char self[PATH_MAX] = "", *text = NULL, *commands[COMMANDS_MAX];
	size_t size = 0;
	pid_t pid = -1;
	FILE *f = systemctl(argv, &pid);
	int i, n = 0, ret = 0;

	if (f && getdelim(&text, &size, '\0', f) > 0)
		n = find_commands(text, commands);
	if (finish(f, pid) || !n || readlink("/proc/self/exe", self, sizeof(self) - 1) < 0)
		ret = fail("the commands of %s cannot be found", u->name);
	fputs("ExecStart=\n", dropin);
	for (i = 0; i < n && !ret; i++) {
		int prefix = strspn(commands[i], "-:+!@");

		if (memchr(commands[i], '@', prefix))
			ret = fail("%s: xtcp_run cannot set argv[0]", commands[i]);
		fprintf(dropin, "ExecStart=%.*s%s" OWN_WORDS "%s\n", prefix, commands[i],
			self, commands[i] + prefix);
	}
	free(text);
	return ret;
}

/* The libraries that the unit preloads without us, each after a colon. */
static void own_preloads(const struct unit *u, char *list, size_t size)
{
	const char *at = strstr(u->env, "LD_PRELOAD=");
	char value[2048], *save, *name;

	list[0] = '\0';
	if (!at || sscanf(at, "LD_PRELOAD=%2047[^ \"]", value) != 1)
		return;
	for (name = strtok_r(value, ":", &save); name; name = strtok_r(NULL, ":", &save))
		if (!strstr(name, "xtcp_preload.so") && strlen(list) + strlen(name) + 2 < size)
			strcat(strcat(list, ":"), name);
}

static int write_dropin(struct unit *u, const char *library)
{
	char dir[PATH_MAX], path[PATH_MAX + 16], others[2048];
	FILE *f;

	own_preloads(u, others, sizeof(others));
	snprintf(dir, sizeof(dir), "%s/%s.d", UNITS, u->name);
	snprintf(path, sizeof(path), "%s/%s", dir, DROPIN);
	if (mkdir(dir, 0755) && errno != EEXIST)
		return fail("%s: %s", dir, strerror(errno));
	f = fopen(path, "w");
	if (!f)
		return fail("%s: %s", path, strerror(errno));
	fprintf(f, "# Written by xtcp_run --systemd %s; with --off it is removed.\n", u->name);
	fputs("[Unit]\nWants=modprobe@xtcp.service\nAfter=modprobe@xtcp.service\n\n", f);
	fprintf(f, "[Service]\nEnvironment=LD_PRELOAD=%s%s\n", library, others);
	/* Without XTCP the service starts on the kernel's TCP. */
	fputs("Environment=XTCP_FALLBACK=1\n", f);
	/*
	 * A list of allowed families needs ours; a list of refused ones begins with ~.
	 * Repeat the others: ours alone would be the whole list if the unit drops its own.
	 */
	if (u->families[0] && u->families[0] != '~')
		fprintf(f, "# AF_SNA is systemd's name of family 22, AF_XTCP\n"
			"RestrictAddressFamilies=%s AF_SNA\n", u->families);
	if (u->filter && write_commands(f, u)) {
		fclose(f);
		unlink(path);
		return -1;
	}
	if (fclose(f))
		return fail("%s: %s", path, strerror(errno));
	return 0;
}

int xtcp_systemd_on(const char *name, const char *library)
{
	char path[PATH_MAX];
	struct unit u = {};

	if (!realpath(library, path))
		return fail("%s: %s", library, strerror(errno));
	if (set_name(&u, name) || ask(&u) || check_program(&u) ||
	    write_dropin(&u, path) || reload())
		return -1;
	if (strstr(u.sockets, ".socket"))
		fprintf(stderr, "xtcp_run: %s opens the sockets of %s before it starts; they stay on the kernel's TCP\n",
			u.sockets, u.name);
	printf("%s uses XTCP from its next start: systemctl restart %s\n", u.name, u.name);
	return 0;
}

int xtcp_systemd_off(const char *name)
{
	char dir[PATH_MAX], path[PATH_MAX + 16];
	struct unit u = {};

	if (set_name(&u, name))
		return -1;
	snprintf(dir, sizeof(dir), "%s/%s.d", UNITS, u.name);
	snprintf(path, sizeof(path), "%s/%s", dir, DROPIN);
	if (unlink(path)) {
		if (errno == ENOENT)
			return fail("%s was not put on XTCP", u.name);
		return fail("%s: %s", path, strerror(errno));
	}
	/* It may hold other drop-ins. */
	rmdir(dir);
	if (reload())
		return -1;
	printf("%s uses the kernel's TCP from its next start: systemctl restart %s\n",
	       u.name, u.name);
	return 0;
}
