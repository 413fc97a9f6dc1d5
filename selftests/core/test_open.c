// SPDX-License-Identifier: GPL-2.0
/*
 * Active open, options of the SYN, effective send MSS: RFC 9293 3.5, 3.7.1,
 * 3.10.1, RFC 7323 2, RFC 6298 (5.7), RFC 6928.
 */
#include "core.h"
#include "harness.h"

static const struct script open_syn[] = {
	{ "the SYN offers what the namespace allows",
	  "connect\n> S 0 mss 1460 ws 0 ts hdr 40 wnd 64240\n" },
	{ "whole segments", "connect space 20000\n> S 0 wnd 18980\n" },
	{ "unless none fits", "connect space 1459\n> S 0 wnd 1459\n" },
	{ "whole segments, passive: less the options of each",
	  "listen space 20000\n< S 0 mss 1000 ts 1 0\n> SA 0 ack 1 wnd 18824\n" },
	{ "no more than the field says", "connect space 200000 max 200000\n> S 0 wnd 65535\n" },
	{ "no options but MSS",
	  "par wscale 0\npar timestamps 0\npar sack 0\nconnect\n> S 0 mss 1460 nots hdr 24\n" },
	{ "the smallest scale that expresses the buffer",
	  "connect space 65535 max 65536\n> S 0 ws 1\n" },
	{ "scale for 6 MiB", "connect space 65535 max 6291456\n> S 0 ws 7\n" },
	{ "scale at most 14", "connect space 65535 max 4294967295\n> S 0 ws 14\n" },
	{ "the window of a SYN is not scaled",
	  "connect space 200000 max 1000000\n> S 0 ws 4 wnd 65535\n" },
	{ "no second SYN before the timer", "connect\n> S 0\n> no\n+ 999ms\n> no\n" },
};
SCRIPTS(open_syn);

/* 1, 2, 4 .. s after the first (RFC 6298 5.5); MUST-23: at least 180 s. */
static const struct script open_retry[] = {
	{ "back-off and time-out",
	  "connect\n> S 0\n~ 1s\n> S 0\n~ 2s\n> S 0\n~ 4s\nacts ADVICE\n> S 0\n~ 8s\n> S 0\n"
	  "~ 16s\n> S 0\n~ 32s\n> S 0\n~ 64s\n> S 0\n= state SYN-SENT\n~ 120s\n"
	  "= state CLOSED\n= err TIMEDOUT\nacts ERROR|STATE\n> no\nno-timer\n" },
	{ "TCP_SYNCNT", "connect\n> S 0\nset syncnt 1\n~ 1s\n> S 0\n~ 2s\n= err TIMEDOUT\n" },
	{ "one segment after two (RFC 6928)", "connect\n> S 0\n~ 1s\n> S 0\n~ 2s\n> S 0\n< SA 0 ack 1 mss 1000\n"
	  "> A 1\n= cwnd 1000\n" },
	{ "RTO of 3 s after a lost SYN without sample",
	  "par timestamps 0\nconnect\n> S 0\n~ 1s\n> S 0\n< SA 0 ack 1 mss 1000\n> A 1\n"
	  "= rto_us 3000000\n= cwnd 10000\nwrite 1000\n> PA 1+1000\n~ 3s\n> PA 1+1000\n" },
	{ "the retransmission failed for want of memory: again soon",
	  "connect\nabort-tx\n~ 5ms\n> S 0\n~ 1s\n> S 0\n" },
};
SCRIPTS(open_retry);

/* RFC 9293 MUST-15, MUST-16; RFC 6691: options are the sender's to subtract. */
static const struct script open_mss[] = {
	{ "the peer's", "established peer 700\n= mss 700\n" },
	{ "ours, if smaller", "established mss 500 peer 1460\n= mss 500\n" },
	{ "timestamps take 12", "established ts peer 1460\n= mss 1448\n" },
	{ "none offered: 536", "established peer 0\n= mss 536\n" },
	{ "none offered, IPv6: 1220", "established v6 peer 0\n= mss 1220\n" },
	{ "a tiny one is not believed", "established peer 1\n= mss 48\n" },
	{ "TCP_MAXSEG", "established peer 1460 user 300\n= mss 300\n" },
	{ "jumbo", "established mss 65475 peer 65535\n= mss 65475\n" },
};
SCRIPTS(open_mss);

