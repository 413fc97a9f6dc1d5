// SPDX-License-Identifier: GPL-2.0
/*
 * A host: checksums, merging like GRO, Fast Open, listener, half-open connections and
 * TIME-WAIT. There is one flow, so each table of a real host has at most one entry
 * here.
 */
#include <stdio.h>
#include <stdlib.h>

#include "sim.h"

u64 host_now(const struct host *host)
{
	return max(host->sim->now, host->busy) + host->clock;
}

static u64 to_virtual(const struct host *host, u64 at)
{
	return at == XTCP_NEVER ? XTCP_NEVER : at - host->clock;
}

static void open_init(struct host *host)
{
	const struct host_cfg *cfg = host->cfg;

	host->open = (struct xtcp_open) {
		.flow = host->flow,
		.rcv_space = cfg->app.rcvbuf_min,
		.rcv_space_max = cfg->app.rcvbuf_max,
		.gso_max = cfg->gso_max,
		.path_mss = cfg->mss,
		.adv_mss = cfg->mss,
		.cached_srtt_us = cfg->cached_srtt_us,
		.cached_rttvar_us = cfg->cached_rttvar_us,
		.v6 = host->sim->cfg.v6,
	};
}

/*
 * The ISS is a keyed hash plus the clock. To make sequence numbers wrap often, compute
 * the hash and set the clock for the ISS wanted.
 */
static void aim_iss(struct host *host)
{
	struct xtcp_tcb *tcb;

	if (host->cfg->iss_goal < 0)
		return;
	tcb = calloc(1, sizeof(*tcb));
	if (!tcb)
		exit(2);
	xtcp_tcb_init(tcb, &host->cfg->par);
	xtcp_connect(tcb, &host->open, host_now(host));
	host->clock += (u64)((u32)host->cfg->iss_goal - tcb->iss) * 4096;
	xtcp_tcb_fini(tcb);
	free(tcb);
}

static const struct xtcp_host_ops host_ops;

/* Modes that a timer ends, for the trace. */
static const char * const mode_name[] = {
	[XTCP_HOST_HALF_OPEN] = "half-open connection",
	[XTCP_HOST_TIME_WAIT] = "TIME-WAIT",
};

void host_init(struct sim *sim, u32 id)
{
	static const u32 v4[2][4] = {
		{ 0, 0, 0xffff0000, 0x0100000a }, { 0, 0, 0xffff0000, 0x0200000a },
	};
	static const u32 v6[2][4] = {
		{ 0x000080fe, 0, 0, 0x01000000 }, { 0x000080fe, 0, 0, 0x02000000 },
	};
	struct host *host = &sim->host[id];
	u16 client = (u16)(0x39c0 + (id / 2 << 8));	/* in network byte order */
	u32 side = id & 1;

	host->sim = sim;
	host->id = id;
	host->cfg = &sim->cfg.host[id];
	host->peer = &sim->host[id ^ 1];
	host->clock = host->cfg->clock;
	host->timer_at = XTCP_NEVER;
	host->xh.ops = &host_ops;
	host->xh.par = &host->cfg->par;
	host->xh.open = &host->open;
	host->xh.tw_in_tcb = host->cfg->tw_in_tcb;
	memcpy(host->flow.saddr, sim->cfg.v6 ? v6[side] : v4[side], 16);
	memcpy(host->flow.daddr, sim->cfg.v6 ? v6[!side] : v4[!side], 16);
	host->flow.sport = side ? 0x5000 : client;
	host->flow.dport = side ? client : 0x5000;
	open_init(host);
	aim_iss(host);
}

/* ---- transmit ---- */

