// SPDX-License-Identifier: GPL-2.0
/*
 * Selective acknowledgements that arrive: RFC 2018, section 5, RFC 2883 and
 * the bounds a peer needs that means no good.
 *
 * Blocks mark entries of the send map. A receiver repeats each block in several
 * ACKs (RFC 2018, 4), so those of the last ACK are remembered, with the place
 * where each ended: of a block that was seen before only what it has grown by
 * is looked at, and a new one is found from the nearest place known. Steps and
 * marks of one ACK are counted; what is left over goes on with the next. So the
 * cost of an ACK does not depend on how much is queued, and not on what blocks
 * the peer invents.
 */
#include "core.h"

/* Entries looked at or marked for one ACK: some seven thousand instructions. */
#define STEPS_MAX	64

/* xtcp_score_reset - what was SACKed is not any more */
void xtcp_score_reset(struct xtcp_tcb *tcb)
{
	memset(tcb->score, 0, sizeof(tcb->score));
}

/* xtcp_score_forget - @sent leaves the map: no place to start from */
void xtcp_score_forget(struct xtcp_tcb *tcb, const struct xtcp_sent *sent)
{
	u32 i;

	for (i = 0; i < XTCP_MAX_SACKS; i++)
		if (tcb->score[i].at == sent)
			tcb->score[i].at = NULL;
}

/* Nearest place known from which a walk can find @seq. */
static struct xtcp_sent *nearest(const struct xtcp_tcb *tcb, u32 seq)
{
	struct xtcp_sent *best = tcb->map_head;
	u32 far = seq - tcb->snd_una, i;

	if (tcb->snd_nxt - seq < far) {
		best = tcb->map_tail;
		far = tcb->snd_nxt - seq;
	}
	for (i = 0; i < XTCP_MAX_SACKS; i++) {
		struct xtcp_sent *at = tcb->score[i].at;
		u32 off;

		if (!at)
			continue;
		off = seq_ge(seq, at->seq) ? seq - at->seq : at->seq - seq;
		if (off < far) {
			best = at;
			far = off;
		}
	}
	return best;
}

/* Walk to the entry that holds @seq, as far as the steps suffice. */
static struct xtcp_sent *find(const struct xtcp_tcb *tcb, u32 seq, u32 *steps)
{
	struct xtcp_sent *sent = nearest(tcb, seq);

	for (; *steps; --*steps) {
		if (seq_lt(seq, sent->seq))
			sent = sent->prev;
		else if (seq_ge(seq, sent->end))
			sent = sent->next;
		else
			break;
	}
	return sent;
}

/*
 * Cut @sent to what [start, end) covers of it, in whole segments of this
 * connection: smaller pieces no receiver acknowledges, and a map in pieces of
 * a byte would cost memory and time. But for the last one: some receivers do
 * not count the FIN behind it. NULL: nothing is left.
 */
static struct xtcp_sent *cut_to(struct xtcp_tcb *tcb, struct xtcp_sent *sent,
				u32 start, u32 end)
{
	u32 mss = tcb->mss, at;

	if (seq_lt(sent->seq, start)) {
		at = sent->seq + DIV_ROUND_UP(start - sent->seq, mss) * mss;
		if (seq_ge(at, sent->end) || seq_ge(at, end) ||
		    !xtcp_map_split(tcb, sent, at))
			return NULL;
		sent = sent->next;
	}
	if (seq_gt(sent->end, end)) {
		at = end;
		if (at != tcb->snd_end)
			at -= (end - sent->seq) % mss;
		if (at == sent->seq || !xtcp_map_split(tcb, sent, at))
			return NULL;
	}
	return sent;
}

/* Enter what is new of [start, end) into the map; @seen remembers it. */
static void block_rx(struct xtcp_tcb *tcb, u32 start, u32 end,
		     struct xtcp_score *seen, u32 *steps, struct xtcp_ack *a)
{
	struct xtcp_sent *sent, *part;

