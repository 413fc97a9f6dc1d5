/* SPDX-License-Identifier: GPL-2.0 */
/*
 * HyStart++: leave slow start before it overruns the path (RFC 9406).
 */
#ifndef XTCP_HYSTART_H
#define XTCP_HYSTART_H

#include "cc.h"

enum xtcp_hystart_phase {
	XTCP_HYSTART_OFF,	/* not the first slow start, or it is over */
	XTCP_HYSTART_ON,	/* slow start while watching the delay */
	XTCP_HYSTART_CSS,	/* conservative slow start */
};

struct xtcp_hystart {
	u32 last_min_us;	/* us, minimum RTT of the last round; ~0: none */
	u32 cur_min_us;		/* us, minimum RTT of this round; ~0: none */
	u32 base_us;		/* us, minimum RTT of the round in which the delay grew */
	u32 round_end;		/* SND.NXT when this round began */
	u8 samples;		/* RTT samples in this round, saturating */
	u8 css_rounds;		/* rounds of CSS completed */
	u8 phase;		/* enum xtcp_hystart_phase */
};

void xtcp_hystart_init(const struct xtcp_tcb *tcb, struct xtcp_hystart *hs);
void xtcp_hystart_ack(struct xtcp_tcb *tcb, struct xtcp_hystart *hs,
		      const struct xtcp_ack *ack);

/* RFC 9406, 4.3: CSS_GROWTH_DIVISOR */
#define XTCP_HYSTART_CSS_SHIFT	2

/* Number of @bytes acknowledged that slow start adds to cwnd. */
static inline u32 xtcp_hystart_share(const struct xtcp_hystart *hs, u32 bytes)
{
	return hs->phase == XTCP_HYSTART_CSS ? bytes >> XTCP_HYSTART_CSS_SHIFT : bytes;
}

#endif /* XTCP_HYSTART_H */
