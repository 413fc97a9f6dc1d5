// SPDX-License-Identifier: GPL-2.0
/*
 * Command line of the simulator:
 *
 *	sim --seeds N [--from S] [--jobs J]	seeds S .. S + N - 1, as TAP
 *	sim --time SECONDS [--from S] [--jobs J]	as many as fit
 *	sim --seed S [--trace]			one, with details
 *	sim --outages N [--from S]		one loss event each, of any length
 *	sim --outage S [--trace]		one of these
 *	sim --scenario NAME [--trace]		one of the fixed ones
 *	sim --bulk all|LINE|CC|'LINE|CC' [--trace]	the table of results.txt, or a part
 *	sim --compare FILE			compare the table with FILE
 *	sim --sweep DEPTH			all patterns of up to DEPTH lost packets
 *	sim --drop N[,N...] --variant NAME [--trace]	one of these
 *	sim --dialogues N			all dialogues of up to N messages
 *
 * Each block of seeds runs in a process of its own, so that a crash or a sanitizer's
 * report ends one block only, and its seed is known.
 */
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "../both_ways.h"
#include "sim.h"

#define BLOCKS		10
#define KEEP		5	/* failures of a block that are reported */
#define CHUNK		5000	/* seeds between two checks of the time */
#define YEAR		(365.25 * 86400)	/* s */
#define SEED_SECONDS	60	/* limit of CPU time for a seed: catches loops */

/* Shared with the child that runs the block. */
struct block {
	u64 first;
	u64 n;
	u64 at;		/* seed now running */
	u64 passed;
	u64 failed;
	u64 bytes;
	u64 segs;
	u64 virtual;
	u64 bad[KEEP];
	char why[KEEP][256];
	pid_t pid;
};

static void run_block(struct block *b)
{
	struct sim *sim = calloc(1, sizeof(*sim));
	struct sim_cfg cfg;
	u64 seed;

	if (!sim)
		_exit(2);
	for (seed = b->first; seed < b->first + b->n; seed++) {
		b->at = seed;
		setitimer(ITIMER_PROF, &(struct itimerval){
				.it_value.tv_sec = SEED_SECONDS }, NULL);
		cfg_from_seed(&cfg, seed);
		if (sim_run(sim, seed, &cfg, false)) {
			b->passed++;
			b->bytes += sim->bytes;
			b->segs += sim->segs;
			b->virtual += (sim->now - sim->start) / SEC * max(cfg.pairs, 1U);
			continue;
		}
		if (b->failed < KEEP) {
			b->bad[b->failed] = seed;
			memcpy(b->why[b->failed], sim->why, sizeof(sim->why));
		}
		b->failed++;
	}
	free(sim);
}

static void start(struct block *b)
{
	pid_t pid;

	fflush(stdout);
	pid = fork();
	if (pid < 0) {
		perror("fork");
		exit(2);
	}
	if (pid) {
		b->pid = pid;
		return;
	}
	run_block(b);
	_exit(b->failed ? 1 : 0);
}

static bool report(struct block *b, u32 n, int status)
{
	bool ok = WIFEXITED(status) && !WEXITSTATUS(status);
	u64 i;

	for (i = 0; i < min_t(u64, b->failed, KEEP); i++)
		printf("# seed %llu: %s\n#   replay: sim --seed %llu --trace\n",
		       (unsigned long long)b->bad[i], b->why[i],
		       (unsigned long long)b->bad[i]);
	if (b->passed + b->failed < b->n)
		printf("# seed %llu: crashed, status 0x%x\n#   replay: sim --seed %llu --trace\n",
		       (unsigned long long)b->at, status, (unsigned long long)b->at);
	printf("%sok %u - seeds %llu to %llu: %llu passed, %llu failed, %.1f MB intact, %llu segments, %llu s of virtual time\n",
	       ok ? "" : "not ", n, (unsigned long long)b->first,
	       (unsigned long long)(b->first + b->n - 1),
	       (unsigned long long)b->passed, (unsigned long long)b->failed,
	       b->bytes / 1e6, (unsigned long long)b->segs,
	       (unsigned long long)b->virtual);
	fflush(stdout);
	return ok;
}

/* Totals over all blocks, for the last line. */
struct total {
	u64 seeds;
	u64 bytes;
	u64 segs;
	u64 virtual;	/* s, of each connection */
};

