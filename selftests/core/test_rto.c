// SPDX-License-Identifier: GPL-2.0
/*
 * The retransmission timer: RFC 6298 section 5, RFC 9293 3.8.3 (R1, R2), RFC
 * 5681 3.1. The handshake of these scripts takes no time: SRTT is 1 us.
 */
#include "core.h"
#include "harness.h"

/* SHLD-11: by default R2 is beyond 100 s. */
UNIT(rto_r2_default)
{
	struct xtcp_params par;
	u64 us, sum = 0;
	int i;

	xtcp_params_init(&par);
	us = par.rto_min_us;
	for (i = 0; i <= par.retries2; i++, us *= 2)
		sum += min_t(u64, us, par.rto_max_us);
	CHECK(sum > 100000000);
}

/* A connection in @state; bytes from @out on are in flight. */
static void rto_init(struct xtcp_tcb *tcb, struct xtcp_params *par, u8 state, u32 out)
{
	xtcp_params_init(par);
	xtcp_tcb_init(tcb, par);
	tcb->state = state;
	tcb->mss = 1000;
	tcb->cwnd = 10000;
	tcb->iss = 50000;
	tcb->snd_una = tcb->snd_nxt = state == XTCP_SYN_SENT || state == XTCP_SYN_RECEIVED ?
				      50000 : 60000;
	tcb->snd_wnd = tcb->max_snd_wnd = 65535;
	tcb->srtt8_us = 8 * 40000;
	tcb->rto_us = par->rto_min_us;
	if (out)
		xtcp_map_append(tcb, tcb->snd_nxt + out, 0, XTCP_NSEC_PER_SEC);
	tcb->snd_end = tcb->snd_nxt;
}

/* RFC 6298 (5.5): doubled at most 16 times; the RTO of a SYN may be a cached one. */
UNIT(rto_doubles)
{
	static const struct {
		u8 state;
		u32 syn_rto_us, rto_us, backoff;
		u64 us;
	} tab[] = {
		{ XTCP_ESTABLISHED, 0, 1000, 0, 1000 }, { XTCP_ESTABLISHED, 0, 1000, 1, 2000 },
		{ XTCP_ESTABLISHED, 0, 1000, 15, 32768000 }, { XTCP_ESTABLISHED, 0, 1000, 16, 65536000 },
		{ XTCP_ESTABLISHED, 0, 1000, 17, 65536000 }, { XTCP_ESTABLISHED, 0, 200000, 17, 120000000 },
		{ XTCP_ESTABLISHED, 77, 1000, 0, 1000 }, { XTCP_SYN_SENT, 77, 1000, 0, 77 },
		{ XTCP_SYN_RECEIVED, 77, 1000, 0, 77 }, { XTCP_SYN_SENT, 77, 1000, 1, 1000 },
		{ XTCP_SYN_SENT, 77, 1000, 2, 2000 },
	};
	struct xtcp_params par;
	struct xtcp_tcb tcb;
	u32 i;

	for (i = 0; i < ARRAY_SIZE(tab); i++) {
		rto_init(&tcb, &par, tab[i].state, 0);
		tcb.syn_rto_us = tab[i].syn_rto_us;
		tcb.rto_us = tab[i].rto_us;
		tcb.backoff = tab[i].backoff;
		CHECK_EQ(xtcp_rto_ns(&tcb), tab[i].us * XTCP_NSEC_PER_USEC);
	}
}

