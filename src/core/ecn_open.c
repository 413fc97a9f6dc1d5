// SPDX-License-Identifier: GPL-2.0
/*
 * The handshake of ECN: RFC 3168 6.1.1, RFC 9768 3.1 and 3.2.2.1.
 *
 * It settles which feedback both ends speak. The mode never changes once it is
 * entered, whatever SYNs may still arrive. What can end is the sending of ECT,
 * when the path turns out to mangle; feedback goes on, since the peer relies
 * on it.
 */
#include "core.h"
#include "ecn.h"

/* RFC 9768 3.1.4.1: SYNs that ask for AccECN; RFC 3168 6.1.1.1: for ECN. */
#define ACC_SYNS	2
#define CLASSIC_SYNS	1

/* RFC 9768 3.2.3.2.2: SYN-ACKs with the option, and with the flags. */
#define OPTION_SYNACKS	1
#define FLAGS_SYNACKS	2

/**
 * xtcp_cc_needs_ecn - is it of no use without ECN?
 * @cc: congestion control
 *
 * Return: whether its connections ask for ECN and accept it, whatever the
 * namespace says.
 */
bool xtcp_cc_needs_ecn(const struct xtcp_cc *cc)
{
	return cc->flags & XTCP_CC_ECT;
}

/*
 * What to ask for in a SYN, the values being those of net.ipv4.tcp_ecn; @permit: by
 * the algorithm or by the route it is asked for all the same.
 */
static u8 asks(const struct xtcp_params *par, bool permit)
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

/* The most to agree to; @permit: likewise. */
static u8 accepts(const struct xtcp_params *par, bool permit)
{
	if (par->ecn >= 3)
		return XTCP_ECN_ACC;
	return par->ecn || permit ? XTCP_ECN_CLASSIC : XTCP_ECN_OFF;
}

/*
 * The mode of who receives this SYN: RFC 9768, table 2 and 3.1.3. ECT in a SYN
 * that asks for RFC 3168 was not put there by its sender, so the path is not
 * to be trusted; unless this is a network of DCTCP hosts (RFC 8257, 3.5) or the
 * sender knows of AE. @most: what this end agrees to at most.
 */
static u8 respond(u8 most, const struct xtcp_seg *seg, bool need)
{
	u32 ace = xtcp_ace(seg->flags);

	if (most == XTCP_ECN_ACC && ace && ace != 3)
		return XTCP_ECN_ACC;
	if (most == XTCP_ECN_OFF || (ace & 3) != 3)
		return XTCP_ECN_OFF;
	return seg->ecn == XTCP_NOT_ECT || ace == XTCP_ACE_MAX || need ?
	       XTCP_ECN_CLASSIC : XTCP_ECN_OFF;
}

static void enter(struct xtcp_tcb *tcb, u8 mode)
{
	tcb->ecn = mode;
	tcb->r_cep = XTCP_CEP_INIT;
	tcb->s_cep = XTCP_CEP_INIT;
	tcb->r_e0b = XTCP_ECT_INIT;
	tcb->r_e1b = XTCP_ECT_INIT;
}

static u16 synack_flags(u8 mode, u8 field)
{
	switch (mode) {
	case XTCP_ECN_CLASSIC:
		return XTCP_ECE;
	case XTCP_ECN_ACC:
		return xtcp_ace_flags(xtcp_ecn_echo(field));
	default:
		return 0;
	}
}

/* All three counters, so that the other end sees a path that zeroes them. */
static void synack_option(struct xtcp_plan *plan)
{
	plan->opts |= XTCP_OPT_ACCECN0;
	plan->nacc = 3;
	plan->acc[0] = XTCP_ECT_INIT;
	plan->acc[1] = 0;
	plan->acc[2] = XTCP_ECT_INIT;
}

/* xtcp_ecn_connect - active open: what the SYN is to ask for; @permit: by the route */
void xtcp_ecn_connect(struct xtcp_tcb *tcb, bool permit)
{
	tcb->ecn = asks(tcb->par, permit || tcb->cc->flags & XTCP_CC_ECT);
}

/*
 * SYNs that ask in vain are followed by some that do not (RFC 3168 6.1.1.1,
 * RFC 9768 3.1.4.1): there are devices that drop what they do not know.
 */
