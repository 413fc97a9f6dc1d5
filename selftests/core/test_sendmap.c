// SPDX-License-Identifier: GPL-2.0
/*
 * The send map: entries in flight and lost; without free entries it becomes coarser,
 * but stays correct.
 */
#include <stdlib.h>

#include "core.h"
#include "harness.h"

struct map {
	struct xtcp_params par;
	struct xtcp_tcb tcb;
	struct xtcp_sent sent[8];
};

/* ESTABLISHED with nothing in flight, SND.NXT close to the wrap, @n entries lent. */
static void init(struct map *m, u32 n)
{
	u32 i;

	xtcp_params_init(&m->par);
	xtcp_tcb_init(&m->tcb, &m->par);
	m->tcb.state = XTCP_ESTABLISHED;
	m->tcb.mss = 1000;
	m->tcb.iss = 0xffffff00;
	m->tcb.snd_una = m->tcb.iss + 1;
	m->tcb.snd_nxt = m->tcb.snd_una;
	for (i = 0; i < n; i++)
		xtcp_map_lend(&m->tcb, &m->sent[i]);
}

static u32 at(const struct map *m, u32 rel)
{
	return m->tcb.iss + rel;
}

static u32 entries(const struct map *m)
{
	const struct xtcp_sent *s;
	u32 n = 0;

	for (s = m->tcb.map_head; s; s = s->next)
		n++;
	return n;
}

UNIT(sendmap_append_and_ack)
{
	struct xtcp_ack acked = { .now = 400 };
	struct map m;

	init(&m, 4);
	xtcp_map_append(&m.tcb, at(&m, 1001), 0, 100);
	xtcp_map_append(&m.tcb, at(&m, 5001), 0, 200);
	xtcp_map_append(&m.tcb, at(&m, 5101), 0, 300);
	CHECK_EQ(m.tcb.snd_nxt, at(&m, 5101));
	CHECK_EQ(m.tcb.map_nfree, 3);
	xtcp_map_ack(&m.tcb, at(&m, 1001), &acked);
	CHECK_EQ(acked.una, 1000);
	CHECK_EQ(acked.delivered, 1000);
	CHECK_EQ(acked.sent_at, 100);
	CHECK(!acked.rtx);
	xtcp_map_ack(&m.tcb, at(&m, 3001), &acked);
	CHECK_EQ(m.tcb.map_head->seq, at(&m, 3001));
	CHECK_EQ(entries(&m), 2);
	xtcp_map_ack(&m.tcb, at(&m, 5101), &acked);
	CHECK_EQ(acked.una, 2100);
	CHECK_EQ(acked.delivered, 5100);
	CHECK_EQ(acked.sent_at, 300);
	CHECK_EQ(entries(&m), 0);
	CHECK_EQ(m.tcb.map_nfree, 6);
}

UNIT(sendmap_mark_and_resend)
{
	struct xtcp_ack acked = { .now = 400 };
	struct map m;

	init(&m, 6);
	xtcp_map_append(&m.tcb, at(&m, 10001), 0, 100);
	xtcp_map_mark_head(&m.tcb, 1000);
	CHECK_EQ(m.tcb.lost_out, 1000);
	CHECK_EQ(entries(&m), 2);
	xtcp_map_mark_head(&m.tcb, 1000);	/* already lost: no change */
	CHECK_EQ(m.tcb.lost_out, 1000);
	xtcp_map_resent(&m.tcb, at(&m, 1), at(&m, 1001), 200);
	CHECK_EQ(m.tcb.lost_out, 0);
	CHECK_EQ(m.tcb.map_head->nrtx, 1);
	CHECK_EQ(m.tcb.map_head->first_at, 100);
	CHECK_EQ(m.tcb.map_head->sent_at, 200);
	xtcp_map_ack(&m.tcb, at(&m, 1001), &acked);
	CHECK(acked.rtx);
	acked.rtx = false;
	xtcp_map_mark_all(&m.tcb, false);
	CHECK_EQ(m.tcb.lost_out, 9000);
	xtcp_map_resent(&m.tcb, at(&m, 1001), at(&m, 3001), 300);
	CHECK_EQ(m.tcb.lost_out, 7000);
	xtcp_map_ack(&m.tcb, at(&m, 5001), &acked);
	CHECK_EQ(m.tcb.lost_out, 5000);
	CHECK(acked.rtx);
	xtcp_map_ack(&m.tcb, at(&m, 10001), &acked);
	CHECK_EQ(m.tcb.lost_out, 0);
	CHECK(!m.tcb.map_lost);
}

