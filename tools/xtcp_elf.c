// SPDX-License-Identifier: GPL-2.0
/*
 * Whether a program can be preloaded. The dynamic linker does the preloading; an ELF
 * file without a PT_INTERP program header is started without it.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <link.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "xtcp_elf.h"

#define OWN_CLASS	(sizeof(void *) == 8 ? ELFCLASS64 : ELFCLASS32)

/* Nesting of scripts interpreted by scripts: the kernel's own limit. */
#define SCRIPTS_MAX	5

/* The first bytes of a file: an ELF header, or the "#!" line of a script. */
union head {
	ElfW(Ehdr) elf;
	char line[PATH_MAX];
};

/* The file that execvp() would start; malloc()ed, NULL if there is none. */
static char *find(const char *name)
{
	const char *dir = getenv("PATH"), *end;
	char *path;

	if (strchr(name, '/'))
		return strdup(name);
	for (dir = dir ? dir : "/bin:/usr/bin"; dir; dir = *end ? end + 1 : NULL) {
		end = strchrnul(dir, ':');
		if (asprintf(&path, "%.*s%s%s", (int)(end - dir), dir,
			     end == dir ? "" : "/", name) < 0)
			return NULL;
		if (!access(path, X_OK))
			return path;
		free(path);
	}
	return NULL;
}

/* The interpreter named by a "#!" line, malloc()ed; @line is null-terminated. */
static char *interpreter(char *line)
{
	line += 2;
	line += strspn(line, " \t");
	line[strcspn(line, " \t\r\n")] = '\0';
	return *line ? strdup(line) : NULL;
}

static bool names_linker(int fd, const union head *head)
{
	ElfW(Phdr) ph;
	int i;

	for (i = 0; i < head->elf.e_phnum; i++) {
		off_t at = head->elf.e_phoff + (off_t)i * head->elf.e_phentsize;

		/* An unreadable header is no reason to warn. */
		if (pread(fd, &ph, sizeof(ph), at) != sizeof(ph) || ph.p_type == PT_INTERP)
			return true;
	}
	return false;
}

static const char *judge(int fd, const union head *head, size_t n)
{
	struct stat st;

	if (n < sizeof(head->elf) || memcmp(head->elf.e_ident, ELFMAG, SELFMAG))
		return NULL;
	if (head->elf.e_ident[EI_CLASS] != OWN_CLASS)
		return "has another word size than the library";
	if (!names_linker(fd, head))
		return "is linked statically";
	if (!fstat(fd, &st) && ((st.st_mode & S_ISUID && st.st_uid != getuid()) ||
				(st.st_mode & S_ISGID && st.st_gid != getgid())))
		return "runs as another user or group";
	return NULL;
}

const char *xtcp_elf_why_not(const char *name, char **path)
{
	union head head;
	const char *why = NULL;
	int i;

	*path = find(name);
	for (i = 0; i < SCRIPTS_MAX && *path; i++) {
		int fd = open(*path, O_RDONLY | O_CLOEXEC);
		char *next = NULL;
		ssize_t n;

		if (fd < 0)
			break;
		n = read(fd, head.line, sizeof(head.line) - 1);
		if (n > 2 && !memcmp(head.line, "#!", 2)) {
			head.line[n] = '\0';
			next = interpreter(head.line);
		} else if (n > 0) {
			why = judge(fd, &head, n);
		}
		close(fd);
		if (!next)
			break;
		free(*path);
		*path = next;
	}
	return why;
}
