/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The functions of src/net that src/conn calls. As in conn.h, each requires the
 * socket lock unless a comment says otherwise.
 */
#ifndef XTCP_CONN_BELOW_H
#define XTCP_CONN_BELOW_H

#include <xtcp/sock.h>

/* ---- packets: ip.c, ip4.c, ip6.c; ip.h chooses between the families ---- */

u32 xtcp_ip4_hdr_len(const struct sock *sk);
u32 xtcp_ip6_hdr_len(const struct sock *sk);
int xtcp_ip6_xmit(struct sock *sk, struct sk_buff *skb, u8 ecn);
void xtcp_ip6_save_rx_info(struct sock *sk, const struct sk_buff *skb);
void xtcp_ip_repath(struct sock *sk, enum xtcp_mib why);
void xtcp_open_dst(const struct sock *sk, const struct dst_entry *dst,
		   struct xtcp_open *open);

/* reply.c, discard.c, rx.c; no lock */
void xtcp_reply(struct net *net, const struct sock *sk, const struct xtcp_plan *plan,
		struct sk_buff *cause);
void xtcp_discard(struct xtcp_net *xn, struct sk_buff *skb, enum xtcp_drop_reason reason);
void xtcp_rx_stray(struct net *net, struct sk_buff *skb);

/* ---- the cached route of received packets: rx_route.c ---- */

void xtcp_rx_route_keep(struct sock *sk, struct sk_buff *skb);
void xtcp_rx_route_drop(struct sock *sk);

/* ---- both ends in one namespace: unseen.c; RCU read lock ---- */

bool xtcp_unseen_sender(struct sock *sk);
bool xtcp_unseen_receiver(struct sock *from, struct sock *to);
struct sock *xtcp_peer_sk(struct sock *sk);

/* ---- ICMP errors deferred because a system call owned the socket: icmp.c ---- */

void xtcp_mtu_reduced(struct sock *sk);
void xtcp_hard_error(struct sock *sk);

/* ---- the end: timewait.c, demux.c, port.c, metrics.c ---- */

bool xtcp_tw_enter(struct sock *sk, u64 now);	/* replace @sk by a record */
void xtcp_unhash(struct sock *sk);
void xtcp_port_put(struct sock *sk);
void xtcp_metrics_put(struct sock *sk);	/* before xtcp_tcb_fini() */

/* ---- success and failure of Fast Open: fastopen.c ---- */

void xtcp_fastopen_note_state(struct sock *sk, bool opened);
void xtcp_fastopen_note_timeout(struct sock *sk, bool over);
void xtcp_fastopen_finish(struct sock *sk);
void xtcp_fastopen_free(struct sock *sk);

/* ---- memory is short: evict.c; any context ---- */

void xtcp_evict_start(void);

#endif /* XTCP_CONN_BELOW_H */
