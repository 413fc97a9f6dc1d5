// SPDX-License-Identifier: GPL-2.0
/*
 * Reassembly of out-of-order packets: RFC 9293 SHLD-31.
 *
 * A run is a maximal range of contiguous bytes. Runs are disjoint and do not
 * touch each other; a tree holds them by sequence number (treap.c), so that a
 * peer that makes holes on purpose costs a logarithm instead of a list walk. The
 * packets of a run form a chain: appending a packet, joining two runs and
 * delivering a run are a few pointer writes each. Nodes are part of the packets;
 * nothing is allocated.
 */
#include "core.h"

/* Limit on runs; packet overhead exhausts the receive buffer long before. */
#define RUNS_MAX	8192

/* Limit on the runs that one packet may supersede, to bound the work per packet. */
#define SWALLOW_MAX	10

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
	BUILD_BUG_ON(offsetof(struct xtcp_ooo, seq) != offsetof(struct xtcp_node, seq));
	return (struct xtcp_ooo *)xtcp_treap_before(tcb->ooo_root, seq);
}

/* xtcp_reass_find - the run that holds the byte @seq, or NULL */
const struct xtcp_ooo *xtcp_reass_find(const struct xtcp_tcb *tcb, u32 seq)
{
	const struct xtcp_ooo *run = run_before(tcb, seq);

	return run && seq_lt(seq, run_end(run)) ? run : NULL;
}

/* The first run that starts after @seq. */
static struct xtcp_ooo *run_after(const struct xtcp_tcb *tcb, u32 seq)
{
	return (struct xtcp_ooo *)xtcp_treap_after(tcb->ooo_root, seq);
}

/*
 * xtcp_reass_overlap - find the first bytes of [*@seq, *@end) that are held
 *
 * Return: whether there are any; *@seq and *@end are then set to that range.
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

static struct xtcp_ooo *run_first(const struct xtcp_tcb *tcb)
{
	return (struct xtcp_ooo *)xtcp_treap_first(tcb->ooo_root);
}

static struct xtcp_ooo *run_last(const struct xtcp_tcb *tcb)
{
	return (struct xtcp_ooo *)xtcp_treap_last(tcb->ooo_root);
}

static void run_remove(struct xtcp_tcb *tcb, struct xtcp_ooo *run)
{
	xtcp_treap_remove(&tcb->ooo_root, &run->node);
	tcb->ooo_runs--;
}

/* Put a chain of superfluous packets on the list for xtcp_reass_reap(). */
static void reass_bury(struct xtcp_tcb *tcb, struct xtcp_ooo *first,
		       struct xtcp_ooo *last)
{
	last->next = tcb->ooo_dead;
	tcb->ooo_dead = first;
}

static void run_drop(struct xtcp_tcb *tcb, struct xtcp_ooo *run)
{
	run_remove(tcb, run);
	tcb->ooo_bytes -= run_bytes(run);
	reass_bury(tcb, run, run->tail);
}

/*
 * @node is the last packet of @run and may overlap what follows: drop runs that
 * it covers, join one that it touches. Bytes held already are kept, so that a
 * peer cannot rewrite bytes that were SACKed.
 */
static void run_join_following(struct xtcp_tcb *tcb, struct xtcp_ooo *run,
			       struct xtcp_ooo *node)
{
	struct xtcp_ooo *after;
	u32 budget = XTCP_DEFENCE_OR(reass_work, SWALLOW_MAX, ~0U);

	while ((after = run_after(tcb, run->seq)) &&
	       seq_le(after->seq, node->end)) {
		if (budget && seq_le(run_end(after), node->end)) {
			budget--;
			run_drop(tcb, after);
			continue;
		}
		run_remove(tcb, after);
		tcb->ooo_bytes -= node->end - after->seq;
		node->end = after->seq;
		node->next = after;
		run->tail = after->tail;
		return;
	}
}

