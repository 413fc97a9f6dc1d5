// SPDX-License-Identifier: GPL-2.0
/*
 * BBR on a small model of a bottleneck: a sender with unlimited data, a queue of limited
 * size before a link of given rate, ACKs after a fixed delay. Losses are detected with
 * the next ACK, and lost data is not sent again.
 */
#include "core.h"
#include "cc/bbr.h"
#include "harness.h"

#define SEC	XTCP_NSEC_PER_SEC
#define MSEC	XTCP_NSEC_PER_MSEC

#define MSS	1000
#define RING	32768

struct pkt {
	struct xtcp_sent sent;
	u64 ack_at;		/* ns */
	bool lost;
	bool ce;
};

struct net {
	/* set by a test */
	u64 rate;		/* bytes a second */
	u64 rtt;		/* ns, without queue */
	u32 buffer;		/* bytes */
	u32 loss;		/* per million */
	u32 mark_above;		/* bytes of queue; 0: no marks */
	u64 app_rate;		/* bytes a second that the application writes; 0: no limit */

	struct xtcp_params par;
	struct xtcp_tcb tcb;
	struct bbr *b;
	u64 now;
	u64 free_at;		/* ns, when the queue will be empty */
	u64 next_tx;		/* ns, pacing */
	struct pkt ring[RING];
	u32 head, tail;		/* packets acknowledged, sent */
	u32 seed;

	/* observations */
	u64 delivered;
	u64 lost;
	u32 states;		/* bit per enum bbr_state */
	u32 queue_max;		/* bytes, maximum since last cleared */
	u32 cruise_queue;	/* bytes, largest in CRUISE */
};

static void begin(struct net *n, u32 iss)
{
	struct xtcp_tcb *tcb = &n->tcb;

	n->par.initial_cwnd = 10;
	n->now = SEC;
	n->seed = 1;
	tcb->par = &n->par;
	tcb->cc = &xtcp_cc_bbr;
	tcb->mss = MSS;
	tcb->iss = iss;
	tcb->opts = XTCP_OPT_SACK_PERM;
	tcb->snd_una = 1;
	tcb->snd_nxt = 1;
	tcb->cwnd = 10 * MSS;
	tcb->ssthresh = ~0U;
	tcb->srtt8_us = (u32)(n->rtt / 125);
	tcb->min_rtt_us = (u32)(n->rtt / 1000);
	tcb->cc->init(tcb, n->now);
	n->b = xtcp_cc_state(tcb, struct bbr);
}

static u32 chance(struct net *n)
{
	n->seed = n->seed * 1664525 + 1013904223;
	return (u32)(((u64)n->seed * 1000000) >> 32);
}

static u32 queue(const struct net *n)
{
	return n->free_at > n->now ? (u32)((n->free_at - n->now) * n->rate / SEC) : 0;
}

static void send(struct net *n)
{
	struct pkt *p = &n->ring[n->tail++ % RING];
	struct xtcp_tcb *tcb = &n->tcb;
	u32 q = queue(n);

	memset(p, 0, sizeof(*p));
	p->sent.seq = tcb->snd_nxt;
	tcb->snd_nxt += MSS;
	p->sent.end = tcb->snd_nxt;
	p->sent.sent_at = n->now;
	if (xtcp_flight(tcb) == MSS) {
		tcb->first_tx_at = n->now;
		tcb->delivered_at = n->now;
	}
	p->sent.first_tx_at = tcb->first_tx_at;
	p->sent.delivered_at = tcb->delivered_at;
	p->sent.delivered = tcb->delivered;
	p->sent.lost = tcb->lost;
	p->sent.flight = xtcp_flight(tcb);
	p->sent.marks = n->app_rate ? XTCP_SENT_APP : 0;
	p->ce = n->mark_above && q > n->mark_above;
	p->lost = q + MSS > n->buffer || chance(n) < n->loss;
	if (q + MSS <= n->buffer) {
		n->free_at = max(n->free_at, n->now) + MSS * SEC / n->rate;
		n->queue_max = max(n->queue_max, q);
		if (n->b->phase == BBR_CRUISE)
			n->cruise_queue = max(n->cruise_queue, q);
	}
	p->ack_at = max(n->free_at, n->now) + n->rtt;
	n->next_tx = max(n->next_tx, n->now) +
		     MSS * SEC / (n->app_rate ? min(n->app_rate, tcb->pacing_rate) :
				  tcb->pacing_rate);
}

