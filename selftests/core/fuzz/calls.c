// SPDX-License-Identifier: GPL-2.0
/*
 * One engine, its application, and a peer that implements TCP. The input determines
 * the calls of the application, the network and the behaviour of the peer: segments of
 * the engine are lost, delayed and repeated, and acknowledged in all possible ways. As
 * long as the peer has broken no rule, all bytes written must arrive in the end.
 */
#include "fuzz.h"

#define WIRE_MAX	256	/* transmissions in flight */

/* Rounds of finish() in which everything must arrive. */
#define FINISH_ROUNDS	20000

struct wire {
	struct peer peer;
	u32 n;
	bool sly;		/* the peer has broken a rule: expect nothing */
	struct sent {
		u32 seq;
		u32 len;	/* in sequence space */
		u32 mss;
	} sent[WIRE_MAX];
};

static void wire_put(struct end *end, const struct xtcp_plan *plan)
{
	struct wire *wire = end->ctx;
	u32 len = plan->len + !!(plan->flags & XTCP_FIN);

	peer_plan(&wire->peer, plan);
	if (!len || wire->n == WIRE_MAX)
		return;
	wire->sent[wire->n++] = (struct sent){
		.seq = plan->data && plan->len ? plan->data : plan->seq,
		.len = len,
		.mss = plan->mss,
	};
}

/* Transmission @i arrives without its first @skip segments, or, if @lost, not at all. */
static void wire_take(struct wire *wire, u32 i, u32 skip, bool lost)
{
	struct sent *sent;
	u32 cut;

	if (!wire->n)
		return;
	sent = &wire->sent[i % wire->n];
	cut = min(skip * sent->mss, sent->len);
	if (!lost)
		peer_data(&wire->peer, sent->seq + cut, sent->len - cut);
	wire->n--;
	memmove(sent, sent + 1, (char *)&wire->sent[wire->n] - (char *)sent);
}

static void deliver_some(struct wire *wire, struct fuzz_in *in)
{
	u8 b = in_byte(in);
	u32 n = b & 15;

	switch (b >> 4) {
	case 0:		/* everything, one ACK */
		while (wire->n)
			wire_take(wire, 0, 0, false);
		peer_ack(&wire->peer);
		break;
	case 1:		/* everything, an ACK each */
		while (wire->n) {
			wire_take(wire, 0, 0, false);
			peer_ack(&wire->peer);
		}
		break;
	case 2:
	case 3:
		wire_take(wire, n, 0, false);
		peer_ack(&wire->peer);
		break;
	case 4:
	case 5:
		wire_take(wire, n, 0, true);
		break;
	case 6:		/* the first segments are lost */
		wire_take(wire, 0, n, false);
		peer_ack(&wire->peer);
		break;
	case 7:		/* delivered, the ACK is lost */
		wire_take(wire, n, 0, false);
		break;
	case 8:		/* delivered, and again later */
		if (wire->n && wire->n < WIRE_MAX) {
			wire->sent[wire->n] = wire->sent[n % wire->n];
			wire->n++;
		}
		wire_take(wire, n, 0, false);
		peer_ack(&wire->peer);
		break;
	case 9:		/* the network loses everything */
		wire->n = 0;
		break;
	default:
		peer_ack(&wire->peer);
		break;
	}
}

/* The peer sends data within the engine's window. */
static void send_data(struct wire *wire, struct fuzz_in *in)
{
	struct peer *peer = &wire->peer;
	const struct end *end = peer->end;
	u8 how = in_byte(in);
	u32 room = seq_gt(end->edge, peer->snd_nxt) ? end->edge - peer->snd_nxt : 0;
	u32 len = min(in_size(in, 1000), room);
	struct xtcp_seg seg;

	if (peer->fin_out || !end->has_edge)
		return;
	seg = peer_seg(peer, XTCP_ACK | (how & 1 ? XTCP_PSH : 0), len);
	if (how & 2 && room > len) {
		seg.flags |= XTCP_FIN;
		peer->fin_out = true;
	}
	if (how & 4) {
		seg.flags |= XTCP_URG;
		seg.urg = (u16)(len + (how >> 5));
	}
	seg.ecn = how >> 6;
	peer->snd_nxt += len + !!(seg.flags & XTCP_FIN);
	/* Otherwise the data is lost; resend() repeats it. */
	if (!(how & 8))
		end_rx(peer->end, &seg);
}

/* The peer resends all unacknowledged data, in one segment as merged by GRO. */
static void resend(struct wire *wire)
{
	struct peer *peer = &wire->peer;
	u32 fin = peer->fin_out;
	struct xtcp_seg seg;
	u32 left = peer->snd_nxt - peer->snd_acked;

	if (!left)
		return;
	seg = peer_seg(peer, XTCP_ACK | (fin ? XTCP_FIN : 0), left - fin);
	seg.seq = peer->snd_acked;
	end_rx(peer->end, &seg);
}

