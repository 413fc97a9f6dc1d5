// SPDX-License-Identifier: GPL-2.0
/*
 * SipHash-2-4 against the reference vectors of its authors (key 00..0f,
 * message 00, 01, ..): those of 8, 16, 24 and 32 bytes are whole words.
 */
#include "harness.h"

static const siphash_key_t key = {
	{ 0x0706050403020100ULL, 0x0f0e0d0c0b0a0908ULL }
};

UNIT(siphash_1u32_vector)
{
	CHECK_EQ(siphash_1u32(0x03020100, &key), 0xcf2794e0277187b7ULL);
}

UNIT(siphash_3u32_vector)
{
	CHECK_EQ(siphash_3u32(0x03020100, 0x07060504, 0x0b0a0908, &key),
		 0x751e8fbc860ee5fbULL);
}

UNIT(siphash_1u64_vector)
{
	CHECK_EQ(siphash_1u64(0x0706050403020100ULL, &key), 0x93f5f5799a932462ULL);
}

UNIT(siphash_2u64_vector)
{
	CHECK_EQ(siphash_2u64(0x0706050403020100ULL, 0x0f0e0d0c0b0a0908ULL, &key),
		 0x3f2acc7f57c29bdbULL);
}

UNIT(siphash_3u64_vector)
{
	CHECK_EQ(siphash_3u64(0x0706050403020100ULL, 0x0f0e0d0c0b0a0908ULL,
			      0x1716151413121110ULL, &key), 0xb8ad50c6f649af94ULL);
}

UNIT(siphash_4u64_vector)
{
	CHECK_EQ(siphash_4u64(0x0706050403020100ULL, 0x0f0e0d0c0b0a0908ULL,
			      0x1716151413121110ULL, 0x1f1e1d1c1b1a1918ULL, &key),
		 0x7127512f72f27cceULL);
}

UNIT(siphash_depends_on_all)
{
	siphash_key_t other = key;
	u64 h = siphash_2u64(1, 2, &key);

	CHECK(h != siphash_2u64(2, 1, &key));
	CHECK(h != siphash_2u64(1, 3, &key));
	other.key[1] ^= 1;
	CHECK(h != siphash_2u64(1, 2, &other));
	CHECK(siphash_4u64(1, 2, 3, 4, &key) != siphash_4u64(1, 2, 4, 3, &key));
}
