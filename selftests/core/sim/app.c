// SPDX-License-Identifier: GPL-2.0
/*
 * An application: writes a pattern in pieces, reads at its own pace and closes as
 * configured. It acts only in events, so that no call of the engine is made from
 * within another.
 */
#include <stdio.h>
#include <stdlib.h>

#include "sim.h"

/* Time after start at which both ends close, with sim_cfg.same_close. */
#define SAME_CLOSE	(30 * SEC)

/* A pause from which on there may be an idle restart (RFC 5681, 4.1). */
#define IDLE	(100 * MSEC)

/* ---- the pattern ---- */

static u64 pattern_word(u64 key, u64 off)
{
	u64 x = (off / 8 + key) * 0x9e3779b97f4a7c15ULL;

	return x ^ x >> 29;
}

void pattern_fill(u64 key, u64 off, u8 *p, u32 len)
{
	while (len) {
		u64 w = pattern_word(key, off) >> off % 8 * 8;
		u32 n = min_t(u32, len, 8 - off % 8);

		memcpy(p, &w, n);
		p += n;
		off += n;
		len -= n;
	}
}

bool pattern_check(u64 key, u64 off, const u8 *p, u32 len)
{
	u8 want[8];
	u64 w;

	while (len) {
		u32 n = min_t(u32, len, 8 - off % 8);

		if (n == sizeof(w)) {
			memcpy(&w, p, sizeof(w));
			if (w != pattern_word(key, off))
				return false;
		} else {
			pattern_fill(key, off, want, n);
			if (memcmp(p, want, n))
				return false;
		}
		p += n;
		off += n;
		len -= n;
	}
	return true;
}

/* ---- events ---- */

static void later(struct conn *conn, enum ev_type type, u64 delay)
{
	sim_event(conn->sim, conn->sim->now + delay, (struct event){
			.type = type, .host = conn->host->id, .gen = conn->gen });
}

/* A size or pause: random from @least to @most, or @most with app_cfg.exact. */
static u64 up_to(struct conn *conn, u64 least, u64 most)
{
	if (conn->host->cfg->app.exact)
		return most;
	return prng_range(&conn->sim->rng, least, most);
}

/* Schedule @type after a pause of up to @most ns. */
static void pause(struct conn *conn, enum ev_type type, u64 most)
{
	u64 wait = up_to(conn, 0, most);

	conn->host->out.paused += wait;
	conn->host->out.pauses += wait >= IDLE;
	later(conn, type, wait);
}

static void kick(struct conn *conn)
{
	later(conn, EV_CLOSE, 0);
}

void app_init(struct conn *conn)
{
	struct sim *sim = conn->sim;
	const struct app_cfg *cfg = &conn->host->cfg->app;
	struct app *app = &conn->app;
	u64 base = sim->seed * 4 + sim->round * 0x10001;

	app->cfg = cfg;
	app->key_out = (base << 20) + conn->host->id;
	app->key_in = (base << 20) + conn->host->peer->id;
	app->sndbuf = cfg->sndbuf;
	app->rcvbuf = cfg->rcvbuf_min;
	if (cfg->mode == CLOSE_ABORT)
		later(conn, EV_ABORT, cfg->abort_after);
	if (cfg->early)
		later(conn, EV_WRITE, 0);
}

static void set(struct conn *conn, enum xtcp_opt opt, u32 val)
{
	TRACE(conn->sim, "%u option %u = %u", conn->host->id, opt, val);
	conn_serve(conn, xtcp_set(&conn->tcb, opt, val, host_now(conn->host)));
}

void app_established(struct conn *conn)
{
	TRACE(conn->sim, "%u established", conn->host->id);
	if (!conn->app.cfg->early && !conn->app.cfg->after)
		later(conn, EV_WRITE, 0);
	kick(conn);
}

