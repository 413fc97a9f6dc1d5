// SPDX-License-Identifier: GPL-2.0
/*
 * Fast retransmit, NewReno: RFC 5681 3.2, RFC 6582. MSS 1000, cwnd 10000.
 */
#include "core.h"
#include "harness.h"

/*
 * A reduction starts from FlightSize (RFC 5681, 2 and equation 4; RFC 6675, 5;
 * RFC 9438, 4.6), not from FlightSize less SACKed bytes.
 */
#define SACK "par tlp 0\nestablished sack rtt 40\nset nodelay 1\n"

/* A congestion control that records its calls; ssthresh() returns 5000 bytes. */
static struct {
	u32 asked;		/* event of the last ssthresh(), plus one, */
	u32 flight;		/* and its flight */
	u32 event;		/* the last event, plus one */
	u32 acks;		/* calls of every_ack(), */
	u32 grown;		/* of acked() */
} heard;

static void fake_init(struct xtcp_tcb *tcb, u64 now)
{
}

static u32 fake_ssthresh(struct xtcp_tcb *tcb, enum xtcp_cc_event why, u32 flight)
{
	heard.asked = why + 1;
	heard.flight = flight;
	return 5000;
}

static void fake_acked(struct xtcp_tcb *tcb, const struct xtcp_ack *ack)
{
	heard.grown++;
}

static void fake_every_ack(struct xtcp_tcb *tcb, const struct xtcp_ack *ack)
{
	heard.acks++;
}

static void fake_event(struct xtcp_tcb *tcb, enum xtcp_cc_event ev, u64 now)
{
	heard.event = ev + 1;
}

static const struct xtcp_cc fake = {
	.name = "fake",
	.init = fake_init,
	.ssthresh = fake_ssthresh,
	.acked = fake_acked,
	.every_ack = fake_every_ack,
	.event = fake_event,
};

struct bench {
	struct xtcp_params par;
	struct xtcp_tcb tcb;
	struct xtcp_sent sent[8];
};

#define UNA 50000U

/* ESTABLISHED, two segments and six after them in flight; cwnd 10000. */
static void bench(struct bench *b, enum xtcp_cong cong, u8 opts)
{
	struct xtcp_tcb *tcb = &b->tcb;
	u32 i;

	memset(b, 0, sizeof(*b));
	memset(&heard, 0, sizeof(heard));
	xtcp_params_init(&b->par);
	xtcp_tcb_init(tcb, &b->par);
	tcb->cc = &fake;
	tcb->state = XTCP_ESTABLISHED;
	tcb->opts = opts;
	tcb->mss = 1000;
	tcb->cwnd = 10000;
	tcb->snd_wnd = tcb->max_snd_wnd = 65535;
	tcb->snd_una = tcb->snd_nxt = tcb->flight_end = UNA;
	tcb->sack_rest = UNA;
	tcb->recover_fs = 8000;
	for (i = 0; i < ARRAY_SIZE(b->sent); i++)
		xtcp_map_lend(tcb, &b->sent[i]);
	xtcp_map_append(tcb, UNA + 1000, 0, XTCP_NSEC_PER_SEC);
	xtcp_map_append(tcb, UNA + 2000, 0, XTCP_NSEC_PER_SEC);
	xtcp_map_append(tcb, UNA + 8000, 0, XTCP_NSEC_PER_SEC);
	tcb->snd_end = tcb->snd_nxt;
	tcb->recover = cong == XTCP_CONG_OPEN ? UNA - 1 : tcb->snd_nxt;
	tcb->cong = cong;
	tcb->ssthresh = cong == XTCP_CONG_OPEN ? ~0U : 5000;
}

/* An ACK advances SND.UNA by @una, without SACK; @flight bytes were in flight. */
static bool bench_ack(struct bench *b, u32 una, u32 flight, bool dup)
{
	struct xtcp_ack a = { .now = 2 * XTCP_NSEC_PER_SEC, .flight = flight };
	struct xtcp_seg seg = { .ack = b->tcb.snd_una + una };

	if (una)
		xtcp_map_ack(&b->tcb, seg.ack, &a);
	return xtcp_loss_ack(&b->tcb, &seg, &a, dup);
}

enum { ECN, QUEUE, FOUND, FOUND_NONE, FOUND_PROBE, REFIT, TIMEOUT, FULL_ACK, PARTIAL_ACK };

