// SPDX-License-Identifier: GPL-2.0
/*
 * RACK: loss detection by time, RFC 8985, sections 5 and 6.
 *
 * A transmission, first or repeated, is lost if one that left after it has been
 * delivered and it is late by more than a reordering window. Entries in flight
 * are listed in order of departure, so a scan stops at the first that is not
 * late, and each entry is marked once.
 */
#include "core.h"

/*
 * Limit on entries marked in one call: ten times what a recovery can use. The
 * next ACK marks further ones, or the timer after MARKS_WAIT_NS, which lets the
 * CPU do other work in between.
 */
#define MARKS_MAX	64
#define MARKS_WAIT_NS	(100 * XTCP_NSEC_PER_USEC)

/* RFC 8985, 6.2 step 4: recoveries without D-SACK that reset the multiplier. */
#define PERSIST		16

/* The most reordering that TCP_INFO reports, segments, as Linux's tcp_max_reordering. */
#define REORDERING_MAX	300

/* Limit of the multiplier, in min_rtt / 4; in effect SRTT is the bound. */
#define MULT_MAX	255

/*
 * Did transmission 1 leave after transmission 2?
 *
 * RFC 8985, 6.2 step 2 compares send times, and sequence numbers where those are
 * equal. All that one call transmits has the same time, and retransmissions do
 * not leave in sequence order; so departures are numbered. The parts of a split
 * entry left together, in sequence order.
 */
static bool rack_sent_after(u32 order1, u32 end1, u32 order2, u32 end2)
{
	return seq_gt(order1, order2) || (order1 == order2 && seq_gt(end1, end2));
}

/* Reordering distance for TCP_INFO, as in Linux; nothing depends on it. */
static void rack_note_distance(struct xtcp_tcb *tcb, u32 seq)
{
	u32 segs = DIV_ROUND_UP(tcb->rack_fack - seq, tcb->mss);

	tcb->reordering = max_t(u32, tcb->reordering, min_t(u32, segs, REORDERING_MAX));
}

/*
 * xtcp_rack_delivered - note that an entry was delivered up to @end
 *
 * RFC 8985, 6.2 steps 1 to 3. The RTT of a retransmission is ignored if it may be
 * that of an earlier transmission: if the echoed timestamp is older than the
 * retransmission, or the RTT is below the minimum known.
 */
void xtcp_rack_delivered(struct xtcp_tcb *tcb, const struct xtcp_sent *sent,
			 u32 end, bool sacked, const struct xtcp_ack *a)
{
	u64 rtt = a->now > sent->sent_at ? a->now - sent->sent_at : 0;
	u32 rtt_us = (u32)min_t(u64, div_u64(rtt, 1000), ~0U);

	if (sent->marks & XTCP_SENT_RTX) {
		/* For data SACKed above a hole TSecr says nothing (RFC 7323, 4.3). */
		if (a->ts && !sacked && xtcp_ts_before(tcb, a->tsecr, sent->sent_at))
			return;
		if (rtt_us < tcb->min_rtt_us)
			return;
	} else if (seq_lt(end, tcb->rack_fack)) {
		tcb->flags |= XTCP_F_REORDERED;
		rack_note_distance(tcb, sent->seq);
		xtcp_mib_note(tcb, XTCP_MIB_SACK_REORDER);
	}
	if (seq_gt(end, tcb->rack_fack))
		tcb->rack_fack = end;
	if (rack_sent_after(sent->order, end, tcb->rack_order, tcb->rack_end)) {
		tcb->rack_order = sent->order;
		tcb->rack_end = end;
		tcb->rack_rtt_us = rtt_us;
	}
}

/*
 * xtcp_rack_dsack - a D-SACK arrived: widen the reordering window
 *
 * At most once a round trip (RFC 8985, 6.2 step 4).
 */
