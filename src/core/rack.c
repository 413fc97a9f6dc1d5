// SPDX-License-Identifier: GPL-2.0
/*
 * RACK: loss by time, RFC 8985, sections 5 and 6.
 *
 * Whatever left before something that has arrived by now, and is late by more
 * than a reordering window, is lost: first transmissions and retransmissions
 * alike. The entries in flight are listed in order of departure, so the look
 * stops at the first that is not late, and each entry is marked once.
 */
#include "core.h"

/*
 * Entries marked in one go. The next ACK goes on with the rest, or the timer, which
 * leaves the CPU to others in between: ten times the marks that a recovery can use.
 */
#define MARKS_MAX	64
#define MARKS_WAIT_NS	(100 * XTCP_NSEC_PER_USEC)

/* RFC 8985, 6.2 step 4: recoveries without D-SACK until patience ends. */
#define PERSIST		16

/* What Linux tells of reordering at most (net.ipv4.tcp_max_reordering), segments. */
#define REORDERING_MAX	300

/* Multiples of min_rtt / 4 that are told apart; SRTT is the bound in effect. */
#define MULT_MAX	255

/*
 * RFC 8985, 6.2 step 2 compares times of departure, and the sequence numbers of
 * what left at the same time. All that one call of the glue transmits has the
 * same time, and retransmissions do not leave in the order of their numbers: so
 * departures are counted. The parts of an entry that was cut left together, in
 * the order of their numbers.
 */
static bool sent_after(u32 order1, u32 end1, u32 order2, u32 end2)
{
	return seq_gt(order1, order2) || (order1 == order2 && seq_gt(end1, end2));
}

/* As Linux has it in TCP_INFO; nothing is decided by it. */
static void note_distance(struct xtcp_tcb *tcb, u32 seq)
{
	u32 segs = DIV_ROUND_UP(tcb->rack_fack - seq, tcb->mss);

	tcb->reordering = max_t(u32, tcb->reordering, min_t(u32, segs, REORDERING_MAX));
}

/*
 * xtcp_rack_delivered - what RACK learns of an entry that arrived up to @end
 *
 * RFC 8985, 6.2 steps 1 to 3. The round trip of a retransmission counts only
 * when it cannot be that of an earlier transmission: the timestamp echoed says
 * so, or it took longer than the shortest round trip known.
 */
void xtcp_rack_delivered(struct xtcp_tcb *tcb, const struct xtcp_sent *sent,
			 u32 end, bool sacked, const struct xtcp_ack *a)
{
	u64 rtt = a->now > sent->sent_at ? a->now - sent->sent_at : 0;
	u32 rtt_us = (u32)min_t(u64, div_u64(rtt, 1000), ~0U);

	if (sent->marks & XTCP_SENT_RTX) {
		/* Of what is SACKed above a hole TSecr says nothing (RFC 7323, 4.3). */
		if (a->ts && !sacked && xtcp_ts_before(tcb, a->tsecr, sent->sent_at))
			return;
		if (rtt_us < tcb->min_rtt_us)
			return;
	} else if (seq_lt(end, tcb->rack_fack)) {
		tcb->flags |= XTCP_F_REORDERED;
		note_distance(tcb, sent->seq);
		xtcp_mib(tcb, XTCP_MIB_SACK_REORDER);
	}
	if (seq_gt(end, tcb->rack_fack))
		tcb->rack_fack = end;
	if (sent_after(sent->order, end, tcb->rack_order, tcb->rack_end)) {
		tcb->rack_order = sent->order;
		tcb->rack_end = end;
		tcb->rack_rtt_us = rtt_us;
	}
}

/*
 * xtcp_rack_dsack - a duplicate was reported: more patience
 *
 * At most once a round trip (RFC 8985, 6.2 step 4).
 */
void xtcp_rack_dsack(struct xtcp_tcb *tcb)
{
	/* Of 2 GB ago it lies ahead, but ahead of all that was sent, too. */
	if (seq_lt(tcb->snd_una, tcb->rack_dsack_round) &&
	    seq_le(tcb->rack_dsack_round, tcb->snd_nxt))
		return;
	tcb->rack_dsack_round = tcb->snd_nxt;
	if (tcb->rack_mult < MULT_MAX)
		tcb->rack_mult++;
	tcb->rack_persist = PERSIST;
}

/* A recovery ended without one: patience wears off. */
void xtcp_rack_recovered(struct xtcp_tcb *tcb)
{
	if (tcb->rack_persist && !--tcb->rack_persist)
		tcb->rack_mult = 1;
}

/* RFC 8985, 6.2 step 4: how late is lost. */
static u32 reo_wnd_us(const struct xtcp_tcb *tcb)
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
 * RFC 8985, 6.2 step 5. The RFC arms the timer for the last of those that
 * wait; here it is for the first, which is found without looking at the rest.
 *
 * Of what the peer has told by SACK, some may not be marked yet (sack_rx.c): all from
 * there on waits for the next ACK, and what left after it does, too.
 */
void xtcp_rack_detect(struct xtcp_tcb *tcb, u64 now)
{
	u64 late = (u64)(tcb->rack_rtt_us + reo_wnd_us(tcb)) * XTCP_NSEC_PER_USEC;
	u32 marks = MARKS_MAX;
	struct xtcp_sent *sent;

	xtcp_dl_clear(tcb, XTCP_DL_REO);
	while ((sent = tcb->map_old) &&
	       sent_after(tcb->rack_order, tcb->rack_end, sent->order, sent->end)) {
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
 * RFC 8985, 6.3: the head is lost, and what left long enough ago; what left
 * just before may well be on its way.
 */
void xtcp_rack_timeout(struct xtcp_tcb *tcb, u64 now)
{
	u64 late = (u64)(tcb->rack_rtt_us + reo_wnd_us(tcb)) * XTCP_NSEC_PER_USEC;
	struct xtcp_sent *head = tcb->map_head;

	if (!(head->marks & XTCP_SENT_LOST))
		xtcp_map_lost(tcb, head);
	while (tcb->map_old && tcb->map_old->sent_at + late <= now)
		xtcp_map_lost(tcb, tcb->map_old);
	xtcp_dl_clear(tcb, XTCP_DL_REO);
}

/* xtcp_rack_fire - the reordering timer: what it waited for has not come */
u32 xtcp_rack_fire(struct xtcp_tcb *tcb, u64 now)
{
	xtcp_rack_detect(tcb, now);
	xtcp_loss_found(tcb, now);
	return xtcp_want_output(tcb);
}
