// SPDX-License-Identifier: GPL-2.0
/*
 * One end of a connection: the engine, and what a socket layer does for it.
 * Serves the action bits in their order and holds every call to the contract
 * (contract.c). What is wrong ends the run.
 */
#include <stdlib.h>

#include "answer.h"
#include "fuzz.h"

/* One packet lent to the engine for being out of order. */
struct node {
	struct xtcp_ooo ooo;
	u32 data;		/* sequence number of its first payload byte */
	u32 len;
};

/* Plans in one go, and timer runs at one instant: more is a loop. */
#define PLANS_MAX	5000
#define TIMERS_MAX	50

/*
 * Without an ACK in between a congestion window may leave at once, and by
 * other right: the first retransmission, two segments of limited transmit (RFC
 * 3042), a tail loss probe.
 */
#define SPARE_SEGMENTS	2

/* Unsent or unacknowledged; xtcp_check() walks over all of them, each time. */
#define SEGMENTS_MAX	1000U

#define MAP_SPARE	6		/* unused entries left with the engine */

static void *get(size_t size)
{
	void *p = malloc(size);

	if (!p)
		exit(2);
	/* The engine must set every field it reads. */
	memset(p, 0xa5, size);
	return p;
}

bool end_live(const struct end *end)
{
	return end->mode == END_TCB && end->tcb->state != XTCP_CLOSED;
}

bool end_over(const struct end *end)
{
	return end->mode != END_EMBRYO && !end_live(end);
}

u32 end_room(const struct end *end)
{
	u32 used, most;

	if (!end_live(end))
		return 0;
	used = end->tcb->snd_end - xtcp_snd_data_una(end->tcb);
	most = min(end->sndbuf, SEGMENTS_MAX * end->tcb->mss);
	return used < most ? most - used : 0;
}

static u32 space(const struct end *end)
{
	return end->rcvbuf > end->unread ? end->rcvbuf - end->unread : 0;
}

/* ---- output ---- */

static void map_refill(struct end *end)
{
	while (!end->no_map && end->tcb->map_nfree < XTCP_MAP_LOW) {
		xtcp_map_lend(end->tcb, get(sizeof(struct xtcp_sent)));
		end->sents++;
	}
}

static void map_drain(struct end *end, u32 keep)
{
	struct xtcp_sent *sent;

	while (end->tcb->map_nfree > keep && (sent = xtcp_map_reclaim(end->tcb))) {
		free(sent);
		end->sents--;
	}
}

/* Peek decides and changes nothing. */
static bool peek(struct end *end, struct xtcp_plan *plan)
{
	struct xtcp_tcb was = *end->tcb;
	bool any;

	fuzz_work = 0;
	any = xtcp_tx_peek(end->tcb, *end->now, plan);
	contract_work(end, "xtcp_tx_peek()");
	if (memcmp(&was, end->tcb, sizeof(was)))
		fuzz_fail("xtcp_tx_peek() changed the connection");
	return any;
}

/* All that is to be sent, as the module does at the end of every call. */
static void push(struct end *end)
{
	u32 cwnd = end->tcb->cwnd, mss = end->tcb->mss;
	struct xtcp_plan plan;
	int limit = PLANS_MAX;
	u32 sent = 0;

	while (limit--) {
		map_refill(end);
		xtcp_space(end->tcb, space(end));
		if (!peek(end, &plan)) {
			end->want_output = false;
			map_drain(end, MAP_SPARE);
			return;
		}
		/* Where no bit said so, at least a deadline that is due. */
		if (!end->want_output && !end->tx_failed &&
		    xtcp_deadline(end->tcb) > *end->now)
			fuzz_fail("output without XTCP_ACT_OUTPUT");
		contract_plan(end, &plan);
		cwnd = max(cwnd, end->tcb->cwnd);
		sent += plan.len;
		if (sent > cwnd + SPARE_SEGMENTS * mss)
			fuzz_fail("%u bytes at once, the congestion window is %u", sent, cwnd);
		fuzz_work = 0;
		if (end->fail_in && !--end->fail_in) {
			xtcp_tx_abort(end->tcb, &plan, *end->now);
			contract_work(end, "xtcp_tx_abort()");
			contract_tcb(end, "xtcp_tx_abort()");
			xtcp_queue_full(end->tcb, *end->now);
			contract_tcb(end, "xtcp_queue_full()");
			end->want_output = false;
			end->tx_failed = true;
			return;
		}
		xtcp_tx_commit(end->tcb, &plan, *end->now);
		contract_work(end, "xtcp_tx_commit()");
		contract_tcb(end, "xtcp_tx_commit()");
		end->send(end, &plan);
	}
	fuzz_fail("output does not end");
}