/* Losses before the acknowledged packet are detected now. */
static u32 notice_lost(struct net *n)
{
	struct xtcp_tcb *tcb = &n->tcb;
	u32 lost = 0;

	for (; n->head != n->tail && n->ring[n->head % RING].lost; n->head++) {
		tcb->lost += MSS;
		lost += MSS;
		tcb->cc->lost(tcb, &n->ring[n->head % RING].sent);
		tcb->snd_una += MSS;
	}
	n->lost += lost;
	if (lost && tcb->cong == XTCP_CONG_OPEN) {
		tcb->cong = XTCP_CONG_RECOVERY;
		tcb->recover = tcb->snd_nxt;
		xtcp_cc_notify(tcb, XTCP_CC_LOSS, n->now);
	}
	return lost;
}

static void ack_one(struct net *n)
{
	struct xtcp_tcb *tcb = &n->tcb;
	u32 flight = xtcp_flight(tcb);
	u32 lost = notice_lost(n);
	const struct pkt *p = &n->ring[n->head++ % RING];
	const struct xtcp_sent *s = &p->sent;
	u64 span;
	struct xtcp_ack ack = {
		.now = n->now, .flight = flight, .una = MSS, .delivered = MSS,
		.lost = lost, .ce = p->ce ? MSS : 0,
		.rtt_us = (u32)((n->now - s->sent_at) / 1000),
		.rs_any = true, .rs_prior = s->delivered, .rs_flight = s->flight,
		.rs_app_limited = s->marks & XTCP_SENT_APP,
	};

	tcb->snd_una += MSS;
	tcb->delivered += MSS;
	n->delivered += MSS;
	span = max(n->now - s->delivered_at, s->sent_at - s->first_tx_at);
	tcb->delivered_at = n->now;
	tcb->first_tx_at = s->sent_at;
	tcb->rack_rtt_us = ack.rtt_us;
	ack.rs_delivered = tcb->delivered - s->delivered;
	ack.rs_lost = tcb->lost - s->lost;
	ack.rs_interval_us = (u32)(span / 1000);
	if (tcb->cong == XTCP_CONG_RECOVERY && seq_ge(tcb->snd_una, tcb->recover)) {
		tcb->cong = XTCP_CONG_OPEN;
		xtcp_cc_notify(tcb, XTCP_CC_DONE, n->now);
	}
	tcb->cc->control(tcb, &ack);
	n->states |= 1U << n->b->phase;
	if (tcb->cwnd < MSS || tcb->cwnd > XTCP_CWND_MAX || !tcb->pacing_rate)
		unit_fail(__FILE__, __LINE__, "cwnd %u, rate %llu", tcb->cwnd,
			  (unsigned long long)tcb->pacing_rate);
}

/* When the next packet that was not lost is acknowledged; never, if all were lost. */
static u64 next_ack(const struct net *n)
{
	u32 i;

	for (i = n->head; i != n->tail; i++)
		if (!n->ring[i % RING].lost)
			return n->ring[i % RING].ack_at;
	return XTCP_NEVER;
}

static bool may_send(const struct net *n)
{
	return xtcp_flight(&n->tcb) + MSS <= n->tcb.cwnd && n->tail - n->head < RING;
}

static void step(struct net *n)
{
	u64 tx = may_send(n) ? max(n->next_tx, n->now) : XTCP_NEVER;
	u64 ack = next_ack(n);

	if (tx == XTCP_NEVER && ack == XTCP_NEVER) {
		/* The whole flight was lost: retransmission timeout. */
		n->now += SEC;
		notice_lost(n);
		xtcp_cc_notify(&n->tcb, XTCP_CC_TIMEOUT, n->now);
		return;
	}
	n->now = min(tx, ack);
	if (ack <= tx)
		ack_one(n);
	else
		send(n);
}

