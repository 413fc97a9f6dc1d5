// SPDX-License-Identifier: GPL-2.0
/*
 * One end: a host (host.h) that checks everything it delivers, offers, sends and
 * acknowledges.
 */
#include "explore.h"

#define PLANS_MAX	64	/* plans of one output; more means a loop */

static void flow_of(const struct end *e, struct xtcp_flow *flow)
{
	static const u32 addr[2][4] = {
		{ 0, 0, 0xffff0000, 0x0100000a }, { 0, 0, 0xffff0000, 0x0200000a },
	};

	memcpy(flow->saddr, addr[e->id], 16);
	memcpy(flow->daddr, addr[!e->id], 16);
	flow->sport = e->id ? 0x5000 : 0x39c0;
	flow->dport = e->id ? 0x39c0 : 0x5000;
}

static u32 rcvbuf(const struct end *e)
{
	return run.cfg->rcvbuf[e->id] ? run.cfg->rcvbuf[e->id] : 4000;
}

/* Free space in the receive buffer, bytes. */
u32 end_space(const struct end *e)
{
	u32 unread = e->rcvd - e->rd;

	return unread < rcvbuf(e) ? rcvbuf(e) - unread : 0;
}

/* Fill in xtcp_open; the path MTU may have changed since the last time. */
static void open_params(struct end *e, const struct xtcp_fastopen_client *fo)
{
	const struct world_cfg *cfg = run.cfg;
	struct xtcp_open *open = &run.open[e->id];

	*open = (struct xtcp_open) {
		.rcv_space = rcvbuf(e),
		.rcv_space_max = cfg->rcvbuf_max ? cfg->rcvbuf_max : 65535,
		.gso_max = cfg->gso ? cfg->gso : WORLD_MSS,
		.path_mss = (u16)e->path_mss,
		.adv_mss = (u16)e->path_mss,
		.need_ecn = xtcp_cc_needs_ecn(run.par.cc),
		.fo = fo,
	};
	flow_of(e, &open->flow);
}

static struct end *end_of(const struct xtcp_host *host)
{
	return container_of((struct xtcp_host *)host, struct end, host);
}

static u64 op_now(const struct xtcp_host *host)
{
	return end_now(end_of(host));
}

static u32 op_space(const struct xtcp_host *host)
{
	return end_space(end_of(host));
}

static void op_fail(struct xtcp_host *host, const char *what)
{
	fail("end %u: %s", end_of(host)->id, what);
}

bool end_over(const struct end *e)
{
	return e->host.mode == XTCP_HOST_TIME_WAIT || e->host.mode == XTCP_HOST_CLOSED;
}

/* ---- receive ---- */

static struct pkt *pkt_get(struct end *e, const struct flight *f)
{
	u32 i;

	for (i = 0; i < PKTS_MAX; i++) {
		struct pkt *pkt = &e->pkt[i];

		if (pkt->used)
			continue;
		pkt->used = true;
		pkt->seq = f->seg.seq + !!(f->seg.flags & XTCP_SYN);
		pkt->off = f->off;
		pkt->len = f->seg.len;
		return pkt;
	}
	fail("end %u: the engine holds more than %u packets", e->id, PKTS_MAX);
}

static void op_pkt_put(struct xtcp_host *host, struct xtcp_ooo *ooo)
{
	struct pkt *pkt = container_of(ooo, struct pkt, ooo);
	struct end *e = end_of(host);

	if (!pkt->used)
		fail("end %u: a packet comes back twice", e->id);
	memset(pkt, 0, sizeof(*pkt));
}

static void op_deliver(struct xtcp_host *host, struct xtcp_ooo *ooo, u32 from, u32 to)
{
	const struct pkt *pkt = container_of(ooo, struct pkt, ooo);
	struct end *e = end_of(host);
	u32 next = end_peer(e)->iss + 1 + e->rcvd;
	u32 at = from - pkt->seq;

	if (e->closed)
		fail("end %u: delivery after close()", e->id);
	if (e->eof)
		fail("end %u: delivery after the end of the stream", e->id);
	if (from != next || !seq_lt(from, to))
		fail("end %u: delivery of %u+%u, next is %u", e->id,
		     from - next + e->rcvd, to - from, e->rcvd);
	if (at + (u64)(to - from) > pkt->len)
		fail("end %u: delivery beyond the packet", e->id);
	if (pkt->off + at != e->rcvd)
		fail("end %u: wrong data at offset %u", e->id, e->rcvd);
	if (seq_gt(to, e->edge_shown))
		fail("end %u: delivery beyond the window offered", e->id);
	e->rcvd += to - from;
	TRACE("%u     takes %u bytes, %u in all", e->id, to - from, e->rcvd);
}

/* ---- transmit ---- */

