// SPDX-License-Identifier: GPL-2.0
/*
 * The bytes that were written and not yet acknowledged.
 *
 * They are in send-queue skbs on sk_write_queue: skbs without a header whose page
 * fragments hold a range of the stream. Each transmission is a fresh skb that
 * references the same pages, so a send-queue skb is never cloned, split or sent,
 * and any range can be sent again with any MSS. In the kernel's TCP the queued skb is
 * what is sent; then every change of MSS, every SACK hole and every small write
 * reshapes the queue.
 *
 * Memory is charged to the socket byte by byte as in the kernel's TCP: sk_wmem_queued
 * counts the bytes in fragments and the truesize of the skbs themselves.
 */
#include <linux/mm.h>
#include <linux/slab.h>
#include <linux/uio.h>
#include <net/tcp.h>

#include "../compat/moved.h"
#include "internal.h"

/*
 * Up to this many bytes a transmission copies the payload: a copy then costs less than
 * two page references and a scatter-gather element.
 */
#define XTCP_TX_LINEAR	192

/* Most unused entries of the send map that a connection keeps. */
#define XTCP_MAP_KEEP	32

static struct kmem_cache *xtcp_sent_cache;

/*
 * A send-queue skb that was freed on this CPU, for the next write. With small requests
 * and responses one is freed shortly before the next is needed, and allocating and
 * freeing it would be a tenth of all work.
 */
static DEFINE_PER_CPU(struct sk_buff *, spare_skb);

/**
 * xtcp_sendq_setup - allocate what all send queues share, before the first socket
 *
 * Context: process, may sleep.
 * Return: 0 or -ENOMEM.
 */
int xtcp_sendq_setup(void)
{
	xtcp_sent_cache = KMEM_CACHE(xtcp_sent, 0);
	return xtcp_sent_cache ? 0 : -ENOMEM;
}

/**
 * xtcp_sendq_teardown - free what all send queues share, after the last socket
 *
 * Context: process, may sleep.
 */
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

/* Drop all fragments of an skb. */
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

/* Free a send-queue skb, or keep it as this CPU's spare one. */
static void sendq_skb_free(struct sk_buff *skb)
{
	sendq_unref(skb);
	skb_shinfo(skb)->flags = 0;
	memset(skb->cb, 0, sizeof(struct xtcp_skb_cb));
	if (this_cpu_cmpxchg(spare_skb, NULL, skb))
		__kfree_skb(skb);
}

/* Take an skb out of the queue and give its charge back. */
static void sendq_unlink(struct sock *sk, struct sk_buff *skb)
{
	if (xtcp_sk(sk)->send_hint == skb)
		xtcp_sk(sk)->send_hint = NULL;
	__skb_unlink(skb, &sk->sk_write_queue);
	sk_wmem_queued_add(sk, -skb->truesize);
	sk_mem_uncharge(sk, skb->truesize);
}

static void sendq_free(struct sock *sk, struct sk_buff *skb)
{
	sendq_unlink(sk, skb);
	sendq_skb_free(skb);
}

/**
 * xtcp_sendq_first - find the skb that begins with a byte, if it is the first of the queue
 * @sk: socket
 * @seq: sequence number of the byte
 * @most: most bytes that the skb may have
 *
 * Context: any, socket lock.
 * Return: skb, still queued, or NULL.
 */
struct sk_buff *xtcp_sendq_first(struct sock *sk, u32 seq, u32 most)
{
	struct sk_buff *skb = skb_peek(&sk->sk_write_queue);

	return skb && XTCP_CB(skb)->q.seq == seq && skb->len <= most ? skb : NULL;
}

/**
 * xtcp_sendq_take - take the first skb out of the queue
 * @sk: socket
 * @skb: what xtcp_sendq_first() returned; the caller owns it now, and it is not charged
 *
 * Context: any, socket lock.
 */
void xtcp_sendq_take(struct sock *sk, struct sk_buff *skb)
{
	sendq_unlink(sk, skb);
	XTCP_CB(skb)->q.spare = true;
}

/**
 * xtcp_sendq_recycle - free an skb of xtcp_sendq_take(), or keep it for the next write
 * @skb: skb, read
 *
 * Context: process, the lock of the socket it is charged to.
 */
void xtcp_sendq_recycle(struct sk_buff *skb)
{
	skb_orphan(skb);
	sendq_skb_free(skb);
}

/*
 * Reserve memory for @bytes of payload and @extra bytes of a new skb. Up to wmem[0] is
 * granted even beyond the limits, or the connection would stand still. Return: bytes
 * of payload that may be written.
 */
static u32 sendq_schedule(struct sock *sk, u32 bytes, u32 extra)
{
	int left;

	if (likely(sk_wmem_schedule(sk, bytes + extra)))
		return bytes;
	left = READ_ONCE(xtcp_sk_knobs(sk)->wmem[0]) - sk->sk_wmem_queued - extra;
	if (left <= 0)
		return 0;
	bytes = min_t(u32, bytes, left);
	xtcp_mem_force(sk, bytes + extra);
	return bytes;
}

