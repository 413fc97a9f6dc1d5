/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The engine's one seam: which types, helpers and keyed hash it stands on.
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

/* A broken invariant in the module is a warning with a backtrace, once. */
#define XTCP_ASSERT(cond)	WARN_ON_ONCE(!(cond))

#else

#include <xtcp/env_user.h>

#endif

#define XTCP_USEC_PER_MSEC	1000U
#define XTCP_NSEC_PER_USEC	1000ULL
#define XTCP_NSEC_PER_MSEC	1000000ULL
#define XTCP_NSEC_PER_SEC	1000000000ULL

/* "Never": larger than any time the engine is given. */
#define XTCP_NEVER		(~0ULL)

#endif /* XTCP_ENV_H */
