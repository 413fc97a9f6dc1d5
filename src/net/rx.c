// SPDX-License-Identifier: GPL-2.0
/*
 * From IP: whose is this segment, and is it sound?
 *
 * We stand in front of the kernel's TCP in inet_protos[] and inet6_protos[]: behind netfilter,
 * conntrack, defragmentation and IPsec. What is not ours goes on to the
 * kernel untouched. Whose it is, is asked before its checksum: a damaged
 * segment that fits nothing of ours is the kernel's to count.
 *
 * skb->sk is not set here. A packet that went on to the kernel with it would
 * be taken for one of a kernel TCP socket, and written into ours.
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

/* Bytes of the TCP header that say whose it is. */
#define PORTS_LEN	4

/* Looks at the owner again when the one that was found went away meanwhile. */
#define LOOKUPS_MAX	4

/* rx_needed is switched on and off once in this time, jiffies. */
#define KEY_RATE	(60 * HZ)

/*
 * Off while no port is in use: hosts without XTCP sockets pay one no-op. Switching
 * it interrupts every CPU of the host, and any user can take a port and give it
 * back: therefore it goes off late, KEY_RATE after the last port at the earliest.
 */
static DEFINE_STATIC_KEY_DEFERRED_FALSE(rx_needed, KEY_RATE);

static const struct net_protocol *kernel_tcp;
static struct net_protocol xtcp_protocol;

/**
 * xtcp_rx_need - a port is in use somewhere: look at received segments
 *
 * Context: process, may sleep.
 */
void xtcp_rx_need(void)
{
	static_branch_deferred_inc(&rx_needed);
}

/**
 * xtcp_rx_unneed - takes one xtcp_rx_need() back
 *
 * Context: process, may sleep.
 */
void xtcp_rx_unneed(void)
{
	static_branch_slow_dec_deferred(&rx_needed);
}

/**
 * xtcp_rx_flush - no port is left, nor will be
 *
 * Context: process, may sleep. The work item of the key has run on return.
 */
void xtcp_rx_flush(void)
{
	static_key_deferred_flush(&rx_needed);
}

/* The same whoever it is for: header, checksum, address. XTCP_DROP_NONE is good. */
static enum xtcp_drop verify(struct sk_buff *skb)
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
 * What an owner asks of a verified packet: TTL, IPsec policy, socket filter. A SYN
 * may meet several. @sk: NULL for a record. XTCP_DROP_NONE is good.
 */
static enum xtcp_drop admit(struct sock *sk, struct sk_buff *skb)
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

/* The kernel's record in TIME-WAIT, and a SYN for a listener of ours: by the same rules. */
static bool reopens(const struct sock *sk, struct sk_buff *skb)
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
 * Is a packet for a listener of ours of a connection of the kernel's TCP? A port may
 * have been the kernel's until a moment ago, and its connections there live on, as
 * its records do, until a SYN may end one: that is rx->old then.
 */
static bool kernel_owns(struct xtcp_rx *rx, struct sk_buff *skb)
{
	struct sock *sk = xtcp_ip_kernel_sock(rx);

	if (likely(!sk))
		return false;
	if (sk->sk_state == TCP_TIME_WAIT && reopens(sk, skb)) {
		rx->old = inet_twsk(sk);
		return false;
	}
	sock_gen_put(sk);
	return true;
}

/*
 * A record of ours made way for a SYN that no listener of ours wants. One of the
 * kernel's TCP may: then it has ended. Return: whether TIME-WAIT goes on.
 */
static bool made_way(struct xtcp_rx *rx, struct sk_buff *skb, bool ask_kernel)
{
	bool wanted = ask_kernel && xtcp_ip_kernel_listens(rx, skb);

	return xtcp_tw_resume(rx->xn, &rx->flow, rx->hash, xtcp_ip_l3mdev_oif(rx), !wanted);
}

/* The kernel's record ends, as it does for a listener of the kernel's. */
static void old_ends(struct xtcp_rx *rx)
{
	rx->reopens = true;
	rx->iss_above = READ_ONCE(tcp_twsk((struct sock *)rx->old)->tw_snd_nxt);
	inet_twsk_deschedule_put(rx->old);
	rx->old = NULL;
}

