// SPDX-License-Identifier: GPL-2.0
/*
 * Every dialogue of a few messages: two programs that write and block in read(), one
 * connection, no loss. None may wait for a timer: whenever no packet is on the way,
 * one of the two can go on. Nagle's algorithm at one end and delayed ACKs at the other
 * easily break that, so no timer ever runs here, and a dialogue that comes to a stop
 * fails.
 */
#include <stdio.h>
#include <stdlib.h>

#include <xtcp/socket.h>

#include "sim.h"

#define MSS	1460U		/* bytes */
#define DELAY	(100 * USEC)	/* each way */
#define QUEUE	256U		/* packets on the way */
#define ROUNDS	6U		/* times that a dialogue is repeated on its connection */
#define SHOWN	5U		/* failures that are printed */
#define BUFFER	131072U		/* bytes, of each buffer: no write ever waits for room */

/* Sizes of messages, bytes: around one MSS, and one that ends in a small segment. */
static const u32 sizes[] = { 1, MSS - 1, MSS, MSS + 1, 2 * MSS + 1 };

#define CHOICES	(2 * ARRAY_SIZE(sizes))	/* writer and size of a message */

struct message {
	u8 writer;		/* end 0 or 1 */
	u32 size;		/* bytes */
};

struct variant {
	const char *name;
	bool nodelay;		/* TCP_NODELAY at both ends */
	bool greedy;		/* a read takes all there is, not one message */
	bool answers;		/* both ends have sent answers before: ACKs are delayed */
};

static const struct variant variants[] = {
	{ "a read takes one message", .greedy = false },
	{ "a read takes all", .greedy = true },
	{ "a read takes one message, after answers", .answers = true },
	{ "a read takes all, after answers", .greedy = true, .answers = true },
	{ "TCP_NODELAY, a read takes one message", .nodelay = true },
	{ "TCP_NODELAY, a read takes all, after answers", .nodelay = true, .greedy = true,
	  .answers = true },
};

struct program {
	struct xtcp_socket *sock;
	struct talk *talk;
	u32 at;			/* messages written or read so far */
	u32 had;		/* bytes read of those that follow */
	u8 id;			/* which end */
};

struct talk {
	const struct variant *variant;
	struct message msg[8];
	u32 n;			/* messages */
	struct program end[2];
	u64 now;		/* ns */
	u32 head, tail;		/* of the line: packets of both directions, in order */
	struct {
		u64 at;		/* ns, arrival */
		struct xtcp_packet packet;
		struct program *to;
		u8 data[XTCP_HDR_MAX + MSS];
	} line[QUEUE];
};

static u64 clock_now(void *ctx)
{
	return ((struct program *)ctx)->talk->now;
}

static bool line_send(void *ctx, const struct xtcp_packet *packet)
{
	struct program *from = ctx;
	struct talk *talk = from->talk;
	u32 i = talk->tail % QUEUE;

	if (talk->tail - talk->head == QUEUE || packet->len > sizeof(talk->line[i].data))
		return false;
	talk->line[i].at = talk->now + DELAY;
	talk->line[i].to = &talk->end[!from->id];
	talk->line[i].packet = *packet;
	talk->line[i].packet.data = memcpy(talk->line[i].data, packet->data, packet->len);
	talk->tail++;
	return true;
}

/* Deliver the next packet. Return: to whom, NULL if there is none. */
static struct program *line_deliver(struct talk *talk)
{
	u32 i = talk->head % QUEUE;

	if (talk->head == talk->tail)
		return NULL;
	talk->now = talk->line[i].at;
	xtcp_socket_rx(talk->line[i].to->sock, &talk->line[i].packet);
	talk->head++;
	return talk->line[i].to;
}

static void set(struct program *end, enum xtcp_opt opt, u32 val)
{
	struct xtcp_host *host = xtcp_socket_host(end->sock);

	xtcp_host_actions(host, xtcp_set(host->tcb, opt, val, end->talk->now), NULL, NULL);
}

