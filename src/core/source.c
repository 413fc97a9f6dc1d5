// SPDX-License-Identifier: GPL-2.0
/*
 * Fairness between the sources of SYNs. A source is an address, or a prefix.
 *
 * A source that sends SYNs and completes no handshake has to be limited before it
 * costs others anything, and a list of all that send SYNs cannot be kept. So
 * there are two sketches, whose size does not depend on traffic.
 *
 * The first one counts SYNs that were answered and not completed. It is a
 * count-min sketch: a source has one cell in each of four rows, by a keyed hash,
 * and the smallest of the four is at least its own count. A cell drains like a
 * leaky bucket, at syn_source_rate. It does not hold a level, but the time on a
 * virtual clock when it will be empty; so nothing has to be walked. That clock
 * advances with real time, and in addition with twice the mean of what all cells
 * receive. So a flood from random addresses, which hits all cells alike, drains
 * faster than it arrives and lifts no source over the limit: each cell is a queue
 * at half of its capacity, and the chance that four of them exceed a burst of
 * dozens at once is negligible. Only a source that stands out exceeds it.
 *
 * A completed handshake refunds its SYN, and an eighth of another: a crowd behind
 * one address, of which some give up, stays where it is.
 *
 * The second sketch counts the places that a source has in one accept queue,
 * exactly, since places are given back one by one.
 *
 * Several CPUs write the cells of the first sketch without a lock. A lost count
 * is one SYN more or less.
 */
#include "core.h"

/* Ticks of the virtual clock: a SYN is 2^8, and what a completed handshake refunds. */
#define UNIT		256
#define PAID_BACK	(UNIT + UNIT / 8)

/* For each SYN the clock advances by twice the mean of a row, in ticks. */
#define TICKS_PER_SYN_SHIFT	1	/* UNIT * 2 / XTCP_SOURCE_CELLS is 2^-1 */

/* Real time is counted in units of 2^20 ns; a second has TIME_PER_SEC of them. */
#define TIME_SHIFT	20
#define TIME_PER_SEC	954

/*
 * Multiple of the burst above which a source does not even get a cookie (which
 * goes to the owner of the address, forged or not).
 */
#define DROP_FACTOR	8

/* A source may hold this multiple of the room that is left for all others. */
#define SHARE		8

/* Largest level, in ticks; a cell that seems to be above it is empty. */
#define LEVEL_MAX	(1U << 24)

/* Ticks between sweeps that rewrite empty cells before 32 bits wrap. */
#define SWEEP_EVERY	(1ULL << 29)
#define SWEEP_TOO_LATE	(1ULL << 31)

void xtcp_source_init(struct xtcp_sources *src, const u64 key[2])
{
	memset(src, 0, sizeof(*src));
	src->key[0] = key[0];
	src->key[1] = key[1];
}

u64 xtcp_source_of(const struct xtcp_sources *src, const struct xtcp_params *par,
		   const u32 addr[4])
{
	const siphash_key_t k = { { src->key[0], src->key[1] } };
	bool v4 = xtcp_addr_is_v4(addr);
	u32 bits = v4 ? 96U + par->syn_source_prefix4 : par->syn_source_prefix6;
	u32 a[4];
	u8 *byte = (u8 *)a;

	memcpy(a, addr, sizeof(a));
	if (bits < 128) {
		byte[bits / 8] &= (u8)(0xff00 >> bits % 8);
		memset(byte + bits / 8 + 1, 0, 15 - bits / 8);
	}
	/* The prefix of a v4-mapped address is the same for all. */
	if (v4)
		return siphash_1u32(a[3], &k);
	return siphash_2u64((u64)a[0] << 32 | a[1], (u64)a[2] << 32 | a[3], &k);
}

static u32 source_column(u64 who, u32 row)
{
	return (u32)(who >> row * 16) % XTCP_SOURCE_CELLS;
}

