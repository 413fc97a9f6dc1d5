/* SPDX-License-Identifier: GPL-2.0 */
/* xtcp_rx() with each predicted segment processed in both ways, see both_ways.c. */
#ifndef XTCP_BOTH_WAYS_H
#define XTCP_BOTH_WAYS_H

#include <xtcp/engine.h>

extern unsigned long both_ways_compared;	/* segments processed in both ways so far */

#endif /* XTCP_BOTH_WAYS_H */