static bool syn_fell_back(const struct xtcp_tcb *tcb)
{
	u32 asked = tcb->ecn == XTCP_ECN_ACC ? ACC_SYNS : CLASSIC_SYNS;

	/* One that a cached round trip sent early was perhaps not lost. */
	asked += !!tcb->syn_rto_us;
	return tcb->par->ecn_fallback && tcb->retries >= asked;
}

/* xtcp_ecn_plan_syn - flags of a SYN, or of the SYN-ACK of a simultaneous open */
void xtcp_ecn_plan_syn(const struct xtcp_tcb *tcb, struct xtcp_plan *plan)
{
	if (tcb->state == XTCP_SYN_RECEIVED)
		plan->flags |= synack_flags(tcb->ecn, tcb->ecn_syn);
	else if (tcb->ecn != XTCP_ECN_OFF && !syn_fell_back(tcb))
		plan->flags |= tcb->ecn == XTCP_ECN_ACC ? XTCP_ACE : XTCP_CWR | XTCP_ECE;
}

/*
 * xtcp_ecn_syn - SYN-SENT received a SYN: as if it had been a responder
 *
 * It agrees to no more than its own SYN asked for. The peer responds to that SYN
 * likewise, and two modes would leave each end with feedback that the other one
 * does not give, or takes for marks.
 */
void xtcp_ecn_syn(struct xtcp_tcb *tcb, const struct xtcp_seg *seg)
{
	enter(tcb, respond(tcb->ecn, seg, tcb->cc->flags & XTCP_CC_ECT));
	tcb->ecn_syn = seg->ecn;
}

/*
 * The peer says which field our SYN or SYN-ACK arrived with. We sent Not-ECT;
 * anything else was made of it on the way (RFC 9768 3.2.2.3). A mark counts
 * all the same, see xtcp_cc_initial_cwnd().
 */
static void check_echo(struct xtcp_tcb *tcb, u32 ace)
{
	if (ace == xtcp_ecn_echo(XTCP_ECT1) || ace == xtcp_ecn_echo(XTCP_ECT0) ||
	    ace == xtcp_ecn_echo(XTCP_CE))
		tcb->ecn_flags |= XTCP_ECN_NO_ECT;
	if (ace == xtcp_ecn_echo(XTCP_CE))
		tcb->ecn_flags |= XTCP_ECN_SYN_CE;
}

/* RFC 9768 3.2.3.2.4: counters that do not begin at 0 but arrive so. */
static void check_option(struct xtcp_tcb *tcb, const struct xtcp_seg *seg)
{
	if (seg->opts & XTCP_OPT_ACCECN &&
	    ((seg->nacc >= 1 && !seg->acc[0]) || (seg->nacc == 3 && !seg->acc[2])))
		tcb->ecn_flags |= XTCP_ECN_OPT_DEAF;
}

static void synack_acc(struct xtcp_tcb *tcb, const struct xtcp_seg *seg)
{
	enter(tcb, XTCP_ECN_ACC);
	tcb->ecn_flags |= XTCP_ECN_HELLO;
	tcb->ecn_syn = seg->ecn;
	tcb->ecn_last = seg->ecn;
	if (seg->ecn == XTCP_CE)
		tcb->r_cep++;
	check_echo(tcb, xtcp_ace(seg->flags));
	check_option(tcb, seg);
}

/*
 * xtcp_ecn_synack - the SYN-ACK settles the mode: RFC 9768 table 2, 3.1.3
 *
 * To be called while the number of SYNs sent is known, and before the first
 * window is picked.
 */
void xtcp_ecn_synack(struct xtcp_tcb *tcb, const struct xtcp_seg *seg)
{
	u32 ace = xtcp_ace(seg->flags);

	if (tcb->ecn == XTCP_ECN_ACC && ace > 1 && ace != XTCP_ACE_MAX) {
		synack_acc(tcb, seg);
	} else if (tcb->ecn != XTCP_ECN_OFF && (ace & 3) == 1 &&
		   (tcb->ecn == XTCP_ECN_CLASSIC || ace == 1)) {
		/* RFC 3168 6.1.1: who has sent a SYN without does not send ECT. */
		if (syn_fell_back(tcb))
			tcb->ecn_flags |= XTCP_ECN_NO_ECT;
		enter(tcb, XTCP_ECN_CLASSIC);
	} else {
		tcb->ecn = XTCP_ECN_OFF;
	}
}

