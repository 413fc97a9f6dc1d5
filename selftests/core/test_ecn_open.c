// SPDX-License-Identifier: GPL-2.0
/*
 * The handshake of ECN: RFC 3168 6.1.1, RFC 9768 3.1 and 3.2.2.1.
 *
 * E, C and N are ECE, CWR and AE; as one number, ACE, they count 1, 2 and 4.
 */
#include "core.h"
#include "harness.h"

/* ---- negotiation ---- */

/* O: no ECN, C: classic (RFC 3168), A: AccECN, a: AccECN without ECT. */
static char mode_of(u8 mode, u16 flags)
{
	if (mode == XTCP_ECN_ACC)
		return flags & XTCP_ECN_NO_ECT ? 'a' : 'A';
	return mode == XTCP_ECN_CLASSIC ? 'C' : 'O';
}

static const struct {
	const char *what;
	u8 ecn;			/* net.ipv4.tcp_ecn */
	u8 syn;			/* ACE of our SYN */
	const char *synack;	/* mode by ACE of the SYN-ACK, 0 to 7 */
} clients[] = {
	{ "0: neither",			0, 0, "OOOOOOOO" },
	{ "1: ECN",			1, 3, "OCOOOCOO" },
	{ "2: accepts ECN",		2, 0, "OOOOOOOO" },
	{ "3: AccECN",			3, 7, "OCAaaAaO" },
	{ "4: ECN, accepts AccECN",	4, 3, "OCOOOCOO" },
	{ "5: accepts AccECN",		5, 0, "OOOOOOOO" },
};

static struct xtcp_params par;
static const struct xtcp_open peer = {
	.flow = { .sport = 1, .dport = 2 },
	.rcv_space = 60000, .rcv_space_max = 60000, .gso_max = 60000,
	.path_mss = 1000, .adv_mss = 1000,
};

static void connect_to(struct xtcp_tcb *tcb, u8 ecn, struct xtcp_plan *syn)
{
	xtcp_params_init(&par);
	par.ecn = ecn;
	xtcp_tcb_init(tcb, &par);
	xtcp_connect(tcb, &peer, 1);
	CHECK(xtcp_tx_peek(tcb, 1, syn));
	xtcp_tx_commit(tcb, syn, 1);
}

static u16 ace(u32 n)
{
	return (u16)(n << XTCP_ACE_SHIFT);
}

UNIT(ecn_clients)
{
	static struct xtcp_tcb tcb;
	u32 i, n;

	for (i = 0; i < ARRAY_SIZE(clients); i++)
		for (n = 0; n < 8; n++) {
			struct xtcp_plan plan;
			struct xtcp_seg seg = { .nsegs = 1, .seq = 7, .wnd = 60000,
				.flags = XTCP_SYN | XTCP_ACK | ace(n) };

			connect_to(&tcb, clients[i].ecn, &plan);
			CHECK_ROW(clients[i].what, plan.flags,
				  XTCP_SYN | ace(clients[i].syn));
			CHECK_EQ(plan.ecn, 0);
			seg.ack = plan.seq + 1;
			xtcp_rx(&tcb, &seg, NULL, 2);
			CHECK_ROW(clients[i].what, mode_of(tcb.ecn, tcb.ecn_flags),
				  clients[i].synack[n]);
		}
}

static const struct {
	const char *what;
	u8 ecn;
	bool need;		/* the listener's congestion control asks for ECN */
	u8 field;		/* of the SYN's IP header */
	const char *syn;	/* mode by ACE of the SYN, 0 to 7 */
} servers[] = {
	{ "0: none",			0, false, XTCP_NOT_ECT,	"OOOOOOOO" },
	{ "1: ECN",			1, false, XTCP_NOT_ECT,	"OOOCOOOC" },
	{ "2: ECN",			2, false, XTCP_NOT_ECT,	"OOOCOOOC" },
	{ "2: ECN, SYN with ECT",	2, false, XTCP_ECT0,	"OOOOOOOC" },
	{ "3: AccECN",			3, false, XTCP_NOT_ECT,	"OAACAAAA" },
	{ "4: AccECN",			4, false, XTCP_NOT_ECT,	"OAACAAAA" },
	{ "5: AccECN",			5, false, XTCP_NOT_ECT,	"OAACAAAA" },
	{ "3: AccECN, ECT(0)",		3, false, XTCP_ECT0,	"OAAOAAAA" },
	{ "3: AccECN, ECT(1)",		3, false, XTCP_ECT1,	"OAAOAAAA" },
	{ "3: AccECN, CE",		3, false, XTCP_CE,	"OAAOAAAA" },
	{ "0: DCTCP",			0, true, XTCP_NOT_ECT,	"OOOCOOOC" },
	{ "2: DCTCP, SYN with ECT",	2, true, XTCP_ECT0,	"OOOCOOOC" },
};

