/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Sequence number arithmetic: comparison modulo 2^32 (RFC 9293, 3.4).
 *
 * Two numbers compare meaningfully while they are less than 2^31 apart, which
 * windows of at most 2^30 bytes (RFC 7323, 2.3) guarantee.
 */
#ifndef XTCP_SEQ_H
#define XTCP_SEQ_H

#include <xtcp/env.h>

static inline bool seq_lt(u32 a, u32 b)
{
	return (s32)(a - b) < 0;
}

static inline bool seq_le(u32 a, u32 b)
{
	return (s32)(a - b) <= 0;
}

static inline bool seq_gt(u32 a, u32 b)
{
	return (s32)(a - b) > 0;
}

static inline bool seq_ge(u32 a, u32 b)
{
	return (s32)(a - b) >= 0;
}

/* Is @seq in [@from, @from + @len)? Correct across the wrap. */
static inline bool seq_in(u32 seq, u32 from, u32 len)
{
	return seq - from < len;
}

static inline u32 seq_max(u32 a, u32 b)
{
	return seq_gt(a, b) ? a : b;
}

static inline u32 seq_min(u32 a, u32 b)
{
	return seq_lt(a, b) ? a : b;
}

#endif /* XTCP_SEQ_H */
