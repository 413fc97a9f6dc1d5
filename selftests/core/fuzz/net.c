// SPDX-License-Identifier: GPL-2.0
/*
 * Two engines and a network between them. The input determines the calls of both
 * applications and what the network does to each packet: it loses, repeats, reorders,
 * merges and marks. With two engines more can be checked: acknowledged data was
 * received, received data was written, and when the network has become perfect every
 * connection ends, with all bytes unless an end has an error.
 */
#include <stdlib.h>

#include "fuzz.h"

#define QUEUE_MAX	256	/* packets in flight in each direction */
#define FINISH_ROUNDS	100000
#define SNDBUF		(80U << 10)	/* bytes: beyond an unscaled window */

struct pkt {
	u8 hdr[XTCP_HDR_MAX];
	u32 hdr_len;
	u32 len;		/* of payload, which is known by its number */
	u8 ecn;			/* of the IP header */
};

struct net {
	u64 now;
	struct end end[2];
	struct pkt queue[2][QUEUE_MAX];	/* [i]: to end i */
	u32 n[2];
};

static void put_segment(struct net *net, u32 to, const struct xtcp_plan *plan)
{
	struct pkt *pkt;

	if (net->n[to] == QUEUE_MAX)
		return;
	pkt = &net->queue[to][net->n[to]++];
	memset(pkt, 0, sizeof(*pkt));
	pkt->hdr_len = xtcp_hdr_put(pkt->hdr, plan, 0, 0);
	pkt->len = plan->len;
	pkt->ecn = plan->ecn;
}

static void net_send(struct end *end, const struct xtcp_plan *plan)
{
	struct net *net = end->ctx;
	struct xtcp_plan part;
	u32 at = 0;
	bool last;

	do {
		last = xtcp_plan_part(plan, at, false, &part);
		put_segment(net, end == &net->end[0], &part);
		at += part.len;
	} while (!last);
}

/* Compare the two ends: acknowledged data was received, received data was written. */
static void check_ends(const struct net *net)
{
	u32 i;

	for (i = 0; i < 2; i++) {
		const struct end *from = &net->end[i], *to = &net->end[!i];

		if (!end_tcb(from) || !end_tcb(to) ||
		    from->host.tcb->iss != to->host.tcb->irs || !end_live(from) ||
		    to->host.tcb->state == XTCP_SYN_SENT)
			continue;
		if (seq_gt(from->host.tcb->snd_una, to->host.tcb->rcv_nxt))
			fuzz_fail("end %u: %u bytes acknowledged and not received", i,
				  from->host.tcb->snd_una - to->host.tcb->rcv_nxt);
		if (to->got > from->written)
			fuzz_fail("end %u: received %llu bytes of %llu", !i,
				  (unsigned long long)to->got,
				  (unsigned long long)from->written);
	}
}

static bool pkt_seg(const struct pkt *pkt, struct xtcp_seg *seg)
{
	if (!xtcp_parse(seg, pkt->hdr, pkt->hdr_len, pkt->hdr_len + pkt->len))
		fuzz_fail("a header of the engine's is refused");
	seg->ecn = pkt->ecn;
	return true;
}

static void pkt_remove(struct net *net, u32 to, u32 i, u32 n)
{
	net->n[to] -= n;
	memmove(&net->queue[to][i], &net->queue[to][i + n],
		(net->n[to] - i) * sizeof(struct pkt));
}

/* Can GRO merge @next with the preceding @seg? */
static bool merges(const struct xtcp_seg *seg, const struct xtcp_seg *next)
{
	return seg->len && next->len && seg->flags == XTCP_ACK &&
	       !(next->flags & ~(XTCP_ACK | XTCP_PSH)) &&
	       next->seq == seg->seq + seg->len && next->ack == seg->ack &&
	       next->wnd == seg->wnd && next->opts == seg->opts && !seg->nsack &&
	       next->tsval == seg->tsval && next->tsecr == seg->tsecr &&
	       next->ecn == seg->ecn && seg->len + next->len <= 65535;
}

/* Packet @i arrives, with @merge together with those after it that GRO can merge. */
static void arrive(struct net *net, u32 to, u32 i, bool merge)
{
	struct xtcp_seg seg, next;
	u32 n = 1;

	if (!net->n[to])
		return;
	i %= net->n[to];
	pkt_seg(&net->queue[to][i], &seg);
	while (merge && i + n < net->n[to] && pkt_seg(&net->queue[to][i + n], &next) &&
	       merges(&seg, &next)) {
		seg.len += next.len;
		seg.nsegs++;
		seg.flags |= next.flags;
		n++;
	}
	pkt_remove(net, to, i, n);
	end_rx(&net->end[to], &seg);
	check_ends(net);
}

