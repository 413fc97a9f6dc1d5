// SPDX-License-Identifier: GPL-2.0
/*
 * The state diagram: RFC 9293, 3.3.2, figure 5. The only writer of tcb->state.
 *
 *                               CLOSED
 *    PASSIVE (from a request)  /      \  OPEN / SYN
 *                             v        v
 *                   SYN-RECEIVED <--- SYN-SENT
 *                        |  |     SYN      |
 *                CLOSE   |  | ACK_SYN      | SYNACK
 *                        |  v              v
 *                        |   ESTABLISHED <-'
 *             (queued)   |   |         |
 *                        v   v CLOSE   v FIN
 *                     FIN-WAIT-1     CLOSE-WAIT
 *            ACK_FIN  |   |   | FIN      | CLOSE
 *                     v   |   v          v
 *           FIN-WAIT-2    | CLOSING    LAST-ACK
 *                 | FIN   |   | ACK_FIN  | ACK_FIN
 *                 v       v   v          v
 *                     TIME-WAIT -----> CLOSED
 *                               END
 *
 * LISTEN is not a state of a connection here: a listener has no TCB. It keeps
 * half-open connections as requests, and a request that completes becomes a TCB
 * in SYN-RECEIVED. The edge "ACK of FIN and FIN" from FIN-WAIT-1 to TIME-WAIT is
 * taken as two events.
 */
#include "core.h"

#define STAY 0	/* no such edge */

static const u8 next_state[XTCP_CLOSING + 1][XTCP_EV_MAX] = {
	[XTCP_CLOSED] = {
		[XTCP_EV_OPEN]		= XTCP_SYN_SENT,
		[XTCP_EV_PASSIVE]	= XTCP_SYN_RECEIVED,
	},
	[XTCP_SYN_SENT] = {
		[XTCP_EV_SYN]		= XTCP_SYN_RECEIVED,
		[XTCP_EV_SYNACK]	= XTCP_ESTABLISHED,
		[XTCP_EV_END]		= XTCP_CLOSED,
	},
	[XTCP_SYN_RECEIVED] = {
		[XTCP_EV_ACK_SYN]	= XTCP_ESTABLISHED,
		[XTCP_EV_END]		= XTCP_CLOSED,
	},
	[XTCP_ESTABLISHED] = {
		[XTCP_EV_CLOSE]		= XTCP_FIN_WAIT_1,
		[XTCP_EV_FIN]		= XTCP_CLOSE_WAIT,
		[XTCP_EV_END]		= XTCP_CLOSED,
	},
	[XTCP_FIN_WAIT_1] = {
		[XTCP_EV_ACK_FIN]	= XTCP_FIN_WAIT_2,
		[XTCP_EV_FIN]		= XTCP_CLOSING,
		[XTCP_EV_END]		= XTCP_CLOSED,
	},
	[XTCP_FIN_WAIT_2] = {
		[XTCP_EV_FIN]		= XTCP_TIME_WAIT,
		[XTCP_EV_END]		= XTCP_CLOSED,
	},
	[XTCP_CLOSE_WAIT] = {
		[XTCP_EV_CLOSE]		= XTCP_LAST_ACK,
		[XTCP_EV_END]		= XTCP_CLOSED,
	},
	[XTCP_CLOSING] = {
		[XTCP_EV_ACK_FIN]	= XTCP_TIME_WAIT,
		[XTCP_EV_END]		= XTCP_CLOSED,
	},
	[XTCP_LAST_ACK] = {
		[XTCP_EV_ACK_FIN]	= XTCP_CLOSED,
		[XTCP_EV_END]		= XTCP_CLOSED,
	},
	[XTCP_TIME_WAIT] = {
		[XTCP_EV_END]		= XTCP_CLOSED,
	},
};

/* xtcp_state_init - set CLOSED, the state before the first event */
void xtcp_state_init(struct xtcp_tcb *tcb)
{
	tcb->state = XTCP_CLOSED;
}

/*
 * xtcp_state_transition - move a connection along one edge of the diagram
 * @tcb: connection
 * @ev: event
 *
 * An event that has no edge in this state changes nothing: a second close() or a
 * repeated FIN is not an error of the caller. CLOSED and TIME-WAIT disarm every
 * deadline, here and nowhere else.
 *
 * Return: XTCP_ACT_STATE if the state changed, else 0.
 */
u32 xtcp_state_transition(struct xtcp_tcb *tcb, enum xtcp_event ev)
{
	u8 to = next_state[tcb->state][ev];

	if (to == STAY)
		return 0;
	tcb->state = to;
	if (to == XTCP_CLOSED || to == XTCP_TIME_WAIT)
		tcb->dl_armed = 0;
	return XTCP_ACT_STATE;
}
