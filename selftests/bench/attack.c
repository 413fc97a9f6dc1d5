// SPDX-License-Identifier: GPL-2.0
/*
 * attack [-q] [-k | -x] [-r GROUP] [-c WHAT]
 *
 * What attacks cost the kernel's TCP and XTCP, in one boot. -q: smaller numbers of
 * everything; -k, -x: only the kernel's or XTCP's column; -r: only that group of
 * rows, counted from 1; -c: the measurement that selftests/bench/profile counts, one
 * of those passed to is_counted().
 *
 * Exit status 1 when a measurement failed or XTCP misses a figure.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "attack.h"

static const struct group groups[] = {
	{ syn_measure, syn_print, true },
	{ flood_measure, flood_print, true },
	{ wait_measure, wait_print, true },
	{ worst_measure, worst_print, true },
};

struct options opt;

bool is_counted(const char *what)
{
	return opt.counted && !strcmp(opt.counted, what);
}

int main(int argc, char **argv)
{
	struct columns columns = { .kernel = true, .xtcp = true };
	size_t i, only = 0;
	int c;

	while ((c = getopt(argc, argv, "qkxr:c:")) != -1) {
		switch (c) {
		case 'q':
			opt.quick = true;
			break;
		case 'k':
			columns.xtcp = false;
			break;
		case 'x':
			columns.kernel = false;
			break;
		case 'r':
			only = strtoul(optarg, NULL, 10);
			break;
		case 'c':
			opt.counted = optarg;
			break;
		default:
			argc = 0;
		}
	}
	if (optind != argc || only > ARRAY_SIZE(groups) ||
	    !(columns.kernel || columns.xtcp)) {
		fprintf(stderr, "usage: see the head of attack.c\n");
		return 2;
	}
	table_begin(46, columns);
	for (i = 0; i < ARRAY_SIZE(groups); i++)
		if (!only || only == i + 1)
			table_group(&groups[i]);
	return table_end();
}
