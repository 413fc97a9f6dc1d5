// SPDX-License-Identifier: GPL-2.0
/*
 * Listener and embryo: RFC 9293 3.10.7.2, SYN-RECEIVED after a passive open
 * in 3.10.7.4, RFC 5961.
 */
#include "core.h"
#include "harness.h"

/* 3.10.7.2 in its order: RST, ACK, SYN, others. */
static const struct script listener[] = {
	{ "RST is ignored", "listen\n< R 0\nverdict listen DROP\ndrop LISTEN_RST\n> no\n" },
	{ "RST with ACK is ignored", "listen\n< RA 0 ack 5\nverdict listen DROP\n> no\n" },
	{ "RST with SYN is ignored", "listen\n< SR 0\nverdict listen DROP\n> no\n" },
	{ "ACK is reset", "listen\n< A 0 ack 77\nverdict listen RST\n> R 77\ndrop LISTEN_ACK\n" },
	{ "SYN-ACK is reset", "listen\n< SA 0 ack 77\nverdict listen RST\n> R 77\n" },
	{ "FIN-ACK is reset", "listen\n< FA 0 ack 77\nverdict listen RST\n> R 77\n" },
	{ "FIN is dropped", "listen\n< F 0\nverdict listen DROP\ndrop LISTEN_FLAGS\n> no\n" },
	{ "nothing at all is dropped", "listen\n< - 0+10\nverdict listen DROP\n> no\n" },
	{ "SYN with FIN is dropped", "listen\n< SF 0\nverdict listen DROP\n> no\n" },
	{ "SYN is answered", "listen\n< S 0 mss 1000\nverdict listen SYN\n> SA 0 ack 1 mss 1460 nots\n" },
	{ "SYN with ECN bits is answered", "listen\n< SEC 0 mss 1000\nverdict listen SYN\n> SAE 0 ack 1\n" },
};
SCRIPTS(listener);

static const struct script embryo_synack[] = {
	{ "options only as offered",
	  "listen\n< S 0 mss 1000 ws 5 ts 1000 0\n> SA 0 ack 1 mss 1460 ws 0 ts tsecr 1000\n" },
	{ "no scale without the peer's", "listen max 1000000\n< S 0 mss 1000\n> SA 0 ws -1 wnd 64240\n" },
	{ "window unscaled", "listen space 200000 max 1000000\n< S 0 mss 1000 ws 5\n> SA 0 ws 4 wnd 65535\n" },
	{ "data in the SYN is not acknowledged", "listen\n< S 0+100 mss 1000\n> SA 0 ack 1\n" },
	{ "SYN again: SYN-ACK again", "listen\n< S 0 mss 1000\n> SA 0\n+ 200ms\n< S 0 mss 1000\n"
	  "verdict embryo SYNACK\n> SA 0 ack 1\n" },
	{ "with the timestamp of the newest SYN", "listen\n< S 0 mss 1000 ts 1000 0\n> SA 0 tsecr 1000\n+ 100ms\n"
	  "< S 0 mss 1000 ts 1100 0\n> SA 0 tsecr 1100\n+ 500ms\n< S 0 mss 1000 nots\n> SA 0 tsecr 1100\n" },
	{ "a third one not at once", "listen\n< S 0 mss 1000\n> SA 0\n+ 200ms\n< S 0 mss 1000\nverdict embryo SYNACK\n> SA 0\n"
	  "+ 499ms\n< S 0 mss 1000\nverdict embryo SKIP\ndrop EMBRYO\n> no\n+ 1ms\n< S 0 mss 1000\nverdict embryo SYNACK\n> SA 0\n" },
	{ "unless there is no limit", "par challenge_ms 0\nlisten\n< S 0 mss 1000\n> SA 0\n< S 0 mss 1000\n> SA 0\n< S 0 mss 1000\n> SA 0\n" },
	{ "the newest timestamp is that of a copy not answered, too", "listen\n< S 0 mss 1000 ts 1000 0\n> SA 0 tsecr 1000\n"
	  "< S 0 mss 1000 ts 1100 0\n> SA 0 tsecr 1100\n< S 0 mss 1000 ts 1200 0\n> no\n~ 1s\n> SA 0 tsecr 1200\n" },
	{ "repeated 1, 2, 4 .. s, then gone",
	  "listen\n< S 0 mss 1000\n> SA 0\n~ 1s\n> SA 0\n~ 2s\n> SA 0\n~ 4s\n> SA 0\n~ 8s\n> SA 0\n"
	  "~ 16s\n> SA 0\n~ 32s\nverdict embryo KILL\n> no\n" },
};
SCRIPTS(embryo_synack);

