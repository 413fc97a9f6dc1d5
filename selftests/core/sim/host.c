// SPDX-License-Identifier: GPL-2.0
/*
 * A host: checksum, merging as GRO does, whom a segment is for, the listener
 * with its embryos, TIME-WAIT records. There is one flow, so each table of a
 * real host has at most one entry here.
 */
#include <stdio.h>
#include <stdlib.h>

#include "answer.h"
#include "sim.h"

u64 host_now(const struct host *host)
{
	return max(host->sim->now, host->busy) + host->clock;
}

static u64 to_virtual(const struct host *host, u64 at)
{
	return at == XTCP_NEVER ? XTCP_NEVER : at - host->clock;
}

void conn_open_params(struct host *host, struct xtcp_open *open)
{
	const struct host_cfg *cfg = host->cfg;

	*open = (struct xtcp_open) {
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
 * The ISS comes from the clock and a keyed hash. To meet the wrap of the
 * sequence space often, learn the hash and set the clock for the ISS wanted.
 */
static void aim_iss(struct host *host)
{
	struct xtcp_open open;
	struct xtcp_tcb *tcb;

	if (host->cfg->iss_goal < 0)
		return;
	tcb = calloc(1, sizeof(*tcb));
	if (!tcb)
		exit(2);
	conn_open_params(host, &open);
	xtcp_tcb_init(tcb, &host->cfg->par);
	xtcp_connect(tcb, &open, host_now(host));
	host->clock += (u64)((u32)host->cfg->iss_goal - tcb->iss) * 4096;
	xtcp_tcb_fini(tcb);
	free(tcb);
}

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
	host->tw_timer = XTCP_NEVER;
	memcpy(host->flow.saddr, sim->cfg.v6 ? v6[side] : v4[side], 16);
	memcpy(host->flow.daddr, sim->cfg.v6 ? v6[!side] : v4[!side], 16);
	host->flow.sport = side ? 0x5000 : client;
	host->flow.dport = side ? client : 0x5000;
	aim_iss(host);
}

/* ---- transmit ---- */

static void put_segment(struct host *host, const struct xtcp_plan *plan,
			u32 at, u32 len, u64 key, u64 off)
{
	struct sim *sim = host->sim;
	struct xtcp_plan one = *plan;
	struct pkt *pkt = pkt_new(sim, len);
	u8 *hdr = pkt->bytes;
	u64 leave = 0;
	u16 sum;

	/* As a device splits a large packet: FIN and PSH go last. */
	one.seq += at;
	one.len = len;
	if (at + len < plan->len)
		one.flags &= ~(XTCP_FIN | XTCP_PSH);
	if (at)
		one.flags &= ~XTCP_CWR;
	pkt->hdr_len = xtcp_hdr_put(hdr, &one, host->flow.sport, host->flow.dport);
	if (pkt->hdr_len < XTCP_HDR_LEN || pkt->hdr_len > XTCP_HDR_MAX)
		sim_fail(sim, "header of %u bytes", pkt->hdr_len);
	pkt->wire_len = pkt->hdr_len + len;
	pkt->ecn = plan->ecn;
	pkt->stream = off + at;
	pkt->echo = host->got;
	pattern_fill(key, off + at, pkt_data(pkt), len);
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
 * Send @plan, split at its MSS; the payload is the stream @key from offset
 * @off on.
 */
void host_send(struct host *host, const struct xtcp_plan *plan, u64 key, u64 off)
{
	u32 at = 0, len;

	if (plan->len && !plan->mss)
		sim_fail(host->sim, "plan with payload and no MSS");
	if (plan->flags & XTCP_URG && plan->len > plan->mss)
		sim_fail(host->sim, "urgent pointer on a plan that is split");
	do {
		len = min(plan->len - at, (u32)plan->mss);
		if (!plan->len)
			len = 0;
		put_segment(host, plan, at, len, key, off);
		at += len;
	} while (at < plan->len);
}

static void reply(struct host *host, const struct xtcp_plan *plan)
{
	if (plan->len)
		sim_fail(host->sim, "stateless answer with payload");
	host_send(host, plan, 0, 0);
}

static void reply_rst(struct host *host, const struct xtcp_seg *seg)
{
	struct xtcp_plan plan;

	if (seg->flags & XTCP_RST)
		sim_fail(host->sim, "RST answered by RST");
	xtcp_rst_plan(seg, &plan);
	reply(host, &plan);
}

/* ---- Fast Open ---- */

static const struct xtcp_fo_keys fo_keys = { .key = { { 11, 12 }, { 13, 14 } }, .n = 2 };

/* What a client knows of the server: by an earlier connection, or by the seed. */
static const struct xtcp_fo_client *fo_client(struct host *host,
					      struct xtcp_fo_client *fo)
{
	const struct host_cfg *cfg = host->cfg;

	if (!cfg->fastopen)
		return NULL;
	*fo = (struct xtcp_fo_client){ .cookie = host->cookie, .bare = cfg->fo_bare };
	if (host->cookie.len) {
		fo->mss = host->cookie_mss;
	} else if (cfg->fo_cookie) {
		xtcp_cookie_make(&fo_keys, host->sim->seed & 1, &host->peer->flow,
				 &fo->cookie);
		fo->cookie.val[0] ^= cfg->fo_bad;
		fo->mss = host->sim->seed & 2 ? host->peer->cfg->mss : 0;
	}
	return fo;
}

/*
 * Return: whether a connection was made of the SYN. Twice in a round it is not, nor
 * after the last, when a copy of the SYN may still be on its way:
 * a duplicate of the SYN would repeat the request, which RFC 7413 (section 2.1)
 * leaves to the application to survive, and this one does not.
 */
static bool fo_server(struct host *host, struct xtcp_seg *seg, struct pkt *pkt,
		      struct xtcp_cookie *give)
{
	enum xtcp_fo_syn worth;
	struct xtcp_embryo emb;
	struct xtcp_open open;
	struct conn *conn;

	if (!host->cfg->fastopen || host->sim->round == host->sim->cfg.rounds)
		return false;
	worth = xtcp_fastopen_syn(&fo_keys, host->cfg->fo_bare, &host->flow, seg, give);
	if ((worth != XTCP_FOSYN_GOOD && worth != XTCP_FOSYN_OLD) || host->out.opened)
		return false;
	TRACE(host->sim, "%u Fast Open", host->id);
	conn_open_params(host, &open);
	xtcp_embryo_init(&emb, &host->cfg->par, &open, seg, host_now(host));
	conn = conn_new(host);
	conn_serve(conn, xtcp_fastopen_accept(&conn->tcb, &emb, &open, seg, give,
					      host_now(host)), pkt, seg);
	pkt_free(host->sim, pkt);
	return true;
}

/* ---- embryos ---- */

static void embryo_free(struct host *host)
{
	free(host->embryo);
	host->embryo = NULL;
}

static void embryo_arm(struct host *host)
{
	struct embryo *e = host->embryo;
	u64 at = to_virtual(host, xtcp_embryo_deadline(&e->emb, host_now(host)));

	e->timer_at = at;
	sim_event(host->sim, at + host->cfg->timer_slack, (struct event){
			.type = EV_EMBRYO, .host = host->id });
}

static void embryo_accept(struct host *host, struct xtcp_seg *seg, struct pkt *pkt)
{
	struct sim *sim = host->sim;
	struct xtcp_open open;
	struct conn *conn;

	if (prng_hit(&sim->rng, host->cfg->accept_fail)) {
		TRACE(sim, "%u no memory for the child", host->id);
		pkt_free(sim, pkt);
		return;
	}
	if (host->out.opened)
		sim_fail(sim, "second connection accepted in one round");
	conn_open_params(host, &open);
	conn = conn_new(host);
	xtcp_accept(&conn->tcb, &host->embryo->emb, &open, host_now(host));
	embryo_free(host);
	conn_serve(conn, 0, NULL, NULL);
	conn_rx(conn, seg, pkt);
}

static void embryo_act(struct host *host, enum xtcp_embryo_act act,
		       struct xtcp_seg *seg, struct pkt *pkt)
{
	struct xtcp_open open;
	struct xtcp_plan plan;

	if (act == XTCP_EMBRYO_ACCEPT) {
		embryo_accept(host, seg, pkt);
		return;
	}
	conn_open_params(host, &open);
	if (embryo_answer(act, &host->embryo->emb, &host->cfg->par, &open, seg, &plan,
			  host_now(host)))
		reply(host, &plan);
	if (embryo_ends(act)) {
		TRACE(host->sim, "%u embryo ends", host->id);
		embryo_free(host);
	}
	if (pkt)
		pkt_free(host->sim, pkt);
}

void host_embryo_timer(struct host *host)
{
	struct embryo *e = host->embryo;

	if (!e || e->timer_at > host->sim->now)
		return;
	bound_timeout(host);
	embryo_act(host, xtcp_embryo_timeout(&e->emb, &host->cfg->par,
					     host->cfg->par.synack_retries, 0,
					     host_now(host)), NULL, NULL);
	if (host->embryo)
		embryo_arm(host);
}

static void embryo_rx(struct host *host, struct xtcp_seg *seg, struct pkt *pkt)
{
	struct embryo *e = host->embryo;
	u32 deadline = e->emb.deadline;

	embryo_act(host, xtcp_embryo_rx(&e->emb, &host->cfg->par, seg,
					host_now(host)), seg, pkt);
	if (host->embryo && e->emb.deadline != deadline)
		embryo_arm(host);
}

static void listen_rx(struct host *host, struct xtcp_seg *seg, struct pkt *pkt)
{
	struct xtcp_cookie give = { .len = 0 };
	struct xtcp_open open;
	struct xtcp_plan plan;

	switch (xtcp_listen_rx(seg)) {
	case XTCP_LISTEN_DROP:
		break;
	case XTCP_LISTEN_RST:
		reply_rst(host, seg);
		break;
	case XTCP_LISTEN_SYN:
		if (fo_server(host, seg, pkt, &give))
			return;
		conn_open_params(host, &open);
		host->embryo = calloc(1, sizeof(*host->embryo));
		if (!host->embryo)
			exit(2);
		xtcp_embryo_init(&host->embryo->emb, &host->cfg->par, &open, seg,
				 host_now(host));
		xtcp_embryo_plan(&host->embryo->emb, &host->cfg->par, &open, &plan,
				 host_now(host));
		xtcp_cookie_plan(&plan, &give);
		reply(host, &plan);
		embryo_arm(host);
		break;
	}
	pkt_free(host->sim, pkt);
}

/* ---- TIME-WAIT ---- */

static void tw_arm(struct host *host)
{
	host->tw_timer = to_virtual(host, xtcp_tw_deadline(host->tw, host_now(host)));
	sim_event(host->sim, host->tw_timer + host->cfg->timer_slack,
		  (struct event){ .type = EV_TW, .host = host->id });
}

void host_tw_enter(struct host *host, const struct xtcp_tcb *tcb)
{
	if (host->tw)
		sim_fail(host->sim, "TIME-WAIT entered twice");
	host->tw = calloc(1, sizeof(*host->tw));
	if (!host->tw)
		exit(2);
	xtcp_tw_init(host->tw, tcb, host_now(host));
	host->tw_ts_off = tcb->ts_off;
	tw_arm(host);
}

static void tw_free(struct host *host)
{
	free(host->tw);
	host->tw = NULL;
}

void host_tw_timer(struct host *host)
{
	if (!host->tw || host->tw_timer > host->sim->now)
		return;
	TRACE(host->sim, "%u TIME-WAIT over", host->id);
	tw_free(host);
}

/* Returns whether the segment is used up. */
static bool tw_rx(struct host *host, struct xtcp_seg *seg)
{
	u32 deadline = host->tw->deadline;
	enum xtcp_tw_act act = xtcp_tw_rx(host->tw, seg, host_now(host));
	struct xtcp_plan plan;

	if (tw_answer(act, host->tw, host->tw_ts_off, &plan, host_now(host)))
		reply(host, &plan);
	if (act == XTCP_TW_SYN && host->listening) {
		TRACE(host->sim, "%u TIME-WAIT reopened", host->id);
		tw_free(host);
		return false;
	}
	if (tw_ends(act))
		tw_free(host);
	else if (host->tw->deadline != deadline)
		tw_arm(host);
	return true;
}

/* ---- receive ---- */

static void demux(struct host *host, struct xtcp_seg *seg, struct pkt *pkt)
{
	struct conn *conn = host->conn;

	pkt->data_seq = seg->seq + !!(seg->flags & XTCP_SYN);
	if (seg->len)
		host->got = max(host->got, pkt->nr);
	ledger_heard(&host->ledger, pkt->echo, host->sim->now);
	if (conn && !conn->over) {
		conn_rx(conn, seg, pkt);
		return;
	}
	if (host->tw && tw_rx(host, seg)) {
		pkt_free(host->sim, pkt);
		return;
	}
	if (host->embryo) {
		embryo_rx(host, seg, pkt);
		return;
	}
	if (host->listening) {
		listen_rx(host, seg, pkt);
		return;
	}
	if (!(seg->flags & XTCP_RST))
		reply_rst(host, seg);
	pkt_free(host->sim, pkt);
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

/* A packet from the wire; the host owns it now. */
void host_rx(struct host *host, struct pkt *pkt)
{
	struct sim *sim = host->sim;
	struct xtcp_seg seg;

	if (!sum_ok(host, pkt)) {
		TRACE(sim, "%u checksum wrong", host->id);
		pkt_free(sim, pkt);
		return;
	}
	/* Whoever reads a block or a counter that is not there shall notice. */
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
	struct xtcp_fo_client fo;
	struct xtcp_open open;
	struct conn *conn;
	u32 acts;

	if (host->conn)
		return;
	if (host->tw) {
		/* A port in TIME-WAIT is not free for connect(). */
		sim_event(sim, host->tw_timer + SEC, (struct event){
				.type = EV_OPEN, .host = host->id });
		return;
	}
	conn_open_params(host, &open);
	conn = conn_new(host);
	TRACE(sim, "%u connect()", host->id);
	open.fo = fo_client(host, &fo);
	acts = xtcp_connect(&conn->tcb, &open, host_now(host));
	if (open.fo)
		acts |= xtcp_fastopen_go(&conn->tcb, app_early(conn), host_now(host));
	conn_serve(conn, acts, NULL, NULL);
}

/* The application has let go and the engine is done: the socket ends. */
void host_closed(struct host *host)
{
	struct conn *conn = host->conn;

	host->out.closed = true;
	host->sim->done_at = host->sim->now;
	host->conn = NULL;
	conn_free(conn);
}

void host_cleanup(struct host *host)
{
	if (host->gro)
		pkt_free(host->sim, host->gro);
	host->gro = NULL;
	if (host->ack)
		pkt_free(host->sim, host->ack);
	host->ack = NULL;
	if (host->embryo)
		embryo_free(host);
	if (host->tw)
		tw_free(host);
	if (host->conn)
		conn_free(host->conn);
	host->conn = NULL;
	ledger_reset(&host->ledger);
}
