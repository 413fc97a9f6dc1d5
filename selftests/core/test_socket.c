// SPDX-License-Identifier: GPL-2.0
/*
 * socket.c: two sockets and a line in memory that loses, repeats and delays packets.
 */
#include <stdlib.h>

#include <xtcp/socket.h>

#include "harness.h"

#define MSEC	XTCP_NSEC_PER_MSEC
#define SEC	XTCP_NSEC_PER_SEC
#define LINE	2000		/* packets in flight */
#define BYTES	200000		/* of each stream, at most */

struct world;

struct side {
	struct world *world;
	struct xtcp_socket *sock;
	struct xtcp_params par;
	u32 sent;
	u32 got;
	u8 copy[BYTES];
};

struct world {
	u64 now;		/* ns */
	u64 rand;
	u32 loss;		/* percent, as are the next two */
	u32 dup;
	u32 fail;		/* transmissions that fail */
	bool cut;		/* everything is lost */
	u32 bytes;		/* of each stream */
	u32 readmax;		/* bytes a read */
	struct {
		u64 at;		/* ns, arrival; 0: unused */
		struct side *to;
		struct xtcp_packet packet;
		u8 data[1600];
	} line[LINE];
	struct side side[2];
};

static u8 pattern(u32 i)
{
	return (u8)(i * 7 + (i >> 8) * 13);
}

static bool hit(struct world *w, u32 percent)
{
	w->rand = w->rand * 6364136223846793005ULL + 1442695040888963407ULL;
	return (w->rand >> 33) % 100 < percent;
}

static u64 world_now(void *ctx)
{
	return ((struct side *)ctx)->world->now;
}

static void line_put(struct world *w, struct side *to, const struct xtcp_packet *packet)
{
	u32 i;

	for (i = 0; i < LINE && w->line[i].at; i++)
		;
	if (i == LINE)
		return;
	CHECK(packet->len <= sizeof(w->line[i].data));
	/* Also some reordering. */
	w->line[i].at = w->now + 10 * MSEC + hit(w, 20) * MSEC;
	w->line[i].to = to;
	w->line[i].packet = *packet;
	w->line[i].packet.data = memcpy(w->line[i].data, packet->data, packet->len);
}

static bool world_send(void *ctx, const struct xtcp_packet *packet)
{
	struct world *w = ((struct side *)ctx)->world;
	struct side *to = &w->side[ctx == &w->side[0]];

	if (hit(w, w->fail))
		return false;
	if (w->cut || hit(w, w->loss))
		return true;
	line_put(w, to, packet);
	if (hit(w, w->dup))
		line_put(w, to, packet);
	return true;
}

static struct world *world_new(u32 seed)
{
	struct world *w = calloc(1, sizeof(*w));
	u32 i;

	if (!w)
		exit(2);
	w->now = 100 * SEC;
	w->rand = seed;
	w->bytes = BYTES;
	w->readmax = ~0U;
	for (i = 0; i < 2; i++) {
		w->side[i].world = w;
		xtcp_params_init(&w->side[i].par);
	}
	return w;
}

static void world_open(struct world *w, struct xtcp_socket_cfg cfg)
{
	u32 i;

	cfg.now = world_now;
	cfg.send = world_send;
	for (i = 0; i < 2; i++) {
		cfg.flow = (struct xtcp_flow){
			.saddr = { 0, 0, 0xffff0000, 1 + i }, .sport = 100 + i,
			.daddr = { 0, 0, 0xffff0000, 2 - i }, .dport = 101 - i,
		};
		cfg.ctx = &w->side[i];
		cfg.par = &w->side[i].par;
		w->side[i].sock = xtcp_socket_new(&cfg);
	}
}

static void world_free(struct world *w)
{
	xtcp_socket_free(w->side[0].sock);
	xtcp_socket_free(w->side[1].sock);
	free(w);
}

