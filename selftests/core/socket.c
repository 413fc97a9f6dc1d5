// SPDX-License-Identifier: GPL-2.0
/*
 * A host (host.h) with buffers and packets; see socket.h.
 *
 * No function locks or sleeps; the program serializes all calls for one socket.
 */
#include <stdlib.h>

#include <xtcp/socket.h>

#define GSO_MAX	65535U	/* payload of one plan, bytes; sent in packets of the MSS */

/* A packet that the engine may keep out of order. */
struct packet {
	struct xtcp_ooo ooo;
	u32 seq;		/* sequence number of the first byte */
	u32 len;		/* bytes */
	u8 data[];
};

/* The bytes [from, to) of a stream, in a circular buffer. */
struct ring {
	u8 *byte;
	u32 size;		/* of the buffer, bytes */
	u64 from;		/* offsets in the stream */
	u64 to;
};

struct xtcp_socket {
	struct xtcp_host host;
	struct xtcp_socket_cfg cfg;
	struct xtcp_open open;
	struct xtcp_params par;	/* used if cfg.par is NULL */
	struct xtcp_tcb tcb;
	struct ring out;	/* written, not acknowledged */
	struct ring in;		/* received in order, not read */
	enum xtcp_err err;	/* of the TCB, after its release */
	bool opened;		/* there is or was a TCB */
	bool eof;		/* the peer's FIN was received */
	bool shut;		/* shutdown() or close() was called */
	u8 *frame;		/* the packet being sent: header and payload */
};

static struct xtcp_socket *sock_of(const struct xtcp_host *host)
{
	return container_of((struct xtcp_host *)host, struct xtcp_socket, host);
}

/* ---- buffers ---- */

static u32 ring_room(const struct ring *ring)
{
	return ring->size - (u32)(ring->to - ring->from);
}

static void ring_copy(const struct ring *ring, u64 at, u8 *data, u32 len, bool in)
{
	u32 n, off = (u32)(at % ring->size);

	for (; len; len -= n, data += n, off = 0) {
		n = min(len, ring->size - off);
		if (in)
			memcpy(ring->byte + off, data, n);
		else
			memcpy(data, ring->byte + off, n);
	}
}

static u32 ring_put(struct ring *ring, const void *data, u32 len)
{
	len = min(len, ring_room(ring));
	ring_copy(ring, ring->to, (u8 *)data, len, true);
	ring->to += len;
	return len;
}

static u32 ring_get(struct ring *ring, void *data, u32 len)
{
	len = min_t(u64, len, ring->to - ring->from);
	ring_copy(ring, ring->from, data, len, false);
	ring->from += len;
	return len;
}

/* Stream offset of @seq, a sequence number near the first unacknowledged byte. */
static u64 out_offset(const struct xtcp_socket *sock, u32 seq)
{
	u64 from = sock->out.from;

	return from + (s32)(seq - (sock->tcb.iss + 1 + (u32)from));
}

/* ---- callbacks of the host ---- */

static u64 op_now(const struct xtcp_host *host)
{
	const struct xtcp_socket *sock = sock_of(host);

	return sock->cfg.now(sock->cfg.ctx);
}

static u32 op_space(const struct xtcp_host *host)
{
	return ring_room(&sock_of(host)->in);
}

static struct xtcp_tcb *op_conn_new(struct xtcp_host *host)
{
	struct xtcp_socket *sock = sock_of(host);

	/* A socket has one connection: it does not listen any more. */
	host->listening = false;
	sock->opened = true;
	xtcp_tcb_init(&sock->tcb, host->par);
	return &sock->tcb;
}

static struct xtcp_sent *op_sent_get(struct xtcp_host *host)
{
	return malloc(sizeof(struct xtcp_sent));
}

static void op_sent_put(struct xtcp_host *host, struct xtcp_sent *sent)
{
	free(sent);
}

static void op_pkt_put(struct xtcp_host *host, struct xtcp_ooo *ooo)
{
	free(container_of(ooo, struct packet, ooo));
}

static void op_deliver(struct xtcp_host *host, struct xtcp_ooo *ooo, u32 from, u32 to)
{
	const struct packet *pkt = container_of(ooo, struct packet, ooo);

	XTCP_ASSERT(from - pkt->seq + (u64)(to - from) <= pkt->len);
	XTCP_ASSERT(to - from <= ring_room(&sock_of(host)->in));
	ring_put(&sock_of(host)->in, pkt->data + (from - pkt->seq), to - from);
}

