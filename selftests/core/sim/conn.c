// SPDX-License-Identifier: GPL-2.0
/*
 * One connection, as a socket layer keeps it. Checks every delivery against the
 * pattern, and the engine's invariants after calls.
 */
#include <stdio.h>
#include <stdlib.h>

#include "sim.h"

/* Timer runs without time passing: many may be right, since RACK marks 64 in each. */
#define STUCK_LIMIT	2000

static struct conn *conn_of(const struct xtcp_host *xh)
{
	return host_of(xh)->conn;
}

u32 conn_space(const struct conn *conn)
{
	u64 unread = conn->rcvd - conn->rd;

	return unread < conn->app.rcvbuf ? conn->app.rcvbuf - unread : 0;
}

/* Note the right edge of the window; it must never move left. */
static void note_edge(struct conn *conn)
{
	u32 edge = conn->tcb.rcv_wup + conn->tcb.rcv_wnd;

	if (conn->tcb.state == XTCP_SYN_SENT || conn->tcb.state == XTCP_CLOSED)
		return;
	if (conn->has_edge && seq_lt(edge, conn->edge))
		sim_fail(conn->sim, "host %u took back %u bytes of its window",
			 conn->host->id, conn->edge - edge);
	conn->edge = edge;
	conn->has_edge = true;
}

static void check(struct conn *conn)
{
	const char *broken = NULL;

	/* Not after every call: xtcp_check() walks over all data in flight. */
	if (!conn->sim->cfg.check_every ||
	    !(conn->checks++ % conn->sim->cfg.check_every))
		broken = xtcp_check_at(&conn->tcb, host_now(conn->host));
	if (broken)
		sim_fail(conn->sim, "host %u: xtcp_check: %s", conn->host->id, broken);
	note_edge(conn);
}

static struct conn *conn_new(struct host *host)
{
	struct conn *conn = calloc(1, sizeof(*conn));

	if (!conn)
		exit(2);
	if (host->conn)
		sim_fail(host->sim, "two connections of one flow");
	conn->host = host;
	conn->sim = host->sim;
	conn->gen = ++host->sim->gen;
	conn->timer_at = XTCP_NEVER;
	host->conn = conn;
	ledger_reset(&host->ledger);
	host->out.opened = true;
	host->out.opened_at = host->sim->now;
	host->streak = 0;
	host->sim->conns++;
	/* Poison: the engine must set every field that it reads. */
	memset(&conn->tcb, 0xa5, sizeof(conn->tcb));
	xtcp_tcb_init(&conn->tcb, &host->cfg->par);
	if (host->cfg->pacing_max)
		xtcp_set_pacing_max(&conn->tcb, host->cfg->pacing_max);
	app_init(conn);
	return conn;
}

struct xtcp_tcb *op_conn_new(struct xtcp_host *xh)
{
	struct host *host = host_of(xh);

	if (xh->mode == XTCP_HOST_HALF_OPEN) {
		if (prng_hit(&host->sim->rng, host->cfg->accept_fail)) {
			TRACE(host->sim, "%u no memory for the child", host->id);
			return NULL;
		}
		if (host->out.opened)
			sim_fail(host->sim, "second connection accepted in one round");
	}
	return &conn_new(host)->tcb;
}

struct xtcp_sent *op_sent_get(struct xtcp_host *xh)
{
	struct host *host = host_of(xh);
	struct xtcp_sent *sent;

	if (prng_hit(&host->sim->rng, host->cfg->shortage))
		return NULL;
	sent = malloc(sizeof(*sent));
	if (!sent)
		exit(2);
	memset(sent, 0xa5, sizeof(*sent));
	host->sim->sents++;
	return sent;
}

void op_sent_put(struct xtcp_host *xh, struct xtcp_sent *sent)
{
	host_of(xh)->sim->sents--;
	free(sent);
}