/*
 * Does the skb note a byte to be time-stamped that was sent already? Then nothing may be
 * appended, since a later write's request would replace the note.
 */
static bool sendq_has_stamped(const struct sock *sk, const struct sk_buff *skb)
{
	const struct xtcp_skb_cb *cb = XTCP_CB(skb);

	return unlikely(cb->q.stamp_flags || cb->q.stamp_ack) &&
	       seq_lt(cb->q.stamp, xtcp_sk(sk)->tcb.snd_nxt);
}

/*
 * The send-queue skb to append to: the last one, or a new one if @page does not fit.
 * Reduces *@size to what there is memory for. Sets *@merge if the bytes extend the last
 * fragment. Return: NULL without memory.
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
		if ((!*merge && n >= MAX_SKB_FRAGS) || sendq_has_stamped(sk, skb)) {
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

/* Make the range of @page, for which memory was reserved, part of the stream. */
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
 * xtcp_sendq_write - copy bytes of a write into the queue
 * @sk: socket
 * @msg: where the bytes come from; advanced by the bytes taken
 * @most: most bytes to take
 * @seq: sequence number of the first of them
 *
 * Takes at most what one page fragment holds; the caller loops.
 *
 * Context: process, socket lock, may sleep.
 * Return: bytes taken; -ENOMEM without memory for now; -EFAULT.
 */
