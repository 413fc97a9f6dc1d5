// SPDX-License-Identifier: GPL-2.0
/*
 * Receive TCP packets from IP, find their owner and verify them.
 *
 * XTCP wraps the handlers of the kernel's TCP in inet_protos[] and inet6_protos[], so
 * packets have passed netfilter, conntrack, defragmentation and IPsec. Packets for which
 * XTCP has no owner go to the kernel's handler unmodified. The owner is looked up before
 * the checksum is verified: the kernel counts damaged packets that fit none of our sockets.
 *
 * skb->sk is not set here. The kernel's TCP would take the socket of a packet that is
 * passed on for one of its own and write into it.
 */
#include <linux/filter.h>
#include <linux/jump_label_ratelimit.h>
#include <linux/kallsyms.h>
#include <linux/tcp.h>
#include <net/ip.h>
#include <net/protocol.h>
#include <net/tcp.h>
#include <xtcp/family.h>

#include "icmp.h"
#include "ip.h"
#include "rx.h"

/* Look-ups per packet; a look-up is repeated when the owner it found goes away. */
#define LOOKUPS_MAX	4

/* Jiffies from the release of the last port until rx_needed is switched off. */
#define KEY_RATE	(60 * HZ)

/*
 * Off while no port is in use, so that hosts without XTCP sockets execute one no-op per
 * packet. Switching it interrupts every CPU, and any user can take and release a port;
 * the delay limits how often that happens.
 */
static DEFINE_STATIC_KEY_DEFERRED_FALSE(rx_needed, KEY_RATE);

static const struct net_protocol *kernel_tcp;
static struct net_protocol xtcp_protocol;

/**
 * xtcp_rx_need - one more port is in use: look at received segments
 *
 * Context: process, may sleep.
 */
void xtcp_rx_need(void)
{
	static_branch_deferred_inc(&rx_needed);
}

/**
 * xtcp_rx_unneed - undo one xtcp_rx_need()
 *
 * Context: process, may sleep.
 */
void xtcp_rx_unneed(void)
{
	static_branch_slow_dec_deferred(&rx_needed);
}

/**
 * xtcp_rx_flush - wait until the static key is off
 *
 * No port is in use, and none will be.
 *
 * Context: process, may sleep. The work item of the key has run on return.
 */
void xtcp_rx_flush(void)
{
	static_key_deferred_flush(&rx_needed);
}

/*
 * Checks that do not depend on the owner: header, checksum, address. Return:
 * XTCP_DROP_NONE or why the packet is discarded.
 */
static enum xtcp_drop_reason rx_verify(struct sk_buff *skb)
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
	return XTCP_DROP_NONE;
}

/*
 * Checks that depend on the owner of a verified packet: TTL, IPsec policy, socket filter.
 * A SYN may be checked for several owners in turn. @sk: NULL for a TIME-WAIT record.
 * Return: XTCP_DROP_NONE or why the packet is discarded.
 */
static enum xtcp_drop_reason rx_admit(struct sock *sk, struct sk_buff *skb)
{
	if (sk && xtcp_ip_below_min_ttl(sk, skb))
		return XTCP_DROP_MIN_TTL;
	if (!xtcp_ip_policy(sk, skb))
		return XTCP_DROP_FILTER;
	nf_reset_ct(skb);
	if (sk && sk_filter_trim_cap(sk, skb, __tcp_hdrlen(tcp_hdr(skb))))
		return XTCP_DROP_FILTER;
	return XTCP_DROP_NONE;
}

/*
 * May a segment for one of our listeners end the kernel's TIME-WAIT record @sk? The rules
 * are those for our own records.
 */