/* ---- delivery ---- */

static void deliver(struct end *end, const struct node *node, u32 from, u32 to)
{
	if (end->closed)
		fuzz_fail("delivery after close()");
	if (end->eof)
		fuzz_fail("delivery after the end");
	if (from != end->expect || !seq_lt(from, to))
		fuzz_fail("delivery of %u bytes, %d bytes off", to - from,
			  (int)(from - end->expect));
	if (!node || from - node->data > node->len || to - node->data > node->len)
		fuzz_fail("delivery of bytes the packet does not have");
	end->expect = to;
	end->got += to - from;
	end->unread += to - from;
}

static void node_put(struct end *end, struct xtcp_ooo *ooo)
{
	end->nodes--;
	free(container_of(ooo, struct node, ooo));
}

static void drain(struct end *end)
{
	struct xtcp_ooo *ooo;

	while ((ooo = xtcp_reass_pop(end->tcb))) {
		deliver(end, container_of(ooo, struct node, ooo), ooo->seq, ooo->end);
		node_put(end, ooo);
	}
}

static void reap(struct end *end)
{
	struct xtcp_ooo *ooo;

	while ((ooo = xtcp_reass_reap(end->tcb)))
		node_put(end, ooo);
}

/* ---- serving ---- */

static void conn_free(struct end *end)
{
	struct xtcp_ooo *ooo;

	if (!end->tcb)
		return;
	xtcp_reass_flush(end->tcb);
	while ((ooo = xtcp_reass_pop(end->tcb)))
		node_put(end, ooo);
	reap(end);
	xtcp_tcb_fini(end->tcb);
	map_drain(end, 0);
	if (end->nodes || end->sents)
		fuzz_fail("%u packets and %u map entries never came back", end->nodes,
			  end->sents);
	free(end->tcb);
	end->tcb = NULL;
}

static void reply_rst(struct end *end, const struct xtcp_seg *seg)
{
	struct xtcp_plan plan;

	if (seg->flags & XTCP_RST)
		fuzz_fail("RST answered by RST");
	xtcp_rst_plan(seg, &plan);
	end->send(end, &plan);
}

/* Action bits in the order seg.h lists them. */
static void serve(struct end *end, u32 acts, const struct node *node)
{
	if (acts & XTCP_ACT_DELIVER)
		deliver(end, node, end->seg.from, end->seg.to);
	if (acts & XTCP_ACT_HELD)
		end->nodes++;
	if (acts & XTCP_ACT_DRAIN)
		drain(end);
	if (acts & XTCP_ACT_REAP)
		reap(end);
	if (acts & XTCP_ACT_EOF)
		end->eof = true;
	contract_stream(end);
	if (acts & XTCP_ACT_RST)
		reply_rst(end, &end->seg);
	if (acts & XTCP_ACT_OUTPUT) {
		end->want_output = true;
		end->tx_failed = false;
	}
	if (!end->tx_failed)
		push(end);
	if (end->tw_record && xtcp_tw_ready(end->tcb)) {
		xtcp_tw_init(&end->tw, end->tcb, *end->now);
		conn_free(end);
		end->mode = END_TW;
	}
}

#define CALL(end, call) do {						\
	u32 _acts;							\
									\
	contract_begin(end);						\
	_acts = call;							\
	contract_end(end, _acts, #call);					\
	serve(end, _acts, NULL);					\
} while (0)

/* ---- opening ---- */

static void conn_new(struct end *end)
{
	conn_free(end);
	end->tcb = get(sizeof(*end->tcb));
	end->mode = END_TCB;
	end->unread = 0;
	end->got = 0;
	end->written = 0;
	end->opened = false;
	end->eof = false;
	end->closed = false;
	end->aborted = false;
	end->want_output = false;
	end->tx_failed = false;
	end->has_edge = false;
	end->open.rcv_space = end->rcvbuf;
	end->open.rcv_space_max = max(end->open.rcv_space_max, end->rcvbuf);
	xtcp_tcb_init(end->tcb, &end->par);
}

