// SPDX-License-Identifier: GPL-2.0
/*
 * What to send next: segmentation, PSH, window probes, urgent pointer. RFC 9293 3.8.5,
 * 3.8.6, 3.9.1.2.
 */
#include "harness.h"

static const struct script output_size[] = {
	{ "one burst up to cwnd", "established\nwrite 60000\n> PA 1+10000 pmss 1000 ack 1\n> no\n" },
	{ "bursts end on a segment", "established gso 3500\nwrite 8000\n> PA 1+3000\n> PA 3001+3000\n"
	  "> PA 6001+2000\n" },
	{ "gso off", "established gso 1000\nwrite 2000\n> A 1+1000\n> PA 1001+1000\n" },
	{ "the small rest goes at once behind full ones", "established\nwrite 2500\n> PA 1+2500\n" },
	{ "the peer's window cuts", "established wnd 2000\nwrite 5000\n> PA 1+2000\n> no\n" },
	{ "PSH where the buffer ends (MUST-61)", "established\nwrite 10\n> PA 1+10\n" },
	{ "and where a burst of several segments ends", "established gso 2000 wnd 3000\nwrite 5000\n> PA 1+2000\n> A 2001+1000\n> no\n" },
	{ "one PSH for writes that were collected (SHLD-27)", "established wnd 1000\nwrite 1000\n> PA 1+1000\n"
	  "write 300\nwrite 300\n> no\n< A 1 ack 1001\n> PA 1001+600\n" },
	{ "acknowledgement rides along", "established\n< A 1+100\n> A 1 ack 101\nwrite 10\n> PA 1+10 ack 101\n" },
	{ "abort leaves everything as it was", "established\nwrite 1000\nabort-tx\n= snd_nxt 1\n~ 5ms\n> PA 1+1000\n" },
	{ "refused here again and again: less and less often", "established\nwrite 1000\nabort-tx\n~ 5ms\nabort-tx\n~ 10ms\n"
	  "abort-tx\n~ 20ms\n> PA 1+1000\n= aborts 0\n" },
	{ "abort of an ACK", "established\n< A 1+100\nabort-tx\n~ 5ms\n> A 1 ack 101\n" },
	{ "abort of a retransmission", "established\nwrite 1000\n> PA 1+1000\n~ 200001us\nabort-tx\n~ 5ms\n> PA 1+1000\n" },
};
SCRIPTS(output_size);

/* What the local queue refuses has no retransmission timer: R2 and the user timeout. */
static const struct script refused[] = {
	{ "for good: R2 ends it", "par retries2 2\nestablished rtt 1\nrefuse all\nwrite 1000\n+ 1390ms\n= state ESTABLISHED\n+ 20ms\n"
	  "= state CLOSED\n= err TIMEDOUT\n" },
	{ "likewise the FIN of a closed socket", "par orphan_retries 2\nestablished rtt 1\nrefuse all\nclose\n+ 1390ms\n= state FIN-WAIT-1\n"
	  "+ 20ms\n= state CLOSED\n= err TIMEDOUT\n" },
	{ "though ACKs pass", "par orphan_retries 2\nestablished rtt 1\nrefuse data\nclose\n+ 700ms\n< A 0\n+ 690ms\n= state FIN-WAIT-1\n"
	  "+ 20ms\n= state CLOSED\n= err TIMEDOUT\n" },
	{ "a SYN: R2 for SYNs", "par syn_retries 2\nrefuse all\nconnect\n+ 6990ms\n= state SYN-SENT\n+ 20ms\n= state CLOSED\n= err TIMEDOUT\n" },
	{ "not for a user timeout", "par syn_retries 2\nrefuse all\nconnect\nset user-timeout 3000\n+ 6990ms\n= state SYN-SENT\n+ 20ms\n"
	  "= state CLOSED\n" },
	{ "a user timeout replaces R2", "par retries2 2\nestablished rtt 1\nset user-timeout 3000\nrefuse all\nwrite 1000\n+ 2990ms\n"
	  "= state ESTABLISHED\n+ 20ms\n= state CLOSED\n= err TIMEDOUT\n" },
	{ "also one that is set later", "par retries2 2\nestablished rtt 1\nrefuse all\nwrite 1000\nset user-timeout 3000\n+ 2990ms\n"
	  "= state ESTABLISHED\n+ 20ms\n= state CLOSED\n" },
	{ "data that leaves after all: the time of its own", "par tlp 0\nestablished rtt 1\nset user-timeout 3000\nrefuse all\nwrite 1000\n+ 2s\n"
	  "refuse none\n+ 1s\n> PA 1+1000\n~ 201ms\n> PA 1+1000\n< A 1 ack 1001\nno-timer\n" },
	{ "a SYN that leaves after all", "par syn_retries 2\nrefuse all\nconnect\n+ 1s\nrefuse none\n+ 1s\n> S 0\n< SA 0 ack 1 mss 1000\n> A 1\n"
	  "no-timer\n" },
	{ "an ACK that is refused ends nothing", "par retries2 2\nestablished rtt 1\nrefuse all\n< A 1+100\n+ 100s\n= state ESTABLISHED\n"
	  "refuse none\n+ 400s\n> A 1 ack 101\nno-timer\n" },
};
SCRIPTS(refused);