static void run(struct net *n, u64 ns)
{
	u64 end = n->now + ns;

	while (n->now < end)
		step(n);
}

/* Run until @state, or for 20 s. */
static bool run_until(struct net *n, u8 state)
{
	u64 end = n->now + 20 * SEC;

	while (n->now < end && n->b->phase != state)
		step(n);
	return n->b->phase == state;
}

static u64 model_rate(const struct net *n)
{
	return xtcp_bbr_max_bw(n->b) * 1000000 >> BBR_BW_SHIFT;
}

static bool within(u64 got, u64 want, u32 percent)
{
	return got * 100 >= want * (100 - percent) && got * 100 <= want * (100 + percent);
}

static struct net net;

static struct net *make(u64 rate, u64 rtt, u32 buffer, u32 iss)
{
	memset(&net, 0, sizeof(net));
	net.rate = rate;
	net.rtt = rtt;
	net.buffer = buffer;
	begin(&net, iss);
	return &net;
}

/* The model finds the path: bandwidth within 5 %, round trip within 2 %. */
UNIT(bbr_finds_the_path)
{
	static const struct {
		const char *name;
		u64 rate;
		u64 rtt;
		u32 buffer;	/* percent of the BDP */
		u32 least;	/* percent of the rate used, over two ProbeRTTs */
	} tab[] = {
		{ "100 Mbit/s, 40 ms, one BDP", 12500000, 40 * MSEC, 100, 95 },
		{ "100 Mbit/s, 40 ms, ten", 12500000, 40 * MSEC, 1000, 95 },
		{ "100 Mbit/s, 40 ms, a quarter", 12500000, 40 * MSEC, 25, 90 },
		{ "1 Mbit/s, 100 ms, two", 125000, 100 * MSEC, 200, 93 },
		{ "1 Gbit/s, 10 ms, one", 125000000, 10 * MSEC, 100, 95 },
		{ "10 Mbit/s, 600 ms, one", 1250000, 600 * MSEC, 100, 85 },
		{ "1 Gbit/s, 1 ms, four", 125000000, MSEC, 400, 95 },
	};
	u32 i;

	for (i = 0; i < ARRAY_SIZE(tab); i++) {
		u32 bdp = (u32)(tab[i].rate * tab[i].rtt / SEC);
		struct net *n = make(tab[i].rate, tab[i].rtt,
				     bdp / 100 * tab[i].buffer + 2 * MSS, 7);
		u64 had;

		run(n, 10 * tab[i].rtt + SEC);
		had = n->delivered;
		run(n, 10 * SEC);
		CHECK_ROW(tab[i].name, within(model_rate(n), tab[i].rate, 5), true);
		CHECK_ROW(tab[i].name, within(n->b->min_rtt_us,
					      tab[i].rtt / 1000 + MSS * SEC / tab[i].rate / 1000,
					      2), true);
		CHECK_ROW(tab[i].name, (n->delivered - had) / (tab[i].rate / 10) >= tab[i].least,
			  true);
	}
}

/* Startup, drain, the cycle, and ProbeRTT, in this order. */
UNIT(bbr_states)
{
	/* The queue is empty when DRAIN ends, so the same ACK also ends DOWN. */
	static const u8 walk[] = {
		BBR_DRAIN, BBR_CRUISE, BBR_REFILL, BBR_UP, BBR_DOWN, BBR_CRUISE,
	};
	struct net *n = make(12500000, 40 * MSEC, 1000000, 7);
	u32 i;

	for (i = 0; i < ARRAY_SIZE(walk); i++) {
		u8 was = n->b->phase;

		while (n->b->phase == was && n->now < 20 * SEC)
			step(n);
		CHECK_EQ(n->b->phase, walk[i]);
	}
}