/* Without lent entries: two entries in the TCB, then the last one grows. */
UNIT(sendmap_without_memory)
{
	struct xtcp_ack acked = { .now = 400 };
	struct map m;
	u32 i;

	init(&m, 0);
	for (i = 1; i <= 10; i++)
		xtcp_map_append(&m.tcb, at(&m, i * 1000 + 1), 0, i);
	CHECK_EQ(entries(&m), XTCP_SENT_EMBEDDED);
	CHECK_EQ(m.tcb.snd_nxt, at(&m, 10001));
	/* The entry has data of several send times: no RTT sample. */
	xtcp_map_ack(&m.tcb, at(&m, 10001), &acked);
	CHECK(acked.rtx);
	xtcp_map_append(&m.tcb, at(&m, 11001), 0, 20);
	xtcp_map_append(&m.tcb, at(&m, 12001), 0, 21);
	xtcp_map_mark_head(&m.tcb, 500);
	CHECK_EQ(m.tcb.lost_out, 1000);		/* more than requested: the entry cannot be split */
	xtcp_map_resent(&m.tcb, at(&m, 10001), at(&m, 10501), 30);
	CHECK_EQ(m.tcb.lost_out, 0);
}

UNIT(sendmap_lend_and_reclaim)
{
	struct xtcp_sent *s;
	struct map m;
	u32 n = 0;

	init(&m, 8);
	CHECK_EQ(m.tcb.map_nfree, 10);
	xtcp_map_append(&m.tcb, at(&m, 1001), 0, 1);
	while ((s = xtcp_map_reclaim(&m.tcb))) {
		CHECK(s >= m.sent && s < m.sent + 8);
		n++;
		CHECK_EQ(m.tcb.map_nfree, 9 - n);
	}
	CHECK(n >= 7);
	m.tcb.state = XTCP_CLOSED;
	xtcp_map_flush(&m.tcb);
	while (xtcp_map_reclaim(&m.tcb))
		n++;
	CHECK_EQ(n, 8);		/* the two in the TCB are never returned */
}

static struct xtcp_sent *any(struct xtcp_tcb *tcb)
{
	struct xtcp_sent *sent = tcb->map_head;
	u32 n = random() % 6;

	while (sent && sent->next && n--)
		sent = sent->next;
	return sent;
}

/* Random operations; xtcp_check() compares counters with the list. */
UNIT(sendmap_random)
{
	u32 round, step;

	srandom(2);
	for (round = 0; round < 3000; round++) {
		struct xtcp_ack acked = { .now = 400 };
		struct xtcp_sent *some;
		struct map m;
		u32 out, n;

		init(&m, random() % 9);
		m.tcb.cong = XTCP_CONG_LOSS;
		for (step = 0; step < 60; step++) {
			out = m.tcb.snd_nxt - m.tcb.snd_una;
			switch (random() % 9) {
			case 0:
			case 1:
				xtcp_map_append(&m.tcb, m.tcb.snd_nxt + 1 + random() % 5000,
						0, step);
				break;
			case 2:
				if (out)
					xtcp_map_ack(&m.tcb, m.tcb.snd_una + 1 +
						     random() % out, &acked);
				break;
			case 3:
				xtcp_map_mark_head(&m.tcb, 1 + random() % 2000);
				break;
			case 4:
				if (!(random() % 4))
					xtcp_map_mark_all(&m.tcb, random() % 2);
				break;
			case 6:
			case 7:
				some = any(&m.tcb);
				if (some && !(some->marks & XTCP_SENT_SACKED))
					xtcp_map_sacked(&m.tcb, some, &acked);
				break;
			case 8:
				some = any(&m.tcb);
				if (!(random() % 8))
					xtcp_map_unlose(&m.tcb);
				else if (some && !(some->marks & (XTCP_SENT_SACKED |
								  XTCP_SENT_LOST)))
					xtcp_map_lost(&m.tcb, some);
				break;
			case 5:
				if (!m.tcb.map_lost)
					break;
				n = m.tcb.map_lost->end - m.tcb.map_lost->seq;
				xtcp_map_resent(&m.tcb, m.tcb.map_lost->seq,
						m.tcb.map_lost->seq + 1 + random() % n,
						step);
				break;
			}
			m.tcb.snd_end = m.tcb.snd_nxt;
			m.tcb.cwnd = 1000;
			m.tcb.dl_armed = m.tcb.snd_nxt == m.tcb.snd_una ? 0 : 1U << XTCP_DL_RTO;
			m.tcb.snd_wnd = m.tcb.max_snd_wnd = 65535;
			if (xtcp_check(&m.tcb)) {
				unit_fail(__FILE__, __LINE__, "round %u step %u: %s",
					  round, step, xtcp_check(&m.tcb));
				return;
			}
		}
	}
}

