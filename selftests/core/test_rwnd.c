// SPDX-License-Identifier: GPL-2.0
/*
 * The offered window: RFC 9293 3.8.6.2.2 (MUST-39), SHLD-14, RFC 7323 2.
 */
#include "core.h"
#include "harness.h"

UNIT(rwnd_field)
{
	CHECK_EQ(xtcp_window_field(65535, 0), 65535);
	CHECK_EQ(xtcp_window_field(65536, 0), 65535);
	CHECK_EQ(xtcp_window_field(65536, 1), 32768);
	CHECK_EQ(xtcp_window_field(1 << 30, 14), 65535);
	CHECK_EQ(xtcp_window_field(0, 14), 0);
}

/* All states of window, reader and buffer: no offer is taken back; all fit the scale. */
UNIT(rwnd_pick_properties)
{
	struct xtcp_params par = {};
	struct xtcp_tcb tcb = { .par = &par, .rcv_mss = 1000 };
	u32 scale, wnd, used, space;

	for (scale = 0; scale <= 14; scale += 7)
		for (wnd = 0; wnd <= 60000; wnd += 997)
			for (used = 0; used <= wnd; used += 3989)
				for (space = 0; space <= 120000; space += 7919) {
					u32 unit = 1u << scale, pick, left = wnd - used;

					tcb.rcv_wscale = (u8)scale;
					tcb.rcv_wup = 0xfffffff0;
					tcb.rcv_wnd = wnd;
					tcb.rcv_nxt = tcb.rcv_wup + used;
					tcb.rcv_read = tcb.rcv_nxt;
					tcb.rcv_space = space;
					pick = xtcp_window_pick(&tcb);
					CHECK(pick % unit == 0);
					CHECK(pick >= left);
					CHECK(pick <= max(left + unit - 1, space));
					CHECK(pick >> scale <= 65535);
				}
}

/* The window shrinks only if the knob allows it and a window scale is in use. */
UNIT(rwnd_shrink)
{
	struct xtcp_params par = {};
	struct xtcp_tcb tcb = {
		.par = &par, .rcv_mss = 1000, .rcv_wscale = 2,
		.rcv_wup = 5000, .rcv_nxt = 5000, .rcv_read = 5000,
		.rcv_wnd = 40000, .rcv_space = 10000,
	};

	CHECK_EQ(xtcp_window_pick(&tcb), 40000);
	par.shrink_window = true;
	CHECK_EQ(xtcp_window_pick(&tcb), 10000);
	tcb.rcv_space = 0;
	CHECK_EQ(xtcp_window_pick(&tcb), 0);
	tcb.rcv_wscale = 0;
	CHECK_EQ(xtcp_window_pick(&tcb), 40000);
}

#define MS	XTCP_NSEC_PER_MSEC

/* A reader on a path of 100 ms, and the window that each read asks for. */
static const struct {
	u32 at_ms;
	u32 bytes;
	u32 want;
} reads[] = {
	{ 1000, 10000, 0 },		/* below the initial window of 14600 */
	{ 1050, 20000, 0 },		/* half a round trip */
	{ 1110, 9200, 81760 + 2 * 81760 },	/* 29200 in one round trip: twice as many */
	{ 1220, 29200, 0 },		/* and the same again */
	{ 1330, 36500, 96360 + 48180 },	/* a quarter more */
	{ 1440, 10000, 0 },		/* less: no reduction */
	{ 1550, 36500, 0 },
	{ 9000, 36600, 96560 + 529 },	/* after a pause */
};

UNIT(rwnd_round)
{
	struct xtcp_tcb tcb = { .rcv_mss = 1460, .srtt8_us = 8 * 100000, .rcv_space = 65535 };
	u32 i;

	for (i = 0; i < ARRAY_SIZE(reads); i++)
		CHECK_EQ(xtcp_rcv_round(&tcb, reads[i].bytes, reads[i].at_ms * MS),
			 reads[i].want);
	CHECK_EQ(tcb.rcv_round, 36600);
}

/*
 * A sender that fills the initial window once in a round trip, and waits. The reader
 * cannot take more than that window, even where ten segments would be more.
 */
static const struct {
	const char *name;
	u32 mss;
	u32 space;
	u32 took;
	u32 want;
} first_windows[] = {
	{ "loopback", 65483, 65535, 55872, 2794629 },
	{ "jumbo frames", 8960, 65535, 62720, 760231 },
	{ "a small buffer", 1460, 10000, 8760, 102363 },
	{ "half of a window is no reason", 1460, 10000, 5000, 0 },
};

