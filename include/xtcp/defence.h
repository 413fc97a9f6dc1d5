/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Defences that a test can switch off, to show that its attack would succeed without
 * them (selftests/net/attack/bites).
 *
 * The switches exist only in a build with XTCP_WEAKEN=1; in any other XTCP_DEFENCE()
 * is its condition and XTCP_DEFENCE_OR() its first value. In that build
 * /sys/module/xtcp/parameters/weaken takes the name of a defence, or "none".
 */
#ifndef XTCP_DEFENCE_H
#define XTCP_DEFENCE_H

#include <xtcp/env.h>

#define XTCP_DEFENCES(X)						\
	X(rst_exact)		/* RFC 5961, 3.2: only a RST at RCV.NXT resets */ \
	X(syn_challenge)	/* RFC 5961, 4.2: a SYN is challenged */	\
	X(window_edge)		/* RCV.NXT+RCV.WND is outside the window */	\
	X(ack_range)		/* RFC 5961, 5.2: ACKs out of range are dropped */ \
	X(ack_unsent)		/* ACKs of data not sent yet are dropped */	\
	X(ack_ghost)		/* ACKs from before the ISS are dropped */	\
	X(challenge_limit)	/* RFC 5961, 7: challenge ACKs are limited */	\
	X(challenge_own)	/* the limit is per connection */		\
	X(tw_rst)		/* RFC 1337: no RST ends TIME-WAIT */		\
	X(tw_answers)		/* answers in TIME-WAIT are limited */		\
	X(icmp_seq)		/* RFC 5927, 4.1: quoted number in flight */	\
	X(icmp_soft)		/* RFC 5927, 5.2: hard errors are soft */	\
	X(ptb_rate)		/* retransmission by ICMP is limited */		\
	X(min_mss)		/* the MSS has a floor */			\
	X(sack_steps)		/* work for SACK blocks is bounded */		\
	X(reass_work)		/* work for packets held is bounded */		\
	X(rcv_admit)		/* memory for packets held is bounded */	\
	X(urg_again)		/* an urgent pointer is announced once */	\
	X(persist_orphan)	/* RFC 6429: closed windows do not last */	\
	X(keep_dead)		/* silent peers are given up */			\
	X(syncookies)		/* RFC 4987, 3.6: SYN cookies */		\
	X(syn_source)		/* answered SYNs per source are limited */	\
	X(accept_source)	/* accept queue places per source are limited */ \
	X(synack_retries)	/* SYN-ACK retransmissions are limited */	\
	X(isn_key)		/* RFC 6528: unpredictable ISN */		\
	X(ts_key)		/* RFC 7323, 5.4: offset per connection */	\
	X(port_key)		/* RFC 6056: unpredictable ports */		\
	X(evict_stalled)	/* stalled connections end if memory is short */	\
	X(evict_holes)		/* data behind a hole goes if memory is short */

#ifdef XTCP_WEAKEN

#define XTCP_DEFENCE_ENUM(name)	XTCP_DEFENCE_##name,
enum xtcp_defence {
	XTCP_DEFENCES(XTCP_DEFENCE_ENUM)
};

extern u32 xtcp_weakened;	/* bit per enum xtcp_defence that is off; no lock */
extern u64 xtcp_weak_clock;	/* ns, challenge_at shared by all connections; no lock */

/* A value @with the defence, or @without it. */

#define XTCP_DEFENCE_OR(name, with, without) \
	(xtcp_weakened & 1U << XTCP_DEFENCE_##name ? (without) : (with))

#else

#define XTCP_DEFENCE_OR(name, with, without)	(with)

#endif

/* Is something refused because of this defence? False if it is off. */
#define XTCP_DEFENCE(name, refused)	XTCP_DEFENCE_OR(name, refused, false)

#endif /* XTCP_DEFENCE_H */
