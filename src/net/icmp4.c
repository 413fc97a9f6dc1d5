// SPDX-License-Identifier: GPL-2.0
/*
 * ICMP for IPv4: RFC 792, as RFC 1122 amends it.
 */
#include <linux/errqueue.h>
#include <linux/icmp.h>
#include <linux/tcp.h>
#include <net/icmp.h>

#include "icmp.h"
#include "ip.h"

/* Set kind, err and redirect from type and code. */
static void icmp4_classify(struct xtcp_quote *q, u8 type, u8 code)
{
	q->kind = XTCP_ICMP_SOFT;
	q->err = 0;
	q->redirect = type == ICMP_REDIRECT;
	switch (type) {
	case ICMP_DEST_UNREACH:
		if (code == ICMP_FRAG_NEEDED) {
			q->err = EMSGSIZE;
			q->kind = XTCP_ICMP_TOO_BIG;
		} else if (code <= NR_ICMP_UNREACH) {
			q->err = icmp_err_convert[code].errno;
			if (icmp_err_convert[code].fatal)
				q->kind = XTCP_ICMP_HARD;
		}
		break;
	case ICMP_TIME_EXCEEDED:
		q->err = EHOSTUNREACH;
		break;
	case ICMP_PARAMETERPROB:
		q->err = EPROTO;
		break;
	}
}

/*
 * Queue the message for recvmsg(MSG_ERRQUEUE), as ip_icmp_error(), which is not exported.
 * @skb: its data is the quoted IP header. Context: socket lock.
 */
static void icmp4_queue_err(struct sock *sk, struct sk_buff *skb,
			    const struct xtcp_quote *q)
{
	const struct icmphdr *icmp = icmp_hdr(skb);
	const struct iphdr *iph = (const struct iphdr *)skb->data;
	const struct sock_extended_err ee = {
		.ee_errno = q->err,
		.ee_origin = SO_EE_ORIGIN_ICMP,
		.ee_type = icmp->type,
		.ee_code = icmp->code,
		.ee_info = q->mtu,
	};

	xtcp_icmp_queue(sk, skb, q, &ee, &iph->daddr,
			xtcp_inet_recverr_ext(sk) ?
			icmp->un.reserved[1] * (int)sizeof(u32) : -1);
}

/**
 * xtcp_icmp4_rcv - parse and process an ICMP error that quotes a TCP segment
 * @skb: its data is the quoted IP header
 * @info: next-hop MTU of FRAG_NEEDED, bytes
 * @ours: set when the quoted segment is one of ours
 *
 * Context: softirq, RCU read lock.
 * Return: 0, or -ENOENT for a message that fits no segment in flight.
 */
int xtcp_icmp4_rcv(struct sk_buff *skb, u32 info, bool *ours)
{
	const struct iphdr *iph = (const struct iphdr *)skb->data;
	const struct tcphdr *th;
	struct xtcp_quote q;

	if (!pskb_may_pull(skb, iph->ihl * 4 + XTCP_ICMP_QUOTED))
		return 0;
	iph = (const struct iphdr *)skb->data;
	th = (const struct tcphdr *)(skb->data + iph->ihl * 4);
	icmp4_classify(&q, icmp_hdr(skb)->type, icmp_hdr(skb)->code);
	q.queue_err = icmp4_queue_err;
	q.tcp_offset = iph->ihl * 4;
	q.mtu = info;
	q.seq = ntohl(th->seq);
	q.ttl = iph->ttl;
	q.dif = skb->dev->ifindex;
	q.sdif = inet_sdif(skb);
	xtcp_flow_set4(q.flow.saddr, iph->saddr);
	xtcp_flow_set4(q.flow.daddr, iph->daddr);
	q.flow.sport = (__force u16)th->source;
	q.flow.dport = (__force u16)th->dest;
	return xtcp_icmp_meet(skb, &q, ours);
}