/* R2 of SYNs, SYN-ACKs, orphans and others (RFC 9293, 3.8.3). */
UNIT(rto_retries)
{
	static const struct {
		const char *what;
		u8 state;
		u32 flags;
		u32 syn_rto_us;
		u8 linear;
		u32 limit;
	} tab[] = {
		{ "SYN", XTCP_SYN_SENT, 0, 0, 0, 7 }, { "after an early repetition", XTCP_SYN_SENT, 0, 77, 0, 8 },
		{ "and after others", XTCP_SYN_SENT, 0, 77, 4, 12 },
		{ "both ends opened", XTCP_SYN_RECEIVED, 0, 77, 4, 8 },
		{ "SYN-ACK", XTCP_SYN_RECEIVED, XTCP_F_PASSIVE, 0, 4, 5 },
		{ "after an early one", XTCP_SYN_RECEIVED, XTCP_F_PASSIVE, 77, 4, 6 },
		{ "data", XTCP_ESTABLISHED, 0, 77, 4, 15 },
	};
	struct xtcp_params par;
	struct xtcp_tcb tcb;
	u32 i, k;

	for (i = 0; i < ARRAY_SIZE(tab); i++)
		for (k = 0; k < 2; k++) {
			rto_init(&tcb, &par, tab[i].state, 1);
			tcb.flags = tab[i].flags;
			tcb.syn_rto_us = tab[i].syn_rto_us;
			par.syn_linear = tab[i].linear;
			tcb.retries = tab[i].limit - 1 + k;
			xtcp_rto_fire(&tcb, 2 * XTCP_NSEC_PER_SEC);
			CHECK_ROW(tab[i].what, tcb.state == XTCP_CLOSED, k);
		}
}

/* The first SYNs are sent at the same interval; other timeouts double it. */
UNIT(rto_counts)
{
	static const struct {
		u8 state;
		u32 retries, backoff;
		u32 after, doubled;
	} tab[] = {
		{ XTCP_SYN_SENT, 3, 0, 4, 0 }, { XTCP_SYN_SENT, 4, 0, 5, 1 }, { XTCP_ESTABLISHED, 0, 0, 1, 1 },
		{ XTCP_ESTABLISHED, 253, 253, 254, 254 }, { XTCP_ESTABLISHED, 254, 254, 255, 255 },
		{ XTCP_ESTABLISHED, 255, 255, 255, 255 },
	};
	struct xtcp_params par;
	struct xtcp_tcb tcb;
	u32 i;

	for (i = 0; i < ARRAY_SIZE(tab); i++) {
		rto_init(&tcb, &par, tab[i].state, 1);
		par.syn_linear = 4;
		tcb.user_timeout_ms = 1000;
		tcb.retries = tab[i].retries;
		tcb.backoff = tab[i].backoff;
		xtcp_rto_fire(&tcb, 2 * XTCP_NSEC_PER_SEC);
		CHECK_EQ(tcb.retries, tab[i].after);
		CHECK_EQ(tcb.backoff, tab[i].doubled);
	}
	rto_init(&tcb, &par, XTCP_ESTABLISHED, 0);
	CHECK_EQ(xtcp_rto_fire(&tcb, 2 * XTCP_NSEC_PER_SEC), 0);
}

/* The persist timer runs if no other will; the user timeout begins with it. */
UNIT(rto_persist)
{
	static const struct {
		const char *what;
		u8 state;
		u32 data, wnd;
		bool armed, user;
	} tab[] = {
		{ "what fits just goes", XTCP_ESTABLISHED, 400, 400, false, false },
		{ "a byte more waits for a larger window", XTCP_ESTABLISHED, 401, 400, true, false },
		{ "a closed window", XTCP_ESTABLISHED, 1, 0, true, true },
		{ "nothing to send", XTCP_ESTABLISHED, 0, 0, false, false },
		{ "before the handshake there is no window", XTCP_SYN_SENT, 1, 0, false, false },
		{ "nor in it", XTCP_SYN_RECEIVED, 1, 0, false, false },
	};
	struct xtcp_params par;
	struct xtcp_tcb tcb;
	u32 i;

	for (i = 0; i < ARRAY_SIZE(tab); i++) {
		rto_init(&tcb, &par, tab[i].state, 0);
		/* Twice this value wraps. */
		if (tab[i].state == XTCP_ESTABLISHED)
			tcb.snd_una = tcb.snd_nxt = tcb.snd_end = 0x7fffff80;
		tcb.snd_end += tab[i].data;
		tcb.snd_wnd = tab[i].wnd;
		tcb.user_timeout_ms = 5000;
		tcb.probes = 3;
		xtcp_persist_check(&tcb, XTCP_NSEC_PER_SEC);
		CHECK_ROW(tab[i].what, xtcp_dl_is_set(&tcb, XTCP_DL_PERSIST), tab[i].armed);
		CHECK_ROW(tab[i].what, xtcp_dl_is_set(&tcb, XTCP_DL_USER), tab[i].user);
		CHECK_ROW(tab[i].what, tcb.probes, tab[i].armed ? 0 : 3);
		if (tab[i].armed)
			CHECK_ROW(tab[i].what, tcb.dl[XTCP_DL_PERSIST], 1200 * XTCP_NSEC_PER_MSEC);
	}
}

