// SPDX-License-Identifier: GPL-2.0
/*
 * The ends of a connection: RFC 9293 3.6, 3.10.4, 3.10.5.
 */
#include "harness.h"

#define CROSSED	"connect\n> S 0\n< S 0 mss 1000 wnd 65535\n> SA 0\n"

static const struct script close_normal[] = {
	{ "active close", "established\nshutdown\n> FA 1 ack 1\n= state FIN-WAIT-1\n< A 1 ack 2\n"
	  "= state FIN-WAIT-2\n< FA 1\n> A 2 ack 2\n= state TIME-WAIT\n~ 60s\n= state CLOSED\n"
	  "= err OK\nno-timer\n" },
	{ "passive close", "established\n< FA 1\nacts EOF\n> A 1 ack 2\n= state CLOSE-WAIT\nshutdown\n"
	  "> FA 1 ack 2\n= state LAST-ACK\n< A 2 ack 2\n= state CLOSED\n= err OK\nno-timer\n" },
	{ "simultaneous close", "established\nshutdown\n> FA 1 ack 1\n< FA 1 ack 1\n> A 2 ack 2\n"
	  "= state CLOSING\n< A 2 ack 2\n= state TIME-WAIT\n" },
	{ "data first, then FIN (U-22)", "established\nwrite 1500\n> PA 1+1500\nshutdown\n"
	  "> FA 1501\n= state FIN-WAIT-1\n< A 1 ack 1501\n= state FIN-WAIT-1\n"
	  "< A 1 ack 1502\n= state FIN-WAIT-2\n" },
	{ "FIN waits for the window", "established wnd 1000\nwrite 1000\n> PA 1+1000\nshutdown\n> no\n"
	  "< A 1 ack 1001 wnd 0\n> no\n< A 1 wnd 1000\n> FA 1001\n" },
	{ "half-close: the other direction goes on", "established\nshutdown\n> FA 1\n< A 1 ack 2\n"
	  "< A 1+500\n> A 2 ack 501\n= got 500\nread 500\n< A 501+500\n> A 2 ack 1001\n= got 1000\n" },
	{ "CLOSE-WAIT may still send", "established\n< FA 1\n> A 1 ack 2\nwrite 100\n> PA 1+100 ack 2\n"
	  "< A 2 ack 101\nshutdown\n> FA 101\n" },
	{ "twice is once", "established\nshutdown\n> FA 1\nshutdown\nnoacts STATE\n> no\nclose\n> no\n" },
	{ "a lost FIN is sent again", "established\nshutdown\n> FA 1\n~ 200001us\n> FA 1\n~ 400002us\n> FA 1\n" },
	{ "shutdown in SYN-RECEIVED: the FIN goes at once (U-22)", CROSSED "shutdown\n> FA 1 ack 1\n= state SYN-RECEIVED\n"
	  "< A 1 ack 1\n> no\n= state FIN-WAIT-1\n< A 1 ack 2\n= state FIN-WAIT-2\n" },
	{ "acknowledged together with the SYN", CROSSED "shutdown\n> FA 1\n< A 1 ack 2\n> no\n= state FIN-WAIT-2\n" },
	{ "both ends", CROSSED "shutdown\n> FA 1\n< FA 1 ack 1\n> A 2 ack 2\n= state CLOSING\n< A 2 ack 2\n= state TIME-WAIT\n" },
	{ "not behind a SYN-ACK that was lost", CROSSED "late 1100ms\n> SA 0\nshutdown\n> no\n< A 1 ack 1\n> FA 1\n= state FIN-WAIT-1\n" },
	{ "both lost: the SYN-ACK, and the FIN when that is answered", CROSSED "shutdown\n> FA 1\nlate 1100ms\n> SA 0\n> no\n"
	  "< A 1 ack 1\n> FA 1\n= state FIN-WAIT-1\n" },
	{ "with data the FIN waits as the data does (U-22)", CROSSED "write 10\nshutdown\n> no\n= state SYN-RECEIVED\n< A 1 ack 1\n"
	  "> FPA 1+10 ack 1\n= state FIN-WAIT-1\n" },
	{ "shutdown ends a cork", "established\nset cork 1\nwrite 10\n> no\nshutdown\n> FPA 1+10\n" },
};
SCRIPTS(close_normal);

