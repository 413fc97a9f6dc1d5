// SPDX-License-Identifier: GPL-2.0
/*
 * The send map: what was transmitted, when, and what became of it.
 *
 * One entry is one transmission, a burst of forty segments as well as a
 * single FIN. The list in sequence order covers [SND.UNA, SND.NXT) exactly, and
 * a tree finds the entry that holds a number, however long the list is.
 * What is in flight is also listed in order of departure (RACK looks there),
 * what is lost in the order in which it is to be sent again; what was SACKed
 * is on neither, and SACKed neighbours become one entry, so that a walk along
 * the map passes a run of any length in one step.
 *
 * Entries are lent by the caller; two live in the TCB, so that a connection
 * of small exchanges borrows nothing. When the loan runs out the map becomes
 * coarser (neighbours merge, splits do not happen) and recovery may resend
 * more than it needs; nothing fails.
 */
#include "core.h"

static struct xtcp_sent *sent_get(struct xtcp_tcb *tcb)
{
	struct xtcp_sent *sent = tcb->map_free;

	if (!sent)
		return NULL;
	tcb->map_free = sent->next;
	tcb->map_nfree--;
	return sent;
}

static void sent_put(struct xtcp_tcb *tcb, struct xtcp_sent *sent)
{
	sent->next = tcb->map_free;
	tcb->map_free = sent;
	tcb->map_nfree++;
}

/**
 * xtcp_map_lend - give the engine memory for one more transmission
 * @tcb: connection
 * @sent: uninitialised memory, the engine's until xtcp_map_reclaim()
 *
 * To be called before xtcp_tx_peek(), and before xtcp_rx() of a segment with
 * SACK blocks, while fewer than xtcp_map_want() entries are unused
 * (tcb->map_nfree).
 */
void xtcp_map_lend(struct xtcp_tcb *tcb, struct xtcp_sent *sent)
{
	sent_put(tcb, sent);
}

/* Does @sent live in the TCB? It is never given back then. */
static bool is_own(const struct xtcp_tcb *tcb, const struct xtcp_sent *sent)
{
	return sent >= tcb->map_own && sent < tcb->map_own + XTCP_SENT_EMBEDDED;
}

/**
 * xtcp_map_reclaim - take an unused entry back
 * @tcb: connection
 *
 * After xtcp_tcb_fini() every entry ever lent comes back in this way; on a
 * live connection the unused ones do.
 *
 * Return: an entry that had been lent, or NULL when none is unused.
 */
struct xtcp_sent *xtcp_map_reclaim(struct xtcp_tcb *tcb)
{
	struct xtcp_sent **link = &tcb->map_free;

	/* At most XTCP_SENT_EMBEDDED steps: the rest of the list was lent. */
	while (*link && is_own(tcb, *link))
		link = &(*link)->next;
	if (*link) {
		struct xtcp_sent *sent = *link;

		*link = sent->next;
		tcb->map_nfree--;
		return sent;
	}
	return NULL;
}

static u32 sent_len(const struct xtcp_sent *sent)
{
	return sent->end - sent->seq;
}

/* ---- in flight, and lost ---- */

static void flight_add(struct xtcp_tcb *tcb, struct xtcp_sent *sent)
{
	tcb->small_out += !!(sent->marks & XTCP_SENT_SMALL);
	sent->order = ++tcb->departures;
	sent->tnext = NULL;
	sent->tprev = tcb->map_new;
	if (tcb->map_new)
		tcb->map_new->tnext = sent;
	else
		tcb->map_old = sent;
	tcb->map_new = sent;
}

/*
 * What lies below everything else that is lost goes first, because delivery
 * waits for it; the rest follows in the order in which it was found lost,
 * which is that of departure. Sorting would cost a peer's choice of steps; what
 * the order leaves behind comes to its turn as the head, see xtcp_map_next().
 */