/* xtcp_ecn_synack_again - our ACK was lost: told once more (RFC 9768 3.2.2.1) */
void xtcp_ecn_synack_again(struct xtcp_tcb *tcb, const struct xtcp_seg *seg)
{
	u32 ace = xtcp_ace(seg->flags);

	if (tcb->ecn != XTCP_ECN_ACC || tcb->flags & XTCP_F_PASSIVE ||
	    seg->seq != tcb->irs || !(seg->flags & XTCP_ACK) || ace < 2 || ace == XTCP_ACE_MAX)
		return;
	tcb->ecn_flags |= XTCP_ECN_HELLO;
	tcb->ecn_syn = seg->ecn;
	/* Counted once: the peer can count it once, too. */
	if (seg->ecn == XTCP_CE && tcb->r_cep == XTCP_CEP_INIT)
		tcb->r_cep++;
}

/*
 * xtcp_ecn_third - the segment that ends our SYN-RECEIVED
 *
 * To be called before the first window is picked.
 *
 * RFC 9768 table 4: a bare ACK tells the field of our SYN-ACK instead of a
 * count. After a simultaneous open it is the peer's SYN-ACK (its SYN bit has
 * been taken off by now), whose flags are no count either. In both cases what
 * follows shall find no news: the flags are made those of our own counter.
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
		check_echo(tcb, ace);
		check_option(tcb, seg);
		tcb->ecn_flags |= XTCP_ECN_ACE_SEEN;
	}
	seg->flags = (u16)((seg->flags & ~XTCP_ACE) | xtcp_ace_flags(tcb->s_cep));
}

/* ---- the handshake of a half-open connection ---- */

/* xtcp_ecn_request - a SYN for a listener */
void xtcp_ecn_request(struct xtcp_request *req, const struct xtcp_params *par,
		      const struct xtcp_open *open, const struct xtcp_seg *seg)
{
	const struct xtcp_cc *cc = open->route.cc;
	bool need = open->need_ecn || (cc && cc->flags & XTCP_CC_ECT);

	req->ecn = respond(accepts(par, need || open->route.ecn), seg, need);
	req->ecn_syn = seg->ecn;
	if (par->ecn_option == XTCP_OPTION_NEVER)
		req->ecn_flags |= XTCP_ECN_OPT_MUTE;
}

/*
 * xtcp_ecn_request_again - the SYN was repeated
 *
 * RFC 9768 3.1.5: a SYN without ECN among others means that the peer may have
 * given it up, so no ECT is sent, but feedback goes on. SYNs that ask for both
 * kinds leave open which one the peer will speak.
 *
 * Return: false when the connection is to be reset.
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
		/* Perhaps the option is what kept our SYN-ACK from arriving. */
		req->ecn_flags |= XTCP_ECN_OPT_MUTE;
	}
	req->ecn_syn = seg->ecn;
	return true;
}

/*
 * xtcp_ecn_request_timeout - the SYN-ACK is to be repeated
 *
 * RFC 9768 3.2.3.2.2: first without the option, then without ECN, so that a
 * path that drops either delays the connection and does not prevent it.
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

/* xtcp_ecn_request_plan - flags and option of the SYN-ACK */
void xtcp_ecn_request_plan(const struct xtcp_request *req, struct xtcp_plan *plan)
{
	if (req->ecn_flags & XTCP_ECN_BARE)
		return;
	plan->flags |= synack_flags(req->ecn, req->ecn_syn);
	if (req->ecn == XTCP_ECN_ACC && !(req->ecn_flags & XTCP_ECN_OPT_MUTE))
		synack_option(plan);
}

/* xtcp_ecn_request_ack - the same for an ACK it sends: nothing counted yet */
void xtcp_ecn_request_ack(const struct xtcp_request *req, struct xtcp_plan *plan)
{
	if (req->ecn == XTCP_ECN_ACC)
		plan->flags |= xtcp_ace_flags(XTCP_CEP_INIT);
}

/* xtcp_ecn_accept - a half-open connection becomes a connection */
void xtcp_ecn_accept(struct xtcp_tcb *tcb, const struct xtcp_request *req)
{
	enter(tcb, req->ecn);
	/* The option is given another chance: more often than not it was loss. */
	tcb->ecn_flags = req->ecn_flags & XTCP_ECN_NO_ECT;
}
