// SPDX-License-Identifier: GPL-2.0
/* The invariants of a TCB as code. Tests call it after every step. */
#include "core.h"

/* Record in "bad" the first condition that does not hold. */
#define MUST(cond)	check_note(&bad, cond, #cond)

static void check_note(const char **bad, bool holds, const char *what)
{
	if (!holds && !*bad)
		*bad = what;
}

/* Are number and priority of @node, in a tree of treap.c, in order? */
static bool check_in_place(const struct xtcp_node *node)
{
	const struct xtcp_node *left = node->left, *right = node->right;

	return (!left || (left->prio <= node->prio && seq_lt(left->seq, node->seq))) &&
	       (!right || (right->prio <= node->prio && seq_gt(right->seq, node->seq)));
}

/* Check one of the two lists by time: its entries have @marks, and @n bytes in all. */
static const char *check_list(const struct xtcp_sent *sent,
			      const struct xtcp_sent *tail, u8 marks, u32 *n)
{
	const struct xtcp_sent *prev = NULL;
	const char *bad = NULL;

	for (*n = 0; sent && !bad; prev = sent, sent = sent->tnext) {
		MUST(sent->tprev == prev);
		MUST((sent->marks & (XTCP_SENT_LOST | XTCP_SENT_SACKED)) == marks);
		/*
		 * In flight: by departure, since RACK stops at the first that is
		 * not late.
		 */
		if (prev && !marks)
			MUST(seq_lt(prev->order, sent->order) ||
			     (prev->order == sent->order && seq_lt(prev->seq, sent->seq)));
		*n += sent->end - sent->seq;
	}
	MUST(tail == prev);
	return bad;
}

static const char *check_map(const struct xtcp_tcb *tcb)
{
	u32 at = tcb->snd_una, lost = 0, sacked = 0, nfree = 0, nodes = 0, n;
	u32 small = 0;
	const struct xtcp_sent *sent;
	const char *bad = NULL;

	for (sent = tcb->map_head; sent && !bad; sent = sent->next) {
		MUST(sent->seq == at);
		MUST(seq_lt(sent->seq, sent->end));
		MUST(sent->next ? sent->next->prev == sent : tcb->map_tail == sent);
		MUST(sent->first_at <= sent->sent_at);
		MUST((sent->marks & (XTCP_SENT_LOST | XTCP_SENT_SACKED)) !=
		     (XTCP_SENT_LOST | XTCP_SENT_SACKED));
		MUST(!sent->nrtx || sent->marks & XTCP_SENT_RTX);
		/* No entry has values from the future. */
		MUST(seq_le(sent->order, tcb->departures));
		MUST(seq_le(sent->delivered, tcb->delivered));
		if (sent->marks & XTCP_SENT_LOST)
			lost += sent->end - sent->seq;
		if (sent->marks & XTCP_SENT_SACKED)
			sacked += sent->end - sent->seq;
		if (!(sent->marks & (XTCP_SENT_LOST | XTCP_SENT_SACKED)))
			small += !!(sent->marks & XTCP_SENT_SMALL);
		/* SACKed neighbours are merged. */
		if (sent->next && sent->marks & XTCP_SENT_SACKED)
			MUST(!(sent->next->marks & XTCP_SENT_SACKED));
		MUST(check_in_place(&sent->node));
		/* Each entry is the child of one other, or the root. */
		nodes += 1 - !!sent->left - !!sent->right;
		at = sent->end;
	}
	MUST(nodes == !!tcb->map_root);
	MUST((void *)xtcp_treap_first(tcb->map_root) == tcb->map_head);
	MUST((void *)xtcp_treap_last(tcb->map_root) == tcb->map_tail);
	for (sent = tcb->map_free; sent; sent = sent->next)
		nfree++;
	MUST(nfree == tcb->map_nfree);
	if (bad || tcb->state == XTCP_CLOSED)
		return bad;
	MUST(at == tcb->snd_nxt);
	MUST(lost == tcb->lost_out);
	MUST(sacked == tcb->sacked_out);
	MUST(small == tcb->small_out);
	if (!bad)
		bad = check_list(tcb->map_lost, tcb->map_lost_tail, XTCP_SENT_LOST, &n);
	MUST(bad || n == lost);
	if (!bad)
		bad = check_list(tcb->map_old, tcb->map_new, 0, &n);
	MUST(bad || n == at - tcb->snd_una - lost - sacked);
	return bad;
}

