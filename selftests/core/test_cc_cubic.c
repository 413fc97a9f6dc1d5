// SPDX-License-Identifier: GPL-2.0
/*
 * CUBIC: RFC 9438. Windows over time are compared with the RFC's formulas in floating
 * point.
 */
#include "cc_rig.h"
#include "harness.h"

#define SEC	XTCP_NSEC_PER_SEC
#define MSEC	XTCP_NSEC_PER_MSEC

static double croot(double x)
{
	double r = x > 1 ? x : 1;
	int i;

	for (i = 0; i < 200; i++)
		r = (2 * r + x / (r * r)) / 3;
	return x > 0 ? r : 0;
}

/* Figures 1, 2 and 4 of RFC 9438: the window in segments, @t seconds into the epoch. */
static double reference(double w_max, double start, double prior, double rtt, double t)
{
	double k = w_max > start ? croot((w_max - start) / 0.4) : 0;
	double cubic = 0.4 * (t - k) * (t - k) * (t - k) + (w_max > start ? w_max : start);
	double alpha = 3 * (1 - 0.7) / (1 + 0.7);
	double reach = prior > start ? (prior - start) * rtt / alpha : 0;
	double est = t < reach ? start + alpha * t / rtt : start + (t - reach) / rtt +
			       (prior > start ? prior - start : 0);

	return cubic > est ? cubic : est;
}

static void near_to(const char *name, double t, double got, double want, double percent)
{
	double off = got > want ? got - want : want - got;

	if (off > want * percent / 100 + 2)
		unit_fail(__FILE__, __LINE__, "%s: %.2f segments after %.2f s, want %.2f",
			  name, got, t, want);
}

/* The window is always within 2 % and two segments of the formulas. */
UNIT(cubic_growth)
{
	static const struct {
		const char *name;
		u16 mss;
		u32 rtt_ms;
		u32 wnd;	/* segments at the loss */
		u32 secs;
	} tab[] = {
		{ "100 Mbit/s, 40 ms", 1448, 40, 345, 12 },
		{ "1 Gbit/s, 100 ms", 1448, 100, 8600, 40 },
		{ "10 Mbit/s, 10 ms: Reno is faster", 1448, 10, 20, 6 },
		{ "small segments", 100, 50, 1000, 20 },
		{ "jumbo frames", 8948, 20, 200, 15 },
		{ "satellite", 1448, 600, 500, 60 },
	};
	u32 i, s;

	for (i = 0; i < ARRAY_SIZE(tab); i++) {
		double rtt = tab[i].rtt_ms / 1000.0, start;
		struct cc_rig r;
		u64 begin;

		cc_rig_init(&r, &xtcp_cc_cubic, tab[i].mss, tab[i].wnd * tab[i].mss, 1);
		r.tcb.srtt8_us = tab[i].rtt_ms * 8000;
		r.tcb.snd_nxt = r.tcb.snd_una + r.tcb.cwnd;
		cc_rig_loss(&r, XTCP_CC_LOSS);
		start = (double)r.tcb.cwnd / tab[i].mss;
		near_to(tab[i].name, 0, start, tab[i].wnd * 0.7, 0.1);
		begin = r.now;
		for (s = 1; s <= tab[i].secs; s++) {
			double t;

			cc_rig_run(&r, begin + s * SEC - r.now);
			t = (double)(r.now - begin) / SEC;
			near_to(tab[i].name, t, (double)r.tcb.cwnd / tab[i].mss,
				reference(tab[i].wnd, start, tab[i].wnd, rtt, t), 2);
		}
	}
}

