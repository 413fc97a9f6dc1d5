// SPDX-License-Identifier: GPL-2.0
/*
 * ECN: RFC 3168, RFC 9768 (AccECN), RFC 8257 3.2.
 *
 * In scripts E, C and N are ECE, CWR and AE; as one number, ACE, they count
 * 1, 2 and 4. A connection's first ACE is 5: "EN".
 */
#include "core.h"
#include "harness.h"

/* ---- RFC 3168 ---- */

#define CLASSIC		"cc reno\npar ecn 1\nconnect space 60000\n> SEC 0 ect 0\n< SAE 0 ack 1 mss 1000 wnd 65535\n> A 1 ect 0\n"
#define CLASSIC_IN	"cc reno\nlisten space 60000\n< SEC 0 mss 1000 wnd 65535\n> SAE 0 ect 0\n< A 1 ack 1\n"

static const struct script ecn_ect[] = {
	{ "on new data, not on FIN alone", CLASSIC "write 500\n> PA 1+500 ect 2\nshutdown\n> FA 501 ect 0\n" },
	{ "the listener's side", CLASSIC_IN "write 500\n> PA 1+500 ect 2\n" },
	{ "not on what is sent again", CLASSIC "write 500\n> PA 1+500 ect 2\n+ 1200ms\n> PA 1+500 ect 0\n" },
	{ "not on window probes", CLASSIC "write 500\n> PA 1+500\n< A 1 ack 501 wnd 0\nwrite 10\n+ 1200ms\n> A 501+1 ect 0\n" },
	{ "not on keepalive probes", "par keep_idle_ms 1000\n" CLASSIC "set keepalive 1\n+ 1100ms\n> A 0 ect 0\n" },
	{ "not on ACKs", CLASSIC "< A 1+1000\n> A 1 ack 1001 ect 0\n" },
	{ "not when nothing was agreed on", "established\nwrite 500\n> PA 1+500 ect 0\n" },
	{ "in one go", CLASSIC "write 3000\n> PA 1+3000 ect 2\n" },
};
SCRIPTS(ecn_ect);

static const struct script ecn_echo[] = {
	{ "ECE until CWR", CLASSIC "< A 1+1000 ecn 2\n> A 1 ack 1001\n< A 1001+1000 ecn 3\n> AE 1 ack 2001\n"
	  "< A 2001+1000 ecn 2\n> AE 1 ack 3001\n< AC 3001+1000 ecn 2\n> A 1 ack 4001\n" },
	{ "a mark on the CWR segment begins anew", CLASSIC "< A 1+1000 ecn 3\n> AE 1\n< AC 1001+1000 ecn 3\n> AE 1 ack 2001\n" },
	{ "on data, too", CLASSIC "< A 1+1000 ecn 3\n> AE 1\nwrite 100\n> PAE 1+100 ect 2\n" },
	{ "marked data out of order counts", CLASSIC "< A 1001+1000 ecn 3\n> AE 1 ack 1\n" },
	{ "not by a mark on what is unacceptable", CLASSIC "< A 70001+1000 ecn 3\n> A 1 ack 1\n< A 1+1000\n> A 1 ack 1001\n" },
	{ "not by a mark on a bare ACK", CLASSIC "< A 1 ecn 3\n< A 1+1000\n> A 1 ack 1001\n" },
	{ "CWR: an ACK at once", CLASSIC "set quickack 0\n< AC 1+100 ecn 2\n> A 1 ack 101\n= ecn_seen 4\n" },
	{ "marks begin: an ACK at once", CLASSIC "= quickack 16\nset quickack 0\n< A 1+100 ecn 3\n> AE 1 ack 101\n" },
	{ "in TIME-WAIT", CLASSIC "< A 1+1000 ecn 3\n> AE 1\nshutdown\n> FAE 1\n< FA 1001 ack 2\n> AE 2 ack 1002\n= state TIME-WAIT\n"
	  "tw\n+ 1s\n< FA 1001 ack 2\n> AE 2 ack 1002\n" },
	{ "nothing to echo in TIME-WAIT", CLASSIC "shutdown\n> FA 1\n< FA 1 ack 2\n> A 2 ack 2\ntw\n+ 1s\n< FA 1 ack 2\n> A 2 ack 2\n" },
	{ "nothing agreed on: nothing echoed", "established\n< A 1+1000 ecn 3\n> A 1 ack 1001\n" },
};
SCRIPTS(ecn_echo);

