// SPDX-License-Identifier: GPL-2.0
/*
 * Explicit congestion notification: RFC 3168, RFC 9768 (AccECN), RFC 8257.
 *
 * Each end has two roles. As receiver of data it reports the ECN field with which
 * packets arrived; as sender it reads the peer's reports and passes them to the
 * congestion control. The handshake has set the mode: ecn_open.c.
 *
 * ECT is set on data sent for the first time and on nothing else: not on SYN and
 * SYN-ACK, bare ACKs, probes and retransmissions (RFC 3168 6.1.4 to 6.1.6).
 */
#include "core.h"
#include "ecn.h"

/* RFC 9768 3.2.3.3: report a counter at least once in this many bytes. */
#define TELL_BYTES	(1U << 22)

/* ---- the receiver of data ---- */

/*
 * RFC 3168 6.1.3: send ECE from a mark on until the sender confirms by CWR.
 *
 * Between DCTCP hosts ECE follows the mark of each packet instead (RFC 8257,
 * 3.2): that applies if RFC 3168 was negotiated and our own congestion control is
 * of that kind. With AccECN the counters say more.
 */
static void ecn_classic_rx(struct xtcp_tcb *tcb, const struct xtcp_seg *seg, u32 len)
{
	bool ce = seg->ecn == XTCP_CE;
	bool echo = tcb->ecn_flags & XTCP_ECN_ECHO;

	if (!len)
		return;
	if (seg->ecn != XTCP_NOT_ECT)
		tcb->ecn_seen |= (u8)BIT(seg->ecn);
	if (tcb->cc->flags & XTCP_CC_ECT) {
		if (ce == echo)
			return;
		tcb->ecn_flags ^= XTCP_ECN_ECHO;
		xtcp_ack_now(tcb);
		return;
	}
	if (seg->flags & XTCP_CWR) {
		tcb->ecn_flags &= ~XTCP_ECN_ECHO;
		/* The sender's window may be this one segment: do not delay the ACK. */
		xtcp_ack_now(tcb);
	}
	if (ce) {
		tcb->ecn_flags |= XTCP_ECN_ECHO;
		if (!echo)
			xtcp_ack_now(tcb);
	}
}

static u32 *ecn_byte_counter(struct xtcp_tcb *tcb, u8 field)
{
	if (field == XTCP_CE)
		return &tcb->r_ceb;
	return field == XTCP_ECT0 ? &tcb->r_e0b : &tcb->r_e1b;
}

/*
 * Count bytes by field, and decide whether the next ACK reports them (RFC 9768
 * 3.2.3.3).
 */
static void ecn_count_bytes(struct xtcp_tcb *tcb, u8 field, u32 len)
{
	u32 *counter = ecn_byte_counter(tcb, field);
	u8 bit = (u8)BIT(field);

	if (tcb->par->ecn_option >= XTCP_OPTION_NEWS || field == XTCP_CE ||
	    field != tcb->ecn_last || (*counter ^ (*counter + len)) & ~(TELL_BYTES - 1))
		tcb->ecn_due |= bit;
	tcb->ecn_seen |= bit;
	*counter += len;
}

/*
 * RFC 9768 3.2.2.5.1: send an ACK at once when marking begins, and for every
 * second mark, or third if only ACKs were marked. A run merged by GRO is one
 * event and gets one ACK, as the RFC allows.
 */
static void ecn_acc_rx(struct xtcp_tcb *tcb, const struct xtcp_seg *seg, u32 len)
{
	u8 field = seg->ecn & 3;
	u32 most = tcb->rcv_nxt != tcb->rcv_wup || len ? 2 : 3;

	if (len && field != XTCP_NOT_ECT)
		ecn_count_bytes(tcb, field, len);
	if (field == XTCP_CE) {
		tcb->r_cep += seg->nsegs;
		tcb->ce_unsaid = (u8)min_t(u32, tcb->ce_unsaid + seg->nsegs, 255);
		if ((len && tcb->ecn_last != XTCP_CE) || tcb->ce_unsaid >= most)
			xtcp_ack_now(tcb);
	}
	tcb->ecn_last = field;
}

/*
 * xtcp_ecn_rx - note the ECN field of an acceptable segment
 * @len: bytes of payload before it was trimmed
 */
void xtcp_ecn_rx(struct xtcp_tcb *tcb, const struct xtcp_seg *seg, u32 len)
{
	if (tcb->ecn == XTCP_ECN_CLASSIC)
		ecn_classic_rx(tcb, seg, len);
	else if (tcb->ecn == XTCP_ECN_ACC)
		ecn_acc_rx(tcb, seg, len);
}

/*
 * xtcp_ecn_again - data arrived that was acknowledged before
 *
 * RFC 9768 3.2.3.2.2: if that happens a second time, after an ACK with the
 * option, the path seems to drop such ACKs, and the option is no longer sent.
 */