/* Change options during the connection, as any program may. */
static void fiddle(struct conn *conn)
{
	struct prng *r = &conn->sim->rng;
	const struct host_cfg *cfg = conn->host->cfg;

	if (!prng_hit(r, cfg->app.fiddle))
		return;
	switch (prng_below(r, 8)) {
	case 0:
		set(conn, XTCP_SET_NODELAY, prng_below(r, 2));
		break;
	case 1:
		set(conn, XTCP_SET_QUICKACK, prng_below(r, 2));
		break;
	case 2:
		set(conn, XTCP_SET_MAXSEG, prng_range(r, 88, cfg->mss));
		break;
	case 3:
		set(conn, XTCP_SET_PATH_MSS, prng_range(r, 88, cfg->mss));
		break;
	case 4:
		set(conn, XTCP_SET_GSO_MAX, prng_range(r, cfg->mss, 65535));
		break;
	case 6:
		xtcp_set_pacing_max(&conn->tcb, prng_log(r, 1 << 18, 1ULL << 34));
		conn_serve(conn, 0);
		break;
	case 5:
		if (xtcp_reass_prune(&conn->tcb))
			conn_serve(conn, XTCP_ACT_REAP);
		break;
	case 7:
		xtcp_cc_set(&conn->tcb, cc_pick(r), host_now(conn->host));
		break;
	}
}

/* ---- writing ---- */

static void cork(struct conn *conn, bool on)
{
	if (conn->app.corked == on)
		return;
	conn->app.corked = on;
	set(conn, XTCP_SET_CORK, on);
}

static u32 write_size(struct conn *conn)
{
	const struct app_cfg *cfg = conn->app.cfg;
	u64 queued = conn->wr - conn->acked;
	u64 room = queued < conn->app.sndbuf ? conn->app.sndbuf - queued : 0;
	u64 n = up_to(conn, 1, cfg->chunk);

	return min(n, min(room, cfg->total - conn->wr));
}

/* The first write, before the SYN is sent. Return: bytes. */
u32 app_early(struct conn *conn)
{
	u32 n = conn->app.cfg->after ? 0 : write_size(conn);

	conn->wr = n;
	conn->host->out.sent = n;
	return n;
}

void app_write(struct conn *conn)
{
	struct prng *r = &conn->sim->rng;
	const struct app_cfg *cfg = conn->app.cfg;
	u32 n, flags = 0;

	conn->app.w_blocked = false;
	if (conn->over || conn->app.shut || conn->app.closed)
		return;
	if (!conn->app.started) {
		conn->app.started = true;
		if (cfg->nodelay)
			set(conn, XTCP_SET_NODELAY, 1);
		if (cfg->keepalive) {
			set(conn, XTCP_SET_KEEPIDLE, 10000);
			set(conn, XTCP_SET_KEEPINTVL, 3000);
			set(conn, XTCP_SET_KEEPALIVE, 1);
		}
	}
	n = write_size(conn);
	if (!n) {
		/* With TCP_CORK set, waiting for room might never end. */
		cork(conn, false);
		conn->app.w_blocked = true;
		kick(conn);
		return;
	}
	fiddle(conn);
	cork(conn, prng_hit(r, cfg->cork));
	if (prng_hit(r, cfg->urgent))
		flags |= XTCP_WROTE_URG;
	conn->wr += n;
	conn->host->out.sent = conn->wr;
	if (flags & XTCP_WROTE_URG)
		conn->host->out.urg_out = conn->wr;
	/* MSG_MORE promises more: not with the last bytes, not before a wait. */
	if (conn->wr < cfg->total && conn->wr - conn->acked < conn->app.sndbuf &&
	    prng_hit(r, cfg->more))
		flags |= XTCP_WROTE_MORE;
	TRACE(conn->sim, "%u writes %u flags %u, %llu in all", conn->host->id, n,
	      flags, (unsigned long long)conn->wr);
	conn_serve(conn, xtcp_wrote(&conn->tcb, n, flags, host_now(conn->host)));
	pause(conn, EV_WRITE, cfg->pause);
}

/* Send buffer tuning, as in src/sock for a socket without SO_SNDBUF. */
static void grow(struct conn *conn)
{
	u32 want = min(xtcp_snd_want(&conn->tcb), conn->app.cfg->sndbuf_max);

	conn->app.sndbuf = max(conn->app.sndbuf, want);
}

/* A socket becomes writable when a third of its send buffer is free. */
static bool writable(const struct conn *conn)
{
	return !conn->app.cfg->sndbuf_max ||
	       (conn->wr - conn->acked) * 3 <= (u64)conn->app.sndbuf * 2;
}