/* cwnd 10 * 1000; Reno takes a fifth off for a mark (RFC 8511). */
static const struct script ecn_reduce[] = {
	{ "a reduction, and CWR on the next new data", CLASSIC "write 20000\n> PA 1+10000\n< AE 1 ack 2001\n= cong 3\n= ssthresh 8000\n"
	  "> AC 10001+1000 ect 2\n< AE 1 ack 4001\n> A 11001+1000\n= ssthresh 8000\n" },
	{ "once a round trip, then again", CLASSIC "write 20000\n> PA 1+10000\n< AE 1 ack 2001\n> AC 10001+1000\n< AE 1 ack 10001\n= cong 0\n"
	  "= cwnd 8000\n> PA 11001+7000\n< AE 1 ack 11001\n= cong 3\n= ssthresh 6400\n> AC 18001+1000\n" },
	{ "CWR not on what is sent again", "par tlp 0\n" CLASSIC "write 10000\n> PA 1+10000\n< AE 1 ack 2001\n+ 250ms\n> A 2001+1000 ect 0\n"
	  "< A 1 ack 10001\nwrite 1000\n> PAC 10001+1000 ect 2\n" },
	{ "CWR after a timeout", CLASSIC "write 3000\n> PA 1+3000\n+ 1100ms\n> A 1+1000\n< A 1 ack 3001\nwrite 10\n> PAC 3001+10\n" },
	{ "CWR once", CLASSIC "write 20000\n> PA 1+10000\n< AE 1 ack 2001\n> AC 10001+1000\n< A 1 ack 10001\n> PA 11001+7000\n" },
	{ "ECE in an ACK without news", CLASSIC "write 20000\n> PA 1+10000\n< AE 1+10 ack 1\n> A 10001 ack 11\n= cong 0\n" },
	{ "not agreed on", "established\nwrite 20000\n> PA 1+10000\n< AE 1 ack 2001\n= cong 0\n> PA 10001+4000\n" },
	{ "a window of one segment waits for the timer (6.1.2)", "par initial_cwnd 1\n" CLASSIC "write 5000\n> A 1+1000\n+ 100ms\n"
	  "< AE 1 ack 1001\n> no\n~ 212500us\n> AC 1001+1000 ect 2\n" },
	{ "and the next one, as long as all are marked", "par initial_cwnd 1\n" CLASSIC "write 5000\n> A 1+1000\n+ 100ms\n"
	  "< AE 1 ack 1001\n~ 212500us\n> AC 1001+1000\n+ 100ms\n< AE 1 ack 2001\n> no\n= cwnd 1000\n~ 223438us\n> AC 2001+1000\n"
	  "+ 100ms\n< A 1 ack 3001\n> PA 3001+2000\n" },
	{ "one segment after a timeout: the holes do not wait", "par tlp 0\npar frto 0\n" CLASSIC "write 5000\n> PA 1+5000\n+ 300ms\n"
	  "> A 1+1000\n+ 20ms\n< AE 1 ack 1001\n> PA 1001+2000 ect 0\n+ 20ms\n< AE 1 ack 3001\n> PA 3001+2000\n" },
	{ "nor in a recovery", "cc reno\npar ecn 1\npar tlp 0\nconnect space 60000\n> SEC 0\n< SAE 0 ack 1 mss 1000 wnd 65535 sackok\n> A 1\n"
	  "write 4000\n> PA 1+4000\n+ 40ms\n< AE 1 ack 1 sack 3001-4001\n> A 1+1000\n= cwnd 1000\n+ 40ms\n< AE 1 ack 1001 sack 3001-4001\n"
	  "> PA 1001+2000\n" },
};
SCRIPTS(ecn_reduce);

/* A mark is not taken back with the losses that were none. */
static const struct script ecn_undo[] = {
	{ "a reduction for a mark", "cc reno\npar ecn 1\npar tlp 0\nconnect space 60000\n> SEC 0\n< SAE 0 ack 1 mss 1000 wnd 65535 sackok\n> A 1\n"
	  "set nodelay 1\nwrite 10000\n> PA 1+10000\n+ 40ms\n< AE 1 ack 2001 sack 4001-10001\n= ssthresh 8000\n> PA 2001+2000 ect 0\n"
	  "< A 1 ack 10001 sack 2001-4001\n= undos 0\n= ssthresh 8000\n" },
};
SCRIPTS(ecn_undo);

/* ---- RFC 9768: what we tell ---- */

#define ACC		"cc reno\npar ecn 3\nconnect space 60000\n> SECN 0 ect 0 acc none\n< SAC 0 ack 1 mss 1000 wnd 65535 acc0 1,0,1\n" \
			"> AC 1 acc 0:1,0,1 hdr 32\n"
