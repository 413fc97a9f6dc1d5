// SPDX-License-Identifier: GPL-2.0
/*
 * ECN: RFC 3168, RFC 9768 (AccECN), RFC 8257 3.2.
 *
 * In scripts E, C and N are ECE, CWR and AE; as one number, ACE, they count
 * 1, 2 and 4. A connection's first ACE is 5: "EN".
 */
#include "core.h"
#include "harness.h"

/* ---- RFC 3168 ---- */

/* ---- RFC 9768: data receiver ---- */

/* ---- RFC 9768: data sender ---- */

/* ---- RFC 8257 ---- */

static struct xtcp_params par;

static u16 ace(u32 n)
{
	return (u16)(n << XTCP_ACE_SHIFT);
}

/* An established connection that has negotiated @ecn. */
static void establish(struct xtcp_tcb *tcb, u8 ecn, u8 option, u8 cc_flags)
{
	static const struct xtcp_open peer = {
		.flow = { .sport = 1, .dport = 2 },
		.rcv_space = 60000, .rcv_space_max = 60000, .gso_max = 60000,
		.path_mss = 1000, .adv_mss = 1000,
	};
	static struct xtcp_cc cc;
	struct xtcp_seg seg = { .nsegs = 1, .seq = 7, .wnd = 60000,
		.opts = XTCP_OPT_MSS, .mss = 1000,
		.flags = XTCP_SYN | XTCP_ACK | ace(ecn == 3 ? 2 : 1) };
	struct xtcp_plan plan;

	cc = xtcp_cc_reno;
	cc.flags = cc_flags;
	xtcp_params_init(&par);
	par.ecn = ecn;
	par.ecn_option = option;
	xtcp_tcb_init(tcb, &par);
	xtcp_cc_set(tcb, &cc, 1);
	xtcp_connect(tcb, &peer, 1);
	CHECK(xtcp_tx_peek(tcb, 1, &plan));
	xtcp_tx_commit(tcb, &plan, 1);
	seg.ack = plan.seq + 1;
	xtcp_rx(tcb, &seg, NULL, 2);
	while (xtcp_tx_peek(tcb, 2, &plan))
		xtcp_tx_commit(tcb, &plan, 2);
}

static const struct {
	const char *fields;	/* of arriving segments, in order: . (ECT) or C (CE) */
	const char *ece;	/* ECE of the ACK for each: . or E; - for no ACK */
} states[] = {
	{ "....", "-.-." },	/* every second one */
	{ "CCCC", "E-E-" },	/* the first at once, then every second one */
	{ ".C.C", "-E.E" },
	{ "..CC..", "-.E-.-" },
};

/* Section 3.2: an ACK at every change of CE; ECE is the CE state of the newest segment. */
UNIT(dctcp_receiver)
{
	u32 i, n;

	for (i = 0; i < ARRAY_SIZE(states); i++) {
		static struct xtcp_tcb tcb;
		struct xtcp_seg seg = { .nsegs = 1, .seq = 8, .len = 1000, .wnd = 60000,
					.flags = XTCP_ACK };
		struct xtcp_plan plan;

		establish(&tcb, 1, 0, XTCP_CC_ECT | XTCP_CC_ECN_OWN);
		xtcp_set(&tcb, XTCP_SET_QUICKACK, 0, 3);
		xtcp_space(&tcb, 60000);
		seg.ack = tcb.snd_nxt;
		for (n = 0; states[i].fields[n]; n++) {
			struct xtcp_seg s = seg;
			char got = '-';

			s.ecn = states[i].fields[n] == 'C' ? XTCP_CE : XTCP_ECT0;
			xtcp_rx(&tcb, &s, NULL, 4 + n);
			seg.seq += 1000;
			while (xtcp_tx_peek(&tcb, 4 + n, &plan)) {
				got = plan.flags & XTCP_ECE ? 'E' : '.';
				xtcp_tx_commit(&tcb, &plan, 4 + n);
			}
			CHECK_ROW(states[i].fields, got, states[i].ece[n]);
		}
	}
}