static void talk_open(struct talk *talk)
{
	u32 i;

	talk->now = SEC;
	talk->head = 0;
	talk->tail = 0;
	for (i = 0; i < 2; i++) {
		struct program *end = &talk->end[i];

		*end = (struct program){ .talk = talk, .id = (u8)i };
		end->sock = xtcp_socket_new(&(struct xtcp_socket_cfg) {
			.flow = { .sport = (u16)(1 + i), .dport = (u16)(2 - i) },
			.mss = MSS, .sndbuf = BUFFER, .rcvbuf = BUFFER,
			.now = clock_now, .send = line_send, .ctx = end });
		if (!end->sock)
			exit(2);
	}
	xtcp_socket_listen(talk->end[1].sock);
	xtcp_socket_connect(talk->end[0].sock);
	while (line_deliver(talk))
		;
	for (i = 0; i < 2; i++) {
		if (talk->variant->nodelay)
			set(&talk->end[i], XTCP_SET_NODELAY, 1);
		if (talk->variant->answers)
			set(&talk->end[i], XTCP_SET_QUICKACK, 0);
	}
}

/* Read a message. Return: false if the program has to wait for more of it. */
static bool read_message(struct program *end, u32 size)
{
	static u8 data[BUFFER];

	while (end->had < size) {
		u32 most = end->talk->variant->greedy ? BUFFER : size - end->had;
		u32 n = xtcp_socket_read(end->sock, data, most);

		if (!n) {
			xtcp_socket_read_blocks(end->sock);
			return false;
		}
		end->had += n;
	}
	end->had -= size;
	return true;
}

/* Run a program until it waits or has ended. */
static void program_run(struct program *end)
{
	static const u8 data[2 * MSS + 1];
	struct talk *talk = end->talk;

	for (; end->at < talk->n * ROUNDS; end->at++) {
		const struct message *msg = &talk->msg[end->at % talk->n];

		if (msg->writer == end->id) {
			if (xtcp_socket_write(end->sock, data, msg->size) != msg->size)
				abort();
		} else if (!read_message(end, msg->size)) {
			return;
		}
	}
}

/* Return: whether the dialogue came to its end. */
static bool talk_run(struct talk *talk)
{
	struct program *end;
	u32 i;
	bool ok;

	talk_open(talk);
	for (i = 0; i < 2; i++)
		program_run(&talk->end[i]);
	while ((end = line_deliver(talk)))
		program_run(end);
	ok = talk->end[0].at == talk->n * ROUNDS && talk->end[1].at == talk->n * ROUNDS;
	for (i = 0; i < 2; i++)
		xtcp_socket_free(talk->end[i].sock);
	return ok;
}

/* Dialogue number @nr of those of @n messages; the first is end 0's. */
static void talk_pick(struct talk *talk, u32 n, u32 nr)
{
	u32 i;

	talk->n = n;
	for (i = 0; i < n; i++, nr /= CHOICES) {
		talk->msg[i].size = sizes[nr % ARRAY_SIZE(sizes)];
		talk->msg[i].writer = nr % CHOICES >= ARRAY_SIZE(sizes);
	}
}

static void talk_print(const struct talk *talk)
{
	u32 i;

	printf("#");
	for (i = 0; i < talk->n; i++)
		printf(" %c %u,", "AB"[talk->msg[i].writer], talk->msg[i].size);
	printf(" round %u\n", min(talk->end[0].at, talk->end[1].at) / talk->n);
}

/* All dialogues of up to @most messages. Return: number of those that stop. */
static u32 variant_run(struct talk *talk, u32 most)
{
	u32 n, nr, last, bad = 0, all = 0;

	for (n = 1, last = ARRAY_SIZE(sizes); n <= most; n++, last *= CHOICES)
		for (nr = 0; nr < last; nr++, all++) {
			/* End 0 is the first to write, which is the lowest digit. */
			talk_pick(talk, n, nr / ARRAY_SIZE(sizes) * CHOICES +
					   nr % ARRAY_SIZE(sizes));
			if (talk_run(talk))
				continue;
			if (bad++ < SHOWN)
				talk_print(talk);
		}
	printf("# %u dialogues, %u wait for a timer\n", all, bad);
	return bad;
}

/* dialogue_all - all dialogues of up to @most messages, as TAP. Return: exit status */
int dialogue_all(u32 most)
{
	struct talk *talk = calloc(1, sizeof(*talk));
	u32 i, failed = 0;

	if (!talk)
		exit(2);
	most = min_t(u32, most, ARRAY_SIZE(talk->msg));
	printf("TAP version 13\n1..%u\n", (u32)ARRAY_SIZE(variants));
	for (i = 0; i < ARRAY_SIZE(variants); i++) {
		u32 bad;

		talk->variant = &variants[i];
		bad = variant_run(talk, most);
		printf("%sok %u - no dialogue waits for a timer: %s\n", bad ? "not " : "",
		       1 + i, variants[i].name);
		failed += !!bad;
	}
	free(talk);
	return !!failed;
}
