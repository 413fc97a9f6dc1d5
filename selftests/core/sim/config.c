// SPDX-License-Identifier: GPL-2.0
/*
 * Makes a configuration from a seed. Each impairment is off in most configurations,
 * so that single ones occur as well as combinations; their sizes range over orders of
 * magnitude. They are limited so that without bugs every run ends within an hour of
 * virtual time.
 */
#include <stdio.h>

#include "sim.h"

#define LOSS_MAX	100000	/* ppm: above, giving up by R2 becomes likely */
#define SEGS_MAX	1000	/* most segments in a direction */
#define PAIRS_RANDOM	4
#define SLOW_MAX	(100 * SEC)	/* sum of the pauses of one application */
#define WIDE_MIN	(1U << 17)	/* bytes of a wide window */
#define WIDE_MAX	(64U << 20)
#define WIDE_RATE	12500000000ULL	/* bytes a second, maximum with a wide window */
#define WIDE_LOSS	1000		/* ppm, maximum of single losses there */

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
		l->mtu_silent = chance(r, 30);
	}
	if (chance(r, 15))
		l->jitter = prng_log(r, 10 * USEC, 2 * rtt + 20 * USEC);
	if (chance(r, 12)) {
		l->route_at = prng_log(r, MSEC, 10 * SEC);
		l->route_delay = prng_log(r, 10 * USEC, 400 * MSEC);
	}
}

/* The bucket must hold at least a segment, or none would ever pass. */
static void make_policer(struct prng *r, struct link_cfg *l, u32 mss)
{
	u32 least = mss + XTCP_HDR_MAX + 100;

	if (!chance(r, 10))
		return;
	l->police_rate = prng_log(r, least, 12500000);
	l->police_burst = prng_log(r, 2 * least, 400000);
}

/* The default in half of the cases, otherwise any. */
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
		prng_next(r);
	}
	par->timestamps = chance(r, 70);
	par->wscale = chance(r, 70);
	par->sack = chance(r, 75);
	par->pacing = chance(r, 15);
	par->tlp = chance(r, 80);
	par->frto = chance(r, 80);
	par->rack = chance(r, 90);
	par->dsack = chance(r, 90);
	par->idle_restart = chance(r, 80);
	if (chance(r, 20))
		par->rto_min_us = 1000000;
	if (chance(r, 20))
		par->initial_cwnd = prng_range(r, 1, 20);
	/* Heavy loss must not end in a legitimate ETIMEDOUT. */
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
	/* Two statements: within one expression the order is up to the compiler. */
	h->clock = prng_next(r);
	h->clock >>= prng_range(r, 8, 40);
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
	if (chance(r, 10))
		h->pacing_max = prng_log(r, 20000, 1ULL << 34);
	if (chance(r, 30)) {
		h->cached_srtt_us = (u32)prng_log(r, 10, 2000000);
		h->cached_rttvar_us = h->cached_srtt_us / (u32)prng_range(r, 1, 16);
	}
	h->tw_in_tcb = chance(r, 15);
	if (chance(r, 15))
		h->attack = prng_log(r, 10000, 400000);
	make_app(r, &h->app, h->mss);
}

/* How each end closes. Two ends must not wait for each other to close. */
static void make_ends(struct prng *r, struct sim_cfg *cfg, u32 first)
{
	struct app_cfg *a = &cfg->host[first].app, *b = &cfg->host[first + 1].app;
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
	if (a->mode < CLOSE_EAGER && b->mode < CLOSE_EAGER)
		return;
	/* A lost RST leaves the peer with a dead connection: keepalive detects it. */
	a->keepalive = true;
	b->keepalive = true;
}

/* Each end has its own ECN mode. */
static void make_ecn(struct prng *r, struct sim_cfg *cfg, u32 nhosts)
{
	u32 i;

	for (i = 0; i < nhosts; i++) {
		struct xtcp_params *par = &cfg->host[i].par;

		par->ecn = (u8)prng_below(r, 6);
		par->ecn_option = (u8)prng_below(r, 4);
		par->ecn_fallback = chance(r, 80);
	}
	for (i = 0; i < 2; i++) {
		struct link_cfg *l = &cfg->link[i];

		if (l->rate && chance(r, 60))
			l->mark = prng_log(r, 1000, l->queue);
		l->bleach = chance(r, 5);
	}
}