/* Copy the engine's counters to the outcome. */
void conn_outcome(const struct conn *conn)
{
	struct outcome *out = &conn->host->out;
	const struct xtcp_tcb *tcb = &conn->tcb;

	out->segs = tcb->data_segs_out;
	out->retrans = tcb->total_retrans;
	out->spurious = conn->host->ledger.spurious;
	out->probes = tcb->tlp_probes;
	out->rtos = tcb->rtx_timeouts;
	out->undos = tcb->undos;
}

void conn_free(struct conn *conn)
{
	struct sim *sim = conn->sim;

	conn_outcome(conn);
	if (!conn->host->id)
		sim->ledger = conn->host->ledger;
	xtcp_host_release(&conn->host->xh);
	if (conn->host->held && !*sim->why)
		snprintf(sim->why, sizeof(sim->why), "%ld packets never came back",
			 conn->host->held);
	sim->conns--;
	free(conn);
}

/* ---- receive ---- */

u32 op_space(const struct xtcp_host *xh)
{
	return conn_space(conn_of(xh));
}

void op_deliver(struct xtcp_host *xh, struct xtcp_ooo *ooo, u32 from, u32 to)
{
	struct pkt *pkt = container_of(ooo, struct pkt, ooo);
	struct conn *conn = conn_of(xh);
	struct sim *sim = conn->sim;
	u32 next = conn->tcb.irs + 1 + (u32)conn->rcvd;
	u32 at = from - pkt->data_seq;
	u32 len = to - from;

	if (conn->app.closed)
		sim_fail(sim, "host %u: delivery after close()", conn->host->id);
	if (conn->eof)
		sim_fail(sim, "host %u: delivery after the end", conn->host->id);
	if (from != next || !len)
		sim_fail(sim, "host %u: delivery of %u..%u, next byte is %u",
			 conn->host->id, from, to, next);
	if (at + (u64)len > pkt->wire_len - pkt->hdr_len)
		sim_fail(sim, "host %u: delivery beyond the packet", conn->host->id);
	if (!pattern_check(conn->app.key_in, conn->rcvd, pkt_data(pkt) + at, len))
		sim_fail(sim, "host %u: wrong data at offset %llu", conn->host->id,
			 (unsigned long long)conn->rcvd);
	conn->rcvd += len;
	conn->host->out.rcvd = conn->rcvd;
	conn->host->out.rcvd_at = sim->now;
}

static void urgent(struct conn *conn)
{
	u64 at = conn->rcvd + (s32)(conn->tcb.rcv_up -
				    (conn->tcb.irs + 1 + (u32)conn->rcvd));

	if (at < conn->urg_seen)
		sim_fail(conn->sim, "host %u: urgent pointer moved back",
			 conn->host->id);
	conn->urg_seen = at;
	conn->host->out.urg_in = at;
}

/* ---- transmit ---- */

static void acked(struct conn *conn)
{
	u32 una = xtcp_snd_data_una(&conn->tcb);
	u32 step = una - (conn->tcb.iss + 1 + (u32)conn->acked);
	u64 to = conn->acked + step;

	/* The FIN has a sequence number, but is not payload. */
	if (to == conn->wr + 1)
		to--;
	if (to > conn->wr)
		sim_fail(conn->sim, "host %u: %llu bytes acknowledged, %llu written",
			 conn->host->id, (unsigned long long)to,
			 (unsigned long long)conn->wr);
	if (step)
		bound_progress(conn->host, conn->acked);
	conn->acked = to;
	app_acked(conn);
}

