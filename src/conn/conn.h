/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What src/conn offers to src/net (segments, ICMP errors, completed handshakes) and to
 * src/sock (system calls).
 *
 * Unless a comment says otherwise every function requires the socket lock, held by
 * the process or, in softirq, by bh_lock_sock().
 */
#ifndef XTCP_CONN_H
#define XTCP_CONN_H

#include <linux/percpu_counter.h>
#include <net/dst.h>

#include <xtcp/sock.h>

/* ---- life.c ---- */

void xtcp_conn_init(struct sock *sk);
void xtcp_conn_reset(struct sock *sk, u64 now);
struct sock *xtcp_conn_child(struct sock *listener);
void xtcp_child_abort(struct sock *child);
void xtcp_done(struct sock *sk);
void xtcp_destroy_sock(struct sock *sk);
void xtcp_orphan(struct sock *sk);
bool xtcp_orphans_full(const struct sock *sk, bool stuck);

/* ---- receive.c ---- */

/* Result of passing a packet to its owner. */
enum xtcp_rx_result {
	XTCP_RX_DONE,			/* the packet was taken over */
	XTCP_RX_AGAIN,			/* the owner left its table: look up again */
};

bool xtcp_seg_fill(struct xtcp_seg *seg, struct sk_buff *skb);
enum xtcp_rx_result xtcp_input(struct sock *sk, struct sk_buff *skb, u64 now);
void xtcp_input_locked(struct sock *sk, struct sk_buff *skb, u64 now);
int xtcp_backlog_rcv(struct sock *sk, struct sk_buff *skb);

/* ---- actions.c ---- */

void xtcp_handle_actions(struct sock *sk, u32 actions, u64 now);
void xtcp_handle_rx_actions(struct sock *sk, u32 actions, struct sk_buff *skb,
			    struct xtcp_seg *seg, u64 now);
void xtcp_write_space(struct sock *sk);
bool xtcp_stream_memory_free(const struct sock *sk, int wake);
void xtcp_set_state(struct sock *sk);
void xtcp_set_listen(struct sock *sk, bool on);

/* ---- timer.c ---- */

unsigned long xtcp_jiffies_at(u64 at);
void xtcp_timer_arm(struct sock *sk);
void xtcp_release_cb(struct sock *sk);

/* ---- sendq.c: payload not yet acknowledged ---- */

int xtcp_sendq_setup(void);
void xtcp_sendq_teardown(void);
int xtcp_sendq_write(struct sock *sk, struct msghdr *msg, u32 most, u32 seq);
int xtcp_sendq_page(struct sock *sk, struct page *page, u32 offset, u32 size,
		    u32 seq);

/* ---- recvq.c: payload not yet read ---- */

u32 xtcp_rcv_space(const struct sock *sk);	/* bytes the window may offer */
u32 xtcp_rcv_space_max(const struct sock *sk);	/* xtcp_open.rcv_space_max */
bool xtcp_rcv_admit(struct sock *sk, struct sk_buff *skb); /* before xtcp_rx() */
bool xtcp_recvq_purge(struct sock *sk);
struct sk_buff *xtcp_recvq_seek(struct sock *sk, u32 seq, u32 *off, u32 *len);
void xtcp_recvq_consume(struct sock *sk, u32 seq);
bool xtcp_recvq_prune_ofo(struct sock *sk);	/* the out-of-order packets */
void xtcp_rcv_grow(struct sock *sk, u32 bytes, u64 now);

/* ---- shortcut.c: both ends in one namespace ---- */

u32 xtcp_shortcut_push(struct sock *sk, u32 actions, u64 now);
bool xtcp_shortcut_pull(struct sock *sk, u64 now);

/* Is the shortcut on, and does the route lead to this host? */
static inline bool xtcp_shortcut_on(const struct sock *sk)
{
	const struct dst_entry *dst = rcu_access_pointer(sk->sk_dst_cache);

	return READ_ONCE(xtcp_sk_knobs(sk)->local_shortcut) && dst &&
	       dst->dev == sock_net(sk)->loopback_dev;
}

/* ---- urgent.c ---- */

int xtcp_recv_urg(struct sock *sk, struct msghdr *msg, size_t len, int flags);

/* ---- timestamps.c: SO_TIMESTAMPING ---- */

void xtcp_recv_timestamp(const struct sock *sk, struct msghdr *msg, ktime_t at, ktime_t hw);
void xtcp_init_tskey(struct sock *sk);
void xtcp_tx_timestamp(struct sock *sk, u32 tsflags);
void xtcp_convert_tskeys(struct sock *sk);

/* ---- memory.c: memory of all sockets; no lock ---- */

extern atomic_long_t xtcp_memory_allocated;		/* pages */
DECLARE_PER_CPU(int, xtcp_memory_per_cpu_fw_alloc);	/* pages */
extern struct percpu_counter xtcp_sockets_allocated;
extern unsigned long xtcp_memory_pressure;	/* jiffies when it began; 0: none */
void xtcp_enter_memory_pressure(struct sock *sk);
void xtcp_leave_memory_pressure(struct sock *sk);
bool xtcp_mem_pressed(void);
int xtcp_mem_setup(void);
void xtcp_mem_teardown(void);
void xtcp_mem_adopt(struct sock *child);

/* Bytes of send map entries: charged to the socket, but not part of its send buffer. */
static inline u32 xtcp_map_bytes(const struct sock *sk)
{
	return xtcp_sk(sk)->map_lent * sizeof(struct xtcp_sent);
}

/* Unsent bytes from which on a writer waits; U32_MAX: no limit. */
static inline u32 xtcp_notsent_lowat(const struct sock *sk)
{
	u32 lowat = READ_ONCE(xtcp_sk(sk)->notsent_lowat);

	return lowat ? lowat : READ_ONCE(xtcp_sk_knobs(sk)->notsent_lowat);
}

/* Bytes a reader can take now. */
static inline u32 xtcp_inq(const struct sock *sk)
{
	const struct xtcp_sock *xsk = xtcp_sk(sk);
	u32 end = READ_ONCE(xsk->tcb.rcv_nxt);

	/* RCV.NXT counts the FIN, which nobody reads. */
	if (READ_ONCE(xsk->eof))
		end--;
	return end - READ_ONCE(xsk->copied);
}

#endif /* XTCP_CONN_H */
