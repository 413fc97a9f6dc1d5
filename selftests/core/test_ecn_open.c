// SPDX-License-Identifier: GPL-2.0
/*
 * The handshake of ECN: RFC 3168 6.1.1, RFC 9768 3.1 and 3.2.2.1.
 *
 * E, C and N are ECE, CWR and AE; as one number, ACE, they count 1, 2 and 4.
 */
#include "core.h"
#include "harness.h"

/* ---- who agrees on what with whom ---- */

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

/* Table 2 of RFC 9768: what a SYN-ACK says, by the SYN's field. */
static const u8 echo[] = { 2, 3, 4, 6 };

UNIT(ecn_servers)
{
	u32 i, n;

	for (i = 0; i < ARRAY_SIZE(servers); i++)
		for (n = 0; n < 8; n++) {
			struct xtcp_open open = peer;
			struct xtcp_embryo emb;
			struct xtcp_plan plan;
			struct xtcp_seg seg = { .nsegs = 1, .seq = 7, .wnd = 60000,
				.flags = XTCP_SYN | ace(n), .ecn = servers[i].field };
			char mode;

			xtcp_params_init(&par);
			par.ecn = servers[i].ecn;
			open.need_ecn = servers[i].need;
			xtcp_embryo_init(&emb, &par, &open, &seg, 1);
			xtcp_embryo_plan(&emb, &par, &open, &plan, 1);
			mode = mode_of(emb.ecn, emb.ecn_flags);
			CHECK_ROW(servers[i].what, mode, servers[i].syn[n]);
			CHECK_ROW(servers[i].what, plan.flags & XTCP_ACE,
				  mode == 'A' ? ace(echo[servers[i].field]) :
				  mode == 'C' ? XTCP_ECE : 0);
			CHECK_ROW(servers[i].what, !!(plan.opts & XTCP_OPT_ACCECN),
				  mode == 'A');
			CHECK_EQ(plan.ecn, 0);
		}
}

/* RFC 9768 3.1.5: who asks for both kinds in one handshake is reset. */
UNIT(ecn_conflicting_syns)
{
	static const struct {
		u8 ecn;
		u8 first, second;	/* ACE */
		enum xtcp_embryo_act act;
	} tab[] = {
		{ 3, 7, 7, XTCP_EMBRYO_SYNACK },	{ 3, 7, 0, XTCP_EMBRYO_SYNACK },
		{ 3, 7, 3, XTCP_EMBRYO_RESET },		{ 3, 3, 7, XTCP_EMBRYO_RESET },
		{ 3, 3, 3, XTCP_EMBRYO_SYNACK },	{ 3, 3, 0, XTCP_EMBRYO_SYNACK },
		{ 3, 0, 7, XTCP_EMBRYO_SYNACK },	{ 3, 1, 6, XTCP_EMBRYO_SYNACK },
		{ 2, 3, 7, XTCP_EMBRYO_SYNACK },	{ 2, 7, 3, XTCP_EMBRYO_SYNACK },
		{ 0, 3, 7, XTCP_EMBRYO_SYNACK },
	};
	u32 i;

	for (i = 0; i < ARRAY_SIZE(tab); i++) {
		struct xtcp_seg seg = { .nsegs = 1, .seq = 7,
					.flags = XTCP_SYN | ace(tab[i].first) };
		struct xtcp_embryo emb;

		xtcp_params_init(&par);
		par.ecn = tab[i].ecn;
		xtcp_embryo_init(&emb, &par, &peer, &seg, 1);
		seg.flags = XTCP_SYN | ace(tab[i].second);
		CHECK_EQ(xtcp_embryo_rx(&emb, &par, &seg, 2), tab[i].act);
	}
}

/* RFC 8257: of no use without, so it asks whatever the knob says. */
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

