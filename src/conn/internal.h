/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What the files of src/conn share with each other only. As in conn.h, every function
 * requires the socket lock unless a comment says otherwise.
 */
#ifndef XTCP_CONN_INTERNAL_H
#define XTCP_CONN_INTERNAL_H

#include <xtcp/defence.h>

#include "below.h"
#include "conn.h"

/* life.c */
bool xtcp_orphan_check(struct sock *sk, u64 now);

/* actions.c */
void xtcp_state_blank(struct sock *child);
void xtcp_data_ready(struct sock *sk);

/* transmit.c */
void xtcp_tx_init(struct sock *sk);
void xtcp_transmit(struct sock *sk, u64 now);
void xtcp_tx_resume(struct sock *sk);
bool xtcp_mtu_sync(struct sock *sk, u64 now);

/* timer.c */
void xtcp_timer_init(struct sock *sk);
void xtcp_timer_late(const struct sock *sk, u64 now);
void xtcp_timer_stop(struct sock *sk);

/* sendq.c */
void xtcp_sendq_stamp(struct sk_buff *skb, struct sock *sk, u32 seq, u32 len);
int xtcp_sendq_copy(struct sk_buff *skb, struct sock *sk, u32 seq, u32 len);
struct sk_buff *xtcp_sendq_first(struct sock *sk, u32 seq, u32 most);
void xtcp_sendq_take(struct sock *sk, struct sk_buff *skb);
void xtcp_sendq_recycle(struct sk_buff *skb);
bool xtcp_sendq_read(struct sock *sk, u32 seq, u8 *to, u32 len);
void xtcp_sendq_trim(struct sock *sk);	/* free what is acknowledged */
void xtcp_sendq_purge(struct sock *sk);
void xtcp_map_refill(struct sock *sk);	/* before xtcp_tx_peek() */
void xtcp_map_drain(struct sock *sk);
void xtcp_snd_grow(struct sock *sk);

/* recvq.c */
void xtcp_recvq_add(struct sock *sk, struct sk_buff *skb, u32 from, u32 to);
void xtcp_recvq_put(struct sock *sk, struct sk_buff *skb, u32 from);
void xtcp_recvq_charge(struct sock *sk, struct sk_buff *skb);
void xtcp_recvq_drain(struct sock *sk);
void xtcp_recvq_reap(struct sock *sk);
struct sk_buff *xtcp_recvq_newest(struct sock *sk, u32 seq, u32 *off);

/* shortcut.c; with the spinlock of the socket */
void xtcp_shortcut_retry(struct sock *sk, u64 now);

/* urgent.c */
void xtcp_urg_announce(struct sock *sk);
bool xtcp_urg_fetch(struct sock *sk);

/* timestamps.c */
void xtcp_ack_timestamp(struct sock *sk, u32 una);

/* Payload of @from was added to @to: it takes over the newer time stamps, if any. */
static inline void xtcp_merge_timestamp(struct sk_buff *to, const struct sk_buff *from)
{
	if (from->tstamp || skb_hwtstamps((struct sk_buff *)from)->hwtstamp) {
		to->tstamp = from->tstamp;
		*skb_hwtstamps(to) = *skb_hwtstamps((struct sk_buff *)from);
	}
}

/* memory.c */
void xtcp_mem_force(struct sock *sk, int bytes);
bool xtcp_mem_soft(const struct sock *sk);

#endif /* XTCP_CONN_INTERNAL_H */
