// SPDX-License-Identifier: GPL-2.0
/*
 * The send map: what was transmitted, when, and what became of it.
 *
 * One entry is one transmission, a burst of forty segments as well as a
 * single FIN. The list in sequence order covers [SND.UNA, SND.NXT) exactly.
 * Entries are lent by the caller; two live in the TCB, so that a connection
 * of small exchanges borrows nothing. When the loan runs out the map becomes
 * coarser (neighbours merge, splits do not happen) and recovery may resend
 * more than it needs; nothing fails.
 */
#include "core.h"

/* Every entry is one cache line in the module's slab. */
static inline void sent_layout(void)
{
	BUILD_BUG_ON(sizeof(struct xtcp_sent) > 64);
}

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
 * To be called before xtcp_tx_peek() while fewer than XTCP_MAP_LOW entries
 * are unused (tcb->map_nfree).
 */
void xtcp_map_lend(struct xtcp_tcb *tcb, struct xtcp_sent *sent)
{
	sent_layout();
	sent->embedded = 0;
	sent_put(tcb, sent);
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
	while (*link && (*link)->embedded)
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

/* The first lost entry at or after @sent; the hint only ever moves forward. */
static struct xtcp_sent *next_lost(struct xtcp_sent *sent)
{
	while (sent && !(sent->marks & XTCP_SENT_LOST))
		sent = sent->next;
	return sent;
}

static void mark_lost(struct xtcp_tcb *tcb, struct xtcp_sent *sent)
{
	if (sent->marks & XTCP_SENT_LOST)
		return;
	sent->marks |= XTCP_SENT_LOST;
	tcb->lost_out += sent_len(sent);
	if (!tcb->map_lost || seq_lt(sent->seq, tcb->map_lost->seq))
		tcb->map_lost = sent;
}

static void clear_lost(struct xtcp_tcb *tcb, struct xtcp_sent *sent)
{
	if (!(sent->marks & XTCP_SENT_LOST))
		return;
	sent->marks &= ~XTCP_SENT_LOST;
	tcb->lost_out -= sent_len(sent);
	if (tcb->map_lost == sent)
		tcb->map_lost = next_lost(sent->next);
}

static void unlink_sent(struct xtcp_tcb *tcb, struct xtcp_sent *sent)
{
	clear_lost(tcb, sent);
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

/*
 * xtcp_map_append - [SND.NXT, @end) is transmitted for the first time
 *
 * Moves SND.NXT. Without a free entry the last one grows: it then counts as
 * resent, because one send time no longer describes all of it.
 */
void xtcp_map_append(struct xtcp_tcb *tcb, u32 end, u8 marks, u64 now)
{
	struct xtcp_sent *sent = sent_get(tcb);
	struct xtcp_sent *tail = tcb->map_tail;

	if (!sent) {
		/* With two entries embedded an empty map has a free one. */
		if (tail->marks & XTCP_SENT_LOST)
			tcb->lost_out += end - tail->end;
		tail->end = end;
		tail->marks |= XTCP_SENT_RTX;
		tcb->snd_nxt = end;
		return;
	}
	sent->seq = tcb->snd_nxt;
	sent->end = end;
	sent->sent_at = now;
	sent->first_at = now;
	sent->marks = marks;
	sent->nrtx = 0;
	sent->next = NULL;
	sent->prev = tail;
	if (tail)
		tail->next = sent;
	else
		tcb->map_head = sent;
	tcb->map_tail = sent;
	tcb->snd_nxt = end;
}

/*
 * xtcp_map_ack - everything below @ack has arrived
 *
 * Moves SND.UNA. Cost: one step an entry freed, each of which a transmission
 * paid for.
 */
void xtcp_map_ack(struct xtcp_tcb *tcb, u32 ack, struct xtcp_acked *acked)
{
	struct xtcp_sent *sent;

	acked->bytes = ack - tcb->snd_una;
	acked->sent_at = 0;
	acked->rtx = false;
	while ((sent = tcb->map_head) && seq_lt(sent->seq, ack)) {
		if (sent->marks & XTCP_SENT_RTX)
			acked->rtx = true;
		else
			acked->sent_at = sent->sent_at;
		if (seq_gt(sent->end, ack)) {
			if (sent->marks & XTCP_SENT_LOST)
				tcb->lost_out -= ack - sent->seq;
			sent->seq = ack;
			break;
		}
		unlink_sent(tcb, sent);
	}
	tcb->snd_una = ack;
}

/* Make @at a border between entries, if an entry is left to do it with. */
static void split(struct xtcp_tcb *tcb, struct xtcp_sent *sent, u32 at)
{
	struct xtcp_sent *rest = sent_get(tcb);

	if (!rest)
		return;
	rest->seq = at;
	rest->end = sent->end;
	rest->sent_at = sent->sent_at;
	rest->first_at = sent->first_at;
	rest->marks = sent->marks;
	rest->nrtx = sent->nrtx;
	rest->prev = sent;
	rest->next = sent->next;
	if (sent->next)
		sent->next->prev = rest;
	else
		tcb->map_tail = rest;
	sent->next = rest;
	sent->end = at;
}

/* The first @len bytes after SND.UNA are lost; more where a split fails. */
void xtcp_map_mark_head(struct xtcp_tcb *tcb, u32 len)
{
	struct xtcp_sent *head = tcb->map_head;

	if (!head)
		return;
	if (sent_len(head) > len && !(head->marks & XTCP_SENT_LOST))
		split(tcb, head, head->seq + len);
	mark_lost(tcb, head);
}

/* Nothing in flight is believed to arrive any more: a timeout. */
void xtcp_map_mark_all(struct xtcp_tcb *tcb)
{
	struct xtcp_sent *sent;

	for (sent = tcb->map_head; sent; sent = sent->next)
		sent->marks |= XTCP_SENT_LOST;
	tcb->map_lost = tcb->map_head;
	tcb->lost_out = tcb->snd_nxt - tcb->snd_una;
}

/*
 * xtcp_map_resent - [@seq, @end) was transmitted again
 *
 * @seq is the start of an entry, or inside of the first after a partial
 * acknowledgement. A last entry that cannot be split counts as resent as a
 * whole; the timeout repairs what this leaves out.
 */
void xtcp_map_resent(struct xtcp_tcb *tcb, u32 seq, u32 end, u64 now)
{
	struct xtcp_sent *sent = tcb->map_head;

	if (tcb->map_lost && seq_le(tcb->map_lost->seq, seq))
		sent = tcb->map_lost;
	while (sent && seq_le(sent->end, seq))
		sent = sent->next;
	for (; sent && seq_lt(sent->seq, end); sent = sent->next) {
		if (seq_gt(sent->end, end))
			split(tcb, sent, end);
		clear_lost(tcb, sent);
		sent->marks |= XTCP_SENT_RTX;
		sent->sent_at = now;
		if (sent->nrtx < 255)
			sent->nrtx++;
	}
}

/*
 * xtcp_map_unsend_probe - the closed window opened, its probe was refused
 *
 * The octet goes out again as the first of a full segment instead of alone,
 * as if it had never been sent; an acknowledgement of it that is still on
 * its way finds SND.NXT beyond it again, since the segment follows at once.
 */
void xtcp_map_unsend_probe(struct xtcp_tcb *tcb)
{
	struct xtcp_sent *head = tcb->map_head;

	if (!head || head != tcb->map_tail || !(head->marks & XTCP_SENT_PROBE))
		return;
	if (seq_gt(head->end, tcb->snd_end))
		tcb->flags &= ~XTCP_F_FIN_SENT;
	tcb->snd_nxt = tcb->snd_una;
	unlink_sent(tcb, head);
}

/* The connection is over: every entry is unused. */
void xtcp_map_flush(struct xtcp_tcb *tcb)
{
	while (tcb->map_head)
		unlink_sent(tcb, tcb->map_head);
}