static struct xtcp_sent *op_sent_get(struct xtcp_host *host)
{
	struct end *e = end_of(host);
	u32 i;

	for (i = 0; i < run.cfg->lend; i++)
		if (!e->lent[i]) {
			e->lent[i] = true;
			memset(&e->sent[i], 0, sizeof(e->sent[i]));
			return &e->sent[i];
		}
	return NULL;
}

static void op_sent_put(struct xtcp_host *host, struct xtcp_sent *sent)
{
	struct end *e = end_of(host);

	if (!e->lent[sent - e->sent])
		fail("end %u: a send map entry comes back twice", e->id);
	memset(sent, 0, sizeof(*sent));
	e->lent[sent - e->sent] = false;
}

/* Check that every byte of a SACK block was received (RFC 2018, section 3). */
static void check_sack(const struct end *e, u32 start, u32 end)
{
	u32 i, at = start;

	if (!seq_lt(start, end))
		fail("end %u: empty SACK block", e->id);
	at = seq_max(at, seq_min(e->tcb.rcv_nxt, end));
	while (at != end) {
		u32 was = at;

		for (i = 0; i < PKTS_MAX; i++) {
			const struct xtcp_ooo *o = &e->pkt[i].ooo;

			if (e->pkt[i].used && seq_le(o->seq, at) && seq_gt(o->end, at))
				at = seq_min(o->end, end);
		}
		/* The FIN has a sequence number, too. */
		if (at != end && e->tcb.flags & XTCP_F_FIN_SEEN &&
		    at == e->tcb.rcv_fin)
			at++;
		if (at == was)
			fail("end %u: SACK of a byte that is not here: %u", e->id,
			     at - e->tcb.irs);
	}
}

/* Check ACK, SACK and window of a plan. */
static void check_ack(struct end *e, const struct xtcp_plan *plan)
{
	u8 scale = plan->flags & XTCP_SYN ? 0 : e->wscale;
	u32 edge = plan->ack + ((u32)plan->wnd << scale);
	u32 i;

	if (!(plan->flags & XTCP_ACK) || plan->flags & XTCP_RST)
		return;
	if (plan->ack != end_peer(e)->iss + 1 + e->rcvd + e->eof)
		fail("end %u: acknowledges %u, received %u", e->id,
		     plan->ack - end_peer(e)->iss - 1, e->rcvd);
	if (e->shown && seq_lt(edge, e->edge_shown) && !(plan->flags & XTCP_SYN) &&
	    !end_over(e))
		fail("end %u: takes back %u bytes of its window", e->id,
		     e->edge_shown - edge);
	if (!e->shown || seq_gt(edge, e->edge_shown))
		e->edge_shown = edge;
	e->shown = true;
	for (i = 0; i < plan->nsack; i++)
		check_sack(e, plan->sack[i].start, plan->sack[i].end);
}

/* Check that the payload was written, is unacknowledged, and fits the peer's window. */
static void check_payload(const struct end *e, const struct xtcp_plan *plan, u32 off)
{
	u32 end = plan->seq + plan->len + !!(plan->flags & XTCP_FIN);

	if (plan->flags & (XTCP_SYN | XTCP_RST))
		return;
	if (plan->len && (plan->data != plan->seq || off + plan->len > e->wr))
		fail("end %u: sends %u+%u of %u bytes", e->id, off, plan->len, e->wr);
	if (plan->flags & XTCP_FIN && (!e->shut || off + plan->len != e->wr))
		fail("end %u: FIN after %u of %u bytes", e->id, off + plan->len, e->wr);
	if (plan->len && seq_lt(plan->seq, e->iss + 1 + e->acked))
		fail("end %u: sends again what is acknowledged", e->id);
	/* A window probe is one octet beyond the window. */
	if (end - plan->seq > 1 && seq_gt(end, e->edge_told))
		fail("end %u: overruns the window by %u", e->id, end - e->edge_told);
}

/*
 * Check that new data is within the congestion window, except for limited transmit
 * (RFC 3042) and a tail loss probe (RFC 8985, 7.3).
 */
static void check_cwnd(const struct end *e, u32 snd_nxt)
{
	const struct xtcp_tcb *tcb = &e->tcb;

	if (tcb->snd_nxt != snd_nxt && tcb->snd_nxt - tcb->iss > 1 &&
	    xtcp_flight(tcb) > max_t(u32, tcb->cwnd, tcb->mss) + 3U * tcb->mss)
		fail("end %u: %u bytes in flight, the congestion window is %u", e->id,
		     xtcp_flight(tcb), tcb->cwnd);
}