static const struct script ecn_fallback[] = {
	{ "the second SYN does not ask (6.1.1.1)", "par ecn 1\nconnect\n> SEC 0\n~ 1s\n> S 0\n< SA 0 ack 1 mss 1000\n> A 1\n= ecn 0\n" },
	{ "unless the knob says so", "par ecn 1\npar ecn_fallback 0\nconnect\n> SEC 0\n~ 1s\n> SEC 0\n" },
	{ "an answer to the first: echo, but no ECT", "par ecn 1\nconnect\n> SEC 0\n~ 1s\n> S 0\n< SAE 0 ack 1 mss 1000\n> A 1\n= ecn 1\n"
	  "write 10\n> PA 1+10 ect 0\n< A 1+100 ecn 3\n> AE 11 ack 101\n" },
	{ "a SYN without after one with: the same", "listen\n< SEC 0 mss 1000\n> SAE 0\n< S 0 mss 1000\n> SA 0\n< A 1 ack 1\nwrite 10\n"
	  "> PA 1+10 ect 0\n< A 1+100 ecn 3\n> AE 11 ack 101\n" },
	{ "the third SYN-ACK does without", "listen\n< SEC 0 mss 1000\n> SAE 0\n~ 1s\n> SAE 0\n~ 2s\n> SA 0\n< A 1 ack 1\nwrite 10\n"
	  "> PA 1+10 ect 0\n" },
	{ "a broken server reflects", "par ecn 1\nconnect\n> SEC 0\n< SAEC 0 ack 1 mss 1000\n> A 1\n= ecn 0\n" },
	{ "simultaneous open", "par ecn 1\nconnect\n> SEC 0\n< SEC 0 mss 1000\n> SAE 0 ack 1\n< A 1 ack 1\n= ecn 1\nwrite 10\n> PA 1+10 ect 2\n" },
	{ "simultaneous open with one that does not ask", "par ecn 1\nconnect\n> SEC 0\n< S 0 mss 1000\n> SA 0 ack 1\n< A 1 ack 1\n= ecn 0\n" },
	{ "simultaneous open with one that asks for more: what both asked for", "par ecn 4\nconnect\n> SEC 0\n< SECN 0 mss 1000\n> SAE 0 ack 1\n"
	  "< SAE 0 ack 1\n= ecn 1\nwrite 10\n> PA 1+10 ect 2\n< A 1+100 ack 11 ecn 3\n> AE 11 ack 101\n" },
	{ "simultaneous open without asking: what would be agreed to is not", "par ecn 2\nconnect\n> S 0\n< SEC 0 mss 1000\n> SA 0 ack 1\n"
	  "< SA 0 ack 1\n= ecn 0\nwrite 10\n> PA 1+10 ect 0\n" },
	{ "nor AccECN", "par ecn 5\nconnect\n> S 0\n< SECN 0 mss 1000\n> SA 0 ack 1\n< SA 0 ack 1\n= ecn 0\nwrite 10\n> PA 1+10 ect 0\n" },
};
SCRIPTS(ecn_fallback);

/* ---- RFC 9768: the handshake ---- */

#define ACC		"par ecn 3\nconnect space 60000\n> SECN 0 ect 0 acc none\n< SAC 0 ack 1 mss 1000 wnd 65535 acc0 1,0,1\n" \
			"> AC 1 acc 0:1,0,1 hdr 32\n"
#define ACC_TS		"par ecn 3\nconnect space 60000\n> SECN 0\n< SAC 0 ack 1 mss 1000 wnd 65535 sackok ts 0xffffff00 0\n" \
			"> AC 1 acc 0:1,0,1 hdr 44\n"
#define ACC_SYN		"par ecn 3\nlisten space 60000\n< SECN 0 mss 1000 wnd 65535\n> SAC 0 ect 0 acc 0:1,0,1\n"
#define ACC_IN		ACC_SYN "< AC 1 ack 1 acc0 1,0,1\n"

