// SPDX-License-Identifier: GPL-2.0
/*
 * Explicit congestion notification: RFC 3168, RFC 9768 (AccECN), RFC 8257.
 *
 * Two roles are played at once. As the receiver of data we tell what became of
 * the IP header's ECN field on the way, as its sender we read what the peer
 * tells and hand it to the congestion control. In which mode, the handshake has
 * settled: ecn_open.c.
 *
 * ECT goes on data sent for the first time and on nothing else: neither on SYN
 * and SYN-ACK, bare ACKs, probes nor retransmissions (RFC 3168 6.1.4 to 6.1.6).
 */
#include "core.h"
#include "ecn.h"

/* RFC 9768 3.2.3.3: a counter is told at least once in so many bytes. */
#define TELL_BYTES	(1U << 22)

/* ---- the receiver of data ---- */

/*
 * RFC 3168 6.1.3: ECE from a mark until the sender says that it heard. Between
 * DCTCP hosts ECE follows each packet's mark instead (RFC 8257, 3.2): that
 * applies when RFC 3168 was agreed on and our own congestion control is of that
 * kind; with AccECN the counters say more.
 */
static void classic_rx(struct xtcp_tcb *tcb, const struct xtcp_seg *seg, u32 len)
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
		/* Its window may be down to this one segment. */
		xtcp_ack_now(tcb);
	}
	if (ce) {
		tcb->ecn_flags |= XTCP_ECN_ECHO;
		if (!echo)
			xtcp_ack_now(tcb);
	}
}

static u32 *byte_counter(struct xtcp_tcb *tcb, u8 field)
{
	if (field == XTCP_CE)
		return &tcb->r_ceb;
	return field == XTCP_ECT0 ? &tcb->r_e0b : &tcb->r_e1b;
}

/* RFC 9768 3.2.3.3: does the next ACK say how many bytes? */
static void count_bytes(struct xtcp_tcb *tcb, u8 field, u32 len)
{
	u32 *counter = byte_counter(tcb, field);
	u8 bit = (u8)BIT(field);

	if (tcb->par->ecn_option >= XTCP_OPTION_NEWS || field == XTCP_CE ||
	    field != tcb->ecn_last || (*counter ^ (*counter + len)) & ~(TELL_BYTES - 1))
		tcb->ecn_due |= bit;
	tcb->ecn_seen |= bit;
	*counter += len;
}

/*
 * RFC 9768 3.2.2.5.1: an ACK at once when marks begin, and for every second
 * one, or third when only ACKs were marked. A run merged by GRO is one event
 * and gets one ACK, as the RFC allows.
 */
static void acc_rx(struct xtcp_tcb *tcb, const struct xtcp_seg *seg, u32 len)
{
	u8 field = seg->ecn & 3;
	u32 most = tcb->rcv_nxt != tcb->rcv_wup || len ? 2 : 3;

	if (len && field != XTCP_NOT_ECT)
		count_bytes(tcb, field, len);
	if (field == XTCP_CE) {
		tcb->r_cep += seg->nsegs;
		tcb->ce_unsaid = (u8)min_t(u32, tcb->ce_unsaid + seg->nsegs, 255);
		if ((len && tcb->ecn_last != XTCP_CE) || tcb->ce_unsaid >= most)
			xtcp_ack_now(tcb);
	}
	tcb->ecn_last = field;
}

/*
 * xtcp_ecn_rx - an acceptable segment: what was its field?
 * @len: bytes of payload it came with
 */
void xtcp_ecn_rx(struct xtcp_tcb *tcb, const struct xtcp_seg *seg, u32 len)
{
	if (tcb->ecn == XTCP_ECN_CLASSIC)
		classic_rx(tcb, seg, len);
	else if (tcb->ecn == XTCP_ECN_ACC)
		acc_rx(tcb, seg, len);
}

