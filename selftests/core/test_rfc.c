// SPDX-License-Identifier: GPL-2.0
/*
 * Sentences of RFCs that no file of the engine has to itself: what
 * Documentation/rfc-map names and the tests of the single files do not show.
 */
#include "core.h"
#include "harness.h"

#define OPEN	"established sack rtt 40\nset nodelay 1\n"
#define TEN	OPEN "write 10000\n> PA 1+10000\n+ 40ms\n"

/* One segment, acknowledged together with a D-SACK of it: one more round. */
#define DUPLICATE(from, to)						\
	"write 1000\n> PA " #from "+1000\n+ 40ms\n"			\
	"< A 1 ack " #to " sack " #from "-" #to "\n"

static const struct script rfc8985[] = {
	{ "what may be the answer to the original is no measure",
	  TEN "< A 1 ack 1 sack 1001-10001\n> A 1+1000\n= rack_rtt_us 40000\n+ 39ms\n< A 1 ack 1001\n= rack_rtt_us 40000\n"
	  "< A 1 ack 10001\n" },
	{ "what cannot be is one",
	  TEN "< A 1 ack 1 sack 1001-10001\n> A 1+1000\n+ 45ms\n< A 1 ack 1001\n= rack_rtt_us 45000\n< A 1 ack 10001\n" },
	{ "patience ends at SRTT", OPEN DUPLICATE(1, 1001) DUPLICATE(1001, 2001) DUPLICATE(2001, 3001) DUPLICATE(3001, 4001)
	  DUPLICATE(4001, 5001) DUPLICATE(5001, 6001) "= rack_mult 7\nwrite 5000\n> PA 6001+5000\n+ 40ms\n"
	  "< A 1 ack 6001 sack 7001-8001\n> no\n~ 40ms\n> A 6001+1000\n" },
	{ "an ACK begins the probe's timer anew", OPEN "write 3000\n> PA 1+3000\n+ 40ms\n< A 1 ack 1001\n~ 80ms\n> PA 2001+1000\n" },
};
SCRIPTS(rfc8985);

/* RFC 8985, 6.2 step 4: sixteen recoveries later the multiplier is forgotten. */
UNIT(rfc8985_persist)
{
	struct xtcp_params par;
	struct xtcp_tcb tcb;
	int i;

	xtcp_params_init(&par);
	xtcp_tcb_init(&tcb, &par);
	xtcp_rack_dsack(&tcb);
	CHECK_EQ(tcb.rack_mult, 2);
	for (i = 0; i < 15; i++)
		xtcp_rack_recovered(&tcb);
	CHECK_EQ(tcb.rack_mult, 2);
	/* Another one in between, and it is sixteen again. */
	xtcp_rack_dsack(&tcb);
	CHECK_EQ(tcb.rack_mult, 3);
	for (i = 0; i < 15; i++)
		xtcp_rack_recovered(&tcb);
	CHECK_EQ(tcb.rack_mult, 3);
	xtcp_rack_recovered(&tcb);
	CHECK_EQ(tcb.rack_mult, 1);
}

static const struct script rfc9937[] = {
	{ "RecoverFS", TEN "< A 1 ack 1 sack 1001-5001\n> A 1+1000\n= recover_fs 10000\n< A 1 ack 10001\n" },
	{ "RecoverFS without what was SACKed before",
	  TEN "< A 1 ack 1 sack 1001-2001\n< A 1 sack 1001-3001\n< A 1 sack 1001-4001\n> A 1+1000\n= recover_fs 8000\n"
	  "< A 1 ack 10001\n" },
};
SCRIPTS(rfc9937);
