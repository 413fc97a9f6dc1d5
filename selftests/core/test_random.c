// SPDX-License-Identifier: GPL-2.0
/*
 * Random segments, most of them close to sequence numbers that matter, random calls of
 * the application, and time, applied to one TCB. After each step the invariants must
 * hold, data must be delivered in order, and lent memory must come back at the end.
 */
#include <stdlib.h>

#include "harness.h"
#include "script.h"

#define WORLDS	400
#define STEPS	400

static u32 rnd(u32 n)
{
	return (u32)random() % n;
}

/* A sequence number close to one that matters, or an arbitrary one. */
static u32 near(u32 seq)
{
	static const u32 off[] = { 0, 0, 0, 1, (u32)-1, 2, 1000, (u32)-1000, 65535, 65536,
				   0x3fffffff, 0x7fffffff, 0x80000000 };

	if (!rnd(20))
		return (u32)random() * 2 + rnd(2);
	return seq + off[rnd(ARRAY_SIZE(off))];
}

static struct xtcp_seg random_seg(const struct rig *rig)
{
	static const u16 flags[] = {
		XTCP_ACK, XTCP_ACK, XTCP_ACK, XTCP_ACK, XTCP_ACK | XTCP_PSH,
		XTCP_ACK | XTCP_FIN, XTCP_ACK | XTCP_URG, XTCP_SYN, XTCP_SYN | XTCP_ACK,
		XTCP_RST, XTCP_RST | XTCP_ACK, XTCP_FIN, 0,
	};
	static const u16 wnds[] = { 0, 1, 100, 1000, 65535 };
	const struct xtcp_tcb *tcb = &rig->tcb;
	u32 edges[] = { tcb->snd_una, tcb->snd_nxt, tcb->snd_nxt, tcb->iss };
	struct xtcp_seg seg = { .nsegs = 1 + rnd(3), .doff = 20 };

	seg.flags = rnd(30) ? flags[rnd(ARRAY_SIZE(flags))] : (u16)rnd(0x200);
	/* A valid reset would end most runs early. */
	if (seg.flags & XTCP_RST && rnd(4))
		seg.flags = XTCP_ACK;
	seg.seq = tcb->state == XTCP_SYN_SENT ? RIG_ISS :
		  near(rnd(3) ? tcb->rcv_nxt : tcb->rcv_wup + tcb->rcv_wnd);
	seg.ack = near(edges[rnd(ARRAY_SIZE(edges))]);
	seg.len = rnd(2) ? 0 : rnd(4) ? rnd(3000) : rnd(65536);
	seg.wnd = wnds[rnd(ARRAY_SIZE(wnds))];
	seg.urg = (u16)rnd(0x10000);
	seg.opts = (u8)rnd(0x20);
	seg.mss = (u16)rnd(0x10000);
	seg.wscale = (u8)rnd(15);
	seg.tsval = rnd(4) ? tcb->ts_recent + rnd(3) : near(tcb->ts_recent);
	seg.tsecr = rnd(2) ? rig->last_tsval : (u32)random();
	return seg;
}

static void send_all(struct rig *rig)
{
	struct xtcp_plan plan;
	int limit = 2000;

	while (limit-- && (rig->want_output || rig->have_reply) &&
	       rig_peek(rig, &plan)) {
		CHECK(plan.hdr_len >= XTCP_HDR_LEN && plan.hdr_len <= XTCP_HDR_MAX);
		if (plan.len) {
			u32 end = plan.data + plan.len;

			CHECK(seq_le(end, rig->tcb.snd_end));
			CHECK(seq_ge(plan.data, xtcp_snd_data_una(&rig->tcb)));
			CHECK(plan.mss);
		}
		if (!rig->have_reply && !rnd(15)) {
			xtcp_tx_abort(&rig->tcb, &plan, rig->now);
			rig->want_output = false;
			return;
		}
		rig_commit(rig, &plan);
	}
	CHECK(limit > 0);
}