void end_connect(struct end *end)
{
	conn_new(end);
	CALL(end, xtcp_connect(end->tcb, &end->open, *end->now));
}

void end_listen(struct end *end)
{
	end->listening = true;
	end->mode = END_LISTEN;
}

static const struct xtcp_cc *end_cc_pick(u32 which)
{
	u32 n = 0;

	while (xtcp_cc_list(n))
		n++;
	return xtcp_cc_list(which % n);
}

/* The input chooses knobs and sizes; @id tells two ends apart. */
void end_init(struct end *end, struct fuzz_in *in, u64 *now, u32 id)
{
	static const u16 mss[] = { 1460, 1000, 536, 88, 9000, 65483, 256, 1220 };
	static const u32 bufs[] = { 65535, 4000, 100000, 1000000, 6000000, 500, 20000, 1 };
	u8 a = in_byte(in), b = in_byte(in), c = in_byte(in), d = in_byte(in);
	u8 e = in_byte(in);

	memset(end, 0, sizeof(*end));
	end->now = now;
	xtcp_params_init(&end->par);
	end->par.isn_key[0] = id + 1;
	end->par.wscale = !(a & 1);
	end->par.timestamps = !(a & 2);
	end->par.sack = !(a & 4);
	end->par.dsack = !(a & 8);
	end->par.idle_restart = !(a & 16);
	end->par.rack = !(d & 1);
	end->par.tlp = !(d & 2);
	end->par.frto = !(d & 4);
	end->par.pacing = d & 8;
	end->par.ecn = (e & 7) % 6;
	end->par.ecn_option = e >> 3 & 3;
	end->par.ecn_fallback = !(e & 32);
	end->tw_record = !(a & 32);
	end->par.cc = end_cc_pick(c >> 6 | (d >> 6) << 2);
	end->rcvbuf = bufs[b & 7];
	end->sndbuf = 256U << 10;
	end->open = (struct xtcp_open) {
		.flow = {
			.saddr = { 0, 0, 0xffff0000u, 0x0100000a + (id << 24) },
			.daddr = { 0, 0, 0xffff0000u, 0x0100000a + (!id << 24) },
			.sport = (u16)(0x5000 + id),
			.dport = (u16)(0x5000 + !id),
		},
		.rcv_space = end->rcvbuf,
		.rcv_space_max = max(end->rcvbuf, bufs[b >> 3 & 7]),
		.gso_max = b & 64 ? 1 : 65535,
		.path_mss = mss[c & 7],
		.adv_mss = mss[c >> 3 & 7],
		.user_mss = b & 128 ? 500 : 0,
		.v6 = a & 64,
		.need_ecn = xtcp_cc_needs_ecn(end->par.cc),
		.route = {
			.initcwnd = e & 64 ? 3 : 0,
			.initrwnd = e & 64 ? 2 : 0,
			.rto_min_us = e & 64 ? 5000 : 0,
			.ecn = e & 64,
			.cwnd = e & 128 ? 5 : 0,
			.ssthresh = e & 128 ? 7 : 0,
			.reordering = e & 128 ? 9 : 0,
			.rtt_us = e & 128 ? 70000 : 0,
			.quickack = e & 128,
		},
		.cached_srtt_us = d & 16 ? 30000 : 0,
		.cached_rttvar_us = d & 16 ? 2000 : 0,
		.cached_ssthresh = d & 32 ? 20000 : 0,
	};
	end->open.gso_max = max_t(u32, end->open.gso_max, end->open.path_mss);
	/* Sequence numbers that wrap early: the ISS follows the clock. */
	if (a & 128) {
		u32 isn = 0, goal = 0xfffff000;
		struct xtcp_tcb *tcb = get(sizeof(*tcb));

		xtcp_tcb_init(tcb, &end->par);
		xtcp_connect(tcb, &end->open, *now);
		isn = tcb->iss;
		free(tcb);
		*now += (u64)(goal - isn) * 4096;
	}
}

void end_fini(struct end *end)
{
	conn_free(end);
}

/* ---- segments ---- */

