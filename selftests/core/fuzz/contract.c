// SPDX-License-Identifier: GPL-2.0
/*
 * Checks after every call of the engine: the invariants, action bits against what has
 * changed, the amount of work, and each plan.
 */
#include "fuzz.h"

/*
 * Limit of the basic blocks that a call may run: a constant, plus a number for each
 * entry of the send map and each packet held. A call that walks its lists once stays
 * far below; one that walks them for each of their entries exceeds it.
 */
#define WORK_BASE	2000
#define WORK_ENTRY	60

static void check_promise(struct end *end)
{
	const struct xtcp_tcb *tcb = end->host.tcb;
	u32 edge = tcb->rcv_wup + tcb->rcv_wnd;

	if (tcb->state == XTCP_SYN_SENT || tcb->state == XTCP_CLOSED)
		return;
	if (end->has_edge && seq_lt(edge, end->edge))
		fuzz_fail("%u bytes of the window taken back", end->edge - edge);
	end->edge = edge;
	end->has_edge = true;
	if (seq_gt(tcb->rcv_nxt, edge))
		fuzz_fail("%u bytes taken beyond the window", tcb->rcv_nxt - edge);
}

void contract_stream(struct end *end)
{
	const struct xtcp_tcb *tcb = end->host.tcb;

	if (tcb->state == XTCP_CLOSED)
		return;
	if (tcb->snd_end != tcb->iss + 1 + (u32)end->written)
		fuzz_fail("SND.END is off by %d", (int)(tcb->snd_end - tcb->iss - 1 -
							(u32)end->written));
	if (tcb->state != XTCP_SYN_SENT && tcb->rcv_nxt != end->expect + end->eof)
		fuzz_fail("RCV.NXT is %d beyond what was delivered",
			  (int)(tcb->rcv_nxt - end->expect - end->eof));
}

void contract_begin(struct end *end)
{
	end->was_state = end->host.tcb->state;
	end->was_una = end->host.tcb->snd_una;
	fuzz_work = 0;
}

void contract_work(const struct end *end, const char *what)
{
	u64 limit = WORK_BASE + (u64)WORK_ENTRY * (end->sents + end->nodes);

	if (fuzz_work > limit)
		fuzz_fail("%s ran %llu basic blocks, %u map entries and %u packets held",
			  what, (unsigned long long)fuzz_work, end->sents, end->nodes);
}

void contract_tcb(struct end *end, const char *what)
{
	const char *broken = xtcp_check_at(end->host.tcb, *end->now);

	if (broken)
		fuzz_fail("after %s: xtcp_check: %s", what, broken);
	check_promise(end);
}

/* Check the action bits against what has changed. */
void contract_end(struct end *end, u32 actions, const char *what)
{
	const struct xtcp_tcb *tcb = end->host.tcb;
	bool moved = tcb->state != end->was_state;

	contract_work(end, what);
	contract_tcb(end, what);
	SAY("%s: state %u, acts 0x%x", what, tcb->state, actions);
	if (tcb->state != XTCP_CLOSED && tcb->state != XTCP_SYN_SENT &&
	    tcb->state != XTCP_SYN_RECEIVED)
		end->opened = true;
	if (moved && !(actions & XTCP_ACT_STATE))
		fuzz_fail("%s: state %u became %u and nobody was told", what,
			  end->was_state, tcb->state);
	if (tcb->snd_una != end->was_una && end->was_una != tcb->iss &&
	    end->was_state != XTCP_CLOSED && !(actions & XTCP_ACT_ACKED))
		fuzz_fail("%s: SND.UNA moved and nobody was told", what);
	if (actions & XTCP_ACT_ERROR && (!tcb->err || tcb->state != XTCP_CLOSED))
		fuzz_fail("%s: error without error", what);
	if (actions & XTCP_ACT_EOF && end->eof)
		fuzz_fail("%s: end of stream twice", what);
	if (actions & XTCP_ACT_DELIVER && actions & (XTCP_ACT_HELD | XTCP_ACT_DROP))
		fuzz_fail("%s: delivered, and held or dropped", what);
	if (actions & XTCP_ACT_HELD && actions & XTCP_ACT_DROP)
		fuzz_fail("%s: held and dropped", what);
}

