// SPDX-License-Identifier: GPL-2.0
/*
 * Two TCPs exchange a file over a lossy line in memory, in virtual time. The
 * seed alone decides what is lost: the same seed prints the same line each time.
 *
 *	cc example.c $(pkg-config --cflags --libs xtcp) && ./a.out FILE [SEED [LOSS%]]
 */
#include <stdio.h>
#include <stdlib.h>

#include <xtcp/socket.h>

#define DELAY	(20 * XTCP_NSEC_PER_MSEC)	/* each way */
#define QUEUE		4096			/* packets */
#define FILE_MAX	(16 << 20)

struct host {
	struct xtcp_socket *sock;
	struct host *peer;
	struct { u64 at; struct xtcp_packet packet; u8 data[2000]; } line[QUEUE];
	u32 head, tail;
	u32 sent, got;			/* bytes of the file */
	u8 copy[FILE_MAX];
};

static u64 now = XTCP_NSEC_PER_SEC, next, seed = 1, loss = 5;
static u32 lost, size;
static u8 file[FILE_MAX];

static u64 clock_now(void *ctx)
{
	return now;
}

/* A packet leaves a host: it arrives at the other one after DELAY, or not at all. */
static bool line_send(void *ctx, const struct xtcp_packet *packet)
{
	struct host *to = ((struct host *)ctx)->peer;
	u32 i = to->tail % QUEUE;

	seed = seed * 6364136223846793005ULL + 1442695040888963407ULL;
	if ((seed >> 33) % 100 < loss || to->tail - to->head == QUEUE)
		return ++lost;
	to->line[i].at = now + DELAY;
	next = min(next, now + DELAY);
	to->line[i].packet = *packet;
	to->line[i].packet.data = memcpy(to->line[i].data, packet->data, packet->len);
	return ++to->tail;
}

static void host_init(struct host *h, struct host *peer, u16 port, u16 to)
{
	h->peer = peer;
	h->sock = xtcp_socket_new(&(struct xtcp_socket_cfg) {
		.flow = { .sport = port, .dport = to },
		.mss = 1460, .sndbuf = 1 << 18, .rcvbuf = 1 << 18,
		.now = clock_now, .send = line_send, .ctx = h });
}

/* Packets that have arrived, timers, and an application: it sends the file, and reads. */
static void host_run(struct host *h)
{
	for (; h->head != h->tail && h->line[h->head % QUEUE].at <= now; h->head++)
		xtcp_socket_rx(h->sock, &h->line[h->head % QUEUE].packet);
	if (xtcp_socket_deadline(h->sock) <= now)
		xtcp_socket_timeout(h->sock);
	h->sent += xtcp_socket_write(h->sock, file + h->sent, size - h->sent);
	h->got += xtcp_socket_read(h->sock, h->copy + h->got, size - h->got);
	if (h->sent == size)
		xtcp_socket_shutdown(h->sock);
	next = min(next, xtcp_socket_deadline(h->sock));
	if (h->head != h->tail)
		next = min(next, h->line[h->head % QUEUE].at);
}

int main(int argc, char **argv)
{
	static struct host a, b;
	FILE *f = argc > 1 ? fopen(argv[1], "rb") : NULL;

	size = f ? fread(file, 1, FILE_MAX, f) : 0;
	seed = argc > 2 ? strtoull(argv[2], NULL, 0) : seed;
	loss = argc > 3 ? strtoull(argv[3], NULL, 0) : loss;
	host_init(&a, &b, 40000, 80);
	host_init(&b, &a, 80, 40000);
	xtcp_socket_listen(b.sock);
	xtcp_socket_connect(a.sock);
	while (!(xtcp_socket_eof(a.sock) && xtcp_socket_eof(b.sock)) && next != XTCP_NEVER) {
		now = max(now, next);
		next = XTCP_NEVER;
		host_run(&a);
		host_run(&b);
	}
	printf("%u and %u bytes in %.3f s, %u packets lost\n", b.got, a.got, now / 1e9 - 1, lost);
	xtcp_socket_free(a.sock);
	xtcp_socket_free(b.sock);
	return !f || memcmp(file, a.copy, FILE_MAX) || memcmp(file, b.copy, FILE_MAX);
}