static void lost_add(struct xtcp_tcb *tcb, struct xtcp_sent *sent)
{
	struct xtcp_sent *first = tcb->map_lost;

	if (first && seq_lt(sent->seq, first->seq)) {
		sent->tprev = NULL;
		sent->tnext = first;
		first->tprev = sent;
		tcb->map_lost = sent;
		return;
	}
	sent->tnext = NULL;
	sent->tprev = tcb->map_lost_tail;
	if (first)
		tcb->map_lost_tail->tnext = sent;
	else
		tcb->map_lost = sent;
	tcb->map_lost_tail = sent;
}

/* Off whichever of the two lists it is on. */
static void time_del(struct xtcp_tcb *tcb, struct xtcp_sent *sent)
{
	bool lost = sent->marks & XTCP_SENT_LOST;

	if (sent->marks & XTCP_SENT_SACKED)
		return;
	if (!lost)
		tcb->small_out -= !!(sent->marks & XTCP_SENT_SMALL);
	if (sent->tprev)
		sent->tprev->tnext = sent->tnext;
	else if (lost)
		tcb->map_lost = sent->tnext;
	else
		tcb->map_old = sent->tnext;
	if (sent->tnext)
		sent->tnext->tprev = sent->tprev;
	else if (lost)
		tcb->map_lost_tail = sent->tprev;
	else
		tcb->map_new = sent->tprev;
}

/* @part was cut off the end of @sent, and is on the same list behind it. */
static void time_add_after(struct xtcp_tcb *tcb, struct xtcp_sent *sent,
			   struct xtcp_sent *part)
{
	if (sent->marks & XTCP_SENT_SACKED)
		return;
	part->tprev = sent;
	part->tnext = sent->tnext;
	if (sent->tnext)
		sent->tnext->tprev = part;
	else if (sent->marks & XTCP_SENT_LOST)
		tcb->map_lost_tail = part;
	else
		tcb->map_new = part;
	sent->tnext = part;
}

/* Takes the marks and the bytes they count off an entry of which @len goes. */
static void uncount(struct xtcp_tcb *tcb, const struct xtcp_sent *sent, u32 len)
{
	if (sent->marks & XTCP_SENT_LOST)
		tcb->lost_out -= len;
	if (sent->marks & XTCP_SENT_SACKED)
		tcb->sacked_out -= len;
}

/* Off the lists; the tree is the caller's. */
static void unlink_sent(struct xtcp_tcb *tcb, struct xtcp_sent *sent)
{
	time_del(tcb, sent);
	uncount(tcb, sent, sent_len(sent));
	if (sent->prev)
		sent->prev->next = sent->next;
	else
		tcb->map_head = sent->next;
	if (sent->next)
		sent->next->prev = sent->prev;
	else
		tcb->map_tail = sent->prev;
	sent_put(tcb, sent);
}

static void remove_sent(struct xtcp_tcb *tcb, struct xtcp_sent *sent)
{
	xtcp_treap_remove(&tcb->map_root, &sent->node);
	unlink_sent(tcb, sent);
}

/* xtcp_map_find - the entry that holds @seq, which is out */
struct xtcp_sent *xtcp_map_find(const struct xtcp_tcb *tcb, u32 seq)
{
	BUILD_BUG_ON(offsetof(struct xtcp_sent, seq) != offsetof(struct xtcp_node, seq));
	return (struct xtcp_sent *)xtcp_treap_before(tcb->map_root, seq);
}

/*
 * xtcp_map_lost - @sent, in flight so far, is not believed to arrive
 *
 * Once it is sent again it is in flight anew.
 */
void xtcp_map_lost(struct xtcp_tcb *tcb, struct xtcp_sent *sent)
{
	time_del(tcb, sent);
	if (sent->nrtx)
		xtcp_mib(tcb, XTCP_MIB_LOST_RETRANSMIT);
	sent->marks |= XTCP_SENT_LOST;
	tcb->lost_out += sent_len(sent);
	lost_add(tcb, sent);
	/* A SYN is no data, and no congestion control has begun. */
	if (xtcp_syn_out(tcb))
		return;
	tcb->lost += sent_len(sent);
	if (tcb->cc->lost)
		tcb->cc->lost(tcb, sent);
}