static bool rx_reopens_kernel_tw(const struct sock *sk, struct sk_buff *skb)
{
	const struct tcp_timewait_sock *tcptw = tcp_twsk(sk);
	struct xtcp_tw tw = {
		.rcv_nxt = READ_ONCE(tcptw->tw_rcv_nxt),
		.ts_recent = READ_ONCE(tcptw->tw_ts_recent),
	};
	struct xtcp_seg seg;
	u32 doff;

	if (READ_ONCE(inet_twsk(sk)->tw_substate) != TCP_TIME_WAIT)
		return false;
	if (READ_ONCE(tcptw->tw_ts_recent_stamp))
		tw.flags = XTCP_TW_F_TS;
	if (!pskb_may_pull(skb, XTCP_HDR_LEN))
		return false;
	doff = __tcp_hdrlen(tcp_hdr(skb));
	return doff >= XTCP_HDR_LEN && pskb_may_pull(skb, doff) &&
	       xtcp_seg_fill(&seg, skb) && xtcp_tw_reopens(&tw, &seg);
}

/*
 * Does a packet that matches one of our listeners belong to a connection of the kernel's
 * TCP? The kernel's connections and TIME-WAIT records outlive its listener on a port that
 * we have taken over. A record that this SYN may end does not count; it is put into
 * rx->old.
 */
static bool rx_kernel_owns(struct xtcp_rx_ctx *rx, struct sk_buff *skb)
{
	struct sock *sk = xtcp_ip_kernel_sock(rx);

	if (likely(!sk))
		return false;
	if (sk->sk_state == TCP_TIME_WAIT && rx_reopens_kernel_tw(sk, skb)) {
		rx->old = inet_twsk(sk);
		return false;
	}
	sock_gen_put(sk);
	return true;
}

/*
 * A TIME-WAIT record was suspended for a SYN, but none of our listeners matches. End the
 * record if a listener of the kernel's TCP matches, otherwise resume it. Return: whether it
 * was resumed.
 */
static bool rx_resume_tw(struct xtcp_rx_ctx *rx, struct sk_buff *skb, bool ask_kernel)
{
	bool wanted = ask_kernel && xtcp_ip_kernel_listens(rx, skb);

	return xtcp_tw_resume(rx->xn, &rx->flow, rx->hash, xtcp_ip_l3mdev_oif(rx), !wanted);
}

/* End the kernel's TIME-WAIT record, as the kernel does for its own listeners. */
static void rx_end_kernel_tw(struct xtcp_rx_ctx *rx)
{
	rx->reopens = true;
	rx->iss_above = READ_ONCE(tcp_twsk((struct sock *)rx->old)->tw_snd_nxt);
	inet_twsk_deschedule_put(rx->old);
	rx->old = NULL;
}

static enum xtcp_rx_result rx_deliver(struct xtcp_rx_ctx *rx, struct xtcp_entry *e,
				      u8 kind, struct sk_buff *skb)
{
	switch (kind) {
	case XTCP_KIND_SOCK:
		return xtcp_input(xtcp_entry_sk(e), skb, rx->now);
	case XTCP_KIND_TW:
		return xtcp_tw_segment(rx, container_of(e, struct xtcp_tw_rec, e), skb);
	default:
		return XTCP_RX_AGAIN;
	}
}

/*
 * Verify the packet, if this is its first owner, and check what the owner requires. @sk:
 * NULL for a TIME-WAIT record. Return: false when the packet was discarded.
 */
static bool rx_check(struct xtcp_rx_ctx *rx, struct sock *sk, struct sk_buff *skb)
{
	enum xtcp_drop_reason why = XTCP_DROP_NONE;

	if (!rx->verified) {
		xtcp_mib_add(rx->xn, XTCP_MIB_IN_SEGS,
			     max_t(u16, skb_shinfo(skb)->gso_segs, 1));
		why = rx_verify(skb);
		rx->verified = true;
		rx->now = xtcp_now();
		xtcp_knobs_poll(rx->xn);
	}
	if (!why)
		why = rx_admit(sk, skb);
	if (likely(!why)) {
		if (unlikely(rx->old))
			rx_end_kernel_tw(rx);
		skb_orphan(skb);
		return true;
	}
	/* The SYN opens no connection: TIME-WAIT continues. */
	if (rx->old)
		inet_twsk_put(rx->old);
	if (rx->reopens)
		xtcp_tw_resume(rx->xn, &rx->flow, rx->hash, xtcp_ip_l3mdev_oif(rx), true);
	xtcp_discard(rx->xn, skb, why);
	return false;
}