static const struct script open_options[] = {
	{ "scale agreed on", "established ws 3 wnd 1000\n= snd_wscale 3\n= snd_wnd 1000\n"
	  "< A 1 wnd 1000\n= snd_wnd 8000\n" },
	{ "scale not offered by the peer: none for us either",
	  "established max 1000000 wnd 1000\n= snd_wscale 0\n= rcv_wscale 0\n< A 1 wnd 1000\n"
	  "= snd_wnd 1000\n" },
	{ "ours off, the peer's ignored",
	  "par wscale 0\nestablished ws 3 wnd 1000\n= snd_wscale 0\n< A 1 wnd 1000\n"
	  "= snd_wnd 1000\n" },
	{ "timestamps not offered by us", "par timestamps 0\nestablished ts\n= opts 1\n" },
	{ "timestamps echoed", "established ts\nwrite 10\n> PA 1+10 ts tsecr 0xffffff00\n" },
	{ "a window of 14 shifts", "established ws 14 wnd 65535\n< A 1\n= snd_wnd 1073725440\n" },
};
SCRIPTS(open_options);

/* min(10 * MSS, max(2 * MSS, 14600)) */
static const struct script open_cwnd[] = {
	{ "MSS 1000", "established peer 1000\n= cwnd 10000\n" },
	{ "MSS 1460", "established peer 1460\n= cwnd 14600\n" },
	{ "MSS 2000", "established mss 9000 peer 2000\n= cwnd 14600\n" },
	{ "MSS 8960", "established mss 9000 peer 8960\n= cwnd 17920\n" },
	{ "by knob", "par initial_cwnd 2\nestablished peer 1000\n= cwnd 2000\n" },
};
SCRIPTS(open_cwnd);

/*
 * The metrics of a route, ip-route(8). Segments have 1000 bytes; the handshake takes no
 * time, so that SRTT is 1 us.
 */
