// SPDX-License-Identifier: GPL-2.0
/*
 * The ECN handshake: RFC 3168 6.1.1, RFC 9768 3.1 and 3.2.2.1.
 *
 * It settles which feedback both ends use. The mode never changes once it is
 * entered, whatever SYNs may still arrive. If the path turns out to mangle the
 * field, we stop sending ECT, but feedback continues, since the peer relies on
 * it.
 */
#include "core.h"
#include "ecn.h"

/* Number of SYNs that ask: for AccECN (RFC 9768 3.1.4.1), for ECN (RFC 3168 6.1.1.1). */
#define ACC_SYNS	2
#define CLASSIC_SYNS	1

/* Number of SYN-ACKs with the option, and with the flags (RFC 9768 3.2.3.2.2). */
#define OPTION_SYNACKS	1
#define FLAGS_SYNACKS	2

bool xtcp_cc_needs_ecn(const struct xtcp_cc *cc)
{
	return cc->flags & XTCP_CC_ECT;
}

/*
 * What to ask for in a SYN, by the values of net.ipv4.tcp_ecn. @permit: the
 * algorithm or the route asks for ECN in any case.
 */
static u8 ecn_mode_to_request(const struct xtcp_params *par, bool permit)
{
	switch (par->ecn) {
	case 3:
		return XTCP_ECN_ACC;
	case 1:
	case 4:
		return XTCP_ECN_CLASSIC;
	default:
		return permit ? XTCP_ECN_CLASSIC : XTCP_ECN_OFF;
	}
}

/* The most to agree to. @permit: the algorithm or the route accepts ECN in any case. */
static u8 ecn_mode_to_accept(const struct xtcp_params *par, bool permit)
{
	if (par->ecn >= 3)
		return XTCP_ECN_ACC;
	return par->ecn || permit ? XTCP_ECN_CLASSIC : XTCP_ECN_OFF;
}

/*
 * The mode that the receiver of a SYN chooses: RFC 9768, table 2 and 3.1.3.
 * @most: the most that this end agrees to
 * @need: our congestion control is DCTCP
 *
 * ECT on a SYN that asks for RFC 3168 was not set by its sender, so the path is
 * not to be trusted, unless this is a network of DCTCP hosts (RFC 8257, 3.5) or
 * the sender knows of AE.
 */
static u8 ecn_choose_mode(u8 most, const struct xtcp_seg *seg, bool need)
{
	u32 ace = xtcp_ace(seg->flags);

	if (most == XTCP_ECN_ACC && ace && ace != 3)
		return XTCP_ECN_ACC;
	if (most == XTCP_ECN_OFF || (ace & 3) != 3)
		return XTCP_ECN_OFF;
	return seg->ecn == XTCP_NOT_ECT || ace == XTCP_ACE_MAX || need ?
	       XTCP_ECN_CLASSIC : XTCP_ECN_OFF;
}

static void ecn_enter(struct xtcp_tcb *tcb, u8 mode)
{
	tcb->ecn = mode;
	tcb->r_cep = XTCP_CEP_INIT;
	tcb->s_cep = XTCP_CEP_INIT;
	tcb->r_e0b = XTCP_ECT_INIT;
	tcb->r_e1b = XTCP_ECT_INIT;
}

static u16 ecn_synack_flags(u8 mode, u8 field)
{
	switch (mode) {
	case XTCP_ECN_CLASSIC:
		return XTCP_ECE;
	case XTCP_ECN_ACC:
		return xtcp_ace_flags(xtcp_ecn_echo(field));
	}
	return 0;
}

/* Send all three counters, so that the peer notices a path that zeroes them. */
static void ecn_synack_option(struct xtcp_plan *plan)
{
	plan->opts |= XTCP_OPT_ACCECN0;
	plan->nacc = 3;
	plan->acc[0] = XTCP_ECT_INIT;
	plan->acc[1] = 0;
	plan->acc[2] = XTCP_ECT_INIT;
}

