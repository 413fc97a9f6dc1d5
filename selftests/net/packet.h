/* SPDX-License-Identifier: GPL-2.0 */
/* What wire.c asks of packet.c. */
#ifndef XTCP_TEST_PACKET_H
#define XTCP_TEST_PACKET_H

#include "wire.h"

uint32_t sum16(uint32_t sum, const void *data, size_t len);
uint16_t fold(uint32_t sum);

/* Bytes before the segment, with the options of @s. */
size_t net_len(const struct wire *w, const struct wseg *s);
/* A header for @len bytes of @protocol, over zeroed memory. */
void net_put(const struct wire *w, uint8_t *ip, const char *from, const char *to,
	     uint8_t protocol, const struct wseg *s, size_t len);
/* Sum of the pseudo-header of the packet whose header is @hdr bytes long. */
uint32_t net_pseudo(const uint8_t *ip, size_t hdr, uint8_t protocol, size_t len);
/* The TCP segment of a packet of @n bytes, and its length; or NULL. */
uint8_t *net_get(const struct wire *w, uint8_t *ip, ssize_t n, size_t *len,
		 struct wseg *g);
/* Send it, in as many fragments as @s says. */
void net_send(struct wire *w, const struct wseg *s, const uint8_t *pkt, size_t hdr,
	      size_t len);

#endif /* XTCP_TEST_PACKET_H */