#define ACC_TS		"par ecn 3\nconnect space 60000\n> SECN 0\n< SAC 0 ack 1 mss 1000 wnd 65535 sackok ts 0xffffff00 0\n" \
			"> AC 1 acc 0:1,0,1 hdr 44\n"
#define ACC_SACK	"cc reno\npar ecn 3\nconnect space 60000\n> SECN 0\n< SAC 0 ack 1 mss 1000 wnd 65535 sackok\n> AC 1\n"
#define ACC_SYN		"par ecn 3\nlisten space 60000\n< SECN 0 mss 1000 wnd 65535\n> SAC 0 ect 0 acc 0:1,0,1\n"
#define ACC_IN		ACC_SYN "< AC 1 ack 1 acc0 1,0,1\n"

static const struct script acc_tell[] = {
	{ "ECT(0)", ACC "< AEN 1+100 ecn 2\n> AEN 1 ack 101 acc 0:101 hdr 28\n< AEN 101+100 ecn 2\n> AEN 1 acc 0:201\n" },
	{ "ECT(1): the other order", ACC "< AEN 1+100 ecn 1\n> AEN 1 acc 1:101 hdr 28\n" },
	{ "CE alone", ACC "< AEN 1+100 ecn 3\n> ACN 1 acc 0:1,100 hdr 28\n" },
	{ "ECT(1) and CE", ACC "< AEN 1+100 ecn 1\n> AEN 1\n< AEN 101+100 ecn 3\n> ACN 1 acc 1:101,100\n" },
	{ "all three", ACC "< AEN 1+100 ecn 2\n> AEN 1\n< AEN 101+100 ecn 3\n> ACN 1 acc 0:101,100\n< AEN 201+50 ecn 1\n> ACN 1 acc 0:101,100,51 hdr 32\n" },
	{ "no news, no option", ACC "< AEN 1+100 ecn 0\n> AEN 1 ack 101 acc none\n" },
	{ "with a short answer", ACC "set quickack 0\n< AEN 1+100 ecn 2\n> no\nwrite 992\n> PAEN 1+992 acc 0:101 hdr 28\n" },
	{ "not where it does not fit", ACC "set quickack 0\n< AEN 1+100 ecn 2\n> no\nwrite 993\n> PAEN 1+993 acc none hdr 20\n" },
	{ "three counters in what room there is", ACC "< AEN 1+100 ecn 2\n> AEN 1\n< AEN 101+100 ecn 1\n> AEN 1\nset quickack 0\n"
	  "< AEN 201+100 ecn 2\n> no\nwrite 988\n> PAEN 1+988 acc 0:201,0,101 hdr 32\n" },
	{ "not in what is sent again", "par tlp 0\n" ACC "write 100\n> PAEN 1+100\nset quickack 0\n+ 190ms\n< AEN 1+100 ecn 2 ack 1\n"
	  "~ 10001us\n> PAEN 1+100 ack 101 acc none\n" },
	{ "ECT is no hurry: with the data", ACC "write 20000\n> PAEN 1+10000\n< AEN 1+1000 ecn 2 ack 2001\n> PAEN 10001+4000 ack 1001 acc none\n" },
	{ "CE before data that has no room, which then goes one by one", ACC "write 20000\n> PAEN 1+10000\n< AEN 1+1000 ecn 3 ack 2001\n"
	  "> ACN 10001 ack 1001 acc 0:1,1000\n> ACN 10001+1000 acc none\n> ACN 11001+1000\n> ACN 12001+1000\n> ACN 13001+1000\n" },
	{ "CE without the option: no hurry either", "par ecn_option 0\ncc reno\npar ecn 3\nconnect space 60000\n> SECN 0\n"
	  "< SAC 0 ack 1 mss 1000 wnd 65535\n> AC 1\nwrite 20000\n> PAEN 1+10000\n< AEN 1+1000 ecn 3 ack 2001\n> ACN 10001+1000 ack 1001\n"
	  "> ACN 11001+1000\n> ACN 12001+1000\n> ACN 13001+1000\n" },
	{ "wrap of ACE", ACC "< AEN 1+3000 nsegs 3 ecn 3\n> A 1 ack 3001 acc 0:1,3000\n< AEN 3001+5000 nsegs 5 ecn 3\n> AEN 1 acc 0:1,8000\n" },
	{ "a mark on a bare ACK counts as a packet", ACC "< AEN 1 ecn 3\n> no\n< AEN 1+100\n> ACN 1 acc none\n" },
	{ "on data out of order", ACC "< AEN 101+100 ecn 3\n> ACN 1 ack 1 acc 0:1,100\n" },
	{ "not on what is unacceptable", ACC "< AEN 70001+100 ecn 3\n> AEN 1 ack 1 acc none\n" },
	{ "in TIME-WAIT", ACC "< AEN 1+100 ecn 3\n> ACN 1\nshutdown\n> FACN 1\n< FAEN 101 ack 2\n> ACN 2 ack 102\ntw\n+ 1s\n< FAEN 101 ack 2\n"
	  "> ACN 2 ack 102\n" },
	{ "not in a RST", ACC "abort\n> RA 1\n" },
	{ "ECE is no request here, CWR no answer", ACC "< AECN 1+100 ecn 3\n> ACN 1\n< AECN 101+100\n> ACN 1\n" },
};
SCRIPTS(acc_tell);

