// SPDX-License-Identifier: GPL-2.0
/*
 * A peer that is not an engine. It keeps track of what it has received and builds ACKs
 * according to RFC 9293 and RFC 2018; the target decides what it sends, and when.
 */
#include "fuzz.h"

#define PEER_ISS	0x7ffff000u	/* crosses 2^31 early */

void peer_init(struct peer *peer, struct end *end, struct fuzz_in *in)
{
	static const u16 mss[] = { 1460, 536, 88, 0, 9000, 1, 1000, 65535 };
	static const u16 wnds[] = { 65535, 1000, 0, 5000, 30000, 1, 65535, 200 };
	static const u16 ecn[] = {
		0, XTCP_ECE | XTCP_CWR, XTCP_AE | XTCP_ECE | XTCP_CWR, XTCP_ECE,
	};
	u8 a = in_byte(in), b = in_byte(in);

	memset(peer, 0, sizeof(*peer));
	peer->end = end;
	peer->iss = PEER_ISS;
	peer->snd_nxt = PEER_ISS;
	peer->snd_acked = PEER_ISS + 1;
	peer->tsval0 = 0xffffff00;
	peer->opts = XTCP_OPT_MSS;
	if (!(a & 1))
		peer->opts |= XTCP_OPT_WSCALE;
	if (!(a & 2))
		peer->opts |= XTCP_OPT_TS;
	if (!(a & 4))
		peer->opts |= XTCP_OPT_SACK_PERM;
	peer->wscale = a >> 4 > 14 ? 14 : a >> 4;
	peer->mss = mss[b & 7];
	peer->wnd = wnds[b >> 3 & 7];
	peer->ecn = ecn[b >> 6];
	if (!peer->mss)
		peer->opts &= ~XTCP_OPT_MSS;
}

/* Everything below @seq has been received: absorb the ranges that it reaches. */
static void reached(struct peer *peer)
{
	u32 i, n = 0;

	for (i = 0; i < peer->nranges; i++) {
		if (seq_le(peer->range[i].start, peer->rcv_nxt))
			peer->rcv_nxt = seq_max(peer->rcv_nxt, peer->range[i].end);
		else
			peer->range[n++] = peer->range[i];
	}
	peer->nranges = n;
}

/* [@start, @end) was received out of order: add it, joined with adjacent ranges. */
static void hold(struct peer *peer, u32 start, u32 end)
{
	u32 i, n = 0, at = 0;

	for (i = 0; i < peer->nranges; i++) {
		struct peer_range r = peer->range[i];

		if (seq_lt(r.end, start) || seq_gt(r.start, end)) {
			if (seq_lt(r.end, start))
				at = n + 1;
			peer->range[n++] = r;
			continue;
		}
		start = seq_min(start, r.start);
		end = seq_max(end, r.end);
	}
	peer->nranges = n;
	if (n == PEER_RANGES)
		return;
	memmove(&peer->range[at + 1], &peer->range[at],
		(n - at) * sizeof(peer->range[0]));
	peer->range[at].start = start;
	peer->range[at].end = end;
	peer->nranges++;
	peer->last_range = start;
}

/* Sequence numbers [@seq, @seq + @len) arrive, which may include a FIN. */
void peer_data(struct peer *peer, u32 seq, u32 len)
{
	u32 end = seq + len;

	if (!len || seq_le(end, peer->rcv_nxt))
		return;
	if (seq_gt(seq, peer->rcv_nxt)) {
		hold(peer, seq, end);
		return;
	}
	peer->rcv_nxt = end;
	reached(peer);
}

/* Process the header of a plan that the end has sent. */
void peer_plan(struct peer *peer, const struct xtcp_plan *plan)
{
	u8 mutual = XTCP_OPT_WSCALE | XTCP_OPT_TS | XTCP_OPT_SACK_PERM;

	if (plan->flags & XTCP_RST) {
		peer->rst = true;
		return;
	}
	if (plan->opts & XTCP_OPT_TS)
		peer->ts_echo = plan->tsval;
	if (plan->flags & XTCP_SYN) {
		if (peer->hello)
			return;
		peer->hello = true;
		peer->opts &= plan->opts | ~mutual;
		peer->rcv_nxt = plan->seq + 1;
	}
	if (plan->flags & XTCP_ACK && seq_gt(plan->ack, peer->snd_acked) &&
	    seq_le(plan->ack, peer->snd_nxt))
		peer->snd_acked = plan->ack;
}

/* A valid segment with the next sequence number of the peer. */
struct xtcp_seg peer_seg(const struct peer *peer, u16 flags, u32 len)
{
	struct xtcp_seg seg = {
		.seq = peer->snd_nxt,
		.ack = flags & XTCP_ACK ? peer->rcv_nxt : 0,
		.len = len,
		.flags = flags,
		.wnd = peer->wnd,
		.nsegs = (u16)(1 + len / 1461),
		.doff = XTCP_HDR_LEN,
	};
	u32 i, n = 0;

	if (flags & XTCP_SYN) {
		seg.opts = peer->opts;
		seg.mss = peer->mss;
		seg.wscale = peer->wscale;
		seg.seq = peer->iss;
		seg.flags |= peer->ecn;
	}
	if (peer->opts & XTCP_OPT_TS && !(flags & XTCP_RST)) {
		seg.opts |= XTCP_OPT_TS;
		seg.tsval = peer->tsval0 + (u32)(*peer->end->now / MSEC);
		seg.tsecr = flags & XTCP_ACK ? peer->ts_echo : 0;
	}
	if (!(peer->opts & XTCP_OPT_SACK_PERM) || !peer->nranges ||
	    (flags & (XTCP_SYN | XTCP_ACK)) != XTCP_ACK)
		return seg;
	seg.opts |= XTCP_OPT_SACK;
	for (i = 0; i < peer->nranges; i++)
		if (peer->range[i].start == peer->last_range) {
			seg.sack[n].start = peer->range[i].start;
			seg.sack[n++].end = peer->range[i].end;
		}
	for (i = 0; i < peer->nranges && n < XTCP_MAX_SACKS - 1; i++)
		if (peer->range[i].start != peer->last_range) {
			seg.sack[n].start = peer->range[i].start;
			seg.sack[n++].end = peer->range[i].end;
		}
	seg.nsack = (u8)n;
	return seg;
}

void peer_ack(struct peer *peer)
{
	struct xtcp_seg seg = peer_seg(peer, XTCP_ACK, 0);

	end_rx(peer->end, &seg);
}

/*
 * Exchange the three segments of the handshake; @active: the end connects.
 *
 * Return: whether the connection is open.
 */
bool peer_handshake(struct peer *peer, bool active)
{
	struct end *end = peer->end;
	struct xtcp_seg seg;

	if (active)
		end_connect(end);
	else
		end_listen(end);
	seg = peer_seg(peer, active ? XTCP_SYN | XTCP_ACK : XTCP_SYN, 0);
	peer->snd_nxt = peer->iss + 1;
	end_rx(end, &seg);
	if (!active)
		peer_ack(peer);
	return end_live(end) && end->host.tcb->state == XTCP_ESTABLISHED;
}
