// SPDX-License-Identifier: GPL-2.0
/*
 * Received packets until they are read: in order on sk_receive_queue, out of
 * order in the engine's tree. Both are charged to the receive buffer.
 *
 * The TCP header stays in front of a packet's data and gives the sequence number of its
 * first payload byte. The part of the payload that is used is a range in skb->cb, so
 * that trimming moves no bytes.
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

/* Is all payload of the packet in use? */
static bool recvq_is_whole(const struct sk_buff *skb)
{
	const struct xtcp_skb_cb *cb = XTCP_CB(skb);

	return !cb->q.off && cb->q.end - cb->q.seq == skb->len;
}

/* Charge the packet to the receive buffer, if it is not yet. */
static void recvq_set_owner(struct sock *sk, struct sk_buff *skb)
{
	if (skb->sk == sk)
		return;
	/* Queued packets must not keep the route, and the device may disappear. */
	skb_dst_drop(skb);
	secpath_reset(skb);
	skb->dev = NULL;
	skb_set_owner_r(skb, sk);
}

/* Bytes for payload in a packet made to collect small ones: it takes one page in all. */
#define PACK_ROOM	((u32)SKB_WITH_OVERHEAD(PAGE_SIZE))

/* Queue an empty packet for the bytes of small ones. Return: it, or NULL without memory. */
static struct sk_buff *recvq_pack_new(struct sock *sk, u32 seq)
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
	XTCP_CB(skb)->q.spare = false;
	skb_set_owner_r(skb, sk);
	__skb_queue_tail(&sk->sk_receive_queue, skb);
	return skb;
}

/*
 * Copy the payload of a packet that takes more than twice its bytes of memory into the
 * last packet of the queue, or a new one, while the reader is behind. The window is
 * half of the buffer, so such packets would fill the buffer before the peer has used
 * the window it was offered, and bytes that were invited would have to be dropped. The
 * kernel's TCP queues them and copies the whole queue when the buffer is full; here
 * each copy is short.
 * Return: whether the payload was copied, and the packet freed.
 */
static bool recvq_pack(struct sock *sk, struct sk_buff *skb, u32 off, u32 from,
		       u32 to)
{
	struct sk_buff *tail = skb_peek_tail(&sk->sk_receive_queue);
	u32 len = to - from;

	if (!tail || skb->truesize <= 2 * len || len > PACK_ROOM)
		return false;
	if (!recvq_is_whole(tail) || skb_cloned(tail) || skb_tailroom(tail) < (int)len) {
		if (atomic_read(&sk->sk_rmem_alloc) < sk->sk_rcvbuf / 8)
			return false;
		tail = recvq_pack_new(sk, from);
		if (!tail)
			return false;
	}
	if (WARN_ON_ONCE(skb_copy_bits(skb, off, skb_put(tail, len), len))) {
		skb_trim(tail, tail->len - len);
		return false;
	}
	XTCP_CB(tail)->q.end = to;
	xtcp_merge_timestamp(tail, skb);
	xtcp_mib_inc(xtcp_sk_net(sk), XTCP_MIB_RCV_COALESCE);
	consume_skb(skb);
	return true;
}

/* Queue a packet, or add its payload to the last one. */
static void recvq_append(struct sock *sk, struct sk_buff *skb)
{
	struct sk_buff *tail = skb_peek_tail(&sk->sk_receive_queue);
	u32 to = XTCP_CB(skb)->q.end;
	bool stolen;
	int delta;

	if (tail && recvq_is_whole(skb) && recvq_is_whole(tail) &&
	    skb_try_coalesce(tail, skb, &stolen, &delta)) {
		atomic_add(delta, &sk->sk_rmem_alloc);
		sk_mem_charge(sk, delta);
		XTCP_CB(tail)->q.end = to;
		xtcp_merge_timestamp(tail, skb);
		xtcp_mib_inc(xtcp_sk_net(sk), XTCP_MIB_RCV_COALESCE);
		if (XTCP_CB(skb)->q.spare) {
			xtcp_sendq_recycle(skb);
		} else {
			XTCP_CB(tail)->q.spare = false;
			kfree_skb_partial(skb, stolen);
		}
		return;
	}
	recvq_set_owner(sk, skb);
	__skb_queue_tail(&sk->sk_receive_queue, skb);
}

