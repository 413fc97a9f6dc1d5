// SPDX-License-Identifier: GPL-2.0
/*
 * One end: the glue a socket layer is to one TCB, embryo or TIME-WAIT record.
 * It serves the action bits in their order and looks at everything that
 * passes: what is delivered, offered, sent and acknowledged.
 */
#include "answer.h"
#include "explore.h"

#define PUSH_LIMIT	64	/* plans in one go: more is a loop */

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

/* Bytes the reader's queue can still take. */
u32 end_space(const struct end *e)
{
	u32 unread = e->rcvd - e->rd;

	return unread < rcvbuf(e) ? rcvbuf(e) - unread : 0;
}

static void open_params(const struct end *e, struct xtcp_open *open)
{
	const struct world_cfg *cfg = run.cfg;

	*open = (struct xtcp_open) {
		.rcv_space = rcvbuf(e),
		.rcv_space_max = cfg->rcvbuf_max ? cfg->rcvbuf_max : 65535,
		.gso_max = cfg->gso ? cfg->gso : WORLD_MSS,
		.path_mss = (u16)e->path_mss,
		.adv_mss = (u16)e->path_mss,
		.need_ecn = xtcp_cc_needs_ecn(run.par.cc),
	};
	flow_of(e, &open->flow);
}

bool end_over(const struct end *e)
{
	return e->mode == MODE_TW || e->mode == MODE_GONE || e->mode == MODE_DOWN;
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

static void pkt_put(struct end *e, struct pkt *pkt)
{
	if (!pkt->used)
		fail("end %u: a packet comes back twice", e->id);
	memset(pkt, 0, sizeof(*pkt));
}

static void deliver(struct end *e, const struct pkt *pkt, u32 from, u32 to)
{
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

static void reap(struct end *e)
{
	struct xtcp_ooo *node;

	while ((node = xtcp_reass_reap(&e->tcb)))
		pkt_put(e, container_of(node, struct pkt, ooo));
}

static void drain(struct end *e)
{
	struct xtcp_ooo *node;

	while ((node = xtcp_reass_pop(&e->tcb))) {
		struct pkt *pkt = container_of(node, struct pkt, ooo);

		deliver(e, pkt, node->seq, node->end);
		pkt_put(e, pkt);
	}
}

/* ---- transmit ---- */

static void map_refill(struct end *e)
{
	u32 i;

	for (i = 0; i < run.cfg->lend && e->tcb.map_nfree < XTCP_MAP_LOW; i++)
		if (!e->lent[i]) {
			e->lent[i] = true;
			memset(&e->sent[i], 0, sizeof(e->sent[i]));
			xtcp_map_lend(&e->tcb, &e->sent[i]);
		}
}

/* Take back what is unused, so that equal states are equal in memory, too. */
static void map_drain(struct end *e, u32 keep)
{
	struct xtcp_sent *sent;

	while (e->tcb.map_nfree > keep && (sent = xtcp_map_reclaim(&e->tcb))) {
		if (!e->lent[sent - e->sent])
			fail("end %u: a send map entry comes back twice", e->id);
		memset(sent, 0, sizeof(*sent));
		e->lent[sent - e->sent] = false;
	}
}

/* Every byte a SACK block names was received (RFC 2018, section 3). */
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
		/* The FIN has a number, too. */
		if (at != end && e->tcb.flags & XTCP_F_FIN_SEEN &&
		    at == e->tcb.rcv_fin)
			at++;
		if (at == was)
			fail("end %u: SACK of a byte that is not here: %u", e->id,
			     at - e->tcb.irs);
	}
}

/* What this end says of what it received, and what it promises. */
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

/* What it sends is there, and wanted. */
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
	/* A window probe is one octet too far on purpose. */
	if (end - plan->seq > 1 && seq_gt(end, e->edge_told))
		fail("end %u: overruns the window by %u", e->id, end - e->edge_told);
}

/*
 * New data keeps to the congestion window, but for limited transmit (RFC 3042)
 * and a tail loss probe (RFC 8985, 7.3).
 */
static void check_cwnd(const struct end *e, u32 snd_nxt)
{
	const struct xtcp_tcb *tcb = &e->tcb;

	if (tcb->snd_nxt != snd_nxt && tcb->snd_nxt - tcb->iss > 1 &&
	    xtcp_flight(tcb) > max_t(u32, tcb->cwnd, tcb->mss) + 3U * tcb->mss)
		fail("end %u: %u bytes in flight, the congestion window is %u", e->id,
		     xtcp_flight(tcb), tcb->cwnd);
}