static u32 is(const struct map *m, const struct xtcp_sent *sent, u32 seq, u32 end)
{
	return sent && sent->seq == at(m, seq) && sent->end == at(m, end);
}

/* Adjacent SACKed entries are merged, in whatever order they are SACKed. */
UNIT(sendmap_sacked_neighbours_merge)
{
	struct xtcp_ack acked = { .now = 400 };
	struct xtcp_sent *sent;
	struct map m;
	u32 i;

	init(&m, 8);
	for (i = 1; i <= 5; i++)
		xtcp_map_append(&m.tcb, at(&m, 1000 * i + 1), 0, i);
	sent = xtcp_map_sacked(&m.tcb, m.tcb.map_head->next, &acked);
	CHECK(is(&m, sent, 1001, 2001));
	sent = xtcp_map_sacked(&m.tcb, sent->next->next, &acked);
	CHECK(is(&m, sent, 3001, 4001));
	sent = xtcp_map_sacked(&m.tcb, sent->prev, &acked);
	CHECK(is(&m, sent, 1001, 4001));
	CHECK_EQ(m.tcb.sacked_out, 3000);
	CHECK_EQ(acked.sacked, 3000);
	CHECK_EQ(xtcp_flight(&m.tcb), 2000);
	/* A cumulative ACK into the run delivers only what was not SACKed. */
	xtcp_map_ack(&m.tcb, at(&m, 2501), &acked);
	CHECK_EQ(acked.delivered, 4000);
	CHECK_EQ(m.tcb.sacked_out, 1500);
}

/* Entries in flight are in the order of transmission, retransmissions included. */
UNIT(sendmap_order_of_departure)
{
	struct map m;

	init(&m, 8);
	xtcp_map_append(&m.tcb, at(&m, 1001), 0, 10);
	xtcp_map_append(&m.tcb, at(&m, 2001), 0, 20);
	xtcp_map_append(&m.tcb, at(&m, 3001), 0, 30);
	xtcp_map_lost(&m.tcb, m.tcb.map_head);
	CHECK(is(&m, m.tcb.map_old, 1001, 2001));
	xtcp_map_resent(&m.tcb, at(&m, 1), at(&m, 1001), 40);
	CHECK(is(&m, m.tcb.map_old, 1001, 2001));
	CHECK(is(&m, m.tcb.map_new, 1, 1001));
	/* The end of the last one is sent again, as a probe. */
	xtcp_map_resent(&m.tcb, at(&m, 2501), at(&m, 3001), 50);
	CHECK(is(&m, m.tcb.map_new, 2501, 3001));
	CHECK(is(&m, m.tcb.map_tail->prev, 2001, 2501));
	CHECK(!(m.tcb.map_tail->prev->marks & XTCP_SENT_RTX));
}

/* Lost entries are sent again in the order of sequence numbers. */
UNIT(sendmap_order_of_loss)
{
	struct map m;

	init(&m, 8);
	xtcp_map_append(&m.tcb, at(&m, 1001), 0, 10);
	xtcp_map_append(&m.tcb, at(&m, 2001), 0, 20);
	xtcp_map_append(&m.tcb, at(&m, 3001), 0, 30);
	xtcp_map_lost(&m.tcb, m.tcb.map_head->next);
	xtcp_map_lost(&m.tcb, m.tcb.map_tail);
	CHECK(is(&m, m.tcb.map_lost, 1001, 2001));
	xtcp_map_lost(&m.tcb, m.tcb.map_head);
	CHECK(is(&m, m.tcb.map_lost, 1, 1001));
	CHECK(is(&m, m.tcb.map_lost_tail, 2001, 3001));
	CHECK_EQ(m.tcb.lost, 3000);
	xtcp_map_unlose(&m.tcb);
	CHECK_EQ(m.tcb.lost_out, 0);
	CHECK_EQ(m.tcb.lost, 0);
	CHECK(is(&m, m.tcb.map_old, 1, 1001));
}

/*
 * Entries that were marked lost in any order, and are not lost after all, are again in
 * the list of entries in flight, in the order of transmission.
 */