/* Table 2 of RFC 9768: ACE of the SYN-ACK by the IP-ECN field of the SYN. */
static const u8 echo[] = { 2, 3, 4, 6 };

UNIT(ecn_servers)
{
	u32 i, n;

	for (i = 0; i < ARRAY_SIZE(servers); i++)
		for (n = 0; n < 8; n++) {
			struct xtcp_open open = peer;
			struct xtcp_request req;
			struct xtcp_plan plan;
			struct xtcp_seg seg = { .nsegs = 1, .seq = 7, .wnd = 60000,
				.flags = XTCP_SYN | ace(n), .ecn = servers[i].field };
			char mode;

			xtcp_params_init(&par);
			par.ecn = servers[i].ecn;
			open.need_ecn = servers[i].need;
			xtcp_request_init(&req, &par, &open, &seg, 1);
			xtcp_request_plan(&req, &par, &open, &plan, 1);
			mode = mode_of(req.ecn, req.ecn_flags);
			CHECK_ROW(servers[i].what, mode, servers[i].syn[n]);
			CHECK_ROW(servers[i].what, plan.flags & XTCP_ACE,
				  mode == 'A' ? ace(echo[servers[i].field]) :
				  mode == 'C' ? XTCP_ECE : 0);
			CHECK_ROW(servers[i].what, !!(plan.opts & XTCP_OPT_ACCECN),
				  mode == 'A');
			CHECK_EQ(plan.ecn, 0);
		}
}

/* RFC 9768 3.1.5: a peer whose SYNs ask for both kinds in one handshake gets a RST. */
UNIT(ecn_conflicting_syns)
{
	static const struct {
		u8 ecn;
		u8 first, second;	/* ACE */
		enum xtcp_request_act act;
	} tab[] = {
		{ 3, 7, 7, XTCP_REQUEST_SYNACK },	{ 3, 7, 0, XTCP_REQUEST_SYNACK },
		{ 3, 7, 3, XTCP_REQUEST_RESET },		{ 3, 3, 7, XTCP_REQUEST_RESET },
		{ 3, 3, 3, XTCP_REQUEST_SYNACK },	{ 3, 3, 0, XTCP_REQUEST_SYNACK },
		{ 3, 0, 7, XTCP_REQUEST_SYNACK },	{ 3, 1, 6, XTCP_REQUEST_SYNACK },
		{ 2, 3, 7, XTCP_REQUEST_SYNACK },	{ 2, 7, 3, XTCP_REQUEST_SYNACK },
		{ 0, 3, 7, XTCP_REQUEST_SYNACK },
	};
	u32 i;

	for (i = 0; i < ARRAY_SIZE(tab); i++) {
		struct xtcp_seg seg = { .nsegs = 1, .seq = 7,
					.flags = XTCP_SYN | ace(tab[i].first) };
		struct xtcp_request req;

		xtcp_params_init(&par);
		par.ecn = tab[i].ecn;
		xtcp_request_init(&req, &par, &peer, &seg, 1);
		seg.flags = XTCP_SYN | ace(tab[i].second);
		CHECK_EQ(xtcp_request_rx(&req, &par, &seg, 2), tab[i].act);
	}
}

/* RFC 8257: DCTCP needs ECN, so it asks for it regardless of the knob. */
UNIT(ecn_needed)
{
	static struct xtcp_tcb tcb;
	static const u8 syn[] = { 3, 3, 3, 7, 3, 3 };	/* ACE, by net.ipv4.tcp_ecn */
	struct xtcp_cc ect = xtcp_cc_reno;
	struct xtcp_plan plan;
	u32 i;

	ect.flags |= XTCP_CC_ECT;
	CHECK(xtcp_cc_needs_ecn(&ect));
	CHECK(!xtcp_cc_needs_ecn(&xtcp_cc_reno));
	for (i = 0; i < ARRAY_SIZE(syn); i++) {
		xtcp_params_init(&par);
		par.ecn = (u8)i;
		xtcp_tcb_init(&tcb, &par);
		xtcp_cc_set(&tcb, &ect, 1);
		xtcp_connect(&tcb, &peer, 1);
		CHECK(xtcp_tx_peek(&tcb, 1, &plan));
		CHECK_EQ(plan.flags, XTCP_SYN | ace(syn[i]));
	}
}

/* ---- RFC 3168 ---- */

/* ---- RFC 9768: the handshake ---- */

