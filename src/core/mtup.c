// SPDX-License-Identifier: GPL-2.0
/*
 * Path MTU discovery by probing: RFC 4821; terms of RFC 8899 section 5.
 *
 * ICMP may never arrive: a black hole drops large segments silently. After R1
 * timeouts segments shrink to the base size, and further if that does not help.
 * From then on, or always if the knob says so, larger sizes are tried: a segment
 * of real data of a size between what is known to arrive and what the route would
 * take. If it arrives, its size is the new MSS; if it alone is lost, that is not
 * congestion.
 *
 * Sizes in this file are as in path_mss: bytes, before the options of each
 * segment.
 */
#include "core.h"

/* Values of tcp_mtu_probing. */
#define MTUP_BLACK_HOLE	1	/* search once a black hole is suspected */
#define MTUP_ALWAYS	2

/* RFC 4821, 7.4: enough in flight to detect the loss of a probe without a timeout. */
#define MTUP_MIN_CWND	11	/* segments, as in Linux */

/* The largest size that the route, the peer and the user allow. */
static u16 mtup_ceiling(const struct xtcp_tcb *tcb)
{
	u16 most = min(tcb->peer_mss, tcb->path_mss);

	return tcb->user_mss ? min(most, tcb->user_mss) : most;
}

static u16 mtup_floor(const struct xtcp_tcb *tcb, u16 size)
{
	size = max(size, tcb->par->mtu_probe_floor);
	return max(size, tcb->par->min_snd_mss);
}

static void mtup_begin(struct xtcp_tcb *tcb, u64 now)
{
	tcb->mtup_on = 1;
	tcb->mtup_low = mtup_floor(tcb, min(tcb->par->base_mss, mtup_ceiling(tcb)));
	tcb->mtup_high = mtup_ceiling(tcb);
	tcb->mtup_at = now;
	xtcp_mss_sync(tcb);
}

/* xtcp_mtup_init - the connection is established: search if the knob is ALWAYS */
void xtcp_mtup_init(struct xtcp_tcb *tcb, u64 now)
{
	if (tcb->par->mtu_probing >= MTUP_ALWAYS)
		mtup_begin(tcb, now);
}

/*
 * xtcp_mtup_timeout - the same segment timed out R1 times
 *
 * RFC 4821, 7.7: reduce to the base size, then to half of the size in use.
 */
void xtcp_mtup_timeout(struct xtcp_tcb *tcb, u64 now)
{
	u16 half;

	if (tcb->par->mtu_probing < MTUP_BLACK_HOLE)
		return;
	if (!tcb->mtup_on) {
		mtup_begin(tcb, now);
		return;
	}
	half = min_t(u16, tcb->mtup_low / 2, tcb->par->base_mss);
	tcb->mtup_low = min(mtup_floor(tcb, half), mtup_ceiling(tcb));
	tcb->mtup_high = mtup_ceiling(tcb);
	tcb->mtup_size = 0;
	xtcp_mss_sync(tcb);
}

/* xtcp_mtup_limit - limit @mss to what the search allows; for xtcp_mss_sync() */
u32 xtcp_mtup_limit(struct xtcp_tcb *tcb, u32 mss)
{
	tcb->mtup_high = min(tcb->mtup_high, mtup_ceiling(tcb));
	tcb->mtup_low = min(tcb->mtup_low, tcb->mtup_high);
	return min_t(u32, mss, tcb->mtup_low);
}

/*
 * The size to probe for now; 0: none. It is half way between the bounds. If they
 * are closer than the threshold, wait for the interval: then the route may have
 * become wider (RFC 4821, 7.3).
 */
