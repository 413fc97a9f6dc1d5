// SPDX-License-Identifier: GPL-2.0
/*
 * SYN cookies: the options they carry, the fields they authenticate, their lifetime.
 * RFC 4987, 3.6.
 */
#include "core.h"
#include "harness.h"

#define SLOT	(1ULL << 35)	/* ns */
#define NOW	(1000 * SLOT + SLOT / 2)

static struct xtcp_params par;

static const struct xtcp_open peer = {
	.flow = {
		.saddr = { 0, 0, 0xffff0000, 0x0100000a },
		.daddr = { 0, 0, 0xffff0000, 0x0200000a },
		.sport = 0x1234, .dport = 0x5000,
	},
	.adv_mss = 1460, .rcv_space = 60000, .rcv_space_max = 4000000,
};

/* Set the key for the slot of @now, as the caller does; here it is not random. */
static void draw(u64 now)
{
	u32 slot, i = xtcp_syncookie_key_index(now, &slot);

	par.syncookie[i].slot = slot;
	par.syncookie[i].key[0] = slot * 0x9e3779b97f4a7c15ULL;
	par.syncookie[i].key[1] = ~par.syncookie[i].key[0];
}

static void fresh(void)
{
	xtcp_params_init(&par);
	par.isn_key[0] = 77;
	par.ecn = 3;
	draw(NOW);
}

/* The SYN-ACK to a SYN, and the ACK of an honest peer. */
static struct xtcp_plan synack(const struct xtcp_seg *syn, struct xtcp_seg *ack, u64 now)
{
	struct xtcp_plan plan;

	CHECK(xtcp_syncookie_synack(&par, &peer, syn, &plan, now));
	*ack = (struct xtcp_seg) {
		.flags = XTCP_ACK, .seq = syn->seq + 1, .ack = plan.seq + 1, .nsegs = 1,
		.opts = plan.opts & XTCP_OPT_TS, .tsval = syn->tsval + 1, .tsecr = plan.tsval,
		.wnd = 500, .doff = 20,
	};
	return plan;
}

static const struct xtcp_seg full_syn = {
	.flags = XTCP_SYN | XTCP_ACE, .seq = 5000, .mss = 1460, .wscale = 7, .tsval = 99, .nsegs = 1,
	.opts = XTCP_OPT_MSS | XTCP_OPT_WSCALE | XTCP_OPT_SACK_PERM | XTCP_OPT_TS,
};

static const struct xtcp_seg plain_syn = {
	.flags = XTCP_SYN, .seq = 5000, .mss = 1460, .wscale = 7, .nsegs = 1,
	.opts = XTCP_OPT_MSS | XTCP_OPT_WSCALE | XTCP_OPT_SACK_PERM,
};

/* Every set of options is restored. */
UNIT(cookie_carries)
{
	static const u16 flags[] = { 0, XTCP_ECE | XTCP_CWR, XTCP_ACE };
	static const u8 ecn[] = { XTCP_ECN_OFF, XTCP_ECN_CLASSIC, XTCP_ECN_ACC };
	struct xtcp_request req, was;
	struct xtcp_seg syn, ack;
	u32 ts, sack, scale, e, n;

	fresh();
	for (n = 0; n < 2 * 2 * 16 * 3; n++) {
		ts = n & 1;
		sack = n >> 1 & 1;
		scale = n >> 2 & 15;
		e = n >> 6;
		syn = full_syn;
		syn.flags = XTCP_SYN | flags[e];
		syn.wscale = scale & 15;
		if (!ts)
			syn.opts &= ~XTCP_OPT_TS;
		if (!sack)
			syn.opts &= ~XTCP_OPT_SACK_PERM;
		if (scale == 15)
			syn.opts &= ~XTCP_OPT_WSCALE;
		synack(&syn, &ack, NOW);
		CHECK(xtcp_syncookie_rx(&req, &par, &peer, &ack, NOW + 1));
		xtcp_request_window(&req, &peer);
		xtcp_request_init(&was, &par, &peer, &syn, NOW);
		CHECK_EQ(req.opts, was.opts);
		CHECK_EQ(req.snd_wscale, scale == 15 ? 0 : scale);
		CHECK_EQ(req.rcv_wscale, was.rcv_wscale);
		CHECK_EQ(req.rcv_wnd, was.rcv_wnd);
		CHECK_EQ(req.peer_mss, 1460);
		CHECK_EQ(req.irs, 5000);
		CHECK_EQ(req.iss, ack.ack - 1);
		CHECK_EQ(req.ecn, ts ? ecn[e] : XTCP_ECN_OFF);
		CHECK_EQ(req.ts_recent, ts ? 100 : 0);
		CHECK(req.syncookie && !req.retries);
	}
}

