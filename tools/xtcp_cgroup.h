/* SPDX-License-Identifier: GPL-2.0 */
/* xtcp_run --cgroup; see xtcp_cgroup.c. */
#ifndef XTCP_CGROUP_H
#define XTCP_CGROUP_H

int xtcp_cgroup_on(const char *dir);
int xtcp_cgroup_off(const char *dir);

#endif /* XTCP_CGROUP_H */
