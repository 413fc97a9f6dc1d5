// SPDX-License-Identifier: GPL-2.0
/*
 * Packets that came too early: RFC 9293 SHLD-31.
 *
 * A run is a maximal range of contiguous bytes. Runs are disjoint and do not
 * touch; they stand in a treap ordered by sequence number, so that a peer
 * who makes holes on purpose pays a logarithm and not a walk. The packets of
 * a run are a chain: appending, joining two runs and handing a run over are
 * a few pointers each. The nodes live in the packets, nothing is allocated.
 *
 * The treap's priorities come from a generator the peer cannot predict; a
 * plain binary tree he could degrade to a list by the order of his segments.
 * A red-black tree would not need them, but three times the code.
 */
#include "core.h"

/* Runs at most; by then the receive buffer is long used up by overhead. */
#define RUNS_MAX	8192

/* Runs one packet may swallow: bounds the work a single packet makes. */
#define SWALLOW_MAX	10

static u32 next_prio(struct xtcp_tcb *tcb)
{
	u32 x = tcb->ooo_seed;

	/* The peer knows our ISS; the key makes it secret. */
	if (!x)
		x = (u32)(tcb->par->isn_key[0] >> 32) ^ tcb->iss ^ 0x9e3779b9;
	if (!x)
		x = 1;
	x ^= x << 13;	/* Marsaglia, xorshift32: never 0 */
	x ^= x >> 17;
	x ^= x << 5;
	tcb->ooo_seed = x;
	return x;
}

static u32 run_end(const struct xtcp_ooo *run)
{
	return run->tail->end;
}

static u32 run_bytes(const struct xtcp_ooo *run)
{
	return run_end(run) - run->seq;
}

/* The last run that starts at or before @seq. */
static struct xtcp_ooo *run_before(const struct xtcp_tcb *tcb, u32 seq)
{
	struct xtcp_ooo *run = tcb->ooo_root, *best = NULL;

	while (run) {
		if (seq_le(run->seq, seq)) {
			best = run;
			run = run->right;
		} else {
			run = run->left;
		}
	}
	return best;
}

/* The run that holds the byte @seq, or NULL. */
const struct xtcp_ooo *xtcp_reass_find(const struct xtcp_tcb *tcb, u32 seq)
{
	const struct xtcp_ooo *run = run_before(tcb, seq);

	return run && seq_lt(seq, run_end(run)) ? run : NULL;
}

/* The first run that starts after @seq. */
static struct xtcp_ooo *run_after(const struct xtcp_tcb *tcb, u32 seq)
{
	struct xtcp_ooo *run = tcb->ooo_root, *best = NULL;

	while (run) {
		if (seq_gt(run->seq, seq)) {
			best = run;
			run = run->left;
		} else {
			run = run->right;
		}
	}
	return best;
}

/*
 * xtcp_reass_overlap - the first bytes of [*@seq, *@end) that are held
 *
 * Return: whether there are any; *@seq and *@end are cut to them.
 */
bool xtcp_reass_overlap(const struct xtcp_tcb *tcb, u32 *seq, u32 *end)
{
	const struct xtcp_ooo *run = xtcp_reass_find(tcb, *seq);

	if (!run)
		run = run_after(tcb, *seq);
	if (!run || seq_ge(run->seq, *end))
		return false;
	*seq = seq_max(*seq, run->seq);
	*end = seq_min(*end, run_end(run));
	return true;
}

static void tree_insert(struct xtcp_tcb *tcb, struct xtcp_ooo *run)
{
	struct xtcp_ooo **link = &tcb->ooo_root;
	struct xtcp_ooo **left = &run->left, **right = &run->right;
	struct xtcp_ooo *cur;

	while (*link && (*link)->prio >= run->prio)
		link = seq_lt(run->seq, (*link)->seq) ? &(*link)->left :
							&(*link)->right;
	/* What hangs here is split into what is smaller and what is larger. */
	cur = *link;
	*link = run;
	while (cur) {
		if (seq_lt(cur->seq, run->seq)) {
			*left = cur;
			left = &cur->right;
			cur = cur->right;
		} else {
			*right = cur;
			right = &cur->left;
			cur = cur->left;
		}
	}
	*left = NULL;
	*right = NULL;
	tcb->ooo_runs++;
}