void xtcp_ecn_again(struct xtcp_tcb *tcb)
{
	if (tcb->ecn != XTCP_ECN_ACC || tcb->par->ecn_option == XTCP_OPTION_PERSIST)
		return;
	if (tcb->ecn_flags & XTCP_ECN_OPT_TRIED)
		tcb->ecn_flags |= XTCP_ECN_OPT_MUTE;
	else
		tcb->ecn_flags |= XTCP_ECN_OPT_DOUBT;
}

/* xtcp_ecn_news - data arrived in order, so our ACKs arrive too */
void xtcp_ecn_news(struct xtcp_tcb *tcb)
{
	tcb->ecn_flags &= ~(XTCP_ECN_OPT_TRIED | XTCP_ECN_OPT_DOUBT);
}

static bool ecn_option_due(const struct xtcp_tcb *tcb)
{
	if (tcb->par->ecn_option == XTCP_OPTION_NEVER || tcb->ecn_flags & XTCP_ECN_OPT_MUTE)
		return false;
	return tcb->ecn_due || tcb->ecn_flags & XTCP_ECN_HELLO ||
	       (tcb->ecn_seen && tcb->ecn_flags & XTCP_ECN_OPT_DOUBT);
}

/* Number of counters that an option needs for @fields, in the shorter of its orders. */
static u32 ecn_option_fields(u32 fields, bool *from_behind)
{
	*from_behind = fields & BIT(XTCP_ECT1) && !(fields & BIT(XTCP_ECT0));
	if (fields & BIT(XTCP_ECT0) && fields & BIT(XTCP_ECT1))
		return 3;
	return fields & BIT(XTCP_CE) ? 2 : !!fields;
}

/*
 * Add the option, within @room bytes: every counter that ever changed; if that
 * does not fit, those that changed since the last option; if these do not fit,
 * none. The first option carries all, so that the peer notices a path that zeroes
 * them.
 */
static void ecn_plan_option(const struct xtcp_tcb *tcb, struct xtcp_plan *plan, u32 room)
{
	bool behind;
	u32 n;

	if (!ecn_option_due(tcb))
		return;
	n = ecn_option_fields(tcb->ecn_seen, &behind);
	if (tcb->ecn_flags & XTCP_ECN_HELLO)
		n = 3;
	if (xtcp_acc_len(n) > room)
		n = ecn_option_fields(tcb->ecn_due, &behind);
	if (xtcp_acc_len(n) > room)
		return;
	plan->opts |= behind ? XTCP_OPT_ACCECN1 : XTCP_OPT_ACCECN0;
	plan->nacc = (u8)n;
	plan->acc[0] = (behind ? tcb->r_e1b : tcb->r_e0b) & 0xffffff;
	plan->acc[1] = tcb->r_ceb & 0xffffff;
	plan->acc[2] = (behind ? tcb->r_e0b : tcb->r_e1b) & 0xffffff;
	plan->hdr_len = xtcp_hdr_len(plan);
}

/* Room for the option, bytes: next to payload only if that is shorter than the MSS. */
static u32 ecn_option_room(const struct xtcp_tcb *tcb, const struct xtcp_plan *plan)
{
	if (plan->kind == XTCP_PLAN_ACK)
		return XTCP_HDR_MAX - plan->hdr_len;
	if (plan->kind == XTCP_PLAN_NEW && plan->len < tcb->mss)
		return min_t(u32, tcb->mss - plan->len, XTCP_HDR_MAX - plan->hdr_len);
	return 0;
}

static bool ecn_tells_hello(const struct xtcp_tcb *tcb, const struct xtcp_plan *plan)
{
	return tcb->ecn_flags & XTCP_ECN_HELLO && plan->kind == XTCP_PLAN_ACK &&
	       !plan->nsack;
}

/*
 * xtcp_ecn_plan - set flags, option and IP's ECN field of a segment to be sent
 *
 * Call it last, when kind, length and the other options are set. Not for SYN and
 * RST.
 */
void xtcp_ecn_plan(const struct xtcp_tcb *tcb, struct xtcp_plan *plan)
{
	bool fresh = plan->len && (plan->kind == XTCP_PLAN_NEW ||
				   plan->kind == XTCP_PLAN_TLP_NEW);

	switch (tcb->ecn) {
	case XTCP_ECN_CLASSIC:
		if (tcb->ecn_flags & XTCP_ECN_ECHO)
			plan->flags |= XTCP_ECE;
		if (tcb->ecn_flags & XTCP_ECN_CWR && fresh)
			plan->flags |= XTCP_CWR;
		break;
	case XTCP_ECN_ACC:
		plan->flags |= xtcp_ace_flags(ecn_tells_hello(tcb, plan) ?
					 xtcp_ecn_echo(tcb->ecn_syn) : tcb->r_cep);
		ecn_plan_option(tcb, plan, ecn_option_room(tcb, plan));
		break;
	default:
		return;
	}
	if (fresh && !(tcb->ecn_flags & XTCP_ECN_NO_ECT))
		plan->ecn = XTCP_ECT0;
}

