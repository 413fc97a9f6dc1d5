// SPDX-License-Identifier: GPL-2.0
/*
 * Fast Open: RFC 7413. The client, then the server, then cookies.
 */
#include "core.h"
#include "harness.h"

static const struct xtcp_flow flow4 = {
	.saddr = { 0, 0, 0xffff0000u, 0x0100000au },	/* 10.0.0.1, the server */
	.daddr = { 0, 0, 0xffff0000u, 0x0200000au },	/* 10.0.0.2 */
	.sport = 0x5000,
	.dport = 0x901f,
};

static const struct xtcp_flow flow6 = {
	.saddr = { 0x000080fe, 0, 0, 0x01000000 },
	.daddr = { 0x000080fe, 0, 0, 0x02000000 },
};

static const struct xtcp_fastopen_keys keys = {
	.key = { { 0x0706050403020100ULL, 0x0f0e0d0c0b0a0908ULL }, { 3, 4 } }, .n = 2,
};

/* Addresses in network byte order: 0a000002 0a000001; then the resulting cookie. */
UNIT(fastopen_cookie_v4)
{
	const siphash_key_t key = { { keys.key[0][0], keys.key[0][1] } };
	u64 hash = siphash_1u64(0x0100000a0200000aULL, &key);
	struct xtcp_fastopen_cookie cookie;
	u32 i;

	xtcp_fastopen_make_cookie(&keys, 0, &flow4, &cookie);
	CHECK_EQ(cookie.len, 8);
	CHECK_EQ(cookie.exp, 0);
	for (i = 0; i < 8; i++)
		CHECK_EQ(cookie.val[i], (u8)(hash >> 8 * i));
}

UNIT(fastopen_cookie_v6)
{
	const siphash_key_t key = { { keys.key[0][0], keys.key[0][1] } };
	u64 hash = siphash_4u64(0x80fe, 0x0200000000000000ULL, 0x80fe,
				0x0100000000000000ULL, &key);
	struct xtcp_fastopen_cookie cookie;
	u32 i;

	xtcp_fastopen_make_cookie(&keys, 0, &flow6, &cookie);
	for (i = 0; i < 8; i++)
		CHECK_EQ(cookie.val[i], (u8)(hash >> 8 * i));
}

/* The cookie depends on both addresses and the key, but on no port. */
UNIT(fastopen_cookie_depends)
{
	struct xtcp_fastopen_cookie a, b;
	struct xtcp_flow flow = flow4;

	xtcp_fastopen_make_cookie(&keys, 0, &flow4, &a);
	xtcp_fastopen_make_cookie(&keys, 1, &flow4, &b);
	CHECK(memcmp(a.val, b.val, 8));
	flow.sport++;
	flow.dport++;
	xtcp_fastopen_make_cookie(&keys, 0, &flow, &b);
	CHECK(!memcmp(&a, &b, sizeof(a)));
	flow.daddr[3]++;
	xtcp_fastopen_make_cookie(&keys, 0, &flow, &b);
	CHECK(memcmp(a.val, b.val, 8));
	flow = flow4;
	flow.saddr[3]++;
	xtcp_fastopen_make_cookie(&keys, 0, &flow, &b);
	CHECK(memcmp(a.val, b.val, 8));
	xtcp_fastopen_make_cookie(&keys, 0, &flow6, &a);
	flow = flow6;
	flow.daddr[0]++;
	xtcp_fastopen_make_cookie(&keys, 0, &flow, &b);
	CHECK(memcmp(a.val, b.val, 8));
}

/* A SYN without a cookie request gets no cookie. */
UNIT(fastopen_cookie_not_asked)
{
	struct xtcp_seg seg = { .len = 10 };
	struct xtcp_fastopen_cookie give = { .len = 8 };

	CHECK_EQ(xtcp_fastopen_check_syn(&keys, false, &flow4, &seg, &give),
		 XTCP_FASTOPEN_PLAIN);
	CHECK_EQ(give.len, 0);
	give.len = 8;
	CHECK_EQ(xtcp_fastopen_check_syn(&keys, true, &flow4, &seg, &give),
		 XTCP_FASTOPEN_GOOD);
	CHECK_EQ(give.len, 0);
}

