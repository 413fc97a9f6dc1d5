// SPDX-License-Identifier: GPL-2.0
/*
 * The end of a connection: RFC 9293 3.6, 3.10.4 and 3.10.5.
 */
#include "core.h"

/*
 * xtcp_fail - end the connection with an error
 *
 * Unsent and unacknowledged data is lost; the caller frees it when it sees the
 * error.
 *
 * Return: XTCP_ACT_* bits; 0 if it was closed already.
 */
u32 xtcp_fail(struct xtcp_tcb *tcb, enum xtcp_err err)
{
	u32 actions = xtcp_state_transition(tcb, XTCP_EV_END);

	if (!actions)
		return 0;
	if (err == XTCP_ERR_TIMEDOUT)
		xtcp_mib_note(tcb, XTCP_MIB_ABORT_ON_TIMEOUT);
	tcb->err = (u8)err;
	tcb->ack_pending = 0;
	xtcp_map_flush(tcb);
	xtcp_reass_flush(tcb);
	return actions | XTCP_ACT_ERROR | XTCP_ACT_REAP;
}

/* xtcp_rst_owed - make xtcp_tx_peek() send a RST, from CLOSED */
u32 xtcp_rst_owed(struct xtcp_tcb *tcb)
{
	tcb->flags |= XTCP_F_SEND_RST;
	return XTCP_ACT_OUTPUT;
}

/*
 * xtcp_close_begin - queue the FIN and change the state
 *
 * In SYN-RECEIVED the FIN may be sent (plan_may_early()), but the state stays until
 * the handshake completes; then this is called once more. So in FIN-WAIT-1 our
 * SYN is always acknowledged.
 */
u32 xtcp_close_begin(struct xtcp_tcb *tcb)
{
	tcb->flags |= XTCP_F_FIN_QUEUED;
	return xtcp_state_transition(tcb, XTCP_EV_CLOSE);
}

u32 xtcp_shutdown(struct xtcp_tcb *tcb, u64 now)
{
	u32 actions;

	if (tcb->state == XTCP_SYN_SENT)
		return xtcp_state_transition(tcb, XTCP_EV_END);
	if (tcb->state == XTCP_CLOSED || tcb->flags & XTCP_F_FIN_QUEUED)
		return 0;
	/* A cork or MSG_MORE waited for more data, which will not come. */
	tcb->flags &= ~(XTCP_F_CORK | XTCP_F_MORE);
	actions = xtcp_close_begin(tcb);
	if (actions)
		xtcp_persist_check(tcb, now);
	return actions | xtcp_want_output(tcb);
}

static void orphan_wait(struct xtcp_tcb *tcb, u64 now)
{
	if (!xtcp_linger2_ms(tcb))
		xtcp_mib_note(tcb, XTCP_MIB_ABORT_ON_LINGER);
	xtcp_dl_set(tcb, XTCP_DL_LINGER,
		    now + xtcp_linger2_ms(tcb) * XTCP_NSEC_PER_MSEC);
}

u32 xtcp_close(struct xtcp_tcb *tcb, u64 now)
{
	tcb->flags |= XTCP_F_ORPHAN;
	if (tcb->state == XTCP_FIN_WAIT_2)
		orphan_wait(tcb, now);
	return xtcp_shutdown(tcb, now);
}

static u32 end_at_once(struct xtcp_tcb *tcb, enum xtcp_err err)
{
	u8 state = tcb->state;
	u32 actions = xtcp_fail(tcb, err);

	switch (state) {
	case XTCP_SYN_RECEIVED:
	case XTCP_ESTABLISHED:
	case XTCP_FIN_WAIT_1:
	case XTCP_FIN_WAIT_2:
	case XTCP_CLOSE_WAIT:
		return actions | xtcp_rst_owed(tcb);
	default:
		return actions;
	}
}

/*
 * RFC 9293 3.10.5: a RST is due unless the peer knows of no connection or has seen
 * both FINs.
 */
u32 xtcp_abort(struct xtcp_tcb *tcb, u64 now)
{
	(void)now;
	return end_at_once(tcb, XTCP_ERR_ABORTED);
}

u32 xtcp_give_up(struct xtcp_tcb *tcb, u64 now)
{
	(void)now;
	return end_at_once(tcb, XTCP_ERR_TIMEDOUT);
}

static u32 enter_time_wait(struct xtcp_tcb *tcb, u64 now, u32 actions)
{
	if (tcb->state == XTCP_TIME_WAIT)
		xtcp_dl_set(tcb, XTCP_DL_LINGER,
			    now + xtcp_timewait_ms(tcb) * XTCP_NSEC_PER_MSEC);
	return actions;
}

/* xtcp_fin_rx - the peer's FIN is in order: RFC 9293 3.10.7.4, eighth step */
u32 xtcp_fin_rx(struct xtcp_tcb *tcb, u64 now)
{
	u32 actions;

	tcb->rcv_nxt++;
	actions = xtcp_state_transition(tcb, XTCP_EV_FIN);
	return enter_time_wait(tcb, now, actions) | XTCP_ACT_EOF;
}

/* xtcp_fin_acked - our FIN is acknowledged: RFC 9293 3.10.7.4, fifth step */
u32 xtcp_fin_acked(struct xtcp_tcb *tcb, u64 now)
{
	u32 actions = xtcp_state_transition(tcb, XTCP_EV_ACK_FIN);

	if (tcb->state == XTCP_FIN_WAIT_2 && tcb->flags & XTCP_F_ORPHAN)
		orphan_wait(tcb, now);
	return enter_time_wait(tcb, now, actions);
}
