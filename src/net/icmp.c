// SPDX-License-Identifier: GPL-2.0
/*
 * Word from the network: ICMP errors that quote one of our segments.
 *
 * Anybody can send one, so it counts only when the quoted sequence number is
 * one we have in flight (RFC 5927, 4), and even then it ends nothing but an
 * attempt to connect; the engine sees to the latter.
 */
#include <linux/icmp.h>
#include <linux/ip.h>
#include <linux/tcp.h>
#include <net/icmp.h>
#include <net/ip.h>
#include <net/route.h>
#include <net/tcp_states.h>

#include "net.h"

/* Bytes of the TCP header an ICMP error must quote: ports and sequence number. */
#define QUOTED	8

/* A message, as far as we care: what it means to a program and to the engine. */
struct verdict {
	int err;		/* errno, 0: ignore the message */
	enum xtcp_icmp kind;
};

static struct verdict judge(u8 type, u8 code)
{
	struct verdict v = { .kind = XTCP_ICMP_SOFT };

	switch (type) {
	case ICMP_DEST_UNREACH:
		if (code == ICMP_FRAG_NEEDED) {
			v.err = EMSGSIZE;
			v.kind = XTCP_ICMP_TOO_BIG;
		} else if (code <= NR_ICMP_UNREACH) {
			v.err = icmp_err_convert[code].errno;
			if (icmp_err_convert[code].fatal)
				v.kind = XTCP_ICMP_HARD;
		}
		break;
	case ICMP_TIME_EXCEEDED:
		v.err = EHOSTUNREACH;
		break;
	case ICMP_PARAMETERPROB:
		v.err = EPROTO;
		break;
	}
	return v;
}

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

/* Tell the engine what one packet may carry now. Context: socket lock. */
static void mtu_apply(struct sock *sk, u32 seq, u64 now)
{
	struct xtcp_sock *xsk = xtcp_sk(sk);
	/* The route that the message was about may have been replaced by it. */
	struct dst_entry *dst = xtcp_ip4_sock_dst(sk);
	struct xtcp_open open;

	if (!dst)
		return;
	memset(&open, 0, sizeof(open));
	xtcp_open_dst(sk, dst, &open);
	if (open.path_mss < xsk->tcb.path_mss)
		xtcp_serve(sk, xtcp_icmp(&xsk->tcb, XTCP_ICMP_TOO_BIG, seq,
					 open.path_mss, now), now);
}

/**
 * xtcp_mtu_reduced - a path MTU that shrank while a system call had the socket
 * @sk: socket
 *
 * The route has the new MTU already; its message was checked when it came.
 *
 * Context: socket lock, bottom halves off.
 */
void xtcp_mtu_reduced(struct sock *sk)
{
	if (!xtcp_sk(sk)->inert)
		mtu_apply(sk, xtcp_sk(sk)->tcb.snd_una, xtcp_now());
}

static void frag_needed(struct sock *sk, u32 seq, u32 mtu, u64 now)
{
	struct dst_entry *dst = sock_owned_by_user(sk) ? __sk_dst_check(sk, 0) :
							 xtcp_ip4_sock_dst(sk);

	if (!dst || inet_sk(sk)->pmtudisc == IP_PMTUDISC_INTERFACE)
		return;
	dst->ops->update_pmtu(dst, sk, NULL, mtu, true);
	if (sock_owned_by_user(sk))
		set_bit(XTCP_DEFER_MTU, &xtcp_sk(sk)->deferred);
	else
		mtu_apply(sk, seq, now);
}

static void redirect(struct sock *sk, struct sk_buff *skb)
{
	struct dst_entry *dst;

	if (sock_owned_by_user(sk))
		return;
	dst = __sk_dst_check(sk, 0);
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
		xtcp_serve(sk, xtcp_icmp(&xsk->tcb, XTCP_ICMP_HARD, xsk->tcb.snd_una,
					 0, now), now);
}