static void send_plan(struct conn *conn, const struct xtcp_plan *plan)
{
	const struct conn *peer = conn->host->peer->conn;
	u32 rel = plan->data - (conn->tcb.iss + 1 + (u32)conn->acked);
	u64 off = conn->acked + rel;

	if (plan->len) {
		if (plan->data != plan->seq + !!(plan->flags & XTCP_SYN))
			sim_fail(conn->sim, "plan's data %u is not at its seq %u",
				 plan->data, plan->seq);
		if (off + plan->len > conn->wr)
			sim_fail(conn->sim,
				 "plan sends bytes %llu+%u, there are %llu..%llu",
				 (unsigned long long)off, plan->len,
				 (unsigned long long)conn->acked,
				 (unsigned long long)conn->wr);
		if (plan->len > max_t(u32, conn->tcb.gso_max, plan->mss))
			sim_fail(conn->sim, "plan of %u bytes above gso_max",
				 plan->len);
	}
	/* A window probe is one octet beyond the window. */
	if (plan->len > 1 && peer && peer->has_edge &&
	    seq_gt(plan->seq + plan->len, peer->edge))
		sim_fail(conn->sim, "host %u overruns the window by %u", conn->host->id,
			 plan->seq + plan->len - peer->edge);
	host_send(conn->host, plan, conn->app.key_out, off);
}

bool op_transmit(struct xtcp_host *xh, struct xtcp_plan *plan)
{
	struct host *host = host_of(xh);

	/* The plan goes out now; xtcp_tx_commit() is told so, as by the glue. */
	if (host->cfg->no_fq)
		plan->release = 0;
	if (prng_hit(&host->sim->rng, host->cfg->tx_fail)) {
		TRACE(host->sim, "%u no memory to send seq %u+%u", host->id, plan->seq,
		      plan->len);
		return false;
	}
	if (host->cfg->plan_cost)
		host->busy = max(host->sim->now, host->busy) + host->cfg->plan_cost;
	send_plan(host->conn, plan);
	return true;
}

void op_settled(struct xtcp_host *xh, const struct xtcp_plan *plan, bool sent)
{
	check(conn_of(xh));
}

void op_idle(struct xtcp_host *xh)
{
	check(conn_of(xh));
}

void op_check(struct xtcp_host *xh, u32 actions)
{
	check(conn_of(xh));
}

/* ---- callbacks of the host ---- */

void conn_arm(struct conn *conn)
{
	u64 due = xtcp_deadline(&conn->tcb), at;

	if (due == XTCP_NEVER)
		return;
	at = max(due, host_now(conn->host)) - conn->host->clock +
	     prng_below(&conn->sim->rng, conn->host->cfg->timer_slack + 1);
	/* Like the kernel timer: only moved to earlier; firing early is harmless. */
	if (at >= conn->timer_at)
		return;
	conn->timer_at = at;
	sim_event(conn->sim, at, (struct event){
			.type = EV_TIMER, .host = conn->host->id, .gen = conn->gen });
}

void op_notify(struct xtcp_host *xh, u32 actions, const struct xtcp_seg *seg)
{
	struct host *host = host_of(xh);
	struct conn *conn = host->conn;
	struct sim *sim = host->sim;

	/* From a TIME-WAIT record: the application is gone. */
	if (xh->mode == XTCP_HOST_TIME_WAIT)
		return;
	if (actions & XTCP_ACT_URG)
		urgent(conn);
	if (actions & XTCP_ACT_ACKED)
		acked(conn);
	if (actions & XTCP_ACT_EOF) {
		if (conn->eof)
			sim_fail(sim, "host %u: end of stream twice", host->id);
		conn->eof = true;
		host->out.eof = true;
		host->out.eof_at = sim->now;
		TRACE(sim, "%u end of stream", host->id);
	}
	if (actions & XTCP_ACT_STATE)
		TRACE(sim, "%u state %u", host->id, conn->tcb.state);
	if (actions & XTCP_ACT_ERROR && (!conn->tcb.err || conn->tcb.state != XTCP_CLOSED))
		sim_fail(sim, "host %u: error without error", host->id);
	if (actions & XTCP_ACT_DROP)
		TRACE(sim, "%u dropped, reason %u", host->id, seg->reason);
}

