// SPDX-License-Identifier: GPL-2.0
/*
 * The state diagram of RFC 9293 3.3.2, figure 5, edge by edge; an event without an edge
 * must not change the state.
 */
#include "core.h"
#include "harness.h"

static const struct {
	u8 from;
	u8 ev;
	u8 to;
} edges[] = {
	{ XTCP_CLOSED, XTCP_EV_OPEN, XTCP_SYN_SENT },
	{ XTCP_CLOSED, XTCP_EV_PASSIVE, XTCP_SYN_RECEIVED },
	{ XTCP_SYN_SENT, XTCP_EV_SYN, XTCP_SYN_RECEIVED },
	{ XTCP_SYN_SENT, XTCP_EV_SYNACK, XTCP_ESTABLISHED },
	{ XTCP_SYN_SENT, XTCP_EV_END, XTCP_CLOSED },
	{ XTCP_SYN_RECEIVED, XTCP_EV_ACK_SYN, XTCP_ESTABLISHED },
	{ XTCP_SYN_RECEIVED, XTCP_EV_END, XTCP_CLOSED },
	{ XTCP_ESTABLISHED, XTCP_EV_CLOSE, XTCP_FIN_WAIT_1 },
	{ XTCP_ESTABLISHED, XTCP_EV_FIN, XTCP_CLOSE_WAIT },
	{ XTCP_ESTABLISHED, XTCP_EV_END, XTCP_CLOSED },
	{ XTCP_FIN_WAIT_1, XTCP_EV_ACK_FIN, XTCP_FIN_WAIT_2 },
	{ XTCP_FIN_WAIT_1, XTCP_EV_FIN, XTCP_CLOSING },
	{ XTCP_FIN_WAIT_1, XTCP_EV_END, XTCP_CLOSED },
	{ XTCP_FIN_WAIT_2, XTCP_EV_FIN, XTCP_TIME_WAIT },
	{ XTCP_FIN_WAIT_2, XTCP_EV_END, XTCP_CLOSED },
	{ XTCP_CLOSE_WAIT, XTCP_EV_CLOSE, XTCP_LAST_ACK },
	{ XTCP_CLOSE_WAIT, XTCP_EV_END, XTCP_CLOSED },
	{ XTCP_CLOSING, XTCP_EV_ACK_FIN, XTCP_TIME_WAIT },
	{ XTCP_CLOSING, XTCP_EV_END, XTCP_CLOSED },
	{ XTCP_LAST_ACK, XTCP_EV_ACK_FIN, XTCP_CLOSED },
	{ XTCP_LAST_ACK, XTCP_EV_END, XTCP_CLOSED },
	{ XTCP_TIME_WAIT, XTCP_EV_END, XTCP_CLOSED },
};

static u8 expected(u8 from, u8 ev)
{
	u32 i;

	for (i = 0; i < ARRAY_SIZE(edges); i++)
		if (edges[i].from == from && edges[i].ev == ev)
			return edges[i].to;
	return from;
}

UNIT(state_every_pair)
{
	u8 from, ev;

	for (from = XTCP_ESTABLISHED; from <= XTCP_CLOSING; from++)
		for (ev = 0; ev < XTCP_EV_MAX; ev++) {
			struct xtcp_tcb tcb = { .state = from };
			u8 to = expected(from, ev);

			CHECK_EQ(xtcp_state_transition(&tcb, ev),
				 to == from ? 0 : XTCP_ACT_STATE);
			CHECK_EQ(tcb.state, to);
		}
}

/* A closed connection has no deadline. */
UNIT(state_end_clears_deadlines)
{
	u8 from;

	for (from = XTCP_ESTABLISHED; from <= XTCP_CLOSING; from++) {
		struct xtcp_tcb tcb = { .state = from, .dl_armed = 0x7f };

		if (from == XTCP_CLOSED || from == XTCP_LISTEN)
			continue;
		xtcp_state_transition(&tcb, XTCP_EV_END);
		CHECK_EQ(tcb.dl_armed, 0);
	}
}

UNIT(state_values_are_the_kernels)
{
	/* /proc/net/tcp and TCP_INFO show these numbers. */
	CHECK_EQ(XTCP_ESTABLISHED, 1);
	CHECK_EQ(XTCP_SYN_SENT, 2);
	CHECK_EQ(XTCP_SYN_RECEIVED, 3);
	CHECK_EQ(XTCP_FIN_WAIT_1, 4);
	CHECK_EQ(XTCP_FIN_WAIT_2, 5);
	CHECK_EQ(XTCP_TIME_WAIT, 6);
	CHECK_EQ(XTCP_CLOSED, 7);
	CHECK_EQ(XTCP_CLOSE_WAIT, 8);
	CHECK_EQ(XTCP_LAST_ACK, 9);
	CHECK_EQ(XTCP_LISTEN, 10);
	CHECK_EQ(XTCP_CLOSING, 11);
}