/* The plan gets the initial counters, whatever it contained before. */
UNIT(ecn_synack_sets_all_counters)
{
	struct xtcp_seg syn = {
		.flags = XTCP_SYN | XTCP_AE | XTCP_CWR | XTCP_ECE, .nsegs = 1,
	};
	struct xtcp_request req;
	struct xtcp_plan plan;

	xtcp_params_init(&par);
	par.ecn = 3;
	memset(&plan, 0xa5, sizeof(plan));
	xtcp_request_init(&req, &par, &peer, &syn, XTCP_NSEC_PER_SEC);
	xtcp_request_plan(&req, &par, &peer, &plan, XTCP_NSEC_PER_SEC);
	CHECK(plan.opts & XTCP_OPT_ACCECN0);
	CHECK_EQ(plan.nacc, 3);
	CHECK_EQ(plan.acc[0], 1);
	CHECK_EQ(plan.acc[1], 0);
	CHECK_EQ(plan.acc[2], 1);
}

/* A SYN-ACK that was resent early, because of a cached RTT, was perhaps not lost. */
UNIT(ecn_synack_early)
{
	static const u8 flags[] = {
		0, 0, XTCP_ECN_OPT_MUTE, XTCP_ECN_OPT_MUTE | XTCP_ECN_NO_ECT | XTCP_ECN_BARE,
	};
	u8 i;

	xtcp_params_init(&par);
	for (i = 1; i < ARRAY_SIZE(flags); i++) {
		struct xtcp_request req = { .ecn = XTCP_ECN_ACC, .rto_ms = 9, .retries = i };

		xtcp_ecn_request_timeout(&req, &par);
		CHECK_EQ(req.ecn_flags, flags[i]);
	}
}

/* Likewise a SYN: the second one still asks, the third does not. */
UNIT(ecn_syn_early)
{
	static const u16 flags[] = { XTCP_SYN | XTCP_CWR | XTCP_ECE,
				     XTCP_SYN | XTCP_CWR | XTCP_ECE, XTCP_SYN };
	static struct xtcp_tcb tcb;
	struct xtcp_open open = peer;
	struct xtcp_plan plan;
	u64 now = 1;
	u32 i;

	xtcp_params_init(&par);
	par.ecn = 1;
	xtcp_tcb_init(&tcb, &par);
	open.cached_srtt_us = 50000;
	xtcp_connect(&tcb, &open, now);
	CHECK(tcb.syn_rto_us);
	for (i = 0; i < ARRAY_SIZE(flags); i++) {
		CHECK(xtcp_tx_peek(&tcb, now, &plan));
		CHECK_EQ(plan.flags, flags[i]);
		xtcp_tx_commit(&tcb, &plan, now);
		now = xtcp_deadline(&tcb);
		xtcp_timeout(&tcb, now);
	}
}

/* Which SYN-ACKs after the handshake are to be reported once more. */
UNIT(ecn_synack_again)
{
	static const struct {
		const char *what;
		u8 mode;
		u32 passive;
		u32 seq;
		u16 flags;
		u8 ace;
		bool told;
	} tab[] = {
		{ "lost ACK", XTCP_ECN_ACC, 0, 700, XTCP_SYN | XTCP_ACK, 2, true },
		{ "CE", XTCP_ECN_ACC, 0, 700, XTCP_SYN | XTCP_ACK, 6, true },
		{ "RFC 3168", XTCP_ECN_CLASSIC, 0, 700, XTCP_SYN | XTCP_ACK, 2, false },
		{ "passive", XTCP_ECN_ACC, XTCP_F_PASSIVE, 700, XTCP_SYN | XTCP_ACK, 2, false },
		{ "another SYN", XTCP_ECN_ACC, 0, 701, XTCP_SYN | XTCP_ACK, 2, false },
		{ "no ACK", XTCP_ECN_ACC, 0, 700, XTCP_SYN, 2, false },
		{ "no ECN", XTCP_ECN_ACC, 0, 700, XTCP_SYN | XTCP_ACK, 0, false },
		{ "RFC 3168's answer", XTCP_ECN_ACC, 0, 700, XTCP_SYN | XTCP_ACK, 1, false },
		{ "reflected", XTCP_ECN_ACC, 0, 700, XTCP_SYN | XTCP_ACK, 7, false },
	};
	static struct xtcp_tcb tcb;
	u32 i;

	xtcp_params_init(&par);
	for (i = 0; i < ARRAY_SIZE(tab); i++) {
		struct xtcp_seg seg = {
			.flags = tab[i].flags | ace(tab[i].ace), .seq = tab[i].seq,
		};

		xtcp_tcb_init(&tcb, &par);
		tcb.ecn = tab[i].mode;
		tcb.flags |= tab[i].passive;
		tcb.irs = 700;
		xtcp_ecn_synack_again(&tcb, &seg);
		CHECK_ROW(tab[i].what, tcb.ecn_flags, tab[i].told ? XTCP_ECN_HELLO : 0);
	}
}
