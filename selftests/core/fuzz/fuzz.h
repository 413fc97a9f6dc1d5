/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Fuzzing the engine: what the targets share.
 *
 *	parse.c		headers: xtcp_parse(), xtcp_hdr_put()
 *	segments.c	one engine, a peer that sends anything at any time
 *	calls.c		one engine, its application, a peer that mostly behaves
 *	net.c		two engines and a network between them
 *	end.c		one engine and its host
 *	command.c	what its application and its host may do
 *	contract.c	what holds after every call
 *	peer.c		the other end where it is no engine
 *	libfuzzer.c	the door for libFuzzer, one program a target
 *	replay.c	the door for everything else: corpus, reproducers; TAP
 *
 * A target reads its input from front to back as a list of small commands, so
 * that cutting an input, or joining two, gives an input that means something.
 * Nothing but the input decides what happens.
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

/* Zeros follow the end, so that a command may be cut anywhere. */
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

/* A finding: says what is wrong and ends the process, as a sanitizer does. */
void fuzz_fail(const char *fmt, ...) __attribute__((format(printf, 1, 2), noreturn));

/* XTCP_FUZZ_TRACE=1 in the environment: tell what happens. */
extern bool fuzz_trace;
void fuzz_say(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

#define SAY(...) do {			\
	if (fuzz_trace)			\
		fuzz_say(__VA_ARGS__);	\
} while (0)

/* Basic blocks the engine ran since this was zeroed: its work, in any build. */
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
	u64 *now;
	struct xtcp_params par;
	struct xtcp_open open;
	struct xtcp_seg seg;	/* the last one received, with the verdict */

	/* to whom everything goes that is sent */
	void (*send)(struct end *end, const struct xtcp_plan *plan);
	void *ctx;

	/* what the input decides */
	bool no_map;		/* send map entries are refused */
	u8 fail_in;		/* the transmission that many plans ahead fails */

	/* the socket */
	u32 rcvbuf;		/* bytes */
	u32 sndbuf;		/* bytes unsent or unacknowledged, at most */
	u32 unread;
	u64 got;		/* bytes delivered in order */
	u64 written;
	u32 expect;		/* next byte to be delivered */
	bool opened;		/* the handshake was completed */
	bool eof;
	bool closed;		/* close() was called */
	bool aborted;		/* abort() was called */
	bool want_output;	/* XTCP_ACT_OUTPUT seen, and not drained since */
	bool tx_failed;		/* a plan was aborted; the engine comes back */

	/* lent to the engine */
	u32 sents;
	u32 nodes;
	struct xtcp_ooo *arrived;	/* not lent yet */

	/* since the last call from outside */
	u32 burst;		/* bytes sent */
	u32 burst_cwnd;		/* bytes, the largest congestion window */
	u32 burst_mss;

	/* what was promised to the peer */
	u32 edge;
	bool has_edge;

	/* before the call that is being checked */
	u8 was_state;
	u32 was_una;
	const char *what;	/* the call */
};

/* Has it a TCB, in whatever state? */
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

/* Bytes the application may still write before its buffer is full. */
u32 end_room(const struct end *end);

/* ---- contract.c: each ends the run when it does not hold ---- */

void contract_begin(struct end *end);
void contract_end(struct end *end, u32 acts, const char *what);
void contract_tcb(struct end *end, const char *what);
void contract_stream(struct end *end);
void contract_plan(const struct end *end, const struct xtcp_plan *plan);
void contract_work(const struct end *end, const char *what);

/* ---- peer.c ---- */

#define PEER_RANGES	16

struct peer {
	struct end *end;
	u32 iss;
	u32 snd_nxt;		/* its own stream */
	u32 snd_acked;		/* what the end acknowledged of it */
	u32 rcv_nxt;		/* the end's stream, in order */
	struct peer_range {
		u32 start;
		u32 end;
	} range[PEER_RANGES];	/* received beyond, ascending */
	u32 nranges;
	u32 last_range;		/* start of the one that changed last */
	u8 opts;		/* XTCP_OPT_* agreed on */
	u8 wscale;		/* shift of the windows it sends */
	u16 wnd;		/* as on the wire */
	u16 mss;
	u16 ecn;		/* flags of its SYN that ask for ECN, or answer */
	u32 tsval0;
	u32 ts_echo;
	bool hello;		/* a SYN of the end was seen */
	bool fin_out;
	bool rst;		/* the end reset the connection */
};

void peer_init(struct peer *peer, struct end *end, struct fuzz_in *in);
void peer_plan(struct peer *peer, const struct xtcp_plan *plan);
void peer_data(struct peer *peer, u32 seq, u32 len);
struct xtcp_seg peer_seg(const struct peer *peer, u16 flags, u32 len);
void peer_ack(struct peer *peer);
bool peer_handshake(struct peer *peer, bool active);

#endif /* XTCP_FUZZ_H */