/* ssthresh after each kind of loss, with a window of 100 segments in full use. */
UNIT(cubic_reduction)
{
	static const struct {
		const char *name;
		enum xtcp_cc_event why;
		u32 flight;	/* segments */
		u32 want;	/* bytes, with segments of 1000 bytes */
	} tab[] = {
		{ "loss", XTCP_CC_LOSS, 100, 70001 },
		{ "timeout", XTCP_CC_TIMEOUT, 100, 70001 },
		{ "ECN (RFC 8511)", XTCP_CC_ECN, 100, 85000 },
		{ "less in flight", XTCP_CC_LOSS, 60, 42000 },
		{ "at least two segments", XTCP_CC_LOSS, 2, 2000 },
		{ "nothing in flight", XTCP_CC_LOSS, 0, 2000 },
	};
	struct cc_rig r;
	u32 i;

	for (i = 0; i < ARRAY_SIZE(tab); i++) {
		cc_rig_init(&r, &xtcp_cc_cubic, 1000, 100000, 1);
		CHECK_ROW(tab[i].name, xtcp_cc_cubic.ssthresh(&r.tcb, tab[i].why,
							      tab[i].flight * 1000),
			  tab[i].want);
	}
}

/* 4.7: after a loss below the last W_max the plateau is at 0.85 of the window. */
UNIT(cubic_fast_convergence)
{
	double start, w_max = 800 * 0.85;
	struct cc_rig r;
	u64 begin;
	u32 s;

	cc_rig_init(&r, &xtcp_cc_cubic, 1000, 1000000, 1);
	r.tcb.srtt8_us = 100 * 8000;
	r.tcb.snd_nxt = r.tcb.snd_una + r.tcb.cwnd;
	cc_rig_loss(&r, XTCP_CC_LOSS);
	r.tcb.cwnd = 800000;
	r.tcb.snd_nxt = r.tcb.snd_una + r.tcb.cwnd;
	cc_rig_loss(&r, XTCP_CC_LOSS);
	start = r.tcb.cwnd / 1000.0;
	begin = r.now;
	for (s = 1; s < 12; s++) {
		double t;

		cc_rig_run(&r, begin + s * SEC - r.now);
		t = (double)(r.now - begin) / SEC;
		near_to("second loss", t, r.tcb.cwnd / 1000.0,
			reference(w_max, start, 800, 0.1, t), 2);
	}
}

/* 4.8: after a timeout K is 0 and the old W_max is discarded. */
UNIT(cubic_timeout)
{
	struct cc_rig r;
	u64 begin;
	u32 s;

	cc_rig_init(&r, &xtcp_cc_cubic, 1000, 500000, 1);
	r.tcb.srtt8_us = 50 * 8000;
	r.tcb.snd_nxt = r.tcb.snd_una + r.tcb.cwnd;
	cc_rig_loss(&r, XTCP_CC_TIMEOUT);
	CHECK_EQ(r.tcb.cwnd, 1000);
	/* Slow start at its full rate. */
	while (r.tcb.cwnd + 1000 < r.tcb.ssthresh) {
		u32 was = r.tcb.cwnd;

		cc_rig_ack(&r, 1000, 0, true);
		CHECK_EQ(r.tcb.cwnd, was + 1000);
	}
	begin = r.now;
	for (s = 1; s < 10; s++) {
		double t;

		cc_rig_run(&r, begin + s * SEC - r.now);
		t = (double)(r.now - begin) / SEC;
		near_to("after the timeout", t, r.tcb.cwnd / 1000.0,
			reference(350, 350, 500, 0.05, t), 2);
	}
}

/* 4.9: an undo restores the state before the reduction. */
UNIT(cubic_undo)
{
	static const struct {
		enum xtcp_cc_event why;
		u32 after;	/* s; K is 9 */
	} tab[] = {
		{ XTCP_CC_LOSS, 5 }, { XTCP_CC_TIMEOUT, 5 }, { XTCP_CC_ECN, 5 },
		{ XTCP_CC_LOSS, 12 },
	};
	u32 i;

	for (i = 0; i < ARRAY_SIZE(tab); i++) {
		struct cc_rig a, b;

		cc_rig_init(&a, &xtcp_cc_cubic, 1000, 1000000, 1);
		a.tcb.srtt8_us = 100 * 8000;
		a.tcb.snd_nxt = a.tcb.snd_una + a.tcb.cwnd;
		cc_rig_loss(&a, XTCP_CC_LOSS);
		cc_rig_run(&a, tab[i].after * SEC);
		b = a;
		b.tcb.par = &b.par;
		cc_rig_loss(&b, tab[i].why);
		cc_rig_undo(&b);
		CHECK_EQ(b.tcb.cwnd, a.tcb.cwnd);
		cc_rig_run(&a, 5 * SEC);
		cc_rig_run(&b, 5 * SEC);
		near_to("undone", 10, b.tcb.cwnd / 1000.0, a.tcb.cwnd / 1000.0, 0.1);
	}
}

