// SPDX-License-Identifier: GPL-2.0
/*
 * Tail loss probe: RFC 8985, section 7.
 *
 * When no ACK has come for two round trips, a new segment, or the last one again,
 * is sent to draw an ACK: its SACK blocks start recovery long before the
 * retransmission timer would.
 */
#include "core.h"

/* Shortest probe time-out: timers and busy receivers are late by as much. */
#define PTO_MIN_US		2000

/*
 * By how much most receivers delay an ACK on a short path, and what one spurious
 * probe teaches; and the most that is learned.
 */
#define ACK_DELAY_FIRST_US	40000
#define ACK_DELAY_MAX_US	200000

/* ACK_DELAY_FIRST_US, and what a busy host adds to it. */
#define PTO_LONE_MIN_US		50000

/*
 * May a probe be scheduled? RFC 8985, 7.2. After a timeout only the
 * retransmission timer runs (RFC 6298, 5.5); it also handles a SACKed SND.UNA
 * (RFC 2018, 8).
 */
static bool tlp_may_probe(const struct xtcp_tcb *tcb)
{
	if (!tcb->par->tlp || !(tcb->opts & XTCP_OPT_SACK_PERM) ||
	    tcb->cong == XTCP_CONG_LOSS || tcb->flags & XTCP_F_TLP_OUT ||
	    !tcb->srtt8_us || !tcb->snd_wnd || tcb->snd_una == tcb->snd_nxt)
		return false;
	return !xtcp_tlp_by_head(tcb) ||
	       (tcb->par->rack && !(tcb->map_head->marks & XTCP_SENT_SACKED));
}

/*
 * The probe time-out, us: two round trips (RFC 8985, 7.2), and more for a lone
 * segment, whose ACK may be delayed.
 *
 * The RFC adds the longest delay that a receiver may use, 200 ms, so that loss of
 * a lone segment costs ten round trips of 20 ms. Instead, RTTVAR accounts for
 * delays that were seen, and ack_delay_us for what spurious probes have taught:
 * the first wrong guess costs one segment and is not repeated. Where two round
 * trips are less than the delay of most receivers, each new connection would
 * guess wrong whenever the application takes its time: there a lone segment waits
 * for that delay, which is still a quarter of the RTO. A segment that fills a
 * hole is acknowledged at once (RFC 5681, 4.2).
 */
static u32 tlp_pto_us(const struct xtcp_tcb *tcb)
{
	u32 srtt = tcb->srtt8_us >> 3;
	u32 pto = 2 * srtt;

	if (tcb->sacked_out || xtcp_flight(tcb) > tcb->mss)
		return max_t(u32, pto, PTO_MIN_US);
	pto = max(pto, srtt + tcb->rttvar4_us);
	if (2 * srtt < ACK_DELAY_FIRST_US)
		pto = max(pto, min_t(u32, PTO_LONE_MIN_US, xtcp_rto_min_us(tcb)));
	return pto + tcb->ack_delay_us;
}

/*
 * xtcp_tlp_set - something is in flight: arm the probe timer if one may be sent
 *
 * The RFC counts from the last ACK or departure. In a recovery, ACKs of what left
 * before it continue for a round trip and say nothing of what left since: there
 * it counts from the last departure, and an ACK only ensures a quarter of the
 * time.
 *
 * Never later than the retransmission timer, which xtcp_tlp_fire() restarts.
 */
void xtcp_tlp_set(struct xtcp_tcb *tcb, u64 now)
{
	u64 at, pto;

	tcb->flags &= ~XTCP_F_TLP_OWED;
	if (!tlp_may_probe(tcb)) {
		xtcp_dl_clear(tcb, XTCP_DL_TLP);
		return;
	}
	pto = tlp_pto_us(tcb) * XTCP_NSEC_PER_USEC;
	at = now + pto;
	if (unlikely(xtcp_tlp_by_head(tcb)) && tcb->map_new)
		at = max(tcb->map_new->sent_at + pto, now + pto / 4);
	if (xtcp_dl_is_set(tcb, XTCP_DL_RTO))
		at = min(at, tcb->dl[XTCP_DL_RTO]);
	xtcp_dl_set(tcb, XTCP_DL_TLP, at);
}

/*
 * xtcp_tlp_fire - the probe is due
 *
 * The retransmission timer restarts, to wait for the answer (RFC 8985, 7.3).
 *
 * Return: XTCP_ACT_* bits.
 */
u32 xtcp_tlp_fire(struct xtcp_tcb *tcb, u64 now)
{
	if (!tlp_may_probe(tcb))
		return 0;
	tcb->flags |= XTCP_F_TLP_OWED;
	xtcp_rto_restart(tcb, now);
	return XTCP_ACT_OUTPUT;
}