static void tree_remove(struct xtcp_tcb *tcb, struct xtcp_ooo *run)
{
	struct xtcp_ooo **link = &tcb->ooo_root;
	struct xtcp_ooo *left = run->left, *right = run->right;

	while (*link != run)
		link = seq_lt(run->seq, (*link)->seq) ? &(*link)->left :
							&(*link)->right;
	while (left && right) {
		if (left->prio >= right->prio) {
			*link = left;
			link = &left->right;
			left = left->right;
		} else {
			*link = right;
			link = &right->left;
			right = right->left;
		}
	}
	*link = left ? left : right;
	tcb->ooo_runs--;
}

/* A chain of packets nobody wants any more. */
static void bury(struct xtcp_tcb *tcb, struct xtcp_ooo *first,
		 struct xtcp_ooo *last)
{
	last->next = tcb->ooo_dead;
	tcb->ooo_dead = first;
}

static void drop_run(struct xtcp_tcb *tcb, struct xtcp_ooo *run)
{
	tree_remove(tcb, run);
	tcb->ooo_bytes -= run_bytes(run);
	bury(tcb, run, run->tail);
}

/*
 * @node is the last packet of @run and may reach into what follows: runs it
 * covers are superseded, one it touches is joined. What was there first is
 * kept, so that a peer cannot rewrite bytes already acknowledged selectively.
 */
static void join_following(struct xtcp_tcb *tcb, struct xtcp_ooo *run,
			   struct xtcp_ooo *node)
{
	struct xtcp_ooo *after;
	u32 budget = XTCP_DEFENCE_OR(reass_work, SWALLOW_MAX, ~0U);

	while ((after = run_after(tcb, run->seq)) &&
	       seq_le(after->seq, node->end)) {
		if (budget && seq_le(run_end(after), node->end)) {
			budget--;
			drop_run(tcb, after);
			continue;
		}
		tree_remove(tcb, after);
		tcb->ooo_bytes -= node->end - after->seq;
		node->end = after->seq;
		node->next = after;
		run->tail = after->tail;
		return;
	}
}

/*
 * xtcp_reass_insert - hold [@seq, @end) of a packet
 * @node: inside the packet; ours if the answer is XTCP_REASS_HELD
 *
 * @seq is beyond RCV.NXT. Packets that became superfluous are on the list
 * for xtcp_reass_reap().
 */
enum xtcp_reass xtcp_reass_insert(struct xtcp_tcb *tcb, struct xtcp_ooo *node,
				  u32 seq, u32 end)
{
	struct xtcp_ooo *run = run_before(tcb, seq);

	if (run && seq_ge(run_end(run), end))
		return XTCP_REASS_DUP;

	memset(node, 0, sizeof(*node));
	node->end = end;
	if (run && seq_ge(run_end(run), seq)) {
		node->seq = run_end(run);
		run->tail->next = node;
		run->tail = node;
	} else {
		if (tcb->ooo_runs >= RUNS_MAX)
			return XTCP_REASS_FULL;
		node->seq = seq;
		node->tail = node;
		node->prio = next_prio(tcb);
		tree_insert(tcb, node);
		run = node;
	}
	tcb->ooo_bytes += node->end - node->seq;
	join_following(tcb, run, node);
	return XTCP_REASS_HELD;
}

static struct xtcp_ooo *first_run(const struct xtcp_tcb *tcb)
{
	struct xtcp_ooo *run = tcb->ooo_root;

	while (run && run->left)
		run = run->left;
	return run;
}

/*
 * xtcp_reass_cover - bytes up to @to arrive in order: which of them are to be
 *	taken from the packet
 * @nsegs: segments the packet was on the wire
 *
 * A run that the packet covers is superseded, and costs work; one that reaches
 * beyond it is kept, and the packet is cut where it begins. So it is where there
 * would be too much work: what is cut off then has to come again.
 *
 * Return: one after the last byte to take.
 */
u32 xtcp_reass_cover(struct xtcp_tcb *tcb, u32 to, u32 nsegs)
{
	u32 budget = XTCP_DEFENCE_OR(reass_work, SWALLOW_MAX * nsegs, ~0U);
	struct xtcp_ooo *run;

	while ((run = first_run(tcb)) && seq_lt(run->seq, to)) {
		if (seq_gt(run_end(run), to) || !budget--)
			return run->seq;
		drop_run(tcb, run);
	}
	return to;
}

