// SPDX-License-Identifier: GPL-2.0
/*
 * The header: RFC 9293 3.1 and 3.2. A table of valid and invalid option bytes, each also
 * cut off at every length, in a heap block of exactly that size, so that the sanitizer
 * detects reads beyond it.
 */
#include <stdlib.h>

#include "core.h"
#include "harness.h"

static bool parse(struct xtcp_seg *seg, const u8 *opt, u32 optlen, u16 flags,
		  u32 payload)
{
	u32 doff = 20 + (optlen + 3) / 4 * 4;
	u8 *hdr = calloc(1, doff);
	bool ok;

	memset(seg, 0xa5, sizeof(*seg));
	memcpy(hdr + 20, opt, optlen);
	memcpy(hdr + 4, "\1\3\3", 3);		/* sequence number */
	hdr[12] = (u8)(doff / 4 << 4);
	memcpy(hdr + 16, "\4\2\10\12", 4);	/* checksum, urgent pointer */
	hdr[13] = (u8)flags;
	ok = xtcp_parse(seg, hdr, doff, doff + payload);
	free(hdr);
	return ok;
}

UNIT(wire_fixed_header)
{
	static const u8 hdr[20] = {
		0x12, 0x34, 0x56, 0x78,		/* ports */
		0xde, 0xad, 0xbe, 0xef,		/* sequence number */
		0xfe, 0xdc, 0xba, 0x98,		/* acknowledgement */
		0x5f, 0xff, 0xff, 0xfe,		/* 20 bytes, all flags, window */
		0x00, 0x00, 0x80, 0x01,		/* checksum, urgent pointer */
	};
	struct xtcp_seg seg;

	CHECK(xtcp_parse(&seg, hdr, 20, 1020));
	CHECK_EQ(seg.seq, 0xdeadbeef);
	CHECK_EQ(seg.ack, 0xfedcba98);
	/* The three reserved bits are ignored, AE is kept. */
	CHECK_EQ(seg.flags, XTCP_FIN | XTCP_SYN | XTCP_RST | XTCP_PSH | XTCP_ACK |
		 XTCP_URG | XTCP_ECE | XTCP_CWR | XTCP_AE);
	CHECK_EQ(seg.wnd, 65534);	/* unsigned: MUST-1 */
	CHECK_EQ(seg.urg, 0x8001);
	CHECK_EQ(seg.len, 1000);
	CHECK_EQ(seg.doff, 20);
	CHECK_EQ(seg.nsegs, 1);
	CHECK_EQ(seg.opts, 0);
}

/* Each control bit alone. */
UNIT(wire_each_flag)
{
	int bit;

	for (bit = 0; bit < 9; bit++) {
		u8 hdr[20] = { [12] = 0x50 | bit / 8, [13] = (u8)(1 << bit) };
		struct xtcp_seg seg;

		CHECK(xtcp_parse(&seg, hdr, 20, 20));
		CHECK_EQ(seg.flags, 1u << bit);
	}
}

UNIT(wire_impossible_lengths)
{
	static const struct {
		u8 doff;	/* words */
		u32 avail;
		u32 len;
		bool ok;
	} tab[] = {
		{ 5, 20, 20, true },	{ 5, 19, 20, false },
		{ 5, 20, 19, false },	{ 5, 0, 0, false },
		{ 5, 0, 20, false },	{ 5, 20, 0, false },
		{ 4, 60, 60, false },	{ 0, 60, 60, false },
		{ 6, 20, 24, false },	{ 6, 24, 23, false },
		{ 6, 24, 24, true },	{ 15, 60, 60, true },
		{ 15, 59, 60, false },	{ 15, 60, 59, false },
		{ 15, 60, 65535, true },
	};
	u32 i;

	for (i = 0; i < ARRAY_SIZE(tab); i++) {
		u8 *hdr = calloc(1, tab[i].avail + 1);
		struct xtcp_seg seg;

		if (tab[i].avail > 12)
			hdr[12] = (u8)(tab[i].doff << 4);
		CHECK_EQ(xtcp_parse(&seg, hdr, tab[i].avail, tab[i].len), tab[i].ok);
		free(hdr);
	}
}