/* xtcp_tx_peek() must not change the TCB. */
static bool op_peek(struct xtcp_host *host, struct xtcp_plan *plan, u64 now)
{
	struct xtcp_tcb before = *host->tcb;
	bool some = xtcp_tx_peek(host->tcb, now, plan);

	if (memcmp(&before, host->tcb, sizeof(before)))
		fail("end %u: xtcp_tx_peek() changes the TCB", end_of(host)->id);
	return some;
}

static void op_check(struct xtcp_host *host, u32 actions)
{
	const char *broken = xtcp_check_at(host->tcb, op_now(host));

	if (broken)
		fail("end %u: xtcp_check: %s", end_of(host)->id, broken);
}

static bool op_transmit(struct xtcp_host *host, struct xtcp_plan *plan)
{
	u32 off = plan->seq - host->tcb->iss - !(plan->flags & XTCP_SYN);
	struct end *e = end_of(host);

	if (e->refuse) {
		TRACE("%u     cannot send", e->id);
		e->refuse = false;
		return false;
	}
	check_payload(e, plan, off);
	check_ack(e, plan);
	wire_put(e->id, plan, off);
	run.snd_nxt = host->tcb->snd_nxt;
	return true;
}

static void op_settled(struct xtcp_host *host, const struct xtcp_plan *plan, bool sent)
{
	if (sent)
		check_cwnd(end_of(host), run.snd_nxt);
	op_check(host, 0);
}

static void op_reply(struct xtcp_host *host, const struct xtcp_plan *plan)
{
	struct end *e = end_of(host);

	if (plan->len)
		fail("end %u: stateless answer with payload", e->id);
	if (!(plan->flags & XTCP_SYN))
		check_ack(e, plan);
	wire_put(e->id, plan, 0);
	if (plan->flags & XTCP_SYN)
		check_ack(e, plan);
}

/* ---- callbacks of the host ---- */

static void note_acked(struct end *e)
{
	u32 to = xtcp_snd_data_una(&e->tcb) - (e->iss + 1);

	if (to == e->wr + 1 && e->shut) {
		if (!end_peer(e)->eof)
			fail("end %u: FIN acknowledged, the peer has not seen it",
			     e->id);
		to--;
	}
	if (to > e->wr)
		fail("end %u: %u bytes acknowledged, %u written", e->id, to, e->wr);
	if (to > end_peer(e)->rcvd)
		fail("end %u: forgets %u bytes, the peer has %u", e->id, to,
		     end_peer(e)->rcvd);
	e->acked = to;
}

static void op_notify(struct xtcp_host *host, u32 actions, const struct xtcp_seg *seg)
{
	struct end *e = end_of(host);

	if (actions & XTCP_ACT_DROP && seg)
		TRACE("%u     drops it, reason %u", e->id, seg->reason);
	/* The window of a SYN counts from our ISS: the SYN acknowledges nothing. */
	if (seg && !e->told && xtcp_fastopen_is_child(&e->tcb)) {
		e->edge_told = e->tcb.iss + seg->wnd;
		e->told = true;
	}
	if (actions & XTCP_ACT_ACKED)
		note_acked(e);
	if (actions & XTCP_ACT_EOF) {
		if (e->eof)
			fail("end %u: end of the stream twice", e->id);
		e->eof = true;
		TRACE("%u     end of the stream", e->id);
	}
	if (actions & XTCP_ACT_ERROR && (!e->tcb.err || e->tcb.state != XTCP_CLOSED))
		fail("end %u: error without an error", e->id);
	if (run.cfg->no_rto && run.level == 1 && e->tcb.rtx_timeouts)
		fail("end %u: a retransmission timeout", e->id);
}

static void op_served(struct xtcp_host *host, u32 actions)
{
	struct end *e = end_of(host);
	struct xtcp_plan plan;
	u8 state;

	xtcp_space(&e->tcb, end_space(e));
	if (!(actions & XTCP_ACT_OUTPUT) && op_peek(host, &plan, op_now(host)) &&
	    !(e->tcb.dl_armed & BIT(XTCP_DL_RETRY)))
		fail("end %u: has output and does not say so", e->id);
	/* Without ACT_READ data is read at once. */
	if (!run.cfg->read[e->id] && e->rd != e->rcvd)
		app_read(e, ~0U);
	if (host->mode != XTCP_HOST_CONN)
		return;
	/* Equivalent states must lend the engine equally many entries. */
	xtcp_host_refill(host);
	xtcp_host_reclaim(host, XTCP_MAP_LOW);
	state = e->tcb.state;
	if (state != XTCP_CLOSED && state != XTCP_SYN_SENT &&
	    (state != XTCP_SYN_RECEIVED || xtcp_fastopen_is_child(&e->tcb)))
		e->established = true;
}