static enum xtcp_rx_result hand_over(struct xtcp_rx *rx, struct xtcp_entry *e,
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

/* Verified once, admitted by each owner. @sk: NULL for a record. Return: whether it is. */
static bool checked(struct xtcp_rx *rx, struct sock *sk, struct sk_buff *skb)
{
	enum xtcp_drop why = XTCP_DROP_NONE;

	if (!rx->verified) {
		xtcp_mib_add(rx->xn, XTCP_MIB_IN_SEGS,
			     max_t(u16, skb_shinfo(skb)->gso_segs, 1));
		why = verify(skb);
		rx->verified = true;
		rx->now = xtcp_now();
		xtcp_knobs_poll(rx->xn);
	}
	if (!why)
		why = admit(sk, skb);
	if (likely(!why)) {
		if (unlikely(rx->old))
			old_ends(rx);
		skb_orphan(skb);
		return true;
	}
	/* TIME-WAIT goes on: the SYN that it made way for opens nothing. */
	if (rx->old)
		inet_twsk_put(rx->old);
	if (rx->reopens)
		xtcp_tw_resume(rx->xn, &rx->flow, rx->hash, xtcp_ip_l3mdev_oif(rx), true);
	xtcp_discard(rx->xn, skb, why);
	return false;
}

/*
 * Find the owner and hand over. Context: RCU read lock, bottom halves off.
 * Return: false when nobody here wants the packet, which is then as it was.
 */
static bool dispatch(struct xtcp_rx *rx, struct sk_buff *skb, bool ask_kernel)
{
	struct xtcp_entry *e;
	struct sock *sk;
	int i;
	u8 kind;

	rx->hash = xtcp_flow_hash(rx->xn->tables, &rx->flow);
	for (i = 0; i < LOOKUPS_MAX; i++) {
		e = xtcp_lookup(rx->xn, &rx->flow, rx->hash, rx->dif, rx->sdif);
		kind = e ? READ_ONCE(e->kind) : XTCP_KIND_LISTEN;
		if (e) {
			sk = kind == XTCP_KIND_SOCK ? xtcp_entry_sk(e) : NULL;
		} else {
			sk = xtcp_lookup_listener(rx->xn, &rx->flow, rx->hash, rx->dif,
						  rx->sdif, skb);
			if (!sk && rx->reopens && made_way(rx, skb, ask_kernel))
				continue;
			if (!sk)
				return false;
			if (ask_kernel && kernel_owns(rx, skb))
				return false;
		}
		if (!checked(rx, sk, skb))
			return true;
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

/*
 * A packet that has its socket is the kernel's: early demultiplexing has found a
 * connection, or TPROXY or bpf_sk_assign() have chosen a socket, none of which can
 * be ours. A record in TIME-WAIT does not claim what follows, see dispatch().
 */
static bool assigned(const struct sk_buff *skb)
{
	return skb->sk && skb->sk->sk_state != TCP_TIME_WAIT;
}

/*
 * The way of every TCP packet of the host. Return: whether it is ours.
 * @dif, @sdif: interface it came in by, and its slave of an L3 master.
 */
static __always_inline bool receive(struct sk_buff *skb, int dif, int sdif)
{
	struct xtcp_rx rx;

	if (assigned(skb))
		return false;
	rx.net = dev_net(skb->dev);
	rx.xn = xtcp_net(rx.net);
	if (!atomic_read(&rx.xn->sockets) || !pskb_may_pull(skb, PORTS_LEN))
		return false;

	rx.verified = false;
	rx.reopens = false;
	rx.iss_above = 0;
	rx.old = NULL;
	rx.dif = dif;
	rx.sdif = sdif;
	xtcp_ip_flow(skb, &rx.flow);
	return dispatch(&rx, skb, true);
}

static int xtcp_v4_rcv(struct sk_buff *skb)
{
	if (static_branch_unlikely(&rx_needed.key) &&
	    receive(skb, inet_iif(skb), inet_sdif(skb)))
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
		.sdif = xtcp_skb_is6(skb) ? inet6_sdif(skb) : inet_sdif(skb),
		.verified = true,
		.now = xtcp_now(),
	};
	struct xtcp_plan plan;
	struct xtcp_seg seg;

	xtcp_ip_flow(skb, &rx.flow);
	local_bh_disable();
	rcu_read_lock();
	/* The backlog keeps no device; IPsec policies and filters of the next owner ask for it. */
	skb->dev = dev_get_by_index_rcu(net, skb->skb_iif);
	if (!skb->dev) {
		xtcp_discard(rx.xn, skb, XTCP_DROP_CLOSED);
	} else if (!dispatch(&rx, skb, false)) {
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
 * Is a handler the one of the kernel's TCP? Its symbol tells: the kernel has no
 * suffix, but for "[ipv6]" where that is a module. A kernel without symbols cannot be
 * asked.
 */
static bool is_kernels(const void *handler, const char *name)
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

/* In a place of @slot, which is the kernel's. Return: whether we are in. */
static bool step_in(void **slot, const void *kernel, void *ours)
{
	return cmpxchg(slot, (void *)kernel, ours) == kernel;
}

/* Return: whether we are out, or were not in. */
static bool step_out(void **slot, const void *kernel, void *ours)
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
	    receive(skb, inet6_iif(skb), inet6_sdif(skb)))
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

static void **slot6(void)
{
	return (void **)&inet6_protos[IPPROTO_TCP];
}

static bool below6(void)
{
	if (!xtcp_family6_there())
		return true;
	kernel_tcp6 = rcu_dereference_protected(inet6_protos[IPPROTO_TCP], 1);
	return kernel_tcp6 && is_kernels(kernel_tcp6->handler, "tcp_v6_rcv") &&
	       is_kernels(kernel_tcp6->err_handler, "tcp_v6_err");
}

static bool step_in6(void)
{
	if (!xtcp_family6_there())
		return true;
	xtcp_protocol6 = *kernel_tcp6;
	xtcp_protocol6.handler = xtcp_v6_rcv;
	xtcp_protocol6.err_handler = xtcp_v6_err;
	return step_in(slot6(), kernel_tcp6, &xtcp_protocol6);
}

static bool step_out6(void)
{
	return !kernel_tcp6 || step_out(slot6(), kernel_tcp6, &xtcp_protocol6);
}

#else

static bool below6(void)
{
	return true;
}

static bool step_in6(void)
{
	return true;
}

static bool step_out6(void)
{
	return true;
}

#endif

static void **slot4(void)
{
	return (void **)&inet_protos[IPPROTO_TCP];
}

/**
 * xtcp_rx_below - look at what XTCP is to stand in front of
 *
 * What another module handles TCP with is not known to pass on what is not for it,
 * nor to be the kernel's in the ways that are relied on.
 *
 * Return: 0; -EBUSY when that is not the kernel's TCP.
 */
int xtcp_rx_below(void)
{
	kernel_tcp = rcu_dereference_protected(inet_protos[IPPROTO_TCP], 1);
	if (!kernel_tcp || !is_kernels(kernel_tcp->handler, "tcp_v4_rcv") ||
	    !is_kernels(kernel_tcp->err_handler, "tcp_v4_err") || !below6())
		return -EBUSY;
	return 0;
}

/**
 * xtcp_rx_init - step in front of the kernel's TCP
 *
 * After xtcp_rx_below(). Context: process, may sleep.
 * Return: 0; -EBUSY when somebody else did so at the same moment.
 */
int xtcp_rx_init(void)
{
	xtcp_protocol = *kernel_tcp;
	xtcp_protocol.handler = xtcp_v4_rcv;
	xtcp_protocol.err_handler = xtcp_v4_err;
	if (!step_in(slot4(), kernel_tcp, &xtcp_protocol))
		return -EBUSY;
	if (step_in6())
		return 0;
	step_out(slot4(), kernel_tcp, &xtcp_protocol);
	synchronize_net();
	return -EBUSY;
}

/**
 * xtcp_rx_exit - step aside
 *
 * Context: process, may sleep. On return no packet is in our hands.
 * Return: 0; -EBUSY when somebody stands in front of us and we must stay. It
 * may be called again.
 */
int xtcp_rx_exit(void)
{
	bool out = step_out(slot4(), kernel_tcp, &xtcp_protocol);

	if (!step_out6() || !out)
		return -EBUSY;
	synchronize_net();
	return 0;
}