/* Each byte and the length are compared. */
UNIT(fastopen_cookie_compared)
{
	struct xtcp_seg seg = { .opts = XTCP_OPT_FASTOPEN, .len = 10 };
	struct xtcp_fastopen_cookie good, give;
	u8 val[XTCP_FASTOPEN_COOKIE_MAX] = { 0 };
	u32 i;

	xtcp_fastopen_make_cookie(&keys, 0, &flow4, &good);
	memcpy(val, good.val, 8);
	seg.fo_cookie = val;
	for (seg.fo_cookie_len = 4; seg.fo_cookie_len <= 16; seg.fo_cookie_len += 2)
		CHECK_EQ(xtcp_fastopen_check_syn(&keys, false, &flow4, &seg, &give),
			 seg.fo_cookie_len == 8 ? XTCP_FASTOPEN_GOOD : XTCP_FASTOPEN_BAD);
	seg.fo_cookie_len = 8;
	for (i = 0; i < 8; i++) {
		val[i] ^= 0x80;
		CHECK_EQ(xtcp_fastopen_check_syn(&keys, false, &flow4, &seg, &give),
			 XTCP_FASTOPEN_BAD);
		CHECK_EQ(give.len, 8);
		CHECK(!memcmp(give.val, good.val, 8));
		CHECK_EQ(xtcp_fastopen_check_syn(&keys, true, &flow4, &seg, &give),
			 XTCP_FASTOPEN_GOOD);
		CHECK_EQ(give.len, 8);
		val[i] ^= 0x80;
	}
	CHECK_EQ(xtcp_fastopen_check_syn(&keys, false, &flow4, &seg, &give),
		 XTCP_FASTOPEN_GOOD);
	CHECK_EQ(give.len, 0);
	xtcp_fastopen_make_cookie(&keys, 1, &flow4, &good);
	memcpy(val, good.val, 8);
	CHECK_EQ(xtcp_fastopen_check_syn(&keys, false, &flow4, &seg, &give),
		 XTCP_FASTOPEN_OLD);
	CHECK_EQ(give.len, 8);
}

/* The 40 bytes of option space do not suffice: AccECN's option is left out. */
UNIT(fastopen_cookie_has_room)
{
	struct xtcp_fastopen_cookie cookie = { .len = 16 };
	struct xtcp_plan plan = {
		.opts = XTCP_OPT_MSS | XTCP_OPT_TS | XTCP_OPT_SACK_PERM | XTCP_OPT_WSCALE |
			XTCP_OPT_ACCECN0,
		.nacc = 3, .flags = XTCP_SYN | XTCP_ACK,
	};
	u8 hdr[XTCP_HDR_MAX + 1] = { [XTCP_HDR_MAX] = 0x5a };
	struct xtcp_seg seg;

	plan.hdr_len = xtcp_hdr_len(&plan);
	CHECK_EQ(plan.hdr_len, 52);
	cookie.val[15] = 7;
	xtcp_fastopen_plan_cookie(&plan, &cookie);
	CHECK_EQ(plan.hdr_len, 60);
	CHECK(!(plan.opts & XTCP_OPT_ACCECN));
	CHECK_EQ(xtcp_hdr_put(hdr, &plan, 0, 0), 60);
	CHECK_EQ(hdr[XTCP_HDR_MAX], 0x5a);
	CHECK(xtcp_parse(&seg, hdr, 60, 60));
	CHECK_EQ(seg.fo_cookie_len, 16);
	CHECK_EQ(seg.fo_cookie[15], 7);

	/* An option that fits stays. */
	plan.opts = XTCP_OPT_MSS | XTCP_OPT_ACCECN0;
	cookie.len = 4;
	xtcp_fastopen_plan_cookie(&plan, &cookie);
	CHECK_EQ(plan.hdr_len, 20 + 4 + 12 + 8);
	CHECK(plan.opts & XTCP_OPT_ACCECN0);

	plan.opts = XTCP_OPT_MSS | XTCP_OPT_TS | XTCP_OPT_SACK_PERM | XTCP_OPT_WSCALE |
		    XTCP_OPT_ACCECN0;
	xtcp_fastopen_plan_cookie(&plan, &cookie);
	CHECK_EQ(plan.hdr_len, XTCP_HDR_MAX);
	CHECK(plan.opts & XTCP_OPT_ACCECN0);

	/* Without an option there is none. */
	plan.opts = XTCP_OPT_MSS;
	cookie.len = 0;
	xtcp_fastopen_plan_cookie(&plan, &cookie);
	CHECK_EQ(plan.opts, XTCP_OPT_MSS);
}