/* After an undo in slow start, slow start and HyStart++ continue. */
UNIT(cubic_undo_slow_start)
{
	struct cc_rig r;
	u32 i;

	cc_rig_init(&r, &xtcp_cc_cubic, 1000, 100000, ~0U);
	r.tcb.srtt8_us = 20 * 8000;
	cc_rig_ack(&r, 1000, 0, true);
	cc_rig_loss(&r, XTCP_CC_LOSS);
	cc_rig_undo(&r);
	CHECK_EQ(r.tcb.ssthresh, ~0U);
	for (i = 0; i < 40; i++) {
		/* The delay grows: CSS, which finally ends slow start. */
		r.tcb.srtt8_us += 10 * 8000;
		cc_rig_run(&r, (r.tcb.srtt8_us >> 3) * XTCP_NSEC_PER_USEC);
	}
	CHECK(r.tcb.ssthresh < ~0U);
}

/* 5.8: time in which the window is not used does not advance the curve. */
UNIT(cubic_application_limited)
{
	struct cc_rig a, b;
	u32 i;

	cc_rig_init(&a, &xtcp_cc_cubic, 1000, 1000000, 1);
	a.tcb.srtt8_us = 100 * 8000;
	a.tcb.snd_nxt = a.tcb.snd_una + a.tcb.cwnd;
	cc_rig_loss(&a, XTCP_CC_LOSS);
	cc_rig_run(&a, 4 * SEC);
	b = a;
	b.tcb.par = &b.par;
	for (i = 0; i < 100; i++) {
		b.now += 100 * MSEC;
		/* Not idle: there is always data in flight. */
		b.tcb.snd_nxt = b.tcb.snd_una + 600000;
		cc_rig_ack(&b, 550000, 0, false);
	}
	CHECK_EQ(b.tcb.cwnd, a.tcb.cwnd);
	b.tcb.snd_nxt = b.tcb.snd_una + b.tcb.cwnd;
	cc_rig_run(&a, 4 * SEC);
	cc_rig_run(&b, 4 * SEC);
	near_to("after 10 s of little to send", 8, b.tcb.cwnd / 1000.0,
		a.tcb.cwnd / 1000.0, 0.2);
}

/* An idle time that only the next ACK reveals. */
UNIT(cubic_idle)
{
	struct cc_rig a, b;

	cc_rig_init(&a, &xtcp_cc_cubic, 1000, 1000000, 1);
	a.tcb.srtt8_us = 100 * 8000;
	a.tcb.snd_nxt = a.tcb.snd_una + a.tcb.cwnd;
	cc_rig_loss(&a, XTCP_CC_LOSS);
	cc_rig_run(&a, 4 * SEC);
	b = a;
	b.tcb.par = &b.par;
	cc_rig_ack(&b, b.tcb.snd_nxt - b.tcb.snd_una, 0, false);
	b.now += 60 * SEC;
	b.tcb.snd_nxt += b.tcb.cwnd;
	cc_rig_run(&a, 4 * SEC);
	cc_rig_run(&b, 4 * SEC);
	near_to("after 60 s of silence", 8, b.tcb.cwnd / 1000.0, a.tcb.cwnd / 1000.0, 0.5);
}