static void put_segment(struct host *host, const struct xtcp_plan *plan, u64 key, u64 off)
{
	struct sim *sim = host->sim;
	struct pkt *pkt = pkt_new(sim, plan->len);
	u8 *hdr = pkt->bytes;
	u64 leave = 0;
	u16 sum;

	pkt->hdr_len = xtcp_hdr_put(hdr, plan, host->flow.sport, host->flow.dport);
	if (pkt->hdr_len < XTCP_HDR_LEN || pkt->hdr_len > XTCP_HDR_MAX)
		sim_fail(sim, "header of %u bytes", pkt->hdr_len);
	pkt->wire_len = pkt->hdr_len + plan->len;
	pkt->ecn = plan->ecn;
	pkt->stream = off;
	pkt->echo = host->got;
	pattern_fill(key, off, pkt_data(pkt), plan->len);
	sum = xtcp_csum_fold(xtcp_csum_add(xtcp_csum_pseudo(&host->flow,
							    sim->cfg.v6,
							    pkt->wire_len),
					   hdr, pkt->wire_len));
	hdr[16] = sum >> 8;
	hdr[17] = sum & 0xff;
	if (acks_hold(host, pkt, plan))
		return;
	if (plan->release)
		leave = to_virtual(host, plan->release);
	link_send(sim, host, pkt, max(leave, host->busy));
}

/*
 * Send @plan, split into segments of its MSS. The payload is the pattern @key from
 * stream offset @off on.
 */
void host_send(struct host *host, const struct xtcp_plan *plan, u64 key, u64 off)
{
	struct xtcp_plan part;
	u32 at = 0;
	bool last;

	if (plan->len && !plan->mss)
		sim_fail(host->sim, "plan with payload and no MSS");
	if (plan->flags & XTCP_URG && plan->len > plan->mss)
		sim_fail(host->sim, "urgent pointer on a plan that is split");
	do {
		last = xtcp_plan_part(plan, at, false, &part);
		put_segment(host, &part, key, off + at);
		at += part.len;
	} while (!last);
}

/* ---- Fast Open ---- */

static const struct xtcp_fastopen_keys fo_keys = { .key = { { 11, 12 }, { 13, 14 } }, .n = 2 };

/* The client's Fast Open state: from an earlier connection, or from the configuration. */
static const struct xtcp_fastopen_client *fo_client(struct host *host,
						    struct xtcp_fastopen_client *fo)
{
	const struct host_cfg *cfg = host->cfg;

	if (!cfg->fastopen)
		return NULL;
	*fo = (struct xtcp_fastopen_client){ .cookie = host->cookie, .bare = cfg->fo_bare };
	if (host->cookie.len) {
		fo->mss = host->cookie_mss;
	} else if (cfg->fo_cookie) {
		xtcp_fastopen_make_cookie(&fo_keys, host->sim->seed & 1, &host->peer->flow,
					  &fo->cookie);
		fo->cookie.val[0] ^= cfg->fo_bad;
		fo->mss = host->sim->seed & 2 ? host->peer->cfg->mss : 0;
	}
	return fo;
}

/*
 * Accept Fast Open at most once in a round, and not after the last round, when a copy
 * of the SYN may still arrive: a duplicate SYN repeats the request, which RFC 7413
 * (2.1) leaves to the application to handle, and this one does not.
 */
static bool op_fastopen(struct xtcp_host *xh, const struct xtcp_seg *seg,
			struct xtcp_fastopen_cookie *give)
{
	struct host *host = host_of(xh);
	enum xtcp_fastopen_verdict worth;

	if (!host->cfg->fastopen || host->sim->round == host->sim->cfg.rounds)
		return false;
	worth = xtcp_fastopen_check_syn(&fo_keys, host->cfg->fo_bare, &host->flow, seg,
					give);
	if ((worth != XTCP_FASTOPEN_GOOD && worth != XTCP_FASTOPEN_OLD) || host->out.opened)
		return false;
	TRACE(host->sim, "%u Fast Open", host->id);
	return true;
}

static u32 op_early(struct xtcp_host *xh)
{
	return app_early(host_of(xh)->conn);
}

/* ---- other callbacks of the host; those of a connection are in conn.c ---- */

static u64 op_now(const struct xtcp_host *xh)
{
	return host_now(host_of(xh));
}

static void op_fail(struct xtcp_host *xh, const char *what)
{
	sim_fail(host_of(xh)->sim, "host %u: %s", host_of(xh)->id, what);
}

static void op_reply(struct xtcp_host *xh, const struct xtcp_plan *plan)
{
	if (plan->len)
		sim_fail(host_of(xh)->sim, "stateless answer with payload");
	host_send(host_of(xh), plan, 0, 0);
}

static void op_pkt_put(struct xtcp_host *xh, struct xtcp_ooo *ooo)
{
	struct host *host = host_of(xh);

	host->held--;
	pkt_free(host->sim, container_of(ooo, struct pkt, ooo));
}

