// SPDX-License-Identifier: GPL-2.0
/*
 * The part of an engine's host that all drivers in userspace share; see host.h.
 *
 * No function locks or sleeps; the driver serializes all calls for one host.
 */
#include <xtcp/host.h>

#define PLANS_MAX	200000	/* plans of one xtcp_host_output(); more means a loop */

/* ---- transmit ---- */

/**
 * xtcp_host_refill - lend the engine as many unused send map entries as it wants
 * @host: with a TCB
 *
 * Stops early if ops->sent_get() returns NULL.
 */
void xtcp_host_refill(struct xtcp_host *host)
{
	struct xtcp_tcb *tcb = host->tcb;
	struct xtcp_sent *sent;

	while (tcb->map_nfree < (host->ops->map_low ? XTCP_MAP_LOW : xtcp_map_want(tcb))) {
		sent = host->ops->sent_get(host);
		if (!sent)
			return;
		xtcp_map_lend(tcb, sent);
	}
}

/**
 * xtcp_host_reclaim - take unused send map entries back
 * @host: with a TCB
 * @keep: number of unused entries that stay with the engine
 */
void xtcp_host_reclaim(struct xtcp_host *host, u32 keep)
{
	struct xtcp_sent *sent;

	while (host->tcb->map_nfree > keep && (sent = xtcp_map_reclaim(host->tcb)))
		host->ops->sent_put(host, sent);
}

/**
 * xtcp_host_peek - what the engine would send now
 * @host: with a TCB
 * @plan: filled in; the caller commits or aborts it
 * @now: time of the host, ns
 *
 * Return: false if there is nothing to send now.
 */
bool xtcp_host_peek(struct xtcp_host *host, struct xtcp_plan *plan, u64 now)
{
	xtcp_host_refill(host);
	xtcp_space(host->tcb, host->ops->space(host));
	if (host->ops->peek)
		return host->ops->peek(host, plan, now);
	return xtcp_tx_peek(host->tcb, now, plan);
}

/**
 * xtcp_host_output - send plans until there is none or a transmission fails
 * @host: with a TCB
 */
void xtcp_host_output(struct xtcp_host *host)
{
	const struct xtcp_host_ops *ops = host->ops;
	u32 limit = ops->plans_max ? ops->plans_max : PLANS_MAX;
	/* The clock is read once for all plans. */
	u64 now = ops->now(host);
	u32 more = XTCP_ACT_OUTPUT;
	struct xtcp_plan plan;
	bool sent;

	while (limit--) {
		if (!xtcp_host_peek(host, &plan, now)) {
			if (ops->idle)
				ops->idle(host);
			return;
		}
		if (!more)
			ops->fail(host, "a plan that xtcp_tx_commit() said there is not");
		sent = ops->transmit(host, &plan);
		if (sent)
			more = xtcp_tx_commit(host->tcb, &plan, now);
		else
			xtcp_tx_abort(host->tcb, &plan, now);
		if (ops->settled)
			ops->settled(host, &plan, sent);
		if (!sent)
			return;
	}
	ops->fail(host, "output does not end");
}

/**
 * xtcp_plan_part - one packet of a plan, split as a device with TSO does
 * @plan: as xtcp_tx_peek() made it
 * @at: payload offset of the part, bytes: 0, then the end of the previous part
 * @accecn: CWR is part of the ACE counter (RFC 9768), so every part carries it;
 *	otherwise only the first does
 * @part: filled in; only the last part carries FIN and PSH
 *
 * Return: whether this is the last part.
 */
bool xtcp_plan_part(const struct xtcp_plan *plan, u32 at, bool accecn,
		    struct xtcp_plan *part)
{
	*part = *plan;
	part->seq += at;
	part->data += at;
	part->len = min(plan->len - at, (u32)plan->mss);
	if (at && !accecn)
		part->flags &= ~XTCP_CWR;
	if (at + part->len == plan->len)
		return true;
	part->flags &= ~(XTCP_FIN | XTCP_PSH);
	return false;
}

/* ---- action bits ---- */

/**
 * xtcp_host_reap - give back packets that the engine does not use any more
 * @host: with a TCB
 */
void xtcp_host_reap(struct xtcp_host *host)
{
	struct xtcp_ooo *pkt;

	while ((pkt = xtcp_reass_reap(host->tcb)))
		host->ops->pkt_put(host, pkt);
}

