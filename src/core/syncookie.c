// SPDX-License-Identifier: GPL-2.0
/*
 * SYN cookies: state that a listener need not keep, because the peer returns it
 * (RFC 4987, 3.6). Nothing is stored between SYN and ACK.
 *
 * Time is divided into slots of 2^35 ns (34 s), each with a random key that is
 * drawn when the first cookie of the slot is due and overwritten two slots later.
 * A cookie is the MAC, with the key of its slot, of what must not change:
 *
 *	without timestamps	ISN:	MAC 24, parity of the slot 1,
 *					MSS 2, window scale 4, SACK 1
 *	with timestamps		ISN:	MAC 28, parity 1, MSS 3
 *				TSval:	clock 25, window scale 4, SACK 1, ECN 2
 *
 * The MAC (SipHash-2-4) covers both addresses and ports, the peer's ISN, all bits
 * of the table above except the clock, and which row it is. Addresses and ports
 * are represented by their 64-bit hash with the key of ISNs and timestamps
 * (isn.c), which the SYN-ACK needs anyway. A host may know that hash for its own
 * connections, whose numbers are made from it, but not for any other, and two
 * flows have the same hash with a chance of 2^-64. The MSS is rounded down to one
 * of a table; window scale 15 means none. TSval is therefore up to 127 ms late,
 * and never ahead of the clock, so that later ones are larger. Without timestamps
 * there is no room for ECN, which is then not negotiated.
 *
 * What an attacker gains: it does not see the SYN-ACK and has to guess. An ACK
 * with any low bits is accepted with a chance of 2^-24, or 2^-28 with a
 * timestamp. A guess reveals nothing for the next one, and is valid no longer
 * than its key, 69 s. At a million ACKs a second (480 Mbit/s) one in 17 s becomes
 * a connection from a forged address, or one in 4.5 minutes if it must have
 * options. Such a connection is a socket and a place in an accept queue, no more
 * than one SYN from the attacker's own address would get, and the attacker can
 * neither read from it nor know that it exists. A guess at the key succeeds with
 * a chance of 2^-128.
 *
 * What limits it: ACKs are checked only if cookies were sent in this slot or the
 * last, so the attacker has to send a flood of SYNs too; a source that opens more
 * than its share is limited like any other (source.c); and a cookie seen by
 * somebody on the path opens the same 4-tuple only, and only while that is free.
 */
#include "core.h"

#define SLOT_SHIFT	35
#define SCALE_NONE	15

/* Mask of the low bits of TSval: scale << 3 | SACK << 2 | ECN. */
#define TS_INFO		127U

/* Common MTUs less 40 or 60 bytes: dial-up, tunnels, PPPoE, Ethernet, jumbo. */
static const u16 mss_plain[4] = { 536, 1300, 1440, 1460 };
static const u16 mss_ts[8] = { 536, 1220, 1300, 1360, 1400, 1440, 1460, 8960 };

/* Number of a slot; at least 2, since 0 and 1 mean that there was no slot yet. */
static u32 syncookie_slot(u64 now)
{
	return (u32)(now >> SLOT_SHIFT) + 2;
}

u32 xtcp_syncookie_key_index(u64 now, u32 *slot)
{
	*slot = syncookie_slot(now);
	return *slot & 1;
}

bool xtcp_syncookie_lately(const struct xtcp_params *par, u64 now)
{
	u32 slot = syncookie_slot(now);

	return slot - par->syncookie[slot & 1].slot < 2 ||
	       slot - par->syncookie[!(slot & 1)].slot < 2;
}

static u64 syncookie_mac(const struct xtcp_params *par, u64 flow_hash, u32 irs, u32 info,
			 u32 parity)
{
	const u64 *key = par->syncookie[parity].key;
	const siphash_key_t k = { { key[0], key[1] } };

	return siphash_2u64(flow_hash, (u64)irs << 32 | info, &k);
}

static u32 syncookie_info(const struct xtcp_request *req)
{
	u32 scale = req->opts & XTCP_OPT_WSCALE ? req->snd_wscale : SCALE_NONE;
	u32 sack = req->opts & XTCP_OPT_SACK_PERM ? 1 : 0;

	return scale << 1 | sack;
}

static u32 syncookie_ts_info(const struct xtcp_request *req)
{
	return syncookie_info(req) << 2 | req->ecn;
}

/*
 * The ISN of a cookie. @low are its lowest @nlow bits, below the parity. With
 * timestamps (@nlow 3) the MAC covers @ts_bits, the low bits of TSval, too.
 */