static const struct {
	const char *what;
	u8 bytes[40];
	u32 n;
	u16 flags;
	u8 opts;
	u16 mss;
	u8 wscale;
	u32 tsval, tsecr;
	u8 nsack;
	u8 nacc;
	u32 acc[3];
	u8 cookie_len;
	u8 cookie_exp;
} options[] = {
	{ "none", { 0 }, 0, XTCP_SYN },
	{ "MSS", { 2, 4, 0x05, 0xb4 }, 4, XTCP_SYN, XTCP_OPT_MSS, 1460 },
	{ "MSS outside of a SYN: MUST-65", { 2, 4, 0x05, 0xb4 }, 4, XTCP_ACK },
	{ "MSS of zero", { 2, 4, 0, 0 }, 4, XTCP_SYN },
	{ "MSS one short", { 2, 3, 0x05 }, 3, XTCP_SYN },
	{ "MSS one long", { 2, 5, 0x05, 0xb4, 0 }, 5, XTCP_SYN },
	{ "wscale", { 3, 3, 7 }, 3, XTCP_SYN, XTCP_OPT_WSCALE, 0, 7 },
	{ "wscale 14", { 3, 3, 14 }, 3, XTCP_SYN, XTCP_OPT_WSCALE, 0, 14 },
	{ "wscale 15 counts as 14", { 3, 3, 15 }, 3, XTCP_SYN, XTCP_OPT_WSCALE, 0, 14 },
	{ "wscale 255 counts as 14", { 3, 3, 255 }, 3, XTCP_SYN, XTCP_OPT_WSCALE, 0, 14 },
	{ "wscale outside of a SYN", { 3, 3, 7 }, 3, XTCP_ACK },
	{ "SACK permitted", { 4, 2 }, 2, XTCP_SYN, XTCP_OPT_SACK_PERM },
	{ "SACK permitted outside of a SYN", { 4, 2 }, 2, XTCP_ACK },
	{ "SACK permitted, then MSS", { 4, 2, 2, 4, 0x05, 0xb4 }, 6, XTCP_SYN,
	  XTCP_OPT_SACK_PERM | XTCP_OPT_MSS, 1460 },
	{ "SACK permitted, as long as a block", { 4, 10, 0, 0, 0, 1, 0, 0, 0, 9 }, 10, XTCP_ACK },
	{ "timestamps", { 8, 10, 1, 2, 3, 4, 5, 6, 7, 8 }, 10, XTCP_ACK,
	  XTCP_OPT_TS, 0, 0, 0x01020304, 0x05060708 },
	{ "timestamps, aligned", { 1, 1, 8, 10, 1, 2, 3, 4, 5, 6, 7, 8 }, 12,
	  XTCP_ACK, XTCP_OPT_TS, 0, 0, 0x01020304, 0x05060708 },
	{ "timestamps, NOPs behind", { 8, 10, 1, 2, 3, 4, 5, 6, 7, 8, 1, 1 }, 12,
	  XTCP_ACK, XTCP_OPT_TS, 0, 0, 0x01020304, 0x05060708 },
	{ "timestamps of length 9", { 8, 9, 1, 2, 3, 4, 5, 6, 7 }, 9, XTCP_ACK },
	{ "EOL ends: MUST-69", { 0, 2, 4, 0x05, 0xb4 }, 5, XTCP_SYN },
	{ "EOL is no option with a length", { 0, 2, 3, 3, 7 }, 5, XTCP_SYN },
	{ "NOPs", { 1, 1, 1, 2, 4, 0x05, 0xb4 }, 7, XTCP_SYN, XTCP_OPT_MSS, 1460 },
	{ "unknown is skipped: MUST-6", { 253, 4, 9, 9, 2, 4, 0x05, 0xb4 }, 8,
	  XTCP_SYN, XTCP_OPT_MSS, 1460 },
	{ "unknown of length 2", { 99, 2, 3, 3, 5 }, 5, XTCP_SYN, XTCP_OPT_WSCALE, 0, 5 },
	{ "length 0: MUST-7", { 99, 0, 2, 4, 0x05, 0xb4 }, 6, XTCP_SYN },
	{ "length 1", { 99, 1, 2, 4, 0x05, 0xb4 }, 6, XTCP_SYN },
	{ "length beyond the header", { 3, 3, 5, 99, 40 }, 5, XTCP_SYN, XTCP_OPT_WSCALE,
	  0, 5 },
	{ "kind in the last byte", { 1, 1, 1, 2 }, 4, XTCP_SYN },
	{ "all of a SYN", { 2, 4, 0x05, 0xb4, 4, 2, 8, 10, 0, 0, 0, 1, 0, 0, 0, 0,
			    1, 3, 3, 7 }, 20, XTCP_SYN,
	  XTCP_OPT_MSS | XTCP_OPT_SACK_PERM | XTCP_OPT_TS | XTCP_OPT_WSCALE,
	  1460, 7, 1, 0 },
	{ "one SACK block", { 1, 1, 5, 10, 0, 0, 0, 1, 0, 0, 0, 9 }, 12, XTCP_ACK,
	  XTCP_OPT_SACK, .nsack = 1 },
	{ "four SACK blocks", { 1, 1, 5, 34 }, 36, XTCP_ACK, XTCP_OPT_SACK, .nsack = 4 },
	{ "SACK without block", { 5, 2, 1, 1 }, 4, XTCP_ACK },
	{ "SACK of half a block", { 5, 6, 0, 0, 0, 1 }, 6, XTCP_ACK },
	{ "AccECN0, three counters", { 172, 11, 1, 2, 3, 4, 5, 6, 7, 8, 9 }, 11, XTCP_ACK,
	  XTCP_OPT_ACCECN0, .nacc = 3, .acc = { 0x010203, 0x040506, 0x070809 } },
	{ "AccECN1, two", { 174, 8, 0xff, 0xff, 0xff, 0, 0, 1 }, 8, XTCP_ACK,
	  XTCP_OPT_ACCECN1, .nacc = 2, .acc = { 0xffffff, 1 } },
	{ "AccECN0, one", { 172, 5, 0, 0, 1 }, 5, XTCP_ACK, XTCP_OPT_ACCECN0, .nacc = 1, .acc = { 1 } },
	{ "AccECN1, empty", { 174, 2 }, 2, XTCP_ACK, XTCP_OPT_ACCECN1 },
	{ "AccECN0, one and two bytes more", { 172, 7, 0, 0, 1, 9, 9 }, 7, XTCP_ACK,
	  XTCP_OPT_ACCECN0, .nacc = 1, .acc = { 1 } },
	{ "AccECN0, four counters: three are known", { 172, 14, 0, 0, 1, 0, 0, 2, 0, 0, 3, 0, 0, 4 }, 14,
	  XTCP_ACK, XTCP_OPT_ACCECN0, .nacc = 3, .acc = { 1, 2, 3 } },
	{ "AccECN twice: the last counts", { 172, 5, 0, 0, 1, 174, 5, 0, 0, 2 }, 10, XTCP_ACK,
	  XTCP_OPT_ACCECN1, .nacc = 1, .acc = { 2 } },
	{ "AccECN in a SYN: ignored", { 172, 5, 0, 0, 1 }, 5, XTCP_SYN },
	{ "AccECN in a SYN-ACK", { 172, 5, 0, 0, 1 }, 5, XTCP_SYN | XTCP_ACK, XTCP_OPT_ACCECN0, .nacc = 1,
	  .acc = { 1 } },
	{ "Fast Open, a cookie", { 34, 10, 1, 2, 3, 4, 5, 6, 7, 8 }, 10, XTCP_SYN, XTCP_OPT_FASTOPEN,
	  .cookie_len = 8 },
	{ "Fast Open, asked for one", { 34, 2 }, 2, XTCP_SYN, XTCP_OPT_FASTOPEN },
	{ "Fast Open, the shortest", { 34, 6, 1, 2, 3, 4 }, 6, XTCP_SYN, XTCP_OPT_FASTOPEN,
	  .cookie_len = 4 },
	{ "Fast Open, the longest", { 34, 18, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16 },
	  18, XTCP_SYN | XTCP_ACK, XTCP_OPT_FASTOPEN, .cookie_len = 16 },
	{ "Fast Open, too long", { 34, 20 }, 20, XTCP_SYN },
	{ "Fast Open, too short", { 34, 4, 1, 2 }, 4, XTCP_SYN },
	{ "Fast Open, odd", { 34, 9, 1, 2, 3, 4, 5, 6, 7 }, 9, XTCP_SYN },
	{ "Fast Open outside of a SYN", { 34, 6, 1, 2, 3, 4 }, 6, XTCP_ACK },
	{ "Fast Open as an experiment", { 254, 8, 0xf9, 0x89, 1, 2, 3, 4 }, 8, XTCP_SYN,
	  XTCP_OPT_FASTOPEN, .cookie_len = 4, .cookie_exp = 1 },
	{ "Fast Open as an experiment, asked", { 254, 4, 0xf9, 0x89 }, 4, XTCP_SYN,
	  XTCP_OPT_FASTOPEN, .cookie_exp = 1 },
	{ "Fast Open, a cookie like the number of the experiment",
	  { 34, 10, 0xf9, 0x89, 1, 2, 3, 4, 5, 6 }, 10, XTCP_SYN, XTCP_OPT_FASTOPEN, .cookie_len = 8 },
	{ "another experiment", { 254, 8, 0xf9, 0x88, 1, 2, 3, 4 }, 8, XTCP_SYN },
	{ "half an experiment", { 254, 3, 0xf9 }, 3, XTCP_SYN },
	{ "SACK of 9 bytes", { 5, 11, 0, 0, 0, 1, 0, 0, 0, 9, 0 }, 11, XTCP_ACK },
};

