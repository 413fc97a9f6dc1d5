/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The families of sockets, for load and unload, and for those who look in from the
 * side.
 */
#ifndef XTCP_SOCK_FAMILY_H
#define XTCP_SOCK_FAMILY_H

#include <net/sock.h>

extern struct proto xtcp_prot;
extern const struct proto_ops xtcp_stream_ops;

int xtcp_family_init(void);
void xtcp_family_close(void);	/* no new sockets; the first step of unload */
void xtcp_family_exit(void);	/* the last one */
void xtcp_mem_limit(long *limits);

#endif /* XTCP_SOCK_FAMILY_H */