/* The peer does something unusual, allowed except for the default case. */
static void a_mood(struct wire *wire, struct fuzz_in *in)
{
	struct peer *peer = &wire->peer;
	u8 b = in_byte(in);
	struct xtcp_seg seg;

	switch (b & 7) {
	case 0:		/* another window; shrinking it is discouraged, but allowed */
		peer->wnd = in_half(in);
		peer_ack(peer);
		break;
	case 1:
		resend(wire);
		break;
	case 2:		/* an old ACK arrives late */
		seg = peer_seg(peer, XTCP_ACK, 0);
		seg.ack -= in_size(in, 1000) % 65536;
		if (seq_le(seg.ack, peer->end->host.tcb ? peer->end->host.tcb->iss : seg.ack))
			break;
		seg.opts = 0;
		end_rx(peer->end, &seg);
		break;
	case 3:		/* the same ACK again */
		seg = peer_seg(peer, XTCP_ACK, 0);
		seg.ecn = b >> 6;
		if (b & 32)
			seg.flags |= XTCP_ECE;
		if (b & 16)
			seg.flags |= XTCP_CWR;
		end_rx(peer->end, &seg);
		break;
	case 4:		/* a D-SACK */
		if (!(peer->opts & XTCP_OPT_SACK_PERM))
			break;
		seg = peer_seg(peer, XTCP_ACK, 0);
		memmove(&seg.sack[1], &seg.sack[0], 3 * sizeof(seg.sack[0]));
		seg.sack[0].end = seg.ack - in_size(in, 1000) % 65536;
		seg.sack[0].start = seg.sack[0].end - 1 - in_size(in, 1000) % 65536;
		seg.nsack = (u8)min(seg.nsack + 1, XTCP_MAX_SACKS);
		seg.opts |= XTCP_OPT_SACK;
		end_rx(peer->end, &seg);
		break;
	case 5:		/* reneging is discouraged, but allowed (RFC 2018, 8) */
		peer->nranges = 0;
		break;
	default:	/* not allowed */
		wire->sly = true;
		if (b & 8) {
			peer->rcv_nxt += in_size(in, 1000) % 65536;
			peer_ack(peer);
			break;
		}
		seg = peer_seg(peer, in_half(in) & 0x1ff, 0);
		seg.opts &= XTCP_OPT_TS | XTCP_OPT_SACK;
		end_rx(peer->end, &seg);
		break;
	}
}

/* Without losses, and with a conforming peer, all data must arrive now. */
static void finish(struct wire *wire, u64 *now)
{
	struct peer *peer = &wire->peer;
	struct end *end = peer->end;
	u64 due;
	int i;

	end_memory(end, 0);
	end_pacing(end, ~0ULL);
	peer->wnd = 65535;
	for (i = 0; i < FINISH_ROUNDS && end_live(end) && !peer->rst; i++) {
		if (wire->n) {
			while (wire->n)
				wire_take(wire, 0, 0, false);
			peer_ack(peer);
			continue;
		}
		/* What TCP_CORK or SWS avoidance holds back, a timer releases below. */
		if (peer->rcv_nxt == end->host.tcb->snd_end + !!(end->host.tcb->flags &
							    XTCP_F_FIN_QUEUED))
			return;
		due = end_deadline(end);
		if (due == XTCP_NEVER)
			fuzz_fail("%d bytes never sent", (int)(end->host.tcb->snd_end -
							       peer->rcv_nxt));
		*now = max(*now, due);
		end_timeout(end);
	}
	if (i == FINISH_ROUNDS)
		fuzz_fail("%d bytes do not arrive", (int)(end->host.tcb->snd_end -
							  peer->rcv_nxt));
}

void fuzz_calls(struct fuzz_in *in)
{
	struct wire wire = { .n = 0 };
	u64 now = 1000 * SEC;
	struct end end;
	u8 how = in_byte(in);

	end_init(&end, in, &now, 0);
	peer_init(&wire.peer, &end, in);
	end.ctx = &wire;
	end.send = wire_put;
	peer_handshake(&wire.peer, how & 1);
	while (in_more(in) && end.host.mode != XTCP_HOST_CLOSED) {
		u8 what = in_byte(in);

		if (what < 96) {
			end_command(&end, in);
		} else if (what < 160) {
			deliver_some(&wire, in);
		} else if (what < 184) {
			send_data(&wire, in);
		} else if (what < 208) {
			a_mood(&wire, in);
		} else {
			now = in_time(in, now, end_deadline(&end));
			end_timeout(&end);
		}
	}
	if (!wire.sly && end_live(&end) && end.host.tcb->state != XTCP_SYN_SENT &&
	    end.host.tcb->state != XTCP_SYN_RECEIVED)
		finish(&wire, &now);
	end_fini(&end);
}