UNIT(wire_options)
{
	u32 i;

	for (i = 0; i < ARRAY_SIZE(options); i++) {
		const char *what = options[i].what;
		struct xtcp_seg seg;

		if (!parse(&seg, options[i].bytes, options[i].n, options[i].flags, 7)) {
			unit_fail(__FILE__, __LINE__, "%s: refused", what);
			continue;
		}
		CHECK_ROW(what, seg.opts, options[i].opts);
		CHECK_ROW(what, seg.mss, options[i].mss);
		CHECK_ROW(what, seg.wscale, options[i].wscale);
		CHECK_ROW(what, seg.tsval, options[i].tsval);
		CHECK_ROW(what, seg.tsecr, options[i].tsecr);
		CHECK_ROW(what, seg.nsack, options[i].nsack);
		CHECK_ROW(what, seg.nacc, options[i].nacc);
		CHECK(!memcmp(seg.acc, options[i].acc, seg.nacc * sizeof(seg.acc[0])));
		CHECK_ROW(what, seg.fo_cookie_len, options[i].cookie_len);
		CHECK_ROW(what, seg.fo_cookie_exp, options[i].cookie_exp);
		CHECK_ROW(what, seg.len, 7);
	}
}

static bool same_syn(const struct xtcp_seg *a, const struct xtcp_seg *b)
{
	return a->opts == b->opts && a->mss == b->mss && a->wscale == b->wscale &&
	       a->tsval == b->tsval && a->tsecr == b->tsecr && a->nsack == b->nsack &&
	       a->nacc == b->nacc && a->fo_cookie_len == b->fo_cookie_len;
}

