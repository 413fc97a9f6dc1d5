// SPDX-License-Identifier: GPL-2.0
/*
 * Fast retransmit, NewReno: RFC 5681 3.2, RFC 6582. MSS 1000, cwnd 10000.
 */
#include "harness.h"

#define TEN "established\nwrite 10000\n> PA 1+10000\n"
#define THREE "< A 1 ack 1\n< A 1\n< A 1\n"

static const struct script fast[] = {
	{ "the third duplicate resends the first segment", TEN "< A 1 ack 1\n> no\n< A 1\n> no\n< A 1\n> A 1+1000\n> no\n"
	  "= fast_rtx 1\n= cong 1\n= ssthresh 5000\n= cwnd 8000\n= recover 10001\n" },
	{ "each further one inflates", TEN THREE "> A 1+1000\n< A 1\n= cwnd 9000\n< A 1\n= cwnd 10000\n" },
	{ "new data when the inflated window allows", TEN THREE "> A 1+1000\nwrite 5000\n> no\n< A 1\n> no\n< A 1\n> no\n"
	  "< A 1\n> A 10001+1000\n< A 1\n> A 11001+1000\n" },
	{ "a full ACK ends it (3)", TEN THREE "> A 1+1000\n< A 1\n< A 1\n< A 1 ack 10001\n= cong 0\n= cwnd 2000\n= dupacks 0\n" },
	{ "a full ACK with data out: ssthresh", TEN THREE "> A 1+1000\nwrite 9000\n< A 1\n< A 1\n< A 1\n> A 10001+1000\n< A 1\n"
	  "> A 11001+1000\n< A 1\n> A 12001+1000\n< A 1\n> A 13001+1000\n< A 1 ack 10001\n= cwnd 5000\n> A 14001+1000\n" },
	{ "a partial ACK resends the next (5)", TEN THREE "> A 1+1000\n< A 1 ack 3001\n= cong 1\n> A 3001+1000\n= cwnd 6000\n> no\n" },
	{ "several holes, one a round trip", TEN THREE "> A 1+1000\n< A 1 ack 3001\n> A 3001+1000\n< A 1 ack 5001\n> A 5001+1000\n"
	  "< A 1 ack 10001\n= cong 0\nno-timer\n" },
	{ "only the first partial ACK restarts the timer", TEN "+ 50ms\n" THREE "> A 1+1000\n+ 50ms\n< A 1 ack 3001\n> A 3001+1000\n"
	  "= cong 1\n+ 50ms\n< A 1 ack 5001\n> A 5001+1000\n" },
	{ "duplicates of the recovery do not begin another", TEN THREE "> A 1+1000\n< A 1 ack 10001\nwrite 4000\n> PA 10001+2000\n"
	  "< A 1 ack 10001\n> A 12001+1000\n< A 1\n> PA 13001+1000\n< A 1\n> no\n= fast_rtx 1\n" },
	{ "limited transmit: a new segment for each of the first two (RFC 3042)", "established\nwrite 20000\n> PA 1+10000\n"
	  "< A 1 ack 1\n> A 10001+1000\n> no\n< A 1\n> A 11001+1000\n> no\n= cwnd 10000\n< A 1\n> A 1+1000\n" },
	{ "not before something new was acknowledged after a timeout", TEN "~ 200001us\n> A 1+1000\n" THREE "= fast_rtx 0\n> no\n" },
	{ "the timeout in recovery", TEN THREE "> A 1+1000\n~ 200001us\n> A 1+1000\n= cong 2\n= cwnd 1000\n= recover 10001\n" },
	{ "a retransmission failed: again soon", TEN "< A 1 ack 1\n< A 1\n< A 1\nabort-tx\n~ 5ms\n> A 1+1000\n" },
	{ "fewer than three segments out: the timer", "established\nwrite 2000\n> PA 1+2000\n< A 1 ack 1\n> no\n~ 200001us\n> A 1+1000\n" },
	{ "inflation is bounded by the window", TEN THREE "> A 1+1000\n"
	  "< A 1\n< A 1\n< A 1\n< A 1\n< A 1\n< A 1\n< A 1\n< A 1\n< A 1\n< A 1\n< A 1\n< A 1\n= cwnd 15000\n" },
};
SCRIPTS(fast);

