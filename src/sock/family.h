/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The protocols and address families that create sockets: for load and unload, and for
 * src/ctl.
 */
#ifndef XTCP_SOCK_FAMILY_H
#define XTCP_SOCK_FAMILY_H

#include <net/sock.h>

extern struct proto xtcp_prot;
extern const struct proto_ops xtcp_stream_ops;

int xtcp_family_init(void);
void xtcp_family_close(void);	/* first step of unload: no new sockets */
void xtcp_family_exit(void);	/* last step */
void xtcp_mem_limit(long *limits);

#endif /* XTCP_SOCK_FAMILY_H */
