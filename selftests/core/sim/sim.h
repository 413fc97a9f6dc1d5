/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The simulator: two hosts, each with the engine and minimal glue, and one link in
 * each direction that loses, delays, reorders, duplicates and corrupts packets, in
 * virtual time. One 64-bit seed determines the whole run. Several pairs of hosts may
 * share the two links: hosts with an even number send on link 0, the others on link 1.
 *
 *	run.c		command line, processes, TAP
 *	config.c	seed to configuration
 *	scenario.c	fixed configurations with known results
 *	sweep.c		every pattern of one, two and three packets lost
 *	outage.c	one loss event of any length in a window of any size
 *	dialogue.c	every dialogue of a few messages: none waits for a timer
 *	bulk.c		bulk transfers by all congestion controls: results.txt
 *	world.c		time, events, trace, verdict
 *	link.c		one direction of the wire
 *	ledger.c	which data is lost, sent again needlessly, or late
 *	bound.c		limits on the duration and waste of random runs
 *	host.c		demultiplexing, listener, half-open connections, TIME-WAIT
 *	acks.c		stretch ACKs and delayed ACKs
 *	conn.c		one TCB and its payload
 *	app.c		one application
 *	attack.c	segments of an attacker
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

/* 0 .. n - 1; the bias of % does not matter here. */
static inline u64 prng_below(struct prng *r, u64 n)
{
	return n ? prng_next(r) % n : 0;
}

/* a .. b, inclusive */
static inline u64 prng_range(struct prng *r, u64 a, u64 b)
{
	return a + prng_below(r, b - a + 1);
}

/* True with probability @ppm / 1000000. */
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
	u64 nr;			/* number, counted as packets enter a link */
	u64 echo;		/* highest number that its sender had received */
	u32 off;		/* of the TCP header in bytes[], bytes */
	u32 wire_len;		/* TCP header and payload, bytes */
	u32 hdr_len;		/* bytes */
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
	u32 mark;		/* bytes queued above which ECT becomes CE; 0: never */
	bool bleach;		/* the ECN field is cleared */
	u32 ce;			/* ppm: ECT becomes CE, regardless of the queue */
	u32 loss;		/* ppm, as are all fields below without a unit */
	u32 burst_loss;		/* within a burst */
	u64 burst_good;		/* ns, mean; 0: no bursts */
	u64 burst_bad;		/* ns, mean */
	u32 reorder;
	u64 reorder_by;		/* ns, at most */
	u32 dup;
	u32 corrupt;
	u64 jitter;		/* ns, at most; packets keep their order */
	u64 police_rate;	/* bytes a second of a token bucket; 0: none */
	u32 police_burst;	/* bytes it holds */
	u64 rate_at;		/* ns after start: the rate changes; 0: never */
	u64 rate_then;		/* bytes a second from then on */
	u64 route_at;		/* ns after start: the route changes; 0: never */
	u64 route_delay;	/* ns, delay of the new route */
	u64 clump;		/* ns: packets arrive only at multiples of it; 0: off */
	u64 outage_at;		/* ns after start: the link goes down; 0: never */
	u64 outage;		/* ns that the outage lasts */
	u64 outage_every;	/* ns between the starts of two outages; 0: only one */
	bool outage_holds;	/* packets wait in the queue; otherwise they are lost */
	u64 mtu_at;		/* ns after start: the path MTU drops; 0: never */
	u32 mtu;		/* new limit of TCP header and payload, bytes */
	bool mtu_silent;	/* without ICMP: a black hole */
};

enum close_mode {
	CLOSE_SHUT,	/* shutdown() when all is written, close() after EOF */
	CLOSE_WAIT,	/* close() when all is written and EOF was read */
	CLOSE_EAGER,	/* close() when all is written */
	CLOSE_ABORT,	/* abort() after abort_after */
};