static const struct script open_route_rows[] = {
	{ "initcwnd", "established initcwnd 3\n= cwnd 3000\nwrite 9000\n> PA 1+3000\n" },
	{ "initcwnd, passive", "accepted initcwnd 20\n= cwnd 20000\n" },
	{ "initcwnd is segments, however large",
	  "established mss 9000 peer 8960 initcwnd 20\n= cwnd 179200\n" },
	{ "initcwnd over the knob", "par initial_cwnd 2\nestablished initcwnd 4\n= cwnd 4000\n" },
	{ "initcwnd beyond any window", "established initcwnd 4000000000\n= cwnd 65535000\n" },
	{ "initcwnd after an idle time, too", "established initcwnd 3\nwrite 3000\n> PA 1+3000\n"
	  "< A 1 ack 3001\n= cwnd 6000\n+ 10s\nwrite 9000\n> PA 3001+3000\n" },
	{ "not after a SYN was lost twice", "par timestamps 0\nconnect initcwnd 3\n> S 0\n~ 1s\n> S 0\n~ 2s\n> S 0\n"
	  "< SA 0 ack 1 mss 1000\n> A 1\n= cwnd 1000\n" },
	{ "cwnd limits the initial window", "established cwnd 4\n= cwnd 4000\n" },
	{ "cwnd limits its growth", "established initcwnd 3 cwnd 4\nwrite 3000\n> PA 1+3000\n"
	  "< A 1 ack 3001\n= cwnd 4000\nwrite 9000\n> PA 3001+4000\n" },
	{ "cwnd limits ssthresh", "established cwnd 4 ssthresh 9\n= ssthresh 4000\n" },
	{ "cwnd limits small segments, too", "established cwnd 2\nset nodelay 1\nwrite 10\n> PA 1+10\n"
	  "write 10\n> PA 11+10\nwrite 10\n> no\n" },
	{ "ssthresh", "established ssthresh 12\n= ssthresh 12000\n" },
	{ "ssthresh, passive", "accepted ssthresh 12 ts\n= ssthresh 11856\n" },
	{ "reordering", "established reordering 5\nwrite 8000\n> PA 1+8000\n"
	  "< A 1 ack 1\n< A 1 ack 1\n< A 1 ack 1\n< A 1 ack 1\n= cong 0\n< A 1 ack 1\n= cong 1\n> A 1+1000\n" },
	{ "three without it", "established\nwrite 8000\n> PA 1+8000\n"
	  "< A 1 ack 1\n< A 1 ack 1\n= cong 0\n< A 1 ack 1\n= cong 1\n> A 1+1000\n" },
	{ "rto_min", "established rto_min 30000\n= rto_us 30001\n" },
	{ "rto_min, passive", "accepted rto_min 30000\n= rto_us 30001\n" },
	{ "rto_min, longer", "established rto_min 700000\n= rto_us 700001\n" },
	{ "rto_min in parts of a millisecond", "established rto_min 1\n= rto_us 1001\n" },
	{ "a delayed ACK stays below rto_min", "established rto_min 30000\nset quickack 0\n< A 1+10\n~ 29ms\n> A 1 ack 11\n"
	  "set quickack 0\n< A 11+10\n~ 29ms\n> A 1 ack 21\n" },
	{ "as it does below a longer one", "established rto_min 700000\nset quickack 0\n< A 1+10\n~ 40ms\n> A 1 ack 11\n" },
	{ "the least that rto_min leaves of it", "established rto_min 1000\nset quickack 0\n< A 1+10\n~ 1ms\n> A 1 ack 11\n" },
	{ "a probe for a lone segment does not wait longer than rto_min",
	  "established sack rtt 1 rto_min 20000\nwrite 10\n> PA 1+10\n~ 20ms\n> PA 1+10\n= tlp_probes 1\n" },
	{ "rtt: the first RTO of data", "established route_rtt 500000\n= rto_us 1500000\n= srtt8_us 8\n" },
	{ "rtt, passive", "accepted route_rtt 500000\n= rto_us 1500000\n" },
	{ "rtt: what is measured by data replaces it", "established route_rtt 500000\nwrite 10\n> PA 1+10\n+ 8ms\n"
	  "< A 1 ack 11\n= rto_us 201000\n" },
	{ "rtt: not where the handshake took longer", "established rtt 100 route_rtt 90000\n= rto_us 300000\n" },
	{ "rtt and a lost SYN: no fallback of 3 s is needed", "par timestamps 0\nconnect route_rtt 100000\n> S 0\n~ 1s\n> S 0\n"
	  "< SA 0 ack 1 mss 1000\n> A 1\n= rto_us 300000\n" },
	{ "quickack", "established quickack 1\nset quickack 0\n< A 1+10\n> A 1 ack 11\n= quickack 255\n< A 11+10\n> A 1 ack 21\n" },
	{ "quickack, passive, in a dialogue", "accepted quickack 1\n< A 1+10\n> A 1 ack 11\nwrite 10\n> PA 1+10\n"
	  "< A 11+10 ack 11\n> A 11 ack 21\n" },
	{ "initrwnd", "connect initrwnd 4 mss 1000\n> S 0 wnd 4000\n" },
	{ "initrwnd, passive", "listen initrwnd 4 mss 1000\n< S 0 mss 1000\n> SA 0 ack 1 wnd 4000\n" },
	{ "initrwnd, passive: less the options of each segment",
	  "listen initrwnd 4 mss 1000\n< S 0 mss 1000 ts 1 0\n> SA 0 ack 1 wnd 3952\n" },
	{ "initrwnd is a limit, no promise", "connect space 2000 initrwnd 4 mss 1000\n> S 0 wnd 2000\n" },
	{ "initrwnd beyond any window", "connect space 60000 initrwnd 4000000000 mss 1000\n> S 0 wnd 60000\n" },
	{ "initrwnd grows by twice what arrives", "connect initrwnd 4 mss 1000\n> S 0 wnd 4000\n< SA 0 ack 1 mss 1000\n> A 1 wnd 4000\n"
	  "< A 1+1000\n> A 1 ack 1001 wnd 6000\n= rcv_first 4\n< A 1001+5000\n> A 1 ack 6001 wnd 16000\n" },
	{ "initrwnd ends when the reader's room is the limit", "established space 9000 initrwnd 4 mss 1000\n< A 1+1000\n"
	  "> A 1 ack 1001 wnd 6000\n< A 1001+2000\n> A 1 ack 3001 wnd 6000\n< A 3001+1000\n> A 1 ack 4001 wnd 5000\n= rcv_first 0\n" },
	{ "congctl: the SYN asks for what it needs", "connect congctl dctcp\n> SEC 0\n" },
	{ "congctl: the SYN-ACK accepts it", "par ecn 0\nlisten congctl dctcp\n< SEC 0 mss 1000 ecn 2\n> SAE 0 ack 1\n" },
	{ "ecn", "connect ecn 1\n> SEC 0\n" },
	{ "ecn where the knob says never", "par ecn 0\nconnect ecn 1\n> SEC 0\n" },
	{ "ecn: AccECN by the knob is more", "par ecn 3\nconnect ecn 1\n> SECN 0\n" },
	{ "ecn, passive", "par ecn 0\nlisten ecn 1\n< SEC 0 mss 1000\n> SAE 0 ack 1\n" },
	{ "not without it", "par ecn 0\nlisten\n< SEC 0 mss 1000\n> SA 0 ack 1\n" },
	{ "ecn, passive: a SYN with ECT is no more to be trusted",
	  "par ecn 0\nlisten ecn 1\n< SEC 0 mss 1000 ecn 2\n> SA 0 ack 1\n" },
	{ "ecn, both at once", "par ecn 0\nconnect ecn 1\n> SEC 0\n< SEC 0 mss 1000\n> SAE 0 ack 1\n" },
};
SCRIPTS(open_route_rows);

