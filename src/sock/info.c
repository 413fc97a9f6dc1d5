// SPDX-License-Identifier: GPL-2.0
/*
 * TCP_INFO: the connection's figures in the kernel's structure.
 */
#include "info.h"
#include "internal.h"

/* First value of tcpi_rcv_space, in segments: an initial window. */
#define RCV_SPACE_SEGS	10

/* ms from @then to @now, ns; 0 if @then is 0. */
static u32 info_ms_since(u64 then, u64 now)
{
	return then && now > then ? div_u64(now - then, NSEC_PER_MSEC) : 0;
}

/* Convert bytes to segments, the unit of Linux; rounded up. */
static u32 info_segs(u64 bytes, u32 mss)
{
	return mss ? div_u64(bytes + mss - 1, mss) : 0;
}

/* Most transmissions to look at, beginning with the last one. */
#define RTX_WALK_MAX	1024

/* Bytes in flight that were retransmitted. */
static u32 info_rtx_out(const struct xtcp_tcb *tcb)
{
	const struct xtcp_sent *sent = tcb->map_new;
	u32 bytes = 0;
	int i;

	for (i = 0; sent && i < RTX_WALK_MAX; i++, sent = sent->tprev)
		if (sent->marks & XTCP_SENT_RTX)
			bytes += sent->end - sent->seq;
	return bytes;
}

static void info_path(const struct xtcp_tcb *tcb, struct xtcp_tcp_info *info)
{
	u32 mss = tcb->mss, rtx_out = info_rtx_out(tcb);

	info->tcpi_rto = min_t(u64, (u64)tcb->rto_us << min_t(u32, tcb->backoff, 16),
			       tcb->par->rto_max_us);
	info->tcpi_ato = tcb->ato_us;
	info->tcpi_snd_mss = mss;
	info->tcpi_rcv_mss = tcb->rcv_mss;
	info->tcpi_advmss = tcb->adv_mss;
	info->tcpi_rtt = tcb->srtt8_us >> 3;
	info->tcpi_rttvar = tcb->rttvar4_us >> 2;
	info->tcpi_min_rtt = tcb->min_rtt_us;
	info->tcpi_snd_cwnd = info_segs(tcb->cwnd, mss);
	info->tcpi_snd_ssthresh = tcb->ssthresh == ~0U ? 0x7fffffff :
				  info_segs(tcb->ssthresh, mss);
	info->tcpi_unacked = info_segs(tcb->snd_nxt - tcb->snd_una, mss);
	info->tcpi_sacked = info_segs(tcb->sacked_out, mss);
	/* As in Linux, bytes lost and retransmitted count in both. */
	info->tcpi_lost = info_segs(tcb->lost_out + rtx_out, mss);
	info->tcpi_retrans = info_segs(rtx_out, mss);
	info->tcpi_reordering = max_t(u32, xtcp_dupthresh(tcb), tcb->reordering);
	info->tcpi_reord_seen = !!(tcb->flags & XTCP_F_REORDERED);
	info->tcpi_snd_wnd = tcb->snd_wnd;
}

static void info_rates(const struct xtcp_tcb *tcb, struct xtcp_tcp_info *info)
{
	u32 mss = tcb->mss;

	info->tcpi_pacing_rate = xtcp_pacing_rate(tcb);
	info->tcpi_max_pacing_rate = tcb->pacing_max;
	if (tcb->rate_us)
		info->tcpi_delivery_rate = div_u64((u64)tcb->rate_delivered * USEC_PER_SEC,
						   tcb->rate_us);
	info->tcpi_delivery_rate_app_limited = tcb->rate_app;
	/* The SYN counts as one segment, as in Linux. */
	info->tcpi_delivered = info_segs(tcb->bytes_acked + tcb->sacked_out, mss) +
			       !xtcp_syn_out(tcb);
	info->tcpi_delivered_ce = info_segs(tcb->delivered_ce, mss);
}

/* Bytes the peer may still send by the window it was offered. */
static u32 info_rcv_wnd(const struct xtcp_tcb *tcb)
{
	u32 edge = tcb->rcv_wup + tcb->rcv_wnd;

	return seq_gt(edge, tcb->rcv_nxt) ? edge - tcb->rcv_nxt : 0;
}

/* TCPI_ECN_MODE_PENDING; the other modes have the values of XTCP_ECN_*. */
#define INFO_ECN_PENDING	3

static u32 info_ecn_mode(const struct xtcp_tcb *tcb)
{
	if (tcb->state != XTCP_SYN_SENT)
		return tcb->ecn;
	return tcb->ecn == XTCP_ECN_ACC ? INFO_ECN_PENDING : XTCP_ECN_OFF;
}

/* Time in each chrono, us. tcpi_busy_time is the sum of all but idle. */
static void info_chronos(const struct xtcp_sock *xsk, struct xtcp_tcp_info *info, u64 now)
{
	u64 us[XTCP_CHRONOS];
	int i;

	for (i = XTCP_CHRONO_BUSY; i < XTCP_CHRONOS; i++) {
		u32 ticks = xsk->chrono_ticks[i - 1];

		if (i == xsk->chrono)
			ticks += (u32)(now >> XTCP_CHRONO_SHIFT) - xsk->chrono_at;
		us[i] = div_u64((u64)ticks << XTCP_CHRONO_SHIFT, NSEC_PER_USEC);
		info->tcpi_busy_time += us[i];
	}
	info->tcpi_rwnd_limited = us[XTCP_CHRONO_RWND];
	info->tcpi_sndbuf_limited = us[XTCP_CHRONO_SNDBUF];
}