static void op_deadline(struct xtcp_host *xh)
{
	struct host *host = host_of(xh);

	if (xh->mode == XTCP_HOST_CONN) {
		conn_arm(host->conn);
		return;
	}
	host->timer_at = to_virtual(host, xtcp_host_deadline(xh));
	sim_event(host->sim, host->timer_at + host->cfg->timer_slack, (struct event){
			.type = xh->mode == XTCP_HOST_TIME_WAIT ? EV_TW : EV_REQUEST,
			.host = host->id });
}

static const struct xtcp_host_ops host_ops = {
	.now = op_now,
	.space = op_space,
	.conn_new = op_conn_new,
	.sent_get = op_sent_get,
	.sent_put = op_sent_put,
	.pkt_put = op_pkt_put,
	.deliver = op_deliver,
	.transmit = op_transmit,
	.reply = op_reply,
	.fail = op_fail,
	.settled = op_settled,
	.idle = op_idle,
	.check = op_check,
	.notify = op_notify,
	.served = op_served,
	.over = op_over,
	.deadline = op_deadline,
	.fastopen = op_fastopen,
	.early = op_early,
};

/* The deadline of a half-open connection or a TIME-WAIT record has come. */
void host_timer(struct host *host, enum xtcp_host_mode mode)
{
	if (host->xh.mode != mode || host->timer_at > host->sim->now)
		return;
	if (mode == XTCP_HOST_HALF_OPEN)
		bound_timeout(host);
	xtcp_host_timeout(&host->xh);
	if (host->xh.mode != mode)
		TRACE(host->sim, "%u %s over", host->id, mode_name[mode]);
}

/* ---- receive ---- */

static void demux(struct host *host, struct xtcp_seg *seg, struct pkt *pkt)
{
	struct conn *conn = host->conn;
	u8 mode = host->xh.mode;

	pkt->data_seq = seg->seq + !!(seg->flags & XTCP_SYN);
	if (seg->len)
		host->got = max(host->got, pkt->nr);
	ledger_heard(&host->ledger, pkt->echo, host->sim->now);
	if (mode == XTCP_HOST_CONN && host->cfg->ack_each && conn->established &&
	    !(conn->tcb.flags & XTCP_F_QUICKACK))
		conn_serve(conn, xtcp_set(&conn->tcb, XTCP_SET_QUICKACK, 1, host_now(host)));
	memset(&pkt->ooo, 0xa5, sizeof(pkt->ooo));
	host->held++;
	xtcp_host_rx(&host->xh, seg, &pkt->ooo);
	if (host->xh.mode != mode && mode_name[mode])
		TRACE(host->sim, "%u %s over", host->id, mode_name[mode]);
}

void host_gro_flush(struct host *host)
{
	struct xtcp_seg seg = host->gro_seg;
	struct pkt *pkt = host->gro;

	host->gro = NULL;
	if (seg.nsegs > 1)
		TRACE(host->sim, "%u merged %u segments, seq %u+%u", host->id,
		      seg.nsegs, seg.seq, seg.len);
	demux(host, &seg, pkt);
}

static bool can_merge(const struct host *host, const struct xtcp_seg *seg)
{
	const struct xtcp_seg *old = &host->gro_seg;
	const u16 may_differ = XTCP_FIN | XTCP_PSH;

	return seg->seq == old->seq + old->len && seg->len && old->len &&
	       seg->ack == old->ack && seg->wnd == old->wnd &&
	       !((seg->flags ^ old->flags) & ~may_differ) &&
	       !(old->flags & may_differ) && seg->opts == old->opts &&
	       seg->tsval == old->tsval && seg->tsecr == old->tsecr &&
	       seg->ecn == old->ecn &&
	       old->len + seg->len <= host->cfg->gro_max;
}