/* congctl: the connection's, whatever the socket had. */
UNIT(open_route_cc)
{
	struct xtcp_open open = {
		.path_mss = 1460, .adv_mss = 1400, .gso_max = 30000, .rcv_space = 20000,
	};
	struct xtcp_params par;
	struct xtcp_tcb tcb;

	xtcp_params_init(&par);
	xtcp_tcb_init(&tcb, &par);
	xtcp_connect(&tcb, &open, 1);
	CHECK(tcb.cc == &xtcp_cc_cubic);
	xtcp_tcb_init(&tcb, &par);
	open.route.cc = &xtcp_cc_bbr;
	xtcp_connect(&tcb, &open, 1);
	CHECK(tcb.cc == &xtcp_cc_bbr);
	CHECK(tcb.flags & XTCP_F_PACED);
}

#define TWICE "connect\n> S 0\n~ 1s\n> S 0\n"
#define FIRST TWICE "+ 20ms\n< SA 0 ack 1 mss 1000 ts 5000 0 tsecr 0 sackok wnd 9000\n> A 1\n= srtt8_us 0\n"

/* First sample: SRTT = R, RTTVAR = R / 2 (RFC 6298, 2.2). */
static const struct script open_rtt[] = {
	{ "the handshake is the first sample",
	  "connect\n> S 0\n+ 100ms\n< SA 0 ack 1 mss 1000\n> A 1\n= srtt8_us 800000\n"
	  "= rttvar4_us 200000\n= rto_us 300000\n= min_rtt_us 100000\n" },
	{ "not after a SYN was sent twice (Karn)",
	  "par timestamps 0\nconnect\n> S 0\n~ 1s\n> S 0\n+ 100ms\n< SA 0 ack 1 mss 1000\n"
	  "> A 1\n= srtt8_us 0\n" },
	{ "but when the timestamp says that the second was answered",
	  TWICE "+ 100ms\n< SA 0 ack 1 mss 1000 ts 5000 0 tsecr 1000\n> A 1\n= srtt8_us 800000\n= rto_us 300000\n" },
	{ "not when it says the first: a SYN-ACK repeated, or a long way",
	  TWICE "+ 100ms\n< SA 0 ack 1 mss 1000 ts 5000 0 tsecr 0\n> A 1\n= srtt8_us 0\n= rto_us 3000000\n" },
	{ "not after a second: the peer's timer may be in it",
	  TWICE "+ 999ms\n< SA 0 ack 1 mss 1000 ts 5000 0 tsecr 1000\n> A 1\n= srtt8_us 7992000\n" },
	{ "a second later it is not",
	  TWICE "+ 1000ms\n< SA 0 ack 1 mss 1000 ts 5000 0 tsecr 1000\n> A 1\n= srtt8_us 0\n" },
	{ "as long as it takes when the SYN went once",
	  "par rto_init_us 3000000\nconnect\n> S 0\n+ 2s\n< SA 0 ack 1 mss 1000 ts 5000 0 tsecr 0\n> A 1\n= srtt8_us 16000000\n" },
	{ "what was no measure may be one when it comes again", FIRST "< SA 0 ack 1 ts 5000 0 tsecr 1000\n> A 1\n= srtt8_us 160000\n= rto_us 220000\n" },
	{ "with data out its timers run by it", FIRST "write 100\n> PA 1+100\n< SA 0 ack 1 ts 5000 0 tsecr 1000\n> A 101\n~ 60ms\n> PA 1+100\n= tlp_probes 1\n" },
	{ "the retransmission timer, too", "par tlp 0\n" FIRST "write 100\n> PA 1+100\n< SA 0 ack 1 ts 5000 0 tsecr 1000\n> A 101\n~ 220ms\n> PA 1+100\n" },
	{ "its echo of the first: no", FIRST "< SA 0 ack 1 ts 5000 0 tsecr 0\n> A 1\n= srtt8_us 0\n" },
	{ "no ACK in it: no", FIRST "< S 0 ts 5000 0 tsecr 1000\n> A 1\n= srtt8_us 0\n" },
	{ "of another SYN: no", FIRST "< SA 0 ack 0 ts 5000 0 tsecr 1000\n> A 1\n= srtt8_us 0\n" },
	{ "of another number: no", FIRST "< SA 1 ack 1 ts 5000 0 tsecr 1000\n> A 1\n= srtt8_us 0\n" },
	{ "without an echo: no", FIRST "< SA 0 ack 1 ts 5000 0\n> A 1\n= srtt8_us 0\n" },
	{ "with a sample already: no", "connect\n> S 0\n+ 100ms\n< SA 0 ack 1 mss 1000 ts 5000 0 tsecr 0\n> A 1\n+ 50ms\n"
	  "< SA 0 ack 1 ts 5000 0 tsecr 0\n> A 1\n= srtt8_us 800000\n" },
	{ "without timestamps: no", "par timestamps 0\nconnect\n> S 0\n~ 1s\n> S 0\n+ 20ms\n< SA 0 ack 1 mss 1000\n> A 1\n"
	  "< SA 0 ack 1 tsecr 1000\n> A 1\n= srtt8_us 0\n" },
};
SCRIPTS(open_rtt);

