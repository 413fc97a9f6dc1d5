// SPDX-License-Identifier: GPL-2.0
/*
 * The TCP header on the wire: RFC 9293 3.1 and 3.2, RFC 7323, RFC 2018, RFC 9768,
 * RFC 7413.
 *
 * All input is hostile: each length is checked against what is really there, and
 * no option can make the parser fail, loop or read outside of the header.
 */
#include "core.h"

/*
 * Option kinds and lengths: RFC 9293 3.2, 7323 2.2 and 3.2, 2018 2 and 3, 9768
 * 3.2.3, 7413 4.1.1 and 6994.
 */
#define OPT_EOL		0
#define OPT_NOP		1
#define OPT_MSS		2
#define OPT_WSCALE	3
#define OPT_SACK_PERM	4
#define OPT_SACK	5
#define OPT_TS		8
#define OPT_FASTOPEN	34
#define OPT_ACCECN0	172
#define OPT_ACCECN1	174
#define OPT_EXP		254	/* shared; the first two bytes identify the option */

#define EXP_FASTOPEN	0xf989

#define LEN_MSS		4
#define LEN_WSCALE	3
#define LEN_SACK_PERM	2
#define LEN_SACK_BLOCK	8
#define LEN_TS		10
#define LEN_ACC_FIELD	XTCP_ACC_FIELD_LEN
#define ACC_FIELDS	3

#define USUAL_SYN	20	/* bytes of options for parse_usual_syn() */

#define WSCALE_MAX	14	/* RFC 7323, 2.3: larger counts as 14 */

static u16 get_be16(const u8 *p)
{
	return (u16)(p[0] << 8 | p[1]);
}

static u32 get_be24(const u8 *p)
{
	return (u32)p[0] << 16 | (u32)p[1] << 8 | p[2];
}

static u32 get_be32(const u8 *p)
{
	return (u32)p[0] << 24 | (u32)p[1] << 16 | (u32)p[2] << 8 | p[3];
}

static u8 *put_be16(u8 *p, u16 v)
{
	p[0] = v >> 8;
	p[1] = (u8)v;
	return p + 2;
}

static u8 *put_be24(u8 *p, u32 v)
{
	*p++ = (u8)(v >> 16);
	return put_be16(p, (u16)v);
}

static u8 *put_be32(u8 *p, u32 v)
{
	return put_be16(put_be16(p, v >> 16), (u16)v);
}

static void parse_sack(struct xtcp_seg *seg, const u8 *body, u32 len)
{
	u32 i, n = len / LEN_SACK_BLOCK;

	if (len % LEN_SACK_BLOCK || !n || n > XTCP_MAX_SACKS)
		return;
	for (i = 0; i < n; i++, body += LEN_SACK_BLOCK) {
		seg->sack[i].start = get_be32(body);
		seg->sack[i].end = get_be32(body + 4);
	}
	seg->nsack = (u8)n;
	seg->opts |= XTCP_OPT_SACK;
}

/*
 * RFC 9768 3.2.3: as many counters as the length holds; the rest is padding.
 * 3.2.3.2.1: not in a SYN.
 */
static void parse_accecn(struct xtcp_seg *seg, u8 kind, const u8 *body, u32 len)
{
	u32 i;

	if ((seg->flags & (XTCP_SYN | XTCP_ACK)) == XTCP_SYN)
		return;
	seg->nacc = (u8)min_t(u32, len / LEN_ACC_FIELD, ACC_FIELDS);
	for (i = 0; i < seg->nacc; i++, body += LEN_ACC_FIELD)
		seg->acc[i] = get_be24(body);
	seg->opts &= ~XTCP_OPT_ACCECN;
	seg->opts |= kind == OPT_ACCECN0 ? XTCP_OPT_ACCECN0 : XTCP_OPT_ACCECN1;
}

/* RFC 7413 4.1.2: an option with an invalid length is ignored. */
static void parse_fastopen(struct xtcp_seg *seg, const u8 *body, u32 len, bool exp)
{
	if (!(seg->flags & XTCP_SYN) || len & 1 || len > XTCP_FASTOPEN_COOKIE_MAX ||
	    (len && len < XTCP_FASTOPEN_COOKIE_MIN))
		return;
	seg->fo_cookie = body;
	seg->fo_cookie_len = (u8)len;
	seg->fo_cookie_exp = exp;
	seg->opts |= XTCP_OPT_FASTOPEN;
}

static void parse_ts(struct xtcp_seg *seg, const u8 *body)
{
	seg->tsval = get_be32(body);
	seg->tsecr = get_be32(body + 4);
	seg->opts |= XTCP_OPT_TS;
}

/*
 * One option whose body is complete; @len counts kind and length bytes. A known
 * kind with a wrong length is skipped like an unknown one: the sender is broken,
 * but its segment need not be dropped (RFC 9293, MUST-6).
 */
