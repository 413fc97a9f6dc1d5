// SPDX-License-Identifier: GPL-2.0
/*
 * Selective acknowledgements that arrive: RFC 2018, section 5, RFC 2883 and
 * the bounds a peer needs that means no good.
 *
 * Blocks mark entries of the send map. The first one is found in its tree, and
 * what was SACKed before is one entry, however long: so a block that is repeated
 * (RFC 2018, 4) costs a way down the tree and a step, and one that has grown as
 * many steps as there are entries to mark. Marks of one ACK are counted; what is
 * left over the next one finds, and RACK leaves it alone until then. So the cost
 * of an ACK does not depend on how much is queued, and not on what blocks the peer
 * invents.
 */
#include "core.h"

/* Entries marked for one ACK. */
#define MARKS_MAX	64

/*
 * Cut @sent to what [start, end) covers of it, in whole segments as they left:
 * smaller pieces no receiver acknowledges, and a map in pieces of a byte would
 * cost memory and time. Except the last one: some receivers do not count the FIN
 * behind it. NULL: nothing is left.
 */
static struct xtcp_sent *cut_to(struct xtcp_tcb *tcb, struct xtcp_sent *sent,
				u32 start, u32 end)
{
	u32 mss = sent->mss, at;

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

/*
 * Mark what [start, end) covers. What is marked becomes one entry with what was
 * marked before it, and only at the two ends of a block there can be an entry
 * that stays as it is: so the steps are hardly more than the marks.
 *
 * Return: whether all of it is marked; TCB.sack_rest is the first that is not.
 */
static bool block_rx(struct xtcp_tcb *tcb, u32 start, u32 end, u32 *marks,
		     struct xtcp_ack *a)
{
	struct xtcp_sent *sent, *part;

	for (sent = xtcp_map_find(tcb, start); sent && seq_lt(sent->seq, end);
	     sent = sent->next) {
		if (sent->marks & XTCP_SENT_SACKED)
			continue;
		if (!*marks) {
			tcb->sack_rest = sent->seq;
			return false;
		}
		part = cut_to(tcb, sent, start, end);
		if (!part)
			continue;
		--*marks;
		sent = xtcp_map_sacked(tcb, part, a);
	}
	return true;
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
	u32 order[XTCP_MAX_SACKS];
	u32 i, j, n = 0, marks = XTCP_DEFENCE_OR(sack_steps, MARKS_MAX, ~0U);

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
	/* What an ACK that was overtaken leaves out may still be held. */
	if (seg->ack == tcb->snd_una)
		tcb->sack_rest = tcb->snd_una;
	for (i = 0; i < n; i++)
		if (!block_rx(tcb, seg->sack[order[i]].start, seg->sack[order[i]].end,
			      &marks, a))
			break;
}
