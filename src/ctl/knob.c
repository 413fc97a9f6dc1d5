// SPDX-License-Identifier: GPL-2.0
/*
 * What a knob is: a value as it is written, what it means to those who read it,
 * and, until somebody writes it, the kernel's value of the same name.
 *
 * Who reads a knob reads a plain field and knows nothing of all this. Nobody tells
 * of a write to net.ipv4, so it is looked for (xtcp_knobs_poll()): the few words of
 * struct netns_ipv4 that hold what is followed are compared to what they were when
 * they were last adopted. Who makes, connects or listens with a socket always
 * looks, and so does who reads a file; on the way of packets and timers at most
 * LOOKS times in a jiffy, so that a flood does not pay for it.
 */
#include <linux/jiffies.h>
#include <linux/slab.h>
#include <linux/string.h>

#include "knob.h"

/* Looks in a jiffy; after them a write is felt with the next jiffy. */
#define LOOKS		8

/* The words of struct netns_ipv4 that are looked at, by index. */
static u16 words[XTCP_KNOBS];
static u32 nwords;

static u32 knob_load(const struct xtcp_net *xn, const struct xtcp_knob *k, u32 i)
{
	const void *at = (const void *)xn + k->off + i * k->size;

	switch (k->size) {
	case sizeof(u8):
		return *(const u8 *)at;
	case sizeof(u16):
		return *(const u16 *)at;
	default:
		return *(const u32 *)at;
	}
}

static void knob_store(struct xtcp_net *xn, const struct xtcp_knob *k, u32 i, u32 val)
{
	void *at = (void *)xn + k->off + i * k->size;

	WRITE_ONCE(xn->sysctl->val[k - xtcp_knob_rows][i], val);
	val = k->means ? k->means(val) : val * k->scale;
	switch (k->size) {
	case sizeof(u8):
		WRITE_ONCE(*(u8 *)at, val);
		break;
	case sizeof(u16):
		WRITE_ONCE(*(u16 *)at, val);
		break;
	default:
		WRITE_ONCE(*(u32 *)at, val);
		break;
	}
}

/* The kernel's value, as it would be written; the nearest where ours ends earlier. */
static u32 kernel_value(const struct xtcp_net *xn, const struct xtcp_knob *k, u32 i)
{
	const void *at = (const void *)&xn->net->ipv4 + k->from + i * k->from_size;
	u32 val;

	if (k->from_size == sizeof(u8))
		val = READ_ONCE(*(const u8 *)at);
	else
		val = READ_ONCE(*(const u32 *)at);
	if (k->max <= INT_MAX)
		val = max((int)val, 0);
	if (k->from_unit == XTCP_FROM_S)
		val /= HZ;
	else if (k->from_unit == XTCP_FROM_MS)
		val = jiffies_to_msecs(val);
	if (k->takes)
		val = k->takes(val);
	return clamp(val, k->min, k->max);
}

/* What holds for a knob that nobody has written. Context: xtcp_sysctl.lock. */
static void knob_unwritten(struct xtcp_net *xn, const struct xtcp_knob *k)
{
	u32 i;

	if (k->text) {
		if (k->reset)
			k->reset(xn);
		return;
	}
	for (i = 0; i < k->n; i++)
		knob_store(xn, k, i, k->from_size ? kernel_value(xn, k, i) :
				     xn->sysctl->first[k - xtcp_knob_rows][i]);
}

/* Take over all that is followed. */
static void adopt(struct xtcp_net *xn)
{
	const unsigned long *at = (const unsigned long *)&xn->net->ipv4;
	struct xtcp_sysctl *ctl = xn->sysctl;
	u32 i;

	spin_lock_bh(&ctl->lock);
	for (i = 0; i < nwords; i++)
		ctl->seen[i] = READ_ONCE(at[words[i]]);
	/* What changes behind this shows at the next look. */
	smp_rmb();
	for (i = 0; i < xtcp_knob_count; i++) {
		if (xtcp_knob_rows[i].from_size && !test_bit(i, ctl->written))
			knob_unwritten(xn, &xtcp_knob_rows[i]);
	}
	spin_unlock_bh(&ctl->lock);
}

