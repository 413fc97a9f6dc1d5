// SPDX-License-Identifier: GPL-2.0
/*
 * Memory of all sockets together: the account and its three thresholds, memory
 * pressure, and the charge to the memory control groups of accepted sockets.
 */
#include <linux/memcontrol.h>
#include <linux/percpu.h>
#include <net/tcp.h>

#include "../compat/lock.h"
#include "../compat/memcg.h"
#include "../compat/moved.h"
#include "internal.h"

/*
 * An account in pages, with the thresholds of the knob mem. It is not the kernel's TCP
 * account: the buffers of one stack would put the other one under pressure.
 */
atomic_long_t xtcp_memory_allocated ____cacheline_aligned_in_smp;
DEFINE_PER_CPU(int, xtcp_memory_per_cpu_fw_alloc);
struct percpu_counter xtcp_sockets_allocated;
unsigned long xtcp_memory_pressure;	/* jiffies when it began; 0: none */

/**
 * xtcp_mem_pressed - is there memory pressure?
 *
 * Context: any.
 * Return: whether.
 */
bool xtcp_mem_pressed(void)
{
	return READ_ONCE(xtcp_memory_pressure);
}

/**
 * xtcp_enter_memory_pressure - proto.enter_memory_pressure
 * @sk: socket that found the account above its second threshold
 *
 * Context: any.
 */
void xtcp_enter_memory_pressure(struct sock *sk)
{
	unsigned long now = jiffies;

	if (READ_ONCE(xtcp_memory_pressure))
		return;
	if (cmpxchg(&xtcp_memory_pressure, 0, now ? now : 1))
		return;
	xtcp_mib_inc(xtcp_pernet(sock_net(sk)), XTCP_MIB_MEMORY_PRESSURES);
	xtcp_evict_start();
}

/**
 * xtcp_leave_memory_pressure - proto.leave_memory_pressure
 * @sk: socket that found the account below its first threshold
 *
 * Context: any.
 */
void xtcp_leave_memory_pressure(struct sock *sk)
{
	unsigned long since;

	if (!READ_ONCE(xtcp_memory_pressure))
		return;
	since = xchg(&xtcp_memory_pressure, 0);
	if (since)
		xtcp_mib_add(xtcp_pernet(sock_net(sk)), XTCP_MIB_MEMORY_PRESSURES_CHRONO,
			     jiffies_to_msecs(jiffies - since));
}

/* ---- control groups ---- */

#ifdef CONFIG_MEMCG

/*
 * The kernel exports no function that charges only a memory control group. A dummy
 * socket, one for each CPU, whose protocol has no limits does just that.
 */
static DEFINE_PER_CPU(struct sock, memcg_charger);
static DEFINE_PER_CPU(local_lock_t, charger_lock) = INIT_LOCAL_LOCK(charger_lock);
static atomic_long_t charger_allocated;
static DEFINE_PER_CPU(int, charger_per_cpu_fw_alloc);
static long charger_limits[3] = { LONG_MAX, LONG_MAX, LONG_MAX };

static struct proto charger_prot = {
	.name			= "XTCP-TELLER",
	.memory_allocated	= &charger_allocated,
	.per_cpu_fw_alloc	= &charger_per_cpu_fw_alloc,
	.sysctl_mem		= charger_limits,
};

/* charger_check() found that this kernel does so; otherwise no group is charged. */
static bool charger_works;

/* Pages of the test: more than a CPU keeps in its per-CPU reserve. */
#define CHARGER_TRY	256

/* Charge and give back: the charge must succeed, and the account be 0 afterwards. */
static bool charger_try(struct sock *charger)
{
	bool taken;
	int rest;

	taken = __sk_mem_schedule(charger, CHARGER_TRY << PAGE_SHIFT, SK_MEM_SEND);
	if (!taken)
		return false;
	taken = charger->sk_forward_alloc == CHARGER_TRY << PAGE_SHIFT;
	__sk_mem_reclaim(charger, CHARGER_TRY << PAGE_SHIFT);
	rest = atomic_long_read(&charger_allocated) +
	       this_cpu_read(charger_per_cpu_fw_alloc);
	return taken && !charger->sk_forward_alloc && !rest;
}

static void charger_check(void)
{
	local_bh_disable();
	local_lock_nested_bh(&charger_lock);
	charger_works = charger_try(this_cpu_ptr(&memcg_charger));
	local_unlock_nested_bh(&charger_lock);
	local_bh_enable();
	if (!charger_works)
		pr_warn("xtcp: this kernel does not charge as expected: accepted connections are charged to no memory control group\n");
}

