/* SPDX-License-Identifier: GPL-2.0 */
/* xtcp_rx() with each predicted segment processed in both ways, see both_ways.c. */
#ifndef XTCP_BOTH_WAYS_H
#define XTCP_BOTH_WAYS_H

#include <xtcp/engine.h>

extern unsigned long both_ways_compared;	/* segments processed in both ways so far */

/* One of this many predicted segments is compared, drawn by the time; 1 at first. */
extern unsigned int both_ways_of;

#endif /* XTCP_BOTH_WAYS_H */