/**
 * xtcp_knobs_inherit - adopt what was written to net.ipv4, if anything was
 * @xn: namespace
 *
 * Context: any.
 */
void xtcp_knobs_inherit(struct xtcp_net *xn)
{
	const unsigned long *at = (const unsigned long *)&xn->net->ipv4;
	const struct xtcp_sysctl *ctl = xn->sysctl;
	unsigned long differs = 0;
	u32 i;

	for (i = 0; i < nwords; i++)
		differs |= READ_ONCE(at[words[i]]) ^ READ_ONCE(ctl->seen[i]);
	if (unlikely(differs))
		adopt(xn);
}

/**
 * xtcp_knobs_poll_slow - the same, and not much more often in this jiffy
 * @xn: namespace
 *
 * Two CPUs that count at once count one look too few.
 *
 * Context: any.
 */
void xtcp_knobs_poll_slow(struct xtcp_net *xn)
{
	unsigned long now = jiffies;
	u32 looks = 0;

	if (READ_ONCE(xn->poll_at) == now)
		looks = READ_ONCE(xn->polls);
	WRITE_ONCE(xn->poll_at, now);
	WRITE_ONCE(xn->polls, looks + 1);
	if (looks + 1 >= LOOKS)
		WRITE_ONCE(xn->poll_done, now);
	xtcp_knobs_inherit(xn);
}

static void word_add(u32 word)
{
	u32 i;

	for (i = 0; i < nwords; i++)
		if (words[i] == word)
			return;
	if (!WARN_ON_ONCE(nwords == ARRAY_SIZE(words)))
		words[nwords++] = word;
}

/**
 * xtcp_knob_init - find out where to look
 *
 * Before the first namespace.
 */
void xtcp_knob_init(void)
{
	const struct xtcp_knob *k;
	u32 i;

	for (k = xtcp_knob_rows; k < xtcp_knob_rows + xtcp_knob_count; k++)
		for (i = 0; i < k->n; i++)
			if (k->from_size)
				word_add((k->from + i * k->from_size) / sizeof(long));
}

/**
 * xtcp_knob_alloc - the knobs of a new namespace
 * @xn: namespace, its parameters set to what holds where there is nothing to follow
 *
 * Return: the knobs, in place and adopted; NULL when there is no memory.
 */
struct xtcp_sysctl *xtcp_knob_alloc(struct xtcp_net *xn)
{
	struct xtcp_sysctl *ctl = kzalloc(struct_size(ctl, seen, nwords), GFP_KERNEL);
	const struct xtcp_knob *k;
	u32 row, i;

	BUILD_BUG_ON(__alignof__(struct netns_ipv4) % sizeof(long));
	if (!ctl)
		return NULL;
	spin_lock_init(&ctl->lock);
	for (row = 0; row < xtcp_knob_count; row++) {
		k = &xtcp_knob_rows[row];
		for (i = 0; i < k->n && !k->text && !k->from_size; i++) {
			ctl->first[row][i] = knob_load(xn, k, i) / k->scale;
			ctl->val[row][i] = ctl->first[row][i];
		}
	}
	xn->sysctl = ctl;
	xn->poll_done = jiffies - 1;
	adopt(xn);
	return ctl;
}

/* A write that failed: the knob is unwritten still, its value what it was. */
static void knob_unown(struct xtcp_net *xn, const struct xtcp_knob *k)
{
	spin_lock_bh(&xn->sysctl->lock);
	__clear_bit(k - xtcp_knob_rows, xn->sysctl->written);
	/* What was written to the kernel's meanwhile was not adopted. */
	if (k->from_size)
		knob_unwritten(xn, k);
	spin_unlock_bh(&xn->sysctl->lock);
}

