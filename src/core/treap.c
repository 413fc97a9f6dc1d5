// SPDX-License-Identifier: GPL-2.0
/*
 * A search tree of sequence numbers whose shape the peer cannot choose.
 *
 * Two things in a connection are looked up by sequence number and influenced by
 * the peer: the runs held out of order (reass.c) and the entries of the send map
 * (sendmap.c). A treap is a binary tree by number and at the same time a heap by
 * priority, so its shape follows from the priorities alone. These come from a
 * generator that the peer cannot predict: the expected depth of a node is below 2
 * ln n, whatever the order of insertion. A red-black tree needs no generator, but
 * three times the code and a pointer to the parent.
 *
 * All numbers in a tree lie within half of the sequence space.
 */
#include "core.h"

static u32 treap_next_prio(struct xtcp_tcb *tcb)
{
	u32 x = tcb->prio_seed;

	/* The peer knows our ISS; the key makes the seed secret. */
	if (!x)
		x = (u32)(tcb->par->isn_key[0] >> 32) ^ tcb->iss ^ 0x9e3779b9;
	if (!x)
		x = 1;
	x ^= x << 13;	/* Marsaglia, xorshift32: never 0 */
	x ^= x >> 17;
	x ^= x << 5;
	tcb->prio_seed = x;
	return x;
}

/* xtcp_treap_before - the last node at or before @seq, or NULL */
struct xtcp_node *xtcp_treap_before(struct xtcp_node *root, u32 seq)
{
	struct xtcp_node *best = NULL;

	while (root) {
		if (seq_le(root->seq, seq)) {
			best = root;
			root = root->right;
		} else {
			root = root->left;
		}
	}
	return best;
}

/* xtcp_treap_after - the first node after @seq, or NULL */
struct xtcp_node *xtcp_treap_after(struct xtcp_node *root, u32 seq)
{
	struct xtcp_node *best = NULL;

	while (root) {
		if (seq_gt(root->seq, seq)) {
			best = root;
			root = root->left;
		} else {
			root = root->right;
		}
	}
	return best;
}

/* xtcp_treap_first - the node with the lowest number, or NULL */
struct xtcp_node *xtcp_treap_first(struct xtcp_node *root)
{
	while (root && root->left)
		root = root->left;
	return root;
}

/* xtcp_treap_last - the node with the highest number, or NULL */
struct xtcp_node *xtcp_treap_last(struct xtcp_node *root)
{
	while (root && root->right)
		root = root->right;
	return root;
}

/* xtcp_treap_insert - add @node; its number is set and not yet in the tree */
void xtcp_treap_insert(struct xtcp_tcb *tcb, struct xtcp_node **root,
		       struct xtcp_node *node)
{
	struct xtcp_node **left = &node->left, **right = &node->right;
	struct xtcp_node **link = root;
	struct xtcp_node *cur;

	node->prio = treap_next_prio(tcb);
	while (*link && (*link)->prio >= node->prio)
		link = seq_lt(node->seq, (*link)->seq) ? &(*link)->left :
							 &(*link)->right;
	/* Split the subtree found here into smaller and larger numbers. */
	cur = *link;
	*link = node;
	while (cur) {
		if (seq_lt(cur->seq, node->seq)) {
			*left = cur;
			left = &cur->right;
			cur = cur->right;
		} else {
			*right = cur;
			right = &cur->left;
			cur = cur->left;
		}
	}
	*left = NULL;
	*right = NULL;
}

/* xtcp_treap_remove - remove @node, which is in the tree */
void xtcp_treap_remove(struct xtcp_node **root, struct xtcp_node *node)
{
	struct xtcp_node *left = node->left, *right = node->right;
	struct xtcp_node **link = root;

	while (*link != node)
		link = seq_lt(node->seq, (*link)->seq) ? &(*link)->left :
							 &(*link)->right;
	while (left && right) {
		if (left->prio >= right->prio) {
			*link = left;
			link = &left->right;
			left = left->right;
		} else {
			*link = right;
			link = &right->left;
			right = right->left;
		}
	}
	*link = left ? left : right;
}

/* xtcp_treap_cut - remove all nodes before @seq, in one descent */
void xtcp_treap_cut(struct xtcp_node **root, u32 seq)
{
	struct xtcp_node *node;

	while ((node = *root)) {
		if (seq_lt(node->seq, seq))
			*root = node->right;
		else
			root = &node->left;
	}
}