static const char *check_reass(const struct xtcp_tcb *tcb)
{
	/* The payload of a SYN that crossed ours is held although nothing is missing. */
	u32 after = tcb->rcv_nxt - (tcb->state == XTCP_SYN_RECEIVED);
	u32 bytes = 0, runs = 0;
	const char *bad = NULL;

	while (!bad) {
		const struct xtcp_node *node = xtcp_treap_after(tcb->ooo_root, after);
		const struct xtcp_ooo *next = (const struct xtcp_ooo *)node, *pkt;
		u32 at;

		if (!node)
			break;
		MUST(check_in_place(node));
		at = next->seq;
		for (pkt = next; ; pkt = pkt->next) {
			MUST(pkt->seq == at);
			MUST(seq_lt(pkt->seq, pkt->end));
			at = pkt->end;
			if (pkt == next->tail)
				break;
		}
		bytes += at - next->seq;
		runs++;
		after = at;
	}
	MUST(bytes == tcb->ooo_bytes);
	MUST(runs == tcb->ooo_runs);
	return bad;
}

static const char *check_send(const struct xtcp_tcb *tcb)
{
	u32 fin = tcb->flags & XTCP_F_FIN_SENT ? 1 : 0;
	const char *bad = NULL;

	MUST(seq_le(tcb->snd_una, tcb->snd_nxt));
	MUST(seq_le(tcb->snd_nxt, tcb->snd_end + fin));
	MUST(!fin || tcb->snd_nxt == tcb->snd_end + 1);
	MUST(!fin || tcb->flags & XTCP_F_FIN_QUEUED);
	if (tcb->state == XTCP_SYN_SENT || tcb->state == XTCP_SYN_RECEIVED)
		return bad;
	MUST(!xtcp_syn_out(tcb));
	MUST(tcb->mss > 0);
	MUST(tcb->cwnd >= tcb->mss);
	MUST(tcb->cwnd <= XTCP_CWND_MAX);
	/* A window algorithm ends these states with cwnd = ssthresh. */
	if (!tcb->cc->control &&
	    (tcb->cong == XTCP_CONG_RECOVERY || tcb->cong == XTCP_CONG_CWR))
		MUST(tcb->ssthresh <= XTCP_CWND_MAX);
	MUST(tcb->max_snd_wnd >= tcb->snd_wnd);
	/* Unacknowledged data needs a timer; otherwise the connection might hang. */
	if (tcb->state != XTCP_TIME_WAIT && tcb->snd_una != tcb->snd_nxt)
		MUST(tcb->dl_armed & (1U << XTCP_DL_RTO | 1U << XTCP_DL_PERSIST));
	return bad;
}

/* What belongs to one congestion state (loss.c) must end with it. */
static const char *check_cong(const struct xtcp_tcb *tcb)
{
	bool resends = tcb->cong == XTCP_CONG_RECOVERY || tcb->cong == XTCP_CONG_LOSS;
	const char *bad = NULL;

	if (tcb->state == XTCP_SYN_SENT || tcb->state == XTCP_SYN_RECEIVED)
		return bad;
	MUST(resends || !tcb->lost_out);
	MUST(resends || !(tcb->flags & XTCP_F_FORCE_RTX));
	MUST(tcb->cong == XTCP_CONG_LOSS || !(tcb->flags & XTCP_F_FRTO));
	MUST(tcb->flags & XTCP_F_FRTO || !(tcb->flags & XTCP_F_FRTO_NEW));
	return bad;
}

