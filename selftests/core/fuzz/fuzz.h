/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Fuzzing the engine: declarations that the targets share.
 *
 *	parse.c		headers: xtcp_parse(), xtcp_hdr_put()
 *	segments.c	one engine, a peer that sends arbitrary segments
 *	calls.c		one engine, its application, a peer that mostly conforms
 *	net.c		two engines and a network between them
 *	end.c		one engine and its host
 *	command.c	actions of its application and host
 *	contract.c	checks after every call
 *	peer.c		the other end in segments.c and calls.c
 *	libfuzzer.c	entry point for libFuzzer, one program for each target
 *	replay.c	program that runs a corpus or a reproducer, without libFuzzer
 *
 * A target reads its input sequentially as a list of small commands, so that a part of
 * an input, or two joined, is a meaningful input. Only the input determines a run.
 */
#ifndef XTCP_FUZZ_H
#define XTCP_FUZZ_H

#include <xtcp/host.h>

#define USEC	XTCP_NSEC_PER_USEC
#define MSEC	XTCP_NSEC_PER_MSEC
#define SEC	XTCP_NSEC_PER_SEC

/* ---- the input ---- */

struct fuzz_in {
	const u8 *p;
	const u8 *end;
};

static inline bool in_more(const struct fuzz_in *in)
{
	return in->p < in->end;
}

/* The input is followed by zeros, so that a command may be cut anywhere. */
static inline u8 in_byte(struct fuzz_in *in)
{
	return in->p < in->end ? *in->p++ : 0;
}

static inline u16 in_half(struct fuzz_in *in)
{
	u16 hi = in_byte(in);

	return (u16)(hi << 8 | in_byte(in));
}

static inline u32 in_word(struct fuzz_in *in)
{
	u32 hi = in_half(in);

	return hi << 16 | in_half(in);
}

u32 in_near(struct fuzz_in *in, const u32 *edge, u32 n, u32 unit);
u32 in_size(struct fuzz_in *in, u32 unit);
u64 in_time(struct fuzz_in *in, u64 now, u64 deadline);

/* ---- the verdict ---- */

/* Report a finding and end the process, as a sanitizer does. */
void fuzz_fail(const char *fmt, ...) __attribute__((format(printf, 1, 2), noreturn));

/* XTCP_FUZZ_TRACE=1 in the environment: print a trace. */
extern bool fuzz_trace;
void fuzz_say(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

#define SAY(...) do {			\
	if (fuzz_trace)			\
		fuzz_say(__VA_ARGS__);	\
} while (0)

/* Basic blocks that the engine has run since this was set to 0: a measure of work. */
extern u64 fuzz_work;

/* ---- the targets ---- */

struct fuzz_target {
	const char *name;
	void (*run)(struct fuzz_in *in);
};

void fuzz_parse(struct fuzz_in *in);
void fuzz_segments(struct fuzz_in *in);
void fuzz_calls(struct fuzz_in *in);
void fuzz_net(struct fuzz_in *in);

/* ---- end.c ---- */

struct end {
	struct xtcp_host host;
	u64 *now;		/* ns */
	struct xtcp_params par;
	struct xtcp_open open;
	struct xtcp_seg seg;	/* the last one received, with its verdict */

	/* called for everything that is sent */
	void (*send)(struct end *end, const struct xtcp_plan *plan);
	void *ctx;

	/* set by the input */
	bool no_map;		/* no memory for send map entries */
	u8 fail_in;		/* countdown of plans to a failing transmission; 0: none */

	/* the socket */
	u32 rcvbuf;		/* bytes */
	u32 sndbuf;		/* limit of bytes unsent or unacknowledged */
	u32 unread;		/* bytes */
	u64 got;		/* bytes delivered in order */
	u64 written;		/* bytes */
	u32 expect;		/* sequence number of the next byte to be delivered */
	bool opened;		/* the handshake was completed */
	bool eof;
	bool closed;		/* close() was called */
	bool aborted;		/* abort() was called */
	bool want_output;	/* XTCP_ACT_OUTPUT was returned, output is not drained */
	bool tx_failed;		/* a plan was aborted; the engine will retry */