/**
 * xtcp_recvq_add - queue payload for reading
 * @sk: socket
 * @skb: packet; taken over
 * @from: sequence number of the first byte to use
 * @to: one after the last
 *
 * Context: any, socket lock.
 */
void xtcp_recvq_add(struct sock *sk, struct sk_buff *skb, u32 from, u32 to)
{
	u32 off = from - recvq_base(skb);

	if (recvq_pack(sk, skb, off, from, to))
		return;
	XTCP_CB(skb)->q.seq = from;
	XTCP_CB(skb)->q.end = to;
	XTCP_CB(skb)->q.off = off;
	XTCP_CB(skb)->q.spare = false;
	recvq_append(sk, skb);
}

/**
 * xtcp_recvq_put - queue bytes that came without a segment
 * @sk: socket
 * @skb: packet without headers, memory for which is reserved; taken over
 * @from: sequence number of its first byte
 *
 * Context: any, socket lock.
 */
void xtcp_recvq_put(struct sock *sk, struct sk_buff *skb, u32 from)
{
	XTCP_CB(skb)->q.seq = from;
	XTCP_CB(skb)->q.end = from + skb->len;
	XTCP_CB(skb)->q.off = 0;
	recvq_append(sk, skb);
}

/**
 * xtcp_recvq_charge - charge a packet that the engine keeps out of order
 * @sk: socket
 * @skb: packet whose node is in the engine's tree; taken over
 *
 * Context: any, socket lock.
 */
void xtcp_recvq_charge(struct sock *sk, struct sk_buff *skb)
{
	recvq_set_owner(sk, skb);
}

/*
 * Most packets to queue, and to free, when one arrives: a peer can make any number of
 * packets wait for a single one. The rest follows with the next packet or read.
 */
#define DRAIN_MAX	XTCP_DEFENCE_OR(reass_work, 8, INT_MAX)

/* Likewise in one step of a reader. */
#define READER_MAX	64

/* Queue up to @n packets that are in order now. */
static void recvq_drain(struct sock *sk, int n)
{
	struct xtcp_ooo *node;

	while (n-- > 0 && (node = xtcp_reass_pop(&xtcp_sk(sk)->tcb)))
		xtcp_recvq_add(sk, xtcp_ooo_skb(node), node->seq, node->end);
}

/* Free up to @n packets the engine no longer needs. Return: whether it was @n. */
static bool recvq_reap(struct sock *sk, int n)
{
	struct xtcp_ooo *node = NULL;

	while (n-- > 0 && (node = xtcp_reass_reap(&xtcp_sk(sk)->tcb)))
		kfree_skb(xtcp_ooo_skb(node));
	return node;
}

/**
 * xtcp_recvq_drain - take some packets out of the engine's tree
 * @sk: socket
 *
 * Queues packets that are in order after a hole was filled (XTCP_ACT_DRAIN), and frees
 * those the engine no longer needs (XTCP_ACT_REAP), up to DRAIN_MAX of each.
 *
 * Context: any, socket lock.
 */
void xtcp_recvq_drain(struct sock *sk)
{
	recvq_drain(sk, DRAIN_MAX);
	recvq_reap(sk, DRAIN_MAX);
}

/**
 * xtcp_recvq_reap - free all packets the engine no longer needs
 * @sk: socket
 *
 * Context: any, socket lock.
 */
void xtcp_recvq_reap(struct sock *sk)
{
	recvq_reap(sk, INT_MAX);
}

/**
 * xtcp_recvq_purge - free all payload that is queued or ready to be
 * @sk: socket
 *
 * Context: any, socket lock.
 * Return: whether a byte was unread; close() then sends a RST (RFC 2525, 2.17).
 */
bool xtcp_recvq_purge(struct sock *sk)
{
	bool unread = false;
	struct sk_buff *skb;

	recvq_drain(sk, INT_MAX);
	while ((skb = __skb_dequeue(&sk->sk_receive_queue))) {
		if (seq_gt(XTCP_CB(skb)->q.end, xtcp_sk(sk)->copied))
			unread = true;
		__kfree_skb(skb);
	}
	return unread;
}

