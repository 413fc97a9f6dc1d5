/* SPDX-License-Identifier: GPL-2.0 */
/*
 * struct tcp_info of the newest kernel (7.2), used with every kernel: a program gets as
 * many bytes of it as it has room for. The fields before tcpi_rcv_wnd are in every
 * kernel; the others were added in 6.2, 6.7 and 6.18.
 *
 * Units are those of uapi/linux/tcp.h: tcpi_last_* are ms; tcpi_rto, tcpi_ato, *rtt* and
 * *_time, *_limited are us, rates bytes/s; tcpi_unacked, tcpi_sacked, tcpi_lost,
 * tcpi_retrans, tcpi_snd_cwnd, tcpi_snd_ssthresh and tcpi_delivered are segments.
 */
#ifndef XTCP_SOCK_INFO_H
#define XTCP_SOCK_INFO_H

#include <linux/build_bug.h>
#include <linux/stddef.h>
#include <linux/tcp.h>
#include <linux/types.h>

struct xtcp_tcp_info {
	u8 tcpi_state;
	u8 tcpi_ca_state;
	u8 tcpi_retransmits;
	u8 tcpi_probes;
	u8 tcpi_backoff;
	u8 tcpi_options;
	u8 tcpi_snd_wscale : 4, tcpi_rcv_wscale : 4;
	u8 tcpi_delivery_rate_app_limited : 1, tcpi_fastopen_client_fail : 2;
	u32 tcpi_rto;
	u32 tcpi_ato;
	u32 tcpi_snd_mss;
	u32 tcpi_rcv_mss;
	u32 tcpi_unacked;
	u32 tcpi_sacked;
	u32 tcpi_lost;
	u32 tcpi_retrans;
	u32 tcpi_fackets;
	u32 tcpi_last_data_sent;
	u32 tcpi_last_ack_sent;
	u32 tcpi_last_data_recv;
	u32 tcpi_last_ack_recv;
	u32 tcpi_pmtu;
	u32 tcpi_rcv_ssthresh;
	u32 tcpi_rtt;
	u32 tcpi_rttvar;
	u32 tcpi_snd_ssthresh;
	u32 tcpi_snd_cwnd;
	u32 tcpi_advmss;
	u32 tcpi_reordering;
	u32 tcpi_rcv_rtt;
	u32 tcpi_rcv_space;
	u32 tcpi_total_retrans;
	u64 tcpi_pacing_rate;
	u64 tcpi_max_pacing_rate;
	u64 tcpi_bytes_acked;
	u64 tcpi_bytes_received;
	u32 tcpi_segs_out;
	u32 tcpi_segs_in;
	u32 tcpi_notsent_bytes;
	u32 tcpi_min_rtt;
	u32 tcpi_data_segs_in;
	u32 tcpi_data_segs_out;
	u64 tcpi_delivery_rate;
	u64 tcpi_busy_time;
	u64 tcpi_rwnd_limited;
	u64 tcpi_sndbuf_limited;
	u32 tcpi_delivered;
	u32 tcpi_delivered_ce;
	u64 tcpi_bytes_sent;
	u64 tcpi_bytes_retrans;
	u32 tcpi_dsack_dups;
	u32 tcpi_reord_seen;
	u32 tcpi_rcv_ooopack;
	u32 tcpi_snd_wnd;
	u32 tcpi_rcv_wnd;
	u32 tcpi_rehash;
	u16 tcpi_total_rto;
	u16 tcpi_total_rto_recoveries;
	u32 tcpi_total_rto_time;
	u32 tcpi_received_ce;
	u32 tcpi_delivered_e1_bytes;
	u32 tcpi_delivered_e0_bytes;
	u32 tcpi_delivered_ce_bytes;
	u32 tcpi_received_e1_bytes;
	u32 tcpi_received_e0_bytes;
	u32 tcpi_received_ce_bytes;
	u32 tcpi_ecn_mode : 2, tcpi_accecn_opt_seen : 2, tcpi_accecn_fail_mode : 4,
	    tcpi_options2 : 24;
};

#define XTCP_INFO_SAME(field)						\
	static_assert(offsetof(struct xtcp_tcp_info, field) ==		\
		      offsetof(struct tcp_info, field) &&			\
		      sizeof_field(struct xtcp_tcp_info, field) ==		\
		      sizeof_field(struct tcp_info, field))

XTCP_INFO_SAME(tcpi_options);
XTCP_INFO_SAME(tcpi_rto);
XTCP_INFO_SAME(tcpi_unacked);
XTCP_INFO_SAME(tcpi_last_ack_recv);
XTCP_INFO_SAME(tcpi_total_retrans);
XTCP_INFO_SAME(tcpi_pacing_rate);
XTCP_INFO_SAME(tcpi_bytes_received);
XTCP_INFO_SAME(tcpi_data_segs_out);
XTCP_INFO_SAME(tcpi_sndbuf_limited);
XTCP_INFO_SAME(tcpi_bytes_retrans);
XTCP_INFO_SAME(tcpi_snd_wnd);
/* Fails if the kernel's structure has fields that are missing here. */
static_assert(sizeof(struct tcp_info) <= sizeof(struct xtcp_tcp_info));
static_assert(sizeof(struct xtcp_tcp_info) == 280);

#endif /* XTCP_SOCK_INFO_H */
