// SPDX-License-Identifier: GPL-2.0
/*
 * Packets on their way to the reader: in order on sk_receive_queue, out of
 * order in the engine's tree. Both are charged to the receive buffer.
 *
 * A packet's first payload byte is known from the TCP header that stays in
 * front of its data; what of it is taken is a range in skb->cb. Nothing is
 * trimmed by moving bytes.
 */
#include <linux/tcp.h>
#include <net/xfrm.h>

#include "../compat/moved.h"
#include "internal.h"

/* Sequence number of the first byte at skb->data. */
static u32 recvq_base(const struct sk_buff *skb)
{
	const struct tcphdr *th = tcp_hdr(skb);

	return ntohl(th->seq) + th->syn;
}

static bool recvq_whole(const struct sk_buff *skb)
{
	const struct xtcp_skb_cb *cb = XTCP_CB(skb);

	return !cb->q.off && cb->q.end - cb->q.seq == skb->len;
}

static void recvq_own(struct sock *sk, struct sk_buff *skb)
{
	if (skb->sk == sk)
		return;
	/* The route is not ours to keep, and the device may go. */
	skb_dst_drop(skb);
	secpath_reset(skb);
	skb->dev = NULL;
	skb_set_owner_r(skb, sk);
}

/* Room for payload in a packet made to hold many small ones: one page in all. */
#define PACK_ROOM	((u32)SKB_WITH_OVERHEAD(PAGE_SIZE))

/* An empty packet at the tail, for the bytes of small ones; NULL: no memory. */
static struct sk_buff *pack_new(struct sock *sk, u32 seq)
{
	struct sk_buff *skb = alloc_skb(PACK_ROOM, GFP_ATOMIC | __GFP_NOWARN);

	if (!skb)
		return NULL;
	if (!sk_rmem_schedule(sk, skb, skb->truesize)) {
		kfree_skb(skb);
		return NULL;
	}
	XTCP_CB(skb)->q.seq = seq;
	XTCP_CB(skb)->q.end = seq;
	XTCP_CB(skb)->q.off = 0;
	skb_set_owner_r(skb, sk);
	__skb_queue_tail(&sk->sk_receive_queue, skb);
	return skb;
}

/*
 * A packet that costs more than twice its bytes is copied behind the one
 * before it, if the reader is behind: the window is half of the buffer, so
 * packets that cost more would use the buffer up before the window that was
 * promised, and what was invited would have to be dropped. TCP lets them pile
 * up and copies the whole queue when it is full; a copy for each is never a
 * long one, and only of what is small.
 */
static bool recvq_pack(struct sock *sk, struct sk_buff *skb, u32 off, u32 from,
		       u32 to)
{
	struct sk_buff *tail = skb_peek_tail(&sk->sk_receive_queue);
	u32 len = to - from;

	if (!tail || skb->truesize <= 2 * len || len > PACK_ROOM)
		return false;
	if (!recvq_whole(tail) || skb_cloned(tail) || skb_tailroom(tail) < (int)len) {
		if (atomic_read(&sk->sk_rmem_alloc) < sk->sk_rcvbuf / 8)
			return false;
		tail = pack_new(sk, from);
		if (!tail)
			return false;
	}
	if (WARN_ON_ONCE(skb_copy_bits(skb, off, skb_put(tail, len), len))) {
		skb_trim(tail, tail->len - len);
		return false;
	}
	XTCP_CB(tail)->q.end = to;
	xtcp_stamp_join(tail, skb);
	xtcp_mib_inc(xtcp_sk_net(sk), XTCP_MIB_RCV_COALESCE);
	consume_skb(skb);
	return true;
}

/**
 * xtcp_recvq_add - queue payload for reading
 * @sk: socket, any context
 * @skb: packet; taken over
 * @from: first byte of the stream to take from it
 * @to: one after the last
 */
void xtcp_recvq_add(struct sock *sk, struct sk_buff *skb, u32 from, u32 to)
{
	struct sk_buff *tail = skb_peek_tail(&sk->sk_receive_queue);
	u32 off = from - recvq_base(skb);
	bool stolen;
	int delta;

	if (recvq_pack(sk, skb, off, from, to))
		return;
	XTCP_CB(skb)->q.seq = from;
	XTCP_CB(skb)->q.end = to;
	XTCP_CB(skb)->q.off = off;

	if (tail && recvq_whole(skb) && recvq_whole(tail) &&
	    skb_try_coalesce(tail, skb, &stolen, &delta)) {
		atomic_add(delta, &sk->sk_rmem_alloc);
		sk_mem_charge(sk, delta);
		XTCP_CB(tail)->q.end = to;
		xtcp_stamp_join(tail, skb);
		xtcp_mib_inc(xtcp_sk_net(sk), XTCP_MIB_RCV_COALESCE);
		kfree_skb_partial(skb, stolen);
		return;
	}
	recvq_own(sk, skb);
	__skb_queue_tail(&sk->sk_receive_queue, skb);
}