/* Send one packet: header, payload from stream offset @off on, checksum. */
static bool transmit(struct xtcp_socket *sock, const struct xtcp_plan *plan, u64 off)
{
	const struct xtcp_flow *flow = &sock->cfg.flow;
	struct xtcp_packet packet = {
		.data = sock->frame,
		.ecn = plan->ecn,
		.release = plan->release,
	};
	u8 *hdr = sock->frame;
	u32 sum, len;

	len = xtcp_hdr_put(hdr, plan, flow->sport, flow->dport);
	ring_copy(&sock->out, off, hdr + len, plan->len, false);
	packet.len = len + plan->len;
	sum = xtcp_csum_add(xtcp_csum_pseudo(flow, sock->cfg.v6, packet.len), hdr, packet.len);
	sum = xtcp_csum_fold(sum);
	hdr[16] = (u8)(sum >> 8);
	hdr[17] = (u8)sum;
	return sock->cfg.send(sock->cfg.ctx, &packet);
}

static bool op_transmit(struct xtcp_host *host, struct xtcp_plan *plan)
{
	struct xtcp_socket *sock = sock_of(host);
	struct xtcp_plan part;
	bool last, sent;
	u32 at = 0;

	do {
		last = xtcp_plan_part(plan, at, sock->tcb.ecn == XTCP_ECN_ACC, &part);
		sent = transmit(sock, &part, part.len ? out_offset(sock, part.data) : 0);
		/* Later packets that cannot be sent count as lost on the path. */
		if (!sent && !at)
			return false;
		at += part.len;
	} while (!last);
	return true;
}

static void op_reply(struct xtcp_host *host, const struct xtcp_plan *plan)
{
	transmit(sock_of(host), plan, 0);
}

static void op_fail(struct xtcp_host *host, const char *what)
{
	XTCP_ASSERT(!what);
}

static void op_notify(struct xtcp_host *host, u32 actions, const struct xtcp_seg *seg)
{
	struct xtcp_socket *sock = sock_of(host);

	/* min(): the FIN has a sequence number, but no byte in the buffer. */
	if (actions & XTCP_ACT_ACKED)
		sock->out.from = min(out_offset(sock, xtcp_snd_data_una(host->tcb)),
				     sock->out.to);
	if (actions & XTCP_ACT_EOF)
		sock->eof = true;
}

/* xtcp_shutdown() in SYN-SENT would end the connection; call it when it has left. */
static void op_served(struct xtcp_host *host, u32 actions)
{
	const struct xtcp_tcb *tcb = host->tcb;

	if (actions & XTCP_ACT_STATE && sock_of(host)->shut &&
	    tcb->state != XTCP_SYN_SENT &&
	    !(tcb->flags & XTCP_F_FIN_QUEUED))
		xtcp_host_actions(host, xtcp_shutdown(host->tcb, op_now(host)), NULL, NULL);
}

static void op_over(struct xtcp_host *host)
{
	struct xtcp_socket *sock = sock_of(host);

	sock->err = host->tcb->err;
	sock->out.from = sock->out.to;
	xtcp_host_release(host);
}

static const struct xtcp_host_ops socket_ops = {
	.now = op_now,
	.space = op_space,
	.conn_new = op_conn_new,
	.sent_get = op_sent_get,
	.sent_put = op_sent_put,
	.pkt_put = op_pkt_put,
	.deliver = op_deliver,
	.transmit = op_transmit,
	.reply = op_reply,
	.fail = op_fail,
	.notify = op_notify,
	.served = op_served,
	.over = op_over,
};

/* ---- life cycle ---- */

/**
 * xtcp_socket_new - make a socket
 * @cfg: copied; with xtcp_socket_cfg.par NULL, defaults without secrets are used
 *
 * Return: the socket, or NULL if there is no memory.
 */
struct xtcp_socket *xtcp_socket_new(const struct xtcp_socket_cfg *cfg)
{
	struct xtcp_socket *sock = calloc(1, sizeof(*sock));

	if (!sock)
		return NULL;
	sock->cfg = *cfg;
	sock->out = (struct ring){ .byte = malloc(cfg->sndbuf), .size = cfg->sndbuf };
	sock->in = (struct ring){ .byte = malloc(cfg->rcvbuf), .size = cfg->rcvbuf };
	/* The payload of a packet has at most the larger of the two. */
	sock->frame = malloc(XTCP_HDR_MAX + max_t(u32, GSO_MAX, cfg->mss));
	if (!sock->out.byte || !sock->in.byte || !sock->frame) {
		xtcp_socket_free(sock);
		return NULL;
	}
	xtcp_params_init(&sock->par);
	sock->open = (struct xtcp_open) {
		.flow = cfg->flow,
		.rcv_space = cfg->rcvbuf,
		.rcv_space_max = cfg->rcvbuf,
		.gso_max = GSO_MAX,
		.path_mss = cfg->mss,
		.adv_mss = cfg->mss,
		.v6 = cfg->v6,
	};
	sock->host.ops = &socket_ops;
	sock->host.par = cfg->par ? cfg->par : &sock->par;
	sock->host.open = &sock->open;
	return sock;
}

