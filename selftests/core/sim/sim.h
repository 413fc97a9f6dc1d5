/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The simulator: two hosts, each with the engine and the least glue that a
 * real system needs, a link each way that does everything a network does
 * wrong, virtual time. One 64-bit seed decides everything. Several pairs of
 * hosts may share the two links: that of the even ones sends by link 0.
 *
 *	run.c		command line, processes, TAP
 *	config.c	seed to configuration
 *	scenario.c	fixed configurations with known results
 *	sweep.c		every pattern of one, two and three packets lost
 *	outage.c	one long loss in a window of any size
 *	bulk.c		scenarios and algorithms, measured: results.txt
 *	world.c		time, events, trace, verdict
 *	link.c		wire
 *	ledger.c	what is lost, sent twice, and sent too late
 *	bound.c		random worlds: how long they may take, and what they may waste
 *	host.c		demultiplexing, listener, half-open connections, TIME-WAIT
 *	acks.c		ACKs thinned out
 *	conn.c		one TCB and its payload
 *	app.c		one application
 *	attack.c	segments of somebody else
 */
#ifndef XTCP_SIM_H
#define XTCP_SIM_H

#include <setjmp.h>
#include <xtcp/host.h>

#define USEC	XTCP_NSEC_PER_USEC
#define MSEC	XTCP_NSEC_PER_MSEC
#define SEC	XTCP_NSEC_PER_SEC

struct sim;
struct host;
struct conn;

/* ---- randomness: splitmix64 seeds xoshiro256** ---- */

struct prng {
	u64 s[4];
};

void prng_seed(struct prng *r, u64 seed);
u64 prng_next(struct prng *r);

/* 0 .. n - 1; the bias of % is of no interest here. */
static inline u64 prng_below(struct prng *r, u64 n)
{
	return n ? prng_next(r) % n : 0;
}

/* a .. b, both included */
static inline u64 prng_range(struct prng *r, u64 a, u64 b)
{
	return a + prng_below(r, b - a + 1);
}

/* True in @ppm of a million cases. */
static inline bool prng_hit(struct prng *r, u32 ppm)
{
	return ppm && prng_below(r, 1000000) < ppm;
}

/* a .. b, every order of magnitude equally likely. */
u64 prng_log(struct prng *r, u64 a, u64 b);

/* ---- packets ---- */

struct pkt {
	struct xtcp_ooo ooo;	/* as in skb->cb */
	struct pkt *next;
	u32 data_seq;		/* sequence number of the first payload byte */
	u64 stream;		/* offset of that byte in its stream */
	u64 nr;			/* of all packets, as they enter a link */
	u64 echo;		/* highest of these that the sender had received */
	u32 off;		/* of the TCP header in bytes[] */
	u32 wire_len;		/* TCP header and payload */
	u32 hdr_len;
	u16 nsegs;
	u8 ecn;			/* field of the IP header */
	u8 bytes[];
};

static inline u8 *pkt_hdr(struct pkt *pkt)
{
	return pkt->bytes + pkt->off;
}

static inline u8 *pkt_data(struct pkt *pkt)
{
	return pkt->bytes + pkt->off + pkt->hdr_len;
}

struct pkt *pkt_new(struct sim *sim, u32 payload);
void pkt_free(struct sim *sim, struct pkt *pkt);

/* ---- configuration ---- */

struct link_cfg {
	u64 delay;		/* ns */
	u64 rate;		/* bytes a second, 0: no limit */
	u32 queue;		/* bytes */
	u32 mark;		/* bytes: above, ECT becomes CE; 0: never */
	bool bleach;		/* the ECN field is cleared */
	u32 ce;			/* ppm: ECT becomes CE, whatever is in the queue */
	u32 loss;		/* ppm, as all that follows without a unit */
	u32 burst_loss;		/* inside of a burst */
	u64 burst_good;		/* ns, mean; 0: no bursts */
	u64 burst_bad;		/* ns, mean */
	u32 reorder;
	u64 reorder_by;		/* ns, at most */
	u32 dup;
	u32 corrupt;
	u64 jitter;		/* ns, at most; packets keep their order */
	u64 police_rate;	/* bytes a second: a token bucket, 0: none */
	u32 police_burst;	/* bytes it holds */
	u64 rate_at;		/* ns after start: another rate; 0: never */
	u64 rate_then;
	u64 route_at;		/* ns after start: another route; 0: never */
	u64 route_delay;	/* ns, its delay */
	u64 clump;		/* ns: packets arrive at multiples of it only, together */
	u64 outage_at;		/* ns after start: nothing leaves; 0: never */
	u64 outage;		/* ns that it lasts */
	u64 outage_every;	/* ns between the beginnings of two; 0: one */
	bool outage_holds;	/* packets wait in the queue, else all are lost */
	u64 mtu_at;		/* ns after start: the path MTU drops; 0: never */
	u32 mtu;		/* then: TCP header and payload, bytes */
	bool mtu_silent;	/* and no ICMP says so */
};

