/* SPDX-License-Identifier: GPL-2.0 */
/* Since 6.10 the tracepoint of sending a RST has a reason as argument. */
#ifndef XTCP_COMPAT_TRACE_H
#define XTCP_COMPAT_TRACE_H

#include <trace/events/tcp.h>

static inline void xtcp_trace_send_reset(const struct sock *sk, const struct sk_buff *cause)
{
#ifdef XTCP_RST_REASON
	trace_tcp_send_reset(sk, cause, SK_RST_REASON_NOT_SPECIFIED);
#else
	trace_tcp_send_reset(sk, cause);
#endif
}

#endif /* XTCP_COMPAT_TRACE_H */