static const struct script acc_open[] = {
	{ "ECT, and a count of 5", ACC "write 10\n> PAEN 1+10 ect 2\n" },
	{ "the SYN-ACK's field is told: Not-ECT", ACC "= r_cep 5\n" },
	{ "ECT(1)", "par ecn 3\nconnect\n> SECN 0\n< SAC 0 ack 1 mss 1000 ecn 1\n> AEC 1\n= r_cep 5\n" },
	{ "ECT(0)", "par ecn 3\nconnect\n> SECN 0\n< SAC 0 ack 1 mss 1000 ecn 2\n> AN 1\n= r_cep 5\n" },
	{ "CE, which counts, too", "par ecn 3\nconnect\n> SECN 0\n< SAC 0 ack 1 mss 1000 ecn 3\n> ACN 1\n= r_cep 6\nwrite 10\n> PACN 1+10\n" },
	{ "told before data that waits", "par ecn 3\nconnect\n> SECN 0\nwrite 10\n< SAC 0 ack 1 mss 1000 wnd 1000\n> AC 1\n> PAEN 1+10 ect 2\n" },
	{ "the SYN-ACK again, with another field", ACC "+ 600ms\n< SAC 0 ack 1 ecn 3\n> ACN 1\n= r_cep 6\n+ 600ms\n< SAC 0 ack 1 ecn 3\n"
	  "> ACN 1\n= r_cep 6\nwrite 10\n> PACN 1+10\n" },
	{ "the SYN-ACK again, as ECT(0)", ACC "+ 600ms\n< SAC 0 ack 1 ecn 2\n> AN 1\n= r_cep 5\nwrite 10\n> PAEN 1+10\n" },
	{ "our SYN arrived as CE: no ECT, one segment", "par ecn 3\nconnect\n> SECN 0\n< SACN 0 ack 1 mss 1000 wnd 60000\n> AC 1\n= cwnd 1000\n"
	  "= s_cep 5\nwrite 10\n> PAEN 1+10 ect 0\n" },
	{ "and only the first window: after an idle time it is the usual", "par ecn 3\npar tlp 0\nconnect\n> SECN 0\n< SACN 0 ack 1 mss 1000 wnd 60000\n"
	  "> AC 1\n= cwnd 1000\nset nodelay 1\nwrite 14000\n> AEN 1+1000\n< AEN 1 ack 1001\n> PAEN 1001+2000\n< AEN 1 ack 3001\n"
	  "> PAEN 3001+4000\n< AEN 1 ack 7001\n> PAEN 7001+7000\n< AEN 1 ack 14001\n= cwnd 15000\n+ 5s\nwrite 20000\n"
	  "= cwnd 10000\n> PAEN 14001+10000\n" },
	{ "the SYN asks twice, then no more", "par ecn 3\nconnect\n> SECN 0\n~ 1s\n> SECN 0\n~ 2s\n> S 0\n~ 4s\n> S 0\n" },
	{ "an answer to the first: AccECN, and ECT", "par ecn 3\nconnect\n> SECN 0\n~ 1s\n> SECN 0\n~ 2s\n> S 0\n< SAC 0 ack 1 mss 1000\n> AC 1\n"
	  "write 10\n> PAEN 1+10 ect 2\n" },
	{ "no option", "par ecn 3\npar ecn_option 0\nconnect\n> SECN 0\n< SAC 0 ack 1 mss 1000\n> AC 1 acc none\n< AEN 1+100 ecn 3\n"
	  "> ACN 1 acc none\n" },
	{ "a listener without option", "par ecn 3\npar ecn_option 0\nlisten\n< SECN 0 mss 1000\n> SAC 0 acc none\n" },
};
SCRIPTS(acc_open);

