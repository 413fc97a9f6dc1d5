/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Unit tests with TAP output, one result for each test. A test is a function, or a
 * script (script_file.c) of segments, calls and time for one TCB.
 */
#ifndef XTCP_HARNESS_H
#define XTCP_HARNESS_H

#include <xtcp/engine.h>

/* A line of a script and its position. */
struct step {
	const char *file;
	int line;
	int user;	/* in a define: line of the test that uses it; otherwise 0 */
	char *text;
};

struct unit {
	const char *name;
	void (*run)(void);
	const struct step *steps;	/* if run is NULL: steps of a script file */
	unsigned int nsteps;
	const char *script;		/* if both are NULL: text of a script */
	struct unit *next;
};

/* A script that a test program has made, not one from a file. */
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

/* UNIT(name) { body }: a test, registered by a constructor. */
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

/* CHECK() and CHECK_EQ() report and continue, so that a run shows all failures. */
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

/* CHECK_EQ() for a table: the message names the row. */
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
