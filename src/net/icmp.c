// SPDX-License-Identifier: GPL-2.0
/*
 * ICMP errors that quote one of our segments.
 *
 * Anybody can send one. It is ignored unless the quoted sequence number is in flight (RFC
 * 5927, 4), and even then the engine lets it end only a connection that is being opened.
 */
#include <net/tcp_states.h>

#include "../compat/icmp.h"
#include "icmp.h"
#include "ip.h"

/*
 * Is the quoted sequence number in flight? In SYN-SENT compare with ISS: the error of a
 * router on the same link may arrive before the transmission of the SYN is committed.
 */
static bool icmp_quotes_in_flight(const struct xtcp_tcb *tcb, u32 seq)
{
	if (tcb->state == XTCP_SYN_SENT)
		return seq == tcb->iss;
	return seq_ge(seq, tcb->snd_una) && seq_lt(seq, tcb->snd_nxt);
}

/*
 * Tell the route the new path MTU, and the engine what a packet may carry. @seq: quoted
 * sequence number; @mtu: bytes; @now: ns. Context: socket lock; in softirq no system call
 * owns the socket.
 */
static void icmp_apply_mtu(struct sock *sk, u32 seq, u32 mtu, u64 now)
{
	struct dst_entry *dst = xtcp_ip_sock_dst(sk);
	struct xtcp_sock *xsk = xtcp_sk(sk);
	struct xtcp_open open;

	if (!dst)
		return;
	dst->ops->update_pmtu(dst, sk, NULL, mtu, true);
	/* update_pmtu() may have replaced the route. */
	dst = xtcp_ip_sock_dst(sk);
	if (!dst)
		return;
	memset(&open, 0, sizeof(open));
	xtcp_open_dst(sk, dst, &open);
	if (open.path_mss < xsk->tcb.path_mss)
		xtcp_handle_actions(sk, xtcp_icmp_rx(&xsk->tcb, XTCP_ICMP_TOO_BIG, seq,
						     open.path_mss, now), now);
}

/**
 * xtcp_mtu_reduced - apply a lower path MTU that was deferred
 * @sk: socket with XTCP_DEFER_MTU; the ICMP message was checked when it arrived
 *
 * Context: socket lock, bottom halves off.
 */
void xtcp_mtu_reduced(struct sock *sk)
{
	struct xtcp_sock *xsk = xtcp_sk(sk);

	if (!xsk->inert)
		icmp_apply_mtu(sk, xsk->tcb.snd_una, xsk->icmp_mtu, xtcp_now());
}

/*
 * Apply a lower path MTU, or defer it while a system call owns the socket. The cached route
 * belongs to the owner of the socket lock: if both found it expired, its one reference
 * would be dropped twice. Of several deferred messages the lowest MTU counts.
 */
static void icmp_too_big(struct sock *sk, u32 seq, u32 mtu, u64 now)
{
	struct xtcp_sock *xsk = xtcp_sk(sk);

	if (!xtcp_ip_pmtu_heeded(sk))
		return;
	if (!sock_owned_by_user(sk)) {
		icmp_apply_mtu(sk, seq, mtu, now);
		return;
	}
	if (!test_bit(XTCP_DEFER_MTU, &xsk->deferred) || mtu < xsk->icmp_mtu)
		xsk->icmp_mtu = mtu;
	set_bit(XTCP_DEFER_MTU, &xsk->deferred);
}

/* Update the route by a redirect, which is dropped while a system call owns the socket. */
static void icmp_redirect_route(struct sock *sk, struct sk_buff *skb)
{
	struct dst_entry *dst;

	if (sock_owned_by_user(sk)) {
		xtcp_mib_inc(xtcp_sk_net(sk), XTCP_MIB_LOCK_DROPPED_ICMPS);
		return;
	}
	dst = __sk_dst_check(sk, xtcp_ip_dst_cookie(sk));
	if (dst)
		dst->ops->redirect(dst, sk, skb);
}

/**
 * xtcp_hard_error - apply a hard ICMP error that was deferred
 * @sk: socket with XTCP_DEFER_ICMP
 *
 * The system call that deferred it is nearly always connect(), when a router on the same
 * link answers the SYN.
 *
 * Context: socket lock, bottom halves off.
 */
void xtcp_hard_error(struct sock *sk)
{
	struct xtcp_sock *xsk = xtcp_sk(sk);
	u64 now = xtcp_now();

	if (!xsk->inert)
		xtcp_handle_actions(sk,
				    xtcp_icmp_rx(&xsk->tcb, XTCP_ICMP_HARD,
						 xsk->tcb.snd_una,
						 0, now), now);
}

/**
 * xtcp_icmp_queue - queue an ICMP error for recvmsg(MSG_ERRQUEUE)
 * @sk: socket
 * @skb: the message; its data is the quoted IP header
 * @q: the message parsed
 * @ee: extended error for the program
 * @daddr: destination address in the quoted IP header
 * @quoted: length of the quoted packet in bytes, by RFC 4884; -1: no RFC 4884 information
 *
 * As ip_icmp_error() and ipv6_icmp_error(), which are not exported.
 *
 * Context: softirq, socket lock.
 */
