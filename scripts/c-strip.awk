#!/usr/bin/awk -f
# SPDX-License-Identifier: GPL-2.0
#
# scripts/c-strip.awk FILE...
#
# Prints C without comments and with empty strings and character constants, each
# line as "FILE:LINE:code", so that a search for a word finds only code.

FNR == 1 { comment = 0 }
{
	line = $0
	code = ""
	while (line != "") {
		if (comment) {
			end = index(line, "*/")
			if (!end)
				break
			line = substr(line, end + 2)
			comment = 0
		} else if (substr(line, 1, 2) == "/*") {
			comment = 1
			code = code " "
			line = substr(line, 3)
		} else if (substr(line, 1, 2) == "//") {
			break
		} else if (match(line, /^"([^"\\]|\\.)*"/) ||
			   match(line, /^'([^'\\]|\\.)*'/)) {
			# Keep the file name of an #include.
			if (code ~ /^#[ \t]*include[ \t]*$/)
				code = code substr(line, 1, RLENGTH)
			else
				code = code "\"\""
			line = substr(line, RLENGTH + 1)
		} else {
			code = code substr(line, 1, 1)
			line = substr(line, 2)
		}
	}
	if (code ~ /[^ \t]/)
		printf "%s:%d:%s\n", FILENAME, FNR, code
}
