/* SPDX-License-Identifier: GPL-2.0 */
#ifndef XTCP_ELF_H
#define XTCP_ELF_H

/* Why the dynamic linker does not load our library into a program. */
enum xtcp_elf {
	XTCP_ELF_LOADS,		/* nothing is known to prevent it */
	XTCP_ELF_CLASS,
	XTCP_ELF_OTHER_USER,
	XTCP_ELF_STATIC,
	XTCP_ELF_GO,		/* loads it, but makes its own system calls */
};

/**
 * xtcp_elf_examine - does the preload library reach the sockets of a program?
 * @name: program, as for execvp()
 * @path: set to the file that was examined: the program, or the interpreter if it is a
 *	script; malloc()ed, NULL if there is no such file
 *
 * Return: XTCP_ELF_LOADS, also if the file cannot be read, or why not.
 */
enum xtcp_elf xtcp_elf_examine(const char *name, char **path);

/**
 * xtcp_elf_says - words for a result other than XTCP_ELF_LOADS
 *
 * Return: a predicate whose subject is the file, as "is linked statically".
 */
const char *xtcp_elf_says(enum xtcp_elf result);

#endif /* XTCP_ELF_H */
