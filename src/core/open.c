// SPDX-License-Identifier: GPL-2.0
/*
 * Active open (RFC 9293 3.5 and 3.10.1), and what both ends do when the handshake
 * completes.
 */
#include "core.h"

/* RFC 7323, 2.2: the largest value of the window field, and the largest shift. */
#define WINDOW_FIELD_MAX	65535
#define WSCALE_MAX		14

/* RFC 6298 (5.7): the RTO for data after a SYN timed out, us. */
#define RTO_AFTER_SYN_LOSS_US	3000000

/* Segments acknowledged at once while the peer is in slow start. */
#define QUICKACKS	16

/*
 * The values are those of Linux's TCP (tcp(7),
 * Documentation/networking/ip-sysctl.rst), so that switching to XTCP changes no
 * behaviour; exceptions state their reason.
 */
void xtcp_params_init(struct xtcp_params *par)
{
	memset(par, 0, sizeof(*par));
	par->rto_min_us = 200000;
	par->rto_max_us = 120000000;
	par->rto_init_us = 1000000;
	par->delack_min_us = 40000;
	par->delack_max_us = 200000;
	par->keep_idle_ms = 7200000;
	par->keep_intvl_ms = 75000;
	par->fin_timeout_ms = 60000;
	par->timewait_ms = 60000;
	par->challenge_ms = 500;
	par->challenge_max = 0x7fffffff;
	par->min_rtt_wlen_s = 300;
	par->syn_source_rate = 8;
	par->syn_source_burst = 128;
	par->syn_source_prefix4 = 32;
	par->syn_source_prefix6 = 64;
	par->min_tso_segs = 2;
	par->tso_rtt_log = 9;
	par->pacing_ss_pct = 200;
	par->pacing_ca_pct = 120;
	par->min_snd_mss = 48;
	par->initial_cwnd = 10;
	par->keep_probes = 9;
	par->syn_retries = 7;	/* 6 would give up after 127 s: MUST-23 */
	par->synack_retries = 5;
	par->retries1 = 3;
	par->retries2 = 15;
	par->orphan_retries = 8;
	par->dupthresh = 3;
	par->base_mss = 1024;
	par->mtu_probe_floor = 48;
	par->probe_threshold = 8;
	par->probe_interval_s = 600;
	par->wscale = true;
	par->timestamps = true;
	par->sack = true;
	par->dsack = true;
	par->idle_restart = true;
	par->autocorking = true;
	par->ecn = 2;
	par->ecn_option = 2;
	par->ecn_fallback = true;
	par->rack = true;
	par->tlp = true;
	par->frto = true;
	par->cc = &xtcp_cc_cubic;
}

void xtcp_tcb_init(struct xtcp_tcb *tcb, const struct xtcp_params *par)
{
	u32 i;

	memset(tcb, 0, sizeof(*tcb));
	tcb->par = par;
	xtcp_state_init(tcb);
	tcb->rto_us = par->rto_init_us;
	tcb->min_rtt_us = ~0U;
	tcb->ssthresh = ~0U;
	tcb->ato_us = par->delack_min_us;
	tcb->linger2_ms = XTCP_LINGER2_PAR;
	for (i = 0; i < XTCP_SENT_EMBEDDED; i++)
		xtcp_map_lend(tcb, &tcb->map_own[i]);
	tcb->min_rtt_cur = ~0U;
	tcb->rack_mult = 1;
	tcb->pacing_max = ~0ULL;
	xtcp_cc_set(tcb, par->cc, 0);
}

void xtcp_tcb_fini(struct xtcp_tcb *tcb)
{
	xtcp_state_transition(tcb, XTCP_EV_END);
	xtcp_map_flush(tcb);
	xtcp_reass_flush(tcb);
}

/*
 * xtcp_mss_sync - compute the effective send MSS (RFC 9293 3.7.1, MUST-16)
 *
 * The smallest of what the peer takes, the path carries and the user wants, less
 * the options that every segment has (RFC 6691). The floor keeps a peer from
 * making us send one byte a packet.
 */
