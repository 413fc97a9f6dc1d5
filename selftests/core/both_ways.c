// SPDX-License-Identifier: GPL-2.0
/*
 * Is header prediction (src/core/predict.c) only a shorter way to the same result?
 *
 * The unit tests, the simulator and the explorer are linked with --wrap=xtcp_rx. For each
 * segment that would be predicted, or for one of both_ways_of, the full processing runs first
 * and its result is saved; then the connection is restored and the segment is processed again, by xtcp_rx(). The
 * program ends with an error if the TCB, an entry of the send map, the segment or the
 * actions differ in any byte. All of it stays at its place in memory, so that pointers are
 * comparable too.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "both_ways.h"
#include "core.h"

/* With more entries in the send map a segment is not compared: it would take too long. */
#define ENTRIES_MAX	64

struct result {
	struct xtcp_tcb tcb;
	struct xtcp_seg seg;
	struct xtcp_sent sent[ENTRIES_MAX];
	u32 actions;
};

unsigned long both_ways_compared;
unsigned int both_ways_of = 1;

/* Defined by the linker: xtcp_rx() itself and what replaces it. */
u32 __real_xtcp_rx(struct xtcp_tcb *tcb, struct xtcp_seg *seg, struct xtcp_ooo *node, u64 now);
u32 __wrap_xtcp_rx(struct xtcp_tcb *tcb, struct xtcp_seg *seg, struct xtcp_ooo *node, u64 now);

/* The lent entries of the send map. Return: their number, or -1 if there are too many. */
static int entries(const struct xtcp_tcb *tcb, struct xtcp_sent *tab[ENTRIES_MAX])
{
	struct xtcp_sent *const lists[] = { tcb->map_head, tcb->map_free };
	struct xtcp_sent *sent;
	int n = 0;
	u32 i;

	for (i = 0; i < ARRAY_SIZE(lists); i++) {
		for (sent = lists[i]; sent; sent = sent->next) {
			if (n == ENTRIES_MAX)
				return -1;
			tab[n++] = sent;
		}
	}
	return n;
}

static void save(struct result *to, const struct xtcp_tcb *tcb, const struct xtcp_seg *seg,
		 struct xtcp_sent *const *tab, int n)
{
	int i;

	for (i = 0; i < n; i++)
		to->sent[i] = *tab[i];
	to->tcb = *tcb;
	to->seg = *seg;
}

static void restore(const struct result *from, struct xtcp_tcb *tcb, struct xtcp_seg *seg,
		    struct xtcp_sent *const *tab, int n)
{
	int i;

	*tcb = from->tcb;
	*seg = from->seg;
	for (i = 0; i < n; i++)
		*tab[i] = from->sent[i];
}

/* MemorySanitizer: bytes that were never set are compared too, such as unused SACK blocks. */
#ifdef __clang__
__attribute__((no_sanitize("memory")))
#endif
static void differs(const char *what, const void *a, const void *b, size_t size)
{
	const u8 *x = a, *y = b;
	size_t i;

	for (i = 0; i < size && x[i] == y[i]; i++)
		;
	if (i == size)
		return;
	fprintf(stderr, "header prediction: other result at byte %zu of the %s\n", i, what);
	abort();
}

/* By time, so that a world compares the same segments when it is simulated again. */
static bool drawn(u64 now)
{
	return (u32)(now * 0x9e3779b97f4a7c15 >> 32) % both_ways_of == 0;
}

u32 __wrap_xtcp_rx(struct xtcp_tcb *tcb, struct xtcp_seg *seg, struct xtcp_ooo *node, u64 now)
{
	static struct result before, full;
	struct xtcp_sent *tab[ENTRIES_MAX];
	u32 actions;
	int i, n;

	if (!xtcp_rx_is_predicted(tcb, seg) || !drawn(now))
		return __real_xtcp_rx(tcb, seg, node, now);
	n = entries(tcb, tab);
	if (n < 0)
		return __real_xtcp_rx(tcb, seg, node, now);
	both_ways_compared++;
	save(&before, tcb, seg, tab, n);
	xtcp_rx_count(tcb, seg);
	full.actions = xtcp_rx_by_rfc(tcb, seg, node, now);
	save(&full, tcb, seg, tab, n);
	restore(&before, tcb, seg, tab, n);
	actions = __real_xtcp_rx(tcb, seg, node, now);
	differs("TCB", &full.tcb, tcb, sizeof(full.tcb));
	differs("segment", &full.seg, seg, sizeof(full.seg));
	differs("actions", &full.actions, &actions, sizeof(actions));
	for (i = 0; i < n; i++)
		differs("send map", &full.sent[i], tab[i], sizeof(full.sent[i]));
	return actions;
}
