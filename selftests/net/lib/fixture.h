/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Tables of variants. A variant says in its first members which TCPs it is about, in its
 * last one the family of its addresses; its name says the same, see choose.h.
 */
#ifndef XTCP_FIXTURE_H
#define XTCP_FIXTURE_H

#include <signal.h>

#include "choose.h"
#include "kselftest_harness.h"
#include "lib.h"

#define EACH_STACK_V6(f)						\
	FIXTURE_VARIANT_ADD(f, kernel_v6) { KERNEL, V6 };		\
	FIXTURE_VARIANT_ADD(f, xtcp_v6) { XTCP, V6 };

#define EACH_STACK(f)							\
	FIXTURE_VARIANT_ADD(f, kernel) { KERNEL, V4 };			\
	FIXTURE_VARIANT_ADD(f, xtcp) { XTCP, V4 };			\
	EACH_STACK_V6(f)

#define EACH_STACK_MAPPED(f)						\
	EACH_STACK(f)							\
	FIXTURE_VARIANT_ADD(f, kernel_mapped) { KERNEL, MAPPED };	\
	FIXTURE_VARIANT_ADD(f, xtcp_mapped) { XTCP, MAPPED };

/* kernel_kernel is the control: what holds there must hold for the others. */
#define EACH_PAIR(f)							\
	FIXTURE_VARIANT_ADD(f, kernel_kernel) { KERNEL, KERNEL, V4 };	\
	FIXTURE_VARIANT_ADD(f, kernel_xtcp) { KERNEL, XTCP, V4 };	\
	FIXTURE_VARIANT_ADD(f, xtcp_kernel) { XTCP, KERNEL, V4 };	\
	FIXTURE_VARIANT_ADD(f, xtcp_xtcp) { XTCP, XTCP, V4 };		\
	FIXTURE_VARIANT_ADD(f, kernel_kernel_v6) { KERNEL, KERNEL, V6 };	\
	FIXTURE_VARIANT_ADD(f, kernel_xtcp_v6) { KERNEL, XTCP, V6 };	\
	FIXTURE_VARIANT_ADD(f, xtcp_kernel_v6) { XTCP, KERNEL, V6 };	\
	FIXTURE_VARIANT_ADD(f, xtcp_xtcp_v6) { XTCP, XTCP, V6 };	\
	FIXTURE_VARIANT_ADD(f, kernel_kernel_mapped) { KERNEL, KERNEL, MAPPED }; \
	FIXTURE_VARIANT_ADD(f, xtcp_xtcp_mapped) { XTCP, XTCP, MAPPED };

/* Leave the test, also from FIXTURE_SETUP, where SKIP(return) would run the body. */
#define SKIP_TEST(...)	SKIP(longjmp(_metadata->env, 1), __VA_ARGS__)

#define need_stack(st) do {						\
	if (!stack_present(st) && !stack_required())			\
		SKIP_TEST("no %s here", stack_name(st));		\
} while (0)

/*
 * A test that waits for minutes: it runs in virtual time only.
 */
#define LONG_TEST_F(fixture, test, timeout)				\
	static void __attribute__((constructor)) test##_is_long(void)	\
	{								\
		static struct long_test t = { #test };			\
		t.next = long_tests;					\
		long_tests = &t;					\
	}								\
	TEST_F_TIMEOUT(fixture, test, timeout)

/* The rest of the test waits for minutes. */
#define LONG_TEST() do {						\
	if (!virtual_time())						\
		SKIP_TEST("waits too long for real time");		\
} while (0)

/* A test of these two TCPs over this family begins. */
#define variant_begins(one, other, family) do {				\
	need_stack(one);						\
	need_stack(other);						\
	net = (family);							\
	signal(SIGPIPE, SIG_IGN);					\
} while (0)

#endif /* XTCP_FIXTURE_H */
