// SPDX-License-Identifier: GPL-2.0
/*
 * Both ends of a connection in one namespace: a write puts its bytes into the peer's
 * receive queue.
 *
 * The bytes are in the send queue at first, as for segments, and everything that is
 * unusual stays with segments: see xtcp_handover_len() for what the engine requires, and
 * src/net/unseen.c for what else must not be there. If the window is too small for all
 * bytes, the reader fetches the rest when it has read.
 *
 * Two sockets are involved, but no two spinlocks are held at once: a system call owns one
 * socket, without its spinlock, and takes the spinlock of the other. If that one is owned,
 * by a system call of its own, the bytes go by segments.
 */
#include "../compat/moved.h"
#include "internal.h"
#include "ip.h"

/* Bytes that one packet of the receive queue takes at most. */
#define PART_MAX	65536U

/* Up to this many bytes are copied, see XTCP_TX_LINEAR in sendq.c. */
#define COPY_MAX	192U

/* Append a small write to the last packet of the receive queue. Return: false: no room. */
static bool shortcut_append(struct sock *from, struct sock *to, u32 seq, u32 len)
{
	struct sk_buff *tail = skb_peek_tail(&to->sk_receive_queue);
	struct xtcp_skb_cb *cb;

	if (!tail || skb_tailroom(tail) < (int)len || skb_cloned(tail))
		return false;
	cb = XTCP_CB(tail);
	if (cb->q.end != seq || cb->q.off + (cb->q.end - cb->q.seq) != tail->len ||
	    !xtcp_sendq_read(from, seq, skb_tail_pointer(tail), len))
		return false;
	skb_put(tail, len);
	cb->q.end = seq + len;
	return true;
}

/* Is there room for a packet, without freeing others or growing the buffer? */
static bool shortcut_has_room(struct sock *to, struct sk_buff *skb)
{
	return atomic_read(&to->sk_rmem_alloc) + skb->truesize <= READ_ONCE(to->sk_rcvbuf) &&
	       sk_rmem_schedule(to, skb, skb->truesize);
}

/* Move bytes [@seq, @seq + @len), at most PART_MAX. Return: false without memory. */
static bool shortcut_move_part(struct sock *from, struct sock *to, u32 seq, u32 len)
{
	struct sk_buff *skb;

	if (len <= COPY_MAX && shortcut_append(from, to, seq, len))
		return true;
	skb = alloc_skb(len <= COPY_MAX ? len : 0, GFP_ATOMIC | __GFP_NOWARN);
	if (unlikely(!skb))
		return false;
	if (unlikely(xtcp_sendq_copy(skb, from, seq, len) || !shortcut_has_room(to, skb))) {
		kfree_skb(skb);
		return false;
	}
	xtcp_recvq_put(to, skb, seq);
	return true;
}

/* Return: how many of @len bytes were moved. */
static u32 shortcut_move(struct sock *from, struct sock *to, u32 len)
{
	u32 seq = xtcp_sk(from)->tcb.snd_nxt, done = 0;

	while (done < len) {
		u32 part = min(len - done, PART_MAX);

		if (!shortcut_move_part(from, to, seq + done, part))
			break;
		done += part;
	}
	return done;
}

/* Do the sockets have each other's addresses, and do they take part in nothing unusual? */
static bool shortcut_fits(const struct sock *from, const struct sock *to)
{
	const struct xtcp_flow *a = &xtcp_sk(from)->flow, *b = &xtcp_sk(to)->flow;

	return a->sport == b->dport && a->dport == b->sport &&
	       !memcmp(a->saddr, b->daddr, sizeof(a->saddr)) &&
	       !memcmp(a->daddr, b->saddr, sizeof(a->daddr)) &&
	       !xtcp_sk(from)->stamped && !xtcp_sk(to)->urg_data &&
	       READ_ONCE(from->sk_max_pacing_rate) == ~0UL &&
	       !sock_flag(to, SOCK_DEAD) && !(to->sk_shutdown & RCV_SHUTDOWN);
}

/* Give the peer the ACK that @from owes. */
static void shortcut_ack(struct sock *from, struct sock *to, u64 now)
{
	const struct xtcp_net *xn = xtcp_sk_net(from);
	struct xtcp_seg seg;
	u32 actions;

	xtcp_space(&xtcp_sk(from)->tcb, xtcp_rcv_space(from));
	xtcp_handover_ack(&xtcp_sk(from)->tcb, &seg, now);
	actions = xtcp_rx(&xtcp_sk(to)->tcb, &seg, NULL, now);
	xtcp_mib_inc(xn, XTCP_MIB_OUT_SEGS);
	xtcp_mib_inc(xn, XTCP_MIB_IN_SEGS);
	if (seg.delivered)
		xtcp_mib_add(xn, XTCP_MIB_DELIVERED, seg.delivered);
	xtcp_handle_actions(to, actions, now);
}

