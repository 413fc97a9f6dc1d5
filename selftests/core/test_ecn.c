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
