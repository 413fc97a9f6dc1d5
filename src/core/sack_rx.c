// SPDX-License-Identifier: GPL-2.0
/*
 * Processing of received SACK blocks: RFC 2018, section 5, RFC 2883, with bounds
 * against hostile peers.
 *
 * Blocks mark entries of the send map. The first entry is found in the map's
 * tree, and everything SACKed before is one entry, however long. So a repeated
 * block (RFC 2018, 4) costs one tree look-up and a step, and one that has grown
 * as many steps as there are entries to mark. The marks of one ACK are limited;
 * the next ACK continues with the rest, and RACK leaves that alone until then. So
 * the cost of an ACK depends neither on the length of the queue nor on the blocks
 * that the peer invents.
 */
#include "core.h"

/* Limit on the entries that one ACK marks. */
#define MARKS_MAX	64

/*
 * Cut @sent to what [start, end) covers of it, in whole segments as they left: no
 * receiver acknowledges smaller pieces, and a map in pieces of a byte would cost
 * memory and time. The last segment is an exception: some receivers do not count
 * the FIN behind it. Return: NULL if nothing is left.
 */
static struct xtcp_sent *sack_cut_to(struct xtcp_tcb *tcb, struct xtcp_sent *sent,
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
 * Mark what [start, end) covers. Marked entries merge with marked neighbours, and
 * only at the two ends of a block an entry may stay unmarked: so there are hardly
 * more steps than marks.
 *
 * Return: whether all of it is marked; if not, tcb->sack_rest is the first that
 * is not.
 */
static bool sack_block_rx(struct xtcp_tcb *tcb, u32 start, u32 end, u32 *marks,
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
		part = sack_cut_to(tcb, sent, start, end);
		if (!part)
			continue;
		--*marks;
		sent = xtcp_map_sacked(tcb, part, a);
	}
	return true;
}

/*
 * RFC 2883, 4: the first block reports a duplicate if it lies below the
 * cumulative ACK or inside the second block.
 */
static bool sack_is_dsack(const struct xtcp_seg *seg)
{
	if (seq_le(seg->sack[0].end, seg->ack))
		return true;
	return seg->nsack > 1 && seq_ge(seg->sack[0].start, seg->sack[1].start) &&
	       seq_le(seg->sack[0].end, seg->sack[1].end);
}

/*
 * xtcp_sack_rx - process the SACK blocks of an acceptable ACK
 * @a: what they deliver is added
 *
 * Call it after SND.UNA was moved. Blocks are processed in sequence order,
 * whatever their own order is, because RACK detects reordering from it. A block
 * that is empty, or reaches below SND.UNA or beyond SND.NXT, is invalid and
 * ignored.
 */
void xtcp_sack_rx(struct xtcp_tcb *tcb, const struct xtcp_seg *seg,
		  struct xtcp_ack *a)
{
	u32 order[XTCP_MAX_SACKS];
	u32 i, j, n = 0, marks = XTCP_DEFENCE_OR(sack_steps, MARKS_MAX, ~0U);

	for (i = 0; i < seg->nsack; i++) {
		u32 start = seg->sack[i].start, end = seg->sack[i].end;

		if (!seq_lt(start, end))
			continue;
		if (!i && sack_is_dsack(seg)) {
			xtcp_dsack_rx(tcb, start, end, a);
			continue;
		}
		/* Both ends within [SND.UNA, SND.NXT]; correct for more than 2 GB too. */
		if (start - tcb->snd_una >= tcb->snd_nxt - tcb->snd_una ||
		    end - tcb->snd_una > tcb->snd_nxt - tcb->snd_una)
			continue;
		for (j = n++; j && seq_lt(start, seg->sack[order[j - 1]].start); j--)
			order[j] = order[j - 1];
		order[j] = i;
	}
	/* An overtaken ACK may leave out data that the peer holds. */
	if (seg->ack == tcb->snd_una)
		tcb->sack_rest = tcb->snd_una;
	for (i = 0; i < n; i++)
		if (!sack_block_rx(tcb, seg->sack[order[i]].start, seg->sack[order[i]].end,
				   &marks, a))
			break;
}
