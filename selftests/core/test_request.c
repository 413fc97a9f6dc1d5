// SPDX-License-Identifier: GPL-2.0
/*
 * Listener and half-open connection: RFC 9293 3.10.7.2, SYN-RECEIVED after a passive open
 * in 3.10.7.4, RFC 5961.
 */
#include "core.h"
#include "harness.h"

/* ISS and timestamp offset, which must not be guessable, are those of the flow. */
UNIT(request_secrets)
{
	struct xtcp_open open = {
		.flow = { .saddr = { 1, 2, 3, 4 }, .sport = 5 }, .adv_mss = 1000,
		.rcv_space = 1000,
	};
	struct xtcp_seg seg = { .flags = XTCP_SYN, .seq = 77, .opts = XTCP_OPT_TS };
	struct xtcp_request req;
	struct xtcp_params par;
	struct xtcp_plan plan;

	xtcp_params_init(&par);
	par.isn_key[0] = 6;
	par.isn_key[1] = 7;
	xtcp_request_init(&req, &par, &open, &seg, 3 * XTCP_NSEC_PER_SEC);
	xtcp_request_plan(&req, &par, &open, &plan, 5 * XTCP_NSEC_PER_SEC);
	CHECK_EQ(plan.seq, xtcp_isn(&par, &open.flow, 3 * XTCP_NSEC_PER_SEC));
	CHECK_EQ(plan.tsval, 5000 + xtcp_ts_offset(&par, &open.flow));
	CHECK_EQ(plan.ack, 78);
}

/* RFC 9293 3.6.1: the ISS is above all numbers of the previous incarnation. */
UNIT(request_reopens)
{
	struct xtcp_seg seg = { .flags = XTCP_SYN };
	struct xtcp_open open = { .rcv_space = 1000 };
	struct xtcp_request req;
	struct xtcp_params par;
	u32 clock;

	xtcp_params_init(&par);
	clock = xtcp_isn(&par, &open.flow, 1000);
	open.iss_above = clock + 5;
	xtcp_request_init(&req, &par, &open, &seg, 1000);
	CHECK_EQ(req.iss, clock);
	open.reopens = true;
	xtcp_request_init(&req, &par, &open, &seg, 1000);
	CHECK_EQ(req.iss, clock + 5 + 65536);
	open.iss_above = clock;
	xtcp_request_init(&req, &par, &open, &seg, 1000);
	CHECK_EQ(req.iss, clock + 65536);
	open.iss_above = clock - 1;
	xtcp_request_init(&req, &par, &open, &seg, 1000);
	CHECK_EQ(req.iss, clock);
}

/* Long after boot: the 32-bit clocks have wrapped, or are about to. */
static const u64 hours[] = {
	0, XTCP_NSEC_PER_SEC, ((1ULL << 32) - 500) * XTCP_NSEC_PER_MSEC,
	((1ULL << 32) - 1) * XTCP_NSEC_PER_USEC, (1ULL << 32) * XTCP_NSEC_PER_MSEC,
	(5ULL << 32) * XTCP_NSEC_PER_MSEC + 1, 999999, ((1ULL << 23) - 1) * XTCP_NSEC_PER_MSEC,
};

