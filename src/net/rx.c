// SPDX-License-Identifier: GPL-2.0
/*
 * From IP: whose is this segment, and is it sound?
 *
 * We stand in front of the kernel's TCP in inet_protos[]: behind netfilter,
 * conntrack, defragmentation and IPsec. What is not ours goes on to the
 * kernel untouched. Whose it is, is asked before its checksum: a damaged
 * segment that fits nothing of ours is the kernel's to count.
 *
 * skb->sk is not set here. A packet that went on to the kernel with it would
 * be taken for one of a kernel TCP socket, and written into ours.
 */
#include <linux/filter.h>
#include <linux/jump_label.h>
#include <linux/tcp.h>
#include <net/ip.h>
#include <net/protocol.h>

#include "icmp.h"
#include "ip.h"
#include "rx.h"

/* Bytes of the TCP header that say whose it is. */
#define PORTS_LEN	4

/* Looks at the owner again when the one that was found went away meanwhile. */
#define LOOKUPS_MAX	4

/* Off while no port is in use: hosts without XTCP sockets pay one no-op. */
static DEFINE_STATIC_KEY_FALSE(rx_needed);

static const struct net_protocol *kernel_tcp;
static struct net_protocol xtcp_protocol;

/**
 * xtcp_rx_need - a port is in use somewhere: look at received segments
 *
 * Context: process, may sleep.
 */
void xtcp_rx_need(void)
{
	static_branch_inc(&rx_needed);
}

/**
 * xtcp_rx_unneed - takes one xtcp_rx_need() back
 *
 * Context: process, may sleep.
 */
void xtcp_rx_unneed(void)
{
	static_branch_dec(&rx_needed);
}

/* Header, checksum, IPsec policy, TTL, socket filter: XTCP_DROP_NONE is good. */
static enum xtcp_drop verify(struct xtcp_rx *rx, struct sk_buff *skb, struct sock *sk)
{
	u32 doff;

	if (!pskb_may_pull(skb, XTCP_HDR_LEN))
		return XTCP_DROP_HEADER;
	doff = __tcp_hdrlen(tcp_hdr(skb));
	if (doff < XTCP_HDR_LEN || !pskb_may_pull(skb, doff))
		return XTCP_DROP_HEADER;
	if (xtcp_ip_csum_bad(skb))
		return XTCP_DROP_CHECKSUM;
	if (skb->pkt_type != PACKET_HOST)
		return XTCP_DROP_BAD_ADDRESS;
	if (sk && xtcp_ip_ttl(skb) < xtcp_ip_min_ttl(sk))
		return XTCP_DROP_MIN_TTL;
	if (!xtcp_ip_policy(sk, skb))
		return XTCP_DROP_FILTER;
	nf_reset_ct(skb);
	if (sk && sk_filter_trim_cap(sk, skb, doff))
		return XTCP_DROP_FILTER;
	rx->verified = true;
	return XTCP_DROP_NONE;
}

/* Is this the first segment of a connection? It may be cut short. */
static bool opens(struct sk_buff *skb)
{
	return pskb_may_pull(skb, XTCP_HDR_LEN) && tcp_hdr(skb)->syn &&
	       !tcp_hdr(skb)->ack;
}

/* The socket whose options judge a packet for @e; NULL: there is none. */
static struct sock *judge(struct xtcp_entry *e)
{
	switch (e->kind) {
	case XTCP_KIND_SOCK:
		return xtcp_entry_sk(e);
	default:
		return NULL;
	}
}

static enum xtcp_rx_result hand_over(struct xtcp_rx *rx, struct xtcp_entry *e,
				     u8 kind, struct sk_buff *skb)
{
	switch (kind) {
	case XTCP_KIND_SOCK:
		return xtcp_input(rx, xtcp_entry_sk(e), skb);
	case XTCP_KIND_TW:
		return xtcp_tw_segment(rx, container_of(e, struct xtcp_tw_rec, e), skb);
	default:
		return XTCP_RX_AGAIN;
	}
}

/*
 * Find the owner and hand over. Context: RCU read lock, bottom halves off.
 * Return: false when nobody here wants the packet, which is then untouched.
 */
