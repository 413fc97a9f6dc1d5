// SPDX-License-Identifier: GPL-2.0
/*
 * Active open, options of the SYN, effective send MSS: RFC 9293 3.5, 3.7.1,
 * 3.10.1, RFC 7323 2, RFC 6298 (5.7), RFC 6928.
 */
#include "core.h"
#include "harness.h"

/* congctl: the route's congestion control overrides that of the socket. */
UNIT(open_route_cc)
{
	struct xtcp_open open = {
		.path_mss = 1460, .adv_mss = 1400, .gso_max = 30000, .rcv_space = 20000,
	};
	struct xtcp_params par;
	struct xtcp_tcb tcb;

	xtcp_params_init(&par);
	xtcp_tcb_init(&tcb, &par);
	xtcp_connect(&tcb, &open, 1);
	CHECK(tcb.cc == &xtcp_cc_cubic);
	xtcp_tcb_init(&tcb, &par);
	open.route.cc = &xtcp_cc_bbr;
	xtcp_connect(&tcb, &open, 1);
	CHECK(tcb.cc == &xtcp_cc_bbr);
	CHECK(tcb.flags & XTCP_F_PACED);
}

UNIT(open_params_defaults)
{
	struct xtcp_params par;

	xtcp_params_init(&par);
	CHECK(par.keep_idle_ms >= 7200000);	/* MUST-28 */
	CHECK(par.delack_max_us < 500000);	/* MUST-40 */
	CHECK(par.rto_max_us >= 60000000);	/* RFC 6298 (2.5) */
	CHECK(par.retries1 >= 3);		/* SHLD-10 */
	CHECK_EQ(par.dupthresh, 3);
	CHECK_EQ(par.timewait_ms, 60000);

	/* The defaults of the kernel's TCP, so that behaviour does not change. */
	CHECK_EQ(par.delack_max_us, 200000);
	CHECK_EQ(par.keep_intvl_ms, 75000);
	CHECK_EQ(par.keep_probes, 9);
	CHECK_EQ(par.retries2, 15);
	CHECK_EQ(par.orphan_retries, 8);
	CHECK_EQ(par.min_rtt_wlen_s, 300);
	CHECK_EQ(par.base_mss, 1024);
	CHECK_EQ(par.mtu_probe_floor, 48);
	CHECK_EQ(par.probe_threshold, 8);
	CHECK_EQ(par.probe_interval_s, 600);
}

/* Initial sequence numbers, and the values that the caller supplies. */
UNIT(open_begins)
{
	struct xtcp_open open = {
		.path_mss = 1460, .adv_mss = 1400, .gso_max = 30000, .rcv_space = 19600,
		.cached_reordering = true,
	};
	struct xtcp_seg seg = { .seq = 5000, .opts = XTCP_OPT_MSS, .mss = 1300 };
	struct xtcp_params par;
	struct xtcp_tcb tcb;

	xtcp_params_init(&par);
	par.isn_key[0] = 1;
	memset(&tcb, 0xa5, sizeof(tcb));
	xtcp_tcb_init(&tcb, &par);
	CHECK_EQ(tcb.min_rtt_us, ~0U);
	CHECK_EQ(tcb.min_rtt_cur, ~0U);
	tcb.flags |= XTCP_F_NODELAY;
	xtcp_connect(&tcb, &open, 77);
	CHECK_EQ(tcb.last_rx_at, 77);
	CHECK_EQ(tcb.flags & (XTCP_F_REORDERED | XTCP_F_NODELAY),
		 XTCP_F_REORDERED | XTCP_F_NODELAY);
	CHECK_EQ(tcb.gso_max, 30000);
	CHECK_EQ(tcb.rcv_space, 19600);
	CHECK_EQ(tcb.rcv_wnd, 19600);
	CHECK_EQ(tcb.rcv_first, 14);
	CHECK_EQ(tcb.iss, xtcp_isn(&par, &open.flow, 77));
	CHECK_EQ(tcb.snd_una, tcb.iss);
	CHECK_EQ(tcb.snd_nxt, tcb.iss);
	CHECK_EQ(tcb.snd_end, tcb.iss + 1);
	CHECK_EQ(tcb.snd_up, tcb.iss);
	CHECK_EQ(tcb.snd_sml, tcb.iss);
	CHECK_EQ(tcb.recover, tcb.iss);
	CHECK_EQ(tcb.rack_fack, tcb.iss);
	CHECK_EQ(tcb.rack_end, tcb.iss);
	CHECK_EQ(tcb.rack_dsack_round, tcb.iss);
	CHECK_EQ(tcb.ts_off, xtcp_ts_offset(&par, &open.flow));
	CHECK_EQ(tcb.mss, 536 - XTCP_TS_LEN);

	xtcp_peer_options(&tcb, &seg);
	CHECK_EQ(tcb.irs, 5000);
	CHECK_EQ(tcb.rcv_nxt, 5001);
	CHECK_EQ(tcb.rcv_wup, 5001);
	CHECK_EQ(tcb.rcv_read, 5001);
	CHECK_EQ(tcb.rcv_up, 5001);
	CHECK_EQ(tcb.ack_seq_last, 5001);
	CHECK_EQ(tcb.peer_mss, 1300);
	CHECK_EQ(tcb.mss, 1300);
}

