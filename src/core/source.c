// SPDX-License-Identifier: GPL-2.0
/*
 * Fairness between the sources of SYNs. A source is an address, or a prefix.
 *
 * Who sends SYNs and completes no handshake is to be limited before it costs
 * others anything, and nobody can keep a list of those who send SYNs. So there
 * are two sketches, of a size that does not depend on anybody.
 *
 * The first counts SYNs that were answered and not completed, as a count-min
 * sketch: a source has one cell in each of four rows, by a keyed hash, and the
 * smallest of the four is no less than what is its own. A cell leaks as a leaky
 * bucket does, at syn_source_rate. It holds not the level but the moment, on a
 * virtual clock, when it will be empty; so nothing has to be walked. That clock
 * runs with real time, and besides with twice the mean of what all the cells get.
 * Therefore a flood from addresses drawn at random, which falls on all cells
 * alike, leaks faster than it comes and lifts nobody over the limit: each cell is
 * a queue at half its capacity, and that four of them exceed a burst of dozens at
 * once has a chance beyond all counting. Only what stands out does.
 *
 * Who completes a handshake pays his SYN back, and an eighth of another: a crowd
 * behind one address, of which some give up, stays where it is.
 *
 * The second counts the places a source has in one accept queue, exactly, since
 * these are given back one by one.
 *
 * Cells of the first are written by several CPUs at once without a lock. A count
 * that is lost thereby is a SYN more or less.
 */
#include "core.h"

/* Of the virtual clock: 2^8 ticks are a SYN. */
#define UNIT		256
#define PAID_BACK	(UNIT + UNIT / 8)

/* The clock gains twice the mean of a row: ticks for each SYN. */
#define TICKS_PER_SYN_SHIFT	1	/* UNIT * 2 / XTCP_SOURCE_CELLS is 2^-1 */

/* Ticks of real time: 2^20 ns, of which a second has so many. */
#define TIME_SHIFT	20
#define TIME_PER_SEC	954

/* Many times the burst: not even a cookie, which the owner of the address gets. */
#define FAR		8

/* A source may hold so many times what is left for all others. */
#define SHARE		8

/* No cell is fuller, in ticks; one that seems to be is empty. */
#define LEVEL_MAX	(1U << 24)

/* Ticks after which what is empty is written as such, before 32 bits wrap. */
#define SWEEP_EVERY	(1ULL << 29)
#define SWEEP_TOO_LATE	(1ULL << 31)

/**
 * xtcp_source_init - sketches in which nothing is counted yet
 * @src: uninitialised memory
 * @key: secret
 */
void xtcp_source_init(struct xtcp_sources *src, const u64 key[2])
{
	memset(src, 0, sizeof(*src));
	src->key[0] = key[0];
	src->key[1] = key[1];
}

/**
 * xtcp_source_of - who is this, to the sketches?
 * @src: sketches
 * @par: knobs: lengths of prefixes
 * @addr: address
 *
 * Return: cells.
 */
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
	/* What is in front of an IPv4 address is the same for all. */
	if (v4)
		return siphash_1u32(a[3], &k);
	return siphash_2u64((u64)a[0] << 32 | a[1], (u64)a[2] << 32 | a[3], &k);
}

static u32 column(u64 who, u32 row)
{
	return (u32)(who >> row * 16) % XTCP_SOURCE_CELLS;
}

/* What a cell holds, SYNs times UNIT. */
static u32 level(u32 empty_at, u32 clock)
{
	u32 left = empty_at - clock;

	return left <= LEVEL_MAX ? left : 0;
}

static void sweep(struct xtcp_sources *src, u64 clock)
{
	bool all = clock - src->swept >= SWEEP_TOO_LATE;
	u32 *cell = &src->empty_at[0][0], i;

	for (i = 0; i < XTCP_SOURCE_ROWS * XTCP_SOURCE_CELLS; i++)
		if (all || cell[i] - (u32)clock > LEVEL_MAX)
			cell[i] = (u32)clock;
	src->swept = clock;
}

