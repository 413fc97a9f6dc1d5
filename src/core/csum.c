// SPDX-License-Identifier: GPL-2.0
/*
 * The checksum: RFC 9293 3.1, RFC 1071, RFC 8200 8.1.
 *
 * The module leaves checksums to the kernel and the device. This is the reference
 * for the simulator's wire and for tests.
 */
#include "core.h"

u32 xtcp_csum_add(u32 sum, const u8 *data, u32 len)
{
	u64 wide = sum;

	for (; len > 1; len -= 2, data += 2)
		wide += (u32)(data[0] << 8 | data[1]);
	if (len)
		wide += (u32)(data[0] << 8);
	while (wide >> 32)
		wide = (wide & 0xffffffff) + (wide >> 32);
	return (u32)wide;
}

u16 xtcp_csum_fold(u32 sum)
{
	sum = (sum & 0xffff) + (sum >> 16);
	sum = (sum & 0xffff) + (sum >> 16);
	return (u16)~sum;
}

/*
 * IPv4: source, destination, zero, protocol, length (RFC 9293 3.1). IPv6: the same
 * fields, wider (RFC 8200 8.1).
 */
u32 xtcp_csum_pseudo(const struct xtcp_flow *flow, bool v6, u32 tcp_len)
{
	const u8 tail[8] = { (u8)(tcp_len >> 24), (u8)(tcp_len >> 16),
			     (u8)(tcp_len >> 8), (u8)tcp_len, 0, 0, 0, 6 };
	u32 skip = v6 ? 0 : 12;	/* v4-mapped: the address is the last word */
	u32 sum;

	sum = xtcp_csum_add(0, (const u8 *)flow->saddr + skip, 16 - skip);
	sum = xtcp_csum_add(sum, (const u8 *)flow->daddr + skip, 16 - skip);
	return xtcp_csum_add(sum, tail, sizeof(tail));
}
