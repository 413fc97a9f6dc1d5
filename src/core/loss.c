// SPDX-License-Identifier: GPL-2.0
/*
 * Loss and the reaction to it: RFC 5681 3.2, RFC 6582 (NewReno) for a peer
 * without SACK, RFC 6675 and 8985 for one with SACK.
 *
 * rack.c finds by time which bytes of the send map are lost; without SACK this
 * file finds them by counting duplicate ACKs. The states of a connection:
 *
 *	OPEN, CWR --(something is lost)--> RECOVERY --(ACK of recover)--> OPEN
 *	OPEN      --(ECN, loss repaired by a probe, local queue full)
 *	                                --> CWR     --(ACK of recover)--> OPEN
 *	any       --(timeout)--> LOSS               --(ACK of recover)--> OPEN
 *	any       --(spurious reduction)--> OPEN, see undo.c
 *
 * output.c resends what is marked lost. prr.c sets the window in RECOVERY and
 * CWR; in OPEN and LOSS the congestion control makes it grow.
 */
#include "core.h"

static bool loss_by_time(const struct xtcp_tcb *tcb)
{
	return tcb->opts & XTCP_OPT_SACK_PERM && tcb->par->rack;
}

/*
 * FlightSize (RFC 5681, 2), bytes: sent and not cumulatively acknowledged, SACKed
 * and lost bytes included.
 */
static u32 flight_size(const struct xtcp_tcb *tcb)
{
	return tcb->snd_nxt - tcb->snd_una;
}

/*
 * The base of a reduction, bytes (RFC 5681, equation 4; RFC 9438, 4.6):
 * FlightSize before the ACK that moved SND.UNA by @una, without what limited
 * transmit added (RFC 5681, 3.2 step 2; RFC 6675, 5), which is what exceeds cwnd.
 */
static u32 loss_reduction_base(const struct xtcp_tcb *tcb, u32 una)
{
	return min(flight_size(tcb) + una, tcb->cwnd);
}

/* ---- reductions ---- */

static void loss_reduce(struct xtcp_tcb *tcb, enum xtcp_cong cong,
			enum xtcp_cc_event why, const struct xtcp_ack *a)
{
	/* A reduction that turns into a worse one keeps the first one's undo state. */
	if (tcb->cong == XTCP_CONG_OPEN) {
		xtcp_undo_mark(tcb);
		/* RecoverFS counts what this ACK took out of flight (RFC 9937, 6.1). */
		xtcp_prr_start(tcb, xtcp_flight(tcb) + tcb->lost_out + a->delivered);
		if (!tcb->cc->control)
			tcb->ssthresh = tcb->cc->ssthresh(tcb, why,
							  loss_reduction_base(tcb, a->una));
		xtcp_ecn_reduced(tcb);
	}
	tcb->recover = tcb->snd_nxt;
	tcb->cong = (u8)cong;
	tcb->small_more /= 2;
	tcb->flags &= ~XTCP_F_PARTIAL;
	xtcp_cc_notify(tcb, why, a->now);
}

/*
 * xtcp_loss_reduce - reduce the window though nothing has to be resent
 * @why: XTCP_CC_ECN, or XTCP_CC_LOSS after a probe repaired the loss
 * @a: the ACK that reports it; the flight before that ACK counts
 *
 * At most once a round trip: not while a reduction is under way.
 */
void xtcp_loss_reduce(struct xtcp_tcb *tcb, enum xtcp_cc_event why,
		      const struct xtcp_ack *a)
{
	if (tcb->cong == XTCP_CONG_OPEN)
		loss_reduce(tcb, XTCP_CONG_CWR, why, a);
}

/*
 * This is congestion, known without a round trip: a connection that shares the queue
 * has to yield, or those whose packets are dropped there get nothing. At most once a
 * round trip, and only with data in flight, whose ACK ends the reduction.
 */
void xtcp_queue_full(struct xtcp_tcb *tcb, u64 now)
{
	struct xtcp_ack a = { .now = now };

	if (tcb->cong == XTCP_CONG_OPEN && tcb->snd_una != tcb->snd_nxt)
		loss_reduce(tcb, XTCP_CONG_CWR, XTCP_CC_LOSS, &a);
}