/*
 * The usual options of a SYN have a fast path, which four more zero bytes avoid: both
 * paths must give the same result, for every value of each byte.
 */
UNIT(wire_usual_syn)
{
	static const u8 usual[24] = {
		2, 4, 0x05, 0, 4, 2, 8, 10, 1, 2, 3, 4, 5, 6, 7, 8, 1, 3, 3, 7,
	};
	struct xtcp_seg seg, slow;
	u16 flags;
	u32 i, v;

	CHECK(parse(&seg, usual, 20, XTCP_SYN, 0));
	CHECK_EQ(seg.opts, XTCP_OPT_MSS | XTCP_OPT_SACK_PERM | XTCP_OPT_TS | XTCP_OPT_WSCALE);
	CHECK(seg.mss == 1280 && seg.wscale == 7 && seg.tsval == 0x01020304 &&
	      seg.tsecr == 0x05060708);
	for (i = 0; i < 20; i++)
		for (v = 0; v < 256; v++) {
			u8 opt[24];

			memcpy(opt, usual, sizeof(opt));
			opt[i] = (u8)v;
			flags = v & 1 ? XTCP_SYN : XTCP_SYN | XTCP_ACK;
			CHECK(parse(&seg, opt, 20, flags, 0) && parse(&slow, opt, 24, flags, 0));
			CHECK(same_syn(&seg, &slow));
		}
	/* Without SYN only the timestamp option has a meaning. */
	CHECK(parse(&seg, usual, 20, XTCP_ACK, 0));
	CHECK_EQ(seg.opts, XTCP_OPT_TS);
}

/* Does the fast path, which four NOPs in front avoid, give the same result for @opt? */
static bool same_by_both(const u8 *opt, u32 len)
{
	struct xtcp_seg fast, slow;
	u8 padded[24] = { 1, 1, 1, 1 };

	memcpy(padded + 4, opt, len);
	return parse(&fast, opt, len, XTCP_SYN, 0) &&
	       parse(&slow, padded, len + 4, XTCP_SYN, 0) && same_syn(&fast, &slow);
}