#define HALF "listen\n< S 0 mss 1000 wnd 65535\n> SA 0 ack 1\n"

static const struct script embryo_rx[] = {
	{ "ACK accepts", HALF "< A 1 ack 1\nverdict embryo ACCEPT\n= state ESTABLISHED\n"
	  "= snd_una 1\n= mss 1000\n= snd_wnd 65535\n> no\nno-timer\n" },
	{ "ACK with data", HALF "< A 1+100 ack 1\n= state ESTABLISHED\n= got 100\n> A 1 ack 101\n" },
	{ "ACK with FIN", HALF "< FA 1 ack 1\n= state CLOSE-WAIT\n> A 1 ack 2\n" },
	{ "data out of order accepts, too", HALF "< A 101+100 ack 1\n= state ESTABLISHED\n"
	  "= ooo_bytes 100\n> A 1 ack 1\n" },
	{ "ACK of what was not sent is reset", HALF "< A 1 ack 2\nverdict embryo RST\n> R 2\n"
	  "< A 1 ack 0\nverdict embryo RST\n> R 0\n< A 1 ack 1\nverdict embryo ACCEPT\n" },
	{ "no ACK is dropped", HALF "< - 1\nverdict embryo DROP\n> no\ndrop NO_ACK\n" },
	{ "RST in its place ends it", HALF "< R 1\nverdict embryo KILL\n> no\n" },
	{ "RST in the window is challenged", HALF "< R 2\nverdict embryo ACK\n> A 1 ack 1\n" },
	{ "RST outside is dropped", HALF "< R 0\nverdict embryo DROP\n> no\n< R 65536\n"
	  "verdict embryo DROP\n" },
	{ "another SYN is challenged", HALF "< S 5\nverdict embryo ACK\n> A 1 ack 1\n" },
	{ "a SYN outside, too", HALF "< S -100000\nverdict embryo ACK\n> A 1 ack 1\n" },
	{ "outside of the window: ACK", HALF "< A 70000+10 ack 1\nverdict embryo ACK\n> A 1 ack 1\n" },
	{ "one answer to all that is wrong in half a second", HALF "< A 70000 ack 1\nverdict embryo ACK\n> A 1 ack 1\n"
	  "< A 70000 ack 1\nverdict embryo SKIP\n> no\n< S 5\nverdict embryo SKIP\ndrop SYN_CHALLENGE\n> no\n"
	  "< R 2\nverdict embryo SKIP\ndrop RST_CHALLENGE\n> no\n< S 0 mss 1000\nverdict embryo SKIP\n> no\n"
	  "+ 500ms\n< S 5\nverdict embryo ACK\n> A 1 ack 1\n" },
	{ "all of it old: ACK", HALF "< A -9+10 ack 1\nverdict embryo ACK\n> A 1 ack 1\n" },
	{ "its last byte is new", HALF "< A -9+11 ack 1\nverdict embryo ACCEPT\n= got 1\n> A 1 ack 2\n" },
	{ "its FIN is new", HALF "< FA -9+10 ack 1\nverdict embryo ACCEPT\n= state CLOSE-WAIT\n> A 1 ack 2\n" },
	{ "the last number of the window, and the one behind", HALF "< A 64241 ack 1\nverdict embryo ACK\n> A 1\n"
	  "< A 64240 ack 1\nverdict embryo ACCEPT\n" },
	{ "no room at all: only the next number", "listen space 0 max 0\n< S 0 mss 1000\n> SA 0 wnd 0\n< A 1+10 ack 1\n"
	  "verdict embryo ACK\n> A 1 ack 1\n< A 1 ack 1\nverdict embryo ACCEPT\n= state ESTABLISHED\n" },
	{ "old timestamp: ACK", "listen\n< S 0 mss 1000 ts 1000 0\n> SA 0\n< A 1 ack 1 ts 999 0\n"
	  "verdict embryo ACK\n> A 1 ack 1 tsecr 1000\ndrop PAWS\n" },
	{ "an old one that was not agreed on", HALF "< A 1 ack 1 ts 0xfffffff0 0\nverdict embryo ACCEPT\n= state ESTABLISHED\n" },
	{ "none though agreed on: the connection's to refuse", "listen\n< S 0 mss 1000 ts 1000 0\n> SA 0\n< A 1 ack 1 nots\n"
	  "verdict embryo ACCEPT\ndrop NO_TIMESTAMP\n= state SYN-RECEIVED\n" },
};
SCRIPTS(embryo_rx);