/* RFC 9293 3.8.6.1: first after one RTO (SHLD-29), doubling (SHLD-30). */
static const struct script probes[] = {
	{ "both ends probe at once", "established wnd 0\nwrite 100\n~ 200001us\n> A 1+1\n< A 1+1 ack 1 wnd 0\n> A 1 ack 2\n"
	  "< A 1 ack 2 wnd 1000\n= snd_una 2\n> PA 2+99 ack 2\n" },
	{ "back-off", "established wnd 1000\nwrite 3000\n> A 1+1000\n< A 1 ack 1001 wnd 0\n~ 200001us\n> A 1001+1\n"
	  "~ 400002us\n> A 1001+1\n~ 800004us\n> A 1001+1\n~ 1600008us\n> A 1001+1\n" },
	{ "for as long as the peer answers (MUST-37)",
	  "par retries2 2\nestablished wnd 1000\nwrite 3000\n> A 1+1000\n< A 1 ack 1001 wnd 0\n"
	  "~ 200001us\n> A 1001+1\n< A 1 wnd 0\n~ 400002us\n> A 1001+1\n< A 1 wnd 0\n~ 800004us\n> A 1001+1\n"
	  "< A 1 wnd 0\n~ 1600008us\n> A 1001+1\n< A 1 wnd 0\n~ 3200016us\n> A 1001+1\n= state ESTABLISHED\n" },
	{ "silence ends it", "par retries2 2\nestablished wnd 1000\nwrite 3000\n> A 1+1000\n< A 1 ack 1001 wnd 0\n"
	  "~ 200001us\n> A 1001+1\n~ 400002us\n> A 1001+1\n~ 800004us\n= state CLOSED\n= err TIMEDOUT\n> no\n" },
	{ "an orphan's peer may not answer for ever (RFC 6429)",
	  "par orphan_retries 1\npar rto_max_us 500000\nestablished wnd 1000\nwrite 3000\n> A 1+1000\n< A 1 ack 1001 wnd 0\nclose\n"
	  "~ 200001us\n> A 1001+1\n< A 1 wnd 0\n~ 400002us\n> A 1001+1\n< A 1 wnd 0\n= state FIN-WAIT-1\n"
	  "~ 500ms\n= state CLOSED\n= err TIMEDOUT\n> RA 1002\n" },
	{ "nor stop sooner than it would without an answer",
	  "par orphan_retries 3\npar rto_max_us 300000\nestablished wnd 1000\nwrite 3000\n> A 1+1000\n< A 1 ack 1001 wnd 0\nclose\n"
	  "~ 200001us\n> A 1001+1\n< A 1 wnd 0\n~ 300ms\n> A 1001+1\n< A 1 wnd 0\n~ 300ms\n> A 1001+1\n< A 1 wnd 0\n"
	  "= state FIN-WAIT-1\n~ 300ms\n= state CLOSED\n> RA 1002\n" },
	{ "interval at most rto_max",
	  "par rto_max_us 300000\nestablished wnd 1000\nwrite 3000\n> A 1+1000\n< A 1 ack 1001 wnd 0\n"
	  "~ 200001us\n> A 1001+1\n< A 1 wnd 0\n~ 300ms\n> A 1001+1\n< A 1 wnd 0\n~ 300ms\n> A 1001+1\n" },
	{ "the window opens: full segments", "established wnd 1000\nwrite 3000\n> A 1+1000\n< A 1 ack 1001 wnd 0\n"
	  "~ 200001us\n> A 1001+1\n< A 1 ack 1001 wnd 5000\n> PA 1001+2000\n" },
	{ "the probe's octet was taken", "established wnd 1000\nwrite 3000\n> A 1+1000\n< A 1 ack 1001 wnd 0\n"
	  "~ 200001us\n> A 1001+1\n< A 1 ack 1002 wnd 0\n= snd_una 1002\n~ 400002us\n> A 1002+1\n" },
	{ "a FIN can be the probe", "established wnd 1000\nwrite 1000\n> PA 1+1000\n< A 1 ack 1001 wnd 0\nshutdown\n"
	  "> no\n~ 200001us\n> FA 1001\n< A 1 ack 1002 wnd 0\n= state FIN-WAIT-2\nno-timer\n" },
	{ "a FIN that was refused goes again when the window opens",
	  "established wnd 1000\nwrite 1000\n> PA 1+1000\n< A 1 ack 1001 wnd 0\nshutdown\n> no\n~ 200001us\n> FA 1001\n"
	  "< A 1 ack 1001 wnd 5000\n> FA 1001\n< A 1 ack 1002\n= state FIN-WAIT-2\n" },
	{ "window opens between probe and its refusal: nothing is lost",
	  "established wnd 1000\nwrite 3000\n> A 1+1000\n< A 1 ack 1001 wnd 0\n~ 200001us\n> A 1001+1\n"
	  "< A 1 ack 1001 wnd 3000\n> PA 1001+2000\n< A 1 ack 1002 wnd 3000\n= snd_una 1002\n< A 1 ack 3001\nno-timer\n" },
	{ "the probes that nobody answered do not count any more then", "par retries2 2\npar tlp 0\nestablished wnd 1000\nwrite 3000\n> A 1+1000\n"
	  "< A 1 ack 1001 wnd 0\n~ 200001us\n> A 1001+1\n~ 400002us\n> A 1001+1\n= retries 2\n< A 1 ack 1001 wnd 2000\n"
	  "> PA 1001+2000\n= retries 0\n~ 200001us\n> A 1001+1000\n= state ESTABLISHED\n" },
	{ "nothing to send: no probe", "established wnd 1000\nwrite 1000\n> PA 1+1000\n< A 1 ack 1001 wnd 0\nno-timer\n" },
	{ "an ACK keeps acceptable while the window is closed",
	  "established wnd 1000\nwrite 3000\n> A 1+1000\n< A 1 ack 1001 wnd 0\n~ 200001us\n> A 1001+1\n"
	  "< A 1+100 ack 1001 wnd 0\n> A 1001 ack 101\n" },
};
SCRIPTS(probes);

