// SPDX-License-Identifier: GPL-2.0
/*
 * Numbers that an outsider must not guess: RFC 6528 and RFC 7323, 5.4.
 *
 * An off-path attacker who knows the initial sequence number of a connection can
 * inject data into it. The keyed hash makes the numbers of different address
 * pairs unrelated (a guess at the 128-bit key succeeds with a chance of 2^-128).
 * The clock makes those of one pair ascend, so that the segments of an old
 * incarnation are not taken for those of a new one (RFC 9293, 3.4.1).
 */
#include "core.h"

/* Distance of a new incarnation's ISS from the last number of the old one. */
#define REOPEN_GAP	65536

static u64 isn_pair(u32 hi, u32 lo)
{
	return (u64)hi << 32 | lo;
}

static u64 flow_hash(const struct xtcp_flow *flow, const u64 *key)
{
	const siphash_key_t k = { { key[0], key[1] } };
	const u32 *s = flow->saddr, *d = flow->daddr;
	u32 ports = (u32)flow->sport << 16 | flow->dport;
	u64 h;

	if (xtcp_flow_is_v4(flow))
		return siphash_3u32(s[3], d[3], ports, &k);
	h = siphash_4u64(isn_pair(s[0], s[1]), isn_pair(s[2], s[3]),
			 isn_pair(d[0], d[1]), isn_pair(d[2], d[3]), &k);
	return siphash_2u64(h, ports, &k);
}

/* xtcp_isn_hash - hash of a flow, for ISN (low half) and timestamp offset (high half) */
u64 xtcp_isn_hash(const struct xtcp_params *par, const struct xtcp_flow *flow)
{
	return flow_hash(flow, par->isn_key);
}

/**
 * xtcp_isn - initial sequence number
 * @par: the namespace's key
 * @flow: addresses and ports
 * @now: ns
 *
 * RFC 6528 section 3: M + F(localip, localport, remoteip, remoteport, key).
 *
 * Return: ISS.
 */
u32 xtcp_isn(const struct xtcp_params *par, const struct xtcp_flow *flow, u64 now)
{
	return xtcp_isn_of(xtcp_isn_hash(par, flow), now);
}

/*
 * xtcp_iss_of - initial sequence number of a connection that opens, from either end
 * @hash: xtcp_isn_hash() of its flow
 *
 * RFC 9293 3.6.1, MAY-2: it has to be above all numbers of the old incarnation.
 * The clock of RFC 6528 ensures that unless the old one sent more than 250 kB/s
 * on average.
 */
u32 xtcp_iss_of(u64 hash, const struct xtcp_open *open, u64 now)
{
	u32 iss = xtcp_isn_of(hash, now);

	if (open->reopens && seq_le(iss, open->iss_above))
		return open->iss_above + REOPEN_GAP;
	return iss;
}

/* The offset also hides the uptime and makes connections of one host unlinkable. */
u32 xtcp_ts_offset(const struct xtcp_params *par, const struct xtcp_flow *flow)
{
	return xtcp_ts_offset_of(xtcp_isn_hash(par, flow));
}