struct app_cfg {
	u64 total;		/* bytes to write */
	u64 after;		/* bytes to read before the first write */
	u32 chunk;		/* bytes a write, at most */
	u64 pause;		/* ns between writes, at most */
	u32 sndbuf;		/* bytes */
	u32 sndbuf_max;		/* bytes up to which it is tuned; 0: it is fixed */
	u32 rcvbuf_min;		/* bytes */
	u32 rcvbuf_max;
	u32 rchunk;		/* bytes a read, at most */
	u64 rpause;		/* ns between reads, at most */
	enum close_mode mode;
	u64 linger;		/* ns between the last write and shutdown or close */
	u64 abort_after;	/* ns after the connection opened */
	u32 urgent;		/* ppm of writes, as are more and cork */
	u32 more;
	u32 cork;
	u32 fiddle;		/* ppm: option changes and prunes */
	bool exact;		/* sizes and pauses are as given, not random up to that */
	bool early;		/* write before the handshake is complete */
	bool nodelay;
	bool keepalive;
};

struct host_cfg {
	struct xtcp_params par;
	u64 clock;		/* ns, added to virtual time */
	s64 iss_goal;		/* set the clock so that the ISS is this; -1: do not */
	u16 mss;		/* bytes */
	u32 cached_srtt_us;	/* as in struct xtcp_open */
	u32 cached_rttvar_us;
	u32 gso_max;		/* bytes of payload in a plan */
	u64 gro;		/* ns a packet may wait to be merged; 0: off */
	u32 gro_max;		/* bytes of a merged packet */
	u32 shortage;		/* ppm: send map entries refused */
	u32 tx_fail;		/* ppm: transmissions aborted */
	u32 accept_fail;	/* ppm: no memory for a TCB after the handshake */
	u64 timer_slack;	/* ns by which a timer may be late */
	u32 attack;		/* ppm of packets that an attacker's segment follows */
	bool tw_in_tcb;		/* no memory for a TIME-WAIT record */
	u64 open_at;		/* ns after start, in addition to sim_cfg.skew */
	u64 pacing_max;		/* bytes a second; 0: no limit */
	u64 access;		/* ns that a packet takes to the shared link */
	u64 plan_cost;		/* ns of CPU time for each plan */
	bool no_fq;		/* release times are ignored */
	bool ack_each;		/* every packet is acknowledged */
	u32 ack_every;		/* only one of this many pure ACKs is sent */
	u64 ack_wait;		/* ns it waits for the others at most; 0: not at all */
	u64 sack_wait;		/* ns that an ACK with SACK blocks waits; 0: none */
	bool fastopen;		/* client: requests it; server: accepts it */
	bool fo_cookie;		/* the client has a valid cookie */
	bool fo_bad;		/* the client has a cookie of another key */
	bool fo_bare;		/* Fast Open without a cookie */
	struct app_cfg app;
};

#define DROPS	3	/* most packets that a sweep loses in one run */

#define PAIRS	8	/* most pairs of hosts */

struct sim_cfg {
	u32 pairs;		/* 0: one */
	bool v6;
	bool simultaneous;	/* both connect */
	bool same_close;	/* both close at the same time */
	u32 rounds;		/* consecutive connections with the same ports */
	u64 skew;		/* ns between the two connects */
	u32 drop[DROPS];	/* numbers of packets to lose, from 1 on; 0: none */
	u64 measure_at;		/* ns after start: measurement begins */
	u64 stop_at;		/* ns after start: the run is cut off; 0: it is not */
	bool bounded;		/* bound.c checks each round */
	u32 check_every;	/* calls of the engine for one xtcp_check(); 0: 1 */
	struct host_cfg host[2 * PAIRS];
	struct link_cfg link[2];	/* link[i]: from hosts i, i + 2, ... */
};

void cfg_from_seed(struct sim_cfg *cfg, u64 seed);
void cfg_print(const struct sim_cfg *cfg);
const struct xtcp_cc *cc_pick(struct prng *r);

/* ---- world ---- */

enum ev_type {
	EV_PKT,		/* pkt arrives at host */
	EV_SEND,	/* release time of pkt at host */
	EV_GRO,		/* end of host's merge window */
	EV_ACK,		/* deadline of an ACK in acks.c */
	EV_TIMER,	/* of a TCB */
	EV_REQUEST,	/* of a half-open connection */
	EV_TW,		/* of a TIME-WAIT record */
	EV_WRITE,	/* application of conn */
	EV_READ,
	EV_CLOSE,
	EV_ABORT,
	EV_OPEN,	/* host connects */
	EV_ICMP,
	EV_ATTACK,	/* on host */
	EV_MEASURE,	/* measure_at */
};

