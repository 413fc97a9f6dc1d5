/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What is sent for the verdicts of embryos and TIME-WAIT records: the same for
 * whoever drives the engine, be it script, simulation, exploration or fuzzer.
 */
#ifndef XTCP_ANSWER_H
#define XTCP_ANSWER_H

#include <assert.h>

#include <xtcp/engine.h>

/* To @seg, or, with NULL, to the embryo's deadline. Return: whether @plan is sent. */
static inline bool embryo_answer(enum xtcp_embryo_act act, const struct xtcp_embryo *emb,
				 const struct xtcp_params *par,
				 const struct xtcp_open *open,
				 const struct xtcp_seg *seg, struct xtcp_plan *plan, u64 now)
{
	switch (act) {
	case XTCP_EMBRYO_SYNACK:
		xtcp_embryo_plan(emb, par, open, plan, now);
		return true;
	case XTCP_EMBRYO_ACK:
		xtcp_embryo_ack_plan(emb, par, &open->flow, plan, now);
		return true;
	case XTCP_EMBRYO_RST:
	case XTCP_EMBRYO_RESET:
		assert(!(seg->flags & XTCP_RST));
		xtcp_rst_plan(seg, plan);
		return true;
	default:
		return false;
	}
}

/* Is the embryo to be freed, and nothing comes of it? */
static inline bool embryo_ends(enum xtcp_embryo_act act)
{
	return act == XTCP_EMBRYO_RESET || act == XTCP_EMBRYO_KILL;
}

/* Return: whether @plan is sent. */
static inline bool tw_answer(enum xtcp_tw_act act, const struct xtcp_tw *tw, u32 ts_off,
			     struct xtcp_plan *plan, u64 now)
{
	if (act == XTCP_TW_ACK)
		xtcp_tw_plan(tw, ts_off, plan, now);
	if (act == XTCP_TW_RST)
		xtcp_tw_rst(tw, plan);
	return act == XTCP_TW_ACK || act == XTCP_TW_RST;
}

/* Is the record to be freed, and its peer's segment used up? */
static inline bool tw_ends(enum xtcp_tw_act act)
{
	return act == XTCP_TW_RST || act == XTCP_TW_END;
}

#endif /* XTCP_ANSWER_H */
