/* SPDX-License-Identifier: GPL-2.0 */
/* What packet.c offers to wire.c: IP headers, checksums, fragments. */
#ifndef XTCP_TEST_PACKET_H
#define XTCP_TEST_PACKET_H

#include "wire.h"

/* The Internet checksum: add up big-endian 16-bit words; fold and complement the sum. */
uint32_t sum16(uint32_t sum, const void *data, size_t len);
uint16_t fold(uint32_t sum);

/* Length of the IP header in bytes, with the options or extension headers of @s. */
size_t net_len(const struct wire *w, const struct wseg *s);
/* Write the IP header for @len bytes of @protocol. The memory must be zeroed. */
void net_put(const struct wire *w, uint8_t *ip, const char *from, const char *to,
	     uint8_t protocol, const struct wseg *s, size_t len);
/*
 * sum16() of the pseudo-header for @len bytes of @protocol. @hdr: length of the IP
 * header @ip in bytes.
 */
uint32_t net_pseudo(const uint8_t *ip, size_t hdr, uint8_t protocol, size_t len);
/*
 * The TCP segment in a packet of @n bytes, or NULL if there is none. Sets @len to its
 * length in bytes, and the IP fields and badsum of @g.
 */
uint8_t *net_get(const struct wire *w, uint8_t *ip, ssize_t n, size_t *len,
		 struct wseg *g);
/* Send @pkt, @hdr bytes of IP header and @len of segment; in two fragments if @s->split. */
void net_send(struct wire *w, const struct wseg *s, const uint8_t *pkt, size_t hdr,
	      size_t len);

#endif /* XTCP_TEST_PACKET_H */
