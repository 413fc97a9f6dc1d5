// SPDX-License-Identifier: GPL-2.0
/*
 * Selective acknowledgements that arrive: RFC 2018, section 5, RFC 2883 and
 * the bounds a peer needs that means no good.
 *
 * Blocks mark entries of the send map. A block is found from the nearest of
 * three places: the map's two ends and where the last block ended, because
 * each ACK of a real receiver begins with a block that touches the last one.
 * Steps and marks of one ACK are counted: what is left over then comes again
 * in the next ACKs, since every block is repeated (RFC 2018, 4), and goes on
 * from where this one stopped. So the cost of an ACK does not depend on how
 * much is queued, and not on what blocks the peer invents.
 */
#include "core.h"

/* Entries looked at or marked for one ACK: about ten thousand instructions. */
#define STEPS_MAX	96

/* Nearest place known from which a walk can find @seq. */
static struct xtcp_sent *nearest(const struct xtcp_tcb *tcb, u32 seq)
{
	struct xtcp_sent *best = tcb->map_head, *hint = tcb->map_hint;
	u32 far = seq - tcb->snd_una;

	if (tcb->snd_nxt - seq < far) {
		best = tcb->map_tail;
		far = tcb->snd_nxt - seq;
	}
	if (hint && (seq_ge(seq, hint->seq) ? seq - hint->seq : hint->seq - seq) < far)
		best = hint;
	return best;
}

/* The entry that holds @seq, NULL when the steps do not suffice. */
static struct xtcp_sent *find(struct xtcp_tcb *tcb, u32 seq, u32 *steps)
{
	struct xtcp_sent *sent = nearest(tcb, seq);

	while (*steps && sent) {
		if (seq_lt(seq, sent->seq))
			sent = sent->prev;
		else if (seq_ge(seq, sent->end))
			sent = sent->next;
		else
			return sent;
		--*steps;
	}
	tcb->map_hint = sent;
	return NULL;
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

static void block_rx(struct xtcp_tcb *tcb, u32 start, u32 end, u32 *steps,
		     struct xtcp_ack *a)
{
	struct xtcp_sent *sent = find(tcb, start, steps), *part;

	while (sent && seq_lt(sent->seq, end) && *steps) {
		--*steps;
		tcb->map_hint = sent;
		if (!(sent->marks & XTCP_SENT_SACKED)) {
			part = cut_to(tcb, sent, start, end);
			if (part) {
				sent = xtcp_map_sacked(tcb, part, a);
				tcb->map_hint = sent;
			}
		}
		sent = sent->next;
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
	u32 order[XTCP_MAX_SACKS];
	u32 i, j, n = 0, steps = STEPS_MAX;

	for (i = 0; i < seg->nsack; i++) {
		u32 start = seg->sack[i].start, end = seg->sack[i].end;

		if (!seq_lt(start, end))
			continue;
		if (!i && is_dsack(seg)) {
			xtcp_dsack_rx(tcb, start, end, a);
			continue;
		}
		if (seq_lt(start, tcb->snd_una) || seq_gt(end, tcb->snd_nxt))
			continue;
		for (j = n++; j && seq_lt(start, seg->sack[order[j - 1]].start); j--)
			order[j] = order[j - 1];
		order[j] = i;
	}
	for (i = 0; i < n; i++)
		block_rx(tcb, seg->sack[order[i]].start, seg->sack[order[i]].end,
			 &steps, a);
}
