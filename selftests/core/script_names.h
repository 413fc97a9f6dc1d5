/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The names that test scripts use, and their values. For script.c only.
 */
#ifndef XTCP_SCRIPT_NAMES_H
#define XTCP_SCRIPT_NAMES_H

#include "harness.h"

struct name {
	const char *name;
	u32 val;
};

static const struct name states[] = {
	{ "ESTABLISHED", XTCP_ESTABLISHED }, { "SYN-SENT", XTCP_SYN_SENT },
	{ "SYN-RECEIVED", XTCP_SYN_RECEIVED }, { "FIN-WAIT-1", XTCP_FIN_WAIT_1 },
	{ "FIN-WAIT-2", XTCP_FIN_WAIT_2 }, { "TIME-WAIT", XTCP_TIME_WAIT },
	{ "CLOSED", XTCP_CLOSED }, { "CLOSE-WAIT", XTCP_CLOSE_WAIT },
	{ "LAST-ACK", XTCP_LAST_ACK }, { "LISTEN", XTCP_LISTEN },
	{ "CLOSING", XTCP_CLOSING },
};

static const struct name errs[] = {
	{ "OK", XTCP_OK }, { "REFUSED", XTCP_ERR_REFUSED },
	{ "RESET", XTCP_ERR_RESET }, { "PIPE", XTCP_ERR_PIPE },
	{ "TIMEDOUT", XTCP_ERR_TIMEDOUT }, { "ABORTED", XTCP_ERR_ABORTED },
	{ "UNREACH", XTCP_ERR_UNREACH },
};

#define ACT(x) { #x, XTCP_ACT_##x }
static const struct name act_names[] = {
	ACT(DELIVER), ACT(HELD), ACT(DRAIN), ACT(REAP), ACT(URG), ACT(ACKED),
	ACT(EOF), ACT(STATE), ACT(ERROR), ACT(ADVICE), ACT(DROP), ACT(RST),
	ACT(OUTPUT), ACT(REPATH), ACT(REPATH_ACK),
};

#define DROP(x) { #x, XTCP_DROP_##x },
static const struct name drops[] = {
	XTCP_DROP_REASONS(DROP)
};

static const struct name request_acts[] = {
	{ "DROP", XTCP_REQUEST_DROP }, { "SKIP", XTCP_REQUEST_SKIP },
	{ "SYNACK", XTCP_REQUEST_SYNACK },
	{ "ACK", XTCP_REQUEST_ACK }, { "RST", XTCP_REQUEST_RST },
	{ "KILL", XTCP_REQUEST_KILL }, { "RESET", XTCP_REQUEST_RESET },
	{ "ACCEPT", XTCP_REQUEST_ACCEPT },
};

static const struct name listen_acts[] = {
	{ "DROP", XTCP_LISTEN_DROP }, { "RST", XTCP_LISTEN_RST },
	{ "SYN", XTCP_LISTEN_SYN },
};

static const struct name tw_acts[] = {
	{ "DROP", XTCP_TW_DROP }, { "ACK", XTCP_TW_ACK }, { "SYN", XTCP_TW_SYN },
	{ "RST", XTCP_TW_RST }, { "END", XTCP_TW_END },
};

static const struct name set_opts[] = {
	{ "nodelay", XTCP_SET_NODELAY }, { "cork", XTCP_SET_CORK },
	{ "quickack", XTCP_SET_QUICKACK }, { "keepalive", XTCP_SET_KEEPALIVE },
	{ "keepidle", XTCP_SET_KEEPIDLE }, { "keepintvl", XTCP_SET_KEEPINTVL },
	{ "keepcnt", XTCP_SET_KEEPCNT }, { "syncnt", XTCP_SET_SYNCNT },
	{ "user-timeout", XTCP_SET_USER_TIMEOUT }, { "linger2", XTCP_SET_LINGER2 }, { "timewait", XTCP_SET_TIMEWAIT },
	{ "maxseg", XTCP_SET_MAXSEG }, { "gso-max", XTCP_SET_GSO_MAX },
	{ "path-mss", XTCP_SET_PATH_MSS },
};

static const struct name icmps[] = {
	{ "soft", XTCP_ICMP_SOFT }, { "hard", XTCP_ICMP_HARD },
	{ "too-big", XTCP_ICMP_TOO_BIG },
};

/* Flags from XTCP_FIN upwards; N is AE, in the bit that once was NS (ECN nonce). */
static const char letters[] = "FSRPAUECN";

static const char *flag_text(u16 flags, char buf[12])
{
	char *p = buf;
	int i;

	for (i = 0; letters[i]; i++)
		if (flags & 1u << i)
			*p++ = letters[i];
	if (p == buf)
		*p++ = '-';
	*p = 0;
	return buf;
}

enum rel { ABS, REL_US, REL_PEER };

