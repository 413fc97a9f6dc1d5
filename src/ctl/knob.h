/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A knob of /proc/sys/net/xtcp: the row it has in sysctl.c, and what knob.c
 * makes of it.
 */
#ifndef XTCP_KNOB_H
#define XTCP_KNOB_H

#include <linux/bitmap.h>
#include <linux/spinlock.h>

#include "../net/public.h"
#include "ctl.h"

/* Numbers in a row, at most: rmem and wmem have three. */
#define XTCP_KNOB_VEC	3

/* Most knobs there may be. */
#define XTCP_KNOBS	128

/* How the kernel's TCP keeps its value of a knob. */
enum xtcp_knob_from {
	XTCP_FROM_PLAIN,	/* as it is written */
	XTCP_FROM_S,		/* jiffies, written in s */
	XTCP_FROM_MS,		/* jiffies, written in ms */
};

struct xtcp_knob {
	const char *name;
	u32 min;
	u32 max;
	u16 off;		/* in struct xtcp_net, of what it means */
	u8 size;		/* bytes there, of each number */
	u8 n;			/* numbers */
	u32 scale;		/* what it means in one of what is written */
	u32 (*means)(u32 val);	/* or where that is no product */

	u16 from;		/* in struct netns_ipv4: the value it follows */
	u8 from_size;		/* bytes there, of each number; 0: follows none */
	u8 from_unit;		/* enum xtcp_knob_from */
	u32 (*takes)(u32 val);	/* what is made of the kernel's; NULL: nothing */

	proc_handler *text;	/* no number at all */
	void (*reset)(struct xtcp_net *xn);	/* of text: nobody has written it */
	void (*wrote)(struct xtcp_net *xn);	/* besides storing it */
	umode_t mode;		/* where it is not 0644 */
	bool initial;		/* of the machine: in the initial namespace alone */
};

/* Of a namespace. */
struct xtcp_sysctl {
	struct ctl_table_header *header;
	struct ctl_table *table;
	spinlock_t lock;			/* of all below, to change it */
	DECLARE_BITMAP(written, XTCP_KNOBS);	/* by row: it follows nothing */
	u32 val[XTCP_KNOBS][XTCP_KNOB_VEC];	/* as they read */
	u32 first[XTCP_KNOBS][XTCP_KNOB_VEC];	/* where there is nothing to follow */
	unsigned long seen[];			/* the kernel's, as they were adopted */
};

extern const struct xtcp_knob xtcp_knob_rows[];
extern const u32 xtcp_knob_count;

struct xtcp_sysctl *xtcp_knob_alloc(struct xtcp_net *xn);
int xtcp_knob_proc(xtcp_ctl_table *ctl, int write, void *buffer, size_t *lenp,
		   loff_t *ppos);

#endif /* XTCP_KNOB_H */
