/* SPDX-License-Identifier: GPL-2.0 */
/* A table with columns for the kernel's TCP, for XTCP, and for the target. */
#ifndef TABLE_H
#define TABLE_H

#include <math.h>

#include "harness.h"
#include "lib.h"

#define RESULT_MAX	128

struct result {
	bool failed;		/* the process failed */
	double v[RESULT_MAX];	/* the figures, indexed by each group's enum */
	char note[1024];
};

/* Cells without a number: the measurement failed; the TCP lacks the feature. */
#define FAILED		NAN
#define NOT_THERE	(-HUGE_VAL)

enum goal {
	NO_GOAL,
	AT_MOST,
	AT_LEAST,
};

/* Rows that one process measures together. */
struct group {
	void (*measure)(enum stack st, struct result *r);
	void (*print)(const struct result *k, const struct result *x);
	bool quick;		/* part of a quick sample */
};

/* Which columns to measure. */
struct columns {
	bool kernel, xtcp;
};

/* @width: of the first column, characters. */
void table_begin(int width, struct columns columns);
/* Measure the rows of @g and print them. */
void table_group(const struct group *g);
/* Print the last line; returns the exit status. */
int table_end(void);

void heading(const char *what);
void row(const char *what, int digits, double kernel, double xtcp,
	 enum goal goal, double target);
void note(const char *who, const char *text);

#endif /* TABLE_H */