struct event {
	u64 at;		/* virtual time, ns */
	u64 order;	/* among events at the same time: order of insertion */
	enum ev_type type;
	u32 host;
	u32 gen;	/* conn.gen of the connection it is for */
	u32 arg;	/* ICMP: quoted sequence number */
	u32 arg2;	/* ICMP: MSS */
	struct pkt *pkt;
};

struct link {
	const struct link_cfg *cfg;
	u64 free_at;	/* virtual times, ns: the queue is empty */
	u64 last_arrival;
	u64 burst_until;
	bool bad;	/* in a burst of losses */
	bool rerouted;
	u32 first_data;	/* numbers of packets, as in sim_cfg.drop; 0: none yet */
	u32 last_data;
	u32 fin;
	u64 tokens;		/* of the policer, bytes times SEC */
	u64 tokens_at;
	u64 waited;		/* ns, sum of the packets' times in the queue */
	u64 waited_max;		/* ns */
	u64 through;		/* packets that left the queue */
	u64 lost;		/* packets, for any reason */
	u64 marked;		/* packets that became CE */
	u64 overtaken;		/* packets held back, so that others overtook them */
	u64 busy;		/* ns of transmission time of all packets */
	u64 longest;		/* ns from entry to arrival of a packet, the maximum */
};

/* Bytes [@from, @to) of a stream whose last transmission, packet @nr, was lost. */
struct lost {
	u64 from;
	u64 to;
	u64 nr;
};

/*
 * The bytes of a stream that were sent and lost. All other bytes below @sent have
 * arrived or will arrive.
 */
struct ledger {
	struct lost *lost;	/* ascending, disjoint */
	u32 n;			/* entries in use */
	u32 room;		/* entries allocated */
	u64 sent;	/* offset after the last byte sent */
	u64 again;	/* offset after the last byte sent again */
	u64 heard;	/* highest number of a packet that the sender knows arrived */
	struct lost head;	/* lost[0], when known_at was set */
	u64 known_at;		/* when the sender could know of it; 0: not yet */
	u64 slowest;	/* ns from known_at to its retransmission, the maximum */
	u64 first_at;	/* virtual time at which it could first know of any loss, */
	u64 begun_at;	/* at which it first repaired one, */
	u64 done_at;	/* and at which nothing was missing any more */
	u32 spurious;	/* packets sent again needlessly */
};

bool ledger_sent(struct ledger *led, u64 from, u64 to, bool lost, u64 nr, u64 now);
void ledger_heard(struct ledger *led, u64 nr, u64 now);
void ledger_reset(struct ledger *led);

/* The result of one end in one round. */
struct outcome {
	bool opened;
	bool closed;
	u64 rcvd;	/* bytes in order */
	u64 sent;	/* bytes written */
	bool eof;
	u64 rcvd_at;	/* virtual time of the last byte received, */
	u64 eof_at;	/* and of the FIN */
	bool aborted;	/* this end called abort() */
	u8 err;		/* enum xtcp_err */
	u32 rtos;	/* retransmission timeouts */
	u32 segs;	/* segments with payload */
	u32 retrans;	/* of these, retransmissions */
	u32 spurious;	/* of these, needless */
	u32 undos;
	u32 probes;	/* retransmissions that may be tail loss probes, at most */
	u64 opened_at;	/* virtual time */
	u64 paused;	/* ns of all pauses of the application, */
	u32 pauses;	/* and how many may have caused an idle restart */
	u64 waited;	/* ns that timers of this end may have waited, sum */
	u64 urg_out;	/* offset after the last urgent byte written */
	u64 urg_in;	/* as reported to the receiver */
};

