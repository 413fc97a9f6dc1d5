// SPDX-License-Identifier: GPL-2.0
/*
 * ICMPv6: errors (RFC 4443) and redirects (RFC 4861).
 */
#include <linux/icmpv6.h>
#include <net/ndisc.h>

#include "icmp.h"
#include "ip.h"

#if IS_ENABLED(CONFIG_IPV6)

/*
 * Queue the message for recvmsg(MSG_ERRQUEUE) if IPV6_RECVERR is set, as ipv6_icmp_error(),
 * which is not exported. @skb: its data is the quoted IP header. Context: socket lock.
 */
static void icmp6_queue_err(struct sock *sk, struct sk_buff *skb,
			    const struct xtcp_quote *q)
{
	const struct ipv6hdr *hdr = (const struct ipv6hdr *)skb->data;
	const struct icmp6hdr *icmp = icmp6_hdr(skb);
	const struct sock_extended_err ee = {
		.ee_errno = q->err,
		.ee_origin = SO_EE_ORIGIN_ICMP6,
		.ee_type = icmp->icmp6_type,
		.ee_code = icmp->icmp6_code,
		.ee_info = q->mtu,
	};
	bool extended = xtcp_inet_recverr6_ext(sk) &&
			(icmp->icmp6_type == ICMPV6_TIME_EXCEED ||
			 icmp->icmp6_type == ICMPV6_DEST_UNREACH);

	if (xtcp_inet_recverr6(sk))
		xtcp_icmp_queue(sk, skb, q, &ee, &hdr->daddr, extended ?
				icmp->icmp6_datagram_len * (int)sizeof(u64) : -1);
}

/**
 * xtcp_icmp6_rcv - parse and process an ICMPv6 error that quotes a TCP segment
 * @skb: its data is the quoted IP header
 * @type: ICMPv6 type
 * @code: ICMPv6 code
 * @offset: bytes from the quoted IP header to the quoted TCP header
 * @info: MTU of PKT_TOOBIG, bytes
 * @ours: set when the quoted segment is one of ours
 *
 * Context: softirq, RCU read lock.
 * Return: 0, or -ENOENT for a message that fits no segment in flight.
 */
int xtcp_icmp6_rcv(struct sk_buff *skb, u8 type, u8 code, int offset, u32 info,
		   bool *ours)
{
	const struct ipv6hdr *hdr;
	const struct tcphdr *th;
	struct xtcp_quote q = {
		.queue_err = icmp6_queue_err,
		.tcp_offset = offset,
		.mtu = info,
		.dif = skb->dev->ifindex,
		.sdif = inet6_sdif(skb),
		.ttl = ipv6_hdr(skb)->hop_limit,
		.redirect = type == NDISC_REDIRECT,
		.kind = XTCP_ICMP_SOFT,
	};

	if (!pskb_may_pull(skb, offset + XTCP_ICMP_QUOTED))
		return 0;
	hdr = (const struct ipv6hdr *)skb->data;
	th = (const struct tcphdr *)(skb->data + offset);
	/* A parameter problem is a soft error by RFC 9293, 3.9.2.2. */
	if (icmpv6_err_convert(type, code, &q.err) && type != ICMPV6_PARAMPROB)
		q.kind = XTCP_ICMP_HARD;
	if (type == ICMPV6_PKT_TOOBIG) {
		q.kind = XTCP_ICMP_TOO_BIG;
		/* Ignore an MTU below the least that RFC 8200, 5 allows. */
		if (info < IPV6_MIN_MTU) {
			q.kind = XTCP_ICMP_SOFT;
			q.err = 0;
		}
	}
	q.seq = ntohl(th->seq);
	memcpy(q.flow.saddr, &hdr->saddr, sizeof(q.flow.saddr));
	memcpy(q.flow.daddr, &hdr->daddr, sizeof(q.flow.daddr));
	q.flow.sport = (__force u16)th->source;
	q.flow.dport = (__force u16)th->dest;
	return xtcp_icmp_meet(skb, &q, ours);
}

#endif
