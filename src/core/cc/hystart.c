// SPDX-License-Identifier: GPL-2.0
/*
 * HyStart++: RFC 9406, section 4.
 *
 * When the minimum RTT of a round exceeds that of the previous round by an
 * eighth, a queue has begun to grow: slow start continues at a quarter of its
 * speed (conservative slow start). If the delay falls again, the cause was
 * something else, and slow start resumes; if not, it ends after five rounds,
 * before the queue overflows.
 *
 * One difference: there is no L, the cap of 8 segments on the growth by one ACK.
 * With segments merged at both ends an ACK for 64 KB is the normal case, and the
 * cap would turn doubling into growth by a fifth.
 */
#include "../core.h"
#include "hystart.h"

/* Constants of RFC 9406, 4.3. */
#define MIN_RTT_THRESH	4000	/* us */
#define MAX_RTT_THRESH	16000	/* us */
#define RTT_SHIFT	3	/* MIN_RTT_DIVISOR: 8 */
#define N_RTT_SAMPLE	8
#define CSS_ROUNDS	5

#define NONE		(~0U)

/*
 * xtcp_hystart_init - the connection starts, or the algorithm was changed
 *
 * For the first slow start only (RFC 9406, 4.3): later ones end at an ssthresh
 * learnt from a loss.
 */
void xtcp_hystart_init(const struct xtcp_tcb *tcb, struct xtcp_hystart *hs)
{
	hs->last_min_us = NONE;
	hs->cur_min_us = NONE;
	hs->base_us = NONE;
	/* The first ACK begins the first round. */
	hs->round_end = tcb->snd_una;
	hs->samples = 0;
	hs->css_rounds = 0;
	hs->phase = tcb->ssthresh >= XTCP_CWND_MAX ? XTCP_HYSTART_ON : XTCP_HYSTART_OFF;
}

static void hystart_next_round(struct xtcp_tcb *tcb, struct xtcp_hystart *hs)
{
	hs->last_min_us = hs->cur_min_us;
	hs->cur_min_us = NONE;
	hs->samples = 0;
	hs->round_end = tcb->snd_nxt;
	if (hs->phase != XTCP_HYSTART_CSS || ++hs->css_rounds < CSS_ROUNDS)
		return;
	tcb->ssthresh = tcb->cwnd;
	hs->phase = XTCP_HYSTART_OFF;
}

/* If a queue builds up, enter conservative slow start. */
static void hystart_watch(struct xtcp_hystart *hs)
{
	u32 thresh;

	if (hs->last_min_us == NONE)
		return;
	thresh = clamp_t(u32, hs->last_min_us >> RTT_SHIFT, MIN_RTT_THRESH, MAX_RTT_THRESH);
	if (hs->cur_min_us < hs->last_min_us + thresh)
		return;
	hs->base_us = hs->cur_min_us;
	hs->css_rounds = 0;
	hs->phase = XTCP_HYSTART_CSS;
}

/*
 * xtcp_hystart_ack - called for every ACK of the first slow start, before growth
 *
 * Ends slow start by setting ssthresh.
 */
void xtcp_hystart_ack(struct xtcp_tcb *tcb, struct xtcp_hystart *hs,
		      const struct xtcp_ack *ack)
{
	if (hs->phase == XTCP_HYSTART_OFF)
		return;
	if (tcb->cwnd >= tcb->ssthresh) {
		hs->phase = XTCP_HYSTART_OFF;
		return;
	}
	if (ack->una && seq_ge(tcb->snd_una, hs->round_end))
		hystart_next_round(tcb, hs);
	if (!ack->rtt_us)
		return;
	hs->cur_min_us = min(hs->cur_min_us, ack->rtt_us);
	if (hs->samples < N_RTT_SAMPLE)
		hs->samples++;
	if (hs->samples < N_RTT_SAMPLE)
		return;
	if (hs->phase == XTCP_HYSTART_ON) {
		hystart_watch(hs);
	} else if (hs->phase == XTCP_HYSTART_CSS && hs->cur_min_us < hs->base_us) {
		hs->base_us = NONE;
		hs->phase = XTCP_HYSTART_ON;
	}
}