void xtcp_mss_sync(struct xtcp_tcb *tcb)
{
	u32 mss = min(tcb->peer_mss, tcb->path_mss);

	if (tcb->user_mss)
		mss = min_t(u32, mss, tcb->user_mss);
	if (tcb->mtup_on)
		mss = xtcp_mtup_limit(tcb, mss);
	mss = max_t(u32, mss, XTCP_DEFENCE_OR(min_mss, tcb->par->min_snd_mss, 16));
	if (tcb->opts & XTCP_OPT_TS)
		mss -= XTCP_TS_LEN;
	tcb->mss = (u16)mss;
	/* The floors of RFC 5681 grow with the MSS. */
	tcb->cwnd = max(tcb->cwnd, mss);
	tcb->ssthresh = max(tcb->ssthresh, 2 * mss);
}

/*
 * xtcp_pick_wscale - the smallest shift with which the field can express
 * @space_max bytes
 */
u8 xtcp_pick_wscale(u32 space_max)
{
	if (space_max <= WINDOW_FIELD_MAX)
		return 0;
	/* The number of bits above the 16 of the field. */
	return (u8)min_t(u32, 16 - (u32)__builtin_clz(space_max), WSCALE_MAX);
}

/* Saturate; 0, which means "none", stays 0. */
static u16 open_to_u16(u32 val)
{
	return (u16)min_t(u32, val, 65535);
}

/* Apply the route's metrics, struct xtcp_route. */
static void open_route(struct xtcp_tcb *tcb, const struct xtcp_route *route)
{
	u32 rto_min_ms = DIV_ROUND_UP(route->rto_min_us, XTCP_USEC_PER_MSEC);

	if (route->cc && route->cc != tcb->cc)
		xtcp_cc_set(tcb, route->cc, 0);
	tcb->initcwnd = open_to_u16(route->initcwnd);
	tcb->cwnd_clamp = open_to_u16(route->cwnd);
	tcb->dupthresh = open_to_u16(route->reordering);
	tcb->rto_min_ms = open_to_u16(rto_min_ms);
	tcb->route_rtt_ms = open_to_u16(route->rtt_us / XTCP_USEC_PER_MSEC);
	tcb->route_ssthresh = open_to_u16(route->ssthresh);
	tcb->ato_us = min(tcb->ato_us, xtcp_delack_max_us(tcb));
	if (route->quickack)
		tcb->quickack = XTCP_QUICKACK_ALL;
}

/*
 * Payload of a segment of the first window, bytes: as Linux computes it, less the
 * timestamp option.
 */
static u32 first_mss(u32 adv_mss, u8 opts)
{
	u32 len = opts & XTCP_OPT_TS ? XTCP_TS_LEN : 0;

	return adv_mss > len ? adv_mss - len : 0;
}

/* xtcp_first_mss - the same for a connection; only a passive open knows the options */
u32 xtcp_first_mss(const struct xtcp_tcb *tcb)
{
	return first_mss(tcb->adv_mss, tcb->flags & XTCP_F_PASSIVE ? tcb->opts : 0);
}

/* Whole segments that the first windows offer, as in Linux; 0: not even one fits. */
static u16 first_segs(const struct xtcp_open *open, u32 mss)
{
	u32 segs = mss ? open->rcv_space / mss : 0;

	return open_to_u16(open->route.initrwnd ? min(segs, open->route.initrwnd) : segs);
}

/* xtcp_first_wnd - window of a SYN or SYN-ACK with the options @opts, bytes */
u32 xtcp_first_wnd(const struct xtcp_open *open, u8 opts)
{
	u32 mss = first_mss(open->adv_mss, opts);
	u32 segs = first_segs(open, mss);

	return min_t(u32, segs ? segs * mss : open->rcv_space, WINDOW_FIELD_MAX);
}

static void open_common(struct xtcp_tcb *tcb, const struct xtcp_open *open)
{
	tcb->peer_mss = xtcp_default_mss(open->v6);
	tcb->path_mss = open->path_mss;
	tcb->adv_mss = open->adv_mss;
	tcb->user_mss = open->user_mss;
	open_route(tcb, &open->route);
	if (open->cached_ssthresh)
		tcb->ssthresh = open->cached_ssthresh;
	if (open->cached_reordering)
		tcb->flags |= XTCP_F_REORDERED;
	tcb->gso_max = open->gso_max;
	tcb->rcv_space = open->rcv_space;
	/* An estimate until the first segment; if too small it costs an early ACK. */
	tcb->rcv_mss = min_t(u16, open->adv_mss, tcb->peer_mss);
}

