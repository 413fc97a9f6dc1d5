/* SPDX-License-Identifier: GPL-2.0 */
/* Definitions shared by ecn.c and ecn_open.c. */
#ifndef XTCP_ECN_H
#define XTCP_ECN_H

#include <xtcp/seg.h>

/* RFC 9768 3.2.1: initial counters, not 0, so that a path that zeroes them shows. */
#define XTCP_CEP_INIT	5
#define XTCP_ECT_INIT	1

#define XTCP_ACE_MAX	7	/* largest number of marks that the three bits can report */

/* Values of net.ipv4.tcp_ecn_option. */
enum {
	XTCP_OPTION_NEVER,
	XTCP_OPTION_SPARINGLY,	/* the minimum of RFC 9768 3.2.3.3 */
	XTCP_OPTION_NEWS,	/* whenever a counter has changed */
	XTCP_OPTION_PERSIST,	/* even if that seems to get packets lost */
};

static inline u32 xtcp_ace(u16 flags)
{
	return (flags & XTCP_ACE) >> XTCP_ACE_SHIFT;
}

static inline u16 xtcp_ace_flags(u32 ace)
{
	return (u16)((ace & XTCP_ACE_MAX) << XTCP_ACE_SHIFT);
}

/* ACE value that reports a received ECN field: RFC 9768 table 2, table 3. */
static inline u32 xtcp_ecn_echo(u8 field)
{
	static const u8 echo[] = {
		[XTCP_NOT_ECT] = 2, [XTCP_ECT1] = 3, [XTCP_ECT0] = 4, [XTCP_CE] = 6,
	};

	return echo[field & 3];
}

#endif /* XTCP_ECN_H */
