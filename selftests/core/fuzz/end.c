// SPDX-License-Identifier: GPL-2.0
/*
 * One end of a connection: a host (host.h) that checks every call of the engine
 * (contract.c). A check that fails ends the run.
 */
#include <stdlib.h>

#include "fuzz.h"

/* A packet, lent to the engine if it is out of order. */
struct node {
	struct xtcp_ooo ooo;
	u32 data;		/* sequence number of its first payload byte */
	u32 len;
};

/* Limit of plans of one output, and of timer runs at one time: more means a loop. */
#define PLANS_MAX	5000
#define TIMERS_MAX	50

/*
 * Without an ACK in between, a congestion window may be sent, and in addition the first
 * retransmission, two segments of limited transmit (RFC 3042), a tail loss probe.
 */
#define SPARE_SEGMENTS	2

/* Limit of segments unsent or unacknowledged: each xtcp_check() walks over them. */
#define SEGMENTS_MAX	1000U

#define MAP_SPARE	6		/* unused entries that stay with the engine */

static void *get(size_t size)
{
	void *p = malloc(size);

	if (!p)
		exit(2);
	/* Poison: the engine must set every field that it reads. */
	memset(p, 0xa5, size);
	return p;
}

static struct end *end_of(const struct xtcp_host *host)
{
	return container_of((struct xtcp_host *)host, struct end, host);
}

bool end_live(const struct end *end)
{
	return end_tcb(end) && end->host.tcb->state != XTCP_CLOSED;
}

bool end_over(const struct end *end)
{
	return end->host.mode != XTCP_HOST_HALF_OPEN && !end_live(end);
}

u32 end_room(const struct end *end)
{
	u32 used, most;

	if (!end_live(end))
		return 0;
	used = end->host.tcb->snd_end - xtcp_snd_data_una(end->host.tcb);
	most = min(end->sndbuf, SEGMENTS_MAX * end->host.tcb->mss);
	return used < most ? most - used : 0;
}

static u64 op_now(const struct xtcp_host *host)
{
	return *end_of(host)->now;
}

static u32 op_space(const struct xtcp_host *host)
{
	const struct end *end = end_of(host);

	return end->rcvbuf > end->unread ? end->rcvbuf - end->unread : 0;
}

static void op_fail(struct xtcp_host *host, const char *what)
{
	fuzz_fail("%s", what);
}

/* ---- memory ---- */

static struct xtcp_sent *op_sent_get(struct xtcp_host *host)
{
	if (end_of(host)->no_map)
		return NULL;
	end_of(host)->sents++;
	return get(sizeof(struct xtcp_sent));
}

static void op_sent_put(struct xtcp_host *host, struct xtcp_sent *sent)
{
	end_of(host)->sents--;
	free(sent);
}

static void op_pkt_put(struct xtcp_host *host, struct xtcp_ooo *pkt)
{
	struct end *end = end_of(host);

	if (end->arrived == pkt)
		end->arrived = NULL;
	else
		end->nodes--;
	free(container_of(pkt, struct node, ooo));
}

static void conn_free(struct end *end)
{
	struct xtcp_tcb *tcb = end->host.tcb;

	if (!tcb)
		return;
	xtcp_host_release(&end->host);
	free(tcb);
	if (end->nodes || end->sents)
		fuzz_fail("%u packets and %u map entries never came back", end->nodes,
			  end->sents);
}

static struct xtcp_tcb *op_conn_new(struct xtcp_host *host)
{
	struct end *end = end_of(host);
	struct xtcp_tcb *tcb;

	conn_free(end);
	tcb = get(sizeof(*tcb));
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
	end->was_state = XTCP_CLOSED;
	end->open.rcv_space = end->rcvbuf;
	end->open.rcv_space_max = max(end->open.rcv_space_max, end->rcvbuf);
	xtcp_tcb_init(tcb, &end->par);
	return tcb;
}

/* ---- output ---- */

/* xtcp_tx_peek() must not change the TCB. */
static bool op_peek(struct xtcp_host *host, struct xtcp_plan *plan, u64 now)
{
	struct xtcp_tcb was = *host->tcb;
	bool any;

	fuzz_work = 0;
	any = xtcp_tx_peek(host->tcb, now, plan);
	contract_work(end_of(host), "xtcp_tx_peek()");
	if (memcmp(&was, host->tcb, sizeof(was)))
		fuzz_fail("xtcp_tx_peek() changed the connection");
	return any;
}

static bool op_transmit(struct xtcp_host *host, struct xtcp_plan *plan)
{
	struct end *end = end_of(host);

	/* Output needs XTCP_ACT_OUTPUT, a retry, or a deadline that is due. */
	if (!end->want_output && !end->tx_failed && xtcp_deadline(host->tcb) > *end->now)
		fuzz_fail("output without XTCP_ACT_OUTPUT");
	contract_plan(end, plan);
	end->burst_cwnd = max(end->burst_cwnd, host->tcb->cwnd);
	end->burst += plan->len;
	if (end->burst > end->burst_cwnd + SPARE_SEGMENTS * end->burst_mss)
		fuzz_fail("%u bytes at once, the congestion window is %u", end->burst,
			  end->burst_cwnd);
	fuzz_work = 0;
	return !end->fail_in || --end->fail_in;
}

