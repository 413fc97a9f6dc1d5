/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Congestion window validation: RFC 7661.
 */
#ifndef XTCP_CWV_H
#define XTCP_CWV_H

#include "cc.h"

struct xtcp_cwv {
	u64 half_at;		/* ns, when this half of the sampling period began */
	u64 nvp_at;		/* ns, when the non-validated phase began; 0: validated */
	u32 round_end;		/* SND.NXT when this round trip began */
	u32 round_acked;	/* bytes delivered in this round trip */
	u32 most[2];		/* bytes, largest round trip of this half, of the last */
	u32 loss_base;		/* bytes in use at a reduction when non-validated; 0: none */
	u32 loss_rtx;		/* low 32 bits of bytes_retrans at that reduction */
	u32 loss_beta;		/* factor of that reduction, in 1/65536 */
	bool defined;		/* pipeACK is defined */
	bool idle;		/* the last ACK left nothing in flight */
};

void xtcp_cwv_init(const struct xtcp_tcb *tcb, struct xtcp_cwv *cwv, u64 now);
void xtcp_cwv_ack(struct xtcp_tcb *tcb, struct xtcp_cwv *cwv, const struct xtcp_ack *ack);
void xtcp_cwv_event(struct xtcp_tcb *tcb, struct xtcp_cwv *cwv, enum xtcp_cc_event ev,
		    u64 now);
u32 xtcp_cwv_used(const struct xtcp_tcb *tcb, const struct xtcp_cwv *cwv, u32 flight);
u32 xtcp_cwv_reduce(struct xtcp_tcb *tcb, struct xtcp_cwv *cwv, u32 flight, u32 beta);
bool xtcp_cwv_valid(const struct xtcp_tcb *tcb, const struct xtcp_cwv *cwv);

#endif /* XTCP_CWV_H */