/**
 * xtcp_socket_free - free all memory; nothing is sent to the peer
 * @sock: in any state
 */
void xtcp_socket_free(struct xtcp_socket *sock)
{
	if (sock->host.tcb)
		xtcp_host_release(&sock->host);
	free(sock->out.byte);
	free(sock->in.byte);
	free(sock->frame);
	free(sock);
}

/**
 * xtcp_socket_connect - active open
 * @sock: new
 *
 * Sends the SYN. Return: true.
 */
bool xtcp_socket_connect(struct xtcp_socket *sock)
{
	return xtcp_host_connect(&sock->host);
}

/**
 * xtcp_socket_listen - passive open of one connection
 * @sock: new
 */
void xtcp_socket_listen(struct xtcp_socket *sock)
{
	xtcp_host_listen(&sock->host);
}

/* ---- packets and time ---- */

static bool sum_ok(const struct xtcp_socket *sock, const struct xtcp_packet *packet)
{
	struct xtcp_flow in = sock->cfg.flow;

	memcpy(in.saddr, sock->cfg.flow.daddr, sizeof(in.saddr));
	memcpy(in.daddr, sock->cfg.flow.saddr, sizeof(in.daddr));
	return !xtcp_csum_fold(xtcp_csum_add(xtcp_csum_pseudo(&in, sock->cfg.v6, packet->len),
					     packet->data, packet->len));
}

/**
 * xtcp_socket_rx - process a packet that has arrived
 * @sock: its destination: the caller has compared addresses and ports
 * @packet: only read during the call
 *
 * Return: false if it was discarded: wrong checksum, malformed header, no memory.
 */
bool xtcp_socket_rx(struct xtcp_socket *sock, const struct xtcp_packet *packet)
{
	struct xtcp_seg seg = { .nsegs = 1 };
	struct packet *pkt;

	if (packet->len < XTCP_HDR_LEN || !sum_ok(sock, packet) ||
	    !xtcp_parse(&seg, packet->data, packet->len, packet->len))
		return false;
	seg.nsegs = 1;
	seg.ecn = packet->ecn;
	pkt = malloc(sizeof(*pkt) + seg.len);
	if (!pkt)
		return false;
	pkt->seq = seg.seq + !!(seg.flags & XTCP_SYN);
	pkt->len = seg.len;
	memcpy(pkt->data, packet->data + seg.doff, seg.len);
	xtcp_host_rx(&sock->host, &seg, &pkt->ooo);
	return true;
}

/**
 * xtcp_socket_deadline - when xtcp_socket_timeout() is to be called
 * @sock: in any state; every call for the socket may change the deadline
 *
 * Return: ns on the clock of xtcp_socket_cfg.now(); XTCP_NEVER if no timer runs.
 */
u64 xtcp_socket_deadline(const struct xtcp_socket *sock)
{
	return xtcp_host_deadline(&sock->host);
}

/**
 * xtcp_socket_timeout - run the timers that are due
 * @sock: in any state; a call before the deadline does nothing
 */
void xtcp_socket_timeout(struct xtcp_socket *sock)
{
	xtcp_host_timeout(&sock->host);
}

/* ---- the application ---- */

static bool writable(const struct xtcp_socket *sock)
{
	return sock->host.tcb && !sock->shut;
}

/**
 * xtcp_socket_write - send bytes
 * @sock: socket
 * @data: bytes to send, copied
 * @len: number of bytes
 *
 * Return: bytes taken, less than @len if the buffer is full; 0 before there is a
 * connection, after it, and after xtcp_socket_shutdown().
 */
u32 xtcp_socket_write(struct xtcp_socket *sock, const void *data, u32 len)
{
	if (!writable(sock))
		return 0;
	len = ring_put(&sock->out, data, len);
	if (len)
		xtcp_host_actions(&sock->host,
				  xtcp_wrote(&sock->tcb, len, 0, op_now(&sock->host)),
				  NULL, NULL);
	return len;
}