static bool dispatch(struct xtcp_rx *rx, struct sk_buff *skb, bool ask_kernel)
{
	enum xtcp_drop why;
	struct xtcp_entry *e;
	struct sock *sk;
	int i;
	u8 kind;

	rx->hash = xtcp_flow_hash(rx->xn->tables, &rx->flow);
	for (i = 0; i < LOOKUPS_MAX; i++) {
		e = xtcp_lookup(rx->xn, &rx->flow, rx->hash, rx->dif, rx->sdif);
		kind = e ? READ_ONCE(e->kind) : XTCP_KIND_LISTEN;
		if (e) {
			sk = judge(e);
		} else {
			sk = xtcp_lookup_listener(rx->xn, &rx->flow, rx->hash, rx->dif,
						  rx->sdif, skb);
			if (!sk)
				return false;
			if (ask_kernel && xtcp_ip_kernel_owns(rx, opens(skb)))
				return false;
		}
		if (!rx->verified) {
			xtcp_mib_add(rx->xn, XTCP_MIB_IN_SEGS,
				     max_t(u16, skb_shinfo(skb)->gso_segs, 1));
			why = verify(rx, skb, sk);
			if (why) {
				xtcp_discard(rx->xn, skb, why);
				return true;
			}
			rx->now = xtcp_now();
			xtcp_follow(rx->xn);
		}
		if (kind == XTCP_KIND_LISTEN) {
			if (xtcp_listen_segment(rx, sk, skb) == XTCP_RX_DONE)
				return true;
		} else if (hand_over(rx, e, kind, skb) == XTCP_RX_DONE) {
			return true;
		}
	}
	/* Owners come and go under our hands: the peer will send it again. */
	xtcp_discard(rx->xn, skb, XTCP_DROP_NO_SOCKET);
	return true;
}

static int xtcp_v4_rcv(struct sk_buff *skb)
{
	struct xtcp_rx rx;

	if (!static_branch_unlikely(&rx_needed))
		goto kernel;
	rx.net = dev_net(skb->dev);
	rx.xn = xtcp_net(rx.net);
	if (!atomic_read(&rx.xn->sockets) || !pskb_may_pull(skb, PORTS_LEN))
		goto kernel;

	rx.verified = false;
	rx.reopens = false;
	rx.iss_above = 0;
	rx.dif = inet_iif(skb);
	rx.sdif = inet_sdif(skb);
	xtcp_ip4_flow(skb, &rx.flow);
	if (dispatch(&rx, skb, true))
		return 0;
kernel:
	return kernel_tcp->handler(skb);
}

static int xtcp_v4_err(struct sk_buff *skb, u32 info)
{
	bool ours = false;
	int err;

	if (static_branch_unlikely(&rx_needed)) {
		err = xtcp_icmp4_rcv(skb, info, &ours);
		if (ours)
			return err;
	}
	return kernel_tcp->err_handler(skb, info);
}

/**
 * xtcp_rx_stray - a segment whose socket ended while it waited in the backlog
 * @net: namespace
 * @skb: verified segment, TCP header at its data; taken over
 *
 * Its connection may live on as a TIME-WAIT record; else it is one for a
 * CLOSED connection, and answered by a RST (RFC 9293, 3.10.7.1).
 *
 * Context: process or softirq.
 */
void xtcp_rx_stray(struct net *net, struct sk_buff *skb)
{
	struct xtcp_rx rx = {
		.net = net,
		.xn = xtcp_net(net),
		.dif = skb->skb_iif,
		.verified = true,
		.now = xtcp_now(),
	};
	struct xtcp_plan plan;
	struct xtcp_seg seg;

	xtcp_ip_flow(skb, &rx.flow);
	local_bh_disable();
	rcu_read_lock();
	if (!dispatch(&rx, skb, false)) {
		if (xtcp_seg_fill(&seg, skb) && !(seg.flags & XTCP_RST)) {
			xtcp_rst_plan(&seg, &plan);
			xtcp_reply(net, NULL, &plan, skb);
		}
		xtcp_discard(rx.xn, skb, XTCP_DROP_CLOSED);
	}
	rcu_read_unlock();
	local_bh_enable();
}

static struct net_protocol **slot(void)
{
	return (struct net_protocol **)&inet_protos[IPPROTO_TCP];
}

/**
 * xtcp_rx_init - step in front of the kernel's TCP
 *
 * Context: process, may sleep.
 * Return: 0; -EBUSY when somebody else did so at the same moment.
 */
int xtcp_rx_init(void)
{
	kernel_tcp = rcu_dereference_protected(inet_protos[IPPROTO_TCP], 1);
	if (!kernel_tcp)
		return -EPROTONOSUPPORT;
	xtcp_protocol = *kernel_tcp;
	xtcp_protocol.handler = xtcp_v4_rcv;
	xtcp_protocol.err_handler = xtcp_v4_err;
	if (cmpxchg(slot(), (struct net_protocol *)kernel_tcp, &xtcp_protocol) !=
	    kernel_tcp)
		return -EBUSY;
	return 0;
}

/**
 * xtcp_rx_exit - step aside
 *
 * Context: process, may sleep. On return no packet is in our hands.
 * Return: 0; -EBUSY when somebody stands in front of us and we must stay.
 */
int xtcp_rx_exit(void)
{
	if (cmpxchg(slot(), &xtcp_protocol, (struct net_protocol *)kernel_tcp) !=
	    &xtcp_protocol)
		return -EBUSY;
	synchronize_net();
	return 0;
}
