/* SPDX-License-Identifier: GPL-2.0 */
/* A table with a column for the kernel's TCP, one for XTCP, and one for what is to be reached. */
#ifndef TABLE_H
#define TABLE_H

#include <math.h>

#include "harness.h"
#include "lib.h"

#define RESULT_MAX	128

struct result {
	bool failed;		/* the process died */
	double v[RESULT_MAX];
	char note[1024];
};

/* A cell that is no number. */
#define FAILED		NAN
#define NOT_THERE	(-HUGE_VAL)

enum goal {
	NO_GOAL,
	AT_MOST,
	AT_LEAST,
};

/* Rows that are measured together, in a process of their own. */
struct group {
	void (*measure)(enum stack st, struct result *r);
	void (*print)(const struct result *k, const struct result *x);
	bool quick;		/* part of a sample */
};

/* Which columns there are. */
struct columns {
	bool kernel, xtcp;
};

/* @width: of what says what a row is. */
void table_begin(int width, struct columns columns);
/* Measures the rows of @g and prints them. */
void table_group(const struct group *g);
/* The last line; the exit status. */
int table_end(void);

void heading(const char *what);
void row(const char *what, int digits, double kernel, double xtcp,
	 enum goal goal, double target);
void note(const char *who, const char *text);

#endif /* TABLE_H */