void xtcp_icmp_queue(struct sock *sk, struct sk_buff *skb, const struct xtcp_quote *q,
		     const struct sock_extended_err *ee, const void *daddr, int quoted)
{
	u16 offset = (const u8 *)daddr - skb_network_header(skb);
	struct sock_exterr_skb *serr;

	skb = skb_clone(skb, GFP_ATOMIC | __GFP_NOWARN);
	if (!skb)
		return;
	serr = SKB_EXT_ERR(skb);
	serr->ee = *ee;
	serr->addr_offset = offset;
	serr->port = (__force __be16)q->flow.dport;
	__skb_pull(skb, q->tcp_offset);
	if (quoted >= 0)
		xtcp_icmp_extension(skb, &serr->ee.ee_rfc4884, quoted);
	skb_reset_transport_header(skb);
	if (sock_queue_err_skb(sk, skb))
		kfree_skb(skb);
}

/*
 * Report an error other than XTCP_ICMP_TOO_BIG to engine and program. Context: socket lock.
 */
static void icmp_report_error(struct sock *sk, struct sk_buff *skb,
			      const struct xtcp_quote *q,
			      u64 now)
{
	struct xtcp_sock *xsk = xtcp_sk(sk);

	/* As in the kernel's TCP, only while the connection is being opened. */
	if ((1 << sk->sk_state) & (TCPF_SYN_SENT | TCPF_SYN_RECV))
		q->queue_err(sk, skb, q);
	xsk->soft_err = q->err;
	if (q->kind == XTCP_ICMP_HARD)
		xsk->hard_err = q->err;
	if (sock_owned_by_user(sk)) {
		if (q->kind == XTCP_ICMP_HARD)
			set_bit(XTCP_DEFER_ICMP, &xsk->deferred);
		return;
	}
	xtcp_handle_actions(sk, xtcp_icmp_rx(&xsk->tcb, q->kind, q->seq, 0, now), now);
	/* The connection ended, and the engine's action has reported the error. */
	if (sk->sk_state == TCP_CLOSE)
		return;
	/* RFC 1122, 4.2.3.9: with IP_RECVERR the program sees each error. */
	if (xtcp_ip_recverr(sk)) {
		WRITE_ONCE(sk->sk_err, q->err);
		sk_error_report(sk);
	} else {
		WRITE_ONCE(sk->sk_err_soft, q->err);
	}
}

/*
 * The socket of the quoted segment, with a reference, or NULL. @ours: set when the segment
 * is one of ours. Context: RCU read lock.
 */
static struct sock *icmp_find_sock(struct xtcp_net *xn, const struct xtcp_quote *q,
				   bool *ours)
{
	struct xtcp_entry *e;
	struct sock *sk;

	if (!atomic_read(&xn->sockets))
		return NULL;
	e = xtcp_lookup(xn, &q->flow, xtcp_flow_hash(xn->tables, &q->flow), q->dif, q->sdif);
	if (!e)
		return NULL;
	*ours = true;
	/*
	 * ICMP errors do not end TIME-WAIT records or half-open connections: RFC 5927, 5.2.
	 */
	if (READ_ONCE(e->kind) != XTCP_KIND_SOCK)
		return NULL;
	sk = xtcp_entry_sk(e);
	return refcount_inc_not_zero(&sk->sk_refcnt) ? sk : NULL;
}

/**
 * xtcp_icmp_meet - process an ICMP error that quotes a TCP segment
 * @skb: the message
 * @q: the message parsed
 * @ours: set when the quoted segment is one of ours
 *
 * Context: softirq, RCU read lock.
 * Return: 0, or -ENOENT for a message that fits no segment in flight.
 */
int xtcp_icmp_meet(struct sk_buff *skb, const struct xtcp_quote *q, bool *ours)
{
	struct sock *sk = icmp_find_sock(xtcp_pernet(dev_net(skb->dev)), q, ours);
	u64 now = xtcp_now();
	int err = 0;

	if (!sk)
		return 0;
	bh_lock_sock(sk);
	if (xtcp_sk(sk)->entry.kind != XTCP_KIND_SOCK) {
		err = 0;
	} else if (q->ttl < xtcp_ip_min_ttl(sk)) {
		this_cpu_inc(xtcp_sk_net(sk)->drops[XTCP_DROP_MIN_TTL]);
	} else if (XTCP_DEFENCE(icmp_seq,
				!icmp_quotes_in_flight(&xtcp_sk(sk)->tcb, q->seq))) {
		xtcp_mib_inc(xtcp_sk_net(sk), XTCP_MIB_OUT_OF_WINDOW_ICMPS);
		err = -ENOENT;
	} else if (q->redirect) {
		icmp_redirect_route(sk, skb);
	} else if (q->kind == XTCP_ICMP_TOO_BIG) {
		icmp_too_big(sk, q->seq, q->mtu, now);
	} else if (q->err) {
		icmp_report_error(sk, skb, q, now);
	}
	bh_unlock_sock(sk);
	sock_put(sk);
	return err;
}
