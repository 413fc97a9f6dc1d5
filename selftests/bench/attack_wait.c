// SPDX-License-Identifier: GPL-2.0
/*
 * Many TIME-WAIT records: the host closes first, again and again. Measured are the
 * bytes of a record, the cost of the segment that makes one, and the cost of its
 * expiry. Records expire in a timer: a loop that only reads the clock measures how much
 * time the timer takes from it.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "attack.h"

#define RECORDS		1000000
#define FEW		1000
#define TIME_WAIT_S	60
/* Ports used per address. */
#define PORTS		60000
/* Expired records to wait for, of many. */
#define ENDS		100000
#define SAMPLE		501
#define SPIN_NS		(100 * MS)
/* Seconds; a timer of a minute may be an eighth late. */
#define SPIN_S		12

enum { KEPT, BYTES, INSERT_FEW, INSERT_MANY, END_FEW, END_MANY };

static long records(const struct peer *p)
{
	char line[256];
	long n = -1;
	FILE *f;

	f = fopen(p->stack == XTCP ? "/proc/net/xtcp_stat" : "/proc/net/sockstat", "r");
	if (!f)
		die("no number of records");
	while (n < 0 && fgets(line, sizeof(line), f))
		sscanf(line, p->stack == XTCP ? "Xtcp: %*d %*d %*d %ld" :
		       "TCP: inuse %*d orphan %*d tw %ld", &n);
	fclose(f);
	return n;
}

/* Make the host's record number @i; returns the cost of the segment that made it, ns. */
static double make_record(struct peer *p, int lfd, unsigned int i)
{
	struct seg s = {
		.addr = HOST_ADDR + 0x10000 + i / PORTS,
		.port = (uint16_t)(1024 + i % PORTS),
		.seq = i,
		.wnd = 64240,
	};
	struct seg got;
	double ns;
	int fd;

	fd = peer_connect(p, lfd, &s);
	close(fd);
	if (!peer_out(p, &got) || !(got.flags & FIN))
		die("no FIN");
	s.flags = FIN | ACK;
	s.ack = got.seq + got.len + 1;
	ns = (double)peer_in(p, &s) - p->idle;
	peer_drain(p);
	return ns;
}

/* Nanoseconds that other work took while we did nothing for SPIN_NS. */
static double spin(void)
{
	uint64_t start = now_ns(), last = start, now, least = UINT64_MAX;
	double taken = 0;

	while (last - start < SPIN_NS) {
		now = now_ns();
		if (now - last < least)
			least = now - last;
		else if (now - last > 3 * least)
			taken += (double)(now - last - least);
		last = now;
	}
	return taken;
}

/*
 * The work for the expiry of one record, ns: from @start (ns) until @enough records have
 * expired, minus what other work takes. That is @idle, measured before there were
 * records, because the first of a million expire before the last is made.
 */
static double ends(struct peer *p, double idle, uint64_t start, long enough)
{
	long before, left, ended = 0;
	double taken, busy = 0;

	while (now_ns() < start)
		sleep_ms(10);
	left = records(p);
	while (ended < enough && left > 0 && now_ns() < start + SPIN_S * SECOND) {
		before = left;
		taken = spin();
		left = records(p);
		if (left == before)
			continue;
		ended += before - left;
		busy += taken - idle;
	}
	return ended ? busy / (double)ended : FAILED;
}

void wait_measure(enum stack st, struct result *r)
{
	unsigned int i, n = opt.quick ? RECORDS / 10 : RECORDS;
	static double v[SAMPLE];
	struct peer p;
	uint64_t start;
	double before, idle;
	int lfd;

	peer_open(&p, st);
	peer_knob(&p, "max_tw_buckets", "2000000");
	lfd = peer_listen(&p, 16);
	sleep_ms(5000);
	idle = spin();

	start = now_ns();
	for (i = 0; i < FEW; i++)
		v[i % SAMPLE] = make_record(&p, lfd, i);
	r->v[INSERT_FEW] = median(v, SAMPLE);
	r->v[END_FEW] = ends(&p, idle, start + (TIME_WAIT_S - 1) * SECOND, FEW / 2);
	while (records(&p) > 0)
		sleep_ms(1000);

	before = kernel_bytes(5);
	start = now_ns();
	for (i = 0; i < n; i++)
		v[i % SAMPLE] = make_record(&p, lfd, i);
	r->v[INSERT_MANY] = median(v, SAMPLE);
	r->v[KEPT] = (double)records(&p);
	r->v[BYTES] = (kernel_bytes(0) - before) / r->v[KEPT];
	r->v[END_MANY] = ends(&p, idle, start + (TIME_WAIT_S - 1) * SECOND,
			      opt.quick ? ENDS / 10 : ENDS);
}

void wait_print(const struct result *k, const struct result *x)
{
	double n = opt.quick ? RECORDS / 10 : RECORDS;
	char text[80];

	snprintf(text, sizeof(text), "%.0f connections in TIME-WAIT", n);
	heading(text);
	row("records there were", 0, k->v[KEPT], x->v[KEPT], AT_LEAST, n);
	row("bytes per record", 0, k->v[BYTES], x->v[BYTES], AT_MOST, 96);
	row("MB per 1000000", 1, k->v[BYTES], x->v[BYTES], AT_MOST, 120);
	row("segment that makes one, instructions, of 1000", 0, k->v[INSERT_FEW],
	    x->v[INSERT_FEW], NO_GOAL, 0);
	row("  of all", 0, k->v[INSERT_MANY], x->v[INSERT_MANY], AT_MOST,
	    x->v[INSERT_FEW] * 1.1);
	row("end of one, instructions, of 1000", 0, k->v[END_FEW], x->v[END_FEW], NO_GOAL, 0);
	row("  of all", 0, k->v[END_MANY], x->v[END_MANY], AT_MOST, x->v[END_FEW] * 1.1);
}
