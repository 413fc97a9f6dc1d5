// SPDX-License-Identifier: GPL-2.0
/*
 * Delivery rate samples. MSS 1000, RTT 40 ms: a window of ten segments in a round
 * trip is 250 kB/s.
 */
#include "core.h"
#include "harness.h"

/* Counts in segments, for each ACK separately. */
static const struct {
	const char *name;
	u32 len;	/* written at once, MSS 1000 */
	bool fin;
	u32 ack[4];	/* bytes acknowledged by each of them */
	u32 segs[4];
} said[] = {
	{ "a byte", 1, false, { 1 }, { 1 } },
	{ "a segment", 1000, false, { 1000 }, { 1 } },
	{ "a byte more", 1001, false, { 1001 }, { 2 } },
	{ "half of one", 3000, false, { 1500, 3000 }, { 1, 2 } },
	{ "byte by byte", 3000, false, { 1, 999, 1000, 3000 }, { 0, 0, 1, 2 } },
	{ "with FIN", 1000, true, { 1001 }, { 1 } },
	{ "before FIN", 1000, true, { 1000, 1001 }, { 0, 1 } },
	{ "FIN", 0, true, { 1 }, { 1 } },
};

UNIT(rate_segments)
{
	struct xtcp_open peer = {
		.flow = { .sport = 1, .dport = 2 },
		.rcv_space = 60000, .rcv_space_max = 60000, .gso_max = 60000,
		.path_mss = 1000, .adv_mss = 1000,
	};
	unsigned int i, k;

	for (i = 0; i < ARRAY_SIZE(said); i++) {
		static struct xtcp_tcb tcb;
		struct xtcp_params par;
		struct xtcp_plan plan;
		struct xtcp_seg seg = { .nsegs = 1, .seq = 7, .wnd = 60000, .mss = 1000,
					.opts = XTCP_OPT_MSS, .flags = XTCP_SYN | XTCP_ACK };

		xtcp_params_init(&par);
		xtcp_tcb_init(&tcb, &par);
		xtcp_connect(&tcb, &peer, 1);
		CHECK(xtcp_tx_peek(&tcb, 1, &plan));
		xtcp_tx_commit(&tcb, &plan, 1);
		seg.ack = plan.seq + 1;
		xtcp_rx(&tcb, &seg, NULL, 2);
		CHECK_ROW(said[i].name, seg.delivered, 1);
		xtcp_wrote(&tcb, said[i].len, 0, 3);
		if (said[i].fin)
			xtcp_shutdown(&tcb, 3);
		while (xtcp_tx_peek(&tcb, 3, &plan))
			xtcp_tx_commit(&tcb, &plan, 3);
		seg.flags = XTCP_ACK;
		seg.seq = 8;
		for (k = 0; k < ARRAY_SIZE(said[i].ack) && said[i].ack[k]; k++) {
			seg.ack = tcb.iss + 1 + said[i].ack[k];
			xtcp_rx(&tcb, &seg, NULL, 4 + k);
			CHECK_ROW(said[i].name, seg.delivered, said[i].segs[k]);
		}
		xtcp_tcb_fini(&tcb);
	}
}

/* The window, what is held behind a hole, and the buffer that both need. */
static const struct {
	const struct xtcp_cc *cc;
	u32 cwnd, sacked, want;
} snd_wants[] = {
	{ &xtcp_cc_cubic, 1, 0, 2 },
	{ &xtcp_cc_cubic, 14600, 0, 29200 },
	{ &xtcp_cc_cubic, 14600, 1460, 31390 },
	{ &xtcp_cc_cubic, 500000, 1500000, 3250000 },
	{ &xtcp_cc_cubic, 500000, 1, 1000001 },
	{ &xtcp_cc_cubic, 1U << 30, 1U << 30, 0xe0000000 },
	{ &xtcp_cc_cubic, 1U << 30, ~0U, ~0U },
	{ &xtcp_cc_bbr, 14600, 0, 43800 },
	{ &xtcp_cc_bbr, 500000, 1500000, 3750000 },
	{ &xtcp_cc_bbr, 1U << 31, 0, ~0U },
};