static void happens(struct bench *b, u32 what)
{
	struct xtcp_tcb *tcb = &b->tcb;
	struct xtcp_ack a = { .now = 2 * XTCP_NSEC_PER_SEC };

	switch (what) {
	case ECN:
		xtcp_loss_reduce(tcb, XTCP_CC_ECN, &a);
		break;
	case QUEUE:
		xtcp_queue_full(tcb, a.now);
		break;
	case FOUND_NONE:
		xtcp_loss_found(tcb, a.now);
		break;
	case FOUND_PROBE:
		tcb->mtup_size = 1000;
		tcb->mtup_seq = UNA;
		tcb->mtup_end = UNA + 1000;
		fallthrough;
	case FOUND:
		xtcp_map_lost(tcb, tcb->map_head);
		xtcp_loss_found(tcb, a.now);
		break;
	case REFIT:
		xtcp_loss_refit(tcb);
		break;
	case TIMEOUT:
		xtcp_loss_timeout(tcb, a.now);
		break;
	case FULL_ACK:
		bench_ack(b, 8000, 8000, false);
		break;
	case PARTIAL_ACK:
		bench_ack(b, 1000, 8000, false);
		break;
	}
}

#define DOUBT	(XTCP_F_FRTO | XTCP_F_FRTO_NEW)
#define PROBE	(XTCP_F_TLP_OWED | XTCP_F_TLP_OUT)
#define FORCE	XTCP_F_FORCE_RTX

