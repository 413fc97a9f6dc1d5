// SPDX-License-Identifier: GPL-2.0
/*
 * The SACK blocks that we send: RFC 2018, and RFC 2883 for duplicates.
 *
 * reass.c has the data that is held; this file decides which runs to report. The
 * run that changed last comes first, then those reported before it, so that each
 * is repeated in as many ACKs as there is room for, and the loss of one ACK loses
 * no information (RFC 2018, section 4).
 */
#include "core.h"

/* Blocks that fit besides a timestamp: 40 - 12 - 4 bytes of options hold three. */
#define SACKS_WITH_TS	3

static bool sack_agreed(const struct xtcp_tcb *tcb)
{
	return tcb->opts & XTCP_OPT_SACK_PERM;
}

/* Has the peer's FIN arrived while data before it is missing? */
static bool sack_fin_held(const struct xtcp_tcb *tcb)
{
	return tcb->flags & XTCP_F_FIN_SEEN && seq_lt(tcb->rcv_nxt, tcb->rcv_fin);
}

/* xtcp_sack_pending - is there anything to report besides the ACK number? */
bool xtcp_sack_pending(const struct xtcp_tcb *tcb)
{
	return sack_agreed(tcb) &&
	       (tcb->ooo_root || tcb->dsack_start != tcb->dsack_end || sack_fin_held(tcb));
}

/*
 * xtcp_sack_held - bytes at @seq are held, newly or received again
 *
 * Their run moves to the front. Entries that are now part of it, or of no run,
 * are removed: each run is listed once.
 */
void xtcp_sack_held(struct xtcp_tcb *tcb, u32 seq)
{
	const struct xtcp_ooo *run = xtcp_reass_find(tcb, seq);
	u32 i, n = 0, keep[XTCP_MAX_SACKS];

	if (!run || !sack_agreed(tcb))
		return;
	keep[n++] = run->seq;
	for (i = 0; i < tcb->nsack && n < XTCP_MAX_SACKS; i++) {
		const struct xtcp_ooo *other = xtcp_reass_find(tcb, tcb->sack[i]);

		if (other && other != run)
			keep[n++] = other->seq;
	}
	memcpy(tcb->sack, keep, n * sizeof(keep[0]));
	tcb->nsack = (u8)n;
}

/*
 * xtcp_sack_duplicate - [@start, @end) was received before
 *
 * Reported once, by the next ACK (RFC 2883, section 4).
 */
void xtcp_sack_duplicate(struct xtcp_tcb *tcb, u32 start, u32 end)
{
	if (!sack_agreed(tcb) || !tcb->par->dsack || !seq_lt(start, end))
		return;
	tcb->dsack_start = start;
	tcb->dsack_end = end;
}

/*
 * xtcp_sack_overlap - [@seq, @end) arrived beyond RCV.NXT and is not yet stored
 *
 * The first range of it that is held already is a duplicate (RFC 2883, 4.2). A
 * pending D-SACK is about earlier data and is kept.
 */
void xtcp_sack_overlap(struct xtcp_tcb *tcb, u32 seq, u32 end)
{
	u32 start = seq, stop = end;

	if (tcb->dsack_start == tcb->dsack_end && xtcp_reass_overlap(tcb, &start, &stop))
		xtcp_sack_duplicate(tcb, start, stop);
}

static void sack_add_block(struct xtcp_plan *plan, u32 start, u32 end)
{
	plan->sack[plan->nsack].start = start;
	plan->sack[plan->nsack].end = end;
	plan->nsack++;
}

/*
 * xtcp_sack_plan - put the blocks into a bare ACK
 *
 * The duplicate comes first, if there is one. A duplicate inside a run is
 * followed by that run, which xtcp_sack_held() has put first (RFC 2883, 4, (4)).
 * A FIN that is held is reported as one octet: it may be all that shows the
 * sender what is missing before it. Only bare ACKs carry blocks: the size of
 * segments with payload leaves no room for them.
 */
void xtcp_sack_plan(const struct xtcp_tcb *tcb, struct xtcp_plan *plan)
{
	u32 max = plan->opts & XTCP_OPT_TS ? SACKS_WITH_TS : XTCP_MAX_SACKS;
	bool fin = sack_fin_held(tcb);
	const struct xtcp_ooo *run;
	u32 i;

	if (!xtcp_sack_pending(tcb))
		return;
	if (tcb->dsack_start != tcb->dsack_end)
		sack_add_block(plan, tcb->dsack_start, tcb->dsack_end);
	for (i = 0; i < tcb->nsack && plan->nsack < max; i++) {
		bool last;

		run = xtcp_reass_find(tcb, tcb->sack[i]);
		if (!run)
			continue;
		last = fin && run->tail->end == tcb->rcv_fin;
		sack_add_block(plan, run->seq, run->tail->end + last);
		fin = fin && !last;
	}
	if (fin && plan->nsack < max)
		sack_add_block(plan, tcb->rcv_fin, tcb->rcv_fin + 1);
	if (!plan->nsack)
		return;
	plan->opts |= XTCP_OPT_SACK;
	plan->hdr_len = xtcp_hdr_len(plan);
}

/* xtcp_sack_sent - an ACK with the blocks was sent */
void xtcp_sack_sent(struct xtcp_tcb *tcb)
{
	if (tcb->dsack_start != tcb->dsack_end)
		xtcp_mib_note(tcb, seq_lt(tcb->dsack_start, tcb->rcv_nxt) ?
			      XTCP_MIB_DSACK_OLD_SENT : XTCP_MIB_DSACK_OFO_SENT);
	tcb->dsack_start = tcb->dsack_end;
}