/*
 * Fast Open, with or without a cookie, and ends that do not support it. Not if an end
 * may abort: a repeated SYN would then open a second connection and repeat the request
 * (RFC 7413, 2.1).
 */
static void make_fastopen(struct prng *r, struct sim_cfg *cfg, u32 nhosts)
{
	u32 i;

	if (chance(r, 60) || cfg->rounds > 1)
		return;
	for (i = 0; i < nhosts; i++) {
		struct host_cfg *h = &cfg->host[i];

		if (cfg->host[i].app.mode >= CLOSE_EAGER ||
		    cfg->host[i ^ 1].app.mode >= CLOSE_EAGER)
			continue;
		h->fastopen = chance(r, 85);
		h->fo_cookie = chance(r, 70);
		h->fo_bad = chance(r, 10);
		h->fo_bare = chance(r, 10);
	}
}

/* A router that marks regardless of the queue, in most cases every packet. */
static void make_marks(struct prng *r, struct link_cfg *l)
{
	if (chance(r, 5))
		l->ce = chance(r, 60) ? 1000000 : prng_log(r, 1000, 1000000);
}

static u64 at_most(u64 v, u64 limit)
{
	return min(v, max(limit, (u64)1));
}

/* Limit the transfer to what path and hosts carry in some minutes. */
static void fit(struct prng *r, struct sim_cfg *cfg, u32 i)
{
	const struct link_cfg *l = &cfg->link[i & 1];
	struct host_cfg *h = &cfg->host[i], *peer = &cfg->host[i ^ 1];
	struct app_cfg *app = &h->app;
	u16 mss = min(h->mss, peer->mss);

	/* Small transfers for slow links and small segments. */
	if (l->rate)
		app->total = at_most(app->total, l->rate * 20);
	if (l->police_rate)
		app->total = at_most(app->total, l->police_rate * 5);
	if (h->pacing_max)
		app->total = at_most(app->total, h->pacing_max * 20);
	app->total = at_most(app->total, (u64)mss * SEGS_MAX);
	app->total = at_most(app->total, (u64)peer->app.rcvbuf_min * 100);
	app->chunk = max_t(u64, app->chunk, app->total / 200 + 1);
	app->pause = pause_for(r, app->total, min(app->chunk, app->sndbuf));
	peer->app.rchunk = prng_log(r, app->total / 100 + 1, 100000);
	peer->app.rpause = pause_for(r, app->total,
				     min(peer->app.rchunk, peer->app.rcvbuf_min));
	/* Options and the path MTU may make each segment this small. */
	if (l->mtu_at)
		app->total = at_most(app->total, (u64)(l->mtu - 60) * SEGS_MAX);
}

/* Radio and cable links: clumps, outages; hosts that are slow or send fewer ACKs. */
static void make_others(struct prng *r, struct sim_cfg *cfg, u32 nhosts)
{
	u32 i;

	for (i = 0; i < 2; i++) {
		struct link_cfg *l = &cfg->link[i];

		if (chance(r, 12))
			l->clump = prng_log(r, 10 * USEC, 10 * MSEC);
		if (!chance(r, 10))
			continue;
		l->outage_at = prng_log(r, MSEC, 10 * SEC);
		l->outage = prng_log(r, MSEC, 2 * SEC);
		l->outage_holds = chance(r, 50);
		if (chance(r, 30))
			l->outage_every = l->outage * prng_range(r, 4, 40);
	}
	for (i = 0; i < nhosts; i++) {
		struct host_cfg *h = &cfg->host[i];

		h->no_fq = chance(r, 50);
		if (chance(r, 15))
			h->plan_cost = prng_log(r, 100, 50 * USEC);
		h->ack_each = chance(r, 8);
		if (chance(r, 10)) {
			h->ack_every = (u32)prng_range(r, 2, 64);
			h->ack_wait = prng_log(r, 100 * USEC, 40 * MSEC);
		}
		if (chance(r, 10))
			h->sack_wait = prng_log(r, 50 * USEC, 5 * MSEC);
	}
}

/*
 * One direction with a bandwidth-delay product of up to 64 MB, and buffers to match.
 * Losses are rare and nothing is marked, since no window would grow that large
 * otherwise.
 */