/* Initialise the send sequence space, before the SYN: RFC 9293 3.3.1. */
static void open_start_send(struct xtcp_tcb *tcb, u32 iss)
{
	tcb->iss = iss;
	tcb->snd_una = iss;
	tcb->snd_nxt = iss;
	tcb->snd_end = iss + 1;
	tcb->snd_up = iss;
	tcb->snd_sml = iss;
	tcb->recover = iss;
	tcb->rack_fack = iss;
	tcb->rack_end = iss;
	tcb->rack_dsack_round = iss;
}

/* Initialise the receive sequence space, after the peer's SYN. */
static void open_start_receive(struct xtcp_tcb *tcb, u32 irs)
{
	tcb->irs = irs;
	tcb->rcv_nxt = irs + 1;
	tcb->rcv_wup = irs + 1;
	tcb->rcv_most = irs + 1;
	tcb->rcv_read = irs + 1;
	tcb->rcv_up = irs + 1;
	tcb->ack_seq_last = irs + 1;
}

/*
 * The SYN offers the options that the namespace allows; those that the peer's SYN
 * offers as well take effect.
 */
u32 xtcp_connect(struct xtcp_tcb *tcb, const struct xtcp_open *open, u64 now)
{
	const struct xtcp_params *par = tcb->par;
	u64 hash = xtcp_isn_hash(par, &open->flow);

	open_common(tcb, open);
	tcb->rcv_wnd = xtcp_first_wnd(open, 0);
	tcb->rcv_first = first_segs(open, xtcp_first_mss(tcb));
	tcb->opts = XTCP_OPT_MSS;
	if (par->sack)
		tcb->opts |= XTCP_OPT_SACK_PERM;
	if (par->wscale) {
		tcb->opts |= XTCP_OPT_WSCALE;
		tcb->rcv_wscale = xtcp_pick_wscale(open->rcv_space_max);
	}
	if (par->timestamps) {
		tcb->opts |= XTCP_OPT_TS;
		tcb->ts_off = xtcp_ts_offset_of(hash);
	}
	open_start_send(tcb, xtcp_iss_of(hash, open, now));
	xtcp_ecn_connect(tcb, open->route.ecn);
	tcb->last_rx_at = now;
	tcb->syn_rto_us = xtcp_syn_rto(par, open);
	xtcp_mss_sync(tcb);
	if (open->fo)
		xtcp_fastopen_connect(tcb, open->fo, open->v6);
	return xtcp_state_transition(tcb, XTCP_EV_OPEN) | xtcp_want_output(tcb);
}

/*
 * xtcp_syn_rto - the first RTO of a SYN or SYN-ACK, us
 *
 * RFC 9040, 2.2: what earlier connections measured is better than a guess of 1 s.
 * The minimum RTO allows for delayed ACKs; the answer to a SYN is not delayed, so
 * half of it is enough.
 *
 * Return: us; 0 if nothing is known or the default is not longer.
 */
u32 xtcp_syn_rto(const struct xtcp_params *par, const struct xtcp_open *open)
{
	u32 rto_min = open->route.rto_min_us ? open->route.rto_min_us : par->rto_min_us;
	u32 rto;

	if (!open->cached_srtt_us)
		return 0;
	rto = open->cached_srtt_us + max(4 * open->cached_rttvar_us, rto_min / 2);
	return rto < par->rto_init_us ? rto : 0;
}

/*
 * xtcp_peer_options - apply the options of the peer's SYN
 *
 * An option takes effect only if both SYNs carried it (RFC 7323, 2.2 and 3.2); an
 * unnegotiated window scale is off in both directions.
 */