/*
 * xtcp_loss_take_over - a window algorithm takes over from a model
 *
 * A model keeps no ssthresh. If a reduction is under way, compute ssthresh now,
 * from what is outstanding, and start PRR with it.
 */
void xtcp_loss_take_over(struct xtcp_tcb *tcb)
{
	u32 flight = xtcp_flight(tcb) + tcb->lost_out;

	if (tcb->cong == XTCP_CONG_OPEN)
		return;
	tcb->ssthresh = tcb->cc->ssthresh(tcb, tcb->cong == XTCP_CONG_LOSS ?
					  XTCP_CC_TIMEOUT : XTCP_CC_LOSS,
					  flight_size(tcb));
	xtcp_prr_start(tcb, flight);
	if (tcb->cong == XTCP_CONG_RECOVERY && !loss_by_time(tcb))
		tcb->cwnd = min(tcb->cwnd, tcb->ssthresh + tcb->dupacks * tcb->mss);
}

/*
 * Resend what is outstanding without treating it as congestion: enter a state in
 * which retransmission proceeds as after a timeout, with cwnd unchanged.
 */
static void loss_refit(struct xtcp_tcb *tcb)
{
	if (tcb->cong != XTCP_CONG_RECOVERY)
		tcb->cong = XTCP_CONG_LOSS;
	tcb->recover = tcb->snd_nxt;
	tcb->flags &= ~(XTCP_F_UNDO | XTCP_F_FRTO | XTCP_F_FRTO_NEW);
	tcb->flags |= XTCP_F_FORCE_RTX;
}

static void loss_enter_recovery(struct xtcp_tcb *tcb, const struct xtcp_ack *a)
{
	if (unlikely(tcb->mtup_size) && xtcp_mtup_lost(tcb)) {
		loss_refit(tcb);
		return;
	}
	loss_reduce(tcb, XTCP_CONG_RECOVERY, XTCP_CC_LOSS, a);
	tcb->flags |= XTCP_F_FORCE_RTX;
	tcb->flags &= ~XTCP_F_TLP_OUT;
	tcb->fast_rtx++;
	xtcp_mib_note(tcb, tcb->opts & XTCP_OPT_SACK_PERM ? XTCP_MIB_SACK_RECOVERY :
						       XTCP_MIB_RENO_RECOVERY);
}

/*
 * xtcp_loss_found - something may have been marked lost without an ACK
 *
 * Lost bytes leave the flight, and the window has to shrink with it: PRR allows
 * sending only for what was delivered, which is nothing here (RFC 9937, 6.2).
 */
void xtcp_loss_found(struct xtcp_tcb *tcb, u64 now)
{
	struct xtcp_ack a = { .now = now, .lost = tcb->lost_out };

	if (tcb->lost_out &&
	    (tcb->cong == XTCP_CONG_OPEN || tcb->cong == XTCP_CONG_CWR))
		loss_enter_recovery(tcb, &a);
	if (tcb->cong == XTCP_CONG_RECOVERY && !tcb->cc->control)
		xtcp_prr_ack(tcb, &a);
}

static void loss_leave(struct xtcp_tcb *tcb, u64 now)
{
	if (tcb->cong == XTCP_CONG_RECOVERY || tcb->cong == XTCP_CONG_LOSS)
		xtcp_rack_recovered(tcb);
	tcb->cong = XTCP_CONG_OPEN;
	tcb->dupacks = 0;
	tcb->flags &= ~(XTCP_F_FRTO | XTCP_F_FRTO_NEW | XTCP_F_FORCE_RTX);
	xtcp_cc_notify(tcb, XTCP_CC_DONE, now);
}

/* ---- without SACK: NewReno ---- */

