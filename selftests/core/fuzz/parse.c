// SPDX-License-Identifier: GPL-2.0
/*
 * Headers. Arbitrary bytes are parsed, in memory that ends where they end; the fields
 * of an accepted segment must be within their ranges. Any plan that fits is written as
 * a header and must parse to the same fields.
 */
#include <stdlib.h>

#include "fuzz.h"

static void check_ranges(const struct xtcp_seg *seg, u32 avail, u32 tcp_len)
{
	u32 i;

	if (seg->doff < XTCP_HDR_LEN || seg->doff > XTCP_HDR_MAX || seg->doff > avail ||
	    seg->doff + seg->len != tcp_len)
		fuzz_fail("data offset %u of %u bytes", seg->doff, avail);
	if (seg->flags > 0x1ff || seg->nsegs != 1 || seg->wscale > 14 ||
	    seg->nsack > XTCP_MAX_SACKS)
		fuzz_fail("a field is out of range");
	if (!(seg->opts & XTCP_OPT_SACK) != !seg->nsack)
		fuzz_fail("%u SACK blocks, options 0x%x", seg->nsack, seg->opts);
	if (seg->nacc > 3 || (seg->nacc && !(seg->opts & XTCP_OPT_ACCECN)) ||
	    (seg->opts & XTCP_OPT_ACCECN) == XTCP_OPT_ACCECN)
		fuzz_fail("%u AccECN counters, options 0x%x", seg->nacc, seg->opts);
	for (i = 0; i < seg->nacc; i++)
		if (seg->acc[i] >> 24)
			fuzz_fail("AccECN counter %u is 0x%x", i, seg->acc[i]);
	if (seg->opts & XTCP_OPT_MSS && !seg->mss)
		fuzz_fail("an MSS of 0");
	if (!(seg->flags & XTCP_SYN) &&
	    seg->opts & (XTCP_OPT_MSS | XTCP_OPT_WSCALE | XTCP_OPT_SACK_PERM))
		fuzz_fail("options of a SYN outside of one");
}

/* The RST that answers a segment must be acceptable to its sender. */
static void check_rst(const struct xtcp_seg *seg)
{
	struct xtcp_plan plan;
	u32 space = seg->len + !!(seg->flags & XTCP_SYN) + !!(seg->flags & XTCP_FIN);

	if (seg->flags & XTCP_RST)
		return;
	xtcp_rst_plan(seg, &plan);
	if (seg->flags & XTCP_ACK ? plan.seq != seg->ack || plan.flags != XTCP_RST :
	    plan.seq || plan.ack != seg->seq + space ||
	    plan.flags != (XTCP_RST | XTCP_ACK))
		fuzz_fail("RST seq %u ack %u flags 0x%x", plan.seq, plan.ack, plan.flags);
}

static void parse_bytes(struct fuzz_in *in)
{
	u32 cut = in_byte(in), more = in_byte(in);
	u32 avail = (u32)(in->end - in->p);
	struct xtcp_seg seg, listen;
	u32 tcp_len;
	u8 *hdr;

	/* The first segment of a packet may be shorter than its header. */
	avail -= min(avail, cut & 63);
	tcp_len = avail + (more < 128 ? more : 0);
	hdr = malloc(avail + 1);
	if (!hdr)
		exit(2);
	/* At an odd address, with nothing readable after the last byte. */
	memcpy(hdr + 1, in->p, avail);
	in->p = in->end;
	fuzz_work = 0;
	if (xtcp_parse(&seg, hdr + 1, avail, tcp_len)) {
		check_ranges(&seg, avail, tcp_len);
		check_rst(&seg);
		listen = seg;
		if (xtcp_listen_rx(&listen) == XTCP_LISTEN_SYN ? listen.reason :
		    !listen.reason)
			fuzz_fail("a listener's reason %u", listen.reason);
	}
	if (fuzz_work > 500)
		fuzz_fail("%llu basic blocks", (unsigned long long)fuzz_work);
	xtcp_csum_fold(xtcp_csum_add(more, hdr + 1, avail));
	free(hdr);
}

/* The length of the header, computed independently. */
static u8 header_length(const struct xtcp_plan *plan)
{
	u32 bytes = 0;

	if (plan->opts & XTCP_OPT_MSS)
		bytes += 4;
	if (plan->opts & XTCP_OPT_TS)
		bytes += 12;
	if (plan->opts & XTCP_OPT_SACK_PERM)
		bytes += plan->opts & XTCP_OPT_TS ? 0 : 4;
	if (plan->opts & XTCP_OPT_WSCALE)
		bytes += 4;
	if (plan->opts & XTCP_OPT_SACK)
		bytes += 4 + 8 * plan->nsack;
	if (plan->opts & XTCP_OPT_ACCECN)
		bytes += (2 + 3 * plan->nacc + 3) / 4 * 4;
	return (u8)(XTCP_HDR_LEN + bytes);
}

