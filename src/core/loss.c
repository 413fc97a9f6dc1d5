// SPDX-License-Identifier: GPL-2.0
/*
 * Loss: fast retransmit, fast recovery and the timeout's part of it.
 *
 * RFC 5681 3.2, RFC 6582 (NewReno). What is decided here is which bytes of
 * the send map are lost and how large cwnd is meanwhile; output.c resends
 * what is marked.
 *
 *	OPEN --(3rd duplicate ACK)--> RECOVERY --(ACK of recover)--> OPEN
 *	any  --(timeout)--> LOSS --(ACK of recover)--> OPEN
 */
#include "core.h"

/* cwnd at most: keeps products and sums of windows within 32 bits. */
#define CWND_MAX	(1U << 30)	/* bytes; the largest window, RFC 7323 2.3 */

/*
 * RFC 6582 3.2 step 2: the ACK has to have passed "recover", because the
 * duplicates of what an earlier recovery resent in vain say nothing new.
 */
static bool may_enter_recovery(const struct xtcp_tcb *tcb)
{
	return tcb->cong == XTCP_CONG_OPEN && seq_gt(tcb->snd_una, tcb->recover);
}

static void enter_recovery(struct xtcp_tcb *tcb)
{
	tcb->recover = tcb->snd_nxt;
	tcb->ssthresh = tcb->cc->ssthresh(tcb, xtcp_flight(tcb));
	tcb->cong = XTCP_CONG_RECOVERY;
	tcb->flags &= ~XTCP_F_PARTIAL;
	tcb->fast_rtx++;
	xtcp_map_mark_head(tcb, tcb->mss);
	/* The duplicates say that this many segments have left the network. */
	tcb->cwnd = tcb->ssthresh + tcb->dupacks * tcb->mss;
}

/*
 * xtcp_loss_dupack - one more duplicate ACK (RFC 5681, section 2)
 *
 * Below the threshold nothing but the count changes. In recovery each stands
 * for a segment that arrived: cwnd is inflated, so that new data keeps the
 * ACK clock going (RFC 5681 3.2 step 4), up to the window itself, since a
 * peer can repeat an ACK as often as it likes.
 */
void xtcp_loss_dupack(struct xtcp_tcb *tcb)
{
	if (tcb->dupacks < 255)
		tcb->dupacks++;
	if (tcb->cong == XTCP_CONG_RECOVERY) {
		u32 limit = tcb->ssthresh + (tcb->snd_nxt - tcb->snd_una);

		if (tcb->cwnd < limit)
			tcb->cwnd += tcb->mss;
	} else if (tcb->dupacks >= tcb->par->dupthresh && may_enter_recovery(tcb)) {
		enter_recovery(tcb);
	}
}

/* RFC 6582 3.2 step 5: a hole filled, the next one shown. */
static void partial_ack(struct xtcp_tcb *tcb, u32 bytes)
{
	xtcp_map_mark_head(tcb, tcb->mss);
	tcb->cwnd -= min(bytes, tcb->cwnd);
	if (bytes >= tcb->mss)
		tcb->cwnd += tcb->mss;
	tcb->cwnd = max_t(u32, tcb->cwnd, tcb->mss);
}

static void grow(struct xtcp_tcb *tcb, u32 bytes, u32 flight, u64 now)
{
	/*
	 * Only a window that was in use has been tested (RFC 7661, 3): in
	 * slow start use of half of it is enough, because it is doubled.
	 */
	if (tcb->cwnd < tcb->ssthresh ? tcb->cwnd >= 2 * flight :
					tcb->cwnd > flight + 3U * tcb->mss)
		return;
	if (tcb->cwnd < CWND_MAX)
		tcb->cc->acked(tcb, bytes, now);
}

/*
 * xtcp_loss_advance - @bytes of sequence space were acknowledged
 * @flight: bytes in flight just before
 *
 * Return: whether the retransmission timer starts anew. In recovery only the
 * first partial ACK does that (RFC 6582 3.2 step 5, the impatient variant),
 * so that many holes end in a timeout rather than one hole a round trip.
 */
bool xtcp_loss_advance(struct xtcp_tcb *tcb, u32 bytes, u32 flight, u64 now)
{
	bool first;

	switch (tcb->cong) {
	case XTCP_CONG_RECOVERY:
		if (seq_lt(tcb->snd_una, tcb->recover)) {
			first = !(tcb->flags & XTCP_F_PARTIAL);
			tcb->flags |= XTCP_F_PARTIAL;
			partial_ack(tcb, bytes);
			return first;
		}
		/* Step 3 of RFC 6582 3.2, the variant without a burst. */
		tcb->cwnd = min_t(u32, tcb->ssthresh,
				  max_t(u32, xtcp_flight(tcb), tcb->mss) + tcb->mss);
		tcb->cong = XTCP_CONG_OPEN;
		break;
	case XTCP_CONG_LOSS:
		if (seq_ge(tcb->snd_una, tcb->recover))
			tcb->cong = XTCP_CONG_OPEN;
		grow(tcb, bytes, flight, now);
		break;
	default:
		/* Follows SND.UNA, or it would seem ahead after 2 GB. */
		tcb->recover = seq_max(tcb->recover, tcb->snd_una - 1);
		grow(tcb, bytes, flight, now);
		break;
	}
	tcb->dupacks = 0;
	return true;
}

/*
 * xtcp_loss_timeout - the retransmission timer fired
 *
 * RFC 5681 3.1: cwnd becomes one segment; ssthresh follows the flight at the
 * first timeout only, not at repetitions of it. Everything unacknowledged is
 * taken for lost, and slow start sends it again (RFC 6582, 4).
 */
void xtcp_loss_timeout(struct xtcp_tcb *tcb)
{
	if (!tcb->retries)
		tcb->ssthresh = tcb->cc->ssthresh(tcb, xtcp_flight(tcb));
	tcb->cwnd = tcb->mss;
	tcb->recover = tcb->snd_nxt;
	tcb->cong = XTCP_CONG_LOSS;
	tcb->dupacks = 0;
	xtcp_map_mark_all(tcb);
}
