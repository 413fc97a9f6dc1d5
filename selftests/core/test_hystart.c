// SPDX-License-Identifier: GPL-2.0
/*
 * HyStart++: RFC 9406, section 4.2, as tables of round trips.
 */
#include "core.h"
#include "harness.h"
#include "cc/hystart.h"

struct path {
	struct xtcp_tcb tcb;
	struct xtcp_hystart hs;
};

static void begin(struct path *p, u32 ssthresh)
{
	memset(p, 0, sizeof(*p));
	p->tcb.mss = 1000;
	p->tcb.cwnd = 10000;
	p->tcb.ssthresh = ssthresh;
	p->tcb.snd_una = 1;
	p->tcb.snd_nxt = 1;
	xtcp_hystart_init(&p->tcb, &p->hs);
	p->tcb.snd_nxt = 10001;
}

/* One ACK for one segment. */
static void one(struct path *p, u32 rtt_us)
{
	struct xtcp_ack ack = { .una = 1000, .delivered = 1000, .rtt_us = rtt_us };

	p->tcb.snd_una += 1000;
	p->tcb.snd_nxt += 1000;
	xtcp_hystart_ack(&p->tcb, &p->hs, &ack);
}

/* A round trip of @n ACKs; the window is constant: ten segments a round. */
static void round_trip(struct path *p, u32 n, u32 rtt_us)
{
	u32 i;

	for (i = 0; i < 10; i++)
		one(p, i < n ? rtt_us : 0);
}

UNIT(hystart_rounds)
{
	static const struct {
		const char *name;
		u32 samples;	/* in every round */
		u32 rtt_ms[12];	/* of each round; 0: end */
		u8 phase;
		bool ended;
	} tab[] = {
		{ "a steady delay", 10, { 40, 40, 40, 40 }, XTCP_HYSTART_ON },
		{ "below an eighth more", 10, { 80, 89, 98 }, XTCP_HYSTART_ON },
		{ "an eighth more", 10, { 80, 90 }, XTCP_HYSTART_CSS },
		{ "below 4 ms more", 10, { 8, 11, 14, 17 }, XTCP_HYSTART_ON },
		{ "4 ms more", 10, { 8, 12 }, XTCP_HYSTART_CSS },
		{ "16 ms more are enough", 10, { 400, 416 }, XTCP_HYSTART_CSS },
		{ "15 ms are not", 10, { 400, 415 }, XTCP_HYSTART_ON },
		{ "too few samples", 7, { 40, 80, 160 }, XTCP_HYSTART_ON },
		{ "just enough", 8, { 40, 80 }, XTCP_HYSTART_CSS },
		{ "the delay falls again", 10, { 40, 60, 50 }, XTCP_HYSTART_ON },
		{ "and grows anew", 10, { 40, 60, 50, 60 }, XTCP_HYSTART_CSS },
		{ "four rounds of CSS", 10, { 40, 60, 60, 61, 62, 63 }, XTCP_HYSTART_CSS },
		{ "counted anew", 10, { 40, 60, 60, 61, 50, 60, 61, 62, 63 }, XTCP_HYSTART_CSS },
		{ "five", 10, { 40, 60, 60, 61, 62, 63, 64 }, XTCP_HYSTART_OFF, true },
	};
	u32 i, k;

	for (i = 0; i < ARRAY_SIZE(tab); i++) {
		struct path p;

		begin(&p, ~0U);
		for (k = 0; k < ARRAY_SIZE(tab[i].rtt_ms) && tab[i].rtt_ms[k]; k++)
			round_trip(&p, tab[i].samples, tab[i].rtt_ms[k] * 1000);
		CHECK_ROW(tab[i].name, p.hs.phase, tab[i].phase);
		CHECK_ROW(tab[i].name, p.tcb.ssthresh, tab[i].ended ? 10000 : ~0U);
	}
}

/* The minimum RTT of a round counts, not the queue that its own burst causes. */
UNIT(hystart_minimum)
{
	struct path p;
	u32 k, i;

	begin(&p, ~0U);
	for (k = 0; k < 6; k++)
		for (i = 0; i < 10; i++)
			one(&p, 40000 + i * 5000);
	CHECK_EQ(p.hs.phase, XTCP_HYSTART_ON);
}

/* Only while ssthresh is unknown, and not beyond it. */
UNIT(hystart_where)
{
	struct path p;

	begin(&p, 50000);
	CHECK_EQ(p.hs.phase, XTCP_HYSTART_OFF);
	begin(&p, ~0U);
	CHECK_EQ(p.hs.phase, XTCP_HYSTART_ON);
	p.tcb.ssthresh = p.tcb.cwnd;
	one(&p, 1000);
	CHECK_EQ(p.hs.phase, XTCP_HYSTART_OFF);
}

UNIT(hystart_share)
{
	struct xtcp_hystart hs = { .phase = XTCP_HYSTART_ON };

	CHECK_EQ(xtcp_hystart_share(&hs, 1000), 1000);
	hs.phase = XTCP_HYSTART_CSS;
	CHECK_EQ(xtcp_hystart_share(&hs, 1000), 250);
	hs.phase = XTCP_HYSTART_OFF;
	CHECK_EQ(xtcp_hystart_share(&hs, 1000), 1000);
}

#define NONE	(~0U)

