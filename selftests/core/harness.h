/* SPDX-License-Identifier: GPL-2.0 */
/*
 * TAP unit tests, one line of output a test. A test is a function, or a
 * script (script_file.c) that walks one TCB through segments, calls and time.
 */
#ifndef XTCP_HARNESS_H
#define XTCP_HARNESS_H

#include <xtcp/engine.h>

/* A line of a script, and where it stands. */
struct step {
	const char *file;
	int line;
	int user;	/* line of the test that uses it, if it is of a define; or 0 */
	char *text;
};

struct unit {
	const char *name;
	void (*run)(void);
	const struct step *steps;	/* instead of run, or */
	unsigned int nsteps;
	const char *script;		/* instead of both */
	struct unit *next;
};

/* Made by a test program, not found in a file. */
struct script {
	const char *name;
	const char *text;
};

void unit_add(struct unit *unit);
void unit_add_scripts(const char *file, const struct script *tab, unsigned int n);
void unit_fail(const char *file, int line, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));
void script_run(const char *text);
void script_steps(const struct step *steps, unsigned int n);
void scripts_load(void);

/* UNIT(name) { body }: a test, found by the runner without a list. */
#define UNIT(id)							\
	static void unit_run_##id(void);				\
	static void __attribute__((constructor)) unit_reg_##id(void)	\
	{								\
		static struct unit unit = {				\
			.name = #id,					\
			.run = unit_run_##id,				\
		};							\
									\
		unit_add(&unit);					\
	}								\
	static void unit_run_##id(void)

/* Both report and go on, so that one run shows all that is wrong. */
#define CHECK(cond) do {						\
	if (!(cond))							\
		unit_fail(__FILE__, __LINE__, "%s", #cond);		\
} while (0)

#define CHECK_EQ(got, want) do {					\
	unsigned long long _got = (got);				\
	unsigned long long _want = (want);				\
									\
	if (_got != _want)						\
		unit_fail(__FILE__, __LINE__,				\
			  "%s is %llu (0x%llx), want %llu (0x%llx)",	\
			  #got, _got, _got, _want, _want);		\
} while (0)

/* CHECK_EQ() for a row of a table: says which. */
#define CHECK_ROW(row, got, want) do {					\
	unsigned long long _got = (got);				\
	unsigned long long _want = (want);				\
									\
	if (_got != _want)						\
		unit_fail(__FILE__, __LINE__,				\
			  "%s: %s is %llu (0x%llx), want %llu (0x%llx)", \
			  row, #got, _got, _got, _want, _want);		\
} while (0)

#endif /* XTCP_HARNESS_H */
