// SPDX-License-Identifier: GPL-2.0
/*
 * Delivery rate samples. MSS 1000, round trip 40 ms: a window of ten segments
 * a round trip is 250 kB/s.
 */
#include "core.h"
#include "harness.h"

#define OPEN "par tlp 0\nestablished sack rtt 40\nset nodelay 1\n"

static const struct script rate_sample[] = {
	{ "a flight and its ACK", OPEN "write 10000\n> PA 1+10000\n+ 40ms\n< A 1 ack 10001\n= rate_delivered 10000\n= rate_us 40000\n" },
	{ "ACKs spread out by the path: the rate is theirs", OPEN "write 4000\n> PA 1+4000\n+ 40ms\n< A 1 ack 1001\n+ 10ms\n< A 1 ack 2001\n"
	  "+ 10ms\n< A 1 ack 3001\n+ 10ms\n< A 1 ack 4001\n= rate_delivered 4000\n= rate_us 70000\n" },
	{ "compressed ACKs: the time it took to send counts", OPEN "write 1000\n> PA 1+1000\n+ 30ms\nwrite 1000\n> PA 1001+1000\n"
	  "+ 30ms\nwrite 1000\n> PA 2001+1000\n+ 1ms\n< A 1 ack 3001\n= rate_delivered 3000\n= rate_us 61000\n" },
	{ "SACKed is delivered", OPEN "write 10000\n> PA 1+10000\n+ 40ms\n< A 1 ack 1 sack 8001-10001\n= delivered 2000\n"
	  "= rate_delivered 2000\n= rate_us 40000\n" },
	{ "and not once more by the ACK", OPEN "write 10000\n> PA 1+10000\n+ 40ms\n< A 1 ack 1 sack 8001-10001\n< A 1 ack 10001\n= delivered 10000\n" },
	{ "shorter than the shortest round trip: no sample", OPEN "write 1000\n> PA 1+1000\n+ 40ms\n< A 1 ack 1001\n= rate_us 40000\n"
	  "write 10000\n> PA 1001+10000\n+ 10ms\n< A 1 ack 11001\n= rate_us 10000\n" },
	{ "acknowledged before the time it was released for: nothing held it back", "par pacing 1\n" OPEN "write 600\n> PA 1+600\n"
	  "+ 20us\n< A 1 ack 601\n= rate_us 20\nwrite 100\n> PA 601+100\n+ 20us\n< A 1 ack 701\n= rate_us 20\n" },
};
SCRIPTS(rate_sample);

/* In segments, each ACK for itself. */
static const struct {
	const char *name;
	u32 len;	/* written at once, MSS 1000 */
	bool fin;
	u32 ack[4];	/* bytes acknowledged by each of them */
	u32 segs[4];
} said[] = {
	{ "a byte", 1, false, { 1 }, { 1 } },
	{ "a segment", 1000, false, { 1000 }, { 1 } },
	{ "a byte more", 1001, false, { 1001 }, { 2 } },
	{ "half of one", 3000, false, { 1500, 3000 }, { 1, 2 } },
	{ "byte by byte", 3000, false, { 1, 999, 1000, 3000 }, { 0, 0, 1, 2 } },
	{ "with FIN", 1000, true, { 1001 }, { 1 } },
	{ "before FIN", 1000, true, { 1000, 1001 }, { 0, 1 } },
	{ "FIN", 0, true, { 1 }, { 1 } },
};

UNIT(rate_segments)
{
	struct xtcp_open peer = {
		.flow = { .sport = 1, .dport = 2 },
		.rcv_space = 60000, .rcv_space_max = 60000, .gso_max = 60000,
		.path_mss = 1000, .adv_mss = 1000,
	};
	unsigned int i, k;

	for (i = 0; i < ARRAY_SIZE(said); i++) {
		static struct xtcp_tcb tcb;
		struct xtcp_params par;
		struct xtcp_plan plan;
		struct xtcp_seg seg = { .nsegs = 1, .seq = 7, .wnd = 60000, .mss = 1000,
					.opts = XTCP_OPT_MSS, .flags = XTCP_SYN | XTCP_ACK };

		xtcp_params_init(&par);
		xtcp_tcb_init(&tcb, &par);
		xtcp_connect(&tcb, &peer, 1);
		CHECK(xtcp_tx_peek(&tcb, 1, &plan));
		xtcp_tx_commit(&tcb, &plan, 1);
		seg.ack = plan.seq + 1;
		xtcp_rx(&tcb, &seg, NULL, 2);
		CHECK_ROW(said[i].name, seg.delivered, 1);
		xtcp_wrote(&tcb, said[i].len, 0, 3);
		if (said[i].fin)
			xtcp_shutdown(&tcb, 3);
		while (xtcp_tx_peek(&tcb, 3, &plan))
			xtcp_tx_commit(&tcb, &plan, 3);
		seg.flags = XTCP_ACK;
		seg.seq = 8;
		for (k = 0; k < ARRAY_SIZE(said[i].ack) && said[i].ack[k]; k++) {
			seg.ack = tcb.iss + 1 + said[i].ack[k];
			xtcp_rx(&tcb, &seg, NULL, 4 + k);
			CHECK_ROW(said[i].name, seg.delivered, said[i].segs[k]);
		}
		xtcp_tcb_fini(&tcb);
	}
}

