// SPDX-License-Identifier: GPL-2.0
/*
 * A source that sends SYNs without completing handshakes is limited; others are not,
 * however many SYNs arrive from other addresses.
 */
#include "core.h"
#include "harness.h"

#define MS	XTCP_NSEC_PER_MSEC
#define SEC	XTCP_NSEC_PER_SEC
#define ROOM	1000000

static struct xtcp_sources src;
static struct xtcp_params par;
static struct xtcp_source_at at;

static u64 v4(u8 a, u8 b, u8 c, u8 d)
{
	const u8 byte[16] = { [10] = 0xff, [11] = 0xff, a, b, c, d };
	u32 addr[4];

	memcpy(addr, byte, sizeof(addr));
	return xtcp_source_of(&src, &par, addr);
}

static u32 seed;

/* Reset all state, the random numbers too, so that tests do not depend on their order. */
static void fresh(void)
{
	static const u64 key[2] = { 1, 2 };

	xtcp_params_init(&par);
	xtcp_source_init(&src, key);
	seed = 1;
}

static u32 chance(void)
{
	seed = seed * 1664525 + 1013904223;
	return seed >> 8;
}

static u64 stranger(void)
{
	u32 r = chance(), s = chance();

	return v4(r, r >> 8, s, s >> 8);
}

/* A SYN, answered if allowed. */
static enum xtcp_source_verdict syn(u64 who, u64 now)
{
	enum xtcp_source_verdict what = xtcp_source_syn(&src, &par, who, ROOM, now, &at);

	if (what != XTCP_SOURCE_DROP)
		xtcp_source_answered(&src, &at);
	return what;
}

/* A source gets its burst, then cookies, then only what leaks; each source separately. */
UNIT(source_limits)
{
	u64 me = v4(10, 0, 0, 1), now = 5 * SEC;
	u32 n[3] = { 0 }, i;

	fresh();
	me = v4(10, 0, 0, 1);
	for (i = 0; i < 5000; i++)
		n[syn(me, now)]++;
	CHECK_EQ(n[XTCP_SOURCE_ALLOW], 128);
	CHECK(n[XTCP_SOURCE_COOKIE] >= 896 && n[XTCP_SOURCE_COOKIE] <= 900);
	CHECK_EQ(syn(v4(10, 0, 0, 2), now), XTCP_SOURCE_ALLOW);
	/* 10 s at 8 a second. */
	n[XTCP_SOURCE_COOKIE] = 0;
	for (i = 0; i < 1000; i++)
		n[syn(me, now + i * 10 * MS)]++;
	CHECK(n[XTCP_SOURCE_COOKIE] >= 78 && n[XTCP_SOURCE_COOKIE] <= 84);
	/* After two minutes it is forgotten. */
	CHECK_EQ(syn(me, now + 140 * SEC), XTCP_SOURCE_ALLOW);
}

/* Current values of the knobs. */
UNIT(source_knobs)
{
	static const struct {
		u32 rate, burst, allow, cookie;
	} tab[] = {
		{ 8, 1, 1, 7 },		{ 1000, 10, 10, 70 },	{ 0, 1, 1000, 0 },
		{ 1000000, 500, 500, 500 },
	};
	u32 i, k;
	u64 me;

	for (i = 0; i < ARRAY_SIZE(tab); i++) {
		u32 n[3] = { 0 };

		fresh();
		par.syn_source_rate = tab[i].rate;
		par.syn_source_burst = tab[i].burst;
		me = v4(10, 0, 0, 1);
		for (k = 0; k < 1000; k++)
			n[syn(me, SEC)]++;
		CHECK_EQ(n[XTCP_SOURCE_ALLOW], tab[i].allow);
		CHECK(n[XTCP_SOURCE_COOKIE] >= tab[i].cookie &&
		      n[XTCP_SOURCE_COOKIE] <= tab[i].cookie + 4);
	}
}