static void drain(struct xtcp_host *host)
{
	struct xtcp_ooo *pkt;

	while ((pkt = xtcp_reass_pop(host->tcb))) {
		host->ops->deliver(host, pkt, pkt->seq, pkt->end);
		host->ops->pkt_put(host, pkt);
	}
}

static void reply_rst(struct xtcp_host *host, const struct xtcp_seg *seg)
{
	struct xtcp_plan plan;

	if (seg->flags & XTCP_RST)
		host->ops->fail(host, "RST answered by RST");
	xtcp_rst_plan(seg, &plan);
	host->ops->reply(host, &plan);
}

static void new_deadline(struct xtcp_host *host)
{
	if (host->ops->deadline)
		host->ops->deadline(host);
}

/* The connection is gone; the listener remains, if there is one. */
static void idle(struct xtcp_host *host)
{
	host->mode = host->listening ? XTCP_HOST_LISTEN : XTCP_HOST_CLOSED;
}

static void look_at_state(struct xtcp_host *host)
{
	struct xtcp_tcb *tcb = host->tcb;

	if (host->mode != XTCP_HOST_CONN)
		return;
	if (tcb->state == XTCP_CLOSED && !host->ops->keep_closed) {
		idle(host);
	} else if (!host->tw_in_tcb && xtcp_tw_ready(tcb)) {
		xtcp_tw_init(&host->tw, tcb, host->ops->now(host));
		host->ts_off = tcb->ts_off;
		host->mode = XTCP_HOST_TIME_WAIT;
		new_deadline(host);
	} else {
		new_deadline(host);
		return;
	}
	if (host->ops->over)
		host->ops->over(host);
}

/**
 * xtcp_host_actions - do what action bits ask for, in the order of seg.h
 * @host: with a TCB
 * @actions: XTCP_ACT_*, as a call of the engine returned them
 * @seg: segment that was passed to xtcp_rx(); NULL for other calls
 * @pkt: packet that was passed to xtcp_rx(), given back here unless the engine keeps
 *	it; NULL for other calls
 */
void xtcp_host_actions(struct xtcp_host *host, u32 actions, struct xtcp_seg *seg,
		       struct xtcp_ooo *pkt)
{
	const struct xtcp_host_ops *ops = host->ops;

	if (ops->check)
		ops->check(host, actions);
	if (actions & XTCP_ACT_DELIVER)
		ops->deliver(host, pkt, seg->from, seg->to);
	if (pkt && !(actions & XTCP_ACT_HELD))
		ops->pkt_put(host, pkt);
	if (actions & XTCP_ACT_DRAIN)
		drain(host);
	if (actions & XTCP_ACT_REAP)
		xtcp_host_reap(host);
	if (ops->notify)
		ops->notify(host, actions, seg);
	if (actions & XTCP_ACT_RST)
		reply_rst(host, seg);
	if (actions & XTCP_ACT_OUTPUT && host->mode == XTCP_HOST_CONN) {
		if (ops->output)
			ops->output(host);
		else
			xtcp_host_output(host);
	}
	if (ops->served)
		ops->served(host, actions);
	look_at_state(host);
}

/* ---- opening ---- */

static bool conn_new(struct xtcp_host *host)
{
	struct xtcp_tcb *tcb = host->ops->conn_new(host);

	if (!tcb)
		return false;
	host->tcb = tcb;
	host->mode = XTCP_HOST_CONN;
	return true;
}

static void begin(struct xtcp_host *host)
{
	if (host->ops->begin)
		host->ops->begin(host);
}

/**
 * xtcp_host_listen - passive open
 * @host: without a connection
 */
void xtcp_host_listen(struct xtcp_host *host)
{
	host->listening = true;
	host->mode = XTCP_HOST_LISTEN;
}

/**
 * xtcp_host_connect - active open
 * @host: without a connection
 *
 * Sends the SYN. Return: false if there is no memory for a TCB.
 */
bool xtcp_host_connect(struct xtcp_host *host)
{
	u64 now;
	u32 actions;

	if (!conn_new(host))
		return false;
	now = host->ops->now(host);
	begin(host);
	actions = xtcp_connect(host->tcb, host->open, now);
	if (host->open->fo && host->ops->early)
		actions |= xtcp_fastopen_go(host->tcb, host->ops->early(host), now);
	xtcp_host_actions(host, actions, NULL, NULL);
	return true;
}

