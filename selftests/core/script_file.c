// SPDX-License-Identifier: GPL-2.0
/*
 * Test scripts in files: scripts/TOPIC.txt. Lines that begin in the first column:
 *
 *	group NAME		names the tests that follow
 *	test NAME		begins a test, "GROUP: NAME"
 *	define NAME [PARAM..]	begins a macro: steps that several tests share
 *	# ...			a comment
 *
 * Lines that begin with a tab are the steps (script.h) of the test or define. A step
 * whose first word is a define above in the file is replaced by its steps, with $PARAM
 * replaced by the corresponding word of the step.
 */
#include <glob.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "harness.h"

#ifndef SCRIPTS
#define SCRIPTS		"scripts"	/* directory */
#endif

#define PARAMS_MAX	4
#define DEFINES_MAX	64
#define STEPS_MAX	500		/* of a test, after expansion */
#define DEPTH_MAX	8		/* nesting of defines */

struct define {
	char *name;
	char *param[PARAMS_MAX];
	unsigned int nparams;
	struct step step[STEPS_MAX / 10];
	unsigned int n;
};

/* State of the parser. */
static struct {
	const char *file;
	int line;
	char *group;
	struct define define[DEFINES_MAX];
	unsigned int ndefines;
	struct define *in;		/* define that gets the steps, if test is NULL */
	struct unit *test;		/* test that gets the steps */
	struct step step[STEPS_MAX];	/* of test, so far */
	unsigned int n;
} at;

static void __attribute__((noreturn)) broken(const char *why)
{
	fprintf(stderr, "%s:%d: %s\n", at.file, at.line, why);
	exit(2);
}

static void *copy(const void *p, size_t size)
{
	void *to = malloc(size);

	if (!to)
		exit(2);
	return memcpy(to, p, size);
}

static char *copy_text(const char *s)
{
	return copy(s, strlen(s) + 1);
}

static struct define *find(const char *step)
{
	size_t len = strcspn(step, " ");
	unsigned int i;

	for (i = 0; i < at.ndefines; i++)
		if (strlen(at.define[i].name) == len && !memcmp(at.define[i].name, step, len))
			return &at.define[i];
	return NULL;
}

/* A malloc()ed copy of @step, with parameters of @def replaced by the words of @use. */
static char *substitute(const struct define *def, const char *use, const char *step)
{
	char out[400], word[100] = "";
	size_t n = 0;

	while (*step && n < sizeof(out) - sizeof(word)) {
		const char *arg = use;
		unsigned int i;
		size_t len;

		if (*step != '$') {
			out[n++] = *step++;
			continue;
		}
		len = strspn(++step, "abcdefghijklmnopqrstuvwxyz");
		for (i = 0; i < def->nparams; i++) {
			arg += strcspn(arg, " ");
			arg += strspn(arg, " ");
			if (strlen(def->param[i]) == len && !memcmp(step, def->param[i], len))
				break;
		}
		if (i == def->nparams || sscanf(arg, "%99s", word) != 1)
			broken("a parameter that is not there");
		step += len;
		memcpy(out + n, word, strlen(word));
		n += strlen(word);
	}
	out[n] = 0;
	return copy_text(out);
}

/* Add a step to the test, or the steps of the define it names. Takes over its text. */
static void add_step(const struct step *step, unsigned int depth)
{
	const struct define *def = find(step->text);
	unsigned int i;

	if (!def) {
		if (at.n == STEPS_MAX)
			broken("too many steps");
		at.step[at.n++] = *step;
		return;
	}
	if (depth == DEPTH_MAX)
		broken("a define that uses itself");
	for (i = 0; i < def->n; i++) {
		struct step inner = def->step[i];

		inner.user = step->user ? step->user : step->line;
		inner.text = substitute(def, step->text, inner.text);
		add_step(&inner, depth + 1);
	}
	free(step->text);
}

static void end_of_test(void)
{
	if (at.test) {
		at.test->steps = copy(at.step, at.n * sizeof(at.step[0]));
		at.test->nsteps = at.n;
		unit_add(at.test);
	}
	at.test = NULL;
	at.in = NULL;
	at.n = 0;
}

static void end_of_file(void)
{
	struct define *def;
	unsigned int i;

	end_of_test();
	for (def = at.define; def < at.define + at.ndefines; def++) {
		for (i = 0; i < def->n; i++)
			free(def->step[i].text);
		for (i = 0; i < def->nparams; i++)
			free(def->param[i]);
		free(def->name);
	}
	at.ndefines = 0;
	free(at.group);
	at.group = NULL;
}

static void begin_define(char *words)
{
	struct define *def = &at.define[at.ndefines];
	char *save, *p;

	if (at.ndefines++ == DEFINES_MAX)
		broken("too many defines");
	memset(def, 0, sizeof(*def));
	def->name = copy_text(strtok_r(words, " ", &save));
	while ((p = strtok_r(NULL, " ", &save)) && def->nparams < PARAMS_MAX)
		def->param[def->nparams++] = copy_text(p);
	at.in = def;
}

static void begin_group(const char *name)
{
	free(at.group);
	at.group = copy_text(name);
}

static void begin_test(const char *name)
{
	char *full;

	if (!at.group || asprintf(&full, "%s: %s", at.group, name) < 0)
		broken("a test without a group");
	at.test = calloc(1, sizeof(*at.test));
	if (!at.test)
		exit(2);
	at.test->name = full;
}

static void one_step(char *text)
{
	struct step step = { .file = at.file, .line = at.line };

	if (*text == '#')
		return;
	step.text = copy_text(text);
	if (at.test)
		add_step(&step, 0);
	else if (at.in && at.in->n < STEPS_MAX / 10)
		at.in->step[at.in->n++] = step;
	else
		broken("a step of nothing");
}

static void one_line(char *line)
{
	line[strcspn(line, "\n")] = 0;
	if (*line == '\t') {
		one_step(line + 1);
		return;
	}
	if (!*line || *line == '#')
		return;
	end_of_test();
	if (!strncmp(line, "define ", 7))
		begin_define(line + 7);
	else if (!strncmp(line, "group ", 6))
		begin_group(line + 6);
	else if (!strncmp(line, "test ", 5))
		begin_test(line + 5);
	else
		broken("neither define, group, test nor a step");
}

static void load(const char *path)
{
	FILE *f = fopen(path, "r");
	char *line = NULL;
	size_t size = 0;

	if (!f) {
		perror(path);
		exit(2);
	}
	at.file = copy_text(path);
	at.line = 0;
	while (getline(&line, &size, f) >= 0) {
		at.line++;
		one_line(line);
	}
	end_of_file();
	free(line);
	fclose(f);
}

/* All tests of all files, in the order of their names. */
void scripts_load(void)
{
	glob_t found;
	size_t i;

	if (glob(SCRIPTS "/*.txt", 0, NULL, &found)) {
		fprintf(stderr, "no scripts in %s\n", SCRIPTS);
		exit(2);
	}
	for (i = 0; i < found.gl_pathc; i++)
		load(found.gl_pathv[i]);
	globfree(&found);
}

/* Run a script that a test program has made. */
void script_run(const char *text)
{
	char *all = strdup(text), *line, *next;
	struct step steps[200] = {};
	unsigned int n = 0;

	for (line = all; line && n < ARRAY_SIZE(steps); line = next, n++) {
		next = strchr(line, '\n');
		if (next)
			*next++ = 0;
		steps[n] = (struct step){ "script", (int)n + 1, 0, line };
	}
	if (!all || line)
		exit(2);
	script_steps(steps, n);
	free(all);
}
