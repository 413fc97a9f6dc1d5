/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The receive path's own parts.
 */
#ifndef XTCP_NET_RX_H
#define XTCP_NET_RX_H

struct nf_hook_state;
struct sk_buff;
struct xtcp_flow;
struct xtcp_net;
struct xtcp_tables;

/* Bytes of the TCP header that hold the ports. */
#define XTCP_PORTS_LEN	4

/*
 * rx.c: the static key, on while any bind bucket exists and for a minute after. port.c
 * switches it in process context, because that patches code.
 */
void xtcp_rx_need(void);
void xtcp_rx_unneed(void);
void xtcp_rx_flush(void);

/* rx_route.c: the hook, which unseen.c has to tell from those of others */
unsigned int xtcp_rx_route_hook(void *priv, struct sk_buff *skb,
				const struct nf_hook_state *state);
u32 xtcp_rx_hash(const struct xtcp_tables *t, const struct xtcp_flow *flow);
void xtcp_rx_route_init_net(struct xtcp_net *xn);
void xtcp_rx_route_exit_net(struct xtcp_net *xn);

#endif /* XTCP_NET_RX_H */