/* RFC 7661: five minutes of little use halve the window, where a new curve begins. */
UNIT(cubic_not_validated)
{
	struct cc_rig r;
	u64 begin;
	u32 i, s;

	cc_rig_init(&r, &xtcp_cc_cubic, 1000, 1000000, 1);
	r.tcb.srtt8_us = 20 * 8000;
	r.tcb.snd_nxt = r.tcb.snd_una + r.tcb.cwnd;
	cc_rig_loss(&r, XTCP_CC_LOSS);
	cc_rig_run(&r, SEC);
	for (i = 0; i < 3050; i++) {
		r.now += 100 * MSEC;
		r.tcb.snd_nxt = r.tcb.snd_una + 20000;
		cc_rig_ack(&r, 10000, 0, false);
	}
	CHECK(r.tcb.cwnd > 380000 && r.tcb.cwnd < 440000);
	r.tcb.ssthresh = r.tcb.cwnd;
	r.tcb.snd_nxt = r.tcb.snd_una + r.tcb.cwnd;
	begin = r.now;
	for (s = 1; s < 14; s++) {
		static u32 start;
		double t;

		start = start ? start : r.tcb.cwnd;
		cc_rig_run(&r, begin + s * SEC - r.now);
		t = (double)(r.now - begin) / SEC;
		near_to("halved", t, r.tcb.cwnd / 1000.0,
			reference(1000, start / 1000.0, 1000, 0.02, t), 2);
	}
}

/* A loss in a window that was not fully used: W_max is the used part. */
UNIT(cubic_not_validated_loss)
{
	struct cc_rig r;
	u64 begin;
	u32 i, s;

	cc_rig_init(&r, &xtcp_cc_cubic, 1000, 1000000, 1);
	r.tcb.srtt8_us = 100 * 8000;
	for (i = 0; i < 30; i++) {
		r.now += 100 * MSEC;
		cc_rig_ack(&r, 200000, 0, false);
	}
	r.tcb.snd_nxt = r.tcb.snd_una + 50000;
	cc_rig_loss(&r, XTCP_CC_LOSS);
	CHECK(r.tcb.cwnd >= 140000 && r.tcb.cwnd <= 140010);
	begin = r.now;
	r.tcb.snd_nxt = r.tcb.snd_una + r.tcb.cwnd;
	for (s = 1; s < 10; s++) {
		double t;

		cc_rig_run(&r, begin + s * SEC - r.now);
		t = (double)(r.now - begin) / SEC;
		near_to("after it", t, r.tcb.cwnd / 1000.0,
			reference(200, 140, 200, 0.1, t), 2);
	}
}

/* 4.10: HyStart++ slows down the first slow start, no later one. */
UNIT(cubic_slow_start)
{
	u32 later, i, k;

	for (later = 0; later < 2; later++) {
		struct cc_rig r;
		u32 was;

		cc_rig_init(&r, &xtcp_cc_cubic, 1000, 100000, ~0U);
		r.tcb.srtt8_us = 20 * 8000;
		r.tcb.snd_nxt = r.tcb.snd_una + r.tcb.cwnd;
		if (later) {
			cc_rig_loss(&r, XTCP_CC_TIMEOUT);
			r.tcb.cwnd = 100000;
			r.tcb.ssthresh = 100000000;
		}
		/* Rounds of rising delay with a constant window. */
		for (k = 0; k < 4; k++) {
			r.tcb.cwnd = 100000;
			for (i = 0; i < 100; i++) {
				r.tcb.snd_nxt = r.tcb.snd_una + 100000;
				cc_rig_ack(&r, 1000, 0, false);
			}
			r.tcb.srtt8_us += 10 * 8000;
		}
		was = r.tcb.cwnd;
		cc_rig_ack(&r, 1000, 0, true);
		CHECK_EQ(r.tcb.cwnd - was, later ? 1000 : 250);
	}
}

/*
 * So long after the inflection point that the cubic does not fit its integers: the cube
 * of 73 minutes is 0 modulo 2^64.
 */