/* Effect of each event on the congestion state and flags. */
UNIT(loss_events)
{
	static const struct {
		const char *what;
		u32 event;
		enum xtcp_cong from, to;
		u32 flags;	/* before: all flags concerned, */
		u32 want;	/* afterwards */
		u32 asked;	/* event passed to ssthresh(), plus one */
		u32 told;	/* event passed to the congestion control, plus one */
	} tab[] = {
		{ "marks", ECN, XTCP_CONG_OPEN, XTCP_CONG_CWR, XTCP_F_PARTIAL | PROBE | XTCP_F_UNDO_RTX,
		  PROBE | XTCP_F_UNDO, XTCP_CC_ECN + 1, XTCP_CC_ECN + 1 },
		{ "a full queue", QUEUE, XTCP_CONG_OPEN, XTCP_CONG_CWR, PROBE, PROBE | XTCP_F_UNDO,
		  XTCP_CC_LOSS + 1, XTCP_CC_LOSS + 1 },
		{ "loss", FOUND, XTCP_CONG_OPEN, XTCP_CONG_RECOVERY, XTCP_F_PARTIAL | PROBE,
		  XTCP_F_TLP_OWED | FORCE | XTCP_F_UNDO, XTCP_CC_LOSS + 1, XTCP_CC_LOSS + 1 },
		{ "loss in a reduction: it is the same one", FOUND, XTCP_CONG_CWR, XTCP_CONG_RECOVERY, XTCP_F_UNDO,
		  FORCE | XTCP_F_UNDO, 0, XTCP_CC_LOSS + 1 },
		{ "more of it in a recovery", FOUND, XTCP_CONG_RECOVERY, XTCP_CONG_RECOVERY, PROBE, PROBE, 0, 0 },
		{ "nothing was lost", FOUND_NONE, XTCP_CONG_OPEN, XTCP_CONG_OPEN, 0, 0, 0, 0 },
		{ "nor in a reduction", FOUND_NONE, XTCP_CONG_CWR, XTCP_CONG_CWR, 0, 0, 0, 0 },
		{ "after a timeout", FOUND, XTCP_CONG_LOSS, XTCP_CONG_LOSS, DOUBT, DOUBT, 0, 0 },
		{ "a probe of the path MTU is lost: no congestion", FOUND_PROBE, XTCP_CONG_OPEN, XTCP_CONG_LOSS,
		  XTCP_F_UNDO, FORCE, 0, 0 },
		{ "smaller segments", REFIT, XTCP_CONG_OPEN, XTCP_CONG_LOSS, XTCP_F_UNDO, FORCE, 0, 0 },
		{ "smaller segments after a timeout", REFIT, XTCP_CONG_LOSS, XTCP_CONG_LOSS, XTCP_F_UNDO | DOUBT, FORCE, 0, 0 },
		{ "smaller segments in a recovery", REFIT, XTCP_CONG_RECOVERY, XTCP_CONG_RECOVERY, XTCP_F_UNDO, FORCE, 0, 0 },
		{ "the timer", TIMEOUT, XTCP_CONG_OPEN, XTCP_CONG_LOSS, PROBE,
		  FORCE | XTCP_F_UNDO | XTCP_F_FRTO, XTCP_CC_TIMEOUT + 1, XTCP_CC_TIMEOUT + 1 },
		{ "the timer in a reduction", TIMEOUT, XTCP_CONG_CWR, XTCP_CONG_LOSS, PROBE | XTCP_F_UNDO,
		  FORCE | XTCP_F_UNDO | XTCP_F_FRTO, 0, XTCP_CC_TIMEOUT + 1 },
		{ "the timer in a recovery: it failed", TIMEOUT, XTCP_CONG_RECOVERY, XTCP_CONG_LOSS, PROBE,
		  FORCE, 0, XTCP_CC_TIMEOUT + 1 },
		{ "the timer again, after progress", TIMEOUT, XTCP_CONG_LOSS, XTCP_CONG_LOSS, DOUBT,
		  FORCE | XTCP_F_UNDO, XTCP_CC_TIMEOUT + 1, XTCP_CC_TIMEOUT + 1 },
		{ "the end of a reduction", FULL_ACK, XTCP_CONG_CWR, XTCP_CONG_OPEN, 0, 0, 0, XTCP_CC_DONE + 1 },
		{ "of a recovery", FULL_ACK, XTCP_CONG_RECOVERY, XTCP_CONG_OPEN, FORCE, 0, 0, XTCP_CC_DONE + 1 },
		{ "of what a timeout began", FULL_ACK, XTCP_CONG_LOSS, XTCP_CONG_OPEN, FORCE | DOUBT, 0, 0, XTCP_CC_DONE + 1 },
		{ "a part of a recovery", PARTIAL_ACK, XTCP_CONG_RECOVERY, XTCP_CONG_RECOVERY, 0, FORCE | XTCP_F_PARTIAL, 0, 0 },
	};
	u32 i;

	for (i = 0; i < ARRAY_SIZE(tab); i++) {
		struct bench b;

		bench(&b, tab[i].from, 0);
		b.tcb.flags = tab[i].flags | XTCP_F_NODELAY;
		b.tcb.dupacks = 3;
		xtcp_dl_set(&b.tcb, XTCP_DL_TLP, 3 * XTCP_NSEC_PER_SEC);
		happens(&b, tab[i].event);
		CHECK_ROW(tab[i].what, b.tcb.cong, tab[i].to);
		CHECK_ROW(tab[i].what, b.tcb.flags, tab[i].want | XTCP_F_NODELAY);
		CHECK_ROW(tab[i].what, heard.asked, tab[i].asked);
		CHECK_ROW(tab[i].what, !heard.asked || heard.flight == 8000, true);
		CHECK_ROW(tab[i].what, heard.event, tab[i].told);
		if (tab[i].to != XTCP_CONG_OPEN)
			CHECK_ROW(tab[i].what, b.tcb.recover, UNA + 8000);
		/* After a timeout there are no tail loss probes (RFC 6298, 5.5). */
		CHECK_ROW(tab[i].what, xtcp_dl_is_set(&b.tcb, XTCP_DL_TLP), tab[i].event != TIMEOUT);
		if (tab[i].event == FOUND_NONE)
			CHECK_ROW(tab[i].what, b.tcb.cwnd, 10000);
		if (tab[i].event == TIMEOUT || tab[i].event == FULL_ACK)
			CHECK_ROW(tab[i].what, b.tcb.dupacks, 0);
	}
}

/* F-RTO: not at a second timeout in a row, and not when switched off. */
UNIT(loss_doubt)
{
	static const struct {
		bool frto;
		u8 retries;
		enum xtcp_cong cong;
		bool want;
	} tab[] = {
		{ true, 0, XTCP_CONG_OPEN, true }, { true, 0, XTCP_CONG_CWR, true },
		{ true, 1, XTCP_CONG_OPEN, false }, { true, 1, XTCP_CONG_LOSS, false },
		{ true, 0, XTCP_CONG_LOSS, false }, { true, 0, XTCP_CONG_RECOVERY, false },
		{ false, 0, XTCP_CONG_OPEN, false }, { false, 1, XTCP_CONG_CWR, false },
	};
	u32 i;

	for (i = 0; i < ARRAY_SIZE(tab); i++) {
		struct bench b;

		bench(&b, tab[i].cong, 0);
		b.par.frto = tab[i].frto;
		b.tcb.retries = tab[i].retries;
		happens(&b, TIMEOUT);
		CHECK_EQ(b.tcb.flags & DOUBT, tab[i].want ? XTCP_F_FRTO : 0);
	}
}