UNIT(sendmap_unlose_in_order_of_departure)
{
	static const u32 lost[] = { 4, 1, 6, 3, 0 };
	struct xtcp_sent *seg[8];
	struct map m;
	u32 i;

	init(&m, 8);
	for (i = 0; i < ARRAY_SIZE(seg); i++)
		seg[i] = xtcp_map_append(&m.tcb, at(&m, 1000 * i + 1001), 0, 10 + i);
	/* The second one is sent again, so it was sent last. */
	xtcp_map_lost(&m.tcb, seg[1]);
	xtcp_map_resent(&m.tcb, seg[1]->seq, seg[1]->end, 20);
	for (i = 0; i < ARRAY_SIZE(lost); i++)
		xtcp_map_lost(&m.tcb, seg[lost[i]]);
	xtcp_map_split(&m.tcb, seg[6], at(&m, 6501));
	xtcp_map_unlose(&m.tcb);
	m.tcb.snd_end = m.tcb.snd_nxt;
	m.tcb.cwnd = 1000;
	m.tcb.dl_armed = 1U << XTCP_DL_RTO;
	m.tcb.snd_wnd = m.tcb.max_snd_wnd = 65535;
	if (xtcp_check(&m.tcb))
		unit_fail(__FILE__, __LINE__, "%s", xtcp_check(&m.tcb));
	CHECK(m.tcb.map_old == seg[0]);
	CHECK(seg[0]->tnext == seg[2]);
	CHECK(m.tcb.map_new == seg[1]);
	CHECK(is(&m, seg[6]->tnext, 6501, 7001));
}

/* Without a free entry, a SACKed last entry that grows counts as in flight again. */
UNIT(sendmap_sacked_tail_grows)
{
	struct xtcp_ack acked = { .now = 400 };
	struct map m;

	init(&m, 0);
	xtcp_map_append(&m.tcb, at(&m, 1001), 0, 10);
	xtcp_map_append(&m.tcb, at(&m, 2001), 0, 20);
	xtcp_map_sacked(&m.tcb, m.tcb.map_tail, &acked);
	xtcp_map_append(&m.tcb, at(&m, 3001), 0, 30);
	CHECK_EQ(m.tcb.sacked_out, 0);
	CHECK(is(&m, m.tcb.map_tail, 1001, 3001));
	CHECK(m.tcb.map_tail->marks & XTCP_SENT_RTX);
}

/* A peer that reneges (RFC 2018, 8). */
UNIT(sendmap_renege)
{
	struct xtcp_ack acked = { .now = 400 };
	struct map m;

	init(&m, 4);
	xtcp_map_append(&m.tcb, at(&m, 1001), 0, 10);
	xtcp_map_append(&m.tcb, at(&m, 2001), 0, 20);
	xtcp_map_sacked(&m.tcb, m.tcb.map_head, &acked);
	xtcp_map_mark_all(&m.tcb, false);
	CHECK_EQ(m.tcb.lost_out, 1000);
	xtcp_map_mark_all(&m.tcb, true);
	CHECK_EQ(m.tcb.lost_out, 2000);
	CHECK_EQ(m.tcb.sacked_out, 0);
}

/* Both parts of a split entry keep its send state; without memory it is not split. */
UNIT(sendmap_parts_know_the_same)
{
	struct xtcp_sent *sent, *rest;
	struct map m;

	init(&m, 0);
	sent = xtcp_map_append(&m.tcb, at(&m, 3001), XTCP_SENT_SMALL, 10);
	sent->first_at = 5;
	sent->delivered_at = 7;
	sent->first_tx_at = 8;
	sent->delivered = 111;
	sent->lost = 222;
	sent->flight = 333;
	sent->nrtx = 4;
	sent->mss = 555;
	CHECK(xtcp_map_split(&m.tcb, sent, at(&m, 1001)));
	CHECK(!xtcp_map_split(&m.tcb, sent, at(&m, 501)));
	rest = sent->next;
	CHECK(is(&m, sent, 1, 1001) && is(&m, rest, 1001, 3001));
	CHECK_EQ(rest->sent_at, 10);
	CHECK_EQ(rest->first_at, 5);
	CHECK_EQ(rest->delivered_at, 7);
	CHECK_EQ(rest->first_tx_at, 8);
	CHECK_EQ(rest->delivered, 111);
	CHECK_EQ(rest->lost, 222);
	CHECK_EQ(rest->flight, 333);
	CHECK_EQ(rest->nrtx, 4);
	CHECK_EQ(rest->mss, 555);
	CHECK_EQ(rest->order, sent->order);
	/* Its last segment is the small one. */
	CHECK_EQ(sent->marks, 0);
	CHECK_EQ(rest->marks, XTCP_SENT_SMALL);
}

