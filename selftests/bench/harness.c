// SPDX-License-Identifier: GPL-2.0
/* Clock, arithmetic, the kernel's memory, processes. */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "harness.h"

/* Seconds after which a measurement counts as hung. */
#define PATIENCE	7200

unsigned int aparts;

_Noreturn void die(const char *what)
{
	fprintf(stderr, "%s: %s: %s\n", program_invocation_short_name, what,
		strerror(errno));
	_exit(1);
}

uint64_t now_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * SECOND + (uint64_t)ts.tv_nsec;
}

static int ascending(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

double median(double *v, size_t n)
{
	qsort(v, n, sizeof(*v), ascending);
	return n % 2 ? v[n / 2] : (v[n / 2 - 1] + v[n / 2]) / 2;
}

double slab_bytes(void)
{
	unsigned long active, total, size;
	char line[512];
	double sum = 0;
	FILE *f = fopen("/proc/slabinfo", "r");

	if (!f)
		die("/proc/slabinfo");
	while (fgets(line, sizeof(line), f))
		if (sscanf(line, "%*s %lu %lu %lu", &active, &total, &size) == 3)
			sum += (double)active * (double)size;
	fclose(f);
	return sum;
}

double vmalloc_bytes(void)
{
	unsigned long kb = 0;
	char line[256];
	FILE *f = fopen("/proc/meminfo", "r");

	if (!f)
		die("/proc/meminfo");
	while (!kb && fgets(line, sizeof(line), f))
		sscanf(line, "VmallocUsed: %lu", &kb);
	fclose(f);
	return (double)kb * 1024;
}

/* Neither inlined nor merged: the profiler needs an address for each. */
__attribute__((noinline)) void count_from(void)
{
	__asm__ volatile ("" ::: "memory");
}

__attribute__((noinline)) void count_to(void)
{
	__asm__ volatile ("" ::: "memory");
}

bool apart(void (*measure)(const void *arg, void *result), const void *arg,
	   void *result, size_t size)
{
	void *made = mmap(NULL, size, PROT_READ | PROT_WRITE,
			  MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	int status = 0;
	pid_t pid;

	if (made == MAP_FAILED)
		die("mmap");
	fflush(stdout);
	pid = fork();
	if (pid < 0)
		die("fork");
	if (!pid) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		alarm(PATIENCE);
		measure(arg, made);
		fflush(stdout);
		_exit(0);
	}
	if (waitpid(pid, &status, 0) < 0)
		die("waitpid");
	memcpy(result, made, size);
	munmap(made, size);
	aparts++;
	return !status;
}