UNIT(cubic_far)
{
	struct cc_rig r;
	u32 was;

	cc_rig_init(&r, &xtcp_cc_cubic, 1000, 10000, 1);
	r.tcb.snd_nxt = r.tcb.snd_una + r.tcb.cwnd;
	cc_rig_ack(&r, 1000, 0, true);
	r.now += 1ULL << (22 + 20);
	r.tcb.snd_nxt = r.tcb.snd_una + r.tcb.cwnd;
	was = r.tcb.cwnd;
	cc_rig_ack(&r, was - 1000, 0, true);
	/* The target is 1.5 times the window, most of which has been acknowledged. */
	CHECK(r.tcb.cwnd >= was + 4 * was / 10);
}

/* 4.2: however far away W_max is, growth is at most half of the window in a round trip. */
UNIT(cubic_clamp)
{
	struct cc_rig r;
	u32 was, i;

	cc_rig_init(&r, &xtcp_cc_cubic, 1000, 100000000, 1);
	r.tcb.srtt8_us = 2000 * 8000;
	r.tcb.snd_nxt = r.tcb.snd_una + r.tcb.cwnd;
	cc_rig_loss(&r, XTCP_CC_LOSS);
	r.tcb.cwnd = 20000;
	r.tcb.ssthresh = 20000;
	for (i = 0; i < 20; i++) {
		was = r.tcb.cwnd;
		/* One ACK for the whole window, the extreme case. */
		r.now += 2 * SEC;
		r.tcb.snd_nxt = r.tcb.snd_una + was;
		cc_rig_ack(&r, was, 0, true);
		CHECK(r.tcb.cwnd <= was + was / 2 + 1000);
	}
	CHECK(r.tcb.cwnd > 200000);
}

/* Values at the ends of the ranges: no overflow, no division by 0. */
UNIT(cubic_extremes)
{
	static const u16 mss[] = { 1, 48, 536, 1448, 65483 };
	static const u32 wnd[] = { 1, 65536, 1 << 20, 1 << 29, XTCP_CWND_MAX };
	static const u64 gap[] = { 0, 1, SEC, 600 * SEC, 100000 * SEC };
	u32 i, k, m;

	for (i = 0; i < ARRAY_SIZE(mss); i++)
		for (k = 0; k < ARRAY_SIZE(wnd); k++)
			for (m = 0; m < ARRAY_SIZE(gap); m++) {
				struct cc_rig r;
				u32 n;

				cc_rig_init(&r, &xtcp_cc_cubic, mss[i],
					    max_t(u32, wnd[k], mss[i]), 1);
				r.tcb.snd_nxt = r.tcb.snd_una + r.tcb.cwnd;
				cc_rig_loss(&r, XTCP_CC_LOSS);
				for (n = 0; n < 8; n++) {
					r.now += gap[m];
					r.tcb.srtt8_us = n * 600000000;
					cc_rig_ack(&r, r.tcb.cwnd, 0, true);
					CHECK(r.tcb.cwnd >= 2U * mss[i]);
					CHECK(r.tcb.cwnd <= XTCP_CWND_MAX);
				}
			}
}

/*
 * A restart from the initial window begins a new curve instead of continuing the old
 * one after the idle time.
 */
UNIT(cubic_restart)
{
	struct cc_rig r;
	u64 begin;
	u32 s;

	cc_rig_init(&r, &xtcp_cc_cubic, 1000, 1000000, 1);
	r.tcb.srtt8_us = 20 * 8000;
	r.tcb.snd_nxt = r.tcb.snd_una + r.tcb.cwnd;
	cc_rig_loss(&r, XTCP_CC_LOSS);
	cc_rig_run(&r, 20 * SEC);
	r.tcb.cwnd = 10000;
	r.tcb.ssthresh = 10000;
	r.tcb.snd_nxt = r.tcb.snd_una + r.tcb.cwnd;
	xtcp_cc_notify(&r.tcb, XTCP_CC_RESTART, r.now);
	begin = r.now;
	for (s = 2; s < 15; s++) {
		double t;

		cc_rig_run(&r, begin + s * SEC - r.now);
		t = (double)(r.now - begin) / SEC;
		near_to("restarted", t, r.tcb.cwnd / 1000.0,
			reference(1000, 10, 1000, 0.02, t), 2);
	}
}