/* A SACKed entry, split or not, is on neither list. */
UNIT(sendmap_cut_what_is_sacked)
{
	struct xtcp_ack acked = { .now = 400 };
	struct xtcp_sent *sent;
	struct map m;

	init(&m, 4);
	xtcp_map_append(&m.tcb, at(&m, 1001), 0, 10);
	sent = xtcp_map_append(&m.tcb, at(&m, 3001), 0, 20);
	xtcp_map_sacked(&m.tcb, sent, &acked);
	CHECK(xtcp_map_split(&m.tcb, sent, at(&m, 2001)));
	CHECK(m.tcb.map_old == m.tcb.map_head && m.tcb.map_new == m.tcb.map_head);
	CHECK_EQ(m.tcb.map_tail->marks, XTCP_SENT_SACKED);
	CHECK_EQ(m.tcb.sacked_out, 2000);
}

/* An entry that grows because memory is short no longer has a single send time. */
UNIT(sendmap_tail_grows)
{
	struct xtcp_sent *tail;
	struct map m;

	init(&m, 0);
	xtcp_map_append(&m.tcb, at(&m, 1001), 0, 10);
	xtcp_map_append(&m.tcb, at(&m, 1501), XTCP_SENT_SMALL, 20);
	m.tcb.mss = 500;
	tail = xtcp_map_append(&m.tcb, at(&m, 2501), 0, 30);
	CHECK(is(&m, tail, 1001, 2501));
	CHECK_EQ(tail->marks, XTCP_SENT_SMALL | XTCP_SENT_RTX);
	CHECK_EQ(tail->sent_at, 20);
	CHECK_EQ(tail->order, 2);
	CHECK_EQ(m.tcb.departures, 2);
	CHECK_EQ(tail->mss, 500);
	m.tcb.mss = 2000;
	xtcp_map_append(&m.tcb, at(&m, 4501), 0, 40);
	CHECK_EQ(tail->mss, 500);
}

/* A retransmission updates the send time, but not of SACKed entries in between. */
UNIT(sendmap_departs_again)
{
	static const u32 nrtx[] = { 0, 1, 253, 254, 255 };
	u32 i;

	for (i = 0; i < ARRAY_SIZE(nrtx); i++) {
		struct xtcp_ack acked = { .now = 400 };
		struct xtcp_sent *sent;
		struct map m;

		init(&m, 4);
		sent = xtcp_map_append(&m.tcb, at(&m, 1001), XTCP_SENT_SMALL, 10);
		xtcp_map_append(&m.tcb, at(&m, 2001), 0, 20);
		xtcp_map_append(&m.tcb, at(&m, 3001), 0, 30);
		xtcp_map_sacked(&m.tcb, sent->next, &acked);
		xtcp_map_mark_all(&m.tcb, false);
		sent->nrtx = nrtx[i];
		m.tcb.mss = 700;
		m.tcb.delivered = 4321;
		xtcp_map_resent(&m.tcb, at(&m, 1), at(&m, 3001), 50);
		CHECK_EQ(sent->nrtx, min(nrtx[i] + 1, 255U));
		CHECK_EQ(sent->marks, XTCP_SENT_SMALL | XTCP_SENT_RTX);
		CHECK_EQ(sent->mss, 700);
		CHECK_EQ(sent->delivered, 4321);
		CHECK_EQ(sent->next->marks, XTCP_SENT_SACKED);
		CHECK_EQ(sent->next->mss, 1000);
		CHECK_EQ(m.tcb.map_tail->marks, XTCP_SENT_RTX);
		CHECK_EQ(m.tcb.sacked_out, 1000);
	}
}

