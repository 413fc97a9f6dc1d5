// SPDX-License-Identifier: GPL-2.0
/*
 * From a seed to a configuration: each impairment is off in most worlds, so
 * that their combinations are met as well as each alone, and their sizes are
 * spread over orders of magnitude. Bounded so that an end within an hour of
 * virtual time is certain but for bugs.
 */
#include <stdio.h>

#include "sim.h"

#define LOSS_MAX	100000	/* ppm: beyond, give-up by R2 becomes likely */
#define SEGS_MAX	1000	/* segments a direction carries at most */
#define SLOW_MAX	(100 * SEC)	/* all pauses of one application */

static bool chance(struct prng *r, u32 percent)
{
	return prng_below(r, 100) < percent;
}

static void make_link(struct prng *r, struct link_cfg *l, u64 rtt)
{
	*l = (struct link_cfg){ .delay = rtt / 2 };
	if (chance(r, 30))
		l->delay = prng_range(r, rtt / 8 + 1, rtt);
	if (chance(r, 60)) {
		l->rate = prng_log(r, 8000, 125000000);
		l->queue = prng_log(r, 3000, 400000);
	}
	if (chance(r, 45))
		l->loss = prng_log(r, 1000, LOSS_MAX);
	if (chance(r, 20)) {
		l->burst_good = prng_log(r, 100 * MSEC, 5 * SEC);
		l->burst_bad = prng_log(r, MSEC, min(400 * MSEC,
						     l->burst_good / 8));
		l->burst_loss = prng_range(r, 300000, 1000000);
	}
	if (chance(r, 30)) {
		l->reorder = prng_log(r, 1000, 400000);
		l->reorder_by = prng_log(r, 10 * USEC, 2 * rtt + 20 * USEC);
	}
	if (chance(r, 25))
		l->dup = prng_log(r, 1000, 200000);
	if (chance(r, 25))
		l->corrupt = prng_log(r, 1000, LOSS_MAX / 2);
	if (chance(r, 8)) {
		l->mtu_at = prng_log(r, MSEC, 10 * SEC);
		l->mtu = prng_range(r, 200, 1500);
	}
}

/* The default half of the time, else any. */
const struct xtcp_cc *cc_pick(struct prng *r)
{
	u32 n = 0;

	if (chance(r, 50))
		return xtcp_cc_list(0);
	while (xtcp_cc_list(n))
		n++;
	return xtcp_cc_list(prng_below(r, n));
}

static void make_params(struct prng *r, struct xtcp_params *par)
{
	int i;

	xtcp_params_init(par);
	par->cc = cc_pick(r);
	for (i = 0; i < 2; i++) {
		par->isn_key[i] = prng_next(r);
		par->ts_key[i] = prng_next(r);
	}
	par->timestamps = chance(r, 70);
	par->wscale = chance(r, 70);
	par->sack = chance(r, 75);
	par->pacing = chance(r, 15);
	par->tlp = chance(r, 80);
	par->frto = chance(r, 80);
	if (chance(r, 20))
		par->rto_min_us = 1000000;
	if (chance(r, 20))
		par->initial_cwnd = prng_range(r, 1, 20);
	/* Heavy loss must not end in a time-out that would be right. */
	par->synack_retries = 12;
	par->syn_retries = 12;
	par->orphan_retries = 15;
}

static u64 pause_for(struct prng *r, u64 total, u32 chunk)
{
	u64 most = SLOW_MAX / (2 * total / chunk + 1);

	return chance(r, 50) ? 0 : prng_log(r, USEC, max(most, (u64)2 * USEC));
}