static u16 mtup_next_size(const struct xtcp_tcb *tcb, u64 now)
{
	u16 high = tcb->mtup_high;

	if (high - tcb->mtup_low <= tcb->par->probe_threshold) {
		if (now - tcb->mtup_at <
		    tcb->par->probe_interval_s * XTCP_NSEC_PER_SEC)
			return 0;
		high = mtup_ceiling(tcb);
		if (high - tcb->mtup_low <= tcb->par->probe_threshold)
			return 0;
	}
	return tcb->mtup_low + (high - tcb->mtup_low + 1) / 2;
}

/*
 * xtcp_mtup_len - payload of the probe to be sent now, bytes; 0: none
 *
 * No loss may be pending, and enough data must follow the probe within the
 * windows for duplicate ACKs to show its loss (RFC 4821, 7.4).
 */
u32 xtcp_mtup_len(const struct xtcp_tcb *tcb, u64 now)
{
	u32 flight, size, need, room;

	if (tcb->mtup_size || tcb->cong != XTCP_CONG_OPEN || tcb->sacked_out ||
	    tcb->lost_out ||
	    tcb->flags & (XTCP_F_SND_URG | XTCP_F_TLP_OUT | XTCP_F_FIN_SENT) ||
	    tcb->cwnd < MTUP_MIN_CWND * tcb->mss)
		return 0;
	size = mtup_next_size(tcb, now);
	if (!size)
		return 0;
	if (tcb->opts & XTCP_OPT_TS)
		size -= XTCP_TS_LEN;
	need = size + (xtcp_dupthresh(tcb) + 1) * tcb->mss;
	flight = xtcp_flight(tcb);
	room = tcb->cwnd > flight ? tcb->cwnd - flight : 0;
	if (tcb->snd_end - tcb->snd_nxt < need || room < need ||
	    seq_gt(tcb->snd_nxt + need, tcb->snd_una + tcb->snd_wnd))
		return 0;
	return size;
}

/* xtcp_mtup_sent - the probe of @len bytes at @seq was sent */
void xtcp_mtup_sent(struct xtcp_tcb *tcb, u32 seq, u32 len, u64 now)
{
	if (tcb->mtup_high - tcb->mtup_low <= tcb->par->probe_threshold)
		tcb->mtup_high = mtup_ceiling(tcb);
	tcb->mtup_seq = seq;
	tcb->mtup_end = seq + len;
	tcb->mtup_size = (u16)(len + (tcb->opts & XTCP_OPT_TS ? XTCP_TS_LEN : 0));
	tcb->mtup_at = now;
}

/* xtcp_mtup_ack - SND.UNA moved: if the probe has arrived, raise the MSS */
void xtcp_mtup_ack(struct xtcp_tcb *tcb)
{
	if (!tcb->mtup_size || seq_lt(tcb->snd_una, tcb->mtup_end))
		return;
	xtcp_mib_note(tcb, XTCP_MIB_MTUP_SUCCESS);
	tcb->mtup_low = tcb->mtup_size;
	tcb->mtup_size = 0;
	xtcp_mss_sync(tcb);
}

static void mtup_failed(struct xtcp_tcb *tcb)
{
	xtcp_mib_note(tcb, XTCP_MIB_MTUP_FAIL);
	tcb->mtup_high = tcb->mtup_size - 1;
	tcb->mtup_size = 0;
}

/*
 * xtcp_mtup_lost - is the probe lost, and nothing else?
 *
 * RFC 4821, 7.6.2: if so, it is resent in smaller segments, and the congestion control
 * does not react. A probe that is lost together with other segments counts as an
 * ordinary loss, and does not limit the size.
 *
 * Return: whether the probe alone is lost.
 */
bool xtcp_mtup_lost(struct xtcp_tcb *tcb)
{
	const struct xtcp_sent *lost = tcb->map_lost;

	if (!tcb->mtup_size || !lost)
		return false;
	if (lost->seq != tcb->mtup_seq || lost->end != tcb->mtup_end ||
	    tcb->lost_out != lost->end - lost->seq) {
		tcb->mtup_size = 0;
		return false;
	}
	mtup_failed(tcb);
	return true;
}
