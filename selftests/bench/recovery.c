// SPDX-License-Identifier: GPL-2.0
/*
 * recovery [-q | -l] [-k | -x] [-r GROUP]... [-t N[,N...] [-w]]
 *
 * How the kernel's TCP and XTCP recover from loss, in one boot and over the same
 * line. -q: a sample, -l: more than usual; -k, -x: only the kernel's or XTCP's
 * column; -r: only those groups of rows, counted from 1. -t: instead of the table,
 * print every packet of the short reply when packets N are dropped; -w: between hosts
 * that were connected before. recovery-vm sets the network up.
 *
 * Exit status 1 when a measurement failed or XTCP misses a figure.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "recovery.h"

/* Address pairs reserved for one measurement. */
#define PAIRS		4096

static const struct group groups[] = {
	{ drops_measure, drops_print, true },
	{ tail_measure, tail_print, true },
	{ goodput_measure, goodput_print, true },
	{ share_measure, share_print, false },
	{ reorder_measure, reorder_print, true },
	{ sack_measure, sack_print, true },
};

struct options opt;

uint32_t new_pair(void)
{
	static uint32_t used;

	return aparts * PAIRS + used++;
}

/* The arguments of -t: packets to drop, and between which hosts. */
struct story {
	enum stack st;
	bool warm;
	unsigned int drop[DROP_MAX];
};

static void tell(const void *arg, void *nothing)
{
	const struct story *s = arg;

	(void)nothing;
	drops_trace(s->st, s->warm, s->drop);
}

static int trace(struct columns columns, bool warm, char *list)
{
	struct story s = { .warm = warm };
	unsigned int n = 0;
	bool good = true;
	char *word, nothing;

	for (word = strtok(list, ","); word && n < DROP_MAX; word = strtok(NULL, ","))
		s.drop[n++] = (unsigned int)strtoul(word, NULL, 10);
	for (s.st = KERNEL; s.st <= XTCP; s.st++)
		if (s.st == KERNEL ? columns.kernel : columns.xtcp)
			good &= apart(tell, &s, &nothing, sizeof(nothing));
	return !good;
}

int main(int argc, char **argv)
{
	struct columns columns = { .kernel = true, .xtcp = true };
	bool warm = false;
	char *traced = NULL;
	unsigned long group, only = 0;
	size_t i;
	int c;

	while ((c = getopt(argc, argv, "qlkxr:t:w")) != -1) {
		switch (c) {
		case 'q':
			opt.quick = true;
			break;
		case 'l':
			opt.more = true;
			break;
		case 'k':
			columns.xtcp = false;
			break;
		case 'x':
			columns.kernel = false;
			break;
		case 'r':
			group = strtoul(optarg, NULL, 10);
			if (!group || group > ARRAY_SIZE(groups))
				argc = 0;
			else
				only |= 1UL << (group - 1);
			break;
		case 't':
			traced = optarg;
			break;
		case 'w':
			warm = true;
			break;
		default:
			argc = 0;
		}
	}
	if (optind != argc || !(columns.kernel || columns.xtcp)) {
		fprintf(stderr, "usage: see the head of recovery.c\n");
		return 2;
	}
	if (traced)
		return trace(columns, warm, traced);
	table_begin(44, columns);
	for (i = 0; i < ARRAY_SIZE(groups); i++)
		if (only ? only >> i & 1 : groups[i].quick || !opt.quick)
			table_group(&groups[i]);
	return table_end();
}