/*
 * xtcp_map_next - what is to be sent again first, or NULL
 *
 * The head before all others: without it nothing ever moves.
 */
struct xtcp_sent *xtcp_map_next(const struct xtcp_tcb *tcb)
{
	if (tcb->map_lost && tcb->map_head->marks & XTCP_SENT_LOST)
		return tcb->map_head;
	return tcb->map_lost;
}

static void set_in_flight(struct xtcp_tcb *tcb, struct xtcp_sent *sent)
{
	time_del(tcb, sent);
	uncount(tcb, sent, sent_len(sent));
	sent->marks &= ~(XTCP_SENT_LOST | XTCP_SENT_SACKED);
	flight_add(tcb, sent);
}

/* ---- transmission ---- */

/*
 * xtcp_map_append - [SND.NXT, @end) is transmitted for the first time
 *
 * Moves SND.NXT. Without a free entry the last one grows: it then counts as
 * resent, because one send time no longer describes all of it, and as neither
 * SACKed nor lost, because not all of it is: what counts as lost does not fill
 * the congestion window.
 */
struct xtcp_sent *xtcp_map_append(struct xtcp_tcb *tcb, u32 end, u8 marks, u64 now)
{
	struct xtcp_sent *sent = sent_get(tcb);
	struct xtcp_sent *tail = tcb->map_tail;

	if (!sent) {
		/* With two entries embedded an empty map has a free one. */
		if (tail->marks & (XTCP_SENT_SACKED | XTCP_SENT_LOST))
			set_in_flight(tcb, tail);
		tail->end = end;
		tail->mss = min_t(u32, tail->mss, tcb->mss);
		tail->marks |= XTCP_SENT_RTX;
		tcb->snd_nxt = end;
		return tail;
	}
	sent->seq = tcb->snd_nxt;
	sent->end = end;
	sent->sent_at = now;
	sent->first_at = now;
	sent->marks = marks;
	sent->nrtx = 0;
	sent->mss = tcb->mss;
	sent->next = NULL;
	sent->prev = tail;
	if (tail) {
		tail->next = sent;
	} else {
		tcb->map_head = sent;
		tcb->sack_rest = tcb->snd_una;
	}
	tcb->map_tail = sent;
	xtcp_treap_insert(tcb, &tcb->map_root, &sent->node);
	flight_add(tcb, sent);
	tcb->snd_nxt = end;
	xtcp_rate_sent(tcb, sent, now);
	return sent;
}

/*
 * xtcp_map_split - make @at a border between entries
 *
 * Return: whether it is one now; not so without an entry to do it with.
 */
bool xtcp_map_split(struct xtcp_tcb *tcb, struct xtcp_sent *sent, u32 at)
{
	struct xtcp_sent *rest = sent_get(tcb);

	if (!rest)
		return false;
	rest->seq = at;
	rest->end = sent->end;
	rest->sent_at = sent->sent_at;
	rest->order = sent->order;
	rest->first_at = sent->first_at;
	rest->delivered_at = sent->delivered_at;
	rest->first_tx_at = sent->first_tx_at;
	rest->delivered = sent->delivered;
	rest->lost = sent->lost;
	rest->flight = sent->flight;
	rest->marks = sent->marks;
	sent->marks &= ~XTCP_SENT_SMALL;
	rest->nrtx = sent->nrtx;
	rest->mss = sent->mss;
	rest->prev = sent;
	rest->next = sent->next;
	if (sent->next)
		sent->next->prev = rest;
	else
		tcb->map_tail = rest;
	sent->next = rest;
	sent->end = at;
	xtcp_treap_insert(tcb, &tcb->map_root, &rest->node);
	time_add_after(tcb, sent, rest);
	return true;
}

/*
 * xtcp_map_resent - [@seq, @end) was transmitted again
 *
 * An entry that cannot be split counts as resent as a whole; the timeout
 * repairs what this leaves out.
 */