/*
 * Find the owner of a packet and hand it over. @ask_kernel: it may belong to a connection
 * or a listener of the kernel's TCP.
 *
 * Context: RCU read lock, bottom halves off. Return: false when it has no owner here; it
 * is then unmodified.
 */
static bool rx_dispatch(struct xtcp_rx_ctx *rx, struct sk_buff *skb, bool ask_kernel)
{
	struct xtcp_entry *e;
	struct sock *sk;
	int i;
	u8 kind;

	rx->hash = xtcp_rx_hash(rx->xn->tables, &rx->flow);
	for (i = 0; i < LOOKUPS_MAX; i++) {
		e = xtcp_lookup(rx->xn, &rx->flow, rx->hash, rx->dif, rx->sdif);
		kind = e ? READ_ONCE(e->kind) : XTCP_KIND_LISTEN;
		if (e) {
			sk = kind == XTCP_KIND_SOCK ? xtcp_entry_sk(e) : NULL;
		} else {
			sk = xtcp_lookup_listener(rx->xn, &rx->flow, rx->hash, rx->dif,
						  rx->sdif, skb);
			if (!sk && rx->reopens && rx_resume_tw(rx, skb, ask_kernel))
				continue;
			if (!sk)
				return false;
			if (ask_kernel && rx_kernel_owns(rx, skb))
				return false;
		}
		if (!rx_check(rx, sk, skb))
			return true;
		if (kind == XTCP_KIND_LISTEN) {
			if (xtcp_listen_segment(rx, sk, skb) == XTCP_RX_DONE)
				return true;
		} else if (rx_deliver(rx, e, kind, skb) == XTCP_RX_DONE) {
			return true;
		}
	}
	/* Each owner went away before it was locked. The peer will retransmit. */
	xtcp_discard(rx->xn, skb, XTCP_DROP_NO_SOCKET);
	return true;
}

/*
 * Does the packet have a socket already? Early demultiplexing, TPROXY or bpf_sk_assign()
 * has set it, and it is never one of ours. A TIME-WAIT record of the kernel's does not
 * count, see rx_kernel_owns().
 */
static bool rx_is_assigned(const struct sk_buff *skb)
{
	return skb->sk && skb->sk->sk_state != TCP_TIME_WAIT;
}

/*
 * Every TCP packet of the host passes here. @dif: ifindex it came in by; @sdif: ifindex of
 * the slave if @dif is an L3 master, or 0. Return: whether the packet was ours.
 */
static __always_inline bool rx_receive(struct sk_buff *skb, int dif, int sdif)
{
	struct xtcp_rx_ctx rx;

	if (rx_is_assigned(skb))
		return false;
	rx.net = dev_net(skb->dev);
	rx.xn = xtcp_pernet(rx.net);
	if (!atomic_read(&rx.xn->sockets) || !pskb_may_pull(skb, XTCP_PORTS_LEN))
		return false;

	rx.verified = false;
	rx.reopens = false;
	rx.iss_above = 0;
	rx.old = NULL;
	rx.dif = dif;
	rx.sdif = sdif;
	xtcp_ip_flow(skb, &rx.flow);
	return rx_dispatch(&rx, skb, true);
}

static int xtcp_v4_rcv(struct sk_buff *skb)
{
	if (static_branch_unlikely(&rx_needed.key) &&
	    rx_receive(skb, inet_iif(skb), inet_sdif(skb)))
		return 0;
	return kernel_tcp->handler(skb);
}

