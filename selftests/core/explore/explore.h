/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Exhaustive search of the engine's states: two ends, a network that may misbehave a
 * limited number of times (the budget), and every order in which events can happen.
 *
 *	main.c		command line, processes, TAP
 *	worlds.c	the table of worlds: applications, options, budgets
 *	search.c	breadth-first search over distinct states
 *	store.c		states seen, states to be expanded
 *	action.c	the actions that are possible in a state, and their names
 *	finish.c	every state can be finished: there is no dead end
 *	canon.c		which states are equivalent
 *	world.c		two ends, time, the wire
 *	end.c		one end: its host, and checks of all it does
 *	app.c		the application of one end
 *	trace.c		prints a path
 *
 * A world is one struct at a fixed address, so that a state is saved and restored by
 * copying it, pointers included.
 */
#ifndef XTCP_EXPLORE_H
#define XTCP_EXPLORE_H

#include <setjmp.h>
#include <xtcp/host.h>

#define MSEC	XTCP_NSEC_PER_MSEC
#define SEC	XTCP_NSEC_PER_SEC

#define WIRE_MAX	24	/* segments in flight in one direction */
#define SENTS_MAX	12	/* send map entries lent to an end */
#define PKTS_MAX	16	/* packets held out of order */
#define OPS_MAX		12	/* steps of an application */

/* ---- actions ---- */

enum act_kind {
	ACT_NONE,
	ACT_DELIVER,	/* segment number arg of those in flight to end arrives */
	ACT_DROP,	/* the first of them is lost */
	ACT_DUP,	/* it arrives, and a copy of it becomes the first */
	ACT_OLD,	/* it arrives, and a copy of it becomes the last */
	ACT_MERGE,	/* it arrives merged with the second */
	ACT_MARK,	/* it gets CE */
	ACT_TIMER,	/* the earliest deadline of end comes */
	ACT_APP,	/* the application takes its next step */
	ACT_READ,	/* the application reads */
	ACT_ABORT,	/* the application calls abort() */
	ACT_BLIND,	/* a segment of an attacker arrives, enum blind */
	ACT_RENEGE,	/* end discards its out-of-order data */
	ACT_REFUSE,	/* the next transmission of end fails */
	ACT_SHRINK,	/* the path MTU shrinks, and end learns it by ICMP */
	ACT_VANISH,	/* end crashes: it sends and receives nothing any more */
	ACT_MAX
};

/* One step of a path, which is written as a string: "d0 x1 t0". */
struct action {
	u8 kind;		/* enum act_kind */
	u8 end;
	u8 arg;
};

/* How often each kind of misbehaviour may still happen; part of the state. */
enum budget {
	B_DROP,
	B_DUP,
	B_REORDER,	/* deliveries of a segment that is not the first */
	B_TICK,		/* timers */
	B_LATE,		/* timers that fire while a segment is in flight */
	B_MERGE,
	B_MARK,
	B_ABORT,
	B_BLIND,
	B_RENEGE,
	B_REFUSE,
	B_SHRINK,
	B_VANISH,
	B_MAX
};

/* Segments of an attacker, off-path or on-path. */
enum blind {
	BLIND_RST_NEAR,		/* in the window, but not at RCV.NXT */
	BLIND_RST_FAR,		/* beyond the window */
	BLIND_SYN,
	BLIND_ACK_UNSENT,	/* data with an ACK of data never sent */
	BLIND_ACK_ANCIENT,	/* data with an ACK that is too old */
	BLIND_BEYOND,		/* a byte and FIN beyond the window */
	BLIND_SACK,		/* SACK of data never sent */
	BLIND_RST_EXACT,	/* at RCV.NXT: this one must end the connection */
	BLIND_MAX
};

/* ---- configuration ---- */

struct world_cfg {
	const char *name;
	const char *prog[2];	/* programs of the applications, see app.c */
	u8 left[B_MAX];		/* budget at level 1; 0: at no level */
	bool no_rto;		/* at level 1 losses are repaired without an RTO */
	bool simultaneous;	/* both connect */
	bool fastopen;		/* Fast Open with data in the SYN */
	bool opened;		/* the search begins with both ends established */
	bool tw_in_tcb;		/* no TIME-WAIT record */
	bool no_wscale;
	bool no_ts;
	bool no_sack;
	u8 ecn;			/* as net.ipv4.tcp_ecn */
	u8 lend;		/* send map entries for each end, at most SENTS_MAX */
	u8 cwnd;		/* initial, segments; 0: 10 */
	u16 gso;		/* bytes a plan may carry; 0: one segment */
	u32 rcvbuf[2];		/* bytes; 0: 4000 */
	u32 rcvbuf_max;		/* bytes, for the window scale; 0: 65535 */
	u16 read[2];		/* bytes of one ACT_READ; 0: data is read at once */
	u32 delay_ms;		/* minimum delay of a segment */
	const char *cc;		/* congestion control; NULL: reno */
	bool paced;
	bool no_rack;
	bool patience;		/* keepalive or user timeout is on: ages matter */
};

extern const struct world_cfg worlds[];
extern const u32 nworlds;

#define WORLD_MSS	100	/* bytes of payload with all options */

/* ---- state ---- */

/* A segment in flight. */
struct flight {
	struct xtcp_seg seg;
	u64 sent_at;		/* ns */
	u32 off;		/* stream offset of its first byte */
};

/* A packet that the receiver holds. */
struct pkt {
	struct xtcp_ooo ooo;	/* as in skb->cb */
	u32 seq;		/* of the first byte */
	u32 off;		/* its stream offset */
	u32 len;		/* bytes */
	bool used;
};