/* 3.2.2.5.1; the first moments, in which every segment is answered, are over. */
#define SETTLED	ACC "set quickack 0\n"

static const struct script acc_when[] = {
	{ "the first mark: at once", SETTLED "< AEN 1+100\n> no\n< AEN 101+100 ecn 3\n> ACN 1 ack 201\n" },
	{ "then every second", SETTLED "< AEN 1+100 ecn 3\n> ACN 1\n< AEN 101+100 ecn 3\n> no\n< AEN 201+100 ecn 3\n> A 1 ack 301\n" },
	{ "a first one again", SETTLED "< AEN 1+100 ecn 3\n> ACN 1\n< AEN 101+100 ecn 2\n> no\n< AEN 201+100 ecn 3\n> AECN 1 ack 301\n" },
	{ "the end of marks can wait", SETTLED "< AEN 1+100 ecn 3\n> ACN 1\n< AEN 101+100 ecn 2\n> no\n~ 40ms\n> ACN 1 ack 201\n" },
	{ "a mark on the SYN-ACK was the first", "par ecn 3\nconnect\n> SECN 0\n< SAC 0 ack 1 mss 1000 wnd 65535 ecn 3\n> ACN 1\n"
	  "set quickack 0\n< AEN 1+100 ecn 3\n> no\n< AEN 101+100 ecn 3\n> A 1 ack 201\n" },
	{ "marked ACKs behind data: after the second", SETTLED "< AEN 1+100\n> no\n< AEN 101 ecn 3\n> no\n< AEN 101 ecn 3\n> AECN 1 ack 101\n" },
	{ "marked ACKs: after the third", SETTLED "< AEN 1 ecn 3\n< AEN 1 ecn 3\n> no\n< AEN 1 ecn 3\n> A 1\n" },
	{ "sparingly: not for more of the same", "par ecn_option 1\n" ACC "< AEN 1+100 ecn 2\n> AEN 1 acc 0:101\n< AEN 101+100 ecn 2\n> AEN 1 acc none\n" },
	{ "sparingly: for each mark", "par ecn_option 1\n" ACC "< AEN 1+100 ecn 3\n> ACN 1 acc 0:1,100\n< AEN 101+100 ecn 3\n> AECN 1 acc 0:1,200\n"
	  "< AEN 201+100 ecn 2\n> AECN 1 acc 0:101,200\n< AEN 301+100 ecn 2\n> AECN 1 acc none\n" },
};
SCRIPTS(acc_when);

static const struct script acc_room[] = {
	{ "beside one SACK block and a timestamp", ACC_TS "< AEN 101+10 ecn 2 ts 0xffffff00 0\n> AEN 1 sack 101-111 acc 0:11 hdr 52\n" },
	{ "beside two", ACC_TS "< AEN 101+10 ts 0xffffff00 0\n> AEN 1\n< AEN 201+10 ecn 3 ts 0xffffff00 0\n"
	  "> ACN 1 sack 201-211,101-111 acc 0:1,10 hdr 60\n" },
	{ "three counters do not fit beside two: what changed does", ACC_TS
	  "< AEN 101+10 ecn 1 ts 0xffffff00 0\n> AEN 1 acc 1:11\n< AEN 201+10 ecn 2 ts 0xffffff00 0\n> AEN 1 sack 201-211,101-111 acc 0:11 hdr 60\n" },
	{ "three blocks go first", ACC_TS "< AEN 101+10 ts 0xffffff00 0\n> AEN 1\n< AEN 201+10 ts 0xffffff00 0\n> AEN 1\n"
	  "< AEN 301+10 ecn 3 ts 0xffffff00 0\n> ACN 1 sack 301-311,201-211,101-111 acc none hdr 60\n" },
	{ "and it is made up for", ACC_TS "< AEN 101+10 ts 0xffffff00 0\n> AEN 1\n< AEN 201+10 ts 0xffffff00 0\n> AEN 1\n"
	  "< AEN 301+10 ecn 3 ts 0xffffff00 0\n> ACN 1 acc none\n< AEN 1+200 ts 0xffffff00 0\n> ACN 1 ack 211 sack 101-111,301-311 acc 0:1,10\n" },
};
SCRIPTS(acc_room);

