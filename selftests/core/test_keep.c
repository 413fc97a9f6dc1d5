// SPDX-License-Identifier: GPL-2.0
/*
 * Keepalive: RFC 9293 3.8.4.
 */
#include "core.h"
#include "harness.h"

static const struct script keep[] = {
	{ "off unless asked for (MUST-25)", "established\nno-timer\n" },
	{ "two hours by default (MUST-28)", "established\nset keepalive 1\n~ 7200s\n> A 0 ack 1\n" },
	{ "idle, interval, count, then RST", "established\nset keepidle 10000\nset keepintvl 2000\nset keepcnt 3\n"
	  "set keepalive 1\n~ 10s\n> A 0 ack 1\n~ 2s\n> A 0\n~ 2s\n> A 0\n= state ESTABLISHED\n~ 2s\n> RA 1\n"
	  "= state CLOSED\n= err TIMEDOUT\nno-timer\n" },
	{ "one silent probe is not death (MUST-29)", "established\nset keepidle 10000\nset keepintvl 2000\nset keepalive 1\n"
	  "~ 10s\n> A 0\n~ 2s\n> A 0\n< A 1 ack 1\n~ 2s\n> no\n= probes 0\n" },
	{ "an answered probe does not count, however late the timer", "established\nset keepidle 2000\nset keepintvl 2000\n"
	  "set keepcnt 1\nset keepalive 1\n~ 2s\n> A 0\n+ 1ms\n< A 1 ack 1\nlate 2010ms\n> A 0\n= state ESTABLISHED\n= probes 1\n"
	  "late 2s\n> RA 1\n= err TIMEDOUT\n" },
	{ "traffic puts it off (MUST-26)", "established\nset keepidle 10000\nset keepalive 1\n+ 6s\n< A 1+10\n> A 1\n~ 4s\n> no\n"
	  "~ 6s\n> A 0 ack 11\n" },
	{ "not while data is outstanding", "par retries2 3\nestablished\nset keepidle 100\nset keepalive 1\nwrite 10\n> PA 1+10\n~ 100ms\n"
	  "> no\n= probes 0\n" },
	{ "the peer knows nothing of us", "established\nset keepidle 10000\nset keepalive 1\n~ 10s\n> A 0 ack 1\n< R 1\n"
	  "= state CLOSED\n= err RESET\n" },
	{ "switched off", "established\nset keepidle 10000\nset keepalive 1\n+ 5s\nset keepalive 0\nno-timer\n" },
	{ "switched on late", "established\nset keepidle 10000\n+ 8s\nset keepalive 1\n~ 2s\n> A 0\n" },
	{ "idle time changed on the way", "established\nset keepalive 1\n+ 5s\nset keepidle 20000\n~ 15s\n> A 0\n" },
	{ "the user timeout decides when it is set", "established\nset keepidle 10000\nset keepintvl 2000\nset keepcnt 1\n"
	  "set user-timeout 15000\nset keepalive 1\n~ 10s\n> A 0\n~ 2s\n> A 0\n~ 2s\n> A 0\n~ 2s\n> RA 1\n= err TIMEDOUT\n" },
	{ "answered by our own kind", "established\n< A 0 ack 1\n> A 1 ack 1\nacts DROP\n" },
	{ "a probe with a garbage octet is answered", "established\n< A 0+1 ack 1\n> A 1 ack 1\n" },
	{ "in CLOSE-WAIT and FIN-WAIT-2, too", "established\nset keepidle 1000\nset keepalive 1\n< FA 1\n> A 1 ack 2\n~ 1s\n> A 0 ack 2\n" },
	{ "could not be sent: again soon", "established\nset keepidle 1000\nset keepalive 1\n~ 1s\nabort-tx\n~ 5ms\n> A 0 ack 1\n" },
	{ "owed, and the idle time changed: it is still owed, and counts", "established\nset keepidle 1000\nset keepalive 1\n~ 1s\n"
	  "abort-tx\nset keepidle 9000\n= probes 1\n> A 0 ack 1\n" },
	{ "a new idle time begins with no probe unanswered", "established\nset keepidle 10000\nset keepintvl 2000\nset keepcnt 2\n"
	  "set keepalive 1\n~ 10s\n> A 0\n~ 2s\n> A 0\n= probes 2\nset keepidle 20000\n= probes 0\n~ 8s\n> A 0\n" },
	{ "after data was outstanding it goes on", "par tlp 0\nestablished\nset keepidle 1000\nset keepalive 1\n+ 900ms\nwrite 10\n"
	  "> PA 1+10\n~ 100ms\n> no\n+ 50ms\n< A 1 ack 11\n~ 950ms\n> no\n~ 50ms\n> A 10 ack 1\n" },
	{ "answered in the same instant", "established\nset keepidle 1000\nset keepintvl 2000\nset keepcnt 1\nset keepalive 1\n~ 1s\n"
	  "> A 0\n< A 1 ack 1\n~ 2s\n> A 0\n= state ESTABLISHED\n" },
	{ "silent for just the user timeout", "established\nset keepidle 1000\nset keepintvl 1000\nset user-timeout 2000\n"
	  "set keepalive 1\n~ 1s\n> A 0\n~ 1s\n> RA 1\n= err TIMEDOUT\n" },
};
SCRIPTS(keep);

/* A user timeout of weeks: the count of probes must not begin anew. */
UNIT(keep_count_saturates)
{
	struct xtcp_params par;
	struct xtcp_tcb tcb;
	u32 before;

	xtcp_params_init(&par);
	xtcp_tcb_init(&tcb, &par);
	tcb.state = XTCP_ESTABLISHED;
	tcb.flags = XTCP_F_KEEPALIVE;
	tcb.snd_end = tcb.snd_una = tcb.snd_nxt = 1;
	tcb.user_timeout_ms = 0x7fffffff;
	tcb.keep_probed_at = 1;
	for (before = 253; before <= 255; before++) {
		tcb.probes = (u8)before;
		CHECK_EQ(xtcp_keep_fire(&tcb, 10000 * XTCP_NSEC_PER_SEC), XTCP_ACT_OUTPUT);
		CHECK_EQ(tcb.probes, min(before + 1, 255U));
	}
}