/*
 * xtcp_ecn_again - data arrived that had been acknowledged
 *
 * RFC 9768 3.2.3.2.2: if it does so a second time after an ACK with the option,
 * such ACKs do not arrive, it seems, and the option is left out from here on.
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

/* xtcp_ecn_news - data arrived in order: our ACKs do, too */
void xtcp_ecn_news(struct xtcp_tcb *tcb)
{
	tcb->ecn_flags &= ~(XTCP_ECN_OPT_TRIED | XTCP_ECN_OPT_DOUBT);
}

static bool option_due(const struct xtcp_tcb *tcb)
{
	if (tcb->par->ecn_option == XTCP_OPTION_NEVER || tcb->ecn_flags & XTCP_ECN_OPT_MUTE)
		return false;
	return tcb->ecn_due || tcb->ecn_flags & XTCP_ECN_HELLO ||
	       (tcb->ecn_seen && tcb->ecn_flags & XTCP_ECN_OPT_DOUBT);
}

/* Counters an option needs for these fields, in the order that needs fewer. */
static u32 fields_of(u32 fields, bool *from_behind)
{
	*from_behind = fields & BIT(XTCP_ECT1) && !(fields & BIT(XTCP_ECT0));
	if (fields & BIT(XTCP_ECT0) && fields & BIT(XTCP_ECT1))
		return 3;
	return fields & BIT(XTCP_CE) ? 2 : !!fields;
}

/*
 * The option, within @room bytes: every counter that ever changed, or else
 * those that have since the last one, or else none. A first one carries all,
 * so that the peer sees a path that zeroes them.
 */
static void plan_option(const struct xtcp_tcb *tcb, struct xtcp_plan *plan, u32 room)
{
	bool behind;
	u32 n;

	if (!option_due(tcb))
		return;
	n = fields_of(tcb->ecn_seen, &behind);
	if (tcb->ecn_flags & XTCP_ECN_HELLO)
		n = 3;
	if (xtcp_acc_len(n) > room)
		n = fields_of(tcb->ecn_due, &behind);
	if (xtcp_acc_len(n) > room)
		return;
	plan->opts |= behind ? XTCP_OPT_ACCECN1 : XTCP_OPT_ACCECN0;
	plan->nacc = (u8)n;
	plan->acc[0] = (behind ? tcb->r_e1b : tcb->r_e0b) & 0xffffff;
	plan->acc[1] = tcb->r_ceb & 0xffffff;
	plan->acc[2] = (behind ? tcb->r_e0b : tcb->r_e1b) & 0xffffff;
	plan->hdr_len = xtcp_hdr_len(plan);
}

/* Only payload that leaves room for it is joined by the option. */
static u32 option_room(const struct xtcp_tcb *tcb, const struct xtcp_plan *plan)
{
	if (plan->kind == XTCP_PLAN_ACK)
		return XTCP_HDR_MAX - plan->hdr_len;
	if (plan->kind == XTCP_PLAN_NEW && plan->len < tcb->mss)
		return min_t(u32, tcb->mss - plan->len, XTCP_HDR_MAX - plan->hdr_len);
	return 0;
}

static bool tells_hello(const struct xtcp_tcb *tcb, const struct xtcp_plan *plan)
{
	return tcb->ecn_flags & XTCP_ECN_HELLO && plan->kind == XTCP_PLAN_ACK &&
	       !plan->nsack;
}

/*
 * xtcp_ecn_plan - flags, option and IP's field of a segment to be sent
 *
 * To be called last, when kind, length and the other options are known. Not
 * for SYN and RST.
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
		plan->flags |= xtcp_ace_flags(tells_hello(tcb, plan) ?
					 xtcp_ecn_echo(tcb->ecn_syn) : tcb->r_cep);
		plan_option(tcb, plan, option_room(tcb, plan));
		break;
	default:
		return;
	}
	if (fresh && !(tcb->ecn_flags & XTCP_ECN_NO_ECT))
		plan->ecn = XTCP_ECT0;
}

/* xtcp_ecn_sent - the plan has left */
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
	if (tells_hello(tcb, plan))
		tcb->ecn_flags &= ~XTCP_ECN_HELLO;
}

