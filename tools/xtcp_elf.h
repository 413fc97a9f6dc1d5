/* SPDX-License-Identifier: GPL-2.0 */
#ifndef XTCP_ELF_H
#define XTCP_ELF_H

/**
 * xtcp_elf_why_not - why a program cannot be preloaded
 * @name: program, as for execvp()
 * @path: set to the file that was examined: the program, or the interpreter if it is a
 *	script; malloc()ed, NULL if there is no such file
 *
 * Return: a predicate whose subject is the file ("is linked statically"); NULL if
 * nothing is known to prevent preloading, or the file cannot be read.
 */
const char *xtcp_elf_why_not(const char *name, char **path);

#endif /* XTCP_ELF_H */
