// SPDX-License-Identifier: GPL-2.0
/*
 * Requirements of RFCs that involve several files of the engine: those in
 * Documentation/rfc-map that the tests of single files do not cover.
 */
#include "core.h"
#include "harness.h"

/* RFC 8985, 6.2 step 4: the multiplier is reset after sixteen recoveries. */
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
	/* Another D-SACK meanwhile restarts the count of sixteen. */
	xtcp_rack_dsack(&tcb);
	CHECK_EQ(tcb.rack_mult, 3);
	for (i = 0; i < 15; i++)
		xtcp_rack_recovered(&tcb);
	CHECK_EQ(tcb.rack_mult, 3);
	xtcp_rack_recovered(&tcb);
	CHECK_EQ(tcb.rack_mult, 1);
}

static const struct xtcp_open peer = {
	.flow = { .sport = 1, .dport = 2 },
	.rcv_space = 60000, .rcv_space_max = 60000, .gso_max = 60000,
	.path_mss = 1000, .adv_mss = 1000,
};

/* RFC 9040: cached RTT metrics determine when the SYN is sent again. */
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
		/* After it the usual RTO: 1 s, 2 s, 4 s. */
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
		struct xtcp_request req;
		u64 now = XTCP_NSEC_PER_SEC;

		xtcp_params_init(&par);
		open.cached_srtt_us = cached[i].srtt_us;
		open.cached_rttvar_us = cached[i].rttvar_us;
		xtcp_request_init(&req, &par, &open, &syn, now);
		for (k = 0, ms = cached[i].first_ms; k < 4; k++) {
			CHECK_ROW(cached[i].name, xtcp_request_deadline(&req, now) - now,
				  ms * XTCP_NSEC_PER_MSEC);
			now = xtcp_request_deadline(&req, now);
			CHECK_EQ(xtcp_request_timeout(&req, &par, 5, 0, now), XTCP_REQUEST_SYNACK);
			ms = ms < 1000 ? 1000 : 2 * ms;
		}
	}
}

/* The cached ssthresh of an earlier connection ends slow start. */
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
