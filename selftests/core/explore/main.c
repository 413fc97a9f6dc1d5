// SPDX-License-Identifier: GPL-2.0
/*
 * Command line of the explorer. Each world is searched in a process of its own and
 * gives one line of TAP.
 *
 *	explore [--states N] [--jobs J]		all worlds, N states in total
 *	explore --world NAME [--states N]	one world
 *	explore --world NAME [--level L] --replay PATH	print a path
 */
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

#include "explore.h"

/* A step that takes longer is a loop in the engine. */
#define STEP_LIMIT	20	/* s of CPU time */

/* ---- signals ---- */

/* A failed assertion or a memory error: report the path that leads to it. */
static void on_fault(int sig)
{
	snprintf(run.why, sizeof(run.why), "signal %d (%s)", sig, strsignal(sig));
	siglongjmp(run.failed, 1);
}

static void on_tick(int sig)
{
	static u64 last = ~0ULL;

	(void)sig;
	if (run.beat == last) {
		snprintf(run.why, sizeof(run.why), "a step does not end");
		siglongjmp(run.failed, 1);
	}
	last = run.beat;
}

static void watch(void)
{
	struct itimerval every = { { STEP_LIMIT, 0 }, { STEP_LIMIT, 0 } };
	struct sigaction sa = { .sa_handler = on_fault, .sa_flags = SA_NODEFER };
	static const int faults[] = { SIGABRT, SIGSEGV, SIGBUS, SIGFPE, SIGILL };
	u32 i;

	for (i = 0; i < ARRAY_SIZE(faults); i++)
		sigaction(faults[i], &sa, NULL);
	sa.sa_handler = on_tick;
	sigaction(SIGVTALRM, &sa, NULL);
	setitimer(ITIMER_VIRTUAL, &every, NULL);
}

/* Make the sanitizers abort after their report, so that on_fault() runs. */
const char *__asan_default_options(void);
const char *__asan_default_options(void)
{
	return "abort_on_error=1:handle_abort=0:handle_segv=0:handle_sigbus=0:handle_sigfpe=0";
}

const char *__ubsan_default_options(void);
const char *__ubsan_default_options(void)
{
	return "abort_on_error=1:print_stacktrace=1";
}

/* ---- worlds ---- */

struct job {
	pid_t pid;
	FILE *out;
	u64 quota;
};

static const struct world_cfg *find(const char *name)
{
	u32 i;

	for (i = 0; i < nworlds; i++)
		if (!strcmp(worlds[i].name, name))
			return &worlds[i];
	return NULL;
}

/* Search a world; print its TAP line without "ok" or "not ok". Return: did it pass? */
static bool one_world(const struct world_cfg *cfg, u64 quota, u32 tap, FILE *count)
{
	struct rusage use;
	struct result res;
	char note[64] = "";
	u32 i;

	watch();
	search(cfg, quota, &res);
	getrusage(RUSAGE_SELF, &use);
	if (res.complete)
		snprintf(note, sizeof(note), "level %u complete", res.level);
	else if (res.level > 1)
		snprintf(note, sizeof(note), "level %u complete, %u in part",
			 res.level - 1, res.level);
	else
		snprintf(note, sizeof(note), "level 1 in part");
	printf("%sok %u - %s: %llu states, depth %u, %llu transitions, %s\n",
	       res.bad ? "not " : "", tap, cfg->name, (unsigned long long)res.states,
	       res.depth, (unsigned long long)res.transitions, note);
	printf("# %s: at level 1 ends within %u ms; levels of", cfg->name, res.ends_in);
	for (i = 1; i < res.level; i++)
		printf(" %llu", (unsigned long long)res.sizes[i]);
	printf("\n");
	printf("# %s: %llu pairs of equal states compared, %.1f s, %ld MB\n", cfg->name,
	       (unsigned long long)res.audited, (double)use.ru_utime.tv_sec +
	       (double)use.ru_utime.tv_usec / 1e6, use.ru_maxrss / 1024);
	if (count)
		dprintf(fileno(count), "%llu\n", (unsigned long long)res.states);
	return !res.bad;
}

