/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Since 6.7 the macros that run a cgroup's BPF programs take a pointer to the length of
 * the address. The programs for AF_UNIX, the only ones to change it, came with that.
 */
#ifndef XTCP_COMPAT_BPF_H
#define XTCP_COMPAT_BPF_H

#include <linux/bpf-cgroup.h>

#ifdef BPF_CGROUP_RUN_PROG_UNIX_CONNECT_LOCK
#define xtcp_bpf_connect4(sk, addr, len)	BPF_CGROUP_RUN_PROG_INET4_CONNECT(sk, addr, &(len))
#define xtcp_bpf_connect6(sk, addr, len)	BPF_CGROUP_RUN_PROG_INET6_CONNECT(sk, addr, &(len))
#else
#define xtcp_bpf_connect4(sk, addr, len)	BPF_CGROUP_RUN_PROG_INET4_CONNECT(sk, addr)
#define xtcp_bpf_connect6(sk, addr, len)	BPF_CGROUP_RUN_PROG_INET6_CONNECT(sk, addr)
#endif

#endif /* XTCP_COMPAT_BPF_H */