static const struct script close_orphan[] = {
	{ "data after close is reset (SHLD-3)", "established\nclose\n> FA 1\n< A 1 ack 2\n< A 1+10\n"
	  "= state CLOSED\ndrop AFTER_CLOSE\n> RA 2\n" },
	{ "in FIN-WAIT-1 at SEG.ACK: the FIN may be lost", "established\nclose\n> FA 1\n< A 1+10\n= state CLOSED\n> RA 1 ack 1\n" },
	{ "with data in flight at SND.NXT", "established\nwrite 10\n> PA 1+10\nclose\n> FA 11\n< A 1+10\n= state CLOSED\n> RA 12\n" },
	{ "a FIN alone is fine", "established\nclose\n> FA 1\n< FA 1 ack 2\n> A 2 ack 2\n= state TIME-WAIT\n" },
	{ "FIN-WAIT-2 without reader ends", "established\nclose\n> FA 1\n< A 1 ack 2\n= state FIN-WAIT-2\n"
	  "~ 60s\n= state CLOSED\n> no\n" },
	{ "closed after FIN-WAIT-2 began", "established\nshutdown\n> FA 1\n< A 1 ack 2\nno-timer\nclose\n~ 60s\n"
	  "= state CLOSED\n" },
	{ "linger2", "established\nset linger2 5000\nclose\n> FA 1\n< A 1 ack 2\n~ 5s\n= state CLOSED\n" },
	{ "FIN-WAIT-2 with a reader waits for ever", "established\nshutdown\n> FA 1\n< A 1 ack 2\nno-timer\n" },
	{ "an orphan gives up earlier", "par orphan_retries 2\nestablished\nclose\n> FA 1\n~ 200001us\n> FA 1\n"
	  "~ 400002us\n> FA 1\n~ 800004us\n= state CLOSED\n= err TIMEDOUT\n" },
};
SCRIPTS(close_orphan);

/* RFC 9293 3.10.5: a RST where the peer has a connection to reset. */
static const struct script close_abort[] = {
	{ "ESTABLISHED", "established\nabort\n> RA 1 ack 1\n= state CLOSED\n= err ABORTED\n> no\nno-timer\n" },
	{ "with data unsent", "established wnd 1000\nwrite 5000\n> A 1+1000\nabort\n> RA 1001\n" },
	{ "with a timestamp where agreed (RFC 7323 3.2)", "established ts\nabort\n> RA 1 ack 1 tsecr 0xffffff00 hdr 32\n" },
	{ "CLOSE-WAIT", "established\n< FA 1\n> A 1 ack 2\nabort\n> RA 1 ack 2\n" },
	{ "FIN-WAIT-1", "established\nshutdown\n> FA 1\nabort\n> RA 2\n" },
	{ "FIN-WAIT-2", "established\nshutdown\n> FA 1\n< A 1 ack 2\nabort\n> RA 2\n" },
	{ "SYN-RECEIVED", "connect\n> S 0\n< S 0\n> SA 0\nabort\n> RA 1 ack 1\n" },
	{ "CLOSING: nothing", "established\nshutdown\n> FA 1\n< FA 1 ack 1\n> A 2\nabort\n> no\n= state CLOSED\n" },
	{ "LAST-ACK: nothing", "established\n< FA 1\n> A 1 ack 2\nshutdown\n> FA 1\nabort\n> no\n= state CLOSED\n" },
	{ "TIME-WAIT: nothing", "established\nshutdown\n> FA 1\n< FA 1 ack 2\n> A 2\nabort\n> no\n= state CLOSED\n" },
	{ "twice", "established\nabort\n> RA 1\nabort\nnoacts ERROR|OUTPUT\n> no\n" },
	{ "no memory for the RST: let go", "established\nabort\nabort-tx\n> no\nno-timer\n" },
	{ "an ACK that was due is so no more", "established\nset quickack 1\n< A 1+100\nabort-tx\n< R 101\nset nodelay 1\n"
	  "noacts OUTPUT\n> no\n" },
};
SCRIPTS(close_abort);

/* The same by the host, who has no memory for a peer that stands still. */
static const struct script close_give_up[] = {
	{ "closed window", "established wnd 1000\nwrite 5000\n> A 1+1000\n< A 1 ack 1001 wnd 0\ngive-up\n"
	  "> RA 1001\n= state CLOSED\n= err TIMEDOUT\n> no\nno-timer\n" },
	{ "LAST-ACK: nothing", "established\n< FA 1\n> A 1 ack 2\nshutdown\n> FA 1\ngive-up\n> no\n= state CLOSED\n" },
};
SCRIPTS(close_give_up);

/* What waited to be acknowledged waits no more: its memory comes back at once. */
UNIT(close_abort_empties_the_map)
{
	struct xtcp_open open = { .path_mss = 1460, .adv_mss = 1460, .gso_max = 1460 };
	struct xtcp_params par;
	struct xtcp_plan plan;
	struct xtcp_tcb tcb;
	struct xtcp_sent lent;

	xtcp_params_init(&par);
	xtcp_tcb_init(&tcb, &par);
	xtcp_connect(&tcb, &open, 1);
	xtcp_map_lend(&tcb, &lent);
	CHECK(xtcp_tx_peek(&tcb, 1, &plan));
	xtcp_tx_commit(&tcb, &plan, 1);
	CHECK(tcb.map_head);
	xtcp_abort(&tcb, 2);
	CHECK(!tcb.map_head);
	CHECK(xtcp_map_reclaim(&tcb) == &lent);
	CHECK(!xtcp_map_reclaim(&tcb));
}