static void info_counts(const struct xtcp_tcb *tcb, struct xtcp_tcp_info *info)
{
	info->tcpi_retransmits = tcb->retries;
	info->tcpi_probes = tcb->probes;
	info->tcpi_backoff = tcb->backoff;
	info->tcpi_total_retrans = tcb->total_retrans;
	info->tcpi_bytes_sent = tcb->bytes_sent;
	info->tcpi_bytes_retrans = tcb->bytes_retrans;
	info->tcpi_bytes_acked = tcb->bytes_acked;
	info->tcpi_bytes_received = tcb->bytes_received;
	info->tcpi_segs_out = tcb->segs_out;
	info->tcpi_segs_in = tcb->segs_in;
	info->tcpi_data_segs_in = tcb->data_segs_in;
	info->tcpi_data_segs_out = tcb->data_segs_out;
	info->tcpi_rcv_ooopack = tcb->rcv_ooo_segs;
	info->tcpi_dsack_dups = tcb->dsacks_in;
}

/* The congestion state as enum tcp_ca_state of uapi/linux/tcp.h. */
static u8 info_ca_state(const struct xtcp_tcb *tcb)
{
	switch (tcb->cong) {
	case XTCP_CONG_RECOVERY:
		return TCP_CA_Recovery;
	case XTCP_CONG_LOSS:
		return TCP_CA_Loss;
	case XTCP_CONG_CWR:
		return TCP_CA_CWR;
	default:
		return tcb->dupacks || tcb->sacked_out ? TCP_CA_Disorder : TCP_CA_Open;
	}
}

/**
 * xtcp_get_info - fill in TCP_INFO
 * @sk: socket
 * @info: filled in; fields that this TCP does not measure are 0
 *
 * Of a listener tcpi_unacked is the number of connections that wait for accept(), and
 * tcpi_sacked the limit of it, as in Linux.
 *
 * Context: process, socket lock.
 */
void xtcp_get_info(struct sock *sk, struct xtcp_tcp_info *info)
{
	const struct xtcp_sock *xsk = xtcp_sk(sk);
	const struct xtcp_tcb *tcb = &xsk->tcb;
	const struct dst_entry *dst = __sk_dst_get(sk);
	u64 now = xtcp_now();

	memset(info, 0, sizeof(*info));
	info->tcpi_state = sk->sk_state;
	info->tcpi_pacing_rate = ~0ULL;
	info->tcpi_max_pacing_rate = ~0ULL;
	if (sk->sk_state == TCP_LISTEN) {
		info->tcpi_unacked = READ_ONCE(sk->sk_ack_backlog);
		info->tcpi_sacked = READ_ONCE(sk->sk_max_ack_backlog);
		return;
	}

	info->tcpi_ca_state = info_ca_state(tcb);
	if (tcb->opts & XTCP_OPT_TS)
		info->tcpi_options |= TCPI_OPT_TIMESTAMPS;
	if (tcb->opts & XTCP_OPT_SACK_PERM)
		info->tcpi_options |= TCPI_OPT_SACK;
	if (tcb->opts & XTCP_OPT_WSCALE) {
		info->tcpi_options |= TCPI_OPT_WSCALE;
		info->tcpi_snd_wscale = tcb->snd_wscale;
		info->tcpi_rcv_wscale = tcb->rcv_wscale;
	}
	if (tcb->ecn != XTCP_ECN_OFF && tcb->state != XTCP_SYN_SENT)
		info->tcpi_options |= TCPI_OPT_ECN;
	if (tcb->ecn_seen)
		info->tcpi_options |= TCPI_OPT_ECN_SEEN;
	if (tcb->fo & XTCP_FO_ACKED)
		info->tcpi_options |= TCPI_OPT_SYN_DATA;
	info->tcpi_fastopen_client_fail = tcb->fo_fail;
	info_path(tcb, info);
	info_counts(tcb, info);
	info_rates(tcb, info);
	info_chronos(xsk, info, now);

	/* Before the first data: time since the handshake. */
	info->tcpi_last_data_sent = info_ms_since(max(tcb->last_data_tx_at, xsk->opened_at), now);
	info->tcpi_last_data_recv = info_ms_since(max(tcb->last_data_rx_at, xsk->opened_at), now);
	info->tcpi_last_ack_recv = info_ms_since(tcb->last_rx_at, now);
	info->tcpi_rcv_rtt = tcb->rcv_rtt_us;
	/* At least its first value, as in Linux. */
	info->tcpi_rcv_space = max_t(u32, tcb->rcv_round,
				     min(RCV_SPACE_SEGS * tcb->adv_mss, sk->sk_rcvbuf / 2));
	info->tcpi_rcv_ssthresh = tcb->rcv_wnd;
	info->tcpi_rcv_wnd = info_rcv_wnd(tcb);
	info->tcpi_rehash = xsk->rehashes;
	info->tcpi_total_rto = min_t(u32, tcb->rtx_timeouts, U16_MAX);
	info->tcpi_ecn_mode = info_ecn_mode(tcb);
	if (dst)
		info->tcpi_pmtu = dst_mtu(dst);
	if (seq_gt(tcb->snd_end, tcb->snd_nxt))
		info->tcpi_notsent_bytes = tcb->snd_end - tcb->snd_nxt;
}