enum close_mode {
	CLOSE_SHUT,	/* shutdown() when all is written, close() after EOF */
	CLOSE_WAIT,	/* close() after EOF and all is written */
	CLOSE_EAGER,	/* close() when all is written */
	CLOSE_ABORT,	/* abort() at some time */
};

struct app_cfg {
	u64 total;		/* bytes to write */
	u64 after;		/* bytes to read before the first write */
	u32 chunk;		/* bytes a write, at most */
	u64 pause;		/* ns between writes, at most */
	u32 sndbuf;
	u32 sndbuf_max;		/* it grows as that of a socket does; 0: it stays */
	u32 rcvbuf_min;
	u32 rcvbuf_max;
	u32 rchunk;		/* bytes a read, at most */
	u64 rpause;		/* ns between reads, at most */
	enum close_mode mode;
	u64 linger;		/* ns between all written and shutdown or close */
	u64 abort_after;	/* ns after the connection opened */
	u32 urgent;		/* ppm of writes */
	u32 more;
	u32 cork;
	u32 fiddle;		/* option changes and prunes */
	bool exact;		/* sizes and pauses are as given, not drawn up to that */
	bool early;		/* write before the handshake is done */
	bool nodelay;
	bool keepalive;
};

struct host_cfg {
	struct xtcp_params par;
	u64 clock;		/* ns, added to virtual time */
	s64 iss_goal;		/* shift the clock so that ISS is this; -1: no */
	u16 mss;
	u32 cached_srtt_us;	/* as in struct xtcp_open */
	u32 cached_rttvar_us;
	u32 gso_max;
	u64 gro;		/* ns a packet may wait to be merged, 0: off */
	u32 gro_max;
	u32 shortage;		/* ppm: map entries refused */
	u32 tx_fail;		/* ppm: transmission aborted */
	u32 accept_fail;	/* ppm: no socket for a finished handshake */
	u64 timer_slack;	/* ns a timer may be late */
	u32 attack;		/* ppm of packets: a hostile one follows */
	bool tw_in_tcb;		/* no TIME-WAIT record to be had */
	u64 open_at;		/* ns after start, beside sim_cfg.skew */
	u64 pacing_max;		/* bytes a second; 0: none */
	u64 access;		/* ns a packet takes to the link that is shared */
	u64 plan_cost;		/* ns of the processor for each plan */
	bool no_fq;		/* no queue here keeps to release times */
	bool ack_each;		/* every packet is acknowledged */
	u32 ack_every;		/* pure ACKs of which one leaves, */
	u64 ack_wait;		/* ns it waits for the others at most; 0: none waits */
	u64 sack_wait;		/* ns an ACK with SACK blocks waits; 0: none */
	bool fastopen;		/* client: asks for it; server: does it */
	bool fo_cookie;		/* the client has a cookie from earlier, good or */
	bool fo_bad;		/* of another key */
	bool fo_bare;		/* server: without cookie; client: likewise */
	struct app_cfg app;
};

#define DROPS	3	/* packets a sweep loses in one run, at most */

#define PAIRS	8	/* pairs of hosts, at most */