static void ready_add(struct xtcp_tcb *tcb, struct xtcp_ooo *first,
		      struct xtcp_ooo *last)
{
	last->next = NULL;
	if (tcb->ooo_ready)
		tcb->ooo_ready_tail->next = first;
	else
		tcb->ooo_ready = first;
	tcb->ooo_ready_tail = last;
}

/*
 * xtcp_reass_advance - in-order data reached @rcv_nxt
 *
 * No run begins before it (xtcp_reass_cover()); over one that follows without a
 * hole RCV.NXT moves on, and its packets go to the ready list. After that there
 * is a hole, for runs do not touch each other.
 */
u32 xtcp_reass_advance(struct xtcp_tcb *tcb, u32 rcv_nxt)
{
	struct xtcp_ooo *run = first_run(tcb);

	tcb->rcv_nxt = rcv_nxt;
	if (run && run->seq == rcv_nxt) {
		tree_remove(tcb, run);
		tcb->ooo_bytes -= run_bytes(run);
		tcb->rcv_nxt = run_end(run);
		ready_add(tcb, run, run->tail);
	}
	return (tcb->ooo_ready ? XTCP_ACT_DRAIN : 0) |
	       (tcb->ooo_dead ? XTCP_ACT_REAP : 0);
}

/*
 * xtcp_reass_follow - a packet in order, whose predecessors wait to be taken
 * @node: inside the packet, ours from here on
 */
void xtcp_reass_follow(struct xtcp_tcb *tcb, struct xtcp_ooo *node, u32 seq, u32 end)
{
	memset(node, 0, sizeof(*node));
	node->seq = seq;
	node->end = end;
	ready_add(tcb, node, node);
}

static struct xtcp_ooo *last_run(const struct xtcp_tcb *tcb)
{
	struct xtcp_ooo *run = tcb->ooo_root;

	while (run && run->right)
		run = run->right;
	return run;
}

/*
 * xtcp_reass_cut - the stream turns out to end at @end
 *
 * Whatever reaches beyond contradicts the FIN. A run that only ends beyond is
 * dropped as a whole: a sound peer makes none, and sends what counts again.
 */
u32 xtcp_reass_cut(struct xtcp_tcb *tcb, u32 end)
{
	struct xtcp_ooo *run;
	u32 acts = 0;

	while ((run = last_run(tcb)) && seq_gt(run_end(run), end)) {
		drop_run(tcb, run);
		acts = XTCP_ACT_REAP;
	}
	return acts;
}

/**
 * xtcp_reass_pop - the next held packet that is in order now
 * @tcb: connection, after XTCP_ACT_DRAIN
 *
 * Return: node of a packet whose bytes [seq, end) are to be queued for
 * reading; the packet is the caller's. NULL when there is none.
 */
struct xtcp_ooo *xtcp_reass_pop(struct xtcp_tcb *tcb)
{
	struct xtcp_ooo *node = tcb->ooo_ready;

	if (node)
		tcb->ooo_ready = node->next;
	return node;
}

/**
 * xtcp_reass_reap - the next held packet that is superfluous
 * @tcb: connection, after XTCP_ACT_REAP
 *
 * Return: node of a packet for the caller to free, or NULL.
 */
struct xtcp_ooo *xtcp_reass_reap(struct xtcp_tcb *tcb)
{
	struct xtcp_ooo *node = tcb->ooo_dead;

	if (node)
		tcb->ooo_dead = node->next;
	return node;
}

/**
 * xtcp_reass_prune - give memory back
 * @tcb: connection whose receive buffer is full
 *
 * Drops the run that is furthest from being readable; nothing of it was
 * acknowledged, so the peer sends it again.
 *
 * Return: whether there was one; its packets are for xtcp_reass_reap().
 */
bool xtcp_reass_prune(struct xtcp_tcb *tcb)
{
	struct xtcp_ooo *run = last_run(tcb);

	if (!run)
		return false;
	drop_run(tcb, run);
	return true;
}

/**
 * xtcp_reass_flush - everything held is superfluous
 * @tcb: connection that will deliver no more
 *
 * The packets are for xtcp_reass_reap().
 */
void xtcp_reass_flush(struct xtcp_tcb *tcb)
{
	while (tcb->ooo_root)
		drop_run(tcb, tcb->ooo_root);
	if (tcb->ooo_ready) {
		bury(tcb, tcb->ooo_ready, tcb->ooo_ready_tail);
		tcb->ooo_ready = NULL;
	}
}