UNIT(rwnd_round_first)
{
	u32 i;

	for (i = 0; i < ARRAY_SIZE(first_windows); i++) {
		struct xtcp_tcb tcb = { .rcv_mss = first_windows[i].mss, .srtt8_us = 8 * 20,
					.rcv_space = first_windows[i].space };

		CHECK_EQ(xtcp_rcv_round(&tcb, first_windows[i].took, 5000 * MS),
			 first_windows[i].want);
	}
}

UNIT(rwnd_round_limits)
{
	struct xtcp_tcb tcb = { .rcv_mss = 1460, .rcv_space = 65535 };

	/* No RTT is known, so nothing is measured. */
	CHECK_EQ(xtcp_rcv_round(&tcb, 1 << 20, 5000 * MS), 0);
	/* Below 1 ms the time is that of the reader, not of the path. */
	tcb.srtt8_us = 8 * 20;
	tcb.round_at = (u32)(5000 * MS >> 10);
	CHECK_EQ(xtcp_rcv_round(&tcb, 1000, 5000 * MS + MS / 2), 0);
	CHECK(xtcp_rcv_round(&tcb, 1000, 5000 * MS + 2 * MS));
	/* 1 GB at once does not overflow. */
	CHECK_EQ(xtcp_rcv_round(&tcb, ~0U, 9000 * MS), 1U << 30);
	/* The receiver's own estimate takes precedence over that of the handshake. */
	tcb.rcv_rtt_us = 1000000;
	tcb.rcv_round = 0;
	CHECK_EQ(xtcp_rcv_round(&tcb, 100000, 9500 * MS), 0);
	CHECK(xtcp_rcv_round(&tcb, 100000, 10100 * MS));
}

/* Segments with TSecr, and the RTT estimate after each. */
static const struct {
	u32 at_ms;
	u32 len;
	u32 tsecr;
	u32 rtt_us;
} echoes[] = {
	{ 1000, 999, 940, 0 },		/* small: may have been delayed */
	{ 1000, 1000, 0, 0 },		/* no echo */
	{ 1000, 1000, 1000, 0 },	/* within a tick */
	{ 1000, 1000, 940, 60000 },
	{ 1010, 1000, 940, 60000 },	/* the same TSecr again: no sample */
	{ 1020, 1000, 880, 70000 },	/* an eighth of the way */
	{ 1100, 5000, 1099, 61375 },	/* five segments in one */
	{ 1200, 1000, 1300, 61375 },	/* from the future */
	{ 500000, 1000, 1201, 61375 },	/* longer than any RTO */
};

UNIT(rwnd_rtt_by_timestamp)
{
	struct xtcp_params par = { .rto_max_us = 120000000 };
	struct xtcp_tcb tcb = { .par = &par, .rcv_mss = 1000, .opts = XTCP_OPT_TS };
	u32 i;

	for (i = 0; i < ARRAY_SIZE(echoes); i++) {
		struct xtcp_seg seg = {
			.len = echoes[i].len, .tsecr = echoes[i].tsecr,
		};

		xtcp_rcv_rtt(&tcb, &seg, echoes[i].at_ms * MS);
		CHECK_EQ(tcb.rcv_rtt_us, echoes[i].rtt_us);
	}
}

/* Without timestamps: the shortest time in which a window of 10000 arrives. */
UNIT(rwnd_rtt_by_window)
{
	struct xtcp_tcb tcb = {
		.rcv_mss = 1000, .rcv_wnd = 10000, .rcv_nxt = 0xfffffff0, .rcv_wup = 0xfffffff0,
	};
	struct xtcp_seg seg = { .len = 1000 };
	static const u32 at_us[] = { 1000, 41960, 123880, 124904 + 10240 };
	static const u32 rtt_us[] = { 0, 40000, 40000, 11000 };
	u32 i;

	for (i = 0; i < ARRAY_SIZE(at_us); i++) {
		xtcp_rcv_rtt(&tcb, &seg, at_us[i] * XTCP_NSEC_PER_USEC);
		CHECK(tcb.rcv_rtt_us <= rtt_us[i]);
		CHECK(tcb.rcv_rtt_us >= rtt_us[i] * 9 / 10);
		tcb.rcv_nxt += 9999;
		xtcp_rcv_rtt(&tcb, &seg, at_us[i] * XTCP_NSEC_PER_USEC + 1);
		tcb.rcv_nxt += 1;
		tcb.rcv_wup = tcb.rcv_nxt;
	}
}