/*
 * Congestion avoidance begins at @start with a W_max of @w_max. Return: the window after
 * @ns and one ACK for the whole window, so that it equals W_cubic(t).
 */
static u32 one_ack(u16 mss, u32 w_max, u32 start, u64 ns)
{
	struct cc_rig r;

	cc_rig_init(&r, &xtcp_cc_cubic, mss, w_max, 1);
	cc_rig_loss(&r, XTCP_CC_LOSS);
	r.tcb.cwnd = start;
	r.tcb.snd_nxt = r.tcb.snd_una + start;
	if (ns)
		cc_rig_ack(&r, 1, 0, true);
	r.now += ns;
	cc_rig_ack(&r, start, 0, true);
	return r.tcb.cwnd;
}

/* Figure 1: W_cubic(t), at most 1.5 times the window (4.2). */
UNIT(cubic_curve)
{
	static const struct {
		const char *name;
		u16 mss;
		u32 w_max;
		u32 start;
		u64 ns;
		u32 want;
		u32 off;
	} tab[] = {
		/* 0.4 * 64^3 = 104857.6 segments */
		{ "64 s after K", 1000, 300000000, 300000000, 64 * SEC, 404857600, 6400 },
		/* K = cbrt(300000 / 0.4) */
		{ "61036 ticks after K", 1000, 300000000, 300000000, 61036ULL << 20, 404861949, 1000 },
		{ "at K", 1000, 1000000000, 700000000, 90856030000ULL, 1000000000, 0 },
		{ "50 s before K", 1000, 800000000, 700000000, 12996053000ULL, 750000000, 6400 },
		/* K = 381 s */
		{ "321 s before K", 48, 1 << 30, 3000000, 60 * SEC, 4500000, 0 },
		/* In ticks: where the product would not fit 64 bits */
		{ "11.6 min after K", 1000, 10000000, 10000000, 662700ULL << 20, 15000000, 0 },
		{ "18 min after K", 1000, 10000000, 10000000, (1ULL << 40) - 1, 15000000, 0 },
	};
	u32 i;

	for (i = 0; i < ARRAY_SIZE(tab); i++) {
		u32 got = one_ack(tab[i].mss, tab[i].w_max, tab[i].start, tab[i].ns);
		u32 off = max(got, tab[i].want) - min(got, tab[i].want);

		if (off > tab[i].off)
			unit_fail(__FILE__, __LINE__, "%s: %u bytes, want %u", tab[i].name,
				  got, tab[i].want);
	}
}

/*
 * Figure 2: K, in whole ticks, is such that the curve begins at the current window. The
 * distance to W_max is C * (K * 1.048576 ms)^3.
 */
UNIT(cubic_k)
{
	static const struct {
		u16 mss;
		u32 below;	/* W_max, bytes */
	} tab[] = {
		{ 1000, 54762750 },	/* 49152 ticks */
		{ 1000, 129808000 },	/* 65536 */
		{ 1024, 32452000 },	/* 40960 */
		{ 1448, 79296462 },	/* 49152 */
	};
	u32 i;

	for (i = 0; i < ARRAY_SIZE(tab); i++)
		CHECK_EQ(one_ack(tab[i].mss, 500000000 + tab[i].below, 500000000, 0),
			 500000000);
}

/*
 * 4.7: W_max is 0.85 of the window if that is smaller than the last W_max (exact to half
 * of the last of 16 bits), otherwise the window. At time K the curve reaches it.
 */