struct sim_cfg {
	u32 pairs;		/* 0: one */
	bool v6;
	bool simultaneous;	/* both connect */
	bool same_close;	/* both close at one instant */
	u32 rounds;		/* connections one after the other, same ports */
	u64 skew;		/* ns between the two connects */
	u32 drop[DROPS];	/* packets to lose, the first of all is 1; 0: none */
	u64 measure_at;		/* ns after start: what was before does not count */
	u64 stop_at;		/* ns after start: cut off here; 0: at the end */
	bool bounded;		/* bound.c judges each round */
	u32 check_every;	/* calls of the engine between two xtcp_check(); 0: 1 */
	struct host_cfg host[2 * PAIRS];
	struct link_cfg link[2];	/* link[i]: from hosts i, i + 2, ... */
};

void cfg_from_seed(struct sim_cfg *cfg, u64 seed);
void cfg_print(const struct sim_cfg *cfg);
const struct xtcp_cc *cc_pick(struct prng *r);

/* ---- world ---- */

enum ev_type {
	EV_PKT,		/* arrives at host */
	EV_SEND,	/* leaves host, its release time has come */
	EV_GRO,		/* merge window of host is over */
	EV_ACK,		/* what waits in acks.c has waited long enough */
	EV_TIMER,	/* of conn */
	EV_REQUEST,
	EV_TW,
	EV_WRITE,	/* application of conn */
	EV_READ,
	EV_CLOSE,
	EV_ABORT,
	EV_OPEN,	/* host connects */
	EV_ICMP,
	EV_ATTACK,	/* on host */
	EV_MEASURE,	/* measure_at has come */
};

struct event {
	u64 at;
	u64 order;	/* ties are served first come, first served */
	enum ev_type type;
	u32 host;
	u32 gen;	/* of the conn it was meant for */
	u32 arg;	/* ICMP: quoted sequence number */
	u32 arg2;	/* ICMP: MSS */
	struct pkt *pkt;
};

struct link {
	const struct link_cfg *cfg;
	u64 free_at;
	u64 last_arrival;
	u64 burst_until;
	bool bad;
	bool rerouted;
	u32 first_data;	/* numbers of packets, as in sim_cfg.drop; 0: none yet */
	u32 last_data;
	u32 fin;
	u64 tokens;		/* of the policer, bytes times SEC */
	u64 tokens_at;
	u64 waited;		/* ns that packets were in the queue, summed up */
	u64 waited_max;
	u64 through;		/* packets that were */
	u64 lost;		/* packets, for whatever reason */
	u64 marked;		/* packets that became CE */
	u64 overtaken;		/* packets held back, so that others went first */
	u64 busy;		/* ns that it took to send all */
	u64 longest;		/* ns from its entry until a packet arrived */
};

/* Bytes [@from, @to) of a stream, last lost as packet @nr. */
struct lost {
	u64 from;
	u64 to;
	u64 nr;
};

/*
 * What of a stream has left and was lost on the way: the rest below @sent has
 * arrived or will.
 */
struct ledger {
	struct lost *lost;	/* in order, disjoint */
	u32 n;
	u32 room;
	u64 sent;	/* offset after the last byte that has left */
	u64 again;	/* offset after the last byte that was sent again */
	u64 heard;	/* highest number of a packet that the sender knows arrived */
	struct lost head;	/* the first that is missing, and since when the */
	u64 known_at;		/* sender can know, virtual time; 0: it cannot */
	u64 slowest;	/* ns until it sent what it could know was missing */
	u64 first_at;	/* when it could first know of any loss, virtual time */
	u64 begun_at;	/* when it first repaired one, */
	u64 done_at;	/* and when nothing was missing any more */
	u32 spurious;	/* packets sent again that had no need to */
};

bool ledger_sent(struct ledger *led, u64 from, u64 to, bool lost, u64 nr, u64 now);
void ledger_heard(struct ledger *led, u64 nr, u64 now);
void ledger_reset(struct ledger *led);