/* 3.2.3.2.2: data acknowledged with the option comes again, twice. */
static const struct script acc_mute[] = {
	{ "after the second time", ACC "< AEN 1+100 ecn 2\n> AEN 1 acc 0:101\n< AEN 1+100\n> AEN 1 acc 0:101\n< AEN 1+100\n> AEN 1 acc none\n"
	  "< AEN 101+100 ecn 2\n> AEN 1 acc none\n" },
	{ "not if new data came in between", ACC "< AEN 1+100 ecn 2\n> AEN 1 acc 0:101\n< AEN 1+100\n> AEN 1 acc 0:101\n< AEN 101+100 ecn 2\n"
	  "> AEN 1 acc 0:201\n< AEN 101+100\n> AEN 1 acc 0:201\n< AEN 201+100 ecn 2\n> AEN 1 acc 0:301\n" },
	{ "not when the knob says so", "par ecn_option 3\n" ACC "< AEN 1+100 ecn 2\n> AEN 1\n< AEN 1+100\n> AEN 1\n< AEN 1+100\n> AEN 1\n"
	  "< AEN 101+100 ecn 2\n> AEN 1 acc 0:201\n" },
};
SCRIPTS(acc_mute);

/* ---- RFC 9768: what we are told ---- */

static const struct script acc_told[] = {
	{ "one mark: one reduction, no CWR", ACC "write 20000\n> PAEN 1+10000\n< ACN 1 ack 2001\n= cong 3\n= ssthresh 8000\n= s_cep 6\n"
	  "> AEN 10001+1000 ect 2\n" },
	{ "bytes from the option", ACC "write 20000\n> PAEN 1+10000\n< ACN 1 ack 2001 acc0 1001,1000\n= s_ceb 1000\n= delivered_ce 1000\n"
	  "> AEN 10001+1000\n" },
	{ "bytes from the count alone", ACC "write 20000\n> PAEN 1+10000\n< AECN 1 ack 4001\n= s_ceb 2000\n= delivered_ce 2000\n> PAEN 10001+2000\n" },
	{ "an estimate is put right", ACC "write 20000\n> PAEN 1+10000\n< ACN 1 ack 2001\n= s_ceb 1000\n> AEN 10001+1000\n"
	  "< ACN 1 ack 4001 acc0 1,400\n= s_ceb 400\n= delivered_ce 1000\n> AEN 11001+1000\n< ACN 1 ack 6001 acc0 1,500\n= delivered_ce 1100\n"
	  "> PAEN 12001+2000\n" },
	{ "half of the counter's range is a step back", ACC "write 20000\n> PAEN 1+10000\n< AEN 1 ack 2001 acc0 1,8388608\n= delivered_ce 0\n"
	  "= s_ceb 8388608\n> PAEN 10001+4000\n" },
	{ "order 1", ACC "write 20000\n> PAEN 1+10000\n< ACN 1 ack 2001 acc1 1001,700\n= s_ceb 700\n> AEN 10001+1000\n" },
	{ "a short option says nothing of CE", ACC "write 20000\n> PAEN 1+10000\n< ACN 1 ack 2001 acc0 1001\n= s_ceb 1000\n> AEN 10001+1000\n" },
	{ "a duplicate brings no news", ACC "write 20000\n> PAEN 1+10000\n< ACN 1 ack 1\n= s_cep 5\n> AEN 10001+1000\n" },
	{ "an ACK overtaken, with SACK news, is of the past, too", ACC_SACK "write 20000\n> PAEN 1+10000\n< AECN 1 ack 4001\n= s_cep 7\n"
	  "> PAEN 10001+2000\n< ACN 1 ack 2001 sack 9001-10001\n= s_cep 7\n= sacked_out 1000\n> PAEN 4001+3000\n" },
	{ "an ACK overtaken is of the past", ACC "write 20000\n> PAEN 1+10000\n< AECN 1 ack 4001\n= s_cep 7\n> PAEN 10001+2000\n< ACN 1 ack 2001\n= s_cep 7\n" },
};
SCRIPTS(acc_told);

