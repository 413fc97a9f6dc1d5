/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What the programs of this directory share: clock, arithmetic, memory of the
 * kernel, and measurements that each run in a process of their own, so that
 * they may die, leave descriptors open or change their namespace.
 */
#ifndef HARNESS_H
#define HARNESS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define MS		1000000ULL	/* in ns */
#define SECOND		(1000 * MS)

#define ARRAY_SIZE(a)	(sizeof(a) / sizeof((a)[0]))

/* Says @what failed and why (errno), and ends the process. */
_Noreturn void die(const char *what);
uint64_t now_ns(void);
double median(double *v, size_t n);

/* Bytes of slab caches, and all that vmalloc() gave out. */
double slab_bytes(void);
double vmalloc_bytes(void);

/* What selftests/bench/profile counts lies between the two. */
void count_from(void);
void count_to(void);

/*
 * Calls @measure with @arg and zeroed memory of @size bytes in a process of its
 * own; @result is what that memory holds afterwards. False when the process
 * failed.
 */
bool apart(void (*measure)(const void *arg, void *result), const void *arg,
	   void *result, size_t size);

/* How many processes apart() has ended so far. */
extern unsigned int aparts;

#endif /* HARNESS_H */