static int xtcp_v4_err(struct sk_buff *skb, u32 info)
{
	bool ours = false;
	int err;

	if (static_branch_unlikely(&rx_needed.key)) {
		err = xtcp_icmp4_rcv(skb, info, &ours);
		if (ours)
			return err;
	}
	return kernel_tcp->err_handler(skb, info);
}

/**
 * xtcp_rx_stray - a segment whose socket was unhashed while it waited in the backlog
 * @net: namespace
 * @skb: verified segment, TCP header at its data; taken over
 *
 * The segment is dispatched again, since a TIME-WAIT record may have replaced the socket.
 * If nothing owns it, it is answered with a RST (RFC 9293, 3.10.7.1).
 *
 * Context: process or softirq.
 */
void xtcp_rx_stray(struct net *net, struct sk_buff *skb)
{
	struct xtcp_rx_ctx rx = {
		.net = net,
		.xn = xtcp_pernet(net),
		.dif = skb->skb_iif,
		.sdif = xtcp_skb_is6(skb) ? inet6_sdif(skb) : inet_sdif(skb),
		.verified = true,
		.now = xtcp_now(),
	};
	struct xtcp_plan plan;
	struct xtcp_seg seg;

	xtcp_ip_flow(skb, &rx.flow);
	local_bh_disable();
	rcu_read_lock();
	/* Cleared when the segment was queued; IPsec policies and socket filters need it. */
	skb->dev = dev_get_by_index_rcu(net, skb->skb_iif);
	if (!skb->dev) {
		xtcp_discard(rx.xn, skb, XTCP_DROP_CLOSED);
	} else if (!rx_dispatch(&rx, skb, false)) {
		if (xtcp_seg_fill(&seg, skb) && !(seg.flags & XTCP_RST)) {
			xtcp_rst_plan(&seg, &plan);
			xtcp_reply(net, NULL, &plan, skb);
		}
		xtcp_discard(rx.xn, skb, XTCP_DROP_CLOSED);
	}
	rcu_read_unlock();
	local_bh_enable();
}

/*
 * Is @handler a function of the kernel's TCP? sprint_symbol_no_offset() appends the name
 * of a module in brackets; only "[ipv6]" is accepted. Without CONFIG_KALLSYMS there is no
 * check.
 */
static bool rx_is_kernel_handler(const void *handler, const char *name)
{
	char symbol[KSYM_SYMBOL_LEN];
	size_t len = strlen(name);

	if (!IS_ENABLED(CONFIG_KALLSYMS))
		return true;
	sprint_symbol_no_offset(symbol, (unsigned long)handler);
	if (!strncmp(symbol, name, len) && (!symbol[len] || !strcmp(symbol + len, " [ipv6]")))
		return true;
	pr_err("xtcp: TCP segments are handled by %s, not by the kernel's %s: not loaded\n",
	       symbol, name);
	return false;
}

/* Replace @kernel in @slot with @ours. Return: false when the slot holds something else. */
static bool rx_hook(void **slot, const void *kernel, void *ours)
{
	return cmpxchg(slot, (void *)kernel, ours) == kernel;
}

/* Put @kernel back into @slot. Return: false when the slot holds neither of the two. */
static bool rx_unhook(void **slot, const void *kernel, void *ours)
{
	void *was = cmpxchg(slot, ours, (void *)kernel);

	return was == ours || was == kernel;
}

#if IS_ENABLED(CONFIG_IPV6)

static const struct inet6_protocol *kernel_tcp6;
static struct inet6_protocol xtcp_protocol6;

static int xtcp_v6_rcv(struct sk_buff *skb)
{
	if (static_branch_unlikely(&rx_needed.key) && !xtcp_ip6_v4mapped_on_wire(skb) &&
	    rx_receive(skb, inet6_iif(skb), inet6_sdif(skb)))
		return 0;
	return kernel_tcp6->handler(skb);
}