/* 3.2.2.5.2, ten segments acknowledged at once: the count may have gone round. */
static const struct script acc_round[] = {
	{ "one may be nine", ACC "write 20000\n> PAEN 1+10000\n< ACN 1 ack 10001\n= s_ceb 9000\n> PAEN 10001+8000\n" },
	{ "seven segments: one is one", ACC "write 20000\n> PAEN 1+10000\n< ACN 1 ack 7001\n= s_ceb 1000\n> PAEN 10001+5000\n" },
	{ "none is none", ACC "write 20000\n> PAEN 1+10000\n< AEN 1 ack 10001\n= s_ceb 0\n= cong 0\n> PAEN 10001+10000\n" },
	{ "none after some may be eight", ACC "write 20000\n> PAEN 1+10000\n< ACN 1 ack 1001\n= s_ceb 1000\n> AEN 10001+1000\n"
	  "< ACN 1 ack 10001\n= s_ceb 9000\n> PAEN 11001+7000\n" },
	{ "but not with the option", ACC "write 20000\n> PAEN 1+10000\n< ACN 1 ack 1001 acc0 1,1000\n> AEN 10001+1000\n"
	  "< ACN 1 ack 10001 acc0 9001,1000\n= delivered_ce 1000\n= cong 0\n> PAEN 11001+7000\n< ACN 1 ack 18001 acc0 1,1000\n= cong 0\n"
	  "> PAEN 18001+2000\n" },
	{ "with the option there is no doubt", ACC "write 20000\n> PAEN 1+10000\n< ACN 1 ack 10001 acc0 9001,1000\n= s_ceb 1000\n"
	  "= delivered_ce 1000\n> PAEN 10001+8000\n" },
};
SCRIPTS(acc_round);

static const struct script acc_mangled[] = {
	{ "ACE zero at first: no ECT, no belief", ACC "write 20000\n> PAEN 1+10000 ect 2\n< A 1 ack 1001\n= cong 0\n> PAEN 10001+2000 ect 0\n"
	  "< ACN 1 ack 2001\n= cong 0\n> PAEN 12001+2000 ect 0\n" },
	{ "zero because it went round", ACC "write 20000\n> PAEN 1+10000\n< A 1 ack 3001\n= cong 3\n> AEN 10001+1000 ect 2\n" },
	{ "zero later on is a count", ACC "write 20000\n> PAEN 1+10000\n< AECN 1 ack 2001\n> AEN 10001+1000\n< A 1 ack 4001\n= s_cep 0\n"
	  "> AEN 11001+1000 ect 2\n" },
	{ "bytes without packets: no ECT", ACC "write 20000\n> PAEN 1+10000\n< AEN 1 ack 2001 acc0 1,500\n> AEN 10001+1000 ect 0\n" },
	{ "seven segments cannot hide eight marks", ACC "write 20000\n> PAEN 1+10000\n< AEN 1 ack 7001 acc0 1,500\n> PAEN 10001+5000 ect 0\n" },
	{ "eight can", ACC "write 20000\n> PAEN 1+10000\n< AEN 1 ack 8001 acc0 1,500\n> PAEN 10001+6000 ect 2\n" },
	{ "zeroed option in the SYN-ACK: not believed", "par ecn 3\nconnect\n> SECN 0\n< SAC 0 ack 1 mss 1000 wnd 60000 acc0 0,0,0\n> AC 1\n"
	  "write 20000\n> PAEN 1+10000\n< ACN 1 ack 2001 acc0 1,500\n= s_ceb 1000\n> AEN 10001+1000 ect 2\n" },
	{ "zeroed option in the third ACK", ACC_SYN "< AC 1 ack 1 acc0 0,0,0\nwrite 20000\n> PAEN 1+10000\n< ACN 1 ack 2001 acc0 1,500\n= s_ceb 1000\n"
	  "> AEN 10001+1000 ect 2\n" },
	{ "one counter is enough to see it", "par ecn 3\nconnect\n> SECN 0\n< SAC 0 ack 1 mss 1000 acc0 0\n> AC 1\n= ecn_flags 8\n" },
	{ "or the last one", "par ecn 3\nconnect\n> SECN 0\n< SAC 0 ack 1 mss 1000 acc0 1,0,0\n> AC 1\n= ecn_flags 8\n" },
	{ "an empty option is none", "par ecn 3\nconnect\n> SECN 0\n< SAC 0 ack 1 mss 1000 wnd 60000 acc0 -\n> AC 1\n= ecn_flags 0\n" },
};
SCRIPTS(acc_mangled);

/* ---- RFC 8257 ---- */

static struct xtcp_params par;

static u16 ace(u32 n)
{
	return (u16)(n << XTCP_ACE_SHIFT);
}