/*
 * A reduction starts from FlightSize (RFC 5681, 2 and equation 4; RFC 6675, 5;
 * RFC 9438, 4.6), not from what SACK leaves of it.
 */
#define SACK "par tlp 0\nestablished sack rtt 40\nset nodelay 1\n"
static const struct script loss_base[] = {
	{ "SACKed data counts", "cc cubic\n" SACK "write 10000\n> PA 1+10000\n+ 40ms\n< A 1 ack 1 sack 1001-2001\n"
	  "< A 1 ack 1 sack 1001-3001\n< A 1 ack 1 sack 1001-4001\n= cong 1\n= ssthresh 7000\n= recover_fs 8000\n> A 1+1000\n> no\n" },
	{ "what the ACK itself acknowledged counts", SACK "write 10000\n> PA 1+10000\n+ 40ms\n< A 1 ack 2001 sack 3001-6001\n"
	  "= cong 1\n= ssthresh 5000\n> A 2001+1000\n> no\n" },
	{ "what limited transmit added does not", SACK "write 20000\n> PA 1+10000\n+ 40ms\n< A 1 ack 1 sack 1001-2001\n> A 10001+1000\n"
	  "< A 1 ack 1 sack 1001-3001\n> A 11001+1000\n< A 1 ack 1 sack 1001-4001\n= ssthresh 5000\n> A 1+1000\n> no\n" },
	{ "nor without SACK", "established\nwrite 20000\n> PA 1+10000\n< A 1 ack 1\n> A 10001+1000\n< A 1\n> A 11001+1000\n"
	  "< A 1\n> A 1+1000\n= ssthresh 5000\n" },
	{ "at a timeout, too", "established\nwrite 20000\n> PA 1+10000\n< A 1 ack 1\n> A 10001+1000\n< A 1\n> A 11001+1000\n"
	  "~ 200001us\n> A 1+1000\n= cong 2\n= ssthresh 5000\n" },
	{ "a smaller window was in use before it", SACK "write 10000\n> PA 1+10000\n+ 40ms\n< A 1 ack 4001\nqueue-full\n= ssthresh 3000\n" },
};
SCRIPTS(loss_base);

/* A queue of this host is full: nothing is lost, and less is sent. */
static const struct script full_queue[] = {
	{ "half of what was out", TEN "queue-full\n= cong 3\n= ssthresh 5000\n= recover 10001\n= lost_out 0\n"
	  "write 10000\n< A 1 ack 10001\n= cong 0\n= cwnd 5000\n> PA 10001+5000\n> no\n" },
	{ "in proportion to what is delivered", TEN "queue-full\nwrite 10000\n> no\n< A 1 ack 2001\n> A 10001+1000\n> no\n"
	  "< A 1 ack 4001\n> A 11001+1000\n> no\n" },
	{ "once a round trip", TEN "queue-full\nqueue-full\n= ssthresh 5000\n< A 1 ack 5001\nqueue-full\n= ssthresh 5000\n"
	  "< A 1 ack 10001\nwrite 4000\n> PA 10001+4000\nqueue-full\n= ssthresh 2000\n= cong 3\n" },
	{ "not in a recovery", TEN THREE "> A 1+1000\nqueue-full\n= cong 1\n= ssthresh 5000\n" },
	{ "not when nothing is out", "established\nqueue-full\n= cong 0\nwrite 1000\nabort-tx\nqueue-full\n= cong 0\n~ 5ms\n> PA 1+1000\n" },
	{ "what is lost then is resent at once", TEN "queue-full\n" THREE "> A 1+1000\n= cong 1\n= ssthresh 5000\n= cwnd 8000\n" },
};
SCRIPTS(full_queue);