static void parse_option(struct xtcp_seg *seg, u8 kind, const u8 *body, u32 len)
{
	bool syn = seg->flags & XTCP_SYN;

	switch (kind) {
	case OPT_MSS:	/* only SYNs carry it, RFC 9293 MUST-65 */
		if (len == LEN_MSS && syn && get_be16(body)) {
			seg->mss = get_be16(body);
			seg->opts |= XTCP_OPT_MSS;
		}
		break;
	case OPT_WSCALE:
		if (len == LEN_WSCALE && syn) {
			seg->wscale = min_t(u8, body[0], WSCALE_MAX);
			seg->opts |= XTCP_OPT_WSCALE;
		}
		break;
	case OPT_SACK_PERM:
		if (len == LEN_SACK_PERM && syn)
			seg->opts |= XTCP_OPT_SACK_PERM;
		break;
	case OPT_SACK:
		parse_sack(seg, body, len - 2);
		break;
	case OPT_TS:
		if (len == LEN_TS)
			parse_ts(seg, body);
		break;
	case OPT_ACCECN0:
	case OPT_ACCECN1:
		parse_accecn(seg, kind, body, len - 2);
		break;
	case OPT_FASTOPEN:
		parse_fastopen(seg, body, len - 2, false);
		break;
	case OPT_EXP:
		if (len >= 4 && get_be16(body) == EXP_FASTOPEN)
			parse_fastopen(seg, body + 2, len - 4, true);
		break;
	}
}

/* Options of a SYN as Linux sends them: MSS, SACK permitted, TS, NOP, scale. */
static bool parse_usual_syn(struct xtcp_seg *seg, const u8 *p)
{
	if ((get_be32(p) & ~0xffffU) != (OPT_MSS << 24 | LEN_MSS << 16) || !get_be16(p + 2) ||
	    get_be32(p + 4) != (OPT_SACK_PERM << 24 | LEN_SACK_PERM << 16 |
			     OPT_TS << 8 | LEN_TS) ||
	    (get_be32(p + 16) & ~0xffU) != (OPT_NOP << 24 | OPT_WSCALE << 16 |
					 LEN_WSCALE << 8))
		return false;
	seg->mss = get_be16(p + 2);
	parse_ts(seg, p + 8);
	seg->wscale = min_t(u8, p[19], WSCALE_MAX);
	seg->opts = XTCP_OPT_MSS | XTCP_OPT_SACK_PERM | XTCP_OPT_TS | XTCP_OPT_WSCALE;
	return true;
}

static void parse_options(struct xtcp_seg *seg, const u8 *p, u32 left)
{
	/* The options of nearly every segment: NOP NOP TS (RFC 7323, app. A). */
	if (left == XTCP_TS_LEN &&
	    get_be32(p) == (OPT_NOP << 24 | OPT_NOP << 16 | OPT_TS << 8 | LEN_TS)) {
		parse_ts(seg, p + 4);
		return;
	}
	if (left == USUAL_SYN && seg->flags & XTCP_SYN && parse_usual_syn(seg, p))
		return;

	while (left) {
		u8 kind = p[0];
		u32 len;

		if (kind == OPT_EOL)
			return;
		if (kind == OPT_NOP) {
			p++;
			left--;
			continue;
		}
		/* An invalid length ends the options (MUST-7). */
		if (left < 2)
			return;
		len = p[1];
		if (len < 2 || len > left)
			return;
		parse_option(seg, kind, p + 2, len);
		p += len;
		left -= len;
	}
}

bool xtcp_parse(struct xtcp_seg *seg, const u8 *hdr, u32 hdr_avail, u32 tcp_len)
{
	u32 doff;

	memset(seg, 0, offsetof(struct xtcp_seg, acc));
	seg->nsegs = 1;
	if (hdr_avail < XTCP_HDR_LEN || tcp_len < XTCP_HDR_LEN)
		return false;
	doff = (hdr[12] >> 4) * 4U;
	if (doff < XTCP_HDR_LEN || doff > tcp_len || doff > hdr_avail)
		return false;

	seg->doff = (u8)doff;
	seg->seq = get_be32(hdr + 4);
	seg->ack = get_be32(hdr + 8);
	seg->flags = (u16)((hdr[12] & 1) << 8 | hdr[13]);
	seg->wnd = get_be16(hdr + 14);
	seg->urg = get_be16(hdr + 18);
	seg->len = tcp_len - doff;
	parse_options(seg, hdr + XTCP_HDR_LEN, doff - XTCP_HDR_LEN);
	return true;
}

/* Length of the Fast Open option with @cookie, bytes, without padding. */
static u32 fastopen_len(const struct xtcp_fastopen_cookie *cookie)
{
	return (cookie->exp ? 4U : 2U) + cookie->len;
}

