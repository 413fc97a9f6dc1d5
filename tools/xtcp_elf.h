/* SPDX-License-Identifier: GPL-2.0 */
#ifndef XTCP_ELF_H
#define XTCP_ELF_H

/*
 * Why the dynamic linker will preload nothing into the program that execvp(@name)
 * would start, and in *@path which file that is: malloc()ed, the program itself or
 * the interpreter of its script. NULL: nothing speaks against it, or the file
 * cannot be read.
 */
const char *xtcp_elf_why_not(const char *name, char **path);

#endif /* XTCP_ELF_H */