/*
 * One more duplicate ACK (RFC 5681, section 2).
 *
 * Below the threshold each allows a new segment (RFC 3042, limited transmit, in
 * output.c). In recovery each stands for a segment that arrived and inflates
 * cwnd, so that new data keeps the ACK clock going (RFC 5681 3.2 step 4), but by
 * no more than FlightSize, since a peer can repeat an ACK as often as it likes.
 */
static void loss_dupack(struct xtcp_tcb *tcb, const struct xtcp_ack *a)
{
	if (tcb->dupacks < 255)
		tcb->dupacks++;
	if (tcb->cong == XTCP_CONG_RECOVERY) {
		u32 limit = tcb->ssthresh + flight_size(tcb);

		if (tcb->cwnd < limit)
			xtcp_cc_grow(tcb, tcb->mss);
	} else if (tcb->dupacks >= xtcp_dupthresh(tcb) &&
		   tcb->cong != XTCP_CONG_LOSS &&
		   /*
		    * RFC 6582 3.2 step 2: duplicate ACKs caused by the needless
		    * retransmissions of an earlier recovery say nothing new. A
		    * reduction without loss has retransmitted nothing.
		    */
		   (tcb->cong == XTCP_CONG_CWR || seq_gt(tcb->snd_una, tcb->recover))) {
		loss_enter_recovery(tcb, a);
		xtcp_map_mark_head(tcb, tcb->mss);
		/* Each duplicate ACK stands for a segment that has left the network. */
		tcb->cwnd = tcb->ssthresh + tcb->dupacks * tcb->mss;
	}
}

/* RFC 6582 3.2 step 5: one hole is filled, and the next one is known. */
static void loss_partial_ack(struct xtcp_tcb *tcb, u32 bytes)
{
	xtcp_map_mark_head(tcb, tcb->mss);
	tcb->flags |= XTCP_F_FORCE_RTX;
	tcb->cwnd -= min(bytes, tcb->cwnd);
	if (bytes >= tcb->mss)
		tcb->cwnd += tcb->mss;
	tcb->cwnd = max_t(u32, tcb->cwnd, tcb->mss);
}

/* ---- an ACK ---- */

/*
 * Is cwnd in use, so that it may grow? Only such a window has been tested by the
 * path (RFC 7661, 3); in slow start half of it is enough, because it doubles. The
 * largest flight of a round trip counts, or the last ACKs of each burst would not
 * let the window grow. Flight is largest just before an ACK.
 *
 * Called once for each ACK, after SND.UNA moved by @una bytes.
 */
static bool loss_cwnd_limited(struct xtcp_tcb *tcb, u32 una, u32 flight)
{
	if (seq_ge(tcb->snd_una - una, tcb->flight_end) || flight > tcb->flight_most) {
		tcb->flight_most = flight;
		tcb->flight_end = tcb->snd_nxt;
	}
	return tcb->cwnd < tcb->ssthresh ? tcb->cwnd < 2 * tcb->flight_most :
					   tcb->cwnd <= tcb->flight_most + 3U * tcb->mss;
}

/*
 * Set the window at the end of a reduction: RFC 9937, 6.3, or RFC 6582 3.2
 * step 3, the variant that avoids a burst.
 */
static void loss_recovered(struct xtcp_tcb *tcb, u64 now)
{
	if (!tcb->cc->control) {
		if (tcb->cong == XTCP_CONG_RECOVERY && !loss_by_time(tcb))
			tcb->cwnd = min_t(u32, tcb->ssthresh,
					  max_t(u32, xtcp_flight(tcb), tcb->mss) +
					  tcb->mss);
		else if (tcb->cong != XTCP_CONG_LOSS)
			tcb->cwnd = max_t(u32, tcb->ssthresh, tcb->mss);
	}
	loss_leave(tcb, now);
}

/*
 * F-RTO: RFC 5682, 3.1 step 2 and 2.1 step 2b.
 *
 * The first ACK after the timeout moved SND.UNA, but not past everything: new
 * data shall show whether the rest is really lost. With SACK, duplicates may come
 * before that ACK and say nothing. If the ACK after it does not show a spurious
 * timeout, the timeout was genuine; the two new segments must not keep the rest
 * from being retransmitted (step 3a).
 */
