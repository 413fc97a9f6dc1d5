// SPDX-License-Identifier: GPL-2.0
/*
 * Out-of-order packets: RFC 9293 SHLD-31, MAY-13. A table of overlaps, then random
 * arrivals compared with a map of bytes, all across the wrap of sequence numbers.
 */
#include <stdlib.h>

#include "core.h"
#include "harness.h"

#define SPAN	400
#define BASE	0xffffff38u	/* 200 bytes before the wrap */

struct bytes {
	struct xtcp_tcb tcb;
	u8 have[SPAN];
	u32 next;	/* in order up to here, relative */
	long alive;
};

static void take_back(struct bytes *b, bool pop)
{
	struct xtcp_ooo *node;

	while (pop && (node = xtcp_reass_pop(&b->tcb))) {
		CHECK_EQ(node->seq - BASE, b->next);
		CHECK(seq_lt(node->seq, node->end));
		for (; b->next < node->end - BASE; b->next++)
			CHECK(b->have[b->next]);
		b->alive--;
		free(node);
	}
	while ((node = xtcp_reass_reap(&b->tcb))) {
		b->alive--;
		free(node);
	}
}

static void arrive(struct bytes *b, u32 from, u32 len)
{
	struct xtcp_ooo *node = malloc(sizeof(*node));
	u32 fresh = 0, i;

	for (i = from; i < from + len; i++)
		fresh += !b->have[i];
	b->alive++;
	switch (xtcp_reass_insert(&b->tcb, node, BASE + from, BASE + from + len)) {
	case XTCP_REASS_HELD:
		memset(b->have + from, 1, len);
		break;
	case XTCP_REASS_DUP:
		CHECK_EQ(fresh, 0);
		b->alive--;
		free(node);
		break;
	default:
		CHECK(0);
	}
	take_back(b, false);
}

static void fill_hole(struct bytes *b, u32 len)
{
	u32 i;

	for (i = 0; i < len; i++)
		b->have[b->next++] = 1;
	xtcp_reass_advance(&b->tcb, BASE + b->next);
	take_back(b, true);
	for (i = 0; i < SPAN && b->have[i]; i++)
		;
	CHECK_EQ(b->tcb.rcv_nxt - BASE, i);
	CHECK_EQ(b->next, i);
}

static void check_bytes(struct bytes *b)
{
	u32 i, n = 0, runs = 0;

	for (i = b->next; i < SPAN; i++) {
		n += b->have[i];
		runs += b->have[i] && (i == b->next || !b->have[i - 1]);
	}
	CHECK_EQ(b->tcb.ooo_bytes, n);
	CHECK_EQ(b->tcb.ooo_runs, runs);
}

UNIT(reass_random_against_a_map)
{
	struct xtcp_params par;
	u32 round;

	srandom(1);
	xtcp_params_init(&par);
	for (round = 0; round < 2000; round++) {
		struct bytes b = { .next = 1 };
		u32 step;

		xtcp_tcb_init(&b.tcb, &par);
		b.have[0] = 1;
		b.tcb.rcv_nxt = BASE + 1;
		for (step = 0; step < 40 && b.next < SPAN - 60; step++) {
			u32 gap = 1 + random() % 10;

			if (random() % 4) {
				u32 from = b.next + gap + random() % (SPAN - b.next - gap - 30);

				arrive(&b, from, 1 + random() % 30);
			} else {
				for (gap = 1; !b.have[b.next + gap] && gap < 10; gap++)
					;
				fill_hole(&b, gap);
			}
			check_bytes(&b);
		}
		xtcp_reass_flush(&b.tcb);
		take_back(&b, false);
		CHECK_EQ(b.alive, 0);
		CHECK_EQ(b.tcb.ooo_bytes, 0);
	}
}

/* The run with the highest numbers is discarded first; it was not acknowledged. */
UNIT(reass_prune)
{
	struct bytes b = { .next = 1 };
	struct xtcp_params par;

	xtcp_params_init(&par);
	xtcp_tcb_init(&b.tcb, &par);
	b.tcb.rcv_nxt = BASE + 1;
	CHECK(!xtcp_reass_prune(&b.tcb));
	arrive(&b, 50, 10);
	arrive(&b, 300, 20);
	arrive(&b, 320, 20);
	arrive(&b, 100, 10);
	CHECK_EQ(b.tcb.ooo_runs, 3);
	CHECK(xtcp_reass_prune(&b.tcb));
	take_back(&b, false);
	CHECK_EQ(b.tcb.ooo_bytes, 20);
	CHECK_EQ(b.alive, 2);
	CHECK(xtcp_reass_prune(&b.tcb));
	CHECK(xtcp_reass_prune(&b.tcb));
	take_back(&b, false);
	CHECK_EQ(b.alive, 0);
}