static void network(struct net *net, struct fuzz_in *in)
{
	u8 b = in_byte(in);
	u32 to = b & 1, n = (b >> 1 & 15), i = 0;
	struct pkt *queue = net->queue[to];

	switch (b >> 5) {
	case 0:		/* some arrive in order */
	case 1:
		for (n++; n--;)
			arrive(net, to, 0, b & 32);
		break;
	case 2:		/* one overtakes */
		arrive(net, to, n, false);
		break;
	case 3:		/* one is lost */
		if (net->n[to])
			pkt_remove(net, to, n % net->n[to], 1);
		break;
	case 4:		/* one is repeated */
		if (net->n[to] && net->n[to] < QUEUE_MAX) {
			queue[net->n[to]] = queue[n % net->n[to]];
			net->n[to]++;
		}
		break;
	case 5:		/* one is marked (RFC 3168) */
		if (net->n[to] && queue[n % net->n[to]].ecn != XTCP_NOT_ECT)
			queue[n % net->n[to]].ecn = XTCP_CE;
		break;
	case 6:		/* the first ones are lost, or all */
		pkt_remove(net, to, 0, n < 15 ? min(n, net->n[to]) : net->n[to]);
		break;
	case 7:		/* both directions deliver, up to a limit */
		for (i = 0; i < 16 * n && net->n[0] + net->n[1]; i++) {
			arrive(net, 0, 0, to);
			arrive(net, 1, 0, to);
		}
		break;
	}
}

static u64 next_deadline(const struct net *net)
{
	return min(end_deadline(&net->end[0]), end_deadline(&net->end[1]));
}

static void timers(struct net *net)
{
	u32 i;

	for (i = 0; i < 2; i++)
		if (end_deadline(&net->end[i]) <= net->now)
			end_timeout(&net->end[i]);
	check_ends(net);
}

static void read_all(struct end *end)
{
	if (end->unread)
		end_read(end, ~0U);
}

/* Deliver everything in order and let time pass until both ends have ended. */
static void run_dry(struct net *net)
{
	u64 due;
	u32 i;

	for (i = 0; i < FINISH_ROUNDS; i++) {
		if (end_over(&net->end[0]) && end_over(&net->end[1]))
			return;
		if (net->n[0] || net->n[1]) {
			net->now += MSEC;
			arrive(net, 0, 0, false);
			arrive(net, 1, 0, false);
			read_all(&net->end[0]);
			read_all(&net->end[1]);
		} else {
			due = next_deadline(net);
			if (due == XTCP_NEVER)
				return;
			net->now = max(net->now, due);
		}
		timers(net);
	}
	fuzz_fail("does not come to rest: states %u and %u",
		  end_tcb(&net->end[0]) ? net->end[0].host.tcb->state : 0,
		  end_tcb(&net->end[1]) ? net->end[1].host.tcb->state : 0);
}

static bool all_well(const struct end *end)
{
	return end->opened && !end->aborted && (!end->host.tcb || !end->host.tcb->err);
}

static void finish(struct net *net)
{
	struct end *end;

	for (end = net->end; end < net->end + 2; end++) {
		end_memory(end, 0);
		end_space(end, 65535);
		end_pacing(end, ~0ULL);
		end_set(end, XTCP_SET_KEEPALIVE, 0);
		end_read(end, ~0U);
		end_shutdown(end);
	}
	run_dry(net);
	for (end = net->end; end < net->end + 2; end++)
		end_close(end);
	run_dry(net);
	for (end = net->end; end < net->end + 2; end++)
		if (!end_over(end))
			fuzz_fail("end %u does not end", (u32)(end - net->end));
	if (!all_well(&net->end[0]) || !all_well(&net->end[1]))
		return;
	for (end = net->end; end < net->end + 2; end++) {
		const struct end *to = end == net->end ? end + 1 : end - 1;

		if (to->got != end->written || !to->eof)
			fuzz_fail("%llu bytes of %llu arrived, end %u",
				  (unsigned long long)to->got,
				  (unsigned long long)end->written, to->eof);
	}
}

void fuzz_net(struct fuzz_in *in)
{
	struct net *net = calloc(1, sizeof(*net));
	u8 how = in_byte(in);
	u32 i;

	if (!net)
		exit(2);
	net->now = 1000 * SEC;
	for (i = 0; i < 2; i++) {
		end_init(&net->end[i], in, &net->now, i);
		net->end[i].ctx = net;
		net->end[i].send = net_send;
		net->end[i].sndbuf = SNDBUF;
	}
	if (how & 1)
		end_connect(&net->end[1]);
	else
		end_listen(&net->end[1]);
	end_connect(&net->end[0]);
	while (in_more(in)) {
		u8 what = in_byte(in);

		if (what < 96) {
			end_command(&net->end[what & 1], in);
		} else if (what < 192) {
			network(net, in);
		} else {
			net->now = in_time(in, net->now, next_deadline(net));
			timers(net);
		}
	}
	finish(net);
	for (i = 0; i < 2; i++)
		end_fini(&net->end[i]);
	free(net);
}
