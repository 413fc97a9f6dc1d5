// SPDX-License-Identifier: GPL-2.0
/*
 * DCTCP: RFC 8257, section 3.3; alpha is compared with the formula in floating point.
 */
#include "cc_rig.h"
#include "harness.h"

/* Section 3.3, steps 1 to 8, literally. */
struct shadow {
	double alpha;
	u32 window_end;
	double bytes;
	double marked;
};

static void shadow_ack(struct shadow *s, const struct xtcp_tcb *tcb, u32 una, u32 bytes,
		       u32 ce)
{
	s->bytes += bytes;
	s->marked += ce;
	if (seq_lt(una, s->window_end))
		return;
	s->alpha = s->alpha * 15 / 16 + s->marked / s->bytes / 16;
	s->window_end = tcb->snd_nxt;
	s->bytes = 0;
	s->marked = 0;
}

static void near_to(const char *name, double got, double want, double off)
{
	if (got - want > off || want - got > off)
		unit_fail(__FILE__, __LINE__, "%s: %.4f, want %.4f", name, got, want);
}

/* 4.2: alpha is 1 initially, so the first mark halves the window. */
UNIT(dctcp_first_mark)
{
	struct cc_rig r;

	cc_rig_init(&r, &xtcp_cc_dctcp, 1000, 100000, ~0U);
	r.tcb.snd_nxt = r.tcb.snd_una + r.tcb.cwnd;
	cc_rig_ack(&r, 1000, 1000, false);
	CHECK(r.tcb.cwnd >= 50000);
	CHECK(r.tcb.cwnd <= 53200);
	CHECK_EQ(r.tcb.ssthresh, r.tcb.cwnd);
}

/* Random marks with a given probability: each reduction is alpha / 2. */
UNIT(dctcp_alpha)
{
	static const struct {
		const char *name;
		u32 marked;	/* per mille */
		u32 min_cuts;	/* in 60000 ACKs */
		double least;	/* alpha at the end */
		double most;
	} tab[] = {
		{ "no marks", 0, 0, 0, 0.001 },
		{ "one in a thousand", 1, 3, 0, 0.03 },
		{ "a tenth", 100, 20, 0.05, 0.2 },
		{ "half", 500, 20, 0.4, 0.6 },
		{ "all", 1000, 20, 0.98, 1 },
	};
	u32 i, k;

	for (i = 0; i < ARRAY_SIZE(tab); i++) {
		struct shadow s = { .alpha = 1, .window_end = 2 };
		u32 seed = 12345, cuts = 0;
		struct cc_rig r;

		cc_rig_init(&r, &xtcp_cc_dctcp, 1000, 200000, 1);
		r.tcb.snd_nxt = r.tcb.snd_una + r.tcb.cwnd;
		for (k = 0; k < 60000; k++) {
			u32 was = r.tcb.cwnd, ce;

			seed = seed * 1103515245 + 12345;
			ce = (seed >> 8) % 1000 < tab[i].marked ? 1000 : 0;
			shadow_ack(&s, &r.tcb, r.tcb.snd_una + 1000, 1000, ce);
			cc_rig_ack(&r, 1000, ce, false);
			if (r.tcb.cwnd < was) {
				cuts++;
				near_to(tab[i].name, (double)r.tcb.cwnd / was,
					1 - s.alpha / 2, 0.001);
				r.tcb.cwnd = 200000;
			}
			/* The window is kept full. */
			r.tcb.snd_nxt = r.tcb.snd_una + 200000;
		}
		CHECK(cuts >= tab[i].min_cuts);
		CHECK(s.alpha >= tab[i].least);
		CHECK(s.alpha <= tab[i].most);
	}
}

/* One reduction in a window of data, however many marks. */
UNIT(dctcp_once_a_window)
{
	struct cc_rig r;
	u32 cuts = 0, i;

	cc_rig_init(&r, &xtcp_cc_dctcp, 1000, 100000, 1);
	r.tcb.snd_nxt = r.tcb.snd_una + r.tcb.cwnd;
	for (i = 0; i < 99; i++) {
		u32 was = r.tcb.cwnd;

		cc_rig_ack(&r, 1000, 1000, false);
		cuts += r.tcb.cwnd < was;
	}
	CHECK_EQ(cuts, 1);
	r.tcb.snd_nxt = r.tcb.snd_una + 10000;
	cc_rig_ack(&r, 1000, 1000, false);
	CHECK(r.tcb.cwnd < 50000);
}

