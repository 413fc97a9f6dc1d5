// SPDX-License-Identifier: GPL-2.0
/*
 * Breadth-first search: every state is expanded once, reached by a shortest path.
 */
#include <stdio.h>
#include <stdlib.h>

#include "explore.h"

#define PATH_MAX_LEN	2000	/* steps */

/* One in this many pairs of equivalent states is audited, up to a maximum. */
#define AUDIT_EVERY	101
#define AUDIT_MAX	200

struct node {
	u32 parent;
	u16 act;
};

static struct {
	struct set seen;
	struct node *node;
	u64 room;
	u64 n;
	u32 at;			/* node being expanded */
	struct action act;	/* action being tried */
	struct world cur;	/* state of that node */
	u64 duplicates;
	struct result *res;
} s;

static void node_add(u32 parent, struct action a)
{
	if (s.n == s.room) {
		s.room = s.room ? s.room * 2 : 4096;
		s.node = realloc(s.node, s.room * sizeof(*s.node));
		if (!s.node) {
			fprintf(stderr, "explore: out of memory\n");
			_Exit(2);
		}
	}
	s.node[s.n++] = (struct node){ parent, action_pack(a) };
}

/* ---- paths ---- */

/* The actions from the first state to node @i. Return: their number. */
static u32 path_to(u32 i, struct action *path)
{
	u32 n = 0, k;

	for (; i && n < PATH_MAX_LEN; i = s.node[i].parent)
		path[n++] = action_unpack(s.node[i].act);
	for (k = 0; k < n / 2; k++) {
		struct action a = path[k];

		path[k] = path[n - 1 - k];
		path[n - 1 - k] = a;
	}
	return n;
}

static void path_text(const struct action *path, u32 n, char *out, size_t room)
{
	char name[16];
	size_t len = 0;
	u32 i;

	out[0] = 0;
	for (i = 0; i < n && len + sizeof(name) < room; i++) {
		action_name(path[i], name, sizeof(name));
		len += snprintf(out + len, room - len, "%s%s", i ? " " : "", name);
	}
}

/* Report a failure: the shortest path to it, and its trace. */
static void report(const struct world_cfg *cfg, u32 level)
{
	static struct action path[PATH_MAX_LEN + 1];
	static char text[16 * PATH_MAX_LEN];
	u32 n = path_to(s.at, path);

	if (s.act.kind)
		path[n++] = s.act;
	path_text(path, n, text, sizeof(text));
	printf("# %s\n", run.why);
	printf("# %u steps: --world %s --level %u --replay '%s'\n", n, cfg->name,
	       level, text);
	replay(cfg, level, text);
}

/* ---- audit: are equivalent states really equivalent? ---- */

struct next {
	struct action act;
	u64 hash;
};

/* The successors of the current state. Return: their number. */
static u32 successors(struct next *out)
{
	static struct world from;
	struct action list[ACTS_MAX];
	u32 n = possible_actions(list), i;

	from = *W;
	for (i = 0; i < n; i++) {
		*W = from;
		act(list[i]);
		out[i] = (struct next){ list[i], canon().full };
	}
	return n;
}

/* The current state is equivalent to node @i: their successors must be, too. */
static void audit(u32 i)
{
	static struct next here[ACTS_MAX], there[ACTS_MAX];
	static struct action path[PATH_MAX_LEN];
	u32 n, m, k;
	char name[16];

	n = successors(here);
	m = path_to(i, path);
	world_init(run.cfg, s.res->level);
	for (k = 0; k < m; k++)
		act(path[k]);
	m = successors(there);
	s.res->audited++;
	for (k = 0; k < n && k < m && here[k].hash == there[k].hash; k++)
		;
	if (n == m && k == n)
		return;
	action_name(k < n ? here[k].act : there[k].act, name, sizeof(name));
	fail("not the same state as node %u: %s differs", i, name);
}

/* ---- the search ---- */

static void reached(u32 parent, struct action a)
{
	struct canon c = canon();
	u32 old = set_add(&s.seen, c.full, (u32)s.n), ms;

	if (old != NO_NODE) {
		if (s.res->audited < AUDIT_MAX && ++s.duplicates % AUDIT_EVERY == 0)
			audit(old);
		return;
	}
	node_add(parent, a);
	end_idle(&W->end[0]);
	end_idle(&W->end[1]);
	queue_put();
	ms = finish_check(c.core);
	if (s.res->level > 1)
		return;
	s.res->ends_in = max(s.res->ends_in, ms);
	/* If nothing goes wrong, no RTO may occur. */
	if (s.n == 1 && ms >= run.par.rto_min_us / 1000)
		fail("undisturbed it takes %u ms", ms);
}

static void expand(void)
{
	struct action list[ACTS_MAX];
	u32 n, i;

	*W = s.cur;
	n = possible_actions(list);
	for (i = 0; i < n; i++) {
		*W = s.cur;
		s.act = list[i];
		act(list[i]);
		s.res->transitions++;
		reached(s.at, list[i]);
	}
	s.act = (struct action){};
}

/* Search one level until it is complete, or @quota states were seen. */
static void one_level(const struct world_cfg *cfg, u64 quota)
{
	u64 end_of_depth = 1;

	world_init(cfg, s.res->level);
	queue_init();
	reached(0, (struct action){});
	for (s.at = 0; s.n < quota && queue_get(&s.cur); s.at++) {
		if (s.at == end_of_depth) {
			end_of_depth = s.n;
			s.res->depth++;
		}
		expand();
	}
	s.res->complete = s.at == s.n;
}

static void reset(void)
{
	set_free(&s.seen);
	finish_init();
	s.n = 0;
	s.at = 0;
	s.duplicates = 0;
	s.act = (struct action){};
	s.res->states = 0;
	s.res->transitions = 0;
	s.res->depth = 0;
	s.res->complete = false;
}

/* Have the last levels, one for each kind of misbehaviour, added no states? */
static bool saturated(const struct world_cfg *cfg, const struct result *res)
{
	u32 kinds = 0, i;

	for (i = 0; i < B_MAX; i++)
		kinds += !!cfg->left[i];
	return res->level > kinds && res->sizes[res->level - kinds] == s.n;
}

/*
 * Search @cfg at increasing levels, until @quota states were seen or more levels add
 * nothing. A level is complete if all of its states were expanded.
 */
void search(const struct world_cfg *cfg, u64 quota, struct result *res)
{
	memset(res, 0, sizeof(*res));
	s.res = res;
	if (sigsetjmp(run.failed, 0)) {
		res->bad = true;
		res->states = s.n;
		report(cfg, res->level);
		return;
	}
	for (res->level = 1; ; res->level++) {
		reset();
		one_level(cfg, quota);
		res->states = s.n;
		res->sizes[res->level] = s.n;
		if (s.n >= quota || saturated(cfg, res) || res->level + 1 == LEVEL_MAX)
			break;
	}
}