/* Sequence number at which the last segment of @sent began when it left. */
static u32 tlp_last_segment(const struct xtcp_tcb *tcb, const struct xtcp_sent *sent)
{
	u32 len = seq_min(sent->end, tcb->snd_end) - sent->seq;

	return sent->seq + (len ? (len - 1) / tcb->mss * tcb->mss : 0);
}

/*
 * First number of the tail to resend: the last segment (RFC 8985, 7.3), and what
 * precedes it, also unacknowledged, as far as it fits into the same segment: data
 * before a lone FIN, or small writes.
 */
static u32 tlp_tail(const struct xtcp_tcb *tcb, u32 *end)
{
	const struct xtcp_sent *sent = tcb->map_tail;
	u32 seq = tlp_last_segment(tcb, sent), at;
	u32 data = seq_min(tcb->snd_nxt, tcb->snd_end);

	*end = tcb->snd_nxt;
	while (seq == sent->seq && (sent = sent->prev)) {
		at = tlp_last_segment(tcb, sent);
		if (data - at > tcb->mss)
			break;
		seq = at;
	}
	return seq;
}

/*
 * First number of the segment at the head: what is to be resent first; if nothing
 * is lost, SND.UNA.
 */
static u32 tlp_head(const struct xtcp_tcb *tcb, u32 *end)
{
	const struct xtcp_sent *sent = xtcp_map_next(tcb);
	u32 seq;

	if (!sent)
		sent = tcb->map_head;
	seq = sent->seq;
	*end = seq_min(sent->end, seq + tcb->mss);
	while (*end == sent->end && (sent = sent->next) &&
	       !(sent->marks & XTCP_SENT_SACKED) &&
	       seq_min(sent->end, tcb->snd_end) - seq <= tcb->mss)
		*end = sent->end;
	return seq;
}

/*
 * xtcp_tlp_again - what a probe without new data resends
 * @end: set to one after it, the FIN included
 *
 * Return: its first sequence number; @end if the peer's window has shrunk below
 * it.
 */
u32 xtcp_tlp_again(const struct xtcp_tcb *tcb, u32 *end)
{
	u32 seq = xtcp_tlp_by_head(tcb) ? tlp_head(tcb, end) : tlp_tail(tcb, end);

	return seq_gt(*end, tcb->snd_una + tcb->snd_wnd) ? *end : seq;
}

/*
 * xtcp_tlp_sent - a probe was sent: [@seq, @end)
 * @again: whether it was a retransmission
 *
 * RFC 8985, 7.3: one probe at a time. While a loss is known, a segment that the probe
 * repairs is part of that loss, and a duplicate may be that of an earlier
 * retransmission: such a probe neither detects a loss nor gives an ACK delay.
 */
void xtcp_tlp_sent(struct xtcp_tcb *tcb, u32 seq, u32 end, bool again)
{
	tcb->flags &= ~(XTCP_F_TLP_OWED | XTCP_F_TLP_RTX);
	tcb->flags |= XTCP_F_TLP_OUT;
	tcb->tlp_seq = seq;
	tcb->tlp_end = end;
	if (!xtcp_tlp_by_head(tcb)) {
		if (again)
			tcb->flags |= XTCP_F_TLP_RTX;
		tcb->tlp_end = tcb->snd_nxt;
	}
	tcb->tlp_probes++;
	xtcp_mib_note(tcb, XTCP_MIB_LOSS_PROBES);
}

/* Both the original and the probe arrived: the peer only delayed its ACK. */
static void tlp_spurious(struct xtcp_tcb *tcb)
{
	u32 delay = max_t(u32, 2 * tcb->ack_delay_us, ACK_DELAY_FIRST_US);

	tcb->ack_delay_us = min_t(u32, delay, ACK_DELAY_MAX_US);
}

/*
 * xtcp_tlp_ack - process an ACK while a probe is outstanding
 *
 * RFC 8985, 7.4.2. An ACK beyond the probe without a D-SACK means that the probe
 * repaired a loss, to which congestion control has to react.
 */
void xtcp_tlp_ack(struct xtcp_tcb *tcb, const struct xtcp_seg *seg,
		  const struct xtcp_ack *a)
{
	if (!(tcb->flags & XTCP_F_TLP_OUT) || seq_lt(seg->ack, tcb->tlp_end))
		return;
	if (tcb->flags & XTCP_F_TLP_RTX) {
		if (a->dsack) {
			tlp_spurious(tcb);
		} else if (seq_gt(seg->ack, tcb->tlp_end)) {
			tcb->tlp_recovered++;
			xtcp_mib_note(tcb, XTCP_MIB_LOSS_PROBE_RECOVERY);
			xtcp_loss_reduce(tcb, XTCP_CC_LOSS, a);
		} else if (a->una || a->sacked || seg->len) {
			return;
		}
	}
	tcb->flags &= ~XTCP_F_TLP_OUT;
}
