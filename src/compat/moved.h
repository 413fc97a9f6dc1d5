/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What moved out of net/sock.h: the accounts of memory in 6.10, the steering of
 * received flows in 6.9. And 6.12 took unaligned access out of asm.
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