struct field {
	const char *name;
	size_t off;
	size_t size;
	enum rel rel;
};

#define TCB(f, r) { #f, offsetof(struct xtcp_tcb, f), \
		    sizeof(((struct xtcp_tcb *)0)->f), r }
static const struct field fields[] = {
	TCB(opts, ABS), TCB(snd_wscale, ABS), TCB(rcv_wscale, ABS), TCB(rcv_first, ABS), TCB(cong, ABS),
	TCB(mss, ABS), TCB(flags, ABS), TCB(peer_mss, ABS), TCB(rcv_mss, ABS),
	TCB(snd_una, REL_US), TCB(snd_nxt, REL_US), TCB(snd_end, REL_US),
	TCB(snd_wnd, ABS), TCB(max_snd_wnd, ABS), TCB(snd_up, REL_US),
	TCB(lost_out, ABS), TCB(sacked_out, ABS), TCB(delivered, ABS), TCB(lost, ABS),
	TCB(prr_out, ABS), TCB(small_out, ABS), TCB(small_more, ABS), TCB(small_merge, ABS),
	TCB(recover_fs, ABS), TCB(rack_rtt_us, ABS),
	TCB(rack_mult, ABS), TCB(rack_persist, ABS), TCB(reordering, ABS), TCB(mtup_low, ABS), TCB(mtup_high, ABS),
	TCB(mtup_size, ABS),
	TCB(tlp_probes, ABS), TCB(tlp_recovered, ABS), TCB(undos, ABS),
	TCB(undo_rtx, ABS), TCB(spurious_rtos, ABS), TCB(dsacks_in, ABS), TCB(net_dups, ABS),
	TCB(reneges, ABS), TCB(ack_delay_us, ABS), TCB(rate_delivered, ABS),
	TCB(rate_us, ABS), TCB(rate_app, ABS), TCB(pacing_rate, ABS), TCB(app_limited, ABS),
	TCB(cwnd, ABS), TCB(ssthresh, ABS),
	TCB(recover, REL_US), TCB(dupacks, ABS), TCB(retries, ABS),
	TCB(backoff, ABS), TCB(probes, ABS), TCB(srtt8_us, ABS),
	TCB(rttvar4_us, ABS), TCB(rto_us, ABS), TCB(min_rtt_us, ABS),
	TCB(rcv_nxt, REL_PEER), TCB(rcv_up, REL_PEER), TCB(rcv_fin, REL_PEER),
	TCB(ooo_bytes, ABS), TCB(ooo_runs, ABS), TCB(rcv_rtt_us, ABS), TCB(bytes_retrans, ABS),
	TCB(bytes_acked, ABS), TCB(bytes_received, ABS), TCB(total_retrans, ABS),
	TCB(rtx_timeouts, ABS), TCB(fast_rtx, ABS), TCB(rcv_ooo_segs, ABS),
	TCB(ts_recent, ABS), TCB(quickack, ABS), TCB(ato_us, ABS),
	TCB(bytes_sent, ABS), TCB(data_segs_out, ABS), TCB(segs_out, ABS), TCB(aborts, ABS), TCB(ecn, ABS), TCB(ecn_flags, ABS),
	TCB(fo, ABS), TCB(fo_fail, ABS), TCB(fo_room, ABS),
	TCB(r_cep, ABS), TCB(s_cep, ABS), TCB(r_e0b, ABS), TCB(r_e1b, ABS),
	TCB(r_ceb, ABS), TCB(s_ceb, ABS), TCB(ecn_seen, ABS), TCB(delivered_ce, ABS),
};

#define PAR(f) { #f, offsetof(struct xtcp_params, f), \
		 sizeof(((struct xtcp_params *)0)->f), ABS }
static const struct field params[] = {
	PAR(rto_min_us), PAR(rto_max_us), PAR(rto_init_us), PAR(delack_min_us),
	PAR(delack_max_us), PAR(keep_idle_ms), PAR(keep_intvl_ms),
	PAR(fin_timeout_ms), PAR(timewait_ms), PAR(challenge_ms),
	PAR(min_snd_mss), PAR(initial_cwnd), PAR(keep_probes), PAR(syn_retries),
	PAR(synack_retries), PAR(retries1), PAR(retries2), PAR(orphan_retries),
	PAR(shrink_window), PAR(dupthresh), PAR(wscale), PAR(timestamps), PAR(idle_restart), PAR(autocorking),
	PAR(mtu_probing), PAR(base_mss), PAR(mtu_probe_floor), PAR(probe_threshold),
	PAR(probe_interval_s),
	PAR(sack), PAR(dsack), PAR(ecn), PAR(ecn_option), PAR(ecn_fallback), PAR(rack), PAR(tlp), PAR(frto), PAR(pacing),
	PAR(min_tso_segs), PAR(tso_rtt_log),
};

#endif /* XTCP_SCRIPT_NAMES_H */