static void application(struct rig *rig)
{
	struct xtcp_tcb *tcb = &rig->tcb;
	u32 n, opt;

	/* The ranges of the socket layer: xtcp_set() does not check them. */
	switch (rnd(8)) {
	case 0:
	case 1:
		if (tcb->flags & XTCP_F_FIN_QUEUED || tcb->state == XTCP_CLOSED)
			break;
		n = 1 + rnd(rnd(4) ? 3000 : 100000);
		rig_serve(rig, xtcp_wrote(tcb, n, rnd(4), rig->now));
		break;
	case 2:
	case 3:
		n = rnd(rig->unread + 1);
		rig->unread -= n;
		rig_serve(rig, xtcp_read(tcb, n, rig->rcvbuf > rig->unread ?
					 rig->rcvbuf - rig->unread : 0, rig->now));
		break;
	case 4:
		opt = rnd(XTCP_SET_PATH_MSS + 1);
		n = opt <= XTCP_SET_KEEPALIVE ? rnd(2) : 1000 + rnd(30000);
		if (opt == XTCP_SET_KEEPCNT || opt == XTCP_SET_SYNCNT)
			n = 1 + rnd(127);
		rig_serve(rig, xtcp_set(tcb, opt, n, rig->now));
		break;
	case 5:
		if (!rnd(10))
			rig_serve(rig, xtcp_shutdown(tcb, rig->now));
		break;
	case 6:
		if (!rnd(40) && !rig->unread)
			rig_serve(rig, xtcp_close(tcb, rig->now));
		else if (!rnd(60))
			rig_serve(rig, xtcp_abort(tcb, rig->now));
		break;
	case 7:
		rig_serve(rig, xtcp_icmp_rx(tcb, rnd(3), near(tcb->snd_una),
					    88 + rnd(2000), rig->now));
		if (xtcp_reass_prune(tcb))
			rig_serve(rig, XTCP_ACT_REAP);
		break;
	}
}

static void clock_runs(struct rig *rig)
{
	static const u64 steps[] = { 0, 1, 1000000, 40000000, 200000000, 3000000000 };
	u64 due = xtcp_deadline(&rig->tcb);

	if (due != XTCP_NEVER && rnd(2))
		rig->now = max(rig->now, due);
	else
		rig->now += steps[rnd(ARRAY_SIZE(steps))];
	rig_serve(rig, xtcp_timeout(&rig->tcb, rig->now));
	due = xtcp_deadline(&rig->tcb);
	CHECK(due > rig->now || due == XTCP_NEVER);
}

static void one_world(struct rig *rig, u32 seed)
{
	/* Printed by a failure. */
	const struct step where = { .file = "seed", .line = (int)seed, .text = "a random world" };
	int step;

	srandom(seed);
	rig_init(rig);
	rig->step = &where;
	rig->par.wscale = rnd(2);
	rig->par.timestamps = rnd(2);
	rig->par.isn_key[0] = seed;
	rig->open.rcv_space = 1 + rnd(100000);
	rig->open.rcv_space_max = rig->open.rcv_space + rnd(1000000);
	rig->open.gso_max = 1460 + rnd(60000);
	rig_open(rig, true);
	send_all(rig);
	if (rnd(8)) {
		struct xtcp_seg seg = random_seg(rig);

		seg.seq = RIG_ISS;
		seg.flags = XTCP_SYN | (rnd(4) ? XTCP_ACK : 0);
		seg.ack = rig->iss + 1;
		seg.len = 0;
		rig_rx(rig, &seg);
		send_all(rig);
	}
	for (step = 0; step < STEPS && !rig->bad; step++) {
		u32 what = rnd(10);

		if (what < 6) {
			struct xtcp_seg seg = random_seg(rig);

			rig_rx(rig, &seg);
		} else if (what < 8) {
			application(rig);
		} else {
			clock_runs(rig);
		}
		send_all(rig);
	}
	rig_fini(rig);
}

UNIT(random_segments_calls_and_time)
{
	struct rig *rig = malloc(sizeof(*rig));
	u32 seed;

	for (seed = 0; rig && seed < WORLDS; seed++) {
		one_world(rig, seed);
		if (rig->bad) {
			unit_fail(__FILE__, __LINE__, "in world %u", seed);
			break;
		}
	}
	free(rig);
}