/* An AccECN option, if there is room for one: as many counters as fit. */
static void any_counters(struct fuzz_in *in, struct xtcp_plan *plan)
{
	u8 kind = plan->opts & XTCP_OPT_ACCECN0 ? XTCP_OPT_ACCECN0 :
					plan->opts & XTCP_OPT_ACCECN1;
	u32 room, i;

	plan->opts &= ~XTCP_OPT_ACCECN;
	room = XTCP_HDR_MAX - header_length(plan);
	if (!kind || (plan->flags & (XTCP_SYN | XTCP_ACK)) == XTCP_SYN ||
	    room < xtcp_acc_len(0))
		return;
	plan->opts |= kind;
	for (i = 0; i < 3 && xtcp_acc_len(i + 1) <= room; i++)
		plan->acc[i] = in_word(in) & 0xffffff;
	plan->nacc = (u8)i;
}

static struct xtcp_plan any_plan(struct fuzz_in *in)
{
	struct xtcp_plan plan = {
		.opts = in_byte(in),
		.nsack = in_byte(in) & 3,
		.flags = in_half(in) & 0x1ff,
		.seq = in_word(in),
		.ack = in_word(in),
		.wnd = in_half(in),
		.urg = in_half(in),
		.tsval = in_word(in),
		.tsecr = in_word(in),
		.opt_mss = in_half(in),
		.wscale = in_byte(in) % 15,
	};
	u32 i;

	plan.opts &= ~(XTCP_OPT_SACK | 0x80);
	if (!(plan.flags & XTCP_SYN))
		plan.opts &= XTCP_OPT_TS | XTCP_OPT_ACCECN;
	/* SACK blocks only in pure ACKs: three with a timestamp, otherwise four. */
	if (!(plan.flags & XTCP_SYN) && plan.nsack) {
		plan.opts |= XTCP_OPT_SACK;
		plan.nsack += !(plan.opts & XTCP_OPT_TS);
	} else {
		plan.nsack = 0;
	}
	for (i = 0; i < plan.nsack; i++) {
		plan.sack[i].start = in_word(in);
		plan.sack[i].end = in_word(in);
	}
	any_counters(in, &plan);
	return plan;
}

static bool same_options(const struct xtcp_plan *plan, const struct xtcp_seg *seg)
{
	u8 opts = plan->opts;
	u32 i;

	/* An MSS option of 0 counts as none. */
	if (!plan->opt_mss)
		opts &= ~XTCP_OPT_MSS;
	if (seg->opts != opts || seg->nsack != plan->nsack)
		return false;
	if (opts & XTCP_OPT_MSS && seg->mss != plan->opt_mss)
		return false;
	if (opts & XTCP_OPT_WSCALE && seg->wscale != plan->wscale)
		return false;
	if (opts & XTCP_OPT_TS &&
	    (seg->tsval != plan->tsval || seg->tsecr != plan->tsecr))
		return false;
	for (i = 0; i < plan->nsack; i++)
		if (seg->sack[i].start != plan->sack[i].start ||
		    seg->sack[i].end != plan->sack[i].end)
			return false;
	for (i = 0; i < plan->nacc; i++)
		if (seg->acc[i] != plan->acc[i])
			return false;
	return seg->nacc == plan->nacc;
}

static void round_trip(struct fuzz_in *in)
{
	struct xtcp_plan plan = any_plan(in);
	struct xtcp_seg seg;
	u8 *hdr;
	u32 len;

	plan.hdr_len = header_length(&plan);
	hdr = malloc(plan.hdr_len);
	if (!hdr)
		exit(2);
	len = xtcp_hdr_put(hdr, &plan, 0x3412, 0x7856);
	if (len != plan.hdr_len || !xtcp_parse(&seg, hdr, len, len))
		fuzz_fail("a header of our own is refused");
	if (hdr[0] != 0x12 || hdr[1] != 0x34 || hdr[2] != 0x56 || hdr[3] != 0x78 ||
	    hdr[16] || hdr[17] || hdr[12] & 0xe)
		fuzz_fail("ports, checksum or reserved bits");
	if (seg.seq != plan.seq || seg.ack != plan.ack || seg.flags != plan.flags ||
	    seg.wnd != plan.wnd || seg.urg != plan.urg || seg.len || seg.doff != len)
		fuzz_fail("a field is not what was written");
	if (!same_options(&plan, &seg))
		fuzz_fail("options 0x%x became 0x%x", plan.opts, seg.opts);
	free(hdr);
}

void fuzz_parse(struct fuzz_in *in)
{
	if (in_byte(in) & 1)
		round_trip(in);
	else
		parse_bytes(in);
}
