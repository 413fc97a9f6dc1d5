// SPDX-License-Identifier: GPL-2.0
/*
 * A SYN from an unknown source: the cost of answering it, with a request in the table
 * of half-open connections and with a SYN cookie, and the bytes of a request.
 */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "attack.h"

#define SYNS		1001
#define HALF_OPEN	30000	/* connections over which bytes are averaged */
#define BACKLOG		65535

enum { COOKIE, TABLE, BYTES };

/* Number of the host's half-open connections. */
static long half_open(const struct peer *p)
{
	char line[256];
	unsigned int st;
	long n = 0;
	FILE *f;

	f = fopen(p->stack == XTCP ? "/proc/net/xtcp_stat" : "/proc/net/tcp", "r");
	if (!f)
		die("no list of connections");
	while (fgets(line, sizeof(line), f)) {
		if (p->stack == XTCP)
			sscanf(line, "Xtcp: %*d %*d %ld", &n);
		else if (sscanf(line, " %*[^:]: %*s %*s %x", &st) == 1)
			n += st == 3;
	}
	fclose(f);
	return n;
}

static void make_syn(struct peer *p, struct seg *s)
{
	memset(s, 0, sizeof(*s));
	s->addr = peer_anybody(p);
	s->port = (uint16_t)(1024 + peer_random(p) % 60000);
	s->flags = SYN;
	s->seq = peer_random(p);
	s->wnd = 64240;
	s->nopts = sizeof(syn_options);
	memcpy(s->opts, syn_options, sizeof(syn_options));
}

/* Median cost of a SYN and its answer, ns; FAILED unless each is answered. */
static double answers(struct peer *p, const char *what)
{
	static double v[SYNS];
	struct seg s, got;

	p->counted = is_counted(what);
	for (int i = 0; i < SYNS; i++) {
		make_syn(p, &s);
		v[i] = (double)peer_in(p, &s) - p->idle;
		if (!peer_out(p, &got) || got.flags != (SYN | ACK))
			return FAILED;
	}
	p->counted = false;
	return median(v, SYNS);
}

void syn_measure(enum stack st, struct result *r)
{
	unsigned int n = opt.quick ? HALF_OPEN / 10 : HALF_OPEN;
	struct seg s, got;
	struct peer p;
	double before;
	long kept;
	int lfd;

	peer_open(&p, st);
	ns_sysctl("core/somaxconn", "65535");
	peer_knob(&p, "max_syn_backlog", "65535");

	r->v[COOKIE] = NOT_THERE;
	lfd = peer_listen(&p, BACKLOG);
	if (peer_knob(&p, "syncookies", "2")) {
		kept = half_open(&p);
		r->v[COOKIE] = answers(&p, "cookie");
		/* The answers were not cookies. */
		if (half_open(&p) != kept)
			r->v[COOKIE] = FAILED;
	}
	peer_knob(&p, "syncookies", "0");
	r->v[TABLE] = answers(&p, "table");
	if (half_open(&p) < SYNS)
		r->v[TABLE] = FAILED;
	close(lfd);

	/* Includes a table that the listener allocates. */
	before = kernel_bytes(5);
	lfd = peer_listen(&p, BACKLOG);
	for (unsigned int i = 0; i < n; i++) {
		make_syn(&p, &s);
		peer_in(&p, &s);
		peer_out(&p, &got);
	}
	kept = half_open(&p);
	r->v[BYTES] = kept < n * 9 / 10 ? FAILED : (kernel_bytes(0) - before) / (double)kept;
	close(lfd);
}

void syn_print(const struct result *k, const struct result *x)
{
	heading("a SYN from anybody, instructions; what is kept of it, bytes");
	row("answered with a cookie", 0, k->v[COOKIE], x->v[COOKIE], AT_MOST, 4100);
	row("answered from the table", 0, k->v[TABLE], x->v[TABLE], AT_MOST, 5000);
	row("bytes per half-open connection", 0, k->v[BYTES], x->v[BYTES], AT_MOST, 64);
}