/* xtcp_ecn_sent - the plan was sent */
void xtcp_ecn_sent(struct xtcp_tcb *tcb, const struct xtcp_plan *plan)
{
	if (tcb->ecn == XTCP_ECN_CLASSIC && plan->flags & XTCP_CWR &&
	    !(plan->flags & XTCP_SYN))
		tcb->ecn_flags &= ~XTCP_ECN_CWR;
	if (tcb->ecn != XTCP_ECN_ACC || plan->flags & (XTCP_SYN | XTCP_RST))
		return;
	tcb->ce_unsaid = 0;
	if (plan->opts & XTCP_OPT_ACCECN) {
		tcb->ecn_due = 0;
		if (tcb->ecn_flags & XTCP_ECN_OPT_DOUBT)
			tcb->ecn_flags |= XTCP_ECN_OPT_TRIED;
	}
	if (ecn_tells_hello(tcb, plan))
		tcb->ecn_flags &= ~XTCP_ECN_HELLO;
}

/* xtcp_ecn_pending - is there information that only a bare ACK can carry? */
bool xtcp_ecn_pending(const struct xtcp_tcb *tcb)
{
	return tcb->ecn_flags & XTCP_ECN_HELLO ||
	       (tcb->ecn_due & BIT(XTCP_CE) && ecn_option_due(tcb));
}

/* xtcp_ecn_tw_flags - ECN flags of the ACKs of a TIME-WAIT record */
u16 xtcp_ecn_tw_flags(const struct xtcp_tcb *tcb)
{
	if (tcb->ecn == XTCP_ECN_ACC)
		return xtcp_ace_flags(tcb->r_cep);
	return tcb->ecn == XTCP_ECN_CLASSIC && tcb->ecn_flags & XTCP_ECN_ECHO ?
	       XTCP_ECE : 0;
}

/* ---- the sender of data ---- */

/*
 * Number of marks since the last ACK, from three bits: RFC 9768 3.2.2.5.2.
 *
 * If so many segments were acknowledged that the count may have wrapped, the most
 * that is possible is assumed, but only if marking has begun. Marking begins with
 * an ACK of its own, so a count that does not change after one that did not
 * change means no marks: otherwise every ACK on a path that thins ACKs would seem
 * to report some.
 */
static u32 ecn_marks(const struct xtcp_tcb *tcb, u32 ace, u32 segs)
{
	u32 least = (ace - tcb->s_cep) & XTCP_ACE_MAX;

	if (segs <= XTCP_ACE_MAX || (!least && !(tcb->ecn_flags & XTCP_ECN_MARKED)))
		return least;
	return segs - ((segs - least) & XTCP_ACE_MAX);
}

/* Does this segment carry a counter of CE bytes that can be trusted? */
static bool ecn_tells_bytes(const struct xtcp_tcb *tcb, const struct xtcp_seg *seg)
{
	return seg->opts & XTCP_OPT_ACCECN && seg->nacc >= 2 &&
	       !(tcb->ecn_flags & XTCP_ECN_OPT_DEAF);
}

/* By how much a 24-bit counter has advanced; 0 if it went back. */
static u32 ecn_counted(u32 now, u32 before)
{
	u32 moved = (now - before) & 0xffffff;

	return moved < 1U << 23 ? moved : 0;
}

/*
 * CE-marked bytes that this ACK reports. A number estimated without the option is
 * corrected when an option arrives.
 */
static u32 ecn_marked_bytes(struct xtcp_tcb *tcb, const struct xtcp_seg *seg,
			    struct xtcp_ack *ack, u32 ce, u32 segs)
{
	u32 bytes;

	if (!ecn_tells_bytes(tcb, seg)) {
		bytes = min_t(u64, (u64)ce * tcb->mss, ack->delivered);
		tcb->s_ceb += bytes;
		if (ce)
			tcb->ecn_flags |= XTCP_ECN_GUESSED;
		return bytes;
	}
	bytes = ecn_counted(seg->acc[1], tcb->s_ceb);
	/*
	 * RFC 9768 3.2.3.2.5: marked bytes but no marked packets, without another
	 * reason.
	 */
	if (bytes && !ce && segs <= XTCP_ACE_MAX && !(tcb->ecn_flags & XTCP_ECN_GUESSED))
		tcb->ecn_flags |= XTCP_ECN_NO_ECT;
	tcb->s_ceb = seg->acc[1];
	tcb->ecn_flags &= ~XTCP_ECN_GUESSED;
	return min(bytes, ack->delivered);
}