/* A merged SACKed entry counts as sent again if either part was (Karn's rule). */
UNIT(sendmap_sacked_marks)
{
	u32 i, k;

	for (i = 0; i < 4; i++)
		for (k = 0; k < 2; k++) {
			struct xtcp_ack acked = { .now = 400 };
			struct xtcp_sent *sent;
			struct map m;

			init(&m, 4);
			sent = xtcp_map_append(&m.tcb, at(&m, 1001), i & 1 ? XTCP_SENT_RTX : 0, 10);
			xtcp_map_append(&m.tcb, at(&m, 2001), i & 2 ? XTCP_SENT_RTX : 0, 20);
			xtcp_map_lost(&m.tcb, sent);
			/* In both orders. */
			xtcp_map_sacked(&m.tcb, k ? sent : sent->next, &acked);
			sent = xtcp_map_sacked(&m.tcb, k ? sent->next : sent, &acked);
			CHECK(is(&m, sent, 1, 2001));
			CHECK_EQ(sent->marks, XTCP_SENT_SACKED | (i ? XTCP_SENT_RTX : 0));
		}
}

/* A peer that reneges: no RTT sample from data that it had SACKed. */
UNIT(sendmap_renege_marks)
{
	struct xtcp_ack acked = { .now = 400 };
	struct map m;

	init(&m, 4);
	xtcp_map_append(&m.tcb, at(&m, 1001), 0, 10);
	xtcp_map_append(&m.tcb, at(&m, 1501), XTCP_SENT_SMALL, 20);
	xtcp_map_sacked(&m.tcb, m.tcb.map_tail, &acked);
	xtcp_map_mark_all(&m.tcb, true);
	CHECK_EQ(m.tcb.map_head->marks, XTCP_SENT_LOST);
	CHECK_EQ(m.tcb.map_tail->marks, XTCP_SENT_LOST | XTCP_SENT_RTX | XTCP_SENT_SMALL);
}

/* Small segments count while in flight: not while lost, and again if they are not lost. */
UNIT(sendmap_small_out)
{
	struct map m;

	init(&m, 4);
	xtcp_map_append(&m.tcb, at(&m, 1001), 0, 10);
	xtcp_map_append(&m.tcb, at(&m, 1501), XTCP_SENT_SMALL, 20);
	CHECK_EQ(m.tcb.small_out, 1);
	xtcp_map_mark_all(&m.tcb, false);
	CHECK_EQ(m.tcb.small_out, 0);
	xtcp_map_unlose(&m.tcb);
	CHECK_EQ(m.tcb.small_out, 1);
}

/* TSecr of a cumulative ACK tells which transmission has arrived (RFC 7323, 4.3). */
UNIT(sendmap_ack_of_the_original)
{
	static const struct {
		u32 tsecr_ms;
		u32 rack_rtt_us;
	} tab[] = { { 100, 0 }, { 200, 40000 } };
	u32 i;

	for (i = 0; i < ARRAY_SIZE(tab); i++) {
		struct xtcp_ack acked = { .now = 240 * XTCP_NSEC_PER_MSEC, .ts = true, .tsecr = tab[i].tsecr_ms };
		struct map m;

		init(&m, 2);
		m.tcb.min_rtt_us = 1000;
		xtcp_map_append(&m.tcb, at(&m, 1001), 0, 100 * XTCP_NSEC_PER_MSEC);
		xtcp_map_resent(&m.tcb, at(&m, 1), at(&m, 1001), 200 * XTCP_NSEC_PER_MSEC);
		xtcp_map_ack(&m.tcb, at(&m, 1001), &acked);
		CHECK_EQ(m.tcb.rack_rtt_us, tab[i].rack_rtt_us);
	}
}

static u32 told;

static void fake_lost(struct xtcp_tcb *tcb, const struct xtcp_sent *sent)
{
	told += sent->end - sent->seq;
}

/* The congestion control is told of lost data, but not of a lost SYN. */
UNIT(sendmap_tells_of_loss)
{
	struct xtcp_cc fake = xtcp_cc_reno;
	struct map m;

	fake.lost = fake_lost;
	told = 0;
	init(&m, 2);
	m.tcb.cc = &fake;
	m.tcb.snd_una = m.tcb.snd_nxt = m.tcb.iss;
	m.tcb.state = XTCP_SYN_SENT;
	xtcp_map_append(&m.tcb, at(&m, 1), 0, 10);
	xtcp_map_lost(&m.tcb, m.tcb.map_head);
	CHECK_EQ(told, 0);
	CHECK_EQ(m.tcb.lost, 0);
	CHECK_EQ(m.tcb.lost_out, 1);

	init(&m, 2);
	m.tcb.cc = &fake;
	xtcp_map_append(&m.tcb, at(&m, 1001), 0, 10);
	xtcp_map_lost(&m.tcb, m.tcb.map_head);
	CHECK_EQ(told, 1000);
	CHECK_EQ(m.tcb.lost, 1000);
}