static const struct script open_icmp[] = {
	{ "shutdown before the handshake ends it", "connect\n> S 0\nshutdown\n= state CLOSED\n> no\nno-timer\n" },
	{ "close, too", "connect\n> S 0\nclose\n= state CLOSED\n> no\n" },
	{ "abort sends nothing: nobody knows us",
	  "connect\n> S 0\nabort\n= state CLOSED\n= err ABORTED\n> no\n" },
	{ "data written early leaves after the handshake",
	  "connect\n> S 0\nwrite 500\n> no\n< SA 0 ack 1 mss 1000 wnd 65535\n> PA 1+500 ack 1\n" },
};
SCRIPTS(open_icmp);

UNIT(open_params_defaults)
{
	struct xtcp_params par;

	xtcp_params_init(&par);
	CHECK(par.keep_idle_ms >= 7200000);	/* MUST-28 */
	CHECK(par.delack_max_us < 500000);	/* MUST-40 */
	CHECK(par.rto_max_us >= 60000000);	/* RFC 6298 (2.5) */
	CHECK(par.retries1 >= 3);		/* SHLD-10 */
	CHECK_EQ(par.dupthresh, 3);
	CHECK_EQ(par.timewait_ms, 60000);

	/* Those of the kernel's TCP: who changes over changes no behaviour. */
	CHECK_EQ(par.delack_max_us, 200000);
	CHECK_EQ(par.keep_intvl_ms, 75000);
	CHECK_EQ(par.keep_probes, 9);
	CHECK_EQ(par.retries2, 15);
	CHECK_EQ(par.orphan_retries, 8);
	CHECK_EQ(par.min_rtt_wlen_s, 300);
	CHECK_EQ(par.base_mss, 1024);
	CHECK_EQ(par.mtu_probe_floor, 48);
	CHECK_EQ(par.probe_threshold, 8);
	CHECK_EQ(par.probe_interval_s, 600);
}