/* An error other than FRAG_NEEDED. */
static void bad_news(struct sock *sk, struct verdict v, u32 seq, u64 now)
{
	struct xtcp_sock *xsk = xtcp_sk(sk);

	xsk->soft_err = v.err;
	if (v.kind == XTCP_ICMP_HARD)
		xsk->hard_err = v.err;
	if (sock_owned_by_user(sk)) {
		if (v.kind == XTCP_ICMP_HARD)
			set_bit(XTCP_DEFER_ICMP, &xsk->deferred);
		return;
	}
	xtcp_serve(sk, xtcp_icmp(&xsk->tcb, v.kind, seq, 0, now), now);
	/* RFC 1122, 4.2.3.9: who asked for it by IP_RECVERR sees each one. */
	if (inet_sk(sk)->recverr && sk->sk_state != TCP_CLOSE) {
		WRITE_ONCE(sk->sk_err, v.err);
		sk_error_report(sk);
	} else {
		WRITE_ONCE(sk->sk_err_soft, v.err);
	}
}

/* Context: RCU read lock. */
static struct sock *owner(struct net *net, const struct sk_buff *skb, bool *ours)
{
	const struct iphdr *iph = (const struct iphdr *)skb->data;
	const struct tcphdr *th = (const struct tcphdr *)(skb->data + iph->ihl * 4);
	struct xtcp_net *xn = xtcp_net(net);
	struct xtcp_entry *e;
	struct xtcp_flow flow;
	struct sock *sk;

	if (!atomic_read(&xn->sockets))
		return NULL;
	xtcp_flow_set4(flow.saddr, iph->saddr);
	xtcp_flow_set4(flow.daddr, iph->daddr);
	flow.sport = (__force u16)th->source;
	flow.dport = (__force u16)th->dest;
	e = xtcp_lookup(xn, &flow, xtcp_flow_hash(xn->tables, &flow),
			skb->dev->ifindex, inet_sdif(skb));
	if (!e)
		return NULL;
	*ours = true;
	/* Records outlive bad news, as embryos do: RFC 5927, 5.2. */
	if (READ_ONCE(e->kind) != XTCP_KIND_SOCK)
		return NULL;
	sk = xtcp_entry_sk(e);
	return refcount_inc_not_zero(&sk->sk_refcnt) ? sk : NULL;
}

/**
 * xtcp_icmp_rcv - an ICMP error that quotes a TCP segment
 * @skb: its data is the quoted IP header
 * @info: next-hop MTU of FRAG_NEEDED, bytes
 * @ours: set when the quoted segment is one of ours
 *
 * Context: softirq, RCU read lock.
 * Return: 0, or -ENOENT for a message that fits no segment in flight.
 */
int xtcp_icmp_rcv(struct sk_buff *skb, u32 info, bool *ours)
{
	const struct iphdr *iph = (const struct iphdr *)skb->data;
	u8 type = icmp_hdr(skb)->type, code = icmp_hdr(skb)->code;
	const struct tcphdr *th;
	struct verdict v;
	struct sock *sk;
	int err = 0;
	u32 seq;
	u64 now;

	if (!pskb_may_pull(skb, iph->ihl * 4 + QUOTED))
		return 0;
	iph = (const struct iphdr *)skb->data;
	sk = owner(dev_net(skb->dev), skb, ours);
	if (!sk)
		return 0;
	th = (const struct tcphdr *)(skb->data + iph->ihl * 4);
	seq = ntohl(th->seq);
	v = judge(type, code);
	now = xtcp_now();

	bh_lock_sock(sk);
	if (xtcp_sk(sk)->entry.kind != XTCP_KIND_SOCK ||
	    iph->ttl < READ_ONCE(inet_sk(sk)->min_ttl)) {
		err = 0;
	} else if (XTCP_DEFENCE(icmp_seq, !in_flight(&xtcp_sk(sk)->tcb, seq))) {
		xtcp_mib_inc(xtcp_sk_net(sk), XTCP_MIB_OUT_OF_WINDOW_ICMPS);
		err = -ENOENT;
	} else if (type == ICMP_REDIRECT) {
		redirect(sk, skb);
	} else if (v.kind == XTCP_ICMP_TOO_BIG) {
		frag_needed(sk, seq, info, now);
	} else if (v.err) {
		bad_news(sk, v, seq, now);
	}
	bh_unlock_sock(sk);
	sock_put(sk);
	return err;
}