UNIT(source_prefix)
{
	static const struct {
		u8 len;
		u8 a, b, c, d;
		bool same;
	} tab[] = {
		{ 32, 10, 1, 2, 4, false },	{ 31, 10, 1, 2, 2, true },
		{ 31, 10, 1, 2, 4, false },	{ 24, 10, 1, 2, 99, true },
		{ 24, 10, 1, 3, 3, false },	{ 20, 10, 1, 15, 3, true },
		{ 20, 10, 1, 16, 3, false },	{ 1, 127, 9, 9, 9, true },
		{ 1, 128, 1, 2, 3, false },	{ 0, 200, 9, 9, 9, true },
	};
	u32 addr[4] = { 0x01020304, 0x05060708, 9, 10 }, i;
	u64 six;

	for (i = 0; i < ARRAY_SIZE(tab); i++) {
		fresh();
		par.syn_source_prefix4 = tab[i].len;
		CHECK_EQ(v4(10, 1, 2, 3) == v4(tab[i].a, tab[i].b, tab[i].c, tab[i].d), tab[i].same);
	}
	fresh();
	six = xtcp_source_of(&src, &par, addr);
	addr[2] ^= 1;
	addr[3] ^= 1;
	CHECK_EQ(xtcp_source_of(&src, &par, addr), six);
	addr[1] ^= 0x01000000;
	CHECK(xtcp_source_of(&src, &par, addr) != six);
	par.syn_source_prefix6 = 56;
	six = xtcp_source_of(&src, &par, addr);
	addr[1] ^= 0x01000000;
	CHECK_EQ(xtcp_source_of(&src, &par, addr), six);
}

/*
 * A flood from random addresses, 100,000 SYNs a second for a minute: honest sources,
 * some of them busy, never exceed the limit.
 */
UNIT(source_flood)
{
	u32 i, bad = 0;
	u64 now;

	fresh();
	for (i = 0; i < 6000000; i++) {
		now = 100 * SEC + i * 10000ULL;
		bad += syn(stranger(), now) != XTCP_SOURCE_ALLOW;
		if (i % 100 == 0) {
			u64 honest = v4(192, 0, 2, i / 100 % 50);

			bad += syn(honest, now) != XTCP_SOURCE_ALLOW;
			xtcp_source_completed(&src, &par, honest, now + 50 * MS);
		}
	}
	CHECK_EQ(bad, 0);
}

/* In that flood a source that sends more is limited, if less exactly. */
UNIT(source_stands_out)
{
	u32 n[3] = { 0 }, i;
	u64 now;

	fresh();
	for (i = 0; i < 1000000; i++) {
		now = 100 * SEC + i * 10000ULL;
		syn(stranger(), now);
		if (i % 10 == 0)
			n[syn(v4(10, 0, 0, 1), now)]++;
	}
	/*
	 * After its burst, the source gets of 10,000 SYNs a second what a cell leaks
	 * (twice the mean of 100,000 / 1024, and 8) less what other addresses put into
	 * it: 106. Cookies also answer those between the burst and eight bursts, 896.
	 */
	CHECK(n[XTCP_SOURCE_ALLOW] >= 128 && n[XTCP_SOURCE_ALLOW] <= 135);
	CHECK(n[XTCP_SOURCE_COOKIE] > 1900 && n[XTCP_SOURCE_COOKIE] < 2100);
}

/*
 * Many clients behind one address: 5,000 connections a second with an RTT of 100 ms, of
 * which one in ten is never completed, and a pause.
 */
UNIT(source_crowd)
{
	u32 n[3] = { 0 }, i;
	u64 me, now;

	fresh();
	me = v4(10, 0, 0, 1);
	for (i = 0; i < 200000; i++) {
		now = 100 * SEC + i * 200000ULL;
		n[syn(me, now)]++;
		if (i >= 500 && i % 10)
			xtcp_source_completed(&src, &par, me, now);
	}
	/* Cookies carry all options; nothing is dropped. */
	CHECK_EQ(n[XTCP_SOURCE_DROP], 0);
	fresh();
	/* 1,000 a second need no cookies. */
	me = v4(10, 0, 0, 1);
	n[XTCP_SOURCE_COOKIE] = 0;
	for (i = 0; i < 100000; i++) {
		now = 100 * SEC + i * MS;
		n[syn(me, now)]++;
		if (i >= 100 && i % 10)
			xtcp_source_completed(&src, &par, me, now);
	}
	CHECK_EQ(n[XTCP_SOURCE_COOKIE], 0);
}

/* The rest of the room is for other sources. */
UNIT(source_room)
{
	u64 me;
	u32 i;

	fresh();
	me = v4(10, 0, 0, 1);
	for (i = 0; i < 90; i++) {
		CHECK_EQ(xtcp_source_syn(&src, &par, me, 100 - i, SEC, &at),
			 i <= 8 * (100 - i) ? XTCP_SOURCE_ALLOW : XTCP_SOURCE_COOKIE);
		xtcp_source_answered(&src, &at);
	}
	CHECK_EQ(xtcp_source_syn(&src, &par, me, 10, SEC, &at), XTCP_SOURCE_COOKIE);
	CHECK_EQ(xtcp_source_syn(&src, &par, v4(10, 0, 0, 2), 10, SEC, &at),
		 XTCP_SOURCE_ALLOW);
	CHECK_EQ(xtcp_source_syn(&src, &par, v4(10, 0, 0, 2), 0, SEC, &at),
		 XTCP_SOURCE_ALLOW);
}

