/* SPDX-License-Identifier: GPL-2.0 */
#ifndef XTCP_MODULE_H
#define XTCP_MODULE_H

/* pernet.c */
int xtcp_pernet_init(void);
void xtcp_pernet_exit(void);

#endif /* XTCP_MODULE_H */