/* An established connection that asked for @ecn and got it. */
static void establish(struct xtcp_tcb *tcb, u8 ecn, u8 option, u8 cc_flags)
{
	static const struct xtcp_open peer = {
		.flow = { .sport = 1, .dport = 2 },
		.rcv_space = 60000, .rcv_space_max = 60000, .gso_max = 60000,
		.path_mss = 1000, .adv_mss = 1000,
	};
	static struct xtcp_cc cc;
	struct xtcp_seg seg = { .nsegs = 1, .seq = 7, .wnd = 60000,
		.opts = XTCP_OPT_MSS, .mss = 1000,
		.flags = XTCP_SYN | XTCP_ACK | ace(ecn == 3 ? 2 : 1) };
	struct xtcp_plan plan;

	cc = xtcp_cc_reno;
	cc.flags = cc_flags;
	xtcp_params_init(&par);
	par.ecn = ecn;
	par.ecn_option = option;
	xtcp_tcb_init(tcb, &par);
	xtcp_cc_set(tcb, &cc, 1);
	xtcp_connect(tcb, &peer, 1);
	CHECK(xtcp_tx_peek(tcb, 1, &plan));
	xtcp_tx_commit(tcb, &plan, 1);
	seg.ack = plan.seq + 1;
	xtcp_rx(tcb, &seg, NULL, 2);
	while (xtcp_tx_peek(tcb, 2, &plan))
		xtcp_tx_commit(tcb, &plan, 2);
}

static const struct {
	const char *fields;	/* of data that arrives, in order: . or C */
	const char *ece;	/* of the ACK each gets, - for none */
} states[] = {
	{ "....", "-.-." },	/* every second one */
	{ "CCCC", "E-E-" },	/* the change at once, then every second one */
	{ ".C.C", "-E.E" },
	{ "..CC..", "-.E-.-" },
};

/* Section 3.2: an ACK at every change; ECE as the newest mark was. */
UNIT(dctcp_receiver)
{
	u32 i, n;

	for (i = 0; i < ARRAY_SIZE(states); i++) {
		static struct xtcp_tcb tcb;
		struct xtcp_seg seg = { .nsegs = 1, .seq = 8, .len = 1000, .wnd = 60000,
					.flags = XTCP_ACK };
		struct xtcp_plan plan;

		establish(&tcb, 1, 0, XTCP_CC_ECT | XTCP_CC_ECN_OWN);
		xtcp_set(&tcb, XTCP_SET_QUICKACK, 0, 3);
		xtcp_space(&tcb, 60000);
		seg.ack = tcb.snd_nxt;
		for (n = 0; states[i].fields[n]; n++) {
			struct xtcp_seg s = seg;
			char got = '-';

			s.ecn = states[i].fields[n] == 'C' ? XTCP_CE : XTCP_ECT0;
			xtcp_rx(&tcb, &s, NULL, 4 + n);
			seg.seq += 1000;
			while (xtcp_tx_peek(&tcb, 4 + n, &plan)) {
				got = plan.flags & XTCP_ECE ? 'E' : '.';
				xtcp_tx_commit(&tcb, &plan, 4 + n);
			}
			CHECK_ROW(states[i].fields, got, states[i].ece[n]);
		}
	}
}

/* The sender's side: bytes that ECE acknowledges are marked, nothing is halved. */
UNIT(dctcp_sender)
{
	static struct xtcp_tcb tcb;
	struct xtcp_seg seg = { .nsegs = 1, .seq = 8, .wnd = 60000,
				.flags = XTCP_ACK | XTCP_ECE };
	struct xtcp_plan plan;

	establish(&tcb, 1, 0, XTCP_CC_ECT | XTCP_CC_ECN_OWN);
	xtcp_wrote(&tcb, 5000, 0, 3);
	while (xtcp_tx_peek(&tcb, 3, &plan))
		xtcp_tx_commit(&tcb, &plan, 3);
	seg.ack = tcb.snd_una + 2000;
	xtcp_rx(&tcb, &seg, NULL, 4);
	CHECK_EQ(tcb.delivered_ce, 2000);
	CHECK_EQ(seg.delivered_ce, 2);
	seg.ack += 1000;
	seg.flags = XTCP_ACK;
	xtcp_rx(&tcb, &seg, NULL, 5);
	CHECK_EQ(tcb.delivered_ce, 2000);
	CHECK_EQ(seg.delivered_ce, 0);
	CHECK_EQ(tcb.cong, XTCP_CONG_OPEN);
	xtcp_tcb_fini(&tcb);
}