UNIT(cubic_convergence)
{
	static const struct {
		const char *name;
		u32 wnd;	/* bytes, at the second loss */
		u32 k_ms;	/* cbrt((W_max - cwnd) / C) */
		u32 want;
		u32 off;
	} tab[] = {
		{ "smaller", 800000000, 66943, 680000000, 800000000 / 131072 },
		{ "the same", 1000000000, 90856, 1000000000, 1000 },
	};
	u32 i;

	for (i = 0; i < ARRAY_SIZE(tab); i++) {
		struct cc_rig r;
		u32 off;

		cc_rig_init(&r, &xtcp_cc_cubic, 1000, 1000000000, 1);
		cc_rig_loss(&r, XTCP_CC_LOSS);
		r.tcb.cwnd = tab[i].wnd;
		cc_rig_loss(&r, XTCP_CC_LOSS);
		r.tcb.cwnd = tab[i].wnd / 10 * 7;
		r.tcb.snd_nxt = r.tcb.snd_una + r.tcb.cwnd;
		cc_rig_ack(&r, 1, 0, true);
		r.now += tab[i].k_ms * MSEC;
		cc_rig_ack(&r, tab[i].wnd / 10 * 7, 0, true);
		off = max(r.tcb.cwnd, tab[i].want) - min(r.tcb.cwnd, tab[i].want);
		if (off >= tab[i].off)
			unit_fail(__FILE__, __LINE__, "%s: %u bytes, want %u", tab[i].name,
				  r.tcb.cwnd, tab[i].want);
	}
}

/* 4.3: a segment for every 17/9 of the window, exact to half of the last of 16 bits. */
UNIT(cubic_reno_friendly)
{
	static const struct {
		u32 bytes;
		u32 want;
	} tab[] = {
		{ 566666667 - 8166, 300000000 },
		{ 566666667 + 8166, 300001000 },
	};
	u32 i;

	for (i = 0; i < ARRAY_SIZE(tab); i++) {
		struct cc_rig r;

		/* After a timeout K is 0: at t = 0 only the Reno estimate grows. */
		cc_rig_init(&r, &xtcp_cc_cubic, 1000, 600000000, 1);
		cc_rig_loss(&r, XTCP_CC_TIMEOUT);
		r.tcb.cwnd = 300000000;
		r.tcb.ssthresh = 300000000;
		cc_rig_ack(&r, tab[i].bytes, 0, true);
		CHECK_EQ(r.tcb.cwnd, tab[i].want);
	}
}

/* RFC 7661, 4.1: before pipeACK is known, a reduction starts from FlightSize. */
UNIT(cubic_pipe_ack_unknown)
{
	struct cc_rig r;

	cc_rig_init(&r, &xtcp_cc_cubic, 1000, 100000, 1);
	cc_rig_ack(&r, 10000, 0, false);
	CHECK_EQ(xtcp_cc_cubic.ssthresh(&r.tcb, XTCP_CC_LOSS, 1000), 2000);
}

/*
 * 4.8: a timeout discards the curve with its W_max, K and epoch: 10 s later the window
 * is C * 10^3 segments larger.
 */
UNIT(cubic_timeout_forgets)
{
	struct cc_rig r;

	cc_rig_init(&r, &xtcp_cc_cubic, 1000, 100000000, 1);
	cc_rig_loss(&r, XTCP_CC_LOSS);
	cc_rig_ack(&r, 1, 0, true);
	r.now += 5 * SEC;
	cc_rig_loss(&r, XTCP_CC_TIMEOUT);
	r.tcb.cwnd = 50000000;
	cc_rig_ack(&r, 1, 0, true);
	/* 9536 ticks are 9.9992 s. */
	r.now += 9536ULL << 20;
	cc_rig_ack(&r, 50000000, 0, true);
	CHECK(r.tcb.cwnd >= 50399900 - 10 && r.tcb.cwnd <= 50399910 + 10);
}

