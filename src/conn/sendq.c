// SPDX-License-Identifier: GPL-2.0
/*
 * The bytes that were written and not yet acknowledged.
 *
 * They lie in send-queue skbs on sk_write_queue: skbs without a header whose page
 * fragments hold a range of the stream. A transmission is a fresh skb that
 * references the same pages, so a send-queue skb is never cloned, split or resent,
 * and any range can go out again with any MSS. TCP's own scheme, the queued
 * skb being what is sent, was rejected: every change of MSS, every SACK hole
 * and every small write then reshapes the queue.
 *
 * Memory is charged to the socket byte by byte as in TCP: sk_wmem_queued
 * counts fragments and the send-queue skbs' own skbs.
 */
#include <linux/mm.h>
#include <linux/slab.h>
#include <linux/uio.h>
#include <net/tcp.h>

#include "../compat/moved.h"
#include "internal.h"

/*
 * Up to this many bytes a transmission copies rather than references: below
 * it two page references and a scatter-gather element cost more than the copy.
 */
#define XTCP_TX_LINEAR	192

/* Entries of the send map kept on loan to an idle connection. */
#define XTCP_MAP_KEEP	32

static struct kmem_cache *xtcp_sent_cache;

/*
 * A send-queue skb that was freed on this CPU, for whoever writes next. With small writes
 * and their answers each one's end is near another's beginning, and to allocate an
 * skb and to free it is a tenth of all there is to do for them.
 */
static DEFINE_PER_CPU(struct sk_buff *, spare_skb);

int xtcp_sendq_setup(void)
{
	xtcp_sent_cache = KMEM_CACHE(xtcp_sent, 0);
	return xtcp_sent_cache ? 0 : -ENOMEM;
}

void xtcp_sendq_teardown(void)
{
	int cpu;

	for_each_possible_cpu(cpu)
		kfree_skb(per_cpu(spare_skb, cpu));
	kmem_cache_destroy(xtcp_sent_cache);
}

static struct sk_buff *sendq_skb_new(struct sock *sk)
{
	struct sk_buff *skb = this_cpu_xchg(spare_skb, NULL);

	return skb ?: alloc_skb(0, sk->sk_allocation);
}

/* An skb loses its fragments. */
static void sendq_unref(struct sk_buff *skb)
{
	int i;

	for (i = 0; i < skb_shinfo(skb)->nr_frags; i++)
		put_page(skb_frag_page(&skb_shinfo(skb)->frags[i]));
	skb_shinfo(skb)->nr_frags = 0;
	skb->len -= skb->data_len;
	skb->truesize -= skb->data_len;
	skb->data_len = 0;
}

static void sendq_skb_free(struct sk_buff *skb)
{
	sendq_unref(skb);
	skb_shinfo(skb)->flags = 0;
	memset(skb->cb, 0, sizeof(struct xtcp_skb_cb));
	if (this_cpu_cmpxchg(spare_skb, NULL, skb))
		__kfree_skb(skb);
}

static void sendq_free(struct sock *sk, struct sk_buff *skb)
{
	if (xtcp_sk(sk)->send_hint == skb)
		xtcp_sk(sk)->send_hint = NULL;
	__skb_unlink(skb, &sk->sk_write_queue);
	sk_wmem_queued_add(sk, -skb->truesize);
	sk_mem_uncharge(sk, skb->truesize);
	sendq_skb_free(skb);
}

/*
 * Memory for @bytes and a send-queue skb of @extra. Up to wmem[0] may be written though
 * there is none, or nothing would go on. Return: how many of the bytes.
 */
static u32 sendq_schedule(struct sock *sk, u32 bytes, u32 extra)
{
	int left;

	if (likely(sk_wmem_schedule(sk, bytes + extra)))
		return bytes;
	left = READ_ONCE(xtcp_knobs(sk)->wmem[0]) - sk->sk_wmem_queued - extra;
	if (left <= 0)
		return 0;
	bytes = min_t(u32, bytes, left);
	xtcp_mem_force(sk, bytes + extra);
	return bytes;
}

