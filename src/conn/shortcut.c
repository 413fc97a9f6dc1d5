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
 * While the reader has bytes in its queue, small writes wait in the writer's, so that many
 * of them pass together when it goes on: each hand-over costs more than a write. The wait
 * ends also when there is much to hand over, and when the reader asks how much there is.
 * If it does none of this, the wait ends after XTCP_HANDOVER_HOLD_NS.
 *
 * Two sockets are involved. A system call owns one of them, without its spinlock, and takes
 * the spinlock of the other. If that one is owned, by a system call of its own, the bytes
 * wait until it ends, see xtcp_release_cb(). It then has the spinlock, and only tries to
 * take the second one.
 */
#include "../compat/moved.h"
#include "internal.h"
#include "ip.h"

/* Bytes that one packet of the receive queue takes at most. */
#define PART_MAX	65536U

/* Bytes that may wait for the reader; more are handed over while it still has others. */
#define HOLD_MAX	32768U

/* Is there room for a packet, without freeing others or growing the buffer? */
static bool shortcut_has_room(struct sock *to, struct sk_buff *skb)
{
	return atomic_read(&to->sk_rmem_alloc) + skb->truesize <= READ_ONCE(to->sk_rcvbuf) &&
	       sk_rmem_schedule(to, skb, skb->truesize);
}

/*
 * Move bytes from @seq on, at most @len or PART_MAX: the skb of the send queue itself, or
 * a part of it by reference. Return: bytes; 0 without memory.
 */
static u32 shortcut_move_part(struct sock *from, struct sock *to, u32 seq, u32 len)
{
	struct sk_buff *skb;

	len = min(len, PART_MAX);
	skb = xtcp_sendq_first(from, seq, len);
	if (likely(skb)) {
		if (unlikely(!shortcut_has_room(to, skb)))
			return 0;
		xtcp_sendq_take(from, skb);
		len = skb->len;
		xtcp_recvq_put(to, skb, seq);
		return len;
	}
	skb = alloc_skb(0, GFP_ATOMIC | __GFP_NOWARN);
	if (unlikely(!skb))
		return 0;
	if (unlikely(xtcp_sendq_copy(skb, from, seq, len) || !shortcut_has_room(to, skb))) {
		kfree_skb(skb);
		return 0;
	}
	xtcp_recvq_put(to, skb, seq);
	return len;
}