/* ---- receive ---- */

static void pkt_put(struct xtcp_host *host, struct xtcp_ooo *pkt)
{
	if (pkt)
		host->ops->pkt_put(host, pkt);
}

static void rx_conn(struct xtcp_host *host, struct xtcp_seg *seg, struct xtcp_ooo *pkt)
{
	u32 actions;

	xtcp_host_refill(host);
	begin(host);
	actions = xtcp_rx(host->tcb, seg, host->no_ooo ? NULL : pkt, host->ops->now(host));
	xtcp_host_actions(host, actions, seg, pkt);
}

/* Answer as the verdict on a half-open connection says, and end it if it does. */
static void half_open_verdict(struct xtcp_host *host, const struct xtcp_seg *seg)
{
	u64 now = host->ops->now(host);
	struct xtcp_plan plan;

	switch (host->verdict) {
	case XTCP_REQUEST_SYNACK:
		xtcp_request_plan(&host->req, host->par, host->open, &plan, now);
		host->ops->reply(host, &plan);
		break;
	case XTCP_REQUEST_ACK:
		xtcp_request_ack_plan(&host->req, host->par, &host->open->flow, &plan, now);
		host->ops->reply(host, &plan);
		break;
	case XTCP_REQUEST_RST:
	case XTCP_REQUEST_RESET:
		reply_rst(host, seg);
		break;
	default:
		break;
	}
	if (host->verdict == XTCP_REQUEST_RESET || host->verdict == XTCP_REQUEST_KILL)
		idle(host);
}

static void rx_half_open(struct xtcp_host *host, struct xtcp_seg *seg, struct xtcp_ooo *pkt)
{
	u32 deadline = host->req.deadline;

	host->verdict = xtcp_request_rx(&host->req, host->par, seg, host->ops->now(host));
	if (host->verdict == XTCP_REQUEST_ACCEPT && conn_new(host)) {
		begin(host);
		xtcp_accept(host->tcb, &host->req, host->open, host->ops->now(host));
		xtcp_host_actions(host, XTCP_ACT_STATE, NULL, NULL);
		rx_conn(host, seg, pkt);
		return;
	}
	half_open_verdict(host, seg);
	pkt_put(host, pkt);
	if (host->mode == XTCP_HOST_HALF_OPEN && host->req.deadline != deadline)
		new_deadline(host);
}

/* Fast Open (RFC 7413). Return: whether the SYN has made a connection at once. */
static bool rx_fastopen(struct xtcp_host *host, struct xtcp_seg *seg, struct xtcp_ooo *pkt)
{
	u64 now = host->ops->now(host);
	u32 actions;

	if (!host->ops->fastopen || !host->ops->fastopen(host, seg, &host->give))
		return false;
	xtcp_request_init(&host->req, host->par, host->open, seg, now);
	if (!conn_new(host))
		return false;
	xtcp_host_refill(host);
	begin(host);
	actions = xtcp_fastopen_accept(host->tcb, &host->req, host->open, seg, &host->give,
				       now);
	xtcp_host_actions(host, actions, seg, pkt);
	return true;
}

static void rx_listen(struct xtcp_host *host, struct xtcp_seg *seg, struct xtcp_ooo *pkt)
{
	u64 now = host->ops->now(host);
	struct xtcp_plan plan;

	host->verdict = xtcp_listen_rx(seg);
	host->give.len = 0;
	switch (host->verdict) {
	case XTCP_LISTEN_RST:
		reply_rst(host, seg);
		break;
	case XTCP_LISTEN_SYN:
		if (rx_fastopen(host, seg, pkt))
			return;
		host->mode = XTCP_HOST_HALF_OPEN;
		xtcp_request_init(&host->req, host->par, host->open, seg, now);
		xtcp_request_plan(&host->req, host->par, host->open, &plan, now);
		xtcp_fastopen_plan_cookie(&plan, &host->give);
		host->ops->reply(host, &plan);
		new_deadline(host);
		break;
	default:
		break;
	}
	pkt_put(host, pkt);
}