static void start(struct job *job, u32 i, FILE *count)
{
	job->out = tmpfile();
	if (!job->out)
		exit(2);
	fflush(stdout);
	job->pid = fork();
	if (job->pid < 0)
		exit(2);
	if (job->pid)
		return;
	dup2(fileno(job->out), STDOUT_FILENO);
	i = !one_world(&worlds[i], job->quota, i + 1, count);
	fflush(stdout);
	_exit((int)i);
}

static void copy_out(FILE *from)
{
	char buf[4096];
	size_t n;

	rewind(from);
	while ((n = fread(buf, 1, sizeof(buf), from)))
		fwrite(buf, 1, n, stdout);
	fclose(from);
}

/* Wait for a world to end and report it. Return: whether it passed. */
static bool collect(struct job *jobs)
{
	int status;
	pid_t pid = wait(&status);
	u32 i;

	for (i = 0; i < nworlds; i++) {
		if (jobs[i].pid != pid)
			continue;
		copy_out(jobs[i].out);
		jobs[i].quota = 0;
		if (WIFSIGNALED(status) || WEXITSTATUS(status) > 1)
			printf("not ok %u - %s: the search itself failed, status 0x%x\n",
			       i + 1, worlds[i].name, status);
		fflush(stdout);
	}
	return !status;
}

static u64 total(FILE *count)
{
	unsigned long long n;
	u64 sum = 0;

	rewind(count);
	while (fscanf(count, "%llu", &n) == 1)
		sum += n;
	return sum;
}

/*
 * The next world's share of the states that are left; worlds that are complete leave
 * some of theirs.
 */
static u64 share(u64 states, const struct job *jobs, u32 next, FILE *count)
{
	u64 used = total(count);
	u32 i;

	for (i = 0; i < next; i++)
		used += jobs[i].quota;
	return states > used ? DIV_ROUND_UP(states - used, nworlds - next) : 1;
}

static int all_worlds(u64 states, u32 jobs)
{
	struct job *job = calloc(nworlds, sizeof(*job));
	FILE *count = tmpfile();
	u32 next = 0, running = 0, bad = 0;

	if (!job || !count)
		return 2;
	/* All processes write to it. */
	fcntl(fileno(count), F_SETFL, O_APPEND);
	printf("TAP version 13\n1..%u\n", nworlds);
	while (next < nworlds || running) {
		if (next < nworlds && running < jobs) {
			job[next].quota = share(states, job, next, count);
			start(&job[next], next, count);
			next++;
			running++;
			continue;
		}
		bad += !collect(job);
		running--;
	}
	printf("# %llu distinct states in %u worlds\n",
	       (unsigned long long)total(count), nworlds);
	free(job);
	fclose(count);
	return bad ? 1 : 0;
}

static int usage(void)
{
	fprintf(stderr, "usage: explore [--states N] [--jobs J] [--world NAME [--level L] [--replay PATH]]\n");
	return 2;
}

int main(int argc, char **argv)
{
	const struct world_cfg *cfg = NULL;
	const char *path = NULL;
	u64 states = 200000;
	u32 jobs = 1, level = 1;
	int i;

	for (i = 1; i + 1 < argc; i += 2) {
		if (!strcmp(argv[i], "--states"))
			states = strtoull(argv[i + 1], NULL, 0);
		else if (!strcmp(argv[i], "--jobs"))
			jobs = (u32)max(1UL, strtoul(argv[i + 1], NULL, 0));
		else if (!strcmp(argv[i], "--level"))
			level = (u32)max(1UL, strtoul(argv[i + 1], NULL, 0));
		else if (!strcmp(argv[i], "--replay"))
			path = argv[i + 1];
		else if (!strcmp(argv[i], "--world"))
			cfg = find(argv[i + 1]);
		else
			return usage();
		if (!strcmp(argv[i], "--world") && !cfg)
			return usage();
	}
	if (i != argc || (path && !cfg))
		return usage();
	canon_init();
	if (path) {
		watch();
		return replay(cfg, level, path);
	}
	if (cfg)
		return !one_world(cfg, states, 1, NULL);
	return all_worlds(states, jobs);
}
