// SPDX-License-Identifier: GPL-2.0
/*
 * Word from the network: ICMP errors that quote one of our segments.
 *
 * Anybody can send one, so it counts only when the quoted sequence number is
 * one we have in flight (RFC 5927, 4), and even then it ends nothing but an
 * attempt to connect; the engine sees to the latter.
 */
#include <net/tcp_states.h>

#include "icmp.h"
#include "ip.h"

/*
 * Quoted by something we have in flight? The answer of a router next to us
 * may be here before the transmission of the SYN is committed.
 */
static bool in_flight(const struct xtcp_tcb *tcb, u32 seq)
{
	if (tcb->state == XTCP_SYN_SENT)
		return seq == tcb->iss;
	return seq_ge(seq, tcb->snd_una) && seq_lt(seq, tcb->snd_nxt);
}

/* The route learns the MTU, and the engine what a packet may carry. Context: socket lock. */
static void mtu_apply(struct sock *sk, u32 seq, u32 mtu, u64 now)
{
	struct dst_entry *dst = xtcp_ip_sock_dst(sk);
	struct xtcp_sock *xsk = xtcp_sk(sk);
	struct xtcp_open open;

	if (!dst)
		return;
	dst->ops->update_pmtu(dst, sk, NULL, mtu, true);
	/* The route that the message was about may have been replaced by it. */
	dst = xtcp_ip_sock_dst(sk);
	if (!dst)
		return;
	memset(&open, 0, sizeof(open));
	xtcp_open_dst(sk, dst, &open);
	if (open.path_mss < xsk->tcb.path_mss)
		xtcp_handle_actions(sk, xtcp_icmp(&xsk->tcb, XTCP_ICMP_TOO_BIG, seq,
						  open.path_mss, now), now);
}

/**
 * xtcp_mtu_reduced - a path MTU that shrank while a system call had the socket
 * @sk: socket with XTCP_DEFER_MTU, whose message was checked when it came
 *
 * Context: socket lock, bottom halves off.
 */
void xtcp_mtu_reduced(struct sock *sk)
{
	struct xtcp_sock *xsk = xtcp_sk(sk);

	if (!xsk->inert)
		mtu_apply(sk, xsk->tcb.snd_una, xsk->icmp_mtu, xtcp_now());
}

/*
 * The cached route of a socket belongs to the owner of its lock: two that find it
 * expired at the same time would drop its one reference twice. So the message waits
 * where a system call has the socket; of several the smallest MTU counts.
 */
static void too_big(struct sock *sk, u32 seq, u32 mtu, u64 now)
{
	struct xtcp_sock *xsk = xtcp_sk(sk);

	if (!xtcp_ip_pmtu_heeded(sk))
		return;
	if (!sock_owned_by_user(sk)) {
		mtu_apply(sk, seq, mtu, now);
		return;
	}
	if (!test_bit(XTCP_DEFER_MTU, &xsk->deferred) || mtu < xsk->icmp_mtu)
		xsk->icmp_mtu = mtu;
	set_bit(XTCP_DEFER_MTU, &xsk->deferred);
}

static void redirect(struct sock *sk, struct sk_buff *skb)
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
 * xtcp_hard_error - a hard error that came while a system call had the socket
 * @sk: socket
 *
 * Nearly always connect(), whose SYN met a router next to us.
 *
 * Context: socket lock, bottom halves off.
 */
void xtcp_hard_error(struct sock *sk)
{
	struct xtcp_sock *xsk = xtcp_sk(sk);
	u64 now = xtcp_now();

	if (!xsk->inert)
		xtcp_handle_actions(sk, xtcp_icmp(&xsk->tcb, XTCP_ICMP_HARD, xsk->tcb.snd_una,
						  0, now), now);
}