/* What became of one end of one round. */
struct outcome {
	bool opened;
	bool closed;
	u64 rcvd;
	u64 sent;
	bool eof;
	u64 rcvd_at;	/* virtual time of the last byte, */
	u64 eof_at;	/* and of the end after it */
	bool aborted;	/* this end broke it off */
	u8 err;
	u32 rtos;	/* retransmission timeouts */
	u32 segs;	/* segments with payload */
	u32 retrans;	/* of these sent again */
	u32 spurious;	/* of these for nothing */
	u32 undos;
	u32 probes;	/* of these at most so many as tail loss probes */
	u64 opened_at;	/* virtual time */
	u64 paused;	/* ns that the application took its time, in all, */
	u32 pauses;	/* and how often that may have ended in an idle restart */
	u64 waited;	/* ns that timers of this end may have waited, in all */
	u64 urg_out;	/* offset after the last urgent byte written */
	u64 urg_in;	/* as the receiver was told */
};

struct host {
	struct sim *sim;
	u32 id;
	const struct host_cfg *cfg;
	struct host *peer;
	u64 clock;
	struct xtcp_flow flow;	/* from here to the other host */
	struct xtcp_open open;
	struct xtcp_host xh;
	struct conn *conn;	/* until its application has let go */
	u64 timer_at;	/* virtual time, of what is no connection */
	long held;	/* packets that xh has */
	u64 got;	/* highest number of a packet with payload received */
	u32 streak;	/* timeouts since the last progress */
	struct pkt *gro;
	struct xtcp_seg gro_seg;
	u64 gro_at;
	struct pkt *ack;	/* waits, */
	u64 ack_at;		/* until then, virtual time, */
	u32 nacks;		/* and stands for so many */
	u64 busy;		/* virtual time: until then it sends */
	struct ledger ledger;
	struct outcome out;
	struct xtcp_cookie cookie;	/* the client's, of any round; MSS beside it */
	u16 cookie_mss;
};

struct sim {
	u64 seed;
	struct sim_cfg cfg;
	struct prng rng;
	u64 now;
	u64 start;
	u64 done_at;		/* the last socket ended */
	struct event *heap;
	u32 nheap;
	u32 heap_room;
	u64 order;
	u64 events;
	bool trace;
	u32 round;
	u32 gen;
	u32 nhosts;
	struct host host[2 * PAIRS];
	struct link link[2];
	struct outcome last[2 * PAIRS];	/* of the last round that is over */
	struct ledger ledger;	/* host 0's of its last connection, without what was lost */
	struct outcome before[2 * PAIRS];	/* at measure_at */
	long pkts;		/* alive */
	long sents;
	long conns;
	u64 bytes;		/* delivered intact */
	u64 segs;
	jmp_buf failed;
	char why[256];
};

void sim_fail(struct sim *sim, const char *fmt, ...)
	__attribute__((format(printf, 2, 3), noreturn));
void sim_trace(struct sim *sim, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));
void sim_event(struct sim *sim, u64 at, struct event ev);
bool sim_run(struct sim *sim, u64 seed, const struct sim_cfg *cfg, bool trace);
void sim_dump(struct sim *sim);

#define TRACE(sim, ...) do {			\
	if ((sim)->trace)			\
		sim_trace(sim, __VA_ARGS__);	\
} while (0)

/* ---- link.c ---- */

void link_send(struct sim *sim, struct host *from, struct pkt *pkt, u64 release);
void link_enter(struct sim *sim, struct host *from, struct pkt *pkt);
void seg_trace(struct sim *sim, u32 from, const char *what, struct pkt *pkt);

/* ---- acks.c ---- */

void acks_flush(struct host *host);
bool acks_hold(struct host *host, struct pkt *pkt, const struct xtcp_plan *plan);
void acks_timer(struct host *host);

/* ---- bound.c ---- */

void bound_timeout(struct host *host);
void bound_progress(struct host *host, u64 from);
void bound_timers(struct conn *conn);
void bound_judge(struct sim *sim, u32 first);

/* ---- host.c ---- */

void host_init(struct sim *sim, u32 id);
void host_rx(struct host *host, struct pkt *pkt);
void host_gro_flush(struct host *host);
void host_timer(struct host *host, enum xtcp_host_mode mode);
void host_open(struct host *host);
void host_send(struct host *host, const struct xtcp_plan *plan, u64 key, u64 off);
void host_closed(struct host *host);
void host_cleanup(struct host *host);
u64 host_now(const struct host *host);

/* ---- attack.c ---- */

void host_attack(struct host *host);

/* ---- conn.c ---- */