static void rx_tw(struct xtcp_host *host, struct xtcp_seg *seg, struct xtcp_ooo *pkt)
{
	u64 now = host->ops->now(host);
	bool waits = host->tw.flags & XTCP_TW_F_FIN_WAIT_2;
	u32 deadline = host->tw.deadline;
	struct xtcp_plan plan;

	host->verdict = xtcp_tw_rx(&host->tw, seg, now);
	if (waits && !(host->tw.flags & XTCP_TW_F_FIN_WAIT_2) && host->ops->notify)
		host->ops->notify(host, XTCP_ACT_EOF, seg);
	if (host->verdict == XTCP_TW_SYN && host->listening) {
		host->mode = XTCP_HOST_LISTEN;
		rx_listen(host, seg, pkt);
		return;
	}
	if (host->verdict == XTCP_TW_ACK) {
		xtcp_tw_plan(&host->tw, host->ts_off, &plan, now);
		host->ops->reply(host, &plan);
	} else if (host->verdict == XTCP_TW_RST) {
		xtcp_tw_rst(&host->tw, &plan);
		host->ops->reply(host, &plan);
	}
	pkt_put(host, pkt);
	if (host->verdict == XTCP_TW_RST || host->verdict == XTCP_TW_END)
		idle(host);
	else if (host->tw.deadline != deadline)
		new_deadline(host);
}

/**
 * xtcp_host_rx - process a segment that has arrived
 * @host: in any mode
 * @seg: header as xtcp_parse() left it, with nsegs and ecn set; on return also the
 *	engine's verdict
 * @pkt: the packet, given back through ops->pkt_put(), now or later; NULL if the engine
 *	cannot keep it
 */
void xtcp_host_rx(struct xtcp_host *host, struct xtcp_seg *seg, struct xtcp_ooo *pkt)
{
	switch (host->mode) {
	case XTCP_HOST_CONN:
		rx_conn(host, seg, pkt);
		break;
	case XTCP_HOST_HALF_OPEN:
		rx_half_open(host, seg, pkt);
		break;
	case XTCP_HOST_LISTEN:
		rx_listen(host, seg, pkt);
		break;
	case XTCP_HOST_TIME_WAIT:
		rx_tw(host, seg, pkt);
		break;
	case XTCP_HOST_CLOSED:
		if (!(seg->flags & XTCP_RST))
			reply_rst(host, seg);
		pkt_put(host, pkt);
		break;
	}
}

/* ---- time ---- */

/**
 * xtcp_host_deadline - when xtcp_host_timeout() is to be called
 * @host: in any mode
 *
 * Return: ns on the host's clock; XTCP_NEVER if no timer runs.
 */
u64 xtcp_host_deadline(const struct xtcp_host *host)
{
	switch (host->mode) {
	case XTCP_HOST_CONN:
		return xtcp_deadline(host->tcb);
	case XTCP_HOST_HALF_OPEN:
		return xtcp_request_deadline(&host->req, host->ops->now(host));
	case XTCP_HOST_TIME_WAIT:
		return xtcp_tw_deadline(&host->tw, host->ops->now(host));
	default:
		return XTCP_NEVER;
	}
}

/**
 * xtcp_host_timeout - run the timers that are due
 * @host: in any mode; a call before the deadline does nothing
 */
void xtcp_host_timeout(struct xtcp_host *host)
{
	u64 now = host->ops->now(host);

	switch (host->mode) {
	case XTCP_HOST_CONN:
		begin(host);
		xtcp_host_actions(host, xtcp_timeout(host->tcb, now), NULL, NULL);
		break;
	case XTCP_HOST_HALF_OPEN:
		host->verdict = xtcp_request_timeout(&host->req, host->par,
						     host->par->synack_retries, 0, now);
		half_open_verdict(host, NULL);
		if (host->mode == XTCP_HOST_HALF_OPEN)
			new_deadline(host);
		break;
	case XTCP_HOST_TIME_WAIT:
		if (xtcp_tw_left(&host->tw, now) <= 0)
			idle(host);
		break;
	}
}

/**
 * xtcp_host_release - end the TCB and give back all memory lent to the engine
 * @host: with a TCB in any state; the driver owns the TCB's memory again
 */
void xtcp_host_release(struct xtcp_host *host)
{
	xtcp_tcb_fini(host->tcb);
	xtcp_host_reap(host);
	xtcp_host_reclaim(host, 0);
	if (host->mode == XTCP_HOST_CONN)
		idle(host);
	host->tcb = NULL;
}