/* Table 4: ACE 0 to 7 of the ACK that ends SYN-RECEIVED. */
static const struct script acc_third[] = {
	{ "0: no ECT, no belief", ACC_SYN "< A 1 ack 1\n= s_cep 5\nwrite 9000\n> PAEN 1+9000 ect 0\n< ACN 1 ack 1001\n= cong 0\n" },
	{ "0: feedback goes on", ACC_SYN "< A 1 ack 1\n< AEN 1+100 ecn 3\n> ACN 1 ack 101 acc 0:1,100\n" },
	{ "1", ACC_SYN "< AE 1 ack 1\n= s_cep 5\nwrite 10\n> PAEN 1+10 ect 2\n" },
	{ "2: Not-ECT, as sent", ACC_SYN "< AC 1 ack 1\n= s_cep 5\n= cwnd 10000\nwrite 10\n> PAEN 1+10 ect 2\n" },
	{ "3: ECT(1), mangled", ACC_SYN "< AEC 1 ack 1\n= s_cep 5\nwrite 10\n> PAEN 1+10 ect 0\n" },
	{ "4: ECT(0), mangled", ACC_SYN "< AN 1 ack 1\n= s_cep 5\nwrite 10\n> PAEN 1+10 ect 0\n" },
	{ "5", ACC_SYN "< AEN 1 ack 1\n= s_cep 5\nwrite 10\n> PAEN 1+10 ect 2\n" },
	{ "6: CE: mangled, but a mark", ACC_SYN "< ACN 1 ack 1\n= s_cep 6\n= cwnd 1000\nwrite 10\n> PAEN 1+10 ect 0\n" },
	{ "7", ACC_SYN "< AECN 1 ack 1\n= s_cep 5\nwrite 10\n> PAEN 1+10 ect 2\n" },
	{ "with data it is a count", ACC_SYN "< AEN 1+100 ack 1\n> AEN 1 ack 101\n= s_cep 5\nwrite 10\n> PAEN 1+10 ect 2\n" },
	{ "the same once more later: no count", ACC_IN "< AC 1 ack 1\n= s_cep 5\nwrite 10\n> PAEN 1+10 ect 2\n< AEN 1 ack 11\n= cong 0\n" },
	{ "mangled, but marks are answered", ACC_SYN "< AN 1 ack 1\nwrite 9000\n> PAEN 1+9000 ect 0\n< ACN 1 ack 1001\n= cong 3\n" },
	{ "simultaneous open", "par ecn 3\nconnect\n> SECN 0\n< SECN 0 mss 1000 ecn 2\n> SAN 0 ack 1\n< SAC 0 ack 1\n= state ESTABLISHED\n"
	  "= s_cep 5\n= ecn 2\nwrite 10\n> PAEN 1+10 ect 2\n" },
};
SCRIPTS(acc_third);

static const struct script acc_embryo[] = {
	{ "the newest SYN's field", ACC_SYN "< SECN 0 mss 1000 ecn 3\n> SACN 0 acc none\n+ 500ms\n< SECN 0 mss 1000 ecn 2\n> SAN 0\n" },
	{ "a SYN that does not ask: AccECN, but no ECT", ACC_SYN "< S 0 mss 1000\n> SAC 0\n< AC 1 ack 1\n= ecn 2\nwrite 10\n> PAEN 1+10 ect 0\n" },
	{ "who knows only RFC 3168 does not see the difference", "listen\n< SEC 0 mss 1000\n> SAE 0\n< SECN 0 mss 1000\n> SAE 0\n" },
	{ "no ECN stays so", "par ecn 3\nlisten\n< S 0 mss 1000\n> SA 0\n< SECN 0 mss 1000\n> SA 0\n" },
	{ "SYN-ACKs: without option, then without ECN", ACC_SYN "~ 1s\n> SAC 0 acc none\n~ 2s\n> SA 0 acc none\n< AC 1 ack 1\n= ecn 2\n"
	  "write 10\n> PAEN 1+10 ect 0\n" },
	{ "with ECN when the knob says so", "par ecn_fallback 0\n" ACC_SYN "~ 1s\n> SAC 0 acc none\n~ 2s\n> SAC 0 acc none\n" },
	{ "with the option when that knob says so", "par ecn_option 3\n" ACC_SYN "~ 1s\n> SAC 0 acc 0:1,0,1\n" },
	{ "a challenge carries a count", ACC_SYN "< S 5\n> AEN 1 ack 1\n" },
};
SCRIPTS(acc_embryo);

