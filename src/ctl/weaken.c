// SPDX-License-Identifier: GPL-2.0
/*
 * The module parameter weaken of test builds (XTCP_WEAKEN): the defence that is off.
 * Other builds do not have it.
 */
#ifdef XTCP_WEAKEN

#include <linux/module.h>
#include <linux/string.h>

#include <xtcp/defence.h>

u32 xtcp_weakened;
u64 xtcp_weak_clock;

#define NAME(name)	#name,

static const char * const names[] = { XTCP_DEFENCES(NAME) };

static int weaken_set(const char *val, const struct kernel_param *kp)
{
	int i = sysfs_match_string(names, val);

	if (sysfs_streq(val, "none")) {
		WRITE_ONCE(xtcp_weakened, 0);
		return 0;
	}
	if (i < 0)
		return i;
	WRITE_ONCE(xtcp_weakened, 1U << i);
	return 0;
}

static const struct kernel_param_ops weaken_ops = {
	.set = weaken_set,
};

module_param_cb(weaken, &weaken_ops, NULL, 0200);

#endif /* XTCP_WEAKEN */