/* Sender: bytes acknowledged with ECE count as marked, without a reduction by half. */
UNIT(dctcp_sender)
{
	static struct xtcp_tcb tcb;
	struct xtcp_seg seg = { .nsegs = 1, .seq = 8, .wnd = 60000,
				.flags = XTCP_ACK | XTCP_ECE };
	struct xtcp_plan plan;

	establish(&tcb, 1, 0, XTCP_CC_ECT | XTCP_CC_ECN_OWN);
	xtcp_wrote(&tcb, 5000, 0, 3);
	while (xtcp_tx_peek(&tcb, 3, &plan))
		xtcp_tx_commit(&tcb, &plan, 3);
	seg.ack = tcb.snd_una + 2000;
	xtcp_rx(&tcb, &seg, NULL, 4);
	CHECK_EQ(tcb.delivered_ce, 2000);
	CHECK_EQ(seg.delivered_ce, 2);
	seg.ack += 1000;
	seg.flags = XTCP_ACK;
	xtcp_rx(&tcb, &seg, NULL, 5);
	CHECK_EQ(tcb.delivered_ce, 2000);
	CHECK_EQ(seg.delivered_ce, 0);
	CHECK_EQ(tcb.cong, XTCP_CONG_OPEN);
	xtcp_tcb_fini(&tcb);
}

/* CWR once in a round trip, since the peer may implement RFC 3168 only (section 3.3). */
UNIT(dctcp_sends_cwr)
{
	static const char want[] = "C.C..";
	static struct xtcp_tcb tcb;
	struct xtcp_seg seg = { .nsegs = 1, .seq = 8, .wnd = 60000,
				.flags = XTCP_ACK | XTCP_ECE };
	struct xtcp_plan plan;
	u32 i;

	establish(&tcb, 1, 0, XTCP_CC_ECT | XTCP_CC_ECN_OWN);
	xtcp_wrote(&tcb, 60000, 0, 3);
	while (xtcp_tx_peek(&tcb, 3, &plan))
		xtcp_tx_commit(&tcb, &plan, 3);
	seg.ack = tcb.snd_una;
	for (i = 0; want[i]; i++) {
		seg.ack += 4000;
		xtcp_rx(&tcb, &seg, NULL, 4 + i);
		if (!xtcp_tx_peek(&tcb, 4 + i, &plan)) {
			unit_fail(__FILE__, __LINE__, "no output after ACK %u", i);
			break;
		}
		CHECK_EQ(plan.flags & XTCP_CWR ? 'C' : '.', want[i]);
		while (xtcp_tx_peek(&tcb, 4 + i, &plan))
			xtcp_tx_commit(&tcb, &plan, 4 + i);
	}
	xtcp_tcb_fini(&tcb);
}

/* ---- the counters, over a path that loses ACKs ---- */

static u32 draw(u64 *seed, u32 n)
{
	*seed = *seed * 6364136223846793005ULL + 1442695040888963407ULL;
	return (u32)(*seed >> 33) % n;
}

/*
 * Data with random marks, and ACKs of our receiver with random losses. With the option
 * the sender finally knows every marked byte, however many ACKs are lost; without it,
 * as long as ACE has not wrapped.
 */
static void counters(u32 marks_pct, u32 loss_pct, u8 option, u64 seed)
{
	static struct xtcp_tcb rx, tx;
	struct xtcp_seg data = { .nsegs = 1, .seq = 8, .len = 1000, .wnd = 60000 };
	struct xtcp_seg ack = { .nsegs = 1, .seq = 8, .wnd = 60000 };
	struct xtcp_plan plan;
	u32 i, truth = 0, told = 0, sent = 0, acked, unheard = 0;

	establish(&rx, 3, option, 0);
	establish(&tx, 3, option, 0);
	acked = rx.rcv_nxt;
	xtcp_space(&rx, 60000);
	for (i = 0; i < 3000; i++) {
		struct xtcp_ack a = { .now = 4 + i };
		struct xtcp_seg s = data;
		bool last = i == 2999;

		s.ecn = draw(&seed, 100) < marks_pct ? XTCP_CE : XTCP_ECT0;
		s.ack = rx.snd_nxt;
		s.flags = XTCP_ACK | ace(tx.r_cep);
		truth += s.ecn == XTCP_CE ? 1000 : 0;
		sent += 1000;
		unheard++;
		xtcp_rx(&rx, &s, NULL, 4 + i);
		xtcp_read(&rx, 1000, 60000, 4 + i);
		data.seq += 1000;
		if (last)
			xtcp_ack_now(&rx);
		while (xtcp_tx_peek(&rx, 4 + i, &plan)) {
			xtcp_tx_commit(&rx, &plan, 4 + i);
			if (!last && draw(&seed, 100) < loss_pct &&
			    (option || unheard < 6))
				continue;
			ack.flags = plan.flags;
			ack.opts = plan.opts;
			ack.nacc = plan.nacc;
			memcpy(ack.acc, plan.acc, sizeof(ack.acc));
			a.delivered = plan.ack - acked;
			a.flight = a.delivered;
			acked = plan.ack;
			ack.ack = tx.snd_una;
			if (!a.delivered)
				continue;
			xtcp_ecn_ack(&tx, &ack, &a);
			tx.cong = XTCP_CONG_OPEN;
			told += a.ce;
			unheard = 0;
		}
	}
	CHECK_EQ(acked, data.seq);
	CHECK_EQ(sent, 3000000);
	CHECK_EQ(told, truth);
	xtcp_tcb_fini(&rx);
	xtcp_tcb_fini(&tx);
}