static void op_settled(struct xtcp_host *host, const struct xtcp_plan *plan, bool sent)
{
	const char *what = sent ? "xtcp_tx_commit()" : "xtcp_tx_abort()";
	struct end *end = end_of(host);

	contract_work(end, what);
	contract_tcb(end, what);
	if (sent) {
		end->send(end, plan);
		return;
	}
	xtcp_queue_full(host->tcb, *end->now);
	contract_tcb(end, "xtcp_queue_full()");
	end->want_output = false;
	end->tx_failed = true;
}

static void op_idle(struct xtcp_host *host)
{
	end_of(host)->want_output = false;
	xtcp_host_reclaim(host, MAP_SPARE);
}

/* Send all output, as the module does at the end of every call. */
static void push(struct end *end)
{
	end->burst = 0;
	end->burst_cwnd = end->host.tcb->cwnd;
	end->burst_mss = end->host.tcb->mss;
	if (!end->tx_failed)
		xtcp_host_output(&end->host);
}

static void op_reply(struct xtcp_host *host, const struct xtcp_plan *plan)
{
	end_of(host)->send(end_of(host), plan);
}

/* ---- callbacks of the host ---- */

static void op_deliver(struct xtcp_host *host, struct xtcp_ooo *pkt, u32 from, u32 to)
{
	const struct node *node = pkt ? container_of(pkt, struct node, ooo) : NULL;
	struct end *end = end_of(host);

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

static void op_begin(struct xtcp_host *host)
{
	contract_begin(end_of(host));
}

static void op_check(struct xtcp_host *host, u32 actions)
{
	struct end *end = end_of(host);

	contract_end(end, actions, end->what);
	if (actions & XTCP_ACT_HELD) {
		if (host->no_ooo)
			fuzz_fail("held without a node");
		end->arrived = NULL;
		end->nodes++;
	}
	/* The segment that completes the handshake may carry data. */
	if ((end->was_state == XTCP_SYN_SENT && host->tcb->state != XTCP_SYN_SENT) ||
	    (end->was_state == XTCP_CLOSED && host->tcb->state == XTCP_SYN_RECEIVED))
		end->expect = host->tcb->irs + 1;
}

static void op_notify(struct xtcp_host *host, u32 actions, const struct xtcp_seg *seg)
{
	struct end *end = end_of(host);

	if (seg && actions & XTCP_ACT_DROP) {
		if (seg->reason == XTCP_DROP_NONE || seg->reason >= XTCP_DROP_MAX)
			fuzz_fail("dropped for no reason");
		SAY("  dropped, reason %u", seg->reason);
	}
	if (actions & XTCP_ACT_EOF)
		end->eof = true;
	if (host->tcb)
		contract_stream(end);
	if (actions & XTCP_ACT_OUTPUT) {
		end->want_output = true;
		end->tx_failed = false;
	}
}

/* Output also without XTCP_ACT_OUTPUT, to check that there is none. */
static void op_served(struct xtcp_host *host, u32 actions)
{
	push(end_of(host));
}

static void op_over(struct xtcp_host *host)
{
	conn_free(end_of(host));
}

/* op_served() sends. */
static void op_output(struct xtcp_host *host)
{
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
	.idle = op_idle,
	.output = op_output,
	.begin = op_begin,
	.check = op_check,
	.notify = op_notify,
	.served = op_served,
	.over = op_over,
	.plans_max = PLANS_MAX,
	.map_low = true,
	.keep_closed = true,
};

#define CALL(end, call) do {						\
	contract_begin(end);						\
	(end)->what = #call;						\
	xtcp_host_actions(&(end)->host, call, NULL, NULL);		\
} while (0)

/* ---- opening ---- */

void end_connect(struct end *end)
{
	end->what = "xtcp_connect()";
	xtcp_host_connect(&end->host);
}

void end_listen(struct end *end)
{
	xtcp_host_listen(&end->host);
}

static const struct xtcp_cc *end_cc_pick(u32 which)
{
	u32 n = 0;

	while (xtcp_cc_list(n))
		n++;
	return xtcp_cc_list(which % n);
}

/* Initialize an end with knobs and sizes from the input; @id differs between ends. */
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
	end->host.ops = &end_ops;
	end->host.par = &end->par;
	end->host.open = &end->open;
	end->host.tw_in_tcb = a & 32;
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
	/* Set the clock, which determines the ISS, so that sequence numbers wrap early. */
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

