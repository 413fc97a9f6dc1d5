// SPDX-License-Identifier: GPL-2.0
/*
 * The memory of a search: a hash of each state seen, and the states still to be
 * expanded, each as its difference from the first state.
 */
#include <stdio.h>
#include <stdlib.h>

#include "explore.h"

static void *must(void *p)
{
	if (!p) {
		fprintf(stderr, "explore: out of memory\n");
		_Exit(2);
	}
	return p;
}

/* ---- hashes, open addressing, at most 2/3 full ---- */

static void set_grow(struct set *set)
{
	struct set old = *set;
	u64 i;

	set->room = old.room ? old.room * 2 : 4096;
	set->key = must(calloc(set->room, sizeof(*set->key)));
	set->val = must(calloc(set->room, sizeof(*set->val)));
	set->n = 0;
	for (i = 0; i < old.room; i++)
		if (old.key[i])
			set_add(set, old.key[i], old.val[i]);
	free(old.key);
	free(old.val);
}

static u64 set_slot(const struct set *set, u64 key)
{
	u64 i = key & (set->room - 1);

	while (set->key[i] && set->key[i] != key)
		i = (i + 1) & (set->room - 1);
	return i;
}

/* Add @key with @val. Return: NO_NODE if it is new, otherwise the value it has. */
u32 set_add(struct set *set, u64 key, u32 val)
{
	u64 i;

	if (set->n >= set->room / 3 * 2)
		set_grow(set);
	i = set_slot(set, key);
	if (set->key[i])
		return set->val[i];
	set->key[i] = key;
	set->val[i] = val;
	set->n++;
	return NO_NODE;
}

/* Return: the value of @key, NO_NODE if there is none. */
u32 set_get(const struct set *set, u64 key)
{
	u64 i;

	if (!set->room)
		return NO_NODE;
	i = set_slot(set, key);
	return set->key[i] ? set->val[i] : NO_NODE;
}

void set_free(struct set *set)
{
	free(set->key);
	free(set->val);
	memset(set, 0, sizeof(*set));
}

/* ---- states: a bitmap of the words that differ, and one of bytes for each ---- */

#define WORDS	(sizeof(struct world) / 8)
#define BLOCK	(1U << 20)	/* bytes */

struct block {
	struct block *next;
	u32 n;
	u8 byte[BLOCK];
};

static struct {
	u64 base[WORDS];
	struct block *first;
	struct block *last;
	u32 at;			/* offset in the first block, bytes */
	u32 room;		/* bytes that the longest state may take */
} q;

/* Empty the queue; states are stored as differences from the current one. */
void queue_init(void)
{
	BUILD_BUG_ON(sizeof(struct world) % 8);
	while (q.first) {
		struct block *b = q.first;

		q.first = b->next;
		free(b);
	}
	memcpy(q.base, W, sizeof(q.base));
	q.last = NULL;
	q.at = 0;
	q.room = WORDS / 8 + 1 + WORDS * 9;
}

static u8 *put_word(u8 *p, u64 diff)
{
	u8 *mask = p++;
	u32 i;

	*mask = 0;
	for (i = 0; i < 8; i++, diff >>= 8)
		if (diff & 0xff) {
			*mask |= 1 << i;
			*p++ = (u8)diff;
		}
	return p;
}

static const u8 *get_word(const u8 *p, u64 *diff)
{
	u8 mask = *p++;
	u32 i;

	*diff = 0;
	for (i = 0; i < 8; i++)
		if (mask & 1 << i)
			*diff |= (u64)*p++ << 8 * i;
	return p;
}

/* Append the current state. */
void queue_put(void)
{
	const u64 *w = (const u64 *)W;
	u8 *map, *p;
	u32 i;

	if (!q.last || q.last->n + q.room > BLOCK) {
		struct block *b = must(malloc(sizeof(*b)));

		b->next = NULL;
		b->n = 0;
		if (q.last)
			q.last->next = b;
		else
			q.first = b;
		q.last = b;
	}
	map = &q.last->byte[q.last->n];
	p = map + (WORDS + 7) / 8;
	memset(map, 0, p - map);
	for (i = 0; i < WORDS; i++)
		if (w[i] != q.base[i]) {
			map[i / 8] |= 1 << i % 8;
			p = put_word(p, w[i] ^ q.base[i]);
		}
	q.last->n += (u32)(p - map);
}

/* Take the first state. Return: false if there is none. */
bool queue_get(struct world *w)
{
	u64 *out = (u64 *)w, diff;
	const u8 *map, *p;
	u32 i;

	if (q.first && q.at == q.first->n) {
		struct block *b = q.first;

		q.first = b->next;
		if (!q.first)
			q.last = NULL;
		q.at = 0;
		free(b);
	}
	if (!q.first)
		return false;
	map = &q.first->byte[q.at];
	p = map + (WORDS + 7) / 8;
	memcpy(out, q.base, sizeof(q.base));
	for (i = 0; i < WORDS; i++)
		if (map[i / 8] & 1 << i % 8) {
			p = get_word(p, &diff);
			out[i] ^= diff;
		}
	q.at += (u32)(p - map);
	return true;
}