/*
 * xtcp_ecn_connect - active open: choose what the SYN asks for
 * @permit: the route asks for ECN
 */
void xtcp_ecn_connect(struct xtcp_tcb *tcb, bool permit)
{
	tcb->ecn = ecn_mode_to_request(tcb->par, permit || tcb->cc->flags & XTCP_CC_ECT);
}

/*
 * SYNs that ask and get no answer are followed by some that do not ask (RFC 3168
 * 6.1.1.1, RFC 9768 3.1.4.1): there are devices that drop what they do not know.
 */
static bool ecn_syn_fell_back(const struct xtcp_tcb *tcb)
{
	u32 asked = tcb->ecn == XTCP_ECN_ACC ? ACC_SYNS : CLASSIC_SYNS;

	/* A SYN resent early because of a cached RTT was perhaps not lost. */
	asked += !!tcb->syn_rto_us;
	return tcb->par->ecn_fallback && tcb->retries >= asked;
}

/* xtcp_ecn_plan_syn - set the flags of a SYN, or of a simultaneous open's SYN-ACK */
void xtcp_ecn_plan_syn(const struct xtcp_tcb *tcb, struct xtcp_plan *plan)
{
	if (tcb->state == XTCP_SYN_RECEIVED)
		plan->flags |= ecn_synack_flags(tcb->ecn, tcb->ecn_syn);
	else if (tcb->ecn != XTCP_ECN_OFF && !ecn_syn_fell_back(tcb))
		plan->flags |= tcb->ecn == XTCP_ECN_ACC ? XTCP_ACE : XTCP_CWR | XTCP_ECE;
}

/*
 * xtcp_ecn_syn - SYN-SENT received a SYN: respond as a listener would
 *
 * Agree to no more than our own SYN asked for. The peer responds to that SYN in
 * the same way, and in two different modes each end would lack feedback, or take
 * the other's for marks.
 */
void xtcp_ecn_syn(struct xtcp_tcb *tcb, const struct xtcp_seg *seg)
{
	ecn_enter(tcb, ecn_choose_mode(tcb->ecn, seg, tcb->cc->flags & XTCP_CC_ECT));
	tcb->ecn_syn = seg->ecn;
}

/*
 * The peer reports the field with which our SYN or SYN-ACK arrived. We sent
 * Not-ECT; anything else is the path's doing (RFC 9768 3.2.2.3). A mark counts
 * nevertheless, see xtcp_cc_initial_cwnd().
 */
static void ecn_check_echo(struct xtcp_tcb *tcb, u32 ace)
{
	if (ace == xtcp_ecn_echo(XTCP_ECT1) || ace == xtcp_ecn_echo(XTCP_ECT0) ||
	    ace == xtcp_ecn_echo(XTCP_CE))
		tcb->ecn_flags |= XTCP_ECN_NO_ECT;
	if (ace == xtcp_ecn_echo(XTCP_CE))
		tcb->ecn_flags |= XTCP_ECN_SYN_CE;
}

/* RFC 9768 3.2.3.2.4: detect a path that zeroes counters, which begin at 1. */
static void ecn_check_option(struct xtcp_tcb *tcb, const struct xtcp_seg *seg)
{
	if (seg->opts & XTCP_OPT_ACCECN &&
	    ((seg->nacc >= 1 && !seg->acc[0]) || (seg->nacc == 3 && !seg->acc[2])))
		tcb->ecn_flags |= XTCP_ECN_OPT_DEAF;
}

static void ecn_synack_acc(struct xtcp_tcb *tcb, const struct xtcp_seg *seg)
{
	ecn_enter(tcb, XTCP_ECN_ACC);
	tcb->ecn_flags |= XTCP_ECN_HELLO;
	tcb->ecn_syn = seg->ecn;
	tcb->ecn_last = seg->ecn;
	if (seg->ecn == XTCP_CE)
		tcb->r_cep++;
	ecn_check_echo(tcb, xtcp_ace(seg->flags));
	ecn_check_option(tcb, seg);
}

