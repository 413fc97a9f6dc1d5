/* SPDX-License-Identifier: GPL-2.0 */
/*
 * TAP unit tests, one line of output a test. A test is a function, or a
 * script (script.c) that walks one TCB through segments, calls and time.
 */
#ifndef XTCP_HARNESS_H
#define XTCP_HARNESS_H

#include <xtcp/engine.h>

struct unit {
	const char *name;
	void (*run)(void);
	const char *script;	/* instead of run */
	struct unit *next;
};

struct script {
	const char *name;
	const char *text;
};

void unit_add(struct unit *unit);
void unit_add_scripts(const char *file, const struct script *tab, unsigned int n);
void unit_fail(const char *file, int line, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));
void script_run(const char *text);

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

/* SCRIPTS(table): each row a test named after the table and the row. */
#define SCRIPTS(tab)							\
	static void __attribute__((constructor)) script_reg_##tab(void)	\
	{								\
		unit_add_scripts(#tab, tab, ARRAY_SIZE(tab));		\
	}								\
	struct unit

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
