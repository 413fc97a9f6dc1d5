// SPDX-License-Identifier: GPL-2.0
/*
 * A plugin for qemu (version 1 of its interface, qemu 6.0 to 8.2) that counts
 * the guest's instructions by address while the benchmark measures.
 *
 *	-plugin profile.so,from=ADDRESS,to=ADDRESS,out=FILE
 *
 * The addresses (hexadecimal) are those of count_from() and count_to() in the
 * benchmark: instructions from a call of the former to the next call of the latter
 * are counted.
 *
 * Debian ships no header for the interface, so the few functions needed are
 * declared here.
 */
#include <inttypes.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct qemu_plugin_tb;
struct qemu_info;

typedef uint64_t plugin_id;

/* Values of qemu's enums: callbacks use no registers; the inline operation is "add". */
enum { CB_NO_REGS };
enum { INLINE_ADD_U64 };

void qemu_plugin_register_vcpu_tb_trans_cb(plugin_id id,
					   void (*cb)(plugin_id id,
						      struct qemu_plugin_tb *tb));
void qemu_plugin_register_vcpu_tb_exec_cb(struct qemu_plugin_tb *tb,
					  void (*cb)(unsigned int cpu, void *data),
					  int flags, void *data);
void qemu_plugin_register_vcpu_tb_exec_inline(struct qemu_plugin_tb *tb, int op,
					      void *counter, uint64_t imm);
void qemu_plugin_register_atexit_cb(plugin_id id,
				    void (*cb)(plugin_id id, void *data),
				    void *data);
size_t qemu_plugin_tb_n_insns(const struct qemu_plugin_tb *tb);
uint64_t qemu_plugin_tb_vaddr(const struct qemu_plugin_tb *tb);

int qemu_plugin_version = 1;
int qemu_plugin_install(plugin_id id, const struct qemu_info *info, int argc,
			char **argv);

/* Blocks of guest code; each new translation counts as one. 400,000 are usual. */
#define BLOCKS_MAX	(1U << 22)

static uint64_t *addr, *count, *at_start, *counted;
static size_t blocks;
static uint64_t windows;
static uint64_t from, to;
static bool counting;
static const char *out;

static void starts(unsigned int cpu, void *data)
{
	(void)cpu;
	(void)data;
	memcpy(at_start, count, blocks * sizeof(*count));
	counting = true;
}

static void ends(unsigned int cpu, void *data)
{
	(void)cpu;
	(void)data;
	if (!counting)
		return;
	counting = false;
	windows++;
	/* at_start is 0 for blocks translated since count_from(). */
	for (size_t i = 0; i < blocks; i++)
		counted[i] += count[i] - at_start[i];
}

static void translated(plugin_id id, struct qemu_plugin_tb *tb)
{
	(void)id;
	if (blocks == BLOCKS_MAX)
		return;
	addr[blocks] = qemu_plugin_tb_vaddr(tb);
	qemu_plugin_register_vcpu_tb_exec_inline(tb, INLINE_ADD_U64,
						 &count[blocks],
						 qemu_plugin_tb_n_insns(tb));
	if (addr[blocks] == from)
		qemu_plugin_register_vcpu_tb_exec_cb(tb, starts, CB_NO_REGS, NULL);
	if (addr[blocks] == to)
		qemu_plugin_register_vcpu_tb_exec_cb(tb, ends, CB_NO_REGS, NULL);
	blocks++;
}

/*
 * Print the number of counted intervals, then lines "ADDRESS ~ INSTRUCTIONS", which sort
 * behind the symbol at that address.
 */
static void report(plugin_id id, void *data)
{
	FILE *f = fopen(out, "w");
	size_t i;

	(void)id;
	(void)data;
	if (!f) {
		perror(out);
		return;
	}
	fprintf(f, "- windows %" PRIu64 "\n", windows);
	for (i = 0; i < blocks; i++)
		if (counted[i])
			fprintf(f, "%016" PRIx64 " ~ %" PRIu64 "\n", addr[i], counted[i]);
	fclose(f);
}

__attribute__((visibility("default")))
int qemu_plugin_install(plugin_id id, const struct qemu_info *info, int argc,
			char **argv)
{
	int i;

	(void)info;
	for (i = 0; i < argc; i++) {
		if (!strncmp(argv[i], "from=", 5))
			from = strtoull(argv[i] + 5, NULL, 16);
		else if (!strncmp(argv[i], "to=", 3))
			to = strtoull(argv[i] + 3, NULL, 16);
		else if (!strncmp(argv[i], "out=", 4))
			out = strdup(argv[i] + 4);
	}
	addr = calloc(BLOCKS_MAX, sizeof(*addr));
	count = calloc(BLOCKS_MAX, sizeof(*count));
	at_start = calloc(BLOCKS_MAX, sizeof(*at_start));
	counted = calloc(BLOCKS_MAX, sizeof(*counted));
	if (!from || !to || !out || !addr || !count || !at_start || !counted)
		return -1;
	qemu_plugin_register_vcpu_tb_trans_cb(id, translated);
	qemu_plugin_register_atexit_cb(id, report, NULL);
	return 0;
}
