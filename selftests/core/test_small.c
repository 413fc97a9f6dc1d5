// SPDX-License-Identifier: GPL-2.0
/*
 * Segments below the MSS: the Nagle algorithm, the limit of those in flight, corks,
 * SWS avoidance of the sender. RFC 9293 3.7.4, 3.8.6.2.1.
 */
#include "core.h"
#include "harness.h"

static void small_init(struct xtcp_tcb *tcb, struct xtcp_params *par)
{
	xtcp_params_init(par);
	xtcp_tcb_init(tcb, par);
	tcb->state = XTCP_ESTABLISHED;
	tcb->mss = 1000;
	tcb->cwnd = 5000;
	tcb->min_rtt_us = 60;
	tcb->flags = XTCP_F_NODELAY;
	tcb->max_snd_wnd = 1000;
}

/* The number allowed in flight: beyond the initial window, what a round trip writes. */
UNIT(small_limit)
{
	static const struct {
		const char *what;
		bool autocorking, nodelay;
		u32 more, min_rtt_us, clamp;
		u32 limit;	/* lowest number that is too many; 0: no limit */
	} tab[] = {
		{ "the initial window", true, true, 0, 60, 0, 10 }, { "and three", true, true, 3, 60, 0, 13 },
		{ "a write takes 4 us", true, true, 100, 60, 0, 25 }, { "a clamp of the route", true, true, 100, 60, 12, 12 },
		{ "the most that is counted", true, true, 65535, 1000000, 0, 65535 },
		{ "no merging: those that were acknowledged", false, true, 7, 60, 0, 17 },
		{ "Nagle has its own", true, false, 0, 60, 0, 0 },
	};
	struct xtcp_params par;
	struct xtcp_tcb tcb;
	u32 i;

	for (i = 0; i < ARRAY_SIZE(tab); i++) {
		small_init(&tcb, &par);
		par.autocorking = tab[i].autocorking;
		tcb.flags = tab[i].nodelay ? XTCP_F_NODELAY : 0;
		tcb.small_more = tab[i].more;
		tcb.min_rtt_us = tab[i].min_rtt_us;
		tcb.cwnd_clamp = tab[i].clamp;
		tcb.small_out = tab[i].limit ? tab[i].limit - 1 : 100;
		CHECK_ROW(tab[i].what, xtcp_small_full(&tcb), false);
		tcb.small_out = tab[i].limit ? tab[i].limit : 65535;
		CHECK_ROW(tab[i].what, xtcp_small_full(&tcb), !!tab[i].limit);
	}
}

/* RFC 9293, 3.8.6.2.1 (3): half of the largest window, if the window makes it small. */
UNIT(small_by_window)
{
	static const struct {
		u32 len, data, flags;
		bool may;
	} tab[] = {
		{ 500, 501, XTCP_F_CORK, true }, { 499, 501, XTCP_F_CORK, false }, { 600, 600, XTCP_F_CORK, false },
		{ 600, 600, XTCP_F_MORE, false }, { 600, 600, 0, true },
	};
	struct xtcp_params par;
	struct xtcp_tcb tcb;
	u32 i;

	for (i = 0; i < ARRAY_SIZE(tab); i++) {
		small_init(&tcb, &par);
		tcb.flags |= tab[i].flags;
		CHECK_EQ(xtcp_small_may(&tcb, tab[i].len, tab[i].data), tab[i].may);
	}
}

/* Waiting writes are counted up to 255 and have a deadline until they are sent. */
UNIT(small_counts_writes)
{
	static const u32 n[] = { 0, 253, 254, 255 };
	struct xtcp_params par;
	struct xtcp_tcb tcb;
	u32 i;

	for (i = 0; i < ARRAY_SIZE(n); i++) {
		small_init(&tcb, &par);
		tcb.small_wrote = n[i];
		xtcp_small_wrote(&tcb, 1000);
		CHECK_EQ(tcb.small_wrote, min(n[i] + 1, 255U));
		CHECK_EQ(tcb.dl[XTCP_DL_SMALL], 1000 + XTCP_SMALL_HOLD_NS);
		xtcp_small_sent(&tcb);
		CHECK_EQ(tcb.small_wrote, 0);
		CHECK(!xtcp_dl_is_set(&tcb, XTCP_DL_SMALL));
		CHECK_EQ(tcb.small_merge, n[i] > 0);
	}
}

/* The deadline does nothing if the writes have been sent. */
UNIT(small_fires_for_nothing)
{
	struct xtcp_params par;
	struct xtcp_tcb tcb;

	small_init(&tcb, &par);
	tcb.snd_end = tcb.snd_nxt;
	CHECK_EQ(xtcp_small_fire(&tcb, XTCP_NSEC_PER_SEC), 0);
	CHECK(!tcb.small_go);
	tcb.snd_end++;
	CHECK_EQ(xtcp_small_fire(&tcb, XTCP_NSEC_PER_SEC), XTCP_ACT_OUTPUT);
	CHECK(tcb.small_go);
}