static void rx_tcb(struct end *end)
{
	struct node *node = NULL;
	u32 acts;

	if (end->seg.len) {
		node = get(sizeof(*node));
		node->data = end->seg.seq + !!(end->seg.flags & XTCP_SYN);
		node->len = end->seg.len;
	}
	contract_begin(end);
	acts = xtcp_rx(end->tcb, &end->seg, node && !end->no_node ? &node->ooo : NULL,
		       *end->now);
	contract_end(end, acts, "xtcp_rx()");
	if (acts & XTCP_ACT_DROP) {
		if (end->seg.reason == XTCP_DROP_NONE || end->seg.reason >= XTCP_DROP_MAX)
			fuzz_fail("dropped for no reason");
		SAY("  dropped, reason %u", end->seg.reason);
	}
	if (acts & XTCP_ACT_HELD && end->no_node)
		fuzz_fail("held without a node");
	/* A first segment that completes the handshake may carry data. */
	if (end->was_state == XTCP_SYN_SENT && end->tcb->state != XTCP_SYN_SENT)
		end->expect = end->tcb->irs + 1;
	serve(end, acts, node);
	if (!(acts & XTCP_ACT_HELD))
		free(node);
}

static void rx_embryo(struct end *end)
{
	enum xtcp_embryo_act act = xtcp_embryo_rx(&end->emb, &end->par, &end->seg,
						  *end->now);
	struct xtcp_plan plan;

	if (embryo_answer(act, &end->emb, &end->par, &end->open, &end->seg, &plan,
			  *end->now))
		end->send(end, &plan);
	if (embryo_ends(act))
		end->mode = END_LISTEN;
	if (act != XTCP_EMBRYO_ACCEPT)
		return;
	conn_new(end);
	xtcp_accept(end->tcb, &end->emb, &end->open, *end->now);
	end->expect = end->tcb->irs + 1;
	contract_tcb(end, "xtcp_accept()");
	rx_tcb(end);
}

static void rx_listen(struct end *end)
{
	struct xtcp_plan plan;

	switch (xtcp_listen_rx(&end->seg)) {
	case XTCP_LISTEN_DROP:
		break;
	case XTCP_LISTEN_RST:
		reply_rst(end, &end->seg);
		break;
	case XTCP_LISTEN_SYN:
		end->mode = END_EMBRYO;
		end->open.rcv_space = end->rcvbuf;
		memset(&end->emb, 0xa5, sizeof(end->emb));
		xtcp_embryo_init(&end->emb, &end->par, &end->open, &end->seg, *end->now);
		xtcp_embryo_plan(&end->emb, &end->par, &end->open, &plan, *end->now);
		end->send(end, &plan);
		break;
	}
}

static void tw_over(struct end *end)
{
	end->mode = end->listening ? END_LISTEN : END_IDLE;
}

static void rx_tw(struct end *end)
{
	bool waits = end->tw.flags & XTCP_TW_F_FIN_WAIT_2;
	enum xtcp_tw_act act = xtcp_tw_rx(&end->tw, &end->seg, *end->now);
	struct xtcp_plan plan;

	if (waits && !(end->tw.flags & XTCP_TW_F_FIN_WAIT_2))
		end->eof = true;
	if (tw_answer(act, &end->tw, xtcp_ts_offset(&end->par, &end->open.flow), &plan,
		      *end->now))
		end->send(end, &plan);
	if (tw_ends(act)) {
		end->aborted = true;
		tw_over(end);
	}
	if (act == XTCP_TW_SYN && end->listening) {
		end->mode = END_LISTEN;
		rx_listen(end);
	}
}

/* A segment arrives at whatever there is. */
void end_rx(struct end *end, const struct xtcp_seg *seg)
{
	end->seg = *seg;
	SAY("segment seq %u len %u flags 0x%x ack %u wnd %u opts 0x%x", seg->seq, seg->len,
	    seg->flags, seg->ack, seg->wnd, seg->opts);
	switch (end->mode) {
	case END_TCB:
		rx_tcb(end);
		break;
	case END_LISTEN:
		rx_listen(end);
		break;
	case END_EMBRYO:
		rx_embryo(end);
		break;
	case END_TW:
		rx_tw(end);
		break;
	case END_IDLE:
		if (!(seg->flags & XTCP_RST))
			reply_rst(end, seg);
		break;
	}
}

/* ---- time ---- */

u64 end_deadline(const struct end *end)
{
	switch (end->mode) {
	case END_TCB:
		return xtcp_deadline(end->tcb);
	case END_EMBRYO:
		return xtcp_embryo_deadline(&end->emb, *end->now);
	case END_TW:
		return xtcp_tw_deadline(&end->tw, *end->now);
	default:
		return XTCP_NEVER;
	}
}