/* A byte of it that was sent is to be told of: no other may take its place. */
static bool sendq_followed(const struct sock *sk, const struct sk_buff *skb)
{
	const struct xtcp_skb_cb *cb = XTCP_CB(skb);

	return unlikely(cb->q.stamp_flags || cb->q.stamp_ack) &&
	       seq_lt(cb->q.stamp, xtcp_sk(sk)->tcb.snd_nxt);
}

/*
 * The send-queue skb to append to, a new one where @page does not fit the last. There
 * may be memory for less than @size, which then is less.
 */
static struct sk_buff *sendq_tail(struct sock *sk, struct page *page, u32 offset,
				  u32 *size, bool *merge)
{
	struct sk_buff *skb = skb_peek_tail(&sk->sk_write_queue);
	u32 extra = 0;

	*merge = false;
	if (skb) {
		int n = skb_shinfo(skb)->nr_frags;

		*merge = skb_can_coalesce(skb, n, page, offset);
		if ((!*merge && n >= MAX_SKB_FRAGS) || sendq_followed(sk, skb)) {
			*merge = false;
			skb = NULL;
		}
	}
	if (!skb) {
		skb = sendq_skb_new(sk);
		if (!skb) {
			sk->sk_prot->enter_memory_pressure(sk);
			sk_stream_moderate_sndbuf(sk);
			return NULL;
		}
		extra = skb->truesize;
	}
	*size = sendq_schedule(sk, *size, extra);
	if (!*size) {
		if (!skb->len)
			sendq_skb_free(skb);
		return NULL;
	}
	return skb;
}

/* Fragment @page is written and scheduled for: make it part of the stream. */
static void sendq_put(struct sock *sk, struct sk_buff *skb, struct page *page,
		      u32 offset, u32 size, u32 seq, bool merge)
{
	int n = skb_shinfo(skb)->nr_frags;

	if (merge) {
		skb_frag_size_add(&skb_shinfo(skb)->frags[n - 1], size);
	} else {
		get_page(page);
		skb_fill_page_desc(skb, n, page, offset, size);
	}
	if (!skb->len) {
		XTCP_CB(skb)->q.seq = seq;
		__skb_queue_tail(&sk->sk_write_queue, skb);
		sk_wmem_queued_add(sk, skb->truesize);
		sk_mem_charge(sk, skb->truesize);
	}
	XTCP_CB(skb)->q.end = seq + size;
	skb->len += size;
	skb->data_len += size;
	skb->truesize += size;
	sk_wmem_queued_add(sk, size);
	sk_mem_charge(sk, size);
}

/**
 * xtcp_sendq_write - take bytes of a write into the queue
 * @sk: socket, process context
 * @msg: where the bytes come from; advanced by what was taken
 * @most: bytes to take at most
 * @seq: sequence number of the first of them
 *
 * Takes at most what one page fragment holds; the caller loops.
 *
 * Return: bytes taken, -ENOMEM when there is no memory now, -EFAULT.
 */
int xtcp_sendq_write(struct sock *sk, struct msghdr *msg, u32 most, u32 seq)
{
	struct page_frag *pfrag = sk_page_frag(sk);
	struct sk_buff *skb;
	bool merge;
	u32 size;

	if (!sk_page_frag_refill(sk, pfrag))
		return -ENOMEM;

	size = min_t(size_t, msg_data_left(msg), min(most, pfrag->size - pfrag->offset));
	skb = sendq_tail(sk, pfrag->page, pfrag->offset, &size, &merge);
	if (!skb)
		return -ENOMEM;

	if (!copy_from_iter_full(page_address(pfrag->page) + pfrag->offset, size,
				 &msg->msg_iter)) {
		if (!skb->len)
			sendq_skb_free(skb);
		return -EFAULT;
	}
	sendq_put(sk, skb, pfrag->page, pfrag->offset, size, seq, merge);
	pfrag->offset += size;
	return size;
}