/* Process everything that is due now. Return: the time of the next event. */
static u64 world_step(struct world *w)
{
	u64 next = XTCP_NEVER;
	u32 i;

	for (i = 0; i < LINE; i++)
		if (w->line[i].at && w->line[i].at <= w->now) {
			xtcp_socket_rx(w->line[i].to->sock, &w->line[i].packet);
			w->line[i].at = 0;
		}
	for (i = 0; i < 2; i++)
		if (xtcp_socket_deadline(w->side[i].sock) <= w->now)
			xtcp_socket_timeout(w->side[i].sock);
	for (i = 0; i < LINE; i++)
		if (w->line[i].at)
			next = min(next, w->line[i].at);
	return min(next, min(xtcp_socket_deadline(w->side[0].sock),
			     xtcp_socket_deadline(w->side[1].sock)));
}

/* The application writes its stream, checks what it reads, then shuts down. */
static void side_run(struct side *s)
{
	struct world *w = s->world;
	u8 buf[4000];
	u32 n, i;

	do {
		for (n = 0; n < sizeof(buf) && s->sent + n < w->bytes; n++)
			buf[n] = pattern(s->sent + n);
		n = xtcp_socket_write(s->sock, buf, n);
		s->sent += n;
	} while (n);
	if (s->sent == w->bytes)
		xtcp_socket_shutdown(s->sock);
	n = xtcp_socket_read(s->sock, s->copy, min_t(u32, w->readmax, sizeof(s->copy)));
	for (i = 0; i < n && s->copy[i] == pattern(s->got + i); i++)
		;
	CHECK_EQ(i, n);
	s->got += n;
}

/* Run until no event is left. */
static void world_run(struct world *w)
{
	u32 limit = 100000;
	u64 next;

	do {
		side_run(&w->side[0]);
		side_run(&w->side[1]);
		next = world_step(w);
		if (w->side[0].got < w->bytes || w->side[1].got < w->bytes)
			next = min(next, w->now + 50 * MSEC);
		if (next != XTCP_NEVER)
			w->now = max(w->now, next);
	} while (next != XTCP_NEVER && limit--);
	CHECK(next == XTCP_NEVER);
}

static void world_begin(struct world *w)
{
	xtcp_socket_listen(w->side[1].sock);
	CHECK(xtcp_socket_connect(w->side[0].sock));
}

/* Impairments of the line, options and sizes with which the streams must arrive. */
static const struct exchange {
	const char *name;
	struct xtcp_socket_cfg cfg;
	u32 bytes;
	u32 loss;
	u32 dup;
	u32 fail;
	u32 readmax;
	const char *cc;
	u32 ecn;
	bool pacing;
	bool plain;		/* no TCP options */
} exchanges[] = {
	{ "nothing", { .mss = 1460, .sndbuf = 65536, .rcvbuf = 65536 }, 200000 },
	{ "no bytes", { .mss = 1460, .sndbuf = 65536, .rcvbuf = 65536 }, 0 },
	{ "one byte", { .mss = 1460, .sndbuf = 65536, .rcvbuf = 65536 }, 1 },
	{ "IPv6", { .v6 = true, .mss = 1440, .sndbuf = 65536, .rcvbuf = 65536 }, 200000 },
	{ "loss", { .mss = 1460, .sndbuf = 65536, .rcvbuf = 65536 }, 200000, .loss = 5 },
	{ "much loss", { .mss = 536, .sndbuf = 8000, .rcvbuf = 8000 }, 20000, .loss = 25 },
	{ "duplicates", { .mss = 1460, .sndbuf = 65536, .rcvbuf = 65536 }, 200000, .dup = 30 },
	{ "no transmission", { .mss = 1460, .sndbuf = 65536, .rcvbuf = 65536 }, 200000,
		.fail = 20 },
	{ "small buffers", { .mss = 1000, .sndbuf = 3001, .rcvbuf = 2999 }, 50000, .loss = 2 },
	{ "slow readers", { .mss = 1460, .sndbuf = 20000, .rcvbuf = 10000 }, 60000,
		.loss = 2, .readmax = 700 },
	{ "large buffers", { .mss = 1460, .sndbuf = 1 << 20, .rcvbuf = 1 << 20 }, 200000,
		.loss = 1 },
	{ "paced BBR", { .mss = 1460, .sndbuf = 65536, .rcvbuf = 65536 }, 200000, .loss = 2,
		.cc = "bbr", .pacing = true },
	{ "ECN", { .mss = 1460, .sndbuf = 65536, .rcvbuf = 65536 }, 200000, .loss = 2, .ecn = 1 },
	{ "AccECN", { .mss = 1460, .sndbuf = 65536, .rcvbuf = 65536 }, 200000, .loss = 2, .ecn = 3 },
	{ "no options", { .mss = 1460, .sndbuf = 65536, .rcvbuf = 65536 }, 200000, .loss = 2,
		.plain = true },
};