UNIT(cookie_mss)
{
	static const struct {
		u16 mss, plain, ts;
	} tab[] = {
		{ 535, 0, 0 },		{ 536, 536, 536 },	{ 537, 536, 536 },
		{ 1219, 536, 536 },	{ 1220, 536, 1220 },	{ 1300, 1300, 1300 },
		{ 1360, 1300, 1360 },	{ 1412, 1300, 1400 },	{ 1440, 1440, 1440 },
		{ 1452, 1440, 1440 },	{ 1460, 1460, 1460 },	{ 8959, 1460, 1460 },
		{ 8960, 1460, 8960 },	{ 65535, 1460, 8960 },
	};
	struct xtcp_request req;
	struct xtcp_plan plan;
	struct xtcp_seg syn, ack;
	u32 i, ts;
	u16 want;

	fresh();
	for (i = 0; i < ARRAY_SIZE(tab); i++)
		for (ts = 0; ts < 2; ts++) {
			syn = ts ? full_syn : plain_syn;
			want = ts ? tab[i].ts : tab[i].plain;
			syn.mss = tab[i].mss;
			if (!want) {
				CHECK(!xtcp_syncookie_synack(&par, &peer, &syn, &plan, NOW));
				continue;
			}
			synack(&syn, &ack, NOW);
			CHECK(xtcp_syncookie_rx(&req, &par, &peer, &ack, NOW));
			CHECK_EQ(req.peer_mss, want);
		}
	/* None offered: 536. */
	syn = plain_syn;
	syn.opts &= ~XTCP_OPT_MSS;
	synack(&syn, &ack, NOW);
	CHECK(xtcp_syncookie_rx(&req, &par, &peer, &ack, NOW));
	CHECK_EQ(req.peer_mss, 536);
}

/* A cookie is valid in its slot and in the next one, and only with its key. */
UNIT(cookie_ages)
{
	static const struct {
		const char *what;
		u64 after;
		bool draw;	/* others are sent then */
		bool good;
	} tab[] = {
		{ "at once",			0, false, true },
		{ "the end of its slot",	SLOT / 2 - 1, false, true },
		{ "the next slot",		SLOT / 2, false, true },
		{ "with its own key",		SLOT / 2, true, true },
		{ "the end of that",		SLOT / 2 + SLOT - 1, true, true },
		{ "two slots later",		SLOT / 2 + SLOT, false, false },
		{ "with another key there",	SLOT / 2 + SLOT, true, false },
		{ "three",			SLOT / 2 + 2 * SLOT, false, false },
		{ "four",			SLOT / 2 + 3 * SLOT, true, false },
	};
	struct xtcp_seg ack[2];
	struct xtcp_request req;
	u32 i, k;

	for (i = 0; i < ARRAY_SIZE(tab); i++) {
		fresh();
		synack(&full_syn, &ack[0], NOW);
		synack(&plain_syn, &ack[1], NOW);
		if (tab[i].draw)
			draw(NOW + tab[i].after);
		for (k = 0; k < 2; k++)
			CHECK_ROW(tab[i].what, xtcp_syncookie_rx(&req, &par, &peer, &ack[k],
							      NOW + tab[i].after), tab[i].good);
	}
}

/* The cookie tells whether its slot is even or odd. */
UNIT(cookie_slots)
{
	struct xtcp_request req;
	struct xtcp_seg ack;
	u32 i, k;

	fresh();
	for (i = 0; i < 4; i++) {
		u64 now = NOW + i * SLOT;

		draw(now);
		for (k = 0; k < 2; k++) {
			synack(k ? &full_syn : &plain_syn, &ack, now);
			CHECK(xtcp_syncookie_rx(&req, &par, &peer, &ack, now));
			CHECK(xtcp_syncookie_rx(&req, &par, &peer, &ack, now + SLOT));
		}
	}
}

UNIT(cookie_lately)
{
	static const u64 boot[] = { 0, 1, SLOT, 2 * SLOT, NOW };
	u32 i;

	for (i = 0; i < ARRAY_SIZE(boot); i++) {
		xtcp_params_init(&par);
		CHECK(!xtcp_syncookie_lately(&par, boot[i]));
		draw(boot[i]);
		CHECK(xtcp_syncookie_lately(&par, boot[i]));
		CHECK(xtcp_syncookie_lately(&par, boot[i] + SLOT));
		CHECK(!xtcp_syncookie_lately(&par, boot[i] + 2 * SLOT));
		CHECK(!xtcp_syncookie_lately(&par, boot[i] + 3 * SLOT));
	}
	/* Keys of zeros are those of no slot. */
	xtcp_params_init(&par);
	for (i = 0; i < ARRAY_SIZE(boot); i++) {
		struct xtcp_request req;
		struct xtcp_seg ack;
		struct xtcp_plan plan = synack(&full_syn, &ack, boot[i]);

		CHECK_EQ(plan.ack, 5001);
		CHECK(!xtcp_syncookie_rx(&req, &par, &peer, &ack, boot[i]));
	}
}