/*
 * xtcp_ecn_synack - the SYN-ACK settles the mode: RFC 9768 table 2, 3.1.3
 *
 * Call it while the number of SYNs sent is known, and before the initial window
 * is computed.
 */
void xtcp_ecn_synack(struct xtcp_tcb *tcb, const struct xtcp_seg *seg)
{
	u32 ace = xtcp_ace(seg->flags);

	if (tcb->ecn == XTCP_ECN_ACC && ace > 1 && ace != XTCP_ACE_MAX) {
		ecn_synack_acc(tcb, seg);
	} else if (tcb->ecn != XTCP_ECN_OFF && (ace & 3) == 1 &&
		   (tcb->ecn == XTCP_ECN_CLASSIC || ace == 1)) {
		/* RFC 3168 6.1.1: a host that sent a SYN without ECN sends no ECT. */
		if (ecn_syn_fell_back(tcb))
			tcb->ecn_flags |= XTCP_ECN_NO_ECT;
		ecn_enter(tcb, XTCP_ECN_CLASSIC);
	} else {
		tcb->ecn = XTCP_ECN_OFF;
	}
}

/* xtcp_ecn_synack_again - our ACK was lost: report once more (RFC 9768 3.2.2.1) */
void xtcp_ecn_synack_again(struct xtcp_tcb *tcb, const struct xtcp_seg *seg)
{
	u32 ace = xtcp_ace(seg->flags);

	if (tcb->ecn != XTCP_ECN_ACC || tcb->flags & XTCP_F_PASSIVE ||
	    seg->seq != tcb->irs || !(seg->flags & XTCP_ACK) || ace < 2 || ace == XTCP_ACE_MAX)
		return;
	tcb->ecn_flags |= XTCP_ECN_HELLO;
	tcb->ecn_syn = seg->ecn;
	/* Count it once, as the peer does. */
	if (seg->ecn == XTCP_CE && tcb->r_cep == XTCP_CEP_INIT)
		tcb->r_cep++;
}

/*
 * xtcp_ecn_third - process the segment that ends our SYN-RECEIVED
 *
 * Call it before the initial window is computed.
 *
 * RFC 9768 table 4: a bare ACK carries the field of our SYN-ACK instead of a
 * count. After a simultaneous open the segment is the peer's SYN-ACK (its SYN bit
 * is cleared by now), whose flags are no count either. In both cases set the
 * flags to our own counter, so that later code sees no change.
 */
void xtcp_ecn_third(struct xtcp_tcb *tcb, struct xtcp_seg *seg)
{
	u32 ace = xtcp_ace(seg->flags);

	if (tcb->ecn != XTCP_ECN_ACC)
		return;
	if (tcb->flags & XTCP_F_PASSIVE) {
		if (seg->len || seg->flags & XTCP_FIN || seg->opts & XTCP_OPT_SACK)
			return;
		if (!ace)
			tcb->ecn_flags |= XTCP_ECN_NO_ECT | XTCP_ECN_DEAF;
		if (ace == xtcp_ecn_echo(XTCP_CE))
			tcb->s_cep++;
		ecn_check_echo(tcb, ace);
		ecn_check_option(tcb, seg);
		tcb->ecn_flags |= XTCP_ECN_ACE_SEEN;
	}
	seg->flags = (u16)((seg->flags & ~XTCP_ACE) | xtcp_ace_flags(tcb->s_cep));
}

/* ---- the handshake of a half-open connection ---- */