/**
 * xtcp_sendq_page - take a range of somebody's page, without a copy
 * @sk: socket, process context
 * @page: page, sendpage_ok()
 * @offset: first byte in it
 * @size: bytes
 * @seq: sequence number of the first of them
 *
 * The page may change while it is queued (a file mapped elsewhere); checksums
 * are therefore taken at transmission only, which SKBFL_SHARED_FRAG asks for.
 *
 * Return: bytes taken, of a page less than @size when memory is short; -ENOMEM.
 */
int xtcp_sendq_page(struct sock *sk, struct page *page, u32 offset, u32 size,
		    u32 seq)
{
	struct sk_buff *skb;
	bool merge;

	skb = sendq_tail(sk, page, offset, &size, &merge);
	if (!skb)
		return -ENOMEM;
	skb_shinfo(skb)->flags |= SKBFL_SHARED_FRAG;
	sendq_put(sk, skb, page, offset, size, seq, merge);
	return size;
}

/* The first @drop bytes of the head send-queue skb are acknowledged. */
static void sendq_trim_head(struct sock *sk, struct sk_buff *skb, u32 drop)
{
	struct skb_shared_info *shinfo = skb_shinfo(skb);
	u32 left = drop;
	int i = 0;

	while (left >= skb_frag_size(&shinfo->frags[i])) {
		left -= skb_frag_size(&shinfo->frags[i]);
		put_page(skb_frag_page(&shinfo->frags[i]));
		i++;
	}
	if (i) {
		shinfo->nr_frags -= i;
		memmove(&shinfo->frags[0], &shinfo->frags[i],
			shinfo->nr_frags * sizeof(shinfo->frags[0]));
	}
	skb_frag_off_add(&shinfo->frags[0], left);
	skb_frag_size_sub(&shinfo->frags[0], left);

	XTCP_CB(skb)->q.seq += drop;
	skb->len -= drop;
	skb->data_len -= drop;
	skb->truesize -= drop;
	sk_wmem_queued_add(sk, -(int)drop);
	sk_mem_uncharge(sk, drop);
}

/**
 * xtcp_sendq_trim - free what SND.UNA has passed
 * @sk: socket, any context
 *
 * A send-queue skb is trimmed from its front and not freed as a whole only: a stream
 * that is always appended to would else keep acknowledged bytes on its bill
 * until the send buffer stalls it.
 */
void xtcp_sendq_trim(struct sock *sk)
{
	u32 una = xtcp_snd_data_una(&xtcp_sk(sk)->tcb);
	struct sk_buff *skb;

	if (unlikely(xtcp_sk(sk)->stamped))
		xtcp_stamp_acked(sk, una);
	while ((skb = skb_peek(&sk->sk_write_queue))) {
		u32 seq = XTCP_CB(skb)->q.seq;

		if (seq_gt(XTCP_CB(skb)->q.end, una)) {
			if (seq_lt(seq, una))
				sendq_trim_head(sk, skb, una - seq);
			break;
		}
		sendq_free(sk, skb);
	}
}

/**
 * xtcp_sendq_purge - forget all bytes not acknowledged
 * @sk: socket, any context
 */
void xtcp_sendq_purge(struct sock *sk)
{
	struct sk_buff *skb;

	while ((skb = skb_peek(&sk->sk_write_queue)))
		sendq_free(sk, skb);
}

/* The send-queue skb that holds @seq. */
static struct sk_buff *sendq_find(struct sock *sk, u32 seq)
{
	struct xtcp_sock *xsk = xtcp_sk(sk);
	struct sk_buff *skb = xsk->send_hint;

	/* New data is at the hint or one further; only a retransmission walks. */
	if (!skb || seq_lt(seq, XTCP_CB(skb)->q.seq))
		skb = skb_peek(&sk->sk_write_queue);
	while (skb && seq_ge(seq, XTCP_CB(skb)->q.end))
		skb = skb_peek_next(skb, &sk->sk_write_queue);
	if (skb && seq == xsk->tcb.snd_nxt)
		xsk->send_hint = skb;
	return skb;
}

static void sendq_grown(struct sk_buff *skb, u32 bytes)
{
	skb->len += bytes;
	skb->data_len += bytes;
	skb->truesize += bytes;
}

