// SPDX-License-Identifier: GPL-2.0
/*
 * Answers to packets that no connection's output path sends: RST, or ACK without data.
 */
#include "../compat/trace.h"
#include "ip.h"

/**
 * xtcp_reply - send an answer that has a TCP header only
 * @net: namespace
 * @sk: socket the packet was for, for its options, or NULL
 * @plan: TCP header: RST, or ACK without data
 * @cause: the packet; the answer has its addresses and ports reversed
 *
 * An answer that cannot be sent is dropped.
 *
 * Context: any. @cause has its IP and TCP headers in place.
 */
void xtcp_reply(struct net *net, const struct sock *sk, const struct xtcp_plan *plan,
		struct sk_buff *cause)
{
	struct xtcp_flow flow;
	struct xtcp_stateless to = {
		.net = net,
		.sk = sk,
		.flow = &flow,
		.mark = sk ? READ_ONCE(sk->sk_mark) : xtcp_ip_reply_mark(net, cause),
	};
	struct dst_entry *dst;

	xtcp_ip_flow(cause, &flow);
	if (sk)
		to.oif = READ_ONCE(sk->sk_bound_dev_if);
	if (!to.oif && xtcp_flow_is6(&flow))
		to.oif = xtcp_ip6_oif(&flow, cause->skb_iif);
	if (!to.oif && netif_index_is_l3_master(net, cause->skb_iif))
		to.oif = cause->skb_iif;
	if (sk)
		to.tos = xtcp_ip_tos(sk, &flow);
	to.label = xtcp_ip_label(&flow, net, sk, cause, FLOWLABEL_REFLECT_TCP_RESET);
	dst = xtcp_ip_route(&to);
	if (IS_ERR(dst))
		return;
	if (plan->flags & XTCP_RST) {
		xtcp_mib_inc(xtcp_pernet(net), XTCP_MIB_OUT_RSTS);
		if (sk)
			xtcp_trace_send_reset(sk, cause);
	}
	xtcp_ip_send(&to, dst, plan);
}
