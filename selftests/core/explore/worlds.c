// SPDX-License-Identifier: GPL-2.0
/*
 * The worlds: what two applications do, with which options, and what may go
 * wrong at level 1; each further level adds one of each.
 *
 * A full segment is 100 bytes. End 0 connects; end 1 listens.
 */
#include "explore.h"

#define MAY(...)	.left = { __VA_ARGS__ }

const struct world_cfg worlds[] = {
	/* The handshake. */
	{ "handshake", { "s e c", "s e c" }, .lend = 4,
	  MAY([B_DROP] = 1, [B_TICK] = 2) },
	{ "handshake-reordered", { "w100 s e c", "s e c" }, .lend = 4, .no_sack = true,
	  MAY([B_DUP] = 1, [B_REORDER] = 1, [B_TICK] = 1, [B_LATE] = 1) },
	{ "simultaneous-open", { "w100 s e c", "s e c" }, .lend = 4,
	  .simultaneous = true,
	  MAY([B_DROP] = 1, [B_TICK] = 2) },
	{ "simultaneous-open-reordered", { "s e c", "s e c" }, .lend = 4,
	  .simultaneous = true, .no_ts = true,
	  MAY([B_DUP] = 1, [B_REORDER] = 1, [B_TICK] = 1, [B_LATE] = 1) },
	{ "request", { "w100 s e c", "g100 w200 s e c" }, .lend = 6,
	  MAY([B_DROP] = 1, [B_TICK] = 2) },

	/* Loss and recovery. */
	{ "newreno", { "w600 s e c", "e c" }, .opened = true, .lend = 12,
	  .no_sack = true, .no_ts = true, .cwnd = 4,
	  MAY([B_DROP] = 1, [B_TICK] = 2) },
	{ "newreno-ts", { "w600 s e c", "e c" }, .opened = true, .lend = 12,
	  .no_sack = true, .cwnd = 4,
	  MAY([B_DROP] = 1, [B_TICK] = 2) },
	{ "sack", { "w600 s e c", "e c" }, .opened = true, .lend = 12, .cwnd = 4,
	  MAY([B_DROP] = 1, [B_TICK] = 2) },
	{ "sack-burst", { "w800 s e c", "e c" }, .opened = true, .lend = 12, .cwnd = 8,
	  .gso = 800, .no_ts = true,
	  MAY([B_DROP] = 1, [B_TICK] = 2) },
	{ "sack-both-ways", { "w200 s e c", "w200 s e c" }, .opened = true, .lend = 6,
	  .no_ts = true,
	  MAY([B_DROP] = 1, [B_TICK] = 1) },
	{ "reordering", { "w500 s e c", "e c" }, .opened = true, .lend = 8, .cwnd = 4,
	  MAY([B_REORDER] = 1, [B_TICK] = 2) },
	{ "duplicates", { "w300 s e c", "e c" }, .opened = true, .lend = 8, .cwnd = 3,
	  MAY([B_DUP] = 1, [B_REORDER] = 1, [B_TICK] = 1) },
	{ "spurious", { "w400 s e c", "e c" }, .opened = true, .lend = 8, .cwnd = 4,
	  MAY([B_TICK] = 2, [B_LATE] = 1) },
	{ "spurious-no-ts", { "w400 s e c", "e c" }, .opened = true, .lend = 8, .cwnd = 4,
	  .no_ts = true,
	  MAY([B_TICK] = 2, [B_LATE] = 1) },
	{ "delay", { "w400 s e c", "e c" }, .opened = true, .lend = 12, .cwnd = 4,
	  .delay_ms = 10,
	  MAY([B_DROP] = 1, [B_TICK] = 3) },
	{ "delay-reordered", { "w400 s e c", "e c" }, .opened = true, .lend = 12,
	  .cwnd = 4, .delay_ms = 10,
	  MAY([B_REORDER] = 1, [B_TICK] = 2, [B_LATE] = 1) },
	{ "reneging", { "w400 s e c", "e c" }, .opened = true, .lend = 8, .cwnd = 4,
	  MAY([B_DROP] = 1, [B_TICK] = 2, [B_RENEGE] = 1) },
	{ "coarse-map", { "w500 s e c", "e c" }, .opened = true, .cwnd = 5, .gso = 300,
	  MAY([B_DROP] = 1, [B_TICK] = 2) },
	{ "merged", { "w500 s e c", "e c" }, .opened = true, .lend = 8, .cwnd = 5,
	  .gso = 400,
	  MAY([B_DROP] = 1, [B_TICK] = 1, [B_MERGE] = 1) },
	{ "mtu", { "w300 s e c", "e c" }, .opened = true, .lend = 8, .gso = 300,
	  MAY([B_DROP] = 1, [B_TICK] = 1, [B_SHRINK] = 1) },

	/* Flow control. */
	{ "zero-window", { "w250 s e c", "e c" }, .opened = true, .lend = 6,
	  .no_wscale = true, .rcvbuf = { 0, 100 }, .read = { 0, 100 },
	  MAY([B_DROP] = 1, [B_TICK] = 3) },
	{ "small-reads", { "w250 s e c", "e c" }, .opened = true, .lend = 6,
	  .no_ts = true, .rcvbuf = { 0, 150 }, .read = { 0, 40 },
	  MAY([B_DROP] = 1, [B_TICK] = 2) },
	{ "scaled-window", { "w300 s e c", "e c" }, .opened = true, .lend = 6,
	  .rcvbuf_max = 1 << 21, .rcvbuf = { 0, 270 }, .read = { 0, 90 },
	  MAY([B_DROP] = 1, [B_REORDER] = 1, [B_TICK] = 1) },
	{ "small-writes", { "w30 m50 w60 k w10 K w30 s e c", "w1 w1 e c" },
	  .opened = true, .lend = 6, .no_sack = true,
	  MAY([B_DROP] = 1, [B_TICK] = 2) },
	{ "urgent", { "w50 u50 w100 s e c", "u10 e c" }, .opened = true, .lend = 6,
	  MAY([B_DROP] = 1, [B_TICK] = 1) },
	{ "refused", { "w200 s e c", "e c" }, .lend = 6,
	  MAY([B_DROP] = 1, [B_TICK] = 2, [B_REFUSE] = 1) },

	/* The end. */
	{ "close", { "w100 s e c", "w100 s e c" }, .opened = true, .lend = 6,
	  MAY([B_DROP] = 1, [B_TICK] = 2) },
	{ "close-reordered", { "w100 s e c", "w100 s e c" }, .opened = true, .lend = 6,
	  .tw_in_tcb = true,
	  MAY([B_DUP] = 1, [B_REORDER] = 1, [B_TICK] = 1, [B_LATE] = 1) },
	{ "close-early", { "w100 c", "w100 s e c" }, .opened = true, .lend = 6,
	  MAY([B_DROP] = 1, [B_TICK] = 2) },
	{ "abort", { "w100 s e c", "w100 s e c" }, .lend = 6,
	  MAY([B_DROP] = 1, [B_TICK] = 1, [B_ABORT] = 1) },
	{ "blind", { "w100 s e c", "s e c" }, .lend = 6,
	  MAY([B_TICK] = 1, [B_BLIND] = 1) },
	{ "blind-no-ts", { "w100 s e c", "w100 s e c" }, .opened = true, .lend = 6,
	  .no_ts = true,
	  MAY([B_TICK] = 1, [B_BLIND] = 1) },
};

const u32 nworlds = ARRAY_SIZE(worlds);