/* Return: how many of @len bytes were moved. */
static u32 shortcut_move(struct sock *from, struct sock *to, u32 len)
{
	u32 seq = xtcp_sk(from)->tcb.snd_nxt, done = 0;

	while (done < len) {
		u32 part = shortcut_move_part(from, to, seq + done, len - done);

		if (unlikely(!part))
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
 * May the bytes wait until the reader goes on? Not if the writer would soon have to wait for
 * room.
 */
static bool shortcut_may_wait(struct sock *from)
{
	const struct xtcp_tcb *tcb = &xtcp_sk(from)->tcb;

	return tcb->snd_end - tcb->snd_nxt < HOLD_MAX && xtcp_handover_waits(tcb) &&
	       sk_stream_is_writeable(from);
}

/* Has the reader something to read, and does it not sleep for more? */
static bool shortcut_reader_goes_on(const struct sock *to)
{
	return !skb_queue_empty(&to->sk_receive_queue) && to->sk_rcvlowat <= 1 &&
	       !xtcp_sk(to)->wants_more;
}

static void shortcut_hold(struct sock *from, u64 now)
{
	xtcp_sk(from)->held = 1;
	xtcp_handover_hold(&xtcp_sk(from)->tcb, now);
}

/*
 * Hand over what may be, or let it wait if @may_wait. Context: both sockets are locked or
 * owned by this system call; bottom halves off, RCU read lock. Return: XTCP_ACT_* of
 * @from, 0 if nothing was handed over.
 */
static u32 shortcut_pass(struct sock *from, struct sock *to, bool may_wait, u64 now)
{
	struct xtcp_tcb *src = &xtcp_sk(from)->tcb, *dst = &xtcp_sk(to)->tcb;
	const struct xtcp_net *xn = xtcp_sk_net(from);
	u32 len, actions;

	xtcp_sk(from)->held = 0;
	if (!shortcut_fits(from, to) || !xtcp_unseen_receiver(from, to))
		return 0;
	if (may_wait && shortcut_reader_goes_on(to) && shortcut_may_wait(from)) {
		xtcp_sk(to)->pull = 1;
		shortcut_hold(from, now);
		return 0;
	}
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

/* The socket is owned: its system call is to come back to the shortcut at its end. */
static void shortcut_note(struct sock *sk)
{
	set_bit(XTCP_DEFER_SHORTCUT, &xtcp_sk(sk)->deferred);
}

/*
 * Find the peer and hand over, unless its own system call does so at its end. Return:
 * XTCP_ACT_*. Context: process, owner of @from; bottom halves off, RCU read lock.
 */
static u32 shortcut_offer(struct sock *from, u64 now)
{
	struct sock *to = xtcp_unseen_sender(from) ? xtcp_peer_sk(from) : NULL;
	u32 passed = 0;

	xtcp_sk(from)->held = 0;
	if (!to)
		return 0;
	bh_lock_sock_nested(to);
	if (unlikely(xtcp_sk(to)->entry.kind != XTCP_KIND_SOCK)) {
		;
	} else if (!sock_owned_by_user(to)) {
		passed = shortcut_pass(from, to, true, now);
	} else if (xtcp_handover_waits(&xtcp_sk(from)->tcb)) {
		shortcut_note(to);
		shortcut_hold(from, now);
	}
	bh_unlock_sock(to);
	return passed;
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
	u32 passed;

	if (xsk->tcb.snd_una != xsk->tcb.snd_nxt || xsk->tcb.snd_nxt == xsk->tcb.snd_end)
		return actions;
	/* Without the deadline segments were sent since, and the reader may be done. */
	if (xsk->held && xsk->tcb.dl_armed & BIT(XTCP_DL_SMALL) && shortcut_may_wait(sk))
		return 0;
	local_bh_disable();
	rcu_read_lock();
	passed = shortcut_offer(sk, now);
	rcu_read_unlock();
	local_bh_enable();

	if (xsk->held) {
		xtcp_timer_arm(sk);
		return 0;
	}
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

/*
 * Hand over what waits in the send queue of @from, or have it sent in segments. Context:
 * as shortcut_pass().
 */
static void shortcut_fetch(struct sock *from, struct sock *to, u64 now)
{
	bool held = xtcp_sk(from)->held;
	u32 passed = 0;

	if (READ_ONCE(xtcp_sk_knobs(from)->local_shortcut) && xtcp_unseen_sender(from))
		passed = shortcut_pass(from, to, false, now);
	xtcp_sk(from)->held = 0;
	if (passed)
		xtcp_handle_actions(from, passed, now);
	else if (held)
		xtcp_handle_actions(from, XTCP_ACT_OUTPUT, now);
}

/**
 * xtcp_shortcut_pull - the reader goes on: fetch what the peer has not handed over
 * @sk: socket with xtcp_sock.pull; xtcp_read() was called, if anything was read
 * @now: ns
 *
 * Context: process, owner of the socket.
 * Return: whether there are more bytes to read.
 */
bool xtcp_shortcut_pull(struct sock *sk, u64 now)
{
	u32 nxt = xtcp_sk(sk)->tcb.rcv_nxt;
	struct sock *peer;

	/* shortcut_pass() sets it again if the peer has still more. */
	xtcp_sk(sk)->pull = 0;
	local_bh_disable();
	rcu_read_lock();
	peer = xtcp_peer_sk(sk);
	if (peer) {
		bh_lock_sock_nested(peer);
		if (unlikely(xtcp_sk(peer)->entry.kind != XTCP_KIND_SOCK))
			;
		else if (sock_owned_by_user(peer))
			shortcut_note(peer);
		else
			shortcut_fetch(peer, sk, now);
		bh_unlock_sock(peer);
	}
	rcu_read_unlock();
	local_bh_enable();
	return xtcp_sk(sk)->tcb.rcv_nxt != nxt;
}

/* Do what either end has left to the other. Context: the locks of both. */
static void shortcut_both(struct sock *sk, struct sock *peer, u64 now)
{
	if (unlikely(xtcp_sk(peer)->entry.kind != XTCP_KIND_SOCK))
		return;
	if (sock_owned_by_user(peer)) {
		shortcut_note(peer);
		/* Segments would wait for that call, too. */
		if (xtcp_sk(sk)->held)
			shortcut_hold(sk, now);
		return;
	}
	if (xtcp_sk(sk)->tcb.snd_end != xtcp_sk(sk)->tcb.snd_nxt)
		shortcut_fetch(sk, peer, now);
	if (xtcp_sk(peer)->tcb.snd_end != xtcp_sk(peer)->tcb.snd_nxt)
		shortcut_fetch(peer, sk, now);
}

/* How often to try a lock that is held for a short time only. */
#define TRIES	100

/**
 * xtcp_shortcut_retry - come back to a hand-over for which one end was not free
 * @sk: either end
 * @now: ns
 *
 * Both ends of a connection may come here at the same time, so waiting for the second
 * spinlock could last for ever. If it is not free the deadline of xtcp_handover_hold()
 * ends the wait.
 *
 * Context: softirq, or process with bottom halves off; the socket's spinlock.
 */
void xtcp_shortcut_retry(struct sock *sk, u64 now)
{
	struct sock *peer;
	int i;

	if (xtcp_sk(sk)->inert)
		return;
	rcu_read_lock();
	peer = xtcp_peer_sk(sk);
	for (i = 0; peer && i < TRIES; i++) {
		if (spin_trylock(&peer->sk_lock.slock)) {
			shortcut_both(sk, peer, now);
			spin_unlock(&peer->sk_lock.slock);
			break;
		}
		cpu_relax();
	}
	rcu_read_unlock();
}