/* The window does not fall below two segments; no reduction during recovery. */
UNIT(dctcp_bounds)
{
	struct cc_rig r;
	u32 i;

	cc_rig_init(&r, &xtcp_cc_dctcp, 1000, 10000, 1);
	for (i = 0; i < 50; i++) {
		r.tcb.snd_nxt = r.tcb.snd_una + r.tcb.cwnd;
		cc_rig_ack(&r, r.tcb.cwnd, r.tcb.cwnd, false);
	}
	CHECK_EQ(r.tcb.cwnd, 2000);

	cc_rig_init(&r, &xtcp_cc_dctcp, 1000, 100000, 1);
	r.tcb.cong = XTCP_CONG_RECOVERY;
	cc_rig_ack(&r, 1000, 1000, false);
	CHECK_EQ(r.tcb.cwnd, 100000);
}

/* 3.4: the reduction for loss is the usual one and covers the marks of that window. */
UNIT(dctcp_loss)
{
	struct cc_rig r;

	cc_rig_init(&r, &xtcp_cc_dctcp, 1000, 100000, 1);
	r.tcb.snd_nxt = r.tcb.snd_una + r.tcb.cwnd;
	cc_rig_loss(&r, XTCP_CC_LOSS);
	CHECK_EQ(r.tcb.cwnd, 50000);
	cc_rig_ack(&r, 1000, 1000, false);
	CHECK_EQ(r.tcb.cwnd, 50000);
	r.tcb.snd_nxt = r.tcb.snd_una + 99000;
	cc_rig_ack(&r, 99000, 0, false);
	cc_rig_ack(&r, 1000, 1000, false);
	CHECK(r.tcb.cwnd < 50000);
}

/* A mark in a window that was not fully used reduces from the used part. */
UNIT(dctcp_not_validated)
{
	struct cc_rig r;
	u32 i;

	cc_rig_init(&r, &xtcp_cc_dctcp, 1000, 100000, 1);
	for (i = 0; i < 30; i++) {
		r.now += 100 * XTCP_NSEC_PER_MSEC;
		cc_rig_ack(&r, 20000, 20000, false);
		r.tcb.cwnd = 100000;
	}
	cc_rig_ack(&r, 1000, 1000, false);
	CHECK(r.tcb.cwnd <= 12000);
}

/* RFC 7661, 4.1: before pipeACK is known the whole window counts as used. */
UNIT(dctcp_pipe_ack_unknown)
{
	struct cc_rig r;

	cc_rig_init(&r, &xtcp_cc_dctcp, 1000, 100000, 1);
	cc_rig_ack(&r, 10000, 10000, false);
	CHECK_EQ(r.tcb.cwnd, 50000);
}

/*
 * Without marks alpha decays to 15 / 2^20, of which a sixteenth rounds to 0. Half of that
 * of 2^29 bytes is 3840.
 */
UNIT(dctcp_alpha_rest)
{
	struct cc_rig r;
	u32 i;

	cc_rig_init(&r, &xtcp_cc_dctcp, 1024, 1U << 29, 1);
	for (i = 0; i < 400; i++) {
		cc_rig_ack(&r, 1U << 29, 0, false);
		r.tcb.snd_nxt = r.tcb.snd_una + r.tcb.cwnd;
	}
	CHECK_EQ(r.tcb.cwnd, 1U << 29);
	/* The mark arrives within an observation window, so alpha does not include it yet. */
	cc_rig_ack(&r, 1024, 0, false);
	cc_rig_ack(&r, 1024, 1024, false);
	CHECK_EQ(r.tcb.cwnd, (1U << 29) - 3840);
}

/* 3.3: an observation window is a window of data; the first is that in flight. */
UNIT(dctcp_first_window)
{
	struct xtcp_cc_info info;
	struct cc_rig r;

	cc_rig_init(&r, &xtcp_cc_reno, 1000, 10000, 1);
	r.tcb.snd_nxt = r.tcb.snd_una + 10000;
	xtcp_cc_dctcp.init(&r.tcb, r.now);
	r.tcb.cc = &xtcp_cc_dctcp;
	cc_rig_ack(&r, 9999, 0, false);
	xtcp_cc_get_info(&r.tcb, &info);
	CHECK_EQ(info.total, 9999);
	CHECK_EQ(info.alpha, 1024);
	cc_rig_ack(&r, 1, 0, false);
	xtcp_cc_get_info(&r.tcb, &info);
	CHECK_EQ(info.total, 0);
	CHECK_EQ(info.alpha, 960);
}