/* 4.3: on the plateau the window grows by a segment for each window acknowledged. */
UNIT(cubic_reno_window)
{
	static const struct {
		const char *name;
		u32 loss;	/* bytes, window at an earlier timeout */
		u32 before;	/* bytes acknowledged before the timeout */
		u32 bytes;	/* bytes acknowledged after it */
		u32 want;
	} tab[] = {
		{ "less than a window", 0, 0, 99999, 100000 },
		{ "a window", 0, 0, 100000, 101000 },
		{ "from the window of the loss on", 100000, 0, 100000, 101000 },
		{ "nothing is left of an earlier curve", 100000, 60000, 99999, 100000 },
	};
	u32 i;

	for (i = 0; i < ARRAY_SIZE(tab); i++) {
		struct cc_rig r;

		cc_rig_init(&r, &xtcp_cc_cubic, 1000, 100000, 1);
		if (tab[i].before)
			cc_rig_ack(&r, tab[i].before, 0, true);
		if (tab[i].loss)
			cc_rig_loss(&r, XTCP_CC_TIMEOUT);
		r.tcb.cwnd = 100000;
		r.tcb.ssthresh = 100000;
		cc_rig_ack(&r, tab[i].bytes, 0, true);
		CHECK_ROW(tab[i].name, r.tcb.cwnd, tab[i].want);
	}
}

/* 4.4: (target - cwnd) / cwnd for each byte acknowledged; fractions accumulate. */
UNIT(cubic_growth_of_a_byte)
{
	static const struct {
		u32 wnd;
		u32 bytes;	/* bytes acknowledged; the target is 100 above the window */
		u32 want;
	} tab[] = {
		{ 100000, 999, 100000 }, { 100000, 1000, 100001 }, { 100000, 1999, 100001 },
		{ 100000, 2000, 100002 }, { 100001, 1000, 100001 },
	};
	u32 i;

	for (i = 0; i < ARRAY_SIZE(tab); i++) {
		struct cc_rig r;

		cc_rig_init(&r, &xtcp_cc_cubic, 1000, tab[i].wnd, 1);
		r.tcb.snd_nxt = r.tcb.snd_una + r.tcb.cwnd;
		cc_rig_ack(&r, 1, 0, true);
		/* 0.4 * 0.6312^3 segments */
		r.now += 602ULL << 20;
		cc_rig_ack(&r, tab[i].bytes, 0, true);
		CHECK_EQ(r.tcb.cwnd, tab[i].want);
	}
}

/*
 * A fraction of a byte of growth left over from a large window must not count for more
 * in a smaller one.
 */
UNIT(cubic_growth_left)
{
	struct cc_rig r;

	cc_rig_init(&r, &xtcp_cc_cubic, 1000, 100000000, 1);
	r.tcb.snd_nxt = r.tcb.snd_una + r.tcb.cwnd;
	cc_rig_ack(&r, 1, 0, true);
	r.now += 602ULL << 20;
	cc_rig_ack(&r, 999000, 0, true);
	CHECK_EQ(r.tcb.cwnd, 100000000);
	r.tcb.cwnd = 10000;
	r.tcb.ssthresh = 10000;
	xtcp_cc_notify(&r.tcb, XTCP_CC_RESTART, r.now);
	r.now += SEC;
	cc_rig_ack(&r, 1, 0, true);
	CHECK_EQ(r.tcb.cwnd, 10000);
	r.now += 5 * SEC;
	/* The target is 1.5 times the window (4.2). */
	cc_rig_ack(&r, 1000, 0, true);
	CHECK_EQ(r.tcb.cwnd, 10500);
}

/* RFC 7661, 4.4.1: bytes sent again in recovery are subtracted at its end. */
UNIT(cubic_not_validated_recovery)
{
	struct cc_rig r;
	u32 i;

	cc_rig_init(&r, &xtcp_cc_cubic, 1000, 1000000, 1);
	r.tcb.srtt8_us = 100 * 8000;
	for (i = 0; i < 30; i++) {
		r.now += 100 * MSEC;
		cc_rig_ack(&r, 200000, 0, false);
	}
	r.tcb.ssthresh = xtcp_cc_cubic.ssthresh(&r.tcb, XTCP_CC_LOSS, 50000);
	r.tcb.cwnd = r.tcb.ssthresh;
	r.tcb.bytes_retrans += 50000;
	xtcp_cc_notify(&r.tcb, XTCP_CC_DONE, r.now);
	/* 0.7 * (200000 - 50000) */
	CHECK(r.tcb.cwnd >= 105000 && r.tcb.cwnd <= 105010);
}
