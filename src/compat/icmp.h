/* SPDX-License-Identifier: GPL-2.0 */
/*
 * IP_RECVERR_RFC4884: where the extension of an ICMP message begins. Newer kernels do not
 * export the function that finds it; a program is then told of no extension.
 */
#ifndef XTCP_COMPAT_ICMP_H
#define XTCP_COMPAT_ICMP_H

#include <linux/icmp.h>
#include <net/ip.h>

/* @quoted: length of the quoted packet, bytes */
static inline void xtcp_icmp_extension(const struct sk_buff *skb,
				       struct sock_ee_data_rfc4884 *out, int quoted)
{
#ifdef XTCP_ICMP_RFC4884
	ip_icmp_error_rfc4884(skb, out, sizeof(struct icmphdr), quoted);
#endif
}

#endif /* XTCP_COMPAT_ICMP_H */
