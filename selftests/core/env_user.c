// SPDX-License-Identifier: GPL-2.0
/*
 * SipHash-2-4 for the userspace build (see include/xtcp/env_user.h), with the results
 * of the kernel's siphash_*u32() and siphash_*u64(): the message is the sequence of
 * words in little-endian order.
 */
#include <xtcp/env.h>

struct sip {
	u64 v0, v1, v2, v3;
};

static u64 rotl(u64 x, unsigned int n)
{
	return x << n | x >> (64 - n);
}

static void sip_round(struct sip *s)
{
	s->v0 += s->v1;
	s->v1 = rotl(s->v1, 13) ^ s->v0;
	s->v0 = rotl(s->v0, 32);
	s->v2 += s->v3;
	s->v3 = rotl(s->v3, 16) ^ s->v2;
	s->v0 += s->v3;
	s->v3 = rotl(s->v3, 21) ^ s->v0;
	s->v2 += s->v1;
	s->v1 = rotl(s->v1, 17) ^ s->v2;
	s->v2 = rotl(s->v2, 32);
}

static void sip_word(struct sip *s, u64 word)
{
	s->v3 ^= word;
	sip_round(s);
	sip_round(s);
	s->v0 ^= word;
}

/* Hash of @n 64-bit words and a last, partial one: @ntail bytes (0 or 4) in @tail. */
static u64 sip_words(const u64 *word, unsigned int n, u32 tail, unsigned int ntail,
		     const siphash_key_t *key)
{
	struct sip s = {
		.v0 = 0x736f6d6570736575ULL ^ key->key[0],
		.v1 = 0x646f72616e646f6dULL ^ key->key[1],
		.v2 = 0x6c7967656e657261ULL ^ key->key[0],
		.v3 = 0x7465646279746573ULL ^ key->key[1],
	};
	unsigned int i;

	for (i = 0; i < n; i++)
		sip_word(&s, word[i]);
	sip_word(&s, (u64)(n * 8 + ntail) << 56 | tail);
	s.v2 ^= 0xff;
	for (i = 0; i < 4; i++)
		sip_round(&s);
	return s.v0 ^ s.v1 ^ s.v2 ^ s.v3;
}

/**
 * siphash_1u32 - SipHash-2-4 of a 32-bit word
 * @a: the word
 * @key: secret
 *
 * Return: the same value as the kernel's function of that name.
 */
u64 siphash_1u32(u32 a, const siphash_key_t *key)
{
	return sip_words(NULL, 0, a, sizeof(a), key);
}

/**
 * siphash_3u32 - SipHash-2-4 of three 32-bit words
 * @a: first word
 * @b: second word
 * @c: third word
 * @key: secret
 *
 * Return: the same value as the kernel's function of that name.
 */
u64 siphash_3u32(u32 a, u32 b, u32 c, const siphash_key_t *key)
{
	const u64 word = (u64)b << 32 | a;

	return sip_words(&word, 1, c, sizeof(c), key);
}

/**
 * siphash_1u64 - SipHash-2-4 of one 64-bit word
 * @a: the word
 * @key: secret
 *
 * Return: the same value as the kernel's function of that name.
 */
u64 siphash_1u64(u64 a, const siphash_key_t *key)
{
	return sip_words(&a, 1, 0, 0, key);
}

/**
 * siphash_2u64 - SipHash-2-4 of two 64-bit words
 * @a: first word
 * @b: second word
 * @key: secret
 *
 * Return: the same value as the kernel's function of that name.
 */
u64 siphash_2u64(u64 a, u64 b, const siphash_key_t *key)
{
	const u64 word[] = { a, b };

	return sip_words(word, 2, 0, 0, key);
}

/**
 * siphash_3u64 - SipHash-2-4 of three 64-bit words
 * @a: first word
 * @b: second word
 * @c: third word
 * @key: secret
 *
 * Return: the same value as the kernel's function of that name.
 */
u64 siphash_3u64(u64 a, u64 b, u64 c, const siphash_key_t *key)
{
	const u64 word[] = { a, b, c };

	return sip_words(word, 3, 0, 0, key);
}

/**
 * siphash_4u64 - SipHash-2-4 of four 64-bit words
 * @a: first word
 * @b: second word
 * @c: third word
 * @d: fourth word
 * @key: secret
 *
 * Return: the same value as the kernel's function of that name.
 */
u64 siphash_4u64(u64 a, u64 b, u64 c, u64 d, const siphash_key_t *key)
{
	const u64 word[] = { a, b, c, d };

	return sip_words(word, 4, 0, 0, key);
}