/* 20,000 one-byte holes, in order: the depth of the tree and memory are limited. */
UNIT(reass_many_holes)
{
	static struct xtcp_ooo nodes[20000];
	struct xtcp_params par;
	struct xtcp_tcb tcb;
	u32 i, held = 0, depth = 0;
	struct xtcp_node *run;

	xtcp_params_init(&par);
	par.isn_key[0] = 0x123456789abcdefULL;
	xtcp_tcb_init(&tcb, &par);
	tcb.rcv_nxt = BASE;
	for (i = 0; i < ARRAY_SIZE(nodes); i++)
		held += xtcp_reass_insert(&tcb, &nodes[i], BASE + 2 * i + 1,
					  BASE + 2 * i + 2) == XTCP_REASS_HELD;
	CHECK(held >= 1000 && held < ARRAY_SIZE(nodes));
	CHECK_EQ(tcb.ooo_runs, held);
	for (run = tcb.ooo_root; run; run = run->right)
		depth++;
	CHECK(depth < 80);
	xtcp_reass_flush(&tcb);
	for (i = 0; xtcp_reass_reap(&tcb); i++)
		;
	CHECK_EQ(i, held);
}

/* At the limit of runs a new one is refused; a packet that extends a run fits. */
UNIT(reass_limit_and_no_node)
{
	static struct xtcp_ooo nodes[8193];
	struct xtcp_seg seg = { .flags = XTCP_ACK, .nsegs = 1, .len = 1, .wnd = 1000 };
	struct xtcp_params par;
	struct xtcp_tcb tcb;
	struct xtcp_ooo one;
	u32 i, actions;

	xtcp_params_init(&par);
	xtcp_tcb_init(&tcb, &par);
	tcb.state = XTCP_ESTABLISHED;
	tcb.iss = 1;
	tcb.snd_una = tcb.snd_nxt = tcb.snd_end = 2;
	tcb.mss = tcb.cwnd = 1000;
	tcb.rcv_nxt = tcb.rcv_wup = tcb.rcv_read = BASE;
	tcb.rcv_wnd = 1000000;
	seg.ack = 2;
	seg.seq = BASE + 1;
	actions = xtcp_rx(&tcb, &seg, NULL, 1);
	CHECK(actions & XTCP_ACT_DROP);
	CHECK_EQ(seg.reason, XTCP_DROP_NO_MEMORY);
	for (i = 0; i < 8192; i++)
		CHECK_EQ(xtcp_reass_insert(&tcb, &nodes[i], BASE + 2 * i + 1,
					   BASE + 2 * i + 2), XTCP_REASS_HELD);
	seg.seq = BASE + 900000;
	seg.len = 1;
	actions = xtcp_rx(&tcb, &seg, &one, 1);
	CHECK_EQ(actions, XTCP_ACT_DROP | XTCP_ACT_OUTPUT);
	CHECK_EQ(seg.reason, XTCP_DROP_OOO_LIMIT);
	CHECK_EQ(xtcp_reass_insert(&tcb, &nodes[8192], BASE + 2 * 8191 + 2,
				   BASE + 2 * 8191 + 5), XTCP_REASS_HELD);
	CHECK_EQ(tcb.ooo_runs, 8192);
	CHECK(!xtcp_check(&tcb));
}

/* A packet over forty one-byte runs replaces ten of them and is cut at the next one. */
UNIT(reass_swallows_so_many)
{
	static struct xtcp_ooo nodes[40], big;
	struct xtcp_params par;
	struct xtcp_tcb tcb;
	u32 i;

	xtcp_params_init(&par);
	xtcp_tcb_init(&tcb, &par);
	tcb.rcv_nxt = BASE;
	for (i = 0; i < 40; i++)
		xtcp_reass_insert(&tcb, &nodes[i], BASE + 11 + 2 * i, BASE + 12 + 2 * i);
	CHECK_EQ(tcb.ooo_runs, 40);
	CHECK_EQ(xtcp_reass_insert(&tcb, &big, BASE + 10, BASE + 100), XTCP_REASS_HELD);
	for (i = 0; xtcp_reass_reap(&tcb); i++)
		;
	CHECK_EQ(i, 10);
	CHECK_EQ(big.end, nodes[10].seq);
	CHECK_EQ(tcb.ooo_runs, 30);
	CHECK_EQ(tcb.ooo_bytes, 1 + 2 * 10 + 30);
}