void app_acked(struct conn *conn)
{
	if (conn->app.cfg->sndbuf_max)
		grow(conn);
	if (!conn->app.w_blocked || !writable(conn))
		return;
	conn->app.w_blocked = false;
	later(conn, EV_WRITE, 0);
}

/* ---- reading ---- */

void app_data(struct conn *conn)
{
	if (conn->app.r_pending)
		return;
	conn->app.r_pending = true;
	pause(conn, EV_READ, conn->app.cfg->rpause);
}

void app_read(struct conn *conn)
{
	struct prng *r = &conn->sim->rng;
	const struct app_cfg *cfg = conn->app.cfg;
	u32 n;

	conn->app.r_pending = false;
	if (conn->app.closed)
		return;
	n = min(up_to(conn, 1, cfg->rchunk), conn->rcvd - conn->rd);
	conn->rd += n;
	if (cfg->rcvbuf_min != cfg->rcvbuf_max && prng_hit(r, 100000))
		conn->app.rcvbuf = prng_range(r, cfg->rcvbuf_min, cfg->rcvbuf_max);
	if (n)
		conn_serve(conn, xtcp_read(&conn->tcb, n, conn_space(conn),
					   host_now(conn->host)));
	fiddle(conn);
	if (!conn->app.started && cfg->after && conn->rd >= cfg->after)
		later(conn, EV_WRITE, 0);
	if (conn->rd < conn->rcvd)
		app_data(conn);
	kick(conn);
}

/* ---- ending ---- */

void app_ended(struct conn *conn)
{
	kick(conn);
}

static void let_go(struct conn *conn)
{
	conn->app.closed = true;
	if (conn->over) {
		host_closed(conn->host);
		return;
	}
	if (conn->rd < conn->rcvd) {
		/* RFC 9293 SHLD-3: close() with unread data resets the connection. */
		TRACE(conn->sim, "%u close() with data unread", conn->host->id);
		conn->host->out.aborted = true;
		conn_serve(conn, xtcp_abort(&conn->tcb, host_now(conn->host)));
		kick(conn);
		return;
	}
	TRACE(conn->sim, "%u close()", conn->host->id);
	conn_serve(conn, xtcp_close(&conn->tcb, host_now(conn->host)));
}

/* Returns whether the pause between the last write and the close is over. */
static bool lingered(struct conn *conn)
{
	struct app *app = &conn->app;
	struct sim *sim = conn->sim;
	u64 wait = up_to(conn, 0, app->cfg->linger);

	if (app->ending)
		return sim->now >= app->end_at;
	app->ending = true;
	app->end_at = sim->now + wait;
	if (sim->cfg.same_close)
		app->end_at = max(sim->now, sim->start + SAME_CLOSE);
	later(conn, EV_CLOSE, app->end_at - sim->now);
	return app->end_at == sim->now;
}

static void shut(struct conn *conn)
{
	conn->app.shut = true;
	TRACE(conn->sim, "%u shutdown()", conn->host->id);
	conn_serve(conn, xtcp_shutdown(&conn->tcb, host_now(conn->host)));
}

void app_close(struct conn *conn)
{
	struct app *app = &conn->app;
	bool read_all = conn->rd == conn->rcvd;

	if (app->closed || (conn->over && read_all)) {
		if (conn->over)
			let_go(conn);
		return;
	}
	if (conn->over || !conn->established || conn->wr < app->cfg->total)
		return;
	switch (app->cfg->mode) {
	case CLOSE_SHUT:
		if (!app->shut && lingered(conn))
			shut(conn);
		if (app->shut && conn->eof && read_all && !conn->over)
			let_go(conn);
		break;
	case CLOSE_WAIT:
		if (conn->eof && read_all && lingered(conn))
			let_go(conn);
		break;
	case CLOSE_EAGER:
		if (lingered(conn))
			let_go(conn);
		break;
	case CLOSE_ABORT:
		break;
	}
}

void app_abort(struct conn *conn)
{
	if (conn->app.closed || conn->over)
		return;
	TRACE(conn->sim, "%u abort()", conn->host->id);
	conn->app.closed = true;
	conn->host->out.aborted = true;
	conn_serve(conn, xtcp_abort(&conn->tcb, host_now(conn->host)));
	kick(conn);
}