static void ecn_acc_ack(struct xtcp_tcb *tcb, const struct xtcp_seg *seg,
			struct xtcp_ack *ack)
{
	u32 segs = DIV_ROUND_UP(ack->delivered, tcb->mss);
	u32 ace = xtcp_ace(seg->flags), ce;

	/* RFC 9768 3.2.2.4: the first count is zero though it cannot have wrapped. */
	if (!(tcb->ecn_flags & XTCP_ECN_ACE_SEEN)) {
		tcb->ecn_flags |= XTCP_ECN_ACE_SEEN;
		if (!ace && segs < 8 - XTCP_CEP_INIT)
			tcb->ecn_flags |= XTCP_ECN_NO_ECT | XTCP_ECN_DEAF;
	}
	if (tcb->ecn_flags & XTCP_ECN_DEAF)
		return;
	/* The byte counter does not wrap so soon; with it there is no ambiguity. */
	ce = ecn_marks(tcb, ace, ecn_tells_bytes(tcb, seg) ? 0 : segs);
	if (ace != (tcb->s_cep & XTCP_ACE_MAX))
		tcb->ecn_flags |= XTCP_ECN_MARKED;
	else
		tcb->ecn_flags &= ~XTCP_ECN_MARKED;
	tcb->s_cep = (u8)ace;
	ack->ce = ecn_marked_bytes(tcb, seg, ack, ce, segs);
	ack->ce_segs = max_t(u32, ce, DIV_ROUND_UP(ack->ce, tcb->mss));
	ack->ece = ce || ack->ce;
}

/*
 * RFC 3168 6.1.2: a window of one segment cannot be reduced, only sent more
 * rarely. The next segment waits for an RTO, without back-off since nothing timed
 * out. Otherwise the reduction would stop at its minimum of two segments.
 *
 * Not in a recovery or after a timeout: marks then belong to a window that was
 * reduced already, one segment is only what may be sent at this moment, and each
 * hole would wait for the timer.
 */
static void ecn_delay_next(struct xtcp_tcb *tcb, u64 now)
{
	tcb->ssthresh = tcb->mss;
	tcb->flags |= XTCP_F_PACE_WAIT;
	xtcp_dl_set(tcb, XTCP_DL_PACE, now + tcb->rto_us * XTCP_NSEC_PER_USEC);
}

/*
 * The congestion control responds to marks itself. CWR is still due, once a round
 * trip (RFC 8257, 3.3), or a peer of RFC 3168 would send ECE for ever.
 */
static void ecn_own_answer(struct xtcp_tcb *tcb)
{
	if (!(tcb->ecn_flags & XTCP_ECN_CWR_END))
		xtcp_ecn_reduced(tcb);
}

/*
 * xtcp_ecn_ack - process what an acceptable ACK says of marks on our data
 * @ack: ce, ce_segs and ece are filled in; delivered is valid
 *
 * Only an ACK that delivers data and is the newest counts: one that was overtaken
 * reports the past (RFC 9768 3.2.2.2). Nothing is missed, since counts accumulate
 * and ECE is repeated.
 */
void xtcp_ecn_ack(struct xtcp_tcb *tcb, const struct xtcp_seg *seg, struct xtcp_ack *ack)
{
	bool alone;

	if (!ack->delivered || seg->ack != tcb->snd_una)
		return;
	if (tcb->ecn_flags & XTCP_ECN_CWR_END && seq_ge(tcb->snd_una, tcb->cwr_end))
		tcb->ecn_flags &= ~XTCP_ECN_CWR_END;
	if (tcb->ecn == XTCP_ECN_ACC) {
		ecn_acc_ack(tcb, seg, ack);
	} else if (seg->flags & XTCP_ECE) {
		ack->ece = true;
		ack->ce = ack->delivered;
		ack->ce_segs = ack->segs;
	}
	if (!ack->ece)
		return;
	if (tcb->cc->flags & XTCP_CC_ECN_OWN) {
		ecn_own_answer(tcb);
		return;
	}
	alone = tcb->cong == XTCP_CONG_OPEN && tcb->cwnd <= tcb->mss;
	xtcp_loss_reduce(tcb, XTCP_CC_ECN, ack);
	/* A mark is never spurious, whatever a D-SACK may say. */
	tcb->flags &= ~XTCP_F_UNDO;
	if (alone)
		ecn_delay_next(tcb, ack->now);
}

/* xtcp_ecn_reduced - cwnd was reduced, for whatever reason (RFC 3168 6.1.2) */
void xtcp_ecn_reduced(struct xtcp_tcb *tcb)
{
	if (tcb->ecn != XTCP_ECN_CLASSIC)
		return;
	tcb->ecn_flags |= XTCP_ECN_CWR | XTCP_ECN_CWR_END;
	tcb->cwr_end = tcb->snd_nxt;
}
