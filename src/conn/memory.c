// SPDX-License-Identifier: GPL-2.0
/*
 * Memory of all sockets together, and whose it is: the account with its three
 * thresholds, pressure, and the memory control groups of accepted sockets.
 */
#include <linux/memcontrol.h>
#include <linux/percpu.h>
#include <net/tcp.h>

#include "../compat/memcg.h"
#include "../compat/moved.h"
#include "internal.h"

/*
 * An account of our own, in pages, with the thresholds of the knob mem: borrowing
 * TCP's would make one stack's buffers the other's pressure.
 */
atomic_long_t xtcp_memory_allocated ____cacheline_aligned_in_smp;
DEFINE_PER_CPU(int, xtcp_memory_per_cpu_fw_alloc);
struct percpu_counter xtcp_sockets_allocated;
unsigned long xtcp_memory_pressure;	/* jiffies, when it began; 0: there is none */

/**
 * xtcp_mem_pressed - is memory short?
 *
 * Context: any.
 */
bool xtcp_mem_pressed(void)
{
	return READ_ONCE(xtcp_memory_pressure);
}

/* struct proto's, of whoever is the first to see that memory is short */
void xtcp_enter_memory_pressure(struct sock *sk)
{
	unsigned long now = jiffies;

	if (READ_ONCE(xtcp_memory_pressure))
		return;
	if (cmpxchg(&xtcp_memory_pressure, 0, now ? now : 1))
		return;
	xtcp_mib_inc(xtcp_net(sock_net(sk)), XTCP_MIB_MEMORY_PRESSURES);
	xtcp_evict_start();
}

/* and of whoever gave so much back that it is no longer */
void xtcp_leave_memory_pressure(struct sock *sk)
{
	unsigned long since;

	if (!READ_ONCE(xtcp_memory_pressure))
		return;
	since = xchg(&xtcp_memory_pressure, 0);
	if (since)
		xtcp_mib_add(xtcp_net(sock_net(sk)), XTCP_MIB_MEMORY_PRESSURES_CHRONO,
			     jiffies_to_msecs(jiffies - since));
}

/* ---- control groups ---- */

#ifdef CONFIG_MEMCG

/*
 * What charges a control group and nothing else the kernel does not export. A
 * socket whose protocol has no limits does just that; one for each CPU.
 */
static DEFINE_PER_CPU(struct sock, mem_teller);
static atomic_long_t teller_allocated;
static DEFINE_PER_CPU(int, teller_per_cpu_fw_alloc);
static long teller_limits[3] = { LONG_MAX, LONG_MAX, LONG_MAX };

static struct proto teller_prot = {
	.name			= "XTCP-TELLER",
	.memory_allocated	= &teller_allocated,
	.per_cpu_fw_alloc	= &teller_per_cpu_fw_alloc,
	.sysctl_mem		= teller_limits,
};

/* Whether it does that in this kernel, too: nothing is charged where it does not. */
static bool teller_works;

/* Pages that no CPU has in stock. */
#define TELLER_TRY	256

/* Charge, and give back: it is taken at once, and the account is where it was. */
static bool teller_try(struct sock *teller)
{
	bool taken;
	int rest;

	taken = __sk_mem_schedule(teller, TELLER_TRY << PAGE_SHIFT, SK_MEM_SEND);
	if (!taken)
		return false;
	taken = teller->sk_forward_alloc == TELLER_TRY << PAGE_SHIFT;
	__sk_mem_reclaim(teller, TELLER_TRY << PAGE_SHIFT);
	rest = atomic_long_read(&teller_allocated) + this_cpu_read(teller_per_cpu_fw_alloc);
	return taken && !teller->sk_forward_alloc && !rest;
}

static void teller_check(void)
{
	local_bh_disable();
	teller_works = teller_try(this_cpu_ptr(&mem_teller));
	local_bh_enable();
	if (!teller_works)
		pr_warn("xtcp: this kernel does not charge as expected: accepted connections are charged to no memory control group\n");
}

static void teller_setup(void)
{
	int cpu;

	for_each_possible_cpu(cpu) {
		struct sock *teller = &per_cpu(mem_teller, cpu);

		teller->sk_prot = &teller_prot;
		/* A stream beyond its send buffer, which is 0 and stays so. */
		teller->sk_type = SOCK_STREAM;
		teller->sk_userlocks = SOCK_SNDBUF_LOCK;
	}
	teller_check();
}

