// SPDX-License-Identifier: GPL-2.0
/*
 * The Fast Open knobs that are more than a number: fastopen_key, and the side effect
 * of a write to fastopen_blackhole_timeout_sec.
 */
#include <linux/slab.h>

#include "../net/public.h"
#include "ctl.h"

/*
 * Bytes of a key as text, "xxxxxxxx-xxxxxxxx-xxxxxxxx-xxxxxxxx" and the comma or NUL
 * behind it; two keys.
 */
#define WORDS_OF_KEY	4
#define KEY_TEXT	(9 * WORDS_OF_KEY)
#define KEYS_TEXT	(2 * KEY_TEXT)

/*
 * Print a key as its 32-bit little-endian words, first word first, as the kernel's TCP
 * does. @at: bytes of @buf in use. Return: the same afterwards.
 */
static u32 fastopen_key_print(char *buf, u32 at, const u64 key[2])
{
	return at + scnprintf(buf + at, KEYS_TEXT - at, "%s%08x-%08x-%08x-%08x",
			      at ? "," : "", (u32)key[0], (u32)(key[0] >> 32),
			      (u32)key[1], (u32)(key[1] >> 32));
}

static bool fastopen_key_parse(const char *text, u64 key[2])
{
	u32 w[WORDS_OF_KEY];

	if (sscanf(text, "%x-%x-%x-%x", &w[0], &w[1], &w[2], &w[3]) != WORDS_OF_KEY)
		return false;
	key[0] = (u64)w[1] << 32 | w[0];
	key[1] = (u64)w[3] << 32 | w[2];
	return true;
}

/**
 * xtcp_fastopen_key - handler of fastopen_key
 * @ctl: data is the namespace
 * @write: 0 to read, 1 to write
 * @buffer: text, in kernel memory
 * @lenp: bytes, in and out
 * @ppos: position in the file, bytes
 *
 * The first key makes cookies; cookies of the optional second one are accepted, too.
 *
 * Context: process.
 * Return: 0, or -EINVAL if the text is no key.
 */
int xtcp_fastopen_key(xtcp_ctl_table *ctl, int write, void *buffer, size_t *lenp,
		      loff_t *ppos)
{
	char buf[KEYS_TEXT + 1], *second;
	struct ctl_table tmp = { .data = buf, .maxlen = sizeof(buf) };
	struct xtcp_net *xn = ctl->data;
	struct xtcp_fastopen_keys keys;
	u32 at = 0, i;
	int err;

	xtcp_fastopen_get_net_keys(xn, &keys);
	for (i = 0; i < keys.n; i++)
		at = fastopen_key_print(buf, at, keys.key[i]);
	err = proc_dostring(&tmp, write, buffer, lenp, ppos);
	if (err || !write)
		goto out;
	second = strchr(buf, ',');
	if (second)
		*second++ = 0;
	keys.n = second ? 2 : 1;
	err = -EINVAL;
	if (fastopen_key_parse(buf, keys.key[0]) &&
	    (!second || fastopen_key_parse(second, keys.key[1]))) {
		xtcp_fastopen_set_net_keys(xn, &keys);
		err = 0;
	}
out:
	memzero_explicit(buf, sizeof(buf));
	memzero_explicit(&keys, sizeof(keys));
	return err;
}

/**
 * xtcp_fastopen_timeout_set - after a write to fastopen_blackhole_timeout_sec
 * @xn: namespace
 *
 * Forgets past failures, so that Fast Open is tried again at once.
 *
 * Context: any.
 */
void xtcp_fastopen_timeout_set(struct xtcp_net *xn)
{
	atomic_set(&xn->fo_off_times, 0);
}
