/* SPDX-License-Identifier: GPL-2.0 */
#ifndef XTCP_NET_ICMP_H
#define XTCP_NET_ICMP_H

#include <linux/errqueue.h>
#include <linux/icmp.h>

#include "net.h"

/* Bytes of the TCP header an ICMP error must quote: ports and sequence number. */
#define XTCP_ICMP_QUOTED	8

/* What a message is about and what it says, whatever the IP family. */
struct xtcp_quote {
	struct xtcp_flow flow;	/* of the quoted segment: saddr is this end */
	u32 seq;		/* its sequence number */
	u32 mtu;		/* bytes, XTCP_ICMP_TOO_BIG */
	u32 tcp_offset;		/* bytes from the quoted IP header to TCP's */
	int dif;
	int sdif;
	int err;		/* errno, 0: ignore the message */
	enum xtcp_icmp kind;	/* what it is to the engine */
	bool redirect;
	/* for MSG_ERRQUEUE */
	void (*keep)(struct sock *sk, struct sk_buff *skb, const struct xtcp_quote *q);
	u8 ttl;			/* hops left: the quoted segment's; over IPv6 the message's */
};

int xtcp_icmp_meet(struct sk_buff *skb, const struct xtcp_quote *q, bool *ours);
void xtcp_icmp_queue(struct sock *sk, struct sk_buff *skb, const struct xtcp_quote *q,
		     const struct sock_extended_err *ee, const void *daddr, int quoted);
int xtcp_icmp4_rcv(struct sk_buff *skb, u32 info, bool *ours);
int xtcp_icmp6_rcv(struct sk_buff *skb, u8 type, u8 code, int offset, u32 info,
		   bool *ours);

#endif /* XTCP_NET_ICMP_H */
