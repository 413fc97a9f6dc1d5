// SPDX-License-Identifier: GPL-2.0
/*
 * Tail loss probe: RFC 8985, section 7.
 *
 * When nothing has been heard for two round trips, the last segment, or a new
 * one, is sent to draw an ACK: its SACK blocks start recovery long before the
 * retransmission timer would.
 */
#include "core.h"

/* Below these a wake-up would be late anyway, and a busy receiver is, too. */
#define PTO_MIN_US		2000
#define PTO_LONE_MIN_US		10000

/* What a first spurious probe teaches of the peer's delayed ACKs, and the most. */
#define ACK_DELAY_FIRST_US	40000
#define ACK_DELAY_MAX_US	200000

/* RFC 8985, 7.2: nothing is known to be wrong, and something is in flight. */
static bool may_probe(const struct xtcp_tcb *tcb)
{
	return tcb->par->tlp && tcb->opts & XTCP_OPT_SACK_PERM &&
	       tcb->cong == XTCP_CONG_OPEN && !tcb->sacked_out &&
	       !(tcb->flags & XTCP_F_TLP_OUT) && tcb->srtt8_us && tcb->snd_wnd &&
	       tcb->snd_una != tcb->snd_nxt;
}

/*
 * RFC 8985, 7.2: two round trips; a lone segment may meet a delayed ACK. The
 * RFC adds the longest delay any receiver may use, 200 ms, and with it a lone
 * segment lost costs ten round trips of 20 ms. Here the variance, which knows
 * delays that were met, and what spurious probes have taught, stand in for it:
 * the first wrong guess costs one segment, and is not made again.
 */
static u32 pto_us(const struct xtcp_tcb *tcb)
{
	u32 srtt = tcb->srtt8_us >> 3;
	u32 pto = 2 * srtt;

	if (xtcp_flight(tcb) > tcb->mss)
		return max_t(u32, pto, PTO_MIN_US);
	pto = max(pto, srtt + tcb->rttvar4_us);
	return max_t(u32, pto, PTO_LONE_MIN_US) + tcb->ack_delay_us;
}

/*
 * xtcp_tlp_set - something is in flight: may and shall it be probed for?
 *
 * Never later than the retransmission timer, which then does the work itself.
 */
void xtcp_tlp_set(struct xtcp_tcb *tcb, u64 now)
{
	u64 at;

	tcb->flags &= ~XTCP_F_TLP_OWED;
	if (!may_probe(tcb)) {
		xtcp_dl_clear(tcb, XTCP_DL_TLP);
		return;
	}
	at = now + pto_us(tcb) * XTCP_NSEC_PER_USEC;
	if (xtcp_dl_is_set(tcb, XTCP_DL_RTO) && at >= tcb->dl[XTCP_DL_RTO])
		xtcp_dl_clear(tcb, XTCP_DL_TLP);
	else
		xtcp_dl_set(tcb, XTCP_DL_TLP, at);
}

/* xtcp_tlp_fire - the probe is due */
u32 xtcp_tlp_fire(struct xtcp_tcb *tcb)
{
	if (!may_probe(tcb))
		return 0;
	tcb->flags |= XTCP_F_TLP_OWED;
	return XTCP_ACT_OUTPUT;
}

/*
 * xtcp_tlp_sent - the probe has left
 * @again: it was a retransmission
 *
 * RFC 8985, 7.3: one at a time, and the retransmission timer starts anew.
 */
void xtcp_tlp_sent(struct xtcp_tcb *tcb, u32 seq, bool again, u64 now)
{
	tcb->flags &= ~(XTCP_F_TLP_OWED | XTCP_F_TLP_RTX);
	tcb->flags |= XTCP_F_TLP_OUT | (again ? XTCP_F_TLP_RTX : 0);
	tcb->tlp_seq = seq;
	tcb->tlp_end = tcb->snd_nxt;
	tcb->tlp_probes++;
	xtcp_mib(tcb, XTCP_MIB_LOSS_PROBES);
	xtcp_dl_clear(tcb, XTCP_DL_TLP);
	xtcp_rto_restart(tcb, now);
}

/* Both the original and the probe arrived: the peer only took its time. */
static void spurious(struct xtcp_tcb *tcb)
{
	u32 delay = max_t(u32, 2 * tcb->ack_delay_us, ACK_DELAY_FIRST_US);

	tcb->ack_delay_us = min_t(u32, delay, ACK_DELAY_MAX_US);
}

/*
 * xtcp_tlp_ack - what an ACK says of an outstanding probe
 *
 * RFC 8985, 7.4.2. An ACK beyond the probe without a D-SACK means that the
 * probe filled the hole: a loss, and answered like one.
 */
void xtcp_tlp_ack(struct xtcp_tcb *tcb, const struct xtcp_seg *seg,
		  const struct xtcp_ack *a)
{
	if (!(tcb->flags & XTCP_F_TLP_OUT) || seq_lt(seg->ack, tcb->tlp_end))
		return;
	if (tcb->flags & XTCP_F_TLP_RTX) {
		if (a->dsack) {
			spurious(tcb);
		} else if (seq_gt(seg->ack, tcb->tlp_end)) {
			tcb->tlp_recovered++;
			xtcp_mib(tcb, XTCP_MIB_LOSS_PROBE_RECOVERY);
			xtcp_loss_reduce(tcb, XTCP_CC_LOSS, a);
		} else if (a->una || a->sacked || seg->len) {
			return;
		}
	}
	tcb->flags &= ~XTCP_F_TLP_OUT;
}