/* ---- plans ---- */

static void check_sacks(const struct end *end, const struct xtcp_plan *plan)
{
	u32 i;

	if (!(plan->opts & XTCP_OPT_SACK)) {
		if (plan->nsack)
			fuzz_fail("blocks without a SACK option");
		return;
	}
	if (!(end->host.tcb->opts & XTCP_OPT_SACK_PERM))
		fuzz_fail("SACK was not agreed on");
	if (!plan->nsack || plan->nsack > XTCP_MAX_SACKS)
		fuzz_fail("%u SACK blocks", plan->nsack);
	for (i = 0; i < plan->nsack; i++) {
		if (!seq_lt(plan->sack[i].start, plan->sack[i].end))
			fuzz_fail("empty SACK block");
		/* The first block may be a D-SACK (RFC 2883). */
		if (!i && plan->sack[0].start == end->host.tcb->dsack_start &&
		    plan->sack[0].end == end->host.tcb->dsack_end)
			continue;
		if (!seq_gt(plan->sack[i].start, end->host.tcb->rcv_nxt))
			fuzz_fail("SACK block below the ACK");
		if (seq_gt(plan->sack[i].end, end->edge))
			fuzz_fail("SACK block beyond the window");
	}
}

static void check_payload(const struct end *end, const struct xtcp_plan *plan)
{
	const struct xtcp_tcb *tcb = end->host.tcb;
	u32 fin = !!(plan->flags & XTCP_FIN);

	if (plan->len) {
		if (plan->data != plan->seq + !!(plan->flags & XTCP_SYN))
			fuzz_fail("payload is not at the sequence number");
		if (!plan->mss)
			fuzz_fail("payload and no MSS");
		if (plan->len > max_t(u32, tcb->gso_max, plan->mss))
			fuzz_fail("%u bytes, above gso_max", plan->len);
		if (seq_lt(plan->data, xtcp_snd_data_una(tcb)) ||
		    seq_gt(plan->data + plan->len, tcb->snd_end))
			fuzz_fail("payload that is not in the buffer");
		if (plan->flags & XTCP_URG && plan->len > plan->mss)
			fuzz_fail("urgent pointer on a plan that is split");
	}
	if (fin && (!(tcb->flags & XTCP_F_FIN_QUEUED) ||
		    plan->seq + plan->len != tcb->snd_end))
		fuzz_fail("FIN in the wrong place");
	/* A window probe is one octet beyond the window. */
	if (plan->len + fin > 1 &&
	    seq_gt(plan->seq + plan->len + fin, tcb->snd_una + tcb->snd_wnd))
		fuzz_fail("%u bytes beyond the peer's window", plan->seq + plan->len +
			  fin - tcb->snd_una - tcb->snd_wnd);
}

void contract_plan(const struct end *end, const struct xtcp_plan *plan)
{
	const struct xtcp_tcb *tcb = end->host.tcb;
	bool opening = tcb->state == XTCP_SYN_SENT || tcb->state == XTCP_SYN_RECEIVED;

	SAY("  plan seq +%u len %u flags 0x%x ack +%u wnd %u", plan->seq - tcb->iss,
	    plan->len, plan->flags, plan->ack - tcb->irs, plan->wnd);
	if (plan->hdr_len < XTCP_HDR_LEN || plan->hdr_len > XTCP_HDR_MAX ||
	    plan->hdr_len % 4)
		fuzz_fail("header of %u bytes", plan->hdr_len);
	if (plan->flags & XTCP_SYN && !opening)
		fuzz_fail("SYN in state %u", tcb->state);
	if (plan->flags & XTCP_ACK && plan->ack != tcb->rcv_nxt)
		fuzz_fail("ACK is not RCV.NXT");
	if (tcb->opts & XTCP_OPT_TS && !(plan->flags & XTCP_RST) &&
	    !(plan->opts & XTCP_OPT_TS))
		fuzz_fail("timestamp missing");
	check_payload(end, plan);
	check_sacks(end, plan);
}