/* RFC 5681, 3.1: after a reduction, growth of a segment takes a whole new window. */
UNIT(dctcp_growth_anew)
{
	static const struct {
		const char *name;
		bool loss;
		u32 left;	/* bytes of 100000 */
	} tab[] = {
		{ "loss", true, 50000 },
		{ "mark", false, 52930 },	/* alpha 241/256 */
	};
	struct cc_rig r;
	u32 i;

	for (i = 0; i < ARRAY_SIZE(tab); i++) {
		cc_rig_init(&r, &xtcp_cc_dctcp, 1000, 100000, 1);
		cc_rig_ack(&r, 99000, 0, true);
		if (tab[i].loss)
			cc_rig_loss(&r, XTCP_CC_LOSS);
		else
			cc_rig_ack(&r, 500, 500, false);
		CHECK_ROW(tab[i].name, r.tcb.cwnd, tab[i].left);
		cc_rig_ack(&r, tab[i].left - 1, 0, true);
		CHECK_ROW(tab[i].name, r.tcb.cwnd, tab[i].left);
		cc_rig_ack(&r, 1, 0, true);
		CHECK_ROW(tab[i].name, r.tcb.cwnd, tab[i].left + 1000);
	}
}

/* A mark reduces the window at any sequence number, however far beyond the last mark. */
UNIT(dctcp_sequence_space)
{
	static const struct {
		const char *name;
		u32 una;
		u32 apart;	/* times 2^30 bytes */
	} tab[] = {
		{ "at 2^31", 1U << 31, 0 },
		{ "before 2^32", ~0U - 500, 0 },
		{ "2^30 later", 2, 1 },
		{ "3 * 2^30 later", 2, 3 },
		{ "2^32 later", 2, 4 },
	};
	struct cc_rig r;
	u32 i, k, was;

	for (i = 0; i < ARRAY_SIZE(tab); i++) {
		cc_rig_init(&r, &xtcp_cc_dctcp, 1000, 100000, 1);
		r.tcb.snd_una = tab[i].una;
		r.tcb.snd_nxt = tab[i].una;
		xtcp_cc_dctcp.init(&r.tcb, r.now);
		cc_rig_ack(&r, 1000, 1000, false);
		CHECK_ROW(tab[i].name, r.tcb.cwnd, 50000);
		for (k = 0; k < tab[i].apart; k++)
			cc_rig_ack(&r, 1U << 30, 0, false);
		was = r.tcb.cwnd;
		cc_rig_ack(&r, 1000, 1000, false);
		CHECK_ROW(tab[i].name, r.tcb.cwnd < was, 1);
	}
}

/* Without marks DCTCP behaves like Reno, and alpha decays. */
UNIT(dctcp_growth)
{
	struct cc_rig d, r;
	u32 i;

	cc_rig_init(&d, &xtcp_cc_dctcp, 1000, 10000, 40000);
	cc_rig_init(&r, &xtcp_cc_reno, 1000, 10000, 40000);
	for (i = 0; i < 2000; i++) {
		cc_rig_ack(&d, 1500, 0, true);
		cc_rig_ack(&r, 1500, 0, true);
		CHECK_EQ(d.tcb.cwnd, r.tcb.cwnd);
	}
	CHECK(d.tcb.cwnd > 60000);
}

UNIT(dctcp_info)
{
	struct xtcp_cc_info info;
	struct cc_rig r;

	cc_rig_init(&r, &xtcp_cc_dctcp, 1000, 100000, 1);
	xtcp_cc_get_info(&r.tcb, &info);
	CHECK_EQ(info.kind, XTCP_CC_INFO_DCTCP);
	CHECK_EQ(info.alpha, 1024);
	CHECK(!info.ecn);
	r.tcb.ecn = XTCP_ECN_ACC;
	r.tcb.ecn_last = XTCP_CE;
	/* The current observation window is not over: its counts stay. */
	r.tcb.snd_nxt = r.tcb.snd_una + 50000;
	cc_rig_ack(&r, 1000, 0, false);
	cc_rig_ack(&r, 3000, 1000, false);
	cc_rig_ack(&r, 2000, 0, false);
	xtcp_cc_get_info(&r.tcb, &info);
	CHECK(info.ecn);
	CHECK(info.ce);
	CHECK_EQ(info.marked, 1000);
	CHECK_EQ(info.total, 5000);
	/* Reno has no such information. */
	r.tcb.cc = &xtcp_cc_reno;
	xtcp_cc_get_info(&r.tcb, &info);
	CHECK_EQ(info.kind, XTCP_CC_INFO_NONE);
}