/* F-RTO: after progress that is no proof, slow start continues. */
UNIT(loss_doubt_ends)
{
	struct bench b;

	bench(&b, XTCP_CONG_LOSS, 0);
	b.tcb.flags |= DOUBT;
	happens(&b, PARTIAL_ACK);
	CHECK_EQ(b.tcb.flags & DOUBT, 0);
	CHECK_EQ(b.tcb.cwnd, 10000);
}

/* RFC 5681, 3.1: further timeouts of the same segment do not set ssthresh again. */
UNIT(loss_timeout_again)
{
	struct bench b;

	bench(&b, XTCP_CONG_LOSS, 0);
	b.tcb.retries = 1;
	happens(&b, TIMEOUT);
	CHECK_EQ(heard.asked, 0);
}

/* RFC 6582, 3.2 step 5: deflate by the bytes acknowledged, add back a full segment. */
UNIT(loss_partial_window)
{
	static const struct {
		u32 cwnd, una, want;
	} tab[] = {
		{ 8000, 3000, 6000 }, { 8000, 1000, 8000 }, { 8000, 999, 7001 }, { 2000, 3000, 1000 },
		{ 1500, 999, 1000 }, { 1000, 1, 1000 },
	};
	u32 i;

	for (i = 0; i < ARRAY_SIZE(tab); i++) {
		struct bench b;

		bench(&b, XTCP_CONG_RECOVERY, 0);
		b.tcb.cwnd = tab[i].cwnd;
		bench_ack(&b, tab[i].una, 8000, false);
		CHECK_EQ(b.tcb.cwnd, tab[i].want);
	}
}

/* Duplicate ACKs are counted up to 255, also in OPEN if no recovery may begin. */
UNIT(loss_counts_duplicates)
{
	static const u32 n[] = { 3, 253, 254, 255 };
	u32 i;

	for (i = 0; i < ARRAY_SIZE(n); i++) {
		struct bench b;

		bench(&b, XTCP_CONG_OPEN, 0);
		b.tcb.recover = UNA;
		b.tcb.dupacks = n[i];
		bench_ack(&b, 0, 8000, true);
		CHECK_EQ(b.tcb.dupacks, min(n[i] + 1, 255U));
		CHECK_EQ(b.tcb.cong, XTCP_CONG_OPEN);
	}
}

/* RACK's window shrinks again after recoveries (RFC 8985, 6.2 step 4), not after marks. */
UNIT(loss_recovered)
{
	static const struct {
		enum xtcp_cong cong;
		u32 persist;
	} tab[] = { { XTCP_CONG_RECOVERY, 15 }, { XTCP_CONG_LOSS, 15 }, { XTCP_CONG_CWR, 16 } };
	u32 i;

	for (i = 0; i < ARRAY_SIZE(tab); i++) {
		struct bench b;

		bench(&b, tab[i].cong, XTCP_OPT_SACK_PERM);
		b.tcb.rack_persist = 16;
		happens(&b, FULL_ACK);
		CHECK_EQ(b.tcb.rack_persist, tab[i].persist);
	}
}

/*
 * A window grows (RFC 7661, 3) if half of it was used in slow start, or all but three
 * segments of it otherwise.
 */
UNIT(loss_window_in_use)
{
	static const struct {
		const char *what;
		u32 flight, cwnd, ssthresh;
		bool grows;
	} tab[] = {
		{ "slow start, half in use", 7000, 14000, ~0U, false }, { "more than half", 7000, 13999, ~0U, true },
		{ "after it, all but three segments", 7000, 10000, 5000, true }, { "not so much", 7000, 10001, 5000, false },
		{ "at ssthresh slow start is over", 7000, 12000, 12000, false }, { "below it", 7000, 12000, 12001, true },
		{ "nearly the largest window", XTCP_CWND_MAX, XTCP_CWND_MAX - 1, ~0U, true },
		{ "the largest window", XTCP_CWND_MAX, XTCP_CWND_MAX, ~0U, false },
	};
	u32 i;

	for (i = 0; i < ARRAY_SIZE(tab); i++) {
		struct bench b;

		bench(&b, XTCP_CONG_OPEN, 0);
		b.tcb.cwnd = tab[i].cwnd;
		b.tcb.ssthresh = tab[i].ssthresh;
		bench_ack(&b, 1000, tab[i].flight, false);
		CHECK_ROW(tab[i].what, heard.grown, tab[i].grows);
		CHECK_ROW(tab[i].what, heard.acks, 1);
	}
}