/* xtcp_ecn_pending - is there something only a bare ACK can say? */
bool xtcp_ecn_pending(const struct xtcp_tcb *tcb)
{
	return tcb->ecn_flags & XTCP_ECN_HELLO ||
	       (tcb->ecn_due & BIT(XTCP_CE) && option_due(tcb));
}

/* xtcp_ecn_tw_flags - what the ACKs of a TIME-WAIT record go on saying */
u16 xtcp_ecn_tw_flags(const struct xtcp_tcb *tcb)
{
	if (tcb->ecn == XTCP_ECN_ACC)
		return xtcp_ace_flags(tcb->r_cep);
	return tcb->ecn == XTCP_ECN_CLASSIC && tcb->ecn_flags & XTCP_ECN_ECHO ?
	       XTCP_ECE : 0;
}

/* ---- the sender of data ---- */

/*
 * Marks since the last ACK, from three bits: RFC 9768 3.2.2.5.2. If so many
 * segments were acknowledged that the count can have gone round, the most that
 * fits is assumed; but not out of the blue. Marking begins with an ACK of its
 * own, so a count that stands still after one that stood still says nothing
 * happened: else every ACK of a thinning path would seem to tell of marks.
 */
static u32 marks(const struct xtcp_tcb *tcb, u32 ace, u32 segs)
{
	u32 least = (ace - tcb->s_cep) & XTCP_ACE_MAX;

	if (segs <= XTCP_ACE_MAX || (!least && !(tcb->ecn_flags & XTCP_ECN_MARKED)))
		return least;
	return segs - ((segs - least) & XTCP_ACE_MAX);
}

/* The newest counter of CE bytes, when the peer tells it and it can be read. */
static bool tells_bytes(const struct xtcp_tcb *tcb, const struct xtcp_seg *seg)
{
	return seg->opts & XTCP_OPT_ACCECN && seg->nacc >= 2 &&
	       !(tcb->ecn_flags & XTCP_ECN_OPT_DEAF);
}

/* By how much a 24-bit counter has moved; not at all if it went back. */
static u32 counted(u32 now, u32 before)
{
	u32 moved = (now - before) & 0xffffff;

	return moved < 1U << 23 ? moved : 0;
}

/*
 * CE-marked bytes this ACK tells of. What was estimated for want of the option
 * is put right when one comes.
 */
static u32 marked_bytes(struct xtcp_tcb *tcb, const struct xtcp_seg *seg,
			struct xtcp_ack *ack, u32 ce, u32 segs)
{
	u32 bytes;

	if (!tells_bytes(tcb, seg)) {
		bytes = min_t(u64, (u64)ce * tcb->mss, ack->delivered);
		tcb->s_ceb += bytes;
		if (ce)
			tcb->ecn_flags |= XTCP_ECN_GUESSED;
		return bytes;
	}
	bytes = counted(seg->acc[1], tcb->s_ceb);
	/* RFC 9768 3.2.3.2.5: bytes without packets, and no other reason. */
	if (bytes && !ce && segs <= XTCP_ACE_MAX && !(tcb->ecn_flags & XTCP_ECN_GUESSED))
		tcb->ecn_flags |= XTCP_ECN_NO_ECT;
	tcb->s_ceb = seg->acc[1];
	tcb->ecn_flags &= ~XTCP_ECN_GUESSED;
	return min(bytes, ack->delivered);
}

static void acc_ack(struct xtcp_tcb *tcb, const struct xtcp_seg *seg,
		    struct xtcp_ack *ack)
{
	u32 segs = DIV_ROUND_UP(ack->delivered, tcb->mss);
	u32 ace = xtcp_ace(seg->flags), ce;