static const struct script embryo_accept[] = {
	{ "the SYN-ACK is the first RTT sample",
	  "listen\n< S 0 mss 1000\n> SA 0\n+ 100ms\n< A 1 ack 1 wnd 65535\n= srtt8_us 800000\n"
	  "= rto_us 300000\n= cwnd 10000\n" },
	{ "not after it was repeated; RTO 3 s",
	  "listen\n< S 0 mss 1000\n> SA 0\n~ 1s\n> SA 0\n+ 100ms\n< A 1 ack 1 wnd 65535\n"
	  "= srtt8_us 0\n= rto_us 3000000\n= cwnd 10000\n" },
	{ "nor when the SYN came again",
	  "listen\n< S 0 mss 1000\n> SA 0\n+ 900ms\n< S 0 mss 1000\n> SA 0\n+ 20ms\n< A 1 ack 1 wnd 65535\n= srtt8_us 0\n" },
	{ "the timestamp says which was answered: the second",
	  "listen\n< S 0 mss 1000 ts 5000 0\n> SA 0\n~ 1s\n> SA 0\n+ 100ms\n< A 1 ack 1 wnd 65535 ts 5000 0 tsecr 1000\n= srtt8_us 800000\n" },
	{ "the first: no sample, its ACK may have been lost",
	  "listen\n< S 0 mss 1000 ts 5000 0\n> SA 0\n~ 1s\n> SA 0\n+ 100ms\n< A 1 ack 1 wnd 65535 ts 5000 0 tsecr 0\n= srtt8_us 0\n= rto_us 3000000\n" },
	{ "repeated twice: one segment (RFC 6928)",
	  "listen\n< S 0 mss 1000\n> SA 0\n~ 1s\n> SA 0\n~ 2s\n> SA 0\n+ 100ms\n< A 1 ack 1 wnd 65535\n= cwnd 1000\n" },
	{ "scaled windows from here on",
	  "listen space 60000 max 1000000 mss 1000\n< S 0 mss 1000 ws 3\n> SA 0 ws 4 wnd 60000\n"
	  "< A 1+10 ack 1 wnd 100\n= snd_wnd 800\n> A 1 ack 11 wnd 3750\n" },
	{ "no MSS offered: 536 (MUST-15)", "listen\n< S 0\n> SA 0\n< A 1 ack 1\n= peer_mss 536\n= mss 536\n" },
	{ "1220 under IPv6", "listen v6\n< S 0\n> SA 0\n< A 1 ack 1\n= peer_mss 1220\n= mss 1220\n" },
	{ "RST now resets", HALF "< A 1 ack 1\n< R 1\n= err RESET\n" },
};
SCRIPTS(embryo_accept);

/* The numbers that nobody must guess are those of the flow. */
UNIT(embryo_secrets)
{
	struct xtcp_open open = {
		.flow = { .saddr = { 1, 2, 3, 4 }, .sport = 5 }, .adv_mss = 1000,
		.rcv_space = 1000,
	};
	struct xtcp_seg seg = { .flags = XTCP_SYN, .seq = 77, .opts = XTCP_OPT_TS };
	struct xtcp_embryo emb;
	struct xtcp_params par;
	struct xtcp_plan plan;

	xtcp_params_init(&par);
	par.isn_key[0] = 6;
	par.isn_key[1] = 7;
	xtcp_embryo_init(&emb, &par, &open, &seg, 3 * XTCP_NSEC_PER_SEC);
	xtcp_embryo_plan(&emb, &par, &open, &plan, 5 * XTCP_NSEC_PER_SEC);
	CHECK_EQ(plan.seq, xtcp_isn(&par, &open.flow, 3 * XTCP_NSEC_PER_SEC));
	CHECK_EQ(plan.tsval, 5000 + xtcp_ts_offset(&par, &open.flow));
	CHECK_EQ(plan.ack, 78);
}

