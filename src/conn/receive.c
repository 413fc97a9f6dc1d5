// SPDX-License-Identifier: GPL-2.0
/*
 * From a verified segment to the engine and its actions.
 */
#include <linux/security.h>
#include <linux/tcp.h>
#include <net/busy_poll.h>

#include "../compat/moved.h"
#include "../compat/sock.h"
#include "internal.h"
#include "ip.h"

/* Bytes the backlog may hold beyond both buffers: overhead of small packets. */
#define BACKLOG_EXTRA	(64 * 1024)

/**
 * xtcp_seg_fill - read the headers of a packet
 * @seg: filled in
 * @skb: verified packet, TCP header at its data
 *
 * A super-segment made by GRO counts as one segment of several (seg->nsegs); the
 * headers of its parts differ only in what GRO merges.
 *
 * Context: any; no lock.
 * Return: false if the TCP header is malformed.
 */
bool xtcp_seg_fill(struct xtcp_seg *seg, struct sk_buff *skb)
{
	if (!xtcp_parse(seg, skb->data, skb_headlen(skb), skb->len))
		return false;
	seg->ecn = xtcp_ip_ecn(skb);
	seg->nsegs = max_t(u16, skb_shinfo(skb)->gso_segs, 1);
	return true;
}

/* No memory for the payload: cut it off, and wake the reader, which can make room. */
static enum xtcp_drop_reason reject_payload(struct sock *sk, struct xtcp_seg *seg)
{
	bool early = seq_gt(seg->seq, xtcp_sk(sk)->tcb.rcv_nxt);

	seg->len = 0;
	seg->flags &= ~(XTCP_FIN | XTCP_PSH | XTCP_URG);
	if (!early && !sock_flag(sk, SOCK_DEAD))
		sk->sk_data_ready(sk);
	return early ? XTCP_DROP_OOO_MEMORY : XTCP_DROP_RCVBUF;
}

/* Did this segment complete the handshake? sk_state is still the state before. */
static bool handshake_completed(const struct sock *sk)
{
	enum xtcp_state state = xtcp_sk(sk)->tcb.state;

	return (1 << sk->sk_state) & (TCPF_SYN_SENT | TCPF_SYN_RECV) &&
	       state != XTCP_SYN_SENT && state != XTCP_SYN_RECEIVED && state != XTCP_CLOSED;
}

/**
 * xtcp_input_locked - process a segment
 * @sk: socket
 * @skb: verified segment, TCP header at its data; taken over
 * @now: ns, read under the present hold of the lock
 *
 * If there is no room for the payload only that is discarded, not the segment: its
 * ACK may free the memory.
 *
 * Context: any, socket lock.
 */
void xtcp_input_locked(struct sock *sk, struct sk_buff *skb, u64 now)
{
	struct xtcp_net *xn = xtcp_pernet(sock_net(sk));
	struct xtcp_sock *xsk = xtcp_sk(sk);
	enum xtcp_drop_reason refused = XTCP_DROP_NONE;
	struct xtcp_seg seg;
	u32 actions;

	if (!xtcp_seg_fill(&seg, skb)) {
		xtcp_discard(xn, skb, XTCP_DROP_HEADER);
		return;
	}
	__skb_pull(skb, seg.doff);
	sk_mark_napi_id(sk, skb);
	sk_incoming_cpu_update(sk);
	sock_rps_save_rxhash(sk, skb);
	xtcp_ip_save_rx_info(sk, skb);
	if (unlikely(skb_dst(skb) != rcu_access_pointer(sk->sk_rx_dst)) &&
	    skb->skb_iif != LOOPBACK_IFINDEX)
		xtcp_rx_route_keep(sk, skb);

	if (seg.len && unlikely(!xtcp_rcv_admit(sk, skb)))
		refused = reject_payload(sk, &seg);
	xtcp_space(&xsk->tcb, xtcp_rcv_space(sk));
	if (seg.nsack)
		xtcp_map_refill(sk);
	actions = xtcp_rx(&xsk->tcb, &seg, &XTCP_CB(skb)->ooo, now);
	if (seg.delivered)
		xtcp_mib_add(xn, XTCP_MIB_DELIVERED, seg.delivered);
	if (unlikely(seg.delivered_ce))
		xtcp_mib_add(xn, XTCP_MIB_DELIVERED_CE, seg.delivered_ce);
	if (unlikely(refused) && !(actions & XTCP_ACT_DROP)) {
		seg.reason = refused;
		actions |= XTCP_ACT_DROP;
	}
	/* SO_PEERSEC shows the security label of this segment. */
	if (unlikely(actions & XTCP_ACT_STATE) && handshake_completed(sk))
		security_inet_conn_established(sk, skb);
	xtcp_handle_rx_actions(sk, actions, skb, &seg, now);
}

/**
 * xtcp_backlog_rcv - proto.backlog_rcv: process a segment that waited for a system call
 * @sk: socket
 * @skb: verified segment; taken over
 *
 * Context: process, socket lock.
 * Return: 0.
 */
int xtcp_backlog_rcv(struct sock *sk, struct sk_buff *skb)
{
	if (likely(xtcp_sk(sk)->entry.kind == XTCP_KIND_SOCK)) {
		xtcp_sk(sk)->backlog = 1;
		xtcp_input_locked(sk, skb, xtcp_now());
		xtcp_sk(sk)->backlog = 0;
	} else {
		xtcp_rx_stray(sock_net(sk), skb);
	}
	return 0;
}

/**
 * xtcp_input - process a segment, or queue it while a system call owns the socket
 * @sk: socket, found in the table under RCU
 * @skb: verified segment; taken over unless XTCP_RX_AGAIN is returned
 * @now: ns
 *
 * Context: softirq, RCU read lock; takes the socket lock.
 * Return: XTCP_RX_AGAIN if the socket left the table meanwhile.
 */
enum xtcp_rx_result xtcp_input(struct sock *sk, struct sk_buff *skb, u64 now)
{
	enum xtcp_rx_result res = XTCP_RX_DONE;

	if (!refcount_inc_not_zero(&sk->sk_refcnt))
		return XTCP_RX_AGAIN;
	bh_lock_sock_nested(sk);
	if (!sock_owned_by_user(sk)) {
		if (xtcp_sk(sk)->entry.kind == XTCP_KIND_SOCK)
			xtcp_input_locked(sk, skb, now);
		else
			res = XTCP_RX_AGAIN;
	} else {
		skb->dev = NULL;
		if (sk_add_backlog(sk, skb, READ_ONCE(sk->sk_rcvbuf) +
				   READ_ONCE(sk->sk_sndbuf) + BACKLOG_EXTRA)) {
			sk_drops_skbadd(sk, skb);
			xtcp_discard(xtcp_pernet(sock_net(sk)), skb, XTCP_DROP_BACKLOG);
		}
	}
	bh_unlock_sock(sk);
	sock_put(sk);
	return res;
}