/* A deadline has something to wait for, and what waits has its deadline. */
static const char *check_deadlines(const struct xtcp_tcb *tcb)
{
	bool syn = tcb->state == XTCP_SYN_SENT || tcb->state == XTCP_SYN_RECEIVED;
	bool unacked = tcb->snd_una != tcb->snd_nxt;
	const char *bad = NULL;

	MUST(!(tcb->dl_armed >> XTCP_DL_MAX));
	if (xtcp_dl_is_set(tcb, XTCP_DL_RTO)) {
		MUST(unacked && (tcb->snd_wnd || syn));
		MUST(!xtcp_dl_is_set(tcb, XTCP_DL_PERSIST));
	}
	/* A probe that falls due while the window is closed is not sent. */
	if (xtcp_dl_is_set(tcb, XTCP_DL_TLP)) {
		MUST(unacked && !(tcb->flags & XTCP_F_TLP_OUT));
		if (tcb->snd_wnd)
			MUST(xtcp_dl_is_set(tcb, XTCP_DL_RTO) &&
			     tcb->dl[XTCP_DL_TLP] <= tcb->dl[XTCP_DL_RTO]);
	}
	if (xtcp_dl_is_set(tcb, XTCP_DL_PERSIST))
		MUST(unacked || xtcp_unsent(tcb));
	MUST(!xtcp_dl_is_set(tcb, XTCP_DL_REO) || tcb->map_old);
	/* What pacing holds back has a deadline; in TIME-WAIT nothing is sent. */
	MUST(xtcp_dl_is_set(tcb, XTCP_DL_PACE) == !!(tcb->flags & XTCP_F_PACE_WAIT) ||
	     tcb->state == XTCP_TIME_WAIT);
	MUST(!xtcp_dl_is_set(tcb, XTCP_DL_DELACK) || tcb->ack_pending);
	MUST(!xtcp_dl_is_set(tcb, XTCP_DL_KEEP) || tcb->flags & XTCP_F_KEEPALIVE);
	MUST(!xtcp_dl_is_set(tcb, XTCP_DL_LINGER) || tcb->state == XTCP_FIN_WAIT_2 ||
	     tcb->state == XTCP_TIME_WAIT);
	return bad;
}

static const char *check_state(const struct xtcp_tcb *tcb)
{
	bool queued = tcb->flags & XTCP_F_FIN_QUEUED;
	bool fin_in = tcb->flags & XTCP_F_FIN_SEEN &&
		      tcb->rcv_nxt == tcb->rcv_fin + 1;
	const char *bad = NULL;

	switch (tcb->state) {
	case XTCP_ESTABLISHED:
		MUST(!queued && !fin_in);
		break;
	case XTCP_CLOSE_WAIT:
		MUST(!queued && fin_in);
		break;
	case XTCP_FIN_WAIT_1:
		MUST(queued && !fin_in);
		break;
	case XTCP_FIN_WAIT_2:
		MUST(queued && !fin_in && tcb->snd_una == tcb->snd_end + 1);
		break;
	case XTCP_CLOSING:
	case XTCP_LAST_ACK:
		MUST(queued && fin_in);
		break;
	case XTCP_TIME_WAIT:
		MUST(queued && fin_in && tcb->snd_una == tcb->snd_end + 1);
		MUST(xtcp_dl_is_set(tcb, XTCP_DL_LINGER));
		break;
	}
	return bad;
}

static const char *check_ecn(const struct xtcp_tcb *tcb)
{
	u16 classic = XTCP_ECN_ECHO | XTCP_ECN_CWR | XTCP_ECN_CWR_END;
	const char *bad = NULL;

	MUST(tcb->ecn <= XTCP_ECN_ACC);
	MUST(tcb->ecn == XTCP_ECN_CLASSIC || !(tcb->ecn_flags & classic));
	MUST(tcb->ecn == XTCP_ECN_ACC || !tcb->ecn_due);
	/*
	 * RFC 9768 3.2.2.5.1: an ACK is due before more marks are unreported than
	 * ACE allows.
	 */
	MUST(tcb->ce_unsaid < 3 || tcb->ack_pending & XTCP_ACKP_NOW);
	return bad;
}