/* Level of a cell, in SYNs times UNIT. */
static u32 source_level(u32 empty_at, u32 clock)
{
	u32 left = empty_at - clock;

	return left <= LEVEL_MAX ? left : 0;
}

static void source_sweep(struct xtcp_sources *src, u64 clock)
{
	bool all = clock - src->swept >= SWEEP_TOO_LATE;
	u32 *cell = &src->empty_at[0][0], i;

	for (i = 0; i < XTCP_SOURCE_ROWS * XTCP_SOURCE_CELLS; i++)
		if (all || cell[i] - (u32)clock > LEVEL_MAX)
			cell[i] = (u32)clock;
	src->swept = clock;
}

/*
 * The virtual clock, in ticks. A change of the rate makes it jump, which forgets
 * all counts.
 */
static u32 source_clock(struct xtcp_sources *src, const struct xtcp_params *par, u64 now)
{
	u64 clock = div_u64((now >> TIME_SHIFT) * par->syn_source_rate * UNIT, TIME_PER_SEC);

	clock += src->syns >> TICKS_PER_SYN_SHIFT;
	if (clock - src->swept >= SWEEP_EVERY)
		source_sweep(src, clock);
	return (u32)clock;
}

enum xtcp_source_verdict xtcp_source_syn(struct xtcp_sources *src,
					 const struct xtcp_params *par,
					 u64 who, u32 room, u64 now,
					 struct xtcp_source_at *at)
{
	u32 open = LEVEL_MAX, row, left;

	at->clock = source_clock(src, par, now);
	for (row = 0; row < XTCP_SOURCE_ROWS; row++) {
		at->cell[row] = &src->empty_at[row][source_column(who, row)];
		left = source_level(*at->cell[row], at->clock);
		at->left[row] = left;
		open = min(open, left);
	}
	if (!par->syn_source_rate)
		return XTCP_SOURCE_ALLOW;
	open = DIV_ROUND_UP(open, UNIT);
	if (open >= (u64)par->syn_source_burst * DROP_FACTOR)
		return XTCP_SOURCE_DROP;
	return open >= par->syn_source_burst || open > (u64)room * SHARE ?
	       XTCP_SOURCE_COOKIE : XTCP_SOURCE_ALLOW;
}

void xtcp_source_answered(struct xtcp_sources *src, const struct xtcp_source_at *at)
{
	u32 row;

	for (row = 0; row < XTCP_SOURCE_ROWS; row++)
		*at->cell[row] = at->clock + min_t(u32, at->left[row] + UNIT, LEVEL_MAX);
	src->syns++;
}

void xtcp_source_completed(struct xtcp_sources *src, const struct xtcp_params *par,
			   u64 who, u64 now)
{
	u32 clock = source_clock(src, par, now), row, left, *cell;

	for (row = 0; row < XTCP_SOURCE_ROWS; row++) {
		cell = &src->empty_at[row][source_column(who, row)];
		left = source_level(*cell, clock);
		*cell = clock + left - min_t(u32, left, PAID_BACK);
	}
}

bool xtcp_source_place(const struct xtcp_source_places *p, u32 who, u32 taken, u32 room)
{
	u32 row, held = ~0U;

	if (taken <= room)
		return true;
	for (row = 0; row < XTCP_SOURCE_ROWS; row++)
		held = min_t(u32, held, p->held[row][who >> row * 8 & 255]);
	return held <= (u64)room * SHARE;
}

void xtcp_source_hold(struct xtcp_source_places *p, u32 who)
{
	u32 row;

	for (row = 0; row < XTCP_SOURCE_ROWS; row++)
		p->held[row][who >> row * 8 & 255]++;
}

void xtcp_source_release(struct xtcp_source_places *p, u32 who)
{
	u32 row;

	for (row = 0; row < XTCP_SOURCE_ROWS; row++)
		p->held[row][who >> row * 8 & 255]--;
}