	if (seq_lt(start, seen->start) || seq_gt(start, seen->end)) {
		seen->start = start;
		seen->end = start;
	}
	start = seen->end;
	if (seq_ge(start, end))
		return;
	for (sent = find(tcb, start, steps); *steps && sent && seq_lt(sent->seq, end);
	     sent = sent->next) {
		--*steps;
		if (!(sent->marks & XTCP_SENT_SACKED)) {
			part = cut_to(tcb, sent, start, end);
			if (part)
				sent = xtcp_map_sacked(tcb, part, a);
		}
		/* The rest of a segment only half covered may follow. */
		if (sent->marks & XTCP_SENT_SACKED)
			seen->end = seq_min(sent->end, end);
		seen->at = sent;
	}
	/* Out of steps: the next ACK goes on from here. */
	if (sent)
		seen->at = sent;
}

/* Which of tcb->score a block goes on with: one it touches, or else any. */
static void assign(const struct xtcp_tcb *tcb, const struct xtcp_seg *seg,
		   const u32 *order, u32 n, u32 *slot)
{
	u32 used = 0, i, k;

	for (i = 0; i < n; i++) {
		u32 start = seg->sack[order[i]].start;

		slot[i] = XTCP_MAX_SACKS;
		for (k = 0; k < XTCP_MAX_SACKS; k++)
			if (!(used & 1U << k) && seq_ge(start, tcb->score[k].start) &&
			    seq_lt(start, tcb->score[k].end)) {
				slot[i] = k;
				used |= 1U << k;
				break;
			}
	}
	for (i = 0; i < n; i++) {
		if (slot[i] != XTCP_MAX_SACKS)
			continue;
		slot[i] = __ffs(~used);
		used |= 1U << slot[i];
	}
}

/*
 * RFC 2883, 4: the first block tells of a duplicate when it lies below the
 * cumulative ACK, or inside of the second block.
 */
static bool is_dsack(const struct xtcp_seg *seg)
{
	if (seq_le(seg->sack[0].end, seg->ack))
		return true;
	return seg->nsack > 1 && seq_ge(seg->sack[0].start, seg->sack[1].start) &&
	       seq_le(seg->sack[0].end, seg->sack[1].end);
}

/*
 * xtcp_score_rx - the SACK blocks of an acceptable ACK
 * @a: what was delivered by them is added
 *
 * To be called after SND.UNA was moved. Blocks are taken in the order of the
 * sequence space, whatever theirs is, because RACK learns of reordering from
 * it. One that is empty, reaches below SND.UNA or beyond SND.NXT is no block of
 * a receiver in its senses, and ignored.
 */
void xtcp_score_rx(struct xtcp_tcb *tcb, const struct xtcp_seg *seg,
		   struct xtcp_ack *a)
{
	u32 order[XTCP_MAX_SACKS], slot[XTCP_MAX_SACKS];
	u32 i, j, n = 0, steps = XTCP_DEFENCE_OR(sack_steps, STEPS_MAX, ~0U);

	if (!tcb->sacked_out)
		xtcp_score_reset(tcb);
	for (i = 0; i < seg->nsack; i++) {
		u32 start = seg->sack[i].start, end = seg->sack[i].end;

		if (!seq_lt(start, end))
			continue;
		if (!i && is_dsack(seg)) {
			xtcp_dsack_rx(tcb, start, end, a);
			continue;
		}
		/* Both within what is out, also when the circle is half full. */
		if (start - tcb->snd_una >= tcb->snd_nxt - tcb->snd_una ||
		    end - tcb->snd_una > tcb->snd_nxt - tcb->snd_una)
			continue;
		for (j = n++; j && seq_lt(start, seg->sack[order[j - 1]].start); j--)
			order[j] = order[j - 1];
		order[j] = i;
	}
	assign(tcb, seg, order, n, slot);
	for (i = 0; i < n; i++)
		block_rx(tcb, seg->sack[order[i]].start, seg->sack[order[i]].end,
			 &tcb->score[slot[i]], &steps, a);
}