static bool peek(struct end *e, struct xtcp_plan *plan)
{
	struct xtcp_tcb before = e->tcb;
	bool some = xtcp_tx_peek(&e->tcb, end_now(e), plan);

	if (memcmp(&before, &e->tcb, sizeof(before)))
		fail("end %u: xtcp_tx_peek() changes the TCB", e->id);
	return some;
}

static void check(struct end *e)
{
	const char *broken = xtcp_check_at(&e->tcb, end_now(e));

	if (broken)
		fail("end %u: xtcp_check: %s", e->id, broken);
}

static void push(struct end *e)
{
	struct xtcp_plan plan;
	u32 limit = PUSH_LIMIT, off, nxt;

	while (limit--) {
		map_refill(e);
		xtcp_space(&e->tcb, end_space(e));
		if (!peek(e, &plan))
			return;
		if (e->refuse) {
			TRACE("%u     cannot send", e->id);
			e->refuse = false;
			xtcp_tx_abort(&e->tcb, &plan, end_now(e));
			check(e);
			return;
		}
		off = plan.seq - e->tcb.iss - !(plan.flags & XTCP_SYN);
		check_payload(e, &plan, off);
		check_ack(e, &plan);
		wire_put(e->id, &plan, off);
		nxt = e->tcb.snd_nxt;
		xtcp_tx_commit(&e->tcb, &plan, end_now(e));
		check_cwnd(e, nxt);
		check(e);
	}
	fail("end %u: output does not end", e->id);
}

/* ---- the order of seg.h ---- */

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

static void let_tcb_go(struct end *e, enum mode mode)
{
	u32 i;

	TRACE("%u     over, error %u", e->id, e->tcb.err);
	e->err = e->tcb.err;
	e->mode = (u8)mode;
	if (mode == MODE_TW)
		xtcp_tw_init(&e->tw, &e->tcb, end_now(e));
	xtcp_tcb_fini(&e->tcb);
	reap(e);
	map_drain(e, 0);
	for (i = 0; i < PKTS_MAX; i++)
		if (e->pkt[i].used)
			fail("end %u: a packet never comes back", e->id);
	for (i = 0; i < SENTS_MAX; i++)
		if (e->lent[i])
			fail("end %u: a send map entry never comes back", e->id);
	memset(&e->tcb, 0, sizeof(e->tcb));
}

static void look_at_state(struct end *e)
{
	u8 state = e->tcb.state;

	if (state == XTCP_CLOSED)
		let_tcb_go(e, MODE_GONE);
	else if (xtcp_tw_ready(&e->tcb) && !run.cfg->tw_in_tcb)
		let_tcb_go(e, MODE_TW);
	else if (state != XTCP_SYN_SENT &&
		 (state != XTCP_SYN_RECEIVED || xtcp_fo_child(&e->tcb)))
		e->established = true;
}

/* Serve @acts; @seg and @pkt are those of xtcp_rx(). */
void end_serve(struct end *e, u32 acts, struct xtcp_seg *seg, struct pkt *pkt)
{
	struct xtcp_plan plan;

	check(e);
	if (acts & XTCP_ACT_DELIVER)
		deliver(e, pkt, seg->from, seg->to);
	if (pkt && !(acts & XTCP_ACT_HELD))
		pkt_put(e, pkt);
	if (acts & XTCP_ACT_DRAIN)
		drain(e);
	if (acts & XTCP_ACT_REAP)
		reap(e);
	if (acts & XTCP_ACT_ACKED)
		note_acked(e);
	if (acts & XTCP_ACT_EOF) {
		if (e->eof)
			fail("end %u: end of the stream twice", e->id);
		e->eof = true;
		TRACE("%u     end of the stream", e->id);
	}
	if (acts & XTCP_ACT_ERROR && (!e->tcb.err || e->tcb.state != XTCP_CLOSED))
		fail("end %u: error without an error", e->id);
	if (run.cfg->no_rto && run.level == 1 && e->tcb.rtx_timeouts)
		fail("end %u: a retransmission timeout", e->id);
	if (acts & XTCP_ACT_RST) {
		xtcp_rst_plan(seg, &plan);
		wire_put(e->id, &plan, 0);
	}
	xtcp_space(&e->tcb, end_space(e));
	if (acts & XTCP_ACT_OUTPUT)
		push(e);
	else if (peek(e, &plan) && !(e->tcb.dl_armed & BIT(XTCP_DL_RETRY)))
		fail("end %u: has output and does not say so", e->id);
	/* A reader who is always there. */
	if (!run.cfg->read[e->id] && e->rd != e->rcvd)
		app_read(e, ~0U);
	map_refill(e);
	map_drain(e, XTCP_MAP_LOW);
	if (e->mode == MODE_TCB)
		look_at_state(e);
}