static void look_at_state(struct conn *conn)
{
	struct xtcp_tcb *tcb = &conn->tcb;

	if (conn->established || tcb->state == XTCP_SYN_SENT || tcb->state == XTCP_CLOSED ||
	    (tcb->state == XTCP_SYN_RECEIVED && !xtcp_fastopen_is_child(tcb)))
		return;
	conn->established = true;
	if (tcb->fo & XTCP_FO_GIVEN && !(tcb->flags & XTCP_F_PASSIVE)) {
		conn->host->cookie = tcb->fo_cookie;
		conn->host->cookie_mss = tcb->peer_mss;
	}
	app_established(conn);
}

void op_served(struct xtcp_host *xh, u32 actions)
{
	struct prng *rng = &host_of(xh)->sim->rng;

	if (actions & (XTCP_ACT_DELIVER | XTCP_ACT_DRAIN | XTCP_ACT_EOF))
		app_data(conn_of(xh));
	if (prng_hit(rng, 300000))
		xtcp_host_reclaim(xh, prng_below(rng, 3 * XTCP_MAP_LOW));
	look_at_state(conn_of(xh));
}

void op_over(struct xtcp_host *xh)
{
	struct conn *conn = conn_of(xh);

	conn->over = true;
	conn->host->out.err = conn->tcb.err;
	TRACE(conn->sim, "%u over, err %u", conn->host->id, conn->tcb.err);
	app_ended(conn);
}

/* Handle the action bits of a call of the engine. */
void conn_serve(struct conn *conn, u32 actions)
{
	xtcp_host_actions(&conn->host->xh, actions, NULL, NULL);
}

void conn_timer(struct conn *conn)
{
	conn->timer_runs = conn->sim->now == conn->timer_ran ? conn->timer_runs + 1 : 0;
	conn->timer_ran = conn->sim->now;
	if (conn->timer_runs > STUCK_LIMIT)
		sim_fail(conn->sim, "host %u: timers do not come to rest",
			 conn->host->id);
	conn->timer_at = XTCP_NEVER;
	if (conn->over)
		return;
	bound_timers(conn);
	xtcp_host_timeout(&conn->host->xh);
}

void conn_dump(const struct conn *conn)
{
	const struct xtcp_tcb *t = &conn->tcb;
	u64 now = host_now(conn->host);
	int i;

	printf("#   state %u err %u flags 0x%x cong %u mss %u\n", t->state, t->err,
	       t->flags, t->cong, t->mss);
	printf("#   app: written %llu acked %llu received %llu read %llu eof %d shut %d closed %d over %d\n",
	       (unsigned long long)conn->wr, (unsigned long long)conn->acked,
	       (unsigned long long)conn->rcvd, (unsigned long long)conn->rd,
	       conn->eof, conn->app.shut, conn->app.closed, conn->over);
	printf("#   snd una +%u nxt +%u end +%u wnd %u max %u cwnd %u ssthresh %u lost %u\n",
	       t->snd_una - t->iss, t->snd_nxt - t->iss, t->snd_end - t->iss,
	       t->snd_wnd, t->max_snd_wnd, t->cwnd, t->ssthresh, t->lost_out);
	printf("#   rcv nxt +%u wup +%u wnd %u space %u ooo %u in %u runs; map free %u\n",
	       t->rcv_nxt - t->irs, t->rcv_wup - t->irs, t->rcv_wnd, t->rcv_space,
	       t->ooo_bytes, t->ooo_runs, t->map_nfree);
	printf("#   rto %u us backoff %u retries %u probes %u ack_pending %u\n",
	       t->rto_us, t->backoff, t->retries, t->probes, t->ack_pending);
	for (i = 0; i < XTCP_DL_MAX; i++)
		if (t->dl_armed & 1u << i)
			printf("#   deadline %d in %.3f ms\n", i,
			       (double)(s64)(t->dl[i] - now) / MSEC);
}
