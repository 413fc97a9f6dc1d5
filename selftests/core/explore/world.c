// SPDX-License-Identifier: GPL-2.0
/*
 * The world: two ends and the wire between them.
 *
 * Time advances only when a timer fires and, in worlds with a delay, when a segment
 * arrives. Otherwise the number of states would be infinite.
 */
#include <stdarg.h>
#include <stdio.h>

#include "cc/cc.h"
#include "explore.h"

/* ISS of both ends: 150 below the wrap of sequence numbers. */
#define ISS_GOAL	(0U - 150)

struct run run;

void fail(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(run.why, sizeof(run.why), fmt, ap);
	va_end(ap);
	siglongjmp(run.failed, 1);
}

/* ---- the wire ---- */

/*
 * Put one segment on the wire. Its header is written and parsed. The checks use the
 * ISS, timestamp offset and window scale that the end has sent.
 */
static void put_one(u32 from, const struct xtcp_plan *plan, u32 off)
{
	struct wire *wire = &W->to[!from];
	struct end *e = &W->end[from];
	struct flight *f = &wire->flight[wire->n];
	u8 hdr[XTCP_HDR_MAX];
	u32 n;

	if (wire->n == WIRE_MAX)
		fail("end %u: more than %u segments under way", from, WIRE_MAX);
	n = xtcp_hdr_put(hdr, plan, 0x5000, 0x5000);
	memset(f, 0, sizeof(*f));
	if (!xtcp_parse(&f->seg, hdr, n, n + plan->len))
		fail("end %u: a header that does not parse", from);
	f->seg.nsegs = 1;
	f->seg.ecn = plan->ecn;
	f->sent_at = max(W->now, plan->release ? plan->release - e->clock : 0);
	f->off = off;
	if (plan->len + n - XTCP_HDR_LEN > e->path_mss)
		fail("end %u: segment of %u bytes, the path carries %u", from,
		     plan->len + n - XTCP_HDR_LEN, e->path_mss);
	if (plan->flags & XTCP_SYN) {
		e->iss = plan->seq;
		e->wscale = plan->opts & XTCP_OPT_WSCALE ? plan->wscale : 0;
		e->ts_off = plan->tsval - (u32)(end_now(e) / MSEC);
	}
	wire->n++;
	trace_seg(!from, "->", f);
}

/* Send @plan, split into segments as by TSO; payload from stream offset @off on. */
void wire_put(u32 from, const struct xtcp_plan *plan, u32 off)
{
	bool accecn = W->end[from].tcb.ecn != XTCP_ECN_CLASSIC, last;
	struct xtcp_plan part;
	u32 at = 0;

	if (plan->len && !plan->mss)
		fail("end %u: plan with payload and no MSS", from);
	do {
		last = xtcp_plan_part(plan, at, accecn, &part);
		put_one(from, &part, off + at);
		at += part.len;
	} while (!last);
}

/* Take segment @i for end @to off the wire. */
void wire_take(u32 to, u32 i)
{
	struct wire *wire = &W->to[to];

	wire->n--;
	memmove(&wire->flight[i], &wire->flight[i + 1],
		(wire->n - i) * sizeof(wire->flight[0]));
	memset(&wire->flight[wire->n], 0, sizeof(wire->flight[0]));
}

/* The earliest time at which a segment can arrive, ns. */
u64 wire_arrival(const struct flight *f)
{
	return max(W->now, f->sent_at + run.cfg->delay_ms * MSEC);
}

/* The earliest deadline of both ends, ns; *wire: the earliest arrival. */
u64 world_deadline(u64 *wire)
{
	u32 i, j;

	*wire = XTCP_NEVER;
	for (i = 0; i < 2; i++)
		for (j = 0; j < W->to[i].n; j++)
			*wire = min(*wire, wire_arrival(&W->to[i].flight[j]));
	return min(end_deadline(&W->end[0]), end_deadline(&W->end[1]));
}

/* ---- the first state ---- */

/*
 * The ISS is a keyed hash plus the clock. Set the clock of an end so that its sequence
 * numbers wrap early.
 */
static void aim_iss(struct end *e)
{
	e->clock = 0;
	end_connect(e);
	memset(&W->to[!e->id], 0, sizeof(W->to[0]));
	e->clock = (u64)(ISS_GOAL - e->iss) * 4096;
}

static void end_begin(struct end *e, u32 id)
{
	u64 clock = e->clock;

	memset(e, 0, sizeof(*e));
	e->id = (u8)id;
	e->clock = clock;
	e->path_mss = WORLD_MSS + (run.cfg->no_ts ? 0 : 12);
	end_init(e);
	app_parse(id, run.cfg->prog[id]);
}

static void params_init(const struct world_cfg *cfg)
{
	struct xtcp_params *par = &run.par;

	xtcp_params_init(par);
	/* Its window does not depend on time, which keeps the number of states low. */
	par->cc = xtcp_cc_find("reno");
	par->isn_key[0] = 1;
	par->isn_key[1] = 2;
	par->wscale = !cfg->no_wscale;
	par->timestamps = !cfg->no_ts;
	par->sack = !cfg->no_sack;
	par->ecn = cfg->ecn;
	par->rack = !cfg->no_rack;
	par->pacing = cfg->paced;
	par->cc = xtcp_cc_find(cfg->cc ? cfg->cc : "reno");
	run.rates = par->cc->control || par->cc->every_ack;
	if (cfg->cwnd)
		par->initial_cwnd = cfg->cwnd;
	/* More retries than the budget allows losses: no end gives up. */
	par->syn_retries = 30;
	par->synack_retries = 30;
	par->retries2 = 30;
	par->orphan_retries = 30;
}

/*
 * Each level above 1 adds one misbehaviour to the budget: first one of the first kind
 * that the world has, then one of the next, and again from the first.
 */
static void budget_init(const struct world_cfg *cfg, u32 level)
{
	u32 i = 0, n = 0;

	for (i = 0; i < B_MAX; i++) {
		W->left[i] = cfg->left[i];
		n += !!cfg->left[i];
	}
	for (i = 0; n && level > 1; i = (i + 1) % B_MAX)
		if (cfg->left[i]) {
			W->left[i]++;
			level--;
		}
}

/* Establish the connection without any misbehaviour. */
static void open_both(void)
{
	while (!W->end[0].established || !W->end[1].established)
		act((struct action){ ACT_DELIVER, W->to[0].n == 0 });
}

/* The first state of a world. */
void world_init(const struct world_cfg *cfg, u32 level)
{
	bool loud = run.trace;
	u32 i;

	run.cfg = cfg;
	run.level = level;
	params_init(cfg);
	memset(W, 0, sizeof(*W));
	W->now = 1000 * SEC;
	budget_init(cfg, level);
	run.trace = false;
	for (i = 0; i < 2; i++) {
		end_begin(&W->end[i], i);
		aim_iss(&W->end[i]);
		end_begin(&W->end[i], i);
	}
	run.trace = loud;
	end_connect(&W->end[0]);
	if (cfg->simultaneous)
		end_connect(&W->end[1]);
	if (cfg->opened)
		open_both();
}
