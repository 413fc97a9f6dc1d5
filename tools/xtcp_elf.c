// SPDX-License-Identifier: GPL-2.0
/*
 * Whether a program can be preloaded. The dynamic linker does the preloading; an ELF
 * file without a PT_INTERP program header is started without it. A program in Go makes
 * system calls without the C library even if it is linked with it.
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

/* Has the segment a note of the Go linker, which writes one into every program? */
static bool has_go_note(int fd, off_t from, size_t size)
{
	ElfW(Nhdr) note;
	char text[4096];
	ssize_t at = 0, n;

	n = pread(fd, text, size < sizeof(text) ? size : sizeof(text), from);

	while (n - at >= (ssize_t)(sizeof(note) + sizeof("Go"))) {
		memcpy(&note, text + at, sizeof(note));
		if (note.n_namesz == 4 && !strcmp(text + at + sizeof(note), "Go"))
			return true;
		if (note.n_namesz > sizeof(text) || note.n_descsz > sizeof(text))
			break;
		at += sizeof(note) + ((note.n_namesz + 3) & ~3) + ((note.n_descsz + 3) & ~3);
	}
	return false;
}

/* An unreadable header is no reason to warn. */
static enum xtcp_elf examine_segments(int fd, const union head *head)
{
	ElfW(Phdr) ph;
	bool linker = false, go = false;
	int i;

	for (i = 0; i < head->elf.e_phnum; i++) {
		off_t at = head->elf.e_phoff + (off_t)i * head->elf.e_phentsize;

		if (pread(fd, &ph, sizeof(ph), at) != sizeof(ph))
			return XTCP_ELF_LOADS;
		if (ph.p_type == PT_INTERP)
			linker = true;
		if (ph.p_type == PT_NOTE && has_go_note(fd, ph.p_offset, ph.p_filesz))
			go = true;
	}
	return !linker ? XTCP_ELF_STATIC : go ? XTCP_ELF_GO : XTCP_ELF_LOADS;
}

static enum xtcp_elf examine(int fd, const union head *head, size_t n)
{
	struct stat st;

	if (n < sizeof(head->elf) || memcmp(head->elf.e_ident, ELFMAG, SELFMAG))
		return XTCP_ELF_LOADS;
	if (!fstat(fd, &st) && ((st.st_mode & S_ISUID && st.st_uid != getuid()) ||
				(st.st_mode & S_ISGID && st.st_gid != getgid())))
		return XTCP_ELF_OTHER_USER;
	if (head->elf.e_ident[EI_CLASS] != OWN_CLASS)
		return XTCP_ELF_CLASS;
	return examine_segments(fd, head);
}

const char *xtcp_elf_says(enum xtcp_elf result)
{
	static const char *const words[] = {
		[XTCP_ELF_LOADS]	= "can be preloaded",
		[XTCP_ELF_CLASS]	= "has another word size than the library",
		[XTCP_ELF_OTHER_USER]	= "runs as another user or group",
		[XTCP_ELF_STATIC]	= "is linked statically",
		[XTCP_ELF_GO]		= "is written in Go",
	};

	return words[result];
}

enum xtcp_elf xtcp_elf_examine(const char *name, char **path)
{
	union head head;
	enum xtcp_elf result = XTCP_ELF_LOADS;
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
			result = examine(fd, &head, n);
		}
		close(fd);
		if (!next)
			break;
		free(*path);
		*path = next;
	}
	return result;
}
