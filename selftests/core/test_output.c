// SPDX-License-Identifier: GPL-2.0
/* What to send next, by calls: see scripts/output.txt for the rest. */
#include "core.h"
#include "harness.h"

static void with_unsent(struct xtcp_tcb *tcb, struct xtcp_params *par)
{
	static const struct xtcp_open open = {
		.path_mss = 1460, .adv_mss = 1460, .gso_max = 1460,
	};
	struct xtcp_plan plan;

	xtcp_params_init(par);
	xtcp_tcb_init(tcb, par);
	xtcp_connect(tcb, &open, 1);
	CHECK(xtcp_tx_peek(tcb, 1, &plan));
	xtcp_tx_commit(tcb, &plan, 1);
	tcb->snd_end += 100;
	tcb->snd_wnd = 1000;
}

/* In CLOSED the RST is all that is sent, whatever was left to be sent. */
UNIT(output_ends_with_the_rst)
{
	struct xtcp_params par;
	struct xtcp_plan plan;
	struct xtcp_tcb tcb;

	with_unsent(&tcb, &par);
	xtcp_abort(&tcb, 2);
	tcb.flags |= XTCP_F_SEND_RST;
	CHECK_EQ(xtcp_want_output(&tcb), XTCP_ACT_OUTPUT);
	CHECK(xtcp_tx_peek(&tcb, 2, &plan));
	CHECK_EQ(plan.flags, XTCP_RST | XTCP_ACK);
	CHECK_EQ(xtcp_tx_commit(&tcb, &plan, 2), 0);
	CHECK(!xtcp_tx_peek(&tcb, 2, &plan));
}

/* Nor is anything in TIME-WAIT. */
UNIT(output_not_in_time_wait)
{
	struct xtcp_params par;
	struct xtcp_tcb tcb;

	with_unsent(&tcb, &par);
	tcb.state = XTCP_TIME_WAIT;
	CHECK_EQ(xtcp_want_output(&tcb), 0);
}

/* The time until the next attempt is doubled 16 times at most. */
UNIT(output_retry_limit)
{
	struct xtcp_tcb tcb = { .aborts = 0 };
	u32 i;

	for (i = 1; i < 20; i++) {
		CHECK_EQ(xtcp_retry_fire(&tcb), XTCP_ACT_OUTPUT);
		CHECK_EQ(tcb.aborts, min(i, 16U));
	}
}

/* Where nothing is unsent, neither is a FIN. */
UNIT(output_no_new_data)
{
	struct xtcp_params par;
	struct xtcp_tcb tcb;
	bool fin = true;

	with_unsent(&tcb, &par);
	tcb.snd_end -= 100;
	CHECK_EQ(xtcp_tx_new_len(&tcb, &fin), 0);
	CHECK(!fin);
}

static void establish(struct xtcp_tcb *tcb, struct xtcp_params *par,
		      struct xtcp_sent sent[3])
{
	static const struct xtcp_open open = {
		.rcv_space = 60000, .rcv_space_max = 60000, .gso_max = 60000,
		.path_mss = 1460, .adv_mss = 1460,
	};
	struct xtcp_seg seg = {
		.nsegs = 1, .seq = 7, .wnd = 60000, .flags = XTCP_SYN | XTCP_ACK,
		.opts = XTCP_OPT_MSS | XTCP_OPT_SACK_PERM, .mss = 1460,
	};
	struct xtcp_plan plan;
	u32 i;

	xtcp_tcb_init(tcb, par);
	xtcp_connect(tcb, &open, 1);
	for (i = 0; i < 3; i++)
		xtcp_map_lend(tcb, &sent[i]);
	CHECK(xtcp_tx_peek(tcb, 1, &plan));
	xtcp_tx_commit(tcb, &plan, 1);
	seg.ack = plan.seq + 1;
	xtcp_rx(tcb, &seg, NULL, XTCP_NSEC_PER_MSEC);
	while (xtcp_tx_peek(tcb, XTCP_NSEC_PER_MSEC, &plan))
		xtcp_tx_commit(tcb, &plan, XTCP_NSEC_PER_MSEC);
	CHECK_EQ(tcb->state, XTCP_ESTABLISHED);
}

/* With nothing in flight one segment may go, however small the congestion window is. */
UNIT(output_one_segment)
{
	struct xtcp_sent sent[3];
	struct xtcp_params par;
	struct xtcp_tcb tcb;
	bool fin;

	xtcp_params_init(&par);
	establish(&tcb, &par, sent);
	tcb.cwnd = tcb.mss / 2;
	tcb.snd_end += 3 * tcb.mss;
	CHECK_EQ(xtcp_tx_new_len(&tcb, &fin), tcb.mss);
}

/* Pacing tells when a plan departs, and that nothing is to be planned meanwhile. */
UNIT(output_paced)
{
	u64 now = 2 * XTCP_NSEC_PER_MSEC;
	struct xtcp_sent sent[3];
	struct xtcp_params par;
	struct xtcp_plan plan;
	struct xtcp_tcb tcb;

	xtcp_params_init(&par);
	establish(&tcb, &par, sent);
	tcb.pace_next = now + 1000;
	CHECK_EQ(xtcp_wrote(&tcb, 1000, 0, now), XTCP_ACT_OUTPUT);
	tcb.flags |= XTCP_F_PACED;
	CHECK(xtcp_tx_peek(&tcb, now, &plan));
	CHECK_EQ(plan.release, now + 1000);
	tcb.flags &= ~XTCP_F_PACED;
	CHECK(xtcp_tx_peek(&tcb, now, &plan));
	CHECK_EQ(plan.release, 0);
	tcb.pacing_rate = 1000;
	xtcp_tx_commit(&tcb, &plan, now);
	CHECK_EQ(tcb.pace_next, now + 1000);
	CHECK(!(tcb.flags & XTCP_F_PACE_WAIT));
	tcb.snd_end += 1000;
	tcb.flags |= XTCP_F_PACE_WAIT;
	CHECK_EQ(xtcp_want_output(&tcb), 0);
	CHECK(!xtcp_tx_peek(&tcb, now, &plan));
}

/* The probe timer runs for a path MTU probe, too. */
UNIT(output_mtu_probe_is_timed)
{
	u64 now = 2 * XTCP_NSEC_PER_MSEC;
	struct xtcp_sent sent[3];
	struct xtcp_params par;
	struct xtcp_plan plan;
	struct xtcp_tcb tcb;

	xtcp_params_init(&par);
	par.mtu_probing = 2;
	establish(&tcb, &par, sent);
	xtcp_wrote(&tcb, 20000, 0, now);
	CHECK(xtcp_tx_peek(&tcb, now, &plan));
	CHECK_EQ(plan.kind, XTCP_PLAN_MTUP);
	xtcp_tx_commit(&tcb, &plan, now);
	CHECK(xtcp_dl_is_set(&tcb, XTCP_DL_TLP));
}