/* ---- calls from the world ---- */

static void tcb_init(struct end *e)
{
	e->mode = MODE_TCB;
	/* The engine must set every field it reads. */
	memset(&e->tcb, 0xa5, sizeof(e->tcb));
	xtcp_tcb_init(&e->tcb, &run.par);
}

/* With Fast Open the first write is for the SYN, which takes a part of it. */
void end_connect(struct end *e)
{
	const struct xtcp_fo_client fo = { .mss = WORLD_MSS, .bare = true };
	struct xtcp_open open;
	u32 acts;

	TRACE("%u connect()", e->id);
	open_params(e, &open);
	if (run.cfg->fastopen)
		open.fo = &fo;
	tcb_init(e);
	acts = xtcp_connect(&e->tcb, &open, end_now(e));
	if (open.fo)
		acts |= xtcp_fastopen_go(&e->tcb, app_first(e), end_now(e));
	end_serve(e, acts, NULL, NULL);
}

static void reply(struct end *e, const struct xtcp_plan *plan)
{
	if (plan->len)
		fail("end %u: stateless answer with payload", e->id);
	if (!(plan->flags & XTCP_SYN))
		check_ack(e, plan);
	wire_put(e->id, plan, 0);
	if (plan->flags & XTCP_SYN)
		check_ack(e, plan);
}

static void reply_rst(struct end *e, const struct xtcp_seg *seg)
{
	struct xtcp_plan plan;

	if (seg->flags & XTCP_RST)
		fail("end %u: RST answered by RST", e->id);
	xtcp_rst_plan(seg, &plan);
	reply(e, &plan);
}

static void rx_tcb(struct end *e, struct xtcp_seg *seg, const struct flight *f)
{
	struct pkt *pkt = seg->len ? pkt_get(e, f) : NULL;
	u32 acts;

	acts = xtcp_rx(&e->tcb, seg, pkt ? &pkt->ooo : NULL, end_now(e));
	if (acts & XTCP_ACT_DROP)
		TRACE("%u     drops it, reason %u", e->id, seg->reason);
	end_serve(e, acts, seg, pkt);
}

static void embryo_act(struct end *e, enum xtcp_embryo_act what,
		       struct xtcp_seg *seg, const struct flight *f)
{
	struct xtcp_plan plan;
	struct xtcp_open open;

	open_params(e, &open);
	if (embryo_answer(what, &e->emb, &run.par, &open, seg, &plan, end_now(e)))
		reply(e, &plan);
	if (embryo_ends(what))
		e->mode = MODE_LISTEN;
	if (what != XTCP_EMBRYO_ACCEPT)
		return;
	tcb_init(e);
	xtcp_accept(&e->tcb, &e->emb, &open, end_now(e));
	memset(&e->emb, 0, sizeof(e->emb));
	check(e);
	rx_tcb(e, seg, f);
}

/* A SYN with data is a connection: cookies are the unit tests'. */
static void rx_fastopen(struct end *e, struct xtcp_seg *seg, const struct flight *f)
{
	const struct xtcp_cookie none = { .len = 0 };
	struct xtcp_embryo emb;
	struct xtcp_open open;
	u32 acts;

	open_params(e, &open);
	tcb_init(e);
	e->shown = false;
	xtcp_embryo_init(&emb, &run.par, &open, seg, end_now(e));
	acts = xtcp_fastopen_accept(&e->tcb, &emb, &open, seg, &none, end_now(e));
	/* What the SYN offers counts from where nothing is acknowledged. */
	e->edge_told = e->tcb.iss + seg->wnd;
	e->told = true;
	end_serve(e, acts, seg, pkt_get(e, f));
}