static void make_wide(struct prng *r, struct sim_cfg *cfg)
{
	u32 window = (u32)prng_log(r, WIDE_MIN, WIDE_MAX), i;
	u64 rtt = cfg->link[0].delay + cfg->link[1].delay;
	struct link_cfg *l = &cfg->link[0];
	u64 rate = window * SEC / rtt;

	for (i = 0; i < 2; i++) {
		struct host_cfg *h = &cfg->host[i];

		h->mss = max_t(u16, h->mss, 1440);
		h->gso_max = max_t(u32, h->gso_max, h->mss);
		h->par.wscale = true;
		h->pacing_max = 0;
		h->attack = 0;
		h->app.fiddle = 0;
		h->app.mode = i ? CLOSE_WAIT : CLOSE_SHUT;
		h->app.pause = 0;
		h->app.rpause = 0;
		cfg->link[i].police_rate = 0;
		cfg->link[i].mtu_at = 0;
		cfg->link[i].loss = min_t(u32, cfg->link[i].loss, WIDE_LOSS);
		cfg->link[i].corrupt = min_t(u32, cfg->link[i].corrupt, WIDE_LOSS);
		cfg->link[i].rate = 0;
		cfg->link[i].mark = 0;
		cfg->link[i].ce = 0;
	}
	cfg->host[0].app.total = prng_range(r, window / 2, 2 * window);
	cfg->host[0].app.sndbuf = 2 * window;
	cfg->host[0].app.chunk = window / 8;
	cfg->host[1].app.rcvbuf_min = window;
	cfg->host[1].app.rcvbuf_max = window;
	cfg->host[1].app.rchunk = window;
	l->rate = min(prng_log(r, rate / 8 + 1, 8 * rate), WIDE_RATE);
	l->queue = (u32)prng_range(r, window / 8, 2 * window);
	cfg->check_every = window / cfg->host[0].mss / 10;
}

static u64 fastest(const struct link_cfg *l)
{
	return l->route_at ? min(l->delay, l->route_delay) : l->delay;
}

void cfg_from_seed(struct sim_cfg *cfg, u64 seed)
{
	struct prng rng, *r = &rng;
	u32 i, nhosts, mss = 0;
	u64 rtt;

	prng_seed(r, seed);
	memset(cfg, 0, sizeof(*cfg));
	rtt = prng_log(r, 20 * USEC, 400 * MSEC);
	cfg->v6 = chance(r, 30);
	cfg->pairs = chance(r, 8) ? prng_range(r, 2, PAIRS_RANDOM) : 1;
	nhosts = 2 * cfg->pairs;
	for (i = 0; i < nhosts; i++) {
		make_host(r, &cfg->host[i]);
		mss = max_t(u32, mss, cfg->host[i].mss);
		if (i >= 2 && chance(r, 50))
			cfg->host[i].access = prng_log(r, USEC, rtt);
		/* The same for both ends of a pair, which may open simultaneously. */
		if (i >= 2)
			cfg->host[i].open_at = i & 1 ? cfg->host[i - 1].open_at :
						       prng_log(r, USEC, 10 * SEC);
	}
	for (i = 0; i < 2; i++) {
		make_link(r, &cfg->link[i], rtt);
		make_policer(r, &cfg->link[i], mss);
	}
	for (i = 0; i < nhosts; i++)
		fit(r, cfg, i);
	for (i = 0; i < nhosts; i += 2)
		make_ends(r, cfg, i);
	cfg->same_close = chance(r, 8);
	cfg->simultaneous = chance(r, 10);
	/* A SYN that arrives before the other end has sent its own is answered by RST. */
	cfg->skew = prng_below(r, min(fastest(&cfg->link[0]), fastest(&cfg->link[1])));
	cfg->rounds = cfg->simultaneous || chance(r, 85) ? 1 : 2;
	make_ecn(r, cfg, nhosts);
	/* With a black hole, only MTU probing lets the connection go on. */
	for (i = 0; i < nhosts; i++)
		cfg->host[i].par.mtu_probing = cfg->link[i & 1].mtu_silent ?
			prng_range(r, 1, 2) : prng_below(r, 3);
	make_fastopen(r, cfg, nhosts);
	for (i = 0; i < 2; i++)
		make_marks(r, &cfg->link[i]);
	make_others(r, cfg, nhosts);
	if (cfg->pairs == 1 && chance(r, 2))
		make_wide(r, cfg);
	cfg->bounded = true;
}