static void charger_setup(void)
{
	int cpu;

	for_each_possible_cpu(cpu) {
		struct sock *charger = &per_cpu(memcg_charger, cpu);

		charger->sk_prot = &charger_prot;
		/*
		 * A stream whose send buffer is always full: its size is 0, and
		 * the lock keeps the kernel from changing it.
		 */
		charger->sk_type = SOCK_STREAM;
		charger->sk_userlocks = SOCK_SNDBUF_LOCK;
	}
	charger_check();
}

/*
 * Charge @pages pages. With bottom halves off the charge is atomic, and an atomic
 * charge does not fail. The separate socket account of a cgroup of version 1 may be at
 * its limit, but a stream's write is charged to it all the same.
 */
static void memcg_charge(struct mem_cgroup *group, int pages)
{
	struct sock *charger;

	local_bh_disable();
	local_lock_nested_bh(&charger_lock);
	charger = this_cpu_ptr(&memcg_charger);
	charger->sk_memcg = group;
	WARN_ON_ONCE(!__sk_mem_schedule(charger, pages << PAGE_SHIFT, SK_MEM_SEND));
	charger->sk_memcg = NULL;
	__sk_mem_reclaim(charger, pages << PAGE_SHIFT);
	local_unlock_nested_bh(&charger_lock);
	local_bh_enable();
}

static void memcg_charge_sk(const struct sock *sk, int pages)
{
	if (mem_cgroup_sockets_enabled && sk->sk_memcg && charger_works)
		memcg_charge(sk->sk_memcg, pages);
}

/* The group of the current process, with a reference; NULL: it accounts no sockets. */
static struct mem_cgroup *memcg_get_current(void)
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
 * xtcp_mem_adopt - charge an accepted socket to the control group of its process
 * @child: accepted socket, no descriptor yet
 *
 * Does what mem_cgroup_sk_alloc() does in the accept() of the kernel's TCP. A socket
 * made by socket() has its group from sk_alloc().
 *
 * Context: process, socket lock not held, may sleep.
 */
void xtcp_mem_adopt(struct sock *child)
{
	u32 bytes;

	if (!mem_cgroup_sockets_enabled || !charger_works)
		return;
	lock_sock(child);
	if (!child->sk_memcg) {
		child->sk_memcg = memcg_get_current();
		/* With sk_forward_alloc, the rest of the last page, whole pages. */
		bytes = child->sk_forward_alloc + child->sk_wmem_queued +
			atomic_read(&child->sk_rmem_alloc) + xtcp_map_bytes(child);
		if (child->sk_memcg && bytes)
			memcg_charge(child->sk_memcg, bytes >> PAGE_SHIFT);
	}
	release_sock(child);
}

#else

static void charger_setup(void)
{
}

static void memcg_charge_sk(const struct sock *sk, int pages)
{
}

void xtcp_mem_adopt(struct sock *child)
{
}

#endif /* CONFIG_MEMCG */

/**
 * xtcp_mem_force - reserve memory beyond the limits
 * @sk: socket
 * @bytes: how many; the caller charges them afterwards
 *
 * As sk_forced_mem_schedule(), which is not exported. For the first bytes of a
 * buffer only: if an empty buffer could not be filled, the connection would stand
 * still.
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
	memcg_charge_sk(sk, pages);
}

/**
 * xtcp_mem_soft - do all sockets use so much memory that no buffer should grow?
 * @sk: socket
 *
 * Context: any.
 * Return: true from the first threshold of mem on, or under pressure.
 */
bool xtcp_mem_soft(const struct sock *sk)
{
	return sk_under_memory_pressure(sk) ||
	       sk_memory_allocated(sk) >= sk_prot_mem_limits(sk, 0);
}

/**
 * xtcp_mem_setup - set up the account, before the first socket
 *
 * Context: process, may sleep.
 * Return: 0 or -ENOMEM.
 */
int xtcp_mem_setup(void)
{
	charger_setup();
	return percpu_counter_init(&xtcp_sockets_allocated, 0, GFP_KERNEL);
}

/**
 * xtcp_mem_teardown - free the account, after the last socket
 *
 * Context: process.
 */
void xtcp_mem_teardown(void)
{
	percpu_counter_destroy(&xtcp_sockets_allocated);
}