static void rx_listen(struct end *e, struct xtcp_seg *seg, const struct flight *f)
{
	struct xtcp_open open;

	switch (xtcp_listen_rx(seg)) {
	case XTCP_LISTEN_DROP:
		break;
	case XTCP_LISTEN_RST:
		reply_rst(e, seg);
		break;
	case XTCP_LISTEN_SYN:
		if (run.cfg->fastopen && seg->len) {
			rx_fastopen(e, seg, f);
			break;
		}
		open_params(e, &open);
		e->mode = MODE_EMBRYO;
		e->shown = false;
		xtcp_embryo_init(&e->emb, &run.par, &open, seg, end_now(e));
		embryo_act(e, XTCP_EMBRYO_SYNACK, seg, NULL);
		break;
	}
}

static void tw_over(struct end *e)
{
	memset(&e->tw, 0, sizeof(e->tw));
	e->mode = MODE_GONE;
}

static void rx_tw(struct end *e, struct xtcp_seg *seg)
{
	bool waits = e->tw.flags & XTCP_TW_F_FIN_WAIT_2;
	enum xtcp_tw_act what = xtcp_tw_rx(&e->tw, seg, end_now(e));
	struct xtcp_plan plan;

	if (waits && !(e->tw.flags & XTCP_TW_F_FIN_WAIT_2))
		e->eof = true;
	if (tw_answer(what, &e->tw, e->ts_off, &plan, end_now(e)))
		reply(e, &plan);
	if (tw_ends(what))
		tw_over(e);
}

/* What a segment of the true peer tells this end of the peer's window. */
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

	switch (e->mode) {
	case MODE_LISTEN:
		rx_listen(e, &seg, f);
		break;
	case MODE_EMBRYO:
		embryo_act(e, xtcp_embryo_rx(&e->emb, &run.par, &seg, end_now(e)),
			   &seg, f);
		break;
	case MODE_TCB:
		rx_tcb(e, &seg, f);
		break;
	case MODE_TW:
		rx_tw(e, &seg);
		break;
	case MODE_GONE:
		if (!(seg.flags & XTCP_RST))
			reply_rst(e, &seg);
		break;
	default:
		break;
	}
}

/* On the world's clock. */
u64 end_deadline(const struct end *e)
{
	u64 at;

	switch (e->mode) {
	case MODE_EMBRYO:
		at = xtcp_embryo_deadline(&e->emb, end_now(e));
		break;
	case MODE_TCB:
		at = xtcp_deadline(&e->tcb);
		break;
	case MODE_TW:
		at = xtcp_tw_deadline(&e->tw, end_now(e));
		break;
	default:
		return XTCP_NEVER;
	}
	return at == XTCP_NEVER ? XTCP_NEVER : at - e->clock;
}

/* The earliest deadline has come. */
void end_timer(struct end *e)
{
	switch (e->mode) {
	case MODE_EMBRYO:
		embryo_act(e, xtcp_embryo_timeout(&e->emb, &run.par,
						  run.par.synack_retries, 0, end_now(e)),
			   NULL, NULL);
		break;
	case MODE_TCB:
		/* An orphan's wait for the peer's FIN is over. */
		if (e->tcb.state == XTCP_FIN_WAIT_2 && e->closed)
			W->rough = true;
		end_serve(e, xtcp_timeout(&e->tcb, end_now(e)), NULL, NULL);
		break;
	case MODE_TW:
		if (e->tw.flags & XTCP_TW_F_FIN_WAIT_2)
			W->rough = true;
		tw_over(e);
		break;
	default:
		break;
	}
}

/* The host has lost its power. */
void end_vanish(struct end *e)
{
	TRACE("%u vanishes", e->id);
	W->rough = true;
	e->closed = true;
	xtcp_abort(&e->tcb, end_now(e));
	let_tcb_go(e, MODE_DOWN);
}

/* A timer that is early does no harm. */
void end_idle(struct end *e)
{
	struct xtcp_tcb before = e->tcb;

	if (e->mode != MODE_TCB || end_deadline(e) <= W->now)
		return;
	if (xtcp_timeout(&e->tcb, end_now(e)) ||
	    memcmp(&before, &e->tcb, sizeof(before)))
		fail("end %u: a timer before its time changes the TCB", e->id);
}
