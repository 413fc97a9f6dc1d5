// SPDX-License-Identifier: GPL-2.0
/*
 * Sentences of RFCs that no file of the engine has to itself: what
 * Documentation/rfc-map names and the tests of the single files do not show.
 */
#include "core.h"
#include "harness.h"

#define OPEN	"established sack rtt 40\nset nodelay 1\n"
#define TEN	OPEN "write 10000\n> PA 1+10000\n+ 40ms\n"

/* One segment, acknowledged together with a D-SACK of it: one more round. */
#define DUPLICATE(from, to)						\
	"write 1000\n> PA " #from "+1000\n+ 40ms\n"			\
	"< A 1 ack " #to " sack " #from "-" #to "\n"

static const struct script rfc8985[] = {
	{ "what may be the answer to the original is no measure",
	  TEN "< A 1 ack 1 sack 1001-10001\n> A 1+1000\n= rack_rtt_us 40000\n+ 39ms\n< A 1 ack 1001\n= rack_rtt_us 40000\n"
	  "< A 1 ack 10001\n" },
	{ "what cannot be is one",
	  TEN "< A 1 ack 1 sack 1001-10001\n> A 1+1000\n+ 45ms\n< A 1 ack 1001\n= rack_rtt_us 45000\n< A 1 ack 10001\n" },
	{ "patience ends at SRTT", OPEN DUPLICATE(1, 1001) DUPLICATE(1001, 2001) DUPLICATE(2001, 3001) DUPLICATE(3001, 4001)
	  DUPLICATE(4001, 5001) DUPLICATE(5001, 6001) "= rack_mult 7\nwrite 5000\n> PA 6001+5000\n+ 40ms\n"
	  "< A 1 ack 6001 sack 7001-8001\n> no\n~ 40ms\n> A 6001+1000\n" },
	{ "an ACK begins the probe's timer anew", OPEN "write 3000\n> PA 1+3000\n+ 40ms\n< A 1 ack 1001\n~ 80ms\n> PA 2001+1000\n" },
};
SCRIPTS(rfc8985);

/* RFC 8985, 6.2 step 4: sixteen recoveries later the multiplier is forgotten. */
UNIT(rfc8985_persist)
{
	struct xtcp_params par;
	struct xtcp_tcb tcb;
	int i;

	xtcp_params_init(&par);
	xtcp_tcb_init(&tcb, &par);
	xtcp_rack_dsack(&tcb);
	CHECK_EQ(tcb.rack_mult, 2);
	for (i = 0; i < 15; i++)
		xtcp_rack_recovered(&tcb);
	CHECK_EQ(tcb.rack_mult, 2);
	/* Another one in between, and it is sixteen again. */
	xtcp_rack_dsack(&tcb);
	CHECK_EQ(tcb.rack_mult, 3);
	for (i = 0; i < 15; i++)
		xtcp_rack_recovered(&tcb);
	CHECK_EQ(tcb.rack_mult, 3);
	xtcp_rack_recovered(&tcb);
	CHECK_EQ(tcb.rack_mult, 1);
}

static const struct script rfc9937[] = {
	{ "RecoverFS", TEN "< A 1 ack 1 sack 1001-5001\n> A 1+1000\n= recover_fs 10000\n< A 1 ack 10001\n" },
	{ "RecoverFS without what was SACKed before",
	  TEN "< A 1 ack 1 sack 1001-2001\n< A 1 sack 1001-3001\n< A 1 sack 1001-4001\n> A 1+1000\n= recover_fs 8000\n"
	  "< A 1 ack 10001\n" },
};
SCRIPTS(rfc9937);

/* RFC 9768, 3.1.5: control packets are not ECT, data is. */
static const struct script rfc9768[] = {
	{ "only new data is ECT", "par ecn 3\npar tlp 0\nconnect\n> SECN 0 ect 0\n< SAC 0 ack 1 mss 1000 wnd 65535\n> AC 1 ect 0\n"
	  "< AEN 1+100 ecn 3\n> ACN 1 ack 101 ect 0\nwrite 10\n> PACN 1+10 ect 2\n+ 1200ms\n> PACN 1+10 ect 0\n"
	  "< AEN 101 ack 11\nshutdown\n> FACN 11 ect 0\n" },
};
SCRIPTS(rfc9768);