UNIT(rate_snd_want)
{
	static struct xtcp_tcb tcb;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(snd_wants); i++) {
		tcb.cc = snd_wants[i].cc;
		tcb.cwnd = snd_wants[i].cwnd;
		tcb.sacked_out = snd_wants[i].sacked;
		CHECK_EQ(xtcp_snd_want(&tcb), snd_wants[i].want);
	}
}

/* Bytes that were marked lost and then unmarked do not make a sample's loss negative. */
UNIT(rate_lost_and_found)
{
	struct xtcp_params par;
	struct xtcp_sent lent[4];
	struct xtcp_ack a = { .now = 300 };
	struct xtcp_tcb tcb;
	u32 i;

	xtcp_params_init(&par);
	xtcp_tcb_init(&tcb, &par);
	tcb.state = XTCP_ESTABLISHED;
	tcb.mss = 1000;
	tcb.iss = 0xffffff00;
	tcb.snd_una = tcb.iss + 1;
	tcb.snd_nxt = tcb.snd_una;
	for (i = 0; i < ARRAY_SIZE(lent); i++)
		xtcp_map_lend(&tcb, &lent[i]);
	xtcp_map_append(&tcb, tcb.iss + 5001, 0, 100);
	xtcp_map_lost(&tcb, tcb.map_head);
	xtcp_map_append(&tcb, tcb.iss + 6001, 0, 200);
	xtcp_map_unlose(&tcb);
	xtcp_map_ack(&tcb, tcb.iss + 6001, &a);
	xtcp_rate_ack(&tcb, &a);
	CHECK(a.rs_any);
	CHECK_EQ(a.rs_flight, 1000);
	CHECK_EQ(a.rs_lost, 0);
}

static void rate_init(struct xtcp_tcb *tcb, struct xtcp_params *par)
{
	xtcp_params_init(par);
	xtcp_tcb_init(tcb, par);
	tcb->state = XTCP_ESTABLISHED;
	tcb->mss = 1000;
	tcb->cwnd = 10000;
	tcb->iss = 100;
	tcb->snd_una = tcb->snd_nxt = 50000;
}

/* State saved with each transmission, including whether it was app-limited. */
UNIT(rate_remembers)
{
	struct xtcp_sent sent = { .seq = 50000, .end = 51000 };
	struct xtcp_params par;
	struct xtcp_tcb tcb;

	rate_init(&tcb, &par);
	tcb.snd_nxt += 3000;
	tcb.delivered = 111;
	tcb.delivered_at = 5;
	tcb.first_tx_at = 6;
	tcb.lost = 77;
	tcb.flags |= XTCP_F_APP;
	xtcp_rate_sent(&tcb, &sent, 9);
	CHECK_EQ(sent.delivered, 111);
	CHECK_EQ(sent.delivered_at, 5);
	CHECK_EQ(sent.first_tx_at, 6);
	CHECK_EQ(sent.lost, 77);
	CHECK_EQ(sent.flight, 3000);
	CHECK_EQ(sent.marks, XTCP_SENT_APP);
	tcb.flags &= ~XTCP_F_APP;
	sent.marks |= XTCP_SENT_RTX;
	xtcp_rate_sent(&tcb, &sent, 9);
	CHECK_EQ(sent.marks, XTCP_SENT_RTX);
}

