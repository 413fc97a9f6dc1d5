/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The environment of the engine: types, helpers and keyed hash.
 *
 * src/core and its headers compile unchanged into the module and into a
 * userspace library. Everything that differs between the two is here, and
 * nothing here is specific to TCP.
 */
#ifndef XTCP_ENV_H
#define XTCP_ENV_H

#ifdef __KERNEL__

#include <linux/build_bug.h>
#include <linux/compiler.h>
#include <linux/kernel.h>
#include <linux/math64.h>
#include <linux/minmax.h>
#include <linux/siphash.h>
#include <linux/stddef.h>
#include <linux/string.h>
#include <linux/types.h>

/* In the module a broken invariant warns once, with a backtrace; in userspace it aborts. */
#define XTCP_ASSERT(cond)	WARN_ON_ONCE(!(cond))

#else

#include <xtcp/env_user.h>

#endif

#define XTCP_USEC_PER_MSEC	1000U
#define XTCP_NSEC_PER_USEC	1000ULL
#define XTCP_NSEC_PER_MSEC	1000000ULL
#define XTCP_NSEC_PER_SEC	1000000000ULL

/* A time, ns, that never comes: larger than any that the engine is given. */
#define XTCP_NEVER		(~0ULL)

#endif /* XTCP_ENV_H */
