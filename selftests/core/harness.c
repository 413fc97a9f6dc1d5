// SPDX-License-Identifier: GPL-2.0
/*
 * Runner of the unit tests. Each test has its own process, so that a failed assertion
 * or a sanitizer's report fails that test only.
 *
 *	unit [--nofork] [NAME...]	--nofork: all tests in this process; NAME: only
 *					tests whose names contain one of these
 */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

#include "harness.h"

static struct unit *units;
static struct unit **units_end = &units;
static unsigned int failures;

void unit_add(struct unit *unit)
{
	*units_end = unit;
	units_end = &unit->next;
}

void unit_add_scripts(const char *file, const struct script *tab, unsigned int n)
{
	unsigned int i;

	for (i = 0; i < n; i++) {
		struct unit *unit = calloc(1, sizeof(*unit));
		char *name;

		if (!unit || asprintf(&name, "%s: %s", file, tab[i].name) < 0)
			exit(2);
		unit->name = name;
		unit->script = tab[i].text;
		unit_add(unit);
	}
}

void unit_fail(const char *file, int line, const char *fmt, ...)
{
	va_list ap;

	printf("# %s:%d: ", file, line);
	va_start(ap, fmt);
	vprintf(fmt, ap);
	va_end(ap);
	printf("\n");
	failures++;
}

static void run_one(const struct unit *unit)
{
	failures = 0;
	if (unit->run)
		unit->run();
	else if (unit->steps)
		script_steps(unit->steps, unit->nsteps);
	else
		script_run(unit->script);
}

/* Run @unit in a process of its own. Return: whether it passed. */
static bool run_forked(const struct unit *unit)
{
	int status;
	pid_t pid;

	fflush(stdout);
	pid = fork();
	if (pid < 0) {
		perror("fork");
		exit(2);
	}
	if (!pid) {
		/* After 60 s of CPU time SIGPROF ends a test that loops. */
		setitimer(ITIMER_PROF, &(struct itimerval){ .it_value.tv_sec = 60 }, NULL);
		run_one(unit);
		fflush(stdout);
		_exit(failures ? 1 : 0);
	}
	if (waitpid(pid, &status, 0) != pid)
		return false;
	if (WIFSIGNALED(status))
		printf("# killed by signal %d\n", WTERMSIG(status));
	return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

static bool wanted(const struct unit *unit, int argc, char **argv)
{
	int i;

	for (i = 1; i < argc; i++)
		if (strstr(unit->name, argv[i]))
			return true;
	return argc < 2;
}

int main(int argc, char **argv)
{
	bool nofork = argc > 1 && !strcmp(argv[1], "--nofork");
	unsigned int n = 0, bad = 0;
	const struct unit *unit;

	if (nofork) {
		argc--;
		argv++;
	}
	scripts_load();
	for (unit = units; unit; unit = unit->next)
		n += wanted(unit, argc, argv);
	printf("TAP version 13\n1..%u\n", n);
	n = 0;
	for (unit = units; unit; unit = unit->next) {
		bool ok;

		if (!wanted(unit, argc, argv))
			continue;
		if (nofork) {
			run_one(unit);
			ok = !failures;
		} else {
			ok = run_forked(unit);
		}
		printf("%sok %u - %s\n", ok ? "" : "not ", ++n, unit->name);
		bad += !ok;
	}
	printf("# %u passed, %u failed\n", n - bad, bad);
	return bad ? 1 : 0;
}