/* Also where two bytes differ, or a part of the options is displaced. */
UNIT(wire_nearly_usual)
{
	static const u8 usual[2][20] = {
		{ 2, 4, 0x05, 0, 4, 2, 8, 10, 1, 2, 3, 4, 5, 6, 7, 8, 1, 3, 3, 7 },
		{ 1, 1, 8, 10, 1, 2, 3, 4, 5, 6, 7, 8 },
	};
	static const u8 parts[][4] = { { 4, 2, 8, 10 }, { 1, 3, 3, 7 } };
	static const u8 vals[] = { 0, 1, 2, 3, 4, 8, 10, 16, 0x81, 0x83, 0x88 };
	static const u32 len[] = { 20, 12 };
	u32 k, i, j, v;
	u8 opt[20];

	for (k = 0; k < 2; k++)
		for (i = 0; i < len[k]; i++)
			for (j = 0; j < i; j++)
				for (v = 0; v < ARRAY_SIZE(vals) * ARRAY_SIZE(vals); v++) {
					memcpy(opt, usual[k], sizeof(opt));
					opt[i] = vals[v % ARRAY_SIZE(vals)];
					opt[j] = vals[v / ARRAY_SIZE(vals)];
					CHECK(same_by_both(opt, len[k]));
				}
	for (k = 0; k < ARRAY_SIZE(parts); k++)
		for (i = 0; i <= 16; i++) {
			memcpy(opt, usual[0], sizeof(opt));
			memcpy(opt + i, parts[k], 4);
			CHECK(same_by_both(opt, 20));
		}
}

/* Bytes behind the header are payload, even if they look like an option. */
UNIT(wire_options_end_with_the_header)
{
	static const u8 opts[][4] = {
		{ 1, 1, 1, 1 }, { 99, 4, 9, 9 }, { 1, 1, 1, 99 }, { 1, 1, 99, 2 },
	};
	struct xtcp_seg seg;
	u32 i;

	for (i = 0; i < ARRAY_SIZE(opts); i++) {
		u8 block[40] = { [12] = 0x60, [13] = XTCP_SYN, [24] = 3, 3, 7, 4, 2, 3, 3, 7 };

		memcpy(block + 20, opts[i], 4);
		CHECK(xtcp_parse(&seg, block, 40, 40));
		CHECK_EQ(seg.opts, 0);
		CHECK_EQ(seg.len, 16);
	}
}

/* Every prefix of every row: no read beyond the end, no loop. */
UNIT(wire_options_truncated)
{
	u32 i, n;

	for (i = 0; i < ARRAY_SIZE(options); i++)
		for (n = 0; n <= options[i].n; n += 4) {
			struct xtcp_seg seg;

			CHECK(parse(&seg, options[i].bytes, n, options[i].flags, 0));
			CHECK(seg.nacc <= 3);
			CHECK(seg.fo_cookie_len <= XTCP_FASTOPEN_COOKIE_MAX);
			CHECK(seg.nsack <= XTCP_MAX_SACKS);
			CHECK(seg.wscale <= 14);
		}
}

/* All pairs of kind and length in front of a full header of junk. */
UNIT(wire_options_every_kind_and_length)
{
	u32 kind, len;

	for (kind = 0; kind < 256; kind++)
		for (len = 0; len < 256; len++) {
			u8 opt[40];
			struct xtcp_seg seg;

			memset(opt, (int)(kind ^ len), sizeof(opt));
			opt[0] = (u8)kind;
			opt[1] = (u8)len;
			CHECK(parse(&seg, opt, 40, XTCP_SYN, 0));
			CHECK(seg.fo_cookie_len <= XTCP_FASTOPEN_COOKIE_MAX);
			CHECK(seg.nsack <= XTCP_MAX_SACKS);
			CHECK(seg.wscale <= 14);
		}
}

UNIT(wire_unaligned)
{
	u8 block[64] = { 0 };
	int shift;

	for (shift = 0; shift < 4; shift++) {
		struct xtcp_seg seg;

		memset(block, 0, sizeof(block));
		block[shift + 4] = 0x12;
		block[shift + 12] = 0x60;
		block[shift + 13] = XTCP_SYN;
		block[shift + 20] = 2;
		block[shift + 21] = 4;
		block[shift + 22] = 5;
		CHECK(xtcp_parse(&seg, block + shift, 24, 24));
		CHECK_EQ(seg.seq, 0x12000000);
		CHECK_EQ(seg.mss, 1280);
	}
}