static bool taken(const struct xtcp_open *open, const struct xtcp_seg *ack)
{
	struct xtcp_request req;

	return xtcp_syncookie_rx(&req, &par, open, ack, NOW);
}

/* With one bit changed anywhere the cookie is invalid. */
UNIT(cookie_covers)
{
	const struct xtcp_seg *syns[] = { &full_syn, &plain_syn };
	struct xtcp_open open;
	struct xtcp_seg good, ack;
	u32 i, k, bit;

	fresh();
	for (k = 0; k < 2; k++) {
		synack(syns[k], &good, NOW);
		CHECK(taken(&peer, &good));
		for (bit = 0; bit < 32; bit++) {
			for (i = 0; i < 4; i++) {
				open = peer;
				open.flow.saddr[i] ^= 1U << bit;
				CHECK(!taken(&open, &good));
				open = peer;
				open.flow.daddr[i] ^= 1U << bit;
				CHECK(!taken(&open, &good));
			}
			open = peer;
			if (bit < 16)
				open.flow.sport ^= 1U << bit;
			else
				open.flow.dport ^= 1U << (bit - 16);
			CHECK(!taken(&open, &good));
			ack = good;
			ack.seq ^= 1U << bit;
			CHECK(!taken(&peer, &ack));
			ack = good;
			ack.ack = ((good.ack - 1) ^ (1U << bit)) + 1;
			CHECK(!taken(&peer, &ack));
			/* Of the timestamp only the bits that carry options. */
			ack = good;
			ack.tsecr ^= 1U << bit;
			CHECK_EQ(taken(&peer, &ack), k == 1 || bit >= 7);
		}
		/* With the timestamps option the cookie differs. */
		ack = good;
		ack.opts ^= XTCP_OPT_TS;
		CHECK(!taken(&peer, &ack));
		par.syncookie[0].key[k] ^= 1;
		par.syncookie[1].key[k] ^= 1;
		CHECK(!taken(&peer, &good));
	}
}

static bool differs(const struct xtcp_open *open, const struct xtcp_seg *syn,
		    const struct xtcp_plan *from)
{
	struct xtcp_plan plan;

	return xtcp_syncookie_synack(&par, open, syn, &plan, NOW) && plan.seq != from->seq;
}

/* With all bits of the fields set, each single bit still counts. */
UNIT(cookie_covers_ones)
{
	struct xtcp_open ones = peer, open;
	struct xtcp_seg syn = plain_syn;
	struct xtcp_plan good;
	u32 bit;

	fresh();
	ones.flow.saddr[3] = ~0U;
	ones.flow.daddr[3] = ~0U;
	ones.flow.sport = 0xffff;
	ones.flow.dport = 0xffff;
	syn.seq = ~0U;
	CHECK(xtcp_syncookie_synack(&par, &ones, &syn, &good, NOW));
	for (bit = 0; bit < 32; bit++) {
		open = ones;
		open.flow.saddr[3] ^= 1U << bit;
		CHECK(differs(&open, &syn, &good));
		open = ones;
		open.flow.daddr[3] ^= 1U << bit;
		CHECK(differs(&open, &syn, &good));
		open = ones;
		if (bit < 16)
			open.flow.sport ^= 1U << bit;
		else
			open.flow.dport ^= 1U << (bit - 16);
		CHECK(differs(&open, &syn, &good));
		syn.seq ^= 1U << bit;
		CHECK(differs(&ones, &syn, &good));
		syn.seq ^= 1U << bit;
	}
}

/* Options that a cookie cannot carry are not negotiated. */
UNIT(cookie_without_timestamp)
{
	struct xtcp_seg syn = plain_syn, ack;
	struct xtcp_plan plan;

	fresh();
	syn.flags |= XTCP_ACE;
	plan = synack(&syn, &ack, NOW);
	CHECK_EQ(plan.flags, XTCP_SYN | XTCP_ACK);
	CHECK_EQ(plan.tsval, 0);
}