static void make_app(struct prng *r, struct app_cfg *app, u16 mss)
{
	u64 most = min((u64)mss * SEGS_MAX, (u64)600000);

	*app = (struct app_cfg){ .mode = CLOSE_SHUT };
	app->total = chance(r, 15) ? 0 : prng_log(r, 1, most);
	app->chunk = prng_log(r, max(app->total / 200, (u64)1), 65536);
	app->sndbuf = prng_log(r, 2 * mss, 500000);
	app->rcvbuf_min = prng_log(r, chance(r, 10) ? 100 : 2 * mss, 200000);
	app->rcvbuf_max = prng_log(r, app->rcvbuf_min, 2000000);
	app->linger = chance(r, 50) ? 0 : prng_log(r, USEC, 10 * SEC);
	app->early = chance(r, 20);
	app->nodelay = chance(r, 30);
	app->keepalive = chance(r, 15);
	if (chance(r, 10))
		app->urgent = prng_log(r, 1000, 200000);
	if (chance(r, 15))
		app->more = prng_log(r, 10000, 900000);
	if (chance(r, 15))
		app->cork = prng_log(r, 10000, 500000);
	if (chance(r, 30))
		app->fiddle = prng_log(r, 1000, 200000);
}

static void make_host(struct prng *r, struct host_cfg *h)
{
	static const u16 sizes[] = { 88, 256, 536, 1000, 1220, 1440, 1460, 1460,
				     1460, 8960, 65483 };

	*h = (struct host_cfg){ .iss_goal = -1 };
	make_params(r, &h->par);
	h->clock = prng_next(r) >> prng_range(r, 8, 40);
	if (chance(r, 60))
		h->iss_goal = (u32)-prng_log(r, 1, 400000);
	h->mss = sizes[prng_below(r, ARRAY_SIZE(sizes))];
	h->gso_max = chance(r, 30) ? h->mss : prng_range(r, h->mss, 65535);
	if (chance(r, 50)) {
		h->gro = prng_log(r, USEC, 300 * USEC);
		h->gro_max = prng_log(r, 3000, 65000);
	}
	if (chance(r, 25))
		h->shortage = prng_log(r, 1000, 600000);
	if (chance(r, 20))
		h->tx_fail = prng_log(r, 1000, 200000);
	if (chance(r, 15))
		h->accept_fail = prng_log(r, 10000, 500000);
	if (chance(r, 70))
		h->timer_slack = prng_log(r, USEC, 4 * MSEC);
	h->tw_in_tcb = chance(r, 15);
	if (chance(r, 15))
		h->attack = prng_log(r, 10000, 400000);
	make_app(r, &h->app, h->mss);
}

/* Who closes how; two ends that wait for each other would wait for ever. */
static void make_ends(struct prng *r, struct sim_cfg *cfg)
{
	struct app_cfg *a = &cfg->host[0].app, *b = &cfg->host[1].app;
	struct app_cfg *one = chance(r, 50) ? a : b;

	if (chance(r, 50)) {
		one->mode = CLOSE_WAIT;
	} else if (chance(r, 15)) {
		one->mode = CLOSE_EAGER;
		if (chance(r, 50))
			(one == a ? b : a)->total = 0;
	} else if (chance(r, 12)) {
		one->mode = CLOSE_ABORT;
		one->abort_after = prng_log(r, USEC, 20 * SEC);
	}
	cfg->same_close = chance(r, 8);
	if (a->mode < CLOSE_EAGER && b->mode < CLOSE_EAGER)
		return;
	/* A lost RST leaves a half-open connection: keepalive finds it. */
	a->keepalive = true;
	b->keepalive = true;
}

/* Both ends say for themselves what they ask for and agree to. */
static void make_ecn(struct prng *r, struct sim_cfg *cfg)
{
	int i;

	for (i = 0; i < 2; i++) {
		struct xtcp_params *par = &cfg->host[i].par;
		struct link_cfg *l = &cfg->link[i];

		par->ecn = (u8)prng_below(r, 6);
		par->ecn_option = (u8)prng_below(r, 4);
		par->ecn_fallback = chance(r, 80);
		if (l->rate && chance(r, 60))
			l->mark = prng_log(r, 1000, l->queue);
		l->bleach = chance(r, 5);
	}
}

static u64 at_most(u64 v, u64 limit)
{
	return min(v, max(limit, (u64)1));
}

