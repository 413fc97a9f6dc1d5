// SPDX-License-Identifier: GPL-2.0
/*
 * An oracle for needless and late retransmissions. The simulated network knows each
 * loss, which the sender has to infer: for each stream the ledger keeps the bytes that
 * were lost and not sent again since, and when the sender could first know of it.
 *
 * Packets are numbered as they enter a link. A packet of the receiver carries the
 * highest number that had arrived (a field of struct pkt, not of the segment). If no
 * packet overtakes another, a number above that of a lost packet proves the loss.
 */
#include <stdlib.h>

#include "sim.h"

/* Losses of adjacent bytes are merged if their packets are at most this far apart. */
#define CLOSE	64	/* packets */

void ledger_reset(struct ledger *led)
{
	free(led->lost);
	*led = (struct ledger){};
}

static void insert(struct ledger *led, u32 at, u64 from, u64 to, u64 nr)
{
	struct lost *prev = at ? &led->lost[at - 1] : NULL;

	if (prev && prev->to == from && prev->nr <= nr && prev->nr + CLOSE >= nr) {
		prev->to = to;
		prev->nr = nr;
		return;
	}
	if (led->n == led->room) {
		led->room = led->room ? 2 * led->room : 16;
		led->lost = realloc(led->lost, led->room * sizeof(*led->lost));
		if (!led->lost)
			exit(2);
	}
	memmove(&led->lost[at + 1], &led->lost[at],
		(led->n++ - at) * sizeof(*led->lost));
	led->lost[at] = (struct lost){ .from = from, .to = to, .nr = nr };
}

/*
 * [@from, @to) was sent again: remove it from the lost bytes, or, if lost again
 * (@again), enter it with the number @nr. Return: whether any of it was lost before.
 */
static bool repair(struct ledger *led, u64 from, u64 to, bool again, u64 nr)
{
	bool any = false;
	u32 i = 0;

	while (i < led->n && led->lost[i].from < to) {
		struct lost old = led->lost[i];
		u64 a = max(old.from, from), b = min(old.to, to);

		if (old.to <= from) {
			i++;
			continue;
		}
		any = true;
		memmove(&led->lost[i], &led->lost[i + 1],
			(--led->n - i) * sizeof(*led->lost));
		if (old.from < a)
			insert(led, i++, old.from, a, old.nr);
		if (again)
			insert(led, i, a, b, nr);
		/* insert() may have merged it with the previous range. */
		while (i < led->n && led->lost[i].from < b)
			i++;
		if (b < old.to)
			insert(led, i, b, old.to, old.nr);
	}
	return any;
}

/* Update the first loss, and since when the sender can know of it. */
static void look(struct ledger *led, u64 now)
{
	const struct lost *head = led->lost;

	if (!led->n) {
		led->known_at = 0;
		return;
	}
	if (head->from != led->head.from || head->nr != led->head.nr)
		led->known_at = 0;
	led->head = *head;
	if (led->known_at || led->heard <= head->nr)
		return;
	led->known_at = now;
	led->first_at = led->first_at ?: now;
}

/* A packet of the receiver has arrived, with @nr as the highest number received. */
void ledger_heard(struct ledger *led, u64 nr, u64 now)
{
	led->heard = max(led->heard, nr);
	look(led, now);
}

/*
 * Bytes [@from, @to) of the stream were sent as packet @nr, which is lost or not.
 * Return: whether it is spurious, that is, all of its bytes have arrived or will.
 */
bool ledger_sent(struct ledger *led, u64 from, u64 to, bool lost, u64 nr, u64 now)
{
	bool spurious = false, any = led->n;

	if (any && led->known_at && from <= led->head.from && led->head.from < to)
		led->slowest = max(led->slowest, now - led->known_at);
	if (from < led->sent) {
		led->again = max(led->again, min(to, led->sent));
		spurious = !repair(led, from, min(to, led->sent), lost, nr);
		if (!spurious && !lost)
			led->begun_at = led->begun_at ?: now;
	}
	if (to > led->sent) {
		spurious = false;
		if (lost)
			insert(led, led->n, max(from, led->sent), to, nr);
		led->sent = to;
	}
	led->spurious += spurious;
	if (any && !led->n)
		led->done_at = now;
	look(led, now);
	return spurious;
}