static void exchange(const struct exchange *x, u32 seed)
{
	struct world *w = world_new(seed);
	u32 i;

	w->bytes = x->bytes;
	w->loss = x->loss;
	w->dup = x->dup;
	w->fail = x->fail;
	w->readmax = x->readmax ? x->readmax : ~0U;
	for (i = 0; i < 2; i++) {
		struct xtcp_params *par = &w->side[i].par;

		par->cc = x->cc ? xtcp_cc_find(x->cc) : par->cc;
		par->ecn = x->ecn;
		par->pacing = x->pacing;
		par->sack = !x->plain;
		par->timestamps = !x->plain;
		par->wscale = !x->plain;
		/* No end gives up, however much is lost. */
		par->retries2 = 100;
		par->syn_retries = 100;
		par->synack_retries = 100;
	}
	world_open(w, x->cfg);
	world_begin(w);
	world_run(w);
	for (i = 0; i < 2; i++) {
		const struct side *s = &w->side[i];

		if (s->got != x->bytes || !xtcp_socket_eof(s->sock) ||
		    xtcp_socket_state(s->sock) != XTCP_CLOSED ||
		    xtcp_socket_error(s->sock) != XTCP_OK)
			unit_fail(__FILE__, __LINE__,
				  "%s, seed %u: side %u has %u of %u bytes, state %u, error %u",
				  x->name, seed, i, s->got, x->bytes,
				  xtcp_socket_state(s->sock), xtcp_socket_error(s->sock));
	}
	world_free(w);
}

UNIT(socket_exchange)
{
	u32 i, seed;

	for (i = 0; i < ARRAY_SIZE(exchanges); i++)
		for (seed = 1; seed <= 8; seed++)
			exchange(&exchanges[i], seed);
}

static struct world *plain_world(void)
{
	struct world *w = world_new(1);

	world_open(w, (struct xtcp_socket_cfg){ .mss = 1460, .sndbuf = 5000, .rcvbuf = 5000 });
	return w;
}

/* Let time pass without reads and writes. */
static void pass(struct world *w, u64 time)
{
	u64 end = w->now + time, next;

	while ((next = world_step(w)) <= end)
		w->now = max(w->now, next);
	w->now = end;
}

UNIT(socket_refused)
{
	struct world *w = plain_world();

	CHECK(xtcp_socket_connect(w->side[0].sock));
	CHECK_EQ(xtcp_socket_state(w->side[0].sock), XTCP_SYN_SENT);
	pass(w, SEC);
	CHECK_EQ(xtcp_socket_state(w->side[0].sock), XTCP_CLOSED);
	CHECK_EQ(xtcp_socket_error(w->side[0].sock), XTCP_ERR_REFUSED);
	CHECK_EQ(xtcp_socket_write(w->side[0].sock, "x", 1), 0);
	world_free(w);
}

UNIT(socket_peer_silent)
{
	struct world *w = plain_world();

	w->cut = true;
	world_begin(w);
	pass(w, 3600 * SEC);
	CHECK_EQ(xtcp_socket_error(w->side[0].sock), XTCP_ERR_TIMEDOUT);
	CHECK_EQ(xtcp_socket_state(w->side[1].sock), XTCP_LISTEN);
	world_free(w);
}

UNIT(socket_buffers_fill)
{
	struct world *w = plain_world();
	u8 buf[20000] = { 1 };

	world_begin(w);
	pass(w, SEC);
	CHECK_EQ(xtcp_socket_state(w->side[1].sock), XTCP_ESTABLISHED);
	CHECK_EQ(xtcp_socket_write(w->side[0].sock, buf, sizeof(buf)), 5000);
	CHECK_EQ(xtcp_socket_write(w->side[0].sock, buf, sizeof(buf)), 0);
	pass(w, 10 * SEC);
	/* A window is offered in whole segments (RFC 9293 3.8.6.2.2). */
	CHECK_EQ(xtcp_socket_write(w->side[0].sock, buf, sizeof(buf)), 3 * 1448);
	pass(w, 10 * SEC);
	CHECK_EQ(xtcp_socket_write(w->side[0].sock, buf, sizeof(buf)), 0);
	CHECK_EQ(xtcp_socket_read(w->side[1].sock, buf, sizeof(buf)), 3 * 1448);
	CHECK_EQ(xtcp_socket_read(w->side[1].sock, buf, sizeof(buf)), 0);
	CHECK(!xtcp_socket_eof(w->side[1].sock));
	world_free(w);
}

