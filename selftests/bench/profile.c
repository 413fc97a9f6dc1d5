// SPDX-License-Identifier: GPL-2.0
/*
 * A plugin for qemu (version 1 of its interface, qemu 6.0 to 8.2) that counts
 * the guest's instructions by address while the benchmark measures.
 *
 *	-plugin profile.so,mark=ADDRESS,out=FILE
 *
 * ADDRESS (hexadecimal) is now_ns() of the benchmark. It is called first for
 * the round that does not count, then at the start and at the end of every
 * round that does: what runs between the second call and the last is counted.
 * One row and one stack must be measured, or the calls would mix.
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

/* Callbacks may use no registers; what to do inline: add. */
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

/* Blocks of guest code, translations anew counted anew; 400,000 are usual. */
#define BLOCKS_MAX	(1U << 22)

static uint64_t *addr, *count, *at_start, *at_end;
static size_t blocks, blocks_at_end;
static uint64_t mark;
static unsigned int calls;
static const char *out;

static void marked(unsigned int cpu, void *data)
{
	(void)cpu;
	(void)data;
	calls++;
	if (calls == 2) {
		memcpy(at_start, count, blocks * sizeof(*count));
	} else if (calls > 2 && calls % 2) {
		memcpy(at_end, count, blocks * sizeof(*count));
		blocks_at_end = blocks;
	}
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
	if (addr[blocks] == mark)
		qemu_plugin_register_vcpu_tb_exec_cb(tb, marked, CB_NO_REGS,
						     NULL);
	blocks++;
}

/* ADDRESS ~ INSTRUCTIONS: sorts behind the symbol of that address. */
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
	for (i = 0; i < blocks_at_end; i++)
		if (at_end[i] > at_start[i])
			fprintf(f, "%016" PRIx64 " ~ %" PRIu64 "\n", addr[i],
				at_end[i] - at_start[i]);
	fclose(f);
}

__attribute__((visibility("default")))
int qemu_plugin_install(plugin_id id, const struct qemu_info *info, int argc,
			char **argv)
{
	int i;

	(void)info;
	for (i = 0; i < argc; i++) {
		if (!strncmp(argv[i], "mark=", 5))
			mark = strtoull(argv[i] + 5, NULL, 16);
		else if (!strncmp(argv[i], "out=", 4))
			out = strdup(argv[i] + 4);
	}
	addr = calloc(BLOCKS_MAX, sizeof(*addr));
	count = calloc(BLOCKS_MAX, sizeof(*count));
	at_start = calloc(BLOCKS_MAX, sizeof(*at_start));
	at_end = calloc(BLOCKS_MAX, sizeof(*at_end));
	if (!mark || !out || !addr || !count || !at_start || !at_end)
		return -1;
	qemu_plugin_register_vcpu_tb_trans_cb(id, translated);
	qemu_plugin_register_atexit_cb(id, report, NULL);
	return 0;
}