/* A round ends with the ACK of the data in flight at its start, or with a larger flight. */
UNIT(loss_largest_flight)
{
	static const struct {
		u32 una, flight, sent;	/* bytes acknowledged, in flight before, sent after it */
		u32 most, end;
	} tab[] = {
		{ 1000, 8000, 1000, 8000, 8000 }, { 1000, 7000, 1000, 8000, 8000 },
		{ 1000, 8000, 1000, 8000, 8000 }, { 1000, 8001, 1000, 8001, 11000 },
		{ 6000, 6000, 1000, 8001, 11000 }, { 1000, 3000, 1000, 8001, 11000 },
		{ 1000, 2000, 0, 2000, 14000 },
	};
	struct bench b;
	u32 i;

	bench(&b, XTCP_CONG_OPEN, 0);
	for (i = 0; i < ARRAY_SIZE(tab); i++) {
		bench_ack(&b, tab[i].una, tab[i].flight, false);
		CHECK_EQ(b.tcb.flight_most, tab[i].most);
		CHECK_EQ(b.tcb.flight_end, UNA + tab[i].end);
		if (tab[i].sent)
			xtcp_map_append(&b.tcb, b.tcb.snd_nxt + tab[i].sent, 0, 0);
	}
}

/* In OPEN recover follows SND.UNA: after 2 GB it would compare as later. */
UNIT(loss_recover_follows)
{
	struct bench b;

	bench(&b, XTCP_CONG_OPEN, 0);
	b.tcb.recover = UNA - 0x70000000;
	happens(&b, PARTIAL_ACK);
	CHECK(seq_ge(b.tcb.recover, UNA - 1) && seq_lt(b.tcb.recover, UNA + 1000));
	b.tcb.recover = UNA + 5000;
	happens(&b, PARTIAL_ACK);
	CHECK_EQ(b.tcb.recover, UNA + 5000);
}

/* A reduction halves the number of small segments allowed beyond the initial window. */
UNIT(loss_small_segments)
{
	struct bench b;

	bench(&b, XTCP_CONG_OPEN, 0);
	b.tcb.small_more = 9;
	happens(&b, ECN);
	CHECK_EQ(b.tcb.small_more, 4);
}

/* A window algorithm that takes over starts from the bytes in flight and lost. */
UNIT(loss_take_over)
{
	static const struct {
		enum xtcp_cong cong;
		u32 why;
	} tab[] = {
		{ XTCP_CONG_OPEN, 0 }, { XTCP_CONG_RECOVERY, XTCP_CC_LOSS + 1 },
		{ XTCP_CONG_CWR, XTCP_CC_LOSS + 1 }, { XTCP_CONG_LOSS, XTCP_CC_TIMEOUT + 1 },
	};
	u32 i;

	for (i = 0; i < ARRAY_SIZE(tab); i++) {
		struct bench b;

		bench(&b, tab[i].cong, XTCP_OPT_SACK_PERM);
		b.tcb.recover_fs = 77;
		xtcp_map_lost(&b.tcb, b.tcb.map_head);
		xtcp_loss_take_over(&b.tcb);
		CHECK_EQ(heard.asked, tab[i].why);
		CHECK_EQ(b.tcb.recover_fs, tab[i].why ? 8000 : 77);
	}
}

/* With pacing the rate follows the window: 200 % of it in a round trip. */
UNIT(loss_paces)
{
	u32 paced;

	for (paced = 0; paced < 2; paced++) {
		struct bench b;

		bench(&b, XTCP_CONG_OPEN, 0);
		b.tcb.srtt8_us = 8 * 40000;
		b.tcb.flags |= paced ? XTCP_F_PACED : 0;
		bench_ack(&b, 1000, 8000, false);
		CHECK_EQ(b.tcb.pacing_rate, paced ? 500000 : 0);
	}
}
