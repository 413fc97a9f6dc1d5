// SPDX-License-Identifier: GPL-2.0
/*
 * The application's calls on an open connection: RFC 9293 3.10.2, 3.10.3, 3.9.1,
 * and options.
 */
#include "core.h"

/*
 * RFC 5681, 4.1: after an idle time of an RTO there is no ACK clock, and sending
 * restarts from the initial window.
 */
static void idle_restart(struct xtcp_tcb *tcb, u64 now)
{
	if (tcb->snd_una != tcb->snd_nxt ||
	    !tcb->last_data_tx_at ||
	    now - tcb->last_data_tx_at <= tcb->rto_us * XTCP_NSEC_PER_USEC)
		return;
	if (tcb->par->idle_restart && !tcb->cc->control)
		tcb->cwnd = min(tcb->cwnd, xtcp_cc_initial_cwnd(tcb));
	if (tcb->par->idle_restart)
		tcb->small_more = 0;
	tcb->small_merge = false;
	xtcp_cc_notify(tcb, XTCP_CC_RESTART, now);
}

u32 xtcp_wrote(struct xtcp_tcb *tcb, u32 bytes, u32 flags, u64 now)
{
	idle_restart(tcb, now);
	xtcp_rate_app(tcb);
	tcb->snd_end += bytes;
	tcb->flags &= ~XTCP_F_FLUSH;
	if (flags & XTCP_WROTE_MORE)
		tcb->flags |= XTCP_F_MORE;
	else
		tcb->flags &= ~XTCP_F_MORE;
	if (flags & XTCP_WROTE_URG) {
		tcb->snd_up = tcb->snd_end;
		tcb->flags |= XTCP_F_SND_URG;
	}
	if (tcb->snd_una == tcb->snd_nxt)
		xtcp_persist_check(tcb, now);
	else if (xtcp_small_full(tcb))
		xtcp_small_wrote(tcb, now);
	return xtcp_want_output(tcb);
}

/*
 * Send a window update if the peer has no more than half of the window left that could
 * be offered, and that window is larger by at least a segment or half of the buffer
 * (RFC 9293 MUST-39); more updates would cost packets for nothing. Also send a pending
 * ACK if the answer that it waited for did not come.
 */
u32 xtcp_read(struct xtcp_tcb *tcb, u32 bytes, u32 space, u64 now)
{
	u32 left = xtcp_rcv_wnd(tcb), wnd = 0;

	(void)now;
	tcb->rcv_read += bytes;
	tcb->rcv_space = space;
	/* After the FIN no more data needs room. */
	if (tcb->flags & XTCP_F_FIN_SEEN || !xtcp_synchronized(tcb))
		return 0;
	/* It is at most @space, or what is left rounded up to the scale's unit. */
	if (space / 2 >= left || !(left >> tcb->rcv_wscale))
		wnd = xtcp_window_pick(tcb);
	if (wnd > left && wnd / 2 >= left)
		xtcp_ack_now(tcb);
	else if (tcb->ack_pending &&
		 (tcb->rcv_nxt - tcb->rcv_wup > tcb->rcv_mss || xtcp_ack_read(tcb)))
		xtcp_ack_now(tcb);
	return tcb->ack_pending & XTCP_ACKP_NOW ? XTCP_ACT_OUTPUT : 0;
}

static void set_flag(struct xtcp_tcb *tcb, u32 flag, u32 val)
{
	if (val)
		tcb->flags |= flag;
	else
		tcb->flags &= ~flag;
}

/* tcp(7): acknowledge at once, pending data too; if off, delay ACKs for an answer. */
static void set_quickack(struct xtcp_tcb *tcb, u32 val)
{
	set_flag(tcb, XTCP_F_QUICKACK, val);
	if (!val) {
		tcb->flags |= XTCP_F_PINGPONG;
		return;
	}
	tcb->flags &= ~XTCP_F_PINGPONG;
	if (tcb->ack_pending)
		xtcp_ack_now(tcb);
}

/* tcp(7): TCP_NODELAY also sends what a cork or MSG_MORE holds back. */
static void set_nodelay(struct xtcp_tcb *tcb, u32 val)
{
	set_flag(tcb, XTCP_F_NODELAY, val);
	if (!val)
		return;
	tcb->flags &= ~XTCP_F_MORE;
	if (xtcp_unsent(tcb))
		tcb->flags |= XTCP_F_FLUSH;
}

u32 xtcp_set(struct xtcp_tcb *tcb, enum xtcp_opt opt, u32 val, u64 now)
{
	switch (opt) {
	case XTCP_SET_NODELAY:
		set_nodelay(tcb, val);
		break;
	case XTCP_SET_CORK:
		set_flag(tcb, XTCP_F_CORK, val);
		if (!val)
			tcb->flags &= ~XTCP_F_MORE;
		break;
	case XTCP_SET_QUICKACK:
		set_quickack(tcb, val);
		break;
	case XTCP_SET_KEEPALIVE:
		set_flag(tcb, XTCP_F_KEEPALIVE, val);
		xtcp_keepalive_restart(tcb, now);
		break;
	case XTCP_SET_KEEPIDLE:
		tcb->keep_idle_ms = val;
		xtcp_keepalive_restart(tcb, now);
		break;
	case XTCP_SET_KEEPINTVL:
		tcb->keep_intvl_ms = val;
		break;
	case XTCP_SET_KEEPCNT:
		tcb->keep_probes = (u8)val;
		break;
	case XTCP_SET_SYNCNT:
		tcb->syn_retries = (u8)val;
		break;
	case XTCP_SET_USER_TIMEOUT:
		tcb->user_timeout_ms = val;
		xtcp_user_restart(tcb, now);
		break;
	case XTCP_SET_LINGER2:
		tcb->linger2_ms = val;
		break;
	case XTCP_SET_TIMEWAIT:
		tcb->timewait_ms = val;
		break;
	case XTCP_SET_MAXSEG:
		tcb->user_mss = (u16)val;
		xtcp_mss_sync(tcb);
		break;
	case XTCP_SET_GSO_MAX:
		tcb->gso_max = val;
		break;
	case XTCP_SET_PATH_MSS:
		tcb->path_mss = (u16)val;
		xtcp_mss_sync(tcb);
		break;
	}
	return xtcp_want_output(tcb);
}
