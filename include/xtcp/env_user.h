/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The userspace half of env.h: the few kernel names that the engine uses, defined
 * with the C library. selftests/core/env_user.c has the functions.
 */
#ifndef XTCP_ENV_USER_H
#define XTCP_ENV_USER_H

#include <assert.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

typedef uint8_t u8;
typedef uint16_t u16;
typedef uint32_t u32;
typedef uint64_t u64;
typedef int8_t s8;
typedef int16_t s16;
typedef int32_t s32;
typedef int64_t s64;

#define XTCP_ASSERT(cond)	assert(cond)

#define BUILD_BUG_ON(cond)	_Static_assert(!(cond), #cond)
#define ARRAY_SIZE(a)		(sizeof(a) / sizeof((a)[0]))
#define BIT(n)			(1UL << (n))
#define likely(x)		__builtin_expect(!!(x), 1)
#define unlikely(x)		__builtin_expect(!!(x), 0)
#define fallthrough		__attribute__((__fallthrough__))
#define DIV_ROUND_UP(n, d)	(((n) + (d) - 1) / (d))

#define container_of(ptr, type, member) \
	((type *)((char *)(ptr) - offsetof(type, member)))

#define min(a, b) ({			\
	__typeof__(a) _min_a = (a);	\
	__typeof__(b) _min_b = (b);	\
	_min_a < _min_b ? _min_a : _min_b; })
#define max(a, b) ({			\
	__typeof__(a) _max_a = (a);	\
	__typeof__(b) _max_b = (b);	\
	_max_a > _max_b ? _max_a : _max_b; })
#define min_t(type, a, b)	min((type)(a), (type)(b))
#define max_t(type, a, b)	max((type)(a), (type)(b))
#define clamp_t(type, v, lo, hi) min_t(type, max_t(type, v, lo), hi)

static inline u64 div_u64(u64 dividend, u32 divisor)
{
	return dividend / divisor;
}

static inline u32 __ffs(unsigned long word)
{
	return (u32)__builtin_ctzl(word);
}

/* SipHash-2-4, with the interface of <linux/siphash.h>. */
typedef struct {
	u64 key[2];
} siphash_key_t;

u64 siphash_1u32(u32 a, const siphash_key_t *key);
u64 siphash_3u32(u32 a, u32 b, u32 c, const siphash_key_t *key);
u64 siphash_1u64(u64 a, const siphash_key_t *key);
u64 siphash_2u64(u64 a, u64 b, const siphash_key_t *key);
u64 siphash_3u64(u64 a, u64 b, u64 c, const siphash_key_t *key);
u64 siphash_4u64(u64 a, u64 b, u64 c, u64 d, const siphash_key_t *key);

#endif /* XTCP_ENV_USER_H */