/* DRAIN empties the queue of STARTUP, and none builds up in CRUISE. */
UNIT(bbr_drains)
{
	struct net *n = make(12500000, 40 * MSEC, 5000000, 7);

	CHECK(run_until(n, BBR_DRAIN));
	CHECK(n->queue_max > 200000);
	/* The limit is cwnd_gain, not the buffer. */
	CHECK(n->queue_max < 1500000);
	CHECK(run_until(n, BBR_CRUISE));
	CHECK(queue(n) < 20000);
	run(n, SEC);
	CHECK(n->cruise_queue < 50000);
}

/* No ProbeRTT while samples equal the minimum RTT. */
UNIT(bbr_no_probe_rtt)
{
	struct net *n = make(12500000, 40 * MSEC, 1000000, 7);

	run(n, 60 * SEC);
	CHECK(!(n->states & BIT(BBR_PROBE_RTT)));
	CHECK(n->states & BIT(BBR_UP));
}

/* After 5 s with a longer RTT: half of the BDP for 200 ms, then back. */
UNIT(bbr_probe_rtt)
{
	struct net *n = make(12500000, 40 * MSEC, 1000000, 7);
	u64 at, low = 0;
	u32 cwnd;

	run(n, 4 * SEC);
	n->rtt += MSEC;
	run(n, 200 * MSEC);
	at = n->now;
	cwnd = n->tcb.cwnd;
	CHECK(run_until(n, BBR_PROBE_RTT));
	CHECK(n->now > at + 4700 * MSEC && n->now < at + 5 * SEC);
	at = n->now;
	while (n->b->phase == BBR_PROBE_RTT && n->now < 20 * SEC) {
		step(n);
		if (xtcp_flight(&n->tcb) <= 260000)
			low = low ? low : n->now;
	}
	CHECK_EQ(n->b->phase, BBR_CRUISE);
	CHECK(low && n->now - low >= 200 * MSEC);
	CHECK(n->now - at < 400 * MSEC);
	/* The window is restored at once, not gradually. */
	CHECK(within(n->tcb.cwnd, cwnd, 20));
	run(n, 100 * MSEC);
	CHECK(within(n->tcb.cwnd, cwnd, 20));
	CHECK(within(model_rate(n), 12500000, 5));
}

/*
 * Random loss below the threshold reduces goodput by little more than the loss itself;
 * above the threshold the sender slows down.
 */
UNIT(bbr_random_loss)
{
	static const struct {
		u32 loss;
		u32 least;	/* percent of the rate */
		u32 most;
	} tab[] = {
		{ 0, 94, 100 }, { 1000, 93, 100 }, { 10000, 84, 99 }, { 15000, 75, 98 },
		{ 30000, 75, 97 }, { 150000, 0, 30 },
	};
	u32 i;

	for (i = 0; i < ARRAY_SIZE(tab); i++) {
		struct net *n = make(12500000, 40 * MSEC, 500000, 7);

		n->loss = tab[i].loss;
		run(n, 20 * SEC);
		CHECK(n->delivered >= 12500000ULL * 20 / 100 * tab[i].least);
		CHECK(n->delivered <= 12500000ULL * 20 / 100 * tab[i].most);
	}
}

/* Random loss does not end STARTUP early: the full rate is found. */
UNIT(bbr_random_startup)
{
	u32 i;

	for (i = 1; i <= 100; i++) {
		struct net *n = make(12500000, 40 * MSEC, 500000, 7);

		n->seed = i * 2654435761U;
		n->loss = 30000;
		run(n, 800 * MSEC);
		if (!within(model_rate(n), 12500000, 10))
			unit_fail(__FILE__, __LINE__, "%u: %llu bytes a second", i,
				  (unsigned long long)model_rate(n));
	}
}

