/* SPDX-License-Identifier: GPL-2.0 */
#ifndef XTCP_SECCOMP_H
#define XTCP_SECCOMP_H

#include <stdbool.h>

/**
 * xtcp_seccomp_on - give this process XTCP sockets where it asks for TCP
 * @fall_back: a socket that XTCP refuses is one of the kernel's TCP
 * @may_restrict: set no_new_privs if the filter needs that, that is, without CAP_SYS_ADMIN;
 *	if false, fail instead
 *
 * Lasts over execve() and holds for all descendants. Starts a supervisor that ends with
 * the last of them.
 *
 * Return: 0, also if the process gets XTCP sockets already; 1 if no_new_privs was set, so
 * that set-user-ID programs get no privileges; or -errno, -EBUSY if the process is under
 * a filter with another supervisor, -ESRCH if /proc is not that of its PID namespace.
 */
int xtcp_seccomp_on(bool fall_back, bool may_restrict);

#endif /* XTCP_SECCOMP_H */