void xtcp_rack_dsack(struct xtcp_tcb *tcb)
{
	/* A mark that is 2 GB old seems to lie ahead, but then beyond SND.NXT too. */
	if (seq_lt(tcb->snd_una, tcb->rack_dsack_round) &&
	    seq_le(tcb->rack_dsack_round, tcb->snd_nxt))
		return;
	tcb->rack_dsack_round = tcb->snd_nxt;
	if (tcb->rack_mult < MULT_MAX)
		tcb->rack_mult++;
	tcb->rack_persist = PERSIST;
}

/* xtcp_rack_recovered - a recovery ended; PERSIST without D-SACK reset the multiplier */
void xtcp_rack_recovered(struct xtcp_tcb *tcb)
{
	if (tcb->rack_persist && !--tcb->rack_persist)
		tcb->rack_mult = 1;
}

/* The reordering window, us (RFC 8985, 6.2 step 4). */
static u32 rack_reo_wnd_us(const struct xtcp_tcb *tcb)
{
	u64 wnd;

	if (!(tcb->flags & XTCP_F_REORDERED) &&
	    (tcb->cong == XTCP_CONG_RECOVERY || tcb->cong == XTCP_CONG_LOSS ||
	     tcb->sacked_out >= xtcp_dupthresh(tcb) * tcb->mss))
		return 0;
	if (tcb->min_rtt_us == ~0U)
		return 0;
	wnd = (u64)tcb->rack_mult * (tcb->min_rtt_us >> 2);
	return (u32)min_t(u64, wnd, tcb->srtt8_us >> 3);
}

/*
 * xtcp_rack_detect - mark what is late, arm the timer for what may become so
 *
 * RFC 8985, 6.2 step 5. The RFC arms the timer for the last of the entries that
 * wait; here it is armed for the first, which needs no scan of the others.
 *
 * Some SACK blocks of the peer may not be applied to the map yet (sack_rx.c):
 * then entries from sack_rest on, and those that left after them, wait for the
 * next ACK.
 */
void xtcp_rack_detect(struct xtcp_tcb *tcb, u64 now)
{
	u64 late = (u64)(tcb->rack_rtt_us + rack_reo_wnd_us(tcb)) * XTCP_NSEC_PER_USEC;
	u32 marks = MARKS_MAX;
	struct xtcp_sent *sent;

	xtcp_dl_clear(tcb, XTCP_DL_REO);
	while ((sent = tcb->map_old) &&
	       rack_sent_after(tcb->rack_order, tcb->rack_end, sent->order, sent->end)) {
		if (tcb->sack_rest != tcb->snd_una && seq_ge(sent->seq, tcb->sack_rest))
			return;
		if (sent->sent_at + late > now) {
			xtcp_dl_set(tcb, XTCP_DL_REO, sent->sent_at + late);
			return;
		}
		if (!marks--) {
			xtcp_dl_set(tcb, XTCP_DL_REO, now + MARKS_WAIT_NS);
			return;
		}
		xtcp_map_lost(tcb, sent);
	}
}

/*
 * xtcp_rack_timeout - the retransmission timer fired
 *
 * RFC 8985, 6.3: mark the head, and what left long enough ago; what left just
 * before may still arrive.
 */
void xtcp_rack_timeout(struct xtcp_tcb *tcb, u64 now)
{
	u64 late = (u64)(tcb->rack_rtt_us + rack_reo_wnd_us(tcb)) * XTCP_NSEC_PER_USEC;
	struct xtcp_sent *head = tcb->map_head;

	if (!(head->marks & XTCP_SENT_LOST))
		xtcp_map_lost(tcb, head);
	while (tcb->map_old && tcb->map_old->sent_at + late <= now)
		xtcp_map_lost(tcb, tcb->map_old);
	xtcp_dl_clear(tcb, XTCP_DL_REO);
}

/* xtcp_rack_fire - the reordering timer ran out: mark what has not arrived */
u32 xtcp_rack_fire(struct xtcp_tcb *tcb, u64 now)
{
	xtcp_rack_detect(tcb, now);
	xtcp_loss_found(tcb, now);
	return xtcp_want_output(tcb);
}