static void frto_step(struct xtcp_tcb *tcb, const struct xtcp_ack *a)
{
	if (!(tcb->flags & XTCP_F_FRTO))
		return;
	if (!(tcb->flags & XTCP_F_FRTO_NEW)) {
		if (a->una)
			tcb->flags |= XTCP_F_FRTO_NEW;
		else if (!(tcb->opts & XTCP_OPT_SACK_PERM))
			tcb->flags &= ~XTCP_F_FRTO;
		return;
	}
	if (!a->una && !tcb->cc->control) {
		tcb->cwnd = min_t(u32, 3 * tcb->mss, xtcp_cc_most(tcb));
		tcb->flags |= XTCP_F_FORCE_RTX;
	}
	tcb->flags &= ~(XTCP_F_FRTO | XTCP_F_FRTO_NEW);
}

static void loss_window(struct xtcp_tcb *tcb, const struct xtcp_ack *a, bool grow)
{
	const struct xtcp_cc *cc = tcb->cc;

	if (cc->every_ack)
		cc->every_ack(tcb, a);
	if (cc->control) {
		cc->control(tcb, a);
		return;
	}
	if (tcb->cong == XTCP_CONG_OPEN || tcb->cong == XTCP_CONG_LOSS) {
		if (grow && a->limited && a->una && tcb->cwnd < XTCP_CWND_MAX)
			cc->acked(tcb, a);
	} else if (loss_by_time(tcb) || tcb->cong == XTCP_CONG_CWR) {
		xtcp_prr_ack(tcb, a);
	}
	if (tcb->flags & XTCP_F_PACED)
		xtcp_pace_update(tcb);
}

/* Is everything acknowledged that was outstanding when the reduction began? */
static bool loss_point_reached(const struct xtcp_tcb *tcb)
{
	return tcb->cong != XTCP_CONG_OPEN && seq_ge(tcb->snd_una, tcb->recover);
}

/*
 * xtcp_loss_ack - process an ACK that moved SND.UNA, SACKed data or is a
 * duplicate
 * @dup: whether it is a duplicate by RFC 5681, section 2
 *
 * Return: whether to restart the retransmission timer. In a recovery without SACK
 * only the first partial ACK does (RFC 6582 3.2 step 5, the impatient variant),
 * so that many holes end in a timeout instead of taking a round trip each.
 */
bool xtcp_loss_ack(struct xtcp_tcb *tcb, const struct xtcp_seg *seg,
		   struct xtcp_ack *a, bool dup)
{
	/* Not on the ACK that ends a reduction, which has just set the window. */
	bool grow = tcb->cong == XTCP_CONG_OPEN || tcb->cong == XTCP_CONG_LOSS;
	u32 lost = tcb->lost;
	bool restart = a->una;

	a->limited = loss_cwnd_limited(tcb, a->una, a->flight);
	if (loss_by_time(tcb) && (a->delivered || tcb->sacked_out))
		xtcp_rack_detect(tcb, a->now);
	a->lost = tcb->lost - lost;
	xtcp_rate_ack(tcb, a);
	xtcp_tlp_ack(tcb, seg, a);
	if (xtcp_undo_ack(tcb, a))
		grow = false;

	if (a->una)
		tcb->dupacks = tcb->cong == XTCP_CONG_RECOVERY ? tcb->dupacks : 0;
	if (loss_point_reached(tcb)) {
		loss_recovered(tcb, a->now);
	} else if (tcb->cong == XTCP_CONG_LOSS) {
		frto_step(tcb, a);
	} else if (tcb->cong == XTCP_CONG_RECOVERY && a->una && !loss_by_time(tcb)) {
		restart = !(tcb->flags & XTCP_F_PARTIAL);
		tcb->flags |= XTCP_F_PARTIAL;
		loss_partial_ack(tcb, a->una);
	} else if (dup && !loss_by_time(tcb)) {
		loss_dupack(tcb, a);
	}
	if (tcb->cong == XTCP_CONG_OPEN)
		/* Keep up with SND.UNA: after 2 GB it would seem to lie ahead. */
		tcb->recover = seq_max(tcb->recover, tcb->snd_una - 1);
	if (tcb->lost_out &&
	    (tcb->cong == XTCP_CONG_OPEN || tcb->cong == XTCP_CONG_CWR))
		loss_enter_recovery(tcb, a);
	loss_window(tcb, a, grow);
	return restart;
}