/*
 * With bottom halves off a charge is atomic, and such a one does not fail; but for
 * the account that groups of the first version have for sockets, which is then
 * forced to take what a stream has written.
 */
static void group_charge(struct mem_cgroup *group, int pages)
{
	struct sock *teller;

	local_bh_disable();
	teller = this_cpu_ptr(&mem_teller);
	teller->sk_memcg = group;
	WARN_ON_ONCE(!__sk_mem_schedule(teller, pages << PAGE_SHIFT, SK_MEM_SEND));
	teller->sk_memcg = NULL;
	__sk_mem_reclaim(teller, pages << PAGE_SHIFT);
	local_bh_enable();
}

static void sk_group_charge(const struct sock *sk, int pages)
{
	if (mem_cgroup_sockets_enabled && sk->sk_memcg && teller_works)
		group_charge(sk->sk_memcg, pages);
}

/* The group of the present process, held; NULL: the root, which has no account. */
static struct mem_cgroup *group_get(void)
{
	struct mem_cgroup *group;

	rcu_read_lock();
	group = mem_cgroup_from_task(current);
	if (group && (!group->css.parent ||
		      (!cgroup_subsys_on_dfl(memory_cgrp_subsys) && !xtcp_memcg1_sockets(group)) ||
		      !css_tryget(&group->css)))
		group = NULL;
	rcu_read_unlock();
	return group;
}

/**
 * xtcp_mem_adopt - who accepts a connection pays for it
 * @child: accepted socket that no program knows yet
 *
 * mem_cgroup_sk_alloc(), as accept() of the kernel's TCP has it. A socket of
 * socket() has its group from sk_alloc().
 *
 * Context: process, no lock held, may sleep.
 */
void xtcp_mem_adopt(struct sock *child)
{
	u32 bytes;

	if (!mem_cgroup_sockets_enabled || !teller_works)
		return;
	lock_sock(child);
	if (!child->sk_memcg) {
		child->sk_memcg = group_get();
		/* Whole pages: what is used, and what is left of the last. */
		bytes = child->sk_forward_alloc + child->sk_wmem_queued +
			atomic_read(&child->sk_rmem_alloc) + xtcp_map_bytes(child);
		if (child->sk_memcg && bytes)
			group_charge(child->sk_memcg, bytes >> PAGE_SHIFT);
	}
	release_sock(child);
}

#else

static void teller_setup(void)
{
}

static void sk_group_charge(const struct sock *sk, int pages)
{
}

void xtcp_mem_adopt(struct sock *child)
{
}

#endif /* CONFIG_MEMCG */

/**
 * xtcp_mem_force - memory for what has to go on, whatever the limits say
 * @sk: socket
 * @bytes: how many; to be charged afterwards
 *
 * sk_forced_mem_schedule(), which is not exported. For the first bytes of a
 * buffer: where all of them are empty and none may be filled, nobody could make
 * room any more.
 *
 * Context: any, socket lock.
 */
void xtcp_mem_force(struct sock *sk, int bytes)
{
	int delta = bytes - sk->sk_forward_alloc, pages;

	if (delta <= 0)
		return;
	pages = sk_mem_pages(delta);
	sk_forward_alloc_add(sk, pages << PAGE_SHIFT);
	atomic_long_add(pages, &xtcp_memory_allocated);
	sk_group_charge(sk, pages);
}

/**
 * xtcp_mem_soft - is there so much that no buffer should grow?
 * @sk: socket
 *
 * Context: any.
 */
bool xtcp_mem_soft(const struct sock *sk)
{
	return sk_under_memory_pressure(sk) ||
	       sk_memory_allocated(sk) >= sk_prot_mem_limits(sk, 0);
}

/**
 * xtcp_mem_setup - the account, before there are sockets
 *
 * Return: 0 or -ENOMEM.
 */
int xtcp_mem_setup(void)
{
	teller_setup();
	return percpu_counter_init(&xtcp_sockets_allocated, 0, GFP_KERNEL);
}

/**
 * xtcp_mem_teardown - after the last socket
 */
void xtcp_mem_teardown(void)
{
	percpu_counter_destroy(&xtcp_sockets_allocated);
}