static void embryo_timeout(struct end *end)
{
	struct xtcp_plan plan;

	switch (xtcp_embryo_timeout(&end->emb, &end->par, end->par.synack_retries, 0,
				    *end->now)) {
	case XTCP_EMBRYO_SYNACK:
		xtcp_embryo_plan(&end->emb, &end->par, &end->open, &plan, *end->now);
		end->send(end, &plan);
		break;
	case XTCP_EMBRYO_KILL:
		end->mode = END_LISTEN;
		break;
	default:
		break;
	}
}

/* The caller's timer fires, due or not. */
void end_timeout(struct end *end)
{
	int limit = TIMERS_MAX;

	if (end->mode == END_EMBRYO)
		embryo_timeout(end);
	if (end->mode == END_TW && xtcp_tw_left(&end->tw, *end->now) <= 0)
		tw_over(end);
	if (end->mode != END_TCB)
		return;
	do {
		CALL(end, xtcp_timeout(end->tcb, *end->now));
	} while (end->mode == END_TCB && xtcp_deadline(end->tcb) <= *end->now && limit--);
	if (limit < 0)
		fuzz_fail("timers do not come to rest");
}

/* ---- the application ---- */

void end_write(struct end *end, u32 bytes, u32 flags)
{
	if (!end_live(end) || end->closed || end->tcb->flags & XTCP_F_FIN_QUEUED)
		return;
	bytes = min(bytes, end_room(end));
	if (!bytes)
		return;
	end->written += bytes;
	CALL(end, xtcp_wrote(end->tcb, bytes, flags, *end->now));
}

void end_read(struct end *end, u32 bytes)
{
	if (end->mode != END_TCB || end->closed)
		return;
	bytes = min(bytes, end->unread);
	end->unread -= bytes;
	CALL(end, xtcp_read(end->tcb, bytes, space(end), *end->now));
}

void end_shutdown(struct end *end)
{
	if (end->mode == END_TCB && !end->closed)
		CALL(end, xtcp_shutdown(end->tcb, *end->now));
}

/* With data unread a socket layer resets (RFC 2525, 2.17). */
void end_close(struct end *end)
{
	if (end->mode != END_TCB || end->closed)
		return;
	if (end->unread) {
		end_abort(end);
		return;
	}
	end->closed = true;
	CALL(end, xtcp_close(end->tcb, *end->now));
}

void end_abort(struct end *end)
{
	if (!end_live(end))
		return;
	end->aborted = true;
	CALL(end, xtcp_abort(end->tcb, *end->now));
}

void end_set(struct end *end, enum xtcp_opt opt, u32 val)
{
	if (end->mode == END_TCB)
		CALL(end, xtcp_set(end->tcb, opt, val, *end->now));
}

void end_pacing(struct end *end, u64 rate)
{
	if (end->mode != END_TCB)
		return;
	xtcp_set_pacing_max(end->tcb, rate);
	contract_tcb(end, "xtcp_set_pacing_max()");
	/* Set on the way out, so that output follows in any case. */
	end->want_output = true;
	if (!end->tx_failed)
		push(end);
}

void end_cc(struct end *end, u32 which)
{
	if (end->mode != END_TCB)
		return;
	xtcp_cc_set(end->tcb, end_cc_pick(which), *end->now);
	contract_tcb(end, "xtcp_cc_set()");
}

void end_icmp(struct end *end, enum xtcp_icmp kind, u32 seq, u16 mss)
{
	if (end->mode == END_TCB)
		CALL(end, xtcp_icmp(end->tcb, kind, seq, mss, *end->now));
}

/* Memory for received data is more or less than before. */
void end_space(struct end *end, u32 rcvbuf)
{
	end->rcvbuf = rcvbuf;
	if (end->mode != END_TCB)
		return;
	xtcp_space(end->tcb, space(end));
	contract_tcb(end, "xtcp_space()");
}

/* The host runs short of memory, or no longer does. */
void end_memory(struct end *end, u8 what)
{
	end->no_map = what & 1;
	end->no_node = what & 2;
	end->fail_in = what >> 5;
	if (end->mode != END_TCB)
		return;
	if (what & 4)
		map_drain(end, 0);
	if (what & 8) {
		fuzz_work = 0;
		if (xtcp_reass_prune(end->tcb))
			reap(end);
		contract_work(end, "xtcp_reass_prune()");
	}
	contract_tcb(end, "a shortage");
}