/* RFC 9293 3.6.1: above all numbers of the incarnation before, if there was one. */
UNIT(embryo_reopens)
{
	struct xtcp_seg seg = { .flags = XTCP_SYN };
	struct xtcp_open open = { .rcv_space = 1000 };
	struct xtcp_embryo emb;
	struct xtcp_params par;
	u32 clock;

	xtcp_params_init(&par);
	clock = xtcp_isn(&par, &open.flow, 1000);
	open.iss_above = clock + 5;
	xtcp_embryo_init(&emb, &par, &open, &seg, 1000);
	CHECK_EQ(emb.iss, clock);
	open.reopens = true;
	xtcp_embryo_init(&emb, &par, &open, &seg, 1000);
	CHECK_EQ(emb.iss, clock + 5 + 65536);
	open.iss_above = clock;
	xtcp_embryo_init(&emb, &par, &open, &seg, 1000);
	CHECK_EQ(emb.iss, clock + 65536);
	open.iss_above = clock - 1;
	xtcp_embryo_init(&emb, &par, &open, &seg, 1000);
	CHECK_EQ(emb.iss, clock);
}

/* Long after boot: the short clocks have wrapped, or are about to. */
static const u64 hours[] = {
	0, XTCP_NSEC_PER_SEC, ((1ULL << 32) - 500) * XTCP_NSEC_PER_MSEC,
	((1ULL << 32) - 1) * XTCP_NSEC_PER_USEC, (1ULL << 32) * XTCP_NSEC_PER_MSEC,
	(5ULL << 32) * XTCP_NSEC_PER_MSEC + 1, 999999, ((1ULL << 23) - 1) * XTCP_NSEC_PER_MSEC,
};

UNIT(embryo_clocks)
{
	static const struct xtcp_seg syn = { .flags = XTCP_SYN };
	static const struct xtcp_open open;
	struct xtcp_embryo emb;
	struct xtcp_params par;
	u64 at, due;
	u32 i;

	xtcp_params_init(&par);
	for (i = 0; i < ARRAY_SIZE(hours); i++) {
		at = hours[i];
		xtcp_embryo_init(&emb, &par, &open, &syn, at);
		CHECK(at - xtcp_embryo_sent_at(&emb, at) < 1000);
		CHECK(at + 130 * XTCP_NSEC_PER_SEC -
		      xtcp_embryo_sent_at(&emb, at + 130 * XTCP_NSEC_PER_SEC) <
		      130 * XTCP_NSEC_PER_SEC + 1000);
		/* Never early, never a tick late. */
		due = xtcp_embryo_deadline(&emb, at);
		CHECK(due >= at + XTCP_NSEC_PER_SEC);
		CHECK(due < at + XTCP_NSEC_PER_SEC + XTCP_NSEC_PER_MSEC);
		CHECK_EQ(xtcp_embryo_deadline(&emb, at + 600 * XTCP_NSEC_PER_SEC), due);
		CHECK_EQ(xtcp_embryo_timeout(&emb, &par, 1, 0, due - 1), XTCP_EMBRYO_DROP);
		CHECK_EQ(xtcp_embryo_timeout(&emb, &par, 1, 0, due), XTCP_EMBRYO_SYNACK);
		CHECK_EQ(xtcp_embryo_deadline(&emb, due), due + 2 * XTCP_NSEC_PER_SEC);
		due += 2 * XTCP_NSEC_PER_SEC;
		CHECK_EQ(xtcp_embryo_timeout(&emb, &par, 1, 0, due), XTCP_EMBRYO_KILL);
	}
}

