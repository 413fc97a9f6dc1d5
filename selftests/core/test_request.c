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
