/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Helpers that the programs of this directory share: clock, arithmetic, the kernel's
 * memory, and a process for each measurement, so that it may die, leave descriptors
 * open or change its namespace.
 */
#ifndef HARNESS_H
#define HARNESS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define MS		1000000ULL	/* in ns */
#define SECOND		(1000 * MS)

#define ARRAY_SIZE(a)	(sizeof(a) / sizeof((a)[0]))

/* Print @what failed and why (errno), and exit. */
_Noreturn void die(const char *what);
uint64_t now_ns(void);
double median(double *v, size_t n);

/* Bytes of slab caches; bytes allocated by vmalloc(). */
double slab_bytes(void);
double vmalloc_bytes(void);

/* selftests/bench/profile counts the instructions between calls of these two. */
void count_from(void);
void count_to(void);

/*
 * Call @measure with @arg and a zeroed result of @size bytes in a child process, and
 * copy the result to @result. False: the process failed.
 */
bool apart(void (*measure)(const void *arg, void *result), const void *arg,
	   void *result, size_t size);

/* Number of processes that apart() has run so far. */
extern unsigned int aparts;

#endif /* HARNESS_H */