/* RFC 9293 MUST-23: whoever called connect() has three minutes, at least. */
static const struct script rfc9293_r2[] = {
	{ "of a simultaneous open", "connect\n> S 0\n< S 0 mss 1000\n> SA 0\n~ 1s\n> SA 0\n~ 2s\n> SA 0\n~ 4s\n> SA 0\n~ 8s\n> SA 0\n"
	  "~ 16s\n> SA 0\n~ 32s\n> SA 0\n~ 64s\n> SA 0\n= state SYN-RECEIVED\n~ 120s\n= state CLOSED\n= err TIMEDOUT\n> no\n" },
};
SCRIPTS(rfc9293_r2);

static const struct xtcp_open peer = {
	.flow = { .sport = 1, .dport = 2 },
	.rcv_space = 60000, .rcv_space_max = 60000, .gso_max = 60000,
	.path_mss = 1000, .adv_mss = 1000,
};

/* RFC 9040: what earlier connections measured, and when the SYN goes again. */
static const struct {
	const char *name;
	u32 srtt_us, rttvar_us;
	u32 first_ms;
} cached[] = {
	{ "nothing known", 0, 0, 1000 },
	{ "40 ms, steady", 40000, 1000, 140 },
	{ "40 ms, varying", 40000, 100000, 440 },
	{ "longer than the guess", 900000, 50000, 1000 },
};

UNIT(rfc9040_syn)
{
	u32 i, k, ms;

	for (i = 0; i < ARRAY_SIZE(cached); i++) {
		struct xtcp_open open = peer;
		struct xtcp_params par;
		struct xtcp_tcb tcb;
		u64 now = XTCP_NSEC_PER_SEC;

		xtcp_params_init(&par);
		xtcp_tcb_init(&tcb, &par);
		open.cached_srtt_us = cached[i].srtt_us;
		open.cached_rttvar_us = cached[i].rttvar_us;
		xtcp_connect(&tcb, &open, now);
		/* After it the usual: 1 s, 2 s, 4 s. */
		for (k = 0, ms = cached[i].first_ms; k < 4; k++) {
			struct xtcp_plan plan;

			CHECK(xtcp_tx_peek(&tcb, now, &plan));
			CHECK_EQ(plan.flags & XTCP_SYN, XTCP_SYN);
			xtcp_tx_commit(&tcb, &plan, now);
			CHECK_ROW(cached[i].name, xtcp_deadline(&tcb) - now, ms * XTCP_NSEC_PER_MSEC);
			now = xtcp_deadline(&tcb);
			xtcp_timeout(&tcb, now);
			ms = ms < 1000 ? 1000 : 2 * ms;
		}
		xtcp_tcb_fini(&tcb);
	}
}

UNIT(rfc9040_synack)
{
	u32 i, k, ms;

	for (i = 0; i < ARRAY_SIZE(cached); i++) {
		struct xtcp_seg syn = { .nsegs = 1, .seq = 7, .flags = XTCP_SYN };
		struct xtcp_open open = peer;
		struct xtcp_params par;
		struct xtcp_embryo emb;
		u64 now = XTCP_NSEC_PER_SEC;

		xtcp_params_init(&par);
		open.cached_srtt_us = cached[i].srtt_us;
		open.cached_rttvar_us = cached[i].rttvar_us;
		xtcp_embryo_init(&emb, &par, &open, &syn, now);
		for (k = 0, ms = cached[i].first_ms; k < 4; k++) {
			CHECK_ROW(cached[i].name, xtcp_embryo_deadline(&emb, now) - now,
				  ms * XTCP_NSEC_PER_MSEC);
			now = xtcp_embryo_deadline(&emb, now);
			CHECK_EQ(xtcp_embryo_timeout(&emb, &par, 5, 0, now), XTCP_EMBRYO_SYNACK);
			ms = ms < 1000 ? 1000 : 2 * ms;
		}
	}
}

/* The window at which an earlier connection met loss ends slow start. */
UNIT(rfc9040_ssthresh)
{
	static const u32 tab[] = { 0, 30000 };
	u32 i;

	for (i = 0; i < ARRAY_SIZE(tab); i++) {
		struct xtcp_open open = peer;
		struct xtcp_params par;
		struct xtcp_tcb tcb;

		xtcp_params_init(&par);
		xtcp_tcb_init(&tcb, &par);
		open.cached_ssthresh = tab[i];
		xtcp_connect(&tcb, &open, 1);
		CHECK_EQ(tcb.ssthresh, tab[i] ?: ~0U);
		xtcp_tcb_fini(&tcb);
	}
}