/* In slow start, in the middle of a round whose next sample is the eighth. */
static void eighth(struct xtcp_tcb *tcb, struct xtcp_hystart *hs, u8 phase)
{
	memset(tcb, 0, sizeof(*tcb));
	tcb->cwnd = 10000;
	tcb->ssthresh = ~0U;
	tcb->snd_una = 1000;
	tcb->snd_nxt = 11000;
	*hs = (struct xtcp_hystart){
		.last_min_us = 80000, .cur_min_us = NONE, .base_us = 95000,
		.round_end = 11000, .samples = 7, .css_rounds = 4, .phase = phase,
	};
}

/* HyStart++ is on in the first slow start only, and has no values at its beginning. */
UNIT(hystart_begins)
{
	static const struct {
		u32 ssthresh;
		u8 phase;
	} tab[] = {
		{ ~0U, XTCP_HYSTART_ON }, { XTCP_CWND_MAX, XTCP_HYSTART_ON }, { XTCP_CWND_MAX - 1, XTCP_HYSTART_OFF },
	};
	struct xtcp_hystart hs;
	struct xtcp_tcb tcb;
	u32 i;

	for (i = 0; i < ARRAY_SIZE(tab); i++) {
		eighth(&tcb, &hs, XTCP_HYSTART_CSS);
		tcb.ssthresh = tab[i].ssthresh;
		xtcp_hystart_init(&tcb, &hs);
		CHECK_EQ(hs.phase, tab[i].phase);
		CHECK_EQ(hs.last_min_us, NONE);
		CHECK_EQ(hs.cur_min_us, NONE);
		CHECK_EQ(hs.base_us, NONE);
		CHECK_EQ(hs.round_end, 1000);
		CHECK_EQ(hs.samples, 0);
		CHECK_EQ(hs.css_rounds, 0);
	}
}

/* RFC 9406, 4.2 and 4.3: the threshold is RTT / 8, at least 4 ms, at most 16 ms. */
UNIT(hystart_threshold)
{
	static const struct {
		u32 last, least;	/* us: minimum of the last round; threshold in this one */
	} tab[] = { { 20000, 24000 }, { 32000, 36000 }, { 80000, 90000 }, { 128000, 144000 }, { 200000, 216000 } };
	struct xtcp_hystart hs;
	struct xtcp_tcb tcb;
	u32 i, k;

	for (i = 0; i < ARRAY_SIZE(tab); i++)
		for (k = 0; k < 2; k++) {
			struct xtcp_ack ack = { .una = 1000, .rtt_us = tab[i].least - k };

			eighth(&tcb, &hs, XTCP_HYSTART_ON);
			hs.last_min_us = tab[i].last;
			xtcp_hystart_ack(&tcb, &hs, &ack);
			CHECK_EQ(hs.phase, k ? XTCP_HYSTART_ON : XTCP_HYSTART_CSS);
			CHECK_EQ(hs.base_us, k ? 95000 : tab[i].least);
			CHECK_EQ(hs.css_rounds, k ? 4 : 0);
			CHECK_EQ(hs.samples, 8);
			/* No further samples are counted. */
			xtcp_hystart_ack(&tcb, &hs, &ack);
			CHECK_EQ(hs.samples, 8);
		}
}

/* If the delay falls, slow start resumes, and the CSS baseline is cleared. */
UNIT(hystart_resumes)
{
	static const struct {
		u32 rtt_us, base_us;
		u8 phase;
	} tab[] = { { 94999, NONE, XTCP_HYSTART_ON }, { 95000, 95000, XTCP_HYSTART_CSS } };
	struct xtcp_hystart hs;
	struct xtcp_tcb tcb;
	u32 i;

	for (i = 0; i < ARRAY_SIZE(tab); i++) {
		struct xtcp_ack ack = { .una = 1000, .rtt_us = tab[i].rtt_us };

		eighth(&tcb, &hs, XTCP_HYSTART_CSS);
		xtcp_hystart_ack(&tcb, &hs, &ack);
		CHECK_EQ(hs.phase, tab[i].phase);
		CHECK_EQ(hs.base_us, tab[i].base_us);
	}
}

/* The fifth round of CSS ends slow start; then, and above ssthresh, no measurement. */
UNIT(hystart_ends)
{
	struct xtcp_ack ack = { .una = 10000, .rtt_us = 96000 };
	struct xtcp_hystart hs;
	struct xtcp_tcb tcb;

	eighth(&tcb, &hs, XTCP_HYSTART_CSS);
	tcb.snd_una = 11000;
	xtcp_hystart_ack(&tcb, &hs, &ack);
	CHECK_EQ(tcb.ssthresh, 10000);
	CHECK_EQ(hs.phase, XTCP_HYSTART_OFF);

	eighth(&tcb, &hs, XTCP_HYSTART_OFF);
	xtcp_hystart_ack(&tcb, &hs, &ack);
	CHECK_EQ(hs.samples, 7);
	CHECK_EQ(hs.cur_min_us, NONE);

	eighth(&tcb, &hs, XTCP_HYSTART_ON);
	tcb.ssthresh = 10000;
	xtcp_hystart_ack(&tcb, &hs, &ack);
	CHECK_EQ(hs.phase, XTCP_HYSTART_OFF);
	CHECK_EQ(hs.samples, 7);
	CHECK_EQ(hs.cur_min_us, NONE);
}