/* A connection continues with the values of its half-open connection. */
UNIT(open_accept_takes_over)
{
	/* The route's metrics have changed since the SYN. */
	struct xtcp_open open = {
		.path_mss = 1460, .adv_mss = 1460, .gso_max = 30000, .rcv_space = 9000,
		.cached_reordering = true,
	};
	struct xtcp_request req = {
		.iss = 300, .irs = 5000, .peer_mss = 1300, .rcv_wnd = 20000,
		.opts = XTCP_OPT_MSS | XTCP_OPT_TS | XTCP_OPT_WSCALE, .ts_recent = 11,
		.sent_at = 13, .snd_wscale = 4, .rcv_wscale = 5, .rto_ms = 500, .retries = 1,
	};
	struct xtcp_params par;
	struct xtcp_tcb tcb;

	xtcp_params_init(&par);
	xtcp_tcb_init(&tcb, &par);
	par.isn_key[0] = 12;
	xtcp_accept(&tcb, &req, &open, 77000);
	CHECK_EQ(tcb.state, XTCP_SYN_RECEIVED);
	CHECK_EQ(tcb.flags, XTCP_F_PASSIVE | XTCP_F_REORDERED | XTCP_F_SYN_TIMEOUT);
	CHECK_EQ(tcb.opts, req.opts);
	CHECK_EQ(tcb.adv_mss, 1460);
	CHECK_EQ(tcb.peer_mss, 1300);
	CHECK_EQ(tcb.mss, 1288);
	CHECK_EQ(tcb.snd_wscale, 4);
	CHECK_EQ(tcb.rcv_wscale, 5);
	CHECK_EQ(tcb.ts_recent, 11);
	CHECK_EQ(tcb.ts_recent_at, 13000);
	CHECK_EQ(tcb.ts_off, xtcp_ts_offset(&par, &open.flow));
	CHECK_EQ(tcb.rcv_wnd, 20000);
	CHECK_EQ(tcb.rcv_space, 9000);
	CHECK_EQ(tcb.last_rx_at, 77000);
	CHECK_EQ(tcb.retries, 1);
	CHECK_EQ(tcb.syn_rto_us, 500000);
	CHECK_EQ(tcb.snd_una, 300);
	CHECK_EQ(tcb.snd_nxt, 301);
	CHECK_EQ(tcb.rcv_nxt, 5001);
	CHECK_EQ(tcb.map_head->sent_at, 13000);
	CHECK(tcb.map_head->marks & XTCP_SENT_RTX);
}

