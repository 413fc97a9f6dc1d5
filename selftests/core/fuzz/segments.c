// SPDX-License-Identifier: GPL-2.0
/*
 * One engine, opened actively, passively or by the segments, and a peer that sends
 * arbitrary segments, most of them close to sequence numbers that matter. Only the
 * checks of end.c after each call apply.
 */
#include "fuzz.h"

static void lost_on_the_way(struct end *end, const struct xtcp_plan *plan)
{
	peer_plan(end->ctx, plan);
}

static u16 in_flags(struct fuzz_in *in)
{
	static const u16 flags[] = {
		XTCP_ACK, XTCP_ACK, XTCP_ACK, XTCP_ACK, XTCP_ACK, XTCP_ACK,
		XTCP_ACK | XTCP_PSH, XTCP_ACK | XTCP_FIN, XTCP_ACK | XTCP_URG,
		XTCP_SYN, XTCP_SYN | XTCP_ACK, XTCP_RST, XTCP_RST | XTCP_ACK,
		XTCP_ACK | XTCP_ECE, 0,
	};
	u8 b = in_byte(in) & 15;

	return b < ARRAY_SIZE(flags) ? flags[b] : in_half(in) & 0x1ff;
}

/* Boundaries of transmissions, where the SACK blocks of a real peer begin and end. */
static u32 map_edge(const struct xtcp_tcb *tcb, u32 n)
{
	const struct xtcp_sent *sent = tcb->map_head;

	while (sent && n--)
		sent = sent->next;
	return sent ? sent->seq : tcb->snd_nxt;
}

static void in_sacks(struct fuzz_in *in, const struct xtcp_tcb *tcb, struct xtcp_seg *seg,
		     u32 n)
{
	u32 i;

	for (i = 0; i < n; i++) {
		u8 which = in_byte(in);
		u32 edge[] = { map_edge(tcb, which & 15), tcb->snd_una, tcb->snd_nxt,
			       map_edge(tcb, which >> 4) };

		seg->sack[i].start = in_near(in, edge, ARRAY_SIZE(edge), tcb->mss);
		edge[0] = seg->sack[i].start + tcb->mss;
		seg->sack[i].end = in_near(in, edge, ARRAY_SIZE(edge), tcb->mss);
	}
	seg->nsack = (u8)n;
	seg->opts |= XTCP_OPT_SACK;
}

/* Timestamps as a real peer sends them, or others. */
static void in_stamps(struct fuzz_in *in, const struct peer *peer,
		      const struct xtcp_tcb *tcb, struct xtcp_seg *seg)
{
	u32 val[] = { tcb->ts_recent, seg->tsval };
	u32 ecr[] = { peer->ts_echo, seg->tsecr };

	seg->opts |= XTCP_OPT_TS;
	seg->tsval = in_near(in, val, ARRAY_SIZE(val), 100);
	seg->tsecr = in_near(in, ecr, ARRAY_SIZE(ecr), 100);
}

static void in_accecn(struct fuzz_in *in, struct xtcp_seg *seg)
{
	u8 b = in_byte(in);
	u32 i;

	seg->nacc = b & 3;
	seg->opts |= b & 4 ? XTCP_OPT_ACCECN0 : XTCP_OPT_ACCECN1;
	for (i = 0; i < seg->nacc; i++)
		seg->acc[i] = b & 8 ? in_word(in) & 0xffffff : in_byte(in);
}

static void a_segment(struct peer *peer, struct fuzz_in *in)
{
	struct xtcp_tcb none = { .mss = 1000, .rcv_nxt = peer->iss };
	const struct end *end = peer->end;
	const struct xtcp_tcb *tcb = end_tcb(end) ? end->host.tcb : &none;
	const u32 seqs[] = { tcb->rcv_nxt, tcb->rcv_nxt, tcb->rcv_wup + tcb->rcv_wnd,
			     tcb->rcv_fin, peer->iss, peer->iss + 1 };
	const u32 acks[] = { tcb->snd_una, tcb->snd_nxt, tcb->snd_nxt, tcb->snd_end,
			     tcb->iss, tcb->iss + 1, map_edge(tcb, 1), map_edge(tcb, 2),
			     peer->rcv_nxt };
	struct xtcp_seg seg = peer_seg(peer, in_flags(in), 0);
	u8 how;

	seg.seq = in_near(in, seqs, ARRAY_SIZE(seqs), tcb->mss);
	seg.ack = in_near(in, acks, ARRAY_SIZE(acks), tcb->mss);
	how = in_byte(in);
	seg.len = how & 1 ? in_size(in, 1000) : 0;
	if (how & 2)
		seg.wnd = in_half(in);
	if (how & 4)
		in_stamps(in, peer, tcb, &seg);
	if (how & 8)
		in_sacks(in, tcb, &seg, 1 + (how >> 6));
	if (how & 16) {
		u8 b = in_byte(in);

		seg.nsegs = 1 + (b & 63);
		seg.ecn = b >> 6;
		seg.urg = in_half(in);
		seg.mss = in_half(in);
		seg.opts ^= in_byte(in) & (XTCP_OPT_TS | XTCP_OPT_MSS);
	}
	if (how & 32)
		in_accecn(in, &seg);
	if (!(seg.flags & XTCP_SYN))
		seg.opts &= XTCP_OPT_TS | XTCP_OPT_SACK | XTCP_OPT_ACCECN;
	else if (!seg.mss)
		seg.opts &= ~XTCP_OPT_MSS;
	end_rx(peer->end, &seg);
}

void fuzz_segments(struct fuzz_in *in)
{
	u64 now = 1000 * SEC;
	struct peer peer;
	struct end end;
	u8 how = in_byte(in);

	end_init(&end, in, &now, 0);
	peer_init(&peer, &end, in);
	end.ctx = &peer;
	end.send = lost_on_the_way;
	if (how & 2)
		peer_handshake(&peer, how & 1);
	else if (how & 1)
		end_connect(&end);
	else
		end_listen(&end);
	while (in_more(in)) {
		u8 what = in_byte(in);

		if (what < 144) {
			a_segment(&peer, in);
		} else if (what < 208) {
			end_command(&end, in);
		} else {
			now = in_time(in, now, end_deadline(&end));
			end_timeout(&end);
		}
	}
	end_fini(&end);
}