/* xtcp_ecn_request - choose the mode for a SYN that a listener received */
void xtcp_ecn_request(struct xtcp_request *req, const struct xtcp_params *par,
		      const struct xtcp_open *open, const struct xtcp_seg *seg)
{
	const struct xtcp_cc *cc = open->route.cc;
	bool need = open->need_ecn || (cc && cc->flags & XTCP_CC_ECT);

	req->ecn = ecn_choose_mode(ecn_mode_to_accept(par, need || open->route.ecn), seg,
				   need);
	req->ecn_syn = seg->ecn;
	if (par->ecn_option == XTCP_OPTION_NEVER)
		req->ecn_flags |= XTCP_ECN_OPT_MUTE;
}

/*
 * xtcp_ecn_request_again - the SYN was repeated
 *
 * RFC 9768 3.1.5: a SYN without ECN among others means that the peer may have
 * given ECN up: send no ECT, but continue feedback. If SYNs ask for both kinds it
 * is open which one the peer will use.
 *
 * Return: false if the connection is to be reset.
 */
bool xtcp_ecn_request_again(struct xtcp_request *req, const struct xtcp_params *par,
			    const struct xtcp_seg *seg)
{
	u32 ace = xtcp_ace(seg->flags);

	if (req->ecn == XTCP_ECN_OFF)
		return true;
	if (!ace) {
		req->ecn_flags |= XTCP_ECN_NO_ECT;
		if (req->ecn == XTCP_ECN_CLASSIC)
			req->ecn_flags |= XTCP_ECN_BARE;
	} else if (req->ecn == XTCP_ECN_ACC ? ace == 3 : par->ecn >= 3 && ace != 3) {
		return false;
	} else if (par->ecn_option != XTCP_OPTION_PERSIST) {
		/* Perhaps the path dropped our SYN-ACK because of the option. */
		req->ecn_flags |= XTCP_ECN_OPT_MUTE;
	}
	req->ecn_syn = seg->ecn;
	return true;
}

/*
 * xtcp_ecn_request_timeout - the SYN-ACK is about to be resent
 *
 * RFC 9768 3.2.3.2.2: first without the option, then without ECN, so that a path
 * that drops either delays the connection but does not prevent it.
 */
void xtcp_ecn_request_timeout(struct xtcp_request *req, const struct xtcp_params *par)
{
	u32 early = !!req->rto_ms;

	if (req->ecn == XTCP_ECN_OFF)
		return;
	if (req->retries >= OPTION_SYNACKS + early && par->ecn_option != XTCP_OPTION_PERSIST)
		req->ecn_flags |= XTCP_ECN_OPT_MUTE;
	if (req->retries >= FLAGS_SYNACKS + early && par->ecn_fallback)
		req->ecn_flags |= XTCP_ECN_NO_ECT | XTCP_ECN_BARE;
}

/* xtcp_ecn_request_plan - set flags and option of the SYN-ACK */
void xtcp_ecn_request_plan(const struct xtcp_request *req, struct xtcp_plan *plan)
{
	if (req->ecn_flags & XTCP_ECN_BARE)
		return;
	plan->flags |= ecn_synack_flags(req->ecn, req->ecn_syn);
	if (req->ecn == XTCP_ECN_ACC && !(req->ecn_flags & XTCP_ECN_OPT_MUTE))
		ecn_synack_option(plan);
}

/* xtcp_ecn_request_ack - set the flags of a request's ACK: nothing is counted yet */
void xtcp_ecn_request_ack(const struct xtcp_request *req, struct xtcp_plan *plan)
{
	if (req->ecn == XTCP_ECN_ACC)
		plan->flags |= xtcp_ace_flags(XTCP_CEP_INIT);
}

/* xtcp_ecn_accept - a half-open connection becomes a connection */
void xtcp_ecn_accept(struct xtcp_tcb *tcb, const struct xtcp_request *req)
{
	ecn_enter(tcb, req->ecn);
	/* Try the option again: plain loss is the more frequent cause. */
	tcb->ecn_flags = req->ecn_flags & XTCP_ECN_NO_ECT;
}
