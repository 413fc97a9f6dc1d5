// SPDX-License-Identifier: GPL-2.0
/*
 * The retransmission timer, the persist timer and giving up: RFC 6298 section 5,
 * RFC 9293 3.8.3 and 3.8.6.1.
 *
 * At most one of the two timers runs: the retransmission timer while something is
 * unacknowledged and the window is open; the persist timer while the window is
 * closed, or while output waits for something that no ACK will bring.
 */
#include "core.h"

/* RFC 9293 3.8.6.2.1: override silly window avoidance after 0.1 to 1 s. */
#define OVERRIDE_MAX_NS	XTCP_NSEC_PER_SEC

/* Shortest wait for the ACK of SACKed data at SND.UNA before it counts as reneged, ns. */
#define RENEGE_MIN_NS	(10 * XTCP_NSEC_PER_MSEC)

/* @rto_us, doubled @doublings times and limited to the maximum, in ns. */
static u64 rto_doubled_ns(const struct xtcp_tcb *tcb, u64 rto_us, u32 doublings)
{
	/* 2^16 times the smallest RTO exceeds any maximum. */
	rto_us <<= min_t(u32, doublings, 16);
	return min_t(u64, rto_us, tcb->par->rto_max_us) * XTCP_NSEC_PER_USEC;
}

static u64 rto_backed_off(const struct xtcp_tcb *tcb, u32 doublings)
{
	return rto_doubled_ns(tcb, tcb->rto_us, doublings);
}

/* Sum of the waits with @first to @last doublings of @rto_us, ns. */
static u64 rto_waits_ns(const struct xtcp_tcb *tcb, u64 rto_us, u32 first, u32 last)
{
	u64 ns = 0;
	u32 i;

	for (i = first; i <= last; i++)
		ns += rto_doubled_ns(tcb, rto_us, i);
	return ns;
}

/* xtcp_rto_ns - the RTO in force, with its doublings (RFC 6298, 5.5), ns */
u64 xtcp_rto_ns(const struct xtcp_tcb *tcb)
{
	if (unlikely(tcb->syn_rto_us) && (tcb->state == XTCP_SYN_SENT ||
					  tcb->state == XTCP_SYN_RECEIVED)) {
		/* The cached RTO of the path is for the first SYN or SYN-ACK only. */
		if (!tcb->backoff)
			return tcb->syn_rto_us * XTCP_NSEC_PER_USEC;
		return rto_backed_off(tcb, tcb->backoff - 1);
	}
	return rto_backed_off(tcb, tcb->backoff);
}

/* Does output wait for something that no segment of the peer will bring? */
static bool rto_is_stuck(const struct xtcp_tcb *tcb)
{
	bool fin;

	if (tcb->snd_una != tcb->snd_nxt)
		return !tcb->snd_wnd;
	/* With nothing in flight only a cork or the window can hold anything back. */
	if (tcb->snd_end - tcb->snd_nxt - 1 < tcb->snd_wnd &&
	    !(tcb->flags & (XTCP_F_CORK | XTCP_F_MORE)))
		return false;
	return xtcp_unsent(tcb) && !xtcp_tx_new_len(tcb, &fin) && !fin;
}

/*
 * xtcp_persist_check - start or stop the persist timer as output needs it
 *
 * Call it after anything that changed the window or the data. Three cases are
 * treated alike: a closed window (RFC 9293 3.8.6.1), a small segment that silly
 * window avoidance holds back (3.8.6.2.1: override after 0.1 to 1 s), and a
 * corked one (tcp(7): 200 ms). In each there is something to send and no reason
 * for an ACK to arrive.
 */
void xtcp_persist_check(struct xtcp_tcb *tcb, u64 now)
{
	u64 wait;

	/* Before the handshake completes there is no window to wait for. */
	if (!xtcp_synchronized(tcb) || tcb->state == XTCP_SYN_RECEIVED)
		return;
	if (!rto_is_stuck(tcb)) {
		xtcp_dl_clear(tcb, XTCP_DL_PERSIST);
		return;
	}
	xtcp_dl_clear(tcb, XTCP_DL_RTO);
	/* Any opening of the window ends the back-off of probes. */
	if (!xtcp_dl_is_set(tcb, XTCP_DL_PERSIST) || (tcb->snd_wnd && tcb->probes)) {
		wait = rto_backed_off(tcb, 0);
		if (tcb->snd_wnd)
			wait = min_t(u64, wait, OVERRIDE_MAX_NS);
		tcb->probes = 0;
		xtcp_dl_set(tcb, XTCP_DL_PERSIST, now + wait);
		if (!tcb->snd_wnd)
			xtcp_user_restart(tcb, now);
	}
}