static void merge(struct host *host, const struct xtcp_seg *seg, struct pkt *pkt)
{
	struct pkt *old = host->gro, *both;

	both = pkt_new(host->sim, old->wire_len + pkt->wire_len);
	both->hdr_len = old->hdr_len;
	both->ecn = old->ecn;
	both->wire_len = old->wire_len + seg->len;
	both->nr = max(old->nr, pkt->nr);
	both->echo = max(old->echo, pkt->echo);
	memcpy(both->bytes, pkt_hdr(old), old->wire_len);
	memcpy(both->bytes + old->wire_len, pkt_data(pkt), seg->len);
	host->gro_seg.len += seg->len;
	host->gro_seg.nsegs++;
	host->gro_seg.flags |= seg->flags;
	host->gro = both;
	pkt_free(host->sim, old);
	pkt_free(host->sim, pkt);
}

static void gro_rx(struct host *host, struct xtcp_seg *seg, struct pkt *pkt)
{
	bool plain = (seg->flags & ~(XTCP_FIN | XTCP_PSH)) == XTCP_ACK && seg->len;

	if (host->gro && plain && can_merge(host, seg)) {
		merge(host, seg, pkt);
	} else {
		if (host->gro)
			host_gro_flush(host);
		if (!plain) {
			demux(host, seg, pkt);
			return;
		}
		host->gro = pkt;
		host->gro_seg = *seg;
		host->gro_at = host->sim->now + host->cfg->gro;
		sim_event(host->sim, host->gro_at, (struct event){
				.type = EV_GRO, .host = host->id });
	}
	if (host->gro_seg.flags & (XTCP_FIN | XTCP_PSH))
		host_gro_flush(host);
}

static bool sum_ok(const struct host *host, struct pkt *pkt)
{
	struct xtcp_flow in = host->flow;

	memcpy(in.saddr, host->flow.daddr, sizeof(in.saddr));
	memcpy(in.daddr, host->flow.saddr, sizeof(in.daddr));
	return !xtcp_csum_fold(xtcp_csum_add(xtcp_csum_pseudo(&in,
							      host->sim->cfg.v6,
							      pkt->wire_len),
					     pkt_hdr(pkt), pkt->wire_len));
}

/* A packet arrives from the link; the host owns it now. */
void host_rx(struct host *host, struct pkt *pkt)
{
	struct sim *sim = host->sim;
	struct xtcp_seg seg;

	if (!sum_ok(host, pkt)) {
		TRACE(sim, "%u checksum wrong", host->id);
		pkt_free(sim, pkt);
		return;
	}
	/* Poison, to detect reads of fields that xtcp_parse() did not set. */
	memset(&seg, 0xa5, sizeof(seg));
	if (!xtcp_parse(&seg, pkt_hdr(pkt), pkt->wire_len, pkt->wire_len) ||
	    seg.doff != pkt->hdr_len)
		sim_fail(sim, "header that we made does not parse");
	seg.ecn = pkt->ecn;
	seg_trace(sim, host->id, "<", pkt);
	if (prng_hit(&sim->rng, host->cfg->attack))
		sim_event(sim, sim->now + prng_below(&sim->rng, 2 * MSEC),
			  (struct event){ .type = EV_ATTACK, .host = host->id });
	if (host->cfg->gro)
		gro_rx(host, &seg, pkt);
	else
		demux(host, &seg, pkt);
}

/* ---- opening and ending ---- */

void host_open(struct host *host)
{
	struct sim *sim = host->sim;
	struct xtcp_fastopen_client fo;

	if (host->conn)
		return;
	if (host->xh.mode == XTCP_HOST_TIME_WAIT) {
		/* connect() cannot use a port in TIME-WAIT. */
		sim_event(sim, host->timer_at + SEC, (struct event){
				.type = EV_OPEN, .host = host->id });
		return;
	}
	TRACE(sim, "%u connect()", host->id);
	host->open.fo = fo_client(host, &fo);
	xtcp_host_connect(&host->xh);
	host->open.fo = NULL;
}

/* The application has closed and the engine is done: the socket ends. */
void host_closed(struct host *host)
{
	host->out.closed = true;
	host->sim->done_at = host->sim->now;
	conn_free(host->conn);
	host->conn = NULL;
}

void host_cleanup(struct host *host)
{
	if (host->gro)
		pkt_free(host->sim, host->gro);
	host->gro = NULL;
	if (host->ack)
		pkt_free(host->sim, host->ack);
	host->ack = NULL;
	if (host->conn)
		conn_free(host->conn);
	host->conn = NULL;
	ledger_reset(&host->ledger);
}