	/* memory lent to the engine */
	u32 sents;		/* send map entries */
	u32 nodes;		/* packets */
	struct xtcp_ooo *arrived;	/* packet just received, not yet lent */

	/* since the last call from outside */
	u32 burst;		/* bytes sent */
	u32 burst_cwnd;		/* bytes, the largest congestion window meanwhile */
	u32 burst_mss;

	/* the window offered to the peer */
	u32 edge;		/* furthest right edge */
	bool has_edge;

	/* state before the call that is being checked */
	u8 was_state;
	u32 was_una;
	const char *what;	/* name of the call */
};

/* Does it have a TCB, in any state? */
static inline bool end_tcb(const struct end *end)
{
	return end->host.mode == XTCP_HOST_CONN;
}

void end_init(struct end *end, struct fuzz_in *in, u64 *now, u32 id);
void end_fini(struct end *end);
void end_connect(struct end *end);
void end_listen(struct end *end);
bool end_over(const struct end *end);
bool end_live(const struct end *end);
u64 end_deadline(const struct end *end);
void end_timeout(struct end *end);
void end_rx(struct end *end, const struct xtcp_seg *seg);
void end_write(struct end *end, u32 bytes, u32 flags);
void end_read(struct end *end, u32 bytes);
void end_shutdown(struct end *end);
void end_close(struct end *end);
void end_abort(struct end *end);
void end_set(struct end *end, enum xtcp_opt opt, u32 val);
void end_pacing(struct end *end, u64 rate);
void end_cc(struct end *end, u32 which);
void end_icmp(struct end *end, enum xtcp_icmp kind, u32 seq, u16 mss);
void end_space(struct end *end, u32 rcvbuf);
void end_memory(struct end *end, u8 what);
void end_command(struct end *end, struct fuzz_in *in);

/* Free space in the send buffer, bytes. */
u32 end_room(const struct end *end);

/* ---- contract.c: a check that fails ends the run ---- */

void contract_begin(struct end *end);
void contract_end(struct end *end, u32 actions, const char *what);
void contract_tcb(struct end *end, const char *what);
void contract_stream(struct end *end);
void contract_plan(const struct end *end, const struct xtcp_plan *plan);
void contract_work(const struct end *end, const char *what);

/* ---- peer.c ---- */

#define PEER_RANGES	16

struct peer {
	struct end *end;
	u32 iss;
	u32 snd_nxt;		/* of its own stream */
	u32 snd_acked;		/* highest ACK of the end */
	u32 rcv_nxt;		/* of the end's stream */
	struct peer_range {
		u32 start;
		u32 end;
	} range[PEER_RANGES];	/* received out of order, ascending */
	u32 nranges;
	u32 last_range;		/* start of the range that changed last */
	u8 opts;		/* XTCP_OPT_* negotiated */
	u8 wscale;		/* window scale of its windows */
	u16 wnd;		/* window field */
	u16 mss;		/* its MSS option */
	u16 ecn;		/* ECN flags of its SYN or SYN-ACK */
	u32 tsval0;		/* TSval at time 0 */
	u32 ts_echo;		/* TSval of the end to be echoed */
	bool hello;		/* a SYN of the end was seen */
	bool fin_out;		/* its FIN was sent */
	bool rst;		/* the end has reset the connection */
};

void peer_init(struct peer *peer, struct end *end, struct fuzz_in *in);
void peer_plan(struct peer *peer, const struct xtcp_plan *plan);
void peer_data(struct peer *peer, u32 seq, u32 len);
struct xtcp_seg peer_seg(const struct peer *peer, u16 flags, u32 len);
void peer_ack(struct peer *peer);
bool peer_handshake(struct peer *peer, bool active);

#endif /* XTCP_FUZZ_H */
