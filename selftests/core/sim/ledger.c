// SPDX-License-Identifier: GPL-2.0
/*
 * Who sends something again that is not lost? The network knows at once what
 * the sender can only guess: of each stream this keeps what was lost and not
 * sent again since.
 */
#include <stdlib.h>

#include "sim.h"

void ledger_reset(struct ledger *led)
{
	free(led->lost);
	*led = (struct ledger){};
}

static void insert(struct ledger *led, u32 at, u64 from, u64 to)
{
	if (led->n == led->room) {
		led->room = led->room ? 2 * led->room : 16;
		led->lost = realloc(led->lost, led->room * sizeof(*led->lost));
		if (!led->lost)
			exit(2);
	}
	memmove(&led->lost[at + 1], &led->lost[at],
		(led->n++ - at) * sizeof(*led->lost));
	led->lost[at].from = from;
	led->lost[at].to = to;
}

/* Take [@from, @to) out of what was lost; returns whether any of it was. */
static bool repair(struct ledger *led, u64 from, u64 to, bool again)
{
	bool any = false;
	u32 i = 0;

	while (i < led->n && led->lost[i].from < to) {
		u64 a = led->lost[i].from, b = led->lost[i].to;

		if (b <= from) {
			i++;
			continue;
		}
		any = true;
		if (again) {
			i++;
			continue;
		}
		memmove(&led->lost[i], &led->lost[i + 1],
			(--led->n - i) * sizeof(*led->lost));
		if (a < from)
			insert(led, i++, a, from);
		if (b > to)
			insert(led, i++, to, b);
	}
	return any;
}

/*
 * Bytes [@from, @to) of the stream were put onto the wire; @lost: in vain. A
 * packet of which every byte has arrived or is about to is spurious: returned.
 */
bool ledger_sent(struct ledger *led, u64 from, u64 to, bool lost)
{
	bool lacked = from < led->sent && repair(led, from, to, lost);

	if (to <= led->sent) {
		led->spurious += !lacked;
		return !lacked;
	}
	if (lost)
		insert(led, led->n, max(from, led->sent), to);
	led->sent = to;
	return false;
}