/* A header that was written parses to the same fields, for all option combinations. */
UNIT(wire_put_and_parse)
{
	u32 opts, nsack;

	for (opts = 0; opts < 3 * XTCP_OPT_ACCECN0; opts++)
		for (nsack = 1; nsack <= 4; nsack++) {
			struct xtcp_plan plan = {
				.seq = 0x81234567, .ack = 0x89abcdef,
				.flags = XTCP_SYN | XTCP_ACK | XTCP_CWR | XTCP_AE,
				.wnd = 54321, .urg = 777, .opts = (u8)opts,
				.opt_mss = 1460, .wscale = 9, .tsval = 0x11223344,
				.tsecr = 0x55667788, .nsack = (u8)nsack,
				.sack = { { 1, 2 }, { 3, 4 }, { 5, 6 }, { 7, 0xffffffff } },
				.nacc = (u8)nsack - 1,
				.acc = { 0x123456, 0x1789abc, 0xdef012 },
			};
			u8 hdr[XTCP_HDR_MAX];
			struct xtcp_seg seg;
			u32 len;

			plan.hdr_len = xtcp_hdr_len(&plan);
			if (plan.hdr_len > XTCP_HDR_MAX)
				continue;
			memset(hdr, 0xff, sizeof(hdr));
			len = xtcp_hdr_put(hdr, &plan, 0x1234, 0x5678);
			CHECK_EQ(len, plan.hdr_len);
			CHECK_EQ(len % 4, 0);
			CHECK_EQ(hdr[12] & 0x0e, 0);	/* reserved: sent as zero */
			CHECK_EQ(hdr[16] | hdr[17], 0);	/* the caller computes the checksum */
			CHECK(xtcp_parse(&seg, hdr, len, len));
			CHECK_EQ(seg.seq, plan.seq);
			CHECK_EQ(seg.ack, plan.ack);
			CHECK_EQ(seg.flags, plan.flags);
			CHECK_EQ(seg.wnd, plan.wnd);
			CHECK_EQ(seg.urg, plan.urg);
			CHECK_EQ(seg.opts, opts);
			CHECK_EQ(seg.mss, opts & XTCP_OPT_MSS ? 1460 : 0);
			CHECK_EQ(seg.wscale, opts & XTCP_OPT_WSCALE ? 9 : 0);
			CHECK_EQ(seg.tsval, opts & XTCP_OPT_TS ? plan.tsval : 0);
			CHECK_EQ(seg.tsecr, opts & XTCP_OPT_TS ? plan.tsecr : 0);
			CHECK_EQ(seg.nsack, opts & XTCP_OPT_SACK ? nsack : 0);
			if (opts & XTCP_OPT_SACK)
				CHECK(!memcmp(seg.sack, plan.sack, 8 * nsack));
			CHECK_EQ(seg.nacc, opts & XTCP_OPT_ACCECN ? nsack - 1 : 0);
			if (seg.nacc >= 2)
				CHECK_EQ(seg.acc[1], 0x789abc);	/* the low 24 bits */
			if (seg.nacc == 3)
				CHECK_EQ(seg.acc[2], 0xdef012);
		}
}

/*
 * MUST-68: the options are a list, each with its length, that ends where the header
 * ends. MUST-69 is about padding after an end-of-list option, which is never sent.
 */
UNIT(wire_put_options_are_well_formed)
{
	u32 opts, nsack;

	for (opts = 0; opts < 0x20; opts++)
		for (nsack = 1; nsack <= 4; nsack++) {
			struct xtcp_plan plan = {
				.flags = XTCP_SYN, .opts = (u8)opts,
				.opt_mss = 1460, .nsack = (u8)nsack,
			};
			u8 hdr[XTCP_HDR_MAX];
			u32 at = 20, len;

			plan.hdr_len = xtcp_hdr_len(&plan);
			if (plan.hdr_len > XTCP_HDR_MAX)
				continue;
			len = xtcp_hdr_put(hdr, &plan, 1, 2);
			while (at < len) {
				if (hdr[at] == 1) {
					at++;
					continue;
				}
				CHECK(hdr[at] != 0);
				CHECK(at + 1 < len && hdr[at + 1] >= 2);
				at += hdr[at + 1] >= 2 ? hdr[at + 1] : len;
			}
			CHECK_EQ(at, len);
		}
}