/**
 * xtcp_socket_read - read received bytes
 * @sock: in any state
 * @data: buffer
 * @len: size of the buffer, bytes
 *
 * Return: bytes read; 0 if there are none now, see xtcp_socket_eof().
 */
u32 xtcp_socket_read(struct xtcp_socket *sock, void *data, u32 len)
{
	len = ring_get(&sock->in, data, len);
	if (len && sock->host.tcb)
		xtcp_host_actions(&sock->host,
				  xtcp_read(&sock->tcb, len, ring_room(&sock->in),
					    op_now(&sock->host)), NULL, NULL);
	return len;
}

/**
 * xtcp_socket_read_blocks - the program will wait until there is more to read
 * @sock: in any state
 *
 * Optional. An ACK that waits for the program's answer is sent at once, because the
 * peer may be waiting for it.
 */
void xtcp_socket_read_blocks(struct xtcp_socket *sock)
{
	if (sock->host.tcb)
		xtcp_host_actions(&sock->host, xtcp_read_blocks(&sock->tcb), NULL, NULL);
}

/**
 * xtcp_socket_shutdown - end the outgoing stream: FIN follows the last byte written
 * @sock: socket; without a connection nothing happens
 */
void xtcp_socket_shutdown(struct xtcp_socket *sock)
{
	if (!writable(sock))
		return;
	sock->shut = true;
	if (sock->tcb.state != XTCP_SYN_SENT)
		xtcp_host_actions(&sock->host,
				  xtcp_shutdown(&sock->tcb, op_now(&sock->host)), NULL, NULL);
}

/**
 * xtcp_socket_close - end reading and writing
 * @sock: socket; bytes written are still sent, so go on passing packets and time to it
 *	until it is in CLOSED
 *
 * If received bytes are unread, the connection is reset (RFC 2525, 2.17).
 */
void xtcp_socket_close(struct xtcp_socket *sock)
{
	if (sock->in.from != sock->in.to) {
		xtcp_socket_abort(sock);
		sock->in.from = sock->in.to;
	} else if (sock->host.tcb) {
		sock->shut = true;
		xtcp_host_actions(&sock->host, xtcp_close(&sock->tcb, op_now(&sock->host)),
				  NULL, NULL);
	} else if (!sock->opened) {
		sock->host.mode = XTCP_HOST_CLOSED;
	}
}

/**
 * xtcp_socket_abort - reset the connection
 * @sock: socket; without a connection nothing happens
 */
void xtcp_socket_abort(struct xtcp_socket *sock)
{
	if (sock->host.tcb)
		xtcp_host_actions(&sock->host, xtcp_abort(&sock->tcb, op_now(&sock->host)),
				  NULL, NULL);
}

/* ---- state ---- */

/**
 * xtcp_socket_state - state of RFC 9293
 * @sock: socket
 *
 * Return: state; XTCP_CLOSED before connect or listen and after the end.
 */
enum xtcp_state xtcp_socket_state(const struct xtcp_socket *sock)
{
	switch (sock->host.mode) {
	case XTCP_HOST_LISTEN:
		return XTCP_LISTEN;
	case XTCP_HOST_HALF_OPEN:
		return XTCP_SYN_RECEIVED;
	case XTCP_HOST_CONN:
		return sock->tcb.state;
	case XTCP_HOST_TIME_WAIT:
		return sock->host.tw.flags & XTCP_TW_F_FIN_WAIT_2 ? XTCP_FIN_WAIT_2 :
								    XTCP_TIME_WAIT;
	default:
		return XTCP_CLOSED;
	}
}

/**
 * xtcp_socket_error - why the connection ended
 * @sock: socket
 *
 * Return: XTCP_OK if it has not ended, or was closed normally.
 */
enum xtcp_err xtcp_socket_error(const struct xtcp_socket *sock)
{
	return sock->host.tcb ? sock->tcb.err : sock->err;
}

/**
 * xtcp_socket_eof - has the whole stream of the peer been read?
 * @sock: socket
 *
 * Return: true if the peer's FIN was received and no byte is left to read.
 */
bool xtcp_socket_eof(const struct xtcp_socket *sock)
{
	return sock->eof && sock->in.from == sock->in.to;
}

/**
 * xtcp_socket_host - the host of a socket, for calls of engine.h
 * @sock: socket
 *
 * Return: its host; xtcp_host.tcb is NULL if there is no connection.
 */
struct xtcp_host *xtcp_socket_host(struct xtcp_socket *sock)
{
	return &sock->host;
}
