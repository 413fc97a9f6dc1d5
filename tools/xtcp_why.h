/* SPDX-License-Identifier: GPL-2.0 */
/* Why no XTCP socket can be opened; see xtcp_why.c. */
#ifndef XTCP_WHY_H
#define XTCP_WHY_H

/* @err: -errno of socket(). Return: one sentence that says what to do, static. */
const char *xtcp_why(int err);

#endif /* XTCP_WHY_H */