static void op_over(struct xtcp_host *host)
{
	struct end *e = end_of(host);
	u32 i;

	TRACE("%u     over, error %u", e->id, e->tcb.err);
	e->err = e->tcb.err;
	xtcp_host_release(host);
	for (i = 0; i < PKTS_MAX; i++)
		if (e->pkt[i].used)
			fail("end %u: a packet never comes back", e->id);
	for (i = 0; i < SENTS_MAX; i++)
		if (e->lent[i])
			fail("end %u: a send map entry never comes back", e->id);
	memset(&e->tcb, 0, sizeof(e->tcb));
}

static struct xtcp_tcb *op_conn_new(struct xtcp_host *host)
{
	struct end *e = end_of(host);

	/* Poison: the engine must set every field that it reads. */
	memset(&e->tcb, 0xa5, sizeof(e->tcb));
	xtcp_tcb_init(&e->tcb, &run.par);
	host->listening = false;
	return &e->tcb;
}

/* A SYN with data is accepted without a cookie: unit tests cover cookies. */
static bool op_fastopen(struct xtcp_host *host, const struct xtcp_seg *seg,
			struct xtcp_fastopen_cookie *give)
{
	end_of(host)->shown = false;
	return run.cfg->fastopen && seg->len;
}

/* With Fast Open the SYN carries a part of the first write. Return: bytes written. */
static u32 op_early(struct xtcp_host *host)
{
	return app_first(end_of(host));
}

static const struct xtcp_host_ops end_ops = {
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
	.peek = op_peek,
	.settled = op_settled,
	.check = op_check,
	.notify = op_notify,
	.served = op_served,
	.over = op_over,
	.fastopen = op_fastopen,
	.early = op_early,
	.plans_max = PLANS_MAX,
	.map_low = true,
};

/* ---- functions for the world ---- */

/* @e listens until it connects. */
void end_init(struct end *e)
{
	e->host.ops = &end_ops;
	e->host.par = &run.par;
	e->host.open = &run.open[e->id];
	e->host.tw_in_tcb = run.cfg->tw_in_tcb;
	xtcp_host_listen(&e->host);
}

void end_connect(struct end *e)
{
	static const struct xtcp_fastopen_client fo = { .mss = WORLD_MSS, .bare = true };

	TRACE("%u connect()", e->id);
	open_params(e, run.cfg->fastopen ? &fo : NULL);
	xtcp_host_connect(&e->host);
}

/* Handle the action bits of a call of the engine. */
void end_serve(struct end *e, u32 actions)
{
	xtcp_host_actions(&e->host, actions, NULL, NULL);
}

/* Note the window that a segment of the real peer offers. */
void end_hears(struct end *e, const struct xtcp_seg *seg)
{
	u8 scale = seg->flags & XTCP_SYN ? 0 : end_peer(e)->wscale;
	u32 edge = seg->ack + ((u32)seg->wnd << scale);

	if (!(seg->flags & XTCP_ACK) || seg->flags & XTCP_RST)
		return;
	if (!e->told || seq_gt(edge, e->edge_told))
		e->edge_told = edge;
	e->told = true;
}

/* A segment arrives. */
void end_rx(struct end *e, const struct flight *f)
{
	struct xtcp_seg seg = f->seg;

	if (e->down)
		return;
	open_params(e, NULL);
	xtcp_host_rx(&e->host, &seg, seg.len ? &pkt_get(e, f)->ooo : NULL);
}

/* The earliest deadline on the world's clock, ns; XTCP_NEVER if there is none. */
u64 end_deadline(const struct end *e)
{
	u64 at = xtcp_host_deadline(&e->host);

	return at == XTCP_NEVER ? XTCP_NEVER : at - e->clock;
}

/* The earliest deadline has come. */
void end_timer(struct end *e)
{
	/* An orphan in FIN-WAIT-2 stops waiting: the peer's data may be lost. */
	if (e->host.mode == XTCP_HOST_CONN ?
	    e->tcb.state == XTCP_FIN_WAIT_2 && e->closed :
	    e->host.mode == XTCP_HOST_TIME_WAIT && e->host.tw.flags & XTCP_TW_F_FIN_WAIT_2)
		W->rough = true;
	open_params(e, NULL);
	xtcp_host_timeout(&e->host);
}

/* The host loses power. */
void end_vanish(struct end *e)
{
	TRACE("%u vanishes", e->id);
	W->rough = true;
	e->closed = true;
	xtcp_abort(&e->tcb, end_now(e));
	e->down = true;
	op_over(&e->host);
}

/* Check that an early xtcp_timeout() does nothing. */
void end_idle(struct end *e)
{
	struct xtcp_tcb before = e->tcb;

	if (e->host.mode != XTCP_HOST_CONN || end_deadline(e) <= W->now)
		return;
	if (xtcp_timeout(&e->tcb, end_now(e)) ||
	    memcmp(&before, &e->tcb, sizeof(before)))
		fail("end %u: a timer before its time changes the TCB", e->id);
}