/* A segment arrives, in any mode of the host. */
void end_rx(struct end *end, const struct xtcp_seg *seg)
{
	struct xtcp_host *host = &end->host;
	bool record = host->mode == XTCP_HOST_TIME_WAIT;
	struct node *node = NULL;

	end->seg = *seg;
	end->what = "xtcp_rx()";
	SAY("segment seq %u len %u flags 0x%x ack %u wnd %u opts 0x%x", seg->seq, seg->len,
	    seg->flags, seg->ack, seg->wnd, seg->opts);
	if (seg->len) {
		node = get(sizeof(*node));
		node->data = seg->seq + !!(seg->flags & XTCP_SYN);
		node->len = seg->len;
		end->arrived = &node->ooo;
	}
	if (host->mode == XTCP_HOST_LISTEN) {
		end->open.rcv_space = end->rcvbuf;
		memset(&host->req, 0xa5, sizeof(host->req));
	}
	xtcp_host_rx(host, &end->seg, node ? &node->ooo : NULL);
	if (record && (host->verdict == XTCP_TW_RST || host->verdict == XTCP_TW_END))
		end->aborted = true;
}

/* ---- time ---- */

u64 end_deadline(const struct end *end)
{
	return xtcp_host_deadline(&end->host);
}

/* The timer fires, due or not. */
void end_timeout(struct end *end)
{
	int limit = TIMERS_MAX;

	end->what = "xtcp_timeout()";
	do {
		xtcp_host_timeout(&end->host);
	} while (end_tcb(end) && end_deadline(end) <= *end->now && limit--);
	if (limit < 0)
		fuzz_fail("timers do not come to rest");
}

/* ---- the application ---- */

void end_write(struct end *end, u32 bytes, u32 flags)
{
	if (!end_live(end) || end->closed || end->host.tcb->flags & XTCP_F_FIN_QUEUED)
		return;
	bytes = min(bytes, end_room(end));
	if (!bytes)
		return;
	end->written += bytes;
	CALL(end, xtcp_wrote(end->host.tcb, bytes, flags, *end->now));
}

void end_read(struct end *end, u32 bytes)
{
	if (!end_tcb(end) || end->closed)
		return;
	bytes = min(bytes, end->unread);
	end->unread -= bytes;
	CALL(end, xtcp_read(end->host.tcb, bytes, op_space(&end->host), *end->now));
	if (!end->unread && end_tcb(end))
		CALL(end, xtcp_read_blocks(end->host.tcb));
}

void end_shutdown(struct end *end)
{
	if (end_tcb(end) && !end->closed)
		CALL(end, xtcp_shutdown(end->host.tcb, *end->now));
}

/* close(); with unread data the socket layer resets (RFC 2525, 2.17). */
void end_close(struct end *end)
{
	if (!end_tcb(end) || end->closed)
		return;
	if (end->unread) {
		end_abort(end);
		return;
	}
	end->closed = true;
	CALL(end, xtcp_close(end->host.tcb, *end->now));
}

void end_abort(struct end *end)
{
	if (!end_live(end))
		return;
	end->aborted = true;
	CALL(end, xtcp_abort(end->host.tcb, *end->now));
}

void end_set(struct end *end, enum xtcp_opt opt, u32 val)
{
	if (end_tcb(end))
		CALL(end, xtcp_set(end->host.tcb, opt, val, *end->now));
}

void end_pacing(struct end *end, u64 rate)
{
	if (!end_tcb(end))
		return;
	xtcp_set_pacing_max(end->host.tcb, rate);
	contract_tcb(end, "xtcp_set_pacing_max()");
	/* Set on the way out, so that output follows in any case. */
	end->want_output = true;
	push(end);
}

void end_cc(struct end *end, u32 which)
{
	if (!end_tcb(end))
		return;
	xtcp_cc_set(end->host.tcb, end_cc_pick(which), *end->now);
	contract_tcb(end, "xtcp_cc_set()");
}

void end_icmp(struct end *end, enum xtcp_icmp kind, u32 seq, u16 mss)
{
	if (end_tcb(end))
		CALL(end, xtcp_icmp_rx(end->host.tcb, kind, seq, mss, *end->now));
}

/* The size of the receive buffer changes. */
void end_space(struct end *end, u32 rcvbuf)
{
	end->rcvbuf = rcvbuf;
	if (!end_tcb(end))
		return;
	xtcp_space(end->host.tcb, op_space(&end->host));
	contract_tcb(end, "xtcp_space()");
}

/* A shortage of memory begins or ends. */
void end_memory(struct end *end, u8 what)
{
	end->no_map = what & 1;
	end->host.no_ooo = what & 2;
	end->fail_in = what >> 5;
	if (!end_tcb(end))
		return;
	if (what & 4)
		xtcp_host_reclaim(&end->host, 0);
	if (what & 8) {
		fuzz_work = 0;
		if (xtcp_reass_prune(end->host.tcb))
			xtcp_host_reap(&end->host);
		contract_work(end, "xtcp_reass_prune()");
	}
	contract_tcb(end, "a shortage");
}