/* If an ACK delivers several transmissions, the sample is taken from the newest. */
UNIT(rate_newest)
{
	static const struct {
		const char *what;
		u32 delivered;		/* tcb.delivered as the second one left; the first: 1000 */
		u64 sent_at;		/* of the second one, ns; the first: 10 */
		bool taken;
	} tab[] = {
		{ "more had been delivered", 2000, 20, true }, { "more, though it left earlier", 2000, 5, true },
		{ "less", 500, 20, false }, { "as much, and it left later", 1000, 11, true },
		{ "as much, at the same time", 1000, 10, false }, { "as much, earlier", 1000, 9, false },
	};
	struct xtcp_params par;
	struct xtcp_tcb tcb;
	u32 i;

	for (i = 0; i < ARRAY_SIZE(tab); i++) {
		struct xtcp_sent first = {
			.seq = 50000, .end = 51000, .delivered = 1000, .sent_at = 10, .first_tx_at = 2,
			.delivered_at = 3, .lost = 4, .flight = 5000, .marks = XTCP_SENT_LOST,
		};
		struct xtcp_sent next = {
			.seq = 51000, .end = 52000, .delivered = tab[i].delivered, .sent_at = tab[i].sent_at,
			.first_tx_at = 4, .delivered_at = 5, .lost = 6, .flight = 7000, .marks = XTCP_SENT_APP,
		};
		struct xtcp_ack a = { .now = 100 };

		rate_init(&tcb, &par);
		xtcp_delivered(&tcb, &first, 51000, false, &a);
		CHECK_ROW(tab[i].what, a.rs_any && !a.rs_app_limited, true);
		CHECK_ROW(tab[i].what, tcb.first_tx_at, 10);
		xtcp_delivered(&tcb, &next, 52000, false, &a);
		CHECK_ROW(tab[i].what, a.rs_prior, tab[i].taken ? tab[i].delivered : 1000);
		CHECK_ROW(tab[i].what, a.rs_prior_at, tab[i].taken ? 5 : 3);
		CHECK_ROW(tab[i].what, a.rs_send_ns, tab[i].taken ? tab[i].sent_at - 4 : 8);
		CHECK_ROW(tab[i].what, a.rs_lost, tab[i].taken ? 6 : 4);
		CHECK_ROW(tab[i].what, a.rs_flight, tab[i].taken ? 7000 : 5000);
		CHECK_ROW(tab[i].what, a.rs_app_limited, tab[i].taken);
		CHECK_ROW(tab[i].what, a.orig, 1000);
		CHECK_ROW(tab[i].what, a.delivered, 2000);
	}
}

/* SYN and FIN count as segments, as in the kernel's TCP. */
UNIT(rate_controls)
{
	static const struct {
		const char *what;
		u8 state;
		u32 una, seq, end;	/* the ISS is 100, data ends at 60000 */
		u32 flags;
		u32 segs;
	} tab[] = {
		{ "SYN", XTCP_SYN_SENT, 100, 100, 101, 0, 1 },
		{ "SYN with data", XTCP_SYN_SENT, 100, 100, 1102, 0, 3 },
		{ "data of a SYN", XTCP_SYN_SENT, 100, 101, 1101, 0, 1 },
		{ "SYN that crossed another", XTCP_SYN_RECEIVED, 100, 100, 101, 0, 1 },
		{ "acknowledged just now", XTCP_SYN_SENT, 1102, 100, 1102, 0, 3 },
		{ "SYN of a SYN-ACK", XTCP_SYN_RECEIVED, 100, 100, 101, XTCP_F_PASSIVE, 0 },
		{ "the number of the SYN, 4 GB later", XTCP_ESTABLISHED, 50, 100, 1100, 0, 1 },
		{ "FIN", XTCP_FIN_WAIT_1, 60000, 60000, 60001, XTCP_F_FIN_SENT, 1 },
		{ "FIN with data", XTCP_FIN_WAIT_1, 59000, 59000, 60001, XTCP_F_FIN_SENT, 1 },
		{ "FIN with more than a segment", XTCP_FIN_WAIT_1, 58500, 58500, 60001, XTCP_F_FIN_SENT, 2 },
		{ "data before it", XTCP_FIN_WAIT_1, 50000, 50000, 51001, XTCP_F_FIN_SENT, 2 },
		{ "two segments", XTCP_ESTABLISHED, 50000, 50000, 52000, 0, 2 },
	};
	struct xtcp_params par;
	struct xtcp_tcb tcb;
	u32 i;

	for (i = 0; i < ARRAY_SIZE(tab); i++) {
		struct xtcp_sent sent = { .seq = tab[i].seq, .end = tab[i].end };
		struct xtcp_ack a = { .now = 100 };

		rate_init(&tcb, &par);
		tcb.state = tab[i].state;
		tcb.flags = tab[i].flags;
		tcb.snd_una = tab[i].una;
		tcb.snd_nxt = tab[i].end;
		tcb.snd_end = 60000;
		xtcp_delivered(&tcb, &sent, tab[i].end, false, &a);
		CHECK_ROW(tab[i].what, a.segs, tab[i].segs);
	}
}