UNIT(acc_counters)
{
	static const u32 pct[] = { 0, 1, 10, 50, 100 };
	u32 m, l;

	for (m = 0; m < ARRAY_SIZE(pct); m++)
		for (l = 0; l < ARRAY_SIZE(pct); l++) {
			counters(pct[m], pct[l], 2, m * 10 + l);
			counters(pct[m], pct[l], 0, m * 10 + l);
		}
}

/* Sparingly: a byte counter is reported when it passes a multiple of 4 MB. */
UNIT(ecn_tells_every_4_mb)
{
	static const struct {
		u32 before;
		u32 len;
		bool due;
	} tab[] = {
		{ (1U << 22) - 1, 1, true },	{ (1U << 22) - 2, 1, false },
		{ (1U << 21) - 1, 1, false },	{ (1U << 23) - 1, 1, true },
		{ (1U << 22) - 1, 1U << 22, true },
	};
	static struct xtcp_tcb tcb;
	struct xtcp_seg seg = { .nsegs = 1, .ecn = XTCP_ECT0 };
	u32 i;

	establish(&tcb, 3, 1, 0);
	for (i = 0; i < ARRAY_SIZE(tab); i++) {
		tcb.ecn_last = XTCP_ECT0;
		tcb.ecn_due = 0;
		tcb.r_e0b = tab[i].before;
		xtcp_ecn_rx(&tcb, &seg, tab[i].len);
		CHECK_EQ(!!tcb.ecn_due, tab[i].due);
	}
}

/* What one segment reports is added to what others have reported. */
UNIT(ecn_reports_add_up)
{
	static struct xtcp_tcb tcb;
	struct xtcp_seg seg = { .nsegs = 1, .ecn = XTCP_CE };

	establish(&tcb, 3, 2, 0);
	tcb.ecn_due = 0;
	xtcp_ecn_rx(&tcb, &seg, 10);
	seg.ecn = XTCP_ECT0;
	xtcp_ecn_rx(&tcb, &seg, 10);
	CHECK_EQ(tcb.ecn_due, BIT(XTCP_CE) | BIT(XTCP_ECT0));
	tcb.ce_unsaid = 0;
	seg.ecn = XTCP_CE;
	seg.nsegs = 300;
	xtcp_ecn_rx(&tcb, &seg, 10);
	CHECK_EQ(tcb.ce_unsaid, 255);

	tcb.ecn_flags = XTCP_ECN_NO_ECT;
	xtcp_ecn_again(&tcb);
	CHECK_EQ(tcb.ecn_flags, XTCP_ECN_NO_ECT | XTCP_ECN_OPT_DOUBT);
	tcb.ecn_flags |= XTCP_ECN_OPT_TRIED;
	xtcp_ecn_again(&tcb);
	CHECK_EQ(tcb.ecn_flags, XTCP_ECN_NO_ECT | XTCP_ECN_OPT_DOUBT | XTCP_ECN_OPT_TRIED |
		 XTCP_ECN_OPT_MUTE);

	establish(&tcb, 1, 2, 0);
	seg.ecn = XTCP_ECT0;
	xtcp_ecn_rx(&tcb, &seg, 10);
	seg.ecn = XTCP_CE;
	xtcp_ecn_rx(&tcb, &seg, 10);
	CHECK_EQ(tcb.ecn_seen, BIT(XTCP_CE) | BIT(XTCP_ECT0));
}

