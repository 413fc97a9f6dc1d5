#!/usr/bin/awk -f
# SPDX-License-Identifier: GPL-2.0
#
# scripts/fn-length.awk -v max=N FILE...
#
# Names every C function whose body, braces included, is longer than max
# lines.  In the kernel's style the braces of functions, structs and
# initializers stand in the first column; a function is recognized by the
# closing parenthesis at the end of the line before its brace.

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
