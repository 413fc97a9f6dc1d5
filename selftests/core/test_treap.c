// SPDX-License-Identifier: GPL-2.0
/*
 * The tree of sequence numbers, compared with an array of its contents. test_reass.c tests
 * its priorities.
 */
#include <stdlib.h>

#include "core.h"
#include "harness.h"

#define NODES	64
#define BASE	0xffffff00U	/* the numbers wrap */

struct treap {
	struct xtcp_params par;
	struct xtcp_tcb tcb;
	struct xtcp_node node[NODES];
	bool in[NODES];
	struct xtcp_node *root;
};

static void init(struct treap *t)
{
	u32 i;

	memset(t, 0, sizeof(*t));
	xtcp_params_init(&t->par);
	xtcp_tcb_init(&t->tcb, &t->par);
	for (i = 0; i < NODES; i++)
		t->node[i].seq = BASE + 10 * i;
}

/* All look-ups, also of numbers between the nodes. */
static void compare(struct treap *t)
{
	struct xtcp_node *before = NULL, *first = NULL, *node;
	u32 i;

	for (i = 0; i < NODES; i++) {
		CHECK(xtcp_treap_before(t->root, BASE + 10 * i - 1) == before);
		if (t->in[i]) {
			node = &t->node[i];
			CHECK(xtcp_treap_after(t->root, before ? before->seq : BASE - 1) == node);
			CHECK(!node->left || node->left->prio <= node->prio);
			CHECK(!node->right || node->right->prio <= node->prio);
			before = node;
			if (!first)
				first = node;
		}
		CHECK(xtcp_treap_before(t->root, BASE + 10 * i) == before);
	}
	CHECK(xtcp_treap_first(t->root) == first);
	CHECK(xtcp_treap_last(t->root) == before);
	CHECK(!xtcp_treap_after(t->root, BASE + 10 * NODES));
}

UNIT(treap_random)
{
	struct treap t;
	u32 step, i, k;

	srandom(5);
	init(&t);
	compare(&t);
	for (step = 0; step < 3000; step++) {
		i = random() % NODES;
		if (!(random() % 100)) {
			xtcp_treap_cut(&t.root, t.node[i].seq - random() % 2);
			for (k = 0; k < i; k++)
				t.in[k] = false;
		} else if (t.in[i]) {
			xtcp_treap_remove(&t.root, &t.node[i]);
			t.in[i] = false;
		} else {
			xtcp_treap_insert(&t.tcb, &t.root, &t.node[i]);
			t.in[i] = true;
		}
		compare(&t);
	}
}

static u32 depth(const struct xtcp_node *node)
{
	u32 left, right;

	if (!node)
		return 0;
	left = depth(node->left);
	right = depth(node->right);
	return 1 + max(left, right);
}

/* Appending at the end and removing from the front, as in a send map, keeps it shallow. */
UNIT(treap_is_not_deep)
{
	static struct xtcp_node node[65536];
	struct treap t;
	u32 i;

	init(&t);
	for (i = 0; i < ARRAY_SIZE(node); i++) {
		node[i].seq = BASE + i;
		xtcp_treap_insert(&t.tcb, &t.root, &node[i]);
	}
	CHECK(depth(t.root) < 60);
	for (i = 0; i < ARRAY_SIZE(node); i += 7) {
		xtcp_treap_cut(&t.root, BASE + i);
		CHECK(xtcp_treap_first(t.root) == &node[i]);
	}
	xtcp_treap_cut(&t.root, BASE + i);
	CHECK(!t.root);
}