/* The packet that holds byte @seq; @len: bytes in use from there on. */
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
 * xtcp_recvq_newest - find the packet that holds a byte near the end of the queue
 * @sk: socket
 * @seq: sequence number of the byte
 * @off: set to the byte's offset in the packet
 *
 * Walks from the tail over the packets behind the byte only. For a byte that has not
 * arrived this is one comparison, however long the queue is.
 *
 * Context: any, socket lock.
 * Return: the packet, still queued, or NULL if @seq has not arrived.
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
 * xtcp_recvq_seek - find the packet that holds the next byte to read
 * @sk: socket
 * @seq: sequence number of the byte
 * @off: set to the byte's offset in the packet
 * @len: set to the bytes that may be taken from there
 *
 * Also queues and frees packets that xtcp_recvq_drain() has left.
 *
 * Context: process, socket lock.
 * Return: the packet, still queued, or NULL if @seq has not arrived.
 */
struct sk_buff *xtcp_recvq_seek(struct sock *sk, u32 seq, u32 *off, u32 *len)
{
	struct sk_buff *skb;

	while (!(skb = recvq_find(sk, seq, off, len)) && xtcp_sk(sk)->tcb.ooo_ready)
		recvq_drain(sk, READER_MAX);
	recvq_reap(sk, READER_MAX);
	return skb;
}

/**
 * xtcp_recvq_consume - free the packets that were read
 * @sk: socket
 * @seq: next sequence number to read; packets wholly below it are freed
 *
 * Context: process, socket lock.
 */
void xtcp_recvq_consume(struct sock *sk, u32 seq)
{
	struct sk_buff *skb;

	while ((skb = skb_peek(&sk->sk_receive_queue)) &&
	       seq_le(XTCP_CB(skb)->q.end, seq)) {
		__skb_unlink(skb, &sk->sk_receive_queue);
		if (XTCP_CB(skb)->q.spare)
			xtcp_sendq_recycle(skb);
		else
			consume_skb(skb);
	}
}

static bool rcv_buf_exceeded(const struct sock *sk)
{
	return atomic_read(&sk->sk_rmem_alloc) > sk->sk_rcvbuf;
}

/*
 * Most out-of-order packets to free for one that arrives: a packet merged by GRO may
 * need the room of as many small ones.
 */
#define PRUNE_MAX	128

/* Let the buffer hold one more packet, up to rmem[2], unless SO_RCVBUF has set its size. */
static void rcv_buf_grow(struct sock *sk, u32 truesize)
{
	int used = atomic_read(&sk->sk_rmem_alloc);

	if (used <= sk->sk_rcvbuf || (sk->sk_userlocks & SOCK_RCVBUF_LOCK) ||
	    used >= READ_ONCE(xtcp_sk_knobs(sk)->rmem[2]) || xtcp_mem_soft(sk))
		return;
	WRITE_ONCE(sk->sk_rcvbuf,
		   min_t(int, used + truesize, READ_ONCE(xtcp_sk_knobs(sk)->rmem[2])));
}

/**
 * xtcp_recvq_prune_ofo - free out-of-order packets, up to PRUNE_MAX
 * @sk: socket
 *
 * The peer still has them: they were acknowledged by SACK at most, and a receiver may
 * discard data it has reported by SACK (RFC 2018, 8).
 *
 * Context: any, socket lock.
 * Return: whether there was any.
 */
bool xtcp_recvq_prune_ofo(struct sock *sk)
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
static bool rcv_has_room(struct sock *sk, struct sk_buff *skb)
{
	return !XTCP_DEFENCE(rcv_admit, rcv_buf_exceeded(sk)) &&
	       sk_rmem_schedule(sk, skb, skb->truesize);
}

/*
 * Make room for a packet by freeing out-of-order packets, like tcp_prune_queue().
 * Packets in order were acknowledged and stay. Return: whether there is room.
 */
static bool rcv_prune(struct sock *sk, struct sk_buff *skb)
{
	const struct xtcp_net *xn = xtcp_sk_net(sk);
	bool pruned = false;
	int i;

	xtcp_mib_inc(xn, XTCP_MIB_PRUNE_CALLED);
	for (i = 0; i < PRUNE_MAX; i++) {
		if (!recvq_reap(sk, 1)) {
			if (!xtcp_reass_prune(&xtcp_sk(sk)->tcb))
				break;
			if (!pruned)
				xtcp_mib_inc(xn, XTCP_MIB_OFO_PRUNED);
			pruned = true;
			continue;
		}
		if (rcv_has_room(sk, skb))
			return true;
	}
	if (rcv_buf_exceeded(sk))
		xtcp_mib_inc(xn, XTCP_MIB_RCV_PRUNED);
	return false;
}

