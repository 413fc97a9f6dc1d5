// SPDX-License-Identifier: GPL-2.0
/*
 * The send map: what was transmitted, when, and what became of it.
 *
 * One entry is one transmission, whether a burst of forty segments or a single
 * FIN. A list in sequence order covers [SND.UNA, SND.NXT) exactly, and a tree
 * finds the entry that holds a sequence number, however long the list is. Entries
 * in flight are also on a list in order of departure (for RACK), lost ones on a
 * list in the order in which they are to be resent. SACKed ones are on neither,
 * and SACKed neighbours merge, so that a walk along the map passes a run of any
 * length in one step.
 *
 * The caller lends entries; two are part of the TCB, so that a connection of
 * small exchanges borrows none. Without free entries the map becomes coarser
 * (neighbours merge, splits do not happen) and recovery may resend more than it
 * needs; nothing fails.
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

void xtcp_map_lend(struct xtcp_tcb *tcb, struct xtcp_sent *sent)
{
	sent_put(tcb, sent);
}

/* Is @sent part of the TCB? Such an entry is never given back. */
static bool sent_is_own(const struct xtcp_tcb *tcb, const struct xtcp_sent *sent)
{
	return sent >= tcb->map_own && sent < tcb->map_own + XTCP_SENT_EMBEDDED;
}

struct xtcp_sent *xtcp_map_reclaim(struct xtcp_tcb *tcb)
{
	struct xtcp_sent **link = &tcb->map_free;