/*
 * xtcp_loss_refit - nothing in flight fits the path any more
 *
 * All of it is resent in smaller segments. That is no sign of congestion: cwnd
 * stays as it is (RFC 1191, 6.2).
 */
void xtcp_loss_refit(struct xtcp_tcb *tcb)
{
	xtcp_map_mark_all(tcb, false);
	loss_refit(tcb);
}

/* ---- the timer ---- */

/* A timeout during a recovery: count that it failed. */
static void loss_note_failure(struct xtcp_tcb *tcb)
{
	if (tcb->cong == XTCP_CONG_LOSS)
		xtcp_mib_note(tcb, XTCP_MIB_LOSS_FAILURES);
	else if (tcb->cong == XTCP_CONG_RECOVERY)
		xtcp_mib_note(tcb, tcb->opts & XTCP_OPT_SACK_PERM ?
			      XTCP_MIB_SACK_RECOVERY_FAIL : XTCP_MIB_RENO_RECOVERY_FAIL);
}

/*
 * RFC 5682: F-RTO examines a timeout if it is the first one since SND.UNA moved
 * and no earlier loss is still being repaired.
 */
static bool frto_may(const struct xtcp_tcb *tcb)
{
	return tcb->par->frto && !tcb->retries &&
	       (tcb->cong == XTCP_CONG_OPEN || tcb->cong == XTCP_CONG_CWR);
}

/*
 * xtcp_loss_timeout - the retransmission timer fired
 *
 * RFC 5681 3.1: cwnd becomes one segment. ssthresh follows the flight at the
 * first timeout only, not when that timeout repeats, nor when recovery has just
 * reduced it. Unacknowledged data is marked lost, and slow start resends it; with
 * SACK only data that left long enough ago, and no SACKed data unless the peer
 * has reneged. If SND.UNA itself was SACKed, it has (RFC 2018, section 8).
 */
void xtcp_loss_timeout(struct xtcp_tcb *tcb, u64 now)
{
	bool renege = tcb->map_head->marks & XTCP_SENT_SACKED;
	bool doubt = frto_may(tcb);

	loss_note_failure(tcb);
	if (tcb->cong == XTCP_CONG_OPEN ||
	    (tcb->cong == XTCP_CONG_LOSS && !tcb->retries)) {
		u32 base = tcb->cong == XTCP_CONG_OPEN ? loss_reduction_base(tcb, 0) :
							 flight_size(tcb);

		xtcp_undo_mark(tcb);
		if (!tcb->cc->control)
			tcb->ssthresh = tcb->cc->ssthresh(tcb, XTCP_CC_TIMEOUT, base);
	}
	tcb->cwnd = tcb->mss;
	tcb->recover = tcb->snd_nxt;
	tcb->cong = XTCP_CONG_LOSS;
	tcb->dupacks = 0;
	tcb->flags &= ~(XTCP_F_FRTO | XTCP_F_FRTO_NEW | XTCP_F_TLP_OUT |
			XTCP_F_TLP_OWED);
	tcb->flags |= XTCP_F_FORCE_RTX | (doubt ? XTCP_F_FRTO : 0);
	xtcp_dl_clear(tcb, XTCP_DL_TLP);
	xtcp_ecn_reduced(tcb);
	tcb->reneges += renege;
	if (renege)
		xtcp_mib_note(tcb, XTCP_MIB_SACK_RENEGING);
	if (loss_by_time(tcb) && !renege)
		xtcp_rack_timeout(tcb, now);
	else
		xtcp_map_mark_all(tcb, renege);
	xtcp_cc_notify(tcb, XTCP_CC_TIMEOUT, now);
}
