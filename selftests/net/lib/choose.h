/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Which tests of a program run. The name of a variant says what it is about: the TCPs at
 * the ends of a connection (kernel, xtcp), then the family of its addresses (v6, mapped,
 * otherwise IPv4).
 *
 * The harness has a process for each test, also to say that it is skipped, which on a
 * debug kernel takes longer than many a test. So the choice is made before, on the lists
 * of the harness.
 */
#ifndef XTCP_CHOOSE_H
#define XTCP_CHOOSE_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "kselftest_harness.h"
#include "lib.h"

enum left_out { NOT_LEFT_OUT, CONTROL_LEFT_OUT, MAPPED_LEFT_OUT, FAMILY_LEFT_OUT,
	LONG_LEFT_OUT, UNNAMED_LEFT_OUT, NR_LEFT_OUT };

static inline bool variant_is(const struct __fixture_variant_metadata *v, const char *what)
{
	return strstr(v->name, what);
}

static inline bool has_both_families(const struct __fixture_metadata *f)
{
	const struct __fixture_variant_metadata *v;
	bool v4 = false, v6 = false;

	for (v = f->variant; v; v = v->next) {
		v6 |= variant_is(v, "v6");
		v4 |= !variant_is(v, "v6") && !variant_is(v, "mapped");
	}
	return v4 && v6;
}

static inline enum left_out variant_left_out(const struct __fixture_variant_metadata *v,
					     bool both_families)
{
	if (no_control() && variant_is(v, "kernel") && !variant_is(v, "xtcp"))
		return CONTROL_LEFT_OUT;
	if (variant_is(v, "mapped"))
		return no_mapped() ? MAPPED_LEFT_OUT : NOT_LEFT_OUT;
	if (both_families && no_family(variant_is(v, "v6") ? V6 : V4))
		return FAMILY_LEFT_OUT;
	return NOT_LEFT_OUT;
}

static inline enum left_out test_left_out(const struct __test_metadata *t)
{
	const char *only = getenv("XTCP_TEST");

	if (only && strcmp(only, t->name))
		return UNNAMED_LEFT_OUT;
	return is_long_test(t->name) && !virtual_time() ? LONG_LEFT_OUT : NOT_LEFT_OUT;
}

/* Take what is left out off the lists of @f, and add the numbers of tests to @n. */
static inline void choose_in(struct __fixture_metadata *f, int n[NR_LEFT_OUT])
{
	struct __fixture_variant_metadata **v = &f->variant;
	bool both = has_both_families(f), variants = f->variant;
	struct __test_metadata **t, *each;
	int tests = 0, kept = !variants;
	enum left_out why;

	for (each = f->tests; each; each = each->next)
		tests++;
	while (*v) {
		why = variant_left_out(*v, both);
		if (why) {
			n[why] += tests;
			*v = (*v)->next;
		} else {
			v = &(*v)->next;
			kept++;
		}
	}
	for (t = &f->tests; *t;) {
		why = test_left_out(*t);
		if (why) {
			n[why] += kept;
			*t = (*t)->next;
		} else {
			t = &(*t)->next;
		}
	}
	/* Without a variant the harness would run each test once. */
	if (!kept)
		f->tests = NULL;
}

static inline void choose_tests(void)
{
	static const char *const why[NR_LEFT_OUT] = {
		[CONTROL_LEFT_OUT] = "control left out",
		[MAPPED_LEFT_OUT] = "mapped left out",
		[FAMILY_LEFT_OUT] = "the other address family was drawn",
		[LONG_LEFT_OUT] = "waits too long for real time",
		[UNNAMED_LEFT_OUT] = "only $XTCP_TEST",
	};
	int n[NR_LEFT_OUT] = {};

	for (struct __fixture_metadata *f = __fixture_list; f; f = f->next)
		choose_in(f, n);
	for (int i = 0; i < NR_LEFT_OUT; i++)
		if (n[i])
			printf("# left out: %d %s\n", n[i], why[i]);
}

/* What the main() of the harness calls. */
#define test_harness_run(argc, argv)	(choose_tests(), test_harness_run(argc, argv))

#endif /* XTCP_CHOOSE_H */