/* Completed handshakes give no credit. */
UNIT(source_no_credit)
{
	u64 me;
	u32 i;

	fresh();
	me = v4(10, 0, 0, 1);
	for (i = 0; i < 1000; i++)
		xtcp_source_completed(&src, &par, me, SEC);
	for (i = 0; i < 128; i++)
		CHECK_EQ(syn(me, SEC), XTCP_SOURCE_ALLOW);
	CHECK_EQ(syn(me, SEC), XTCP_SOURCE_COOKIE);
}

/* A completed handshake compensates for 1 1/8 SYNs. */
UNIT(source_pays_back)
{
	u32 n[3] = { 0 }, i;
	u64 me;

	fresh();
	me = v4(10, 0, 0, 1);
	for (i = 0; i < 128; i++)
		syn(me, SEC);
	for (i = 0; i < 64; i++)
		xtcp_source_completed(&src, &par, me, SEC);
	for (i = 0; i < 128; i++)
		n[syn(me, SEC)]++;
	CHECK_EQ(n[XTCP_SOURCE_ALLOW], 72);
}

/* An old cell is empty at any later time, although the 32-bit clock wraps. */
UNIT(source_wraps)
{
	static const u32 rates[] = { 1, 8, 1000, 1000000 };
	u64 now, step, me;
	u32 i, k, r;

	for (r = 0; r < ARRAY_SIZE(rates); r++) {
		fresh();
		par.syn_source_rate = rates[r];
		seed = r;
		for (i = 0, now = 0; i < 3000; i++) {
			/* Steps from a second to weeks; years in total. */
			step = (SEC << chance() % 22) + chance() * 1000ULL;
			now += step;
			me = v4(10, 0, 0, chance() % 3);
			if (i % 50 == 0) {
				/* Quiet long enough to be forgotten at this rate. */
				now += 200 * SEC * 8;
				CHECK_EQ(xtcp_source_syn(&src, &par, me, 0, now, &at),
					 XTCP_SOURCE_ALLOW);
				for (k = 0; k < 127; k++)
					syn(me, now);
				CHECK_EQ(xtcp_source_syn(&src, &par, me, ROOM, now, &at),
					 XTCP_SOURCE_ALLOW);
				xtcp_source_answered(&src, &at);
				CHECK_EQ(xtcp_source_syn(&src, &par, me, ROOM, now, &at),
					 XTCP_SOURCE_COOKIE);
				now += 129 * SEC / rates[r] + 2 * MS;
			}
			CHECK_EQ(xtcp_source_syn(&src, &par, me, 1, now, &at),
				 XTCP_SOURCE_ALLOW);
		}
	}
}

UNIT(source_changed_rate)
{
	u64 me;
	u32 i;

	fresh();
	me = v4(10, 0, 0, 1);
	for (i = 0; i < 2000; i++)
		syn(me, 100000 * SEC);
	CHECK_EQ(syn(me, 100000 * SEC), XTCP_SOURCE_DROP);
	par.syn_source_rate = 9;
	CHECK_EQ(syn(me, 100000 * SEC), XTCP_SOURCE_ALLOW);
	par.syn_source_rate = 4;
	CHECK_EQ(syn(me, 100000 * SEC), XTCP_SOURCE_ALLOW);
	for (i = 0; i < 2000; i++)
		syn(me, 100000 * SEC);
	CHECK_EQ(syn(me, 100000 * SEC), XTCP_SOURCE_DROP);
}

/* A source that has filled an accept queue does not get the last ninth of it. */
UNIT(source_places)
{
	static struct xtcp_source_places p;
	u32 len[] = { 1, 2, 3, 9, 129, 4097 }, i, n;

	for (i = 0; i < ARRAY_SIZE(len); i++) {
		memset(&p, 0, sizeof(p));
		for (n = 0; n < len[i] && xtcp_source_place(&p, 0x01020304, n, len[i] - n); n++)
			xtcp_source_hold(&p, 0x01020304);
		/* Entries are granted as long as held <= 8 * room. */
		CHECK_EQ(n, min(len[i], len[i] * 8 / 9 + 1));
		if (n < len[i])
			CHECK(xtcp_source_place(&p, 0x05060708, n, len[i] - n));
		while (n--)
			xtcp_source_release(&p, 0x01020304);
		for (n = 0; n < sizeof(p); n++)
			CHECK(!((u8 *)&p)[n]);
	}
}