/* Order and padding as in Linux: fingerprints and test suites expect them. */
static const struct {
	u8 opts;
	u8 len;
	u8 bytes[20];
} orders[] = {
	{ XTCP_OPT_MSS | XTCP_OPT_SACK_PERM | XTCP_OPT_TS | XTCP_OPT_WSCALE, 20,
	  { 2, 4, 0x05, 0xb4, 4, 2, 8, 10, 0, 0, 0, 1, 0, 0, 0, 2, 1, 3, 3, 7 } },
	{ XTCP_OPT_MSS | XTCP_OPT_TS | XTCP_OPT_WSCALE, 20,
	  { 2, 4, 0x05, 0xb4, 1, 1, 8, 10, 0, 0, 0, 1, 0, 0, 0, 2, 1, 3, 3, 7 } },
	{ XTCP_OPT_MSS | XTCP_OPT_SACK_PERM | XTCP_OPT_WSCALE, 12,
	  { 2, 4, 0x05, 0xb4, 1, 1, 4, 2, 1, 3, 3, 7 } },
	{ XTCP_OPT_MSS | XTCP_OPT_SACK_PERM, 8, { 2, 4, 0x05, 0xb4, 1, 1, 4, 2 } },
	{ XTCP_OPT_MSS | XTCP_OPT_WSCALE, 8, { 2, 4, 0x05, 0xb4, 1, 3, 3, 7 } },
	{ XTCP_OPT_TS, 12, { 1, 1, 8, 10, 0, 0, 0, 1, 0, 0, 0, 2 } },
};

UNIT(wire_put_order)
{
	u32 i;

	for (i = 0; i < ARRAY_SIZE(orders); i++) {
		struct xtcp_plan plan = {
			.flags = XTCP_SYN, .opts = orders[i].opts, .opt_mss = 1460,
			.wscale = 7, .tsval = 1, .tsecr = 2,
		};
		u8 hdr[XTCP_HDR_MAX];

		plan.hdr_len = xtcp_hdr_len(&plan);
		CHECK_EQ(xtcp_hdr_put(hdr, &plan, 1, 2), 20U + orders[i].len);
		CHECK(!memcmp(hdr + 20, orders[i].bytes, orders[i].len));
	}
}

/* A cookie of each length, in either option, with the other options of a SYN. */
UNIT(wire_put_cookie)
{
	u32 len, exp;

	for (len = 0; len <= XTCP_FASTOPEN_COOKIE_MAX; len += len ? 2 : 4)
		for (exp = 0; exp < 2; exp++) {
			struct xtcp_fastopen_cookie cookie = {
				.len = (u8)len, .exp = (u8)exp, .val = { 0xf0, 1, 2, 3 },
			};
			struct xtcp_plan plan = {
				.flags = XTCP_SYN, .opts = XTCP_OPT_MSS | XTCP_OPT_FASTOPEN,
				.opt_mss = 1460, .fo_cookie = &cookie,
			};
			u8 hdr[XTCP_HDR_MAX];
			struct xtcp_seg seg;

			cookie.val[XTCP_FASTOPEN_COOKIE_MAX - 1] = 0x0f;
			plan.hdr_len = xtcp_hdr_len(&plan);
			CHECK_EQ(plan.hdr_len, 24 + ((len + 2 + 2 * exp + 3) & ~3U));
			memset(hdr, 0xff, sizeof(hdr));
			CHECK_EQ(xtcp_hdr_put(hdr, &plan, 1, 2), plan.hdr_len);
			CHECK(xtcp_parse(&seg, hdr, plan.hdr_len, plan.hdr_len));
			CHECK_EQ(seg.opts, plan.opts);
			CHECK_EQ(seg.fo_cookie_len, len);
			CHECK_EQ(seg.fo_cookie_exp, exp);
			CHECK(!memcmp(seg.fo_cookie, cookie.val, len));
		}
}

UNIT(wire_put_ports)
{
	struct xtcp_plan plan = { .flags = XTCP_RST, .hdr_len = 20 };
	u8 hdr[20], ports[4] = { 0x12, 0x34, 0x56, 0x78 };
	u16 sport, dport;

	memcpy(&sport, ports, 2);
	memcpy(&dport, ports + 2, 2);
	xtcp_hdr_put(hdr, &plan, sport, dport);
	CHECK(!memcmp(hdr, ports, 4));
}