/* The virtual clock. A changed rate makes it jump, and forgets what was counted. */
static u32 clock_at(struct xtcp_sources *src, const struct xtcp_params *par, u64 now)
{
	u64 clock = div_u64((now >> TIME_SHIFT) * par->syn_source_rate * UNIT, TIME_PER_SEC);

	clock += src->syns >> TICKS_PER_SYN_SHIFT;
	if (clock - src->swept >= SWEEP_EVERY)
		sweep(src, clock);
	return (u32)clock;
}

/**
 * xtcp_source_syn - may this SYN be answered?
 * @src: sketches
 * @par: knobs
 * @who: xtcp_source_of()
 * @room: half-open connections there is still room for
 * @now: ns
 * @at: filled in, for xtcp_source_answered() if it is
 *
 * Return: XTCP_SOURCE_GOOD; XTCP_SOURCE_MUCH when it is above its allowance, or
 * holds nearly all the room there is: nothing is to be kept of it; XTCP_SOURCE_FAR
 * when it is not even to be answered.
 */
enum xtcp_source xtcp_source_syn(struct xtcp_sources *src, const struct xtcp_params *par,
				 u64 who, u32 room, u64 now, struct xtcp_source_at *at)
{
	u32 open = LEVEL_MAX, row, left;

	at->clock = clock_at(src, par, now);
	for (row = 0; row < XTCP_SOURCE_ROWS; row++) {
		at->cell[row] = &src->empty_at[row][column(who, row)];
		left = level(*at->cell[row], at->clock);
		at->left[row] = left;
		open = min(open, left);
	}
	if (!par->syn_source_rate)
		return XTCP_SOURCE_GOOD;
	open = DIV_ROUND_UP(open, UNIT);
	if (open >= (u64)par->syn_source_burst * FAR)
		return XTCP_SOURCE_FAR;
	return open >= par->syn_source_burst || open > (u64)room * SHARE ?
	       XTCP_SOURCE_MUCH : XTCP_SOURCE_GOOD;
}

/**
 * xtcp_source_answered - a SYN-ACK was sent
 * @src: sketches
 * @at: from xtcp_source_syn()
 */
void xtcp_source_answered(struct xtcp_sources *src, const struct xtcp_source_at *at)
{
	u32 row;

	for (row = 0; row < XTCP_SOURCE_ROWS; row++)
		*at->cell[row] = at->clock + min_t(u32, at->left[row] + UNIT, LEVEL_MAX);
	src->syns++;
}

/**
 * xtcp_source_completed - a handshake was completed
 * @src: sketches
 * @par: knobs
 * @who: xtcp_source_of()
 * @now: ns
 */
void xtcp_source_completed(struct xtcp_sources *src, const struct xtcp_params *par,
			   u64 who, u64 now)
{
	u32 clock = clock_at(src, par, now), row, left, *cell;

	for (row = 0; row < XTCP_SOURCE_ROWS; row++) {
		cell = &src->empty_at[row][column(who, row)];
		left = level(*cell, clock);
		*cell = clock + left - min_t(u32, left, PAID_BACK);
	}
}

/**
 * xtcp_source_place - may it have one more place in an accept queue?
 * @p: places of the listener
 * @who: upper half of xtcp_source_of()
 * @taken: places taken, by whomever
 * @room: places left
 *
 * As long as half of them are free nobody asks.
 */
bool xtcp_source_place(const struct xtcp_places *p, u32 who, u32 taken, u32 room)
{
	u32 row, held = ~0U;

	if (taken <= room)
		return true;
	for (row = 0; row < XTCP_SOURCE_ROWS; row++)
		held = min_t(u32, held, p->held[row][who >> row * 8 & 255]);
	return held <= (u64)room * SHARE;
}

/**
 * xtcp_source_hold - it takes a place
 * @p: places of the listener; calls for it take turns
 * @who: upper half of xtcp_source_of()
 */
void xtcp_source_hold(struct xtcp_places *p, u32 who)
{
	u32 row;

	for (row = 0; row < XTCP_SOURCE_ROWS; row++)
		p->held[row][who >> row * 8 & 255]++;
}

/**
 * xtcp_source_release - it gives one back
 * @p: places of the listener; calls for it take turns
 * @who: what xtcp_source_hold() got
 */
void xtcp_source_release(struct xtcp_places *p, u32 who)
{
	u32 row;

	for (row = 0; row < XTCP_SOURCE_ROWS; row++)
		p->held[row][who >> row * 8 & 255]--;
}