/* In order, a packet replaces up to ten runs for each of its segments, then is cut. */
UNIT(reass_covers_so_many)
{
	static struct xtcp_ooo nodes[40];
	static const struct {
		u32 to, nsegs, taken, reaped;
	} rows[] = {
		{ 10, 1, 10, 0 },	/* up to the first run */
		{ 11, 1, 11, 0 },	/* as one that ends there says */
		{ 12, 1, 12, 1 },
		{ 30, 1, 30, 10 },
		{ 31, 1, 31, 10 },
		{ 32, 1, 31, 10 },
		{ 90, 1, 31, 10 },
		{ 90, 2, 51, 20 },
		{ 90, 9, 90, 40 },
	};
	struct xtcp_params par;
	struct xtcp_tcb tcb;
	u32 i, r;

	xtcp_params_init(&par);
	for (r = 0; r < ARRAY_SIZE(rows); r++) {
		xtcp_tcb_init(&tcb, &par);
		tcb.rcv_nxt = BASE;
		for (i = 0; i < 40; i++)
			xtcp_reass_insert(&tcb, &nodes[i], BASE + 11 + 2 * i,
					  BASE + 12 + 2 * i);
		CHECK_EQ(xtcp_reass_cover(&tcb, BASE + rows[r].to, rows[r].nsegs),
			 BASE + rows[r].taken);
		for (i = 0; xtcp_reass_reap(&tcb); i++)
			;
		CHECK_EQ(i, rows[r].reaped);
		CHECK_EQ(tcb.ooo_runs, 40 - i);
		CHECK(!xtcp_check(&tcb));
	}
}

/* What reaches beyond is kept, and nothing is lost. */
UNIT(reass_covers_half)
{
	static struct xtcp_ooo nodes[3], *node;
	struct xtcp_params par;
	struct xtcp_tcb tcb;

	xtcp_params_init(&par);
	xtcp_tcb_init(&tcb, &par);
	tcb.rcv_nxt = BASE;
	xtcp_reass_insert(&tcb, &nodes[0], BASE + 10, BASE + 20);
	xtcp_reass_insert(&tcb, &nodes[1], BASE + 20, BASE + 40);
	CHECK_EQ(xtcp_reass_cover(&tcb, BASE + 30, 1), BASE + 10);
	CHECK_EQ(xtcp_reass_advance(&tcb, BASE + 10), XTCP_ACT_DRAIN);
	CHECK_EQ(tcb.rcv_nxt, BASE + 40);
	CHECK_EQ(tcb.ooo_bytes, 0);
	xtcp_reass_follow(&tcb, &nodes[2], BASE + 40, BASE + 45);
	CHECK(xtcp_reass_pop(&tcb) == &nodes[0]);
	CHECK(xtcp_reass_pop(&tcb) == &nodes[1]);
	node = xtcp_reass_pop(&tcb);
	CHECK(node == &nodes[2] && node->seq == BASE + 40 && node->end == BASE + 45);
	CHECK(!xtcp_reass_pop(&tcb));
	CHECK(!xtcp_reass_reap(&tcb));
}

/* In order, but after data not yet taken; refused without memory. */
UNIT(reass_behind_what_waits)
{
	static struct xtcp_ooo held, next;
	struct xtcp_seg seg = { .flags = XTCP_ACK, .nsegs = 1, .wnd = 1000 };
	struct xtcp_request req = { .irs = BASE, .iss = 1, .rcv_wnd = 60000, .peer_mss = 1000 };
	struct xtcp_open open = { .rcv_space = 60000, .adv_mss = 1000, .path_mss = 1000 };
	struct xtcp_params par;
	struct xtcp_tcb tcb;
	u32 actions;

	xtcp_params_init(&par);
	xtcp_tcb_init(&tcb, &par);
	xtcp_accept(&tcb, &req, &open, 1);
	seg.ack = 2;
	seg.seq = BASE + 11;
	seg.len = 10;
	CHECK(xtcp_rx(&tcb, &seg, &held, 1) & XTCP_ACT_HELD);
	seg.seq = BASE + 1;
	actions = xtcp_rx(&tcb, &seg, NULL, 1);
	CHECK_EQ(actions & (XTCP_ACT_DELIVER | XTCP_ACT_DRAIN),
		 XTCP_ACT_DELIVER | XTCP_ACT_DRAIN);
	seg.seq = BASE + 21;
	actions = xtcp_rx(&tcb, &seg, NULL, 1);
	CHECK(actions & XTCP_ACT_DROP);
	CHECK_EQ(seg.reason, XTCP_DROP_NO_MEMORY);
	CHECK_EQ(tcb.rcv_nxt, BASE + 21);
	actions = xtcp_rx(&tcb, &seg, &next, 1);
	CHECK_EQ(actions & (XTCP_ACT_DELIVER | XTCP_ACT_HELD | XTCP_ACT_DRAIN),
		 XTCP_ACT_HELD | XTCP_ACT_DRAIN);
	CHECK_EQ(tcb.rcv_nxt, BASE + 31);
	CHECK_EQ(tcb.bytes_received, 30);
	CHECK(xtcp_reass_pop(&tcb) == &held);
	CHECK(xtcp_reass_pop(&tcb) == &next);
	CHECK(!xtcp_reass_pop(&tcb));
}

