/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The language of test scripts: a line is a command, '#' begins a comment; the
 * files they stand in: script_file.c.
 * Sequence numbers are relative: 0 is the SYN of whoever sends. What output is
 * to begin with may be absolute: @0.
 *
 *	par NAME VALUE		a field of xtcp_params, before opening
 *	cc NAME			its congestion control; later: another from here on
 *	connect [OPT..]		active open;	OPT: mss N (path), space N, max N,
 *	listen [OPT..]		passive		gso N, user N, v6
 *	established [OPT..]	handshake done; OPT also: ts, sack, ws N, wnd N, peer N,
 *				rtt MS
 *	accepted [OPT..]	the same from a listener
 *	any of these, the route: initcwnd N, initrwnd N, cwnd N, ssthresh N, reordering N,
 *				rto_min US, route_rtt US, quickack 1, ecn 1, congctl NAME
 *	connect, Fast Open: ask, cookie, bare, wait, fomss N, data N;	listen: fo, fo-bare, key2
 *	go N			xtcp_fastopen_go()
 *	< FLAGS SEQ[+LEN] [F..]	a segment arrives; F: ack N, wnd N, mss N, ws N,
 *				sackok, ts VAL ECR, nots, urg N, nsegs N, ecn N (IP's
 *				field), acc0 A,B,C (AccECN0 option), acc1; N in FLAGS is AE;
 *				fo ask, bad, or a cookie of ours by key1 or key2; foexp
 *	> FLAGS SEQ[+LEN] [F..]	output sends this; F checked where given, also
 *				tsval N, tsecr N, sack A-B,C-D or none, ect N (IP's field),
 *				acc 0:A,B,C (option AccECN0) or none, fo as above, none, or
 *				theirs; no: nothing
 *	abort-tx		peek, then xtcp_tx_abort()
 *	refuse all, data, none	from now on output is aborted; data: but for bare ACKs
 *	queue-full		xtcp_queue_full()
 *	write N [more] [urg]	read N, space N, shutdown, close, abort
 *	gone N, came N		N bytes are sent and acknowledged; or arrive and are read
 *	set OPT VALUE		xtcp_set()
 *	icmp KIND SEQ [MSS]	soft, hard, too-big
 *	+ TIME			time passes, timers run when due
 *	late TIME		time passes, timers run only at its end
 *	~ TIME			the earliest deadline is exactly that far; run it
 *	no-timer		no deadline is armed
 *	tw			make a TIME-WAIT record; segments go to it now
 *	= FIELD VALUE		state NAME, got N (bytes in order), fields of tcb
 *	acts A|B, noacts A	action bits of the last command
 *	drop REASON		the last segment was discarded for that
 *	verdict NAME		what listener, half-open connection or record answered
 *	mib NAME..		exactly these counters were noted since the last "mib"
 *
 * Output nobody asked for with '>' fails the script, as does output that the
 * engine had without having said XTCP_ACT_OUTPUT.
 */
#ifndef XTCP_SCRIPT_H
#define XTCP_SCRIPT_H

#include <xtcp/host.h>

#define RIG_NODES	64
#define RIG_SENT	192
#define RIG_ISS		0xfffff000u	/* peer's: sequence numbers wrap early */
#define RIG_TS0		0xffffff00u	/* peer's TSval at time 0 */

struct step;

struct rig {
	struct xtcp_host host;
	struct xtcp_params par;
	struct xtcp_open open;
	struct xtcp_tcb tcb;
	u64 start;
	u64 now;
	u32 iss;
	u32 acts;
	struct xtcp_seg seg;
	struct xtcp_plan reply;	/* stateless answer waiting for '>' */
	bool have_reply;
	bool want_output;	/* XTCP_ACT_OUTPUT seen and not yet drained */
	bool aborted;		/* a transmission failed; silent until the next */
	bool refuse;		/* all transmissions fail, */
	bool refuse_acks;	/* bare ACKs, too */
	bool tcb_live;
	bool v6;
	bool ts;		/* peer sends timestamps */
	u32 last_tsval;		/* of our plans */
	u32 last_ack;		/* defaults of '<' */
	u16 last_wnd;
	u32 rcvbuf;
	u32 unread;
	u64 got;
	u32 expect;		/* next in-order byte to be delivered */
	bool fo_server;		/* Fast Open, and without cookie: */
	bool fo_bare;
	struct xtcp_fo_keys keys;
	struct xtcp_fo_client fo;
	u32 early;		/* bytes written before the SYN left */
	u8 cookie_in[XTCP_COOKIE_MAX];	/* of the newest SYN of the peer */
	struct xtcp_ooo node[RIG_NODES];
	bool node_used[RIG_NODES];
	struct xtcp_sent sent[RIG_SENT];
	bool sent_used[RIG_SENT];
	const struct step *step;	/* now done; NULL: none */
	unsigned int bad;
};

/* rig.c: the host of a script */
void rig_init(struct rig *rig);
void rig_fini(struct rig *rig);
void rig_open(struct rig *rig, bool active);
void rig_rx(struct rig *rig, const struct xtcp_seg *seg);
void rig_serve(struct rig *rig, u32 acts);
void rig_refuse(struct rig *rig);
bool rig_peek(struct rig *rig, struct xtcp_plan *plan);
void rig_commit(struct rig *rig, const struct xtcp_plan *plan);
void rig_gone(struct rig *rig, u64 n);
void rig_came(struct rig *rig, u64 n);
void rig_run_until(struct rig *rig, u64 when);
void rig_fail(struct rig *rig, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));

/* script_opts.c: into and out of options */
void bad_script(struct rig *rig, const char *what);
void in_accecn(struct xtcp_seg *seg, u8 opt, const char *s);
struct words;
void cmd_queue_full(struct rig *rig, const struct words *w);
void in_sack(struct rig *rig, struct xtcp_seg *seg, const char *s);
bool open_fastopen(struct rig *rig, const char *opt);
bool open_route(struct rig *rig, const char *opt, const char *val);
void in_cookie(struct rig *rig, struct xtcp_seg *seg, const char *name);
void out_accecn(struct rig *rig, const struct xtcp_plan *plan, const char *wanted);
void out_sack(struct rig *rig, const struct xtcp_plan *plan, const char *wanted);
void out_cookie(struct rig *rig, const struct xtcp_plan *plan, const char *name);
struct xtcp_cookie named_cookie(struct rig *rig, const char *name);

#endif /* XTCP_SCRIPT_H */