int xtcp_sendq_write(struct sock *sk, struct msghdr *msg, u32 most, u32 seq)
{
	struct page_frag *pfrag = sk_page_frag(sk);
	struct sk_buff *skb;
	bool merge;
	u32 size;

	if (!sk_page_frag_refill(sk, pfrag))
		return -ENOMEM;

	size = min_t(size_t, msg_data_left(msg),
		     min_t(u32, most, pfrag->size - pfrag->offset));
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
 * xtcp_sendq_page - queue a range of a page by reference
 * @sk: socket
 * @page: page, for which sendpage_ok() is true
 * @offset: of the first byte in it
 * @size: bytes
 * @seq: sequence number of the first of them
 *
 * The page may change while it is queued (a file mapped elsewhere).
 * SKBFL_SHARED_FRAG says so, and checksums are computed at transmission only.
 *
 * Context: process, socket lock, may sleep.
 * Return: bytes taken, less than @size if memory is short; -ENOMEM.
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

/* Drop the first @drop bytes of the first skb of the queue: they are acknowledged. */
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
 * xtcp_sendq_trim - free the bytes that SND.UNA has passed
 * @sk: socket
 *
 * The first skb may be freed in part. Otherwise, while bytes keep being appended to it,
 * acknowledged bytes would stay charged until the send buffer is full.
 *
 * Context: any, socket lock.
 */
void xtcp_sendq_trim(struct sock *sk)
{
	u32 una = xtcp_snd_data_una(&xtcp_sk(sk)->tcb);
	struct sk_buff *skb;

	if (unlikely(xtcp_sk(sk)->stamped))
		xtcp_ack_timestamp(sk, una);
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
 * xtcp_sendq_purge - free the whole queue
 * @sk: socket
 *
 * Context: any, socket lock.
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

	/* New data is in the hint or the next skb; only retransmissions walk further. */
	if (!skb || seq_lt(seq, XTCP_CB(skb)->q.seq))
		skb = skb_peek(&sk->sk_write_queue);
	while (skb && seq_ge(seq, XTCP_CB(skb)->q.end))
		skb = skb_peek_next(skb, &sk->sk_write_queue);
	if (skb && seq == xsk->tcb.snd_nxt)
		xsk->send_hint = skb;
	return skb;
}

/* @bytes of fragments were added to a packet. */
static void sendq_account(struct sk_buff *skb, u32 bytes)
{
	skb->len += bytes;
	skb->data_len += bytes;
	skb->truesize += bytes;
}

/*
 * Add references to bytes [@off, @off + @len) of @from to @skb. Return: bytes added, less
 * than @len if @skb has no fragment left.
 */
static u32 sendq_add_frags(struct sk_buff *skb, const struct sk_buff *from, u32 off,
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
	sendq_account(skb, done);
	return done;
}

/*
 * Address of bytes [@off, @off + @len) of a send-queue skb if its first fragment holds
 * them and is mapped (not in high memory); otherwise NULL.
 */
static const void *sendq_first(const struct sk_buff *skb, u32 off, u32 len)
{
	const skb_frag_t *frag = &skb_shinfo(skb)->frags[0];
	const void *at = skb_frag_address_safe(frag);

	return at && off + len <= skb_frag_size(frag) ? at + off : NULL;
}

/**
 * xtcp_sendq_read - copy bytes of the queue
 * @sk: socket
 * @seq: sequence number of the first
 * @to: where they go
 * @len: bytes
 *
 * Context: any, socket lock.
 * Return: false if one of them is not in the queue.
 */
bool xtcp_sendq_read(struct sock *sk, u32 seq, u8 *to, u32 len)
{
	while (len) {
		struct sk_buff *from = sendq_find(sk, seq);
		const void *at;
		u32 off, take;

		if (!from)
			return false;
		off = seq - XTCP_CB(from)->q.seq;
		take = min(from->len - off, len);
		at = sendq_first(from, off, take);
		/* In most cases one small write, which lies in one fragment. */
		if (likely(at))
			memcpy(to, at, take);
		else if (skb_copy_bits(from, off, to, take))
			return false;
		seq += take;
		to += take;
		len -= take;
	}
	return true;
}

/*
 * The range has more fragments than an skb can hold, as with many small pages from
 * sendfile(). Copy it to whole pages, sixteen of which hold 64 KiB, and so keep the
 * length of the plan, which the engine has counted with.
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
		sendq_account(skb, take);
		if (!xtcp_sendq_read(sk, seq, page_address(page), take))
			return -EFAULT;
		seq += take;
		len -= take;
	}
	return 0;
}

/**
 * xtcp_sendq_copy - add the payload of a transmission to a packet
 * @skb: fresh packet without fragments; a small payload is copied to its tailroom
 * @sk: socket
 * @seq: sequence number of the first payload byte
 * @len: bytes
 *
 * @skb->truesize grows with the fragments, so charge sk_wmem_alloc after this.
 *
 * Context: any, socket lock.
 * Return: 0; -ENOMEM; -EMSGSIZE if @len needs too many pages; -EFAULT if the range is
 * not in the queue. After an error the caller frees @skb.
 */
int xtcp_sendq_copy(struct sk_buff *skb, struct sock *sk, u32 seq, u32 len)
{
	u32 at = seq, left = len;

	if (len <= XTCP_TX_LINEAR && len <= skb_tailroom(skb))
		return xtcp_sendq_read(sk, seq, skb_put(skb, len), len) ? 0 : -EFAULT;

	while (left) {
		struct sk_buff *from = sendq_find(sk, at);
		u32 off, want, done;

		if (!from)
			return -EFAULT;
		off = at - XTCP_CB(from)->q.seq;
		want = min(from->len - off, left);
		done = sendq_add_frags(skb, from, off, want);
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
 * xtcp_sendq_stamp - request time stamps for a packet if it has a byte that needs one
 * @skb: the packet
 * @sk: socket
 * @seq: sequence number of its first payload byte
 * @len: bytes of payload
 *
 * Context: any, socket lock.
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

static void sendq_map_free(struct sock *sk, struct xtcp_sent *sent)
{
	kmem_cache_free(xtcp_sent_cache, sent);
	xtcp_sk(sk)->map_lent--;
	sk_mem_uncharge(sk, sizeof(*sent));
}

/**
 * xtcp_map_refill - lend the engine entries for its send map, or take some back
 * @sk: socket
 *
 * Entries are charged to the socket, but not counted in its send buffer. (The kernel's
 * TCP counts the far larger skb of each segment there.) Without memory the engine
 * sends less.
 *
 * Context: any, socket lock.
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
		sendq_map_free(sk, sent);
	}
}

/**
 * xtcp_map_drain - free all entries of the send map, after xtcp_tcb_fini()
 * @sk: socket
 *
 * Context: any, socket lock.
 */
void xtcp_map_drain(struct sock *sk)
{
	struct xtcp_sent *sent;

	while ((sent = xtcp_map_reclaim(&xtcp_sk(sk)->tcb)))
		sendq_map_free(sk, sent);
}

/*
 * First size of the send buffer, bytes, as tcp_sndbuf_expand(): two initial windows of
 * segments (RFC 6928), each in an skb of its own. The send queue needs less memory for
 * them and so takes more bytes. But a response that fits into the buffer of the kernel's
 * TCP, for a program that does not wait, must fit into this one, too.
 */
static u32 snd_first_sndbuf(const struct xtcp_tcb *tcb)
{
	u32 mss = max(tcb->peer_mss, tcb->mss);
	u32 skb = mss + MAX_TCP_HEADER + SKB_DATA_ALIGN(sizeof(struct skb_shared_info));

	return 2 * TCP_INIT_CWND *
	       (roundup_pow_of_two(skb) + SKB_DATA_ALIGN(sizeof(struct sk_buff)));
}

/**
 * xtcp_snd_grow - let the send buffer follow the congestion window
 * @sk: socket
 *
 * Up to wmem[2]; no growth after SO_SNDBUF.
 *
 * Context: any, socket lock.
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
	want = max(xtcp_snd_want(&xtcp_sk(sk)->tcb), snd_first_sndbuf(&xtcp_sk(sk)->tcb));
	want = min_t(u32, want, READ_ONCE(xtcp_sk_knobs(sk)->wmem[2]));
	if (want > sk->sk_sndbuf)
		WRITE_ONCE(sk->sk_sndbuf, want);
}