static void print_total(const struct total *t, const struct timespec *begin)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	printf("# %llu seeds: %.1f MB intact, %llu segments, %.3f connection-years; %.1f s of real time\n",
	       (unsigned long long)t->seeds, (double)t->bytes / 1e6,
	       (unsigned long long)t->segs, (double)t->virtual / YEAR,
	       (double)(now.tv_sec - begin->tv_sec) +
	       (double)(now.tv_nsec - begin->tv_nsec) / 1e9);
}

static u32 run_seeds(u64 from, u64 seeds, u32 jobs, u32 tap, struct total *t)
{
	u32 nblocks = min_t(u64, seeds, BLOCKS), next = 0, running = 0, bad = 0;
	u64 done = 0;
	struct block *b;
	u32 i;

	b = mmap(NULL, sizeof(*b) * BLOCKS, PROT_READ | PROT_WRITE,
		 MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (b == MAP_FAILED)
		exit(2);
	for (i = 0; i < nblocks; i++) {
		b[i].first = from + done;
		b[i].n = (seeds - done) / (nblocks - i);
		done += b[i].n;
	}
	while (next < nblocks || running) {
		int status;
		pid_t pid;

		if (next < nblocks && running < jobs) {
			start(&b[next++]);
			running++;
			continue;
		}
		pid = wait(&status);
		for (i = 0; i < nblocks; i++)
			if (b[i].pid == pid) {
				running--;
				bad += !report(&b[i], ++tap, status);
			}
	}
	for (i = 0; i < nblocks; i++) {
		t->seeds += b[i].passed + b[i].failed;
		t->bytes += b[i].bytes;
		t->segs += b[i].segs;
		t->virtual += b[i].virtual;
	}
	munmap(b, sizeof(*b) * BLOCKS);
	return bad;
}

/* ms of one run; ~0: it failed */
static u64 run_draw(struct sim *sim, const struct scenario *s, u64 seed, bool trace)
{
	struct sim_cfg cfg;
	u32 i;

	s->make(&cfg);
	if (trace)
		cfg_print(&cfg);
	if (!sim_run(sim, seed, &cfg, trace)) {
		printf("# %s\n", sim->why);
		return ~0ULL;
	}
	for (i = 0; s->intact && i < 2; i++) {
		if (!sim->host[i].out.retrans)
			continue;
		printf("# host %u sent %u segments again\n", i, sim->host[i].out.retrans);
		return ~0ULL;
	}
	return ((s->answer ? sim->last[0].rcvd_at : sim->done_at) - sim->start) / MSEC;
}

static bool run_scenario(const struct scenario *s, bool trace, u32 n)
{
	struct sim *sim = calloc(1, sizeof(*sim));
	u32 draws = max(s->draws, 1U), i;
	u64 ms = 0, segs = 0;
	bool ok = true;

	if (!sim)
		exit(2);
	for (i = 0; ok && i < draws; i++) {
		u64 one = run_draw(sim, s, 1 + i, trace);

		ok = one != ~0ULL;
		ms += ok ? one : 0;
		segs += sim->segs;
	}
	ms /= draws;
	ok = ok && ms >= s->min_ms && ms <= s->max_ms;
	printf("%sok %u - %s: %llu ms (%llu to %llu), %llu segments\n",
	       ok ? "" : "not ", n, s->name, (unsigned long long)ms,
	       (unsigned long long)s->min_ms, (unsigned long long)s->max_ms,
	       (unsigned long long)segs);
	free(sim);
	return ok;
}

/* Run one seed and print its details. Return: exit status. */
static int run_one(u64 seed, bool trace)
{
	struct sim *sim = calloc(1, sizeof(*sim));
	struct sim_cfg cfg;
	bool ok;

	if (!sim)
		exit(2);
	cfg_from_seed(&cfg, seed);
	cfg_print(&cfg);
	ok = sim_run(sim, seed, &cfg, trace);
	printf("# seed %llu: %s%s, %.1f kB intact, %llu segments, %.3f s\n",
	       (unsigned long long)seed, ok ? "passed" : "FAILED ", sim->why,
	       sim->bytes / 1e3, (unsigned long long)sim->segs,
	       (double)(sim->now - sim->start) / SEC);
	free(sim);
	if (ok)
		return 0;
	/* A run that was cut off leaks memory; avoid the report. */
	fflush(stdout);
	_exit(1);
}

static int run_all(u64 from, u64 seeds, u32 jobs)
{
	struct timespec begin;
	struct total t = {};
	u32 i, bad = 0;

	clock_gettime(CLOCK_MONOTONIC, &begin);
	printf("TAP version 13\n1..%u\n", nscenarios + (u32)min_t(u64, seeds, BLOCKS));
	for (i = 0; i < nscenarios; i++)
		bad += !run_scenario(&scenarios[i], false, i + 1);
	bad += run_seeds(from, seeds, jobs, nscenarios, &t);
	print_total(&t, &begin);
	return bad ? 1 : 0;
}

/* Run as many seeds as possible in @secs of real time. */
static int run_time(u64 from, u64 secs, u32 jobs)
{
	struct timespec begin, now;
	struct total t = {};
	u32 tap = 0, bad = 0;

	clock_gettime(CLOCK_MONOTONIC, &begin);
	printf("TAP version 13\n");
	do {
		bad += run_seeds(from + t.seeds, CHUNK, jobs, tap, &t);
		tap += BLOCKS;
		clock_gettime(CLOCK_MONOTONIC, &now);
	} while (now.tv_sec - begin.tv_sec < (time_t)secs && !bad);
	printf("1..%u\n", tap);
	print_total(&t, &begin);
	return bad ? 1 : 0;
}

int main(int argc, char **argv)
{
	u64 seeds = 0, secs = 0, from = 0, seed = 0, outages = 0;
	const char *scenario = NULL, *drop = NULL, *bulk = NULL, *variant = "20 ms";
	bool one = false, outage = false, trace = false;
	u32 jobs = 1, depth = 0, i;
	int a;

	/* All of them would triple the time that a world takes. */
	both_ways_of = 16;
	for (a = 1; a < argc; a++) {
		const char *val = a + 1 < argc ? argv[a + 1] : "0";

		if (!strcmp(argv[a], "--trace")) {
			trace = true;
			continue;
		}
		if (!strcmp(argv[a], "--compare"))
			return bulk_compare(val);
		if (!strcmp(argv[a], "--dialogues"))
			return dialogue_all((u32)strtoul(val, NULL, 0));
		if (!strcmp(argv[a], "--seeds"))
			seeds = strtoull(val, NULL, 0);
		else if (!strcmp(argv[a], "--time"))
			secs = strtoull(val, NULL, 0);
		else if (!strcmp(argv[a], "--from"))
			from = strtoull(val, NULL, 0);
		else if (!strcmp(argv[a], "--jobs"))
			jobs = max(1UL, strtoul(val, NULL, 0));
		else if (!strcmp(argv[a], "--seed"))
			one = true, seed = strtoull(val, NULL, 0);
		else if (!strcmp(argv[a], "--outages"))
			outages = strtoull(val, NULL, 0);
		else if (!strcmp(argv[a], "--outage"))
			outage = true, seed = strtoull(val, NULL, 0);
		else if (!strcmp(argv[a], "--scenario"))
			scenario = val;
		else if (!strcmp(argv[a], "--sweep"))
			depth = min(strtoul(val, NULL, 0), (unsigned long)DROPS);
		else if (!strcmp(argv[a], "--bulk"))
			bulk = val;
		else if (!strcmp(argv[a], "--drop"))
			drop = val;
		else if (!strcmp(argv[a], "--variant"))
			variant = val;
		else {
			fprintf(stderr, "usage: sim --seeds N | --time SECONDS [--from S] [--jobs J] | --seed S [--trace] | --outages N [--from S] | --outage S [--trace] | --scenario NAME [--trace] | --bulk NAME [--trace] | --compare FILE | --sweep DEPTH | --drop N[,N...] [--variant NAME] [--trace] | --dialogues N\n");
			return 2;
		}
		a++;
	}
	if (one)
		return run_one(seed, trace);
	if (outage)
		return outage_one(seed, trace);
	if (outages) {
		printf("TAP version 13\n1..1\n");
		return !!outage_all(from, outages, 1);
	}
	if (drop)
		return sweep_one(variant, drop, trace);
	if (bulk)
		return bulk_all(strcmp(bulk, "all") ? bulk : NULL, trace);
	if (depth) {
		printf("TAP version 13\n1..%u\n", sweep_count(depth));
		return !!sweep_all(depth, 0);
	}
	if (secs)
		return run_time(from, secs, jobs);
	if (!scenario)
		return run_all(from, seeds, jobs);
	for (i = 0; i < nscenarios; i++)
		if (strstr(scenarios[i].name, scenario))
			return !run_scenario(&scenarios[i], trace, 1);
	fprintf(stderr, "no such scenario\n");
	return 2;
}