/**
 * xtcp_recvq_hold - account for a packet the engine keeps out of order
 * @sk: socket, any context
 * @skb: packet whose node is in the engine's tree; taken over
 */
void xtcp_recvq_hold(struct sock *sk, struct sk_buff *skb)
{
	recvq_own(sk, skb);
}

/*
 * Packets moved or freed for one that arrives: a peer can make any number of
 * them wait for a single one. The rest goes with the next or when the reader
 * comes.
 */
#define SETTLE_MAX	XTCP_DEFENCE_OR(reass_work, 8, INT_MAX)

/* Likewise in one step of a reader, who has a use for it. */
#define READER_MAX	64

static void drain(struct sock *sk, int n)
{
	struct xtcp_ooo *node;

	while (n-- > 0 && (node = xtcp_reass_pop(&xtcp_sk(sk)->tcb)))
		xtcp_recvq_add(sk, xtcp_ooo_skb(node), node->seq, node->end);
}

static bool reap(struct sock *sk, int n)
{
	struct xtcp_ooo *node = NULL;

	while (n-- > 0 && (node = xtcp_reass_reap(&xtcp_sk(sk)->tcb)))
		kfree_skb(xtcp_ooo_skb(node));
	return node;
}

/**
 * xtcp_recvq_settle - what the engine has left for us to do, or some of it
 * @sk: socket, any context
 *
 * After a hole was filled packets are to be queued (XTCP_ACT_DRAIN); others the
 * engine no longer wants (XTCP_ACT_REAP).
 */
void xtcp_recvq_settle(struct sock *sk)
{
	drain(sk, SETTLE_MAX);
	reap(sk, SETTLE_MAX);
}

/**
 * xtcp_recvq_reap - free all that the engine no longer wants
 * @sk: socket, any context
 */
void xtcp_recvq_reap(struct sock *sk)
{
	reap(sk, INT_MAX);
}

/**
 * xtcp_recvq_purge - throw away what nobody will read
 * @sk: socket, process or softirq
 *
 * Return: whether there was any unread byte (RFC 2525, 2.17: close() then
 * owes the peer a RST).
 */
bool xtcp_recvq_purge(struct sock *sk)
{
	bool unread = false;
	struct sk_buff *skb;

	drain(sk, INT_MAX);
	while ((skb = __skb_dequeue(&sk->sk_receive_queue))) {
		if (seq_gt(XTCP_CB(skb)->q.end, xtcp_sk(sk)->copied))
			unread = true;
		__kfree_skb(skb);
	}
	return unread;
}

/* The packet that holds byte @seq; @len: bytes that may be taken from there on. */
static struct sk_buff *recvq_find(struct sock *sk, u32 seq, u32 *off, u32 *len)
{
	struct sk_buff *skb;

	skb_queue_walk(&sk->sk_receive_queue, skb) {
		const struct xtcp_skb_cb *cb = XTCP_CB(skb);
		u32 at = seq - cb->q.seq;

		if (at < cb->q.end - cb->q.seq) {
			*off = cb->q.off + at;
			*len = cb->q.end - seq;
			return skb;
		}
	}
	return NULL;
}

/**
 * xtcp_recvq_newest - the packet that holds a byte near the end of the queue
 * @sk: socket
 * @seq: sequence number of the byte
 * @off: set to where it is in the packet
 *
 * Walks back from the tail and only over what was queued behind the byte. A byte
 * that has not arrived costs one comparison, however long the queue is.
 *
 * Return: the packet, still queued, or NULL when @seq has not arrived.
 */
struct sk_buff *xtcp_recvq_newest(struct sock *sk, u32 seq, u32 *off)
{
	struct sk_buff *skb;

	skb_queue_reverse_walk(&sk->sk_receive_queue, skb) {
		const struct xtcp_skb_cb *cb = XTCP_CB(skb);

		if (seq_ge(seq, cb->q.end))
			break;
		if (seq_ge(seq, cb->q.seq)) {
			*off = cb->q.off + (seq - cb->q.seq);
			return skb;
		}
	}
	return NULL;
}

