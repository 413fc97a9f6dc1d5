// SPDX-License-Identifier: GPL-2.0
/*
 * Read and write knobs. Each has a value in sysctl units, which the file shows, and
 * one in internal units, a plain field that the rest of the module reads. Until it
 * is written, a knob follows the kernel's value of the same name.
 *
 * The kernel does not notify of a write to net.ipv4. So xtcp_knobs_inherit() compares
 * the few words of struct netns_ipv4 that hold followed values with what they were
 * when last adopted. socket(), connect(), listen(), socket options and the files of
 * the knobs always call it. Packets, timers and other system calls use
 * xtcp_knobs_poll(), which compares about LOOKS times in a jiffy, so that a flood of
 * packets does not pay for it.
 */
#include <linux/jiffies.h>
#include <linux/slab.h>
#include <linux/string.h>

#include "knob.h"

/* Comparisons per jiffy; after them a write takes effect in the next jiffy. */
#define LOOKS		8

/* The words of struct netns_ipv4 that are compared, by index; constant after load. */
static u16 words[XTCP_KNOBS];
static u32 nwords;

/* Number @i of a knob, in internal units. */
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

/* Set number @i of a knob to @val, in sysctl units. Context: xtcp_sysctl.lock. */
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

/* The kernel's value in sysctl units, limited to the range of the knob. */
static u32 knob_kernel_value(const struct xtcp_net *xn, const struct xtcp_knob *k, u32 i)
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

/* Set an unwritten knob: the kernel's value, or its default. Context: xtcp_sysctl.lock. */
static void knob_set_unwritten(struct xtcp_net *xn, const struct xtcp_knob *k)
{
	u32 i;

	if (k->text) {
		if (k->reset)
			k->reset(xn);
		return;
	}
	for (i = 0; i < k->n; i++)
		knob_store(xn, k, i, k->from_size ? knob_kernel_value(xn, k, i) :
				     xn->sysctl->first[k - xtcp_knob_rows][i]);
}

/* Set all unwritten knobs that follow a value of the kernel. */
static void knob_adopt_all(struct xtcp_net *xn)
{
	const unsigned long *at = (const unsigned long *)&xn->net->ipv4;
	struct xtcp_sysctl *ctl = xn->sysctl;
	u32 i;

	spin_lock_bh(&ctl->lock);
	for (i = 0; i < nwords; i++)
		ctl->seen[i] = READ_ONCE(at[words[i]]);
	/* A value that changes after this differs at the next comparison. */
	smp_rmb();
	for (i = 0; i < xtcp_knob_count; i++) {
		if (xtcp_knob_rows[i].from_size && !test_bit(i, ctl->written))
			knob_set_unwritten(xn, &xtcp_knob_rows[i]);
	}
	spin_unlock_bh(&ctl->lock);
}

/**
 * xtcp_knobs_inherit - adopt values of net.ipv4 that have changed
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
		knob_adopt_all(xn);
}

/**
 * xtcp_knobs_poll_slow - xtcp_knobs_inherit(), and count the call
 * @xn: namespace
 *
 * After LOOKS calls in a jiffy xtcp_knobs_poll() does nothing for the rest of it.
 * The count is not atomic: two CPUs at once may count one call for both.
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

/* Have word @word of struct netns_ipv4 compared. */
static void knob_watch_word(u32 word)
{
	u32 i;

	for (i = 0; i < nwords; i++)
		if (words[i] == word)
			return;
	if (!WARN_ON_ONCE(nwords == ARRAY_SIZE(words)))
		words[nwords++] = word;
}

/**
 * xtcp_knob_init - list the words of struct netns_ipv4 that knobs follow
 *
 * To be called before the first namespace is set up.
 *
 * Context: module load.
 */
void xtcp_knob_init(void)
{
	const struct xtcp_knob *k;
	u32 i;

	for (k = xtcp_knob_rows; k < xtcp_knob_rows + xtcp_knob_count; k++)
		for (i = 0; i < k->n; i++)
			if (k->from_size)
				knob_watch_word((k->from + i * k->from_size) / sizeof(long));
}

/**
 * xtcp_knob_alloc - set up the knobs of a new namespace
 * @xn: namespace; its fields hold the defaults of knobs that follow nothing
 *
 * Context: process, may sleep.
 * Return: the knobs, also in @xn->sysctl, with the kernel's values adopted; NULL
 * without memory. The caller frees them.
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
	knob_adopt_all(xn);
	return ctl;
}

/* Undo knob_own() after a write that failed. */
static void knob_unown(struct xtcp_net *xn, const struct xtcp_knob *k)
{
	spin_lock_bh(&xn->sysctl->lock);
	__clear_bit(k - xtcp_knob_rows, xn->sysctl->written);
	/* A change of the kernel's value was not adopted meanwhile. */
	if (k->from_size)
		knob_set_unwritten(xn, k);
	spin_unlock_bh(&xn->sysctl->lock);
}

/* The knob follows nothing from now on. Return: whether it was unwritten before. */
static bool knob_own(struct xtcp_sysctl *ctl, const struct xtcp_knob *k)
{
	bool new;

	spin_lock_bh(&ctl->lock);
	new = !__test_and_set_bit(k - xtcp_knob_rows, ctl->written);
	spin_unlock_bh(&ctl->lock);
	return new;
}

/* "default" was written: follow the kernel's value again, or restore the default. */
static void knob_disown(struct xtcp_net *xn, const struct xtcp_knob *k)
{
	struct xtcp_sysctl *ctl = xn->sysctl;

	spin_lock_bh(&ctl->lock);
	__clear_bit(k - xtcp_knob_rows, ctl->written);
	knob_set_unwritten(xn, k);
	spin_unlock_bh(&ctl->lock);
}

/* Read or write a knob of numbers. A write that fails changes none of them. */
static int knob_rw_numbers(struct xtcp_net *xn, const struct xtcp_knob *k, int write,
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
	/* proc_douintvec_minmax() takes one number only. */
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

/*
 * Read or write a knob of text by its own handler. The knob stops following before the
 * handler runs, so that no adoption overwrites what is written.
 */
static int knob_rw_text(struct xtcp_net *xn, const struct xtcp_knob *k, int write,
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
 * @ctl: extra1 is the row (struct xtcp_knob), extra2 the namespace
 * @write: 0 to read, 1 to write
 * @buffer: text, in kernel memory; of a write NUL-terminated
 * @lenp: bytes, in and out
 * @ppos: position in the file, bytes
 *
 * Writing "default" makes a knob follow the kernel again, or have its default.
 *
 * Context: process, may sleep.
 * Return: 0; -EINVAL or an error of the knob's own handler, with nothing changed.
 */
int xtcp_knob_proc(xtcp_ctl_table *ctl, int write, void *buffer, size_t *lenp,
		   loff_t *ppos)
{
	const struct xtcp_knob *k = ctl->extra1;
	struct xtcp_net *xn = ctl->extra2;
	int err;

	xtcp_knobs_inherit(xn);
	if (write && *ppos) {
		/* A value is written in one call, as with sysctl_writes_strict. */
		*ppos += *lenp;
		return 0;
	}
	if (write && sysfs_streq(buffer, "default")) {
		knob_disown(xn, k);
		*ppos += *lenp;
		err = 0;
	} else if (k->text) {
		err = knob_rw_text(xn, k, write, buffer, lenp, ppos);
	} else {
		err = knob_rw_numbers(xn, k, write, buffer, lenp, ppos);
	}
	if (!err && write && k->wrote)
		k->wrote(xn);
	return err;
}