/* Reference [@off, @off + @len) of @from; returns bytes placed. */
static u32 sendq_ref(struct sk_buff *skb, const struct sk_buff *from, u32 off,
		     u32 len)
{
	const struct skb_shared_info *shinfo = skb_shinfo(from);
	u32 done = 0;
	int i;

	for (i = 0; i < shinfo->nr_frags && done < len; i++) {
		const skb_frag_t *frag = &shinfo->frags[i];
		u32 size = skb_frag_size(frag);
		int n = skb_shinfo(skb)->nr_frags;
		u32 start, take;

		if (off >= size) {
			off -= size;
			continue;
		}
		if (n >= MAX_SKB_FRAGS)
			break;
		start = skb_frag_off(frag) + off;
		take = min(size - off, len - done);
		get_page(skb_frag_page(frag));
		skb_fill_page_desc(skb, n, skb_frag_page(frag), start, take);
		done += take;
		off = 0;
	}
	skb_shinfo(skb)->flags |= shinfo->flags & SKBFL_SHARED_FRAG;
	sendq_grown(skb, done);
	return done;
}

/* Copy [@seq, @seq + @len) to @to. */
static bool sendq_bits(struct sock *sk, u32 seq, u8 *to, u32 len)
{
	while (len) {
		struct sk_buff *from = sendq_find(sk, seq);
		u32 off, take;

		if (!from)
			return false;
		off = seq - XTCP_CB(from)->q.seq;
		take = min(from->len - off, len);
		if (skb_copy_bits(from, off, to, take))
			return false;
		seq += take;
		to += take;
		len -= take;
	}
	return true;
}

/*
 * More fragments than an skb takes: many small pages from sendfile(), or
 * fragmented memory. Copying keeps the plan's length, which the engine already
 * counted with; whole pages hold 64 KiB in sixteen fragments.
 */
static int sendq_compact(struct sk_buff *skb, struct sock *sk, u32 seq, u32 len)
{
	while (len) {
		int n = skb_shinfo(skb)->nr_frags;
		u32 take = min_t(u32, len, PAGE_SIZE);
		struct page *page;

		if (n >= MAX_SKB_FRAGS)
			return -EMSGSIZE;
		page = alloc_page(GFP_ATOMIC | __GFP_NOWARN);
		if (!page)
			return -ENOMEM;
		skb_fill_page_desc(skb, n, page, 0, take);
		sendq_grown(skb, take);
		if (!sendq_bits(sk, seq, page_address(page), take))
			return -EFAULT;
		seq += take;
		len -= take;
	}
	return 0;
}

/**
 * xtcp_sendq_copy - the payload of a transmission
 * @skb: fresh packet without fragments; its tailroom takes small payloads
 * @sk: socket, any context
 * @seq: sequence number of the first payload byte
 * @len: bytes
 *
 * Bytes go behind what @skb already holds. @skb->truesize grows with the
 * fragments, so sk_wmem_alloc is charged after this.
 *
 * Return: 0; -ENOMEM, or -EFAULT when the range is not in the queue. After an
 * error the caller frees @skb.
 */
int xtcp_sendq_copy(struct sk_buff *skb, struct sock *sk, u32 seq, u32 len)
{
	u32 at = seq, left = len;

	if (len <= XTCP_TX_LINEAR && len <= skb_tailroom(skb))
		return sendq_bits(sk, seq, skb_put(skb, len), len) ? 0 : -EFAULT;

	while (left) {
		struct sk_buff *from = sendq_find(sk, at);
		u32 off, want, done;

		if (!from)
			return -EFAULT;
		off = at - XTCP_CB(from)->q.seq;
		want = min(from->len - off, left);
		done = sendq_ref(skb, from, off, want);
		if (done < want) {
			sendq_unref(skb);
			return sendq_compact(skb, sk, seq, len);
		}
		at += done;
		left -= done;
	}
	return 0;
}

/**
 * xtcp_sendq_stamp - a transmission is to be time-stamped if one of its bytes is
 * @skb: the packet
 * @sk: socket, any context
 * @seq: sequence number of its first payload byte
 * @len: bytes
 */