/**
 * xtcp_recvq_seek - the packet that holds the byte a reader is at
 * @sk: socket, process context
 * @seq: sequence number of the byte
 * @off: set to where it is in the packet
 * @len: set to how many bytes may be taken from there
 *
 * What was left over when it arrived is queued now, for somebody who wants it.
 *
 * Return: the packet, still queued, or NULL when @seq has not arrived.
 */
struct sk_buff *xtcp_recvq_seek(struct sock *sk, u32 seq, u32 *off, u32 *len)
{
	struct sk_buff *skb;

	while (!(skb = recvq_find(sk, seq, off, len)) && xtcp_sk(sk)->tcb.ooo_ready)
		drain(sk, READER_MAX);
	reap(sk, READER_MAX);
	return skb;
}

/* Free the packets wholly below @seq. */
void xtcp_recvq_eat(struct sock *sk, u32 seq)
{
	struct sk_buff *skb;

	while ((skb = skb_peek(&sk->sk_receive_queue)) &&
	       seq_le(XTCP_CB(skb)->q.end, seq)) {
		__skb_unlink(skb, &sk->sk_receive_queue);
		consume_skb(skb);
	}
}

static bool rcv_over(const struct sock *sk)
{
	return atomic_read(&sk->sk_rmem_alloc) > sk->sk_rcvbuf;
}

/*
 * Packets thrown away for one that arrives, at most: one that GRO merged of many
 * needs the room of as many small ones. The rest goes with the next.
 */
#define PRUNE_MAX	128

/* Let the buffer hold one more packet, unless SO_RCVBUF said how large it is. */
static void rcv_stretch(struct sock *sk, u32 truesize)
{
	int used = atomic_read(&sk->sk_rmem_alloc);

	if (used <= sk->sk_rcvbuf || (sk->sk_userlocks & SOCK_RCVBUF_LOCK) ||
	    used >= READ_ONCE(xtcp_knobs(sk)->rmem[2]) || xtcp_mem_soft(sk))
		return;
	WRITE_ONCE(sk->sk_rcvbuf, min_t(int, used + truesize, READ_ONCE(xtcp_knobs(sk)->rmem[2])));
}

/**
 * xtcp_recvq_forget - throw away what came too early
 * @sk: socket, any context
 *
 * The peer has it, too, and nothing of it was acknowledged but by SACK, which a
 * receiver short of memory may take back (RFC 2018, 8).
 *
 * Return: whether there was anything.
 */
bool xtcp_recvq_forget(struct sock *sk)
{
	int i;

	for (i = 0; i < PRUNE_MAX && xtcp_reass_prune(&xtcp_sk(sk)->tcb); i++)
		;
	xtcp_recvq_reap(sk);
	if (i)
		xtcp_mib_inc(xtcp_sk_net(sk), XTCP_MIB_OFO_PRUNED);
	return i;
}

/* Is there room for one more packet, in the buffer and in the account? */
static bool rcv_room(struct sock *sk, struct sk_buff *skb)
{
	return !XTCP_DEFENCE(rcv_admit, rcv_over(sk)) &&
	       sk_rmem_schedule(sk, skb, skb->truesize);
}

/*
 * tcp_prune_queue(): packets held out of order make room; what is in order was
 * acknowledged and stays.
 */
static bool rcv_prune(struct sock *sk, struct sk_buff *skb)
{
	const struct xtcp_net *xn = xtcp_sk_net(sk);
	bool pruned = false;
	int i;

	xtcp_mib_inc(xn, XTCP_MIB_PRUNE_CALLED);
	for (i = 0; i < PRUNE_MAX; i++) {
		if (!reap(sk, 1)) {
			if (!xtcp_reass_prune(&xtcp_sk(sk)->tcb))
				break;
			if (!pruned)
				xtcp_mib_inc(xn, XTCP_MIB_OFO_PRUNED);
			pruned = true;
			continue;
		}
		if (rcv_room(sk, skb))
			return true;
	}
	if (rcv_over(sk))
		xtcp_mib_inc(xn, XTCP_MIB_RCV_PRUNED);
	return false;
}

/* Does the packet hold the byte the reader waits for, who has nothing else? */
static bool rcv_wanted(const struct sock *sk, const struct sk_buff *skb)
{
	const struct xtcp_tcb *tcb = &xtcp_sk(sk)->tcb;
	u32 base = recvq_base(skb);

	return skb_queue_empty(&sk->sk_receive_queue) && !tcb->ooo_ready &&
	       seq_le(base, tcb->rcv_nxt) && seq_gt(base + skb->len, tcb->rcv_nxt);
}