/*
 * How long to wait for the ACK of SACKed data at SND.UNA, ns.
 *
 * A peer that holds the data at SND.UNA acknowledges it together with the hole
 * before it. If an ACK ends at SND.UNA, either the peer has dropped SACKed data
 * (RFC 2018, 8) or a later ACK is still on its way: wait for half a round trip,
 * as Linux does.
 */
static u64 rto_renege_ns(const struct xtcp_tcb *tcb)
{
	u64 half = (u64)(tcb->srtt8_us >> 4) * XTCP_NSEC_PER_USEC;

	return max_t(u64, half, RENEGE_MIN_NS);
}

/* xtcp_rto_restart - after new data was sent or acknowledged, RFC 6298 (5.1) to (5.3) */
void xtcp_rto_restart(struct xtcp_tcb *tcb, u64 now)
{
	u64 wait;

	if (tcb->snd_una == tcb->snd_nxt) {
		xtcp_dl_clear(tcb, XTCP_DL_RTO);
		return;
	}
	if (tcb->snd_wnd || tcb->state == XTCP_SYN_SENT ||
	    tcb->state == XTCP_SYN_RECEIVED) {
		xtcp_dl_clear(tcb, XTCP_DL_PERSIST);
		wait = xtcp_rto_ns(tcb);
		if (unlikely(tcb->sacked_out) && tcb->map_head->marks & XTCP_SENT_SACKED)
			wait = min_t(u64, wait, rto_renege_ns(tcb));
		xtcp_dl_set(tcb, XTCP_DL_RTO, now + wait);
	}
}

/* R2 of RFC 9293 3.8.3 as a number of retransmissions. */
static u32 rto_retry_limit(const struct xtcp_tcb *tcb)
{
	/* Early and linear retransmissions are extra: MUST-23 wants three minutes. */
	if (tcb->state == XTCP_SYN_SENT)
		return xtcp_syn_retries(tcb) + !!tcb->syn_rto_us + tcb->par->syn_linear;
	/* Simultaneous open: as for an active open. */
	if (tcb->state == XTCP_SYN_RECEIVED && !(tcb->flags & XTCP_F_PASSIVE))
		return xtcp_syn_retries(tcb) + !!tcb->syn_rto_us;
	if (tcb->state == XTCP_SYN_RECEIVED)
		return tcb->par->synack_retries + !!tcb->syn_rto_us;
	if (tcb->flags & XTCP_F_ORPHAN)
		return tcb->par->orphan_retries;
	return tcb->par->retries2;
}

/*
 * xtcp_user_restart - set the deadline by which something must be acknowledged
 *
 * It counts from the first transmission of the oldest byte. Data and a FIN that
 * wait behind a closed window, or that the local queue has refused, were not
 * sent: their deadline counts from now. Refused data has no retransmission timer
 * either, so R2 limits it if no user timeout is set.
 */
void xtcp_user_restart(struct xtcp_tcb *tcb, u64 now)
{
	bool unsent = !tcb->map_head && xtcp_unsent(tcb);
	bool refused = unsent && xtcp_dl_is_set(tcb, XTCP_DL_RETRY);
	u64 wait = 0, from = now;

	if (xtcp_synchronized(tcb))
		wait = tcb->user_timeout_ms * XTCP_NSEC_PER_MSEC;
	if (!wait && refused)
		wait = rto_waits_ns(tcb, tcb->rto_us, 0, rto_retry_limit(tcb));	/* R2 */
	if (tcb->map_head)
		from = tcb->map_head->first_at;
	if (!wait || (!tcb->map_head && !refused && !(unsent && !tcb->snd_wnd)))
		xtcp_dl_clear(tcb, XTCP_DL_USER);
	else
		xtcp_dl_set(tcb, XTCP_DL_USER, from + wait);
}

/* A user timeout replaces R2, except R2 of a SYN (RFC 5482, tcp(7)). */
static bool rto_given_up(const struct xtcp_tcb *tcb, u32 tries)
{
	if (tcb->user_timeout_ms && xtcp_synchronized(tcb))
		return false;
	return tries >= rto_retry_limit(tcb);
}

/*
 * Is R2 over as a time? That is how long so many retransmissions take with the
 * minimum RTO, counted from the first one, as in Linux's retransmits_timed_out().
 * Without it an orphan on a path with an RTO of a second would linger for six
 * minutes.
 */