/* Both sequence spaces as they begin, and what the caller knows. */
UNIT(open_begins)
{
	struct xtcp_open open = {
		.path_mss = 1460, .adv_mss = 1400, .gso_max = 30000, .rcv_space = 19600,
		.cached_reordering = true,
	};
	struct xtcp_seg seg = { .seq = 5000, .opts = XTCP_OPT_MSS, .mss = 1300 };
	struct xtcp_params par;
	struct xtcp_tcb tcb;

	xtcp_params_init(&par);
	par.isn_key[0] = 1;
	memset(&tcb, 0xa5, sizeof(tcb));
	xtcp_tcb_init(&tcb, &par);
	CHECK_EQ(tcb.min_rtt_us, ~0U);
	CHECK_EQ(tcb.min_rtt_cur, ~0U);
	tcb.flags |= XTCP_F_NODELAY;
	xtcp_connect(&tcb, &open, 77);
	CHECK_EQ(tcb.last_rx_at, 77);
	CHECK_EQ(tcb.flags & (XTCP_F_REORDERED | XTCP_F_NODELAY),
		 XTCP_F_REORDERED | XTCP_F_NODELAY);
	CHECK_EQ(tcb.gso_max, 30000);
	CHECK_EQ(tcb.rcv_space, 19600);
	CHECK_EQ(tcb.rcv_wnd, 19600);
	CHECK_EQ(tcb.rcv_first, 14);
	CHECK_EQ(tcb.iss, xtcp_isn(&par, &open.flow, 77));
	CHECK_EQ(tcb.snd_una, tcb.iss);
	CHECK_EQ(tcb.snd_nxt, tcb.iss);
	CHECK_EQ(tcb.snd_end, tcb.iss + 1);
	CHECK_EQ(tcb.snd_up, tcb.iss);
	CHECK_EQ(tcb.snd_sml, tcb.iss);
	CHECK_EQ(tcb.recover, tcb.iss);
	CHECK_EQ(tcb.rack_fack, tcb.iss);
	CHECK_EQ(tcb.rack_end, tcb.iss);
	CHECK_EQ(tcb.rack_dsack_round, tcb.iss);
	CHECK_EQ(tcb.ts_off, xtcp_ts_offset(&par, &open.flow));
	CHECK_EQ(tcb.mss, 536 - XTCP_TS_LEN);

	xtcp_peer_options(&tcb, &seg);
	CHECK_EQ(tcb.irs, 5000);
	CHECK_EQ(tcb.rcv_nxt, 5001);
	CHECK_EQ(tcb.rcv_wup, 5001);
	CHECK_EQ(tcb.rcv_read, 5001);
	CHECK_EQ(tcb.rcv_up, 5001);
	CHECK_EQ(tcb.ack_seq_last, 5001);
	CHECK_EQ(tcb.peer_mss, 1300);
	CHECK_EQ(tcb.mss, 1300);
}