void cfg_from_seed(struct sim_cfg *cfg, u64 seed)
{
	struct prng rng, *r = &rng;
	u64 rtt;
	int i;

	prng_seed(r, seed);
	memset(cfg, 0, sizeof(*cfg));
	rtt = prng_log(r, 20 * USEC, 400 * MSEC);
	cfg->v6 = chance(r, 30);
	for (i = 0; i < 2; i++) {
		make_link(r, &cfg->link[i], rtt);
		make_host(r, &cfg->host[i]);
	}
	for (i = 0; i < 2; i++) {
		struct app_cfg *app = &cfg->host[i].app;
		struct app_cfg *peer = &cfg->host[!i].app;
		u16 mss = min(cfg->host[0].mss, cfg->host[1].mss);

		/* A slow wire and small segments make small transfers. */
		if (cfg->link[i].rate)
			app->total = at_most(app->total, cfg->link[i].rate * 20);
		app->total = at_most(app->total, (u64)mss * SEGS_MAX);
		app->total = at_most(app->total, (u64)peer->rcvbuf_min * 100);
		app->chunk = max_t(u64, app->chunk, app->total / 200 + 1);
		app->pause = pause_for(r, app->total, min(app->chunk, app->sndbuf));
		peer->rchunk = prng_log(r, app->total / 100 + 1, 100000);
		peer->rpause = pause_for(r, app->total,
					 min(peer->rchunk, peer->rcvbuf_min));
		/* Options and the route may make each segment this small. */
		if (cfg->link[i].mtu_at)
			app->total = at_most(app->total,
					     (u64)(cfg->link[i].mtu - 60) * SEGS_MAX);
	}
	make_ends(r, cfg);
	cfg->simultaneous = chance(r, 10);
	cfg->skew = prng_below(r, min(cfg->link[0].delay, cfg->link[1].delay));
	cfg->rounds = cfg->simultaneous || chance(r, 85) ? 1 : 2;
	make_ecn(r, cfg);
}

void cfg_print(const struct sim_cfg *cfg)
{
	static const char *const modes[] = { "shut", "wait", "eager", "abort" };
	int i;

	printf("# v%c%s%s rounds %u\n", cfg->v6 ? '6' : '4',
	       cfg->simultaneous ? " simultaneous open" : "",
	       cfg->same_close ? " simultaneous close" : "", cfg->rounds);
	for (i = 0; i < 2; i++) {
		const struct host_cfg *h = &cfg->host[i];
		const struct app_cfg *a = &h->app;
		const struct link_cfg *l = &cfg->link[i];

		printf("# host %d: mss %u gso %u gro %llu us ts %d ws %d shortage %u tx_fail %u accept_fail %u tw_in_tcb %d attack %u rto_min %u iw %u ecn %u option %u cc %s\n",
		       i, h->mss, h->gso_max, (unsigned long long)(h->gro / USEC),
		       h->par.timestamps, h->par.wscale, h->shortage, h->tx_fail,
		       h->accept_fail, h->tw_in_tcb, h->attack, h->par.rto_min_us,
		       h->par.initial_cwnd, h->par.ecn, h->par.ecn_option,
		       xtcp_cc_name(h->par.cc));
		printf("#   app: %llu bytes by %u every %.3f ms, sndbuf %u, rcvbuf %u..%u, reads %u every %.3f ms, %s%s%s%s urgent %u more %u cork %u fiddle %u\n",
		       (unsigned long long)a->total, a->chunk,
		       (double)a->pause / MSEC, a->sndbuf, a->rcvbuf_min,
		       a->rcvbuf_max, a->rchunk, (double)a->rpause / MSEC,
		       modes[a->mode], a->early ? " early" : "",
		       a->nodelay ? " nodelay" : "", a->keepalive ? " keepalive" : "",
		       a->urgent, a->more, a->cork, a->fiddle);
		printf("#   link: %.3f ms %llu B/s queue %u mark %u%s loss %u burst %.1f/%.1f ms %u reorder %u by %.3f ms dup %u corrupt %u mtu %u at %.3f ms\n",
		       (double)l->delay / MSEC, (unsigned long long)l->rate,
		       l->queue, l->mark, l->bleach ? " bleach" : "", l->loss, (double)l->burst_good / MSEC,
		       (double)l->burst_bad / MSEC, l->burst_loss, l->reorder,
		       (double)l->reorder_by / MSEC, l->dup, l->corrupt,
		       l->mtu_at ? l->mtu : 0, (double)l->mtu_at / MSEC);
	}
}
