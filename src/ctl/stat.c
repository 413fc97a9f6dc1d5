// SPDX-License-Identifier: GPL-2.0
/*
 * /proc/net/xtcp_stat: how many there are of what, and why segments were
 * discarded. One name and one number a line, names never change meaning.
 */
#include "../net/net.h"
#include "ctl.h"

static const char * const drop_names[XTCP_DROP_MAX] = {
#define DROP_NAME(name)	[XTCP_DROP_##name] = "Drop" #name,
	XTCP_DROP_REASONS(DROP_NAME)
#undef DROP_NAME
};

static u64 drop_count(const struct xtcp_net *xn, int reason)
{
	u64 sum = 0;
	int cpu;

	for_each_possible_cpu(cpu)
		sum += per_cpu_ptr(xn->drops, cpu)[reason];
	return sum;
}

/**
 * xtcp_stat_show - write the file
 * @seq: where to
 * @v: unused
 *
 * Return: 0.
 */
int xtcp_stat_show(struct seq_file *seq, void *v)
{
	const struct xtcp_net *xn = xtcp_net(seq_file_single_net(seq));
	const struct xtcp_tables *t = xn->tables;
	int i;

	seq_printf(seq, "Sockets %d\n", atomic_read(&t->count[XTCP_KIND_SOCK]));
	seq_printf(seq, "Listeners %d\n", atomic_read(&t->count[XTCP_KIND_LISTEN]));
	seq_printf(seq, "Embryos %d\n", atomic_read(&t->count[XTCP_KIND_EMBRYO]));
	seq_printf(seq, "TimeWait %d\n", atomic_read(&t->count[XTCP_KIND_TW]));
	for (i = XTCP_DROP_NONE + 1; i < XTCP_DROP_MAX; i++)
		seq_printf(seq, "%s %llu\n", drop_names[i], drop_count(xn, i));
	return 0;
}