/* tcp(7), TCP_DEFER_ACCEPT: who has acknowledged is given time, and left alone. */
UNIT(embryo_defers)
{
	static const struct {
		const char *what;
		u32 len;
		u16 flags;
		u32 defer_s;
		u32 after_ms;
		bool defers;
	} tab[] = {
		{ "not asked for",	0,  XTCP_ACK, 0, 0, false },
		{ "bare ACK",		0,  XTCP_ACK, 1, 0, true },
		{ "nearly over",	0,  XTCP_ACK, 1, 800, true },
		{ "over",		0,  XTCP_ACK, 1, 1200, false },
		{ "data",		1,  XTCP_ACK, 1, 0, false },
		{ "FIN",		0,  XTCP_ACK | XTCP_FIN, 1, 0, false },
		{ "an hour",		0,  XTCP_ACK, 3700, 3600000, true },
	};
	static const struct xtcp_seg syn = { .flags = XTCP_SYN };
	static const struct xtcp_open open;
	struct xtcp_embryo emb;
	struct xtcp_params par;
	u64 now;
	u32 i, k;

	xtcp_params_init(&par);
	for (i = 0; i < ARRAY_SIZE(tab); i++)
		for (k = 0; k < ARRAY_SIZE(hours); k++) {
			struct xtcp_seg seg = { .flags = tab[i].flags, .len = tab[i].len };

			xtcp_embryo_init(&emb, &par, &open, &syn, hours[k]);
			now = hours[k] + tab[i].after_ms * XTCP_NSEC_PER_MSEC;
			CHECK_ROW(tab[i].what, xtcp_embryo_defers(&emb, &seg, tab[i].defer_s, now),
				  tab[i].defers);
			CHECK_ROW(tab[i].what, emb.acked, tab[i].defers);
		}
	/* Its time of 2 s: one deadline passes in silence, the next one not. */
	xtcp_embryo_init(&emb, &par, &open, &syn, 0);
	emb.acked = 1;
	CHECK_EQ(xtcp_embryo_timeout(&emb, &par, 5, 2, XTCP_NSEC_PER_SEC), XTCP_EMBRYO_DROP);
	CHECK_EQ(emb.retries, 1);
	CHECK_EQ(xtcp_embryo_timeout(&emb, &par, 5, 2, 3 * XTCP_NSEC_PER_SEC), XTCP_EMBRYO_SYNACK);
}

/* Whose ACK came has all its time, though the others have less. */
UNIT(embryo_keeps_who_answered)
{
	static const struct xtcp_seg syn = { .flags = XTCP_SYN };
	static const struct xtcp_open open;
	struct xtcp_embryo emb;
	struct xtcp_params par;
	u32 again;

	xtcp_params_init(&par);
	xtcp_embryo_init(&emb, &par, &open, &syn, 0);
	xtcp_embryo_keep(&emb, &par, 0);
	for (again = 0; again < par.synack_retries; again++)
		CHECK_EQ(xtcp_embryo_timeout(&emb, &par, 1, 0, 100 * again * XTCP_NSEC_PER_SEC +
					     XTCP_NSEC_PER_SEC), XTCP_EMBRYO_SYNACK);
	CHECK_EQ(xtcp_embryo_timeout(&emb, &par, 1, 0, 3600 * XTCP_NSEC_PER_SEC),
		 XTCP_EMBRYO_KILL);
	/* One of a cookie had no deadline: it has one now. */
	memset(&emb, 0, sizeof(emb));
	emb.cookie = 1;
	xtcp_embryo_keep(&emb, &par, 5 * XTCP_NSEC_PER_SEC);
	CHECK_EQ(xtcp_embryo_deadline(&emb, 5 * XTCP_NSEC_PER_SEC), 6 * XTCP_NSEC_PER_SEC);
}

/* RFC 4987, 3.3; with the steps of the kernel's TCP. */
UNIT(embryo_retries)
{
	static const struct {
		u32 knob, count, young, most, retries;
	} tab[] = {
		{ 5, 0, 0, 0, 5 },	{ 5, 1, 0, 8, 5 },	{ 5, 64, 0, 128, 5 },
		{ 5, 65, 65, 128, 5 },	{ 5, 128, 128, 128, 5 },
		{ 5, 128, 65, 128, 5 },	{ 5, 128, 64, 128, 4 },	{ 5, 128, 33, 128, 4 },
		{ 5, 128, 32, 128, 3 },	{ 5, 128, 16, 128, 2 },	{ 5, 128, 1, 128, 2 },
		{ 5, 65, 0, 128, 2 },	{ 2, 128, 0, 128, 2 },	{ 1, 128, 0, 128, 1 },
		{ 0, 128, 0, 128, 0 },	{ 255, 128, 0, 128, 2 },
		{ 255, 0x7fffffff, 1, 0x7fffffff, 225 },
	};
	struct xtcp_params par;
	u32 i;

	xtcp_params_init(&par);
	for (i = 0; i < ARRAY_SIZE(tab); i++) {
		par.synack_retries = (u8)tab[i].knob;
		CHECK_EQ(xtcp_embryo_retries(&par, tab[i].count, tab[i].young, tab[i].most),
			 tab[i].retries);
	}
}