UNIT(request_clocks)
{
	static const struct xtcp_seg syn = { .flags = XTCP_SYN };
	static const struct xtcp_open open;
	struct xtcp_request req;
	struct xtcp_params par;
	u64 at, due;
	u32 i;

	xtcp_params_init(&par);
	for (i = 0; i < ARRAY_SIZE(hours); i++) {
		at = hours[i];
		xtcp_request_init(&req, &par, &open, &syn, at);
		CHECK(at - xtcp_request_sent_at(&req, at) < 1000);
		CHECK(at + 130 * XTCP_NSEC_PER_SEC -
		      xtcp_request_sent_at(&req, at + 130 * XTCP_NSEC_PER_SEC) <
		      130 * XTCP_NSEC_PER_SEC + 1000);
		/* Never early, less than a tick late. */
		due = xtcp_request_deadline(&req, at);
		CHECK(due >= at + XTCP_NSEC_PER_SEC);
		CHECK(due < at + XTCP_NSEC_PER_SEC + XTCP_NSEC_PER_MSEC);
		CHECK_EQ(xtcp_request_deadline(&req, at + 600 * XTCP_NSEC_PER_SEC), due);
		CHECK_EQ(xtcp_request_timeout(&req, &par, 1, 0, due - 1), XTCP_REQUEST_DROP);
		CHECK_EQ(xtcp_request_timeout(&req, &par, 1, 0, due), XTCP_REQUEST_SYNACK);
		CHECK_EQ(xtcp_request_deadline(&req, due), due + 2 * XTCP_NSEC_PER_SEC);
		due += 2 * XTCP_NSEC_PER_SEC;
		CHECK_EQ(xtcp_request_timeout(&req, &par, 1, 0, due), XTCP_REQUEST_KILL);
	}
}

/* tcp(7), TCP_DEFER_ACCEPT: after its ACK a client gets time, without retransmissions. */
UNIT(request_defers)
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
		{ "a unit is left",	0,  XTCP_ACK, 128, 999 * 128, true },
		{ "none is left",	0,  XTCP_ACK, 128, 1000 * 128, false },
	};
	static const struct xtcp_seg syn = { .flags = XTCP_SYN };
	static const struct xtcp_open open;
	struct xtcp_request req;
	struct xtcp_params par;
	u64 now;
	u32 i, k;

	xtcp_params_init(&par);
	for (i = 0; i < ARRAY_SIZE(tab); i++)
		for (k = 0; k < ARRAY_SIZE(hours); k++) {
			struct xtcp_seg seg = { .flags = tab[i].flags, .len = tab[i].len };

			xtcp_request_init(&req, &par, &open, &syn, hours[k]);
			now = hours[k] + tab[i].after_ms * XTCP_NSEC_PER_MSEC;
			CHECK_ROW(tab[i].what, xtcp_request_defers(&req, &seg, tab[i].defer_s, now),
				  tab[i].defers);
			CHECK_ROW(tab[i].what, req.acked, tab[i].defers);
		}
	/* With 2 s: the first deadline sends nothing, the next one does. */
	xtcp_request_init(&req, &par, &open, &syn, 0);
	req.acked = 1;
	CHECK_EQ(xtcp_request_timeout(&req, &par, 5, 2, XTCP_NSEC_PER_SEC), XTCP_REQUEST_DROP);
	CHECK_EQ(req.retries, 1);
	CHECK_EQ(xtcp_request_timeout(&req, &par, 5, 2, 3 * XTCP_NSEC_PER_SEC),
		 XTCP_REQUEST_SYNACK);
}

/* A client whose ACK has arrived has the full time, even if others have less. */
UNIT(request_keeps_who_answered)
{
	static const struct xtcp_seg syn = { .flags = XTCP_SYN };
	static const struct xtcp_open open;
	struct xtcp_request req;
	struct xtcp_params par;
	u32 again;

	xtcp_params_init(&par);
	xtcp_request_init(&req, &par, &open, &syn, 0);
	xtcp_request_keep(&req, &par, 0);
	for (again = 0; again < par.synack_retries; again++)
		CHECK_EQ(xtcp_request_timeout(&req, &par, 1, 0, 100 * again * XTCP_NSEC_PER_SEC +
					      XTCP_NSEC_PER_SEC), XTCP_REQUEST_SYNACK);
	CHECK_EQ(xtcp_request_timeout(&req, &par, 1, 0, 3600 * XTCP_NSEC_PER_SEC),
		 XTCP_REQUEST_KILL);
	/* A half-open connection made from a cookie had no deadline: it has one now. */
	memset(&req, 0, sizeof(req));
	req.syncookie = 1;
	xtcp_request_keep(&req, &par, 5 * XTCP_NSEC_PER_SEC);
	CHECK_EQ(xtcp_request_deadline(&req, 5 * XTCP_NSEC_PER_SEC), 6 * XTCP_NSEC_PER_SEC);
}