/* A very small buffer: losses limit the bytes in flight, and remain few. */
UNIT(bbr_shallow_buffer)
{
	struct net *n = make(12500000, 40 * MSEC, 25000, 7);
	u64 end = n->now + 20 * SEC;

	while (n->now < end) {
		u32 was = n->b->phase;

		step(n);
		if (n->b->phase == BBR_CRUISE && was == BBR_CRUISE)
			CHECK(n->tcb.cwnd <= xtcp_bbr_headroom(&n->tcb, n->b));
		else if (n->b->phase >= BBR_DOWN && n->b->phase <= BBR_UP)
			CHECK(n->tcb.cwnd <= n->b->inflight_long);
	}
	CHECK(n->b->inflight_long < BBR_NO_BYTES);
	CHECK(n->lost < n->delivered / 50);
	CHECK(n->delivered >= 12500000ULL * 20 / 100 * 75);
}

/*
 * 5.3.3.7: after a probe with too much loss the next one ends when it reaches the same
 * volume; if nothing is lost then, a full probe follows at once.
 */
UNIT(bbr_precaution)
{
	struct net *n = make(12500000, 40 * MSEC, 25000, 7);
	u32 limit;
	u64 at;

	CHECK(run_until(n, BBR_CRUISE));
	CHECK(run_until(n, BBR_UP));
	CHECK(run_until(n, BBR_DOWN));
	CHECK(n->b->flags & BBR_F_TOO_HIGH);
	/* The competing traffic has ended. */
	n->buffer = 5000000;
	CHECK(run_until(n, BBR_CRUISE));
	CHECK(run_until(n, BBR_UP));
	at = n->now;
	limit = n->b->inflight_long;
	CHECK(run_until(n, BBR_DOWN));
	CHECK(n->now - at < 100 * MSEC);
	CHECK(n->b->flags & BBR_F_PRECAUTION);
	at = n->now;
	n->states = 0;
	CHECK(run_until(n, BBR_REFILL));
	CHECK(n->now - at < 200 * MSEC);
	CHECK(run_until(n, BBR_UP));
	run(n, 100 * MSEC);
	CHECK(n->b->inflight_long > limit);
}

/*
 * An inflight_longterm beyond the capacity of the path, set when the buffer was full,
 * does not limit a probe: it ends like one without a bound.
 */
UNIT(bbr_probe_ends)
{
	struct net *n = make(12500000, 40 * MSEC, 5000000, 7);
	u64 at;

	CHECK(run_until(n, BBR_CRUISE));
	CHECK(run_until(n, BBR_REFILL));
	n->b->inflight_long = 800000;
	CHECK(run_until(n, BBR_UP));
	at = n->now;
	CHECK(run_until(n, BBR_DOWN));
	CHECK(n->now - at < 240 * MSEC);
	CHECK(n->b->inflight_long <= 900000);
}

/* A probe that finds no bandwidth ends before the queue exceeds half a BDP. */
UNIT(bbr_probe_queue)
{
	struct net *n = make(12500000, 40 * MSEC, 5000000, 7);
	u64 at;

	CHECK(run_until(n, BBR_CRUISE));
	CHECK(run_until(n, BBR_UP));
	n->queue_max = 0;
	at = n->now;
	CHECK(run_until(n, BBR_DOWN));
	CHECK(n->now - at > 80 * MSEC && n->now - at < 110 * MSEC);
	CHECK(n->queue_max > 150000 && n->queue_max < 300000);
	/* A probe that finds bandwidth goes on until it has all of it. */
	CHECK(run_until(n, BBR_REFILL));
	n->rate = 50000000;
	CHECK(run_until(n, BBR_UP));
	CHECK(run_until(n, BBR_DOWN));
	CHECK(within(model_rate(n), 50000000, 10));
}

