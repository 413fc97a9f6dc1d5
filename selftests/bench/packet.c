// SPDX-License-Identifier: GPL-2.0
/*
 * Work for one packet of an established connection: the time of the write() to a TUN
 * device that injects it, minus that of a packet which IP discards.
 */
#include <string.h>
#include <unistd.h>

#include "attack.h"
#include "bench.h"

#define ROUNDS		21
#define PER_ROUND	50

/* attack_peer.c asks; a row is counted by its own calls below. */
bool is_counted(const char *what)
{
	(void)what;
	return false;
}

/*
 * ns of a segment with @size bytes that is next in sequence and finds the receive
 * queue empty; 0: an ACK that acknowledges nothing new.
 */
double receive_packet(int family, enum place place, size_t size)
{
	static const uint8_t options[] = { 2, 4, 0x05, 0xb4, 1, 3, 3, 7, 1, 1, 4, 2 };
	struct seg s = {
		.addr = HOST_ADDR + 1,
		.port = 4000,
		.seq = 1000,
		.wnd = 64240,
		.nopts = sizeof(options),
	};
	double v[ROUNDS_MAX], sum;
	char data[PAYLOAD_MAX];
	struct peer p;
	int fd, i, r;

	(void)place;
	memcpy(s.opts, options, sizeof(options));
	peer_open(&p, family == AF_XTCP ? XTCP : KERNEL);
	fd = peer_connect(&p, peer_listen(&p, 8), &s);
	s.flags = size ? ACK | PSH : ACK;
	s.len = (uint16_t)size;
	for (r = -1; r < ROUNDS; r++) {
		p.counted = r >= 0;
		for (sum = 0, i = 0; i < PER_ROUND; i++) {
			sum += (double)peer_in(&p, &s);
			s.seq += (uint32_t)size;
			read_all(fd, data, size);
			peer_drain(&p);
		}
		if (r >= 0)
			v[r] = sum / PER_ROUND - p.idle;
	}
	return median(v, ROUNDS);
}