struct end {
	u8 id;
	bool down;		/* crashed: it answers nothing */
	u8 err;			/* enum xtcp_err, after the end */
	u8 pc;			/* step of the application */
	bool established;
	bool eof;
	bool shut;
	bool closed;		/* the application has called close() */
	bool refuse;		/* the next transmission fails */
	bool told;		/* edge_told is valid */
	bool shown;		/* edge_shown is valid */
	u8 wscale;		/* of its SYN; both ends offer it or neither */
	u32 iss;
	u32 ts_off;		/* timestamp offset */
	u32 path_mss;		/* bytes of payload and options that the path carries */
	u32 edge_told;		/* furthest right edge that the peer offered */
	u32 edge_shown;		/* furthest right edge that this end offered */
	u32 wr;			/* bytes written */
	u32 acked;		/* bytes acknowledged */
	u32 rcvd;		/* bytes in order */
	u32 rd;			/* bytes read */
	u32 total;		/* bytes its program writes */
	u64 clock;		/* ns, added to the world's time */
	struct xtcp_tcb tcb;
	struct xtcp_host host;
	struct xtcp_sent sent[SENTS_MAX];
	bool lent[SENTS_MAX];
	struct pkt pkt[PKTS_MAX];
};

struct wire {
	u8 n;
	struct flight flight[WIRE_MAX];
};

struct world {
	u64 now;		/* ns */
	u8 left[B_MAX];
	bool rough;		/* the connection was broken: data may be missing */
	struct end end[2];
	struct wire to[2];	/* to end i */
};

/* The search of a world: everything that is not part of a state, and the state. */
struct run {
	const struct world_cfg *cfg;
	struct xtcp_params par;
	struct xtcp_open open[2];
	u32 snd_nxt;		/* of the end that sends, before it sent */
	struct op {
		u8 kind;
		u16 n;
	} prog[2][OPS_MAX];
	struct world w;		/* the current state */
	u32 level;
	bool rates;		/* the congestion control measures rates */
	bool trace;
	sigjmp_buf failed;
	char why[300];
	volatile u64 beat;	/* counts steps, to detect a loop in the engine */
};

extern struct run run;

#define W	(&run.w)

void fail(const char *fmt, ...) __attribute__((format(printf, 1, 2), noreturn));
void trace(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

#define TRACE(...) do {			\
	if (run.trace)			\
		trace(__VA_ARGS__);	\
} while (0)

/* ---- world.c ---- */

void world_init(const struct world_cfg *cfg, u32 level);
void wire_put(u32 from, const struct xtcp_plan *plan, u32 off);
void wire_take(u32 to, u32 i);
u64 wire_arrival(const struct flight *f);
u64 world_deadline(u64 *wire);

/* ---- end.c ---- */

static inline u64 end_now(const struct end *e)
{
	return run.w.now + e->clock;
}

static inline struct end *end_peer(const struct end *e)
{
	return &run.w.end[!e->id];
}

void end_init(struct end *e);
void end_connect(struct end *e);
void end_hears(struct end *e, const struct xtcp_seg *seg);
void end_rx(struct end *e, const struct flight *f);
void end_timer(struct end *e);
void end_vanish(struct end *e);
void end_idle(struct end *e);
void end_serve(struct end *e, u32 actions);
u64 end_deadline(const struct end *e);
u32 end_space(const struct end *e);
bool end_over(const struct end *e);

/* ---- app.c ---- */

void app_parse(u32 id, const char *text);
u32 app_first(struct end *e);
bool app_ready(const struct end *e);
void app_step(struct end *e);
bool app_can_read(const struct end *e);
void app_read(struct end *e, u32 max);
void app_abort(struct end *e);

/* ---- action.c ---- */

#define ACTS_MAX	160	/* possible actions in one state */

u32 possible_actions(struct action *out);
void act(struct action a);
void action_name(struct action a, char *buf, size_t len);
const char *action_parse(const char *text, struct action *a);

static inline u16 action_pack(struct action a)
{
	return (u16)(a.kind << 8 | a.end << 7 | a.arg);
}

static inline struct action action_unpack(u16 v)
{
	return (struct action){ v >> 8, v >> 7 & 1, v & 0x7f };
}

/* ---- finish.c ---- */

struct action finish_next(void);
bool finish_end(void);
u32 finish_check(u64 core);
void finish_init(void);
void finish_walk(void);

/* ---- canon.c ---- */

struct canon {
	u64 core;	/* hash of all but the budget */
	u64 full;	/* hash of the whole state */
};

void canon_init(void);
struct canon canon(void);

/* ---- store.c ---- */

#define NO_NODE	(~0U)

struct set {		/* maps 64-bit hashes to numbers */
	u64 *key;
	u32 *val;
	u64 room;
	u64 n;
};

u32 set_add(struct set *set, u64 key, u32 val);
u32 set_get(const struct set *set, u64 key);
void set_free(struct set *set);

struct queue;		/* states, first in, first out */

void queue_init(void);
void queue_put(void);
bool queue_get(struct world *w);

/* ---- search.c, trace.c ---- */

#define LEVEL_MAX	40

struct result {
	u64 states;
	u64 transitions;
	u64 audited;
	u32 depth;
	u32 level;
	u32 ends_in;	/* ms, longest time from a state to its end, level 1 */
	u64 sizes[LEVEL_MAX];	/* states of each level */
	bool complete;	/* all states of the level were expanded */
	bool bad;	/* a check failed */
};

void search(const struct world_cfg *cfg, u64 quota, struct result *res);
int replay(const struct world_cfg *cfg, u32 level, const char *path);
void trace_seg(u32 to, const char *what, const struct flight *f);
void trace_end(const struct end *e);

#endif /* XTCP_EXPLORE_H */