/* Values that are known are copied into the TCB, others are not. */
UNIT(fastopen_connection_begins)
{
	struct xtcp_fastopen_client fo = { .cookie = { .len = 4, .val = { 9 } }, .mss = 1200 };
	struct xtcp_params par;
	struct xtcp_tcb tcb;

	xtcp_params_init(&par);
	xtcp_tcb_init(&tcb, &par);
	tcb.path_mss = 1460;
	xtcp_fastopen_connect(&tcb, &fo, false);
	CHECK_EQ(tcb.fo, XTCP_FO_ASK | XTCP_FO_MAY);
	CHECK_EQ(tcb.fo_room, 1160);
	CHECK_EQ(tcb.fo_cookie.len, 4);
	CHECK_EQ(tcb.fo_cookie.val[0], 9);
	fo.mss = 40;
	xtcp_fastopen_connect(&tcb, &fo, false);
	CHECK_EQ(tcb.fo_room, 0);
	fo.mss = 41;
	xtcp_fastopen_connect(&tcb, &fo, false);
	CHECK_EQ(tcb.fo_room, 1);
	fo.wait = true;
	fo.bare = true;
	fo.cookie.len = 0;
	xtcp_fastopen_connect(&tcb, &fo, false);
	CHECK_EQ(tcb.fo, XTCP_FO_MAY | XTCP_FO_WAIT);
}

/* A TCB made by a SYN is complete. */
UNIT(fastopen_accept_takes_over)
{
	struct xtcp_open open = {
		.flow = flow4, .path_mss = 1460, .adv_mss = 1460, .gso_max = 30000,
		.rcv_space = 8760, .rcv_space_max = 8760,
	};
	struct xtcp_seg seg = {
		.seq = 5000, .len = 300, .wnd = 800, .nsegs = 1, .flags = XTCP_SYN,
		.opts = XTCP_OPT_MSS, .mss = 1300,
	};
	const struct xtcp_fastopen_cookie none = { .len = 0 };
	struct xtcp_request req;
	struct xtcp_params par;
	struct xtcp_plan plan;
	struct xtcp_tcb tcb;

	xtcp_params_init(&par);
	xtcp_tcb_init(&tcb, &par);
	xtcp_request_init(&req, &par, &open, &seg, 77);
	CHECK_EQ(xtcp_fastopen_accept(&tcb, &req, &open, &seg, &none, 77),
		 XTCP_ACT_STATE | XTCP_ACT_OUTPUT | XTCP_ACT_DELIVER);
	CHECK_EQ(tcb.state, XTCP_SYN_RECEIVED);
	CHECK_EQ(seg.from, 5001);
	CHECK_EQ(seg.to, 5301);
	CHECK_EQ(tcb.rcv_nxt, 5301);
	CHECK_EQ(tcb.rcv_read, 5001);
	CHECK_EQ(tcb.rcv_wnd, 8460);
	CHECK_EQ(tcb.snd_wnd, 800);
	CHECK_EQ(tcb.max_snd_wnd, 800);
	CHECK_EQ(tcb.snd_wl1, 5000);
	CHECK_EQ(tcb.snd_wl2, tcb.iss);
	CHECK_EQ(tcb.cwnd, 13000);
	CHECK_EQ(tcb.bytes_received, 300);
	CHECK_EQ(tcb.segs_in, 1);
	CHECK_EQ(tcb.data_segs_in, 1);
	CHECK_EQ(tcb.last_data_rx_at, 77);
	CHECK_EQ(tcb.last_rx_at, 77);
	CHECK(!xtcp_check(&tcb));
	CHECK(xtcp_tx_peek(&tcb, 78, &plan));
	CHECK_EQ(plan.ack, 5301);
	CHECK_EQ(plan.wnd, 8460);
	CHECK_EQ(plan.len, 0);
	xtcp_tx_commit(&tcb, &plan, 78);
	CHECK_EQ(tcb.map_head->sent_at, 78);
	CHECK_EQ(tcb.snd_nxt, tcb.iss + 1);
	CHECK(!xtcp_tx_peek(&tcb, 78, &plan));
	CHECK(!xtcp_check(&tcb));
}