void xtcp_map_resent(struct xtcp_tcb *tcb, u32 seq, u32 end, u64 now)
{
	struct xtcp_sent *sent = xtcp_map_find(tcb, seq);

	if (sent && seq_lt(sent->seq, seq) && xtcp_map_split(tcb, sent, seq))
		sent = sent->next;
	for (; sent && seq_lt(sent->seq, end); sent = sent->next) {
		if (seq_gt(sent->end, end))
			xtcp_map_split(tcb, sent, end);
		if (sent->marks & XTCP_SENT_SACKED)
			continue;
		set_in_flight(tcb, sent);
		sent->marks |= XTCP_SENT_RTX;
		sent->mss = tcb->mss;
		sent->sent_at = now;
		if (sent->nrtx < 255)
			sent->nrtx++;
		xtcp_rate_sent(tcb, sent, now);
	}
}

/* ---- arrival ---- */

/*
 * xtcp_map_ack - everything below @ack has arrived
 *
 * Moves SND.UNA. Cost: one step an entry freed, each of which a transmission
 * paid for.
 */
void xtcp_map_ack(struct xtcp_tcb *tcb, u32 ack, struct xtcp_ack *a)
{
	struct xtcp_sent *sent;

	a->una = ack - tcb->snd_una;
	a->original = xtcp_undo_original(tcb, a);
	a->head_orig = xtcp_undo_head(tcb);
	while ((sent = tcb->map_head) && seq_lt(sent->seq, ack)) {
		u32 end = seq_min(sent->end, ack);

		if (!(sent->marks & XTCP_SENT_SACKED))
			xtcp_delivered(tcb, sent, end, false, a);
		if (seq_gt(sent->end, ack)) {
			uncount(tcb, sent, ack - sent->seq);
			sent->seq = ack;
			break;
		}
		unlink_sent(tcb, sent);
	}
	xtcp_treap_cut(&tcb->map_root, ack);
	tcb->snd_una = ack;
	tcb->sack_rest = seq_max(tcb->sack_rest, ack);
}

/*
 * xtcp_map_sacked - the peer says that it holds @sent
 *
 * Return: the entry that is in its place, merged with SACKed neighbours.
 */
struct xtcp_sent *xtcp_map_sacked(struct xtcp_tcb *tcb, struct xtcp_sent *sent,
				  struct xtcp_ack *a)
{
	struct xtcp_sent *prev = sent->prev, *next = sent->next;

	xtcp_delivered(tcb, sent, sent->end, true, a);
	a->sacked += sent_len(sent);
	time_del(tcb, sent);
	uncount(tcb, sent, sent_len(sent));
	sent->marks &= ~XTCP_SENT_LOST;
	sent->marks |= XTCP_SENT_SACKED;
	tcb->sacked_out += sent_len(sent);
	if (next && next->marks & XTCP_SENT_SACKED) {
		u32 end = next->end;

		sent->marks |= next->marks & XTCP_SENT_RTX;
		remove_sent(tcb, next);
		tcb->sacked_out += end - sent->end;
		sent->end = end;
	}
	if (prev && prev->marks & XTCP_SENT_SACKED) {
		u32 end = sent->end;

		prev->marks |= sent->marks & XTCP_SENT_RTX;
		remove_sent(tcb, sent);
		tcb->sacked_out += end - prev->end;
		prev->end = end;
		sent = prev;
	}
	return sent;
}

/* ---- a timeout, and second thoughts ---- */

/* The first @len bytes after SND.UNA are lost; more where a split fails. */
void xtcp_map_mark_head(struct xtcp_tcb *tcb, u32 len)
{
	struct xtcp_sent *head = tcb->map_head;

	if (!head || head->marks & (XTCP_SENT_LOST | XTCP_SENT_SACKED))
		return;
	if (sent_len(head) > len)
		xtcp_map_split(tcb, head, head->seq + len);
	xtcp_map_lost(tcb, head);
}