/*
 * xtcp_reass_insert - hold [@seq, @end) of a packet
 * @node: memory inside the packet; the engine's if XTCP_REASS_HELD is returned
 *
 * @seq is beyond RCV.NXT. Superseded packets go to the list for
 * xtcp_reass_reap().
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
		xtcp_treap_insert(tcb, &tcb->ooo_root, &node->node);
		tcb->ooo_runs++;
		run = node;
	}
	tcb->ooo_bytes += node->end - node->seq;
	run_join_following(tcb, run, node);
	return XTCP_REASS_HELD;
}

/*
 * xtcp_reass_cover - a packet brings bytes up to @to in order: how many to take
 * @to: one after the last byte of the packet
 * @nsegs: segments that the packet was on the wire
 *
 * A run that the packet covers is dropped, which costs work. A run that reaches
 * beyond the packet is kept, and the packet is cut where the run begins. If too
 * many runs are covered it is cut as well, and the peer has to resend what is cut
 * off.
 *
 * Return: one after the last byte to take.
 */
u32 xtcp_reass_cover(struct xtcp_tcb *tcb, u32 to, u32 nsegs)
{
	u32 budget = XTCP_DEFENCE_OR(reass_work, SWALLOW_MAX * nsegs, ~0U);
	struct xtcp_ooo *run;

	while ((run = run_first(tcb)) && seq_lt(run->seq, to)) {
		if (seq_gt(run_end(run), to) || !budget--)
			return run->seq;
		run_drop(tcb, run);
	}
	return to;
}

static void reass_ready_add(struct xtcp_tcb *tcb, struct xtcp_ooo *first,
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
 * xtcp_reass_advance - in-order data has reached @rcv_nxt
 *
 * No run begins before it (xtcp_reass_cover()). If a run begins there, RCV.NXT
 * advances to its end and its packets go to the ready list. A hole follows, since
 * runs do not touch each other.
 *
 * Return: XTCP_ACT_DRAIN and XTCP_ACT_REAP as needed.
 */
u32 xtcp_reass_advance(struct xtcp_tcb *tcb, u32 rcv_nxt)
{
	struct xtcp_ooo *run = run_first(tcb);

	tcb->rcv_nxt = rcv_nxt;
	if (run && run->seq == rcv_nxt) {
		run_remove(tcb, run);
		tcb->ooo_bytes -= run_bytes(run);
		tcb->rcv_nxt = run_end(run);
		reass_ready_add(tcb, run, run->tail);
	}
	return (tcb->ooo_ready ? XTCP_ACT_DRAIN : 0) |
	       (tcb->ooo_dead ? XTCP_ACT_REAP : 0);
}

/*
 * xtcp_reass_follow - queue an in-order packet behind others that are not yet
 * popped
 * @node: memory inside the packet; the engine's from now on
 */
void xtcp_reass_follow(struct xtcp_tcb *tcb, struct xtcp_ooo *node, u32 seq, u32 end)
{
	memset(node, 0, sizeof(*node));
	node->seq = seq;
	node->end = end;
	reass_ready_add(tcb, node, node);
}

/*
 * xtcp_reass_cut - the stream ends at @end: drop what is held beyond
 *
 * Such data contradicts the FIN. A run that only reaches beyond @end is dropped
 * as a whole: a correct peer sends none, and would resend the valid part.
 *
 * Return: XTCP_ACT_REAP if anything was dropped, else 0.
 */
u32 xtcp_reass_cut(struct xtcp_tcb *tcb, u32 end)
{
	struct xtcp_ooo *run;
	u32 actions = 0;

	while ((run = run_last(tcb)) && seq_gt(run_end(run), end)) {
		run_drop(tcb, run);
		actions = XTCP_ACT_REAP;
	}
	return actions;
}

struct xtcp_ooo *xtcp_reass_pop(struct xtcp_tcb *tcb)
{
	struct xtcp_ooo *node = tcb->ooo_ready;

	if (node)
		tcb->ooo_ready = node->next;
	return node;
}

struct xtcp_ooo *xtcp_reass_reap(struct xtcp_tcb *tcb)
{
	struct xtcp_ooo *node = tcb->ooo_dead;

	if (node)
		tcb->ooo_dead = node->next;
	return node;
}

bool xtcp_reass_prune(struct xtcp_tcb *tcb)
{
	struct xtcp_ooo *run = run_last(tcb);

	if (!run)
		return false;
	run_drop(tcb, run);
	return true;
}

void xtcp_reass_flush(struct xtcp_tcb *tcb)
{
	while (tcb->ooo_root)
		run_drop(tcb, (struct xtcp_ooo *)tcb->ooo_root);
	if (tcb->ooo_ready) {
		reass_bury(tcb, tcb->ooo_ready, tcb->ooo_ready_tail);
		tcb->ooo_ready = NULL;
	}
}