/* With IPv6 all bits of both addresses count. */
UNIT(cookie_v6)
{
	struct xtcp_open open = peer;
	struct xtcp_plan plan;
	struct xtcp_seg ack = { .flags = XTCP_ACK, .seq = 5001 };
	struct xtcp_request req;
	u32 i;

	fresh();
	for (i = 0; i < 4; i++) {
		open.flow.saddr[i] = 0x20010db8 + i;
		open.flow.daddr[i] = 0x20010db8 + 7 * i;
	}
	CHECK(xtcp_syncookie_synack(&par, &open, &plain_syn, &plan, NOW));
	ack.ack = plan.seq + 1;
	CHECK(taken(&open, &ack));
	open.v6 = true;
	CHECK(xtcp_syncookie_rx(&req, &par, &open, &ack, NOW));
	CHECK(req.v6);
	for (i = 0; i < 4; i++) {
		open.flow.saddr[i]++;
		CHECK(!taken(&open, &ack));
		open.flow.saddr[i]--;
		open.flow.daddr[i]++;
		CHECK(!taken(&open, &ack));
		open.flow.daddr[i]--;
	}
}

/* 24 or 28 bits that are random from one 4-tuple to the next. */
UNIT(cookie_bits)
{
	u32 ones[2][32] = { 0 }, i, k, bit, n = 4000;

	fresh();
	for (i = 0; i < n; i++)
		for (k = 0; k < 2; k++) {
			struct xtcp_open open = peer;
			struct xtcp_plan plan;

			open.flow.dport = i;
			CHECK(xtcp_syncookie_synack(&par, &open, k ? &full_syn : &plain_syn,
						    &plan, NOW));
			for (bit = 0; bit < 32; bit++)
				ones[k][bit] += plan.seq >> bit & 1;
		}
	/* Six standard deviations of n coins. */
	for (k = 0; k < 2; k++)
		for (bit = k ? 4 : 8; bit < 32; bit++)
			CHECK(ones[k][bit] > n / 2 - 190 && ones[k][bit] < n / 2 + 190);
}

/* TSval is never ahead of the clock, and increases afterwards (RFC 7323, 5.4). */
UNIT(cookie_timestamp)
{
	struct xtcp_seg syn = full_syn, ack;
	u32 ms, clock, off;
	u64 at;

	fresh();
	off = xtcp_ts_offset(&par, &peer.flow);
	for (ms = 0; ms < 300; ms++) {
		struct xtcp_plan plan;

		at = NOW + ms * XTCP_NSEC_PER_MSEC;
		syn.wscale = ms % 15;
		plan = synack(&syn, &ack, at);
		clock = xtcp_ts_clock(at) + off;
		CHECK(seq_le(plan.tsval, clock));
		CHECK(clock - plan.tsval <= 127);
	}
}

/* Options that a knob has disabled meanwhile are not negotiated. */
UNIT(cookie_knobs)
{
	struct xtcp_seg full, plain;

	fresh();
	synack(&full_syn, &full, NOW);
	synack(&plain_syn, &plain, NOW);
	par.wscale = false;
	CHECK(!taken(&peer, &full));
	CHECK(!taken(&peer, &plain));
	par.wscale = true;
	par.timestamps = false;
	CHECK(!taken(&peer, &full));
	CHECK(taken(&peer, &plain));
}

/* The RTT is unknown: neither the clock nor the timestamp gives it. */
UNIT(cookie_accept)
{
	const struct xtcp_seg *syns[] = { &full_syn, &plain_syn };
	struct xtcp_request req;
	struct xtcp_seg ack;
	struct xtcp_tcb tcb;
	u32 k;

	for (k = 0; k < 2; k++) {
		fresh();
		synack(syns[k], &ack, NOW);
		CHECK(xtcp_syncookie_rx(&req, &par, &peer, &ack, NOW + 10 * XTCP_NSEC_PER_MSEC));
		xtcp_tcb_init(&tcb, &par);
		xtcp_accept(&tcb, &req, &peer, NOW + 10 * XTCP_NSEC_PER_MSEC);
		xtcp_rx(&tcb, &ack, NULL, NOW + 10 * XTCP_NSEC_PER_MSEC);
		CHECK_EQ(tcb.state, XTCP_ESTABLISHED);
		CHECK_EQ(tcb.srtt8_us, 0);
		CHECK_EQ(tcb.rto_us, par.rto_init_us);
		CHECK_EQ(tcb.cwnd, 10U * tcb.mss);
		CHECK_EQ(tcb.snd_wnd, 500U << 7);
		CHECK_EQ(tcb.iss, ack.ack - 1);
		CHECK_EQ(tcb.rcv_nxt, 5001);
		xtcp_tcb_fini(&tcb);
	}
}