/*
 * xtcp_map_mark_all - nothing in flight is believed to arrive any more
 * @renege: not even what was SACKed is believed to be kept (RFC 2018, 8)
 */
void xtcp_map_mark_all(struct xtcp_tcb *tcb, bool renege)
{
	struct xtcp_sent *sent;

	if (renege)
		for (sent = tcb->map_head; sent; sent = sent->next)
			if (sent->marks & XTCP_SENT_SACKED) {
				set_in_flight(tcb, sent);
				sent->marks |= XTCP_SENT_RTX;
			}
	for (sent = tcb->map_head; sent; sent = sent->next)
		if (!(sent->marks & (XTCP_SENT_LOST | XTCP_SENT_SACKED)))
			xtcp_map_lost(tcb, sent);
	/* Nothing is in flight that could become late. */
	xtcp_dl_clear(tcb, XTCP_DL_REO);
}

static bool left_before(const struct xtcp_sent *a, const struct xtcp_sent *b)
{
	return seq_lt(a->order, b->order) ||
	       (a->order == b->order && seq_lt(a->seq, b->seq));
}

/* Two lists in order of departure, linked by tnext alone, become one. */
static struct xtcp_sent *merge(struct xtcp_sent *a, struct xtcp_sent *b)
{
	struct xtcp_sent *first = NULL, **link = &first;

	while (a && b) {
		struct xtcp_sent **least = left_before(a, b) ? &a : &b;

		*link = *least;
		link = &(*link)->tnext;
		*least = *link;
	}
	*link = a ? a : b;
	return first;
}

/*
 * xtcp_map_unlose - what was taken for lost is on its way after all
 *
 * It goes back to its place in the order of departure, or RACK would stop
 * before it at an entry that left later. The order of loss is another one, and a
 * peer has a hand in it: so a merge sort, run[i] of 2^i entries.
 */
void xtcp_map_unlose(struct xtcp_tcb *tcb)
{
	struct xtcp_sent *run[32] = { NULL }, *sent, *next;
	u32 i;

	if (!tcb->map_lost)
		return;
	for (sent = tcb->map_lost; sent; sent = next) {
		next = sent->tnext;
		sent->tnext = NULL;
		sent->marks &= ~XTCP_SENT_LOST;
		tcb->small_out += !!(sent->marks & XTCP_SENT_SMALL);
		for (i = 0; run[i]; i++) {
			sent = merge(run[i], sent);
			run[i] = NULL;
		}
		run[i] = sent;
	}
	for (i = 0; i < ARRAY_SIZE(run); i++)
		tcb->map_old = merge(run[i], tcb->map_old);
	for (sent = NULL, next = tcb->map_old; next; sent = next, next = next->tnext)
		next->tprev = sent;
	tcb->map_new = sent;
	tcb->map_lost = NULL;
	tcb->map_lost_tail = NULL;
	tcb->lost -= tcb->lost_out;
	tcb->lost_out = 0;
}

/*
 * xtcp_map_unsend_probe - the closed window opened, its probe was refused
 *
 * The octet goes out again as the first of a full segment instead of alone,
 * as if it had never been sent; an acknowledgement of it that is still on
 * its way finds SND.NXT beyond it again, since the segment follows at once.
 * Where the window opened by less than a segment is worth, that one is refused
 * and the next one counts: a timeout of the octet alone would cost more.
 */
void xtcp_map_unsend_probe(struct xtcp_tcb *tcb)
{
	struct xtcp_sent *head = tcb->map_head;

	if (!head || head != tcb->map_tail || !(head->marks & XTCP_SENT_PROBE))
		return;
	if (seq_gt(head->end, tcb->snd_end))
		tcb->flags &= ~XTCP_F_FIN_SENT;
	tcb->snd_nxt = tcb->snd_una;
	remove_sent(tcb, head);
}

/* The connection is over: every entry is unused. */
void xtcp_map_flush(struct xtcp_tcb *tcb)
{
	while (tcb->map_head)
		unlink_sent(tcb, tcb->map_head);
	tcb->map_root = NULL;
}