/* The state after a handshake with losses. */
UNIT(open_established)
{
	static const struct {
		const char *what;
		u32 flags;
		u32 srtt8_us;
		u32 rto_us;	/* before */
		u32 want;	/* and after */
	} rows[] = {
		{ "nothing lost, a sample", 0, 800000, 300000, 300000 },
		{ "nothing lost, no sample", 0, 0, 1000000, 1000000 },
		{ "a SYN lost, no sample", XTCP_F_SYN_TIMEOUT, 0, 1000000, 3000000 },
		{ "a SYN lost, no sample, slower", XTCP_F_SYN_TIMEOUT, 0, 5000000, 5000000 },
		{ "a SYN lost, a timestamp", XTCP_F_SYN_TIMEOUT, 800000, 300000, 300000 },
	};
	struct xtcp_params par;
	struct xtcp_tcb tcb;
	u32 i;

	xtcp_params_init(&par);
	for (i = 0; i < ARRAY_SIZE(rows); i++) {
		xtcp_tcb_init(&tcb, &par);
		tcb.state = XTCP_ESTABLISHED;
		tcb.flags = rows[i].flags | XTCP_F_KEEPALIVE;
		tcb.srtt8_us = rows[i].srtt8_us;
		tcb.rto_us = rows[i].rto_us;
		tcb.mss = 1000;
		tcb.cong = XTCP_CONG_LOSS;
		tcb.retries = 3;
		tcb.backoff = 4;
		tcb.last_rx_at = XTCP_NSEC_PER_SEC;
		xtcp_established(&tcb, XTCP_NSEC_PER_SEC);
		CHECK_ROW(rows[i].what, tcb.rto_us, rows[i].want);
		CHECK_EQ(tcb.cong, XTCP_CONG_OPEN);
		CHECK_EQ(tcb.retries, 0);
		CHECK_EQ(tcb.backoff, 0);
		CHECK_EQ(tcb.quickack, 16);
		CHECK_EQ(xtcp_deadline(&tcb), 7201 * XTCP_NSEC_PER_SEC);
	}
}

/* The minima of RFC 5681 rise with the MSS, but do not fall with it. */
UNIT(open_mss_and_its_floors)
{
	struct xtcp_params par;
	struct xtcp_tcb tcb;

	xtcp_params_init(&par);
	xtcp_tcb_init(&tcb, &par);
	tcb.peer_mss = 1460;
	tcb.path_mss = 1000;
	tcb.cwnd = 1000;
	tcb.ssthresh = 2000;
	xtcp_mss_sync(&tcb);
	CHECK_EQ(tcb.mss, 1000);
	CHECK_EQ(tcb.cwnd, 1000);
	CHECK_EQ(tcb.ssthresh, 2000);
	tcb.path_mss = 1400;
	xtcp_mss_sync(&tcb);
	CHECK_EQ(tcb.mss, 1400);
	CHECK_EQ(tcb.cwnd, 1400);
	CHECK_EQ(tcb.ssthresh, 2800);
	tcb.path_mss = 500;
	xtcp_mss_sync(&tcb);
	CHECK_EQ(tcb.mss, 500);
	CHECK_EQ(tcb.cwnd, 1400);
	CHECK_EQ(tcb.ssthresh, 2800);
}

/* All lent memory comes back, and no deadline remains. */
UNIT(open_fini)
{
	struct xtcp_open open = { .path_mss = 1460, .adv_mss = 1460, .gso_max = 1460 };
	struct xtcp_sent lent;
	struct xtcp_params par;
	struct xtcp_plan plan;
	struct xtcp_ooo node;
	struct xtcp_tcb tcb;

	xtcp_params_init(&par);
	xtcp_tcb_init(&tcb, &par);
	xtcp_connect(&tcb, &open, 1);
	xtcp_map_lend(&tcb, &lent);
	CHECK(xtcp_tx_peek(&tcb, 1, &plan));
	xtcp_tx_commit(&tcb, &plan, 1);
	CHECK(xtcp_reass_insert(&tcb, &node, 10, 20) == XTCP_REASS_HELD);
	xtcp_tcb_fini(&tcb);
	CHECK_EQ(tcb.state, XTCP_CLOSED);
	CHECK_EQ(xtcp_deadline(&tcb), XTCP_NEVER);
	CHECK(xtcp_map_reclaim(&tcb) == &lent);
	CHECK(!xtcp_map_reclaim(&tcb));
	CHECK(xtcp_reass_reap(&tcb) == &node);
	CHECK(!xtcp_reass_reap(&tcb));
}

UNIT(open_wscale_table)
{
	static const struct {
		u32 space;
		u8 shift;
	} tab[] = {
		{ 0, 0 }, { 65535, 0 }, { 65536, 1 }, { 131071, 1 }, { 131072, 2 },
		{ 1 << 20, 5 }, { 1 << 30, 14 }, { ~0u, 14 },
	};
	u32 i;

	for (i = 0; i < ARRAY_SIZE(tab); i++)
		CHECK_EQ(xtcp_pick_wscale(tab[i].space), tab[i].shift);
}