/* A connection made of an embryo goes on where that was. */
UNIT(open_accept_takes_over)
{
	/* What the route says has changed since the SYN. */
	struct xtcp_open open = {
		.path_mss = 1460, .adv_mss = 1460, .gso_max = 30000, .rcv_space = 9000,
		.cached_reordering = true,
	};
	struct xtcp_embryo emb = {
		.iss = 300, .irs = 5000, .peer_mss = 1300, .rcv_wnd = 20000,
		.opts = XTCP_OPT_MSS | XTCP_OPT_TS | XTCP_OPT_WSCALE, .ts_recent = 11,
		.sent_at = 13, .snd_wscale = 4, .rcv_wscale = 5, .rto_ms = 500, .retries = 1,
	};
	struct xtcp_params par;
	struct xtcp_tcb tcb;

	xtcp_params_init(&par);
	xtcp_tcb_init(&tcb, &par);
	par.isn_key[0] = 12;
	xtcp_accept(&tcb, &emb, &open, 77000);
	CHECK_EQ(tcb.state, XTCP_SYN_RECEIVED);
	CHECK_EQ(tcb.flags, XTCP_F_PASSIVE | XTCP_F_REORDERED | XTCP_F_SYN_TIMEOUT);
	CHECK_EQ(tcb.opts, emb.opts);
	CHECK_EQ(tcb.adv_mss, 1460);
	CHECK_EQ(tcb.peer_mss, 1300);
	CHECK_EQ(tcb.mss, 1288);
	CHECK_EQ(tcb.snd_wscale, 4);
	CHECK_EQ(tcb.rcv_wscale, 5);
	CHECK_EQ(tcb.ts_recent, 11);
	CHECK_EQ(tcb.ts_recent_at, 13000);
	CHECK_EQ(tcb.ts_off, xtcp_ts_offset(&par, &open.flow));
	CHECK_EQ(tcb.rcv_wnd, 20000);
	CHECK_EQ(tcb.rcv_space, 9000);
	CHECK_EQ(tcb.last_rx_at, 77000);
	CHECK_EQ(tcb.retries, 1);
	CHECK_EQ(tcb.syn_rto_us, 500000);
	CHECK_EQ(tcb.snd_una, 300);
	CHECK_EQ(tcb.snd_nxt, 301);
	CHECK_EQ(tcb.rcv_nxt, 5001);
	CHECK_EQ(tcb.map_head->sent_at, 13000);
	CHECK(tcb.map_head->marks & XTCP_SENT_RTX);
}

/* What a handshake with losses leaves behind when it is over. */
UNIT(open_established)
{
	static const struct {
		const char *what;
		u32 flags;
		u32 srtt8_us;
		u32 rto_us;	/* before */
		u32 want;	/* and after */
	} rows[] = {
		{ "nothing lost, a sample", 0, 800000, 300000, 300000 },
		{ "nothing lost, no sample", 0, 0, 1000000, 1000000 },
		{ "a SYN lost, no sample", XTCP_F_SYN_TIMEOUT, 0, 1000000, 3000000 },
		{ "a SYN lost, no sample, slower", XTCP_F_SYN_TIMEOUT, 0, 5000000, 5000000 },
		{ "a SYN lost, a timestamp", XTCP_F_SYN_TIMEOUT, 800000, 300000, 300000 },
	};
	struct xtcp_params par;
	struct xtcp_tcb tcb;
	u32 i;

	xtcp_params_init(&par);
	for (i = 0; i < ARRAY_SIZE(rows); i++) {
		xtcp_tcb_init(&tcb, &par);
		tcb.state = XTCP_ESTABLISHED;
		tcb.flags = rows[i].flags | XTCP_F_KEEPALIVE;
		tcb.srtt8_us = rows[i].srtt8_us;
		tcb.rto_us = rows[i].rto_us;
		tcb.mss = 1000;
		tcb.cong = XTCP_CONG_LOSS;
		tcb.retries = 3;
		tcb.backoff = 4;
		tcb.last_rx_at = XTCP_NSEC_PER_SEC;
		xtcp_established(&tcb, XTCP_NSEC_PER_SEC);
		CHECK_ROW(rows[i].what, tcb.rto_us, rows[i].want);
		CHECK_EQ(tcb.cong, XTCP_CONG_OPEN);
		CHECK_EQ(tcb.retries, 0);
		CHECK_EQ(tcb.backoff, 0);
		CHECK_EQ(tcb.quickack, 16);
		CHECK_EQ(xtcp_deadline(&tcb), 7201 * XTCP_NSEC_PER_SEC);
	}
}