struct host {
	struct sim *sim;
	u32 id;
	const struct host_cfg *cfg;
	struct host *peer;
	u64 clock;		/* ns, added to virtual time */
	struct xtcp_flow flow;	/* from here to the other host */
	struct xtcp_open open;
	struct xtcp_host xh;
	struct conn *conn;	/* until its application has closed it */
	u64 timer_at;	/* virtual time, of a half-open connection or record */
	long held;	/* packets that xh holds */
	u64 got;	/* highest number of a packet with payload received */
	u32 streak;	/* timeouts since the last progress */
	struct pkt *gro;	/* waits to be merged, until gro_at */
	struct xtcp_seg gro_seg;
	u64 gro_at;		/* virtual time */
	struct pkt *ack;	/* ACK that waits in acks.c */
	u64 ack_at;		/* virtual time until which it waits */
	u32 nacks;		/* number of ACKs it replaces, itself included */
	u64 busy;		/* virtual time until which the CPU is busy */
	struct ledger ledger;
	struct outcome out;
	struct xtcp_fastopen_cookie cookie;	/* client: last one given, with its MSS */
	u16 cookie_mss;
};

struct sim {
	u64 seed;
	struct sim_cfg cfg;
	struct prng rng;
	u64 now;		/* virtual time, ns */
	u64 start;
	u64 done_at;		/* end of the last socket */
	struct event *heap;
	u32 nheap;
	u32 heap_room;
	u64 order;		/* of the next event */
	u64 events;		/* events so far */
	bool trace;
	u32 round;
	u32 gen;		/* of the newest conn */
	u32 nhosts;
	struct host host[2 * PAIRS];
	struct link link[2];
	struct outcome last[2 * PAIRS];	/* of the last complete round */
	struct ledger ledger;	/* host 0's of its last connection, without lost[] */
	struct outcome before[2 * PAIRS];	/* at measure_at */
	long pkts;		/* allocated, as are sents and conns */
	long sents;
	long conns;
	u64 bytes;		/* delivered intact */
	u64 segs;
	jmp_buf failed;
	char why[256];		/* what failed */
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
	u64 key_out;		/* key of the pattern that is written */
	u64 key_in;		/* and of the pattern that is read */
	u32 sndbuf;		/* bytes */
	u32 rcvbuf;
	bool started;
	bool w_blocked;
	bool r_pending;
	bool shut;
	bool closed;
	bool ending;		/* in the pause before the close */
	u64 end_at;		/* virtual time at which it ends */
	bool corked;
};

struct conn {
	struct host *host;
	struct sim *sim;
	u32 gen;
	struct xtcp_tcb tcb;
	u64 timer_at;		/* virtual time, XTCP_NEVER: none */
	u64 wr;			/* stream offsets: bytes written, */
	u64 acked;		/* acknowledged, */
	u64 rcvd;		/* received in order, */
	u64 rd;			/* read */
	u64 urg_seen;
	bool eof;
	bool over;		/* CLOSED, or a TIME-WAIT record took over */
	bool established;
	u32 edge;		/* furthest right edge ever offered */
	bool has_edge;
	u64 timer_ran;		/* virtual time of the last timer run */
	u32 timer_runs;		/* timer runs at that time */
	u32 checks;		/* occasions for xtcp_check(), see check_every */
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
void op_check(struct xtcp_host *xh, u32 actions);
void op_notify(struct xtcp_host *xh, u32 actions, const struct xtcp_seg *seg);
void op_served(struct xtcp_host *xh, u32 actions);
void op_over(struct xtcp_host *xh);
void conn_free(struct conn *conn);
void conn_serve(struct conn *conn, u32 actions);
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
	u64 min_ms;	/* limits of the time until both ends have closed, */
	u64 max_ms;	/* mean of all draws */
	u32 draws;	/* number of seeds, for random losses; 0: one */
	bool intact;	/* nothing may be sent twice */
	bool answer;	/* limit the time until host 0 has received all, instead */
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

/* ---- dialogue.c ---- */

int dialogue_all(u32 most);

/* ---- bulk.c ---- */

int bulk_all(const char *only, bool trace);
int bulk_compare(const char *path);

#endif /* XTCP_SIM_H */