/* If the local queue refuses output, give up after the time of R2: 200 + 400 + 800 ms. */
UNIT(rto_refused)
{
	struct xtcp_params par;
	struct xtcp_tcb tcb;

	rto_init(&tcb, &par, XTCP_ESTABLISHED, 0);
	par.retries2 = 2;
	tcb.snd_end++;
	xtcp_dl_set(&tcb, XTCP_DL_RETRY, XTCP_NSEC_PER_SEC);
	xtcp_user_restart(&tcb, XTCP_NSEC_PER_SEC);
	CHECK_EQ(tcb.dl[XTCP_DL_USER], 2400 * XTCP_NSEC_PER_MSEC);
}

/* Probes are counted up to 255; their number ends only orphans (RFC 6429, 3). */
UNIT(rto_probes)
{
	static const struct {
		u32 n, flags;
		bool closed;
	} tab[] = {
		{ 0, 0, false }, { 253, 0, false }, { 254, 0, false }, { 255, 0, false },
		{ 7, XTCP_F_ORPHAN, false }, { 20, XTCP_F_ORPHAN, true },
	};
	struct xtcp_params par;
	struct xtcp_tcb tcb;
	u32 i;

	for (i = 0; i < ARRAY_SIZE(tab); i++) {
		rto_init(&tcb, &par, XTCP_ESTABLISHED, 0);
		tcb.snd_end++;
		tcb.snd_wnd = 0;
		tcb.user_timeout_ms = 1000;
		tcb.flags = tab[i].flags;
		tcb.probes = tab[i].n;
		tcb.retries = tab[i].n;
		xtcp_persist_fire(&tcb, XTCP_NSEC_PER_SEC);
		CHECK_EQ(tcb.state == XTCP_CLOSED, tab[i].closed);
		CHECK_EQ(!!(tcb.flags & XTCP_F_PROBE), !tab[i].closed);
		if (tab[i].closed)
			continue;
		CHECK_EQ(tcb.probes, min(tab[i].n + 1, 255U));
		CHECK_EQ(tcb.retries, min(tab[i].n + 1, 255U));
	}
	/* The window is open, and nothing is held back. */
	rto_init(&tcb, &par, XTCP_ESTABLISHED, 0);
	tcb.snd_end++;
	CHECK_EQ(xtcp_persist_fire(&tcb, XTCP_NSEC_PER_SEC), 0);
	CHECK_EQ(tcb.flags, 0);
}

/* Unsent data does not start the user timeout. */
UNIT(rto_user_unsent)
{
	struct xtcp_params par;
	struct xtcp_tcb tcb;

	rto_init(&tcb, &par, XTCP_ESTABLISHED, 0);
	tcb.user_timeout_ms = 1000;
	tcb.snd_end++;
	xtcp_user_restart(&tcb, XTCP_NSEC_PER_SEC);
	CHECK(!xtcp_dl_is_set(&tcb, XTCP_DL_USER));
}

/* R2 as a time: two retransmissions with the minimum RTO take 200 + 400 + 800 ms. */
UNIT(rto_waited_long)
{
	static const struct {
		u32 rto_us, retries;
		bool closed;
	} tab[] = {
		{ 700000, 0, false }, { 699999, 1, false }, { 700000, 1, true }, { 200000, 2, true },
	};
	struct xtcp_params par;
	struct xtcp_tcb tcb;
	u32 i;

	for (i = 0; i < ARRAY_SIZE(tab); i++) {
		rto_init(&tcb, &par, XTCP_ESTABLISHED, 1);
		par.retries2 = 2;
		tcb.rto_us = tab[i].rto_us;
		tcb.retries = tab[i].retries;
		xtcp_rto_fire(&tcb, 2 * XTCP_NSEC_PER_SEC);
		CHECK_EQ(tcb.state == XTCP_CLOSED, tab[i].closed);
	}
}