void xtcp_peer_options(struct xtcp_tcb *tcb, const struct xtcp_seg *seg)
{
	u8 mutual = XTCP_OPT_WSCALE | XTCP_OPT_TS | XTCP_OPT_SACK_PERM;

	tcb->opts &= seg->opts | ~mutual;
	if (tcb->opts & XTCP_OPT_WSCALE)
		tcb->snd_wscale = seg->wscale;
	else
		tcb->rcv_wscale = 0;
	if (seg->opts & XTCP_OPT_MSS)
		tcb->peer_mss = seg->mss;
	open_start_receive(tcb, seg->seq);
	xtcp_mss_sync(tcb);
}

/*
 * xtcp_established - the handshake has completed, from either end
 *
 * RFC 6298 (5.7): if the SYN had timed out, data starts with an RTO of 3 s, since
 * the path may be slower than the initial RTO of 1 s assumed.
 */
void xtcp_established(struct xtcp_tcb *tcb, u64 now)
{
	if (tcb->flags & XTCP_F_SYN_TIMEOUT && !tcb->srtt8_us)
		tcb->rto_us = max_t(u32, tcb->rto_us, RTO_AFTER_SYN_LOSS_US);
	if (unlikely(tcb->route_rtt_ms))
		xtcp_rtt_route(tcb);
	if (tcb->route_ssthresh)
		tcb->ssthresh = min_t(u32, (u32)tcb->route_ssthresh * tcb->mss, XTCP_CWND_MAX);
	if (tcb->cwnd_clamp && tcb->ssthresh != ~0U)
		tcb->ssthresh = min(tcb->ssthresh, xtcp_cc_most(tcb));
	tcb->cwnd = xtcp_cc_initial_cwnd(tcb);
	/* The mark does not apply to later restarts of the window. */
	tcb->ecn_flags &= ~XTCP_ECN_SYN_CE;
	tcb->cong = XTCP_CONG_OPEN;
	xtcp_cc_start(tcb, now);
	tcb->retries = 0;
	tcb->backoff = 0;
	if (tcb->quickack != XTCP_QUICKACK_ALL)
		tcb->quickack = QUICKACKS;
	xtcp_keepalive_restart(tcb, now);
	xtcp_mtup_init(tcb, now);
}

/* xtcp_accept_init - xtcp_accept() except for the entry of the SYN-ACK */
void xtcp_accept_init(struct xtcp_tcb *tcb, const struct xtcp_request *req,
		      const struct xtcp_open *open, u64 now)
{
	u64 sent_at = xtcp_request_sent_at(req, now);

	open_common(tcb, open);
	tcb->flags |= XTCP_F_PASSIVE;
	tcb->opts = req->opts;
	tcb->peer_mss = req->peer_mss;
	tcb->snd_wscale = req->snd_wscale;
	tcb->rcv_wscale = req->rcv_wscale;
	tcb->rcv_wnd = req->rcv_wnd;
	tcb->rcv_first = first_segs(open, xtcp_first_mss(tcb));
	if (req->opts & XTCP_OPT_TS)
		tcb->ts_off = xtcp_ts_offset(tcb->par, &open->flow);
	tcb->ts_recent = req->ts_recent;
	tcb->ts_recent_at = sent_at;
	open_start_send(tcb, req->iss);
	open_start_receive(tcb, req->irs);
	tcb->last_rx_at = now;
	tcb->syn_rto_us = req->rto_ms * XTCP_USEC_PER_MSEC;
	xtcp_ecn_accept(tcb, req);
	xtcp_mss_sync(tcb);
	xtcp_state_transition(tcb, XTCP_EV_PASSIVE);
}

void xtcp_accept(struct xtcp_tcb *tcb, const struct xtcp_request *req,
		 const struct xtcp_open *open, u64 now)
{
	xtcp_accept_init(tcb, req, open, now);
	/* Enter the SYN-ACK into the send map: it yields the first RTT sample. */
	xtcp_map_append(tcb, tcb->iss + 1, req->retries || req->again || req->syncookie ?
			XTCP_SENT_RTX : 0, xtcp_request_sent_at(req, now));
	tcb->retries = req->retries;
	if (req->retries)
		tcb->flags |= XTCP_F_SYN_TIMEOUT;
}