/**
 * xtcp_rcv_admit - may the payload of a packet be stored?
 * @sk: socket, any context
 * @skb: packet, not yet shown to the engine
 *
 * To be asked before xtcp_rx(): once the engine has moved RCV.NXT or taken
 * the node there is no way back. What was promised is taken, though its
 * packets cost more than was reckoned: the buffer grows, within rmem[2], the
 * window does not. A reader who has nothing at all gets his packet however short
 * memory is, or the stream would stand still.
 *
 * Return: false when the segment is to be dropped (XTCP_DROP_RCVBUF, or
 * XTCP_DROP_OOO_MEMORY).
 */
bool xtcp_rcv_admit(struct sock *sk, struct sk_buff *skb)
{
	if (!skb->len)
		return true;
	rcv_stretch(sk, skb->truesize);
	if (likely(rcv_room(sk, skb)))
		return true;
	if (rcv_wanted(sk, skb)) {
		xtcp_mem_force(sk, skb->truesize);
		return true;
	}
	return rcv_prune(sk, skb);
}

/* tcp_adjust_rcv_ssthresh(): segments, and half of what SO_RESERVE_MEM has left. */
static u32 rcv_space_pressed(const struct sock *sk)
{
	return max_t(u32, 4 * xtcp_sk(sk)->tcb.adv_mss, sk_unused_reserved_mem(sk) / 2);
}

/**
 * xtcp_rcv_space - what the window may offer
 * @sk: socket, any context
 *
 * Half of the free buffer: the rest is for the packets around the bytes
 * (tcp_adv_win_scale 1). Bytes held out of order have their room already.
 *
 * Return: bytes beyond RCV.NXT that can be stored.
 */
u32 xtcp_rcv_space(const struct sock *sk)
{
	const struct xtcp_sock *xsk = xtcp_sk(sk);
	int used = atomic_read(&sk->sk_rmem_alloc) +
		   READ_ONCE(sk->sk_backlog.len);
	int left = READ_ONCE(sk->sk_rcvbuf) - used;
	u32 space;

	if (left <= 0)
		return 0;
	space = left / 2 + xsk->tcb.ooo_bytes;
	if (sk_under_memory_pressure(sk))
		space = min(space, rcv_space_pressed(sk));
	if (xsk->window_clamp)
		space = min(space, xsk->window_clamp);
	return space;
}

/**
 * xtcp_rcv_space_max - the largest window this socket may ever offer
 * @sk: socket, any context
 *
 * It decides the window scale, which cannot change later (RFC 7323, 2.3). A buffer
 * that may grow counts whole, though half of it is offered, and up to what SO_RCVBUF
 * may make of it: as Linux counts, whose scale for these buffers peers expect.
 *
 * Return: bytes.
 */
u32 xtcp_rcv_space_max(const struct sock *sk)
{
	const struct xtcp_sock *xsk = xtcp_sk(sk);
	u32 space = READ_ONCE(sk->sk_rcvbuf) / 2;

	if (!(sk->sk_userlocks & SOCK_RCVBUF_LOCK))
		space = max3(space, (u32)READ_ONCE(xtcp_knobs(sk)->rmem[2]),
			     READ_ONCE(sysctl_rmem_max));
	if (xsk->window_clamp)
		space = min(space, xsk->window_clamp);
	return space;
}

/**
 * xtcp_rcv_grow - let the receive buffer follow the reader
 * @sk: socket, process context
 * @bytes: just read, the engine has not heard of them yet
 * @now: ns
 *
 * The engine knows how large the window should be; the buffer is twice that,
 * up to rmem[2], because the window is half of what is free. It never shrinks:
 * a limit costs nothing while the queue is empty. SO_RCVBUF ends it.
 */
void xtcp_rcv_grow(struct sock *sk, u32 bytes, u64 now)
{
	u32 want = xtcp_rcv_round(&xtcp_sk(sk)->tcb, bytes, now);
	const struct xtcp_knobs *knobs = xtcp_knobs(sk);

	if (!want || !READ_ONCE(knobs->moderate_rcvbuf) ||
	    (sk->sk_userlocks & SOCK_RCVBUF_LOCK) || sk_under_memory_pressure(sk))
		return;
	want = 2 * min_t(u32, want, READ_ONCE(knobs->rmem[2]) / 2);
	if (want > sk->sk_rcvbuf)
		WRITE_ONCE(sk->sk_rcvbuf, want);
}