struct app {
	const struct app_cfg *cfg;
	u64 key_out;		/* pattern of the stream written */
	u64 key_in;
	u32 sndbuf;
	u32 rcvbuf;
	bool started;
	bool w_blocked;
	bool r_pending;
	bool shut;
	bool closed;
	bool ending;		/* the pause before the close runs */
	u64 end_at;		/* when it is over */
	bool corked;
};

struct conn {
	struct host *host;
	struct sim *sim;
	u32 gen;
	struct xtcp_tcb tcb;
	u64 timer_at;		/* virtual time, XTCP_NEVER: none */
	u64 wr;			/* stream offsets: written */
	u64 acked;		/* freed below this */
	u64 rcvd;		/* in order */
	u64 rd;			/* read */
	u64 urg_seen;
	bool eof;
	bool over;		/* CLOSED, or a TIME-WAIT record took over */
	bool established;
	u32 edge;		/* furthest right edge ever offered */
	bool has_edge;
	u64 timer_ran;		/* virtual time of the last run */
	u32 timer_runs;		/* without time passing */
	u32 checks;		/* how often invariants could have been checked */
	struct app app;
};

static inline struct host *host_of(const struct xtcp_host *xh)
{
	return container_of((struct xtcp_host *)xh, struct host, xh);
}

u32 op_space(const struct xtcp_host *xh);
struct xtcp_tcb *op_conn_new(struct xtcp_host *xh);
struct xtcp_sent *op_sent_get(struct xtcp_host *xh);
void op_sent_put(struct xtcp_host *xh, struct xtcp_sent *sent);
void op_deliver(struct xtcp_host *xh, struct xtcp_ooo *ooo, u32 from, u32 to);
bool op_transmit(struct xtcp_host *xh, struct xtcp_plan *plan);
void op_settled(struct xtcp_host *xh, const struct xtcp_plan *plan, bool sent);
void op_idle(struct xtcp_host *xh);
void op_check(struct xtcp_host *xh, u32 acts);
void op_notify(struct xtcp_host *xh, u32 acts, const struct xtcp_seg *seg);
void op_served(struct xtcp_host *xh, u32 acts);
void op_over(struct xtcp_host *xh);
void conn_free(struct conn *conn);
void conn_serve(struct conn *conn, u32 acts);
void conn_arm(struct conn *conn);
void conn_timer(struct conn *conn);
u32 conn_space(const struct conn *conn);
void conn_outcome(const struct conn *conn);
void conn_dump(const struct conn *conn);

/* ---- app.c ---- */

u32 app_early(struct conn *conn);
void app_init(struct conn *conn);
void app_established(struct conn *conn);
void app_write(struct conn *conn);
void app_read(struct conn *conn);
void app_acked(struct conn *conn);
void app_data(struct conn *conn);
void app_ended(struct conn *conn);
void app_close(struct conn *conn);
void app_abort(struct conn *conn);
void pattern_fill(u64 key, u64 off, u8 *p, u32 len);
bool pattern_check(u64 key, u64 off, const u8 *p, u32 len);

/* ---- scenario.c ---- */

void cfg_plain(struct sim_cfg *cfg, u64 rtt, u64 rate, u32 loss, u64 bytes);

struct scenario {
	const char *name;
	void (*make)(struct sim_cfg *cfg);
	u64 min_ms;	/* time until both ends have closed, mean of all draws */
	u64 max_ms;
	u32 draws;	/* of random losses: as many seeds; 0: one */
	bool intact;	/* and nothing is sent twice */
	bool answer;	/* the time until host 0 has all that it is sent, instead */
};

extern const struct scenario scenarios[];
extern const u32 nscenarios;

/* ---- sweep.c ---- */

u32 sweep_count(u32 depth);
u32 sweep_all(u32 depth, u32 tap);
int sweep_one(const char *variant, const char *drops, bool trace);

/* ---- outage.c ---- */

u32 outage_all(u64 from, u64 n, u32 tap);
int outage_one(u64 seed, bool trace);

/* ---- bulk.c ---- */

int bulk_all(const char *only, bool trace);
int bulk_compare(const char *path);

#endif /* XTCP_SIM_H */