void xtcp_sendq_stamp(struct sk_buff *skb, struct sock *sk, u32 seq, u32 len)
{
	struct sk_buff *from = sendq_find(sk, seq);

	for (; from && seq_lt(XTCP_CB(from)->q.seq, seq + len);
	     from = skb_peek_next(from, &sk->sk_write_queue)) {
		const struct xtcp_skb_cb *cb = XTCP_CB(from);

		if (!cb->q.stamp_flags || cb->q.stamp - seq >= len)
			continue;
		skb_shinfo(skb)->tx_flags |= cb->q.stamp_flags;
		skb_shinfo(skb)->tskey = cb->q.stamp;
	}
}

static void map_free(struct sock *sk, struct xtcp_sent *sent)
{
	kmem_cache_free(xtcp_sent_cache, sent);
	xtcp_sk(sk)->map_lent--;
	sk_mem_uncharge(sk, sizeof(*sent));
}

/**
 * xtcp_map_refill - lend the engine entries for its send map
 * @sk: socket, any context
 *
 * They are charged to the socket, but take no room in its send buffer, where
 * the kernel's TCP has the far larger skb of each segment. Failure to allocate
 * is no error here: the engine then sends less.
 */
void xtcp_map_refill(struct sock *sk)
{
	struct xtcp_tcb *tcb = &xtcp_sk(sk)->tcb;

	while (tcb->map_nfree < xtcp_map_want(tcb)) {
		struct xtcp_sent *sent;

		if (!sk_wmem_schedule(sk, sizeof(*sent)))
			return;
		sent = kmem_cache_alloc(xtcp_sent_cache,
					GFP_ATOMIC | __GFP_NOWARN);
		if (!sent)
			return;
		sk_mem_charge(sk, sizeof(*sent));
		xtcp_sk(sk)->map_lent++;
		xtcp_map_lend(tcb, sent);
	}
	while (tcb->map_nfree > XTCP_MAP_KEEP) {
		struct xtcp_sent *sent = xtcp_map_reclaim(tcb);

		if (!sent)
			return;
		map_free(sk, sent);
	}
}

/**
 * xtcp_map_drain - take back all entries after xtcp_tcb_fini()
 * @sk: socket, any context
 */
void xtcp_map_drain(struct sock *sk)
{
	struct xtcp_sent *sent;

	while ((sent = xtcp_map_reclaim(&xtcp_sk(sk)->tcb)))
		map_free(sk, sent);
}

/*
 * What TCP begins with, tcp_sndbuf_expand(): two first windows of segments (RFC 6928), each
 * in an skb of its own. Here it holds more bytes; but a program that writes without waiting
 * sees how many it takes, and a reply that fits with TCP is to fit with this one.
 */
static u32 snd_first(const struct xtcp_tcb *tcb)
{
	u32 mss = max(tcb->peer_mss, tcb->mss);
	u32 skb = mss + MAX_TCP_HEADER + SKB_DATA_ALIGN(sizeof(struct skb_shared_info));

	return 2 * TCP_INIT_CWND *
	       (roundup_pow_of_two(skb) + SKB_DATA_ALIGN(sizeof(struct sk_buff)));
}

/**
 * xtcp_snd_grow - let the send buffer follow the congestion window
 * @sk: socket, any context
 *
 * SO_SNDBUF ends it.
 */
void xtcp_snd_grow(struct sock *sk)
{
	u32 want;

	if (sk->sk_userlocks & SOCK_SNDBUF_LOCK)
		return;
	if (sk_under_memory_pressure(sk)) {
		/* SO_RESERVE_MEM */
		want = sk_unused_reserved_mem(sk);
		if (want > SOCK_MIN_SNDBUF)
			WRITE_ONCE(sk->sk_sndbuf, want);
		return;
	}
	if (xtcp_mem_soft(sk))
		return;
	want = max(xtcp_snd_want(&xtcp_sk(sk)->tcb), snd_first(&xtcp_sk(sk)->tcb));
	want = min_t(u32, want, READ_ONCE(xtcp_knobs(sk)->wmem[2]));
	if (want > sk->sk_sndbuf)
		WRITE_ONCE(sk->sk_sndbuf, want);
}