/* xtcp_hdr_len - length of a plan's header, bytes, options padded to a multiple of 4 */
u8 xtcp_hdr_len(const struct xtcp_plan *plan)
{
	u32 len = XTCP_HDR_LEN;

	if (plan->opts & XTCP_OPT_MSS)
		len += LEN_MSS;
	if (plan->opts & XTCP_OPT_TS)
		len += XTCP_TS_LEN;
	else if (plan->opts & XTCP_OPT_SACK_PERM)
		len += 2 + LEN_SACK_PERM;
	if (plan->opts & XTCP_OPT_WSCALE)
		len += 1 + LEN_WSCALE;
	if (plan->opts & XTCP_OPT_SACK)
		len += 4 + plan->nsack * LEN_SACK_BLOCK;
	if (plan->opts & XTCP_OPT_ACCECN)
		len += xtcp_acc_len(plan->nacc);
	if (plan->opts & XTCP_OPT_FASTOPEN)
		len += (fastopen_len(plan->fo_cookie) + 3) & ~3U;
	return (u8)len;
}

static u8 *put_accecn(u8 *p, const struct xtcp_plan *plan)
{
	u8 *end = p + xtcp_acc_len(plan->nacc);
	u32 i;

	*p++ = plan->opts & XTCP_OPT_ACCECN0 ? OPT_ACCECN0 : OPT_ACCECN1;
	*p++ = (u8)(2 + plan->nacc * LEN_ACC_FIELD);
	for (i = 0; i < plan->nacc; i++)
		p = put_be24(p, plan->acc[i]);
	while (p < end)
		*p++ = OPT_NOP;
	return p;
}

static u8 *put_fastopen(u8 *p, const struct xtcp_fastopen_cookie *cookie)
{
	u32 len = fastopen_len(cookie);

	*p++ = cookie->exp ? OPT_EXP : OPT_FASTOPEN;
	*p++ = (u8)len;
	if (cookie->exp)
		p = put_be16(p, EXP_FASTOPEN);
	memcpy(p, cookie->val, cookie->len);
	p += cookie->len;
	for (; len & 3; len++)
		*p++ = OPT_NOP;
	return p;
}

static u8 *put_options(u8 *p, const struct xtcp_plan *plan)
{
	bool sack_perm = plan->opts & XTCP_OPT_SACK_PERM;
	u32 i;

	if (plan->opts & XTCP_OPT_MSS) {
		*p++ = OPT_MSS;
		*p++ = LEN_MSS;
		p = put_be16(p, plan->opt_mss);
	}
	/*
	 * The order is that of Linux. SACK-permitted replaces the two NOPs of the
	 * timestamp.
	 */
	if (plan->opts & XTCP_OPT_TS) {
		*p++ = sack_perm ? OPT_SACK_PERM : OPT_NOP;
		*p++ = sack_perm ? LEN_SACK_PERM : OPT_NOP;
		*p++ = OPT_TS;
		*p++ = LEN_TS;
		p = put_be32(p, plan->tsval);
		p = put_be32(p, plan->tsecr);
	} else if (sack_perm) {
		*p++ = OPT_NOP;
		*p++ = OPT_NOP;
		*p++ = OPT_SACK_PERM;
		*p++ = LEN_SACK_PERM;
	}
	if (plan->opts & XTCP_OPT_WSCALE) {
		*p++ = OPT_NOP;
		*p++ = OPT_WSCALE;
		*p++ = LEN_WSCALE;
		*p++ = plan->wscale;
	}
	if (plan->opts & XTCP_OPT_SACK) {
		*p++ = OPT_NOP;
		*p++ = OPT_NOP;
		*p++ = OPT_SACK;
		*p++ = (u8)(2 + plan->nsack * LEN_SACK_BLOCK);
		for (i = 0; i < plan->nsack; i++) {
			p = put_be32(p, plan->sack[i].start);
			p = put_be32(p, plan->sack[i].end);
		}
	}
	if (unlikely(plan->opts & (XTCP_OPT_ACCECN | XTCP_OPT_FASTOPEN))) {
		if (plan->opts & XTCP_OPT_ACCECN)
			p = put_accecn(p, plan);
		if (plan->opts & XTCP_OPT_FASTOPEN)
			p = put_fastopen(p, plan->fo_cookie);
	}
	return p;
}

/* RFC 9293 3.1; reserved bits are zero. */
u32 xtcp_hdr_put(u8 *hdr, const struct xtcp_plan *plan, u16 sport, u16 dport)
{
	u8 *p = hdr;

	memcpy(p, &sport, 2);
	memcpy(p + 2, &dport, 2);
	p = put_be32(p + 4, plan->seq);
	p = put_be32(p, plan->ack);
	*p++ = (u8)(plan->hdr_len / 4 << 4 | plan->flags >> 8);
	*p++ = (u8)plan->flags;
	p = put_be16(p, plan->wnd);
	p = put_be16(p, 0);
	p = put_be16(p, plan->urg);
	p = put_options(p, plan);
	XTCP_ASSERT(p - hdr == plan->hdr_len);
	return plan->hdr_len;
}