/* The floors of RFC 5681 go up with the MSS, and do not come down with it. */
UNIT(open_mss_and_its_floors)
{
	struct xtcp_params par;
	struct xtcp_tcb tcb;

	xtcp_params_init(&par);
	xtcp_tcb_init(&tcb, &par);
	tcb.peer_mss = 1460;
	tcb.path_mss = 1000;
	tcb.cwnd = 1000;
	tcb.ssthresh = 2000;
	xtcp_mss_sync(&tcb);
	CHECK_EQ(tcb.mss, 1000);
	CHECK_EQ(tcb.cwnd, 1000);
	CHECK_EQ(tcb.ssthresh, 2000);
	tcb.path_mss = 1400;
	xtcp_mss_sync(&tcb);
	CHECK_EQ(tcb.mss, 1400);
	CHECK_EQ(tcb.cwnd, 1400);
	CHECK_EQ(tcb.ssthresh, 2800);
	tcb.path_mss = 500;
	xtcp_mss_sync(&tcb);
	CHECK_EQ(tcb.mss, 500);
	CHECK_EQ(tcb.cwnd, 1400);
	CHECK_EQ(tcb.ssthresh, 2800);
}

/* Whatever was lent comes back, and nothing happens any more. */
UNIT(open_fini)
{
	struct xtcp_open open = { .path_mss = 1460, .adv_mss = 1460, .gso_max = 1460 };
	struct xtcp_sent lent;
	struct xtcp_params par;
	struct xtcp_plan plan;
	struct xtcp_ooo node;
	struct xtcp_tcb tcb;

	xtcp_params_init(&par);
	xtcp_tcb_init(&tcb, &par);
	xtcp_connect(&tcb, &open, 1);
	xtcp_map_lend(&tcb, &lent);
	CHECK(xtcp_tx_peek(&tcb, 1, &plan));
	xtcp_tx_commit(&tcb, &plan, 1);
	CHECK(xtcp_reass_insert(&tcb, &node, 10, 20) == XTCP_REASS_HELD);
	xtcp_tcb_fini(&tcb);
	CHECK_EQ(tcb.state, XTCP_CLOSED);
	CHECK_EQ(xtcp_deadline(&tcb), XTCP_NEVER);
	CHECK(xtcp_map_reclaim(&tcb) == &lent);
	CHECK(!xtcp_map_reclaim(&tcb));
	CHECK(xtcp_reass_reap(&tcb) == &node);
	CHECK(!xtcp_reass_reap(&tcb));
}

UNIT(open_wscale_table)
{
	static const struct {
		u32 space;
		u8 shift;
	} tab[] = {
		{ 0, 0 }, { 65535, 0 }, { 65536, 1 }, { 131071, 1 }, { 131072, 2 },
		{ 1 << 20, 5 }, { 1 << 30, 14 }, { ~0u, 14 },
	};
	u32 i;

	for (i = 0; i < ARRAY_SIZE(tab); i++)
		CHECK_EQ(xtcp_pick_wscale(tab[i].space), tab[i].shift);
}