/* From here on the knob follows nothing. Returns whether that is new. */
static bool knob_own(struct xtcp_sysctl *ctl, const struct xtcp_knob *k)
{
	bool new;

	spin_lock_bh(&ctl->lock);
	new = !__test_and_set_bit(k - xtcp_knob_rows, ctl->written);
	spin_unlock_bh(&ctl->lock);
	return new;
}

/* It follows again, or has its default again. */
static void knob_disown(struct xtcp_net *xn, const struct xtcp_knob *k)
{
	struct xtcp_sysctl *ctl = xn->sysctl;

	spin_lock_bh(&ctl->lock);
	__clear_bit(k - xtcp_knob_rows, ctl->written);
	knob_unwritten(xn, k);
	spin_unlock_bh(&ctl->lock);
}

/* Read or write a row of numbers: all of what is written, or nothing. */
static int knob_numbers(struct xtcp_net *xn, const struct xtcp_knob *k, int write,
			void *buffer, size_t *lenp, loff_t *ppos)
{
	u32 row = k - xtcp_knob_rows, new[XTCP_KNOB_VEC], min = k->min, max = k->max, i;
	struct xtcp_sysctl *ctl = xn->sysctl;
	struct ctl_table tmp = {
		.procname = k->name,
		.data = new,
		.maxlen = k->n * sizeof(new[0]),
		.mode = 0644,
		.extra1 = &min,
		.extra2 = &max,
	};
	int err;

	for (i = 0; i < k->n; i++)
		new[i] = READ_ONCE(ctl->val[row][i]);
	/* Of unsigned numbers the kernel takes one only. */
	if (k->n == 1)
		err = proc_douintvec_minmax(&tmp, write, buffer, lenp, ppos);
	else
		err = proc_dointvec_minmax(&tmp, write, buffer, lenp, ppos);
	if (err || !write)
		return err;
	spin_lock_bh(&ctl->lock);
	__set_bit(row, ctl->written);
	for (i = 0; i < k->n; i++)
		knob_store(xn, k, i, new[i]);
	spin_unlock_bh(&ctl->lock);
	return 0;
}

/* Read or write words; who writes is the last to be followed from then on. */
static int knob_text(struct xtcp_net *xn, const struct xtcp_knob *k, int write,
		     void *buffer, size_t *lenp, loff_t *ppos)
{
	struct ctl_table tmp = { .data = xn };
	bool new = write && knob_own(xn->sysctl, k);
	int err = k->text(&tmp, write, buffer, lenp, ppos);

	if (err && new)
		knob_unown(xn, k);
	return err;
}

/**
 * xtcp_knob_proc - proc_handler of all knobs
 * @ctl: extra1 is the row, extra2 the namespace
 * @write: whether
 * @buffer: in the kernel, ends with a NUL where it is written from
 * @lenp: bytes, in and out
 * @ppos: position in the file
 *
 * Return: 0; -EINVAL and what each knob has, nothing being changed.
 */
int xtcp_knob_proc(xtcp_ctl_table *ctl, int write, void *buffer, size_t *lenp,
		   loff_t *ppos)
{
	const struct xtcp_knob *k = ctl->extra1;
	struct xtcp_net *xn = ctl->extra2;
	int err;

	xtcp_knobs_inherit(xn);
	if (write && *ppos) {
		/* A value is written at once, sysctl_writes_strict. */
		*ppos += *lenp;
		return 0;
	}
	if (write && sysfs_streq(buffer, "default")) {
		knob_disown(xn, k);
		*ppos += *lenp;
		err = 0;
	} else if (k->text) {
		err = knob_text(xn, k, write, buffer, lenp, ppos);
	} else {
		err = knob_numbers(xn, k, write, buffer, lenp, ppos);
	}
	if (!err && write && k->wrote)
		k->wrote(xn);
	return err;
}