/*
 * Hand over what may be. Context: locks of both sockets, one of them owned by this system
 * call; bottom halves off, RCU read lock. Return: XTCP_ACT_* of @from, 0 if nothing was
 * handed over.
 */
static u32 shortcut_pass(struct sock *from, struct sock *to, u64 now)
{
	struct xtcp_tcb *src = &xtcp_sk(from)->tcb, *dst = &xtcp_sk(to)->tcb;
	const struct xtcp_net *xn = xtcp_sk_net(from);
	u32 len, actions;

	if (!shortcut_fits(from, to) || !xtcp_unseen_receiver(from, to))
		return 0;
	xtcp_space(dst, xtcp_rcv_space(to));
	len = xtcp_handover_len(src, dst);
	if (unlikely(len && src->ack_pending)) {
		shortcut_ack(from, to, now);
		len = xtcp_handover_len(src, dst);
	}
	len = shortcut_move(from, to, len);
	if (src->snd_end - src->snd_nxt != len)
		xtcp_sk(to)->pull = 1;
	if (!len)
		return 0;
	actions = XTCP_ACT_ACKED | xtcp_handover(src, dst, len, xtcp_rcv_space(to), now);
	xtcp_mib_inc(xn, XTCP_MIB_HANDOVERS);
	xtcp_mib_inc(xn, XTCP_MIB_OUT_SEGS);
	xtcp_mib_inc(xn, XTCP_MIB_IN_SEGS);
	xtcp_mib_inc(xn, XTCP_MIB_ORIG_DATA_SENT);
	xtcp_mib_inc(xn, XTCP_MIB_DELIVERED);
	sk_incoming_cpu_update(to);
	xtcp_data_ready(to);
	return actions;
}

/**
 * xtcp_shortcut_push - hand the bytes that were written over to the peer
 * @sk: socket
 * @actions: XTCP_ACT_* of xtcp_wrote()
 * @now: ns
 *
 * Context: process, owner of the socket.
 * Return: XTCP_ACT_* that are left to do; 0: xtcp_handle_actions() need not be called.
 */
u32 xtcp_shortcut_push(struct sock *sk, u32 actions, u64 now)
{
	struct xtcp_sock *xsk = xtcp_sk(sk);
	struct sock *peer;
	u32 passed = 0;

	if (xsk->tcb.snd_una != xsk->tcb.snd_nxt)
		return actions;
	local_bh_disable();
	rcu_read_lock();
	peer = xtcp_unseen_sender(sk) ? xtcp_peer_sk(sk) : NULL;
	if (peer) {
		bh_lock_sock_nested(peer);
		if (!sock_owned_by_user(peer) &&
		    xtcp_sk(peer)->entry.kind == XTCP_KIND_SOCK)
			passed = shortcut_pass(sk, peer, now);
		bh_unlock_sock(peer);
	}
	rcu_read_unlock();
	local_bh_enable();

	if (!passed)
		return actions;
	/* All is acknowledged, no deadline was set: only the queue is to be freed. */
	if (likely(passed == XTCP_ACT_ACKED && xsk->tcb.snd_nxt == xsk->tcb.snd_end &&
		   !xsk->tcb.mib && !xsk->soft_err && xsk->chrono == XTCP_CHRONO_IDLE)) {
		xtcp_sendq_trim(sk);
		xtcp_write_space(sk);
		return 0;
	}
	return actions | passed;
}

/**
 * xtcp_shortcut_pull - the reader has made room: fetch what the peer could not hand over
 * @sk: socket with xtcp_sock.pull; xtcp_read() was called
 * @now: ns
 *
 * Context: process, owner of the socket.
 * Return: whether there are more bytes to read.
 */
bool xtcp_shortcut_pull(struct sock *sk, u64 now)
{
	struct sock *peer;
	u32 passed = 0;

	/* shortcut_pass() sets it again if the peer has still more. */
	xtcp_sk(sk)->pull = 0;
	local_bh_disable();
	rcu_read_lock();
	peer = READ_ONCE(xtcp_sk_knobs(sk)->local_shortcut) ? xtcp_peer_sk(sk) : NULL;
	if (peer) {
		bh_lock_sock_nested(peer);
		if (!sock_owned_by_user(peer) &&
		    xtcp_sk(peer)->entry.kind == XTCP_KIND_SOCK && xtcp_unseen_sender(peer))
			passed = shortcut_pass(peer, sk, now);
		if (passed)
			xtcp_handle_actions(peer, passed, now);
		bh_unlock_sock(peer);
	}
	rcu_read_unlock();
	local_bh_enable();
	return passed;
}
