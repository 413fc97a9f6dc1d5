/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Defences that a test can switch off, to show that the attack it plays would
 * succeed without them (selftests/net/attack-bites).
 *
 * In any build but one with XTCP_WEAKEN=1 the macros are their first expression
 * and nothing else. In that one /sys/module/xtcp/parameters/weaken takes the
 * name of a defence, or "none".
 */
#ifndef XTCP_DEFENCE_H
#define XTCP_DEFENCE_H

#include <xtcp/env.h>

#define XTCP_DEFENCES(X)						\
	X(rst_exact)		/* RFC 5961, 3.2: only RCV.NXT resets */	\
	X(syn_challenge)	/* 4.2: no SYN resets */			\
	X(window_edge)		/* RCV.NXT+RCV.WND is outside */		\
	X(ack_range)		/* 5.2: an ACK of anything at all */		\
	X(ack_unsent)		/* an ACK of what was not sent yet */		\
	X(ack_ghost)		/* an ACK of what never existed */		\
	X(challenge_limit)	/* 7: as many ACKs as one likes */		\
	X(challenge_own)	/* the limit is of each connection */		\
	X(tw_rst)		/* RFC 1337: no RST ends TIME-WAIT */		\
	X(tw_answers)		/* answers in TIME-WAIT are limited */		\
	X(icmp_seq)		/* RFC 5927, 4.1: quoted number in flight */	\
	X(icmp_soft)		/* 5.2: hard errors are soft */			\
	X(ptb_rate)		/* what ICMP has sent again is limited */	\
	X(min_mss)		/* tiny segments */				\
	X(sack_steps)		/* work for SACK blocks is bounded */		\
	X(reass_work)		/* work for packets held is bounded */		\
	X(rcv_admit)		/* memory for packets held is bounded */	\
	X(urg_again)		/* a pointer is told of once */			\
	X(persist_orphan)	/* RFC 6429: closed windows do not last */	\
	X(keep_dead)		/* silent peers are given up */			\
	X(syncookies)		/* RFC 4987, 3.6 */			\
	X(syn_source)		/* a source gets so many SYNs answered */ \
	X(accept_source)	/* and so many places in an accept queue */ \
	X(synack_retries)	/* SYN-ACKs end */				\
	X(isn_key)		/* RFC 6528 */					\
	X(ts_key)		/* RFC 7323, 5.4: offset per connection */	\
	X(port_key)		/* RFC 6056 */				\
	X(evict_stalled)	/* who holds memory and makes no progress ends */ \
	X(evict_holes)		/* and is not kept what is behind a hole */

#ifdef XTCP_WEAKEN

#define XTCP_DEFENCE_ENUM(name)	XTCP_DEFENCE_##name,
enum xtcp_defence {
	XTCP_DEFENCES(XTCP_DEFENCE_ENUM)
};

extern u32 xtcp_weakened;	/* bit per enum xtcp_defence */
extern u64 xtcp_weak_clock;	/* a challenge_at of all connections together */

#define XTCP_DEFENCE_OR(name, with, without) \
	(xtcp_weakened & 1U << XTCP_DEFENCE_##name ? (without) : (with))

#else

#define XTCP_DEFENCE_OR(name, with, without)	(with)

#endif

/* What is refused because of this defence. */
#define XTCP_DEFENCE(name, refused)	XTCP_DEFENCE_OR(name, refused, false)

#endif /* XTCP_DEFENCE_H */
