// SPDX-License-Identifier: GPL-2.0
/*
 * /proc/net/xtcp_stat: counters of a namespace, in the format and under the names of
 * /proc/net/snmp and /proc/net/netstat (pairs of lines), so that their readers can
 * read it. A name never changes its meaning.
 */
#include <net/ip.h>

#include "../compat/moved.h"
#include "../net/net.h"
#include "../sock/family.h"
#include "ctl.h"

/* A named counter: an event, segments discarded for a reason, or the sum of two reasons. */
struct row {
	const char *name;
	enum { ROW_MIB, ROW_DROP, ROW_DROP_SUM } kind;
	u8 a, b;		/* enum xtcp_mib, or enum xtcp_drop_reason */
};

#define MIB_ROW(id, name)	{ name, ROW_MIB, XTCP_MIB_##id },

static const struct row tcp_rows[] = {
	XTCP_MIBS_TCP(MIB_ROW)
	{ "InErrs", ROW_DROP_SUM, XTCP_DROP_HEADER, XTCP_DROP_CHECKSUM },
	{ "InCsumErrors", ROW_DROP, XTCP_DROP_CHECKSUM },
};

/* Reasons for which the kernel has a counter are shown under its name as well. */
static const struct row ext_rows[] = {
	XTCP_MIBS_ENGINE(MIB_ROW)
	XTCP_MIBS_EXT(MIB_ROW)
	{ "ListenOverflows", ROW_DROP, XTCP_DROP_LISTEN_OVERFLOW },
	{ "PAWSEstab", ROW_DROP, XTCP_DROP_PAWS },
	{ "TCPOFODrop", ROW_DROP_SUM, XTCP_DROP_OOO_LIMIT, XTCP_DROP_OOO_MEMORY },
	{ "TCPBacklogDrop", ROW_DROP, XTCP_DROP_BACKLOG },
	{ "TCPRcvQDrop", ROW_DROP, XTCP_DROP_RCVBUF },
	{ "TCPZeroWindowDrop", ROW_DROP, XTCP_DROP_ZERO_WINDOW },
	{ "TCPMinTTLDrop", ROW_DROP, XTCP_DROP_MIN_TTL },
};

static const struct row mem_rows[] = {
	XTCP_MIBS_MEM(MIB_ROW)
};

static const struct row local_rows[] = {
	XTCP_MIBS_LOCAL(MIB_ROW)
};

/* Every reason. The first row, NONE, is not printed. */
static const struct row drop_rows[] = {
#define DROP_ROW(name)	{ #name, ROW_DROP, XTCP_DROP_##name },
	XTCP_DROP_REASONS(DROP_ROW)
#undef DROP_ROW
};

/* As snmp_fold_field(), which newer kernels do not export. */
static unsigned long stat_sum(const unsigned long __percpu *counters, unsigned int index)
{
	unsigned long sum = 0;
	int cpu;

	for_each_possible_cpu(cpu)
		sum += READ_ONCE(*per_cpu_ptr(counters + index, cpu));
	return sum;
}

static unsigned long stat_row_value(const struct xtcp_net *xn, const struct row *row)
{
	switch (row->kind) {
	case ROW_MIB:
		return stat_sum(xn->mibs, row->a);
	case ROW_DROP:
		return stat_sum(xn->drops, row->a);
	default:
		return stat_sum(xn->drops, row->a) + stat_sum(xn->drops, row->b);
	}
}

/* Print a pair of lines. @first_names and @first come before the counters. */
static void stat_put_rows(struct seq_file *seq, const char *head, const char *first_names,
			  const char *first, const struct row *rows, u32 n)
{
	const struct xtcp_net *xn = xtcp_pernet(seq_file_single_net(seq));
	u32 i;

	seq_printf(seq, "%s:%s", head, first_names);
	for (i = 0; i < n; i++)
		seq_printf(seq, " %s", rows[i].name);
	seq_printf(seq, "\n%s:%s", head, first);
	for (i = 0; i < n; i++)
		seq_printf(seq, " %lu", stat_row_value(xn, &rows[i]));
	seq_putc(seq, '\n');
}

/**
 * xtcp_stat_show - print the file
 * @seq: the file
 * @v: unused
 *
 * Context: process, may sleep.
 * Return: 0.
 */
int xtcp_stat_show(struct seq_file *seq, void *v)
{
	const struct xtcp_net *xn = xtcp_pernet(seq_file_single_net(seq));
	const struct xtcp_tables *t = xn->tables;
	const struct xtcp_reqsk_table *requests = READ_ONCE(xn->requests);
	char rto[48], mem[32];

	/* RFC 4022: 4 is Van Jacobson's algorithm; ms; -1 is no limit. */
	snprintf(rto, sizeof(rto), " 4 %u %u -1", xn->params.rto_min_us / 1000,
		 xn->params.rto_max_us / 1000);
	stat_put_rows(seq, "Tcp", " RtoAlgorithm RtoMin RtoMax MaxConn", rto, tcp_rows,
		      ARRAY_SIZE(tcp_rows));
	stat_put_rows(seq, "TcpExt", "", "", ext_rows, ARRAY_SIZE(ext_rows));
	seq_printf(seq, "Xtcp: Sockets Listeners Requests TimeWait\nXtcp: %d %d %d %d\n",
		   atomic_read(&t->count[XTCP_KIND_SOCK]),
		   atomic_read(&t->count[XTCP_KIND_LISTEN]),
		   requests ? atomic_read(&requests->count) : 0,
		   atomic_read(&t->count[XTCP_KIND_TW]));
	snprintf(mem, sizeof(mem), " %ld %d", proto_memory_allocated(&xtcp_prot),
		 xtcp_mem_pressed());
	stat_put_rows(seq, "XtcpMem", " Pages Pressure", mem, mem_rows,
		      ARRAY_SIZE(mem_rows));
	stat_put_rows(seq, "XtcpLocal", "", "", local_rows, ARRAY_SIZE(local_rows));
	stat_put_rows(seq, "XtcpDrop", "", "", drop_rows + 1, ARRAY_SIZE(drop_rows) - 1);
	return 0;
}