UNIT(socket_close_with_data_unread_resets)
{
	struct world *w = plain_world();

	world_begin(w);
	pass(w, SEC);
	CHECK_EQ(xtcp_socket_write(w->side[0].sock, "hello", 5), 5);
	pass(w, SEC);
	xtcp_socket_close(w->side[1].sock);
	pass(w, SEC);
	CHECK_EQ(xtcp_socket_state(w->side[1].sock), XTCP_CLOSED);
	CHECK_EQ(xtcp_socket_error(w->side[0].sock), XTCP_ERR_RESET);
	world_free(w);
}

UNIT(socket_close_sends_what_was_written)
{
	struct world *w = plain_world();
	u8 buf[10];

	world_begin(w);
	pass(w, SEC);
	CHECK_EQ(xtcp_socket_write(w->side[0].sock, "hello", 5), 5);
	xtcp_socket_close(w->side[0].sock);
	CHECK_EQ(xtcp_socket_write(w->side[0].sock, "x", 1), 0);
	pass(w, SEC);
	CHECK_EQ(xtcp_socket_state(w->side[0].sock), XTCP_FIN_WAIT_2);
	CHECK_EQ(xtcp_socket_read(w->side[1].sock, buf, sizeof(buf)), 5);
	CHECK(xtcp_socket_eof(w->side[1].sock));
	xtcp_socket_close(w->side[1].sock);
	pass(w, SEC);
	CHECK_EQ(xtcp_socket_state(w->side[0].sock), XTCP_TIME_WAIT);
	CHECK_EQ(xtcp_socket_state(w->side[1].sock), XTCP_CLOSED);
	pass(w, 60 * SEC);
	CHECK_EQ(xtcp_socket_state(w->side[0].sock), XTCP_CLOSED);
	world_free(w);
}

UNIT(socket_shutdown_waits_for_the_handshake)
{
	struct world *w = plain_world();

	world_begin(w);
	CHECK_EQ(xtcp_socket_write(w->side[0].sock, "hello", 5), 5);
	xtcp_socket_shutdown(w->side[0].sock);
	CHECK_EQ(xtcp_socket_state(w->side[0].sock), XTCP_SYN_SENT);
	pass(w, SEC);
	CHECK_EQ(xtcp_socket_state(w->side[0].sock), XTCP_FIN_WAIT_2);
	CHECK_EQ(xtcp_socket_state(w->side[1].sock), XTCP_CLOSE_WAIT);
	world_free(w);
}

UNIT(socket_abort_before_the_handshake)
{
	struct world *w = plain_world();

	xtcp_socket_listen(w->side[1].sock);
	xtcp_socket_close(w->side[1].sock);
	CHECK_EQ(xtcp_socket_state(w->side[1].sock), XTCP_CLOSED);
	CHECK(xtcp_socket_connect(w->side[0].sock));
	xtcp_socket_abort(w->side[0].sock);
	CHECK_EQ(xtcp_socket_state(w->side[0].sock), XTCP_CLOSED);
	world_free(w);
}

UNIT(socket_rx_discards_what_is_broken)
{
	struct world *w = plain_world();
	struct xtcp_packet *packet = &w->line[0].packet;

	world_begin(w);
	CHECK(w->line[0].at);
	w->line[0].data[4] ^= 1;
	CHECK(!xtcp_socket_rx(w->side[1].sock, packet));
	w->line[0].data[4] ^= 1;
	packet->len -= 1;
	CHECK(!xtcp_socket_rx(w->side[1].sock, packet));
	packet->len = 10;
	CHECK(!xtcp_socket_rx(w->side[1].sock, packet));
	CHECK_EQ(xtcp_socket_state(w->side[1].sock), XTCP_LISTEN);
	world_free(w);
}