/* 5.3.3.8: probes are no more frequent than losses of Reno, where these are frequent. */
UNIT(bbr_probe_interval)
{
	static const struct {
		const char *name;
		u64 rate;
		u64 rtt;
		u32 min_ms;	/* from one REFILL to the next */
		u32 max_ms;
	} tab[] = {
		{ "three segments: a few rounds", 125000, 24 * MSEC, 50, 700 },
		{ "large and near: 63 rounds", 125000000, 10 * MSEC, 600, 800 },
		{ "large and far: 2 to 3 s", 12500000, 200 * MSEC, 2400, 5000 },
	};
	u32 i;

	for (i = 0; i < ARRAY_SIZE(tab); i++) {
		u32 bdp = (u32)(tab[i].rate * tab[i].rtt / SEC);
		struct net *n = make(tab[i].rate, tab[i].rtt, 4 * bdp + 20000, 7);
		u64 at, ms;

		CHECK(run_until(n, BBR_REFILL));
		at = n->now;
		CHECK(run_until(n, BBR_UP));
		CHECK(run_until(n, BBR_REFILL));
		ms = (n->now - at) / MSEC;
		if (ms < tab[i].min_ms || ms > tab[i].max_ms)
			unit_fail(__FILE__, __LINE__, "%s: %llu ms", tab[i].name,
				  (unsigned long long)ms);
	}
}

/* DRAIN ends even if the bandwidth was overestimated. */
UNIT(bbr_drain_ends)
{
	struct net *n = make(12500000, 40 * MSEC, 5000000, 7);
	u64 at;

	while (n->b->full_count < 2)
		step(n);
	n->rate = 2500000;
	CHECK(run_until(n, BBR_DRAIN));
	run(n, SEC);
	at = n->now;
	CHECK_EQ(n->b->phase, BBR_DRAIN);
	CHECK(run_until(n, BBR_DOWN));
	CHECK(n->now - at < SEC);
}

/* BBR adapts to more and to less bandwidth within a few cycles. */
UNIT(bbr_bandwidth_changes)
{
	struct net *n = make(12500000, 40 * MSEC, 1000000, 7);

	run(n, 5 * SEC);
	n->rate = 25000000;
	run(n, 15 * SEC);
	CHECK(within(model_rate(n), 25000000, 5));
	n->rate = 5000000;
	run(n, 15 * SEC);
	CHECK(within(model_rate(n), 5000000, 8));
	n->queue_max = 0;
	CHECK(run_until(n, BBR_CRUISE));
	CHECK(queue(n) < 100000);
}

/* Marks instead of losses: the queue stays at the threshold. */
UNIT(bbr_marks)
{
	struct net *n = make(12500000, 40 * MSEC, 5000000, 7);
	u32 plain;

	run(n, 3 * SEC);
	n->queue_max = 0;
	run(n, 10 * SEC);
	plain = n->queue_max;

	n = make(12500000, 40 * MSEC, 5000000, 7);
	n->mark_above = 25000;
	/* Marks end STARTUP, and the bytes in flight become the bound. */
	CHECK(run_until(n, BBR_DRAIN));
	CHECK(n->b->inflight_long < BBR_NO_BYTES);
	run(n, 3 * SEC);
	n->queue_max = 0;
	run(n, 10 * SEC);
	CHECK(n->b->inflight_long < BBR_NO_BYTES);
	CHECK(n->queue_max < plain);
	CHECK(n->queue_max < 150000);
	CHECK(n->delivered >= 12500000ULL * 13 / 100 * 85);
}

/* App-limited samples neither end STARTUP nor lower an estimate. */
UNIT(bbr_application_limited)
{
	struct net *n = make(12500000, 40 * MSEC, 1000000, 7);

	n->app_rate = 1000000;
	run(n, 4 * SEC);
	CHECK_EQ(n->b->phase, BBR_STARTUP);
	n->app_rate = 0;
	run(n, 2 * SEC);
	CHECK(within(model_rate(n), 12500000, 5));
	CHECK(n->b->flags & BBR_F_FULL);
	n->app_rate = 1000000;
	run(n, 20 * SEC);
	CHECK(within(model_rate(n), 12500000, 5));
}