/* A SYN reports no count; a data segment with the option puts the path to the test. */
UNIT(ecn_sent)
{
	static struct xtcp_tcb tcb;
	struct xtcp_plan syn = { .flags = XTCP_SYN | XTCP_ACK };
	struct xtcp_plan data = {
		.flags = XTCP_ACK, .kind = XTCP_PLAN_NEW, .opts = XTCP_OPT_ACCECN0,
	};

	establish(&tcb, 3, 1, 0);
	tcb.ce_unsaid = 1;
	xtcp_ecn_sent(&tcb, &syn);
	CHECK_EQ(tcb.ce_unsaid, 1);
	tcb.ecn_flags = XTCP_ECN_NO_ECT | XTCP_ECN_OPT_DOUBT;
	xtcp_ecn_sent(&tcb, &data);
	CHECK_EQ(tcb.ce_unsaid, 0);
	CHECK_EQ(tcb.ecn_flags, XTCP_ECN_NO_ECT | XTCP_ECN_OPT_DOUBT | XTCP_ECN_OPT_TRIED);
}

/* TIME-WAIT goes on with ECE or with the count. */
UNIT(ecn_in_time_wait)
{
	static struct xtcp_tcb tcb;

	establish(&tcb, 1, 1, 0);
	CHECK_EQ(xtcp_ecn_tw_flags(&tcb), 0);
	tcb.ecn_flags |= XTCP_ECN_ECHO;
	CHECK_EQ(xtcp_ecn_tw_flags(&tcb), XTCP_ECE);
	tcb.ecn = XTCP_ECN_OFF;
	CHECK_EQ(xtcp_ecn_tw_flags(&tcb), 0);
	tcb.ecn = XTCP_ECN_ACC;
	tcb.r_cep = 6;
	CHECK_EQ(xtcp_ecn_tw_flags(&tcb), ace(6));
}

/* Segments that an ACK reports as marked: by the count, or more by the bytes. */
UNIT(ecn_marked_segments)
{
	static const struct {
		u8 opts;
		u32 bytes;
		u32 segs;
	} tab[] = {
		{ 0, 0, 1 },			{ XTCP_OPT_ACCECN0, 2000, 2 },
		{ XTCP_OPT_ACCECN0, 1001, 2 },	{ XTCP_OPT_ACCECN0, 0, 1 },
	};
	static struct xtcp_tcb tcb;
	u32 i;

	for (i = 0; i < ARRAY_SIZE(tab); i++) {
		struct xtcp_ack ack = { .now = 3, .delivered = 5000 };
		struct xtcp_seg seg = {
			.flags = XTCP_ACK | ace(6), .opts = tab[i].opts, .nacc = 2,
			.acc = { 1, tab[i].bytes },
		};

		establish(&tcb, 3, 1, 0);
		seg.ack = tcb.snd_una;
		xtcp_ecn_ack(&tcb, &seg, &ack);
		CHECK_EQ(ack.ce_segs, tab[i].segs);
	}
}

/* An ACK that reports a mark, or a path that mangles, leaves other flags as they are. */
UNIT(ecn_ack_keeps_flags)
{
	static struct xtcp_tcb tcb;
	struct xtcp_ack ack = { .now = 3, .delivered = 1000 };
	struct xtcp_seg seg = { .flags = XTCP_ACK };

	establish(&tcb, 3, 1, 0);
	tcb.ecn_flags = XTCP_ECN_OPT_MUTE;
	seg.ack = tcb.snd_una;
	xtcp_ecn_ack(&tcb, &seg, &ack);
	CHECK_EQ(tcb.ecn_flags, XTCP_ECN_OPT_MUTE | XTCP_ECN_ACE_SEEN | XTCP_ECN_NO_ECT |
		 XTCP_ECN_DEAF);

	establish(&tcb, 1, 1, 0);
	tcb.flags |= XTCP_F_NODELAY;
	tcb.cwnd = tcb.mss;
	tcb.ecn_flags |= XTCP_ECN_CWR_END;
	tcb.cwr_end = tcb.snd_una;
	seg.ack = tcb.snd_una;
	xtcp_ecn_ack(&tcb, &seg, &ack);
	CHECK(!(tcb.ecn_flags & XTCP_ECN_CWR_END));
	seg.flags |= XTCP_ECE;
	xtcp_ecn_ack(&tcb, &seg, &ack);
	CHECK(tcb.flags & XTCP_F_NODELAY);
	CHECK(tcb.flags & XTCP_F_PACE_WAIT);

	tcb.ecn_flags = XTCP_ECN_ECHO | XTCP_ECN_NO_ECT;
	xtcp_ecn_reduced(&tcb);
	CHECK_EQ(tcb.ecn_flags, XTCP_ECN_ECHO | XTCP_ECN_NO_ECT | XTCP_ECN_CWR |
		 XTCP_ECN_CWR_END);
}