/* The sample: sent at 1 ms, with 8000 bytes delivered before. */
UNIT(rate_interval)
{
	static const struct {
		const char *what;
		u32 delivered;
		u64 now_us, send_us;
		u32 min_rtt_us;
		u32 interval_us;
		bool app_limited;
	} tab[] = {
		{ "from departure to ACK", 1000, 41000, 10000, 40000, 40000, false },
		{ "the time it took to send is longer", 1000, 41000, 50000, 40000, 50000, false },
		{ "less than a segment", 999, 41000, 10000, 40000, 40000, true },
		{ "no round trip known", 1000, 41000, 10000, ~0U, 40000, false },
		{ "shorter than the shortest", 1000, 41000, 10000, 40001, 0, false },
		{ "in no time", 1000, 1000, 0, ~0U, 1, false },
		{ "before it was released", 1000, 900, 0, ~0U, 1, false },
		{ "more than an hour", 1000, 5000000000ULL, 0, 40000, ~0U, false },
		{ "nothing was delivered", 0, 41000, 10000, 40000, 0, false },
	};
	struct xtcp_params par;
	struct xtcp_tcb tcb;
	u32 i;

	for (i = 0; i < ARRAY_SIZE(tab); i++) {
		struct xtcp_ack a = {
			.now = tab[i].now_us * 1000, .delivered = tab[i].delivered, .rs_any = true,
			.rs_prior = 8000, .rs_prior_at = XTCP_NSEC_PER_MSEC, .rs_send_ns = tab[i].send_us * 1000,
		};

		rate_init(&tcb, &par);
		tcb.min_rtt_us = tab[i].min_rtt_us;
		tcb.delivered = 8000;
		tcb.delivered_at = 7;
		xtcp_rate_ack(&tcb, &a);
		CHECK_ROW(tab[i].what, a.rs_interval_us, tab[i].interval_us);
		CHECK_ROW(tab[i].what, a.rs_delivered, tab[i].delivered);
		CHECK_ROW(tab[i].what, a.rs_app_limited, tab[i].app_limited);
		CHECK_ROW(tab[i].what, tcb.delivered, 8000 + tab[i].delivered);
		CHECK_ROW(tab[i].what, tcb.delivered_at, tab[i].delivered ? a.now : 7);
	}
}

/* Output is app-limited if less than a segment is unsent and the window has room. */
UNIT(rate_app_is_the_limit)
{
	static const struct {
		u32 waits, cwnd, lost;
		bool limit;
	} tab[] = {
		{ 0, 10000, 0, true }, { 999, 10000, 0, true }, { 1000, 10000, 0, false },
		{ 0, 3000, 0, false }, { 0, 3001, 0, true }, { 0, 10000, 1, false },
	};
	struct xtcp_params par;
	struct xtcp_tcb tcb;
	u32 i;

	for (i = 0; i < ARRAY_SIZE(tab); i++) {
		rate_init(&tcb, &par);
		tcb.snd_nxt += 3000;
		tcb.snd_end = tcb.snd_nxt + tab[i].waits;
		tcb.cwnd = tab[i].cwnd;
		tcb.lost_out = tab[i].lost;
		xtcp_rate_app(&tcb);
		CHECK_EQ(tcb.flags, tab[i].limit ? XTCP_F_APP : 0);
		CHECK_EQ(tcb.app_limited, tab[i].limit ? 3000 : 0);
	}
}