static const struct script rate_app[] = {
	{ "the window has room and nothing waits: the application is the limit", OPEN "write 3000\n> PA 1+3000\nwrite 1000\n"
	  "> PA 3001+1000\n= app_limited 3000\n= flags 0x10000020\n" },
	{ "until what was out then is delivered", OPEN "write 3000\n> PA 1+3000\nwrite 1000\n> PA 3001+1000\nwrite 20000\n"
	  "> PA 4001+6000\n+ 40ms\n< A 1 ack 4001\n> PA 10001+8000\n= flags 0x10000020\n< A 1 ack 10001\n= flags 0x20\n> PA 18001+6000\n" },
	{ "less than a segment in a sample: the application, whatever was known", OPEN "shutdown\n> FA 1\n+ 40ms\n< A 1 ack 2\n"
	  "= rate_delivered 1\n= rate_app 1\n" },
	{ "not when the window is full", OPEN "write 10000\n> PA 1+10000\nwrite 1000\n> no\n= app_limited 0\n" },
};
SCRIPTS(rate_app);

/* The window, what is held behind a hole, and the buffer that both need. */
static const struct {
	const struct xtcp_cc *cc;
	u32 cwnd, sacked, want;
} snd_wants[] = {
	{ &xtcp_cc_cubic, 1, 0, 2 },
	{ &xtcp_cc_cubic, 14600, 0, 29200 },
	{ &xtcp_cc_cubic, 14600, 1460, 31390 },
	{ &xtcp_cc_cubic, 500000, 1500000, 3250000 },
	{ &xtcp_cc_cubic, 500000, 1, 1000001 },
	{ &xtcp_cc_cubic, 1U << 30, 1U << 30, 0xe0000000 },
	{ &xtcp_cc_cubic, 1U << 30, ~0U, ~0U },
	{ &xtcp_cc_bbr, 14600, 0, 43800 },
	{ &xtcp_cc_bbr, 500000, 1500000, 3750000 },
	{ &xtcp_cc_bbr, 1U << 31, 0, ~0U },
};

UNIT(rate_snd_want)
{
	static struct xtcp_tcb tcb;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(snd_wants); i++) {
		tcb.cc = snd_wants[i].cc;
		tcb.cwnd = snd_wants[i].cwnd;
		tcb.sacked_out = snd_wants[i].sacked;
		CHECK_EQ(xtcp_snd_want(&tcb), snd_wants[i].want);
	}
}

/* What left while others counted as lost, and they were not: none were lost since. */
UNIT(rate_lost_and_found)
{
	struct xtcp_params par;
	struct xtcp_sent lent[4];
	struct xtcp_ack a = { .now = 300 };
	struct xtcp_tcb tcb;
	u32 i;

	xtcp_params_init(&par);
	xtcp_tcb_init(&tcb, &par);
	tcb.state = XTCP_ESTABLISHED;
	tcb.mss = 1000;
	tcb.iss = 0xffffff00;
	tcb.snd_una = tcb.iss + 1;
	tcb.snd_nxt = tcb.snd_una;
	for (i = 0; i < ARRAY_SIZE(lent); i++)
		xtcp_map_lend(&tcb, &lent[i]);
	xtcp_map_append(&tcb, tcb.iss + 5001, 0, 100);
	xtcp_map_lost(&tcb, tcb.map_head);
	xtcp_map_append(&tcb, tcb.iss + 6001, 0, 200);
	xtcp_map_unlose(&tcb);
	xtcp_map_ack(&tcb, tcb.iss + 6001, &a);
	xtcp_rate_ack(&tcb, &a);
	CHECK(a.rs_any);
	CHECK_EQ(a.rs_flight, 1000);
	CHECK_EQ(a.rs_lost, 0);
}
