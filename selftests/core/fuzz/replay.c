// SPDX-License-Identifier: GPL-2.0
/*
 * Runs inputs without libFuzzer.
 *
 *	replay TARGET FILE...	reproducers in binary; XTCP_FUZZ_TRACE=1 prints a trace
 *	replay CORPUS...	all inputs of corpus files, whose names are those of the
 *				targets; TAP, one result for each file
 *
 * A line of a corpus is one input in hexadecimal; '#' begins a comment.
 */
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

#include "fuzz.h"

#define INPUT_MAX	65536	/* bytes */
#define INPUT_SECONDS	60	/* limit for one input, which usually takes ms */

static const struct fuzz_target targets[] = {
	{ "parse", fuzz_parse },
	{ "segments", fuzz_segments },
	{ "calls", fuzz_calls },
	{ "net", fuzz_net },
};

static const struct fuzz_target *target_find(const char *name)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(targets); i++)
		if (!strcmp(targets[i].name, name))
			return &targets[i];
	fprintf(stderr, "replay: no target %s\n", name);
	exit(2);
}

/* Run an input in memory of its exact size, for the sanitizers. */
static void run(const struct fuzz_target *target, const u8 *data, size_t len)
{
	u8 *copy = malloc(len + !len);
	struct fuzz_in in;

	if (!copy)
		exit(2);
	memcpy(copy, data, len);
	in = (struct fuzz_in){ copy, copy + len };
	setitimer(ITIMER_PROF, &(struct itimerval){ .it_value.tv_sec = INPUT_SECONDS }, NULL);
	target->run(&in);
	setitimer(ITIMER_PROF, &(struct itimerval){ .it_value.tv_sec = 0 }, NULL);
	free(copy);
}

static int replay_files(const struct fuzz_target *target, int n, char **names)
{
	static u8 buf[INPUT_MAX];
	int i;

	for (i = 0; i < n; i++) {
		FILE *f = fopen(names[i], "rb");

		if (!f) {
			perror(names[i]);
			return 2;
		}
		run(target, buf, fread(buf, 1, sizeof(buf), f));
		fclose(f);
		printf("%s: nothing found\n", names[i]);
	}
	return 0;
}

/* Decode a line in hexadecimal. Return: bytes. */
static size_t unhex(const char *line, u8 *buf, size_t room)
{
	size_t n = 0;
	unsigned int byte;

	while (n < room && sscanf(line, "%2x", &byte) == 1) {
		buf[n++] = (u8)byte;
		line += 2;
	}
	return n;
}

/* Run the inputs after line @from; *@at is the line of the current one, 0 at the end. */
static void corpus_child(const struct fuzz_target *target, FILE *f, int from,
			 volatile int *at, volatile int *inputs)
{
	static char line[2 * INPUT_MAX + 2];
	static u8 buf[INPUT_MAX];
	int number = 0;

	rewind(f);
	while (fgets(line, sizeof(line), f)) {
		if (++number <= from || line[0] == '#' || line[0] == '\n')
			continue;
		*at = number;
		++*inputs;
		run(target, buf, unhex(line, buf, sizeof(buf)));
	}
	*at = 0;
}

/* Run all inputs in a process that is replaced when an input kills it. */
static bool replay_corpus(const char *path, int result)
{
	const char *slash = strrchr(path, '/');
	const char *name = slash ? slash + 1 : path;
	const struct fuzz_target *target = target_find(name);
	volatile int *shared = mmap(NULL, 4096, PROT_READ | PROT_WRITE,
				    MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	FILE *f = fopen(path, "r");
	bool ok = true;
	int status;

	if (!f || shared == MAP_FAILED) {
		perror(path);
		exit(2);
	}
	shared[0] = 0;
	shared[1] = 0;
	for (;;) {
		pid_t pid;

		fflush(NULL);
		pid = fork();
		if (!pid) {
			corpus_child(target, f, shared[0], &shared[0], &shared[1]);
			_exit(0);
		}
		if (pid < 0 || waitpid(pid, &status, 0) != pid)
			exit(2);
		if (WIFEXITED(status) && !WEXITSTATUS(status) && !shared[0])
			break;
		ok = false;
		printf("# %s:%d: %s %d\n", path, shared[0],
		       WIFSIGNALED(status) ? "killed by signal" : "exit status",
		       WIFSIGNALED(status) ? WTERMSIG(status) : WEXITSTATUS(status));
	}
	fclose(f);
	/* An empty corpus must not pass. */
	if (!shared[1])
		ok = false;
	printf("%sok %d - %s: %d inputs\n", ok ? "" : "not ", result, path, shared[1]);
	return ok;
}

int main(int argc, char **argv)
{
	int i, bad = 0;

	fuzz_trace = getenv("XTCP_FUZZ_TRACE");
	if (argc > 2 && !strchr(argv[1], '/'))
		return replay_files(target_find(argv[1]), argc - 2, argv + 2);
	printf("TAP version 13\n1..%d\n", argc - 1);
	for (i = 1; i < argc; i++)
		bad += !replay_corpus(argv[i], i);
	return bad ? 1 : 0;
}