/* CWR once a round trip; its peer may be one of RFC 3168 (section 3.3). */
UNIT(dctcp_sends_cwr)
{
	static const char want[] = "C.C..";
	static struct xtcp_tcb tcb;
	struct xtcp_seg seg = { .nsegs = 1, .seq = 8, .wnd = 60000,
				.flags = XTCP_ACK | XTCP_ECE };
	struct xtcp_plan plan;
	u32 i;

	establish(&tcb, 1, 0, XTCP_CC_ECT | XTCP_CC_ECN_OWN);
	xtcp_wrote(&tcb, 60000, 0, 3);
	while (xtcp_tx_peek(&tcb, 3, &plan))
		xtcp_tx_commit(&tcb, &plan, 3);
	seg.ack = tcb.snd_una;
	for (i = 0; want[i]; i++) {
		seg.ack += 4000;
		xtcp_rx(&tcb, &seg, NULL, 4 + i);
		if (!xtcp_tx_peek(&tcb, 4 + i, &plan)) {
			unit_fail(__FILE__, __LINE__, "no output after ACK %u", i);
			break;
		}
		CHECK_EQ(plan.flags & XTCP_CWR ? 'C' : '.', want[i]);
		while (xtcp_tx_peek(&tcb, 4 + i, &plan))
			xtcp_tx_commit(&tcb, &plan, 4 + i);
	}
	xtcp_tcb_fini(&tcb);
}

/* ---- the counters, over a path that loses ACKs ---- */

static u32 draw(u64 *seed, u32 n)
{
	*seed = *seed * 6364136223846793005ULL + 1442695040888963407ULL;
	return (u32)(*seed >> 33) % n;
}

/*
 * Data with marks drawn at random; ACKs are what our receiver sends, lost at
 * random. With the option our sender knows every marked byte in the end, however
 * many ACKs are missing; without it as long as the count has not gone round.
 */
static void counters(u32 marks_pct, u32 loss_pct, u8 option, u64 seed)
{
	static struct xtcp_tcb rx, tx;
	struct xtcp_seg data = { .nsegs = 1, .seq = 8, .len = 1000, .wnd = 60000 };
	struct xtcp_seg ack = { .nsegs = 1, .seq = 8, .wnd = 60000 };
	struct xtcp_plan plan;
	u32 i, truth = 0, told = 0, sent = 0, acked, unheard = 0;

	establish(&rx, 3, option, 0);
	establish(&tx, 3, option, 0);
	acked = rx.rcv_nxt;
	xtcp_space(&rx, 60000);
	for (i = 0; i < 3000; i++) {
		struct xtcp_ack a = { .now = 4 + i };
		struct xtcp_seg s = data;
		bool last = i == 2999;

		s.ecn = draw(&seed, 100) < marks_pct ? XTCP_CE : XTCP_ECT0;
		s.ack = rx.snd_nxt;
		s.flags = XTCP_ACK | ace(tx.r_cep);
		truth += s.ecn == XTCP_CE ? 1000 : 0;
		sent += 1000;
		unheard++;
		xtcp_rx(&rx, &s, NULL, 4 + i);
		xtcp_read(&rx, 1000, 60000, 4 + i);
		data.seq += 1000;
		if (last)
			xtcp_ack_now(&rx);
		while (xtcp_tx_peek(&rx, 4 + i, &plan)) {
			xtcp_tx_commit(&rx, &plan, 4 + i);
			if (!last && draw(&seed, 100) < loss_pct &&
			    (option || unheard < 6))
				continue;
			ack.flags = plan.flags;
			ack.opts = plan.opts;
			ack.nacc = plan.nacc;
			memcpy(ack.acc, plan.acc, sizeof(ack.acc));
			a.delivered = plan.ack - acked;
			a.flight = a.delivered;
			acked = plan.ack;
			ack.ack = tx.snd_una;
			if (!a.delivered)
				continue;
			xtcp_ecn_ack(&tx, &ack, &a);
			tx.cong = XTCP_CONG_OPEN;
			told += a.ce;
			unheard = 0;
		}
	}
	CHECK_EQ(acked, data.seq);
	CHECK_EQ(sent, 3000000);
	CHECK_EQ(told, truth);
	xtcp_tcb_fini(&rx);
	xtcp_tcb_fini(&tx);
}

UNIT(acc_counters)
{
	static const u32 pct[] = { 0, 1, 10, 50, 100 };
	u32 m, l;

	for (m = 0; m < ARRAY_SIZE(pct); m++)
		for (l = 0; l < ARRAY_SIZE(pct); l++) {
			counters(pct[m], pct[l], 2, m * 10 + l);
			counters(pct[m], pct[l], 0, m * 10 + l);
		}
}