/* After a timeout the window is one segment; the previous window is saved. */
UNIT(bbr_timeout)
{
	struct net *n = make(12500000, 40 * MSEC, 1000000, 7);
	u32 good;

	run(n, 3 * SEC);
	good = n->tcb.cwnd;
	n->tcb.lost_out = n->tcb.snd_nxt - n->tcb.snd_una - 3 * MSS;
	n->tcb.cong = XTCP_CONG_LOSS;
	xtcp_cc_notify(&n->tcb, XTCP_CC_TIMEOUT, n->now);
	CHECK_EQ(n->tcb.cwnd, 4 * MSS);
	n->tcb.lost_out = 0;
	n->tcb.cong = XTCP_CONG_OPEN;
	xtcp_cc_notify(&n->tcb, XTCP_CC_DONE, n->now);
	CHECK_EQ(n->tcb.cwnd, good);
}

/* STARTUP continues if the loss that ended it was spurious. */
UNIT(bbr_undo_startup)
{
	struct net *n = make(12500000, 40 * MSEC, 60000, 7);

	n->loss = 0;
	CHECK(run_until(n, BBR_DRAIN));
	CHECK(n->b->inflight_long < BBR_NO_BYTES);
	xtcp_cc_notify(&n->tcb, XTCP_CC_UNDO, n->now);
	CHECK_EQ(n->b->phase, BBR_STARTUP);
	CHECK(!(n->b->flags & BBR_F_FULL));
	CHECK_EQ(n->b->inflight_long, BBR_NO_BYTES);
	CHECK_EQ(n->b->inflight_short, BBR_NO_BYTES);
}

/* A probe is repeated if the loss that ended it was spurious. */
UNIT(bbr_undo_probe)
{
	struct net *n = make(12500000, 40 * MSEC, 1000000, 7);

	CHECK(run_until(n, BBR_UP));
	run(n, 20 * MSEC);
	CHECK_EQ(n->b->phase, BBR_UP);
	n->b->inflight_long = 2000000;
	n->buffer = queue(n);
	CHECK(run_until(n, BBR_DOWN));
	CHECK(n->b->inflight_long < 1000000);
	xtcp_cc_notify(&n->tcb, XTCP_CC_UNDO, n->now);
	CHECK_EQ(n->b->phase, BBR_REFILL);
	CHECK_EQ(n->b->inflight_long, 2000000);
}

/* After idle time: the rate of the model, without the gain of the phase; no ProbeRTT. */
UNIT(bbr_restart)
{
	struct net *n = make(12500000, 40 * MSEC, 1000000, 7);
	u64 rate;

	CHECK(run_until(n, BBR_UP));
	run(n, 50 * MSEC);
	CHECK_EQ(n->b->phase, BBR_UP);
	rate = n->tcb.pacing_rate;
	/* All data arrives, then nothing is sent for a minute. */
	while (n->head != n->tail) {
		n->now = max(n->now, next_ack(n));
		ack_one(n);
	}
	n->states = 0;
	n->now += 60 * SEC;
	xtcp_cc_notify(&n->tcb, XTCP_CC_RESTART, n->now);
	CHECK(n->tcb.pacing_rate <= rate);
	CHECK(within(n->tcb.pacing_rate, 12500000, 3));
	run(n, 200 * MSEC);
	CHECK(!(n->states & 1U << BBR_PROBE_RTT));
	CHECK(within(model_rate(n), 12500000, 5));
}

/* The wait between probes is 2 to 3 s, derived from the ISS alone. */
UNIT(bbr_wait)
{
	u32 same = 0, i, first = 0;

	for (i = 1; i <= 20; i++) {
		struct net *n = make(12500000, 40 * MSEC, 1000000, i * 64000);
		u32 wait;

		CHECK(run_until(n, BBR_DOWN));
		wait = n->b->wait_us;
		CHECK(wait >= 2000000 && wait < 3000000);
		same += wait == first;
		first = first ? first : wait;
	}
	CHECK_EQ(same, 0);
	CHECK(run_until(make(12500000, 40 * MSEC, 1000000, 64000), BBR_DOWN));
	CHECK_EQ(net.b->wait_us, first);
}
