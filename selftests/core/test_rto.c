// SPDX-License-Identifier: GPL-2.0
/*
 * The retransmission timer: RFC 6298 section 5, RFC 9293 3.8.3 (R1, R2), RFC
 * 5681 3.1. The handshake of these scripts takes no time: SRTT is 1 us.
 */
#include "core.h"
#include "harness.h"

/* A path of 900 ms: an RTO of 2.7 s. */
#define SLOW "connect space 60000\n> S 0\n+ 900ms\n< SA 0 ack 1 mss 1000 wnd 65535\n> A 1\nwrite 100\n> PA 1+100\n"

static const struct script rto[] = {
	{ "started when data is sent (5.1)", "established\nno-timer\nwrite 100\n> PA 1+100\n~ 200001us\n> PA 1+100\n" },
	{ "not restarted by more data", "established\nset nodelay 1\nwrite 100\n> PA 1+100\n+ 100ms\nwrite 100\n> PA 101+100\n"
	  "~ 100001us\n> PA 1+200\n" },
	{ "stopped when all is acknowledged (5.2)", "established\nwrite 100\n> PA 1+100\n< A 1 ack 101\nno-timer\n" },
	{ "restarted by an ACK of new data (5.3)", "established\nwrite 2000\n> PA 1+2000\n+ 100ms\n< A 1 ack 1001\n= rto_us 212500\n"
	  "~ 212500us\n> PA 1001+1000\n" },
	{ "not by a duplicate", "established\nwrite 2000\n> PA 1+2000\n+ 100ms\n< A 1 ack 1\n~ 100001us\n> A 1+1000\n" },
	{ "but by a SACK of what left before the head was sent again", "par tlp 0\nestablished sack rtt 40\nset nodelay 1\nwrite 5000\n> PA 1+5000\n"
	  "+ 20ms\nwrite 2000\n> PA 5001+2000\n+ 20ms\n< A 1 ack 1 sack 1001-5001\n> A 1+1000\n+ 150ms\n< A 1 ack 1 sack 1001-6001\n"
	  "~ 256250us\n> A 1+1000\n= rtx_timeouts 1\n" },
	{ "the earliest is sent again, one segment (5.4)", "established\nwrite 5000\n> PA 1+5000\n~ 200001us\n> A 1+1000\n> no\n"
	  "= cwnd 1000\n= rtx_timeouts 1\n= total_retrans 1\n= bytes_retrans 1000\n" },
	{ "doubled (5.5) up to the maximum", "par rto_max_us 1500000\nestablished\nwrite 100\n> PA 1+100\n~ 200001us\n> PA 1+100\n"
	  "~ 400002us\n> PA 1+100\n~ 800004us\n> PA 1+100\n~ 1500ms\n> PA 1+100\n~ 1500ms\n> PA 1+100\n" },
	{ "slow start after it", "established\nwrite 5000\n> PA 1+5000\n~ 200001us\n> A 1+1000\n< A 1 ack 1001\n= cwnd 2000\n"
	  "> PA 1001+2000\n< A 1 ack 3001\n> PA 3001+2000\n< A 1 ack 5001\nno-timer\n= cong 0\n" },
	{ "ssthresh from the flight, once (RFC 5681)", "established\nwrite 10000\n> PA 1+10000\n~ 200001us\n= ssthresh 5000\n"
	  "> A 1+1000\n~ 400002us\n> A 1+1000\n= ssthresh 5000\n= cwnd 1000\n" },
	{ "at least two segments", "established\nwrite 100\n> PA 1+100\n~ 200001us\n= ssthresh 2000\n> PA 1+100\n" },
	{ "what was acknowledged meanwhile is not resent", "established\nwrite 5000\n> PA 1+5000\n~ 200001us\n> A 1+1000\n"
	  "< A 1 ack 5001\n> no\nno-timer\n" },
	{ "R1 asks for another way (MUST-20), R2 ends it", "par retries1 2\npar retries2 3\nestablished\nwrite 100\n> PA 1+100\n"
	  "~ 200001us\nnoacts ADVICE\n> PA 1+100\n~ 400002us\nacts ADVICE\n> PA 1+100\n~ 800004us\nacts ADVICE\n"
	  "> PA 1+100\n~ 1600008us\nacts ERROR|STATE\n= state CLOSED\n= err TIMEDOUT\n> no\nno-timer\n" },
	{ "fewer retransmissions fill the time of R2 where the RTO is long", "par tlp 0\npar retries2 4\n" SLOW
	  "~ 2700000us\n> PA 1+100\n~ 5400000us\n> PA 1+100\n~ 10800000us\nacts ERROR|STATE\n= err TIMEDOUT\n" },
	{ "likewise of an orphan", "par tlp 0\npar orphan_retries 3\n" SLOW "close\n> FA 101\n~ 2700000us\n> FPA 1+100\n"
	  "~ 5400000us\n= state CLOSED\n" },
	{ "each asks for another path", "established\nwrite 100\n> PA 1+100\n~ 200001us\nacts REPATH\n> PA 1+100\n"
	  "~ 400002us\nacts REPATH\n> PA 1+100\n" },
	{ "retransmissions carry the newest ACK and window", "established\nwrite 100\n> PA 1+100\n< A 1+500\n> A 101 ack 501\n"
	  "~ 200001us\n> PA 1+100 ack 501 wnd 65035\n" },
	{ "early calls are harmless", "established\nwrite 100\n> PA 1+100\n+ 200ms\n> no\n+ 1us\n> PA 1+100\n" },
};
SCRIPTS(rto);

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

/* A connection in @state; from @out on its bytes are in flight. */
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

/* RFC 6298 (5.5): doubled, 16 times at most; a SYN begins with what its path once took. */
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

/* R2, of SYNs, SYN-ACKs, orphans and the rest (RFC 9293, 3.8.3). */
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

/* The first SYNs are repeated at the same interval; what else times out doubles it. */
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

/* The persist timer is for what nothing else will wake; the user timeout counts from then on. */
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
		/* Twice this wraps. */
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

/* What the local queue refuses is given up after the time of R2: 200 ms, 400 ms, 800 ms. */
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

/* Probes are counted to 255; only an orphan is given up by their number (RFC 6429, 3). */
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

/* What is about to be sent waits for no user timeout yet. */
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

/* R2 is a time, too: two retransmissions with the smallest RTO take 200 + 400 + 800 ms. */
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