static bool rto_waited_long(const struct xtcp_tcb *tcb)
{
	if (!tcb->retries || tcb->user_timeout_ms || tcb->state == XTCP_SYN_SENT ||
	    tcb->state == XTCP_SYN_RECEIVED)
		return false;
	return rto_waits_ns(tcb, tcb->rto_us, 1, tcb->retries) >=
	       rto_waits_ns(tcb, xtcp_rto_min_us(tcb), 0, rto_retry_limit(tcb));
}

/*
 * xtcp_rto_fire - the retransmission timer ran out: RFC 6298 (5.4) to (5.7)
 *
 * Return: XTCP_ACT_* bits.
 */
u32 xtcp_rto_fire(struct xtcp_tcb *tcb, u64 now)
{
	bool linear = tcb->state == XTCP_SYN_SENT && tcb->retries < tcb->par->syn_linear;
	u32 actions = XTCP_ACT_OUTPUT | XTCP_ACT_REPATH;

	if (tcb->snd_una == tcb->snd_nxt)
		return 0;
	if (rto_given_up(tcb, tcb->retries) || rto_waited_long(tcb))
		return xtcp_fail(tcb, XTCP_ERR_TIMEDOUT);

	tcb->rtx_timeouts++;
	xtcp_mib_note(tcb, XTCP_MIB_TIMEOUTS);
	if (tcb->state == XTCP_SYN_SENT || tcb->state == XTCP_SYN_RECEIVED) {
		tcb->flags |= XTCP_F_SYN_TIMEOUT;
		xtcp_map_mark_all(tcb, false);
	} else {
		if (tcb->retries + 1 >= tcb->par->retries1)
			xtcp_mtup_timeout(tcb, now);
		xtcp_loss_timeout(tcb, now);
	}
	if (tcb->retries < 255)
		tcb->retries++;
	if (tcb->backoff < 255 && !linear)
		tcb->backoff++;
	/* R1 reached: ask IP for another route (MUST-20). */
	if (tcb->retries >= tcb->par->retries1)
		actions |= XTCP_ACT_ADVICE;
	xtcp_dl_set(tcb, XTCP_DL_RTO, now + xtcp_rto_ns(tcb));
	return actions;
}

/*
 * Has an orphan waited too long for a closed window to open?
 *
 * A peer may keep its window closed for as long as a process here keeps the
 * connection open (RFC 6429, 3). An orphan gets as many probes as it would get
 * retransmissions, and more until their interval has reached its maximum, whether
 * they are answered or not. Without a limit peers could fill our memory with what
 * servers wrote before they closed.
 */
static bool rto_held_too_long(const struct xtcp_tcb *tcb)
{
	u64 longest = tcb->par->rto_max_us * XTCP_NSEC_PER_USEC;

	return XTCP_DEFENCE(persist_orphan, tcb->flags & XTCP_F_ORPHAN &&
			    tcb->probes >= tcb->par->orphan_retries &&
			    rto_backed_off(tcb, tcb->probes) >= longest);
}

/*
 * xtcp_persist_fire - the persist timer ran out
 *
 * A closed window is probed for as long as the peer answers (RFC 9293 MUST-37),
 * in intervals that double (SHLD-30); unanswered probes count like
 * retransmissions. If the window is open, a small segment was held back and is
 * now sent.
 *
 * Return: XTCP_ACT_* bits.
 */
u32 xtcp_persist_fire(struct xtcp_tcb *tcb, u64 now)
{
	if (!rto_is_stuck(tcb))
		return 0;
	if (tcb->snd_wnd) {
		tcb->flags |= XTCP_F_SWS_OVERRIDE;
		return XTCP_ACT_OUTPUT;
	}
	if (rto_given_up(tcb, tcb->retries))
		return xtcp_fail(tcb, XTCP_ERR_TIMEDOUT);
	if (rto_held_too_long(tcb))
		return xtcp_fail(tcb, XTCP_ERR_TIMEDOUT) | xtcp_rst_owed(tcb);
	tcb->flags |= XTCP_F_PROBE;
	xtcp_mib_note(tcb, XTCP_MIB_WIN_PROBE);
	if (tcb->probes < 255)
		tcb->probes++;
	if (tcb->retries < 255)
		tcb->retries++;
	xtcp_dl_set(tcb, XTCP_DL_PERSIST, now + rto_backed_off(tcb, tcb->probes));
	return XTCP_ACT_OUTPUT;
}
