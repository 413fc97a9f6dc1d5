/* SPDX-License-Identifier: GPL-2.0 */
#ifndef XTCP_NET_TX_H
#define XTCP_NET_TX_H

#include <net/sock.h>

void xtcp_tx_init(struct sock *sk);
void xtcp_tx_resume(struct sock *sk);
bool xtcp_mtu_sync(struct sock *sk, u64 now);

#endif /* XTCP_NET_TX_H */
