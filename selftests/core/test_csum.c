// SPDX-License-Identifier: GPL-2.0
/*
 * The checksum against precomputed vectors: the example of RFC 1071, a SYN over IPv4
 * and one over IPv6.
 */
#include "harness.h"

UNIT(csum_rfc1071_example)
{
	static const u8 data[] = { 0x00, 0x01, 0xf2, 0x03, 0xf4, 0xf5, 0xf6, 0xf7 };

	/* RFC 1071, 3: the folded sum is ddf2. */
	CHECK_EQ(xtcp_csum_fold(xtcp_csum_add(0, data, 8)), (u16)~0xddf2);
}

UNIT(csum_odd_length)
{
	static const u8 odd[] = { 0x12, 0x34, 0x56 };
	static const u8 even[] = { 0x12, 0x34, 0x56, 0x00 };

	CHECK_EQ(xtcp_csum_add(0, odd, 3), xtcp_csum_add(0, even, 4));
}

UNIT(csum_in_pieces)
{
	u8 data[1000];
	u32 i, whole, parts;

	for (i = 0; i < sizeof(data); i++)
		data[i] = (u8)(i * 37 + 11);
	whole = xtcp_csum_add(0, data, sizeof(data));
	parts = xtcp_csum_add(0, data, 20);
	parts = xtcp_csum_add(parts, data + 20, 500);
	parts = xtcp_csum_add(parts, data + 520, 480);
	CHECK_EQ(xtcp_csum_fold(parts), xtcp_csum_fold(whole));
}

/* 64 KiB of ff: the sum passes 32 bits if it is kept in 16 + 16. */
UNIT(csum_no_overflow)
{
	static u8 data[65536];

	memset(data, 0xff, sizeof(data));
	CHECK_EQ(xtcp_csum_fold(xtcp_csum_add(0xffff0000u, data, sizeof(data))), 0);
}

static const struct xtcp_flow flow4 = {
	.saddr = { 0, 0, 0xffff0000, 0x0100a8c0 },	/* 192.168.0.1 */
	.daddr = { 0, 0, 0xffff0000, 0xc7000008 },	/* 8.0.0.199 */
	.sport = 0x5c11, .dport = 0x5000,
};

/*
 * Pseudo-header c0a8 0001 0800 00c7 0006 0014, header 115c 0050 0000 0001
 * 0000 0000 5002 2000 0000 0000: sum 14b39, folded 4b3a, checksum b4c5.
 */
UNIT(csum_ipv4_syn)
{
	static const u8 hdr[20] = {
		0x11, 0x5c, 0x00, 0x50, 0, 0, 0, 1, 0, 0, 0, 0,
		0x50, 0x02, 0x20, 0x00, 0, 0, 0, 0
	};
	u32 sum = xtcp_csum_pseudo(&flow4, false, 20);

	CHECK_EQ(xtcp_csum_fold(sum), (u16)~(0xc0a8 + 0x0001 + 0x0800 + 0x00c7 +
					     0x0006 + 0x0014));
	sum = xtcp_csum_add(sum, hdr, 20);
	CHECK_EQ(xtcp_csum_fold(sum), 0xb4c5);
}

/*
 * 2001:db8::1 to 2001:db8::2, length 20, next header 6: 2001 0db8 0001 2001
 * 0db8 0002 0014 0006 make 5b8f; the header above makes 81af; together dd3e,
 * checksum 22c1.
 */
UNIT(csum_ipv6_syn)
{
	static const struct xtcp_flow flow6 = {
		.saddr = { 0xb80d0120, 0, 0, 0x01000000 },
		.daddr = { 0xb80d0120, 0, 0, 0x02000000 },
	};
	static const u8 hdr[20] = {
		0x11, 0x5c, 0x00, 0x50, 0, 0, 0, 1, 0, 0, 0, 0,
		0x50, 0x02, 0x20, 0x00, 0, 0, 0, 0
	};
	u32 sum = xtcp_csum_pseudo(&flow6, true, 20);

	CHECK_EQ(xtcp_csum_fold(sum), (u16)~0x5b8f);
	CHECK_EQ(xtcp_csum_fold(xtcp_csum_add(sum, hdr, 20)), 0x22c1);
}

UNIT(csum_with_itself_is_zero)
{
	u8 hdr[20] = { 0x11, 0x5c, 0x00, 0x50, 0, 0, 0, 1, 0, 0, 0, 0,
		       0x50, 0x02, 0x20, 0x00, 0xb4, 0xc5, 0, 0 };
	u32 sum = xtcp_csum_pseudo(&flow4, false, 20);
	int bit;

	CHECK_EQ(xtcp_csum_fold(xtcp_csum_add(sum, hdr, 20)), 0);
	for (bit = 0; bit < 160; bit++) {
		hdr[bit / 8] ^= 1 << bit % 8;
		CHECK(xtcp_csum_fold(xtcp_csum_add(sum, hdr, 20)));
		hdr[bit / 8] ^= 1 << bit % 8;
	}
}

/* The length in the IPv6 pseudo-header has 32 bits; check all of them. */
UNIT(csum_ipv6_length_is_wide)
{
	static const struct xtcp_flow zero;

	CHECK_EQ(xtcp_csum_fold(xtcp_csum_pseudo(&zero, true, 0x00012345)),
		 (u16)~(0x1 + 0x2345 + 6));
	CHECK_EQ(xtcp_csum_fold(xtcp_csum_pseudo(&zero, true, 0x01234567)),
		 (u16)~(0x123 + 0x4567 + 6));
}

/* The carry of a sum that overflows is added again. */
UNIT(csum_carries)
{
	static const u8 two[] = { 0, 2 };

	CHECK_EQ(xtcp_csum_add(0xffffffff, two, 2), 2);
	CHECK_EQ(xtcp_csum_add(0xfffffffe, two, 2), 1);
	CHECK_EQ(xtcp_csum_add(0x80000000, two, 2), 0x80000002);
}