/* RFC 4987, 3.3, with the thresholds of the kernel's TCP. */
UNIT(request_retries)
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
		CHECK_EQ(xtcp_request_retries(&par, tab[i].count, tab[i].young, tab[i].most),
			 tab[i].retries);
	}
}

/* Every byte of a header is set: no old memory is sent. */
UNIT(request_leaks_nothing)
{
	static const u8 ecn[] = { 0, 1, 3 };
	struct xtcp_seg seg = {
		.flags = XTCP_SYN | XTCP_ECE | XTCP_CWR | XTCP_AE,
		.opts = XTCP_OPT_TS | XTCP_OPT_SACK_PERM | XTCP_OPT_WSCALE | XTCP_OPT_MSS,
		.mss = 1000,
	};
	struct xtcp_open open = { .adv_mss = 1000, .rcv_space = 1000 };
	u8 hdr[2][XTCP_HDR_MAX];
	struct xtcp_params par;
	struct xtcp_request req;
	struct xtcp_plan plan;
	u32 i, ack, dirt, len = 0;

	xtcp_params_init(&par);
	for (i = 0; i < 2 * ARRAY_SIZE(ecn); i++) {
		ack = i % 2;
		par.ecn = ecn[i / 2];
		xtcp_request_init(&req, &par, &open, &seg, XTCP_NSEC_PER_SEC);
		for (dirt = 0; dirt < 2; dirt++) {
			memset(&plan, dirt ? 0xff : 0, sizeof(plan));
			if (ack)
				xtcp_request_ack_plan(&req, &par, &open.flow, &plan, 5);
			else
				xtcp_request_plan(&req, &par, &open, &plan, 5);
			len = xtcp_hdr_put(hdr[dirt], &plan, 1, 2);
		}
		CHECK(len >= XTCP_HDR_LEN && len <= XTCP_HDR_MAX);
		CHECK(!memcmp(hdr[0], hdr[1], len));
	}
}

/* The SYN-ACK is retransmitted after twice the time, up to the longest RTO. */
UNIT(request_back_off)
{
	static const struct {
		u32 init_us;
		u8 retries;
		u32 ms;		/* until the next one */
	} tab[] = {
		{ 1000000, 5, 64000 },	{ 1000000, 6, 120000 },	{ 1000000, 15, 120000 },
		{ 1000, 14, 32768 },	{ 1000, 15, 65536 },	{ 1000, 16, 65536 },
	};
	struct xtcp_params par;
	u32 i;

	xtcp_params_init(&par);
	for (i = 0; i < ARRAY_SIZE(tab); i++) {
		struct xtcp_request req = { .retries = tab[i].retries };

		par.rto_init_us = tab[i].init_us;
		CHECK_EQ(xtcp_request_timeout(&req, &par, 255, 0, 0), XTCP_REQUEST_SYNACK);
		CHECK_EQ(xtcp_request_deadline(&req, 0), tab[i].ms * XTCP_NSEC_PER_MSEC);
	}
}

/* R2 of a SYN-ACK: one that was sent early, because of a cached RTT, is extra. */
UNIT(request_gives_up)
{
	static const struct {
		u8 sent;	/* retransmissions */
		u32 most;
		u16 rto_ms;	/* from the cache; 0: none */
		enum xtcp_request_act act;
	} tab[] = {
		{ 4, 5, 0, XTCP_REQUEST_SYNACK },	{ 5, 5, 0, XTCP_REQUEST_KILL },
		{ 5, 5, 9, XTCP_REQUEST_SYNACK },	{ 6, 5, 9, XTCP_REQUEST_KILL },
		{ 254, 255, 0, XTCP_REQUEST_SYNACK },	{ 255, 255, 0, XTCP_REQUEST_KILL },
		{ 254, 255, 9, XTCP_REQUEST_SYNACK },	{ 255, 255, 9, XTCP_REQUEST_KILL },
	};
	struct xtcp_params par;
	u32 i;

	xtcp_params_init(&par);
	for (i = 0; i < ARRAY_SIZE(tab); i++) {
		struct xtcp_request req = { .retries = tab[i].sent, .rto_ms = tab[i].rto_ms };

		CHECK_EQ(xtcp_request_timeout(&req, &par, tab[i].most, 0, 0), tab[i].act);
	}
}

