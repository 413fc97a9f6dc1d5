/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A knob of /proc/sys/net/xtcp: its row in sysctl.c, and its state in a namespace,
 * which knob.c keeps.
 */
#ifndef XTCP_KNOB_H
#define XTCP_KNOB_H

#include <linux/bitmap.h>
#include <linux/spinlock.h>

#include "../net/public.h"
#include "ctl.h"

/* Most numbers in one knob: rmem and wmem have three. */
#define XTCP_KNOB_VEC	3

/* Most knobs, rows of sysctl.c. */
#define XTCP_KNOBS	128

/* The unit in which the kernel's TCP stores a value that a knob follows. */
enum xtcp_knob_from {
	XTCP_FROM_PLAIN,	/* the sysctl unit */
	XTCP_FROM_S,		/* jiffies; sysctl unit s */
	XTCP_FROM_MS,		/* jiffies; sysctl unit ms */
};

/* One row of sysctl.c, constant. */
struct xtcp_knob {
	const char *name;	/* of the file */
	u32 min;		/* range of each number, sysctl units */
	u32 max;
	u16 off;		/* bytes into struct xtcp_net: value in internal units */
	u8 size;		/* bytes of each number there */
	u8 n;			/* numbers */
	u32 scale;		/* internal units per sysctl unit */
	u32 (*means)(u32 val);	/* sysctl to internal units, instead of scale */

	u16 from;		/* bytes into struct netns_ipv4: the value it follows */
	u8 from_size;		/* bytes of each number there; 0: follows none */
	u8 from_unit;		/* enum xtcp_knob_from */
	u32 (*takes)(u32 val);	/* kernel's value to ours, sysctl units; NULL: same */

	proc_handler *text;	/* handler of a knob that is no number, or NULL */
	void (*reset)(struct xtcp_net *xn);	/* of text: set the unwritten value */
	void (*wrote)(struct xtcp_net *xn);	/* called after a write, or NULL */
	umode_t mode;		/* of the file; 0: 0644 */
	bool initial;		/* the file is in the initial namespace only */
};

/* The knobs of a namespace; owned by struct xtcp_net. */
struct xtcp_sysctl {
	struct ctl_table_header *header;
	struct ctl_table *table;
	spinlock_t lock;			/* for changes of all fields below */
	DECLARE_BITMAP(written, XTCP_KNOBS);	/* by row: follows nothing */
	u32 val[XTCP_KNOBS][XTCP_KNOB_VEC];	/* by row: values, sysctl units */
	u32 first[XTCP_KNOBS][XTCP_KNOB_VEC];	/* by row: defaults, sysctl units */
	unsigned long seen[];			/* words of the kernel, when adopted */
};

extern const struct xtcp_knob xtcp_knob_rows[];
extern const u32 xtcp_knob_count;

struct xtcp_sysctl *xtcp_knob_alloc(struct xtcp_net *xn);
int xtcp_knob_proc(xtcp_ctl_table *ctl, int write, void *buffer, size_t *lenp,
		   loff_t *ppos);

#endif /* XTCP_KNOB_H */