const char *xtcp_check(const struct xtcp_tcb *tcb)
{
	const char *bad = check_map(tcb);

	if (!bad)
		bad = check_reass(tcb);
	if (bad || tcb->state == XTCP_CLOSED)
		return bad;
	bad = check_send(tcb);
	if (!bad && tcb->state != XTCP_SYN_SENT) {
		MUST(seq_le(tcb->rcv_wup, tcb->rcv_nxt));
		MUST(seq_le(tcb->rcv_read, tcb->rcv_nxt));
	}
	if (!bad)
		bad = check_cong(tcb);
	if (!bad)
		bad = check_ecn(tcb);
	if (!bad)
		bad = check_deadlines(tcb);
	return bad ? bad : check_state(tcb);
}

/*
 * The longest time that pacing may hold anything back, ns: an RTO if a window of
 * one segment was CE-marked (ecn.c), or what the application's rate limit makes
 * of a burst.
 */
static u64 longest_pace(const struct xtcp_tcb *tcb, u64 rto)
{
	u64 burst = max_t(u32, tcb->gso_max, 2 * tcb->mss) * XTCP_NSEC_PER_SEC;

	if (tcb->pacing_max > ~0U)
		return rto;
	return max(rto, div_u64(burst, (u32)tcb->pacing_max));
}

/*
 * The longest time that anything may stay unacknowledged, ns: the user timeout,
 * or all retransmissions of a connection in this state.
 */
static u64 longest_user(const struct xtcp_tcb *tcb, u64 rto)
{
	const struct xtcp_params *par = tcb->par;
	u32 tries = max(par->retries2, par->orphan_retries);

	if (tcb->user_timeout_ms && xtcp_synchronized(tcb))
		return tcb->user_timeout_ms * XTCP_NSEC_PER_MSEC;
	tries = max_t(u32, tries, par->synack_retries);
	tries = max_t(u32, tries, xtcp_syn_retries(tcb) + par->syn_linear);
	/* The first transmission, and the early retransmission of a SYN. */
	return rto * (tries + 2);
}

/* A deadline that has passed is within its range: the caller may be late. */
const char *xtcp_check_at(const struct xtcp_tcb *tcb, u64 now)
{
	u64 rto = max(tcb->par->rto_max_us, tcb->syn_rto_us) * XTCP_NSEC_PER_USEC;
	u32 late_us = tcb->rack_rtt_us + (tcb->srtt8_us >> 3);
	const char *bad = xtcp_check(tcb);
	u64 left[XTCP_DL_MAX] = { 0 };
	u32 armed = tcb->dl_armed;

	if (bad || tcb->state == XTCP_CLOSED)
		return bad;
	for (; armed; armed &= armed - 1) {
		u32 dl = __ffs(armed);

		if (tcb->dl[dl] > now)
			left[dl] = tcb->dl[dl] - now;
	}
	MUST(left[XTCP_DL_PERSIST] <= rto);
	/* A send time may be slightly in the future because of pacing. */
	MUST(left[XTCP_DL_RTO] <= rto + XTCP_NSEC_PER_MSEC);
	MUST(left[XTCP_DL_TLP] <= rto + XTCP_NSEC_PER_MSEC);
	MUST(left[XTCP_DL_REO] <= late_us * XTCP_NSEC_PER_USEC + XTCP_NSEC_PER_MSEC);
	MUST(left[XTCP_DL_SMALL] <= XTCP_HANDOVER_HOLD_NS);
	MUST(left[XTCP_DL_DELACK] <= tcb->par->delack_max_us * XTCP_NSEC_PER_USEC);
	MUST(left[XTCP_DL_KEEP] <= max(xtcp_keepalive_idle_ms(tcb),
				       xtcp_keepalive_intvl_ms(tcb)) *
				   XTCP_NSEC_PER_MSEC);
	MUST(left[XTCP_DL_LINGER] <= max(xtcp_linger2_ms(tcb), xtcp_timewait_ms(tcb)) *
				     XTCP_NSEC_PER_MSEC);
	MUST(left[XTCP_DL_PACE] <= longest_pace(tcb, rto));
	MUST(left[XTCP_DL_USER] <= longest_user(tcb, rto) + XTCP_NSEC_PER_MSEC);
	MUST(left[XTCP_DL_RETRY] <= XTCP_RETRY_NS << tcb->aborts);
	return bad;
}