	/* RFC 9768 3.2.2.4: zero at first, though no wrap can have made it so. */
	if (!(tcb->ecn_flags & XTCP_ECN_ACE_SEEN)) {
		tcb->ecn_flags |= XTCP_ECN_ACE_SEEN;
		if (!ace && segs < 8 - XTCP_CEP_INIT)
			tcb->ecn_flags |= XTCP_ECN_NO_ECT | XTCP_ECN_DEAF;
	}
	if (tcb->ecn_flags & XTCP_ECN_DEAF)
		return;
	/* Bytes do not go round: with them there is no doubt. */
	ce = marks(tcb, ace, tells_bytes(tcb, seg) ? 0 : segs);
	if (ace != (tcb->s_cep & XTCP_ACE_MAX))
		tcb->ecn_flags |= XTCP_ECN_MARKED;
	else
		tcb->ecn_flags &= ~XTCP_ECN_MARKED;
	tcb->s_cep = (u8)ace;
	ack->ce = marked_bytes(tcb, seg, ack, ce, segs);
	ack->ce_segs = max_t(u32, ce, DIV_ROUND_UP(ack->ce, tcb->mss));
	ack->ece = ce || ack->ce;
}

/*
 * RFC 3168 6.1.2: a window of one segment cannot be reduced, but sent more
 * rarely: the next one waits for as long as the retransmission timer, without
 * its back-off: nothing timed out. The reduction would else end with the two
 * segments that are its least.
 *
 * Not in a recovery or after a timeout. What is marked then belongs to a window
 * that was reduced already, one segment is only what may go at this moment, and
 * each hole to be filled would wait for the timer.
 */
static void hold(struct xtcp_tcb *tcb, u64 now)
{
	tcb->ssthresh = tcb->mss;
	tcb->flags |= XTCP_F_PACE_WAIT;
	xtcp_dl_set(tcb, XTCP_DL_PACE, now + tcb->rto_us * XTCP_NSEC_PER_USEC);
}

/*
 * A congestion control that answers by itself: CWR is owed all the same, once a
 * round trip (RFC 8257, 3.3), or a peer of RFC 3168 would echo for ever.
 */
static void own_answer(struct xtcp_tcb *tcb)
{
	if (!(tcb->ecn_flags & XTCP_ECN_CWR_END))
		xtcp_ecn_reduced(tcb);
}

/*
 * xtcp_ecn_ack - what an acceptable ACK says of marks on our data
 * @ack: ce and ece are filled in; delivered has been
 *
 * Only an ACK that brings news is asked, since one that was overtaken tells of
 * the past (RFC 9768 3.2.2.2). Nothing is missed: counts accumulate, and ECE is
 * repeated.
 */
void xtcp_ecn_ack(struct xtcp_tcb *tcb, const struct xtcp_seg *seg, struct xtcp_ack *ack)
{
	bool alone;

	if (!ack->delivered || seg->ack != tcb->snd_una)
		return;
	if (tcb->ecn_flags & XTCP_ECN_CWR_END && seq_ge(tcb->snd_una, tcb->cwr_end))
		tcb->ecn_flags &= ~XTCP_ECN_CWR_END;
	if (tcb->ecn == XTCP_ECN_ACC) {
		acc_ack(tcb, seg, ack);
	} else if (seg->flags & XTCP_ECE) {
		ack->ece = true;
		ack->ce = ack->delivered;
		ack->ce_segs = ack->segs;
	}
	if (!ack->ece)
		return;
	if (tcb->cc->flags & XTCP_CC_ECN_OWN) {
		own_answer(tcb);
		return;
	}
	alone = tcb->cong == XTCP_CONG_OPEN && tcb->cwnd <= tcb->mss;
	xtcp_loss_reduce(tcb, XTCP_CC_ECN, ack);
	/* A mark is never for nothing, whatever a D-SACK may say. */
	tcb->flags &= ~XTCP_F_UNDO;
	if (alone)
		hold(tcb, ack->now);
}

/* xtcp_ecn_reduced - the window was reduced, for whatever reason (RFC 3168 6.1.2) */
void xtcp_ecn_reduced(struct xtcp_tcb *tcb)
{
	if (tcb->ecn != XTCP_ECN_CLASSIC)
		return;
	tcb->ecn_flags |= XTCP_ECN_CWR | XTCP_ECN_CWR_END;
	tcb->cwr_end = tcb->snd_nxt;
}