/* A packet that ends where a run ends replaces the run; one that ends where it starts joins it. */
UNIT(reass_ends_where_a_run_does)
{
	struct bytes b = { .next = 1 };
	struct xtcp_params par;

	xtcp_params_init(&par);
	xtcp_tcb_init(&b.tcb, &par);
	b.tcb.rcv_nxt = BASE + 1;
	arrive(&b, 50, 10);
	arrive(&b, 40, 20);
	CHECK_EQ(b.alive, 1);
	CHECK_EQ(b.tcb.ooo_bytes, 20);
	arrive(&b, 30, 10);
	CHECK_EQ(b.alive, 2);
	CHECK_EQ(b.tcb.ooo_runs, 1);
	CHECK(xtcp_reass_find(&b.tcb, BASE + 30));
	CHECK(xtcp_reass_find(&b.tcb, BASE + 59));
	CHECK(!xtcp_reass_find(&b.tcb, BASE + 60));
	CHECK(!xtcp_reass_find(&b.tcb, BASE + 29));
	xtcp_reass_flush(&b.tcb);
	take_back(&b, false);
}

/* Two runs that are in order but not yet taken: both are delivered, or both discarded. */
UNIT(reass_taken_late)
{
	struct bytes b = { .next = 1 };
	struct xtcp_params par;
	int flush;

	xtcp_params_init(&par);
	for (flush = 0; flush < 2; flush++) {
		struct xtcp_ooo *node;
		u32 n = 0;

		xtcp_tcb_init(&b.tcb, &par);
		b.tcb.rcv_nxt = BASE + 1;
		memset(b.have, 0, sizeof(b.have));
		CHECK_EQ(xtcp_reass_advance(&b.tcb, BASE + 10), 0);
		arrive(&b, 20, 5);
		arrive(&b, 25, 5);
		arrive(&b, 40, 5);
		CHECK_EQ(xtcp_reass_advance(&b.tcb, BASE + 20), XTCP_ACT_DRAIN);
		CHECK_EQ(b.tcb.rcv_nxt, BASE + 30);
		CHECK_EQ(xtcp_reass_advance(&b.tcb, BASE + 40), XTCP_ACT_DRAIN);
		CHECK_EQ(b.tcb.rcv_nxt, BASE + 45);
		if (flush)
			xtcp_reass_flush(&b.tcb);
		while ((node = flush ? xtcp_reass_reap(&b.tcb) : xtcp_reass_pop(&b.tcb))) {
			if (!flush)
				CHECK_EQ(node->seq - BASE, n < 2 ? 20 + 5 * n : 40);
			free(node);
			n++;
		}
		CHECK_EQ(n, 3);
		CHECK(!xtcp_reass_pop(&b.tcb));
	}
}

static u32 priority(u32 iss, u64 key0, u32 seed)
{
	static struct xtcp_ooo node;
	struct xtcp_params par;
	struct xtcp_tcb tcb;

	xtcp_params_init(&par);
	par.isn_key[0] = key0;
	xtcp_tcb_init(&tcb, &par);
	tcb.iss = iss;
	tcb.prio_seed = seed;
	tcb.rcv_nxt = BASE;
	xtcp_reass_insert(&tcb, &node, BASE + 1, BASE + 2);
	return node.prio;
}

/*
 * The priorities come from Marsaglia's xorshift32, in which 1 is followed by 270369 and
 * 67634689. The seed is made from the ISS and half of a secret key, and is never 0, which
 * is followed by itself.
 */
UNIT(reass_priorities)
{
	u32 bit;

	CHECK_EQ(priority(0, 0, 1), 270369);
	CHECK_EQ(priority(0, 0, 270369), 67634689);
	CHECK_EQ(priority(0x9e3779b9, 0, 0), 270369);
	CHECK_EQ(priority(0x9e3779b8, 0, 0), 270369);
	CHECK_EQ(priority(0x9e3779bb, 0, 0), 2 * 270369);
	for (bit = 0; bit < 32; bit++) {
		CHECK(priority(1U << bit, 0, 0) != priority(0, 0, 0));
		CHECK(priority(0, 1ULL << (32 + bit), 0) != priority(0, 0, 0));
		CHECK(priority(1U << bit, 1ULL << (32 + bit), 0) == priority(0, 0, 0));
	}
}

UNIT(reass_node_fits_an_skb)
{
	CHECK(sizeof(struct xtcp_ooo) <= 48);
}