/* RFC 9293 3.8.5, MUST-62: the pointer names the octet after. */
static const struct script output_urgent[] = {
	{ "one octet", "established\nwrite 1 urg\n> UPA 1+1 urg 1\n" },
	{ "announced in all that is before it", "established\nwrite 2500 urg\n> UA 1+1000 urg 2500\n"
	  "> UA 1001+1000 urg 1500\n> UPA 2001+500 urg 500\n" },
	{ "not split: a pointer counts from its own segment", "established gso 5000\nwrite 2000 urg\n"
	  "> UA 1+1000 urg 2000\n> UPA 1001+1000 urg 1000\n" },
	{ "not behind it", "established\nset nodelay 1\nwrite 1 urg\n> UPA 1+1 urg 1\nwrite 10\n> PA 2+10\n" },
	{ "again in the retransmission", "established\nwrite 1 urg\n> UPA 1+1 urg 1\n~ 200001us\n> UPA 1+1 urg 1\n" },
	{ "over when it was acknowledged", "established\nwrite 1 urg\n> UPA 1+1\n< A 1 ack 2\nwrite 3000\n> PA 2+3000\n" },
	{ "told to a closed window, too", "established wnd 1000\nwrite 1000\n> PA 1+1000\n< A 1 ack 1001 wnd 0\n"
	  "write 1 urg\n> no\n~ 200001us\n> UPA 1001+1 urg 1\n" },
};
SCRIPTS(output_urgent);