/**
 * xtcp_icmp_queue - a message for recvmsg(MSG_ERRQUEUE)
 * @sk: socket
 * @skb: the message; its data is the quoted IP header
 * @q: what it says
 * @ee: the same, for the program
 * @daddr: address in the quoted IP header
 * @quoted: bytes quoted, for whom RFC 4884 is to be told; -1: for nobody
 *
 * What ip_icmp_error() and ipv6_icmp_error() do, which modules cannot call.
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
		ip_icmp_error_rfc4884(skb, &serr->ee.ee_rfc4884, sizeof(struct icmphdr),
				      quoted);
	skb_reset_transport_header(skb);
	if (sock_queue_err_skb(sk, skb))
		kfree_skb(skb);
}

/* An error other than that a packet was too big. */
static void report_error(struct sock *sk, struct sk_buff *skb, const struct xtcp_quote *q,
			 u64 now)
{
	struct xtcp_sock *xsk = xtcp_sk(sk);

	/* As the kernel's TCP: of what meets a connection being opened. */
	if ((1 << sk->sk_state) & (TCPF_SYN_SENT | TCPF_SYN_RECV))
		q->keep(sk, skb, q);
	xsk->soft_err = q->err;
	if (q->kind == XTCP_ICMP_HARD)
		xsk->hard_err = q->err;
	if (sock_owned_by_user(sk)) {
		if (q->kind == XTCP_ICMP_HARD)
			set_bit(XTCP_DEFER_ICMP, &xsk->deferred);
		return;
	}
	xtcp_handle_actions(sk, xtcp_icmp(&xsk->tcb, q->kind, q->seq, 0, now), now);
	/* It ended the connection, and was reported: once is enough. */
	if (sk->sk_state == TCP_CLOSE)
		return;
	/* RFC 1122, 4.2.3.9: who asked for it by IP_RECVERR sees each one. */
	if (xtcp_ip_recverr(sk)) {
		WRITE_ONCE(sk->sk_err, q->err);
		sk_error_report(sk);
	} else {
		WRITE_ONCE(sk->sk_err_soft, q->err);
	}
}

/* Context: RCU read lock. */
static struct sock *owner(struct xtcp_net *xn, const struct xtcp_quote *q, bool *ours)
{
	struct xtcp_entry *e;
	struct sock *sk;

	if (!atomic_read(&xn->sockets))
		return NULL;
	e = xtcp_lookup(xn, &q->flow, xtcp_flow_hash(xn->tables, &q->flow), q->dif, q->sdif);
	if (!e)
		return NULL;
	*ours = true;
	/* Records outlive bad news, as half-open connections do: RFC 5927, 5.2. */
	if (READ_ONCE(e->kind) != XTCP_KIND_SOCK)
		return NULL;
	sk = xtcp_entry_sk(e);
	return refcount_inc_not_zero(&sk->sk_refcnt) ? sk : NULL;
}

/**
 * xtcp_icmp_meet - an ICMP error that quotes a TCP segment
 * @skb: the message
 * @q: what it says
 * @ours: set when the quoted segment is one of ours
 *
 * Context: softirq, RCU read lock.
 * Return: 0, or -ENOENT for a message that fits no segment in flight.
 */
int xtcp_icmp_meet(struct sk_buff *skb, const struct xtcp_quote *q, bool *ours)
{
	struct sock *sk = owner(xtcp_net(dev_net(skb->dev)), q, ours);
	u64 now = xtcp_now();
	int err = 0;

	if (!sk)
		return 0;
	bh_lock_sock(sk);
	if (xtcp_sk(sk)->entry.kind != XTCP_KIND_SOCK) {
		err = 0;
	} else if (q->ttl < xtcp_ip_min_ttl(sk)) {
		this_cpu_inc(xtcp_sk_net(sk)->drops[XTCP_DROP_MIN_TTL]);
	} else if (XTCP_DEFENCE(icmp_seq, !in_flight(&xtcp_sk(sk)->tcb, q->seq))) {
		xtcp_mib_inc(xtcp_sk_net(sk), XTCP_MIB_OUT_OF_WINDOW_ICMPS);
		err = -ENOENT;
	} else if (q->redirect) {
		redirect(sk, skb);
	} else if (q->kind == XTCP_ICMP_TOO_BIG) {
		too_big(sk, q->seq, q->mtu, now);
	} else if (q->err) {
		report_error(sk, skb, q, now);
	}
	bh_unlock_sock(sk);
	sock_put(sk);
	return err;
}
