/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The interface of a congestion control.
 *
 * Loss detection and recovery (loss.c) decide when something happened; a
 * congestion control decides how much may be in flight because of it. It
 * writes cwnd, ssthresh and its own fields of the TCB and nothing else.
 */
#ifndef XTCP_CC_H
#define XTCP_CC_H

#include <xtcp/env.h>

struct xtcp_tcb;

struct xtcp_cc {
	const char *name;

	/* The connection starts, or was switched to this algorithm. */
	void (*init)(struct xtcp_tcb *tcb);

	/*
	 * A loss event: the new ssthresh in bytes, from @flight, the bytes
	 * in flight when it was noticed (RFC 5681, equation 4).
	 */
	u32 (*ssthresh)(struct xtcp_tcb *tcb, u32 flight);

	/*
	 * @bytes of new data were acknowledged outside of recovery while the
	 * window was in full use.
	 */
	void (*acked)(struct xtcp_tcb *tcb, u32 bytes, u64 now);
};

extern const struct xtcp_cc xtcp_cc_reno;

u32 xtcp_cc_initial_cwnd(const struct xtcp_tcb *tcb);

#endif /* XTCP_CC_H */
