/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The language of test scripts. A line is a command, '#' begins a comment; see
 * script_file.c for the files. Sequence numbers are relative: 0 is the SYN of the
 * sender, the engine's or the peer's. The first of expected output may be absolute:
 * @0.
 *
 *	par NAME VALUE		a field of xtcp_params, before opening
 *	cc NAME			congestion control; also changes it later
 *	connect [OPT..]		active open;	OPT: mss N (path), space N, max N,
 *	listen [OPT..]		passive open	gso N, user N, v6
 *	established [OPT..]	connect and complete the handshake; OPT also: ts, sack,
 *				ws N, wnd N, peer N (MSS), rtt MS
 *	accepted [OPT..]	listen and complete the handshake; OPT likewise
 *	OPT of the route:	initcwnd N, initrwnd N, cwnd N, ssthresh N, reordering N,
 *				rto_min US, route_rtt US, quickack 1, ecn 1, congctl NAME
 *	OPT of Fast Open:	connect: ask, cookie, bare, wait, fomss N, data N;
 *				listen: fo, fo-bare, key2
 *	go N			xtcp_fastopen_go()
 *	< FLAGS SEQ[+LEN] [F..]	a segment arrives; F: ack N, wnd N, mss N, ws N,
 *				sackok, sack A-B,C-D, ts VAL ECR, tsecr N, nots, urg N,
 *				nsegs N, ecn N (of the IP header), acc0 A,B,C (AccECN0
 *				option), acc1; fo ask, bad, key1 or key2 (our cookie by
 *				that key); foexp (experimental option). N in FLAGS is AE
 *	> FLAGS SEQ[+LEN] [F..]	expect this output; F is checked if given: ack N, wnd N,
 *				mss N, pmss N (MSS of the plan), ws N, urg N, ts, nots,
 *				tsecr N, sack A-B,C-D or none, ect N (of the IP header),
 *				acc 0:A,B,C (option AccECN0) or none, fo as above, none
 *				or theirs, foexp, hdr N (header length)
 *	> no			expect no output
 *	abort-tx		xtcp_tx_peek(), then xtcp_tx_abort()
 *	refuse all, data, none	abort all output from now on, all except pure ACKs, none
 *	queue-full		xtcp_queue_full()
 *	write N [more] [urg]	xtcp_wrote()
 *	read N, shutdown, close, abort, give-up		likewise
 *	space N			size of the receive buffer, bytes
 *	gone N			write N bytes, send them, have them acknowledged
 *	came N			N bytes arrive and are read
 *	set OPT VALUE		xtcp_set()
 *	icmp KIND SEQ [MSS]	xtcp_icmp_rx(); KIND: soft, hard, too-big
 *	+ TIME			time passes, timers run when due; TIME has a unit: ns,
 *				us, ms, s
 *	late TIME		time passes, timers run only at its end
 *	~ TIME			expect the earliest deadline in exactly TIME; run it
 *	no-timer		expect no deadline
 *	tw			make a TIME-WAIT record, which gets segments from now on
 *	= FIELD VALUE		check: state NAME, err NAME, got N (bytes delivered in
 *				order), or a field of the TCB
 *	acts A|B, noacts A	check the action bits since the last command that acts
 *	drop REASON		check why the last segment was discarded
 *	verdict KIND NAME	check the verdict of listen, request or tw
 *	mib NAME..		check which counters have been incremented since the last
 *				"mib", exactly these
 *
 * A script fails if the engine has output that is not expected with '>', and if it has
 * output without having returned XTCP_ACT_OUTPUT.
 */
#ifndef XTCP_SCRIPT_H
#define XTCP_SCRIPT_H

#include <xtcp/host.h>

#define RIG_NODES	64		/* packets for out-of-order data */
#define RIG_SENT	192		/* send map entries */
#define RIG_ISS		0xfffff000u	/* the peer's ISS: it wraps early */
#define RIG_TS0		0xffffff00u	/* peer's TSval at time 0 */

struct step;

struct rig {
	struct xtcp_host host;
	struct xtcp_params par;
	struct xtcp_open open;
	struct xtcp_tcb tcb;
	u64 start;		/* ns, time at which the script began */
	u64 now;		/* ns */
	u32 iss;		/* the engine's */
	u32 actions;		/* XTCP_ACT_*, since the last command that acts */
	struct xtcp_seg seg;	/* the last one received, with its verdict */
	struct xtcp_plan reply;	/* answer without a TCB, waiting for '>' */
	bool have_reply;
	bool want_output;	/* XTCP_ACT_OUTPUT was returned, output is not drained */
	bool aborted;		/* a transmission failed; none until XTCP_ACT_OUTPUT */
	bool refuse;		/* transmissions fail */
	bool refuse_acks;	/* those of pure ACKs, too */
	bool tcb_live;
	bool v6;
	bool ts;		/* peer sends timestamps */
	u32 last_tsval;		/* TSval of the last plan */
	u32 last_ack;		/* defaults of '<': ack, absolute */
	u16 last_wnd;		/* wnd */
	u32 rcvbuf;		/* bytes */
	u32 unread;		/* bytes */
	u64 got;		/* bytes delivered in order */
	u32 expect;		/* sequence number of the next byte to be delivered */
	bool fo_server;		/* the listener accepts Fast Open */
	bool fo_bare;		/* without a cookie */
	struct xtcp_fastopen_keys keys;
	struct xtcp_fastopen_client fo;
	u32 early;		/* bytes written before the SYN left */
	u8 cookie_in[XTCP_FASTOPEN_COOKIE_MAX];	/* of the peer's last SYN */
	struct xtcp_ooo node[RIG_NODES];
	bool node_used[RIG_NODES];
	struct xtcp_sent sent[RIG_SENT];
	bool sent_used[RIG_SENT];
	const struct step *step;	/* being run; NULL: none */
	unsigned int bad;		/* failures */
};

/* rig.c: the host of a script */
void rig_init(struct rig *rig);
void rig_fini(struct rig *rig);
void rig_open(struct rig *rig, bool active);
void rig_rx(struct rig *rig, const struct xtcp_seg *seg);
void rig_serve(struct rig *rig, u32 actions);
void rig_refuse(struct rig *rig);
bool rig_peek(struct rig *rig, struct xtcp_plan *plan);
void rig_commit(struct rig *rig, const struct xtcp_plan *plan);
void rig_gone(struct rig *rig, u64 n);
void rig_came(struct rig *rig, u64 n);
void rig_run_until(struct rig *rig, u64 when);
void rig_fail(struct rig *rig, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));

/* script_opts.c: TCP options and routes */
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
struct xtcp_fastopen_cookie named_cookie(struct rig *rig, const char *name);

#endif /* XTCP_SCRIPT_H */
