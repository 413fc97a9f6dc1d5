// SPDX-License-Identifier: GPL-2.0
/*
 * TCP options and routes in test scripts, see script.h.
 */
#include <stdio.h>
#include <stdlib.h>

#include "harness.h"
#include "script.h"

void bad_script(struct rig *rig, const char *what)
{
	rig_fail(rig, "script: %s", what);
	exit(1);
}

void cmd_queue_full(struct rig *rig, const struct words *w)
{
	xtcp_queue_full(&rig->tcb, rig->now);
}

/* AccECN option of an incoming segment: "A,B,C", or "-" for an empty one. */
void in_accecn(struct xtcp_seg *seg, u8 opt, const char *s)
{
	char *end;

	seg->opts |= opt;
	for (seg->nacc = 0; seg->nacc < 3; s = end + 1) {
		seg->acc[seg->nacc] = strtoul(s, &end, 0) & 0xffffff;
		if (end == s)
			break;
		seg->nacc++;
		if (!*end)
			break;
	}
}

/* SACK blocks of an incoming segment, in order: "201-301,401-501". */
void in_sack(struct rig *rig, struct xtcp_seg *seg, const char *s)
{
	char *rest = (char *)s;

	seg->opts |= XTCP_OPT_SACK;
	do {
		if (seg->nsack == XTCP_MAX_SACKS)
			bad_script(rig, "too many SACK blocks");
		seg->sack[seg->nsack].start = rig->iss + (u32)strtol(rest, &rest, 0);
		if (*rest++ != '-')
			bad_script(rig, "SACK block without an end");
		seg->sack[seg->nsack++].end = rig->iss + (u32)strtol(rest, &rest, 0);
	} while (*rest++ == ',');
}

/* Expected SACK blocks of a plan: "201-301,401-501", or "none". */
void out_sack(struct rig *rig, const struct xtcp_plan *plan, const char *wanted)
{
	char is[80] = "none";
	int i, n = 0;

	for (i = 0; plan->opts & XTCP_OPT_SACK && i < plan->nsack; i++)
		n += snprintf(is + n, sizeof(is) - n, "%s%d-%d", i ? "," : "",
			      (int)(plan->sack[i].start - RIG_ISS),
			      (int)(plan->sack[i].end - RIG_ISS));
	if (strcmp(is, wanted))
		rig_fail(rig, "sack %s, want %s", is, wanted);
}

/* Expected AccECN option: "0:1,0,1" is AccECN0 with these counters; or "none". */
void out_accecn(struct rig *rig, const struct xtcp_plan *plan, const char *wanted)
{
	char is[80] = "none";
	int i, n;

	if (plan->opts & XTCP_OPT_ACCECN) {
		n = snprintf(is, sizeof(is), "%d:", !!(plan->opts & XTCP_OPT_ACCECN1));
		for (i = 0; i < plan->nacc; i++)
			n += snprintf(is + n, sizeof(is) - n, "%s%u", i ? "," : "",
				      plan->acc[i]);
	}
	if (strcmp(is, wanted))
		rig_fail(rig, "AccECN option %s, want %s", is, wanted);
}

static const struct xtcp_fastopen_cookie their_cookie = {
	.len = 6,
	.val = { 1, 2, 3, 4, 5, 6 },
};

struct xtcp_fastopen_cookie named_cookie(struct rig *rig, const char *name)
{
	struct xtcp_fastopen_cookie cookie = { .len = 0 };

	if (!strcmp(name, "theirs") || !strcmp(name, "bad"))
		cookie = their_cookie;
	else if (!strcmp(name, "key1") || !strcmp(name, "key2"))
		xtcp_fastopen_make_cookie(&rig->keys, name[3] - '1', &rig->open.flow,
					  &cookie);
	else if (strcmp(name, "ask"))
		bad_script(rig, name);
	return cookie;
}

void in_cookie(struct rig *rig, struct xtcp_seg *seg, const char *name)
{
	struct xtcp_fastopen_cookie cookie = named_cookie(rig, name);

	memcpy(rig->cookie_in, cookie.val, sizeof(rig->cookie_in));
	seg->opts |= XTCP_OPT_FASTOPEN;
	seg->fo_cookie = rig->cookie_in;
	seg->fo_cookie_len = cookie.len;
}

void out_cookie(struct rig *rig, const struct xtcp_plan *plan, const char *name)
{
	struct xtcp_fastopen_cookie wanted;

	if (!strcmp(name, "none")) {
		if (plan->opts & XTCP_OPT_FASTOPEN)
			rig_fail(rig, "a Fast Open option of %u bytes, want none",
				 plan->fo_cookie->len);
		return;
	}
	wanted = named_cookie(rig, name);
	if (!(plan->opts & XTCP_OPT_FASTOPEN))
		rig_fail(rig, "no Fast Open option, want %s", name);
	else if (plan->fo_cookie->len != wanted.len ||
		 memcmp(plan->fo_cookie->val, wanted.val, wanted.len))
		rig_fail(rig, "another cookie, of %u bytes, want %s", plan->fo_cookie->len,
			 name);
}

/* Parse a Fast Open option of connect or listen. Return: false if it is none. */
bool open_fastopen(struct rig *rig, const char *opt)
{
	if (!strcmp(opt, "fo") || !strcmp(opt, "fo-bare")) {
		rig->fo_server = true;
		rig->fo_bare = opt[2];
	} else if (!strcmp(opt, "key2")) {
		rig->keys.n = 2;
	} else if (!strcmp(opt, "ask")) {
		rig->open.fo = &rig->fo;
	} else if (!strcmp(opt, "cookie")) {
		rig->fo.cookie = named_cookie(rig, "theirs");
		rig->open.fo = &rig->fo;
	} else if (!strcmp(opt, "bare")) {
		rig->fo.bare = true;
		rig->open.fo = &rig->fo;
	} else if (!strcmp(opt, "wait")) {
		rig->fo.wait = true;
	} else {
		return false;
	}
	return true;
}

/* Parse a route metric and its value. Return: false if @opt is none. */
bool open_route(struct rig *rig, const char *opt, const char *val)
{
	struct xtcp_route *route = &rig->open.route;
	u32 n = strtoul(val, NULL, 0);

	if (!strcmp(opt, "initcwnd"))
		route->initcwnd = n;
	else if (!strcmp(opt, "initrwnd"))
		route->initrwnd = n;
	else if (!strcmp(opt, "cwnd"))
		route->cwnd = n;
	else if (!strcmp(opt, "ssthresh"))
		route->ssthresh = n;
	else if (!strcmp(opt, "reordering"))
		route->reordering = n;
	else if (!strcmp(opt, "rto_min"))
		route->rto_min_us = n;
	else if (!strcmp(opt, "route_rtt"))
		route->rtt_us = n;
	else if (!strcmp(opt, "quickack"))
		route->quickack = n;
	else if (!strcmp(opt, "ecn"))
		route->ecn = n;
	else if (!strcmp(opt, "congctl"))
		route->cc = xtcp_cc_find(val);
	else
		return false;
	return true;
}
