/* SPDX-License-Identifier: GPL-2.0 */
/* xtcp_run --systemd; see xtcp_systemd.c. */
#ifndef XTCP_SYSTEMD_H
#define XTCP_SYSTEMD_H

/* @library: path of the preload library. Both print what happened. Return: 0 or -1. */
int xtcp_systemd_on(const char *unit, const char *library);
int xtcp_systemd_off(const char *unit);

#endif /* XTCP_SYSTEMD_H */
