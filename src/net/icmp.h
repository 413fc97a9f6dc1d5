/* SPDX-License-Identifier: GPL-2.0 */
/* ICMP errors: icmp.c, and icmp4.c and icmp6.c, which parse the messages. */
#ifndef XTCP_NET_ICMP_H
#define XTCP_NET_ICMP_H

#include <linux/errqueue.h>
#include <linux/icmp.h>

#include "net.h"

/* Bytes of the TCP header an ICMP error must quote: ports and sequence number. */
#define XTCP_ICMP_QUOTED	8

/* An ICMP or ICMPv6 error, parsed; on the stack of the handler. */
struct xtcp_quote {
	struct xtcp_flow flow;	/* of the quoted segment: saddr is this end */
	u32 seq;		/* its sequence number */
	u32 mtu;		/* bytes, XTCP_ICMP_TOO_BIG */
	u32 tcp_offset;		/* bytes from the quoted IP header to the TCP header */
	int dif;		/* ifindex the message came in by */
	int sdif;		/* ifindex of the slave if dif is an L3 master; or 0 */
	int err;		/* errno, positive; 0: ignore the message */
	enum xtcp_icmp kind;	/* class of the error, for the engine */
	bool redirect;
	/* queues the message for MSG_ERRQUEUE; socket lock */
	void (*queue_err)(struct sock *sk, struct sk_buff *skb, const struct xtcp_quote *q);
	u8 ttl;			/* IPv4: the quoted header's; IPv6: the message's */
};

int xtcp_icmp_meet(struct sk_buff *skb, const struct xtcp_quote *q, bool *ours);
void xtcp_icmp_queue(struct sock *sk, struct sk_buff *skb, const struct xtcp_quote *q,
		     const struct sock_extended_err *ee, const void *daddr, int quoted);
int xtcp_icmp4_rcv(struct sk_buff *skb, u32 info, bool *ours);
int xtcp_icmp6_rcv(struct sk_buff *skb, u8 type, u8 code, int offset, u32 info,
		   bool *ours);

#endif /* XTCP_NET_ICMP_H */
