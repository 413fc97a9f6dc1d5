/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Functions that left net/sock.h: memory accounting in 6.10, receive packet steering in
 * 6.9. And 6.12 moved unaligned access from asm/ to linux/.
 */
#ifndef XTCP_COMPAT_MOVED_H
#define XTCP_COMPAT_MOVED_H

#include <net/sock.h>

#ifdef XTCP_PROTO_MEMORY_H
#include <net/proto_memory.h>
#endif

#ifdef XTCP_RPS_H
#include <net/rps.h>
#endif

#ifdef XTCP_UNALIGNED_H
#include <linux/unaligned.h>
#else
#include <asm/unaligned.h>
#endif

#endif /* XTCP_COMPAT_MOVED_H */
