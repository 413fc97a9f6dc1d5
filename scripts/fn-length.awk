#!/usr/bin/awk -f
# SPDX-License-Identifier: GPL-2.0
#
# scripts/fn-length.awk -v max=N FILE...
#
# Names every C function whose body, braces included, is longer than max
# lines.  The kernel's style has a function's braces, and no others, alone in
# the first column; a function is told from a struct by its closing
# parenthesis before the brace.

/^\{/ {
	if (before ~ /\)[ \t]*(__[a-z_]+.*)?$/) {
		start = FNR
		name = before
	}
}
/^\}/ {
	if (start && FNR - start + 1 > max)
		printf "%s:%d: %s: %d lines\n", FILENAME, start, name,
			FNR - start + 1
	start = 0
}
FNR == 1 { start = 0 }
/[^ \t]/ { before = $0 }