	/* At most XTCP_SENT_EMBEDDED steps: the rest of the list was lent. */
	while (*link && sent_is_own(tcb, *link))
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

static void map_flight_add(struct xtcp_tcb *tcb, struct xtcp_sent *sent)
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
 * Add a lost entry to the list. One below all others goes first, because delivery
 * waits for it; the others follow in the order in which they were found lost,
 * which is that of departure. Sorting would let a peer choose the number of
 * steps; an entry left behind by this order has its turn as the head, see
 * xtcp_map_next().
 */
static void map_lost_add(struct xtcp_tcb *tcb, struct xtcp_sent *sent)
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

/* Remove @sent from the list that it is on: in flight, or lost. */
static void map_time_del(struct xtcp_tcb *tcb, struct xtcp_sent *sent)
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

/* @part is the end of @sent, split off: put it on the same list, behind @sent. */
static void map_time_add_after(struct xtcp_tcb *tcb, struct xtcp_sent *sent,
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

/* Uncount @len bytes of an entry from the totals of lost and SACKed bytes. */
static void map_uncount(struct xtcp_tcb *tcb, const struct xtcp_sent *sent, u32 len)
{
	if (sent->marks & XTCP_SENT_LOST)
		tcb->lost_out -= len;
	if (sent->marks & XTCP_SENT_SACKED)
		tcb->sacked_out -= len;
}

/* Take @sent off the lists and free it; the caller updates the tree. */
static void map_unlink(struct xtcp_tcb *tcb, struct xtcp_sent *sent)
{
	map_time_del(tcb, sent);
	map_uncount(tcb, sent, sent_len(sent));
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

static void map_remove(struct xtcp_tcb *tcb, struct xtcp_sent *sent)
{
	xtcp_treap_remove(&tcb->map_root, &sent->node);
	map_unlink(tcb, sent);
}

/* xtcp_map_find - the entry that holds @seq, of [SND.UNA, SND.NXT) */
struct xtcp_sent *xtcp_map_find(const struct xtcp_tcb *tcb, u32 seq)
{
	BUILD_BUG_ON(offsetof(struct xtcp_sent, seq) != offsetof(struct xtcp_node, seq));
	return (struct xtcp_sent *)xtcp_treap_before(tcb->map_root, seq);
}

/*
 * xtcp_map_lost - mark @sent, in flight so far, as lost
 *
 * A retransmission puts it in flight again.
 */
void xtcp_map_lost(struct xtcp_tcb *tcb, struct xtcp_sent *sent)
{
	map_time_del(tcb, sent);
	if (sent->nrtx)
		xtcp_mib_note(tcb, XTCP_MIB_LOST_RETRANSMIT);
	sent->marks |= XTCP_SENT_LOST;
	tcb->lost_out += sent_len(sent);
	map_lost_add(tcb, sent);
	/* A SYN is not data, and congestion control has not begun. */
	if (xtcp_syn_out(tcb))
		return;
	tcb->lost += sent_len(sent);
	if (tcb->cc->lost)
		tcb->cc->lost(tcb, sent);
}

/*
 * xtcp_map_next - the lost entry to resend first, or NULL
 *
 * The head comes before all others: without it SND.UNA does not advance.
 */
struct xtcp_sent *xtcp_map_next(const struct xtcp_tcb *tcb)
{
	if (tcb->map_lost && tcb->map_head->marks & XTCP_SENT_LOST)
		return tcb->map_head;
	return tcb->map_lost;
}

static void map_set_in_flight(struct xtcp_tcb *tcb, struct xtcp_sent *sent)
{
	map_time_del(tcb, sent);
	map_uncount(tcb, sent, sent_len(sent));
	sent->marks &= ~(XTCP_SENT_LOST | XTCP_SENT_SACKED);
	map_flight_add(tcb, sent);
}

/* ---- transmission ---- */

/*
 * xtcp_map_append - record the first transmission of [SND.NXT, @end)
 * @end: new SND.NXT
 * @marks: XTCP_SENT_* of the new entry
 * @now: ns
 *
 * Without a free entry the last one grows. It then counts as retransmitted,
 * because one send time no longer describes all of it, and as neither SACKed nor
 * lost, because not all of it is, and lost bytes do not use the congestion
 * window.
 *
 * Return: the entry that ends at @end.
 */
struct xtcp_sent *xtcp_map_append(struct xtcp_tcb *tcb, u32 end, u8 marks, u64 now)
{
	struct xtcp_sent *sent = sent_get(tcb);
	struct xtcp_sent *tail = tcb->map_tail;

	if (!sent) {
		/* Two entries are embedded, so an empty map has a free one. */
		if (tail->marks & (XTCP_SENT_SACKED | XTCP_SENT_LOST))
			map_set_in_flight(tcb, tail);
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
	map_flight_add(tcb, sent);
	tcb->snd_nxt = end;
	xtcp_rate_sent(tcb, sent, now);
	return sent;
}

/*
 * xtcp_map_split - split @sent at @at
 *
 * Return: false if no entry is free; @sent is then unchanged.
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
	map_time_add_after(tcb, sent, rest);
	return true;
}

/*
 * xtcp_map_resent - record a retransmission of [@seq, @end) at @now (ns)
 *
 * An entry that cannot be split counts as retransmitted as a whole; if the rest
 * of it is lost, the retransmission timer repairs that.
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
		map_set_in_flight(tcb, sent);
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
 * xtcp_map_ack - everything below @ack was delivered: advance SND.UNA
 *
 * Cost: one step for each entry freed, and each was one transmission.
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
			map_uncount(tcb, sent, ack - sent->seq);
			sent->seq = ack;
			break;
		}
		map_unlink(tcb, sent);
	}
	xtcp_treap_cut(&tcb->map_root, ack);
	tcb->snd_una = ack;
	tcb->sack_rest = seq_max(tcb->sack_rest, ack);
}

/*
 * xtcp_map_sacked - the peer has SACKed @sent
 *
 * Return: the entry that now holds these bytes, merged with SACKed neighbours.
 */
struct xtcp_sent *xtcp_map_sacked(struct xtcp_tcb *tcb, struct xtcp_sent *sent,
				  struct xtcp_ack *a)
{
	struct xtcp_sent *prev = sent->prev, *next = sent->next;

	xtcp_delivered(tcb, sent, sent->end, true, a);
	a->sacked += sent_len(sent);
	map_time_del(tcb, sent);
	map_uncount(tcb, sent, sent_len(sent));
	sent->marks &= ~XTCP_SENT_LOST;
	sent->marks |= XTCP_SENT_SACKED;
	tcb->sacked_out += sent_len(sent);
	if (next && next->marks & XTCP_SENT_SACKED) {
		u32 end = next->end;

		sent->marks |= next->marks & XTCP_SENT_RTX;
		map_remove(tcb, next);
		tcb->sacked_out += end - sent->end;
		sent->end = end;
	}
	if (prev && prev->marks & XTCP_SENT_SACKED) {
		u32 end = sent->end;

		prev->marks |= sent->marks & XTCP_SENT_RTX;
		map_remove(tcb, sent);
		tcb->sacked_out += end - prev->end;
		prev->end = end;
		sent = prev;
	}
	return sent;
}

/* ---- timeout and undo ---- */

/* xtcp_map_mark_head - the first @len bytes are lost; more if a split fails */
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
 * xtcp_map_mark_all - mark everything in flight as lost
 * @renege: SACKed data too, because the peer has dropped it (RFC 2018, 8)
 */
void xtcp_map_mark_all(struct xtcp_tcb *tcb, bool renege)
{
	struct xtcp_sent *sent;

	if (renege)
		for (sent = tcb->map_head; sent; sent = sent->next)
			if (sent->marks & XTCP_SENT_SACKED) {
				map_set_in_flight(tcb, sent);
				sent->marks |= XTCP_SENT_RTX;
			}
	for (sent = tcb->map_head; sent; sent = sent->next)
		if (!(sent->marks & (XTCP_SENT_LOST | XTCP_SENT_SACKED)))
			xtcp_map_lost(tcb, sent);
	/* Nothing in flight can become late any more. */
	xtcp_dl_clear(tcb, XTCP_DL_REO);
}

static bool map_left_before(const struct xtcp_sent *a, const struct xtcp_sent *b)
{
	return seq_lt(a->order, b->order) ||
	       (a->order == b->order && seq_lt(a->seq, b->seq));
}

/* Merge two lists in order of departure, linked by tnext alone. */
static struct xtcp_sent *map_merge(struct xtcp_sent *a, struct xtcp_sent *b)
{
	struct xtcp_sent *first = NULL, **link = &first;

	while (a && b) {
		struct xtcp_sent **least = map_left_before(a, b) ? &a : &b;

		*link = *least;
		link = &(*link)->tnext;
		*least = *link;
	}
	*link = a ? a : b;
	return first;
}

/*
 * xtcp_map_unlose - what was marked lost is in flight after all
 *
 * Each entry returns to its place in the order of departure; otherwise RACK would
 * stop before it, at an entry that left later. The lost list has another order,
 * which a peer can influence: hence a merge sort, with run[i] of 2^i entries.
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
			sent = map_merge(run[i], sent);
			run[i] = NULL;
		}
		run[i] = sent;
	}
	for (i = 0; i < ARRAY_SIZE(run); i++)
		tcb->map_old = map_merge(run[i], tcb->map_old);
	for (sent = NULL, next = tcb->map_old; next; sent = next, next = next->tnext)
		next->tprev = sent;
	tcb->map_new = sent;
	tcb->map_lost = NULL;
	tcb->map_lost_tail = NULL;
	tcb->lost -= tcb->lost_out;
	tcb->lost_out = 0;
}

/*
 * xtcp_map_unsend_probe - the window opened and the peer refused our probe
 *
 * Treat the octet as never sent: it goes out again as the first of a full
 * segment. That segment usually follows at once, so a late ACK of the octet is
 * acceptable. If the window opened too little for a segment, that ACK is beyond
 * SND.NXT and rejected, and the next one counts: a timeout of the lone octet
 * would cost more.
 */
void xtcp_map_unsend_probe(struct xtcp_tcb *tcb)
{
	struct xtcp_sent *head = tcb->map_head;

	if (!head || head != tcb->map_tail || !(head->marks & XTCP_SENT_PROBE))
		return;
	if (seq_gt(head->end, tcb->snd_end))
		tcb->flags &= ~XTCP_F_FIN_SENT;
	tcb->snd_nxt = tcb->snd_una;
	map_remove(tcb, head);
}

/* xtcp_map_flush - the connection is over: free every entry */
void xtcp_map_flush(struct xtcp_tcb *tcb)
{
	while (tcb->map_head)
		map_unlink(tcb, tcb->map_head);
	tcb->map_root = NULL;
}