/* A request without a SYN: the time for data counts from its birth. */
UNIT(request_born)
{
	struct xtcp_seg ack = { .flags = XTCP_ACK };
	struct xtcp_request req = { .iss = 1 };
	u64 now = 1000 * XTCP_NSEC_PER_SEC;

	xtcp_request_born(&req, now);
	CHECK(xtcp_request_defers(&req, &ack, 10, now + XTCP_NSEC_PER_SEC));
	CHECK(!xtcp_request_defers(&req, &ack, 10, now + 11 * XTCP_NSEC_PER_SEC));
}

/* The ACK of a request: its timestamp and its window, which is scaled. */
UNIT(request_ack)
{
	struct xtcp_open open = { .adv_mss = 1000, .rcv_space = 60000, .rcv_space_max = 1 << 20,
				  .v6 = true };
	struct xtcp_seg seg = { .flags = XTCP_SYN, .seq = 77, .tsval = 99,
				.opts = XTCP_OPT_TS | XTCP_OPT_WSCALE };
	struct xtcp_request req;
	struct xtcp_params par;
	struct xtcp_plan plan;

	xtcp_params_init(&par);
	xtcp_request_init(&req, &par, &open, &seg, XTCP_NSEC_PER_SEC);
	CHECK_EQ(req.v6, 1);
	CHECK_EQ(req.rcv_wscale, 5);
	xtcp_request_ack_plan(&req, &par, &open.flow, &plan, XTCP_NSEC_PER_SEC);
	CHECK_EQ(plan.opts, XTCP_OPT_TS);
	CHECK_EQ(plan.hdr_len, 32);
	CHECK_EQ(plan.tsecr, 99);
	CHECK_EQ(plan.wnd, req.rcv_wnd >> 5);
	/* No scale was agreed on. */
	seg.opts = 0;
	xtcp_request_init(&req, &par, &open, &seg, XTCP_NSEC_PER_SEC);
	CHECK_EQ(req.rcv_wscale, 0);
	xtcp_request_ack_plan(&req, &par, &open.flow, &plan, XTCP_NSEC_PER_SEC);
	CHECK_EQ(plan.wnd, req.rcv_wnd);
}

/* The call for both makes the same request and SYN-ACK as the two calls. */
UNIT(request_and_synack)
{
	struct xtcp_open open = { .adv_mss = 1000, .rcv_space = 60000 };
	struct xtcp_seg seg = { .flags = XTCP_SYN, .seq = 77, .opts = XTCP_OPT_TS };
	struct xtcp_request one = { .iss = 1 }, two = { .iss = 2 };
	struct xtcp_plan plan[2];
	struct xtcp_params par;

	xtcp_params_init(&par);
	memset(plan, 0, sizeof(plan));
	xtcp_request_init(&one, &par, &open, &seg, XTCP_NSEC_PER_SEC);
	xtcp_request_plan(&one, &par, &open, &plan[0], XTCP_NSEC_PER_SEC);
	xtcp_request_synack(&two, &par, &open, &seg, &plan[1], XTCP_NSEC_PER_SEC);
	CHECK(!memcmp(&one, &two, sizeof(one)));
	CHECK(!memcmp(&plan[0], &plan[1], sizeof(plan[0])));
	CHECK_EQ(plan[1].flags, XTCP_SYN | XTCP_ACK);
}