static u32 syncookie_isn(const struct xtcp_params *par, u64 flow_hash, u32 irs, u32 low,
			 u32 nlow, u32 ts_bits, u32 parity)
{
	u32 info = nlow << 16 | ts_bits << 8 | low;
	u32 bits = (u32)syncookie_mac(par, flow_hash, irs, info, parity) << (nlow + 1);

	return bits | parity << nlow | low;
}

/* Index of the largest MSS in a table that is at most @mss; false: there is none. */
static bool syncookie_mss_index(const u16 *tab, u32 n, u16 mss, u32 *index)
{
	while (n--)
		if (mss >= tab[n]) {
			*index = n;
			return true;
		}
	return false;
}

/* Compute req->iss, the cookie. Return: false if the MSS is below all of the table. */
static bool syncookie_set_iss(struct xtcp_request *req, const struct xtcp_params *par,
			      u64 flow_hash, u64 now)
{
	u32 parity = syncookie_slot(now) & 1, mss;

	if (req->opts & XTCP_OPT_TS) {
		if (!syncookie_mss_index(mss_ts, ARRAY_SIZE(mss_ts), req->peer_mss, &mss))
			return false;
		req->iss = syncookie_isn(par, flow_hash, req->irs, mss, 3,
					 syncookie_ts_info(req),
					 parity);
		return true;
	}
	req->ecn = XTCP_ECN_OFF;
	if (!syncookie_mss_index(mss_plain, ARRAY_SIZE(mss_plain), req->peer_mss, &mss))
		return false;
	req->iss = syncookie_isn(par, flow_hash, req->irs, mss << 5 | syncookie_info(req),
				 7, 0,
				 parity);
	return true;
}

bool xtcp_syncookie_synack(const struct xtcp_params *par, const struct xtcp_open *open,
			   const struct xtcp_seg *seg, struct xtcp_plan *plan, u64 now)
{
	u64 hash = xtcp_isn_hash(par, &open->flow);
	struct xtcp_request req;
	u32 clock;

	xtcp_request_fill(&req, par, open, seg);
	if (!syncookie_set_iss(&req, par, hash, now))
		return false;
	xtcp_synack_plan(&req, hash, open->adv_mss, plan, now);
	if (!(plan->opts & XTCP_OPT_TS))
		return true;
	clock = plan->tsval;
	plan->tsval = (clock & ~TS_INFO) | syncookie_ts_info(&req);
	if (seq_gt(plan->tsval, clock))
		plan->tsval -= TS_INFO + 1;
	return true;
}

/* Decode scale << 1 | SACK into options. Return: false if no cookie of ours has that. */
static bool syncookie_take_info(struct xtcp_request *req, const struct xtcp_params *par,
				u32 info)
{
	u32 scale = info >> 1;

	if (scale != SCALE_NONE) {
		/* Our SYN-ACK offered it if the knob was on; then it is negotiated. */
		if (!par->wscale)
			return false;
		req->opts |= XTCP_OPT_WSCALE;
		req->snd_wscale = scale & 15;
	}
	if (info & 1)
		req->opts |= XTCP_OPT_SACK_PERM;
	return true;
}

bool xtcp_syncookie_rx(struct xtcp_request *req, const struct xtcp_params *par,
		       const struct xtcp_open *open, const struct xtcp_seg *seg, u64 now)
{
	bool ts = par->timestamps && seg->opts & XTCP_OPT_TS;
	u32 iss = seg->ack - 1, irs = seg->seq - 1, slot = syncookie_slot(now);
	u32 nlow = ts ? 3 : 7, parity = iss >> nlow & 1;
	u32 low = iss & ((1U << nlow) - 1), info = ts ? seg->tsecr & TS_INFO : 0;

	/* The latest slot of that parity: this one or the last. */
	slot -= (slot & 1) != parity;
	if (par->syncookie[parity].slot != slot ||
	    syncookie_isn(par, xtcp_isn_hash(par, &open->flow), irs, low, nlow, info,
			  parity) != iss)
		return false;
	memset(req, 0, sizeof(*req));
	req->syncookie = 1;
	req->v6 = open->v6;
	req->iss = iss;
	req->irs = irs;
	req->opts = XTCP_OPT_MSS;
	xtcp_request_born(req, now);
	if (!ts) {
		req->peer_mss = mss_plain[low >> 5];
		return syncookie_take_info(req, par, low & 31);
	}
	req->opts |= XTCP_OPT_TS;
	req->ts_recent = seg->tsval;
	req->peer_mss = mss_ts[low];
	if ((info & 3) > XTCP_ECN_ACC)
		return false;
	req->ecn = info & 3;
	return syncookie_take_info(req, par, info >> 2);
}
