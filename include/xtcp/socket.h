/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A TCP socket without a kernel: one end of one connection, with buffers, that
 * takes and makes TCP segments as they are on the wire. It has no thread, no
 * clock and no network: the program calls it with each packet that arrives and
 * when its deadline has come, and it calls back with each packet to send. A
 * simulator can therefore run it in virtual time and repeat a run exactly. The
 * program serialises the calls for one socket.
 *
 *	xtcp_socket_new()
 *	xtcp_socket_listen() or xtcp_socket_connect()
 *	xtcp_socket_rx() for each packet, xtcp_socket_timeout() at
 *	    xtcp_socket_deadline(); between them, in any order and never in a
 *	    callback: xtcp_socket_write(), xtcp_socket_read(), ...
 *	xtcp_socket_free()
 *
 * For options, counters and other algorithms see engine.h; xtcp_socket_host()
 * gives access to the TCB.
 */
#ifndef XTCP_SOCKET_H
#define XTCP_SOCKET_H

#include <xtcp/host.h>

/* A TCP segment: header and payload, without the IP header. The maker owns data. */
struct xtcp_packet {
	const u8 *data;
	u32 len;		/* bytes of header and payload */
	u8 ecn;			/* ECN field of the IP header, 0..3 */
	u64 release;		/* ns, earliest departure under pacing; 0: at once */
};

/**
 * struct xtcp_socket_cfg - configuration of a socket, copied by xtcp_socket_new()
 * @flow: addresses and ports of this end and the other, network byte order
 * @v6: the packets are IPv6
 * @mss: bytes of a packet without IP and TCP header, 1460 on an Ethernet
 * @sndbuf: bytes of the send buffer: written and not yet acknowledged
 * @rcvbuf: bytes of the receive buffer: received and not yet read
 * @par: knobs and secrets, must outlive the socket; NULL: defaults, no secrets
 * @now: return the time, ns; must not go back
 * @send: send a packet, whose data is valid during the call. Return: false if it
 *	cannot be sent: the engine tries again later
 * @ctx: first argument of @now and @send
 */
struct xtcp_socket_cfg {
	struct xtcp_flow flow;
	bool v6;
	u16 mss;
	u32 sndbuf;
	u32 rcvbuf;
	const struct xtcp_params *par;
	u64 (*now)(void *ctx);
	bool (*send)(void *ctx, const struct xtcp_packet *packet);
	void *ctx;
};

struct xtcp_socket;

struct xtcp_socket *xtcp_socket_new(const struct xtcp_socket_cfg *cfg);
void xtcp_socket_free(struct xtcp_socket *sock);

bool xtcp_socket_connect(struct xtcp_socket *sock);
void xtcp_socket_listen(struct xtcp_socket *sock);
bool xtcp_socket_rx(struct xtcp_socket *sock, const struct xtcp_packet *packet);
u64 xtcp_socket_deadline(const struct xtcp_socket *sock);
void xtcp_socket_timeout(struct xtcp_socket *sock);

u32 xtcp_socket_write(struct xtcp_socket *sock, const void *data, u32 len);
u32 xtcp_socket_read(struct xtcp_socket *sock, void *data, u32 len);
void xtcp_socket_read_blocks(struct xtcp_socket *sock);
void xtcp_socket_shutdown(struct xtcp_socket *sock);
void xtcp_socket_close(struct xtcp_socket *sock);
void xtcp_socket_abort(struct xtcp_socket *sock);

enum xtcp_state xtcp_socket_state(const struct xtcp_socket *sock);
enum xtcp_err xtcp_socket_error(const struct xtcp_socket *sock);
bool xtcp_socket_eof(const struct xtcp_socket *sock);
struct xtcp_host *xtcp_socket_host(struct xtcp_socket *sock);

#endif /* XTCP_SOCKET_H */