static void print_host(u32 i, const struct host_cfg *h)
{
	static const char *const modes[] = { "shut", "wait", "eager", "abort" };
	const struct xtcp_params *par = &h->par;
	const struct app_cfg *a = &h->app;

	printf("# host %u: mss %u gso %u gro %llu us ts %d ws %d shortage %u tx_fail %u accept_fail %u tw_in_tcb %d attack %u\n",
	       i, h->mss, h->gso_max, (unsigned long long)(h->gro / USEC),
	       par->timestamps, par->wscale, h->shortage, h->tx_fail, h->accept_fail,
	       h->tw_in_tcb, h->attack);
	printf("#   %s rack %d tlp %d frto %d sack %d dsack %d pacing %d max %llu rto_min %u iw %u ecn %u option %u cached %u/%u us, at %.3f ms, access %.3f ms\n",
	       xtcp_cc_name(par->cc), par->rack, par->tlp, par->frto, par->sack,
	       par->dsack, par->pacing, (unsigned long long)h->pacing_max,
	       par->rto_min_us, par->initial_cwnd, par->ecn, par->ecn_option,
	       h->cached_srtt_us, h->cached_rttvar_us, (double)h->open_at / MSEC,
	       (double)h->access / MSEC);
	if (h->fastopen)
		printf("#   Fast Open%s%s%s\n", h->fo_cookie ? ", a cookie" : "",
		       h->fo_bad ? ", a bad one" : "", h->fo_bare ? ", bare" : "");
	printf("#   plan %llu ns%s, ACKs: %s1 of %u in %.3f ms, with SACK in %.3f ms\n",
	       (unsigned long long)h->plan_cost, h->no_fq ? ", no fq" : "",
	       h->ack_each ? "each packet, " : "", h->ack_every,
	       (double)h->ack_wait / MSEC, (double)h->sack_wait / MSEC);
	printf("#   app: %llu bytes by %u every %.3f ms, sndbuf %u, rcvbuf %u..%u, reads %u every %.3f ms, %s%s%s%s urgent %u more %u cork %u fiddle %u\n",
	       (unsigned long long)a->total, a->chunk, (double)a->pause / MSEC,
	       a->sndbuf, a->rcvbuf_min, a->rcvbuf_max, a->rchunk,
	       (double)a->rpause / MSEC, modes[a->mode], a->early ? " early" : "",
	       a->nodelay ? " nodelay" : "", a->keepalive ? " keepalive" : "",
	       a->urgent, a->more, a->cork, a->fiddle);
}

static void print_link(u32 i, const struct link_cfg *l)
{
	printf("# link %u: %.3f ms %llu B/s queue %u mark %u%s ce %u loss %u burst %.1f/%.1f ms %u reorder %u by %.3f ms dup %u corrupt %u\n",
	       i, (double)l->delay / MSEC, (unsigned long long)l->rate, l->queue,
	       l->mark, l->bleach ? " bleach" : "", l->ce, l->loss,
	       (double)l->burst_good / MSEC, (double)l->burst_bad / MSEC,
	       l->burst_loss, l->reorder, (double)l->reorder_by / MSEC, l->dup,
	       l->corrupt);
	printf("#   jitter %.3f ms, policed to %llu B/s, %u B, %.3f ms from %.3f ms on, mtu %u%s from %.3f ms on\n",
	       (double)l->jitter / MSEC, (unsigned long long)l->police_rate,
	       l->police_burst, (double)l->route_delay / MSEC,
	       (double)l->route_at / MSEC, l->mtu, l->mtu_silent ? " silent" : "",
	       (double)l->mtu_at / MSEC);
	printf("#   clumps every %.3f ms, %s for %.3f ms from %.3f ms on, every %.3f ms\n",
	       (double)l->clump / MSEC, l->outage_holds ? "held" : "dead",
	       (double)l->outage / MSEC, (double)l->outage_at / MSEC,
	       (double)l->outage_every / MSEC);
}

void cfg_print(const struct sim_cfg *cfg)
{
	u32 i;

	printf("# v%c%s%s rounds %u\n", cfg->v6 ? '6' : '4',
	       cfg->simultaneous ? " simultaneous open" : "",
	       cfg->same_close ? " simultaneous close" : "", cfg->rounds);
	for (i = 0; i < 2 * max(cfg->pairs, 1U); i++)
		print_host(i, &cfg->host[i]);
	for (i = 0; i < 2; i++)
		print_link(i, &cfg->link[i]);
}