static int xtcp_v6_err(struct sk_buff *skb, struct inet6_skb_parm *opt, u8 type, u8 code,
		       int offset, __be32 info)
{
	bool ours = false;
	int err;

	if (static_branch_unlikely(&rx_needed.key)) {
		err = xtcp_icmp6_rcv(skb, type, code, offset, ntohl(info), &ours);
		if (ours)
			return err;
	}
	return kernel_tcp6->err_handler(skb, opt, type, code, offset, info);
}

static void **rx_slot6(void)
{
	return (void **)&inet6_protos[IPPROTO_TCP];
}

static bool rx_is_below6(void)
{
	if (!xtcp_family6_there())
		return true;
	kernel_tcp6 = rcu_dereference_protected(inet6_protos[IPPROTO_TCP], 1);
	return kernel_tcp6 && rx_is_kernel_handler(kernel_tcp6->handler, "tcp_v6_rcv") &&
	       rx_is_kernel_handler(kernel_tcp6->err_handler, "tcp_v6_err");
}

static bool rx_hook6(void)
{
	if (!xtcp_family6_there())
		return true;
	xtcp_protocol6 = *kernel_tcp6;
	xtcp_protocol6.handler = xtcp_v6_rcv;
	xtcp_protocol6.err_handler = xtcp_v6_err;
	return rx_hook(rx_slot6(), kernel_tcp6, &xtcp_protocol6);
}

static bool rx_unhook6(void)
{
	return !kernel_tcp6 || rx_unhook(rx_slot6(), kernel_tcp6, &xtcp_protocol6);
}

#else

static bool rx_is_below6(void)
{
	return true;
}

static bool rx_hook6(void)
{
	return true;
}

static bool rx_unhook6(void)
{
	return true;
}

#endif

static void **rx_slot4(void)
{
	return (void **)&inet_protos[IPPROTO_TCP];
}

/**
 * xtcp_rx_below - check that the kernel's own TCP handles TCP packets
 *
 * XTCP does not load on top of another module's handlers: they may not pass packets on,
 * and may not behave as XTCP expects of the kernel's TCP.
 *
 * Context: process. Return: 0; -EBUSY when the handlers are not the kernel's.
 */
int xtcp_rx_below(void)
{
	kernel_tcp = rcu_dereference_protected(inet_protos[IPPROTO_TCP], 1);
	if (!kernel_tcp || !rx_is_kernel_handler(kernel_tcp->handler, "tcp_v4_rcv") ||
	    !rx_is_kernel_handler(kernel_tcp->err_handler, "tcp_v4_err") || !rx_is_below6())
		return -EBUSY;
	return 0;
}

/**
 * xtcp_rx_init - wrap the handlers of the kernel's TCP
 *
 * After xtcp_rx_below().
 *
 * Context: process, may sleep.
 * Return: 0; -EBUSY when another module replaced them since xtcp_rx_below().
 */
int xtcp_rx_init(void)
{
	xtcp_protocol = *kernel_tcp;
	xtcp_protocol.handler = xtcp_v4_rcv;
	xtcp_protocol.err_handler = xtcp_v4_err;
	if (!rx_hook(rx_slot4(), kernel_tcp, &xtcp_protocol))
		return -EBUSY;
	if (rx_hook6())
		return 0;
	rx_unhook(rx_slot4(), kernel_tcp, &xtcp_protocol);
	synchronize_net();
	return -EBUSY;
}

/**
 * xtcp_rx_exit - restore the handlers of the kernel's TCP
 *
 * Context: process, may sleep. After success none of our handlers is running.
 * Return: 0; -EBUSY when another module has wrapped our handlers, which must then stay.
 * It may be called again.
 */
int xtcp_rx_exit(void)
{
	bool out = rx_unhook(rx_slot4(), kernel_tcp, &xtcp_protocol);

	if (!rx_unhook6() || !out)
		return -EBUSY;
	synchronize_net();
	return 0;
}