/* Is there nothing to read, and does this packet hold the next byte? */
static bool rcv_is_next(const struct sock *sk, const struct sk_buff *skb)
{
	const struct xtcp_tcb *tcb = &xtcp_sk(sk)->tcb;
	u32 base = recvq_base(skb);

	return skb_queue_empty(&sk->sk_receive_queue) && !tcb->ooo_ready &&
	       seq_le(base, tcb->rcv_nxt) && seq_gt(base + skb->len, tcb->rcv_nxt);
}

/**
 * xtcp_rcv_admit - is there room for the payload of a packet?
 * @sk: socket
 * @skb: packet, not yet passed to the engine
 *
 * To be called before xtcp_rx(): once the engine has moved RCV.NXT or linked the node,
 * the packet must be kept. Payload inside the window is admitted even if its packets
 * take more memory than expected: the buffer then grows, up to rmem[2], but the window
 * does not. If there is nothing to read, the packet with the next byte is admitted
 * however short memory is, or the stream would stand still.
 *
 * Context: any, socket lock.
 * Return: false if the payload must be dropped (XTCP_DROP_RCVBUF, or
 * XTCP_DROP_OOO_MEMORY).
 */
bool xtcp_rcv_admit(struct sock *sk, struct sk_buff *skb)
{
	if (!skb->len)
		return true;
	rcv_buf_grow(sk, skb->truesize);
	if (likely(rcv_has_room(sk, skb)))
		return true;
	if (rcv_is_next(sk, skb)) {
		xtcp_mem_force(sk, skb->truesize);
		return true;
	}
	return rcv_prune(sk, skb);
}

/*
 * Bytes to offer under memory pressure, as tcp_adjust_rcv_ssthresh(): four segments, or
 * half of the unused part of SO_RESERVE_MEM if that is more.
 */
static u32 rcv_space_pressed(const struct sock *sk)
{
	return max_t(u32, 4 * xtcp_sk(sk)->tcb.adv_mss, sk_unused_reserved_mem(sk) / 2);
}

/**
 * xtcp_rcv_space - how many bytes may the window offer?
 * @sk: socket
 *
 * Half of the free buffer: the other half is for the overhead of packets
 * (tcp_adv_win_scale 1). Bytes held out of order are added, since they are in the
 * window but already stored.
 *
 * Context: any, socket lock.
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
 * @sk: socket
 *
 * It determines the window scale, which cannot change later (RFC 7323, 2.3). A buffer
 * that may grow counts in full, although only half of it is offered, and up to the
 * limit of SO_RCVBUF (rmem_max). The kernel's TCP counts so, and peers expect its
 * scale for these buffers.
 *
 * Context: any, socket lock.
 * Return: bytes.
 */
u32 xtcp_rcv_space_max(const struct sock *sk)
{
	const struct xtcp_sock *xsk = xtcp_sk(sk);
	u32 space = READ_ONCE(sk->sk_rcvbuf) / 2;

	if (!(sk->sk_userlocks & SOCK_RCVBUF_LOCK))
		space = max3(space, (u32)READ_ONCE(xtcp_sk_knobs(sk)->rmem[2]),
			     READ_ONCE(sysctl_rmem_max));
	if (xsk->window_clamp)
		space = min(space, xsk->window_clamp);
	return space;
}

/**
 * xtcp_rcv_grow - let the receive buffer follow the reader
 * @sk: socket
 * @bytes: just read; xtcp_read() has not been called for them yet
 * @now: ns
 *
 * The engine computes the window to aim at. The buffer becomes twice that, up to
 * rmem[2], because the window is half of the free buffer. It never shrinks: a limit
 * costs nothing while the queue is empty. No growth after SO_RCVBUF.
 *
 * Context: process, socket lock.
 */
void xtcp_rcv_grow(struct sock *sk, u32 bytes, u64 now)
{
	u32 want = xtcp_rcv_round(&xtcp_sk(sk)->tcb, bytes, now);
	const struct xtcp_knobs *knobs = xtcp_sk_knobs(sk);

	if (!want || !READ_ONCE(knobs->moderate_rcvbuf) ||
	    (sk->sk_userlocks & SOCK_RCVBUF_LOCK) || sk_under_memory_pressure(sk))
		return;
	want = 2 * min_t(u32, want, READ_ONCE(knobs->rmem[2]) / 2);
	if (want > sk->sk_rcvbuf)
		WRITE_ONCE(sk->sk_rcvbuf, want);
}
