/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What src/net offers to system calls (src/sock) and to control files (src/ctl). Unless
 * a comment says otherwise, the caller of a function holds the socket lock in process
 * context.
 */
#ifndef XTCP_NET_PUBLIC_H
#define XTCP_NET_PUBLIC_H

#include <xtcp/sock.h>

/* ---- ip4.c, ip6.c, ip.c: an active open ---- */

/* Before xtcp_open_fill() and xtcp_connect(). May sleep. */
int xtcp_ip4_connect(struct sock *sk, const struct sockaddr_in *to, int len);
int xtcp_ip6_connect(struct sock *sk, const struct sockaddr_in6 *to, int len);
void xtcp_open_fill(struct sock *sk, struct xtcp_open *open);

/* ---- port.c, port_review.c: ports, shared with the kernel's TCP ---- */

int xtcp_port_get(struct sock *sk, u16 port);
void xtcp_port_put(struct sock *sk);
void xtcp_ports_settle(struct net *net);
int xtcp_port_listen(struct sock *sk);	/* -EADDRINUSE: another listener has the port */

/* ---- demux.c: look-up ---- */

int xtcp_hash_connect(struct sock *sk);	/* chooses the port, enters the 4-tuple */
int xtcp_hash_listen(struct sock *sk);
void xtcp_unhash(struct sock *sk);
void xtcp_rehash(struct sock *sk);

/* ---- listen.c: SYN to accept queue ---- */

int xtcp_listen_start(struct sock *sk);
void xtcp_listen_stop(struct sock *sk);	/* ends half-open and unaccepted connections */
struct sock *xtcp_acceptq_pop(struct sock *sk);

static inline bool xtcp_acceptq_empty(const struct sock *sk)
{
	return list_empty(&xtcp_sk(sk)->acceptq);
}

/* ---- fastopen.c: RFC 7413 ---- */

int xtcp_fastopen_set_qlen(struct sock *sk, u32 most);
u32 xtcp_fastopen_get_qlen(const struct sock *sk);
int xtcp_fastopen_set_sk_keys(struct sock *sk, const struct xtcp_fastopen_keys *keys);
void xtcp_fastopen_get_sk_keys(const struct sock *sk, struct xtcp_fastopen_keys *keys);
bool xtcp_fastopen_check_client(struct sock *sk, struct xtcp_fastopen_client *fo);
/* Keys of the namespace; no lock needed. */
void xtcp_fastopen_get_net_keys(struct xtcp_net *xn, struct xtcp_fastopen_keys *keys);
void xtcp_fastopen_set_net_keys(struct xtcp_net *xn, const struct xtcp_fastopen_keys *keys);
void xtcp_fastopen_reset_net_keys(struct xtcp_net *xn);

/* ---- rx.c, evict.c: load and unload ---- */

/* Process context, no lock; all may sleep. */
int xtcp_rx_below(void);	/* -EBUSY: another module handles TCP */
int xtcp_rx_init(void);		/* wrap inet_protos[6] */
int xtcp_rx_exit(void);		/* -EBUSY: another module has wrapped our handler */
void xtcp_evict_stop(void);

#endif /* XTCP_NET_PUBLIC_H */
